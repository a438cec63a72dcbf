//! Columns while they are being read.

use rustc_hash::FxHashMap;

use super::{ColumnSpec, Reading};
use crate::comparator::generic::{Cell, Codes, Column, Kind, MISSING, Step, Term, number};
use crate::diag::{Diagnostic, Spot};
use crate::domain::Day;
use crate::kernel::strings::Symbols;

/// A column of one table: codes of rows, values of codes.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) kind: Option<Kind>,
    pub(super) codes: Vec<u32>,
    /// Without the missing one: the value of code 1 is first.
    pub(super) values: Vec<Cell>,
}

/// Gives texts codes.
#[derive(Default)]
pub(super) struct TextPart {
    known: FxHashMap<Box<str>, u32>,
    codes: Vec<u32>,
}

impl TextPart {
    /// Without a row yet, with room for so many.
    pub(super) fn with_room(rows: usize) -> Self {
        Self { codes: Vec::with_capacity(rows), ..Self::default() }
    }

    /// The code of a text; the empty one is missing.
    pub(super) fn code(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return MISSING;
        }
        if let Some(&code) = self.known.get(text) {
            return code;
        }
        let code = number(self.known.len() + 1);
        self.known.insert(text.into(), code);
        code
    }

    /// The next row.
    pub(super) fn push(&mut self, text: &str) {
        let code = self.code(text);
        self.codes.push(code);
    }

    /// The next row, by code.
    pub(super) fn push_code(&mut self, code: u32) {
        self.codes.push(code);
    }

    pub(super) fn finish(self) -> Part {
        let mut values = vec![Cell::Null; self.known.len()];
        #[expect(clippy::iter_over_hash_type, reason = "every text goes to the place of its code")]
        for (text, code) in self.known {
            values[code as usize - 1] = Cell::Text(Symbols::new(&text));
        }
        Part { kind: Some(Kind::Text), codes: self.codes, values }
    }
}

/// The parts of a column from all tables as one, read as it is said.
pub(super) fn joined(
    name: &str,
    parts: Vec<Part>,
    spec: &ColumnSpec,
) -> Result<(Column, Vec<Diagnostic>), String> {
    if let [_] = parts[..]
        && spec.reading.is_none()
        && spec.null.is_empty()
    {
        // Nothing has to be read anew, and different codes are different values.
        let one = parts.into_iter().next().unwrap_or_default();
        let values = std::iter::once(Cell::Null).chain(one.values).collect();
        return Ok((Column { kind: one.kind.unwrap_or(Kind::Text), codes: one.codes, values }, Vec::new()));
    }
    let mut codes = Codes::default();
    let (mut kind, mut rows, mut unread) = (None, Vec::new(), 0_u64);
    for part in parts {
        let read = |value: Cell| read(value, spec);
        let mut missed = vec![false];
        let mut code_of = vec![MISSING];
        for value in part.values {
            let found = read(value);
            missed.push(found.is_none());
            let cell = found.unwrap_or(Cell::Null);
            if let Some(here) = cell.kind() {
                match kind {
                    Some(known) if known != here && !(time(known) && time(here)) => {
                        let (a, b) = (Kind::word(known), here.word());
                        return Err(format!("`{name}` is a {a} in one table and a {b} in another"));
                    }
                    _ => kind = Some(kind.unwrap_or(here)),
                }
            }
            code_of.push(codes.of_owned(cell));
        }
        kind = kind.or(part.kind);
        unread += part.codes.iter().filter(|code| missed[**code as usize]).count() as u64;
        rows.extend(part.codes.into_iter().map(|code| code_of[code as usize]));
    }
    let column = Column { kind: kind.unwrap_or(Kind::Text), codes: rows, values: codes.values() };
    let told = (unread > 0).then(|| {
        let spot = Spot { column: name.to_owned(), ..Spot::default() };
        let message = format!("{unread} rows hold what is no {}; it counts as missing", column.kind.word());
        Diagnostic::warning("value_unread", spot, message)
    });
    Ok((column, told.into_iter().collect()))
}

const fn time(kind: Kind) -> bool {
    matches!(kind, Kind::Day | Kind::Moment)
}

/// A value as it is said to be read; nothing when it cannot be.
fn read(value: Cell, spec: &ColumnSpec) -> Option<Cell> {
    if let Cell::Text(text) = &value
        && spec.null.iter().any(|null| *null == text.text())
    {
        return Some(Cell::Null);
    }
    match (&spec.reading, value) {
        (None, value)
        | (Some(Reading::Number), value @ Cell::Number(_))
        | (Some(Reading::Text), value @ Cell::Text(_))
        | (Some(Reading::Date(_)), value @ (Cell::Day(_) | Cell::Moment(_))) => Some(value),
        (Some(Reading::Text), Cell::Number(number)) => Some(Cell::text(&number.to_string())),
        (Some(Reading::Text), value) => Some(Term::column("").then(Step::AsText).of(&value)),
        (Some(Reading::Number), Cell::Text(text)) => {
            let number: f64 = text.text().trim().parse().ok()?;
            number.is_finite().then_some(Cell::Number(number))
        }
        (Some(Reading::Date(format)), Cell::Text(text)) => format.parse(&text.text()).map(day),
        (Some(_), _) => None,
    }
}

/// A moment as a day when it is the beginning of one.
fn day(seconds: f64) -> Cell {
    let days = seconds / 86_400.0;
    if days.fract() == 0.0 && days.abs() < 1e8 {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number within the type")]
        let days = days as i32;
        Cell::Day(Day::from_days(days))
    } else {
        Cell::Moment(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparator::generic::Format;

    fn part(texts: &[&str]) -> Part {
        let mut part = TextPart::default();
        for text in texts {
            part.push(text);
        }
        part.finish()
    }

    #[test]
    fn a_moment_at_midnight_is_a_day() {
        assert_eq!(day(86_400.0), Cell::Day(Day::from_days(1)));
        assert_eq!(day(1.0), Cell::Moment(1.0));
    }

    #[test]
    fn values_that_are_read_alike_are_one_and_what_cannot_be_read_is_missing_and_told() {
        let spec = ColumnSpec { reading: Some(Reading::Number), null: vec!["-".into()] };
        let (column, told) =
            joined("a", vec![part(&["1", "", "-", "x"]), part(&["1.0", "2"])], &spec).unwrap();
        assert_eq!(column.codes, [1, 0, 0, 0, 1, 2]);
        assert_eq!(column.values, [Cell::Null, Cell::Number(1.0), Cell::Number(2.0)]);
        assert!(told[0].message.starts_with("1 rows"), "{}", told[0].message);
    }

    #[test]
    fn dates_are_read_by_their_format_and_kinds_must_agree() {
        let reading = Some(Reading::Date(Format::new("%Y%m%d").unwrap()));
        let spec = ColumnSpec { reading, null: Vec::new() };
        let (column, _) = joined("a", vec![part(&["19700102"])], &spec).unwrap();
        assert_eq!((column.kind, &column.values[1]), (Kind::Day, &Cell::Day(Day::from_days(1))));
        let numbers = Part { kind: Some(Kind::Number), codes: vec![1], values: vec![Cell::Number(1.0)] };
        assert!(joined("a", vec![part(&["x"]), numbers], &ColumnSpec::default()).is_err());
    }
}
