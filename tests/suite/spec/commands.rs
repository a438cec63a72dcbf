//! The program itself: what it prints and how it ends.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::{Copy, root};

/// Runs the program in a folder.
fn doudi(folder: &Path, arguments: &[&str]) -> Output {
    crate::logs::output(Command::new(env!("CARGO_BIN_EXE_doudi")).args(arguments).current_dir(folder))
}

/// Exit code, standard output, standard error.
fn ended(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn check_says_what_will_run() {
    let (code, out, err) = ended(&doudi(root(), &["check", "pipelines/nightly.toml"]));
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains(" 34 of 10 agencies\n"), "{out}");
    assert!(out.contains("\n  dropout    d_key_group_no_roll, d_hukou_no_roll"), "{out}");
    assert!(out.contains("\n  --> pipelines/rules/u_orphan.sql:11\n"), "{out}");
    assert!(out.trim_end().ends_with(" warnings"), "{out}");
}

#[test]
fn check_ends_with_2_and_the_number_of_errors() {
    let copy = Copy::new();
    copy.change("pipelines/nightly.toml", "\"u_orphan\"", "\"u_orphann\"").change(
        "pipelines/link.toml",
        "max_block = 3000",
        "max_blok = 3000",
    );
    let (code, out, err) = ended(&doudi(copy.folder.path(), &["check", "pipelines/nightly.toml"]));
    assert_eq!((code, err.as_str()), (2, ""));
    assert!(out.contains("error[unknown_rule]: there is no rule `u_orphann` in pipelines/rules\n"), "{out}");
    assert!(out.contains("help: did you mean `u_orphan`?"), "{out}");
    assert!(out.contains("  --> pipelines/link.toml:"), "{out}");
    assert!(out.contains("\n2 errors, "), "{out}");
    assert!(!out.contains("digest"), "{out}");
}

#[test]
fn check_speaks_json() {
    let good = doudi(&root().join("pipelines"), &["check", "nightly.toml", "--json"]);
    let told = json(&good);
    assert_eq!((good.status.code(), &told["errors"]), (Some(0), &Value::from(0)));
    assert_eq!(told["plan"]["extracts"].as_array().unwrap().len(), 34);
    assert_eq!(told["plan"]["digest"].as_str().unwrap().len(), 64);
    let copy = Copy::new();
    copy.change("pipelines/nightly.toml", "as_of   = \"2026", "as_of   = \"26");
    let bad = doudi(copy.folder.path(), &["check", "pipelines/nightly.toml", "--json"]);
    let told = json(&bad);
    assert_eq!((bad.status.code(), &told["errors"]), (Some(2), &Value::from(1)));
    assert_eq!(told["plan"], Value::Null);
    let problem = &told["problems"][0];
    assert_eq!((&problem["code"], &problem["line"]), (&Value::from("invalid_day"), &Value::from(4)));
    assert_eq!(problem["file"], "pipelines/nightly.toml");
}

#[test]
fn a_pipeline_that_is_not_there_is_no_bug() {
    let (code, out, err) = ended(&doudi(root(), &["check", "pipelines/none.toml"]));
    assert_eq!((code, err.as_str()), (2, ""));
    let wanted =
        "error[file_unreadable]: read the pipeline pipelines/none.toml: it does not exist\n\n1 error\n";
    assert_eq!(out, wanted);
}

#[test]
fn test_runs_the_cases_of_all_rules() {
    let (code, out, err) = ended(&doudi(root(), &["test", "pipelines/nightly.toml"]));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert_eq!(
        out.lines().filter(|line| line.starts_with("ok ")).count(),
        121,
        "101 rules, 6 spot checks, 12 policies and the views of two ledgers: {out}"
    );
    assert!(out.contains(" cases hold, 0 fail\n\nboundary cases of the rule book, by number:\n"), "{out}");
    let numbered = |number: &str| out.lines().find(|line| line.trim_start().starts_with(number));
    assert!(numbered("12 ").is_some_and(|line| line.contains("e_category_change")), "{out}");
    let last = out.trim_end().lines().last().unwrap();
    assert_eq!(last, "boundary cases 1-25 that are cases here: 1-25");
}

#[test]
fn test_tells_failing_and_missing_cases() {
    let copy = Copy::new();
    copy.change(
        "pipelines/rules/u_orphan.cases.toml",
        "finds = [",
        "finds = [{ subject_row_key = \"nobody\" }, ",
    );
    std::fs::remove_file(copy.path("pipelines/rules/e_dead_paid.cases.toml")).unwrap();
    let arguments = ["test", "pipelines/nightly.toml", "u_orphan", "e_dead_paid", "e_hukou_moved"];
    let (code, out, _) = ended(&doudi(copy.folder.path(), &arguments));
    assert_eq!(code, 2);
    assert!(out.contains("did not find nobody ()"), "{out}");
    assert!(out.contains("e_dead_paid.cases.toml: it does not exist"), "{out}");
    assert!(out.contains("3 rules: "), "{out}");
    assert!(out.contains(", 1 fail, 1 problem of cases files"), "{out}");
    let told = json(&doudi(copy.folder.path(), &[&arguments[..], &["--json"]].concat()));
    let holds: Vec<bool> =
        told.as_array().unwrap().iter().map(|rule| rule["holds"].as_bool().unwrap()).collect();
    assert_eq!(holds, [false, true, false], "in the order of the pipeline");
    let (code, _, err) = ended(&doudi(root(), &["test", "pipelines/nightly.toml", "u_orfan"]));
    assert_eq!(code, 2);
    assert!(err.contains("did you mean `u_orphan`?"), "{err}");
}

#[test]
fn list_knows_every_kind() {
    for (what, one, some, columns) in [
        ("rules", "rule", "u_orphan", 5),
        ("contracts", "extract", "student_roll", 5),
        ("comparators", "comparator", "person_name", 3),
        ("tables", "table", "codes/yes_no", 4),
        ("recipients", "recipient", "civil-affairs", 4),
    ] {
        let output = doudi(root(), &["list", what, "pipelines/nightly.toml", "--json"]);
        let told = json(&output);
        let rows = told.as_array().unwrap();
        let row = rows.iter().find(|row| row[one] == some);
        assert_eq!(row.map(|row| row.as_object().unwrap().len()), Some(columns), "{what}: {told}");
        let (code, out, _) = ended(&doudi(root(), &["list", what, "pipelines/nightly.toml"]));
        assert_eq!((code, out.lines().count()), (0, rows.len() + 1), "{out}");
    }
    let (code, out, _) = ended(&doudi(root(), &["list", "contracts", "--schemas", "schemas"]));
    assert_eq!((code, out.lines().count()), (0, 35));
    let (code, _, err) = ended(&doudi(root(), &["list", "rules"]));
    assert_eq!(code, 2);
    assert!(err.contains("no pipeline is named"), "{err}");
}

#[test]
fn schemas_of_toml_kinds_are_up_to_date() {
    let (code, out, err) = ended(&doudi(root(), &["schema", "--check"]));
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""));
}
