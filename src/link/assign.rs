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
    /// Rivals that are about as likely, when one of them is probably right and nothing says which; 0 else. Set by
    /// [`mark_ties`].
    pub(super) tied: u32,
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

/// Part of the best rival's probability that an equal of it has at least.
const AS_LIKELY: f64 = 0.5;
/// Least probability of a pair in a tie: among more than ten who fit alike nobody can tell, and nobody is asked.
const TIE_LEAST: f64 = 0.1;

/// Marks ties: rivals about as likely as the best of them, of whom one is the person with `review_at` and more, and none
/// surely. Two candidates who fit alike have less than one half each; without this neither would be shown to anybody.
/// Edges are sorted by probe and candidate.
pub(super) fn mark_ties(
    edges: &mut [Edge],
    (review_at, link_at): (f64, f64),
    slots: impl Fn(u32) -> u64 + Sync,
) {
    let mut tied = vec![0; edges.len()];
    let mut mark = |group: &[u32]| {
        let probability = |at: &u32| edges[*at as usize].probability;
        let best = group.iter().map(probability).fold(0.0, f64::max);
        let all: f64 = group.iter().map(probability).sum();
        let equals = |at: &&u32| probability(at) >= TIE_LEAST.max(best * AS_LIKELY);
        let count = group.iter().filter(equals).count();
        if count > 1 && best < link_at && all >= review_at {
            for &at in group.iter().filter(equals) {
                let others = u32::try_from(count - 1).unwrap_or(u32::MAX);
                tied[at as usize] = others.max(tied[at as usize]);
            }
        }
    };
    let order: Vec<u32> = (0..u32::try_from(edges.len()).unwrap_or(u32::MAX)).collect();
    // One who is looked up is one person: all its candidates are rivals.
    order.chunk_by(|&a, &b| edges[a as usize].probe == edges[b as usize].probe).for_each(&mut mark);
    let mut by_other = order;
    by_other.sort_unstable_by_key(|&at| (edges[at as usize].other, at));
    for group in by_other.chunk_by(|&a, &b| edges[a as usize].other == edges[b as usize].other) {
        // Several may be the same candidate, but for rows of one list of persons.
        for (place, &at) in group.iter().enumerate() {
            let own = slots(edges[at as usize].probe);
            let rival = |&&other: &&u32| slots(edges[other as usize].probe) & own != 0;
            // Each set of rivals once: from the first of them on.
            if own != 0 && !group[..place].iter().any(|other| rival(&other)) {
                mark(&group[place..].iter().filter(rival).copied().collect::<Vec<u32>>());
            }
        }
    }
    for (edge, tied) in edges.iter_mut().zip(tied) {
        edge.tied = tied;
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
        Edge { probe, other, scored, probability: 0.0, tied: 0 }
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

    fn tied(mut edges: Vec<Edge>) -> Vec<u32> {
        exclusive(&mut edges, 30, |_| 1);
        mark_ties(&mut edges, (0.5, 0.99), |_| 1);
        edges.iter().map(|edge| edge.tied).collect()
    }

    #[test]
    fn who_fits_as_well_as_another_is_tied_with_it_on_either_side() {
        assert_eq!(tied(vec![edge(0, 5, 20.0), edge(0, 6, 20.0)]), [1, 1]);
        assert_eq!(tied(vec![edge(0, 5, 20.0), edge(0, 6, 19.5)]), [1, 1], "0.59 and 0.41");
        assert_eq!(tied(vec![edge(0, 5, 20.0), edge(1, 5, 20.0)]), [1, 1]);
        assert_eq!(tied(vec![edge(0, 5, 9.0), edge(0, 6, 9.0), edge(0, 7, 9.0)]), [2, 2, 2]);
    }

    #[test]
    fn a_pair_alone_a_sure_one_an_unlikely_one_and_a_crowd_are_no_ties() {
        assert_eq!(tied(vec![edge(0, 5, 3.0)]), [0]);
        assert_eq!(tied(vec![edge(0, 5, 20.0), edge(0, 6, 5.0)]), [0, 0]);
        assert_eq!(tied(vec![edge(0, 5, -3.0), edge(0, 6, -3.0)]), [0, 0], "one in nine each");
        assert_eq!(tied((1..20).map(|other| edge(0, other, 9.0)).collect()), [0; 19]);
        // Without rows of one list both may be right.
        let mut apart = vec![edge(0, 5, 20.0), edge(1, 5, 20.0)];
        exclusive(&mut apart, 10, |_| 0);
        mark_ties(&mut apart, (0.5, 0.99), |_| 0);
        assert!(apart.iter().all(|edge| edge.tied == 0 && edge.probability > 0.99));
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
