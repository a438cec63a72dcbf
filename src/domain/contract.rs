//! What a contract says about an extract. Read from `schemas/<agency>/<extract>.toml` by `spec`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Sex;

/// The agreement about one extract: its files, headings, types, keys, checks and tolerances.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Name for people, e.g. `儿童名册`.
    pub title: String,
    /// The agency that owns the data; recipient of its error list.
    pub owner: String,
    /// Raised with every change of meaning.
    pub version: u32,
    /// One sentence: what one row is.
    pub grain: String,
    /// File-name patterns within the agency's folder, e.g. `儿童名册_*.xlsx`.
    pub files: Vec<String>,
    /// Formats that may arrive.
    pub formats: Vec<Format>,
    /// Declared encodings of CSV files; the first is tried first, a wrong declaration is noticed.
    #[serde(default)]
    pub encodings: Vec<Encoding>,
    /// Fields whose values name a row for life; empty means a digest of the row's content.
    #[serde(default)]
    pub key: Vec<String>,
    /// Cumulative event extracts hold everything since this day (`YYYY-MM-DD`).
    #[serde(default)]
    pub cumulative_since: Option<String>,
    /// The field that holds the town, for completeness by town.
    #[serde(default)]
    pub town_field: Option<String>,
    /// Towns without which the extract is incomplete, whether or not there was a delivery before: the guard of
    /// the first night. Which towns deliver is a county's matter, so the pipeline gives them.
    #[serde(default)]
    pub towns: Vec<String>,
    /// Hidden sheets that are data all the same.
    #[serde(default)]
    pub hidden_sheets: Vec<String>,
    /// Whether a pipeline may run without this extract.
    #[serde(default)]
    pub completeness: Completeness,
    /// Fields, in the order of the artifact's columns.
    pub field: IndexMap<String, Field>,
    /// Who is named in a row; empty when nobody is.
    #[serde(default)]
    pub mention: Vec<MentionSpec>,
    /// Set for a register of changes: its rows name nobody, they give further numbers and former
    /// names to the mentions of other extracts.
    #[serde(default)]
    pub id_history: Option<IdHistory>,
    /// Past these the extract is incomplete, or the run is held.
    #[serde(default)]
    pub tolerance: Tolerance,
}

/// File formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Comma-separated text.
    Csv,
    /// Office Open XML workbook.
    Xlsx,
    /// BIFF workbook.
    Xls,
    /// Apache Parquet.
    Parquet,
}

/// Text encodings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum Encoding {
    /// UTF-8, with or without byte-order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// GB 18030 (a superset of GBK and GB 2312).
    #[serde(rename = "gb18030")]
    Gb18030,
}

/// What happens when an extract is missing, refused or outside its tolerance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// The run goes on; rules that read it are reported 未运行.
    #[default]
    Optional,
    /// The run is held when nothing of it came or all of it was refused: nothing is published, exit code 3.
    /// Where it is incomplete, the run goes on.
    Present,
    /// The run is held when it is incomplete, too.
    Required,
}

/// One column of an extract.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Headings seen in deliveries; the first is the official one. Spaces, brackets' width and case
    /// do not matter when they are compared.
    pub headers: Vec<String>,
    /// What a cell holds.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// Code table for `type = "code"`: a file `schemas/tables/codes/<name>.csv`.
    #[serde(default)]
    pub table: Option<String>,
    /// The column must be there and every row must fill it (`*` in the agreement): an empty or
    /// unreadable value quarantines the row, a missing column refuses the file.
    #[serde(default)]
    pub required: bool,
    /// Checks on typed values: `not_after:as_of`, `not_after:<field>`, `not_before:<field>`,
    /// `not_negative`. A failed check is a finding about the data, never a lost row.
    #[serde(default)]
    pub checks: Vec<String>,
    /// What happens to an unknown code.
    #[serde(default)]
    pub on_unknown: OnUnknownCode,
    /// Highest share of empty cells before the extract is reported incomplete.
    #[serde(default)]
    pub null_share_max: Option<f64>,
    /// Disclosure class, e.g. `identity`, `contact`, `custody`, `illness`, `bank`, `hiv`; the
    /// disclosure table says which recipient may see which class. Empty means `plain`.
    #[serde(default)]
    pub class: Option<String>,
    /// Labels of a code field that belong to a stricter disclosure class of their own: class →
    /// labels. Recipients without that class see 其他 in their place.
    #[serde(default)]
    pub label_class: IndexMap<String, Vec<String>>,
}

/// Cell types; each is cleaned by the function of the same name in `field`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Free text, trimmed. Arrow `Utf8`.
    Text,
    /// A value of a code table; the standardised value is the table's label. `Utf8`.
    Code,
    /// A day in any accepted form. `Date32`.
    Date,
    /// A month (`202611`, `2026-11`, `2026年11月`). Standardised to `2026-11`. `Utf8`.
    Month,
    /// Yuan with at most two decimals; standardised to fen. `Int64`.
    Yuan,
    /// A whole number. `Int64`.
    Integer,
    /// A personal name. `Utf8` (display form).
    Name,
    /// A resident identity number. `Utf8`, null when no eighteen characters could be made of it.
    ResidentId,
    /// A telephone number. `Utf8` digits.
    Phone,
    /// An address, kept as text; town, village and group are derived. `Utf8`.
    Address,
    /// 男/女 and its codes. `Utf8` 男/女.
    Sex,
    /// A disability-card number: 18 + category + level [+ `B1` …]. `Utf8`, re-issue suffix kept.
    CardNumber,
    /// A school-roll number `G`/`J`/`L` + 18. `Utf8`.
    RollNumber,
}

/// What happens to a row whose code is not in the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnUnknownCode {
    /// The value becomes null and is reported; a required field quarantines the row.
    #[default]
    Report,
    /// The row is quarantined.
    Quarantine,
    /// The text is kept as it is (open lists such as aid items).
    Keep,
}

/// One person named in a row. Every value but `role` names a field of the contract.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MentionSpec {
    /// Name of the role, e.g. `child`, `father`.
    pub role: String,
    /// Two rows of this extract are two persons: rows of one extract are never merged on a fuzzy
    /// link and a row of another such extract is assigned to at most one of them.
    #[serde(default)]
    pub one_row_one_person: bool,
    /// Field of the name.
    pub name: String,
    /// Field of a former name.
    #[serde(default)]
    pub former_name: Option<String>,
    /// Field of the resident number.
    #[serde(default)]
    pub resident_id: Option<String>,
    /// Field that tells the kind of document in `resident_id`.
    #[serde(default)]
    pub id_kind: Option<String>,
    /// Labels of `id_kind` that mean a resident number; empty means any.
    #[serde(default)]
    pub id_kind_resident: Vec<String>,
    /// Field of the birth date.
    #[serde(default)]
    pub birth_date: Option<String>,
    /// Field of the sex.
    #[serde(default)]
    pub sex: Option<String>,
    /// Sex that the role itself tells (fathers, mothers): `male` or `female`.
    #[serde(default)]
    pub sex_is: Option<SexOfRole>,
    /// Fields of addresses, best first.
    #[serde(default)]
    pub address: Vec<String>,
    /// Field of the town.
    #[serde(default)]
    pub town: Option<String>,
    /// Field of the village.
    #[serde(default)]
    pub village: Option<String>,
    /// Field of the telephone number.
    #[serde(default)]
    pub phone: Option<String>,
    /// Field of a roll number whose `G` form holds the resident number at first registration.
    #[serde(default)]
    pub historic_id: Option<String>,
    /// Field of a disability-card number, which begins with the resident number.
    #[serde(default)]
    pub card_number: Option<String>,
    /// Namespace → field of numbers an agency gives its own persons.
    #[serde(default)]
    pub local_key: IndexMap<String, String>,
    /// Namespace → field of households: persons of one value live together.
    #[serde(default)]
    pub household: IndexMap<String, String>,
    /// The role of this row that the person is related to.
    #[serde(default)]
    pub of: Option<String>,
    /// How it is related.
    #[serde(default)]
    pub relation: Option<RelationSource>,
}

/// How a register of changes is read: each row says that the person of a local key once had another
/// number or name. All but `namespace`, `id_kinds` and `name_kinds` name fields of the contract.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdHistory {
    /// Field of the person's local key.
    pub person: String,
    /// Namespace of that key, as other extracts' mentions declare it in `local_key`.
    pub namespace: String,
    /// Field of the kind of change.
    pub kind: String,
    /// Field of the value before the change.
    pub before: String,
    /// Field of the value after the change.
    #[serde(default)]
    pub after: Option<String>,
    /// Labels of `kind` that mean a changed resident number.
    pub id_kinds: Vec<String>,
    /// Labels of `kind` that mean a changed name.
    #[serde(default)]
    pub name_kinds: Vec<String>,
}

/// Sex told by a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SexOfRole {
    /// A father.
    Male,
    /// A mother.
    Female,
}

impl From<SexOfRole> for Sex {
    fn from(value: SexOfRole) -> Self {
        match value {
            SexOfRole::Male => Self::Male,
            SexOfRole::Female => Self::Female,
        }
    }
}

/// Where the relation of a mention to its `of` is told.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum RelationSource {
    /// The role itself: `{ is = "father" }`.
    Is(Relation),
    /// A code field whose labels the table `relations` maps: `{ field = "member_1_relation" }`.
    Field(String),
}

/// Relations between two persons named in one row.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Relation {
    /// Not told.
    #[default]
    None = 0,
    /// 父亲.
    Father,
    /// 母亲.
    Mother,
    /// A grandparent.
    Grandparent,
    /// Another guardian, carer or relative.
    Guardian,
    /// The head of the household.
    Householder,
    /// Who receives the money.
    Payee,
    /// The person's child.
    Child,
    /// An adoptive parent.
    Adopter,
}

impl Relation {
    /// All relations; the position is the number.
    pub const ALL: [Self; 9] = [
        Self::None,
        Self::Father,
        Self::Mother,
        Self::Grandparent,
        Self::Guardian,
        Self::Householder,
        Self::Payee,
        Self::Child,
        Self::Adopter,
    ];
}

/// Limits past which an extract counts as incomplete (or the run is held, see [`Completeness`]).
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tolerance {
    /// Largest change of the row count against the last accepted delivery, as a share.
    pub row_count_change_max: f64,
    /// The same for each town; a town that vanishes always counts.
    pub town_count_change_max: f64,
    /// Changes of fewer rows than this never count.
    pub row_count_change_floor: u32,
    /// Largest share of quarantined rows.
    pub quarantined_share_max: f64,
    /// Largest age of the extract's own as-of date in days.
    pub age_days_max: u32,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self {
            row_count_change_max: 0.05,
            town_count_change_max: 0.05,
            row_count_change_floor: 20,
            quarantined_share_max: 0.02,
            age_days_max: 35,
        }
    }
}
