//! `<view>.cases.toml`: small worlds and the rows that a view gives in them, run without a build.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use schemars::JsonSchema;
use serde::Deserialize;

use super::book::{Book, View};
use super::cases::{Built, CaseResult, CaseSpec, Given, day, overrides};
use super::judge::run_view;
use super::tables::{Needs, register};
use crate::domain::Contract;
use crate::engine::Value;

/// A view's `.cases.toml` file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewCaseFile {
    /// The day all cases speak about, unless they say otherwise.
    pub as_of: String,
    /// The column that tells the rows apart.
    pub key: String,
    /// Cases.
    pub case: Vec<ViewCase>,
}

/// One small world.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewCase {
    /// What it shows.
    pub title: String,
    /// Another day than the file's.
    #[serde(default)]
    pub as_of: Option<String>,
    /// Parameters of the view or of those it reads, by view name.
    #[serde(default)]
    pub params: BTreeMap<String, BTreeMap<String, Value>>,
    /// Rows by extract, as in the cases of a rule.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<BTreeMap<String, serde_json::Value>>>")]
    pub rows: BTreeMap<String, Vec<toml::Table>>,
    /// All rows of the view, and no others: the key, and those cells that matter. An empty text is NULL.
    #[schemars(with = "Vec<BTreeMap<String, serde_json::Value>>")]
    pub gives: Vec<toml::Table>,
}

/// Runs the cases of one view.
pub fn test_view_cases(
    view: &View,
    book: &Book,
    file: &ViewCaseFile,
    contracts: &BTreeMap<String, Arc<Contract>>,
    decisions: &BTreeMap<String, RecordBatch>,
) -> Vec<CaseResult> {
    let run = |case: &ViewCase| {
        let rows = rows(view, book, (file, case), (contracts, decisions));
        rows.and_then(|rows| compare(file, case, &rows)).unwrap_or_else(|problem| vec![problem])
    };
    let result = |case: &ViewCase| CaseResult {
        rule: view.name.clone(),
        title: case.title.clone(),
        boundary: Vec::new(),
        problems: run(case),
    };
    file.case.iter().map(result).collect()
}

/// What the view gives in the world of a case.
fn rows(
    view: &View,
    book: &Book,
    (file, case): (&ViewCaseFile, &ViewCase),
    (contracts, decisions): Given<'_>,
) -> Result<RecordBatch, String> {
    let as_of = day(case.as_of.as_ref().unwrap_or(&file.as_of))?;
    let mut built = Built::of(&CaseSpec::of_rows(&case.title, &case.rows), (contracts, decisions), as_of)?;
    let book = Book { views: book.views.clone(), overrides: overrides(&case.params), ..Book::default() };
    let resolution = built.resolution();
    let world = built.world(contracts, &resolution, as_of);
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let engine = world.engine(1).map_err(|error| words(&error))?;
    let sql = format!("SELECT * FROM {}", view.name);
    let mut needs = Needs::default();
    needs.add(&engine, &book, &sql, as_of).map_err(|error| words(&error))?;
    register(&engine, &world, &needs.tables).map_err(|error| words(&error))?;
    for name in &needs.views {
        run_view(&engine, &book, &world, name).map_err(|error| words(&error))?;
    }
    engine.query(&sql).map_err(|error| words(&error))
}

fn compare(file: &ViewCaseFile, case: &ViewCase, rows: &RecordBatch) -> Result<Vec<String>, String> {
    let text = |name: &str| -> Result<ArrayRef, String> {
        let column = rows.column_by_name(name).ok_or_else(|| format!("the view has no column `{name}`"))?;
        cast(column, &DataType::Utf8).map_err(|error| error.to_string())
    };
    let cell = |name: &str, row: usize| -> Result<String, String> {
        let column = text(name)?;
        let column = column.as_string::<i32>();
        Ok(if column.is_null(row) { String::new() } else { column.value(row).to_owned() })
    };
    let keys = (0..rows.num_rows()).map(|row| cell(&file.key, row)).collect::<Result<Vec<_>, _>>()?;
    let mut problems = Vec::new();
    let mut told = BTreeSet::new();
    for expected in &case.gives {
        let key =
            expected.get(&file.key).map(words).ok_or_else(|| format!("a row without `{}`", file.key))?;
        told.insert(key.clone());
        let mut own = keys.iter().enumerate().filter(|(_, one)| **one == key).map(|(row, _)| row);
        let (Some(row), None) = (own.next(), own.next()) else {
            problems.push(format!("{key}: not given once"));
            continue;
        };
        for (name, value) in expected {
            let (found, wanted) = (cell(name, row)?, words(value));
            if found != wanted {
                problems.push(format!("{key}: {name} is `{found}`, not `{wanted}`"));
            }
        }
    }
    problems.extend(
        keys.iter().filter(|key| !told.contains(*key)).map(|key| format!("{key}: given unexpectedly")),
    );
    Ok(problems)
}

/// A cell as the view's text has it.
fn words(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
