//! The dates of one simulated night: the as-of day, each agency's own cut-off, the school year.

use crate::domain::{Day, Month};

/// Dates everything is measured against.
pub(crate) struct Calendar {
    /// The night's as-of day.
    pub(crate) as_of: Day,
    /// Cut-off of civil affairs.
    pub(crate) civil: Day,
    /// Cut-off of education.
    pub(crate) education: Day,
    /// Cut-off of the police.
    pub(crate) police: Day,
    /// Cut-off of the disability federation.
    pub(crate) disability: Day,
    /// Cut-off of the optional agencies.
    pub(crate) others: Day,
    /// The school year's first calendar year.
    pub(crate) school_year: i32,
    /// First month of payments delivered.
    pub(crate) pay_from: Month,
    /// Last month of payments delivered.
    pub(crate) pay_to: Month,
}

/// A day that is written in the source: it exists.
pub(crate) fn date(year: i32, month: u32, day: u32) -> Day {
    Day::from_ymd(year, month, day).unwrap_or(Day::from_days(0))
}

impl Calendar {
    /// The calendar of an as-of day.
    pub(crate) fn new(as_of: Day) -> Self {
        let civil = as_of.plus_days(-2);
        let (year, month, _) = as_of.ymd();
        let (_, _, day) = civil.ymd();
        // Money goes out between the 5th and the 12th; before that the month is not in the file yet.
        let pay_to = if day > 12 { civil.month() } else { civil.month().plus(-1) };
        Self {
            as_of,
            civil,
            education: as_of.plus_days(-5),
            police: as_of.plus_days(-1),
            disability: as_of.plus_days(-8),
            others: as_of.plus_days(-6),
            school_year: if month >= 9 { year } else { year - 1 },
            pay_from: pay_to.plus(-12),
            pay_to,
        }
    }

    /// `2026-2027`.
    pub(crate) fn school_year_text(&self) -> String {
        format!("{}-{}", self.school_year, self.school_year + 1)
    }

    /// The grade this birth date belongs to this year: 1–9 compulsory, 10–12 senior, else outside.
    pub(crate) fn grade(&self, birth: Day) -> i32 {
        let (year, month, _) = birth.ymd();
        let start = if month >= 9 { year } else { year - 1 };
        self.school_year - 6 - start
    }

    /// Born so as to be of compulsory school age.
    pub(crate) fn compulsory(&self, birth: Day) -> bool {
        (1..=9).contains(&self.grade(birth))
    }

    /// The days of birth that belong to a grade.
    pub(crate) fn births_of_grade(&self, grade: i32) -> (Day, Day) {
        (date(self.school_year - 6 - grade, 9, 1), date(self.school_year - 5 - grade, 8, 31))
    }

    /// Whether grade-1 children are still waited for (until 1 November).
    pub(crate) fn grade_one_on_hold(&self) -> bool {
        self.as_of < date(self.school_year, 11, 1)
    }

    /// The 18th birthday.
    pub(crate) fn majority(birth: Day) -> Day {
        birth.plus_months(18 * 12)
    }
}
