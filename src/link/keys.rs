//! Blocking keys: what a person must share with another to be a candidate for being the same one.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::clusters::Clusters;
use super::prepare::Prepared;
use super::settings::{BlockingRule, KeyPart};
use super::unit::{Relative, Unit, Units};
use crate::comparator::resident_id;
use crate::domain::{Day, IdState, NameId, Sex};
use crate::kernel::digest;

/// Most keys that one rule makes of one person: several names times several dates.
const KEYS_MAX: usize = 64;

/// What somebody looks for.
pub(super) struct Wanted {
    pub(super) keys: FxHashSet<u64>,
    /// Values of the first part of each rule.
    first: Vec<FxHashSet<u64>>,
}

impl Wanted {
    fn none(rules: usize) -> Self {
        Self { keys: FxHashSet::default(), first: vec![FxHashSet::default(); rules] }
    }

    fn plus(mut self, other: Self) -> Self {
        self.keys.extend(other.keys);
        for (first, more) in self.first.iter_mut().zip(other.first) {
            first.extend(more);
        }
        self
    }
}

/// Looks at units through the eyes of the blocking rules.
pub(super) struct KeyMaker<'a> {
    pub(super) prepared: &'a Prepared<'a>,
    pub(super) clusters: &'a Clusters,
    pub(super) units: &'a Units,
}

impl KeyMaker<'_> {
    /// Keys of a unit under every rule, sorted, each once; the rule's number is part of the key.
    pub(super) fn all(&self, unit: u32, relatives: &[Relative]) -> Vec<(u64, u16)> {
        let mut keys = Vec::new();
        for (at, rule) in (0..).zip(&self.prepared.settings.block) {
            keys.extend(self.of_rule(unit, relatives, rule, at).into_iter().map(|key| (key, at)));
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Keys of a unit under the rule at a place.
    fn of_rule(&self, unit: u32, relatives: &[Relative], rule: &BlockingRule, at: u16) -> Vec<u64> {
        let mut keys = vec![digest::mix(u64::from(at) + 1)];
        for &part in &rule.keys {
            let values = self.values(unit, relatives, part);
            if values.is_empty() || keys.len() * values.len() > KEYS_MAX {
                return Vec::new();
            }
            keys = keys
                .iter()
                .flat_map(|&key| values.iter().map(move |&value| digest::chain(key, value)))
                .collect();
        }
        keys
    }

    /// Keys of these units, to be looked for.
    pub(super) fn wanted(&self, probes: &[u32]) -> Wanted {
        let rules = &self.prepared.settings.block;
        let parts: Vec<Wanted> = probes
            .par_chunks(256)
            .map(|probes| {
                let mut wanted = Wanted::none(rules.len());
                for &probe in probes {
                    let relatives = self.relatives(probe);
                    wanted.keys.extend(self.all(probe, &relatives).into_iter().map(|(key, _)| key));
                    for (first, rule) in wanted.first.iter_mut().zip(rules) {
                        let part = rule.keys.first().map(|&part| self.values(probe, &relatives, part));
                        first.extend(part.into_iter().flatten());
                    }
                }
                wanted
            })
            .collect();
        parts.into_iter().fold(Wanted::none(rules.len()), Wanted::plus)
    }

    /// Adds those of a unit's keys that are looked for, each with the unit. Hardly a unit has any, and most that have
    /// none have no wanted value of any rule's first part either: for those no key is made and nobody beside them is
    /// looked up. `values` is only room.
    pub(super) fn add_wanted(
        &self,
        unit: u32,
        wanted: &Wanted,
        values: &mut Vec<u64>,
        entries: &mut Vec<(u64, u32)>,
    ) {
        let mut relatives: Option<Vec<Relative>> = None;
        let start = entries.len();
        for ((at, rule), first) in (0..).zip(&self.prepared.settings.block).zip(&wanted.first) {
            if !self.may_have(unit, rule, first, values) {
                continue;
            }
            let relatives = relatives.get_or_insert_with(|| self.relatives(unit));
            let keys = self.of_rule(unit, relatives, rule, at).into_iter();
            entries.extend(keys.filter(|key| wanted.keys.contains(key)).map(|key| (key, unit)));
        }
        entries[start..].sort_unstable();
        let mut kept = start;
        for at in start..entries.len() {
            if at == start || entries[at] != entries[kept - 1] {
                entries[kept] = entries[at];
                kept += 1;
            }
        }
        entries.truncate(kept);
    }

    /// Whether a unit may have one of these values of the rule's first part: it has none where this says no.
    fn may_have(
        &self,
        unit: u32,
        rule: &BlockingRule,
        first: &FxHashSet<u64>,
        values: &mut Vec<u64>,
    ) -> bool {
        let Some(&part) = rule.keys.first().filter(|_| !first.is_empty()) else { return false };
        let mut beside = self.units.beside(self.prepared, unit).map(|(mate, _)| mate);
        match part {
            // A relative of a row by itself is its own person there.
            KeyPart::Relative => beside
                .any(|mate| first.contains(&self.clusters.root(mate).into()) || first.contains(&mate.into())),
            KeyPart::RelativeName => {
                beside.any(|mate| first.contains(&self.prepared.names.hash(self.prepared.mention(mate).name)))
            }
            KeyPart::RelativePhone => beside.any(|mate| first.contains(&self.prepared.mention(mate).phone)),
            _ => {
                values.clear();
                self.own_values(unit, part, values);
                values.iter().any(|value| first.contains(value))
            }
        }
    }

    /// Values of one part of a key, sorted, each once; none when the unit does not tell it.
    pub(super) fn values(&self, unit: u32, relatives: &[Relative], part: KeyPart) -> Vec<u64> {
        let book = &self.prepared.names;
        let mut values: Vec<u64> = match part {
            KeyPart::Relative => relatives.iter().filter(|r| r.known).map(|r| r.root.into()).collect(),
            KeyPart::RelativeName => relatives
                .iter()
                .map(|r| NameId(r.name))
                .filter(|name| book.tells(*name) && !book.has_wild(*name))
                .map(|name| book.hash(name))
                .collect(),
            KeyPart::RelativePhone => relatives.iter().filter(|r| r.phone != 0).map(|r| r.phone).collect(),
            _ => {
                let mut values = Vec::new();
                self.own_values(unit, part, &mut values);
                values
            }
        };
        values.sort_unstable();
        values.dedup();
        values
    }

    /// Adds the values of a part that a unit tells of itself.
    fn own_values(&self, unit: u32, part: KeyPart, values: &mut Vec<u64>) {
        let here = &self.units.all[unit as usize];
        let book = &self.prepared.names;
        let names = || here.names.iter().chain([&here.former]).copied().filter(|name| book.tells(*name));
        let legible = || names().filter(|name| !book.has_wild(*name));
        let told = |value: &u64| *value != 0;
        match part {
            KeyPart::Name => values.extend(legible().map(|name| book.hash(name)).filter(told)),
            KeyPart::Sound => values.extend(legible().map(|name| book.sound(name)).filter(told)),
            KeyPart::Surname => values.extend(names().map(|name| book.surname_hash(name)).filter(told)),
            KeyPart::Given => values.extend(names().map(|name| book.given_hash(name)).filter(told)),
            KeyPart::Birth => values.extend(births(here).map(|day| u64::from(day.days().cast_unsigned()))),
            KeyPart::BirthYear => {
                values.extend(births(here).map(|day| u64::from(day.ymd().0.cast_unsigned())));
            }
            KeyPart::MonthDay => {
                values.extend(births(here).map(|day| u64::from(day.ymd().1 * 100 + day.ymd().2)));
            }
            KeyPart::Sex => values.extend(Some(here.sex as u64).filter(|_| here.sex != Sex::Unknown)),
            KeyPart::Town => {
                values.extend(here.places.iter().map(|place| u64::from(place.town)).filter(told));
            }
            KeyPart::Village => {
                values.extend(here.places.iter().map(|place| u64::from(place.village)).filter(told));
            }
            KeyPart::Phone => values.extend(Some(here.phone).filter(told)),
            KeyPart::IdNeighbours => neighbours(here, values),
            KeyPart::Relative | KeyPart::RelativeName | KeyPart::RelativePhone => {}
        }
    }

    /// Relatives of a unit.
    pub(super) fn relatives(&self, unit: u32) -> Vec<Relative> {
        self.units.relatives(self.prepared, self.clusters, unit)
    }
}

/// The birth date, and the one inside a damaged number.
fn births(unit: &Unit) -> impl Iterator<Item = Day> {
    let inside = unit.weak.and_then(|(id, _)| id.birth()).filter(|day| Some(*day) != unit.birth);
    unit.birth.into_iter().chain(inside)
}

/// Adds the trusted number; of a damaged one itself and every number one slip away.
fn neighbours(unit: &Unit, values: &mut Vec<u64>) {
    match unit.weak {
        _ if unit.id != 0 => values.push(unit.id),
        Some((id, IdState::ChecksumFailed | IdState::Implausible)) => {
            values.extend(resident_id::neighbours(id).into_iter().map(|id| id.packed() + 1));
            values.push(id.packed() + 1);
        }
        _ => {}
    }
}
