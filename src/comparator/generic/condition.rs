//! Conditions on a pair of rows, in the logic of three values: yes, no, not known.

use super::cell::{Cell, Kind};
use super::term::Term;
use crate::comparator::named::Named;

/// Which row of the pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first.
    Left,
    /// The second.
    Right,
}

/// What stands on one side of a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A term of one of the rows.
    Term(Side, Term),
    /// A fixed value.
    Literal(Cell),
}

impl Operand {
    /// The term of the left row.
    pub fn left(term: &Term) -> Self {
        Self::Term(Side::Left, term.clone())
    }

    /// The term of the right row.
    pub fn right(term: &Term) -> Self {
        Self::Term(Side::Right, term.clone())
    }
}

/// How two values are measured against one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Edits of a character; see [`crate::kernel::strings::levenshtein`].
    Levenshtein,
    /// Edits of a character and exchanges of neighbours.
    DamerauLevenshtein,
    /// Jaro similarity.
    Jaro,
    /// Jaro–Winkler similarity.
    JaroWinkler,
    /// Share of common characters.
    Jaccard,
    /// Share of common runs of so many characters.
    QgramJaccard(usize),
    /// Share of common words.
    TokenSet,
    /// Seconds between two days or moments.
    Seconds,
    /// Difference of two numbers, without its sign.
    Difference,
    /// The same as a share of the greater number (negative when that is negative, as Splink has it).
    PercentDifference,
    /// Number of different texts that two lists have in common.
    SharedItems,
    /// Cosine of two rows of numbers.
    Cosine,
    /// The level that a comparator of people's fields gives. It reads values by tables, so it is worked out where
    /// those are at hand (`link::generic`), and is not known to [`super::Judge`].
    Named(Named),
}

/// How a measure is held against a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `<=`
    AtMost,
    /// `<`
    Below,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
}

impl Relation {
    /// Whether a value stands in the relation to a bound.
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::AtMost => value <= bound,
            Self::Below => value < bound,
            Self::AtLeast => value >= bound,
            Self::Above => value > bound,
        }
    }
}

/// A condition on a pair.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The value is missing. Never unknown.
    Missing(Operand),
    /// The values are equal.
    Same(Operand, Operand),
    /// A measure of two values against a bound.
    Measured {
        /// The measure.
        measure: Measure,
        /// First value.
        left: Operand,
        /// Second value.
        right: Operand,
        /// The relation.
        relation: Relation,
        /// The bound.
        bound: f64,
    },
    /// All of them hold.
    All(Vec<Condition>),
    /// One of them holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
}

impl Condition {
    /// Left equals right in one term.
    pub fn same(term: &Term) -> Self {
        Self::Same(Operand::left(term), Operand::right(term))
    }

    /// The term is missing on either side.
    pub fn missing(term: &Term) -> Self {
        Self::Any(vec![Self::Missing(Operand::left(term)), Self::Missing(Operand::right(term))])
    }

    /// A measure of one term on both sides.
    pub fn measured(measure: Measure, term: &Term, relation: Relation, bound: f64) -> Self {
        Self::Measured { measure, left: Operand::left(term), right: Operand::right(term), relation, bound }
    }

    /// The column that must be equal, when the condition says nothing else.
    pub fn exact_column(&self) -> Option<&str> {
        let columns = self.exact_columns()?;
        if let [one] = columns[..] { Some(one) } else { None }
    }

    /// The column whose values have to be the same, equal or by a comparator, when the condition says nothing else.
    pub fn same_column(&self) -> Option<&str> {
        match self {
            Self::Measured { measure: Measure::Named(_), left: Operand::Term(_, term), bound, .. }
                if *bound <= 1.0 =>
            {
                Some(&term.column)
            }
            other => other.exact_column(),
        }
    }

    /// The columns that must be equal, when the condition is nothing but equalities of untouched columns.
    pub fn exact_columns(&self) -> Option<Vec<&str>> {
        match self {
            Self::Same(Operand::Term(Side::Left, a), Operand::Term(Side::Right, b))
            | Self::Same(Operand::Term(Side::Right, a), Operand::Term(Side::Left, b))
                if a == b && a.steps.is_empty() =>
            {
                Some(vec![&a.column])
            }
            Self::All(parts) => {
                let columns: Option<Vec<_>> = parts.iter().map(Self::exact_columns).collect();
                columns.map(|columns| columns.concat())
            }
            _ => None,
        }
    }

    /// All operands, in the order of writing.
    pub fn operands(&self) -> Vec<&Operand> {
        match self {
            Self::Missing(value) => vec![value],
            Self::Same(left, right) | Self::Measured { left, right, .. } => vec![left, right],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::operands).collect(),
            Self::Not(inner) => inner.operands(),
        }
    }

    /// What of the condition cannot be judged on columns of these kinds, in words; an unknown column is
    /// told as well.
    pub fn misfits(&self, kind_of: &dyn Fn(&str) -> Option<Kind>) -> Vec<String> {
        match self {
            Self::Missing(value) => operand_kind(value, kind_of).err().into_iter().collect(),
            Self::Same(left, right) => match both(left, right, kind_of) {
                Ok((Some(a), Some(b))) if !comparable(a, b) => {
                    vec![format!("a {} is never equal to a {}", a.word(), b.word())]
                }
                Ok(_) => Vec::new(),
                Err(problem) => vec![problem],
            },
            Self::Measured { measure, left, right, .. } => match both(left, right, kind_of) {
                Ok((a, b)) => [a, b]
                    .into_iter()
                    .flatten()
                    .filter(|kind| !measure.takes(*kind))
                    .map(|kind| format!("{measure:?} does not measure a {}", kind.word()))
                    .collect(),
                Err(problem) => vec![problem],
            },
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().flat_map(|part| part.misfits(kind_of)).collect()
            }
            Self::Not(inner) => inner.misfits(kind_of),
        }
    }
}

impl Measure {
    /// Whether it measures values of a kind.
    pub const fn takes(self, kind: Kind) -> bool {
        match self {
            Self::Levenshtein
            | Self::DamerauLevenshtein
            | Self::Jaro
            | Self::JaroWinkler
            | Self::Jaccard
            | Self::QgramJaccard(_)
            | Self::TokenSet
            | Self::Named(_) => matches!(kind, Kind::Text),
            Self::Seconds => matches!(kind, Kind::Day | Kind::Moment),
            Self::Difference | Self::PercentDifference => matches!(kind, Kind::Number),
            Self::SharedItems => matches!(kind, Kind::List),
            Self::Cosine => matches!(kind, Kind::Vector),
        }
    }
}

fn comparable(a: Kind, b: Kind) -> bool {
    let time = |kind| matches!(kind, Kind::Day | Kind::Moment);
    a == b || (time(a) && time(b))
}

type Kinds = (Option<Kind>, Option<Kind>);

fn both(a: &Operand, b: &Operand, kind_of: &dyn Fn(&str) -> Option<Kind>) -> Result<Kinds, String> {
    Ok((operand_kind(a, kind_of)?, operand_kind(b, kind_of)?))
}

fn operand_kind(operand: &Operand, kind_of: &dyn Fn(&str) -> Option<Kind>) -> Result<Option<Kind>, String> {
    match operand {
        Operand::Literal(cell) => Ok(cell.kind()),
        Operand::Term(_, term) => {
            let column =
                kind_of(&term.column).ok_or_else(|| format!("there is no column `{}`", term.column))?;
            term.kind(column).map(Some)
        }
    }
}
