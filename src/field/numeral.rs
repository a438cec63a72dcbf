//! Numbers in Arabic and Chinese digits.

/// What a character is worth in a number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Digit(u32),
    Unit(u32),
    /// 廿 and 卅: tens by themselves.
    Tens(u32),
}

fn part(c: char) -> Option<Part> {
    Some(match c {
        '0'..='9' => Part::Digit(u32::from(c) - u32::from('0')),
        '零' | '〇' | '○' => Part::Digit(0),
        '一' | '壹' | '弌' => Part::Digit(1),
        '二' | '贰' | '貳' | '两' => Part::Digit(2),
        '三' | '叁' | '參' => Part::Digit(3),
        '四' | '肆' => Part::Digit(4),
        '五' | '伍' => Part::Digit(5),
        '六' | '陆' | '陸' => Part::Digit(6),
        '七' | '柒' => Part::Digit(7),
        '八' | '捌' => Part::Digit(8),
        '九' | '玖' => Part::Digit(9),
        '十' | '拾' => Part::Unit(10),
        '百' | '佰' => Part::Unit(100),
        '廿' => Part::Tens(20),
        '卅' => Part::Tens(30),
        _ => return None,
    })
}

/// The number that `text` begins with (`12`, `十二`, `拾贰`, `一二`, `二〇一一`, `一百零三`), with its length in
/// bytes and its count of characters. `None` without a number, past 2³², and where Arabic and Chinese digits
/// follow each other: in `2011一1一1` the 一 stands for a dash.
pub(super) fn leading(text: &str) -> Option<(u32, usize, usize)> {
    let parts: Vec<(usize, char, Part)> =
        text.char_indices().map_while(|(at, c)| part(c).map(|part| (at, c, part))).take(16).collect();
    let &(last, last_char, _) = parts.last()?;
    let bytes = last + last_char.len_utf8();
    if parts.iter().any(|(_, c, _)| c.is_ascii_digit() != last_char.is_ascii_digit()) {
        return None;
    }
    let plain = parts.iter().all(|(_, _, part)| matches!(part, Part::Digit(_)));
    let mut value = 0_u32;
    let mut pending: Option<u32> = None;
    for (_, _, part) in &parts {
        match *part {
            Part::Digit(digit) if plain => value = value.checked_mul(10)?.checked_add(digit)?,
            Part::Digit(digit) => {
                // Two digits in a row within units are no number.
                pending = Some(pending.filter(|&p| p > 0).map_or(Some(digit), |_| None)?);
            }
            Part::Unit(unit) => value = value.checked_add(pending.take().unwrap_or(1).checked_mul(unit)?)?,
            Part::Tens(tens) => value = value.checked_add(tens)?,
        }
    }
    Some((value.checked_add(pending.unwrap_or(0))?, bytes, parts.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_every_script() {
        let cases = [
            ("12组", Some(12)),
            ("十二组", Some(12)),
            ("拾贰组", Some(12)),
            ("二十", Some(20)),
            ("二十五日", Some(25)),
            ("廿三组", Some(23)),
            ("一百零三号", Some(103)),
            ("二〇一一年", Some(2011)),
            ("一二", Some(12)),
            ("十", Some(10)),
            ("组", None),
            ("99999999999", None),
            ("1十", None),
            ("2011一1一1", None),
            ("二3组", None),
        ];
        for (text, expected) in cases {
            assert_eq!(leading(text).map(|(value, ..)| value), expected, "{text}");
        }
    }
}
