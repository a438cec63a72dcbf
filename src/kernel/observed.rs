//! Levels as pairs show them, each pair counted with the probability that it is one.

use super::em::LevelTable;
use super::pattern::{MAX_LEVELS, Pattern};

/// Sums of probabilities by comparison and level; the null level does not count.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed(LevelTable);

impl Observed {
    /// Nothing seen, for so many comparisons.
    pub fn none(comparisons: usize) -> Self {
        Self(vec![vec![0.0; MAX_LEVELS]; comparisons])
    }

    /// Adds a pair.
    pub fn add(&mut self, pattern: Pattern, probability: f64) {
        for (at, sums) in self.0.iter_mut().enumerate() {
            let level = usize::from(pattern.level(at));
            if level > 0 {
                sums[level] += probability;
            }
        }
    }

    /// Sum of a level.
    pub fn sum(&self, comparison: usize, level: usize) -> f64 {
        self.0[comparison][level]
    }

    /// Sum over the levels of a comparison.
    pub fn total(&self, comparison: usize) -> f64 {
        self.0[comparison].iter().sum()
    }

    /// m of a level with one pseudo-pair in the proportions of the model, as [`super::em::fit`] would have it.
    pub fn m(&self, comparison: usize, level: usize, of_model: f64) -> f64 {
        (self.sum(comparison, level) + of_model) / (self.total(comparison) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_count_by_their_probability_and_what_is_missing_does_not() {
        let mut seen = Observed::none(2);
        seen.add(Pattern::pack(&[1, 0]), 0.5);
        seen.add(Pattern::pack(&[2, 1]), 1.0);
        let close = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-12, "{value}");
        close(seen.sum(0, 1), 0.5);
        close(seen.total(0), 1.5);
        close(seen.total(1), 1.0);
        close(seen.m(0, 1, 0.75), 1.25 / 2.5);
    }
}
