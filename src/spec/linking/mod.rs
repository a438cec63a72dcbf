//! A pipeline that only links tables → a checked plan, or all problems.

mod comparison;
mod model;
mod raw;
mod setup;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::place::beside;
use super::read::unreadable;
use super::toml_check::{KeyLines, check_toml_at};
use crate::comparator::generic::{Condition, Format, Term};
use crate::diag::{Diagnostic, Level, Spot};
use crate::frame::{ColumnSpec, Reading, TableSpec};
use crate::link::generic::{FitPlan, Policy, Readers, Resolution};
use crate::link::splink::{self, BlockLimit, Blocking, LinkType, Model};

pub use model::{FittedOn, ModelComparison, ModelLevel, TableModel, TrainedOn};
pub use raw::{
    BlockTable, ClusterKind, ColumnKind, ColumnTable, ComparisonTable, FitTable, FrequencyTable, LevelTable,
    LinkKind, LinkingFile, LinkingTable, MeasureWord, PairTable, RowsWord, TableSource, WriteFormat,
};

/// What a pipeline of sources and `[link]` says, checked.
#[derive(Clone, Debug)]
pub struct LinkingPlan {
    /// Title for people.
    pub title: String,
    /// The pipeline file, as given.
    pub file: PathBuf,
    /// Folder of results.
    pub out: PathBuf,
    /// Tables.
    pub tables: Vec<TableSpec>,
    /// What columns hold.
    pub columns: BTreeMap<String, ColumnSpec>,
    /// Comparisons, with m, u and prior when the model was read.
    pub model: Model,
    /// The model's file.
    pub model_file: PathBuf,
    /// Whether the model is one of Splink.
    pub of_splink: bool,
    /// Blocking rules.
    pub rules: Vec<Blocking>,
    /// How each rule is written, for people.
    pub rule_words: Vec<String>,
    /// Which tables are linked with which, and from which probability on.
    pub policy: Policy,
    /// Probability from which a pair is a link where no pair of tables says another.
    pub link_at: f64,
    /// Probability from which a pair is written where no pair of tables says another.
    pub keep_at: f64,
    /// Tables of how frequent values are, by the column they are for.
    pub frequencies: Vec<FrequencySpec>,
    /// What the comparators of people's fields look up, where one is used.
    pub readers: Option<Readers>,
    /// How links become clusters.
    pub resolution: Resolution,
    /// Files that are written.
    pub write: Vec<WriteFormat>,
    /// How a model is estimated.
    pub fit: Option<FitPlan>,
}

/// A table of how frequent the values of a column are.
#[derive(Clone, Debug)]
pub struct FrequencySpec {
    /// The column.
    pub column: String,
    /// The table; its id is the column with the values.
    pub table: TableSpec,
    /// Column with the frequencies.
    pub frequency: String,
    /// What they are parts of; none: their sum.
    pub total: Option<f64>,
    /// Frequency of values that the table does not have.
    pub unlisted: Option<f64>,
}

/// What the plan is for: `fit` writes the model that `link` reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Linking.
    Link,
    /// Estimating.
    Fit,
    /// Studying the blocking rules; a model of our own is not needed.
    Blocking,
}

/// Reads a pipeline and, for linking, its model.
///
/// Next to the plan stand warnings.
///
/// # Errors
/// All problems of all files, each with its place.
pub fn compile_linking(
    path: &Path,
    purpose: Purpose,
) -> Result<(LinkingPlan, Vec<Diagnostic>), Vec<Diagnostic>> {
    let file = path.display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|error| vec![unreadable(Spot::file(file.as_str()), "the pipeline", path, &error)])?;
    let (raw, lines) = check_toml_at::<LinkingFile>(&file, &text, 0)?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut draft = Draft { folder, raw, lines, problems: Vec::new() };
    let tables = draft.tables();
    let columns = draft.columns();
    draft.thresholds();
    let policy = draft.policy();
    let frequencies = draft.frequencies();
    let readers = draft.readers();
    let rules = draft.blocks("link.block", &draft.raw.link.block.clone());
    let fit = draft.fit();
    let (model, of_splink) = draft.model(purpose);
    let failed = |problems: &[Diagnostic]| problems.iter().any(|problem| problem.level == Level::Error);
    let Some(model) = model.filter(|_| !failed(&draft.problems)) else { return Err(draft.problems) };
    let link = &draft.raw.link;
    let own = rules.is_empty();
    if own && model.blocking.is_empty() && purpose != Purpose::Fit {
        let told = Diagnostic::error("block_none", draft.lines.spot("link"), "there is no blocking rule");
        draft.problems.push(told.with_help("add [[link.block]] with columns that must be equal"));
        return Err(draft.problems);
    }
    let rules = if own { model.blocking.clone() } else { rules };
    let plan = LinkingPlan {
        file: path.to_owned(),
        out: beside(&draft.folder, &draft.raw.out),
        tables,
        columns,
        model_file: beside(&draft.folder, &link.model),
        of_splink,
        rule_words: if own { numbered(rules.len()) } else { link.block.iter().map(words).collect() },
        rules,
        model,
        policy,
        link_at: link.link_at,
        keep_at: link.keep_at.min(link.link_at),
        frequencies,
        readers,
        resolution: match link.clusters {
            ClusterKind::Unattended => Resolution::Unattended,
            ClusterKind::Components => Resolution::Components,
        },
        write: link.write.clone(),
        fit,
        title: draft.raw.title.clone(),
    };
    Ok((plan, draft.problems))
}

fn numbered(count: usize) -> Vec<String> {
    (1..=count).map(|at| format!("rule {at} of the model")).collect()
}

fn words(block: &BlockTable) -> String {
    let parts: Vec<&str> = block.columns.iter().map(String::as_str).chain(block.sql.as_deref()).collect();
    parts.join(" + ")
}

/// A pipeline while it is being read.
struct Draft {
    folder: PathBuf,
    raw: LinkingFile,
    lines: KeyLines,
    problems: Vec<Diagnostic>,
}

impl Draft {
    fn error(&mut self, code: &'static str, path: &str, message: impl Into<String>, help: &str) {
        let told = Diagnostic::error(code, self.lines.spot(path), message);
        self.problems.push(if help.is_empty() { told } else { told.with_help(help) });
    }

    fn tables(&mut self) -> Vec<TableSpec> {
        let link_type = link_type(self.raw.link.kind);
        let count = self.raw.source.len();
        match (link_type, count) {
            (_, 0) => self.error("source_none", "source", "there is no table", "add [source.<name>]"),
            (LinkType::LinkOnly, 1) => {
                let help = "add a second [source.<name>], or set type = \"dedupe_only\"";
                self.error("source_count", "link.type", "one table cannot be linked with others", help);
            }
            (LinkType::DedupeOnly, 2..) => {
                let help = "set type = \"link_and_dedupe\" or \"link_only\"";
                self.error("source_count", "link.type", "`dedupe_only` looks within one table", help);
            }
            _ => {}
        }
        let mut tables = Vec::new();
        for (name, source) in self.raw.source.clone() {
            let key = format!("source.{name}.file");
            let path = beside(&self.folder, &source.file);
            if !path.is_file() {
                let message = format!("there is no file {}", path.display());
                self.error("file_unreadable", &key, message, "paths are relative to the pipeline file");
            }
            tables.push(TableSpec {
                name,
                path,
                id: source.id,
                sheet: source.sheet,
                headings: source.headings.into_iter().collect(),
                spot: self.lines.spot(&key),
            });
        }
        tables
    }

    fn columns(&mut self) -> BTreeMap<String, ColumnSpec> {
        let mut columns = BTreeMap::new();
        for (name, table) in self.raw.column.clone() {
            let key = format!("column.{name}.format");
            let reading = match (table.kind, &table.format) {
                (Some(ColumnKind::Date), format) => {
                    let format = format.as_deref().unwrap_or("%Y-%m-%d");
                    match Format::new(format) {
                        Ok(format) => Some(Reading::Date(format)),
                        Err(problem) => {
                            self.error("date_format", &key, problem, "");
                            None
                        }
                    }
                }
                (_, Some(_)) => {
                    let help = "set type = \"date\", or take the format away";
                    self.error("date_format", &key, "only a date has a format", help);
                    None
                }
                (Some(ColumnKind::Text), None) => Some(Reading::Text),
                (Some(ColumnKind::Number), None) => Some(Reading::Number),
                (None, None) => None,
            };
            columns.insert(name, ColumnSpec { reading, null: table.null });
        }
        columns
    }

    fn thresholds(&mut self) {
        let link = &self.raw.link;
        let mut all =
            vec![("link.link_at".to_owned(), link.link_at), ("link.keep_at".to_owned(), link.keep_at)];
        for (at, pair) in link.pair.iter().enumerate() {
            let of = |key: &str, value: Option<f64>| Some((format!("link.pair[{at}].{key}"), value?));
            all.extend(of("link_at", pair.link_at).into_iter().chain(of("keep_at", pair.keep_at)));
        }
        for (key, value) in all {
            if !(value > 0.0 && value < 1.0) {
                self.error("out_of_range", &key, "a probability between 0 and 1 is needed", "");
            }
        }
    }

    fn blocks(&mut self, key: &str, blocks: &[BlockTable]) -> Vec<Blocking> {
        let mut rules = Vec::new();
        for (at, block) in blocks.iter().enumerate() {
            let key = format!("{key}[{at}]");
            let same = |column: &String| Condition::same(&Term::column(column));
            let mut parts: Vec<Condition> = block.columns.iter().map(same).collect();
            if let Some(sql) = &block.sql {
                match splink::condition(sql) {
                    Ok(condition) => parts.push(condition),
                    Err(problem) => self.error("condition", &format!("{key}.sql"), problem, ""),
                }
            }
            if parts.is_empty() {
                self.error("block_rule", &key, "the rule says nothing", "name columns that must be equal");
            }
            let limit = block.max_rows.map(|rows| BlockLimit { rows, split: block.split.clone() });
            if block.max_rows.is_some_and(|rows| rows < 2) {
                let help = "a block of one row has no pair";
                self.error("out_of_range", &format!("{key}.max_rows"), "at least 2 rows are needed", help);
            }
            if block.max_rows.is_some() && !key.starts_with("link.") {
                let help = "take max_rows away: training_pairs bounds what is looked at";
                self.error(
                    "block_rule",
                    &format!("{key}.max_rows"),
                    "a rule of [fit] has no such limit",
                    help,
                );
            }
            if block.max_rows.is_none() && !block.split.is_empty() {
                let help = "set max_rows: how large a block may be before it is split";
                self.error("block_rule", &format!("{key}.split"), "nothing says when to split", help);
            }
            rules.push(Blocking { condition: Condition::All(parts), explode: Vec::new(), limit });
        }
        rules
    }

    fn fit(&mut self) -> Option<FitPlan> {
        let table = self.raw.fit.clone()?;
        let known = self.blocks("fit.known", &table.known);
        let training = self.blocks("fit.train", &table.train);
        if table.recall.is_some_and(|recall| !(recall > 0.0 && recall <= 1.0)) {
            self.error("out_of_range", "fit.recall", "a share above 0 and up to 1 is needed", "");
        }
        if table.random_pairs == 0 {
            self.error("out_of_range", "fit.random_pairs", "at least one pair is needed", "");
        }
        let labels = table.labels.as_deref().map(|file| beside(&self.folder, file));
        if let Some(path) = labels.as_ref().filter(|path| !path.is_file()) {
            let message = format!("there is no file {}", path.display());
            self.error("file_unreadable", "fit.labels", message, "paths are relative to the pipeline file");
        }
        Some(FitPlan {
            labels,
            random_pairs: table.random_pairs,
            seed: table.seed,
            known,
            recall: table.recall,
            training,
            training_pairs: table.training_pairs,
        })
    }

    /// The model, and whether it is one of Splink.
    fn model(&mut self, purpose: Purpose) -> (Option<Model>, bool) {
        let path = beside(&self.folder, &self.raw.link.model);
        let file = path.display().to_string();
        let of_splink = path.extension().is_some_and(|extension| extension == "json");
        let comparisons = comparison::comparisons(self);
        if of_splink && !comparisons.is_empty() {
            let help = "take [[link.comparison]] away, or name a model that `fit` wrote";
            self.error(
                "comparison_twice",
                "link.comparison",
                "a model of Splink says itself what is compared",
                help,
            );
        }
        if !of_splink && comparisons.is_empty() && self.raw.link.comparison.is_empty() {
            self.error("comparison_none", "link", "there is no comparison", "add [[link.comparison]]");
        }
        let link_type = link_type(self.raw.link.kind);
        let empty = Model {
            link_type,
            prior: 0.0001,
            comparisons,
            blocking: Vec::new(),
            others: serde_json::Map::new(),
        };
        if purpose != Purpose::Link && !of_splink {
            return (Some(empty), false);
        }
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                let told = unreadable(self.lines.spot("link.model"), "the model", &path, &error);
                let help = "`doudi fit` writes it";
                self.problems.push(if of_splink { told } else { told.with_help(help) });
                return (None, of_splink);
            }
        };
        if of_splink {
            return (self.splink_model(&text, &file, link_type), true);
        }
        let mut model = empty;
        match TableModel::read_into(&mut model, &file, &text) {
            Ok(()) => (Some(model), false),
            Err(found) => {
                self.problems.extend(found);
                (None, false)
            }
        }
    }

    fn splink_model(&mut self, text: &str, file: &str, link_type: LinkType) -> Option<Model> {
        match splink::import(text, file) {
            Ok((model, warnings)) => {
                self.problems.extend(warnings);
                if model.link_type != link_type {
                    let message = format!("the model is for `{}`", model.link_type.word());
                    self.error("link_type", "link.type", message, "");
                }
                Some(model)
            }
            Err(found) => {
                self.problems.extend(found);
                None
            }
        }
    }
}

const fn link_type(kind: LinkKind) -> LinkType {
    match kind {
        LinkKind::DedupeOnly => LinkType::DedupeOnly,
        LinkKind::LinkOnly => LinkType::LinkOnly,
        LinkKind::LinkAndDedupe => LinkType::LinkAndDedupe,
    }
}
