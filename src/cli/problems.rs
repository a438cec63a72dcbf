//! Diagnostics as people and machines read them.

use serde_json::{Value, json};

use super::Failure;
use crate::diag::{Diagnostic, Level};

/// Problems one after another, and how many there are: `2 errors, 1 warning`.
pub(super) fn text(problems: &[Diagnostic]) -> String {
    let mut out = String::new();
    for problem in problems {
        out.push_str(&problem.to_string());
        out.push_str("\n\n");
    }
    out.push_str(&counts(problems));
    out
}

/// The failure of a command whose pipeline has these problems.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`, which gives values")]
pub(super) fn refused(problems: Vec<Diagnostic>) -> Failure {
    Failure::config(text(&problems))
}

/// `2 errors, 1 warning`, or `no problems`.
pub(super) fn counts(problems: &[Diagnostic]) -> String {
    let parts: Vec<String> = [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Info, "remark")]
        .into_iter()
        .filter_map(|(level, word)| match count(problems, level) {
            0 => None,
            1 => Some(format!("1 {word}")),
            many => Some(format!("{many} {word}s")),
        })
        .collect();
    if parts.is_empty() { "no problems".to_owned() } else { parts.join(", ") }
}

/// How many problems have this level.
pub(super) fn count(problems: &[Diagnostic], level: Level) -> usize {
    problems.iter().filter(|problem| problem.level == level).count()
}

/// The same as a JSON array; unknown parts of a place are null.
pub(super) fn json(problems: &[Diagnostic]) -> Value {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let object = |problem: &Diagnostic| {
        json!({
            "level": problem.level.word(),
            "code": problem.code,
            "message": problem.message,
            "file": known(&problem.spot.file),
            "line": (problem.spot.line > 0).then_some(problem.spot.line),
            "column": known(&problem.spot.column),
            "help": problem.help,
        })
    };
    problems.iter().map(object).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Spot;

    #[test]
    fn problems_are_counted_by_level() {
        let error = Diagnostic::error("a", Spot::line("f", 3), "one").with_help("do it");
        let warning = Diagnostic::warning("b", Spot::default(), "two");
        assert_eq!(counts(&[]), "no problems");
        assert_eq!(counts(&[error.clone(), warning.clone(), error.clone()]), "2 errors, 1 warning");
        let expected = "error[a]: one\n  --> f:3\n  help: do it\n\nwarning[b]: two\n\n1 error, 1 warning";
        assert_eq!(text(&[error.clone(), warning]), expected);
        let told = json(&[error]);
        assert_eq!((&told[0]["line"], &told[0]["column"]), (&json!(3), &Value::Null));
    }
}
