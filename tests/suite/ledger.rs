//! The ledger over several nights: what is new, kept, changed, withdrawn, carried; the chain; replay.

use std::collections::{BTreeMap, BTreeSet};

use doudi::domain::{Case, CaseStatus, Day, Evidence, Finding, FindingParts, Grade, IdentityId, Verdict};
use doudi::ledger::{
    Delivery, EventKind, Ledger, LedgerError, Night, Reconciled, RuleRun, RunFacts, parse_case_number,
};
use proptest::prelude::*;

pub(crate) fn finding(rule: &str, row: &str, reason: &str) -> Finding {
    let parts = FindingParts {
        rule: rule.into(),
        list: "dropout".into(),
        subject: ("roll".into(), "pupil".into(), row.into()),
        identity: IdentityId(1),
        event: "2026-2027".into(),
        confidence: 0.987_654_3,
        grade: Grade::B,
        reason: reason.into(),
        details: Vec::new(),
    };
    Finding::new(parts, vec![Evidence { extract: "roll".into(), row_key: row.into() }]).unwrap()
}

pub(crate) fn day(number: i32) -> Day {
    Day::from_ymd(2026, 11, 1).unwrap().plus_days(number)
}

fn rules(list: &[(&str, RuleRun)]) -> BTreeMap<String, RuleRun> {
    list.iter().map(|(rule, run)| ((*rule).to_owned(), *run)).collect()
}

pub(crate) fn facts(register: &str) -> RunFacts {
    RunFacts {
        plan_hash: "p".into(),
        register: register.into(),
        committed: "2026-11-01T01:00:00+08:00".into(),
        account: "a".into(),
    }
}

/// Plans and commits one night.
pub(crate) fn night(
    ledger: &mut Ledger,
    number: i32,
    ran: &[(&str, RuleRun)],
    findings: &[Finding],
) -> Reconciled {
    let run_id = format!("run-{number}");
    let ran = rules(ran);
    let plan = ledger
        .reconcile(
            &Night {
                run_id: &run_id,
                as_of: day(number),
                rules: &ran,
                gaps: &BTreeSet::new(),
                editions: &BTreeMap::new(),
                titles: &BTreeMap::new(),
            },
            findings,
        )
        .unwrap();
    ledger.commit(&plan, &facts("r"), &[], &[]).unwrap();
    assert!(
        plan.after() == ledger.state().unwrap(),
        "what a plan says of the cases is what its commit leaves"
    );
    plan
}

fn statuses(cases: &[Case]) -> Vec<(String, CaseStatus)> {
    cases.iter().map(|case| (case.finding.subject_row_key.clone(), case.status)).collect()
}

pub(crate) const FULL: &[(&str, RuleRun)] = &[("d", RuleRun::Complete)];

#[test]
fn a_case_is_new_then_kept_changed_withdrawn_and_new_again() {
    let mut ledger = Ledger::in_memory().unwrap();
    let only = |plan: &Reconciled| (plan.cases.len(), plan.cases.first().map(|c| (c.status, c.first_seen)));
    let first = night(&mut ledger, 1, FULL, &[finding("d", "a", "x")]);
    assert_eq!(only(&first), (1, Some((CaseStatus::New, day(1)))));
    let number = first.cases[0].number.clone();
    assert_eq!(parse_case_number(&number).as_deref(), Ok(number.as_str()));
    let second = night(&mut ledger, 2, FULL, &[finding("d", "a", "x")]);
    assert_eq!(only(&second), (1, Some((CaseStatus::Kept, day(1)))));
    assert_eq!(second.events.len(), 0);
    let third = night(&mut ledger, 3, FULL, &[finding("d", "a", "y")]);
    assert_eq!(only(&third), (1, Some((CaseStatus::Changed, day(1)))));
    assert_eq!(third.count(EventKind::Changed), 1);
    let fourth = night(&mut ledger, 4, FULL, &[]);
    assert_eq!(only(&fourth), (1, Some((CaseStatus::Withdrawn, day(1)))));
    assert_eq!(fourth.cases[0].finding.reason.text(), "y");
    assert!(!fourth.cases[0].withdrawn_reason.is_empty());
    let fifth = night(&mut ledger, 5, FULL, &[]);
    assert_eq!(only(&fifth), (0, None));
    let sixth = night(&mut ledger, 6, FULL, &[finding("d", "a", "y")]);
    assert_eq!(only(&sixth), (1, Some((CaseStatus::New, day(1)))));
    assert_eq!(sixth.count(EventKind::Reopened), 1);
    assert_eq!(sixth.cases[0].number, number);
    // Opened, sent, changed, withdrawn, reopened, sent.
    assert_eq!(ledger.verify().unwrap(), 6);
}

#[test]
fn the_same_night_twice_adds_nothing_and_lists_the_same() {
    let mut ledger = Ledger::in_memory().unwrap();
    night(&mut ledger, 1, FULL, &[finding("d", "a", "x"), finding("d", "b", "x"), finding("d", "c", "x")]);
    let tonight = [finding("d", "a", "x"), finding("d", "b", "other"), finding("d", "e", "x")];
    let first = night(&mut ledger, 2, FULL, &tonight);
    let events = ledger.events().unwrap().len();
    let again = night(&mut ledger, 2, FULL, &tonight);
    assert_eq!(again.events.len(), 0);
    assert_eq!(ledger.events().unwrap().len(), events);
    assert_eq!(statuses(&again.cases), statuses(&first.cases));
    assert_eq!(
        statuses(&first.cases),
        [
            ("a".to_owned(), CaseStatus::Kept),
            ("b".to_owned(), CaseStatus::Changed),
            ("c".to_owned(), CaseStatus::Withdrawn),
            ("e".to_owned(), CaseStatus::New),
        ]
    );
}

#[test]
fn a_rule_that_did_not_run_or_ran_on_partial_data_withdraws_nothing() {
    for ran in [&[][..], &[("d", RuleRun::Partial)][..]] {
        let mut ledger = Ledger::in_memory().unwrap();
        night(&mut ledger, 1, FULL, &[finding("d", "a", "x")]);
        let plan = night(&mut ledger, 2, ran, &[]);
        assert_eq!(statuses(&plan.cases), [("a".to_owned(), CaseStatus::Carried)]);
        assert_eq!(plan.events.len(), 0);
        let back = night(&mut ledger, 3, FULL, &[finding("d", "a", "x")]);
        assert_eq!(statuses(&back.cases), [("a".to_owned(), CaseStatus::Kept)]);
    }
}

#[test]
fn two_hits_of_a_rule_on_one_row_and_event_are_one_case_with_all_evidence() {
    let mut ledger = Ledger::in_memory().unwrap();
    let mut other = finding("d", "a", "second");
    other.subject_role = "father".into();
    let plan = night(&mut ledger, 1, FULL, &[finding("d", "a", "first"), other]);
    assert_eq!(plan.cases.len(), 1);
    assert_eq!(plan.cases[0].finding.reason.text(), "second；first");
}

#[test]
fn a_plan_made_on_an_older_ledger_is_refused() {
    let mut ledger = Ledger::in_memory().unwrap();
    let ran = rules(FULL);
    let tonight = Night {
        run_id: "r1",
        as_of: day(1),
        rules: &ran,
        gaps: &BTreeSet::new(),
        editions: &BTreeMap::new(),
        titles: &BTreeMap::new(),
    };
    let plan = ledger.reconcile(&tonight, &[finding("d", "a", "x")]).unwrap();
    ledger.commit(&plan, &facts("r"), &[], &[]).unwrap();
    assert!(matches!(ledger.commit(&plan, &facts("r"), &[], &[]), Err(LedgerError::Moved)));
    assert_eq!(ledger.verify().unwrap(), 2);
}

#[test]
fn deliveries_and_register_are_those_of_the_night_before() {
    let mut ledger = Ledger::in_memory().unwrap();
    let ran = rules(FULL);
    for (number, rows) in [(1, 100), (2, 110), (2, 120)] {
        let run_id = format!("run-{number}");
        let plan = ledger
            .reconcile(
                &Night {
                    run_id: &run_id,
                    as_of: day(number),
                    rules: &ran,
                    gaps: &BTreeSet::new(),
                    editions: &BTreeMap::new(),
                    titles: &BTreeMap::new(),
                },
                &[],
            )
            .unwrap();
        let delivery = Delivery {
            extract: "roll".into(),
            as_of: Some(day(number)),
            rows,
            town_counts: vec![("甲镇".into(), rows)],
            files: vec![("a.csv".into(), "00".into())],
        };
        ledger.commit(&plan, &facts(&format!("register-{rows}")), &[delivery], &[]).unwrap();
    }
    let rows = |at: i32| ledger.deliveries_before(day(at)).unwrap().get("roll").map(|d| d.rows);
    assert_eq!((rows(1), rows(2), rows(3)), (None, Some(100), Some(120)));
    let register = |before| ledger.last_run(before).unwrap().map(|run| run.facts.register);
    assert_eq!(register(Some(day(2))).as_deref(), Some("register-100"));
    assert_eq!(register(None).as_deref(), Some("register-120"));
}

#[test]
fn events_cannot_be_changed_and_a_forged_file_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let mut ledger = Ledger::open(&path).unwrap();
    night(&mut ledger, 1, FULL, &[finding("d", "a", "x"), finding("d", "b", "x"), finding("d", "c", "x")]);
    drop(ledger);
    let raw = rusqlite::Connection::open(&path).unwrap();
    assert!(raw.execute("UPDATE event SET payload = '{}' WHERE seq = 2", []).is_err());
    assert!(raw.execute("DELETE FROM event WHERE seq = 3", []).is_err());
    // Somebody who removes the triggers is still noticed by the chain.
    raw.execute_batch("DROP TRIGGER event_is_never_updated; DROP TRIGGER event_is_never_deleted;").unwrap();
    raw.execute("UPDATE event SET run_id = 'other' WHERE seq = 2", []).unwrap();
    let verdict = Ledger::open(&path).unwrap().verify();
    assert!(matches!(verdict, Err(LedgerError::Damaged { seq: 2, .. })));
    raw.execute("UPDATE event SET run_id = 'run-1' WHERE seq = 2", []).unwrap();
    assert_eq!(Ledger::open(&path).unwrap().verify().unwrap(), 6);
    raw.execute("DELETE FROM event WHERE seq = 6", []).unwrap();
    let verdict = Ledger::open(&path).unwrap().verify();
    assert!(matches!(verdict, Err(LedgerError::Damaged { seq: 5, .. })));
}

#[test]
fn a_newer_ledger_and_a_file_that_is_none_are_refused_and_planning_creates_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    assert!(Ledger::open_for_planning(&path).unwrap().events().unwrap().is_empty());
    assert!(!path.exists());
    drop(Ledger::open(&path).unwrap());
    assert!(Ledger::open_for_planning(&path).unwrap().events().unwrap().is_empty());
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Ledger::open(&path), Err(LedgerError::Newer { found: 99, .. })));
    let text = folder.path().join("text.sqlite");
    std::fs::write(&text, "this is no database at all, only some text that is long enough").unwrap();
    assert!(matches!(Ledger::open(&text), Err(LedgerError::Open { .. })));
}

#[test]
fn judgements_are_read_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let ledger = Ledger::open(&path).unwrap();
    let raw = rusqlite::Connection::open(&path).unwrap();
    for verdict in ["not_same", "same"] {
        raw.execute(
            "INSERT INTO judgement (left_extract, left_row_key, left_role, right_extract, right_row_key, right_role, verdict, at, source)
             VALUES ('a', '1', 'x', 'b', '2', 'y', ?1, '2026-11-01', 'test')",
            [verdict],
        )
        .unwrap();
    }
    let verdicts: Vec<Verdict> = ledger.judgements().unwrap().iter().map(|j| j.verdict).collect();
    assert_eq!(verdicts, [Verdict::NotSame, Verdict::Same]);
}

#[test]
fn what_a_plan_prints_holds_no_row_key() {
    let mut ledger = Ledger::in_memory().unwrap();
    let plan = night(&mut ledger, 1, FULL, &[finding("d", "G11010519491231002X", "x")]);
    let text = plan.to_string();
    assert!(text.contains("d: new 1"), "{text}");
    assert!(!text.contains("110105"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the nights bring: reopening the file and folding its events gives the state that the
    /// plans said, the chain holds, and numbers never change or collide.
    #[test]
    fn replay_gives_the_state_that_was_planned(
        nights in prop::collection::vec((prop::collection::btree_map(0_u8..12, 0_u8..3, 0..10), 0_u8..4), 1..8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let mut numbers: BTreeMap<String, String> = BTreeMap::new();
        let mut open: BTreeMap<String, String> = BTreeMap::new();
        for (number, (rows, mode)) in nights.iter().enumerate() {
            let findings: Vec<Finding> = rows
                .iter()
                .map(|(row, reason)| finding("d", &format!("row{row}"), &format!("reason {reason}")))
                .collect();
            let ran: &[(&str, RuleRun)] = match mode {
                0 => FULL,
                1 => &[("d", RuleRun::Partial)],
                2 => &[("d", RuleRun::Waiting)],
                _ => &[],
            };
            let findings = if ran.is_empty() { Vec::new() } else { findings };
            let mut ledger = Ledger::open(&path).unwrap();
            let plan = night(&mut ledger, i32::try_from(number).unwrap(), ran, &findings);
            let asks_anew = plan.cases.iter().any(|case| case.status == CaseStatus::New);
            prop_assert!(*mode != 2 || !asks_anew, "what waits is asked about");
            for case in &plan.cases {
                let known = numbers.entry(case.key.clone()).or_insert_with(|| case.number.clone());
                prop_assert_eq!(&*known, &case.number);
                if case.status == CaseStatus::Withdrawn {
                    open.remove(&case.key);
                } else {
                    open.insert(case.key.clone(), case.finding.reason.text().to_owned());
                }
            }
            drop(ledger);
            let ledger = Ledger::open(&path).unwrap();
            ledger.verify().unwrap();
            let state = ledger.state().unwrap();
            let folded: BTreeMap<String, String> = state
                .cases
                .iter()
                .filter(|(_, record)| record.withdrawn.is_none())
                .map(|(key, record)| (key.clone(), record.finding().unwrap().reason.text().to_owned()))
                .collect();
            prop_assert_eq!(&folded, &open);
        }
        let distinct: std::collections::BTreeSet<&String> = numbers.values().collect();
        prop_assert_eq!(distinct.len(), numbers.len());
    }
}
