//! Match weights of pairs by a [`Model`], in Splink's arithmetic: the prior, log2(m/u) of each level, and
//! for levels with an adjustment `weight · (log2 u − log2 f)`, where `u` is that of the exact level of the
//! column and `f` the greater of both values' frequencies, at least the minimum.

use super::model::{Adjustment, Comparison, Model};
use crate::comparator::generic::{Cell, Judge, Terms};
use crate::diag::{Diagnostic, Spot};

/// Smallest m and u that enter a logarithm, as in Splink.
const FLOOR: f64 = 1e-300;

/// A model made ready for pairs.
#[derive(Clone, Debug)]
pub struct Scorer {
    terms: Terms,
    frequency_columns: Vec<String>,
    prior: f64,
    comparisons: Vec<Prepared>,
}

#[derive(Clone, Debug)]
struct Prepared {
    judge: Judge,
    levels: Vec<LevelWeight>,
}

/// What one level weighs.
#[derive(Clone, Debug, Default)]
pub struct LevelWeight {
    bits: f64,
    adjustment: Option<Frequent>,
}

impl LevelWeight {
    /// log2(m/u).
    pub const fn bits(&self) -> f64 {
        self.bits
    }

    /// Place among [`Scorer::frequency_columns`] of the column whose frequencies adjust the level.
    pub fn frequency_column(&self) -> Option<usize> {
        self.adjustment.as_ref().map(|adjustment| adjustment.column)
    }

    /// The adjustment, from log2 of both values' frequencies (negative infinity where one is not known).
    pub fn adjustment(&self, left: f64, right: f64) -> f64 {
        self.adjustment.as_ref().map_or(0.0, |adjustment| {
            let greater = left.max(right);
            if greater.is_finite() { adjustment.of_bits(greater) } else { 0.0 }
        })
    }
}

#[derive(Clone, Debug)]
struct Frequent {
    column: usize,
    weight: f64,
    base_bits: f64,
    minimum: f64,
}

/// What one comparison adds to a match weight, in bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// log2(m/u) of the level.
    pub level: f64,
    /// Adjustment by frequency.
    pub frequency: f64,
}

impl Scorer {
    /// Makes a model ready.
    ///
    /// # Errors
    /// Adjustments of inexact levels whose column has no exact level; `file` names the model.
    pub fn new(model: &Model, file: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut scorer = Self {
            terms: Terms::default(),
            frequency_columns: Vec::new(),
            prior: (model.prior / (1.0 - model.prior)).log2(),
            comparisons: Vec::new(),
        };
        let mut problems = Vec::new();
        for (at, comparison) in model.comparisons.iter().enumerate() {
            let judge = Judge::new(&comparison.ladder, &mut scorer.terms);
            let mut levels = level_weights(comparison);
            let rungs = comparison.ladder.levels().into_iter().zip(&comparison.parameters).enumerate();
            for (rung, (level, parameters)) in rungs {
                let Some(adjustment) = &parameters.frequency else { continue };
                match scorer.frequent(comparison, rung, adjustment) {
                    Ok(adjustment) => levels[usize::from(level)].adjustment = adjustment,
                    Err(message) => {
                        let column =
                            format!("comparisons[{at}].comparison_levels[{rung}].tf_adjustment_column");
                        let spot = Spot { column, ..Spot::file(file) };
                        let help = "add a level with nothing but equality of that column, or set \
                                    disable_tf_exact_match_detection";
                        problems.push(Diagnostic::error("splink_frequency", spot, message).with_help(help));
                    }
                }
            }
            scorer.comparisons.push(Prepared { judge, levels });
        }
        if problems.is_empty() { Ok(scorer) } else { Err(problems) }
    }

    /// What has to be worked out for every row before pairs are judged.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Weight of the prior, in bits.
    pub const fn prior(&self) -> f64 {
        self.prior
    }

    /// What each level of each comparison weighs.
    pub fn level_weights(&self) -> impl Iterator<Item = &[LevelWeight]> {
        self.comparisons.iter().map(|prepared| prepared.levels.as_slice())
    }

    /// Columns whose frequencies [`Scorer::parts`] takes, in their order.
    pub fn frequency_columns(&self) -> &[String] {
        &self.frequency_columns
    }

    /// Level of each comparison, for two rows made by [`Terms::row`]; `levels` is emptied first. A
    /// comparison of which no rung holds counts as missing; imported models always have an else.
    pub fn levels(&self, left: &[Cell], right: &[Cell], levels: &mut Vec<u8>) {
        levels.clear();
        levels.extend(self.comparisons.iter().map(|prepared| prepared.judge.level(left, right).unwrap_or(0)));
    }

    /// What each comparison adds, from the levels and the frequencies of both rows' values (in the order
    /// of [`Scorer::frequency_columns`], none where a value is missing or was not counted).
    pub fn parts<'a>(
        &'a self,
        levels: &'a [u8],
        left: &'a [Option<f64>],
        right: &'a [Option<f64>],
    ) -> impl Iterator<Item = Part> + 'a {
        self.comparisons.iter().zip(levels).map(|(prepared, level)| {
            prepared.levels.get(usize::from(*level)).map_or(Part { level: 0.0, frequency: 0.0 }, |weight| {
                Part {
                    level: weight.bits,
                    frequency: weight.adjustment.as_ref().map_or(0.0, |found| found.bits(left, right)),
                }
            })
        })
    }

    /// Match weight in bits, prior included.
    pub fn weight(&self, levels: &[u8], left: &[Option<f64>], right: &[Option<f64>]) -> f64 {
        self.parts(levels, left, right).fold(self.prior, |sum, part| sum + part.level + part.frequency)
    }

    /// The adjustment of a rung, or nothing where Splink makes none: on null and else levels and with a
    /// weight of zero.
    fn frequent(
        &mut self,
        comparison: &Comparison,
        rung: usize,
        adjustment: &Adjustment,
    ) -> Result<Option<Frequent>, String> {
        use crate::comparator::generic::When;
        if !matches!(comparison.ladder.rungs[rung].when, When::Holds(_)) || adjustment.weight == 0.0 {
            return Ok(None);
        }
        let base = base_rung(comparison, rung, adjustment).ok_or_else(|| {
            format!("no level is an exact match of `{}`, so its u is not known", adjustment.column)
        })?;
        let (_, u) = comparison.tables();
        let known = self.frequency_columns.iter().position(|column| *column == adjustment.column);
        let column = known.unwrap_or_else(|| {
            self.frequency_columns.push(adjustment.column.clone());
            self.frequency_columns.len() - 1
        });
        let base_bits = u[usize::from(comparison.ladder.levels()[base])].log2();
        Ok(Some(Frequent { column, weight: adjustment.weight, base_bits, minimum: adjustment.minimum_u }))
    }
}

impl Frequent {
    fn bits(&self, left: &[Option<f64>], right: &[Option<f64>]) -> f64 {
        match (left[self.column], right[self.column]) {
            (None, None) => 0.0,
            (left, right) => {
                // One side may be unknown; then the other speaks for both.
                self.of_bits(left.unwrap_or(0.0).max(right.unwrap_or(0.0)).log2())
            }
        }
    }

    /// The adjustment for the greater frequency, as log2.
    fn of_bits(&self, greater: f64) -> f64 {
        self.weight * (self.base_bits - greater.max(self.minimum.log2()))
    }
}

/// The rung whose u is the base of an adjustment: its own, or the first that is an exact match of the
/// column and nothing else.
fn base_rung(comparison: &Comparison, rung: usize, adjustment: &Adjustment) -> Option<usize> {
    if adjustment.own_u {
        return Some(rung);
    }
    let wanted = adjustment.column.to_lowercase();
    comparison.ladder.rungs.iter().position(|rung| {
        let exact = rung.when.condition().and_then(|condition| condition.same_column());
        exact.is_some_and(|column| column.to_lowercase() == wanted)
    })
}

fn level_weights(comparison: &Comparison) -> Vec<LevelWeight> {
    let (m, u) = comparison.tables();
    let bits = |(level, (m, u)): (usize, (&f64, &f64))| match level {
        0 => LevelWeight::default(),
        _ => LevelWeight { bits: (m.max(FLOOR) / u.max(FLOOR)).log2(), adjustment: None },
    };
    m.iter().zip(&u).enumerate().map(bits).collect()
}

/// Match probability of a match weight in bits. Unlike [`crate::kernel::weight::probability`] it is not
/// held within bounds.
pub fn probability(bits: f64) -> f64 {
    if bits >= 0.0 {
        1.0 / (1.0 + (-bits).exp2())
    } else {
        let odds = bits.exp2();
        odds / (1.0 + odds)
    }
}
