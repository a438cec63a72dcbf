//! Splink's model JSON to a [`Model`]. Nothing is dropped: what is not understood is a diagnostic with
//! its place, all of them at once.

use serde_json::{Map, Value};

use super::model::{Adjustment, Blocking, Comparison, LinkType, Model, Parameters};
use super::sql;
use crate::comparator::generic::{Condition, Ladder, Operand, Rung, When};
use crate::diag::{Diagnostic, Level, Spot};
use crate::kernel::pattern::{MAX_COMPARISONS, MAX_LEVELS};

/// What Splink writes instead of a probability for a level that no training pair had, and what it counts.
const NOT_OBSERVED: (&str, f64) = ("level not observed in training dataset", 1e-6);
/// Smallest probability that Splink accepts.
const PROBABILITY_MIN: f64 = 1e-300;
/// The prior that Splink assumes.
const PRIOR: f64 = 0.0001;
/// Settings of Splink 4 and 5 that do not bear on weights.
const KEPT: &[&str] = &[
    "retain_matching_columns",
    "retain_intermediate_calculation_columns",
    "additional_columns_to_retain",
    "sql_dialect",
    "linker_uid",
    "em_convergence",
    "max_iterations",
    "bayes_factor_column_prefix",
    "match_weight_column_prefix",
    "term_frequency_adjustment_column_prefix",
    "comparison_vector_value_column_prefix",
    "unique_id_column_name",
    "source_dataset_column_name",
];

/// Reads a model; `file` names it in diagnostics. With the model come warnings.
///
/// # Errors
/// Everything that is not understood, each with its place.
pub fn import(text: &str, file: &str) -> Result<(Model, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut reader = Reader { file, found: Vec::new() };
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            let line = u32::try_from(error.line()).unwrap_or(0);
            return Err(vec![Diagnostic::error("splink_json", Spot::line(file, line), error.to_string())]);
        }
    };
    let model = reader.model(&value);
    match model {
        Some(model) if reader.found.iter().all(|found| found.level != Level::Error) => {
            Ok((model, reader.found))
        }
        _ => Err(reader.found),
    }
}

struct Reader<'a> {
    file: &'a str,
    found: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn tell(
        &mut self,
        level: Level,
        code: &'static str,
        place: &str,
        message: impl Into<String>,
        help: &str,
    ) {
        let spot = Spot { column: place.to_owned(), ..Spot::file(self.file) };
        let told = Diagnostic::new(level, code, spot, message);
        self.found.push(if help.is_empty() { told } else { told.with_help(help) });
    }

    fn error(&mut self, place: &str, message: impl Into<String>, help: &str) {
        self.tell(Level::Error, "splink_model", place, message, help);
    }

    fn model(&mut self, value: &Value) -> Option<Model> {
        let Some(map) = value.as_object() else {
            self.error("", "a model is a JSON object", "give the file that `save_model_to_json` wrote");
            return None;
        };
        let mut others = Map::new();
        for (key, value) in map {
            if KEPT.contains(&key.as_str()) {
                others.insert(key.clone(), value.clone());
            } else if !OURS.contains(&key.as_str()) {
                let help = "it is kept for export and has no effect here";
                self.tell(Level::Warning, "splink_setting", key, "the setting is not known", help);
                others.insert(key.clone(), value.clone());
            }
        }
        self.dialect(map.get("sql_dialect"));
        let link_type = self.link_type(map.get("link_type"));
        let prior_key = "probability_two_random_records_match";
        let prior = self.probability(map.get(prior_key), prior_key).unwrap_or(PRIOR);
        let comparisons = self.list(map, "comparisons", "").iter().enumerate();
        let comparisons: Vec<Comparison> = comparisons
            .filter_map(|(at, value)| self.comparison(value, &format!("comparisons[{at}]")))
            .collect();
        if comparisons.len() > MAX_COMPARISONS {
            self.error(
                "comparisons",
                format!("more than {MAX_COMPARISONS} comparisons"),
                "join some of them",
            );
        }
        let blocking = if map.contains_key(BLOCKING) { self.list(map, BLOCKING, "") } else { &[] };
        let blocking = blocking
            .iter()
            .enumerate()
            .filter_map(|(at, value)| self.blocking(value, &format!("{BLOCKING}[{at}]")))
            .collect();
        Some(Model { link_type: link_type?, prior, comparisons, blocking, others })
    }

    fn dialect(&mut self, dialect: Option<&Value>) {
        if let Some(dialect) = dialect.and_then(Value::as_str).filter(|dialect| *dialect != "duckdb") {
            let message = format!("the model was made for {dialect}; functions are read as those of DuckDB");
            let help = "compare a few pairs with Splink: similarities may differ between databases";
            self.tell(Level::Warning, "splink_dialect", "sql_dialect", message, help);
        }
    }

    fn link_type(&mut self, value: Option<&Value>) -> Option<LinkType> {
        let word = value.and_then(Value::as_str).unwrap_or_default();
        let found = LinkType::ALL.into_iter().find(|kind| kind.word() == word);
        if found.is_none() {
            let words = LinkType::ALL.map(LinkType::word).join(", ");
            self.error("link_type", "the link type is missing or not known", &format!("one of {words}"));
        }
        found
    }

    fn list<'v>(&mut self, map: &'v Map<String, Value>, key: &str, place: &str) -> &'v [Value] {
        if let Some(list) = map.get(key).and_then(Value::as_array) {
            return list;
        }
        let place = if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
        self.error(&place, "a list is needed here", "");
        &[]
    }

    /// An object with no other keys than these.
    fn object<'v>(&mut self, value: &'v Value, place: &str, keys: &[&str]) -> Option<&'v Map<String, Value>> {
        let Some(map) = value.as_object() else {
            self.error(place, "an object is needed here", "");
            return None;
        };
        for key in map.keys().filter(|key| !keys.contains(&key.as_str())) {
            let place = format!("{place}.{key}");
            self.error(
                &place,
                "the key is not known, so its effect on weights is not known either",
                "remove it",
            );
        }
        Some(map)
    }

    fn comparison(&mut self, value: &Value, place: &str) -> Option<Comparison> {
        let map = self.object(
            value,
            place,
            &["output_column_name", "comparison_levels", "comparison_description"],
        )?;
        let levels = self.list(map, "comparison_levels", place);
        let (mut rungs, mut parameters) = (Vec::new(), Vec::new());
        for (at, level) in levels.iter().enumerate() {
            if let Some((rung, values)) = self.level(level, &format!("{place}.comparison_levels[{at}]")) {
                rungs.push(rung);
                parameters.push(values);
            }
        }
        let name = map.get("output_column_name").and_then(Value::as_str);
        let name = name.map_or_else(|| default_name(&rungs), str::to_owned);
        let description =
            map.get("comparison_description").and_then(Value::as_str).unwrap_or(&name).to_owned();
        let ladder = Ladder { name, rungs };
        if ladder.level_count() > MAX_LEVELS {
            self.error(
                place,
                format!("more than {} levels beside the null level", MAX_LEVELS - 1),
                "join some",
            );
        }
        let complete = ladder.rungs.len() == levels.len();
        let last = matches!(ladder.rungs.last(), Some(Rung { when: When::Else, .. }));
        if complete && !last {
            let message = "the last level is not ELSE, so some pairs would have no level and no weight";
            self.error(place, message, "add a level with the condition ELSE");
        }
        Some(Comparison { ladder, description, parameters })
    }

    fn level(&mut self, value: &Value, place: &str) -> Option<(Rung, Parameters)> {
        let map = self.object(value, place, LEVEL_KEYS)?;
        let null = self.flag(map, "is_null_level", place);
        let text = map.get("sql_condition").and_then(Value::as_str);
        let spot = format!("{place}.sql_condition");
        let Some(text) = text else {
            self.error(&spot, "the level has no condition", "");
            return None;
        };
        let when = if text.trim().eq_ignore_ascii_case("else") {
            Some(When::Else)
        } else {
            self.condition(text, &spot).map(|found| if null { When::Null(found) } else { When::Holds(found) })
        };
        let parameters = Parameters {
            m: if null {
                None
            } else {
                self.probability(map.get("m_probability"), &format!("{place}.m_probability"))
            },
            u: if null {
                None
            } else {
                self.probability(map.get("u_probability"), &format!("{place}.u_probability"))
            },
            fix_m: self.flag(map, "fix_m_probability", place),
            fix_u: self.flag(map, "fix_u_probability", place),
            frequency: self.adjustment(map, place),
        };
        let label = map.get("label_for_charts").and_then(Value::as_str).unwrap_or(text).to_owned();
        Some((Rung { label, when: when? }, parameters))
    }

    fn condition(&mut self, text: &str, place: &str) -> Option<Condition> {
        match sql::read(text) {
            Ok(condition) => Some(condition),
            Err(problem) => {
                let help = "use the forms of Splink's comparison library for DuckDB: equality, IS NULL, levenshtein, \
                            damerau_levenshtein, jaro_similarity, jaro_winkler_similarity, jaccard, differences of \
                            dates and numbers, list_intersect, and AND, OR, NOT of them";
                let message = format!("the condition is not understood: {problem}");
                self.tell(Level::Error, "splink_condition", place, message, help);
                None
            }
        }
    }

    fn adjustment(&mut self, map: &Map<String, Value>, place: &str) -> Option<Adjustment> {
        let column = map.get("tf_adjustment_column").filter(|value| !value.is_null())?;
        let Some(column) = column.as_str() else {
            self.error(&format!("{place}.tf_adjustment_column"), "the name of a column is needed here", "");
            return None;
        };
        let number = |key: &str, default: f64| match map.get(key) {
            None | Some(Value::Null) => Some(default),
            Some(value) => value.as_f64(),
        };
        let (weight, minimum_u) = (number("tf_adjustment_weight", 1.0), number("tf_minimum_u_value", 0.0));
        let (Some(weight), Some(minimum_u)) = (weight, minimum_u) else {
            self.error(place, "tf_adjustment_weight and tf_minimum_u_value are numbers", "");
            return None;
        };
        let own_u = self.flag(map, "disable_tf_exact_match_detection", place);
        Some(Adjustment { column: unquoted(column), weight, minimum_u, own_u })
    }

    fn flag(&mut self, map: &Map<String, Value>, key: &str, place: &str) -> bool {
        match map.get(key) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.error(&format!("{place}.{key}"), "true or false is needed here", "");
                false
            }
        }
    }

    fn probability(&mut self, value: Option<&Value>, place: &str) -> Option<f64> {
        let number = match value? {
            Value::Null => return None,
            Value::String(text) if text == NOT_OBSERVED.0 => return Some(NOT_OBSERVED.1),
            value => value.as_f64(),
        };
        // A sum of shares may come out a hair above one.
        let found = number.filter(|number| (PROBABILITY_MIN..=1.0 + 1e-9).contains(number));
        if found.is_none() {
            self.error(place, "a probability above 0 and up to 1 is needed here", "train the model again");
        }
        found
    }

    fn blocking(&mut self, value: &Value, place: &str) -> Option<Blocking> {
        if let Some(text) = value.as_str() {
            return self.condition(text, place).map(|condition| Blocking {
                condition,
                explode: Vec::new(),
                limit: None,
            });
        }
        let keys = ["blocking_rule", "sql_dialect", "arrays_to_explode", "salting_partitions"];
        let map = self.object(value, place, &keys)?;
        let Some(text) = map.get("blocking_rule").and_then(Value::as_str) else {
            self.error(place, "the rule has no condition", "");
            return None;
        };
        let condition = self.condition(text, &format!("{place}.blocking_rule"))?;
        let explode = map.get("arrays_to_explode").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let explode = explode.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        Some(Blocking { condition, explode, limit: None })
    }
}

const BLOCKING: &str = "blocking_rules_to_generate_predictions";
const OURS: &[&str] = &["link_type", "probability_two_random_records_match", "comparisons", BLOCKING];
const LEVEL_KEYS: &[&str] = &[
    "sql_condition",
    "label_for_charts",
    "is_null_level",
    "m_probability",
    "u_probability",
    "fix_m_probability",
    "fix_u_probability",
    "tf_adjustment_column",
    "tf_adjustment_weight",
    "tf_minimum_u_value",
    "disable_tf_exact_match_detection",
];

/// A column without the quotes that a database may need.
fn unquoted(name: &str) -> String {
    let inside = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    inside.map_or_else(|| name.to_owned(), |inside| inside.replace("\"\"", "\""))
}

/// The name that Splink gives a comparison without one: its column, or all of them.
fn default_name(rungs: &[Rung]) -> String {
    let mut columns: Vec<&str> = Vec::new();
    for operand in rungs.iter().filter_map(|rung| rung.when.condition()).flat_map(Condition::operands) {
        if let Operand::Term(_, term) = operand
            && !columns.contains(&term.column.as_str())
        {
            columns.push(&term.column);
        }
    }
    if let [one] = columns[..] { one.to_owned() } else { format!("custom_{}", columns.join("_")) }
}
