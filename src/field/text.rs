//! Free text, and what the other kinds share: narrow forms, invisible characters, words for nothing.

use std::borrow::Cow;

/// Words that agencies write into a cell to say that there is nothing, in narrow form and lower case.
const NOTHING: [&str; 34] = [
    "",
    "-",
    "--",
    "---",
    "/",
    "//",
    "\\",
    ".",
    "。",
    "、",
    "—",
    "——",
    "–",
    "0",
    "00",
    "无",
    "没有",
    "暂无",
    "空",
    "未知",
    "不详",
    "未登记",
    "未填",
    "待补",
    "null",
    "none",
    "nan",
    "nil",
    "n/a",
    "na",
    "#n/a",
    "#ref!",
    "#value!",
    "#name?",
];

/// Characters that show nothing and mean nothing.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206F}' | '\u{FEFF}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
        || (c.is_control() && !c.is_whitespace())
}

/// Whether a text is empty, blank, or a word for nothing.
pub fn is_nothing(raw: &str) -> bool {
    // The longest word has nine bytes; narrow forms are never longer than three bytes a character.
    if raw.len() > 40 {
        return raw.chars().all(|c| c.is_whitespace() || is_invisible(c));
    }
    let text = narrow(raw);
    let lower = text.to_ascii_lowercase();
    NOTHING.contains(&lower.as_str()) || lower == "#div/0!" || lower == "#null!" || lower == "#num!"
}

/// One full-width form as its narrow one.
pub(super) fn narrow_char(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        other => other,
    }
}

/// Without spaces, line breaks, invisible characters and a leading apostrophe; full-width forms narrowed.
pub(super) fn narrow(raw: &str) -> Cow<'_, str> {
    if raw.bytes().all(|byte| byte.is_ascii_graphic()) && !raw.starts_with('\'') {
        return Cow::Borrowed(raw);
    }
    let kept = raw.chars().filter(|&c| !c.is_whitespace() && !is_invisible(c));
    let text: String = kept.map(narrow_char).collect();
    match text.trim_start_matches(['\'', '`', '‘', '’']) {
        all if all.len() == text.len() => Cow::Owned(text),
        cut => Cow::Owned(cut.to_owned()),
    }
}

/// Free text: invisible characters removed, every run of spaces and line breaks one space, ends trimmed.
/// A text that is already so is borrowed. Cleaning twice changes nothing.
pub fn clean(raw: &str) -> Cow<'_, str> {
    let ascii = raw.is_ascii() && !raw.bytes().any(|byte| byte.is_ascii_control());
    let single = !raw.contains("  ") && !raw.starts_with(' ') && !raw.ends_with(' ');
    let other = |c: char| is_invisible(c) || (c.is_whitespace() && c != ' ');
    if single && (ascii || !raw.chars().any(other)) {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    for word in raw.split(char::is_whitespace) {
        let before = out.len();
        if before > 0 {
            out.push(' ');
        }
        let start = out.len();
        out.extend(word.chars().filter(|&c| !is_invisible(c)));
        if out.len() == start {
            out.truncate(before);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_invisible_characters_go() {
        for (raw, expected) in [
            ("汇龙镇", "汇龙镇"),
            (" 汇龙镇\u{3000}", "汇龙镇"),
            ("a\r\n  b", "a b"),
            ("\u{FEFF}a\u{200B}b", "ab"),
            ("\u{200B}", ""),
            ("a \u{200B} b", "a b"),
        ] {
            assert_eq!(clean(raw), expected);
        }
        assert!(matches!(clean("已经干净 的"), Cow::Borrowed(_)));
    }

    #[test]
    fn words_for_nothing_are_known() {
        for raw in ["", " ", "无", "／", "—", "#N/A", "ＮＵＬＬ", "\u{200B}", "　"] {
            assert!(is_nothing(raw), "{raw:?}");
        }
        for raw in ["1", "无为县", "王无", "10"] {
            assert!(!is_nothing(raw), "{raw:?}");
        }
    }
}
