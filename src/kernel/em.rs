//! Expectation-maximisation for the Fellegi–Sunter model, on counts of patterns.
//!
//! The data are a few hundred distinct patterns with whole-number counts, so a fit costs
//! milliseconds at any number of pairs and is the same to the last bit on any number of threads.

use super::pattern::PatternCounts;

/// m or u: `table[comparison][level]`, level 0 (null) unused.
pub type LevelTable = Vec<Vec<f64>>;

/// Where EM starts and what it may change.
#[derive(Clone, Debug)]
pub struct Start {
    /// First guess of m: probability of each level given a match.
    pub m: LevelTable,
    /// First guess of u: probability of each level given no match.
    pub u: LevelTable,
    /// First guess of the share of matches among the pairs.
    pub prior: f64,
    /// Whether u may change; false when it was counted on random pairs.
    pub fit_u: bool,
    /// Whether the prior may change; false when the pairs are a chosen part of all pairs.
    pub fit_prior: bool,
    /// Most rounds.
    pub rounds: u32,
    /// Stop when no parameter moves by more than this.
    pub tolerance: f64,
}

/// What EM found.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// m by comparison and level.
    pub m: LevelTable,
    /// u by comparison and level.
    pub u: LevelTable,
    /// Share of matches among the pairs.
    pub prior: f64,
    /// Rounds used.
    pub rounds: u32,
    /// Whether it came to rest within the allowed rounds.
    pub converged: bool,
}

/// Pseudo-pairs given to every level in the proportions of the first guess: a level absent today
/// keeps its guess instead of becoming impossible.
const PSEUDO_PAIRS: f64 = 1.0;

/// Fits m, u and the prior to counted patterns. Null levels (0) neither count nor weigh. With no
/// pairs at all the start comes back.
pub fn fit(counts: &PatternCounts, start: &Start) -> Fitted {
    let mut now = Fitted {
        m: start.m.clone(),
        u: start.u.clone(),
        prior: start.prior.clamp(1e-12, 1.0 - 1e-12),
        rounds: 0,
        converged: counts.pairs() == 0,
    };
    let total = counts.pairs() as f64;
    while !now.converged && now.rounds < start.rounds {
        now.rounds += 1;
        let mut m_sum = scaled(&start.m, PSEUDO_PAIRS);
        let mut u_sum = scaled(&start.u, PSEUDO_PAIRS);
        let mut matches = 0.0;
        for (pattern, n) in counts.iter() {
            let (mut pm, mut pu) = (now.prior, 1.0 - now.prior);
            for comparison in 0..now.m.len() {
                let level = usize::from(pattern.level(comparison));
                if level > 0 {
                    pm *= at(&now.m, comparison, level);
                    pu *= at(&now.u, comparison, level);
                }
            }
            let share = if pm + pu > 0.0 { pm / (pm + pu) } else { 0.0 };
            let (as_match, as_other) = (share * n as f64, (1.0 - share) * n as f64);
            matches += as_match;
            for comparison in 0..now.m.len() {
                let level = usize::from(pattern.level(comparison));
                if level > 0 && level < m_sum[comparison].len() {
                    m_sum[comparison][level] += as_match;
                    u_sum[comparison][level] += as_other;
                }
            }
        }
        let m = shares(&m_sum);
        let u = if start.fit_u { shares(&u_sum) } else { now.u.clone() };
        let found = (matches / total).clamp(1e-12, 1.0 - 1e-12);
        let prior = if start.fit_prior { found } else { now.prior };
        let moved = furthest(&m, &now.m).max(furthest(&u, &now.u)).max((prior - now.prior).abs());
        (now.m, now.u, now.prior) = (m, u, prior);
        now.converged = moved <= start.tolerance;
    }
    now
}

fn at(table: &LevelTable, comparison: usize, level: usize) -> f64 {
    table[comparison].get(level).copied().unwrap_or(0.0).max(1e-12)
}

fn scaled(table: &LevelTable, by: f64) -> LevelTable {
    table.iter().map(|levels| levels.iter().map(|value| value * by).collect()).collect()
}

/// Each comparison's sums as shares of one, level 0 left at zero.
fn shares(sums: &LevelTable) -> LevelTable {
    sums.iter()
        .map(|levels| {
            let total: f64 = levels.iter().skip(1).sum();
            levels
                .iter()
                .enumerate()
                .map(|(level, &sum)| if level == 0 || total <= 0.0 { 0.0 } else { sum / total })
                .collect()
        })
        .collect()
}

fn furthest(a: &LevelTable, b: &LevelTable) -> f64 {
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    pairs.map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::super::pattern::Pattern;
    use super::*;

    /// Expected counts of a world with known m, u and prior, rounded to whole pairs.
    fn world(m: &LevelTable, u: &LevelTable, prior: f64, pairs: f64) -> PatternCounts {
        let mut counts = PatternCounts::default();
        let sizes: Vec<usize> = m.iter().map(Vec::len).collect();
        let combos: usize = sizes.iter().map(|n| n - 1).product();
        for combo in 0..combos {
            let mut rest = combo;
            let (mut pm, mut pu) = (prior, 1.0 - prior);
            let mut levels = Vec::new();
            for (comparison, n) in sizes.iter().enumerate() {
                let level = rest % (n - 1) + 1;
                rest /= n - 1;
                pm *= m[comparison][level];
                pu *= u[comparison][level];
                levels.push(u8::try_from(level).unwrap());
            }
            let expected = format!("{:.0}", (pm + pu) * pairs).parse().unwrap();
            counts.add(Pattern::pack(&levels), expected);
        }
        counts
    }

    #[test]
    fn known_m_u_and_prior_come_back() {
        let m = vec![
            vec![0.0, 0.9, 0.07, 0.03],
            vec![0.0, 0.95, 0.05],
            vec![0.0, 0.8, 0.15, 0.05],
            vec![0.0, 0.7, 0.3],
        ];
        let u = vec![
            vec![0.0, 0.01, 0.04, 0.95],
            vec![0.0, 0.1, 0.9],
            vec![0.0, 0.02, 0.08, 0.9],
            vec![0.0, 0.05, 0.95],
        ];
        let counts = world(&m, &u, 0.02, 1e9);
        let start = Start {
            m: vec![
                vec![0.0, 0.8, 0.1, 0.1],
                vec![0.0, 0.8, 0.2],
                vec![0.0, 0.8, 0.1, 0.1],
                vec![0.0, 0.8, 0.2],
            ],
            u: vec![
                vec![0.0, 0.1, 0.1, 0.8],
                vec![0.0, 0.2, 0.8],
                vec![0.0, 0.1, 0.1, 0.8],
                vec![0.0, 0.2, 0.8],
            ],
            prior: 0.1,
            fit_u: true,
            fit_prior: true,
            rounds: 2000,
            tolerance: 1e-10,
        };
        let found = fit(&counts, &start);
        assert!(found.converged, "{} rounds", found.rounds);
        assert!((found.prior - 0.02).abs() < 1e-4, "prior {}", found.prior);
        assert!(furthest(&found.m, &m) < 1e-3, "{:?}", found.m);
        assert!(furthest(&found.u, &u) < 1e-3, "{:?}", found.u);
    }

    #[test]
    fn a_level_that_never_occurs_keeps_a_share() {
        let m = vec![vec![0.0, 0.9, 0.05, 0.05]];
        let start = Start {
            m: m.clone(),
            u: m,
            prior: 0.5,
            fit_u: true,
            fit_prior: true,
            rounds: 50,
            tolerance: 1e-9,
        };
        let mut counts = PatternCounts::default();
        counts.add(Pattern::pack(&[1]), 1000);
        let found = fit(&counts, &start);
        assert!(found.m[0][2] > 0.0 && found.u[0][3] > 0.0);
    }

    #[test]
    fn without_pairs_the_start_comes_back() {
        let table = vec![vec![0.0, 0.5, 0.5]];
        let start = Start {
            m: table.clone(),
            u: table.clone(),
            prior: 0.25,
            fit_u: true,
            fit_prior: true,
            rounds: 9,
            tolerance: 0.0,
        };
        let found = fit(&PatternCounts::default(), &start);
        assert_eq!((found.rounds, found.converged), (0, true));
        assert_eq!(found.m, table);
    }
}
