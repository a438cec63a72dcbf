//! Artifacts row by row, every column as text: small questions need no types.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::ExplainError;

/// Stands between the items of a list column; occurs in no value.
const SEPARATOR: char = '\u{1f}';

/// One row: the cells of the columns asked for, in their order; null reads as empty.
pub(super) struct Cells<'a> {
    columns: &'a [StringArray],
    at: usize,
}

impl<'a> Cells<'a> {
    /// A cell as text.
    pub(super) fn text(&self, column: usize) -> &'a str {
        let column = &self.columns[column];
        if column.is_valid(self.at) { column.value(self.at) } else { "" }
    }

    /// A cell as text of its own.
    pub(super) fn owned(&self, column: usize) -> String {
        self.text(column).to_owned()
    }

    /// A number; 0 when it is none.
    pub(super) fn number<T: std::str::FromStr + Default>(&self, column: usize) -> T {
        self.text(column).parse().unwrap_or_default()
    }

    /// Items of a list column.
    pub(super) fn items(&self, column: usize) -> Vec<String> {
        let text = self.text(column);
        if text.is_empty() { Vec::new() } else { text.split(SEPARATOR).map(str::to_owned).collect() }
    }
}

/// Calls `visit` with every row of a Parquet file; only the named columns are read.
pub(super) fn each_row(
    path: &Path,
    columns: &[&str],
    mut visit: impl FnMut(&Cells<'_>),
) -> Result<(), ExplainError> {
    let file = File::open(path).map_err(ExplainError::read(path))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(ExplainError::read(path))?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let reader = builder.with_projection(mask).build().map_err(ExplainError::read(path))?;
    for batch in reader {
        let batch = batch.map_err(ExplainError::read(path))?;
        let texts = columns
            .iter()
            .map(|name| {
                let column = batch.column_by_name(name);
                let column = column.ok_or_else(|| ArrowError::SchemaError(format!("no column `{name}`")))?;
                as_text(column)
            })
            .collect::<Result<Vec<StringArray>, ArrowError>>()
            .map_err(ExplainError::read(path))?;
        for at in 0..batch.num_rows() {
            visit(&Cells { columns: &texts, at });
        }
    }
    Ok(())
}

/// A column as text; items of a list stand behind one another.
pub(super) fn as_text(column: &ArrayRef) -> Result<StringArray, ArrowError> {
    let Some(lists) = column.as_list_opt::<i32>() else {
        return Ok(cast(column, &DataType::Utf8)?.as_string::<i32>().clone());
    };
    let joined = |list: Option<ArrayRef>| {
        let items = as_text(&list?).ok()?;
        let items: Vec<&str> = items.iter().map(Option::unwrap_or_default).collect();
        Some(items.join(&SEPARATOR.to_string()))
    };
    Ok(lists.iter().map(joined).collect())
}
