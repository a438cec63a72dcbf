//! `policy_match.parquet`: 一童一策.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array};
use arrow::datatypes::{DataType, Field};
use arrow::record_batch::RecordBatch;

use super::ReportError;
use super::writer::{ArrowTypes, lists, schema, text, write};
use crate::domain::PolicyMatch;
use crate::report::input::PolicyFacts;

/// Writes `policy_match.parquet`: one row for each child and policy; `because` holds what fails, excludes or
/// is missing, `evidence` holds `extract:row_key`. Gives the number of rows.
///
/// # Errors
/// When the file cannot be written.
pub fn policy_match(path: &Path, matches: &[PolicyMatch], facts: &[PolicyFacts]) -> Result<u64, ReportError> {
    let item = || DataType::List(Arc::new(Field::new("item", DataType::Utf8, false)));
    let shape = schema(&[
        ("identity_id", DataType::Int64, false),
        ("subject_extract", DataType::Utf8, false),
        ("subject_role", DataType::Utf8, false),
        ("subject_row_key", DataType::Utf8, false),
        ("policy", DataType::Utf8, false),
        ("title", DataType::Utf8, false),
        ("entitlement", DataType::Utf8, false),
        ("enjoys", DataType::Boolean, true),
        ("because", item(), false),
        ("doubt", DataType::Utf8, false),
        ("finding_rule", DataType::Utf8, false),
        ("unlisted", DataType::Utf8, false),
        ("words", DataType::Utf8, false),
        ("grade", DataType::Utf8, false),
        ("evidence", item(), false),
        ("basis", item(), false),
    ]);
    let facts: BTreeMap<&str, &PolicyFacts> = facts.iter().map(|facts| (facts.id.as_str(), facts)).collect();
    write(path, &shape, matches.len(), ArrowTypes::Plain, |range| {
        let part = &matches[range];
        let texts = |of: fn(&PolicyMatch) -> &str| text(part.iter().map(of));
        let words: Vec<String> = part.iter().map(PolicyMatch::words).collect();
        let title =
            |found: &PolicyMatch| facts.get(found.policy.as_str()).map_or("", |facts| facts.title.as_str());
        let rows = |found: &PolicyMatch| {
            found.evidence.iter().map(|row| format!("{}:{}", row.extract, row.row_key)).collect::<Vec<_>>()
        };
        let basis = |found: &PolicyMatch| {
            facts.get(found.policy.as_str()).map_or_else(Vec::new, |facts| facts.basis.clone())
        };
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(part.iter().map(|found| found.identity.0))),
            texts(|found| &found.subject.0),
            texts(|found| &found.subject.2),
            texts(|found| &found.subject.1),
            texts(|found| &found.policy),
            text(part.iter().map(title)),
            texts(|found| found.entitlement.word()),
            Arc::new(part.iter().map(|found| found.enjoys).collect::<BooleanArray>()),
            lists(part.iter().map(|found| found.because.clone())),
            texts(|found| &found.doubt),
            texts(|found| &found.finding),
            texts(|found| &found.unlisted),
            text(words.iter().map(String::as_str)),
            texts(|found| found.grade.letter()),
            lists(part.iter().map(rows)),
            lists(part.iter().map(basis)),
        ];
        RecordBatch::try_new(Arc::clone(&shape), arrays)
    })
}
