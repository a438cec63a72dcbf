//! A [`Model`] to Splink's model JSON.

use serde_json::{Map, Value, json};

use super::model::{Blocking, Comparison, Model, Parameters};
use super::sql::{self, Names};
use crate::comparator::generic::{Rung, When};
use crate::diag::{Diagnostic, Spot};

/// Writes a model as Splink 5 reads it (`Linker(data, settings="model.json")`), for DuckDB.
///
/// # Errors
/// Levels that Splink cannot express, each with its place.
pub fn export(model: &Model) -> Result<String, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut map = model.others.clone();
    map.insert("sql_dialect".into(), json!("duckdb"));
    map.insert("link_type".into(), json!(model.link_type.word()));
    map.insert("probability_two_random_records_match".into(), json!(model.prior));
    let comparisons = model.comparisons.iter().enumerate();
    let comparisons: Vec<Value> = comparisons
        .map(|(at, found)| comparison(found, &format!("comparisons[{at}]"), &mut problems))
        .collect();
    map.insert("comparisons".into(), Value::Array(comparisons));
    let rules = model.blocking.iter().enumerate();
    let rules: Vec<Value> = rules.filter_map(|(at, rule)| blocking(rule, at, &mut problems)).collect();
    map.insert("blocking_rules_to_generate_predictions".into(), Value::Array(rules));
    if !problems.is_empty() {
        return Err(problems);
    }
    serde_json::to_string_pretty(&map)
        .map_err(|error| vec![Diagnostic::error("splink_export", Spot::default(), error.to_string())])
}

fn comparison(comparison: &Comparison, place: &str, problems: &mut Vec<Diagnostic>) -> Value {
    let rungs = comparison.ladder.rungs.iter().zip(&comparison.parameters).enumerate();
    let levels: Vec<Value> = rungs
        .map(|(at, (rung, parameters))| {
            level(rung, parameters, &format!("{place}.comparison_levels[{at}]"), problems)
        })
        .collect();
    json!({
        "output_column_name": comparison.ladder.name,
        "comparison_description": comparison.description,
        "comparison_levels": levels,
    })
}

fn level(rung: &Rung, parameters: &Parameters, place: &str, problems: &mut Vec<Diagnostic>) -> Value {
    let mut map = Map::new();
    let condition = match rung.when.condition() {
        None => "ELSE".to_owned(),
        Some(condition) => sql::write(condition, Names::Suffix).unwrap_or_else(|problem| {
            problems.push(unwritable(place, &problem));
            String::new()
        }),
    };
    map.insert("sql_condition".into(), json!(condition));
    map.insert("label_for_charts".into(), json!(rung.label));
    if matches!(rung.when, When::Null(_)) {
        map.insert("is_null_level".into(), json!(true));
    }
    for (key, value) in [("m_probability", parameters.m), ("u_probability", parameters.u)] {
        if let Some(value) = value {
            map.insert(key.into(), json!(value));
        }
    }
    map.insert("fix_m_probability".into(), json!(parameters.fix_m));
    map.insert("fix_u_probability".into(), json!(parameters.fix_u));
    if let Some(adjustment) = &parameters.frequency {
        map.insert("tf_adjustment_column".into(), json!(adjustment.column));
        // Splink leaves a weight of 0 out and then reads it as 1; said in full it is read as it is.
        map.insert("tf_adjustment_weight".into(), json!(adjustment.weight));
        if adjustment.minimum_u > 0.0 {
            map.insert("tf_minimum_u_value".into(), json!(adjustment.minimum_u));
        }
        if adjustment.own_u {
            map.insert("disable_tf_exact_match_detection".into(), json!(true));
        }
    }
    Value::Object(map)
}

fn blocking(rule: &Blocking, at: usize, problems: &mut Vec<Diagnostic>) -> Option<Value> {
    match sql::write(&rule.condition, Names::Table) {
        Ok(sql) if rule.explode.is_empty() => Some(json!({ "blocking_rule": sql, "sql_dialect": "duckdb" })),
        Ok(sql) => {
            Some(json!({ "blocking_rule": sql, "sql_dialect": "duckdb", "arrays_to_explode": rule.explode }))
        }
        Err(problem) => {
            problems.push(unwritable(&format!("blocking_rules_to_generate_predictions[{at}]"), &problem));
            None
        }
    }
}

fn unwritable(place: &str, problem: &str) -> Diagnostic {
    let spot = Spot { column: place.to_owned(), ..Spot::default() };
    Diagnostic::error("splink_export", spot, format!("the condition cannot be written as SQL: {problem}"))
        .with_help("use a measure that DuckDB has, or keep this model to doudi")
}
