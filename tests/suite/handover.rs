//! The register of what was handed over: every file, its digests, once, for good.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::county::{County, NIGHT, copy};

/// Paths of all files below a folder, with `/`.
fn files(folder: &Path, below: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{below}/{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            files(&entry.path(), &name, found);
        } else {
            found.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

#[test]
fn every_file_of_every_recipient_is_registered_with_its_digest_purpose_and_basis() {
    let mut laid_out = BTreeMap::new();
    files(&NIGHT.folder.join("out/latest/lists"), "lists", &mut laid_out);
    let told = NIGHT.json(&["handover"]);
    let lines = told.as_array().unwrap();
    let registered: Vec<&str> = lines.iter().map(|line| line["path"].as_str().unwrap()).collect();
    assert!(registered.iter().copied().eq(laid_out.keys().map(String::as_str)), "{registered:?}");
    for line in lines {
        let bytes = &laid_out[line["path"].as_str().unwrap()];
        assert_eq!(line["sha256"], doudi::domain::hex(&Sha256::digest(bytes)), "{line}");
        assert_eq!(line["as_of"], "2026-11-20");
        for field in ["run_id", "committed", "recipient", "receiver", "purpose", "sm3"] {
            assert!(!line[field].as_str().unwrap().is_empty(), "{field}: {line}");
        }
    }
    let dropout = lines.iter().find(|line| line["purpose"].as_str().unwrap().contains("控辍")).unwrap();
    assert!(dropout["basis"].as_str().unwrap().contains("义务教育法"), "{dropout}");
}

#[test]
fn the_register_is_asked_by_recipient_and_day_and_written_for_a_spreadsheet() {
    let all = NIGHT.json(&["handover"]);
    let some = NIGHT.json(&["handover", "--recipient", "education"]);
    let of_education = all.as_array().unwrap().iter().filter(|line| line["recipient"] == "education");
    assert!(of_education.eq(some.as_array().unwrap()) && !some.as_array().unwrap().is_empty());
    assert_eq!(NIGHT.json(&["handover", "--until", "2026-11-19"]), serde_json::json!([]));
    assert_eq!(NIGHT.json(&["handover", "--since", "2026-11-20", "--until", "2026-11-20"]), all);
    assert_eq!(NIGHT.doudi(&["handover", "--since", "20261120x"]).status.code(), Some(2));
    let text = NIGHT.well(&["handover"]);
    assert!(
        text.starts_with("数据日期") && text.lines().count() == all.as_array().unwrap().len() + 1,
        "{text}"
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("登记簿.csv");
    NIGHT.well(&["handover", "--csv", path.to_str().unwrap()]);
    let csv = fs::read_to_string(path).unwrap();
    assert!(csv.starts_with("\u{feff}数据日期,提供时间,接收单位,用途,文件,行数,依据,SHA-256,SM3"), "{csv}");
    assert_eq!(csv.lines().count(), all.as_array().unwrap().len() + 1);
}

#[test]
fn a_night_run_twice_is_registered_once_and_no_line_can_be_changed() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    let before = county.json(&["handover"]);
    county.well(&["run", "pipelines/nightly.toml"]);
    assert_eq!(county.json(&["handover"]), before);
    let raw = rusqlite::Connection::open(county.folder.join("state/ledger.sqlite")).unwrap();
    for sql in ["UPDATE handover SET rows = 0", "DELETE FROM handover"] {
        assert!(raw.execute(sql, []).unwrap_err().to_string().contains("append-only"), "{sql}");
    }
}
