//! Ladders for any table: texts, numbers, dates, lists, compared by the usual measures at thresholds.
//!
//! A [`Ladder`] is data: rungs with a [`Condition`] each, tried in order. [`Judge`] is the same made
//! ready for many pairs; [`Terms`] says what of each row has to be worked out once. Conditions are judged
//! in three values, as SQL does: a missing value makes an answer unknown, and only a yes takes a rung.

mod cell;
mod condition;
mod frame;
mod ladder;
pub mod ladders;
mod measure;
mod moment;
mod term;
#[cfg(test)]
mod tests;

pub use cell::{Cell, CellKey, Kind};
pub use condition::{Condition, Measure, Operand, Relation, Side};
pub use frame::{Codes, Column, Frame, MISSING, Texts, joined_codes, number};
pub use ladder::{Judge, Ladder, Rung, Terms, When};
pub use moment::Format;
pub use term::{Pattern, Step, Term};
