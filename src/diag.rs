//! F0: everything the program says about configuration or data. Places, never values of people.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// Worth knowing.
    Info,
    /// The run goes on, somebody should look.
    Warning,
    /// The thing named cannot be used.
    Error,
}

impl Level {
    /// Lower-case word for terminals and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Where something is. Empty and zero parts are not known or do not apply.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Spot {
    /// File, relative to the pipeline or the delivery.
    pub file: String,
    /// Sheet of a workbook.
    pub sheet: String,
    /// Line of a text file, or row as Excel shows it; 0 unknown.
    pub line: u32,
    /// Column: a heading, a field or a key.
    pub column: String,
}

impl Spot {
    /// A whole file.
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }

    /// A line of a file.
    pub fn line(file: impl Into<String>, line: u32) -> Self {
        Self { file: file.into(), line, ..Self::default() }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if !self.sheet.is_empty() {
            write!(f, "[{}]", self.sheet)?;
        }
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.column.is_empty() {
            write!(f, " ({})", self.column)?;
        }
        Ok(())
    }
}

/// A short code that lives as long as the program. (Spelled as a type of its own, because what `serde`
/// sees as `&str` it wants to borrow from its input.)
pub type Code = &'static str;

/// One thing to say: what, where, and what to do about it.
///
/// Messages are lower-case fragments that fit after "failed to …"; they hold no value of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Stable short code, e.g. `unknown_key`, `header_missing`.
    #[serde(deserialize_with = "interned")]
    pub code: Code,
    /// How bad it is.
    pub level: Level,
    /// What is the matter.
    pub message: String,
    /// Where.
    pub spot: Spot,
    /// What to do.
    pub help: Option<String>,
}

/// Reads a code back: codes are few and live as long as the program, each is kept once.
pub(crate) fn interned<'de, D: Deserializer<'de>>(from: D) -> Result<&'static str, D::Error> {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let code = String::deserialize(from)?;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(code) = known.get(code.as_str()) {
        return Ok(code);
    }
    let code: &'static str = code.leak();
    known.insert(code);
    Ok(code)
}

impl Diagnostic {
    /// A diagnostic without help.
    pub fn new(level: Level, code: &'static str, spot: Spot, message: impl Into<String>) -> Self {
        Self { code, level, message: message.into(), spot, help: None }
    }

    /// An error.
    pub fn error(code: &'static str, spot: Spot, message: impl Into<String>) -> Self {
        Self::new(Level::Error, code, spot, message)
    }

    /// A warning.
    pub fn warning(code: &'static str, spot: Spot, message: impl Into<String>) -> Self {
        Self::new(Level::Warning, code, spot, message)
    }

    /// The same with a remedy.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with the candidate that was probably meant by `word`, where there is one.
    #[must_use]
    pub fn with_near<'a>(self, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match did_you_mean(word, candidates) {
            Some(near) => self.with_help(format!("did you mean `{near}`?")),
            None => self,
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}", self.level.word(), self.code, self.message)?;
        if self.spot != Spot::default() {
            write!(f, "\n  --> {}", self.spot)?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

/// The candidate nearest to `word`, when it is near enough to be what was meant.
///
/// ```
/// assert_eq!(doudi::diag::did_you_mean("treshold", ["threshold", "rules"]), Some("threshold"));
/// assert_eq!(doudi::diag::did_you_mean("zebra", ["threshold", "rules"]), None);
/// ```
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}
