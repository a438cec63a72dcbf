//! A comparison made ready for the rows of a frame: each row has one code for all that the comparison
//! looks at, so that rows that are alike in it are told by one equality of numbers, and whatever depends
//! on one row alone is worked out once for each code.

use std::collections::BTreeMap;

use super::named::{self, Values};
use super::quick::Quick;
use super::setup::Setup;
use crate::comparator::generic::{
    Cell, Codes, Column, Condition, Frame, Judge, MISSING, Operand, Side, Term, Terms, When, joined_codes,
};
use crate::link::splink::{Comparison, LevelWeight};

/// A comparison on the rows of a frame.
#[derive(Debug)]
pub(super) struct Compared {
    /// Code of each row; [`MISSING`] where whatever the partner is there is nothing to compare.
    pub(super) codes: Vec<u32>,
    /// For each code the level of a pair of equal codes.
    pub(super) equal_levels: Vec<u8>,
    /// For each code the most that pairs of it may weigh.
    pub(super) bounds: Vec<Bounds>,
    /// Tells at a glance that two codes are far apart.
    pub(super) quick: Option<Quick>,
    /// The level of what is far apart.
    pub(super) last: u8,
    /// The term whose equality equal codes are, and whose being missing the missing code is.
    pub(super) stands_for: Option<Term>,
    count: usize,
    width: usize,
    cells: Vec<Cell>,
    judge: Judge,
    /// The same for different codes of one text: what asks for equality is left out.
    of_different: Option<Judge>,
    /// The values as a comparator of people's fields reads them; it judges then.
    named: Option<Values>,
    weights: Vec<LevelWeight>,
    /// Columns whose frequencies count, by their places in the scorer.
    frequency_places: Vec<usize>,
    /// For each level the place of its column among those.
    frequency_of: Vec<Option<usize>>,
    /// log2 of the frequencies of each code, `frequency_places.len()` each.
    frequencies: Vec<f64>,
}

/// The most that pairs of a code may weigh.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounds {
    /// With an equal code.
    pub(super) equal: f32,
    /// With another one.
    pub(super) other: f32,
}

/// The frequencies of a column's values, as log2 by code.
pub(super) type Shares = BTreeMap<String, Vec<f64>>;

impl Compared {
    /// Makes a comparison ready, or tells what keeps its column from being read. `weights` are those of its levels,
    /// `frequency_columns` the columns they name by place, `shares` their frequencies.
    pub(super) fn new(
        comparison: &Comparison,
        weights: Vec<LevelWeight>,
        frequency_columns: &[String],
        shares: &Shares,
        frame: &Frame,
        setup: &Setup,
    ) -> Result<Self, String> {
        let mut terms = Terms::default();
        let judge = Judge::new(&comparison.ladder, &mut terms);
        let mut places: Vec<usize> = weights.iter().filter_map(LevelWeight::frequency_column).collect();
        places.sort_unstable();
        places.dedup();
        let width = terms.all().len();
        let mut all: Vec<Term> = terms.all().to_vec();
        for term in places.iter().map(|&place| Term::column(&frequency_columns[place])) {
            if !all.contains(&term) {
                all.push(term);
            }
        }
        let columns: Vec<TermColumn<'_>> = all.iter().map(|term| TermColumn::new(term, frame)).collect();
        let (codes, first_row) = joined(&columns, frame.len());
        let row_cells = |row: u32| columns[..width].iter().map(move |column| column.at(row).clone());
        let cells: Vec<Cell> = std::iter::repeat_n(Cell::Null, width)
            .chain(first_row.iter().flat_map(|&r| row_cells(r)))
            .collect();
        let share = |row: u32| {
            places.iter().map(move |&place| {
                let name = &frequency_columns[place];
                shares[name][frame.columns[name].codes[row as usize] as usize]
            })
        };
        let unknown = std::iter::repeat_n(f64::NEG_INFINITY, places.len());
        let frequencies = unknown.chain(first_row.iter().flat_map(|&row| share(row))).collect();
        let last = comparison.ladder.levels().last().copied().unwrap_or(0);
        let named = named::values(
            &comparison.ladder,
            // The first cell of each code.
            cells.iter().step_by(width.max(1)),
            setup.readers.as_ref(),
        )?;
        let frequency_of = weights.iter().map(LevelWeight::frequency_column);
        let frequency_of = frequency_of.map(|column| places.iter().position(|place| Some(*place) == column));
        let mut made = Self {
            frequency_of: frequency_of.collect(),
            stands_for: None,
            of_different: None,
            codes,
            equal_levels: Vec::new(),
            bounds: Vec::new(),
            quick: None,
            last,
            count: first_row.len() + 1,
            width,
            cells,
            judge,
            named,
            weights,
            frequency_places: places,
            frequencies,
        };
        let blanks_are_missing = made.blank(comparison, &terms);
        made.bound(comparison);
        // Different codes must be different texts, or equal texts could be told to be far apart.
        if let [term] = &all[..]
            && width == 1
        {
            made.quick = Quick::new(&comparison.ladder, &made.cells);
            if blanks_are_missing {
                made.of_different = Some(made.judge.of_different());
                made.stands_for = Some(term.clone());
            }
        }
        Ok(made)
    }

    /// Number of codes, the missing one included.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Number of levels, the null level included.
    pub(super) const fn levels(&self) -> usize {
        self.weights.len()
    }

    /// The level of two codes.
    pub(super) fn level(&self, left: u32, right: u32) -> u8 {
        if left == right {
            return self.equal_levels[left as usize];
        }
        if left == MISSING || right == MISSING {
            return 0;
        }
        self.judged(left, right)
    }

    /// The level of two codes that both hold something.
    fn judged(&self, left: u32, right: u32) -> u8 {
        match &self.named {
            Some(named) => named.level(left, right),
            None => self.judge.level(self.row(left), self.row(right)).unwrap_or(0),
        }
    }

    /// The level of two different codes that both hold something.
    pub(super) fn level_of_different(&self, left: u32, right: u32) -> u8 {
        match (&self.named, &self.of_different) {
            (None, Some(judge)) => judge.level(self.row(left), self.row(right)).unwrap_or(0),
            _ => self.judged(left, right),
        }
    }

    /// What a level of two codes weighs: m against u, and the adjustment by frequency.
    #[inline]
    pub(super) fn parts(&self, level: u8, left: u32, right: u32) -> (f64, f64) {
        let Some(weight) = self.weights.get(usize::from(level)) else { return (0.0, 0.0) };
        let frequency = self.frequency_of[usize::from(level)].map_or(0.0, |at| {
            let of = |code: u32| self.frequencies[code as usize * self.frequency_places.len() + at];
            weight.adjustment(of(left), of(right))
        });
        (weight.bits(), frequency)
    }

    fn row(&self, code: u32) -> &[Cell] {
        &self.cells[code as usize * self.width..][..self.width]
    }

    /// Codes that have nothing to compare whatever the partner become [`MISSING`]. Whether those of a single term
    /// are the ones without a value, and no other.
    fn blank(&mut self, comparison: &Comparison, terms: &Terms) -> bool {
        let Some(When::Null(condition)) = comparison.ladder.rungs.first().map(|rung| &rung.when) else {
            return self.cells.iter().skip(1).all(|cell| *cell != Cell::Null);
        };
        let blank: Vec<bool> = (0..self.count())
            .map(|code| {
                let row = &self.cells[code * self.width..][..self.width];
                let missing = |term: &Term| {
                    terms.all().iter().position(|known| known == term).is_some_and(|at| row[at] == Cell::Null)
                };
                let silent = self
                    .named
                    .as_ref()
                    .is_some_and(|named| named.silent(crate::comparator::generic::number(code)));
                let sides = [Side::Left, Side::Right];
                code > 0 && (silent || sides.into_iter().all(|side| missing_alone(condition, side, &missing)))
            })
            .collect();
        for code in &mut self.codes {
            if blank[*code as usize] {
                *code = MISSING;
            }
        }
        let single = self.width == 1;
        single && blank.iter().zip(&self.cells).skip(1).all(|(&blank, cell)| blank == (*cell == Cell::Null))
    }

    /// What is known of each code alone.
    fn bound(&mut self, comparison: &Comparison) {
        let levels = comparison.ladder.levels();
        let exact: Vec<bool> = comparison
            .ladder
            .rungs
            .iter()
            .map(|rung| matches!(rung.when, When::Holds(_)) && covers(comparison, rung.when.condition()))
            .collect();
        let null_possible = comparison.ladder.rungs.iter().any(|rung| match &rung.when {
            When::Null(condition) => !told_by_one(condition),
            _ => false,
        });
        let mut possible: Vec<u8> = levels
            .iter()
            .zip(&exact)
            .filter(|(level, exact)| **level > 0 && !**exact)
            .map(|(level, _)| *level)
            .collect();
        if null_possible {
            possible.push(0);
        }
        self.equal_levels.push(0);
        self.bounds.push(Bounds::default());
        let least: Vec<f64> = (0..self.frequency_places.len())
            .map(|at| {
                let known = self.frequencies.iter().skip(at).step_by(self.frequency_places.len());
                known.copied().filter(|bits| bits.is_finite()).fold(f64::INFINITY, f64::min)
            })
            .collect();
        for at in 1..self.count() {
            let code = crate::comparator::generic::number(at);
            let level = self.judged(code, code);
            let (bits, frequency) = self.parts(level, code, code);
            self.equal_levels.push(level);
            let most = possible.iter().map(|&level| self.most(level, code, &least)).fold(f64::MIN, f64::max);
            self.bounds.push(Bounds { equal: upper(bits + frequency), other: upper(most) });
        }
    }

    /// The most that a level of this code and another one may weigh. The greater frequency counts, so the
    /// other one can only be as frequent or more; where this one is not known, the rarest of all counts.
    fn most(&self, level: u8, code: u32, least: &[f64]) -> f64 {
        let Some(weight) = self.weights.get(usize::from(level)) else { return 0.0 };
        let Some(at) = self.frequency_of[usize::from(level)] else { return weight.bits() };
        let mine = self.frequencies[code as usize * self.frequency_places.len() + at];
        let rare = if mine.is_finite() { mine } else { least[at] };
        // With a negative weight the most frequent value counts most; where both are unknown, nothing does.
        let most = weight.adjustment(rare, rare).max(weight.adjustment(0.0, 0.0));
        weight.bits() + if mine.is_finite() { most } else { most.max(0.0) }
    }
}

/// A term of all rows: the column's codes, or codes of what was made of it.
pub(super) struct TermColumn<'a> {
    column: &'a Column,
    /// Code and value by the column's code; none for an untouched column.
    made: Option<(Vec<u32>, Vec<Cell>)>,
}

impl<'a> TermColumn<'a> {
    pub(super) fn new(term: &Term, frame: &'a Frame) -> Self {
        let column = &frame.columns[&term.column];
        let made = (!term.steps.is_empty()).then(|| {
            let mut codes = Codes::default();
            let of = column.values.iter().map(|value| codes.of(&term.of(value))).collect();
            (of, codes.values())
        });
        Self { column, made }
    }

    fn code(&self, row: usize) -> u32 {
        let code = self.column.codes[row];
        self.made.as_ref().map_or(code, |(of, _)| of[code as usize])
    }

    /// Codes of all rows.
    pub(super) fn codes(&self) -> Vec<u32> {
        match &self.made {
            None => self.column.codes.clone(),
            Some((of, _)) => self.column.codes.iter().map(|&code| of[code as usize]).collect(),
        }
    }

    fn at(&self, row: u32) -> &Cell {
        let code = self.code(row as usize) as usize;
        self.made.as_ref().map_or(&self.column.values[code], |(_, values)| &values[code])
    }
}

/// One code for several terms, all different, counting up from 1, and the first row of each code.
fn joined(columns: &[TermColumn<'_>], rows: usize) -> (Vec<u32>, Vec<u32>) {
    let mut codes: Vec<u32> = match columns {
        [] => vec![MISSING; rows],
        [one] => one.codes(),
        several => joined_codes(&several.iter().map(TermColumn::codes).collect::<Vec<_>>()),
    };
    // A single column has rows with the missing code, several have none, so they are counted anew.
    let mut new_of: Vec<u32> = vec![MISSING; codes.iter().max().map_or(0, |most| *most as usize + 1)];
    let mut first_row = Vec::new();
    for (row, code) in (0..).zip(&mut codes) {
        let new = &mut new_of[*code as usize];
        if *new == MISSING {
            first_row.push(row);
            *new = crate::comparator::generic::number(first_row.len());
        }
        *code = *new;
    }
    (codes, first_row)
}

/// Whether a null condition holds by what is missing on one side alone.
fn missing_alone(condition: &Condition, side: Side, missing: &impl Fn(&Term) -> bool) -> bool {
    match condition {
        Condition::Missing(Operand::Term(at, term)) => *at == side && missing(term),
        Condition::Any(parts) => parts.iter().any(|part| missing_alone(part, side, missing)),
        Condition::All(parts) => parts.iter().all(|part| missing_alone(part, side, missing)),
        _ => false,
    }
}

/// Whether a null condition that holds for a pair holds by one side alone, the same for both sides: it is
/// "missing here or there" of some terms.
fn told_by_one(condition: &Condition) -> bool {
    let Condition::Any(parts) = condition else { return false };
    let terms = |wanted: Side| {
        parts.iter().filter_map(move |part| match part {
            Condition::Missing(Operand::Term(side, term)) if *side == wanted => Some(term),
            _ => None,
        })
    };
    let flat = parts.iter().all(|part| matches!(part, Condition::Missing(Operand::Term(..))));
    if !flat {
        return parts.iter().all(told_by_one);
    }
    terms(Side::Left).all(|term| terms(Side::Right).any(|other| other == term))
        && terms(Side::Right).all(|term| terms(Side::Left).any(|other| other == term))
}

/// Whether a condition is equality of every column that the comparison looks at, so that it cannot hold
/// where codes differ.
fn covers(comparison: &Comparison, condition: Option<&Condition>) -> bool {
    let Some(exact) = condition.and_then(Condition::exact_columns) else { return false };
    let conditions = comparison.ladder.rungs.iter().filter_map(|rung| rung.when.condition());
    let frequent = comparison.parameters.iter().filter_map(|values| values.frequency.as_ref());
    conditions
        .flat_map(Condition::operands)
        .filter_map(|operand| match operand {
            Operand::Term(_, term) => Some(term.column.as_str()),
            Operand::Literal(_) => None,
        })
        .chain(frequent.map(|adjustment| adjustment.column.as_str()))
        .all(|column| exact.contains(&column))
}

/// A bound in half the width, rounded up: what is compared with it has a margin as well.
#[expect(clippy::cast_possible_truncation, reason = "a bound of some bits; the margin covers the rounding")]
pub(super) fn upper(bits: f64) -> f32 {
    (bits + MARGIN).clamp(-1e9, 1e9) as f32
}

/// What a bound is wider than what it bounds.
const MARGIN: f64 = 1e-4;
