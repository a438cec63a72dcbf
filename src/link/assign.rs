//! One person at most: the probability of each link given its rivals.
//!
//! A person has at most one partner among the known ones, and two rows of an extract whose rows are
//! different persons cannot have the same partner. Small groups of rivals are weighed by going
//! through every possible assignment, so that two twins with two candidates each support one another;
//! large groups by the sum of their rivals, which errs on the side of review.

use rayon::prelude::*;

use super::scorer::Scored;
use crate::kernel::union_find::UnionFind;

/// A scored pair of units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// The unit that is looked up.
    pub(super) probe: u32,
    /// Its candidate.
    pub(super) other: u32,
    pub(super) scored: Scored,
    /// Probability given the rivals; the pair's own before [`exclusive`].
    pub(super) probability: f64,
}

/// Assignments of a group that are gone through one by one; larger groups are summed.
const ASSIGNMENTS_MAX: u64 = 20_000;

/// Sets the probability of each edge given its rivals. `slots` are the rows of one-row-one-person
/// extracts that a unit holds. Edges come and go sorted by probe and candidate.
pub(super) fn exclusive(edges: &mut [Edge], units: usize, slots: impl Fn(u32) -> u64 + Sync) {
    let mut sets = UnionFind::new(units);
    for edge in edges.iter() {
        sets.union(edge.probe, edge.other);
    }
    sets.flatten();
    let mut order: Vec<(u32, usize)> =
        edges.iter().enumerate().map(|(at, edge)| (sets.root(edge.probe), at)).collect();
    order.par_sort_unstable();
    let found: Vec<(usize, f64)> = order
        .par_chunk_by(|a, b| a.0 == b.0)
        .flat_map_iter(|group| {
            let places: Vec<usize> = group.iter().map(|&(_, at)| at).collect();
            let members: Vec<Edge> = places.iter().map(|&at| edges[at]).collect();
            let shares = group_probabilities(&members, &slots);
            places.into_iter().zip(shares).collect::<Vec<_>>()
        })
        .collect();
    for (at, probability) in found {
        edges[at].probability = probability;
    }
}

/// Probabilities of the edges of one group of rivals.
fn group_probabilities(edges: &[Edge], slots: &impl Fn(u32) -> u64) -> Vec<f64> {
    let groups: Vec<&[Edge]> = edges.chunk_by(|a, b| a.probe == b.probe).collect();
    let ways = groups.iter().try_fold(1_u64, |ways, group| {
        ways.checked_mul(group.len() as u64 + 1).filter(|&ways| ways <= ASSIGNMENTS_MAX)
    });
    if ways.is_none() {
        return summed(edges, slots);
    }
    let mut search =
        Search { groups: &groups, slots, chosen: Vec::new(), total: 0.0, by_edge: vec![0.0; edges.len()] };
    search.go(0, 0, 1.0);
    search.by_edge.iter().map(|share| share / search.total).collect()
}

struct Search<'a, F> {
    groups: &'a [&'a [Edge]],
    slots: &'a F,
    /// Chosen edges so far: place among all edges, probe's slots, candidate.
    chosen: Vec<(usize, u64, u32)>,
    total: f64,
    by_edge: Vec<f64>,
}

impl<F: Fn(u32) -> u64> Search<'_, F> {
    fn go(&mut self, group: usize, first: usize, odds: f64) {
        let Some(edges) = self.groups.get(group) else {
            self.total += odds;
            for &(place, _, _) in &self.chosen {
                self.by_edge[place] += odds;
            }
            return;
        };
        let next = first + edges.len();
        self.go(group + 1, next, odds);
        let own = (self.slots)(edges[0].probe);
        for (at, edge) in edges.iter().enumerate() {
            let taken = self.chosen.iter().any(|&(_, slots, other)| other == edge.other && slots & own != 0);
            if !taken {
                self.chosen.push((first + at, own, edge.other));
                self.go(group + 1, next, odds * edge.scored.weight.min(40.0).exp2());
                self.chosen.pop();
            }
        }
    }
}

/// Odds of the edge against none and all its rivals.
fn summed(edges: &[Edge], slots: &impl Fn(u32) -> u64) -> Vec<f64> {
    let odds = |edge: &Edge| edge.scored.weight.min(40.0).exp2();
    let rivals = |edge: &Edge| {
        let own = slots(edge.probe);
        let rival = |other: &&Edge| {
            let same_probe = other.probe == edge.probe && other.other != edge.other;
            let same_target =
                other.other == edge.other && other.probe != edge.probe && slots(other.probe) & own != 0;
            same_probe || same_target
        };
        edges.iter().filter(rival).map(odds).sum::<f64>()
    };
    edges.iter().map(|edge| odds(edge) / (1.0 + odds(edge) + rivals(edge))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::pattern::Pattern;

    fn edge(probe: u32, other: u32, weight: f64) -> Edge {
        let scored = Scored { pattern: Pattern::default(), weight };
        Edge { probe, other, scored, probability: 0.0 }
    }

    fn probabilities(mut edges: Vec<Edge>) -> Vec<f64> {
        exclusive(&mut edges, 10, |_| 1);
        edges.iter().map(|edge| edge.probability).collect()
    }

    #[test]
    fn alone_a_pair_keeps_its_own_probability() {
        let found = probabilities(vec![edge(0, 5, 10.0)]);
        assert!((found[0] - 1024.0 / 1025.0).abs() < 1e-12);
    }

    #[test]
    fn two_equal_candidates_share_what_there_is() {
        let found = probabilities(vec![edge(0, 5, 20.0), edge(0, 6, 20.0)]);
        assert!(found.iter().all(|p| *p < 0.5 && *p > 0.49));
    }

    #[test]
    fn twins_with_two_candidates_each_support_one_another() {
        let edges = vec![edge(0, 5, 20.0), edge(0, 6, 15.0), edge(1, 5, 15.0), edge(1, 6, 20.0)];
        let found = probabilities(edges);
        // Alone each would be 32 to 1; together 1024 to 1.
        assert!(found[0] > 0.999 && found[3] > 0.999, "{found:?}");
    }

    #[test]
    fn large_groups_are_never_surer_than_small_ones() {
        let edges: Vec<Edge> = (0..4_u32).flat_map(|p| (4..9_u32).map(move |o| edge(p, o, 8.0))).collect();
        let exact = group_probabilities(&edges[..10], &|_| 1);
        let sums = summed(&edges[..10], &|_| 1);
        assert!(exact.iter().zip(&sums).all(|(exact, sum)| *sum <= exact + 1e-9), "{exact:?} {sums:?}");
    }
}
