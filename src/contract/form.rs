//! A form that people filled in and sent back, read with the readers of deliveries: every row with the
//! places of its cells, so that whoever takes the answers can name the cell that cannot be taken.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use arrow::array::Array;
use calamine::{Reader, Xls, Xlsx};

use super::intake::FileRows;
use super::{read_file, text_column};
use crate::domain::{Contract, PulledFile};
use crate::guard::{Limits, Refusal};

/// A form as it was read. No `Debug`: cells hold what people wrote.
pub struct Form {
    /// Rows with a key, in the order of the file.
    pub rows: Vec<FormRow>,
    /// Rows that were filled in and cannot go on, with the reason in Chinese.
    pub held: Vec<HeldRow>,
    /// Sheets without the headings, and hidden sheets; nothing was read from them.
    pub skipped: Vec<String>,
    /// Sheets that were read.
    pub sheets: u64,
}

/// One row.
pub struct FormRow {
    /// Sheet; empty in a text file.
    pub sheet: String,
    /// Row number as spreadsheet programs show it.
    pub row: u32,
    /// Text of each field; empty where there is none.
    pub cells: Vec<String>,
    /// Name of each field's cell, `D7`; empty where the sheet has no such column.
    pub names: Vec<String>,
    /// Fields whose cells hold a formula.
    pub formulas: Vec<usize>,
}

/// A row that cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRow {
    /// Sheet; empty in a text file.
    pub sheet: String,
    /// Row number as spreadsheet programs show it.
    pub row: u32,
    /// Name of the cell where one is to blame.
    pub cell: String,
    /// Why, in Chinese, without values.
    pub reason: String,
}

/// Why a form is not read at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormRefusal {
    /// Stable code.
    pub code: &'static str,
    /// In Chinese, places only.
    pub reason: String,
    /// Sheet, where known.
    pub sheet: String,
    /// Row as spreadsheet programs show it; 0 unknown.
    pub row: u32,
}

impl From<Refusal> for FormRefusal {
    fn from(refusal: Refusal) -> Self {
        let Refusal { code, reason, sheet, row, .. } = refusal;
        Self { code, reason, sheet, row }
    }
}

/// Reads one form; `contract` says which headings are wanted.
///
/// # Errors
/// When the file cannot be read whole: damaged, too large, another format, macros, no such headings.
pub fn read(path: &Path, name: &str, contract: &Contract, limits: &Limits) -> Result<Form, FormRefusal> {
    let bytes = std::fs::metadata(path).map_err(|error| crate::guard::unreadable(&error))?.len();
    let file = PulledFile {
        path: path.to_owned(),
        name: name.to_owned(),
        bytes,
        sha256: String::new(),
        as_of: None,
        promised_rows: None,
    };
    let rows = read_file(&file, contract, limits)?;
    refuse_macros(path)?;
    let formulas = formulas(path, &rows)?;
    Ok(form(&rows, contract, &formulas))
}

/// A formula's place: sheet, row and column from 0.
type Place = (u16, u32, u32);

fn form(rows: &FileRows, contract: &Contract, formulas: &BTreeSet<Place>) -> Form {
    let columns_of = |sheet: u16| {
        rows.columns.iter().rev().find(|(of, _)| *of == sheet).map(|(_, columns)| columns.as_slice())
    };
    let texts: Vec<_> = (0..rows.batch.num_columns()).map(|at| text_column(&rows.batch, at)).collect();
    let text = |field: usize, row: usize| {
        let column = texts[field].filter(|column| !column.is_null(row));
        column.map_or_else(String::new, |column| column.value(row).to_owned())
    };
    let row_of = |at: usize| {
        let (sheet, row) = (rows.sheet[at], rows.row[at]);
        let columns = columns_of(sheet).unwrap_or_default();
        let is_formula = |column: &Option<usize>| {
            let column = column.and_then(|column| u32::try_from(column).ok());
            column.is_some_and(|column| formulas.contains(&(sheet, row - 1, column)))
        };
        FormRow {
            sheet: rows.sheets[usize::from(sheet)].clone(),
            row,
            cells: (0..texts.len()).map(|field| text(field, at)).collect(),
            names: columns.iter().map(|column| cell_name(*column, row)).collect(),
            formulas: (0..columns.len()).filter(|&field| is_formula(&columns[field])).collect(),
        }
    };
    let held = rows.quarantine.iter().map(|held| {
        let sheet =
            rows.sheets.iter().position(|name| *name == held.sheet).and_then(|at| u16::try_from(at).ok());
        let field = held.field.as_ref().and_then(|id| contract.field.get_index_of(id));
        let column = sheet.and_then(columns_of).zip(field).and_then(|(columns, field)| columns[field]);
        HeldRow {
            sheet: held.sheet.clone(),
            row: held.row,
            cell: cell_name(column, held.row),
            reason: held.reason.clone(),
        }
    });
    let skipped = rows.problems.iter().filter(|problem| problem.code == "sheet_skipped");
    let hidden = rows.hidden_sheets.iter().cloned();
    Form {
        held: held.collect(),
        skipped: skipped.map(|problem| problem.spot.sheet.clone()).chain(hidden).collect(),
        sheets: rows.columns.len() as u64,
        rows: (0..rows.row.len()).map(row_of).collect(),
    }
}

/// `D7`; empty without a column.
fn cell_name(column: Option<usize>, row: u32) -> String {
    let Some(mut column) = column else { return String::new() };
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(column % 26).unwrap_or(0)));
        if column < 26 {
            break;
        }
        column = column / 26 - 1;
    }
    letters.iter().rev().collect::<String>() + &row.to_string()
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// A workbook that brings a program along is none that was sent out.
fn refuse_macros(path: &Path) -> Result<(), Refusal> {
    /// Directory entry of the macros of an XLS workbook, as UTF-16.
    const XLS_MACROS: &str = "_VBA_PROJECT_CUR";
    let unreadable = |error: std::io::Error| crate::guard::unreadable(&error);
    let macros = if has_extension(path, "xlsx") {
        let file = File::open(path).map_err(unreadable)?;
        let archive = zip::ZipArchive::new(BufReader::new(file));
        archive.is_ok_and(|archive| {
            archive
                .file_names()
                .any(|name| name.is_ok_and(|name| name.to_ascii_lowercase().ends_with("vbaproject.bin")))
        })
    } else if has_extension(path, "xls") {
        let wanted: Vec<u8> = XLS_MACROS.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let bytes = std::fs::read(path).map_err(unreadable)?;
        bytes.windows(wanted.len()).any(|window| window == wanted)
    } else {
        false
    };
    if macros {
        let reason = "工作簿含有宏，请另存为不带宏的 xlsx 后重报";
        return Err(Refusal::new("macros", "the workbook holds macros", reason));
    }
    Ok(())
}

/// Where formulas stand in the sheets that were read.
fn formulas(path: &Path, rows: &FileRows) -> Result<BTreeSet<Place>, Refusal> {
    let broken = || Refusal::new("file_truncated", "formulas of a sheet", "文件损坏或不完整（工作簿打不开）");
    let mut found = BTreeSet::new();
    if has_extension(path, "xlsx") {
        let file = File::open(path).map_err(|error| crate::guard::unreadable(&error))?;
        let mut book: Xlsx<_> = Xlsx::new(BufReader::new(file)).map_err(|_| broken())?;
        for (sheet, _) in &rows.columns {
            let mut cells =
                book.worksheet_cells_reader(&rows.sheets[usize::from(*sheet)]).map_err(|_| broken())?;
            while let Some(cell) = cells.next_formula().map_err(|_| broken())? {
                let (row, column) = cell.get_position();
                if !cell.get_value().is_empty() {
                    found.insert((*sheet, row, column));
                }
            }
        }
    } else if has_extension(path, "xls") {
        let file = File::open(path).map_err(|error| crate::guard::unreadable(&error))?;
        let mut book: Xls<_> = Xls::new(BufReader::new(file)).map_err(|_| broken())?;
        for (sheet, _) in &rows.columns {
            let range = book.worksheet_formula(&rows.sheets[usize::from(*sheet)]).map_err(|_| broken())?;
            let (top, left) = range.start().unwrap_or_default();
            let used = range.used_cells().filter(|(_, _, formula)| !formula.is_empty());
            for (row, column, _) in used {
                let place = (u32::try_from(row).ok(), u32::try_from(column).ok());
                if let (Some(row), Some(column)) = place {
                    found.insert((*sheet, top + row, left + column));
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_named_as_spreadsheets_show_them() {
        let check = |column: usize, expected: &str| assert_eq!(cell_name(Some(column), 7), expected);
        check(0, "A7");
        check(25, "Z7");
        check(26, "AA7");
        check(701, "ZZ7");
        check(702, "AAA7");
        assert_eq!(cell_name(None, 7), "");
    }
}
