//! Levenshtein distance: fewest insertions, deletions and substitutions of one character.

use super::masks::{Masks, WORD};
use super::symbols::{Symbol, same, trimmed};
use super::{Symbols, on_slices};

/// The distance, in characters.
///
/// ```
/// use doudi::kernel::strings::{Symbols, levenshtein};
/// assert_eq!(levenshtein(&Symbols::new("martha"), &Symbols::new("marhta")), 2);
/// ```
pub fn levenshtein(a: &Symbols, b: &Symbols) -> usize {
    let most = a.len().max(b.len());
    on_slices!(within, a, b, most).unwrap_or(most)
}

/// The distance when it is at most `max`, else nothing. Cheaper the smaller `max` is.
pub fn levenshtein_within(a: &Symbols, b: &Symbols, max: usize) -> Option<usize> {
    on_slices!(within, a, b, max)
}

pub(super) fn within<A: Symbol, B: Symbol>(a: &[A], b: &[B], max: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > max {
        return None;
    }
    let (a, b) = trimmed(a, b);
    if a.is_empty() || b.is_empty() {
        return Some(a.len().max(b.len())).filter(|&distance| distance <= max);
    }
    if max == 0 {
        return None;
    }
    if a.len() <= WORD {
        bits(a, b, max)
    } else if b.len() <= WORD {
        bits(b, a, max)
    } else {
        banded(a, b, max)
    }
}

/// Myers' algorithm (1999) in the form of Hyyrö (2003): a column of the table in two words, one bit where
/// the value rises and one where it falls from row to row. `pattern` has 1 to 64 characters.
fn bits<A: Symbol, B: Symbol>(pattern: &[A], text: &[B], max: usize) -> Option<usize> {
    let masks = Masks::new(pattern);
    let last = 1_u64 << (pattern.len() - 1);
    let (mut rises, mut falls) = (u64::MAX, 0_u64);
    let mut distance = pattern.len();
    for (column, symbol) in text.iter().enumerate() {
        let equal = masks.of(*symbol);
        let vertical = equal | falls;
        let diagonal = ((equal & rises).wrapping_add(rises) ^ rises) | equal;
        let mut right_rises = falls | !(diagonal | rises);
        let mut right_falls = rises & diagonal;
        distance += usize::from(right_rises & last != 0);
        distance -= usize::from(right_falls & last != 0);
        // Each further column lowers the distance by one at most.
        if distance > max.saturating_add(text.len() - column - 1) {
            return None;
        }
        right_rises = (right_rises << 1) | 1;
        right_falls <<= 1;
        rises = right_falls | !(vertical | right_rises);
        falls = right_rises & vertical;
    }
    Some(distance).filter(|&distance| distance <= max)
}

/// The table row by row, only where a distance of at most `max` is possible.
fn banded<A: Symbol, B: Symbol>(a: &[A], b: &[B], max: usize) -> Option<usize> {
    let out = max.saturating_add(1);
    let mut row: Vec<usize> = (0..=b.len()).map(|column| column.min(out)).collect();
    for (at, symbol) in a.iter().enumerate() {
        let from = (at + 1).saturating_sub(max);
        let to = (at + 1).saturating_add(max).min(b.len());
        let mut diagonal = row[from.saturating_sub(1)];
        // Left of the band nothing is within reach; the first column counts deletions.
        let mut left = if from == 0 { (at + 1).min(out) } else { out };
        let mut least = left;
        if from == 0 {
            diagonal = row[0];
            row[0] = left;
        } else {
            row[from - 1] = out;
        }
        for column in from.max(1)..=to {
            let above = if column == (at + 1).saturating_add(max) { out } else { row[column] };
            let changed = diagonal + usize::from(!same(*symbol, b[column - 1]));
            left = changed.min(above + 1).min(left + 1).min(out);
            diagonal = row[column];
            row[column] = left;
            least = least.min(left);
        }
        if least >= out {
            return None;
        }
    }
    Some(row[b.len()]).filter(|&distance| distance <= max)
}
