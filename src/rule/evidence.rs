//! How sure a finding is: the links its rows rest on.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use super::draft::Draft;
use super::world::World;
use crate::domain::{Evidence, Grade, row_keys};

/// Positions of the rows that findings name: extract → row key → row.
pub(super) struct RowIndex {
    rows: BTreeMap<String, BTreeMap<String, u32>>,
}

impl RowIndex {
    /// Looks up the rows of these drafts, one scan per extract.
    pub(super) fn new<'d>(world: &World, drafts: impl Iterator<Item = &'d Draft>) -> Self {
        let mut wanted: BTreeMap<&str, FxHashSet<&str>> = BTreeMap::new();
        for draft in drafts {
            wanted.entry(&draft.subject.extract).or_default().insert(&draft.row_key);
            for evidence in &draft.evidence {
                wanted.entry(&evidence.extract).or_default().extend(evidence.keys.iter().map(String::as_str));
            }
        }
        let mut rows = BTreeMap::new();
        for (extract, keys) in wanted {
            let mut found: BTreeMap<String, u32> = BTreeMap::new();
            let column = world.extract(extract).and_then(|(_, set)| row_keys(&set.batch));
            for (row, key) in (0_u32..).zip(column.into_iter().flat_map(|column| column.iter())) {
                if let Some(key) = key
                    && keys.contains(key)
                {
                    found.entry(key.to_owned()).or_insert(row);
                }
            }
            rows.insert(extract.to_owned(), found);
        }
        Self { rows }
    }

    /// The row of a key.
    pub(super) fn row(&self, extract: &str, key: &str) -> Option<u32> {
        self.rows.get(extract)?.get(key).copied()
    }
}

/// What the rows of a draft say about it.
pub(super) struct Support {
    /// Product over the needed rows, and the best of each group of corroborating ones.
    pub(super) confidence: f64,
    /// Weakest grade of these.
    pub(super) grade: Grade,
    /// Weakest grade of what is not the subject's own row; `None` without such rows.
    pub(super) others: Option<Grade>,
    /// Rows to show.
    pub(super) evidence: Vec<Evidence>,
}

/// Weighs a draft. `subject` is the mention of its own row.
///
/// A row supports the finding through the mention that belongs to the subject or to a relative the
/// SELECT names; a row none of whose mentions does so counts with its weakest mention.
///
/// # Errors
/// When a row key is not in its extract, which is a fault of the SELECT.
pub(super) fn support(
    world: &World,
    index: &RowIndex,
    draft: &Draft,
    subject: usize,
) -> Result<Support, String> {
    let persons: BTreeSet<i64> =
        draft.relatives.iter().copied().chain([world.resolution.identity[subject].0]).collect();
    let own = Evidence { extract: draft.subject.extract.clone(), row_key: draft.row_key.clone() };
    let row = world.mentions.mentions[subject].row;
    let (confidence, grade) = row_support(world, &draft.subject.extract, row, &persons);
    let mut support = Support { confidence, grade, others: None, evidence: vec![own] };
    let mut seen: BTreeSet<(&str, &str)> =
        BTreeSet::from([(draft.subject.extract.as_str(), draft.row_key.as_str())]);
    for group in &draft.evidence {
        let mut rows = Vec::new();
        for key in &group.keys {
            if !seen.insert((group.extract.as_str(), key.as_str())) {
                continue;
            }
            let row = index
                .row(&group.extract, key)
                .ok_or_else(|| format!("evidence_{} names a row that is not there", group.extract))?;
            let (probability, grade) = row_support(world, &group.extract, row, &persons);
            rows.push((grade, probability, key));
        }
        let Some(best) = rows.iter().map(|(grade, ..)| *grade).min() else { continue };
        // A corroborating row that is weaker than A/B adds nothing where a strong one stands.
        let kept = |grade: Grade| !group.corroborating || grade <= best.max(Grade::B);
        rows.retain(|(grade, ..)| kept(*grade));
        let (weakest, confidence) = if group.corroborating {
            (best, rows.iter().map(|(_, probability, _)| *probability).fold(0.0, f64::max))
        } else {
            (
                rows.iter().map(|(grade, ..)| *grade).max().unwrap_or(best),
                rows.iter().map(|(_, p, _)| *p).product(),
            )
        };
        support.confidence *= confidence;
        support.grade = support.grade.max(weakest);
        support.others = Some(support.others.map_or(weakest, |grade| grade.max(weakest)));
        let kept = rows
            .iter()
            .map(|(_, _, key)| Evidence { extract: group.extract.clone(), row_key: (*key).clone() });
        support.evidence.extend(kept);
    }
    Ok(support)
}

/// Support of one row: for each person of the finding named in it the best mention, together; when
/// it names none of them, its weakest mention.
fn row_support(world: &World, extract: &str, row: u32, persons: &BTreeSet<i64>) -> (f64, Grade) {
    let Some((index, _)) = world.extract(extract) else { return (1.0, Grade::A) };
    let resolution = world.resolution;
    let mut linked: BTreeMap<i64, (f64, Grade)> = BTreeMap::new();
    let mut weakest: Option<(f64, Grade)> = None;
    for mention in world.mentions_of_row(index, row) {
        let (probability, grade) = (f64::from(resolution.probability[mention]), resolution.grade[mention]);
        let person = resolution.identity[mention].0;
        if persons.contains(&person) {
            let best = linked.entry(person).or_insert((probability, grade));
            *best = (best.0.max(probability), best.1.min(grade));
        }
        let all = weakest.unwrap_or((probability, grade));
        weakest = Some((all.0.min(probability), all.1.max(grade)));
    }
    let together = linked.into_values().reduce(|a, b| (a.0 * b.0, a.1.max(b.1)));
    together.or(weakest).unwrap_or((1.0, Grade::A))
}
