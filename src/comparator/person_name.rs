//! Chinese personal names: a ladder per character, with wildcards for lost characters.
//!
//! Names are looked at once, by [`NameBook::new`]; comparing two of them afterwards is arithmetic on
//! small numbers. "One character differs" is the only edit a name of two to four characters knows,
//! so what counts is *how* the two characters differ.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{Ladder, rung};
use crate::domain::{NameForm, NameId, NamePool};
use crate::kernel::digest;
use crate::kernel::similarity::{Edit, meet, one_edit};
use crate::tables::Tables;

/// The same key.
pub const EXACT: u8 = 1;
/// The former name of one side is the name of the other.
pub const FORMER: u8 = 2;
/// Variants of one character (喆/哲, 昇/升) or surnames written for each other (付/傅).
pub const VARIANT: u8 = 3;
/// All legible characters agree; the rest is lost or written in pinyin.
pub const LOST: u8 = 4;
/// One character differs, same sound and tone.
pub const TONED: u8 = 5;
/// One character differs, same sound, another tone.
pub const TONELESS: u8 = 6;
/// One character differs, both look alike.
pub const LOOK_ALIKE: u8 = 7;
/// One character differs, same sound in the local dialect.
pub const DIALECT: u8 = 8;
/// Several characters differ, each of them similar in one of the ways above.
pub const SEVERAL: u8 = 9;
/// A character is missing, doubled, or two changed places.
pub const ORDER: u8 = 10;
/// Same given name, unrelated surname.
pub const SURNAME: u8 = 11;
/// Same surname; one of several given characters is unrelated.
pub const ONE_CHARACTER: u8 = 12;
/// Different.
pub const DIFFERENT: u8 = 13;

/// The ladder.
pub const LADDER: Ladder = Ladder {
    name: "person_name",
    levels: &[
        rung("null", ""),
        rung("exact", "姓名相同"),
        rung("former", "与曾用名相同"),
        rung("variant", "姓名为异体字"),
        rung("lost", "姓名有缺字，其余相同"),
        rung("toned", "姓名同音"),
        rung("toneless", "姓名同音不同调"),
        rung("look_alike", "姓名有形近字"),
        rung("dialect", "姓名方言同音"),
        rung("several", "姓名多字音形相近"),
        rung("order", "姓名缺字、多字或字序不同"),
        rung("surname", "姓不同，名相同"),
        rung("one_character", "姓名有一字不同"),
        rung("different", "姓名不同"),
    ],
};

/// Look-alikes from this score (thousandths) on count as such.
const LOOK_ALIKE_SCORE: u16 = 550;
/// Rare readings beyond these make unrelated characters sound alike.
const READINGS: usize = 3;

/// How two characters relate; ordered from nearest to farthest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Near {
    Same,
    Wild,
    Variant,
    Toned,
    Toneless,
    LookAlike,
    Dialect,
    Unrelated,
}

/// What is known about one distinct token (a character, a lost one, or a run of Latin letters).
struct Token {
    /// The character; U+FFFD for a lost one, `a` for Latin letters.
    letter: char,
    /// The most common toneless reading.
    sound: Option<u16>,
    /// Sorted sets of sounds.
    toned: Vec<u16>,
    toneless: Vec<u16>,
    dialect: Vec<u16>,
}

#[derive(Clone, Copy)]
struct Signature {
    start: u32,
    len: u8,
    /// Tokens of the surname.
    surname: u8,
    form: NameForm,
    has_wild: bool,
}

/// All names of a run, ready for comparison, with the tables they were read by. Indexed by [`NameId`].
pub struct NameBook<T> {
    tables: T,
    tokens: Vec<Token>,
    codes: Vec<u16>,
    signatures: Vec<Signature>,
    hash: Vec<u64>,
    sound: Vec<u64>,
    /// Sounds of surnames whose reading differs from their characters'.
    surnames: BTreeMap<u16, Vec<u16>>,
}

impl<T: Borrow<Tables>> NameBook<T> {
    /// Looks at every name of the pool once.
    ///
    /// # Panics
    /// With 65,535 distinct characters or more.
    pub fn new(pool: &NamePool, tables: T) -> Self {
        Self::of(pool, tables).expect("fewer than 65,536 tokens")
    }

    /// The same, or nothing with 65,535 distinct characters or more: such texts are no Chinese names.
    ///
    /// # Panics
    /// With 2³² characters or more.
    pub fn of(pool: &NamePool, shared: T) -> Option<Self> {
        let tables: &Tables = shared.borrow();
        let mut letters: Vec<String> =
            pool.names().par_iter().flat_map_iter(|name| split(&name.key)).collect::<Vec<_>>();
        letters.par_sort_unstable();
        letters.dedup();
        u16::try_from(letters.len()).ok()?;
        let code_of: rustc_hash::FxHashMap<&str, u16> =
            (0..).zip(&letters).map(|(code, l)| (l.as_str(), code)).collect();
        let tokens: Vec<Token> = letters.iter().map(|letter| token(letter, tables)).collect();
        let mut book = Self {
            surnames: surname_sounds(&letters, tables),
            tables: shared,
            tokens,
            codes: Vec::new(),
            signatures: Vec::with_capacity(pool.names().len()),
            hash: pool.names().par_iter().map(|name| digest::bytes(name.key.as_bytes())).collect(),
            sound: Vec::new(),
        };
        for name in pool.names() {
            let start = u32::try_from(book.codes.len()).expect("fewer than 2^32 characters");
            book.codes.extend(split(&name.key).filter_map(|letter| code_of.get(letter.as_str())));
            let codes = &book.codes[start as usize..];
            let len = u8::try_from(codes.len()).unwrap_or(u8::MAX);
            let surname = book.tables.borrow().surnames.length(&name.key).min(usize::from(len));
            book.signatures.push(Signature {
                start,
                len,
                surname: u8::try_from(surname).unwrap_or(1),
                form: name.form,
                has_wild: codes.iter().any(|&code| book.tokens[usize::from(code)].is_wild()),
            });
        }
        book.sound = (0..book.signatures.len()).map(|at| book.sound_of(at)).collect();
        Some(book)
    }

    /// Digest of the comparison key: equal keys have equal digests. 0 for no name.
    pub fn hash(&self, name: NameId) -> u64 {
        self.hash.get(name.0 as usize).copied().unwrap_or(0)
    }

    /// Digest of the most common toneless reading of each character. 0 for no name.
    pub fn sound(&self, name: NameId) -> u64 {
        self.sound.get(name.0 as usize).copied().unwrap_or(0)
    }

    /// Whether the name is evidence at all: given, and no placeholder or newborn's stand-in.
    pub fn tells(&self, name: NameId) -> bool {
        self.signatures
            .get(name.0 as usize)
            .is_some_and(|sig| sig.len >= 2 && matches!(sig.form, NameForm::Full | NameForm::WithLost))
    }

    /// Whether the name is a newborn's stand-in or a placeholder: any other name may be its successor.
    pub fn is_stand_in(&self, name: NameId) -> bool {
        self.signatures
            .get(name.0 as usize)
            .is_some_and(|sig| matches!(sig.form, NameForm::Newborn | NameForm::Placeholder))
    }

    /// Whether a character of the name is lost or in pinyin.
    pub fn has_wild(&self, name: NameId) -> bool {
        self.signatures.get(name.0 as usize).is_some_and(|sig| sig.has_wild)
    }

    /// Codes of the characters: the same character has the same code everywhere in this book.
    pub fn codes(&self, name: NameId) -> &[u16] {
        self.signatures.get(name.0 as usize).map_or(&[], |&sig| self.slice(sig))
    }

    /// How many of the codes are the surname's.
    pub fn surname_len(&self, name: NameId) -> usize {
        self.signatures.get(name.0 as usize).map_or(0, |sig| usize::from(sig.surname))
    }

    /// Whether the character with this code is a wildcard.
    pub fn is_wild(&self, code: u16) -> bool {
        self.tokens[usize::from(code)].is_wild()
    }

    /// Digest of the surname, 0 when there is none or it is lost.
    pub fn surname_hash(&self, name: NameId) -> u64 {
        let surname = &self.codes(name)[..self.surname_len(name)];
        if surname.is_empty() || surname.iter().any(|&code| self.is_wild(code)) {
            return 0;
        }
        surname.iter().fold(1, |state, &code| {
            digest::chain(state, u64::from(u32::from(self.tokens[usize::from(code)].letter)))
        })
    }

    /// Digest of the given name, 0 when there is none or a part of it is lost.
    pub fn given_hash(&self, name: NameId) -> u64 {
        let given = &self.codes(name)[self.surname_len(name)..];
        if given.is_empty() || given.iter().any(|&code| self.is_wild(code)) {
            return 0;
        }
        given.iter().fold(2, |state, &code| {
            digest::chain(state, u64::from(u32::from(self.tokens[usize::from(code)].letter)))
        })
    }

    /// The level of two names. Symmetric.
    pub fn compare(&self, a: NameId, b: NameId) -> u8 {
        let signature = |name: NameId| self.signatures.get(name.0 as usize).copied();
        let (Some(x), Some(y)) = (signature(a), signature(b)) else { return 0 };
        if !self.tells(a) || !self.tells(b) {
            return 0;
        }
        if self.hash(a) == self.hash(b) {
            return if x.has_wild { LOST } else { EXACT };
        }
        if x.len == y.len {
            return self.compare_aligned(x, y);
        }
        compare_shifted(self.slice(x), self.slice(y), x, y)
    }

    /// The level of two persons' names with their former names.
    pub fn compare_with_former(&self, a: (NameId, NameId), b: (NameId, NameId)) -> u8 {
        let now = self.compare(a.0, b.0);
        if now == EXACT || now == 0 {
            return now;
        }
        let former = [(a.1, b.0), (a.0, b.1), (a.1, b.1)]
            .into_iter()
            .any(|(x, y)| x.is_some() && y.is_some() && self.compare(x, y) == EXACT);
        if former { FORMER } else { now }
    }

    fn slice(&self, sig: Signature) -> &[u16] {
        let start = sig.start as usize;
        &self.codes[start..start + usize::from(sig.len)]
    }

    fn compare_aligned(&self, x: Signature, y: Signature) -> u8 {
        let (p, q) = (self.slice(x), self.slice(y));
        let surname = usize::from(x.surname.max(y.surname)).min(p.len() - 1);
        let mut worst = Near::Same;
        let (mut changed, mut same, mut unrelated, mut last) = (0, 0, 0, 0);
        for at in 0..p.len() {
            let near = self.near(p[at], q[at], at < surname);
            match near {
                Near::Same => same += 1,
                Near::Wild => {}
                _ => {
                    changed += 1;
                    last = at;
                    worst = worst.max(near);
                    unrelated += usize::from(near == Near::Unrelated);
                }
            }
        }
        if changed == 0 {
            return if same > 0 { LOST } else { 0 };
        }
        if unrelated == 0 && (changed == 1 || worst == Near::Variant) {
            return level_of(worst);
        }
        if unrelated == 0 && (same > 0 || worst <= Near::Toneless) {
            return SEVERAL;
        }
        if matches!(one_edit(&p[surname..], &q[surname..]), Edit::Swap(_)) && p[..surname] == q[..surname] {
            return ORDER;
        }
        self.unrelated_level(p, q, surname, changed, last)
    }

    /// The level when a character is unrelated: what is left that agrees?
    fn unrelated_level(&self, p: &[u16], q: &[u16], surname: usize, changed: usize, last: usize) -> u8 {
        let given_same = p[surname..] == q[surname..];
        let telling = p[surname..].iter().filter(|&&code| !self.is_wild(code)).count();
        if given_same && telling > 0 {
            return SURNAME;
        }
        // Long names of minorities: one of four characters may be another transcription.
        if p.len() >= 5 && changed * 4 <= p.len() {
            return ONE_CHARACTER;
        }
        let one_of_several = changed == 1 && last >= surname && p.len() - surname >= 2;
        if one_of_several { ONE_CHARACTER } else { DIFFERENT }
    }

    fn near(&self, a: u16, b: u16, in_surname: bool) -> Near {
        if a == b {
            return Near::Same;
        }
        let (x, y) = (&self.tokens[usize::from(a)], &self.tokens[usize::from(b)]);
        if x.letter == '\u{FFFD}' || y.letter == '\u{FFFD}' {
            return Near::Wild;
        }
        if x.is_wild() || y.is_wild() {
            return if meet(&x.toneless, &y.toneless) { Near::Wild } else { Near::Unrelated };
        }
        let tables = self.tables.borrow();
        if tables.variants.confusable(x.letter, y.letter)
            || (in_surname && tables.surnames.confusable(x.letter, y.letter))
        {
            return Near::Variant;
        }
        if meet(&x.toned, &y.toned) {
            return Near::Toned;
        }
        if meet(&x.toneless, &y.toneless) || (in_surname && self.surnames_meet(a, b)) {
            return Near::Toneless;
        }
        if tables.glyphs.score(x.letter, y.letter) >= LOOK_ALIKE_SCORE {
            return Near::LookAlike;
        }
        if meet(&x.dialect, &y.dialect) { Near::Dialect } else { Near::Unrelated }
    }

    fn surnames_meet(&self, a: u16, b: u16) -> bool {
        let sounds = |code: u16| self.surnames.get(&code).unwrap_or(&self.tokens[usize::from(code)].toneless);
        (self.surnames.contains_key(&a) || self.surnames.contains_key(&b)) && meet(sounds(a), sounds(b))
    }

    fn sound_of(&self, at: usize) -> u64 {
        let codes = self.slice(self.signatures[at]);
        codes.iter().fold(3, |state, &code| {
            let token = &self.tokens[usize::from(code)];
            let letter = u64::from(u32::from(token.letter)) << 20;
            digest::chain(state, token.sound.map_or(letter, u64::from))
        })
    }
}

fn compare_shifted(p: &[u16], q: &[u16], x: Signature, y: Signature) -> u8 {
    let (short, long) = if p.len() < q.len() { (p, q) } else { (q, p) };
    if let Edit::Insertion(at) = one_edit(p, q) {
        // `张李明` beside `李明` or `张明`: the surname must survive, or be the mother's in front.
        let surname_stays = at >= usize::from(x.surname.min(y.surname)) || short.len() >= 3;
        return if surname_stays && short.len() >= 2 { ORDER } else { DIFFERENT };
    }
    // `买买提·阿不都` beside `买买提`: a patronymic left out.
    if short.len() >= 3 && long.len() >= short.len() + 2 && long.starts_with(short) {
        return ORDER;
    }
    DIFFERENT
}

impl Token {
    fn is_wild(&self) -> bool {
        self.letter == '\u{FFFD}' || self.letter.is_ascii_lowercase()
    }
}

fn level_of(near: Near) -> u8 {
    match near {
        Near::Same => EXACT,
        Near::Wild => LOST,
        Near::Variant => VARIANT,
        Near::Toned => TONED,
        Near::Toneless => TONELESS,
        Near::LookAlike => LOOK_ALIKE,
        Near::Dialect => DIALECT,
        Near::Unrelated => DIFFERENT,
    }
}

/// A key's tokens: each character, and each run of lower-case Latin letters as one.
fn split(key: &str) -> impl Iterator<Item = String> + '_ {
    let mut rest = key;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let latin = rest.bytes().take_while(u8::is_ascii_lowercase).count();
        let (token, after) = rest.split_at(if latin > 0 { latin } else { first.len_utf8() });
        rest = after;
        Some(token.to_owned())
    })
}

fn token(text: &str, tables: &Tables) -> Token {
    let letter = text.chars().next().unwrap_or('\u{FFFD}');
    let (mut toned, mut toneless) = (Vec::new(), Vec::new());
    if letter.is_ascii_lowercase() {
        toneless.extend(tables.chars.syllable(text));
    } else {
        for reading in tables.chars.readings(letter).iter().take(READINGS) {
            toned.push(reading.toneless() * 5 + reading.tone());
            toneless.push(reading.toneless());
        }
    }
    let sound = toneless.first().copied();
    let mut dialect: Vec<u16> = toneless.iter().map(|&sound| tables.chars.folded(sound)).collect();
    for set in [&mut toned, &mut toneless, &mut dialect] {
        set.sort_unstable();
        set.dedup();
    }
    Token { letter, sound, toned, toneless, dialect }
}

fn surname_sounds(letters: &[String], tables: &Tables) -> BTreeMap<u16, Vec<u16>> {
    let mut sounds = BTreeMap::new();
    for (code, letter) in letters.iter().enumerate() {
        let mut own: Vec<u16> = tables
            .surnames
            .readings(letter)
            .iter()
            .filter_map(|reading| reading.first())
            .map(|t| t.toneless())
            .collect();
        own.sort_unstable();
        own.dedup();
        if !own.is_empty() {
            sounds.insert(u16::try_from(code).unwrap_or(u16::MAX), own);
        }
    }
    sounds
}
