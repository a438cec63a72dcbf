//! Whether a rule may run tonight: missing data is not evidence (invariant 7).

use std::collections::BTreeSet;

use super::book::Rule;
use super::world::World;
use crate::domain::{Day, ExtractState};

/// Extracts without which a rule does not run.
pub(super) fn needed(rule: &Rule) -> impl Iterator<Item = &String> {
    rule.header.reads.iter().chain(rule.header.absent_from.as_ref().map(|role| &role.extract))
}

/// Extracts in whose silence a rule concludes: the searched one and the subject's of an absence rule, and those it
/// names itself.
fn needed_whole(rule: &Rule) -> impl Iterator<Item = &String> {
    let head = &rule.header;
    let absent = head.absent_from.as_ref().map(|role| &role.extract);
    let subject = absent.and(head.subject.role()).map(|role| &role.extract);
    subject.into_iter().chain(absent).chain(&head.whole)
}

/// Why a rule does not run, in Chinese; `None` when it may.
pub(super) fn refusal(rule: &Rule, world: &World) -> Option<String> {
    let mut reasons: Vec<String> = missing(needed(rule), world).into_iter().collect();
    let asked: BTreeSet<&String> = needed_whole(rule).collect();
    reasons.extend(asked.into_iter().filter_map(|extract| incomplete(extract, world)));
    (!reasons.is_empty()).then(|| reasons.join("；"))
}

/// Which of these extracts did not come at all, in Chinese; `None` when all did.
pub fn missing<'e>(extracts: impl Iterator<Item = &'e String>, world: &World) -> Option<String> {
    let mut reasons: Vec<String> = Vec::new();
    for extract in extracts {
        let title = title(world, extract);
        let reason = match world.state(extract) {
            ExtractState::Complete | ExtractState::Incomplete(_) => continue,
            ExtractState::Missing => format!("未收到《{title}》"),
            ExtractState::Refused(why) => format!("《{title}》被拒收（{}）", why.join("；")),
        };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    (!reasons.is_empty()).then(|| reasons.join("；"))
}

/// In what an extract is incomplete, in Chinese; `None` when it is not.
fn incomplete(extract: &str, world: &World) -> Option<String> {
    match world.state(extract) {
        ExtractState::Incomplete(why) => {
            Some(format!("《{}》不完整（{}）", title(world, extract), why.join("；")))
        }
        _ => None,
    }
}

/// What keeps an absence from these extracts from saying anything, in Chinese; empty when all came whole.
pub(super) fn faults(extracts: &[String], world: &World) -> String {
    let incomplete = extracts.iter().filter_map(|extract| incomplete(extract, world));
    missing(extracts.iter(), world).into_iter().chain(incomplete).collect::<Vec<_>>().join("；")
}

fn title(world: &World, extract: &str) -> String {
    world.contract(extract).map_or_else(|| extract.to_owned(), |contract| contract.title.clone())
}

/// The edge of what is known: the smallest as-of date of the extracts without which the rule does
/// not run, never after the run's own day. Optional extracts do not move it: an old one may lack
/// facts, but facts it has stay true.
pub(super) fn known_until<'e>(extracts: impl Iterator<Item = &'e String>, world: &World) -> Day {
    let days = extracts.filter_map(|extract| world.extract(extract).and_then(|(_, set)| set.as_of));
    days.min().map_or(world.as_of, |day| day.min(world.as_of))
}
