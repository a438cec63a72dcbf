//! 一童一策: one sheet with a row for each child and a column for each policy, one with the reasons.

use rust_xlsxwriter::{Format, Worksheet, XlsxError};

use super::Book;
use super::cover::{column, table};
use super::list_sheet::{excel_serial, head};
use super::look::{self, Look};
use crate::domain::{Day, Entitlement};

/// What both sheets show.
pub(in crate::report) struct PolicySheets {
    /// Name of the first sheet.
    pub(in crate::report) name: String,
    /// Titles of the policies, in their order.
    pub(in crate::report) policies: Vec<String>,
    /// Children, sorted.
    pub(in crate::report) children: Vec<PolicyChild>,
    /// Reasons, sorted: cells in the order of [`REASONS`] without the running number.
    pub(in crate::report) reasons: Vec<[String; 9]>,
}

/// One child.
pub(in crate::report) struct PolicyChild {
    /// Town, village, name, sex.
    pub(in crate::report) who: [String; 4],
    pub(in crate::report) birth: Option<Day>,
    /// Resident number as the recipient may see it.
    pub(in crate::report) number: String,
    /// One for each policy; `None` when the child was not judged by it.
    pub(in crate::report) verdicts: Vec<Option<Entitlement>>,
}

const CHILD: [(&str, f64); 7] = [
    ("序号", 6.0),
    ("镇(街道)", 12.0),
    ("村(社区)", 12.0),
    ("姓名", 10.0),
    ("性别", 5.0),
    ("出生日期", 11.0),
    ("身份证号", 20.0),
];
const VERDICT: f64 = 11.0;

const REASONS: [(&str, f64); 10] = [
    ("序号", 6.0),
    ("镇(街道)", 12.0),
    ("村(社区)", 12.0),
    ("姓名", 10.0),
    ("身份证号", 20.0),
    ("政策", 18.0),
    ("结论", 10.0),
    ("说明", 48.0),
    ("相应线索", 22.0),
    ("依据", 44.0),
];

/// The children and what each policy means for them.
pub(super) fn matrix(
    sheet: &mut Worksheet,
    look: &Look,
    book: &Book<'_>,
    policies: &PolicySheets,
) -> Result<(), XlsxError> {
    sheet.set_name(&policies.name)?;
    let width = CHILD.len() + policies.policies.len();
    head(sheet, look, book, &format!("{}（{}）", policies.name, book.receiver), column(width))?;
    let titles = CHILD.into_iter().chain(policies.policies.iter().map(|title| (title.as_str(), VERDICT)));
    for (at, (title, units)) in titles.enumerate() {
        sheet.set_column_width(column(at), units)?;
        sheet.write_string_with_format(2, column(at), title, &look.heading)?;
    }
    sheet.set_row_height(2, 44)?;
    for (row, child) in (3..).zip(&policies.children) {
        sheet.write_number_with_format(row, 0, row - 2, &look.number)?;
        for (at, text) in child.who.iter().enumerate() {
            sheet.write_string_with_format(row, column(at + 1), text, &look.centre)?;
        }
        match child.birth {
            Some(day) => sheet.write_number_with_format(row, 5, excel_serial(day), &look.date)?,
            None => sheet.write_blank(row, 5, &look.date)?,
        };
        sheet.write_string_with_format(row, 6, &child.number, &look.centre)?;
        let who = child.who.iter().zip(&CHILD[1..]).map(|(text, (_, width))| (text.as_str(), *width));
        sheet.set_row_height(row, look::row_height(who))?;
        for (at, verdict) in child.verdicts.iter().enumerate() {
            let text = verdict.map_or("", Entitlement::title);
            sheet.write_string_with_format(row, column(CHILD.len() + at), text, format(look, *verdict))?;
        }
    }
    let last = 2 + u32::try_from(policies.children.len()).unwrap_or(u32::MAX);
    sheet.autofilter(2, 0, last, column(width - 1))?;
    sheet.set_repeat_rows(0, 2)?;
    sheet.set_freeze_panes(3, 4)?;
    finish(sheet, book);
    Ok(())
}

fn format(look: &Look, verdict: Option<Entitlement>) -> &Format {
    match verdict {
        Some(Entitlement::Missed) => &look.differing_cell,
        Some(Entitlement::Unmet) => &look.faint,
        _ => &look.centre,
    }
}

/// Why: everything that somebody may have to look at.
pub(super) fn reasons(
    sheet: &mut Worksheet,
    look: &Look,
    book: &Book<'_>,
    policies: &PolicySheets,
) -> Result<(), XlsxError> {
    let name = format!("{}-说明", policies.name);
    sheet.set_name(&name)?;
    head(sheet, look, book, &format!("{name}（{}）", book.receiver), column(REASONS.len()))?;
    let rows = (1..).zip(&policies.reasons).map(|(number, cells): (usize, _)| {
        std::iter::once(number.to_string()).chain(cells.iter().cloned()).collect()
    });
    let end = table(sheet, look, &REASONS, rows)?;
    sheet.autofilter(2, 0, end.max(3) - 1, column(REASONS.len() - 1))?;
    finish(sheet, book);
    Ok(())
}

/// One page across; nothing here asks for page breaks of its own, so the program that prints may fit it.
fn finish(sheet: &mut Worksheet, book: &Book<'_>) {
    look::paper(sheet, &book.receiver, book.run_id);
    sheet.set_print_fit_to_pages(1, 0);
    sheet.protect_with_options(&super::list_sheet::readable());
}
