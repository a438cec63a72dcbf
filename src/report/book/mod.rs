//! Workbooks that officers print and fill in: summary, lists, annexes, rules that did not run, notes.
//!
//! Text goes in as text always, so no cell can become a formula. Evidence cells are locked (without a
//! password: it protects from slips, not from people), answer cells are open. The creation time is the
//! as-of day, so the same rows give the same bytes.

mod cover;
mod docket;
mod groups;
mod list_sheet;
mod look;
mod periodic;
mod policies;
mod progress;

use std::path::Path;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

pub(super) use cover::{NotRun, SummaryCounts, SummaryRow};
pub(super) use docket::{DocketBook, DocketSheet, TallySheet, write_docket};
pub(super) use periodic::{PeriodicBook, write_periodic};
pub(super) use policies::{PolicyChild, PolicySheets};
pub(super) use progress::ProgressRow;

use super::rows::ListRows;
use super::template::ListPart;
use crate::domain::{Day, Quarantined};
use look::Look;

/// One workbook.
pub(super) struct Book<'a> {
    /// Title, as in the file's name.
    pub(super) title: String,
    /// Who receives it.
    pub(super) receiver: String,
    pub(super) run_id: &'a str,
    pub(super) as_of: Day,
    /// Lists in order, each with its annex.
    pub(super) lists: Vec<BookList<'a>>,
    pub(super) summary: Vec<SummaryRow>,
    /// Figures of progress, by list and town.
    pub(super) progress: Vec<ProgressRow>,
    pub(super) not_run: Vec<NotRun>,
    /// Rows held back, for the owner of the data: title of the extract and the row.
    pub(super) returned: Vec<(String, &'a Quarantined)>,
    /// Name of their sheet.
    pub(super) returned_sheet: String,
    /// 一童一策, for whom may see it.
    pub(super) policies: Option<PolicySheets>,
    /// Legal basis of the rules: title, basis.
    pub(super) basis: Vec<(String, String)>,
}

impl<'a> Book<'a> {
    /// A workbook without lists.
    pub(super) fn plain(title: &str, receiver: &str, run_id: &'a str, as_of: Day) -> Self {
        Self {
            title: title.to_owned(),
            receiver: receiver.to_owned(),
            run_id,
            as_of,
            lists: Vec::new(),
            summary: Vec::new(),
            progress: Vec::new(),
            not_run: Vec::new(),
            returned: Vec::new(),
            returned_sheet: String::new(),
            policies: None,
            basis: Vec::new(),
        }
    }
}

/// A list of a workbook, or a part of one.
pub(super) struct BookList<'a> {
    /// The part; `None` for the list itself.
    pub(super) part: Option<&'a ListPart>,
    pub(super) main: ListRows<'a>,
    pub(super) annex: ListRows<'a>,
}

/// Writes the workbook.
pub(super) fn write(path: &Path, book: &Book<'_>) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(book)?);
    let look = Look::new();
    cover::summary(workbook.add_worksheet(), &look, book)?;
    let alone = book.lists.iter().filter(|list| list.part.is_none()).count() == 1;
    for list in &book.lists {
        let template = list.main.template;
        let (name, title) =
            list.part.map_or((&template.sheet, &template.title), |part| (&part.sheet, &part.title));
        let heading = format!("{title}（{}）", book.receiver);
        list_sheet::write(workbook.add_worksheet(), &look, book, (name, &heading), &list.main)?;
        if list.annex.frame.height() > 0 {
            let name = if alone && list.part.is_none() {
                "疑似同人待确认".to_owned()
            } else {
                format!("{name}-待确认")
            };
            let heading = format!("疑似同人待确认 · {title}（{}）", book.receiver);
            list_sheet::write(workbook.add_worksheet(), &look, book, (&name, &heading), &list.annex)?;
        }
        if let Some(arrangement) = list.main.arrangement {
            groups::write(workbook.add_worksheet(), &look, book, (list, arrangement))?;
        }
    }
    if !book.progress.is_empty() {
        progress::write(workbook.add_worksheet(), &look, book)?;
    }
    if let Some(found) = &book.policies {
        policies::matrix(workbook.add_worksheet(), &look, book, found)?;
        policies::reasons(workbook.add_worksheet(), &look, book, found)?;
    }
    if !book.returned.is_empty() {
        cover::returned_rows(workbook.add_worksheet(), &look, book)?;
    }
    if !book.not_run.is_empty() {
        cover::not_run(workbook.add_worksheet(), &look, book)?;
    }
    cover::notes(workbook.add_worksheet(), &look, book)?;
    workbook.save(path)
}

/// Writes a workbook of one plain table: headings with widths, rows of text.
pub(super) fn write_table(
    path: &Path,
    book: &Book<'_>,
    columns: &[(&str, f64)],
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(book)?);
    let look = Look::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name(&book.title)?;
    let width = u16::try_from(columns.len()).unwrap_or(u16::MAX);
    list_sheet::head(sheet, &look, book, &format!("{}（{}）", book.title, book.receiver), width)?;
    cover::table(sheet, &look, columns, rows)?;
    look::paper(sheet, &book.receiver, book.run_id);
    sheet.protect();
    workbook.save(path)
}

/// Writes a workbook of one sheet with nothing but headings and rows, all cells text: for another system.
pub(super) fn write_bare(
    path: &Path,
    book: &Book<'_>,
    titles: &[&str],
    rows: &[Vec<String>],
) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(book)?);
    let text = Format::new().set_num_format("@");
    let sheet = workbook.add_worksheet();
    sheet.set_name(&book.title)?;
    let lines = std::iter::once(titles.to_vec())
        .chain(rows.iter().map(|row| row.iter().map(String::as_str).collect()));
    for (row, line) in (0..).zip(lines) {
        for (at, cell) in (0..).zip(line).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string_with_format(row, at, cell, &text)?;
        }
    }
    sheet.autofit();
    workbook.save(path)
}

fn properties(book: &Book<'_>) -> Result<DocProperties, XlsxError> {
    let (year, month, day) = book.as_of.ymd();
    let part = |number: u32| u8::try_from(number).unwrap_or(1);
    let created = ExcelDateTime::from_ymd(u16::try_from(year).unwrap_or(1900), part(month), part(day))?;
    Ok(DocProperties::new()
        .set_title(&book.title)
        .set_subject(format!("{} {}", book.receiver, book.as_of.iso()))
        .set_keywords("内部资料")
        .set_comment(format!("比对批次 {}", book.run_id))
        .set_creation_datetime(&created))
}
