//! What blocking rules bring, before anything is scored.

use super::block::{Groups, Refused};
use super::counts::pairs_of;
use super::rows::{Rows, all};

/// Groups that are told.
const LARGEST: usize = 5;

/// What a rule brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleStudy {
    /// Pairs that the rule brings.
    pub pairs: u64,
    /// Those that no earlier rule brings.
    pub new_pairs: u64,
    /// Rows that have a value for everything the rule asks for.
    pub rows: u64,
    /// Rows of its largest blocks.
    pub largest: Vec<usize>,
    /// Blocks that its limit keeps from being looked at.
    pub refused: Refused,
    /// Known pairs that it brings.
    pub known: u64,
    /// Known pairs that no earlier rule brings.
    pub new_known: u64,
}

/// Studies all rules; `known` are pairs of rows that are one person.
pub fn study(rows: &Rows, known: &[(u32, u32)]) -> Vec<RuleStudy> {
    (0..rows.rules().len())
        .map(|rule| {
            let brings = |rule: usize, &(left, right): &(u32, u32)| rows.brings(rule, left, right);
            let of_rule: Vec<_> = known.iter().filter(|pair| brings(rule, pair)).collect();
            let new = of_rule.iter().filter(|pair| !(0..rule).any(|earlier| brings(earlier, pair)));
            RuleStudy {
                pairs: pairs_of(rows, rule, 0..0),
                new_pairs: pairs_of(rows, rule, 0..rule),
                rows: all(rows).filter(|&row| rows.takes_part(rule, row)).count() as u64,
                largest: Groups::new(rows, rule).largest(LARGEST),
                refused: rows.rules()[rule].refused(),
                known: of_rule.len() as u64,
                new_known: new.count() as u64,
            }
        })
        .collect()
}
