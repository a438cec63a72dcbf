//! What an office does about a case beside answering it: a notice is drafted, an objection comes in, two persons
//! decide on it. Checked against the state, then events like all others.

use super::event::{Decision, Event, Notice, Objection, Payload};
use super::state::{CaseRecord, LedgerState};
use crate::domain::{Day, Phase, is_one_officer};
use crate::field::text;

/// One thing that was done. No `Debug`: it may hold what people wrote.
#[derive(Clone)]
pub enum Deed {
    /// A notice was drafted.
    Notice(Notice),
    /// An objection is put on record.
    Object(Objection),
    /// What was objected to stands.
    Uphold(Decision),
    /// What was objected to is taken back.
    Revoke(Decision),
}

/// Why a case cannot take it. Words for whoever runs the command, without values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// Nobody knows the clue number.
    #[error("the ledger has no such clue number")]
    Unknown,
    /// Nothing that two persons settled.
    #[error(
        "no second person has approved a stop, a change or a recovery for it (待审核或无此类意见); the 审核人 signs on the returned workbook"
    )]
    NotApproved,
    /// An objection is there already.
    #[error("an objection is being looked into already (异议复核中); decide on it first")]
    UnderObjection,
    /// Nothing to decide.
    #[error("no objection is open on it")]
    NoObjection,
    /// A person or a reason is missing.
    #[error("names and reasons may not be empty")]
    Empty,
    /// One person is not two.
    #[error("officer and approver are one person; a decision takes two")]
    OnePerson,
    /// A day that cannot be.
    #[error("its day is later than today, or earlier than what it is about")]
    Day,
    /// The table of the life of a case forbids it: a bug.
    #[error("it would lead where no case can go; this is a bug")]
    Forbidden,
}

/// The events of `deeds`; the first that cannot be done stops all.
pub(super) fn plan(
    mut state: LedgerState,
    day: Day,
    deeds: &[(String, Deed)],
) -> Result<Vec<Event>, (String, NotDone)> {
    let mut events = Vec::new();
    for (number, deed) in deeds {
        let refused = |why| (number.clone(), why);
        let (key, record) = state.by_number(number).ok_or_else(|| refused(NotDone::Unknown))?;
        let payload = weigh(record, deed, day).map_err(refused)?;
        let key = key.clone();
        if !state.apply(&key, day, payload.clone()) {
            return Err(refused(NotDone::Forbidden));
        }
        events.push(Event { case_key: key, number: number.clone(), payload });
    }
    Ok(events)
}

fn weigh(record: &CaseRecord, deed: &Deed, day: Day) -> Result<Payload, NotDone> {
    match deed {
        Deed::Notice(notice) => {
            settled(record)?;
            Ok(Payload::Noticed(notice.clone()))
        }
        Deed::Object(objection) => {
            settled(record)?;
            let [officer, reason] = filled([&objection.officer, &objection.reason])?;
            between(record.listed_on, objection.on, day)?;
            Ok(Payload::Objected(Objection { officer, on: objection.on, reason }))
        }
        Deed::Uphold(decision) => decided(record, decision, day).map(Payload::Upheld),
        Deed::Revoke(decision) => decided(record, decision, day).map(Payload::Revoked),
    }
}

fn settled(record: &CaseRecord) -> Result<(), NotDone> {
    match record.settled_by_two() {
        Some(_) => Ok(()),
        None if record.phase == Phase::Objected => Err(NotDone::UnderObjection),
        None => Err(NotDone::NotApproved),
    }
}

fn decided(record: &CaseRecord, decision: &Decision, day: Day) -> Result<Decision, NotDone> {
    let open = record.objections.last().filter(|last| last.decided.is_none());
    let open = open.ok_or(NotDone::NoObjection)?;
    let [officer, approver, reason] = filled([&decision.officer, &decision.approver, &decision.reason])?;
    if is_one_officer(&officer, &approver) {
        return Err(NotDone::OnePerson);
    }
    between(open.objection.on, decision.on, day)?;
    Ok(Decision { officer, approver, on: decision.on, reason })
}

/// The texts, cleaned as cells are.
fn filled<const N: usize>(texts: [&str; N]) -> Result<[String; N], NotDone> {
    let clean = texts.map(|text| text::clean(text).into_owned());
    if clean.iter().any(String::is_empty) { Err(NotDone::Empty) } else { Ok(clean) }
}

fn between(first: Day, day: Day, last: Day) -> Result<(), NotDone> {
    if (first..=last).contains(&day) { Ok(()) } else { Err(NotDone::Day) }
}
