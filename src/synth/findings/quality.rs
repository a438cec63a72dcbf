//! The list of work left undone for children on the rolls.

use super::{Case, Expected, push, visible};
use crate::synth::people::Roster;

/// Both parents away, or one away and the other unable, by what the roll records.
pub(super) fn alone(father: u8, mother: u8) -> bool {
    let unable = |code: u8| (3..=10).contains(&code);
    (father == 11 && (mother == 11 || unable(mother))) || (mother == 11 && unable(father))
}

impl Case<'_, '_> {
    pub(super) fn quality(&self, out: &mut Vec<Expected>) {
        self.lessons(out);
        let Some(roster) = self.listed() else { return };
        if !self.minor() || visible(self.world, self.child).is_some() {
            return;
        }
        let calendar = self.world.calendar;
        let settled = roster.listed < calendar.civil.plus_days(-30);
        let since = calendar.civil.month().plus(-1);
        let seen = self.kid.visits.iter().any(|v| v.kind != "电话" && v.day.month() >= since);
        if settled && !seen {
            push(out, "q_visit_overdue", self.child, since.compact());
        }
        let old = calendar.civil.plus_months(-6);
        let stale = roster.colour.is_empty() || roster.assessed.is_some_and(|day| day < old);
        if settled && stale {
            push(out, "q_no_colour", self.child, String::new());
        }
        self.agreement(roster, out);
        self.split(roster, out);
    }

    /// A left-behind child both of whose parents are away, or one away and the other unable.
    fn agreement(&self, roster: &Roster, out: &mut Vec<Expected>) {
        let young = self.child.birth.age_on(self.world.calendar.as_of) < 16;
        let alone = alone(roster.father.code, roster.mother.code);
        let agreed = self.kid.care.is_some_and(|care| !care.ended);
        if roster.category == 8 && young && alone && !agreed {
            push(out, "q_care_agreement_missing", self.child, String::new());
        }
    }

    /// Lives in another town than the papers say, and no office is named.
    fn split(&self, roster: &Roster, out: &mut Vec<Expected>) {
        let villages = &self.world.tables.villages;
        let here = villages[self.family.village].town;
        let elsewhere = self.family.lives_in.is_some_and(|village| villages[village].town != here);
        if elsewhere && !roster.owned && self.family.migrant_from.is_none() {
            push(out, "q_place_split_no_owner", self.child, String::new());
        }
    }

    fn lessons(&self, out: &mut Vec<Expected>) {
        let month = self.world.calendar.education.month().plus(-1);
        let placed = self.kid.placement.filter(|p| p.how == "送教上门" && p.approved < month.first_day());
        let term = !matches!(month.year_month().1, 1 | 2 | 7 | 8);
        let lessons = self.kid.lessons.iter().filter(|day| day.month() == month).count();
        if placed.is_some() && term && lessons < 2 && !self.gone() {
            push(out, "q_home_teaching_low", self.child, month.compact());
        }
    }
}
