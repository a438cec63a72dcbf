//! Progress of the work: what is found, verified and settled in which period.

use std::collections::BTreeMap;

use doudi::domain::{Answer, Case, CaseStatus, Day, GivenAnswer, Outcome, Phase, Settlement, Silence};

use super::demo::{Demo, as_of};
use super::lists::cells;

pub(super) fn answered(on: Day, outcome: Outcome) -> GivenAnswer {
    let answer = Answer {
        outcome: Some(outcome),
        code: String::new(),
        reason: String::new(),
        same: None,
        fields: BTreeMap::new(),
        officer: "甲".into(),
        checked_on: None,
        approver: String::new(),
        silence: Silence::Fact,
        needs_approval: false,
        corrects: Vec::new(),
        class: "plain".into(),
        pairs: Vec::new(),
    };
    GivenAnswer { on, answer, approved_by: String::new(), revoked: false }
}

#[test]
fn the_year_counts_what_no_list_speaks_of_any_more() {
    let mut demo = Demo::new(60);
    let day = |text: &str| Day::parse_iso(text).unwrap();
    let model: Case = demo
        .cases
        .iter()
        .find(|case| case.finding.rule == "d_no_roll" && !case.finding.annex)
        .unwrap()
        .clone();
    let past = |first_seen: &str, phase, answers: Vec<GivenAnswer>, settled: (&str, Settlement)| Case {
        status: CaseStatus::Withdrawn,
        first_seen: day(first_seen),
        phase,
        answers,
        settled: Some((day(settled.0), settled.1)),
        ..model.clone()
    };
    let without = figures(&demo);
    demo.past = vec![
        // Found in September, confirmed in October, back at school in November.
        past(
            "2026-09-10",
            Phase::Closed,
            vec![answered(day("2026-10-08"), Outcome::Confirmed)],
            ("2026-11-03", Settlement::Resolved),
        ),
        // Found before the school year, explained in it.
        past(
            "2026-06-10",
            Phase::Suspended,
            vec![answered(day("2026-09-08"), Outcome::Refuted)],
            ("2026-09-08", Settlement::Explained),
        ),
        // Of another school year altogether.
        past("2026-03-10", Phase::Withdrawn, Vec::new(), ("2026-08-31", Settlement::Withdrawn)),
    ];
    let with = figures(&demo);
    let more: Vec<(String, i64)> = with
        .iter()
        .map(|(title, figure)| (title.clone(), figure - without[title]))
        .filter(|(_, n)| *n != 0)
        .collect();
    let expected = [
        ("本季度属实", 1),
        ("本季度核实", 1),
        ("本季度销号", 1),
        ("本学年发现", 1),
        ("本学年属实", 1),
        ("本学年核实", 2),
        ("本学年销号", 2),
        ("本学期发现", 1),
        ("本学期属实", 1),
        ("本学期核实", 2),
        ("本学期销号", 2),
        ("本月销号", 1),
    ];
    assert_eq!(more, expected.map(|(title, n)| (title.to_owned(), n)));
    assert!(without["在办"] > 0 && without["其中逾期"] > 0, "{without:?}");
}

/// The line 合计 of the sheet 处置进度 in the workbook of the dropout list.
fn figures(demo: &Demo) -> BTreeMap<String, i64> {
    let folder = tempfile::tempdir().unwrap();
    demo.publish(folder.path());
    let path = format!("lists/education/控辍保学疑似清单_{}.xlsx", as_of().iso());
    let book = cells(&folder.path().join(path));
    let sheet = &book["处置进度"];
    let sum = sheet.iter().find(|row| row[1] == "合计").unwrap();
    let towns: Vec<&Vec<String>> =
        sheet[3..].iter().filter(|row| row[1] != "合计" && !row[1].is_empty()).collect();
    let mut figures = BTreeMap::new();
    for at in 2..sum.len() {
        let figure: i64 = sum[at].parse().unwrap();
        let of_towns: i64 = towns.iter().map(|row| row[at].parse::<i64>().unwrap()).sum();
        assert_eq!(figure, of_towns, "{}", sheet[2][at]);
        figures.insert(sheet[2][at].clone(), figure);
    }
    figures
}
