//! Remarks about many rows of a file, gathered into one diagnostic each: how many, and the first
//! place. Never a value.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Level, Spot};

/// What is remarked, by sheet and column.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    code: &'static str,
    sheet: String,
    column: String,
}

struct Remark {
    level: Level,
    text: &'static str,
    rows: u64,
    first: u32,
}

/// Remarks of one file, in the order of code, sheet and column.
#[derive(Default)]
pub(super) struct Notes(BTreeMap<Key, Remark>);

impl Notes {
    /// Remarks one row.
    pub(super) fn row(
        &mut self,
        level: Level,
        code: &'static str,
        text: &'static str,
        at: (&str, u32, &str),
    ) {
        let (sheet, row, column) = at;
        let key = Key { code, sheet: sheet.to_owned(), column: column.to_owned() };
        let remark = self.0.entry(key).or_insert(Remark { level, text, rows: 0, first: row });
        remark.rows += 1;
    }

    /// The diagnostics.
    pub(super) fn into_diagnostics(self, file: &str) -> impl Iterator<Item = Diagnostic> {
        self.0.into_iter().map(move |(key, remark)| {
            let spot =
                Spot { file: file.to_owned(), sheet: key.sheet, line: remark.first, column: key.column };
            let rows = if remark.rows == 1 { "1 row".to_owned() } else { format!("{} rows", remark.rows) };
            Diagnostic::new(remark.level, key.code, spot, format!("{} ({rows}, the first here)", remark.text))
        })
    }
}
