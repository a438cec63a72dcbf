//! Amounts: yuan as text, fen as a number.

use super::Cell;
use super::text::{is_nothing, narrow};

/// Reads yuan with at most two decimals as fen. More decimals are accepted only where a spreadsheet's binary
/// fraction stands for two (`1234.5999999999999`); nothing is rounded.
pub fn parse_fen(raw: &str) -> Cell<i64> {
    const REASON: &str = "不是金额（元，至多两位小数）";
    if is_nothing(raw) && !matches!(narrow(raw).as_ref(), "0" | "00") {
        return Cell::Empty;
    }
    let narrow = narrow(raw);
    let text = narrow.trim_start_matches(['¥', '￥', '$']).trim_end_matches(['元', '圆']);
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let text = text.trim_start_matches(['¥', '￥', '+']);
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let Some(yuan) = whole_yuan(whole) else { return Cell::Unreadable(REASON) };
    let Some(cents) = cents(decimals) else { return Cell::Unreadable(REASON) };
    match yuan.checked_mul(100).and_then(|fen| fen.checked_add(cents)) {
        Some(fen) => Cell::Value(if negative { -fen } else { fen }),
        None => Cell::Unreadable(REASON),
    }
}

/// Digits, possibly in groups of three.
fn whole_yuan(text: &str) -> Option<i64> {
    if text.contains([',', '，']) {
        let mut groups = text.split([',', '，']);
        let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()));
        if !first || !groups.all(|group| group.len() == 3) {
            return None;
        }
    }
    let digits: String = text.chars().filter(|c| !matches!(c, ',' | '，')).collect();
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Hundredths of decimals that are exact in hundredths, or off by less than a millionth.
fn cents(decimals: &str) -> Option<i64> {
    if !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digit = |at: usize| decimals.as_bytes().get(at).map_or(0, |byte| i64::from(byte - b'0'));
    let cents = digit(0) * 10 + digit(1);
    let rest = decimals.get(2..).unwrap_or_default();
    let all = |digit: u8| rest.bytes().all(|byte| byte == digit);
    if all(b'0') || (rest.len() >= 7 && rest.starts_with("00000")) {
        return Some(cents);
    }
    (rest.len() >= 7 && rest.starts_with("99999")).then_some(cents + 1)
}
