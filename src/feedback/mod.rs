//! F6: answers of officers. Files that came back go in; what the ledger can take is planned, what it cannot
//! take is listed with file, sheet, cell and reason; one transaction writes the plan.
//!
//! Rows are recognised by their clue number and nothing else, so they may come sorted, filtered, pasted into
//! another workbook or saved by another program. It must never take half of a row, never write while it
//! previews, and never put a value of a person into what it lists.

mod read;
mod understand;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::domain::Day;
use crate::ledger::{
    AnswerCell, Incoming, Ledger, LedgerError, LedgerState, ReceiptFacts, ReceiptPlan, Taken,
};
use crate::report::{AnswerField, Desk};

use read::{Filled, Received};
use understand::understand;

/// What an import is told.
pub struct ImportEnv<'a> {
    /// Templates and tables.
    pub desk: &'a Desk,
    /// Day of the import.
    pub day: Day,
    /// The instant as text, for the ledger; nothing is computed from it.
    pub now: String,
}

/// Something that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Listed {
    /// Base name of the file.
    pub file: String,
    /// Sheet; empty in a text file or where the whole file is meant.
    pub sheet: String,
    /// Cell (`D7`) or row (`7`); empty where the sheet or file is meant.
    pub cell: String,
    /// Why, in Chinese, without values.
    pub reason: String,
}

/// How one file came.
#[derive(Clone, Debug, Serialize)]
pub struct FileFacts {
    /// Base name.
    pub name: String,
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// Whether it could be read at all.
    pub read: bool,
    /// Rows with a clue number.
    pub rows: u64,
    /// Of these, rows in which nothing was answered.
    pub unanswered: u64,
    /// Sheets in which no clue numbers stand, or that are hidden.
    pub skipped_sheets: Vec<String>,
}

/// What an import does, or would do.
#[derive(Clone)]
pub struct Import {
    /// Files, as they were named.
    pub files: Vec<FileFacts>,
    /// What was not taken, in the order of files, sheets and rows.
    pub listed: Vec<Listed>,
    /// Clue numbers and what becomes of their answers, in the order they came.
    pub taken: Vec<(String, Taken)>,
    plan: ReceiptPlan,
    facts: ReceiptFacts,
}

impl Import {
    /// How many answers came to what.
    pub fn counts(&self) -> BTreeMap<Taken, u64> {
        self.plan.counts()
    }

    /// Events that it writes.
    pub fn events(&self) -> usize {
        self.plan.events.len()
    }

    /// Whether a file could not be read at all.
    pub fn has_unread_file(&self) -> bool {
        self.files.iter().any(|file| !file.read)
    }

    /// Writes the plan: all of it or nothing.
    ///
    /// # Errors
    /// When the ledger moved since, or cannot be written.
    pub fn commit(&self, ledger: &mut Ledger) -> Result<(), LedgerError> {
        ledger.take_answers(&self.plan, &self.facts)
    }
}

/// Reads files and plans their import. Writes nothing.
///
/// # Errors
/// When the ledger cannot be read.
pub fn plan(ledger: &Ledger, files: &[PathBuf], env: &ImportEnv<'_>) -> Result<Import, LedgerError> {
    let state = ledger.state()?;
    let received: Vec<Received> = files.iter().map(|path| read::read(path, env.desk)).collect();
    let mut listed: Vec<(usize, u64, Listed)> = Vec::new();
    let mut answers: Vec<Understood<'_>> = Vec::new();
    for (at, file) in received.iter().enumerate() {
        listed.extend(file.listed.iter().map(|(order, one)| (at, *order, one.clone())));
        let (understood, objections) = of_file(file, &state, env);
        answers.extend(understood.into_iter().map(|(row, incoming)| Understood { file: at, row, incoming }));
        listed.extend(objections.into_iter().map(|(order, one)| (at, order, one)));
    }
    let incoming: Vec<Incoming> = answers.iter().map(|answer| answer.incoming.clone()).collect();
    let plan = ledger.plan_answers(env.day, &incoming)?;
    let mut taken = Vec::new();
    for (answer, result) in answers.iter().zip(&plan.results) {
        match result {
            Ok(what) => taken.push((answer.incoming.number.clone(), *what)),
            Err(refused) => {
                let place = answer.row.cell_of(field_of(refused.cell));
                listed.push((answer.file, answer.row.order, answer.row.list(&place, &refused.reason)));
            }
        }
    }
    listed.sort();
    let digests: Vec<(String, String)> =
        received.iter().map(|file| (file.facts.name.clone(), file.facts.sha256.clone())).collect();
    let facts = ReceiptFacts { receipt_id: receipt_id(&digests), imported: env.now.clone(), files: digests };
    Ok(Import {
        files: received.into_iter().map(|file| file.facts).collect(),
        listed: listed.into_iter().map(|(.., one)| one).collect(),
        taken,
        plan,
        facts,
    })
}

/// An answer with the row it came from.
struct Understood<'a> {
    file: usize,
    row: &'a Filled,
    incoming: Incoming,
}

/// Answers of a file with their rows.
type Answers<'a> = Vec<(&'a Filled, Incoming)>;

/// The rows of one file as answers, and what cannot be understood.
fn of_file<'a>(
    file: &'a Received,
    state: &LedgerState,
    env: &ImportEnv<'_>,
) -> (Answers<'a>, Vec<(u64, Listed)>) {
    let (mut answers, mut listed): (Answers<'a>, Vec<(u64, Listed)>) = (Vec::new(), Vec::new());
    for row in &file.rows {
        match understand(row, state, env) {
            Ok(incoming) => answers.push((row, incoming)),
            Err((cell, reason)) => listed.push((row.order, row.list(&cell, &reason))),
        }
    }
    // Rows may have been sorted, so nobody can tell which of two answers of one officer is the later one.
    let mut said: BTreeMap<(&str, &str), BTreeSet<Vec<String>>> = BTreeMap::new();
    for (_, incoming) in &answers {
        let key = (incoming.number.as_str(), incoming.said.officer());
        said.entry(key).or_default().insert(incoming.said.digest_parts());
    }
    let twice: BTreeSet<(String, String)> = said
        .into_iter()
        .filter(|(_, answers)| answers.len() > 1)
        .map(|((number, officer), _)| (number.to_owned(), officer.to_owned()))
        .collect();
    let both =
        |incoming: &Incoming| twice.contains(&(incoming.number.clone(), incoming.said.officer().to_owned()));
    for (row, _) in answers.iter().filter(|(_, incoming)| both(incoming)) {
        let cell = row.cell_of(AnswerField::Result);
        let reason = "同一文件中，同一核查人对同一线索有不同的答复，请只留一条";
        listed.push((row.order, row.list(&cell, reason)));
    }
    answers.retain(|(_, incoming)| !both(incoming));
    (answers, listed)
}

const fn field_of(cell: AnswerCell) -> AnswerField {
    match cell {
        AnswerCell::Clue => AnswerField::Other,
        AnswerCell::CheckedOn => AnswerField::CheckedOn,
        AnswerCell::Approver => AnswerField::Approver,
        AnswerCell::ProofUntil => AnswerField::ProofUntil,
    }
}

/// Named by the files, in their order.
fn receipt_id(files: &[(String, String)]) -> String {
    use sha2::{Digest, Sha256};
    let mut hasher = Sha256::new();
    for (_, sha256) in files {
        hasher.update(sha256.as_bytes());
    }
    format!("receipt-{}", &crate::domain::hex(&hasher.finalize())[..8])
}

/// Base name of a file.
fn base_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
