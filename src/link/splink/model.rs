//! A model as Splink has it.

use crate::comparator::generic::{Condition, Ladder};

/// A model of Splink: comparisons with m and u of their levels, the prior, blocking rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Which pairs are looked at.
    pub link_type: LinkType,
    /// Probability that two rows drawn at random are one person.
    pub prior: f64,
    /// Comparisons, in the order in which their weights are added.
    pub comparisons: Vec<Comparison>,
    /// Blocking rules, in their order.
    pub blocking: Vec<Blocking>,
    /// Settings of Splink that do not bear on weights (training, names of output columns), kept as they
    /// came.
    pub others: serde_json::Map<String, serde_json::Value>,
}

/// Which pairs of rows are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkType {
    /// Within one table.
    DedupeOnly,
    /// Between tables.
    LinkOnly,
    /// Within and between tables.
    LinkAndDedupe,
}

impl LinkType {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::DedupeOnly, Self::LinkOnly, Self::LinkAndDedupe];

    /// Splink's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DedupeOnly => "dedupe_only",
            Self::LinkOnly => "link_only",
            Self::LinkAndDedupe => "link_and_dedupe",
        }
    }
}

/// One comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The ladder; its name is Splink's `output_column_name`.
    pub ladder: Ladder,
    /// What it is, in words.
    pub description: String,
    /// Parameters of each rung of the ladder.
    pub parameters: Vec<Parameters>,
}

/// Parameters of one level.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    /// Probability of the level given a match; none when it was not trained (Splink then uses a default).
    pub m: Option<f64>,
    /// Probability of the level given no match; none when it was not trained.
    pub u: Option<f64>,
    /// Whether training leaves m alone.
    pub fix_m: bool,
    /// Whether training leaves u alone.
    pub fix_u: bool,
    /// Adjustment by the frequency of the value.
    pub frequency: Option<Adjustment>,
}

/// Term-frequency adjustment of a level.
#[derive(Clone, Debug, PartialEq)]
pub struct Adjustment {
    /// Column whose frequencies count.
    pub column: String,
    /// Share of the adjustment that is applied, usually 1.
    pub weight: f64,
    /// Frequencies below this count as this.
    pub minimum_u: f64,
    /// Whether u of this level is the base, instead of u of the exact level of the column.
    pub own_u: bool,
}

/// One blocking rule: pairs for which it holds are looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocking {
    /// What must hold.
    pub condition: Condition,
    /// Columns with lists whose elements are taken one by one.
    pub explode: Vec<String>,
    /// How large a block may be; `None`: as large as it is. Splink has no such limit.
    pub limit: Option<BlockLimit>,
}

/// How large the blocks of a rule may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockLimit {
    /// Most rows of a block. Larger ones are split, and what is larger still is not looked at.
    pub rows: u32,
    /// Columns by which blocks that are too large are split, one after the other.
    pub split: Vec<String>,
}

/// Share of m that Splink gives the exact level of a comparison that was not trained.
const DEFAULT_M_EXACT: f64 = 0.95;

impl Comparison {
    /// m and u by level (0 is the null level: both zero), with Splink's defaults for what was not trained.
    pub fn tables(&self) -> (Vec<f64>, Vec<f64>) {
        let count = self.ladder.level_count();
        let (mut m, mut u) = (vec![0.0; count], vec![0.0; count]);
        for (level, parameters) in self.ladder.levels().into_iter().zip(&self.parameters) {
            let level = usize::from(level);
            if level > 0 {
                let (default_m, default_u) = default(level, count - 1);
                m[level] = parameters.m.unwrap_or(default_m);
                u[level] = parameters.u.unwrap_or(default_u);
            }
        }
        (m, u)
    }

    /// Splink's number of a level of ours: −1 for the null level, else counted down to 0.
    pub fn gamma(&self, level: u8) -> i32 {
        match i32::from(level) {
            0 => -1,
            level => i32::try_from(self.ladder.level_count()).unwrap_or(i32::MAX) - 1 - level,
        }
    }
}

/// m and u that Splink assumes for a level (1 is the best) of `count` levels: the best has 0.95 of m and a
/// weight of 10, the others share the rest of m and have weights from 3 down to −5.
fn default(level: usize, count: usize) -> (f64, f64) {
    let others = count.saturating_sub(1).max(1) as f64;
    let m = if level == 1 { DEFAULT_M_EXACT } else { (1.0 - DEFAULT_M_EXACT) / others };
    let weight = match (level, count) {
        (1, _) => 10.0,
        (_, 2) => -5.0,
        _ => -5.0 + (count - level) as f64 * (8.0 / (others - 1.0)),
    };
    (m, m / f64::exp2(weight))
}
