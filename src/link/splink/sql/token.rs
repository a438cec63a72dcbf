//! SQL text cut into tokens.

/// One token and where it begins, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) what: What,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// A word: a keyword, a function, a column; as written.
    Word(String),
    /// A column in double quotes.
    Quoted(String),
    /// A text in single quotes.
    Text(String),
    /// A number.
    Number(f64),
    /// An operator or a bracket.
    Sign(&'static str),
}

/// Operators and brackets, longer ones first.
const SIGNS: &[&str] = &[
    "<=", ">=", "<>", "!=", "==", "||", "::", "->", "<", ">", "=", "(", ")", "[", "]", ",", ".", "+", "-",
    "*", "/", "%",
];

/// Cuts a text.
///
/// # Errors
/// Where a text or a name does not end, or a sign is unknown, in words.
pub(super) fn tokens(sql: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = sql[at..].chars().next() {
        if letter.is_whitespace() {
            at += letter.len_utf8();
            continue;
        }
        let (what, length) = one(&sql[at..], letter)?;
        found.push(Token { at, what });
        at += length;
    }
    Ok(found)
}

/// The token at the beginning and its length in bytes.
fn one(rest: &str, letter: char) -> Result<(What, usize), String> {
    if letter == '\'' {
        return quoted(rest, '\'').map(|(text, length)| (What::Text(text), length));
    }
    if letter == '"' {
        return quoted(rest, '"').map(|(text, length)| (What::Quoted(text), length));
    }
    if letter.is_ascii_digit() || (letter == '.' && rest[1..].starts_with(|next: char| next.is_ascii_digit()))
    {
        return number(rest);
    }
    if letter.is_alphabetic() || letter == '_' {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        return Ok((What::Word(rest[..end].to_owned()), end));
    }
    match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        Some(sign) => Ok((What::Sign(sign), sign.len())),
        None => Err(format!("the sign `{letter}` has no place in a condition")),
    }
}

/// A text up to its closing quote; two quotes stand for one.
fn quoted(rest: &str, quote: char) -> Result<(String, usize), String> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != quote {
            text.push(letter);
        } else if letters.peek().is_some_and(|(_, next)| *next == quote) {
            letters.next();
            text.push(quote);
        } else {
            return Ok((text, at + 1));
        }
    }
    Err(format!("a text in {quote} does not end"))
}

fn number(rest: &str) -> Result<(What, usize), String> {
    let plain = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
    let exponent = rest[plain..].strip_prefix(['e', 'E']).map_or(0, |tail| {
        let sign = usize::from(tail.starts_with(['+', '-']));
        let digits = tail[sign..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 { 0 } else { 1 + sign + digits }
    });
    let end = plain + exponent;
    let number = rest[..end].parse().map_err(|_| format!("`{}` is no number", &rest[..end]))?;
    Ok((What::Number(number), end))
}
