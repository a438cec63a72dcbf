//! F2: cleaning of one cell of one kind: text in, typed value and a note out.
//!
//! Every function is pure, never fails on any text and never guesses: what cannot be read stays unread, with
//! the reason in Chinese for the owner of the data. Nothing here may know a file, an extract or an agency.

pub mod address;
pub mod card_number;
pub mod code;
pub mod date;
pub mod integer;
pub mod money;
pub mod month;
pub mod name;
mod numeral;
pub mod phone;
pub mod resident_id;
pub mod roll_number;
pub mod school;
pub mod sex;
pub mod text;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod properties;

/// What became of a cell of a simple kind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cell<T> {
    /// Nothing stood there, or a word for nothing (`无`, `/`, `#N/A`).
    Empty,
    /// The value.
    Value(T),
    /// Something stood there that cannot be read; the reason in Chinese, without the text itself.
    Unreadable(&'static str),
}

impl<T> Cell<T> {
    /// The value, if there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Empty | Self::Unreadable(_) => None,
        }
    }

    /// Why a filled cell gave no value.
    pub const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Unreadable(reason) => Some(reason),
            Self::Empty | Self::Value(_) => None,
        }
    }
}
