//! m from pairs of which some are told to be one person or two, and the rest are weighed.
//!
//! Officers are asked about doubtful pairs only, so the pairs they answer are no sample of all pairs: their
//! levels alone would make every disagreement look common among true pairs. Whether a pair is asked about
//! depends on nothing but its levels, though; when all pairs count, the told ones as they were told and the
//! others by their probability, the estimate is not bent by the choice (the case "missing at random" of Rubin,
//! Inference and missing data, 1976).

use super::em::LevelTable;
use super::observed::Observed;

/// m at rest.
#[derive(Clone, Debug)]
pub struct Rested {
    /// m by comparison and level.
    pub m: LevelTable,
    /// What the last expectation saw.
    pub seen: Observed,
    /// Rounds used.
    pub rounds: u32,
    /// Whether nothing moved any more within the allowed rounds.
    pub converged: bool,
}

/// Repeats the caller's expectation (m in; levels of all pairs, each counted with the probability that it is
/// one person, out) until no m moves by more than `tolerance`. Each comparison keeps one pseudo-pair in the
/// proportions of the first guess.
pub fn rest(
    first: &LevelTable,
    rounds: u32,
    tolerance: f64,
    mut expect: impl FnMut(&LevelTable) -> Observed,
) -> Rested {
    let mut now = Rested { m: first.clone(), seen: Observed::none(first.len()), rounds: 0, converged: false };
    while !now.converged && now.rounds < rounds {
        now.rounds += 1;
        now.seen = expect(&now.m);
        let of = |at: usize, levels: &Vec<f64>| -> Vec<f64> {
            let share = |(level, &guess): (usize, &f64)| {
                if level == 0 { 0.0 } else { now.seen.m(at, level, guess) }
            };
            levels.iter().enumerate().map(share).collect()
        };
        let m: LevelTable = first.iter().enumerate().map(|(at, levels)| of(at, levels)).collect();
        let moved = m.iter().flatten().zip(now.m.iter().flatten()).map(|(x, y)| (x - y).abs());
        now.converged = moved.fold(0.0, f64::max) <= tolerance;
        now.m = m;
    }
    now
}

#[cfg(test)]
mod tests {
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::super::pattern::Pattern;
    use super::super::weight::{WeightTable, level_bits, probability};
    use super::*;

    const PRIOR: f64 = 0.02;

    fn table(rows: &[[f64; 3]]) -> LevelTable {
        rows.iter().map(|row| row.to_vec()).collect()
    }

    fn weights(m: &LevelTable, u: &LevelTable) -> WeightTable {
        let bits =
            |(m, u): (&Vec<f64>, &Vec<f64>)| m.iter().zip(u).map(|(&m, &u)| level_bits(m, u)).collect();
        WeightTable { prior: (PRIOR / (1.0 - PRIOR)).log2(), bits: m.iter().zip(u).map(bits).collect() }
    }

    /// Pairs of a world with known m and u: pattern, and whether it is one person.
    fn world(m: &LevelTable, u: &LevelTable) -> Vec<(Pattern, bool)> {
        let mut dice = ChaCha8Rng::seed_from_u64(7);
        let pair = |_| {
            let same = dice.random::<f64>() < PRIOR;
            let of = if same { m } else { u };
            let levels: Vec<u8> =
                of.iter().map(|levels| if dice.random::<f64>() < levels[1] { 1 } else { 2 }).collect();
            (Pattern::pack(&levels), same)
        };
        (0..200_000).map(pair).collect()
    }

    fn furthest(a: &LevelTable, b: &LevelTable) -> f64 {
        a.iter().flatten().zip(b.iter().flatten()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn answers_about_doubtful_pairs_correct_m_and_are_not_taken_for_a_sample() {
        let m = table(&[[0.0, 0.95, 0.05], [0.0, 0.85, 0.15], [0.0, 0.9, 0.1], [0.0, 0.7, 0.3]]);
        let u = table(&[[0.0, 0.02, 0.98], [0.0, 0.1, 0.9], [0.0, 0.05, 0.95], [0.0, 0.2, 0.8]]);
        let first = table(&[[0.0, 0.8, 0.2], [0.0, 0.95, 0.05], [0.0, 0.8, 0.2], [0.0, 0.9, 0.1]]);
        let pairs = world(&m, &u);
        let asked = weights(&first, &u);
        let in_doubt = |pattern: Pattern| (0.05..0.95).contains(&probability(asked.total(pattern)));
        let rested = rest(&first, 200, 1e-6, |now| {
            let weights = weights(now, &u);
            let mut seen = Observed::none(now.len());
            for &(pattern, same) in &pairs {
                let told = in_doubt(pattern).then(|| f64::from(u8::from(same)));
                seen.add(pattern, told.unwrap_or_else(|| probability(weights.total(pattern))));
            }
            seen
        });
        assert!(rested.converged, "{} rounds", rested.rounds);
        assert!(furthest(&rested.m, &m) < 0.02, "{:?}", rested.m);

        // What the answered pairs alone would say: they disagree somewhere, or nobody had been in doubt.
        let mut told = Observed::none(m.len());
        pairs
            .iter()
            .filter(|(pattern, same)| *same && in_doubt(*pattern))
            .for_each(|(pattern, _)| told.add(*pattern, 1.0));
        let alone = rest(&first, 1, 0.0, |_| told.clone()).m;
        assert!(furthest(&alone, &m) > 0.2, "{alone:?}");
    }

    #[test]
    fn without_pairs_the_first_guess_stays() {
        let first = table(&[[0.0, 0.8, 0.2]]);
        let rested = rest(&first, 9, 1e-9, |now| Observed::none(now.len()));
        assert!(rested.converged && furthest(&rested.m, &first) < 1e-12);
    }
}
