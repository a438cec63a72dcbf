//! Result rows of a rule's SELECT, read by column name into drafts of findings.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};
use arrow::record_batch::RecordBatch;

use super::header::{EventKind, RoleRef, Subject};
use super::sentence::Cell;
use crate::domain::{Day, Finding};

/// Prefix of the columns that hold row keys of evidence: `evidence_<extract>`, or
/// `evidence_<extract>__<word>` where a rule needs several rows of one extract.
const EVIDENCE: &str = "evidence_";
/// The extract that an evidence column names.
pub(super) fn evidence_extract(column: &str) -> Option<&str> {
    let name = column.strip_prefix(EVIDENCE)?;
    Some(name.split_once("__").map_or(name, |(extract, _)| extract))
}

/// Suffix of the columns that hold identities a finding rests on beside its subject's.
pub(super) const IDENTITY: &str = "_identity";

/// Evidence of one column of one row.
#[derive(Clone, Debug)]
pub(super) struct DraftEvidence {
    /// Extract id.
    pub(super) extract: String,
    /// Row keys, sorted.
    pub(super) keys: Vec<String>,
    /// Rows of a list corroborate each other; a single row is needed.
    pub(super) corroborating: bool,
}

/// One row of a rule's result.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) subject: RoleRef,
    pub(super) row_key: String,
    pub(super) event: String,
    pub(super) evidence: Vec<DraftEvidence>,
    /// Identities of relatives that the finding rests on.
    pub(super) relatives: Vec<i64>,
    /// Set by the SELECT when the row is only for the annex.
    pub(super) annex_reason: Option<String>,
    /// All columns, in order.
    pub(super) row: Vec<(String, Cell)>,
}

/// What a SELECT promises of its rows.
pub(super) struct DraftShape<'a> {
    /// Whose rows they are.
    pub(super) subject: &'a Subject,
    /// What the column `event` holds.
    pub(super) event: EventKind,
}

/// Reads all rows, sorted so that the engine's order does not matter.
///
/// # Errors
/// What the SELECT should give and does not; no values.
pub(super) fn drafts(shape: &DraftShape<'_>, batch: &RecordBatch) -> Result<Vec<Draft>, String> {
    let schema = batch.schema();
    let mut rows: Vec<Vec<(String, Cell)>> = vec![Vec::with_capacity(batch.num_columns()); batch.num_rows()];
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        for (index, row) in rows.iter_mut().enumerate() {
            let cell = cell(column, index)
                .ok_or_else(|| format!("column {} has a type without a text form", field.name()))?;
            row.push((field.name().clone(), cell));
        }
    }
    let mut drafts = rows.into_iter().map(|row| draft(shape, row)).collect::<Result<Vec<_>, _>>()?;
    drafts.sort_by_cached_key(|draft| {
        let shown: Vec<String> = draft.row.iter().map(|(_, cell)| cell.text()).collect();
        (draft.subject.clone(), draft.row_key.clone(), draft.event.clone(), shown)
    });
    Ok(drafts)
}

fn draft(shape: &DraftShape<'_>, row: Vec<(String, Cell)>) -> Result<Draft, String> {
    let text = |name: &str| row.iter().find(|(column, _)| column == name).map(|(_, cell)| cell.text());
    let needed = |name: &str| match text(name) {
        Some(value) if !value.is_empty() => Ok(value),
        Some(_) => Err(format!("column {name} is empty")),
        None => Err(format!("column {name} is missing")),
    };
    let whole = || Finding::WHOLE_DELIVERY.to_owned();
    let (subject, row_key) = match shape.subject {
        Subject::Role(role) => (role.clone(), needed("subject_row_key")?),
        Subject::Any => {
            let role = RoleRef { extract: needed("subject_extract")?, role: needed("subject_role")? };
            (role, needed("subject_row_key")?)
        }
        Subject::Delivery => (RoleRef { extract: needed("subject_extract")?, role: whole() }, whole()),
    };
    let event = text("event").unwrap_or_default();
    if !shape.event.fits(&event) {
        return Err("column event has not the form that the head declares".to_owned());
    }
    let mut evidence = Vec::new();
    let mut relatives = Vec::new();
    for (name, cell) in &row {
        if let Some(extract) = evidence_extract(name) {
            let (mut keys, corroborating) = match cell {
                Cell::Null => continue,
                Cell::Texts(keys) => (keys.clone(), true),
                other => (vec![other.text()], false),
            };
            keys.sort();
            keys.dedup();
            evidence.push(DraftEvidence { extract: extract.to_owned(), keys, corroborating });
        } else if name.ends_with(IDENTITY)
            && let Cell::Integer(identity) = cell
        {
            relatives.push(*identity);
        }
    }
    let annex_reason = text("annex_reason").filter(|reason| !reason.is_empty());
    Ok(Draft { subject, row_key, event, evidence, relatives, annex_reason, row })
}

/// A cell's value; `None` for types that have no text form here.
fn cell(column: &ArrayRef, index: usize) -> Option<Cell> {
    if column.is_null(index) {
        return Some(Cell::Null);
    }
    Some(match column.data_type() {
        DataType::Null => Cell::Null,
        DataType::Utf8 => Cell::Text(column.as_string::<i32>().value(index).to_owned()),
        DataType::Boolean => Cell::Flag(column.as_boolean().value(index)),
        DataType::Int64 => Cell::Integer(column.as_primitive::<Int64Type>().value(index)),
        DataType::Float64 => Cell::Decimal(column.as_primitive::<Float64Type>().value(index)),
        DataType::Date32 => {
            Cell::Text(Day::from_days(column.as_primitive::<Date32Type>().value(index)).iso())
        }
        DataType::List(_) => {
            let items = column.as_list::<i32>().value(index);
            let texts = (0..items.len()).map(|at| cell(&items, at)).collect::<Option<Vec<_>>>()?;
            Cell::Texts(texts.iter().filter(|cell| **cell != Cell::Null).map(Cell::text).collect())
        }
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64 => {
            let wide = arrow::compute::cast(&column.slice(index, 1), &DataType::Int64).ok()?;
            cell(&wide, 0)?
        }
        _ => return None,
    })
}
