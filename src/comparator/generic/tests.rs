//! Ladders on small tables of pairs.

use super::*;
use crate::domain::Day;

/// Level of two rows of cells, columns named `a`, `b`, …
fn level(ladder: &Ladder, left: &[Cell], right: &[Cell]) -> Option<u8> {
    let mut terms = Terms::default();
    let judge = Judge::new(ladder, &mut terms);
    let row = |cells: &[Cell]| {
        terms.row(|column| &cells[usize::from(column.as_bytes()[0] - b'a')]).into_iter().collect::<Vec<_>>()
    };
    let (left, right) = (row(left), row(right));
    let found = judge.level(&left, &right);
    assert_eq!(found, judge.level(&right, &left), "symmetric");
    found
}

fn text(value: &str) -> Cell {
    if value == "-" { Cell::Null } else { Cell::text(value) }
}

#[track_caller]
fn check(ladder: &Ladder, left: &str, right: &str, expected: u8) {
    assert_eq!(level(ladder, &[text(left)], &[text(right)]), Some(expected), "{left} {right}");
}

#[test]
fn thresholds_are_tried_in_order() {
    let a = Term::column("a");
    let edits = ladders::distance("a", Measure::Levenshtein, &a, &[1, 3]);
    check(&edits, "smith", "smith", 1);
    check(&edits, "smith", "smit", 2);
    check(&edits, "smith", "smyt", 3);
    check(&edits, "smith", "jones", 4);
    check(&edits, "smith", "-", 0);
    let alike = ladders::similarity("a", Measure::JaroWinkler, &a, &[0.92, 0.8]);
    check(&alike, "martha", "marhta", 2);
    check(&alike, "dixon", "dicksonx", 3);
    check(&alike, "a", "b", 4);
    let exchanged = ladders::distance("a", Measure::DamerauLevenshtein, &a, &[1]);
    check(&exchanged, "ab", "ba", 2);
    let words = ladders::similarity("a", Measure::TokenSet, &a, &[0.5]);
    check(&words, "high street", "street high", 2);
    let runs = ladders::similarity("a", Measure::QgramJaccard(2), &a, &[0.5]);
    check(&runs, "abcd", "abce", 2);
}

#[test]
fn dates_as_text_and_as_days() {
    let a = Term::column("a");
    let format = Format::new("%Y-%m-%d").unwrap();
    let steps = [(1.0, ladders::Unit::Month), (1.0, ladders::Unit::Year)];
    let born = ladders::date("a", &a, Some(&format), &steps);
    check(&born, "2012-03-04", "2012-03-04", 1);
    check(&born, "2012-03-04", "2012-04-03", 2);
    check(&born, "2012-01-01", "2012-01-31", 2);
    check(&born, "2012-01-01", "2012-02-01", 3);
    check(&born, "2012-03-04", "2014-03-04", 4);
    check(&born, "2012-03-04", "2012-13-04", 0);
    let days = ladders::date("a", &a, None, &[(3.0, ladders::Unit::Day)]);
    let day = |text| Day::parse_iso(text).map_or(Cell::Null, Cell::Day);
    assert_eq!(level(&days, &[day("1969-12-31")], &[day("1970-01-03")]), Some(2));
    assert_eq!(level(&days, &[day("1969-12-31")], &[day("1970-01-04")]), Some(3));
}

#[test]
fn numbers_absolute_and_as_shares() {
    let a = Term::column("a");
    let near =
        |x: f64, y: f64| level(&ladders::number("a", &a, &[2.0]), &[Cell::Number(x)], &[Cell::Number(y)]);
    assert_eq!((near(5.0, 5.0), near(5.0, 7.0), near(5.0, 7.5)), (Some(1), Some(2), Some(3)));
    let share =
        |x: f64, y: f64| level(&ladders::percent("a", &a, &[0.1]), &[Cell::Number(x)], &[Cell::Number(y)]);
    assert_eq!((share(0.0, 0.0), share(100.0, 91.0), share(100.0, 90.0)), (Some(1), Some(2), Some(3)));
}

#[test]
fn two_columns_may_change_places() {
    let names = ladders::reversible("name", &Term::column("a"), &Term::column("b"));
    let pair = |left: [&str; 2], right: [&str; 2]| level(&names, &left.map(text), &right.map(text));
    assert_eq!(pair(["ann", "lee"], ["ann", "lee"]), Some(1));
    assert_eq!(pair(["ann", "lee"], ["lee", "ann"]), Some(2));
    assert_eq!(pair(["ann", "lee"], ["joe", "lee"]), Some(3));
    assert_eq!(pair(["ann", "lee"], ["ann", "-"]), Some(4));
    assert_eq!(pair(["ann", "-"], ["-", "lee"]), Some(0));
    assert_eq!(pair(["ann", "lee"], ["joe", "fox"]), Some(5));
}

#[test]
fn lists_share_items_and_vectors_point_the_same_way() {
    let a = Term::column("a");
    let shares = ladders::ladder(
        "a",
        Condition::missing(&a),
        vec![ladders::rung("two", Condition::measured(Measure::SharedItems, &a, Relation::AtLeast, 2.0))],
    );
    let list = |items: &[&str]| [Cell::list(items)];
    assert_eq!(level(&shares, &list(&["x", "y", "y"]), &list(&["y", "x"])), Some(1));
    assert_eq!(level(&shares, &list(&["y", "y"]), &list(&["y", "y"])), Some(2));
    let same_way = ladders::similarity("a", Measure::Cosine, &a, &[0.9]);
    let vector = |numbers: [f64; 2]| [Cell::Vector(numbers.into())];
    assert_eq!(level(&same_way, &vector([1.0, 0.1]), &vector([2.0, 0.0])), Some(2));
    assert_eq!(level(&same_way, &vector([1.0, 0.0]), &vector([0.0, 1.0])), Some(3));
}

#[test]
fn what_is_not_known_takes_no_rung() {
    let (a, b) = (Term::column("a"), Term::column("b"));
    let neither = ladders::ladder(
        "a",
        Condition::missing(&a),
        vec![
            ladders::rung("b differs", Condition::Not(Box::new(Condition::same(&b)))),
            ladders::rung("a or b", Condition::Any(vec![Condition::same(&b), Condition::same(&a)])),
        ],
    );
    let pair = |left: [&str; 2], right: [&str; 2]| level(&neither, &left.map(text), &right.map(text));
    assert_eq!(pair(["x", "1"], ["x", "2"]), Some(1));
    assert_eq!(pair(["x", "-"], ["x", "2"]), Some(2));
    assert_eq!(pair(["x", "-"], ["y", "2"]), Some(3));
}

#[track_caller]
fn step(step: Step, from: &str, expected: &str) {
    assert_eq!(Term::column("a").then(step).of(&text(from)), text(expected), "{from}");
}

#[test]
fn steps_from_a_column_to_what_is_compared() {
    step(Step::Lower, "ÀİΣ", "àiσ");
    step(Step::Upper, "aß", "Aß");
    step(Step::Trim, " a ", "a");
    step(Step::Substring { start: 1, length: 2 }, "张三丰", "张三");
    step(Step::Substring { start: 5, length: 2 }, "abc", "");
    step(Step::NullIf(String::new()), "", "-");
    step(Step::Extract(Pattern::new(r"^\d+", 0).unwrap()), "12a", "12");
    step(Step::Extract(Pattern::new("^x", 0).unwrap()), "12a", "");
    step(Step::Extract(Pattern::new("(a)(b)", 2).unwrap()), "ab", "b");
    step(Step::Lower, "-", "-");
    let second = Term::column("a").then(Step::Element(-1));
    assert_eq!(second.of(&Cell::list(&["a", "b"])), text("b"));
    assert_eq!(second.of(&Cell::list(&[])), Cell::Null);
    assert!(Pattern::new("(", 0).is_err() && Pattern::new("a", 1).is_err());
}

#[test]
fn formats_read_what_duckdb_reads() {
    let reads = |format: &str, text: &str| Format::new(format).unwrap().parse(text);
    let day = |text: &str| Day::parse_iso(text).map(|day| f64::from(day.days()) * 86_400.0);
    assert_eq!(reads("%Y-%m-%d", "2020-1-1"), day("2020-01-01"));
    assert_eq!(reads("%Y-%m-%d", " 2020-01-01 "), day("2020-01-01"));
    assert_eq!(reads("%Y-%m-%d", "2020-02-30"), None);
    assert_eq!(reads("%Y-%m-%d", "2020-01-01x"), None);
    assert_eq!(reads("%Y%m%d", "19990131"), day("1999-01-31"));
    assert_eq!(reads("%Y%m%d", "1999131"), None);
    assert_eq!(reads("%Y-%m-%dT%H:%M:%SZ", "1970-01-01T1:2:3Z"), Some(3_723.0));
    assert_eq!(reads("%H:%M", "24:00"), None);
    assert!(Format::new("%b").is_err());
}

#[test]
fn conditions_on_the_wrong_kind_are_told() {
    let kinds = |column: &str| match column {
        "a" => Some(Kind::Text),
        "b" => Some(Kind::Number),
        _ => None,
    };
    let told = |condition: Condition| condition.misfits(&kinds);
    let on =
        |measure, column: &str| Condition::measured(measure, &Term::column(column), Relation::AtMost, 1.0);
    assert_eq!(told(on(Measure::Levenshtein, "a")), [""; 0]);
    assert_eq!(told(on(Measure::Levenshtein, "b")).len(), 2);
    assert_eq!(told(on(Measure::Difference, "c")), ["there is no column `c`"]);
    let mixed = Condition::Same(Operand::left(&Term::column("a")), Operand::right(&Term::column("b")));
    assert_eq!(told(mixed), ["a text is never equal to a number"]);
    let cast = Condition::same(&Term::column("b").then(Step::AsText));
    assert_eq!(told(cast), ["a number has no one spelling as text"]);
}
