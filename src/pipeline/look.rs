//! The folders of a pipeline seen from outside: who is at work, what an interrupted run left, where
//! `latest` points. Nothing is created here and nothing put right.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::RunError;
use crate::domain::hex;

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
    let target = fs::read_link(out.join("latest")).ok()?;
    Some(target.file_name()?.to_string_lossy().into_owned())
}

/// What interrupted runs left, sorted by name. `committed` says whether the ledger knows a run, by its
/// id and, where the folder tells it, the number of its commit.
///
/// # Errors
/// When the folder of runs cannot be read.
pub fn leftovers(
    out: &Path,
    state: &Path,
    committed: impl Fn(&str, Option<i64>) -> bool,
) -> Result<Vec<Leftover>, RunError> {
    let entries = match fs::read_dir(out) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(RunError::io("read", out)(error)),
    };
    let own = fs::canonicalize(state).map_or_else(
        |_| String::new(),
        |state| hex(&Sha256::digest(state.as_os_str().as_encoded_bytes()))[..8].to_owned(),
    );
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(RunError::io("read", out))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let ready = fs::read_to_string(entry.path().join("READY")).ok();
        let mut words = ready.iter().flat_map(|text| text.split_whitespace());
        let (run, commit) = (words.next(), words.next().and_then(|number| number.parse().ok()));
        let fate = match name.strip_prefix(".partial") {
            Some(rest) if !rest.is_empty() && rest.trim_start_matches('-') != own => Some(Fate::Foreign),
            Some(_) if run.is_some_and(|run| committed(run, commit)) => Some(Fate::Published),
            Some(_) => Some(Fate::Removed),
            None if name == ".replaced" => Some(Fate::Removed),
            None if !name.starts_with('.') && name != "latest" && run.is_some() => Some(Fate::Pointed),
            None => None,
        };
        if let Some(fate) = fate {
            found.push(Leftover { path: entry.path(), run: run.map(str::to_owned), fate });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, ready: Option<&str>, fate: Option<Fate>) {
        let (out, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folder = out.path().join(name);
        fs::create_dir(&folder).unwrap();
        if let Some(ready) = ready {
            fs::write(folder.join("READY"), ready).unwrap();
        }
        let found = leftovers(out.path(), state.path(), |run, commit| {
            run == "r1" && commit.is_none_or(|number| number == 1)
        });
        let found: Vec<Fate> = found.unwrap().iter().map(|leftover| leftover.fate).collect();
        assert_eq!(found, fate.into_iter().collect::<Vec<_>>(), "{name} {ready:?}");
    }

    #[test]
    fn leftovers_are_told_with_what_becomes_of_them() {
        check(".partial", Some("r1"), Some(Fate::Published));
        check(".partial", Some("r1 1\n"), Some(Fate::Published));
        check(".partial", Some("r1 2\n"), Some(Fate::Removed));
        check(".partial", None, Some(Fate::Removed));
        check(".partial-00000000", Some("r1"), Some(Fate::Foreign));
        check(".replaced", None, Some(Fate::Removed));
        check("r1", Some("r1"), Some(Fate::Pointed));
        check("r1", None, None);
    }

    #[test]
    fn a_folder_that_bears_the_mark_of_the_state_is_our_own() {
        let (out, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mark = fs::canonicalize(state.path()).unwrap();
        let mark = hex(&Sha256::digest(mark.as_os_str().as_encoded_bytes()));
        fs::create_dir(out.path().join(format!(".partial-{}", &mark[..8]))).unwrap();
        let found = leftovers(out.path(), state.path(), |_, _| false).unwrap();
        assert_eq!((found.len(), found[0].fate), (1, Fate::Removed));
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
