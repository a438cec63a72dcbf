//! Findings of rules and the cases they open.

use super::{Day, GivenAnswer, Grade, IdentityId, MentionRef, Outcome, Phase, Sentence};

/// How urgent a finding is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Deserialize,
    serde::Serialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For information.
    Info,
    /// Look at it in the usual rhythm.
    Medium,
    /// Look at it first.
    High,
    /// The same day.
    Urgent,
}

impl Severity {
    /// Word for officers.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Urgent => "紧急",
            Self::High => "高",
            Self::Medium => "中",
            Self::Info => "提示",
        }
    }
}

/// A row that a finding rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// Extract id.
    pub extract: String,
    /// Row key.
    pub row_key: String,
}

/// A named value shown beside a finding, in the order of the rule's SELECT.
#[derive(Clone, PartialEq, Eq)]
pub struct FindingDetail {
    /// Column name of the rule's SELECT.
    pub name: String,
    /// Its value as text.
    pub value: String,
}

/// One hit of one rule. Made only by [`Finding::new`], which asks for evidence (invariant 6).
#[derive(Clone)]
pub struct Finding {
    /// Rule id.
    pub rule: String,
    /// List it belongs to, e.g. `dropout`.
    pub list: String,
    /// Subject's extract.
    pub subject_extract: String,
    /// Subject's role in that extract.
    pub subject_role: String,
    /// Subject's row key.
    pub subject_row_key: String,
    /// Who it is about.
    pub identity: IdentityId,
    /// Event key: a school year, a day, a month, a row key, or empty.
    pub event: String,
    /// Probability that the links it rests on are right, 0–1.
    pub confidence: f64,
    /// Weakest grade it rests on.
    pub grade: Grade,
    /// One Chinese sentence.
    pub reason: Sentence,
    /// True: belongs to the annex 疑似同人待确认.
    pub annex: bool,
    /// Why it is in the annex, in Chinese; empty otherwise.
    pub annex_reason: String,
    /// Rows it rests on, sorted, never empty.
    evidence: Vec<Evidence>,
    /// Values shown beside it.
    pub details: Vec<FindingDetail>,
    /// Who else might be meant, best first: what an officer is asked to compare with the subject.
    pub candidates: Vec<MentionRef>,
    /// The link between the subject's row and another agency's row that the finding rests on and that is less sure
    /// than all others: what an officer refutes who answers that somebody else is meant. `None` where two are
    /// equally sure: then nobody could tell which.
    pub weakest_link: Option<(MentionRef, MentionRef)>,
}

/// What a [`Finding`] is made from.
pub struct FindingParts {
    /// Rule id.
    pub rule: String,
    /// List.
    pub list: String,
    /// Subject: extract, role, row key.
    pub subject: (String, String, String),
    /// Identity.
    pub identity: IdentityId,
    /// Event key.
    pub event: String,
    /// Confidence, 0–1.
    pub confidence: f64,
    /// Weakest grade.
    pub grade: Grade,
    /// Sentence.
    pub reason: Sentence,
    /// Details.
    pub details: Vec<FindingDetail>,
}

impl Finding {
    /// Role and row key of a finding that is about its extract as a whole.
    pub const WHOLE_DELIVERY: &str = "delivery";

    /// A finding with its evidence; `None` when there is no evidence row.
    pub fn new(parts: FindingParts, mut evidence: Vec<Evidence>) -> Option<Self> {
        evidence.sort();
        evidence.dedup();
        if evidence.is_empty() {
            return None;
        }
        let (subject_extract, subject_role, subject_row_key) = parts.subject;
        Some(Self {
            rule: parts.rule,
            list: parts.list,
            subject_extract,
            subject_role,
            subject_row_key,
            identity: parts.identity,
            event: parts.event,
            confidence: parts.confidence,
            grade: parts.grade,
            reason: parts.reason,
            annex: false,
            annex_reason: String::new(),
            evidence,
            details: parts.details,
            candidates: Vec::new(),
            weakest_link: None,
        })
    }

    /// The rows it rests on: sorted, never empty.
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// The key a case lives under: rule, subject row and event.
    pub fn case_key(&self) -> String {
        format!("{}|{}|{}|{}", self.rule, self.subject_extract, self.subject_row_key, self.event)
    }
}

/// A clue of an earlier night that is still asked about. No `Debug`: its subject is a person.
#[derive(Clone)]
pub struct OpenClue {
    /// Clue number.
    pub number: String,
    /// Rule that found it.
    pub rule: String,
    /// List it stands on.
    pub list: String,
    /// Subject: extract, row key, role.
    pub subject: MentionRef,
    /// Last day to answer.
    pub due: Day,
}

/// Whether a rule ran tonight.
#[derive(Clone, Debug)]
pub struct RuleOutcome {
    /// Rule id.
    pub rule: String,
    /// Its title in Chinese.
    pub title: String,
    /// Its list.
    pub list: String,
    /// `None` when it ran; else why not (未运行), in Chinese.
    pub not_run: Option<String>,
    /// What it newly finds and nobody is asked about tonight, and for what it waits, in Chinese; `None` when nothing
    /// waits.
    pub waiting: Option<String>,
    /// Cases outside the annex that its findings make.
    pub findings: u64,
    /// Cases that are in the annex only.
    pub annex: u64,
    /// The edge of what is known: the smallest as-of date of what it reads.
    pub known_until: Option<Day>,
}

impl RuleOutcome {
    /// Why nobody is asked about all or some of what it would find, in Chinese.
    pub fn silence(&self) -> Option<&String> {
        self.not_run.as_ref().or(self.waiting.as_ref())
    }
}

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseStatus {
    /// First seen tonight.
    New,
    /// Seen before and again tonight, unchanged.
    Kept,
    /// Seen again with other evidence or another sentence.
    Changed,
    /// Not found any more.
    Withdrawn,
    /// Its rule did not run tonight, or not on complete data: it stands as it was.
    Carried,
}

/// A finding with its life.
#[derive(Clone)]
pub struct Case {
    /// Clue number (线索编号): short, stable, with a check character.
    pub number: String,
    /// Case key.
    pub key: String,
    /// Status tonight.
    pub status: CaseStatus,
    /// Day it was first seen.
    pub first_seen: Day,
    /// The finding as of tonight; for a withdrawn case the last one known.
    pub finding: Finding,
    /// For a withdrawn case: why, in Chinese.
    pub withdrawn_reason: String,
    /// Where it stands in its life after tonight.
    pub phase: Phase,
    /// Day it came onto the list it is on now: first seen, or asked again.
    pub listed_on: Day,
    /// Why it is asked again, in Chinese; empty when it never was.
    pub reopened_reason: String,
    /// Day on which its office said, since it was listed, that it was received.
    pub acknowledged: Option<Day>,
    /// Answers since it was listed, oldest first.
    pub answers: Vec<GivenAnswer>,
    /// Day on which nobody had to be asked any more, and why.
    pub settled: Option<(Day, Settlement)>,
}

/// Why nobody is asked about a case any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Settlement {
    /// An officer confirmed it, and it is over.
    Resolved,
    /// An officer explained it.
    Explained,
    /// It was not found any more before anybody confirmed it.
    Withdrawn,
}

impl Case {
    /// Whether its office knows of it: has said so, or has answered.
    pub fn is_acknowledged(&self) -> bool {
        self.acknowledged.is_some() || !self.answers.is_empty()
    }

    /// Day of the first answer that says what was found out.
    pub fn verified_on(&self) -> Option<Day> {
        let told = |given: &&GivenAnswer| {
            given.answer.outcome.is_some_and(|outcome| outcome != Outcome::Unverifiable)
        };
        self.answers.iter().find(told).map(|given| given.on)
    }

    /// Whether the answer that counts says that it is so, wholly or in part.
    pub fn is_confirmed(&self) -> bool {
        let outcome = self.standing().and_then(|given| given.answer.outcome);
        matches!(outcome, Some(Outcome::Confirmed | Outcome::Partly))
    }

    /// Whether an officer is asked about it: for an answer, or for the approval of one.
    pub fn asks(&self) -> bool {
        self.phase.asks() || self.waits_for_approval()
    }

    /// Whether its answer waits for a second person.
    pub fn waits_for_approval(&self) -> bool {
        self.phase == Phase::Answered && self.answers.last().is_some_and(|given| given.answer.needs_approval)
    }

    /// The answer that counts: the approved one, else the last; none while officers contradict each other, or an
    /// objection is not decided.
    pub fn standing(&self) -> Option<&GivenAnswer> {
        if self.phase.is_in_doubt() {
            return None;
        }
        GivenAnswer::standing(&self.answers)
    }
}
