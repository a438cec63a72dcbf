//! Progress of the work on cases: found, verified, confirmed, settled, by month, quarter, term and school year.
//!
//! The rhythm is that of the plan against dropping out (rule book 0.1: school monthly, county quarterly,
//! city per term, province per school year). The annex does not count: it asks who somebody is.

use super::rows::CaseFacts;
use super::template::Rhythm;
use crate::domain::{CaseStatus, Day, Settlement};

/// A stretch of time up to the day of the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    /// Title.
    pub(super) title: &'static str,
    /// First day.
    pub(super) from: Day,
    /// Last day: that of the lists, or the end of a stretch that is over.
    pub(super) to: Day,
}

/// Number of [`periods`].
pub(super) const PERIODS: usize = 4;

/// Titles of the stretch so far and of the one before.
const TITLES: [(Rhythm, [&str; 2]); PERIODS] = [
    (Rhythm::Month, ["本月", "上月"]),
    (Rhythm::Quarter, ["本季度", "上季度"]),
    (Rhythm::Term, ["本学期", "上学期"]),
    (Rhythm::Year, ["本学年", "上学年"]),
];

/// Month, quarter, term (from September, from February) and school year (from September) of a day.
pub(super) fn periods(day: Day) -> [Period; PERIODS] {
    TITLES.map(|(rhythm, _)| span(rhythm, day, 0))
}

/// The stretch of a day, or the whole one before it (`back` 1).
pub(super) fn span(rhythm: Rhythm, day: Day, back: usize) -> Period {
    let title = TITLES.iter().find(|(of, _)| *of == rhythm).map_or("", |(_, titles)| titles[back.min(1)]);
    let from = begin(rhythm, day);
    if back == 0 {
        return Period { title, from, to: day };
    }
    let to = from.plus_days(-1);
    Period { title, from: begin(rhythm, to), to }
}

/// First day of the stretch in which a day lies.
fn begin(rhythm: Rhythm, day: Day) -> Day {
    let (year, month, _) = day.ymd();
    let first = |year: i32, month: u32| Day::from_ymd(year, month, 1).unwrap_or(day);
    let school_year = first(if month >= 9 { year } else { year - 1 }, 9);
    match rhythm {
        Rhythm::Month => first(year, month),
        Rhythm::Quarter => first(year, (month - 1) / 3 * 3 + 1),
        Rhythm::Term if (2..9).contains(&month) => first(year, 2),
        Rhythm::Term | Rhythm::Year => school_year,
    }
}

/// What happened within a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(super) struct Steps {
    /// Cases listed for the first time.
    pub(super) found: u32,
    /// Cases whose first answer says what was found out.
    pub(super) verified: u32,
    /// Of these, confirmed wholly or in part.
    pub(super) confirmed: u32,
    /// Cases that were confirmed and are over.
    pub(super) resolved: u32,
    /// Of these, about somebody who is back, as the list's template says it.
    pub(super) returned: u32,
    /// Cases that were explained.
    pub(super) explained: u32,
    /// Cases that were not found any more before anybody confirmed them.
    pub(super) withdrawn: u32,
}

/// Where cases stand, and what happened in each period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// An officer is asked.
    pub(super) open: u32,
    /// Of these, not answered in time.
    pub(super) overdue: u32,
    /// Answered, and with the office.
    pub(super) answered: u32,
    /// By period.
    pub(super) steps: [Steps; PERIODS],
}

impl Steps {
    /// Cases about which nobody has to be asked any more.
    pub(super) const fn settled(self) -> u32 {
        self.resolved + self.explained + self.withdrawn
    }
}

impl Progress {
    /// Counts one case.
    pub(super) fn add(&mut self, facts: &CaseFacts<'_>, day: Day) {
        let case = facts.case;
        if case.finding.annex {
            return;
        }
        let open = case.asks() && case.status != CaseStatus::Withdrawn && case.settled.is_none();
        self.open += u32::from(open);
        self.overdue += u32::from(open && facts.is_overdue(day));
        self.answered += u32::from(!open && case.settled.is_none());
        for (period, steps) in periods(day).iter().zip(&mut self.steps) {
            steps.add(facts, period);
        }
    }

    /// Adds other figures.
    pub(super) fn merge(&mut self, other: &Self) {
        self.open += other.open;
        self.overdue += other.overdue;
        self.answered += other.answered;
        for (steps, more) in self.steps.iter_mut().zip(&other.steps) {
            steps.found += more.found;
            steps.verified += more.verified;
            steps.confirmed += more.confirmed;
            steps.resolved += more.resolved;
            steps.returned += more.returned;
            steps.explained += more.explained;
            steps.withdrawn += more.withdrawn;
        }
    }
}

impl Steps {
    /// Counts what happened to one case within the period.
    pub(super) fn add(&mut self, facts: &CaseFacts<'_>, period: &Period) {
        let case = facts.case;
        let within = |on: Day| (period.from..=period.to).contains(&on);
        self.found += u32::from(within(case.first_seen));
        if case.verified_on().is_some_and(within) {
            self.verified += 1;
            self.confirmed += u32::from(case.is_confirmed());
        }
        match case.settled {
            Some((on, how)) if within(on) => match how {
                Settlement::Resolved => {
                    self.resolved += 1;
                    self.returned += u32::from(facts.returned);
                }
                Settlement::Explained => self.explained += 1,
                Settlement::Withdrawn => self.withdrawn += 1,
            },
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_with_month_quarter_term_and_school_year() {
        let check = |day: &str, expected: [&str; PERIODS]| {
            let got = periods(Day::parse_iso(day).unwrap()).map(|period| period.from.iso());
            assert_eq!(got, expected.map(str::to_owned), "{day}");
        };
        check("2026-11-20", ["2026-11-01", "2026-10-01", "2026-09-01", "2026-09-01"]);
        check("2027-01-31", ["2027-01-01", "2027-01-01", "2026-09-01", "2026-09-01"]);
        check("2027-02-01", ["2027-02-01", "2027-01-01", "2027-02-01", "2026-09-01"]);
        check("2027-08-31", ["2027-08-01", "2027-07-01", "2027-02-01", "2026-09-01"]);
        check("2027-09-01", ["2027-09-01", "2027-07-01", "2027-09-01", "2027-09-01"]);
    }

    #[test]
    fn the_stretch_before_ends_the_day_before_this_one_begins() {
        let check = |rhythm, day: &str, expected: [&str; 3]| {
            let period = span(rhythm, Day::parse_iso(day).unwrap(), 1);
            let got = [period.title.to_owned(), period.from.iso(), period.to.iso()];
            assert_eq!(got, expected.map(str::to_owned), "{rhythm:?} {day}");
        };
        check(Rhythm::Month, "2027-01-31", ["上月", "2026-12-01", "2026-12-31"]);
        check(Rhythm::Quarter, "2027-01-31", ["上季度", "2026-10-01", "2026-12-31"]);
        check(Rhythm::Term, "2027-01-31", ["上学期", "2026-02-01", "2026-08-31"]);
        check(Rhythm::Term, "2027-03-01", ["上学期", "2026-09-01", "2027-01-31"]);
        check(Rhythm::Year, "2026-11-20", ["上学年", "2025-09-01", "2026-08-31"]);
    }
}
