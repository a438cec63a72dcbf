//! Every kind of dirt under `fixtures/broken/<kind>/`: what pull, validate and standardise say about it.
//!
//! Snapshots hold counts, codes and places, and of cells only what says nothing about a person;
//! `content` is a digest of the accepted cells, so that the same rows under another encoding show the
//! same digest.

mod typed;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, StringArray};
use doudi::contract::{LastDelivery, Limits, ValidateContext, validate};
use doudi::domain::{CheckedExtract, Contract, Day, ExtractState, FileReport};
use doudi::source::{SourceSpec, Unsettled, pull};
use doudi::standard::standardise;
use doudi::tables::Tables;
use sha2::{Digest, Sha256};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All contracts of the delivered schemas, by extract id.
fn specs() -> Vec<SourceSpec> {
    let mut specs = Vec::new();
    for agency in sorted(&root().join("schemas")) {
        if agency.ends_with("tables") || !agency.is_dir() {
            continue;
        }
        // Beside the agencies lie JSON Schemas, which are no contracts.
        for path in
            sorted(&agency).into_iter().filter(|path| path.extension().is_some_and(|end| end == "toml"))
        {
            let text = fs::read_to_string(&path).unwrap();
            let contract: Contract = toml::from_str(&text).unwrap();
            specs.push(SourceSpec {
                extract: path.file_stem().unwrap().to_str().unwrap().to_owned(),
                folder: agency.file_name().unwrap().to_str().unwrap().to_owned(),
                contract: Arc::new(contract),
                origin: None,
            });
        }
    }
    specs
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// `last.toml` of a kind: what the last accepted delivery of an extract was.
fn last_deliveries(kind: &Path) -> BTreeMap<String, LastDelivery> {
    let Ok(text) = fs::read_to_string(kind.join("last.toml")) else { return BTreeMap::new() };
    let tables: BTreeMap<String, toml::Table> = toml::from_str(&text).unwrap();
    let read = |table: &toml::Table| LastDelivery {
        rows: table["rows"].as_integer().unwrap().cast_unsigned(),
        as_of: table["as_of"].as_str().and_then(Day::parse_iso),
        names: table.get("names").map_or_else(Vec::new, |list| list.clone().try_into().unwrap()),
        sha256s: table.get("sha256s").map_or_else(Vec::new, |list| list.clone().try_into().unwrap()),
        town_counts: table.get("towns").map_or_else(Vec::new, |list| list.clone().try_into().unwrap()),
    };
    tables.iter().map(|(extract, table)| (extract.clone(), read(table))).collect()
}

fn as_of() -> Day {
    Day::from_ymd(2026, 11, 30).unwrap()
}

/// Pulls and validates one kind; extracts of which nothing came are left out.
fn run(kind: &Path, limits: Limits) -> (Vec<CheckedExtract>, String) {
    let work = tempfile::tempdir().unwrap();
    let last = last_deliveries(kind);
    let (pulled, general) = pull(kind, kind, &specs(), &Unsettled::default(), work.path()).unwrap();
    let mut checked = Vec::new();
    for extract in pulled.iter().filter(|one| !one.files.is_empty() || !one.problems.is_empty()) {
        let context = ValidateContext {
            as_of: as_of(),
            last_accepted: last.get(&extract.extract).cloned(),
            limits,
            town_label: None,
        };
        checked.push(validate(extract, &context));
    }
    let told = general.iter().filter(|one| one.code != "folder_absent");
    let general = told.fold(String::new(), |mut out, one| {
        writeln!(out, "{one}").unwrap();
        out
    });
    (checked, general)
}

fn describe(checked: &CheckedExtract) -> String {
    let mut out = String::new();
    let as_of = checked.as_of.map_or_else(|| "unknown".to_owned(), Day::iso);
    writeln!(out, "{}: {:?}, as of {as_of}", checked.extract, checked.state).unwrap();
    for file in &checked.files {
        out.push_str(&describe_file(file));
    }
    if let Some(batch) = &checked.rows.batch {
        let filled: Vec<String> = batch
            .columns()
            .iter()
            .zip(batch.schema().fields())
            .filter(|(column, _)| column.null_count() < column.len())
            .map(|(column, field)| format!("{} {}", field.name(), column.len() - column.null_count()))
            .collect();
        writeln!(out, "  filled: {}", filled.join(", ")).unwrap();
        let places: Vec<String> = checked
            .rows
            .row
            .iter()
            .zip(&checked.rows.sheet)
            .map(|(row, sheet)| format!("{}{row}", prefix(&checked.sheets[usize::from(*sheet)])))
            .collect();
        writeln!(out, "  rows: {}", places.join(" ")).unwrap();
        writeln!(out, "  content: {}", content(checked)).unwrap();
    }
    if !checked.town_counts.is_empty() {
        writeln!(out, "  towns: {:?}", checked.town_counts).unwrap();
    }
    for held in &checked.quarantine {
        let field = held.field.as_deref().unwrap_or("-");
        let sheet = prefix(&held.sheet);
        writeln!(out, "  held {} {sheet}{} {field} {}: {}", held.file, held.row, held.code, held.reason)
            .unwrap();
    }
    for problem in &checked.problems {
        writeln!(out, "{problem}").unwrap();
    }
    out
}

fn prefix(sheet: &str) -> String {
    if sheet.is_empty() { String::new() } else { format!("{sheet}!") }
}

fn describe_file(file: &FileReport) -> String {
    let mut out = format!("  {}: ", file.name);
    if let Some(reason) = &file.refused {
        writeln!(out, "refused, {reason}").unwrap();
        return out;
    }
    writeln!(
        out,
        "read {} = accepted {} + quarantined {} + dropped {}; passed over {}; dropped columns {:?}; hidden {:?}",
        file.rows_read,
        file.rows_accepted,
        file.rows_quarantined,
        file.rows_dropped,
        file.rows_passed_over,
        file.dropped_columns,
        file.hidden_sheets,
    )
    .unwrap();
    out
}

/// First digits of a digest over all accepted cells.
fn content(checked: &CheckedExtract) -> String {
    let mut digest = Sha256::new();
    for column in checked.rows.batch.iter().flat_map(arrow::array::RecordBatch::columns) {
        let column = column.as_any().downcast_ref::<StringArray>().unwrap();
        for cell in column {
            digest.update(cell.map_or_else(|| "\u{0}".to_owned(), |cell| format!("\u{1}{cell}")));
        }
    }
    let mut hex = String::new();
    for byte in digest.finalize().iter().take(5) {
        write!(hex, "{byte:02x}").unwrap();
    }
    hex
}

#[test]
fn every_kind_of_dirt_is_answered_as_agreed() {
    let kinds = sorted(&root().join("fixtures/broken"));
    assert!(kinds.len() >= 51, "fixtures are missing");
    let tables = Tables::load(Some(&root().join("schemas/tables"))).unwrap();
    for kind in kinds {
        let (checked, mut said) = run(&kind, Limits::default());
        for one in &checked {
            said.push_str(&describe(one));
        }
        let out = standardise(checked, &tables, as_of());
        for at in 0..out.records.len() {
            said.push_str(&typed::describe(&out, at));
        }
        for problem in &out.problems {
            writeln!(said, "{problem}").unwrap();
        }
        let name = kind.file_name().unwrap().to_str().unwrap().to_owned();
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, said);
        });
    }
}

fn kind(name: &str) -> Vec<CheckedExtract> {
    run(&root().join("fixtures/broken").join(name), Limits::default()).0
}

/// The cells of one column in the order of rows.
fn column(checked: &CheckedExtract, field: &str) -> Vec<Option<String>> {
    let batch = checked.rows.batch.as_ref().unwrap();
    let column = batch.column_by_name(field).unwrap();
    let column = column.as_any().downcast_ref::<StringArray>().unwrap();
    column.iter().map(|cell| cell.map(str::to_owned)).collect()
}

#[test]
fn a_conforming_file_of_every_extract_is_complete() {
    let checked = kind("plain-every-extract");
    let found: Vec<&str> = checked.iter().map(|one| one.extract.as_str()).collect();
    let expected: Vec<String> = specs().into_iter().map(|spec| spec.extract).collect();
    assert_eq!(found, expected);
    for one in checked {
        assert_eq!(one.state, ExtractState::Complete, "{}", one.extract);
        assert_eq!(one.problems, [], "{}", one.extract);
        let batch = one.rows.batch.unwrap();
        assert_eq!(batch.num_rows(), 2, "{}", one.extract);
        assert!(batch.columns().iter().all(|column| column.null_count() == 0), "{}", one.extract);
    }
}

#[test]
fn the_same_rows_in_every_encoding_are_the_same_rows() {
    let plain = content(&kind("encoding-plain")[0]);
    for other in ["encoding-bom-crlf", "encoding-declared-wrongly", "encoding-utf16-tabs"] {
        assert_eq!(content(&kind(other)[0]), plain, "{other}");
    }
}

#[test]
fn characters_of_four_bytes_and_of_the_private_area_arrive_as_they_are() {
    let checked = &kind("encoding-four-bytes")[0];
    let names: Vec<String> = column(checked, "name").into_iter().flatten().collect();
    assert_eq!(names, ["赵𠮷", "钱㐂", "孙𬭚", "李\u{e863}"]);
}

#[test]
fn cells_of_every_type_read_as_a_person_reads_them() {
    let checked = &kind("cell-types")[0];
    let ids = column(checked, "resident_id");
    let rounded = |id: &String| id.len() == "3.20681201101011E+17".len() && id.ends_with("E+17");
    assert!(ids[1].as_ref().is_some_and(rounded), "fifteen digits are left, and nothing looks whole");
    assert_eq!(ids[2].as_deref(), Some("3.20681E+17"));
    assert_eq!(column(checked, "birth_date")[0].as_deref(), Some("2012-03-04"));
    assert_eq!(column(checked, "sex")[3], None, "an error cell is empty");
    assert_eq!(column(checked, "category")[4].as_deref(), Some("5"));
    assert_eq!(column(checked, "birth_date")[5].as_deref(), Some("41000"));
    let dates = column(&kind("cell-dates-1904")[0], "birth_date");
    assert_eq!(dates, [Some("2012-03-04".to_owned()), Some("2012-03-04".to_owned())]);
}

#[test]
fn merged_towns_are_filled_down_and_nothing_else() {
    for (name, field, expected) in [
        (
            "sheet-merged",
            "town",
            ["汇龙镇", "汇龙镇", "汇龙镇", "吕四港镇", "吕四港镇", "吕四港镇", "寅阳镇"].as_slice(),
        ),
        ("xls-workbook", "town", &["汇龙镇", "汇龙镇", "汇龙镇", "吕四港镇", "寅阳镇", "汇龙镇"]),
    ] {
        let towns: Vec<String> = column(&kind(name)[0], field).into_iter().flatten().collect();
        assert_eq!(towns, expected, "{name}");
    }
}

#[test]
fn quarantined_rows_carry_their_cells_in_the_order_of_the_contract() {
    let checked = &kind("row-required-empty")[0];
    assert_eq!(checked.quarantine.len(), 3);
    for held in &checked.quarantine {
        assert_eq!(held.cells.len(), checked.contract.field.len());
    }
}

#[test]
fn pulled_files_are_copies_that_nobody_can_change() {
    let work = tempfile::tempdir().unwrap();
    let source = root().join("fixtures/broken/encoding-plain");
    let (pulled, _) = pull(&source, &source, &specs(), &Unsettled::default(), work.path()).unwrap();
    let files: Vec<_> = pulled.iter().flat_map(|extract| &extract.files).collect();
    assert_eq!(files.len(), 1);
    assert!(files[0].path.starts_with(work.path()));
    assert!(fs::metadata(&files[0].path).unwrap().permissions().readonly());
    let (again, _) = pull(&source, &source, &specs(), &Unsettled::default(), work.path()).unwrap();
    let digests: Vec<_> = again.iter().flat_map(|extract| &extract.files).map(|file| &file.sha256).collect();
    assert_eq!(digests, [&files[0].sha256], "a second pull into the same folder gives the same");
}

#[cfg(unix)]
#[test]
fn links_are_refused() {
    let input = tempfile::tempdir().unwrap();
    let outside = root().join("fixtures/broken/encoding-plain/civil-affairs");
    fs::create_dir(input.path().join("civil-affairs")).unwrap();
    let name = "走访记录_20261130.csv";
    std::os::unix::fs::symlink(outside.join(name), input.path().join("civil-affairs").join(name)).unwrap();
    std::os::unix::fs::symlink(&outside, input.path().join("education")).unwrap();
    let work = tempfile::tempdir().unwrap();
    let (pulled, general) =
        pull(input.path(), input.path(), &specs(), &Unsettled::default(), work.path()).unwrap();
    assert!(pulled.iter().all(|extract| extract.files.is_empty()));
    let codes: Vec<_> = pulled.iter().flat_map(|extract| &extract.problems).map(|one| one.code).collect();
    assert_eq!(codes, ["symlink"]);
    assert_eq!(general.iter().filter(|one| one.code == "symlink").count(), 1);
}

#[test]
fn limits_refuse_what_would_need_too_much_memory() {
    let input = tempfile::tempdir().unwrap();
    let folder = input.path().join("civil-affairs");
    fs::create_dir(&folder).unwrap();
    let header = "记录编号,姓名,走访日期,走访类型\n";
    let huge = format!("{header}1,\"{}\",2026-11-01,月访\n", "长".repeat(2_000_000));
    fs::write(folder.join("走访记录_一_20261130.csv"), huge).unwrap();
    let cell = format!("{header}1,{},2026-11-01,月访\n", "长".repeat(50_000));
    fs::write(folder.join("走访记录_二_20261130.csv"), cell).unwrap();
    let wide = format!("{header}{}\n", ",".repeat(20_000));
    fs::write(folder.join("走访记录_三_20261130.csv"), wide).unwrap();
    let (checked, _) = run(input.path(), Limits::default());
    let codes: Vec<_> = checked[0].problems.iter().map(|one| one.code).collect();
    assert_eq!(codes, ["row_too_long", "too_many_columns", "cell_too_long"]);

    let rows = Limits { rows_max: 3, ..Limits::default() };
    let (checked, _) = run(&root().join("fixtures/broken/encoding-plain"), rows);
    assert_eq!(checked[0].problems[0].code, "too_many_rows");
    let held = Limits { quarantined_rows_max: 2, ..Limits::default() };
    let (checked, _) = run(&root().join("fixtures/broken/row-required-empty"), held);
    assert_eq!(checked[0].problems[0].code, "too_many_quarantined");
    let zip = Limits { zip_unpacked_max: 1000, ..Limits::default() };
    let (checked, _) = run(&root().join("fixtures/broken/cell-types"), zip);
    assert_eq!(checked[0].problems[0].code, "zip_bomb");
}
