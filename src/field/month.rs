//! Months, such as the belonging month of a payment.

use super::Cell;
use super::date::{self, Part};
use super::text::is_nothing;
use crate::domain::{Day, Month};

const REASON: &str = "不是年月";

/// Reads a cell: `202611`, `2026-11`, `2026年11月`, or any readable day of the month.
pub fn parse(raw: &str) -> Cell<Month> {
    if is_nothing(raw) {
        return Cell::Empty;
    }
    let text = date::narrow_date(raw);
    // As a number, October is `2026.1` too.
    if text.as_ref().is_some_and(|text| text.len() == 6 && text.ends_with(".1")) {
        return Cell::Unreadable(REASON);
    }
    let found = match text.and_then(|text| date::parts(&text)).as_deref() {
        Some([Part { value, length: 6, .. }]) => month(value / 100, value % 100),
        Some([Part { value: year, length: 4, .. }, Part { value, .. }]) => month(*year, *value),
        _ => date::parse(raw)
            .day
            .map(Day::ymd)
            .and_then(|(year, number, _)| month(year.cast_unsigned(), number)),
    };
    found.map_or(Cell::Unreadable(REASON), Cell::Value)
}

/// `2026-11`, the standard form; read again it is the same month.
pub fn text(month: Month) -> String {
    let (year, number) = month.year_month();
    format!("{year:04}-{number:02}")
}

fn month(year: u32, month: u32) -> Option<Month> {
    ((1900..=2199).contains(&year) && (1..=12).contains(&month))
        .then(|| Month::new(year.cast_signed(), month))
}
