//! The folder of a run: written aside, and visible only when it is complete.
//!
//! A run works in `<out>/.partial`. When everything is written, `READY` with the run id is put into
//! it, then the ledger commits, then the folder gets its name and `latest` points to it. Killed at any
//! instant, the next run finds a partial folder whose run the ledger knows (it gets its name), or one
//! whose run the ledger does not know (it goes).

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::error::RunError;

const PARTIAL: &str = ".partial";
const REPLACED: &str = ".replaced";
const READY: &str = "READY";
const LATEST: &str = "latest";

/// The folder of the run at work.
pub(super) struct RunFolder {
    out: PathBuf,
    /// Where the run writes.
    pub(super) path: PathBuf,
}

impl RunFolder {
    /// Puts right what an interrupted run left, and begins an empty folder. `committed` says whether
    /// the ledger knows a run.
    pub(super) fn begin(out: &Path, committed: impl Fn(&str) -> bool) -> Result<Self, RunError> {
        fs::create_dir_all(out).map_err(RunError::io("create", out))?;
        let path = out.join(PARTIAL);
        let folder = Self { out: out.to_owned(), path };
        folder.repair(committed)?;
        fs::create_dir(&folder.path).map_err(RunError::io("create", &folder.path))?;
        Ok(folder)
    }

    fn repair(&self, committed: impl Fn(&str) -> bool) -> Result<(), RunError> {
        if let Ok(run_id) = fs::read_to_string(self.path.join(READY))
            && committed(run_id.trim())
        {
            tracing::warn!(
                run = run_id.trim(),
                "a run was interrupted after its commit; its lists are published now"
            );
            return self.show(run_id.trim());
        }
        self.finish_named()?;
        for leftover in [self.path.clone(), self.out.join(REPLACED)] {
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
    pub(super) fn ready(&self, run_id: &str) -> Result<(), RunError> {
        sync_tree(&self.path)?;
        let path = self.path.join(READY);
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&path)?;
            file.write_all(run_id.as_bytes())?;
            file.sync_all()?;
            File::open(&self.path)?.sync_all()
        };
        write().map_err(RunError::io("write", &path))
    }

    /// Gives the folder its name and points `latest` to it.
    pub(super) fn show(&self, run_id: &str) -> Result<(), RunError> {
        let target = self.out.join(run_id);
        let replaced = self.out.join(REPLACED);
        if replaced.exists() {
            remove(&replaced)?;
        }
        if target.exists() {
            fs::rename(&target, &replaced).map_err(RunError::io("replace", &target))?;
        }
        fs::rename(&self.path, &target).map_err(RunError::io("publish", &target))?;
        self.point(run_id)?;
        if replaced.exists() {
            remove(&replaced)?;
        }
        Ok(())
    }

    /// Points `latest` to a complete run.
    fn point(&self, run_id: &str) -> Result<(), RunError> {
        let (link, next) = (self.out.join(LATEST), self.out.join(".latest"));
        let _ = fs::remove_file(&next);
        std::os::unix::fs::symlink(run_id, &next).map_err(RunError::io("create", &next))?;
        fs::rename(&next, &link).map_err(RunError::io("publish", &link))?;
        let sync = File::open(&self.out).and_then(|out| out.sync_all());
        sync.map_err(RunError::io("sync", &self.out))?;
        let ready = self.out.join(run_id).join(READY);
        fs::remove_file(&ready).map_err(RunError::io("remove", &ready))
    }

    /// Removes the folder: a dry run, or one that ended with an error.
    pub(super) fn discard(&self) -> Result<(), RunError> {
        if self.path.exists() { remove(&self.path) } else { Ok(()) }
    }
}

fn remove(path: &Path) -> Result<(), RunError> {
    fs::remove_dir_all(path).map_err(RunError::io("remove", path))
}

/// Every file below a folder reaches the disk before the ledger says that it is there.
fn sync_tree(folder: &Path) -> Result<(), RunError> {
    for entry in fs::read_dir(folder).map_err(RunError::io("read", folder))? {
        let path = entry.map_err(RunError::io("read", folder))?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            let sync = File::open(&path).and_then(|file| file.sync_all());
            sync.map_err(RunError::io("sync", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(out: &Path, text: &str) -> RunFolder {
        let folder = RunFolder::begin(out, |_| false).unwrap();
        fs::write(folder.path.join("list.txt"), text).unwrap();
        folder
    }

    fn latest(out: &Path) -> Option<String> {
        fs::read_to_string(out.join("latest/list.txt")).ok()
    }

    #[test]
    fn a_run_is_complete_or_invisible() {
        let out = tempfile::tempdir().unwrap();
        let folder = started(out.path(), "one");
        assert_eq!(latest(out.path()), None);
        folder.ready("r1").unwrap();
        assert_eq!(latest(out.path()), None);
        folder.show("r1").unwrap();
        assert_eq!(latest(out.path()).as_deref(), Some("one"));
        assert!(!out.path().join("r1/READY").exists());
    }

    #[test]
    fn what_was_killed_after_its_commit_is_published_by_the_next_run() {
        let out = tempfile::tempdir().unwrap();
        started(out.path(), "one").ready("r1").unwrap();
        RunFolder::begin(out.path(), |run| run == "r1").unwrap();
        assert_eq!(latest(out.path()).as_deref(), Some("one"));
    }

    #[test]
    fn what_was_killed_before_latest_moved_is_finished_by_the_next_run() {
        let out = tempfile::tempdir().unwrap();
        let folder = started(out.path(), "one");
        folder.ready("r1").unwrap();
        fs::rename(&folder.path, out.path().join("r1")).unwrap();
        RunFolder::begin(out.path(), |_| true).unwrap();
        assert_eq!(latest(out.path()).as_deref(), Some("one"));
    }

    #[test]
    fn what_was_killed_before_its_commit_goes() {
        let out = tempfile::tempdir().unwrap();
        started(out.path(), "one").ready("r1").unwrap();
        let next = RunFolder::begin(out.path(), |_| false).unwrap();
        assert_eq!(latest(out.path()), None);
        assert!(!next.path.join("list.txt").exists());
    }

    #[test]
    fn the_same_night_again_replaces_itself() {
        let out = tempfile::tempdir().unwrap();
        for text in ["one", "two"] {
            let folder = started(out.path(), text);
            folder.ready("r1").unwrap();
            folder.show("r1").unwrap();
        }
        assert_eq!(latest(out.path()).as_deref(), Some("two"));
        assert!(!out.path().join(REPLACED).exists());
    }
}
