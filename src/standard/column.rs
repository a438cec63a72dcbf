//! Typed columns: the text of one field in, one Arrow column of values and one of deviating raw text out.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Date32Builder, Int64Builder, StringArray, StringBuilder};
use arrow::datatypes::{Date32Type, Int64Type};
use rustc_hash::FxHashMap;

use super::cell::{Cells, Read};
use super::tally::Fault;
use crate::domain::{Day, Field, FieldKind, IdState, Month, Place, ResidentId, StdName};

/// One field of an extract. Rows are in the order of the files until [`Column::reorder`].
pub(super) struct Column {
    /// Typed values, see [`FieldKind`].
    pub(super) values: ArrayRef,
    /// Delivered text where it differs from the text of the value.
    pub(super) raw: ArrayRef,
    /// What mentions need beyond the value.
    pub(super) detail: Detail,
    /// Rows whose cell could not be read.
    pub(super) faults: Vec<(u32, Fault)>,
    kind: FieldKind,
}

/// What is known of a cell beyond its value; always in the order of the files.
pub(super) enum Detail {
    None,
    Names(NameColumn),
    Ids(IdColumn),
    Places(Vec<Place>),
}

/// Names of one column, each distinct text standardised once.
#[derive(Default)]
pub(super) struct NameColumn {
    /// For each row an index into `names`, `u32::MAX` for an empty cell.
    pub(super) local: Vec<u32>,
    /// Standardised name and the former name remarked behind it.
    pub(super) names: Vec<(StdName, Option<StdName>)>,
}

/// Resident numbers of one column: the packed number (0 for none; of a rounded number what is left of
/// it) and what the cell was worth.
#[derive(Default)]
pub(super) struct IdColumn {
    pub(super) packed: Vec<u64>,
    pub(super) state: Vec<IdState>,
}

impl IdColumn {
    /// The number of a row.
    pub(super) fn number(&self, row: usize) -> Option<ResidentId> {
        self.digits(row).filter(|_| self.state[row] != IdState::LostPrecision)
    }

    /// Birth date inside a number that may be believed; rounding leaves it whole.
    pub(super) fn birth(&self, row: usize) -> Option<Day> {
        let believed = self.state[row] >= IdState::Extended || self.state[row] == IdState::LostPrecision;
        self.digits(row).filter(|_| believed).and_then(ResidentId::birth)
    }

    /// The digits as they stand, also of a rounded number.
    pub(super) fn digits(&self, row: usize) -> Option<ResidentId> {
        (self.packed[row] != 0).then(|| ResidentId::from_packed(self.packed[row]))
    }
}

/// Distinct texts that a column remembers; beyond it, cells are read one by one.
const MEMO_MAX: usize = 1 << 16;

/// A reader that remembers what it made of the texts it has seen.
fn remembering<'a, T: Clone>(read: impl Fn(&str) -> T) -> impl FnMut(&'a str) -> T {
    let mut seen: FxHashMap<&'a str, T> = FxHashMap::default();
    move |text| {
        if let Some(known) = seen.get(text) {
            known.clone()
        } else {
            let value = read(text);
            if seen.len() < MEMO_MAX {
                seen.insert(text, value.clone());
            }
            value
        }
    }
}

impl Column {
    /// Types the cells of one field. `key_like` text (keys, numbers of agencies) loses every space
    /// and is folded to capitals, so that two agencies' copies of it are equal.
    pub(super) fn typed(raw: &StringArray, field: &Field, key_like: bool, cells: &Cells<'_>) -> Self {
        let kind = field.kind;
        let mut column = match kind {
            FieldKind::Text if key_like => utf8(raw, |text| cells.key_text(text)),
            FieldKind::Text => utf8(raw, |text| cells.text(text)),
            FieldKind::Code => utf8(raw, remembering(|text| shared(cells.code(text, field)))),
            FieldKind::Sex => utf8(raw, remembering(|text| cells.sex(text))),
            FieldKind::Month => utf8(raw, remembering(|text| shared(cells.month(text)))),
            FieldKind::Phone => utf8(raw, |text| cells.phone(text)),
            FieldKind::CardNumber => utf8(raw, |text| cells.card_number(text)),
            FieldKind::RollNumber => utf8(raw, |text| cells.roll_number(text)),
            FieldKind::Date => dates(raw, remembering(|text| cells.date(text))),
            FieldKind::Yuan => integers(raw, remembering(|text| cells.yuan(text)), fen_text),
            FieldKind::Integer => integers(raw, remembering(|text| cells.integer(text)), |n| n.to_string()),
            FieldKind::Name => names(raw, cells),
            FieldKind::ResidentId => resident_ids(raw, cells),
            FieldKind::Address => addresses(raw, cells),
        };
        column.kind = kind;
        column
    }

    /// Text of the typed value; `None` when there is none.
    pub(super) fn text(&self, row: usize) -> Option<Cow<'_, str>> {
        if self.values.is_null(row) {
            return None;
        }
        Some(match self.kind {
            FieldKind::Date => Cow::Owned(self.day(row)?.iso()),
            FieldKind::Yuan => Cow::Owned(fen_text(self.values.as_primitive::<Int64Type>().value(row))),
            FieldKind::Integer => Cow::Owned(self.values.as_primitive::<Int64Type>().value(row).to_string()),
            _ => Cow::Borrowed(self.values.as_string::<i32>().value(row)),
        })
    }

    /// Text of the typed value, else the delivered text.
    pub(super) fn text_or_raw(&self, row: usize) -> Option<Cow<'_, str>> {
        self.text(row)
            .or_else(|| self.raw.is_valid(row).then(|| self.raw.as_string::<i32>().value(row).into()))
    }

    /// The cell as it was delivered.
    pub(super) fn delivered(&self, row: usize) -> String {
        if self.raw.is_valid(row) {
            return self.raw.as_string::<i32>().value(row).to_owned();
        }
        self.text(row).unwrap_or_default().into_owned()
    }

    /// Text value of a text-like field; `None` when empty.
    pub(super) fn str(&self, row: usize) -> Option<&str> {
        let values = self.values.as_string_opt::<i32>()?;
        values.is_valid(row).then(|| values.value(row))
    }

    /// Value of a date field.
    pub(super) fn day(&self, row: usize) -> Option<Day> {
        let values = self.values.as_primitive_opt::<Date32Type>()?;
        values.is_valid(row).then(|| Day::from_days(values.value(row)))
    }

    /// Value of an amount or whole number.
    pub(super) fn integer(&self, row: usize) -> Option<i64> {
        let values = self.values.as_primitive_opt::<Int64Type>()?;
        values.is_valid(row).then(|| values.value(row))
    }

    /// Brings values and raw text into the order of the records; details are dropped.
    pub(super) fn reorder(self, order: &arrow::array::UInt32Array) -> (ArrayRef, ArrayRef) {
        let take = |array: &ArrayRef| {
            arrow::compute::take(array, order, None).expect("the order holds rows of this column")
        };
        (take(&self.values), take(&self.raw))
    }
}

/// `2026-11`, the standardised form of a month.
pub(super) fn month_text(month: Month) -> String {
    let (year, month) = month.year_month();
    format!("{year:04}-{month:02}")
}

/// Yuan with two decimals, the plain form of an amount in fen.
fn fen_text(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

fn shared(read: Read<Cow<'_, str>>) -> Read<Rc<str>> {
    match read {
        Read::Empty => Read::Empty,
        Read::Value(text) => Read::Value(Rc::from(text.as_ref())),
        Read::Odd(text, fault) => Read::Odd(Rc::from(text.as_ref()), fault),
        Read::Unreadable(fault) => Read::Unreadable(fault),
    }
}

/// Collects raw texts that differ from their values.
struct RawText(StringBuilder);

impl RawText {
    fn new(rows: usize) -> Self {
        Self(StringBuilder::with_capacity(rows, 0))
    }

    fn push(&mut self, delivered: &str, value: Option<&str>) {
        if delivered == value.unwrap_or_default() {
            self.0.append_null();
        } else {
            self.0.append_value(delivered);
        }
    }

    fn finish(mut self) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}

fn column(values: ArrayRef, raw: RawText, faults: Vec<(u32, Fault)>) -> Column {
    Column { values, raw: raw.finish(), detail: Detail::None, faults, kind: FieldKind::Text }
}

/// Row numbers fit: an extract has fewer than 2³² rows.
fn row_number(row: usize) -> u32 {
    u32::try_from(row).expect("fewer than 2^32 rows in an extract")
}

fn cells_of(raw: &StringArray) -> impl Iterator<Item = (usize, &str)> {
    raw.iter().map(Option::unwrap_or_default).enumerate()
}

fn utf8<'a, S: AsRef<str>>(raw: &'a StringArray, mut read: impl FnMut(&'a str) -> Read<S>) -> Column {
    let mut values = StringBuilder::with_capacity(raw.len(), raw.value_data().len());
    let mut other = RawText::new(raw.len());
    let mut faults = Vec::new();
    for (row, text) in cells_of(raw) {
        let value = if text.is_empty() { Read::Empty } else { read(text) };
        if let Read::Odd(_, fault) | Read::Unreadable(fault) = &value {
            faults.push((row_number(row), *fault));
        }
        let value = value.value();
        let value = value.as_ref().map(AsRef::as_ref);
        values.append_option(value);
        other.push(text, value);
    }
    column(Arc::new(values.finish()), other, faults)
}

fn dates<'a>(raw: &'a StringArray, mut read: impl FnMut(&'a str) -> Read<Day>) -> Column {
    let mut values = Date32Builder::with_capacity(raw.len());
    let mut other = RawText::new(raw.len());
    let mut faults = Vec::new();
    for (row, text) in cells_of(raw) {
        let value = if text.is_empty() { Read::Empty } else { read(text) };
        if let Read::Odd(_, fault) | Read::Unreadable(fault) = &value {
            faults.push((row_number(row), *fault));
        }
        let value = value.value();
        values.append_option(value.map(Day::days));
        // A day is written out only where the text could be its plain form.
        let plain = text.len() == 10 && text.as_bytes()[4] == b'-';
        let iso = if plain { value.map(Day::iso) } else { None };
        other.push(text, iso.as_deref());
    }
    column(Arc::new(values.finish()), other, faults)
}

fn integers<'a>(
    raw: &'a StringArray,
    mut read: impl FnMut(&'a str) -> Read<i64>,
    plain: impl Fn(i64) -> String,
) -> Column {
    let mut values = Int64Builder::with_capacity(raw.len());
    let mut other = RawText::new(raw.len());
    let mut faults = Vec::new();
    for (row, text) in cells_of(raw) {
        let value = if text.is_empty() { Read::Empty } else { read(text) };
        if let Read::Odd(_, fault) | Read::Unreadable(fault) = &value {
            faults.push((row_number(row), *fault));
        }
        let value = value.value();
        values.append_option(value);
        other.push(text, value.map(&plain).as_deref());
    }
    column(Arc::new(values.finish()), other, faults)
}

fn names(raw: &StringArray, cells: &Cells<'_>) -> Column {
    let mut values = StringBuilder::with_capacity(raw.len(), raw.value_data().len());
    let mut other = RawText::new(raw.len());
    let mut found = NameColumn { local: Vec::with_capacity(raw.len()), names: Vec::new() };
    let mut seen: FxHashMap<&str, (u32, Option<Fault>)> = FxHashMap::default();
    let mut faults = Vec::new();
    for (row, text) in cells_of(raw) {
        let (local, fault) = *seen.entry(text).or_insert_with(|| match cells.name(text) {
            Some((name, former, fault)) => {
                found.names.push((name, former));
                (row_number(found.names.len() - 1), fault)
            }
            None => (u32::MAX, None),
        });
        found.local.push(local);
        faults.extend(fault.map(|fault| (row_number(row), fault)));
        let display = found.names.get(local as usize).map(|(name, _)| name.display.as_ref());
        values.append_option(display);
        other.push(text, display);
    }
    let mut column = column(Arc::new(values.finish()), other, faults);
    column.detail = Detail::Names(found);
    column
}

fn resident_ids(raw: &StringArray, cells: &Cells<'_>) -> Column {
    let mut values = StringBuilder::with_capacity(raw.len(), raw.len() * 18);
    let mut other = RawText::new(raw.len());
    let mut found = IdColumn::default();
    found.packed.reserve_exact(raw.len());
    found.state.reserve_exact(raw.len());
    let mut faults = Vec::new();
    for (row, text) in cells_of(raw) {
        let (digits, state) =
            if text.is_empty() { (None, IdState::Missing) } else { cells.resident_id(text) };
        if let Some(fault) = id_fault(state) {
            faults.push((row_number(row), fault));
        }
        found.packed.push(digits.map_or(0, ResidentId::packed));
        found.state.push(state);
        let chars = digits.filter(|_| state != IdState::LostPrecision).map(ResidentId::chars);
        let value = chars.as_ref().and_then(|chars| std::str::from_utf8(chars).ok());
        values.append_option(value);
        other.push(text, value);
    }
    let mut column = column(Arc::new(values.finish()), other, faults);
    column.detail = Detail::Ids(found);
    column
}

/// What is said about numbers in this state.
const fn id_fault(state: IdState) -> Option<Fault> {
    match state {
        IdState::Malformed => Some(Fault::IdMalformed),
        IdState::LostPrecision => Some(Fault::IdLostPrecision),
        IdState::OtherDocument => Some(Fault::IdOtherDocument),
        IdState::Implausible => Some(Fault::IdImplausible),
        IdState::ChecksumFailed => Some(Fault::IdChecksumFailed),
        IdState::Missing | IdState::Extended | IdState::Valid => None,
    }
}

fn addresses(raw: &StringArray, cells: &Cells<'_>) -> Column {
    let mut places = Vec::with_capacity(raw.len());
    let mut read = remembering(|text: &str| cells.place_of_address(text));
    for (_, text) in cells_of(raw) {
        places.push(if text.is_empty() { Place::default() } else { read(text) });
    }
    let mut column = utf8(raw, |text| cells.text(text));
    column.detail = Detail::Places(places);
    column
}
