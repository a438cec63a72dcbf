//! What is deleted when its time is over, what never is, and what is on record about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use doudi::domain::{Day, Finding, hex};
use doudi::ledger::{Handover, Ledger, Look, Night, RuleRun};
use sha2::{Digest, Sha256};

use crate::answers::{explained, import};
use crate::county::County;
use crate::ledger::{day, facts, finding};

const PARTS: [&str; 6] = [
    "pulled/office/a.csv",
    "quarantine/a.csv",
    "artifacts/records/a.parquet",
    "artifacts/cases.parquet",
    "lists/x/l.csv",
    "manifest.json",
];

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Five nights from 2026-11-02 on: a case of the first is open, one of the second is closed. Beside them the run
/// of another pipeline, and what an interrupted run left.
fn five_nights(folder: &Path) -> County {
    let county = County::lay_out(folder);
    let (state, out) = (folder.join("state"), folder.join("out"));
    fs::create_dir_all(&state).unwrap();
    let mut ledger = Ledger::open(&state.join("ledger.sqlite")).unwrap();
    let rules = BTreeMap::from([("d".to_owned(), RuleRun::Complete)]);
    for number in 1..=5 {
        let mut findings: Vec<Finding> = vec![finding("d", "open", "x")];
        findings.extend((number > 1).then(|| finding("d", "closed", "x")));
        let run_id = format!("run-{number}");
        let night = Night {
            run_id: &run_id,
            as_of: day(number),
            rules: &rules,
            gaps: &BTreeSet::new(),
            editions: &BTreeMap::new(),
            titles: &BTreeMap::new(),
        };
        let plan = ledger.reconcile(&night, &findings).unwrap();
        ledger.commit(&plan, &facts(&format!("register{number}")), &[], &[]).unwrap();
        for part in PARTS {
            write(&out.join(&run_id).join(part), &format!("{run_id} {part}"));
        }
        write(&state.join(format!("register/register{number}.parquet")), &run_id);
        if number == 2 {
            let clue = plan.cases.iter().find(|case| case.finding.subject_row_key == "closed").unwrap();
            import(&mut ledger, 2, &[(&clue.number, explained("甲"))]);
        }
    }
    write(&out.join("run-of-others/pulled/a.csv"), "others");
    write(&out.join(".partial-00000000/pulled/a.csv"), "left");
    std::os::unix::fs::symlink("run-5", out.join("latest")).unwrap();
    county
}

/// Paths of all files below a folder.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().to_str().unwrap().to_owned();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|below| format!("{name}/{below}")));
        } else {
            found.insert(name);
        }
    }
    found
}

fn purge(county: &County, on: &str, more: &[&str]) -> serde_json::Value {
    county.json(&[&["purge", "pipelines/nightly.toml", "--as-of", on], more].concat())
}

#[test]
fn each_class_goes_when_its_time_is_over_and_what_is_needed_stays() {
    let folder = tempfile::tempdir().unwrap();
    let county = five_nights(folder.path());
    let (state, out) = (folder.path().join("state"), folder.path().join("out"));
    let all = files(&out);
    assert_eq!(purge(&county, "2026-12-01", &[])["expired"], serde_json::json!([]), "nothing is 30 days old");

    let told = purge(&county, "2026-12-10", &["--dry-run"]);
    assert_eq!((files(&out), told["certificate"].is_null()), (all.clone(), true), "a look deletes nothing");
    assert!(!state.join("certificates").exists());
    let kept: Vec<(&str, bool)> = told["kept"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["run"].as_str().unwrap(), one["why"] == "下一夜运行需要"))
        .collect();
    assert_eq!(kept, [("run-4", true), ("run-5", true)]);

    let done = purge(&county, "2026-12-10", &[]);
    assert_eq!(done["expired"], told["expired"]);
    let gone: BTreeSet<String> = all.difference(&files(&out)).cloned().collect();
    let of = |runs: &[u32], parts: &[&str]| -> BTreeSet<String> {
        runs.iter().flat_map(|run| parts.iter().map(move |part| format!("run-{run}/{part}"))).collect()
    };
    // An open case keeps what it rests on, but no raw delivery.
    assert_eq!(gone, of(&[1, 2, 3], &PARTS[..2]));
    let registers = files(&state.join("register"));
    assert_eq!(registers, BTreeSet::from(["register4.parquet".to_owned(), "register5.parquet".to_owned()]));
    on_record(&county, &done, &gone);
    assert!(purge(&county, "2026-12-10", &[])["certificate"].is_null(), "nothing is left to go");

    let done = purge(&county, "2027-02-15", &[]);
    assert_eq!(done["kept"][0], serde_json::json!({ "run": "run-1", "why": "有未办结的线索以此为依据" }));
    let gone: BTreeSet<String> = all.difference(&files(&out)).cloned().collect();
    let raw = of(&[1], &PARTS[..2]);
    assert_eq!(gone, &of(&[2, 3], &PARTS[..4]) | &raw, "lists stay");
    purge(&county, "2030-01-01", &[]);
    let gone: BTreeSet<String> = all.difference(&files(&out)).cloned().collect();
    assert_eq!(gone, &of(&[2, 3], &PARTS) | &raw);
    assert!(!out.join("run-2").exists() && out.join("run-of-others").exists() && out.join("run-1").exists());
    assert_eq!(
        Ledger::open_for_planning(&state.join("ledger.sqlite")).unwrap().state().unwrap().purges.len(),
        3
    );
}

/// The certificate names every file with its digest, and the ledger the certificate with its own.
fn on_record(county: &County, done: &serde_json::Value, gone: &BTreeSet<String>) {
    let certificate = fs::read(county.folder.join(done["certificate"].as_str().unwrap())).unwrap();
    let text = String::from_utf8(certificate.clone()).unwrap();
    assert!(text.starts_with("\u{feff}类别,说明,保存天数,运行编号"), "{text}");
    assert_eq!(text.lines().count(), 1 + gone.len() + 3, "three registers went");
    for path in gone {
        let (run, part) = path.split_once('/').unwrap();
        let digest = hex(&Sha256::digest(format!("{run} {part}").as_bytes()));
        let line = text.lines().find(|line| line.contains(&digest)).unwrap();
        assert!(
            line.starts_with("deliveries,") && line.contains(&format!(",{run},")) && line.contains(part),
            "{line}"
        );
        assert!(line.contains("30（待客户确认）"), "{line}");
    }
    let ledger = Ledger::open_for_planning(&county.folder.join("state/ledger.sqlite")).unwrap();
    ledger.verify().unwrap();
    let events = ledger.events().unwrap();
    let last = events.last().unwrap();
    assert_eq!((last.kind.as_str(), last.case_key.as_str()), ("purged", ""));
    let (_, purged) = &ledger.state().unwrap().purges[0];
    assert_eq!(purged.sha256, hex(&Sha256::digest(&certificate)));
    assert_eq!(
        purged.classes.iter().map(|(class, files, _)| (class.as_str(), *files)).collect::<Vec<_>>(),
        [("deliveries", 6), ("registers", 3)]
    );
}

/// Sets the time of a file's last change.
fn changed_on(path: &Path, iso: &str) {
    let days = Day::parse_iso(iso).unwrap().days();
    let at = UNIX_EPOCH + Duration::from_secs(u64::try_from(days).unwrap() * 86_400);
    fs::File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
}

#[test]
fn a_delivery_in_the_inbox_goes_when_nothing_was_pulled_there_for_so_long() {
    let folder = tempfile::tempdir().unwrap();
    let county = five_nights(folder.path());
    let inbox = folder.path().join("state/inbox");
    for (delivery, pulled) in [("gone/office", "2027-03-01"), ("here/office+daily", "2027-03-30")] {
        for file in ["kept/a.csv", "view/a.csv", "index.json"] {
            write(&inbox.join(delivery).join(file), &format!("{delivery} {file}"));
        }
        changed_on(&inbox.join(delivery).join("index.json"), pulled);
    }
    write(&inbox.join("gone/other/coming.part"), "never whole, so never pulled");
    purge(&county, "2027-03-31", &[]);
    assert_eq!(files(&inbox).len(), 7, "30 days, and not a day less");
    let done = purge(&county, "2027-04-01", &[]);
    let left: BTreeSet<String> = files(&inbox);
    assert!(left.len() == 4 && left.iter().all(|file| !file.starts_with("gone/office")), "{left:?}");
    let certificate = fs::read_to_string(county.folder.join(done["certificate"].as_str().unwrap())).unwrap();
    let digest = hex(&Sha256::digest("gone/office kept/a.csv".as_bytes()));
    let line = certificate.lines().find(|line| line.contains(&digest)).unwrap();
    assert!(
        line.starts_with("deliveries,") && line.contains(",2027-03-01,inbox/gone/office/kept/a.csv,"),
        "{line}"
    );
}

#[test]
fn what_a_case_said_goes_with_a_certificate_and_register_and_log_outlive_everything() {
    let folder = tempfile::tempdir().unwrap();
    let county = five_nights(folder.path());
    let path = folder.path().join("state/ledger.sqlite");
    let mut ledger = Ledger::open(&path).unwrap();
    let look = Look {
        at: "2026-11-06T09:00:00+08:00".into(),
        by: "wang".into(),
        command: "case show".into(),
        what: "线索".into(),
        reason: "核对".into(),
        approval: "周某".into(),
    };
    ledger.note(&look).unwrap();
    let rules = BTreeMap::from([("d".to_owned(), RuleRun::Complete)]);
    let night = Night {
        run_id: "run-6",
        as_of: day(6),
        rules: &rules,
        gaps: &BTreeSet::new(),
        editions: &BTreeMap::new(),
        titles: &BTreeMap::new(),
    };
    let plan = ledger.reconcile(&night, &[]).unwrap();
    let line = Handover {
        run_id: "run-6".into(),
        as_of: day(6),
        committed: "2026-11-07T01:00:00+08:00".into(),
        recipient: "education".into(),
        receiver: "教体局".into(),
        purpose: "清单".into(),
        path: "lists/education/a.csv".into(),
        rows: 1,
        sha256: "00".into(),
        sm3: "11".into(),
        basis: String::new(),
        approval: String::new(),
    };
    ledger.commit(&plan, &facts("register6"), &[], std::slice::from_ref(&line)).unwrap();
    let clue = plan.cases.iter().find(|case| case.finding.subject_row_key == "open").unwrap().number.clone();
    drop(ledger);

    let told = purge(&county, "2029-11-07", &["--dry-run"]);
    assert_eq!(told["cases"], serde_json::json!([{ "clue": clue, "events": 3, "last": "2026-11-07" }]));
    assert!(
        county
            .well(&["purge", "pipelines/nightly.toml", "--as-of", "2029-11-07", "--dry-run"])
            .contains(&format!("将清除内容 线索 {clue}"))
    );
    let done = purge(&county, "2040-01-01", &[]);
    let certificate = fs::read_to_string(county.folder.join(done["certificate"].as_str().unwrap())).unwrap();
    let of_case: Vec<&str> = certificate.lines().filter(|line| line.starts_with("events,")).collect();
    assert_eq!(of_case.len(), 3);
    assert!(
        of_case.iter().all(|line| line.contains(&clue) && line.contains("1095（待客户确认）")),
        "{of_case:?}"
    );
    let ledger = Ledger::open_for_planning(&path).unwrap();
    ledger.verify().unwrap();
    assert_eq!(ledger.state().unwrap().erased, BTreeSet::from([clue.clone()]));
    // Three years and a half year are over many times; the records of who got and saw what stay.
    assert_eq!(ledger.handed_over().unwrap(), [line]);
    assert_eq!((ledger.verify_looks().unwrap(), ledger.looks().unwrap()[0].look.clone()), (1, look));
    let (code, said) = county.refused(&["case", "show", &clue]);
    assert!(code == 2 && said.contains("no clue number"), "{said}");
    assert!(county.well(&["audit", "verify"]).contains("校验链完整"));
}

#[test]
fn a_purge_waits_for_nobody_deletes_nothing_without_a_ledger_and_says_what_is_wrong_in_its_table() {
    let folder = tempfile::tempdir().unwrap();
    let county = five_nights(folder.path());
    let before = files(&folder.path().join("out"));
    let arguments = ["purge", "pipelines/nightly.toml", "--as-of", "2030-01-01"];
    let lock = fs::File::create(folder.path().join("state/lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(county.refused(&arguments).0, 5);
    drop(lock);
    assert_eq!(county.refused(&[arguments.as_slice(), &["--state", "nowhere"]].concat()).0, 4);
    county.change(
        "schemas/tables/retention.csv",
        "access,查看完整信息的日志,,",
        "access,查看完整信息的日志,30,",
    );
    let (code, said) = county.refused(&arguments);
    assert_eq!((code, said.contains("access is append-only")), (2, true), "{said}");
    assert_eq!(files(&folder.path().join("out")), before);
}
