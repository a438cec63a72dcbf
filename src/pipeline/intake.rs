//! Deliveries in: copied, checked, and the run held when one is not there that it cannot do without.

use std::collections::BTreeMap;
use std::fs;

use super::RunError;
use super::folder::RunFolder;
use crate::contract::{self, LastDelivery, Limits, ValidateContext};
use crate::diag::Diagnostic;
use crate::domain::{CheckedExtract, Completeness, Contract, Day, ExtractState, PulledExtract};
use crate::ledger::Delivery;
use crate::source;
use crate::spec::Plan;

/// Copies the deliveries into the run's folder.
pub(super) fn pull(
    folder: &RunFolder,
    plan: &Plan,
) -> Result<(Vec<PulledExtract>, Vec<Diagnostic>), RunError> {
    let pulled = folder.path.join("pulled");
    fs::create_dir(&pulled).map_err(RunError::io("create", &pulled))?;
    Ok(source::pull(&plan.input, &plan.sources, &pulled))
}

/// Reads and checks all extracts, each against what was last accepted of it.
pub(super) fn validate(
    plan: &Plan,
    as_of: Day,
    extracts: &[PulledExtract],
    last: &BTreeMap<String, Delivery>,
) -> Result<Vec<CheckedExtract>, RunError> {
    let label = |text: &str| {
        let (_, town) = plan.tables.gazetteer.town_at(text)?;
        Some(plan.tables.gazetteer.town_name(town).to_owned())
    };
    let checked: Vec<CheckedExtract> = extracts
        .iter()
        .map(|extract| {
            let last_accepted = last.get(&extract.extract).map(|delivery| LastDelivery {
                rows: delivery.rows,
                town_counts: delivery.town_counts.clone(),
                sha256s: delivery.files.iter().map(|(_, sha256)| sha256.clone()).collect(),
                as_of: delivery.as_of,
            });
            let context =
                ValidateContext { as_of, last_accepted, limits: Limits::default(), town_label: Some(&label) };
            contract::validate(extract, &context)
        })
        .collect();
    hold(checked.iter().map(|extract| (extract.extract.as_str(), &*extract.contract, &extract.state)))?;
    Ok(checked)
}

/// Holds the run when an extract that it cannot do without is not whole. Asked twice: after validate,
/// and after standardise, which holds rows back too.
pub(super) fn hold<'a>(
    states: impl Iterator<Item = (&'a str, &'a Contract, &'a ExtractState)>,
) -> Result<(), RunError> {
    let reasons: Vec<String> =
        states.filter_map(|(extract, contract, state)| reason(extract, contract, state)).collect();
    if reasons.is_empty() { Ok(()) } else { Err(RunError::Held { reasons }) }
}

/// Why an extract holds the run.
fn reason(extract: &str, contract: &Contract, state: &ExtractState) -> Option<String> {
    if contract.completeness != Completeness::Required {
        return None;
    }
    let title = format!("{extract}《{}》", contract.title);
    match state {
        ExtractState::Complete => None,
        ExtractState::Missing => Some(format!("{title} did not come")),
        ExtractState::Refused(reasons) => Some(format!("{title} was refused: {}", reasons.join("，"))),
        ExtractState::Incomplete(reasons) => Some(format!("{title} is incomplete: {}", reasons.join("，"))),
    }
}

/// Whether tonight's silence about a row means that the row is gone. An optional extract that has never
/// come is no gap: the rule has always done without it.
pub(super) fn is_whole(state: Option<&ExtractState>, optional: bool, came_before: bool) -> bool {
    match state {
        Some(ExtractState::Complete) => true,
        Some(ExtractState::Missing) | None => optional && !came_before,
        Some(ExtractState::Incomplete(_) | ExtractState::Refused(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extract_that_came_before_and_is_missing_tonight_is_a_gap() {
        let missing = Some(&ExtractState::Missing);
        assert!(is_whole(Some(&ExtractState::Complete), false, true));
        assert!(!is_whole(missing, false, false), "one the rule needs");
        assert!(is_whole(missing, true, false) && is_whole(None, true, false), "one that never came");
        assert!(!is_whole(missing, true, true), "one that came last night");
        assert!(!is_whole(Some(&ExtractState::Incomplete(Vec::new())), true, true));
    }
}
