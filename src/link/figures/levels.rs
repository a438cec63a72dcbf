//! How sure m and u are: levels among candidates, among rows of one number, among random pairs.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::super::assign::Edge;
use super::super::fuzzy::may_be_one;
use super::super::model::LinkModel;
use super::super::prepare::Prepared;
use super::super::scorer::Scorer;
use super::super::settings::{Attribute, Settings};
use super::super::sure::Pairs;
use super::ranged;
use crate::comparator::{self, birth_date, phone, place};
use crate::domain::{LevelFigure, Ranged};
use crate::kernel::digest;
use crate::kernel::observed::Observed;
use crate::kernel::pattern::MAX_LEVELS;
use crate::kernel::weight;

/// Pairs drawn for u each night.
const RANDOM_PAIRS: u64 = 100_000;
/// Sets the draw for u apart from other draws by content.
const RANDOM_SALT: u64 = 0x7521;

/// Levels of the candidates.
pub(super) fn seen<'e>(settings: &Settings, edges: impl Iterator<Item = &'e Edge>) -> Observed {
    let mut seen = Observed::none(settings.comparison.len());
    edges.for_each(|edge| seen.add(edge.scored.pattern, edge.probability));
    seen
}

/// Number of levels by (extract, role) and attribute.
type Counts = BTreeMap<(u16, u8, Attribute), [u64; MAX_LEVELS]>;

/// Levels among rows that bear the same valid number.
pub(in crate::link) struct SameNumber {
    /// By the extract and role of the row that is not the number's owner.
    pub(super) counts: Counts,
}

impl SameNumber {
    pub(in crate::link) fn count(prepared: &Prepared<'_>, pairs: &[(u32, u32)]) -> Self {
        let part = |mut counts: Counts, &(owner, member): &(u32, u32)| {
            let (x, y) = (prepared.mention(owner), prepared.mention(member));
            let mut add = |attribute, level: u8| {
                if level != 0 {
                    let of = counts.entry((y.extract, y.role, attribute)).or_insert([0; MAX_LEVELS]);
                    of[usize::from(level)] += 1;
                }
            };
            add(Attribute::Name, prepared.name_level(owner, member));
            // A date read from the number says nothing beside the number.
            if !x.birth_from_id && !y.birth_from_id {
                add(Attribute::Birth, birth_date::compare(x.birth, y.birth));
            }
            add(Attribute::Place, place::compare(x.place, y.place));
            add(Attribute::Phone, phone::compare(x.phone, y.phone));
            counts
        };
        let counts = pairs.par_iter().fold(Counts::new, part).reduce(Counts::new, |mut all, other| {
            for (key, levels) in other {
                let of = all.entry(key).or_insert([0; MAX_LEVELS]);
                of.iter_mut().zip(levels).for_each(|(sum, n)| *sum += n);
            }
            all
        });
        Self { counts }
    }

    /// Counts of an attribute over all roles; `None` where the number itself would answer.
    pub(in crate::link) fn of(&self, attribute: Attribute) -> Option<[u64; MAX_LEVELS]> {
        let mut sum = [0; MAX_LEVELS];
        for ((_, _, of), levels) in &self.counts {
            if *of == attribute {
                sum.iter_mut().zip(levels).for_each(|(sum, n)| *sum += n);
            }
        }
        (sum.iter().sum::<u64>() > 0).then_some(sum)
    }
}

/// Levels among pairs of somebody who is looked up and anybody else, drawn by content.
pub(super) fn random(pairs: &Pairs<'_>, model: &LinkModel) -> Vec<[u64; MAX_LEVELS]> {
    drawn(pairs, model, RANDOM_PAIRS)
}

/// The same of so many pairs.
pub(in crate::link) fn drawn(pairs: &Pairs<'_>, model: &LinkModel, count: u64) -> Vec<[u64; MAX_LEVELS]> {
    let Pairs { prepared, clusters, units, .. } = pairs;
    let none = || vec![[0_u64; MAX_LEVELS]; prepared.settings.comparison.len()];
    let probes: Vec<u32> =
        (0_u32..).zip(&units.all).filter(|(_, unit)| unit.probe).map(|(at, _)| at).collect();
    if probes.is_empty() || units.all.len() < 2 {
        return none();
    }
    let scorer = Scorer::new(prepared, clusters, units, model, -weight::LIMIT_BITS);
    let part = |mut counts: Vec<[u64; MAX_LEVELS]>, draw: u64| {
        let word = digest::chain(RANDOM_SALT, draw);
        let pick = |word: u64, of: usize| usize::try_from(word % of as u64).unwrap_or(0);
        let probe = probes[pick(word, probes.len())];
        let other = pick(digest::mix(word), units.all.len());
        let (here, there) = (&units.all[probe as usize], &units.all[other]);
        if here.hub != there.hub && may_be_one(here, there) {
            let own = units.relatives(prepared, clusters, probe);
            let (levels, _) = scorer.everything((probe, u32::try_from(other).unwrap_or(0)), &own);
            for (counts, level) in counts.iter_mut().zip(levels) {
                counts[usize::from(level)] += 1;
            }
        }
        counts
    };
    (0..count).into_par_iter().fold(none, part).reduce(none, |mut all, other| {
        for (all, other) in all.iter_mut().zip(other) {
            all.iter_mut().zip(other).for_each(|(sum, n)| *sum += n);
        }
        all
    })
}

/// The model, level by level, beside all of this.
pub(super) fn figures(
    settings: &Settings,
    model: &LinkModel,
    seen: &Observed,
    same_number: &SameNumber,
    random: &[[u64; MAX_LEVELS]],
) -> Vec<LevelFigure> {
    let (m, u) = model.tables(settings);
    let mut figures = Vec::new();
    for (at, comparison) in settings.comparison.iter().enumerate() {
        let Some(ladder) = comparator::ladder(&comparison.comparator) else { continue };
        let known = same_number.of(comparison.attribute);
        let share = |counts: &[u64; MAX_LEVELS], level: usize| -> Ranged {
            ranged(counts[level] as f64, counts.iter().skip(1).sum::<u64>() as f64)
        };
        for (level, rung) in ladder.levels.iter().enumerate().skip(1) {
            figures.push(LevelFigure {
                comparator: comparison.comparator.clone(),
                level: rung.key.to_owned(),
                title: rung.label.to_owned(),
                m: m[at][level],
                u: u[at][level],
                m_seen: ranged(seen.sum(at, level), seen.total(at)),
                m_same_number: known.as_ref().map(|counts| share(counts, level)),
                u_seen: Some(share(&random[at], level)),
            });
        }
    }
    figures
}
