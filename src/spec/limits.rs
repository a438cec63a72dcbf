//! How long each stage of a night may take.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long each stage of a night may take, in seconds. A stage that takes longer ends the night: nothing is published,
/// last night's lists stand. Nothing here changes an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsTable {
    /// Deliveries are copied; remotes are waited for in this stage, each with its own `deadline_minutes`.
    #[serde(default = "three_hours")]
    #[schemars(range(min = 1))]
    pub pull_seconds: u32,
    /// Rows are checked against contracts.
    #[serde(default = "an_hour")]
    #[schemars(range(min = 1))]
    pub validate_seconds: u32,
    /// Rows become records and mentions.
    #[serde(default = "an_hour")]
    #[schemars(range(min = 1))]
    pub standardise_seconds: u32,
    /// Mentions become candidate pairs.
    #[serde(default = "an_hour")]
    #[schemars(range(min = 1))]
    pub block_seconds: u32,
    /// Pairs become patterns of levels.
    #[serde(default = "an_hour")]
    #[schemars(range(min = 1))]
    pub compare_seconds: u32,
    /// The model is taken or fitted.
    #[serde(default = "an_hour")]
    #[schemars(range(min = 1))]
    pub fit_seconds: u32,
    /// Patterns become links.
    #[serde(default = "an_hour")]
    #[schemars(range(min = 1))]
    pub score_seconds: u32,
    /// Links become identities.
    #[serde(default = "an_hour")]
    #[schemars(range(min = 1))]
    pub resolve_seconds: u32,
    /// Rules run.
    #[serde(default = "an_hour")]
    #[schemars(range(min = 1))]
    pub judge_seconds: u32,
    /// Findings become cases.
    #[serde(default = "an_hour")]
    #[schemars(range(min = 1))]
    pub record_seconds: u32,
    /// Lists, report and artifacts are written.
    #[serde(default = "an_hour")]
    #[schemars(range(min = 1))]
    pub publish_seconds: u32,
}

const fn an_hour() -> u32 {
    3600
}

const fn three_hours() -> u32 {
    10800
}

impl Default for LimitsTable {
    fn default() -> Self {
        let hour = an_hour();
        Self {
            pull_seconds: three_hours(),
            validate_seconds: hour,
            standardise_seconds: hour,
            block_seconds: hour,
            compare_seconds: hour,
            fit_seconds: hour,
            score_seconds: hour,
            resolve_seconds: hour,
            judge_seconds: hour,
            record_seconds: hour,
            publish_seconds: hour,
        }
    }
}
