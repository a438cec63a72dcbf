//! `test`: the cases of a pipeline's rules, run without data and without a build.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::problems;
use super::text_table::aligned;
use super::{CONFIG, Done, Failure, say};
use crate::rule::BOUNDARY_CASES;
use crate::spec::{RuleTest, compile, test_rules};

/// Options of `test`.
#[derive(Debug, Args)]
#[command(after_help = "\
A rule's cases stand in <rule>.cases.toml beside <rule>.sql: small worlds of a few rows, and what the rule
should find in them. Every rule needs one case that is found, one that is not, and one in which data is
missing and nothing is found. A case says in `boundary` which of the rule book's boundary cases it holds; which
of them are cases here stands at the end. What happens before a rule (linkage, deliveries) no case can hold.

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
        say(text(&tests) + &boundaries(&tests, args.rules.is_empty()));
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

/// Which boundary cases of the rule book cases hold here, by number; with all rules also which they do not.
fn boundaries(tests: &[RuleTest], all: bool) -> String {
    let mut held: BTreeMap<u32, BTreeMap<&str, usize>> = BTreeMap::new();
    for test in tests {
        let holding = test.results.iter().filter(|result| result.problems.is_empty());
        for number in holding.flat_map(|result| &result.boundary) {
            *held.entry(*number).or_default().entry(&test.rule).or_default() += 1;
        }
    }
    if held.is_empty() {
        return String::new();
    }
    let of_rule = |(rule, cases): (&&str, &usize)| {
        if *cases == 1 { (*rule).to_owned() } else { format!("{rule} ({cases})") }
    };
    let row = |(number, rules): (&u32, &BTreeMap<&str, usize>)| {
        vec![format!("{number:>2}"), rules.iter().map(of_rule).collect::<Vec<_>>().join(", ")]
    };
    let rows = aligned(&held.iter().map(row).collect::<Vec<_>>());
    let (here, not_here): (Vec<u32>, Vec<u32>) = (1..=BOUNDARY_CASES).partition(|n| held.contains_key(n));
    let mut out = format!("\n\nboundary cases of the rule book, by number:\n{rows}\n\n");
    let _ = write!(out, "boundary cases 1-{BOUNDARY_CASES} that are cases here: {}", ranges(&here));
    if all && !not_here.is_empty() {
        let _ = write!(out, "; not here: {}", ranges(&not_here));
    }
    out
}

/// Ascending numbers, those that follow each other as `1-20`.
fn ranges(numbers: &[u32]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
        [first, .., last] => format!("{first}-{last}"),
        [only] => only.to_string(),
        [] => String::new(),
    });
    runs.collect::<Vec<_>>().join(", ")
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
