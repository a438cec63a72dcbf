//! Identities against persons: the contingency table and what follows from it. Pure arithmetic.

use serde::Serialize;

use super::{LinkQuality, Rows};

/// A mention's key (see `read::Places`) and its label: an identity, a number, anything.
pub(super) type Labels = Vec<(u64, u64)>;

/// Precision, recall and their harmonic mean, all 0–1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// Share of what was said that is right; 1 when nothing was said.
    pub precision: f64,
    /// Share of what is true that was said; 1 when there was nothing to say.
    pub recall: f64,
    /// Harmonic mean.
    pub f1: f64,
}

impl Quality {
    /// From counts or sums: right among said, right among true.
    pub(super) fn new((right_said, said): (f64, f64), (right_true, truth): (f64, f64)) -> Self {
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 1.0 };
        let (precision, recall) = (share(right_said, said), share(right_true, truth));
        let sum = precision + recall;
        let f1 = if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 };
        Self { precision, recall, f1 }
    }
}

/// One identity and one person that share mentions.
struct Cell {
    cluster: u32,
    person: u32,
    count: u32,
}

/// How many mentions each identity shares with each person. Sorted by identity, then person.
pub(super) struct Contingency {
    cells: Vec<Cell>,
    /// Mentions with truth of each identity.
    cluster_size: Vec<u32>,
    /// Truth rows of each person, missed ones included.
    person_size: Vec<u32>,
    rows: Rows,
}

impl Contingency {
    /// Joins truth rows (sorted by key, each key once) with a run's labels, which are sorted here.
    /// Of several labels for one key the smallest counts.
    pub(super) fn build(truth: &[(u64, u32)], labels: &mut Labels, persons: usize) -> Self {
        labels.sort_unstable();
        labels.dedup_by_key(|row| row.0);
        let mut joined: Vec<(u64, u32)> = Vec::with_capacity(labels.len());
        let mut person_size = vec![0_u32; persons];
        let mut rest = labels.iter().copied().peekable();
        let mut missed = 0_u64;
        for &(key, person) in truth {
            person_size[person as usize] += 1;
            while rest.next_if(|row| row.0 < key).is_some() {}
            match rest.next_if(|row| row.0 == key) {
                Some((_, label)) => joined.push((label, person)),
                None => missed += 1,
            }
        }
        let without_truth = (labels.len() - joined.len()) as u64;
        joined.sort_unstable();
        let mut table = Self {
            cells: Vec::new(),
            cluster_size: Vec::new(),
            person_size,
            rows: Rows { truth: truth.len() as u64, missed, without_truth },
        };
        let mut last = None;
        for (label, person) in joined {
            if last != Some(label) {
                table.cluster_size.push(0);
                last = Some(label);
            }
            let cluster = u32::try_from(table.cluster_size.len() - 1).expect("fewer than 2^32 mentions");
            if let Some(size) = table.cluster_size.last_mut() {
                *size += 1;
            }
            match table.cells.last_mut() {
                Some(cell) if cell.cluster == cluster && cell.person == person => cell.count += 1,
                _ => table.cells.push(Cell { cluster, person, count: 1 }),
            }
        }
        table
    }

    /// Over all persons.
    pub(super) fn links(&self) -> LinkQuality {
        let (pairs, mentions) = self.quality(|_| true);
        LinkQuality {
            precision: pairs.precision,
            recall: pairs.recall,
            f1: pairs.f1,
            mentions,
            rows: self.rows,
        }
    }

    /// Quality by pairs and by mentions over the persons that `within` tells. A pair that joins such
    /// a person with another counts against them.
    pub(super) fn quality(&self, within: impl Fn(u32) -> bool) -> (Quality, Quality) {
        let mut right_pairs = 0_u64;
        let (mut cube_precision, mut cube_recall, mut mentions) = (0.0_f64, 0.0_f64, 0_u64);
        let mut inside = vec![0_u32; self.cluster_size.len()];
        for cell in self.cells.iter().filter(|cell| within(cell.person)) {
            right_pairs += pairs(cell.count);
            inside[cell.cluster as usize] += cell.count;
            let square = f64::from(cell.count) * f64::from(cell.count);
            cube_precision += square / f64::from(self.cluster_size[cell.cluster as usize]);
            cube_recall += square / f64::from(self.person_size[cell.person as usize]);
            mentions += u64::from(cell.count);
        }
        let said: u64 = self
            .cluster_size
            .iter()
            .zip(&inside)
            .map(|(&size, &inside)| pairs(size) - pairs(size - inside))
            .sum();
        let (mut true_pairs, mut truth_rows) = (0_u64, 0_u64);
        for (person, &size) in (0_u32..).zip(&self.person_size) {
            if within(person) {
                true_pairs += pairs(size);
                truth_rows += u64::from(size);
            }
        }
        let right = right_pairs as f64;
        (
            Quality::new((right, said as f64), (right, true_pairs as f64)),
            Quality::new((cube_precision, mentions as f64), (cube_recall, truth_rows as f64)),
        )
    }
}

/// Number of pairs among `count` things.
fn pairs(count: u32) -> u64 {
    let count = u64::from(count);
    count * count.saturating_sub(1) / 2
}
