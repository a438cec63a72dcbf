//! Days in every form that agencies write. Day and month are never guessed: what is not plain stays unread.

use std::borrow::Cow;

use super::numeral;
use super::text::{is_nothing, narrow};
use crate::domain::Day;

/// A cell as a day.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DateParse {
    /// The day.
    pub day: Option<Day>,
    /// How it was read, or why not.
    pub note: DateNote,
}

/// How a day was read, or why it was not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DateNote {
    /// Year, month and day as numbers.
    Plain,
    /// A spreadsheet's day count.
    Serial,
    /// Nothing, a word for nothing, or only zeros.
    Empty,
    /// `长期`, `9999-12-31`: without end.
    Unlimited,
    /// Year and month without a day.
    MonthOnly,
    /// Only a year.
    YearOnly,
    /// The year stands last: day and month cannot be told apart for certain.
    YearLast,
    /// Two digits of the year.
    ShortYear,
    /// There is no such day.
    Impossible,
    /// No date at all.
    Unreadable,
}

impl DateNote {
    /// What to tell the owner of the data; `None` where there is nothing to mend.
    pub const fn reason(self) -> Option<&'static str> {
        Some(match self {
            Self::Plain | Self::Serial | Self::Empty | Self::Unlimited => return None,
            Self::MonthOnly => "日期只有年月",
            Self::YearOnly => "日期只有年份",
            Self::YearLast => "年份写在最后，无法确定月和日",
            Self::ShortYear => "年份只有两位",
            Self::Impossible => "日期不存在",
            Self::Unreadable => "不是日期",
        })
    }
}

/// Years of people and papers; anything else is a slip of the pen.
const YEARS: std::ops::RangeInclusive<u32> = 1850..=2199;
/// Years that mean "without end".
const NO_END: [u32; 3] = [2999, 9999, 2099];
/// Day counts of spreadsheets from 1927 to 2099.
const SERIALS: std::ops::RangeInclusive<u32> = 10_000..=73_050;
/// Day 0 of spreadsheets, 1899-12-30, as days since 1970-01-01.
const SERIAL_ZERO: i32 = -25_569;

/// Reads a cell.
pub fn parse(raw: &str) -> DateParse {
    if let Some(parsed) = plain(raw.as_bytes()) {
        return parsed;
    }
    if is_nothing(raw) {
        return none(DateNote::Empty);
    }
    let text = narrow(without_time(raw.trim()));
    if matches!(&*text, "长期" | "永久" | "长期有效" | "无期限") {
        return none(DateNote::Unlimited);
    }
    let Some(parts) = parts(&text) else { return none(DateNote::Unreadable) };
    match *parts.as_slice() {
        [one] => single(one),
        [day, fraction] if day.length == 5 && parts_joined_by_dot(&text) && fraction.length <= 12 => {
            serial(day.value)
        }
        [year, month]
            if year.length == 4 && (1..=12).contains(&month.value) && YEARS.contains(&year.value) =>
        {
            none(DateNote::MonthOnly)
        }
        [year, month, day] if year.length == 4 => ymd(year.value, month.value, day.value),
        [_, _, year] if year.length == 4 => none(DateNote::YearLast),
        [year, _, _] if year.length <= 2 => none(DateNote::ShortYear),
        _ => none(DateNote::Unreadable),
    }
}

const fn none(note: DateNote) -> DateParse {
    DateParse { day: None, note }
}

/// `20110101` and `2011-01-01`, the two forms that nearly all cells have.
fn plain(bytes: &[u8]) -> Option<DateParse> {
    let number = |range: &[u8]| {
        range
            .iter()
            .try_fold(0_u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
    };
    let (year, month, day) = match bytes {
        [y @ .., m1, m2, d1, d2] if y.len() == 4 => (number(y)?, number(&[*m1, *m2])?, number(&[*d1, *d2])?),
        [y @ .., b'-', m1, m2, b'-', d1, d2] if y.len() == 4 => {
            (number(y)?, number(&[*m1, *m2])?, number(&[*d1, *d2])?)
        }
        _ => return None,
    };
    Some(ymd(year, month, day))
}

fn ymd(year: u32, month: u32, day: u32) -> DateParse {
    if (year, month, day) == (0, 0, 0) {
        return none(DateNote::Empty);
    }
    if NO_END.contains(&year) && (month, day) == (12, 31) {
        return none(DateNote::Unlimited);
    }
    if !YEARS.contains(&year) {
        return none(DateNote::Impossible);
    }
    match (month, day) {
        (0, 0) => none(DateNote::YearOnly),
        (1..=12, 0) => none(DateNote::MonthOnly),
        _ => match Day::from_ymd(year.cast_signed(), month, day) {
            Some(day) => DateParse { day: Some(day), note: DateNote::Plain },
            None => none(DateNote::Impossible),
        },
    }
}

pub(super) fn serial(days: u32) -> DateParse {
    match i32::try_from(days) {
        Ok(count) if SERIALS.contains(&days) => {
            DateParse { day: Some(Day::from_days(SERIAL_ZERO + count)), note: DateNote::Serial }
        }
        _ => none(DateNote::Unreadable),
    }
}

/// One number in a text, with its count of digits.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) value: u32,
    pub(super) length: usize,
}

fn single(one: Part) -> DateParse {
    let value = one.value;
    match one.length {
        8 => ymd(value / 10_000, value / 100 % 100, value % 100),
        6 if YEARS.contains(&(value / 100)) && (1..=12).contains(&(value % 100)) => none(DateNote::MonthOnly),
        6 => none(DateNote::ShortYear),
        5 => serial(value),
        4 if YEARS.contains(&value) => none(DateNote::YearOnly),
        _ if value == 0 => none(DateNote::Empty),
        _ => none(DateNote::Unreadable),
    }
}

/// The text before a time of day.
fn without_time(raw: &str) -> &str {
    let cut = if let Some(colon) = raw.find([':', '：']) {
        let before =
            raw[..colon].trim_end_matches(|c: char| c.is_ascii_digit() || ('０'..='９').contains(&c));
        before.trim_end_matches(['T', 't']).trim_end().trim_end_matches("上午").trim_end_matches("下午")
    } else if let Some(at) = raw.find('日').filter(|at| raw[*at..].contains('时')) {
        &raw[..at + '日'.len_utf8()]
    } else if raw.len() == 14 && raw.bytes().all(|byte| byte.is_ascii_digit()) {
        &raw[..8]
    } else {
        raw
    };
    cut.trim_end()
}

/// The numbers of a text of numbers and separators; `None` for any other text or more than three numbers.
pub(super) fn parts(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::with_capacity(3);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((value, bytes, length)) = numeral::leading(rest) {
            parts.push(Part { value, length });
            rest = &rest[bytes..];
        } else if matches!(
            c,
            '-' | '/' | '.' | '年' | '月' | '日' | '号' | '、' | '—' | '–' | '。' | '\\' | '份'
        ) {
            rest = &rest[c.len_utf8()..];
        } else {
            return None;
        }
    }
    (1..=3).contains(&parts.len()).then_some(parts)
}

fn parts_joined_by_dot(text: &str) -> bool {
    text.bytes().filter(|byte| !byte.is_ascii_digit()).eq(*b".")
}

/// Reads a cell that a spreadsheet may hold as a day count in text; borrowed by `month`.
pub(super) fn narrow_date(raw: &str) -> Cow<'_, str> {
    narrow(without_time(raw.trim()))
}
