//! Personal names: a form to show, a key to compare, and what kind of text it was.
//!
//! Order: decode entities → private use and radicals → NFKC → drop spaces and invisible characters → take
//! brackets out → fold dots → words → key. The key maps every character to its class of safe variants; variants
//! that parents choose on purpose stay apart.

mod mojibake;
mod scan;

use std::borrow::Cow;

use crate::domain::{NameForm, StdName};
use crate::tables::{Care, Tables};

use mojibake::Mojibake;
pub use scan::LOST_SHOWN;
use scan::{Outside, is_name_char};

/// Cleaning result of one name cell.
///
/// No `Debug`: the values are personal.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct CleanName {
    /// The name; `None` for an empty cell or a word for nobody.
    pub name: Option<StdName>,
    /// A former name in brackets or behind a marker.
    pub former: Option<StdName>,
    /// What was noticed.
    pub notes: NameNotes,
}

/// Things noticed about a name, as a set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct NameNotes(u16);

impl NameNotes {
    /// A character was lost (`?`, `□`, private use …) or described (`(龙天)`).
    pub const LOST: Self = Self(1);
    /// A private-use character was mapped to its standard one.
    pub const PRIVATE_USE: Self = Self(1 << 1);
    /// An HTML entity was decoded.
    pub const ENTITY: Self = Self(1 << 2);
    /// A bracketed remark or number was dropped.
    pub const REMARK: Self = Self(1 << 3);
    /// A former name was taken out.
    pub const FORMER: Self = Self(1 << 4);
    /// UTF-8 was read as GBK somewhere before.
    pub const MOJIBAKE: Self = Self(1 << 5);
    /// Digits or signs that no name has were dropped.
    pub const SIGNS: Self = Self(1 << 6);
    /// Latin letters stand beside ideographs: pinyin for a lost character.
    pub const PINYIN: Self = Self(1 << 7);
    /// Several names stood in the cell; the first was taken.
    pub const SEVERAL: Self = Self(1 << 8);

    /// Whether everything in `other` was noticed.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nothing was noticed.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What to tell the owner of the data, in Chinese; empty where there is nothing to mend.
    pub fn reasons(self) -> Vec<&'static str> {
        let texts = [
            (Self::LOST, "姓名有缺字"),
            (Self::MOJIBAKE, "姓名为乱码（编码错误）"),
            (Self::ENTITY, "姓名中有未转换的字符编码"),
            (Self::PRIVATE_USE, "姓名中有造字区字符"),
            (Self::SIGNS, "姓名中有数字或符号"),
            (Self::PINYIN, "姓名中用拼音代替汉字"),
            (Self::SEVERAL, "姓名栏填写了多个姓名"),
            (Self::REMARK, "姓名后带有备注"),
        ];
        texts.into_iter().filter(|(note, _)| self.contains(*note)).map(|(_, text)| text).collect()
    }
}

impl std::ops::BitOrAssign for NameNotes {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Characters of the surname at the start of a comparison key: 2 for compound surnames followed by more, else 1,
/// 0 for an empty key.
pub fn surname_len(key: &str, tables: &Tables) -> usize {
    tables.surnames.length(key)
}

/// Standardises a name. The display form, standardised again, is the same name.
pub fn standardise(raw: &str, tables: &Tables) -> CleanName {
    if let Some(name) = fast(raw, tables) {
        return CleanName { name: Some(name), ..CleanName::default() };
    }
    let mut clean = full(raw, tables, true);
    // What is left when signs and remarks are gone may be a word of its own (`曾)用名`), so the display form is
    // cleaned until nothing changes, its form neither (a sign that looked like a broken encoding may be gone). Each
    // round only shortens it; the bound is for safety.
    for _ in 0..ROUNDS_MAX {
        let Some(name) = &clean.name else { break };
        let again = full(&name.display, tables, true);
        let settled =
            again.name.as_ref().is_some_and(|next| (&next.display, next.form) == (&name.display, name.form));
        if settled && again.former.is_none() {
            break;
        }
        let former = clean.former.or(again.former);
        clean.notes |= again.notes;
        clean = CleanName { name: again.name, former, notes: clean.notes };
    }
    clean
}

/// Rounds of cleaning; the second already changes nothing in any name that people write.
const ROUNDS_MAX: usize = 8;

/// A name of two to four common ideographs that stand for themselves, which nearly all are.
fn fast(raw: &str, tables: &Tables) -> Option<StdName> {
    if !(6..=12).contains(&raw.len()) {
        return None;
    }
    let care = raw.chars().map(|c| tables.name_words.care(c)).max()?;
    let ordinary = match care {
        Care::None => true,
        Care::Words => matches!(words(raw, tables), Word::Name) && former_at(raw, tables).is_none(),
        Care::Full => false,
    };
    ordinary.then(|| StdName { key: raw.into(), display: raw.into(), form: NameForm::Full })
}

/// What the words of the tables say about a whole text.
enum Word {
    Name,
    Nobody,
    Placeholder,
    Newborn,
}

fn words(text: &str, tables: &Tables) -> Word {
    let words = &tables.name_words;
    if words.none.contains(text) {
        return Word::Nobody;
    }
    if words.placeholder.contains(text) {
        return Word::Placeholder;
    }
    let parent = words.newborn_of.iter().find_map(|word| text.strip_suffix(word.as_str()));
    if parent.is_some_and(|parent| !parent.is_empty()) {
        return Word::Newborn;
    }
    let surname = |stem: &str| {
        let mut chars = stem.chars();
        match (chars.next(), chars.next(), chars.next()) {
            (Some(_), None, _) => true,
            (Some(a), Some(b), None) => tables.surnames.is_compound(a, b),
            _ => false,
        }
    };
    let called = words.newborn_call.iter().any(|word| text.strip_suffix(word.as_str()).is_some_and(surname));
    if called { Word::Newborn } else { Word::Name }
}

/// Where a marker of a former name stands, and where the former name begins.
fn former_at(text: &str, tables: &Tables) -> Option<(usize, usize)> {
    let found = tables
        .name_words
        .former
        .iter()
        .filter_map(|word| text.find(word.as_str()).map(|at| (at, at + word.len())));
    found.min_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)))
}

/// The whole way. Former names inside are themselves cleaned, but may hold no further one.
fn full(raw: &str, tables: &Tables, outer: bool) -> CleanName {
    let mut notes = NameNotes::default();
    let text = scan::decode(raw, tables, &mut notes);
    if super::text::is_nothing(&text) {
        return CleanName { notes, ..CleanName::default() };
    }
    let (text, broken) = match mojibake::look(&text) {
        Mojibake::No => (Cow::Borrowed(&*text), false),
        Mojibake::Whole(repaired) => {
            notes |= NameNotes::MOJIBAKE;
            (Cow::Owned(repaired), false)
        }
        Mojibake::Broken => {
            notes |= NameNotes::MOJIBAKE;
            (Cow::Borrowed(&*text), true)
        }
    };
    let (text, former) = split_former(&text, tables);
    let Outside { display, notes: found, former: bracketed } = scan::outside(text, tables);
    notes |= found;
    let former_text = former.map(str::to_owned).or(bracketed);
    let former = former_text.filter(|_| outer).and_then(|former| full(&former, tables, false).name);
    if former.is_some() {
        notes |= NameNotes::FORMER;
    }
    let name = name_of(display, broken, tables, &mut notes);
    CleanName { name, former, notes }
}

/// The text before and behind a marker outside brackets; a marker at the start leaves the rest as the name.
fn split_former<'a>(text: &'a str, tables: &Tables) -> (&'a str, Option<&'a str>) {
    let open = text.find(scan::is_open).unwrap_or(text.len());
    match former_at(&text[..open], tables) {
        Some((0, end)) => (text[end..].trim_start_matches(scan::is_joint), None),
        Some((start, end)) => (&text[..start], Some(text[end..].trim_start_matches(scan::is_joint))),
        None => (text, None),
    }
}

fn name_of(display: String, broken: bool, tables: &Tables, notes: &mut NameNotes) -> Option<StdName> {
    let form = match words(&display, tables) {
        _ if display.is_empty() => return None,
        Word::Nobody => return None,
        Word::Placeholder => Some(NameForm::Placeholder),
        Word::Newborn => Some(NameForm::Newborn),
        Word::Name => None,
    };
    let display = if form.is_none() { scan::mask_some(display) } else { display };
    let key = scan::key(&display, tables);
    if key.is_empty() {
        return None;
    }
    let lost = key.contains('\u{FFFD}');
    if lost {
        *notes |= NameNotes::LOST;
    }
    let ideographs = key.chars().any(is_name_char);
    if ideographs && key.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        *notes |= NameNotes::PINYIN;
    }
    // Nothing but lost characters is no evidence, and neither is text in a broken encoding.
    let nothing_left = key.chars().all(|c| c == '\u{FFFD}');
    let form = match form {
        _ if broken || nothing_left => NameForm::Placeholder,
        Some(form) => form,
        None if lost => NameForm::WithLost,
        None => NameForm::Full,
    };
    Some(StdName { key: key.into_boxed_str(), display: display.into_boxed_str(), form })
}
