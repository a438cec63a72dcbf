//! Sex: 男 and 女 and the codes of GB/T 2261.1.

use super::Cell;
use super::text::narrow;
use crate::domain::Sex;

/// Reads a cell: label, code, or both; unknown and unstated sex are empty cells.
pub fn parse(raw: &str) -> Cell<Sex> {
    match raw {
        "男" | "1" => return Cell::Value(Sex::Male),
        "女" | "2" => return Cell::Value(Sex::Female),
        "" => return Cell::Empty,
        _ => {}
    }
    let text = narrow(raw).to_lowercase();
    let word = text.trim_matches(|c: char| c.is_ascii_digit() || "-_.、:/|()".contains(c));
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let by_word = match word {
        "男" | "男性" | "男孩" | "男童" | "男婴" | "m" | "male" => Some(Cell::Value(Sex::Male)),
        "女" | "女性" | "女孩" | "女童" | "女婴" | "f" | "female" => Some(Cell::Value(Sex::Female)),
        "未知" | "未说明" | "未知的性别" | "未说明的性别" | "不详" | "无" | "#n/a" | "null" | "n/a" => {
            Some(Cell::Empty)
        }
        "" => None,
        _ => return Cell::Unreadable("性别不是男或女"),
    };
    let by_code = match digits.as_str() {
        "1" | "01" | "10" => Some(Cell::Value(Sex::Male)),
        "2" | "02" | "20" => Some(Cell::Value(Sex::Female)),
        "0" | "00" | "9" | "" => Some(Cell::Empty),
        _ => None,
    };
    match (by_word, by_code) {
        (Some(Cell::Value(a)), Some(Cell::Value(b))) if a != b => Cell::Unreadable("性别代码与文字矛盾"),
        (Some(word), _) => word,
        (None, Some(code))
            if text.is_empty() || !digits.is_empty() || text.chars().all(|c| "-/".contains(c)) =>
        {
            code
        }
        _ => Cell::Unreadable("性别不是男或女"),
    }
}

/// 男, 女, or nothing.
pub const fn label(sex: Sex) -> Option<&'static str> {
    match sex {
        Sex::Male => Some("男"),
        Sex::Female => Some("女"),
        Sex::Unknown => None,
    }
}
