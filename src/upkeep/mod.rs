//! F6: what keeps a pipeline going between the nights: copies of its state, when it runs, who is told, what leaves
//! encrypted, what is deleted when its time is over.
//!
//! In: a plan and folders. Out: a backup and its way back, the units of a timer, a certificate of what was
//! deleted. It never runs a night,
//! never reads a clock, and never writes over a state that is there.

mod backup;
mod pack;
mod purge;
mod schedule;
mod trace;
mod watch;

use std::path::{Path, PathBuf};

pub use backup::{Backup, BackupFile, backup, restore};
pub use pack::{PackJob, pack};
pub use purge::{Expired, PurgeFacts, PurgePlan, plan_purge, purge};
pub use schedule::{Entry, Schedule, Unit, rest};
#[cfg(any(test, fuzzing))]
pub(crate) use watch::throw_at_manifest;
pub use watch::{Ended, tell};

use crate::ledger::LedgerError;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// A file or folder.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The ledger cannot be copied or trusted.
    #[error("{0}")]
    Ledger(#[from] LedgerError),
    /// There is something where a new thing should be.
    #[error("write {}: it is there already; {remedy}", path.display())]
    There {
        /// The path.
        path: PathBuf,
        /// What to do.
        remedy: &'static str,
    },
    /// A backup that cannot be used.
    #[error("use the backup {}: {what}", path.display())]
    Unusable {
        /// The backup's folder.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Files that cannot be encrypted for a recipient.
    #[error("pack the files of `{recipient}`: {what}\n  help: {remedy}")]
    NotPacked {
        /// Folder of the recipient's lists.
        recipient: String,
        /// What is wrong.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// A time of day that is none.
    #[error("use the time `{0}`: write it as HH:MM")]
    Time(String),
}

impl UpkeepError {
    fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}
