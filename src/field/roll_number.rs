//! School-roll numbers: `G` + the resident number at first registration, `J` and `L` + eighteen digits that are
//! no resident number.

use super::Cell;
use super::text::{is_nothing, narrow};
use crate::domain::ResidentId;

/// Kind of a roll number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RollKind {
    /// `G`: with the resident number.
    Registered,
    /// `J`: for pupils without a number.
    WithoutId,
    /// `L`: temporary.
    Temporary,
    /// Eighteen characters without a letter.
    Bare,
}

/// A roll number.
///
/// No `Debug`: the number is personal.
#[derive(Clone, PartialEq, Eq)]
pub struct RollNumber {
    /// The number, upper case.
    pub text: String,
    /// Its kind.
    pub kind: RollKind,
    /// The resident number at first registration, for `G` only: it stays when the number is changed later.
    pub historic: Option<ResidentId>,
}

/// Reads a cell. The text of a value, read again, is the same value.
pub fn parse(raw: &str) -> Cell<RollNumber> {
    if is_nothing(raw) {
        return Cell::Empty;
    }
    let text = narrow(raw).to_ascii_uppercase();
    let (kind, body) = match text.as_bytes().first() {
        Some(b'G') => (RollKind::Registered, &text[1..]),
        Some(b'J') => (RollKind::WithoutId, &text[1..]),
        Some(b'L') => (RollKind::Temporary, &text[1..]),
        _ => (RollKind::Bare, &text[..]),
    };
    let Some(id) = ResidentId::parse(body) else {
        return Cell::Unreadable("学籍号不是字母加18位号码");
    };
    let historic = (kind == RollKind::Registered).then_some(id);
    Cell::Value(RollNumber { text, kind, historic })
}
