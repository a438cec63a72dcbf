//! Reads Parquet files into the intake; row numbers are index + 2, as if a header stood above. Memory: a batch of
//! rows and the file's dictionaries; time: no file keeps a night waiting, see `Apart`.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Float32Array, Float64Array, StringArray, StringBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ParquetMetaData;

use super::cell;
use super::footer;
use super::intake::Cells;
use super::workbook::Job;
use crate::guard::{Refusal, unreadable};

/// Rows decoded at once.
const BATCH_ROWS: usize = 4_096;

fn broken() -> Refusal {
    Refusal::new("file_truncated", "parquet file is broken or cut off", "文件损坏或不完整（Parquet 打不开）")
}

/// Reads the file; columns are found by name like headings.
pub(super) fn read(job: &mut Job<'_, '_>) -> Result<(), Refusal> {
    footer::check(job.path)?;
    let limit = Duration::from_secs(job.limits.reader_seconds_max);
    let path = job.path.to_owned();
    let opened = Apart::start(limit, move |say| say(open(&path)?)).next()?;
    let metadata = opened.ok_or_else(broken)?;
    let unpacked: i64 = metadata
        .metadata()
        .row_groups()
        .iter()
        .flat_map(parquet::file::metadata::RowGroupMetaData::columns)
        .map(|column| column.uncompressed_size().max(0))
        .fold(0, i64::saturating_add);
    if unpacked.unsigned_abs() > job.limits.zip_unpacked_max {
        let message = format!("file unpacks to more than {} MiB", job.limits.zip_unpacked_max >> 20);
        return Err(Refusal::new("zip_bomb", message, "压缩内容异常（解压后过大），拒绝读取"));
    }
    let schema = metadata.schema();
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let plan = job.intake.headings().plan(names.iter().map(String::as_str));
    if !job.intake.headings().plausible(&plan) {
        let reason = "找不到与约定列名相符的列";
        return Err(Refusal::new("header_missing", "no column matches the contract's headings", reason));
    }
    job.intake.begin_columns(&names)?;
    let wanted: Vec<usize> = {
        let mut wanted: Vec<usize> = plan.column_of.iter().flatten().copied().collect();
        wanted.sort_unstable();
        wanted
    };
    if wanted.iter().any(|&column| schema.field(column).data_type().is_nested()) {
        return Err(Refusal::new(
            "column_nested",
            "a column holds lists or records",
            "列的数据类型不是单个值",
        ));
    }
    let metadata = dictionary_types(metadata.metadata(), schema)?;
    let (path, columns_of) = (job.path.to_owned(), wanted.clone());
    let mut batches = Apart::start(limit, move |say| batches(&path, &metadata, &columns_of, say));
    let mut row = 1_u32;
    while let Some(batch) = batches.next()? {
        let mut columns: Vec<Option<Texts>> = vec![None; names.len()];
        for (at, array) in wanted.iter().zip(batch.columns()) {
            columns[*at] = Some(texts(array)?);
        }
        for index in 0..batch.num_rows() {
            row = row.checked_add(1).ok_or_else(broken)?;
            job.intake.push(row, &Record { columns: &columns, index })?;
        }
    }
    Ok(())
}

fn open(path: &Path) -> Result<ArrowReaderMetadata, Refusal> {
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    ArrowReaderMetadata::load(&file, ArrowReaderOptions::default()).map_err(|_| broken())
}

/// Decodes the wanted columns, batch by batch.
fn batches(
    path: &Path,
    metadata: &ArrowReaderMetadata,
    wanted: &[usize],
    say: &mut dyn FnMut(RecordBatch) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    for group in 0..metadata.metadata().num_row_groups() {
        // One group at a time: a batch that spans two dictionaries would be spelled out in full.
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone());
        let mask = ProjectionMask::roots(reader.parquet_schema(), wanted.iter().copied());
        let reader = reader.with_projection(mask).with_row_groups(vec![group]).with_batch_size(BATCH_ROWS);
        for batch in reader.build().map_err(|_| broken())? {
            say(batch.map_err(|_| broken())?)?;
        }
    }
    Ok(())
}

/// Work on a thread of its own, for the decoder follows counts that a file claims: a few bytes can keep it busy for
/// hours. A thread that gives nothing for too long is left to itself until the program ends; the file is refused.
struct Apart<T> {
    come: Receiver<Result<Option<T>, Refusal>>,
    limit: Duration,
}

impl<T: Send + 'static> Apart<T> {
    fn start(
        limit: Duration,
        work: impl FnOnce(&mut dyn FnMut(T) -> Result<(), Refusal>) -> Result<(), Refusal> + Send + 'static,
    ) -> Self {
        let (send, come) = sync_channel(1);
        std::thread::spawn(move || {
            // Who asked may have given up: then the work ends too.
            let mut say = |one| send.send(Ok(Some(one))).map_err(|_| broken());
            let end = work(&mut say).map(|()| None);
            let _ = send.send(end);
        });
        Self { come, limit }
    }

    /// What comes next; `None` at the end.
    fn next(&mut self) -> Result<Option<T>, Refusal> {
        match self.come.recv_timeout(self.limit) {
            Ok(next) => next,
            // The thread panicked.
            Err(RecvTimeoutError::Disconnected) => Err(broken()),
            Err(RecvTimeoutError::Timeout) => {
                let message = format!("the reader gave nothing for {} s", self.limit.as_secs());
                Err(Refusal::new("reader_stuck", message, "文件内容异常，读取没有结果"))
            }
        }
    }
}

/// The file's types with every text column as a dictionary: a value that stands in many rows is held
/// once, however long it is.
fn dictionary_types(
    metadata: &Arc<ParquetMetaData>,
    schema: &SchemaRef,
) -> Result<ArrowReaderMetadata, Refusal> {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
            let text = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            Arc::new(field.as_ref().clone().with_data_type(text))
        }
        _ => Arc::clone(field),
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let options = ArrowReaderOptions::new().with_schema(schema);
    let unreadable =
        |_| Refusal::new("column_type", "a column's type cannot be read as text", "列的数据类型无法识别");
    ArrowReaderMetadata::try_new(Arc::clone(metadata), options).map_err(unreadable)
}

/// One column of a batch as text.
#[derive(Clone)]
enum Texts {
    Plain(StringArray),
    /// Each value once, and for each row which one.
    Shared(DictionaryArray<Int32Type>),
}

/// A column as text, the way the same cell of a workbook would read.
fn texts(array: &ArrayRef) -> Result<Texts, Refusal> {
    match array.as_dictionary_opt::<Int32Type>() {
        Some(shared) if shared.values().as_string_opt::<i32>().is_some() => Ok(Texts::Shared(shared.clone())),
        _ => plain_texts(array).map(Texts::Plain),
    }
}

fn plain_texts(array: &ArrayRef) -> Result<StringArray, Refusal> {
    let utf8 = || {
        let array = cast(array, &DataType::Utf8).map_err(|_| {
            Refusal::new("column_type", "a column's type cannot be read as text", "列的数据类型无法识别")
        })?;
        array.as_any().downcast_ref::<StringArray>().cloned().ok_or_else(broken)
    };
    match array.data_type() {
        DataType::Timestamp(_, zone) => {
            let plain = cast(array, &DataType::Timestamp(arrow::datatypes::TimeUnit::Second, zone.clone()))
                .and_then(|array| cast(&array, &DataType::Utf8))
                .map_err(|_| broken())?;
            let plain = plain.as_any().downcast_ref::<StringArray>().ok_or_else(broken)?;
            Ok(rewrite(plain.iter(), cell::iso))
        }
        DataType::Boolean => Ok(rewrite(utf8()?.iter(), |text, out| {
            out.push(if text == "true" { '1' } else { '0' });
        })),
        DataType::Float64 => {
            let values = array.as_any().downcast_ref::<Float64Array>().ok_or_else(broken)?;
            Ok(rewrite(values.iter(), cell::number))
        }
        DataType::Float32 => {
            let values = array.as_any().downcast_ref::<Float32Array>().ok_or_else(broken)?;
            Ok(rewrite(values.iter(), |value, out| cell::number(f64::from(value), out)))
        }
        _ => utf8(),
    }
}

fn rewrite<T>(values: impl Iterator<Item = Option<T>>, write: impl Fn(T, &mut String)) -> StringArray {
    let (mut builder, mut text) = (StringBuilder::new(), String::new());
    for value in values {
        match value {
            None => builder.append_null(),
            Some(value) => {
                text.clear();
                write(value, &mut text);
                builder.append_value(&text);
            }
        }
    }
    builder.finish()
}

/// One row of decoded columns; columns that no field needs are absent and read as empty.
struct Record<'a> {
    columns: &'a [Option<Texts>],
    index: usize,
}

impl Cells for Record<'_> {
    fn count(&self) -> usize {
        self.columns.len()
    }

    fn cell(&self, column: usize) -> &str {
        match self.columns.get(column) {
            Some(Some(Texts::Plain(array))) if array.is_valid(self.index) => array.value(self.index),
            Some(Some(Texts::Shared(array))) => {
                let value = array.key(self.index).filter(|&at| array.values().is_valid(at));
                value.map_or("", |at| array.values().as_string::<i32>().value(at))
            }
            _ => "",
        }
    }
}
