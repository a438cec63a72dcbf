//! Events: what happened to a case, as it lies in the ledger for good.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::{Day, Evidence, Finding, FindingDetail, FindingParts, Grade, IdentityId, hex};

/// What happened to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// Seen for the first time.
    Opened,
    /// Seen with other evidence or another sentence.
    Changed,
    /// Not found any more although its rule ran on complete data.
    Withdrawn,
    /// Found again after it was withdrawn.
    Reopened,
}

impl EventKind {
    /// The word in the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Changed => "changed",
            Self::Withdrawn => "withdrawn",
            Self::Reopened => "reopened",
        }
    }
}

/// A planned event: not yet in the ledger.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// Case key. It may hold a number of a person: never print it, print the clue number.
    pub case_key: String,
    /// Clue number of the case.
    pub number: String,
    pub(super) payload: Payload,
}

impl Event {
    /// What happened.
    pub const fn kind(&self) -> EventKind {
        match self.payload {
            Payload::Opened { .. } => EventKind::Opened,
            Payload::Changed { .. } => EventKind::Changed,
            Payload::Withdrawn { .. } => EventKind::Withdrawn,
            Payload::Reopened { .. } => EventKind::Reopened,
        }
    }
}

/// An event of the ledger with its place in the hash chain.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Place in the ledger, from 1.
    pub seq: i64,
    /// The run that wrote it.
    pub run_id: String,
    /// The case.
    pub case_key: String,
    /// Word of its kind.
    pub kind: String,
    /// The run's as-of day.
    pub at: Day,
    /// JSON of what it says.
    pub payload: String,
    /// Hash of the event before, lower-case hex; empty for the first.
    pub prev: String,
    /// SHA-256 over `prev` and everything above, lower-case hex.
    pub hash: String,
}

impl StoredEvent {
    /// The hash this event must have. Every part goes in with its length, so no two events share a text.
    pub fn expected_hash(&self) -> String {
        let at = self.at.iso();
        let seq = self.seq.to_string();
        let mut hasher = Sha256::new();
        for part in [&self.prev, &seq, &self.run_id, &self.case_key, &self.kind, &at, &self.payload] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hex(&hasher.finalize())
    }

    /// What it says to a person: the sentence of its finding, or the reason of a withdrawal; empty when
    /// the payload cannot be read.
    pub fn words(&self) -> String {
        match serde_json::from_str(&self.payload) {
            Ok(
                Payload::Opened { finding, .. }
                | Payload::Changed { finding }
                | Payload::Reopened { finding },
            ) => finding.reason,
            Ok(Payload::Withdrawn { reason }) => reason,
            Err(_) => String::new(),
        }
    }
}

/// What an event says, as JSON in the ledger. Readers of old ledgers depend on these names.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Payload {
    Opened { number: String, finding: FindingRecord },
    Changed { finding: FindingRecord },
    Withdrawn { reason: String },
    Reopened { finding: FindingRecord },
}

/// A finding as the ledger keeps it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindingRecord {
    pub(super) rule: String,
    list: String,
    extract: String,
    role: String,
    row_key: String,
    identity: i64,
    event: String,
    /// Six decimals as text, so that reading back gives the same number on every machine.
    confidence: String,
    grade: String,
    reason: String,
    annex: bool,
    annex_reason: String,
    evidence: Vec<(String, String)>,
    details: Vec<(String, String)>,
}

impl FindingRecord {
    pub(super) fn of(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.clone(),
            list: finding.list.clone(),
            extract: finding.subject_extract.clone(),
            role: finding.subject_role.clone(),
            row_key: finding.subject_row_key.clone(),
            identity: finding.identity.0,
            event: finding.event.clone(),
            confidence: format!("{:.6}", finding.confidence),
            grade: finding.grade.letter().to_owned(),
            reason: finding.reason.clone(),
            annex: finding.annex,
            annex_reason: finding.annex_reason.clone(),
            evidence: finding.evidence().iter().map(|e| (e.extract.clone(), e.row_key.clone())).collect(),
            details: finding.details.iter().map(|d| (d.name.clone(), d.value.clone())).collect(),
        }
    }

    /// The finding again; `None` when the record has no evidence or a grade nobody knows.
    pub(super) fn finding(&self) -> Option<Finding> {
        let grade = match self.grade.as_str() {
            "A" => Grade::A,
            "B" => Grade::B,
            "C" => Grade::C,
            "D" => Grade::D,
            _ => return None,
        };
        let parts = FindingParts {
            rule: self.rule.clone(),
            list: self.list.clone(),
            subject: (self.extract.clone(), self.role.clone(), self.row_key.clone()),
            identity: IdentityId(self.identity),
            event: self.event.clone(),
            confidence: self.confidence.parse().ok()?,
            grade,
            reason: self.reason.clone(),
            details: self
                .details
                .iter()
                .map(|(name, value)| FindingDetail { name: name.clone(), value: value.clone() })
                .collect(),
        };
        let evidence = self
            .evidence
            .iter()
            .map(|(extract, row_key)| Evidence { extract: extract.clone(), row_key: row_key.clone() })
            .collect();
        let mut finding = Finding::new(parts, evidence)?;
        finding.annex = self.annex;
        finding.annex_reason.clone_from(&self.annex_reason);
        Some(finding)
    }

    /// Whether an officer would see the same case: evidence, sentence, annex and grade. Details and
    /// confidence may drift from night to night without being news.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.reason == other.reason
            && self.annex == other.annex
            && self.annex_reason == other.annex_reason
            && self.grade == other.grade
            && self.evidence == other.evidence
    }
}
