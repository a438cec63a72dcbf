//! Variant characters: which may be folded, and which are only alike.

use super::char_map::CharMap;
use super::rows::{TableText, one_char};
use crate::diag::Diagnostic;

/// How two characters are variants of each other although they must not be folded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum VariantKind {
    /// One is a simplified form of the other, but admitted as a standard character of its own (昇/升).
    Standard,
    /// A second choice of simplification (喆/哲): parents choose such pairs on purpose.
    Alternative,
    /// Simplified form according to Unihan.
    Simplified,
    /// Same meaning according to Unihan.
    Semantic,
    /// Same meaning in some uses.
    Specialized,
    /// Easily taken for each other.
    Spoofing,
    /// Same character, other shape (z-variant).
    Shape,
}

/// Safe folding and confusable pairs.
#[derive(Clone, Debug, Default)]
pub struct Variants {
    /// Class representative, `\0` when the character stands for itself.
    fold: CharMap<char>,
    /// Unordered pairs with their strongest relation, sorted by pair.
    pairs: Vec<(u64, VariantKind)>,
}

impl Variants {
    /// The representative of a character's class of safe variants (traditional forms); most
    /// characters stand for themselves. Folding twice changes nothing.
    pub fn fold(&self, c: char) -> char {
        match self.fold.get(c) {
            '\0' => c,
            representative => representative,
        }
    }

    /// How two different characters are variants of each other beyond safe folding.
    pub fn relation(&self, a: char, b: char) -> Option<VariantKind> {
        let key = pair(a, b);
        self.pairs.binary_search_by_key(&key, |(pair, _)| *pair).ok().map(|at| self.pairs[at].1)
    }

    /// Whether [`Variants::relation`] knows the pair.
    pub fn confusable(&self, a: char, b: char) -> bool {
        self.relation(a, b).is_some()
    }

    pub(super) fn load(table: TableText<'_>, problems: &mut Vec<Diagnostic>) -> (Self, u64) {
        let mut variants = Self::default();
        let rows = table.tsv(&["char", "variant_of", "relation"], problems, |cells| {
            let (a, b) = (one_char(cells[0])?, one_char(cells[1])?);
            let kind = match cells[2] {
                "opencc_t2s" => {
                    variants.fold.set(a, b);
                    return Ok(());
                }
                "opencc_t2s_but_standard" => VariantKind::Standard,
                "opencc_t2s_alternative" => VariantKind::Alternative,
                "unihan_simplified" => VariantKind::Simplified,
                "unihan_semantic" => VariantKind::Semantic,
                "unihan_specializedsemantic" => VariantKind::Specialized,
                "unihan_spoofing" => VariantKind::Spoofing,
                "unihan_z" => VariantKind::Shape,
                _ => return Err("unknown relation".to_owned()),
            };
            variants.pairs.push((pair(a, b), kind));
            Ok(())
        });
        variants.pairs.sort_unstable();
        variants.pairs.dedup_by_key(|(pair, _)| *pair);
        (variants, rows)
    }
}

fn pair(a: char, b: char) -> u64 {
    let (low, high) = (a.min(b), a.max(b));
    u64::from(u32::from(low)) << 32 | u64::from(u32::from(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_variants_are_folded() {
        let text = "char\tvariant_of\trelation\n張\t张\topencc_t2s\n喆\t哲\topencc_t2s_alternative\n\
                    昇\t升\topencc_t2s_but_standard\n昇\t升\tunihan_semantic\n";
        let mut problems = Vec::new();
        let (variants, rows) = Variants::load(TableText { file: "v", text }, &mut problems);
        assert_eq!((rows, problems.len()), (4, 0));
        assert_eq!(variants.fold('張'), '张');
        assert_eq!(variants.fold('喆'), '喆');
        assert_eq!(variants.relation('哲', '喆'), Some(VariantKind::Alternative));
        assert_eq!(variants.relation('升', '昇'), Some(VariantKind::Standard));
        assert!(!variants.confusable('張', '李'));
    }
}
