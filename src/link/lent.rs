//! Fifth pass: a child's row that bears a grown-up's number, where no grown-up is named in the row itself.
//!
//! An undertaker or a clinic writes the number of the parent who comes to the desk beside the name of the child.
//! The number's owner is known, and so are the children that any row names it father, mother or guardian of: when
//! exactly one of them has just that name, the row may be that child's. It may also be the owner's, under the wrong
//! name: grown-ups die more often than children. So it is joined only where the row's own sex is the child's and
//! not the owner's; else a person decides.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::clusters::Clusters;
use super::family::{Proposal, apply, sexes_agree};
use super::prepare::Prepared;
use crate::comparator::{person_name as name, sex};
use crate::domain::{Relation, ResidentId, Sex};

/// Joins rows with a lent number to the one child of the number's owner who has their name; gives the pairs for review.
/// `bearers` are owners of a number with the other rows that bear it.
pub(super) fn run(
    prepared: &Prepared<'_>,
    clusters: &mut Clusters,
    bearers: &[(u32, u32)],
) -> Vec<(u32, u32)> {
    clusters.flatten();
    let shared = &*clusters;
    let lent: Vec<(u32, u32)> = bearers
        .iter()
        .filter(|&&(_, at)| shared.disputed[at as usize] && stands_alone(prepared, shared, at))
        .map(|&(owner, at)| (shared.root(owner), at))
        .collect();
    let children = children_of(prepared, shared, &lent.iter().map(|&(owner, _)| owner).collect());
    let meant = lent.iter().filter_map(|&(owner, at)| {
        let child = namesake(prepared, shared, children.get(&owner)?, at)?;
        (shared.root(child) != shared.root(at)).then_some((child, at))
    });
    let (sure, doubtful): (Vec<_>, Vec<_>) = meant.partition(|&(_, at)| is_not_the_owners(prepared, at));
    let proposals = sure.into_iter().map(|(a, b)| Proposal { a, b, probability: 0.9975 }).collect();
    let mut review = apply(prepared, clusters, proposals, "lent_number");
    review.extend(doubtful);
    review
}

/// The one of these children who has the row's name and may have its sex.
fn namesake(prepared: &Prepared<'_>, clusters: &Clusters, children: &[u32], at: u32) -> Option<u32> {
    let fits =
        |&child: &u32| prepared.name_level(child, at) == name::EXACT && sexes_agree(prepared, child, at);
    let mut found: Vec<u32> = children.iter().copied().filter(fits).collect();
    found.sort_unstable_by_key(|&child| prepared.key(child));
    let first = *found.first()?;
    found.iter().all(|&child| clusters.root(child) == clusters.root(first)).then_some(first)
}

/// Whether the row's own sex is another one than that of its number.
fn is_not_the_owners(prepared: &Prepared<'_>, at: u32) -> bool {
    let mention = prepared.mention(at);
    let of_number = mention.id.map_or(Sex::Unknown, ResidentId::sex);
    sex::compare(mention.sex, of_number) == sex::DIFFERENT
}

/// Whether nothing but its name tells whose row it is: nobody beside it, no number of its set.
fn stands_alone(prepared: &Prepared<'_>, clusters: &Clusters, at: u32) -> bool {
    prepared.row(at).len() == 1 && clusters.id_of(at) == 0 && prepared.names.tells(prepared.mention(at).name)
}

/// The children that rows name these persons father, mother or guardian of.
fn children_of(
    prepared: &Prepared<'_>,
    clusters: &Clusters,
    owners: &FxHashSet<u32>,
) -> FxHashMap<u32, Vec<u32>> {
    let elder = |relation| {
        matches!(relation, Relation::Father | Relation::Mother | Relation::Adopter | Relation::Guardian)
    };
    let mut pairs: Vec<(u32, u32)> = (0..prepared.len())
        .into_par_iter()
        .filter(|&at| elder(prepared.mention(at).relation) && owners.contains(&clusters.root(at)))
        .filter_map(|at| Some((clusters.root(at), prepared.subject(at)?)))
        .collect();
    pairs.par_sort_unstable();
    let mut children: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for (owner, child) in pairs {
        children.entry(owner).or_default().push(child);
    }
    children
}
