//! A notice of what two persons settled about a case, drafted from the ledger and a finished run.

use std::collections::BTreeSet;

use super::ExplainError;
use super::people::mentions;
use super::run::FinishedRun;
use super::table::each_row;
use crate::domain::{Day, Finding, ResidentId, Sex};
use crate::ledger::CaseRecord;
use crate::report::{Draft, NoticeInput, Person, draft_notice};
use crate::spec::Plan;

const COLUMNS: [&str; 7] = ["identity_id", "name", "resident_id", "birth_date", "sex", "town", "village"];

/// Drafts the notice of a case.
///
/// # Errors
/// When no second person has approved what would be told, the pipeline does not run the rule any more, or the
/// run does not know the person.
pub fn notice(plan: &Plan, run: &FinishedRun, record: &CaseRecord) -> Result<Draft, ExplainError> {
    let clue = record.number.as_str();
    let Some(given) = record.settled_by_two() else {
        let help = "the 审核人 signs on the returned workbook: doudi feedback import".to_owned();
        let message = format!("no second person has approved what a notice for {clue} would tell");
        return Err(ExplainError::asked(message, Some(help)));
    };
    let lost = |what: &str| ExplainError::asked(format!("{what} of {clue}"), None);
    let finding = record.finding().ok_or_else(|| lost("the ledger cannot read the finding"))?;
    let rule = plan.book.rule(&finding.rule);
    let rule = rule.ok_or_else(|| lost("the pipeline does not run the rule any more"))?;
    let (desk, _) = plan.desk.on(run.as_of);
    let input = NoticeInput {
        desk: &desk,
        clue,
        rule: &plan.rule_facts(rule, run.as_of),
        finding: &finding,
        answer: &given.answer,
        person: &person(run, &finding)?,
        as_of: run.as_of,
        basis: &plan.citations(&rule.header.basis, run.as_of),
    };
    Ok(draft_notice(&input)?)
}

/// The person of a case. The identity of an older case may have ended in a merge or split since; then it is
/// whoever stands in the subject's row. Nobody when the run knows neither.
fn person(run: &FinishedRun, finding: &Finding) -> Result<Person, ExplainError> {
    let named = mentions(run, |cells| {
        cells.text(0) == finding.subject_extract
            && cells.text(1) == finding.subject_row_key
            && cells.text(2) == finding.subject_role
    })?;
    let of_row: BTreeSet<i64> = named.iter().map(|mention| mention.identity).collect();
    let (mut known, mut standing) = (None, None);
    each_row(&run.artifact("identities.parquet"), &COLUMNS, |cells| {
        let identity = cells.number::<i64>(0);
        let person = || Person {
            name: cells.owned(1),
            resident_id: ResidentId::parse(cells.text(2)),
            birth: Day::parse_iso(cells.text(3)),
            sex: match cells.text(4) {
                "男" => Sex::Male,
                "女" => Sex::Female,
                _ => Sex::Unknown,
            },
            town: cells.owned(5),
            village: cells.owned(6),
            ..Person::default()
        };
        if identity == finding.identity.0 {
            known = Some(person());
        } else if of_row.contains(&identity) {
            standing = Some(person());
        }
    })?;
    Ok(known.or(standing).unwrap_or_default())
}
