//! The folders of a pipeline seen from outside: who is at work, what an interrupted run left, where
//! `latest` points. Nothing is created here and nothing put right.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::error::RunError;
use super::folder::{ASIDE, LATEST, PARTIAL, REPLACED, Ready, partial};

/// Something that an interrupted run left in the folder of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The folder.
    pub path: PathBuf,
    /// Its run, when it was complete.
    pub run: Option<String>,
    /// What the next run does with it.
    pub fate: Fate,
}

/// What the next run does with a leftover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its run was committed: it gets its name and `latest` points to it.
    Published,
    /// It has its name already: `latest` will point to it.
    Pointed,
    /// Its run was never committed: it goes.
    Removed,
    /// It belongs to a pipeline with another state folder and is left alone.
    Foreign,
}

/// Who holds the lock of the state folder or of the folder of runs; `None` when nobody does.
///
/// A free lock is held, shared, for the instant of the look: a run that starts in that very instant is
/// told that another one is at work and can be started again.
///
/// # Errors
/// When a lock file is there and cannot be read.
pub fn at_work(state: &Path, out: &Path) -> Result<Option<String>, RunError> {
    for path in [state.join("lock"), out.join(".lock")] {
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(RunError::io("read the lock", &path)(error)),
        };
        match file.try_lock_shared() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                file.read_to_string(&mut owner).map_err(RunError::io("read the lock", &path))?;
                return Ok(Some(owner.trim().to_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(RunError::io("look at the lock", &path)(error)),
        }
    }
    Ok(None)
}

/// The run that `latest` points to.
pub fn latest(out: &Path) -> Option<String> {
    let target = fs::read_link(out.join(LATEST)).ok()?;
    Some(target.file_name()?.to_string_lossy().into_owned())
}

/// What interrupted runs left, sorted by name. `committed` says whether the ledger knows a commit.
///
/// # Errors
/// When the folder of runs cannot be read.
pub fn leftovers(
    out: &Path,
    state: &Path,
    committed: impl Fn(&Ready) -> bool,
) -> Result<Vec<Leftover>, RunError> {
    let entries = match fs::read_dir(out) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(RunError::io("read", out)(error)),
    };
    let own = partial(state).unwrap_or_default();
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(RunError::io("read", out))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let ready = Ready::read(&entry.path());
        let fate = if name == own {
            let known = ready.as_ref().is_some_and(&committed);
            Some(if known { Fate::Published } else { Fate::Removed })
        } else if name.starts_with(PARTIAL) {
            Some(Fate::Foreign)
        } else if name == REPLACED || name == ASIDE {
            Some(Fate::Removed)
        } else {
            (!name.starts_with('.') && name != LATEST && ready.is_some()).then_some(Fate::Pointed)
        };
        if let Some(fate) = fate {
            found.push(Leftover { path: entry.path(), run: ready.map(|ready| ready.run_id), fate });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fate of a folder `name` (of our own partial folder when empty) with this mark.
    fn check(name: &str, ready: Option<&str>, fate: Option<Fate>) {
        let (out, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let own = partial(state.path()).unwrap();
        let folder = out.path().join(if name.is_empty() { &own } else { name });
        fs::create_dir(&folder).unwrap();
        if let Some(ready) = ready {
            fs::write(folder.join("READY"), ready).unwrap();
        }
        let committed = |ready: &Ready| ready.run_id == "r1" && ready.commit == 1;
        let found = leftovers(out.path(), state.path(), committed).unwrap();
        let found: Vec<Fate> = found.iter().map(|leftover| leftover.fate).collect();
        assert_eq!(found, fate.into_iter().collect::<Vec<_>>(), "{name} {ready:?}");
    }

    #[test]
    fn leftovers_are_told_with_what_becomes_of_them() {
        check("", Some("r1 1\n"), Some(Fate::Published));
        check("", Some("r1 2\n"), Some(Fate::Removed));
        check("", None, Some(Fate::Removed));
        check(".partial-00000000", Some("r1 1"), Some(Fate::Foreign));
        check(".replaced", None, Some(Fate::Removed));
        check(".dry-run", None, Some(Fate::Removed));
        check("r1", Some("r1 1"), Some(Fate::Pointed));
        check("r1", None, None);
    }

    #[test]
    fn a_lock_is_seen_and_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let look = || at_work(folder.path(), folder.path()).unwrap();
        assert_eq!(look(), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let path = folder.path().join("lock");
        fs::write(&path, "process 7 since noon\n").unwrap();
        assert_eq!(look(), None);
        let holder = File::open(&path).unwrap();
        holder.lock().unwrap();
        assert_eq!(look().as_deref(), Some("process 7 since noon"));
    }
}
