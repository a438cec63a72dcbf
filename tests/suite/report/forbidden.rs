//! The matrix of the rule book as a table of its own: what a recipient must never get, whatever
//! `disclosure.csv` says, in every file it gets and in `report.html`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use doudi::domain::{
    Answer, Day, Entitlement, FindingDetail, GivenAnswer, Grade, IdentityId, KeptRows, Outcome, Phase,
    PolicyMatch, Silence,
};
use doudi::report::{
    Column, ColumnSource, Desk, DetailSpec, DocketTemplate, ListTemplate, NoticeInput, PolicyFacts, Show,
    draft_notice,
};

use super::artifacts;
use super::demo::{AGENCIES, Demo, as_of, docket, open_all_lists, who};
use super::lists::{cells, ends, files, workbook_text};

/// Recipient → classes that must not reach it (rule book G: recipient column matrix; G17 cases of minors,
/// G18 HIV). Who is not in the rule book's matrix gets who somebody is and the question, as the police do.
const FORBIDDEN: [(&str, &[&str]); 14] = [
    ("education", &["custody", "illness", "bank", "hiv", "case", "screening", "money"]),
    ("disability-federation", &["custody", "illness", "bank", "hiv", "case", "money", "screening"]),
    ("public-security", &QUESTION_ONLY),
    ("justice", &QUESTION_ONLY),
    ("court", &QUESTION_ONLY),
    ("health", &["custody", "bank", "hiv", "money", "case", "school"]),
    ("medical-insurance", &QUESTION_ONLY),
    ("human-resources", &QUESTION_ONLY),
    ("emergency", &QUESTION_ONLY),
    ("women-federation", &QUESTION_ONLY),
    ("town", &["custody", "illness", "bank", "hiv", "case", "money", "assessment"]),
    ("civil-affairs", &["bank", "hiv", "employment", "screening"]),
    // The section for relief needs who is in custody (a household's head count), not why a child is looked after.
    (
        "civil-affairs-relief",
        &["bank", "hiv", "employment", "screening", "assessment", "illness", "case", "staff"],
    ),
    // Reads a notice.
    (
        "family",
        &[
            "custody",
            "illness",
            "bank",
            "hiv",
            "case",
            "contact",
            "relative",
            "school",
            "assessment",
            "screening",
        ],
    ),
];
const QUESTION_ONLY: [&str; 16] = [
    "address",
    "contact",
    "relative",
    "school",
    "watch_group",
    "money",
    "disability",
    "assessment",
    "custody",
    "illness",
    "screening",
    "employment",
    "staff",
    "case",
    "bank",
    "hiv",
];

/// Classes of the matrix.
pub(super) fn classes() -> Vec<String> {
    let matrix = include_str!("../../../schemas/tables/disclosure.csv");
    let columns = matrix.lines().next().unwrap().split(',').skip(1);
    columns.filter(|column| !column.starts_with("valid_")).map(str::to_owned).collect()
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
    demo.docket = Some(with_real_columns(docket(&classes(), 200)));
    for rule in &mut demo.rules {
        // Every rule to everybody: what the columns hold is what is tested.
        rule.recipients = AGENCIES.into_iter().chain(["town"]).map(str::to_owned).collect();
        rule.discloses.clear();
        // One list has the sheets of 一童一策.
        if rule.id == "q_visit" {
            rule.list = "uncovered".into();
        }
    }
    for template in &mut demo.desk.templates {
        for class in classes() {
            template.column.push(Column {
                source: ColumnSource::Detail,
                title: format!("列<{class}>"),
                class: class.clone(),
                width: 10,
                detail: Some(format!("column_{class}")),
                names: Vec::new(),
                sum: false,
            });
            let spec = DetailSpec { title: format!("项<{class}>"), class: class.clone() };
            template.detail.insert(format!("detail_{class}"), spec);
            template.sentence.insert(format!("sentence_{class}"), class);
        }
    }
    let all = classes();
    let policy = |class: &String| PolicyFacts {
        id: format!("p_{class}"),
        title: format!("列<{class}>"),
        class: class.clone(),
        basis: Vec::new(),
    };
    // What the department of civil affairs may see, and nobody else may see all of.
    let seen = all.iter().filter(|class| demo.desk.disclosure.show("civil-affairs", class) == Show::Full);
    demo.policies = seen.map(policy).collect();
    demo.matches = demo.policies.iter().map(|policy| missed(&policy.id)).collect();
    for (at, case) in demo.cases.iter_mut().enumerate() {
        // The columns and details that the templates really have, each with a value of its class.
        let rule = demo.rules.iter().find(|rule| rule.id == case.finding.rule).unwrap();
        let template = demo.desk.template(&rule.list).unwrap();
        let values = real(template).map(|(name, class)| (name, format!("实<{class}>")));
        let values = values.map(|(name, value)| FindingDetail { name, value });
        case.finding.details.retain(|detail| template.class_of(&detail.name).is_none());
        case.finding.details.extend(values);
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

/// The ledger with the columns of the one that is shipped, each with values of its class.
fn with_real_columns((mut template, kept): (DocketTemplate, KeptRows)) -> (DocketTemplate, KeptRows) {
    let text = include_str!("../../../pipelines/dockets/school_age.toml");
    let shipped: DocketTemplate = toml::from_str(text).unwrap();
    let rows = kept.rows.unwrap();
    let schema = rows.schema();
    let names = schema.fields().iter().map(|field| field.name().clone());
    let mut columns: Vec<(String, ArrayRef)> = names.zip(rows.columns().iter().cloned()).collect();
    for column in shipped.column {
        let values = vec![format!("实<{}>", column.class); rows.num_rows()];
        columns.push((column.name.clone(), Arc::new(StringArray::from(values))));
        template.column.push(column);
    }
    template.tally_by = shipped.tally_by;
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    (template, KeptRows { rows: Ok(rows), ..kept })
}

/// Values of rules that a template shows, with their classes; not those that the tests put in.
fn real(template: &ListTemplate) -> impl Iterator<Item = (String, String)> {
    let details = template.detail.iter().map(|(name, spec)| (name.clone(), spec.class.clone()));
    let named = template.column.iter().flat_map(|column| {
        column.names.iter().chain(&column.detail).map(|name| (name.clone(), column.class.clone()))
    });
    let mut all: Vec<(String, String)> = details.chain(named).collect();
    all.retain(|(name, _)| !name.starts_with("column_") && !name.starts_with("detail_"));
    all.sort();
    all.dedup();
    all.into_iter()
}

/// A policy that the first child misses.
fn missed(policy: &str) -> PolicyMatch {
    PolicyMatch {
        policy: policy.to_owned(),
        identity: IdentityId(0),
        subject: ("child_roster".into(), "row0".into(), "child".into()),
        entitlement: Entitlement::Missed,
        enjoys: Some(false),
        because: vec![format!("值<{policy}>")],
        doubt: String::new(),
        finding: String::new(),
        unlisted: String::new(),
        grade: Grade::A,
        evidence: Vec::new(),
    }
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
        let held_back = name.contains("未入库数据");
        for (recipient, forbidden) in FORBIDDEN.iter().filter(|(recipient, _)| *recipient == own) {
            let kind = ["xlsx", "csv", "parquet"].into_iter().find(|kind| *kind == extension).unwrap();
            *looked.entry((recipient, kind)).or_default() += 1;
            for class in *forbidden {
                for word in ["值", "列", "项", "实"] {
                    assert!(!text.contains(&format!("{word}<{class}>")), "{name}: {word} of class {class}");
                }
                assert!(!text.contains(&format!("值<p_{class}>")), "{name}: a policy of class {class}");
                // A file of rows held back goes to who delivered them, and bears the name of the delivery.
                for word in words_of(class).filter(|_| !held_back) {
                    assert!(!name.contains(&word), "{name} is named after the class {class}");
                }
            }
            if extension == "xlsx" {
                headings(&demo, &path, recipient, forbidden);
            }
        }
    }
    // Each recipient of lists has been looked at in each kind of file, and what is granted does show.
    assert_eq!(looked.len(), (FORBIDDEN.len() - 1) * 3, "{looked:?}");
    assert!(looked.values().all(|count| *count >= 3) && shown > 30, "{looked:?} {shown}");
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    for class in classes() {
        for word in ["值", "列", "项"] {
            let escaped = format!("{word}&lt;{class}&gt;");
            assert!(!page.contains(&escaped) && !page.contains(&format!("{word}<{class}>")), "{class}");
        }
    }
}

/// Words that give a class away.
fn words_of(class: &str) -> impl Iterator<Item = String> {
    let table = include_str!("../../../schemas/tables/redactions.csv");
    let rows = table.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    rows.filter(move |row| row[0] == class).map(|row| row[1].clone())
}

/// No sheet has a heading that a template or a ledger has for a forbidden class alone.
fn headings(demo: &Demo, path: &Path, recipient: &str, forbidden: &[&str]) {
    let ledger = &demo.docket.as_ref().unwrap().0;
    let mut classes_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let of_lists = demo.desk.templates.iter().flat_map(|template| &template.column);
    let of_lists = of_lists.map(|column| (column.title.as_str(), column.class.as_str()));
    for (title, class) in of_lists.chain(ledger.column.iter().map(|c| (c.title.as_str(), c.class.as_str()))) {
        classes_of.entry(title).or_default().insert(class);
    }
    for (sheet, rows) in cells(path) {
        for heading in rows.get(2).into_iter().flatten() {
            let classes = classes_of.get(heading.as_str());
            let hidden = classes.is_some_and(|all| all.iter().all(|class| forbidden.contains(class)));
            assert!(!hidden, "{recipient}: {sheet} has the heading {heading}");
        }
    }
}

#[test]
fn every_recipient_of_the_matrix_is_in_the_table_above() {
    let matrix = include_str!("../../../schemas/tables/disclosure.csv");
    let mut rows: Vec<&str> = matrix.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    let mut known: Vec<&str> = FORBIDDEN.iter().map(|(recipient, _)| *recipient).collect();
    rows.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, rows);
    let all = classes();
    for class in FORBIDDEN.iter().flat_map(|(_, classes)| *classes) {
        assert!(all.iter().any(|known| known == class), "{class} is no class any more");
    }
}

#[test]
fn policies_are_seen_by_who_may_see_all_of_them() {
    let demo = demo();
    let folder = tempfile::tempdir().unwrap();
    demo.publish(folder.path());
    let mut with = BTreeSet::new();
    for (name, bytes) in files(&folder.path().join("lists")) {
        if ends(&name, "xlsx") && workbook_text(&bytes).contains("一童一策") {
            with.insert(name.split('/').next().unwrap().to_owned());
        }
    }
    assert_eq!(with, BTreeSet::from(["civil-affairs".to_owned()]));
}

#[test]
fn a_notice_to_the_family_holds_nothing_that_it_may_not_know() {
    let demo = demo();
    let (_, forbidden) = FORBIDDEN.iter().find(|(recipient, _)| *recipient == "family").unwrap();
    let case = demo.cases.iter().find(|case| case.finding.rule == "e_dead").unwrap();
    let rule = demo.rules.iter().find(|rule| rule.id == "e_dead").unwrap();
    let mut answer = answer("plain");
    answer.outcome = Some(Outcome::Confirmed);
    answer.fields.insert("处理意见".into(), "停发".into());
    let input = NoticeInput {
        desk: &demo.desk,
        clue: &case.number,
        rule,
        finding: &case.finding,
        answer: &answer,
        person: &who(case.finding.identity),
        as_of: as_of(),
        basis: &[],
    };
    let draft = draft_notice(&input).unwrap();
    let text = workbook_text(&draft.bytes).replace("&lt;", "<").replace("&gt;", ">");
    for class in *forbidden {
        for word in ["值", "列", "项", "实"] {
            assert!(!text.contains(&format!("{word}<{class}>")), "{word} of class {class}");
        }
        for word in words_of(class) {
            assert!(!draft.file.contains(&word), "{} is named after the class {class}", draft.file);
        }
    }
    for said in ["值<free text>", "值<officer>"] {
        assert!(!text.contains(said), "the notice holds what an officer wrote");
    }
    assert!(
        text.contains("实<money>") && text.contains("实<identity>"),
        "what it may know does show: {text}"
    );
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
    open_all_lists(folder.path());
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
        assert_eq!(seen.len(), FORBIDDEN.len() - 1, "all but the family, which gets no lists");
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
