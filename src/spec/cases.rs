//! The cases files of a plan's rules, checked and run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::plan::Plan;
use super::read::unreadable;
use super::toml_check::check_toml;
use crate::diag::{Diagnostic, Spot};
use crate::rule::{CaseFile, CaseResult, CaseSpec, Rule, test_cases};

/// How a rule did in its cases.
#[derive(Clone, Debug)]
pub struct RuleTest {
    /// Rule id.
    pub rule: String,
    /// Title of the rule.
    pub title: String,
    /// One result for each case.
    pub results: Vec<CaseResult>,
    /// What is wrong with the cases file itself.
    pub problems: Vec<Diagnostic>,
}

impl RuleTest {
    /// Whether all cases hold and no kind of case is missing.
    pub fn holds(&self) -> bool {
        self.problems.is_empty() && self.results.iter().all(|result| result.problems.is_empty())
    }
}

/// Runs the cases of all rules of a plan, or of those named, in the order of the plan.
///
/// # Errors
/// When a name is no rule of the plan.
pub fn test_rules(plan: &Plan, only: &[String]) -> Result<Vec<RuleTest>, Vec<Diagnostic>> {
    let known = || plan.book.rules.iter().map(|rule| rule.id.as_str());
    let unknown: Vec<Diagnostic> = only
        .iter()
        .filter(|name| !known().any(|id| id == name.as_str()))
        .map(|name| {
            let spot = Spot::file(plan.file.display().to_string());
            let message = format!("the pipeline runs no rule `{name}`");
            Diagnostic::error("unknown_rule", spot, message).with_near(name, known())
        })
        .collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let wanted = |rule: &&Rule| only.is_empty() || only.contains(&rule.id);
    let rules: Vec<&Rule> = plan.book.rules.iter().filter(wanted).collect();
    Ok(rules.par_iter().map(|rule| test(plan, rule)).collect())
}

/// The cases file of a rule: `<rule>.cases.toml` beside it.
fn cases_of(rule: &Rule) -> PathBuf {
    Path::new(&rule.file).with_extension("cases.toml")
}

fn test(plan: &Plan, rule: &Rule) -> RuleTest {
    let path = cases_of(rule);
    let file = path.display().to_string();
    let mut done = RuleTest {
        rule: rule.id.clone(),
        title: rule.header.title.clone(),
        results: Vec::new(),
        problems: Vec::new(),
    };
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            let fault = unreadable(Spot::file(rule.file.as_str()), "the cases of the rule", &path, &error);
            done.problems.push(fault.with_help("write cases: it finds, it does not find, data is missing"));
            return done;
        }
    };
    match check_toml::<CaseFile>(&file, &text) {
        Err(found) => done.problems.extend(found),
        Ok(cases) => {
            for kind in missing_kinds(&cases) {
                let fault = Diagnostic::error("case_kind_missing", Spot::file(file.as_str()), kind);
                done.problems.push(fault);
            }
            let (contracts, decisions) = (&plan.contracts, &plan.tables.decisions);
            done.results = test_cases(rule, &plan.book, &text, contracts, decisions);
        }
    }
    done
}

/// The kinds of case that every rule needs and this file lacks.
fn missing_kinds(cases: &CaseFile) -> Vec<&'static str> {
    let quiet = |case: &&CaseSpec| case.finds.is_empty() && !case.not_run;
    let filled: BTreeSet<(&str, &str)> =
        cases.case.iter().filter(|case| !case.finds.is_empty()).flat_map(cells).collect();
    let mut missing = Vec::new();
    if cases.case.iter().all(|case| case.finds.is_empty()) {
        missing.push("no case must be found");
    }
    if !cases.case.iter().any(|case| quiet(&case)) {
        missing.push("no case must stay unfound");
    }
    let lacks_data = |case: &CaseSpec| {
        let silent = case.not_run || !case.states.is_empty();
        case.finds.is_empty() && (silent || lacks_a_cell(case, &filled))
    };
    if !cases.case.iter().any(lacks_data) {
        missing.push("no case lacks data: an extract that did not come, or an empty cell that others fill");
    }
    missing
}

/// Extract and column of every filled cell.
fn cells(case: &CaseSpec) -> impl Iterator<Item = (&str, &str)> {
    case.rows.iter().flat_map(|(extract, rows)| {
        rows.iter().flat_map(move |row| row.keys().map(move |column| (extract.as_str(), column.as_str())))
    })
}

/// Whether a row leaves a cell empty that is filled where something is found.
fn lacks_a_cell(case: &CaseSpec, filled: &BTreeSet<(&str, &str)>) -> bool {
    filled.iter().any(|(extract, column)| {
        case.rows.get(*extract).is_some_and(|rows| rows.iter().any(|row| !row.contains_key(*column)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cases: &str, expected: &[&str]) {
        let file: CaseFile = toml::from_str(&format!("as_of = \"2026-11-20\"\n{cases}")).unwrap();
        let missing = missing_kinds(&file);
        let words: Vec<&str> =
            missing.iter().map(|kind| kind.split(' ').nth(2).unwrap_or_default()).collect();
        assert_eq!(words, expected, "{cases}");
    }

    const FOUND: &str = "[[case]]\ntitle = \"a\"\nrows.t = [{ row_key = \"1\", born = \"2015-01-01\" }]\n\
        finds = [{ subject_row_key = \"1\" }]\n";
    const QUIET: &str = "[[case]]\ntitle = \"b\"\nrows.t = [{ row_key = \"1\", born = \"1990-01-01\" }]\n";
    const EMPTY: &str = "[[case]]\ntitle = \"c\"\nrows.t = [{ row_key = \"1\" }]\n";
    const ABSENT: &str = "[[case]]\ntitle = \"d\"\nstates.t = \"missing\"\nnot_run = true\n";

    #[test]
    fn every_kind_of_case_is_asked_for() {
        check(FOUND, &["must", "lacks"]);
        check(QUIET, &["must", "lacks"]);
        check(&format!("{FOUND}{QUIET}"), &["lacks"]);
        check(&format!("{FOUND}{QUIET}{EMPTY}"), &[]);
        check(&format!("{FOUND}{QUIET}{ABSENT}"), &[]);
        check(&format!("{FOUND}{ABSENT}"), &["must"]);
    }
}
