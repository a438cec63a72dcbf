//! How unlikely a number is beside those of the nights before it.
//!
//! A count or a share is taken to a scale on which its own chance is about the same wherever it lies (Anscombe 1948 for
//! counts; the arc sine for shares). What nights vary by beyond that is estimated from the nights themselves. Then two
//! things are asked, and the answer is the larger of two probabilities: does tonight lie outside what the **level** of
//! these nights allows, and is the **step** from last night larger than their steps allow? The first bound is exact
//! where nights are independent and alike, the second where steps from night to night are (a stock that wanders); each
//! is Student's t on the normal law of the scale. So the probability of an alarm is bounded where either holds, which is
//! the assumption, and nobody has to know which. A series that never moved is given the spread that chance alone gives a
//! count or a share of its size: where it truly is steadier, alarms only become rarer.

/// A number of a night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// So many.
    Count(u64),
    /// So many of so many.
    Share {
        /// So many.
        hits: u64,
        /// Of so many.
        of: u64,
    },
}

impl Reading {
    /// The number as people read it: a count, or a share between 0 and 1.
    pub fn value(self) -> f64 {
        match self {
            Self::Count(count) => count as f64,
            Self::Share { of: 0, .. } => 0.0,
            Self::Share { hits, of } => hits as f64 / of as f64,
        }
    }

    /// The number on its scale, and the spread there that chance alone gives it.
    fn scaled(self) -> (f64, f64) {
        match self {
            Self::Count(count) => (2.0 * (count as f64 + 0.375).sqrt(), 1.0),
            Self::Share { hits, of } => {
                let of = of as f64;
                let share = ((hits as f64 + 0.375) / (of + 0.75)).clamp(0.0, 1.0);
                (share.sqrt().asin(), 0.5 / (of + 0.5).sqrt())
            }
        }
    }
}

/// The probability that a night lies as far from the nights before it, oldest first, as `tonight` does; `None` with
/// fewer than three of them, which tell nothing of how much they vary.
pub fn chance(before: &[Reading], tonight: Reading) -> Option<f64> {
    let (&last, nights) = (before.last()?, before.len() as f64);
    if before.len() < 3 {
        return None;
    }
    let (now, own) = tonight.scaled();
    let past: Vec<(f64, f64)> = before.iter().map(|reading| reading.scaled()).collect();
    // A share of fewer rows varies more: the widest of the spreads counts.
    let floor = past.iter().fold(own, |widest, (_, spread)| widest.max(*spread));
    let mean = past.iter().map(|(at, _)| at).sum::<f64>() / nights;
    let spread = (past.iter().map(|(at, _)| (at - mean).powi(2)).sum::<f64>() / (nights - 1.0)).sqrt();
    let steps = past.windows(2).map(|pair| (pair[1].0 - pair[0].0).powi(2)).sum::<f64>() / (nights - 1.0);
    let of_level = (now - mean).abs() / (spread.max(floor) * (1.0 + 1.0 / nights).sqrt());
    let of_step = (now - last.scaled().0).abs() / steps.sqrt().max(floor);
    let freedom = nights - 1.0;
    Some(student_two_sided(of_level, freedom).max(student_two_sided(of_step, freedom)))
}

/// The probability that Student's t with `freedom` degrees lies further from zero than `t`.
pub fn student_two_sided(t: f64, freedom: f64) -> f64 {
    incomplete_beta(freedom / 2.0, 0.5, freedom / t.mul_add(t, freedom))
}

/// The regularised incomplete beta function, by its continued fraction (Abramowitz and Stegun 26.5.8, evaluated as
/// Lentz does).
fn incomplete_beta(left: f64, right: f64, at: f64) -> f64 {
    if at <= 0.0 {
        return 0.0;
    }
    if at >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast on one side of the mean only; the other side follows from the symmetry.
    if at > (left + 1.0) / (left + right + 2.0) {
        return 1.0 - incomplete_beta(right, left, 1.0 - at);
    }
    let scale = ln_gamma(left + right) - ln_gamma(left) - ln_gamma(right);
    let front = left.mul_add(at.ln(), right.mul_add((1.0 - at).ln(), scale)).exp() / left;
    let (mut upper, mut lower) = (1.0, (1.0 - (left + right) * at / (left + 1.0)).recip());
    let mut fraction = lower;
    for step in 1..=TERMS {
        let step = f64::from(step);
        let place = 2.0f64.mul_add(step, left);
        for term in [
            step * (right - step) * at / ((place - 1.0) * place),
            -(left + step) * (left + right + step) * at / (place * (place + 1.0)),
        ] {
            let denominator = term.mul_add(lower, 1.0);
            lower = (if denominator.abs() < TINY { TINY } else { denominator }).recip();
            upper = 1.0 + term / upper;
            fraction *= upper * lower;
        }
        if (upper * lower - 1.0).abs() < 1e-15 {
            break;
        }
    }
    front * fraction
}

/// What stands for zero in a denominator.
const TINY: f64 = 1e-300;
/// Terms of the fraction at most; a dozen are enough for any number of nights.
const TERMS: i32 = 300;

/// The logarithm of the gamma function for positive numbers: Stirling's series, shifted to where it is exact.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < 12.0 {
        shift += x.ln();
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - shift
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::kernel::draws::{normal, poisson, whole};

    #[test]
    fn students_t_is_the_tabulated_one() {
        // Quantiles as every table prints them: t, degrees of freedom, two-sided probability.
        for (t, freedom, p) in [
            (12.706_205, 1.0, 0.05),
            (2.228_139, 10.0, 0.05),
            (2.045_230, 29.0, 0.05),
            (3.659_405, 29.0, 0.001),
            (2.756_386, 29.0, 0.01),
            (0.683_044, 29.0, 0.5),
        ] {
            let found = student_two_sided(t, freedom);
            assert!((found / p - 1.0).abs() < 1e-5, "{t} {freedom}: {found}");
        }
        // t with two degrees has a closed form, also far out: 1 - t / sqrt(t² + 2).
        for t in [0.5_f64, 3.0, 40.0] {
            let exact = 1.0 - t / (t * t + 2.0).sqrt();
            assert!((student_two_sided(t, 2.0) / exact - 1.0).abs() < 1e-9, "{t}");
        }
        assert!((student_two_sided(0.0, 29.0) - 1.0).abs() < 1e-12);
    }

    /// A way in which a series of nights comes about.
    type World = (&'static str, fn(&mut ChaCha8Rng) -> Vec<Reading>);

    /// Nights before tonight.
    const NIGHTS: usize = 30;

    fn positive(number: f64) -> f64 {
        number.max(0.0)
    }

    fn counts(mut mean: impl FnMut(&mut ChaCha8Rng) -> f64, dice: &mut ChaCha8Rng) -> Vec<Reading> {
        (0..=NIGHTS)
            .map(|_| {
                let mean = mean(dice);
                Reading::Count(poisson(mean, dice))
            })
            .collect()
    }

    /// `size` a night, and `share` of it: a normal number stands for a binomial one.
    fn shares(share: f64, size: u64, dice: &mut ChaCha8Rng) -> Vec<Reading> {
        let spread = (share * (1.0 - share) * size as f64).sqrt();
        let hit = |dice: &mut ChaCha8Rng| whole(0.5 + spread.mul_add(normal(dice), share * size as f64));
        (0..=NIGHTS).map(|_| Reading::Share { hits: hit(dice).min(size), of: size }).collect()
    }

    /// Worlds in which nothing happened that anybody should be told.
    const QUIET: [World; 7] = [
        ("nothing, hardly ever one", |dice| counts(|_| 0.05, dice)),
        ("a few", |dice| counts(|_| 4.0, dice)),
        ("many", |dice| counts(|_| 400.0, dice)),
        ("many, three times as varied as chance", |dice| {
            counts(|dice| positive(60.0f64.mul_add(normal(dice), 400.0)), dice)
        }),
        ("a stock that wanders", |dice| {
            let mut level = 900.0;
            (0..=NIGHTS)
                .map(|_| {
                    level = positive(12.0f64.mul_add(normal(dice), level));
                    Reading::Count(whole(0.5 + level))
                })
                .collect()
        }),
        ("a share of a few rows", |dice| shares(0.3, 60, dice)),
        ("a share of many rows", |dice| shares(0.02, 4_000, dice)),
    ];

    /// Worlds of which nobody is told: how often the probability falls below a bound, beside the bound.
    #[test]
    fn quiet_nights_fall_below_a_bound_no_more_often_than_it_says() {
        const DRAWN: u32 = 6_000;
        let mut dice = ChaCha8Rng::seed_from_u64(20_261_120);
        for (name, world) in QUIET {
            let mut below = [0_u32; 3];
            let bounds = [0.05, 0.01, 0.001];
            for _ in 0..DRAWN {
                let nights = world(&mut dice);
                let found = chance(&nights[..NIGHTS], nights[NIGHTS]).unwrap();
                for (count, bound) in below.iter_mut().zip(bounds) {
                    *count += u32::from(found < bound);
                }
            }
            for (count, bound) in below.into_iter().zip(bounds) {
                // Four spreads of the count itself above what is allowed.
                let allowed = f64::from(DRAWN) * bound;
                assert!(
                    f64::from(count) <= 4.0f64.mul_add(allowed.sqrt(), allowed),
                    "{name}: {count} of {DRAWN} below {bound}"
                );
            }
        }
    }

    #[test]
    fn a_halved_volume_is_seen_where_there_is_something_to_halve() {
        // The bound of one series among a hundred, one false alarm a year.
        const BOUND: f64 = 1.0 / (365.0 * 4.0 * 100.0);
        let mut dice = ChaCha8Rng::seed_from_u64(7);
        let mut seen = |mean: f64, varied: f64| {
            let hits = (0..400).filter(|_| {
                let level = |dice: &mut ChaCha8Rng| positive(varied.mul_add(normal(dice), 1.0) * mean);
                let nights: Vec<Reading> = (0..NIGHTS)
                    .map(|_| {
                        let mean = level(&mut dice);
                        Reading::Count(poisson(mean, &mut dice))
                    })
                    .collect();
                let half = level(&mut dice) / 2.0;
                let tonight = Reading::Count(poisson(half, &mut dice));
                chance(&nights, tonight).unwrap() < BOUND
            });
            hits.count() as f64 / 400.0
        };
        let power = [(50.0, 0.0), (200.0, 0.0), (400.0, 0.0), (4_000.0, 0.05)]
            .map(|(mean, varied)| seen(mean, varied));
        assert!(power[0] < 0.3, "fifty that vary as chance lets them are too few: {power:?}");
        assert!(power[2] > 0.9 && power[3] > 0.9, "{power:?}");
        assert!(power[1] > 0.3, "{power:?}");
        // What stood still and is halved is seen from about a hundred on.
        let still = |count| chance(&[Reading::Count(count); NIGHTS], Reading::Count(count / 2)).unwrap();
        assert!(still(60) > BOUND && still(140) < BOUND, "{} {}", still(60), still(140));
    }

    #[test]
    fn two_nights_tell_nothing() {
        assert_eq!(chance(&[Reading::Count(9); 2], Reading::Count(1)), None);
        assert_eq!(chance(&[], Reading::Count(1)), None);
        assert!((Reading::Share { hits: 0, of: 0 }.value()).abs() < 1e-12);
    }
}
