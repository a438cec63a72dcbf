//! The sheets around the lists: 汇总, rows held back, 未运行规则, 说明.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::Book;
use super::list_sheet::head;
use super::look::{self, Look};

/// Counts of one rule for one town; an empty town is 未归镇.
pub(in crate::report) struct SummaryRow {
    pub(in crate::report) list: String,
    pub(in crate::report) rule: String,
    pub(in crate::report) town: String,
    /// Place of the town in the gazetteer.
    pub(in crate::report) town_order: u16,
    pub(in crate::report) counts: SummaryCounts,
}

/// Cases by where they stand.
#[derive(Clone, Copy, Default)]
pub(in crate::report) struct SummaryCounts {
    /// Asked about for the first time, or again, tonight.
    pub(in crate::report) new: u32,
    /// Asked about before and not answered.
    pub(in crate::report) carried: u32,
    /// Of these and of the new ones, not answered in time.
    pub(in crate::report) overdue: u32,
    /// Answered and with the office.
    pub(in crate::report) answered: u32,
    /// Explained, or over.
    pub(in crate::report) closed: u32,
    /// Not found any more.
    pub(in crate::report) withdrawn: u32,
    /// Asked about on the annex.
    pub(in crate::report) annex: u32,
}

impl SummaryCounts {
    /// In the order of [`COLUMNS`].
    const fn cells(&self) -> [u32; 7] {
        [self.new, self.carried, self.overdue, self.answered, self.closed, self.withdrawn, self.annex]
    }

    fn is_empty(&self) -> bool {
        self.cells().iter().all(|count| *count == 0)
    }
}

/// Adds up rows.
fn total<'s>(rows: impl Iterator<Item = &'s SummaryRow>) -> [u32; 7] {
    rows.fold([0; 7], |mut sums, row| {
        for (sum, count) in sums.iter_mut().zip(row.counts.cells()) {
            *sum += count;
        }
        sums
    })
}

/// A rule that did not run.
pub(in crate::report) struct NotRun {
    pub(in crate::report) rule: String,
    pub(in crate::report) list: String,
    pub(in crate::report) reason: String,
}

pub(super) const NO_TOWN: &str = "未归镇";

/// 汇总: rules, then town × rule; for each what is new, carried over, overdue, answered, closed.
pub(super) fn summary(sheet: &mut Worksheet, look: &Look, book: &Book<'_>) -> Result<(), XlsxError> {
    sheet.set_name("汇总")?;
    let rules = rules_of(book);
    head(sheet, look, book, &format!("{} 汇总（{}）", book.title, book.receiver), 9)?;
    let next = by_rule(sheet, look, book, &rules)?;
    by_town(sheet, look, book, &rules, next + 2)?;
    let widths = [18.0, 34.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 14.0];
    for (at, width) in widths.iter().enumerate() {
        sheet.set_column_width(column(at), *width)?;
    }
    look::paper(sheet, &book.receiver, book.run_id);
    // No page is broken by hand here, so the program may fit the columns, whatever font it has.
    sheet.set_print_fit_to_pages(1, 0);
    // Both tables have these columns, so a second page can be read too.
    sheet.set_repeat_rows(0, 2)?;
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

const COLUMNS: [&str; 7] = ["新增", "结转", "其中逾期", "已答复", "办结", "撤回", "待确认（另页）"];

/// Headings of a table of counts.
fn headings(sheet: &mut Worksheet, look: &Look, row: u32, first: [&str; 2]) -> Result<(), XlsxError> {
    for (at, title) in first.into_iter().chain(COLUMNS).enumerate() {
        sheet.write_string_with_format(row, column(at), title, &look.heading)?;
    }
    sheet.set_row_height(row, 30)?;
    Ok(())
}

fn counts(
    sheet: &mut Worksheet,
    row: u32,
    cells: [u32; 7],
    format: &rust_xlsxwriter::Format,
) -> Result<(), XlsxError> {
    for (at, count) in cells.into_iter().enumerate() {
        sheet.write_number_with_format(row, column(at + 2), count, format)?;
    }
    Ok(())
}

fn by_rule(
    sheet: &mut Worksheet,
    look: &Look,
    book: &Book<'_>,
    rules: &[(&str, &str)],
) -> Result<u32, XlsxError> {
    headings(sheet, look, 2, ["清单／镇（街道）", "疑似情形"])?;
    let mut row = 3;
    for &(list, rule) in rules {
        let of_rule = book.summary.iter().filter(|s| s.list == list && s.rule == rule);
        sheet.write_string_with_format(row, 0, list, &look.text)?;
        sheet.write_string_with_format(row, 1, rule, &look.text)?;
        counts(sheet, row, total(of_rule), &look.number)?;
        row += 1;
    }
    sheet.write_string_with_format(row, 0, "合计", &look.total)?;
    sheet.write_blank(row, 1, &look.total)?;
    counts(sheet, row, total(book.summary.iter()), &look.total_number)?;
    Ok(row)
}

/// Town × rule, each town with its sum.
fn by_town(
    sheet: &mut Worksheet,
    look: &Look,
    book: &Book<'_>,
    rules: &[(&str, &str)],
    top: u32,
) -> Result<(), XlsxError> {
    let order = |s: &SummaryRow| if s.town_order == 0 { u16::MAX } else { s.town_order };
    let mut towns: Vec<(u16, &str)> =
        book.summary.iter().filter(|s| !s.counts.is_empty()).map(|s| (order(s), s.town.as_str())).collect();
    towns.sort_unstable();
    towns.dedup();
    if towns.is_empty() {
        return Ok(());
    }
    headings(sheet, look, top, ["镇（街道）", "疑似情形"])?;
    let mut row = top + 1;
    for (at, town) in towns {
        let of_town = || book.summary.iter().filter(move |s| (order(s), s.town.as_str()) == (at, town));
        let name = if town.is_empty() { NO_TOWN } else { town };
        for &(list, rule) in rules {
            let of_rule = total(of_town().filter(|s| s.list == list && s.rule == rule));
            if of_rule.iter().any(|count| *count > 0) {
                sheet.write_string_with_format(row, 0, name, &look.text)?;
                sheet.write_string_with_format(row, 1, rule, &look.text)?;
                counts(sheet, row, of_rule, &look.number)?;
                row += 1;
            }
        }
        sheet.write_string_with_format(row, 0, format!("{name} 小计"), &look.total)?;
        sheet.write_blank(row, 1, &look.total)?;
        counts(sheet, row, total(of_town()), &look.total_number)?;
        row += 1;
    }
    Ok(())
}

pub(super) fn column(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// A table of text columns below a head.
pub(super) fn table(
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
    head(sheet, look, book, "本次未运行、或有新增暂缓列出的规则（没有线索不等于没有问题）", 3)?;
    let rows = book.not_run.iter().map(|r| vec![r.list.clone(), r.rule.clone(), r.reason.clone()]);
    table(sheet, look, &[("清单", 22.0), ("疑似情形", 30.0), ("原因", 80.0)], rows)?;
    look::paper(sheet, &book.receiver, book.run_id);
    sheet.protect();
    Ok(())
}

/// Width of the text on the sheet 说明.
const NOTE_WIDTH: f64 = 110.0;

/// 说明: what the lists are and are not, how to answer, legal basis.
pub(super) fn notes(sheet: &mut Worksheet, look: &Look, book: &Book<'_>) -> Result<(), XlsxError> {
    let of_list = |list: &super::BookList<'_>| {
        let template = list.main.template;
        (format!("{}：是什么，不是什么", template.title), template.what.clone())
    };
    let mut sections: Vec<(String, Vec<String>)> = whole_lists(book).map(of_list).collect();
    sections.extend(answering(book));
    sections.push(("词语".to_owned(), WORDS.map(str::to_owned).to_vec()));
    if !book.basis.is_empty() {
        let lines = book.basis.iter().map(|(rule, basis)| format!("{rule}：{basis}"));
        sections.push(("依据".to_owned(), lines.collect()));
    }
    note_sheet(sheet, look, book, &sections)
}

/// Lists without their parts, which say the same.
fn whole_lists<'b, 'a>(book: &'b Book<'a>) -> impl Iterator<Item = &'b super::BookList<'a>> {
    book.lists.iter().filter(|list| list.part.is_none())
}

/// How to answer: once for all lists that say the same.
fn answering(book: &Book<'_>) -> Vec<(String, Vec<String>)> {
    let mut said: Vec<(Vec<&str>, &Vec<String>)> = Vec::new();
    for template in whole_lists(book).map(|list| list.main.template) {
        match said.iter_mut().find(|(_, lines)| **lines == template.answering) {
            Some((titles, _)) => titles.push(&template.title),
            None => said.push((vec![&template.title], &template.answering)),
        }
    }
    let alone = said.len() == 1;
    let named = |titles: Vec<&str>| if alone { String::new() } else { format!("：{}", titles.join("、")) };
    let heading = |titles| format!("怎样核查和反馈{}", named(titles));
    said.into_iter().map(|(titles, lines)| (heading(titles), lines.clone())).collect()
}

/// The sheet 说明: headings, each with numbered lines.
pub(super) fn note_sheet(
    sheet: &mut Worksheet,
    look: &Look,
    book: &Book<'_>,
    sections: &[(String, Vec<String>)],
) -> Result<(), XlsxError> {
    sheet.set_name("说明")?;
    sheet.set_column_width(0, 4)?;
    sheet.set_column_width(1, NOTE_WIDTH)?;
    let mut row = 0;
    for (heading, lines) in sections {
        sheet.write_string_with_format(row, 0, heading, &look.note_heading)?;
        row += 1;
        for (number, text) in (1..).zip(lines) {
            let number: usize = number;
            sheet.write_string_with_format(row, 0, format!("{number}."), &look.note)?;
            // A larger font than in the tables.
            let height = look::row_height(std::iter::once((text.as_str(), NOTE_WIDTH))) * 1.15;
            sheet.set_row_height(row, height)?;
            sheet.write_string_with_format(row, 1, text, &look.note)?;
            row += 1;
        }
    }
    look::paper(sheet, &book.receiver, book.run_id);
    sheet.set_print_scale(look::print_scale(&[4.0, NOTE_WIDTH]));
    sheet.protect();
    Ok(())
}

const WORDS: [&str; 7] = [
    "汇总：新增＝本次首次列入或重新列入、尚未答复；结转＝此前列入、尚未答复或答复不一致；其中逾期＝超过应反馈日期仍未答复；已答复＝已核实、处理中或待审核；办结＝已作说明或已办结，不再询问；撤回＝不再符合该情形。",
    "状态：新增＝本次首次列入或重新列入；延续＝上次已列入且无变化；变化＝依据或情形有变化；未复核＝相关规则本次未运行，维持上次结果；撤回＝不再符合该情形，无需再核查。",
    "匹配等级：A＝有效证号和姓名都一致；B＝证号一致、姓名差异可以解释，或证号经公安变更；C＝无可用证号，姓名、出生日期、性别等一致；D＝更弱。",
    "可信度：所依据的各行确属同一个人的概率估计。",
    "处置进度：发现＝首次列入；核实＝首次作出答复（无法核实的除外）；属实＝其中属实或部分属实；销号＝不再需要核查（属实且情形已消除、已作说明，或未及核实已不再符合）。学期按 9 月、2 月起算，学年按 9 月起算。",
    "（略）：按披露范围不向本单位提供的内容。",
    "线索编号：同一线索始终不变，末位有校验，抄写错误会被识别。",
];
