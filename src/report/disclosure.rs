//! Who may see what: recipients, who gets which list, the matrix recipient × class, what of it holds for children below an age, words
//! that a class covers.
//!
//! A column reaches a list only as a [`Granted`], which only [`Disclosure::grant`] makes; what is not in
//! the table is not granted. A value reaches a recipient only through a [`super::gate::Gate`], which asks here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::gate::About;
use super::protected::Protected;
use super::span::Span;
use super::template::{Column, ListTemplate};
use crate::diag::{Diagnostic, Spot, did_you_mean};
use crate::domain::Day;

/// How a recipient sees a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Show {
    /// Not at all.
    No,
    /// Masked: of a number, the region and the last four characters.
    Masked,
    /// As it is.
    Full,
}

/// What a recipient is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipientKind {
    /// One office.
    Agency,
    /// Each town, with the rows of its own area.
    Town,
    /// Whoever owns the subject's row.
    Owner,
    /// The person it is about, or a guardian: reads a notice and gets no list.
    Person,
}

/// A line of `recipients.csv`.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// Id: what rules name, and the folder of the lists.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// What it is.
    pub kind: RecipientKind,
    /// Other names under which rules may name it.
    pub aliases: Vec<String>,
    /// Title of the one workbook that holds all its lists; empty: one workbook for each list.
    pub book: String,
}

/// Recipients and what each of them may see.
#[derive(Clone, Debug)]
pub struct Disclosure {
    recipients: Vec<Recipient>,
    /// For each recipient when its line holds.
    spans: Vec<Span>,
    /// The lines of `disclosure.csv` that say something of a class.
    lines: Vec<Line>,
    /// What holds of them: before a day is known the most that any line grants.
    grants: BTreeMap<(String, String), Show>,
    lists: Vec<ListRecipient>,
    classes: BTreeSet<String>,
    redactions: Vec<Redaction>,
    sources: BTreeMap<String, String>,
    protected: Protected,
}

/// How a recipient sees a class, and when.
#[derive(Clone, Debug)]
struct Line {
    recipient: String,
    class: String,
    show: Show,
    span: Span,
}

/// A line of `list_recipients.csv`: who may get a list at all, and when.
#[derive(Clone, Debug)]
struct ListRecipient {
    list: String,
    recipient: String,
    span: Span,
}

/// A word that belongs to a class and what stands in its place.
#[derive(Clone, Debug)]
struct Redaction {
    class: String,
    word: String,
    shown_as: String,
}

/// A column that a recipient may see. Made only by [`Disclosure::grant`].
#[derive(Clone, Copy)]
pub(super) struct Granted<'a> {
    column: &'a Column,
}

impl<'a> Granted<'a> {
    pub(super) const fn column(self) -> &'a Column {
        self.column
    }
}

const TABLES: [(&str, &str, &[&str]); 11] = [
    (
        "recipients.csv",
        include_str!("../../schemas/tables/recipients.csv"),
        &["recipient", "title", "kind", "aliases", "book"],
    ),
    ("disclosure.csv", include_str!("../../schemas/tables/disclosure.csv"), &["recipient", "plain"]),
    ("redactions.csv", include_str!("../../schemas/tables/redactions.csv"), &["class", "word", "shown_as"]),
    ("source_classes.csv", include_str!("../../schemas/tables/source_classes.csv"), &["extract", "class"]),
    (
        "outcomes.csv",
        include_str!("../../schemas/tables/outcomes.csv"),
        &["list", "label", "code", "results", "corrects", "proves", "silence", "days", "class"],
    ),
    (
        "dispositions.csv",
        include_str!("../../schemas/tables/dispositions.csv"),
        &["list", "label", "needs_approval"],
    ),
    (
        "full_approvals.csv",
        include_str!("../../schemas/tables/full_approvals.csv"),
        &["recipient", "class", "approved_by", "approved_on", "valid_until"],
    ),
    (
        "protected.csv",
        include_str!("../../schemas/tables/protected.csv"),
        &["class", "below_age", "granted", "basis"],
    ),
    (
        "look_approvals.csv",
        include_str!("../../schemas/tables/look_approvals.csv"),
        &["account", "approved_by", "approved_on", "valid_until"],
    ),
    (
        "recipient_keys.csv",
        include_str!("../../schemas/tables/recipient_keys.csv"),
        &["recipient", "key", "valid_until"],
    ),
    (
        "list_recipients.csv",
        include_str!("../../schemas/tables/list_recipients.csv"),
        &["list", "recipient", "valid_from", "valid_until"],
    ),
];
/// Places of the two tables that say what answers mean.
pub(super) const OUTCOMES: usize = 4;
pub(super) const DISPOSITIONS: usize = 5;
/// Places of the tables of approvals: for recipients, for accounts.
pub(super) const APPROVALS: usize = 6;
pub(super) const LOOKS: usize = 8;
/// Place of the table of public keys.
pub(super) const KEYS: usize = 9;
/// Place of the table of protected classes.
const PROTECTED: usize = 7;
/// Place of the table of who may get which list.
const LISTS: usize = 10;
/// Columns of `disclosure.csv` that are no class.
const NO_CLASS: [&str; 3] = ["recipient", "valid_from", "valid_until"];

/// A small CSV table: headings and rows of equal length.
pub(super) struct Sheet {
    file: String,
    headings: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Sheet {
    pub(super) fn read(folder: Option<&Path>, at: usize, problems: &mut Vec<Diagnostic>) -> Self {
        let (name, bundled, expected) = TABLES[at];
        let path = folder.map(|folder| folder.join(name)).filter(|path| path.exists());
        let file = path.as_ref().map_or_else(|| name.to_owned(), |path| path.display().to_string());
        let text = match &path {
            None => bundled.to_owned(),
            Some(path) => std::fs::read_to_string(path).unwrap_or_else(|error| {
                problems.push(Diagnostic::error("unreadable", Spot::file(file.as_str()), error.to_string()));
                String::new()
            }),
        };
        let mut sheet = Self { file, headings: Vec::new(), rows: Vec::new() };
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        for record in reader.records() {
            match record {
                Ok(record) => {
                    let row: Vec<String> = record.iter().map(|cell| cell.trim().to_owned()).collect();
                    if sheet.headings.is_empty() { sheet.headings = row } else { sheet.rows.push(row) }
                }
                Err(error) => {
                    let line = error.position().map_or(0, |at| u32::try_from(at.line()).unwrap_or(0));
                    let spot = Spot::line(sheet.file.as_str(), line);
                    problems.push(Diagnostic::error(
                        "table_row",
                        spot,
                        "the row has another number of cells",
                    ));
                }
            }
        }
        for heading in expected.iter().filter(|heading| !sheet.headings.iter().any(|h| h == *heading)) {
            let message = format!("the table lacks the column `{heading}`");
            problems.push(Diagnostic::error("table_column", Spot::file(sheet.file.as_str()), message));
        }
        sheet
    }

    pub(super) fn cell<'s>(&self, row: &'s [String], heading: &str) -> &'s str {
        let at = self.headings.iter().position(|h| h == heading);
        at.and_then(|at| row.get(at)).map_or("", String::as_str)
    }

    pub(super) fn spot(&self, row: usize) -> Spot {
        Spot::line(self.file.as_str(), u32::try_from(row + 2).unwrap_or(0))
    }

    /// Reports errors of this code in the columns of a row; the last argument is what was probably meant.
    pub(super) fn reporter<'r>(
        &'r self,
        row: usize,
        code: &'static str,
        problems: &'r mut Vec<Diagnostic>,
    ) -> impl FnMut(&str, String, Option<&str>) + 'r {
        move |column, message, near| {
            let spot = Spot { column: column.to_owned(), ..self.spot(row) };
            let mut problem = Diagnostic::error(code, spot, message);
            problem.help = near.map(|near| format!("did you mean `{near}`?"));
            problems.push(problem);
        }
    }
}

impl Disclosure {
    /// Reads its tables from a folder (`None` or a missing file: the bundled one).
    pub(super) fn load(folder: Option<&Path>, problems: &mut Vec<Diagnostic>) -> Self {
        let (recipients, spans): (Vec<Recipient>, Vec<Span>) =
            recipients(&Sheet::read(folder, 0, problems), problems).into_iter().unzip();
        let matrix = Sheet::read(folder, 1, problems);
        let is_class = |heading: &&String| !NO_CLASS.contains(&heading.as_str());
        let classes: BTreeSet<String> = matrix.headings.iter().filter(is_class).cloned().collect();
        let mut lines = Vec::new();
        for (at, row) in matrix.rows.iter().enumerate() {
            let id = matrix.cell(row, "recipient");
            if !recipients.iter().any(|recipient| recipient.id == id) {
                let message = format!("no recipient `{id}` in recipients.csv");
                problems.push(Diagnostic::error("unknown_recipient", matrix.spot(at), message));
            }
            let span = Span::of(&matrix, at, problems);
            for (class, cell) in matrix.headings.iter().zip(row).filter(|(class, _)| is_class(class)) {
                let show = match cell.as_str() {
                    "full" => Show::Full,
                    "masked" => Show::Masked,
                    "no" => Show::No,
                    other => {
                        let mut spot = matrix.spot(at);
                        spot.column.clone_from(class);
                        let message = format!("`{other}` is none of full, masked, no");
                        problems.push(Diagnostic::error("unknown_grant", spot, message));
                        Show::No
                    }
                };
                lines.push(Line { recipient: id.to_owned(), class: class.clone(), show, span });
            }
        }
        let words = Sheet::read(folder, 2, problems);
        let mut redactions: Vec<Redaction> = words
            .rows
            .iter()
            .map(|row| Redaction {
                class: words.cell(row, "class").to_owned(),
                word: words.cell(row, "word").to_owned(),
                shown_as: words.cell(row, "shown_as").to_owned(),
            })
            .filter(|redaction| !redaction.word.is_empty())
            .collect();
        // Longer words first, so that a word inside another one does not spoil it.
        redactions.sort_by(|a, b| b.word.len().cmp(&a.word.len()).then_with(|| a.word.cmp(&b.word)));
        let of_sources = Sheet::read(folder, 3, problems);
        let sources = of_sources
            .rows
            .iter()
            .map(|row| (of_sources.cell(row, "extract").to_owned(), of_sources.cell(row, "class").to_owned()))
            .collect();
        let ids: Vec<&str> = recipients.iter().map(|recipient| recipient.id.as_str()).collect();
        let protected =
            Protected::load(&Sheet::read(folder, PROTECTED, problems), (&classes, &ids), problems);
        let lists = list_recipients(&Sheet::read(folder, LISTS, problems), &ids, problems);
        let grants = grants(lines.iter());
        Self { recipients, spans, lines, grants, lists, classes, redactions, sources, protected }
    }

    /// What holds on a day: recipients, what they see, which lists they get.
    #[must_use]
    pub(super) fn on(&self, day: Day) -> Self {
        let known = self.recipients.iter().zip(&self.spans).filter(|(_, span)| span.holds(day));
        let (recipients, spans) = known.map(|(recipient, span)| (recipient.clone(), *span)).unzip();
        let lines: Vec<Line> = self.lines.iter().filter(|line| line.span.holds(day)).cloned().collect();
        let lists = self.lists.iter().filter(|line| line.span.holds(day)).cloned().collect();
        Self { recipients, spans, grants: grants(lines.iter()), lines, lists, ..self.clone() }
    }

    /// Whether a recipient (its id) may get a list (the id of its template) at all.
    pub(super) fn may_get(&self, list: &str, recipient: &str) -> bool {
        self.lists.iter().any(|line| line.list == list && line.recipient == recipient)
    }

    /// Lists and recipients of lines that do not hold on a day.
    pub(super) fn lapsed(&self, day: Day) -> impl Iterator<Item = (&str, &str)> {
        let lapsed = self.lists.iter().filter(move |line| !line.span.holds(day));
        lapsed.map(|line| (line.list.as_str(), line.recipient.as_str()))
    }

    /// Reports classes of a template that the matrix does not know.
    pub(super) fn check(&self, template: &ListTemplate, problems: &mut Vec<Diagnostic>) {
        let of_columns = template.column.iter().map(|column| (&column.title, &column.class));
        let of_details = template.detail.values().map(|detail| (&detail.title, &detail.class));
        for (title, class) in of_columns.chain(of_details).chain(&template.sentence) {
            if !self.classes.contains(class) {
                let spot = Spot { column: title.clone(), ..Spot::file(template.list.as_str()) };
                let message = format!("disclosure.csv has no class `{class}`");
                let mut problem = Diagnostic::error("unknown_class", spot, message);
                if let Some(near) = did_you_mean(class, self.classes.iter().map(String::as_str)) {
                    problem = problem.with_help(format!("did you mean `{near}`?"));
                }
                problems.push(problem);
            }
        }
    }

    /// All classes of the matrix, sorted.
    pub fn classes(&self) -> impl Iterator<Item = &str> {
        self.classes.iter().map(String::as_str)
    }

    /// All recipients, in the table's order.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// The recipient that a rule names by id, title or alias.
    pub fn recipient(&self, name: &str) -> Option<&Recipient> {
        self.recipients
            .iter()
            .find(|r| r.id == name || r.title == name || r.aliases.iter().any(|alias| alias == name))
    }

    /// Ids of the agencies, in the table's order.
    pub fn agencies(&self) -> impl Iterator<Item = &str> {
        self.recipients.iter().filter(|r| r.kind == RecipientKind::Agency).map(|r| r.id.as_str())
    }

    /// Whether a recipient can have a folder of this name below `lists/`: an agency's id, or `<town's id>-<town>`.
    pub fn has_folder(&self, name: &str) -> bool {
        self.recipients.iter().any(|known| match known.kind {
            RecipientKind::Agency => known.id == name,
            RecipientKind::Town => {
                name.strip_prefix(&known.id).is_some_and(|town| town.len() > 1 && town.starts_with('-'))
            }
            RecipientKind::Owner | RecipientKind::Person => false,
        })
    }

    /// How a recipient (its id; `town` for every town) sees a class of somebody whose age does not matter. What the
    /// table lacks is not seen.
    pub fn show(&self, recipient: &str, class: &str) -> Show {
        let key = (recipient.to_owned(), class.to_owned());
        self.grants.get(&key).copied().unwrap_or(Show::No)
    }

    /// How a recipient sees a class of the person it is about: of a child below the age of `protected.csv` one step
    /// less than the matrix says, unless that table grants it to the recipient expressly.
    pub(super) fn show_of(&self, recipient: &str, class: &str, about: About) -> Show {
        match self.show(recipient, class) {
            Show::Full if self.protected.lowers(recipient, class, about) => Show::Masked,
            show => show,
        }
    }

    /// What was granted in full is shown masked.
    pub(super) fn lower(&mut self, recipient: &str, class: &str) {
        if let Some(show) = self.grants.get_mut(&(recipient.to_owned(), class.to_owned())) {
            *show = (*show).min(Show::Masked);
        }
    }

    /// The column, if the recipient may see it at all.
    pub(super) fn grant<'a>(&self, recipient: &str, column: &'a Column) -> Option<Granted<'a>> {
        (self.show(recipient, &column.class) != Show::No).then_some(Granted { column })
    }

    /// Disclosure class of an extract as a source; `None` for one that anybody may know of.
    pub fn source_class(&self, extract: &str) -> Option<&str> {
        self.sources.get(extract).map(String::as_str)
    }

    /// The text without words of classes that the recipient does not know in full.
    pub(super) fn redact(&self, knows: impl Fn(&str) -> bool, text: &str) -> String {
        let mut out = text.to_owned();
        for redaction in &self.redactions {
            if out.contains(&redaction.word) && !knows(&redaction.class) {
                out = out.replace(&redaction.word, &redaction.shown_as);
            }
        }
        out
    }
}

/// The most that any of the lines grants.
fn grants<'l>(lines: impl Iterator<Item = &'l Line>) -> BTreeMap<(String, String), Show> {
    let mut grants: BTreeMap<(String, String), Show> = BTreeMap::new();
    for line in lines {
        let show = grants.entry((line.recipient.clone(), line.class.clone())).or_insert(Show::No);
        *show = (*show).max(line.show);
    }
    grants
}

fn list_recipients(sheet: &Sheet, known: &[&str], problems: &mut Vec<Diagnostic>) -> Vec<ListRecipient> {
    let mut lists = Vec::new();
    for (at, row) in sheet.rows.iter().enumerate() {
        let recipient = sheet.cell(row, "recipient").to_owned();
        if !known.contains(&recipient.as_str()) {
            let message = format!("no recipient `{recipient}` in recipients.csv");
            problems.push(Diagnostic::error("unknown_recipient", sheet.spot(at), message));
        }
        let span = Span::of(sheet, at, problems);
        lists.push(ListRecipient { list: sheet.cell(row, "list").to_owned(), recipient, span });
    }
    lists
}

fn recipients(sheet: &Sheet, problems: &mut Vec<Diagnostic>) -> Vec<(Recipient, Span)> {
    let mut recipients = Vec::new();
    for (at, row) in sheet.rows.iter().enumerate() {
        let kind = match sheet.cell(row, "kind") {
            "agency" => RecipientKind::Agency,
            "town" => RecipientKind::Town,
            "owner" => RecipientKind::Owner,
            "person" => RecipientKind::Person,
            other => {
                let message = format!("`{other}` is none of agency, town, owner, person");
                problems.push(Diagnostic::error("unknown_kind", sheet.spot(at), message));
                continue;
            }
        };
        let aliases = sheet.cell(row, "aliases").split('|').filter(|alias| !alias.is_empty());
        let recipient = Recipient {
            id: sheet.cell(row, "recipient").to_owned(),
            title: sheet.cell(row, "title").to_owned(),
            kind,
            aliases: aliases.map(str::to_owned).collect(),
            book: sheet.cell(row, "book").to_owned(),
        };
        recipients.push((recipient, Span::of(sheet, at, problems)));
    }
    recipients
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundled() -> Disclosure {
        let mut problems = Vec::new();
        let disclosure = Disclosure::load(None, &mut problems);
        assert_eq!(problems, Vec::new());
        disclosure
    }

    #[test]
    fn forbidden_classes_are_forbidden_in_the_bundled_matrix() {
        let disclosure = bundled();
        for recipient in disclosure.recipients() {
            for class in ["bank", "hiv", "no_such_class"] {
                assert_eq!(disclosure.show(&recipient.id, class), Show::No, "{} {class}", recipient.id);
            }
            let forbidden: &[&str] = match recipient.id.as_str() {
                "civil-affairs" => &[],
                "civil-affairs-relief" => &["illness", "case"],
                _ => &["custody", "illness", "case"],
            };
            for class in forbidden {
                assert_eq!(disclosure.show(&recipient.id, class), Show::No, "{} {class}", recipient.id);
            }
            assert_ne!(disclosure.show(&recipient.id, "id_number"), Show::Full, "{}", recipient.id);
        }
    }

    #[test]
    fn every_template_names_known_classes() {
        let mut problems = Vec::new();
        let disclosure = bundled();
        for template in super::super::template::load(None, &mut problems) {
            disclosure.check(&template, &mut problems);
        }
        assert_eq!(problems, Vec::new());
    }

    #[test]
    fn words_of_a_class_are_replaced_for_those_who_may_not_see_it() {
        let disclosure = bundled();
        let redact =
            |id: &str, text: &str| disclosure.redact(|class| disclosure.show(id, class) == Show::Full, text);
        let text = "父亲服刑在押，母亲强制隔离戒毒";
        assert_eq!(redact("education", text), "父亲监护受限，母亲监护受限");
        assert_eq!(redact("civil-affairs", text), text);
        assert_eq!(redact("civil-affairs", "艾滋病病毒感染儿童"), "其他类别");
    }

    #[test]
    fn what_a_line_grants_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "recipients.csv",
            "recipient,title,kind,aliases,book,valid_from,valid_until\na,甲,agency,,,,\nb,乙,agency,,,,2026-06-30\n",
        );
        write(
            "disclosure.csv",
            "recipient,plain,school,valid_from,valid_until\na,full,full,,2026-06-30\na,full,no,2026-07-01,\nb,full,no,,\n",
        );
        write(
            "list_recipients.csv",
            "list,recipient,valid_from,valid_until\ndropout,a,2026-01-01,2026-06-30\nurgent,a,,\n",
        );
        write(
            "protected.csv",
            "class,below_age,granted,basis\nplain,14,*,personal_information_law#28\nschool,14,a,personal_information_law#28\n",
        );
        let mut problems = Vec::new();
        let known = Disclosure::load(Some(folder.path()), &mut problems);
        assert_eq!(problems, Vec::new());
        assert_eq!(known.classes().collect::<Vec<_>>(), ["plain", "school"]);
        let on = |day: &str| known.on(Day::parse_iso(day).unwrap());
        let (june, july) = (on("2026-06-30"), on("2026-07-01"));
        assert_eq!((june.show("a", "school"), july.show("a", "school")), (Show::Full, Show::No));
        assert_eq!((june.may_get("dropout", "a"), july.may_get("dropout", "a")), (true, false));
        assert!(july.may_get("urgent", "a") && !june.may_get("urgent", "b"));
        assert!(june.recipient("乙").is_some() && july.recipient("乙").is_none());
        write(
            "list_recipients.csv",
            "list,recipient,valid_from,valid_until\ndropout,c,2026-02-01,2026-01-01\nx,a,soon,\n",
        );
        Disclosure::load(Some(folder.path()), &mut problems);
        let codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, ["unknown_recipient", "table_day", "table_day"]);
    }

    #[test]
    fn recipients_are_found_by_every_name() {
        let disclosure = bundled();
        for name in ["civil-affairs", "civil_affairs", "民政局", "民政"] {
            assert_eq!(disclosure.recipient(name).unwrap().id, "civil-affairs", "{name}");
        }
        assert!(disclosure.recipient("nobody").is_none());
    }
}
