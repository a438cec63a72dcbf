//! Code tables: the label of whatever stands in a code cell.

use rustc_hash::FxHashMap;

use super::rows::TableText;
use crate::diag::Diagnostic;

/// One table of codes and labels with synonyms.
#[derive(Clone, Debug, Default)]
pub struct CodeTable {
    codes: Vec<Box<str>>,
    labels: Vec<Box<str>>,
    /// Normalised word (label, code or synonym) → row.
    words: FxHashMap<Box<str>, u16>,
    /// Number without leading zeros → row; [`SEVERAL`] when codes differ only in zeros.
    numbers: FxHashMap<u32, u16>,
}

const SEVERAL: u16 = u16::MAX;

impl CodeTable {
    /// The label of a cell that holds a label, a synonym, a number (with or without leading zeros), or both
    /// joined (`1-男`, `男 1`, `_1男`); full-width forms and spaces do not matter. `None` for unknown text
    /// and for a number and label that contradict each other.
    pub fn lookup(&self, raw: &str) -> Option<&str> {
        let row = match self.words.get(raw) {
            Some(&row) => row,
            None => self.search(&normalise(raw))?,
        };
        self.labels.get(usize::from(row)).map(|label| &**label)
    }

    /// The code of a label, as the table writes it.
    pub fn code(&self, label: &str) -> Option<&str> {
        self.labels.iter().position(|known| **known == *label).map(|row| &*self.codes[row])
    }

    /// All labels in the order of the table.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(|label| &**label)
    }

    fn search(&self, text: &str) -> Option<u16> {
        if text.is_empty() {
            return None;
        }
        if let Some(row) = self.simple(text) {
            return Some(row);
        }
        let is_digit = |c: char| c.is_ascii_digit();
        let joint = |c: char| "-_.、:/|()—–~".contains(c);
        let after = text.trim_start_matches(is_digit);
        let before = text.trim_matches(joint).trim_end_matches(is_digit);
        let parts = if after.len() < text.len() {
            (&text[..text.len() - after.len()], after.trim_matches(joint))
        } else if before.len() < text.trim_matches(joint).len() {
            (&text.trim_matches(joint)[before.len()..], before.trim_matches(joint))
        } else {
            return None;
        };
        let (number, label) = (self.simple(parts.0), self.words.get(parts.1).copied()?);
        (number.is_none() || number == Some(label)).then_some(label)
    }

    /// A whole word, or a number whose zeros differ.
    fn simple(&self, text: &str) -> Option<u16> {
        if let Some(&row) = self.words.get(text) {
            return Some(row);
        }
        let digits = text.strip_suffix(".0").unwrap_or(text);
        let number = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u32>().ok())??;
        self.numbers.get(&number).copied().filter(|&row| row != SEVERAL)
    }

    /// Reads a table `code,label,synonyms`.
    pub(super) fn load(table: TableText<'_>, problems: &mut Vec<Diagnostic>) -> (Self, u64) {
        let mut codes = Self::default();
        let rows = table.csv(&["code", "label", "synonyms"], problems, |cells| {
            let row = u16::try_from(codes.labels.len()).ok().filter(|&row| row != SEVERAL);
            let row = row.ok_or("more than 65,534 codes")?;
            if cells[1].is_empty() {
                return Err("a code needs a label".to_owned());
            }
            codes.codes.push(cells[0].into());
            codes.labels.push(cells[1].into());
            let synonyms = cells[2].split('|').filter(|word| !word.is_empty());
            for word in [cells[1], cells[0]].into_iter().filter(|word| !word.is_empty()).chain(synonyms) {
                let word = normalise(word);
                if codes.words.insert(word.into_boxed_str(), row).is_some_and(|before| before != row) {
                    return Err("one word stands for two labels".to_owned());
                }
            }
            if let Ok(number) = cells[0].parse::<u32>() {
                codes.numbers.entry(number).and_modify(|before| *before = SEVERAL).or_insert(row);
            }
            Ok(())
        });
        (codes, rows)
    }
}

/// Without spaces, controls and a leading underscore or apostrophe; full-width forms narrowed; upper case.
fn normalise(raw: &str) -> String {
    let narrow = raw.chars().filter(|c| !c.is_whitespace() && !c.is_control()).filter_map(|c| match c {
        '\u{200B}'..='\u{200F}' | '\u{FEFF}' | '\u{2060}' => None,
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0),
        other => Some(other),
    });
    let text: String = narrow.map(|c| c.to_ascii_uppercase()).collect();
    text.trim_start_matches(['_', '\'']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> CodeTable {
        let text = "code,label,synonyms\n01,死亡,已死亡|亡故\n02,失踪,\n10,遣送出境,\n1,正常（在册）,OK\n";
        let mut problems = Vec::new();
        let (codes, rows) = CodeTable::load(TableText { file: "c", text }, &mut problems);
        assert_eq!((rows, problems.len()), (4, 0), "{problems:?}");
        codes
    }

    #[test]
    fn labels_numbers_and_both_are_found() {
        let codes = table();
        let cases = [
            ("死亡", Some("死亡")),
            ("01", Some("死亡")),
            ("1", Some("正常（在册）")),
            ("001", None),
            ("2", Some("失踪")),
            ("２", Some("失踪")),
            (" 02 ", Some("失踪")),
            ("2.0", Some("失踪")),
            ("02-失踪", Some("失踪")),
            ("2、失踪", Some("失踪")),
            ("失踪-02", Some("失踪")),
            ("失踪(02)", Some("失踪")),
            ("_2失踪", Some("失踪")),
            ("10 遣送出境", Some("遣送出境")),
            ("亡故", Some("死亡")),
            ("正常(在册)", Some("正常（在册）")),
            ("ok", Some("正常（在册）")),
            ("99-失踪", Some("失踪")),
            ("02-死亡", None),
            ("2班", None),
            ("", None),
            ("七", None),
        ];
        for (raw, expected) in cases {
            assert_eq!(codes.lookup(raw), expected, "{raw}");
        }
        assert_eq!(codes.code("失踪"), Some("02"));
    }

    #[test]
    fn a_word_for_two_labels_is_refused() {
        let text = "code,label,synonyms\n1,甲,丙\n2,乙,丙\n";
        let mut problems = Vec::new();
        CodeTable::load(TableText { file: "c", text }, &mut problems);
        assert_eq!(problems.iter().map(|p| p.spot.line).collect::<Vec<_>>(), [3]);
    }
}
