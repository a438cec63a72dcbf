//! Counts of levels and patterns: among random pairs, and among the pairs of a rule.

use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::block::{Groups, Lane, Shelf};
use super::rows::{Rows, all};
use super::score::{Memory, full_levels, hash};
use crate::comparator::generic::{MISSING, number};
use crate::kernel::digest::chain;
use crate::kernel::pattern::{MAX_LEVELS, Pattern, PatternCounts};

/// Random pairs drawn at once.
const DRAWN: u64 = 1 << 14;

/// Shares of levels among pairs of two different people, as far as they can be counted: pairs that agree
/// in everything a comparison looks at are counted exactly, the others are drawn at random.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Levels {
    /// Share of each level of each comparison, level 0 unused.
    pub(super) shares: Vec<Vec<f64>>,
    /// Share of pairs with something to compare, by comparison.
    pub(super) filled: Vec<f64>,
    /// Pairs drawn, or all there are.
    pub(super) drawn: u64,
}

/// Counts of levels by comparison, for pairs with different codes.
type Different = Vec<[u64; MAX_LEVELS]>;

/// Shares of levels among all pairs that could be looked at.
pub(super) fn levels(rows: &Rows, wanted: u64, seed: u64) -> Levels {
    let possible = rows.possible_pairs();
    let (different, drawn) =
        if possible <= wanted { (every_pair(rows), possible) } else { drawn_pairs(rows, wanted, seed) };
    let mut found = Levels { shares: Vec::new(), filled: Vec::new(), drawn };
    for (at, compared) in rows.comparisons().iter().enumerate() {
        let (equal, both) = equal_pairs(rows, at);
        let other: u64 = different[at].iter().skip(1).sum();
        let rest = both.saturating_sub(equal.iter().sum::<u64>()) as f64 / both.max(1) as f64;
        let count = compared.levels();
        let mut shares = vec![0.0; count];
        for level in 1..count {
            let drawn = different[at][level] as f64 / other.max(1) as f64;
            shares[level] = equal[level] as f64 / both.max(1) as f64 + rest * drawn;
        }
        let total: f64 = shares.iter().sum();
        for share in &mut shares {
            *share /= if total > 0.0 { total } else { 1.0 };
        }
        found.shares.push(shares);
        found.filled.push(both as f64 / possible.max(1) as f64);
    }
    found
}

/// Number of pairs with equal codes by level, and of pairs with something to compare.
fn equal_pairs(rows: &Rows, comparison: usize) -> ([u64; MAX_LEVELS], u64) {
    let compared = &rows.comparisons()[comparison];
    let mut per_code: FxHashMap<(u32, u16), u64> = FxHashMap::default();
    for row in all(rows) {
        *per_code.entry((rows.codes(row)[comparison], rows.source(row))).or_insert(0) += 1;
    }
    let mut counted: Vec<((u32, u16), u64)> = per_code.into_iter().collect();
    counted.sort_unstable();
    let policy = rows.policy();
    let (mut by_level, mut both) = ([0; MAX_LEVELS], vec![0; policy.tables()]);
    for of_code in counted.chunk_by(|a, b| a.0.0 == b.0.0) {
        let code = of_code[0].0.0;
        if code != MISSING {
            let mut sizes = vec![0; policy.tables()];
            for ((_, source), n) in of_code {
                sizes[usize::from(*source)] = *n;
                both[usize::from(*source)] += n;
            }
            by_level[usize::from(compared.equal_levels[code as usize])] += policy.pairs(&sizes);
        }
    }
    (by_level, policy.pairs(&both))
}

fn add(rows: &Rows, memory: &mut Memory, different: &mut Different, left: u32, right: u32) {
    let (l, r) = (rows.codes(left), rows.codes(right));
    for (at, counts) in different.iter_mut().enumerate() {
        if l[at] != r[at] && l[at] != MISSING && r[at] != MISSING {
            let level = rows.level(memory, at, l[at], r[at]);
            counts[usize::from(level)] += 1;
        }
    }
}

fn merged(parts: Vec<Different>, comparisons: usize) -> Different {
    let mut sum = vec![[0; MAX_LEVELS]; comparisons];
    for part in parts {
        for (sum, part) in sum.iter_mut().zip(part) {
            sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        }
    }
    sum
}

fn every_pair(rows: &Rows) -> Different {
    let comparisons = rows.comparisons().len();
    let count = number(rows.len());
    let of_row = |memory: &mut Memory, left: u32| {
        let mut different = vec![[0; MAX_LEVELS]; comparisons];
        for right in left + 1..count {
            if rows.looked_at(left, right) {
                add(rows, memory, &mut different, left, right);
            }
        }
        different
    };
    merged((0..count).into_par_iter().map_init(|| Memory::new(comparisons), of_row).collect(), comparisons)
}

/// Levels of pairs drawn at random, and how many were found: where few tables are compared, most draws are no pair.
fn drawn_pairs(rows: &Rows, wanted: u64, seed: u64) -> (Different, u64) {
    let comparisons = rows.comparisons().len();
    let count = rows.len() as u64;
    let part = |memory: &mut Memory, part: u64| {
        let (mut different, mut found) = (vec![[0; MAX_LEVELS]; comparisons], 0);
        for at in part * DRAWN..((part + 1) * DRAWN).min(wanted) {
            // Draws that are no pair are drawn again, so that no table counts more than its share.
            let draw = |again: u64| {
                let row = |salt: u64| u32::try_from(mix(seed, at, again * 2 + salt) % count).unwrap_or(0);
                let (a, b) = (row(0), row(1));
                (a != b && rows.looked_at(a, b)).then_some((a.min(b), a.max(b)))
            };
            if let Some((left, right)) = (0..64).find_map(draw) {
                add(rows, memory, &mut different, left, right);
                found += 1;
            }
        }
        (different, found)
    };
    let parts = (0..wanted.div_ceil(DRAWN)).into_par_iter();
    let parts: Vec<(Different, u64)> = parts.map_init(|| Memory::new(comparisons), part).collect();
    let drawn = parts.iter().map(|(_, found)| found).sum();
    (merged(parts.into_iter().map(|(different, _)| different).collect(), comparisons), drawn)
}

/// Levels of these pairs, by comparison; those with nothing to compare do not count.
pub(super) fn levels_of(rows: &Rows, pairs: &[(u32, u32)]) -> Vec<[u64; MAX_LEVELS]> {
    let comparisons = rows.comparisons();
    let mut memory = Memory::new(comparisons.len());
    let mut counts = vec![[0; MAX_LEVELS]; comparisons.len()];
    for &(left, right) in pairs {
        let (l, r) = (rows.codes(left), rows.codes(right));
        for (at, counts) in counts.iter_mut().enumerate() {
            let level = match (l[at], r[at]) {
                (MISSING, _) | (_, MISSING) => 0,
                (a, b) if a == b => comparisons[at].equal_levels[a as usize],
                (a, b) => rows.level(&mut memory, at, a, b),
            };
            counts[usize::from(level)] += u64::from(level > 0);
        }
    }
    counts
}

/// A well mixed number from three.
fn mix(seed: u64, at: u64, salt: u64) -> u64 {
    chain(chain(seed, at), salt)
}

/// Number of pairs of a rule that no rule before it among `earlier` brings.
pub(super) fn pairs_of(rows: &Rows, rule: usize, earlier: Range<usize>) -> u64 {
    let groups = Groups::new(rows, rule);
    let visit = |(): &mut (), found: &mut u64, lane: &Lane, at: usize, partners: Range<usize>| {
        *found += partners
            .filter(|&right| {
                let before = earlier.clone().map(|other| &rows.rules()[other]).any(|other| {
                    other.same(|of| (lane.code(of, at), lane.code(of, right)))
                        && other.rest_holds(lane.rows[at], lane.rows[right])
                });
                let (left, right) = (lane.rows[at], lane.rows[right]);
                !before && rows.looked_at(left, right) && rows.rules()[rule].rest_holds(left, right)
            })
            .count() as u64;
    };
    groups.walk(rows, &Shelf::new(|| ()), || 0, visit).into_iter().sum()
}

/// Patterns of the pairs of a rule; of about `most` of them when there are more, those of rows drawn by
/// their numbers. With them comes one in how many rows was drawn.
pub(super) fn patterns_of(rows: &Rows, rule: usize, most: u64) -> (PatternCounts, u64) {
    let groups = Groups::new(rows, rule);
    let one_in = groups.pairs().div_ceil(most.max(1)).max(1);
    let visit = |memory: &mut Memory,
                 found: &mut FxHashMap<Pattern, u64>,
                 lane: &Lane,
                 at: usize,
                 partners: Range<usize>| {
        if !hash(lane.rows[at]).is_multiple_of(one_in) {
            return;
        }
        for right in partners {
            let (left, other) = (lane.rows[at], lane.rows[right]);
            if rows.looked_at(left, other) && rows.rules()[rule].rest_holds(left, other) {
                *found.entry(full_levels(memory, rows, lane, at, right)).or_insert(0) += 1;
            }
        }
    };
    let comparisons = rows.comparisons().len();
    let shelf = Shelf::new(move || Memory::new(comparisons));
    let parts = groups.walk(rows, &shelf, FxHashMap::default, visit);
    let mut counts = PatternCounts::default();
    for part in parts {
        let mut part: Vec<(Pattern, u64)> = part.into_iter().collect();
        part.sort_unstable();
        for (pattern, n) in part {
            counts.add(pattern, n);
        }
    }
    (counts, one_in)
}
