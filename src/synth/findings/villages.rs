//! What is expected of villages: a village is no person, so somebody stands for it.

use std::collections::{BTreeMap, BTreeSet};

use super::Expected;
use crate::synth::care::{Post, survey_half};
use crate::synth::families::World;
use crate::synth::people::Family;

/// What a chunk, and then a village, tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct VillageFacts {
    /// Index of the village.
    pub(crate) village: usize,
    /// Whoever has the post of the children's director, or had it; false when left.
    pub(crate) director: Option<(bool, u64)>,
    /// First child on the civil roll, and first one listed before the half-year of the survey.
    first: Option<u64>,
    first_before: Option<u64>,
    /// Some child was seen in a survey of that half-year.
    surveyed: bool,
}

/// Gathers the facts of one chunk.
pub(crate) fn village_facts(
    world: &World<'_>,
    village: usize,
    families: &[Family],
    director: Option<(Post, u64)>,
) -> VillageFacts {
    let (from, to) = survey_half(world.calendar);
    let director = director.map(|(post, person)| (post == Post::Held, person));
    let mut out = VillageFacts { village, director, ..VillageFacts::default() };
    for person in families.iter().flat_map(|family| &family.people) {
        let Some(kid) = person.kid.as_deref() else { continue };
        let Some(roster) = kid.roster.as_ref() else { continue };
        let earlier = |known: Option<u64>| known.into_iter().chain([person.number]).min();
        if roster.active {
            out.first = earlier(out.first);
            if roster.listed < from {
                out.first_before = earlier(out.first_before);
            }
        }
        out.surveyed |= kid.visits.iter().any(|v| v.kind == "摸底排查" && v.day >= from && v.day <= to);
    }
    out
}

/// The findings about villages, once all chunks are told.
pub(crate) fn expected_of_villages(world: &World<'_>, facts: &[VillageFacts]) -> Vec<Expected> {
    let mut villages: BTreeMap<usize, VillageFacts> = BTreeMap::new();
    for part in facts {
        let whole = villages.entry(part.village).or_default();
        whole.director = whole.director.or(part.director);
        whole.first = whole.first.into_iter().chain(part.first).min();
        whole.first_before = whole.first_before.into_iter().chain(part.first_before).min();
        whole.surveyed |= part.surveyed;
    }
    let town = |village: usize| world.tables.villages[village].town;
    let named: BTreeSet<&str> =
        villages.iter().filter(|(_, v)| v.director.is_some()).map(|(&village, _)| town(village)).collect();
    let half = survey_half(world.calendar).0.iso();
    let mut out = Vec::new();
    let mut push = |rule, person, event: &str| out.push(Expected::new(rule, person, event));
    for (&village, facts) in &villages {
        match (facts.director, facts.first) {
            (Some((false, director)), _) => push("q_village_no_director", director, ""),
            (None, Some(child)) if named.contains(town(village)) => push("q_village_no_director", child, ""),
            _ => {}
        }
        if let Some(child) = facts.first_before.filter(|_| !facts.surveyed) {
            push("q_survey_twice", child, &half);
        }
    }
    out
}
