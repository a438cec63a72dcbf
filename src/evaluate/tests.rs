//! A run of seven rows whose figures are computed by hand.

use std::fs;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch, StringArray, UInt32Array};
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

use super::*;
use crate::domain::ResidentId;

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    let mut writer = ArrowWriter::try_new(fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn text<'a>(values: impl IntoIterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// (extract, row, identity) → `mentions.parquet`; the row key is `<extract><row>`.
fn write_mentions(run: &Path, rows: &[(&str, u32, i64)]) {
    let keys: Vec<String> = rows.iter().map(|row| format!("{}{}", row.0, row.1)).collect();
    let files: Vec<String> = rows.iter().map(|row| format!("{}.csv", row.0)).collect();
    write(
        &run.join("artifacts/mentions.parquet"),
        vec![
            ("extract", text(rows.iter().map(|row| row.0))),
            ("file", text(files.iter().map(String::as_str))),
            ("sheet", text(rows.iter().map(|_| ""))),
            ("row", Arc::new(UInt32Array::from_iter_values(rows.iter().map(|row| row.1)))),
            ("row_key", text(keys.iter().map(String::as_str))),
            ("role", text(rows.iter().map(|_| "subject"))),
            ("identity_id", Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.2)))),
        ],
    );
}

/// (rule, extract, row key, event, annex) → `findings.parquet`.
fn write_findings(run: &Path, rows: &[(&str, &str, &str, &str, bool)]) {
    write(
        &run.join("artifacts/findings.parquet"),
        vec![
            ("rule", text(rows.iter().map(|row| row.0))),
            ("list", text(rows.iter().map(|_| "first"))),
            ("subject_extract", text(rows.iter().map(|row| row.1))),
            ("subject_role", text(rows.iter().map(|_| "subject"))),
            ("subject_row_key", text(rows.iter().map(|row| row.2))),
            ("event", text(rows.iter().map(|row| row.3))),
            ("annex", Arc::new(rows.iter().map(|row| Some(row.4)).collect::<BooleanArray>())),
        ],
    );
}

/// (row, number as the body of an identity number) → `records/<extract>.parquet`.
fn write_records(run: &Path, extract: &str, rows: &[(u32, Option<u64>)]) {
    let ids = rows.iter().map(|row| row.1.map(|body| ResidentId::from_body(body).text()));
    let file = format!("{extract}.csv");
    write(
        &run.join(format!("artifacts/records/{extract}.parquet")),
        vec![
            ("file", text(rows.iter().map(|_| file.as_str()))),
            ("sheet", text(rows.iter().map(|_| ""))),
            ("row", Arc::new(UInt32Array::from_iter_values(rows.iter().map(|row| row.0)))),
            ("number", Arc::new(ids.collect::<StringArray>())),
            ("called", text(rows.iter().map(|_| "王一"))),
            ("subject_birth", Arc::new(rows.iter().map(|_| None::<i32>).collect::<Date32Array>())),
        ],
    );
}

/// A contract of two fields with the given tail of further fields and roles.
fn contract(tail: &str) -> Arc<Contract> {
    let head = r#"
title = "t"
owner = "o"
version = 1
grain = "g"
files = []
formats = ["csv"]
[field.called]
headers = ["n"]
type = "name"
[field.number]
headers = ["i"]
type = "resident_id"
"#;
    Arc::new(toml::from_str(&format!("{head}{tail}")).unwrap())
}

const SUBJECT: &str = "[[mention]]\nrole = \"subject\"\nname = \"called\"\nresident_id = \"number\"\n";

/// The run: person 1 is right (one row of three was quarantined), 2, 3 and 4 are mixed up.
fn sample() -> (TempDir, EvaluateInput) {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    write_mentions(
        &run,
        &[("a", 2, 10), ("a", 3, 20), ("a", 4, 30), ("b", 2, 10), ("b", 3, 30), ("b", 4, 20), ("b", 9, 40)],
    );
    write_records(&run, "a", &[(2, Some(1)), (3, Some(2)), (4, Some(3))]);
    write_records(&run, "b", &[(2, None), (3, Some(2)), (4, Some(3)), (9, Some(4))]);
    write_findings(
        &run,
        &[
            ("r_one", "a", "a2", "2026", false),
            ("r_one", "a", "a4", "2026", false),
            ("r_one", "b", "b4", "other", false),
            ("r_one", "a", "a3", "2026", true),
            ("r_one", "b", "b9", "2026", false),
            ("r_three", "a", "a2", "", false),
        ],
    );
    let truth = dir.path().join("truth.csv");
    let rows = "a,a.csv,,2,subject,p1\na,a.csv,,3,subject,p2\na,a.csv,,4,subject,p3\nb,b.csv,,2,subject,p1\n\
                b,b.csv,,3,subject,p2\nb,b.csv,,4,subject,p4\nb,b.csv,,5,subject,p1\n";
    fs::write(&truth, format!("\u{feff}extract,file,sheet,row,role,person\n{rows}")).unwrap();
    fs::write(dir.path().join("truth_strata.csv"), "person,stratum\np2,twins\np3,twins\np9,twins\n").unwrap();
    let findings = dir.path().join("findings_truth.csv");
    fs::write(&findings, "rule,person,event\nr_one,p1,2026\nr_one,p2,2026\nr_one,p4,e\nr_two,p9,\n").unwrap();
    let contracts = ["a", "b"].map(|extract| (extract.to_owned(), contract(SUBJECT)));
    let input = EvaluateInput {
        run_dir: run,
        truth,
        findings: Some(findings),
        strata: None,
        contracts: contracts.into_iter().collect(),
        baseline: false,
        baseline_run: None,
    };
    (dir, input)
}

#[track_caller]
fn near(got: f64, wanted: f64) {
    assert!((got - wanted).abs() < 1e-12, "{got} is not {wanted}");
}

#[test]
fn links_are_measured_by_pairs_and_by_mentions() {
    let (_dir, input) = sample();
    let links = evaluate(&input).unwrap().links;
    // One of three pairs is right; p1 has three true pairs and p2 one.
    near(links.precision, 1.0 / 3.0);
    near(links.recall, 1.0 / 4.0);
    near(links.f1, 2.0 / 7.0);
    near(links.mentions.precision, 4.0 / 6.0);
    near(links.mentions.recall, (4.0 / 3.0 + 0.5 + 1.0 + 1.0 + 0.5) / 7.0);
    assert_eq!(links.rows, Rows { truth: 7, missed: 1, without_truth: 1 });
}

#[test]
fn a_stratum_counts_the_pairs_that_touch_its_persons() {
    let (_dir, input) = sample();
    let strata = evaluate(&input).unwrap().strata;
    let twins = &strata["twins"];
    assert_eq!((strata.len(), twins.persons), (1, 2));
    near(twins.precision, 0.0);
    near(twins.recall, 0.0);
    near(twins.f1, 0.0);
    near(twins.mentions.precision, 1.5 / 3.0);
    near(twins.mentions.recall, 2.0 / 3.0);
}

#[test]
fn whoever_may_stand_for_a_matter_counts_as_the_one_who_is_expected() {
    let (dir, input) = sample();
    let quality = |rule: &str| evaluate(&input).unwrap().findings[rule].clone();
    let before = quality("r_one");
    assert_eq!((before.expected, before.found, before.false_alarms), (3, 4, 2));
    // Of the matter of p2, who is in the annex only, p3 was found.
    fs::write(
        dir.path().join("findings_stand_ins.csv"),
        "rule,person,stand_in\nr_one,p2,p3\nr_two,p9,p1\nr_one,p9,p8\n",
    )
    .unwrap();
    let after = quality("r_one");
    assert_eq!((after.expected, after.found, after.false_alarms), (3, 4, 1));
    near(after.recall, 1.0);
    assert_eq!(quality("r_three").found, 1, "who stands for somebody in one rule does not in another");
}

#[test]
fn findings_are_measured_by_person_and_by_event() {
    let (_dir, input) = sample();
    let findings = evaluate(&input).unwrap().findings;
    assert_eq!(findings.keys().collect::<Vec<_>>(), ["r_one", "r_three", "r_two"]);
    let one = &findings["r_one"];
    assert_eq!((one.expected, one.found, one.false_alarms), (3, 4, 2));
    assert_eq!((one.annex, one.missed_in_annex), (1, 1));
    near(one.precision, 0.5);
    near(one.recall, 2.0 / 3.0);
    assert_eq!((one.exact.expected, one.exact.found), (3, 4));
    near(one.exact.precision, 0.25);
    near(one.exact.recall, 1.0 / 3.0);
    let two = &findings["r_two"];
    assert_eq!((two.expected, two.found), (1, 0));
    near(two.precision, 1.0);
    near(two.recall, 0.0);
    let three = &findings["r_three"];
    assert_eq!((three.expected, three.found, three.false_alarms), (0, 1, 1));
    near(three.precision, 0.0);
    near(three.recall, 1.0);
}

#[test]
fn the_id_only_join_is_measured_from_the_records() {
    let (dir, mut input) = sample();
    input.baseline = true;
    let baseline = evaluate(&input).unwrap().baseline.unwrap();
    // Number 2 joins p2's rows rightly, number 3 joins p3 with p4, p1's second row has no number.
    near(baseline.links.precision, 1.0 / 2.0);
    near(baseline.links.recall, 1.0 / 4.0);
    near(baseline.strata["twins"].recall, 1.0);
    near(baseline.strata["twins"].precision, 0.5);
    assert!(baseline.findings.is_empty());

    let other = dir.path().join("other");
    write_mentions(&other, &[("a", 3, 1)]);
    write_findings(&other, &[("r_one", "a", "a3", "2026", false)]);
    input.baseline_run = Some(other);
    let findings = evaluate(&input).unwrap().baseline.unwrap().findings;
    assert_eq!((findings["r_one"].found, findings["r_one"].false_alarms), (1, 0));
    near(findings["r_one"].recall, 1.0 / 3.0);
}

/// Children with their fathers: (name, former name, number, birth, father) by row from 2 on.
type Child<'a> = (&'a str, Option<&'a str>, Option<u64>, i32, &'a str);

fn write_families(dir: &Path, rows: &[Child<'_>]) {
    let ids = rows.iter().map(|row| row.2.map(|body| ResidentId::from_body(body).text()));
    let numbers = 2..2 + u32::try_from(rows.len()).unwrap();
    write(
        &dir.join("run/artifacts/records/c.parquet"),
        vec![
            ("file", text(rows.iter().map(|_| "c.csv"))),
            ("sheet", text(rows.iter().map(|_| ""))),
            ("row", Arc::new(UInt32Array::from_iter_values(numbers.clone()))),
            ("called", text(rows.iter().map(|row| row.0))),
            ("once", Arc::new(rows.iter().map(|row| row.1).collect::<StringArray>())),
            ("number", Arc::new(ids.collect::<StringArray>())),
            ("child_birth", Arc::new(rows.iter().map(|row| Some(row.3)).collect::<Date32Array>())),
            ("father_called", text(rows.iter().map(|row| row.4))),
            ("father_birth", Arc::new(rows.iter().map(|_| None::<i32>).collect::<Date32Array>())),
        ],
    );
    let mut truth = String::from("extract,file,sheet,row,role,person\n");
    for (number, row) in numbers.zip(rows) {
        let lines = format!("c,c.csv,,{number},child,child {number}\nc,c.csv,,{number},father,{}\n", row.4);
        truth.push_str(&lines);
    }
    fs::write(dir.join("truth.csv"), truth).unwrap();
}

#[test]
fn strata_are_derived_where_no_file_tells_them() {
    let (dir, mut input) = sample();
    fs::remove_file(dir.path().join("truth_strata.csv")).unwrap();
    write_families(
        dir.path(),
        &[
            ("王一", None, Some(1), 100, "father a"),
            ("王二", Some("王大"), Some(2), 100, "father a"),
            ("王㐂", None, None, 900, "father a"),
            ("李一", None, Some(4), 100, "father b"),
            ("王一", None, Some(5), 100, "father c"),
            ("王一", None, Some(6), 300, "father d"),
        ],
    );
    let roles = "[field.once]\nheaders = []\ntype = \"name\"\n[field.father_called]\nheaders = []\ntype = \"name\"\n\
                 [[mention]]\nrole = \"child\"\nname = \"called\"\nformer_name = \"once\"\nresident_id = \"number\"\n\
                 [[mention]]\nrole = \"father\"\nname = \"father_called\"\nof = \"child\"\nrelation = { is = \"father\" }\n";
    input.contracts = BTreeMap::from([("c".to_owned(), contract(roles))]);
    let strata = evaluate(&input).unwrap().strata;
    let persons: Vec<(&str, u64)> =
        strata.iter().map(|(name, quality)| (name.as_str(), quality.persons)).collect();
    // Fathers have no number at all; their names are Latin here, so neither rare nor common.
    let wanted = [
        ("changed_name", 1),
        ("common_name", 3),
        ("no_id", 5),
        ("rare_char", 1),
        ("siblings", 3),
        ("twins", 2),
    ];
    assert_eq!(persons, wanted);
}

#[test]
fn the_json_has_the_agreed_keys() {
    let (_dir, mut input) = sample();
    input.baseline = true;
    let json: serde_json::Value = serde_json::from_str(&evaluate(&input).unwrap().json()).unwrap();
    for path in [
        "/links/precision",
        "/links/recall",
        "/links/f1",
        "/links/mentions/f1",
        "/strata/twins/precision",
        "/findings/r_one/expected",
        "/findings/r_one/found",
        "/findings/r_one/precision",
        "/findings/r_one/recall",
        "/findings/r_one/annex",
        "/findings/r_one/missed_in_annex",
        "/baseline/links/f1",
        "/baseline/strata/twins/f1",
    ] {
        assert!(json.pointer(path).is_some_and(serde_json::Value::is_number), "{path}");
    }
    input.baseline = false;
    let json: serde_json::Value = serde_json::from_str(&evaluate(&input).unwrap().json()).unwrap();
    assert!(json.get("baseline").is_none());
}

#[test]
fn the_text_shows_both_ways_to_link() {
    let (_dir, mut input) = sample();
    input.baseline = true;
    let text = evaluate(&input).unwrap().text();
    insta::assert_snapshot!(text, @r"
    links                          precision      recall          f1
    pairs                             33.33%      25.00%      28.57%
    mentions (B-cubed)                66.67%      61.90%      64.20%
    id-only join, pairs               50.00%      25.00%      33.33%
    id-only join, mentions            83.33%      66.67%      74.07%
    truth rows 7, of them without a mention (missed) 1; mentions without truth (left out) 1

    strata (pairs)    persons   precision      recall          f1    id-only p.    id-only r.
    twins                   2       0.00%       0.00%       0.00%        50.00%       100.00%

    findings (persons)              expected   found  precision    recall    false  annex   of them
    r_one                                  3       4     50.00%    66.67%        2      1         1
    r_three                                0       1      0.00%   100.00%        1      0         0
    r_two                                  1       0    100.00%     0.00%        0      0         0
    false: found but not expected; of them: persons of the annex that are expected
    false alarms of list first: 3
    ");
}

#[test]
fn what_is_missing_is_named() {
    let (dir, mut input) = sample();
    input.contracts.clear();
    input.baseline = true;
    assert!(matches!(evaluate(&input), Err(EvaluateError::ContractsMissing)));
    fs::write(&input.truth, "extract,file,sheet,row,role\n").unwrap();
    let error = evaluate(&input).unwrap_err().to_string();
    assert_eq!(error, format!("find column `person` in {}", input.truth.display()));
    fs::write(&input.truth, "extract,file,sheet,row,role,person\na,f,,x,r,p\n").unwrap();
    let error = evaluate(&input).unwrap_err().to_string();
    assert_eq!(error, format!("read `row` in line 2 of {}: not a row number", input.truth.display()));
    input.truth = dir.path().join("none.csv");
    assert!(matches!(evaluate(&input), Err(EvaluateError::Open { path, .. }) if path == input.truth));
}
