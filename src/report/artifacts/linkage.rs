//! `links.parquet`, `review_pairs.parquet` and `near_misses.parquet`.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StringArray, UInt32Array};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;

use super::ReportError;
use super::people::{RowIndex, grade_words};
use super::writer::{ArrowTypes, coded, few, schema, text, write};
use crate::domain::{Grade, Link, Lookup, NearMiss, ReviewPair};

/// A pair as all three files tell it.
struct Pair<'a> {
    left: u32,
    right: u32,
    weight: f32,
    probability: f32,
    grade: Grade,
    /// Name of the pass, or what differs.
    words: &'a str,
}

impl<'a> Pair<'a> {
    fn of_link(link: &'a Link, words: &'a str) -> Self {
        Self {
            left: link.left,
            right: link.right,
            weight: link.weight,
            probability: link.probability,
            grade: link.grade,
            words,
        }
    }
}

/// Writes `links.parquet`: `left_extract, left_row_key, left_role, right_extract, right_row_key,
/// right_role, weight, probability, grade, pass`. Gives the number of rows.
///
/// # Errors
/// When the file cannot be written.
pub fn links(path: &Path, index: &RowIndex<'_>, links: &[Link]) -> Result<u64, ReportError> {
    let shape = pair_schema(["left", "right"], "pass");
    write(path, &shape, links.len(), ArrowTypes::Plain, |range| {
        let pairs: Vec<_> = links[range].iter().map(|link| Pair::of_link(link, link.pass)).collect();
        batch(&shape, index, &pairs)
    })
}

/// Writes `review_pairs.parquet`: the columns of `links.parquet` with `difference` for `pass`.
///
/// # Errors
/// When the file cannot be written.
pub fn review_pairs(path: &Path, index: &RowIndex<'_>, pairs: &[ReviewPair]) -> Result<u64, ReportError> {
    let shape = pair_schema(["left", "right"], "difference");
    write(path, &shape, pairs.len(), ArrowTypes::Plain, |range| {
        let pairs = pairs[range].iter().map(|pair| Pair::of_link(&pair.link, &pair.difference));
        batch(&shape, index, &pairs.collect::<Vec<_>>())
    })
}

/// Writes `candidates.parquet`: the columns of `links.parquet` with `levels` for `pass`, the numbers of the
/// levels in the order of the pipeline's comparisons. Gives the number of rows.
///
/// # Errors
/// When the file cannot be written.
pub fn candidates(path: &Path, index: &RowIndex<'_>, pairs: &[Link]) -> Result<u64, ReportError> {
    let shape = pair_schema(["left", "right"], "levels");
    write(path, &shape, pairs.len(), ArrowTypes::Plain, |range| {
        let levels = |link: &Link| link.levels.iter().map(u8::to_string).collect::<Vec<_>>().join(" ");
        let words: Vec<String> = pairs[range.clone()].iter().map(levels).collect();
        let pairs = pairs[range].iter().zip(&words).map(|(link, words)| Pair::of_link(link, words));
        batch(&shape, index, &pairs.collect::<Vec<_>>())
    })
}

/// Writes `lookups.parquet`: `extract, row_key, role, mentions, outcome`, one row for each person without a
/// trusted number. Gives the number of rows.
///
/// # Errors
/// When the file cannot be written.
pub fn lookups(path: &Path, index: &RowIndex<'_>, lookups: &[Lookup]) -> Result<u64, ReportError> {
    let shape = schema(&[
        ("extract", few(), false),
        ("row_key", DataType::Utf8, false),
        ("role", few(), false),
        ("mentions", DataType::UInt32, false),
        ("outcome", few(), false),
    ]);
    let words = ["linked", "review", "none"];
    let outcomes = Arc::new(StringArray::from_iter_values(words));
    write(path, &shape, lookups.len(), ArrowTypes::Plain, |range| {
        let part = &lookups[range];
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(5);
        columns.extend(index.name_columns(&part.iter().map(|one| one.mention).collect::<Vec<_>>())?);
        columns.push(Arc::new(UInt32Array::from_iter_values(part.iter().map(|one| one.mentions))));
        let place =
            |one: &Lookup| words.iter().position(|word| *word == one.outcome).unwrap_or(words.len() - 1);
        columns.push(coded(part.iter().map(place), &outcomes)?);
        RecordBatch::try_new(Arc::clone(&shape), columns)
    })
}

/// Writes `near_misses.parquet`: `subject_extract, subject_row_key, subject_role, candidate_extract,
/// candidate_row_key, candidate_role, weight, probability, grade, difference`.
///
/// # Errors
/// When the file cannot be written.
pub fn near_misses(path: &Path, index: &RowIndex<'_>, misses: &[NearMiss]) -> Result<u64, ReportError> {
    let shape = pair_schema(["subject", "candidate"], "difference");
    write(path, &shape, misses.len(), ArrowTypes::Plain, |range| {
        let pairs = misses[range].iter().map(|miss| Pair {
            left: miss.subject,
            right: miss.candidate,
            weight: miss.weight,
            probability: miss.probability,
            grade: miss.grade,
            words: &miss.difference,
        });
        batch(&shape, index, &pairs.collect::<Vec<_>>())
    })
}

fn pair_schema(sides: [&str; 2], words: &str) -> SchemaRef {
    let names: Vec<String> = sides
        .iter()
        .flat_map(|side| ["extract", "row_key", "role"].map(|part| format!("{side}_{part}")))
        .collect();
    let mut columns: Vec<(&str, DataType, bool)> = names
        .iter()
        .map(|name| (name.as_str(), if name.ends_with("row_key") { DataType::Utf8 } else { few() }, false))
        .collect();
    columns.extend([
        ("weight", DataType::Float64, false),
        ("probability", DataType::Float64, false),
        ("grade", few(), false),
        (words, DataType::Utf8, false),
    ]);
    schema(&columns)
}

fn batch(shape: &SchemaRef, index: &RowIndex<'_>, pairs: &[Pair<'_>]) -> Result<RecordBatch, ArrowError> {
    let left: Vec<u32> = pairs.iter().map(|pair| pair.left).collect();
    let right: Vec<u32> = pairs.iter().map(|pair| pair.right).collect();
    let number = |of: fn(&Pair<'_>) -> f32| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(pairs.iter().map(|pair| f64::from(of(pair)))))
    };
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(10);
    columns.extend(index.name_columns(&left)?);
    columns.extend(index.name_columns(&right)?);
    columns.push(number(|pair| pair.weight));
    columns.push(number(|pair| pair.probability));
    columns.push(coded(pairs.iter().map(|pair| pair.grade as usize), &Arc::new(grade_words()))?);
    columns.push(text(pairs.iter().map(|pair| pair.words)));
    RecordBatch::try_new(Arc::clone(shape), columns)
}
