//! State of the ledger: a fold over its events, nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Acknowledgement, Decision, FindingRecord, Notice, Objection, Payload, Purged, Release};
use super::life;
use crate::domain::{
    Answer, Day, Finding, GivenAnswer, Judgement, MentionRef, Outcome, Phase, Silence, Verdict,
};

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
    /// Who has said since it was listed that it was received, and the day on which that came in.
    pub acknowledged: Option<(Day, Acknowledgement)>,
    /// Silent through this day.
    pub silent_through: Option<Day>,
    /// Day and reason it was closed, and whether it was over rather than explained.
    pub closed: Option<(Day, String, bool)>,
    /// Why it was asked again last.
    pub reopened_reason: String,
    /// All answers, oldest first.
    pub answers: Vec<GivenAnswer>,
    /// Drafts of notices with their days, oldest first.
    pub notices: Vec<(Day, Notice)>,
    /// Objections with what became of them, oldest first.
    pub objections: Vec<ObjectionRecord>,
    /// How many of them are older than the list it is on now.
    pub(super) earlier: usize,
    pub(super) finding: FindingRecord,
}

/// An objection and what became of it. No `Debug`: reasons are what people wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct ObjectionRecord {
    /// Day it came into the ledger.
    pub entered: Day,
    /// What was objected.
    pub objection: Objection,
    /// The decision, and whether what was objected to stands; `None` while there is none.
    pub decided: Option<(Decision, bool)>,
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

    /// Whether its office has said since it was listed that it knows of it, or has answered.
    pub fn is_acknowledged(&self) -> bool {
        self.acknowledged.is_some() || !self.current_answers().is_empty()
    }

    /// The answer that counts: the approved one, else the last; none while officers contradict each other, or an
    /// objection is not decided.
    pub fn standing(&self) -> Option<&GivenAnswer> {
        if self.phase.is_in_doubt() {
            return None;
        }
        GivenAnswer::standing(self.current_answers())
    }

    /// What two persons settled against somebody: the answer that takes an approval and has one. A notice may be
    /// drafted of it, and an objection raised.
    pub fn settled_by_two(&self) -> Option<&GivenAnswer> {
        let settled = matches!(self.phase, Phase::Approved | Phase::Closed);
        let by_two = |given: &&GivenAnswer| {
            let confirmed = matches!(given.answer.outcome, Some(Outcome::Confirmed | Outcome::Partly));
            confirmed && given.answer.needs_approval && !given.approved_by.is_empty()
        };
        self.standing().filter(|_| settled).filter(by_two)
    }

    /// Whether its answer waits for a second person.
    pub fn waits_for_approval(&self) -> bool {
        self.phase == Phase::Answered && self.standing().is_some_and(|given| given.answer.needs_approval)
    }

    /// Whether linkage heeds what officers said about pairs of rows in this case.
    pub(super) fn decides(&self) -> bool {
        self.decision().is_some()
    }

    /// What officers decided about pairs of rows in this case: the last decision that nobody disputes and
    /// that has its second person where it needs one.
    fn decision(&self) -> Option<&Answer> {
        let end = if self.phase.is_in_doubt() { self.earlier } else { self.answers.len() };
        let settled = |given: &&GivenAnswer| {
            !given.revoked
                && given.answer.same.is_some()
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
    /// What was deleted because its time was over, oldest first.
    pub purges: Vec<(Day, Purged)>,
    /// Clue numbers of cases that were emptied because their time was over; no other case gets them.
    pub erased: BTreeSet<String>,
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

/// Why a case is closed whose answer was taken back.
const REVOKED: &str = "异议成立，原处理意见已撤销";

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
        if let Payload::Purged(purged) = payload {
            self.purges.push((at, purged));
            return case_key.is_empty();
        }
        if let Payload::Erased(erased) = payload {
            self.erased.extend(erased.cases.into_iter().map(|case| case.number));
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
            acknowledged: None,
            silent_through: None,
            closed: None,
            reopened_reason: String::new(),
            answers: Vec::new(),
            notices: Vec::new(),
            objections: Vec::new(),
            earlier: 0,
            finding,
        }
    }

    /// What an event says beside its phase; `false` when it speaks of an answer that is not there.
    fn take(&mut self, at: Day, payload: Payload) -> bool {
        match payload {
            Payload::Opened { .. } | Payload::Disputed { .. } => {}
            Payload::Released(_) | Payload::Purged(_) | Payload::Erased(_) => return false,
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
                self.acknowledged = None;
                self.silent_through = None;
                self.closed = None;
                self.reopened_reason = why;
                self.earlier = self.answers.len();
            }
            Payload::Sent {} => self.sent_on = Some(at),
            Payload::Acknowledged(receipt) => self.acknowledged = Some((at, receipt)),
            Payload::Answered { answer } => {
                self.answers.push(GivenAnswer { on: at, answer, approved_by: String::new(), revoked: false });
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
            Payload::Noticed(notice) => self.notices.push((at, notice)),
            Payload::Objected(objection) => {
                self.closed = None;
                self.objections.push(ObjectionRecord { entered: at, objection, decided: None });
            }
            Payload::Upheld(decision) => return self.decide(decision, true),
            Payload::Revoked(decision) => {
                self.closed = Some((at, REVOKED.to_owned(), false));
                // With it goes all that was answered since the case was listed: the question is answered anew.
                self.answers.iter_mut().skip(self.earlier).for_each(|given| given.revoked = true);
                return self.decide(decision, false);
            }
        }
        true
    }

    /// `false` when there is no objection to decide.
    fn decide(&mut self, decision: Decision, upheld: bool) -> bool {
        let Some(open) = self.objections.last_mut().filter(|last| last.decided.is_none()) else {
            return false;
        };
        open.decided = Some((decision, upheld));
        true
    }

    /// Whether the standing answer explains what was found, and for how long.
    pub(super) fn explained(&self) -> Option<Silence> {
        let given = self.standing()?;
        let settled = !given.answer.needs_approval || !given.approved_by.is_empty();
        Some(given.answer.silence).filter(|silence| settled && *silence != Silence::Gone)
    }
}
