//! Birth dates: equal, off by a slip of the pen, by a calendar, by a placeholder, or different.

use super::{Ladder, rung};
use crate::domain::Day;
use crate::kernel::similarity::{Edit, one_edit};

/// Equal.
pub const SAME: u8 = 1;
/// Day and month changed places.
pub const SWAPPED: u8 = 2;
/// One digit differs, or two neighbouring digits changed places.
pub const ONE_DIGIT: u8 = 3;
/// Same year; one side is a placeholder (1 January).
pub const PLACEHOLDER: u8 = 4;
/// 18–52 days apart: a lunar date beside the solar one.
pub const LUNAR: u8 = 5;
/// Same month and day of another year, or same year and month.
pub const PARTLY: u8 = 6;
/// Different.
pub const DIFFERENT: u8 = 7;

/// The ladder.
pub const LADDER: Ladder = Ladder {
    name: "birth_date",
    levels: &[
        rung("null", ""),
        rung("same", "出生日期相同"),
        rung("swapped", "出生日期月日颠倒"),
        rung("one_digit", "出生日期一位不同"),
        rung("placeholder", "出生日期一方为1月1日，年份相同"),
        rung("lunar", "出生日期相差数周（疑为农历）"),
        rung("partly", "出生日期部分相同"),
        rung("different", "出生日期不同"),
    ],
};

/// Days by which a lunar date usually precedes its solar one.
const LUNAR_DAYS: std::ops::RangeInclusive<i32> = 18..=52;

/// The level of two dates.
pub fn compare(a: Option<Day>, b: Option<Day>) -> u8 {
    let (Some(a), Some(b)) = (a, b) else { return 0 };
    if a == b {
        return SAME;
    }
    let ((ya, ma, da), (yb, mb, db)) = (a.ymd(), b.ymd());
    if ya == yb && ma == db && da == mb {
        return SWAPPED;
    }
    let digits = |y: i32, m: u32, d: u32| format!("{y:04}{m:02}{d:02}").into_bytes();
    if ya == yb && ((ma, da) == (1, 1) || (mb, db) == (1, 1)) {
        return PLACEHOLDER;
    }
    if matches!(one_edit(&digits(ya, ma, da), &digits(yb, mb, db)), Edit::Substitution(_) | Edit::Swap(_)) {
        return ONE_DIGIT;
    }
    if LUNAR_DAYS.contains(&(a.days() - b.days()).abs()) {
        return LUNAR;
    }
    // A neighbouring day or month is one slip as well, though two digits may differ (09 and 10).
    let near = ya == yb && ((ma == mb && da.abs_diff(db) == 1) || (da == db && ma.abs_diff(mb) == 1));
    if near || (da == db && ma == mb && ya.abs_diff(yb) == 1) {
        return ONE_DIGIT;
    }
    if ma == mb && (ya == yb || da == db) { PARTLY } else { DIFFERENT }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &str, b: &str, expected: u8) {
        let level = compare(Day::parse_iso(a), Day::parse_iso(b));
        assert_eq!(level, expected, "{a} {b}");
        assert_eq!(level, compare(Day::parse_iso(b), Day::parse_iso(a)), "{b} {a}");
    }

    #[test]
    fn slips_are_told_from_other_dates() {
        check("2012-03-04", "2012-03-04", SAME);
        check("2012-03-04", "2012-04-03", SWAPPED);
        check("2012-03-04", "2012-03-14", ONE_DIGIT);
        check("2012-03-09", "2012-03-10", ONE_DIGIT);
        check("1999-12-31", "2000-12-31", ONE_DIGIT);
        check("1950-01-01", "1950-06-17", PLACEHOLDER);
        check("1950-02-17", "1950-03-23", LUNAR);
        check("2012-03-04", "2012-03-27", LUNAR);
        check("2012-03-01", "2012-03-17", PARTLY);
        check("2012-03-04", "2009-11-25", DIFFERENT);
        check("2012-03-04", "", 0);
    }
}
