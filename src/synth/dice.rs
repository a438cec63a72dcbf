//! Random streams: every chunk and every purpose has a stream of its own, so that the county comes
//! out the same whichever thread simulates which village.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One stream of chance.
pub(crate) struct Dice(ChaCha8Rng);

/// Mixes words into one seed (splitmix64, one round per word).
pub(crate) fn mix(words: &[u64]) -> u64 {
    words.iter().fold(0x9e37_79b9_7f4a_7c15, |state, word| {
        let mut z = state ^ word.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

/// A number in [0, 1) that depends on nothing but the words: decisions about whole batches.
pub(crate) fn fixed_chance(words: &[u64]) -> f64 {
    (mix(words) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A word that stands for a piece of text (FNV-1a), for use with [`mix`].
pub(crate) fn text_word(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

impl Dice {
    /// The stream for these words.
    pub(crate) fn new(words: &[u64]) -> Self {
        Self(ChaCha8Rng::seed_from_u64(mix(words)))
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A number in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number from 0 to `n - 1`; 0 when `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { self.0.random_range(0..n) }
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        if high <= low { low } else { self.0.random_range(low..=high) }
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn range(&mut self, low: u32, high: u32) -> u32 {
        if high <= low { low } else { self.0.random_range(low..=high) }
    }

    /// One element; the slice must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// An index by weight.
    pub(crate) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// An index by cumulative weight (the last entry is the sum).
    pub(crate) fn cumulative(&mut self, sums: &[f64]) -> usize {
        let target = self.unit() * sums.last().copied().unwrap_or(0.0);
        sums.partition_point(|&sum| sum <= target).min(sums.len().saturating_sub(1))
    }

    /// A sum of three uniform draws around `mean`, at most `spread` away: a bell without a tail.
    pub(crate) fn bell(&mut self, mean: i32, spread: i32) -> i32 {
        let third = spread / 3;
        mean + self.between(-third, third) + self.between(-third, third) + self.between(-third, third)
    }
}
