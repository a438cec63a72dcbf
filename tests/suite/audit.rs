//! Who looked at values in full, and who may have numbers in full.

use std::fs;

use doudi::ledger::{Ledger, LedgerError, Look};
use serde_json::json;

use crate::county::{County, NIGHT, copy};

/// Lets every account look.
pub(crate) fn approve_looks(county: &County) {
    let table = county.folder.join("schemas/tables/look_approvals.csv");
    let head = fs::read_to_string(&table).unwrap();
    fs::write(table, format!("{head}*,周某,2020-01-01,2999-12-31,某民〔2026〕1号\n")).unwrap();
}

fn look(what: &str) -> Look {
    Look {
        at: "2026-11-20T09:00:00+08:00".into(),
        by: "wangmou".into(),
        command: "explain case".into(),
        what: what.into(),
        reason: "电话核对".into(),
        approval: String::new(),
    }
}

#[test]
fn a_line_of_the_log_that_is_changed_or_missing_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let mut ledger = Ledger::open(&path).unwrap();
    assert_eq!(ledger.verify_looks().unwrap(), 0);
    for what in ["甲", "乙", "丙"] {
        ledger.note(&look(what)).unwrap();
    }
    assert_eq!((ledger.verify_looks().unwrap(), ledger.verify().unwrap()), (3, 0));
    drop(ledger);
    let raw = rusqlite::Connection::open(&path).unwrap();
    for sql in ["UPDATE access SET reason = ''", "DELETE FROM access"] {
        assert!(raw.execute(sql, []).unwrap_err().to_string().contains("append-only"), "{sql}");
    }
    raw.execute_batch("DROP TRIGGER access_is_never_updated; DROP TRIGGER access_is_never_deleted;").unwrap();
    let verdict = || Ledger::open_for_planning(&path).unwrap().verify_looks();
    raw.execute("UPDATE access SET account = 'other' WHERE seq = 2", []).unwrap();
    assert!(matches!(verdict(), Err(LedgerError::DamagedLog { seq: 2 })));
    raw.execute("UPDATE access SET account = 'wangmou' WHERE seq = 2", []).unwrap();
    assert_eq!(verdict().unwrap(), 3);
    raw.execute("DELETE FROM access WHERE seq = 3", []).unwrap();
    assert!(matches!(verdict(), Err(LedgerError::DamagedLog { seq: 3 })));
    raw.execute("DELETE FROM access", []).unwrap();
    assert!(matches!(verdict(), Err(LedgerError::DamagedLog { seq: 1 })));
}

#[test]
fn what_is_shown_in_full_wants_a_reason_and_is_logged_without_a_value() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    let case = county.rows("cases.parquet", &["case_number"])[0][0].clone();
    let mentions = county.rows("mentions.parquet", &["extract", "row_key", "role", "identity_id"]);
    let of_roll: Vec<&Vec<String>> = mentions.iter().filter(|row| row[0] == "population").take(2).collect();
    let [left, right] = [0, 1].map(|at| of_roll[at][..3].join(":"));
    let person = of_roll[0][3].clone();

    assert_eq!(county.refused(&["explain", "case", &case, "--full"]).0, 2);
    assert_eq!(county.refused(&["case", "show", &case, "--full", "--reason", " "]).0, 2);
    assert_eq!(county.json(&["audit", "list"]), json!([]));
    // What is masked is not logged, and what cannot be logged is not shown.
    county.well(&["explain", "case", &case]);
    assert_eq!(county.json(&["audit", "list"]), json!([]));
    let why = ["--full", "--reason", "电话核对"];
    let page = county.folder.join("page.html");
    let html = ["--html", page.to_str().unwrap()];
    let shown = [
        [&["explain", "case", &case][..], &html].concat(),
        vec!["explain", "identity", &person],
        vec!["explain", "pair", &left, &right],
        vec!["case", "show", &case],
    ];
    // Nobody approved it: nothing is shown, nothing written, and the line that is missing is told.
    for arguments in &shown {
        let (code, said) = county.refused(&[arguments, &why[..]].concat());
        assert!(code == 2 && said.contains("no approval") && said.contains("look_approvals.csv"), "{said}");
    }
    assert!(!page.exists());
    assert_eq!(county.json(&["audit", "list"]), json!([]));
    approve_looks(&county);
    let lost = ["explain", "case", &case, "--full", "--reason", "核对", "--state", "nowhere"];
    assert_eq!(county.refused(&lost).0, 4);
    for arguments in &shown {
        county.well(&[arguments, &why[..]].concat());
    }
    let told = county.json(&["audit", "list"]);
    let lines = told.as_array().unwrap();
    let commands: Vec<&str> = lines.iter().map(|line| line["command"].as_str().unwrap()).collect();
    assert_eq!(commands, ["explain case", "explain identity", "explain pair", "case show"]);
    for line in lines {
        assert_eq!(line["reason"], "电话核对");
        assert_eq!(line["approval"], "周某 2020-01-01 批准，至 2999-12-31，某民〔2026〕1号");
        for field in ["at", "account", "what"] {
            assert!(!line[field].as_str().unwrap().is_empty(), "{field}: {line}");
        }
        let digits = |text: &str| text.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
        assert!(digits(line["what"].as_str().unwrap()) < Some(15), "a number of a person: {line}");
    }
    assert_eq!((&lines[0]["what"], &lines[3]["what"]), (&json!(case), &json!(case)));
    assert_eq!(county.json(&["audit", "list", "--account", "nobody"]), json!([]));
    assert_eq!(county.json(&["audit", "list", "--since", "9999-01-01"]), json!([]));
    assert!(county.well(&["audit", "list"]).starts_with("序号"));

    // The look did not touch the events; both chains hold, and a broken one is told.
    let verified = county.json(&["audit", "verify"]);
    assert_eq!(
        (&verified["events"]["intact"], &verified["access"]),
        (&json!(true), &json!({ "intact": true, "count": 4 }))
    );
    let raw = rusqlite::Connection::open(county.folder.join("state/ledger.sqlite")).unwrap();
    raw.execute_batch("DROP TRIGGER access_is_never_updated; UPDATE access SET reason = 'x' WHERE seq = 1")
        .unwrap();
    drop(raw);
    let broken = county.doudi(&["audit", "verify"]);
    assert_eq!(broken.status.code(), Some(4));
    assert!(
        String::from_utf8_lossy(&broken.stdout).contains("台账事件"),
        "the other chain is told all the same"
    );
}

#[test]
fn a_ledger_that_was_emptied_or_is_gone_is_no_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    let path = county.folder.join("state/ledger.sqlite");
    fs::write(&path, "").unwrap();
    let without = |command: &str| {
        let (code, said) = county.refused(&["audit", command]);
        assert!(code == 4 && said.contains("failed to audit: there is no ledger"), "{code} {said}");
    };
    without("verify");
    fs::remove_file(&path).unwrap();
    without("verify");
    without("list");
}

#[test]
fn numbers_go_out_in_full_only_with_an_approval_and_the_run_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    county.change("schemas/tables/disclosure.csv", "education,full,full,masked", "education,full,full,full");
    // Masked and full numbers of the list, and what the run says.
    let numbers = |run: &str| -> (usize, usize, String) {
        county.well(&["run", "pipelines/nightly.toml", "--as-of", run]);
        let list = format!("out/latest/lists/education/控辍保学疑似清单_{run}.csv");
        let list = fs::read_to_string(county.folder.join(list)).unwrap();
        let manifest = county.manifest();
        let said = manifest["problems"].as_array().unwrap().iter();
        let said = said.filter(|one| one["code"].as_str().unwrap().starts_with("full_numbers"));
        let said: Vec<&str> = said.map(|one| one["code"].as_str().unwrap()).collect();
        let masked = list.matches("********").count();
        let whole = list
            .split(',')
            .filter(|cell| cell.is_ascii() && cell.len() == 18 && cell[..17].parse::<u64>().is_ok());
        (masked, whole.count(), said.join(","))
    };
    let all = numbers("2026-11-20");
    assert_eq!((all.1, all.2.as_str()), (0, "full_numbers_not_approved"));
    let approvals = || -> Vec<String> {
        let lines = county.json(&["handover", "--recipient", "education", "--since", "2026-11-21"]);
        lines.as_array().unwrap().iter().map(|line| line["approval"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(county.json(&["audit", "list"]), json!([]), "what is masked is no access");
    let table = county.folder.join("schemas/tables/full_approvals.csv");
    let head = fs::read_to_string(&table).unwrap();
    fs::write(&table, format!("{head}education,id_number,周某,2026-11-01,2026-11-30,\n")).unwrap();
    // Children below 14 stay masked whatever was approved, until the table of protected classes says otherwise.
    let (masked, whole, said) = numbers("2026-11-21");
    assert_eq!((masked + whole, said.as_str()), (all.0, "full_numbers_approved"));
    assert!(masked > 0 && whole > 0, "{masked} children below 14, {whole} others");
    let approval = "周某 2026-11-01 批准，至 2026-11-30";
    assert!(approvals().iter().all(|words| words == approval) && !approvals().is_empty());
    let others = county.json(&["handover", "--recipient", "civil-affairs"]);
    assert!(others.as_array().unwrap().iter().all(|line| line["approval"] == ""));
    let looks = county.json(&["audit", "list"]);
    let [look] = looks.as_array().unwrap().as_slice() else { panic!("one line for one recipient: {looks}") };
    assert_eq!((&look["command"], &look["approval"]), (&json!("run"), &json!(approval)));
    let files = approvals().len();
    assert!(look["what"].as_str().unwrap().contains(&format!("提供给教体局的 {files} 个文件")), "{look}");
    assert_eq!(county.json(&["audit", "verify"])["access"], json!({ "intact": true, "count": 1 }));

    let masked_for_all = "id_number,14,,";
    county.change("schemas/tables/protected.csv", masked_for_all, "id_number,14,education,");
    assert_eq!(numbers("2026-11-22"), (0, all.0, "full_numbers_approved".to_owned()));
}
