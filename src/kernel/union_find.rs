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

    /// Shortens every path to one step, so that [`UnionFind::root`] is fast afterwards.
    pub fn flatten(&mut self) {
        for element in 0..self.parent.len() {
            let root = self.root(self.parent[element]);
            self.parent[element] = root;
        }
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
