//! The one test binary.

#![expect(clippy::unwrap_used, reason = "a failed look at the repository is a failed test")]

mod broken;
mod contracts;
mod county;
mod explain;
mod held;
mod ledger;
mod linking;
mod pipeline;
mod report;
mod rules;
mod spec;
mod splink;
mod status;
