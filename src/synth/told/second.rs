//! Stories of the rules' second release: of school, of children uncovered, and urgent ones.

use super::Teller;
use super::pupils::weekdays;
use crate::synth::calendar::date;
use crate::synth::lives::move_on;
use crate::synth::people::{Ledger, MoveKind, Neglect, ParentState, Placement, Term};
use crate::synth::stories::Story;
use crate::synth::welfare::delist;

impl Teller<'_, '_> {
    pub(super) fn second(&mut self, story: Story) {
        match story {
            Story::OftenAbsent => self.often_absent(),
            Story::DeferOverdue => self.put_off(),
            Story::NoHukouNoRoll => {
                let child = &mut self.family.people[self.child];
                child.id = None;
                child.local = false;
                self.no_roll();
                self.list(9);
            }
            Story::VisitorNoRoll => self.no_roll(),
            Story::LedgerStale | Story::LedgerFresh => self.in_ledger(story),
            Story::OneParentWeak => self.one_parent(),
            Story::IllUncovered => {
                let since = self.ago(100, 400);
                let illness = *self.dice.pick(&["先天性心脏病", "白血病", "尿毒症"]);
                self.family.people[self.child].illness = Some((illness, since));
            }
            Story::NoRehab => {
                let born = self.family.people[self.child].birth;
                let issued = self.ago(200, 600).max(born.plus_months(14));
                self.card(self.child, 2, 3, issued, "正常");
                self.family.kid(self.child).neglect = Some(Neglect::Rehabilitation);
            }
            Story::SchoolCodeUnset => {
                self.left_behind(true);
                self.family.kid(self.child).left_behind = 0;
            }
            Story::StoppedAgain => self.stopped_again(),
            Story::LivesAlone | Story::LivedAlone => self.alone(story),
            Story::GuardianHurt => {
                self.elder_at_home();
                self.list(9);
                self.family.kid(self.child).guardian = Some(0);
                let day = self.world.calendar.others.plus_days(-self.dice.between(1, 5));
                self.family.hurt = Some((0, day));
            }
            Story::CarerUnfit => self.unfit_carer(),
            Story::NewlyIll => {
                self.list(9);
                let since = self.world.calendar.others.plus_days(-self.dice.between(2, 10));
                self.family.people[self.child].illness = Some(("恶性肿瘤", since));
            }
            _ => {}
        }
    }

    /// Tuesdays and Thursdays of a whole month: eight days at least, never two in a row.
    fn often_absent(&mut self) {
        let month = self.world.calendar.education.month().plus(-1);
        let kind = *self.dice.pick(&["旷课", "不明"]);
        let first = month.first_day();
        let days = (0..31).map(|nth| first.plus_days(nth)).filter(|day| day.month() == month);
        let missed = days.filter(|&day| weekdays(day, &[1, 3])).map(|day| (day, kind));
        self.family.kid(self.child).absences.extend(missed);
    }

    fn put_off(&mut self) {
        let issued = self.ago(400, 900).max(self.family.people[self.child].birth.plus_months(14));
        self.card(self.child, 5, 2, issued, "正常");
        self.no_roll();
        let year = self.world.calendar.school_year;
        let placement =
            Placement {
                how: "延缓入学", approved: date(year - 1, 8, 20), until: Some(date(year, 8, 31))
            };
        self.family.kid(self.child).placement = Some(placement);
        self.covered_severe(0, 2, issued);
    }

    fn in_ledger(&mut self, story: Story) {
        let listed = if story == Story::LedgerStale { self.ago(60, 70) } else { self.ago(15, 25) };
        let persuaded = u8::from(self.dice.chance(0.6));
        self.family.kid(self.child).ledger = Some(Ledger {
            kind: "疑似辍学",
            listed,
            whereabouts: "",
            proof_until: None,
            returned: None,
            persuaded,
            state: "在册",
        });
    }

    /// One parent has died within the last weeks, the other moved away long before.
    fn one_parent(&mut self) {
        let (gone, other) = self.either();
        let day = self.ago(20, 80);
        self.kill(gone, day);
        let moved = self.ago(300, 600);
        self.family.people[other].moved = Some(move_on(self.world, self.dice, MoveKind::Outside, moved));
    }

    /// Off the roll because a parent came out of prison, who is in prison again.
    fn stopped_again(&mut self) {
        let (dead, jailed) = self.either();
        let born = self.family.people[self.child].birth;
        let day = self.ago(1550, 2300).max(born.plus_days(20));
        self.kill(dead, day);
        let from = self.ago(900, 1500).max(born.plus_days(40));
        let release = self.ago(200, 350);
        let term = Term { kind: "监狱服刑", from, until: release, released: Some(release) };
        self.family.people[jailed].terms.push(term);
        self.list(5);
        let recorded = ParentState { code: 5, from: Some(from), to: Some(release) };
        let father = self.father;
        if let Some(roster) = self.family.kid(self.child).roster.as_mut() {
            if jailed == father { roster.father = recorded } else { roster.mother = recorded }
        }
        delist(self.family, self.child, release.month(), 11);
        let again = self.ago(60, 150);
        self.prison(jailed, again, 30, None);
    }

    /// The visits of the last weeks find the child alone, or one of them did.
    fn alone(&mut self, story: Story) {
        self.list(9);
        let civil = self.world.calendar.civil;
        let until = if story == Story::LivesAlone { civil.plus_days(1) } else { civil.plus_days(-40) };
        self.family.kid(self.child).alone = Some((civil.plus_days(-75), until));
    }

    fn unfit_carer(&mut self) {
        self.left_behind(true);
        let from = self.ago(300, 500);
        if self.dice.chance(0.5) {
            let term = Term { kind: "强制隔离戒毒", from, until: from.plus_months(24), released: None };
            self.family.people[0].terms.push(term);
        } else {
            self.card(0, 6, 2, from, "正常");
            self.family.people[0].unaided = false;
        }
    }
}
