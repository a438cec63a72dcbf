//! The tables that a rule's author sees, made of records, mentions, identities and decision tables.
//! Record columns are shared with the records; only identity columns are built.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray,
};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Date32Type, Field, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::book::{Book, Rule, RuleError};
use super::world::World;
use crate::domain::{
    Contract, Day, FieldKind, Finding, Grade, IdState, Identity, Mention, OpenClue, RecordSet, ResidentId,
    Sex, row_keys,
};
use crate::engine::{Engine, EngineError, Parameters, substitute};
use crate::field::text::{clean, is_nothing};

/// Tables that the stage itself makes.
pub(super) const OWN_TABLES: [&str; 6] =
    ["code_check", "extract_state", "id_check", "identity", "open_clue", "school_day"];

/// Subjects of tonight's findings: made after the rules, for the policies.
pub(super) const FINDING_SUBJECT: &str = "finding_subject";

/// What a set of queries needs: tables, and views in an order in which each finds its tables.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// Extracts, decision tables and own tables.
    pub(super) tables: BTreeSet<String>,
    /// Views, dependencies first.
    pub(super) views: Vec<String>,
}

impl Needs {
    /// Adds what one query reads, through views.
    ///
    /// # Errors
    /// When the text or a view's text is not one statement, or views read each other in a circle.
    pub(super) fn add(
        &mut self,
        engine: &Engine,
        book: &Book,
        sql: &str,
        as_of: Day,
    ) -> Result<(), EngineError> {
        self.visit(engine, book, sql, as_of, &mut Vec::new())
    }

    fn visit(
        &mut self,
        engine: &Engine,
        book: &Book,
        sql: &str,
        as_of: Day,
        path: &mut Vec<String>,
    ) -> Result<(), EngineError> {
        for name in engine.tables_read(sql)? {
            let Some(view) = book.view(&name) else {
                self.tables.insert(name);
                continue;
            };
            if self.views.contains(&name) {
                continue;
            }
            if path.contains(&name) {
                return Err(EngineError::Plan(format!("view {name} reads itself")));
            }
            path.push(name.clone());
            let view_sql = substitute(&view.sql, &book.view_parameters(view, as_of))?;
            self.visit(engine, book, &view_sql, as_of, path)?;
            path.pop();
            self.views.push(name);
        }
        Ok(())
    }
}

/// One row for each finding: rule, subject's extract, role and row key, identity.
pub(super) fn finding_subjects(findings: &[Finding]) -> Result<RecordBatch, RuleError> {
    let text = |of: fn(&Finding) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(findings.iter().map(of)))
    };
    let identities = findings.iter().map(|finding| finding.identity.0);
    let columns: Columns = vec![
        ("rule".into(), text(|finding| &finding.rule)),
        ("extract".into(), text(|finding| &finding.subject_extract)),
        ("role".into(), text(|finding| &finding.subject_role)),
        ("row_key".into(), text(|finding| &finding.subject_row_key)),
        ("identity".into(), Arc::new(Int64Array::from_iter_values(identities))),
    ];
    batch(columns, findings.len())
        .map_err(|error| RuleError::Table { table: FINDING_SUBJECT.to_owned(), message: error.to_string() })
}

/// The views that each rule and policy of a book reads, through other views too, in the order in which they
/// are made.
///
/// # Errors
/// When a text is not one statement, or views read each other in a circle.
pub fn views_read(book: &Book, as_of: Day) -> Result<BTreeMap<String, Vec<String>>, EngineError> {
    let engine = Engine::new(1)?;
    let views = |id: &String, sql: &str, parameters: &Parameters| {
        let mut needs = Needs::default();
        needs.add(&engine, book, &substitute(sql, parameters)?, as_of)?;
        Ok((id.clone(), needs.views))
    };
    let rules = book.rules.iter().map(|rule| (&rule.id, &rule.sql, book.rule_parameters(rule, as_of, as_of)));
    let policies = book.policies.iter();
    let policies =
        policies.map(|policy| (&policy.id, &policy.sql, book.policy_parameters(policy, as_of, as_of)));
    rules.chain(policies).map(|(id, sql, parameters)| views(id, sql, &parameters)).collect()
}

/// The text of a rule with its parameters filled in.
pub(super) fn rule_sql(rule: &Rule, parameters: &Parameters) -> Result<String, EngineError> {
    substitute(&rule.sql, parameters)
}

/// Registers the tables of `names` that exist; names nobody knows stay unknown to the planner,
/// which then says so.
pub(super) fn register(engine: &Engine, world: &World, names: &BTreeSet<String>) -> Result<(), RuleError> {
    for name in names {
        if let Some(batch) = table(world, name)? {
            engine.register(name, &batch)?;
        }
    }
    Ok(())
}

fn table(world: &World, name: &str) -> Result<Option<RecordBatch>, RuleError> {
    let batch = match name {
        "identity" => identity_table(world),
        "id_check" => id_check_table(world),
        "code_check" => code_check_table(world),
        "extract_state" => extract_state_table(world),
        "open_clue" => open_clue_table(world),
        "school_day" => school_day_table(world),
        _ if world.contract(name).is_some() => extract_table(world, name),
        _ => match world.decisions.get(name) {
            Some(decision) => in_force(decision, world.as_of),
            None => return Ok(None),
        },
    };
    batch.map(Some).map_err(|error| RuleError::Table { table: name.to_owned(), message: error.to_string() })
}

/// Rows of a decision table that hold on a day, by `valid_from` and `valid_until` where it has them.
fn in_force(decision: &RecordBatch, day: Day) -> Result<RecordBatch, arrow::error::ArrowError> {
    let date =
        |name: &str| decision.column_by_name(name).and_then(|column| column.as_primitive_opt::<Date32Type>());
    let (from, until) = (date("valid_from"), date("valid_until"));
    let value = |column: Option<&Date32Array>, row: usize| {
        column.filter(|column| !column.is_null(row)).map(|column| column.value(row))
    };
    let holds = (0..decision.num_rows()).map(|row| {
        let begun = value(from, row).is_none_or(|from| from <= day.days());
        Some(begun && value(until, row).is_none_or(|until| day.days() <= until))
    });
    filter_record_batch(decision, &holds.collect::<BooleanArray>())
}

type Columns = Vec<(String, ArrayRef)>;

fn batch(columns: Columns, rows: usize) -> Result<RecordBatch, arrow::error::ArrowError> {
    let fields: Vec<Field> =
        columns.iter().map(|(name, column)| Field::new(name, column.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, column)| column).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
}

/// Records of an extract with `<role>_identity`, `<role>_grade`, `<role>_probability`; an extract
/// that did not come is an empty table of its contract's columns.
fn extract_table(world: &World, name: &str) -> Result<RecordBatch, arrow::error::ArrowError> {
    let Some(contract) = world.contract(name) else { return batch(Vec::new(), 0) };
    let present = world.extract(name).filter(|(_, set)| set.batch.column_by_name("row_key").is_some());
    let Some((index, set)) = present else {
        let empty = record_columns(contract).into_iter().chain(identity_columns(contract));
        return batch(empty.map(|(name, kind)| (name, arrow::array::new_empty_array(&kind))).collect(), 0);
    };
    let rows = set.batch.num_rows();
    let schema = set.batch.schema();
    let names = schema.fields().iter().map(|field| field.name().clone());
    let mut columns: Columns = names.zip(set.batch.columns().iter().cloned()).collect();
    let mentions = &world.mentions.mentions;
    let start = mentions.partition_point(|mention| mention.extract < index);
    let end = mentions.partition_point(|mention| mention.extract <= index);
    for (role, spec) in contract.mention.iter().enumerate() {
        let mut identity: Vec<Option<i64>> = vec![None; rows];
        let mut grade: Vec<Option<&'static str>> = vec![None; rows];
        let mut probability: Vec<Option<f64>> = vec![None; rows];
        for position in (start..end).filter(|&position| usize::from(mentions[position].role) == role) {
            let row = mentions[position].row as usize;
            identity[row] = Some(world.resolution.identity[position].0);
            grade[row] = Some(world.resolution.grade[position].letter());
            probability[row] = Some(f64::from(world.resolution.probability[position]));
        }
        columns.push((format!("{}_identity", spec.role), Arc::new(Int64Array::from(identity))));
        columns.push((format!("{}_grade", spec.role), Arc::new(StringArray::from(grade))));
        columns.push((format!("{}_probability", spec.role), Arc::new(Float64Array::from(probability))));
    }
    batch(columns, rows)
}

/// Columns that identities add to an extract's records.
fn identity_columns(contract: &Contract) -> Vec<(String, DataType)> {
    let roles = contract.mention.iter().map(|spec| &spec.role);
    roles
        .flat_map(|role| {
            [
                (format!("{role}_identity"), DataType::Int64),
                (format!("{role}_grade"), DataType::Utf8),
                (format!("{role}_probability"), DataType::Float64),
            ]
        })
        .collect()
}

/// Columns of [`crate::domain::RecordSet`], by contract.
pub(super) fn record_columns(contract: &Contract) -> Vec<(String, DataType)> {
    let mut columns = vec![
        ("row_key".to_owned(), DataType::Utf8),
        ("file".to_owned(), DataType::Utf8),
        ("sheet".to_owned(), DataType::Utf8),
        ("row".to_owned(), DataType::UInt32),
    ];
    for (name, field) in &contract.field {
        let kind = match field.kind {
            FieldKind::Date => DataType::Date32,
            FieldKind::Yuan | FieldKind::Integer => DataType::Int64,
            _ => DataType::Utf8,
        };
        columns.push((name.clone(), kind));
        columns.push((format!("{name}_raw"), DataType::Utf8));
    }
    for spec in &contract.mention {
        let role = &spec.role;
        columns.push((format!("{role}_id_state"), DataType::Utf8));
        columns.push((format!("{role}_birth"), DataType::Date32));
        columns.push((format!("{role}_sex"), DataType::Utf8));
        columns.push((format!("{role}_town"), DataType::Utf8));
        columns.push((format!("{role}_village"), DataType::Utf8));
        columns.push((format!("{role}_group"), DataType::UInt16));
    }
    columns
}

fn identity_table(world: &World) -> Result<RecordBatch, arrow::error::ArrowError> {
    let all = &world.resolution.identities;
    let mut names = BTreeMap::new();
    for identity in all {
        names
            .entry((identity.place.town, identity.place.village))
            .or_insert_with(|| (world.place_names)(identity.place));
    }
    let place = |identity: &Identity| &names[&(identity.place.town, identity.place.village)];
    let columns: Columns = vec![
        ("identity".into(), Arc::new(all.iter().map(|i| Some(i.id.0)).collect::<Int64Array>())),
        ("name".into(), Arc::new(StringArray::from_iter_values(all.iter().map(|i| &i.name)))),
        (
            "resident_id".into(),
            Arc::new(all.iter().map(|i| i.resident_id.map(ResidentId::text)).collect::<StringArray>()),
        ),
        ("birth".into(), Arc::new(all.iter().map(|i| i.birth.map(Day::days)).collect::<Date32Array>())),
        ("sex".into(), Arc::new(all.iter().map(|i| sex_word(i.sex)).collect::<StringArray>())),
        ("town".into(), Arc::new(all.iter().map(|i| place(i).0.as_deref()).collect::<StringArray>())),
        ("village".into(), Arc::new(all.iter().map(|i| place(i).1.as_deref()).collect::<StringArray>())),
        ("grade".into(), Arc::new(StringArray::from_iter_values(all.iter().map(|i| i.grade.letter())))),
    ];
    batch(columns, all.len())
}

const fn sex_word(sex: Sex) -> Option<&'static str> {
    match sex {
        Sex::Male => Some("男"),
        Sex::Female => Some("女"),
        Sex::Unknown => None,
    }
}

/// Mentions about whose number something may be said: not missing, and either not valid or at odds
/// with the row's own birth date or sex.
fn id_check_table(world: &World) -> Result<RecordBatch, arrow::error::ArrowError> {
    let conflicts = |mention: &Mention| {
        let id = mention.id.filter(|_| mention.id_state == IdState::Valid);
        let birth = !mention.birth_from_id
            && mention.birth.is_some()
            && id.is_some_and(|id| id.birth() != mention.birth);
        let sex = mention.sex != Sex::Unknown && id.is_some_and(|id| id.sex() != mention.sex);
        (birth, sex)
    };
    let mut found: Vec<(usize, bool, bool)> = Vec::new();
    for (index, mention) in world.mentions.mentions.iter().enumerate() {
        let (birth, sex) = conflicts(mention);
        if !matches!(mention.id_state, IdState::Missing | IdState::Valid) || birth || sex {
            found.push((index, birth, sex));
        }
    }
    let mention = |index: usize| &world.mentions.mentions[index];
    let set = |index: usize| &world.records[usize::from(mention(index).extract)];
    let keys: Vec<Option<&StringArray>> = world.records.iter().map(|set| row_keys(&set.batch)).collect();
    let key = |index: usize| {
        let mention = mention(index);
        keys[usize::from(mention.extract)].map(|keys| keys.value(mention.row as usize))
    };
    let text = |f: &dyn Fn(usize) -> Option<String>| -> ArrayRef {
        Arc::new(found.iter().map(|&(index, ..)| f(index)).collect::<StringArray>())
    };
    let order = |index: usize| i64::from(mention(index).role);
    let columns: Columns = vec![
        ("extract".into(), text(&|i| Some(set(i).extract.clone()))),
        ("extract_title".into(), text(&|i| Some(set(i).contract.title.clone()))),
        ("owner".into(), text(&|i| Some(set(i).contract.owner.clone()))),
        ("field_title".into(), text(&|i| id_heading(&set(i).contract, mention(i).role))),
        (
            "role".into(),
            text(&|i| set(i).contract.mention.get(usize::from(mention(i).role)).map(|s| s.role.clone())),
        ),
        ("role_order".into(), Arc::new(found.iter().map(|&(i, ..)| Some(order(i))).collect::<Int64Array>())),
        ("row_key".into(), text(&|i| key(i).map(str::to_owned))),
        (
            "identity".into(),
            Arc::new(
                found.iter().map(|&(i, ..)| Some(world.resolution.identity[i].0)).collect::<Int64Array>(),
            ),
        ),
        ("number".into(), text(&|i| number_told(set(i), mention(i)))),
        ("id_state".into(), text(&|i| Some(mention(i).id_state.word().to_owned()))),
        (
            "birth_conflict".into(),
            Arc::new(found.iter().map(|&(_, birth, _)| Some(birth)).collect::<BooleanArray>()),
        ),
        ("sex_conflict".into(), Arc::new(found.iter().map(|&(.., sex)| Some(sex)).collect::<BooleanArray>())),
    ];
    batch(columns, found.len())
}

/// The number of a mention as its record has it, else as it was delivered: what two rows have in common when
/// they repeat one slip of the pen.
fn number_told(set: &RecordSet, mention: &Mention) -> Option<String> {
    let field = set.contract.mention.get(usize::from(mention.role))?.resident_id.as_ref()?;
    let row = mention.row as usize;
    [field.clone(), format!("{field}_raw")].into_iter().find_map(|name| {
        let cells = set.batch.column_by_name(&name)?.as_string_opt::<i32>()?;
        cells.is_valid(row).then(|| cells.value(row).trim().to_owned())
    })
}

/// Official heading of the field that holds a role's number.
fn id_heading(contract: &Contract, role: u8) -> Option<String> {
    let field = contract.mention.get(usize::from(role))?.resident_id.as_ref()?;
    Some(heading(contract, field))
}

/// A cell of a code that is in no code table: the record has nothing there, the delivered text stands beside it.
struct UnknownCode<'w> {
    set: &'w RecordSet,
    field: (usize, &'w str),
    role: &'w str,
    row_key: &'w str,
    value: &'w str,
}

/// Cells of codes that could not be read, of rows that name somebody. A required code holds its whole row back
/// before, and a field whose contract keeps unknown text has none.
fn code_check_table(world: &World) -> Result<RecordBatch, arrow::error::ArrowError> {
    let found: Vec<UnknownCode<'_>> = (0_u16..)
        .zip(world.records)
        .flat_map(|(extract, set)| {
            let fields = set.contract.field.iter().enumerate();
            let codes = fields.filter(|(_, (_, field))| field.kind == FieldKind::Code);
            codes.flat_map(move |(order, (name, _))| {
                unknown_codes(world, extract, set, (order, name.as_str()))
            })
        })
        .collect();
    let text = |f: &dyn Fn(&UnknownCode<'_>) -> String| -> ArrayRef {
        Arc::new(found.iter().map(|one| Some(f(one))).collect::<StringArray>())
    };
    let order = |one: &UnknownCode<'_>| i64::try_from(one.field.0).ok();
    let columns: Columns = vec![
        ("extract".into(), text(&|one| one.set.extract.clone())),
        ("extract_title".into(), text(&|one| one.set.contract.title.clone())),
        ("field_title".into(), text(&|one| heading(&one.set.contract, one.field.1))),
        ("field_order".into(), Arc::new(found.iter().map(order).collect::<Int64Array>())),
        ("role".into(), text(&|one| one.role.to_owned())),
        ("row_key".into(), text(&|one| one.row_key.to_owned())),
        ("value".into(), text(&|one| clean(one.value).into_owned())),
    ];
    batch(columns, found.len())
}

/// The unread cells of one column of codes. A word for nothing is an empty cell.
fn unknown_codes<'w>(
    world: &World<'w>,
    extract: u16,
    set: &'w RecordSet,
    field: (usize, &'w str),
) -> Vec<UnknownCode<'w>> {
    let text = |name: &str| set.batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
    let (Some(values), Some(raw), Some(keys)) =
        (text(field.1), text(&format!("{}_raw", field.1)), row_keys(&set.batch))
    else {
        return Vec::new();
    };
    let unread = (0..values.len())
        .filter(|&row| values.is_null(row) && raw.is_valid(row) && !is_nothing(raw.value(row)));
    let named = |row: usize| {
        let mention = world.mentions_of_row(extract, u32::try_from(row).ok()?).next()?;
        set.contract.mention.get(usize::from(world.mentions.mentions[mention].role))
    };
    unread
        .filter_map(|row| {
            let role = &named(row)?.role;
            Some(UnknownCode { set, field, role, row_key: keys.value(row), value: raw.value(row) })
        })
        .collect()
}

/// Official heading of a field.
fn heading(contract: &Contract, field: &str) -> String {
    contract.field.get(field).and_then(|field| field.headers.first()).map_or(field, String::as_str).to_owned()
}

/// One row for each extract that a contract of the pipeline describes: whether it came whole tonight, and what it lacks.
fn extract_state_table(world: &World) -> Result<RecordBatch, arrow::error::ArrowError> {
    let ids: BTreeSet<&str> = world
        .contracts
        .keys()
        .map(String::as_str)
        .chain(world.records.iter().map(|s| s.extract.as_str()))
        .collect();
    let as_of = |id: &str| world.extract(id).and_then(|(_, set)| set.as_of).map(Day::days);
    let rows = |id: &str| i64::try_from(world.extract(id)?.1.batch.num_rows()).ok();
    let columns: Columns = vec![
        ("extract".into(), Arc::new(StringArray::from_iter_values(&ids))),
        (
            "title".into(),
            Arc::new(
                ids.iter().map(|id| world.contract(id).map(|c| c.title.clone())).collect::<StringArray>(),
            ),
        ),
        (
            "state".into(),
            Arc::new(StringArray::from_iter_values(ids.iter().map(|id| world.state(id).word()))),
        ),
        (
            "problems".into(),
            Arc::new(ids.iter().map(|id| world.state(id).problems()).collect::<StringArray>()),
        ),
        ("rows".into(), Arc::new(ids.iter().map(|id| rows(id)).collect::<Int64Array>())),
        ("as_of".into(), Arc::new(ids.iter().map(|id| as_of(id)).collect::<Date32Array>())),
    ];
    batch(columns, ids.len())
}

/// Clues of earlier nights that wait for an answer and whose subject's row came tonight.
fn open_clue_table(world: &World) -> Result<RecordBatch, arrow::error::ArrowError> {
    let mut asked: BTreeMap<&str, BTreeMap<&str, bool>> = BTreeMap::new();
    for OpenClue { subject: (extract, row_key, _), .. } in world.clues {
        asked.entry(extract).or_default().insert(row_key, false);
    }
    for (extract, rows) in &mut asked {
        let keys = world.extract(extract).and_then(|(_, set)| row_keys(&set.batch));
        for key in keys.into_iter().flat_map(|keys| keys.iter().flatten()) {
            if let Some(came) = rows.get_mut(key) {
                *came = true;
            }
        }
    }
    let here: Vec<&OpenClue> =
        world.clues.iter().filter(|clue| asked[clue.subject.0.as_str()][clue.subject.1.as_str()]).collect();
    let text = |of: fn(&OpenClue) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(here.iter().map(|clue| of(clue))))
    };
    let columns: Columns = vec![
        ("clue".into(), text(|clue| &clue.number)),
        ("rule".into(), text(|clue| &clue.rule)),
        ("list".into(), text(|clue| &clue.list)),
        ("extract".into(), text(|clue| &clue.subject.0)),
        ("row_key".into(), text(|clue| &clue.subject.1)),
        ("role".into(), text(|clue| &clue.subject.2)),
        ("due".into(), Arc::new(here.iter().map(|clue| Some(clue.due.days())).collect::<Date32Array>())),
    ];
    batch(columns, here.len())
}

/// How far back school days are known: longer than three school years.
const SCHOOL_DAYS: i32 = 1200;

/// The days on which children went to school, oldest first, and the how-manieth each is.
fn school_day_table(world: &World) -> Result<RecordBatch, arrow::error::ArrowError> {
    let days = (0..=SCHOOL_DAYS).rev().map(|back| world.as_of.plus_days(-back));
    let days: Vec<i32> =
        days.filter(|&day| world.calendar.has_school(day)).map(crate::domain::Day::days).collect();
    let count = days.len();
    let numbers: Int64Array = (0..).take(count).collect::<Vec<i64>>().into();
    let columns: Columns =
        vec![("day".into(), Arc::new(Date32Array::from(days))), ("nth".into(), Arc::new(numbers))];
    batch(columns, count)
}

/// A grade by its letter.
pub(super) fn grade_of(letter: &str) -> Option<Grade> {
    [Grade::A, Grade::B, Grade::C, Grade::D].into_iter().find(|grade| grade.letter() == letter)
}
