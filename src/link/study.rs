//! What the blocking rules of a night bring.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::Linkage;
use super::candidates::Index;
use super::figures::known;
use super::fuzzy::{may_be_one, probes};
use super::keys::KeyMaker;
use super::prepare::Prepared;
use super::sure::{Pairs, block};
use crate::domain::KnownBefore;

/// Blocks that are told.
const LARGEST: usize = 5;

/// What a rule brings to the persons without a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct NightRule {
    /// The rule in words.
    pub rule: String,
    /// Persons without a number who tell everything the rule asks for.
    pub persons: u64,
    /// Candidate pairs.
    pub pairs: u64,
    /// Those that no earlier rule brings.
    pub new_pairs: u64,
    /// Candidates in its largest blocks.
    pub largest: Vec<u64>,
    /// Blocks that are too large even when split, and not looked at.
    pub refused: u64,
    /// Rows of a known person, with their number hidden, to whom it brings that person.
    pub known: u64,
    /// Those to whom no earlier rule does.
    pub new_known: u64,
}

/// What all rules bring.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct NightStudy {
    /// Persons without a number, who are looked up.
    pub looked_up: u64,
    /// All persons that can be compared.
    pub persons: u64,
    /// Rows whose number tells who they are that were looked up without it.
    pub known: u64,
    /// The rules in the pipeline's order.
    pub rules: Vec<NightRule>,
}

/// Studies the rules on the rows of a night. No pair is scored.
pub fn study(prepared: &Prepared<'_>) -> NightStudy {
    let mut pairs = block(prepared, KnownBefore::default(), Linkage::Model);
    let looked_up = probes(&pairs.units);
    let own = brought(&pairs, &looked_up, |_| true);
    let mut rules: Vec<NightRule> = Vec::new();
    for (at, rule) in prepared.settings.block.iter().enumerate() {
        let of_rule = |found: &&Brought| usize::from(found.rule) == at;
        let mut of_all: Vec<&Brought> = own.iter().filter(of_rule).collect();
        let units: FxHashSet<u32> = of_all.iter().map(|found| found.probe).collect();
        let refused = of_all.iter().filter(|found| !found.fits).count() as u64;
        of_all.retain(|found| found.fits);
        let mut largest: Vec<u64> = of_all.iter().map(|found| found.units.len() as u64).collect();
        largest.sort_unstable_by(|a, b| b.cmp(a));
        largest.truncate(LARGEST);
        rules.push(NightRule {
            rule: rule.title(),
            persons: units.len() as u64,
            largest,
            refused,
            ..NightRule::default()
        });
    }
    count(&pairs, &own, |rule, new| {
        rules[usize::from(rule)].pairs += 1;
        rules[usize::from(rule)].new_pairs += u64::from(new);
    });
    let known = known(&mut pairs, |pairs, known| {
        let apart: Vec<u32> = known.iter().map(|&(row, _)| row).collect();
        let Some(&first) = apart.first() else { return 0_u64 };
        let person: rustc_hash::FxHashMap<u32, u32> = known.iter().copied().collect();
        let mut found = brought(pairs, &apart, |unit| unit < first);
        for brought in &mut found {
            brought.units.retain(|unit| person[&brought.probe] == *unit);
        }
        count(pairs, &found, |rule, new| {
            rules[usize::from(rule)].known += 1;
            rules[usize::from(rule)].new_known += u64::from(new);
        });
        known.len() as u64
    });
    NightStudy { looked_up: looked_up.len() as u64, persons: pairs.units.all.len() as u64, known, rules }
}

/// A block of somebody who is looked up.
struct Brought {
    probe: u32,
    rule: u16,
    units: Vec<u32>,
    fits: bool,
}

/// The blocks of these persons, in their order and that of the rules.
fn brought(pairs: &Pairs<'_>, probes: &[u32], eligible: impl Fn(u32) -> bool + Sync) -> Vec<Brought> {
    let Pairs { prepared, clusters, units, .. } = pairs;
    let maker = || KeyMaker { prepared, clusters, units };
    let index = Index::build(maker(), probes, eligible);
    let own = maker();
    let of_probe = |&probe: &u32| {
        let mut found = Vec::new();
        index.blocks(probe, &own.relatives(probe), |rule, units, fits| {
            found.push(Brought { probe, rule, units, fits });
        });
        found.sort_by_key(|brought| brought.rule);
        found
    };
    probes.par_iter().flat_map_iter(of_probe).collect()
}

/// Tells of each pair that can be one person and each rule that brings it whether it is the first one. A rule with
/// several keys of one person brings a pair once.
fn count(pairs: &Pairs<'_>, brought: &[Brought], mut each: impl FnMut(u16, bool)) {
    let units = &pairs.units.all;
    for of_probe in brought.chunk_by(|a, b| a.probe == b.probe) {
        let mut seen: FxHashSet<u32> = FxHashSet::default();
        for of_rule in of_probe.chunk_by(|a, b| a.rule == b.rule) {
            let mut found: Vec<u32> =
                of_rule.iter().filter(|found| found.fits).flat_map(|found| &found.units).copied().collect();
            found.sort_unstable();
            found.dedup();
            for other in found {
                let probe = of_probe[0].probe;
                // Two who are both looked up meet twice; one that stands apart is nobody's partner but its own.
                let twice = units[other as usize].probe && other < probe && !units[probe as usize].apart;
                let apart = units[probe as usize].apart;
                if !twice && (apart || may_be_one(&units[probe as usize], &units[other as usize])) {
                    each(of_rule[0].rule, seen.insert(other));
                }
            }
        }
    }
}
