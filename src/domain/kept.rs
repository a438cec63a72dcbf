//! Rows of a view that leave the stage *judge* as they are, for a ledger (台账) of everybody.

use arrow::record_batch::RecordBatch;

/// What a ledger's view gave tonight.
#[derive(Clone, Debug)]
pub struct KeptRows {
    /// Name of the view.
    pub view: String,
    /// One row for each identity, sorted by `identity`; else why there are none, in Chinese.
    pub rows: Result<RecordBatch, String>,
    /// What did not come, or came in part, of what the rows rest on, in Chinese; empty when all came whole.
    pub faults: String,
}
