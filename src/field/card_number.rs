//! Disability-card numbers: resident number + category 1–7 + level 1–4 [+ `B` and the count of re-issues].

use super::Cell;
use super::text::{is_nothing, narrow};
use crate::domain::ResidentId;

/// A disability-card number.
///
/// No `Debug`: the number is personal.
#[derive(Clone, PartialEq, Eq)]
pub struct CardNumber {
    /// The number as it is written, upper case, re-issue suffix kept.
    pub text: String,
    /// The resident number it begins with; not graded.
    pub id: ResidentId,
    /// Category 1–7.
    pub category: u8,
    /// Level 1–4.
    pub level: u8,
    /// Count of re-issues, 0 for a first card.
    pub reissue: u8,
}

impl CardNumber {
    /// The card without its re-issue suffix: twenty characters.
    pub fn base(&self) -> &str {
        self.text.get(..20).unwrap_or(&self.text)
    }
}

/// Reads a cell. The text of a value, read again, is the same value.
pub fn parse(raw: &str) -> Cell<CardNumber> {
    if is_nothing(raw) {
        return Cell::Empty;
    }
    let text = narrow(raw).to_ascii_uppercase();
    match split(&text) {
        Some((id, category, level, reissue)) => {
            Cell::Value(CardNumber { text, id, category, level, reissue })
        }
        None => Cell::Unreadable("残疾人证号不是18位号码加类别加等级"),
    }
}

/// Resident number, category, level, re-issues of a text in narrow upper-case form.
pub(super) fn split(text: &str) -> Option<(ResidentId, u8, u8, u8)> {
    if !text.is_ascii() || text.len() < 20 {
        return None;
    }
    let id = ResidentId::parse(&text[..18])?;
    let digit = |at: usize, most: u8| {
        let value = text.as_bytes()[at].wrapping_sub(b'0');
        (1..=most).contains(&value).then_some(value)
    };
    let (category, level) = (digit(18, 7)?, digit(19, 4)?);
    let reissue = match text.get(20..).unwrap_or_default() {
        "" => 0,
        suffix => {
            let count = suffix.strip_prefix('B').filter(|count| (1..=2).contains(&count.len()))?;
            count.bytes().all(|byte| byte.is_ascii_digit()).then(|| count.parse().ok())??
        }
    };
    Some((id, category, level, reissue))
}
