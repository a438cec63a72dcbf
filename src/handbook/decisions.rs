//! The decision tables as the page shows them: every row, and which of them the client has to confirm.

use arrow::record_batch::RecordBatch;
use arrow::util::display::array_value_to_string;
use serde::Serialize;

use super::HandbookError;
use crate::spec::Plan;

/// Column of a decision table that says where a row comes from.
const STATUS: &str = "status";

/// One decision table.
#[derive(Serialize)]
pub(super) struct DecisionPart {
    name: String,
    title: String,
    columns: Vec<String>,
    rows: Vec<DecisionRow>,
    /// Rows that the client has to confirm.
    pub(super) confirm: usize,
}

/// One row of it.
#[derive(Serialize)]
struct DecisionRow {
    cells: Vec<String>,
    /// Where it comes from, in words; empty where the table does not say.
    status: &'static str,
    confirm: bool,
}

/// All decision tables of a plan, by name.
///
/// # Errors
/// When a cell has no text.
pub(super) fn decision_parts(plan: &Plan) -> Result<Vec<DecisionPart>, HandbookError> {
    let part = |(name, batch): (&String, &RecordBatch)| {
        let schema = batch.schema();
        let fields = || schema.fields().iter().enumerate().filter(|(_, field)| field.name() != STATUS);
        let rows = (0..batch.num_rows())
            .map(|row| {
                let cells = fields().map(|(at, _)| cell(batch, at, row)).collect::<Result<_, _>>()?;
                let said = schema.index_of(STATUS).ok().map(|at| cell(batch, at, row)).transpose()?;
                let (status, confirm) = standing(said.as_deref().unwrap_or_default());
                Ok(DecisionRow { cells, status, confirm })
            })
            .collect::<Result<Vec<_>, HandbookError>>()?;
        Ok(DecisionPart {
            name: name.clone(),
            title: plan.tables.decision_titles.get(name).cloned().unwrap_or_default(),
            columns: fields().map(|(_, field)| heading(field.name()).to_owned()).collect(),
            confirm: rows.iter().filter(|row| row.confirm).count(),
            rows,
        })
    };
    plan.tables.decisions.iter().map(part).collect()
}

fn cell(batch: &RecordBatch, column: usize, row: usize) -> Result<String, HandbookError> {
    let text = array_value_to_string(batch.column(column), row)?;
    Ok(match text.as_str() {
        "true" => "是".to_owned(),
        "false" => "否".to_owned(),
        _ => text,
    })
}

/// Headings that all tables have in common; others are the names that the rules read.
fn heading(column: &str) -> &str {
    match column {
        "valid_from" => "有效期起",
        "valid_until" => "有效期止",
        other => other,
    }
}

/// A row's status in words, and whether the client has to confirm it. A word that nobody knows is shown as open.
fn standing(word: &str) -> (&'static str, bool) {
    match word {
        "" => ("", false),
        "sourced" => ("有出处", false),
        "design_choice" => ("设计取值，待客户确认", true),
        _ => ("待客户确认", true),
    }
}
