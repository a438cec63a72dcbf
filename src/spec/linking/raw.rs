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
    /// Folder of the tables of characters, names, regions and places that `person_name`, `resident_id`, `address_cn`
    /// and `school` look up; left out: the bundled ones.
    #[serde(default)]
    pub tables: Option<String>,
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
    /// Whether pairs of sources that no `pair` names are looked at as `type` says; false: only those named.
    #[serde(default = "yes")]
    pub other_pairs: bool,
    /// What holds between two sources, where it differs from the rest.
    #[serde(default)]
    pub pair: Vec<PairTable>,
    /// How frequent the values of columns are, by column, for `term_frequency`; columns that are not named here are
    /// counted in the sources.
    #[serde(default)]
    pub frequency: IndexMap<String, FrequencyTable>,
    /// Day of the data, `YYYY-MM-DD`: nobody is born after it. `resident_id` needs it.
    #[serde(default)]
    pub as_of: Option<String>,
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

const fn yes() -> bool {
    true
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

/// What holds between two sources, or within one that is named twice.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PairTable {
    /// Names of two sources; the same name twice: within it.
    pub sources: [String; 2],
    /// Whether their rows are compared.
    #[serde(default = "yes")]
    pub look: bool,
    /// How many rows of one person they may hold; left out: `one_to_one` with `link_only`, else any. Clusters that
    /// are resolved `unattended` keep to it.
    #[serde(default)]
    pub rows: Option<RowsWord>,
    /// Probability from which a pair is a link; left out: `link.link_at`.
    #[serde(default)]
    pub link_at: Option<f64>,
    /// Probability from which a pair is written; left out: `link.keep_at`.
    #[serde(default)]
    pub keep_at: Option<f64>,
}

/// How many rows of one person two sources may hold, the first named before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowsWord {
    /// One in each.
    OneToOne,
    /// One in the first, several in the second.
    OneToMany,
    /// Several in the first, one in the second.
    ManyToOne,
    /// Several in each.
    ManyToMany,
}

/// A table of how frequent values are, such as the names of a register.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrequencyTable {
    /// File: `.csv`, `.tsv` (UTF-8), `.parquet` or `.xlsx`.
    pub file: String,
    /// Column with the values, each once; they are read as the column that is compared.
    #[serde(default = "value_column")]
    pub value: String,
    /// Column with the frequencies: counts or shares, above 0.
    #[serde(default = "frequency_column")]
    pub frequency: String,
    /// What the frequencies are parts of; left out: their sum.
    #[serde(default)]
    pub total: Option<f64>,
    /// Frequency of values that the table does not have; left out: not known, and not adjusted by.
    #[serde(default)]
    pub unlisted: Option<f64>,
}

fn value_column() -> String {
    "value".to_owned()
}

fn frequency_column() -> String {
    "frequency".to_owned()
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
    /// All pairs of a component are weighed together: one-to-one between tables, no weak bridges. Where a person has
    /// one row in a table, the probability of a pair is that given its rivals.
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
    /// Share of the adjustment that levels get on which values are alike but not the same; the more frequent of the
    /// two values counts. The level of all others never gets any.
    #[serde(default)]
    pub inexact_frequency: f64,
    /// Frequencies below this share count as this: one row is not a frequency.
    #[serde(default)]
    pub least_frequency: f64,
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
    /// Chinese names: characters, sounds, look-alikes, lost characters, former names.
    PersonName,
    /// Resident numbers (身份证号) in their parts, by what each is worth.
    ResidentId,
    /// Chinese addresses: village group, village, town.
    AddressCn,
    /// Telephone numbers.
    Phone,
    /// Names of schools.
    School,
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
    /// m of the level, whatever `fit` finds; the other levels share what is left.
    #[serde(default)]
    pub m: Option<f64>,
    /// u of the level, whatever `fit` finds.
    #[serde(default)]
    pub u: Option<f64>,
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
    /// Pairs that are known to be one person, drawn at random from all such pairs: a CSV with `id_l` and `id_r`, and
    /// `source_l` and `source_r` where there are several tables. m is counted from them.
    #[serde(default)]
    pub labels: Option<String>,
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
