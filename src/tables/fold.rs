//! Single characters that stand for another one by encoding, not by choice: old private-use codes and
//! radicals.

use super::char_map::CharMap;
use super::rows::{TableText, code_point};
use crate::diag::Diagnostic;

/// Character → character; built from a table of two columns of code points.
#[derive(Clone, Debug, Default)]
pub struct CharFold {
    to: CharMap<char>,
}

impl CharFold {
    /// What the character stands for; `None` when the table does not know it.
    pub fn get(&self, c: char) -> Option<char> {
        Some(self.to.get(c)).filter(|to| *to != '\0')
    }

    /// Reads a table whose first two columns are `U+…` codes.
    pub(super) fn load(table: TableText<'_>, header: &[&str], problems: &mut Vec<Diagnostic>) -> (Self, u64) {
        let mut fold = Self::default();
        let rows = table.tsv(header, problems, |cells| {
            fold.to.set(code_point(cells[0])?, code_point(cells[1])?);
            Ok(())
        });
        (fold, rows)
    }
}
