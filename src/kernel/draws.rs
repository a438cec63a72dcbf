//! Random numbers of known laws from a given source: the same seed gives the same numbers.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Above this mean a Poisson number is drawn as a normal one.
const NORMAL: f64 = 60.0;
/// Draws of [`poisson_range`].
const DRAWS: usize = 1_000;

/// A normal number of mean 0 and spread 1 (Box and Muller).
pub fn normal(dice: &mut ChaCha8Rng) -> f64 {
    let (a, b): (f64, f64) = (dice.random::<f64>().max(1e-300), dice.random());
    (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

/// A Poisson number.
pub fn poisson(mean: f64, dice: &mut ChaCha8Rng) -> u64 {
    if mean > NORMAL {
        return whole(mean.sqrt().mul_add(normal(dice), mean) + 0.5);
    }
    let limit = (-mean).exp();
    let (mut product, mut count) = (dice.random::<f64>(), 0);
    while product > limit {
        product *= dice.random::<f64>();
        count += 1;
    }
    count
}

/// Where a count lies 95 times in 100 when each of `means` is equally likely to be its mean.
pub fn poisson_range(means: &[f64], seed: u64) -> (f64, f64) {
    if means.is_empty() {
        return (0.0, 0.0);
    }
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn: Vec<u64> =
        means.iter().cycle().take(DRAWS).map(|&mean| poisson(mean, &mut dice)).collect();
    drawn.sort_unstable();
    (drawn[DRAWS / 40] as f64, drawn[DRAWS - 1 - DRAWS / 40] as f64)
}

/// The whole part of a number; zero below zero.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the whole part is what is wanted; below zero it is zero"
)]
pub fn whole(value: f64) -> u64 {
    value.max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_numbers_have_the_mean_and_the_spread_of_poisson() {
        let mut dice = ChaCha8Rng::seed_from_u64(5);
        for mean in [0.3, 4.0, 59.0, 400.0] {
            let drawn: Vec<f64> = (0..4_000).map(|_| poisson(mean, &mut dice) as f64).collect();
            let found = drawn.iter().sum::<f64>() / 4_000.0;
            let spread = drawn.iter().map(|value| (value - found).powi(2)).sum::<f64>() / 4_000.0;
            assert!((found - mean).abs() < 5.0 * (mean / 4_000.0).sqrt(), "{mean}: {found}");
            assert!((spread / mean - 1.0).abs() < 0.15, "{mean}: {spread}");
        }
    }

    #[test]
    fn the_range_of_a_count_is_that_of_its_law_and_grows_with_doubt_about_the_mean() {
        // Poisson of mean 10: 2.5 % lie below 4 or at it, 2.5 % above 17.
        let sure = poisson_range(&[10.0], 1);
        assert!((4.0 - sure.0).abs() <= 1.0 && (17.0 - sure.1).abs() <= 1.0, "{sure:?}");
        let unsure = poisson_range(&[4.0, 10.0, 25.0], 1);
        assert!(unsure.0 < sure.0 && unsure.1 > sure.1, "{unsure:?}");
        assert!(poisson_range(&[], 1).1.abs() < 1e-12 && poisson_range(&[0.0], 1).1.abs() < 1e-12);
    }
}
