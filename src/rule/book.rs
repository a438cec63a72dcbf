//! Rules and views together, with the pipeline's parameters.

use std::collections::{BTreeMap, BTreeSet};

use super::header::{RuleHeader, ViewHeader, defaults};
use super::kept::KeptView;
use super::policy::Policy;
use crate::domain::Day;
use crate::engine::{EngineError, Parameters, Value};
use crate::kernel::digest;

/// A rule as its file says.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Id: the file name without `.sql`.
    pub id: String,
    /// File, as given.
    pub file: String,
    /// Its head.
    pub header: RuleHeader,
    /// The whole text of the file; the head is a comment, so lines agree with the file's.
    pub sql: String,
}

/// A view that several rules read.
#[derive(Clone, Debug)]
pub struct View {
    /// Name of the table: the file name without `.sql`.
    pub name: String,
    /// File, as given.
    pub file: String,
    /// Its head.
    pub header: ViewHeader,
    /// The whole text of the file.
    pub sql: String,
}

/// What runs tonight.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// Rules.
    pub rules: Vec<Rule>,
    /// Views, in any order; one that no rule needs is not run.
    pub views: Vec<View>,
    /// Policies, in any order.
    pub policies: Vec<Policy>,
    /// Views of which ledgers show every row.
    pub kept: Vec<KeptView>,
    /// The pipeline's own values: rule id or view name → parameter → value.
    pub overrides: BTreeMap<String, Parameters>,
}

impl Book {
    /// The rule of an id, when the pipeline runs it.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The view of a name.
    pub fn view(&self, name: &str) -> Option<&View> {
        self.views.iter().find(|view| view.name == name)
    }

    /// Parameters of a rule: its defaults, the pipeline's values, `as_of` and `known_until`.
    pub fn rule_parameters(&self, rule: &Rule, as_of: Day, known_until: Day) -> Parameters {
        let mut parameters = self.with_overrides(&rule.id, defaults(&rule.header.params));
        parameters.insert("as_of".to_owned(), Value::Day(as_of));
        parameters.insert("known_until".to_owned(), Value::Day(known_until));
        parameters
    }

    /// Parameters of a view: its defaults, the pipeline's values and `as_of`.
    pub fn view_parameters(&self, view: &View, as_of: Day) -> Parameters {
        let mut parameters = self.with_overrides(&view.name, defaults(&view.header.params));
        parameters.insert("as_of".to_owned(), Value::Day(as_of));
        parameters
    }

    /// Edition of every rule: the same as long as nothing changes in its text, in the views it reads, and in the
    /// pipeline's values for any of them.
    pub fn editions(&self) -> BTreeMap<String, String> {
        self.rules.iter().map(|rule| (rule.id.clone(), self.edition(rule))).collect()
    }

    fn edition(&self, rule: &Rule) -> String {
        let mut state = digest::bytes(rule.sql.as_bytes());
        let mut add = |name: &str, text: &str| {
            let values = self.overrides.get(name).map_or_else(String::new, |values| format!("{values:?}"));
            state = digest::chain(state, digest::texts(&[name, text, &values]));
        };
        add(&rule.id, "");
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut texts = vec![rule.sql.as_str()];
        while let Some(text) = texts.pop() {
            let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            for view in self.views.iter().filter(|view| words.contains(view.name.as_str())) {
                if seen.insert(&view.name) {
                    texts.push(&view.sql);
                }
            }
        }
        for view in seen.iter().filter_map(|name| self.view(name)) {
            add(&view.name, &view.sql);
        }
        format!("{state:016x}")
    }

    pub(super) fn with_overrides(&self, id: &str, mut parameters: Parameters) -> Parameters {
        if let Some(overrides) = self.overrides.get(id) {
            parameters.extend(overrides.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        parameters
    }
}

/// The stage itself could not work. A single rule that fails is an outcome, not this.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The engine could not be set up.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Arrays that belong together have different lengths or types.
    #[error("failed to build table {table} for the rules: {message}")]
    Table {
        /// Name of the table.
        table: String,
        /// What does not fit; no value.
        message: String,
    },
}
