//! `mentions.parquet` and `identities.parquet`, and where a mention's row stands.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Float64Array, Int64Array, StringArray, UInt32Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt32Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use rustc_hash::FxHashMap;

use super::ReportError;
use super::writer::{ArrowTypes, coded, few, schema, text, write};
use crate::domain::{Day, Identity, Mention, MentionSet, Place, RecordSet, ResidentId, Resolution, Sex};

/// Places of rows by extract, for writers that start from mentions.
pub struct RowIndex<'a> {
    mentions: &'a MentionSet,
    extracts: Vec<ExtractRows<'a>>,
    extract_names: Arc<StringArray>,
    files: Arc<StringArray>,
    sheets: Arc<StringArray>,
    roles: Arc<StringArray>,
}

struct ExtractRows<'a> {
    name: &'a str,
    row_key: StringArray,
    row: UInt32Array,
    /// Index into `RowIndex::files` and `sheets` of each row.
    file: Vec<usize>,
    sheet: Vec<usize>,
    /// Index into `RowIndex::roles` of each role.
    roles: Vec<usize>,
    role_names: Vec<&'a str>,
}

impl<'a> RowIndex<'a> {
    /// Reads `row_key`, `file`, `sheet` and `row` of all record sets, in the order mentions count them.
    ///
    /// # Errors
    /// When a record set lacks one of these columns.
    pub fn new(records: &'a [RecordSet], mentions: &'a MentionSet) -> Result<Self, ArrowError> {
        let (mut files, mut sheets, mut roles) = (Pool::default(), Pool::default(), Pool::default());
        let mut extracts = Vec::new();
        for set in records {
            let column = |name: &str| {
                set.batch.column_by_name(name).cloned().ok_or_else(|| {
                    ArrowError::SchemaError(format!("records of {} lack the column {name}", set.extract))
                })
            };
            let role_names: Vec<&str> = set.contract.mention.iter().map(|spec| spec.role.as_str()).collect();
            extracts.push(ExtractRows {
                name: &set.extract,
                row_key: cast(&column("row_key")?, &DataType::Utf8)?.as_string::<i32>().clone(),
                row: cast(&column("row")?, &DataType::UInt32)?.as_primitive::<UInt32Type>().clone(),
                file: files.indices(&column("file")?)?,
                sheet: sheets.indices(&column("sheet")?)?,
                roles: role_names.iter().map(|role| roles.index(role)).collect(),
                role_names,
            });
        }
        let names = records.iter().map(|set| set.extract.as_str());
        Ok(Self {
            mentions,
            extracts,
            extract_names: Arc::new(StringArray::from_iter_values(names)),
            files: files.values(),
            sheets: sheets.values(),
            roles: roles.values(),
        })
    }

    fn mention(&self, mention: u32) -> &Mention {
        &self.mentions.mentions[mention as usize]
    }

    /// Extract, row key and role of a mention.
    pub fn name(&self, mention: u32) -> (&str, &str, &str) {
        let m = self.mention(mention);
        let rows = &self.extracts[usize::from(m.extract)];
        (rows.name, rows.row_key.value(m.row as usize), rows.role_names[usize::from(m.role)])
    }

    /// Columns extract, row key and role of mentions.
    pub(super) fn name_columns(&self, mentions: &[u32]) -> Result<[ArrayRef; 3], ArrowError> {
        let of = |mention: &u32| self.mention(*mention);
        let rows = |m: &Mention| &self.extracts[usize::from(m.extract)];
        Ok([
            coded(mentions.iter().map(of).map(|m| usize::from(m.extract)), &self.extract_names)?,
            text(mentions.iter().map(of).map(|m| rows(m).row_key.value(m.row as usize))),
            coded(mentions.iter().map(of).map(|m| rows(m).roles[usize::from(m.role)]), &self.roles)?,
        ])
    }
}

/// Distinct texts in order of first appearance.
#[derive(Default)]
struct Pool {
    texts: Vec<String>,
    index: FxHashMap<String, usize>,
}

impl Pool {
    fn index(&mut self, text: &str) -> usize {
        if let Some(&at) = self.index.get(text) {
            return at;
        }
        self.texts.push(text.to_owned());
        self.index.insert(text.to_owned(), self.texts.len() - 1);
        self.texts.len() - 1
    }

    /// Index of each cell's text; a null cell counts as the empty text.
    fn indices(&mut self, column: &ArrayRef) -> Result<Vec<usize>, ArrowError> {
        if let Some(dictionary) = column.as_any_dictionary_opt()
            && dictionary.null_count() == 0
            && !dictionary.values().is_empty()
        {
            let values = cast(dictionary.values(), &DataType::Utf8)?;
            let values = values.as_string::<i32>();
            let here: Vec<usize> = values.iter().map(|text| self.index(text.unwrap_or(""))).collect();
            return Ok(dictionary.normalized_keys().into_iter().map(|key| here[key]).collect());
        }
        let texts = cast(column, &DataType::Utf8)?;
        Ok(texts.as_string::<i32>().iter().map(|text| self.index(text.unwrap_or(""))).collect())
    }

    fn values(self) -> Arc<StringArray> {
        Arc::new(StringArray::from_iter_values(self.texts))
    }
}

/// Writes `mentions.parquet`: `extract, file, sheet, row, row_key, role, identity_id, link_probability,
/// grade`, one row for each mention in the order of the mention set. Gives the number of rows.
///
/// # Errors
/// When the file cannot be written.
pub fn mentions(path: &Path, index: &RowIndex<'_>, resolution: &Resolution) -> Result<u64, ReportError> {
    let shape = schema(&[
        ("extract", few(), false),
        ("file", few(), false),
        ("sheet", few(), false),
        ("row", DataType::UInt32, false),
        ("row_key", DataType::Utf8, false),
        ("role", few(), false),
        ("identity_id", DataType::Int64, false),
        ("link_probability", DataType::Float64, false),
        ("grade", few(), false),
    ]);
    let grades = Arc::new(grade_words());
    let all = &index.mentions.mentions;
    write(path, &shape, all.len(), ArrowTypes::Plain, |range| {
        let part = &all[range.clone()];
        let rows = |m: &Mention| &index.extracts[usize::from(m.extract)];
        let row: UInt32Array = part.iter().map(|m| Some(rows(m).row.value(m.row as usize))).collect();
        let identity = resolution.identity[range.clone()].iter().map(|id| id.0);
        let probability = resolution.probability[range.clone()].iter().map(|p| f64::from(*p));
        let columns: Vec<ArrayRef> = vec![
            coded(part.iter().map(|m| usize::from(m.extract)), &index.extract_names)?,
            coded(part.iter().map(|m| rows(m).file[m.row as usize]), &index.files)?,
            coded(part.iter().map(|m| rows(m).sheet[m.row as usize]), &index.sheets)?,
            Arc::new(row),
            text(part.iter().map(|m| rows(m).row_key.value(m.row as usize))),
            coded(part.iter().map(|m| rows(m).roles[usize::from(m.role)]), &index.roles)?,
            Arc::new(Int64Array::from_iter_values(identity)),
            Arc::new(Float64Array::from_iter_values(probability)),
            coded(resolution.grade[range].iter().map(|grade| *grade as usize), &grades)?,
        ];
        RecordBatch::try_new(Arc::clone(&shape), columns)
    })
}

/// Writes `identities.parquet`: `identity_id, name, resident_id, birth_date, sex, town, village, grade,
/// mentions`; `place` gives the names of town and village. Gives the number of rows.
///
/// # Errors
/// When the file cannot be written.
pub fn identities(
    path: &Path,
    identities: &[Identity],
    place: &(dyn Fn(Place) -> (String, String) + Sync),
) -> Result<u64, ReportError> {
    let shape = schema(&[
        ("identity_id", DataType::Int64, false),
        ("name", DataType::Utf8, false),
        ("resident_id", DataType::Utf8, true),
        ("birth_date", DataType::Date32, true),
        ("sex", few(), true),
        ("town", DataType::Utf8, true),
        ("village", DataType::Utf8, true),
        ("grade", few(), false),
        ("mentions", DataType::UInt32, false),
    ]);
    let grades = Arc::new(grade_words());
    let sexes = Arc::new(StringArray::from(vec!["男", "女"]));
    write(path, &shape, identities.len(), ArrowTypes::Plain, |range| {
        let part = &identities[range];
        let places: Vec<(String, String)> = part.iter().map(|identity| place(identity.place)).collect();
        let known = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let towns: StringArray = places.iter().map(|(town, _)| known(town)).collect();
        let villages: StringArray = places.iter().map(|(_, village)| known(village)).collect();
        let ids: StringArray = part.iter().map(|i| i.resident_id.map(ResidentId::text)).collect();
        let births: Date32Array = part.iter().map(|i| i.birth.map(Day::days)).collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(part.iter().map(|i| i.id.0))),
            text(part.iter().map(|i| i.name.as_str())),
            Arc::new(ids),
            Arc::new(births),
            // An unknown sex has no index and becomes null.
            coded(part.iter().map(|i| sex_index(i.sex)), &sexes)?,
            Arc::new(towns),
            Arc::new(villages),
            coded(part.iter().map(|i| i.grade as usize), &grades)?,
            Arc::new(UInt32Array::from_iter_values(part.iter().map(|i| i.mentions))),
        ];
        RecordBatch::try_new(Arc::clone(&shape), columns)
    })
}

const fn sex_index(sex: Sex) -> usize {
    match sex {
        Sex::Male => 0,
        Sex::Female => 1,
        Sex::Unknown => usize::MAX,
    }
}

/// Letters of the grades, in the order of the enum.
pub(super) fn grade_words() -> StringArray {
    use crate::domain::Grade;
    StringArray::from_iter_values([Grade::A, Grade::B, Grade::C, Grade::D].map(Grade::letter))
}
