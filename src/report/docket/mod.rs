//! Ledgers (台账): everybody of a view, and beside it who of them is in question or confirmed.
//!
//! A list asks about cases; a ledger is what an office keeps. Its rows are those of one view, its columns are
//! data in `pipelines/dockets/<docket>.toml`; parts of it hold the rows of open or confirmed cases.

mod copies;
mod files;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Desk;
use super::disclosure::RecipientKind;
use crate::diag::{Diagnostic, Spot, did_you_mean};
use crate::domain::KeptRows;

pub(super) use files::write;

/// One ledger, as its author writes it.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocketTemplate {
    /// Title of the ledger of everybody, and of its files.
    pub title: String,
    /// View whose rows stand in it. Beside its columns it gives `identity`, `listed` (whether the row stands in
    /// the ledger) and `registered` (in which part its owner has the child already).
    pub view: String,
    /// Title of the workbook with the figures and the parts.
    pub book: String,
    /// Agencies that get it.
    pub recipients: Vec<String>,
    /// Keys of the legal-basis table.
    pub basis: Vec<String>,
    /// Extracts without which there is no ledger.
    pub reads: Vec<String>,
    /// Extracts that are read when they came.
    #[serde(default)]
    pub optional_reads: Vec<String>,
    /// Column by whose values the first sheet counts, for each town.
    pub tally: String,
    /// Further sheets that count the same, for the words of another column instead of the town.
    #[serde(default)]
    pub tally_by: Vec<TallyBy>,
    /// Lines of the sheet 说明.
    pub what: Vec<String>,
    /// Columns, behind town, village, name, sex, birth date and number.
    pub column: Vec<DocketColumn>,
    /// Ledgers of cases.
    #[serde(default)]
    pub part: Vec<DocketPart>,
    /// Copies that another system takes in. They hold numbers in full or none, so a recipient gets them only while
    /// full numbers are approved for it.
    #[serde(default)]
    pub copy: Vec<DocketCopy>,
    /// Whether the copies are all there is: a list of persons to be asked about, say, of which the one who is asked
    /// gets no more columns than that.
    #[serde(default)]
    pub copies_only: bool,
}

/// Rows of ledgers under the headings that another system asks for, nothing else in the file.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocketCopy {
    /// Name of the file, before the day.
    pub title: String,
    /// Kind of the file.
    pub format: CopyFormat,
    /// Titles of the ledgers whose rows stand in it, one after the other.
    pub of: Vec<String>,
    /// Columns, in the order of the other system.
    pub column: Vec<CopyColumn>,
}

/// Kind of a copy's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CopyFormat {
    /// A workbook of one sheet, all cells text, not protected.
    Xlsx,
    /// UTF-8 with byte-order mark.
    Csv,
}

/// A column of a copy. One without anything but its heading stays empty: the other system wants the heading.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyColumn {
    /// Heading that the other system asks for.
    pub title: String,
    /// Headings of the ledger; the first whose cell is not empty counts.
    #[serde(default)]
    pub from: Vec<String>,
    /// What the other system says for a word of ours; other words become `value`. Empty: words stay as they are.
    #[serde(default)]
    pub words: IndexMap<String, String>,
    /// What stands there when there is nothing else.
    #[serde(default)]
    pub value: String,
    /// Instead of all that: what no column of the ledger says.
    #[serde(default)]
    pub fill: Option<CopyFill>,
}

/// What a copy tells of a row beside its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CopyFill {
    /// Place of the row in the copy, from 1 on.
    Number,
    /// The word under which the owner registers those of this part.
    Registered,
}

/// A column of the view.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocketColumn {
    /// Name in the view.
    pub name: String,
    /// Heading.
    pub title: String,
    /// Disclosure class; a recipient without the class does not get the column.
    pub class: String,
    /// Width in characters of a Latin digit.
    pub width: u16,
    /// Whether it stands on the sheets of the parts too; CSV and Parquet hold all columns.
    #[serde(default)]
    pub sheet: bool,
}

/// A sheet that counts who stands in the ledger, for each word of a column.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TallyBy {
    /// Name of the column in the view.
    pub column: String,
    /// Words for the rows in which it is empty; they come last.
    pub nobody: String,
    /// Name of the sheet.
    pub sheet: String,
}

/// A ledger of those about whom there is a case.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocketPart {
    /// Title of its sheet and files.
    pub title: String,
    /// List whose cases count.
    pub list: String,
    /// Which of its cases.
    pub standing: PartStanding,
    /// Whoever has this word in the view's column `registered` stands in it too.
    pub registered: String,
    /// Rules whose cases do not count.
    #[serde(default)]
    pub without_rules: Vec<String>,
    /// Cases that do not count: values of a rule's SELECT by their name.
    #[serde(default)]
    pub without: IndexMap<String, Vec<String>>,
}

/// Which cases stand in a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartStanding {
    /// Cases about which somebody is asked, or whose answer is not settled.
    Open,
    /// Cases that an officer confirmed, while they last.
    Confirmed,
}

/// A ledger of the plan.
#[derive(Clone, Debug)]
pub struct Docket {
    /// File, as given.
    pub file: String,
    /// What its author wrote.
    pub template: DocketTemplate,
}

/// A ledger tonight.
pub struct DocketFacts<'a> {
    /// What its author wrote.
    pub template: &'a DocketTemplate,
    /// Legal basis, one line each, ready to print.
    pub basis: Vec<String>,
    /// What its view gave.
    pub rows: &'a KeptRows,
}

impl Docket {
    /// Its name: that of its file, without the ending.
    pub fn name(&self) -> &str {
        let file = self.file.rsplit('/').next().unwrap_or_default();
        file.strip_suffix(".toml").unwrap_or(file)
    }

    /// What TOML types cannot say: recipients, classes, lists and columns exist.
    pub fn check(&self, desk: &Desk) -> Vec<Diagnostic> {
        let template = &self.template;
        let mut problems = Vec::new();
        let mut report = |code, at: &str, message: String, near: Option<&str>| {
            let spot = Spot { column: at.to_owned(), ..Spot::file(self.file.as_str()) };
            let mut problem = Diagnostic::error(code, spot, message);
            problem.help = near.map(|near| format!("did you mean `{near}`?"));
            problems.push(problem);
        };
        for name in &template.recipients {
            match desk.disclosure.recipient(name) {
                Some(recipient) if recipient.kind == RecipientKind::Agency => {}
                Some(_) => report("unknown_recipient", name, format!("`{name}` is no agency"), None),
                None => {
                    let near = did_you_mean(name, desk.disclosure.recipients().iter().map(|r| r.id.as_str()));
                    let message = format!("no recipient `{name}` in recipients.csv");
                    report("unknown_recipient", name, message, near);
                }
            }
        }
        let classes: BTreeSet<&str> = desk.disclosure.classes().collect();
        let mut titles = BTreeMap::new();
        for column in &template.column {
            if !classes.contains(column.class.as_str()) {
                let near = did_you_mean(&column.class, classes.iter().copied());
                let message = format!("disclosure.csv has no class `{}`", column.class);
                report("unknown_class", &column.title, message, near);
            }
            if let Some(other) = titles.insert(&column.title, &column.name) {
                let message = format!("columns `{other}` and `{}` have one title", column.name);
                report("column_title_twice", &column.title, message, None);
            }
        }
        let names = || template.column.iter().map(|column| column.name.as_str());
        let counted = std::iter::once(&template.tally).chain(template.tally_by.iter().map(|by| &by.column));
        for tally in counted.filter(|tally| !names().any(|name| name == tally.as_str())) {
            let message = format!("`tally` names `{tally}`, which is no column here");
            report("unknown_column", tally, message, did_you_mean(tally, names()));
        }
        for part in &template.part {
            if desk.template(&part.list).is_none() {
                let near = did_you_mean(&part.list, desk.templates.iter().map(|t| t.list.as_str()));
                report(
                    "unknown_list",
                    &part.title,
                    format!("no template for the list `{}`", part.list),
                    near,
                );
            }
        }
        for copy in &template.copy {
            copies::check(template, copy, &mut report);
        }
        let sheets = template.part.iter().map(|part| &part.title).chain([&template.title]);
        let sheets = sheets.chain(template.tally_by.iter().map(|by| &by.sheet));
        for title in sheets.filter(|title| {
            title.chars().count() > 31 || title.contains(['[', ']', ':', '*', '?', '/', '\\'])
        }) {
            report(
                "sheet_name",
                title,
                "a sheet name has at most 31 characters and none of []:*?/\\".to_owned(),
                None,
            );
        }
        problems
    }
}
