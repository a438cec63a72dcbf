//! One Chinese sentence per finding, from the rule's template.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::value::Value as TemplateValue;
use minijinja::{Environment, ErrorKind, UndefinedBehavior};

use crate::domain::Sentence;

/// Before the names of a value, between names and value, after the value. No text has these code points:
/// they are not characters, and [`Cell::template_value`] lets none through.
const MARKS: [char; 3] = ['\u{fdd0}', '\u{fdd1}', '\u{fdd2}'];

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
            Self::Text(text) => TemplateValue::from(text.replace(MARKS, "")),
            Self::Texts(texts) => texts.iter().map(|text| text.replace(MARKS, "")).collect(),
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

/// A rule's template, made ready to say which of its words are values.
pub(super) struct SentenceForm {
    environment: Environment<'static>,
    /// The template with marks around each `{{ … }}`.
    marked: String,
}

impl SentenceForm {
    /// Of a template that `parse` has accepted.
    pub(super) fn of(template: &str) -> Self {
        Self { environment: environment(), marked: marked(template) }
    }

    /// Fills the template in.
    ///
    /// # Errors
    /// When the template names something the row does not have; the error holds no value.
    pub(super) fn fill(&self, row: &[(String, Cell)]) -> Result<Sentence, minijinja::Error> {
        let context: BTreeMap<String, TemplateValue> =
            row.iter().map(|(name, cell)| (name.clone(), cell.template_value())).collect();
        Ok(read_marks(&self.environment.render_str(&self.marked, context)?))
    }
}

fn marked(template: &str) -> String {
    let mut out = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((words, (inner, after))) =
        rest.split_once("{{").and_then(|(words, tail)| Some((words, tail.split_once("}}")?)))
    {
        let shown = format!("{{{{{inner}}}}}");
        let names: Vec<String> = sentence_names(&shown).into_iter().collect();
        out.push_str(words);
        out.push(MARKS[0]);
        out.push_str(&names.join(","));
        out.push(MARKS[1]);
        out.push_str(&shown);
        out.push(MARKS[2]);
        rest = after;
    }
    out + rest
}

fn read_marks(text: &str) -> Sentence {
    let mut sentence = Sentence::default();
    for part in text.split(MARKS[0]) {
        let told =
            part.split_once(MARKS[1]).and_then(|(names, told)| Some((names, told.split_once(MARKS[2])?)));
        let Some((names, (value, words))) = told else {
            sentence.say(part);
            continue;
        };
        sentence.tell(value, names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect());
        sentence.say(words);
    }
    sentence
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
        let filled = SentenceForm::of(template).fill(&row);
        assert_eq!(filled.ok().as_ref().map(Sentence::text), expected, "{template}");
    }

    #[test]
    fn sentences_show_money_gaps_and_lists() {
        check("{{ name }}：{{ fen | yuan }} 元", Some("<甲>：-1234.05 元"));
        check("自 {{ none }} 起，{{ none | yuan }} 元", Some("自 不详 起，不详 元"));
        check("{{ many | join('、') }}{% if none %}有{% endif %}", Some("乙、丙"));
        check("{{ unknown }}", None);
    }

    #[test]
    fn a_sentence_knows_which_of_its_words_are_values() {
        let text = |text: &str| Cell::Text(text.to_owned());
        let row = [
            ("name".to_owned(), text("\u{fdd0}甲\u{fdd2}")),
            ("fen".to_owned(), Cell::Integer(1200)),
            ("kind".to_owned(), text("服刑")),
        ];
        let form =
            SentenceForm::of("{% if kind %}{{ kind }}（{{ name ~ kind }}）{% endif %}共 {{ fen | yuan }} 元");
        let sentence = form.fill(&row).unwrap();
        assert_eq!(sentence.text(), "服刑（甲服刑）共 12.00 元");
        assert_eq!(sentence.without(|name| name == "kind", "*"), "*（*）共 12.00 元");
        assert_eq!(sentence.without(|name| name == "fen", "*"), "服刑（甲服刑）共 * 元");
    }
}
