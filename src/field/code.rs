//! Codes: the label of a code table, however the cell writes it.

use super::Cell;
use super::text::is_nothing;
use crate::tables::CodeTable;

/// Looks a cell up. A word for nothing is empty only when the table does not know it (`0`, `无` may be codes).
pub fn lookup<'a>(raw: &str, table: &'a CodeTable) -> Cell<&'a str> {
    match table.lookup(raw) {
        Some(label) => Cell::Value(label),
        None if is_nothing(raw) => Cell::Empty,
        None => Cell::Unreadable("代码表中没有这个值"),
    }
}
