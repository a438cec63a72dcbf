//! Reads XLSX and XLS workbooks sheet by sheet into the intake: hidden sheets aside, merged cells
//! filled downwards, every sheet with its own header.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use calamine::{Data, Dimensions, Range, Reader, Sheet, SheetType, SheetVisible, Xls, Xlsx};

use super::cell;
use super::intake::{Intake, SheetEnd};
use super::ole_guard;
use super::text_file::too_many_columns;
use crate::diag::{Diagnostic, Level, Spot};
use crate::domain::{Contract, FieldKind};
use crate::guard::{Limits, Refusal, check_zip, unreadable};

/// Rows of a sheet can be no more than this.
const SHEET_ROWS_MAX: u32 = 1 << 20;

/// What the readers of both formats need.
pub(super) struct Job<'a, 'b> {
    pub(super) path: &'a Path,
    pub(super) name: &'a str,
    pub(super) contract: &'a Contract,
    pub(super) limits: &'a Limits,
    pub(super) intake: &'a mut Intake<'b>,
}

fn broken(error: &impl std::fmt::Display) -> Refusal {
    let message = format!("workbook cannot be read: {error}");
    Refusal::new("file_truncated", message, "文件损坏或不完整（工作簿打不开）")
}

/// Reads an Office Open XML workbook.
pub(super) fn read_xlsx(job: &mut Job<'_, '_>) -> Result<(), Refusal> {
    let facts = check_zip(job.path, job.limits)?;
    let file = File::open(job.path).map_err(|error| unreadable(&error))?;
    let mut book: Xlsx<_> =
        Xlsx::new(BufReader::new(file)).map_err(|_| broken(&"not an XLSX workbook, or damaged"))?;
    let is_1904 = book.has_1904_epoch();
    let sheets = wanted_sheets(book.sheets_metadata().to_vec(), job)?;
    let mut tables = 0;
    for sheet in sheets {
        let regions = if facts.merges {
            book.merge_cells_by_sheet_name(&sheet).map_err(|_| broken(&"merged cells of a sheet"))?
        } else {
            Vec::new()
        };
        job.intake.begin_sheet(&sheet)?;
        let mut feed = Feed::new(job, &sheet, regions, is_1904)?;
        let mut cells = match book.worksheet_cells_reader(&sheet) {
            Ok(cells) => cells,
            Err(calamine::XlsxError::NotAWorksheet(_)) => continue,
            Err(_) => return Err(broken(&"a sheet").at(&sheet, 0)),
        };
        while let Some(cell) = cells.next_cell().map_err(|_| broken(&"a sheet").at(&sheet, feed.row + 1))? {
            let (row, column) = cell.get_position();
            let slot = feed.slot(row, column, job)?;
            cell::of_ref(cell.get_value(), slot);
        }
        feed.finish_row(job)?;
        tables += end_sheet(job, &sheet)?;
    }
    require_table(tables)
}

/// Reads a BIFF workbook.
pub(super) fn read_xls(job: &mut Job<'_, '_>) -> Result<(), Refusal> {
    let bytes = std::fs::read(job.path).map_err(|error| unreadable(&error))?;
    ole_guard::check(&bytes, job.limits)?;
    let mut book: Xls<_> =
        Xls::new(std::io::Cursor::new(bytes)).map_err(|_| broken(&"not an XLS workbook, or damaged"))?;
    let is_1904 = book.has_1904_epoch();
    let sheets = wanted_sheets(book.sheets_metadata().to_vec(), job)?;
    let mut tables = 0;
    for sheet in sheets {
        let regions =
            book.merge_cells_by_sheet_name(&sheet).map_err(|_| broken(&"merged cells of a sheet"))?;
        let range = book.worksheet_range(&sheet).map_err(|_| broken(&"a sheet").at(&sheet, 0))?;
        job.intake.begin_sheet(&sheet)?;
        let mut feed = Feed::new(job, &sheet, regions, is_1904)?;
        feed_range(&range, &mut feed, job)?;
        tables += end_sheet(job, &sheet)?;
    }
    require_table(tables)
}

fn feed_range(range: &Range<Data>, feed: &mut Feed<'_>, job: &mut Job<'_, '_>) -> Result<(), Refusal> {
    let Some((top, left)) = range.start() else { return Ok(()) };
    for (row, cells) in (top..).zip(range.rows()) {
        for (column, value) in (left..).zip(cells) {
            if *value != Data::Empty {
                cell::of_data(value, feed.slot(row, column, job)?);
            }
        }
    }
    feed.finish_row(job)
}

fn require_table(tables: u32) -> Result<(), Refusal> {
    if tables == 0 {
        let reason = "找不到表头：没有一个工作表与约定的列名相符";
        return Err(Refusal::new("header_missing", "no sheet matches the contract's headings", reason));
    }
    Ok(())
}

/// Ends a sheet; 1 when it held a table.
fn end_sheet(job: &mut Job<'_, '_>, sheet: &str) -> Result<u32, Refusal> {
    let spot = Spot { file: job.name.to_owned(), sheet: sheet.to_owned(), ..Spot::default() };
    match job.intake.end_sheet()? {
        SheetEnd::Table => return Ok(1),
        SheetEnd::Empty => {}
        SheetEnd::NoHeader => {
            let message = "sheet without a header that matches the contract skipped";
            job.intake.say(Diagnostic::warning("sheet_skipped", spot, message));
        }
    }
    Ok(0)
}

/// The names of the sheets that are data, in the workbook's order.
fn wanted_sheets(sheets: Vec<Sheet>, job: &mut Job<'_, '_>) -> Result<Vec<String>, Refusal> {
    if sheets.len() > job.limits.sheets_max {
        let message = format!("more than {} sheets", job.limits.sheets_max);
        return Err(Refusal::new("too_many_sheets", message, "工作表过多"));
    }
    let mut wanted = Vec::new();
    for sheet in sheets {
        if sheet.typ != SheetType::WorkSheet {
            continue;
        }
        let named = job.contract.hidden_sheets.contains(&sheet.name);
        if sheet.visible != SheetVisible::Visible && !named {
            job.intake.hidden_sheet(&sheet.name);
            continue;
        }
        wanted.push(sheet.name);
    }
    Ok(wanted)
}

/// A region of one column that is filled down from its top cell.
struct Merge {
    column: usize,
    top: u32,
    bottom: u32,
    value: Option<String>,
}

/// Gathers the cells of one row after the other and pushes whole rows.
struct Feed<'s> {
    sheet: &'s str,
    /// Current row, from 0.
    row: u32,
    cells: Vec<String>,
    used: usize,
    /// Vertical merges that have not begun, last first.
    waiting: Vec<Merge>,
    active: Vec<Merge>,
    is_1904: bool,
}

impl<'s> Feed<'s> {
    fn new(
        job: &Job<'_, '_>,
        sheet: &'s str,
        regions: Vec<Dimensions>,
        is_1904: bool,
    ) -> Result<Self, Refusal> {
        if regions.len() > job.limits.merged_regions_max {
            let message = format!("more than {} merged regions", job.limits.merged_regions_max);
            return Err(Refusal::new("too_many_merges", message, "合并单元格过多").at(sheet, 0));
        }
        let vertical = regions.into_iter().filter(|region| region.end.0 > region.start.0);
        let mut waiting: Vec<Merge> = vertical
            .filter_map(|region| {
                let column = usize::try_from(region.start.1).ok()?;
                Some(Merge { column, top: region.start.0, bottom: region.end.0, value: None })
            })
            .collect();
        waiting.sort_by_key(|merge| std::cmp::Reverse((merge.top, merge.column)));
        Ok(Self { sheet, row: 0, cells: Vec::new(), used: 0, waiting, active: Vec::new(), is_1904 })
    }

    /// The empty text of the cell at this place; rows before it are pushed.
    fn slot(&mut self, row: u32, column: u32, job: &mut Job<'_, '_>) -> Result<&mut String, Refusal> {
        if row != self.row {
            if row < self.row {
                return Err(broken(&"rows out of order").at(self.sheet, row.saturating_add(1)));
            }
            self.finish_row(job)?;
            self.row = row;
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= job.limits.columns_max || row >= SHEET_ROWS_MAX {
            return Err(too_many_columns(job.limits).at(self.sheet, row.saturating_add(1)));
        }
        if self.cells.len() <= column {
            self.cells.resize_with(column + 1, String::new);
        }
        self.used = self.used.max(column + 1);
        self.cells[column].clear();
        Ok(&mut self.cells[column])
    }

    /// Pushes the row gathered so far, when it has cells of its own.
    fn finish_row(&mut self, job: &mut Job<'_, '_>) -> Result<(), Refusal> {
        if self.used == 0 {
            return Ok(());
        }
        self.fill_down(job);
        if self.is_1904 {
            self.correct_dates(job);
        }
        job.intake.push(self.row + 1, &self.cells[..self.used])?;
        for cell in &mut self.cells[..self.used] {
            cell.clear();
        }
        self.used = 0;
        Ok(())
    }

    /// Copies the top cell of each merged region into the row.
    fn fill_down(&mut self, job: &mut Job<'_, '_>) {
        while self.waiting.last().is_some_and(|merge| merge.top <= self.row) {
            self.active.extend(self.waiting.pop());
        }
        let row = self.row;
        self.active.retain(|merge| merge.bottom >= row);
        let has_own = self.cells[..self.used].iter().any(|cell| !cell.trim().is_empty());
        let mut filled = false;
        for merge in &mut self.active {
            let own = self.cells.get(merge.column).map_or("", String::as_str);
            if merge.top == row {
                merge.value = Some(own.to_owned());
                continue;
            }
            let Some(value) = merge.value.as_ref().filter(|_| own.is_empty() && has_own) else { continue };
            if self.cells.len() <= merge.column {
                self.cells.resize_with(merge.column + 1, String::new);
            }
            self.cells[merge.column].clone_from(value);
            self.used = self.used.max(merge.column + 1);
            filled |= !value.is_empty();
        }
        if filled {
            let said = "value of a merged cell taken for every row it spans";
            job.intake.remark(Level::Info, "merged_filled", said, row + 1);
        }
    }

    /// Bare serials of date fields in a workbook that counts from 1904.
    fn correct_dates(&mut self, job: &Job<'_, '_>) {
        let Some(plan) = job.intake.plan() else { return };
        for (field, column) in plan.column_of.iter().enumerate() {
            let kind = job.contract.field[field].kind;
            if let Some(cell) = column.and_then(|column| self.cells.get_mut(column))
                && kind == FieldKind::Date
            {
                cell::correct_1904(kind, cell);
            }
        }
    }
}
