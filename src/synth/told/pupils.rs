//! Stories of pupils: truants, suspensions and transfers that lead nowhere, names without a child.

use super::Teller;
use crate::domain::Day;
use crate::synth::calendar::{Calendar, date};
use crate::synth::people::{Ledger, Neglect, Placement, Roll, RollChange, Term};
use crate::synth::school::{SPECIAL, change, disabled_schooling, roll, school_name};
use crate::synth::stories::Story;
use crate::synth::welfare::household;

/// Saturday or Sunday.
pub(crate) fn weekend(day: Day) -> bool {
    // 1 January 1970 was a Thursday.
    (day.days() + 3).rem_euclid(7) >= 5
}

/// Whether it is one of these days of the week, Monday being 0.
pub(super) fn weekdays(day: Day, wanted: &[i32]) -> bool {
    wanted.contains(&(day.days() + 3).rem_euclid(7))
}

/// So many school days in a row, the last one not after `last`, oldest first.
fn school_days(last: Day, count: i32) -> Vec<Day> {
    let days = (0..).map(|back| last.plus_days(-back)).filter(|&day| !weekend(day));
    let mut out: Vec<Day> = days.take(usize::try_from(count).unwrap_or(0)).collect();
    out.reverse();
    out
}

impl Teller<'_, '_> {
    pub(super) fn pupil(&mut self, story: Story) {
        match story {
            Story::Truant | Story::TruantExcused => self.truant(story),
            Story::ReturnedLost | Story::ReturnedStays => self.returned(story),
            Story::SuspendOverdue | Story::SuspendRenewed | Story::SuspendBack => self.suspended(story),
            Story::TransferDangling | Story::TransferFresh => self.transferred(story),
            Story::SixthNoSeventh | Story::SixthAndSeventh => self.sixth(story),
            Story::HomeTaughtNoRoll | Story::HomeTaughtLow | Story::HomeTaughtWell => self.home_taught(story),
            Story::ReliefNoRoll => {
                self.no_roll();
                self.poor_household("低保");
                self.list(9);
            }
            Story::PupilDead | Story::PupilHeld | Story::PupilHeldBriefly | Story::PupilInsured => {
                self.not_there(story);
            }
            Story::Misheard => self.misheard(),
            _ => {}
        }
    }

    /// Puts the household on relief, for two years or more.
    pub(super) fn poor_household(&mut self, kind: &'static str) {
        let from = self.world.calendar.pay_to.plus(-self.dice.between(26, 50));
        let members = household(self.world, self.family);
        self.family.relief = Some(crate::synth::people::Relief { kind, members, from, stop: None });
    }

    fn first_roll(&mut self) -> Option<&mut Roll> {
        self.family.kid(self.child).rolls.first_mut()
    }

    fn absent(&mut self, count: i32, ended: i32, kinds: &[&'static str]) -> Option<Day> {
        let last = self.world.calendar.education.plus_days(-ended);
        let kind = *self.dice.pick(kinds);
        let days = school_days(last, count);
        let first = days.first().copied();
        self.family.kid(self.child).absences.extend(days.into_iter().map(|day| (day, kind)));
        first
    }

    fn truant(&mut self, story: Story) {
        let ended = self.dice.between(9, 22);
        if story == Story::TruantExcused {
            let short = self.dice.chance(0.5);
            let (count, kinds): (i32, &[&str]) =
                if short { (2, &["旷课"]) } else { (7, &["病假", "事假"]) };
            self.absent(count, ended, kinds);
            return;
        }
        let long = self.dice.chance(0.2);
        let count = if long { self.dice.between(20, 24) } else { self.dice.between(3, 9) };
        let first = self.absent(count, ended, &["旷课", "不明"]);
        if let Some(first) = first.filter(|_| long) {
            self.family.kid(self.child).ledger = Some(Ledger {
                kind: "疑似辍学",
                listed: first.plus_days(9),
                whereabouts: "",
                proof_until: None,
                returned: None,
                persuaded: 2,
                state: "在册",
            });
        }
    }

    fn returned(&mut self, story: Story) {
        let back = self.ago(70, 250);
        self.family.kid(self.child).ledger = Some(Ledger {
            kind: "疑似辍学",
            listed: back.plus_days(-30),
            whereabouts: "",
            proof_until: None,
            returned: Some(back),
            persuaded: 3,
            state: "已销号",
        });
        if story == Story::ReturnedLost {
            let (count, ended) = (self.dice.between(3, 8), self.dice.between(9, 40));
            self.absent(count, ended, &["旷课", "不明"]);
        }
    }

    fn suspended(&mut self, story: Story) {
        let education = self.world.calendar.education;
        let start = education.plus_days(-self.dice.between(420, 520));
        let dated = self.dice.chance(0.7);
        let until = dated.then(|| start.plus_months(12));
        let kid = self.family.kid(self.child);
        kid.changes.clear();
        kid.changes.push(RollChange { until, ..change("休学", start) });
        let state = match story {
            Story::SuspendRenewed => {
                let again = start.plus_months(12);
                kid.changes
                    .push(RollChange { until: Some(again.plus_months(12)), ..change("休学", again) });
                "休学"
            }
            Story::SuspendBack => {
                kid.changes.push(change("复学", start.plus_months(12).plus_days(3)));
                "在籍在读"
            }
            _ => "休学",
        };
        if let Some(row) = self.first_roll() {
            row.state = state;
        }
    }

    fn transferred(&mut self, story: Story) {
        let education = self.world.calendar.education;
        let ago =
            if story == Story::TransferFresh { self.dice.between(5, 20) } else { self.dice.between(40, 70) };
        let day = education.plus_days(-ago);
        let Some(row) = self.first_roll() else { return };
        row.state = "转出";
        let mut other = row.school;
        other.nth = (other.nth + 1) % 3;
        let from = school_name(self.world, self.family.kid(self.child).rolls[0].school);
        // Some papers do not name the school the child is to go to.
        let to = if self.dice.chance(0.6) && other.kind == 21 {
            school_name(self.world, other)
        } else {
            String::new()
        };
        let kid = self.family.kid(self.child);
        kid.changes = vec![RollChange { from, to, ..change("转出", day) }];
    }

    fn sixth(&mut self, story: Story) {
        let year = self.world.calendar.school_year;
        let mut old = roll(self.world, self.family.village, 6, self.dice);
        old.state = "毕业";
        old.entered = old.entered.plus(-12);
        let kid = self.family.kid(self.child);
        kid.changes = vec![change("毕业", date(year, 6, 28))];
        if story == Story::SixthNoSeventh {
            kid.rolls = vec![old];
        } else {
            kid.rolls.push(old);
        }
    }

    fn home_taught(&mut self, story: Story) {
        let issued = self.ago(400, 1500).max(self.family.people[self.child].birth.plus_months(14));
        let (category, level) = *self.dice.pick(&[(5, 1), (5, 2), (4, 1), (6, 2)]);
        self.card(self.child, category, level, issued, "正常");
        let approved = date(self.world.calendar.school_year, 8, 25);
        disabled_schooling(self.world, self.family, self.child, self.dice);
        let kid = self.family.kid(self.child);
        kid.placement = Some(Placement { how: "送教上门", approved, until: None });
        if story == Story::HomeTaughtNoRoll {
            kid.rolls.clear();
            kid.changes.clear();
        } else {
            for row in kid.rolls.iter_mut().take(1) {
                row.school = SPECIAL;
                row.mode = "送教上门";
                row.inclusive = false;
            }
            kid.neglect = (story == Story::HomeTaughtLow).then_some(Neglect::Lessons);
        }
        self.covered_severe(0, level, issued);
    }

    /// On the roll as present, but other papers say where the pupil is.
    fn not_there(&mut self, story: Story) {
        let calendar: &Calendar = self.world.calendar;
        match story {
            Story::PupilDead => {
                let day = self.ago(30, 120);
                let death = self.registered_death(day);
                self.family.people[self.child].death = Some(death);
            }
            Story::PupilInsured => {
                let since = self.ago(30, 200);
                self.family.people[self.child].insured = Some(since);
            }
            _ => {
                let brief = story == Story::PupilHeldBriefly;
                let from = calendar.as_of.plus_days(-if brief { 5 } else { self.dice.between(15, 25) });
                let until = from.plus_days(if brief { 7 } else { 37 });
                let term = Term { kind: "刑事拘留", from, until, released: None };
                self.family.people[self.child].terms.push(term);
            }
        }
    }

    /// On the roll, but so written that nobody can be sure: no number, another name by sound, a wrong day.
    fn misheard(&mut self) {
        let child = &self.family.people[self.child];
        let given: Vec<char> = child.name.given.chars().collect();
        let Some(&last) = given.last() else { return };
        let sounds = self.world.tables.sounds.get(&last);
        let heard = sounds.and_then(|s| s.same_tone.first()).copied().unwrap_or('华');
        let rest: String = given[..given.len() - 1].iter().collect();
        let name = format!("{}{rest}{heard}", child.name.surname);
        let kid = self.family.kid(self.child);
        kid.misheard = Some(name);
        for row in &mut kid.rolls {
            row.letter = 'L';
        }
    }
}
