//! Names of schools: what is the school's own, which of several it is, and which part of it.

use super::numeral;
use super::text::{is_invisible, is_nothing, narrow_char};
use crate::domain::{SchoolName, SchoolStage};
use crate::tables::{Area, Gazetteer};

/// Words that end a school's name, longer ones before those that they end with.
const KINDS: [(&str, SchoolStage); 16] = [
    ("幼儿园", SchoolStage::Kindergarten),
    ("幼稚园", SchoolStage::Kindergarten),
    ("小学", SchoolStage::Primary),
    ("初级中学", SchoolStage::Middle),
    ("高级中学", SchoolStage::Middle),
    ("完全中学", SchoolStage::Middle),
    ("初中", SchoolStage::Middle),
    ("高中", SchoolStage::Middle),
    ("中学", SchoolStage::Middle),
    ("特殊教育学校", SchoolStage::Special),
    ("中等专业学校", SchoolStage::Vocational),
    ("职业学校", SchoolStage::Vocational),
    ("职教中心", SchoolStage::Vocational),
    ("技工学校", SchoolStage::Vocational),
    ("技校", SchoolStage::Vocational),
    ("学校", SchoolStage::Unknown),
];
/// What people write for the end of a name, and what it stands for.
const SHORT: [(char, &str); 2] = [('小', "小学"), ('中', "中学")];

/// Reads a cell. Empty text and words for nothing give an unknown school.
pub fn parse(raw: &str, gazetteer: &Gazetteer) -> SchoolName {
    if is_nothing(raw) {
        return SchoolName::default();
    }
    let narrow = raw.chars().filter(|&c| !is_invisible(c) && !c.is_whitespace()).map(narrow_char);
    let (mut name, inside) = unbracketed(&narrow.collect::<String>());
    if let Some((short, full)) = SHORT.iter().find(|(short, _)| name.ends_with(*short))
        && name.chars().count() >= 2
    {
        name.truncate(name.len() - short.len_utf8());
        name.push_str(full);
    }
    let (stem, kind, stage, after) = parted(below_county(&name, gazetteer));
    let (stem, number) = numbered(stem);
    let ordinal = if number > 0 { format!("第{number}") } else { String::new() };
    SchoolName {
        key: format!("{stem}{ordinal}{kind}").chars().collect(),
        number,
        stage,
        campus: format!("{after}{inside}"),
        stem: stem.chars().count(),
    }
}

/// The name without its brackets, and what stood in them.
fn unbracketed(text: &str) -> (String, String) {
    let (mut outside, mut inside, mut depth) = (String::new(), String::new(), 0_u32);
    for c in text.chars() {
        match c {
            '(' | '[' | '【' | '〔' => depth += 1,
            ')' | ']' | '】' | '〕' => depth = depth.saturating_sub(1),
            _ if depth > 0 => inside.push(c),
            _ => outside.push(c),
        }
    }
    if outside.is_empty() { (inside, String::new()) } else { (outside, inside) }
}

/// The name without province, city and county. Where the county is the school's own name it stays, without what
/// stands before it.
fn below_county<'a>(name: &'a str, gazetteer: &Gazetteer) -> &'a str {
    let (Area::Own(end) | Area::Above(end)) = gazetteer.area_at(name) else { return name };
    let (stem, ..) = parted(&name[end..]);
    if end < name.len() && !numbered(stem).0.is_empty() {
        return &name[end..];
    }
    let starts = name.char_indices().map(|(at, _)| at).take_while(|&at| at < end);
    let whole = |&at: &usize| matches!(gazetteer.area_at(&name[at..]), Area::Own(length) | Area::Above(length) if at + length == end);
    starts.filter(whole).last().map_or(name, |at| &name[at..])
}

/// What stands before the last word for a kind of school, the word, the kind, and what follows.
fn parted(name: &str) -> (&str, &str, SchoolStage, &str) {
    let found = KINDS.iter().filter_map(|(word, stage)| Some((name.rfind(word)?, *word, *stage)));
    let last = found.max_by_key(|(at, word, _)| (at + word.len(), word.len()));
    match last {
        Some((at, word, stage)) => (&name[..at], word, stage, &name[at + word.len()..]),
        None => (name, "", SchoolStage::Unknown, ""),
    }
}

/// A stem without the number that it ends with (`第二`, `二`, `2`), and the number; 0 when there is none.
fn numbered(stem: &str) -> (&str, u16) {
    for (at, _) in stem.char_indices() {
        if let Some((value, length, _)) = numeral::leading(&stem[at..])
            && at + length == stem.len()
            && let Ok(number) = u16::try_from(value)
        {
            return (stem[..at].trim_end_matches('第'), number);
        }
    }
    (stem, 0)
}
