//! School years and spans of months as arithmetic. Nothing here knows a clock or a table.

use crate::domain::{Day, Month};

/// First school year in which a child is of compulsory age, by the formula of the law: the child
/// has turned six by 31 August.
const ENTRY_AGE: i32 = 6;
/// Number of grades of compulsory education, and so of birth cohorts in it.
const GRADES: i32 = 9;

/// 1 September of the school year in which `day` lies.
///
/// ```
/// use doudi::{domain::Day, engine::school_year_start};
/// let day = Day::from_ymd(2026, 8, 31).unwrap();
/// assert_eq!(school_year_start(day).iso(), "2025-09-01");
/// ```
pub fn school_year_start(day: Day) -> Day {
    let (year, month, _) = day.ymd();
    Month::new(year - i32::from(month < 9), 9).first_day()
}

/// Name of the school year in which `day` lies, e.g. `2026-2027`.
pub fn school_year(day: Day) -> String {
    let (year, _, _) = school_year_start(day).ymd();
    format!("{year:04}-{:04}", year + 1)
}

/// Grade 1–9 in which somebody born on `birth` is expected in the school year of `as_of`; `None`
/// outside the nine cohorts: grade g is born from (Y−6−g)-09-01 to (Y−5−g)-08-31.
///
/// ```
/// use doudi::{domain::Day, engine::expected_grade};
/// let autumn = Day::from_ymd(2026, 11, 23).unwrap();
/// assert_eq!(expected_grade(Day::from_ymd(2020, 8, 31).unwrap(), autumn), Some(1));
/// assert_eq!(expected_grade(Day::from_ymd(2020, 9, 1).unwrap(), autumn), None);
/// ```
pub fn expected_grade(birth: Day, as_of: Day) -> Option<i32> {
    let (start, _, _) = school_year_start(as_of).ymd();
    let (cohort, _, _) = school_year_start(birth).ymd();
    // Born in the school year that began in `cohort`: six years old by 31 August of cohort + 7.
    let grade = start - cohort - ENTRY_AGE;
    (1..=GRADES).contains(&grade).then_some(grade)
}

/// Whether somebody born on `birth` belongs to the nine cohorts of compulsory education.
pub fn compulsory_cohort(birth: Day, as_of: Day) -> bool {
    expected_grade(birth, as_of).is_some()
}

/// Whole months from `from` to `to`: the largest n with `from` plus n months not after `to`
/// (民法典 202 for months without the day). Negative spans count likewise, rounded down.
pub fn months_between(from: Day, to: Day) -> i32 {
    let months = to.month().index() - from.month().index();
    months - i32::from(from.plus_months(months) > to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse_iso(text).unwrap()
    }

    fn check_grade(birth: &str, expected: Option<i32>) {
        assert_eq!(expected_grade(day(birth), day("2026-11-23")), expected, "{birth}");
    }

    #[test]
    fn nine_cohorts_are_of_compulsory_age() {
        check_grade("2020-09-01", None);
        check_grade("2020-08-31", Some(1));
        check_grade("2019-09-01", Some(1));
        check_grade("2019-08-31", Some(2));
        check_grade("2011-09-01", Some(9));
        check_grade("2011-08-31", None);
        assert!(compulsory_cohort(day("2011-09-01"), day("2027-08-31")));
        assert!(!compulsory_cohort(day("2011-09-01"), day("2027-09-01")));
    }

    #[test]
    fn the_school_year_turns_on_the_first_of_september() {
        assert_eq!(school_year(day("2026-08-31")), "2025-2026");
        assert_eq!(school_year(day("2026-09-01")), "2026-2027");
    }

    fn check_months(from: &str, to: &str, expected: i32) {
        assert_eq!(months_between(day(from), day(to)), expected, "{from} {to}");
    }

    #[test]
    fn six_months_are_full_on_the_corresponding_day() {
        check_months("2026-03-15", "2026-09-14", 5);
        check_months("2026-03-15", "2026-09-15", 6);
        check_months("2026-08-31", "2027-02-28", 6);
        check_months("2026-08-31", "2027-02-27", 5);
        check_months("2026-03-15", "2026-03-14", -1);
    }
}
