//! What import says, what defaults are, what is exported.

use super::*;
use crate::comparator::generic::{Condition, Measure, Relation, Term, ladders};
use crate::diag::Diagnostic;

/// A model with one comparison of these levels.
fn model(levels: &str) -> String {
    format!(
        r#"{{"link_type": "dedupe_only", "probability_two_random_records_match": 0.01, "sql_dialect": "duckdb",
            "comparisons": [{{"output_column_name": "a", "comparison_levels": [{levels}]}}]}}"#
    )
}

const NULL: &str = r#"{"sql_condition": "a_l IS NULL OR a_r IS NULL", "is_null_level": true}"#;
const ELSE: &str = r#"{"sql_condition": "ELSE", "m_probability": 0.1, "u_probability": 0.9}"#;

fn read(levels: &str) -> Model {
    import(&model(levels), "m.json").unwrap().0
}

fn told(found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(|found| format!("{} {}", found.code, found.spot.column)).collect()
}

#[test]
fn all_problems_are_told_with_their_places() {
    let levels = format!(
        r#"{NULL}, {{"sql_condition": "soundex(a_l) = soundex(a_r)"}},
           {{"sql_condition": "a_l = a_r", "m_probability": 2, "colour": 1}}, {{"label_for_charts": "x"}}"#
    );
    let found = import(&model(&levels), "m.json").unwrap_err();
    assert_eq!(
        told(&found),
        [
            "splink_condition comparisons[0].comparison_levels[1].sql_condition",
            "splink_model comparisons[0].comparison_levels[2].colour",
            "splink_model comparisons[0].comparison_levels[2].m_probability",
            "splink_model comparisons[0].comparison_levels[3].sql_condition",
        ]
    );
    assert!(found[0].message.contains("soundex"), "{}", found[0].message);
    let open = import(&model(r#"{"sql_condition": "a_l = a_r"}"#), "m.json").unwrap_err();
    assert_eq!(told(&open), ["splink_model comparisons[0]"]);
    assert_eq!(import("{", "m.json").unwrap_err()[0].spot.line, 1);
    assert_eq!(
        told(&import("{}", "m.json").unwrap_err()),
        ["splink_model link_type", "splink_model comparisons"]
    );
}

#[test]
fn unknown_settings_and_other_dialects_are_warned_of() {
    let text = model(ELSE).replace("duckdb", "spark").replace("\"link_type\"", "\"taste\": 1, \"link_type\"");
    let (model, found) = import(&text, "m.json").unwrap();
    assert_eq!(told(&found), ["splink_setting taste", "splink_dialect sql_dialect"]);
    assert_eq!(model.others["taste"], 1);
}

#[test]
fn levels_that_were_not_trained_get_the_defaults_of_splink() {
    let four = read(&format!(
        r#"{NULL}, {{"sql_condition": "a_l = a_r"}}, {{"sql_condition": "levenshtein(a_l, a_r) <= 1"}},
           {{"sql_condition": "levenshtein(a_l, a_r) <= 2"}}, {{"sql_condition": "ELSE"}}"#
    ));
    let (m, u) = four.comparisons[0].tables();
    let third = 0.05 / 3.0;
    let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
    assert!(close(&m, &[0.0, 0.95, third, third, third]), "{m:?}");
    assert!(close(&u, &[0.0, 0.95 / 1024.0, third / 8.0, third * 2.0, third * 32.0]), "{u:?}");
    let two = read(&format!(r#"{NULL}, {{"sql_condition": "a_l = a_r"}}, {{"sql_condition": "ELSE"}}"#));
    let (m, u) = two.comparisons[0].tables();
    assert!(close(&m, &[0.0, 0.95, 0.05]) && close(&u, &[0.0, 0.95 / 1024.0, 1.6]), "{m:?} {u:?}");
    let unseen = r#"{"sql_condition": "ELSE", "m_probability": "level not observed in training dataset"}"#;
    assert_eq!(read(unseen).comparisons[0].parameters[0].m, Some(1e-6));
}

#[test]
fn the_greater_frequency_counts_and_the_minimum_holds() {
    let levels = format!(
        r#"{NULL}, {{"sql_condition": "a_l = a_r", "m_probability": 0.5, "u_probability": 0.25,
                     "tf_adjustment_column": "a"}},
           {{"sql_condition": "levenshtein(a_l, a_r) <= 1", "m_probability": 0.4, "u_probability": 0.1,
             "tf_adjustment_column": "a", "tf_adjustment_weight": 0.5, "tf_minimum_u_value": 0.125}}, {ELSE}"#
    );
    let scorer = Scorer::new(&read(&levels), "m.json").unwrap();
    assert_eq!(scorer.frequency_columns(), ["a"]);
    let part = |level: u8, left: Option<f64>, right: Option<f64>| {
        scorer.parts(&[level], &[left], &[right]).next().unwrap().frequency
    };
    let check = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    check(part(1, Some(0.0625), Some(0.0625)), 2.0);
    check(part(1, Some(0.0625), Some(0.5)), -1.0);
    check(part(1, None, Some(0.125)), 1.0);
    check(part(1, None, None), 0.0);
    check(part(2, Some(0.01), Some(0.01)), 0.5);
    check(part(3, Some(0.01), Some(0.01)), 0.0);
    let prior = (0.01_f64 / 0.99).log2();
    check(scorer.weight(&[0], &[None], &[None]), prior);
    check(probability(scorer.weight(&[0], &[None], &[None])), 0.01);
}

#[test]
fn an_adjustment_without_an_exact_level_is_refused() {
    let near = r#"{"sql_condition": "levenshtein(a_l, a_r) <= 1", "tf_adjustment_column": "a"}"#;
    let found = Scorer::new(&read(&format!("{near}, {ELSE}")), "m.json").unwrap_err();
    assert_eq!(told(&found), ["splink_frequency comparisons[0].comparison_levels[0].tf_adjustment_column"]);
    let own = near.replace('}', r#", "disable_tf_exact_match_detection": true}"#);
    assert!(Scorer::new(&read(&format!("{own}, {ELSE}")), "m.json").is_ok());
}

#[test]
fn a_ladder_of_ours_is_exported_and_what_splink_lacks_is_told() {
    let a = Term::column("a");
    let export_of = |ladder: crate::comparator::generic::Ladder| {
        let parameters = vec![Parameters::default(); ladder.rungs.len()];
        let comparison = Comparison { ladder, description: "a".into(), parameters };
        let model = Model {
            link_type: LinkType::LinkOnly,
            prior: 0.5,
            comparisons: vec![comparison],
            blocking: vec![Blocking {
                condition: Condition::same(&a),
                explode: vec!["a".into()],
                limit: None,
            }],
            others: serde_json::Map::new(),
        };
        (export(&model), model)
    };
    let (text, mut model) = export_of(ladders::distance("a", Measure::DamerauLevenshtein, &a, &[1, 2]));
    let (again, warnings) = import(&text.unwrap(), "m.json").unwrap();
    model.others.insert("sql_dialect".into(), "duckdb".into());
    assert_eq!((again, warnings.len()), (model, 0));
    let words = Condition::measured(Measure::TokenSet, &a, Relation::AtLeast, 0.5);
    let ladder = ladders::ladder("a", Condition::missing(&a), vec![ladders::rung("words", words)]);
    assert_eq!(
        told(&export_of(ladder).0.unwrap_err()),
        ["splink_export comparisons[0].comparison_levels[1]"]
    );
}
