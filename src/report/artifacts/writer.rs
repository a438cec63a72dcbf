//! Parquet files in parallel: every row group is made and encoded on its own thread, then appended in order.

use std::fs::File;
use std::io::BufWriter;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, ListBuilder, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;

use super::ReportError;

/// Rows of one row group.
const GROUP: usize = 262_144;

/// Whether Arrow's own types (dictionaries) are told in the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ArrowTypes {
    /// Told: reading back gives the same Arrow types.
    Keep,
    /// Not told: every reader sees plain text columns.
    Plain,
}

/// Writes `rows` rows; `make` gives the batch of a range of rows. Gives the number of rows.
pub(super) fn write(
    path: &Path,
    schema: &SchemaRef,
    rows: usize,
    types: ArrowTypes,
    make: impl Fn(Range<usize>) -> Result<RecordBatch, ArrowError> + Sync,
) -> Result<u64, ReportError> {
    let file = File::create(path).map_err(ReportError::io(path))?;
    write_groups(BufWriter::new(file), schema, rows, types, make)
        .map_err(|source| ReportError::Parquet { path: path.to_owned(), source })?;
    Ok(rows as u64)
}

fn write_groups(
    out: BufWriter<File>,
    schema: &SchemaRef,
    rows: usize,
    types: ArrowTypes,
    make: impl Fn(Range<usize>) -> Result<RecordBatch, ArrowError> + Sync,
) -> Result<(), ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_created_by("doudi".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_dictionary_enabled(false);
    // Only columns that are dictionaries here are worth one there: to look for repeats among row keys
    // and numbers of persons takes longer than all else.
    for field in schema.fields().iter().filter(|field| matches!(field.data_type(), DataType::Dictionary(..)))
    {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(field.name().as_str()), true);
    }
    let mut properties = properties.build();
    if types == ArrowTypes::Keep {
        add_encoded_arrow_schema_to_metadata(schema, &mut properties);
    }
    let parquet_schema = ArrowSchemaConverter::new().convert(schema)?;
    let mut writer = SerializedFileWriter::new(out, parquet_schema.root_schema_ptr(), Arc::new(properties))?;
    let factory = ArrowRowGroupWriterFactory::new(&writer, Arc::clone(schema));
    let ranges: Vec<Range<usize>> =
        (0..rows).step_by(GROUP).map(|start| start..(start + GROUP).min(rows)).collect();
    // A few groups at a time bound the memory; within a wave the order is kept.
    let wave = rayon::current_num_threads().max(1) * 2;
    for (number, ranges) in ranges.chunks(wave).enumerate() {
        let groups: Vec<Vec<ArrowColumnChunk>> = ranges
            .par_iter()
            .enumerate()
            .map(|(at, range)| encode(&factory, number * wave + at, &make(range.clone())?))
            .collect::<Result<_, ParquetError>>()?;
        for group in groups {
            let mut row_group = writer.next_row_group()?;
            for chunk in group {
                chunk.append_to_row_group(&mut row_group)?;
            }
            row_group.close()?;
        }
    }
    writer.close().map(drop)
}

fn encode(
    factory: &ArrowRowGroupWriterFactory,
    group: usize,
    batch: &RecordBatch,
) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
    let schema = batch.schema();
    let mut writers = factory.create_column_writers(group)?.into_iter();
    let mut chunks = Vec::new();
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        for leaf in compute_leaves(field, column)? {
            let mut writer =
                writers.next().ok_or_else(|| ParquetError::General("fewer writers than columns".into()))?;
            writer.write(&leaf)?;
            chunks.push(writer.close()?);
        }
    }
    Ok(chunks)
}

/// A schema of columns: name, type, nullable.
pub(in crate::report) fn schema(columns: &[(&str, DataType, bool)]) -> SchemaRef {
    let fields: Vec<Field> =
        columns.iter().map(|(name, kind, nullable)| Field::new(*name, kind.clone(), *nullable)).collect();
    Arc::new(Schema::new(fields))
}

/// Type of a text column with few values.
pub(super) fn few() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// A text column with few values, given as indices into them.
pub(super) fn coded(
    keys: impl Iterator<Item = usize>,
    values: &Arc<StringArray>,
) -> Result<ArrayRef, ArrowError> {
    let keys: Int32Array = keys.map(|key| i32::try_from(key).ok()).collect();
    let values: ArrayRef = Arc::clone(values) as ArrayRef;
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, values)?))
}

/// A text column.
pub(super) fn text<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// A column of lists of text.
pub(super) fn lists(rows: impl Iterator<Item = Vec<String>>) -> ArrayRef {
    let item = Arc::new(Field::new("item", DataType::Utf8, false));
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(item);
    for row in rows {
        for item in row {
            builder.values().append_value(item);
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}
