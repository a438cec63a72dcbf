//! F4, stage resolve: links → identities with ids that last.
//!
//! In: links that form one tree for each person, and last night's register. Out: the identity of each
//! mention with probability and grade, the best values of each person, what merged and split, and the
//! register for the next night. It must never give an id to two persons, never use one again, and
//! never let the order of rows show.

mod person;
mod register;
mod tree;

use rayon::prelude::*;

use crate::domain::{Grade, Identity, IdentityEvent, IdentityId, Link, Resolution};

pub use register::{Register, RegisterError, Tonight};

/// Identities of tonight, and the register for the next night. `disputed` are mentions whose number is held to be
/// somebody else's: it says nothing about the person whose row it stands in.
///
/// # Panics
/// When mentions name rows that the records do not have, which `link` has refused before.
pub fn resolve(
    rows: &Tonight<'_>,
    (links, disputed): (&[Link], &[bool]),
    last: &Register,
) -> (Resolution, Register) {
    let mentions = rows.mentions;
    let forest = tree::Forest::grow(rows, links, disputed);
    let (ids, events, next) = last.follow(&forest, rows);
    let mut identity = vec![IdentityId(0); mentions.mentions.len()];
    let mut identities: Vec<Identity> = forest
        .persons()
        .zip(&ids)
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|(members, &id)| person::identity(id, members, mentions, (&forest.grade, disputed)))
        .collect();
    for (members, &id) in forest.persons().zip(&ids) {
        for &member in members {
            identity[member as usize] = id;
        }
    }
    identities.par_sort_by_key(|identity| identity.id);
    let tree::Forest { probability, grade, .. } = forest;
    (Resolution { identity, probability, grade, identities, events }, next)
}

/// Sorted events, each once.
fn tidy(mut events: Vec<IdentityEvent>) -> Vec<IdentityEvent> {
    events.sort_by_key(|event| match *event {
        IdentityEvent::Merged { kept, ended } => (0, kept, ended),
        IdentityEvent::Split { kept, new } => (1, kept, new),
    });
    events.dedup();
    events
}

/// The weaker of two grades.
fn weaker(a: Grade, b: Grade) -> Grade {
    a.max(b)
}
