//! Reading the rows of a table file: header check, field count, and every fault with its line.

use crate::diag::{Diagnostic, Spot};

/// One table file in memory.
#[derive(Clone, Copy)]
pub(super) struct TableText<'a> {
    /// File name as diagnostics show it.
    pub(super) file: &'a str,
    /// Its content.
    pub(super) text: &'a str,
}

/// Most columns a fixed table has.
const COLUMNS_MAX: usize = 8;

impl<'a> TableText<'a> {
    /// Calls `each` with every data row of a tab-separated file whose header is `header`; returns the
    /// number of rows. What `each` refuses becomes a diagnostic with file and line.
    pub(super) fn tsv(
        self,
        header: &[&str],
        problems: &mut Vec<Diagnostic>,
        mut each: impl FnMut(&[&'a str]) -> Result<(), String>,
    ) -> u64 {
        let mut rows = 0;
        let mut lines = (1_u32..).zip(self.text.split('\n').map(|line| line.trim_end_matches('\r')));
        let found = lines.next().map(|(_, line)| line.trim_start_matches('\u{FEFF}')).unwrap_or_default();
        if !found.split('\t').eq(header.iter().copied()) {
            problems.push(self.header_fault(&header.join(", ")));
            return 0;
        }
        for (number, line) in lines {
            if line.is_empty() {
                continue;
            }
            rows += 1;
            let mut cells = [""; COLUMNS_MAX];
            let mut count = 0;
            for cell in line.split('\t') {
                if let Some(slot) = cells.get_mut(count) {
                    *slot = cell;
                }
                count += 1;
            }
            let result = if count == header.len() {
                each(&cells[..count.min(COLUMNS_MAX)])
            } else {
                Err(format!("expected {} columns, found {count}", header.len()))
            };
            if let Err(message) = result {
                problems.push(self.fault(number, message));
            }
        }
        rows
    }

    /// The same for a comma-separated file (RFC 4180 quotes).
    pub(super) fn csv(
        self,
        header: &[&str],
        problems: &mut Vec<Diagnostic>,
        mut each: impl FnMut(&[&str]) -> Result<(), String>,
    ) -> u64 {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(self.text.trim_start_matches('\u{FEFF}').as_bytes());
        let mut record = csv::StringRecord::new();
        let mut rows = 0;
        let mut first = true;
        loop {
            match reader.read_record(&mut record) {
                Ok(false) => break,
                Ok(true) => {}
                Err(error) => {
                    problems.push(Diagnostic::error(
                        "table_unreadable",
                        Spot::file(self.file),
                        error.to_string(),
                    ));
                    break;
                }
            }
            let line = record.position().map_or(0, |p| u32::try_from(p.line()).unwrap_or(u32::MAX));
            if first {
                first = false;
                if !record.iter().eq(header.iter().copied()) {
                    problems.push(self.header_fault(&header.join(", ")));
                    return 0;
                }
                continue;
            }
            rows += 1;
            let cells: Vec<&str> = record.iter().collect();
            let result = if cells.len() == header.len() {
                each(&cells)
            } else {
                Err(format!("expected {} columns, found {}", header.len(), cells.len()))
            };
            if let Err(message) = result {
                problems.push(self.fault(line, message));
            }
        }
        rows
    }

    /// A diagnostic about one line.
    pub(super) fn fault(self, line: u32, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error("table_row", Spot::line(self.file, line), message)
    }

    fn header_fault(self, expected: &str) -> Diagnostic {
        Diagnostic::error("table_header", Spot::line(self.file, 1), "table header is not the expected one")
            .with_help(format!("the first line must name the columns {expected}"))
    }
}

/// The only character of a cell.
pub(super) fn one_char(cell: &str) -> Result<char, String> {
    let mut chars = cell.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Ok(c),
        _ => Err("a cell that must hold one character holds none or several".to_owned()),
    }
}

/// A code point written as `U+4E00`.
pub(super) fn code_point(cell: &str) -> Result<char, String> {
    cell.strip_prefix("U+")
        .and_then(|hex| u32::from_str_radix(hex, 16).ok())
        .and_then(char::from_u32)
        .ok_or_else(|| "not a code point of the form U+4E00".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_faulty_row_is_told_with_its_line() {
        let text = TableText { file: "t.tsv", text: "a\tb\n1\t2\n\nx\n1\t2\t3\n" };
        let mut problems = Vec::new();
        let rows = text.tsv(&["a", "b"], &mut problems, |_| Ok(()));
        assert_eq!(rows, 3);
        assert_eq!(problems.iter().map(|p| p.spot.line).collect::<Vec<_>>(), [4, 5]);
        let quoted = TableText { file: "t.csv", text: "a,b\n\"x,\ny\",2\n1\n" };
        let mut problems = Vec::new();
        assert_eq!(quoted.csv(&["a", "b"], &mut problems, |_| Ok(())), 2);
        assert_eq!(problems.iter().map(|p| p.spot.line).collect::<Vec<_>>(), [4]);
    }

    #[test]
    fn another_header_refuses_the_table() {
        let text = TableText { file: "t.tsv", text: "a\tc\n1\t2\n" };
        let mut problems = Vec::new();
        assert_eq!(text.tsv(&["a", "b"], &mut problems, |_| Ok(())), 0);
        assert_eq!(problems[0].code, "table_header");
    }
}
