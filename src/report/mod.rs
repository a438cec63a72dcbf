//! F4, stage publish: cases and the facts of a run in; per recipient workbooks, CSV and Parquet, one
//! offline `report.html`, and the Parquet artifacts of all stages out.
//!
//! Everything is written into a folder the pipeline gives; that it appears at once is the pipeline's
//! business. A column reaches a list only when the disclosure table grants its class to the recipient
//! ([`Disclosure`]). It must never read a clock, and never give a recipient what the table does not grant.

mod approvals;
pub mod artifacts;
mod book;
pub mod chart;
mod corrections;
mod disclosure;
mod docket;
mod docx;
mod due;
mod expected;
mod flat;
mod gate;
mod input;
mod keys;
mod movement;
mod notice;
mod outcomes;
mod package;
mod page;
mod periodic;
mod policies;
mod precision;
mod progress;
mod protected;
mod rows;
mod span;
mod template;
mod told;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::diag::{Diagnostic, Level, Spot, did_you_mean};

pub use disclosure::{Disclosure, Recipient, RecipientKind, Show};
pub use docket::{
    CopyColumn, CopyFill, CopyFormat, Docket, DocketColumn, DocketCopy, DocketFacts, DocketPart,
    DocketTemplate, PartStanding, TallyBy,
};
pub use due::Due;
pub use expected::{Expectation, comparator_title, percent, percent_range};
pub use input::{
    AgencyNight, Alarm, AlarmKind, Compared, ExtractFacts, IdentityFigures, NightBefore, NightFacts, Person,
    PolicyFacts, PublishInput, ReleaseFacts, RowPlace, RuleFacts,
};
pub use notice::{Draft, NoticeError, NoticeInput, NoticeSpec, draft_notice};
pub use outcomes::{EVIDENCE, OutcomeCode, Outcomes, SUBJECT, SilenceRule};
pub use precision::{ListedCase, Missed, RulePrecision, precision};
pub use template::{
    AnswerColumn, AnswerField, AnswerKind, Arrangement, Column, ColumnSource, DetailSpec, ListPart,
    ListTemplate, PeriodicSpec, Returned, Rhythm,
};

use approvals::Approvals;
use keys::RecipientKey;
use package::Package;
use rows::{CaseFacts, Context};

/// What can go wrong while publishing.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file or folder cannot be written.
    #[error("write {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A workbook cannot be made.
    #[error("write the workbook {}: {source}", path.display())]
    Workbook {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rust_xlsxwriter::XlsxError,
    },
    /// The rows of a list cannot be shaped or written.
    #[error("write the list {}: {source}", path.display())]
    List {
        /// The file.
        path: PathBuf,
        /// Why.
        source: polars::prelude::PolarsError,
    },
    /// A Parquet artifact cannot be written.
    #[error("write {}: {source}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        source: parquet::errors::ParquetError,
    },
    /// The page's template fails.
    #[error("write {}: {source}", path.display())]
    Page {
        /// The file.
        path: PathBuf,
        /// Why.
        source: minijinja::Error,
    },
}

impl ReportError {
    fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }
}

/// Templates, recipients and the disclosure matrix, read and checked together.
#[derive(Clone, Debug)]
pub struct Desk {
    /// List templates in order.
    pub templates: Vec<ListTemplate>,
    /// Recipients and what they may see.
    pub disclosure: Disclosure,
    /// What answers mean.
    pub outcomes: Outcomes,
    /// Ledgers, in the order of their files.
    pub dockets: Vec<Docket>,
    /// Which days to answer count.
    pub due: Due,
    /// Who may have numbers of persons in full, until when.
    approvals: Approvals,
    /// Recipients that have them in full on the day of the desk ([`Desk::on`]), with the approval in words.
    in_force: BTreeMap<String, String>,
    /// Public keys of recipients.
    keys: Vec<RecipientKey>,
}

impl Desk {
    /// Reads templates from `lists` and the tables `recipients.csv`, `disclosure.csv`, `redactions.csv`,
    /// `source_classes.csv`, `list_recipients.csv`, `outcomes.csv`, `dispositions.csv`, `full_approvals.csv`, `look_approvals.csv`, `protected.csv`, `recipient_keys.csv` from `tables`; `None` takes the bundled ones, as does a missing table.
    ///
    /// # Errors
    /// All problems of all files at once.
    pub fn load(lists: Option<&Path>, tables: Option<&Path>) -> Result<Self, Vec<Diagnostic>> {
        let (desk, problems) = Self::read(lists, tables);
        if problems.iter().any(|problem| problem.level == Level::Error) { Err(problems) } else { Ok(desk) }
    }

    /// What could be read, with all problems: for whoever looks for further ones.
    pub fn read(lists: Option<&Path>, tables: Option<&Path>) -> (Self, Vec<Diagnostic>) {
        let mut problems = Vec::new();
        let disclosure = Disclosure::load(tables, &mut problems);
        let mut templates = template::load(lists, &mut problems);
        // A list whose template has a fault is there all the same: its reasons are no fault of theirs.
        let all_read = !problems.iter().any(|problem| problem.code == "list_template");
        let sheet = |at, problems: &mut Vec<Diagnostic>| disclosure::Sheet::read(tables, at, problems);
        let codes = sheet(disclosure::OUTCOMES, &mut problems);
        let outcomes = Outcomes::load(&codes, &sheet(disclosure::DISPOSITIONS, &mut problems), &mut problems);
        outcomes.check((&templates, all_read), &disclosure, &mut problems);
        for template in &mut templates {
            disclosure.check(template, &mut problems);
            template.check_arrangements(&disclosure, &mut problems);
            template.offer(&outcomes, &mut problems);
            if let Some(notice) = &template.notice {
                notice.check(template, &outcomes, &disclosure, &mut problems);
            }
        }
        let approved = sheet(disclosure::APPROVALS, &mut problems);
        let looks = sheet(disclosure::LOOKS, &mut problems);
        let approvals = Approvals::load((&approved, &looks), &disclosure, &mut problems);
        approvals.check(&templates, &disclosure, &mut problems);
        let keys = keys::load(&sheet(disclosure::KEYS, &mut problems), &disclosure, &mut problems);
        (
            Self {
                templates,
                disclosure,
                outcomes,
                dockets: Vec::new(),
                due: Due::default(),
                approvals,
                in_force: BTreeMap::new(),
                keys,
            },
            problems,
        )
    }

    /// The template of the list that a rule names.
    pub fn template(&self, list: &str) -> Option<&ListTemplate> {
        self.templates.iter().find(|t| t.list == list || t.also.iter().any(|also| also == list))
    }

    /// What is wrong with a rule's list and recipients, for `check`. The spot holds the rule's id: where
    /// its file is, only the caller knows.
    pub fn check_rule(&self, rule: &RuleFacts) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut report = |code, message: String, near: Option<&str>| {
            let mut problem = Diagnostic::error(code, Spot::file(rule.id.as_str()), message);
            problem.help = near.map(|near| format!("did you mean `{near}`?"));
            problems.push(problem);
        };
        if self.template(&rule.list).is_none() {
            let known = self.templates.iter().flat_map(|t| std::iter::once(&t.list).chain(&t.also));
            let near = did_you_mean(&rule.list, known.map(String::as_str));
            report("unknown_list", format!("no template for the list `{}`", rule.list), near);
        }
        for name in &rule.recipients {
            let known = self.disclosure.recipient(name);
            if known.is_some_and(|recipient| recipient.kind == RecipientKind::Person) {
                report("unknown_recipient", format!("`{name}` reads notices and gets no list"), None);
            }
            if let (Some(known), Some(template)) = (known, self.template(&rule.list))
                && !self.disclosure.may_get(&template.list, &known.id)
            {
                let message =
                    format!("`{name}` does not get the list `{}` by list_recipients.csv", template.list);
                report("recipient_of_no_list", message, None);
            }
            if known.is_none() {
                let all = self.disclosure.recipients();
                let known = all.iter().flat_map(|r| std::iter::once(&r.id).chain(&r.aliases));
                let near = did_you_mean(name, known.map(String::as_str));
                report("unknown_recipient", format!("no recipient `{name}` in recipients.csv"), near);
            }
        }
        if rule.recipients.is_empty() {
            report("no_recipient", "the rule has no recipient".to_owned(), None);
        }
        problems
    }
}

/// One file of a publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedFile {
    /// Path below the output folder, with `/`.
    pub path: String,
    /// Folder name of the recipient.
    pub recipient: String,
    /// List id; empty for workbooks of several lists and for rows held back.
    pub list: String,
    /// Data rows.
    pub rows: u64,
    /// Of the rows of lists, cases that are new tonight.
    pub new: u64,
    /// Of the rows of lists, cases that were asked about before and still are.
    pub carried_over: u64,
    /// Name of the recipient.
    pub receiver: String,
    /// What the file is for.
    pub purpose: String,
    /// Legal basis of the rules in it, sorted.
    pub basis: Vec<String>,
    /// SHA-256 of the file.
    pub sha256: String,
    /// SM3 of the file.
    pub sm3: String,
    /// The approval under which numbers of persons stand in it in full; empty where they do not.
    pub approval: String,
}

/// What was published.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// Files, sorted by path.
    pub files: Vec<PublishedFile>,
    /// What the author of a rule or a list should look at.
    pub problems: Vec<Diagnostic>,
}

/// Writes `lists/<recipient>/…` and `report.html` below `out`.
///
/// # Errors
/// When a file cannot be written.
pub fn publish(input: &PublishInput<'_>, out: &Path) -> Result<Published, ReportError> {
    let context = Context::new(input);
    let rules: BTreeMap<&str, &RuleFacts> = input.rules.iter().map(|rule| (rule.id.as_str(), rule)).collect();
    let cases: Vec<CaseFacts<'_>> =
        input.cases.par_iter().filter_map(|case| CaseFacts::of(case, &rules, &context, input)).collect();
    let past: Vec<CaseFacts<'_>> =
        input.past.par_iter().filter_map(|case| CaseFacts::of(case, &rules, &context, input)).collect();
    let packages = package::sort_out(input, (&cases, &past), &context);
    let mut published = Published { files: Vec::new(), problems: unlisted(input, &rules) };
    let written: Vec<Vec<PublishedFile>> = packages
        .par_iter()
        .map(|package: &Package<'_>| package.write(input, &context, out))
        .collect::<Result<_, _>>()?;
    published.files = written.into_iter().flatten().collect();
    published.files.sort_by(|a, b| a.path.cmp(&b.path));
    let path = out.join("report.html");
    let flat = |file: &&PublishedFile| !file.list.is_empty() && file.path.ends_with(".parquet");
    let delivered = published.files.iter().filter(flat).map(|file| file.rows).sum();
    let html = page::render(input, (&packages, delivered), (&context, &cases, &past))
        .map_err(|source| ReportError::Page { path: path.clone(), source })?;
    fs::write(&path, html).map_err(ReportError::io(&path))?;
    Ok(published)
}

/// Cases of rules that the plan lacks, and details that no template lists.
fn unlisted(input: &PublishInput<'_>, rules: &BTreeMap<&str, &RuleFacts>) -> Vec<Diagnostic> {
    let mut lost: BTreeMap<&str, u64> = BTreeMap::new();
    let mut details: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for case in input.cases {
        let finding = &case.finding;
        let Some(rule) = rules.get(finding.rule.as_str()) else {
            *lost.entry(&finding.rule).or_default() += 1;
            continue;
        };
        let Some(template) = input.desk.template(&rule.list) else { continue };
        for detail in finding.details.iter().filter(|detail| !detail.value.is_empty()) {
            if template.class_of(&detail.name).is_none() {
                *details.entry((&finding.rule, &detail.name)).or_default() += 1;
            }
        }
    }
    let lost = lost.into_iter().map(|(rule, count)| {
        let message =
            format!("{count} cases of the ledger belong to a rule that is not in the plan; not listed");
        Diagnostic::new(Level::Info, "rule_gone", Spot::file(rule), message)
    });
    let details = details.into_iter().map(|((rule, detail), count)| {
        let message = format!("the list template has no `[detail.{detail}]`; {count} values are not shown");
        Diagnostic::new(Level::Info, "detail_not_shown", Spot::file(rule), message)
    });
    lost.chain(details).collect()
}
