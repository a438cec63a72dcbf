//! What the second release of the dropout list ought to find.

use super::school::{enrolled, left_early, november};
use super::{Case, Expected, push, visible};
use crate::domain::{Day, Month};
use crate::synth::calendar::date;
use crate::synth::told::weekend;

/// Days of term between two days: the 62 days of July and August stand still.
fn term_days(from: Day, to: Day) -> i32 {
    let numbered = |day: Day| {
        let (year, month, _) = day.ymd();
        let start = if month >= 9 { year } else { year - 1 };
        day.days().min(date(start + 1, 7, 1).days()) - 62 * start
    };
    numbered(to) - numbered(from)
}

impl Case<'_, '_> {
    pub(super) fn second_school(&self, out: &mut Vec<Expected>) {
        self.often_absent(out);
        self.stale(out);
        if self.kid.rolls.is_empty() {
            self.without_roll(out);
        } else {
            self.unfinished(out);
        }
        self.working(out);
    }

    /// The first day of the term in which education's files end.
    fn term(&self) -> Day {
        let education = self.world.calendar.education;
        let (year, month, _) = education.ymd();
        match month {
            2..=8 => date(year, 2, 1),
            9.. => date(year, 9, 1),
            _ => date(year - 1, 9, 1),
        }
    }

    fn often_absent(&self, out: &mut Vec<Expected>) {
        let education = self.world.calendar.education;
        let present = self.kid.rolls.iter().any(|r| r.state == "在籍在读" && r.grade <= 9);
        if !present || !self.numbered() || self.child.death.is_some() {
            return;
        }
        let unexplained = |(day, kind): &&(Day, &str)| {
            matches!(*kind, "旷课" | "不明") && *day <= education && !weekend(*day)
        };
        let mut missed: Vec<Day> =
            self.kid.absences.iter().filter(unexplained).map(|(day, _)| *day).collect();
        missed.sort_unstable();
        missed.dedup();
        let returned = self.kid.ledger.and_then(|l| l.returned).filter(|&day| day <= education);
        let still = |last: Day| returned.is_none_or(|day| day <= last);
        let mut months: Vec<Month> = Vec::new();
        for month in [education.month().plus(-1), education.month()] {
            let of_month = || missed.iter().filter(|day| day.month() == month);
            if of_month().count() >= 8 && of_month().max().is_some_and(|&last| still(last)) {
                months.push(month);
            }
        }
        let of_term: Vec<Day> = missed.iter().copied().filter(|&day| day >= self.term()).collect();
        if let (Some(fifteenth), Some(&last)) = (of_term.get(14), of_term.last())
            && still(last)
        {
            months.push(fifteenth.month());
        }
        months.sort_unstable();
        months.dedup();
        for month in months {
            push(out, "d_absent_cumulative", self.child, month.compact());
        }
    }

    fn stale(&self, out: &mut Vec<Expected>) {
        let education = self.world.calendar.education;
        let open = |l: &crate::synth::people::Ledger| {
            l.state == "在册" && l.kind != "适龄儿童" && l.returned.is_none() && l.listed <= education
        };
        let Some(ledger) = self.kid.ledger.filter(open) else { return };
        if visible(self.world, self.child).is_some() {
            return;
        }
        let moved = if ledger.persuaded > 0 { ledger.listed.plus_days(9) } else { ledger.listed };
        if term_days(moved, education) > 30 || term_days(ledger.listed, education) > 90 {
            push(out, "d_ledger_stale", self.child, ledger.listed.iso());
        }
    }

    fn without_roll(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let child = self.child;
        if self.gone() || self.placed() {
            return;
        }
        let compulsory = calendar.compulsory(child.birth);
        let waits = calendar.grade_one_on_hold() && calendar.grade(child.birth) == 1;
        let autumn = calendar.education >= november(calendar);
        let (oldest, youngest) = (calendar.births_of_grade(12).0, calendar.births_of_grade(1).1);
        let wide = (oldest..=youngest).contains(&child.birth);
        let deferred = self.kid.placement.is_some_and(|p| p.how == "延缓入学");
        if deferred && autumn && wide && child.id.is_some() && !self.proved() {
            push(out, "d_defer_overdue", child, self.year());
        }
        let asked = child.card.is_some() && child.id.is_some();
        if asked && child.birth.age_on(calendar.as_of) < 18 && wide && !self.proved() {
            push(out, "d_survey_unschooled", child, self.year());
        }
        let unregistered = child.id.is_none() && self.family.migrant_from.is_none();
        let listed = self.listed().is_some_and(|roster| roster.category != 1);
        if unregistered && listed && compulsory && !waits && !self.proved() {
            push(out, "d_no_hukou_child", child, self.year());
        }
        if self.family.migrant_from.is_some() && child.id.is_some() && compulsory && !waits && !self.proved()
        {
            push(out, "d_migrant_child_no_roll", child, self.year());
        }
        let outside = self.kid.ledger.is_some_and(|l| l.whereabouts == "市外在读" && l.returned.is_none());
        if outside && compulsory && autumn && !self.proved() {
            push(out, "d_outside_school_unproved", child, self.term().iso());
        }
    }

    /// Left grade 8 or 9 last year or since, without a diploma and for no other school.
    fn unfinished(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let rolls = &self.kid.rolls;
        let left = rolls.iter().any(|r| left_early(r) && matches!(r.grade, 8 | 9));
        let elsewhere = rolls.iter().any(|r| {
            enrolled(r)
                || r.grade > 9
                || (r.grade == 9 && r.state == "毕业")
                || matches!(r.state, "死亡" | "出国")
        });
        if !left || elsewhere || !self.minor() || self.gone() || self.proved() || self.placed() {
            return;
        }
        let dated = self.kid.changes.iter().filter(|c| c.kind == "退学" && c.day <= calendar.education);
        let last_year = match dated.map(|c| c.day).max() {
            Some(day) => day >= date(calendar.school_year - 1, 9, 1),
            None => matches!(calendar.grade(self.child.birth) - 1, 8 | 9),
        };
        if last_year {
            push(out, "d_g9_not_finished", self.child, self.year());
        }
    }

    fn working(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let known = self.numbered() && !self.kid.rolls.is_empty() || self.listed().is_some();
        let young = self.child.birth.age_on(calendar.as_of) < 16;
        let since = self.child.insured.filter(|&day| day <= calendar.others);
        if let Some(since) = since.filter(|_| known && young && visible(self.world, self.child).is_none()) {
            push(out, "d_child_labour_hint", self.child, since.iso());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summer_is_no_time_for_persuasion() {
        assert_eq!(term_days(date(2026, 6, 20), date(2026, 9, 10)), 20);
        assert_eq!(term_days(date(2026, 10, 1), date(2026, 10, 31)), 30);
        assert_eq!(term_days(date(2026, 7, 5), date(2026, 8, 20)), 0);
    }
}
