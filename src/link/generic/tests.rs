//! The fast way against the plain one: every pair, every rule, every weight.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::block::rule_on;
use super::*;
use crate::comparator::generic::{Cell, Column, Frame, Kind, Measure, Term, Texts, ladders};
use crate::link::splink::{
    Adjustment, BlockLimit, Blocking, Comparison, Frequencies, LinkType, Model, Parameters, Scorer,
};

const COLUMNS: [&str; 4] = ["name", "town", "born", "code"];

fn frame(rows: &[(u16, [String; 4])]) -> Frame {
    let mut ids = Texts::default();
    (0..rows.len()).for_each(|at| ids.push(&format!("r{at:04}")));
    let source: Vec<u16> = rows.iter().map(|(source, _)| *source).collect();
    let cell = |text: &String| if text.is_empty() { Cell::Null } else { Cell::text(text) };
    let columns: BTreeMap<String, Column> = COLUMNS
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let cells = rows.iter().map(|(_, values)| cell(&values[at]));
            ((*name).to_owned(), Column::new(Kind::Text, cells))
        })
        .collect();
    Frame::new(vec!["a".into(), "b".into()], &source, &ids, columns).unwrap()
}

/// Ladders of several kinds with made-up m and u, names and towns adjusted by frequency.
fn model(link_type: LinkType) -> Model {
    let term = |name: &str| Term::column(name);
    let ladders = [
        ladders::similarity("name", Measure::JaroWinkler, &term("name"), &[0.9, 0.7]),
        ladders::distance("town", Measure::Levenshtein, &term("town"), &[1]),
        ladders::reversible("both", &term("born"), &term("code")),
        ladders::exact("code", &term("code")),
    ];
    let m: [&[f64]; 4] = [&[0.8, 0.1, 0.06, 0.04], &[0.7, 0.2, 0.1], &[0.6, 0.1, 0.1, 0.1, 0.1], &[0.9, 0.1]];
    let u: [&[f64]; 4] =
        [&[0.02, 0.03, 0.1, 0.85], &[0.1, 0.2, 0.7], &[0.01, 0.02, 0.1, 0.1, 0.77], &[0.1, 0.9]];
    let comparisons = ladders.into_iter().zip(m.iter().zip(u)).map(|(ladder, (m, u))| {
        let levels = ladder.levels();
        let parameters = levels.iter().map(|&level| {
            let at = usize::from(level).checked_sub(1);
            let frequent = (ladder.name == "name" && level <= 2) || (ladder.name == "town" && level == 1);
            Parameters {
                m: at.map(|at| m[at]),
                u: at.map(|at| u[at]),
                frequency: frequent.then(|| Adjustment {
                    column: ladder.name.clone(),
                    weight: if level == 2 { 0.5 } else { 1.0 },
                    minimum_u: 0.001,
                    own_u: false,
                }),
                ..Parameters::default()
            }
        });
        Comparison { parameters: parameters.collect(), description: String::new(), ladder }
    });
    Model {
        link_type,
        prior: 0.05,
        comparisons: comparisons.collect(),
        blocking: Vec::new(),
        others: serde_json::Map::new(),
    }
}

/// Every pair that a rule brings, with Splink's weight, worked out pair by pair.
fn plain(frame: &Frame, model: &Model, rules: &[&[&str]], floor: f64) -> Vec<(u32, u32, u64, f64)> {
    let scorer = Scorer::new(model, "m").unwrap();
    let at = |column: &str, row: u32| {
        let column = &frame.columns[column];
        &column.values[column.codes[row as usize] as usize]
    };
    let counted: Vec<Frequencies> = scorer
        .frequency_columns()
        .iter()
        .map(|name| {
            Frequencies::count((0..frame.source.len()).map(|row| at(name, u32::try_from(row).unwrap())))
        })
        .collect();
    let count = u32::try_from(frame.len()).unwrap();
    let mut out = Vec::new();
    for left in 0..count {
        for right in left + 1..count {
            let apart = frame.source[left as usize] != frame.source[right as usize];
            let wanted = model.link_type != LinkType::LinkOnly || apart;
            let holds = |rule: &&[&str]| {
                rule.iter().all(|column| at(column, left).same(at(column, right)) == Some(true))
            };
            if !wanted || !rules.iter().any(holds) {
                continue;
            }
            let row = |row| scorer.terms().row(|column| at(column, row));
            let shares = |row| {
                let names = scorer.frequency_columns().iter().zip(&counted);
                names.map(|(name, counted)| counted.of(at(name, row))).collect::<Vec<_>>()
            };
            let mut levels = Vec::new();
            scorer.levels(&row(left), &row(right), &mut levels);
            let weight = scorer.weight(&levels, &shares(left), &shares(right));
            if weight >= floor {
                let packed = levels.iter().rev().fold(0, |word, level| word << 4 | u64::from(*level));
                out.push((left, right, packed, weight));
            }
        }
    }
    out
}

fn packed(pair: &Pair) -> u64 {
    pair.levels.levels(4).iter().rev().fold(0, |word, level| word << 4 | u64::from(*level))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn what_is_kept_is_what_every_pair_measured_in_full_would_give(
        rows in prop::collection::vec((0_u16..2, ["[ab]{0,5}", "[xy]{0,1}", "[12]{0,1}", "[12]{0,1}"]), 2..90),
        floor in -12.0_f64..8.0,
        link in 0_usize..3,
    ) {
        let frame = frame(&rows);
        let model = model(LinkType::ALL[link]);
        // Of three, two and one columns that comparisons stand for, and of one that none stands for; groups of the
        // town are large.
        let rules: [&[&str]; 5] =
            [&["town", "name", "code"], &["code", "name"], &["town"], &["born", "code"], &["name"]];
        let blocking: Vec<Blocking> = rules.iter().map(|rule| rule_on(rule)).collect();
        let ready = Rows::new(&frame, &model, &blocking, &Setup::default(), "m").unwrap();
        let found = score(&ready, floor);
        let expected = plain(&frame, &model, &rules, floor);
        prop_assert_eq!(found.pairs.len(), expected.len());
        for (pair, (left, right, levels, weight)) in found.pairs.iter().zip(&expected) {
            prop_assert_eq!((pair.left, pair.right, packed(pair)), (*left, *right, *levels));
            prop_assert!((pair.weight - weight).abs() < 1e-9);
        }
        let all = plain(&frame, &model, &rules, -1e9);
        prop_assert_eq!(found.looked_at(), all.len() as u64);
        let below: f64 = all
            .iter()
            .filter(|(.., weight)| *weight < floor)
            .map(|(.., weight)| crate::link::splink::probability(*weight))
            .sum();
        prop_assert!((found.true_below - below).abs() < 1e-9);
    }
}

/// A value of `count`, its number drawn from what is left of a word.
fn drawn(word: &mut u64, count: u64) -> u64 {
    *word = crate::kernel::digest::mix(*word);
    *word % count
}

#[test]
fn blocks_that_are_too_large_are_split_and_what_stays_too_large_is_refused_and_told() {
    // Town x: five rows born 1, three born 2, one without; town y: two rows.
    let row = |town: &str, born: &str| (0, ["n".into(), town.into(), born.into(), String::new()]);
    let born = ["1", "1", "1", "1", "1", "2", "2", "2", ""];
    let mut rows: Vec<(u16, [String; 4])> = born.iter().map(|born| row("x", born)).collect();
    rows.extend([row("y", "1"), row("y", "2")]);
    let (frame, model) = (frame(&rows), model(LinkType::DedupeOnly));
    let pairs = |limit: Option<BlockLimit>| {
        let rules = [Blocking { limit, ..rule_on(&["town"]) }];
        let rows = Rows::new(&frame, &model, &rules, &Setup::default(), "m").unwrap();
        let scored = score(&rows, -100.0);
        let found: Vec<(u32, u32)> = scored.pairs.iter().map(|pair| (pair.left, pair.right)).collect();
        (found, rows.refused()[0])
    };
    let limit = |rows: u32, split: &[&str]| {
        Some(BlockLimit { rows, split: split.iter().map(|name| (*name).to_owned()).collect() })
    };
    let two = |n: usize| n * (n - 1) / 2;
    assert_eq!(pairs(None).0.len(), two(9) + 1);
    assert_eq!(pairs(limit(9, &["born"])), (pairs(None).0, Refused::default()));

    let (found, refused) = pairs(limit(4, &["born"]));
    assert_eq!(found, [(5, 6), (5, 7), (6, 7), (9, 10)], "y is small and stays whole");
    let expected = Refused { blocks: 1, rows: 5, pairs: 10, largest: 5, without_value: 1 };
    assert_eq!(refused, expected);
    let (found, refused) = pairs(limit(8, &["born"]));
    assert_eq!((found.len(), refused.without_value, refused.blocks), (two(5) + two(3) + 1, 1, 0));
    let (found, refused) = pairs(limit(4, &[]));
    assert_eq!((found, refused.pairs), (vec![(9, 10)], two(9) as u64));

    let unknown = [Blocking { limit: limit(4, &["none"]), ..rule_on(&["town"]) }];
    let problems = Rows::new(&frame, &model, &unknown, &Setup::default(), "m").unwrap_err();
    assert!(problems[0].message.contains("no column `none`"), "{problems:?}");
}

#[test]
fn a_fit_finds_the_m_u_and_prior_that_the_rows_were_made_with() {
    let mut word = 9;
    let mut rows: Vec<(u16, [String; 4])> = Vec::new();
    // 1,500 people, one row in each of two tables; values of 40, 30, 20 and 10 kinds, a tenth of them changed.
    let kinds = [40, 30, 20, 10];
    for _ in 0..1_500 {
        let own: Vec<u64> = kinds.iter().map(|&kinds| drawn(&mut word, kinds)).collect();
        for source in 0..2 {
            let mut value = |at: usize| {
                let changed = source == 1 && drawn(&mut word, 10) == 0;
                let value = if changed { drawn(&mut word, kinds[at]) } else { own[at] };
                format!("v{value}")
            };
            rows.push((source, [value(0), value(1), value(2), value(3)]));
        }
    }
    let frame = frame(&rows);
    let comparisons = COLUMNS.map(|name| Comparison {
        ladder: ladders::exact(name, &Term::column(name)),
        description: String::new(),
        parameters: vec![Parameters::default(); 3],
    });
    let plain = Model { comparisons: comparisons.to_vec(), ..model(LinkType::LinkOnly) };
    let plan = FitPlan {
        labels: None,
        random_pairs: 500_000,
        seed: 1,
        known: Vec::new(),
        recall: None,
        training: vec![rule_on(&["name", "town"]), rule_on(&["born", "code"])],
        training_pairs: 1_000_000,
    };
    let found = fit(&frame, &plain, &plan, &Setup::default(), "m").unwrap();
    assert_eq!(found.warnings, []);
    for (at, &kinds) in kinds.iter().enumerate() {
        let [_, equal, other] = &found.model.comparisons[at].parameters[..] else { panic!() };
        let (m, u) = (0.9 + 0.1 / kinds as f64, 1.0 / kinds as f64);
        let (error, seen) = (found.m_errors[at][1], equal.m.unwrap());
        assert!(
            (seen - m).abs() < 0.03 && (seen - m).abs() < 5.0 * error,
            "{at}: m {seen} ± {error}, not {m}"
        );
        assert!((equal.u.unwrap() / u - 1.0).abs() < 0.05, "{at}: u {:?}, not {u}", equal.u);
        assert!((equal.m.unwrap() + other.m.unwrap() - 1.0).abs() < 1e-9);
    }
    labels_and_fixed_levels_count_before_what_is_estimated(&frame, &plain, &plan, &rows);
    let prior = 1.0 / 1_500.0;
    assert!((found.model.prior / prior - 1.0).abs() < 0.1, "{} not {prior}", found.model.prior);
}

/// Pairs that somebody has looked at say m outright, and a level that the model fixes stays: the others share the rest.
fn labels_and_fixed_levels_count_before_what_is_estimated(
    frame: &Frame,
    plain: &Model,
    plan: &FitPlan,
    rows: &[(u16, [String; 4])],
) {
    // Labelled are such pairs only as differ in the first column, which no estimate would find.
    let pairs = (0..rows.len() / 2).map(|at| (2 * at, 2 * at + 1));
    let differ: Vec<(usize, usize)> =
        pairs.filter(|&(left, right)| rows[left].1[0] != rows[right].1[0]).collect();
    let row = |at: usize| frame.find(rows[at].0, &format!("r{at:04}")).unwrap();
    let labelled: Vec<(u32, u32)> = differ.iter().map(|&(a, b)| (row(a), row(b))).collect();
    let count = labelled.len() as f64;
    let setup = Setup { labelled, ..Setup::default() };
    let found = fit(frame, plain, plan, &setup, "m").unwrap();
    let m = |found: &Fitted, at: usize, rung: usize| found.model.comparisons[at].parameters[rung].m.unwrap();
    assert!(count > 50.0 && m(&found, 0, 1) < 1.0 / count, "{}", m(&found, 0, 1));
    assert!((m(&found, 0, 1) + m(&found, 0, 2) - 1.0).abs() < 1e-9);
    assert_eq!(found.labelled, differ.len() as u64);
    let alone = Parameters { m: Some(0.25), fix_m: true, ..Parameters::default() };
    let mut model = plain.clone();
    model.comparisons[1].parameters[1] = alone;
    let found = fit(frame, &model, plan, &Setup::default(), "m").unwrap();
    assert!((m(&found, 1, 1) - 0.25).abs() < 1e-12 && (m(&found, 1, 2) - 0.75).abs() < 1e-9);
}
