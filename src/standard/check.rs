//! The contract's checks on typed values. A failed check is counted; the value and the row stay.

use super::column::Column;
use super::tally::{Fault, Tally};
use crate::domain::{Contract, Day, FieldKind};

/// What a value must not be, with fields resolved.
enum Check {
    AfterDay(Day),
    BeforeDay(Day),
    AfterField(usize),
    BeforeField(usize),
    Negative,
}

impl Check {
    /// Reads `not_after:as_of`, `not_before:<field>`, `not_negative`; `None` when it is none of these
    /// or does not fit the kind of field.
    fn parse(text: &str, contract: &Contract, kind: FieldKind, as_of: Day) -> Option<Self> {
        let dated = matches!(kind, FieldKind::Date | FieldKind::Month);
        match text.split_once(':') {
            None if text == "not_negative" => Some(Self::Negative),
            Some(("not_after", "as_of")) if dated => Some(Self::AfterDay(as_of)),
            Some(("not_before", "as_of")) if dated => Some(Self::BeforeDay(as_of)),
            Some((word, other)) if dated => {
                let (index, _, spec) = contract.field.get_full(other)?;
                match word {
                    _ if spec.kind != kind => None,
                    "not_after" => Some(Self::AfterField(index)),
                    "not_before" => Some(Self::BeforeField(index)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The fault of a row, if it fails. Missing values never fail.
    fn fails(&self, columns: &[Column], field: usize, row: usize) -> Option<Fault> {
        let column = &columns[field];
        let (failed, fault) = match self {
            Self::Negative => (column.integer(row)? < 0, Fault::AmountNegative),
            Self::AfterDay(day) => (compare_day(column, row, *day)?.is_gt(), Fault::DateAfterAsOf),
            Self::BeforeDay(day) => (compare_day(column, row, *day)?.is_lt(), Fault::DatesOutOfOrder),
            Self::AfterField(other) => {
                (compare(column, &columns[*other], row)?.is_gt(), Fault::DatesOutOfOrder)
            }
            Self::BeforeField(other) => {
                (compare(column, &columns[*other], row)?.is_lt(), Fault::DatesOutOfOrder)
            }
        };
        failed.then_some(fault)
    }
}

fn compare_day(column: &Column, row: usize, day: Day) -> Option<std::cmp::Ordering> {
    match column.day(row) {
        Some(value) => Some(value.cmp(&day)),
        None => Some(column.str(row)?.cmp(super::column::month_text(day.month()).as_str())),
    }
}

fn compare(left: &Column, right: &Column, row: usize) -> Option<std::cmp::Ordering> {
    match (left.day(row), right.day(row)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => Some(left.str(row)?.cmp(right.str(row)?)),
    }
}

/// Whether a contract's check is one of the known ones and fits the kind of its field.
pub fn knows_check(text: &str, contract: &Contract, kind: FieldKind) -> bool {
    Check::parse(text, contract, kind, Day::from_days(0)).is_some()
}

/// Runs all checks of a contract over the kept rows and counts what fails.
pub(super) fn run(
    contract: &Contract,
    columns: &[Column],
    kept: &[u32],
    as_of: Day,
    place: impl Fn(u32) -> (u16, u16, u32),
    tally: &mut Tally,
) {
    for (field, spec) in contract.field.values().enumerate() {
        for text in &spec.checks {
            let Some(check) = Check::parse(text, contract, spec.kind, as_of) else { continue };
            for &row in kept {
                if let Some(fault) = check.fails(columns, field, row as usize) {
                    tally.add(place(row), field, fault);
                }
            }
        }
    }
}
