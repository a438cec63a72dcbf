//! Stage block: the sure passes, then the persons found so far and who among them is still looked for.

use rustc_hash::FxHashMap;

use super::clusters::{Care, Clusters, Joined, Reason};
use super::prepare::{Prepared, content_key};
use super::unit::Units;
use super::{Linkage, exact, family, lent, local_key, newborn};
use crate::domain::{Grade, Judgement, KnownBefore, Remembered, Verdict};
use crate::kernel::digest;

/// Who could be whom: persons found so far and, for those without a number, the blocking rules.
/// Lazy: no pair exists until it is scored.
pub struct Pairs<'a> {
    pub(super) prepared: &'a Prepared<'a>,
    pub(super) clusters: Clusters,
    pub(super) units: Units,
    /// Pairs that earlier passes left for a person to decide.
    pub(super) doubtful: Vec<(u32, u32)>,
    /// Pairs that a person said are one person, and somebody else's answers make two.
    pub(super) contradicted: Vec<(u32, u32)>,
    /// Owner of a valid number and another row that bears it, whether they were joined or not.
    pub(super) same_number: Vec<(u32, u32)>,
    pub(super) linkage: Linkage,
}

/// Runs the sure passes. What a person decided about two rows outranks everything; what was known last night comes
/// after what tonight's rows say for certain.
pub fn block<'a>(prepared: &'a Prepared<'a>, known: KnownBefore<'_>, linkage: Linkage) -> Pairs<'a> {
    let mut clusters = Clusters::new(prepared);
    let (mut doubtful, mut alike, mut contradicted) = (Vec::new(), Vec::new(), Vec::new());
    match linkage {
        Linkage::IdOnly => same_number(prepared, &mut clusters),
        Linkage::Model => {
            contradicted = judge(prepared, &mut clusters, known.judgements);
            let bearers = exact::run(prepared, &mut clusters);
            doubtful.extend(bearers.review);
            alike = bearers.pairs;
            doubtful.extend(local_key::run(prepared, &mut clusters));
            exact::copied(prepared, &mut clusters);
            beside(prepared, &mut clusters, &mut doubtful);
            doubtful.extend(lent::run(prepared, &mut clusters, &alike));
            remember(prepared, &mut clusters, known.remembered);
        }
    }
    clusters.flatten();
    let units = match linkage {
        Linkage::Model => Units::build(prepared, &clusters),
        Linkage::IdOnly => Units::none(),
    };
    Pairs { prepared, clusters, units, doubtful, contradicted, same_number: alike, linkage }
}

/// People who are known by whom they are named with.
pub(super) fn beside(prepared: &Prepared<'_>, clusters: &mut Clusters, doubtful: &mut Vec<(u32, u32)>) {
    doubtful.extend(family::same_subject(prepared, clusters));
    family::household(prepared, clusters);
    family::couples(prepared, clusters);
    newborn::run(prepared, clusters);
}

/// A row that is missing proves nothing: whom it held together last night stays one person, unless tonight's rows
/// bear two different numbers that they did not bear then, or somebody said that they are two.
fn remember(prepared: &Prepared<'_>, clusters: &mut Clusters, remembered: &[Remembered]) {
    for known in remembered {
        // They were linked, so they were at least as probable as a link has to be.
        let reason = Reason::new(REMEMBERED, prepared.settings.link_at, known.grade);
        let care = if known.same_numbers { Care::NumberChanged } else { Care::Keyed };
        clusters.join(known.left, known.right, care, reason);
    }
}

/// Name of the pass that keeps persons together.
pub const REMEMBERED: &str = "remembered";

/// Human judgements: vetoes first, so that no later "same" can slip past one. Gives the pairs that are one person by
/// one answer and two persons by others: A is B, B is C, but A is not C.
fn judge(prepared: &Prepared<'_>, clusters: &mut Clusters, judgements: &[Judgement]) -> Vec<(u32, u32)> {
    let known = judged(prepared, judgements);
    let of = |wanted: Verdict| known.iter().filter(move |(.., verdict)| *verdict == wanted);
    for &(a, b, _) in of(Verdict::NotSame) {
        clusters.forbid(a, b);
    }
    let mut contradicted = Vec::new();
    for &(a, b, _) in of(Verdict::Same) {
        // A person has seen both rows: their numbers may differ.
        let joined = clusters.join(a, b, Care::NumberChanged, Reason::new("judgement", 0.9999, Grade::B));
        if joined == Joined::Forbidden {
            contradicted.push((a, b));
        }
    }
    contradicted
}

/// The mentions that judgements are about, in the order of the judgements; those whose rows are not there any
/// more are left out.
pub(super) fn judged(prepared: &Prepared<'_>, judgements: &[Judgement]) -> Vec<(u32, u32, Verdict)> {
    if judgements.is_empty() {
        return Vec::new();
    }
    let at: FxHashMap<u64, u32> = (0..prepared.len()).map(|at| (prepared.key(at), at)).collect();
    let find = |(extract, row_key, role): &(String, String, String)| {
        let text = |text: &String| digest::bytes(text.as_bytes());
        at.get(&content_key(text(extract), row_key, text(role))).copied()
    };
    judgements.iter().filter_map(|j| Some((find(&j.left)?, find(&j.right)?, j.verdict))).collect()
}

/// Equal usable numbers are one person, whatever the names say.
fn same_number(prepared: &Prepared<'_>, clusters: &mut Clusters) {
    let mut bearers: Vec<(u64, u64, u32)> = (0..prepared.len())
        .map(|at| (Prepared::usable_id(prepared.mention(at)), prepared.key(at), at))
        .filter(|&(id, _, _)| id != 0)
        .collect();
    bearers.sort_unstable();
    for pair in bearers.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        clusters.join(pair[0].2, pair[1].2, Care::Keyed, Reason::new("equal_id", 0.99, Grade::A));
    }
}
