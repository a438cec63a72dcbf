//! Reads CSV files: settles encoding and delimiter, then streams rows into the intake.

use std::io;
use std::path::Path;

use encoding_rs::{GB18030, UTF_8};

use super::delimited::{self, Row, Step};
use super::heading::Headings;
use super::intake::{Cells, Intake, SheetEnd};
use super::text::{self, Decoded, Sniffed};
use crate::diag::{Diagnostic, Level, Spot};
use crate::domain::Contract;
use crate::guard::{Limits, Refusal};

/// Reads the file at `path` whole; `name` is its delivered name.
pub(super) fn read(
    path: &Path,
    name: &str,
    contract: &Contract,
    limits: &Limits,
    intake: &mut Intake<'_>,
) -> Result<(), Refusal> {
    let unreadable = |error: io::Error| crate::guard::unreadable(&error);
    let sniffed = text::sniff(path).map_err(unreadable)?;
    let (encoding, skip) = match sniffed {
        Sniffed::Certain(encoding, skip) => (encoding, skip),
        Sniffed::Ascii => (UTF_8, 0),
        Sniffed::Unsure => (weigh(path, contract, intake.headings()).map_err(unreadable)?, 0),
        Sniffed::Binary => {
            return Err(Refusal::new("wrong_content", "not a text file", "文件内容不是文本（CSV）"));
        }
    };
    let agreed = contract.encodings.first().map(|&first| text::declared(first));
    if sniffed != Sniffed::Ascii && agreed != Some(encoding) {
        let expected = agreed.map_or("none", encoding_rs::Encoding::name);
        let message = format!("file is {}, the contract expects {expected}; read as found", encoding.name());
        intake.say(
            Diagnostic::warning("encoding_other", Spot::file(name), message)
                .with_help("correct `encodings` in the contract, or ask the agency to keep to it"),
        );
    }
    let mut decoded = Decoded::open(path, encoding, skip).map_err(unreadable)?;
    decoded.more().map_err(unreadable)?;
    let delimiter = delimiter(&decoded.text, intake.headings());
    if delimiter != b',' {
        let message = "cells are not separated by commas; read as found";
        intake.say(Diagnostic::warning("delimiter_other", Spot::file(name), message));
    }
    let rows = stream(&mut decoded, delimiter, limits, intake)?;
    if decoded.malformed > 10 + rows / 20 {
        return Err(Refusal::new(
            "encoding_unknown",
            format!("{} places are valid in no declared encoding", decoded.malformed),
            "文件编码无法识别（应为 UTF-8 或 GB18030）",
        ));
    }
    match intake.end_sheet()? {
        SheetEnd::Table => Ok(()),
        SheetEnd::Empty => Err(Refusal::new("file_empty", "file without content", "文件没有内容")),
        SheetEnd::NoHeader => Err(Refusal::new(
            "header_missing",
            "no row matches the contract's headings",
            "找不到表头：没有一行与约定的列名相符",
        )),
    }
}

/// Pushes every row; returns how many there were.
fn stream(
    decoded: &mut Decoded,
    delimiter: u8,
    limits: &Limits,
    intake: &mut Intake<'_>,
) -> Result<u64, Refusal> {
    let (mut spans, mut scratch) = (Vec::new(), String::new());
    let (mut at, mut row, mut short_before) = (0_usize, 0_u32, false);
    loop {
        match delimited::next_row(&decoded.text, at, decoded.is_done(), delimiter, &mut spans) {
            Step::Row { bytes, unescape, terminated } => {
                row = row.saturating_add(1);
                check_row(bytes, spans.len(), row, limits)?;
                let source = if unescape {
                    delimited::unescape(&decoded.text, &mut spans, &mut scratch);
                    scratch.as_str()
                } else {
                    decoded.text.as_str()
                };
                let cells = Row { text: source, spans: &spans };
                let short = intake.plan().is_some_and(|plan| cells.count() < plan.width);
                if !terminated && (decoded.cut_off || short && !short_before && !Intake::is_no_data(&cells)) {
                    let reason = "文件不完整：最后一行在中途断开";
                    return Err(Refusal::new("file_truncated", "the last row breaks off", reason).at("", row));
                }
                short_before |= short;
                if decoded.malformed > 0 && decoded.text[at..at + bytes].contains('\u{fffd}') {
                    let said = "bytes that are no character read as U+FFFD";
                    intake.remark(Level::Warning, "undecodable", said, row);
                }
                intake.push(row, &cells)?;
                at += bytes;
            }
            Step::More => {
                if decoded.text.len() - at > limits.row_bytes_max {
                    return Err(row_too_long(limits).at("", row + 1));
                }
                decoded.forget(at);
                at = 0;
                decoded.more().map_err(|error| crate::guard::unreadable(&error))?;
            }
            Step::End => return Ok(u64::from(row)),
            Step::Unclosed => {
                let reason = "引号没有配对，或文件不完整";
                return Err(
                    Refusal::new("quote_unclosed", "a quoted cell never ends", reason).at("", row + 1)
                );
            }
        }
    }
}

fn check_row(bytes: usize, cells: usize, row: u32, limits: &Limits) -> Result<(), Refusal> {
    if bytes > limits.row_bytes_max {
        return Err(row_too_long(limits).at("", row));
    }
    if cells > limits.columns_max {
        return Err(too_many_columns(limits).at("", row));
    }
    Ok(())
}

fn row_too_long(limits: &Limits) -> Refusal {
    let message = format!("a row of more than {} bytes", limits.row_bytes_max);
    Refusal::new("row_too_long", message, "有一行超过长度上限，可能引号没有配对")
}

pub(super) fn too_many_columns(limits: &Limits) -> Refusal {
    let message = format!("a row of more than {} cells", limits.columns_max);
    Refusal::new("too_many_columns", message, format!("有一行超过 {} 列", limits.columns_max))
}

/// Of two possible encodings the one in which more headings are found, then the one with fewer
/// broken places, then the one declared first.
fn weigh(
    path: &Path,
    contract: &Contract,
    headings: &Headings,
) -> io::Result<&'static encoding_rs::Encoding> {
    let mut candidates: Vec<_> = contract.encodings.iter().map(|&e| text::declared(e)).collect();
    for fallback in [GB18030, UTF_8] {
        if !candidates.contains(&fallback) {
            candidates.push(fallback);
        }
    }
    let mut best = (0, u64::MAX, GB18030);
    for candidate in candidates {
        let (head, malformed) = text::head(path, candidate)?;
        let found = headings_found(&head, b',', headings).max(headings_found(&head, b'\t', headings));
        if (found, u64::MAX - malformed) > (best.0, u64::MAX - best.1) {
            best = (found, malformed, candidate);
        }
    }
    Ok(best.2)
}

/// Most headings of one row among the first rows of a text.
fn headings_found(head: &str, delimiter: u8, headings: &Headings) -> usize {
    let (mut spans, mut at, mut best) = (Vec::new(), 0, 0);
    for _ in 0..30 {
        if best == headings.fields() {
            break;
        }
        let Step::Row { bytes, .. } = delimited::next_row(head, at, true, delimiter, &mut spans) else {
            break;
        };
        let cells = spans.iter().map(|span| head.get(span.start..span.end).unwrap_or_default());
        best = best.max(headings.plan(cells).found());
        at += bytes;
    }
    best
}

/// Comma, unless the header is found only with another separator.
fn delimiter(head: &str, headings: &Headings) -> u8 {
    let mut best = (headings_found(head, b',', headings), b',');
    for other in [b'\t', b';'] {
        let found = headings_found(head, other, headings);
        if found >= 2 && found > best.0 {
            best = (found, other);
        }
    }
    best.1
}
