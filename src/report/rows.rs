//! Rows of a list for one recipient: cases to cells, in the order of the list.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use polars::prelude::{Column as Series, DataFrame, DataType, IntoColumn, PolarsResult, SortMultipleOptions};

use super::disclosure::{Disclosure, Granted};
use super::docket::DocketFacts;
use super::gate::{About, Cleared, Gate};
use super::input::{ExtractFacts, Person, PublishInput, RowPlace, RuleFacts};
use super::template::{
    AnswerColumn, AnswerField, Arrangement, Column, ColumnSource, ListPart, ListTemplate, Returned,
};
use crate::domain::{Answer, Case, CaseStatus, Day, IdentityId, MentionRef, Phase, Severity, Sex};

/// A case with what every list about it needs; computed once, whoever receives it.
pub(super) struct CaseFacts<'a> {
    pub(super) case: &'a Case,
    pub(super) rule: &'a RuleFacts,
    /// The last day to answer.
    due: Day,
    next_due: Day,
    pub(super) person: Person,
    pub(super) subject: Option<RowPlace>,
    /// Whom it is about, for the gate.
    about: About,
    /// The row to compare with, as it names a person.
    candidate: Option<(&'a MentionRef, Person)>,
    owner: Option<&'a ExtractFacts>,
    /// Whether tonight's ledger shows the person back, as the list's template says it.
    pub(super) returned: bool,
}

/// What the cells of all rows share.
pub(super) struct Context<'a> {
    disclosure: &'a Disclosure,
    as_of: Day,
    extracts: BTreeMap<&'a str, &'a ExtractFacts>,
    dockets: &'a [DocketFacts<'a>],
}

/// The one who receives, as far as cells depend on it.
#[derive(Clone, Copy)]
pub(super) struct Receiver<'a> {
    pub(super) id: &'a str,
    pub(super) context: &'a Context<'a>,
    /// Whether it gets a value as it is or not at all.
    pub(super) whole: bool,
}

/// Stands where a rule's own words would say more than the recipient may know.
const NEUTRAL: &str = "具体情形涉及不予披露的信息，请按线索编号与牵头部门联系核实";

impl<'a> Receiver<'a> {
    /// The gate for what is about no person in particular.
    pub(super) const fn gate(self) -> Gate<'a> {
        let gate = Gate::new(self.id, self.context.disclosure);
        if self.whole { gate.whole() } else { gate }
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
        AnswerField::Approver | AnswerField::Acknowledged => String::new(),
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
            dockets: input.dockets,
        }
    }

    /// Whether a person's row in a ledger has one of the words that count.
    fn is_back(&self, identity: IdentityId, returned: &Returned) -> bool {
        let word = self.dockets.iter().find_map(|docket| kept_cell(docket, identity, &returned.column));
        word.is_some_and(|word| returned.words.iter().any(|known| known == word))
    }

    /// Whether tonight's ledgers can show who is back.
    pub(super) fn knows_back(&self, returned: &Returned) -> bool {
        let rows = self.dockets.iter().filter_map(|docket| docket.rows.rows.as_ref().ok());
        rows.into_iter().any(|rows| rows.column_by_name(&returned.column).is_some())
    }

    /// What a person's row in a ledger holds in the column of this name and class.
    fn kept(&self, identity: IdentityId, name: &str, class: &str) -> Option<String> {
        self.dockets.iter().find_map(|docket| {
            let known = |column: &&super::DocketColumn| column.name == name && column.class == class;
            docket.template.column.iter().find(known)?;
            kept_cell(docket, identity, name).map(str::to_owned)
        })
    }

    pub(super) const fn disclosure(&self) -> &'a Disclosure {
        self.disclosure
    }
}

/// A cell of a person's row in a ledger; `None` where nothing stands in it.
fn kept_cell<'d>(docket: &'d DocketFacts<'_>, identity: IdentityId, name: &str) -> Option<&'d str> {
    let rows = docket.rows.rows.as_ref().ok()?;
    let who = rows.column_by_name("identity")?.as_primitive_opt::<Int64Type>()?;
    // The rows of a ledger are sorted by who they are about.
    let at = who.values().binary_search(&identity.0).ok()?;
    let cells = rows.column_by_name(name)?.as_string_opt::<i32>()?;
    (cells.is_valid(at) && !cells.value(at).is_empty()).then(|| cells.value(at))
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
        let due = input.desk.due.on(case.listed_on, rule.due_days, rule.severity);
        let template = input.desk.template(&rule.list);
        Some(Self {
            case,
            rule,
            about: About::person(&person, input.as_of),
            person,
            due,
            next_due: template.map_or(due, |list| list.next_due(due, case.listed_on, case.is_acknowledged())),
            subject: (input.place)(&subject),
            candidate: finding.candidates.first().and_then(|at| Some((at, (input.mention)(at)?))),
            owner: context.extracts.get(finding.subject_extract.as_str()).copied(),
            returned: template
                .and_then(|template| template.returned.as_ref())
                .is_some_and(|back| context.is_back(finding.identity, back)),
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

    /// What to look at before answering, for whom knows what the rule is about; nothing where nobody is asked.
    fn verify(&self, gate: Gate<'_>) -> String {
        if self.case.status == CaseStatus::Withdrawn {
            return String::new();
        }
        gate.verify(self.rule, &self.case.finding)
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

    /// The first of a column's values that is known: the rule's, else that of the person's row in a ledger.
    fn known(&self, column: &Column, receiver: Receiver<'_>) -> String {
        let finding = &self.case.finding;
        let value = |name: &String| {
            self.gate(receiver).detail(finding, name).or_else(|| {
                let kept = receiver.context.kept(finding.identity, name, &column.class)?;
                Some(self.gate(receiver).redact(&kept))
            })
        };
        column.names.iter().find_map(value).unwrap_or_default()
    }

    /// Its place in the order of a part; `None` where the part has none, or the recipient may not know the word.
    fn rank(&self, part: &ListPart, template: &ListTemplate, receiver: Receiver<'_>) -> Option<u32> {
        let name = part.by.as_ref()?;
        let gate = self.gate(receiver);
        template.class_of(name).filter(|class| gate.knows(class))?;
        Some(part.rank(&gate.detail(&self.case.finding, name).unwrap_or_default()))
    }

    /// The text of a column that shows values of the rule's SELECT.
    fn value(&self, column: &Column, receiver: Receiver<'_>) -> String {
        match &column.detail {
            Some(name) => self.gate(receiver).detail(&self.case.finding, name).unwrap_or_default(),
            None => self.known(column, receiver),
        }
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

    /// Whether the receipt was acknowledged, or by when it has to be; nothing where nobody is asked.
    fn receipt(&self, template: &ListTemplate, day: Day) -> String {
        let case = self.case;
        if !case.phase.asks() || case.status == CaseStatus::Withdrawn {
            return String::new();
        }
        match (case.acknowledged, template.acknowledge_by(case.listed_on)) {
            (Some(on), _) => format!("{} 已收悉", on.iso()),
            (None, _) if !case.answers.is_empty() => "已答复".to_owned(),
            (None, Some(by)) if by < day => format!("逾期未确认（应于 {} 前）", by.iso()),
            (None, Some(by)) => format!("请于 {} 前确认", by.iso()),
            (None, None) => String::new(),
        }
    }

    /// Whether the answer, or the word that it was received, was due before `day` and has not come.
    pub(super) fn is_overdue(&self, day: Day) -> bool {
        self.case.phase.asks() && self.case.status != CaseStatus::Withdrawn && self.next_due() < day
    }

    /// By when the next thing has to come that was asked: the word that it was received, or the answer.
    pub(super) const fn next_due(&self) -> Day {
        self.next_due
    }

    pub(super) const fn due(&self) -> Day {
        self.due
    }
}

/// One column's cells.
enum Cells {
    Text(Vec<Cleared>),
    Number(Vec<u32>),
    Share(Vec<f64>),
    Amount(Vec<Option<f64>>),
    Day(Vec<Option<Day>>),
}

/// The rows of one sheet: a frame of granted columns, and what the sheet needs beside them.
pub(super) struct ListRows<'a> {
    pub(super) template: &'a ListTemplate,
    pub(super) columns: Vec<Granted<'a>>,
    pub(super) frame: DataFrame,
    /// Status of each row.
    pub(super) status: Vec<CaseStatus>,
    /// What each row's page is about: its town, or its group where the recipient gets the list arranged; in a part
    /// with an order of its own behind its place there.
    pub(super) sections: Vec<String>,
    /// How the recipient gets the list arranged; `None`: by town, village, urgency.
    pub(super) arrangement: Option<&'a Arrangement>,
    /// Who each row is about.
    pub(super) people: Vec<IdentityId>,
    /// Columns to be filled in, each with the answers to be approved, by row.
    pub(super) answers: Vec<(&'a AnswerColumn, Vec<String>)>,
}

impl<'a> ListRows<'a> {
    /// The rows of `cases` for one recipient, sorted town → village → severity → name, below the groups in which
    /// the recipient gets the list, or the words of the part.
    pub(super) fn build(
        template: &'a ListTemplate,
        receiver: Receiver<'_>,
        cases: &[&CaseFacts<'_>],
        (part, annex): (Option<&ListPart>, bool),
    ) -> PolarsResult<Self> {
        let columns: Vec<Granted<'a>> = template
            .column
            .iter()
            .filter(|column| annex || !column.source.is_of_annex())
            .filter_map(|column| receiver.context.disclosure.grant(receiver.id, column))
            .collect();
        let arrangement = template.arrangement(receiver.id);
        let by = arrangement
            .and_then(|arrangement| columns.iter().copied().find(|c| c.column().title == arrangement.by));
        let group =
            |facts: &CaseFacts<'_>| by.map(|granted| text_of(granted, template, receiver, facts).into_text());
        let rank = |facts: &CaseFacts<'_>| part.and_then(|part| facts.rank(part, template, receiver));
        let cases =
            sorted(cases, &|facts| (rank(facts).unwrap_or_default(), group(facts).unwrap_or_default()))?;
        let section = |facts: &&CaseFacts<'_>| {
            let town = group(facts).unwrap_or_else(|| facts.person.town.clone());
            rank(facts).map_or_else(|| town.clone(), |rank| format!("{rank} {town}"))
        };
        let frame_columns = columns
            .iter()
            .map(|granted| series(&granted.column().title, cells(*granted, template, receiver, &cases)))
            .collect::<PolarsResult<Vec<Series>>>()?;
        Ok(Self {
            template,
            columns,
            frame: DataFrame::new(cases.len(), frame_columns)?,
            status: cases.iter().map(|facts| facts.case.status).collect(),
            sections: cases.iter().map(section).collect(),
            arrangement,
            people: cases.iter().map(|facts| facts.case.finding.identity).collect(),
            answers: template
                .answers(annex)
                .map(|column| (column, cases.iter().map(|facts| facts.prefilled(column)).collect()))
                .collect(),
        })
    }
}

impl ListRows<'_> {
    /// The cells of the column with this title, case by case; `None` when the recipient may not see it.
    pub(super) fn words_of(
        template: &ListTemplate,
        title: &str,
        receiver: Receiver<'_>,
        cases: &[&CaseFacts<'_>],
    ) -> Option<Vec<String>> {
        let column = template.column.iter().find(|column| column.title == title)?;
        let granted = receiver.context.disclosure.grant(receiver.id, column)?;
        let text = |facts: &&CaseFacts<'_>| text_of(granted, template, receiver, facts).into_text();
        Some(cases.iter().map(text).collect())
    }
}

/// Index of a place, for an order in which unknown ones come last.
pub(super) fn unknown_last(index: u16) -> u32 {
    if index == 0 { u32::MAX } else { u32::from(index) }
}

/// Sorts by rank in the part, group (none last), town and village (in the gazetteer's order, unknown last), severity, name, clue
/// number.
fn sorted<'f, 'a>(
    cases: &[&'f CaseFacts<'a>],
    group: &dyn Fn(&CaseFacts<'a>) -> (u32, String),
) -> PolarsResult<Vec<&'f CaseFacts<'a>>> {
    const KEYS: [&str; 8] = ["rank", "grouped", "group", "town", "village", "urgency", "name", "clue"];
    let key = |of: &dyn Fn(&CaseFacts<'a>) -> u32| cases.iter().map(|f| of(f)).collect::<Vec<u32>>();
    let text = |of: &dyn Fn(&CaseFacts<'a>) -> String| cases.iter().map(|f| of(f)).collect::<Vec<String>>();
    let positions: Vec<u32> = (0..u32::try_from(cases.len()).unwrap_or(u32::MAX)).collect();
    let (ranks, groups): (Vec<u32>, Vec<String>) = cases.iter().map(|f| group(f)).unzip();
    let frame = DataFrame::new(
        cases.len(),
        vec![
            Series::new("rank".into(), ranks),
            Series::new(
                "grouped".into(),
                groups.iter().map(|g| u32::from(g.is_empty())).collect::<Vec<u32>>(),
            ),
            Series::new("group".into(), groups),
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
        Cells::Amount(values) => Series::new(title.into(), values),
        Cells::Day(values) => {
            let days: Vec<Option<i32>> = values.into_iter().map(|day| day.map(Day::days)).collect();
            Series::new(title.into(), days).cast(&DataType::Date)?.into_column()
        }
    })
}

fn cells(
    granted: Granted<'_>,
    template: &ListTemplate,
    receiver: Receiver<'_>,
    cases: &[&CaseFacts<'_>],
) -> Cells {
    let column = granted.column();
    let class = column.class.as_str();
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
        ColumnSource::CandidateBirth => {
            let birth =
                |f: &&CaseFacts<'_>| f.of_candidate(receiver, |gate, person| gate.day(class, person.birth));
            Cells::Day(cases.iter().map(birth).collect())
        }
        _ => {
            let texts = cases.iter().map(|f| text_of(granted, template, receiver, f)).collect();
            if column.sum { amounts(texts) } else { Cells::Text(texts) }
        }
    }
}

/// Texts as numbers; as they are where one of them is none, so that nothing is left out.
fn amounts(texts: Vec<Cleared>) -> Cells {
    let number = |cell: &Cleared| (!cell.is_empty()).then(|| cell.text().parse::<f64>()).transpose();
    match texts.iter().map(number).collect() {
        Ok(numbers) => Cells::Amount(numbers),
        Err(_) => Cells::Text(texts),
    }
}

/// The cell of a column of text.
fn text_of(
    granted: Granted<'_>,
    template: &ListTemplate,
    receiver: Receiver<'_>,
    f: &CaseFacts<'_>,
) -> Cleared {
    let column = granted.column();
    let (class, gate) = (column.class.as_str(), f.gate(receiver));
    let text = |text: &str| gate.cell(class, text);
    match column.source {
        ColumnSource::ResidentId => gate.number(class, &f.person),
        ColumnSource::Clue => text(&f.case.number),
        ColumnSource::Town => text(&f.person.town),
        ColumnSource::Village => text(&f.person.village),
        ColumnSource::Name => text(&f.person.name),
        ColumnSource::Sex => text(sex_word(f.person.sex)),
        ColumnSource::Rule => text(&gate.title(f.rule)),
        ColumnSource::Reason => text(&f.reason(template, gate)),
        ColumnSource::Details => text(&gate.other_details(&f.case.finding, template)),
        ColumnSource::Detail | ColumnSource::Known => text(&f.value(column, receiver)),
        ColumnSource::Evidence => text(&f.evidence(receiver)),
        ColumnSource::Basis => text(&f.rule.basis.join("；")),
        ColumnSource::Verify => text(&f.verify(gate)),
        ColumnSource::Grade => text(f.case.finding.grade.letter()),
        ColumnSource::Status => text(status_word(f.case.status)),
        ColumnSource::Acknowledged => text(&f.receipt(template, receiver.context.as_of)),
        ColumnSource::Severity => text(f.rule.severity.title()),
        ColumnSource::CandidateSource => text(&f.candidate_source(receiver)),
        ColumnSource::CandidateName => {
            f.of_candidate(receiver, |gate, person| gate.cell(class, &person.name))
        }
        ColumnSource::CandidateId => f.of_candidate(receiver, |gate, person| gate.number(class, person)),
        ColumnSource::CandidatePlace => f.of_candidate(receiver, |gate, person| {
            gate.cell(class, &format!("{}{}", person.town, person.village))
        }),
        ColumnSource::SubjectFile => text(f.subject.as_ref().map_or("", |place| &place.file)),
        ColumnSource::SubjectRow => text(&f.subject.as_ref().map_or_else(String::new, row_words)),
        // Days and numbers are no texts.
        ColumnSource::Number
        | ColumnSource::Confidence
        | ColumnSource::Birth
        | ColumnSource::FirstSeen
        | ColumnSource::Due
        | ColumnSource::CandidateBirth => Cleared::default(),
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
