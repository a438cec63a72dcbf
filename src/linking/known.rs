//! Pairs that are known to be one person, from a file.

use std::path::Path;

use crate::comparator::generic::Frame;
use crate::diag::{Diagnostic, Spot};

/// Reads pairs as rows of a frame, the lower one first.
///
/// # Errors
/// A file that is no CSV, columns that are not there, rows that the tables do not have: with their lines.
pub(super) fn read(path: &Path, frame: &Frame) -> Result<Vec<(u32, u32)>, Vec<Diagnostic>> {
    let file = path.display().to_string();
    let refused = |line: u64, message: &str| {
        let spot = Spot::line(file.as_str(), u32::try_from(line).unwrap_or(0));
        vec![Diagnostic::error("known_pairs", spot, message)]
    };
    let mut reader = csv::Reader::from_path(path).map_err(|_| refused(0, "the file cannot be opened"))?;
    let headings = reader.headers().map_err(|_| refused(1, "the headings cannot be read"))?.clone();
    let place = |name: &str| headings.iter().position(|heading| heading == name);
    let (Some(left), Some(right)) = (place("id_l"), place("id_r")) else {
        return Err(refused(1, "the columns `id_l` and `id_r` are needed"));
    };
    let sources = (place("source_l"), place("source_r"));
    let mut pairs = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            refused(error.position().map_or(0, csv::Position::line), "the line cannot be read")
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = |id: usize, source: Option<usize>| {
            let source = match source {
                Some(at) => frame.sources.iter().position(|name| Some(name.as_str()) == record.get(at))?,
                None => 0,
            };
            frame.find(u16::try_from(source).ok()?, record.get(id)?)
        };
        match (row(left, sources.0), row(right, sources.1)) {
            (Some(left), Some(right)) if left != right => pairs.push((left.min(right), left.max(right))),
            (Some(_), Some(_)) => return Err(refused(line, "a row is paired with itself")),
            _ => return Err(refused(line, "the tables have no row of this id")),
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    Ok(pairs)
}
