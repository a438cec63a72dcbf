//! School years and spans of months as arithmetic. Nothing here knows a clock.

use arrow::array::{Array, AsArray, Date32Array, Int64Array};
use arrow::datatypes::{Date32Type, Int64Type};
use arrow::record_batch::RecordBatch;

use super::EngineError;
use crate::domain::{Day, Month};

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

/// Who is of compulsory school age, by school year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchoolAges(Vec<SchoolAge>);

/// Ages of compulsory education in the school years that begin between two days.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SchoolAge {
    from: Option<Day>,
    until: Option<Day>,
    /// Age that a child of the first grade has reached by 31 August.
    entry_age: i32,
    /// Number of grades, and so of birth cohorts.
    grades: i32,
}

impl Default for SchoolAges {
    /// The law (义务教育法 2, 11): six years old by 31 August, nine grades.
    fn default() -> Self {
        Self(vec![SchoolAge { from: None, until: None, entry_age: 6, grades: 9 }])
    }
}

impl SchoolAges {
    /// Reads the decision table `compulsory_ages`: `entry_age`, `grades`, `valid_from`, `valid_until`.
    ///
    /// # Errors
    /// When a column is missing, has another type or an age is empty.
    pub fn of_table(table: &RecordBatch) -> Result<Self, EngineError> {
        let broken = || EngineError::Setup("compulsory_ages has not the columns agreed on".to_owned());
        let number = |name: &str| table.column_by_name(name)?.as_primitive_opt::<Int64Type>();
        let day = |name: &str| table.column_by_name(name)?.as_primitive_opt::<Date32Type>();
        let (Some(entry), Some(grades), Some(from), Some(until)) =
            (number("entry_age"), number("grades"), day("valid_from"), day("valid_until"))
        else {
            return Err(broken());
        };
        let years = |ages: &Int64Array, row: usize| i32::try_from(ages.value(row)).map_err(|_| broken());
        let date =
            |days: &Date32Array, row: usize| days.is_valid(row).then(|| Day::from_days(days.value(row)));
        (0..table.num_rows())
            .map(|row| {
                if entry.is_null(row) || grades.is_null(row) {
                    return Err(broken());
                }
                let (entry_age, grades) = (years(entry, row)?, years(grades, row)?);
                Ok(SchoolAge { from: date(from, row), until: date(until, row), entry_age, grades })
            })
            .collect::<Result<Vec<_>, _>>()
            .map(Self)
    }

    /// Grade in which somebody born on `birth` is expected in the school year of `as_of`; `None` outside the cohorts:
    /// with the law's ages, grade g is born from (Y−6−g)-09-01 to (Y−5−g)-08-31.
    ///
    /// ```
    /// use doudi::{domain::Day, engine::SchoolAges};
    /// let autumn = Day::from_ymd(2026, 11, 23).unwrap();
    /// let ages = SchoolAges::default();
    /// assert_eq!(ages.expected_grade(Day::from_ymd(2020, 8, 31).unwrap(), autumn), Some(1));
    /// assert_eq!(ages.expected_grade(Day::from_ymd(2020, 9, 1).unwrap(), autumn), None);
    /// ```
    pub fn expected_grade(&self, birth: Day, as_of: Day) -> Option<i32> {
        let opened = school_year_start(as_of);
        let age = self.in_force(opened)?;
        let (start, _, _) = opened.ymd();
        let (cohort, _, _) = school_year_start(birth).ymd();
        // Born in the school year that began in `cohort`: old enough by 31 August of cohort + 1 + entry age.
        let grade = start - cohort - age.entry_age;
        (1..=age.grades).contains(&grade).then_some(grade)
    }

    /// Births of those who are of compulsory school age in the school year of `as_of`, kept for `extra_years` more:
    /// the first day, and the day after the last.
    ///
    /// ```
    /// use doudi::{domain::Day, engine::SchoolAges};
    /// let day = |text| Day::parse_iso(text).unwrap();
    /// let births = SchoolAges::default().births(day("2026-11-23"), 0);
    /// assert_eq!(births, Some((day("2011-09-01"), day("2020-09-01"))));
    /// ```
    pub fn births(&self, as_of: Day, extra_years: i32) -> Option<(Day, Day)> {
        let opened = school_year_start(as_of);
        let age = self.in_force(opened)?;
        let years = |count: i32| opened.plus_months(-12 * count);
        Some((years(age.entry_age + age.grades + extra_years), years(age.entry_age)))
    }

    /// The ages in a school year that began on `opened`.
    fn in_force(&self, opened: Day) -> Option<&SchoolAge> {
        self.0.iter().find(|age| {
            age.from.is_none_or(|from| from <= opened) && age.until.is_none_or(|until| opened <= until)
        })
    }
}

/// Days from `from` to `to` that do not lie in July or August, when nobody can be taken into a school or persuaded to
/// come back.
///
/// ```
/// use doudi::{domain::Day, engine::days_outside_summer};
/// let day = |text| Day::parse_iso(text).unwrap();
/// assert_eq!(days_outside_summer(day("2026-06-20"), day("2026-09-05")), 15);
/// assert_eq!(days_outside_summer(day("2026-07-20"), day("2026-09-05")), 4);
/// ```
pub fn days_outside_summer(from: Day, to: Day) -> i32 {
    // The days stand still on 1 July, and the 62 of each summer are taken out.
    let number = |day: Day| {
        let opened = school_year_start(day);
        day.min(opened.plus_months(10)).days() - 62 * opened.ymd().0
    };
    number(to) - number(from)
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
        assert_eq!(SchoolAges::default().expected_grade(day(birth), day("2026-11-23")), expected, "{birth}");
    }

    #[test]
    fn nine_cohorts_are_of_compulsory_age() {
        check_grade("2020-09-01", None);
        check_grade("2020-08-31", Some(1));
        check_grade("2019-09-01", Some(1));
        check_grade("2019-08-31", Some(2));
        check_grade("2011-09-01", Some(9));
        check_grade("2011-08-31", None);
        let grade = |as_of: &str| SchoolAges::default().expected_grade(day("2011-09-01"), day(as_of));
        assert_eq!((grade("2027-08-31"), grade("2027-09-01")), (Some(9), None));
    }

    #[test]
    fn ages_hold_for_the_school_years_that_begin_while_they_are_in_force() {
        let seven = SchoolAge { from: None, until: Some(day("2026-12-31")), entry_age: 7, grades: 9 };
        let ten = SchoolAge { from: Some(day("2027-01-01")), until: None, entry_age: 6, grades: 10 };
        let ages = SchoolAges(vec![seven, ten]);
        let grade = |birth: &str, as_of: &str| ages.expected_grade(day(birth), day(as_of));
        assert_eq!((grade("2020-08-31", "2026-11-23"), grade("2019-08-31", "2026-11-23")), (None, Some(1)));
        // The table changed in January, the school year had begun before.
        assert_eq!(grade("2020-08-31", "2027-08-31"), None);
        assert_eq!(
            (grade("2020-08-31", "2027-09-01"), grade("2011-09-01", "2027-09-01")),
            (Some(2), Some(10))
        );
        assert_eq!(SchoolAges(Vec::new()).expected_grade(day("2019-01-01"), day("2026-11-23")), None);
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
