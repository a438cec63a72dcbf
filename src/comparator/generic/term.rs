//! What is compared: a column of a table, or something made of it.

use regex::Regex;

use super::cell::{Cell, Kind};
use super::moment::Format;
use crate::domain::Day;
use crate::kernel::strings::Symbols;

/// A column and what is done to its value before it is compared. The same for both sides of a pair, so it
/// is worked out once for each row ([`Term::of`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Name of the column, without a suffix for the side.
    pub column: String,
    /// Steps, first to last.
    pub steps: Vec<Step>,
}

/// One step from a column's value to what is compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Small letters.
    Lower,
    /// Capital letters.
    Upper,
    /// Without white space at either end.
    Trim,
    /// `length` characters from `start` on; the first is 1.
    Substring {
        /// First character, from 1.
        start: usize,
        /// Most characters.
        length: usize,
    },
    /// A day or a moment as text.
    AsText,
    /// This text is a missing value.
    NullIf(String),
    /// Text to moment; missing when it is none.
    Parse(Format),
    /// The part of a text that fits a pattern; missing values stay missing, no fit gives the empty text.
    Extract(Pattern),
    /// An element of a list: 1 is the first, −1 the last; missing when there is none.
    Element(i32),
}

/// A regular expression and the group that is taken.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    group: usize,
    regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.group == other.group
    }
}

impl Pattern {
    /// A pattern in the syntax of RE2, whose `\d`, `\w` and `\s` mean ASCII; group 0 is all that fits.
    ///
    /// # Errors
    /// What is wrong with the pattern, in words.
    pub fn new(text: &str, group: usize) -> Result<Self, String> {
        let regex = Regex::new(&ascii_classes(text)).map_err(|error| error.to_string())?;
        if group >= regex.captures_len() {
            return Err(format!("the pattern has no group {group}"));
        }
        Ok(Self { text: text.to_owned(), group, regex })
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The group that is taken.
    pub const fn group(&self) -> usize {
        self.group
    }

    fn extract(&self, text: &str) -> String {
        let found = self.regex.captures(text);
        found
            .and_then(|found| found.get(self.group))
            .map_or_else(String::new, |found| found.as_str().to_owned())
    }
}

/// The classes that mean all of Unicode in this crate's dialect and ASCII in RE2, written out.
fn ascii_classes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars();
    while let Some(letter) = rest.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match rest.next() {
            Some('d') => out.push_str("[0-9]"),
            Some('D') => out.push_str("[^0-9]"),
            Some('w') => out.push_str("[0-9A-Za-z_]"),
            Some('W') => out.push_str("[^0-9A-Za-z_]"),
            Some('s') => out.push_str(r"[\t\n\f\r ]"),
            Some('S') => out.push_str(r"[^\t\n\f\r ]"),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

impl Term {
    /// A column as it is.
    pub fn column(name: &str) -> Self {
        Self { column: name.to_owned(), steps: Vec::new() }
    }

    /// The same with one more step.
    #[must_use]
    pub fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// What is compared, from the column's value.
    pub fn of(&self, value: &Cell) -> Cell {
        self.steps.iter().fold(value.clone(), |value, step| step.apply(value))
    }

    /// The kind of what is compared, from the column's kind.
    ///
    /// # Errors
    /// The step that cannot be done, in words.
    pub fn kind(&self, column: Kind) -> Result<Kind, String> {
        self.steps.iter().try_fold(column, |kind, step| step.kind(kind))
    }
}

impl Step {
    fn apply(&self, value: Cell) -> Cell {
        match (self, value) {
            (Self::AsText, Cell::Text(text)) => Cell::Text(text),
            (Self::AsText, Cell::Day(day)) => Cell::text(&day.iso()),
            (Self::AsText, Cell::Moment(seconds)) => Cell::text(&moment_text(seconds)),
            (Self::Element(at), Cell::List(items)) => element(&items, *at),
            (step, Cell::Text(text)) => step.on_text(&text.text()),
            _ => Cell::Null,
        }
    }

    fn on_text(&self, text: &str) -> Cell {
        match self {
            Self::Lower => Cell::text(&text.chars().map(small).collect::<String>()),
            Self::Upper => Cell::text(&text.chars().map(capital).collect::<String>()),
            Self::Trim => Cell::text(text.trim_matches(' ')),
            Self::Substring { start, length } => {
                Cell::text(&text.chars().skip(start.saturating_sub(1)).take(*length).collect::<String>())
            }
            Self::NullIf(null) if text == null => Cell::Null,
            Self::NullIf(_) | Self::AsText => Cell::text(text),
            Self::Parse(format) => format.parse(text).map_or(Cell::Null, Cell::Moment),
            Self::Extract(pattern) => Cell::text(&pattern.extract(text)),
            Self::Element(_) => Cell::Null,
        }
    }

    fn kind(&self, kind: Kind) -> Result<Kind, String> {
        match (self, kind) {
            (Self::AsText, Kind::Text | Kind::Day | Kind::Moment) | (Self::Element(_), Kind::List) => {
                Ok(Kind::Text)
            }
            (Self::AsText, _) => Err(format!("a {} has no one spelling as text", kind.word())),
            (Self::Element(_), _) => Err(format!("a {} has no elements", kind.word())),
            (Self::Parse(_), Kind::Text) => Ok(Kind::Moment),
            (_, Kind::Text) => Ok(Kind::Text),
            _ => Err(format!("a text is needed here, this is a {}", kind.word())),
        }
    }
}

/// A letter as a small one: one letter for one, as databases do it (`İ` is `i`).
fn small(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

/// A letter as a capital: one letter for one, so `ß` stays.
fn capital(letter: char) -> char {
    let mut changed = letter.to_uppercase();
    match (changed.next(), changed.next()) {
        (Some(one), None) => one,
        _ => letter,
    }
}

fn element(items: &[Symbols], at: i32) -> Cell {
    let place = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
    let place = if at < 0 { items.len().checked_sub(place) } else { place.checked_sub(1) };
    place.and_then(|place| items.get(place)).map_or(Cell::Null, |item| Cell::Text(item.clone()))
}

/// `YYYY-MM-DD hh:mm:ss`.
fn moment_text(seconds: f64) -> String {
    let days = (seconds / 86_400.0).floor();
    let rest = seconds - days * 86_400.0;
    // Both are far inside their types: a calendar of ten thousand years, a day of seconds.
    let whole = |value: f64| format!("{value:.0}").parse::<i32>().unwrap_or(0);
    let rest = whole(rest.floor());
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{} {hour:02}:{minute:02}:{second:02}", Day::from_days(whole(days)).iso())
}
