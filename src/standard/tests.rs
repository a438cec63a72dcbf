//! Small made-up extracts through the whole stage.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Date32Type, Field, Int64Type, Schema};

use super::{Standardised, standardise};
use crate::domain::{
    CheckedExtract, Contract, Day, ExtractState, FileReport, IdState, Mention, NameId, OtherIdSource,
    RawTable, Relation, ResidentId, Sex,
};
use crate::tables::Tables;

fn tables() -> Tables {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/tables");
    Tables::load(Some(&folder)).unwrap()
}

fn as_of() -> Day {
    Day::from_ymd(2026, 11, 23).unwrap()
}

/// A valid number: region, birth date as digits, sequence.
fn number(birth: u64, sequence: u64) -> String {
    ResidentId::from_body(320_681 * 100_000_000_000 + birth * 1000 + sequence).text()
}

const ROSTER: &str = r#"
title = "名册"
owner = "某单位"
version = 1
grain = "one row is one child"
files = ["名册_*.xlsx"]
formats = ["xlsx"]
key = ["number"]
[field.number]
headers = ["编号"]
type = "text"
required = true
[field.name]
headers = ["姓名"]
type = "name"
required = true
[field.resident_id]
headers = ["身份证号"]
type = "resident_id"
[field.sex]
headers = ["性别"]
type = "sex"
[field.birth_date]
headers = ["出生日期"]
type = "date"
checks = ["not_after:as_of"]
[field.household]
headers = ["户号"]
type = "text"
[field.amount]
headers = ["金额"]
type = "yuan"
required = true
checks = ["not_negative"]
[field.father_name]
headers = ["父亲姓名"]
type = "name"
[field.father_id]
headers = ["父亲身份证号"]
type = "resident_id"
[[mention]]
role = "child"
one_row_one_person = true
name = "name"
resident_id = "resident_id"
birth_date = "birth_date"
sex = "sex"
local_key = { person = "number" }
household = { home = "household" }
[[mention]]
role = "father"
name = "father_name"
resident_id = "father_id"
sex_is = "male"
of = "child"
relation = { is = "father" }
"#;

fn extract(name: &str, contract: &str, rows: &[Vec<String>]) -> CheckedExtract {
    let contract: Contract = toml::from_str(contract).unwrap();
    let columns: Vec<ArrayRef> = (0..contract.field.len())
        .map(|field| {
            let cells = rows.iter().map(|row| Some(row[field].as_str()).filter(|text| !text.is_empty()));
            Arc::new(cells.collect::<StringArray>()) as ArrayRef
        })
        .collect();
    let fields: Vec<Field> =
        contract.field.keys().map(|name| Field::new(name, DataType::Utf8, true)).collect();
    let count = u32::try_from(rows.len()).unwrap();
    CheckedExtract {
        extract: name.to_owned(),
        contract: Arc::new(contract),
        rows: RawTable {
            batch: Some(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()),
            file: vec![0; rows.len()],
            sheet: vec![0; rows.len()],
            row: (2..2 + count).collect(),
        },
        sheets: vec![String::new()],
        files: vec![FileReport {
            name: "名册_20261120.xlsx".to_owned(),
            rows_read: u64::from(count),
            rows_accepted: u64::from(count),
            ..FileReport::default()
        }],
        quarantine: Vec::new(),
        problems: Vec::new(),
        state: ExtractState::Complete,
        as_of: Some(as_of()),
        town_counts: Vec::new(),
    }
}

fn roster(rows: &[[&str; 9]]) -> Standardised {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|&cell| cell.to_owned()).collect()).collect();
    standardise(vec![extract("roster", ROSTER, &rows)], &tables(), as_of())
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let array = batch.column_by_name(column).unwrap_or_else(|| panic!("no column {column}"));
    array.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
}

fn codes(out: &Standardised) -> Vec<(&'static str, &str, String)> {
    out.problems.iter().map(|p| (p.code, p.spot.column.as_str(), p.message.clone())).collect()
}

fn name_of(out: &Standardised, name: NameId) -> &str {
    out.mentions.names.get(name).map_or("", |name| name.display.as_ref())
}

#[test]
fn records_hold_typed_values_and_the_delivered_text_where_it_differs() {
    let id = number(20_150_301, 11);
    let spaced = format!(" {id}");
    let out = roster(&[["C2", "李四", &spaced, "1", "20150301", "H1", "12.5", "李大", ""]]);
    let batch = &out.records[0].batch;
    assert_eq!(texts(batch, "row_key"), [Some("C2".to_owned())]);
    assert_eq!(texts(batch, "resident_id"), [Some(id)]);
    assert_eq!(texts(batch, "resident_id_raw"), [Some(spaced)]);
    assert_eq!(texts(batch, "name_raw"), [None]);
    assert_eq!(texts(batch, "sex"), [Some("男".to_owned())]);
    assert_eq!(texts(batch, "sex_raw"), [Some("1".to_owned())]);
    assert_eq!(texts(batch, "birth_date_raw"), [Some("20150301".to_owned())]);
    let born = batch.column_by_name("birth_date").unwrap().as_primitive::<Date32Type>().value(0);
    assert_eq!(Day::from_days(born).iso(), "2015-03-01");
    assert_eq!(batch.column_by_name("amount").unwrap().as_primitive::<Int64Type>().value(0), 1250);
    assert_eq!(texts(batch, "child_id_state"), [Some("valid".to_owned())]);
    assert_eq!(texts(batch, "father_id_state"), [Some("missing".to_owned())]);
    assert_eq!(texts(batch, "father_sex"), [Some("男".to_owned())]);
    let names: Vec<_> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(&names[..6], ["row_key", "file", "sheet", "row", "number", "number_raw"]);
    assert_eq!(&names[names.len() - 3..], ["father_town", "father_village", "father_group"]);
}

#[test]
fn a_required_cell_that_cannot_be_read_holds_the_row_back_and_an_optional_one_is_counted() {
    let out = roster(&[
        ["C1", "张三", "", "男", "昨天", "", "10", "", ""],
        ["C2", "李四", "", "男", "前天", "", "20", "", ""],
        ["C3", "王五", "", "男", "2015-03-01", "", "很多", "", ""],
        ["C4", "无", "", "男", "2015-03-01", "", "40", "", ""],
    ]);
    assert_eq!(texts(&out.records[0].batch, "row_key"), [Some("C1".to_owned()), Some("C2".to_owned())]);
    let (extract, held) = &out.quarantine[0];
    assert_eq!((extract.as_str(), held.row, held.field.as_deref()), ("roster", 4, Some("amount")));
    assert_eq!((held.code, held.cells[6].as_str()), ("amount_unreadable", "很多"));
    let (_, nothing) = &out.quarantine[1];
    assert_eq!((nothing.code, nothing.field.as_deref()), ("required_empty", Some("name")));
    assert_eq!(out.quarantine.len(), 2);
    let counts = &out.counts[0];
    assert_eq!((counts.rows, counts.records, counts.quarantined), (4, 2, 2));
    let unreadable: Vec<_> = out.problems.iter().filter(|p| p.code == "date_unreadable").collect();
    assert_eq!(unreadable.len(), 1);
    assert!(unreadable[0].message.contains("(2 cells"), "{}", unreadable[0].message);
    assert_eq!((unreadable[0].spot.line, unreadable[0].spot.column.as_str()), (2, "出生日期"));
    assert!(matches!(&out.records[0].state, ExtractState::Incomplete(reasons) if reasons.len() == 1));
}

#[test]
fn failed_checks_are_counted_and_lose_no_row() {
    let out = roster(&[["C1", "张三", "", "", "2027-01-01", "", "-3", "", ""]]);
    let found: Vec<_> = codes(&out).into_iter().map(|(code, column, _)| (code, column.to_owned())).collect();
    assert_eq!(found, [("date_after_as_of", "出生日期".to_owned()), ("amount_negative", "金额".to_owned())]);
    assert_eq!(out.records[0].batch.num_rows(), 1);
}

/// Everything but the columns that tell where a row stood.
fn comparable(out: &Standardised) -> Vec<RecordBatch> {
    let keep = |name: &str| !matches!(name, "file" | "sheet" | "row");
    out.records
        .iter()
        .map(|set| {
            let wanted: Vec<usize> = (0..set.batch.num_columns())
                .filter(|&column| keep(set.batch.schema().field(column).name()))
                .collect();
            set.batch.project(&wanted).unwrap()
        })
        .collect()
}

fn plain(mention: &Mention) -> impl PartialEq {
    (
        (mention.extract, mention.role, mention.sex, mention.row, mention.name, mention.former_name),
        (mention.id, mention.id_state, mention.birth, mention.birth_from_id, mention.place, mention.phone),
        (mention.of, mention.relation),
    )
}

#[test]
fn the_order_of_rows_in_a_file_shows_nowhere_but_in_the_place_columns() {
    let mut rows: Vec<Vec<String>> = (0..200_usize)
        .map(|n| {
            let at = n as u64;
            vec![
                format!("C{}", n % 150),
                ["张三", "李四", "王五 ", "欧阳娜娜", "阿依古丽·买买提"][n % 5].to_owned(),
                if n % 7 == 0 { String::new() } else { number(20_100_101 + at % 28, at) },
                ["男", "女", "9"][n % 3].to_owned(),
                format!("201001{:02}", 1 + n % 28),
                format!("H{}", n % 60),
                format!("{}", n * 3),
                format!("张{}", ["大", "二", "小"][n % 3]),
                number(19_800_101, at % 40),
            ]
        })
        .collect();
    let tables = tables();
    let run = |rows: &[Vec<String>]| standardise(vec![extract("roster", ROSTER, rows)], &tables, as_of());
    let first = run(&rows);
    // A fixed shuffle: 77 and 200 have no common factor.
    rows = (0..200).map(|n| rows[n * 77 % 200].clone()).collect();
    let second = run(&rows);
    assert_eq!(comparable(&first), comparable(&second));
    assert_eq!(first.mentions.mentions.len(), second.mentions.mentions.len());
    let same =
        first.mentions.mentions.iter().zip(&second.mentions.mentions).all(|(a, b)| plain(a) == plain(b));
    assert!(same);
    assert!(first.mentions.names.names() == second.mentions.names.names());
    assert_eq!(first.mentions.household, second.mentions.household);
    let keys = texts(&first.records[0].batch, "row_key");
    assert_eq!(keys.iter().flatten().filter(|key| key.ends_with("#2")).count(), 50);
    let mut unique = keys.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), 200);
}

#[test]
fn a_rounded_number_still_tells_the_birth_date() {
    let out = roster(&[
        ["C1", "张三", "320681201503011000", "", "", "", "1", "", ""],
        ["C2", "李四", "3.20681201503011E+17", "", "", "", "1", "", ""],
        ["C3", "王五", "3.20681E+17", "", "", "", "1", "", ""],
    ]);
    let born: Vec<_> = out.mentions.mentions.iter().map(|mention| mention.birth).collect();
    let day = Day::from_ymd(2015, 3, 1);
    assert!(day.is_some());
    assert_eq!(born, [day, day, None]);
    assert!(out.mentions.mentions.iter().all(|mention| mention.id.is_none()));
    assert!(out.mentions.mentions.iter().all(|mention| mention.id_state == IdState::LostPrecision));
}

#[test]
fn the_fathers_number_in_the_childs_cell_is_not_the_childs() {
    let father = number(19_800_101, 13);
    let out = roster(&[
        ["C1", "张小", &father, "", "2015-03-01", "", "1", "张大", &father],
        ["C2", "李小", &father, "", "", "", "1", "李大", &father],
    ]);
    let children: Vec<_> = out.mentions.mentions.iter().filter(|mention| mention.role == 0).collect();
    for child in &children {
        assert!(child.id.is_none() && child.id_state == IdState::Malformed);
    }
    assert_eq!(children[0].birth.unwrap().iso(), "2015-03-01");
    assert!(children[1].birth.is_none());
    let father = out.mentions.mentions.iter().find(|mention| mention.role == 1).unwrap();
    assert!(father.id_state == IdState::Valid && father.sex == Sex::Male);
    assert_eq!((father.of, father.relation), (Some(0), Relation::Father));
    let told: Vec<_> = codes(&out);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0, told[0].1), ("relatives_id_in_cell", "身份证号"));
    assert!(told[0].2.contains("(2 cells"));
}

#[test]
fn the_childs_number_in_the_fathers_cell_is_not_the_fathers() {
    let child = number(20_150_301, 21);
    let out = roster(&[["C1", "张小", &child, "", "2015-03-01", "", "1", "张大", &child]]);
    assert!(out.mentions.mentions[0].id_state == IdState::Valid);
    assert!(out.mentions.mentions[1].id_state == IdState::Malformed);
}

#[test]
fn a_file_whose_numbers_nearly_all_end_in_000_was_rounded() {
    let rows: Vec<Vec<String>> = (0..12)
        .map(|n| {
            let rounded = format!("3206812015{:02}011000", 1 + n);
            [&format!("C{n:02}"), "张三", &rounded, "", "", "", "1", "", ""].map(str::to_owned).to_vec()
        })
        .collect();
    let out = standardise(vec![extract("roster", ROSTER, &rows)], &tables(), as_of());
    assert!(out.mentions.mentions.iter().all(|mention| mention.id_state == IdState::LostPrecision));
    assert!(out.problems.iter().any(|p| p.code == "id_lost_precision_batch"));
}

#[test]
fn numbers_shifted_against_the_birth_dates_of_a_file_are_not_believed() {
    let row = |n: u64, shift: u64| {
        let birth = format!("201001{:02}", 1 + n);
        let id = number(20_100_101 + (n + shift) % 20, 11 + n);
        [
            format!("C{n:02}"),
            "张三".into(),
            id,
            String::new(),
            birth,
            String::new(),
            "1".into(),
            String::new(),
            String::new(),
        ]
        .to_vec()
    };
    let states = |shift: u64| {
        let rows: Vec<Vec<String>> = (0..20).map(|n| row(n, shift)).collect();
        let out = standardise(vec![extract("roster", ROSTER, &rows)], &tables(), as_of());
        let told = out.problems.iter().any(|p| p.code == "column_shift_suspected");
        (out.mentions.mentions.iter().filter(|m| m.id_state == IdState::Valid).count(), told)
    };
    assert_eq!(states(0), (20, false));
    assert_eq!(states(1), (0, true));
}

#[test]
fn households_are_numbered_and_rows_without_anyone_have_no_mention() {
    let out = roster(&[
        ["C1", "张三", "", "", "", "H7", "1", "", ""],
        ["C2", "李四", "", "", "", "H7", "1", "李大", ""],
        ["C3", "王五", "", "", "", "", "1", "", ""],
    ]);
    let seen: Vec<_> = out.mentions.mentions.iter().map(|mention| (mention.row, mention.role)).collect();
    assert_eq!(seen, [(0, 0), (1, 0), (1, 1), (2, 0)]);
    assert_eq!(out.mentions.household, [1, 1, 0, 0]);
    assert_eq!(out.mentions.namespaces, ["person"]);
    let keys: Vec<_> = out.mentions.local_keys.iter().map(|key| (key.mention, &*key.value)).collect();
    assert_eq!(keys, [(0, "C1"), (1, "C2"), (3, "C3")]);
}

const CHANGES: &str = r#"
title = "变更"
owner = "某单位"
version = 1
grain = "one row is one change"
files = ["变更_*.csv"]
formats = ["csv"]
key = ["person", "kind"]
[id_history]
person = "person"
namespace = "person"
kind = "kind"
before = "before"
after = "after"
id_kinds = ["纠正错号"]
name_kinds = ["变更姓名"]
[field.person]
headers = ["编号"]
type = "text"
[field.kind]
headers = ["类别"]
type = "code"
table = "change_kind"
[field.before]
headers = ["变更前"]
type = "text"
[field.after]
headers = ["变更后"]
type = "text"
"#;

#[test]
fn a_register_of_changes_gives_former_numbers_and_names_to_the_persons_of_other_extracts() {
    let (old, new) = (number(19_800_101, 13), number(19_800_110, 13));
    let rows = [["P1", "张三丰", &new, "", "", "", "1", "", ""].map(str::to_owned).to_vec()];
    let changes = [
        ["P1", "12", &old, &new].map(str::to_owned).to_vec(),
        ["P1", "21", "张君宝", "张三丰"].map(str::to_owned).to_vec(),
        ["P2", "12", &new, &old].map(str::to_owned).to_vec(),
    ];
    let extracts = vec![extract("changes", CHANGES, &changes), extract("roster", ROSTER, &rows)];
    let out = standardise(extracts, &tables(), as_of());
    let others: Vec<_> =
        out.mentions.other_ids.iter().map(|other| (other.mention, other.id.text(), other.source)).collect();
    assert_eq!(others, [(0, old, OtherIdSource::ChangeLog)]);
    assert_eq!(name_of(&out, out.mentions.mentions[0].former_name), "张君宝");
    assert_eq!(out.mentions.mentions[0].extract, 1);
}

const ROLL: &str = r#"
title = "学籍"
owner = "某单位"
version = 1
grain = "one row is one pupil"
files = ["学籍_*.xlsx"]
formats = ["xlsx"]
key = ["roll_number"]
[field.roll_number]
headers = ["学籍号"]
type = "roll_number"
[field.name]
headers = ["姓名"]
type = "name"
[field.former_name]
headers = ["曾用名"]
type = "name"
[field.resident_id]
headers = ["身份证件号"]
type = "resident_id"
[field.id_kind]
headers = ["证件类型"]
type = "code"
table = "id_kind"
[field.member_name]
headers = ["成员姓名"]
type = "name"
[field.member_relation]
headers = ["成员关系"]
type = "code"
table = "member_relation"
[field.member_phone]
headers = ["成员电话"]
type = "phone"
[[mention]]
role = "pupil"
name = "name"
former_name = "former_name"
resident_id = "resident_id"
id_kind = "id_kind"
id_kind_resident = ["居民身份证"]
historic_id = "roll_number"
local_key = { roll_number = "roll_number" }
[[mention]]
role = "member"
name = "member_name"
phone = "member_phone"
of = "pupil"
relation = { field = "member_relation" }
"#;

#[test]
fn roll_numbers_give_historic_numbers_and_keys_never_show_them() {
    let (old, new) = (number(20_120_101, 13), number(20_120_101, 27));
    let formal = format!("G{old}");
    let without = format!("J{old}");
    let rows: Vec<Vec<String>> = [
        [formal.as_str(), "张三", "张君宝", new.as_str(), "1", "张大", "父亲", "13912345678"],
        [without.as_str(), "李四", "", "E12345678", "7", "李妈", "母亲", ""],
    ]
    .iter()
    .map(|row| row.iter().map(|&cell| cell.to_owned()).collect())
    .collect();
    let out = standardise(vec![extract("roll", ROLL, &rows)], &tables(), as_of());
    let pupils: Vec<&Mention> = out.mentions.mentions.iter().filter(|mention| mention.role == 0).collect();
    let by_name = |name: &str| pupils.iter().position(|pupil| name_of(&out, pupil.name) == name).unwrap();
    let (formal, without) = (pupils[by_name("张三")], pupils[by_name("李四")]);
    assert_eq!(name_of(&out, formal.former_name), "张君宝");
    assert!(without.id.is_none() && without.id_state == IdState::OtherDocument);
    let others: Vec<_> = out.mentions.other_ids.iter().map(|other| (other.id.text(), other.source)).collect();
    assert_eq!(others, [(old.clone(), OtherIdSource::Historic)]);
    let members: Vec<_> = out.mentions.mentions.iter().filter(|mention| mention.role == 1).collect();
    let father = members.iter().find(|member| member.relation == Relation::Father).unwrap();
    assert!(father.sex == Sex::Male && father.phone == 13_912_345_678);
    assert!(members.iter().any(|member| member.relation == Relation::Mother && member.sex == Sex::Female));
    let keys = texts(&out.records[0].batch, "row_key");
    assert!(keys.iter().flatten().all(|key| key.len() == 16 && !key.contains(&old)));
}

#[test]
fn an_extract_without_rows_still_has_its_columns() {
    let mut empty = extract("roster", ROSTER, &[]);
    empty.rows.batch = None;
    empty.state = ExtractState::Missing;
    let out = standardise(vec![empty], &tables(), as_of());
    let full = roster(&[["C1", "张三", "", "", "", "", "1", "", ""]]);
    assert_eq!(out.records[0].batch.schema(), full.records[0].batch.schema());
    assert_eq!(out.records[0].batch.num_rows(), 0);
}
