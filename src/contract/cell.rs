//! A spreadsheet cell as text: what a person would read in it.

use calamine::{Data, DataRef, ExcelDateTime};

use crate::domain::FieldKind;

/// Largest serial number of a date, 9999-12-31.
const SERIAL_MAX: f64 = 2_958_466.0;

/// A number as text: without `.0`, without exponent, at the fifteen significant digits that
/// spreadsheet programs keep. A number of eighteen digits, as long as a resident number, is written
/// with an exponent: its last three digits are lost, and written out as zeros they would sometimes
/// pass for whole.
pub(super) fn number(value: f64, out: &mut String) {
    use std::fmt::Write;
    let magnitude = value.abs();
    let written = if !value.is_finite() {
        return;
    } else if magnitude < 1e15 && value.fract() == 0.0 {
        write!(out, "{value:.0}")
    } else if (1e17..1e18).contains(&magnitude) {
        write!(out, "{}", format!("{value:.14E}").replace('E', "E+"))
    } else if (1e-9..1e21).contains(&magnitude) {
        let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
        write!(out, "{rounded}")
    } else {
        write!(out, "{value:e}")
    };
    // Writing into a String cannot fail.
    debug_assert!(written.is_ok(), "formatting failed");
    if out == "-0" {
        out.replace_range(.., "0");
    }
}

/// A date cell as `YYYY-MM-DD`, with the time when it has one; a plain number when it is no date.
fn date(value: &ExcelDateTime, out: &mut String) {
    use std::fmt::Write;
    let serial = value.as_f64();
    if !value.is_datetime() || !(1.0..SERIAL_MAX).contains(&serial) {
        return number(serial, out);
    }
    let (year, month, day, hour, minute, second, _) = value.to_ymd_hms_milli();
    let mut written = write!(out, "{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) != (0, 0, 0) {
        written = written.and_then(|()| write!(out, " {hour:02}:{minute:02}:{second:02}"));
    }
    debug_assert!(written.is_ok(), "formatting failed");
}

/// ISO text of a date cell without an empty time.
pub(super) fn iso(text: &str, out: &mut String) {
    let text = text.strip_suffix('Z').unwrap_or(text);
    match text.split_once('T') {
        None => out.push_str(text),
        Some((day, time)) => {
            out.push_str(day);
            if time.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
                out.push(' ');
                out.push_str(time);
            }
        }
    }
}

/// A cell of an XLSX workbook as text; truth values are `1` and `0`.
pub(super) fn of_ref(cell: &DataRef<'_>, out: &mut String) {
    match cell {
        DataRef::Empty => {}
        DataRef::String(text) | DataRef::DurationIso(text) => out.push_str(text),
        DataRef::SharedString(text) => out.push_str(text),
        DataRef::Int(value) => integer(*value, out),
        DataRef::Float(value) => number(*value, out),
        DataRef::Bool(value) => out.push(if *value { '1' } else { '0' }),
        DataRef::DateTime(value) => date(value, out),
        DataRef::DateTimeIso(text) => iso(text, out),
        DataRef::Error(error) => out.push_str(&error.to_string()),
    }
}

/// A cell of an XLS workbook as text.
pub(super) fn of_data(cell: &Data, out: &mut String) {
    match cell {
        Data::Empty => {}
        Data::String(text) | Data::DurationIso(text) => out.push_str(text),
        Data::Int(value) => integer(*value, out),
        Data::Float(value) => number(*value, out),
        Data::Bool(value) => out.push(if *value { '1' } else { '0' }),
        Data::DateTime(value) => date(value, out),
        Data::DateTimeIso(text) => iso(text, out),
        Data::Error(error) => out.push_str(&error.to_string()),
    }
}

fn integer(value: i64, out: &mut String) {
    use std::fmt::Write;
    let written = write!(out, "{value}");
    debug_assert!(written.is_ok(), "formatting failed");
}

/// In a workbook that counts days from 1904, a date cell without a date format is a bare serial;
/// readers of dates count from 1900, so it is written as a date here.
pub(super) fn correct_1904(kind: FieldKind, text: &mut String) {
    if kind != FieldKind::Date || text.len() != 5 {
        return;
    }
    if let Ok(serial) = text.parse::<u32>() {
        let value = ExcelDateTime::new(f64::from(serial), calamine::ExcelDateTimeType::DateTime, true);
        text.clear();
        date(&value, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(cell: &Data) -> String {
        let mut out = String::new();
        of_data(cell, &mut out);
        out
    }

    #[test]
    fn numbers_read_as_a_person_would() {
        for (value, expected) in [
            (12.0, "12"),
            (-0.0, "0"),
            (0.1 + 0.2, "0.3"),
            (1530.5, "1530.5"),
            (20_110_101.0, "20110101"),
            (320_681_201_101_011_234.0, "3.20681201101011E+17"),
            (6_217_001_234_567_890.0, "6217001234567890"),
            (3.206_81e17, "3.20681000000000E+17"),
            (1e300, "1e300"),
            (f64::NAN, ""),
        ] {
            assert_eq!(text(&Data::Float(value)), expected);
        }
    }

    #[test]
    fn dates_of_both_systems() {
        let date = |value, mac| {
            let kind = calamine::ExcelDateTimeType::DateTime;
            text(&Data::DateTime(ExcelDateTime::new(value, kind, mac)))
        };
        assert_eq!(date(40_544.0, false), "2011-01-01");
        assert_eq!(date(39_082.0, true), "2011-01-01");
        assert_eq!(date(40_544.5, false), "2011-01-01 12:00:00");
        assert_eq!(date(20_110_101.0, false), "20110101");
        let mut bare = "39082".to_owned();
        correct_1904(FieldKind::Date, &mut bare);
        assert_eq!(bare, "2011-01-01");
    }

    #[test]
    fn iso_dates_lose_only_an_empty_time() {
        let iso = |value: &str| text(&Data::DateTimeIso(value.to_owned()));
        assert_eq!(iso("2011-01-01T00:00:00"), "2011-01-01");
        assert_eq!(iso("2011-01-01T08:30:00Z"), "2011-01-01 08:30:00");
    }
}
