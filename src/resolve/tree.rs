//! The links of each person as a tree, seen from its most telling mention.

use rayon::prelude::*;

use super::Tonight;
use crate::domain::{Grade, IdState, Link};
use crate::kernel::union_find::{Groups, UnionFind};

/// All persons: their mentions, the most telling first.
pub(super) struct Forest {
    /// Mentions by person; persons in order of their smallest content key.
    persons: Groups,
    /// How sure each mention is.
    pub(super) probability: Vec<f32>,
    /// How its weakest link is graded.
    pub(super) grade: Vec<Grade>,
}

impl Forest {
    /// Groups mentions by their links and walks each tree from its hub: a mention is as sure as the
    /// links between it and the hub together, and as weakly graded as the weakest of them.
    pub(super) fn grow(rows: &Tonight<'_>, links: &[Link], disputed: &[bool]) -> Self {
        let Tonight { mentions, records, keys, .. } = *rows;
        let n = mentions.mentions.len();
        let mut sets = UnionFind::new(n);
        for link in links {
            sets.union(link.left, link.right);
        }
        sets.flatten();
        let rank = |at: u32| {
            let mention = &mentions.mentions[at as usize];
            let usable =
                matches!(mention.id_state, IdState::Valid | IdState::Extended) && !disputed[at as usize];
            let contract = &records[usize::from(mention.extract)].contract;
            let slot = contract.mention[usize::from(mention.role)].one_row_one_person;
            (!usable, !slot, mention.of.is_some(), keys[at as usize], at)
        };
        // The smallest content key names a person, so their order does not depend on that of rows.
        let mut least = sets.least(keys);
        least.par_sort_unstable();
        let mut persons = sets.groups(least.iter().map(|&(_, root)| root));
        persons.slices_mut().into_par_iter().filter(|members| members.len() > 1).for_each(|members| {
            members.sort_unstable_by_key(|&at| rank(at));
        });
        let mut forest = Self { persons, probability: vec![1.0; n], grade: vec![Grade::A; n] };
        forest.walk(links);
        forest
    }

    fn walk(&mut self, links: &[Link]) {
        let n = self.probability.len();
        let mut starts = vec![0_u32; n + 1];
        for link in links {
            starts[link.left as usize + 1] += 1;
            starts[link.right as usize + 1] += 1;
        }
        for at in 0..n {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut ends = vec![(0_u32, 0_u32); links.len() * 2];
        for (at, link) in links.iter().enumerate() {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            for (from, to) in [(link.left, link.right), (link.right, link.left)] {
                ends[next[from as usize] as usize] = (to, at);
                next[from as usize] += 1;
            }
        }
        let mut seen = vec![false; n];
        let mut open = Vec::new();
        let hubs: Vec<u32> = self.persons().map(|members| members[0]).collect();
        for hub in hubs {
            seen[hub as usize] = true;
            open.push(hub);
            while let Some(from) = open.pop() {
                for &(to, link) in &ends[starts[from as usize] as usize..starts[from as usize + 1] as usize] {
                    if seen[to as usize] {
                        continue;
                    }
                    seen[to as usize] = true;
                    let link = &links[link as usize];
                    self.probability[to as usize] = self.probability[from as usize] * link.probability;
                    self.grade[to as usize] = super::weaker(self.grade[from as usize], link.grade);
                    open.push(to);
                }
            }
        }
    }

    /// Mentions of each person.
    pub(super) fn persons(&self) -> impl Iterator<Item = &[u32]> {
        self.persons.iter()
    }
}
