//! State of the ledger: a fold over its events, nothing else.

use std::collections::BTreeMap;

use super::event::{EventKind, FindingRecord, Payload};
use crate::domain::{Day, Finding};

/// Where one case stands.
#[derive(Clone, PartialEq, Eq)]
pub struct CaseRecord {
    /// Clue number.
    pub number: String,
    /// Day it was seen for the first time.
    pub first_seen: Day,
    /// Day it came onto the list it is on now: first seen, or found again.
    pub listed_on: Day,
    /// Day of the last change.
    pub changed_on: Option<Day>,
    /// Day and reason of its withdrawal.
    pub withdrawn: Option<(Day, String)>,
    pub(super) finding: FindingRecord,
}

impl CaseRecord {
    /// Rule of the case.
    pub fn rule(&self) -> &str {
        &self.finding.rule
    }

    /// The finding as it was last seen; `None` only when the ledger is damaged.
    pub fn finding(&self) -> Option<Finding> {
        self.finding.finding()
    }
}

/// All cases by case key.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct LedgerState {
    /// Case key → case, open and withdrawn ones.
    pub cases: BTreeMap<String, CaseRecord>,
}

impl LedgerState {
    /// Takes one event in; `false` when the event cannot follow what is known (a damaged ledger).
    #[must_use]
    pub(super) fn apply(&mut self, case_key: &str, at: Day, payload: Payload) -> bool {
        if let Payload::Opened { number, finding } = payload {
            let record = CaseRecord {
                number,
                first_seen: at,
                listed_on: at,
                changed_on: None,
                withdrawn: None,
                finding,
            };
            return self.cases.insert(case_key.to_owned(), record).is_none();
        }
        let Some(record) = self.cases.get_mut(case_key) else { return false };
        if !may_follow(record.withdrawn.is_some(), kind_of(&payload)) {
            return false;
        }
        match payload {
            Payload::Opened { .. } => return false,
            Payload::Changed { finding } => {
                record.finding = finding;
                record.changed_on = Some(at);
            }
            Payload::Withdrawn { reason } => record.withdrawn = Some((at, reason)),
            Payload::Reopened { finding } => {
                record.finding = finding;
                record.listed_on = at;
                record.withdrawn = None;
            }
        }
        true
    }
}

const fn kind_of(payload: &Payload) -> EventKind {
    match payload {
        Payload::Opened { .. } => EventKind::Opened,
        Payload::Changed { .. } => EventKind::Changed,
        Payload::Withdrawn { .. } => EventKind::Withdrawn,
        Payload::Reopened { .. } => EventKind::Reopened,
    }
}

/// The allowed transitions of a case that exists: (withdrawn before, event).
const TRANSITIONS: [(bool, EventKind); 3] =
    [(false, EventKind::Changed), (false, EventKind::Withdrawn), (true, EventKind::Reopened)];

fn may_follow(withdrawn: bool, kind: EventKind) -> bool {
    TRANSITIONS.contains(&(withdrawn, kind))
}
