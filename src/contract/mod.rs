//! F4, stage validate: pulled files come in, rows as text with their places go out, together with
//! quarantine, counts, remarks and the judgement whether the extract may be relied on.
//!
//! One decoder for each format, one intake for all, driven by the contract. Typed checks are the
//! business of `standard`. This stage never changes a file, never loses a row
//! (`read = accepted + quarantined + dropped` for each file), never puts a value of a person into a
//! diagnostic, and never panics on whatever bytes arrive.

mod cell;
mod columnar;
mod completeness;
mod delimited;
mod duplicates;
mod footer;
mod form;
#[cfg(test)]
mod garbage_tests;
mod heading;
mod intake;
mod notes;
mod ole_guard;
mod refusal;
#[cfg(test)]
mod sample;
mod sniff;
mod text;
mod text_file;
mod workbook;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::array::{Array, BooleanArray, StringArray};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::record_batch::RecordBatch;
use rayon::prelude::*;

pub use form::{Form, FormRefusal, FormRow, HeldRow, read as read_form};
pub use heading::normalise as normalised_heading;

use crate::diag::{Diagnostic, Level, Spot};
use crate::domain::{
    CheckedExtract, Contract, Day, ExtractState, FileReport, Format, PulledExtract, PulledFile, RawTable,
};
pub use crate::guard::{Limits, Refusal};
use completeness::Volume;
use intake::{FileRows, Intake};

/// What the last accepted delivery of an extract was like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastDelivery {
    /// Accepted rows.
    pub rows: u64,
    /// Rows per town, as [`CheckedExtract::town_counts`] gave them.
    pub town_counts: Vec<(String, u64)>,
    /// SHA-256 of its files, lower-case hex.
    pub sha256s: Vec<String>,
    /// Base names of its files.
    pub names: Vec<String>,
    /// Its as-of date.
    pub as_of: Option<Day>,
}

/// The official label of a town as delivered, when it is known.
pub type TownLabel<'a> = dyn Fn(&str) -> Option<String> + Sync + 'a;

/// What validation knows beside the files.
#[derive(Clone)]
pub struct ValidateContext<'a> {
    /// The day the run speaks of.
    pub as_of: Day,
    /// The last accepted delivery, when there was one.
    pub last_accepted: Option<LastDelivery>,
    /// Limits of the readers.
    pub limits: Limits,
    /// Official labels of towns; towns it does not know are counted as delivered.
    pub town_label: Option<&'a TownLabel<'a>>,
}

/// Reads and checks all files of one extract; files are read in parallel, results are in the order
/// of the files.
///
/// # Panics
/// When the counts of a file do not add up, which would be a bug of this module.
pub fn validate(pulled: &PulledExtract, context: &ValidateContext<'_>) -> CheckedExtract {
    let contract = pulled.contract.as_ref();
    let outcomes: Vec<Result<FileRows, Refusal>> =
        pulled.files.par_iter().map(|file| read_file(file, contract, &context.limits)).collect();
    let mut gathered = Gathered::new(contract);
    for diagnostic in &pulled.problems {
        gathered.add_refused_at_pull(diagnostic);
    }
    for (file, outcome) in pulled.files.iter().zip(outcomes) {
        gathered.add(file, outcome, &context.limits);
    }
    let mut problems = std::mem::take(&mut gathered.problems);
    let (rows, dropped) = gathered.table(&mut problems);
    let files = gathered.reports(&dropped);
    for file in &files {
        assert_eq!(
            file.rows_read,
            file.rows_accepted + file.rows_quarantined + file.rows_dropped,
            "every row of a file is accepted, in quarantine or dropped"
        );
    }
    let town_counts = town_counts(contract, rows.batch.as_ref(), context);
    let volume = Volume {
        rows: files.iter().map(|file| file.rows_accepted).sum(),
        town_counts: &town_counts,
        nulls: null_shares(contract, rows.batch.as_ref()),
    };
    let (state, said) = completeness::judge(&pulled.extract, contract, &files, &volume, context);
    problems.extend(said);
    let used = files.iter().filter(|file| file.refused.is_none());
    CheckedExtract {
        extract: pulled.extract.clone(),
        contract: pulled.contract.clone(),
        as_of: used.filter_map(|file| file.as_of).min(),
        rows,
        sheets: gathered.sheets,
        files,
        quarantine: gathered.quarantine,
        problems,
        state,
        town_counts,
    }
}

/// Whether rules may read the extract at all.
pub fn is_usable(state: &ExtractState) -> bool {
    matches!(state, ExtractState::Complete | ExtractState::Incomplete(_))
}

/// Reads one file; a reader's panic on hostile bytes is a refusal like any other.
fn read_file(file: &PulledFile, contract: &Contract, limits: &Limits) -> Result<FileRows, Refusal> {
    let rows =
        catch_unwind(AssertUnwindSafe(|| read_format(file, contract, limits))).unwrap_or_else(|_| {
            Err(Refusal::new("reader_failed", "the reader gave up on the content", "文件内容异常，无法读取"))
        })?;
    if let Some(promised) = file.promised_rows
        && promised != rows.read
    {
        return Err(Refusal::new(
            "rows_differ",
            format!("{} rows found, the manifest promises {promised}", rows.read),
            format!("清单登记 {promised} 行，文件实有 {} 行", rows.read),
        ));
    }
    Ok(rows)
}

fn read_format(file: &PulledFile, contract: &Contract, limits: &Limits) -> Result<FileRows, Refusal> {
    if file.bytes > limits.file_bytes_max {
        let most = limits.file_bytes_max >> 20;
        return Err(Refusal::new("file_too_large", format!("more than {most} MiB"), "文件超过大小上限"));
    }
    let format = sniff::format(&file.path, &file.name, contract)?;
    if format == Format::Xls && file.bytes > limits.xls_bytes_max {
        let most = limits.xls_bytes_max >> 20;
        return Err(Refusal::new(
            "file_too_large",
            format!("XLS of more than {most} MiB"),
            "文件超过大小上限",
        ));
    }
    let mut intake = Intake::new(contract, limits, &file.name);
    let mut job = workbook::Job { path: &file.path, name: &file.name, contract, limits, intake: &mut intake };
    match format {
        Format::Csv => text_file::read(&file.path, &file.name, contract, limits, &mut intake)?,
        Format::Xlsx => workbook::read_xlsx(&mut job)?,
        Format::Xls => workbook::read_xls(&mut job)?,
        Format::Parquet => columnar::read(&mut job)?,
    }
    intake.finish()
}

/// The files of one extract put together.
struct Gathered<'a> {
    contract: &'a Contract,
    reports: Vec<FileReport>,
    batches: Vec<RecordBatch>,
    column_bytes: Vec<usize>,
    file_of: Vec<u16>,
    sheet_of: Vec<u16>,
    row_of: Vec<u32>,
    sheets: Vec<String>,
    quarantine: Vec<crate::domain::Quarantined>,
    problems: Vec<Diagnostic>,
}

impl<'a> Gathered<'a> {
    fn new(contract: &'a Contract) -> Self {
        Self {
            contract,
            reports: Vec::new(),
            batches: Vec::new(),
            column_bytes: vec![0; contract.field.len()],
            file_of: Vec::new(),
            sheet_of: Vec::new(),
            row_of: Vec::new(),
            sheets: vec![String::new()],
            quarantine: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// A file that never got past pull stands in the report with the reason.
    fn add_refused_at_pull(&mut self, diagnostic: &Diagnostic) {
        if diagnostic.level == Level::Error && !diagnostic.spot.file.is_empty() {
            let name = diagnostic.spot.file.rsplit('/').next().unwrap_or_default().to_owned();
            let refused = Some(refusal::reason_of_pull(diagnostic.code));
            self.reports.push(FileReport { name, refused, ..FileReport::default() });
        }
        self.problems.push(diagnostic.clone());
    }

    fn add(&mut self, file: &PulledFile, outcome: Result<FileRows, Refusal>, limits: &Limits) {
        let report = FileReport {
            name: file.name.clone(),
            sha256: file.sha256.clone(),
            as_of: file.as_of,
            ..FileReport::default()
        };
        let placed = outcome.and_then(|rows| {
            let places = self.places(&rows, limits)?;
            Ok((rows, places))
        });
        match placed {
            Ok((rows, (index, sheets))) => self.add_rows(report, rows, index, &sheets),
            Err(refusal) => {
                self.problems.push(refusal.diagnostic(&file.name));
                self.reports.push(FileReport { refused: Some(refusal.reason), ..report });
            }
        }
    }

    /// The file's index, and for each of its sheets the index among all sheets.
    fn places(&mut self, rows: &FileRows, limits: &Limits) -> Result<(u16, Vec<u16>), Refusal> {
        let too_many = || Refusal::new("too_many_files", "too many files or sheets", "文件或工作表过多");
        let index = u16::try_from(self.reports.len()).map_err(|_| too_many())?;
        let mut bytes = self.column_bytes.clone();
        for (total, column) in bytes.iter_mut().zip(rows.batch.columns()) {
            *total += column.get_array_memory_size();
            if *total > limits.column_bytes_max && !self.batches.is_empty() {
                let message = "the files of this extract together hold too much text in one column";
                return Err(Refusal::new("column_too_large", message, "各文件合计过大"));
            }
        }
        let mut sheets = Vec::new();
        for sheet in &rows.sheets {
            let known = self.sheets.iter().position(|name| name == sheet);
            let at = known.unwrap_or_else(|| {
                self.sheets.push(sheet.clone());
                self.sheets.len() - 1
            });
            sheets.push(u16::try_from(at).map_err(|_| too_many())?);
        }
        self.column_bytes = bytes;
        Ok((index, sheets))
    }

    fn add_rows(&mut self, report: FileReport, rows: FileRows, index: u16, sheets: &[u16]) {
        self.file_of.extend(std::iter::repeat_n(index, rows.row.len()));
        self.sheet_of.extend(rows.sheet.iter().map(|&sheet| sheets[usize::from(sheet)]));
        self.row_of.extend_from_slice(&rows.row);
        self.reports.push(FileReport {
            rows_read: rows.read,
            rows_quarantined: rows.quarantine.len() as u64,
            rows_accepted: rows.row.len() as u64,
            rows_passed_over: rows.passed_over,
            dropped_columns: rows.dropped_columns,
            hidden_sheets: rows.hidden_sheets,
            ..report
        });
        self.batches.push(rows.batch);
        self.quarantine.extend(rows.quarantine);
        self.problems.extend(rows.problems);
    }

    /// One table of all rows without repeated ones; the places of the dropped rows by file.
    fn table(&mut self, problems: &mut Vec<Diagnostic>) -> (RawTable, Vec<u16>) {
        let batch = match self.batches.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            many => Some(
                concat_batches(&intake::schema(self.contract), many)
                    .expect("columns of one schema, together within Arrow's offsets"),
            ),
        };
        self.batches.clear();
        let Some(batch) = batch else { return (RawTable::default(), Vec::new()) };
        let key = |id: &String| self.contract.field.get_index_of(id);
        let key: Vec<usize> = self.contract.key.iter().filter_map(key).collect();
        let found = duplicates::find(&batch, &key);
        let codes = [
            (&found.repeated, "row_repeated", "whole row repeated, dropped"),
            (&found.conflicting, "key_conflict", "key of an earlier row with other content, kept"),
        ];
        for (rows, code, message) in codes {
            problems.extend(self.remark_rows(rows, code, message));
        }
        let file_of = std::mem::take(&mut self.file_of);
        let dropped: Vec<u16> = found.repeated.iter().map(|&row| file_of[row]).collect();
        let table = RawTable {
            batch: Some(batch),
            file: file_of,
            sheet: std::mem::take(&mut self.sheet_of),
            row: std::mem::take(&mut self.row_of),
        };
        match found.kept(table.row.len()) {
            Some(keep) => (keep_rows(&table, &keep), dropped),
            None => (table, dropped),
        }
    }

    /// One remark for each file: how many rows, and the first.
    fn remark_rows(&self, rows: &[usize], code: &'static str, message: &str) -> Vec<Diagnostic> {
        let mut by_file: BTreeMap<u16, (usize, usize)> = BTreeMap::new();
        for &row in rows {
            by_file.entry(self.file_of[row]).or_insert((0, row)).0 += 1;
        }
        let remark = |(file, (count, first)): (u16, (usize, usize))| {
            let spot = Spot {
                file: self.reports[usize::from(file)].name.clone(),
                sheet: self.sheets[usize::from(self.sheet_of[first])].clone(),
                line: self.row_of[first],
                column: self.contract.key.join(", "),
            };
            let rows = if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
            Diagnostic::warning(code, spot, format!("{message} ({rows}, the first here)"))
        };
        by_file.into_iter().map(remark).collect()
    }

    fn reports(&mut self, dropped: &[u16]) -> Vec<FileReport> {
        for &file in dropped {
            let report = &mut self.reports[usize::from(file)];
            report.rows_dropped += 1;
            report.rows_accepted -= 1;
        }
        std::mem::take(&mut self.reports)
    }
}

/// The table with only the rows marked in `keep`.
fn keep_rows(table: &RawTable, keep: &BooleanArray) -> RawTable {
    let filtered = |batch| filter_record_batch(batch, keep).expect("the mask has the table's length");
    let rows: Vec<usize> = (0..table.row.len()).filter(|&row| keep.value(row)).collect();
    RawTable {
        batch: table.batch.as_ref().map(filtered),
        file: rows.iter().map(|&row| table.file[row]).collect(),
        sheet: rows.iter().map(|&row| table.sheet[row]).collect(),
        row: rows.iter().map(|&row| table.row[row]).collect(),
    }
}

fn text_column(batch: &RecordBatch, index: usize) -> Option<&StringArray> {
    batch.column(index).as_any().downcast_ref::<StringArray>()
}

/// Rows per town, sorted by label.
fn town_counts(
    contract: &Contract,
    batch: Option<&RecordBatch>,
    context: &ValidateContext<'_>,
) -> Vec<(String, u64)> {
    let index = contract.town_field.as_ref().and_then(|id| contract.field.get_index_of(id));
    let Some(column) = batch.zip(index).and_then(|(batch, index)| text_column(batch, index)) else {
        return Vec::new();
    };
    let mut as_delivered: BTreeMap<&str, u64> = BTreeMap::new();
    for town in column.iter().flatten() {
        *as_delivered.entry(town.trim()).or_insert(0) += 1;
    }
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (town, rows) in as_delivered {
        let label = context.town_label.and_then(|label| label(town));
        *counts.entry(label.unwrap_or_else(|| town.to_owned())).or_insert(0) += rows;
    }
    counts.into_iter().collect()
}

/// Share of empty cells of the fields that limit it.
fn null_shares(contract: &Contract, batch: Option<&RecordBatch>) -> Vec<(String, String, f64, f64)> {
    let Some(batch) = batch.filter(|batch| batch.num_rows() > 0) else { return Vec::new() };
    let shares = contract.field.iter().enumerate().filter_map(|(index, (id, field))| {
        let most = field.null_share_max?;
        let share = batch.column(index).null_count() as f64 / batch.num_rows() as f64;
        let heading = field.headers.first().cloned().unwrap_or_default();
        Some((id.clone(), heading, share, most))
    });
    shares.collect()
}
