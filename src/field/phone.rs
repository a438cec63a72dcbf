//! Telephone numbers.

use super::Cell;
use super::text::{is_invisible, is_nothing, narrow_char};

/// A mobile or landline number.
///
/// No `Debug`: the number is personal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Phone {
    number: u64,
    length: u8,
}

impl Phone {
    /// The digits as one number. Landlines lose their leading 0, which no mobile number can be taken for.
    pub const fn number(self) -> u64 {
        self.number
    }

    /// The digits as text, with the leading 0 of an area code.
    pub fn text(self) -> String {
        format!("{:0width$}", self.number, width = usize::from(self.length))
    }
}

const REASON: &str = "不是手机号码或固定电话号码";

/// Reads a cell; of several numbers the first that is one. The text of a value, read again, is the same value.
pub fn parse(raw: &str) -> Cell<Phone> {
    if let Some(phone) = raw.bytes().all(|byte| byte.is_ascii_digit()).then(|| mobile(raw)).flatten() {
        return Cell::Value(phone);
    }
    if is_nothing(raw) {
        return Cell::Empty;
    }
    let narrow: String = raw.chars().filter(|&c| !is_invisible(c)).map(narrow_char).collect();
    let text = narrow.strip_suffix(".0").unwrap_or(&narrow);
    // Spaces and dashes may stand inside one number, so the whole part between harder separators is
    // tried first, then its pieces.
    let hard =
        |c: char| !(c.is_ascii_digit() || c.is_whitespace() || matches!(c, '-' | '+' | '(' | ')' | '—'));
    for part in text.split(hard) {
        let whole = digits(part);
        let pieces = part.split(char::is_whitespace).map(digits);
        if let Some(phone) = std::iter::once(whole).chain(pieces).find_map(|digits| number(&digits)) {
            return Cell::Value(phone);
        }
    }
    Cell::Unreadable(REASON)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn number(digits: &str) -> Option<Phone> {
    let national =
        digits.strip_prefix("0086").or_else(|| digits.strip_prefix("86").filter(|rest| rest.len() == 11));
    let digits = national.unwrap_or(digits);
    mobile(digits).or_else(|| digits.strip_prefix('0').and_then(mobile)).or_else(|| landline(digits))
}

fn mobile(digits: &str) -> Option<Phone> {
    let shape = digits.len() == 11 && digits.starts_with('1') && matches!(digits.as_bytes()[1], b'3'..=b'9');
    (shape && !made_up(digits)).then(|| phone(digits)).flatten()
}

/// Area code and seven or eight digits, or these alone.
fn landline(digits: &str) -> Option<Phone> {
    let shape = match digits.as_bytes() {
        [b'0', b'1'..=b'9', ..] => (10..=12).contains(&digits.len()),
        [b'2'..=b'9', ..] => (7..=8).contains(&digits.len()),
        _ => false,
    };
    (shape && !made_up(digits)).then(|| phone(digits)).flatten()
}

/// Seven equal digits in a row (`13800000000`) or the digits in order: typed to fill the cell.
fn made_up(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    let equal = bytes.windows(7).any(|window| window.iter().all(|byte| *byte == window[0]));
    equal || digits.ends_with("12345678") && digits.len() <= 8
}

fn phone(digits: &str) -> Option<Phone> {
    Some(Phone { number: digits.parse().ok()?, length: u8::try_from(digits.len()).ok()? })
}
