//! F6: the rule book as people read it: every rule with where it stands, and one offline page with all that a
//! pipeline's rules, views and parameters say.
//!
//! In: a plan. Out: rows for the command line, and HTML. Everything is taken from the heads that the rules
//! themselves run by, so the page cannot say anything else than what is judged; nothing is stored twice.

mod decisions;
mod page;
mod standing;

use std::path::PathBuf;

pub use page::page;
pub use standing::{BookRow, Standing, all_rules};

/// Why the page cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum HandbookError {
    /// The cases of a rule cannot be read.
    #[error("read {}: {message}", path.display())]
    Cases {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// A query cannot be taken apart.
    #[error(transparent)]
    Engine(#[from] crate::engine::EngineError),
    /// A decision table cannot be shown.
    #[error("show a decision table: {0}")]
    Decision(#[from] arrow::error::ArrowError),
    /// The page's template fails.
    #[error("make the rule book's page: {0}")]
    Template(#[from] minijinja::Error),
}
