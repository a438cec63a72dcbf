//! `doudi status`: what it says, and that it touches nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;

use doudi::ledger::{Ledger, RuleRun};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::county::{County, NIGHT, copy};
use crate::ledger::finding;

/// Every file below a folder with its content; links with their targets.
fn everything(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.path().display().to_string();
        if entry.file_type().unwrap().is_symlink() {
            found.insert(name, fs::read_link(entry.path()).unwrap().into_os_string().into_encoded_bytes());
        } else if entry.path().is_dir() {
            found.insert(format!("{name}/"), Vec::new());
            found.extend(everything(&entry.path()));
        } else {
            found.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    found
}

/// The shared night in a folder of its own, to be disturbed.
fn night() -> (tempfile::TempDir, County) {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    (folder, county)
}

#[test]
fn a_finished_night_is_told_and_nothing_is_touched() {
    let before = everything(&NIGHT.folder);
    let told = NIGHT.json(&["status"]);
    let text = NIGHT.well(&["status"]);
    NIGHT.well(&["explain", "case", &NIGHT.rows("cases.parquet", &["case_number"])[0][0]]);
    assert!(before == everything(&NIGHT.folder), "a look has changed something");

    let last = &told["last_run"];
    assert_eq!(
        (&last["as_of"], &last["folder_present"], &last["latest"]),
        (&json!("2026-11-20"), &json!(true), &json!(true))
    );
    assert_eq!((&told["at_work"], &told["leftovers"]), (&Value::Null, &json!([])));
    assert_eq!(told["ledger"]["intact"], true);
    let cases = NIGHT.rows("cases.parquet", &["rule"]);
    let of_rule = |rule: &str| cases.iter().filter(|case| case[0] == rule).count();
    let annex = NIGHT.rows("cases.parquet", &["rule", "annex"]);
    let annexed = |rule: &str| annex.iter().filter(|case| case[0] == rule && case[1] == "true").count();
    assert!(annex.iter().any(|case| case[1] == "true"));
    let counted = told["cases"].as_object().unwrap();
    let rules: std::collections::BTreeSet<&String> = cases.iter().map(|case| &case[0]).collect();
    assert!(counted.keys().eq(rules) && counted.len() >= 13, "{counted:?}");
    for (rule, counts) in counted {
        assert_eq!((&counts["open"], &counts["withdrawn"]), (&json!(of_rule(rule)), &json!(0)), "{rule}");
        assert_eq!(counts["new"], counts["open"], "{rule}");
        assert_eq!(counts["annex"], json!(annexed(rule)), "{rule}");
    }
    // The towns' cases are the rules' cases.
    let sum = |of: &str, field: &str| -> u64 {
        told[of].as_object().unwrap().values().map(|counts| counts[field].as_u64().unwrap()).sum()
    };
    assert!(told["towns"].as_object().unwrap().contains_key("汇龙镇"), "{}", told["towns"]);
    assert!(told["towns"].as_object().unwrap().len() > 5);
    for field in ["open", "new", "overdue", "annex"] {
        assert_eq!(sum("towns", field), sum("cases", field), "{field}");
    }
    assert!(text.contains("各镇线索") && text.contains("汇龙镇"), "{text}");
    assert_eq!(told["conflicts"], json!([]));
    assert_eq!(told["deliveries"]["student_roll"]["as_of"], "2026-11-15");
    assert!(told["deliveries"]["population"]["rows"].as_u64().unwrap() > 1000);
    assert_eq!(told["never_delivered"], json!([]));
    for words in ["指向最近一次运行", "完好，", "中断残留      没有", "student_roll", "重点儿童无学籍"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn what_will_be_delivered_tonight_is_what_the_night_then_delivers_and_nothing_is_written() {
    let (_folder, county) = night();
    let before = everything(&county.folder);
    let tomorrow = ["--tonight", "--as-of", "2026-11-21"];
    let told = county.json(&[&["status"], &tomorrow[..]].concat());
    let text = county.well(&[&["status"], &tomorrow[..]].concat());
    let changed = |path: &String| before.get(path) != everything(&county.folder).get(path);
    let locks = ["out/.lock", "state/lock"].map(|lock| county.folder.join(lock).display().to_string());
    let touched: Vec<String> = everything(&county.folder).into_keys().filter(changed).collect();
    assert!(
        touched.iter().all(|path| locks.iter().any(|lock| path.starts_with(lock.as_str()))),
        "{touched:?}"
    );

    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    let register = county.json(&["handover", "--since", "2026-11-21"]);
    let line = |line: &Value| (line["recipient"].clone(), line["path"].clone(), line["rows"].clone());
    let planned: Vec<_> = told["files"].as_array().unwrap().iter().map(line).collect();
    let delivered: Vec<_> = register.as_array().unwrap().iter().map(line).collect();
    assert!(planned == delivered && planned.len() > 30, "{planned:?}");
    // One night later with the same deliveries: nearly all is carried over, and each row is counted once.
    let list = "lists/education/控辍保学疑似清单_2026-11-21.csv";
    let file = told["files"].as_array().unwrap().iter().find(|file| file["path"] == list).unwrap();
    let csv = fs::read_to_string(county.folder.join("out/latest").join(list)).unwrap();
    assert_eq!(file["carried_over"], json!(csv.matches("延续").count()), "{file}");
    assert_eq!(file["new"], json!(csv.matches("新增").count()), "{file}");
    assert!(file["carried_over"].as_u64() > Some(0), "{file}");
    for words in ["接收单位", "其中延续", "教体局", "控辍保学疑似清单_2026-11-21.xlsx"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains(".parquet"));
    let dry = county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21", "--dry-run"]);
    assert!(dry.contains("将交付：") && dry.contains("控辍保学疑似清单_2026-11-21.xlsx"), "{dry}");
}

#[test]
fn before_the_first_night_there_is_nothing_and_nothing_appears() {
    let folder = tempfile::tempdir().unwrap();
    for part in ["pipelines", "schemas"] {
        copy(&NIGHT.folder.join(part), &folder.path().join(part));
    }
    let county = County { folder: folder.path().to_owned() };
    let told = county.json(&["status"]);
    assert_eq!(
        (&told["last_run"], &told["ledger"], &told["latest"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(told["never_delivered"].as_array().unwrap().len(), 34);
    assert!(county.well(&["status"]).contains("还没有提交过"));
    assert!(!folder.path().join("out").exists() && !folder.path().join("state").exists());
}

#[test]
fn a_run_at_work_and_what_an_interrupted_one_left_are_told() {
    let (folder, county) = night();
    let run = NIGHT.json(&["status"])["last_run"]["run"].as_str().unwrap().to_owned();
    let state = fs::canonicalize(folder.path().join("state")).unwrap();
    let mark = doudi::domain::hex(&Sha256::digest(state.as_os_str().as_encoded_bytes()));
    let partial = folder.path().join(format!("out/.partial-{}", &mark[..8]));
    fs::create_dir(&partial).unwrap();
    assert_eq!(county.json(&["status"])["leftovers"][0]["fate"], "removed");
    assert!(county.well(&["status"]).contains("下一次运行将其清除"));
    fs::write(partial.join("READY"), format!("{run} 1\n")).unwrap();
    let left = &county.json(&["status"])["leftovers"][0];
    assert_eq!((&left["fate"], &left["run"]), (&json!("published"), &json!(run)));

    let lock = folder.path().join("state/lock");
    fs::write(&lock, "process 7 since 2026-11-20T02:00:00+08:00\n").unwrap();
    let holder = File::open(&lock).unwrap();
    holder.lock().unwrap();
    assert_eq!(county.json(&["status"])["at_work"], "process 7 since 2026-11-20T02:00:00+08:00");
    assert!(county.well(&["status"]).contains("有：process 7 since"));
}

#[test]
fn a_latest_that_points_elsewhere_and_a_lost_folder_are_told() {
    let (folder, county) = night();
    let out = folder.path().join("out");
    let run = fs::read_link(out.join("latest")).unwrap();
    fs::rename(out.join(&run), out.join("moved")).unwrap();
    fs::remove_file(out.join("latest")).unwrap();
    std::os::unix::fs::symlink("moved", out.join("latest")).unwrap();
    let told = county.json(&["status"]);
    let last = &told["last_run"];
    assert_eq!((&last["folder_present"], &last["latest"]), (&json!(false), &json!(false)));
    assert_eq!(told["latest"], "moved");
    assert!(county.well(&["status"]).contains("指向另一次运行 moved"));
}

#[test]
fn a_damaged_ledger_is_told_and_a_file_that_is_none_cannot_be_read() {
    let (folder, county) = night();
    let path = folder.path().join("state/ledger.sqlite");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("DROP TRIGGER event_is_never_deleted; DELETE FROM event WHERE seq = 7").unwrap();
    drop(connection);
    let told = county.json(&["status"]);
    assert_eq!((&told["ledger"]["intact"], &told["ledger"]["events"]), (&json!(false), &Value::Null));
    assert!(told["ledger"]["damage"].as_str().unwrap().contains("an event before it is missing"));
    fs::write(&path, "no database at all").unwrap();
    let (code, said) = county.refused(&["status"]);
    assert_eq!((code, said.contains("open the ledger")), (4, true), "{said}");
}

#[test]
fn cases_are_listed_by_town_by_delay_and_counted() {
    let list = |more: &[&str]| -> Vec<Value> {
        let told = NIGHT.json(&[&["case", "list", "--as-of", "2026-11-21"], more].concat());
        told.as_array().unwrap().clone()
    };
    let numbers = |cases: &[Value]| -> Vec<String> {
        cases.iter().map(|case| case["clue"].as_str().unwrap().to_owned()).collect()
    };
    let all = list(&[]);
    let towns: std::collections::BTreeSet<&str> =
        all.iter().map(|case| case["town"].as_str().unwrap()).collect();
    assert!(towns.len() > 5 && towns.contains("汇龙镇"), "{towns:?}");
    // Each case stands in one town, and all of them together are all.
    let mut by_town: Vec<String> = Vec::new();
    for town in &towns {
        let of_town = list(&["--town", town]);
        assert!(of_town.iter().all(|case| case["town"] == *town) && !of_town.is_empty(), "{town}");
        by_town.extend(numbers(&of_town));
    }
    let mut every = numbers(&all);
    by_town.sort_unstable();
    every.sort_unstable();
    assert_eq!(by_town, every);
    assert_eq!(list(&["--town", "无此镇"]), Vec::<Value>::new());

    // Late is what was due before the day, by the days of its own rule.
    assert_eq!(list(&["--overdue"]), Vec::<Value>::new());
    let day = "2026-11-25";
    let told = NIGHT.json(&["case", "list", "--as-of", day]);
    let due = |case: &Value| case["due"].as_str().is_some_and(|due| due < day);
    let expected: Vec<Value> = told.as_array().unwrap().iter().filter(|case| due(case)).cloned().collect();
    let late = NIGHT.json(&["case", "list", "--as-of", day, "--overdue"]);
    assert!(!expected.is_empty() && expected.len() < all.len());
    assert_eq!(late.as_array().unwrap(), &expected);

    let summary = NIGHT.json(&["case", "list", "--summary", "--as-of", day]);
    let sum = |field: &str| -> u64 {
        summary.as_array().unwrap().iter().map(|row| row[field].as_u64().unwrap()).sum()
    };
    assert_eq!((sum("asked"), sum("overdue")), (all.len() as u64, expected.len() as u64));
    let town = |row: &Value| row["town"] == "汇龙镇";
    let of_town: u64 = summary
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| town(row))
        .map(|row| row["asked"].as_u64().unwrap())
        .sum();
    assert_eq!(of_town, list(&["--town", "汇龙镇"]).len() as u64);
}

#[test]
fn answers_that_contradict_each_other_about_the_same_two_rows_are_shown_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    fs::create_dir(folder.path().join("state")).unwrap();
    let mut ledger = Ledger::open(&folder.path().join("state/ledger.sqlite")).unwrap();
    let findings = ["d", "e", "f"].map(|rule| {
        let mut finding = finding(rule, "a", "x");
        finding.candidates = vec![("roll".into(), "b".into(), "pupil".into())];
        finding
    });
    let ran = [("d", RuleRun::Complete), ("e", RuleRun::Complete), ("f", RuleRun::Complete)];
    let plan = crate::ledger::night(&mut ledger, 1, &ran, &findings);
    let clue = |rule: &str| plan.cases.iter().find(|case| case.finding.rule == rule).unwrap().number.clone();
    let judged = |same: bool| {
        let mut answer = crate::answers::explained("甲");
        answer.same = Some(same);
        answer
    };
    let (one, other) = (clue("d"), clue("e"));
    let answers = [(one.as_str(), judged(true)), (other.as_str(), judged(false))];
    assert!(crate::answers::import(&mut ledger, 1, &answers).iter().all(Result::is_ok));
    drop(ledger);

    let told = county.json(&["case", "list", "--all"]);
    let contradicts = |clue: &str| {
        let mut cases = told.as_array().unwrap().iter();
        cases.find(|case| case["clue"] == clue).unwrap()["contradicts"].clone()
    };
    assert_eq!((contradicts(&one), contradicts(&other)), (json!([other]), json!([one])));
    assert_eq!(contradicts(&clue("f")), json!([]));
    let mut both = vec![one, other];
    both.sort_unstable();
    assert_eq!(county.json(&["status"])["conflicts"], json!([both]));
    let words = format!("同一人判断互相矛盾，均未采用：{}", both.join("、"));
    assert!(county.well(&["status"]).contains(&words) && county.well(&["case", "list"]).contains(&words));
}

#[test]
fn days_to_answer_are_workdays_where_the_pipeline_says_so_and_never_for_what_is_urgent() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    // All are listed on a Friday.
    let dues = || -> BTreeSet<(String, String)> {
        let list = county.json(&["case", "list"]);
        let cases = list.as_array().unwrap().iter();
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        cases.filter_map(|case| Some((text(&case["rule"])?, text(&case["due"])?))).collect()
    };
    let of = |dues: &BTreeSet<(String, String)>, rule: &str| -> Vec<String> {
        dues.iter().filter(|(of, _)| of == rule).map(|(_, due)| due.clone()).collect()
    };
    let before = dues();
    county.change("pipelines/nightly.toml", "[report]", "[report]\ndue_in = \"workdays\"");
    let after = dues();
    assert_eq!(
        (of(&before, "d_hukou_no_roll"), of(&after, "d_hukou_no_roll")),
        (vec!["2026-12-10".to_owned()], vec!["2026-12-18".to_owned()],)
    );
    assert_eq!(of(&before, "x_carer_died"), ["2026-11-21"]);
    assert_eq!(of(&after, "x_carer_died"), ["2026-11-21"], "a child in danger has no weekend");
}
