//! The register of what was handed over: who gets which file of which run, for what and on which basis.
//!
//! Rule book G6: records of providing personal information are kept for three years at least. Lines are
//! added with the commit of their run and never changed or deleted.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, Transaction, params};

use super::access::Look;
use crate::domain::Day;

/// One file that a run laid out for one recipient.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Handover {
    /// Run id.
    pub run_id: String,
    /// As-of day of the run.
    pub as_of: Day,
    /// The injected instant of the commit, for people.
    pub committed: String,
    /// Folder name of the recipient.
    pub recipient: String,
    /// Name of the recipient.
    pub receiver: String,
    /// What the file is for.
    pub purpose: String,
    /// Path below the run's folder.
    pub path: String,
    /// Data rows.
    pub rows: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// SM3 of the file (GB/T 32905).
    pub sm3: String,
    /// Legal basis of its rules.
    pub basis: String,
    /// The approval under which numbers of persons stand in it in full, in words; empty where they do not.
    pub approval: String,
}

impl Handover {
    /// Whether a run's file with this digest is the one of the line.
    pub fn is_of(&self, run_id: &str, path: &str, sha256: &str) -> bool {
        (self.run_id.as_str(), self.path.as_str(), self.sha256.as_str()) == (run_id, path, sha256)
    }
}

/// What the log of access is told of numbers that a run lays out in full: one line for each recipient.
pub(super) fn exports(lines: &[Handover], by: &str) -> Vec<Look> {
    let mut files: BTreeMap<&str, (u64, &Handover)> = BTreeMap::new();
    for line in lines.iter().filter(|line| !line.approval.is_empty()) {
        files.entry(&line.recipient).or_insert((0, line)).0 += 1;
    }
    let look = |(count, line): (u64, &Handover)| Look {
        at: line.committed.clone(),
        by: by.to_owned(),
        command: "run".to_owned(),
        what: format!("提供给{}的 {count} 个文件含完整证号，运行 {}", line.receiver, line.run_id),
        reason: line.purpose.clone(),
        approval: line.approval.clone(),
    };
    files.into_values().map(look).collect()
}

/// Adds the lines of a run. A run that is committed again adds only files that are not the same.
pub(super) fn write(transaction: &Transaction<'_>, lines: &[Handover]) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare(
        "INSERT OR IGNORE INTO handover
         (run_id, path, sha256, sm3, as_of, committed, recipient, receiver, purpose, basis, rows, approval)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    for line in lines {
        insert.execute(params![
            line.run_id,
            line.path,
            line.sha256,
            line.sm3,
            line.as_of.iso(),
            line.committed,
            line.recipient,
            line.receiver,
            line.purpose,
            line.basis,
            i64::try_from(line.rows).unwrap_or(i64::MAX),
            line.approval,
        ])?;
    }
    Ok(())
}

/// All lines, by day, time, recipient and path; `approvals` says whether the ledger has a column for them.
pub(super) fn read(connection: &Connection, approvals: bool) -> rusqlite::Result<Vec<Handover>> {
    let approval = if approvals { "approval" } else { "''" };
    let mut statement = connection.prepare(&format!(
        "SELECT run_id, path, sha256, sm3, as_of, committed, recipient, receiver, purpose, basis, rows, {approval}
         FROM handover ORDER BY as_of, committed, run_id, path, sha256"
    ))?;
    let rows = statement.query_map([], line)?;
    rows.collect()
}

fn line(row: &Row<'_>) -> rusqlite::Result<Handover> {
    let day: String = row.get(4)?;
    let as_of = Day::parse_iso(&day).ok_or_else(|| {
        let what = "a day of the register of handovers is damaged";
        rusqlite::Error::FromSqlConversionFailure(4, rusqlite::types::Type::Text, what.into())
    })?;
    Ok(Handover {
        run_id: row.get(0)?,
        path: row.get(1)?,
        sha256: row.get(2)?,
        sm3: row.get(3)?,
        as_of,
        committed: row.get(5)?,
        recipient: row.get(6)?,
        receiver: row.get(7)?,
        purpose: row.get(8)?,
        basis: row.get(9)?,
        rows: u64::try_from(row.get::<_, i64>(10)?).unwrap_or(0),
        approval: row.get(11)?,
    })
}
