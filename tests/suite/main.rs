//! The one test binary.

#![expect(clippy::unwrap_used, reason = "a failed look at the repository is a failed test")]

mod answers;
mod broken;
mod contracts;
mod county;
mod explain;
mod feedback;
mod handover;
mod held;
mod ledger;
mod linking;
mod newborns;
mod pipeline;
mod remotes;
mod report;
mod rules;
mod siblings;
mod spec;
mod splink;
mod status;
mod upkeep;
