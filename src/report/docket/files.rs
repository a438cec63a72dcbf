//! Files of a ledger: CSV and Parquet of everybody and of each part, one workbook with figures and parts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;

use super::rows::{Sheets, Table, Tally};
use super::{DocketFacts, TallyBy, copies};
use crate::report::book::{self, Book, DocketBook, DocketSheet, TallySheet};
use crate::report::input::PublishInput;
use crate::report::rows::{CaseFacts, Receiver};
use crate::report::{ReportError, artifacts, flat};

/// A file that was written.
pub(in crate::report) struct Written {
    pub(in crate::report) path: PathBuf,
    /// What it is for.
    pub(in crate::report) purpose: String,
    pub(in crate::report) rows: usize,
}

/// Writes a ledger for one recipient into its folder.
pub(in crate::report) fn write<'a>(
    (input, docket): (&PublishInput<'a>, &DocketFacts<'_>),
    (receiver, title): (Receiver<'_>, &str),
    cases: &[&CaseFacts<'a>],
    folder: &Path,
) -> Result<Vec<Written>, ReportError> {
    let template = docket.template;
    if template.copies_only {
        let rows = docket.rows.rows.as_ref().ok();
        let copies = rows.map(|rows| copies::write((input, docket), (receiver, rows), cases, folder));
        return copies.transpose().map(Option::unwrap_or_default);
    }
    let day = input.as_of.iso();
    let path = folder.join(format!("{}_{day}.xlsx", template.book));
    let mut files = Vec::new();
    let mut sheets = None;
    if let Ok(rows) = &docket.rows.rows {
        let built = Sheets::build((input, docket), rows, receiver, cases);
        let Some(built) =
            built.map_err(|error| ReportError::Parquet { path: path.clone(), source: error.into() })?
        else {
            return Ok(files);
        };
        for table in std::iter::once(&built.all).chain(&built.parts) {
            let csv = folder.join(format!("{}_{day}.csv", table.title));
            let headings = table.columns.iter().map(|heading| heading.title.as_str());
            flat::texts(&csv, headings, (0..table.height()).map(|at| table.row(at)))?;
            let parquet = folder.join(format!("{}_{day}.parquet", table.title));
            write_parquet(&parquet, table)?;
            for path in [csv, parquet] {
                files.push(Written { path, purpose: table.title.clone(), rows: table.height() });
            }
        }
        sheets = Some(built);
        files.extend(copies::write((input, docket), (receiver, rows), cases, folder)?);
    }
    let book = Book::plain(&template.book, title, input.run_id, input.as_of);
    let parts = sheets.iter().flat_map(|sheets| &sheets.parts);
    let rows = parts.clone().map(Table::height).sum();
    let shown = DocketBook {
        title: &template.title,
        not_made: docket.rows.rows.as_ref().err().map(String::as_str),
        faults: &docket.rows.faults,
        tally: sheets.as_ref().map_or(&[][..], |sheets| &sheets.tallies.0),
        tallies_by: sheets.as_ref().map_or_else(Vec::new, |sheets| tallies(docket, sheets)),
        parts: parts.map(sheet).collect(),
        what: &template.what,
        basis: &docket.basis,
    };
    book::write_docket(&path, &book, &shown)
        .map_err(|source| ReportError::Workbook { path: path.clone(), source })?;
    files.push(Written { path, purpose: template.book.clone(), rows });
    Ok(files)
}

/// The sheets of figures besides that by town.
fn tallies<'t>(docket: &'t DocketFacts<'_>, sheets: &'t Sheets) -> Vec<TallySheet<'t>> {
    let template = docket.template;
    let title = |name: &str| template.column.iter().find(|c| c.name == name).map_or("", |c| c.title.as_str());
    let named = template.tally_by.iter().zip(&sheets.tallies.1);
    let sheet = |(by, tally): (&'t TallyBy, &'t Option<Tally>)| {
        let tally = tally.as_ref()?;
        Some(TallySheet { name: &by.sheet, heading: title(&by.column), nobody: &by.nobody, tally })
    };
    named.filter_map(sheet).collect()
}

/// What of a table stands on a sheet.
fn sheet(table: &Table) -> DocketSheet<'_> {
    let shown = || table.columns.iter().map(|heading| heading.on_sheet);
    let row =
        |at: usize| table.row(at).zip(shown()).filter(|(_, shown)| *shown).map(|(cell, _)| cell.to_owned());
    DocketSheet {
        name: &table.title,
        columns: (table.columns.iter().filter(|heading| heading.on_sheet))
            .map(|heading| (heading.title.as_str(), heading.width))
            .collect(),
        rows: (0..table.height()).map(|at| row(at).collect()).collect(),
    }
}

fn write_parquet(path: &Path, table: &Table) -> Result<(), ReportError> {
    let columns: Vec<(&str, DataType, bool)> =
        table.columns.iter().map(|heading| (heading.title.as_str(), DataType::Utf8, true)).collect();
    let batch =
        RecordBatch::try_new(artifacts::schema(&columns), table.cells.iter().map(Arc::clone).collect())
            .map_err(|source| ReportError::Parquet { path: path.to_owned(), source: source.into() })?;
    artifacts::batch(path, &batch)
}
