//! Pairs that a person has to look at, with what differs in words.

use rustc_hash::FxHashMap;

use super::assign::Edge;
use super::clusters::Reason;
use super::prepare::Prepared;
use super::scorer::differences;
use super::sure::Pairs;
use crate::comparator::{birth_date, person_name, resident_id, sex};
use crate::domain::{Grade, ReviewPair};

/// Pass of the pairs that a sure pass stopped at.
pub(super) const LEFT_OPEN: &str = "number";

/// Probability shown for a pair that a sure pass stopped at: nothing weighed it.
const UNDECIDED: f64 = 0.5;

/// Pairs of the model between the thresholds or tied, pairs that the sure passes left open and pairs about which
/// answers contradict each other, without those that another link or an answer has settled since; sorted, each pair
/// of persons once.
pub(super) fn pairs(pairs: &Pairs<'_>, candidates: &[Edge]) -> Vec<ReviewPair> {
    let Pairs { prepared, clusters, units, doubtful, contradicted, .. } = pairs;
    let mut found: FxHashMap<(u32, u32), ReviewPair> = FxHashMap::default();
    let mut keep = |a: u32, b: u32, pair: &dyn Fn() -> ReviewPair| {
        let (x, y) = (clusters.root(a), clusters.root(b));
        if x != y {
            found.entry((x.min(y), x.max(y))).or_insert_with(pair);
        }
    };
    for &(a, b) in contradicted {
        keep(a, b, &|| {
            let reason = Reason::new("judgement", UNDECIDED, Grade::D);
            let difference = format!("{CONTRADICTED}；{}", plain_difference(prepared, a, b));
            ReviewPair { link: clusters.link(a, b, reason), difference, tied: 0 }
        });
    }
    for edge in candidates {
        let (a, b) = (&units.all[edge.probe as usize], &units.all[edge.other as usize]);
        keep(a.hub, b.hub, &|| {
            let mut reason =
                Reason::new("model", edge.probability, super::fuzzy::grade(prepared, edge.scored.pattern));
            reason.pattern = Some(edge.scored.pattern);
            let levels = edge.scored.pattern.levels(prepared.settings.comparison.len());
            let difference = differences(prepared, &levels, a, b) + &tie_words(edge.tied);
            ReviewPair { link: clusters.link(a.hub, b.hub, reason), difference, tied: edge.tied }
        });
    }
    let mut doubtful = doubtful.clone();
    doubtful.sort_by_key(|&(a, b)| (prepared.key(a), prepared.key(b)));
    for (a, b) in doubtful.into_iter().filter(|&(a, b)| !clusters.told_apart(a, b)) {
        keep(a, b, &|| {
            let reason = Reason::new(LEFT_OPEN, UNDECIDED, Grade::D);
            let difference = plain_difference(prepared, a, b);
            ReviewPair { link: clusters.link(a, b, reason), difference, tied: 0 }
        });
    }
    let mut pairs: Vec<ReviewPair> = found.into_values().collect();
    pairs.sort_by_key(|pair| (prepared.key(pair.link.left), prepared.key(pair.link.right)));
    pairs
}

/// Said of two rows that one answer makes one person and other answers two.
const CONTRADICTED: &str = "答复互相矛盾：有人认定为同一人，其他答复合起来使其为两人";

/// Said of a pair of which so many rivals fit about as well; nothing where there is none.
pub fn tie_words(tied: u32) -> String {
    if tied == 0 { String::new() } else { format!("；另有 {tied} 人同样相符，无法区分") }
}

/// What differs between two mentions as they stand.
fn plain_difference(prepared: &Prepared<'_>, a: u32, b: u32) -> String {
    let (x, y) = (prepared.mention(a), prepared.mention(b));
    let said = [
        person_name::LADDER.label(prepared.name_level(a, b)),
        resident_id::LADDER.label(resident_id::compare((x.id, x.id_state), (y.id, y.id_state))),
        birth_date::LADDER.label(birth_date::compare(x.birth, y.birth)),
        sex::LADDER.label(sex::compare(x.sex, y.sex)),
    ];
    said.into_iter().filter(|label| !label.is_empty()).collect::<Vec<_>>().join("，")
}
