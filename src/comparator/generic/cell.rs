//! Values of any table, read once and compared many times.

use crate::domain::Day;
use crate::kernel::strings::Symbols;

/// One value of one row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing is known.
    Null,
    /// Text.
    Text(Symbols),
    /// A number, whole or not; exact up to 2⁵³.
    Number(f64),
    /// A day.
    Day(Day),
    /// A moment, in seconds since 1970.
    Moment(f64),
    /// Several texts.
    List(Box<[Symbols]>),
    /// A row of numbers, such as an embedding.
    Vector(Box<[f64]>),
}

/// What kind of values a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// [`Cell::Text`].
    Text,
    /// [`Cell::Number`].
    Number,
    /// [`Cell::Day`].
    Day,
    /// [`Cell::Moment`].
    Moment,
    /// [`Cell::List`].
    List,
    /// [`Cell::Vector`].
    Vector,
}

impl Kind {
    /// The word for messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Day => "day",
            Self::Moment => "moment",
            Self::List => "list of texts",
            Self::Vector => "row of numbers",
        }
    }
}

/// Seconds of a day.
const DAY_SECONDS: f64 = 86_400.0;

impl Cell {
    /// A text; the empty text is a value, not a missing one.
    pub fn text(text: &str) -> Self {
        Self::Text(Symbols::new(text))
    }

    /// A list of texts.
    pub fn list(items: &[&str]) -> Self {
        Self::List(items.iter().map(|item| Symbols::new(item)).collect())
    }

    /// Its kind; none for [`Cell::Null`].
    pub const fn kind(&self) -> Option<Kind> {
        match self {
            Self::Null => None,
            Self::Text(_) => Some(Kind::Text),
            Self::Number(_) => Some(Kind::Number),
            Self::Day(_) => Some(Kind::Day),
            Self::Moment(_) => Some(Kind::Moment),
            Self::List(_) => Some(Kind::List),
            Self::Vector(_) => Some(Kind::Vector),
        }
    }

    /// Seconds since 1970 of a day or a moment.
    pub fn seconds(&self) -> Option<f64> {
        match self {
            Self::Day(day) => Some(f64::from(day.days()) * DAY_SECONDS),
            Self::Moment(seconds) => Some(*seconds),
            _ => None,
        }
    }

    /// Whether two values are equal; not known when one is missing or they are of different kinds (days
    /// and moments are one kind here).
    pub fn same(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(a == b),
            (Self::List(a), Self::List(b)) => Some(a == b),
            (Self::Number(a), Self::Number(b)) => Some(a.total_cmp(b).is_eq() || a - b == 0.0),
            (Self::Vector(a), Self::Vector(b)) => Some(a == b),
            _ => Some(self.seconds()?.total_cmp(&other.seconds()?).is_eq()),
        }
    }
}

/// A cell as a key: equal cells have equal keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CellKey {
    /// A text.
    Text(Symbols),
    /// Bits of a number, or of the seconds of a day or moment.
    Number(u64),
    /// Texts.
    List(Box<[Symbols]>),
    /// Bits of numbers.
    Vector(Box<[u64]>),
}

impl CellKey {
    /// The key of a cell; none for a missing one.
    pub fn of(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Null => None,
            Cell::Text(text) => Some(Self::Text(text.clone())),
            // Adding zero makes the two zeros one.
            Cell::Number(number) => Some(Self::Number((number + 0.0).to_bits())),
            Cell::Day(_) | Cell::Moment(_) => cell.seconds().map(|at| Self::Number((at + 0.0).to_bits())),
            Cell::List(items) => Some(Self::List(items.clone())),
            Cell::Vector(numbers) => {
                Some(Self::Vector(numbers.iter().map(|number| (number + 0.0).to_bits()).collect()))
            }
        }
    }
}
