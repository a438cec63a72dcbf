//! F4: reads any tables (CSV, TSV, Parquet, XLSX) into one frame of columns.
//!
//! In: files, which column holds a row's id, which columns are wanted and what they hold. Out: a
//! [`Frame`] whose rows stand by table and id, digests of the files, and
//! warnings. Contracts are not known here: a table is taken as it is. This module must never let the place of
//! a row in its file show.

mod budget;
mod build;
mod csv_file;
mod parquet_file;
mod workbook;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use crate::comparator::generic::{Column, Format, Frame, Texts};
use crate::diag::{Diagnostic, Spot};
use crate::domain::sha256_of;
use crate::guard::Limits;

/// One table to read.
#[derive(Clone, Debug)]
pub struct TableSpec {
    /// Name.
    pub name: String,
    /// File; what it is follows from its extension.
    pub path: PathBuf,
    /// Column with the rows' ids.
    pub id: String,
    /// Sheet of a workbook; none: the first.
    pub sheet: Option<String>,
    /// Headings by the name of the column, where they differ.
    pub headings: BTreeMap<String, String>,
    /// Where the table is named, for diagnostics.
    pub spot: Spot,
}

impl TableSpec {
    fn heading<'a>(&'a self, column: &'a str) -> &'a str {
        self.headings.get(column).map_or(column, String::as_str)
    }
}

/// What a column holds.
#[derive(Clone, Debug, Default)]
pub struct ColumnSpec {
    /// How its text is read; none: as it stands, or as the file types it.
    pub reading: Option<Reading>,
    /// Texts that stand for a missing value, beside the empty one.
    pub null: Vec<String>,
}

/// How text becomes a value.
#[derive(Clone, Debug)]
pub enum Reading {
    /// It stays text, whatever the file's type.
    Text,
    /// A number.
    Number,
    /// A day in a format.
    Date(Format),
}

/// The rows that were read.
#[derive(Debug)]
pub struct Tables {
    /// All rows.
    pub frame: Frame,
    /// SHA-256 of each file, in the order of the tables.
    pub digests: Vec<String>,
    /// Values that could not be read and count as missing, and the like.
    pub warnings: Vec<Diagnostic>,
}

/// Reads tables; of each the `wanted` columns.
///
/// # Errors
/// Files that cannot be read or are past a limit, columns that are not there, ids that are missing or stand twice.
pub fn read(
    tables: &[TableSpec],
    wanted: &[String],
    columns: &BTreeMap<String, ColumnSpec>,
) -> Result<Tables, Vec<Diagnostic>> {
    read_within(tables, wanted, columns, &Limits::FOR_A_COUNTY)
}

/// The same within limits.
///
/// # Errors
/// As [`read`].
pub fn read_within(
    tables: &[TableSpec],
    wanted: &[String],
    columns: &BTreeMap<String, ColumnSpec>,
    limits: &Limits,
) -> Result<Tables, Vec<Diagnostic>> {
    let mut all = Vec::new();
    let (mut problems, mut warnings, mut digests) = (Vec::new(), Vec::new(), Vec::new());
    for table in tables {
        match read_one(table, wanted, limits) {
            Ok((raw, digest)) => {
                all.push(raw);
                digests.push(digest);
            }
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let rows: usize = all.iter().map(|raw| raw.ids.len()).sum();
    if u32::try_from(rows).is_err() {
        let message = "all tables together have more than 4 billion rows";
        return Err(vec![Diagnostic::error("table_unreadable", tables[0].spot.clone(), message)]);
    }
    let (mut ids, mut source) = (Texts::default(), Vec::new());
    for (at, raw) in (0_u16..).zip(&mut all) {
        source.resize(source.len() + raw.ids.len(), at);
        let of_table = std::mem::take(&mut raw.ids);
        if at == 0 { ids = of_table } else { ids.extend(&of_table) }
    }
    let mut made: BTreeMap<String, Column> = BTreeMap::new();
    for (at, name) in wanted.iter().enumerate() {
        let parts = all.iter_mut().map(|raw| std::mem::take(&mut raw.columns[at])).collect();
        let spec = columns.get(name).cloned().unwrap_or_default();
        match build::joined(name, parts, &spec) {
            Ok((column, told)) => {
                warnings.extend(told);
                made.insert(name.clone(), column);
            }
            Err(message) => {
                let spot = Spot { column: name.clone(), ..tables[0].spot.clone() };
                let help = format!("say what it holds: [column.{name}] type = \"text\"");
                problems.push(Diagnostic::error("column_type", spot, message).with_help(help));
            }
        }
    }
    drop(all);
    if !problems.is_empty() {
        return Err(problems);
    }
    let names = tables.iter().map(|table| table.name.clone()).collect();
    let frame = Frame::new(names, &source, &ids, made)
        .map_err(|(first, second)| vec![twice(tables, &source, first, second)])?;
    Ok(Tables { frame, digests, warnings })
}

/// Where an id stands twice: rows are told, not the id, which may name a person.
fn twice(tables: &[TableSpec], source: &[u16], first: usize, second: usize) -> Diagnostic {
    let table = &tables[usize::from(source[first])];
    let before = source.iter().take_while(|at| **at < source[first]).count();
    let (first, second) = (first - before + 1, second - before + 1);
    let spot = Spot { column: table.id.clone(), ..Spot::file(table.path.display().to_string()) };
    let message = format!("two rows of `{}` have one id, rows {first} and {second} of the data", table.name);
    Diagnostic::error("id_twice", spot, message).with_help("name a column whose values differ in every row")
}

/// The columns of one table as they were read.
pub(crate) struct Raw {
    ids: Texts,
    columns: Vec<build::Part>,
}

fn read_one(table: &TableSpec, wanted: &[String], limits: &Limits) -> Result<(Raw, String), Vec<Diagnostic>> {
    let file = table.path.display().to_string();
    let spot = Spot::file(file.as_str());
    let unreadable = |error: &io::Error| {
        let message = format!("read {file}: {error}");
        vec![Diagnostic::error("file_unreadable", table.spot.clone(), message)]
    };
    let bytes = std::fs::metadata(&table.path).map_err(|error| unreadable(&error))?.len();
    if bytes > limits.file_bytes_max {
        let message = format!("the file is larger than {} MiB", limits.file_bytes_max >> 20);
        return Err(vec![Diagnostic::error("table_unreadable", spot, message)]);
    }
    let (digest, _) = File::open(&table.path).and_then(sha256_of).map_err(|error| unreadable(&error))?;
    let headings: Vec<&str> = wanted.iter().map(|column| table.heading(column)).collect();
    let extension = table.path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let read = match extension.as_str() {
        "csv" => csv_file::read(&table.path, b',', &table.id, &headings, limits),
        "tsv" => csv_file::read(&table.path, b'\t', &table.id, &headings, limits),
        "parquet" => parquet_file::read(&table.path, &table.id, &headings, limits),
        "xlsx" => workbook::read(&table.path, table.sheet.as_deref(), &table.id, &headings, limits),
        _ => Err(Refused::at(0, "the extension is none of csv, tsv, parquet, xlsx")),
    };
    let raw = read.map_err(|refused| {
        refused
            .into_iter()
            .map(|one| {
                let spot = Spot { line: one.line, column: one.column, ..spot.clone() };
                let told = Diagnostic::error("table_unreadable", spot, one.message);
                if one.help.is_empty() { told } else { told.with_help(one.help) }
            })
            .collect::<Vec<_>>()
    })?;
    Ok((raw, digest))
}

/// Why a table cannot be taken.
#[derive(Debug, Default)]
struct Refused {
    line: u32,
    column: String,
    message: String,
    help: String,
}

impl Refused {
    fn at(line: usize, message: impl Into<String>) -> Vec<Self> {
        let line = u32::try_from(line).unwrap_or(0);
        vec![Self { line, message: message.into(), ..Self::default() }]
    }
}

/// The places of an id column and of other columns among headings.
fn places(headings: &[String], id: &str, wanted: &[&str]) -> Result<(usize, Vec<usize>), Vec<Refused>> {
    let (mut found, mut refused) = (Vec::new(), Vec::new());
    for name in std::iter::once(&id).chain(wanted) {
        let mut at = headings.iter().enumerate().filter(|(_, heading)| heading.as_str() == *name);
        match (at.next(), at.next()) {
            (Some((at, _)), None) => found.push(at),
            (first, _) => {
                let what = if first.is_some() { "stands more than once" } else { "is not there" };
                refused.push(Refused {
                    line: 1,
                    column: (*name).to_owned(),
                    message: format!("the column `{name}` {what}"),
                    help: format!("headings: {}", headings.join(", ")),
                });
            }
        }
    }
    if refused.is_empty() { Ok((found[0], found.split_off(1))) } else { Err(refused) }
}
