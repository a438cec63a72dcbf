//! `$name` in SQL becomes a typed literal. Text in quotes and comments is never touched, because
//! the SQL tokenizer decides what is a parameter.

use std::collections::BTreeMap;

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::EngineError;
use crate::domain::Day;

/// A parameter's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// True or false.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A decimal number.
    Decimal(f64),
    /// Text.
    Text(String),
    /// Several texts, for `IN $name`.
    Texts(Vec<String>),
    /// A day. Files write days as text; the engine's own `$as_of` is one.
    #[serde(skip)]
    Day(Day),
}

impl Value {
    /// The SQL literal of this value.
    pub fn literal(&self) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Integer(number) => format!("({number})"),
            Self::Decimal(number) => format!("({number:?})"),
            Self::Text(text) => quoted(text),
            Self::Texts(texts) if texts.is_empty() => "(NULL)".to_owned(),
            Self::Texts(texts) => {
                let parts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
                format!("({})", parts.join(", "))
            }
            Self::Day(day) => format!("DATE '{}'", day.iso()),
        }
    }

    /// As people read it.
    pub fn words(&self) -> String {
        match self {
            Self::Flag(flag) => if *flag { "是" } else { "否" }.to_owned(),
            Self::Integer(number) => number.to_string(),
            Self::Decimal(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::Texts(texts) => texts.join("、"),
            Self::Day(day) => day.iso(),
        }
    }

    /// Whether `other` may stand in the place of this value: same kind, whole numbers for decimals.
    pub fn accepts(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Flag(_), Self::Flag(_))
                | (Self::Integer(_), Self::Integer(_))
                | (Self::Decimal(_), Self::Decimal(_) | Self::Integer(_))
                | (Self::Text(_), Self::Text(_))
                | (Self::Texts(_), Self::Texts(_))
                | (Self::Day(_), Self::Day(_))
        )
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Parameters by name, without `$`.
pub type Parameters = BTreeMap<String, Value>;

fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, EngineError> {
    Tokenizer::new(&GenericDialect {}, sql)
        .with_unescape(false)
        .tokenize_with_location()
        .map_err(|error| EngineError::Syntax(error.to_string()))
}

/// The names (without `$`) that a text uses, with the line of the first use, sorted by name.
///
/// # Errors
/// When the text has no SQL tokens (an unterminated string, for example).
pub fn placeholders(sql: &str) -> Result<BTreeMap<String, u32>, EngineError> {
    let mut found = BTreeMap::new();
    for token in tokens(sql)? {
        if let Token::Placeholder(name) = &token.token {
            let line = u32::try_from(token.span.start.line).unwrap_or(u32::MAX);
            found.entry(name.trim_start_matches('$').to_owned()).or_insert(line);
        }
    }
    Ok(found)
}

/// The text with every `$name` replaced by its literal; lines stay where they are.
///
/// # Errors
/// When the text has no SQL tokens or a name has no value.
pub fn substitute(sql: &str, parameters: &Parameters) -> Result<String, EngineError> {
    let mut text = String::with_capacity(sql.len());
    for token in tokens(sql)? {
        let Token::Placeholder(name) = &token.token else {
            text.push_str(&token.token.to_string());
            continue;
        };
        let name = name.trim_start_matches('$');
        let Some(value) = parameters.get(name) else {
            let line = u32::try_from(token.span.start.line).unwrap_or(u32::MAX);
            return Err(EngineError::UnknownParameter { name: name.to_owned(), line });
        };
        text.push_str(&value.literal());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, expected: &str) {
        let parameters = Parameters::from([
            ("as_of".to_owned(), Value::Day(Day::parse_iso("2026-11-23").unwrap())),
            ("days".to_owned(), Value::Integer(-3)),
            ("kinds".to_owned(), Value::Texts(vec!["低保".to_owned(), "特'困".to_owned()])),
            ("word".to_owned(), Value::Text("x'); DROP TABLE t; --".to_owned())),
        ]);
        assert_eq!(substitute(sql, &parameters).unwrap(), expected);
    }

    #[test]
    fn parameters_become_literals_outside_of_strings_and_comments_only() {
        check("SELECT $as_of - $days", "SELECT DATE '2026-11-23' - (-3)");
        check("a IN $kinds", "a IN ('低保', '特''困')");
        check("'$as_of''s' -- $as_of\n= $as_of", "'$as_of''s' -- $as_of\n= DATE '2026-11-23'");
        check("a = $word", "a = 'x''); DROP TABLE t; --'");
        check("\"$as_of\" /* $days */", "\"$as_of\" /* $days */");
    }

    #[test]
    fn a_name_without_a_value_is_told_with_its_line() {
        let error = substitute("SELECT 1\nFROM t WHERE a = $absent", &Parameters::new()).unwrap_err();
        assert!(matches!(error, EngineError::UnknownParameter { name, line: 2 } if name == "absent"));
    }
}
