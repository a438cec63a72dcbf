//! The rules of `pipelines/rules` against their cases files, their heads against contracts, tables
//! and the legal basis.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use doudi::diag::{Diagnostic, Level};
use doudi::domain::{Contract, Day};
use doudi::rule::{self, Book};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files of a folder with one ending, sorted.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.to_str().unwrap().ends_with(ending)).collect();
    files.sort();
    files
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

fn contracts() -> BTreeMap<String, Arc<Contract>> {
    let folders = fs::read_dir(root().join("schemas")).unwrap().map(|entry| entry.unwrap().path());
    let agencies = folders.filter(|path| path.is_dir() && !path.ends_with("tables"));
    let files = agencies.flat_map(|agency| files(agency.to_str().unwrap(), ".toml"));
    files
        .map(|path| {
            let contract: Contract = toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            (stem(&path), Arc::new(contract))
        })
        .collect()
}

/// Decision tables with the column types that `decisions.toml` declares.
fn decisions() -> BTreeMap<String, RecordBatch> {
    let folder = root().join("schemas/tables/decisions");
    let declared: toml::Table =
        toml::from_str(&fs::read_to_string(folder.join("decisions.toml")).unwrap()).unwrap();
    files("schemas/tables/decisions", ".csv")
        .into_iter()
        .map(|path| {
            let name = stem(&path);
            let columns = &declared["decision"][name.as_str()]["columns"];
            let mut reader = csv::Reader::from_path(&path).unwrap();
            let header = reader.headers().unwrap().clone();
            let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            let arrays = header.iter().enumerate().map(|(index, column)| {
                let cells: Vec<Option<&str>> =
                    rows.iter().map(|row| Some(&row[index]).filter(|cell| !cell.is_empty())).collect();
                let kind = columns.get(column).and_then(toml::Value::as_str).unwrap_or("utf8");
                (column.to_owned(), array(kind, &cells))
            });
            (name, RecordBatch::try_from_iter(arrays).unwrap())
        })
        .collect()
}

fn array(kind: &str, cells: &[Option<&str>]) -> ArrayRef {
    let cells = cells.iter().copied();
    match kind {
        "int64" => {
            Arc::new(cells.map(|cell| cell.map(|text| text.parse::<i64>().unwrap())).collect::<Int64Array>())
        }
        "boolean" => Arc::new(
            cells.map(|cell| cell.map(|text| text.parse::<bool>().unwrap())).collect::<BooleanArray>(),
        ),
        "date" => {
            let days = cells.map(|cell| cell.map(|text| Day::parse_iso(text).unwrap().days()));
            Arc::new(days.collect::<Date32Array>())
        }
        _ => Arc::new(cells.collect::<StringArray>()),
    }
}

fn book() -> Book {
    let mut book = Book::default();
    let mut problems: Vec<Diagnostic> = Vec::new();
    for path in files("pipelines/rules", ".sql") {
        let text = fs::read_to_string(&path).unwrap();
        match rule::parse(path.to_str().unwrap(), &text) {
            Ok(rule) => book.rules.push(rule),
            Err(found) => problems.extend(found),
        }
    }
    for path in files("pipelines/views", ".sql") {
        let text = fs::read_to_string(&path).unwrap();
        match rule::parse_view(path.to_str().unwrap(), &text) {
            Ok(view) => book.views.push(view),
            Err(found) => problems.extend(found),
        }
    }
    none(&problems);
    book
}

#[track_caller]
fn none(problems: &[Diagnostic]) {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(texts.is_empty(), "\n{}\n", texts.join("\n"));
}

#[test]
fn every_rule_can_be_planned_over_the_contracts() {
    let basis = fs::read_to_string(root().join("schemas/tables/legal_basis.csv")).unwrap();
    let basis = rule::parse_basis("legal_basis.csv", &basis).unwrap_or_else(|problems| {
        none(&problems);
        BTreeMap::new()
    });
    let day = Day::parse_iso("2026-11-23").unwrap();
    let mut problems = rule::check(&book(), &contracts(), &decisions(), &basis, day);
    problems.retain(|problem| problem.level == Level::Error);
    none(&problems);
}

#[test]
fn every_rule_holds_its_cases() {
    let (book, contracts, decisions) = (book(), contracts(), decisions());
    assert!(book.rules.len() >= 13, "{} rules", book.rules.len());
    let mut problems = Vec::new();
    for found in &book.rules {
        let cases =
            fs::read_to_string(root().join(format!("pipelines/rules/{}.cases.toml", found.id))).unwrap();
        for result in rule::test_cases(found, &book, &cases, &contracts, &decisions) {
            let heading = format!("{}「{}」", result.rule, result.title);
            problems.extend(result.problems.iter().map(|problem| format!("{heading}: {problem}")));
        }
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// What `doudi test` says of the nightly pipeline: every rule and policy of the folders is in it, and every ledger's view, and has a case that
/// must be found, one that must not, and one in which data is missing.
#[test]
fn every_rule_has_all_three_kinds_of_cases() {
    let (plan, _) = doudi::spec::compile(&root().join("pipelines/nightly.toml")).unwrap_or_else(|problems| {
        none(&problems);
        unreachable!("a pipeline that cannot be compiled has problems");
    });
    let tests = doudi::spec::test_rules(&plan, &[]).unwrap();
    let mut tested: Vec<&str> = tests.iter().map(|test| test.rule.as_str()).collect();
    tested.sort_unstable();
    let mut rules: Vec<String> = files("pipelines/rules", ".sql").iter().map(|path| stem(path)).collect();
    rules.extend(files("pipelines/policies", ".sql").iter().map(|path| stem(path)));
    rules.extend(plan.desk.dockets.iter().map(|docket| docket.template.view.clone()));
    rules.sort();
    assert_eq!(tested, rules);
    for test in &tests {
        none(&test.problems);
        assert!(test.holds(), "{}", test.rule);
    }
}
