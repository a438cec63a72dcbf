//! One row at most: the probability of a pair given its rivals.
//!
//! Where a person has one row in a table, two pairs of one row with two rows of that table cannot both be right, so
//! what speaks for the one speaks against the other. Few pairs that touch each other are weighed by going through
//! every choice of them that can be right at once, so that two rows with the same two candidates support one another;
//! many by the sum of their rivals, which errs on the side of review.

use super::rows::Rows;
use super::score::Pair;
use crate::comparator::generic::number;
use crate::kernel::union_find::UnionFind;
use crate::link::splink::probability;

/// Pairs whose choices are gone through one by one; more are summed.
const CHOSEN_MAX: usize = 10;
/// One pair speaks with so many bits at most, so that no product of odds is infinite.
const SAY_MAX: f64 = 60.0;

/// The probability of each pair given its rivals among the others; `pairs` stand by their rows.
pub fn given_rivals(rows: &Rows, pairs: &[Pair]) -> Vec<f64> {
    let mut found: Vec<f64> = pairs.iter().map(|pair| probability(pair.weight)).collect();
    let (policy, tables) = (rows.policy(), 0..u16::try_from(rows.policy().tables()).unwrap_or(u16::MAX));
    let one = |one: u16| tables.clone().any(|other| one != other && policy.of(one, other).one);
    if !tables.clone().any(one) {
        return found;
    }
    for group in groups(rows, pairs) {
        let members: Vec<Pair> = group.iter().map(|&at| pairs[at as usize]).collect();
        for (&at, given) in group.iter().zip(of_group(rows, &members)) {
            found[at as usize] = given;
        }
    }
    found
}

/// Whether two pairs cannot both be right.
fn rivals(rows: &Rows, a: &Pair, b: &Pair) -> bool {
    let tables = |pair: &Pair| (rows.source(pair.left), rows.source(pair.right));
    let (left, right) = tables(a);
    if left == right || tables(b) != (left, right) {
        return false;
    }
    let policy = rows.policy();
    (a.left == b.left && a.right != b.right && policy.of(right, left).one)
        || (a.right == b.right && a.left != b.left && policy.of(left, right).one)
}

/// Places of pairs that a chain of rivals connects, in the order of the pairs; those without a rival are left out.
fn groups(rows: &Rows, pairs: &[Pair]) -> Vec<Vec<u32>> {
    let mut sets = UnionFind::new(pairs.len());
    let mut of_right: Vec<u32> = (0..number(pairs.len())).collect();
    of_right.sort_unstable_by_key(|&at| (pairs[at as usize].right, at));
    // Rivals share a row, and all rivals of a row's pair with one table are rivals of each other: it is enough to
    // join each with the one before it of the same table.
    let mut join = |order: &[u32], row: &dyn Fn(&Pair) -> u32| {
        for of_row in order.chunk_by(|&a, &b| row(&pairs[a as usize]) == row(&pairs[b as usize])) {
            for (place, &at) in of_row.iter().enumerate() {
                let rival = |&&other: &&u32| rivals(rows, &pairs[at as usize], &pairs[other as usize]);
                if let Some(&other) = of_row[..place].iter().rev().find(rival) {
                    sets.union(at, other);
                }
            }
        }
    };
    let of_left: Vec<u32> = (0..number(pairs.len())).collect();
    join(&of_left, &|pair| pair.left);
    join(&of_right, &|pair| pair.right);
    sets.flatten();
    let mut found: Vec<Vec<u32>> = Vec::new();
    let mut place_of = vec![u32::MAX; pairs.len()];
    for at in 0..number(pairs.len()) {
        let root = sets.root(at);
        if sets.size_of_root(root) == 1 {
            continue;
        }
        let place = &mut place_of[root as usize];
        if *place == u32::MAX {
            *place = number(found.len());
            found.push(Vec::new());
        }
        found[*place as usize].push(at);
    }
    found
}

/// Probabilities of the pairs of one group.
fn of_group(rows: &Rows, pairs: &[Pair]) -> Vec<f64> {
    let odds: Vec<f64> = pairs.iter().map(|pair| pair.weight.clamp(-SAY_MAX, SAY_MAX).exp2()).collect();
    let against = |a: &Pair| -> Vec<usize> {
        (0..pairs.len()).filter(|&other| rivals(rows, a, &pairs[other])).collect()
    };
    let rivals: Vec<Vec<usize>> = pairs.iter().map(against).collect();
    if pairs.len() > CHOSEN_MAX { summed(&odds, &rivals) } else { gone_through(&odds, &rivals) }
}

/// By every choice of pairs that can be right at once.
fn gone_through(odds: &[f64], rivals: &[Vec<usize>]) -> Vec<f64> {
    let (mut all, mut with) = (0.0, vec![0.0; odds.len()]);
    for choice in 0_u32..1 << odds.len() {
        let chosen = |at: &usize| choice >> at & 1 == 1;
        let members = || (0..odds.len()).filter(chosen);
        if members().any(|at| rivals[at].iter().any(chosen)) {
            continue;
        }
        let of_choice: f64 = members().map(|at| odds[at]).product();
        all += of_choice;
        members().for_each(|at| with[at] += of_choice);
    }
    with.into_iter().map(|with| with / all).collect()
}

/// Odds of each pair against none and all its rivals.
fn summed(odds: &[f64], rivals: &[Vec<usize>]) -> Vec<f64> {
    let against = |at: usize| rivals[at].iter().map(|&other| odds[other]).sum::<f64>();
    odds.iter().enumerate().map(|(at, own)| own / (1.0 + own + against(at))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs of rows 0 and 1 with rows 2 and 3: each shares a row with two of the others.
    const SQUARE: [[usize; 2]; 4] = [[1, 2], [0, 3], [0, 3], [1, 2]];

    fn rivals() -> Vec<Vec<usize>> {
        SQUARE.iter().map(|of_pair| of_pair.to_vec()).collect()
    }

    #[test]
    fn a_pair_alone_keeps_its_odds_and_two_equal_ones_share_them() {
        let alone = gone_through(&[1024.0], &[vec![]]);
        assert!((alone[0] - 1024.0 / 1025.0).abs() < 1e-12);
        let shared = gone_through(&[1e6, 1e6], &[vec![1], vec![0]]);
        assert!(shared.iter().all(|p| *p < 0.5 && *p > 0.49), "{shared:?}");
    }

    #[test]
    fn rows_with_the_same_two_candidates_support_one_another() {
        let found = gone_through(&[1e6, 3e4, 3e4, 1e6], &rivals());
        assert!(found[0] > 0.999 && found[3] > 0.999 && found[1] < 0.001, "{found:?}");
    }

    #[test]
    fn a_sum_is_never_surer_than_what_was_gone_through() {
        let odds = [300.0, 20.0, 40.0, 200.0];
        let (exact, sums) = (gone_through(&odds, &rivals()), summed(&odds, &rivals()));
        assert!(sums[0] <= exact[0] && sums[3] <= exact[3], "{exact:?} {sums:?}");
    }
}
