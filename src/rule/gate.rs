//! Whether a rule may run tonight: missing data is not evidence (invariant 7).

use super::book::Rule;
use super::world::World;
use crate::domain::{Day, ExtractState};

/// Why a rule does not run, in Chinese; `None` when it may.
pub(super) fn refusal(rule: &Rule, world: &World) -> Option<String> {
    let absent = rule.header.absent_from.as_ref();
    let needed = rule.header.reads.iter().chain(absent.map(|role| &role.extract));
    let mut reasons: Vec<String> = Vec::new();
    for extract in needed {
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
    if let Some(absent) = absent {
        let subject = rule.header.subject.role().map(|role| &role.extract);
        for extract in subject.into_iter().chain(std::iter::once(&absent.extract)) {
            if let ExtractState::Incomplete(why) = world.state(extract) {
                reasons.push(format!("《{}》不完整（{}）", title(world, extract), why.join("；")));
            }
        }
    }
    (!reasons.is_empty()).then(|| reasons.join("；"))
}

fn title(world: &World, extract: &str) -> String {
    world.contract(extract).map_or_else(|| extract.to_owned(), |contract| contract.title.clone())
}

/// The edge of what is known: the smallest as-of date of the extracts without which the rule does
/// not run, never after the run's own day. Optional extracts do not move it: an old one may lack
/// facts, but facts it has stay true.
pub(super) fn known_until(rule: &Rule, world: &World) -> Day {
    let absent = rule.header.absent_from.as_ref().map(|role| &role.extract);
    let days = rule.header.reads.iter().chain(absent);
    let days = days.filter_map(|extract| world.extract(extract).and_then(|(_, set)| set.as_of));
    days.min().map_or(world.as_of, |day| day.min(world.as_of))
}
