//! What older programs left behind is read, carried over and lives on; what a newer one wrote is refused.
//!
//! `compat/` holds a ledger of every version of the schema, manifests and a model. Ledgers 1, 4 and 5 and the manifest of November
//! were written by the programs of their time (the manifest's list of files is cut short), the model is that of the first commit with
//! one; the other ledgers are made by `scripts/make-old-ledgers.py`.

use std::fs;
use std::path::{Path, PathBuf};

use doudi::domain::Phase;
use doudi::ledger::{EventKind, Ledger, LedgerError};
use serde_json::{Value, json};

use crate::answers::{explained, import};
use crate::county::{County, NIGHT, copy};
use crate::ledger::{FULL, finding, night};

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/compat").join(name)
}

/// What a ledger holds, in words that do not depend on its version.
#[derive(Debug, PartialEq)]
struct Content {
    events: Vec<(i64, String, String, String)>,
    phases: Vec<(String, Phase)>,
    nights: Vec<String>,
    judgements: usize,
    handed_over: Vec<(String, String, String)>,
    packed: Vec<String>,
    looks: Vec<(String, String, String)>,
}

fn content(ledger: &Ledger) -> Content {
    let state = ledger.state().unwrap();
    let handed_over = ledger.handed_over().unwrap().into_iter();
    let looks = ledger.looks().unwrap().into_iter().map(|stored| stored.look);
    Content {
        events: ledger
            .events()
            .unwrap()
            .into_iter()
            .map(|event| (event.seq, event.kind, event.payload, event.hash))
            .collect(),
        phases: state.cases.values().map(|record| (record.number.clone(), record.phase)).collect(),
        nights: ledger.commits().unwrap().iter().map(|night| format!("{night:?}")).collect(),
        judgements: ledger.judgements().unwrap().len(),
        handed_over: handed_over.map(|line| (line.path, line.sha256, line.approval)).collect(),
        packed: ledger.packings().unwrap().into_iter().map(|line| line.packed_sha256).collect(),
        looks: looks.map(|look| (look.what, look.reason, look.approval)).collect(),
    }
}

fn version(path: &Path) -> i64 {
    let raw =
        rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    raw.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// Tables, indexes and triggers with their columns, whatever steps made them.
fn schema(path: &Path) -> Vec<(String, String)> {
    let raw =
        rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let text = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let mut statement =
        raw.prepare("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").unwrap();
    statement.query_map([], text).unwrap().map(Result::unwrap).collect()
}

/// The newest version, and what a new ledger looks like.
fn newest(folder: &Path) -> (i64, Vec<(String, String)>) {
    let path = folder.join("new.sqlite");
    drop(Ledger::open(&path).unwrap());
    (version(&path), schema(&path))
}

#[test]
fn a_ledger_of_every_version_keeps_what_it_holds_and_lives_on() {
    let folder = tempfile::tempdir().unwrap();
    let (newest, current) = newest(folder.path());
    for old in 1..newest {
        let path = folder.path().join(format!("ledger-{old}.sqlite"));
        fs::copy(kept(&format!("ledger-v{old}.sqlite")), &path).unwrap();
        let bytes = fs::read(&path).unwrap();
        let look = Ledger::open_for_planning(&path).unwrap();
        let (before, events, looks) = (content(&look), look.verify().unwrap(), look.verify_looks().unwrap());
        drop(look);
        assert_eq!(
            (version(&path), fs::read(&path).unwrap() == bytes),
            (old, true),
            "a look changes nothing"
        );
        assert!(old != 8 || !before.packed.is_empty());
        assert!(events >= 7 && before.phases.len() >= 2, "version {old} holds something");

        let mut ledger = Ledger::open(&path).unwrap();
        assert_eq!(content(&ledger), before, "version {old}");
        assert_eq!(
            (ledger.verify().unwrap(), ledger.verify_looks().unwrap()),
            (events, looks),
            "version {old}"
        );
        assert_eq!((version(&path), &schema(&path)), (newest, &current), "version {old}");
        let plan = night(&mut ledger, 1500, FULL, &[finding("d", "neu", "x")]);
        assert_eq!(plan.count(EventKind::Opened), 1, "version {old}");
        let clue =
            plan.cases.iter().find(|case| case.finding.subject_row_key == "neu").unwrap().number.clone();
        assert!(import(&mut ledger, 1501, &[(&clue, explained("甲"))])[0].is_ok(), "version {old}");
        assert!(ledger.verify().unwrap() > events + 2, "version {old}");
    }
    assert!(!kept(&format!("ledger-v{newest}.sqlite")).exists(), "the newest one is no old one");
}

#[test]
fn a_ledger_of_a_newer_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    let path = folder.path().join("state/ledger.sqlite");
    let newer = version(&path) + 1;
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", newer).unwrap();
    raw.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(())).unwrap();
    drop(raw);
    let bytes = fs::read(&path).unwrap();
    let is_newer = |error: Option<LedgerError>| matches!(error, Some(LedgerError::Newer { found, .. }) if found == newer);
    assert!(is_newer(Ledger::open(&path).err()) && is_newer(Ledger::open_for_planning(&path).err()));
    assert!(is_newer(Ledger::copy(&path, &folder.path().join("copy.sqlite")).err()));
    for command in [
        &["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"][..],
        &["status"],
        &["case", "list"],
        &["audit", "verify"],
        &["backup", "pipelines/nightly.toml", "--to", "backup"],
    ] {
        let output = county.doudi(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(4), "{command:?}: {said}");
        assert!(
            said.contains(&format!("version {newer} is newer than {}", newer - 1)),
            "{command:?}: {said}"
        );
    }
    assert!(fs::read(&path).unwrap() == bytes, "nobody has touched it");
}

/// The shared night with another manifest.
fn with_manifest(change: impl FnOnce(&mut Value)) -> (tempfile::TempDir, County) {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    let mut manifest = county.manifest();
    change(&mut manifest);
    fs::write(folder.path().join("out/latest/manifest.json"), manifest.to_string()).unwrap();
    (folder, county)
}

/// Takes from a manifest what the first program that wrote one did not write, and tells times as that did.
fn as_the_first_program(manifest: &mut Value) {
    let root = manifest.as_object_mut().unwrap();
    for key in ["released", "alarms", "policies", "policies_not_judged"] {
        assert!(root.remove(key).is_some(), "{key}");
    }
    let timings = root["timings"].clone();
    root.insert("committed".into(), timings["committed"].clone());
    root.insert("timings".into(), timings["seconds"].clone());
    root["link"].as_object_mut().unwrap().remove("figures").unwrap();
    root["identities"].as_object_mut().unwrap().remove("sizes").unwrap();
    for extract in root["extracts"].as_array_mut().unwrap() {
        let extract = extract.as_object_mut().unwrap();
        assert!(extract.remove("nulls").is_some() && extract.remove("completeness").is_some());
    }
    for rule in root["rules"].as_array_mut().unwrap() {
        rule.as_object_mut().unwrap().remove("waiting").unwrap();
    }
    for list in root["lists"].as_array_mut().unwrap() {
        let list = list.as_object_mut().unwrap();
        assert!(list.remove("sha256").is_some() && list.remove("sm3").is_some());
    }
}

#[test]
fn a_run_with_the_first_manifest_there_was_can_be_explained_and_counts_as_an_earlier_night() {
    let (folder, county) = with_manifest(as_the_first_program);
    let case = &county.rows("cases.parquet", &["case_number"])[0][0];
    assert_eq!(
        county.json(&["explain", "case", case])["case"],
        NIGHT.json(&["explain", "case", case])["case"]
    );
    let status = county.json(&["status"]);
    assert_eq!((&status["alarms"], &status["cases"]), (&Value::Null, &NIGHT.json(&["status"])["cases"]));
    county.well(&["status"]);
    county.well(&["doctor"]);
    county.well(&["case", "precision"]);
    let (code, said) = county.refused(&["linkage", "report", "--run", "out/latest"]);
    assert!(code == 2 && said.contains("an older program made it"), "{code} {said}");
    assert!(said.contains("help: run the night again"), "{said}");

    // It is one of the nights that the next one is compared with, as far as it tells.
    county.change("pipelines/nightly.toml", "[report]", "[alarms]\nnights_min = 3\n\n[report]");
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    let told = county.manifest();
    assert_eq!((&told["alarms"]["nights"], &told["alarms"]["series"]), (&json!(1), &json!(0)));
    let page = fs::read_to_string(folder.path().join("out/latest/report.html")).unwrap();
    assert!(page.contains("2026-11-20"), "the night before is drawn");
    assert_eq!(
        county.json(&["linkage", "report", "--run", "out/latest"])["nights"].as_array().unwrap().len(),
        2
    );
}

#[test]
fn a_manifest_of_november_is_read_by_whoever_reads_manifests() {
    let old: Value = serde_json::from_slice(&fs::read(kept("manifest-2026-11.json")).unwrap()).unwrap();
    assert!(old.get("alarms").is_none() && old["link"]["figures"].is_object(), "of before there were alarms");
    let text = old.clone();
    let (_folder, county) = with_manifest(|manifest| {
        // Of another night of the same county, so that it may stand for this one.
        let run = manifest["run"].clone();
        *manifest = text;
        manifest["run"] = run;
    });
    let report = county.json(&["linkage", "report", "--run", "out/latest"]);
    assert_eq!(report["figures"]["missed"], old["link"]["figures"]["missed"]);
    assert_eq!(county.json(&["status"])["alarms"], Value::Null);
    county.well(&["doctor"]);
    let case = &county.rows("cases.parquet", &["case_number"])[0][0];
    county.well(&["explain", "case", case]);
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    assert_eq!(county.manifest()["alarms"]["nights"], 1);
}

#[test]
fn a_manifest_of_a_newer_program_is_refused_and_is_no_night_to_compare_with() {
    let (_folder, county) = with_manifest(|manifest| manifest["format"] = json!(2));
    let case = &county.rows("cases.parquet", &["case_number"])[0][0];
    for command in [&["explain", "case", case][..], &["linkage", "report", "--run", "out/latest"]] {
        let (code, said) = county.refused(command);
        assert_eq!(code, 4, "{command:?}: {said}");
        assert!(said.contains("manifest.json: its format 2 is newer than 1"), "{command:?}: {said}");
        assert!(said.contains("the program that made the run"), "{command:?}: {said}");
    }
    county.well(&["status"]);
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    assert_eq!(county.manifest()["alarms"]["nights"], 0);
}

#[test]
fn what_is_no_object_in_place_of_a_manifest_breaks_no_look() {
    let (_folder, county) = with_manifest(|manifest| *manifest = json!(["nothing"]));
    assert_eq!(county.json(&["status"])["alarms"], Value::Null);
    county.well(&["doctor"]);
}

#[test]
fn a_model_of_before_there_were_twins_in_models_is_read_and_one_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    let model = folder.path().join("pipelines/models/county.toml");
    let old = fs::read_to_string(kept("model-2026-11-24.toml")).unwrap();
    assert!(!old.contains("[negative"));
    fs::write(&model, &old).unwrap();
    county.well(&["check", "pipelines/nightly.toml"]);
    county.well(&["run", "pipelines/nightly.toml"]);
    let (told, today) = (county.manifest(), NIGHT.manifest());
    let figure = |manifest: &Value, key: &str| manifest["link"][key].as_u64().unwrap();
    assert_eq!(figure(&told, "mentions"), figure(&today, "mentions"));
    assert_ne!(told["link"]["figures"], today["link"]["figures"], "it is another model");

    for (newer, said) in [
        (format!("edition = 2\n{old}"), "unknown key `edition`"),
        (old.replace("[comparator.sex]", "[comparator.sex_at_birth]"), "unknown comparator `sex_at_birth`"),
    ] {
        fs::write(&model, newer).unwrap();
        let (code, words) = county.refused(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
        assert!(code == 2 && words.contains(said) && words.contains("county.toml"), "{code} {words}");
    }
}
