//! What a pipeline file says in `[link]`. Every option is explicit; `pipelines/link.toml` is a
//! complete sample.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::comparator;
use crate::diag::{Diagnostic, Spot, did_you_mean};
use crate::kernel::pattern::MAX_COMPARISONS;

/// The `[link]` table of a pipeline.
///
/// ```
/// let text = include_str!("../../pipelines/link.toml");
/// #[derive(serde::Deserialize)]
/// struct File { link: doudi::link::Settings }
/// let file: File = toml::from_str(text).unwrap();
/// assert!(file.link.problems("link.toml").is_empty());
/// ```
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name of the frozen model (`models/<name>.toml` beside the pipeline).
    pub model: String,
    /// Fit m by EM tonight, starting from the frozen model, instead of using it as it is.
    pub fit: bool,
    /// The mentions that stand for the whole population, as `extract.role`: names and birth dates
    /// are counted there. When they did not come, all persons found are counted.
    pub reference: Option<String>,
    /// Pairs at or above this probability are linked.
    pub link_at: f64,
    /// Pairs at or above this probability, but not linked, go to a person for review.
    pub review_at: f64,
    /// Candidates for someone not found are shown from this probability on.
    pub near_miss_at: f64,
    /// Most candidates that one key may bring to one person; larger blocks are split, then refused.
    pub max_block: u32,
    /// What happens when rows of one valid number do not fit the model any more.
    #[serde(default)]
    pub drift: Drift,
    /// Part of the rows of one role that may stand on another level than the model says before it is a
    /// drift, 0-1. Set by experience with the demo county; 待客户确认.
    #[serde(default = "drift_tolerance")]
    pub drift_tolerance: f64,
    /// Probability that a night whose rows lie within the tolerance raises a drift alarm by chance.
    #[serde(default = "drift_false_alarm")]
    pub drift_false_alarm: f64,
    /// Comparisons, in the order of the pattern.
    pub comparison: Vec<ComparisonSetting>,
    /// Blocking rules.
    pub block: Vec<BlockingRule>,
}

/// What happens when tonight's rows do not fit the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Drift {
    /// Nothing is looked at.
    Off,
    /// The report says so.
    #[default]
    Warn,
    /// The run is held.
    Hold,
}

const fn drift_tolerance() -> f64 {
    0.15
}

const fn drift_false_alarm() -> f64 {
    0.001
}

/// One comparison.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparisonSetting {
    /// What is compared.
    pub attribute: Attribute,
    /// The ladder, by the name of its comparator.
    pub comparator: String,
    /// Whether the frequency of the value itself enters the weight.
    pub term_frequency: bool,
}

/// What of a person can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// Name and former names.
    Name,
    /// Resident number.
    ResidentId,
    /// Birth date.
    Birth,
    /// Sex.
    Sex,
    /// Town, village, group.
    Place,
    /// Own telephone number.
    Phone,
    /// Persons named beside it: parents, guardians, children.
    Relatives,
}

impl Attribute {
    /// The comparator that understands the attribute.
    pub const fn comparator(self) -> &'static str {
        match self {
            Self::Name => "person_name",
            Self::ResidentId => "resident_id",
            Self::Birth => "birth_date",
            Self::Sex => "sex",
            Self::Place => "place",
            Self::Phone => "phone",
            Self::Relatives => "relatives",
        }
    }
}

/// One blocking rule: persons that agree in all keys are candidates.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockingRule {
    /// Keys that must all agree.
    pub keys: Vec<KeyPart>,
    /// Further keys, used only for blocks that are too large.
    #[serde(default)]
    pub split: Vec<KeyPart>,
}

/// A part of a blocking key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyPart {
    /// A name or former name.
    Name,
    /// The sound of the name (toneless).
    Sound,
    /// The surname.
    Surname,
    /// The given name.
    Given,
    /// The birth date; also the one inside a damaged number.
    Birth,
    /// The birth year.
    BirthYear,
    /// Month and day of birth.
    MonthDay,
    /// Sex.
    Sex,
    /// Town.
    Town,
    /// Village.
    Village,
    /// Own telephone number.
    Phone,
    /// The resident number; for a damaged one every number one slip away.
    IdNeighbours,
    /// A relative who is already known as a person with a number.
    Relative,
    /// A relative's name.
    RelativeName,
    /// A relative's telephone number.
    RelativePhone,
}

impl KeyPart {
    /// The key as pipelines write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Sound => "sound",
            Self::Surname => "surname",
            Self::Given => "given",
            Self::Birth => "birth",
            Self::BirthYear => "birth_year",
            Self::MonthDay => "month_day",
            Self::Sex => "sex",
            Self::Town => "town",
            Self::Village => "village",
            Self::Phone => "phone",
            Self::IdNeighbours => "id_neighbours",
            Self::Relative => "relative",
            Self::RelativeName => "relative_name",
            Self::RelativePhone => "relative_phone",
        }
    }
}

impl BlockingRule {
    /// The rule in words, for reports: `name + birth_year`.
    pub fn title(&self) -> String {
        self.keys.iter().map(|key| key.word()).collect::<Vec<_>>().join(" + ")
    }
}

impl Settings {
    /// Everything that is wrong with the settings, all at once; `file` names the pipeline.
    pub fn problems(&self, file: &str) -> Vec<Diagnostic> {
        let spot = |column: &str| Spot { column: column.to_owned(), ..Spot::file(file) };
        let mut found = Vec::new();
        let ordered = self.near_miss_at <= self.review_at && self.review_at <= self.link_at;
        if !(0.0..=1.0).contains(&self.near_miss_at) || self.link_at > 1.0 || !ordered {
            let message = "thresholds must satisfy 0 <= near_miss_at <= review_at <= link_at <= 1";
            found.push(Diagnostic::error("threshold_order", spot("link.link_at"), message));
        }
        if !(0.0..=1.0).contains(&self.drift_tolerance) {
            let message = "drift_tolerance is a share between 0 and 1";
            found.push(Diagnostic::error("drift_share", spot("link.drift_tolerance"), message));
        }
        if !(self.drift_false_alarm > 0.0 && self.drift_false_alarm < 1.0) {
            let message = "drift_false_alarm lies between 0 and 1";
            found.push(Diagnostic::error("drift_share", spot("link.drift_false_alarm"), message));
        }
        if self.comparison.is_empty() || self.comparison.len() > MAX_COMPARISONS {
            let message = format!("between 1 and {MAX_COMPARISONS} comparisons are possible");
            found.push(Diagnostic::error("comparison_count", spot("link.comparison"), message));
        }
        for (at, comparison) in self.comparison.iter().enumerate() {
            let column = format!("link.comparison[{at}]");
            if comparator::ladder(&comparison.comparator).is_none() {
                let message = format!("unknown comparator `{}`", comparison.comparator);
                let names = comparator::ALL.iter().map(|ladder| ladder.name);
                let hint = did_you_mean(&comparison.comparator, names);
                let mut problem = Diagnostic::error("unknown_comparator", spot(&column), message);
                problem.help = hint.map(|name| format!("did you mean `{name}`?"));
                found.push(problem);
            } else if comparison.comparator != comparison.attribute.comparator() {
                let message =
                    format!("this attribute is compared by `{}`", comparison.attribute.comparator());
                found.push(Diagnostic::error("comparator_mismatch", spot(&column), message));
            }
            if self.comparison[..at].iter().any(|other| other.attribute == comparison.attribute) {
                let message = "an attribute is compared once, else its evidence counts twice";
                found.push(Diagnostic::error("comparison_twice", spot(&column), message));
            }
        }
        for (at, rule) in self.block.iter().enumerate() {
            if rule.keys.is_empty() {
                let column = format!("link.block[{at}]");
                found.push(Diagnostic::error(
                    "block_without_key",
                    spot(&column),
                    "a blocking rule needs a key",
                ));
            }
        }
        found
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        link: Settings,
    }

    /// The settings that pipelines ship with.
    pub(crate) fn sample() -> Settings {
        toml::from_str::<File>(include_str!("../../pipelines/link.toml")).unwrap().link
    }

    #[test]
    fn the_sample_is_right_and_problems_are_told_all_at_once() {
        let mut settings = sample();
        assert!(settings.problems("link.toml").is_empty());
        settings.link_at = 0.1;
        settings.comparison[0].comparator = "person_nam".into();
        settings.block[0].keys.clear();
        settings.drift_tolerance = 1.5;
        settings.drift_false_alarm = 0.0;
        let problems = settings.problems("link.toml");
        assert_eq!(problems.len(), 5, "{problems:?}");
        assert_eq!(problems[3].help.as_deref(), Some("did you mean `person_name`?"));
    }
}
