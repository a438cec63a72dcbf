//! Rows that come twice: the whole row again is dropped, the same key with other content stays and
//! is reported.

use std::hash::Hasher;

use arrow::array::{Array, BooleanArray, StringArray};
use arrow::record_batch::RecordBatch;
use rustc_hash::{FxHashMap, FxHasher};

/// What was found among the rows of one extract.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Duplicates {
    /// Rows that repeat an earlier row in every field, ascending.
    pub(super) repeated: Vec<usize>,
    /// Rows that have the key of an earlier row and differ from it, ascending.
    pub(super) conflicting: Vec<usize>,
}

impl Duplicates {
    /// Which rows stay; `None` when all do.
    pub(super) fn kept(&self, rows: usize) -> Option<BooleanArray> {
        if self.repeated.is_empty() {
            return None;
        }
        let mut keep = vec![true; rows];
        for &row in &self.repeated {
            keep[row] = false;
        }
        Some(BooleanArray::from(keep))
    }
}

/// The first row with given values in some columns.
struct FirstRows<'a> {
    columns: Vec<&'a StringArray>,
    seen: FxHashMap<u64, usize>,
}

impl<'a> FirstRows<'a> {
    fn new(columns: Vec<&'a StringArray>) -> Self {
        Self { columns, seen: FxHashMap::default() }
    }

    fn has_null(&self, row: usize) -> bool {
        self.columns.iter().any(|column| column.is_null(row))
    }

    /// The earlier row with the same values, or `None` and the row is remembered. Equal hashes are
    /// checked against the values, so the answer never depends on the hash.
    fn earlier(&mut self, row: usize) -> Option<usize> {
        let mut hash = self.hash(row);
        loop {
            match self.seen.get(&hash) {
                None => {
                    self.seen.insert(hash, row);
                    return None;
                }
                Some(&first) if self.equal(first, row) => return Some(first),
                Some(_) => hash = hash.rotate_left(7).wrapping_add(0x9e37_79b9_7f4a_7c15),
            }
        }
    }

    fn hash(&self, row: usize) -> u64 {
        let mut hasher = FxHasher::default();
        for column in &self.columns {
            hasher.write_u8(u8::from(column.is_null(row)));
            hasher.write(value(column, row).as_bytes());
            hasher.write_u8(0xff);
        }
        hasher.finish()
    }

    fn equal(&self, left: usize, right: usize) -> bool {
        self.columns.iter().all(|column| {
            column.is_null(left) == column.is_null(right) && value(column, left) == value(column, right)
        })
    }
}

/// Keys are compared without the spaces around them.
fn value(column: &StringArray, row: usize) -> &str {
    if column.is_null(row) { "" } else { column.value(row).trim() }
}

/// Looks for rows that come twice. `key` are column indices; without a key, or where a part of it
/// is empty, only rows that are equal as a whole count.
pub(super) fn find(batch: &RecordBatch, key: &[usize]) -> Duplicates {
    let column = |index: usize| batch.column(index).as_any().downcast_ref::<StringArray>();
    let all: Vec<&StringArray> = (0..batch.num_columns()).filter_map(column).collect();
    let keys: Vec<&StringArray> = key.iter().filter_map(|&index| column(index)).collect();
    let (mut by_key, mut by_row) = (FirstRows::new(keys), FirstRows::new(all));
    let mut found = Duplicates::default();
    for row in 0..batch.num_rows() {
        if key.is_empty() || by_key.has_null(row) {
            if by_row.earlier(row).is_some() {
                found.repeated.push(row);
            }
            continue;
        }
        let Some(first) = by_key.earlier(row) else { continue };
        // Only rows that share a key are ever compared as a whole, so this table stays small.
        by_row.earlier(first);
        if by_row.earlier(row).is_some() {
            found.repeated.push(row);
        } else {
            found.conflicting.push(row);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::ArrayRef;

    use super::*;

    fn check(rows: &[(Option<&str>, &str)], key: &[usize], repeated: &[usize], conflicting: &[usize]) {
        let left: StringArray = rows.iter().map(|row| row.0).collect();
        let right: StringArray = rows.iter().map(|row| Some(row.1)).collect();
        let columns: [(&str, ArrayRef); 2] = [("k", Arc::new(left)), ("v", Arc::new(right))];
        let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(n, a)| (n, a, true))).unwrap();
        let expected = Duplicates { repeated: repeated.to_vec(), conflicting: conflicting.to_vec() };
        assert_eq!(find(&batch, key), expected);
    }

    #[test]
    fn repeated_and_conflicting_rows() {
        let (a, b) = (Some("a"), Some("b"));
        check(&[(a, "1"), (b, "1"), (a, "1")], &[0], &[2], &[]);
        check(&[(a, "1"), (a, "2"), (a, "2"), (a, "1")], &[0], &[2, 3], &[1]);
        check(&[(a, "1"), (Some(" a"), "1")], &[0], &[1], &[]);
        check(&[(None, "1"), (None, "2"), (None, "1")], &[0], &[2], &[]);
        check(&[(a, "1"), (a, "2"), (a, "1")], &[], &[2], &[]);
    }
}
