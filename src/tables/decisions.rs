//! Decision tables: small CSV files that rules read in SQL.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use schemars::JsonSchema;
use serde::Deserialize;

use super::rows::TableText;
use crate::diag::{Diagnostic, Spot, did_you_mean};
use crate::domain::Day;

/// Type of a column of a decision table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ColumnType {
    /// Text.
    #[default]
    Utf8,
    /// Whole number.
    Int64,
    /// Decimal number.
    Float64,
    /// `YYYY-MM-DD`.
    Date,
    /// `true` or `false`.
    Boolean,
}

/// Reads one decision table; columns that are not declared are text, an empty cell is NULL.
pub(super) fn load(
    table: TableText<'_>,
    declared: &BTreeMap<String, ColumnType>,
    problems: &mut Vec<Diagnostic>,
) -> Option<RecordBatch> {
    let before = problems.len();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(true)
        .trim(csv::Trim::All)
        .from_reader(table.text.trim_start_matches('\u{FEFF}').as_bytes());
    let unreadable = |error: &csv::Error| {
        let line = error.position().map_or(0, |p| u32::try_from(p.line()).unwrap_or(u32::MAX));
        Diagnostic::error("table_unreadable", Spot::line(table.file, line), error.to_string())
    };
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            problems.push(unreadable(&error));
            return None;
        }
    };
    for column in declared.keys().filter(|column| !header.iter().any(|known| known == **column)) {
        let mut fault = table.fault(1, format!("declared column {column} is missing"));
        fault.help = did_you_mean(column, header.iter()).map(|near| format!("did you mean {near}?"));
        problems.push(fault);
    }
    let mut cells: Vec<Vec<Option<String>>> = vec![Vec::new(); header.len()];
    let mut lines = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                lines.push(record.position().map_or(0, |p| u32::try_from(p.line()).unwrap_or(u32::MAX)));
                for (column, cell) in cells.iter_mut().zip(record.iter()) {
                    column.push((!cell.is_empty()).then(|| cell.to_owned()));
                }
            }
            Err(error) => problems.push(unreadable(&error)),
        }
    }
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    for (name, column) in header.iter().zip(&cells) {
        let kind = declared.get(name).copied().unwrap_or_default();
        let (array, faults) = array(kind, column);
        for row in faults {
            let mut spot = Spot::line(table.file, lines.get(row).copied().unwrap_or(0));
            name.clone_into(&mut spot.column);
            problems.push(Diagnostic::error(
                "table_row",
                spot,
                format!("the cell is no {kind:?}").to_lowercase(),
            ));
        }
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    if problems.len() > before {
        return None;
    }
    match RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays) {
        Ok(batch) => Some(batch),
        Err(error) => {
            problems.push(Diagnostic::error("table_unreadable", Spot::file(table.file), error.to_string()));
            None
        }
    }
}

/// The column in its type, and the rows whose cells cannot be read as such.
fn array(kind: ColumnType, cells: &[Option<String>]) -> (ArrayRef, Vec<usize>) {
    fn typed<T>(cells: &[Option<String>], read: impl Fn(&str) -> Option<T>) -> (Vec<Option<T>>, Vec<usize>) {
        let values: Vec<Option<T>> = cells.iter().map(|cell| cell.as_deref().and_then(&read)).collect();
        let faults = (0..cells.len()).filter(|&row| cells[row].is_some() && values[row].is_none()).collect();
        (values, faults)
    }
    match kind {
        ColumnType::Utf8 => {
            (Arc::new(cells.iter().map(Option::as_deref).collect::<StringArray>()), Vec::new())
        }
        ColumnType::Int64 => {
            let (values, faults) = typed(cells, |cell| cell.parse::<i64>().ok());
            (Arc::new(Int64Array::from(values)), faults)
        }
        ColumnType::Float64 => {
            let (values, faults) = typed(cells, |cell| cell.parse::<f64>().ok().filter(|n| n.is_finite()));
            (Arc::new(Float64Array::from(values)), faults)
        }
        ColumnType::Date => {
            let (values, faults) = typed(cells, |cell| Day::parse_iso(cell).map(Day::days));
            (Arc::new(Date32Array::from(values)), faults)
        }
        ColumnType::Boolean => {
            let (values, faults) = typed(cells, |cell| cell.parse::<bool>().ok());
            (Arc::new(BooleanArray::from(values)), faults)
        }
    }
}

/// Type of a column in Arrow, for those who print a schema.
impl From<ColumnType> for DataType {
    fn from(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Utf8 => Self::Utf8,
            ColumnType::Int64 => Self::Int64,
            ColumnType::Float64 => Self::Float64,
            ColumnType::Date => Self::Date32,
            ColumnType::Boolean => Self::Boolean,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<RecordBatch>, Vec<Diagnostic>) {
        let declared = BTreeMap::from([
            ("pays".to_owned(), ColumnType::Boolean),
            ("since".to_owned(), ColumnType::Date),
            ("age".to_owned(), ColumnType::Int64),
            ("share".to_owned(), ColumnType::Float64),
        ]);
        let mut problems = Vec::new();
        (load(TableText { file: "d.csv", text }, &declared, &mut problems), problems)
    }

    #[test]
    fn columns_get_their_declared_types_and_empty_cells_are_null() {
        let (batch, problems) = read("kind,pays,since,age,share\n甲,true,2026-01-01,18,0.5\n乙,,,,\n");
        assert!(problems.is_empty(), "{problems:?}");
        let batch = batch.unwrap();
        let types: Vec<DataType> = batch.schema().fields().iter().map(|f| f.data_type().clone()).collect();
        let expected =
            [ColumnType::Utf8, ColumnType::Boolean, ColumnType::Date, ColumnType::Int64, ColumnType::Float64];
        assert_eq!(types, expected.map(DataType::from));
        assert_eq!(batch.columns().iter().map(|c| c.null_count()).collect::<Vec<_>>(), [0, 1, 1, 1, 1]);
    }

    #[test]
    fn all_wrong_cells_and_missing_columns_are_told_at_once() {
        let (batch, problems) = read("kind,pay,since,age,share\n甲,true,2026-13-01,x,0.5\n");
        assert!(batch.is_none());
        assert_eq!(problems.len(), 3);
        assert_eq!(problems[0].help.as_deref(), Some("did you mean pay?"));
        assert_eq!(problems[1].spot.line, 2);
    }
}
