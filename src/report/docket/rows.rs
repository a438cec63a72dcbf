//! Rows of a ledger for one recipient.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Int64Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;

use super::{DocketFacts, DocketPart, PartStanding, TallyBy};
use crate::domain::{CaseStatus, Day, IdentityId, Phase};
use crate::report::disclosure::Show;
use crate::report::gate::{Cleared, Gate, PLAIN};
use crate::report::input::{Person, PublishInput};
use crate::report::rows::{CaseFacts, Receiver, answer_words, sex_word, unknown_last};

/// A heading.
pub(super) struct Heading {
    pub(super) title: String,
    pub(super) width: f64,
    /// Whether it stands on a sheet: paper is narrower than a file.
    pub(super) on_sheet: bool,
}

/// A table of texts: headings, one array each, all of one length.
pub(super) struct Table {
    pub(super) title: String,
    pub(super) columns: Vec<Heading>,
    pub(super) cells: Vec<ArrayRef>,
}

/// How many stand in the ledger: group, word, number; in the order of the groups.
pub(super) type Tally = Vec<(String, String, u32)>;

/// A ledger as one recipient sees it.
pub(super) struct Sheets {
    /// Everybody.
    pub(super) all: Table,
    /// Figures of the ledger by town, and by each column that it names besides where the recipient may see it.
    pub(super) tallies: (Tally, Vec<Option<Tally>>),
    /// Parts, in their order.
    pub(super) parts: Vec<Table>,
}

/// One row on its way: who, the row of the view when there is one, cases.
struct Line<'c, 'a> {
    identity: IdentityId,
    person: Person,
    /// Through which its values go.
    gate: Gate<'c>,
    row: Option<u32>,
    cases: Vec<&'c CaseFacts<'a>>,
}

const WHO: [(&str, f64); 7] = [
    ("序号", 5.0),
    ("镇(街道)", 9.0),
    ("村(社区)", 10.0),
    ("姓名", 9.0),
    ("性别", 5.0),
    ("出生日期", 11.0),
    ("身份证号", 20.0),
];
const IDENTITY: &str = "identity";
pub(super) const NUMBER: &str = "id_number";
/// Also the heading of the answer column in the lists.
const WHEREABOUTS: &str = "去向";
/// What an officer wrote in words, and who it was, stays with the case.
const OF_CASES: [(&str, f64); 7] = [
    ("线索编号", 12.0),
    ("疑似类型", 16.0),
    ("依据（证据摘要）", 52.0),
    ("首次列出", 11.0),
    ("核查结果", 12.0),
    (WHEREABOUTS, 10.0),
    ("核查时间", 11.0),
];

/// Headings that every ledger of cases has, in their order.
pub(super) fn fixed_headings<'h>() -> impl Iterator<Item = &'h str> {
    WHO.into_iter().chain(OF_CASES).map(|(heading, _)| heading)
}

impl Sheets {
    /// The ledger; `None` when the recipient may not know who is who.
    pub(super) fn build<'c, 'a>(
        (input, docket): (&PublishInput<'a>, &DocketFacts<'_>),
        rows: &RecordBatch,
        receiver: Receiver<'c>,
        cases: &[&'c CaseFacts<'a>],
    ) -> Result<Option<Self>, ArrowError> {
        if !receiver.gate().knows(IDENTITY) {
            return Ok(None);
        }
        let missing = |name: &str| ArrowError::SchemaError(format!("the view does not give `{name}`"));
        let who = rows.column_by_name("identity").and_then(|column| column.as_primitive_opt::<Int64Type>());
        let who = who.ok_or_else(|| missing("identity"))?;
        let listed = rows.column_by_name("listed").and_then(|column| column.as_boolean_opt());
        let listed = listed.ok_or_else(|| missing("listed"))?;
        let registered = text(rows, "registered").ok_or_else(|| missing("registered"))?;
        let line = |at: usize| {
            let person = (input.identity)(IdentityId(who.value(at)));
            Line {
                identity: IdentityId(who.value(at)),
                gate: receiver.gate_of(&person),
                person,
                row: u32::try_from(at).ok(),
                cases: Vec::new(),
            }
        };
        let everybody = (0..rows.num_rows()).filter(|at| listed.is_valid(*at) && listed.value(*at));
        let everybody = sorted(everybody.map(line).collect());
        // What the recipient may not see is not counted for it either.
        let seen = |name: &str| {
            let column = docket.template.column.iter().find(|column| column.name == name)?;
            let words = text(rows, name).filter(|_| receiver.gate().knows(&column.class))?;
            Some(Words { words, class: &column.class })
        };
        let words = seen(&docket.template.tally);
        let by = |by: &TallyBy| Some(tally(&everybody, seen(&by.column)?, words));
        let tallies =
            (town_tally(&everybody, words), docket.template.tally_by.iter().map(by).collect::<Vec<_>>());
        let of_part = |part: &DocketPart| {
            let mut lines: BTreeMap<IdentityId, Line<'c, 'a>> = (0..rows.num_rows())
                .filter(|at| registered.is_valid(*at) && registered.value(*at) == part.registered)
                .map(|at| (IdentityId(who.value(at)), line(at)))
                .collect();
            for facts in cases.iter().copied().filter(|facts| stands_in(part, facts, input)) {
                let identity = facts.case.finding.identity;
                let known = lines.entry(identity).or_insert_with(|| Line {
                    identity,
                    gate: facts.gate(receiver),
                    person: facts.person.clone(),
                    row: who.values().binary_search(&identity.0).ok().and_then(|at| u32::try_from(at).ok()),
                    cases: Vec::new(),
                });
                known.cases.push(facts);
            }
            sorted(lines.into_values().collect())
        };
        let table = |title: &str, lines: &[Line<'c, 'a>], of_cases: bool| {
            let mut table = who_columns(title, lines, receiver);
            if of_cases {
                table.case_columns(input, lines);
            }
            table.view_columns(docket, rows, receiver, lines)?;
            Ok::<_, ArrowError>(table)
        };
        let parts = docket.template.part.iter().map(|part| table(&part.title, &of_part(part), true));
        let parts = parts.collect::<Result<Vec<Table>, _>>()?;
        Ok(Some(Self { all: table(&docket.template.title, &everybody, false)?, tallies, parts }))
    }
}

/// Whether a case stands in a part tonight.
fn stands_in(part: &DocketPart, facts: &CaseFacts<'_>, input: &PublishInput<'_>) -> bool {
    let case = facts.case;
    let of_list = |list: &str| input.desk.template(list).map(|template| template.list.as_str());
    let by_rule = part.without_rules.contains(&facts.rule.id);
    let by_value =
        case.finding.details.iter().any(|detail| {
            part.without.get(&detail.name).is_some_and(|values| values.contains(&detail.value))
        });
    if of_list(&facts.rule.list) != of_list(&part.list)
        || by_rule
        || by_value
        || case.status == CaseStatus::Withdrawn
    {
        return false;
    }
    let confirmed = case.is_confirmed() && !case.waits_for_approval();
    match part.standing {
        PartStanding::Confirmed => confirmed && case.settled.is_none(),
        PartStanding::Open => {
            !confirmed && !case.finding.annex && (case.asks() || case.phase == Phase::Objected)
        }
    }
}

/// By town and village in the gazetteer's order (unknown last), name, identity.
fn sorted<'c, 'a>(mut lines: Vec<Line<'c, 'a>>) -> Vec<Line<'c, 'a>> {
    lines.sort_by(|a, b| {
        let place = |line: &Line<'_, '_>| {
            (unknown_last(line.person.place.town), unknown_last(line.person.place.village))
        };
        (place(a), &a.person.name, a.identity).cmp(&(place(b), &b.person.name, b.identity))
    });
    lines
}

/// Stands for a word that the recipient may not see of a child.
const WITHHELD: &str = "（略）";

/// A column of the view that is counted.
#[derive(Clone, Copy)]
struct Words<'w> {
    words: &'w StringArray,
    class: &'w str,
}

impl Words<'_> {
    /// What stands in the line's row, as the recipient may see it.
    fn of(self, line: &Line<'_, '_>) -> Cleared {
        let known = line.row.map(|row| row as usize).filter(|row| self.words.is_valid(*row));
        known.map_or_else(Cleared::default, |row| {
            if line.gate.knows(self.class) {
                line.gate.cell(self.class, self.words.value(row))
            } else {
                line.gate.cell(PLAIN, WITHHELD)
            }
        })
    }
}

/// How many have which word, town by town in the gazetteer's order.
fn town_tally(lines: &[Line<'_, '_>], words: Option<Words<'_>>) -> Tally {
    counted(lines, words, |line| (unknown_last(line.person.place.town), line.person.town.clone()))
}

/// How many have which word, for each word of another column, none last.
fn tally(lines: &[Line<'_, '_>], groups: Words<'_>, words: Option<Words<'_>>) -> Tally {
    counted(lines, words, |line| {
        let group = groups.of(line).into_text();
        (u32::from(group.is_empty()), group)
    })
}

fn counted(
    lines: &[Line<'_, '_>],
    words: Option<Words<'_>>,
    group: impl Fn(&Line<'_, '_>) -> (u32, String),
) -> Tally {
    let mut counts: BTreeMap<((u32, String), Cleared), u32> = BTreeMap::new();
    for line in lines {
        let word = words.map_or_else(Cleared::default, |words| words.of(line));
        *counts.entry((group(line), word)).or_default() += 1;
    }
    counts.into_iter().map(|(((_, group), word), count)| (group, word.into_text(), count)).collect()
}

fn text<'r>(rows: &'r RecordBatch, name: &str) -> Option<&'r StringArray> {
    rows.column_by_name(name).and_then(|column| column.as_string_opt::<i32>())
}

fn who_columns(title: &str, lines: &[Line<'_, '_>], receiver: Receiver<'_>) -> Table {
    let mut table = Table { title: title.to_owned(), columns: Vec::new(), cells: Vec::new() };
    let cell = |column: usize, at: usize, line: &Line<'_, '_>| {
        let identity = |text: &str| line.gate.cell(IDENTITY, text);
        match column {
            0 => line.gate.cell(PLAIN, &(at + 1).to_string()),
            1 => identity(&line.person.town),
            2 => identity(&line.person.village),
            3 => identity(&line.person.name),
            4 => identity(sex_word(line.person.sex)),
            5 => identity(&line.person.birth.map_or_else(String::new, Day::iso)),
            _ => line.gate.number(NUMBER, &line.person),
        }
    };
    for (column, (heading, width)) in WHO.into_iter().enumerate() {
        if column < WHO.len() - 1 || receiver.gate().show(NUMBER) != Show::No {
            let cells = lines.iter().enumerate().map(|(at, line)| cell(column, at, line));
            table.push((heading, width, true), cells);
        }
    }
    table
}

impl Table {
    /// Adds a column. What did not come through a gate does not get in.
    fn push(&mut self, (title, width, on_sheet): (&str, f64, bool), cells: impl Iterator<Item = Cleared>) {
        self.columns.push(Heading { title: title.to_owned(), width, on_sheet });
        let cells: StringArray =
            cells.map(|cell| Some(cell).filter(|cell| !cell.is_empty()).map(Cleared::into_text)).collect();
        self.cells.push(std::sync::Arc::new(cells));
    }

    /// What the cases of each line say, several of them one after the other.
    fn case_columns(&mut self, input: &PublishInput<'_>, lines: &[Line<'_, '_>]) {
        for (column, (title, width)) in OF_CASES.into_iter().enumerate() {
            let cells = lines.iter().map(|line| {
                let of_case = |facts: &&CaseFacts<'_>| case_cell(column, facts, input, line.gate);
                Cleared::joined(line.cases.iter().map(of_case).collect(), "；")
            });
            self.push((title, width, true), cells);
        }
    }

    /// The view's columns that the recipient may see.
    fn view_columns(
        &mut self,
        docket: &DocketFacts<'_>,
        rows: &RecordBatch,
        receiver: Receiver<'_>,
        lines: &[Line<'_, '_>],
    ) -> Result<(), ArrowError> {
        let at: UInt32Array = lines.iter().map(|line| line.row).collect();
        for column in &docket.template.column {
            let shown = receiver.gate().show(&column.class) != Show::No;
            let Some(cells) = rows.column_by_name(&column.name).filter(|_| shown) else { continue };
            let cells = cast(&take(cells, &at, None)?, &DataType::Utf8)?;
            let texts = cells.as_string::<i32>();
            let cells = lines.iter().zip(texts).map(|(line, text)| {
                text.map_or_else(Cleared::default, |text| line.gate.cell(&column.class, text))
            });
            self.push((&column.title, f64::from(column.width), column.sheet), cells);
        }
        Ok(())
    }

    pub(super) fn height(&self) -> usize {
        self.cells.first().map_or(0, Array::len)
    }

    /// The cells of a row; empty where nothing is known.
    pub(super) fn row(&self, at: usize) -> impl Iterator<Item = &str> {
        self.cells.iter().map(move |column| {
            let column = column.as_string::<i32>();
            if column.is_null(at) { "" } else { column.value(at) }
        })
    }
}

fn case_cell(column: usize, facts: &CaseFacts<'_>, input: &PublishInput<'_>, gate: Gate<'_>) -> Cleared {
    let answer = facts.case.standing().map(|given| &given.answer);
    let text = match column {
        0 => facts.case.number.clone(),
        1 => gate.title(facts.rule),
        2 => input.desk.template(&facts.rule.list).map_or_else(String::new, |list| facts.reason(list, gate)),
        3 => facts.case.first_seen.iso(),
        4 => answer.map_or_else(String::new, |answer| answer_words(answer, gate)),
        5 => answer.and_then(|answer| answer.fields.get(WHEREABOUTS).cloned()).unwrap_or_default(),
        _ => answer.and_then(|answer| answer.checked_on).map_or_else(String::new, Day::iso),
    };
    gate.cell(PLAIN, &text)
}
