//! What travels from pull to standardise: files, raw rows, quarantined rows, typed records.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{AsArray, StringArray};
use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use super::{Contract, Day};
use crate::diag::{Code, Diagnostic, interned};

/// One file as it was copied into the run; never changed after.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PulledFile {
    /// Where the copy lies.
    pub path: PathBuf,
    /// The delivered base name.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the content, lower-case hex.
    pub sha256: String,
    /// As-of date (截止日期) from the manifest, else from `_YYYYMMDD` in the name.
    pub as_of: Option<Day>,
    /// Row count the delivery's manifest promises.
    pub promised_rows: Option<u64>,
}

/// All files of one extract.
#[derive(Clone, Debug)]
pub struct PulledExtract {
    /// Extract id, e.g. `child_roster`.
    pub extract: String,
    /// Its contract.
    pub contract: Arc<Contract>,
    /// Files that matched, sorted by name.
    pub files: Vec<PulledFile>,
    /// Files refused already at pull (manifest digest, symlink …), with the reason.
    pub problems: Vec<Diagnostic>,
}

/// Rows of one extract as text, before typing. `columns[f][r]` is field `f` of record `r`, in the
/// order of the contract's fields; `None` is an empty cell or an absent optional column.
#[derive(Clone, Default)]
pub struct RawTable {
    /// One Arrow `Utf8` column for each contract field, in contract order, in one batch.
    pub batch: Option<RecordBatch>,
    /// File index (into `CheckedExtract::files`) of each record.
    pub file: Vec<u16>,
    /// Sheet index (into `CheckedExtract::sheets`) of each record; sheet 0 is always the empty name.
    pub sheet: Vec<u16>,
    /// Row number as Excel shows it (header and title rows counted; Parquet: index + 2).
    pub row: Vec<u32>,
}

/// A row that did not go on, with its place and the reason. It carries no cell value but the raw
/// cells for the quarantine file, which only the owner of the data receives.
#[derive(Clone, Serialize, Deserialize)]
pub struct Quarantined {
    /// Base name of the file.
    pub file: String,
    /// Sheet name, empty for text files.
    pub sheet: String,
    /// Row number as Excel shows it.
    pub row: u32,
    /// Field id, where one cell is the cause.
    pub field: Option<String>,
    /// Short code of the reason, e.g. `required_empty`.
    #[serde(deserialize_with = "interned")]
    pub code: Code,
    /// The reason in Chinese, for the owner's list; no personal value.
    pub reason: String,
    /// The row's cells as delivered.
    pub cells: Vec<String>,
}

/// Counts of one file. `rows_read = rows_accepted + rows_quarantined + rows_dropped`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FileReport {
    /// Base name.
    pub name: String,
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// As-of date of the file.
    pub as_of: Option<Day>,
    /// Data rows found: no title, header, blank or 合计 rows.
    pub rows_read: u64,
    /// Rows that went on.
    pub rows_accepted: u64,
    /// Rows in quarantine.
    pub rows_quarantined: u64,
    /// Rows dropped by contract (exact duplicates of a keyed row).
    pub rows_dropped: u64,
    /// Title, header, blank and 合计 rows passed over.
    pub rows_passed_over: u64,
    /// Headings that no field lists; their columns were dropped before anything was stored.
    pub dropped_columns: Vec<String>,
    /// Hidden sheets that were ignored.
    pub hidden_sheets: Vec<String>,
    /// Set when the whole file was refused: the reason.
    pub refused: Option<String>,
}

/// Whether absence from this extract may be believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExtractState {
    /// Every file accepted and all tolerances met.
    Complete,
    /// Usable for presence rules; the reasons (Chinese) why absence is not to be believed.
    Incomplete(Vec<String>),
    /// No file came.
    Missing,
    /// Files came, none could be used; the reasons.
    Refused(Vec<String>),
}

impl ExtractState {
    /// The word in manifests and for rules.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Incomplete(_) => "incomplete",
            Self::Missing => "missing",
            Self::Refused(_) => "refused",
        }
    }

    /// What is wrong with the delivery, in Chinese; `None` when nothing is.
    pub fn problems(&self) -> Option<String> {
        match self {
            Self::Complete => None,
            Self::Missing => Some("未收到".to_owned()),
            Self::Incomplete(reasons) | Self::Refused(reasons) => Some(reasons.join("；")),
        }
    }

    /// Adds a reason why absence is not to be believed; what is missing or refused stays so.
    pub fn add(&mut self, reason: String) {
        match self {
            Self::Complete => *self = Self::Incomplete(vec![reason]),
            Self::Incomplete(reasons) => reasons.push(reason),
            Self::Missing | Self::Refused(_) => {}
        }
    }
}

/// Result of validation of one extract.
#[derive(Clone)]
pub struct CheckedExtract {
    /// Extract id.
    pub extract: String,
    /// Its contract.
    pub contract: Arc<Contract>,
    /// Accepted rows as text.
    pub rows: RawTable,
    /// Sheet names; index 0 is the empty name.
    pub sheets: Vec<String>,
    /// One report for each file.
    pub files: Vec<FileReport>,
    /// Rows held back.
    pub quarantine: Vec<Quarantined>,
    /// Everything to say about the data: places, never values.
    pub problems: Vec<Diagnostic>,
    /// Whether the extract may be relied on.
    pub state: ExtractState,
    /// As-of date: the earliest of its files'.
    pub as_of: Option<Day>,
    /// Rows per town (label as standardised), for the next night's comparison.
    pub town_counts: Vec<(String, u64)>,
}

/// The column `row_key` of records; `None` where an extract did not come.
pub fn row_keys(records: &RecordBatch) -> Option<&StringArray> {
    records.column_by_name("row_key")?.as_string_opt()
}

/// Typed records of one extract, the artifact `records/<extract>.parquet`.
///
/// Columns, in this order: `row_key` Utf8, `file` Utf8 (dictionary), `sheet` Utf8 (dictionary),
/// `row` UInt32; then for each contract field `<field>` (typed, see [`super::FieldKind`]) and
/// `<field>_raw` (Utf8; null when the delivered text equals the standardised one); then for each
/// mention `<role>_id_state` (Utf8), `<role>_birth` (Date32), `<role>_sex` (Utf8 男/女),
/// `<role>_town`, `<role>_village` (Utf8, gazetteer names) and `<role>_group` (UInt16).
#[derive(Clone)]
pub struct RecordSet {
    /// Extract id.
    pub extract: String,
    /// Its contract.
    pub contract: Arc<Contract>,
    /// The records.
    pub batch: RecordBatch,
    /// Whether the extract may be relied on.
    pub state: ExtractState,
    /// As-of date.
    pub as_of: Option<Day>,
}
