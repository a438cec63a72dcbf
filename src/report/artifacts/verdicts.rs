//! `findings.parquet` and `cases.parquet`.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field};
use arrow::record_batch::RecordBatch;

use super::ReportError;
use super::writer::{ArrowTypes, lists, schema, text, write};
use crate::domain::{Case, CaseStatus, Finding};

/// Columns that both files have.
fn finding_columns() -> Vec<(&'static str, DataType, bool)> {
    let item = Arc::new(Field::new("item", DataType::Utf8, false));
    vec![
        ("rule", DataType::Utf8, false),
        ("list", DataType::Utf8, false),
        ("subject_extract", DataType::Utf8, false),
        ("subject_role", DataType::Utf8, false),
        ("subject_row_key", DataType::Utf8, false),
        ("identity_id", DataType::Int64, false),
        ("event", DataType::Utf8, false),
        ("confidence", DataType::Float64, false),
        ("grade", DataType::Utf8, false),
        ("reason", DataType::Utf8, false),
        ("annex", DataType::Boolean, false),
        ("annex_reason", DataType::Utf8, false),
        ("evidence", DataType::List(Arc::clone(&item)), false),
        ("details", DataType::List(item), false),
    ]
}

fn finding_arrays(findings: &[&Finding]) -> Vec<ArrayRef> {
    let texts = |of: fn(&Finding) -> &str| text(findings.iter().map(|finding| of(finding)));
    vec![
        texts(|f| &f.rule),
        texts(|f| &f.list),
        texts(|f| &f.subject_extract),
        texts(|f| &f.subject_role),
        texts(|f| &f.subject_row_key),
        Arc::new(Int64Array::from_iter_values(findings.iter().map(|f| f.identity.0))),
        texts(|f| &f.event),
        Arc::new(Float64Array::from_iter_values(findings.iter().map(|f| f.confidence))),
        texts(|f| f.grade.letter()),
        texts(|f| f.reason.text()),
        Arc::new(BooleanArray::from(findings.iter().map(|f| f.annex).collect::<Vec<bool>>())),
        texts(|f| &f.annex_reason),
        lists(
            findings
                .iter()
                .map(|f| f.evidence().iter().map(|e| format!("{}:{}", e.extract, e.row_key)).collect()),
        ),
        lists(findings.iter().map(|f| f.details.iter().map(|d| format!("{}={}", d.name, d.value)).collect())),
    ]
}

/// Writes `findings.parquet`: one row for each finding; `evidence` holds `extract:row_key`, `details`
/// `name=value`. Gives the number of rows.
///
/// # Errors
/// When the file cannot be written.
pub fn findings(path: &Path, findings: &[Finding]) -> Result<u64, ReportError> {
    let shape = schema(&finding_columns());
    write(path, &shape, findings.len(), ArrowTypes::Plain, |range| {
        let part: Vec<&Finding> = findings[range].iter().collect();
        RecordBatch::try_new(Arc::clone(&shape), finding_arrays(&part))
    })
}

/// Writes `cases.parquet`: `case_number, case_key, status, first_seen, withdrawn_reason`, the columns of
/// `findings.parquet`, then `phase, listed_on`. Gives the number of rows.
///
/// # Errors
/// When the file cannot be written.
pub fn cases(path: &Path, cases: &[Case]) -> Result<u64, ReportError> {
    let mut columns = vec![
        ("case_number", DataType::Utf8, false),
        ("case_key", DataType::Utf8, false),
        ("status", DataType::Utf8, false),
        ("first_seen", DataType::Date32, false),
        ("withdrawn_reason", DataType::Utf8, true),
    ];
    columns.extend(finding_columns());
    columns.push(("phase", DataType::Utf8, false));
    columns.push(("listed_on", DataType::Date32, false));
    let shape = schema(&columns);
    write(path, &shape, cases.len(), ArrowTypes::Plain, |range| {
        let part = &cases[range];
        let reasons: StringArray = part
            .iter()
            .map(|case| Some(case.withdrawn_reason.as_str()).filter(|reason| !reason.is_empty()))
            .collect();
        let mut arrays: Vec<ArrayRef> = vec![
            text(part.iter().map(|case| case.number.as_str())),
            text(part.iter().map(|case| case.key.as_str())),
            text(part.iter().map(|case| status(case.status))),
            Arc::new(Date32Array::from_iter_values(part.iter().map(|case| case.first_seen.days()))),
            Arc::new(reasons),
        ];
        let findings: Vec<&Finding> = part.iter().map(|case| &case.finding).collect();
        arrays.extend(finding_arrays(&findings));
        arrays.push(text(part.iter().map(|case| case.phase.word())));
        arrays.push(Arc::new(Date32Array::from_iter_values(part.iter().map(|case| case.listed_on.days()))));
        RecordBatch::try_new(Arc::clone(&shape), arrays)
    })
}

const fn status(status: CaseStatus) -> &'static str {
    match status {
        CaseStatus::New => "new",
        CaseStatus::Kept => "kept",
        CaseStatus::Changed => "changed",
        CaseStatus::Withdrawn => "withdrawn",
        CaseStatus::Carried => "carried",
    }
}
