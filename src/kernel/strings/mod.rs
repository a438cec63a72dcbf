//! How alike two texts are: edit distances, Jaro, Jaro–Winkler, sets of characters and of words.
//!
//! A character is a Unicode scalar value: no case is folded, no mark is combined. That is what DuckDB's
//! functions of the same names do, and `fixtures/frozen/splink/similarity.csv` holds their answers. Texts
//! are read once into [`Symbols`] and compared many times. Where both sides fit in 64 characters the
//! distances work on machine words, a bit per character; longer texts take a table.

mod damerau;
mod jaccard;
mod jaro;
mod levenshtein;
mod masks;
mod symbols;
mod vectors;

pub use damerau::{damerau_levenshtein, damerau_levenshtein_within};
pub use jaccard::{jaccard, qgram_jaccard, token_set};
pub use jaro::{jaro, jaro_winkler};
pub use levenshtein::{levenshtein, levenshtein_within};
pub use symbols::Symbols;
pub use vectors::cosine;

/// Calls a generic function on the slices of two [`Symbols`], whatever their widths.
macro_rules! on_slices {
    ($function:path, $a:expr, $b:expr $(, $more:expr)*) => {
        match ($a, $b) {
            ($crate::kernel::strings::Symbols::Narrow(a), $crate::kernel::strings::Symbols::Narrow(b)) => $function(a, b $(, $more)*),
            ($crate::kernel::strings::Symbols::Narrow(a), $crate::kernel::strings::Symbols::Wide(b)) => $function(a, b $(, $more)*),
            ($crate::kernel::strings::Symbols::Wide(a), $crate::kernel::strings::Symbols::Narrow(b)) => $function(a, b $(, $more)*),
            ($crate::kernel::strings::Symbols::Wide(a), $crate::kernel::strings::Symbols::Wide(b)) => $function(a, b $(, $more)*),
        }
    };
}
use on_slices;

#[cfg(test)]
mod tests;
