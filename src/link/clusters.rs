//! Who is one person so far: disjoint sets of mentions with the constraints that no link may break.

use rayon::prelude::*;

use super::prepare::Prepared;
use crate::domain::{Grade, Link};
use crate::kernel::pattern::Pattern;
use crate::kernel::union_find::{Groups, UnionFind};
use crate::kernel::weight;

/// Why two mentions are one person.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reason {
    pub(super) pass: &'static str,
    pub(super) probability: f64,
    pub(super) grade: Grade,
    /// Levels, for links of the model only.
    pub(super) pattern: Option<Pattern>,
}

impl Reason {
    pub(super) const fn new(pass: &'static str, probability: f64, grade: Grade) -> Self {
        Self { pass, probability, grade, pattern: None }
    }
}

/// What a join may overlook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    /// Same trusted number, or an agency's own key: two rows of one extract may be one person
    /// (a duplicate row); two different numbers may not.
    Keyed,
    /// A documented change of number explains two different numbers.
    NumberChanged,
    /// A number inside another one may be the person's earlier number; but two rows of a one-person-a-row
    /// extract are two persons, whose numbers somebody mixed up.
    OldNumber,
    /// A fuzzy link: neither two numbers nor two rows of a one-person-a-row extract.
    Fuzzy,
}

/// What became of a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    Done,
    Already,
    /// Two different trusted numbers.
    NumberConflict,
    /// Two rows of an extract whose rows are different persons.
    RowConflict,
    /// A person said they are not the same.
    Forbidden,
}

/// Disjoint sets with numbers, rows and human vetoes at their roots.
pub(super) struct Clusters {
    sets: UnionFind,
    /// Trusted number at the root: packed + 1, 0 none.
    id: Vec<u64>,
    /// Slots of one-row-one-person roles at the root.
    slots: Vec<u64>,
    /// Mentions whose own number is held to be someone else's.
    pub(super) disputed: Vec<bool>,
    /// Pairs of mentions that a person said are two persons.
    vetoes: Vec<(u32, u32)>,
    has_veto: Vec<bool>,
    pub(super) links: Vec<Link>,
    comparisons: usize,
}

impl Clusters {
    pub(super) fn new(prepared: &Prepared<'_>) -> Self {
        let n = prepared.set.mentions.len();
        Self {
            sets: UnionFind::new(n),
            id: vec![0; n],
            slots: prepared.set.mentions.iter().map(|mention| prepared.role(mention).slot).collect(),
            disputed: vec![false; n],
            vetoes: Vec::new(),
            has_veto: vec![false; n],
            links: Vec::new(),
            comparisons: prepared.settings.comparison.len(),
        }
    }

    /// Forbids that two mentions ever become one person.
    pub(super) fn forbid(&mut self, a: u32, b: u32) {
        self.vetoes.push((a, b));
        for end in [a, b] {
            let root = self.sets.find(end);
            self.has_veto[root as usize] = true;
        }
    }

    /// The set of a mention; fast after [`Clusters::flatten`].
    pub(super) fn root(&self, mention: u32) -> u32 {
        self.sets.root(mention)
    }

    pub(super) fn flatten(&mut self) {
        self.sets.flatten();
    }

    /// The mentions of each set, the smallest key first; sets in the order of their smallest keys. Fast after
    /// [`Clusters::flatten`].
    pub(super) fn persons(&self, keys: &[u64]) -> Groups {
        let mut least = self.sets.least(keys);
        least.par_sort_unstable();
        let mut persons = self.sets.groups(least.iter().map(|&(_, root)| root));
        persons.slices_mut().into_par_iter().filter(|members| members.len() > 1).for_each(|members| {
            members.sort_unstable_by_key(|&at| keys[at as usize]);
        });
        persons
    }

    /// Number of mentions in a mention's set.
    pub(super) fn size(&self, mention: u32) -> u32 {
        self.sets.size_of_root(self.sets.root(mention))
    }

    /// Trusted number of a mention's set: packed + 1, 0 none.
    pub(super) fn id_of(&self, mention: u32) -> u64 {
        self.id[self.root(mention) as usize]
    }

    /// Slots of a mention's set.
    pub(super) fn slots_of(&self, mention: u32) -> u64 {
        self.slots[self.root(mention) as usize]
    }

    /// Gives a set its trusted number.
    pub(super) fn trust(&mut self, mention: u32, id: u64) {
        let root = self.sets.find(mention);
        if self.id[root as usize] == 0 {
            self.id[root as usize] = id;
        }
    }

    /// Whether a join would break a constraint.
    pub(super) fn check(&self, a: u32, b: u32, care: Care) -> Joined {
        let (ra, rb) = (self.root(a), self.root(b));
        if ra == rb {
            return Joined::Already;
        }
        let (ia, ib) = (self.id[ra as usize], self.id[rb as usize]);
        let differ = ia != 0 && ib != 0 && ia != ib;
        if differ && !matches!(care, Care::NumberChanged | Care::OldNumber) {
            return Joined::NumberConflict;
        }
        let one_row = care == Care::Fuzzy || (care == Care::OldNumber && differ);
        if one_row && self.slots[ra as usize] & self.slots[rb as usize] != 0 {
            return Joined::RowConflict;
        }
        if self.told_apart(ra, rb) { Joined::Forbidden } else { Joined::Done }
    }

    /// Whether a person said of two sets that they are two persons. Fast after [`Clusters::flatten`].
    pub(super) fn told_apart(&self, a: u32, b: u32) -> bool {
        let (ra, rb) = (self.root(a), self.root(b));
        let across = |&(x, y): &(u32, u32)| {
            let (rx, ry) = (self.root(x), self.root(y));
            (rx == ra && ry == rb) || (rx == rb && ry == ra)
        };
        self.has_veto[ra as usize] && self.has_veto[rb as usize] && self.vetoes.iter().any(across)
    }

    /// Makes two mentions one person unless a constraint forbids it.
    pub(super) fn join(&mut self, a: u32, b: u32, care: Care, reason: Reason) -> Joined {
        let outcome = self.check(a, b, care);
        if outcome != Joined::Done {
            return outcome;
        }
        let (left, right) = (self.sets.find(a), self.sets.find(b));
        let (left_size, right_size) = (self.sets.size_of_root(left), self.sets.size_of_root(right));
        let (left, right) = (left as usize, right as usize);
        // The larger set's number stands for both; content, not order, decides between equals.
        let (big, small) = if left_size >= right_size { (left, right) } else { (right, left) };
        let even = left_size == right_size;
        let id = match (self.id[big], self.id[small]) {
            (0, id) | (id, 0) => id,
            (x, y) if even => x.max(y),
            (x, _) => x,
        };
        let slots = self.slots[left] | self.slots[right];
        let veto = self.has_veto[left] || self.has_veto[right];
        if let Some((keep, _)) = self.sets.union(a, b) {
            let keep = keep as usize;
            (self.id[keep], self.slots[keep], self.has_veto[keep]) = (id, slots, veto);
        }
        self.links.push(self.link(a, b, reason));
        Joined::Done
    }

    /// The link that a reason makes of two mentions.
    pub(super) fn link(&self, a: u32, b: u32, reason: Reason) -> Link {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "weights and probabilities are shown, not summed"
        )]
        let (weight, probability) = (weight::bits(reason.probability) as f32, reason.probability as f32);
        Link {
            left: a.min(b),
            right: a.max(b),
            weight,
            probability,
            grade: reason.grade,
            pass: reason.pass,
            levels: reason.pattern.map_or_else(Vec::new, |pattern| pattern.levels(self.comparisons)),
        }
    }
}
