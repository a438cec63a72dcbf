//! Words that stand in name cells and are no part of a name, and the characters that call for a closer look.

use std::collections::BTreeSet;

use encoding_rs::GBK;

use super::char_map::CharMap;
use super::rows::TableText;
use super::variants::Variants;
use crate::diag::Diagnostic;

/// Vocabulary of the name cleaner.
#[derive(Clone, Debug, Default)]
pub struct NameWords {
    /// Markers of a former name, longest first.
    pub former: Vec<String>,
    /// What follows a parent's name for an unnamed newborn, longest first.
    pub newborn_of: Vec<String>,
    /// What follows a surname for an unnamed newborn, longest first.
    pub newborn_call: Vec<String>,
    /// Whole cells that name nobody in particular.
    pub placeholder: BTreeSet<String>,
    /// Whole cells that say there is nobody.
    pub none: BTreeSet<String>,
    /// Bracketed remarks.
    pub remark: BTreeSet<String>,
    /// 0 for characters that stand for themselves, see [`NameWords::care`].
    care: CharMap<u8>,
}

/// How much attention a character asks for in a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Care {
    /// An ideograph of the main block that stands for itself.
    None,
    /// The same, but a word of the tables ends with it.
    Words,
    /// Anything else: variants, what is no ideograph of the main block, 某, signs of a wrong encoding.
    Full,
}

impl NameWords {
    /// What the character asks for; a name made of [`Care::None`] needs no cleaning at all.
    pub fn care(&self, c: char) -> Care {
        if !('\u{4E00}'..='\u{9FFF}').contains(&c) {
            return Care::Full;
        }
        match self.care.get(c) {
            0 => Care::None,
            1 => Care::Words,
            _ => Care::Full,
        }
    }

    pub(super) fn load(
        table: TableText<'_>,
        variants: &Variants,
        problems: &mut Vec<Diagnostic>,
    ) -> (Self, u64) {
        let mut words = Self::default();
        let rows = table.csv(&["kind", "text", "note"], problems, |cells| {
            let text = cells[1].to_owned();
            if text.is_empty() {
                return Err("empty word".to_owned());
            }
            match cells[0] {
                "former" => words.former.push(text),
                "newborn_of" => words.newborn_of.push(text),
                "newborn_call" => words.newborn_call.push(text),
                "placeholder" => drop(words.placeholder.insert(text)),
                "none" => drop(words.none.insert(text)),
                "remark" => drop(words.remark.insert(text)),
                _ => return Err("unknown kind of word".to_owned()),
            }
            Ok(())
        });
        for list in [&mut words.former, &mut words.newborn_of, &mut words.newborn_call] {
            list.sort_by_key(|word| (std::cmp::Reverse(word.chars().count()), word.clone()));
        }
        words.mark(variants);
        (words, rows)
    }

    /// Marks the last characters of words, foldable variants, 某, and what a UTF-8 name begins with when
    /// it was read as GBK.
    fn mark(&mut self, variants: &Variants) {
        let lists = [&self.former, &self.newborn_of, &self.newborn_call].into_iter().flatten();
        let words = lists.chain(&self.placeholder).chain(&self.none);
        let last: Vec<char> = words.filter_map(|word| word.chars().next_back()).collect();
        for c in last {
            self.care.set(c, 1);
        }
        for c in ('\u{4E00}'..='\u{9FFF}').filter(|&c| variants.fold(c) != c) {
            self.care.set(c, 2);
        }
        self.care.set('某', 2);
        // The first two bytes of an ideograph in UTF-8 are E4–E9 and 80–BF.
        for lead in 0xE4_u8..=0xE9 {
            for trail in 0x80_u8..=0xBF {
                let bytes = [lead, trail];
                let (text, _, _) = GBK.decode(&bytes);
                if let Some(c) = text.chars().next() {
                    self.care.set(c, 2);
                }
            }
        }
    }
}
