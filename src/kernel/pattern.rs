//! Agreement patterns: one level per comparison, packed in one word, and counts of them.

use std::collections::BTreeMap;

/// Bits of one level in a pattern.
const BITS: u32 = 4;
/// Most comparisons a pattern can hold.
pub const MAX_COMPARISONS: usize = 16;
/// Most levels of one comparison, the null level included.
pub const MAX_LEVELS: usize = 1 << BITS;

/// The levels of one pair, four bits each, comparison 0 in the lowest bits. Level 0 is always the
/// null level: nothing to compare.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Pattern(u64);

impl Pattern {
    /// Packs levels; more than [`MAX_COMPARISONS`] or levels of 16 and more are a caller's bug.
    ///
    /// # Panics
    /// When there are too many comparisons or a level does not fit.
    pub fn pack(levels: &[u8]) -> Self {
        assert!(levels.len() <= MAX_COMPARISONS, "at most {MAX_COMPARISONS} comparisons");
        let mut word = 0;
        for (place, &level) in levels.iter().enumerate() {
            assert!(usize::from(level) < MAX_LEVELS, "levels are below {MAX_LEVELS}");
            word |= u64::from(level) << (BITS * u32::try_from(place).unwrap_or(0));
        }
        Self(word)
    }

    /// The level of a comparison.
    pub fn level(self, comparison: usize) -> u8 {
        let shift = BITS * u32::try_from(comparison).unwrap_or(0);
        u8::try_from((self.0 >> shift) & (MAX_LEVELS as u64 - 1)).unwrap_or(0)
    }

    /// The first `n` levels.
    pub fn levels(self, n: usize) -> Vec<u8> {
        (0..n).map(|comparison| self.level(comparison)).collect()
    }
}

/// How often each pattern occurred. Whole numbers, so sums do not depend on the order of adding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatternCounts(BTreeMap<Pattern, u64>);

impl PatternCounts {
    /// Counts `n` more pairs of a pattern.
    pub fn add(&mut self, pattern: Pattern, n: u64) {
        *self.0.entry(pattern).or_insert(0) += n;
    }

    /// Adds the counts of another part.
    #[must_use]
    pub fn merge(mut self, other: &Self) -> Self {
        for (&pattern, &n) in &other.0 {
            self.add(pattern, n);
        }
        self
    }

    /// Patterns with their counts, in order of the packed word.
    pub fn iter(&self) -> impl Iterator<Item = (Pattern, u64)> + '_ {
        self.0.iter().map(|(&pattern, &n)| (pattern, n))
    }

    /// Number of pairs.
    pub fn pairs(&self) -> u64 {
        self.0.values().sum()
    }

    /// Number of distinct patterns.
    pub fn distinct(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_survive_packing() {
        let levels = [3, 0, 15, 1, 7];
        let pattern = Pattern::pack(&levels);
        assert_eq!(pattern.levels(5), levels);
        assert_eq!(pattern.level(9), 0);
    }

    #[test]
    fn sixteen_comparisons_fit() {
        let levels = [15_u8; MAX_COMPARISONS];
        assert_eq!(Pattern::pack(&levels).levels(MAX_COMPARISONS), levels);
    }

    #[test]
    fn counts_do_not_depend_on_the_order_of_adding() {
        let (mut a, mut b) = (PatternCounts::default(), PatternCounts::default());
        a.add(Pattern::pack(&[1, 2]), 3);
        b.add(Pattern::pack(&[2, 2]), 1);
        b.add(Pattern::pack(&[1, 2]), 2);
        let (ab, ba) = (a.clone().merge(&b), b.merge(&a));
        assert_eq!(ab, ba);
        assert_eq!((ab.pairs(), ab.distinct()), (6, 2));
    }
}
