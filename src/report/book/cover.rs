//! The sheets around the lists: 汇总, rows held back, 未运行规则, 说明.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::Book;
use super::list_sheet::head;
use super::look::{self, Look};
use crate::domain::CaseStatus;

/// Counts of one rule for one town; an empty town is 未归镇.
pub(in crate::report) struct SummaryRow {
    pub(in crate::report) list: String,
    pub(in crate::report) rule: String,
    pub(in crate::report) town: String,
    /// Place of the town in the gazetteer.
    pub(in crate::report) town_order: u16,
    pub(in crate::report) status: CaseStatus,
    pub(in crate::report) annex: bool,
    pub(in crate::report) count: u32,
}

/// A rule that did not run.
pub(in crate::report) struct NotRun {
    pub(in crate::report) rule: String,
    pub(in crate::report) list: String,
    pub(in crate::report) reason: String,
}

const NO_TOWN: &str = "未归镇";

/// 汇总: rule × status, then town × rule.
pub(super) fn summary(sheet: &mut Worksheet, look: &Look, book: &Book<'_>) -> Result<(), XlsxError> {
    sheet.set_name("汇总")?;
    let rules = rules_of(book);
    let width = u16::try_from(rules.len() + 2).unwrap_or(u16::MAX).max(9);
    head(sheet, look, book, &format!("{} 汇总（{}）", book.title, book.receiver), width)?;
    let next = by_status(sheet, look, book, &rules)?;
    by_town(sheet, look, book, &rules, next + 2)?;
    let mut widths = vec![16.0, 26.0];
    widths.resize(usize::from(width), 13.0);
    for (at, width) in widths.iter().enumerate() {
        sheet.set_column_width(column(at), *width)?;
    }
    sheet.set_row_height(2, 30)?;
    look::paper(sheet, &book.receiver, book.run_id);
    sheet.set_print_scale(look::print_scale(&widths));
    sheet.set_freeze_panes(3, 0)?;
    sheet.protect();
    Ok(())
}

/// (list, rule) in order of appearance.
fn rules_of<'b>(book: &'b Book<'_>) -> Vec<(&'b str, &'b str)> {
    let mut rules: Vec<(&str, &str)> = Vec::new();
    for row in &book.summary {
        let rule = (row.list.as_str(), row.rule.as_str());
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    rules
}

const COLUMNS: [(&str, Option<CaseStatus>); 7] = [
    ("新增", Some(CaseStatus::New)),
    ("延续", Some(CaseStatus::Kept)),
    ("变化", Some(CaseStatus::Changed)),
    ("未复核", Some(CaseStatus::Carried)),
    ("在册合计", None),
    ("撤回", Some(CaseStatus::Withdrawn)),
    ("待确认（另页）", None),
];

fn by_status(
    sheet: &mut Worksheet,
    look: &Look,
    book: &Book<'_>,
    rules: &[(&str, &str)],
) -> Result<u32, XlsxError> {
    sheet.write_string_with_format(2, 0, "清单", &look.heading)?;
    sheet.write_string_with_format(2, 1, "疑似情形", &look.heading)?;
    for (column, (title, _)) in (2..).zip(COLUMNS) {
        sheet.write_string_with_format(2, column, title, &look.heading)?;
    }
    let mut totals = [0_u32; 7];
    let mut row = 3;
    for &(list, rule) in rules {
        let of_rule = || book.summary.iter().filter(move |s| s.list == list && s.rule == rule);
        sheet.write_string_with_format(row, 0, list, &look.text)?;
        sheet.write_string_with_format(row, 1, rule, &look.text)?;
        for (at, (_, status)) in COLUMNS.iter().enumerate() {
            let count: u32 = match (at, status) {
                (4, _) => of_rule().filter(|s| open(s)).map(|s| s.count).sum(),
                (6, _) => of_rule().filter(|s| waiting(s)).map(|s| s.count).sum(),
                (_, status) => {
                    of_rule().filter(|s| !s.annex && Some(s.status) == *status).map(|s| s.count).sum()
                }
            };
            totals[at] += count;
            sheet.write_number_with_format(row, column(at + 2), count, &look.number)?;
        }
        row += 1;
    }
    sheet.write_string_with_format(row, 0, "合计", &look.total)?;
    sheet.write_blank(row, 1, &look.total)?;
    for (at, total) in totals.iter().enumerate() {
        sheet.write_number_with_format(row, column(at + 2), *total, &look.total_number)?;
    }
    Ok(row)
}

/// Town × rule of the cases that stand, without the annex.
fn by_town(
    sheet: &mut Worksheet,
    look: &Look,
    book: &Book<'_>,
    rules: &[(&str, &str)],
    top: u32,
) -> Result<(), XlsxError> {
    /// Counts by list and rule.
    type Counts<'a> = BTreeMap<(&'a str, &'a str), u32>;
    let mut towns: BTreeMap<(u16, &str), Counts<'_>> = BTreeMap::new();
    for s in book.summary.iter().filter(|s| open(s) && s.count > 0) {
        let order = if s.town_order == 0 { u16::MAX } else { s.town_order };
        let town = if s.town.is_empty() { NO_TOWN } else { &s.town };
        *towns.entry((order, town)).or_default().entry((&s.list, &s.rule)).or_default() += s.count;
    }
    if towns.is_empty() {
        return Ok(());
    }
    sheet.write_string_with_format(top, 0, "镇（街道）", &look.heading)?;
    sheet.write_string_with_format(top, 1, "在册合计", &look.heading)?;
    for (at, (_, rule)) in rules.iter().enumerate() {
        sheet.write_string_with_format(top, column(at + 2), *rule, &look.heading)?;
    }
    sheet.set_row_height(top, 42)?;
    let mut row = top + 1;
    let mut totals = vec![0_u32; rules.len()];
    for ((_, town), counts) in &towns {
        sheet.write_string_with_format(row, 0, *town, &look.text)?;
        sheet.write_number_with_format(row, 1, counts.values().sum::<u32>(), &look.number)?;
        for (at, rule) in rules.iter().enumerate() {
            let count = counts.get(rule).copied().unwrap_or_default();
            totals[at] += count;
            sheet.write_number_with_format(row, column(at + 2), count, &look.number)?;
        }
        row += 1;
    }
    sheet.write_string_with_format(row, 0, "合计", &look.total)?;
    sheet.write_number_with_format(row, 1, totals.iter().sum::<u32>(), &look.total_number)?;
    for (at, total) in totals.iter().enumerate() {
        sheet.write_number_with_format(row, column(at + 2), *total, &look.total_number)?;
    }
    Ok(())
}

fn open(row: &SummaryRow) -> bool {
    !row.annex && row.status != CaseStatus::Withdrawn
}

fn waiting(row: &SummaryRow) -> bool {
    row.annex && row.status != CaseStatus::Withdrawn
}

fn column(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// A table of text columns below a head.
fn table(
    sheet: &mut Worksheet,
    look: &Look,
    columns: &[(&str, f64)],
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<u32, XlsxError> {
    for (at, (title, width)) in columns.iter().enumerate() {
        sheet.set_column_width(column(at), *width)?;
        sheet.write_string_with_format(2, column(at), *title, &look.heading)?;
    }
    let mut row = 3;
    for cells in rows {
        for (at, cell) in cells.iter().enumerate() {
            sheet.write_string_with_format(row, column(at), cell, &look.text)?;
        }
        let texts = cells.iter().map(String::as_str).zip(columns.iter().map(|(_, width)| *width));
        sheet.set_row_height(row, look::row_height(texts))?;
        row += 1;
    }
    sheet.set_repeat_rows(0, 2)?;
    sheet.set_freeze_panes(3, 0)?;
    let widths: Vec<f64> = columns.iter().map(|(_, width)| *width).collect();
    sheet.set_print_scale(look::print_scale(&widths));
    Ok(row)
}

/// Rows of the owner's files that were held back: where and why.
pub(super) fn returned_rows(sheet: &mut Worksheet, look: &Look, book: &Book<'_>) -> Result<(), XlsxError> {
    const COLUMNS: [(&str, f64); 8] = [
        ("序号", 6.0),
        ("数据表", 18.0),
        ("文件", 32.0),
        ("工作表", 12.0),
        ("行号", 8.0),
        ("字段", 16.0),
        ("原因", 40.0),
        ("处理结果", 20.0),
    ];
    sheet.set_name(&book.returned_sheet)?;
    head(sheet, look, book, &format!("{}（{}）", book.returned_sheet, book.receiver), 8)?;
    let rows = book.returned.iter().enumerate().map(|(at, (title, row))| {
        vec![
            (at + 1).to_string(),
            title.clone(),
            row.file.clone(),
            row.sheet.clone(),
            if row.row == 0 { String::new() } else { row.row.to_string() },
            row.field.clone().unwrap_or_default(),
            row.reason.clone(),
        ]
    });
    let end = table(sheet, look, &COLUMNS, rows)?;
    for row in 3..end {
        sheet.write_blank(row, 7, &look.answer)?;
    }
    look::paper(sheet, &book.receiver, book.run_id);
    sheet.protect();
    Ok(())
}

/// Rules that did not run tonight, and why: an empty list is no all-clear.
pub(super) fn not_run(sheet: &mut Worksheet, look: &Look, book: &Book<'_>) -> Result<(), XlsxError> {
    sheet.set_name("未运行规则")?;
    head(sheet, look, book, "本次未运行的规则（没有线索不等于没有问题）", 3)?;
    let rows = book.not_run.iter().map(|r| vec![r.list.clone(), r.rule.clone(), r.reason.clone()]);
    table(sheet, look, &[("清单", 22.0), ("疑似情形", 30.0), ("未运行原因", 80.0)], rows)?;
    look::paper(sheet, &book.receiver, book.run_id);
    sheet.protect();
    Ok(())
}

/// Width of the text on the sheet 说明.
const NOTE_WIDTH: f64 = 110.0;

/// 说明: what the lists are and are not, how to answer, legal basis.
pub(super) fn notes(sheet: &mut Worksheet, look: &Look, book: &Book<'_>) -> Result<(), XlsxError> {
    sheet.set_name("说明")?;
    sheet.set_column_width(0, 4)?;
    sheet.set_column_width(1, NOTE_WIDTH)?;
    let mut row = 0;
    let mut line = |number: Option<usize>, text: &str| -> Result<(), XlsxError> {
        match number {
            None => sheet.write_string_with_format(row, 0, text, &look.note_heading)?,
            Some(number) => {
                sheet.write_string_with_format(row, 0, format!("{number}."), &look.note)?;
                // A larger font than in the tables.
                let height = look::row_height(std::iter::once((text, NOTE_WIDTH * 0.9))) * 1.15;
                sheet.set_row_height(row, height)?;
                sheet.write_string_with_format(row, 1, text, &look.note)?
            }
        };
        row += 1;
        Ok(())
    };
    for list in &book.lists {
        let template = list.main.template;
        line(None, &format!("{}：是什么，不是什么", template.title))?;
        for (at, text) in template.what.iter().enumerate() {
            line(Some(at + 1), text)?;
        }
    }
    if let Some(list) = book.lists.first() {
        line(None, "怎样核查和反馈")?;
        for (at, text) in list.main.template.answering.iter().enumerate() {
            line(Some(at + 1), text)?;
        }
    }
    line(None, "词语")?;
    for (at, text) in WORDS.iter().enumerate() {
        line(Some(at + 1), text)?;
    }
    if !book.basis.is_empty() {
        line(None, "依据")?;
        for (at, (rule, basis)) in book.basis.iter().enumerate() {
            line(Some(at + 1), &format!("{rule}：{basis}"))?;
        }
    }
    look::paper(sheet, &book.receiver, book.run_id);
    sheet.set_print_scale(look::print_scale(&[4.0, NOTE_WIDTH]));
    sheet.protect();
    Ok(())
}

const WORDS: [&str; 4] = [
    "状态：新增＝本次首次列入或重新列入；延续＝上次已列入且无变化；变化＝依据或情形有变化；未复核＝相关规则本次未运行，维持上次结果；撤回＝不再符合该情形，无需再核查。",
    "匹配等级：A＝有效证号和姓名都一致；B＝证号一致、姓名差异可以解释，或证号经公安变更；C＝无可用证号，姓名、出生日期、性别等一致；D＝更弱。",
    "可信度：所依据的各行确属同一个人的概率估计。",
    "线索编号：同一线索始终不变，末位有校验，抄写错误会被识别。",
];
