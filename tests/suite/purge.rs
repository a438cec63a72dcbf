//! What is deleted when its time is over, what never is, and what is on record about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use doudi::domain::{Finding, hex};
use doudi::ledger::{Ledger, Night, RuleRun};
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
    assert_eq!(kept, [("run-1", false), ("run-4", true), ("run-5", true)]);

    let done = purge(&county, "2026-12-10", &[]);
    assert_eq!(done["expired"], told["expired"]);
    let gone: BTreeSet<String> = all.difference(&files(&out)).cloned().collect();
    let of = |runs: &[u32], parts: &[&str]| -> BTreeSet<String> {
        runs.iter().flat_map(|run| parts.iter().map(move |part| format!("run-{run}/{part}"))).collect()
    };
    assert_eq!(gone, of(&[2, 3], &PARTS[..2]));
    let registers = files(&state.join("register"));
    assert_eq!(registers, BTreeSet::from(["register4.parquet".to_owned(), "register5.parquet".to_owned()]));
    on_record(&county, &done, &gone);
    assert!(purge(&county, "2026-12-10", &[])["certificate"].is_null(), "nothing is left to go");

    purge(&county, "2027-02-15", &[]);
    let gone: BTreeSet<String> = all.difference(&files(&out)).cloned().collect();
    assert_eq!(gone, of(&[2, 3], &PARTS[..4]), "lists stay");
    purge(&county, "2030-01-01", &[]);
    let gone: BTreeSet<String> = all.difference(&files(&out)).cloned().collect();
    assert_eq!(gone, of(&[2, 3], &PARTS));
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
        [("deliveries", 4), ("registers", 3)]
    );
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
