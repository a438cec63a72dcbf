//! An extract as one Parquet file: the headings are the columns, every cell is text or null.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::agencies::Row;
use super::pen::Cell;
use super::writers::{SynthError, cell_text};

/// An open Parquet file.
pub(crate) struct Columns {
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<File>,
}

impl Columns {
    /// Creates the file.
    pub(crate) fn create(path: &Path, headings: Vec<String>) -> Result<Self, SynthError> {
        let fields: Vec<Field> =
            headings.into_iter().map(|heading| Field::new(heading, DataType::Utf8, true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let file = File::create(path).map_err(|e| SynthError::Io(path.to_owned(), e))?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer =
            ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties)).map_err(|e| failed(path, e))?;
        Ok(Self { path: path.to_owned(), schema, writer })
    }

    /// Appends rows.
    pub(crate) fn write(&mut self, rows: &[Row]) -> Result<(), SynthError> {
        let column = |at: usize| -> ArrayRef {
            let text = |row: &Row| match &row.cells[at] {
                Cell::Empty => None,
                cell => Some(cell_text(cell)),
            };
            Arc::new(rows.iter().map(text).collect::<StringArray>())
        };
        let arrays = (0..self.schema.fields().len()).map(column).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)
            .map_err(|e| failed(&self.path, ParquetError::from(e)))?;
        self.writer.write(&batch).map_err(|e| failed(&self.path, e))
    }

    /// Writes what is left and the footer.
    pub(crate) fn finish(self) -> Result<(), SynthError> {
        let Self { path, writer, .. } = self;
        writer.close().map(drop).map_err(|e| failed(&path, e))
    }
}

fn failed(path: &Path, cause: ParquetError) -> SynthError {
    SynthError::Columns(path.to_owned(), cause)
}
