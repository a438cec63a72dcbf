//! How frequent the values of a column are.

use std::collections::BTreeMap;

use crate::comparator::generic::Cell;
use crate::kernel::strings::Symbols;

/// Shares of the values of a column among those that are not missing. Counted over all tables together, as
/// Splink does, or over a register.
#[derive(Clone, Debug, Default)]
pub struct Frequencies {
    counts: BTreeMap<Key, u64>,
    total: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Text(Symbols),
    Number(u64),
    List(Box<[Symbols]>),
    Vector(Box<[u64]>),
}

impl Key {
    fn of(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Null => None,
            Cell::Text(text) => Some(Self::Text(text.clone())),
            // Adding zero makes the two zeros one.
            Cell::Number(number) => Some(Self::Number((number + 0.0).to_bits())),
            Cell::Day(_) | Cell::Moment(_) => cell.seconds().map(|seconds| Self::Number(seconds.to_bits())),
            Cell::List(items) => Some(Self::List(items.clone())),
            Cell::Vector(numbers) => {
                Some(Self::Vector(numbers.iter().map(|number| number.to_bits()).collect()))
            }
        }
    }
}

impl Frequencies {
    /// Counts the values of a column.
    pub fn count<'a>(values: impl IntoIterator<Item = &'a Cell>) -> Self {
        let mut found = Self::default();
        for key in values.into_iter().filter_map(Key::of) {
            *found.counts.entry(key).or_insert(0) += 1;
            found.total += 1;
        }
        found
    }

    /// Share of a value; none for a missing one and one that was not counted.
    pub fn of(&self, value: &Cell) -> Option<f64> {
        let count = *self.counts.get(&Key::of(value)?)?;
        Some(count as f64 / self.total as f64)
    }
}
