//! Parquet artifacts: columns, values, the same bytes on any number of threads.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, StringArray, UInt32Array};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use arrow::record_batch::RecordBatch;
use doudi::domain::{
    Contract, ExtractState, Grade, IdState, IdentityId, Link, Mention, MentionSet, NameId, Place, RecordSet,
    Relation, Resolution, ReviewPair, Sex,
};
use doudi::report::artifacts::{self, RowIndex};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::demo;

pub(super) fn read(path: &Path) -> RecordBatch {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = Arc::clone(builder.schema());
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

pub(super) fn text(batch: &RecordBatch, column: &str) -> Vec<String> {
    let values = cast(batch.column_by_name(column).unwrap(), &DataType::Utf8).unwrap();
    values.as_string::<i32>().iter().map(|v| v.unwrap_or("NULL").to_owned()).collect()
}

fn record_set(extract: &str, rows: usize) -> RecordSet {
    let contract: Contract = toml::from_str(
        r#"
title = "t"
owner = "o"
version = 1
grain = "g"
files = []
formats = []
field = {}
[[mention]]
role = "child"
name = "n"
[[mention]]
role = "father"
name = "m"
"#,
    )
    .unwrap();
    let keys: Vec<String> = (0..rows).map(|row| format!("{extract}-{row}")).collect();
    let files: DictionaryArray<Int32Type> =
        (0..rows).map(|row| Some(if row % 2 == 0 { "a.xlsx" } else { "b.xlsx" })).collect();
    let sheets: DictionaryArray<Int32Type> = (0..rows).map(|_| Some("")).collect();
    let numbers: UInt32Array = (0..rows).map(|row| u32::try_from(row + 2).ok()).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("row_key", Arc::new(StringArray::from(keys))),
        ("file", Arc::new(files)),
        ("sheet", Arc::new(sheets)),
        ("row", Arc::new(numbers)),
    ];
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), false)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordSet {
        extract: extract.into(),
        contract: Arc::new(contract),
        batch: RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap(),
        state: ExtractState::Complete,
        as_of: None,
    }
}

fn mention(extract: u16, role: u8, row: u32) -> Mention {
    Mention {
        extract,
        role,
        sex: Sex::Unknown,
        row,
        name: NameId::NONE,
        former_name: NameId::NONE,
        id: None,
        id_state: IdState::Missing,
        birth: None,
        birth_from_id: false,
        place: Place::default(),
        phone: 0,
        of: None,
        relation: Relation::None,
    }
}

fn population(rows: u32) -> (Vec<RecordSet>, MentionSet, Resolution) {
    let records = vec![record_set("one", rows as usize), record_set("two", 3)];
    let mut set = MentionSet::default();
    for row in 0..rows {
        set.mentions.extend([mention(0, 0, row), mention(0, 1, row)]);
    }
    set.mentions.extend([mention(1, 0, 0), mention(1, 1, 2)]);
    let count = set.mentions.len();
    let resolution = Resolution {
        identity: (0..count).map(|at| IdentityId(i64::try_from(at).unwrap() + 1)).collect(),
        probability: vec![0.5; count],
        grade: (0..count).map(|at| if at % 2 == 0 { Grade::A } else { Grade::C }).collect(),
        identities: Vec::new(),
        events: Vec::new(),
    };
    (records, set, resolution)
}

#[test]
fn mentions_say_where_each_person_stands() {
    let (records, set, resolution) = population(3);
    let index = RowIndex::new(&records, &set).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mentions.parquet");
    assert_eq!(artifacts::mentions(&path, &index, &resolution).unwrap(), 8);
    let batch = read(&path);
    assert_eq!(text(&batch, "extract"), ["one", "one", "one", "one", "one", "one", "two", "two"]);
    assert_eq!(
        text(&batch, "role"),
        ["child", "father", "child", "father", "child", "father", "child", "father"]
    );
    assert_eq!(text(&batch, "row"), ["2", "2", "3", "3", "4", "4", "2", "4"]);
    assert_eq!(text(&batch, "file")[2], "b.xlsx");
    assert_eq!(text(&batch, "row_key")[7], "two-2");
    assert_eq!(text(&batch, "grade")[..2], ["A".to_owned(), "C".to_owned()]);
    assert_eq!(text(&batch, "identity_id")[7], "8");
    assert_eq!(index.name(7), ("two", "two-2", "father"));
}

#[test]
fn many_row_groups_are_the_same_bytes_on_any_number_of_threads() {
    let (records, set, resolution) = population(300_000);
    let index = RowIndex::new(&records, &set).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |threads: usize| {
        let path = folder.path().join(format!("{threads}.parquet"));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| artifacts::mentions(&path, &index, &resolution)).unwrap();
        path
    };
    let (one, eight) = (write(1), write(8));
    assert!(fs::read(&one).unwrap() == fs::read(eight).unwrap());
    let batch = read(&one);
    assert_eq!(batch.num_rows(), 600_002);
    assert_eq!(text(&batch, "row_key")[599_999], "one-299999");
}

#[test]
fn links_and_review_pairs_name_both_rows() {
    let (records, set, _) = population(2);
    let index = RowIndex::new(&records, &set).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let link = Link {
        left: 0,
        right: 4,
        weight: 12.5,
        probability: 0.75,
        grade: Grade::B,
        pass: "model",
        levels: vec![1],
    };
    let path = folder.path().join("links.parquet");
    artifacts::links(&path, &index, std::slice::from_ref(&link)).unwrap();
    let batch = read(&path);
    assert_eq!(
        (text(&batch, "left_row_key"), text(&batch, "right_extract")),
        (vec!["one-0".into()], vec!["two".into()])
    );
    assert_eq!((text(&batch, "pass"), text(&batch, "weight")), (vec!["model".into()], vec!["12.5".into()]));
    let path = folder.path().join("review_pairs.parquet");
    let pairs = vec![ReviewPair { link, difference: "姓名同音".into(), tied: 0 }];
    assert_eq!(artifacts::review_pairs(&path, &index, &pairs).unwrap(), 1);
    assert_eq!(text(&read(&path), "difference"), ["姓名同音"]);
    let path = folder.path().join("near_misses.parquet");
    assert_eq!(artifacts::near_misses(&path, &index, &[]).unwrap(), 0);
    assert_eq!(read(&path).schema().field(0).name(), "subject_extract");
}

#[test]
fn findings_and_cases_keep_annex_and_evidence() {
    let cases = demo::cases(40);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("findings.parquet");
    let findings: Vec<_> = cases.iter().map(|case| case.finding.clone()).collect();
    artifacts::findings(&path, &findings).unwrap();
    let batch = read(&path);
    let annex = batch.column_by_name("annex").unwrap().as_boolean().clone();
    assert_eq!((annex.null_count(), annex.true_count()), (0, 3));
    let evidence = batch.column_by_name("evidence").unwrap().as_list::<i32>().value(1);
    let evidence: Vec<&str> = evidence.as_string::<i32>().iter().flatten().collect();
    assert_eq!(evidence, ["child_roster:row1", "custody:c1"]);
    let path = folder.path().join("cases.parquet");
    artifacts::cases(&path, &cases).unwrap();
    let batch = read(&path);
    assert_eq!(text(&batch, "status")[..4], ["new", "kept", "kept", "changed"].map(str::to_owned));
    assert_eq!(text(&batch, "withdrawn_reason")[5], "不再符合");
}

#[test]
fn records_come_back_with_their_arrow_types() {
    let set = record_set("one", 5);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.parquet");
    assert_eq!(artifacts::records(&path, &set).unwrap(), 5);
    let batch = read(&path);
    assert_eq!(batch.schema().fields(), set.batch.schema().fields());
    assert_eq!(text(&batch, "file"), text(&set.batch, "file"));
}
