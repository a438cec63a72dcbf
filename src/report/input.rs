//! What publish is given: cases and the facts of the run, as plain values.

use std::collections::BTreeMap;

use super::precision::{Missed, RulePrecision};
use crate::diag::Diagnostic;
use crate::domain::{
    Case, Completeness, Day, Evidence, ExtractState, FileReport, Finding, Identity, IdentityId, LinkSummary,
    MentionRef, Phase, Place, PolicyMatch, Quarantined, ResidentId, RuleOutcome, Severity, Sex,
};
use crate::kernel::outlier::Reading;
use serde::{Deserialize, Serialize};

use super::{Desk, DocketFacts};

/// That a night went on although an extract would have held it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReleaseFacts {
    /// Title of the extract.
    pub title: String,
    /// Who let it go on.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
    /// What would have held it.
    pub held: Vec<String>,
}

/// How the cases stood when the night before was committed.
#[derive(Clone, Debug)]
pub struct NightBefore {
    /// Its as-of day.
    pub as_of: Day,
    /// Case key → where the case stood.
    pub phases: BTreeMap<String, Phase>,
}

/// What came on one night.
#[derive(Clone, Debug)]
pub struct NightFacts {
    /// Its as-of day.
    pub as_of: Day,
    /// By recipient id of the agency.
    pub agencies: BTreeMap<String, AgencyNight>,
}

/// What one agency delivered on one night.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgencyNight {
    /// Extracts of the plan.
    pub extracts: u32,
    /// Of these, those that came whole.
    pub whole: u32,
    /// Rows read.
    pub read: u64,
    /// Of these, held back.
    pub held: u64,
}

/// What is compared with the nights before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlarmKind {
    /// Rows of an extract.
    Rows,
    /// Empty cells of a column among the records of an extract.
    Nulls,
    /// Rows that name somebody whom another row names too, among all that name somebody.
    Links,
    /// Findings of a rule.
    Findings,
}

impl AlarmKind {
    /// All.
    pub const ALL: [Self; 4] = [Self::Rows, Self::Nulls, Self::Links, Self::Findings];

    /// The word in manifest, log and figures.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Nulls => "nulls",
            Self::Links => "links",
            Self::Findings => "findings",
        }
    }
}

/// A number that lies outside what the nights before say.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// What is compared.
    pub kind: AlarmKind,
    /// Id of the extract or rule; empty for links.
    pub name: String,
    /// Column; empty where it is none's.
    pub column: String,
    /// Name for people.
    pub title: String,
    /// Nights that it was compared with.
    pub nights: usize,
    /// Tonight.
    pub tonight: Reading,
    /// Lowest of those nights.
    pub lowest: Reading,
    /// Their median.
    pub median: Reading,
    /// Highest of them.
    pub highest: Reading,
    /// Probability of lying so far away where nothing is the matter.
    pub chance: f64,
}

/// Tonight beside the nights before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// What lies outside.
    pub alarms: Vec<Alarm>,
    /// Nights that are there, at most thirty.
    pub nights: usize,
    /// Nights that a number needs to be compared.
    pub nights_min: u32,
    /// Numbers that were compared.
    pub series: usize,
    /// Of so many nights on which nothing is the matter, one gives an alarm at most.
    pub one_false_in_nights: u32,
}

/// Everything a publication needs. The same input gives the same bytes in every file.
pub struct PublishInput<'a> {
    /// What somebody accepted, so that the night was not held.
    pub released: &'a [ReleaseFacts],
    /// Templates, recipients and the disclosure matrix.
    pub desk: &'a Desk,
    /// Run id.
    pub run_id: &'a str,
    /// Day the lists speak about.
    pub as_of: Day,
    /// Title of the pipeline.
    pub title: &'a str,
    /// Further facts of the run for `report.html`: name → value (model, plan digest, tables …).
    pub facts: &'a [(String, String)],
    /// Rules of the plan.
    pub rules: &'a [RuleFacts],
    /// How each rule did tonight.
    pub outcomes: &'a [RuleOutcome],
    /// Cases of tonight.
    pub cases: &'a [Case],
    /// Cases of earlier nights of which no list speaks tonight, for the figures of progress.
    pub past: &'a [Case],
    /// The night before; `None` on the first one.
    pub before: Option<&'a NightBefore>,
    /// What came on earlier nights, oldest first.
    pub nights: &'a [NightFacts],
    /// Tonight beside them.
    pub compared: &'a Compared,
    /// How often each rule is right and what each list misses, by the answers so far.
    pub precision: &'a (Vec<RulePrecision>, Vec<Missed>),
    /// Policies of the plan, in their order.
    pub policies: &'a [PolicyFacts],
    /// What each policy means for each child, sorted by child and policy.
    pub matches: &'a [PolicyMatch],
    /// Ledgers of the plan, in the order of their files.
    pub dockets: &'a [DocketFacts<'a>],
    /// Extracts of the plan.
    pub extracts: &'a [ExtractFacts],
    /// Figures of the linkage.
    pub link: &'a LinkSummary,
    /// Figures of the identities.
    pub identities: IdentityFigures,
    /// Who a finding is about, for the columns of a list.
    pub person: &'a (dyn Fn(&Finding) -> Person + Sync),
    /// Where a row stands in its delivery.
    pub place: &'a (dyn Fn(&Evidence) -> Option<RowPlace> + Sync),
    /// Who an identity is.
    pub identity: &'a (dyn Fn(IdentityId) -> Person + Sync),
    /// A person as one row names it, for the annex.
    pub mention: &'a (dyn Fn(&MentionRef) -> Option<Person> + Sync),
}

/// What a list needs to know of a rule.
#[derive(Clone, Debug)]
pub struct RuleFacts {
    /// Rule id.
    pub id: String,
    /// Title in Chinese.
    pub title: String,
    /// List id.
    pub list: String,
    /// Urgency.
    pub severity: Severity,
    /// Recipients as the rule's header names them: ids or aliases of `recipients.csv`.
    pub recipients: Vec<String>,
    /// Days from the first sight to the day the answer is due, counted as the desk says.
    pub due_days: u32,
    /// Legal basis, one line each, ready to print.
    pub basis: Vec<String>,
    /// What a person should look at before answering.
    pub verify: Vec<String>,
    /// Disclosure classes that title and sentence reveal; a recipient who lacks one of them sees a
    /// neutral sentence instead.
    pub discloses: Vec<String>,
}

/// What the sheets of 一童一策 need to know of a policy.
#[derive(Clone, Debug)]
pub struct PolicyFacts {
    /// Policy id.
    pub id: String,
    /// Title in Chinese.
    pub title: String,
    /// Disclosure class of its verdict.
    pub class: String,
    /// Legal basis, one line each, ready to print.
    pub basis: Vec<String>,
}

/// What report and lists need to know of an extract.
#[derive(Clone, Serialize, Deserialize)]
pub struct ExtractFacts {
    /// Extract id.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// Recipient id of the agency that owns it (the folder of its contract).
    pub agency: String,
    /// The owner as the contract names it.
    pub owner: String,
    /// As-of date.
    pub as_of: Option<Day>,
    /// Whether it may be relied on.
    pub state: ExtractState,
    /// Whether the run could have done without it.
    #[serde(default)]
    pub completeness: Completeness,
    /// One report for each file.
    pub files: Vec<FileReport>,
    /// Records that reached the stages after standardise.
    pub records: u64,
    /// Rows held back at validate and at standardise.
    pub quarantined: Vec<Quarantined>,
    /// Official headings, in the order of `Quarantined::cells`.
    pub headings: Vec<String>,
    /// What was said about the data.
    pub problems: Vec<Diagnostic>,
}

/// Figures of the identities of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdentityFigures {
    /// Number of identities.
    pub count: u64,
    /// Merges since the last night.
    pub merged: u64,
    /// Splits since the last night.
    pub split: u64,
}

/// A person as lists show it. No `Debug`: the values are personal.
#[derive(Clone, Default)]
pub struct Person {
    /// Name, display form.
    pub name: String,
    /// Sex.
    pub sex: Sex,
    /// Birth date.
    pub birth: Option<Day>,
    /// Resident number.
    pub resident_id: Option<ResidentId>,
    /// Place, for the order of rows.
    pub place: Place,
    /// Name of the town; empty when unknown.
    pub town: String,
    /// Name of the village; empty when unknown.
    pub village: String,
}

impl Person {
    /// An identity as lists show it; `names` gives town and village of a place.
    pub fn of_identity(identity: &Identity, names: impl Fn(Place) -> (String, String)) -> Self {
        let (town, village) = names(identity.place);
        Self {
            name: identity.name.clone(),
            sex: identity.sex,
            birth: identity.birth,
            resident_id: identity.resident_id,
            place: identity.place,
            town,
            village,
        }
    }
}

/// Where a row stands in its delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowPlace {
    /// Base name of the file.
    pub file: String,
    /// Sheet name, empty for text files.
    pub sheet: String,
    /// Row number as Excel shows it.
    pub row: u32,
}
