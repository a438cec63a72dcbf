//! Reads truth files and a run's artifacts into small numbers; texts are shared, not repeated.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, UInt32Type};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rustc_hash::FxHashMap;

use super::finding::{Found, Subjects};
use super::{EvaluateError, Labels};

/// Rows per batch: large enough that the work per batch does not count.
const BATCH_ROWS: usize = 65_536;

/// Texts by number, in order of first appearance.
#[derive(Default)]
pub(super) struct Interner {
    index: FxHashMap<Box<str>, u32>,
}

impl Interner {
    /// The number of a text, given out when it is new.
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        if let Some(&id) = self.index.get(text) {
            return id;
        }
        let id = u32::try_from(self.index.len()).expect("fewer than 2^32 texts");
        self.index.insert(text.into(), id);
        id
    }

    /// The number of a text that was seen before.
    pub(super) fn get(&self, text: &str) -> Option<u32> {
        self.index.get(text).copied()
    }

    /// How many texts there are.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }
}

/// `truth.csv`: who is named where.
pub(super) struct Truth {
    places: Interner,
    people: Interner,
    /// Mention key and person, sorted by key, each key once.
    pub(super) rows: Vec<(u64, u32)>,
}

impl Truth {
    /// Reads `extract,file,sheet,row,role,person`, columns in any order.
    pub(super) fn read(path: &Path) -> Result<Self, EvaluateError> {
        let mut truth = Self { places: Interner::default(), people: Interner::default(), rows: Vec::new() };
        let mut place = String::new();
        let columns = ["extract", "file", "sheet", "role", "row", "person"];
        for_each_csv(path, columns, |line, [extract, file, sheet, role, row, person]| {
            let row = row.parse().map_err(|_| EvaluateError::Cell {
                path: path.to_owned(),
                line,
                column: "row",
            })?;
            join_place(&mut place, [extract, file, sheet, role]);
            let key = mention_key(truth.places.intern(&place), row);
            truth.rows.push((key, truth.people.intern(person)));
            Ok(())
        })?;
        truth.rows.sort_unstable();
        truth.rows.dedup_by_key(|row| row.0);
        truth.rows.shrink_to_fit();
        Ok(truth)
    }

    /// How many persons there are; their numbers are below.
    pub(super) fn persons(&self) -> usize {
        self.people.len()
    }

    /// A person's number.
    pub(super) fn person(&self, text: &str) -> Option<u32> {
        self.people.get(text)
    }

    /// Who is named in a mention.
    pub(super) fn person_at(&self, key: u64) -> Option<u32> {
        self.rows.binary_search_by_key(&key, |row| row.0).ok().map(|at| self.rows[at].1)
    }
}

/// Mention keys for rows of a run. Places the truth does not know get numbers of their own.
pub(super) struct Keys<'a> {
    truth: &'a Truth,
    unknown: Interner,
    buffer: String,
}

impl<'a> Keys<'a> {
    pub(super) fn new(truth: &'a Truth) -> Self {
        Self { truth, unknown: Interner::default(), buffer: String::new() }
    }

    /// The key of the person in role `role` of row `row`.
    pub(super) fn key(&mut self, place: [&str; 4], row: u32) -> u64 {
        join_place(&mut self.buffer, place);
        let place = match self.truth.places.get(&self.buffer) {
            Some(place) => place,
            None => u32::MAX - self.unknown.intern(&self.buffer),
        };
        mention_key(place, row)
    }
}

fn mention_key(place: u32, row: u32) -> u64 {
    u64::from(place) << 32 | u64::from(row)
}

/// Extract, file, sheet and role as one text; the unit separator occurs in none of them.
fn join_place(buffer: &mut String, parts: [&str; 4]) {
    buffer.clear();
    for part in parts {
        buffer.push_str(part);
        buffer.push('\u{1f}');
    }
}

/// What a run said.
pub(super) struct Run {
    /// Mention key and identity.
    pub(super) labels: Labels,
    /// Findings with their persons; empty when not asked for.
    pub(super) findings: Vec<Found>,
}

/// Reads `mentions.parquet` and, when asked, `findings.parquet` of a run.
pub(super) fn read_run(run_dir: &Path, truth: &Truth, with_findings: bool) -> Result<Run, EvaluateError> {
    let artifacts = run_dir.join("artifacts");
    let mut subjects = if with_findings {
        Subjects::read(&artifacts.join("findings.parquet"))?
    } else {
        Subjects::default()
    };
    let mut columns = vec!["extract", "file", "sheet", "row", "role", "identity_id"];
    if with_findings {
        columns.push("row_key");
    }
    let mut labels = Labels::new();
    let mut keys = Keys::new(truth);
    for_each_batch(&artifacts.join("mentions.parquet"), &columns, |batch| {
        let extracts = batch.text("extract")?;
        let (files, sheets, roles) = (batch.text("file")?, batch.text("sheet")?, batch.text("role")?);
        let rows = batch.typed("row", &DataType::UInt32)?;
        let identities = batch.typed("identity_id", &DataType::Int64)?;
        let (rows, identities) = (rows.as_primitive::<UInt32Type>(), identities.as_primitive::<Int64Type>());
        let row_keys = if with_findings { Some(batch.text("row_key")?) } else { None };
        labels.reserve(rows.len());
        for at in 0..rows.len() {
            let (extract, role) = (extracts.value(at), roles.value(at));
            let key = keys.key([extract, files.value(at), sheets.value(at), role], rows.value(at));
            labels.push((key, identities.value(at).cast_unsigned()));
            if let Some(row_keys) = &row_keys {
                subjects.meet(extract, role, row_keys.value(at), || truth.person_at(key));
            }
        }
        Ok(())
    })?;
    Ok(Run { labels, findings: subjects.into_found() })
}

/// A batch of a Parquet file, its columns by name.
pub(super) struct Batch<'a> {
    path: &'a Path,
    batch: RecordBatch,
}

impl Batch<'_> {
    /// A column as plain text; nulls read as empty.
    pub(super) fn text(&self, column: &str) -> Result<StringArray, EvaluateError> {
        Ok(self.typed(column, &DataType::Utf8)?.as_string::<i32>().clone())
    }

    /// A column cast to a type.
    pub(super) fn typed(&self, column: &str, kind: &DataType) -> Result<ArrayRef, EvaluateError> {
        let array = self.batch.column_by_name(column).ok_or_else(|| EvaluateError::ColumnMissing {
            path: self.path.to_owned(),
            column: column.to_owned(),
        })?;
        cast(array, kind).map_err(|source| EvaluateError::Type {
            path: self.path.to_owned(),
            column: column.to_owned(),
            source,
        })
    }
}

/// Calls `visit` with each batch of the named columns.
pub(super) fn for_each_batch(
    path: &Path,
    columns: &[&str],
    mut visit: impl FnMut(&Batch<'_>) -> Result<(), EvaluateError>,
) -> Result<(), EvaluateError> {
    let broken = |source| EvaluateError::Parquet { path: path.to_owned(), source };
    let file = open(path)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(broken)?;
    for column in columns {
        if builder.schema().column_with_name(column).is_none() {
            return Err(EvaluateError::ColumnMissing { path: path.to_owned(), column: (*column).to_owned() });
        }
    }
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(broken)?;
    for batch in reader {
        let batch = batch.map_err(|source| broken(source.into()))?;
        visit(&Batch { path, batch })?;
    }
    Ok(())
}

/// Calls `visit` with the line number and the named cells of each line of a CSV file.
pub(super) fn for_each_csv<const N: usize>(
    path: &Path,
    columns: [&'static str; N],
    mut visit: impl FnMut(u64, [&str; N]) -> Result<(), EvaluateError>,
) -> Result<(), EvaluateError> {
    let broken = |source| EvaluateError::Csv { path: path.to_owned(), source };
    let mut reader = csv::ReaderBuilder::new().from_reader(open(path)?);
    let header = reader.headers().map_err(broken)?.clone();
    let mut at = [0_usize; N];
    for (slot, column) in at.iter_mut().zip(columns) {
        let found = header.iter().position(|name| name.trim_start_matches('\u{feff}').trim() == column);
        *slot = found.ok_or_else(|| EvaluateError::ColumnMissing {
            path: path.to_owned(),
            column: column.to_owned(),
        })?;
    }
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(broken)? {
        let line = record.position().map_or(0, csv::Position::line);
        visit(line, at.map(|index| record.get(index).unwrap_or_default().trim()))?;
    }
    Ok(())
}

fn open(path: &Path) -> Result<File, EvaluateError> {
    File::open(path).map_err(|source| EvaluateError::Open { path: PathBuf::from(path), source })
}
