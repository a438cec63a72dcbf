//! What of cases that are over is taken out of the ledger when its time is over: what their events say, and the keys
//! that name a person's row. What stays: that there was such a case, its clue number, kinds and days of its events,
//! and their hashes, so that the chain proves that nothing else is missing.
//!
//! Never of a case about which somebody is asked, that is explained and silent, or whose answer tells two persons
//! apart: these still work.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use super::event::{Event, EventKind, Payload, Purged, StoredEvent};
use super::state::{CaseRecord, LedgerState};
use super::store::{Ledger, LedgerError, Writer, fold, last_event, sql, write_events};
use crate::domain::{Day, Phase, Silence};

/// Events of one case that were emptied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasedCase {
    /// Clue number; no other case gets it.
    pub number: String,
    /// Place and hash of each of its events.
    pub events: Vec<(i64, String)>,
}

/// That cases that were over were emptied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// Account that did it.
    pub by: String,
    /// Base name of the certificate.
    pub certificate: String,
    /// The cases, by clue number.
    pub cases: Vec<ErasedCase>,
}

/// A case whose time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverCase {
    /// Clue number.
    pub number: String,
    /// Day of its last event.
    pub last: Day,
    /// Place, hash and bytes of each of its events.
    pub events: Vec<(i64, String, u64)>,
}

impl Ledger {
    /// Cases that are over on `day`, and whose last event is more than `days` older.
    ///
    /// # Errors
    /// When the ledger cannot be read or is damaged.
    pub fn cases_over(&self, day: Day, days: u32) -> Result<Vec<OverCase>, LedgerError> {
        let events = self.events()?;
        let first_kept = day.plus_days(-i32::try_from(days).unwrap_or(i32::MAX / 2));
        Ok(over(&fold(&events)?, &events, (first_kept, day)))
    }

    /// Writes on `day` that data whose time was over are deleted, and empties the events of `cases` in the same
    /// transaction. Nothing of what stood in them is left in the file.
    ///
    /// # Errors
    /// When the ledger cannot be written; [`LedgerError::Moved`] when something happened to one of the cases since
    /// they were looked for.
    pub fn record_purge(&mut self, day: Day, purged: Purged, cases: &[OverCase]) -> Result<(), LedgerError> {
        let doing = sql("write to the ledger");
        let erased = Erased::of(&purged.by, &purged.certificate, cases);
        let mut payloads = vec![Payload::Purged(purged)];
        payloads.extend((!cases.is_empty()).then_some(Payload::Erased(erased)));
        let event = |payload| Event { case_key: String::new(), number: String::new(), payload };
        let events: Vec<Event> = payloads.into_iter().map(event).collect();
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&doing)?;
        let last = last_event(&transaction).map_err(&doing)?;
        write_events(&transaction, &Writer { run_id: "purge", at: day }, &events, last).map_err(&doing)?;
        if !write(&transaction, cases).map_err(&doing)? {
            return Err(LedgerError::Moved);
        }
        transaction.commit().map_err(&doing)?;
        if cases.is_empty() {
            return Ok(());
        }
        // Pages that are free now, and those of the journal, still hold what stood in them: the file is written anew.
        self.connection.execute_batch("VACUUM").map_err(&doing)?;
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(&doing)
    }
}

/// Cases that are over and of which no event is younger than `first_kept`, by clue number.
pub(super) fn over(
    state: &LedgerState,
    events: &[StoredEvent],
    (first_kept, today): (Day, Day),
) -> Vec<OverCase> {
    let mut found: BTreeMap<&str, OverCase> = BTreeMap::new();
    for event in events {
        let Some(record) = state.cases.get(&event.case_key).filter(|record| is_over(record, today)) else {
            continue;
        };
        let fresh = || OverCase { number: record.number.clone(), last: event.at, events: Vec::new() };
        let case = found.entry(&record.number).or_insert_with(fresh);
        case.last = case.last.max(event.at);
        case.events.push((event.seq, event.hash.clone(), event.payload.len() as u64));
    }
    found.into_values().filter(|case| case.last < first_kept).collect()
}

/// Whether nothing of a case works any more.
fn is_over(record: &CaseRecord, today: Day) -> bool {
    let ended = match record.phase {
        Phase::Withdrawn => true,
        Phase::Closed => record.closed.as_ref().is_some_and(|(.., gone)| *gone),
        _ => false,
    };
    // What was explained is not asked about when it is found again.
    let silent = match record.explained() {
        Some(Silence::Fact) => record.phase == Phase::Withdrawn,
        Some(Silence::Through(through)) => through >= today,
        _ => false,
    };
    ended && !silent && !record.decides()
}

/// Places and hashes of all events that the ledger says were emptied.
pub(super) fn emptied(events: &[StoredEvent]) -> BTreeSet<(i64, String)> {
    let of = |event: &&StoredEvent| event.kind == EventKind::Erased.word();
    let said = events.iter().filter(of).filter_map(|event| match serde_json::from_str(&event.payload) {
        Ok(Payload::Erased(erased)) => Some(erased),
        _ => None,
    });
    said.flat_map(|erased: Erased| erased.cases).flat_map(|case| case.events).collect()
}

/// Whether an event is one of those, and empty.
pub(super) fn is_emptied(event: &StoredEvent, emptied: &BTreeSet<(i64, String)>) -> bool {
    let empty = event.payload.is_empty() && event.case_key.is_empty();
    empty && emptied.contains(&(event.seq, event.hash.clone()))
}

/// Empties events, and lets go of the keys of their cases; `false` when a case has other events beside these.
pub(super) fn write(transaction: &Transaction<'_>, cases: &[OverCase]) -> rusqlite::Result<bool> {
    let mut event =
        transaction.prepare("UPDATE event SET case_key = '', payload = '' WHERE seq = ?1 AND hash = ?2")?;
    // The number stays taken, under a key that no finding has.
    let mut number =
        transaction.prepare("UPDATE case_number SET case_key = 'erased ' || number WHERE number = ?1")?;
    let mut others = transaction
        .prepare("SELECT EXISTS (SELECT 1 FROM event JOIN case_number USING (case_key) WHERE number = ?1)")?;
    for case in cases {
        for (seq, hash, _) in &case.events {
            event.execute(params![seq, hash])?;
        }
        if others.query_row([&case.number], |row| row.get(0))? {
            return Ok(false);
        }
        number.execute([&case.number])?;
    }
    Ok(true)
}

impl Erased {
    pub(super) fn of(by: &str, certificate: &str, cases: &[OverCase]) -> Self {
        let case = |case: &OverCase| ErasedCase {
            number: case.number.clone(),
            events: case.events.iter().map(|(seq, hash, _)| (*seq, hash.clone())).collect(),
        };
        Self {
            by: by.to_owned(),
            certificate: certificate.to_owned(),
            cases: cases.iter().map(case).collect(),
        }
    }
}
