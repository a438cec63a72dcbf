//! How frequent the values of a column are.

use std::collections::BTreeMap;

use crate::comparator::generic::{Cell, CellKey};

/// Shares of the values of a column among those that are not missing: counted over all tables together, as
/// Splink does, or given by a table, such as the names of a register.
#[derive(Clone, Debug, Default)]
pub struct Frequencies {
    shares: BTreeMap<CellKey, f64>,
    unlisted: Option<f64>,
}

impl Frequencies {
    /// Counts the values of a column.
    pub fn count<'a>(values: impl IntoIterator<Item = &'a Cell>) -> Self {
        Self::given(values.into_iter().map(|value| (value, 1.0)), None, None)
    }

    /// What a table says. Frequencies are parts of `total`, else of their sum; values that the table does not
    /// have are as frequent as `unlisted`, else not known.
    pub fn given<'a>(
        values: impl IntoIterator<Item = (&'a Cell, f64)>,
        total: Option<f64>,
        unlisted: Option<f64>,
    ) -> Self {
        let mut shares: BTreeMap<CellKey, f64> = BTreeMap::new();
        for (value, frequency) in values {
            if let Some(key) = CellKey::of(value) {
                *shares.entry(key).or_insert(0.0) += frequency;
            }
        }
        let total = total.unwrap_or_else(|| shares.values().sum());
        for share in shares.values_mut() {
            *share /= total;
        }
        Self { shares, unlisted: unlisted.map(|frequency| frequency / total) }
    }

    /// Share of a value; none for a missing one and one that is not known.
    pub fn of(&self, value: &Cell) -> Option<f64> {
        self.shares.get(&CellKey::of(value)?).copied().or(self.unlisted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_gives_parts_of_its_sum_or_of_what_it_says() {
        let (wang, li, other) = (Cell::text("王"), Cell::text("李"), Cell::text("欧"));
        let table = || [(&wang, 30.0), (&li, 10.0), (&Cell::Null, 9.0)];
        let share = |found: &Frequencies, of: &Cell| found.of(of).map(|share| (share * 1000.0).round());
        let sum = Frequencies::given(table(), None, None);
        assert_eq!((share(&sum, &wang), share(&sum, &li)), (Some(750.0), Some(250.0)));
        assert_eq!((share(&sum, &other), share(&sum, &Cell::Null)), (None, None));
        let part = Frequencies::given(table(), Some(100.0), Some(1.0));
        assert_eq!((share(&part, &wang), share(&part, &other)), (Some(300.0), Some(10.0)));
        assert_eq!(part.of(&Cell::Null), None);
    }
}
