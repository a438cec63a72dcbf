//! F4, stage record: findings of tonight and the ledger of all nights in, cases out.
//!
//! The ledger is one SQLite file of append-only, hash-chained events; the state of every case is a
//! fold over them. [`Ledger::reconcile`] only plans (what is new, kept, changed, withdrawn),
//! [`Ledger::commit`] writes the plan, the accepted deliveries and the register's digest in one
//! transaction, with a register of what was handed over to whom; [`Ledger::note`] logs who looked at values in full; [`Ledger::plan_answers`] and [`Ledger::take_answers`] do the same with the answers of
//! officers, and [`Ledger::record`] with what an office does besides: notices, objections, decisions on them. What may follow what is one table (`life`). It must never delete an event, never change one but by emptying those of cases whose time is over ([`Ledger::record_purge`]), never count a rule that did not run as
//! evidence that a case is gone, and never put a person's value into an error.

mod access;
mod case_number;
mod deed;
mod erase;
mod event;
mod handover;
mod life;
mod logs;
mod packing;
mod receipt;
mod reconcile;
mod schema;
mod sending;
mod state;
mod store;

pub use access::{Look, StoredLook};
pub use case_number::{CaseNumberError, parse as parse_case_number};
pub use deed::{Deed, NotDone};
pub use erase::{Erased, ErasedCase, OverCase};
pub use event::{
    Acknowledgement, Decision, Event, EventKind, Notice, Objection, Purged, Release, StoredEvent,
};
pub use handover::Handover;
pub use packing::Packing;
pub use receipt::{AnswerCell, Incoming, NotTaken, ReceiptPlan, Said, Taken};
pub use reconcile::{Night, Reconciled, RuleRun, Tally};
pub use sending::{Sending, SendingState};
pub use state::{CaseRecord, Decisions, LedgerState, ObjectionRecord};
pub use store::{Delivery, Ledger, LedgerError, ReceiptFacts, RunFacts, RunRecord};
