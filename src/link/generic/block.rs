//! Blocking rules as codes of rows, and the walk over the pairs of a rule.
//!
//! A rule is a number of equalities, by which rows fall into groups, and what else must hold. Groups are
//! cut into pieces of about the same number of pairs and the pieces are walked by all threads; what a piece
//! found comes out at its place, so nothing depends on which thread was quicker.

use std::ops::Range;

use rayon::prelude::*;

use super::compared::{Compared, Shares, TermColumn};
use super::quick::Sketch;
use super::rows::Rows;
use super::setup::Setup;
use crate::comparator::generic::{
    Condition, Frame, Ladder, MISSING, Operand, Rung, Term, When, joined_codes, number,
};
use crate::link::splink::{BlockLimit, Blocking, Comparison, LinkType, Parameters};

/// Rows from which on a group's codes and sketches are laid side by side. In a smaller one each row has few
/// partners, so they are looked up where they are.
const SMALL: usize = 24;
/// Pairs of one piece of work, about.
const PIECE: u64 = 1 << 19;

/// A blocking rule on the rows of a frame.
#[derive(Debug)]
pub(super) struct Rule {
    /// What holds beside the equalities.
    rest: Option<Compared>,
    /// The columns whose equality the rule asks for, when it asks for nothing else of them.
    columns: Vec<String>,
    /// Code of each row; rows with code 0 are in no group.
    codes: Vec<u32>,
    /// What the rule's limit keeps from being looked at.
    refused: Refused,
}

/// Blocks that are too large to be looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// How many.
    pub blocks: u64,
    /// Their rows.
    pub rows: u64,
    /// Their pairs.
    pub pairs: u64,
    /// Rows of the largest one.
    pub largest: u64,
    /// Rows that stood in a block that was split and have no value to split by.
    pub without_value: u64,
}

impl Rule {
    /// A rule on the rows of a frame.
    ///
    /// # Errors
    /// What keeps it from being walked group by group.
    pub(super) fn new(blocking: &Blocking, frame: &Frame) -> Result<Self, String> {
        let (terms, rest) = parted(blocking)?;
        let columns: Vec<TermColumn<'_>> = terms.iter().map(|term| TermColumn::new(term, frame)).collect();
        let columns: Vec<Vec<u32>> = columns.iter().map(TermColumn::codes).collect();
        let mut codes = if let [one] = &columns[..] { one.clone() } else { joined_codes(&columns) };
        for column in &columns {
            for (code, &own) in codes.iter_mut().zip(column) {
                if own == MISSING {
                    *code = MISSING;
                }
            }
        }
        let mut refused = Refused::default();
        if let Some(limit) = &blocking.limit {
            (codes, refused) = limited(codes, limit, frame);
        }
        let rest = if rest.is_empty() { None } else { Some(held(rest, frame)?) };
        let columns = terms.into_iter().map(|term| term.column).collect();
        Ok(Self { rest, columns, codes, refused })
    }

    /// The columns whose equality the rule asks for.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Code of each row.
    pub(super) fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// What the rule's limit keeps from being looked at.
    pub(super) const fn refused(&self) -> Refused {
        self.refused
    }

    /// Whether there is more than equalities.
    pub(super) const fn has_rest(&self) -> bool {
        self.rest.is_some()
    }

    /// Whether what is beside the equalities holds for two rows.
    pub(super) fn rest_holds(&self, left: u32, right: u32) -> bool {
        self.rest
            .as_ref()
            .is_none_or(|rest| rest.level(rest.codes[left as usize], rest.codes[right as usize]) == 1)
    }
}

/// A condition on the rows of a frame: level 1 where it holds.
fn held(parts: Vec<Condition>, frame: &Frame) -> Result<Compared, String> {
    let rung = Rung { label: String::new(), when: When::Holds(Condition::All(parts)) };
    let ladder = Ladder { name: String::new(), rungs: vec![rung] };
    let parameters = vec![Parameters::default()];
    let comparison = Comparison { ladder, description: String::new(), parameters };
    Compared::new(&comparison, Vec::new(), &[], &Shares::new(), frame, &Setup::default())
}

/// Splits blocks that are too large, and takes those that still are out of the rule.
fn limited(mut codes: Vec<u32>, limit: &BlockLimit, frame: &Frame) -> (Vec<u32>, Refused) {
    let mut refused = Refused::default();
    for column in &limit.split {
        let sizes = sizes(&codes);
        let large = |code: u32| sizes[code as usize] > limit.rows;
        let further = &frame.columns[column].codes;
        let parts: Vec<u32> =
            codes.iter().zip(further).map(|(&code, &own)| if large(code) { own } else { 1 }).collect();
        let out: Vec<bool> =
            codes.iter().zip(&parts).map(|(&code, &part)| code == MISSING || part == MISSING).collect();
        refused.without_value +=
            codes.iter().zip(&parts).filter(|(code, part)| **code != MISSING && **part == MISSING).count()
                as u64;
        codes = joined_codes(&[codes, parts]);
        codes.iter_mut().zip(out).filter(|(_, out)| *out).for_each(|(code, _)| *code = MISSING);
    }
    let sizes = sizes(&codes);
    for size in sizes.iter().filter(|size| **size > limit.rows).map(|size| u64::from(*size)) {
        refused.blocks += 1;
        refused.rows += size;
        refused.pairs += size * (size - 1) / 2;
        refused.largest = refused.largest.max(size);
    }
    codes.iter_mut().filter(|code| sizes[**code as usize] > limit.rows).for_each(|code| *code = MISSING);
    (codes, refused)
}

/// Rows of each code; none for those without one.
fn sizes(codes: &[u32]) -> Vec<u32> {
    let mut sizes = vec![0; codes.iter().max().map_or(0, |most| *most as usize) + 1];
    for &code in codes {
        sizes[code as usize] += u32::from(code != MISSING);
    }
    sizes
}

/// The terms that must be equal on both sides, and everything else.
///
/// # Errors
/// When nothing must be equal, or lists would have to be taken apart.
pub(super) fn parted(blocking: &Blocking) -> Result<(Vec<Term>, Vec<Condition>), String> {
    if !blocking.explode.is_empty() {
        return Err("rules that take lists apart are not supported".into());
    }
    let parts = match &blocking.condition {
        Condition::All(parts) => parts.clone(),
        one => vec![one.clone()],
    };
    let (mut terms, mut rest) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Condition::Same(Operand::Term(a, left), Operand::Term(b, right)) if a != b && left == right => {
                terms.push(left);
            }
            Condition::All(inner) => {
                let inner = Blocking { condition: Condition::All(inner), explode: Vec::new(), limit: None };
                let (more, others) = parted(&inner).unwrap_or((Vec::new(), vec![inner.condition]));
                terms.extend(more);
                rest.extend(others);
            }
            other => rest.push(other),
        }
    }
    if terms.is_empty() {
        return Err(
            "a rule needs something that is equal on both sides, or every pair would be looked at".into()
        );
    }
    Ok((terms, rest))
}

/// One group of rows with equal codes, ready to be walked: columns of what pairs are judged by.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// Rows, ascending.
    pub(super) rows: Vec<u32>,
    /// Whether the group is small; then there is nothing but rows.
    pub(super) small: bool,
    /// Codes of the comparisons, then of the rules.
    pub(super) codes: Vec<Vec<u32>>,
    /// Sketches of the comparisons that have them.
    pub(super) sketches: Vec<Vec<Sketch>>,
}

impl Lane {
    /// Code of a row, for a comparison or a rule.
    pub(super) fn code(&self, rows: &Rows, of: usize, at: usize) -> u32 {
        if self.small { rows.codes(self.rows[at])[of] } else { self.codes[of][at] }
    }

    fn fill(&mut self, group: &[u32], rows: &Rows) {
        self.rows.clear();
        self.rows.extend_from_slice(group);
        let width = rows.width();
        self.small = group.len() < SMALL;
        if self.small {
            return;
        }
        self.codes.resize_with(width, Vec::new);
        self.sketches.resize_with(rows.comparisons().len(), Vec::new);
        self.codes.iter_mut().for_each(Vec::clear);
        for &row in group {
            for (lane, &code) in self.codes.iter_mut().zip(rows.codes(row)) {
                lane.push(code);
            }
        }
        for ((lane, compared), codes) in self.sketches.iter_mut().zip(rows.comparisons()).zip(&self.codes) {
            lane.clear();
            if let Some(quick) = &compared.quick {
                lane.extend(codes.iter().map(|&code| quick.sketch(code)));
            }
        }
    }
}

/// The groups of a rule: rows by code.
#[derive(Debug)]
pub(super) struct Groups {
    order: Vec<u32>,
    /// Where each group with more than one row begins and ends in `order`.
    bounds: Vec<Range<usize>>,
}

impl Groups {
    /// Rows grouped by their codes of a rule.
    pub(super) fn new(rows: &Rows, rule: usize) -> Self {
        let codes = rows.rules()[rule].codes();
        let code = |row: u32| codes[row as usize] as usize;
        let all = 0..number(codes.len());
        let most = all.clone().map(code).max().unwrap_or(0);
        let mut counts = vec![0_u32; most + 1];
        all.clone().for_each(|row| counts[code(row)] += 1);
        let mut next = Vec::with_capacity(counts.len());
        let (mut total, mut bounds) = (0_usize, Vec::new());
        for (code, &count) in counts.iter().enumerate() {
            let alone = code == MISSING as usize || count < 2;
            next.push(if alone { usize::MAX } else { total });
            if !alone {
                bounds.push(total..total + count as usize);
                total += count as usize;
            }
        }
        let mut order = vec![0; total];
        for row in all {
            let place = &mut next[code(row)];
            if *place != usize::MAX {
                order[*place] = row;
                *place += 1;
            }
        }
        Self { order, bounds }
    }

    /// Pairs within groups, whatever their tables.
    pub(super) fn pairs(&self) -> u64 {
        self.bounds.iter().map(|bounds| (bounds.len() as u64) * (bounds.len() as u64 - 1) / 2).sum()
    }

    /// Rows of the largest groups, most first.
    pub(super) fn largest(&self, most: usize) -> Vec<usize> {
        let mut sizes: Vec<usize> = self.bounds.iter().map(Range::len).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        sizes.truncate(most);
        sizes
    }

    /// Walks all pairs: for each row of each group `visit` gets the group, the row's place and the place of
    /// its first partner; all rows from there on are partners, as far as [`Rows::looked_at`] says so. What the
    /// pieces gave comes out in order.
    pub(super) fn walk<State: Send, Out: Send>(
        &self,
        rows: &Rows,
        init: impl Fn() -> State + Sync + Send,
        piece: impl Fn() -> Out + Sync + Send,
        visit: impl Fn(&mut State, &mut Out, &Lane, usize, usize) + Sync + Send,
    ) -> Vec<Out> {
        let plain = rows.policy().plain();
        let work = |(lane, state): &mut (Lane, State), piece_of: &Piece| {
            let mut out = piece();
            for bounds in &self.bounds[piece_of.groups.clone()] {
                let group = &self.order[bounds.clone()];
                lane.fill(group, rows);
                let range = piece_of.rows.clone().unwrap_or(0..group.len());
                for at in range {
                    let first = first_partner(group, at, rows, plain);
                    if first < group.len() {
                        visit(state, &mut out, lane, at, first);
                    }
                }
            }
            out
        };
        self.pieces().par_iter().map_init(|| (Lane::default(), init()), work).collect()
    }

    fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let (mut from, mut pairs) = (0, 0_u64);
        for (at, bounds) in self.bounds.iter().enumerate() {
            let size = bounds.len() as u64;
            let here = size * (size - 1) / 2;
            if here > PIECE {
                if from < at {
                    pieces.push(Piece { groups: from..at, rows: None });
                }
                split(at, bounds.len(), &mut pieces);
                (from, pairs) = (at + 1, 0);
                continue;
            }
            pairs += here;
            if pairs > PIECE {
                pieces.push(Piece { groups: from..at + 1, rows: None });
                (from, pairs) = (at + 1, 0);
            }
        }
        if from < self.bounds.len() {
            pieces.push(Piece { groups: from..self.bounds.len(), rows: None });
        }
        pieces
    }
}

/// Some groups, or some rows of one group.
struct Piece {
    groups: Range<usize>,
    rows: Option<Range<usize>>,
}

fn split(group: usize, size: usize, pieces: &mut Vec<Piece>) {
    let (mut from, mut pairs) = (0, 0_u64);
    for row in 0..size {
        pairs += (size - row - 1) as u64;
        if pairs > PIECE * 4 || row + 1 == size {
            pieces.push(Piece { groups: group..group + 1, rows: Some(from..row + 1) });
            (from, pairs) = (row + 1, 0);
        }
    }
}

/// Rows are sorted by table, so the partners of a row in other tables are all behind those of its own. Where the
/// tables differ in whom they are compared with, who visits leaves out what is not looked at.
fn first_partner(group: &[u32], at: usize, rows: &Rows, plain: Option<LinkType>) -> usize {
    match plain {
        None | Some(LinkType::DedupeOnly | LinkType::LinkAndDedupe) => at + 1,
        Some(LinkType::LinkOnly) => {
            let own = rows.source(group[at]);
            at + group[at..].partition_point(|&row| rows.source(row) == own)
        }
    }
}

/// A rule of equal columns.
#[cfg(test)]
pub(super) fn rule_on(columns: &[&str]) -> Blocking {
    let same = |column: &&str| Condition::same(&Term::column(column));
    Blocking {
        condition: Condition::All(columns.iter().map(same).collect()),
        explode: Vec::new(),
        limit: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparator::generic::Side;

    #[test]
    fn a_rule_without_equality_is_refused() {
        let a = Term::column("a");
        let missing = Condition::Missing(Operand::Term(Side::Left, a.clone()));
        let only = |condition| Blocking { condition, explode: Vec::new(), limit: None };
        assert!(parted(&only(missing.clone())).is_err());
        let both = only(Condition::All(vec![missing, Condition::All(vec![Condition::same(&a)])]));
        let (terms, rest) = parted(&both).unwrap();
        assert_eq!((terms.len(), rest.len()), (1, 1));
        assert!(parted(&Blocking { explode: vec!["a".into()], ..rule_on(&["a"]) }).is_err());
    }
}
