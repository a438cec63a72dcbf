//! Stage block: who could be whom. Only keys that somebody looks for are kept, so the index is small
//! although everybody is in it.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::keys::KeyMaker;
use super::unit::Relative;

/// Units by blocking key, for the keys that the probes have.
pub(super) struct Index<'a> {
    maker: KeyMaker<'a>,
    /// (key, unit), sorted.
    entries: Vec<(u64, u32)>,
}

/// Candidates of one probe.
pub(super) struct Found {
    /// Units, sorted, each once.
    pub(super) units: Vec<u32>,
    /// Blocking rule and number of candidates it brought.
    pub(super) pairs: Vec<(u16, u32)>,
    /// Rules whose block stayed too large even when split.
    pub(super) refused: Vec<u16>,
}

impl<'a> Index<'a> {
    /// Indexes the units that `eligible` admits under the keys of `probes`.
    pub(super) fn build(maker: KeyMaker<'a>, probes: &[u32], eligible: impl Fn(u32) -> bool + Sync) -> Self {
        let wanted = maker.wanted(probes);
        let count = u32::try_from(maker.units.all.len()).unwrap_or(u32::MAX);
        let parts: Vec<Vec<(u64, u32)>> = (0..count)
            .into_par_iter()
            .filter(|&unit| !wanted.keys.is_empty() && eligible(unit))
            .fold(<(Vec<u64>, Vec<(u64, u32)>)>::default, |(mut values, mut entries), unit| {
                maker.add_wanted(unit, &wanted, &mut values, &mut entries);
                (values, entries)
            })
            .map(|(_, entries)| entries)
            .collect();
        let mut entries = parts.concat();
        entries.par_sort_unstable();
        Self { maker, entries }
    }

    /// Candidates of a probe, itself excluded.
    pub(super) fn candidates(&self, probe: u32, relatives: &[Relative]) -> Found {
        let mut found = Found { units: Vec::new(), pairs: Vec::new(), refused: Vec::new() };
        self.blocks(probe, relatives, |rule, mut block, fits| {
            if fits {
                found.pairs.push((rule, u32::try_from(block.len()).unwrap_or(u32::MAX)));
                found.units.append(&mut block);
            } else {
                found.refused.push(rule);
            }
        });
        found.units.sort_unstable();
        found.units.dedup();
        found
    }

    /// Each block that a probe is in, itself excluded: the rule, the units, and whether they are few enough, be it
    /// only after they were split.
    pub(super) fn blocks(
        &self,
        probe: u32,
        relatives: &[Relative],
        mut each: impl FnMut(u16, Vec<u32>, bool),
    ) {
        let settings = self.maker.prepared.settings;
        let fits = |block: &[u32]| block.len() <= settings.max_block as usize;
        for (key, rule) in self.maker.all(probe, relatives) {
            let mut block: Vec<u32> =
                self.block(key).iter().map(|&(_, unit)| unit).filter(|&u| u != probe).collect();
            for &part in &settings.block[usize::from(rule)].split {
                if fits(&block) {
                    break;
                }
                let own = self.maker.values(probe, relatives, part);
                block.retain(|&unit| {
                    let values = self.maker.values(unit, &self.maker.relatives(unit), part);
                    values.iter().any(|value| own.contains(value))
                });
            }
            let few = fits(&block);
            each(rule, block, few);
        }
    }

    fn block(&self, key: u64) -> &[(u64, u32)] {
        let start = self.entries.partition_point(|&(other, _)| other < key);
        let length = self.entries[start..].partition_point(|&(other, _)| other == key);
        &self.entries[start..start + length]
    }
}

/// Figures of blocking over all probes.
#[derive(Clone, Debug, Default)]
pub(super) struct BlockFigures {
    pairs: BTreeMap<u16, u64>,
    refused: BTreeMap<u16, u64>,
}

impl BlockFigures {
    pub(super) fn add(&mut self, found: &Found) {
        for &(rule, n) in &found.pairs {
            *self.pairs.entry(rule).or_default() += u64::from(n);
        }
        for &rule in &found.refused {
            *self.refused.entry(rule).or_default() += 1;
        }
    }

    #[must_use]
    pub(super) fn plus(mut self, other: Self) -> Self {
        for (rule, n) in other.pairs {
            *self.pairs.entry(rule).or_default() += n;
        }
        for (rule, n) in other.refused {
            *self.refused.entry(rule).or_default() += n;
        }
        self
    }

    /// Candidates by rule, and what was too large, in words.
    pub(super) fn told(&self, settings: &super::Settings) -> (Vec<(String, u64)>, Vec<String>) {
        let title = |rule: &u16| {
            settings.block.get(usize::from(*rule)).map_or_else(String::new, super::BlockingRule::title)
        };
        let pairs = self.pairs.iter().map(|(rule, &n)| (title(rule), n)).collect();
        let refused = self.refused.iter().map(|(rule, n)| {
            format!(
                "{}: {n} keys with more than {} candidates, not compared",
                title(rule),
                settings.max_block
            )
        });
        (pairs, refused.collect())
    }
}
