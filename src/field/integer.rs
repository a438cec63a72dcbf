//! Whole numbers.

use super::Cell;
use super::text::{is_nothing, narrow};

/// Reads a cell: digits with an optional sign, thousands separators, and a spreadsheet's `.0`.
pub fn parse(raw: &str) -> Cell<i64> {
    if let Ok(value) = raw.parse::<i64>() {
        return Cell::Value(value);
    }
    if is_nothing(raw) {
        return Cell::Empty;
    }
    let text = narrow(raw);
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    // `3,5` is two numbers or a decimal, but not thirty-five.
    let mut groups = whole.trim_start_matches(['+', '-']).split(',').skip(1);
    let grouped = groups.all(|group| group.len() == 3);
    match whole.replace(',', "").parse::<i64>() {
        Ok(value) if grouped && decimals.bytes().all(|byte| byte == b'0') => Cell::Value(value),
        _ => Cell::Unreadable("不是整数"),
    }
}
