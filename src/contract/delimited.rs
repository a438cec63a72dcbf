//! Splits delimited text into rows and cells. Pure: a slice comes in, spans go out; what is held
//! in memory is the caller's business.
//!
//! A row here is a row as Excel shows it: blank lines count, line breaks inside quotes do not.

/// One cell: where its text lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// First byte.
    pub(super) start: usize,
    /// One past the last byte.
    pub(super) end: usize,
}

/// One row as text and the places of its cells in it.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    /// The text the spans point into.
    pub(super) text: &'a str,
    /// The cells.
    pub(super) spans: &'a [Span],
}

/// What the next row turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A row of this many bytes, its terminator included. `unescape` is set when a cell holds quote
    /// characters that [`unescape`] must take out. `terminated` is false for a last line without
    /// line break.
    Row { bytes: usize, unescape: bool, terminated: bool },
    /// The row may go on behind the end of the text.
    More,
    /// Nothing left.
    End,
    /// The text ends inside quotes.
    Unclosed,
}

/// A cell that must be rebuilt is marked by this bit on its span's end.
const REBUILD: usize = 1 << (usize::BITS - 1);

/// Finds the cells of the row that starts at `from`. `last` says that nothing follows the text.
pub(super) fn next_row(text: &str, from: usize, last: bool, delimiter: u8, spans: &mut Vec<Span>) -> Step {
    let bytes = text.as_bytes();
    spans.clear();
    if from >= bytes.len() {
        return if last { Step::End } else { Step::More };
    }
    let mut at = from;
    let mut unescape = false;
    loop {
        let quoted = bytes.get(at) == Some(&b'"');
        let stop = if quoted {
            match end_of_quoted(bytes, at, last, delimiter) {
                Ok((span, stop)) => {
                    unescape |= span.end & REBUILD != 0;
                    spans.push(span);
                    stop
                }
                Err(step) => return step,
            }
        } else {
            let stop = end_of_plain(bytes, at, delimiter);
            spans.push(Span { start: at, end: stop });
            stop
        };
        match bytes.get(stop) {
            None if last => return Step::Row { bytes: stop - from, unescape, terminated: false },
            None => return Step::More,
            Some(&b'\n') => return Step::Row { bytes: stop + 1 - from, unescape, terminated: true },
            Some(&b'\r') => {
                return match bytes.get(stop + 1) {
                    Some(&b'\n') => Step::Row { bytes: stop + 2 - from, unescape, terminated: true },
                    None if !last => Step::More,
                    _ => Step::Row { bytes: stop + 1 - from, unescape, terminated: true },
                };
            }
            Some(_) => at = stop + 1,
        }
    }
}

fn end_of_plain(bytes: &[u8], from: usize, delimiter: u8) -> usize {
    bytes[from..]
        .iter()
        .position(|&byte| byte == delimiter || byte == b'\n' || byte == b'\r')
        .map_or(bytes.len(), |offset| from + offset)
}

/// The span of a cell that begins with a quote at `at`, and where the cell stops.
fn end_of_quoted(bytes: &[u8], at: usize, last: bool, delimiter: u8) -> Result<(Span, usize), Step> {
    let open = if last { Step::Unclosed } else { Step::More };
    let mut from = at + 1;
    let mut doubled = false;
    loop {
        let quote = from + bytes[from..].iter().position(|&byte| byte == b'"').ok_or(open)?;
        match bytes.get(quote + 1) {
            Some(&b'"') => {
                doubled = true;
                from = quote + 2;
            }
            None if !last => return Err(Step::More),
            next => {
                let ends = next.is_none_or(|&b| b == delimiter || b == b'\n' || b == b'\r');
                if ends && !doubled {
                    return Ok((Span { start: at + 1, end: quote }, quote + 1));
                }
                let stop = if ends { quote + 1 } else { end_of_plain(bytes, quote + 1, delimiter) };
                return Ok((Span { start: at, end: stop | REBUILD }, stop));
            }
        }
    }
}

/// Copies a row whose cells hold quote characters into `out` without them and moves the spans.
/// Text behind a closing quote is kept as it is.
pub(super) fn unescape(text: &str, spans: &mut [Span], out: &mut String) {
    out.clear();
    for span in spans {
        let start = out.len();
        if span.end & REBUILD == 0 {
            out.push_str(&text[span.start..span.end]);
        } else {
            unquote(&text[span.start + 1..span.end & !REBUILD], out);
        }
        *span = Span { start, end: out.len() };
    }
}

/// `inner` begins behind the opening quote.
fn unquote(inner: &str, out: &mut String) {
    let mut rest = inner;
    while let Some(quote) = rest.find('"') {
        out.push_str(&rest[..quote]);
        rest = &rest[quote + 1..];
        if let Some(behind) = rest.strip_prefix('"') {
            out.push('"');
            rest = behind;
        } else {
            break;
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        let (mut spans, mut at, mut out, mut scratch) = (Vec::new(), 0, Vec::new(), String::new());
        loop {
            match next_row(text, at, true, b',', &mut spans) {
                Step::Row { bytes, unescape: rebuild, .. } => {
                    at += bytes;
                    let source = if rebuild {
                        unescape(text, &mut spans, &mut scratch);
                        scratch.as_str()
                    } else {
                        text
                    };
                    out.push(spans.iter().map(|s| source[s.start..s.end].to_owned()).collect());
                }
                Step::End => return out,
                Step::Unclosed => {
                    out.push(vec!["<unclosed>".to_owned()]);
                    return out;
                }
                Step::More => unreachable!("the text is complete"),
            }
        }
    }

    fn check(text: &str, expected: &[&[&str]]) {
        assert_eq!(rows(text), expected, "{text:?}");
    }

    #[test]
    fn line_ends_quotes_and_blank_lines() {
        check("a,b\r\nc,\n", &[&["a", "b"], &["c", ""]]);
        check("a\n\nb", &[&["a"], &[""], &["b"]]);
        check("a\rb", &[&["a"], &["b"]]);
        check("\"x\ny\",z\n", &[&["x\ny", "z"]]);
        check("\"he \"\"said\"\"\",z\r\n", &[&["he \"said\"", "z"]]);
        check("\"a\"b,c", &[&["ab", "c"]]);
        check("5\" pipe,c", &[&["5\" pipe", "c"]]);
        check("a,\"b\nc", &[&["<unclosed>"]]);
        check("\"\"", &[&[""]]);
    }

    proptest! {
        /// Wherever the text is cut, a row is either found whole or more text is asked for.
        #[test]
        fn a_cut_never_changes_a_row(text in "[ab,\"\r\n]{0,24}", cut in 0_usize..24) {
            let cut = cut.min(text.len());
            let (mut whole, mut part) = (Vec::new(), Vec::new());
            let full = next_row(&text, 0, true, b',', &mut whole);
            match next_row(&text[..cut], 0, false, b',', &mut part) {
                Step::More => {}
                step => {
                    prop_assert_eq!(step, full);
                    prop_assert_eq!(part, whole);
                }
            }
        }

        /// The same cells as the `csv` crate, which skips blank lines and cares less about ends.
        #[test]
        fn agrees_with_the_csv_crate(
            cells in proptest::collection::vec(proptest::collection::vec("[a \"\n,张]{0,4}", 1..4), 0..5),
        ) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for row in &cells {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(rows(&text), cells);
        }
    }
}
