//! `<rule>.cases.toml`: small worlds and what the rule should find in them, run without a build.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray, UInt16Array, UInt32Array,
};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use schemars::JsonSchema;
use serde::Deserialize;

use super::book::{Book, Rule};
use super::header::RoleRef;
use super::judge::{Judged, judge};
use super::tables::{grade_of, record_columns};
use super::world::World;
use crate::domain::{
    Contract, Day, ExtractState, Grade, IdState, Identity, IdentityId, Mention, MentionSet, NameId, NearMiss,
    NearMissFinder, OpenClue, Place, RecordSet, Relation, ResidentId, Resolution, Sex, row_keys,
};
use crate::engine::{Parameters, Value};
use crate::tables::Calendar;

/// Boundary cases that the rule book numbers.
pub const BOUNDARY_CASES: u32 = 25;

/// A `.cases.toml` file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// The day all cases speak about, unless they say otherwise.
    pub as_of: String,
    /// Cases.
    pub case: Vec<CaseSpec>,
}

/// One small world.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseSpec {
    /// What it shows.
    pub title: String,
    /// Another day than the file's.
    #[serde(default)]
    pub as_of: Option<String>,
    /// Boundary cases of the rule book that this case holds.
    #[serde(default)]
    pub boundary: Vec<u32>,
    /// Parameters of the rule or of views, by rule id or view name.
    #[serde(default)]
    pub params: BTreeMap<String, BTreeMap<String, Value>>,
    /// Extracts that are not complete: `missing`, `refused` or `incomplete`.
    #[serde(default)]
    pub states: BTreeMap<String, String>,
    /// As-of dates of extracts that differ from the case's day.
    #[serde(default)]
    pub known: BTreeMap<String, String>,
    /// Days without school beside Saturdays and Sundays.
    #[serde(default)]
    pub days_off: Vec<String>,
    /// Rows by decision table, in the place of its own, and by extract: standardised columns, `row_key`, and `<role>_identity` (with `_grade`, `_probability`,
    /// `_id_state`, a number `_id` and the name `_called` of the person where they matter). What is left out is null.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<BTreeMap<String, serde_json::Value>>>")]
    pub rows: BTreeMap<String, Vec<toml::Table>>,
    /// Candidates that the near-miss finder knows.
    #[serde(default)]
    pub near_misses: Vec<CaseNearMiss>,
    /// Clues of earlier nights that wait for an answer.
    #[serde(default)]
    pub clues: Vec<CaseClue>,
    /// All findings that are expected, and no others.
    #[serde(default)]
    pub finds: Vec<Expected>,
    /// The rule is expected to report 未运行.
    #[serde(default)]
    pub not_run: bool,
}

impl CaseSpec {
    /// A world of rows that all came, in which nothing is looked for.
    pub(super) fn of_rows(title: &str, rows: &BTreeMap<String, Vec<toml::Table>>) -> Self {
        Self {
            title: title.to_owned(),
            as_of: None,
            boundary: Vec::new(),
            params: BTreeMap::new(),
            states: BTreeMap::new(),
            known: BTreeMap::new(),
            days_off: Vec::new(),
            rows: rows.clone(),
            near_misses: Vec::new(),
            clues: Vec::new(),
            finds: Vec::new(),
            not_run: false,
        }
    }
}

/// A candidate for a subject.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseNearMiss {
    /// Row key of the subject's row.
    pub subject: String,
    /// Row key in the extract that is searched.
    pub candidate: String,
    /// What differs.
    pub difference: String,
}

/// A clue of an earlier night.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseClue {
    /// Clue number.
    pub number: String,
    /// Rule that found it.
    pub rule: String,
    /// List it stands on.
    pub list: String,
    /// Subject's extract and role, as `extract.role`.
    pub subject: RoleRef,
    /// Row key of the subject's row.
    pub row_key: String,
    /// Last day to answer.
    pub due: String,
}

impl CaseClue {
    fn clue(&self) -> Result<OpenClue, String> {
        let RoleRef { extract, role } = self.subject.clone();
        Ok(OpenClue {
            number: self.number.clone(),
            rule: self.rule.clone(),
            list: self.list.clone(),
            subject: (extract, self.row_key.clone(), role),
            due: day(&self.due)?,
        })
    }
}

/// One finding.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Row key of the subject; `delivery` when the finding is about an extract as a whole.
    pub subject_row_key: String,
    /// Event key.
    #[serde(default)]
    pub event: String,
    /// Whether it belongs to the annex.
    #[serde(default)]
    pub annex: bool,
    /// Text that the sentence contains.
    #[serde(default)]
    pub says: Option<String>,
    /// Values of shown columns.
    #[serde(default)]
    pub shows: BTreeMap<String, String>,
    /// Rows of the evidence, as `extract:row_key`; not compared when left out.
    #[serde(default)]
    pub evidence: Option<BTreeSet<String>>,
}

/// Whether a case came out as expected.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// Rule id.
    pub rule: String,
    /// Title of the case.
    pub title: String,
    /// Boundary cases it holds.
    pub boundary: Vec<u32>,
    /// What differs; empty when the case holds.
    pub problems: Vec<String>,
}

/// Runs the cases of one rule.
///
/// `book` gives the views; its other rules and parameters do not matter. A file that is not TOML of
/// the right shape is one failed result.
pub fn test_cases(
    rule: &Rule,
    book: &Book,
    cases: &str,
    contracts: &BTreeMap<String, Arc<Contract>>,
    decisions: &BTreeMap<String, RecordBatch>,
) -> Vec<CaseResult> {
    let result = |title: &str, boundary: &[u32], problems| CaseResult {
        rule: rule.id.clone(),
        title: title.to_owned(),
        boundary: boundary.to_vec(),
        problems,
    };
    let file: CaseFile = match toml::from_str(cases) {
        Ok(file) => file,
        Err(error) => return vec![result("cases file", &[], vec![error.message().to_owned()])],
    };
    let run = |case: &CaseSpec| {
        run_case(rule, book, &file, case, contracts, decisions).unwrap_or_else(|problem| vec![problem])
    };
    file.case.iter().map(|case| result(&case.title, &case.boundary, run(case))).collect()
}

fn run_case(
    rule: &Rule,
    book: &Book,
    file: &CaseFile,
    case: &CaseSpec,
    contracts: &BTreeMap<String, Arc<Contract>>,
    decisions: &BTreeMap<String, RecordBatch>,
) -> Result<Vec<String>, String> {
    let as_of = day(case.as_of.as_ref().unwrap_or(&file.as_of))?;
    let mut built = Built::of(case, (contracts, decisions), as_of)?;
    let book = Book {
        rules: vec![rule.clone()],
        views: book.views.clone(),
        overrides: overrides(&case.params),
        ..Book::default()
    };
    let resolution = built.resolution();
    let world = built.world(contracts, &resolution, as_of);
    let finder = CaseFinder { world: &world, known: &case.near_misses };
    let judged = judge(&book, &world, &finder, 1).map_err(|error| error.to_string())?;
    Ok(compare(case, &judged))
}

/// Contracts and decision tables that a case stands among.
pub(super) type Given<'a> = (&'a BTreeMap<String, Arc<Contract>>, &'a BTreeMap<String, RecordBatch>);

/// A case's own values of parameters, as a book holds them.
pub(super) fn overrides(params: &BTreeMap<String, BTreeMap<String, Value>>) -> BTreeMap<String, Parameters> {
    let of = |(id, values): (&String, &BTreeMap<String, Value>)| {
        (id.clone(), values.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
    };
    params.iter().map(of).collect()
}

/// Places of a case have no names.
fn nowhere(_: Place) -> (Option<String>, Option<String>) {
    (None, None)
}

fn compare(case: &CaseSpec, judged: &Judged) -> Vec<String> {
    let not_run = judged.outcomes.iter().find_map(|outcome| outcome.not_run.as_ref());
    let mut problems = Vec::new();
    match (case.not_run, not_run) {
        (false, Some(reason)) => problems.push(format!("did not run: {reason}")),
        (true, None) => problems.push("ran, though it should not".to_owned()),
        _ => {}
    }
    let mut unmatched: Vec<&Expected> = case.finds.iter().collect();
    for finding in &judged.findings {
        let place = unmatched.iter().position(|expected| {
            (&expected.subject_row_key, &expected.event) == (&finding.subject_row_key, &finding.event)
        });
        let Some(place) = place else {
            problems.push(format!("found {} ({}) unexpectedly", finding.subject_row_key, finding.event));
            continue;
        };
        let expected = unmatched.remove(place);
        let name = &expected.subject_row_key;
        if expected.annex != finding.annex {
            problems.push(format!("{name}: annex is {} ({})", finding.annex, finding.annex_reason));
        }
        if let Some(text) = expected.says.as_ref().filter(|text| !finding.reason.text().contains(*text)) {
            problems.push(format!("{name}: the sentence `{}` does not say `{text}`", finding.reason.text()));
        }
        for (column, value) in &expected.shows {
            let shown = finding.details.iter().find(|detail| &detail.name == column);
            if shown.map(|detail| &detail.value) != Some(value) {
                let shown = shown.map_or("nothing", |detail| detail.value.as_str());
                problems.push(format!("{name}: {column} shows `{shown}`, not `{value}`"));
            }
        }
        let rows: BTreeSet<String> =
            finding.evidence().iter().map(|row| format!("{}:{}", row.extract, row.row_key)).collect();
        if expected.evidence.as_ref().is_some_and(|evidence| evidence != &rows) {
            problems.push(format!("{name}: evidence is {rows:?}"));
        }
    }
    problems.extend(unmatched.iter().map(|e| format!("did not find {} ({})", e.subject_row_key, e.event)));
    problems
}

pub(super) struct CaseFinder<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) known: &'a [CaseNearMiss],
}

impl NearMissFinder for CaseFinder<'_> {
    fn near_misses(&self, subjects: &[u32], target: (u16, u8), _per_subject: usize) -> Vec<NearMiss> {
        let key = |index: u32| {
            let mention = self.world.mentions.mentions.get(index as usize)?;
            let keys = row_keys(&self.world.records[usize::from(mention.extract)].batch)?;
            Some(keys.value(mention.row as usize).to_owned())
        };
        let mentions = &self.world.mentions.mentions;
        let candidate = |wanted: &str| {
            (0..u32::try_from(mentions.len()).unwrap_or(u32::MAX)).find(|&index| {
                let mention = &mentions[index as usize];
                (mention.extract, mention.role) == target && key(index).as_deref() == Some(wanted)
            })
        };
        let known =
            |subject: u32| self.known.iter().filter(move |miss| key(subject).as_ref() == Some(&miss.subject));
        let misses = subjects.iter().flat_map(|&subject| known(subject).map(move |miss| (subject, miss)));
        misses
            .filter_map(|(subject, miss)| {
                Some(NearMiss {
                    subject,
                    candidate: candidate(&miss.candidate)?,
                    weight: 5.0,
                    probability: 0.5,
                    grade: Grade::C,
                    difference: miss.difference.clone(),
                })
            })
            .collect()
    }
}

pub(super) fn day(text: &str) -> Result<Day, String> {
    Day::parse_iso(text).ok_or_else(|| format!("`{text}` is no day"))
}

/// A world under construction.
#[derive(Default)]
pub(super) struct Built {
    records: Vec<RecordSet>,
    mentions: MentionSet,
    identity: Vec<IdentityId>,
    probability: Vec<f32>,
    grade: Vec<Grade>,
    identities: BTreeMap<i64, Identity>,
    clues: Vec<OpenClue>,
    decisions: BTreeMap<String, RecordBatch>,
    calendar: Calendar,
}

impl Built {
    /// The world of a case.
    pub(super) fn of(case: &CaseSpec, (contracts, decisions): Given<'_>, as_of: Day) -> Result<Self, String> {
        let clues = case.clues.iter().map(CaseClue::clue).collect::<Result<_, _>>()?;
        let days_off: Vec<Day> = case.days_off.iter().map(|text| day(text)).collect::<Result<_, _>>()?;
        let calendar = Calendar::of_days_off(days_off);
        let mut built = Self { clues, decisions: decisions.clone(), calendar, ..Self::default() };
        for (extract, contract) in contracts {
            let rows = case.rows.get(extract).map_or(&[][..], Vec::as_slice);
            built.add(extract, contract, rows, case, as_of)?;
        }
        for (name, rows) in case.rows.iter().filter(|(name, _)| !contracts.contains_key(*name)) {
            let table =
                decisions.get(name).ok_or_else(|| format!("`{name}` is no extract and no decision table"))?;
            built.decisions.insert(name.clone(), decision_batch(name, table, rows)?);
        }
        Ok(built)
    }

    fn add(
        &mut self,
        extract: &str,
        contract: &Arc<Contract>,
        rows: &[toml::Table],
        case: &CaseSpec,
        as_of: Day,
    ) -> Result<(), String> {
        let index = u16::try_from(self.records.len()).map_err(|_| "too many extracts")?;
        let filled: Vec<toml::Table> = rows.iter().map(|row| fill_in(contract, row)).collect();
        for (number, row) in filled.iter().enumerate() {
            for (role, spec) in contract.mention.iter().enumerate() {
                if row.contains_key(&format!("{}_identity", spec.role)) {
                    let role = u8::try_from(role).map_err(|_| "too many roles")?;
                    let number = u32::try_from(number).map_err(|_| "too many rows")?;
                    self.mention((index, number, role), row, &spec.role)?;
                }
            }
        }
        let state = match case.states.get(extract).map(String::as_str) {
            None => ExtractState::Complete,
            Some("missing") => ExtractState::Missing,
            Some("refused") => ExtractState::Refused(vec!["表头不符".to_owned()]),
            Some("incomplete") => ExtractState::Incomplete(vec!["缺一个镇".to_owned()]),
            Some(other) => return Err(format!("`{other}` is no state")),
        };
        let known = case.known.get(extract).map(|text| day(text)).transpose()?;
        let batch = rows_batch(extract, contract, &filled)?;
        let contract = Arc::clone(contract);
        let as_of = Some(known.unwrap_or(as_of));
        self.records.push(RecordSet { extract: extract.to_owned(), contract, batch, state, as_of });
        Ok(())
    }

    fn mention(&mut self, place: (u16, u32, u8), row: &toml::Table, role: &str) -> Result<(), String> {
        let cell = |name: &str| row.get(&format!("{role}_{name}"));
        let text = |name: &str| cell(name).and_then(toml::Value::as_str);
        let identity = cell("identity").and_then(toml::Value::as_integer).ok_or("an identity is a number")?;
        let birth = text("birth").map(day).transpose()?;
        let id_state = match text("id_state") {
            None => IdState::Missing,
            Some(word) => id_state_of(word).ok_or_else(|| format!("`{word}` is no state of a number"))?,
        };
        let sex = match text("sex") {
            Some("男") => Sex::Male,
            Some("女") => Sex::Female,
            _ => Sex::Unknown,
        };
        let grade = text("grade").map_or(Some(Grade::A), grade_of).ok_or("a grade is A, B, C or D")?;
        let probability = cell("probability").and_then(toml::Value::as_float).unwrap_or(1.0);
        let id = text("id").and_then(ResidentId::parse);
        self.mentions.mentions.push(Mention {
            extract: place.0,
            row: place.1,
            role: place.2,
            sex,
            name: NameId::NONE,
            former_name: NameId::NONE,
            id,
            id_state,
            birth,
            birth_from_id: false,
            place: Place::default(),
            phone: 0,
            of: None,
            relation: Relation::None,
        });
        self.identity.push(IdentityId(identity));
        #[expect(clippy::cast_possible_truncation, reason = "a probability of a test case")]
        self.probability.push(probability as f32);
        self.grade.push(grade);
        let known = self.identities.entry(identity).or_insert_with(|| Identity {
            id: IdentityId(identity),
            name: text("called").map_or_else(|| format!("某{identity}"), str::to_owned),
            resident_id: None,
            birth: None,
            sex: Sex::Unknown,
            place: Place::default(),
            grade,
            mentions: 0,
        });
        known.birth = known.birth.or(birth);
        known.sex = if known.sex == Sex::Unknown { sex } else { known.sex };
        known.resident_id = known.resident_id.or(id.filter(|_| id_state == IdState::Valid));
        known.mentions += 1;
        Ok(())
    }

    /// What rules look at in it, with its resolution.
    pub(super) fn world<'a>(
        &'a self,
        contracts: &'a BTreeMap<String, Arc<Contract>>,
        resolution: &'a Resolution,
        as_of: Day,
    ) -> World<'a> {
        World {
            records: &self.records,
            contracts,
            mentions: &self.mentions,
            resolution,
            decisions: &self.decisions,
            place_names: &nowhere,
            calendar: &self.calendar,
            clues: &self.clues,
            as_of,
        }
    }

    pub(super) fn resolution(&mut self) -> Resolution {
        Resolution {
            identity: std::mem::take(&mut self.identity),
            probability: std::mem::take(&mut self.probability),
            grade: std::mem::take(&mut self.grade),
            identities: std::mem::take(&mut self.identities).into_values().collect(),
            events: Vec::new(),
        }
    }
}

/// A role's birth date comes from its field when the case does not give it.
fn fill_in(contract: &Contract, row: &toml::Table) -> toml::Table {
    let mut row = row.clone();
    for spec in &contract.mention {
        let column = format!("{}_birth", spec.role);
        let birth = spec.birth_date.as_ref().and_then(|field| row.get(field)).cloned();
        if let (false, Some(birth)) = (row.contains_key(&column), birth) {
            row.insert(column, birth);
        }
    }
    row
}

fn id_state_of(word: &str) -> Option<IdState> {
    [
        IdState::Missing,
        IdState::Malformed,
        IdState::LostPrecision,
        IdState::OtherDocument,
        IdState::Implausible,
        IdState::ChecksumFailed,
        IdState::Extended,
        IdState::Valid,
    ]
    .into_iter()
    .find(|state| state.word() == word)
}

fn rows_batch(extract: &str, contract: &Contract, rows: &[toml::Table]) -> Result<RecordBatch, String> {
    let columns = record_columns(contract);
    let extra = ["identity", "grade", "probability", "id", "called"];
    let known: BTreeSet<String> = columns
        .iter()
        .map(|(name, _)| name.clone())
        .chain(contract.mention.iter().flat_map(|spec| extra.map(|name| format!("{}_{name}", spec.role))))
        .collect();
    if let Some(name) = rows.iter().flat_map(toml::Table::keys).find(|name| !known.contains(*name)) {
        return Err(format!("{extract} has no column `{name}`"));
    }
    if rows.iter().any(|row| !row.contains_key("row_key")) {
        return Err(format!("a row of {extract} has no row_key"));
    }
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    for (name, kind) in columns {
        let values: Vec<Option<&toml::Value>> = rows.iter().map(|row| row.get(&name)).collect();
        arrays.push(
            array(&kind, &values).ok_or_else(|| format!("{extract}.{name} has a value of another type"))?,
        );
        fields.push(Field::new(name, kind, true));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|error| error.to_string())
}

/// Rows of a decision table, with the columns that it has.
fn decision_batch(name: &str, table: &RecordBatch, rows: &[toml::Table]) -> Result<RecordBatch, String> {
    let schema = table.schema();
    let unknown = |column: &&String| schema.column_with_name(column).is_none();
    if let Some(column) = rows.iter().flat_map(toml::Table::keys).find(unknown) {
        return Err(format!("{name} has no column `{column}`"));
    }
    let columns = schema.fields().iter().map(|field| {
        let values: Vec<Option<&toml::Value>> = rows.iter().map(|row| row.get(field.name())).collect();
        array(field.data_type(), &values)
            .ok_or_else(|| format!("{name}.{} has a value of another type", field.name()))
    });
    // What a case does not say is empty, whatever the table's own rows hold.
    let fields: Vec<Field> =
        schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.collect::<Result<_, _>>()?)
        .map_err(|error| error.to_string())
}

/// Values as an array of a type; `None` when one does not fit.
fn array(kind: &DataType, values: &[Option<&toml::Value>]) -> Option<ArrayRef> {
    fn all<T>(
        values: &[Option<&toml::Value>],
        f: impl Fn(&toml::Value) -> Option<T>,
    ) -> Option<Vec<Option<T>>> {
        values.iter().map(|value| value.map_or(Some(None), |value| f(value).map(Some))).collect()
    }
    Some(match kind {
        DataType::Utf8 => Arc::new(StringArray::from(all(values, |v| v.as_str().map(str::to_owned))?)),
        DataType::Date32 => {
            Arc::new(Date32Array::from(all(values, |v| Some(Day::parse_iso(v.as_str()?)?.days()))?))
        }
        DataType::Int64 => Arc::new(Int64Array::from(all(values, toml::Value::as_integer)?)),
        DataType::UInt16 => {
            Arc::new(UInt16Array::from(all(values, |v| u16::try_from(v.as_integer()?).ok())?))
        }
        DataType::UInt32 => {
            Arc::new(UInt32Array::from(all(values, |v| u32::try_from(v.as_integer()?).ok())?))
        }
        DataType::Float64 => Arc::new(Float64Array::from(all(values, toml::Value::as_float)?)),
        DataType::Boolean => Arc::new(BooleanArray::from(all(values, toml::Value::as_bool)?)),
        _ => return None,
    })
}
