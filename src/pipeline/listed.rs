//! Cases of the ledger as the figures on precision need them.

use crate::domain::{GivenAnswer, Outcome};
use crate::ledger::{CaseRecord, LedgerState};
use crate::report::ListedCase;
use crate::rule::Book;

/// Column of a spot check's SELECT that tells from how many people it draws.
const SCOPE: &str = "scope";

/// Every case that was ever listed, with what its last answer that counts says, whether it was given since the
/// case was listed last or before. Who was drawn by lot is told by the book, so a check that the plan has no
/// more counts as a rule.
pub fn listed_cases(state: &LedgerState, book: &Book) -> Vec<ListedCase> {
    state.cases.values().filter_map(|record| listed(record, book)).collect()
}

/// `None` only for a damaged case.
fn listed(record: &CaseRecord, book: &Book) -> Option<ListedCase> {
    let finding = record.finding()?;
    let drawn = book.rules.iter().any(|rule| rule.id == finding.rule && rule.header.spot_check);
    let scope = finding.details.iter().find(|detail| detail.name == SCOPE);
    let told = if record.phase.is_in_doubt() { None } else { GivenAnswer::standing(&record.answers) };
    let outcome = told.and_then(|given| given.answer.outcome);
    Some(ListedCase {
        drawn_from: drawn.then(|| scope.and_then(|scope| scope.value.parse().ok()).unwrap_or(0)),
        rule: finding.rule,
        list: finding.list,
        annex: finding.annex,
        grade: finding.grade,
        confirmed: outcome.filter(|outcome| *outcome != Outcome::Unverifiable).map(|o| o != Outcome::Refuted),
    })
}
