//! 一童一策 on the demo county: the gap rules and the table of policies say the same, and people see it.

use std::collections::{BTreeMap, BTreeSet};

use calamine::{Data, Reader, Xlsx, open_workbook};
use doudi::spec::compile;

use crate::county::NIGHT;

/// A row of `policy_match.parquet`.
struct Row {
    identity: String,
    policy: String,
    entitlement: String,
    doubt: String,
    finding: String,
    unlisted: String,
    words: String,
}

fn rows() -> Vec<Row> {
    let columns = ["identity_id", "policy", "entitlement", "doubt", "finding_rule", "unlisted", "words"];
    let row = |cells: Vec<String>| {
        let [identity, policy, entitlement, doubt, finding, unlisted, words] = cells.try_into().unwrap();
        Row { identity, policy, entitlement, doubt, finding, unlisted, words }
    };
    NIGHT.rows("policy_match.parquet", &columns).into_iter().map(row).collect()
}

#[test]
fn gap_rules_and_policies_never_disagree() {
    let (plan, _) = compile(&NIGHT.folder.join("pipelines/nightly.toml")).unwrap();
    let rows = rows();
    let by_child: BTreeMap<(&str, &str), &Row> =
        rows.iter().map(|row| ((row.policy.as_str(), row.identity.as_str()), row)).collect();
    let children: BTreeSet<&str> = rows.iter().map(|row| row.identity.as_str()).collect();
    let findings = NIGHT.rows("findings.parquet", &["rule", "identity_id", "annex"]);
    let (mut missed, mut named) = (0, 0);
    for policy in &plan.book.policies {
        let gap = |rule: &str| policy.header.gap_rules.iter().any(|found| found == rule);
        let mut sure: BTreeSet<&str> = BTreeSet::new();
        let mut listed: BTreeSet<&str> = BTreeSet::new();
        for finding in
            findings.iter().filter(|finding| gap(&finding[0]) && children.contains(finding[1].as_str()))
        {
            let row = by_child[&(policy.id.as_str(), finding[1].as_str())];
            assert_eq!(row.entitlement, "missed", "{} lists {}: {}", finding[0], finding[1], row.words);
            assert!(gap(&row.finding), "{}", row.finding);
            listed.insert(&finding[1]);
            if finding[2] == "false" {
                sure.insert(&finding[1]);
            }
        }
        for row in rows.iter().filter(|row| row.policy == policy.id && row.entitlement == "missed") {
            missed += 1;
            named += usize::from(!row.unlisted.is_empty());
            // On a list, or the reason why not is named, or a doubt keeps it off.
            let found = listed.contains(row.identity.as_str());
            assert_eq!(found, !row.finding.is_empty(), "{} {}", row.policy, row.identity);
            let told = !row.unlisted.is_empty() || !row.doubt.is_empty();
            assert!(found || told, "{} {} is missed and on no list: {}", row.policy, row.identity, row.words);
            if row.doubt.is_empty() && row.unlisted.is_empty() {
                assert!(sure.contains(row.identity.as_str()), "{} {}", row.policy, row.identity);
            }
        }
    }
    assert!(missed > 20 && named > 0, "{missed} missed, {named} with a reason");
}

#[test]
fn every_child_of_the_roll_is_judged_by_every_policy() {
    let (plan, _) = compile(&NIGHT.folder.join("pipelines/nightly.toml")).unwrap();
    let rows = rows();
    let policies = plan.book.policies.len();
    assert_eq!(policies, 12);
    let mut per_child: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in &rows {
        assert!(per_child.entry(&row.identity).or_default().insert(&row.policy), "{} twice", row.policy);
    }
    assert!(per_child.values().all(|judged| judged.len() == policies));
    let roster = NIGHT.rows("mentions.parquet", &["extract", "role", "row_key", "identity_id"]);
    let on_roll: BTreeSet<String> = {
        let listed = NIGHT.rows("records/child_roster.parquet", &["row_key", "status"]);
        listed.into_iter().filter(|row| row[1] == "登记在册").map(|row| row[0].clone()).collect()
    };
    let children =
        roster.iter().filter(|m| m[0] == "child_roster" && m[1] == "child" && on_roll.contains(&m[2]));
    let mut seen = 0;
    for child in children {
        assert!(per_child.contains_key(child[3].as_str()), "{} is not judged", child[2]);
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
    let verdicts: BTreeSet<&str> = rows.iter().map(|row| row.entitlement.as_str()).collect();
    assert_eq!(
        verdicts.into_iter().collect::<Vec<_>>(),
        ["enjoyed", "excluded", "missed", "unknown", "unmet"]
    );
}

/// The sheets of a workbook.
fn sheets(recipient: &str, book: &str) -> Xlsx<std::io::BufReader<std::fs::File>> {
    let path = NIGHT.folder.join("out/latest/lists").join(recipient).join(format!("{book}_2026-11-20.xlsx"));
    open_workbook(path).unwrap()
}

#[test]
fn the_sheets_stand_in_the_workbook_of_whom_the_disclosure_table_lets_see_all_and_nowhere_else() {
    let mut book = sheets("civil-affairs", "疑似保障对象清单");
    let children: BTreeSet<String> = rows().into_iter().map(|row| row.identity).collect();
    let range = book.worksheet_range("一童一策").unwrap();
    let titles: Vec<String> = range.rows().nth(2).unwrap().iter().map(Data::to_string).collect();
    assert_eq!(titles.len(), 7 + 12, "{titles:?}");
    assert_eq!(range.height(), 3 + children.len());
    let missed = range.rows().skip(3).flatten().filter(|cell| *cell == "应享未享").count();
    let expected = rows().iter().filter(|row| row.entitlement == "missed").count();
    assert_eq!(missed, expected);
    let reasons = book.worksheet_range("一童一策-说明").unwrap();
    let told = reasons.rows().skip(3).filter(|row| row[6] == "应享未享").count();
    assert_eq!(told, expected);
    assert!(reasons.rows().skip(3).all(|row| !row[9].to_string().is_empty()), "every verdict has its basis");
    for other in ["disability-federation", "education"] {
        let names = sheets(other, "疑似保障对象清单").sheet_names();
        assert!(!names.iter().any(|name| name.contains("一童一策")), "{other}: {names:?}");
    }
}

#[test]
fn a_case_of_a_child_tells_its_policies() {
    let cases = NIGHT.rows("cases.parquet", &["case_number", "rule"]);
    let number = &cases.iter().find(|case| case[1] == "u_orphan").unwrap()[0];
    let report = NIGHT.json(&["explain", "case", number]);
    let told = report["policies"].as_array().unwrap();
    assert_eq!(told.len(), 12);
    assert_eq!(told[0]["policy"], "orphan");
    assert_eq!(told[0]["entitlement"], "missed");
    assert_eq!(told[0]["finding"], "u_orphan");
    assert!(!told[0]["basis"].as_array().unwrap().is_empty());
    let text = NIGHT.well(&["explain", "case", number]);
    assert!(text.contains("一童一策") && text.contains("应享未享"), "{text}");
    let shown = NIGHT.json(&["case", "show", number]);
    assert_eq!(shown["policies"], report["policies"]);
}
