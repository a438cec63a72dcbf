//! The rule book: every shipped rule stands in it, every other one says what it lacks, and the page that is
//! committed is the one the rules give.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use doudi::handbook::{Standing, all_rules, page};
use doudi::spec::{Plan, compile};
use doudi::tables::Priority;

use crate::county::NIGHT;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn plan() -> Plan {
    let (plan, _) = compile(&root().join("pipelines/nightly.toml")).unwrap();
    plan
}

#[test]
fn every_shipped_rule_is_in_the_book_and_every_other_one_says_what_it_lacks() {
    let plan = plan();
    let book = &plan.tables.rule_book;
    let spot_checks = book.entries.iter().filter(|entry| entry.priority == Priority::SpotCheck).count();
    assert_eq!((book.entries.len() - spot_checks, spot_checks), (115, 6));
    let mut problems = Vec::new();
    for rule in &plan.rule_files {
        if book.entry(rule).is_none() {
            problems.push(format!("{rule}: written and not in schemas/tables/rule_book.csv"));
        }
    }
    for rule in &plan.book.rules {
        let list = |list: &str| plan.desk.template(list).map(|template| template.list.clone());
        let told = book.entry(&rule.id).map(|entry| list(&entry.list));
        if told != Some(list(&rule.header.list)) {
            problems.push(format!("{}: the book names another list", rule.id));
        }
        if rule.header.condition.is_empty() {
            problems.push(format!("{}: its head has no `condition`", rule.id));
        }
    }
    for row in all_rules(&plan) {
        let entry = book.entry(&row.rule).unwrap();
        match &row.standing {
            Standing::Runs | Standing::NotInPipeline if !entry.needs.is_empty() => {
                problems.push(format!("{}: written, and the book says that data are missing", row.rule));
            }
            Standing::Unwritten(reads) if reads.is_empty() => {
                problems
                    .push(format!("{}: neither written nor does the book say what it would read", row.rule));
            }
            _ => {}
        }
        if let Some(unknown) = entry.reads.iter().find(|extract| !plan.contracts.contains_key(*extract)) {
            problems.push(format!("{}: `{unknown}` is no extract", row.rule));
        }
        if plan.desk.template(&entry.list).is_none() {
            problems.push(format!("{}: `{}` is no list", row.rule, entry.list));
        }
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn the_committed_page_is_the_one_that_the_rules_give() {
    let plan = plan();
    let made = page(&plan).unwrap();
    let committed = fs::read_to_string(root().join("docs/rules.html")).unwrap();
    assert!(made == committed, "docs/rules.html is not up to date: run `doudi rules doc`");
    for rule in &plan.book.rules {
        assert!(made.contains(&format!("<section id=\"{}\">", rule.id)), "{}", rule.id);
    }
    for table in plan.tables.decisions.keys() {
        assert!(made.contains(&format!("<section id=\"{table}\">")), "{table}");
        assert!(plan.tables.decision_titles.contains_key(table), "{table} has no title");
    }
    // One file that needs no network.
    for outside in ["http://", "https://", "<script", "<link"] {
        assert!(!made.contains(outside), "{outside}");
    }
}

#[test]
fn what_nobody_has_confirmed_is_marked_in_parameters_and_decision_tables() {
    let made = page(&plan()).unwrap();
    let part = |from: &str, until: &str| {
        let rest = made.split(from).nth(1).unwrap_or_else(|| panic!("{from}"));
        rest.split(until).next().unwrap().to_owned()
    };
    // Every value that is not sourced is on the page twice: with its rule or view, and in the summary.
    let summary = part("待客户确认的参数（", "</section>");
    let count: usize = summary.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(summary.matches("<span class=\"tag bad\">").count(), count);
    assert!(summary.contains("设计取值，待客户确认") && summary.contains("bad\">待客户确认"), "{summary}");
    // The rows of a decision table, as its file has them.
    let table = part("<section id=\"stop_month\">", "</section>");
    let file = fs::read_to_string(root().join("schemas/tables/decisions/stop_month.csv")).unwrap();
    for line in file.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let shown = format!("<td>{}</td>", cells[..cells.len() - 1].join("</td><td>"));
        assert!(table.contains(&shown), "{line}: {table}");
    }
    assert_eq!(table.matches("bad\">待客户确认</span>").count(), file.matches(",to_confirm").count());
    let absence = part("<section id=\"absence_thresholds\">", "</section>");
    assert!(
        absence.contains("设计取值，待客户确认") && absence.contains("<th>有效期起</th><th>有效期止</th>")
    );
}

#[test]
fn the_page_is_checked_and_the_whole_book_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.html");
    let out = file.to_str().unwrap();
    let (code, said) = NIGHT.refused(&["rules", "doc", "--out", out, "--check"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("not up to date"), "{said}");
    NIGHT.well(&["rules", "doc", "--out", out]);
    NIGHT.well(&["rules", "doc", "--out", out, "--check"]);

    let listed = NIGHT.json(&["list", "rules", "pipelines/nightly.toml", "--all"]);
    let listed = listed.as_array().unwrap();
    // Those agreed on and the spot checks.
    assert_eq!(listed.len(), 121);
    let words: BTreeSet<&str> = listed.iter().map(|row| row["standing"].as_str().unwrap()).collect();
    assert!(words.contains("runs") && words.contains("lacks_data"), "{words:?}");
    let row = |rule: &str| listed.iter().find(|row| row["rule"] == rule).unwrap();
    assert_eq!(row("e_dead_paid")["standing"], "runs");
    assert!(row("e_abroad_long")["words"].as_str().unwrap().contains("出入境记录"));
    let (code, said) = NIGHT.refused(&["list", "tables", "--all"]);
    assert_eq!(code, 2, "{said}");
}
