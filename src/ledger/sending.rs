//! What was sent to a remote: which file of the register of handovers, where to, when, by whom, and what became of it.
//!
//! A try has a line before the first byte leaves and one when it is over, so that a file that may have left is on record
//! even when the program was killed in between. Lines are added and never changed or deleted.

use rusqlite::types::Type;
use rusqlite::{Connection, Row, Transaction, params};

/// Where a try stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SendingState {
    /// It began; when no other line follows, nobody knows whether the file left.
    Begun,
    /// The remote took the file.
    Arrived,
    /// It did not.
    Failed,
}

impl SendingState {
    const ALL: [Self; 3] = [Self::Begun, Self::Arrived, Self::Failed];

    /// The word for machines.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Arrived => "arrived",
            Self::Failed => "failed",
        }
    }
}

/// One line: a try that began, or how it ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Sending {
    /// Run id.
    pub run_id: String,
    /// Path of the file below the run's folder, as the register of handovers has it.
    pub path: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Folder name of the recipient.
    pub recipient: String,
    /// Name of the remote.
    pub remote: String,
    /// Folder on the remote.
    pub folder: String,
    /// Name of the file there.
    pub file: String,
    /// The injected instant, for people.
    pub at: String,
    /// Account that did it.
    pub by: String,
    /// Where it stands.
    pub state: SendingState,
    /// Why it failed; no secret, no personal value.
    pub why: String,
}

impl Sending {
    /// Whether both are about the same bytes in the same place.
    pub fn is_of(&self, other: &Self) -> bool {
        (&self.sha256, &self.remote, &self.folder, &self.file)
            == (&other.sha256, &other.remote, &other.folder, &other.file)
    }
}

/// Adds a line.
pub(super) fn write(transaction: &Transaction<'_>, line: &Sending) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO sending (run_id, path, sha256, recipient, remote, folder, file, at, account, state, why)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    insert.execute(params![
        line.run_id,
        line.path,
        line.sha256,
        line.recipient,
        line.remote,
        line.folder,
        line.file,
        line.at,
        line.by,
        line.state.word(),
        line.why,
    ])?;
    Ok(())
}

/// All lines, oldest first.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<Vec<Sending>> {
    let mut statement = connection.prepare(
        "SELECT run_id, path, sha256, recipient, remote, folder, file, at, account, state, why FROM sending ORDER BY seq",
    )?;
    let rows = statement.query_map([], line)?;
    rows.collect()
}

fn line(row: &Row<'_>) -> rusqlite::Result<Sending> {
    let word: String = row.get(9)?;
    let state = SendingState::ALL.into_iter().find(|state| state.word() == word).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(9, Type::Text, "a state of the register of sendings".into())
    })?;
    Ok(Sending {
        run_id: row.get(0)?,
        path: row.get(1)?,
        sha256: row.get(2)?,
        recipient: row.get(3)?,
        remote: row.get(4)?,
        folder: row.get(5)?,
        file: row.get(6)?,
        at: row.get(7)?,
        by: row.get(8)?,
        state,
        why: row.get(10)?,
    })
}
