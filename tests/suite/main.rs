//! The one test binary.

mod contracts;
mod ledger;
mod report;
