//! One run at a time. The lock is the operating system's: it ends with the process that holds it, so a
//! killed run leaves nothing to clear.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::error::RunError;

/// Held while a run is at work.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes `<folder>/<name>` and writes into it who holds it.
    pub(super) fn take(folder: &Path, name: &str, owner: &str) -> Result<Self, RunError> {
        let path = folder.join(name);
        let failed = |doing| RunError::io(doing, path.clone());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open the lock"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                // Who it is helps, but the refusal stands without it.
                let _ = file.read_to_string(&mut owner);
                return Err(RunError::Locked { owner: owner.trim().to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(failed("take the lock")(error)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{owner}"))
            .map_err(failed("write the lock"))?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_is_refused_and_told_who_is_first() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path(), "lock", "process 7").unwrap();
        let error = Lock::take(folder.path(), "lock", "process 8").unwrap_err();
        assert!(matches!(&error, RunError::Locked { owner } if owner == "process 7"), "{error}");
        drop(first);
        Lock::take(folder.path(), "lock", "process 9").unwrap();
    }
}
