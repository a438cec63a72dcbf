//! Schema of `ledger.sqlite` by version. A step, once released, is never edited; new ones are appended.

use rusqlite::Connection;

/// One step from version `to - 1` to version `to`.
struct Migration {
    to: i64,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        to: 1,
        sql: "
CREATE TABLE event (
  seq      INTEGER PRIMARY KEY,
  run_id   TEXT NOT NULL,
  case_key TEXT NOT NULL,
  kind     TEXT NOT NULL,
  at       TEXT NOT NULL,
  payload  TEXT NOT NULL,
  prev     TEXT NOT NULL,
  hash     TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX event_case ON event (case_key, seq);
CREATE TRIGGER event_is_never_updated BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TABLE run (
  run_id    TEXT PRIMARY KEY,
  commit_no INTEGER NOT NULL UNIQUE,
  as_of     TEXT NOT NULL,
  plan_hash TEXT NOT NULL,
  register  TEXT NOT NULL,
  committed TEXT NOT NULL,
  head      TEXT NOT NULL
) STRICT;
CREATE TABLE delivery (
  run_id      TEXT NOT NULL REFERENCES run (run_id),
  extract     TEXT NOT NULL,
  as_of       TEXT,
  rows        INTEGER NOT NULL,
  town_counts TEXT NOT NULL,
  files       TEXT NOT NULL,
  PRIMARY KEY (run_id, extract)
) STRICT;
CREATE TABLE case_number (
  number   TEXT PRIMARY KEY,
  case_key TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
CREATE TABLE judgement (
  seq           INTEGER PRIMARY KEY,
  left_extract  TEXT NOT NULL,
  left_row_key  TEXT NOT NULL,
  left_role     TEXT NOT NULL,
  right_extract TEXT NOT NULL,
  right_row_key TEXT NOT NULL,
  right_role    TEXT NOT NULL,
  verdict       TEXT NOT NULL CHECK (verdict IN ('same', 'not_same')),
  at            TEXT NOT NULL,
  source        TEXT NOT NULL
) STRICT;
",
    },
    // Answers come between the nights: the end of the chain is kept beside the runs.
    Migration {
        to: 2,
        sql: "
CREATE TABLE chain (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  head TEXT NOT NULL
) STRICT;
INSERT INTO chain (id, head) SELECT 1, coalesce((SELECT head FROM run ORDER BY commit_no DESC LIMIT 1), '');
CREATE TABLE receipt (
  receipt_no INTEGER PRIMARY KEY,
  receipt_id TEXT NOT NULL,
  at         TEXT NOT NULL,
  imported   TEXT NOT NULL,
  files      TEXT NOT NULL,
  taken      INTEGER NOT NULL,
  refused    INTEGER NOT NULL,
  head       TEXT NOT NULL
) STRICT;
",
    },
    // What was handed over to whom, kept for three years at least.
    Migration {
        to: 3,
        sql: "
CREATE TABLE handover (
  run_id    TEXT NOT NULL,
  path      TEXT NOT NULL,
  sha256    TEXT NOT NULL,
  sm3       TEXT NOT NULL,
  as_of     TEXT NOT NULL,
  committed TEXT NOT NULL,
  recipient TEXT NOT NULL,
  receiver  TEXT NOT NULL,
  purpose   TEXT NOT NULL,
  basis     TEXT NOT NULL,
  rows      INTEGER NOT NULL,
  PRIMARY KEY (run_id, path, sha256)
) STRICT;
CREATE TRIGGER handover_is_never_updated BEFORE UPDATE ON handover BEGIN SELECT RAISE(ABORT, 'the register is append-only'); END;
CREATE TRIGGER handover_is_never_deleted BEFORE DELETE ON handover BEGIN SELECT RAISE(ABORT, 'the register is append-only'); END;
",
    },
    // Events of the kind `released`, which belong to no case: a program of version 3 cannot read them.
    Migration { to: 4, sql: "" },
    // Events of the kinds `noticed`, `objected`, `upheld`, `revoked`, and the log of who looked at values in full.
    Migration {
        to: 5,
        sql: "
CREATE TABLE access (
  seq     INTEGER PRIMARY KEY,
  at      TEXT NOT NULL,
  account TEXT NOT NULL,
  command TEXT NOT NULL,
  what    TEXT NOT NULL,
  reason  TEXT NOT NULL,
  prev    TEXT NOT NULL,
  hash    TEXT NOT NULL UNIQUE
) STRICT;
CREATE TRIGGER access_is_never_updated BEFORE UPDATE ON access BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER access_is_never_deleted BEFORE DELETE ON access BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TABLE access_chain (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  head TEXT NOT NULL
) STRICT;
",
    },
    // Under which approval numbers were handed over and values looked at in full; lines from before say nothing.
    Migration {
        to: 6,
        sql: "
ALTER TABLE handover ADD COLUMN approval TEXT NOT NULL DEFAULT '';
ALTER TABLE access ADD COLUMN approval TEXT NOT NULL DEFAULT '';
",
    },
    // Events may be emptied, in the transaction that says so; nothing else of them can be changed. Events of the
    // kind `erased`.
    Migration {
        to: 7,
        sql: "
CREATE INDEX event_erased ON event (seq) WHERE kind = 'erased';
DROP TRIGGER event_is_never_updated;
CREATE TRIGGER event_is_never_updated BEFORE UPDATE ON event WHEN NOT (
  NEW.payload = '' AND NEW.case_key = '' AND NEW.seq = OLD.seq AND NEW.run_id = OLD.run_id AND NEW.kind = OLD.kind
  AND NEW.at = OLD.at AND NEW.prev = OLD.prev AND NEW.hash = OLD.hash
  AND EXISTS (SELECT 1 FROM event said WHERE said.kind = 'erased' AND instr(said.payload, OLD.hash) > 0)
) BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
",
    },
    // What of the files that were handed over left encrypted.
    Migration {
        to: 8,
        sql: "
CREATE TABLE packing (
  run_id        TEXT NOT NULL,
  path          TEXT NOT NULL,
  sha256        TEXT NOT NULL,
  recipient     TEXT NOT NULL,
  packed        TEXT NOT NULL,
  account       TEXT NOT NULL,
  file          TEXT NOT NULL,
  packed_sha256 TEXT NOT NULL,
  keys          TEXT NOT NULL,
  PRIMARY KEY (run_id, path, packed_sha256)
) STRICT;
CREATE TRIGGER packing_is_never_updated BEFORE UPDATE ON packing BEGIN SELECT RAISE(ABORT, 'the register is append-only'); END;
CREATE TRIGGER packing_is_never_deleted BEFORE DELETE ON packing BEGIN SELECT RAISE(ABORT, 'the register is append-only'); END;
",
    },
    // What of the files that were handed over was sent to a remote.
    Migration {
        to: 9,
        sql: "
CREATE TABLE sending (
  seq       INTEGER PRIMARY KEY,
  run_id    TEXT NOT NULL,
  path      TEXT NOT NULL,
  sha256    TEXT NOT NULL,
  recipient TEXT NOT NULL,
  remote    TEXT NOT NULL,
  folder    TEXT NOT NULL,
  file      TEXT NOT NULL,
  at        TEXT NOT NULL,
  account   TEXT NOT NULL,
  state     TEXT NOT NULL CHECK (state IN ('begun', 'arrived', 'failed')),
  why       TEXT NOT NULL
) STRICT;
CREATE TRIGGER sending_is_never_updated BEFORE UPDATE ON sending BEGIN SELECT RAISE(ABORT, 'the register is append-only'); END;
CREATE TRIGGER sending_is_never_deleted BEFORE DELETE ON sending BEGIN SELECT RAISE(ABORT, 'the register is append-only'); END;
",
    },
    // Events of the kind `acknowledged`.
    Migration { to: 10, sql: "" },
];

/// The version this program writes.
pub(super) fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |step| step.to)
}

/// The version of an open ledger; 0 for a new file.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings the ledger to the newest version, each step in its own transaction.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let from = version(connection)?;
    for step in MIGRATIONS.iter().filter(|step| step.to > from) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step.sql)?;
        transaction.pragma_update(None, "user_version", step.to)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_rise_by_one_and_migrating_twice_changes_nothing() {
        for (at, step) in MIGRATIONS.iter().enumerate() {
            assert_eq!(step.to, i64::try_from(at).unwrap() + 1);
        }
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        assert_eq!(version(&connection).unwrap(), newest());
    }
}
