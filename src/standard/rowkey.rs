//! Row keys and the order of records: both follow from what the rows hold, never from where they stood.

use std::cmp::Ordering;

use arrow::array::{DynComparator, make_comparator};
use arrow::compute::SortOptions;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::column::Column;
use crate::domain::{Contract, FieldKind};

/// Where a row stood: names of file and sheet and the row as Excel shows it. Decides only between
/// rows that hold the same.
pub(super) type Stand<'a> = (&'a str, &'a str, u32);

/// Records in their order.
pub(super) struct Order {
    /// Row keys.
    pub(super) keys: Vec<String>,
    /// Rows in the order of the files.
    pub(super) rows: Vec<u32>,
}

/// Orders the kept rows by key, then by content. The second and later rows of one key are
/// `key#2`, `key#3` … in the order of their content.
///
/// `columns` are in contract order, all in the order of the files.
pub(super) fn order<'a>(
    contract: &Contract,
    columns: &[Column],
    kept: Vec<u32>,
    stand: impl Fn(u32) -> Stand<'a> + Sync,
) -> Order {
    let maker = KeyMaker::new(contract);
    let mut rows: Vec<(String, u32)> =
        kept.into_par_iter().map(|row| (maker.key(columns, row as usize), row)).collect();
    let content = comparators(columns);
    let compare = |left: &(String, u32), right: &(String, u32)| {
        left.0
            .cmp(&right.0)
            .then_with(|| compare_content(&content, left.1 as usize, right.1 as usize))
            .then_with(|| stand(left.1).cmp(&stand(right.1)))
    };
    if !rows.is_sorted_by(|left, right| compare(left, right) != Ordering::Greater) {
        rows.par_sort_unstable_by(compare);
    }
    let mut order = Order { keys: Vec::with_capacity(rows.len()), rows: Vec::with_capacity(rows.len()) };
    let (mut base, mut seen) = (String::new(), 0_u32);
    for (key, row) in rows {
        seen = if key == base { seen + 1 } else { 1 };
        order.keys.push(if seen == 1 { key.clone() } else { format!("{key}#{seen}") });
        order.rows.push(row);
        base = key;
    }
    order
}

fn comparators(columns: &[Column]) -> Vec<DynComparator> {
    columns
        .iter()
        .flat_map(|column| [&column.values, &column.raw])
        .map(|array| {
            make_comparator(array, array, SortOptions::default())
                .expect("text, days and numbers have an order")
        })
        .collect()
}

fn compare_content(comparators: &[DynComparator], left: usize, right: usize) -> Ordering {
    comparators
        .iter()
        .map(|compare| compare(left, right))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Makes the key of a row: the agency's own numbers as they are, personal values as a digest.
struct KeyMaker {
    fields: Vec<(usize, FieldKind)>,
    digest: bool,
}

impl KeyMaker {
    fn new(contract: &Contract) -> Self {
        let keyed = contract.key.iter().filter_map(|field| {
            let (index, _, spec) = contract.field.get_full(field)?;
            Some((index, spec.kind))
        });
        let mut fields: Vec<_> = keyed.collect();
        let digest = fields.is_empty() || fields.iter().any(|(_, kind)| is_personal(*kind));
        if fields.is_empty() {
            fields = contract.field.values().map(|spec| spec.kind).enumerate().collect();
        }
        Self { fields, digest }
    }

    fn key(&self, columns: &[Column], row: usize) -> String {
        let mut joined = String::with_capacity(32);
        for (position, &(field, kind)) in self.fields.iter().enumerate() {
            if position > 0 {
                joined.push('|');
            }
            if let Some(text) = columns[field].text_or_raw(row) {
                let text = if kind == FieldKind::CardNumber { card_base(&text) } else { &text };
                joined.push_str(text);
            }
        }
        if self.digest { digest(&joined) } else { joined }
    }
}

/// Values that may not stand in a key: keys travel into findings, cases and file names.
const fn is_personal(kind: FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::Name
            | FieldKind::ResidentId
            | FieldKind::CardNumber
            | FieldKind::RollNumber
            | FieldKind::Phone
            | FieldKind::Address
    )
}

/// A disability-card number without the mark of its re-issue: the same card all its life.
pub(super) fn card_base(number: &str) -> &str {
    match number.char_indices().nth(20) {
        Some((end, 'B')) => &number[..end],
        _ => number,
    }
}

/// The first eight bytes of the SHA-256 in hex.
fn digest(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text.as_bytes()).iter().take(8).fold(String::with_capacity(16), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string does not fail");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reissued_card_keeps_its_number() {
        for (number, base) in [
            ("32068120110101001243", "32068120110101001243"),
            ("32068120110101001243B1", "32068120110101001243"),
            ("32068120110101001243B12", "32068120110101001243"),
            ("残字第12号", "残字第12号"),
        ] {
            assert_eq!(card_base(number), base);
        }
    }

    #[test]
    fn a_digest_is_sixteen_hex_digits_of_sha_256() {
        assert_eq!(digest("abc"), "ba7816bf8f01cfea");
    }
}
