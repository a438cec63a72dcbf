//! What the ledger lets go of when the time of a case is over, what it never lets go of, and that the chain tells.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use doudi::domain::{Day, Phase, Silence};
use doudi::ledger::{Ledger, LedgerError, OverCase, Purged, RuleRun};

use crate::answers::{confirmed, explained, import};
use crate::ledger::{FULL, day, finding, night};

const DAYS: u32 = 1095;

/// Nights of which the last is the second of November: one case withdrawn, one confirmed and gone, one withdrawn
/// after it was explained, one explained and silent, one judged as two persons, one suspended, one open.
fn lived(path: &Path) -> Ledger {
    let mut ledger = Ledger::open(path).unwrap();
    let rows = ["withdrawn", "gone", "known", "silent", "apart", "until", "open"];
    let mut all: Vec<_> = rows.iter().map(|row| finding("d", &format!("行{row}"), "某人在某处")).collect();
    all[4].candidates = vec![("roll".into(), "行other".into(), "pupil".into())];
    night(&mut ledger, 1, FULL, &all);
    let number = |row: &str| number_of(&ledger, row);
    let apart = {
        let mut answer = explained("甲");
        answer.same = Some(false);
        answer.silence = Silence::Gone;
        answer
    };
    let until = {
        let mut answer = explained("甲");
        answer.silence = Silence::Through(Day::from_ymd(2031, 1, 1).unwrap());
        answer
    };
    let answers = [
        (number("gone"), confirmed("甲")),
        (number("silent"), explained("甲")),
        (number("apart"), apart),
        (number("until"), until),
    ];
    let answers: Vec<(&str, _)> =
        answers.iter().map(|(number, answer)| (number.as_str(), answer.clone())).collect();
    assert!(import(&mut ledger, 1, &answers).iter().all(Result::is_ok));
    night(&mut ledger, 2, FULL, &[finding("d", "行open", "某人在某处")]);
    // Explained only after it was withdrawn.
    let known = number_of(&ledger, "known");
    assert!(import(&mut ledger, 3, &[(&known, explained("乙"))]).iter().all(Result::is_ok));
    ledger
}

fn number_of(ledger: &Ledger, row: &str) -> String {
    let state = ledger.state().unwrap();
    let of_row = |finding: doudi::domain::Finding| finding.subject_row_key == format!("行{row}");
    let mut found = state.cases.values().filter(|record| record.finding().is_some_and(of_row));
    found.next().unwrap().number.clone()
}

fn purged() -> Purged {
    Purged {
        by: "周某".into(), certificate: "删除证明.csv".into(), sha256: "00".into(), classes: Vec::new()
    }
}

fn numbers(cases: &[OverCase]) -> BTreeSet<String> {
    cases.iter().map(|case| case.number.clone()).collect()
}

fn later() -> Day {
    day(2).plus_days(i32::try_from(DAYS).unwrap() + 1)
}

#[test]
fn only_what_is_over_for_so_long_goes_and_nothing_of_it_is_left_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let mut ledger = lived(&path);
    let before = ledger.events().unwrap();
    assert_eq!(ledger.cases_over(later().plus_days(-1), DAYS).unwrap(), Vec::new(), "one day too early");
    let over = ledger.cases_over(later(), DAYS).unwrap();
    let expected: BTreeSet<String> = ["withdrawn", "gone"].map(|row| number_of(&ledger, row)).into();
    assert_eq!(numbers(&over), expected);
    let in_years = ledger.cases_over(Day::from_ymd(2099, 1, 1).unwrap(), DAYS).unwrap();
    let until = number_of(&ledger, "until");
    let phase = ledger.state().unwrap().by_number(&until).unwrap().1.phase;
    assert_eq!((phase, numbers(&in_years).contains(&until)), (Phase::Suspended, false));

    ledger.record_purge(later(), purged(), &over).unwrap();
    // The chain holds, with two events more, and what happened when is still there.
    assert_eq!(ledger.verify().unwrap(), before.len() as u64 + 2);
    let after = ledger.events().unwrap();
    for (old, new) in before.iter().zip(&after) {
        assert_eq!((&old.hash, &old.kind, old.at, old.seq), (&new.hash, &new.kind, new.at, new.seq));
        let gone = over.iter().any(|case| case.events.iter().any(|event| event.0 == old.seq));
        assert_eq!((new.payload.is_empty(), new.case_key.is_empty()), (gone, gone), "{}", old.seq);
    }
    let state = ledger.state().unwrap();
    assert_eq!(state.cases.len(), 5);
    assert_eq!(state.erased, expected);
    assert_eq!(ledger.judgements().unwrap().len(), 1, "who is not whom is still known");
    assert_eq!(ledger.cases_over(later(), DAYS).unwrap(), Vec::new());
    // An older night is looked at without the cases that were emptied since.
    assert_eq!(ledger.state_after("run-1").unwrap().unwrap().cases.len(), 5);
    drop(ledger);
    let left = |name: &str| fs::read(folder.path().join(name)).unwrap_or_default();
    let bytes = [left("ledger.sqlite"), left("ledger.sqlite-wal")].concat();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    for row in ["行withdrawn", "行gone"] {
        assert!(!holds(row), "{row} is still in the file");
    }
    assert!(holds("行open"));
}

#[test]
fn a_number_is_never_given_again_and_the_same_finding_is_a_new_case() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = lived(&folder.path().join("ledger.sqlite"));
    let old = number_of(&ledger, "withdrawn");
    let over = ledger.cases_over(later(), DAYS).unwrap();
    ledger.record_purge(later(), purged(), &over).unwrap();
    let again = [finding("d", "行withdrawn", "某人在某处"), finding("d", "行open", "某人在某处")];
    let plan = night(&mut ledger, 1200, &[("d", RuleRun::Complete)], &again);
    let case = plan.cases.iter().find(|case| case.finding.subject_row_key == "行withdrawn").unwrap();
    assert_ne!(case.number, old);
    assert_eq!((case.first_seen, case.phase), (day(1200), Phase::Sent));
    ledger.verify().unwrap();
    assert_eq!(number_of(&ledger, "withdrawn"), case.number);
}

#[test]
fn what_was_emptied_without_a_word_is_damage_and_what_lives_again_is_not_emptied() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let mut ledger = lived(&path);
    let over = ledger.cases_over(later(), DAYS).unwrap();
    let raw = || rusqlite::Connection::open(&path).unwrap();
    let empty =
        |seq: i64| raw().execute("UPDATE event SET case_key = '', payload = '' WHERE seq = ?1", [seq]);
    let refused = |seq: i64| empty(seq).unwrap_err().to_string();
    assert!(refused(1).contains("append-only"), "nothing was said yet");

    // A case that is found again in between is not emptied.
    night(
        &mut ledger,
        9,
        FULL,
        &[finding("d", "行withdrawn", "某人在某处"), finding("d", "行open", "某人在某处")],
    );
    let events = ledger.events().unwrap().len();
    assert!(matches!(ledger.record_purge(later(), purged(), &over), Err(LedgerError::Moved)));
    assert_eq!((ledger.events().unwrap().len(), ledger.state().unwrap().cases.len()), (events, 7));

    let over = ledger.cases_over(later(), DAYS).unwrap();
    assert_eq!(over.len(), 1);
    ledger.record_purge(later(), purged(), &over).unwrap();
    let open = ledger.state().unwrap().by_number(&number_of(&ledger, "open")).unwrap().0.clone();
    let open = ledger.events().unwrap().iter().find(|event| event.case_key == open).unwrap().seq;
    assert!(refused(open).contains("append-only"), "what was not named");
    let change = "UPDATE event SET payload = '', case_key = '', at = '2020-01-01' WHERE seq = ?1";
    assert!(raw().execute(change, [over[0].events[0].0]).unwrap_err().to_string().contains("append-only"));
    raw().execute_batch("DROP TRIGGER event_is_never_updated").unwrap();
    empty(open).unwrap();
    assert!(matches!(ledger.verify(), Err(LedgerError::Damaged { seq, .. }) if seq == open));
    assert!(matches!(ledger.state(), Err(LedgerError::Damaged { seq, .. }) if seq == open));
}

/// A ledger that version 5 of the schema wrote: four cases, two looks, one file handed over.
#[test]
fn a_ledger_of_version_5_is_read_migrated_and_its_log_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/compat/ledger-v5.sqlite");
    fs::copy(&old, &path).unwrap();
    let look = Ledger::open_for_planning(&path).unwrap();
    assert_eq!((look.verify().unwrap(), look.verify_looks().unwrap()), (13, 2));
    assert_eq!((look.looks().unwrap()[1].look.approval.as_str(), look.handed_over().unwrap().len()), ("", 4));
    drop(look);
    let mut ledger = Ledger::open(&path).unwrap();
    let mut look = ledger.looks().unwrap()[0].look.clone();
    look.approval = "周某 2026-11-01 批准".into();
    ledger.note(&look).unwrap();
    assert_eq!((ledger.verify().unwrap(), ledger.verify_looks().unwrap()), (13, 3));
    assert_eq!(ledger.handed_over().unwrap()[0].approval, "");
    drop(ledger);
    // The approval is part of the chain.
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch("DROP TRIGGER access_is_never_updated; UPDATE access SET approval = '' WHERE seq = 3")
        .unwrap();
    drop(raw);
    let verdict = Ledger::open_for_planning(&path).unwrap().verify_looks();
    assert!(matches!(verdict, Err(LedgerError::DamagedLog { seq: 3 })));
}
