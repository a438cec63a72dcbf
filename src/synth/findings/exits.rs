//! The exit list, as far as the child's own life tells it.

use super::people::lapsed;
use super::{Case, Expected, paid_months, push, visible};
use crate::domain::{Day, Month};
use crate::synth::calendar::{Calendar, date};
use crate::synth::people::{MoveKind, Roster};
use crate::synth::welfare::{DE_FACTO, ORPHAN, SEVERE};

impl Case<'_, '_> {
    pub(super) fn exits(&self, out: &mut Vec<Expected>) {
        let Some(roster) = self.kid.roster.as_ref() else { return };
        self.moved(out);
        self.adopted(out);
        if roster.active {
            self.of_age(roster, out);
            self.continued(roster, out);
            self.own_card(roster, out);
            self.parent_alive(roster, out);
        } else {
            self.ended(roster, out);
        }
    }

    pub(super) fn basic_months(&self) -> Vec<Month> {
        paid_months(self.world, self.child, |p| p == ORPHAN || p == DE_FACTO || p == SEVERE)
    }

    fn of_age(&self, roster: &Roster, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let turned = Calendar::majority(self.child.birth);
        let in_school = self.kid.rolls.iter().any(|r| r.state == "在籍在读");
        let passed = turned.month() < calendar.civil.month().min(calendar.education.month());
        if roster.status == 0 && passed && !in_school && self.child.death.is_none() {
            push(out, "e_age18_not_school", self.child, turned.iso());
        }
    }

    fn moved(&self, out: &mut Vec<Expected>) {
        let moved = self.child.moved.as_ref();
        let moved = moved.filter(|m| m.kind == MoveKind::Outside && m.day <= self.world.calendar.police);
        let months = paid_months(self.world, self.child, |_| true);
        if let Some(moved) = moved.filter(|m| months.iter().any(|&month| month > m.day.month())) {
            push(out, "e_hukou_moved", self.child, moved.day.iso());
        }
    }

    fn adopted(&self, out: &mut Vec<Expected>) {
        let known = self.kid.adoptions.iter().filter(|a| a.day <= self.world.calendar.civil);
        let Some(paper) = known.max_by_key(|a| a.day).filter(|a| a.kind == "收养") else { return };
        if self.basic_months().iter().any(|&month| month > paper.day.month()) {
            push(out, "e_adopted", self.child, paper.day.iso());
        }
    }

    fn ended(&self, roster: &Roster, out: &mut Vec<Expected>) {
        let Some(last) = roster.last_pay else { return };
        if self.basic_months().iter().any(|&month| month > last) {
            push(out, "e_paid_after_end", self.child, last.compact());
        }
    }

    /// Paid on because of school, and the roll says that school is over.
    fn continued(&self, roster: &Roster, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let known = calendar.education;
        let grown = Calendar::majority(self.child.birth) <= known;
        let studies = self.kid.rolls.iter().any(|r| matches!(r.state, "在籍在读" | "休学"));
        let last = self.kid.rolls.iter().max_by_key(|r| r.entered);
        let Some(last) = last.filter(|_| roster.status == 1 && grown && !studies) else { return };
        // The next stage is outside the roll: such a child goes to the annex, and not for ever.
        let may_go_on = last.state == "毕业" && last.grade == 12 && !roster.continued.is_empty();
        let departures =
            self.kid.changes.iter().filter(|c| matches!(c.kind, "毕业" | "退学") && c.day <= known);
        let left = departures.map(|c| c.day).max();
        let (october, june) = (date(calendar.school_year, 10, 1), date(calendar.school_year + 1, 6, 1));
        let recent = left.is_none_or(|day| day >= known.plus_months(-12));
        let between = last.state == "毕业" && recent && (known < october || known >= june);
        let stop = left.map_or(date(calendar.school_year, 9, 1).month(), |day| day.month().plus(1));
        let paid = self.basic_months().iter().any(|&month| month >= stop);
        let aided = self.kid.aid.is_some();
        if paid && !may_go_on && !between && !aided && self.child.death.is_none() {
            push(
                out,
                "e_over18_school_ended",
                self.child,
                left.map_or(calendar.school_year_text(), Day::iso),
            );
        }
    }

    fn own_card(&self, roster: &Roster, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let child = self.child;
        let Some(card) = child.card.filter(|c| c.issued <= calendar.disability && child.id.is_some()) else {
            return;
        };
        let light = card.valid_on(calendar.as_of) && !card.severe() && card.category != 7;
        if roster.category == 10
            && roster.status != 2
            && self.minor()
            && (light || lapsed(child, calendar.disability, 60))
        {
            push(out, "e_child_card_changed", child, String::new());
        }
    }

    /// An orphan by the roll, whose father or mother lives here.
    fn parent_alive(&self, roster: &Roster, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let adopted = self.kid.adoptions.iter().filter(|a| a.day <= calendar.civil).max_by_key(|a| a.day);
        if !matches!(roster.category, 1 | 3)
            || roster.status == 2
            || adopted.is_some_and(|a| a.kind == "收养")
        {
            return;
        }
        let lives = |father| {
            self.parent(father).is_some_and(|parent| {
                let declared = parent.declared_since(calendar.others).is_some();
                let moved = parent.moved.as_ref().is_some_and(|m| m.kind != MoveKind::Inside);
                let gone =
                    visible(self.world, parent).is_some() || declared || moved || parent.police_missing;
                parent.local && !gone
            })
        };
        if lives(true) || lives(false) {
            push(out, "e_orphan_parent_alive", self.child, String::new());
        }
    }
}
