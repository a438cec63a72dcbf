//! The workbook of the figures of a month, a quarter, a term or a school year.

use std::path::Path;

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::cover::{column, note_sheet};
use super::list_sheet::head;
use super::look::{self, Look};
use super::{Book, properties};
use crate::report::periodic::{Figures, Table};
use crate::report::template::Returned;

/// What the workbook says beside its tables.
pub(in crate::report) struct PeriodicBook<'a> {
    pub(in crate::report) tables: Vec<Table>,
    /// What counts as back; `None` where the list does not say.
    pub(in crate::report) returned: Option<&'a Returned>,
    /// Whether there is a ledger tonight that tells who is back.
    pub(in crate::report) is_known: bool,
}

/// Writes the workbook: one sheet for each table, 说明.
pub(in crate::report) fn write_periodic(
    path: &Path,
    book: &Book<'_>,
    periodic: &PeriodicBook<'_>,
) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(book)?);
    let look = Look::new();
    for table in &periodic.tables {
        write(workbook.add_worksheet(), &look, book, (table, periodic))?;
    }
    let mut lines: Vec<String> = WORDS.map(str::to_owned).to_vec();
    lines.extend(periodic.returned.map(|returned| returned.told.clone()));
    if periodic.returned.is_some() && !periodic.is_known {
        lines.push("本次没有生成台账，是否返校无从对照：返校栏空着，都计入其他消除。".to_owned());
    }
    note_sheet(workbook.add_worksheet(), &look, book, &[("各栏的含义".to_owned(), lines)])?;
    workbook.save(path)
}

const WORDS: [&str; 5] = [
    "发现＝本期首次列入；核实＝本期首次作出答复（无法核实的除外）；属实＝其中属实或部分属实；待确认页的线索不计。",
    "其他消除＝核实属实、此后比对不再发现，而未见返校；已说明＝经核查不属实或有证明；撤回＝未及核实已不再符合。以上和返校都按本期内发生的日期计。",
    "期末未销号＝期末仍在核查或已答复而情形未消除；其中逾期＝超过应反馈日期仍未答复，只对尚未结束的本期统计。",
    "销号率＝（返校＋其他消除＋已说明＋撤回）÷（同上＋期末未销号）。",
    "同一线索重新列入的，按最近一次计；各栏都是线索条数，同一儿童可能有几条线索。",
];

/// Headings behind the words; the fourth is the list's own.
const STEPS: [&str; 10] =
    ["发现", "核实", "属实", "", "其他消除", "已说明", "撤回", "期末未销号", "其中逾期", "销号率"];
/// Place of the figure of those who are back.
const RETURNED: usize = 3;
const OVERDUE: usize = 8;

fn write(
    sheet: &mut Worksheet,
    look: &Look,
    book: &Book<'_>,
    (table, periodic): (&Table, &PeriodicBook<'_>),
) -> Result<(), XlsxError> {
    sheet.set_name(&table.sheet)?;
    let width = column(STEPS.len() + 1);
    head(sheet, look, book, &format!("{}（{}）", table.heading, book.receiver), width)?;
    let returned = periodic.returned.map_or("返回", |returned| returned.title.as_str());
    let titles = STEPS.iter().enumerate().map(|(at, title)| if at == RETURNED { returned } else { title });
    for (at, title) in std::iter::once(table.by.as_str()).chain(titles).enumerate() {
        sheet.set_column_width(column(at), if at == 0 { 30.0 } else { 9.0 })?;
        sheet.write_string_with_format(2, column(at), title, &look.heading)?;
    }
    sheet.set_row_height(2, 30)?;
    let lines = table.lines.iter().map(|(word, figures)| {
        (if word.is_empty() { "无记录" } else { word }, figures, [&look.text, &look.number])
    });
    let sum = ("合计", &table.sum, [&look.total, &look.total_number]);
    let mut row = 3;
    for (word, figures, formats) in lines.chain([sum]) {
        line(sheet, (row, word), (figures, table.so_far, periodic.is_known), formats)?;
        row += 1;
    }
    sheet.merge_range(row + 1, 0, row + 1, width - 1, super::list_sheet::SIGNATURES, &look.sign)?;
    look::paper(sheet, &book.receiver, book.run_id);
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 2)?;
    sheet.set_freeze_panes(3, 1)?;
    sheet.protect();
    Ok(())
}

fn line(
    sheet: &mut Worksheet,
    (row, word): (u32, &str),
    (figures, so_far, is_known): (&Figures, bool, bool),
    [text, number]: [&Format; 2],
) -> Result<(), XlsxError> {
    sheet.write_string_with_format(row, 0, word, text)?;
    let steps = figures.steps;
    let cells = [
        steps.found,
        steps.verified,
        steps.confirmed,
        steps.returned,
        steps.resolved - steps.returned,
        steps.explained,
        steps.withdrawn,
        figures.open,
        figures.overdue,
    ];
    for (at, figure) in cells.into_iter().enumerate() {
        let unknown = (at == RETURNED && !is_known) || (at == OVERDUE && !so_far);
        if unknown {
            sheet.write_string_with_format(row, column(at + 1), "—", number)?;
        } else {
            sheet.write_number_with_format(row, column(at + 1), figure, number)?;
        }
    }
    let share = figures.share().map_or_else(|| "—".to_owned(), |share| format!("{share}%"));
    sheet.write_string_with_format(row, column(cells.len() + 1), share, number)?;
    Ok(())
}
