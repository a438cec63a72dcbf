//! What each policy means for one child, as a finished run found it.

use serde::Serialize;

use super::ExplainError;
use super::mask::Mask;
use super::run::FinishedRun;
use super::table::each_row;
use crate::domain::Entitlement;

/// One policy.
#[derive(Clone, Debug, Serialize)]
pub struct PolicyRow {
    /// Policy id.
    pub policy: String,
    /// Its title.
    pub title: String,
    /// `enjoyed`, `missed`, `unmet`, `excluded` or `unknown`.
    pub entitlement: String,
    /// The same in words.
    pub verdict: String,
    /// Why, in words.
    pub words: String,
    /// The rule that lists it; empty when none does.
    pub finding: String,
    /// Legal basis.
    pub basis: Vec<String>,
    /// Rows it rests on, as `extract:row_key`.
    pub evidence: Vec<String>,
}

/// The policies of an identity, in their order; none when the run judged none for it.
///
/// # Errors
/// When the run's artifact cannot be read.
pub fn policies(run: &FinishedRun, identity: i64, full: bool) -> Result<Vec<PolicyRow>, ExplainError> {
    const COLUMNS: [&str; 8] =
        ["identity_id", "policy", "title", "entitlement", "words", "finding_rule", "basis", "evidence"];
    let mask = Mask::of(full);
    let path = run.artifact("policy_match.parquet");
    let mut rows = Vec::new();
    // Runs of older programs have no such file.
    if !path.is_file() {
        return Ok(rows);
    }
    each_row(&path, &COLUMNS, |cells| {
        if cells.number::<i64>(0) == identity {
            let verdict = Entitlement::parse(cells.text(3)).map_or("", Entitlement::title);
            rows.push(PolicyRow {
                policy: cells.owned(1),
                title: cells.owned(2),
                entitlement: cells.owned(3),
                verdict: verdict.to_owned(),
                words: mask.sentence(cells.text(4)),
                finding: cells.owned(5),
                basis: cells.items(6),
                evidence: cells.items(7),
            });
        }
    })?;
    Ok(rows)
}
