//! How sure m is: the counts of patterns are drawn anew many times and fitted again.

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::fit::Session;
use crate::kernel::draws::poisson;
use crate::kernel::em::{self, LevelTable, Start};
use crate::kernel::pattern::PatternCounts;

/// Times the counts are drawn.
const DRAWS: u64 = 40;
/// Rounds of a fit that begins at the answer.
const ROUNDS: u32 = 60;

/// Standard errors of m by comparison and level.
pub(super) fn errors_of_m(sessions: &[Session], m: &LevelTable, u: &LevelTable, seed: u64) -> LevelTable {
    let draws: Vec<Vec<LevelTable>> = (0..DRAWS)
        .into_par_iter()
        .map(|draw| {
            let mut dice = ChaCha8Rng::seed_from_u64(seed.wrapping_mul(DRAWS) + draw);
            sessions.iter().map(|session| refitted(session, m, u, &mut dice)).collect()
        })
        .collect();
    m.iter()
        .enumerate()
        .map(|(at, levels)| (0..levels.len()).map(|level| error(sessions, &draws, at, level)).collect())
        .collect()
}

/// Standard deviation of one m over the draws, the sessions that speak about it taken together.
fn error(sessions: &[Session], draws: &[Vec<LevelTable>], at: usize, level: usize) -> f64 {
    let weights: Vec<f64> = sessions
        .iter()
        .map(|session| if session.free[at] { session.matches * session.pairs as f64 + 1.0 } else { 0.0 })
        .collect();
    let total: f64 = weights.iter().sum();
    let value = |draw: &Vec<LevelTable>| {
        draw.iter().zip(&weights).map(|(m, weight)| m[at][level] * weight).sum::<f64>() / total.max(1e-300)
    };
    let values: Vec<f64> = draws.iter().map(value).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() as f64 - 1.0).max(1.0)).sqrt()
}

fn refitted(session: &Session, m: &LevelTable, u: &LevelTable, dice: &mut ChaCha8Rng) -> LevelTable {
    let mut counts = PatternCounts::default();
    for (pattern, n) in session.counts.iter() {
        counts.add(pattern, poisson(n as f64, dice));
    }
    let start = Start {
        m: m.clone(),
        u: u.clone(),
        prior: session.matches,
        fit_u: false,
        fit_prior: true,
        rounds: ROUNDS,
        tolerance: 1e-5,
    };
    em::fit(&counts, &start).m
}
