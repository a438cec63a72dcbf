//! Where each character stands in a short text, a bit per place.

use super::symbols::{Symbol, same};

/// Most characters of a text that masks can hold.
pub(super) const WORD: usize = 64;
/// Up to this length it is faster to look through the text than to fill a table first.
const SCANNED: usize = 6;

/// For each character the set of its places in a text of at most [`WORD`] characters; what lies beyond is
/// not seen.
#[expect(clippy::large_enum_variant, reason = "lives on the stack for one comparison and is never moved")]
pub(super) enum Masks<'a, A> {
    /// A short text, or one with more characters than a table has: looked through each time.
    Scan(&'a [A]),
    /// A longer text of ASCII.
    Table([u64; 128]),
}

impl<'a, A: Symbol> Masks<'a, A> {
    /// Masks of a text.
    pub(super) fn new(text: &'a [A]) -> Self {
        let text = &text[..text.len().min(WORD)];
        if text.len() <= SCANNED {
            return Self::Scan(text);
        }
        let mut table = [0; 128];
        for (place, symbol) in text.iter().enumerate() {
            match table.get_mut(symbol.code() as usize) {
                Some(mask) => *mask |= 1 << place,
                None => return Self::Scan(text),
            }
        }
        Self::Table(table)
    }

    /// Places of a character.
    pub(super) fn of<B: Symbol>(&self, symbol: B) -> u64 {
        match self {
            Self::Scan(text) => {
                let at = |(place, other): (usize, &A)| u64::from(same(*other, symbol)) << place;
                text.iter().enumerate().fold(0, |mask, place| mask | at(place))
            }
            Self::Table(table) => table.get(symbol.code() as usize).copied().unwrap_or(0),
        }
    }
}
