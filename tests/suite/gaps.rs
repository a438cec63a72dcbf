//! Nights on which something did not come: exactly the rules that depend on it report 未运行, and what all
//! other rules find stays the same. Only the probability of a link may move in its last digits, for a link is
//! weighed against all rows that came.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use doudi::domain::Finding;
use doudi::rule::Rule;
use doudi::spec::{Plan, compile};

use crate::county::{County, copy};

const COLUMNS: [&str; 12] = [
    "rule",
    "list",
    "subject_extract",
    "subject_role",
    "subject_row_key",
    "identity_id",
    "event",
    "grade",
    "reason",
    "annex",
    "annex_reason",
    "confidence",
];
const WHOLE_DELIVERY: &str = Finding::WHOLE_DELIVERY;
/// How far a probability may move.
const DIGITS: f64 = 1e-4;

/// Findings of a night by rule: all columns, and the confidence apart.
type Found = BTreeMap<String, BTreeMap<Vec<String>, f64>>;

/// A second night of the county of `first`, with deliveries that `change` has spoilt.
fn second_night(first: &County, folder: &Path, change: impl Fn(&Path)) -> (BTreeSet<String>, Found) {
    copy(&first.folder, folder);
    let county = County { folder: folder.to_owned() };
    change(&folder.join("fixtures/demo"));
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    let manifest = county.manifest();
    let rules = manifest["rules"].as_array().unwrap();
    let silent = rules.iter().filter(|rule| !rule["not_run"].is_null());
    let silent = silent.map(|rule| rule["rule"].as_str().unwrap().to_owned()).collect();
    let mut found = Found::new();
    for row in county.rows("findings.parquet", &COLUMNS) {
        let confidence = row[11].parse().unwrap();
        found.entry(row[0].clone()).or_default().insert(row[..11].to_vec(), confidence);
    }
    (silent, found)
}

fn extracts(rule: &Rule) -> impl Iterator<Item = &String> {
    let head = &rule.header;
    let absent = head.absent_from.iter().map(|role| &role.extract);
    head.reads.iter().chain(&head.optional_reads).chain(absent)
}

/// Whether the rule looks at one of the extracts. One that names none looks at the checks of all.
fn reads_any(rule: &Rule, touched: &[&str]) -> bool {
    extracts(rule).next().is_none() || extracts(rule).any(|extract| touched.contains(&extract.as_str()))
}

/// Rules that need the extract whole: they say so, or it is searched, or the subject of an absence stands in it.
fn needs_whole(rule: &Rule, extract: &str) -> bool {
    let head = &rule.header;
    if head.whole.iter().any(|named| named == extract) {
        return true;
    }
    let subject = head.subject.role().map(|role| role.extract.as_str());
    head.absent_from.as_ref().is_some_and(|absent| absent.extract == extract || subject == Some(extract))
}

/// Rules that cannot do without the extract.
fn needs(rule: &Rule, extract: &str) -> bool {
    let head = &rule.header;
    let absent = head.absent_from.as_ref().is_some_and(|absent| absent.extract == extract);
    absent || head.reads.iter().any(|read| read == extract)
}

/// `silent` is what does not run beside what never runs; rules that read none of `touched` find the same.
fn only_those_are_silent(
    plan: &Plan,
    (before, whole): &(BTreeSet<String>, Found),
    (after, spoilt): &(BTreeSet<String>, Found),
    touched: &[&str],
    silent: &dyn Fn(&Rule) -> bool,
) {
    let rules = &plan.book.rules;
    let expected: BTreeSet<String> = rules
        .iter()
        .filter(|rule| silent(rule))
        .map(|rule| rule.id.clone())
        .chain(before.iter().cloned())
        .collect();
    assert_eq!(*after, expected, "{touched:?}");
    let mut compared = 0;
    for rule in rules {
        let none = BTreeMap::new();
        let (a, b) = (whole.get(&rule.id).unwrap_or(&none), spoilt.get(&rule.id).unwrap_or(&none));
        if after.contains(&rule.id) {
            assert!(b.is_empty(), "{} did not run and finds something", rule.id);
        } else if !reads_any(rule, touched) {
            assert!(
                a.keys().eq(b.keys()),
                "{} reads nothing that is missing and finds something else",
                rule.id
            );
            assert!(a.values().zip(b.values()).all(|(x, y)| (x - y).abs() < DIGITS), "{}", rule.id);
            compared += a.len();
        } else {
            // Who reads it all the same may find less, and nothing new that is sure: a row that is gone is no evidence,
            // but of what a delivery lacks.
            let keys = |found: &BTreeMap<Vec<String>, f64>, sure: bool| -> BTreeSet<Vec<String>> {
                let rows = found.keys().filter(|row| !sure || row[9] == "false");
                rows.map(|row| row[2..7].to_vec()).collect()
            };
            let told = |row: &Vec<String>| row[1] == WHOLE_DELIVERY && touched.contains(&row[0].as_str());
            let (old, found) = (keys(a, false), keys(b, true));
            let new: Vec<&Vec<String>> = found.difference(&old).filter(|row| !told(row)).collect();
            assert!(new.is_empty(), "{} finds because something is missing: {} new", rule.id, new.len());
        }
    }
    assert!(compared > 20, "{compared} findings compared");
}

#[test]
fn what_did_not_come_silences_the_rules_that_depend_on_it_and_changes_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let first = County::lay_out(&place("first"));
    first.well(&["run", "pipelines/nightly.toml"]);
    let (plan, _) = compile(&first.folder.join("pipelines/nightly.toml")).unwrap();
    let whole = second_night(&first, &place("whole"), |_| ());
    let without_manifest =
        |input: &Path, agency: &str| fs::remove_file(input.join(agency).join("manifest.csv")).unwrap();

    // One town's file of the pupils.
    let town = second_night(&first, &place("town"), |input| {
        without_manifest(input, "education");
        fs::remove_file(input.join("education/学籍_合作镇_20261115.xlsx")).unwrap();
    });
    only_those_are_silent(&plan, &whole, &town, &["student_roll"], &|rule| needs_whole(rule, "student_roll"));
    // A pupil who left one school may be on the roll that did not come; whom the police hold is held all the same.
    let silent = ["d_hukou_no_roll", "d_left_before_finish", "d_g9_not_finished", "e_over18_school_ended"];
    assert!(silent.iter().all(|rule| town.0.contains(*rule)), "{:?}", town.0);
    assert!(
        !town.0.contains("d_name_there_child_not") && !town.0.contains("d_absent_streak"),
        "{:?}",
        town.0
    );

    // Last month's relief once more: who takes nothing else may live on it by now.
    let relief = second_night(&first, &place("relief"), |input| {
        without_manifest(input, "civil-affairs");
        let file = |day: &str| input.join(format!("civil-affairs/救助对象_{day}.xlsx"));
        fs::rename(file("20261118"), file("20261018")).unwrap();
    });
    only_those_are_silent(&plan, &whole, &relief, &["social_relief"], &|rule| {
        needs_whole(rule, "social_relief")
    });
    let silent = ["u_nursing_missing", "u_severe_disabled", "e_living_no_dibao", "u_poor_family"];
    assert!(silent.iter().all(|rule| relief.0.contains(*rule)), "{:?}", relief.0);
    assert!(!relief.0.contains("e_tk_disability_subsidy"), "{:?}", relief.0);

    // Last month's cards once more.
    let stale = second_night(&first, &place("stale"), |input| {
        without_manifest(input, "disability-federation");
        let file = |day: &str| input.join(format!("disability-federation/残疾人证_{day}.xlsx"));
        fs::rename(file("20261112"), file("20261012")).unwrap();
    });
    only_those_are_silent(&plan, &whole, &stale, &["disability_card"], &|rule| {
        needs_whole(rule, "disability_card")
    });
    assert!(
        stale.0.contains("u_severe_disabled") && !stale.0.contains("e_child_card_changed"),
        "{:?}",
        stale.0
    );

    // A whole agency.
    let absent = second_night(&first, &place("absent"), |input| {
        fs::remove_dir_all(input.join("disability-federation")).unwrap();
    });
    let touched = ["disability_card", "rehabilitation", "basic_survey"];
    let silent = |rule: &Rule| touched.iter().any(|extract| needs(rule, extract));
    only_those_are_silent(&plan, &whole, &absent, &touched, &silent);
    assert!(absent.0.contains("e_child_card_changed") && !absent.0.contains("e_dead_paid"), "{:?}", absent.0);
}

/// Identity of each mention of the last run.
fn persons(county: &County) -> BTreeMap<Vec<String>, String> {
    let rows = county.rows("mentions.parquet", &["extract", "row_key", "role", "identity_id"]);
    rows.into_iter().map(|row| (row[..3].to_vec(), row[3].clone())).collect()
}

#[test]
fn whom_missing_rows_held_together_stays_one_person_until_they_are_back() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    county.well(&["run", "pipelines/nightly.toml"]);
    let first = persons(&county);
    let register = county.folder.join("fixtures/demo/public-security");
    let aside = county.folder.join("aside");
    fs::rename(&register, &aside).unwrap();
    // Two nights: the second one starts from a night that had no police file either.
    for day in ["2026-11-21", "2026-11-22"] {
        county.well(&["run", "pipelines/nightly.toml", "--as-of", day]);
        let links = county.rows("links.parquet", &["pass", "grade"]);
        let remembered = links.iter().filter(|link| link[0] == "remembered").count();
        assert!(remembered > 20, "{day}: {remembered} links are remembered");
        let now = persons(&county);
        assert!(now.len() < first.len() && now.keys().all(|row| first.contains_key(row)));
        let mut parts: BTreeMap<&String, BTreeSet<&String>> = BTreeMap::new();
        for (row, person) in &now {
            parts.entry(&first[row]).or_default().insert(person);
        }
        let apart: Vec<_> = parts.into_iter().filter(|(_, parts)| parts.len() > 1).collect();
        assert!(apart.is_empty(), "{day}: came apart: {apart:?}");
        let kept = now.iter().filter(|(row, person)| first[*row] == **person).count();
        assert!(kept * 1000 > now.len() * 995, "{day}: {kept} of {} kept their person", now.len());
    }
    fs::rename(&aside, &register).unwrap();
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-23"]);
    assert!(persons(&county) == first, "the third night knows everybody by the first night's number");
    let links = county.rows("links.parquet", &["pass"]);
    assert!(links.iter().all(|link| link[0] != "remembered"), "what tonight's rows say needs no memory");
}

/// Rules of which something waits tonight, and cases first seen on a day, by rule.
fn waiting_and_new(county: &County, day: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    county.well(&["run", "pipelines/nightly.toml", "--as-of", day]);
    let manifest = county.manifest();
    let rules = manifest["rules"].as_array().unwrap().iter();
    let waiting = rules.filter(|rule| rule["waiting"].as_str().is_some_and(|told| told.contains("《")));
    let waiting = waiting.map(|rule| rule["rule"].as_str().unwrap().to_owned()).collect();
    let cases = county.json(&["case", "list", "--all", "--as-of", day]);
    let new = cases.as_array().unwrap().iter().filter(|case| case["first_seen"] == day);
    (waiting, new.map(|case| case["rule"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn nobody_is_asked_about_what_a_file_that_is_late_would_explain() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    county.well(&["run", "pipelines/nightly.toml"]);
    let prisons = county.folder.join("fixtures/demo/justice");
    let aside = county.folder.join("aside");
    fs::rename(&prisons, &aside).unwrap();
    // A mother whose guardianship was restored is in prison: without the file her child seems to need nobody.
    let (waiting, new) = waiting_and_new(&county, "2026-11-21");
    assert!(waiting.contains("e_guardian_restored"), "{waiting:?}");
    assert!(new.is_disjoint(&waiting), "{new:?}");
    // It came: nothing waits, and nobody was asked.
    fs::rename(&aside, &prisons).unwrap();
    let (none, back) = waiting_and_new(&county, "2026-11-22");
    assert!(none.is_empty() && back.is_disjoint(&waiting), "{none:?} {back:?}");
    // An office that has fallen silent holds nothing up for ever.
    fs::rename(&prisons, &aside).unwrap();
    let (still, _) = waiting_and_new(&county, "2026-11-25");
    assert_eq!(still, waiting);
    let (over, listed) = waiting_and_new(&county, "2026-11-26");
    assert!(over.is_empty() && listed.is_superset(&waiting), "{over:?} {listed:?}");
}
