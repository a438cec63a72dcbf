//! Resident numbers: what a cell is worth as a number of a person. A number is graded, never corrected.

use std::borrow::Cow;

use super::text::{is_nothing, narrow};
use crate::domain::{Day, IdState, ResidentId, Sex};
use crate::tables::Regions;

/// A cell as a resident number.
///
/// No `Debug`: the values are personal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct GradedId {
    /// The number, when eighteen characters could be made of the cell.
    pub id: Option<ResidentId>,
    /// What it is worth.
    pub state: IdState,
    /// Birth date inside, when it is a date that has been; also of a number that lost its last digits.
    pub birth: Option<Day>,
    /// Sex inside; unknown where there is no number.
    pub sex: Sex,
    /// The first fifteen digits of a number that lost its last three.
    pub lost: Option<u64>,
    /// What was noticed.
    pub note: IdNote,
}

/// What was noticed about a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum IdNote {
    /// Nothing.
    Plain,
    /// The cell is empty or says so.
    Empty,
    /// Fifteen digits were extended.
    Fifteen,
    /// A residence permit for people of Hong Kong, Macau or Taiwan.
    Permit,
    /// A foreigner's permanent-residence card.
    Foreigner,
    /// Taken from a roll number `G`.
    RollNumber,
    /// A roll number whose digits are no resident number (`J`, `L`).
    RollWithoutId,
    /// Taken from a disability-card number.
    CardNumber,
    /// Taken from between remarks.
    Remark,
    /// A passport, birth certificate or another document.
    OtherDocument,
    /// Fifteen digits followed by 000: rounded by a spreadsheet.
    Rounded,
    /// Written as `3.2E+17`.
    Scientific,
    /// Cut off after fifteen digits.
    CutOff,
    /// One digit repeated.
    Repeated,
    /// Not 18 or 15 characters, or characters that no number has.
    Shape,
    /// Birth date that does not exist, or is too long ago.
    BadDate,
    /// Birth date after the day of the data.
    Future,
    /// Region code that no year had.
    BadRegion,
    /// Sequence 000, which is never given out.
    BadSequence,
    /// Wrong check digit.
    BadCheck,
}

impl IdNote {
    /// What to tell the owner of the data; `None` where there is nothing to mend.
    pub const fn reason(self) -> Option<&'static str> {
        Some(match self {
            Self::Plain | Self::Empty | Self::Fifteen | Self::Permit | Self::Foreigner => return None,
            Self::RollNumber => "身份证件号栏填写了学籍号",
            Self::RollWithoutId => "身份证件号栏填写了不含身份证号的学籍号",
            Self::CardNumber => "身份证件号栏填写了残疾人证号",
            Self::Remark => "身份证件号栏夹有其他文字",
            Self::OtherDocument => "不是公民身份号码（护照等其他证件）",
            Self::Rounded => "号码末三位变为000（表格按数字保存，精度丢失）",
            Self::Scientific => "号码变为科学计数法（表格按数字保存，精度丢失）",
            Self::CutOff => "号码只剩前15位",
            Self::Repeated => "号码为同一数字重复",
            Self::Shape => "号码位数或字符不符合规定",
            Self::BadDate => "号码中的出生日期不存在",
            Self::Future => "号码中的出生日期晚于数据截止日期",
            Self::BadRegion => "号码前6位不是任何年份的行政区划代码",
            Self::BadSequence => "号码顺序码为000",
            Self::BadCheck => "校验码不符，号码可能录错",
        })
    }
}

/// Nobody older than this is looked for.
const AGE_MAX: i32 = 130;

const NONE: GradedId = GradedId {
    id: None,
    state: IdState::Missing,
    birth: None,
    sex: Sex::Unknown,
    lost: None,
    note: IdNote::Empty,
};

/// Grades a cell. `as_of` is the day of the data: nobody is born after it.
pub fn grade(raw: &str, regions: &Regions, as_of: Day) -> GradedId {
    match ResidentId::parse(raw) {
        Some(id) => grade_number(id, regions, as_of),
        None => grade_text(raw, regions, as_of),
    }
}

/// Grades a number of eighteen characters that is already read.
pub fn grade_number(id: ResidentId, regions: &Regions, as_of: Day) -> GradedId {
    let region = id.region();
    let (birth, date) = birth(id, as_of);
    let checksum = id.checksum_holds();
    let ends_in_zeros = id.body().is_multiple_of(100) && id.packed().is_multiple_of(11);
    if ends_in_zeros && (!checksum || id.sequence() == 0) && date.is_none() {
        let lost = Some(id.body() / 100);
        return GradedId { state: IdState::LostPrecision, birth, lost, note: IdNote::Rounded, ..NONE };
    }
    let kind = match region / 10_000 {
        81..=83 => IdNote::Permit,
        90..=99 => IdNote::Foreigner,
        _ => IdNote::Plain,
    };
    let known = kind == IdNote::Foreigner || regions.plausible(region);
    let (state, note) = match (date, known, id.sequence(), checksum) {
        // One digit repeated is never a date that has been, whatever region it seems to name.
        (Some(_), ..) if repeated(id) => {
            return GradedId { state: IdState::Malformed, note: IdNote::Repeated, ..NONE };
        }
        (Some(note), ..) => (IdState::Implausible, note),
        (None, false, ..) => (IdState::Implausible, IdNote::BadRegion),
        (None, true, 0, _) => (IdState::Implausible, IdNote::BadSequence),
        (None, true, _, false) => (IdState::ChecksumFailed, IdNote::BadCheck),
        (None, true, _, true) => (IdState::Valid, kind),
    };
    GradedId { id: Some(id), state, birth, sex: id.sex(), lost: None, note }
}

/// The birth date if it has been, or what is wrong with it.
fn birth(id: ResidentId, as_of: Day) -> (Option<Day>, Option<IdNote>) {
    match id.birth() {
        None => (None, Some(IdNote::BadDate)),
        Some(day) if day > as_of => (None, Some(IdNote::Future)),
        // Whole years by months, so that the calendar is asked only once for the clean case.
        Some(day) if as_of.days() - day.days() > AGE_MAX * 366 => (None, Some(IdNote::BadDate)),
        Some(day) => (Some(day), None),
    }
}

fn repeated(id: ResidentId) -> bool {
    let chars = id.chars();
    chars.iter().all(|c| *c == chars[0])
}

fn grade_text(raw: &str, regions: &Regions, as_of: Day) -> GradedId {
    if is_nothing(raw) {
        return NONE;
    }
    let text = upper(raw);
    if let Some(graded) = grade_compact(&text, regions, as_of) {
        return graded;
    }
    // A number between words or brackets, when there is exactly one.
    let digit = |c: char| c.is_ascii_digit() || c == 'X';
    if text.chars().any(|c| !c.is_ascii() || c == '(' || c == ')') {
        let mut runs = text.split(|c| !digit(c)).filter(|run| matches!(run.len(), 15 | 18));
        if let (Some(run), None) = (runs.next(), runs.next())
            && let Some(graded) = grade_compact(run, regions, as_of).filter(|graded| graded.id.is_some())
        {
            let note = if graded.state == IdState::Valid { IdNote::Remark } else { graded.note };
            return GradedId { note, ..graded };
        }
    }
    let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
    let alphanumeric = text.bytes().filter(u8::is_ascii_alphanumeric).count();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if text.is_ascii() && (1..=3).contains(&letters) && digits >= 6 && (7..=15).contains(&alphanumeric) {
        return GradedId { state: IdState::OtherDocument, note: IdNote::OtherDocument, ..NONE };
    }
    GradedId { state: IdState::Malformed, note: IdNote::Shape, ..NONE }
}

/// Narrow, upper case, dashes removed, look-alikes of X as X.
fn upper(raw: &str) -> Cow<'_, str> {
    let narrow = narrow(raw);
    let same = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase();
    if narrow.chars().all(same) {
        return narrow;
    }
    let kept =
        narrow.chars().filter(|c| !matches!(c, '-' | '—' | '–' | '_' | '\'' | '"' | '“' | '”' | '‘' | '’'));
    let mapped = kept.map(|c| match c {
        '×' | '✕' | '✖' | '╳' | '*' | 'Χ' | 'χ' | 'Х' | 'х' | 'Ⅹ' | 'ⅹ' => 'X',
        other => other.to_ascii_uppercase(),
    });
    Cow::Owned(mapped.collect())
}

/// A text without anything around the number.
fn grade_compact(text: &str, regions: &Regions, as_of: Day) -> Option<GradedId> {
    if let Some(id) = ResidentId::parse(text) {
        return Some(grade_number(id, regions, as_of));
    }
    if let Some(whole) = text.strip_suffix(".0").or_else(|| text.strip_suffix(".00")) {
        return grade_compact(whole, regions, as_of);
    }
    if let Some(lost) = scientific(text) {
        let note = IdNote::Scientific;
        return Some(GradedId {
            state: IdState::LostPrecision,
            lost,
            birth: birth_of(lost, as_of),
            note,
            ..NONE
        });
    }
    if !text.is_ascii() {
        return None;
    }
    match text.len() {
        15 => fifteen(text, regions, as_of),
        19 => {
            let id = ResidentId::parse(&text[1..])?;
            match text.as_bytes()[0] {
                b'G' => Some(noted(grade_number(id, regions, as_of), IdNote::RollNumber)),
                b'J' | b'L' => {
                    Some(GradedId { state: IdState::OtherDocument, note: IdNote::RollWithoutId, ..NONE })
                }
                _ => None,
            }
        }
        20..=23 => {
            let (id, ..) = super::card_number::split(text)?;
            Some(noted(grade_number(id, regions, as_of), IdNote::CardNumber))
        }
        _ => None,
    }
}

/// The grade with where the number was taken from, unless something is wrong with the number itself.
fn noted(graded: GradedId, note: IdNote) -> GradedId {
    if graded.state == IdState::Valid { GradedId { note, ..graded } } else { graded }
}

fn fifteen(text: &str, regions: &Regions, as_of: Day) -> Option<GradedId> {
    // Fifteen digits with 19 or 20 behind the region are the beginning of a new number, unless the person
    // were older than a hundred.
    let prefix = text.parse::<u64>().ok()?;
    if matches!(&text[6..8], "19" | "20") {
        let lost = Some(prefix);
        if let Some(day) = birth_of(lost, as_of) {
            let (birth, note) = (Some(day), IdNote::CutOff);
            return Some(GradedId { state: IdState::LostPrecision, birth, lost, note, ..NONE });
        }
    }
    let id = ResidentId::from_fifteen(text)?;
    let graded = grade_number(id, regions, as_of);
    Some(match graded.state {
        IdState::Valid => GradedId { state: IdState::Extended, note: IdNote::Fifteen, ..graded },
        _ => graded,
    })
}

/// The birth date in the first fifteen digits.
fn birth_of(prefix: Option<u64>, as_of: Day) -> Option<Day> {
    birth(ResidentId::from_body(prefix? * 100), as_of).0
}

#[expect(clippy::option_option, reason = "no such form, and such a form without its digits, are two things")]
/// `3.20681E+17`: the outer option tells whether it is of that form, the inner one holds fifteen digits.
fn scientific(text: &str) -> Option<Option<u64>> {
    let (mantissa, exponent) = text.split_once('E')?;
    let exponent: usize = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let shape = mantissa.len() >= 3 && mantissa.as_bytes().get(1) == Some(&b'.');
    if !shape || digits.len() + 1 != mantissa.len() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((exponent == 17 && digits.len() >= 15).then(|| digits[..15].parse().ok()).flatten())
}
