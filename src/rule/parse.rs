//! From the text of a `.sql` file to a rule or view; every problem with its line.

use minijinja::Environment;
use serde::de::DeserializeOwned;

use super::book::{Rule, View};
use super::header::{RuleHeader, ViewHeader};
use super::policy::{Policy, PolicyHeader};
use crate::diag::{Diagnostic, Spot};

/// Line that opens and closes the head.
const MARK: &str = "-- ---";

/// Words that decide. A list says 疑似…待核查; a person decides.
const DECIDING_WORDS: [&str; 6] = ["应停发", "应停止", "应取消", "应追回", "必须停", "立即停"];

/// Reads a rule. `file` is used in diagnostics; its name without `.sql` is the rule's id.
///
/// # Errors
/// Everything that is wrong with the head, each with its line in the file.
pub fn parse(file: &str, text: &str) -> Result<Rule, Vec<Diagnostic>> {
    let (header, first_line) = head::<RuleHeader>(file, text)?;
    let mut problems = Vec::new();
    let spot = |needle: &str| Spot::line(file, line_of(text, needle).max(first_line));
    for words in [&header.reason, &header.title, &header.condition].into_iter().chain(&header.verify) {
        if let Some(word) = DECIDING_WORDS.iter().find(|word| words.contains(**word)) {
            let message = format!("the wording decides: `{word}`");
            problems.push(
                Diagnostic::error("deciding_word", spot(word), message)
                    .with_help("say 疑似…待核查 and leave the decision to a person"),
            );
        }
    }
    if let Err(error) = Environment::new().template_from_str(&header.reason) {
        problems.push(Diagnostic::error(
            "template",
            spot("reason"),
            format!("reason is no template: {error}"),
        ));
    }
    if let Some(subject) = header.subject.role()
        && !header.reads.contains(&subject.extract)
    {
        let message = format!("the subject's extract `{}` is not in reads", subject.extract);
        problems.push(Diagnostic::error("subject_not_read", spot("subject"), message));
    }
    if header.basis.is_empty() {
        problems.push(Diagnostic::error("no_basis", spot("basis"), "a rule names its legal basis"));
    }
    if header.recipients.is_empty() {
        problems.push(Diagnostic::error("no_recipient", spot("recipients"), "a rule names its recipients"));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Rule { id: stem(file), file: file.to_owned(), header, sql: text.to_owned() })
}

/// Reads a view.
///
/// # Errors
/// Everything that is wrong with the head, each with its line in the file.
pub fn parse_view(file: &str, text: &str) -> Result<View, Vec<Diagnostic>> {
    let (header, _) = head::<ViewHeader>(file, text)?;
    Ok(View { name: stem(file), file: file.to_owned(), header, sql: text.to_owned() })
}

/// Reads a policy.
///
/// # Errors
/// Everything that is wrong with the head, each with its line in the file.
pub fn parse_policy(file: &str, text: &str) -> Result<Policy, Vec<Diagnostic>> {
    let (header, first_line) = head::<PolicyHeader>(file, text)?;
    let spot = |needle: &str| Spot::line(file, line_of(text, needle).max(first_line));
    if header.basis.is_empty() {
        return Err(vec![Diagnostic::error("no_basis", spot("basis"), "a policy names its legal basis")]);
    }
    if header.conditions.is_empty() {
        let message = "a policy has at least one condition";
        return Err(vec![Diagnostic::error("no_condition", spot("conditions"), message)]);
    }
    Ok(Policy { id: stem(file), file: file.to_owned(), header, sql: text.to_owned() })
}

fn stem(file: &str) -> String {
    let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
    base.strip_suffix(".sql").unwrap_or(base).to_owned()
}

fn line_of(text: &str, needle: &str) -> u32 {
    let position = text.lines().position(|line| line.contains(needle));
    position.map_or(0, |index| u32::try_from(index + 1).unwrap_or(u32::MAX))
}

/// The head and the line on which it begins.
fn head<T: DeserializeOwned>(file: &str, text: &str) -> Result<(T, u32), Vec<Diagnostic>> {
    let (toml_text, first) = head_text(file, text)?;
    toml::from_str::<T>(&toml_text).map(|header| (header, first)).map_err(|error| {
        let before = error.span().and_then(|span| toml_text.get(..span.start)).unwrap_or_default();
        let line = u32::try_from(before.matches('\n').count()).map_or(u32::MAX, |lines| first + lines);
        vec![Diagnostic::error("header", Spot::line(file, line), error.message().to_owned())]
    })
}

/// The TOML of a head without the marks of comments, and the line of the file on which it begins.
///
/// # Errors
/// When there is no head, it is not closed, or a line of it is no comment.
pub fn head_text(file: &str, text: &str) -> Result<(String, u32), Vec<Diagnostic>> {
    let one = |line: usize, code, message: String| {
        let spot = Spot::line(file, u32::try_from(line).unwrap_or(u32::MAX));
        vec![Diagnostic::error(code, spot, message)]
    };
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let Some(open) = lines.iter().position(|line| *line == MARK) else {
        return Err(one(1, "header_missing", format!("there is no head between two lines `{MARK}`")));
    };
    let Some(length) = lines[open + 1..].iter().position(|line| *line == MARK) else {
        return Err(one(open + 1, "header_open", format!("the head has no closing line `{MARK}`")));
    };
    let mut toml_text = String::new();
    for (index, line) in lines[open + 1..open + 1 + length].iter().enumerate() {
        let Some(body) = line.strip_prefix("--") else {
            return Err(one(
                open + 2 + index,
                "header_line",
                "a line of the head does not begin with `--`".into(),
            ));
        };
        toml_text.push_str(body.strip_prefix(' ').unwrap_or(body));
        toml_text.push('\n');
    }
    Ok((toml_text, u32::try_from(open + 2).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "-- A remark.\n-- ---\n-- title = \"甲\"\n-- list = \"l\"\n-- subject = \"a.s\"\n\
        -- reads = [\"a\"]\n-- event = \"none\"\n-- severity = \"high\"\n-- basis = [\"b\"]\n\
        -- recipients = [\"r\"]\n-- due_days = 10\n-- reason = \"疑似{{ x }}\"\n-- ---\nSELECT 1\n";

    #[test]
    fn a_head_is_read_from_comments() {
        let rule = parse("pipelines/rules/a_rule.sql", GOOD).unwrap();
        assert_eq!(rule.id, "a_rule");
        assert_eq!(rule.header.title, "甲");
        assert_eq!(rule.header.subject.role().unwrap().to_string(), "a.s");
    }

    fn check(text: &str, code: &str, line: u32) {
        let problems = parse("r.sql", text).unwrap_err();
        assert_eq!((problems[0].code, problems[0].spot.line), (code, line), "{problems:?}");
    }

    #[test]
    fn problems_are_told_with_their_line_in_the_file() {
        check("SELECT 1", "header_missing", 1);
        check("-- ---\n-- title = \"甲\"\n", "header_open", 1);
        check(&GOOD.replace("-- list", "list"), "header_line", 4);
        check(&GOOD.replace("-- due_days", "-- dew_days"), "header", 11);
        check(&GOOD.replace("\"a.s\"", "\"a\""), "header", 5);
        check(&GOOD.replace("疑似", "应停发"), "deciding_word", 12);
        check(&GOOD.replace("{{ x }}", "{{ x "), "template", 12);
        check(&GOOD.replace("[\"a\"]", "[\"z\"]"), "subject_not_read", 5);
        check(&GOOD.replace("[\"b\"]", "[]"), "no_basis", 9);
    }
}
