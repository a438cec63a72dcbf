//! List templates: which columns a list has, their titles, widths and order, what officers fill in.
//! Data in `pipelines/lists/*.toml`; a new list or column needs no Rust.

use std::path::Path;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::disclosure::{Disclosure, Show};
use super::notice::NoticeSpec;
use super::outcomes::Outcomes;
use crate::diag::{Diagnostic, Spot};
use crate::domain::{Day, Outcome};

/// One list, as its author writes it.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListTemplate {
    /// List id that rules name, e.g. `dropout`.
    pub list: String,
    /// Other ids under which rules may name it.
    #[serde(default)]
    pub also: Vec<String>,
    /// Title of the workbook and of the printed page.
    pub title: String,
    /// Name of the sheet, at most 20 characters.
    pub sheet: String,
    /// Place among the lists of one workbook.
    pub order: u32,
    /// How many days after a row is listed its office has to have said that it was received (24 hours: 1), in a
    /// column with the field `acknowledged`; left out: that is not asked.
    #[serde(default)]
    pub acknowledge_days: Option<u32>,
    /// Set for the list of data errors: the sheet of rows that were held back, for their owner.
    #[serde(default)]
    pub returned_rows: Option<String>,
    /// Name of the sheet that shows what each policy means for each child, in the workbooks of recipients who may
    /// see all of it; left out: there is none.
    #[serde(default)]
    pub policy_sheet: Option<String>,
    /// Another order of the rows than town, village, urgency, for some recipients.
    #[serde(default)]
    pub arrange: Vec<Arrangement>,
    /// Rules whose rows stand on a sheet, and in files, of their own.
    #[serde(default)]
    pub part: Vec<ListPart>,
    /// When a child whom the list named counts as back, in the figures of progress.
    #[serde(default)]
    pub returned: Option<Returned>,
    /// Workbooks of figures that some recipients get beside the list.
    #[serde(default)]
    pub periodic: Vec<PeriodicSpec>,
    /// Lines of the sheet 说明: what the list is and is not.
    pub what: Vec<String>,
    /// Lines of the sheet 说明: how to answer.
    pub answering: Vec<String>,
    /// Columns of evidence, locked.
    pub column: Vec<Column>,
    /// Columns to be filled in.
    pub answer: Vec<AnswerColumn>,
    /// Values of the rules' SELECT that may be shown, by their name there.
    #[serde(default)]
    pub detail: IndexMap<String, DetailSpec>,
    /// Disclosure classes of values that stand only in the rules' sentences, by their name in the SELECT.
    #[serde(default)]
    pub sentence: IndexMap<String, String>,
    /// The notice that is drafted of an approved answer, where one of this list has to be told to the person.
    #[serde(default)]
    pub notice: Option<NoticeSpec>,
}

impl ListTemplate {
    /// The last day to say that what was listed on a day was received; `None` where that is not asked.
    pub fn acknowledge_by(&self, listed: Day) -> Option<Day> {
        Some(listed.plus_days(i32::try_from(self.acknowledge_days?).ok()?))
    }

    /// By when the next thing has to come that is asked about what was listed on a day: the word that it was
    /// received, while nobody has said so, or the answer, which is due on `due`.
    pub fn next_due(&self, due: Day, listed: Day, acknowledged: bool) -> Day {
        let receipt = self.acknowledge_by(listed).filter(|_| !acknowledged);
        receipt.map_or(due, |by| by.min(due))
    }

    /// Disclosure class of a value of a rule's SELECT; `None` for one that the list does not know.
    pub fn class_of(&self, name: &str) -> Option<&str> {
        let column = || self.column.iter().find(|column| column.shows(name));
        let told = self.detail.get(name).map(|detail| &detail.class);
        told.or_else(|| column().map(|column| &column.class))
            .or_else(|| self.sentence.get(name))
            .map(String::as_str)
    }

    /// How a recipient gets the list arranged; `None`: by town, village, urgency.
    pub fn arrangement(&self, recipient: &str) -> Option<&Arrangement> {
        self.arrange.iter().find(|arrangement| arrangement.recipients.iter().any(|id| id == recipient))
    }

    /// The part in which a rule's rows stand; `None`: on the list's own sheet.
    pub fn part_of(&self, rule: &str) -> Option<&ListPart> {
        self.part.iter().find(|part| part.rules.iter().any(|id| id == rule))
    }

    /// Whether a column of its own shows a value of the rules' SELECT.
    pub fn has_column_of(&self, name: &str) -> bool {
        self.column.iter().any(|column| column.shows(name))
    }
}

/// Another order of the rows than town, village, urgency.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arrangement {
    /// Ids of the recipients that get the list so.
    pub recipients: Vec<String>,
    /// Title of the column by which rows are grouped, before town, village and urgency. Each group begins a page.
    pub by: String,
    /// Words for the group of rows in which that column is empty; it comes last.
    pub nobody: String,
    /// Name of the sheet that counts the rows of each group.
    pub sheet: String,
    /// Title of a column whose words that sheet counts for each group.
    pub count: String,
    /// Words for the rows in which that column is empty.
    pub uncounted: String,
}

/// Rules whose rows stand on a sheet, and in files, of their own.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPart {
    /// Name of the sheet, at most 20 characters; also part of the files' names.
    pub sheet: String,
    /// Title of the printed page.
    pub title: String,
    /// Ids of the rules.
    pub rules: Vec<String>,
    /// Name of a value in the rules' SELECT by whose words the rows are sorted, before town, village and urgency.
    #[serde(default)]
    pub by: Option<String>,
    /// Its words in their order; rows with any other word come after them.
    #[serde(default)]
    pub words: Vec<String>,
}

impl ListPart {
    /// Place of a word in the order of the part.
    pub(super) fn rank(&self, word: &str) -> u32 {
        let at = self.words.iter().position(|known| known == word).unwrap_or(self.words.len());
        u32::try_from(at).unwrap_or(u32::MAX)
    }
}

/// What says that somebody is back: a confirmed case is over, and tonight's ledger shows one of these words.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Returned {
    /// Heading of the figure.
    pub title: String,
    /// Column of a ledger's view.
    pub column: String,
    /// Words in it that count.
    pub words: Vec<String>,
    /// What the figure is, for the sheet 说明.
    pub told: String,
}

/// A workbook of figures for one stretch of time: this one so far, and the one before.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeriodicSpec {
    /// Title of the workbook, and of its file.
    pub title: String,
    /// The stretch of time.
    pub period: Rhythm,
    /// Ids of the recipients that get it.
    pub recipients: Vec<String>,
    /// Titles of columns of the list; each makes a table with a line for each of its words.
    pub by: Vec<String>,
}

/// How often figures are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rhythm {
    /// Calendar month.
    Month,
    /// Calendar quarter.
    Quarter,
    /// Term: from September, from February.
    Term,
    /// School year: from September.
    Year,
}

/// A column of evidence.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// What stands in it.
    pub source: ColumnSource,
    /// Heading.
    pub title: String,
    /// Disclosure class; a recipient without the class does not get the column.
    pub class: String,
    /// Largest width in characters of a Latin digit (a Chinese character counts two).
    pub width: u16,
    /// For `source = "detail"`: name of the value in the rule's SELECT.
    #[serde(default)]
    pub detail: Option<String>,
    /// For `source = "known"`: names of values, the first that is there is shown.
    #[serde(default)]
    pub names: Vec<String>,
    /// Set where the values are numbers: the line 合计 adds them up.
    #[serde(default)]
    pub sum: bool,
}

impl Column {
    /// Whether it shows the value of a rule's SELECT.
    fn shows(&self, name: &str) -> bool {
        self.detail.as_deref() == Some(name) || self.names.iter().any(|known| known == name)
    }
}

/// Where a column's cells come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnSource {
    /// Running number on the sheet.
    Number,
    /// Clue number.
    Clue,
    /// Town of the person.
    Town,
    /// Village of the person.
    Village,
    /// Name.
    Name,
    /// Sex.
    Sex,
    /// Birth date.
    Birth,
    /// Resident number, masked unless the disclosure table grants it in full.
    ResidentId,
    /// Title of the rule.
    Rule,
    /// The finding's sentence; for a withdrawn case why it was withdrawn.
    Reason,
    /// All values of the rule's SELECT that the template lists and no column of its own shows.
    Details,
    /// One value of the rule's SELECT.
    Detail,
    /// The first of several values that the rule's SELECT gives, else that the person's row in a ledger holds in
    /// a column of that name and class.
    Known,
    /// Rows it rests on: extract, as-of day, number of rows.
    Evidence,
    /// Legal basis.
    Basis,
    /// What a person should look at before answering; empty for a withdrawn case.
    Verify,
    /// Weakest grade A–D.
    Grade,
    /// Probability that the links are right.
    Confidence,
    /// 新增, 延续, 变化, 撤回, 未复核.
    Status,
    /// Urgency.
    Severity,
    /// Day it was first seen.
    FirstSeen,
    /// Day by which the answer is due.
    Due,
    /// Whether the receipt was acknowledged, or by when it has to be.
    Acknowledged,
    /// On the annex: the extract of the row to compare with.
    CandidateSource,
    /// On the annex: the name in that row.
    CandidateName,
    /// On the annex: the resident number in that row.
    CandidateId,
    /// On the annex: the birth date in that row.
    CandidateBirth,
    /// On the annex: town and village of that row.
    CandidatePlace,
    /// File of the subject's row.
    SubjectFile,
    /// Row number of the subject's row as Excel shows it, with its sheet.
    SubjectRow,
}

impl ColumnSource {
    /// Whether the column stands on the annex only.
    pub const fn is_of_annex(self) -> bool {
        matches!(
            self,
            Self::CandidateSource
                | Self::CandidateName
                | Self::CandidateId
                | Self::CandidateBirth
                | Self::CandidatePlace
        )
    }

    /// The column of the subject that a column of the annex is compared with.
    pub const fn compared_with(self) -> Option<Self> {
        match self {
            Self::CandidateName => Some(Self::Name),
            Self::CandidateId => Some(Self::ResidentId),
            Self::CandidateBirth => Some(Self::Birth),
            _ => None,
        }
    }
}

/// A value of a rule's SELECT that may be shown.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetailSpec {
    /// Its heading.
    pub title: String,
    /// Its disclosure class.
    pub class: String,
}

/// A column that officers fill in.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerColumn {
    /// What the answers in it are; what is only kept needs no word here.
    #[serde(default)]
    pub field: AnswerField,
    /// Heading.
    pub title: String,
    /// Width.
    pub width: u16,
    /// What may be typed.
    #[serde(default)]
    pub kind: AnswerKind,
    /// Values of the drop-down; together at most 255 characters. Those of results, reasons and
    /// dispositions come from the tables `outcomes.csv` and `dispositions.csv`.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Whether it is on the printed page. What is filled in on the screen only stands last and leaves the
    /// paper to the rest.
    #[serde(default = "yes")]
    pub print: bool,
}

const fn yes() -> bool {
    true
}

/// What an answer column asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerField {
    /// Something that is kept as it is.
    #[default]
    Other,
    /// 核查结果.
    Result,
    /// 原因分类.
    Reason,
    /// Whether the two rows of the annex are one person; only on the annex.
    Same,
    /// What is said in words.
    Note,
    /// 处理意见.
    Disposition,
    /// Who checked.
    Officer,
    /// When.
    CheckedOn,
    /// Who approved.
    Approver,
    /// Last day on which a proof is valid.
    ProofUntil,
    /// 确认收悉: that it was received; an answer says so too.
    Acknowledged,
}

/// Words of the drop-down of [`AnswerField::Acknowledged`].
const RECEIVED_WORDS: [&str; 1] = ["已收悉"];

/// Words of the drop-down of [`AnswerField::Same`].
pub(super) const SAME_WORDS: [&str; 2] = ["同一人", "不是同一人"];

impl ListTemplate {
    /// What an arrangement names and nobody knows, or its recipient may not see.
    pub(super) fn check_arrangements(&self, disclosure: &Disclosure, problems: &mut Vec<Diagnostic>) {
        let mut report = |at: &str, message: String| {
            let spot = Spot { column: at.to_owned(), ..Spot::file(self.list.as_str()) };
            problems.push(Diagnostic::error("arrange", spot, message));
        };
        let by = self.arrange.iter().map(|a| (&a.recipients, vec![&a.by, &a.count], a.sheet.as_str()));
        let periodic = self.periodic.iter().map(|p| (&p.recipients, p.by.iter().collect(), p.title.as_str()));
        for (recipients, titles, what) in by.chain(periodic) {
            for id in recipients {
                if !disclosure.recipients().iter().any(|recipient| recipient.id == *id) {
                    report(id, format!("recipients.csv has no id `{id}`"));
                    continue;
                }
                // A class that the matrix lacks is told of elsewhere.
                let known = |class: &str| disclosure.classes().any(|known| known == class);
                let column = |title: &str| self.column.iter().find(|column| column.title == title);
                let hidden = |title: &&&String| {
                    column(title)
                        .is_some_and(|c| known(&c.class) && disclosure.show(id, &c.class) == Show::No)
                };
                for title in titles.iter().filter(hidden) {
                    report(title, format!("`{id}` may not see the column by which `{what}` counts"));
                }
            }
        }
        let mut ids: Vec<&String> = self.arrange.iter().flat_map(|a| &a.recipients).collect();
        ids.sort_unstable();
        for pair in ids.windows(2).filter(|pair| pair[0] == pair[1]) {
            report(pair[0], format!("`{}` gets the list in one order only", pair[0]));
        }
    }

    /// Fills the drop-downs from the tables.
    pub(super) fn offer(&mut self, outcomes: &Outcomes, problems: &mut Vec<Diagnostic>) {
        for answer in &mut self.answer {
            let words = match answer.field {
                AnswerField::Result => Outcome::ALL.iter().map(|o| o.title().to_owned()).collect(),
                AnswerField::Reason => outcomes.reasons(&self.list),
                AnswerField::Disposition => outcomes.dispositions(&self.list),
                AnswerField::Same => SAME_WORDS.iter().map(|word| (*word).to_owned()).collect(),
                AnswerField::Acknowledged => RECEIVED_WORDS.iter().map(|word| (*word).to_owned()).collect(),
                _ => continue,
            };
            if !answer.choices.is_empty() {
                let spot = Spot { column: answer.title.clone(), ..Spot::file(self.list.as_str()) };
                let message = "the choices of this column come from the tables of outcomes".to_owned();
                problems.push(Diagnostic::error("choices_from_table", spot, message));
            }
            answer.choices = words;
            check_choices(&self.list, answer, problems);
        }
    }

    /// Columns to be filled in. The annex asks whether two rows are one person; what is to be done about a
    /// person is asked on the list.
    pub fn answers(&self, annex: bool) -> impl Iterator<Item = &AnswerColumn> {
        let of_list = |field| matches!(field, AnswerField::Disposition | AnswerField::Other);
        self.answer.iter().filter(move |answer| {
            if annex { !of_list(answer.field) } else { answer.field != AnswerField::Same }
        })
    }
}

/// What an answer cell accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// Any text, or one of the choices.
    #[default]
    Text,
    /// A date.
    Date,
    /// A month.
    Month,
    /// Yuan.
    Yuan,
}

/// The templates that come with the program, replaced by a folder when one is given.
const BUNDLED: [(&str, &str); 6] = [
    ("data.toml", include_str!("../../pipelines/lists/data.toml")),
    ("dropout.toml", include_str!("../../pipelines/lists/dropout.toml")),
    ("exit.toml", include_str!("../../pipelines/lists/exit.toml")),
    ("quality.toml", include_str!("../../pipelines/lists/quality.toml")),
    ("uncovered.toml", include_str!("../../pipelines/lists/uncovered.toml")),
    ("urgent.toml", include_str!("../../pipelines/lists/urgent.toml")),
];

/// Reads all templates of a folder (`None`: the bundled ones), sorted by `order`.
pub(super) fn load(folder: Option<&Path>, problems: &mut Vec<Diagnostic>) -> Vec<ListTemplate> {
    let texts: Vec<(String, String)> = match folder {
        None => BUNDLED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        Some(folder) => read_folder(folder, problems),
    };
    let mut templates = Vec::new();
    for (file, text) in &texts {
        match toml::from_str::<ListTemplate>(text) {
            Ok(template) => {
                check(file, &template, problems);
                templates.push(template);
            }
            Err(error) => {
                let before = error.span().map_or(0, |span| span.start.min(text.len()));
                let line = text[..before].matches('\n').count() + 1;
                let spot = Spot::line(file.as_str(), u32::try_from(line).unwrap_or(0));
                problems.push(Diagnostic::error("list_template", spot, error.message().to_owned()));
            }
        }
    }
    templates.sort_by(|a, b| (a.order, &a.list).cmp(&(b.order, &b.list)));
    for pair in templates.windows(2) {
        if pair[0].list == pair[1].list {
            let message = format!("list `{}` has two templates", pair[0].list);
            problems.push(Diagnostic::error("list_template_twice", Spot::default(), message));
        }
    }
    templates
}

fn read_folder(folder: &Path, problems: &mut Vec<Diagnostic>) -> Vec<(String, String)> {
    let unreadable = |path: &Path, error: &std::io::Error| {
        Diagnostic::error("unreadable", Spot::file(path.display().to_string()), error.to_string())
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            problems.push(unreadable(folder, &error));
            return Vec::new();
        }
    };
    let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let mut texts = Vec::new();
    for path in paths {
        match std::fs::read_to_string(&path) {
            Ok(text) => texts.push((path.display().to_string(), text)),
            Err(error) => problems.push(unreadable(&path, &error)),
        }
    }
    texts
}

/// What is asked by a day needs a column to be said in, and the other way round.
fn check_receipt(template: &ListTemplate, report: &mut impl FnMut(&'static str, &str, String)) {
    let asked = template.answer.iter().any(|answer| answer.field == AnswerField::Acknowledged);
    if asked != template.acknowledge_days.is_some() {
        let message = "`acknowledge_days` and an answer column with the field `acknowledged` go together";
        report("acknowledge", "acknowledge_days", message.to_owned());
    }
}

/// What TOML types cannot say.
fn check(file: &str, template: &ListTemplate, problems: &mut Vec<Diagnostic>) {
    check_parts(file, template, problems);
    let mut report = |code, column: &str, message: String| {
        let spot = Spot { file: file.to_owned(), column: column.to_owned(), ..Spot::default() };
        problems.push(Diagnostic::error(code, spot, message));
    };
    if !is_sheet_name(&template.sheet) {
        let message = "a sheet name has at most 20 characters and none of []:*?/\\".to_owned();
        report("sheet_name", &template.sheet, message);
    }
    let mut titles: Vec<&str> = template.column.iter().map(|column| column.title.as_str()).collect();
    titles.extend(template.answer.iter().map(|answer| answer.title.as_str()));
    titles.sort_unstable();
    for pair in titles.windows(2).filter(|pair| pair[0] == pair[1]) {
        report("column_title_twice", pair[0], "two columns have this title".to_owned());
    }
    for column in &template.column {
        if (column.source == ColumnSource::Detail) != column.detail.is_some() {
            let message = "`source = \"detail\"` and `detail = …` go together".to_owned();
            report("column_detail", &column.title, message);
        }
        if (column.source == ColumnSource::Known) == column.names.is_empty() {
            let message = "`source = \"known\"` and `names = [ … ]` go together".to_owned();
            report("column_names", &column.title, message);
        }
        let valued = matches!(column.source, ColumnSource::Detail | ColumnSource::Known);
        if column.sum && !valued {
            report("column_sum", &column.title, "only values of a rule's SELECT are added up".to_owned());
        }
        for name in column.names.iter().chain(&column.detail) {
            // A column may not show what the same value would not be shown as in 明细.
            let other = template.detail.get(name).filter(|detail| detail.class != column.class);
            if let Some(detail) = other {
                let message = format!(
                    "`{name}` has the class `{}` here and `{}` in [detail]",
                    column.class, detail.class
                );
                report("column_class", &column.title, message);
            }
        }
    }
    for field in [AnswerField::Result, AnswerField::Officer] {
        if template.answer.iter().filter(|answer| answer.field == field).count() != 1 {
            report("answer_field", "", format!("a list needs one answer column with the field {field:?}"));
        }
    }
    check_receipt(template, &mut report);
    for title in template.periodic.iter().flat_map(|spec| &spec.by) {
        if !template.column.iter().any(|column| column.title == *title) {
            report("periodic_column", title, "no column of the list has this title".to_owned());
        }
    }
    for arrangement in &template.arrange {
        for title in [&arrangement.by, &arrangement.count] {
            if !template.column.iter().any(|column| column.title == *title) {
                report("arrange_column", title, "no column of the list has this title".to_owned());
            }
        }
        let names = [&template.sheet, &arrangement.sheet];
        if !is_sheet_name(&arrangement.sheet) || names[0] == names[1] {
            let message =
                "a sheet name has at most 20 characters, none of []:*?/\\, and is there once".to_owned();
            report("sheet_name", &arrangement.sheet, message);
        }
    }
    if !template.answer.iter().map(|answer| !answer.print).is_sorted() {
        report("print_order", "", "columns with `print = false` stand behind all others".to_owned());
    }
    for answer in &template.answer {
        check_choices(file, answer, problems);
    }
}

/// Parts: their sheets, each rule in one of them, what they are sorted by.
fn check_parts(file: &str, template: &ListTemplate, problems: &mut Vec<Diagnostic>) {
    let mut report = |code, part: &ListPart, message: String| {
        let spot = Spot { column: part.sheet.clone(), ..Spot::file(file) };
        problems.push(Diagnostic::error(code, spot, message));
    };
    let mut sheets = vec![template.sheet.as_str()];
    let mut rules: Vec<&str> = Vec::new();
    for part in &template.part {
        if !is_sheet_name(&part.sheet) || sheets.contains(&part.sheet.as_str()) {
            let message =
                "a sheet name has at most 20 characters, none of []:*?/\\, and is there once".to_owned();
            report("sheet_name", part, message);
        }
        sheets.push(&part.sheet);
        for rule in &part.rules {
            if rules.contains(&rule.as_str()) {
                report("part_rule", part, format!("`{rule}` stands in two parts"));
            }
            rules.push(rule);
        }
        if part.by.is_none() != part.words.is_empty() {
            report("part_order", part, "`by = …` and `words = [ … ]` go together".to_owned());
        }
        if let Some(name) = part.by.as_ref().filter(|name| template.class_of(name).is_none()) {
            report(
                "part_order",
                part,
                format!("the list has no [detail.{name}], so nobody may be told of it"),
            );
        }
        // The page of counts speaks of the list's own sheet.
        if !template.arrange.is_empty() {
            report("part_order", part, "a list that is arranged for somebody has no parts".to_owned());
        }
    }
}

fn is_sheet_name(name: &str) -> bool {
    name.chars().count() <= 20 && !name.contains(['[', ']', ':', '*', '?', '/', '\\'])
}

fn check_choices(file: &str, answer: &AnswerColumn, problems: &mut Vec<Diagnostic>) {
    let mut report = |code, message: &str| {
        let spot = Spot { column: answer.title.clone(), ..Spot::file(file) };
        problems.push(Diagnostic::error(code, spot, message.to_owned()));
    };
    let length: usize = answer.choices.iter().map(|choice| choice.encode_utf16().count() + 1).sum();
    if length > 256 {
        report("choices_long", "the choices of a drop-down have at most 255 characters together");
    }
    if answer.choices.iter().any(|choice| choice.contains(',')) {
        report("choices_comma", "a choice may not contain a comma");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_templates_are_sound() {
        let mut problems = Vec::new();
        let templates = load(None, &mut problems);
        assert_eq!(problems, Vec::new());
        assert_eq!(templates.len(), BUNDLED.len());
    }

    #[test]
    fn columns_of_several_values_and_arrangements_are_checked() {
        let read = |from: &str, to: &str| {
            let (_, text) = BUNDLED.into_iter().find(|(name, _)| *name == "dropout.toml").unwrap();
            assert!(text.contains(from), "{from}");
            let template: ListTemplate = toml::from_str(&text.replacen(from, to, 1)).unwrap();
            let mut problems = Vec::new();
            check("dropout.toml", &template, &mut problems);
            template.check_arrangements(&Disclosure::load(None, &mut Vec::new()), &mut problems);
            problems.iter().map(|problem| (problem.code, problem.spot.column.clone())).collect::<Vec<_>>()
        };
        let told = |code, at: &str| vec![(code, at.to_owned())];
        assert_eq!(read("title = \"末次就读学校\"", "title = \"末次就读学校\""), []);
        assert_eq!(read("\"known\"", "\"name\""), told("column_names", "末次就读学校"));
        assert_eq!(read("width = 14, names", "width = 14, sum = true, names"), []);
        assert_eq!(
            read("class = \"plain\", width = 12", "class = \"plain\", width = 12, sum = true"),
            told("column_sum", "疑似情形")
        );
        let class = "title = \"末次就读学校\", class = \"school\"";
        let other = class.replace("\"school\"", "\"plain\"");
        assert!(read(class, &other).iter().all(|(code, _)| *code == "column_class"));
        assert_eq!(read("by = \"末次就读学校\"", "by = \"学校\""), told("arrange_column", "学校"));
        assert_eq!(read("sheet = \"按学校计数\"", "sheet = \"控辍保学\""), told("sheet_name", "控辍保学"));
        assert_eq!(
            read("recipients = [\"education\"]", "recipients = [\"educations\"]"),
            told("arrange", "educations")
        );
        let blind = read("recipients = [\"education\"]", "recipients = [\"health\"]");
        assert_eq!(blind, [("arrange", "末次就读学校".to_owned()), ("arrange", "民政身份".to_owned())]);
    }

    #[test]
    fn parts_are_checked() {
        let read = |from: &str, to: &str| {
            let (_, text) = BUNDLED.into_iter().find(|(name, _)| *name == "exit.toml").unwrap();
            assert!(text.contains(from), "{from}");
            let template: ListTemplate = toml::from_str(&text.replacen(from, to, 1)).unwrap();
            let mut problems = Vec::new();
            check("exit.toml", &template, &mut problems);
            problems.iter().map(|problem| problem.code).collect::<Vec<_>>()
        };
        assert_eq!(read("sheet = \"类别转换\"", "sheet = \"应退未退\""), ["sheet_name"]);
        assert_eq!(read("by = \"direction\"", "by = \"directions\""), ["part_order"]);
        assert_eq!(read("by = \"direction\"\n", ""), ["part_order"]);
        let twice = "rules = [\"e_category_change\", \"e_category_change\"]";
        assert_eq!(read("rules = [\"e_category_change\"]", twice), ["part_rule"]);
    }

    #[test]
    fn a_broken_template_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.toml"), "list = \"x\"\ntitel = \"y\"\n").unwrap();
        let mut problems = Vec::new();
        assert!(load(Some(folder.path()), &mut problems).is_empty());
        assert_eq!(problems.len(), 1);
        assert_eq!((problems[0].code, problems[0].spot.line), ("list_template", 2));
    }
}
