//! What stands in a pipeline that only links tables, as it is written there.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A pipeline of sources and `[link]`: links the rows of any tables. Relative paths are relative to the
/// pipeline file.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkingFile {
    /// Title for people.
    pub title: String,
    /// Folder that the results are written to. `link --out` replaces it.
    pub out: String,
    /// The tables, by name.
    pub source: IndexMap<String, TableSource>,
    /// What columns hold, by name; a column that is not named here is taken as its file has it.
    #[serde(default)]
    pub column: IndexMap<String, ColumnTable>,
    /// What is linked, and by what.
    pub link: LinkingTable,
    /// How `fit` estimates the model.
    #[serde(default)]
    pub fit: Option<FitTable>,
}

/// One table.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableSource {
    /// File: `.csv`, `.tsv` (UTF-8), `.parquet` or `.xlsx`.
    pub file: String,
    /// Column that tells rows apart.
    pub id: String,
    /// Sheet of a workbook; left out: the first.
    #[serde(default)]
    pub sheet: Option<String>,
    /// Headings of this table that differ: `{ surname = "family_name" }`.
    #[serde(default)]
    pub headings: IndexMap<String, String>,
}

/// What a column holds.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnTable {
    /// How its text is read; left out: as the file has it.
    #[serde(default, rename = "type")]
    pub kind: Option<ColumnKind>,
    /// Format of dates, in the words of `strptime`: `%Y-%m-%d`.
    #[serde(default)]
    pub format: Option<String>,
    /// Texts that stand for a missing value, beside the empty one.
    #[serde(default)]
    pub null: Vec<String>,
}

/// Kinds of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Text.
    Text,
    /// A number.
    Number,
    /// A day.
    Date,
}

/// What is linked, and by what.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkingTable {
    /// Which pairs of rows are looked at.
    #[serde(rename = "type")]
    pub kind: LinkKind,
    /// The model: `<name>.toml` as `fit` writes it, or `<name>.json` of Splink.
    pub model: String,
    /// Probability from which a pair is a link.
    #[serde(default = "link_at")]
    pub link_at: f64,
    /// Probability from which a pair is written; a person decides about those below `link_at`.
    #[serde(default = "keep_at")]
    pub keep_at: f64,
    /// How links become clusters.
    #[serde(default)]
    pub clusters: ClusterKind,
    /// What is compared; left out with a model of Splink, which says so itself.
    #[serde(default)]
    pub comparison: Vec<ComparisonTable>,
    /// Which pairs are looked at: those for which a rule holds; left out with a model of Splink: its rules.
    #[serde(default)]
    pub block: Vec<BlockTable>,
    /// Files that are written.
    #[serde(default = "formats")]
    pub write: Vec<WriteFormat>,
}

const fn link_at() -> f64 {
    0.9
}

const fn keep_at() -> f64 {
    0.5
}

fn formats() -> Vec<WriteFormat> {
    vec![WriteFormat::Parquet, WriteFormat::Csv]
}

/// Formats of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WriteFormat {
    /// Apache Parquet.
    Parquet,
    /// Comma-separated text.
    Csv,
}

/// Which pairs are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// Within one table.
    DedupeOnly,
    /// Between tables; a row has one partner in each table at most.
    LinkOnly,
    /// Within and between tables.
    LinkAndDedupe,
}

/// How links become clusters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClusterKind {
    /// All pairs of a component are weighed together: one-to-one between tables, no weak bridges.
    #[default]
    Unattended,
    /// Whatever a chain of links connects.
    Components,
}

/// One comparison: a column and a measure at thresholds, or levels in full.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparisonTable {
    /// Name; left out: the column's.
    #[serde(default)]
    pub name: Option<String>,
    /// Column that is compared; two columns for `reversed`.
    #[serde(default)]
    pub columns: Vec<String>,
    /// The measure.
    #[serde(default)]
    pub measure: Option<MeasureWord>,
    /// Thresholds, the best first.
    #[serde(default)]
    pub at: Vec<f64>,
    /// Length of runs for `qgram`.
    #[serde(default)]
    pub q: Option<usize>,
    /// Rare values weigh more when they agree.
    #[serde(default)]
    pub term_frequency: bool,
    /// Levels in full, best first, in the SQL of DuckDB: `levenshtein(a_l, a_r) <= 1`. The missing level
    /// comes before them and the level of all others after them by themselves.
    #[serde(default)]
    pub level: Vec<LevelTable>,
}

/// Measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasureWord {
    /// Equal or not.
    Exact,
    /// Edits of a character.
    Levenshtein,
    /// Edits of a character and exchanges of neighbours.
    DamerauLevenshtein,
    /// Jaro similarity.
    Jaro,
    /// Jaro–Winkler similarity.
    JaroWinkler,
    /// Share of common characters.
    Jaccard,
    /// Share of common runs of `q` characters.
    Qgram,
    /// Share of common words.
    TokenSet,
    /// Days between two dates.
    Days,
    /// Months between two dates.
    Months,
    /// Years between two dates.
    Years,
    /// Difference of two numbers.
    Difference,
    /// Difference as a share of the greater number.
    Percent,
    /// Two columns that may have changed places.
    Reversed,
}

/// One level.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelTable {
    /// What people read.
    pub label: String,
    /// The condition.
    pub sql: String,
    /// Column whose frequencies adjust the level.
    #[serde(default)]
    pub term_frequency: Option<String>,
}

/// One rule: pairs that agree in these columns, or for which a condition holds.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockTable {
    /// Columns that must be equal.
    #[serde(default)]
    pub columns: Vec<String>,
    /// A condition in the SQL of DuckDB, beside the columns or instead of them:
    /// `substr(l.name, 1, 2) = substr(r.name, 1, 2)`.
    #[serde(default)]
    pub sql: Option<String>,
    /// Most rows of a block; larger ones are split by `split`, and what is larger still is not looked at, which
    /// is told. Left out: no limit.
    #[serde(default)]
    pub max_rows: Option<u32>,
    /// Columns by which blocks of more than `max_rows` rows are split, one after the other.
    #[serde(default)]
    pub split: Vec<String>,
}

/// How `fit` estimates a model.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FitTable {
    /// Pairs drawn for u.
    #[serde(default = "random_pairs")]
    pub random_pairs: u64,
    /// Seed of the draw.
    #[serde(default = "seed")]
    pub seed: u64,
    /// Rules whose pairs are nearly always one person; with `recall` they give the prior.
    #[serde(default)]
    pub known: Vec<BlockTable>,
    /// Share of all true pairs that `known` finds.
    #[serde(default)]
    pub recall: Option<f64>,
    /// Rules whose pairs give m, for the comparisons of other columns.
    pub train: Vec<BlockTable>,
    /// Most pairs of a training rule that are looked at.
    #[serde(default = "training_pairs")]
    pub training_pairs: u64,
}

const fn random_pairs() -> u64 {
    2_000_000
}

const fn seed() -> u64 {
    1
}

const fn training_pairs() -> u64 {
    5_000_000
}
