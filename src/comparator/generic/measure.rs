//! Measures worked out on two values.

use super::cell::Cell;
use super::condition::Measure;
use crate::kernel::strings::{
    cosine, damerau_levenshtein_within, jaccard, jaro, jaro_winkler, levenshtein_within, qgram_jaccard,
    token_set,
};

/// The measure of two values; nothing when one is missing or of a kind it does not measure. A distance
/// above `reach` comes out as infinity: no bound lies beyond it.
pub(super) fn measure(measure: Measure, left: &Cell, right: &Cell, reach: usize) -> Option<f64> {
    let distance = |found: Option<usize>| Some(found.map_or(f64::INFINITY, |found| found as f64));
    match (measure, left, right) {
        (Measure::Seconds, ..) => Some((left.seconds()? - right.seconds()?).abs()),
        (_, Cell::Text(a), Cell::Text(b)) => match measure {
            Measure::Levenshtein => distance(levenshtein_within(a, b, reach)),
            Measure::DamerauLevenshtein => distance(damerau_levenshtein_within(a, b, reach)),
            Measure::Jaro => Some(jaro(a, b)),
            Measure::JaroWinkler => Some(jaro_winkler(a, b)),
            Measure::Jaccard => jaccard(a, b),
            Measure::QgramJaccard(q) => qgram_jaccard(a, b, q),
            Measure::TokenSet => token_set(a, b),
            _ => None,
        },
        (Measure::Difference, Cell::Number(a), Cell::Number(b)) => Some((a - b).abs()),
        (Measure::PercentDifference, Cell::Number(a), Cell::Number(b)) => {
            let share = (a - b).abs() / a.max(*b);
            // Two zeros: not a number, which databases sort above every number.
            Some(if share.is_nan() { f64::INFINITY } else { share })
        }
        (Measure::SharedItems, Cell::List(a), Cell::List(b)) => {
            let common =
                a.iter().enumerate().filter(|(at, item)| !a[..*at].contains(item) && b.contains(item));
            Some(common.count() as f64)
        }
        (Measure::Cosine, Cell::Vector(a), Cell::Vector(b)) => cosine(a, b),
        _ => None,
    }
}
