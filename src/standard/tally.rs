//! Counts of what was seen in cells: one diagnostic for each file, column and code, never one for each cell.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Level, Spot};
use crate::domain::{Contract, FileReport};

/// What may be the matter with a cell or a column.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Fault {
    RequiredNothing,
    DateUnreadable,
    DateImprecise,
    MonthUnreadable,
    AmountUnreadable,
    NumberUnreadable,
    CodeUnknown,
    SexUnknown,
    PhoneUnreadable,
    NumberShapeWrong,
    NameGarbled,
    IdMalformed,
    IdLostPrecision,
    IdOtherDocument,
    IdImplausible,
    IdChecksumFailed,
    IdLostPrecisionBatch,
    ColumnShiftSuspected,
    RelativesIdInCell,
    DateAfterAsOf,
    DatesOutOfOrder,
    AmountNegative,
}

impl Fault {
    /// Short code of the diagnostic or of the quarantined row.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::RequiredNothing => "required_empty",
            Self::DateUnreadable => "date_unreadable",
            Self::DateImprecise => "date_imprecise",
            Self::MonthUnreadable => "month_unreadable",
            Self::AmountUnreadable => "amount_unreadable",
            Self::NumberUnreadable => "number_unreadable",
            Self::CodeUnknown => "code_unknown",
            Self::SexUnknown => "sex_unknown",
            Self::PhoneUnreadable => "phone_unreadable",
            Self::NumberShapeWrong => "number_shape_wrong",
            Self::NameGarbled => "name_garbled",
            Self::IdMalformed => "id_malformed",
            Self::IdLostPrecision => "id_lost_precision",
            Self::IdOtherDocument => "id_other_document",
            Self::IdImplausible => "id_implausible",
            Self::IdChecksumFailed => "id_checksum_failed",
            Self::IdLostPrecisionBatch => "id_lost_precision_batch",
            Self::ColumnShiftSuspected => "column_shift_suspected",
            Self::RelativesIdInCell => "relatives_id_in_cell",
            Self::DateAfterAsOf => "date_after_as_of",
            Self::DatesOutOfOrder => "dates_out_of_order",
            Self::AmountNegative => "amount_negative",
        }
    }

    /// Why a row with such a required cell is held back, for the owner of the data.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::RequiredNothing => "必填项只写了表示“无”的内容",
            Self::DateUnreadable => "必填日期无法识别",
            Self::MonthUnreadable => "必填月份无法识别",
            Self::AmountUnreadable => "必填金额无法识别",
            Self::NumberUnreadable => "必填数字无法识别",
            Self::CodeUnknown => "必填代码不在代码表内",
            Self::SexUnknown => "必填性别无法识别",
            _ => "必填内容无法识别",
        }
    }

    /// What the diagnostic says before the number of cells.
    const fn says(self) -> &'static str {
        match self {
            Self::RequiredNothing => "required cell that only says there is nothing",
            Self::DateUnreadable => "no readable date, empty in the records",
            Self::DateImprecise => "month or year without a day, empty in the records",
            Self::MonthUnreadable => "no readable month, empty in the records",
            Self::AmountUnreadable => "no readable amount, empty in the records",
            Self::NumberUnreadable => "no whole number, empty in the records",
            Self::CodeUnknown => "code that is not in the code table, empty in the records",
            Self::SexUnknown => "no known sex, empty in the records",
            Self::PhoneUnreadable => "no telephone number, empty in the records",
            Self::NumberShapeWrong => "card or roll number of a wrong shape, kept as text",
            Self::NameGarbled => {
                "name in a broken encoding (UTF-8 read as GBK), no evidence of who it is unless it could be put right"
            }
            Self::IdMalformed => "no resident number of any known shape",
            Self::IdLostPrecision => "resident number rounded by a spreadsheet",
            Self::IdOtherDocument => "another document's number",
            Self::IdImplausible => "resident number whose date or region cannot be",
            Self::IdChecksumFailed => "resident number with a wrong check digit",
            Self::IdLostPrecisionBatch => {
                "nearly all numbers of the column end in 000: a spreadsheet rounded the whole file"
            }
            Self::ColumnShiftSuspected => {
                "most numbers disagree with birth date and sex beside them: the column seems shifted, \
                 its numbers are not believed"
            }
            Self::RelativesIdInCell => "number of a relative in the same row, not believed",
            Self::DateAfterAsOf => "date after the as-of date",
            Self::DatesOutOfOrder => "two dates of the row in the wrong order",
            Self::AmountNegative => "negative amount",
        }
    }

    const fn level(self) -> Level {
        match self {
            Self::IdChecksumFailed | Self::IdOtherDocument | Self::PhoneUnreadable | Self::SexUnknown => {
                Level::Info
            }
            Self::IdLostPrecisionBatch | Self::ColumnShiftSuspected => Level::Error,
            _ => Level::Warning,
        }
    }

    const fn help(self) -> Option<&'static str> {
        match self {
            Self::IdLostPrecisionBatch => Some("ask the owner to export the number column as text"),
            Self::ColumnShiftSuspected => Some("ask the owner to compare the column with the original"),
            Self::NameGarbled => {
                Some("ask the owner to export the file again in the encoding of the contract")
            }
            Self::CodeUnknown => Some("add the value to the code table when the agency has issued a new one"),
            _ => None,
        }
    }
}

/// Number of cells and the first of them.
#[derive(Clone, Copy)]
struct Count {
    cells: u64,
    first: (u16, u32),
}

/// Faults counted by file, field and kind. Adding in any order gives the same result.
#[derive(Default)]
pub(super) struct Tally {
    counts: BTreeMap<(u16, usize, Fault), Count>,
}

impl Tally {
    /// Counts one cell of `field` at file, sheet and row.
    pub(super) fn add(&mut self, place: (u16, u16, u32), field: usize, fault: Fault) {
        let (file, sheet, row) = place;
        let count =
            self.counts.entry((file, field, fault)).or_insert(Count { cells: 0, first: (sheet, row) });
        count.cells += 1;
        count.first = count.first.min((sheet, row));
    }

    /// One diagnostic for each count, ordered by file, column and kind.
    pub(super) fn diagnostics(
        &self,
        contract: &Contract,
        files: &[FileReport],
        sheets: &[String],
    ) -> Vec<Diagnostic> {
        self.counts
            .iter()
            .map(|(&(file, field, fault), count)| {
                let heading = contract.field.get_index(field).and_then(|(_, spec)| spec.headers.first());
                let spot = Spot {
                    file: files.get(usize::from(file)).map(|file| file.name.clone()).unwrap_or_default(),
                    sheet: sheets.get(usize::from(count.first.0)).cloned().unwrap_or_default(),
                    line: count.first.1,
                    column: heading.cloned().unwrap_or_default(),
                };
                let cells = if count.cells == 1 { "cell" } else { "cells" };
                let message = format!("{} ({} {cells}, the first here)", fault.says(), count.cells);
                let found = Diagnostic::new(fault.level(), fault.code(), spot, message);
                match fault.help() {
                    Some(help) => found.with_help(help),
                    None => found,
                }
            })
            .collect()
    }
}
