//! Why a whole file is not used: a code, a sentence for engineers, a sentence for the owner.

use crate::diag::{Diagnostic, Spot};

/// A file that is refused whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code.
    pub code: &'static str,
    /// For engineers, English, places only.
    pub message: String,
    /// For the owner, Chinese, places only.
    pub reason: String,
    /// Sheet and row, where known.
    pub sheet: String,
    /// Row as Excel shows it, 0 unknown.
    pub row: u32,
}

impl Refusal {
    /// A refusal of a whole file, for engineers and for its owner.
    pub fn new(code: &'static str, message: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { code, message: message.into(), reason: reason.into(), sheet: String::new(), row: 0 }
    }

    /// The same with the place where reading stopped.
    #[must_use]
    pub fn at(mut self, sheet: &str, row: u32) -> Self {
        sheet.clone_into(&mut self.sheet);
        self.row = row;
        self
    }

    /// What the engineers' report says.
    pub fn diagnostic(&self, file: &str) -> Diagnostic {
        let spot =
            Spot { file: file.to_owned(), sheet: self.sheet.clone(), line: self.row, column: String::new() };
        Diagnostic::error(self.code, spot, format!("file refused: {}", self.message))
    }
}

/// A file that cannot be read at all.
pub fn unreadable(error: &std::io::Error) -> Refusal {
    Refusal::new("unreadable", format!("cannot read: {error}"), "文件无法读取")
}
