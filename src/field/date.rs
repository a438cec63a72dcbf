//! Days in every form that agencies write. Day and month are never guessed: what is not plain stays unread.

use std::borrow::Cow;

use super::numeral;
use super::text::{is_nothing, narrow, narrow_char};
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
    /// Whether the cell tells a month or a year, though no day.
    pub const fn is_imprecise(self) -> bool {
        matches!(self, Self::MonthOnly | Self::YearOnly)
    }

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
    let Some(text) = narrow_date(raw) else { return none(DateNote::Unreadable) };
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
            if year.length == 4
                && month.is_short()
                && (1..=12).contains(&month.value)
                && YEARS.contains(&year.value) =>
        {
            none(DateNote::MonthOnly)
        }
        [year, month, day] if year.length == 4 && month.is_short() && day.is_short() => {
            ymd(year.value, month.value, day.value)
        }
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
    arabic: bool,
}

impl Part {
    /// Whether it can be a month or a day: at most two Arabic digits, or words such as `二十五`.
    const fn is_short(self) -> bool {
        self.length <= if self.arabic { 2 } else { 3 }
    }
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

/// The text before a time of day; `None` where what follows is no time (`2011-01-01 08:00至2012-01-01`).
fn without_time(raw: &str) -> Option<&str> {
    let (day, time) = if let Some(colon) = raw.find([':', '：']) {
        let before = raw[..colon].trim_end_matches(is_digit);
        let day = before.trim_end_matches(['T', 't']).trim_end();
        let day = ["上午", "下午"].iter().find_map(|word| day.strip_suffix(word)).unwrap_or(day);
        (day, &raw[before.len()..])
    } else if let Some(at) = raw.find('日').filter(|at| raw[*at..].contains('时')) {
        raw.split_at(at + '日'.len_utf8())
    } else if raw.len() == 14 && raw.bytes().all(|byte| byte.is_ascii_digit()) {
        raw.split_at(8)
    } else {
        return Some(raw);
    };
    is_time(time).then(|| day.trim_end())
}

fn is_digit(c: char) -> bool {
    matches!(c, '0'..='9' | '０'..='９')
}

/// Whether a text is a time of day: hour and minute in range, and nothing but its signs.
fn is_time(text: &str) -> bool {
    let text: String = text.chars().map(narrow_char).collect();
    let signs = ["上午", "下午", "时", "分", "秒", "AM", "PM", "Z", ":", ".", "+", " "];
    let plain = signs.iter().fold(text.clone(), |rest, sign| rest.replace(sign, ""));
    if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let joined = text.trim().len() == plain.len();
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
    let (hour, minute) = match numbers.next() {
        Some(all) if joined && all.len() == 6 => (&all[..2], &all[2..4]),
        Some(hour) => (hour, numbers.next().unwrap_or("0")),
        None => return false,
    };
    let within = |text: &str, most: u32| text.len() <= 2 && text.parse().is_ok_and(|n: u32| n <= most);
    within(hour, 24) && within(minute, 59)
}

/// Signs that may stand once between two numbers of a date.
const SIGNS: [&str; 11] = ["-", "/", ".", "、", "—", "——", "–", "−", "。", "\\", " "];

/// The numbers of a date as text: one number, or two or three with one sign between them, or with 年, 月 and 日
/// behind them in this order. `None` for anything else.
pub(super) fn parts(text: &str) -> Option<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::with_capacity(3);
    let mut signs: Vec<&str> = Vec::with_capacity(3);
    let mut rest = text;
    while !rest.is_empty() {
        let (value, bytes, length) = numeral::leading(rest)?;
        let arabic = rest.starts_with(|c: char| c.is_ascii_digit());
        parts.push(Part { value, length, arabic });
        rest = &rest[bytes..];
        // A sign ends where the next number begins; 一 and 十 are numbers too.
        let end = rest.char_indices().find(|(at, _)| numeral::leading(&rest[*at..]).is_some());
        let (sign, next) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        signs.push(sign);
        rest = next;
        if parts.len() > 3 {
            return None;
        }
    }
    let arabic = parts.first()?.arabic;
    let good = match *signs.as_slice() {
        // Without 年, a row of Chinese digits is no date: 一 may be a dash.
        [end] => end == "年" || (arabic && matches!(end, "" | ".")),
        ["年", end] => matches!(end, "" | "月" | "月份"),
        ["年", "月", end] => matches!(end, "" | "日" | "号"),
        [sign, end] => arabic && SIGNS.contains(&sign) && matches!(end, "" | "."),
        [first, second, end] => {
            // A space is a sign only where both are: `2011-1 1` may be anything.
            let spaces = [first, second].iter().filter(|sign| **sign == " ").count();
            let known = SIGNS.contains(&first) && SIGNS.contains(&second);
            known && spaces != 1 && matches!(end, "" | "." | "日" | "号")
        }
        _ => false,
    };
    good.then_some(parts)
}

fn parts_joined_by_dot(text: &str) -> bool {
    text.bytes().filter(|byte| !byte.is_ascii_digit()).eq(*b".")
}

/// A cell without a time of day, in narrow form, with one space where spaces stood between two digits; `None`
/// where a date is followed by something else than a time. Borrowed by `month`.
pub(super) fn narrow_date(raw: &str) -> Option<Cow<'_, str>> {
    let text = without_time(raw.trim())?;
    if !text.contains(char::is_whitespace) {
        return Some(narrow(text));
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let word = narrow(word);
        if out.ends_with(is_digit) && word.starts_with(is_digit) {
            out.push(' ');
        }
        out.push_str(&word);
    }
    Some(Cow::Owned(out))
}
