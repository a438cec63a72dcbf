//! The similarity functions against those of `strsim`, on pairs as linkage meets them.
//!
//! ```text
//! cargo bench --bench strings
//! ```
//!
//! Prints for each function and kind of text the median nanoseconds per pair of both and their ratio.

#![expect(clippy::print_stdout, reason = "a table for people is what a bench is for")]

use std::hint::black_box;
use std::time::Instant;

use doudi::kernel::digest;
use doudi::kernel::strings::{
    Symbols, damerau_levenshtein, damerau_levenshtein_within, jaro, jaro_winkler, levenshtein,
    levenshtein_within,
};

/// Pairs per kind.
const PAIRS: u64 = 4_000;
/// Rounds of which the median counts.
const ROUNDS: usize = 15;
/// The distance up to which linkage cares.
const NEAR: usize = 2;

/// A text of `length` letters of an alphabet; the same for the same seed.
fn text(seed: u64, length: u64, letters: &[char]) -> String {
    let letter =
        |at| usize::try_from(digest::chain(seed, at) % letters.len() as u64).map_or('?', |at| letters[at]);
    (0..length).map(letter).collect()
}

/// Pairs of texts: half of them are strangers, half one text with a letter lost or changed.
fn pairs(shortest: u64, longest: u64, letters: &[char]) -> Vec<(String, String)> {
    let one = |seed: u64| {
        let length = shortest + digest::mix(seed) % (longest - shortest + 1);
        let a = text(seed, length, letters);
        if seed.is_multiple_of(2) {
            return (a, text(seed + PAIRS, length, letters));
        }
        let lost = digest::mix(seed + 1) % length;
        let b = a.chars().zip(0..).filter(|(_, at)| *at != lost).map(|(letter, _)| letter).collect();
        (a, b)
    };
    (0..PAIRS).map(one).collect()
}

/// Median nanoseconds per pair.
fn median(pairs: usize, mut round: impl FnMut() -> f64) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            black_box(round());
            start.elapsed().as_secs_f64() * 1e9 / pairs as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

/// One row of the table.
fn row(
    kind: &str,
    name: &str,
    texts: &[(String, String)],
    ours: impl Fn(&Symbols, &Symbols) -> f64,
    theirs: impl Fn(&str, &str) -> f64,
) {
    let symbols: Vec<_> = texts.iter().map(|(a, b)| (Symbols::new(a), Symbols::new(b))).collect();
    let ours = median(texts.len(), || symbols.iter().map(|(a, b)| ours(a, b)).sum());
    let theirs = median(texts.len(), || texts.iter().map(|(a, b)| theirs(a, b)).sum());
    println!("{kind:<22} {name:<28} {ours:>8.0} ns {theirs:>8.0} ns {:>6.1} x", theirs / ours);
}

fn main() {
    let latin: Vec<char> = ('a'..='z').collect();
    let chinese: Vec<char> = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许".chars().collect();
    println!("{:<22} {:<28} {:>11} {:>11} {:>8}", "texts", "function", "ours", "strsim", "faster");
    for (kind, shortest, longest, letters) in [
        ("names, 4-10 letters", 4, 10, &latin),
        ("addresses, 15-40", 15, 40, &latin),
        ("long texts, 80-120", 80, 120, &latin),
        ("Chinese names, 2-4", 2, 4, &chinese),
    ] {
        let texts = pairs(shortest, longest, letters);
        let distance = |found: Option<usize>| found.map_or(-1.0, |found| found as f64);
        row(
            kind,
            "levenshtein",
            &texts,
            |a, b| levenshtein(a, b) as f64,
            |a, b| strsim::levenshtein(a, b) as f64,
        );
        let within = |a: &Symbols, b: &Symbols| distance(levenshtein_within(a, b, NEAR));
        row(kind, "levenshtein_within 2", &texts, within, |a, b| strsim::levenshtein(a, b) as f64);
        let ours = |a: &Symbols, b: &Symbols| damerau_levenshtein(a, b) as f64;
        row(kind, "damerau_levenshtein", &texts, ours, |a, b| strsim::damerau_levenshtein(a, b) as f64);
        let within = |a: &Symbols, b: &Symbols| distance(damerau_levenshtein_within(a, b, NEAR));
        row(kind, "damerau_levenshtein_within 2", &texts, within, |a, b| {
            strsim::damerau_levenshtein(a, b) as f64
        });
        row(kind, "jaro", &texts, jaro, strsim::jaro);
        row(kind, "jaro_winkler", &texts, jaro_winkler, strsim::jaro_winkler);
    }
}
