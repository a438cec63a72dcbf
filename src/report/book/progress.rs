//! The sheet 处置进度: each list by town, with month, quarter, term and school year.

use rust_xlsxwriter::{Format, Worksheet, XlsxError};

use super::Book;
use super::cover::{NO_TOWN, column};
use super::list_sheet::head;
use super::look::{self, Look};
use crate::report::progress::{PERIODS, Progress, periods};

/// Figures of one list and town; an empty town is 未归镇.
pub(in crate::report) struct ProgressRow {
    pub(in crate::report) list: String,
    pub(in crate::report) town: String,
    pub(in crate::report) progress: Progress,
}

/// Columns before the figures of the periods.
const FIRST: [&str; 5] = ["清单", "镇（街道）", "在办", "其中逾期", "已答复"];
/// Figures of each period.
const STEPS: [&str; 4] = ["发现", "核实", "属实", "销号"];

/// Writes the sheet.
pub(super) fn write(sheet: &mut Worksheet, look: &Look, book: &Book<'_>) -> Result<(), XlsxError> {
    sheet.set_name("处置进度")?;
    let count = FIRST.len() + PERIODS * STEPS.len();
    head(sheet, look, book, &format!("{} 处置进度（{}）", book.title, book.receiver), column(count))?;
    headings(sheet, look, book)?;
    let mut row = 3;
    let mut lists: Vec<&str> = book.progress.iter().map(|row| row.list.as_str()).collect();
    lists.dedup();
    for list in lists {
        let mut sum = Progress::default();
        for of_town in book.progress.iter().filter(|row| row.list == list) {
            let town = if of_town.town.is_empty() { NO_TOWN } else { &of_town.town };
            line(sheet, row, (list, town), &of_town.progress, [&look.text, &look.number])?;
            sum.merge(&of_town.progress);
            row += 1;
        }
        line(sheet, row, (list, "合计"), &sum, [&look.total, &look.total_number])?;
        row += 1;
    }
    let mut widths = vec![10.0, 22.0, 7.0, 7.0, 7.0];
    widths.extend([6.5; PERIODS * STEPS.len()]);
    for (at, width) in widths.iter().enumerate() {
        sheet.set_column_width(column(at), *width)?;
    }
    look::paper(sheet, &book.receiver, book.run_id);
    // Twenty-one narrow columns: no page is broken by hand here, so the program may fit them.
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 2)?;
    sheet.set_freeze_panes(3, 2)?;
    sheet.protect();
    Ok(())
}

fn headings(sheet: &mut Worksheet, look: &Look, book: &Book<'_>) -> Result<(), XlsxError> {
    for (at, title) in FIRST.iter().enumerate() {
        sheet.write_string_with_format(2, column(at), *title, &look.heading)?;
    }
    let mut at = FIRST.len();
    for period in periods(book.as_of) {
        for step in STEPS {
            let title = format!("{}{step}", period.title);
            sheet.write_string_with_format(2, column(at), title, &look.heading)?;
            at += 1;
        }
    }
    sheet.set_row_height(2, 45)?;
    Ok(())
}

fn line(
    sheet: &mut Worksheet,
    row: u32,
    (list, town): (&str, &str),
    progress: &Progress,
    [text, number]: [&Format; 2],
) -> Result<(), XlsxError> {
    sheet.write_string_with_format(row, 0, list, text)?;
    sheet.write_string_with_format(row, 1, town, text)?;
    let now = [progress.open, progress.overdue, progress.answered];
    let steps = progress.steps.iter().flat_map(|s| [s.found, s.verified, s.confirmed, s.settled()]);
    for (at, figure) in now.into_iter().chain(steps).enumerate() {
        sheet.write_number_with_format(row, column(at + 2), figure, number)?;
    }
    Ok(())
}
