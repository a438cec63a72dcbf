//! The conditions of levels as SQL text: read into [`Condition`]s and written again.

mod expression;
mod meaning;
mod token;
mod write;

pub(super) use write::{Names, condition as write};

use crate::comparator::generic::Condition;

/// Reads a condition.
///
/// # Errors
/// What is not understood, in words.
pub(super) fn read(sql: &str) -> Result<Condition, String> {
    meaning::condition(&expression::parse(sql)?)
}

#[cfg(test)]
mod tests;
