//! Stages compare and score for one pair: levels, and the weight of one person against everybody
//! who is not that person.
//!
//! "Not that person" is a mixture: a stranger, for whom agreement is chance (by the frequency of the
//! very value), or a relative who shares much for a reason (twin, brother or sister). Weighing
//! against the mixture is what keeps twins apart without a rule that says so.

use super::clusters::Clusters;
use super::model::LinkModel;
use super::prepare::Prepared;
use super::settings::{Attribute, Settings};
use super::unit::{Relative, Unit, Units};
use crate::comparator::{
    self, birth_date, person_name, phone, place, relatives as relations, resident_id, sex,
};
use crate::domain::{NameId, Relation};
use crate::kernel::em::LevelTable;
use crate::kernel::pattern::{MAX_COMPARISONS, Pattern};
use crate::kernel::similarity;
use crate::kernel::weight;
use crate::tables::Tables;

/// Most that relatives can add, in bits: a pair that cannot be saved by them is given up before they
/// are looked up.
const RELATIVES_BITS: f64 = 24.0;

/// A scored pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scored {
    pub(super) pattern: Pattern,
    /// Bits, prior included.
    pub(super) weight: f64,
}

/// Evidence in bits: for one person, for a stranger, and for everybody who is not the one meant.
pub(super) struct Against {
    pub(super) one: f64,
    pub(super) stranger: f64,
    pub(super) everybody: f64,
}

impl Against {
    pub(super) fn weight(&self) -> f64 {
        (self.one - self.everybody).clamp(-weight::LIMIT_BITS, weight::LIMIT_BITS)
    }
}

/// Whether a number that agrees already says this: it would count twice.
pub(super) fn told_by_number(attribute: Attribute, level: u8) -> bool {
    match attribute {
        Attribute::Birth => level == birth_date::SAME,
        Attribute::Sex => level == sex::SAME,
        _ => false,
    }
}

/// A class of persons who are not the one meant but resemble it.
struct Class {
    /// log2 of how many of them there are for each person, over the number of persons.
    prior: f64,
    bits: LevelTable,
}

/// The model in logarithms, over prepared units.
pub(super) struct Scorer<'a> {
    pub(super) prepared: &'a Prepared<'a>,
    pub(super) clusters: &'a Clusters,
    pub(super) units: &'a Units,
    /// What is compared, and whether the frequency of values enters.
    pub(super) attributes: Vec<(Attribute, bool)>,
    pub(super) prior: f64,
    pub(super) m: LevelTable,
    pub(super) u: LevelTable,
    classes: Vec<Class>,
    keep: f64,
}

impl<'a> Scorer<'a> {
    /// `persons` is how many persons there are to choose from; pairs below `keep` bits are given up.
    pub(super) fn new(
        prepared: &'a Prepared<'a>,
        clusters: &'a Clusters,
        units: &'a Units,
        model: &LinkModel,
        keep: f64,
    ) -> Self {
        let settings = prepared.settings;
        let persons = (prepared.frequency.total.max(2.0)).log2();
        let (m, u) = model.tables(settings);
        let classes = model.classes(settings).into_iter();
        Self {
            prepared,
            clusters,
            units,
            attributes: settings.comparison.iter().map(|c| (c.attribute, c.term_frequency)).collect(),
            prior: model.partner_share.log2() - persons,
            m: logs(&m),
            u: logs(&u),
            classes: classes
                .map(|(rate, table)| Class { prior: rate.log2() - persons, bits: logs(&table) })
                .collect(),
            keep,
        }
    }

    /// Levels and weight of two units; `None` when they cannot reach the weight worth keeping.
    pub(super) fn score(&self, a: u32, b: u32, relatives_a: &[Relative]) -> Option<Scored> {
        let (x, y) = (&self.units.all[a as usize], &self.units.all[b as usize]);
        let mut levels = [0_u8; MAX_COMPARISONS];
        let mut chance = [None; MAX_COMPARISONS];
        let mut late = None;
        for (at, &(attribute, frequency)) in self.attributes.iter().enumerate() {
            if attribute == Attribute::Relatives {
                late = Some((at, frequency));
                continue;
            }
            let (level, share) = self.level(at, attribute, x, y);
            (levels[at], chance[at]) = (level, share.filter(|_| frequency));
        }
        if late.is_some() && self.weigh(&levels, &chance) + RELATIVES_BITS < self.keep {
            return None;
        }
        if let Some((at, frequency)) = late {
            let relatives_b = self.units.relatives(self.prepared, self.clusters, b);
            let (level, share) = self.relatives_level(relatives_a, &relatives_b);
            (levels[at], chance[at]) = (level, share.filter(|_| frequency));
        }
        let weight = self.weigh(&levels, &chance);
        let pattern = Pattern::pack(&levels[..self.attributes.len()]);
        (weight >= self.keep).then_some(Scored { pattern, weight })
    }

    pub(super) fn level(&self, at: usize, attribute: Attribute, x: &Unit, y: &Unit) -> (u8, Option<f64>) {
        match attribute {
            Attribute::Name => self.name_level(at, x, y),
            Attribute::ResidentId => (resident_id::compare(number(x), number(y)), None),
            Attribute::Birth => {
                let level = birth_date::compare(x.birth, y.birth);
                let same = x.birth.filter(|_| level == birth_date::SAME);
                (level, same.map(|day| self.prepared.frequency.of_birth(day)))
            }
            Attribute::Sex => (sex::compare(x.sex, y.sex), None),
            Attribute::Place => self.place_level(x, y),
            Attribute::Phone => (phone::compare(x.phone, y.phone), None),
            Attribute::Relatives => (0, None),
        }
    }

    /// The most telling of all pairs of names that the two sides go by.
    fn name_level(&self, at: usize, x: &Unit, y: &Unit) -> (u8, Option<f64>) {
        let book = &self.prepared.names;
        let mut best: Option<(f64, u8, Option<f64>)> = None;
        for &p in x.names.iter().filter(|name| name.is_some()) {
            for &q in y.names.iter().filter(|name| name.is_some()) {
                let level = book.compare_with_former((p, x.former), (q, y.former));
                if level == 0 {
                    continue;
                }
                let chance = self.prepared.frequency.of_name_level(book, p, q, level);
                let u = chance.map_or(self.u[at][usize::from(level)], f64::log2);
                let bits = self.m[at][usize::from(level)] - u;
                if best.is_none_or(|(known, _, _)| bits > known) {
                    best = Some((bits, level, chance));
                }
            }
        }
        best.map_or((0, None), |(_, level, chance)| (level, chance))
    }

    fn place_level(&self, x: &Unit, y: &Unit) -> (u8, Option<f64>) {
        let mut best = (0, None);
        for p in x.places {
            for q in y.places {
                let level = place::compare(p, q);
                if level != 0 && (best.0 == 0 || level < best.0) {
                    let village = matches!(level, place::SAME_GROUP | place::SAME_VILLAGE);
                    let chance = if village { self.prepared.frequency.of_village(p) } else { None };
                    let share = if level == place::SAME_GROUP { 0.1 } else { 1.0 };
                    best = (level, chance.map(|chance| chance * share));
                }
            }
        }
        best
    }

    pub(super) fn relatives_level(&self, a: &[Relative], b: &[Relative]) -> (u8, Option<f64>) {
        let book = &self.prepared.names;
        let mut best = 0;
        let mut chance = None;
        for x in a {
            for y in b {
                let level = relative_level(book, x, y);
                if level != 0 && relations::stronger(best, level) == level && level != best {
                    best = level;
                    let named = matches!(level, relations::SAME_NAME | relations::SAME_NAME_OTHER_KIND);
                    // Several persons are named beside each, and any of them may agree by chance.
                    let tries = (a.len() * b.len()).min(16) as f64;
                    chance = named.then(|| self.prepared.frequency.of_name(book, NameId(x.name)) * tries);
                }
            }
        }
        (best, chance)
    }

    /// Weight of levels: one person against the mixture of everybody else.
    fn weigh(&self, levels: &[u8; MAX_COMPARISONS], chance: &[Option<f64>; MAX_COMPARISONS]) -> f64 {
        self.against(levels, chance).weight()
    }

    /// What speaks for one person, and what for somebody else.
    pub(super) fn against(
        &self,
        levels: &[u8; MAX_COMPARISONS],
        chance: &[Option<f64>; MAX_COMPARISONS],
    ) -> Against {
        let inside = self.number_agrees(levels);
        let (mut one, mut stranger) = (self.prior, 0.0);
        let mut others: Vec<f64> = self.classes.iter().map(|class| class.prior).collect();
        for (at, &(attribute, _)) in self.attributes.iter().enumerate() {
            let level = usize::from(levels[at]);
            if level == 0 || (inside && told_by_number(attribute, levels[at])) {
                continue;
            }
            one += self.m[at][level];
            stranger += chance[at].map_or(self.u[at][level], f64::log2);
            for (other, class) in others.iter_mut().zip(&self.classes) {
                *other += class.bits[at][level];
            }
        }
        let everybody = others.iter().fold(stranger.exp2(), |sum, other| sum + other.exp2());
        Against { one, stranger, everybody: everybody.max(1e-300).log2() }
    }

    pub(super) fn number_agrees(&self, levels: &[u8; MAX_COMPARISONS]) -> bool {
        number_agrees(self.attributes.iter().map(|&(attribute, _)| attribute), levels)
    }
}

fn number_agrees(attributes: impl Iterator<Item = Attribute>, levels: &[u8]) -> bool {
    attributes.zip(levels).any(|(attribute, &level)| {
        attribute == Attribute::ResidentId
            && matches!(
                level,
                resident_id::SAME | resident_id::ONE_EDIT | resident_id::TWO_EDITS | resident_id::LOST_AGREES
            )
    })
}

/// Which levels of a pair weigh anything: not the null level, and not what an agreeing number tells already.
pub(super) fn counted(settings: &Settings, levels: &[u8]) -> Vec<bool> {
    let attributes = || settings.comparison.iter().map(|comparison| comparison.attribute);
    let inside = number_agrees(attributes(), levels);
    let of = |(attribute, &level)| level != 0 && !(inside && told_by_number(attribute, level));
    attributes().zip(levels).map(of).collect()
}

/// The number of a unit with its worth.
pub(super) fn number(unit: &Unit) -> (Option<crate::domain::ResidentId>, crate::domain::IdState) {
    if unit.id != 0 {
        let id = crate::domain::ResidentId::from_packed(unit.id - 1);
        return (Some(id), crate::domain::IdState::Valid);
    }
    unit.weak.map_or((None, crate::domain::IdState::Missing), |(id, state)| (Some(id), state))
}

fn relative_level(book: &person_name::NameBook<&Tables>, x: &Relative, y: &Relative) -> u8 {
    if (x.kind == Relation::Child) != (y.kind == Relation::Child) {
        return 0;
    }
    if x.known && x.root == y.root {
        return relations::SAME_PERSON;
    }
    let same_kind = x.kind == y.kind && x.kind != Relation::None;
    let level = book.compare(NameId(x.name), NameId(y.name));
    match level {
        person_name::EXACT if same_kind => relations::SAME_NAME,
        person_name::EXACT => relations::SAME_NAME_OTHER_KIND,
        person_name::FORMER..=person_name::SEVERAL if same_kind => relations::SIMILAR_NAME,
        _ if x.phone != 0 && x.phone == y.phone => relations::SAME_PHONE,
        person_name::DIFFERENT if same_kind && matches!(x.kind, Relation::Father | Relation::Mother) => {
            relations::CONFLICT
        }
        _ => 0,
    }
}

fn logs(table: &LevelTable) -> LevelTable {
    table.iter().map(|levels| levels.iter().map(|&share| share.max(1e-12).log2()).collect()).collect()
}

/// What differs between two units and what agrees, in the words of the ladders; places in numbers,
/// no values.
pub(super) fn differences(prepared: &Prepared<'_>, levels: &[u8], a: &Unit, b: &Unit) -> String {
    let mut said = Vec::new();
    for (comparison, &level) in prepared.settings.comparison.iter().zip(levels) {
        let Some(ladder) = comparator::ladder(&comparison.comparator).filter(|_| level != 0) else {
            continue;
        };
        let digit = (comparison.attribute == Attribute::ResidentId).then(|| digits(a, b, level)).flatten();
        said.push(digit.unwrap_or_else(|| ladder.label(level).to_owned()));
    }
    said.join("，")
}

/// Which digits differ, when they are few.
fn digits(a: &Unit, b: &Unit, level: u8) -> Option<String> {
    let ((Some(x), _), (Some(y), _)) = (number(a), number(b)) else { return None };
    let few = matches!(level, resident_id::ONE_EDIT | resident_id::TWO_EDITS | resident_id::RECOMPUTED);
    let places = resident_id::differing_places(x, y);
    if !few || places.is_empty() || places.len() > 3 {
        return None;
    }
    debug_assert!(similarity::differences(&x.chars(), &y.chars()) == places.len());
    let places: Vec<String> = places.iter().map(usize::to_string).collect();
    Some(format!("身份证号第{}位不同", places.join("、")))
}
