//! Models of Splink: read from its JSON, weighed in its arithmetic, written for it again.
//!
//! Import reads what `save_model_to_json` of Splink 5 and 4 writes. Conditions of levels are SQL; the forms
//! that Splink's comparison library writes for DuckDB are understood, everything else is a diagnostic with
//! its place. The same model and pairs give the same levels and match weights as Splink; see
//! `tests/suite/splink.rs`. This module must never guess what a condition means.

mod export;
mod frequency;
mod import;
mod model;
mod scorer;
mod sql;
#[cfg(test)]
mod tests;

pub use export::export;
pub use frequency::Frequencies;
pub use import::import;
pub use model::{Adjustment, BlockLimit, Blocking, Comparison, LinkType, Model, Parameters};
pub use scorer::{LevelWeight, Part, Scorer, probability};

/// Reads a condition as Splink writes them, for DuckDB: `surname_l = surname_r`, or `l.surname = r.surname`.
///
/// # Errors
/// What is not understood, in words.
pub fn condition(sql: &str) -> Result<crate::comparator::generic::Condition, String> {
    sql::read(sql)
}
