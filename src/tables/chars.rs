//! Readings and shape codes of characters.

use rustc_hash::FxHashMap;
use unicode_normalization::UnicodeNormalization;

use super::char_map::CharMap;
use super::rows::{TableText, one_char};
use crate::diag::Diagnostic;

/// A syllable with its tone: `toneless × 5 + tone`, tone 0 (none) to 4.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Toned(u16);

impl Toned {
    /// Number of the syllable without tone, see [`Chars::spelling`].
    pub const fn toneless(self) -> u16 {
        self.0 / 5
    }

    /// 1–4, 0 for a neutral or unknown tone.
    pub const fn tone(self) -> u16 {
        self.0 % 5
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Shape {
    four_corner: [u8; 5],
    wubi: [u8; 4],
    strokes: u8,
}

/// Readings, four-corner code, Wubi code and stroke count of about 42,000 characters.
#[derive(Clone, Debug, Default)]
pub struct Chars {
    /// 1-based row of a character, 0 when absent.
    index: CharMap<u16>,
    /// Readings of row `i` are `readings[starts[i - 1]..starts[i]]`.
    starts: Vec<u32>,
    readings: Vec<Toned>,
    shapes: Vec<Shape>,
    /// Spelling of each toneless syllable, sorted; `ü` is `v`.
    spellings: Vec<Box<str>>,
    numbers: FxHashMap<Box<str>, u16>,
    /// Dialect class of each toneless syllable.
    folded: Vec<u16>,
}

impl Chars {
    /// All readings of a character, the most common first; empty when it has none.
    pub fn readings(&self, c: char) -> &[Toned] {
        let row = usize::from(self.index.get(c));
        match row.checked_sub(1) {
            Some(before) => &self.readings[self.starts[before] as usize..self.starts[row] as usize],
            None => &[],
        }
    }

    /// Spelling of a toneless syllable, such as `zhang`; `ü` is written `v`.
    pub fn spelling(&self, toneless: u16) -> &str {
        self.spellings.get(usize::from(toneless)).map_or("", |text| text)
    }

    /// Number of a toneless syllable written in plain lower-case letters.
    pub fn syllable(&self, letters: &str) -> Option<u16> {
        self.numbers.get(letters).copied()
    }

    /// Dialect class of a toneless syllable: equal classes sound alike to someone who writes by ear.
    pub fn folded(&self, toneless: u16) -> u16 {
        self.folded.get(usize::from(toneless)).copied().unwrap_or(toneless)
    }

    /// Number of toneless syllables; they are numbered from 0.
    pub fn syllable_count(&self) -> usize {
        self.spellings.len()
    }

    /// Four-corner code as five ASCII digits; the fifth is a space where the table has none.
    pub fn four_corner(&self, c: char) -> Option<[u8; 5]> {
        self.shape(c).map(|shape| shape.four_corner).filter(|code| code[0] != 0)
    }

    /// Wubi-86 code, lower-case, padded with spaces.
    pub fn wubi(&self, c: char) -> Option<[u8; 4]> {
        self.shape(c).map(|shape| shape.wubi).filter(|code| code[0] != 0)
    }

    /// Total strokes.
    pub fn strokes(&self, c: char) -> Option<u8> {
        self.shape(c).map(|shape| shape.strokes).filter(|count| *count != 0)
    }

    /// A syllable with tone mark, such as `zhāng`, as the readings hold it.
    pub(super) fn toned(&self, marked: &str) -> Option<Toned> {
        let (letters, tone) = split_tone(marked);
        self.syllable(&letters).map(|number| Toned(number * 5 + tone))
    }

    fn shape(&self, c: char) -> Option<&Shape> {
        usize::from(self.index.get(c)).checked_sub(1).and_then(|row| self.shapes.get(row))
    }

    /// Reads `char_codes.tsv` and the dialect rules; returns the rows of each.
    pub(super) fn load(
        codes: TableText<'_>,
        dialect: TableText<'_>,
        problems: &mut Vec<Diagnostic>,
    ) -> (Self, u64, u64) {
        let mut chars = Self { starts: vec![0], ..Self::default() };
        let mut marked: Vec<&str> = Vec::with_capacity(60_000);
        let header = ["char", "codepoint", "pinyin_readings", "four_corner", "total_strokes", "wubi86"];
        let rows = codes.tsv(&header, problems, |cells| {
            let c = one_char(cells[0])?;
            let row = u16::try_from(chars.shapes.len() + 1).map_err(|_| "more than 65,534 characters")?;
            chars.shapes.push(shape(cells[3], cells[4], cells[5])?);
            chars.index.set(c, row);
            marked.extend(cells[2].split(',').filter(|reading| !reading.is_empty()));
            chars.starts.push(u32::try_from(marked.len()).map_err(|_| "too many readings")?);
            Ok(())
        });
        chars.number_syllables(&marked);
        let dialect_rows = chars.fold_dialect(dialect, problems);
        (chars, rows, dialect_rows)
    }

    /// Numbers the toneless syllables in alphabetical order and writes the readings with them.
    fn number_syllables(&mut self, marked: &[&str]) {
        let mut split: FxHashMap<&str, (Box<str>, u16)> = FxHashMap::default();
        for &text in marked {
            if !split.contains_key(text) {
                let parts = split_tone(text);
                self.spellings.push(parts.0.clone());
                split.insert(text, parts);
            }
        }
        self.spellings.sort_unstable();
        self.spellings.dedup();
        self.numbers = self.spellings.iter().cloned().zip(0_u16..).collect();
        self.readings = marked
            .iter()
            .map(|text| {
                let (letters, tone) = &split[text];
                Toned(self.numbers[letters] * 5 + tone)
            })
            .collect();
    }

    fn fold_dialect(&mut self, dialect: TableText<'_>, problems: &mut Vec<Diagnostic>) -> u64 {
        let (mut syllables, mut initials, mut finals) = (Vec::new(), Vec::new(), Vec::new());
        let rows = dialect.csv(&["part", "from", "to", "note"], problems, |cells| {
            let rule = (cells[1].to_owned(), cells[2].to_owned());
            match cells[0] {
                "syllable" => syllables.push(rule),
                "initial" => initials.push(rule),
                "final" => finals.push(rule),
                _ => return Err("part must be syllable, initial or final".to_owned()),
            }
            Ok(())
        });
        let mut classes: FxHashMap<String, u16> = FxHashMap::default();
        self.folded = (0_u16..)
            .zip(&self.spellings)
            .map(|(number, spelling)| {
                let mut text = spelling.to_string();
                if let Some((_, to)) = syllables.iter().find(|(from, _)| *from == text) {
                    text.clone_from(to);
                }
                let cut = initial_len(&text);
                let (initial, rest) = text.split_at(cut);
                let swap = |rules: &[(String, String)], part: &str| {
                    rules.iter().find(|(from, _)| from == part).map_or(part.to_owned(), |(_, to)| to.clone())
                };
                let folded = swap(&initials, initial) + &swap(&finals, rest);
                // The class is the number of the first syllable that folds to the same text.
                *classes.entry(folded).or_insert(number)
            })
            .collect();
        rows
    }
}

/// Bytes of the initial consonant of a toneless syllable.
fn initial_len(syllable: &str) -> usize {
    if syllable.starts_with("zh") || syllable.starts_with("ch") || syllable.starts_with("sh") {
        return 2;
    }
    usize::from(syllable.as_bytes().first().is_some_and(|byte| b"bpmfdtnlgkhjqxrzcsyw".contains(byte)))
}

/// Letters without tone mark (`ü` as `v`) and the tone.
fn split_tone(marked: &str) -> (Box<str>, u16) {
    let mut letters = String::with_capacity(marked.len());
    let mut tone = 0;
    for c in marked.nfd() {
        match c {
            '\u{304}' => tone = 1,
            '\u{301}' => tone = 2,
            '\u{30C}' => tone = 3,
            '\u{300}' => tone = 4,
            '\u{308}' => {
                letters.pop();
                letters.push('v');
            }
            '\u{302}' => {}
            letter => letters.push(letter),
        }
    }
    (letters.into_boxed_str(), tone)
}

fn shape(four_corner: &str, strokes: &str, wubi: &str) -> Result<Shape, String> {
    let mut shape = Shape::default();
    if !four_corner.is_empty() {
        shape.four_corner = [b' '; 5];
        let digits = four_corner.bytes().filter(u8::is_ascii_digit);
        shape.four_corner.iter_mut().zip(digits).for_each(|(slot, digit)| *slot = digit);
    }
    if !wubi.is_empty() {
        shape.wubi = [b' '; 4];
        shape.wubi.iter_mut().zip(wubi.bytes()).for_each(|(slot, letter)| *slot = letter);
    }
    if !strokes.is_empty() {
        shape.strokes = strokes.parse().map_err(|_| "stroke count is no number below 256".to_owned())?;
    }
    Ok(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Chars {
        let codes = "char\tcodepoint\tpinyin_readings\tfour_corner\ttotal_strokes\twubi86\n\
                     单\tU+5355\tdān,chán,shàn\t8050\t8\tujfj\n\
                     吕\tU+5415\tlǚ\t6060.0\t6\tkk\n\
                     程\tU+7A0B\tchéng\t\t12\ttkgg\n\
                     陈\tU+9648\tchén\t\t7\tbaiy\n";
        let dialect = "part,from,to,note\ninitial,ch,c,\nfinal,eng,en,\n";
        let mut problems = Vec::new();
        let (chars, rows, _) = Chars::load(
            TableText { file: "c", text: codes },
            TableText { file: "d", text: dialect },
            &mut problems,
        );
        assert!(problems.is_empty());
        assert_eq!(rows, 4);
        chars
    }

    #[test]
    fn readings_keep_their_order_tones_and_spelling() {
        let chars = sample();
        let read = |c| {
            chars
                .readings(c)
                .iter()
                .map(|t| format!("{}{}", chars.spelling(t.toneless()), t.tone()))
                .collect()
        };
        let cases: [(char, Vec<String>); 3] = [
            ('单', vec!["dan1".into(), "chan2".into(), "shan4".into()]),
            ('吕', vec!["lv3".into()]),
            ('王', vec![]),
        ];
        for (c, expected) in cases {
            let found: Vec<String> = read(c);
            assert_eq!(found, expected);
        }
        assert_eq!(chars.toned("shàn"), Some(chars.readings('单')[2]));
        assert_eq!(chars.four_corner('吕'), Some(*b"60600"));
        assert_eq!(chars.wubi('吕'), Some(*b"kk  "));
        assert_eq!(chars.strokes('程'), Some(12));
        assert_eq!(chars.four_corner('程'), None);
    }

    #[test]
    fn dialect_classes_join_what_sounds_alike_and_nothing_else() {
        let chars = sample();
        let class = |c: char| chars.folded(chars.readings(c)[0].toneless());
        assert_eq!(class('程'), class('陈'));
        assert_ne!(class('程'), class('单'));
    }
}
