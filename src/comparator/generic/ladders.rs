//! The usual ladders, by name and thresholds.

use super::condition::{Condition, Measure, Relation};
use super::ladder::{Ladder, Rung, When};
use super::term::{Step, Term};
use super::{Format, Operand};
use crate::comparator::named::Named;

/// A unit of time. Months and years are those of Splink: a year has 365.25 days, a month is a twelfth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Days.
    Day,
    /// Months.
    Month,
    /// Years.
    Year,
}

impl Unit {
    /// Its length in seconds.
    pub const fn seconds(self) -> f64 {
        match self {
            Self::Day => 86_400.0,
            Self::Month => 86_400.0 * 365.25 / 12.0,
            Self::Year => 86_400.0 * 365.25,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// A ladder of a null rung, the given ones, and an else.
pub fn ladder(name: &str, null: Condition, rungs: Vec<Rung>) -> Ladder {
    let null = Rung { label: "missing".into(), when: When::Null(null) };
    let other = Rung { label: "different".into(), when: When::Else };
    let rungs = std::iter::once(null).chain(rungs).chain(std::iter::once(other)).collect();
    Ladder { name: name.to_owned(), rungs }
}

/// One rung.
pub fn rung(label: impl Into<String>, condition: Condition) -> Rung {
    Rung { label: label.into(), when: When::Holds(condition) }
}

/// Equal or not.
pub fn exact(name: &str, term: &Term) -> Ladder {
    ladder(name, Condition::missing(term), vec![equal(term)])
}

/// Equal, then at most so many edits, thresholds ascending.
pub fn distance(name: &str, measure: Measure, term: &Term, thresholds: &[usize]) -> Ladder {
    let at_most = |&most: &usize| {
        let label = format!("at most {most} apart");
        rung(label, Condition::measured(measure, term, Relation::AtMost, most as f64))
    };
    let rungs = std::iter::once(equal(term)).chain(thresholds.iter().map(at_most)).collect();
    ladder(name, Condition::missing(term), rungs)
}

/// Equal, then at least so alike, thresholds descending.
pub fn similarity(name: &str, measure: Measure, term: &Term, thresholds: &[f64]) -> Ladder {
    let at_least = |&least: &f64| {
        let label = format!("at least {least} alike");
        rung(label, Condition::measured(measure, term, Relation::AtLeast, least))
    };
    let rungs = std::iter::once(equal(term)).chain(thresholds.iter().map(at_least)).collect();
    ladder(name, Condition::missing(term), rungs)
}

/// Equal, then at most so far apart in time. With a format the term is text, and what is no date is
/// missing.
pub fn date(name: &str, term: &Term, format: Option<&Format>, thresholds: &[(f64, Unit)]) -> Ladder {
    let when = format.map_or_else(|| term.clone(), |format| term.clone().then(Step::Parse(format.clone())));
    let at_most = |&(most, unit): &(f64, Unit)| {
        let label = format!("at most {most} {} apart", unit.word());
        rung(label, Condition::measured(Measure::Seconds, &when, Relation::AtMost, most * unit.seconds()))
    };
    let rungs = std::iter::once(equal(term)).chain(thresholds.iter().map(at_most)).collect();
    ladder(name, Condition::missing(&when), rungs)
}

/// Equal, then at most so far apart as numbers, thresholds ascending.
pub fn number(name: &str, term: &Term, thresholds: &[f64]) -> Ladder {
    let at_most = |&most: &f64| {
        rung(
            format!("at most {most} apart"),
            Condition::measured(Measure::Difference, term, Relation::AtMost, most),
        )
    };
    let rungs = std::iter::once(equal(term)).chain(thresholds.iter().map(at_most)).collect();
    ladder(name, Condition::missing(term), rungs)
}

/// Equal, then less than such a share of the greater number apart, thresholds ascending.
pub fn percent(name: &str, term: &Term, thresholds: &[f64]) -> Ladder {
    let below = |&share: &f64| {
        let label = format!("less than {share} of the greater apart");
        rung(label, Condition::measured(Measure::PercentDifference, term, Relation::Below, share))
    };
    let rungs = std::iter::once(equal(term)).chain(thresholds.iter().map(below)).collect();
    ladder(name, Condition::missing(term), rungs)
}

/// Two columns equal, changed places, or one of them equal.
pub fn reversible(name: &str, first: &Term, second: &Term) -> Ladder {
    let crossed = |a: &Term, b: &Term| Condition::Same(Operand::left(a), Operand::right(b));
    let null = Condition::All(vec![Condition::missing(first), Condition::missing(second)]);
    let rungs = vec![
        rung("both equal", Condition::All(vec![Condition::same(first), Condition::same(second)])),
        rung("places changed", Condition::All(vec![crossed(first, second), crossed(second, first)])),
        rung(format!("{} equal", second.column), Condition::same(second)),
        rung(format!("{} equal", first.column), Condition::same(first)),
    ];
    ladder(name, null, rungs)
}

/// The ladder of a comparator of people's fields; rungs bear the labels that officers read.
pub fn named(name: &str, comparator: Named, term: &Term) -> Ladder {
    let up_to = |level: f64| Condition::measured(Measure::Named(comparator), term, Relation::AtMost, level);
    let null = Condition::Any(vec![Condition::missing(term), up_to(0.0)]);
    let levels = comparator.ladder().levels;
    let mut rungs = vec![Rung { label: "missing".into(), when: When::Null(null) }];
    for (level, found) in levels.iter().enumerate().skip(1) {
        let last = level + 1 == levels.len();
        let when = if last { When::Else } else { When::Holds(up_to(level as f64)) };
        rungs.push(Rung { label: found.label.to_owned(), when });
    }
    Ladder { name: name.to_owned(), rungs }
}

fn equal(term: &Term) -> Rung {
    rung("equal", Condition::same(term))
}
