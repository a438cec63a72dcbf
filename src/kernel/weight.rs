//! Match weights in bits (log2 of a Bayes factor) and probabilities.

use super::pattern::Pattern;

/// Weights are held within ± this many bits, so that no sum overflows and one level decides nothing
/// for ever.
pub const LIMIT_BITS: f64 = 60.0;

/// Probability of a match from a weight in bits, prior included.
pub fn probability(bits: f64) -> f64 {
    let odds = bits.clamp(-LIMIT_BITS, LIMIT_BITS).exp2();
    odds / (1.0 + odds)
}

/// Weight in bits of a probability; inverse of [`probability`] within ± [`LIMIT_BITS`].
pub fn bits(probability: f64) -> f64 {
    if probability <= 0.0 {
        return -LIMIT_BITS;
    }
    if probability >= 1.0 {
        return LIMIT_BITS;
    }
    (probability / (1.0 - probability)).log2().clamp(-LIMIT_BITS, LIMIT_BITS)
}

/// Weight of one level: log2(m/u); zero when either is unknown (not above zero).
pub fn level_bits(m: f64, u: f64) -> f64 {
    if m > 0.0 && u > 0.0 { (m / u).log2().clamp(-LIMIT_BITS, LIMIT_BITS) } else { 0.0 }
}

/// The weights of a model, ready for summing: `bits[comparison][level]`; level 0 weighs nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightTable {
    /// Prior weight in bits.
    pub prior: f64,
    /// Weight of each level of each comparison; a level beyond the end weighs nothing.
    pub bits: Vec<Vec<f64>>,
}

impl WeightTable {
    /// Weight of one level.
    pub fn of(&self, comparison: usize, level: u8) -> f64 {
        self.bits.get(comparison).and_then(|levels| levels.get(usize::from(level))).copied().unwrap_or(0.0)
    }

    /// Prior plus the weights of all levels, added in the order of the comparisons.
    pub fn total(&self, pattern: Pattern) -> f64 {
        (0..self.bits.len())
            .fold(self.prior, |sum, comparison| sum + self.of(comparison, pattern.level(comparison)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bits_in: f64, expected: f64) {
        assert!((probability(bits_in) - expected).abs() < 1e-12, "{bits_in}");
    }

    #[test]
    fn probabilities_of_weights() {
        check(0.0, 0.5);
        check(1.0, 2.0 / 3.0);
        check(-1.0, 1.0 / 3.0);
        assert!((bits(probability(7.25)) - 7.25).abs() < 1e-9);
        assert!(bits(1.0) >= LIMIT_BITS);
    }

    #[test]
    fn null_levels_weigh_nothing() {
        let table = WeightTable { prior: -3.0, bits: vec![vec![0.0, 5.0], vec![0.0, 2.0, -4.0]] };
        assert!((table.total(Pattern::pack(&[1, 2])) - -2.0).abs() < 1e-12);
        assert!((table.total(Pattern::pack(&[0, 0])) - -3.0).abs() < 1e-12);
        assert!(level_bits(0.0, 0.5).abs() < 1e-12);
    }
}
