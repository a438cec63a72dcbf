//! Which of many words a text begins with.

use rustc_hash::FxHashMap;

/// Words of at least two characters, found at the start of a text, the longest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Prefixes {
    /// Entries by their first two characters, longest first.
    entries: FxHashMap<(char, char), Vec<Entry>>,
}

/// A word and its value.
type Entry = (Box<str>, u16);

impl Prefixes {
    /// Adds a word; words of fewer than two characters are passed over, because they match by accident.
    pub(super) fn add(&mut self, word: &str, value: u16) {
        let Some(key) = key(word) else { return };
        let list = self.entries.entry(key).or_default();
        let entry = (Box::from(word), value);
        if !list.contains(&entry) {
            list.push(entry);
            list.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        }
    }

    /// The longest word that `text` begins with, as its length in bytes and its value.
    pub(super) fn longest(&self, text: &str) -> Option<(usize, u16)> {
        self.all(text).next()
    }

    /// All words that `text` begins with, longest first.
    pub(super) fn all<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, u16)> + 'a {
        let list = key(text).and_then(|key| self.entries.get(&key)).map_or(&[][..], Vec::as_slice);
        list.iter().filter(|(word, _)| text.starts_with(&**word)).map(|(word, value)| (word.len(), *value))
    }
}

fn key(text: &str) -> Option<(char, char)> {
    let mut chars = text.chars();
    Some((chars.next()?, chars.next()?))
}
