//! 告知书: the draft of a notice to the person whose benefit two officers want to stop, change or recover.
//!
//! What it says is data of the list's template; values are those that the disclosure table grants to its reader.
//! Signature and day stay blank, and it says on its face that it is a draft: an office edits, signs and delivers
//! it. It must never cite what the table of legal bases does not hold, and never say what its reader may not know.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use minijinja::{Environment, UndefinedBehavior};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Desk;
use super::disclosure::{Disclosure, RecipientKind};
use super::docx::{self, Paragraph, Stand};
use super::gate::{About, Cleared, Gate};
use super::input::{Person, RuleFacts};
use super::outcomes::Outcomes;
use super::rows::sex_word;
use super::template::{AnswerField, ColumnSource, ListTemplate};
use crate::diag::{Diagnostic, Level, Spot, did_you_mean};
use crate::domain::{Answer, Day, Finding, Month, sha256_of};

/// The notice of a list, as its author writes it.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticeSpec {
    /// Title; that it is a draft is added.
    pub title: String,
    /// Who reads it: a recipient of the kind `person`, whose row of the disclosure table says what may stand in it.
    pub reader: String,
    /// What is planned, in the words of the notice, for each 处理意见 of which one is drafted.
    pub planned: IndexMap<String, String>,
    /// Values of the rules' SELECT that hold the suggested last month; the first that a case has counts.
    pub last_month: Vec<String>,
    /// Days to object.
    pub object_days: u32,
    /// Where to object.
    pub object_at: String,
    /// Paragraphs. `{{ name }}`, `{{ sex }}`, `{{ birth }}`, `{{ number }}`, `{{ place }}`, `{{ clue }}`,
    /// `{{ situation }}`, `{{ reason }}`, `{{ details }}`, `{{ outcome }}`, `{{ planned }}`, `{{ last_month }}`,
    /// `{{ stop_month }}`, `{{ basis }}`, `{{ object_days }}`, `{{ object_at }}` stand for what the case says; one
    /// that comes out empty is left out.
    pub line: Vec<String>,
    /// Lines on the right below: left to be filled in by hand.
    pub sign: Vec<String>,
}

/// Everything a draft is made of.
pub struct NoticeInput<'a> {
    /// Templates and tables.
    pub desk: &'a Desk,
    /// Clue number.
    pub clue: &'a str,
    /// The case's rule.
    pub rule: &'a RuleFacts,
    /// The finding as it was last seen.
    pub finding: &'a Finding,
    /// The answer that two persons settled.
    pub answer: &'a Answer,
    /// The person it is about.
    pub person: &'a Person,
    /// Day of the run that knows the person.
    pub as_of: Day,
    /// Legal basis, one line each; what is not verified says so.
    pub basis: &'a [String],
}

/// A draft.
pub struct Draft {
    /// Base name of its file.
    pub file: String,
    /// The document.
    pub bytes: Vec<u8>,
    /// SHA-256 of it, lower-case hex.
    pub sha256: String,
}

/// Why no draft can be made.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// The list has no notice, or none for what was decided.
    #[error("draft a notice for {clue}: {why}")]
    NoNotice {
        /// Clue number.
        clue: String,
        /// Why.
        why: &'static str,
    },
    /// The template fails.
    #[error("draft a notice for {clue}: {source}")]
    Template {
        /// Clue number.
        clue: String,
        /// Why.
        source: minijinja::Error,
    },
    /// The document cannot be made.
    #[error("draft a notice for {clue}: {source}")]
    Document {
        /// Clue number.
        clue: String,
        /// Why.
        source: std::io::Error,
    },
}

const DRAFT: &str = "（草稿）";
const REMARK: &str = "本件为系统起草的草稿，供承办单位核定修改；【】内为待核实、待确认或待填写的内容。";
/// Stands for a sentence that would say more than the reader may know.
const TO_WRITE: &str = "【事由涉及不予披露的信息，由经办人核定后填写】";
const NO_MONTH: &str = "【待填写】";
const NO_BASIS: &str = "【依据待填写】";

/// Drafts a notice.
///
/// # Errors
/// When the list knows no notice for what was decided, or its reader may not even be named.
pub fn draft_notice(input: &NoticeInput<'_>) -> Result<Draft, NoticeError> {
    let refused = |why| NoticeError::NoNotice { clue: input.clue.to_owned(), why };
    let template =
        input.desk.template(&input.rule.list).ok_or_else(|| refused("its list has no template"))?;
    let spec = template.notice.as_ref().ok_or_else(|| refused("the template of its list has no [notice]"))?;
    let planned = disposition(template, input.answer).and_then(|label| spec.planned.get(label));
    let planned = planned.ok_or_else(|| refused("[notice.planned] has no words for its 处理意见"))?;
    let about = About::person(input.person, input.as_of);
    let gate = Gate::new(&spec.reader, &input.desk.disclosure).about(about);
    let told = values(input, template, spec, gate, planned);
    if told["name"].is_empty() {
        return Err(refused(
            "the last run does not know the person's name, or the disclosure table does not grant it to the reader",
        ));
    }
    let failed = |source| NoticeError::Template { clue: input.clue.to_owned(), source };
    let mut paragraphs = vec![
        Paragraph { stand: Stand::Title, text: format!("{}{DRAFT}", spec.title) },
        Paragraph { stand: Stand::Remark, text: REMARK.to_owned() },
    ];
    for (at, line) in spec.line.iter().enumerate() {
        let text = rendered(line, &told).map_err(failed)?;
        let stand = if at == 0 { Stand::Flush } else { Stand::Body };
        paragraphs.extend((!text.trim().is_empty()).then_some(Paragraph { stand, text }));
    }
    paragraphs.extend(spec.sign.iter().map(|text| Paragraph { stand: Stand::Right, text: text.clone() }));
    let document = |source: std::io::Error| NoticeError::Document { clue: input.clue.to_owned(), source };
    let bytes = docx::document(&paragraphs).map_err(|error| document(error.into()))?;
    let (sha256, _) = sha256_of(bytes.as_slice()).map_err(document)?;
    Ok(Draft { file: format!("{}_{}.docx", spec.title, input.clue), bytes, sha256 })
}

/// What is to be done according to an answer.
fn disposition<'a>(template: &ListTemplate, answer: &'a Answer) -> Option<&'a str> {
    let column = template.answer.iter().find(|column| column.field == AnswerField::Disposition)?;
    answer.fields.get(&column.title).map(String::as_str)
}

/// What the lines may speak of, as far as the reader may know it.
fn values(
    input: &NoticeInput<'_>,
    template: &ListTemplate,
    spec: &NoticeSpec,
    gate: Gate<'_>,
    planned: &str,
) -> BTreeMap<&'static str, String> {
    let finding = input.finding;
    let person = input.person;
    // Of what the list has no column for, nothing is told.
    let cleared = |source, of: &dyn Fn(&str) -> Cleared| {
        let column = template.column.iter().find(|column| column.source == source);
        column.map_or_else(String::new, |column| of(&column.class).into_text())
    };
    let text = |source, text: &str| cleared(source, &|class| gate.cell(class, text));
    let birth = person.birth.map_or_else(String::new, Day::iso);
    let last_month = spec.last_month.iter().find_map(|name| {
        template.class_of(name).filter(|class| gate.knows(class))?;
        gate.detail(finding, name)
    });
    let basis = if input.basis.is_empty() { NO_BASIS.to_owned() } else { input.basis.join("；") };
    BTreeMap::from([
        ("name", text(ColumnSource::Name, &person.name)),
        ("sex", text(ColumnSource::Sex, sex_word(person.sex))),
        ("birth", text(ColumnSource::Birth, &birth)),
        ("number", cleared(ColumnSource::ResidentId, &|class| gate.number(class, person))),
        ("place", text(ColumnSource::Village, &format!("{}{}", person.town, person.village))),
        ("clue", input.clue.to_owned()),
        ("situation", gate.title(input.rule)),
        ("reason", gate.sentence(input.rule, finding, template).unwrap_or_else(|| TO_WRITE.to_owned())),
        ("details", gate.details(finding, template)),
        ("outcome", input.answer.outcome.map_or("", |outcome| outcome.title()).to_owned()),
        ("planned", planned.to_owned()),
        ("stop_month", last_month.as_deref().and_then(month_after).unwrap_or_else(|| NO_MONTH.to_owned())),
        ("last_month", last_month.unwrap_or_else(|| NO_MONTH.to_owned())),
        ("basis", basis),
        ("object_days", spec.object_days.to_string()),
        ("object_at", spec.object_at.clone()),
    ])
}

/// `2026-11` → `2026-12`.
fn month_after(text: &str) -> Option<String> {
    let (year, month) = text.split_once('-')?;
    let (year, month) = (year.parse().ok()?, month.parse().ok().filter(|month| (1..=12).contains(month))?);
    let (year, month) = Month::new(year, month).plus(1).year_month();
    Some(format!("{year:04}-{month:02}"))
}

fn rendered(line: &str, told: &BTreeMap<&'static str, String>) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.render_str(line, told)
}

impl NoticeSpec {
    /// What is wrong with it: a reader that is none, words for a 处理意见 that takes no second person or does not
    /// exist, values nobody knows.
    pub(super) fn check(
        &self,
        template: &ListTemplate,
        outcomes: &Outcomes,
        disclosure: &Disclosure,
        problems: &mut Vec<Diagnostic>,
    ) {
        let mut report = |level: Level, column: &str, message: String, near: Option<&str>| {
            let spot = Spot { column: column.to_owned(), ..Spot::file(template.list.as_str()) };
            let mut problem = Diagnostic::new(level, "notice", spot, message);
            problem.help = near.map(|near| format!("did you mean `{near}`?"));
            problems.push(problem);
        };
        // What only means that no notice is drafted does not keep a night from its lists.
        let (lesser, fault) = (Level::Warning, Level::Error);
        let readers = || {
            let persons = disclosure.recipients().iter().filter(|r| r.kind == RecipientKind::Person);
            persons.map(|reader| reader.id.as_str())
        };
        if !readers().any(|id| id == self.reader) {
            let message = format!("no recipient `{}` of the kind person in recipients.csv", self.reader);
            report(lesser, "reader", message, did_you_mean(&self.reader, readers()));
        }
        let dispositions = outcomes.dispositions(&template.list);
        for label in self.planned.keys() {
            if !dispositions.contains(label) {
                let near = did_you_mean(label, dispositions.iter().map(String::as_str));
                report(lesser, "planned", format!("dispositions.csv has no `{label}` for this list"), near);
            } else if !outcomes.needs_approval(&template.list, label) {
                let message = format!("`{label}` takes no second person, so no notice can follow from it");
                report(lesser, "planned", message, None);
            }
        }
        for name in self.last_month.iter().filter(|name| template.class_of(name).is_none()) {
            report(fault, "last_month", format!("the list has no value `{name}`"), None);
        }
        let sample: BTreeMap<&'static str, String> = VALUES.into_iter().map(|n| (n, String::new())).collect();
        for line in &self.line {
            if let Err(error) = rendered(line, &sample) {
                report(fault, "line", error.to_string(), None);
            }
        }
    }
}

/// Names that lines may use.
const VALUES: [&str; 16] = [
    "name",
    "sex",
    "birth",
    "number",
    "place",
    "clue",
    "situation",
    "reason",
    "details",
    "outcome",
    "planned",
    "last_month",
    "stop_month",
    "basis",
    "object_days",
    "object_at",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_each_other_over_the_year_and_what_is_no_month_has_no_next() {
        assert_eq!(month_after("2026-11").as_deref(), Some("2026-12"));
        assert_eq!(month_after("2026-12").as_deref(), Some("2027-01"));
        for text in ["", "2026", "2026-13", "2026-00", "某年-某月"] {
            assert_eq!(month_after(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_notice_is_told_and_only_a_fault_stops_a_night() {
        let desk = Desk::load(None, None).unwrap();
        let mut template = desk.template("exit").unwrap().clone();
        let notice = template.notice.as_mut().unwrap();
        notice.reader = "town".to_owned();
        notice.planned.insert("继续享受".to_owned(), "x".to_owned());
        notice.planned.insert("停付".to_owned(), "x".to_owned());
        notice.last_month.push("no_such_value".to_owned());
        notice.line.push("{{ nobody }}".to_owned());
        let mut problems = Vec::new();
        let notice = notice.clone();
        notice.check(&template, &desk.outcomes, &desk.disclosure, &mut problems);
        let told: Vec<(Level, &str)> = problems.iter().map(|p| (p.level, p.spot.column.as_str())).collect();
        let (lesser, fault) = (Level::Warning, Level::Error);
        let expected = [
            (lesser, "reader"),
            (lesser, "planned"),
            (lesser, "planned"),
            (fault, "last_month"),
            (fault, "line"),
        ];
        assert_eq!(told, expected);
    }
}
