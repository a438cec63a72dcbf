//! Answers of officers against the ledger: a plan of what to write, complete before anything is written.

use std::collections::BTreeMap;

use super::event::{Acknowledgement, Event, Payload};
use super::state::{CaseRecord, LedgerState};
use crate::domain::{Answer, Day, GivenAnswer, Phase, Silence, is_one_officer};

/// An answer as it was read from a file, with the clue number it is about. No `Debug`.
#[derive(Clone)]
pub struct Incoming {
    /// Clue number, in its official form.
    pub number: String,
    /// What was said.
    pub said: Said,
}

/// What an officer says about a case. No `Debug`.
#[derive(Clone)]
pub enum Said {
    /// That it was received; nothing about what was found.
    Received(Acknowledgement),
    /// What was answered; `pairs` is filled in here, from the case.
    Answer(Box<Answer>),
}

impl Said {
    /// Who says it.
    pub fn officer(&self) -> &str {
        match self {
            Self::Received(receipt) => &receipt.by,
            Self::Answer(answer) => &answer.officer,
        }
    }

    /// What tells one from another, as [`Answer::digest_parts`].
    pub fn digest_parts(&self) -> Vec<String> {
        match self {
            Self::Received(receipt) => {
                vec![receipt.by.clone(), receipt.on.map_or_else(String::new, Day::iso)]
            }
            Self::Answer(answer) => answer.digest_parts(),
        }
    }
}

/// What becomes of an answer that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taken {
    /// Recorded; the case is with the office, or waits for a second person.
    Recorded,
    /// Recorded, and the case is silent now.
    Settled,
    /// Recorded, and it contradicts another answer: the case stays open for review.
    Disputed,
    /// Recorded that it was received; an answer is still due.
    Acknowledged,
    /// An answer that was there got its second person.
    Approved,
    /// It was there already: nothing was added.
    Known,
}

impl Taken {
    /// All, in the order in which they are counted.
    pub const ALL: [Self; 6] =
        [Self::Recorded, Self::Settled, Self::Disputed, Self::Acknowledged, Self::Approved, Self::Known];

    /// The word in machine-readable output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Settled => "settled",
            Self::Disputed => "disputed",
            Self::Acknowledged => "acknowledged",
            Self::Approved => "approved",
            Self::Known => "known",
        }
    }

    /// The words for officers.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Recorded => "已登记",
            Self::Settled => "已登记，线索办结或暂缓",
            Self::Disputed => "已登记，与另一答复不一致，待复核",
            Self::Acknowledged => "已登记确认收悉，待答复",
            Self::Approved => "已登记审核",
            Self::Known => "此前已登记，未重复登记",
        }
    }
}

/// Why an answer is not taken: the cell by its meaning, and the reason in Chinese without values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTaken {
    /// Which cell.
    pub cell: AnswerCell,
    /// Why.
    pub reason: String,
}

/// Cells of an answer that the ledger can object to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerCell {
    /// 线索编号.
    Clue,
    /// 核查时间.
    CheckedOn,
    /// 审核人.
    Approver,
    /// 证明有效期至.
    ProofUntil,
}

/// What an import would write.
#[derive(Clone)]
pub struct ReceiptPlan {
    /// Events, in order.
    pub events: Vec<Event>,
    /// What becomes of each answer, in the order they came.
    pub results: Vec<Result<Taken, NotTaken>>,
    pub(super) head: String,
    pub(super) day: Day,
}

impl ReceiptPlan {
    /// How many answers came to what.
    pub fn counts(&self) -> BTreeMap<Taken, u64> {
        let mut counts = BTreeMap::new();
        for taken in self.results.iter().flatten() {
            *counts.entry(*taken).or_default() += 1;
        }
        counts
    }

    /// How many answers are not taken.
    pub fn refused(&self) -> u64 {
        self.results.iter().filter(|result| result.is_err()).count() as u64
    }
}

/// Plans an import on `day`. `None` only when the table of the life of a case forbids what is planned
/// here, which would be a bug.
pub(super) fn plan(
    mut state: LedgerState,
    head: &str,
    day: Day,
    incoming: &[Incoming],
) -> Option<ReceiptPlan> {
    let keys: BTreeMap<String, String> =
        state.cases.iter().map(|(key, record)| (record.number.clone(), key.clone())).collect();
    let mut plan = ReceiptPlan { events: Vec::new(), results: Vec::new(), head: head.to_owned(), day };
    for one in incoming {
        let Some(key) = keys.get(&one.number) else {
            plan.results.push(not_taken(AnswerCell::Clue, "台账中没有这个线索编号"));
            continue;
        };
        let record = state.cases.get(key)?;
        let weighed = match &one.said {
            Said::Received(receipt) => received(record, receipt, day),
            Said::Answer(answer) => weigh(record, answer, day),
        };
        let (payloads, result) = match weighed {
            Ok((payloads, taken)) => (payloads, Ok(taken)),
            Err(refused) => (Vec::new(), Err(refused)),
        };
        for payload in payloads {
            if !state.apply(key, day, payload.clone()) {
                return None;
            }
            plan.events.push(Event { case_key: key.clone(), number: one.number.clone(), payload });
        }
        plan.results.push(result);
    }
    Some(plan)
}

fn not_taken<T>(cell: AnswerCell, reason: &str) -> Result<T, NotTaken> {
    Err(NotTaken { cell, reason: reason.to_owned() })
}

/// What it leads to that an officer has received a case: nothing where somebody has said so, or answered, before.
fn received(
    record: &CaseRecord,
    receipt: &Acknowledgement,
    day: Day,
) -> Result<(Vec<Payload>, Taken), NotTaken> {
    if receipt.on.is_some_and(|on| on > day) {
        return not_taken(AnswerCell::CheckedOn, "核查时间晚于导入日期");
    }
    let asked = matches!(record.phase, Phase::New | Phase::Sent | Phase::Reopened);
    if record.is_acknowledged() || !asked {
        return Ok((Vec::new(), Taken::Known));
    }
    Ok((vec![Payload::Acknowledged(receipt.clone())], Taken::Acknowledged))
}

/// What one answer leads to.
fn weigh(record: &CaseRecord, answer: &Answer, day: Day) -> Result<(Vec<Payload>, Taken), NotTaken> {
    if !answer.approver.is_empty() && is_one_officer(&answer.approver, &answer.officer) {
        return not_taken(AnswerCell::Approver, "审核人与核查人不能是同一人");
    }
    let parts = answer.digest_parts();
    let same = |given: &GivenAnswer| given.answer.digest_parts() == parts;
    if let Some(at) = record.current_answers().iter().rposition(same) {
        return Ok(known(record, answer, at, day));
    }
    if record.answers[..record.earlier.min(record.answers.len())].iter().any(same) {
        if answer.checked_on.is_some() {
            return Ok((Vec::new(), Taken::Known));
        }
        return not_taken(
            AnswerCell::CheckedOn,
            "与重新核查前的答复完全相同，无法判断是否为新的答复，请填写核查时间",
        );
    }
    if record.phase == Phase::Objected {
        return not_taken(AnswerCell::Clue, "该线索正在异议复核，作出维持或撤销的决定以后才能再登记答复");
    }
    check_days(record, answer, day)?;
    Ok(added(record, answer, day))
}

fn check_days(record: &CaseRecord, answer: &Answer, day: Day) -> Result<(), NotTaken> {
    if answer.checked_on.is_some_and(|checked| checked > day) {
        return not_taken(AnswerCell::CheckedOn, "核查时间晚于导入日期");
    }
    if answer.checked_on.is_some_and(|checked| checked < record.listed_on) {
        let listed = record.listed_on.iso();
        return not_taken(AnswerCell::CheckedOn, &format!("核查时间早于本次列入日期 {listed}"));
    }
    if matches!(answer.silence, Silence::Through(through) if through < day) {
        return not_taken(AnswerCell::ProofUntil, "有效期已过，不能据此暂缓");
    }
    Ok(())
}

/// An answer that is there already; at most it brings its second person.
fn known(record: &CaseRecord, answer: &Answer, at: usize, day: Day) -> (Vec<Payload>, Taken) {
    let given = &record.current_answers()[at];
    let open = matches!(record.phase, Phase::Answered | Phase::Disputed);
    let can_be_signed = open || record.phase == Phase::Withdrawn;
    // Who signed it when it came, and could not settle it alone, settles it no more by sending it again.
    let signed_before = is_one_officer(&given.answer.approver, &answer.approver);
    if answer.approver.is_empty() || signed_before || !given.approved_by.is_empty() || !can_be_signed {
        return (Vec::new(), Taken::Known);
    }
    let mut payloads = vec![Payload::Approved { by: answer.approver.clone(), answer: at }];
    payloads.extend(settled(&given.answer, day).filter(|_| open));
    (payloads, Taken::Approved)
}

/// A new answer.
fn added(record: &CaseRecord, answer: &Answer, day: Day) -> (Vec<Payload>, Taken) {
    let mut answer = answer.clone();
    let approver = std::mem::take(&mut answer.approver);
    answer.pairs =
        if answer.same.is_some() { record.finding.questioned().into_iter().collect() } else { Vec::new() };
    let contradicted = contradicted(record, &answer);
    let disputed = contradicted.is_some() || record.phase == Phase::Disputed;
    let approved_before = record.current_answers().iter().any(|given| !given.approved_by.is_empty());
    // A dispute about an answer that was approved needs more than one more approval beside a new answer: the name
    // stays with the answer, so that the same file sent again is no second one.
    let alone = disputed && approved_before && record.phase != Phase::Withdrawn;
    let stored = Answer { approver: if alone { approver.clone() } else { String::new() }, ..answer.clone() };
    let mut payloads = vec![Payload::Answered { answer: stored }];
    if record.phase == Phase::Withdrawn {
        // Nobody is asked about it now; what was said and signed counts when it comes back.
        if !approver.is_empty() {
            payloads.push(Payload::Approved { by: approver, answer: record.current_answers().len() });
        }
        return (payloads, Taken::Recorded);
    }
    if let Some(other) = &contradicted
        && record.phase != Phase::Disputed
    {
        payloads.push(Payload::Disputed { why: differing(&other.answer, &answer) });
    }
    let approves = !approver.is_empty() && may_be_approved(record.phase, disputed);
    if approves && !alone {
        payloads.push(Payload::Approved { by: approver, answer: record.current_answers().len() });
        payloads.extend(settled(&answer, day));
        return (payloads, Taken::Settled);
    }
    if disputed {
        return (payloads, Taken::Disputed);
    }
    let settles = !answer.needs_approval
        && matches!(record.phase, Phase::New | Phase::Sent | Phase::Reopened | Phase::Answered);
    let extends = record.phase == Phase::Suspended && matches!(answer.silence, Silence::Through(_));
    let end = if settles || (extends && !answer.needs_approval) { settled(&answer, day) } else { None };
    let taken = if end.is_some() { Taken::Settled } else { Taken::Recorded };
    payloads.extend(end);
    (payloads, taken)
}

/// Whether an approval can follow: a case that is closed already needs none.
const fn may_be_approved(phase: Phase, disputed: bool) -> bool {
    disputed || matches!(phase, Phase::New | Phase::Sent | Phase::Reopened | Phase::Answered)
}

/// The answer that the new one contradicts: the last one of another officer, or, where the case was settled
/// on it, the officer's own.
fn contradicted<'a>(record: &'a CaseRecord, answer: &Answer) -> Option<&'a GivenAnswer> {
    let mut last: BTreeMap<&str, &GivenAnswer> = BTreeMap::new();
    for given in record.current_answers().iter().filter(|given| !given.revoked) {
        last.insert(&given.answer.officer, given);
    }
    let open = matches!(record.phase, Phase::New | Phase::Sent | Phase::Reopened | Phase::Answered);
    let may_amend = |officer: &str| open && officer == answer.officer;
    last.into_iter()
        .find(|(officer, given)| !may_amend(officer) && given.answer.contradicts(answer))
        .map(|(_, given)| given)
}

/// What two officers said, for the list.
fn differing(first: &Answer, second: &Answer) -> String {
    format!("{}：{}；{}：{}", first.officer, first.words(), second.officer, second.words())
}

/// How a settled answer ends the case; `None`: it stays with the office until it is not found any more.
fn settled(answer: &Answer, day: Day) -> Option<Payload> {
    match answer.silence {
        Silence::Fact => Some(Payload::Closed { reason: answer.words(), gone: false }),
        Silence::Through(through) if through >= day => Some(Payload::Suspended { through }),
        Silence::Through(_) | Silence::Gone => None,
    }
}
