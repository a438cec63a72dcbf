//! One Chinese sentence per finding, from the rule's template.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::value::Value as TemplateValue;
use minijinja::{Environment, ErrorKind, UndefinedBehavior};

/// A value of a result row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Flag(bool),
    Integer(i64),
    Decimal(f64),
    Text(String),
    Texts(Vec<String>),
}

impl Cell {
    /// Text of a value; lists are joined with `、`, null is empty.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Flag(true) => "是".to_owned(),
            Self::Flag(false) => "否".to_owned(),
            Self::Integer(number) => number.to_string(),
            Self::Decimal(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::Texts(texts) => texts.join("、"),
        }
    }

    fn template_value(&self) -> TemplateValue {
        match self {
            Self::Null => TemplateValue::from(()),
            Self::Flag(flag) => TemplateValue::from(*flag),
            Self::Integer(number) => TemplateValue::from(*number),
            Self::Decimal(number) => TemplateValue::from(*number),
            Self::Text(text) => TemplateValue::from(text.as_str()),
            Self::Texts(texts) => TemplateValue::from(texts.clone()),
        }
    }
}

/// Fen as yuan with two decimals, e.g. `1234.50`.
pub(super) fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

/// An environment that refuses names the SELECT does not give, and writes null as 不详.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("yuan", |value: TemplateValue| -> Result<String, minijinja::Error> {
        if value.is_none() {
            return Ok("不详".to_owned());
        }
        i64::try_from(value)
            .map(yuan)
            .map_err(|_| minijinja::Error::new(ErrorKind::InvalidOperation, "yuan takes fen"))
    });
    environment.set_formatter(|out, state, value| {
        if value.is_none() {
            return minijinja::escape_formatter(out, state, &TemplateValue::from("不详"));
        }
        minijinja::escape_formatter(out, state, value)
    });
    environment
}

/// The values of the SELECT that a sentence names; none of one that is no template, which `parse` refuses.
pub fn sentence_names(template: &str) -> BTreeSet<String> {
    let environment = environment();
    let parsed = environment.template_from_str(template);
    parsed.map(|parsed| parsed.undeclared_variables(false).into_iter().collect()).unwrap_or_default()
}

/// Fills a template in.
///
/// # Errors
/// When the template names something the row does not have; the error holds no value.
pub(super) fn render(
    environment: &Environment,
    template: &str,
    row: &[(String, Cell)],
) -> Result<String, minijinja::Error> {
    let context: BTreeMap<String, TemplateValue> =
        row.iter().map(|(name, cell)| (name.clone(), cell.template_value())).collect();
    environment.render_str(template, context)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, expected: Option<&str>) {
        let row = vec![
            ("name".to_owned(), Cell::Text("<甲>".to_owned())),
            ("fen".to_owned(), Cell::Integer(-123_405)),
            ("none".to_owned(), Cell::Null),
            ("many".to_owned(), Cell::Texts(vec!["乙".to_owned(), "丙".to_owned()])),
        ];
        assert_eq!(render(&environment(), template, &row).ok().as_deref(), expected, "{template}");
    }

    #[test]
    fn sentences_show_money_gaps_and_lists() {
        check("{{ name }}：{{ fen | yuan }} 元", Some("<甲>：-1234.05 元"));
        check("自 {{ none }} 起，{{ none | yuan }} 元", Some("自 不详 起，不详 元"));
        check("{{ many | join('、') }}{% if none %}有{% endif %}", Some("乙、丙"));
        check("{{ unknown }}", None);
    }
}
