//! Artifacts of a run: Parquet files that any tool can open, and the CSV of rows held back.
//!
//! Row groups are built and encoded in parallel and written in order; `created_by` is fixed, so the same
//! rows give the same bytes on any number of threads.

mod linkage;
mod people;
mod policies;
mod verdicts;
mod writer;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use arrow::record_batch::RecordBatch;

use super::ReportError;
use crate::domain::{Quarantined, RecordSet};

pub use linkage::{candidates, links, lookups, near_misses, review_pairs};
pub use people::{RowIndex, identities, mentions};
pub use policies::policy_match;
pub use verdicts::{cases, findings};
pub(super) use writer::schema;

/// Writes `records/<extract>.parquet`: the batch as it is, Arrow types kept. Gives the number of rows.
///
/// # Errors
/// When the file cannot be written.
pub fn records(path: &Path, set: &RecordSet) -> Result<u64, ReportError> {
    let keep = writer::ArrowTypes::Keep;
    writer::write(path, &set.batch.schema(), set.batch.num_rows(), keep, |range| {
        Ok(set.batch.slice(range.start, range.len()))
    })
}

/// Writes one batch with plain types.
///
/// # Errors
/// When the file cannot be written.
pub fn batch(path: &Path, batch: &RecordBatch) -> Result<(), ReportError> {
    let plain = writer::ArrowTypes::Plain;
    writer::write(path, &batch.schema(), batch.num_rows(), plain, |range| {
        Ok(batch.slice(range.start, range.len()))
    })
    .map(drop)
}

/// Writes the rows held back as CSV (UTF-8 with byte-order mark): place, field, code and reason, then the
/// cells as delivered under `headings`. For the owner of the data only. Gives the number of rows.
///
/// # Errors
/// When the file cannot be written.
pub fn quarantine(path: &Path, headings: &[String], rows: &[Quarantined]) -> Result<u64, ReportError> {
    write_quarantine(path, headings, rows).map_err(ReportError::io(path))?;
    Ok(rows.len() as u64)
}

fn write_quarantine(path: &Path, headings: &[String], rows: &[Quarantined]) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all("\u{feff}".as_bytes())?;
    let width = rows.iter().map(|row| row.cells.len()).max().unwrap_or_default().max(headings.len());
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
    let mut head: Vec<String> =
        ["文件", "工作表", "行号", "字段", "原因代码", "原因"].iter().map(|h| (*h).to_owned()).collect();
    // Cells beyond the contract's columns have no heading of their own.
    head.extend((0..width).map(|at| headings.get(at).cloned().unwrap_or_else(|| format!("第{}列", at + 1))));
    csv.write_record(&head)?;
    for row in rows {
        let number = if row.row == 0 { String::new() } else { row.row.to_string() };
        let field = row.field.clone().unwrap_or_default();
        let place = [row.file.as_str(), &row.sheet, &number, &field, row.code, &row.reason];
        let cells = (0..width).map(|at| row.cells.get(at).map_or("", String::as_str));
        csv.write_record(place.into_iter().chain(cells))?;
    }
    csv.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_held_back_keep_their_place_and_cells() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("q.csv");
        let row = Quarantined {
            file: "a.csv".into(),
            sheet: String::new(),
            row: 7,
            field: Some("name".into()),
            code: "required_empty",
            reason: "姓名为空".into(),
            cells: vec!["1".into(), String::new(), "多,一格".into()],
        };
        let rows = quarantine(&path, &["编号".into(), "姓名".into()], &[row]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(rows, 1);
        assert_eq!(
            text,
            "\u{feff}文件,工作表,行号,字段,原因代码,原因,编号,姓名,第3列\r\na.csv,,7,name,required_empty,姓名为空,1,,\"多,一格\"\r\n"
        );
    }
}
