//! `test`: the cases of a pipeline's rules, run without data and without a build.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::problems;
use super::text_table::aligned;
use super::{CONFIG, Done, Failure, say};
use crate::spec::{RuleTest, compile, test_rules};

/// Options of `test`.
#[derive(Debug, Args)]
#[command(after_help = "\
A rule's cases stand in <rule>.cases.toml beside <rule>.sql: small worlds of a few rows, and what the rule
should find in them. Every rule needs one case that is found, one that is not, and one in which data is
missing and nothing is found.

Examples:
  doudi test pipelines/nightly.toml
  doudi test pipelines/nightly.toml RULE           only this rule
  doudi list rules pipelines/nightly.toml          the rules there are

Exit codes: 0 all cases hold · 2 a case fails, cases are missing, or the pipeline has errors.")]
pub(super) struct TestArgs {
    /// The pipeline file.
    #[arg(value_name = "PIPELINE")]
    pipeline: PathBuf,
    /// Rules to test; left out: all rules of the pipeline.
    #[arg(value_name = "RULE")]
    rules: Vec<String>,
    /// Machine-readable.
    #[arg(long)]
    json: bool,
}

/// Runs the cases.
pub(super) fn test(args: &TestArgs) -> Done {
    let tests = compile(&args.pipeline).and_then(|(plan, _)| test_rules(&plan, &args.rules));
    let tests = tests.map_err(problems::refused)?;
    if args.json {
        let report: serde_json::Value = tests.iter().map(json).collect();
        say(serde_json::to_string_pretty(&report).map_err(Failure::bug)?);
    } else {
        say(text(&tests));
    }
    if tests.iter().all(RuleTest::holds) { Ok(()) } else { Err(Failure::told(CONFIG)) }
}

/// Cases that hold and cases that do not.
fn tally(test: &RuleTest) -> (usize, usize) {
    let passed = test.results.iter().filter(|result| result.problems.is_empty()).count();
    (passed, test.results.len() - passed)
}

/// Writing to a string cannot fail, so the results of `write!` are dropped.
fn text(tests: &[RuleTest]) -> String {
    let row = |test: &RuleTest| {
        let (passed, failed) = tally(test);
        let word = if test.holds() { "ok" } else { "FAILED" };
        let counts = if failed == 0 {
            format!("{passed} cases")
        } else {
            format!("{failed} of {} cases fail", passed + failed)
        };
        vec![word.to_owned(), test.rule.clone(), counts, test.title.clone()]
    };
    let mut out = aligned(&tests.iter().map(row).collect::<Vec<_>>());
    for test in tests {
        for problem in &test.problems {
            let _ = write!(out, "\n\n{problem}");
        }
        for result in test.results.iter().filter(|result| !result.problems.is_empty()) {
            let _ = write!(out, "\n\n{}: {}", test.rule, result.title);
            for problem in &result.problems {
                let _ = write!(out, "\n  {problem}");
            }
        }
    }
    let (passed, failed) = tests.iter().map(tally).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let faults: usize = tests.iter().map(|test| test.problems.len()).sum();
    let _ = write!(out, "\n\n{} rules: {passed} cases hold, {failed} fail", tests.len());
    if faults > 0 {
        let word = if faults == 1 { "problem" } else { "problems" };
        let _ = write!(out, ", {faults} {word} of cases files");
    }
    out
}

fn json(test: &RuleTest) -> serde_json::Value {
    let (passed, failed) = tally(test);
    let cases = test.results.iter().map(
        |result| json!({ "title": result.title, "boundary": result.boundary, "problems": result.problems }),
    );
    json!({
        "rule": test.rule,
        "holds": test.holds(),
        "passed": passed,
        "failed": failed,
        "problems": problems::json(&test.problems),
        "cases": cases.collect::<serde_json::Value>(),
    })
}
