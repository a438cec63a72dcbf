//! The cells whose cleaning needs a table of the run: dates, cards, names, numbers, places.

use std::borrow::Cow;

use super::cell::{Cells, Read};
use super::tally::Fault;
use crate::domain::{Day, IdState, Place, ResidentId, StdName};
use crate::field::name::{self, NameNotes};
use crate::field::{Cell, address, card_number, date, month, resident_id};

#[expect(clippy::unused_self, reason = "all kinds of cells are read in one way, with or without tables")]
impl Cells<'_> {
    /// A month as `2026-11`.
    pub(super) fn month<'a>(self, text: &str) -> Read<Cow<'a, str>> {
        match month::parse(text) {
            Cell::Empty => Read::Empty,
            Cell::Value(value) => Read::Value(Cow::Owned(month::text(value))),
            Cell::Unreadable(_) => Read::Unreadable(Fault::MonthUnreadable),
        }
    }

    /// A day. A cell that says "without end" is empty: it names no day. A month or a year alone names none
    /// either, but it says that something happened: the row stays.
    pub(super) fn date(self, text: &str) -> Read<Day> {
        let parsed = date::parse(text);
        match (parsed.day, parsed.note.reason()) {
            (Some(day), _) => Read::Value(day),
            (None, None) => Read::Empty,
            (None, Some(_)) if parsed.note.is_imprecise() => Read::Unreadable(Fault::DateImprecise),
            (None, Some(_)) => Read::Unreadable(Fault::DateUnreadable),
        }
    }

    /// A disability-card number; text of another shape is kept, because it still names a card.
    pub(super) fn card_number<'a>(&self, text: &'a str) -> Read<Cow<'a, str>> {
        match card_number::parse(text) {
            Cell::Empty => Read::Empty,
            Cell::Value(card) => Read::Value(Cow::Owned(card.text)),
            Cell::Unreadable(_) => match self.key_text(text) {
                Read::Value(kept) => Read::Odd(kept, Fault::NumberShapeWrong),
                other => other,
            },
        }
    }

    /// A name with the former name in it, and what its owner has to be told; `None` where the cell names
    /// nobody.
    pub(super) fn name(&self, text: &str) -> Option<(StdName, Option<StdName>, Option<Fault>)> {
        let clean = name::standardise(text, self.tables);
        let garbled = clean.notes.contains(NameNotes::MOJIBAKE).then_some(Fault::NameGarbled);
        clean.name.map(|name| (name, clean.former, garbled))
    }

    /// A resident number and what it is worth. Of a rounded number the fifteen digits that are left,
    /// ending in 000: region and birth date in them still count.
    pub(super) fn resident_id(&self, text: &str) -> (Option<ResidentId>, IdState) {
        let graded = resident_id::grade(text, &self.tables.regions, self.as_of);
        let left = |digits: u64| ResidentId::from_packed(digits * 100 * 11);
        (graded.id.or(graded.lost.map(left)), graded.state)
    }

    /// The place an address names.
    pub(super) fn place_of_address(&self, text: &str) -> Place {
        address::parse(text, &self.tables.gazetteer).place
    }

    /// The place that a town and a village column name.
    pub(super) fn place_of_columns(&self, town: Option<&str>, village: Option<&str>) -> Place {
        address::resolve(town, village, [], &self.tables.gazetteer)
    }
}
