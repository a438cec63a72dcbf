//! The workbook of a ledger: 汇总 by town, one sheet for each ledger of cases, 说明.

use std::collections::BTreeSet;
use std::path::Path;

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use super::cover::{self, NO_TOWN, column};
use super::list_sheet::{head, readable};
use super::look::{self, Look};
use super::{Book, properties};

/// What the workbook shows.
pub(in crate::report) struct DocketBook<'a> {
    /// Title of the ledger of everybody.
    pub(in crate::report) title: &'a str,
    /// Why there is no ledger tonight.
    pub(in crate::report) not_made: Option<&'a str>,
    /// What did not come, or in part.
    pub(in crate::report) faults: &'a str,
    /// Town, word, number: sorted by town.
    pub(in crate::report) tally: &'a [(String, String, u32)],
    /// The same by other columns, a sheet each.
    pub(in crate::report) tallies_by: Vec<TallySheet<'a>>,
    pub(in crate::report) parts: Vec<DocketSheet<'a>>,
    pub(in crate::report) what: &'a [String],
    pub(in crate::report) basis: &'a [String],
}

/// One sheet of figures.
pub(in crate::report) struct TallySheet<'a> {
    pub(in crate::report) name: &'a str,
    /// Heading of the groups.
    pub(in crate::report) heading: &'a str,
    /// Words for the group without a name.
    pub(in crate::report) nobody: &'a str,
    /// Group, word, number: sorted by group.
    pub(in crate::report) tally: &'a [(String, String, u32)],
}

/// One sheet of rows.
pub(in crate::report) struct DocketSheet<'a> {
    pub(in crate::report) name: &'a str,
    pub(in crate::report) columns: Vec<(&'a str, f64)>,
    pub(in crate::report) rows: Vec<Vec<String>>,
}

/// Writes the workbook.
pub(in crate::report) fn write_docket(
    path: &Path,
    book: &Book<'_>,
    docket: &DocketBook<'_>,
) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(book)?);
    let look = Look::new();
    summary(workbook.add_worksheet(), &look, book, docket)?;
    for tally in &docket.tallies_by {
        figures(workbook.add_worksheet(), &look, book, (docket.title, tally))?;
    }
    for part in &docket.parts {
        rows(workbook.add_worksheet(), &look, book, part)?;
    }
    let sections = [
        (format!("{}：是什么，不是什么", book.title), docket.what.to_vec()),
        ("依据".to_owned(), docket.basis.to_vec()),
    ];
    cover::note_sheet(workbook.add_worksheet(), &look, book, &sections)?;
    workbook.save(path)
}

const GROUP: f64 = 22.0;
const COUNT: f64 = 11.0;

/// 汇总: towns × words, and how many stand in each part.
fn summary(
    sheet: &mut Worksheet,
    look: &Look,
    book: &Book<'_>,
    docket: &DocketBook<'_>,
) -> Result<(), XlsxError> {
    let towns =
        TallySheet { name: "汇总", heading: "镇（街道）", nobody: NO_TOWN, tally: docket.tally };
    let (end, width) = figures(sheet, look, book, (docket.title, &towns))?;
    let mut row = end + 1;
    for part in &docket.parts {
        let count = u32::try_from(part.rows.len()).unwrap_or(u32::MAX);
        sheet.write_string_with_format(row, 0, part.name, &look.text)?;
        sheet.write_number_with_format(row, 1, count, &look.number)?;
        row += 1;
    }
    let not_made = docket.not_made.map(|why| format!("本次没有生成台账：{why}"));
    let faults = (!docket.faults.is_empty() && not_made.is_none())
        .then(|| format!("数据不全，以下各数可能偏少：{}", docket.faults));
    for text in not_made.iter().chain(&faults) {
        sheet.merge_range(row + 1, 0, row + 1, width - 1, text, &look.note)?;
        sheet.set_row_height(row + 1, 32)?;
        row += 1;
    }
    Ok(())
}

/// Groups × words, with their sums; gives the row behind it and the width of the sheet.
fn figures(
    sheet: &mut Worksheet,
    look: &Look,
    book: &Book<'_>,
    (title, figures): (&str, &TallySheet<'_>),
) -> Result<(u32, u16), XlsxError> {
    sheet.set_name(figures.name)?;
    let words: BTreeSet<&str> = figures.tally.iter().map(|(_, word, _)| word.as_str()).collect();
    let mut groups: Vec<&str> = figures.tally.iter().map(|(group, ..)| group.as_str()).collect();
    groups.dedup();
    let width = column(words.len().max(5) + 2);
    head(sheet, look, book, &format!("{title} {}（{}）", figures.name, book.receiver), width)?;
    let titles = [figures.heading, "合计"].into_iter().chain(words.iter().copied());
    for (at, title) in titles.enumerate() {
        sheet.set_column_width(column(at), if at == 0 { GROUP } else { COUNT })?;
        sheet.write_string_with_format(2, column(at), title, &look.heading)?;
    }
    sheet.set_row_height(2, 44)?;
    let count = |group: Option<&str>, word: Option<&str>| -> u32 {
        let fits = |(of, said, _): &&(String, String, u32)| {
            group.is_none_or(|group| group == of) && word.is_none_or(|word| word == said)
        };
        figures.tally.iter().filter(fits).map(|(.., count)| *count).sum()
    };
    let mut row = 3;
    let last = [("合计", None, (&look.total, &look.total_number))];
    let of_groups = groups.iter().map(|group| {
        let name = if group.is_empty() { figures.nobody } else { *group };
        (name, Some(*group), (&look.text, &look.number))
    });
    for (name, group, (text, number)) in of_groups.chain(last) {
        sheet.write_string_with_format(row, 0, name, text)?;
        sheet.write_number_with_format(row, 1, count(group, None), number)?;
        for (at, word) in words.iter().enumerate() {
            sheet.write_number_with_format(row, column(at + 2), count(group, Some(*word)), number)?;
        }
        row += 1;
    }
    look::paper(sheet, &book.receiver, book.run_id);
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 2)?;
    sheet.set_freeze_panes(3, 1)?;
    sheet.protect();
    Ok((row, width))
}

fn rows(
    sheet: &mut Worksheet,
    look: &Look,
    book: &Book<'_>,
    part: &DocketSheet<'_>,
) -> Result<(), XlsxError> {
    sheet.set_name(part.name)?;
    head(sheet, look, book, &format!("{}（{}）", part.name, book.receiver), column(part.columns.len()))?;
    let end = cover::table(sheet, look, &part.columns, part.rows.iter().cloned())?;
    sheet.set_row_height(2, 30)?;
    sheet.autofilter(2, 0, end.max(4) - 1, column(part.columns.len() - 1))?;
    look::paper(sheet, &book.receiver, book.run_id);
    sheet.set_freeze_panes(3, 4)?;
    sheet.protect_with_options(&readable());
    Ok(())
}
