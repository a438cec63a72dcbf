//! `doudi status`: what it says, and that it touches nothing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::county::{County, NIGHT, copy};

/// Every file below a folder with its content; links with their targets.
fn everything(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.path().display().to_string();
        if entry.file_type().unwrap().is_symlink() {
            found.insert(name, fs::read_link(entry.path()).unwrap().into_os_string().into_encoded_bytes());
        } else if entry.path().is_dir() {
            found.insert(format!("{name}/"), Vec::new());
            found.extend(everything(&entry.path()));
        } else {
            found.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    found
}

/// The shared night in a folder of its own, to be disturbed.
fn night() -> (tempfile::TempDir, County) {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    (folder, county)
}

#[test]
fn a_finished_night_is_told_and_nothing_is_touched() {
    let before = everything(&NIGHT.folder);
    let told = NIGHT.json(&["status"]);
    let text = NIGHT.well(&["status"]);
    NIGHT.well(&["explain", "case", &NIGHT.rows("cases.parquet", &["case_number"])[0][0]]);
    assert!(before == everything(&NIGHT.folder), "a look has changed something");

    let last = &told["last_run"];
    assert_eq!(
        (&last["as_of"], &last["folder_present"], &last["latest"]),
        (&json!("2026-11-20"), &json!(true), &json!(true))
    );
    assert_eq!((&told["at_work"], &told["leftovers"]), (&Value::Null, &json!([])));
    assert_eq!(told["ledger"]["intact"], true);
    let cases = NIGHT.rows("cases.parquet", &["rule"]);
    let of_rule = |rule: &str| cases.iter().filter(|case| case[0] == rule).count();
    let annex = NIGHT.rows("cases.parquet", &["rule", "annex"]);
    let annexed = |rule: &str| annex.iter().filter(|case| case[0] == rule && case[1] == "true").count();
    assert!(annex.iter().any(|case| case[1] == "true"));
    let counted = told["cases"].as_object().unwrap();
    let rules: std::collections::BTreeSet<&String> = cases.iter().map(|case| &case[0]).collect();
    assert!(counted.keys().eq(rules) && counted.len() >= 13, "{counted:?}");
    for (rule, counts) in counted {
        assert_eq!((&counts["open"], &counts["withdrawn"]), (&json!(of_rule(rule)), &json!(0)), "{rule}");
        assert_eq!(counts["new"], counts["open"], "{rule}");
        assert_eq!(counts["annex"], json!(annexed(rule)), "{rule}");
    }
    assert_eq!(told["deliveries"]["student_roll"]["as_of"], "2026-11-15");
    assert!(told["deliveries"]["population"]["rows"].as_u64().unwrap() > 1000);
    assert_eq!(told["never_delivered"], json!([]));
    for words in ["指向最近一次运行", "完好，", "中断残留      没有", "student_roll", "重点儿童无学籍"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn before_the_first_night_there_is_nothing_and_nothing_appears() {
    let folder = tempfile::tempdir().unwrap();
    for part in ["pipelines", "schemas"] {
        copy(&NIGHT.folder.join(part), &folder.path().join(part));
    }
    let county = County { folder: folder.path().to_owned() };
    let told = county.json(&["status"]);
    assert_eq!(
        (&told["last_run"], &told["ledger"], &told["latest"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(told["never_delivered"].as_array().unwrap().len(), 34);
    assert!(county.well(&["status"]).contains("还没有提交过"));
    assert!(!folder.path().join("out").exists() && !folder.path().join("state").exists());
}

#[test]
fn a_run_at_work_and_what_an_interrupted_one_left_are_told() {
    let (folder, county) = night();
    let run = NIGHT.json(&["status"])["last_run"]["run"].as_str().unwrap().to_owned();
    let state = fs::canonicalize(folder.path().join("state")).unwrap();
    let mark = doudi::domain::hex(&Sha256::digest(state.as_os_str().as_encoded_bytes()));
    let partial = folder.path().join(format!("out/.partial-{}", &mark[..8]));
    fs::create_dir(&partial).unwrap();
    assert_eq!(county.json(&["status"])["leftovers"][0]["fate"], "removed");
    assert!(county.well(&["status"]).contains("下一次运行将其清除"));
    fs::write(partial.join("READY"), format!("{run} 1\n")).unwrap();
    let left = &county.json(&["status"])["leftovers"][0];
    assert_eq!((&left["fate"], &left["run"]), (&json!("published"), &json!(run)));

    let lock = folder.path().join("state/lock");
    fs::write(&lock, "process 7 since 2026-11-20T02:00:00+08:00\n").unwrap();
    let holder = File::open(&lock).unwrap();
    holder.lock().unwrap();
    assert_eq!(county.json(&["status"])["at_work"], "process 7 since 2026-11-20T02:00:00+08:00");
    assert!(county.well(&["status"]).contains("有：process 7 since"));
}

#[test]
fn a_latest_that_points_elsewhere_and_a_lost_folder_are_told() {
    let (folder, county) = night();
    let out = folder.path().join("out");
    let run = fs::read_link(out.join("latest")).unwrap();
    fs::rename(out.join(&run), out.join("moved")).unwrap();
    fs::remove_file(out.join("latest")).unwrap();
    std::os::unix::fs::symlink("moved", out.join("latest")).unwrap();
    let told = county.json(&["status"]);
    let last = &told["last_run"];
    assert_eq!((&last["folder_present"], &last["latest"]), (&json!(false), &json!(false)));
    assert_eq!(told["latest"], "moved");
    assert!(county.well(&["status"]).contains("指向另一次运行 moved"));
}

#[test]
fn a_damaged_ledger_is_told_and_a_file_that_is_none_cannot_be_read() {
    let (folder, county) = night();
    let path = folder.path().join("state/ledger.sqlite");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("DROP TRIGGER event_is_never_deleted; DELETE FROM event WHERE seq = 7").unwrap();
    drop(connection);
    let told = county.json(&["status"]);
    assert_eq!((&told["ledger"]["intact"], &told["ledger"]["events"]), (&json!(false), &Value::Null));
    assert!(told["ledger"]["damage"].as_str().unwrap().contains("an event before it is missing"));
    fs::write(&path, "no database at all").unwrap();
    let (code, said) = county.refused(&["status"]);
    assert_eq!((code, said.contains("open the ledger")), (4, true), "{said}");
}
