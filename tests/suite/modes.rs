//! Who may read what a night writes: the modes of everything below `out` and `state`.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use crate::county::{County, NIGHT, copy};
use crate::logs;

const PIPELINE: &str = "pipelines/nightly.toml";

/// Everything below a folder, and the folder, by the path below `root`: mode and group. Links are passed over.
fn modes(root: &Path, folder: &str) -> Vec<(String, u32, u32)> {
    let path = root.join(folder);
    let facts = fs::symlink_metadata(&path).unwrap();
    if facts.is_symlink() {
        return Vec::new();
    }
    let mut found = vec![(folder.to_owned(), facts.permissions().mode() & 0o7777, facts.gid())];
    if facts.is_dir() {
        for entry in fs::read_dir(&path).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            found.extend(modes(root, &format!("{folder}/{name}")));
        }
    }
    found
}

/// Runs the program with a umask that forbids nobody anything.
fn open_handed(county: &County, arguments: &[&str]) {
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_doudi")]);
    let output = logs::output(command.args(arguments).current_dir(&county.folder));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What is not its account's alone; copies of deliveries may not even be written by it.
fn open(found: &[(String, u32, u32)]) -> Vec<&(String, u32, u32)> {
    found.iter().filter(|(_, mode, _)| ![0o700, 0o600, 0o400].contains(mode)).collect()
}

#[test]
fn what_runs_backups_and_looks_write_is_their_accounts_alone_whatever_the_umask_is() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    open_handed(&county, &["run", PIPELINE]);
    open_handed(&county, &["backup", PIPELINE, "--to", "saved"]);
    let case = county.rows("cases.parquet", &["case_number"])[0][0].clone();
    open_handed(&county, &["explain", "case", &case, "--html", "case.html"]);
    for place in ["out", "state", "saved", "case.html"] {
        let found = modes(folder.path(), place);
        assert_eq!(open(&found), Vec::<&(String, u32, u32)>::new());
    }
    let names: BTreeSet<String> = modes(folder.path(), "state").into_iter().map(|(name, ..)| name).collect();
    assert!(names.contains("state/ledger.sqlite") && names.contains("state/register"), "{names:?}");
    // What everybody may read stays so: a unit, for systemd tells of one that is closed.
    fs::create_dir(folder.path().join("units")).unwrap();
    open_handed(&county, &["schedule", "install", PIPELINE, "--at", "02:15", "--dir", "units"]);
    assert_eq!(modes(folder.path(), "units/doudi-nightly.service")[0].1, 0o666);
}

#[test]
fn what_an_older_program_left_open_in_the_state_is_closed_by_the_next_night() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    let state = folder.path().join("state");
    for (path, mode) in [(state.clone(), 0o755), (state.join("ledger.sqlite"), 0o644)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    county.well(&["run", PIPELINE]);
    assert_eq!(open(&modes(folder.path(), "state")), Vec::<&(String, u32, u32)>::new());
}

#[test]
fn a_recipients_group_reads_its_lists_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    // Any group of this account will do, by its number.
    let group = fs::metadata(folder.path()).unwrap().gid();
    county.change(PIPELINE, "[report]", &format!("[report.groups]\neducation = \"{group}\"\n\n[report]"));
    for night in ["first", "again"] {
        open_handed(&county, &["run", PIPELINE]);
        let latest = fs::read_link(folder.path().join("out/latest")).unwrap();
        let run = format!("out/{}", latest.display());
        let lists = format!("{run}/lists");
        let theirs = format!("{lists}/education");
        let mut read = 0;
        for (name, mode, gid) in modes(folder.path(), "out") {
            let wanted = match name.as_str() {
                name if name == theirs => 0o750,
                name if name.starts_with(&format!("{theirs}/")) => {
                    read += 1;
                    0o640
                }
                name if ["out", &run, &lists].contains(&name) => 0o711,
                _ => {
                    assert!([0o700, 0o600, 0o400].contains(&mode), "{night}: {name} {mode:o}");
                    continue;
                }
            };
            assert_eq!((mode, gid), (wanted, group), "{night}: {name} {mode:o}");
        }
        assert!(read > 5, "{night}: {read} files");
        assert_eq!(open(&modes(folder.path(), "state")), Vec::<&(String, u32, u32)>::new());
    }
    // The same lists as without a group: who may read them is no part of the answer.
    assert_eq!(county.json(&["status"])["last_run"]["run"], NIGHT.json(&["status"])["last_run"]["run"]);
    let doctor = county.well(&["doctor", PIPELINE]);
    assert!(doctor.contains("groups"), "{doctor}");
}

#[test]
fn a_group_that_is_not_there_is_told_before_the_night_and_by_the_doctor() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    county.change(PIPELINE, "[report]", "[report.groups]\neducation = \"no-such-group\"\n\n[report]");
    let (code, said) = county.refused(&["run", PIPELINE]);
    assert!(
        code == 2 && said.contains("`no-such-group` of `education`") && said.contains("groupadd"),
        "{said}"
    );
    assert!(!folder.path().join("out/latest").exists());
    let doctor = county.doudi(&["doctor", PIPELINE]);
    let told = String::from_utf8(doctor.stdout).unwrap();
    assert!(doctor.status.code() != Some(0) && told.contains("no-such-group"), "{told}");
    county.change(PIPELINE, "education = \"no-such-group\"", "educatio = \"a b\"");
    let (code, said) = county.refused(&["run", PIPELINE]);
    assert!(
        code == 2 && said.contains("did you mean `education`?") && said.contains("no name of a group"),
        "{said}"
    );
}
