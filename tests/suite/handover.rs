//! The register of what was handed over: every file, its digests, once, for good.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::county::{County, NIGHT, copy};
use crate::logs;

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

/// Stands in for `age`: says to whom, and moves every byte by one. What the real one does with the same arguments,
/// `scripts/test-packing` shows.
const STAND_IN: &str = r#"#!/bin/sh
to=""
while [ $# -gt 1 ]; do
  case "$1" in
    -r) to="$to $2" ;;
    -o) out="$2" ;;
  esac
  shift 2
done
[ -e fails ] && { echo "age: error: no space" >&2; exit 1; }
{ echo "to$to"; tr '\000-\376' '\001-\377' < "$1"; } > "$out"
"#;

/// A county with keys for two recipients, and how to pack there: with the stand-in, or without any program.
struct House {
    _folder: tempfile::TempDir,
    county: County,
}

const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&NIGHT.folder, folder.path());
        let county = County { folder: folder.path().to_owned() };
        let program = folder.path().join("bin/age");
        fs::create_dir(program.parent().unwrap()).unwrap();
        fs::write(&program, STAND_IN).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let table = folder.path().join("schemas/tables/recipient_keys.csv");
        let head = fs::read_to_string(&table).unwrap();
        fs::write(table, format!("{head}education,{KEY},王某,\nhealth,{KEY},,\n")).unwrap();
        Self { _folder: folder, county }
    }

    fn pack(&self, path: &str, more: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doudi"));
        command.args(["handover", "pack"]).args(more).current_dir(&self.county.folder).env("PATH", path);
        let output = logs::output(&mut command);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn path(&self) -> String {
        format!("{}:/usr/bin:/bin", self.county.folder.join("bin").display())
    }
}

#[test]
fn what_leaves_encrypted_is_entered_with_both_digests_and_the_run_stays_as_it_is() {
    let house = House::new();
    let county = &house.county;
    let mut before = BTreeMap::new();
    files(&county.folder.join("out"), "out", &mut before);
    assert_eq!(house.pack(&house.path(), &["--all", "--to", "away"]).0, Some(0));
    let mut after = BTreeMap::new();
    files(&county.folder.join("out"), "out", &mut after);
    assert!(before == after, "the run's folder has changed");

    let mut packed = BTreeMap::new();
    files(&county.folder.join("away"), "away", &mut packed);
    let told = county.json(&["handover"]);
    let (mine, others): (Vec<_>, Vec<_>) =
        told.as_array().unwrap().iter().partition(|line| line["recipient"] == "education");
    assert!(others.iter().all(|line| line["packed"] == serde_json::json!([])));
    assert_eq!(packed.len(), mine.len(), "education alone has a key and files");
    for line in mine {
        let path = line["path"].as_str().unwrap();
        let [packing] = line["packed"].as_array().unwrap().as_slice() else { panic!("{line}") };
        let bytes = &packed[&format!("away/education/{}", packing["file"].as_str().unwrap())];
        assert_eq!(packing["packed_sha256"], doudi::domain::hex(&Sha256::digest(bytes)), "{line}");
        assert_eq!((&packing["sha256"], &packing["keys"]), (&line["sha256"], &serde_json::json!([KEY])));
        let head = format!("to {KEY}\n");
        let plain: Vec<u8> = bytes[head.len()..].iter().map(|byte| byte.saturating_sub(1)).collect();
        assert!(bytes.starts_with(head.as_bytes()));
        assert_eq!(plain.len(), before[&format!("out/latest/{path}")].len(), "{path}");
    }
    let csv = county.folder.join("r.csv");
    county.well(&["handover", "--csv", csv.to_str().unwrap()]);
    assert!(fs::read_to_string(csv).unwrap().contains(".csv.age（SHA-256 "));
    let raw = rusqlite::Connection::open(county.folder.join("state/ledger.sqlite")).unwrap();
    for sql in ["UPDATE packing SET file = ''", "DELETE FROM packing"] {
        assert!(raw.execute(sql, []).unwrap_err().to_string().contains("append-only"), "{sql}");
    }
}

#[test]
fn what_cannot_be_packed_is_told_with_a_remedy_and_nothing_is_left() {
    let house = House::new();
    let (county, path) = (&house.county, house.path());
    let nothing = || {
        let mut left = BTreeMap::new();
        let away = county.folder.join("away");
        if away.exists() {
            files(&away, "away", &mut left);
        }
        let told = county.json(&["handover"]);
        left.is_empty() && told.as_array().unwrap().iter().all(|line| line["packed"] == serde_json::json!([]))
    };
    let refused = |path: &str, recipient: &str, words: &str| {
        let (code, said) = house.pack(path, &["--recipient", recipient, "--to", "away"]);
        assert!(code == Some(2) && said.contains(words), "{recipient} {words}: {code:?} {said}");
        assert!(nothing(), "{recipient} {words}");
    };
    refused(&path, "civil-affairs", "recipient_keys.csv");
    refused(&path, "health", "laid out nothing for it");
    refused("/nowhere", "education", "apt-get install age");
    fs::write(county.folder.join("fails"), "").unwrap();
    refused(&path, "education", "no space");
    fs::remove_file(county.folder.join("fails")).unwrap();
    let list = county.folder.join("out/latest/lists/education/控辍保学疑似清单_2026-11-20.csv");
    let was = fs::read(&list).unwrap();
    fs::write(&list, "changed").unwrap();
    refused(&path, "education", "not the one that was registered");
    fs::write(&list, was).unwrap();
    assert_eq!(house.pack(&path, &["--recipient", "education", "--to", "away"]).0, Some(0));
    let (code, said) = house.pack(&path, &["--recipient", "education", "--to", "away"]);
    assert!(code == Some(2) && said.contains("it is there already"), "{said}");
    county.change("schemas/tables/recipient_keys.csv", "age1ql3", "age1ql4");
    let (code, said) = house.pack(&path, &["--recipient", "education", "--to", "away"]);
    assert!(code == Some(2) && said.contains("typing error"), "{said}");
}
