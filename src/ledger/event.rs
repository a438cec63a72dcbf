//! Events: what happened to a case, as it lies in the ledger for good.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::erase::Erased;
use crate::domain::{
    Answer, Day, Evidence, Finding, FindingDetail, FindingParts, Grade, IdentityId, MentionRef, Sentence,
    SentenceValue, hex,
};

/// What happened to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// Seen for the first time.
    Opened,
    /// Seen with other evidence or another sentence.
    Changed,
    /// Not found any more although its rule ran on complete data.
    Withdrawn,
    /// Asked again: found again after it was withdrawn, or what explained it does not hold any more.
    Reopened,
    /// Published on a list.
    Sent,
    /// An officer said that it was received; what is urgent has a clock for that of its own.
    Acknowledged,
    /// An officer answered.
    Answered,
    /// An answer contradicts another one.
    Disputed,
    /// A second person approved an answer.
    Approved,
    /// Explained, or over.
    Closed,
    /// Explained until a day.
    Suspended,
    /// A notice to the person was drafted.
    Noticed,
    /// Somebody objects to what two persons settled.
    Objected,
    /// Two persons decided that it stands all the same.
    Upheld,
    /// Two persons took it back.
    Revoked,
    /// A held night was released; about an extract, not a case.
    Released,
    /// Data whose time was over were deleted; about no case.
    Purged,
    /// Events of cases whose time was over were emptied; about no case.
    Erased,
}

impl EventKind {
    /// All kinds that happen to a case.
    pub const ALL: [Self; 15] = [
        Self::Opened,
        Self::Changed,
        Self::Withdrawn,
        Self::Reopened,
        Self::Sent,
        Self::Acknowledged,
        Self::Answered,
        Self::Disputed,
        Self::Approved,
        Self::Closed,
        Self::Suspended,
        Self::Noticed,
        Self::Objected,
        Self::Upheld,
        Self::Revoked,
    ];

    /// The word in the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Changed => "changed",
            Self::Withdrawn => "withdrawn",
            Self::Reopened => "reopened",
            Self::Sent => "sent",
            Self::Acknowledged => "acknowledged",
            Self::Answered => "answered",
            Self::Disputed => "disputed",
            Self::Approved => "approved",
            Self::Closed => "closed",
            Self::Suspended => "suspended",
            Self::Noticed => "noticed",
            Self::Objected => "objected",
            Self::Upheld => "upheld",
            Self::Revoked => "revoked",
            Self::Released => "released",
            Self::Purged => "purged",
            Self::Erased => "erased",
        }
    }
}

/// That somebody let a night go on although an extract would have held it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The extract.
    pub extract: String,
    /// Who did.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
    /// What would have held the night, in Chinese.
    pub held: Vec<String>,
}

/// That data whose time was over were deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purged {
    /// Account that did it.
    pub by: String,
    /// Base name of the certificate, which names every file with its digest.
    pub certificate: String,
    /// SHA-256 of the certificate.
    pub sha256: String,
    /// Class, number of files, bytes; classes of which nothing went are left out.
    pub classes: Vec<(String, u64, u64)>,
}

/// That an officer has received a clue and knows of it. No `Debug`: it holds a name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// The officer.
    pub by: String,
    /// On which day, as they wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Day>,
}

/// That a notice was drafted. Who it is made out to and what it says stand in the file alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Base name of the file.
    pub file: String,
    /// SHA-256 of the draft, lower-case hex.
    pub sha256: String,
    /// Account that drafted it.
    pub by: String,
}

/// An objection as it was put on record. No `Debug`: the reason is what people wrote.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objection {
    /// The officer who took it.
    pub officer: String,
    /// Day on which it was raised.
    pub on: Day,
    /// Why, in their words.
    pub reason: String,
}

/// What two persons decided about an objection. No `Debug`: the reason is what people wrote.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Who looked into it.
    pub officer: String,
    /// Who approved the decision.
    pub approver: String,
    /// Day of the decision.
    pub on: Day,
    /// Why, in their words.
    pub reason: String,
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
        self.payload.kind()
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
    /// The hash this event must have.
    pub fn expected_hash(&self) -> String {
        let at = self.at.iso();
        let seq = self.seq.to_string();
        chained([&self.prev, &seq, &self.run_id, &self.case_key, &self.kind, &at, &self.payload])
    }

    /// What it says to a person: the sentence of its finding, the answer, or the reason of a change;
    /// empty when the payload cannot be read.
    pub fn words(&self) -> String {
        match serde_json::from_str(&self.payload) {
            Ok(Payload::Opened { finding, .. } | Payload::Changed { finding }) => finding.reason,
            Ok(Payload::Reopened { finding, why }) if why.is_empty() => finding.reason,
            Ok(Payload::Reopened { finding, why }) => format!("{why}：{}", finding.reason),
            Ok(Payload::Withdrawn { reason } | Payload::Closed { reason, .. }) => reason,
            Ok(Payload::Acknowledged(receipt)) => match receipt.on {
                Some(on) => format!("{} 确认收悉（{}）", receipt.by, on.iso()),
                None => format!("{} 确认收悉", receipt.by),
            },
            Ok(Payload::Answered { answer }) => format!("{}：{}", answer.officer, answer.words()),
            Ok(Payload::Disputed { why }) => why,
            Ok(Payload::Approved { by, .. }) => format!("审核人 {by}"),
            Ok(Payload::Suspended { through }) => format!("暂缓至 {}", through.iso()),
            Ok(Payload::Noticed(notice)) => format!("{} 起草 {}", notice.by, notice.file),
            Ok(Payload::Objected(objection)) => {
                format!("{} 登记（{} 提出）：{}", objection.officer, objection.on.iso(), objection.reason)
            }
            Ok(Payload::Upheld(decision) | Payload::Revoked(decision)) => format!(
                "{} 复核，{} 审核（{}）：{}",
                decision.officer,
                decision.approver,
                decision.on.iso(),
                decision.reason
            ),
            Ok(Payload::Released(release)) => {
                format!("{} 由 {} 放行：{}", release.extract, release.by, release.reason)
            }
            Ok(Payload::Purged(purged)) => format!("{} 删除到期数据：{}", purged.by, purged.certificate),
            Ok(Payload::Erased(erased)) => {
                format!(
                    "{} 清除 {} 条已了结线索的内容：{}",
                    erased.by,
                    erased.cases.len(),
                    erased.certificate
                )
            }
            Ok(Payload::Sent {}) | Err(_) => String::new(),
        }
    }
}

/// The hash of a link of a chain. Every part goes in with its length, so no two links share a text.
pub(super) fn chained<const N: usize>(parts: [&String; N]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hex(&hasher.finalize())
}

/// What an event says, as JSON in the ledger. Readers of old ledgers depend on these names.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Payload {
    Opened {
        number: String,
        finding: FindingRecord,
    },
    Changed {
        finding: FindingRecord,
    },
    Withdrawn {
        reason: String,
    },
    Reopened {
        finding: FindingRecord,
        /// What changed, in Chinese. Ledgers of version 1 do not say.
        #[serde(default)]
        why: String,
    },
    Sent {},
    Acknowledged(Acknowledgement),
    Answered {
        answer: Answer,
    },
    Disputed {
        why: String,
    },
    /// Approves the answer at this place among those since the case was listed.
    Approved {
        by: String,
        answer: usize,
    },
    Closed {
        reason: String,
        /// Whether it is over (not found any more), not explained.
        gone: bool,
    },
    Suspended {
        through: Day,
    },
    /// Since version 4; it belongs to no case.
    Released(Release),
    /// Since version 5, as all below.
    Noticed(Notice),
    Objected(Objection),
    Upheld(Decision),
    Revoked(Decision),
    /// It belongs to no case.
    Purged(Purged),
    /// Since version 7; it belongs to no case.
    Erased(Erased),
}

impl Payload {
    pub(super) const fn kind(&self) -> EventKind {
        match self {
            Self::Opened { .. } => EventKind::Opened,
            Self::Changed { .. } => EventKind::Changed,
            Self::Withdrawn { .. } => EventKind::Withdrawn,
            Self::Reopened { .. } => EventKind::Reopened,
            Self::Sent {} => EventKind::Sent,
            Self::Acknowledged(_) => EventKind::Acknowledged,
            Self::Answered { .. } => EventKind::Answered,
            Self::Disputed { .. } => EventKind::Disputed,
            Self::Approved { .. } => EventKind::Approved,
            Self::Closed { .. } => EventKind::Closed,
            Self::Suspended { .. } => EventKind::Suspended,
            Self::Released(_) => EventKind::Released,
            Self::Noticed(_) => EventKind::Noticed,
            Self::Objected(_) => EventKind::Objected,
            Self::Upheld(_) => EventKind::Upheld,
            Self::Revoked(_) => EventKind::Revoked,
            Self::Purged(_) => EventKind::Purged,
            Self::Erased(_) => EventKind::Erased,
        }
    }
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
    /// Which parts of the sentence are values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<SentenceValue>,
    annex: bool,
    annex_reason: String,
    evidence: Vec<(String, String)>,
    details: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<MentionRef>,
    /// Older programs do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weakest_link: Option<(MentionRef, MentionRef)>,
    /// Edition of the rule; empty where an older program wrote.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) edition: String,
}

impl FindingRecord {
    pub(super) fn of(finding: &Finding, edition: String) -> Self {
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
            reason: finding.reason.text().to_owned(),
            values: finding.reason.values().to_vec(),
            annex: finding.annex,
            annex_reason: finding.annex_reason.clone(),
            evidence: finding.evidence().iter().map(|e| (e.extract.clone(), e.row_key.clone())).collect(),
            details: finding.details.iter().map(|d| (d.name.clone(), d.value.clone())).collect(),
            candidates: finding.candidates.clone(),
            weakest_link: finding.weakest_link.clone(),
            edition,
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
            reason: Sentence::new(self.reason.clone(), self.values.clone()),
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
        finding.candidates.clone_from(&self.candidates);
        finding.weakest_link.clone_from(&self.weakest_link);
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

    /// Whether the fact is the same that an officer was asked about: the same rows, on the same page. The
    /// event is part of the case key. Sentences drift (an age, a number of days) without being news.
    ///
    /// A row of an extract that did not come whole (`gaps`) is not gone because it is not found, and the page
    /// that a case is on without such a row is no news either.
    pub(super) fn is_the_same_fact(&self, other: &Self, gaps: &BTreeSet<String>) -> bool {
        let unseen =
            || self.evidence.iter().any(|row| gaps.contains(&row.0) && !other.evidence.contains(row));
        self.rows_apart(other, gaps).is_empty() && (self.annex == other.annex || unseen())
    }

    /// For each extract how many rows `other` has that these have not, and how many of these are gone there; rows of
    /// `gaps` may only be unseen. Extracts without a change are left out.
    pub(super) fn rows_apart(
        &self,
        other: &Self,
        gaps: &BTreeSet<String>,
    ) -> BTreeMap<String, (usize, usize)> {
        let mut apart: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for (extract, _) in other.evidence.iter().filter(|row| !self.evidence.contains(row)) {
            apart.entry(extract.clone()).or_default().0 += 1;
        }
        let gone = self.evidence.iter().filter(|row| !gaps.contains(&row.0) && !other.evidence.contains(row));
        for (extract, _) in gone {
            apart.entry(extract.clone()).or_default().1 += 1;
        }
        apart
    }

    /// Rule, person and event: what it says, whichever row it says it of.
    pub(super) fn fact(&self) -> (&str, i64, &str) {
        (&self.rule, self.identity, &self.event)
    }

    /// Whether one of its rows stands in one of these extracts.
    pub(super) fn rests_on(&self, extracts: &BTreeSet<String>) -> bool {
        self.evidence.iter().any(|(extract, _)| extracts.contains(extract))
    }

    /// The two persons of whom an answer says whether they are one: the subject and the best candidate, or those
    /// of the weakest link.
    pub(super) fn questioned(&self) -> Option<(MentionRef, MentionRef)> {
        let subject = || (self.extract.clone(), self.row_key.clone(), self.role.clone());
        let candidate = self.candidates.first().map(|candidate| (subject(), candidate.clone()));
        candidate.or_else(|| self.weakest_link.clone())
    }

    pub(super) const fn is_annex(&self) -> bool {
        self.annex
    }
}
