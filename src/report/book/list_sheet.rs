//! One list on one sheet.

use std::collections::BTreeMap;

use polars::prelude::{Column as Series, DataType};
use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, DataValidationRule, ExcelDateTime, Format, ProtectionOptions,
    Worksheet, XlsxError,
};

use super::Book;
use super::look::{self, Look};
use crate::domain::{CaseStatus, Day};
use crate::kernel::similarity::stretches;
use crate::report::rows::{ListRows, status_word};
use crate::report::template::{AnswerColumn, AnswerKind, Column, ColumnSource};

/// Below every table that somebody signs.
pub(super) const SIGNATURES: &str =
    "制表：____________    复核：____________    审批：____________    日期：____________";
/// Row of the headings; data begin below.
const HEADINGS: u32 = 2;

/// Writes a list: title, notice, headings, rows, total, signatures; paper, protection, drop-downs.
pub(super) fn write(
    sheet: &mut Worksheet,
    look: &Look,
    book: &Book<'_>,
    (name, heading): (&str, &str),
    rows: &ListRows<'_>,
) -> Result<(), XlsxError> {
    let height = u32::try_from(rows.frame.height()).unwrap_or(u32::MAX);
    let evidence = column_index(rows.columns.len());
    let width = evidence + column_index(rows.answers.len());
    let last_row = HEADINGS + height;
    sheet.set_name(name)?;
    let printed = evidence + column_index(rows.answers.iter().filter(|(answer, _)| answer.print).count());
    head(sheet, look, book, heading, printed)?;
    let mut widths = Vec::new();
    for (at, granted) in rows.columns.iter().enumerate() {
        let column = granted.column();
        let cells = &rows.frame.columns()[at];
        let units = fitted(&column.title, column.width, cells);
        widths.push(units);
        sheet.set_column_width(column_index(at), units)?;
        sheet.write_string_with_format(HEADINGS, column_index(at), &column.title, &look.heading)?;
        write_column(sheet, look, column_index(at), column, cells, &rows.status)?;
    }
    compare(sheet, look, rows)?;
    for (at, (answer, given)) in rows.answers.iter().enumerate() {
        widths.push(f64::from(answer.width));
        write_answers(sheet, look, evidence + column_index(at), (answer, given), (HEADINGS + 1, last_row))?;
    }
    row_heights(sheet, rows, &widths)?;
    foot(sheet, look, rows, last_row + 1, printed)?;
    sheet.set_row_height(HEADINGS, 30)?;
    look::paper(sheet, &book.receiver, book.run_id);
    widths.truncate(usize::from(printed));
    sheet.set_print_scale(look::print_scale(&widths));
    sheet.set_print_area(0, 0, last_row + 3, printed.max(1) - 1)?;
    sheet.set_repeat_rows(0, HEADINGS)?;
    sheet.set_page_breaks(&breaks_by_section(&rows.sections))?;
    sheet.set_freeze_panes(HEADINGS + 1, frozen_columns(rows))?;
    if height > 0 && width > 0 {
        sheet.autofilter(HEADINGS, 0, last_row, width - 1)?;
    }
    sheet.protect_with_options(&readable());
    Ok(())
}

/// Protection that still lets people filter, sort and widen.
pub(super) fn readable() -> ProtectionOptions {
    ProtectionOptions {
        format_columns: true,
        format_rows: true,
        sort: true,
        use_autofilter: true,
        ..ProtectionOptions::default()
    }
}

/// Title and notice above the headings.
pub(super) fn head(
    sheet: &mut Worksheet,
    look: &Look,
    book: &Book<'_>,
    heading: &str,
    width: u16,
) -> Result<(), XlsxError> {
    let notice = format!(
        "内部资料 注意保密    数据截至 {}    比对批次 {}    以下均为疑似线索，须经核查认定",
        book.as_of.iso(),
        book.run_id
    );
    let last = width.max(2) - 1;
    sheet.merge_range(0, 0, 0, last, heading, &look.title)?;
    sheet.merge_range(1, 0, 1, last, &notice, &look.notice)?;
    sheet.set_row_height(0, 26)?;
    Ok(())
}

fn write_column(
    sheet: &mut Worksheet,
    look: &Look,
    at: u16,
    column: &Column,
    cells: &Series,
    status: &[CaseStatus],
) -> Result<(), XlsxError> {
    let text = if centred(column.source) { &look.centre } else { &look.text };
    for (index, status) in status.iter().enumerate() {
        let row = HEADINGS + 1 + u32::try_from(index).unwrap_or(u32::MAX);
        let gone = *status == CaseStatus::Withdrawn;
        let pick = |normal, struck| if gone { struck } else { normal };
        match cells.dtype() {
            DataType::Date => {
                let format: &Format = pick(&look.date, &look.gone_date);
                match date(cells, index) {
                    Some(day) => sheet.write_number_with_format(row, at, excel_serial(day), format)?,
                    None => sheet.write_blank(row, at, format)?,
                };
            }
            DataType::Float64 if column.sum => {
                let format: &Format = pick(&look.number, &look.gone);
                match amount(cells, index) {
                    Some(amount) => sheet.write_number_with_format(row, at, amount, format)?,
                    None => sheet.write_blank(row, at, format)?,
                };
            }
            DataType::Float64 => {
                let share = cells.f64().ok().and_then(|values| values.get(index)).unwrap_or_default();
                sheet.write_number_with_format(row, at, share, pick(&look.share, &look.gone_share))?;
            }
            DataType::UInt32 => {
                let number = cells.u32().ok().and_then(|values| values.get(index)).unwrap_or_default();
                sheet.write_number_with_format(row, at, number, pick(&look.number, &look.gone))?;
            }
            _ => {
                let value = cells.str().ok().and_then(|values| values.get(index)).unwrap_or_default();
                sheet.write_string_with_format(row, at, value, pick(text, &look.gone))?;
            }
        }
    }
    Ok(())
}

fn write_answers(
    sheet: &mut Worksheet,
    look: &Look,
    at: u16,
    (answer, given): (&AnswerColumn, &[String]),
    (first, last): (u32, u32),
) -> Result<(), XlsxError> {
    sheet.set_column_width(at, f64::from(answer.width))?;
    sheet.write_string_with_format(HEADINGS, at, &answer.title, &look.answer_heading)?;
    let dated = answer.kind == AnswerKind::Date;
    for (row, text) in (first..=last).zip(given) {
        let format = if dated { &look.answer_date } else { &look.answer };
        match (text.as_str(), Day::parse_iso(text).filter(|_| dated)) {
            ("", _) => sheet.write_blank(row, at, format)?,
            (_, Some(day)) => sheet.write_number_with_format(row, at, excel_serial(day), format)?,
            (text, None) => sheet.write_string_with_format(row, at, text, format)?,
        };
    }
    if first <= last
        && let Some(rule) = validation(answer)?
    {
        sheet.add_data_validation(first, at, last, at, &rule)?;
    }
    Ok(())
}

/// What a cell of the column accepts without a warning.
fn validation(answer: &AnswerColumn) -> Result<Option<DataValidation>, XlsxError> {
    let (rule, title, message) = match answer.kind {
        AnswerKind::Date => {
            let earliest = ExcelDateTime::from_ymd(2000, 1, 1)?;
            let rule = DataValidation::new().allow_date(DataValidationRule::GreaterThanOrEqualTo(earliest));
            (rule, "日期", "请填写日期，例如 2026-11-23。")
        }
        AnswerKind::Month => {
            let rule = DataValidation::new().allow_text_length(DataValidationRule::Between(6, 10));
            (rule, "年月", "请填写年月，例如 2026-11 或 202611。")
        }
        AnswerKind::Yuan => {
            let rule =
                DataValidation::new().allow_decimal_number(DataValidationRule::GreaterThanOrEqualTo(0.0));
            (rule, "金额", "请填写金额（元），不带单位。")
        }
        AnswerKind::Text if answer.choices.is_empty() => return Ok(None),
        AnswerKind::Text => {
            let rule = DataValidation::new().allow_list_strings(&answer.choices)?;
            (rule, answer.title.as_str(), "请从下拉列表中选择；确需另写的，请同时填写情况说明。")
        }
    };
    let rule = rule.set_error_style(DataValidationErrorStyle::Warning);
    Ok(Some(rule.set_error_title(title)?.set_error_message(message)?))
}

/// On the annex: the cells of both rows once more, with what differs in colour.
fn compare(sheet: &mut Worksheet, look: &Look, rows: &ListRows<'_>) -> Result<(), XlsxError> {
    let place = |source| rows.columns.iter().position(|granted| granted.column().source == source);
    for (right, granted) in rows.columns.iter().enumerate() {
        let left = granted.column().source.compared_with().and_then(place);
        let Some(left) = left else { continue };
        let (a, b) = (&rows.frame.columns()[left], &rows.frame.columns()[right]);
        for (index, status) in rows.status.iter().enumerate() {
            if *status == CaseStatus::Withdrawn {
                continue;
            }
            let row = HEADINGS + 1 + u32::try_from(index).unwrap_or(u32::MAX);
            if let (Some(x), Some(y)) = (date(a, index), date(b, index)) {
                for (at, day) in [(left, x), (right, y)].into_iter().filter(|_| x != y) {
                    sheet.write_number_with_format(
                        row,
                        column_index(at),
                        excel_serial(day),
                        &look.differing_date,
                    )?;
                }
            } else if let (Some(x), Some(y)) = (cell_text(a, index), cell_text(b, index)) {
                for (at, text, other) in [(left, x, y), (right, y, x)] {
                    mark(sheet, look, (row, column_index(at)), &stretches(text, other))?;
                }
            }
        }
    }
    Ok(())
}

fn cell_text(cells: &Series, index: usize) -> Option<&str> {
    cells.str().ok()?.get(index).filter(|text| !text.is_empty())
}

/// A text of two or more stretches; those that differ from the other row are coloured.
fn mark(
    sheet: &mut Worksheet,
    look: &Look,
    (row, column): (u32, u16),
    stretches: &[(String, bool)],
) -> Result<(), XlsxError> {
    match stretches {
        [(text, true)] => sheet.write_string_with_format(row, column, text, &look.differing_cell)?,
        [] | [_] => return Ok(()),
        many => {
            let format = |differs| if differs { &look.differing } else { &look.plain };
            let parts: Vec<(&Format, &str)> =
                many.iter().map(|(text, differs)| (format(*differs), text.as_str())).collect();
            sheet.write_rich_string_with_format(row, column, &parts, &look.centre)?
        }
    };
    Ok(())
}

/// Every line of every cell shows.
fn row_heights(sheet: &mut Worksheet, rows: &ListRows<'_>, widths: &[f64]) -> Result<(), XlsxError> {
    let texts: Vec<_> = rows.frame.columns().iter().map(|cells| cells.str().ok()).collect();
    for index in 0..rows.frame.height() {
        let cells =
            texts.iter().zip(widths).filter_map(|(cells, width)| Some(((*cells)?.get(index)?, *width)));
        let row = HEADINGS + 1 + u32::try_from(index).unwrap_or(u32::MAX);
        sheet.set_row_height(row, look::row_height(cells))?;
    }
    Ok(())
}

/// Total with the sums of columns of numbers, and signature line. What was withdrawn is not summed.
fn foot(
    sheet: &mut Worksheet,
    look: &Look,
    rows: &ListRows<'_>,
    row: u32,
    width: u16,
) -> Result<(), XlsxError> {
    let count = |status| rows.status.iter().filter(|s| **s == status).count();
    let parts: Vec<String> =
        [CaseStatus::New, CaseStatus::Kept, CaseStatus::Changed, CaseStatus::Carried, CaseStatus::Withdrawn]
            .into_iter()
            .map(|status| format!("{} {}", status_word(status), count(status)))
            .collect();
    let last = width.max(2) - 1;
    let sums = sums(rows);
    let words = if sums.is_empty() { "" } else { "（月数、金额不含撤回的）" };
    let text = format!("合计 {} 条：{}{words}", rows.status.len(), parts.join("，"));
    let end = sums.keys().next().map_or(last, |first| first.saturating_sub(1));
    if end == 0 {
        sheet.write_string_with_format(row, 0, &text, &look.total)?;
    } else {
        sheet.merge_range(row, 0, row, end, &text, &look.total)?;
    }
    for at in end + 1..=last {
        match sums.get(&at) {
            Some(sum) => sheet.write_number_with_format(row, at, *sum, &look.total_number)?,
            None => sheet.write_blank(row, at, &look.total)?,
        };
    }
    sheet.set_row_height(row, 20)?;
    sheet.merge_range(row + 2, 0, row + 2, last, SIGNATURES, &look.sign)?;
    Ok(())
}

/// Sums of the columns of numbers, by place.
fn sums(rows: &ListRows<'_>) -> BTreeMap<u16, f64> {
    let columns = rows.columns.iter().zip(rows.frame.columns()).enumerate();
    let summed = columns.filter(|(_, (granted, cells))| granted.column().sum && cells.f64().is_ok());
    summed
        .map(|(at, (_, cells))| {
            let standing = (0..rows.status.len()).filter(|&row| rows.status[row] != CaseStatus::Withdrawn);
            (column_index(at), standing.filter_map(|row| amount(cells, row)).sum())
        })
        .collect()
}

fn amount(cells: &Series, index: usize) -> Option<f64> {
    cells.f64().ok()?.get(index)
}

/// Width that shows the content on few lines and is not wider than the template allows.
fn fitted(title: &str, limit: u16, cells: &Series) -> f64 {
    let longest = match cells.dtype() {
        DataType::Date => 10,
        DataType::String => {
            cells.str().map_or(0, |values| values.iter().flatten().map(needs).max().unwrap_or_default())
        }
        _ => 5,
    };
    // A heading may break into two lines.
    let heading = look::units(title).div_ceil(2);
    f64::from(longest.max(heading).min(u32::from(limit)).max(3)) + 2.0
}

/// Units that a text needs; capitals are wider than digits.
fn needs(text: &str) -> u32 {
    let capitals = text.chars().filter(char::is_ascii_uppercase).count();
    look::units(text) + u32::try_from(capitals / 3).unwrap_or(0)
}

const fn centred(source: ColumnSource) -> bool {
    matches!(
        source,
        ColumnSource::Clue
            | ColumnSource::Name
            | ColumnSource::Sex
            | ColumnSource::ResidentId
            | ColumnSource::Grade
            | ColumnSource::Status
            | ColumnSource::Severity
            | ColumnSource::Known
            | ColumnSource::CandidateName
            | ColumnSource::CandidateId
            | ColumnSource::SubjectRow
    )
}

/// Columns up to the name stay in sight.
fn frozen_columns(rows: &ListRows<'_>) -> u16 {
    let at = rows.columns.iter().position(|granted| granted.column().source == ColumnSource::Name);
    at.map_or(0, |at| column_index(at + 1))
}

/// Sheet rows before which a page ends, because another town or group begins. Excel takes at most 1023 of them.
fn breaks_by_section(sections: &[String]) -> Vec<u32> {
    let begins = (1..sections.len()).filter(|&at| sections[at] != sections[at - 1]);
    begins.map(|at| HEADINGS + 1 + u32::try_from(at).unwrap_or(u32::MAX)).take(1000).collect()
}

fn date(cells: &Series, index: usize) -> Option<Day> {
    match cells.get(index) {
        Ok(polars::prelude::AnyValue::Date(days)) => Some(Day::from_days(days)),
        _ => None,
    }
}

/// Excel counts days from 1899-12-30.
pub(super) fn excel_serial(day: Day) -> f64 {
    f64::from(day.days()) + 25_569.0
}

fn column_index(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_break_where_the_town_changes() {
        let towns: Vec<String> = ["a", "a", "b", "c", "c"].into_iter().map(str::to_owned).collect();
        assert_eq!(breaks_by_section(&towns), [5, 6]);
        assert_eq!(breaks_by_section(&[]), Vec::<u32>::new());
    }

    #[test]
    fn days_are_excel_serials() {
        assert!((excel_serial(Day::from_ymd(2026, 11, 23).unwrap()) - 46_349.0).abs() < 1e-9);
    }
}
