//! The demo county over three nights with answers between them, through the command line.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Answers, fill};
use doudi::domain::MentionRef;
use doudi::ledger::Ledger;

use crate::county::{County, NIGHT, copy};

/// Cases of the last run by rule: clue number, annex, phase.
fn cases(county: &County, rule: &str) -> Vec<(String, bool, String)> {
    let rows = county.rows("cases.parquet", &["rule", "case_number", "annex", "phase"]);
    let of_rule = rows.into_iter().filter(|row| row[0] == rule);
    of_rule.map(|row| (row[1].clone(), row[2] == "true", row[3].clone())).collect()
}

/// The workbook of a recipient that lists a clue.
fn book(county: &County, recipient: &str, title: &str) -> PathBuf {
    let folder = county.folder.join("out/latest/lists").join(recipient);
    let mut found = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    found
        .find(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with(title) && Path::new(&name).extension().is_some_and(|e| e == "xlsx")
        })
        .unwrap()
}

fn everything(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(everything(&path));
        } else {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

#[test]
fn answers_come_back_silence_their_cases_and_correct_their_owners() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    let dead = cases(&county, "e_dead_paid")[0].0.clone();
    let moved = cases(&county, "e_hukou_moved")[0].0.clone();
    let weak = cases(&county, "u_severe_disabled").into_iter().find(|(_, annex, _)| *annex).unwrap().0;
    let me = ("核查人", "王某");
    let exit = folder.path().join("应退反馈.xlsx");
    let answers = Answers::from([
        (dead.as_str(), vec![("核查结果", "不属实"), ("原因分类", "证号或姓名错误"), me]),
        (moved.as_str(), vec![("核查结果", "属实"), ("原因分类", "情况属实"), ("处理意见", "停发"), me]),
    ]);
    assert_eq!(fill(&book(&county, "civil-affairs", "应退未退"), &exit, &answers), 7);
    let uncovered = folder.path().join("应保反馈.xlsx");
    let answers =
        Answers::from([(weak.as_str(), vec![("核查结果", "不属实"), ("原因分类", "不符合条件"), me])]);
    assert_eq!(fill(&book(&county, "civil-affairs", "疑似保障"), &uncovered, &answers), 3);
    let bad = folder.path().join("误.csv");
    fs::write(&bad, format!("线索编号,核查结果,核查人\n{dead},大概,王某\n")).unwrap();
    let files = [exit.to_str().unwrap(), uncovered.to_str().unwrap()];
    let with_bad: Vec<&str> = files.iter().copied().chain([bad.to_str().unwrap()]).collect();

    // A preview tells everything, ends with 3 because of the one that cannot be taken, and writes nothing.
    let state = folder.path().join("state");
    let before = everything(&state);
    let preview = county.doudi(
        &[&["feedback", "import", "--preview", "--as-of", "2026-11-20"], with_bad.as_slice()].concat(),
    );
    let said = String::from_utf8(preview.stdout).unwrap();
    assert_eq!(preview.status.code(), Some(3), "{said}");
    for words in ["误.csv", "B2", "只能填属实", "预览，没有写入", "已登记，线索办结或暂缓"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(everything(&state) == before, "the preview has changed something");

    let import =
        |files: &[&str]| county.json(&[&["feedback", "import", "--as-of", "2026-11-20"], files].concat());
    assert_eq!(import(&files)["counts"], json!({ "recorded": 1, "settled": 2 }));
    let again = import(&files);
    assert_eq!((&again["counts"], &again["events"]), (&json!({ "known": 3 }), &json!(0)));

    // Nobody is at work twice.
    let lock = fs::File::open(state.join("lock")).unwrap();
    lock.lock().unwrap();
    let (code, _) = county.refused(&[&["feedback", "import"], files.as_slice()].concat());
    assert_eq!(code, 5);
    drop(lock);

    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    let phase = |rule: &str, clue: &str| {
        cases(&county, rule).into_iter().find(|(number, ..)| number == clue).map(|(.., phase)| phase)
    };
    assert_eq!(phase("e_dead_paid", &dead).as_deref(), Some("closed"));
    assert_eq!(phase("e_hukou_moved", &moved).as_deref(), Some("answered"));
    let text = crate::report::workbook_text(&fs::read(book(&county, "civil-affairs", "应退未退")).unwrap());
    assert!(!text.contains(&dead), "an explained case is listed");
    assert!(text.contains(&moved) && text.contains("【待审核】"), "what waits for a second person is listed");
    // Whoever owns the wrong row gets it back.
    let corrections = county.folder.join("out/latest/lists/civil-affairs/纠错回传_2026-11-21.csv");
    let corrections = fs::read_to_string(corrections).unwrap();
    assert!(corrections.contains(&dead) && corrections.contains("证号或姓名错误"), "{corrections}");
    assert_eq!(corrections.lines().count(), 2);
    // What was explained on the annex is not asked again either.
    assert_eq!(phase("u_severe_disabled", &weak).as_deref(), Some("closed"));

    commands_tell_of_it(&county, &dead, &moved);
}

/// `case` and `status` after the second night.
fn commands_tell_of_it(county: &County, dead: &str, moved: &str) {
    let shown = county.json(&["case", "show", moved, "--as-of", "2026-11-21"]);
    assert_eq!(
        (&shown["phase"], &shown["waits_for_approval"], &shown["answers"][0]["officer"]),
        (&json!("answered"), &json!(true), &json!("王某"))
    );
    let text = county.well(&["case", "show", dead]);
    for words in ["已办结", "王某", "不属实（证号或姓名错误）", "列入清单下发", "receipt-"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let open = county.json(&["case", "list", "--as-of", "2026-11-21"]);
    let open: Vec<&str> =
        open.as_array().unwrap().iter().map(|case| case["clue"].as_str().unwrap()).collect();
    assert!(open.contains(&moved) && !open.contains(&dead));
    let late = county.json(&["case", "list", "--overdue", "--as-of", "2027-03-01"]);
    assert_eq!(
        late.as_array().unwrap().len(),
        open.len() - 1,
        "what waits for approval was answered in time"
    );
    let summary = county.json(&["case", "list", "--summary"]);
    let sum = |word: &str| -> u64 {
        summary.as_array().unwrap().iter().map(|row| row[word].as_u64().unwrap()).sum()
    };
    assert_eq!((sum("answered"), sum("asked")), (1, open.len() as u64 - 1));
    assert!(county.well(&["case", "list"]).contains(moved));
    let (code, said) = county.refused(&["case", "list", "--phase", "answred"]);
    assert_eq!((code, said.contains("did you mean `answered`?")), (2, true), "{said}");
    assert_eq!(county.refused(&["case", "show", "2222-2222"]).0, 2);
    assert!(county.json(&["status"])["ledger"]["intact"].as_bool().unwrap());
}

/// Identity of a mention in the last run.
fn identity(county: &County, (extract, row_key, role): &MentionRef) -> String {
    let rows = county.rows("mentions.parquet", &["extract", "row_key", "role", "identity_id"]);
    let here = |row: &&Vec<String>| (&row[0], &row[1], &row[2]) == (extract, row_key, role);
    rows.iter().find(here).unwrap()[3].clone()
}

#[test]
fn what_officers_say_of_two_rows_holds_from_the_next_night_on() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    let ledger = Ledger::open_for_planning(&county.folder.join("state/ledger.sqlite")).unwrap();
    let compared: Vec<(String, [MentionRef; 2])> = ledger
        .state()
        .unwrap()
        .cases
        .values()
        .filter_map(|record| {
            let finding = record.finding()?;
            let subject = (finding.subject_extract, finding.subject_role, finding.subject_row_key);
            let subject = (subject.0, subject.2, subject.1);
            let candidate = finding.candidates.first()?.clone();
            // Two different valid numbers are never one person, so only an open question can be answered both ways.
            (identity(&county, &subject) != identity(&county, &candidate))
                .then(|| (record.number.clone(), [subject, candidate]))
        })
        .collect();
    drop(ledger);
    assert!(compared.len() >= 2, "{}", compared.len());
    let (same, other) =
        (&compared[0], compared.iter().rfind(|(_, pair)| pair[0] != compared[0].1[0]).unwrap());
    let answers = folder.path().join("附表反馈.csv");
    let text = format!("线索编号,是否同一人,核查人\n{},同一人,王某\n{},不是同一人,王某\n", same.0, other.0);
    fs::write(&answers, text).unwrap();
    county.well(&["feedback", "import", answers.to_str().unwrap(), "--as-of", "2026-11-21"]);
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);

    assert_eq!(identity(&county, &same.1[0]), identity(&county, &same.1[1]), "joined by the answer");
    assert_ne!(identity(&county, &other.1[0]), identity(&county, &other.1[1]));
    let columns = [
        "subject_extract",
        "subject_row_key",
        "subject_role",
        "candidate_extract",
        "candidate_row_key",
        "candidate_role",
    ];
    let refuted: Vec<&String> = other.1.iter().flat_map(|(a, b, c)| [a, b, c]).collect();
    let misses = county.rows("near_misses.parquet", &columns);
    assert!(misses.iter().all(|row| row.iter().collect::<Vec<_>>() != refuted), "looked at once more");
    let open = county.json(&["case", "list", "--as-of", "2026-11-21"]);
    let open: Vec<&str> =
        open.as_array().unwrap().iter().map(|case| case["clue"].as_str().unwrap()).collect();
    assert!(!open.contains(&same.0.as_str()), "asked again");
    // Who is nobody of the roll is missing there: that is another question, and it stands on the list.
    let cases = county.rows("cases.parquet", &["case_number", "annex", "phase"]);
    let refuted = cases.iter().find(|row| row[0] == other.0).unwrap();
    assert!(refuted[1] == "false" || !open.contains(&other.0.as_str()), "{refuted:?}");
}

#[test]
fn a_list_whose_weakest_link_is_refuted_is_withdrawn_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    let ledger = Ledger::open_for_planning(&county.folder.join("state/ledger.sqlite")).unwrap();
    let state = ledger.state().unwrap();
    let linked = state.cases.values().find_map(|record| {
        let finding = record.finding()?;
        let of_list = finding.rule.starts_with("e_") && !finding.annex;
        Some((record.number.clone(), finding.weakest_link.filter(|_| of_list)?))
    });
    drop(ledger);
    let (clue, (left, right)) = linked.unwrap();
    assert_eq!(identity(&county, &left), identity(&county, &right));
    let answers = folder.path().join("反馈.csv");
    fs::write(&answers, format!("线索编号,核查结果,原因分类,核查人\n{clue},不属实,同名误认,王某\n")).unwrap();
    county.well(&["feedback", "import", answers.to_str().unwrap(), "--as-of", "2026-11-21"]);
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    assert_ne!(
        identity(&county, &left),
        identity(&county, &right),
        "the link stands although it was refuted"
    );
    let shown = county.json(&["case", "show", &clue, "--as-of", "2026-11-21"]);
    assert_eq!(shown["phase"], "closed", "{shown}");
}
