//! The folder of a run: written aside, and visible only when it is complete.
//!
//! A run works in `<out>/.partial-<state>`, where `<state>` is a digest of the state folder's path:
//! pipelines that share `out` do not touch each other's. When everything is written, `READY` with run
//! id and commit number is put into it, then the ledger commits, then the folder gets its name and
//! `latest` points to it. Killed at any instant, the next run finds a partial folder whose commit the
//! ledger knows (it gets its name), or one whose commit the ledger does not know (it goes). A run that
//! ends with an error takes its folder away itself.

use std::cell::Cell;
use std::fs::{self, DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::RunError;
use super::groups;
use crate::domain::hex;
use crate::ledger::LedgerError;

pub(super) const PARTIAL: &str = ".partial-";
pub(super) const ASIDE: &str = ".dry-run";
pub(super) const REPLACED: &str = ".replaced";
const READY: &str = "READY";
pub(super) const LATEST: &str = "latest";

/// What `READY` says: the run, and the number its commit gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Run id.
    pub run_id: String,
    /// Number of its commit in the ledger.
    pub commit: i64,
}

impl Ready {
    /// What a folder says, when it is complete.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(folder.join(READY)).ok()?;
        let (run_id, commit) = text.trim().split_once(' ')?;
        Some(Self { run_id: run_id.to_owned(), commit: commit.parse().ok()? })
    }
}

/// Name of the folder in which runs of a state folder work.
pub(super) fn partial(state: &Path) -> std::io::Result<String> {
    let state = fs::canonicalize(state)?;
    let digest = hex(&Sha256::digest(state.as_os_str().as_encoded_bytes()));
    Ok(format!("{PARTIAL}{}", &digest[..8]))
}

/// The folder of the run at work.
pub(super) struct RunFolder {
    out: PathBuf,
    /// Where the run writes.
    pub(super) path: PathBuf,
    /// Whether the folder stays when it is dropped: its commit may have happened.
    stays: Cell<bool>,
}

impl RunFolder {
    /// Puts right what an interrupted run of the same state left, and begins an empty folder.
    /// `committed` says whether the ledger knows a commit.
    pub(super) fn begin(
        out: &Path,
        state: &Path,
        committed: impl Fn(&Ready) -> Result<bool, LedgerError>,
    ) -> Result<Self, RunError> {
        let folder = Self::at(out, &partial(state).map_err(RunError::io("read", state))?);
        folder.repair(committed)?;
        make(&folder.path)?;
        Ok(folder)
    }

    /// A folder for a run that leaves nothing; what an interrupted run left stays as it is.
    pub(super) fn aside(out: &Path) -> Result<Self, RunError> {
        let folder = Self::at(out, ASIDE);
        if folder.path.exists() {
            remove(&folder.path)?;
        }
        make(&folder.path)?;
        Ok(folder)
    }

    fn at(out: &Path, name: &str) -> Self {
        Self { out: out.to_owned(), path: out.join(name), stays: Cell::new(false) }
    }

    fn repair(&self, committed: impl Fn(&Ready) -> Result<bool, LedgerError>) -> Result<(), RunError> {
        if let Some(ready) = Ready::read(&self.path)
            && committed(&ready)?
        {
            tracing::warn!(
                run = ready.run_id,
                "a run was interrupted after its commit; its lists are published now"
            );
            return self.show(&ready.run_id);
        }
        self.finish_named()?;
        for leftover in [self.path.clone(), self.out.join(REPLACED), self.out.join(ASIDE)] {
            if leftover.exists() {
                remove(&leftover)?;
            }
        }
        Ok(())
    }

    /// A run that has its name but was killed before `latest` pointed to it.
    fn finish_named(&self) -> Result<(), RunError> {
        for entry in fs::read_dir(&self.out).map_err(RunError::io("read", &self.out))? {
            let entry = entry.map_err(RunError::io("read", &self.out))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') && name != LATEST && entry.path().join(READY).exists() {
                self.point(&name)?;
            }
        }
        Ok(())
    }

    /// Says that the folder is complete.
    pub(super) fn ready(&self, ready: &Ready) -> Result<(), RunError> {
        sync_tree(&self.path)?;
        self.stays.set(true);
        let path = self.path.join(READY);
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&path)?;
            writeln!(file, "{} {}", ready.run_id, ready.commit)?;
            file.sync_all()?;
            settle(&self.path)?;
            // Also that there is such a folder: the ledger will know its run.
            settle(&self.out)
        };
        write().map_err(RunError::io("write", &path))
    }

    /// Gives the folder its name and points `latest` to it.
    pub(super) fn show(&self, run_id: &str) -> Result<(), RunError> {
        // It is committed: whose lists it holds may come to them, also after a kill before this.
        if groups::let_through(&self.path)? {
            settle(&self.path).map_err(RunError::io("sync", &self.path))?;
        }
        let target = self.out.join(run_id);
        let replaced = self.out.join(REPLACED);
        if replaced.exists() {
            remove(&replaced)?;
        }
        // The same night again: `latest` points to the folder that is replaced, so both change names at once.
        if !(target.exists() && exchange(&self.path, &target)?) {
            if target.exists() {
                fs::rename(&target, &replaced).map_err(RunError::io("replace", &target))?;
            }
            fs::rename(&self.path, &target).map_err(RunError::io("publish", &target))?;
        }
        self.point(run_id)?;
        for old in [&self.path, &replaced].into_iter().filter(|old| old.exists()) {
            remove(old)?;
        }
        Ok(())
    }

    /// Points `latest` to a complete run.
    fn point(&self, run_id: &str) -> Result<(), RunError> {
        let (link, next) = (self.out.join(LATEST), self.out.join(".latest"));
        let _ = fs::remove_file(&next);
        std::os::unix::fs::symlink(run_id, &next).map_err(RunError::io("create", &next))?;
        fs::rename(&next, &link).map_err(RunError::io("publish", &link))?;
        settle(&self.out).map_err(RunError::io("sync", &self.out))?;
        let ready = self.out.join(run_id).join(READY);
        fs::remove_file(&ready).map_err(RunError::io("remove", &ready))
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if !self.stays.get() && self.path.exists() && remove(&self.path).is_err() {
            tracing::warn!(folder = %self.path.display(), "the folder of a run without lists stays; the next run removes it");
        }
    }
}

/// Two folders change names in one step; `false` where the file system cannot do that.
fn exchange(one: &Path, other: &Path) -> Result<bool, RunError> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(false),
        Err(error) => Err(RunError::io("replace", other)(error.into())),
    }
}

/// Makes a folder that only its owner enters, whatever the umask is.
fn make(path: &Path) -> Result<(), RunError> {
    DirBuilder::new().mode(0o700).create(path).map_err(RunError::io("create", path))
}

fn remove(path: &Path) -> Result<(), RunError> {
    fs::remove_dir_all(path).map_err(RunError::io("remove", path))
}

/// What was written to a file, or the names in a folder, survive a loss of power.
fn settle(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

/// Creates a folder with its parents where it is not there, so that it survives a loss of power.
pub(super) fn create(path: &Path) -> Result<(), RunError> {
    let missing: Vec<&Path> = path.ancestors().take_while(|folder| !folder.exists()).collect();
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(RunError::io("create", path))?;
    for folder in missing {
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        settle(parent).map_err(RunError::io("sync", parent))?;
    }
    Ok(())
}

/// Every file below a folder, and its name there, reaches the disk before the ledger says that it is there.
fn sync_tree(folder: &Path) -> Result<(), RunError> {
    for entry in fs::read_dir(folder).map_err(RunError::io("read", folder))? {
        let path = entry.map_err(RunError::io("read", folder))?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            settle(&path).map_err(RunError::io("sync", &path))?;
        }
    }
    settle(folder).map_err(RunError::io("sync", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(out: &Path, known: Option<i64>) -> RunFolder {
        RunFolder::begin(out, out, |ready| Ok(Some(ready.commit) == known)).unwrap()
    }

    fn started(out: &Path, text: &str) -> RunFolder {
        let folder = begin(out, None);
        fs::write(folder.path.join("list.txt"), text).unwrap();
        folder
    }

    fn ready(folder: &RunFolder, commit: i64) {
        folder.ready(&Ready { run_id: "r1".to_owned(), commit }).unwrap();
    }

    fn latest(out: &Path) -> Option<String> {
        fs::read_to_string(out.join("latest/list.txt")).ok()
    }

    fn names(out: &Path) -> Vec<String> {
        let entries = fs::read_dir(out).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_run_is_complete_or_invisible() {
        let out = tempfile::tempdir().unwrap();
        let folder = started(out.path(), "one");
        assert_eq!(latest(out.path()), None);
        ready(&folder, 1);
        assert_eq!(latest(out.path()), None);
        folder.show("r1").unwrap();
        assert_eq!(latest(out.path()).as_deref(), Some("one"));
        assert!(!out.path().join("r1/READY").exists());
    }

    #[test]
    fn a_run_that_ends_before_its_commit_leaves_nothing() {
        let out = tempfile::tempdir().unwrap();
        drop(started(out.path(), "one"));
        drop(RunFolder::aside(out.path()).unwrap());
        assert_eq!(names(out.path()), Vec::<String>::new());
    }

    #[test]
    fn what_was_killed_after_its_commit_is_published_by_the_next_run() {
        let out = tempfile::tempdir().unwrap();
        ready(&started(out.path(), "one"), 1);
        begin(out.path(), Some(1));
        assert_eq!(latest(out.path()).as_deref(), Some("one"));
    }

    #[test]
    fn a_dry_run_repairs_nothing() {
        let out = tempfile::tempdir().unwrap();
        ready(&started(out.path(), "one"), 1);
        let before = names(out.path());
        drop(RunFolder::aside(out.path()).unwrap());
        assert_eq!(names(out.path()), before);
    }

    #[test]
    fn a_repetition_killed_before_its_commit_is_not_taken_for_the_first_night() {
        let out = tempfile::tempdir().unwrap();
        let first = started(out.path(), "one");
        ready(&first, 1);
        first.show("r1").unwrap();
        ready(&started(out.path(), "two"), 2);
        begin(out.path(), Some(1));
        assert_eq!(latest(out.path()).as_deref(), Some("one"));
    }

    #[test]
    fn what_was_killed_before_latest_moved_is_finished_by_the_next_run() {
        let out = tempfile::tempdir().unwrap();
        let folder = started(out.path(), "one");
        ready(&folder, 1);
        fs::rename(&folder.path, out.path().join("r1")).unwrap();
        begin(out.path(), Some(1));
        assert_eq!(latest(out.path()).as_deref(), Some("one"));
    }

    #[test]
    fn what_was_killed_before_its_commit_goes() {
        let out = tempfile::tempdir().unwrap();
        ready(&started(out.path(), "one"), 1);
        let next = begin(out.path(), None);
        assert_eq!(latest(out.path()), None);
        assert!(!next.path.join("list.txt").exists());
    }

    #[test]
    fn a_folder_is_created_with_its_parents_and_stays_when_it_is_there() {
        let place = tempfile::tempdir().unwrap();
        let deep = place.path().join("a/b");
        create(&deep).unwrap();
        fs::write(deep.join("file"), "").unwrap();
        create(&deep).unwrap();
        assert!(deep.join("file").exists());
        assert!(create(&deep.join("file")).is_err());
    }

    #[test]
    fn pipelines_that_share_out_leave_each_other_alone() {
        let (out, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        ready(&started(out.path(), "one"), 1);
        drop(RunFolder::begin(out.path(), other.path(), |_| Ok(false)).unwrap());
        begin(out.path(), Some(1));
        assert_eq!(latest(out.path()).as_deref(), Some("one"));
    }

    #[test]
    fn the_same_night_again_replaces_itself() {
        let out = tempfile::tempdir().unwrap();
        for text in ["one", "two"] {
            let folder = started(out.path(), text);
            ready(&folder, 1);
            folder.show("r1").unwrap();
        }
        assert_eq!(latest(out.path()).as_deref(), Some("two"));
        assert_eq!(names(out.path()), [LATEST, "r1"]);
    }

    #[test]
    fn a_repetition_killed_after_the_folders_changed_names_is_finished_by_the_next_run() {
        let out = tempfile::tempdir().unwrap();
        for text in ["one", "two"] {
            let folder = started(out.path(), text);
            ready(&folder, 1);
            if text == "one" {
                folder.show("r1").unwrap();
            } else {
                assert!(exchange(&folder.path, &out.path().join("r1")).unwrap());
                assert_eq!(latest(out.path()).as_deref(), Some("two"), "lists are there at every instant");
            }
        }
        begin(out.path(), Some(1));
        assert_eq!(latest(out.path()).as_deref(), Some("two"));
        assert!(!out.path().join("r1").join(READY).exists());
    }
}
