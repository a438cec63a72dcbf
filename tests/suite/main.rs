//! The one test binary.

mod broken;
mod contracts;
mod ledger;
mod pipeline;
mod report;
mod rules;
