//! Second pass: an agency's own number for a person (child, roll or card number) and a name that does
//! not speak against it.

use rayon::prelude::*;

use super::clusters::{Care, Clusters, Joined, Reason};
use super::exact::classes;
use super::prepare::Prepared;
use crate::comparator::person_name as name;
use crate::domain::Grade;
use crate::kernel::digest;

/// Runs the pass. Returns pairs for review: bearers of one key with different names or numbers.
pub(super) fn run(prepared: &Prepared<'_>, clusters: &mut Clusters) -> Vec<(u32, u32)> {
    let mut entries: Vec<(u64, u32)> = prepared
        .set
        .local_keys
        .par_iter()
        .filter(|key| !key.value.is_empty())
        .map(|key| (digest::chain(digest::bytes(key.value.as_bytes()), key.namespace.into()), key.mention))
        .collect();
    entries.par_sort_unstable();
    let shared = &*clusters;
    let proposals: Vec<(u32, u32, u8)> = entries
        .par_chunk_by(|a, b| a.0 == b.0)
        .filter(|group| group.len() > 1)
        .flat_map_iter(|group| one_key(prepared, shared, group))
        .collect();
    let mut proposals: Vec<(u64, u64, (u32, u32, u8))> =
        proposals.into_iter().map(|pair| (prepared.key(pair.0), prepared.key(pair.1), pair)).collect();
    proposals.par_sort_unstable();
    let mut review = Vec::new();
    for (_, _, (member, owner, level)) in proposals {
        let probability = match level {
            name::EXACT => 0.9999,
            0 => 0.995,
            name::SURNAME | name::ORDER | name::ONE_CHARACTER | name::DIFFERENT => 0.99,
            _ => 0.998,
        };
        if level == name::DIFFERENT && !same_number(prepared, member, owner) {
            review.push((owner, member));
            continue;
        }
        let outcome =
            clusters.join(member, owner, Care::Keyed, Reason::new("local_key", probability, Grade::B));
        if outcome == Joined::NumberConflict {
            review.push((owner, member));
        }
    }
    clusters.flatten();
    review
}

/// Whether both rows bear one trusted number as well: two numbers that were written independently say more
/// than a name, which is then the slip (a father's in the child's cell, a two-character name mistyped).
fn same_number(prepared: &Prepared<'_>, a: u32, b: u32) -> bool {
    let id = Prepared::usable_id(prepared.mention(a));
    id != 0 && id == Prepared::usable_id(prepared.mention(b))
}

/// Proposals within one key: each set that is not yet the owner's, once.
fn one_key(prepared: &Prepared<'_>, clusters: &Clusters, group: &[(u64, u32)]) -> Vec<(u32, u32, u8)> {
    let first = clusters.root(group[0].1);
    if group.iter().all(|&(_, mention)| clusters.root(mention) == first) {
        return Vec::new();
    }
    let classes = classes(prepared, group.iter().map(|&(_, mention)| mention));
    let owner = classes[0][0];
    let mut seen = vec![clusters.root(owner)];
    let mut found = Vec::new();
    for class in &classes {
        let level = if class[0] == owner { name::EXACT } else { prepared.name_level(class[0], owner) };
        for &member in class {
            let root = clusters.root(member);
            if !seen.contains(&root) {
                seen.push(root);
                found.push((member, owner, level));
            }
        }
    }
    found
}
