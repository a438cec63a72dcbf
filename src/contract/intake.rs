//! The one door through which rows of every format come in: finds the header, maps columns to
//! fields, passes over what is no data, holds back rows that cannot go on, and builds the columns.
//!
//! It never loses a row: every data row is either appended or put in quarantine.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use arrow::datatypes::{DataType, Field as ArrowField, Schema};
use arrow::record_batch::RecordBatch;

use super::delimited::Row;
use super::heading::{ColumnPlan, Headings, normalise};
use super::notes::Notes;
use crate::diag::{Diagnostic, Level, Spot};
use crate::domain::{Contract, Quarantined};
use crate::guard::{Limits, Refusal};

/// The cells of one row, by column.
pub(super) trait Cells {
    /// Number of cells.
    fn count(&self) -> usize;
    /// The text of a cell; empty beyond the end.
    fn cell(&self, column: usize) -> &str;
}

impl Cells for Row<'_> {
    fn count(&self) -> usize {
        self.spans.len()
    }

    fn cell(&self, column: usize) -> &str {
        self.spans.get(column).map_or("", |span| &self.text[span.start..span.end])
    }
}

impl Cells for [String] {
    fn count(&self) -> usize {
        self.len()
    }

    fn cell(&self, column: usize) -> &str {
        self.get(column).map_or("", String::as_str)
    }
}

/// Values that spreadsheet programs show for a formula that failed.
pub(super) const ERROR_CELLS: [&str; 8] =
    ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#GETTING_DATA"];

/// Words that begin or are the label of a row of sums.
const SUM_WORDS: [&str; 5] = ["合计", "小计", "总计", "共计", "累计"];

fn is_empty(text: &str) -> bool {
    match text.as_bytes().first() {
        None => true,
        Some(byte) if byte.is_ascii_graphic() => false,
        Some(_) => text.chars().all(|c| c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}'),
    }
}

fn is_error(text: &str) -> bool {
    text.starts_with('#') && ERROR_CELLS.contains(&text.trim_end())
}

/// `合计`, `合 计：`, `汇总 小计`: the label of a row of sums.
fn is_sum_label(text: &str) -> bool {
    let bare = normalise(text);
    SUM_WORDS.iter().any(|word| {
        bare.ends_with(word)
            || bare.strip_prefix(word).is_some_and(|rest| {
                rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, ':' | '(' | '人' | '共'))
            })
    })
}

/// What a sheet (or a text file) turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SheetEnd {
    /// It had a header.
    Table,
    /// It had cells but no header.
    NoHeader,
    /// It had no cells.
    Empty,
}

enum Phase {
    /// Looking for the header among these rows.
    Searching(Vec<(u32, Vec<String>, ColumnPlan)>),
    /// Reading data rows; the header's own cells of the mapped columns, for repeats of it.
    Reading(ColumnPlan, Vec<(usize, String)>),
    /// No header came; the rest of the sheet is skipped.
    Skipping,
}

/// The rows of one file as they were taken in.
pub(super) struct FileRows {
    /// One Utf8 column for each contract field.
    pub(super) batch: RecordBatch,
    /// Sheet of each row (index into `sheets`).
    pub(super) sheet: Vec<u16>,
    /// Row numbers as Excel shows them.
    pub(super) row: Vec<u32>,
    /// Sheet names; 0 is the empty name.
    pub(super) sheets: Vec<String>,
    /// Rows held back.
    pub(super) quarantine: Vec<Quarantined>,
    /// Data rows found.
    pub(super) read: u64,
    /// Title, header, blank and sum rows.
    pub(super) passed_over: u64,
    /// Headings without a field.
    pub(super) dropped_columns: Vec<String>,
    /// Hidden sheets that were ignored.
    pub(super) hidden_sheets: Vec<String>,
    /// Remarks.
    pub(super) problems: Vec<Diagnostic>,
    /// For each sheet with a header the column of each field.
    pub(super) columns: Vec<(u16, Vec<Option<usize>>)>,
}

/// Takes in the rows of one file.
pub(super) struct Intake<'a> {
    contract: &'a Contract,
    limits: &'a Limits,
    file: &'a str,
    headings: Headings,
    required: Vec<usize>,
    builders: Vec<StringBuilder>,
    sheet_of: Vec<u16>,
    row_of: Vec<u32>,
    sheets: Vec<String>,
    current: u16,
    /// Whether the number of cells in a row means something (text files).
    ragged: bool,
    phase: Phase,
    quarantine: Vec<Quarantined>,
    read: u64,
    /// Text kept so far, in bytes.
    text_bytes: usize,
    passed_over: u64,
    dropped_columns: Vec<String>,
    hidden_sheets: Vec<String>,
    problems: Vec<Diagnostic>,
    notes: Notes,
    columns: Vec<(u16, Vec<Option<usize>>)>,
}

impl<'a> Intake<'a> {
    pub(super) fn new(contract: &'a Contract, limits: &'a Limits, file: &'a str) -> Self {
        Self {
            contract,
            limits,
            file,
            headings: Headings::new(contract),
            required: (0..contract.field.len()).filter(|&f| contract.field[f].required).collect(),
            builders: contract.field.iter().map(|_| StringBuilder::new()).collect(),
            sheet_of: Vec::new(),
            row_of: Vec::new(),
            sheets: vec![String::new()],
            current: 0,
            ragged: true,
            phase: Phase::Searching(Vec::new()),
            quarantine: Vec::new(),
            read: 0,
            text_bytes: 0,
            passed_over: 0,
            dropped_columns: Vec::new(),
            hidden_sheets: Vec::new(),
            problems: Vec::new(),
            notes: Notes::default(),
            columns: Vec::new(),
        }
    }

    /// Headings of the contract, for readers that look before they read.
    pub(super) const fn headings(&self) -> &Headings {
        &self.headings
    }

    /// Begins a sheet of a workbook, where rows are not ragged.
    pub(super) fn begin_sheet(&mut self, name: &str) -> Result<(), Refusal> {
        self.sheets.push(name.to_owned());
        self.current = u16::try_from(self.sheets.len() - 1)
            .map_err(|_| Refusal::new("too_many_sheets", "too many sheets", "工作表过多"))?;
        self.ragged = false;
        self.phase = Phase::Searching(Vec::new());
        Ok(())
    }

    /// Rows of this file have names instead of positions: never ragged, no header row to find.
    pub(super) fn begin_columns(&mut self, names: &[String]) -> Result<(), Refusal> {
        self.ragged = false;
        let plan = self.headings.plan(names.iter().map(String::as_str));
        self.adopt(plan, names, 1)
    }

    /// The columns in use, once a header was found.
    pub(super) fn plan(&self) -> Option<&ColumnPlan> {
        match &self.phase {
            Phase::Reading(plan, _) => Some(plan),
            Phase::Searching(_) | Phase::Skipping => None,
        }
    }

    /// Whether a row is blank or a row of sums, as far as its own cells tell.
    pub(super) fn is_no_data<C: Cells + ?Sized>(cells: &C) -> bool {
        let mut labels = (0..cells.count()).map(|c| cells.cell(c)).filter(|cell| !is_empty(cell)).take(3);
        labels.next().is_none_or(|first| is_sum_label(first) || labels.any(is_sum_label))
    }

    /// Whether no field is filled, or nothing but one cell that is not required: a number written in
    /// advance, a line below the table.
    fn holds_nothing<C: Cells + ?Sized>(&self, plan: &ColumnPlan, cells: &C) -> bool {
        let filled = |column: &usize| !is_empty(cells.cell(*column));
        if !plan.column_of.iter().flatten().any(filled) {
            return true;
        }
        let required = self.required.iter().filter_map(|&field| plan.column_of[field]);
        !self.required.is_empty()
            && !required.into_iter().any(|column| filled(&column))
            && (0..cells.count()).filter(filled).count() == 1
    }

    /// Remarks a sheet that was ignored because it is hidden.
    pub(super) fn hidden_sheet(&mut self, name: &str) {
        self.hidden_sheets.push(name.to_owned());
        let spot = Spot { file: self.file.to_owned(), sheet: name.to_owned(), ..Spot::default() };
        self.say(Diagnostic::warning("sheet_hidden", spot, "hidden sheet ignored").with_help(
            "name the sheet in `hidden_sheets` of the contract when its rows are data all the same",
        ));
    }

    /// Adds a diagnostic of the reader.
    pub(super) fn say(&mut self, diagnostic: Diagnostic) {
        self.problems.push(diagnostic);
    }

    /// Remarks something about the row in the current sheet.
    pub(super) fn remark(&mut self, level: Level, code: &'static str, text: &'static str, row: u32) {
        self.notes.row(level, code, text, (&self.sheets[usize::from(self.current)], row, ""));
    }

    /// Takes in one row; `row` is its number as Excel shows it.
    pub(super) fn push<C: Cells + ?Sized>(&mut self, row: u32, cells: &C) -> Result<(), Refusal> {
        match &mut self.phase {
            Phase::Reading(..) => self.data_row(row, cells),
            Phase::Skipping => Ok(()),
            Phase::Searching(seen) => {
                let owned: Vec<String> = (0..cells.count()).map(|c| cells.cell(c).to_owned()).collect();
                let plan = self.headings.plan(owned.iter().map(String::as_str));
                if self.headings.plausible(&plan) && self.headings.missing_required(&plan).is_empty() {
                    self.passed_over += seen.len() as u64;
                    return self.adopt(plan, &owned, row);
                }
                seen.push((row, owned, plan));
                if row >= self.limits.header_rows_max { self.choose_header() } else { Ok(()) }
            }
        }
    }

    /// Ends the sheet or text file.
    pub(super) fn end_sheet(&mut self) -> Result<SheetEnd, Refusal> {
        if let Phase::Searching(seen) = &self.phase {
            if seen.iter().all(|(_, cells, _)| cells.iter().all(|cell| is_empty(cell))) {
                self.passed_over += seen.len() as u64;
                return Ok(SheetEnd::Empty);
            }
            self.choose_header()?;
        }
        Ok(if matches!(self.phase, Phase::Reading(..)) { SheetEnd::Table } else { SheetEnd::NoHeader })
    }

    /// Picks the row that matches most fields and takes in the rows seen after it.
    fn choose_header(&mut self) -> Result<(), Refusal> {
        let Phase::Searching(mut seen) = std::mem::replace(&mut self.phase, Phase::Skipping) else {
            return Ok(());
        };
        let best = seen.iter().map(|(.., plan)| plan.found()).max().unwrap_or(0);
        let found = seen.iter().position(|(.., plan)| plan.found() == best);
        let Some(at) = found.filter(|&at| self.headings.plausible(&seen[at].2)) else {
            return Ok(());
        };
        let after = seen.split_off(at + 1);
        self.passed_over += seen.len() as u64 - 1;
        let (row, cells, plan) = seen.swap_remove(at);
        self.adopt(plan, &cells, row)?;
        for (row, cells, _) in after {
            self.data_row(row, cells.as_slice())?;
        }
        Ok(())
    }

    /// Uses this header, or refuses the file when a required column is missing.
    fn adopt(&mut self, mut plan: ColumnPlan, cells: &[String], row: u32) -> Result<(), Refusal> {
        self.passed_over += 1;
        let sheet = self.sheets[usize::from(self.current)].clone();
        let missing = self.headings.missing_required(&plan);
        if !missing.is_empty() {
            let ids: Vec<&str> = missing.iter().filter_map(|&f| self.field_id(f)).collect();
            let names: Vec<String> = missing.iter().map(|&f| format!("“{}”", self.heading(f))).collect();
            return Err(Refusal::new(
                "column_missing",
                format!("required column missing: {}", ids.join(", ")),
                format!("缺少必需的列{}", names.join("、")),
            )
            .at(&sheet, row));
        }
        plan.width = cells.iter().rposition(|cell| !is_empty(cell)).map_or(0, |last| last + 1);
        self.report_columns(&plan, &sheet, row);
        self.columns.push((self.current, plan.column_of.clone()));
        let own = plan.column_of.iter().flatten().map(|&column| (column, cells[column].clone())).collect();
        self.phase = Phase::Reading(plan, own);
        Ok(())
    }

    fn report_columns(&mut self, plan: &ColumnPlan, sheet: &str, row: u32) {
        let ids = |wanted: &dyn Fn(Option<usize>) -> bool| -> Vec<&str> {
            let fields = plan.column_of.iter().enumerate().filter(|(_, column)| wanted(**column));
            fields.filter_map(|(field, _)| self.field_id(field)).collect()
        };
        let absent = ids(&|column| column.is_none());
        let loose = ids(&|column| column.is_some_and(|column| plan.loose.contains(&column)));
        let (repeated, dropped): (Vec<&String>, Vec<&String>) =
            plan.dropped.iter().partition(|heading| plan.repeated.contains(heading));
        let quoted = |headings: &[&String]| -> Vec<String> {
            headings.iter().map(|heading| format!("`{heading}`")).collect()
        };
        let lists = [
            (
                "column_absent",
                Level::Warning,
                "optional columns missing, their values are unknown",
                absent.join(", "),
            ),
            ("heading_loose", Level::Info, "headings recognised without a bracketed part", loose.join(", ")),
            (
                "column_repeated",
                Level::Warning,
                "fields found twice, these columns dropped",
                quoted(&repeated).join(", "),
            ),
            ("column_dropped", Level::Info, "columns without a field dropped", quoted(&dropped).join(", ")),
        ];
        let spot =
            Spot { file: self.file.to_owned(), sheet: sheet.to_owned(), line: row, column: String::new() };
        let told = lists.into_iter().filter(|(.., list)| !list.is_empty());
        let said: Vec<Diagnostic> = told
            .map(|(code, level, text, list)| {
                Diagnostic::new(level, code, spot.clone(), format!("{text}: {list}"))
            })
            .collect();
        self.problems.extend(said);
        for heading in &plan.dropped {
            if !self.dropped_columns.contains(heading) {
                self.dropped_columns.push(heading.clone());
            }
        }
    }

    fn field_id(&self, field: usize) -> Option<&str> {
        self.contract.field.get_index(field).map(|(id, _)| id.as_str())
    }

    /// The official heading of a field, for the owner.
    fn heading(&self, field: usize) -> &str {
        self.contract.field[field].headers.first().map_or("", String::as_str)
    }

    fn data_row<C: Cells + ?Sized>(&mut self, row: u32, cells: &C) -> Result<(), Refusal> {
        let Phase::Reading(plan, own) = &self.phase else { return Ok(()) };
        let text = |field: usize| plan.column_of[field].map_or("", |column| cells.cell(column));
        let missing = self.required.iter().copied().find(|&field| {
            let text = text(field);
            is_empty(text) || is_error(text)
        });
        if (missing.is_some() || self.required.is_empty())
            && (self.holds_nothing(plan, cells) || Self::is_no_data(cells))
        {
            self.passed_over += 1;
            return Ok(());
        }
        if own.iter().all(|(column, heading)| cells.cell(*column) == heading) {
            self.passed_over += 1;
            return Ok(());
        }
        self.read += 1;
        if self.read > self.limits.rows_max {
            return Err(Refusal::new(
                "too_many_rows",
                format!("more than {} rows", self.limits.rows_max),
                format!("行数超过 {} 行", self.limits.rows_max),
            ));
        }
        let width = plan.width;
        let beyond = (width..cells.count()).any(|column| !is_empty(cells.cell(column)));
        if self.ragged && beyond {
            let reason = format!("该行有 {} 列，表头只有 {width} 列，可能多了逗号或换行", cells.count());
            return self.hold_back(row, cells, (None, "row_long", reason));
        }
        if let Some(field) = missing {
            return self.hold_back_for_field(row, cells, field);
        }
        if beyond {
            self.remark(Level::Info, "cells_beyond_header", "cells right of the header dropped", row);
        }
        if self.ragged && cells.count() < width {
            self.remark(Level::Warning, "row_short", "row with fewer cells than the header", row);
        }
        self.append(row, cells)
    }

    fn hold_back_for_field<C: Cells + ?Sized>(
        &mut self,
        row: u32,
        cells: &C,
        field: usize,
    ) -> Result<(), Refusal> {
        let (heading, count) = (self.heading(field), cells.count());
        let Some(plan) = self.plan() else { return Ok(()) };
        let column = plan.column_of[field].unwrap_or_default();
        let (code, reason) = if self.ragged && column >= count {
            let width = plan.width;
            ("row_short", format!("该行只有 {count} 列，表头有 {width} 列，缺必填项“{heading}”"))
        } else if is_error(cells.cell(column)) {
            ("error_cell", format!("必填项“{heading}”是公式错误值"))
        } else {
            ("required_empty", format!("必填项“{heading}”为空"))
        };
        self.hold_back(row, cells, (self.field_id(field).map(str::to_owned), code, reason))
    }

    fn hold_back<C: Cells + ?Sized>(
        &mut self,
        row: u32,
        cells: &C,
        (field, code, reason): (Option<String>, &'static str, String),
    ) -> Result<(), Refusal> {
        let Some(plan) = self.plan() else { return Ok(()) };
        let mut kept: Vec<String> = plan
            .column_of
            .iter()
            .map(|column| column.map_or_else(String::new, |column| cells.cell(column).to_owned()))
            .collect();
        if self.ragged {
            kept.extend((plan.width..cells.count()).map(|column| cells.cell(column).to_owned()));
        }
        if self.quarantine.len() >= self.limits.quarantined_rows_max {
            let most = self.limits.quarantined_rows_max;
            return Err(Refusal::new(
                "too_many_quarantined",
                format!("more than {most} rows in quarantine"),
                format!("不合格行超过 {most} 行"),
            ));
        }
        self.take_in(kept.iter().map(String::len).sum())?;
        let sheet = self.sheets[usize::from(self.current)].clone();
        let file = self.file.to_owned();
        self.quarantine.push(Quarantined { file, sheet, row, field, code, reason, cells: kept });
        Ok(())
    }

    /// Counts text that is kept: one small file can unfold into more than the machine has.
    fn take_in(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.text_bytes += bytes;
        if self.text_bytes <= self.limits.text_bytes_max {
            return Ok(());
        }
        let message = format!("more than {} MiB of text in one file", self.limits.text_bytes_max >> 20);
        Err(Refusal::new("too_much_text", message, "文件内容过大，请分成几个文件报送"))
    }

    fn append<C: Cells + ?Sized>(&mut self, row: u32, cells: &C) -> Result<(), Refusal> {
        let Phase::Reading(plan, _) = &self.phase else { return Ok(()) };
        let kept = plan.column_of.iter().flatten().map(|&column| cells.cell(column).len()).sum();
        self.take_in(kept)?;
        let Phase::Reading(plan, _) = &self.phase else { return Ok(()) };
        let sheet = self.sheets[usize::from(self.current)].as_str();
        for (field, builder) in self.builders.iter_mut().enumerate() {
            let text = plan.column_of[field].map_or("", |column| cells.cell(column));
            if is_empty(text) {
                builder.append_null();
            } else if is_error(text) {
                let id = self.contract.field.get_index(field).map_or("", |(id, _)| id.as_str());
                let said = "formula error read as an empty cell";
                self.notes.row(Level::Warning, "error_cell", said, (sheet, row, id));
                builder.append_null();
            } else if text.len() > self.limits.cell_bytes_max {
                return Err(Refusal::new(
                    "cell_too_long",
                    format!("a cell of more than {} bytes", self.limits.cell_bytes_max),
                    "有单元格超过长度上限",
                )
                .at(sheet, row));
            } else {
                if builder.values_slice().len() + text.len() > self.limits.column_bytes_max {
                    let reason = "文件过大，请分成几个文件报送";
                    return Err(Refusal::new("column_too_large", "one column holds too much text", reason));
                }
                builder.append_value(text);
            }
        }
        self.sheet_of.push(self.current);
        self.row_of.push(row);
        Ok(())
    }

    /// The rows, after the last sheet.
    ///
    /// # Errors
    /// Only when Arrow refuses the columns, which have equal lengths by construction.
    pub(super) fn finish(mut self) -> Result<FileRows, Refusal> {
        let columns: Vec<ArrayRef> =
            self.builders.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef).collect();
        let batch = RecordBatch::try_new(schema(self.contract), columns)
            .map_err(|error| Refusal::new("columns_unequal", error.to_string(), "程序内部错误"))?;
        self.problems.extend(self.notes.into_diagnostics(self.file));
        Ok(FileRows {
            batch,
            sheet: self.sheet_of,
            row: self.row_of,
            sheets: self.sheets,
            quarantine: self.quarantine,
            read: self.read,
            passed_over: self.passed_over,
            dropped_columns: self.dropped_columns,
            hidden_sheets: self.hidden_sheets,
            problems: self.problems,
            columns: self.columns,
        })
    }
}

/// One nullable Utf8 column for each contract field, in contract order.
pub(super) fn schema(contract: &Contract) -> Arc<Schema> {
    let fields: Vec<ArrowField> =
        contract.field.keys().map(|id| ArrowField::new(id, DataType::Utf8, true)).collect();
    Arc::new(Schema::new(fields))
}
