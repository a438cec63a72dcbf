//! The weight of one pair in its parts, from the scorer's own numbers.

use super::scorer::{Scorer, told_by_number};
use super::settings::Attribute;
use super::unit::Relative;
use crate::kernel::pattern::MAX_COMPARISONS;

/// One comparison of a pair, as it was weighed.
#[derive(Clone, Debug)]
pub struct Step {
    /// What was compared.
    pub attribute: Attribute,
    /// Level on the ladder of its comparator; 0: nothing to compare.
    pub level: u8,
    /// Probability of the level given one person; `None` when there was nothing to compare.
    pub m: Option<f64>,
    /// Probability of the level given two strangers.
    pub u: Option<f64>,
    /// Whether it counts: what a number that agrees tells already is not counted twice.
    pub counted: bool,
    /// log2(m/u), 0 when it does not count.
    pub bits: f64,
    /// Chance that a stranger has just this value, where the frequency of values enters.
    pub chance: Option<f64>,
    /// What the frequency adds: log2(u/chance).
    pub frequency_bits: f64,
}

/// The weight of a pair in its parts. The parts add up to the total unless that lies at the limit of
/// weights.
#[derive(Clone, Debug)]
pub struct Waterfall {
    /// Bits before anything is compared.
    pub prior: f64,
    /// The comparisons, in the order of the settings.
    pub steps: Vec<Step>,
    /// What twins, brothers and sisters take away: they agree for a reason. Never above zero.
    pub resembling: f64,
    /// Weight of the pair in bits.
    pub total: f64,
}

/// One comparison on another level, and what the pair would weigh then.
#[derive(Clone, Copy, Debug)]
pub struct Flip {
    /// Place of the comparison in the settings.
    pub comparison: usize,
    /// The level it would have to be on.
    pub level: u8,
    /// Weight of the pair then, in bits. Where the frequency of values enters, that of an average value.
    pub total: f64,
}

impl Scorer<'_> {
    /// What the pair would weigh with each of its comparisons on each other level, the others as they are.
    pub(super) fn flips(&self, probe: u32, other: u32) -> Vec<Flip> {
        let own = self.units.relatives(self.prepared, self.clusters, probe);
        let (levels, chance) = self.everything((probe, other), &own);
        let mut flips = Vec::new();
        for comparison in 0..self.attributes.len() {
            for level in 0..u8::try_from(self.m[comparison].len()).unwrap_or(0) {
                if level != levels[comparison] {
                    let (mut levels, mut chance) = (levels, chance);
                    (levels[comparison], chance[comparison]) = (level, None);
                    flips.push(Flip { comparison, level, total: self.against(&levels, &chance).weight() });
                }
            }
        }
        flips
    }

    /// How two units were weighed, step by step: the figures of [`Scorer::score`], none given up. The
    /// first is the one that is looked up.
    pub(super) fn waterfall(&self, probe: u32, other: u32) -> Waterfall {
        let own = self.units.relatives(self.prepared, self.clusters, probe);
        let (levels, chance) = self.everything((probe, other), &own);
        let against = self.against(&levels, &chance);
        Waterfall {
            prior: self.prior,
            steps: self.steps(&levels, &chance),
            resembling: against.stranger - against.everybody,
            total: against.weight(),
        }
    }

    /// Levels of two units in everything that is compared, and the chance of their values where the frequency of
    /// values enters. `own` are the relatives of the first one.
    pub(super) fn everything(
        &self,
        (probe, other): (u32, u32),
        own: &[Relative],
    ) -> ([u8; MAX_COMPARISONS], [Option<f64>; MAX_COMPARISONS]) {
        let (x, y) = (&self.units.all[probe as usize], &self.units.all[other as usize]);
        let theirs = self.units.relatives(self.prepared, self.clusters, other);
        let mut levels = [0_u8; MAX_COMPARISONS];
        let mut chance = [None; MAX_COMPARISONS];
        for (at, &(attribute, frequency)) in self.attributes.iter().enumerate() {
            let (level, u) = match attribute {
                Attribute::Relatives => self.relatives_level(own, &theirs),
                _ => self.level(at, attribute, x, y),
            };
            (levels[at], chance[at]) = (level, u.filter(|_| frequency));
        }
        (levels, chance)
    }

    fn steps(&self, levels: &[u8; MAX_COMPARISONS], chance: &[Option<f64>; MAX_COMPARISONS]) -> Vec<Step> {
        let inside = self.number_agrees(levels);
        let step = |(at, &(attribute, _)): (usize, &(Attribute, bool))| {
            let level = usize::from(levels[at]);
            let known = level != 0;
            let counted = known && !(inside && told_by_number(attribute, levels[at]));
            let (m, u) = (self.m[at][level], self.u[at][level]);
            Step {
                attribute,
                level: levels[at],
                m: known.then(|| m.exp2()),
                u: known.then(|| u.exp2()),
                counted,
                bits: if counted { m - u } else { 0.0 },
                chance: chance[at].filter(|_| known),
                frequency_bits: chance[at].filter(|_| counted).map_or(0.0, |chance| u - chance.log2()),
            }
        };
        self.attributes.iter().enumerate().map(step).collect()
    }
}
