//! The rows of a sheet as CSV for spreadsheets and Parquet for programs.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, StringArray, UInt32Array};
use arrow::datatypes::DataType as ArrowType;
use arrow::record_batch::RecordBatch;
use polars::prelude::{AnyValue, Column as Series, DataType, PolarsResult};

use super::ReportError;
use super::artifacts;
use super::rows::ListRows;
use crate::domain::Day;

/// Writes CSV (UTF-8 with byte-order mark, CRLF) with answer columns behind the evidence.
pub(super) fn csv(path: &Path, rows: &ListRows<'_>) -> Result<(), ReportError> {
    write_csv(path, rows).map_err(ReportError::io(path))
}

fn write_csv(path: &Path, rows: &ListRows<'_>) -> std::io::Result<()> {
    let mut csv = for_spreadsheets(path)?;
    let columns = rows.frame.columns();
    let answers = rows.answers.iter().map(|(answer, _)| answer.title.as_str());
    csv.write_record(columns.iter().map(|column| column.name().as_str()).chain(answers))?;
    for row in 0..rows.frame.height() {
        let cells = columns.iter().zip(&rows.columns).map(|(cells, granted)| {
            let amount = granted.column().sum.then(|| cells.f64().ok().and_then(|values| values.get(row)));
            amount.flatten().map_or_else(|| cell(cells, row), |amount| amount.to_string())
        });
        let answers = rows.answers.iter().map(|(_, given)| disarmed(&given[row]));
        csv.write_record(cells.chain(answers))?;
    }
    csv.flush()
}

/// Writes CSV of headings and rows of text.
pub(super) fn texts<'t, R>(
    path: &Path,
    headings: impl Iterator<Item = &'t str>,
    rows: impl Iterator<Item = R>,
) -> Result<(), ReportError>
where
    R: IntoIterator,
    R::Item: AsRef<str>,
{
    let write = || {
        let mut csv = for_spreadsheets(path)?;
        csv.write_record(headings)?;
        for row in rows {
            csv.write_record(row.into_iter().map(|cell| disarmed(cell.as_ref())))?;
        }
        csv.flush()
    };
    write().map_err(ReportError::io(path))
}

/// A CSV as spreadsheets read it: UTF-8 with byte-order mark, CRLF.
fn for_spreadsheets(path: &Path) -> std::io::Result<csv::Writer<BufWriter<File>>> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all("\u{feff}".as_bytes())?;
    Ok(csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file))
}

fn cell(column: &Series, row: usize) -> String {
    match column.get(row) {
        Ok(AnyValue::String(text)) => disarmed(text),
        Ok(AnyValue::UInt32(number)) => number.to_string(),
        Ok(AnyValue::Float64(share)) => format!("{share:.4}"),
        Ok(AnyValue::Date(days)) => Day::from_days(days).iso(),
        _ => String::new(),
    }
}

/// The text with an apostrophe before what a spreadsheet would run as a formula.
fn disarmed(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// Writes Parquet with the columns of the sheet.
pub(super) fn parquet(path: &Path, rows: &ListRows<'_>) -> Result<(), ReportError> {
    let list = |source| ReportError::List { path: path.to_owned(), source };
    let mut columns: Vec<(&str, ArrowType, bool)> = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for column in rows.frame.columns() {
        let array = array(column).map_err(list)?;
        columns.push((column.name().as_str(), array.data_type().clone(), true));
        arrays.push(array);
    }
    let schema = super::artifacts::schema(&columns);
    let batch = RecordBatch::try_new(schema, arrays)
        .map_err(|source| ReportError::Parquet { path: path.to_owned(), source: source.into() })?;
    artifacts::batch(path, &batch)
}

fn array(column: &Series) -> PolarsResult<ArrayRef> {
    Ok(match column.dtype() {
        DataType::UInt32 => Arc::new(column.u32()?.iter().collect::<UInt32Array>()),
        DataType::Float64 => Arc::new(column.f64()?.iter().collect::<Float64Array>()),
        DataType::Date => {
            let days = column.cast(&DataType::Int32)?;
            Arc::new(days.i32()?.iter().collect::<Date32Array>())
        }
        _ => Arc::new(column.str()?.iter().collect::<StringArray>()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed_and_other_text_stays() {
        let check = |text: &str, expected: &str| assert_eq!(disarmed(text), expected);
        check("=1+1", "'=1+1");
        check("@a", "'@a");
        check("-2", "'-2");
        check("张三", "张三");
        check("10-20", "10-20");
    }
}
