//! Parquet. Columns keep the types of the file: text, numbers, days, moments, lists of text or numbers.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};

use super::budget::Budget;
use super::build::{Part, TextPart};
use super::{Raw, Refused, places};
use crate::comparator::generic::{Cell, Codes, Kind, MISSING, Texts};
use crate::domain::Day;
use crate::guard::Limits;

/// Rows decoded at once.
const BATCH_ROWS: usize = 1 << 16;
/// Rows for which there is room from the start.
const ROOM_MAX: usize = 1 << 22;
/// A text of the dictionary that has no code yet.
const NOT_YET: u32 = u32::MAX;

pub(super) fn read(path: &Path, id: &str, wanted: &[&str], limits: &Limits) -> Result<Raw, Vec<Refused>> {
    let broken = |_| Refused::at(0, "the Parquet file is broken or cut off");
    let open = || File::open(path).map_err(|_| Refused::at(0, "the file cannot be opened"));
    let builder = ParquetRecordBatchReaderBuilder::try_new(open()?).map_err(broken)?;
    let mut budget = Budget::new(limits);
    within(builder.metadata(), &mut budget, limits)?;
    let schema = builder.schema().clone();
    let headings: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let (id_at, at) = places(&headings, id, wanted)?;
    let as_dictionaries = dictionaries(&schema, id_at);
    let options = ArrowReaderOptions::new().with_schema(Arc::clone(&as_dictionaries));
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(builder.metadata()), options)
        .map_err(|_| Refused::at(0, "a column has a type that cannot be read"))?;
    // What the file says of itself is believed only so far.
    let rows = usize::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0).min(ROOM_MAX);
    let mut ids = Texts::with_room(rows);
    let mut parts: Vec<Building> =
        at.iter().map(|&at| Building::of(as_dictionaries.field(at).data_type(), rows)).collect();
    for group in 0..metadata.metadata().num_row_groups() {
        // One group at a time: a batch that spans two dictionaries would be spelled out in full.
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(open()?, metadata.clone());
        let mask =
            ProjectionMask::roots(reader.parquet_schema(), at.iter().copied().chain(std::iter::once(id_at)));
        let reader = reader.with_projection(mask).with_row_groups(vec![group]).with_batch_size(BATCH_ROWS);
        for batch in reader.build().map_err(broken)? {
            let batch = batch.map_err(|_| Refused::at(0, "the Parquet file is broken or cut off"))?;
            let column = |name: &str| {
                batch.column_by_name(name).ok_or_else(|| Refused::at(0, "a column vanished while reading"))
            };
            push_ids(&mut ids, column(id)?, id, &mut budget)?;
            for (part, name) in parts.iter_mut().zip(wanted) {
                part.push(column(name)?, name, &mut budget)?;
            }
        }
    }
    Ok(Raw { ids, columns: parts.into_iter().map(Building::finish).collect() })
}

/// The file's types with every text column but the id as a dictionary, so that each text is looked up once.
fn dictionaries(schema: &SchemaRef, id_at: usize) -> SchemaRef {
    let fields = schema.fields().iter().enumerate().map(|(at, field)| match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..)
            if at != id_at =>
        {
            let text = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            Arc::new(field.as_ref().clone().with_data_type(text))
        }
        _ => Arc::clone(field),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Whether rows, columns and what the file unpacks to are within the limits.
fn within(metadata: &ParquetMetaData, budget: &mut Budget<'_>, limits: &Limits) -> Result<(), Vec<Refused>> {
    let columns = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let sizes = columns.map(|column| column.uncompressed_size().max(0));
    if sizes.fold(0, i64::saturating_add).unsigned_abs() > limits.zip_unpacked_max {
        let most = limits.zip_unpacked_max >> 20;
        return Err(Refused::at(0, format!("the file unpacks to more than {most} MiB")));
    }
    budget.columns(metadata.file_metadata().schema_descr().num_columns(), 0)?;
    budget.rows(u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(u64::MAX), 0)
}

fn push_ids(
    ids: &mut Texts,
    column: &ArrayRef,
    name: &str,
    budget: &mut Budget<'_>,
) -> Result<(), Vec<Refused>> {
    let texts = cast(column, &DataType::Utf8).map_err(|_| unfit(name))?;
    let before = ids.len();
    for (row, text) in texts.as_string::<i32>().iter().enumerate() {
        match text {
            Some(text) if !text.is_empty() => {
                budget.cell(text.len(), 0)?;
                ids.push(text);
            }
            _ => {
                let message = format!("row {} of the data has no id in `{name}`", before + row + 1);
                return Err(Refused::at(0, message));
            }
        }
    }
    Ok(())
}

fn unfit(name: &str) -> Vec<Refused> {
    let message = format!("the column `{name}` has a type that cannot be compared");
    vec![Refused { column: name.to_owned(), message, ..Refused::default() }]
}

/// A column while it is being read.
enum Building {
    Text(TextPart),
    Cells { kind: Option<Kind>, codes: Codes, rows: Vec<u32> },
}

impl Building {
    fn of(kind: &DataType, rows: usize) -> Self {
        match kind {
            DataType::Dictionary(..) => Self::Text(TextPart::with_room(rows)),
            _ => Self::Cells { kind: None, codes: Codes::default(), rows: Vec::with_capacity(rows) },
        }
    }

    fn push(&mut self, column: &ArrayRef, name: &str, budget: &mut Budget<'_>) -> Result<(), Vec<Refused>> {
        match self {
            Self::Text(part) => {
                let column: &DictionaryArray<Int32Type> =
                    column.as_dictionary_opt().ok_or_else(|| unfit(name))?;
                let texts = column.values().as_string_opt::<i32>().ok_or_else(|| unfit(name))?;
                texts.iter().flatten().try_for_each(|text| budget.cell(text.len(), 0))?;
                push_texts(part, column).ok_or_else(|| unfit(name))
            }
            Self::Cells { kind, codes, rows } => {
                let found = cells(column, &mut |cell| rows.push(codes.of(&cell)));
                *kind = Some(found.ok_or_else(|| unfit(name))?);
                Ok(())
            }
        }
    }

    fn finish(self) -> Part {
        match self {
            Self::Text(part) => part.finish(),
            Self::Cells { kind, codes, rows } => {
                Part { kind, codes: rows, values: codes.values().split_off(1) }
            }
        }
    }
}

fn push_texts(part: &mut TextPart, column: &DictionaryArray<Int32Type>) -> Option<()> {
    let texts: &StringArray = column.values().as_string_opt::<i32>()?;
    let mut code_of = vec![NOT_YET; texts.len()];
    for key in column.keys() {
        let Some(key) = key else {
            part.push_code(MISSING);
            continue;
        };
        let key = usize::try_from(key).ok()?;
        if code_of[key] == NOT_YET {
            code_of[key] = if texts.is_null(key) { MISSING } else { part.code(texts.value(key)) };
        }
        part.push_code(code_of[key]);
    }
    Some(())
}

/// The cells of a column that is no text, and their kind; nothing for types that cannot be compared.
fn cells(column: &ArrayRef, push: &mut impl FnMut(Cell)) -> Option<Kind> {
    match column.data_type() {
        DataType::Boolean => {
            let column = column.as_boolean();
            column.iter().for_each(|v| push(v.map_or(Cell::Null, |v| Cell::Number(f64::from(u8::from(v))))));
            Some(Kind::Number)
        }
        DataType::Date32 | DataType::Date64 => {
            let days =
                cast(column, &DataType::Date32).ok().and_then(|days| cast(&days, &DataType::Int32).ok())?;
            let days = days.as_primitive::<Int32Type>();
            days.iter().for_each(|v| push(v.map_or(Cell::Null, |days| Cell::Day(Day::from_days(days)))));
            Some(Kind::Day)
        }
        DataType::Timestamp(..) => {
            let micros = cast(column, &DataType::Timestamp(TimeUnit::Microsecond, None)).ok()?;
            let micros = cast(&micros, &DataType::Int64).ok()?;
            let micros = micros.as_primitive::<Int64Type>();
            micros.iter().for_each(|v| push(v.map_or(Cell::Null, |v| Cell::Moment(v as f64 / 1e6))));
            Some(Kind::Moment)
        }
        DataType::List(inner) | DataType::LargeList(inner) => {
            let texts = inner.data_type().is_string();
            let item = if texts { DataType::Utf8 } else { DataType::Float64 };
            let lists = cast(column, &DataType::new_list(item, true)).ok()?;
            for list in lists.as_list::<i32>().iter() {
                push(list.map_or(Cell::Null, |list| list_cell(&list, texts)));
            }
            Some(if texts { Kind::List } else { Kind::Vector })
        }
        kind if kind.is_numeric() => {
            let numbers = cast(column, &DataType::Float64).ok()?;
            let numbers = numbers.as_primitive::<Float64Type>();
            numbers.iter().for_each(|v| push(v.map_or(Cell::Null, Cell::Number)));
            Some(Kind::Number)
        }
        _ => None,
    }
}

fn list_cell(list: &ArrayRef, texts: bool) -> Cell {
    if texts {
        Cell::list(&list.as_string::<i32>().iter().flatten().collect::<Vec<_>>())
    } else {
        Cell::Vector(list.as_primitive::<Float64Type>().iter().flatten().collect())
    }
}
