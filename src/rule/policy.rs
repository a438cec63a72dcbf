//! Policies: what stands in `pipelines/policies/<policy>.sql`. A policy is a list of conditions over one child,
//! each told by a column of its SELECT as true, false or not known.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::book::{Book, Rule};
use super::header::{Parameter, defaults};
use crate::domain::Day;
use crate::engine::{Parameters, Value};

/// The view that names the children who are judged.
pub(super) const CHILDREN: &str = "policy_child";

/// The head of `pipelines/policies/<policy>.sql`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyHeader {
    /// Name for people, e.g. `孤儿基本生活保障`.
    pub title: String,
    /// Place among the policies.
    pub order: u32,
    /// Disclosure class of its verdict.
    pub class: String,
    /// Keys of the legal-basis table.
    pub basis: Vec<String>,
    /// Extracts without which nothing can be said about anybody.
    pub reads: Vec<String>,
    /// Extracts that are read when they came.
    #[serde(default)]
    pub optional_reads: Vec<String>,
    /// Rules that list who misses it. Their parameters hold here too, so that both ask the same.
    #[serde(default)]
    pub gap_rules: Vec<String>,
    /// Whether the child has it now: the column `enjoyed`.
    pub enjoyed: Condition,
    /// Conditions by their columns, in the order in which they are told.
    pub conditions: IndexMap<String, Condition>,
    /// Parameters of its own.
    #[serde(default)]
    pub params: IndexMap<String, Parameter>,
}

/// One condition.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// What holds, in Chinese, e.g. `未满18周岁`.
    pub title: String,
    /// Extracts in which it would be seen: where one of them did not come whole, that it was not seen says
    /// nothing.
    #[serde(default)]
    pub seen_in: Vec<String>,
    /// Extracts in which the contrary would be seen: where one of them did not come whole, it holds with a doubt.
    #[serde(default)]
    pub denied_in: Vec<String>,
    /// What is missing where the column is NULL and `<column>_missing` does not say it better.
    #[serde(default)]
    pub missing: String,
}

/// A policy as its file says.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Id: the file name without `.sql`.
    pub id: String,
    /// File, as given.
    pub file: String,
    /// Its head.
    pub header: PolicyHeader,
    /// The whole text of the file.
    pub sql: String,
}

impl Book {
    /// The gap rules of a policy that the pipeline runs.
    pub(super) fn gap_rules<'b>(&'b self, policy: &'b Policy) -> impl Iterator<Item = &'b Rule> {
        policy.header.gap_rules.iter().filter_map(|id| self.rule(id))
    }

    /// Parameters of a policy: those of its gap rules, its own, the pipeline's values, `as_of` and `known_until`.
    pub fn policy_parameters(&self, policy: &Policy, as_of: Day, known_until: Day) -> Parameters {
        let mut parameters = Parameters::new();
        for rule in self.gap_rules(policy) {
            parameters.extend(self.rule_parameters(rule, as_of, known_until));
        }
        parameters.extend(self.with_overrides(&policy.id, defaults(&policy.header.params)));
        parameters.insert("as_of".to_owned(), Value::Day(as_of));
        parameters.insert("known_until".to_owned(), Value::Day(known_until));
        parameters
    }
}
