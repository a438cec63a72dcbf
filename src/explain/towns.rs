//! Towns of the persons of a finished run.

use std::collections::BTreeMap;

use super::ExplainError;
use super::run::FinishedRun;
use super::table::each_row;

/// Town of each identity of a run, where it is known.
///
/// # Errors
/// When the run's artifact cannot be read.
pub fn towns(run: &FinishedRun) -> Result<BTreeMap<i64, String>, ExplainError> {
    let mut towns = BTreeMap::new();
    each_row(&run.artifact("identities.parquet"), &["identity_id", "town"], |cells| {
        if !cells.text(1).is_empty() {
            towns.insert(cells.number(0), cells.owned(1));
        }
    })?;
    Ok(towns)
}
