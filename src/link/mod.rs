//! F4, stages block, compare, fit and score: mentions in; links, pairs for review and near misses out.
//!
//! Sure passes come first (the same number and name, an agency's own key, people named beside the
//! same person); what is left without a number is looked up among everybody by blocking rules and
//! weighed by the model. Pairs are scored as they are generated and never stored. This module must
//! never let the order of rows or the number of threads show in its answer, and never link two
//! different valid numbers.

mod assign;
mod candidates;
mod clusters;
mod exact;
mod explain;
mod family;
mod figures;
mod fuzzy;
pub mod generic;
mod keys;
mod labelled;
mod lent;
mod local_key;
mod model;
mod near;
mod newborn;
mod prepare;
mod refit;
mod review;
mod scorer;
mod settings;
pub mod splink;
mod study;
mod sure;
mod unit;
mod waterfall;

pub use explain::{Compared, Story, Treated, pass_title};
pub use figures::{histogram, ranged};
pub use fuzzy::{Vectors, compare, fit, score};
pub use labelled::{Asked, Learned, LearnedLevel, learn};
pub use model::{LevelModel, LinkModel, Negative};
pub use near::Linked;
pub use prepare::Prepared;
pub use refit::{RANDOM_PAIRS, Refitted, refit};
pub use review::tie_words;
pub use settings::{Attribute, BlockingRule, ComparisonSetting, Drift, KeyPart, Settings};
pub use study::{NightRule, NightStudy, study};
pub use sure::{Pairs, REMEMBERED, block};
pub use waterfall::{Flip, Step, Waterfall};

/// How persons are linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linkage {
    /// With everything the model knows.
    Model,
    /// By equal valid numbers and nothing else: what offices do today, for comparison.
    IdOnly,
}

impl Linkage {
    /// The word for manifests and command lines.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::IdOnly => "id-only",
        }
    }
}
