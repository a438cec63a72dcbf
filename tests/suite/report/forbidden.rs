//! The matrix of the rule book as a table of its own: what a recipient must never get, whatever
//! `disclosure.csv` says, in every file it gets and in `report.html`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use doudi::domain::{Answer, Day, FindingDetail, GivenAnswer, Outcome, Phase, Silence};
use doudi::report::{Column, ColumnSource, Desk, DetailSpec};

use super::artifacts;
use super::demo::{Demo, as_of, docket};
use super::lists::{files, workbook_text};

/// Recipient → classes that must not reach it (rule book G: recipient column matrix; G17 cases of minors,
/// G18 HIV).
const FORBIDDEN: [(&str, &[&str]); 6] = [
    ("education", &["custody", "illness", "bank", "hiv", "case", "screening", "money"]),
    ("disability-federation", &["custody", "illness", "bank", "hiv", "case", "money", "screening"]),
    ("public-security", &["illness", "bank", "hiv", "money", "disability", "school", "contact", "screening"]),
    ("health", &["custody", "bank", "hiv", "money", "case", "school"]),
    ("town", &["custody", "illness", "bank", "hiv", "case", "money", "assessment"]),
    ("civil-affairs", &["bank", "hiv", "employment", "screening"]),
];

/// Classes of the matrix.
fn classes() -> Vec<String> {
    let matrix = include_str!("../../../schemas/tables/disclosure.csv");
    matrix.lines().next().unwrap().split(',').skip(1).map(str::to_owned).collect()
}

/// Every cell and heading of a Parquet file, and its metadata.
fn parquet_text(path: &Path, bytes: &[u8]) -> String {
    let batch = artifacts::read(path);
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        text.push_str(field.name());
        let column = cast(column, &DataType::Utf8).unwrap();
        let column = column.as_string::<i32>();
        (0..column.len()).filter(|&at| column.is_valid(at)).for_each(|at| text.push_str(column.value(at)));
    }
    text
}

/// A demo in which every class shows in a column, in the details, in the sentence and in the reason of an
/// answer.
fn demo() -> Demo {
    let mut demo = Demo::new(120);
    demo.docket = Some(docket(&classes(), 200));
    for rule in &mut demo.rules {
        // Every rule to everybody: what the columns hold is what is tested.
        let all =
            ["civil-affairs", "education", "disability-federation", "public-security", "health", "town"];
        rule.recipients = all.map(str::to_owned).to_vec();
        rule.discloses.clear();
    }
    for template in &mut demo.desk.templates {
        for class in classes() {
            template.column.push(Column {
                source: ColumnSource::Detail,
                title: format!("列<{class}>"),
                class: class.clone(),
                width: 10,
                detail: Some(format!("column_{class}")),
            });
            let spec = DetailSpec { title: format!("项<{class}>"), class: class.clone() };
            template.detail.insert(format!("detail_{class}"), spec);
            template.sentence.insert(format!("sentence_{class}"), class);
        }
    }
    let all = classes();
    for (at, case) in demo.cases.iter_mut().enumerate() {
        case.finding.reason.say("句中");
        for class in &all {
            case.finding.reason.tell(&format!("值<{class}>"), vec![format!("sentence_{class}")]);
            for kind in ["column", "detail"] {
                let value = format!("值<{class}>");
                case.finding.details.push(FindingDetail { name: format!("{kind}_{class}"), value });
            }
        }
        if case.phase == Phase::Sent {
            let class = all[at % all.len()].clone();
            case.phase = if at.is_multiple_of(2) { Phase::Disputed } else { Phase::Closed };
            case.answers.push(GivenAnswer {
                on: as_of(),
                answer: answer(&class),
                approved_by: String::new(),
                revoked: false,
            });
        }
    }
    demo
}

fn answer(class: &str) -> Answer {
    Answer {
        outcome: Some(Outcome::Refuted),
        code: "c".into(),
        reason: format!("值<{class}>"),
        same: None,
        fields: BTreeMap::from([("情况说明".to_owned(), "值<free text>".to_owned())]),
        officer: "值<officer>".into(),
        checked_on: None,
        approver: String::new(),
        silence: Silence::Fact,
        needs_approval: false,
        corrects: vec!["subject".into()],
        class: class.into(),
        pairs: Vec::new(),
    }
}

#[test]
fn what_the_rule_book_forbids_is_in_no_file_of_the_recipient_whatever_its_kind() {
    let demo = demo();
    let folder = tempfile::tempdir().unwrap();
    demo.publish(folder.path());
    let mut looked: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut shown = 0;
    for (name, bytes) in files(&folder.path().join("lists")) {
        let own = name.split('/').next().unwrap();
        let own = if own.starts_with("town-") { "town" } else { own };
        let path = folder.path().join("lists").join(&name);
        let extension = path.extension().unwrap().to_str().unwrap().to_owned();
        let text = match extension.as_str() {
            "xlsx" => workbook_text(&bytes).replace("&lt;", "<").replace("&gt;", ">"),
            "parquet" => parquet_text(&path, &bytes),
            _ => String::from_utf8(bytes).unwrap(),
        };
        shown += usize::from(text.contains("值<identity>"));
        for said in ["值<free text>", "值<officer>"] {
            assert!(!text.contains(said), "{name} holds what an officer wrote");
        }
        for (recipient, forbidden) in FORBIDDEN.iter().filter(|(recipient, _)| *recipient == own) {
            let kind = ["xlsx", "csv", "parquet"].into_iter().find(|kind| *kind == extension).unwrap();
            *looked.entry((recipient, kind)).or_default() += 1;
            for class in *forbidden {
                for word in ["值", "列", "项"] {
                    assert!(!text.contains(&format!("{word}<{class}>")), "{name}: {word} of class {class}");
                }
            }
        }
    }
    // Each recipient has been looked at in each kind of file, and what is granted does show.
    assert_eq!(looked.len(), FORBIDDEN.len() * 3, "{looked:?}");
    assert!(looked.values().all(|count| *count >= 3) && shown > 30, "{looked:?} {shown}");
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    for class in classes() {
        for word in ["值", "列", "项"] {
            let escaped = format!("{word}&lt;{class}&gt;");
            assert!(!page.contains(&escaped) && !page.contains(&format!("{word}<{class}>")), "{class}");
        }
    }
}

#[test]
fn owners_get_their_wrong_rows_back_without_what_they_may_not_know() {
    let demo = demo();
    let folder = tempfile::tempdir().unwrap();
    demo.publish(folder.path());
    let path = folder.path().join("lists/civil-affairs/纠错回传_2026-11-20.csv");
    let text = fs::read_to_string(path).unwrap();
    let closed = demo
        .cases
        .iter()
        .filter(|case| case.phase == Phase::Closed && case.finding.subject_extract == "child_roster");
    assert_eq!(text.lines().count(), closed.count() + 1);
    assert!(text.contains("值<identity>") && text.contains("经核查数据需更正"), "{text}");
    assert!(!text.contains("值<hiv>") && !text.contains("值<bank>"));
    assert!(text.contains("child_roster_20261118.csv,,17,"), "the place of the row: {text}");
    let police =
        fs::read_to_string(folder.path().join("lists/public-security/纠错回传_2026-11-20.csv")).unwrap();
    assert!(!police.contains("child_roster") && police.contains("population_20261118.csv"));
    assert!(!folder.path().join("lists/education/纠错回传_2026-11-20.csv").exists());
}

/// What each recipient may see of a child in full when the matrix grants everybody everything: what `protected.csv`
/// grants it by name.
fn of_children(recipient: &str, class: &str) -> bool {
    let table = include_str!("../../../schemas/tables/protected.csv");
    let line = table.lines().find(|line| line.split(',').next() == Some(class)).unwrap();
    line.split(',').nth(2).unwrap().split('|').any(|granted| granted == recipient || granted == "*")
}

#[test]
fn below_14_a_value_reaches_only_whom_the_table_names_whatever_the_matrix_grants_and_from_14_on_the_matrix_holds()
 {
    let folder = tempfile::tempdir().unwrap();
    let matrix = include_str!("../../../schemas/tables/disclosure.csv");
    let (head, rows) = matrix.split_once('\n').unwrap();
    let rows = rows.replace(",masked", ",full").replace(",no", ",full");
    fs::write(folder.path().join("disclosure.csv"), format!("{head}\n{rows}")).unwrap();
    let approved = FORBIDDEN.map(|(id, _)| format!("{id},id_number,周某,2026-01-01,2031-12-31,\n")).concat();
    let approvals = include_str!("../../../schemas/tables/full_approvals.csv");
    fs::write(folder.path().join("full_approvals.csv"), format!("{approvals}{approved}")).unwrap();
    let granting = Desk::load(None, Some(folder.path())).unwrap();
    // Everybody in the demo is born on 2014-03-05, some by the row to compare with a little later.
    for (day, of_age) in [("2028-03-04", false), ("2030-01-01", true)] {
        let mut demo = demo();
        demo.day = Day::parse_iso(day).unwrap();
        demo.desk.disclosure = granting.on(demo.day).0.disclosure;
        let out = tempfile::tempdir().unwrap();
        demo.publish(out.path());
        let mut seen: BTreeMap<&str, String> = BTreeMap::new();
        for (name, bytes) in files(&out.path().join("lists")) {
            let own = name.split('/').next().unwrap();
            let own = if own.starts_with("town-") { "town" } else { own };
            let Some((recipient, _)) = FORBIDDEN.iter().find(|(recipient, _)| *recipient == own) else {
                continue;
            };
            let path = out.path().join("lists").join(&name);
            let text = match path.extension().unwrap().to_str().unwrap() {
                "xlsx" => workbook_text(&bytes).replace("&lt;", "<").replace("&gt;", ">"),
                "parquet" => parquet_text(&path, &bytes),
                _ => String::from_utf8(bytes).unwrap(),
            };
            seen.entry(recipient).or_default().push_str(&text);
        }
        assert_eq!(seen.len(), FORBIDDEN.len());
        for (recipient, text) in seen {
            for class in classes() {
                let expected = of_age || of_children(recipient, &class);
                assert_eq!(text.contains(&format!("值<{class}>")), expected, "{recipient} {class} {day}");
            }
            // Numbers of the demo begin with 990101.
            let masked = text.contains("990101********");
            assert_eq!(masked, !of_age, "{recipient} {day}");
        }
    }
}
