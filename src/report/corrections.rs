//! 纠错回传: rows that officers found wrong, back to whoever owns them, until they are found no more.
//!
//! An owner gets its own rows only, with what has to be looked at; what an officer wrote in words stays
//! with the case.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::book::{self, Book};
use super::disclosure::Recipient;
use super::gate::{Cleared, PLAIN};
use super::input::PublishInput;
use super::outcomes::{EVIDENCE, SUBJECT};
use super::rows::{CaseFacts, Context, Receiver};
use super::{ReportError, flat};
use crate::domain::{Day, Evidence, GivenAnswer};

const COLUMNS: [(&str, f64); 10] = [
    ("序号", 6.0),
    ("线索编号", 12.0),
    ("数据表", 18.0),
    ("文件", 30.0),
    ("工作表", 12.0),
    ("行号", 8.0),
    ("姓名", 10.0),
    ("身份证号", 20.0),
    ("核查发现", 20.0),
    ("核查时间", 12.0),
];

/// Stands for a reason that the owner may not know.
const TO_CORRECT: &str = "经核查数据需更正";

/// One row to be looked at, cells in the order of [`COLUMNS`] without the running number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Correction([Cleared; 9]);

/// What stands above the rows.
pub(super) struct Head<'a> {
    pub(super) receiver: &'a str,
    pub(super) run_id: &'a str,
    pub(super) as_of: Day,
}

/// Rows to be corrected by recipient, sorted.
pub(super) fn sort_out<'a>(
    input: &PublishInput<'a>,
    cases: &[CaseFacts<'a>],
    context: &Context<'a>,
) -> Vec<(&'a Recipient, Vec<Correction>)> {
    let mut found: BTreeMap<&str, (&Recipient, Vec<Correction>)> = BTreeMap::new();
    for facts in cases {
        let settled = |given: &&GivenAnswer| !given.answer.needs_approval || !given.approved_by.is_empty();
        let Some(given) = facts.case.standing().filter(settled) else { continue };
        for (recipient, row) in rows(input, facts, given, context) {
            let correction = correction(input, facts, given, (recipient, &row), context);
            found.entry(&recipient.id).or_insert_with(|| (recipient, Vec::new())).1.push(correction);
        }
    }
    let mut found: Vec<_> = found.into_values().collect();
    for (_, corrections) in &mut found {
        corrections.sort();
        corrections.dedup();
    }
    found
}

/// Whose rows are wrong, each once.
fn rows<'a>(
    input: &PublishInput<'a>,
    facts: &CaseFacts<'a>,
    given: &GivenAnswer,
    context: &Context<'a>,
) -> Vec<(&'a Recipient, Evidence)> {
    let finding = &facts.case.finding;
    let subject =
        Evidence { extract: finding.subject_extract.clone(), row_key: finding.subject_row_key.clone() };
    let owner = |row: &Evidence| {
        let agency = input.extracts.iter().find(|extract| extract.id == row.extract)?.agency.as_str();
        context.disclosure().recipient(agency)
    };
    let mut all = vec![subject.clone()];
    all.extend(finding.evidence().iter().filter(|row| **row != subject).cloned());
    let wrong = |row: &Evidence, owner: &Recipient| {
        given.answer.corrects.iter().any(|whom| match whom.as_str() {
            SUBJECT => *row == subject,
            EVIDENCE => *row != subject,
            id => owner.id == id,
        })
    };
    all.into_iter()
        .filter_map(|row| Some((owner(&row)?, row)))
        .filter(|(owner, row)| wrong(row, owner))
        .collect()
}

fn correction(
    input: &PublishInput<'_>,
    facts: &CaseFacts<'_>,
    given: &GivenAnswer,
    (recipient, row_of): (&Recipient, &Evidence),
    context: &Context<'_>,
) -> Correction {
    let place = (input.place)(row_of).unwrap_or_default();
    let title = input.extracts.iter().find(|extract| extract.id == row_of.extract);
    let gate = facts.gate(Receiver { id: &recipient.id, context, whole: false });
    let plain = |text: &str| gate.cell(PLAIN, text);
    let row = if place.row == 0 { String::new() } else { place.row.to_string() };
    let known = gate.knows(&given.answer.class) && !given.answer.reason.is_empty();
    Correction([
        plain(&facts.case.number),
        plain(title.map_or(&row_of.extract, |extract| &extract.title)),
        plain(&place.file),
        plain(&place.sheet),
        plain(&row),
        gate.cell("identity", &facts.person.name),
        gate.number("id_number", &facts.person),
        if known { gate.cell(&given.answer.class, &given.answer.reason) } else { plain(TO_CORRECT) },
        plain(&given.answer.checked_on.unwrap_or(given.on).iso()),
    ])
}

/// Writes CSV and workbook; gives their paths.
pub(super) fn write(
    folder: &Path,
    stem: &str,
    head: &Head<'_>,
    corrections: &[Correction],
) -> Result<Vec<PathBuf>, ReportError> {
    let csv = folder.join(format!("{stem}.csv"));
    flat::texts(&csv, COLUMNS.iter().map(|(title, _)| *title), numbered(corrections))?;
    let xlsx = folder.join(format!("{stem}.xlsx"));
    let book = Book::plain("纠错回传", head.receiver, head.run_id, head.as_of);
    book::write_table(&xlsx, &book, &COLUMNS, numbered(corrections))
        .map_err(|source| ReportError::Workbook { path: xlsx.clone(), source })?;
    Ok(vec![csv, xlsx])
}

fn numbered(corrections: &[Correction]) -> impl Iterator<Item = Vec<String>> {
    (1..).zip(corrections).map(|(number, Correction(cells)): (usize, _)| {
        std::iter::once(number.to_string()).chain(cells.iter().cloned().map(Cleared::into_text)).collect()
    })
}
