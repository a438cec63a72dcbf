//! The one door through which a value goes to a recipient: who reads, whom it is about, of which class it is.
//!
//! A [`Cleared`] text can be made by a [`Gate`] only, and lists, ledgers, corrections and sheets take nothing else
//! for their cells. The gate asks the matrix and, for children, the table of protected classes.

use super::disclosure::{Disclosure, Show};
use super::input::Person;
use crate::domain::Day;

/// Class of what belongs to no person: clue numbers, days of the list, titles.
pub(super) const PLAIN: &str = "plain";

/// Whom a value is about, as far as disclosure depends on it: an age in years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct About(i32);

impl About {
    /// No person in particular: a title, a figure.
    pub(super) const fn nobody() -> Self {
        Self(i32::MAX)
    }

    /// Somebody whose age nobody knows; counts as a child.
    pub(super) const fn unknown() -> Self {
        Self(i32::MIN)
    }

    /// Somebody of this age.
    pub(super) const fn aged(years: i32) -> Self {
        Self(years)
    }

    /// A person on a day. Where the birth date and that of the number differ, the later one counts.
    pub(super) fn person(person: &Person, day: Day) -> Self {
        let born = person.birth.max(person.resident_id.and_then(crate::domain::ResidentId::birth));
        born.map_or_else(Self::unknown, |born| Self::aged(born.age_on(day)))
    }

    pub(super) const fn is_below(self, age: i32) -> bool {
        self.0 < age
    }
}

/// A text that its reader may see. Only a [`Gate`] makes one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cleared(String);

impl Cleared {
    /// The text, for a file.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// The text, for a file.
    pub(super) fn into_text(self) -> String {
        self.0
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Several texts that the reader may see, one after the other, each once.
    pub(super) fn joined(mut parts: Vec<Self>, between: &str) -> Self {
        parts.retain(|part| !part.is_empty());
        parts.dedup();
        let parts: Vec<String> = parts.into_iter().map(Self::into_text).collect();
        Self(parts.join(between))
    }
}

/// One reader, and whom values are about.
#[derive(Clone, Copy)]
pub(super) struct Gate<'a> {
    reader: &'a str,
    disclosure: &'a Disclosure,
    about: About,
    /// Whether what would be masked is left out.
    whole: bool,
}

impl<'a> Gate<'a> {
    /// A gate for what is about no person in particular.
    pub(super) const fn new(reader: &'a str, disclosure: &'a Disclosure) -> Self {
        Self { reader, disclosure, about: About::nobody(), whole: false }
    }

    /// The same reader's gate for what is about a person.
    pub(super) const fn about(self, about: About) -> Self {
        Self { about, ..self }
    }

    /// The same reader's gate that gives a value as it is or not at all: what another system takes in as data
    /// must not have asterisks in it.
    pub(super) const fn whole(self) -> Self {
        Self { whole: true, ..self }
    }

    /// How the reader sees a class.
    pub(super) fn show(self, class: &str) -> Show {
        match self.disclosure.show_of(self.reader, class, self.about) {
            Show::Masked if self.whole => Show::No,
            show => show,
        }
    }

    /// Whether the reader sees a class as it is.
    pub(super) fn knows(self, class: &str) -> bool {
        self.show(class) == Show::Full
    }

    /// Whether the reader may know that a row stands in this extract.
    pub(super) fn may_name_source(self, extract: &str) -> bool {
        self.disclosure.source_class(extract).is_none_or(|class| self.knows(class))
    }

    /// The text without words of classes that the reader does not know.
    pub(super) fn redact(self, text: &str) -> String {
        self.disclosure.redact(|class| self.knows(class), text)
    }

    /// A text of a class: as it is, masked, or empty.
    pub(super) fn cell(self, class: &str, text: &str) -> Cleared {
        Cleared(match self.show(class) {
            Show::Full => text.to_owned(),
            Show::Masked => masked(text),
            Show::No => String::new(),
        })
    }

    /// The number of a person.
    pub(super) fn number(self, class: &str, person: &Person) -> Cleared {
        let Some(id) = person.resident_id else { return Cleared::default() };
        Cleared(match self.show(class) {
            Show::Full => id.text(),
            Show::Masked => id.masked(),
            Show::No => String::new(),
        })
    }

    /// A day of a class; of a masked one nothing is left.
    pub(super) fn day(self, class: &str, day: Option<Day>) -> Option<Day> {
        day.filter(|_| self.knows(class))
    }
}

/// What is left of a text: of what looks like a number as long as one of a person its head and its last four
/// characters, of a shorter one the last two; of a name its last character; of longer words nothing.
fn masked(text: &str) -> String {
    const WITHHELD: &str = "（略）";
    let chars: Vec<char> = text.chars().collect();
    let like_a_number = chars.iter().all(|c| c.is_ascii_alphanumeric() || *c == '-');
    let (head, tail) = match chars.len() {
        0 => return String::new(),
        long if like_a_number && long >= 15 => (long - 12, 4),
        short if like_a_number => (0, 2.min(short / 2)),
        1 => return "*".to_owned(),
        2..=5 => (0, 1),
        _ => return WITHHELD.to_owned(),
    };
    let hidden = chars.len() - head - tail;
    chars[..head].iter().chain(&vec!['*'; hidden]).chain(&chars[chars.len() - tail..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_masked_keeps_its_ends_where_they_tell_little() {
        let check = |text: &str, expected: &str| assert_eq!(masked(text), expected);
        check("G320681201501011234", "G320681********1234");
        check("320681201501011234", "320681********1234");
        check("13900000000", "*********00");
        check("L123", "**23");
        check("1", "*");
        check("张小某", "**某");
        check("甲", "*");
        check("某镇某村十二组三十四号", "（略）");
        check("", "");
    }

    #[test]
    fn an_age_is_counted_to_the_day_and_the_later_of_two_births_counts() {
        let day = |text: &str| Day::parse_iso(text).unwrap();
        let born = |text: &str| Person { birth: Some(day(text)), ..Person::default() };
        let is_child = |person: &Person| About::person(person, day("2026-11-20")).is_below(14);
        assert!(is_child(&born("2012-11-21")), "13 until tomorrow");
        assert!(!is_child(&born("2012-11-20")), "14 today");
        assert!(is_child(&Person::default()), "nobody knows");
        assert!(!About::nobody().is_below(14));
        let number = crate::domain::ResidentId::from_body(99_010_120_150_101_000);
        assert!(is_child(&Person { resident_id: Some(number), ..born("2010-01-01") }));
    }
}
