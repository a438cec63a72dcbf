//! The cases files of a plan's rules, checked and run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::plan::Plan;
use super::read::unreadable;
use super::toml_check::check_toml;
use crate::diag::{Diagnostic, Spot};
use crate::rule::{
    CaseFile, CaseResult, CaseSpec, Policy, PolicyCaseFile, Rule, View, ViewCaseFile, test_cases,
    test_policy_cases, test_view_cases,
};

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
    fn new(rule: &str, title: &str) -> Self {
        Self { rule: rule.to_owned(), title: title.to_owned(), results: Vec::new(), problems: Vec::new() }
    }

    /// Whether all cases hold and no kind of case is missing.
    pub fn holds(&self) -> bool {
        self.problems.is_empty() && self.results.iter().all(|result| result.problems.is_empty())
    }
}

/// Runs the cases of all rules, policies and ledgers' views of a plan, or of those named, in the order of the plan.
///
/// # Errors
/// When a name is none of them.
pub fn test_rules(plan: &Plan, only: &[String]) -> Result<Vec<RuleTest>, Vec<Diagnostic>> {
    let policies = || plan.book.policies.iter().map(|policy| policy.id.as_str());
    let kept = || plan.book.kept.iter().filter_map(|kept| plan.book.view(&kept.view));
    let views = || kept().map(|view| view.name.as_str());
    let known = || plan.book.rules.iter().map(|rule| rule.id.as_str()).chain(policies()).chain(views());
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
    let wanted = |id: &String| only.is_empty() || only.contains(id);
    let rules: Vec<&Rule> = plan.book.rules.iter().filter(|rule| wanted(&rule.id)).collect();
    let mut tests: Vec<RuleTest> = rules.par_iter().map(|rule| test(plan, rule)).collect();
    let policies: Vec<&Policy> = plan.book.policies.iter().filter(|policy| wanted(&policy.id)).collect();
    tests.par_extend(policies.par_iter().map(|policy| test_policy(plan, policy)));
    let views: Vec<&View> = kept().filter(|view| wanted(&view.name)).collect();
    tests.par_extend(views.par_iter().map(|view| test_view(plan, view)));
    Ok(tests)
}

/// The cases file of a rule or policy: `<rule>.cases.toml` beside it.
fn cases_of(file: &str) -> PathBuf {
    Path::new(file).with_extension("cases.toml")
}

/// Reads a cases file into `done` when it has the right shape, else what is wrong with it.
fn read_cases<T: schemars::JsonSchema + serde::de::DeserializeOwned + 'static>(
    of: &str,
    done: &mut RuleTest,
) -> Option<(String, String, T)> {
    let path = cases_of(of);
    let file = path.display().to_string();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            let fault = unreadable(Spot::file(of), "the cases of the rule", &path, &error);
            done.problems.push(fault.with_help("write cases: it finds, it does not find, data is missing"));
            return None;
        }
    };
    match check_toml::<T>(&file, &text) {
        Err(found) => {
            done.problems.extend(found);
            None
        }
        Ok(cases) => Some((file, text, cases)),
    }
}

/// Verdicts that the cases of every policy show: there is always a child who has it, one who may not, and one
/// of whom nobody knows.
const VERDICTS: [&str; 3] = ["enjoyed", "unmet", "unknown"];

fn test_policy(plan: &Plan, policy: &Policy) -> RuleTest {
    let mut done = RuleTest::new(&policy.id, &policy.header.title);
    let Some((file, _, cases)) = read_cases::<PolicyCaseFile>(&policy.file, &mut done) else { return done };
    let shown: BTreeSet<&str> =
        cases.case.iter().flat_map(|case| &case.expects).map(|one| one.verdict.as_str()).collect();
    let listed = cases.case.iter().flat_map(|case| &case.expects).any(|one| !one.listed_by.is_empty());
    for verdict in VERDICTS.into_iter().filter(|verdict| !shown.contains(verdict)) {
        let message = format!("no case shows the verdict `{verdict}`");
        done.problems.push(Diagnostic::error("case_kind_missing", Spot::file(file.as_str()), message));
    }
    if !policy.header.gap_rules.is_empty() && !listed {
        let message = "no case shows a child whom a gap rule lists";
        done.problems.push(Diagnostic::error("case_kind_missing", Spot::file(file.as_str()), message));
    }
    done.results = test_policy_cases(policy, &plan.book, &cases, &plan.contracts, &plan.tables.decisions);
    done
}

fn test_view(plan: &Plan, view: &View) -> RuleTest {
    let mut done = RuleTest::new(&view.name, &view.header.title);
    let Some((_, _, cases)) = read_cases::<ViewCaseFile>(&view.file, &mut done) else { return done };
    done.results = test_view_cases(view, &plan.book, &cases, &plan.contracts, &plan.tables.decisions);
    done
}

fn test(plan: &Plan, rule: &Rule) -> RuleTest {
    let mut done = RuleTest::new(&rule.id, &rule.header.title);
    let Some((file, text, cases)) = read_cases::<CaseFile>(&rule.file, &mut done) else { return done };
    let subject = rule.header.subject.role().map(|role| role.extract.as_str());
    for kind in missing_kinds(&cases, subject) {
        done.problems.push(Diagnostic::error("case_kind_missing", Spot::file(file.as_str()), kind));
    }
    done.results = test_cases(rule, &plan.book, &text, &plan.contracts, &plan.tables.decisions);
    done
}

/// The kinds of case that every rule needs and this file lacks. Rows that must not be found may stand
/// in a case of their own or beside one that must.
fn missing_kinds(cases: &CaseFile, subject: Option<&str>) -> Vec<&'static str> {
    let mut missing = Vec::new();
    if cases.case.iter().all(|case| case.finds.is_empty()) {
        missing.push("no case must be found");
    }
    let quiet = |case: &CaseSpec| {
        let of_subject = |extract: &str| subject.is_none_or(|subject| subject == extract);
        !case.not_run && unfound(case).any(|(extract, _)| of_subject(extract))
    };
    if !cases.case.iter().any(quiet) {
        missing.push("no case must stay unfound");
    }
    let filled: BTreeSet<(&str, &str)> =
        cases.case.iter().filter(|case| !case.finds.is_empty()).flat_map(cells).collect();
    let lacks_data = |case: &CaseSpec| {
        let extract_lacks = case.finds.is_empty() && (case.not_run || !case.states.is_empty());
        extract_lacks || unfound(case).any(|(extract, row)| lacks_a_cell(extract, row, &filled))
    };
    if !cases.case.iter().any(lacks_data) {
        missing.push("no case lacks data: an extract that did not come, or an empty cell that others fill");
    }
    missing
}

/// Rows of a case that are no expected finding's subject, with their extract.
fn unfound(case: &CaseSpec) -> impl Iterator<Item = (&str, &toml::Table)> {
    let expected = |row: &toml::Table| {
        let key = row.get("row_key").and_then(toml::Value::as_str);
        case.finds.iter().any(|found| Some(found.subject_row_key.as_str()) == key)
    };
    let rows =
        case.rows.iter().flat_map(|(extract, rows)| rows.iter().map(move |row| (extract.as_str(), row)));
    rows.filter(move |(_, row)| !expected(row))
}

/// Extract and column of every filled cell.
fn cells(case: &CaseSpec) -> impl Iterator<Item = (&str, &str)> {
    case.rows.iter().flat_map(|(extract, rows)| {
        rows.iter().flat_map(move |row| row.keys().map(move |column| (extract.as_str(), column.as_str())))
    })
}

/// Whether a row leaves a cell empty that is filled where something is found.
fn lacks_a_cell(extract: &str, row: &toml::Table, filled: &BTreeSet<(&str, &str)>) -> bool {
    filled.iter().any(|(of, column)| *of == extract && !row.contains_key(*column))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cases: &str, expected: &[&str]) {
        let file: CaseFile = toml::from_str(&format!("as_of = \"2026-11-20\"\n{cases}")).unwrap();
        let missing = missing_kinds(&file, Some("t"));
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
        let both = FOUND.replace("}]\nfinds", "}, { row_key = \"2\" }]\nfinds");
        check(&both, &[]);
    }
}
