//! What is expected of villages: a village is no person, so somebody stands for it.

use std::collections::{BTreeMap, BTreeSet};

use super::Expected;
use crate::domain::Day;
use crate::synth::calendar::{Calendar, date};
use crate::synth::care::{Post, survey_half};
use crate::synth::families::World;
use crate::synth::people::Family;

/// What a chunk, and then a village, tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct VillageFacts {
    /// Index of the village.
    pub(crate) village: usize,
    /// Whoever has the post of the children's director, or had it; false when left.
    pub(crate) director: Option<Director>,
    /// Children on the civil roll, and those listed before the half-year of the survey.
    children: Vec<u64>,
    before: Vec<u64>,
    /// Some child was seen in a survey of that half-year.
    surveyed: bool,
    /// First row of the civil roll with a word that is no code.
    odd_code: Option<u64>,
}

/// Whoever has a village's post.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Director {
    in_office: bool,
    person: u64,
    trained: Option<Day>,
}

/// Gathers the facts of one chunk.
pub(crate) fn village_facts(
    world: &World<'_>,
    village: usize,
    families: &[Family],
    director: Option<(Post, u64, Option<Day>)>,
) -> VillageFacts {
    let (from, to) = survey_half(world.calendar);
    let director =
        director.map(|(post, person, trained)| Director { in_office: post == Post::Held, person, trained });
    let mut out = VillageFacts { village, director, ..VillageFacts::default() };
    for person in families.iter().flat_map(|family| &family.people) {
        let Some(kid) = person.kid.as_deref() else { continue };
        let Some(roster) = kid.roster.as_ref() else { continue };
        let earlier = |known: Option<u64>| known.into_iter().chain([person.number]).min();
        if kid.odd_code {
            out.odd_code = earlier(out.odd_code);
        }
        if roster.active {
            out.children.push(person.number);
            if roster.listed < from {
                out.before.push(person.number);
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
        whole.children.extend(&part.children);
        whole.before.extend(&part.before);
        whole.surveyed |= part.surveyed;
        whole.odd_code = whole.odd_code.into_iter().chain(part.odd_code).min();
    }
    let town = |village: usize| world.tables.villages[village].town;
    let named: BTreeSet<&str> =
        villages.iter().filter(|(_, v)| v.director.is_some()).map(|(&village, _)| town(village)).collect();
    let half = survey_half(world.calendar).0.iso();
    let training = training_due(world.calendar);
    let mut out = Vec::new();
    for (&village, facts) in &villages {
        let mut push = |rule, person, event: &str| out.push(Expected::new(rule, person, event));
        if let Some(post) = facts.director.filter(|post| !post.in_office) {
            push("q_village_no_director", post.person, "");
        }
        if let Some(post) = facts.director.filter(|post| post.in_office) {
            if post.trained.is_none_or(|day| day < training.0) {
                push("q_director_untrained", post.person, &training.1);
            }
            if facts.children.len() > CHILDREN_MAX {
                push("q_director_overload", post.person, "");
            }
        }
        if facts.director.is_none() && named.contains(town(village)) {
            out.extend(of_any("q_village_no_director", &facts.children, ""));
        }
        if !facts.surveyed {
            out.extend(of_any("q_survey_twice", &facts.before, &half));
        }
    }
    // One column of the roll is one matter, whoever's rows it shows in: the first stands for all.
    if let Some(child) = villages.values().filter_map(|facts| facts.odd_code).min() {
        out.push(Expected::new("z_code_unknown", child, "child_roster"));
    }
    out
}

/// A matter of a village for which any of these children may stand; the first is named.
fn of_any(rule: &'static str, children: &[u64], event: &str) -> Option<Expected> {
    let first = *children.iter().min()?;
    let stand_ins = children.iter().copied().filter(|child| *child != first).collect();
    Some(Expected { stand_ins, ..Expected::new(rule, first, event) })
}

/// How many children one director may look after.
const CHILDREN_MAX: usize = 30;

/// First day of the year whose training is due, and the day by which it was.
fn training_due(calendar: &Calendar) -> (Day, String) {
    let known = calendar.civil;
    let (year, month, _) = known.ymd();
    let year = if month >= 11 { year } else { year - 1 };
    (date(year, 1, 1), date(year, 11, 1).iso())
}
