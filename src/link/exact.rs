//! First pass: the same trusted number and a name that does not speak against it.
//!
//! In: all mentions with a number. Out: sets of one person each, each with its number; mentions
//! whose number belongs to somebody else (the guardian's on the child's row, a sibling's) are
//! disputed: they stay apart, go to review, and are looked up by their other values.
//! It never believes a number alone.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::clusters::{Care, Clusters, Joined, Reason};
use super::prepare::Prepared;
use crate::comparator::{birth_date, person_name as name, sex};
use crate::domain::{Grade, IdState, Mention, OtherIdSource, Relation, ResidentId};
use crate::kernel::digest;

/// A doubtful member of a number's group: its class leader and the group's owner.
struct Doubt {
    members: Vec<u32>,
    owner: u32,
    id: u64,
    level: u8,
}

#[derive(Default)]
struct Outcome {
    /// Member, its owner, name level.
    joins: Vec<(u32, u32, u8)>,
    /// Owner mention and its number.
    owners: Vec<(u32, u64)>,
    doubts: Vec<Doubt>,
}

/// Names at these levels beside the same number are one person without further questions.
fn certain(level: u8) -> bool {
    matches!(level, name::EXACT | name::FORMER | name::VARIANT)
}

/// Names at these levels are one person's beside the same number, unless the row itself says that
/// somebody else is meant: brothers and sisters have such names, and one's number gets onto the other's row.
fn likely(level: u8) -> bool {
    matches!(
        level,
        0 | name::LOST
            | name::TONED
            | name::TONELESS
            | name::LOOK_ALIKE
            | name::DIALECT
            | name::SEVERAL
            | name::SURNAME
            | name::ORDER
            | name::ONE_CHARACTER
    )
}

/// Rows that bear the same trusted number.
pub(super) struct Bearers {
    /// The owner of a number and a mention that bears it although the names differ: for a person to decide.
    pub(super) review: Vec<(u32, u32)>,
    /// Every owner with every other bearer of its number.
    pub(super) pairs: Vec<(u32, u32)>,
}

/// Runs the pass.
pub(super) fn run(prepared: &Prepared<'_>, clusters: &mut Clusters) -> Bearers {
    let trusted = entries(prepared, Prepared::usable_id);
    let denied = denied(prepared, &trusted);
    let mut outcome = in_groups(prepared, &trusted, &denied, certain);
    for &(owner, id) in &outcome.owners {
        clusters.trust(owner, id);
    }
    for &(member, owner, level) in &outcome.joins {
        join_named(clusters, member, owner, level, "valid_id");
    }
    let mut pairs: Vec<(u32, u32)> =
        outcome.joins.iter().map(|&(member, owner, _)| (owner, member)).collect();
    for doubt in &outcome.doubts {
        pairs.extend(doubt.members.iter().map(|&member| (doubt.owner, member)));
    }
    let review = settle(prepared, clusters, std::mem::take(&mut outcome.doubts));
    clusters.flatten();
    other_numbers(prepared, clusters, &outcome.owners);
    clusters.flatten();
    Bearers { review, pairs }
}

/// Numbers that fail somewhere, written alike twice: the same slip was copied. Comes after an agency's
/// own key, which says more: rows that share one would else be graded by the slip.
pub(super) fn copied(prepared: &Prepared<'_>, clusters: &mut Clusters) {
    let damaged = entries(prepared, |mention| match (mention.id, mention.id_state) {
        (Some(id), IdState::ChecksumFailed | IdState::Implausible) => id.packed() + 1,
        _ => 0,
    });
    let copied = in_groups(prepared, &damaged, &FxHashSet::default(), |level| {
        (name::EXACT..=name::TONELESS).contains(&level)
    });
    for &(member, owner, level) in &copied.joins {
        let grade = if level == name::EXACT { Grade::C } else { Grade::D };
        clusters.join(member, owner, Care::Fuzzy, Reason::new("same_damaged_id", 0.998, grade));
    }
    clusters.flatten();
}

fn join_named(clusters: &mut Clusters, member: u32, owner: u32, level: u8, pass: &'static str) -> Joined {
    let (probability, grade) = match level {
        name::EXACT => (0.99999, Grade::A),
        0 | name::SEVERAL | name::SURNAME | name::ORDER | name::ONE_CHARACTER | name::DIFFERENT => {
            (0.995, Grade::B)
        }
        _ => (0.9995, Grade::B),
    };
    clusters.join(member, owner, Care::Keyed, Reason::new(pass, probability, grade))
}

fn entries(prepared: &Prepared<'_>, id: impl Fn(&Mention) -> u64 + Sync) -> Vec<(u64, u32)> {
    let mut entries: Vec<(u64, u32)> = (0..prepared.len())
        .into_par_iter()
        .map(|at| (id(prepared.mention(at)), at))
        .filter(|&(id, _)| id != 0)
        .collect();
    entries.par_sort_unstable();
    entries
}

fn in_groups(
    prepared: &Prepared<'_>,
    entries: &[(u64, u32)],
    denied: &FxHashSet<u32>,
    certain: impl Fn(u8) -> bool + Sync,
) -> Outcome {
    entries
        .par_chunk_by(|a, b| a.0 == b.0)
        .fold(Outcome::default, |mut outcome, group| {
            one_number(prepared, group, (&certain, denied), &mut outcome);
            outcome
        })
        .reduce(Outcome::default, |mut all, part| {
            all.joins.extend(part.joins);
            all.owners.extend(part.owners);
            all.doubts.extend(part.doubts);
            all
        })
}

/// Sorts the bearers of one number into those who may be its owner and those who may not.
fn one_number(
    prepared: &Prepared<'_>,
    group: &[(u64, u32)],
    (certain, denied): (&(impl Fn(u8) -> bool + Sync), &FxHashSet<u32>),
    outcome: &mut Outcome,
) {
    let id = group[0].0;
    if let [(_, only)] = group {
        outcome.owners.push((*only, id));
        return;
    }
    let mut classes = classes(prepared, group.iter().map(|&(_, mention)| mention));
    let owner = classes[0][0];
    outcome.owners.push((owner, id));
    for class in &mut classes {
        let leader = class[0];
        let level = if leader == owner { name::EXACT } else { prepared.name_level(leader, owner) };
        if leader == owner || certain(level) {
            let doubtful = |member: &u32| *member != owner && denied.contains(member);
            let (members, rest): (Vec<u32>, Vec<u32>) = class.iter().partition(|member| doubtful(member));
            *class = rest;
            if !members.is_empty() {
                outcome.doubts.push(Doubt { members, owner, id, level });
            }
            outcome.joins.extend(
                class.iter().filter(|&&member| member != owner).map(|&member| (member, owner, level)),
            );
        } else {
            outcome.doubts.push(Doubt { members: std::mem::take(class), owner, id, level });
        }
    }
}

/// Mentions by name, the class most likely to be right first: one that the population or a
/// one-person-a-row extract names, then the most frequent; content decides ties. Each class is led
/// by its most authoritative mention.
pub(super) fn classes(prepared: &Prepared<'_>, mentions: impl Iterator<Item = u32>) -> Vec<Vec<u32>> {
    let rank = |at: u32| {
        let role = prepared.role(prepared.mention(at));
        (!role.reference, role.slot == 0, prepared.key(at))
    };
    let tells = |at: u32| prepared.names.tells(prepared.mention(at).name);
    let mut members: Vec<(u64, u32)> =
        mentions.map(|at| (prepared.names.hash(prepared.mention(at).name), at)).collect();
    members.sort_by_key(|&(hash, at)| (hash, rank(at)));
    let mut classes: Vec<Vec<u32>> =
        members.chunk_by(|a, b| a.0 == b.0).map(|class| class.iter().map(|&(_, at)| at).collect()).collect();
    classes.sort_by_cached_key(|class| {
        let (reference, slot, key) = rank(class[0]);
        (!tells(class[0]), reference, slot, std::cmp::Reverse(class.len()), key)
    });
    classes
}

/// Digests that would show that a doubtful mention is another known person.
fn rival_keys(prepared: &Prepared<'_>, at: u32, village: bool) -> Vec<u64> {
    let mention = prepared.mention(at);
    if !prepared.names.tells(mention.name) {
        return Vec::new();
    }
    let hash = prepared.names.hash(mention.name);
    let mut keys = Vec::new();
    if let Some(birth) = mention.birth {
        keys.push(digest::chain(digest::chain(hash, 1), birth.days().cast_unsigned().into()));
    }
    if village && mention.place.village != 0 {
        keys.push(digest::chain(digest::chain(hash, 2), mention.place.village.into()));
    }
    for mate in prepared.row(at).filter(|&other| other != at) {
        let other = prepared.mention(mate);
        let beside = other.of == Some(mention.role) || mention.of == Some(other.role);
        if beside && prepared.names.tells(other.name) {
            keys.push(digest::chain(digest::chain(hash, 3), prepared.names.hash(other.name)));
        }
    }
    keys
}

/// Decides about doubtful names: is there another person of just that name?
fn settle(prepared: &Prepared<'_>, clusters: &mut Clusters, mut doubts: Vec<Doubt>) -> Vec<(u32, u32)> {
    doubts.sort_by_key(|doubt| prepared.key(doubt.members[0]));
    let mut wanted: FxHashMap<u64, Vec<u64>> = FxHashMap::default();
    for doubt in &doubts {
        for &member in &doubt.members {
            wanted.extend(rival_keys(prepared, member, true).into_iter().map(|key| (key, Vec::new())));
        }
    }
    let mut hits: Vec<(u64, u64)> = (0..prepared.len())
        .into_par_iter()
        .filter(|&at| !wanted.is_empty() && prepared.role(prepared.mention(at)).slot != 0)
        .flat_map_iter(|at| {
            let id = Prepared::usable_id(prepared.mention(at));
            let keys = if id == 0 { Vec::new() } else { rival_keys(prepared, at, true) };
            keys.into_iter()
                .filter(|key| wanted.contains_key(key))
                .map(move |key| (key, id))
                .collect::<Vec<_>>()
        })
        .collect();
    hits.par_sort_unstable();
    hits.dedup();
    for (key, id) in hits {
        wanted.entry(key).or_default().push(id);
    }
    let mut review = Vec::new();
    let contradicted = contradicted(prepared);
    for doubt in doubts {
        // The village alone speaks only against one unrelated character, where chance is small.
        let village = doubt.level == name::ONE_CHARACTER;
        let rival = doubt.members.iter().any(|&member| {
            let keys = rival_keys(prepared, member, village);
            keys.iter().any(|key| wanted.get(key).is_some_and(|ids| ids.iter().any(|&id| id != doubt.id)))
        });
        let mut apart: Option<u32> = None;
        for &member in &doubt.members {
            let slip = likely(doubt.level) && !born_another_day(prepared, member);
            let same =
                !rival && !contradicted.contains(&member) && (slip || renamed(prepared, member, doubt.owner));
            if same && join_named(clusters, member, doubt.owner, doubt.level, "valid_id") == Joined::Done {
                continue;
            }
            clusters.disputed[member as usize] = true;
            // Whoever they are: rows of one name and one number are one person's.
            match apart {
                None => {
                    apart = Some(member);
                    review.push((doubt.owner, member));
                }
                Some(first)
                    if join_named(clusters, member, first, name::EXACT, "valid_id") == Joined::Done => {}
                Some(_) => review.push((doubt.owner, member)),
            }
        }
    }
    review
}

/// Mentions whose row holds another believable number of the same person: their own number may be the one
/// that is wrong, so a name that is only similar does not confirm it.
fn contradicted(prepared: &Prepared<'_>) -> FxHashSet<u32> {
    let told = prepared.set.other_ids.iter();
    told.filter(|other| other.source != OtherIdSource::ChangeLog && other.id.checksum_holds())
        .map(|other| other.mention)
        .collect()
}

/// Mentions whose number the row itself denies: another number in it is somebody's and has the row's birth date,
/// which this one has not. Two children of one name may have got each other's numbers.
fn denied(prepared: &Prepared<'_>, trusted: &[(u64, u32)]) -> FxHashSet<u32> {
    let told = prepared.set.other_ids.iter();
    told.filter(|other| other.source != OtherIdSource::ChangeLog && other.id.checksum_holds())
        .filter(|other| {
            let birth = prepared.mention(other.mention).birth;
            let owned = || trusted.binary_search_by_key(&(other.id.packed() + 1), |entry| entry.0).is_ok();
            birth.is_some()
                && birth == other.id.birth()
                && born_another_day(prepared, other.mention)
                && owned()
        })
        .map(|other| other.mention)
        .collect()
}

/// Whether a row's own birth date is none of the slips by which the number's would be written.
fn born_another_day(prepared: &Prepared<'_>, member: u32) -> bool {
    let mention = prepared.mention(member);
    let of_number = mention.id.and_then(ResidentId::birth);
    !mention.birth_from_id && birth_date::compare(mention.birth, of_number) == birth_date::DIFFERENT
}

/// Whether a wholly different name beside the same number is a change of name: one of the rows has its own
/// birth date, which is the number's, and both name a grown-up of the same name or number.
fn renamed(prepared: &Prepared<'_>, member: u32, owner: u32) -> bool {
    let own_birth = |at: u32| {
        let mention = prepared.mention(at);
        mention.birth.filter(|_| !mention.birth_from_id)
    };
    let number_birth = prepared.mention(member).id.and_then(ResidentId::birth);
    let told = [own_birth(member), own_birth(owner)];
    if number_birth.is_none() || !told.contains(&number_birth) || born_another_day(prepared, member) {
        return false;
    }
    elders(prepared, member).any(|x| {
        elders(prepared, owner).any(|y| {
            let (ix, iy) =
                (Prepared::usable_id(prepared.mention(x)), Prepared::usable_id(prepared.mention(y)));
            (ix != 0 && ix == iy) || prepared.name_level(x, y) == name::EXACT
        })
    })
}

/// Parents and guardians in the same row: named beside the person, or the person as a child beside them.
fn elders<'a>(prepared: &'a Prepared<'_>, at: u32) -> impl Iterator<Item = u32> + use<'a> {
    let mention = prepared.mention(at);
    prepared.row(at).filter(move |&other| {
        let mate = prepared.mention(other);
        let elder = matches!(mate.relation, Relation::Father | Relation::Mother | Relation::Guardian);
        let child = mention.relation == Relation::Child && mention.of == Some(mate.role);
        other != at && (child || (mate.of == Some(mention.role) && elder))
    })
}

/// Whether birth dates as the rows themselves have them, or sexes, say that two mentions are two persons.
fn differ(prepared: &Prepared<'_>, x: u32, y: u32) -> bool {
    let (x, y) = (prepared.mention(x), prepared.mention(y));
    let written = !x.birth_from_id && !y.birth_from_id;
    (written && birth_date::compare(x.birth, y.birth) == birth_date::DIFFERENT)
        || sex::compare(x.sex, y.sex) == sex::DIFFERENT
}

/// Further numbers: inside roll and card numbers, and from the register of changes.
fn other_numbers(prepared: &Prepared<'_>, clusters: &mut Clusters, owners: &[(u32, u64)]) {
    let owner_of: FxHashMap<u64, u32> = {
        let wanted: FxHashSet<u64> =
            prepared.set.other_ids.iter().map(|other| other.id.packed() + 1).collect();
        owners.iter().filter(|(_, id)| wanted.contains(id)).map(|&(owner, id)| (id, owner)).collect()
    };
    let mut found: Vec<(u64, OtherIdSource, u64, u32)> = prepared
        .set
        .other_ids
        .iter()
        .filter(|other| other.id.checksum_holds() && other.id.birth().is_some())
        .map(|other| (other.id.packed() + 1, other.source, prepared.key(other.mention), other.mention))
        .collect();
    found.sort_unstable();
    // Mentions that share a further number that nobody owns are led by the first of them.
    let mut leader: Option<(u64, u32)> = None;
    for (id, source, _, mention) in found {
        let target = match (owner_of.get(&id), leader) {
            (Some(&owner), _) => owner,
            (None, Some((seen, first))) if seen == id => first,
            _ => {
                leader = Some((id, mention));
                continue;
            }
        };
        let level = prepared.name_level(mention, target);
        let near = level <= name::SEVERAL;
        let own = clusters.id_of(mention);
        let changed = own != 0 && own != id;
        if !near && (changed || !matches!(level, name::ORDER | name::ONE_CHARACTER | name::SURNAME)) {
            continue;
        }
        // A name that says nothing does not prove that a number was changed, and one that is only alike is a brother's
        // or sister's where birth date or sex differ: numbers that slid into the next row lead to the neighbour.
        if (changed && level == 0) || (!near && differ(prepared, mention, target)) {
            continue;
        }
        let (pass, care) = match source {
            OtherIdSource::Historic => ("historic_id", Care::OldNumber),
            OtherIdSource::Card => ("card_id", Care::OldNumber),
            OtherIdSource::ChangeLog => ("changed_id", Care::NumberChanged),
        };
        clusters.join(mention, target, care, Reason::new(pass, 0.9995, Grade::B));
    }
}
