//! Why a run ended without lists.

use std::path::PathBuf;

use crate::diag::Diagnostic;
use crate::domain::Day;

/// Why a run ended without lists. Nothing was published; last night's lists stand.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The folder of deliveries is not there.
    #[error("read the deliveries: {} is no folder; mount it or correct `input` in the pipeline", path.display())]
    Input {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder of the run cannot be written or read.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another run is at work.
    #[error("start the run: another run is at work ({owner}); wait for it, or stop it first")]
    Locked {
        /// What the lock file says of it.
        owner: String,
    },
    /// The ledger is further than the day that was asked for.
    #[error(
        "run as of {}: the ledger already holds a night of {}, and an older day would undo what newer ones \
         found; for a look back give the run a state and an out folder of its own (--state, --out)",
        as_of.iso(), newest.iso()
    )]
    Past {
        /// The day asked for.
        as_of: Day,
        /// The day of the newest night.
        newest: Day,
    },
    /// There is no run to go on from.
    #[error("go on from the last run: {}: {message}; run once without --from", path.display())]
    Nowhere {
        /// Where it was looked for.
        path: PathBuf,
        /// Why it cannot be used.
        message: String,
    },
    /// Records and mentions of the last run are not what they would be now.
    #[error(
        "go on from {from}: the day, contracts, tables, deliveries or the program changed since the last \
         run, so its records are not those of this one; use --from validate"
    )]
    Changed {
        /// The stage asked for.
        from: &'static str,
    },
    /// Deliveries cannot be pulled from where they lie.
    #[error(transparent)]
    Pull(#[from] crate::source::remote::PullError),
    /// A copy of a delivery cannot be kept.
    #[error(transparent)]
    Copy(#[from] crate::source::CopyError),
    /// The deliveries were there and went away while they were copied.
    #[error(
        "read the deliveries: {} went away while they were copied; mount it and run again",
        path.display()
    )]
    Unplugged {
        /// The folder.
        path: PathBuf,
    },
    /// A release that releases nothing.
    #[error("accept `{extract}`: {why}")]
    Accept {
        /// The extract named.
        extract: String,
        /// Why it cannot be accepted, and what to do.
        why: String,
    },
    /// A recipient's lists cannot be given to its group.
    #[error("give the lists to the group `{group}` of `{recipient}`: {why}")]
    Group {
        /// Folder of the recipient's lists.
        recipient: String,
        /// The group as the pipeline names it.
        group: String,
        /// Why, and what to do.
        why: String,
    },
    /// A stage took longer than it may.
    #[error(
        "finish the stage {stage} within its {seconds} s; nothing was published. Look what holds it up (`doudi doctor`; \
         the log has the time of every stage), or give it more: `{stage}_seconds` in `[limits]` of the pipeline"
    )]
    Overdue {
        /// The stage.
        stage: &'static str,
        /// Its limit.
        seconds: u32,
    },
    /// Required data is missing or outside its tolerance.
    #[error("publish: held, because {}", reasons.join("; "))]
    Held {
        /// One reason for each extract.
        reasons: Vec<String>,
    },
    /// Linkage was given something that does not fit together.
    #[error("link: {0}")]
    Link(Diagnostic),
    /// The register of identities.
    #[error(transparent)]
    Register(#[from] crate::resolve::RegisterError),
    /// Rules.
    #[error("judge: {0}")]
    Rule(#[from] crate::rule::RuleError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] crate::ledger::LedgerError),
    /// Lists and artifacts.
    #[error(transparent)]
    Report(#[from] crate::report::ReportError),
    /// A record set lacks a column that artifacts need.
    #[error("write artifacts: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// Worker threads cannot be started.
    #[error("start {threads} worker threads: {message}")]
    Threads {
        /// How many.
        threads: usize,
        /// Why.
        message: String,
    },
}

impl RunError {
    /// For `map_err`: an IO error with what was being done and where.
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}
