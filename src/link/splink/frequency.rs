//! How frequent the values of a column are.

use std::collections::BTreeMap;

use crate::comparator::generic::{Cell, CellKey};

/// Shares of the values of a column among those that are not missing. Counted over all tables together, as
/// Splink does, or over a register.
#[derive(Clone, Debug, Default)]
pub struct Frequencies {
    counts: BTreeMap<CellKey, u64>,
    total: u64,
}

impl Frequencies {
    /// Counts the values of a column.
    pub fn count<'a>(values: impl IntoIterator<Item = &'a Cell>) -> Self {
        let mut found = Self::default();
        for key in values.into_iter().filter_map(CellKey::of) {
            *found.counts.entry(key).or_insert(0) += 1;
            found.total += 1;
        }
        found
    }

    /// Share of a value; none for a missing one and one that was not counted.
    pub fn of(&self, value: &Cell) -> Option<f64> {
        let count = *self.counts.get(&CellKey::of(value)?)?;
        Some(count as f64 / self.total as f64)
    }
}
