//! F6: answers questions about a finished run: why two rows are one person or not, what holds a person
//! together, what a case rests on, how well the linkage did.
//!
//! In: the folder of a run, the pipeline it was run with, the ledger. Out: plain values that the command
//! line prints. Pairs are weighed again from the run's own copies of the deliveries by the stages
//! themselves, never by a second formula. Nothing is written, and numbers of persons are masked unless
//! somebody asks for them.

mod case;
mod identity;
mod learn;
mod linkage;
mod linkage_page;
mod mask;
mod notice;
mod page;
mod pair;
mod people;
mod policies;
mod rebuild;
mod run;
mod sides;
mod table;
mod towns;

use std::path::{Path, PathBuf};

pub use case::{
    CaseReport, Detail, EvidenceMention, EvidenceRow, Happened, MissRow, RuleWords, case, event_title,
    status_title,
};
pub use identity::{BridgeReport, IdentityReport, JudgementReport, OpenPair, RowReport, identity};
pub use learn::{LearnReport, blocking, learn, refit};
pub use linkage::{LinkageReport, NightFigures, linkage};
pub use linkage_page::linkage_page;
pub use notice::notice;
pub use page::{case_page, identity_page, pair_page};
pub use pair::{FlipReport, PairReport, PartReport, PersonReport, Stored, Thresholds, TreatedReport, pair};
pub use people::{Hop, MentionRow, Named};
pub use policies::{PolicyRow, policies};
pub use run::FinishedRun;
pub use sides::{Side, Value};
pub use towns::towns;

/// Why a question could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// What was named is not there, or not clear.
    #[error("explain: {message}{}", help.as_ref().map_or_else(String::new, |help| format!("\n  help: {help}")))]
    Asked {
        /// What is wrong with the question.
        message: String,
        /// What to ask instead.
        help: Option<String>,
    },
    /// A file of the run cannot be read.
    #[error("read {}: {message}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] crate::ledger::LedgerError),
    /// A notice cannot be drafted.
    #[error(transparent)]
    Notice(#[from] crate::report::NoticeError),
    /// The run's copies give other mentions than its artifacts hold.
    #[error("explain: the run's copies of the deliveries do not give the rows of its artifacts; {0}")]
    Changed(String),
}

impl ExplainError {
    fn asked(message: impl Into<String>, help: Option<String>) -> Self {
        Self::Asked { message: message.into(), help }
    }

    /// For `map_err`: a file that cannot be read.
    fn read<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |error| Self::Read { path, message: error.to_string() }
    }
}
