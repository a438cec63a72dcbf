//! F4, third stage: accepted rows as text → typed **records** and **mentions**.
//!
//! In: [`CheckedExtract`]s. Out: one [`RecordSet`] for each extract (in the order given), the run's
//! [`MentionSet`], rows held back because a required cell cannot be read, and counted diagnostics.
//! Records are ordered by what they hold, so the order of rows in a file shows only in the columns
//! `file`, `sheet` and `row`. A value that cannot be read is missing, never guessed; the delivered text
//! stays beside it. This stage must never drop a row, correct a number, or name a field, an agency or
//! a code: the contract does.

mod batch;
mod cell;
mod check;
mod column;
mod history;
mod person;
mod place;
mod reading;
mod role;
mod rowkey;
mod signature;
mod tally;
#[cfg(test)]
mod tests;

use arrow::array::{ArrayRef, AsArray};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

pub use check::knows_check;

use batch::Stood;
use cell::Cells;
use column::Column;
use history::History;
use person::{Households, Persons};
use place::Places;
use role::{Namespaces, Roles};
use tally::{Fault, Tally};

use crate::diag::Diagnostic;
use crate::domain::{
    CheckedExtract, Contract, Day, ExtractState, MentionSet, OnUnknownCode, Quarantined, RecordSet,
};
use crate::tables::Tables;

/// What the stage gives to the next ones.
pub struct Standardised {
    /// Typed records, one set for each extract, in the order of the input.
    pub records: Vec<RecordSet>,
    /// Everyone named in the records.
    pub mentions: MentionSet,
    /// Extract id and row, for rows whose required cells could not be read or hold nothing.
    pub quarantine: Vec<(String, Quarantined)>,
    /// What is to be said about the data, one for each file, column and kind.
    pub problems: Vec<Diagnostic>,
    /// Rows in and out, in the order of the input: `rows = records + quarantined`.
    pub counts: Vec<StandardCounts>,
}

/// Counts of one extract.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StandardCounts {
    /// Extract id.
    pub extract: String,
    /// Rows that came.
    pub rows: u64,
    /// Records that went on.
    pub records: u64,
    /// Rows held back here.
    pub quarantined: u64,
    /// Mentions found in the records.
    pub mentions: u64,
}

/// Types all rows and finds the persons named in them. `as_of` is the run's day; it decides only who
/// is an adult and which dates lie in the future.
///
/// # Panics
/// With 2³² rows in one extract or as many mentions in a run.
pub fn standardise(checked: Vec<CheckedExtract>, tables: &Tables, as_of: Day) -> Standardised {
    let cells = Cells { tables, as_of };
    let namespaces = Namespaces::of(&checked.iter().map(|extract| &*extract.contract));
    let mut out = Standardised {
        records: Vec::with_capacity(checked.len()),
        mentions: MentionSet { namespaces: namespaces.local_keys.clone(), ..MentionSet::default() },
        quarantine: Vec::new(),
        problems: Vec::new(),
        counts: Vec::with_capacity(checked.len()),
    };
    let mut households = Households::default();
    let mut history = History::default();
    for extract in checked {
        one(extract, &cells, &namespaces, &mut households, &mut history, &mut out);
    }
    history.apply(&mut out.mentions);
    if namespaces.households.is_empty() {
        out.mentions.household = Vec::new();
    }
    out
}

/// Standardises one extract and appends what comes of it.
fn one(
    mut checked: CheckedExtract,
    cells: &Cells<'_>,
    namespaces: &Namespaces,
    households: &mut Households,
    history: &mut History,
    out: &mut Standardised,
) {
    let contract = checked.contract.clone();
    let mut tally = Tally::default();
    let mut columns = typed(&mut checked, cells);
    let stood = Stood::of(&checked);
    let rows = stood.table.row.len();
    let held = held_back(&contract, &columns, rows, &stood, &mut tally);
    let quarantined = quarantine(&contract, &columns, &held, &stood);
    let kept: Vec<u32> = (0..rows)
        .filter(|row| held[*row].is_none())
        .map(|row| u32::try_from(row).expect("fewer than 2^32 rows in an extract"))
        .collect();
    let place = |row: u32| stood.place(row);
    let place_of = |row: usize| stood.place(u32::try_from(row).unwrap_or(u32::MAX));
    signature::mark(&contract, &mut columns, checked.files.len(), place_of, &mut tally);
    check::run(&contract, &columns, &kept, cells.as_of, place, &mut tally);
    let order = rowkey::order(&contract, &columns, kept, |row| stood.names(row));
    history.read(&contract, &columns, &order.rows, cells);

    let mentions_before = out.mentions.mentions.len();
    let roles = Roles::of(&contract, namespaces);
    let places = Places::of_rows(&roles, &columns, rows, cells);
    let extract = u16::try_from(out.records.len()).expect("a run has few extracts");
    let persons =
        Persons { extract, columns: &columns, roles: &roles, places: &places, cells, rows: &order.rows };
    let role_columns = persons.collect(&mut out.mentions, households, place, &mut tally);
    drop(places);

    out.counts.push(StandardCounts {
        extract: checked.extract.clone(),
        rows: rows as u64,
        records: order.rows.len() as u64,
        quarantined: quarantined.len() as u64,
        mentions: (out.mentions.mentions.len() - mentions_before) as u64,
    });
    let batch = batch::build(&contract, columns, order, role_columns, &stood, cells.tables);
    out.problems.extend(tally.diagnostics(&contract, &checked.files, &checked.sheets));
    let state = state_after(&checked, quarantined.len());
    out.quarantine.extend(quarantined.into_iter().map(|row| (checked.extract.clone(), row)));
    out.records.push(RecordSet { extract: checked.extract, contract, batch, state, as_of: checked.as_of });
}

/// Types every field; each raw column is given up as soon as it is typed.
fn typed(checked: &mut CheckedExtract, cells: &Cells<'_>) -> Vec<Column> {
    let contract = &checked.contract;
    let raw: Vec<ArrayRef> = match checked.rows.batch.take() {
        Some(batch) => batch.columns().to_vec(),
        None => batch::no_cells(contract),
    };
    let key_like = |name: &String| {
        let numbers = contract.mention.iter().flat_map(|m| m.local_key.values().chain(m.household.values()));
        let registers = contract.id_history.iter().map(|register| &register.person);
        contract.key.iter().chain(numbers).chain(registers).any(|field| field == name)
    };
    let fields: Vec<_> = contract.field.iter().map(|(name, field)| (field, key_like(name))).collect();
    raw.into_par_iter()
        .zip(fields)
        .map(|(raw, (field, key_like))| Column::typed(raw.as_string(), field, key_like, cells))
        .collect()
}

/// Whether a cell that cannot be read holds the whole row back.
fn holds_back(field: &crate::domain::Field, fault: Fault) -> bool {
    let typed = matches!(
        fault,
        Fault::DateUnreadable
            | Fault::MonthUnreadable
            | Fault::AmountUnreadable
            | Fault::NumberUnreadable
            | Fault::SexUnknown
    );
    match fault {
        Fault::CodeUnknown => {
            field.on_unknown == OnUnknownCode::Quarantine
                || (field.required && field.on_unknown == OnUnknownCode::Report)
        }
        _ => typed && field.required,
    }
}

/// For each row the first field that holds it back and why; the faults of all other cells are counted.
fn held_back(
    contract: &Contract,
    columns: &[Column],
    rows: usize,
    stood: &Stood<'_>,
    tally: &mut Tally,
) -> Vec<Option<(usize, Fault)>> {
    let mut held = vec![None; rows];
    for (index, (field, column)) in contract.field.values().zip(columns).enumerate() {
        for &(row, fault) in &column.faults {
            if holds_back(field, fault) {
                held[row as usize].get_or_insert((index, fault));
            }
        }
        if field.required {
            for row in says_nothing(column, rows) {
                held[row].get_or_insert((index, Fault::RequiredNothing));
            }
        }
    }
    for (index, column) in columns.iter().enumerate() {
        for &(row, fault) in column.faults.iter().filter(|(row, _)| held[*row as usize].is_none()) {
            tally.add(stood.place(row), index, fault);
        }
    }
    held
}

/// Rows whose cell says that there is nothing (`无`, `00000000`): empty by another word.
fn says_nothing(column: &Column, rows: usize) -> impl Iterator<Item = usize> {
    let unreadable: FxHashSet<u32> = column.faults.iter().map(|&(row, _)| row).collect();
    let nothing = (0..rows).filter(|&row| column.values.is_null(row));
    nothing.filter(move |&row| u32::try_from(row).is_ok_and(|row| !unreadable.contains(&row)))
}

/// The rows held back, with their place, reason and delivered cells, ordered as they stood.
fn quarantine(
    contract: &Contract,
    columns: &[Column],
    held: &[Option<(usize, Fault)>],
    stood: &Stood<'_>,
) -> Vec<Quarantined> {
    let mut rows: Vec<Quarantined> = held
        .iter()
        .enumerate()
        .filter_map(|(row, held)| {
            let (field, fault) = (*held)?;
            let (file, sheet, number) = stood.names(u32::try_from(row).ok()?);
            let (name, spec) = contract.field.get_index(field)?;
            let heading = spec.headers.first().map_or(name.as_str(), String::as_str);
            Some(Quarantined {
                file: file.to_owned(),
                sheet: sheet.to_owned(),
                row: number,
                field: Some(name.clone()),
                code: fault.code(),
                reason: format!("{}：{heading}", fault.reason()),
                cells: columns.iter().map(|column| column.delivered(row)).collect(),
            })
        })
        .collect();
    rows.sort_by(|a, b| (&a.file, &a.sheet, a.row).cmp(&(&b.file, &b.sheet, b.row)));
    rows
}

/// The state of the extract when rows held back here are counted with those held back before.
fn state_after(checked: &CheckedExtract, quarantined: usize) -> ExtractState {
    let read: u64 = checked.files.iter().map(|file| file.rows_read).sum();
    let held = (checked.quarantine.len() + quarantined) as f64;
    let limit = checked.contract.tolerance.quarantined_share_max;
    if quarantined == 0 || read == 0 || held <= limit * read as f64 {
        return checked.state.clone();
    }
    let reason = format!("隔离行占比 {:.1}%，超过允许的 {:.1}%", held / read as f64 * 100.0, limit * 100.0);
    let mut state = checked.state.clone();
    state.add(reason);
    state
}
