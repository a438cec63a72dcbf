//! What of a table's limits is used up.

use super::Refused;
use crate::guard::Limits;

/// Counts rows and text of one table against its limits.
pub(super) struct Budget<'a> {
    limits: &'a Limits,
    rows: u64,
    text: usize,
}

impl<'a> Budget<'a> {
    pub(super) const fn new(limits: &'a Limits) -> Self {
        Self { limits, rows: 0, text: 0 }
    }

    /// So many columns; `line` is where they stand.
    pub(super) fn columns(&self, columns: usize, line: usize) -> Result<(), Vec<Refused>> {
        let most = self.limits.columns_max;
        if columns > most { Err(Refused::at(line, format!("more than {most} columns"))) } else { Ok(()) }
    }

    /// So many rows more; `line` is where the last one stands.
    pub(super) fn rows(&mut self, rows: u64, line: usize) -> Result<(), Vec<Refused>> {
        self.rows += rows;
        let most = self.limits.rows_max;
        if self.rows > most { Err(Refused::at(line, format!("more than {most} rows"))) } else { Ok(()) }
    }

    /// One more cell of a row.
    pub(super) fn cell(&mut self, bytes: usize, line: usize) -> Result<(), Vec<Refused>> {
        let Limits { cell_bytes_max, text_bytes_max, .. } = *self.limits;
        if bytes > cell_bytes_max {
            return Err(Refused::at(line, format!("a cell of more than {cell_bytes_max} bytes")));
        }
        self.text += bytes;
        if self.text > text_bytes_max {
            let message =
                format!("the columns that are read hold more than {} MiB of text", text_bytes_max >> 20);
            return Err(Refused::at(line, message));
        }
        Ok(())
    }
}
