//! Expressions to conditions: the closed set of forms that Splink's comparison libraries write for
//! DuckDB, alone and under AND, OR and NOT. Everything else is an error that says what is meant.

use super::expression::Expression;
use crate::comparator::generic::{
    Cell, Condition, Format, Measure, Operand, Pattern, Relation, Side, Step, Term,
};
use crate::diag::did_you_mean;
use crate::domain::Day;

/// Functions of two values that are measures, by every name they go by.
const MEASURES: &[(&str, Measure)] = &[
    ("levenshtein", Measure::Levenshtein),
    ("damerau_levenshtein", Measure::DamerauLevenshtein),
    ("jaro_similarity", Measure::Jaro),
    ("jaro_winkler_similarity", Measure::JaroWinkler),
    ("jaccard", Measure::Jaccard),
    ("array_cosine_similarity", Measure::Cosine),
];

/// Functions that are steps from a column to what is compared.
const STEPS: &[&str] =
    &["lower", "upper", "trim", "substring", "substr", "nullif", "try_strptime", "regexp_extract"];
/// Further functions, understood only together.
const PARTS: &[&str] = &["abs", "epoch", "array_length", "len", "list_intersect"];

/// The condition that an expression is.
///
/// # Errors
/// What is not understood, in words.
pub(super) fn condition(expression: &Expression) -> Result<Condition, String> {
    match expression {
        Expression::Chain { all, parts } => {
            let parts = parts.iter().map(condition).collect::<Result<_, _>>()?;
            Ok(if *all { Condition::All(parts) } else { Condition::Any(parts) })
        }
        Expression::Not(inner) => Ok(Condition::Not(Box::new(condition(inner)?))),
        Expression::Missing(value) => Ok(Condition::Missing(operand(value)?)),
        Expression::Binary { sign, left, right } => comparison(sign, left, right),
        _ => Err("a condition must be a comparison, IS NULL, or such under AND, OR, NOT".into()),
    }
}

fn comparison(sign: &str, left: &Expression, right: &Expression) -> Result<Condition, String> {
    if let Expression::Number(bound) = right
        && is_measure(left)
    {
        let relation = relation(sign).ok_or("a measure is held against a bound by <=, <, >= or >")?;
        let (measure, left, right) = measure(left)?;
        return Ok(Condition::Measured { measure, left, right, relation, bound: *bound });
    }
    match sign {
        "=" => Ok(Condition::Same(operand(left)?, operand(right)?)),
        "<>" => Ok(Condition::Not(Box::new(Condition::Same(operand(left)?, operand(right)?)))),
        _ => Err(format!("`{sign}` stands between a measure and a number only")),
    }
}

fn relation(sign: &str) -> Option<Relation> {
    match sign {
        "<=" => Some(Relation::AtMost),
        "<" => Some(Relation::Below),
        ">=" => Some(Relation::AtLeast),
        ">" => Some(Relation::Above),
        _ => None,
    }
}

fn is_measure(expression: &Expression) -> bool {
    match expression {
        Expression::Call { name, .. } => !STEPS.contains(&name.as_str()),
        Expression::Binary { sign, .. } => *sign == "/",
        _ => false,
    }
}

type Measured = (Measure, Operand, Operand);

fn measure(expression: &Expression) -> Result<Measured, String> {
    if let Expression::Binary { sign: "/", left, right } = expression {
        return percent(left, right);
    }
    let Expression::Call { name, arguments } = expression else {
        return Err("a measure is a function of two values".into());
    };
    match (name.as_str(), arguments.as_slice()) {
        ("abs", [Expression::Binary { sign: "-", left, right }]) => difference(left, right),
        ("array_length" | "len", [Expression::Call { name, arguments }]) if name == "list_intersect" => {
            two(arguments).map(|(a, b)| (Measure::SharedItems, a, b))
        }
        (name, arguments) => match MEASURES.iter().find(|(known, _)| *known == name) {
            Some((_, measure)) => two(arguments).map(|(a, b)| (*measure, a, b)),
            None => Err(unknown(name)),
        },
    }
}

fn two(arguments: &[Expression]) -> Result<(Operand, Operand), String> {
    match arguments {
        [a, b] => Ok((operand(a)?, operand(b)?)),
        _ => Err("the function takes two values".into()),
    }
}

fn difference(left: &Expression, right: &Expression) -> Result<Measured, String> {
    match (argument("epoch", left), argument("epoch", right)) {
        (Some(left), Some(right)) => Ok((Measure::Seconds, operand(left)?, operand(right)?)),
        (None, None) => Ok((Measure::Difference, operand(left)?, operand(right)?)),
        _ => Err("EPOCH is needed on both sides of the difference".into()),
    }
}

fn argument<'a>(function: &str, expression: &'a Expression) -> Option<&'a Expression> {
    match expression {
        Expression::Call { name, arguments } if name == function && arguments.len() == 1 => arguments.first(),
        _ => None,
    }
}

/// `ABS(a - b) / (CASE WHEN b > a THEN b ELSE a END)`.
fn percent(difference: &Expression, greater: &Expression) -> Result<Measured, String> {
    let message = "a division is understood as ABS(a - b) / (CASE WHEN b > a THEN b ELSE a END) only";
    let (Measure::Difference, a, b) = measure(difference)? else { return Err(message.into()) };
    let Expression::Case { when, then, otherwise } = greater else { return Err(message.into()) };
    let Expression::Binary { sign: ">", left, right } = when.as_ref() else { return Err(message.into()) };
    if left != then || right != otherwise || operand(then)? != b || operand(otherwise)? != a {
        return Err(message.into());
    }
    Ok((Measure::PercentDifference, a, b))
}

/// The value that an expression is.
fn operand(expression: &Expression) -> Result<Operand, String> {
    match expression {
        Expression::Number(number) => Ok(Operand::Literal(Cell::Number(*number))),
        Expression::Text(text) => Ok(Operand::Literal(Cell::text(text))),
        Expression::Column { table, name } => column(table.as_deref(), name),
        Expression::Index { value, at } => {
            let at = format!("{at:.0}").parse().map_err(|_| "the number of an element is too large")?;
            step(value, Step::Element(at))
        }
        Expression::Cast { value, kind } => cast(value, &kind.to_lowercase()),
        Expression::Call { name, arguments } => call(name, arguments),
        _ => Err("a value must be a column, a step from a column, or a fixed value".into()),
    }
}

fn column(table: Option<&str>, name: &str) -> Result<Operand, String> {
    let side = |side, column: &str| Ok(Operand::Term(side, Term::column(column)));
    match table {
        Some("l" | "L") => side(Side::Left, name),
        Some("r" | "R") => side(Side::Right, name),
        Some(other) => Err(format!("the table `{other}` is neither l nor r")),
        None => match name.rsplit_once('_') {
            Some((column, "l" | "L")) => side(Side::Left, column),
            Some((column, "r" | "R")) => side(Side::Right, column),
            _ => Err(format!("the column `{name}` ends neither in _l nor in _r")),
        },
    }
}

fn step(value: &Expression, step: Step) -> Result<Operand, String> {
    match operand(value)? {
        Operand::Term(side, term) => Ok(Operand::Term(side, term.then(step))),
        Operand::Literal(_) => Err("a function of a fixed value is not understood".into()),
    }
}

fn cast(value: &Expression, kind: &str) -> Result<Operand, String> {
    match (value, kind) {
        (Expression::Number(number), _) => Ok(Operand::Literal(Cell::Number(*number))),
        (Expression::Text(text), "date") => match Day::parse_iso(text) {
            Some(day) => Ok(Operand::Literal(Cell::Day(day))),
            None => Err("a date is written YYYY-MM-DD".into()),
        },
        (_, "text" | "varchar" | "string") => step(value, Step::AsText),
        _ => Err(format!("CAST of a column AS {kind} is not understood; deliver the column in that type")),
    }
}

fn call(name: &str, arguments: &[Expression]) -> Result<Operand, String> {
    let whole = |number: &f64| {
        let whole = number.fract() == 0.0 && *number >= 0.0;
        whole.then(|| format!("{number:.0}").parse::<usize>().ok()).flatten()
    };
    match (name, arguments) {
        ("lower", [value]) => step(value, Step::Lower),
        ("upper", [value]) => step(value, Step::Upper),
        ("trim", [value]) => step(value, Step::Trim),
        ("substring" | "substr", [value, Expression::Number(start), Expression::Number(length)]) => {
            match (whole(start), whole(length)) {
                (Some(start), Some(length)) if start > 0 => step(value, Step::Substring { start, length }),
                _ => Err("SUBSTRING is understood from the first character on, counted from 1".into()),
            }
        }
        ("nullif", [value, Expression::Text(null)]) => step(value, Step::NullIf(null.clone())),
        ("try_strptime", [value, Expression::Text(format)]) => step(value, Step::Parse(Format::new(format)?)),
        ("regexp_extract", [value, Expression::Text(pattern)]) => {
            step(value, Step::Extract(Pattern::new(pattern, 0)?))
        }
        ("regexp_extract", [value, Expression::Text(pattern), Expression::Number(group)]) => {
            let group = whole(group).ok_or("a group is named by its number")?;
            step(value, Step::Extract(Pattern::new(pattern, group)?))
        }
        (name, _) if STEPS.contains(&name) => Err(format!("`{name}` is not understood with these arguments")),
        (name, _) => Err(unknown(name)),
    }
}

/// What to say of a function that is not understood where it stands.
fn unknown(name: &str) -> String {
    let known =
        || MEASURES.iter().map(|(name, _)| *name).chain(STEPS.iter().copied()).chain(PARTS.iter().copied());
    if known().any(|known| known == name) {
        return format!("`{name}` is not understood in that place");
    }
    match did_you_mean(name, known()) {
        Some(near) => format!("the function `{name}` is not known; did you mean `{near}`?"),
        None => format!("the function `{name}` is not known"),
    }
}
