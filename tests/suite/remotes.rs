//! Deliveries from remotes that need no server, through the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::county::{County, copy};

const PIPELINE: &str = "pipelines/nightly.toml";

/// Every source of the pipeline comes from the remote `county`, which has these lines.
fn from_remote(county: &County, remote: &str) {
    let path = county.folder.join(PIPELINE);
    let text = fs::read_to_string(&path).unwrap();
    let lines = text.lines().map(|line| match line.strip_prefix("contract = ") {
        Some(_) => format!("{line}\nremote = \"county\""),
        None => line.to_owned(),
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    fs::write(path, format!("{text}\n[remote.county]\n{remote}\n")).unwrap();
}

/// All files of a run, of the manifest what does not change from run to run.
fn bytes(run: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, top: &Path, out: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                walk(&entry.path(), top, out);
            } else {
                let name = entry.path().strip_prefix(top).unwrap().display().to_string();
                out.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut out = BTreeMap::new();
    let run = fs::canonicalize(run).unwrap();
    walk(&run, &run, &mut out);
    let mut manifest: Value = serde_json::from_slice(&out["manifest.json"]).unwrap();
    manifest.as_object_mut().unwrap().remove("timings");
    out.insert("manifest.json".to_owned(), manifest.to_string().into_bytes());
    out
}

#[test]
fn a_county_from_a_mounted_folder_is_the_same_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    from_remote(&county, "kind = \"folder\"\nat = \"../mount\"\nsettle_seconds = 0");
    // A folder on the command line takes the place of all remotes.
    county.well(&[
        "run",
        PIPELINE,
        "--input",
        "fixtures/demo",
        "--out",
        "other/out",
        "--state",
        "other/state",
    ]);
    let (code, said) = county.refused(&["run", PIPELINE]);
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("failed to pull from the remote `county`: ") && said.contains("mounted"), "{said}");
    assert!(!folder.path().join("out/latest").exists());

    copy(&folder.path().join("fixtures/demo"), &folder.path().join("mount"));
    fs::remove_dir_all(folder.path().join("fixtures")).unwrap();
    let told = county.json(&["pull", PIPELINE, "--dry-run"]);
    let files = told["files"].as_array().unwrap();
    let delivered = files.iter().filter(|file| !file["extract"].is_null());
    assert!(delivered.clone().count() > 34 && delivered.clone().all(|file| file["state"] == "new"), "{told}");
    assert!(!folder.path().join("state/inbox").exists(), "a look leaves nothing");
    county.well(&["pull", PIPELINE]);
    county.well(&["run", PIPELINE]);
    let (here, there) = (folder.path().join("out/latest"), folder.path().join("other/out/latest"));
    let (here, there) = (bytes(&here), bytes(&there));
    assert!(here.keys().eq(there.keys()), "the same files");
    let differ: Vec<&String> = here.keys().filter(|name| here[*name] != there[*name]).collect();
    assert!(differ.is_empty(), "{differ:?}");
    let again = county.json(&["pull", PIPELINE]);
    assert!(again["files"].as_array().unwrap().iter().all(|file| file["state"] == "same"), "{again}");
}

#[test]
fn what_lies_in_the_folder_of_deliveries_is_told_and_half_of_it_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    let court = folder.path().join("fixtures/demo/court");
    fs::rename(court.join("裁判文书_20261114.csv"), court.join("裁判文书_20261114.csv.part")).unwrap();
    let told = county.json(&["pull", PIPELINE, "--dry-run"]);
    let lies: Vec<&str> =
        told["input"].as_array().unwrap().iter().filter_map(|file| file["name"].as_str()).collect();
    assert!(lies.len() > 34 && lies.contains(&"裁判文书_20261114.csv.part"), "{lies:?}");
    assert!(told["files"].as_array().unwrap().is_empty(), "nothing is pulled");

    county.change(
        PIPELINE,
        "\n# 民政局\n",
        "\n[arrival]\nsettle_seconds = 1\ndeadline_minutes = 0\n# 民政局\n",
    );
    county.well(&["run", PIPELINE]);
    let text = fs::read_to_string(folder.path().join("out/latest/manifest.json")).unwrap();
    assert!(text.contains("裁判文书_20261114.csv") && text.contains("接收截止时文件仍在写入"), "{text}");
}

#[test]
fn a_delivery_without_its_marker_ends_a_pull_with_three_and_silences_only_its_rules() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    from_remote(
        &county,
        "kind = \"folder\"\nat = \"../fixtures/demo\"\nmarker = \"完成.ok\"\nsettle_seconds = 0\ndeadline_minutes = 0",
    );
    for entry in fs::read_dir(folder.path().join("fixtures/demo")).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() && entry.file_name() != "court" {
            fs::write(entry.path().join("完成.ok"), "").unwrap();
        }
    }
    for how in [&["pull", PIPELINE][..], &["pull", PIPELINE, "--dry-run"]] {
        let output = county.doudi(how);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert_eq!(said.matches("完成标志 is not there").count(), 2, "the file and the manifest: {said}");
    }
    county.well(&["run", PIPELINE]);
    let text = fs::read(folder.path().join("out/latest/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&text).unwrap();
    let states: BTreeMap<&str, &Value> = manifest["extracts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|extract| (extract["extract"].as_str().unwrap(), &extract["state"]))
        .collect();
    assert_eq!((states["judgment"], states["population"]), (&"refused".into(), &"complete".into()));
    let page = fs::read_to_string(folder.path().join("out/latest/report.html")).unwrap();
    assert!(page.contains("接收截止时文件仍在写入，或缺少完成标志"), "page one says why");
}

#[test]
fn no_secret_stands_in_what_a_failed_pull_says_or_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    // Nobody listens there.
    let remote = "kind = \"webdav\"\nat = \"http://127.0.0.1:1/out\"\nuser = \"u\"\n\
                  password = { file = \"secret\" }\ntries = 2\nbackoff_seconds = 0";
    from_remote(&county, remote);
    let path = folder.path().join("pipelines/secret");
    fs::write(&path, "hunter2-hunter2\n").unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let (code, said) = county.refused(&["run", PIPELINE]);
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("failed to pull from the remote `county`: "), "{said}");
    assert!(said.contains("(tried 2 times)"), "{said}");
    let mut open = vec![folder.path().join("state"), folder.path().join("out")];
    let mut all = said;
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                open.push(entry.path());
            } else {
                all.push_str(&String::from_utf8_lossy(&fs::read(entry.path()).unwrap()));
            }
        }
    }
    assert!(!all.contains("hunter2"), "{all}");
}
