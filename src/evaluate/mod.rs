//! F4: measures a finished run against a known truth, and against the ID-only join of today.
//!
//! In: the artifacts of a run (`mentions`, `findings`, `records`), `truth.csv`
//! (`extract,file,sheet,row,role,person`), optionally `findings_truth.csv` (`rule,person,event`) and
//! `truth_strata.csv` (`person,stratum`). Out: an [`Evaluation`], for people as text and for machines
//! as JSON. It must never write into the run, and it takes no part in a nightly run.
//!
//! What is counted:
//! - **pairs**: two mentions are a right pair when both truth and run hold them to be one person;
//! - **mentions** (B-cubed): for every mention the share of its identity that is its person
//!   (precision) and the share of its person that is in its identity (recall), averaged;
//! - a truth row without a mention (quarantined, refused) is missed: its pairs are missing and it
//!   adds nothing to recall; a mention without a truth row is left out and counted in `rows`;
//! - a finding is right when its subject's person is expected by the same rule. Nothing said is
//!   precision 1, nothing expected is recall 1.

mod cluster;
mod errors;
mod finding;
mod read;
mod records;
mod strata;
mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::domain::Contract;

pub use cluster::Quality;
pub use errors::{Checked, ErrorCheck, LevelCheck, PassCheck, Threshold};
pub use finding::{Hits, RuleQuality};

use cluster::{Contingency, Labels};
use read::Truth;

/// What to measure against what.
#[derive(Clone, Debug)]
pub struct EvaluateInput {
    /// Folder of the run, the one that holds `artifacts/`.
    pub run_dir: PathBuf,
    /// `truth.csv`.
    pub truth: PathBuf,
    /// `findings_truth.csv`; without it no rule is measured.
    pub findings: Option<PathBuf>,
    /// `truth_strata.csv`; without it the file of this name beside `truth` is taken, and where there
    /// is none the strata are derived from records and truth (needs `contracts`).
    pub strata: Option<PathBuf>,
    /// Contracts by extract id: they say which field of a record is whose number and name. Needed
    /// for `baseline` and for derived strata.
    pub contracts: BTreeMap<String, Arc<Contract>>,
    /// Also measure the ID-only join.
    pub baseline: bool,
    /// A run over the same input whose identities were made by ID alone; gives the baseline's findings.
    pub baseline_run: Option<PathBuf>,
}

/// Quality of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// All persons.
    pub links: LinkQuality,
    /// Persons of one kind: `twins`, `siblings`, `common_name`, `no_id`, `rare_char`, `changed_name`.
    pub strata: BTreeMap<String, StratumQuality>,
    /// By rule id: every rule that the truth expects or the run found.
    pub findings: BTreeMap<String, RuleQuality>,
    /// The errors that the run said to expect, beside the true ones; `None` where it said nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<ErrorCheck>,
    /// The same of the ID-only join, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Scores>,
}

/// What is measured of one way to link.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scores {
    /// All persons.
    pub links: LinkQuality,
    /// By stratum.
    pub strata: BTreeMap<String, StratumQuality>,
    /// By rule id; empty without a run of that way to link.
    pub findings: BTreeMap<String, RuleQuality>,
}

/// Quality of identities over all persons.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkQuality {
    /// Right pairs among the run's pairs, 0–1.
    pub precision: f64,
    /// Found pairs among the true pairs, 0–1.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// B-cubed, by mention.
    pub mentions: Quality,
    /// What was compared.
    pub rows: Rows,
}

/// Quality of identities over the persons of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StratumQuality {
    /// Persons of that kind.
    pub persons: u64,
    /// Right pairs among the run's pairs that hold at least one mention of such a person, 0–1.
    pub precision: f64,
    /// Found pairs among the true pairs of such persons, 0–1.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// B-cubed over the mentions of such persons.
    pub mentions: Quality,
}

/// How truth and run cover each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// Rows of the truth.
    pub truth: u64,
    /// Rows of the truth without a mention; they count as missed.
    pub missed: u64,
    /// Mentions without a row of the truth; they are left out.
    pub without_truth: u64,
}

/// Why a run could not be measured. Names files and columns, never values.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// A file is not there or cannot be read.
    #[error("read {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A CSV file is broken.
    #[error("read {path} as CSV")]
    Csv {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: csv::Error,
    },
    /// A Parquet file is broken.
    #[error("read {path} as Parquet")]
    Parquet {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// A column of a Parquet file has another type than agreed.
    #[error("read column `{column}` of {path}")]
    Type {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The cause.
        #[source]
        source: arrow::error::ArrowError,
    },
    /// A column is missing.
    #[error("find column `{column}` in {path}")]
    ColumnMissing {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// The manifest is broken, or of another program.
    #[error("read {path} as a manifest")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// A cell cannot be read.
    #[error("read `{column}` in line {line} of {path}: not a row number")]
    Cell {
        /// The file.
        path: PathBuf,
        /// Line of the file.
        line: u64,
        /// The column.
        column: &'static str,
    },
    /// More kinds of persons than fit.
    #[error("read {path}: more than {max} strata")]
    TooManyStrata {
        /// The file.
        path: PathBuf,
        /// The limit.
        max: usize,
    },
    /// The baseline was asked for without the contracts it needs.
    #[error("make the ID-only join: no contract says which field holds a number")]
    ContractsMissing,
}

/// Measures a run.
///
/// # Errors
/// When a file is missing, broken or lacks a column.
pub fn evaluate(input: &EvaluateInput) -> Result<Evaluation, EvaluateError> {
    let truth = Truth::read(&input.truth)?;
    let expected = input.findings.as_deref().map(|path| finding::read_expected(path, &truth)).transpose()?;
    let mut run = read::read_run(&input.run_dir, &truth, expected.is_some())?;
    let strata = strata::strata(input, &truth)?;

    let own = Contingency::build(&truth.rows, &mut run.labels, truth.persons());
    let baseline = if input.baseline || input.baseline_run.is_some() {
        let mut labels = records::id_only_labels(input, &truth, &run.labels)?;
        let table = Contingency::build(&truth.rows, &mut labels, truth.persons());
        let findings = match (&input.baseline_run, &expected) {
            (Some(dir), Some(expected)) => finding::score(expected, &found_of(dir, &truth)?),
            _ => BTreeMap::new(),
        };
        Some(Scores { links: table.links(), strata: strata.score(&table), findings })
    } else {
        None
    };
    Ok(Evaluation {
        links: own.links(),
        strata: strata.score(&own),
        findings: expected
            .as_ref()
            .map(|expected| finding::score(expected, &run.findings))
            .unwrap_or_default(),
        errors: errors::check(&input.run_dir, &truth)?,
        baseline,
    })
}

/// The errors that a run said to expect, beside the true ones; `None` where it said nothing.
///
/// # Errors
/// When a file is missing, broken or lacks a column.
pub fn expected_errors(run_dir: &Path, truth: &Path) -> Result<Option<ErrorCheck>, EvaluateError> {
    errors::check(run_dir, &Truth::read(truth)?)
}

fn found_of(run_dir: &Path, truth: &Truth) -> Result<Vec<finding::Found>, EvaluateError> {
    read::read_run(run_dir, truth, true).map(|run| run.findings)
}

impl Evaluation {
    /// For machines: the object as indented JSON, keys in a fixed order.
    ///
    /// # Panics
    /// Never: the type holds only numbers, text and maps with text keys.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers and text can be written as JSON")
    }

    /// For people: aligned tables.
    pub fn text(&self) -> String {
        text::text(self)
    }
}

#[cfg(test)]
mod tests;
