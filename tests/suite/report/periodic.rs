//! The reports of month, quarter, term and school year: what was found, verified, is back at school.

use std::collections::BTreeMap;

use doudi::domain::{Case, CaseStatus, Day, IdentityId, Outcome, Phase, Settlement};

use super::demo::{Demo, docket, with_column};
use super::lists::cells;
use super::progress::answered;

fn day(text: &str) -> Day {
    Day::parse_iso(text).unwrap()
}

/// Confirmed dropouts whose cases are over since these days; the ledger shows all children of even number at school.
fn demo() -> Demo {
    let mut demo = Demo::new(0);
    let mut model: Case = Demo::new(11).cases[0].clone();
    model
        .finding
        .details
        .push(doudi::domain::FindingDetail { name: "school".into(), value: "甲小学".into() });
    let over = |at: i64, on: &str| {
        let mut case = Case {
            status: CaseStatus::Withdrawn,
            first_seen: day("2026-09-10"),
            phase: Phase::Closed,
            answers: vec![answered(day("2026-10-08"), Outcome::Confirmed)],
            settled: Some((day(on), Settlement::Resolved)),
            ..model.clone()
        };
        case.finding.identity = IdentityId(at);
        case.number = format!("D{at}");
        case
    };
    demo.past =
        vec![over(0, "2026-11-03"), over(1, "2026-11-04"), over(2, "2026-10-20"), over(4, "2026-06-01")];
    demo.past[3].first_seen = day("2026-03-10");
    demo.past[3].answers = vec![answered(day("2026-03-20"), Outcome::Confirmed)];
    let mut open = Case { first_seen: day("2026-10-30"), listed_on: day("2026-10-30"), ..model };
    open.finding.identity = IdentityId(6);
    demo.cases = vec![open];
    let standing = |at: i64| if at % 2 == 0 { "本市在读" } else { "已迁出等" };
    demo.docket = Some(with_column(docket(&["plain".to_owned()], 10), ("standing", "school"), standing));
    demo
}

/// The figures of a sheet's line that are not zero, by heading.
fn line(book: &BTreeMap<String, Vec<Vec<String>>>, sheet: &str, word: &str) -> BTreeMap<String, String> {
    let rows = book.get(sheet).unwrap_or_else(|| panic!("no {sheet} in {:?}", book.keys()));
    let row = rows.iter().find(|row| row[0] == word).unwrap_or_else(|| panic!("no {word} in {rows:?}"));
    let figures = rows[2].iter().cloned().zip(row.iter().cloned()).skip(1);
    figures.filter(|(_, figure)| figure != "0").collect()
}

fn figures(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    of.iter().map(|(title, figure)| ((*title).to_owned(), (*figure).to_owned())).collect()
}

#[test]
fn a_month_tells_who_is_back_at_school_from_who_only_is_not_found_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let published = demo().publish(folder.path());
    let book = cells(&folder.path().join("lists/education/控辍保学学校月报_2026-11-20.xlsx"));
    let expected = figures(&[
        ("返校", "1"),
        ("其他消除", "1"),
        ("期末未销号", "1"),
        ("其中逾期", "1"),
        ("销号率", "66%"),
    ]);
    assert_eq!(line(&book, "本月·末次就读学校", "甲小学"), expected);
    assert_eq!(line(&book, "本月·末次就读学校", "合计"), expected);
    // October: four were open at its end that are not in this month's figures of what was found.
    let before = figures(&[
        ("发现", "1"),
        ("核实", "3"),
        ("属实", "3"),
        ("返校", "1"),
        ("期末未销号", "3"),
        ("其中逾期", "—"),
        ("销号率", "25%"),
    ]);
    assert_eq!(line(&book, "上月·末次就读学校", "合计"), before);
    let notes: String = book["说明"].iter().flatten().cloned().collect();
    assert!(notes.contains("返校＝核实属实") && !notes.contains("本次没有生成台账"), "{notes}");
    let file = published.files.iter().find(|file| file.path.contains("学校月报")).unwrap();
    assert_eq!((file.recipient.as_str(), file.list.as_str(), file.rows), ("education", "dropout", 5));
    assert_eq!(file.purpose, "控辍保学学校月报");
}

#[test]
fn quarter_term_and_year_are_workbooks_of_the_education_bureau_alone() {
    let folder = tempfile::tempdir().unwrap();
    let published = demo().publish(folder.path());
    let book = |title: &str| cells(&folder.path().join(format!("lists/education/{title}_2026-11-20.xlsx")));
    let quarter = book("控辍保学县季报");
    assert_eq!(line(&quarter, "本季度·镇街道", "合计")["返校"], "2");
    assert_eq!(line(&quarter, "本季度·末次就读学校", "甲小学")["其他消除"], "1");
    let term = book("控辍保学市学期报");
    assert_eq!(line(&term, "上学期·疑似情形", "重点儿童无学籍")["返校"], "1");
    let year = book("控辍保学省年报");
    assert_eq!(line(&year, "本学年·民政身份", "困境儿童")["发现"], "4");
    assert_eq!(line(&year, "上学年·疑似情形", "合计")["销号率"], "100%");
    let with = published.files.iter().filter(|file| file.path.ends_with("报_2026-11-20.xlsx"));
    assert_eq!(with.map(|file| file.recipient.as_str()).collect::<Vec<_>>(), ["education"; 4]);
}

#[test]
fn without_a_ledger_nobody_is_said_to_be_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = demo();
    demo.docket = None;
    demo.publish(folder.path());
    let book = cells(&folder.path().join("lists/education/控辍保学学校月报_2026-11-20.xlsx"));
    let sum = line(&book, "本月·末次就读学校", "合计");
    assert_eq!((sum["返校"].as_str(), sum["其他消除"].as_str()), ("—", "2"));
    let notes: String = book["说明"].iter().flatten().cloned().collect();
    assert!(notes.contains("本次没有生成台账"), "{notes}");
}
