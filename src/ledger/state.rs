//! State of the ledger: a fold over its events, nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{FindingRecord, Payload, Release};
use super::life;
use crate::domain::{Answer, Day, Finding, GivenAnswer, Judgement, MentionRef, Phase, Silence, Verdict};

/// Where one case stands. No `Debug`: answers hold what people wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct CaseRecord {
    /// Clue number.
    pub number: String,
    /// Day it was seen for the first time.
    pub first_seen: Day,
    /// Day it came onto the list it is on now: first seen, or asked again.
    pub listed_on: Day,
    /// Day of the last change.
    pub changed_on: Option<Day>,
    /// Day and reason of its withdrawal.
    pub withdrawn: Option<(Day, String)>,
    /// Where it stands in its life.
    pub phase: Phase,
    /// Day on which it was published since it was listed.
    pub sent_on: Option<Day>,
    /// Silent through this day.
    pub silent_through: Option<Day>,
    /// Day and reason it was closed, and whether it was over rather than explained.
    pub closed: Option<(Day, String, bool)>,
    /// Why it was asked again last.
    pub reopened_reason: String,
    /// All answers, oldest first.
    pub answers: Vec<GivenAnswer>,
    /// How many of them are older than the list it is on now.
    pub(super) earlier: usize,
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

    /// Answers since it was listed, oldest first.
    pub fn current_answers(&self) -> &[GivenAnswer] {
        &self.answers[self.earlier.min(self.answers.len())..]
    }

    /// The answer that counts: the approved one, else the last; none while officers contradict each other.
    pub fn standing(&self) -> Option<&GivenAnswer> {
        if self.phase == Phase::Disputed {
            return None;
        }
        let current = self.current_answers();
        current.iter().rfind(|given| !given.approved_by.is_empty()).or_else(|| current.last())
    }

    /// Whether its answer waits for a second person.
    pub fn waits_for_approval(&self) -> bool {
        self.phase == Phase::Answered && self.standing().is_some_and(|given| given.answer.needs_approval)
    }

    /// What officers decided about pairs of rows in this case: the last decision that nobody disputes and
    /// that has its second person where it needs one.
    fn decision(&self) -> Option<&Answer> {
        let end = if self.phase == Phase::Disputed { self.earlier } else { self.answers.len() };
        let settled = |given: &&GivenAnswer| {
            given.answer.same.is_some()
                && !given.answer.pairs.is_empty()
                && (!given.answer.needs_approval || !given.approved_by.is_empty())
        };
        self.answers[..end.min(self.answers.len())].iter().rfind(settled).map(|given| &given.answer)
    }
}

/// All cases by case key.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct LedgerState {
    /// Case key → case, whatever its phase.
    pub cases: BTreeMap<String, CaseRecord>,
    /// Nights that somebody released, oldest first.
    pub releases: Vec<(Day, Release)>,
}

/// Decisions of officers about pairs of rows.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Undisputed ones, sorted.
    pub judgements: Vec<Judgement>,
    /// Clue numbers of the cases in which the same two rows were judged differently; such pairs are no
    /// judgement.
    pub conflicts: Vec<BTreeSet<String>>,
}

impl LedgerState {
    /// The case with this clue number, with its key.
    pub fn by_number(&self, number: &str) -> Option<(&String, &CaseRecord)> {
        self.cases.iter().find(|(_, record)| record.number == number)
    }

    /// What officers decided about pairs of rows.
    pub fn decisions(&self) -> Decisions {
        type Said<'a> = (BTreeSet<bool>, BTreeSet<&'a str>);
        let mut pairs: BTreeMap<(&MentionRef, &MentionRef), Said<'_>> = BTreeMap::new();
        for record in self.cases.values() {
            let Some(answer) = record.decision() else { continue };
            for (left, right) in &answer.pairs {
                let pair = if left <= right { (left, right) } else { (right, left) };
                let (verdicts, cases) = pairs.entry(pair).or_default();
                verdicts.extend(answer.same);
                cases.insert(&record.number);
            }
        }
        let mut decisions = Decisions::default();
        for ((left, right), (verdicts, cases)) in pairs {
            if verdicts.len() > 1 {
                decisions.conflicts.push(cases.into_iter().map(str::to_owned).collect());
                continue;
            }
            let verdict = if verdicts.contains(&true) { Verdict::Same } else { Verdict::NotSame };
            decisions.judgements.push(Judgement { left: left.clone(), right: right.clone(), verdict });
        }
        decisions
    }

    /// Takes one event in; `false` when the event cannot follow what is known (a damaged ledger).
    #[must_use]
    pub(super) fn apply(&mut self, case_key: &str, at: Day, payload: Payload) -> bool {
        if let Payload::Released(release) = payload {
            self.releases.push((at, release));
            return case_key.is_empty();
        }
        let before = self.cases.get(case_key).map(|record| record.phase);
        let Some(phase) = life::after(before, payload.kind()) else { return false };
        if let Payload::Opened { number, finding } = payload {
            self.cases.insert(case_key.to_owned(), CaseRecord::opened(number, at, finding));
            return true;
        }
        let Some(record) = self.cases.get_mut(case_key) else { return false };
        record.phase = phase;
        record.take(at, payload)
    }
}

impl CaseRecord {
    fn opened(number: String, at: Day, finding: FindingRecord) -> Self {
        Self {
            number,
            first_seen: at,
            listed_on: at,
            changed_on: None,
            withdrawn: None,
            phase: Phase::New,
            sent_on: None,
            silent_through: None,
            closed: None,
            reopened_reason: String::new(),
            answers: Vec::new(),
            earlier: 0,
            finding,
        }
    }

    /// What an event says beside its phase; `false` when it speaks of an answer that is not there.
    fn take(&mut self, at: Day, payload: Payload) -> bool {
        match payload {
            Payload::Opened { .. } | Payload::Disputed { .. } => {}
            Payload::Released(_) => return false,
            Payload::Changed { finding } => {
                self.finding = finding;
                self.changed_on = Some(at);
            }
            Payload::Withdrawn { reason } => self.withdrawn = Some((at, reason)),
            Payload::Reopened { finding, why } => {
                self.finding = finding;
                self.listed_on = at;
                self.withdrawn = None;
                self.sent_on = None;
                self.silent_through = None;
                self.closed = None;
                self.reopened_reason = why;
                self.earlier = self.answers.len();
            }
            Payload::Sent {} => self.sent_on = Some(at),
            Payload::Answered { answer } => {
                self.answers.push(GivenAnswer { on: at, answer, approved_by: String::new() });
            }
            Payload::Approved { by, answer } => {
                let Some(given) = self.answers.get_mut(self.earlier + answer) else { return false };
                given.approved_by = by;
            }
            Payload::Closed { reason, gone } => {
                self.withdrawn = None;
                self.closed = Some((at, reason, gone));
            }
            Payload::Suspended { through } => {
                self.withdrawn = None;
                self.silent_through = Some(through);
            }
        }
        true
    }

    /// Whether the standing answer explains what was found, and for how long.
    pub(super) fn explained(&self) -> Option<Silence> {
        let given = self.standing()?;
        let settled = !given.answer.needs_approval || !given.approved_by.is_empty();
        Some(given.answer.silence).filter(|silence| settled && *silence != Silence::Gone)
    }
}
