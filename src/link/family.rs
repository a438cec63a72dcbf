//! Third pass: people who are only named beside somebody else, known by whom they are named with.
//!
//! A father of the same child in two rows with compatible names is one person; a parent without a
//! number who bears the name of an adult of the child's household is that adult. A name alone never
//! links an adult: there is always the person it is named beside.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::clusters::{Care, Clusters, Joined, Reason};
use super::prepare::Prepared;
use crate::comparator::person_name as name;
use crate::comparator::sex;
use crate::domain::{Day, Grade, Relation};

/// Years by which a parent is older than a child.
const PARENT_YEARS: std::ops::RangeInclusive<i32> = 14..=65;
/// Groups of one person's relatives beyond this are a data error, not a family.
const RELATIVES_MAX: usize = 4096;

/// How a mention stands to a person: named beside it with this relation, or the reverse.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Tie {
    /// Something of the person (father, guardian, payee …).
    Of(Relation),
    /// The person's child.
    ChildOf,
}

/// Whether a level of two names is near enough when the relation already speaks for one person.
fn near(level: u8, same_relation: bool) -> Option<f64> {
    match level {
        name::EXACT | name::FORMER => Some(0.999),
        name::VARIANT..=name::DIALECT => Some(0.995),
        name::SEVERAL | name::ORDER | name::ONE_CHARACTER if same_relation => Some(0.99),
        _ => None,
    }
}

/// Joins the relatives of one person among themselves. Returns pairs for review: the same relation
/// and name, but two different numbers.
pub(super) fn same_subject(prepared: &Prepared<'_>, clusters: &mut Clusters) -> Vec<(u32, u32)> {
    clusters.flatten();
    let shared = &*clusters;
    let mut entries = relatives_of(prepared, shared);
    entries.par_sort_unstable();
    let proposals: Vec<Proposal> = entries
        .par_chunk_by(|a, b| a.0 == b.0)
        .filter(|group| group.len() > 1)
        .flat_map_iter(|group| one_subject(prepared, shared, group))
        .collect();
    drop(entries);
    apply(prepared, clusters, proposals, "same_relative")
}

/// Two mentions that a pass takes for one person.
pub(super) struct Proposal {
    pub(super) a: u32,
    pub(super) b: u32,
    pub(super) probability: f64,
}

/// Joins what is proposed, the surest first; gives the pairs whose numbers forbid it.
pub(super) fn apply(
    prepared: &Prepared<'_>,
    clusters: &mut Clusters,
    mut proposals: Vec<Proposal>,
    pass: &'static str,
) -> Vec<(u32, u32)> {
    proposals.par_sort_by(|x, y| {
        let key = |p: &Proposal| (prepared.key(p.a), prepared.key(p.b));
        y.probability.total_cmp(&x.probability).then_with(|| key(x).cmp(&key(y)))
    });
    let mut review = Vec::new();
    for proposal in proposals {
        let grade = if proposal.probability > 0.996 { Grade::C } else { Grade::D };
        let reason = Reason::new(pass, proposal.probability, grade);
        if clusters.join(proposal.a, proposal.b, Care::Fuzzy, reason) == Joined::NumberConflict {
            review.push((proposal.a, proposal.b));
        }
    }
    clusters.flatten();
    review
}

/// (person, tie, mention) for everybody named beside somebody.
fn relatives_of(prepared: &Prepared<'_>, clusters: &Clusters) -> Vec<(u32, Tie, u32)> {
    let beside: Vec<(u32, u32)> = (0..prepared.len())
        .into_par_iter()
        .filter(|&at| prepared.names.tells(prepared.mention(at).name))
        .filter_map(|at| Some((at, prepared.subject(at)?)))
        .collect();
    // Children named beside a parent meet the children whose row names that parent; only parents who
    // have such a child without a number matter.
    let wanted: FxHashSet<u32> = beside
        .iter()
        .filter(|&&(at, _)| prepared.mention(at).relation == Relation::Child && clusters.id_of(at) == 0)
        .map(|&(_, subject)| clusters.root(subject))
        .collect();
    let mut entries: Vec<(u32, Tie, u32)> = Vec::with_capacity(beside.len());
    for (at, subject) in beside {
        let relation = prepared.mention(at).relation;
        if relation == Relation::Child {
            entries.push((clusters.root(subject), Tie::ChildOf, at));
            continue;
        }
        entries.push((clusters.root(subject), Tie::Of(relation), at));
        let parent = matches!(relation, Relation::Father | Relation::Mother | Relation::Adopter);
        if parent
            && wanted.contains(&clusters.root(at))
            && prepared.names.tells(prepared.mention(subject).name)
        {
            entries.push((clusters.root(at), Tie::ChildOf, subject));
        }
    }
    entries
}

/// Pairs of one person's relatives who may be one person.
fn one_subject(prepared: &Prepared<'_>, clusters: &Clusters, group: &[(u32, Tie, u32)]) -> Vec<Proposal> {
    // One member for each (set, tie): the one that content names first.
    let mut members: Vec<(Tie, u64, u32)> =
        group.iter().map(|&(_, tie, at)| (tie, prepared.key(at), at)).collect();
    members.sort_unstable();
    let mut seen: Vec<(Tie, u32, u64)> = Vec::new();
    members.retain(|&(tie, _, at)| {
        let mark = (tie, clusters.root(at), prepared.names.hash(prepared.mention(at).name));
        let fresh = !seen.contains(&mark);
        if fresh {
            seen.push(mark);
        }
        fresh
    });
    if members.len() > RELATIVES_MAX {
        return Vec::new();
    }
    let subject = group[0].0;
    let mut found = Vec::new();
    for (i, &(tie, _, a)) in members.iter().enumerate() {
        if clusters.root(a) != subject && may_be_self(tie) {
            // Somebody who receives the money or heads the household may be the person itself.
            let level = prepared.name_level(a, subject);
            if level == name::EXACT && sexes_agree(prepared, a, subject) {
                found.push(Proposal { a, b: subject, probability: 0.998 });
                continue;
            }
        }
        for &(other_tie, _, b) in &members[i + 1..] {
            if clusters.root(a) == clusters.root(b)
                || !ties_agree(tie, other_tie)
                || !sexes_agree(prepared, a, b)
            {
                continue;
            }
            let same = tie == other_tie
                && !matches!(
                    tie,
                    Tie::Of(Relation::None | Relation::Guardian | Relation::Grandparent) | Tie::ChildOf
                );
            if let Some(probability) = near(prepared.name_level(a, b), same) {
                found.push(Proposal { a, b, probability });
            }
        }
    }
    found
}

fn may_be_self(tie: Tie) -> bool {
    matches!(tie, Tie::Of(Relation::Payee | Relation::Householder))
}

/// Whether two ties to one person can be held by one and the same person.
fn ties_agree(a: Tie, b: Tie) -> bool {
    use Relation::{Adopter, Father, Grandparent, Mother};
    match (a, b) {
        (Tie::ChildOf, Tie::ChildOf) => true,
        (Tie::ChildOf, _) | (_, Tie::ChildOf) => false,
        (Tie::Of(a), Tie::Of(b)) => {
            let parent = |relation: Relation| matches!(relation, Father | Mother | Adopter);
            let clash = matches!((a, b), (Father, Mother) | (Mother, Father))
                || (parent(a) && b == Grandparent)
                || (parent(b) && a == Grandparent);
            !clash
        }
    }
}

/// Whether two mentions may be of one sex.
pub(super) fn sexes_agree(prepared: &Prepared<'_>, a: u32, b: u32) -> bool {
    sex::compare(prepared.mention(a).sex, prepared.mention(b).sex) != sex::DIFFERENT
}

/// Joins people without a number to the member of the household who bears their name.
pub(super) fn household(prepared: &Prepared<'_>, clusters: &mut Clusters) {
    if prepared.set.household.is_empty() {
        return;
    }
    clusters.flatten();
    let shared = &*clusters;
    let mut members: Vec<(u32, u32)> = (0..prepared.len())
        .into_par_iter()
        .filter(|&at| prepared.household(at) != 0 && prepared.names.tells(prepared.mention(at).name))
        .map(|at| (prepared.household(at), at))
        .collect();
    members.par_sort_unstable();
    // Where a person of each set lives, for mentions whose own row tells no household.
    let mut home: FxHashMap<u32, u32> = FxHashMap::default();
    for &(house, at) in &members {
        let house_of = home.entry(shared.root(at)).or_insert(house);
        if *house_of != house {
            *house_of = (*house_of).min(house);
        }
    }
    let proposals: Vec<Proposal> = (0..prepared.len())
        .into_par_iter()
        .filter(|&at| shared.id_of(at) == 0 && prepared.names.tells(prepared.mention(at).name))
        .filter_map(|at| {
            let subject = prepared.subject(at)?;
            let own = prepared.household(at);
            let house = if own != 0 { own } else { home.get(&shared.root(subject)).copied()? };
            in_house(prepared, shared, at, subject, house_members(&members, house))
        })
        .collect();
    apply(prepared, clusters, proposals, "household");
}

fn house_members(members: &[(u32, u32)], house: u32) -> &[(u32, u32)] {
    let start = members.partition_point(|&(other, _)| other < house);
    let end = members.partition_point(|&(other, _)| other <= house);
    &members[start..end]
}

/// The one member of the household who can be the mention: name, sex and age fit, and nobody else does.
fn in_house(
    prepared: &Prepared<'_>,
    clusters: &Clusters,
    at: u32,
    subject: u32,
    members: &[(u32, u32)],
) -> Option<Proposal> {
    let relation = prepared.mention(at).relation;
    let self_possible = matches!(relation, Relation::Householder | Relation::Payee);
    let mut best: Option<(f64, u32, u32)> = None;
    let mut second = 0.0_f64;
    for &(_, other) in members {
        let root = clusters.root(other);
        if root == clusters.root(at) || (root == clusters.root(subject) && !self_possible) {
            continue;
        }
        let fits = sexes_agree(prepared, at, other) && ages_fit(prepared, relation, subject, other);
        let level = if fits { prepared.name_level(at, other) } else { name::DIFFERENT };
        let Some(probability) = near(level, false).map(|p| p - 0.0005) else { continue };
        match best {
            Some((_, _, known)) if known == root => {}
            Some((p, b, known))
                if probability > p || (probability >= p && prepared.key(other) < prepared.key(b)) =>
            {
                second = second.max(p);
                best = Some((probability, other, root));
                let _ = known;
            }
            Some(_) => second = second.max(probability),
            None => best = Some((probability, other, root)),
        }
    }
    let (probability, b, _) = best?;
    (probability > second).then_some(Proposal { a: at, b, probability })
}

fn ages_fit(prepared: &Prepared<'_>, relation: Relation, subject: u32, other: u32) -> bool {
    let (Some(child), Some(adult)) = (prepared.mention(subject).birth, prepared.mention(other).birth) else {
        return true;
    };
    let older = years(adult, child);
    match relation {
        Relation::Father | Relation::Mother | Relation::Adopter => PARENT_YEARS.contains(&older),
        Relation::Grandparent => older >= 30,
        Relation::Child => (-65..=-14).contains(&older),
        _ => true,
    }
}

/// Whole years from the first day to the second, negative when it is the later one.
fn years(first: Day, second: Day) -> i32 {
    (second.days() - first.days()) / 365
}

/// A row's parents, both by name.
struct Couple {
    father: u32,
    mother: u32,
    child: u32,
}

/// Most rows that may name a couple of the same names; beyond, names prove nothing.
const COUPLES_MAX: usize = 400;
/// Births of brothers and sisters lie within so many years.
const SIBLING_YEARS: i32 = 26;

/// Joins parents who have no number in at least one of two rows, where both parents' names are equal
/// and so rare together that another such couple is not to be expected at that place.
pub(super) fn couples(prepared: &Prepared<'_>, clusters: &mut Clusters) {
    clusters.flatten();
    let shared = &*clusters;
    let mut rows: Vec<(u64, Couple)> = (0..prepared.len())
        .into_par_iter()
        .filter(|&at| prepared.mention(at).relation == Relation::Father && tells_fully(prepared, at))
        .filter_map(|father| {
            let child = prepared.subject(father)?;
            let of = prepared.mention(father).of;
            let mother = prepared.row(father).find(|&other| {
                let mate = prepared.mention(other);
                mate.relation == Relation::Mother && mate.of == of && tells_fully(prepared, other)
            })?;
            let hash = |at: u32| prepared.names.hash(prepared.mention(at).name);
            Some((crate::kernel::digest::chain(hash(father), hash(mother)), Couple { father, mother, child }))
        })
        .collect();
    let total = rows.len() as f64;
    rows.par_sort_unstable_by_key(|(hash, couple)| (*hash, prepared.key(couple.father)));
    let proposals: Vec<Proposal> = rows
        .par_chunk_by(|a, b| a.0 == b.0)
        .filter(|group| (2..=COUPLES_MAX).contains(&group.len()))
        .flat_map_iter(|group| one_couple(prepared, shared, group, total))
        .collect();
    drop(rows);
    apply(prepared, clusters, proposals, "couple");
}

fn tells_fully(prepared: &Prepared<'_>, at: u32) -> bool {
    let name = prepared.mention(at).name;
    prepared.names.tells(name) && !prepared.names.has_wild(name)
}

fn one_couple(
    prepared: &Prepared<'_>,
    clusters: &Clusters,
    group: &[(u64, Couple)],
    total: f64,
) -> Vec<Proposal> {
    let first = &group[0].1;
    let settled = |c: &Couple| {
        clusters.root(c.father) == clusters.root(first.father)
            && clusters.root(c.mother) == clusters.root(first.mother)
    };
    if group.iter().all(|(_, couple)| settled(couple)) {
        return Vec::new();
    }
    let chance = |at: u32| prepared.frequency.of_name(&prepared.names, prepared.mention(at).name);
    // Fathers are half of the population that names were counted in, mothers the other half.
    let others = (total / 2.0) * (2.0 * chance(first.father)) * (2.0 * chance(first.mother));
    let mut found = Vec::new();
    for (i, (_, x)) in group.iter().enumerate() {
        for (_, y) in &group[i + 1..] {
            let Some(probability) = couple_probability(prepared, x, y, others) else { continue };
            for (a, b) in [(x.father, y.father), (x.mother, y.mother)] {
                let known = clusters.id_of(a) != 0 && clusters.id_of(b) != 0;
                if !known && clusters.root(a) != clusters.root(b) && probability >= prepared.settings.link_at
                {
                    found.push(Proposal { a, b, probability });
                }
            }
        }
    }
    found
}

/// Probability that two rows name one couple, by how many others of these names are to be expected
/// at the place they share; `None` when the children's ages exclude it.
fn couple_probability(prepared: &Prepared<'_>, x: &Couple, y: &Couple, others: f64) -> Option<f64> {
    let (a, b) = (prepared.mention(x.child), prepared.mention(y.child));
    if let (Some(first), Some(second)) = (a.birth, b.birth)
        && years(first, second).abs() > SIBLING_YEARS
    {
        return None;
    }
    let share = match crate::comparator::place::compare(a.place, b.place) {
        crate::comparator::place::SAME_GROUP | crate::comparator::place::SAME_VILLAGE => 0.02,
        crate::comparator::place::SAME_TOWN => 0.2,
        _ => 1.0,
    };
    Some((1.0 / (1.0 + others * share)).min(0.9985))
}
