//! What a linkage takes beside its tables and its model.

use std::collections::BTreeMap;

use super::named::Readers;
use super::policy::Policy;
use crate::link::splink::{Frequencies, Model};

/// What a linkage takes beside its tables and its model; by default nothing.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Which tables are linked with which; none: as the model's type of linkage says.
    pub policy: Option<Policy>,
    /// How frequent the values of columns are; columns without an entry are counted in the tables.
    pub frequencies: BTreeMap<String, Frequencies>,
    /// What the comparators of people's fields look up; none where no comparison is one of them.
    pub readers: Option<Readers>,
    /// Pairs of rows that are known to be one person, drawn at random from all such pairs: m is counted from them.
    pub labelled: Vec<(u32, u32)>,
}

impl Setup {
    /// The policy for a model and so many tables.
    pub(super) fn policy_of(&self, model: &Model, tables: usize) -> Policy {
        // Thresholds are asked of the plan's own policy only.
        self.policy.clone().unwrap_or_else(|| Policy::new(model.link_type, tables, 0.5, 0.5))
    }
}
