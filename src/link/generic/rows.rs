//! A frame made ready for a model: one record of codes for each row, what each code weighs, and the weight
//! of any pair.

use std::collections::BTreeMap;

use super::block::{Refused, Rule};
use super::compared::{Compared, Shares, upper};
use super::policy::Policy;
use super::setup::Setup;
use crate::comparator::generic::{Condition, Frame, MISSING, Operand, number};
use crate::diag::{Diagnostic, Spot};
use crate::kernel::pattern::Pattern;
use crate::link::splink::{Blocking, Comparison, Model, Scorer};

/// Lanes that are compared at once.
pub(super) const LANES: usize = 4;
/// Rows whose records are filled at once.
const RUN: usize = 512;

/// The rows of a frame as a model sees them.
#[derive(Debug)]
pub struct Rows {
    sources: Vec<u16>,
    policy: Policy,
    prior: f64,
    comparisons: Vec<Compared>,
    rules: Vec<Rule>,
    /// Codes of all comparisons, then of the rules that have a lane of their own, row by row: what a pair needs lies
    /// together.
    records: Vec<u32>,
    width: usize,
    /// For each row the most that a pair may weigh that is equal in nothing.
    ceilings: Vec<f32>,
}

impl Rows {
    /// Makes the rows ready. `rules` take the place of the model's blocking rules; `file` names the model
    /// in diagnostics.
    ///
    /// # Errors
    /// Columns that the tables do not have or that hold another kind of values, rules that ask for no
    /// equality, adjustments without a base.
    pub fn new(
        frame: &Frame,
        model: &Model,
        rules: &[Blocking],
        setup: &Setup,
        file: &str,
    ) -> Result<Self, Vec<Diagnostic>> {
        let scorer = Scorer::new(model, file)?;
        let problems = misfits(frame, model, rules, scorer.frequency_columns(), file);
        if !problems.is_empty() {
            return Err(problems);
        }
        let shares = shares(frame, scorer.frequency_columns(), setup);
        let (mut comparisons, mut problems) = (Vec::new(), Vec::new());
        for (comparison, weights) in model.comparisons.iter().zip(scorer.level_weights()) {
            let frequent = scorer.frequency_columns();
            match Compared::new(comparison, weights.to_vec(), frequent, &shares, frame, setup) {
                Ok(compared) => comparisons.push(compared),
                Err(problem) => {
                    let column = format!("comparison {}", comparison.ladder.name);
                    let told =
                        Diagnostic::error("column_misfit", Spot { column, ..Spot::file(file) }, problem);
                    problems.push(told.with_help("compare such a column by another measure"));
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut rows = Self {
            sources: frame.source.clone(),
            policy: setup.policy_of(model, frame.sources.len()),
            prior: scorer.prior(),
            width: 0,
            ceilings: vec![upper(scorer.prior()); frame.len()],
            comparisons,
            rules: Vec::new(),
            records: Vec::new(),
        };
        let mut own = Vec::new();
        for (at, blocking) in rules.iter().enumerate() {
            let lane = rows.comparisons.len() + own.len();
            match Rule::new(blocking, frame, &rows.comparisons, lane) {
                Ok((rule, codes)) => {
                    rows.rules.push(rule);
                    own.extend(codes);
                }
                Err(problem) => problems.push(Diagnostic::error("block_rule", place(file, at), problem)),
            }
        }
        rows.fill(&own);
        if problems.is_empty() { Ok(rows) } else { Err(problems) }
    }

    /// Puts the codes of comparisons, which give them away, and the `own` ones of rules side by side.
    fn fill(&mut self, own: &[Vec<u32>]) {
        // Lanes without use at the end, so that several are compared at once.
        self.width = (self.comparisons.len() + own.len()).next_multiple_of(LANES);
        self.records = vec![MISSING; self.len() * self.width];
        let given: Vec<Vec<u32>> =
            self.comparisons.iter_mut().map(|compared| std::mem::take(&mut compared.codes)).collect();
        for (compared, codes) in self.comparisons.iter().zip(&given) {
            for (ceiling, &code) in self.ceilings.iter_mut().zip(codes) {
                *ceiling += compared.bounds[code as usize].other;
            }
        }
        // Some rows at a time, so that each record is fetched once and not for every lane.
        for (at, records) in self.records.chunks_mut(self.width * RUN).enumerate() {
            for (lane, codes) in given.iter().chain(own).enumerate() {
                let codes = &codes[at * RUN..];
                records
                    .chunks_exact_mut(self.width)
                    .zip(codes)
                    .for_each(|(record, &code)| record[lane] = code);
            }
        }
    }

    /// The most that a pair of this row may weigh that is equal in nothing.
    pub(super) fn ceiling(&self, row: u32) -> f32 {
        self.ceilings[row as usize]
    }

    /// Number of rows.
    pub const fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Which tables are linked with which.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether a pair is looked at, by the tables of its rows.
    pub(super) fn looked_at(&self, left: u32, right: u32) -> bool {
        self.policy.looked_at(self.source(left), self.source(right))
    }

    /// Weight of the prior in bits.
    pub const fn prior(&self) -> f64 {
        self.prior
    }

    /// Table of a row.
    pub fn source(&self, row: u32) -> u16 {
        self.sources[row as usize]
    }

    /// Number of all pairs that could be looked at.
    pub fn possible_pairs(&self) -> u64 {
        let mut sizes = vec![0_u64; self.policy.tables()];
        self.sources.iter().for_each(|&source| sizes[usize::from(source)] += 1);
        self.policy.pairs(&sizes)
    }

    /// Record of a row.
    pub(super) fn codes(&self, row: u32) -> &[u32] {
        &self.records[row as usize * self.width..][..self.width]
    }

    /// One lane of all records.
    pub(super) fn lane(&self, lane: usize) -> Vec<u32> {
        self.records.chunks_exact(self.width).map(|record| record[lane]).collect()
    }

    /// Whether a row has what a rule asks for.
    pub(super) fn takes_part(&self, rule: usize, row: u32) -> bool {
        self.rules[rule].lanes().iter().all(|&lane| self.codes(row)[lane] != MISSING)
    }

    /// Whether a rule brings two rows together.
    pub(super) fn brings(&self, rule: usize, left: u32, right: u32) -> bool {
        let (one, other) = (self.codes(left), self.codes(right));
        let rule = &self.rules[rule];
        rule.same(|lane| (one[lane], other[lane])) && rule.rest_holds(left, right)
    }

    pub(super) const fn width(&self) -> usize {
        self.width
    }

    pub(super) fn comparisons(&self) -> &[Compared] {
        &self.comparisons
    }

    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// For each rule the blocks that are too large to be looked at.
    pub fn refused(&self) -> Vec<Refused> {
        self.rules.iter().map(Rule::refused).collect()
    }

    /// The level of a comparison for two codes, at a glance, from memory, or measured.
    pub(super) fn level(
        &self,
        memory: &mut super::score::Memory,
        comparison: usize,
        left: u32,
        right: u32,
    ) -> u8 {
        let compared = &self.comparisons[comparison];
        if let Some(quick) = &compared.quick
            && quick.far(quick.sketch(left), quick.sketch(right))
        {
            return compared.last;
        }
        memory.level(self, comparison, left, right)
    }

    /// Levels of a pair, by the rows' numbers.
    pub fn levels(&self, left: u32, right: u32) -> Pattern {
        let (l, r) = (self.codes(left), self.codes(right));
        let levels: Vec<u8> =
            self.comparisons.iter().enumerate().map(|(at, compared)| compared.level(l[at], r[at])).collect();
        Pattern::pack(&levels)
    }

    /// Match weight of a pair from its levels, in the order of adding that Splink has.
    pub fn weight(&self, left: u32, right: u32, levels: Pattern) -> f64 {
        let (l, r) = (self.codes(left), self.codes(right));
        self.comparisons.iter().enumerate().fold(self.prior, |sum, (at, compared)| {
            let (bits, frequency) = compared.parts(levels.level(at), l[at], r[at]);
            sum + bits + frequency
        })
    }
}

fn place(file: &str, at: usize) -> Spot {
    Spot { column: format!("blocking rule {}", at + 1), ..Spot::file(file) }
}

/// log2 of the share of each value: as a given table has it, else among the values that are not missing, over all
/// tables together.
fn shares(frame: &Frame, columns: &[String], setup: &Setup) -> Shares {
    let of = |name: &String| {
        if let Some(given) = setup.frequencies.get(name) {
            let values = frame.columns[name].values.iter();
            let bits = values.map(|value| given.of(value).map_or(f64::NEG_INFINITY, f64::log2));
            return (name.clone(), bits.collect());
        }
        let counts = frame.columns[name].counts();
        let total: u64 = counts.iter().skip(1).sum();
        let mut bits: Vec<f64> = counts.iter().map(|&count| (count as f64 / total as f64).log2()).collect();
        bits[0] = f64::NEG_INFINITY;
        (name.clone(), bits)
    };
    columns.iter().map(of).collect::<BTreeMap<_, _>>()
}

/// Everything of the model and the rules that the columns do not bear.
fn misfits(
    frame: &Frame,
    model: &Model,
    rules: &[Blocking],
    frequent: &[String],
    file: &str,
) -> Vec<Diagnostic> {
    let kind_of = |column: &str| frame.kind(column);
    let mut problems = Vec::new();
    let mut tell = |spot: Spot, message: String| {
        let columns: Vec<&str> = frame.columns.keys().map(String::as_str).collect();
        let help = format!("columns of the tables: {}", columns.join(", "));
        problems.push(Diagnostic::error("column_misfit", spot, message).with_help(help));
    };
    for comparison in &model.comparisons {
        for rung in &comparison.ladder.rungs {
            for message in rung.when.condition().map_or_else(Vec::new, |found| found.misfits(&kind_of)) {
                let column = format!("comparison {}, {}", comparison.ladder.name, rung.label);
                tell(Spot { column, ..Spot::file(file) }, message);
            }
        }
    }
    for (at, rule) in rules.iter().enumerate() {
        for column in rule.limit.iter().flat_map(|limit| &limit.split).filter(|name| kind_of(name).is_none())
        {
            tell(place(file, at), format!("there is no column `{column}` to split blocks by"));
        }
        rule.condition.misfits(&kind_of).into_iter().for_each(|message| tell(place(file, at), message));
    }
    for column in frequent.iter().filter(|column| kind_of(column).is_none()) {
        tell(Spot::file(file), format!("there is no column `{column}`, whose frequencies count"));
    }
    problems
}

/// The columns that a model and rules look at.
pub fn columns_of(model: &Model, rules: &[Blocking]) -> Vec<String> {
    let rungs = model.comparisons.iter().flat_map(|comparison| &comparison.ladder.rungs);
    let conditions = rungs.filter_map(|rung| rung.when.condition());
    let operands = conditions.chain(rules.iter().map(|rule| &rule.condition)).flat_map(Condition::operands);
    let mut columns: Vec<String> = operands
        .filter_map(|operand| match operand {
            Operand::Term(_, term) => Some(term.column.clone()),
            Operand::Literal(_) => None,
        })
        .collect();
    let levels = model.comparisons.iter().flat_map(|comparison| &comparison.parameters);
    columns.extend(levels.filter_map(|level| Some(level.frequency.as_ref()?.column.clone())));
    columns.extend(rules.iter().filter_map(|rule| rule.limit.as_ref()).flat_map(|limit| limit.split.clone()));
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// The columns that a comparison looks at.
pub(super) fn columns_of_comparison(comparison: &Comparison) -> Vec<String> {
    let rungs = comparison.ladder.rungs.iter().filter_map(|rung| rung.when.condition());
    rungs
        .flat_map(Condition::operands)
        .filter_map(|operand| match operand {
            Operand::Term(_, term) => Some(term.column.clone()),
            Operand::Literal(_) => None,
        })
        .collect()
}

/// All rows, by number.
pub(super) fn all(rows: &Rows) -> impl Iterator<Item = u32> + Clone {
    0..number(rows.len())
}
