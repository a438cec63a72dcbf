//! Where table files come from: a folder, or the copy inside the program.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::decisions::ColumnType;
use crate::diag::{Diagnostic, Spot, did_you_mean};

macro_rules! bundled {
    ($($file:literal),+ $(,)?) => {
        &[$(($file, include_bytes!(concat!("../../schemas/tables/", $file)))),+]
    };
}

/// The language and region tables, so that the program works without a folder. Code tables and decision
/// tables are not among them: they grow without a new program.
const BUNDLED: &[(&str, &[u8])] = bundled![
    "tables.toml",
    "calendar.csv",
    "char_codes.tsv",
    "char_variants.tsv",
    "gb18030_pua_map.tsv",
    "glyph_neighbors.tsv",
    "name_words.csv",
    "place_aliases.csv",
    "qidong_divisions_2023.csv",
    "radical_fold.tsv",
    "region_code_history.tsv",
    "retention.csv",
    "rule_book.csv",
    "surname_compound.csv",
    "surname_confusable.tsv",
    "surname_readings.tsv",
    "wu_fold.csv",
];

/// Name of the file that lists the tables.
pub const MANIFEST: &str = "tables.toml";
/// Name of the file that types the columns of the decision tables, in the folder of tables. A file of
/// its own, because the bundled manifest must not speak of tables that only a folder has.
pub const DECISIONS: &str = "decisions/decisions.toml";

/// What `schemas/tables/tables.toml` says: which file plays which role, and which edition it is.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TablesFile {
    /// The fixed tables by their role, e.g. `[table.surname_readings]`.
    #[serde(default)]
    pub(super) table: BTreeMap<String, TableEntry>,
    /// Code tables: editions of files in `codes/`, by name without extension.
    #[serde(default)]
    pub(super) code: BTreeMap<String, CodeEntry>,
}

/// What `schemas/tables/decisions/decisions.toml` says: the types of the decision tables' columns.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionsFile {
    /// Editions and column types of the files beside this one, by name without extension.
    #[serde(default)]
    pub(super) decision: BTreeMap<String, DecisionEntry>,
}

/// A fixed table.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TableEntry {
    /// File in the folder of tables.
    pub(super) file: String,
    /// Which edition it is, for the run's manifest.
    pub(super) edition: String,
    /// Where it comes from; for people only.
    #[serde(default, rename = "origin")]
    _origin: String,
    /// Under which licence; for people only.
    #[serde(default, rename = "licence")]
    _licence: String,
}

/// A code table.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeEntry {
    /// Which edition it is, for the run's manifest.
    #[serde(default)]
    pub(super) edition: String,
    /// Where it comes from; for people only.
    #[serde(default, rename = "origin")]
    _origin: String,
}

/// A decision table.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionEntry {
    /// Name for people.
    #[serde(default)]
    pub(super) title: String,
    /// Which edition it is, for the run's manifest.
    #[serde(default)]
    pub(super) edition: String,
    /// Where it comes from; for people only.
    #[serde(default, rename = "origin")]
    _origin: String,
    /// Column → type; columns that are not named are text.
    #[serde(default)]
    pub(super) columns: BTreeMap<String, ColumnType>,
}

/// Identity of one table file, for the run's manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edition {
    /// Name: a role (`char_codes`), `codes/<name>` or `decisions/<name>`.
    pub name: String,
    /// Edition as `tables.toml` states it; empty when it states none.
    pub edition: String,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    /// Data rows.
    pub rows: u64,
}

impl Edition {
    pub(super) fn new(name: impl Into<String>, edition: &str, text: &str, rows: u64) -> Self {
        let mut sha256 = String::with_capacity(64);
        for byte in Sha256::digest(text.as_bytes()) {
            // Writing to a string cannot fail.
            let _ = write!(sha256, "{byte:02x}");
        }
        Self { name: name.into(), edition: edition.to_owned(), sha256, rows }
    }
}

/// A folder of tables, or the bundled copy alone.
pub(super) struct Store<'a> {
    dir: Option<&'a Path>,
}

impl<'a> Store<'a> {
    pub(super) const fn new(dir: Option<&'a Path>) -> Self {
        Self { dir }
    }

    /// How diagnostics call a file.
    pub(super) fn shown(&self, file: &str) -> String {
        self.dir.map_or_else(|| file.to_owned(), |dir| dir.join(file).display().to_string())
    }

    /// Text of a file; one that the folder lacks is taken from the bundled copy.
    pub(super) fn text(&self, file: &str, problems: &mut Vec<Diagnostic>) -> Option<Cow<'static, str>> {
        let bytes: Cow<'static, [u8]> = match self.dir.map(|dir| fs::read(dir.join(file))) {
            Some(Ok(bytes)) => Cow::Owned(bytes),
            Some(Err(error)) if error.kind() != ErrorKind::NotFound => {
                problems.push(Diagnostic::error(
                    "table_unreadable",
                    Spot::file(self.shown(file)),
                    error.to_string(),
                ));
                return None;
            }
            _ => {
                if let Some((_, bytes)) = BUNDLED.iter().find(|(name, _)| *name == file) {
                    Cow::Borrowed(*bytes)
                } else {
                    problems.push(Diagnostic::error(
                        "table_missing",
                        Spot::file(self.shown(file)),
                        "table file does not exist",
                    ));
                    return None;
                }
            }
        };
        let text = match bytes {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
        };
        if text.is_none() {
            problems.push(Diagnostic::error(
                "table_unreadable",
                Spot::file(self.shown(file)),
                "table file is not UTF-8",
            ));
        }
        text
    }

    /// Whether the folder itself holds a file.
    pub(super) fn has(&self, file: &str) -> bool {
        self.dir.is_some_and(|dir| dir.join(file).is_file())
    }

    /// `*.csv` in a sub-folder, by name without extension, sorted; none without a folder.
    pub(super) fn list(&self, sub: &str, problems: &mut Vec<Diagnostic>) -> Vec<(String, String)> {
        let Some(dir) = self.dir.map(|dir| dir.join(sub)).filter(|dir| dir.is_dir()) else {
            return Vec::new();
        };
        let entries = match fs::read_dir(&dir).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
            Ok(entries) => entries,
            Err(error) => {
                let spot = Spot::file(dir.display().to_string());
                problems.push(Diagnostic::error("table_unreadable", spot, error.to_string()));
                return Vec::new();
            }
        };
        let paths = entries.into_iter().map(|entry| PathBuf::from(entry.file_name()));
        let csv = paths.filter(|path| path.extension().is_some_and(|ext| ext == "csv"));
        let mut names: Vec<(String, String)> = csv
            .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
            .map(|(stem, path)| (stem, format!("{sub}/{}", path.display())))
            .collect();
        names.sort();
        names
    }

    /// Reads and checks `tables.toml`.
    pub(super) fn manifest(&self, problems: &mut Vec<Diagnostic>) -> Option<TablesFile> {
        let manifest: TablesFile = self.toml(MANIFEST, problems)?;
        for role in manifest.table.keys().filter(|role| !super::ROLES.contains(&role.as_str())) {
            let mut fault = Diagnostic::error(
                "unknown_key",
                Spot::file(self.shown(MANIFEST)),
                format!("no part of the program reads a table called {role}"),
            );
            fault.help = did_you_mean(role, super::ROLES).map(|near| format!("did you mean {near}?"));
            problems.push(fault);
        }
        Some(manifest)
    }

    /// What the folder says of its decision tables; nothing where it has no such file.
    pub(super) fn decisions(&self, problems: &mut Vec<Diagnostic>) -> DecisionsFile {
        let file = if self.has(DECISIONS) { self.toml(DECISIONS, problems) } else { None };
        file.unwrap_or_default()
    }

    fn toml<T: DeserializeOwned>(&self, file: &str, problems: &mut Vec<Diagnostic>) -> Option<T> {
        let text = self.text(file, problems)?;
        match toml::from_str::<T>(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                let line = u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX);
                let spot = Spot::line(self.shown(file), line);
                problems.push(Diagnostic::error("invalid_toml", spot, error.message().to_owned()));
                None
            }
        }
    }
}
