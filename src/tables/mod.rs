//! F1: typed look-ups over `schemas/tables/`: characters, surnames, regions, towns and villages, code tables,
//! decision tables, the rule book.
//!
//! In: a folder of CSV and TSV files with its `tables.toml`, or the copy inside the program. Out: one
//! immutable [`Tables`] and the edition and digest of each file. Everything an office can issue anew is
//! data here; this module must never know a town, an agency or a code by name.

mod areas;
mod calendar;
mod char_map;
mod chars;
mod codes;
mod decisions;
mod fold;
mod gazetteer;
mod glyphs;
mod name_words;
mod prefixes;
mod regions;
mod retention;
mod rows;
mod rule_book;
mod store;
mod surnames;
mod variants;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use arrow::record_batch::RecordBatch;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};

use crate::diag::{Diagnostic, Spot};
use crate::domain::Relation;

pub use areas::Area;
pub use calendar::{Calendar, RunDays, Says};
pub use chars::{Chars, Toned};
pub use codes::CodeTable;
pub use fold::CharFold;
pub use gazetteer::Gazetteer;
pub use glyphs::Glyphs;
pub use name_words::{Care, NameWords};
pub use regions::{RegionKnown, Regions};
pub use retention::{DataClass, Retained, Retention};
pub use rule_book::{BookEntry, Priority, RuleBook};
pub use store::{DECISIONS, DecisionsFile, Edition, MANIFEST, TablesFile};
pub use surnames::Surnames;
pub use variants::{VariantKind, Variants};

use rows::TableText;
use store::Store;

/// Roles a table can have in `tables.toml`.
const ROLES: [&str; 16] = [
    "aliases",
    "calendar",
    "char_codes",
    "char_variants",
    "dialect_fold",
    "divisions",
    "glyph_neighbors",
    "name_words",
    "pua_map",
    "radical_fold",
    "regions",
    "retention",
    "rule_book",
    "surname_compound",
    "surname_confusable",
    "surname_readings",
];

/// The file of relations beside the fixed tables; only a folder has one.
const RELATIONS: &str = "relations.csv";

/// All look-ups of a run. Immutable and `Sync`.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// Readings and shape codes of characters.
    pub chars: Chars,
    /// Safe folding of variants, and confusable variants.
    pub variants: Variants,
    /// Look-alike characters.
    pub glyphs: Glyphs,
    /// Readings of surnames, surnames written for each other, compound surnames.
    pub surnames: Surnames,
    /// Old private-use codes of GB 18030 → standard characters.
    pub pua: CharFold,
    /// Radicals (U+2E80–2EFF) → the ideographs they are typed for.
    pub radicals: CharFold,
    /// Words that stand in name cells.
    pub name_words: NameWords,
    /// Towns and villages.
    pub gazetteer: Gazetteer,
    /// County codes by year.
    pub regions: Regions,
    /// Code tables by name (`codes/<name>.csv`).
    pub codes: BTreeMap<String, CodeTable>,
    /// Labels of relations → relation (`relations.csv`).
    pub relations: BTreeMap<String, Relation>,
    /// How long what is kept.
    pub retention: Retention,
    /// Workdays and school terms.
    pub calendar: Calendar,
    /// Every rule that was agreed on.
    pub rule_book: RuleBook,
    /// Decision tables by name (`decisions/<name>.csv`), for SQL.
    pub decisions: BTreeMap<String, RecordBatch>,
    /// Their names for people, as far as they have one.
    pub decision_titles: BTreeMap<String, String>,
    editions: Vec<Edition>,
}

impl Tables {
    /// Loads a folder (`schemas/tables`), or without one the bundled language and region tables, which have
    /// no code, relation or decision tables.
    ///
    /// # Errors
    /// Everything that is wrong with any table, with file and line, at once.
    pub fn load(dir: Option<&Path>) -> Result<Self, Vec<Diagnostic>> {
        let mut loader = Loader::new(dir)?;
        let tables = loader.tables();
        if loader.problems.is_empty() { Ok(tables) } else { Err(loader.problems) }
    }

    /// Edition, digest and rows of every table file, sorted by name.
    pub fn editions(&self) -> &[Edition] {
        &self.editions
    }
}

struct Loader<'a> {
    store: Store<'a>,
    manifest: TablesFile,
    problems: Vec<Diagnostic>,
    editions: Vec<Edition>,
}

/// A fixed table in memory.
struct Fixed {
    role: &'static str,
    edition: String,
    shown: String,
    text: Cow<'static, str>,
}

impl Fixed {
    fn table(&self) -> TableText<'_> {
        TableText { file: &self.shown, text: &self.text }
    }
}

impl<'a> Loader<'a> {
    fn new(dir: Option<&'a Path>) -> Result<Self, Vec<Diagnostic>> {
        let store = Store::new(dir);
        let mut problems = Vec::new();
        match store.manifest(&mut problems) {
            Some(manifest) => Ok(Self { store, manifest, problems, editions: Vec::new() }),
            None => Err(problems),
        }
    }

    fn tables(&mut self) -> Tables {
        let mut tables = Tables::default();
        self.characters(&mut tables);
        self.names(&mut tables);
        self.places(&mut tables);
        self.rules(&mut tables);
        self.code_tables(&mut tables);
        self.relation_labels(&mut tables);
        self.decision_tables(&mut tables);
        self.editions.sort();
        tables.editions = std::mem::take(&mut self.editions);
        tables
    }

    /// The text of a fixed table; an empty one when it cannot be had, which is a problem already noted.
    fn fixed(&mut self, role: &'static str) -> Option<Fixed> {
        let Some(entry) = self.manifest.table.get(role) else {
            let spot = Spot::file(self.store.shown(MANIFEST));
            self.problems.push(
                Diagnostic::error("table_missing", spot, format!("no table is named for {role}"))
                    .with_help(format!("add [table.{role}] with file and edition")),
            );
            return None;
        };
        let (file, edition) = (entry.file.clone(), entry.edition.clone());
        let text = self.store.text(&file, &mut self.problems)?;
        Some(Fixed { role, edition, shown: self.store.shown(&file), text })
    }

    fn done(&mut self, fixed: &Fixed, rows: u64) {
        self.editions.push(Edition::new(fixed.role, &fixed.edition, &fixed.text, rows));
    }

    fn characters(&mut self, tables: &mut Tables) {
        if let (Some(codes), Some(dialect)) = (self.fixed("char_codes"), self.fixed("dialect_fold")) {
            let (chars, rows, dialect_rows) = Chars::load(codes.table(), dialect.table(), &mut self.problems);
            tables.chars = chars;
            self.done(&codes, rows);
            self.done(&dialect, dialect_rows);
        }
        if let Some(fixed) = self.fixed("char_variants") {
            let (variants, rows) = Variants::load(fixed.table(), &mut self.problems);
            tables.variants = variants;
            self.done(&fixed, rows);
        }
        if let Some(fixed) = self.fixed("glyph_neighbors") {
            let (glyphs, rows) = Glyphs::load(fixed.table(), &mut self.problems);
            tables.glyphs = glyphs;
            self.done(&fixed, rows);
        }
        if let Some(fixed) = self.fixed("pua_map") {
            let header = ["pua_codepoint", "standard_codepoint", "gb18030_bytes"];
            let (fold, rows) = CharFold::load(fixed.table(), &header, &mut self.problems);
            tables.pua = fold;
            self.done(&fixed, rows);
        }
        if let Some(fixed) = self.fixed("radical_fold") {
            let (fold, rows) = CharFold::load(fixed.table(), &["radical", "ideograph"], &mut self.problems);
            tables.radicals = fold;
            self.done(&fixed, rows);
        }
    }

    fn names(&mut self, tables: &mut Tables) {
        if let Some(fixed) = self.fixed("name_words") {
            let (words, rows) = NameWords::load(fixed.table(), &tables.variants, &mut self.problems);
            tables.name_words = words;
            self.done(&fixed, rows);
        }
        let files =
            ["surname_readings", "surname_confusable", "surname_compound"].map(|role| self.fixed(role));
        if let [Some(readings), Some(confusable), Some(compound)] = files {
            let (surnames, rows) = Surnames::load(
                readings.table(),
                confusable.table(),
                compound.table(),
                &tables.chars,
                &mut self.problems,
            );
            tables.surnames = surnames;
            for (fixed, rows) in [readings, confusable, compound].iter().zip(rows) {
                self.done(fixed, rows);
            }
        }
    }

    fn places(&mut self, tables: &mut Tables) {
        if let Some(fixed) = self.fixed("regions") {
            let (regions, rows) = Regions::load(fixed.table(), &mut self.problems);
            tables.regions = regions;
            self.done(&fixed, rows);
        }
        if let (Some(divisions), Some(aliases)) = (self.fixed("divisions"), self.fixed("aliases")) {
            let (gazetteer, rows) = Gazetteer::load(
                divisions.table(),
                aliases.table(),
                &tables.regions,
                &tables.variants,
                &mut self.problems,
            );
            tables.gazetteer = gazetteer;
            for (fixed, rows) in [divisions, aliases].iter().zip(rows) {
                self.done(fixed, rows);
            }
        }
    }

    fn rules(&mut self, tables: &mut Tables) {
        if let Some(fixed) = self.fixed("retention") {
            let (retention, rows) = Retention::load(fixed.table(), &mut self.problems);
            tables.retention = retention;
            self.done(&fixed, rows);
        }
        if let Some(fixed) = self.fixed("calendar") {
            let (calendar, rows) = Calendar::load(fixed.table(), &mut self.problems);
            tables.calendar = calendar;
            self.done(&fixed, rows);
        }
        if let Some(fixed) = self.fixed("rule_book") {
            let (book, rows) = RuleBook::load(fixed.table(), &mut self.problems);
            tables.rule_book = book;
            self.done(&fixed, rows);
        }
    }

    fn code_tables(&mut self, tables: &mut Tables) {
        let files = self.store.list("codes", &mut self.problems);
        for name in self.manifest.code.keys().filter(|name| !files.iter().any(|(known, _)| known == *name)) {
            self.problems.push(stale(&self.store, MANIFEST, "codes", name));
        }
        for (name, file) in files {
            let Some(text) = self.store.text(&file, &mut self.problems) else { continue };
            let shown = self.store.shown(&file);
            let (codes, rows) = CodeTable::load(TableText { file: &shown, text: &text }, &mut self.problems);
            let edition = self.manifest.code.get(&name).map_or("", |entry| &entry.edition);
            self.editions.push(Edition::new(format!("codes/{name}"), edition, &text, rows));
            tables.codes.insert(name, codes);
        }
    }

    fn relation_labels(&mut self, tables: &mut Tables) {
        if !self.store.has(RELATIONS) {
            return;
        }
        let Some(text) = self.store.text(RELATIONS, &mut self.problems) else { return };
        let shown = self.store.shown(RELATIONS);
        let table = TableText { file: &shown, text: &text };
        let rows = table.csv(&["label", "relation"], &mut self.problems, |cells| {
            let name: StrDeserializer<'_, ValueError> = cells[1].into_deserializer();
            let relation = Relation::deserialize(name).map_err(|error| error.to_string())?;
            match tables.relations.insert(cells[0].to_owned(), relation) {
                Some(before) if before != relation => Err("one label stands for two relations".to_owned()),
                _ => Ok(()),
            }
        });
        self.editions.push(Edition::new("relations", "", &text, rows));
    }

    fn decision_tables(&mut self, tables: &mut Tables) {
        let files = self.store.list("decisions", &mut self.problems);
        let declared = self.store.decisions(&mut self.problems).decision;
        for name in declared.keys().filter(|name| !files.iter().any(|(known, _)| known == *name)) {
            self.problems.push(stale(&self.store, DECISIONS, "decisions", name));
        }
        for (name, file) in files {
            let Some(text) = self.store.text(&file, &mut self.problems) else { continue };
            let entry = declared.get(&name).cloned().unwrap_or_default();
            let shown = self.store.shown(&file);
            let table = TableText { file: &shown, text: &text };
            if let Some(batch) = decisions::load(table, &entry.columns, &mut self.problems) {
                let rows = batch.num_rows() as u64;
                self.editions.push(Edition::new(format!("decisions/{name}"), &entry.edition, &text, rows));
                if !entry.title.is_empty() {
                    tables.decision_titles.insert(name.clone(), entry.title);
                }
                tables.decisions.insert(name, batch);
            }
        }
    }
}

/// A declaration speaks of a file that is not there.
fn stale(store: &Store<'_>, declared_in: &str, sub: &str, name: &str) -> Diagnostic {
    let spot = Spot::file(store.shown(declared_in));
    Diagnostic::error("table_missing", spot, format!("{sub}/{name}.csv does not exist"))
}

#[cfg(test)]
mod tests;
