//! Jaro's similarity and Winkler's boost for a common beginning, as DuckDB (rapidfuzz) and Splink have
//! them: two empty texts are 0 alike, not 1; the boost is a tenth of the missing part for each of the
//! first four characters in common, and is given only above 0.7.

use super::masks::{Masks, WORD};
use super::symbols::{Symbol, common_prefix};
use super::{Symbols, on_slices};

/// Similarity above which a common beginning counts.
const BOOST_ABOVE: f64 = 0.7;
/// Share of the missing similarity that one common character at the beginning restores.
const PREFIX_SCALE: f64 = 0.1;
/// Most characters of the beginning that count.
const PREFIX_MAX: usize = 4;

/// Jaro similarity, 0 to 1.
///
/// ```
/// use doudi::kernel::strings::{Symbols, jaro};
/// assert!((jaro(&Symbols::new("martha"), &Symbols::new("marhta")) - 17.0 / 18.0).abs() < 1e-15);
/// ```
pub fn jaro(a: &Symbols, b: &Symbols) -> f64 {
    on_slices!(similarity, a, b)
}

/// Jaro–Winkler similarity, 0 to 1.
pub fn jaro_winkler(a: &Symbols, b: &Symbols) -> f64 {
    let plain = jaro(a, b);
    if plain > BOOST_ABOVE {
        let prefix = on_slices!(common_prefix, a, b).min(PREFIX_MAX);
        // Rounded once, not twice, as DuckDB does; a threshold may hang on the last bit.
        (prefix as f64 * PREFIX_SCALE).mul_add(1.0 - plain, plain)
    } else {
        plain
    }
}

fn similarity<A: Symbol, B: Symbol>(a: &[A], b: &[B]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let (matches, exchanged) =
        if a.len() <= WORD && b.len() <= WORD { by_words(a, b) } else { by_flags(a, b) };
    if matches == 0 {
        return 0.0;
    }
    let found = matches as f64;
    // The order of these operations decides the last bit, and a threshold may hang on it.
    (found / a.len() as f64 + found / b.len() as f64 + (matches - exchanged / 2) as f64 / found) / 3.0
}

/// How far apart two equal characters may stand to count as one match.
fn reach(a: usize, b: usize) -> usize {
    (a.max(b) / 2).saturating_sub(1)
}

/// Number of matching characters, and of those among them that are not in the same order; a bit per
/// character. Each character of `b` takes the first free equal one of `a` within reach.
fn by_words<A: Symbol, B: Symbol>(a: &[A], b: &[B]) -> (usize, usize) {
    let masks = Masks::new(a);
    let reach = reach(a.len(), b.len());
    let (mut taken, mut matched) = (0_u64, 0_u64);
    for (place, symbol) in b.iter().enumerate() {
        let free = masks.of(*symbol) & window(place, reach) & !taken;
        let first = free & free.wrapping_neg();
        taken |= first;
        matched |= u64::from(first != 0) << place;
    }
    let matches = taken.count_ones() as usize;
    let mut exchanged = 0;
    while matched != 0 {
        let here = taken & taken.wrapping_neg();
        exchanged += usize::from(masks.of(b[matched.trailing_zeros() as usize]) & here == 0);
        taken ^= here;
        matched &= matched - 1;
    }
    (matches, exchanged)
}

/// The places within reach of a place, as bits.
const fn window(place: usize, reach: usize) -> u64 {
    let end = place + reach + 1;
    let up_to_end = if end >= WORD { u64::MAX } else { (1 << end) - 1 };
    let begin = place.saturating_sub(reach);
    up_to_end & !((1 << begin) - 1)
}

/// The same for texts of any length, a flag per character.
fn by_flags<A: Symbol, B: Symbol>(a: &[A], b: &[B]) -> (usize, usize) {
    let reach = reach(a.len(), b.len());
    let mut taken = vec![false; a.len()];
    let mut matched = Vec::new();
    for (place, symbol) in b.iter().enumerate() {
        let begin = place.saturating_sub(reach).min(a.len());
        let end = (place + reach + 1).min(a.len());
        let free = (begin..end).find(|&at| !taken[at] && a[at].code() == symbol.code());
        if let Some(at) = free {
            taken[at] = true;
            matched.push(symbol.code());
        }
    }
    let in_order = a.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(symbol, _)| symbol.code());
    let exchanged = in_order.zip(&matched).filter(|(a, b)| a != *b).count();
    (matched.len(), exchanged)
}
