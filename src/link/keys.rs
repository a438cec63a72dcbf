//! Blocking keys: what a person must share with another to be a candidate for being the same one.

use super::clusters::Clusters;
use super::prepare::Prepared;
use super::settings::{BlockingRule, KeyPart};
use super::unit::{Relative, Unit, Units};
use crate::comparator::resident_id;
use crate::domain::{Day, IdState, Sex};
use crate::kernel::digest;

/// Most keys that one rule makes of one person: several names times several dates.
const KEYS_MAX: usize = 64;

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
        for (at, rule) in self.prepared.settings.block.iter().enumerate() {
            let at = u16::try_from(at).unwrap_or(u16::MAX);
            keys.extend(self.of_rule(unit, relatives, rule, at).into_iter().map(|key| (key, at)));
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

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

    /// Values of one part of a key; empty when the unit does not tell it.
    pub(super) fn values(&self, unit: u32, relatives: &[Relative], part: KeyPart) -> Vec<u64> {
        let here = &self.units.all[unit as usize];
        let book = &self.prepared.names;
        let named = |of: &dyn Fn(crate::domain::NameId) -> u64| {
            let names = here.names.iter().chain([&here.former]);
            names
                .filter(|name| book.tells(**name))
                .map(|name| of(*name))
                .filter(|&value| value != 0)
                .collect()
        };
        let mut values: Vec<u64> = match part {
            KeyPart::Name => named(&|name| if book.has_wild(name) { 0 } else { book.hash(name) }),
            KeyPart::Sound => named(&|name| if book.has_wild(name) { 0 } else { book.sound(name) }),
            KeyPart::Surname => named(&|name| book.surname_hash(name)),
            KeyPart::Given => named(&|name| book.given_hash(name)),
            KeyPart::Birth => births(here).map(|day| day.days().cast_unsigned().into()).collect(),
            KeyPart::BirthYear => births(here).map(|day| day.ymd().0.cast_unsigned().into()).collect(),
            KeyPart::MonthDay => births(here).map(|day| u64::from(day.ymd().1 * 100 + day.ymd().2)).collect(),
            KeyPart::Sex if here.sex == Sex::Unknown => Vec::new(),
            KeyPart::Sex => vec![here.sex as u64],
            KeyPart::Town => here.places.iter().filter(|p| p.town != 0).map(|p| p.town.into()).collect(),
            KeyPart::Village => {
                here.places.iter().filter(|p| p.village != 0).map(|p| p.village.into()).collect()
            }
            KeyPart::Phone if here.phone == 0 => Vec::new(),
            KeyPart::Phone => vec![here.phone],
            KeyPart::IdNeighbours => neighbours(here),
            KeyPart::Relative => relatives.iter().filter(|r| r.known).map(|r| r.root.into()).collect(),
            KeyPart::RelativeName => relatives
                .iter()
                .map(|r| crate::domain::NameId(r.name))
                .filter(|name| book.tells(*name) && !book.has_wild(*name))
                .map(|name| book.hash(name))
                .collect(),
            KeyPart::RelativePhone => relatives.iter().filter(|r| r.phone != 0).map(|r| r.phone).collect(),
        };
        values.sort_unstable();
        values.dedup();
        values
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

/// The trusted number; of a damaged one itself and every number one slip away.
fn neighbours(unit: &Unit) -> Vec<u64> {
    match unit.weak {
        _ if unit.id != 0 => vec![unit.id],
        Some((id, IdState::ChecksumFailed | IdState::Implausible)) => {
            let near = resident_id::neighbours(id).into_iter().map(|id| id.packed() + 1);
            near.chain([id.packed() + 1]).collect()
        }
        _ => Vec::new(),
    }
}
