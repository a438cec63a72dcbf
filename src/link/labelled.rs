//! The model once more, with what officers have told of pairs.
//!
//! Persons are found by the sure passes as on any night, but without the judgements, so that an answered pair
//! is a pair like all others; then every candidate pair counts by its probability, an answered one as it was
//! told (see [`crate::kernel::learn`] for why the others must stay in). What was told of two rows that no model
//! is asked about (both have a valid number, or neither has) tells nothing about m and is only counted.

use std::collections::BTreeMap;

use super::Linkage;
use super::assign::exclusive;
use super::fuzzy::{edges, probes};
use super::model::LinkModel;
use super::prepare::Prepared;
use super::scorer::Scorer;
use super::settings::Settings;
use super::sure::{Pairs, block, judged};
use crate::comparator;
use crate::domain::{Judgement, KnownBefore, Verdict};
use crate::kernel::em::LevelTable;
use crate::kernel::learn::rest;
use crate::kernel::observed::Observed;
use crate::kernel::pattern::Pattern;
use crate::kernel::weight;

/// Most rounds.
const ROUNDS: u32 = 20;
/// It rests when no m moves by more.
const TOLERANCE: f64 = 1e-4;

/// What became of the judgements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Asked {
    /// Pairs that count as one person.
    pub same: u64,
    /// Pairs that count as two.
    pub not_same: u64,
    /// Judgements about rows that the model is not asked about: joined by a sure pass, both with a valid
    /// number, or both without.
    pub not_the_models: u64,
    /// Judgements about rows that are not there any more.
    pub gone: u64,
}

/// One level before and after.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct LearnedLevel {
    /// Comparator.
    pub comparator: String,
    /// Key of the level.
    pub level: String,
    /// The level in Chinese.
    pub title: String,
    /// m of the frozen model.
    pub m_before: f64,
    /// m now.
    pub m: f64,
    /// Standard error of m: of a share among so many pairs.
    pub m_error: f64,
    /// u of the frozen model.
    pub u_before: f64,
    /// u now.
    pub u: f64,
}

/// A model and how it came about.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The model, without words on what it was fitted on.
    pub model: LinkModel,
    /// What became of the judgements.
    pub asked: Asked,
    /// Every level.
    pub levels: Vec<LearnedLevel>,
    /// Candidate pairs.
    pub pairs: u64,
    /// Rounds used.
    pub rounds: u32,
    /// Whether it came to rest.
    pub converged: bool,
}

/// What is told of pairs of a person without a number (first) and one with a number.
#[derive(Default)]
struct Told {
    pairs: BTreeMap<(u32, u32), bool>,
    asked: Asked,
}

/// Estimates m and u of the model anew. The prior and the classes of resembling persons stay: of them answers
/// about doubtful pairs tell nothing.
pub fn learn(prepared: &Prepared<'_>, judgements: &[Judgement], frozen: &LinkModel) -> Learned {
    let pairs = block(prepared, KnownBefore::default(), Linkage::Model);
    estimate(&pairs, judgements, frozen).0
}

/// The estimate, and the levels that its last round saw.
pub(super) fn estimate(
    pairs: &Pairs<'_>,
    judgements: &[Judgement],
    frozen: &LinkModel,
) -> (Learned, Observed) {
    let settings = pairs.prepared.settings;
    let told = Told::of(pairs, judgements);
    let (m, u) = frozen.tables(settings);
    let mut count = 0;
    let rested = rest(&m, ROUNDS, TOLERANCE, |now| {
        let model = frozen.with_tables(settings, now, &u, String::new());
        let seen = expectation(pairs, &model, &told);
        count = seen.0;
        seen.1
    });
    let u_now = told.u(pairs, frozen, &u);
    let levels = levels(settings, (&m, &u), (&rested.m, &u_now), &rested.seen);
    let learned = Learned {
        model: frozen.with_tables(settings, &rested.m, &u_now, frozen.fitted_on.clone()),
        asked: told.asked,
        levels,
        pairs: count,
        rounds: rested.rounds,
        converged: rested.converged,
    };
    (learned, rested.seen)
}

impl Told {
    fn of(pairs: &Pairs<'_>, judgements: &[Judgement]) -> Self {
        let known = judged(pairs.prepared, judgements);
        let mut told = Self::default();
        told.asked.gone = (judgements.len() - known.len()) as u64;
        let mut units: BTreeMap<u32, Option<u32>> =
            known.iter().flat_map(|&(a, b, _)| [(a, None), (b, None)]).collect();
        for unit in 0..u32::try_from(pairs.units.all.len()).unwrap_or(u32::MAX) {
            for &mention in pairs.units.members(unit) {
                if let Some(slot) = units.get_mut(&mention) {
                    *slot = Some(unit);
                }
            }
        }
        for (a, b, verdict) in known {
            let probe = |unit: u32| pairs.units.all[unit as usize].probe;
            let pair = match (units[&a], units[&b]) {
                (Some(a), Some(b)) if probe(a) && !probe(b) => (a, b),
                (Some(a), Some(b)) if probe(b) && !probe(a) => (b, a),
                _ => {
                    told.asked.not_the_models += 1;
                    continue;
                }
            };
            told.pairs.insert(pair, verdict == Verdict::Same);
        }
        let same = told.pairs.values().filter(|same| **same).count() as u64;
        (told.asked.same, told.asked.not_same) = (same, told.pairs.len() as u64 - same);
        told
    }

    /// The partner that was told of each person without a number.
    fn partners(&self) -> BTreeMap<u32, u32> {
        self.pairs.iter().filter(|(_, same)| **same).map(|(&(probe, other), _)| (probe, other)).collect()
    }

    /// u with the pairs that were told to be two persons, which count as what they are: a few among all pairs
    /// that could be made.
    fn u(&self, pairs: &Pairs<'_>, model: &LinkModel, u: &LevelTable) -> LevelTable {
        let looked_up = pairs.units.all.iter().filter(|unit| unit.probe).count();
        let possible = (looked_up * (pairs.units.all.len() - looked_up)).max(1) as f64;
        let Pairs { prepared, clusters, units, .. } = pairs;
        let scorer = Scorer::new(prepared, clusters, units, model, -weight::LIMIT_BITS);
        let mut seen = Observed::none(u.len());
        for (&pair, _) in self.pairs.iter().filter(|(_, same)| !**same) {
            seen.add(pattern(pairs, &scorer, pair), 1.0);
        }
        let of = |at: usize, levels: &Vec<f64>| -> Vec<f64> {
            let told = seen.total(at);
            let share =
                |(level, &u): (usize, &f64)| possible.mul_add(u, seen.sum(at, level)) / (possible + told);
            levels.iter().enumerate().map(|entry| if entry.0 == 0 { 0.0 } else { share(entry) }).collect()
        };
        u.iter().enumerate().map(|(at, levels)| of(at, levels)).collect()
    }
}

/// Levels of all pairs with somebody who has a number, each with the probability that it is one person; and how
/// many pairs these are.
fn expectation(pairs: &Pairs<'_>, model: &LinkModel, told: &Told) -> (u64, Observed) {
    let Pairs { prepared, clusters, units, .. } = pairs;
    let least = weight::bits(prepared.settings.review_at.min(prepared.settings.near_miss_at).max(0.001));
    let scorer = Scorer::new(prepared, clusters, units, model, least);
    let (mut found, _) = edges(pairs, &scorer, &probes(units), |unit| !units.all[unit as usize].probe);
    let partners = told.partners();
    // Who is known to be somebody is nobody else; who is known not to be somebody has one rival less.
    found.retain(|edge| {
        told.pairs.get(&(edge.probe, edge.other)) != Some(&false) && !partners.contains_key(&edge.probe)
    });
    exclusive(&mut found, units.all.len(), |unit| units.all[unit as usize].slots);
    let mut seen = Observed::none(prepared.settings.comparison.len());
    for edge in &found {
        seen.add(edge.scored.pattern, edge.probability);
    }
    for (&probe, &other) in &partners {
        seen.add(pattern(pairs, &scorer, (probe, other)), 1.0);
    }
    (found.len() as u64 + told.pairs.len() as u64, seen)
}

/// Levels of two persons, whatever they weigh.
fn pattern(pairs: &Pairs<'_>, scorer: &Scorer<'_>, pair: (u32, u32)) -> Pattern {
    let Pairs { prepared, clusters, units, .. } = pairs;
    let own = units.relatives(prepared, clusters, pair.0);
    let (levels, _) = scorer.everything(pair, &own);
    Pattern::pack(&levels[..prepared.settings.comparison.len()])
}

fn levels(
    settings: &Settings,
    (m_before, u_before): (&LevelTable, &LevelTable),
    (m, u): (&LevelTable, &LevelTable),
    seen: &Observed,
) -> Vec<LearnedLevel> {
    let mut levels = Vec::new();
    for (at, comparison) in settings.comparison.iter().enumerate() {
        let Some(ladder) = comparator::ladder(&comparison.comparator) else { continue };
        for (level, rung) in ladder.levels.iter().enumerate().skip(1) {
            let share = m[at][level];
            levels.push(LearnedLevel {
                comparator: comparison.comparator.clone(),
                level: rung.key.to_owned(),
                title: rung.label.to_owned(),
                m_before: m_before[at][level],
                m: share,
                m_error: (share * (1.0 - share) / (seen.total(at) + 1.0)).sqrt(),
                u_before: u_before[at][level],
                u: u[at][level],
            });
        }
    }
    levels
}
