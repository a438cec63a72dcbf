//! Answers in the ledger: how a case lives with them, and that nothing is asked twice or lost.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use doudi::domain::{Answer, CaseStatus, Evidence, Finding, Outcome, Phase, Silence, Verdict};
use doudi::ledger::{
    Acknowledgement, AnswerCell, CaseRecord, Decision, Deed, EventKind, Incoming, Ledger, LedgerError, Night,
    NotDone, NotTaken, Notice, Objection, ReceiptFacts, Reconciled, RuleRun, Said, Taken,
};
use proptest::prelude::*;

use crate::ledger::{FULL, day, finding, night};

fn answer(officer: &str, outcome: Outcome, silence: Silence) -> Answer {
    Answer {
        outcome: Some(outcome),
        code: "code".into(),
        reason: if outcome == Outcome::Refuted { "省外就读".into() } else { String::new() },
        same: None,
        fields: BTreeMap::new(),
        officer: officer.into(),
        checked_on: None,
        approver: String::new(),
        silence,
        needs_approval: false,
        corrects: Vec::new(),
        class: "plain".into(),
        pairs: Vec::new(),
    }
}

pub(crate) fn explained(officer: &str) -> Answer {
    answer(officer, Outcome::Refuted, Silence::Fact)
}

pub(crate) fn confirmed(officer: &str) -> Answer {
    answer(officer, Outcome::Confirmed, Silence::Gone)
}

pub(crate) fn import(
    ledger: &mut Ledger,
    number: i32,
    answers: &[(&str, Answer)],
) -> Vec<Result<Taken, NotTaken>> {
    let said: Vec<(&str, Said)> =
        answers.iter().map(|(clue, answer)| (*clue, Said::Answer(Box::new(answer.clone())))).collect();
    take_in(ledger, number, &said)
}

/// What officers said in one file.
fn take_in(ledger: &mut Ledger, number: i32, said: &[(&str, Said)]) -> Vec<Result<Taken, NotTaken>> {
    let incoming: Vec<Incoming> =
        said.iter().map(|(clue, said)| Incoming { number: (*clue).to_owned(), said: said.clone() }).collect();
    let plan = ledger.plan_answers(day(number), &incoming).unwrap();
    let facts = ReceiptFacts {
        receipt_id: format!("receipt-{number}"),
        imported: "2026-11-01T09:00:00+08:00".into(),
        files: vec![("a.xlsx".into(), "00".into())],
    };
    ledger.take_answers(&plan, &facts).unwrap();
    ledger.verify().unwrap();
    plan.results
}

pub(crate) fn first(ledger: &Ledger) -> CaseRecord {
    ledger.state().unwrap().cases.into_values().next().unwrap()
}

/// A ledger with one case that was sent on day 1, and its clue number.
pub(crate) fn asked() -> (Ledger, String) {
    let mut ledger = Ledger::in_memory().unwrap();
    let plan = night(&mut ledger, 1, FULL, &[finding("d", "a", "x")]);
    let clue = plan.cases[0].number.clone();
    (ledger, clue)
}

pub(crate) fn told(plan: &Reconciled) -> Vec<(CaseStatus, Phase, bool)> {
    plan.cases.iter().map(|case| (case.status, case.phase, case.asks())).collect()
}

/// The finding of `asked` with another row of evidence.
pub(crate) fn with_more_evidence() -> Finding {
    let old = finding("d", "a", "x");
    let parts = doudi::domain::FindingParts {
        rule: old.rule.clone(),
        list: old.list.clone(),
        subject: (old.subject_extract.clone(), old.subject_role.clone(), old.subject_row_key.clone()),
        identity: old.identity,
        event: old.event.clone(),
        confidence: old.confidence,
        grade: old.grade,
        reason: old.reason.clone(),
        details: Vec::new(),
    };
    let row = |extract: &str, key: &str| Evidence { extract: extract.into(), row_key: key.into() };
    Finding::new(parts, vec![row("roll", "a"), row("payment", "202611")]).unwrap()
}

#[test]
fn a_receipt_is_kept_until_the_case_is_asked_about_again() {
    let (mut ledger, clue) = asked();
    let received = |on: i32| Said::Received(Acknowledgement { by: "甲".into(), on: Some(day(on)) });
    let refused = take_in(&mut ledger, 2, &[(&clue, received(3))]);
    assert_eq!(refused[0].as_ref().unwrap_err().cell, AnswerCell::CheckedOn, "nobody receives tomorrow");
    assert_eq!(take_in(&mut ledger, 2, &[(&clue, received(2))]), [Ok(Taken::Acknowledged)]);
    assert_eq!(take_in(&mut ledger, 3, &[(&clue, received(3))]), [Ok(Taken::Known)], "once is enough");
    assert_eq!(first(&ledger).acknowledged.map(|(on, _)| on), Some(day(2)));
    let plan = night(&mut ledger, 3, FULL, &[finding("d", "a", "x")]);
    assert_eq!((plan.cases[0].acknowledged, plan.cases[0].phase), (Some(day(2)), Phase::Sent));
    assert_eq!(import(&mut ledger, 4, &[(&clue, explained("甲"))]), [Ok(Taken::Settled)]);
    assert_eq!(take_in(&mut ledger, 5, &[(&clue, received(5))]), [Ok(Taken::Known)], "an answer says so too");
    let plan = night(&mut ledger, 7, FULL, &[with_more_evidence()]);
    assert!(!plan.cases[0].is_acknowledged(), "the new question is received anew");
    assert_eq!(take_in(&mut ledger, 7, &[(&clue, received(7))]), [Ok(Taken::Acknowledged)]);
}

#[test]
fn an_explained_case_stays_silent_until_its_fact_changes_and_then_says_what_changed() {
    let (mut ledger, clue) = asked();
    assert_eq!(import(&mut ledger, 2, &[(&clue, explained("甲"))]), [Ok(Taken::Settled)]);
    assert_eq!(first(&ledger).phase, Phase::Closed);
    // Another sentence is no news; not found, found again: still the same fact.
    for (number, findings) in [
        (3, vec![finding("d", "a", "x")]),
        (4, vec![finding("d", "a", "y")]),
        (5, vec![]),
        (6, vec![finding("d", "a", "z")]),
    ] {
        let plan = night(&mut ledger, number, FULL, &findings);
        assert_eq!(plan.events.len(), 0, "night {number}");
        assert!(plan.cases.iter().all(|case| !case.asks()), "night {number}");
    }
    let plan = night(&mut ledger, 7, FULL, &[with_more_evidence()]);
    assert_eq!(told(&plan), [(CaseStatus::New, Phase::Sent, true)]);
    assert_eq!(plan.cases[0].reopened_reason, "上次说明后依据有变化：《payment》新增 1 行");
    assert_eq!((plan.cases[0].listed_on, plan.cases[0].first_seen), (day(7), day(1)));
    assert_eq!(plan.cases[0].number, clue);
    assert!(plan.cases[0].answers.is_empty(), "the old answer does not answer the new question");
}

#[test]
pub(crate) fn a_proof_holds_through_its_day_and_not_longer() {
    let (mut ledger, clue) = asked();
    let until = answer("甲", Outcome::Refuted, Silence::Through(day(5)));
    assert_eq!(import(&mut ledger, 2, &[(&clue, until)]), [Ok(Taken::Settled)]);
    for number in [3, 5] {
        let plan = night(&mut ledger, number, FULL, &[finding("d", "a", "x")]);
        assert_eq!(told(&plan), [(CaseStatus::Kept, Phase::Suspended, false)], "day {number}");
    }
    let plan = night(&mut ledger, 6, FULL, &[finding("d", "a", "x")]);
    assert_eq!(told(&plan), [(CaseStatus::New, Phase::Sent, true)]);
    assert_eq!(plan.cases[0].reopened_reason, "上次说明的有效期至 2026-11-06，已过");
    // A proof that has run out already explains nothing.
    let old = answer("乙", Outcome::Refuted, Silence::Through(day(5)));
    let refused = import(&mut ledger, 7, &[(&clue, old)]);
    assert_eq!(refused[0].as_ref().unwrap_err().cell, AnswerCell::ProofUntil);
}

#[test]
fn a_proof_can_be_renewed_while_it_holds() {
    let (mut ledger, clue) = asked();
    import(&mut ledger, 2, &[(&clue, answer("甲", Outcome::Refuted, Silence::Through(day(5))))]);
    let mut longer = answer("甲", Outcome::Refuted, Silence::Through(day(50)));
    longer.checked_on = Some(day(4));
    assert_eq!(import(&mut ledger, 4, &[(&clue, longer)]), [Ok(Taken::Settled)]);
    let plan = night(&mut ledger, 6, FULL, &[finding("d", "a", "x")]);
    assert_eq!(told(&plan), [(CaseStatus::Kept, Phase::Suspended, false)]);
}

#[test]
fn a_confirmed_case_is_not_asked_again_is_closed_when_it_is_over_and_asked_when_it_comes_back() {
    let (mut ledger, clue) = asked();
    assert_eq!(import(&mut ledger, 2, &[(&clue, confirmed("甲"))]), [Ok(Taken::Recorded)]);
    let plan = night(&mut ledger, 3, FULL, &[with_more_evidence()]);
    assert_eq!(told(&plan), [(CaseStatus::Changed, Phase::Answered, false)]);
    let over = night(&mut ledger, 4, FULL, &[]);
    assert_eq!(told(&over), [(CaseStatus::Withdrawn, Phase::Closed, false)]);
    assert_eq!(told(&night(&mut ledger, 4, FULL, &[])), told(&over), "the same night twice");
    assert!(night(&mut ledger, 5, FULL, &[]).cases.is_empty());
    let back = night(&mut ledger, 6, FULL, &[finding("d", "a", "x")]);
    assert_eq!(told(&back), [(CaseStatus::New, Phase::Sent, true)]);
    assert_eq!(back.cases[0].reopened_reason, "办结后再次符合该情形");
}

#[test]
fn the_same_answer_twice_adds_nothing() {
    let (mut ledger, clue) = asked();
    import(&mut ledger, 2, &[(&clue, confirmed("甲"))]);
    let before = ledger.events().unwrap().len();
    assert_eq!(import(&mut ledger, 3, &[(&clue, confirmed("甲"))]), [Ok(Taken::Known)]);
    assert_eq!(ledger.events().unwrap().len(), before);
    // Also after the case was opened again: an old file does not answer the new question.
    night(&mut ledger, 4, FULL, &[]);
    night(&mut ledger, 5, FULL, &[finding("d", "a", "x")]);
    let undated = import(&mut ledger, 6, &[(&clue, confirmed("甲"))]);
    assert_eq!(undated[0].as_ref().unwrap_err().cell, AnswerCell::CheckedOn);
    let mut dated = confirmed("甲");
    dated.checked_on = Some(day(6));
    assert_eq!(import(&mut ledger, 6, &[(&clue, dated)]), [Ok(Taken::Recorded)]);
}

#[test]
fn two_officers_who_contradict_each_other_are_both_recorded_and_the_case_stays_open() {
    let (mut ledger, clue) = asked();
    import(&mut ledger, 2, &[(&clue, confirmed("甲"))]);
    assert_eq!(import(&mut ledger, 2, &[(&clue, explained("乙"))]), [Ok(Taken::Disputed)]);
    let record = first(&ledger);
    assert_eq!((record.phase, record.answers.len()), (Phase::Disputed, 2));
    assert!(record.standing().is_none(), "neither counts");
    let plan = night(&mut ledger, 3, FULL, &[finding("d", "a", "x")]);
    assert_eq!(told(&plan), [(CaseStatus::Kept, Phase::Disputed, true)]);
    // A third who agrees with one of them settles nothing; an approval does.
    assert_eq!(import(&mut ledger, 4, &[(&clue, explained("丙"))]), [Ok(Taken::Disputed)]);
    let mut approved = explained("乙");
    approved.approver = "丁".into();
    assert_eq!(import(&mut ledger, 5, &[(&clue, approved)]), [Ok(Taken::Approved)]);
    let record = first(&ledger);
    assert_eq!(record.phase, Phase::Closed);
    let standing = record.standing().unwrap();
    assert_eq!((standing.answer.officer.as_str(), standing.approved_by.as_str()), ("乙", "丁"));
}

#[test]
fn a_late_contradiction_opens_a_closed_case_for_review() {
    let (mut ledger, clue) = asked();
    import(&mut ledger, 2, &[(&clue, explained("甲"))]);
    assert_eq!(import(&mut ledger, 3, &[(&clue, confirmed("乙"))]), [Ok(Taken::Disputed)]);
    assert_eq!(first(&ledger).phase, Phase::Disputed);
    // Who was alone and is asked again may correct himself without a dispute.
    let (mut ledger, clue) = asked();
    import(&mut ledger, 2, &[(&clue, confirmed("甲"))]);
    assert_eq!(import(&mut ledger, 3, &[(&clue, explained("甲"))]), [Ok(Taken::Settled)]);
}

#[test]
fn what_stops_a_benefit_takes_two_persons() {
    let (mut ledger, clue) = asked();
    let mut stop = confirmed("甲");
    stop.needs_approval = true;
    // The same name written otherwise is no second person.
    for (officer, approver) in [("甲", "甲"), ("甲乙", "甲 乙"), ("Li Si", "lisi")] {
        (stop.officer, stop.approver) = (officer.into(), approver.into());
        let refused = import(&mut ledger, 2, &[(&clue, stop.clone())]);
        assert_eq!(refused[0].as_ref().unwrap_err().cell, AnswerCell::Approver, "{officer} {approver}");
    }
    assert!(first(&ledger).answers.is_empty());
    (stop.officer, stop.approver) = ("甲".into(), String::new());
    assert_eq!(import(&mut ledger, 2, &[(&clue, stop.clone())]), [Ok(Taken::Recorded)]);
    let plan = night(&mut ledger, 3, FULL, &[finding("d", "a", "x")]);
    assert!(plan.cases[0].waits_for_approval() && plan.cases[0].asks());
    stop.approver = "乙".into();
    assert_eq!(import(&mut ledger, 4, &[(&clue, stop.clone())]), [Ok(Taken::Approved)]);
    assert_eq!(import(&mut ledger, 4, &[(&clue, stop)]), [Ok(Taken::Known)]);
    let record = first(&ledger);
    assert_eq!((record.phase, record.answers[0].approved_by.as_str()), (Phase::Approved, "乙"));
    let plan = night(&mut ledger, 5, FULL, &[finding("d", "a", "x")]);
    assert_eq!(told(&plan), [(CaseStatus::Kept, Phase::Approved, false)]);
}

#[test]
fn an_explanation_that_takes_two_persons_silences_only_with_both() {
    let (mut ledger, clue) = asked();
    let mut answer = explained("甲");
    answer.needs_approval = true;
    assert_eq!(import(&mut ledger, 2, &[(&clue, answer.clone())]), [Ok(Taken::Recorded)]);
    assert_eq!(first(&ledger).phase, Phase::Answered);
    answer.approver = "乙".into();
    assert_eq!(import(&mut ledger, 3, &[(&clue, answer)]), [Ok(Taken::Approved)]);
    assert_eq!(first(&ledger).phase, Phase::Closed);
}

#[test]
fn an_answer_to_a_withdrawn_case_is_kept_and_counts_when_it_comes_back() {
    let (mut ledger, clue) = asked();
    night(&mut ledger, 2, FULL, &[]);
    assert_eq!(import(&mut ledger, 3, &[(&clue, explained("甲"))]), [Ok(Taken::Recorded)]);
    assert_eq!(first(&ledger).phase, Phase::Withdrawn);
    let plan = night(&mut ledger, 4, FULL, &[finding("d", "a", "x")]);
    assert_eq!(told(&plan), [(CaseStatus::Kept, Phase::Closed, false)]);
    assert_eq!(plan.count(EventKind::Reopened), 0);
}

#[test]
fn a_signature_on_a_withdrawn_case_is_kept_and_counts_when_it_comes_back() {
    let stop =
        |approver: &str| Answer { needs_approval: true, approver: approver.into(), ..explained("甲") };
    for signed_at_once in [true, false] {
        let (mut ledger, clue) = asked();
        if signed_at_once {
            night(&mut ledger, 2, FULL, &[]);
            assert_eq!(import(&mut ledger, 3, &[(&clue, stop("乙"))]), [Ok(Taken::Recorded)]);
        } else {
            assert_eq!(import(&mut ledger, 1, &[(&clue, stop(""))]), [Ok(Taken::Recorded)]);
            night(&mut ledger, 2, FULL, &[]);
            assert_eq!(import(&mut ledger, 3, &[(&clue, stop("乙"))]), [Ok(Taken::Approved)]);
        }
        let case = first(&ledger);
        assert_eq!((case.phase, case.answers[0].approved_by.as_str()), (Phase::Withdrawn, "乙"));
        assert_eq!(import(&mut ledger, 3, &[(&clue, stop("丙"))]), [Ok(Taken::Known)]);
        let plan = night(&mut ledger, 4, FULL, &[finding("d", "a", "x")]);
        assert!(!plan.cases[0].asks(), "two persons explained it");
        assert_eq!(first(&ledger).phase, Phase::Closed);
    }
}

#[test]
fn a_row_whose_file_did_not_come_is_no_change_of_the_fact() {
    let ran = BTreeMap::from([("d".to_owned(), RuleRun::Partial)]);
    let without_payment = |ledger: &Ledger, gaps: &[&str]| {
        let gaps = gaps.iter().map(|extract| (*extract).to_owned()).collect();
        let titles = BTreeMap::from([("payment".to_owned(), "缴费".to_owned())]);
        let tonight = Night {
            run_id: "run-2",
            as_of: day(2),
            rules: &ran,
            gaps: &gaps,
            editions: &BTreeMap::new(),
            titles: &titles,
        };
        let mut poorer = finding("d", "a", "x");
        poorer.annex = true;
        ledger.reconcile(&tonight, &[poorer]).unwrap()
    };
    let mut ledger = Ledger::in_memory().unwrap();
    let clue = night(&mut ledger, 1, FULL, &[with_more_evidence()]).cases[0].number.clone();
    assert_eq!(without_payment(&ledger, &["payment"]).events.len(), 0, "an open case keeps its rows");
    assert_eq!(without_payment(&ledger, &[]).count(EventKind::Changed), 1);
    import(&mut ledger, 1, &[(&clue, explained("甲"))]);
    assert_eq!(without_payment(&ledger, &["payment"]).events.len(), 0, "nobody is asked again");
    let asked = without_payment(&ledger, &["roll"]);
    assert_eq!(
        asked.cases[0].reopened_reason,
        "上次说明后依据有变化：《缴费》减少 1 行，由清单转入疑似同人待确认"
    );
}

#[test]
fn on_a_night_with_gaps_the_same_fact_by_another_row_is_no_second_case() {
    let ran = BTreeMap::from([("d".to_owned(), RuleRun::Partial)]);
    let tonight = |ledger: &Ledger, gaps: &[&str], row: &str| {
        let gaps: BTreeSet<String> = gaps.iter().map(|extract| (*extract).to_owned()).collect();
        let nothing = BTreeMap::new();
        let night = Night {
            run_id: "run-2",
            as_of: day(2),
            rules: &ran,
            gaps: &gaps,
            editions: &nothing,
            titles: &BTreeMap::new(),
        };
        ledger.reconcile(&night, &[finding("d", row, "x")]).unwrap()
    };
    let (mut ledger, clue) = asked();
    let numbers = |plan: &Reconciled| -> Vec<String> {
        plan.cases.iter().chain(&plan.past).map(|case| case.number.clone()).collect()
    };
    // The row "a" may only be unseen: the person is asked about under its number, or not at all.
    assert_eq!(numbers(&tonight(&ledger, &["roll"], "b")), std::slice::from_ref(&clue));
    assert_eq!(tonight(&ledger, &["roll"], "b").events.len(), 0);
    import(&mut ledger, 1, &[(&clue, explained("甲"))]);
    assert!(tonight(&ledger, &["roll"], "b").cases.iter().all(|case| !case.asks()));
    // With all rows there, another row is another case.
    assert_eq!(tonight(&ledger, &[], "b").count(EventKind::Opened), 1);
}

#[test]
fn a_dispute_about_an_approved_answer_is_not_settled_by_the_same_file_sent_twice() {
    let (mut ledger, clue) = asked();
    let signed = |officer: &str, approver: &str, outcome: Outcome| {
        let silence = if outcome == Outcome::Refuted { Silence::Fact } else { Silence::Gone };
        Answer { needs_approval: true, approver: approver.into(), ..answer(officer, outcome, silence) }
    };
    import(&mut ledger, 2, &[(&clue, signed("甲", "乙", Outcome::Confirmed))]);
    let other = signed("丙", "丁", Outcome::Refuted);
    assert_eq!(import(&mut ledger, 3, &[(&clue, other.clone())]), [Ok(Taken::Disputed)]);
    assert_eq!(import(&mut ledger, 3, &[(&clue, other.clone())]), [Ok(Taken::Known)], "the same file");
    assert_eq!(first(&ledger).phase, Phase::Disputed);
    let third = Answer { approver: "戊".into(), ..other };
    assert_eq!(import(&mut ledger, 4, &[(&clue, third)]), [Ok(Taken::Approved)], "a third person signs");
    assert_eq!(first(&ledger).phase, Phase::Closed);
}

#[test]
fn days_that_cannot_be_are_refused_and_unknown_numbers_are_told() {
    let (mut ledger, clue) = asked();
    let dated = |number: i32| {
        let mut answer = confirmed("甲");
        answer.checked_on = Some(day(number));
        answer
    };
    let results = import(
        &mut ledger,
        2,
        &[(&clue, dated(0)), (&clue, dated(3)), ("2222-2222", dated(2)), (&clue, dated(2))],
    );
    let cells: Vec<Option<AnswerCell>> =
        results.iter().map(|result| result.as_ref().err().map(|refused| refused.cell)).collect();
    assert_eq!(
        cells,
        [Some(AnswerCell::CheckedOn), Some(AnswerCell::CheckedOn), Some(AnswerCell::Clue), None]
    );
    assert_eq!(first(&ledger).answers.len(), 1);
}

/// A case of the annex: its subject beside one candidate.
fn annexed(row: &str, candidate: &str) -> Finding {
    let mut annexed = finding("d", row, "x");
    annexed.annex = true;
    annexed.annex_reason = "姓名同音".into();
    annexed.candidates = vec![("population".into(), candidate.into(), "resident".into())];
    annexed
}

fn identity(officer: &str, same: bool) -> Answer {
    let mut answer = answer(officer, Outcome::Refuted, Silence::Fact);
    (answer.outcome, answer.reason, answer.same) = (None, String::new(), Some(same));
    answer
}

#[test]
fn what_officers_say_about_two_rows_becomes_a_judgement_unless_it_is_disputed() {
    let mut ledger = Ledger::in_memory().unwrap();
    let plan = night(&mut ledger, 1, FULL, &[annexed("a", "1"), annexed("b", "2")]);
    let clues: Vec<String> = plan.cases.iter().map(|case| case.number.clone()).collect();
    import(&mut ledger, 2, &[(&clues[0], identity("甲", false)), (&clues[1], identity("甲", true))]);
    let said: Vec<(String, Verdict)> =
        ledger.judgements().unwrap().into_iter().map(|j| (j.right.1, j.verdict)).collect();
    assert_eq!(
        said,
        [("a".to_owned(), Verdict::NotSame), ("b".to_owned(), Verdict::Same)],
        "the pair stands in one order, whatever it is called"
    );
    // A second opinion takes the judgement back until somebody decides.
    assert_eq!(import(&mut ledger, 3, &[(&clues[1], identity("乙", false))]), [Ok(Taken::Disputed)]);
    assert_eq!(ledger.judgements().unwrap().len(), 1);
    let mut decided = identity("乙", false);
    decided.approver = "丙".into();
    import(&mut ledger, 4, &[(&clues[1], decided)]);
    assert!(ledger.judgements().unwrap().iter().all(|j| j.verdict == Verdict::NotSame));
    assert_eq!(ledger.judgements().unwrap().len(), 2);
}

/// Why a case is withdrawn on day 3 by a plan of these editions. It rests on a link to a payment row, and so does a
/// case of another rule, which an officer may have answered.
fn withdrawn(answered: Option<bool>, editions: &[(&str, &str)]) -> String {
    let mut ledger = Ledger::in_memory().unwrap();
    let editions_of = |list: &[(&str, &str)]| -> BTreeMap<String, String> {
        list.iter().map(|(rule, edition)| ((*rule).to_owned(), (*edition).to_owned())).collect()
    };
    let ran = ["d", "e"].map(|rule| (rule.to_owned(), RuleRun::Complete)).into();
    let nothing = BTreeMap::new();
    let name = |extract: &str, key: &str, role: &str| (extract.to_owned(), key.to_owned(), role.to_owned());
    let found = |rule: &str| {
        let mut found = with_more_evidence();
        rule.clone_into(&mut found.rule);
        found.weakest_link = Some((name("roll", "a", "pupil"), name("payment", "202611", "subject")));
        found
    };
    let mut at = |number: i32, editions: &[(&str, &str)], findings: &[Finding]| {
        let run_id = format!("run-{number}");
        let tonight = Night {
            run_id: &run_id,
            as_of: day(number),
            rules: &ran,
            gaps: &BTreeSet::new(),
            editions: &editions_of(editions),
            titles: &nothing,
        };
        let plan = ledger.reconcile(&tonight, findings).unwrap();
        ledger.commit(&plan, &crate::ledger::facts("r"), &[], &[]).unwrap();
        let other = plan.cases.iter().find(|case| case.finding.rule == "e").filter(|_| number == 1);
        if let (Some(other), Some(same)) = (other, answered) {
            let mut given = explained("甲");
            given.same = Some(same);
            assert!(import(&mut ledger, 2, &[(&other.number, given)])[0].is_ok());
        }
        plan
    };
    at(1, &[("d", "1"), ("e", "1")], &[found("d"), found("e")]);
    let plan = at(3, editions, &[]);
    plan.cases.iter().find(|case| case.finding.rule == "d").unwrap().withdrawn_reason.clone()
}

#[test]
fn a_withdrawn_case_says_whether_the_data_the_rule_or_the_link_has_changed() {
    let check = |answered: Option<bool>, editions: &[(&str, &str)], words: &str| {
        let told = withdrawn(answered, editions);
        assert!(told.contains(words), "{told}");
    };
    check(None, &[("d", "1"), ("e", "1")], "数据已更正");
    check(None, &[("d", "2"), ("e", "1")], "规则在本线索列入后有修订");
    check(None, &[("e", "1")], "规则已停用");
    check(Some(false), &[("d", "2"), ("e", "1")], "不是同一人，比对关系已否定");
    check(Some(true), &[("d", "1"), ("e", "1")], "为同一人");
}

#[test]
fn two_cases_that_judge_one_pair_differently_are_shown_and_neither_counts() {
    let mut ledger = Ledger::in_memory().unwrap();
    let mut other = annexed("a", "1");
    other.event = "2027-2028".into();
    let plan = night(&mut ledger, 1, FULL, &[annexed("a", "1"), other]);
    let clues: BTreeSet<String> = plan.cases.iter().map(|case| case.number.clone()).collect();
    let answers: Vec<(&str, Answer)> =
        clues.iter().enumerate().map(|(at, clue)| (clue.as_str(), identity("甲", at == 0))).collect();
    import(&mut ledger, 2, &answers);
    assert!(ledger.judgements().unwrap().is_empty());
    assert_eq!(ledger.state().unwrap().decisions().conflicts, [clues]);
}

/// A ledger that version 1 of the schema wrote: three cases over three nights.
#[test]
fn a_ledger_of_version_1_is_read_migrated_and_lives_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/compat/ledger-v1.sqlite");
    std::fs::copy(&old, &path).unwrap();
    let version = || -> i64 {
        let raw = rusqlite::Connection::open(&path).unwrap();
        raw.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    };
    assert_eq!(version(), 1);
    let look = Ledger::open_for_planning(&path).unwrap();
    assert_eq!(look.verify().unwrap(), 7);
    assert_eq!(look.judgements().unwrap().len(), 1);
    drop(look);
    assert_eq!(version(), 1, "a look changes nothing");

    let mut ledger = Ledger::open(&path).unwrap();
    assert_eq!((ledger.verify().unwrap(), version()), (7, 10));
    let phases = |ledger: &Ledger| -> Vec<Phase> {
        ledger.state().unwrap().cases.values().map(|record| record.phase).collect()
    };
    assert_eq!(phases(&ledger), [Phase::Withdrawn, Phase::Reopened, Phase::New]);
    let plan = night(&mut ledger, 4, FULL, &[finding("d", "b", "x"), finding("d", "c", "x")]);
    assert_eq!(plan.count(EventKind::Sent), 2);
    let clue = plan.cases[0].number.clone();
    assert_eq!(import(&mut ledger, 5, &[(&clue, explained("甲"))]), [Ok(Taken::Settled)]);
    assert_eq!(phases(&ledger), [Phase::Withdrawn, Phase::Closed, Phase::Sent]);
    assert_eq!(ledger.verify().unwrap(), 11);
}

#[test]
fn an_event_that_disappears_after_an_import_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let mut ledger = Ledger::open(&path).unwrap();
    let plan = night(&mut ledger, 1, FULL, &[finding("d", "a", "x")]);
    import(&mut ledger, 2, &[(&plan.cases[0].number, confirmed("甲"))]);
    drop(ledger);
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch("DROP TRIGGER event_is_never_deleted; DELETE FROM event WHERE seq = 3").unwrap();
    assert!(Ledger::open(&path).unwrap().verify().is_err());
}

#[derive(Clone, Debug)]
enum Step {
    Night(Vec<(u8, u8)>, u8),
    Answer(u8, u8, u8, bool),
    Deed(u8, u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (prop::collection::btree_map(0_u8..5, 0_u8..3, 0..5), 0_u8..4)
            .prop_map(|(rows, mode)| Step::Night(rows.into_iter().collect(), mode)),
        (0_u8..5, 0_u8..3, 0_u8..5, any::<bool>())
            .prop_map(|(case, officer, what, approved)| Step::Answer(case, officer, what, approved)),
        (0_u8..5, 0_u8..4).prop_map(|(case, what)| Step::Deed(case, what)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever nights and answers bring, in whatever order: the chain holds, replay from the file gives the
    /// state that was, no case and no answer is lost, and a silent case with an unchanged fact asks nobody.
    #[test]
    fn replay_gives_the_state_and_nobody_is_asked_twice(steps in prop::collection::vec(step(), 1..14)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let mut ledger = Ledger::open(&path).unwrap();
        let (mut cases, mut answers) = (0, 0);
        for (at, step) in steps.iter().enumerate() {
            let at = i32::try_from(at).unwrap();
            let before = ledger.state().unwrap();
            match step {
                Step::Night(rows, mode) => {
                    let ran = match mode {
                        0 => RuleRun::Partial,
                        1 => RuleRun::Waiting,
                        _ => RuleRun::Complete,
                    };
                    let findings: Vec<Finding> = rows
                        .iter()
                        .map(|(row, more)| if *more == 0 { finding("d", &format!("{row}"), "x") } else { annexed(&format!("{row}"), &more.to_string()) })
                        .collect();
                    let rules = BTreeMap::from([("d".to_owned(), ran)]);
                    let run_id = format!("run-{at}");
                    let tonight = Night { run_id: &run_id, as_of: day(at), rules: &rules, gaps: &BTreeSet::new(), editions: &BTreeMap::new(), titles: &BTreeMap::new() };
                    let plan = ledger.reconcile(&tonight, &findings).unwrap();
                    for case in &plan.cases {
                        let Some(old) = before.cases.get(&case.key) else { continue };
                        let same = old.finding().unwrap().annex == case.finding.annex;
                        let through = old.silent_through.is_none_or(|through| through >= day(at));
                        let explained = matches!(old.phase, Phase::Closed | Phase::Suspended)
                            && old.closed.as_ref().is_none_or(|(.., gone)| !gone);
                        prop_assert!(!(explained && same && through && case.asks()), "asked twice");
                    }
                    ledger.commit(&plan, &crate::ledger::facts("r"), &[], &[]).unwrap();
                    // What was published is what the events say.
                    let replayed = ledger.state().unwrap();
                    for case in plan.cases.iter().chain(&plan.past) {
                        prop_assert_eq!(replayed.cases[&case.key].phase, case.phase);
                    }
                }
                Step::Answer(case, officer, what, approved) => {
                    let Some(record) = before.cases.values().nth(usize::from(*case)) else { continue };
                    let officer = format!("officer {officer}");
                    let mut given = match what {
                        0 => confirmed(&officer),
                        1 => explained(&officer),
                        2 => answer(&officer, Outcome::Refuted, Silence::Through(day(at + 3))),
                        3 => identity(&officer, true),
                        _ => identity(&officer, false),
                    };
                    given.needs_approval = *what == 0;
                    if *approved { given.approver = "approver".into(); }
                    let results = import(&mut ledger, at, &[(&record.number.clone(), given)]);
                    answers += usize::from(matches!(results[0], Ok(Taken::Recorded | Taken::Settled | Taken::Disputed)));
                }
                Step::Deed(case, what) => {
                    let Some(record) = before.cases.values().nth(usize::from(*case)) else { continue };
                    let decision = |reason: &str| Decision {
                        officer: "甲".into(),
                        approver: "乙".into(),
                        on: day(at),
                        reason: reason.into(),
                    };
                    let deed = match what {
                        0 => Deed::Notice(Notice { file: "a".into(), sha256: "00".into(), by: "root".into() }),
                        1 => Deed::Object(Objection { officer: "甲".into(), on: day(at), reason: "x".into() }),
                        2 => Deed::Uphold(decision("x")),
                        _ => Deed::Revoke(decision("x")),
                    };
                    let result = ledger.record("deed", day(at), &[(record.number.clone(), deed)]);
                    let forbidden =
                        matches!(result, Err(LedgerError::NotDone { why: NotDone::Forbidden, .. }));
                    prop_assert!(!forbidden, "a deed leads where no case can go");
                    prop_assert!(matches!(result, Ok(()) | Err(LedgerError::NotDone { .. })), "refused for no reason");
                }
            }
            let state = ledger.state().unwrap();
            ledger.verify().unwrap();
            prop_assert!(state.cases.len() >= cases, "a case is lost");
            cases = state.cases.len();
            let held: usize = state.cases.values().map(|record| record.answers.len()).sum();
            prop_assert_eq!(held, answers, "an answer is lost or doubled");
            drop(ledger);
            ledger = Ledger::open(&path).unwrap();
            prop_assert!(ledger.state().unwrap() == state, "replay differs");
        }
    }
}
