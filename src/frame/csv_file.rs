//! CSV and TSV in UTF-8, with a line of headings. All values are text; an empty one is missing.

use std::path::Path;

use super::build::TextPart;
use super::{Raw, Refused, places};
use crate::comparator::generic::Texts;

/// The mark that some programs put before UTF-8.
const MARK: &str = "\u{feff}";

pub(super) fn read(path: &Path, delimiter: u8, id: &str, wanted: &[&str]) -> Result<Raw, Vec<Refused>> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).from_path(path).map_err(|error| refused(&error))?;
    let headings: Vec<String> = reader
        .headers()
        .map_err(|error| refused(&error))?
        .iter()
        .enumerate()
        .map(|(at, heading)| if at == 0 { heading.trim_start_matches(MARK) } else { heading }.to_owned())
        .collect();
    let (id_at, at) = places(&headings, id, wanted)?;
    let mut ids = Texts::default();
    let mut parts: Vec<TextPart> = wanted.iter().map(|_| TextPart::default()).collect();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| refused(&error))? {
        let line = record.position().map_or(0, csv::Position::line);
        match record.get(id_at) {
            Some(found) if !found.is_empty() => ids.push(found),
            _ => {
                let line = usize::try_from(line).unwrap_or(0);
                return Err(Refused::at(line, format!("the row has no id in `{id}`")));
            }
        }
        for (part, &at) in parts.iter_mut().zip(&at) {
            part.push(record.get(at).unwrap_or_default());
        }
    }
    Ok(Raw { ids, columns: parts.into_iter().map(TextPart::finish).collect() })
}

fn refused(error: &csv::Error) -> Vec<Refused> {
    let line = error.position().map_or(0, csv::Position::line);
    let line = usize::try_from(line).unwrap_or(0);
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => Refused::at(line, "the line is not UTF-8 text"),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            Refused::at(line, format!("the line has {len} values, the headings are {expected_len}"))
        }
        // The error's own words may hold values.
        _ => Refused::at(line, "the file cannot be read as a table of text"),
    }
}
