//! The SQLite file behind the ledger: opening, reading, the one writing transaction, the chain's check.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::access;
use super::deed::{self, Deed, NotDone};
use super::erase;
use super::event::{Event, EventKind, Payload, StoredEvent};
use super::handover::{self, Handover};
use super::receipt::{self, Incoming, ReceiptPlan};
use super::reconcile::{self, Night, Reconciled};
use super::schema;
use super::state::LedgerState;
use crate::domain::{Day, Finding, Judgement, Phase, Verdict};

/// What can go wrong with the ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file cannot be opened.
    #[error("open the ledger {}: {source}", path.display())]
    Open {
        /// The ledger's path.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// `SQLite` says no.
    #[error("{doing}: {source}")]
    Sql {
        /// What was being done.
        doing: &'static str,
        /// Why.
        source: rusqlite::Error,
    },
    /// A newer program wrote this ledger.
    #[error(
        "read the ledger: its version {found} is newer than {known}, the newest this program knows; install the program that wrote it"
    )]
    Newer {
        /// Version of the file.
        found: i64,
        /// Newest version known.
        known: i64,
    },
    /// An event does not fit the chain or cannot be read.
    #[error("trust the ledger: event {seq} is damaged ({what}); restore the file from a copy")]
    Damaged {
        /// Place of the event.
        seq: i64,
        /// What does not fit.
        what: &'static str,
    },
    /// A line of the log of access does not fit its chain, or is missing.
    #[error("trust the log of access: line {seq} is damaged or missing; restore the file from a copy")]
    DamagedLog {
        /// Place of the line.
        seq: i64,
    },
    /// A log of access that is no continuation.
    #[error("take over the log of access: it does not go on where the ledger's own ends")]
    OtherLog,
    /// Somebody wrote between plan and commit.
    #[error("commit the run: the ledger changed since the plan was made; run again")]
    Moved,
    /// The plan of an import breaks the table of the life of a case.
    #[error("plan the import: an answer would lead where no case can go; this is a bug")]
    Forbidden,
    /// A case cannot take what an office wants to enter.
    #[error("enter it for the clue {number}: {why}")]
    NotDone {
        /// Clue number.
        number: String,
        /// Why.
        why: NotDone,
    },
}

pub(super) fn sql(doing: &'static str) -> impl Fn(rusqlite::Error) -> LedgerError {
    move |source| LedgerError::Sql { doing, source }
}

/// One accepted extract, for tomorrow's tolerance.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Delivery {
    /// Extract id.
    pub extract: String,
    /// Its as-of day.
    pub as_of: Option<Day>,
    /// Accepted rows.
    pub rows: u64,
    /// Accepted rows by town label.
    pub town_counts: Vec<(String, u64)>,
    /// Base name and SHA-256 of its files.
    pub files: Vec<(String, String)>,
}

/// What a commit says about its run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFacts {
    /// Digest of plan and configuration.
    pub plan_hash: String,
    /// Digest (file name) of the register of identities that belongs to this run.
    pub register: String,
    /// The injected instant of the commit, for people; nothing is computed from it.
    pub committed: String,
    /// Account that ran it, for the log of access; the run itself does not keep it.
    pub account: String,
}

/// A committed run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// Run id.
    pub run_id: String,
    /// As-of day.
    pub as_of: Day,
    /// What its commit said.
    pub facts: RunFacts,
}

/// What an import says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptFacts {
    /// Its id: a digest of its files.
    pub receipt_id: String,
    /// The injected instant, for people; nothing is computed from it.
    pub imported: String,
    /// Base name and SHA-256 of its files.
    pub files: Vec<(String, String)>,
}

/// The ledger of all nights.
pub struct Ledger {
    pub(super) connection: Connection,
}

impl Ledger {
    /// Opens or creates the ledger: WAL, `synchronous = FULL`, migrated to the newest version.
    ///
    /// # Errors
    /// When the file cannot be opened, is no ledger, or is of a newer version.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let open = |source| LedgerError::Open { path: path.to_owned(), source };
        Self::prepare(Connection::open(path).map_err(open)?).map_err(|error| match error {
            LedgerError::Sql { source, .. } => open(source),
            other => other,
        })
    }

    /// The ledger as it is, for whoever only looks or plans: an existing file is opened read-only, a
    /// missing one is an empty ledger in memory, and no file appears beside it.
    ///
    /// # Errors
    /// As [`Ledger::open`]; also when the file is of an older version than this program writes.
    pub fn open_for_planning(path: &Path) -> Result<Self, LedgerError> {
        if !path.exists() {
            return Self::in_memory();
        }
        let open = |source| LedgerError::Open { path: path.to_owned(), source };
        let connection = look_only(path).map_err(open)?;
        let found = schema::version(&connection).map_err(open)?;
        if found == 0 {
            return Self::in_memory();
        }
        check_version(found)?;
        Ok(Self { connection })
    }

    /// Copies the ledger file at `path` to the new file `to`: one snapshot, also while a run is at work.
    ///
    /// # Errors
    /// When there is no ledger, it cannot be read, or `to` cannot be written or exists.
    pub fn copy(path: &Path, to: &Path) -> Result<(), LedgerError> {
        let open = |source| LedgerError::Open { path: path.to_owned(), source };
        let connection = look_only(path).map_err(open)?;
        check_version(schema::version(&connection).map_err(open)?)?;
        let text = to.to_string_lossy();
        connection.execute("VACUUM INTO ?1", [text.as_ref()]).map_err(sql("copy the ledger"))?;
        Ok(())
    }

    /// An empty ledger in memory.
    ///
    /// # Errors
    /// When SQLite cannot start.
    pub fn in_memory() -> Result<Self, LedgerError> {
        Self::prepare(Connection::open_in_memory().map_err(sql("open a ledger in memory"))?)
    }

    fn prepare(mut connection: Connection) -> Result<Self, LedgerError> {
        let doing = sql("prepare the ledger");
        connection.busy_timeout(Duration::from_secs(5)).map_err(&doing)?;
        // First of all: a newer program's ledger is left as it is, its journal too.
        check_version(schema::version(&connection).map_err(&doing)?)?;
        // In memory the journal stays `memory`, so the answer is not checked here.
        connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))
            .map_err(&doing)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(&doing)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(&doing)?;
        schema::migrate(&mut connection).map_err(&doing)?;
        Ok(Self { connection })
    }

    /// All events, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read or a day is damaged.
    pub fn events(&self) -> Result<Vec<StoredEvent>, LedgerError> {
        let doing = sql("read the events");
        let mut statement = self
            .connection
            .prepare("SELECT seq, run_id, case_key, kind, at, payload, prev, hash FROM event ORDER BY seq")
            .map_err(&doing)?;
        let rows = statement.query_map([], event_of).map_err(&doing)?;
        let mut events = Vec::new();
        for row in rows {
            let (event, at) = row.map_err(&doing)?;
            let at = Day::parse_iso(&at).ok_or(LedgerError::Damaged { seq: event.seq, what: "its day" })?;
            events.push(StoredEvent { at, ..event });
        }
        Ok(events)
    }

    /// The state: a fold over all events.
    ///
    /// # Errors
    /// When the file cannot be read or an event cannot follow the ones before.
    pub fn state(&self) -> Result<LedgerState, LedgerError> {
        fold(&self.events()?)
    }

    /// The state as it was when this run was committed; `None` for a run that was not.
    ///
    /// # Errors
    /// When the file cannot be read or an event cannot follow the ones before.
    pub fn state_after(&self, run_id: &str) -> Result<Option<LedgerState>, LedgerError> {
        let head: Option<String> = self
            .connection
            .query_row("SELECT head FROM run WHERE run_id = ?1", [run_id], |row| row.get(0))
            .optional()
            .map_err(sql("look for a run"))?;
        let Some(head) = head else { return Ok(None) };
        let events = self.events()?;
        let count = events.iter().position(|event| event.hash == head).map_or(0, |last| last + 1);
        fold_but(&events[..count], &erase::emptied(&events)).map(Some)
    }

    /// Plans the night: what is new, kept, changed, withdrawn, carried. Writes nothing.
    ///
    /// # Errors
    /// When the ledger cannot be read or is damaged.
    pub fn reconcile(&self, night: &Night<'_>, findings: &[Finding]) -> Result<Reconciled, LedgerError> {
        let events = self.events()?;
        let head = events.last().map_or("", |event| event.hash.as_str());
        reconcile::reconcile(fold(&events)?, head, night, findings).map_err(|key| {
            let last = events.iter().rfind(|event| event.case_key == key);
            LedgerError::Damaged { seq: last.map_or(0, |event| event.seq), what: "its finding" }
        })
    }

    /// Writes a planned night in one transaction: events, case numbers, deliveries, the run with its
    /// register, the files handed over, and in the log of access who gets numbers in full. Committing a run again replaces its run row and deliveries and adds
    /// its events and files, if there are others.
    ///
    /// # Errors
    /// [`LedgerError::Moved`] when the ledger is not the one the plan was made on.
    pub fn commit(
        &mut self,
        plan: &Reconciled,
        facts: &RunFacts,
        deliveries: &[Delivery],
        handed_over: &[Handover],
    ) -> Result<(), LedgerError> {
        let doing = sql("commit the run to the ledger");
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&doing)?;
        let (seq, head) = last_event(&transaction).map_err(&doing)?;
        if head != plan.head {
            return Err(LedgerError::Moved);
        }
        let writer = Writer { run_id: &plan.run_id, at: plan.as_of };
        let head = write_events(&transaction, &writer, &plan.events, (seq, head)).map_err(&doing)?;
        write_run(&transaction, plan, facts, &head).map_err(&doing)?;
        write_deliveries(&transaction, &plan.run_id, deliveries).map_err(&doing)?;
        handover::write(&transaction, handed_over).map_err(&doing)?;
        for look in handover::exports(handed_over, &facts.account) {
            access::write(&transaction, &look).map_err(&doing)?;
        }
        transaction.commit().map_err(&doing)
    }

    /// Plans an import of answers on `day`. Writes nothing.
    ///
    /// # Errors
    /// When the ledger cannot be read or is damaged.
    pub fn plan_answers(&self, day: Day, incoming: &[Incoming]) -> Result<ReceiptPlan, LedgerError> {
        let events = self.events()?;
        let head = events.last().map_or("", |event| event.hash.as_str());
        receipt::plan(fold(&events)?, head, day, incoming).ok_or(LedgerError::Forbidden)
    }

    /// Writes a planned import in one transaction. An import that adds no event leaves no trace.
    ///
    /// # Errors
    /// [`LedgerError::Moved`] when the ledger is not the one the plan was made on.
    pub fn take_answers(&mut self, plan: &ReceiptPlan, facts: &ReceiptFacts) -> Result<(), LedgerError> {
        if plan.events.is_empty() {
            return Ok(());
        }
        let doing = sql("commit the answers to the ledger");
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&doing)?;
        let (seq, head) = last_event(&transaction).map_err(&doing)?;
        if head != plan.head {
            return Err(LedgerError::Moved);
        }
        let writer = Writer { run_id: &facts.receipt_id, at: plan.day };
        let head = write_events(&transaction, &writer, &plan.events, (seq, head)).map_err(&doing)?;
        write_receipt(&transaction, plan, facts, &head).map_err(&doing)?;
        transaction.commit().map_err(&doing)
    }

    /// Writes what an office did on `day`, by clue number, in one transaction: all of it or nothing. `by` names
    /// the occasion, as a run id does for a night.
    ///
    /// # Errors
    /// [`LedgerError::NotDone`] names the first clue that cannot take it.
    pub fn record(&mut self, by: &str, day: Day, deeds: &[(String, Deed)]) -> Result<(), LedgerError> {
        let events = self.events()?;
        let planned = deed::plan(fold(&events)?, day, deeds)
            .map_err(|(number, why)| LedgerError::NotDone { number, why })?;
        let head = events.last().map_or("", |event| event.hash.as_str());
        self.append(&Writer { run_id: by, at: day }, &planned, head)
    }

    /// Appends events to the ledger whose last hash is `head`.
    fn append(&mut self, writer: &Writer<'_>, events: &[Event], head: &str) -> Result<(), LedgerError> {
        let doing = sql("write to the ledger");
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&doing)?;
        let last = last_event(&transaction).map_err(&doing)?;
        if last.1 != head {
            return Err(LedgerError::Moved);
        }
        write_events(&transaction, writer, events, last).map_err(&doing)?;
        transaction.commit().map_err(&doing)
    }

    /// The runs that what is asked about rests on: for each case that is neither closed nor withdrawn nor
    /// explained for a time, the run that last said what it is about.
    ///
    /// # Errors
    /// When the ledger cannot be read or is damaged.
    pub fn runs_of_open_cases(&self) -> Result<BTreeSet<String>, LedgerError> {
        let events = self.events()?;
        let state = fold(&events)?;
        let tells = [EventKind::Opened, EventKind::Changed, EventKind::Reopened].map(EventKind::word);
        let mut last: BTreeMap<&str, &str> = BTreeMap::new();
        for event in events.iter().filter(|event| tells.contains(&event.kind.as_str())) {
            last.insert(&event.case_key, &event.run_id);
        }
        let over = |phase| matches!(phase, Phase::Closed | Phase::Suspended | Phase::Withdrawn);
        let open = state.cases.iter().filter(|(_, record)| !over(record.phase));
        Ok(open.filter_map(|(key, _)| last.get(key.as_str())).map(|run| (*run).to_owned()).collect())
    }

    /// Checks the whole hash chain and that its end is the one the last commit wrote. Gives the number
    /// of events.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] names the first event that does not fit.
    pub fn verify(&self) -> Result<u64, LedgerError> {
        let mut prev = String::new();
        let events = self.events()?;
        let emptied = erase::emptied(&events);
        for (at, event) in events.iter().enumerate() {
            let damaged = |what| LedgerError::Damaged { seq: event.seq, what };
            if event.seq != i64::try_from(at).unwrap_or(i64::MAX) + 1 {
                return Err(damaged("an event before it is missing"));
            }
            if event.prev != prev {
                return Err(damaged("the link to the event before"));
            }
            if event.hash != event.expected_hash() && !erase::is_emptied(event, &emptied) {
                return Err(damaged("its content"));
            }
            prev.clone_from(&event.hash);
        }
        // Version 1 knew runs only.
        let query = if schema::version(&self.connection).map_err(sql("read the version"))? < 2 {
            "SELECT head FROM run ORDER BY commit_no DESC LIMIT 1"
        } else {
            "SELECT head FROM chain"
        };
        let head: Option<String> = self
            .connection
            .query_row(query, [], |row| row.get(0))
            .optional()
            .map_err(sql("read the end of the chain"))?;
        if head.unwrap_or_default() != prev {
            let seq = events.last().map_or(0, |event| event.seq);
            return Err(LedgerError::Damaged { seq, what: "events after it are missing or added" });
        }
        Ok(events.len() as u64)
    }

    /// The run committed last among those with an as-of day before `as_of` (all when `None`): where a
    /// night starts from, the same when the night is run a second time.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_run(&self, before: Option<Day>) -> Result<Option<RunRecord>, LedgerError> {
        let day = before.map_or_else(|| "9999-12-31".to_owned(), Day::iso);
        self.connection
            .query_row(
                "SELECT run_id, as_of, plan_hash, register, committed FROM run WHERE as_of < ?1
                 ORDER BY as_of DESC, commit_no DESC LIMIT 1",
                [day],
                run_of,
            )
            .optional()
            .map_err(sql("read the last run"))
    }

    /// The number the next commit will have.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_commit(&self) -> Result<i64, LedgerError> {
        self.connection
            .query_row("SELECT coalesce(max(commit_no), 0) + 1 FROM run", [], |row| row.get(0))
            .map_err(sql("number the next commit"))
    }

    /// Whether this run was committed with this number. A run that is repeated gets a new number, so
    /// the number tells the repetition from the night before it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn has_commit(&self, run_id: &str, commit: i64) -> Result<bool, LedgerError> {
        self.connection
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM run WHERE run_id = ?1 AND commit_no = ?2)",
                params![run_id, commit],
                |row| row.get(0),
            )
            .map_err(sql("look for a run"))
    }

    /// The last accepted delivery of each extract among runs with an as-of day before `as_of`.
    ///
    /// # Errors
    /// When the file cannot be read or a count is damaged.
    pub fn deliveries_before(&self, as_of: Day) -> Result<BTreeMap<String, Delivery>, LedgerError> {
        let doing = sql("read the deliveries");
        let mut statement = self
            .connection
            .prepare(
                "SELECT d.extract, d.as_of, d.rows, d.town_counts, d.files FROM delivery d JOIN run r USING (run_id)
                 WHERE r.as_of < ?1 ORDER BY r.as_of, r.commit_no",
            )
            .map_err(&doing)?;
        let rows = statement.query_map([as_of.iso()], delivery_of).map_err(&doing)?;
        // Later runs overwrite earlier ones, so the last one stays.
        rows.map(|row| row.map(|delivery| (delivery.extract.clone(), delivery)))
            .collect::<Result<_, _>>()
            .map_err(doing)
    }

    /// Extracts that came in a run of a day from `since` on and before `as_of`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn delivered_since(&self, since: Day, as_of: Day) -> Result<BTreeSet<String>, LedgerError> {
        let doing = sql("read the deliveries");
        let mut statement = self
            .connection
            .prepare(
                "SELECT DISTINCT d.extract FROM delivery d JOIN run r USING (run_id) WHERE r.as_of >= ?1 AND r.as_of < ?2",
            )
            .map_err(&doing)?;
        let rows = statement.query_map([since.iso(), as_of.iso()], |row| row.get(0)).map_err(&doing)?;
        rows.collect::<Result<_, _>>().map_err(doing)
    }

    /// All committed runs with the numbers of their commits, in the order they were committed.
    ///
    /// # Errors
    /// When the file cannot be read or a day is damaged.
    pub fn commits(&self) -> Result<Vec<(i64, RunRecord)>, LedgerError> {
        let doing = sql("read the runs");
        let mut statement = self
            .connection
            .prepare(
                "SELECT run_id, as_of, plan_hash, register, committed, commit_no FROM run ORDER BY commit_no",
            )
            .map_err(&doing)?;
        let rows = statement.query_map([], |row| Ok((row.get(5)?, run_of(row)?))).map_err(&doing)?;
        rows.collect::<Result<_, _>>().map_err(doing)
    }

    /// All human judgements on pairs: those of the table in the order they were made, then what officers
    /// answered. An answer on a pair replaces what the table says about it.
    ///
    /// # Errors
    /// When the file cannot be read or is damaged.
    pub fn judgements(&self) -> Result<Vec<Judgement>, LedgerError> {
        let decisions = self.state()?.decisions();
        let mut judgements = self.stored_judgements()?;
        let pair = |j: &Judgement| {
            let (left, right) = (j.left.clone(), j.right.clone());
            if left <= right { (left, right) } else { (right, left) }
        };
        let answered: BTreeSet<_> = decisions.judgements.iter().map(pair).collect();
        judgements.retain(|judgement| !answered.contains(&pair(judgement)));
        judgements.extend(decisions.judgements);
        Ok(judgements)
    }

    fn stored_judgements(&self) -> Result<Vec<Judgement>, LedgerError> {
        let doing = sql("read the judgements");
        let mut statement = self
            .connection
            .prepare(
                "SELECT left_extract, left_row_key, left_role, right_extract, right_row_key, right_role, verdict
                 FROM judgement ORDER BY seq",
            )
            .map_err(&doing)?;
        let rows = statement
            .query_map([], |row| {
                let verdict: String = row.get(6)?;
                Ok(Judgement {
                    left: (row.get(0)?, row.get(1)?, row.get(2)?),
                    right: (row.get(3)?, row.get(4)?, row.get(5)?),
                    // The table's CHECK admits two words.
                    verdict: if verdict == "same" { Verdict::Same } else { Verdict::NotSame },
                })
            })
            .map_err(&doing)?;
        rows.collect::<Result<_, _>>().map_err(doing)
    }
}

/// Opens a file without leaving anything beside it. A reader of a journal in WAL mode would create the
/// journal's two files; when there is no journal, nobody is writing and the file is read as it lies.
fn look_only(path: &Path) -> rusqlite::Result<Connection> {
    let journal =
        path.with_file_name(format!("{}-wal", path.file_name().unwrap_or_default().to_string_lossy()));
    let plain = || Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let Some(text) = path.to_str().filter(|_| !journal.exists()) else { return plain() };
    let escaped = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags)
}

fn check_version(found: i64) -> Result<(), LedgerError> {
    let known = schema::newest();
    if found > known { Err(LedgerError::Newer { found, known }) } else { Ok(()) }
}

/// Folds events into a state.
pub(super) fn fold(events: &[StoredEvent]) -> Result<LedgerState, LedgerError> {
    fold_but(events, &erase::emptied(events))
}

/// Folds events into a state, but for those that were emptied.
fn fold_but(events: &[StoredEvent], emptied: &BTreeSet<(i64, String)>) -> Result<LedgerState, LedgerError> {
    let mut state = LedgerState::default();
    for event in events.iter().filter(|event| !erase::is_emptied(event, emptied)) {
        let damaged = |what| LedgerError::Damaged { seq: event.seq, what };
        let payload: Payload = serde_json::from_str(&event.payload).map_err(|_| damaged("its payload"))?;
        if !state.apply(&event.case_key, event.at, payload) {
            return Err(damaged("it cannot follow the events before"));
        }
    }
    Ok(state)
}

/// The event but its day, which is parsed outside for a better error.
fn event_of(row: &Row<'_>) -> rusqlite::Result<(StoredEvent, String)> {
    let event = StoredEvent {
        seq: row.get(0)?,
        run_id: row.get(1)?,
        case_key: row.get(2)?,
        kind: row.get(3)?,
        at: Day::from_days(0),
        payload: row.get(5)?,
        prev: row.get(6)?,
        hash: row.get(7)?,
    };
    Ok((event, row.get(4)?))
}

/// A run of the columns `run_id, as_of, plan_hash, register, committed`.
fn run_of(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    let facts = RunFacts {
        plan_hash: row.get(2)?,
        register: row.get(3)?,
        committed: row.get(4)?,
        account: String::new(),
    };
    let as_of: String = row.get(1)?;
    let as_of = Day::parse_iso(&as_of).ok_or(rusqlite::Error::InvalidQuery)?;
    Ok(RunRecord { run_id: row.get(0)?, as_of, facts })
}

fn delivery_of(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let bad = |column: usize, error: serde_json::Error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    };
    let as_of: Option<String> = row.get(1)?;
    let rows: i64 = row.get(2)?;
    let towns: String = row.get(3)?;
    let files: String = row.get(4)?;
    Ok(Delivery {
        extract: row.get(0)?,
        as_of: as_of.as_deref().and_then(Day::parse_iso),
        rows: rows.unsigned_abs(),
        town_counts: serde_json::from_str(&towns).map_err(|error| bad(3, error))?,
        files: serde_json::from_str(&files).map_err(|error| bad(4, error))?,
    })
}

pub(super) fn last_event(transaction: &Transaction<'_>) -> rusqlite::Result<(i64, String)> {
    let last = transaction
        .query_row("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    Ok(last.unwrap_or_default())
}

/// Who writes events, and the day they speak of.
pub(super) struct Writer<'a> {
    pub(super) run_id: &'a str,
    pub(super) at: Day,
}

/// Appends events and gives the new head.
pub(super) fn write_events(
    transaction: &Transaction<'_>,
    writer: &Writer<'_>,
    events: &[Event],
    (mut seq, mut head): (i64, String),
) -> rusqlite::Result<String> {
    let mut insert = transaction.prepare(
        "INSERT INTO event (seq, run_id, case_key, kind, at, payload, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let mut number = transaction.prepare("INSERT INTO case_number (number, case_key) VALUES (?1, ?2)")?;
    for event in events {
        seq += 1;
        let payload = serde_json::to_string(&event.payload)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let mut stored = StoredEvent {
            seq,
            run_id: writer.run_id.to_owned(),
            case_key: event.case_key.clone(),
            kind: event.kind().word().to_owned(),
            at: writer.at,
            payload,
            prev: head,
            hash: String::new(),
        };
        stored.hash = stored.expected_hash();
        insert.execute(params![
            stored.seq,
            stored.run_id,
            stored.case_key,
            stored.kind,
            stored.at.iso(),
            stored.payload,
            stored.prev,
            stored.hash
        ])?;
        if matches!(event.payload, Payload::Opened { .. }) {
            number.execute(params![event.number, event.case_key])?;
        }
        head = stored.hash;
    }
    transaction.execute(
        "INSERT INTO chain (id, head) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET head = excluded.head",
        [&head],
    )?;
    Ok(head)
}

fn write_receipt(
    transaction: &Transaction<'_>,
    plan: &ReceiptPlan,
    facts: &ReceiptFacts,
    head: &str,
) -> rusqlite::Result<()> {
    let files = serde_json::to_string(&facts.files)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    transaction.execute(
        "INSERT INTO receipt (receipt_id, at, imported, files, taken, refused, head)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            facts.receipt_id,
            plan.day.iso(),
            facts.imported,
            files,
            count(plan.results.len() as u64 - plan.refused()),
            count(plan.refused()),
            head
        ],
    )?;
    Ok(())
}

fn write_run(
    transaction: &Transaction<'_>,
    plan: &Reconciled,
    facts: &RunFacts,
    head: &str,
) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO run (run_id, commit_no, as_of, plan_hash, register, committed, head)
         VALUES (?1, (SELECT COALESCE(MAX(commit_no), 0) + 1 FROM run), ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (run_id) DO UPDATE SET commit_no = excluded.commit_no, as_of = excluded.as_of,
           plan_hash = excluded.plan_hash, register = excluded.register, committed = excluded.committed,
           head = excluded.head",
        params![plan.run_id, plan.as_of.iso(), facts.plan_hash, facts.register, facts.committed, head],
    )?;
    Ok(())
}

fn write_deliveries(
    transaction: &Transaction<'_>,
    run_id: &str,
    deliveries: &[Delivery],
) -> rusqlite::Result<()> {
    let json = |value: &Vec<(String, String)>| serde_json::to_string(value);
    let failed = |error: serde_json::Error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    transaction.execute("DELETE FROM delivery WHERE run_id = ?1", [run_id])?;
    let mut insert = transaction.prepare(
        "INSERT INTO delivery (run_id, extract, as_of, rows, town_counts, files) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for delivery in deliveries {
        let towns = serde_json::to_string(&delivery.town_counts).map_err(failed)?;
        let rows = i64::try_from(delivery.rows).unwrap_or(i64::MAX);
        insert.execute(params![
            run_id,
            delivery.extract,
            delivery.as_of.map(Day::iso),
            rows,
            towns,
            json(&delivery.files).map_err(failed)?
        ])?;
    }
    Ok(())
}
