//! What left the house encrypted: which file of the register of handovers, to which keys, when, by whom. Lines are
//! added and never changed or deleted.

use rusqlite::{Connection, Row, Transaction, params};

/// One file that was encrypted for its recipient.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Packing {
    /// Run id.
    pub run_id: String,
    /// Path of the plain file below the run's folder, as the register of handovers has it.
    pub path: String,
    /// SHA-256 of the plain file.
    pub sha256: String,
    /// Folder name of the recipient.
    pub recipient: String,
    /// The injected instant, for people.
    pub packed: String,
    /// Account that did it.
    pub by: String,
    /// Base name of the encrypted file.
    pub file: String,
    /// SHA-256 of the encrypted file.
    pub packed_sha256: String,
    /// Public keys to which it is encrypted.
    pub keys: Vec<String>,
}

/// Adds lines; one that is there already stays.
pub(super) fn write(transaction: &Transaction<'_>, lines: &[Packing]) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare(
        "INSERT OR IGNORE INTO packing (run_id, path, sha256, recipient, packed, account, file, packed_sha256, keys)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for line in lines {
        insert.execute(params![
            line.run_id,
            line.path,
            line.sha256,
            line.recipient,
            line.packed,
            line.by,
            line.file,
            line.packed_sha256,
            line.keys.join(" "),
        ])?;
    }
    Ok(())
}

/// All lines, by instant, run, path and digest.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<Vec<Packing>> {
    let mut statement = connection.prepare(
        "SELECT run_id, path, sha256, recipient, packed, account, file, packed_sha256, keys
         FROM packing ORDER BY packed, run_id, path, packed_sha256",
    )?;
    let rows = statement.query_map([], line)?;
    rows.collect()
}

fn line(row: &Row<'_>) -> rusqlite::Result<Packing> {
    let keys: String = row.get(8)?;
    Ok(Packing {
        run_id: row.get(0)?,
        path: row.get(1)?,
        sha256: row.get(2)?,
        recipient: row.get(3)?,
        packed: row.get(4)?,
        by: row.get(5)?,
        file: row.get(6)?,
        packed_sha256: row.get(7)?,
        keys: keys.split(' ').map(str::to_owned).collect(),
    })
}
