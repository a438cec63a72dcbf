//! Damerau–Levenshtein distance, unrestricted: fewest insertions, deletions, substitutions and exchanges
//! of neighbours, where what was exchanged may be edited again (`ca` → `abc` is 2). The restricted form
//! that many libraries give under the same name ("optimal string alignment") says 3 there.

use super::levenshtein::within as levenshtein_within;
use super::symbols::{Symbol, same, trimmed};
use super::{Symbols, on_slices};

/// The distance, in characters.
///
/// ```
/// use doudi::kernel::strings::{Symbols, damerau_levenshtein};
/// assert_eq!(damerau_levenshtein(&Symbols::new("ca"), &Symbols::new("abc")), 2);
/// ```
pub fn damerau_levenshtein(a: &Symbols, b: &Symbols) -> usize {
    let most = a.len().max(b.len());
    on_slices!(within, a, b, most).unwrap_or(most)
}

/// The distance when it is at most `max`, else nothing.
pub fn damerau_levenshtein_within(a: &Symbols, b: &Symbols, max: usize) -> Option<usize> {
    on_slices!(within, a, b, max)
}

fn within<A: Symbol, B: Symbol>(a: &[A], b: &[B], max: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > max {
        return None;
    }
    // An exchange is two substitutions, so the distance lies between half the Levenshtein distance and
    // all of it: most pairs are settled by the faster function.
    let plain = levenshtein_within(a, b, max.saturating_mul(2))?;
    if plain <= 1 {
        return Some(plain).filter(|&distance| distance <= max);
    }
    let (a, b) = trimmed(a, b);
    if let ([a0, a1], [b0, b1]) = (a, b) {
        let exchanged = same(*a0, *b1) && same(*a1, *b0);
        return Some(if exchanged { 1 } else { 2 }).filter(|&distance| distance <= max);
    }
    Some(table(a, b)).filter(|&distance| distance <= max)
}

/// The whole table (Lowrance and Wagner, 1975), its borders included: row and column 0 stand for "before
/// the text" and are out of reach.
fn table<A: Symbol, B: Symbol>(a: &[A], b: &[B]) -> usize {
    let width = b.len() + 2;
    let out = a.len() + b.len();
    let mut cells = vec![out; width * (a.len() + 2)];
    let at = |row: usize, column: usize| row * width + column;
    for row in 0..=a.len() {
        cells[at(row + 1, 1)] = row;
    }
    for column in 0..=b.len() {
        cells[at(1, column + 1)] = column;
    }
    // For each column the last row above whose character is the column's; 0 is none.
    let mut seen_above = vec![0; b.len()];
    for (row, symbol) in (1..).zip(a) {
        let (done, current) = cells.split_at_mut(at(row + 1, 0));
        let before = &done[at(row, 0)..];
        let mut seen_left = 0;
        let mut left = row;
        for (column, other) in (1..).zip(b) {
            let equal = same(*symbol, *other);
            let above = seen_above[column - 1];
            // What stood between the exchanged characters is deleted or inserted.
            let exchange = done[at(above, seen_left)] + (row - above) + (column - seen_left) - 1;
            let substitution = before[column] + usize::from(!equal);
            left = substitution.min(before[column + 1] + 1).min(left + 1).min(exchange);
            current[column + 1] = left;
            if equal {
                seen_left = column;
                seen_above[column - 1] = row;
            }
        }
    }
    cells[at(a.len() + 1, b.len() + 1)]
}
