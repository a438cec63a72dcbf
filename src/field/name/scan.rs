//! Reading a name character by character: decoding, brackets, dots, lost characters, the key.

use std::borrow::Cow;
use std::iter::Peekable;

use unicode_normalization::UnicodeNormalization;

use super::NameNotes;
use crate::field::text::is_invisible;
use crate::tables::Tables;

/// How a lost character is shown; in the key it is U+FFFD.
pub const LOST_SHOWN: char = '□';
/// The one dot of names of minorities.
const DOT: char = '·';

/// What was found outside brackets.
pub(super) struct Outside {
    pub(super) display: String,
    pub(super) notes: NameNotes,
    /// Raw text of a former name in brackets.
    pub(super) former: Option<String>,
}

/// Ideographs of all blocks, and 〇.
pub(super) fn is_name_char(c: char) -> bool {
    matches!(c, '\u{3007}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFD}')
}

pub(super) fn is_open(c: char) -> bool {
    matches!(c, '(' | '[' | '{' | '【' | '〔' | '〈' | '《' | '「' | '『' | '〖' | '<')
}

fn is_close(c: char) -> bool {
    matches!(c, ')' | ']' | '}' | '】' | '〕' | '〉' | '》' | '」' | '』' | '〗' | '>')
}

/// Signs between a marker and the former name.
pub(super) fn is_joint(c: char) -> bool {
    matches!(c, ':' | '：' | '为' | '是' | '-' | '=' | ',' | '，' | ' ')
}

fn is_lost(c: char) -> bool {
    matches!(
        c,
        '?' | '*' | '□' | '■' | '▢' | '☐' | '◻' | '◼' | '▯' | '〓' | '○' | '◯' | '×' | '✕' | '\u{FFFD}'
    )
}

fn is_dot(c: char) -> bool {
    matches!(
        c,
        '·' | '•'
            | '‧'
            | '∙'
            | '⋅'
            | '・'
            | '･'
            | '.'
            | '。'
            | '᛫'
            | '˙'
            | '◦'
            | '●'
            | 'ㆍ'
            | '․'
            | '﹒'
            | '｡'
    )
}

fn is_private(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

/// Entities decoded, private use and radicals mapped, NFKC, spaces and invisible characters gone (one space stays
/// between Latin letters).
pub(super) fn decode(raw: &str, tables: &Tables, notes: &mut NameNotes) -> String {
    let decoded = entities(raw);
    if matches!(decoded, Cow::Owned(_)) {
        *notes |= NameNotes::ENTITY;
    }
    let mapped = decoded.chars().filter(|&c| !is_invisible(c)).map(|c| {
        if is_private(c) {
            *notes |= NameNotes::PRIVATE_USE;
            return tables.pua.get(c).unwrap_or('\u{FFFD}');
        }
        tables.radicals.get(c).unwrap_or(c)
    });
    let normal: String = mapped.nfkc().filter(|&c| !is_invisible(c)).collect();
    let mut out = String::with_capacity(normal.len());
    let latin = |c: Option<char>| c.is_some_and(|c| c.is_alphabetic() && !is_name_char(c));
    for word in normal.split(char::is_whitespace).filter(|word| !word.is_empty()) {
        if latin(out.chars().next_back()) && latin(word.chars().next()) {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Numeric character references and the few named ones that web forms write.
fn entities(raw: &str) -> Cow<'_, str> {
    if !raw.contains('&') && !raw.contains('＆') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    let mut found = false;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((c, length)) = entity(rest) {
            found = true;
            out.push(c);
            rest = &rest[length..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    if found { Cow::Owned(out) } else { Cow::Borrowed(raw) }
}

fn entity(text: &str) -> Option<(char, usize)> {
    let named = [("&middot;", DOT), ("&nbsp;", ' '), ("&amp;", '&'), ("&#39;", '\''), ("&bull;", DOT)];
    if let Some((word, c)) = named.iter().find(|(word, _)| text.starts_with(word)) {
        return Some((*c, word.len()));
    }
    let body = text.strip_prefix("&#")?;
    let (digits, radix) = match body.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16),
        None => (body, 10),
    };
    let length = digits.bytes().take(8).take_while(|byte| char::from(*byte).is_digit(radix)).count();
    let c =
        char::from_u32(u32::from_str_radix(&digits[..length], radix).ok()?).filter(|c| !c.is_control())?;
    let before = text.len() - digits.len() + length;
    Some((c, before + usize::from(digits[length..].starts_with(';'))))
}

/// A stretch of a name cell.
enum Piece {
    /// Outside brackets, cleaned.
    Outside(String),
    /// Inside brackets, as it stood.
    Bracket(String),
}

/// Takes brackets out and cleans what is outside.
pub(super) fn outside(text: &str, tables: &Tables) -> Outside {
    let mut notes = NameNotes::default();
    let mut pieces = Vec::new();
    let mut chars = first_of_several(text, &mut notes).chars().peekable();
    while chars.peek().is_some() {
        let plain: String = std::iter::from_fn(|| chars.next_if(|&c| !is_open(c))).collect();
        pieces.push(Piece::Outside(clean(&plain, &mut notes)));
        if chars.next().is_some() {
            let inside: String = std::iter::from_fn(|| chars.next_if(|&c| !is_close(c))).collect();
            chars.next();
            pieces.push(Piece::Bracket(inside));
        }
    }
    let lengths: Vec<usize> = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Outside(text) => text.chars().filter(|c| *c != DOT).count(),
            Piece::Bracket(_) => 0,
        })
        .collect();
    let mut former = None;
    let mut display = String::with_capacity(text.len());
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Outside(text) => display.push_str(text),
            Piece::Bracket(inside) => {
                let (before, after) = (lengths[..at].iter().sum(), lengths[at..].iter().sum());
                match bracket(inside, before, after, tables) {
                    Inside::Former(text) => former = Some(text),
                    Inside::Lost => display.push(LOST_SHOWN),
                    Inside::Description => {
                        display.push('(');
                        display.push_str(inside);
                        display.push(')');
                    }
                    Inside::Remark => notes |= NameNotes::REMARK,
                }
            }
        }
    }
    let ends = |c: char| c == DOT || c == '-' || c == ' ';
    let display = show_lone_x(display.trim_matches(ends));
    Outside { display, notes, former }
}

/// The text before a separator of names.
fn first_of_several<'a>(text: &'a str, notes: &mut NameNotes) -> &'a str {
    let separator = |c: char| matches!(c, '/' | '、' | ';' | '|' | '\\' | ',');
    let text = text.trim_matches(separator);
    let open = text.find(is_open).unwrap_or(text.len());
    match text[..open].find(separator) {
        Some(at) => {
            *notes |= NameNotes::SEVERAL;
            &text[..at]
        }
        None => text,
    }
}

enum Inside {
    Former(String),
    Lost,
    Description,
    Remark,
}

/// What a bracket is: a former name, a lost character, the parts of one, or a remark.
fn bracket(inside: &str, before: usize, after: usize, tables: &Tables) -> Inside {
    if let Some((_, end)) = super::former_at(inside, tables) {
        return Inside::Former(inside[end..].trim_start_matches(is_joint).to_owned());
    }
    if !inside.is_empty() && inside.chars().all(is_lost) {
        return Inside::Lost;
    }
    let parts = inside.chars().count();
    let words = &tables.name_words;
    let word =
        words.remark.contains(inside) || words.none.contains(inside) || words.placeholder.contains(inside);
    let ideographs = (2..=3).contains(&parts) && inside.chars().all(is_name_char) && !word;
    // In place of a character: behind a lone surname, before a lone character, amid a name, or as the first or
    // last of three.
    let place = match (before, after) {
        (1, 0) | (0, 1) | (1 | 2, 1 | 2) => true,
        (2, 0) | (0, 2) => parts == 2,
        _ => false,
    };
    if ideographs && place { Inside::Description } else { Inside::Remark }
}

/// Text outside brackets: dots folded, lost characters shown as one sign, signs and digits dropped.
fn clean(text: &str, notes: &mut NameNotes) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let last = out.chars().next_back();
        let next = chars.peek().copied();
        if is_name_char(c) {
            out.push(c);
        } else if matches!(c, '\u{2FF0}'..='\u{2FFF}') {
            // An ideographic description: the operator and its parts are one character.
            operands(&mut chars, if matches!(c, '⿲' | '⿳') { 3 } else { 2 }, 0);
            out.push(LOST_SHOWN);
        } else if is_lost(c) {
            out.push(LOST_SHOWN);
        } else if c == '々' {
            out.extend(last.filter(|last| is_name_char(*last)));
        } else if is_dot(c) {
            if last.is_some_and(|last| last != DOT) {
                out.push(DOT);
            }
        } else if c.is_alphabetic() || is_mark(c) || (is_hyphen(c) && is_beside(last) && is_beside(next)) {
            out.push(c);
        } else {
            *notes |= NameNotes::SIGNS;
        }
    }
    out
}

/// Signs that stand inside names of other scripts.
fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | ' ')
}

fn is_beside(c: Option<char>) -> bool {
    c.is_some_and(is_letter)
}

/// Letters of other scripts than ours.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !is_name_char(c)
}

/// Combining marks of scripts that need them.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{F71}'..='\u{FBC}')
}

/// Shows an `X` that stands in place of one ideograph as a lost character. Looks at the display form, because
/// what stands beside the `X` is known only when signs, remarks and ends are gone.
fn show_lone_x(display: &str) -> String {
    let stands_for_one = |c: char| is_name_char(c) || is_lost(c) || matches!(c, '(' | ')');
    let mut out = String::with_capacity(display.len());
    let mut chars = display.chars().peekable();
    while let Some(c) = chars.next() {
        let behind = out.chars().next_back().is_some_and(stands_for_one);
        let before = chars.peek().is_none_or(|&next| stands_for_one(next) || is_x(next));
        out.push(if is_x(c) && behind && before { LOST_SHOWN } else { c });
    }
    out
}

fn is_x(c: char) -> bool {
    matches!(c, 'X' | 'x')
}

fn operands(chars: &mut Peekable<std::str::Chars<'_>>, count: usize, depth: usize) {
    for _ in 0..count {
        match chars.next() {
            Some('⿲' | '⿳') if depth < 8 => operands(chars, 3, depth + 1),
            Some('\u{2FF0}'..='\u{2FFF}') if depth < 8 => operands(chars, 2, depth + 1),
            _ => {}
        }
    }
}

/// 某 behind a surname stands for characters that somebody withheld.
pub(super) fn mask_some(display: String) -> String {
    if display.chars().skip(1).any(|c| c == '某') {
        return display
            .chars()
            .enumerate()
            .map(|(at, c)| if at > 0 && c == '某' { LOST_SHOWN } else { c })
            .collect();
    }
    display
}

/// The comparison key of a display form.
pub(super) fn key(display: &str, tables: &Tables) -> String {
    let mut out = String::with_capacity(display.len());
    let mut inside = false;
    for c in display.chars() {
        match c {
            '(' => {
                inside = true;
                out.push('\u{FFFD}');
            }
            ')' => inside = false,
            _ if inside => {}
            LOST_SHOWN => out.push('\u{FFFD}'),
            DOT | ' ' | '-' => {}
            c if is_name_char(c) => out.push(tables.variants.fold(c)),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}
