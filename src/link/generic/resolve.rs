//! From scored pairs to clusters: rows that are one person.
//!
//! Two ways. *Components* join whatever a chain of links connects; one wrong link joins two people. *Unattended*
//! weighs all pairs of a component, those that no rule brought as well: between two tables the best
//! one-to-one assignment, else clusters that grow only while what speaks for them outweighs what speaks
//! against, so that a bridge of one link between two groups of rows does not hold.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::policy::Policy;
use super::rows::Rows;
use super::score::Pair;
use crate::comparator::generic::number;
use crate::kernel::{assignment, union_find::UnionFind};

/// Rows of a component whose pairs are all weighed; a larger one is cut at its weakest links first.
const WEIGHED_MAX: usize = 200;
/// One pair speaks for or against with so many bits at most.
const SAY_MAX: f64 = 12.0;
/// A component that is too large is cut where links are weaker than this, then twice as much, and so on.
const CUT_BITS: f64 = 4.0;

/// How rows become clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Whatever is connected.
    Components,
    /// All pairs of a component are weighed together.
    Unattended,
}

/// For each row the lowest row of its cluster. `pairs` are those at or above the threshold, by rows.
pub fn clusters(rows: &Rows, pairs: impl Iterator<Item = Pair>, resolution: Resolution) -> Vec<u32> {
    match resolution {
        Resolution::Components => connected(rows.len(), pairs),
        Resolution::Unattended => {
            let parts: Vec<Vec<Vec<u32>>> = components(rows.len(), &pairs.collect::<Vec<_>>())
                .into_par_iter()
                .map(|(members, links)| resolved(rows, members, &links, CUT_BITS))
                .collect();
            lowest(rows.len(), parts.into_iter().flatten())
        }
    }
}

/// For each row the lowest of those that it is connected with.
fn connected(count: usize, pairs: impl Iterator<Item = Pair>) -> Vec<u32> {
    let mut sets = UnionFind::new(count);
    pairs.for_each(|pair| {
        sets.union(pair.left, pair.right);
    });
    // Rows come in their order, so the first one of a set is its lowest.
    let mut lowest = vec![u32::MAX; count];
    (0..number(count))
        .map(|row| {
            let of_set = &mut lowest[sets.find(row) as usize];
            *of_set = row.min(*of_set);
            *of_set
        })
        .collect()
}

type Component = (Vec<u32>, Vec<Pair>);

/// Components of at least two rows with their links, by lowest row.
fn components(count: usize, pairs: &[Pair]) -> Vec<Component> {
    let mut sets = UnionFind::new(count);
    for pair in pairs {
        sets.union(pair.left, pair.right);
    }
    sets.flatten();
    let mut place_of: Vec<u32> = vec![u32::MAX; count];
    let mut found: Vec<Component> = Vec::new();
    for row in 0..number(count) {
        let root = sets.root(row) as usize;
        if sets.size_of_root(number(root)) > 1 {
            if place_of[root] == u32::MAX {
                place_of[root] = number(found.len());
                found.push((Vec::new(), Vec::new()));
            }
            found[place_of[root] as usize].0.push(row);
        }
    }
    for pair in pairs {
        found[place_of[sets.root(pair.left) as usize] as usize].1.push(*pair);
    }
    found
}

fn lowest(count: usize, clusters: impl Iterator<Item = Vec<u32>>) -> Vec<u32> {
    let mut out: Vec<u32> = (0..number(count)).collect();
    for members in clusters {
        let first = members.iter().copied().min().unwrap_or(0);
        for row in members {
            out[row as usize] = first;
        }
    }
    out
}

fn resolved(rows: &Rows, members: Vec<u32>, links: &[Pair], cut: f64) -> Vec<Vec<u32>> {
    if members.len() == 2 {
        return vec![members];
    }
    let place: BTreeMap<u32, u32> = members.iter().copied().zip(0..).collect();
    if members.len() > WEIGHED_MAX {
        let inside = |pair: &Pair| Pair { left: place[&pair.left], right: place[&pair.right], ..*pair };
        let strong: Vec<Pair> = links.iter().filter(|pair| pair.weight >= cut).map(inside).collect();
        let outside = |pair: Pair| Pair {
            left: members[pair.left as usize],
            right: members[pair.right as usize],
            ..pair
        };
        let parts = components(members.len(), &strong);
        return parts
            .into_iter()
            .flat_map(|(part, links)| {
                let part = part.into_iter().map(|at| members[at as usize]).collect();
                resolved(rows, part, &links.into_iter().map(outside).collect::<Vec<_>>(), cut * 2.0)
            })
            .collect();
    }
    let mut weights = vec![vec![0.0; members.len()]; members.len()];
    for (a, &left) in members.iter().enumerate() {
        for (b, &right) in members.iter().enumerate().skip(a + 1) {
            let weight = rows.weight(left, right, rows.levels(left, right));
            (weights[a][b], weights[b][a]) = (weight, weight);
        }
    }
    let policy = rows.policy();
    let sources: Vec<u16> = members.iter().map(|&row| rows.source(row)).collect();
    let first = sources[0];
    let two_tables = sources.iter().any(|source| *source != first)
        && sources.iter().skip_while(|source| **source == first).all(|s| Some(s) == sources.last());
    let one_each = sources.iter().all(|&table| policy.of(table, table).one);
    let groups = if one_each && two_tables {
        let split = sources.partition_point(|source| *source == first);
        assigned(&weights, split)
    } else {
        agreed(&weights, &sources, policy)
    };
    groups.into_iter().map(|group| group.into_iter().map(|at| members[at]).collect()).collect()
}

/// The best one-to-one assignment of the rows before `split` to the others.
fn assigned(weights: &[Vec<f64>], split: usize) -> Vec<Vec<usize>> {
    let between: Vec<Vec<f64>> = weights[..split].iter().map(|row| row[split..].to_vec()).collect();
    let chosen = assignment::best(&between);
    let pair = |(row, column): (usize, Option<usize>)| Some(vec![row, split + column?]);
    chosen.into_iter().enumerate().filter_map(pair).collect()
}

/// Clusters that grow by the two whose rows speak most for each other, on the average, while what speaks
/// for it outweighs what speaks against; then rows that would rather be elsewhere move. A cluster never holds
/// more rows of a table than the policy allows; rows of tables that are not compared say nothing of each other.
fn agreed(weights: &[Vec<f64>], sources: &[u16], policy: &Policy) -> Vec<Vec<usize>> {
    let says = |a: usize, b: usize| {
        let compared = policy.looked_at(sources[a], sources[b]);
        if compared { weights[a][b].clamp(-SAY_MAX, SAY_MAX) } else { 0.0 }
    };
    let allowed = |a: &[usize], b: &[usize]| {
        let mut rows = vec![0; policy.tables()];
        a.iter().chain(b).for_each(|&row| rows[usize::from(sources[row])] += 1);
        policy.allows(&rows)
    };
    let between = |a: &[usize], b: &[usize]| -> f64 {
        if !allowed(a, b) {
            return f64::NEG_INFINITY;
        }
        a.iter().map(|&one| b.iter().map(|&other| says(one, other)).sum::<f64>()).sum()
    };
    let mut groups: Vec<Vec<usize>> = (0..weights.len()).map(|row| vec![row]).collect();
    loop {
        let mut best: Option<(f64, usize, usize)> = None;
        for b in 1..groups.len() {
            for a in 0..b {
                let mean = between(&groups[a], &groups[b]) / (groups[a].len() * groups[b].len()) as f64;
                if mean > 0.0 && best.is_none_or(|(most, ..)| mean > most) {
                    best = Some((mean, a, b));
                }
            }
        }
        let Some((_, a, b)) = best else { break };
        let gone = groups.remove(b);
        groups[a].extend(gone);
    }
    moved(&mut groups, &between);
    groups.retain(|group| !group.is_empty());
    groups
}

/// Most times all rows are asked whether they would rather be elsewhere.
const ASKED_MAX: usize = 10;

fn moved(groups: &mut Vec<Vec<usize>>, between: &impl Fn(&[usize], &[usize]) -> f64) {
    for _ in 0..ASKED_MAX {
        let mut any = false;
        for row in 0..groups.iter().map(Vec::len).sum() {
            let Some(home) = groups.iter().position(|group| group.contains(&row)) else { continue };
            let others: Vec<usize> = groups[home].iter().copied().filter(|&other| other != row).collect();
            let stay = between(&[row], &others);
            let mut best = (stay.max(0.0), if stay >= 0.0 { home } else { usize::MAX });
            for (at, group) in groups.iter().enumerate().filter(|(at, _)| *at != home) {
                let there = if group.is_empty() { 0.0 } else { between(&[row], group) };
                if there > best.0 + 1e-9 {
                    best = (there, at);
                }
            }
            if best.1 != home {
                groups[home] = others;
                match groups.get_mut(best.1) {
                    Some(group) => group.push(row),
                    None => groups.push(vec![row]),
                }
                any = true;
            }
        }
        if !any {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::pattern::Pattern;
    use crate::link::splink::LinkType;

    fn link(left: u32, right: u32) -> Pair {
        Pair { left, right, levels: Pattern::default(), weight: 5.0 }
    }

    proptest! {
        #[test]
        fn components_are_those_of_a_naive_search(edges in prop::collection::vec((0_u32..30, 0_u32..30), 0..40)) {
            let pairs: Vec<Pair> =
                edges.iter().filter(|(a, b)| a != b).map(|&(a, b)| link(a.min(b), a.max(b))).collect();
            let found = lowest(30, components(30, &pairs).into_iter().map(|(members, _)| members));
            prop_assert_eq!(&found, &connected(30, pairs.iter().copied()));
            let mut colour: Vec<u32> = (0..30).collect();
            for _ in 0..30 {
                for pair in &pairs {
                    let low = colour[pair.left as usize].min(colour[pair.right as usize]);
                    (colour[pair.left as usize], colour[pair.right as usize]) = (low, low);
                }
            }
            prop_assert_eq!(found, colour);
        }
    }

    fn matrix(count: usize, known: &[(usize, usize, f64)]) -> Vec<Vec<f64>> {
        let mut weights = vec![vec![-8.0; count]; count];
        for &(a, b, weight) in known {
            (weights[a][b], weights[b][a]) = (weight, weight);
        }
        weights
    }

    #[test]
    fn a_weak_bridge_does_not_hold() {
        let weights = matrix(4, &[(0, 1, 9.0), (2, 3, 9.0), (1, 2, 3.0)]);
        let any = Policy::new(LinkType::DedupeOnly, 1, 0.9, 0.5);
        assert_eq!(agreed(&weights, &[0; 4], &any), [vec![0, 1], vec![2, 3]]);
        let strong = matrix(3, &[(0, 1, 9.0), (1, 2, 9.0), (0, 2, -2.0)]);
        assert_eq!(agreed(&strong, &[0; 3], &any), [vec![0, 1, 2]]);
    }

    #[test]
    fn rows_of_one_table_stay_apart_where_each_person_has_one_row() {
        let weights = matrix(3, &[(0, 1, 9.0), (1, 2, 8.0), (0, 2, 7.0)]);
        let mut policy = Policy::new(LinkType::LinkOnly, 2, 0.9, 0.5);
        assert_eq!(agreed(&weights, &[0, 0, 1], &policy), [vec![0], vec![1, 2]]);
        // Several rows of the first table for one of the second: what the two say of each other does not count.
        policy.hold(0, 1, super::super::RowsOfPerson::ManyToOne);
        assert_eq!(agreed(&weights, &[0, 0, 1], &policy), [vec![0, 1, 2]]);
    }

    #[test]
    fn the_best_assignment_is_not_the_greedy_one() {
        let weights = matrix(4, &[(0, 2, 10.0), (0, 3, 9.0), (1, 2, 9.0), (1, 3, 1.0)]);
        assert_eq!(assigned(&weights, 2), [vec![0, 3], vec![1, 2]]);
    }
}
