//! Disjoint sets over `0..n`.

/// Disjoint sets with union by size and path halving.
#[derive(Clone, Debug)]
pub struct UnionFind {
    parent: Vec<u32>,
    size: Vec<u32>,
}

impl UnionFind {
    /// `n` sets of one element.
    ///
    /// # Panics
    /// With 2³² elements or more.
    pub fn new(n: usize) -> Self {
        let n = u32::try_from(n).expect("fewer than 2^32 elements");
        Self { parent: (0..n).collect(), size: vec![1; n as usize] }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.parent.len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.parent.is_empty()
    }

    /// The representative of the set of `element`, shortening the path on the way.
    pub fn find(&mut self, mut element: u32) -> u32 {
        while self.parent[element as usize] != element {
            let up = self.parent[self.parent[element as usize] as usize];
            self.parent[element as usize] = up;
            element = up;
        }
        element
    }

    /// The representative without changing anything, for readers that share the sets.
    pub fn root(&self, mut element: u32) -> u32 {
        while self.parent[element as usize] != element {
            element = self.parent[element as usize];
        }
        element
    }

    /// Makes two sets one. The new and the vanished representative, or `None` when they were one.
    /// Which of two equally large sets gives the representative depends on the arguments' order.
    pub fn union(&mut self, a: u32, b: u32) -> Option<(u32, u32)> {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return None;
        }
        let (keep, gone) = if self.size[a as usize] >= self.size[b as usize] { (a, b) } else { (b, a) };
        self.parent[gone as usize] = keep;
        self.size[keep as usize] += self.size[gone as usize];
        Some((keep, gone))
    }

    /// Size of the set whose representative is `root`.
    pub fn size_of_root(&self, root: u32) -> u32 {
        self.size[root as usize]
    }

    /// The smallest key of each set with the set's representative, in no order of meaning. Fast after
    /// [`UnionFind::flatten`].
    ///
    /// # Panics
    /// With fewer keys than elements.
    pub fn least(&self, keys: &[u64]) -> Vec<(u64, u32)> {
        let mut least = vec![u64::MAX; self.parent.len()];
        for (&parent, &key) in self.parent.iter().zip(keys) {
            let root = self.root(parent) as usize;
            least[root] = least[root].min(key);
        }
        let all = (0..).zip(&self.parent);
        all.filter(|&(element, parent)| element == *parent)
            .map(|(root, _)| (least[root as usize], root))
            .collect()
    }

    /// The elements of all sets, sets in the order of their representatives in `roots`, which has to name each once;
    /// within a set the smaller element first. Fast after [`UnionFind::flatten`].
    ///
    /// # Panics
    /// When `roots` does not name each set once.
    pub fn groups(&self, roots: impl ExactSizeIterator<Item = u32>) -> Groups {
        let mut next = vec![u32::MAX; self.parent.len()];
        let mut starts = Vec::with_capacity(roots.len() + 1);
        let mut end = 0;
        for root in roots {
            starts.push(end);
            next[root as usize] = end;
            end += self.size[root as usize];
        }
        starts.push(end);
        assert_eq!(end as usize, self.parent.len(), "every set is named once");
        let mut members = vec![0; self.parent.len()];
        for (element, &parent) in (0..).zip(&self.parent) {
            let place = &mut next[self.root(parent) as usize];
            members[*place as usize] = element;
            *place += 1;
        }
        Groups { starts, members }
    }

    /// Shortens every path to one step, so that [`UnionFind::root`] is fast afterwards.
    pub fn flatten(&mut self) {
        for element in 0..self.parent.len() {
            let root = self.root(self.parent[element]);
            self.parent[element] = root;
        }
    }
}

/// Sets one after another, each with its elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    starts: Vec<u32>,
    members: Vec<u32>,
}

impl Groups {
    /// Number of sets.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Elements of the set at a place.
    pub fn get(&self, at: usize) -> &[u32] {
        &self.members[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// The elements of each set.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|ends| &self.members[ends[0] as usize..ends[1] as usize])
    }

    /// The same, to be put into another order within their set.
    pub fn slices_mut(&mut self) -> Vec<&mut [u32]> {
        let mut rest = self.members.as_mut_slice();
        let mut slices = Vec::with_capacity(self.starts.len() - 1);
        for ends in self.starts.windows(2) {
            let (slice, behind) = rest.split_at_mut((ends[1] - ends[0]) as usize);
            slices.push(slice);
            rest = behind;
        }
        slices
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Colours spread along the edges until nothing changes.
    fn naive(n: usize, edges: &[(u32, u32)]) -> Vec<u32> {
        let mut colour: Vec<u32> = (0..u32::try_from(n).unwrap()).collect();
        loop {
            let mut changed = false;
            for &(a, b) in edges {
                let low = colour[a as usize].min(colour[b as usize]);
                for end in [a, b] {
                    changed |= colour[end as usize] != low;
                    colour[end as usize] = low;
                }
            }
            if !changed {
                return colour;
            }
        }
    }

    proptest! {
        #[test]
        fn sets_are_those_of_a_naive_search(edges in prop::collection::vec((0_u32..40, 0_u32..40), 0..60)) {
            let mut sets = UnionFind::new(40);
            for &(a, b) in &edges {
                sets.union(a, b);
            }
            sets.flatten();
            let colour = naive(40, &edges);
            for a in 0..40_u32 {
                for b in 0..40_u32 {
                    prop_assert_eq!(sets.root(a) == sets.root(b), colour[a as usize] == colour[b as usize]);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn groups_hold_each_element_once_in_the_set_of_its_representative(
            edges in prop::collection::vec((0_u32..40, 0_u32..40), 0..60),
            keys in prop::collection::vec(0_u64..1000, 40)
        ) {
            let mut sets = UnionFind::new(40);
            for &(a, b) in &edges {
                sets.union(a, b);
            }
            sets.flatten();
            let mut least = sets.least(&keys);
            least.sort_unstable();
            let mut groups = sets.groups(least.iter().map(|&(_, root)| root));
            prop_assert_eq!(groups.len(), least.len());
            let mut seen: Vec<u32> = groups.iter().flatten().copied().collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..40).collect::<Vec<u32>>());
            for (at, &(key, root)) in least.iter().enumerate() {
                let group = groups.get(at);
                prop_assert!(group.is_sorted() && group.iter().all(|&element| sets.root(element) == root));
                prop_assert_eq!(group.iter().map(|&element| keys[element as usize]).min(), Some(key));
            }
            let same: Vec<Vec<u32>> = groups.iter().map(<[u32]>::to_vec).collect();
            let slices: Vec<Vec<u32>> = groups.slices_mut().into_iter().map(|slice| slice.to_vec()).collect();
            prop_assert_eq!(slices, same);
        }
    }

    #[test]
    fn sizes_add_up() {
        let mut sets = UnionFind::new(5);
        assert!(sets.union(0, 1).is_some());
        assert!(sets.union(1, 2).is_some());
        assert!(sets.union(2, 0).is_none());
        let root = sets.find(2);
        assert_eq!(sets.size_of_root(root), 3);
        assert_eq!(sets.len(), 5);
    }
}
