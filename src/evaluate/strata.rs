//! Persons of one kind, on whom linkage is hardest: read from `truth_strata.csv`, or derived.

use std::collections::BTreeMap;
use std::path::Path;

use rustc_hash::FxHashMap;

use super::cluster::Contingency;
use super::read::{Interner, Truth, for_each_csv};
use super::records::{RoleBatch, for_each_role};
use super::{EvaluateError, EvaluateInput, StratumQuality};
use crate::domain::{Relation, RelationSource};

/// A person's kinds are bits of one word.
const STRATA_MAX: usize = 32;
/// A derived name is common when at least one person in this many bears it …
const COMMON_NAME_ONE_IN: usize = 10_000;
/// … and at least this many persons do.
const COMMON_NAME_PERSONS_MIN: usize = 3;
/// Derived strata, in the order of the bits below.
const DERIVED: [&str; 6] = ["twins", "siblings", "common_name", "no_id", "rare_char", "changed_name"];
const TWINS: u32 = 0;
const SIBLINGS: u32 = 1;
const COMMON_NAME: u32 = 2;
const NO_ID: u32 = 3;
const RARE_CHAR: u32 = 4;
const CHANGED_NAME: u32 = 5;

/// Which persons are of which kind.
pub(super) struct Strata {
    names: Vec<String>,
    /// For each person the kinds as bits.
    kinds: Vec<u32>,
}

impl Strata {
    /// The quality of each kind, by name.
    pub(super) fn score(&self, table: &Contingency) -> BTreeMap<String, StratumQuality> {
        let mut out = BTreeMap::new();
        for (bit, name) in self.names.iter().enumerate() {
            let within = |person: u32| self.kinds[person as usize] >> bit & 1 == 1;
            let persons = self.kinds.iter().filter(|&&kinds| kinds >> bit & 1 == 1).count() as u64;
            let (pairs, mentions) = table.quality(within);
            let quality = StratumQuality {
                persons,
                precision: pairs.precision,
                recall: pairs.recall,
                f1: pairs.f1,
                mentions,
            };
            out.insert(name.clone(), quality);
        }
        out
    }
}

/// The strata of an evaluation: from the named file, else from `truth_strata.csv` beside the truth,
/// else derived where contracts are given, else none.
pub(super) fn strata(input: &EvaluateInput, truth: &Truth) -> Result<Strata, EvaluateError> {
    let beside = input.truth.with_file_name("truth_strata.csv");
    match &input.strata {
        Some(path) => read(path, truth),
        None if beside.is_file() => read(&beside, truth),
        None if input.contracts.is_empty() => {
            Ok(Strata { names: Vec::new(), kinds: vec![0; truth.persons()] })
        }
        None => derive(input, truth),
    }
}

fn read(path: &Path, truth: &Truth) -> Result<Strata, EvaluateError> {
    let mut names = Interner::default();
    let mut kinds = vec![0_u32; truth.persons()];
    let mut ordered = Vec::new();
    for_each_csv(path, ["person", "stratum"], |_, [person, stratum]| {
        let bit = names.intern(stratum) as usize;
        if bit >= STRATA_MAX {
            return Err(EvaluateError::TooManyStrata { path: path.to_owned(), max: STRATA_MAX });
        }
        if bit == ordered.len() {
            ordered.push(stratum.to_owned());
        }
        // A person of the simulated county who is named in no file cannot be linked or missed.
        if let Some(person) = truth.person(person) {
            kinds[person as usize] |= 1 << bit;
        }
        Ok(())
    })?;
    Ok(Strata { names: ordered, kinds })
}

/// What the records tell of one person.
#[derive(Clone, Copy, Default)]
struct Facts {
    /// Named in at least one record.
    named: bool,
    /// With a number in at least one of them.
    has_id: bool,
    /// Kinds that a single record tells, as bits.
    told: u32,
    /// Number of the first name seen + 1; 0 none.
    name: u32,
    birth: Option<i32>,
}

#[derive(Default)]
struct Gathered {
    facts: Vec<Facts>,
    names: Interner,
    /// (parent, child).
    parents: Vec<(u32, u32)>,
}

fn derive(input: &EvaluateInput, truth: &Truth) -> Result<Strata, EvaluateError> {
    let mut gathered = Gathered { facts: vec![Facts::default(); truth.persons()], ..Gathered::default() };
    for_each_role(input, truth, true, |batch| gathered.add(truth, batch))?;
    let families = gathered.families();
    let bearers_min = (gathered.facts.len() / COMMON_NAME_ONE_IN).max(COMMON_NAME_PERSONS_MIN);
    let mut bearers: FxHashMap<u32, usize> = FxHashMap::default();
    for facts in gathered.facts.iter().filter(|facts| facts.name > 0) {
        *bearers.entry(facts.name).or_default() += 1;
    }
    let kinds = gathered.facts.iter().zip(&families).map(|(facts, &(twin, sibling))| {
        let common = bearers.get(&facts.name).is_some_and(|&count| count >= bearers_min);
        let no_id = facts.named && !facts.has_id;
        let kinds = [(twin, TWINS), (sibling, SIBLINGS), (common, COMMON_NAME), (no_id, NO_ID)];
        kinds.iter().filter(|kind| kind.0).fold(facts.told, |all, kind| all | 1 << kind.1)
    });
    Ok(Strata { names: DERIVED.map(str::to_owned).to_vec(), kinds: kinds.collect() })
}

impl Gathered {
    fn add(&mut self, truth: &Truth, batch: &RoleBatch<'_>) {
        let spec = &batch.roles[batch.role];
        let child_role = match &spec.relation {
            Some(RelationSource::Is(Relation::Father | Relation::Mother)) => {
                batch.roles.iter().position(|role| Some(&role.role) == spec.of.as_ref())
            }
            _ => None,
        };
        for (at, &key) in batch.keys[batch.role].iter().enumerate() {
            let Some(person) = truth.person_at(key) else { continue };
            if let Some(child_role) = child_role
                && let Some(child) = truth.person_at(batch.keys[child_role][at])
            {
                self.parents.push((person, child));
            }
            let facts = &mut self.facts[person as usize];
            facts.named = true;
            facts.has_id |= batch.id(at).is_some();
            facts.told |= u32::from(batch.has_former_name(at)) << CHANGED_NAME;
            facts.birth = facts.birth.or(batch.birth(at));
            if let Some(name) = batch.name(at) {
                facts.told |= u32::from(name.chars().any(is_rare)) << RARE_CHAR;
                if facts.name == 0 {
                    facts.name = self.names.intern(name) + 1;
                }
            }
        }
    }

    /// For each person: has a twin (a parent in common, one birth date), has another sibling.
    fn families(&mut self) -> Vec<(bool, bool)> {
        self.parents.sort_unstable();
        self.parents.dedup();
        let mut out = vec![(false, false); self.facts.len()];
        for family in self.parents.chunk_by(|a, b| a.0 == b.0) {
            for &(_, child) in family {
                for &(_, other) in family.iter().filter(|row| row.1 != child) {
                    let birth = |person: u32| self.facts[person as usize].birth;
                    match (birth(child), birth(other)) {
                        (Some(one), Some(two)) if one == two => out[child as usize].0 = true,
                        _ => out[child as usize].1 = true,
                    }
                }
            }
        }
        out
    }
}

/// A character that old systems cannot write: beyond the first CJK block, or a stand-in for a lost one.
fn is_rare(c: char) -> bool {
    let usual = matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{b7}' | ' ') || c.is_ascii_alphabetic();
    !usual
}
