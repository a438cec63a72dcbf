//! XLSX: one sheet with a row of headings. Values are what a person reads in the cells.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use calamine::{Data, Reader, Xlsx};

use super::budget::Budget;
use super::build::TextPart;
use super::{Raw, Refused, places};
use crate::comparator::generic::Texts;
use crate::guard::{Limits, check_zip};

pub(super) fn read(
    path: &Path,
    sheet: Option<&str>,
    id: &str,
    wanted: &[&str],
    limits: &Limits,
) -> Result<Raw, Vec<Refused>> {
    check_zip(path, limits).map_err(|refusal| Refused::at(0, refusal.message))?;
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
    let broken = || Refused::at(0, "the sheet cannot be read");
    let mut cells = book.worksheet_cells_reader(&name).map_err(|_| broken())?;
    let mut table = Table::new(id, wanted, limits);
    // Cells come one by one: a sheet may claim to reach down to its last possible cell.
    while let Some(cell) = cells.next_cell().map_err(|_| broken())? {
        let (row, column) = cell.get_position();
        table.cell(row as usize + 1, column as usize, text(&Data::from(cell.get_value().clone())))?;
    }
    table.finish()
}

/// A table while its cells come in.
struct Table<'a> {
    id: &'a str,
    wanted: &'a [&'a str],
    budget: Budget<'a>,
    /// Row as people count, and its texts by column.
    row: (usize, Vec<String>),
    /// Places of the id and of the wanted columns, when the headings were seen.
    places: Option<(usize, Vec<usize>)>,
    ids: Texts,
    parts: Vec<TextPart>,
}

impl<'a> Table<'a> {
    fn new(id: &'a str, wanted: &'a [&'a str], limits: &'a Limits) -> Self {
        Self {
            id,
            wanted,
            budget: Budget::new(limits),
            row: (0, Vec::new()),
            places: None,
            ids: Texts::default(),
            parts: wanted.iter().map(|_| TextPart::default()).collect(),
        }
    }

    fn cell(&mut self, row: usize, column: usize, text: String) -> Result<(), Vec<Refused>> {
        if text.is_empty() {
            return Ok(());
        }
        if row != self.row.0 {
            self.end_row()?;
            self.row.0 = row;
        }
        self.budget.columns(column + 1, row)?;
        self.budget.cell(text.len(), row)?;
        let texts = &mut self.row.1;
        if texts.len() <= column {
            texts.resize(column + 1, String::new());
        }
        texts[column] = text;
        Ok(())
    }

    /// The first row with anything in it has the headings; a row without anything is none.
    fn end_row(&mut self) -> Result<(), Vec<Refused>> {
        let (row, texts) = std::mem::take(&mut self.row);
        if texts.is_empty() {
            return Ok(());
        }
        let Some((id_at, at)) = &self.places else {
            self.places = Some(places(&texts, self.id, self.wanted)?);
            return Ok(());
        };
        self.budget.rows(1, row)?;
        let text = |at: usize| texts.get(at).map_or("", String::as_str);
        if text(*id_at).is_empty() {
            return Err(Refused::at(row, format!("the row has no id in `{}`", self.id)));
        }
        self.ids.push(text(*id_at));
        self.parts.iter_mut().zip(at).for_each(|(part, &at)| part.push(text(at)));
        Ok(())
    }

    fn finish(mut self) -> Result<Raw, Vec<Refused>> {
        self.end_row()?;
        if self.places.is_none() {
            places(&[], self.id, self.wanted)?;
        }
        Ok(Raw { ids: self.ids, columns: self.parts.into_iter().map(TextPart::finish).collect() })
    }
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
