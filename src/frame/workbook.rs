//! XLSX: one sheet with a row of headings. Values are what a person reads in the cells.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use calamine::{Data, Reader, Xlsx};

use super::build::TextPart;
use super::{Raw, Refused, places};
use crate::comparator::generic::Texts;

pub(super) fn read(path: &Path, sheet: Option<&str>, id: &str, wanted: &[&str]) -> Result<Raw, Vec<Refused>> {
    let file = File::open(path).map_err(|_| Refused::at(0, "the file cannot be opened"))?;
    let mut book: Xlsx<_> =
        Xlsx::new(BufReader::new(file)).map_err(|_| Refused::at(0, "it is no XLSX workbook, or damaged"))?;
    let names = book.sheet_names();
    let name = match sheet {
        Some(sheet) => names.iter().find(|name| *name == sheet),
        None => names.first(),
    };
    let Some(name) = name.cloned() else {
        let message = format!("the workbook has no such sheet; it has {}", names.join(", "));
        return Err(Refused::at(0, message));
    };
    let range = book.worksheet_range(&name).map_err(|_| Refused::at(0, "the sheet cannot be read"))?;
    let first = range.start().map_or(0, |(row, _)| row as usize);
    let mut rows = range.rows();
    let headings: Vec<String> = rows.next().unwrap_or_default().iter().map(text).collect();
    let (id_at, at) = places(&headings, id, wanted)?;
    let mut ids = Texts::default();
    let mut parts: Vec<TextPart> = wanted.iter().map(|_| TextPart::default()).collect();
    for (row, cells) in (first + 2..).zip(rows) {
        if cells.iter().all(|cell| *cell == Data::Empty) {
            continue;
        }
        let found = text(&cells[id_at]);
        if found.is_empty() {
            return Err(Refused::at(row, format!("the row has no id in `{id}`")));
        }
        ids.push(&found);
        parts.iter_mut().zip(&at).for_each(|(part, &at)| part.push(&text(&cells[at])));
    }
    Ok(Raw { ids, columns: parts.into_iter().map(TextPart::finish).collect() })
}

/// A cell as text: whole numbers without a fraction, dates as `YYYY-MM-DD`.
fn text(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::String(text) | Data::DurationIso(text) => text.clone(),
        Data::DateTimeIso(text) => {
            text.split_once("T00:00:00").map_or(text.as_str(), |(day, _)| day).to_owned()
        }
        Data::Float(number) => number.to_string(),
        Data::Int(number) => number.to_string(),
        Data::Bool(value) => value.to_string(),
        Data::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            let midnight = (hour, minute, second) == (0, 0, 0);
            if midnight { date } else { format!("{date} {hour:02}:{minute:02}:{second:02}") }
        }
        Data::DateTime(span) => span.as_f64().to_string(),
    }
}
