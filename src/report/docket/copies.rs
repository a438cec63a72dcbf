//! Copies of a ledger that another system takes in: its headings, nothing above them, no asterisks.

use std::path::Path;

use arrow::record_batch::RecordBatch;

use super::files::Written;
use super::rows::{NUMBER, Sheets, Table, fixed_headings};
use super::{CopyColumn, CopyFill, CopyFormat, DocketCopy, DocketFacts, DocketTemplate};
use crate::diag::did_you_mean;
use crate::report::book::{self, Book};
use crate::report::input::PublishInput;
use crate::report::rows::{CaseFacts, Receiver};
use crate::report::{ReportError, flat};

/// Reports what is wrong at a place: code, place, what, and what may have been meant.
type Report<'r> = dyn FnMut(&'static str, &str, String, Option<&str>) + 'r;

/// What TOML types cannot say: the ledgers and headings of a copy exist.
pub(super) fn check(template: &DocketTemplate, copy: &DocketCopy, report: &mut Report<'_>) {
    let ledgers = || template.part.iter().map(|part| part.title.as_str()).chain([template.title.as_str()]);
    for unknown in copy.of.iter().filter(|of| !ledgers().any(|title| title == of.as_str())) {
        let message = format!("`{unknown}` is no ledger here");
        report("unknown_ledger", &copy.title, message, did_you_mean(unknown, ledgers()));
    }
    let headings = || fixed_headings().chain(template.column.iter().map(|column| column.title.as_str()));
    for unknown in
        copy.column.iter().flat_map(|c| &c.from).filter(|from| !headings().any(|h| h == from.as_str()))
    {
        let message = format!("the ledger has no column `{unknown}`");
        report("unknown_column", &copy.title, message, did_you_mean(unknown, headings()));
    }
    for (at, column) in copy.column.iter().enumerate() {
        if copy.column[..at].iter().any(|earlier| earlier.title == column.title) {
            let message = format!("the copy has two columns `{}`", column.title);
            report("column_title_twice", &copy.title, message, None);
        }
    }
}

/// Writes the copies for one recipient; none while it may not have numbers in full.
pub(super) fn write<'a>(
    (input, docket): (&PublishInput<'a>, &DocketFacts<'_>),
    (receiver, rows): (Receiver<'_>, &RecordBatch),
    cases: &[&CaseFacts<'a>],
    folder: &Path,
) -> Result<Vec<Written>, ReportError> {
    let template = docket.template;
    if template.copy.is_empty() || !receiver.gate().knows(NUMBER) {
        return Ok(Vec::new());
    }
    let receiver = Receiver { whole: true, ..receiver };
    let sheets = Sheets::build((input, docket), rows, receiver, cases)
        .map_err(|error| ReportError::Parquet { path: folder.to_owned(), source: error.into() })?;
    let Some(sheets) = sheets else { return Ok(Vec::new()) };
    template.copy.iter().map(|copy| write_one(input, (template, copy), &sheets, folder)).collect()
}

fn write_one(
    input: &PublishInput<'_>,
    (template, copy): (&DocketTemplate, &DocketCopy),
    sheets: &Sheets,
    folder: &Path,
) -> Result<Written, ReportError> {
    let ledger = |title: &String| {
        let part = template.part.iter().position(|part| part.title == *title);
        part.map_or((&sheets.all, ""), |at| (&sheets.parts[at], template.part[at].registered.as_str()))
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for of in copy.of.iter().map(ledger) {
        add_lines(&mut rows, copy, of);
    }
    let stem = format!("{}_{}", copy.title, input.as_of.iso());
    let titles: Vec<&str> = copy.column.iter().map(|column| column.title.as_str()).collect();
    let path = match copy.format {
        CopyFormat::Csv => {
            let path = folder.join(format!("{stem}.csv"));
            flat::texts(&path, titles.iter().copied(), rows.iter())?;
            path
        }
        CopyFormat::Xlsx => {
            let path = folder.join(format!("{stem}.xlsx"));
            let book = Book::plain(&copy.title, "", input.run_id, input.as_of);
            book::write_bare(&path, &book, &titles, &rows)
                .map_err(|source| ReportError::Workbook { path: path.clone(), source })?;
            path
        }
    };
    Ok(Written { path, purpose: copy.title.clone(), rows: rows.len() })
}

/// Adds the rows of one ledger, and the word under which its owner registers them, as the copy has them.
fn add_lines(rows: &mut Vec<Vec<String>>, copy: &DocketCopy, (table, registered): (&Table, &str)) {
    let place = |from: &String| table.columns.iter().position(|heading| heading.title == *from);
    let columns: Vec<(&CopyColumn, Vec<usize>)> =
        copy.column.iter().map(|column| (column, column.from.iter().filter_map(place).collect())).collect();
    for at in 0..table.height() {
        let cells: Vec<&str> = table.row(at).collect();
        let number = (rows.len() + 1).to_string();
        let cell = |(column, from): &(&CopyColumn, Vec<usize>)| match column.fill {
            Some(CopyFill::Number) => number.clone(),
            Some(CopyFill::Registered) => registered.to_owned(),
            None => column.cell(from.iter().map(|at| cells[*at])).to_owned(),
        };
        rows.push(columns.iter().map(cell).collect());
    }
}

impl CopyColumn {
    /// What stands in a row whose cells of `from` are these.
    fn cell<'c>(&'c self, mut from: impl Iterator<Item = &'c str>) -> &'c str {
        let told = from.find(|cell| !cell.is_empty());
        let said = told.and_then(|word| {
            if self.words.is_empty() { Some(word) } else { self.words.get(word).map(String::as_str) }
        });
        said.unwrap_or(&self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(text: &str) -> CopyColumn {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_cell_is_the_first_that_is_told_in_the_words_of_the_other_system() {
        let check = |text: &str, cells: &[&str], expected: &str| {
            assert_eq!(column(text).cell(cells.iter().copied()), expected, "{text}");
        };
        check("title = 'a'\nfrom = ['b', 'c']", &["", "2026-11-20"], "2026-11-20");
        check("title = 'a'\nfrom = ['b']\nvalue = '无'", &[""], "无");
        check("title = 'a'\nfrom = ['b']\nwords = { '住校' = '是' }\nvalue = '否'", &["住校"], "是");
        check("title = 'a'\nfrom = ['b']\nwords = { '住校' = '是' }\nvalue = '否'", &["走读"], "否");
        check("title = 'a'", &[], "");
    }
}
