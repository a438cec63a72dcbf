//! One cell's text in, one typed value out, by the functions of `field`.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::tally::Fault;
use crate::domain::{Day, Field, OnUnknownCode};
use crate::field::text::{clean, is_nothing};
use crate::field::{Cell, code, integer, money, phone};
use crate::field::{roll_number, sex};
use crate::tables::Tables;

/// What could be made of a cell.
#[derive(Clone, Copy)]
pub(super) enum Read<T> {
    /// Nothing there, or a word for nothing.
    Empty,
    /// A value.
    Value(T),
    /// A value of a doubtful shape, kept and counted.
    Odd(T, Fault),
    /// Text that is no such value.
    Unreadable(Fault),
}

impl<T> Read<T> {
    /// The value, if there is one.
    pub(super) fn value(self) -> Option<T> {
        match self {
            Self::Value(value) | Self::Odd(value, _) => Some(value),
            Self::Empty | Self::Unreadable(_) => None,
        }
    }

    /// What a cleaning function found; text it cannot read counts as `fault`.
    fn of(cell: Cell<T>, fault: Fault) -> Self {
        match cell {
            Cell::Empty => Self::Empty,
            Cell::Value(value) => Self::Value(value),
            Cell::Unreadable(_) => Self::Unreadable(fault),
        }
    }

    fn map<U>(self, to: impl FnOnce(T) -> U) -> Read<U> {
        match self {
            Self::Empty => Read::Empty,
            Self::Value(value) => Read::Value(to(value)),
            Self::Odd(value, fault) => Read::Odd(to(value), fault),
            Self::Unreadable(fault) => Read::Unreadable(fault),
        }
    }
}

/// Reads cells with the tables of the run.
#[derive(Clone, Copy)]
pub(super) struct Cells<'t> {
    pub(super) tables: &'t Tables,
    pub(super) as_of: Day,
}

#[expect(clippy::unused_self, reason = "all kinds of cells are read in one way, with or without tables")]
impl<'t> Cells<'t> {
    /// Free text.
    pub(super) fn text<'a>(&self, text: &'a str) -> Read<Cow<'a, str>> {
        if is_nothing(text) { Read::Empty } else { Read::Value(clean(text)) }
    }

    /// Text that names a row, a person or a household.
    pub(super) fn key_text<'a>(&self, text: &'a str) -> Read<Cow<'a, str>> {
        if is_nothing(text) { Read::Empty } else { Read::Value(key_folded(text)) }
    }

    /// The label of a code; an unknown one stays as text where the contract says so.
    pub(super) fn code<'a>(&self, text: &'a str, field: &Field) -> Read<Cow<'a, str>>
    where
        't: 'a,
    {
        let Some(table) = field.table.as_ref().and_then(|name| self.tables.codes.get(name)) else {
            return self.text(text);
        };
        match code::lookup(text, table) {
            Cell::Empty => Read::Empty,
            Cell::Value(label) => Read::Value(Cow::Borrowed(label)),
            Cell::Unreadable(_) if field.on_unknown == OnUnknownCode::Keep => Read::Value(clean(text)),
            Cell::Unreadable(_) => Read::Unreadable(Fault::CodeUnknown),
        }
    }

    /// 男 or 女.
    pub(super) fn sex(&self, text: &str) -> Read<&'static str> {
        match Read::of(sex::parse(text), Fault::SexUnknown).map(sex::label) {
            Read::Value(None) => Read::Empty,
            other => other.map(Option::unwrap_or_default),
        }
    }

    /// Digits of a telephone number.
    pub(super) fn phone(&self, text: &str) -> Read<String> {
        Read::of(phone::parse(text), Fault::PhoneUnreadable).map(phone::Phone::text)
    }

    /// A whole number.
    pub(super) fn integer(&self, text: &str) -> Read<i64> {
        Read::of(integer::parse(text), Fault::NumberUnreadable)
    }

    /// Fen.
    pub(super) fn yuan(&self, text: &str) -> Read<i64> {
        Read::of(money::parse_fen(text), Fault::AmountUnreadable)
    }

    /// A school-roll number; one of another shape stays as key text.
    pub(super) fn roll_number<'a>(&self, text: &'a str) -> Read<Cow<'a, str>> {
        match roll_number::parse(text) {
            Cell::Empty => Read::Empty,
            Cell::Value(roll) => Read::Value(Cow::Owned(roll.text)),
            Cell::Unreadable(_) => Read::Odd(key_folded(text), Fault::NumberShapeWrong),
        }
    }
}

/// Text of a key without any space, in the plain form of its letters and digits, in capitals.
pub(super) fn key_folded(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_lowercase() && byte != b'\'';
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let folded: String = clean(text).nfkc().filter(|c| !c.is_whitespace()).collect();
    Cow::Owned(folded.trim_start_matches('\'').to_uppercase())
}
