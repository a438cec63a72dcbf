//! Calendar days and months as small numbers, with the arithmetic the law asks for.

use serde::{Deserialize, Serialize};
use std::fmt;

use chrono::{Datelike, NaiveDate};

/// A calendar day as days since 1970-01-01 (the same number Arrow's `Date32` holds).
///
/// ```
/// use doudi::domain::Day;
/// let day = Day::from_ymd(2011, 9, 1).unwrap();
/// assert_eq!(day.iso(), "2011-09-01");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(i32);

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.iso()
    }
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse_iso(&text).ok_or_else(|| format!("`{text}` is no day; write it as YYYY-MM-DD"))
    }
}

impl Day {
    /// The day with this number of days since 1970-01-01.
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    pub const fn days(self) -> i32 {
        self.0
    }

    /// The day of a proleptic Gregorian date; `None` when there is no such date.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).map(Self::from_naive)
    }

    /// The day of a chrono date.
    pub fn from_naive(date: NaiveDate) -> Self {
        Self(date.num_days_from_ce() - UNIX_EPOCH_FROM_CE)
    }

    /// The chrono date of this day.
    ///
    /// # Panics
    /// Only for days beyond chrono's range of ±262,000 years.
    pub fn naive(self) -> NaiveDate {
        NaiveDate::from_num_days_from_ce_opt(self.0 + UNIX_EPOCH_FROM_CE)
            .expect("a day within chrono's range")
    }

    /// Year, month (1–12), day of month (1–31).
    pub fn ymd(self) -> (i32, u32, u32) {
        let date = self.naive();
        (date.year(), date.month(), date.day())
    }

    /// Parses `YYYY-MM-DD` and nothing else (agencies' formats are the business of `field::date`).
    pub fn parse_iso(text: &str) -> Option<Self> {
        // The parser of dates would take `26-1-5` for a day of the first century.
        let fits =
            |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
        if text.len() != 10 || !text.bytes().enumerate().all(fits) {
            return None;
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Self::from_naive)
    }

    /// `YYYY-MM-DD`.
    pub fn iso(self) -> String {
        self.naive().format("%Y-%m-%d").to_string()
    }

    /// The day `days` later (earlier when negative).
    #[must_use]
    pub const fn plus_days(self, days: i32) -> Self {
        Self(self.0 + days)
    }

    /// The corresponding day `months` later; where the month has no such day, its last day
    /// (民法典 202), so a birthday of 29 February falls on 28 February in common years.
    ///
    /// # Panics
    /// Beyond the years that a day can hold, some two hundred thousand from now.
    ///
    /// ```
    /// use doudi::domain::Day;
    /// let leap = Day::from_ymd(2008, 2, 29).unwrap();
    /// assert_eq!(leap.plus_months(12 * 18).iso(), "2026-02-28");
    /// ```
    #[must_use]
    pub fn plus_months(self, months: i32) -> Self {
        let (year, month, day) = self.ymd();
        let index = year * 12 + month.cast_signed() - 1 + months;
        let (year, month) = (index.div_euclid(12), (index.rem_euclid(12) + 1).cast_unsigned());
        let last = Month::new(year, month).last_day_of_month();
        Self::from_ymd(year, month, day.min(last)).expect("a day clamped to its month exists")
    }

    /// Whole years lived on `on` by someone born on this day (0 before the first birthday).
    pub fn age_on(self, on: Self) -> i32 {
        let (by, bm, bd) = self.ymd();
        let (y, m, d) = on.ymd();
        let birthday = bd.min(Month::new(y, bm).last_day_of_month());
        y - by - i32::from((m, d) < (bm, birthday))
    }

    /// The month this day lies in.
    pub fn month(self) -> Month {
        let (year, month, _) = self.ymd();
        Month::new(year, month)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso())
    }
}

/// 0001-01-01 is day 1 of the common era; this is that count for 1970-01-01.
const UNIX_EPOCH_FROM_CE: i32 = 719_163;

/// A calendar month, such as the belonging month (所属月份) of a payment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Month(i32);

impl Month {
    /// The month; `month` is 1–12 (other values carry over into the years).
    pub const fn new(year: i32, month: u32) -> Self {
        Self(year * 12 + month.cast_signed() - 1)
    }

    /// Months since year 0, the number SQL functions use.
    pub const fn index(self) -> i32 {
        self.0
    }

    /// The month with this index.
    pub const fn from_index(index: i32) -> Self {
        Self(index)
    }

    /// Year and month (1–12).
    pub const fn year_month(self) -> (i32, u32) {
        (self.0.div_euclid(12), (self.0.rem_euclid(12) + 1).cast_unsigned())
    }

    /// The month `months` later.
    #[must_use]
    pub const fn plus(self, months: i32) -> Self {
        Self(self.0 + months)
    }

    /// 28–31.
    pub fn last_day_of_month(self) -> u32 {
        let next = self.plus(1).first_day();
        next.plus_days(-1).ymd().2
    }

    /// The first day of the month.
    ///
    /// # Panics
    /// Only beyond chrono's range of years.
    pub fn first_day(self) -> Day {
        let (year, month) = self.year_month();
        Day::from_ymd(year, month, 1).expect("the first of a month exists")
    }

    /// `202611`, the form findings use as event key.
    pub fn compact(self) -> String {
        let (year, month) = self.year_month();
        format!("{year:04}{month:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn birthdays_of_a_leap_day_fall_on_the_last_day_of_february() {
        let born = Day::from_ymd(2008, 2, 29).unwrap();
        assert_eq!(born.age_on(Day::from_ymd(2026, 2, 27).unwrap()), 17);
        assert_eq!(born.age_on(Day::from_ymd(2026, 2, 28).unwrap()), 18);
    }

    #[test]
    fn months_before_january_reach_into_the_year_before() {
        assert_eq!(Month::new(2026, 1).plus(-1).compact(), "202512");
        assert_eq!(Day::from_ymd(2026, 3, 31).unwrap().plus_months(-1).iso(), "2026-02-28");
    }

    #[test]
    fn a_day_is_written_in_full() {
        assert_eq!(Day::parse_iso("2026-11-23"), Day::from_ymd(2026, 11, 23));
        for text in ["26-11-23", "2026-1-23", "+2026-1-2", "2026-11-31", "2026/11/23", "20261123", ""] {
            assert_eq!(Day::parse_iso(text), None, "{text}");
        }
    }

    #[test]
    fn day_numbers_are_those_of_arrow() {
        assert_eq!(Day::from_ymd(1970, 1, 1).unwrap().days(), 0);
        assert_eq!(Day::from_ymd(2026, 11, 23).unwrap().days(), 20_780);
    }
}
