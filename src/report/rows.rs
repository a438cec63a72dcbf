//! Rows of a list for one recipient: cases to cells, in the order of the list.

use std::collections::BTreeMap;

use polars::prelude::{Column as Series, DataFrame, DataType, IntoColumn, PolarsResult, SortMultipleOptions};

use super::disclosure::{Disclosure, Granted};
use super::gate::{About, Cleared, Gate};
use super::input::{ExtractFacts, Person, PublishInput, RowPlace, RuleFacts};
use super::template::{AnswerColumn, AnswerField, ColumnSource, ListTemplate};
use crate::domain::{Answer, Case, CaseStatus, Day, MentionRef, Phase, Severity, Sex};

/// A case with what every list about it needs; computed once, whoever receives it.
pub(super) struct CaseFacts<'a> {
    pub(super) case: &'a Case,
    pub(super) rule: &'a RuleFacts,
    pub(super) person: Person,
    pub(super) subject: Option<RowPlace>,
    /// Whom it is about, for the gate.
    about: About,
    /// The row to compare with, as it names a person.
    candidate: Option<(&'a MentionRef, Person)>,
    owner: Option<&'a ExtractFacts>,
}

/// What the cells of all rows share.
pub(super) struct Context<'a> {
    disclosure: &'a Disclosure,
    as_of: Day,
    extracts: BTreeMap<&'a str, &'a ExtractFacts>,
}

/// The one who receives, as far as cells depend on it.
#[derive(Clone, Copy)]
pub(super) struct Receiver<'a> {
    pub(super) id: &'a str,
    pub(super) context: &'a Context<'a>,
}

/// Stands where a rule's own words would say more than the recipient may know.
const NEUTRAL: &str = "具体情形涉及不予披露的信息，请按线索编号与牵头部门联系核实";

impl<'a> Receiver<'a> {
    /// The gate for what is about no person in particular.
    pub(super) const fn gate(self) -> Gate<'a> {
        Gate::new(self.id, self.context.disclosure)
    }

    /// The gate for what is about a person.
    pub(super) fn gate_of(self, person: &Person) -> Gate<'a> {
        self.gate().about(About::person(person, self.context.as_of))
    }

    /// Whether the recipient may know what the rule is about.
    pub(super) fn sees(self, rule: &RuleFacts) -> bool {
        self.gate().sees(rule)
    }

    /// Title of the rule as the recipient may see it.
    pub(super) fn title(self, rule: &RuleFacts) -> String {
        self.gate().title(rule)
    }
}

/// An answer in words, without a reason that the reader may not know.
pub(super) fn answer_words(answer: &Answer, gate: Gate<'_>) -> String {
    let mut known = answer.clone();
    if !gate.knows(&answer.class) {
        known.reason = String::new();
    }
    known.words()
}

/// The cell of an answer that was given.
fn answer_cell(answer: &Answer, column: &AnswerColumn) -> String {
    match column.field {
        AnswerField::Result => answer.outcome.map_or_else(String::new, |o| o.title().to_owned()),
        AnswerField::Reason => answer.reason.clone(),
        AnswerField::Officer => answer.officer.clone(),
        AnswerField::CheckedOn => answer.checked_on.map_or_else(String::new, Day::iso),
        AnswerField::Approver => String::new(),
        AnswerField::Same => answer
            .same
            .map_or_else(String::new, |same| super::template::SAME_WORDS[usize::from(!same)].to_owned()),
        _ => answer.fields.get(&column.title).cloned().unwrap_or_default(),
    }
}

impl<'a> Context<'a> {
    pub(super) fn new(input: &PublishInput<'a>) -> Self {
        Self {
            disclosure: &input.desk.disclosure,
            as_of: input.as_of,
            extracts: input.extracts.iter().map(|extract| (extract.id.as_str(), extract)).collect(),
        }
    }

    pub(super) const fn disclosure(&self) -> &'a Disclosure {
        self.disclosure
    }
}

impl<'a> CaseFacts<'a> {
    /// The facts of a case; `None` when its rule is not in the plan any more.
    pub(super) fn of(
        case: &'a Case,
        rules: &BTreeMap<&str, &'a RuleFacts>,
        context: &Context<'a>,
        input: &PublishInput<'a>,
    ) -> Option<Self> {
        let rule = rules.get(case.finding.rule.as_str())?;
        let finding = &case.finding;
        let subject = crate::domain::Evidence {
            extract: finding.subject_extract.clone(),
            row_key: finding.subject_row_key.clone(),
        };
        let person = (input.person)(finding);
        Some(Self {
            case,
            rule,
            about: About::person(&person, input.as_of),
            person,
            subject: (input.place)(&subject),
            candidate: finding.candidates.first().and_then(|at| Some((at, (input.mention)(at)?))),
            owner: context.extracts.get(finding.subject_extract.as_str()).copied(),
        })
    }

    /// Recipient id of the agency that owns the subject's row.
    pub(super) fn owner(&self) -> Option<&'a str> {
        self.owner.map(|extract| extract.agency.as_str())
    }

    /// The gate through which the case's values go to a recipient.
    pub(super) const fn gate<'r>(&self, receiver: Receiver<'r>) -> Gate<'r> {
        receiver.gate().about(self.about)
    }

    pub(super) fn reason(&self, template: &ListTemplate, gate: Gate<'_>) -> String {
        let finding = &self.case.finding;
        if self.case.status == CaseStatus::Withdrawn {
            return self.case.withdrawn_reason.clone();
        }
        let sentence = gate.sentence(self.rule, finding, template);
        let sentence = sentence.unwrap_or_else(|| NEUTRAL.to_owned());
        let before = self.history(gate);
        if finding.annex && !finding.annex_reason.is_empty() {
            let doubt = gate.redact(&finding.annex_reason);
            return format!("{before}【待确认】{doubt}。{sentence}");
        }
        before + &sentence
    }

    /// Why the case is asked about once more, as far as the recipient may know the answers.
    fn history(&self, gate: Gate<'_>) -> String {
        let case = self.case;
        if case.waits_for_approval() {
            return "【待审核】请由核查人以外的人在审核人栏签名。".to_owned();
        }
        if case.phase == Phase::Objected {
            return "【异议复核中】已登记异议，由两人决定维持或撤销；本行不需填写。".to_owned();
        }
        if case.phase == Phase::Disputed {
            let said = case.answers.iter().map(|given| answer_words(&given.answer, gate));
            let mut different: Vec<String> = Vec::new();
            for words in said {
                if !different.contains(&words) {
                    different.push(words);
                }
            }
            return format!("【答复不一致，请复核】{}。", different.join("；"));
        }
        if case.reopened_reason.is_empty() {
            return String::new();
        }
        format!("【重新核查】{}。", case.reopened_reason)
    }

    /// The answer to be approved, for the cell of an answer column; empty in every other case.
    fn prefilled(&self, column: &AnswerColumn) -> String {
        let Some(answer) = self.case.answers.last().filter(|_| self.case.waits_for_approval()) else {
            return String::new();
        };
        answer_cell(&answer.answer, column)
    }

    /// The extracts it rests on with their as-of days; sources the recipient may not know of are counted.
    fn evidence(&self, receiver: Receiver<'_>) -> String {
        let context = receiver.context;
        let mut rows: BTreeMap<&str, u32> = BTreeMap::new();
        for evidence in self.case.finding.evidence() {
            *rows.entry(&evidence.extract).or_default() += 1;
        }
        let mut parts = Vec::new();
        let mut hidden = false;
        for (extract, count) in rows {
            let facts = context.extracts.get(extract);
            let own = facts.is_some_and(|facts| facts.agency == receiver.id);
            if !own && !self.gate(receiver).may_name_source(extract) {
                hidden = true;
                continue;
            }
            let title = facts.map_or(extract, |facts| &facts.title);
            let agency = facts
                .and_then(|facts| context.disclosure.recipient(&facts.agency))
                .map_or("", |agency| agency.title.as_str());
            let until = facts.and_then(|facts| facts.as_of).map(|day| format!("（截至{}）", day.iso()));
            let more = if count > 1 { format!("{count}条") } else { String::new() };
            parts.push(format!("{agency}{title}{more}{}", until.unwrap_or_default()));
        }
        if hidden {
            parts.push("其他部门信息".to_owned());
        }
        parts.join("；")
    }

    /// Where the row to compare with stands, when the recipient may know of it.
    fn candidate(&self, receiver: Receiver<'_>) -> Option<(&MentionRef, &Person)> {
        let (at, person) = self.candidate.as_ref()?;
        let own =
            receiver.context.extracts.get(at.0.as_str()).is_some_and(|facts| facts.agency == receiver.id);
        let open = own || self.gate(receiver).may_name_source(&at.0);
        open.then_some((*at, person))
    }

    /// A value of the row to compare with. It may be the case's person, so the younger of the two counts.
    fn of_candidate<T: Default>(&self, receiver: Receiver<'_>, of: impl Fn(Gate<'_>, &Person) -> T) -> T {
        let Some((_, person)) = self.candidate(receiver) else { return T::default() };
        let about = self.about.min(About::person(person, receiver.context.as_of));
        of(receiver.gate().about(about), person)
    }

    fn candidate_source(&self, receiver: Receiver<'_>) -> String {
        let title = |(at, _): (&MentionRef, &Person)| {
            receiver.context.extracts.get(at.0.as_str()).map_or_else(|| at.0.clone(), |e| e.title.clone())
        };
        self.candidate(receiver).map_or_else(String::new, title)
    }

    /// Whether the answer was due before `day` and has not come.
    pub(super) fn is_overdue(&self, day: Day) -> bool {
        self.case.phase.asks() && self.case.status != CaseStatus::Withdrawn && self.due() < day
    }

    pub(super) fn due(&self) -> Day {
        self.case.listed_on.plus_days(i32::try_from(self.rule.due_days).unwrap_or(i32::MAX / 2))
    }
}

/// One column's cells.
enum Cells {
    Text(Vec<Cleared>),
    Number(Vec<u32>),
    Share(Vec<f64>),
    Day(Vec<Option<Day>>),
}

/// The rows of one sheet: a frame of granted columns, and what the sheet needs beside them.
pub(super) struct ListRows<'a> {
    pub(super) template: &'a ListTemplate,
    pub(super) columns: Vec<Granted<'a>>,
    pub(super) frame: DataFrame,
    /// Status of each row.
    pub(super) status: Vec<CaseStatus>,
    /// Town of each row.
    pub(super) towns: Vec<String>,
    /// Columns to be filled in, each with the answers to be approved, by row.
    pub(super) answers: Vec<(&'a AnswerColumn, Vec<String>)>,
}

impl<'a> ListRows<'a> {
    /// The rows of `cases` for one recipient, sorted town → village → severity → name.
    pub(super) fn build(
        template: &'a ListTemplate,
        receiver: Receiver<'_>,
        cases: &[&CaseFacts<'_>],
        annex: bool,
    ) -> PolarsResult<Self> {
        let columns: Vec<Granted<'a>> = template
            .column
            .iter()
            .filter(|column| annex || !column.source.is_of_annex())
            .filter_map(|column| receiver.context.disclosure.grant(receiver.id, column))
            .collect();
        let cases = sorted(cases)?;
        let frame_columns = columns
            .iter()
            .map(|granted| series(&granted.column().title, cells(granted, template, receiver, &cases)))
            .collect::<PolarsResult<Vec<Series>>>()?;
        Ok(Self {
            template,
            columns,
            frame: DataFrame::new(cases.len(), frame_columns)?,
            status: cases.iter().map(|facts| facts.case.status).collect(),
            towns: cases.iter().map(|facts| facts.person.town.clone()).collect(),
            answers: template
                .answers(annex)
                .map(|column| (column, cases.iter().map(|facts| facts.prefilled(column)).collect()))
                .collect(),
        })
    }
}

/// Index of a place, for an order in which unknown ones come last.
pub(super) fn unknown_last(index: u16) -> u32 {
    if index == 0 { u32::MAX } else { u32::from(index) }
}

/// Sorts by town and village (in the gazetteer's order, unknown last), severity, name, clue number.
fn sorted<'f, 'a>(cases: &[&'f CaseFacts<'a>]) -> PolarsResult<Vec<&'f CaseFacts<'a>>> {
    const KEYS: [&str; 5] = ["town", "village", "urgency", "name", "clue"];
    let key = |of: &dyn Fn(&CaseFacts<'a>) -> u32| cases.iter().map(|f| of(f)).collect::<Vec<u32>>();
    let text = |of: &dyn Fn(&CaseFacts<'a>) -> String| cases.iter().map(|f| of(f)).collect::<Vec<String>>();
    let positions: Vec<u32> = (0..u32::try_from(cases.len()).unwrap_or(u32::MAX)).collect();
    let frame = DataFrame::new(
        cases.len(),
        vec![
            Series::new("town".into(), key(&|f| unknown_last(f.person.place.town))),
            Series::new("village".into(), key(&|f| unknown_last(f.person.place.village))),
            Series::new("urgency".into(), key(&|f| urgency(f.rule.severity))),
            Series::new("name".into(), text(&|f| f.person.name.clone())),
            Series::new("clue".into(), text(&|f| f.case.number.clone())),
            Series::new("position".into(), positions),
        ],
    )?;
    let frame = frame.sort(KEYS, SortMultipleOptions::default().with_maintain_order(true))?;
    let order = frame.column("position")?.u32()?;
    Ok(order.into_no_null_iter().map(|at| cases[at as usize]).collect())
}

const fn urgency(severity: Severity) -> u32 {
    match severity {
        Severity::Urgent => 0,
        Severity::High => 1,
        Severity::Medium => 2,
        Severity::Info => 3,
    }
}

fn series(title: &str, cells: Cells) -> PolarsResult<Series> {
    Ok(match cells {
        Cells::Text(values) => {
            let texts: Vec<Option<&str>> =
                values.iter().map(|cell| Some(cell.text()).filter(|text| !text.is_empty())).collect();
            Series::new(title.into(), texts)
        }
        Cells::Number(values) => Series::new(title.into(), values),
        Cells::Share(values) => Series::new(title.into(), values),
        Cells::Day(values) => {
            let days: Vec<Option<i32>> = values.into_iter().map(|day| day.map(Day::days)).collect();
            Series::new(title.into(), days).cast(&DataType::Date)?.into_column()
        }
    })
}

fn cells(
    granted: &Granted<'_>,
    template: &ListTemplate,
    receiver: Receiver<'_>,
    cases: &[&CaseFacts<'_>],
) -> Cells {
    let column = granted.column();
    let class = column.class.as_str();
    let cleared = |of: &dyn Fn(&CaseFacts<'_>) -> Cleared| Cells::Text(cases.iter().map(|f| of(f)).collect());
    let text = |of: &dyn Fn(&CaseFacts<'_>) -> String| cleared(&|f| f.gate(receiver).cell(class, &of(f)));
    let day = |of: &dyn Fn(&CaseFacts<'_>) -> Option<Day>| {
        Cells::Day(cases.iter().map(|f| f.gate(receiver).day(class, of(f))).collect())
    };
    match column.source {
        ColumnSource::Number => Cells::Number((1..).take(cases.len()).collect()),
        ColumnSource::Confidence => {
            // Four digits of a share are what is printed; more would let noise change the files.
            Cells::Share(cases.iter().map(|f| (f.case.finding.confidence * 1e4).round() / 1e4).collect())
        }
        ColumnSource::Birth => day(&|f| f.person.birth),
        ColumnSource::FirstSeen => day(&|f| Some(f.case.first_seen)),
        ColumnSource::Due => day(&|f| (f.case.status != CaseStatus::Withdrawn).then(|| f.due())),
        ColumnSource::ResidentId => cleared(&|f| f.gate(receiver).number(class, &f.person)),
        ColumnSource::Clue => text(&|f| f.case.number.clone()),
        ColumnSource::Town => text(&|f| f.person.town.clone()),
        ColumnSource::Village => text(&|f| f.person.village.clone()),
        ColumnSource::Name => text(&|f| f.person.name.clone()),
        ColumnSource::Sex => text(&|f| sex_word(f.person.sex).to_owned()),
        ColumnSource::Rule => text(&|f| f.gate(receiver).title(f.rule)),
        ColumnSource::Reason => text(&|f| f.reason(template, f.gate(receiver))),
        ColumnSource::Details => text(&|f| f.gate(receiver).details(&f.case.finding, template)),
        ColumnSource::Detail => {
            let name = column.detail.as_deref().unwrap_or_default();
            text(&|f| f.gate(receiver).detail(&f.case.finding, name).unwrap_or_default())
        }
        ColumnSource::Evidence => text(&|f| f.evidence(receiver)),
        ColumnSource::Basis => text(&|f| f.rule.basis.join("；")),
        ColumnSource::Grade => text(&|f| f.case.finding.grade.letter().to_owned()),
        ColumnSource::Status => text(&|f| status_word(f.case.status).to_owned()),
        ColumnSource::Severity => text(&|f| f.rule.severity.title().to_owned()),
        ColumnSource::CandidateSource => text(&|f| f.candidate_source(receiver)),
        ColumnSource::CandidateName => {
            cleared(&|f| f.of_candidate(receiver, |gate, person| gate.cell(class, &person.name)))
        }
        ColumnSource::CandidateId => {
            cleared(&|f| f.of_candidate(receiver, |gate, person| gate.number(class, person)))
        }
        ColumnSource::CandidateBirth => Cells::Day(
            (cases.iter())
                .map(|f| f.of_candidate(receiver, |gate, person| gate.day(class, person.birth)))
                .collect(),
        ),
        ColumnSource::CandidatePlace => cleared(&|f| {
            let place = |person: &Person| format!("{}{}", person.town, person.village);
            f.of_candidate(receiver, |gate, person| gate.cell(class, &place(person)))
        }),
        ColumnSource::SubjectFile => {
            text(&|f| f.subject.as_ref().map_or_else(String::new, |p| p.file.clone()))
        }
        ColumnSource::SubjectRow => text(&|f| f.subject.as_ref().map_or_else(String::new, row_words)),
    }
}

fn row_words(place: &RowPlace) -> String {
    if place.sheet.is_empty() { place.row.to_string() } else { format!("{}!{}", place.sheet, place.row) }
}

pub(super) const fn sex_word(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "男",
        Sex::Female => "女",
        Sex::Unknown => "",
    }
}

pub(super) const fn status_word(status: CaseStatus) -> &'static str {
    match status {
        CaseStatus::New => "新增",
        CaseStatus::Kept => "延续",
        CaseStatus::Changed => "变化",
        CaseStatus::Withdrawn => "撤回",
        CaseStatus::Carried => "未复核",
    }
}
