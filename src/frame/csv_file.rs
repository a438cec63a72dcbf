//! CSV and TSV in UTF-8, with a line of headings. All values are text; an empty one is missing.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

use super::budget::Budget;
use super::build::TextPart;
use super::{Raw, Refused, places};
use crate::comparator::generic::Texts;
use crate::guard::Limits;

/// The mark that some programs put before UTF-8.
const MARK: &str = "\u{feff}";

/// A file of which no more is read than a row may be long beyond the end of the last row: an open quotation mark
/// must not take the rest of the file into memory.
struct Leashed {
    file: File,
    read: u64,
    /// Where the last row ended.
    row_end: Rc<Cell<u64>>,
    most: u64,
}

/// Says in an error that a row is too long.
const TOO_LONG: io::ErrorKind = io::ErrorKind::FileTooLarge;

impl Read for Leashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read - self.row_end.get() > self.most {
            return Err(TOO_LONG.into());
        }
        let read = self.file.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}

pub(super) fn read(
    path: &Path,
    delimiter: u8,
    id: &str,
    wanted: &[&str],
    limits: &Limits,
) -> Result<Raw, Vec<Refused>> {
    let file = File::open(path).map_err(|_| Refused::at(0, "the file cannot be opened"))?;
    let row_end = Rc::new(Cell::new(0));
    let leashed = Leashed { file, read: 0, row_end: Rc::clone(&row_end), most: limits.row_bytes_max as u64 };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(leashed);
    let mut budget = Budget::new(limits);
    let headings: Vec<String> = reader
        .headers()
        .map_err(|error| refused(&error))?
        .iter()
        .enumerate()
        .map(|(at, heading)| if at == 0 { heading.trim_start_matches(MARK) } else { heading }.to_owned())
        .collect();
    budget.columns(headings.len(), 1)?;
    let (id_at, at) = places(&headings, id, wanted)?;
    let mut ids = Texts::default();
    let mut parts: Vec<TextPart> = wanted.iter().map(|_| TextPart::default()).collect();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| refused(&error))? {
        row_end.set(reader.position().byte());
        let line = record.position().map_or(0, csv::Position::line);
        let line = usize::try_from(line).unwrap_or(0);
        budget.rows(1, line)?;
        match record.get(id_at) {
            Some(found) if !found.is_empty() => {
                budget.cell(found.len(), line)?;
                ids.push(found);
            }
            _ => return Err(Refused::at(line, format!("the row has no id in `{id}`"))),
        }
        for (part, &at) in parts.iter_mut().zip(&at) {
            let text = record.get(at).unwrap_or_default();
            budget.cell(text.len(), line)?;
            part.push(text);
        }
    }
    Ok(Raw { ids, columns: parts.into_iter().map(TextPart::finish).collect() })
}

fn refused(error: &csv::Error) -> Vec<Refused> {
    let line = error.position().map_or(0, csv::Position::line);
    let line = usize::try_from(line).unwrap_or(0);
    match error.kind() {
        csv::ErrorKind::Io(error) if error.kind() == TOO_LONG => {
            Refused::at(line, "a row is too long, or a quotation mark is never closed")
        }
        csv::ErrorKind::Utf8 { .. } => Refused::at(line, "the line is not UTF-8 text"),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            Refused::at(line, format!("the line has {len} values, the headings are {expected_len}"))
        }
        // The error's own words may hold values.
        _ => Refused::at(line, "the file cannot be read as a table of text"),
    }
}
