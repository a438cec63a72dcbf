//! `<policy>.cases.toml`: small worlds and what the policy means for each child in them, run without a build.
//! The policy's gap rules run beside it, so a case also shows that both say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use schemars::JsonSchema;
use serde::Deserialize;

use super::book::Book;
use super::cases::{Built, CaseFinder, CaseResult, CaseSpec, Given, day, overrides};
use super::judge::judge;
use super::policy::Policy;
use crate::domain::{Contract, Entitlement, PolicyMatch};
use crate::engine::Value;

/// A policy's `.cases.toml` file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyCaseFile {
    /// The day all cases speak about, unless they say otherwise.
    pub as_of: String,
    /// Cases.
    pub case: Vec<PolicyCase>,
}

/// One small world.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyCase {
    /// What it shows.
    pub title: String,
    /// Another day than the file's.
    #[serde(default)]
    pub as_of: Option<String>,
    /// Parameters of the policy, its gap rules or views, by id or view name.
    #[serde(default)]
    pub params: BTreeMap<String, BTreeMap<String, Value>>,
    /// Extracts that are not complete: `missing`, `refused` or `incomplete`.
    #[serde(default)]
    pub states: BTreeMap<String, String>,
    /// Rows by extract, as in the cases of a rule.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<BTreeMap<String, serde_json::Value>>>")]
    pub rows: BTreeMap<String, Vec<toml::Table>>,
    /// All children who are judged, and no others.
    #[serde(default)]
    pub expects: Vec<ExpectedMatch>,
}

/// What the policy means for one child.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedMatch {
    /// Identity of the child.
    pub child: i64,
    /// `enjoyed`, `missed`, `unmet`, `excluded` or `unknown`.
    pub verdict: String,
    /// Text that its words contain.
    #[serde(default)]
    pub says: Option<String>,
    /// The gap rule that lists the child; empty: none does.
    #[serde(default)]
    pub listed_by: String,
    /// Whether something keeps it from being sure.
    #[serde(default)]
    pub doubtful: bool,
}

/// Runs the cases of one policy. `book` gives views, gap rules and their parameters.
pub fn test_policy_cases(
    policy: &Policy,
    book: &Book,
    file: &PolicyCaseFile,
    contracts: &BTreeMap<String, Arc<Contract>>,
    decisions: &BTreeMap<String, RecordBatch>,
) -> Vec<CaseResult> {
    let result = |case: &PolicyCase| CaseResult {
        rule: policy.id.clone(),
        title: case.title.clone(),
        boundary: Vec::new(),
        problems: run_case(policy, book, file, case, (contracts, decisions))
            .unwrap_or_else(|problem| vec![problem]),
    };
    file.case.iter().map(result).collect()
}

fn run_case(
    policy: &Policy,
    book: &Book,
    file: &PolicyCaseFile,
    case: &PolicyCase,
    (contracts, decisions): Given<'_>,
) -> Result<Vec<String>, String> {
    let as_of = day(case.as_of.as_ref().unwrap_or(&file.as_of))?;
    let spec = CaseSpec { states: case.states.clone(), ..CaseSpec::of_rows(&case.title, &case.rows) };
    let mut built = Built::of(&spec, (contracts, decisions), as_of)?;
    let book = Book {
        rules: book.gap_rules(policy).cloned().collect(),
        views: book.views.clone(),
        policies: vec![policy.clone()],
        overrides: overrides(&case.params),
        ..Book::default()
    };
    let resolution = built.resolution();
    let world = built.world(contracts, &resolution, as_of);
    let finder = CaseFinder { world: &world, known: &[] };
    let judged = judge(&book, &world, &finder, 1).map_err(|error| error.to_string())?;
    match judged.policy_fault {
        Some(fault) => Err(fault),
        None => Ok(compare(case, &judged.policies)),
    }
}

fn compare(case: &PolicyCase, found: &[PolicyMatch]) -> Vec<String> {
    let mut problems = Vec::new();
    let expected: BTreeMap<i64, &ExpectedMatch> = case.expects.iter().map(|one| (one.child, one)).collect();
    let judged: BTreeSet<i64> = found.iter().map(|one| one.identity.0).collect();
    problems.extend(
        expected.keys().filter(|child| !judged.contains(child)).map(|child| format!("{child} is not judged")),
    );
    for one in found {
        let (child, words) = (one.identity.0, one.words());
        let Some(expected) = expected.get(&child) else {
            problems.push(format!("{child} is judged unexpectedly: {}", one.entitlement.word()));
            continue;
        };
        if Entitlement::parse(&expected.verdict) != Some(one.entitlement) {
            problems.push(format!(
                "{child}: {} and not {} ({words})",
                one.entitlement.word(),
                expected.verdict
            ));
        }
        if let Some(text) = expected.says.as_ref().filter(|text| !words.contains(*text)) {
            problems.push(format!("{child}: `{words}` does not say `{text}`"));
        }
        if one.finding != expected.listed_by {
            problems.push(format!("{child}: listed by `{}` ({words})", one.finding));
        }
        if one.doubt.is_empty() == expected.doubtful {
            problems.push(format!("{child}: the doubt is `{}`", one.doubt));
        }
    }
    problems
}
