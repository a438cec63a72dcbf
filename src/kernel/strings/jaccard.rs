//! Similarity of sets: what two texts have in common as a share of what either has.

use super::Symbols;

/// Shared distinct characters over all distinct characters, 0 to 1, as DuckDB's `jaccard`. Nothing when a
/// text is empty, where DuckDB stops with an error.
///
/// ```
/// use doudi::kernel::strings::{Symbols, jaccard};
/// assert_eq!(jaccard(&Symbols::new("martha"), &Symbols::new("marhta")), Some(1.0));
/// ```
pub fn jaccard(a: &Symbols, b: &Symbols) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    if let (Symbols::Narrow(a), Symbols::Narrow(b)) = (a, b) {
        let set = |text: &[u8]| text.iter().fold(0_u128, |set, &symbol| set | 1_u128 << (symbol & 127));
        let (a, b) = (set(a), set(b));
        return Some(f64::from((a & b).count_ones()) / f64::from((a | b).count_ones()));
    }
    Some(share(&characters(a), &characters(b)))
}

/// The same on runs of `q` characters, distinct ones; a text shorter than `q` is its only run. Nothing
/// when a text is empty or `q` is 0.
pub fn qgram_jaccard(a: &Symbols, b: &Symbols, q: usize) -> Option<f64> {
    if a.is_empty() || b.is_empty() || q == 0 {
        return None;
    }
    let runs = |text: &Symbols| -> Vec<Vec<char>> {
        let text: Vec<char> = text.text().chars().collect();
        sorted(text.windows(q.min(text.len())).map(<[char]>::to_vec).collect())
    };
    Some(share(&runs(a), &runs(b)))
}

/// The same on words (what white space separates), distinct ones, whatever their order. Nothing when a
/// text has no word.
pub fn token_set(a: &Symbols, b: &Symbols) -> Option<f64> {
    let words = |text: &Symbols| sorted(text.text().split_whitespace().map(str::to_owned).collect());
    let (a, b) = (words(a), words(b));
    if a.is_empty() || b.is_empty() { None } else { Some(share(&a, &b)) }
}

fn characters(text: &Symbols) -> Vec<char> {
    sorted(text.text().chars().collect())
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items.dedup();
    items
}

/// Common elements of two sorted sets over all elements.
fn share<T: Ord>(a: &[T], b: &[T]) -> f64 {
    let common = a.iter().filter(|item| b.binary_search(item).is_ok()).count();
    common as f64 / (a.len() + b.len() - common) as f64
}
