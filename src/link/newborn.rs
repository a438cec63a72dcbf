//! Fourth pass: newborns who have no name of their own yet (`某毛毛`, `某某之子`, or none).
//!
//! Their row tells a parent's number and the day of birth. A parent has one child of a day, or twins; where
//! the rows that know the child by name or number show exactly one, the stand-in is that child. Where they
//! show two, or one extract has two stand-ins, nothing is joined: either child could be meant.

use rayon::prelude::*;

use super::clusters::Clusters;
use super::family::{Proposal, apply, sexes_agree};
use super::prepare::Prepared;
use crate::domain::Relation;

/// Children of one parent and one day beyond this are a wrong number, not a birth.
const SAME_DAY_MAX: usize = 64;

/// Joins stand-ins to the one child that their parent has of that day.
pub(super) fn run(prepared: &Prepared<'_>, clusters: &mut Clusters) {
    clusters.flatten();
    let shared = &*clusters;
    let mut births: Vec<(u32, i32, u64, u32)> = (0..prepared.len())
        .into_par_iter()
        .filter(|&at| matches!(prepared.mention(at).relation, Relation::Mother | Relation::Father))
        .filter(|&at| shared.id_of(at) != 0)
        .filter_map(|at| {
            let child = prepared.subject(at)?;
            let day = prepared.mention(child).birth?;
            Some((shared.root(at), day.days(), prepared.key(child), child))
        })
        .collect();
    births.par_sort_unstable();
    births.dedup();
    let proposals: Vec<Proposal> = births
        .par_chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))
        .filter(|group| (2..=SAME_DAY_MAX).contains(&group.len()))
        .flat_map_iter(|group| {
            let children: Vec<u32> = group.iter().map(|&(.., child)| child).collect();
            one_birth(prepared, shared, &children)
        })
        .collect();
    drop(births);
    apply(prepared, clusters, proposals, "newborn");
}

/// What is to be joined among the rows about children of one parent and one day, in the order of content.
fn one_birth(prepared: &Prepared<'_>, clusters: &Clusters, children: &[u32]) -> Vec<Proposal> {
    let settled = |at: u32| clusters.id_of(at) != 0 || prepared.names.tells(prepared.mention(at).name);
    let known: Vec<u32> = children.iter().copied().filter(|&at| settled(at)).collect();
    let Some(&child) = known.first() else { return Vec::new() };
    if known.iter().any(|&at| clusters.root(at) != clusters.root(child)) {
        return Vec::new();
    }
    let mut loose: Vec<(u16, u32, u32)> = children
        .iter()
        .filter(|&&at| clusters.root(at) != clusters.root(child))
        .map(|&at| (prepared.mention(at).extract, clusters.root(at), at))
        .collect();
    loose.sort_unstable();
    loose.dedup_by_key(|&mut (extract, root, _)| (extract, root));
    if loose.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Vec::new();
    }
    let fits = |at: u32| known.iter().all(|&other| sexes_agree(prepared, at, other));
    let fitting = loose.into_iter().filter(|&(.., at)| fits(at));
    fitting.map(|(.., at)| Proposal { a: child, b: at, probability: 0.9975 }).collect()
}
