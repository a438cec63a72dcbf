//! Lines of a table that hold for a time: who gets what may end on a day, and what held before stays on record.

use super::disclosure::Sheet;
use crate::diag::Diagnostic;
use crate::domain::Day;

/// From when until when a line holds, both days included; an empty cell leaves it open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    from: Option<Day>,
    until: Option<Day>,
}

impl Span {
    /// The columns `valid_from` and `valid_until` of a row.
    pub(super) fn of(sheet: &Sheet, at: usize, problems: &mut Vec<Diagnostic>) -> Self {
        let row = &sheet.rows[at];
        let mut report = sheet.reporter(at, "table_day", problems);
        let mut day = |column: &str| {
            let text = sheet.cell(row, column);
            let day = Day::parse_iso(text);
            if day.is_none() && !text.is_empty() {
                report(column, format!("`{text}` is no day; write it as 2026-11-20"), None);
            }
            day
        };
        let span = Self { from: day("valid_from"), until: day("valid_until") };
        if span.from.zip(span.until).is_some_and(|(from, until)| until < from) {
            report("valid_until", "it ends before it begins".to_owned(), None);
        }
        span
    }

    /// Whether it holds on a day.
    pub(super) fn holds(self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}
