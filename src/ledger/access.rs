//! The log of who looked at values of persons in full: when, what, why. A chain of its own beside that of the
//! events, so that a look does not stand in the way of a night that is being committed.
//!
//! Rule book G11 and G12: access to the data of minors is logged, logs are kept. What was looked at is named
//! by clue number or place of a row, never by a value.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::event::chained;

/// A look at values in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The injected instant, for people.
    pub at: String,
    /// Account of the system.
    pub by: String,
    /// Command that showed it.
    pub command: String,
    /// What was shown: a clue number, a person's number in a run, the place of a row.
    pub what: String,
    /// Why, in the words of whoever looked.
    pub reason: String,
    /// The approval under which it was shown, in words; empty in lines of older programs.
    pub approval: String,
}

/// A look with its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLook {
    /// Place in the log, from 1.
    pub seq: i64,
    /// What was looked at.
    pub look: Look,
    /// Hash of the one before, lower-case hex; empty for the first.
    pub prev: String,
    /// SHA-256 over `prev` and everything above, lower-case hex.
    pub hash: String,
}

impl StoredLook {
    /// The hash this line must have.
    pub fn expected_hash(&self) -> String {
        let look = &self.look;
        let seq = self.seq.to_string();
        if look.approval.is_empty() {
            // As programs hashed that knew of no approvals.
            return chained([&self.prev, &seq, &look.at, &look.by, &look.command, &look.what, &look.reason]);
        }
        let (at, by, command) = (&look.at, &look.by, &look.command);
        chained([&self.prev, &seq, at, by, command, &look.what, &look.reason, &look.approval])
    }
}

/// Adds one line.
pub(super) fn write(transaction: &Transaction<'_>, look: &Look) -> rusqlite::Result<()> {
    let (last, prev) = last(transaction)?;
    let mut stored = StoredLook { seq: last + 1, look: look.clone(), prev, hash: String::new() };
    stored.hash = stored.expected_hash();
    transaction.execute(
        "INSERT INTO access (seq, at, account, command, what, reason, approval, prev, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            stored.seq,
            look.at,
            look.by,
            look.command,
            look.what,
            look.reason,
            look.approval,
            stored.prev,
            stored.hash
        ],
    )?;
    transaction.execute(
        "INSERT INTO access_chain (id, head) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET head = excluded.head",
        [&stored.hash],
    )?;
    Ok(())
}

fn last(connection: &Connection) -> rusqlite::Result<(i64, String)> {
    let last = connection
        .query_row("SELECT seq, hash FROM access ORDER BY seq DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    Ok(last.unwrap_or_default())
}

/// All lines, oldest first; `approvals` says whether the ledger has a column for them.
pub(super) fn read(connection: &Connection, approvals: bool) -> rusqlite::Result<Vec<StoredLook>> {
    let approval = if approvals { "approval" } else { "''" };
    let mut statement = connection.prepare(&format!(
        "SELECT seq, at, account, command, what, reason, prev, hash, {approval} FROM access ORDER BY seq"
    ))?;
    let rows = statement.query_map([], line)?;
    rows.collect()
}

/// The end of the chain as the last line left it.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<String> {
    let head = connection.query_row("SELECT head FROM access_chain", [], |row| row.get(0)).optional()?;
    Ok(head.unwrap_or_default())
}

/// Checks the chain; the error is the place of the first line that is damaged or missing.
pub(super) fn verify(looks: &[StoredLook], head: &str) -> Result<(), i64> {
    let mut prev = "";
    for (look, seq) in looks.iter().zip(1..) {
        if look.seq != seq || look.prev != prev || look.hash != look.expected_hash() {
            return Err(look.seq);
        }
        prev = &look.hash;
    }
    if head == prev { Ok(()) } else { Err(looks.last().map_or(1, |last| last.seq + 1)) }
}

fn line(row: &Row<'_>) -> rusqlite::Result<StoredLook> {
    Ok(StoredLook {
        seq: row.get(0)?,
        look: Look {
            at: row.get(1)?,
            by: row.get(2)?,
            command: row.get(3)?,
            what: row.get(4)?,
            reason: row.get(5)?,
            approval: row.get(8)?,
        },
        prev: row.get(6)?,
        hash: row.get(7)?,
    })
}
