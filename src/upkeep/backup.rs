//! A copy of a pipeline's state that can be taken while a run is at work, and its way back.
//!
//! What must not be lost is the ledger, the register of identities that its last commits name, and the certificates
//! of what was deleted; lists
//! and artifacts follow from these and the deliveries. The ledger is copied first, as one snapshot: a
//! commit names a register only after that register lies in its folder, so whatever the snapshot names is
//! there.

use std::fs::{self, File};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::UpkeepError;
use crate::domain::sha256_of;
use crate::ledger::Ledger;

const LEDGER: &str = "ledger.sqlite";
pub(super) const REGISTER: &str = "register";
pub(super) const CERTIFICATES: &str = "certificates";
const CONTENTS: &str = "backup.json";
/// Version of the backup's form. 2: certificates of deletions.
const FORMAT: u32 = 2;
/// The last night, and the one that a repetition of it starts from.
pub(super) const REGISTERS: usize = 2;

/// What a backup holds; `backup.json` in its folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Version of the backup's form.
    pub format: u32,
    /// Version of the program that made it.
    pub program: String,
    /// When, for people.
    pub made: String,
    /// The run committed last.
    pub last_run: Option<String>,
    /// Events of the ledger.
    pub events: u64,
    /// The files, sorted by path.
    pub files: Vec<BackupFile>,
}

/// One file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupFile {
    /// Path below the backup's folder, with `/`.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// Copies the state folder `state` to the new folder `to`; `made` is the instant, for people.
///
/// The folder appears under its name when everything lies in it, synced.
///
/// # Errors
/// When `to` exists, the ledger is damaged or missing, or a file cannot be copied.
pub fn backup(state: &Path, to: &Path, made: &str) -> Result<Backup, UpkeepError> {
    refuse_existing(to, "name a folder that does not exist yet")?;
    let part = to.with_extension("part");
    refuse_existing(&part, "an earlier backup was interrupted; remove it")?;
    fs::create_dir_all(part.join(REGISTER)).map_err(UpkeepError::io("create", &part))?;
    Ledger::copy(&state.join(LEDGER), &part.join(LEDGER))?;
    let ledger = Ledger::open_for_planning(&part.join(LEDGER))?;
    let events = ledger.verify()?;
    let commits = ledger.commits()?;
    drop(ledger);
    let mut paths = vec![LEDGER.to_owned()];
    for (_, run) in commits.iter().rev().take(REGISTERS) {
        let path = format!("{REGISTER}/{}.parquet", run.facts.register);
        if !run.facts.register.is_empty() && !paths.contains(&path) {
            copy(&state.join(&path), &part.join(&path))?;
            paths.push(path);
        }
    }
    for name in certificates(state)? {
        let path = format!("{CERTIFICATES}/{name}");
        fs::create_dir_all(part.join(CERTIFICATES)).map_err(UpkeepError::io("create", &part))?;
        copy(&state.join(&path), &part.join(&path))?;
        paths.push(path);
    }
    paths.sort();
    let files = paths.into_iter().map(|path| file_of(&part, path)).collect::<Result<_, _>>()?;
    let last_run = commits.last().map(|(_, run)| run.run_id.clone());
    let program = env!("CARGO_PKG_VERSION").to_owned();
    let backup = Backup { format: FORMAT, program, made: made.to_owned(), last_run, events, files };
    write_contents(&part.join(CONTENTS), &backup)?;
    settle(&part.join(REGISTER))?;
    settle(&part)?;
    fs::rename(&part, to).map_err(UpkeepError::io("rename", &part))?;
    settle_name(to)?;
    Ok(backup)
}

/// Puts a backup into the state folder `state`, which must not hold a ledger. Everything is checked
/// before the first file is written, and the ledger comes last: a state without its ledger is none.
///
/// Handovers and looks since the backup have to outlive it (rule book G6, G12): `old` is the state folder that is
/// replaced, from whose ledger they are taken over; `None` where that is lost. Gives how many of each there were.
///
/// # Errors
/// When a file of the backup is missing or changed, `state` holds a ledger, or the register and log of `old` cannot
/// be read or are no continuation of the backup's.
pub fn restore(from: &Path, state: &Path, old: Option<&Path>) -> Result<(Backup, (u64, u64)), UpkeepError> {
    let target = state.join(LEDGER);
    refuse_existing(&target, "move the old state away first, it may be needed")?;
    let backup = read_contents(from)?;
    for file in &backup.files {
        let found = file_of(from, file.path.clone())?;
        if found != *file {
            let what = format!("{} is not the file that was backed up", file.path);
            return Err(UpkeepError::Unusable { path: from.to_owned(), what });
        }
    }
    Ledger::open_for_planning(&from.join(LEDGER))?.verify()?;
    let old = old.map(|old| old.join(LEDGER));
    if let Some(missing) = old.as_ref().filter(|old| !old.is_file()) {
        let what = format!("there is no ledger {} whose log could go on", missing.display());
        return Err(UpkeepError::Unusable { path: from.to_owned(), what });
    }
    let aside = continued(from, old.as_deref())?;
    let registers = state.join(REGISTER);
    fs::create_dir_all(&registers).map_err(UpkeepError::io("create", &registers))?;
    if backup.files.iter().any(|file| file.path.starts_with(CERTIFICATES)) {
        let folder = state.join(CERTIFICATES);
        fs::create_dir_all(&folder).map_err(UpkeepError::io("create", &folder))?;
    }
    for file in backup.files.iter().filter(|file| file.path != LEDGER) {
        copy(&from.join(&file.path), &state.join(&file.path))?;
    }
    settle(&registers)?;
    let part = state.join("ledger.part");
    // A journal that a killed restore left does not belong to the new copy.
    for left in ["ledger.part-wal", "ledger.part-shm"].map(|name| state.join(name)) {
        if left.is_file() {
            fs::remove_file(&left).map_err(UpkeepError::io("remove", &left))?;
        }
    }
    copy(&from.join(LEDGER), &part)?;
    let mut taken = (0, 0);
    if let Some(old) = &aside {
        taken = Ledger::open(&part)?.take_over(old)?;
        settle(&part)?;
    }
    fs::rename(&part, &target).map_err(UpkeepError::io("rename", &part))?;
    settle(state)?;
    settle_name(state)?;
    Ok((backup, taken))
}

/// The ledger whose log goes on, tried on a copy in memory before anything is written.
fn continued(from: &Path, old: Option<&Path>) -> Result<Option<Ledger>, UpkeepError> {
    let Some(old) = old else { return Ok(None) };
    let old = Ledger::open_for_planning(old)?;
    old.goes_on_from(&Ledger::open_for_planning(&from.join(LEDGER))?)?;
    Ok(Some(old))
}

/// Base names of the certificates of a state, sorted; none where nothing was deleted yet.
fn certificates(state: &Path) -> Result<Vec<String>, UpkeepError> {
    let folder = state.join(CERTIFICATES);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(&folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let entries = entries.map_err(UpkeepError::io("read", &folder))?;
    let names = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| is_certificate(name)).collect();
    names.sort();
    Ok(names)
}

/// A name as certificates have it, which leads nowhere.
fn is_certificate(name: &str) -> bool {
    name.strip_suffix(".csv").is_some_and(|stem| !stem.contains(['/', '\\']))
}

fn refuse_existing(path: &Path, remedy: &'static str) -> Result<(), UpkeepError> {
    if path.symlink_metadata().is_ok() {
        return Err(UpkeepError::There { path: path.to_owned(), remedy });
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), UpkeepError> {
    fs::copy(from, to).map_err(UpkeepError::io("copy", from))?;
    settle(to)
}

/// What was written to a file or folder survives a loss of power.
pub(super) fn settle(path: &Path) -> Result<(), UpkeepError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(UpkeepError::io("sync", path))
}

/// That a folder is there survives it too.
fn settle_name(folder: &Path) -> Result<(), UpkeepError> {
    settle(folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

pub(super) fn file_of(folder: &Path, path: String) -> Result<BackupFile, UpkeepError> {
    let full = folder.join(&path);
    let (sha256, bytes) = File::open(&full).and_then(sha256_of).map_err(UpkeepError::io("read", &full))?;
    Ok(BackupFile { path, bytes, sha256 })
}

fn write_contents(path: &Path, backup: &Backup) -> Result<(), UpkeepError> {
    let failed = || UpkeepError::io("write", path);
    let mut text = serde_json::to_string_pretty(backup).map_err(|error| failed()(error.into()))?;
    text.push('\n');
    fs::write(path, text).map_err(failed())?;
    settle(path)
}

fn read_contents(from: &Path) -> Result<Backup, UpkeepError> {
    let path = from.join(CONTENTS);
    let text = fs::read_to_string(&path).map_err(UpkeepError::io("read", &path))?;
    let unusable = |what: String| UpkeepError::Unusable { path: from.to_owned(), what };
    let backup: Backup = serde_json::from_str(&text)
        .map_err(|error| unusable(format!("{CONTENTS} cannot be read: {error}")))?;
    if backup.format > FORMAT {
        let what =
            format!("its form {} is newer than {FORMAT}, the newest this program knows", backup.format);
        return Err(unusable(what));
    }
    // Only names that a backup gives: nothing leads out of the folder.
    let ours = |path: &str| {
        path == LEDGER
            || path
                .strip_prefix("register/")
                .and_then(|name| name.strip_suffix(".parquet"))
                .is_some_and(|digest| digest.bytes().all(|byte| byte.is_ascii_hexdigit()))
            || path.strip_prefix("certificates/").is_some_and(is_certificate)
    };
    match backup.files.iter().find(|file| !ours(&file.path)) {
        Some(_) => Err(unusable(format!("{CONTENTS} names a file that no backup holds"))),
        None if !backup.files.iter().any(|file| file.path == LEDGER) => {
            Err(unusable(format!("{CONTENTS} names no ledger")))
        }
        None => Ok(backup),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(folder: &Path) -> std::path::PathBuf {
        let state = folder.join("state");
        fs::create_dir_all(state.join(REGISTER)).unwrap();
        drop(Ledger::open(&state.join(LEDGER)).unwrap());
        state
    }

    #[test]
    fn a_backup_comes_back_byte_for_byte_and_never_over_a_state() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(folder.path());
        fs::create_dir(state.join(CERTIFICATES)).unwrap();
        fs::write(state.join(CERTIFICATES).join("删除证明.csv"), "a").unwrap();
        fs::write(state.join(CERTIFICATES).join("删除证明.part"), "b").unwrap();
        let to = folder.path().join("copy");
        let made = backup(&state, &to, "2026-11-20T03:00:00+08:00").unwrap();
        let paths: Vec<&str> = made.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["certificates/删除证明.csv", LEDGER], "what is half written stays");
        assert!(matches!(restore(&to, &state, None), Err(UpkeepError::There { .. })));
        let fresh = folder.path().join("fresh");
        assert_eq!(restore(&to, &fresh, None).unwrap(), (made, (0, 0)));
        assert_eq!(fs::read(to.join(LEDGER)).unwrap(), fs::read(fresh.join(LEDGER)).unwrap());
        assert!(matches!(backup(&state, &to, ""), Err(UpkeepError::There { .. })));
    }

    #[test]
    fn a_changed_or_strange_backup_is_refused_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("copy");
        let made = backup(&state(folder.path()), &to, "").unwrap();
        let fresh = folder.path().join("fresh");
        let refused = |text: &str| {
            let error = restore(&to, &fresh, None).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
            assert!(!fresh.exists());
        };
        let ledger = fs::read(to.join(LEDGER)).unwrap();
        fs::write(to.join(LEDGER), &ledger[..ledger.len() - 1]).unwrap();
        refused("ledger.sqlite is not the file");
        for outside in ["register/../../x.parquet", "certificates/../../x.csv"] {
            let outside = BackupFile { path: outside.into(), ..made.files[0].clone() };
            let files = vec![made.files[0].clone(), outside];
            write_contents(&to.join(CONTENTS), &Backup { files, ..made.clone() }).unwrap();
            refused("names a file that no backup holds");
        }
        write_contents(&to.join(CONTENTS), &Backup { format: 9, ..made }).unwrap();
        refused("its form 9 is newer");
    }
}
