//! Readings of surnames, surnames written for each other, compound surnames.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::chars::{Chars, Toned};
use super::rows::{TableText, one_char};
use crate::diag::Diagnostic;

/// What is special about surnames.
#[derive(Clone, Debug, Default)]
pub struct Surnames {
    /// Readings of a surname, its own first, then those to accept; one syllable per character.
    readings: BTreeMap<Box<str>, Vec<Box<[Toned]>>>,
    /// Pairs of single-character surnames written for each other, each pair in both orders.
    confusable: FxHashSet<(char, char)>,
    compound: FxHashSet<(char, char)>,
}

impl Surnames {
    /// Readings of a surname that differs from its characters' usual reading: its own reading first,
    /// then those to accept too; one syllable per character. Empty: use [`Chars::readings`].
    pub fn readings(&self, surname: &str) -> &[Box<[Toned]>] {
        self.readings.get(surname).map_or(&[], Vec::as_slice)
    }

    /// Whether two different single-character surnames are known to be written for each other
    /// (popular variants, homophones, look-alikes).
    pub fn confusable(&self, a: char, b: char) -> bool {
        self.confusable.contains(&(a, b))
    }

    /// Whether the two characters are a compound surname.
    pub fn is_compound(&self, first: char, second: char) -> bool {
        self.compound.contains(&(first, second))
    }

    /// Characters of the surname at the start of a comparison key: 2 when a compound surname is
    /// followed by at least one more character, else 1; 0 for an empty key.
    pub fn length(&self, key: &str) -> usize {
        let mut chars = key.chars();
        match (chars.next(), chars.next(), chars.next()) {
            (None, ..) => 0,
            (Some(a), Some(b), Some(_)) if self.is_compound(a, b) => 2,
            _ => 1,
        }
    }

    /// Reads the three tables; returns the rows of each.
    pub(super) fn load(
        readings: TableText<'_>,
        confusable: TableText<'_>,
        compound: TableText<'_>,
        chars: &Chars,
        problems: &mut Vec<Diagnostic>,
    ) -> (Self, [u64; 3]) {
        let mut surnames = Self::default();
        let header = ["surname", "reading", "also_accept", "note", "origin"];
        let reading_rows = readings.tsv(&header, problems, |cells| {
            let length = cells[0].chars().count();
            let marked = cells[1].split_whitespace().chain(cells[2].split_whitespace());
            let toned: Vec<Toned> = marked
                .map(|text| chars.toned(text).ok_or("a reading that no character has"))
                .collect::<Result<_, _>>()?;
            if length == 0 || !toned.len().is_multiple_of(length) {
                return Err("as many syllables as characters are needed in each reading".to_owned());
            }
            surnames.readings.insert(cells[0].into(), toned.chunks(length).map(Into::into).collect());
            if let (2, Some(a), Some(b)) = (length, cells[0].chars().next(), cells[0].chars().nth(1)) {
                surnames.compound.insert((a, b));
            }
            Ok(())
        });
        let pair_rows = confusable.tsv(&["a", "b", "kind"], problems, |cells| {
            let (a, b) = (one_char(cells[0])?, one_char(cells[1])?);
            surnames.confusable.insert((a, b));
            surnames.confusable.insert((b, a));
            Ok(())
        });
        let compound_rows = compound.csv(&["surname"], problems, |cells| {
            let mut letters = cells[0].chars();
            match (letters.next(), letters.next(), letters.next()) {
                (Some(a), Some(b), None) => {
                    surnames.compound.insert((a, b));
                    Ok(())
                }
                _ => Err("a compound surname has two characters".to_owned()),
            }
        });
        (surnames, [reading_rows, pair_rows, compound_rows])
    }
}
