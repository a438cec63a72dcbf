//! The rows of any tables as columns, each different value held once.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::cell::{Cell, CellKey, Kind};

/// Code of the missing value in every column.
pub const MISSING: u32 = 0;

/// Bytes of a text for which there is room from the start.
const LENGTH_GUESSED: usize = 16;

/// Many texts in one piece of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    all: String,
    ends: Vec<usize>,
}

impl Texts {
    /// None yet, with room for so many.
    pub fn with_room(texts: usize) -> Self {
        Self { all: String::with_capacity(texts * LENGTH_GUESSED), ends: Vec::with_capacity(texts) }
    }

    /// Adds a text.
    pub fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(self.all.len());
    }

    /// The text at a place.
    ///
    /// # Panics
    /// When there is none.
    pub fn get(&self, at: usize) -> &str {
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[begin..self.ends[at]]
    }

    /// Number of texts.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds all texts of another one.
    pub fn extend(&mut self, others: &Self) {
        let before = self.all.len();
        self.all.push_str(&others.all);
        self.ends.extend(others.ends.iter().map(|end| before + end));
    }

    /// The same texts in another order.
    #[must_use]
    pub fn ordered(&self, order: &[u32]) -> Self {
        let mut out = Self { all: String::with_capacity(self.all.len()), ends: Vec::new() };
        out.ends.reserve_exact(order.len());
        for &at in order {
            out.push(self.get(at as usize));
        }
        out
    }
}

/// One column: a code for each row, and the value of each code. Code 0 is the missing value.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Kind of its values.
    pub kind: Kind,
    /// Code of each row's value.
    pub codes: Vec<u32>,
    /// Value of each code.
    pub values: Vec<Cell>,
}

impl Column {
    /// A column from the cells of all rows.
    pub fn new(kind: Kind, cells: impl IntoIterator<Item = Cell>) -> Self {
        let mut codes = Codes::default();
        let rows = cells.into_iter().map(|cell| codes.of(&cell)).collect();
        Self { kind, codes: rows, values: codes.values() }
    }

    /// The same rows in another order; codes count up in the order in which values are met.
    #[must_use]
    pub fn ordered(self, order: &[u32]) -> Self {
        let mut new_of = vec![u32::MAX; self.values.len()];
        new_of[MISSING as usize] = MISSING;
        let mut next = 1;
        let mut old_of = vec![MISSING];
        let codes = order.iter().map(|&row| {
            let old = self.codes[row as usize];
            let new = &mut new_of[old as usize];
            if *new == u32::MAX {
                *new = next;
                next += 1;
                old_of.push(old);
            }
            *new
        });
        let codes = codes.collect();
        let mut values = self.values;
        let values = old_of.iter().map(|&old| std::mem::replace(&mut values[old as usize], Cell::Null));
        Self { kind: self.kind, codes, values: values.collect() }
    }

    /// How many rows have each code.
    pub fn counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.values.len()];
        self.codes.iter().for_each(|&code| counts[code as usize] += 1);
        counts
    }
}

/// Gives codes to cells, the same code to equal ones, counting up from 1.
#[derive(Debug, Default)]
pub struct Codes {
    known: FxHashMap<CellKey, u32>,
    cells: Vec<Cell>,
}

impl Codes {
    /// The code of a cell.
    pub fn of(&mut self, cell: &Cell) -> u32 {
        let Some(key) = CellKey::of(cell) else { return MISSING };
        let next = number(self.cells.len() + 1);
        *self.known.entry(key).or_insert_with(|| {
            self.cells.push(cell.clone());
            next
        })
    }

    /// The same for a cell that nobody needs any more.
    pub fn of_owned(&mut self, cell: Cell) -> u32 {
        let Some(key) = CellKey::of(&cell) else { return MISSING };
        let next = number(self.cells.len() + 1);
        *self.known.entry(key).or_insert_with(|| {
            self.cells.push(cell);
            next
        })
    }

    /// The values by code, the missing one first.
    pub fn values(self) -> Vec<Cell> {
        std::iter::once(Cell::Null).chain(self.cells).collect()
    }
}

/// One code for several columns of codes, the same for rows that agree in all of them. Codes count up from 1
/// in the order of the columns' codes. Sorted by counting, column by column, the last one first: several
/// times faster than looking pairs of codes up.
///
/// ```
/// use doudi::comparator::generic::joined_codes;
/// assert_eq!(joined_codes(&[vec![2, 1, 2, 2], vec![0, 7, 5, 0]]), [2, 1, 3, 2]);
/// ```
pub fn joined_codes(columns: &[Vec<u32>]) -> Vec<u32> {
    let rows = columns.first().map_or(0, Vec::len);
    let mut order: Vec<u32> = (0..number(rows)).collect();
    let mut sorted = vec![0; rows];
    for column in columns.iter().rev() {
        let mut next = vec![0_u32; column.iter().max().map_or(0, |most| *most as usize) + 2];
        for &code in column {
            next[code as usize + 1] += 1;
        }
        for code in 1..next.len() {
            next[code] += next[code - 1];
        }
        for &row in &order {
            let place = &mut next[column[row as usize] as usize];
            sorted[*place as usize] = row;
            *place += 1;
        }
        std::mem::swap(&mut order, &mut sorted);
    }
    let mut codes = sorted;
    let mut code = 0;
    let mut before = None;
    for row in order.into_iter().map(|row| row as usize) {
        let same =
            before.is_some_and(|before: usize| columns.iter().all(|column| column[before] == column[row]));
        code += u32::from(!same);
        codes[row] = code;
        before = Some(row);
    }
    codes
}

/// The table and the beginning of an id as a number that sorts like them.
fn head(source: u16, id: &str) -> u128 {
    let mut bytes = [0; 16];
    bytes[..2].copy_from_slice(&source.to_be_bytes());
    bytes[2..].iter_mut().zip(id.as_bytes()).for_each(|(place, byte)| *place = *byte);
    u128::from_be_bytes(bytes)
}

/// A count as a code or row number.
///
/// # Panics
/// With 2³² of them or more.
pub fn number(count: usize) -> u32 {
    u32::try_from(count).expect("fewer than 2^32 rows and values")
}

/// The rows of one or several tables with the columns they have in common, sorted by table and id. A
/// row's number is its place; it depends on ids, never on where a row stood in its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Names of the tables.
    pub sources: Vec<String>,
    /// Table of each row.
    pub source: Vec<u16>,
    /// Id of each row.
    pub ids: Texts,
    /// Columns by name.
    pub columns: BTreeMap<String, Column>,
}

impl Frame {
    /// Puts rows in order. The ids that stand more than once in one table come back as an error: their
    /// rows' places in the order of coming.
    ///
    /// # Errors
    /// Two rows of one table with one id.
    pub fn new(
        sources: Vec<String>,
        source: &[u16],
        ids: &Texts,
        columns: BTreeMap<String, Column>,
    ) -> Result<Self, (usize, usize)> {
        let key = |&row: &u32| (source[row as usize], ids.get(row as usize));
        let mut heads: Vec<(u128, u32)> = (0..number(ids.len()))
            .map(|row| (head(source[row as usize], ids.get(row as usize)), row))
            .collect();
        // Most rows are told apart by what fits in one number; the ids themselves are looked at for the rest.
        heads.sort_unstable_by(|(a, one), (b, other)| {
            a.cmp(b).then_with(|| key(one).cmp(&key(other))).then(one.cmp(other))
        });
        let same = |two: &&[(u128, u32)]| two[0].0 == two[1].0 && key(&two[0].1) == key(&two[1].1);
        if let Some(twice) = heads.windows(2).find(same) {
            return Err((twice[0].1 as usize, twice[1].1 as usize));
        }
        let order: Vec<u32> = heads.into_iter().map(|(_, row)| row).collect();
        Ok(Self {
            source: order.iter().map(|&row| source[row as usize]).collect(),
            ids: ids.ordered(&order),
            columns: columns.into_iter().map(|(name, column)| (name, column.ordered(&order))).collect(),
            sources,
        })
    }

    /// Number of rows.
    pub const fn len(&self) -> usize {
        self.source.len()
    }

    /// Whether there are no rows.
    pub const fn is_empty(&self) -> bool {
        self.source.is_empty()
    }

    /// The row of a table and an id.
    pub fn find(&self, source: u16, id: &str) -> Option<u32> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match (self.source[middle], self.ids.get(middle)).cmp(&(source, id)) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(number(middle)),
            }
        }
        None
    }

    /// The kind of a column, when there is such a column.
    pub fn kind(&self, column: &str) -> Option<Kind> {
        self.columns.get(column).map(|column| column.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(rows: &[(u16, &str, &str)]) -> Result<Frame, (usize, usize)> {
        let mut ids = Texts::default();
        for (_, id, _) in rows {
            ids.push(id);
        }
        let source: Vec<u16> = rows.iter().map(|(source, ..)| *source).collect();
        let cells = rows.iter().map(|(.., text)| if text.is_empty() { Cell::Null } else { Cell::text(text) });
        let columns = BTreeMap::from([("a".to_owned(), Column::new(Kind::Text, cells))]);
        Frame::new(vec!["x".into(), "y".into()], &source, &ids, columns)
    }

    #[test]
    fn rows_stand_by_table_and_id_and_codes_follow_them() {
        let one = frame(&[(1, "a", "k"), (0, "c", ""), (0, "b", "m"), (1, "b", "m")]).unwrap();
        let other = frame(&[(0, "b", "m"), (1, "b", "m"), (0, "c", ""), (1, "a", "k")]).unwrap();
        assert_eq!(one, other);
        assert_eq!((one.ids.get(0), one.ids.get(1), one.ids.get(2)), ("b", "c", "a"));
        assert_eq!((one.find(1, "b"), one.find(0, "b"), one.find(1, "c")), (Some(3), Some(0), None));
        assert_eq!(one.columns["a"].codes, [1, 0, 2, 1]);
        assert_eq!(one.columns["a"].values, [Cell::Null, Cell::text("m"), Cell::text("k")]);
        assert_eq!(one.columns["a"].counts(), [1, 2, 1]);
    }

    #[test]
    fn long_ids_stand_in_their_order_too() {
        let ids = ["a-very-long-beginning-2", "a-very-long-beginning-10", "a-very-long-beginning", "a\u{0}"];
        let found = frame(&ids.map(|id| (0, id, "x"))).unwrap();
        let mut sorted = ids;
        sorted.sort_unstable();
        assert_eq!((0..4).map(|row| found.ids.get(row)).collect::<Vec<_>>(), sorted);
    }

    #[test]
    fn an_id_twice_in_a_table_is_told() {
        assert_eq!(frame(&[(0, "b", ""), (0, "a", ""), (0, "b", "")]), Err((0, 2)));
    }
}
