//! Scores the pairs of all rules as they are generated and keeps those of a weight.
//!
//! Most pairs are never measured. Where two rows differ in a comparison, what that comparison can give at
//! most is known beforehand; the sum of these bounds is taken for a whole block at a time, and only pairs
//! whose bound reaches the weight asked for are measured, one comparison after another, until the bound
//! falls below it. What is kept has the same levels and the same weight as if everything had been measured.

use std::ops::Range;

use super::block::{Groups, Lane, Rule, Shelf};
use super::compared::{Bounds, upper};
use super::rows::{LANES, Rows};
use crate::comparator::generic::MISSING;
use crate::kernel::digest::mix;
use crate::kernel::pattern::{MAX_COMPARISONS, Pattern};
use crate::link::splink::probability;

/// What bounds are compared with less than the weight asked for: sums in half width are not exact.
const MARGIN: f32 = 2e-3;
/// Bound of a pair that an earlier rule brings.
const EARLIER: f32 = f32::NEG_INFINITY;
/// The pairs of about so many rows are scored in full for the estimates without labels.
const SAMPLED_ROWS: u64 = 8_000;

/// A pair that is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Row with the lower number.
    pub left: u32,
    /// The other row.
    pub right: u32,
    /// Levels of the comparisons.
    pub levels: Pattern,
    /// Match weight in bits.
    pub weight: f64,
}

/// What one rule brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleCount {
    /// Pairs that no earlier rule brought.
    pub pairs: u64,
    /// Rows of its largest blocks.
    pub largest: Vec<usize>,
}

/// What all rules brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scored {
    /// Pairs kept, by rows.
    pub pairs: Vec<Pair>,
    /// Rules in their order.
    pub rules: Vec<RuleCount>,
    /// Expected number of true pairs among those looked at and not kept.
    pub true_below: f64,
}

impl Scored {
    /// Number of pairs looked at.
    pub fn looked_at(&self) -> u64 {
        self.rules.iter().map(|rule| rule.pairs).sum()
    }
}

/// What a piece of work found.
#[derive(Default)]
struct Found {
    pairs: Vec<Pair>,
    looked_at: u64,
    true_below: f64,
}

/// Scores the pairs of all rules; those of at least `floor` bits are kept.
pub fn score(rows: &Rows, floor: f64) -> Scored {
    let bound = Bound::new(rows, floor);
    let (mut scored, mut found) = (Scored::default(), Vec::new());
    let comparisons = rows.comparisons().len();
    let shelf = Shelf::new(move || Memory::new(comparisons));
    for rule in 0..rows.rules().len() {
        let groups = Groups::new(rows, rule);
        let visit =
            |memory: &mut Memory, found: &mut Found, lane: &Lane, at: usize, partners: Range<usize>| {
                bound.visit(rule, memory, found, lane, at, partners);
            };
        let pieces = groups.walk(rows, &shelf, Found::default, visit);
        let mut count = RuleCount { pairs: 0, largest: groups.largest(3) };
        for piece in pieces {
            count.pairs += piece.looked_at;
            scored.true_below += piece.true_below;
            found.push(piece.pairs);
        }
        scored.rules.push(count);
    }
    scored.pairs = by_rows(&found, rows.len());
    scored
}

/// Pairs in the order of their rows: by counting for the left ones, of which each has few partners.
fn by_rows(found: &[Vec<Pair>], rows: usize) -> Vec<Pair> {
    let mut next = vec![0_usize; rows + 1];
    found.iter().flatten().for_each(|pair| next[pair.left as usize + 1] += 1);
    for row in 1..next.len() {
        next[row] += next[row - 1];
    }
    let nobody = Pair { left: 0, right: 0, levels: Pattern::default(), weight: 0.0 };
    let mut pairs = vec![nobody; next.last().copied().unwrap_or(0)];
    for pair in found.iter().flatten() {
        let place = &mut next[pair.left as usize];
        pairs[*place] = *pair;
        *place += 1;
    }
    pairs.chunk_by_mut(|a, b| a.left == b.left).for_each(|of_row| of_row.sort_unstable_by_key(|p| p.right));
    pairs
}

/// A partner of a row that may reach what is asked for.
#[derive(Clone, Copy)]
struct Near {
    /// Its place behind the first partner.
    place: u32,
    /// The most that the pair may weigh, as far as is known.
    bound: f32,
}

/// What one thread remembers.
pub(super) struct Memory {
    bounds: Vec<f32>,
    near: Vec<Near>,
    levels: Vec<Vec<u64>>,
}

/// Slots of remembered levels for each comparison, as bits of the slot's number.
const SLOT_BITS: u32 = 13;
/// Bits of a code in a slot; greater codes are not remembered.
const CODE_BITS: u32 = 30;

impl Memory {
    pub(super) fn new(comparisons: usize) -> Self {
        Self { bounds: Vec::new(), near: Vec::new(), levels: vec![vec![0; 1 << SLOT_BITS]; comparisons] }
    }

    /// The level of two different codes; what was measured lately is remembered.
    pub(super) fn level(&mut self, rows: &Rows, comparison: usize, left: u32, right: u32) -> u8 {
        let compared = &rows.comparisons()[comparison];
        if (left | right) >> CODE_BITS != 0 {
            return compared.level(left, right);
        }
        let key = u64::from(left) << CODE_BITS | u64::from(right);
        let slot = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SLOT_BITS)) as usize;
        let slot = &mut self.levels[comparison][slot];
        // No pair of codes has the key 0: code 0 is the missing one and never comes here.
        if *slot >> 4 == key {
            return u8::try_from(*slot & 15).unwrap_or(0);
        }
        let level = compared.level_of_different(left, right);
        *slot = key << 4 | u64::from(level);
        level
    }
}

/// What is asked for, and in which order comparisons are measured.
struct Bound<'a> {
    rows: &'a Rows,
    floor: f64,
    /// The floor as bounds are held against it.
    least: f32,
    prior: f32,
    /// Comparisons, those first that a measurement takes most from.
    order: Vec<usize>,
    /// The pairs of one row in so many are scored in full.
    one_in: u64,
    /// Whether some tables are compared and others not, so that each pair has to be asked.
    mixed: bool,
}

impl<'a> Bound<'a> {
    fn new(rows: &'a Rows, floor: f64) -> Self {
        let mut order: Vec<usize> = (0..rows.comparisons().len()).collect();
        let takes = |at: &usize| {
            let compared = &rows.comparisons()[*at];
            let most = compared.bounds.iter().map(|bounds| bounds.other).fold(0.0_f32, f32::max);
            let (last, _) = compared.parts(compared.last, MISSING, MISSING);
            let measured = if compared.quick.is_some() { 1.0 } else { 0.5 };
            measured * (most - upper(last))
        };
        order.sort_by(|a, b| takes(b).total_cmp(&takes(a)).then(a.cmp(b)));
        let least = upper(floor) - MARGIN;
        let one_in = (rows.len() as u64).div_ceil(SAMPLED_ROWS).max(1);
        let mixed = rows.policy().plain().is_none();
        Self { rows, floor, least, prior: upper(rows.prior()), order, one_in, mixed }
    }

    /// All pairs of one row of a group.
    fn visit(
        &self,
        rule: usize,
        memory: &mut Memory,
        found: &mut Found,
        lane: &Lane,
        at: usize,
        partners: Range<usize>,
    ) {
        if lane.small {
            self.one_by_one(rule, memory, found, lane, at, partners);
        } else {
            self.all_at_once(rule, memory, found, lane, at, partners.start);
        }
    }

    /// The pairs of a row of a small group, one after another.
    fn one_by_one(
        &self,
        rule: usize,
        memory: &mut Memory,
        found: &mut Found,
        lane: &Lane,
        at: usize,
        partners: Range<usize>,
    ) {
        let left = lane.rows[at];
        let sampled = self.sampled(left);
        let comparisons = self.rows.comparisons();
        let own = lane.record(at);
        let (present, ceiling) = (present(own, comparisons.len()), self.rows.ceiling(left));
        let mut below = 0.0;
        for place in partners {
            let other = lane.record(place);
            let equal = equal(own, other) & present;
            if self.passed_over(rule, equal, (left, own), (lane.rows[place], other)) {
                continue;
            }
            found.looked_at += 1;
            // What is not equal is in the row's ceiling already.
            let mut bound = ceiling;
            for at in bits(equal) {
                let most = comparisons[at].bounds[own[at] as usize];
                bound += most.equal - most.other;
            }
            for at in bits(present & !self::present(other, comparisons.len())) {
                bound -= comparisons[at].bounds[own[at] as usize].other;
            }
            self.measured(memory, found, lane, (at, place), bound);
            if sampled {
                below += self.true_below(memory, lane, at, place);
            }
        }
        if sampled {
            found.true_below += below * self.one_in as f64;
        }
    }

    /// Whether the pairs of a row are scored in full.
    fn sampled(&self, row: u32) -> bool {
        hash(row).is_multiple_of(self.one_in)
    }

    /// Whether a pair comes from an earlier rule, or is not looked at; `equal` are the comparisons in which its
    /// rows are equal.
    fn passed_over(&self, rule: usize, equal: u32, left: (u32, &[u32]), right: (u32, &[u32])) -> bool {
        let (earlier, own) = self.rows.rules().split_at(rule);
        let rest_holds = |rule: &Rule| rule.rest_holds(left.0, right.0);
        earlier.iter().any(|rule| rule.same_where(equal, left.1, right.1) && rest_holds(rule))
            || (self.mixed && !self.rows.looked_at(left.0, right.0))
            || !rest_holds(&own[0])
    }

    /// Measures a pair when its bound reaches what is asked for, and keeps it when its weight does.
    fn measured(
        &self,
        memory: &mut Memory,
        found: &mut Found,
        lane: &Lane,
        pair: (usize, usize),
        bound: f32,
    ) {
        if bound < self.least {
            return;
        }
        if let Some(levels) = self.levels(memory, lane, pair.0, pair.1, bound) {
            let (left, right) = (lane.rows[pair.0], lane.rows[pair.1]);
            let weight = self.rows.weight(left, right, levels);
            if weight >= self.floor {
                found.pairs.push(Pair { left, right, levels, weight });
            }
        }
    }

    /// The pairs of a row of a large group, a comparison for all of them at a time.
    fn all_at_once(
        &self,
        rule: usize,
        memory: &mut Memory,
        found: &mut Found,
        lane: &Lane,
        at: usize,
        first: usize,
    ) {
        let mut bounds = std::mem::take(&mut memory.bounds);
        bounds.clear();
        self.side_by_side(rule, lane, at, first, &mut bounds);
        let earlier = self.earlier(rule, lane, at, first, &mut bounds);
        found.looked_at += (bounds.len() - earlier) as u64;
        let mut near = std::mem::take(&mut memory.near);
        near.resize(near.len().max(bounds.len()), Near { place: 0, bound: 0.0 });
        let mut count = 0;
        for (place, &bound) in (0..).zip(&bounds) {
            near[count] = Near { place, bound };
            count += usize::from(bound >= self.least);
        }
        let count = self.at_a_glance(lane, at, first, &mut near[..count]);
        for &Near { place, .. } in &near[..count] {
            let place = place as usize;
            self.measured(memory, found, lane, (at, first + place), bounds[place]);
        }
        if self.sampled(lane.rows[at]) {
            let looked_at = bounds.iter().enumerate().filter(|(_, bound)| **bound >= -1e30);
            let below: f64 = looked_at
                .map(|(place, _)| self.true_below(memory, lane, at, first + place))
                .fold(0.0, |a, b| a + b);
            found.true_below += below * self.one_in as f64;
        }
        (memory.bounds, memory.near) = (bounds, near);
    }

    /// Puts those to the front whose bound reaches what is asked for when sketches have told who is far apart, a
    /// comparison for all partners at a time; how many. Nothing here branches on a pair: most guesses would be wrong.
    fn at_a_glance(&self, lane: &Lane, at: usize, first: usize, near: &mut [Near]) -> usize {
        let mut count = near.len();
        for &comparison in &self.order {
            let compared = &self.rows.comparisons()[comparison];
            let own = lane.codes[comparison][at];
            let Some(quick) = compared.quick.as_ref().filter(|_| own != MISSING) else { continue };
            let (last, _) = compared.parts(compared.last, MISSING, MISSING);
            let takes = compared.bounds[own as usize].other - upper(last);
            let (sketches, own) = (&lane.sketches[comparison][first..], lane.sketches[comparison][at]);
            let mut left = 0;
            for at in 0..count {
                let Near { place, mut bound } = near[at];
                // Equal and missing partners are never far.
                bound -= if quick.far(own, sketches[place as usize]) { takes } else { 0.0 };
                near[left] = Near { place, bound };
                left += usize::from(bound >= self.least);
            }
            count = left;
        }
        count
    }

    /// Bounds of the pairs of a row, two comparisons for all partners at a time. All partners are equal in what the
    /// rule asks for.
    fn side_by_side(&self, rule: usize, lane: &Lane, at: usize, first: usize, bounds: &mut Vec<f32>) {
        let shared = self.rows.rules()[rule].lanes();
        let mut start = self.prior;
        let mut adding = [None; MAX_COMPARISONS];
        let mut count = 0;
        for (place, (codes, compared)) in lane.codes.iter().zip(self.rows.comparisons()).enumerate() {
            let most = compared.bounds[codes[at] as usize];
            if shared.contains(&place) {
                start += most.equal;
            } else if codes[at] != MISSING {
                adding[count] = Some(Adding { codes: &codes[first..], own: codes[at], most });
                count += 1;
            }
        }
        bounds.resize(lane.rows.len() - first, start);
        for two in adding[..count].chunks(2) {
            match two {
                [Some(one), Some(other)] => add_two(bounds, one, other),
                _ => two.iter().flatten().for_each(|one| add(bounds, one)),
            }
        }
    }

    /// Strikes out the pairs that an earlier rule brings, and those that are not looked at; how many.
    fn earlier(&self, rule: usize, lane: &Lane, at: usize, first: usize, bounds: &mut [f32]) -> usize {
        let mut any = false;
        let shared = self.rows.rules()[rule].lanes();
        for found in &self.rows.rules()[..rule] {
            let codes = |of: usize| (lane.codes[of][at], &lane.codes[of][first..]);
            if found.lanes().iter().any(|&of| codes(of).0 == MISSING) {
                continue;
            }
            any = true;
            let mut open = found.lanes().iter().copied().filter(|of| !shared.contains(of));
            match (open.next(), open.next(), open.next(), found.has_rest()) {
                (Some(one), None, _, false) => {
                    let (own, codes) = codes(one);
                    for (bound, &code) in bounds.iter_mut().zip(codes) {
                        *bound = if code == own { EARLIER } else { *bound };
                    }
                    continue;
                }
                (Some(one), Some(other), None, false) => {
                    let ((one, ones), (other, others)) = (codes(one), codes(other));
                    for ((bound, &a), &b) in bounds.iter_mut().zip(ones).zip(others) {
                        *bound = if a == one && b == other { EARLIER } else { *bound };
                    }
                    continue;
                }
                _ => {}
            }
            for (place, bound) in bounds.iter_mut().enumerate() {
                let right = first + place;
                if found.same(|of| (lane.codes[of][at], lane.codes[of][right]))
                    && found.rest_holds(lane.rows[at], lane.rows[right])
                {
                    *bound = EARLIER;
                }
            }
        }
        if self.rows.rules()[rule].has_rest() {
            any = true;
            for (bound, &right) in bounds.iter_mut().zip(&lane.rows[first..]) {
                if !self.rows.rules()[rule].rest_holds(lane.rows[at], right) {
                    *bound = EARLIER;
                }
            }
        }
        if self.mixed {
            any = true;
            for (bound, &right) in bounds.iter_mut().zip(&lane.rows[first..]) {
                if !self.rows.looked_at(lane.rows[at], right) {
                    *bound = EARLIER;
                }
            }
        }
        // Bounds are clamped, so nothing but what was struck out lies that low.
        let struck = bounds.iter().fold(0_u32, |sum, &bound| sum.wrapping_add(u32::from(bound < -1e30)));
        if any { struck as usize } else { 0 }
    }

    /// All levels of a pair, or nothing when its bound falls below the floor on the way.
    fn levels(
        &self,
        memory: &mut Memory,
        lane: &Lane,
        at: usize,
        right: usize,
        bound: f32,
    ) -> Option<Pattern> {
        let mut bound = bound;
        let mut levels = [0_u8; MAX_COMPARISONS];
        for &comparison in &self.order {
            let compared = &self.rows.comparisons()[comparison];
            let (a, b) = (lane.code(comparison, at), lane.code(comparison, right));
            if a == b {
                levels[comparison] = compared.equal_levels[a as usize];
                continue;
            }
            if a == MISSING || b == MISSING {
                continue;
            }
            let level = if lane.small {
                self.rows.level(memory, comparison, a, b)
            } else {
                level(memory, self.rows, lane, comparison, at, right)
            };
            levels[comparison] = level;
            let (bits, frequency) = compared.parts(level, a, b);
            bound += upper(bits + frequency) - compared.bounds[a as usize].other;
            if bound < self.least {
                return None;
            }
        }
        Some(Pattern::pack(&levels[..self.rows.comparisons().len()]))
    }

    /// Probability of a pair of a sampled row when it lies below the floor.
    fn true_below(&self, memory: &mut Memory, lane: &Lane, at: usize, right: usize) -> f64 {
        let levels = full_levels(memory, self.rows, lane, at, right);
        let weight = self.rows.weight(lane.rows[at], lane.rows[right], levels);
        if weight < self.floor { probability(weight) } else { 0.0 }
    }
}

/// The level of a comparison for two rows of a group with different codes.
pub(super) fn level(
    memory: &mut Memory,
    rows: &Rows,
    lane: &Lane,
    comparison: usize,
    left: usize,
    right: usize,
) -> u8 {
    if lane.small {
        let (a, b) = (lane.code(comparison, left), lane.code(comparison, right));
        return rows.level(memory, comparison, a, b);
    }
    let (sketches, codes) = (&lane.sketches[comparison], &lane.codes[comparison]);
    let compared = &rows.comparisons()[comparison];
    if let Some(quick) = &compared.quick
        && quick.far(sketches[left], sketches[right])
    {
        return compared.last;
    }
    memory.level(rows, comparison, codes[left], codes[right])
}

/// All levels of two rows of a group.
pub(super) fn full_levels(
    memory: &mut Memory,
    rows: &Rows,
    lane: &Lane,
    left: usize,
    right: usize,
) -> Pattern {
    let mut levels = [0_u8; MAX_COMPARISONS];
    for (comparison, compared) in rows.comparisons().iter().enumerate() {
        let (a, b) = (lane.code(comparison, left), lane.code(comparison, right));
        levels[comparison] = if a == b {
            compared.equal_levels[a as usize]
        } else if a == MISSING || b == MISSING {
            0
        } else {
            level(memory, rows, lane, comparison, left, right)
        };
    }
    Pattern::pack(&levels[..rows.comparisons().len()])
}

/// What a comparison adds to the bounds of a row's pairs.
#[derive(Clone, Copy)]
struct Adding<'a> {
    /// Codes of the partners.
    codes: &'a [u32],
    own: u32,
    /// The most that a pair of the row may weigh in it.
    most: Bounds,
}

impl Adding<'_> {
    /// So much with an equal partner, nothing with a missing one, else the other amount.
    #[inline]
    fn gives(&self, code: u32) -> f32 {
        let differs = if code == MISSING { 0.0 } else { self.most.other };
        if code == self.own { self.most.equal } else { differs }
    }
}

/// Adds to the bound of each partner what a comparison may give. Written so that several are done at once.
fn add(bounds: &mut [f32], one: &Adding) {
    for (bound, &code) in bounds.iter_mut().zip(one.codes) {
        *bound += one.gives(code);
    }
}

/// The same for two comparisons.
fn add_two(bounds: &mut [f32], one: &Adding, other: &Adding) {
    for ((bound, &a), &b) in bounds.iter_mut().zip(one.codes).zip(other.codes) {
        *bound += one.gives(a) + other.gives(b);
    }
}

/// The lanes in which two records are equal, as bits, as far as comparisons go.
fn equal(left: &[u32], right: &[u32]) -> u32 {
    let lanes =
        left.as_chunks::<LANES>().0.iter().zip(right.as_chunks::<LANES>().0).take(MAX_COMPARISONS / LANES);
    lanes.rev().fold(0, |bits, (left, right)| {
        let same = |lane: usize| u32::from(left[lane] == right[lane]) << lane;
        bits << LANES | same(0) | same(1) | same(2) | same(3)
    })
}

/// The comparisons in which a record holds something, as bits.
fn present(record: &[u32], comparisons: usize) -> u32 {
    !equal(record, &[MISSING; MAX_COMPARISONS]) & ((1 << comparisons) - 1)
}

/// The places of the bits that are set.
fn bits(mut word: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (place < u32::BITS).then_some(place as usize)
    })
}

/// A row's number, well mixed.
pub(super) const fn hash(row: u32) -> u64 {
    mix(row as u64)
}
