//! Blocking rules as codes of rows, and the walk over the pairs of a rule.
//!
//! A rule is a number of equalities, by which rows fall into groups, and what else must hold. Groups are
//! cut into pieces of about the same number of pairs and the pieces are walked by all threads; what a piece
//! found comes out at its place, so nothing depends on which thread was quicker.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::compared::{Compared, Shares, TermColumn};
use super::quick::Sketch;
use super::rows::{Rows, all};
use super::setup::Setup;
use crate::comparator::generic::{
    Condition, Frame, Ladder, MISSING, Operand, Rung, Term, When, joined_codes, number,
};
use crate::link::splink::{BlockLimit, Blocking, Comparison, LinkType, Parameters};

/// Rows from which on a group's codes and sketches are laid side by side. In a smaller one each row has few
/// partners, so their codes stay together row by row.
const SMALL: usize = 12;
/// Rows of small groups that are fetched at once: fetching one row does not wait for another.
const RUN: usize = 256;
/// Pairs of one piece of work, about.
const PIECE: u64 = 1 << 19;

/// A blocking rule on the rows of a frame.
#[derive(Debug)]
pub(super) struct Rule {
    /// What holds beside the equalities.
    rest: Option<Compared>,
    /// The columns whose equality the rule asks for, when it asks for nothing else of them.
    columns: Vec<String>,
    /// The lanes of the rows' records that are equal and not missing in the pairs of the rule: those of comparisons
    /// that stand for its terms, or one of its own.
    lanes: Vec<usize>,
    /// The lanes of comparisons as bits.
    needs: u32,
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
    /// A rule on the rows of a frame, and what its own lane holds when it has one: that with the number `lane`.
    ///
    /// # Errors
    /// What keeps it from being walked group by group.
    pub(super) fn new(
        blocking: &Blocking,
        frame: &Frame,
        comparisons: &[Compared],
        lane: usize,
    ) -> Result<(Self, Option<Vec<u32>>), String> {
        let (terms, rest) = parted(blocking)?;
        let stands_for =
            |term: &Term| comparisons.iter().position(|one| one.stands_for.as_ref() == Some(term));
        let known: Option<Vec<usize>> = terms.iter().map(stands_for).collect();
        let (lanes, own, refused) = match known {
            Some(lanes) if blocking.limit.is_none() => (lanes, None, Refused::default()),
            _ => {
                let (codes, refused) = Self::own_codes(&terms, blocking.limit.as_ref(), frame);
                (vec![lane], Some(codes), refused)
            }
        };
        let needs =
            lanes.iter().filter(|lane| **lane < comparisons.len()).fold(0, |bits, lane| bits | 1 << lane);
        let rest = if rest.is_empty() { None } else { Some(held(rest, frame)?) };
        let columns = terms.into_iter().map(|term| term.column).collect();
        Ok((Self { rest, columns, lanes, needs, refused }, own))
    }

    /// One code for all terms of a rule, missing where one of them is.
    fn own_codes(terms: &[Term], limit: Option<&BlockLimit>, frame: &Frame) -> (Vec<u32>, Refused) {
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
        match limit {
            Some(limit) => limited(codes, limit, frame),
            None => (codes, Refused::default()),
        }
    }

    /// The columns whose equality the rule asks for.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether every lane that the rule asks for is equal and not missing; `code` gives both rows' codes of a lane.
    pub(super) fn same(&self, code: impl Fn(usize) -> (u32, u32)) -> bool {
        self.lanes.iter().all(|&lane| {
            let (left, right) = code(lane);
            left == right && left != MISSING
        })
    }

    /// The same for rows of which is known in which comparisons they are equal and not missing.
    #[inline]
    pub(super) fn same_where(&self, equal: u32, left: &[u32], right: &[u32]) -> bool {
        equal & self.needs == self.needs && (self.needs != 0 || self.same(|lane| (left[lane], right[lane])))
    }

    /// The lanes that the rule asks for.
    pub(super) fn lanes(&self) -> &[usize] {
        &self.lanes
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

/// One large group of rows with equal codes, or several small ones, ready to be walked: what pairs are judged by.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// Rows, ascending within a group.
    pub(super) rows: Vec<u32>,
    /// Whether the groups are small; then their records lie row by row, else lane by lane.
    pub(super) small: bool,
    width: usize,
    records: Vec<u32>,
    /// Where groups are large, codes by lane.
    pub(super) codes: Vec<Vec<u32>>,
    /// Sketches of the comparisons that have them.
    pub(super) sketches: Vec<Vec<Sketch>>,
}

impl Lane {
    /// Code of a row in a lane of its record.
    #[inline]
    pub(super) fn code(&self, of: usize, at: usize) -> u32 {
        if self.small { self.records[at * self.width + of] } else { self.codes[of][at] }
    }

    /// Record of a row, where groups are small.
    #[inline]
    pub(super) fn record(&self, at: usize) -> &[u32] {
        &self.records[at * self.width..][..self.width]
    }

    fn fill(&mut self, group: &[u32], small: bool, rows: &Rows) {
        self.rows.clear();
        self.rows.extend_from_slice(group);
        let width = rows.width();
        (self.small, self.width) = (small, width);
        if small {
            self.records.clear();
            for &row in group {
                self.records.extend_from_slice(rows.codes(row));
            }
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

/// What a thread works with: the rows at hand, and what it remembers.
type Tools<State> = (Lane, State);

/// Tools that are lent piece by piece and kept from rule to rule, so that their memory is not cleared anew. What
/// they remember must not show in what is found.
pub(super) struct Shelf<State> {
    free: Mutex<Vec<Tools<State>>>,
    make: Box<dyn Fn() -> State + Sync>,
}

impl<State> Shelf<State> {
    /// An empty shelf; `make` gives the memory of further tools.
    pub(super) fn new(make: impl Fn() -> State + Sync + 'static) -> Self {
        Self { free: Mutex::default(), make: Box::new(make) }
    }

    fn lend<Out>(&self, work: impl FnOnce(&mut Tools<State>) -> Out) -> Out {
        let free = || self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let lent = free().pop();
        let mut tools = lent.unwrap_or_else(|| (Lane::default(), (self.make)()));
        let out = work(&mut tools);
        free().push(tools);
        out
    }
}

/// The groups of a rule: rows by code.
#[derive(Debug)]
pub(super) struct Groups {
    order: Vec<u32>,
    /// Where each group with more than one row begins and ends in `order`.
    bounds: Vec<Range<u32>>,
}

impl Groups {
    /// Rows grouped by what a rule asks for, in the order of the codes.
    pub(super) fn new(rows: &Rows, rule: usize) -> Self {
        match rows.rules()[rule].lanes() {
            &[one] => Self::by_codes(&rows.lane(one)),
            &[first, second] => Self::by_two(rows, first, second),
            several => {
                let mut codes =
                    joined_codes(&several.iter().map(|&lane| rows.lane(lane)).collect::<Vec<_>>());
                for (row, code) in all(rows).zip(&mut codes) {
                    if several.iter().any(|&lane| rows.codes(row)[lane] == MISSING) {
                        *code = MISSING;
                    }
                }
                Self::by_codes(&codes)
            }
        }
    }

    fn by_codes(codes: &[u32]) -> Self {
        let mut next = places(codes.iter().copied());
        let mut order = vec![0; codes.len()];
        for (row, &code) in (0..).zip(codes) {
            let place = &mut next[code as usize];
            order[*place as usize] = row;
            *place += 1;
        }
        // Rows without a code stand first, and each place has moved to where its group ends.
        let mut groups = Self { order: Vec::with_capacity(codes.len()), bounds: Vec::new() };
        for (begin, end) in next.iter().zip(next.iter().skip(1)) {
            groups.take(&order[*begin as usize..*end as usize], |row| *row);
        }
        groups
    }

    /// Rows by two codes: sorted by counting, by the second and then by the first. The code that the next step
    /// asks for goes along with the row, so that no step looks it up.
    fn by_two(rows: &Rows, first: usize, second: usize) -> Self {
        let codes = |row: u32| (rows.codes(row)[first], rows.codes(row)[second]);
        let filled =
            || all(rows).map(|row| (codes(row), row)).filter(|((a, b), _)| *a != MISSING && *b != MISSING);
        let mut next = places(filled().map(|((_, code), _)| code));
        let mut by_second = vec![(0, 0); next.last().map_or(0, |last| *last as usize)];
        for ((one, other), row) in filled() {
            let place = &mut next[other as usize];
            by_second[*place as usize] = (one, row);
            *place += 1;
        }
        let ends = next;
        let mut next = places(by_second.iter().map(|(code, _)| *code));
        let mut sorted = vec![(0, 0); by_second.len()];
        let mut begin = 0;
        for (other, &end) in (0..).zip(&ends).take(ends.len() - 1) {
            for &(one, row) in &by_second[begin as usize..end as usize] {
                let place = &mut next[one as usize];
                sorted[*place as usize] = (other, row);
                *place += 1;
            }
            begin = end;
        }
        drop(by_second);
        let mut groups = Self { order: Vec::with_capacity(sorted.len()), bounds: Vec::new() };
        let mut begin = 0;
        for &end in &next[..next.len() - 1] {
            let of_first = &sorted[begin as usize..end as usize];
            of_first.chunk_by(|a, b| a.0 == b.0).for_each(|group| groups.take(group, |(_, row)| *row));
            begin = end;
        }
        groups
    }

    /// Takes a group up when it has a pair.
    fn take<Row>(&mut self, group: &[Row], row: impl Fn(&Row) -> u32) {
        if group.len() > 1 {
            let begin = number(self.order.len());
            self.order.extend(group.iter().map(row));
            self.bounds.push(begin..number(self.order.len()));
        }
    }

    /// Pairs within groups, whatever their tables.
    pub(super) fn pairs(&self) -> u64 {
        self.bounds.iter().map(|bounds| (bounds.len() as u64) * (bounds.len() as u64 - 1) / 2).sum()
    }

    /// Rows of the largest groups, most first.
    pub(super) fn largest(&self, most: usize) -> Vec<usize> {
        let mut sizes: Vec<usize> = Vec::new();
        for size in self.bounds.iter().map(Range::len) {
            if sizes.len() < most || sizes.last().is_some_and(|least| *least < size) {
                sizes.insert(sizes.partition_point(|one| *one >= size), size);
                sizes.truncate(most);
            }
        }
        sizes
    }

    /// Walks all pairs: for each row of each group `visit` gets where the group lies, the row's place and the places of
    /// its partners, as far as [`Rows::looked_at`] says so. What the pieces gave comes out in order.
    pub(super) fn walk<State: Send, Out: Send>(
        &self,
        rows: &Rows,
        shelf: &Shelf<State>,
        piece: impl Fn() -> Out + Sync + Send,
        visit: impl Fn(&mut State, &mut Out, &Lane, usize, Range<usize>) + Sync + Send,
    ) -> Vec<Out> {
        let plain = rows.policy().plain();
        let work = |(lane, state): &mut Tools<State>, piece_of: &Piece| {
            let mut out = piece();
            let mut rest = &self.bounds[piece_of.groups.clone()];
            while !rest.is_empty() {
                let (groups, later) = rest.split_at(run(rest));
                let begin = groups[0].start;
                let end = groups.last().map_or(begin, |last| last.end);
                lane.fill(&self.order[begin as usize..end as usize], groups[0].len() < SMALL, rows);
                for bounds in groups {
                    let offset = (bounds.start - begin) as usize;
                    let group = &self.order[bounds.start as usize..bounds.end as usize];
                    for at in piece_of.rows.clone().unwrap_or(0..group.len()) {
                        let first = first_partner(group, at, rows, plain);
                        if first < group.len() {
                            visit(state, &mut out, lane, offset + at, offset + first..offset + group.len());
                        }
                    }
                }
                rest = later;
            }
            out
        };
        self.pieces().par_iter().map(|piece_of| shelf.lend(|tools| work(tools, piece_of))).collect()
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

/// How many of some groups are fetched at once: a large one alone, small ones together.
fn run(groups: &[Range<u32>]) -> usize {
    let begin = groups[0].start;
    let together = |next: &&Range<u32>| next.len() < SMALL && ((next.end - begin) as usize) < RUN;
    groups.iter().take_while(together).count().max(1)
}

/// Where the rows of each code begin, and one place more: where all end.
fn places(codes: impl Iterator<Item = u32> + Clone) -> Vec<u32> {
    let most = codes.clone().max().map_or(0, |most| most as usize);
    let mut next = vec![0_u32; most + 2];
    codes.for_each(|code| next[code as usize + 1] += 1);
    for code in 1..next.len() {
        next[code] += next[code - 1];
    }
    next
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
