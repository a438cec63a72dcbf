//! The dropout list: children on no roll, pupils who left, are absent, or are elsewhere in truth.

use super::{Case, Expected, push, push_with, visible};
use crate::domain::Day;
use crate::synth::agencies::temporary;
use crate::synth::calendar::{Calendar, date};
use crate::synth::layout::Extract;
use crate::synth::people::{Person, Roll};
use crate::synth::told::weekend;

/// A run of unexplained absence.
struct Streak {
    first: Day,
    last: Day,
    days: usize,
}

/// Runs of school days in a row on which somebody was absent and nobody knows why.
fn streaks(days: &[(Day, &'static str)], until: Day) -> Vec<Streak> {
    let mut missed: Vec<Day> = days
        .iter()
        .filter(|(day, kind)| matches!(*kind, "旷课" | "不明") && *day <= until && !weekend(*day))
        .map(|(day, _)| *day)
        .collect();
    missed.sort_unstable();
    missed.dedup();
    let mut out: Vec<Streak> = Vec::new();
    for day in missed {
        match out.last_mut() {
            Some(run) if (1..4).any(|gap| run.last.plus_days(gap) == day && free(run.last, day)) => {
                run.last = day;
                run.days += 1;
            }
            _ => out.push(Streak { first: day, last: day, days: 1 }),
        }
    }
    out
}

/// Only a weekend lies between two days.
fn free(from: Day, to: Day) -> bool {
    (from.days() + 1..to.days()).map(Day::from_days).all(weekend)
}

/// From when on a missing education aid is a finding.
pub(super) fn november(calendar: &Calendar) -> Day {
    date(calendar.school_year, 11, 1)
}

pub(super) fn enrolled(roll: &Roll) -> bool {
    matches!(roll.state, "在籍在读" | "休学")
}

pub(super) fn left_early(roll: &Roll) -> bool {
    matches!(roll.state, "退学" | "其他离校" | "开除" | "失踪")
}

impl Case<'_, '_> {
    pub(super) fn school(&self, out: &mut Vec<Expected>) {
        self.unseen(out);
        self.left(out);
        self.suspended(out);
        self.transferred(out);
        self.sixth(out);
        self.home_taught(out);
        self.absent(out);
        self.not_there(out);
    }

    /// The roll has the child's number: a pupil on a temporary one is nobody for certain, and belongs to
    /// the annex.
    pub(super) fn numbered(&self) -> bool {
        let (world, child) = (self.world, self.child);
        let temporary = |roll: &Roll| temporary(world, self.rates, child, roll);
        child.id.is_some() && !self.kid.rolls.first().is_some_and(temporary)
    }

    pub(super) fn year(&self) -> String {
        self.world.calendar.school_year_text()
    }

    /// Elsewhere with a proof that has not run out.
    pub(super) fn proved(&self) -> bool {
        let as_of = self.world.calendar.as_of;
        self.kid.ledger.and_then(|l| l.proof_until).is_some_and(|until| until >= as_of)
    }

    /// Placed somewhere, or put off, for a time that is not over.
    pub(super) fn placed(&self) -> bool {
        let as_of = self.world.calendar.as_of;
        self.kid.placement.is_some_and(|p| p.until.is_none_or(|until| until >= as_of))
    }

    fn unseen(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let child = self.child;
        let held = calendar.grade_one_on_hold() && calendar.grade(child.birth) == 1;
        let unseen = self.kid.rolls.is_empty() && !self.placed() && !self.gone();
        let cohort = calendar.compulsory(child.birth) && !held;
        if unseen && cohort && !self.proved() {
            if self.listed().is_some() {
                push(out, "d_key_group_no_roll", child, self.year());
            }
            if child.local {
                push(out, "d_hukou_no_roll", child, self.year());
            }
            if self.family.on_relief(self.index, &["低保", "特困"], calendar.as_of.month()) {
                push(out, "d_relief_family_child_out", child, self.year());
            }
        }
        let oldest = calendar.births_of_grade(12).0;
        let youngest = calendar.births_of_grade(1).1;
        let card = child.card.is_some_and(|c| c.valid_on(calendar.as_of) && c.issued <= calendar.disability);
        if unseen && card && (oldest..=youngest).contains(&child.birth) && child.id.is_some() {
            push(out, "d_disabled_unplaced", child, self.year());
        }
    }

    fn left(&self, out: &mut Vec<Expected>) {
        let rolls = &self.kid.rolls;
        let left = rolls.iter().any(|r| left_early(r) && r.grade <= 9);
        if !left || rolls.iter().any(enrolled) || !self.minor() || self.child.death.is_some() {
            return;
        }
        let known =
            self.kid.changes.iter().filter(|c| c.kind == "退学" && c.day <= self.world.calendar.education);
        let event = known.map(|c| c.day).max().map_or_else(|| self.year(), Day::iso);
        push(out, "d_left_before_finish", self.child, event);
    }

    fn suspended(&self, out: &mut Vec<Expected>) {
        let until = self.world.calendar.education;
        let young = self.kid.rolls.iter().any(|r| r.state == "休学" && r.grade <= 9);
        let present = self.kid.rolls.iter().any(|r| r.state == "在籍在读");
        let last = self.kid.changes.iter().filter(|c| c.day <= until).max_by_key(|c| c.day);
        let Some(change) = last.filter(|c| c.kind == "休学" && young && !present) else { return };
        let over = match change.until {
            Some(day) => day.plus_days(15) <= until,
            None => change.day.plus_months(12) <= until,
        };
        if over && !self.gone() && !self.proved() && !self.placed() {
            let event = change.until.unwrap_or_else(|| change.day.plus_months(12));
            // Where the roll has a temporary number, the paper of the suspension tells who it is.
            let papers =
                if self.numbered() { vec![] } else { vec![(Extract::RollChanged, self.child.number)] };
            push_with(out, "d_suspend_overdue", self.child, event.iso(), papers);
        }
    }

    fn transferred(&self, out: &mut Vec<Expected>) {
        let until = self.world.calendar.education;
        let rolls = &self.kid.rolls;
        let away =
            rolls.iter().any(|r| r.state == "转出") && !rolls.iter().any(|r| enrolled(r) || left_early(r));
        let last = self.kid.changes.iter().filter(|c| c.day <= until).max_by_key(|c| c.day);
        let Some(change) = last.filter(|c| c.kind == "转出" && away && !self.kid.outside) else { return };
        let (year, month, _) = change.day.ymd();
        let counts_from = if matches!(month, 7 | 8) { date(year, 9, 1) } else { change.day };
        let long = until.days() - counts_from.days() >= 30;
        let young = rolls.iter().all(|r| r.grade <= 9 && !(r.grade == 9 && r.state == "毕业"));
        if long && young && self.minor() && !self.gone() && !self.proved() {
            push(out, "d_transfer_dangling", self.child, change.day.iso());
        }
    }

    fn sixth(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let rolls = &self.kid.rolls;
        let done = rolls.iter().any(|r| r.grade == 6 && r.state == "毕业");
        let on = rolls.iter().any(|r| enrolled(r) || r.grade > 6);
        let this_summer = date(calendar.school_year, 5, 1);
        let dated = self.kid.changes.iter().any(|c| c.kind == "毕业" && c.day >= this_summer);
        let october = calendar.education >= date(calendar.school_year, 10, 1);
        if done && !on && dated && october && !self.gone() && !self.proved() && !self.placed() {
            push(out, "d_g6_no_g7", self.child, self.year());
        }
    }

    fn home_taught(&self, out: &mut Vec<Expected>) {
        let at_home = self.kid.placement.is_some_and(|p| p.how == "送教上门");
        if at_home && self.kid.rolls.is_empty() && !self.gone() {
            push(out, "d_home_teaching_unenrolled", self.child, self.year());
        }
    }

    fn absent(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        if self.child.death.is_some() || self.kid.rolls.is_empty() {
            return;
        }
        let present = self.kid.rolls.iter().any(|r| r.state == "在籍在读" && r.grade <= 9);
        let returned = self.kid.ledger.and_then(|l| l.returned).filter(|&day| day <= calendar.education);
        for run in streaks(&self.kid.absences, calendar.education) {
            let recent = run.last > calendar.education.plus_days(-30);
            if present
                && self.numbered()
                && run.days >= 3
                && recent
                && returned.is_none_or(|day| day < run.first)
            {
                push(out, "d_absent_streak", self.child, run.first.iso());
            }
            let again = returned.filter(|&day| self.numbered() && run.first >= day && run.days >= 3);
            if let Some(day) = again.filter(|&day| day > calendar.education.plus_months(-12)) {
                push(out, "d_return_lost_again", self.child, day.iso());
            }
            let just = run.last > calendar.police.plus_days(-7);
            if self.listed().is_some() && self.minor() && run.days >= 2 && just {
                push(out, "x_child_missing", self.child, run.first.iso());
            }
        }
    }

    /// On a roll as present; dead, held or at work by other papers.
    fn not_there(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        if !self.numbered() || !self.kid.rolls.iter().any(|r| r.state == "在籍在读" && r.grade <= 9) {
            return;
        }
        let dead = visible(self.world, self.child).map(|death| death.day);
        let held = |person: &Person| {
            let long = |from: Day| from < calendar.as_of.plus_days(-7);
            let terms = person.terms.iter().filter(|t| !matches!(t.kind, "监狱服刑" | "社区矫正"));
            terms
                .filter(|t| t.holds_on(calendar.as_of) && t.until >= calendar.as_of && long(t.from))
                .map(|t| t.from)
                .min()
        };
        let young = |since: &Day| self.child.birth.age_on(*since) < 16 && *since <= calendar.others;
        let since = dead.or_else(|| held(self.child)).or_else(|| self.child.insured.filter(young));
        if let Some(since) = since {
            push(out, "d_name_there_child_not", self.child, since.iso());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weekend_does_not_end_a_run_and_a_day_at_school_does() {
        // 2026-11-06 is a Friday.
        let day = |d| date(2026, 11, d);
        let days =
            [(day(5), "旷课"), (day(6), "不明"), (day(9), "旷课"), (day(11), "旷课"), (day(12), "病假")];
        let runs = streaks(&days, day(15));
        let told: Vec<_> = runs.iter().map(|run| (run.first, run.last, run.days)).collect();
        assert_eq!(told, [(day(5), day(9), 3), (day(11), day(11), 1)]);
    }
}
