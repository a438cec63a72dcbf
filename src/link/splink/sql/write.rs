//! Conditions to SQL, in the forms that Splink itself writes for DuckDB.

use crate::comparator::generic::{Cell, Condition, Measure, Operand, Relation, Side, Step, Term};

/// How columns name their side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Names {
    /// `"name_l"`, as in the conditions of levels.
    Suffix,
    /// `l."name"`, as in blocking rules.
    Table,
}

/// A condition as SQL.
///
/// # Errors
/// What has no function in DuckDB, in words.
pub(in super::super) fn condition(condition: &Condition, names: Names) -> Result<String, String> {
    match condition {
        Condition::Missing(value) => Ok(format!("{} IS NULL", operand(value, names)?)),
        Condition::Same(a, b) => Ok(format!("{} = {}", operand(a, names)?, operand(b, names)?)),
        Condition::Measured { measure, left, right, relation, bound } => {
            let measure = measured(*measure, &operand(left, names)?, &operand(right, names)?)?;
            Ok(format!("{measure} {} {bound}", sign(*relation)))
        }
        Condition::All(parts) => chain(parts, " AND ", names),
        Condition::Any(parts) => chain(parts, " OR ", names),
        Condition::Not(inner) => Ok(format!("NOT ({})", self::condition(inner, names)?)),
    }
}

fn chain(parts: &[Condition], between: &str, names: Names) -> Result<String, String> {
    let one = |part: &Condition| {
        let text = condition(part, names)?;
        let plain = matches!(part, Condition::Missing(_) | Condition::Same(..) | Condition::Measured { .. });
        Ok(if plain { text } else { format!("({text})") })
    };
    let parts: Vec<String> = parts.iter().map(one).collect::<Result<_, String>>()?;
    Ok(parts.join(between))
}

const fn sign(relation: Relation) -> &'static str {
    match relation {
        Relation::AtMost => "<=",
        Relation::Below => "<",
        Relation::AtLeast => ">=",
        Relation::Above => ">",
    }
}

fn measured(measure: Measure, left: &str, right: &str) -> Result<String, String> {
    let call = |name: &str| Ok(format!("{name}({left}, {right})"));
    match measure {
        Measure::Levenshtein => call("levenshtein"),
        Measure::DamerauLevenshtein => call("damerau_levenshtein"),
        Measure::Jaro => call("jaro_similarity"),
        Measure::JaroWinkler => call("jaro_winkler_similarity"),
        Measure::Jaccard => call("jaccard"),
        Measure::Cosine => call("array_cosine_similarity"),
        Measure::Seconds => Ok(format!("ABS(EPOCH({left}) - EPOCH({right}))")),
        Measure::Difference => Ok(format!("ABS({left} - {right})")),
        Measure::PercentDifference => {
            Ok(format!("(ABS({left} - {right}) / (CASE WHEN {right} > {left} THEN {right} ELSE {left} END))"))
        }
        Measure::SharedItems => Ok(format!("array_length(list_intersect({left}, {right}))")),
        Measure::QgramJaccard(_) | Measure::TokenSet | Measure::Named(_) => {
            Err(format!("DuckDB has no function for {measure:?}"))
        }
    }
}

fn operand(operand: &Operand, names: Names) -> Result<String, String> {
    match operand {
        Operand::Term(side, term) => Ok(self::term(*side, term, names)),
        Operand::Literal(Cell::Text(text)) => Ok(text_literal(&text.text())),
        Operand::Literal(Cell::Number(number)) => Ok(number.to_string()),
        Operand::Literal(Cell::Day(day)) => Ok(format!("CAST('{}' AS DATE)", day.iso())),
        Operand::Literal(_) => Err("a fixed value of this kind cannot be written".into()),
    }
}

/// A term of one side.
fn term(side: Side, term: &Term, names: Names) -> String {
    let (table, suffix) = match (names, side) {
        (Names::Suffix, Side::Left) => ("", "_l"),
        (Names::Suffix, Side::Right) => ("", "_r"),
        (Names::Table, Side::Left) => ("l.", ""),
        (Names::Table, Side::Right) => ("r.", ""),
    };
    let column = format!("{table}\"{}{suffix}\"", term.column.replace('"', "\"\""));
    term.steps.iter().fold(column, |inner, step| match step {
        Step::Lower => format!("LOWER({inner})"),
        Step::Upper => format!("UPPER({inner})"),
        Step::Trim => format!("TRIM({inner})"),
        Step::Substring { start, length } => format!("SUBSTRING({inner}, {start}, {length})"),
        Step::AsText => format!("CAST({inner} AS TEXT)"),
        Step::NullIf(null) => format!("NULLIF({inner}, {})", text_literal(null)),
        Step::Parse(format) => format!("try_strptime({inner}, {})", text_literal(format.text())),
        Step::Extract(pattern) => {
            format!("regexp_extract({inner}, {}, {})", text_literal(pattern.text()), pattern.group())
        }
        Step::Element(at) => format!("{inner}[{at}]"),
    })
}

fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
