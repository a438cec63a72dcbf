//! What did not come: a delivery that is not whole is told to the agency that owes it, a clue that nobody answers to
//! the office that leads.

use std::collections::BTreeSet;
use std::fs;

use crate::county::{County, copy};

const COLUMNS: [&str; 5] = ["rule", "subject_extract", "event", "identity_id", "reason"];

/// Findings of one rule of the last run: subject's extract, event, identity, sentence.
fn found(county: &County, rule: &str) -> Vec<Vec<String>> {
    let rows = county.rows("findings.parquet", &COLUMNS).into_iter();
    rows.filter(|row| row[0] == rule).map(|row| row[1..].to_vec()).collect()
}

/// Clue numbers of a rule, as the list with this title shows them to a recipient; none without such a list.
fn listed(county: &County, recipient: &str, title: &str, rule: &str) -> BTreeSet<String> {
    let folder = county.folder.join("out/latest/lists").join(recipient);
    let Ok(files) = fs::read_dir(&folder) else { return BTreeSet::new() };
    let names = files.map(|file| file.unwrap().file_name().to_str().unwrap().to_owned());
    let name = names.into_iter().find(|name| name.starts_with(title) && name.ends_with(".parquet"));
    let Some(name) = name else { return BTreeSet::new() };
    let at = format!("../lists/{recipient}/{name}");
    let rows = county.rows(&at, &["线索编号", "疑似情形"]);
    rows.into_iter().filter(|row| row[1] == rule).map(|row| row[0].clone()).collect()
}

#[test]
fn a_delivery_that_is_not_whole_is_one_line_for_its_agency_until_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    let cards = county.folder.join("fixtures/demo/disability-federation");
    let aside = county.folder.join("aside");
    copy(&cards, &aside);
    fs::remove_dir_all(&cards).unwrap();
    county.well(&["run", "pipelines/nightly.toml"]);
    let rows = found(&county, "z_extract_incomplete");
    let extracts: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    // The demo's events come with a page of a web site among them.
    assert_eq!(extracts, ["basic_survey", "disability_card", "event", "rehabilitation"]);
    assert!(rows.iter().all(|row| row[0] == row[1] && row[2] == "0"), "about an extract and about nobody");
    assert!(rows[1][3].starts_with("《残疾人证》未收到：未收到。"), "{}", rows[1][3]);
    assert_eq!(listed(&county, "disability-federation", "信息核对清单", "抽取不完整").len(), 3);
    let emergency = listed(&county, "emergency", "信息核对清单", "抽取不完整");
    assert_eq!(emergency.len(), 1);

    copy(&aside, &cards);
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    assert_eq!(found(&county, "z_extract_incomplete").len(), 1);
    assert_eq!(
        listed(&county, "emergency", "信息核对清单", "抽取不完整"),
        emergency,
        "the same case goes on"
    );
    let cases = county.json(&["case", "list", "--all", "--as-of", "2026-11-21"]);
    let ended = cases
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["rule"] == "z_extract_incomplete" && case["phase"] == "withdrawn");
    assert_eq!(ended.count(), 3, "{cases}");
}

#[test]
fn a_clue_that_nobody_answers_is_listed_to_the_office_that_leads() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    county.well(&["run", "pipelines/nightly.toml"]);
    assert!(found(&county, "q_feedback_overdue").is_empty(), "nothing is overdue on the first night");
    // Ten workdays after the first night.
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-12-05"]);
    let rows = found(&county, "q_feedback_overdue");
    let first = county.json(&["case", "list", "--all", "--as-of", "2026-12-05"]);
    let overdue = county.json(&["case", "list", "--overdue", "--as-of", "2026-12-05"]);
    let lists = ["dropout", "benefit_exit", "uncovered", "urgent"];
    let cases = county.rows("cases.parquet", &["case_number", "list"]);
    let led: BTreeSet<&String> =
        cases.iter().filter(|case| lists.contains(&case[1].as_str())).map(|case| &case[0]).collect();
    let numbers = |cases: &serde_json::Value| -> BTreeSet<String> {
        let clues = cases.as_array().unwrap().iter().map(|case| case["clue"].as_str().unwrap().to_owned());
        clues.filter(|clue| led.contains(clue)).collect()
    };
    let told: BTreeSet<String> = rows.iter().map(|row| row[1].clone()).collect();
    assert!(told.len() > 50 && told.is_subset(&numbers(&first)));
    assert!(numbers(&overdue).is_subset(&told), "{:?}", numbers(&overdue).difference(&told));
    let title = "关爱服务质量清单";
    let (civil, education) = (
        listed(&county, "civil-affairs", title, "线索逾期未核"),
        listed(&county, "education", title, "线索逾期未核"),
    );
    assert!(!civil.is_empty() && !education.is_empty() && civil.is_disjoint(&education));
    assert_eq!(civil.len() + education.len(), told.len(), "each goes to one of the two");
    // The same night once more finds the same.
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-12-05"]);
    assert_eq!(found(&county, "q_feedback_overdue"), rows);
}
