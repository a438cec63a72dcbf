//! How far a share that was counted may lie from the true one.

/// z of a two-sided interval that holds the truth 95 times in 100.
pub const Z95: f64 = 1.959_963_984_540_054;

/// Wilson's interval for a share: `hits` among `of`, which may be sums of probabilities. Nothing counted
/// leaves everything possible.
pub fn wilson(hits: f64, of: f64, z: f64) -> (f64, f64) {
    if of <= 0.0 {
        return (0.0, 1.0);
    }
    let (share, square) = ((hits / of).clamp(0.0, 1.0), z * z);
    let middle = share + square / (2.0 * of);
    let spread = z * (share * (1.0 - share) / of + square / (4.0 * of * of)).sqrt();
    let scale = 1.0 + square / of;
    (((middle - spread) / scale).max(0.0), ((middle + spread) / scale).min(1.0))
}

/// A part of all that is counted, of which some were looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stratum {
    /// How many there are.
    pub size: u64,
    /// How many of them were looked at.
    pub looked_at: u64,
    /// How many of these are hits.
    pub hits: u64,
}

/// The share of hits among all, each stratum counted by its size, and Wilson's interval for as many equally
/// likely looks as the strata are worth together (Kish's effective sample size, Survey Sampling, 1965). Strata of
/// which nothing was looked at are left out; `None` when that holds for all.
pub fn stratified(strata: &[Stratum], z: f64) -> Option<(f64, f64, f64)> {
    let seen = || strata.iter().filter(|stratum| stratum.looked_at > 0);
    let all: f64 = seen().map(|stratum| stratum.size as f64).sum();
    if all <= 0.0 {
        return None;
    }
    let weight = |stratum: &Stratum| stratum.size as f64 / all;
    let share: f64 = seen().map(|s| weight(s) * s.hits as f64 / s.looked_at as f64).sum();
    let looks = 1.0 / seen().map(|s| weight(s).powi(2) / s.looked_at as f64).sum::<f64>();
    let (low, high) = wilson(share * looks, looks, z);
    Some((share, low, high))
}

/// Half the sum of the differences of two lists of shares: the part of all that would have to move from one
/// value to another to make them equal.
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).sum::<f64>() / 2.0
}

/// What [`distance`] may reach by chance alone: shares of `values` values counted over `of` independent
/// things lie further from the true shares with a probability of at most `alarm`, whatever these are
/// (McDiarmid's inequality around the mean of the distance).
pub fn distance_by_chance(values: usize, of: f64, alarm: f64) -> f64 {
    if of <= 0.0 {
        return 1.0;
    }
    let mean = 0.5 * ((values.max(1) as f64 - 1.0) / of).sqrt();
    mean + ((1.0 / alarm).ln() / (2.0 * of)).sqrt()
}

#[cfg(test)]
mod tests {
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn wilsons_interval_is_the_printed_one() {
        // Wilson 1927, the usual worked example: 81 of 263.
        let (low, high) = wilson(81.0, 263.0, Z95);
        assert!((low - 0.255_3).abs() < 5e-4 && (high - 0.366_2).abs() < 5e-4, "{low} {high}");
        let (low, high) = wilson(0.0, 20.0, Z95);
        assert!(low.abs() < 1e-12 && (high - 0.161_1).abs() < 1e-3, "{low} {high}");
        assert_eq!(wilson(0.0, 0.0, Z95).1.to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn strata_that_are_looked_at_unequally_do_not_bend_the_share() {
        let mut dice = ChaCha8Rng::seed_from_u64(11);
        let (mut inside, mut naive_inside) = (0, 0);
        for _ in 0..400 {
            // 400 of which 95 in 100 are hits, nearly all looked at; 200 with 40 in 100, a tenth looked at.
            let mut draw = |size: u64, share: f64, looked: f64| {
                let looked_at = (0..size).filter(|_| dice.random::<f64>() < looked).count() as u64;
                let hits = (0..looked_at).filter(|_| dice.random::<f64>() < share).count() as u64;
                Stratum { size, looked_at, hits }
            };
            let strata = [draw(400, 0.95, 0.9), draw(200, 0.4, 0.1)];
            let truth = (400.0 * 0.95 + 200.0 * 0.4) / 600.0;
            let (_, low, high) = stratified(&strata, Z95).unwrap();
            inside += usize::from((low..=high).contains(&truth));
            let [a, b] = strata;
            let (low, high) = wilson((a.hits + b.hits) as f64, (a.looked_at + b.looked_at) as f64, Z95);
            naive_inside += usize::from((low..=high).contains(&truth));
        }
        assert!(inside >= 372, "{inside} of 400");
        assert!(naive_inside < 40, "without strata {naive_inside} of 400");
        assert_eq!(stratified(&[Stratum { size: 3, looked_at: 0, hits: 0 }], Z95), None);
    }

    #[test]
    fn the_distance_is_the_part_that_would_have_to_move() {
        assert!((distance(&[0.5, 0.3, 0.2], &[0.4, 0.3, 0.3]) - 0.1).abs() < 1e-12);
        assert!((distance(&[1.0, 0.0], &[0.0, 1.0]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn chance_reaches_the_bound_hardly_ever_and_a_tenth_of_it_often() {
        let (shares, of, alarm) = ([0.7, 0.2, 0.06, 0.04], 400_u32, 0.05);
        let bound = distance_by_chance(shares.len(), f64::from(of), alarm);
        let mut dice = ChaCha8Rng::seed_from_u64(3);
        let mut over = [0_u32; 2];
        for _ in 0..2_000 {
            let mut seen = [0.0; 4];
            for _ in 0..of {
                let mut rest: f64 = dice.random();
                let at = shares.iter().position(|share| {
                    rest -= share;
                    rest < 0.0
                });
                seen[at.unwrap_or(3)] += 1.0 / f64::from(of);
            }
            let far = distance(&seen, &shares);
            over[0] += u32::from(far > bound);
            over[1] += u32::from(far > bound / 10.0);
        }
        assert!(over[0] <= 100 && over[1] > 1_000, "{over:?}");
    }
}
