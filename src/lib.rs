//! `doudi`: nightly matching of several agencies' files, so that no child falls between them.

pub mod cli;
pub mod comparator;
pub mod contract;
pub mod diag;
pub mod domain;
pub mod engine;
pub mod evaluate;
pub mod explain;
pub mod feedback;
pub mod field;
pub mod frame;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod guard;
pub mod handbook;
pub mod kernel;
pub mod ledger;
pub mod link;
pub mod linking;
pub mod pipeline;
pub mod report;
pub mod resolve;
pub mod rule;
pub mod source;
pub mod spec;
pub mod standard;
pub mod synth;
pub mod tables;
pub mod upkeep;
