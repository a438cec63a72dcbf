//! What stands in the head of a rule or view file: TOML inside SQL comments.

use std::fmt;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{Finding, Severity};
use crate::engine::{Parameters, Value};

/// The head of `pipelines/rules/<rule>.sql`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleHeader {
    /// Name for people, e.g. `重点儿童无学籍`.
    pub title: String,
    /// What has to hold, in Chinese, in the words of an officer who reads the rule book.
    #[serde(default)]
    pub condition: String,
    /// List it belongs to.
    pub list: String,
    /// Whose case it is: `extract.role`, `*` when the SELECT names `subject_extract` and `subject_role` itself, or
    /// `delivery` when it is about the extract `subject_extract` as a whole and about no person.
    pub subject: Subject,
    /// Extracts without which the rule does not run.
    pub reads: Vec<String>,
    /// An absence rule: the role in which nobody was found. Both this extract and the subject's
    /// must be complete, and near misses are looked up here.
    #[serde(default)]
    pub absent_from: Option<RoleRef>,
    /// Extracts that are read when they came.
    #[serde(default)]
    pub optional_reads: Vec<String>,
    /// Extracts, out of those it reads, in whose silence it concludes: with one of them incomplete the rule does
    /// not run, for the row that is missing may be the one that explains everything.
    #[serde(default)]
    pub whole: Vec<String>,
    /// What the column `event` holds.
    pub event: EventKind,
    /// Whether it draws people by lot for a spot check instead of finding clues: whom another rule of the list
    /// finds is left out.
    #[serde(default)]
    pub spot_check: bool,
    /// How urgent a finding is.
    pub severity: Severity,
    /// Keys of the legal-basis table.
    pub basis: Vec<String>,
    /// Who receives the findings.
    pub recipients: Vec<String>,
    /// Days to answer; which days count, the pipeline says (`due_in`).
    pub due_days: u32,
    /// Sentence: a minijinja template over the SELECT's columns.
    pub reason: String,
    /// What a person should look at before answering (需核实).
    #[serde(default)]
    pub verify: Vec<String>,
    /// Parameters with visible defaults.
    #[serde(default)]
    pub params: IndexMap<String, Parameter>,
    /// Columns of the SELECT that are shown beside the sentence.
    #[serde(default)]
    pub columns: IndexMap<String, ShownColumn>,
}

/// The head of `pipelines/views/<view>.sql`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewHeader {
    /// One sentence: what one row is.
    pub title: String,
    /// Parameters with visible defaults.
    #[serde(default)]
    pub params: IndexMap<String, Parameter>,
}

/// A parameter of a rule or view.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Value unless the pipeline says otherwise.
    pub default: Value,
    /// Meaning, in Chinese.
    pub title: String,
    /// Where the default comes from.
    pub status: ParameterStatus,
}

/// Where a default comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParameterStatus {
    /// A text that was read says so.
    Sourced,
    /// We chose it.
    DesignChoice,
    /// The client has to confirm it (待客户确认).
    ToConfirm,
}

/// A column shown beside the sentence.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShownColumn {
    /// Heading in Chinese.
    pub title: String,
    /// Disclosure class; empty means `plain`.
    #[serde(default)]
    pub class: Option<String>,
    /// How the value is written.
    #[serde(default)]
    pub format: ColumnFormat,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnFormat {
    /// As it is.
    #[default]
    Plain,
    /// Fen as yuan with two decimals.
    Yuan,
}

/// What the column `event` of a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// `2026-2027`.
    SchoolYear,
    /// `2026-11-23`.
    Day,
    /// A day when it is known, else the school year.
    DayOrSchoolYear,
    /// `202611`.
    Month,
    /// A row key (of a document, a card …).
    RowKey,
    /// An extract id.
    Extract,
    /// Empty: at most one case per subject.
    None,
}

impl EventKind {
    /// Whether `event` has the form this kind asks for.
    pub fn fits(self, event: &str) -> bool {
        let day = |text: &str| crate::domain::Day::parse_iso(text).is_some();
        let digits = |text: &str, n| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
        let school_year = |text: &str| {
            text.split_once('-').is_some_and(|(first, second)| digits(first, 4) && digits(second, 4))
        };
        match self {
            Self::SchoolYear => school_year(event),
            Self::Day => day(event),
            Self::DayOrSchoolYear => day(event) || school_year(event),
            Self::Month => digits(event, 6),
            Self::RowKey | Self::Extract => !event.is_empty(),
            Self::None => event.is_empty(),
        }
    }
}

/// A role of an extract, written `extract.role`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct RoleRef {
    /// Extract id.
    pub extract: String,
    /// Role of a mention.
    pub role: String,
}

impl TryFrom<String> for RoleRef {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.split_once('.') {
            Some((extract, role)) if !extract.is_empty() && !role.is_empty() && !role.contains('.') => {
                Ok(Self { extract: extract.to_owned(), role: role.to_owned() })
            }
            _ => Err(format!("`{text}` is not of the form `extract.role`")),
        }
    }
}

impl From<RoleRef> for String {
    fn from(value: RoleRef) -> Self {
        value.to_string()
    }
}

impl fmt::Display for RoleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.extract, self.role)
    }
}

/// Whose case it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Subject {
    /// Always this role.
    Role(RoleRef),
    /// Each row of the SELECT names `subject_extract` and `subject_role`.
    Any,
    /// Each row of the SELECT names `subject_extract`, whose delivery it is about.
    Delivery,
}

impl Subject {
    /// The fixed role, when there is one.
    pub fn role(&self) -> Option<&RoleRef> {
        match self {
            Self::Role(role) => Some(role),
            Self::Any | Self::Delivery => None,
        }
    }
}

impl TryFrom<String> for Subject {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "*" => Ok(Self::Any),
            Finding::WHOLE_DELIVERY => Ok(Self::Delivery),
            _ => RoleRef::try_from(text).map(Self::Role),
        }
    }
}

impl From<Subject> for String {
    fn from(value: Subject) -> Self {
        match value {
            Subject::Role(role) => role.to_string(),
            Subject::Any => "*".to_owned(),
            Subject::Delivery => Finding::WHOLE_DELIVERY.to_owned(),
        }
    }
}

/// Defaults of a head's parameters.
pub(super) fn defaults(params: &IndexMap<String, Parameter>) -> Parameters {
    params.iter().map(|(name, parameter)| (name.clone(), parameter.default.clone())).collect()
}
