//! The one test binary.

#![expect(clippy::unwrap_used, reason = "a failed look at the repository is a failed test")]

mod alarms;
mod altered_names;
mod answers;
mod audit;
mod boundaries;
mod broken;
mod compat;
mod contracts;
mod county;
mod dockets;
mod erased;
mod explain;
mod feedback;
mod frame_limits;
mod gaps;
mod handbook;
mod handover;
mod held;
mod learning;
mod ledger;
mod lent;
mod linkage;
mod linking;
mod linking_setup;
mod logs;
mod manual;
mod modes;
mod newborns;
mod objections;
mod overdue;
mod pipeline;
mod policies;
mod purge;
mod remotes;
mod report;
mod rules;
mod same_number;
mod siblings;
mod spec;
mod splink;
mod status;
mod ties;
mod upkeep;
