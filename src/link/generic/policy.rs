//! Which tables are linked with which, from which probability on, and how many rows of a person each may have.

use crate::link::splink::LinkType;

/// The policy of all pairs of tables, by their numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    tables: usize,
    /// The policy of each ordered pair of tables, row by row; both orders say the same of both sides.
    pairs: Vec<PairPolicy>,
}

/// What holds between two tables, or within one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairPolicy {
    /// Whether pairs of their rows are looked at.
    pub looked_at: bool,
    /// Whether a person with a row in the second table has at most one row in the first; within one table:
    /// whether a person has at most one row in it.
    pub one: bool,
    /// Probability from which a pair is a link.
    pub link_at: f64,
    /// Probability from which a pair is written.
    pub keep_at: f64,
}

/// How many rows of one person two tables may hold together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// One in each.
    OneToOne,
    /// One in the first, several in the second.
    OneToMany,
    /// Several in the first, one in the second.
    ManyToOne,
    /// Several in each.
    ManyToMany,
}

impl Policy {
    /// What a type of linkage means for so many tables: `link_only` looks between tables and gives a person one
    /// row in each, the others look everywhere they may and leave the number of rows open.
    pub fn new(link_type: LinkType, tables: usize, link_at: f64, keep_at: f64) -> Self {
        let only_between = link_type == LinkType::LinkOnly;
        let pair = |at: usize| {
            let within = at / tables.max(1) == at % tables.max(1);
            PairPolicy { looked_at: !(only_between && within), one: only_between, link_at, keep_at }
        };
        Self { tables, pairs: (0..tables * tables).map(pair).collect() }
    }

    /// The policy between two tables, seen from the first.
    pub fn of(&self, one: u16, other: u16) -> PairPolicy {
        self.pairs[usize::from(one) * self.tables + usize::from(other)]
    }

    /// Changes what holds between two tables, whichever comes first.
    pub fn change(&mut self, one: usize, other: usize, change: impl Fn(&mut PairPolicy)) {
        change(&mut self.pairs[one * self.tables + other]);
        if one != other {
            change(&mut self.pairs[other * self.tables + one]);
        }
    }

    /// Has no pair looked at.
    pub fn look_nowhere(&mut self) {
        for pair in &mut self.pairs {
            pair.looked_at = false;
        }
    }

    /// Says how many rows of one person two different tables may hold. A table that may hold several is no
    /// longer held to one row a person.
    pub fn hold(&mut self, one: usize, other: usize, rows: Rows) {
        let (first, second) = match rows {
            Rows::OneToOne => (true, true),
            Rows::OneToMany => (true, false),
            Rows::ManyToOne => (false, true),
            Rows::ManyToMany => (false, false),
        };
        self.pairs[one * self.tables + other].one = first;
        self.pairs[other * self.tables + one].one = second;
        for (table, single) in [(one, first), (other, second)] {
            if !single {
                self.pairs[table * self.tables + table].one = false;
            }
        }
    }

    /// Number of tables.
    pub const fn tables(&self) -> usize {
        self.tables
    }

    /// Whether rows of two tables are compared.
    pub fn looked_at(&self, one: u16, other: u16) -> bool {
        self.of(one, other).looked_at
    }

    /// Whether every pair is looked at, or every pair of two tables and no other: then the partners of a row in a
    /// sorted group lie side by side.
    pub(super) fn plain(&self) -> Option<LinkType> {
        let looked = |within: bool| {
            let wanted =
                (0..self.pairs.len()).filter(move |at| (at / self.tables == at % self.tables) == within);
            let mut all = wanted.map(|at| self.pairs[at].looked_at);
            let first = all.next().unwrap_or(true);
            all.all(|one| one == first).then_some(first)
        };
        match (looked(true)?, looked(false)?) {
            (true, true) => Some(LinkType::LinkAndDedupe),
            (false, true) => Some(LinkType::LinkOnly),
            _ => None,
        }
    }

    /// Pairs that are looked at among so many rows of each table.
    pub(super) fn pairs(&self, sizes: &[u64]) -> u64 {
        let mut sum = 0;
        for (one, &size) in sizes.iter().enumerate() {
            for (other, &others) in sizes.iter().enumerate().skip(one) {
                if self.pairs[one * self.tables + other].looked_at {
                    sum += if one == other { size * size.saturating_sub(1) / 2 } else { size * others };
                }
            }
        }
        sum
    }

    /// Whether a person may have so many rows of each table.
    pub(super) fn allows(&self, rows: &[u32]) -> bool {
        rows.iter().enumerate().all(|(table, &count)| {
            count < 2
                || rows
                    .iter()
                    .enumerate()
                    .all(|(other, &others)| others == 0 || !self.pairs[table * self.tables + other].one)
        })
    }

    /// Least probability of any pair of tables, by what is asked of each.
    pub fn least(&self, of: impl Fn(&PairPolicy) -> f64) -> f64 {
        self.pairs.iter().filter(|pair| pair.looked_at).map(of).fold(1.0, f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_of_linkage_are_policies() {
        let of = |link_type| Policy::new(link_type, 2, 0.9, 0.5);
        let only = of(LinkType::LinkOnly);
        assert_eq!(only.plain(), Some(LinkType::LinkOnly));
        assert_eq!((only.pairs(&[3, 4]), only.allows(&[1, 1]), only.allows(&[2, 0])), (12, true, false));
        let both = of(LinkType::LinkAndDedupe);
        assert_eq!(both.plain(), Some(LinkType::LinkAndDedupe));
        assert_eq!((both.pairs(&[3, 4]), both.allows(&[2, 2])), (21, true));
    }

    #[test]
    fn a_pair_of_tables_may_differ() {
        let mut policy = Policy::new(LinkType::LinkOnly, 3, 0.9, 0.5);
        policy.hold(0, 1, Rows::OneToMany);
        policy.change(2, 1, |pair| pair.looked_at = false);
        policy.change(2, 0, |pair| pair.link_at = 0.99);
        assert_eq!(policy.plain(), None);
        assert_eq!(policy.pairs(&[2, 3, 4]), 6 + 8);
        // One row in the first for several in the second; the third is still held to one of each.
        assert!(policy.allows(&[1, 3, 0]) && !policy.allows(&[2, 1, 0]) && !policy.allows(&[1, 2, 1]));
        assert!(policy.allows(&[1, 1, 1]) && !policy.allows(&[0, 0, 2]));
        assert!(
            (policy.of(0, 2).link_at - 0.99).abs() < 1e-12 && (policy.of(0, 1).link_at - 0.9).abs() < 1e-12
        );
    }
}
