//! When a night is told to be unlike those before it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a night is told to be unlike the thirty before it: in rows, empty cells, links or findings. It is told on page
/// one, in the log and in the figures; it never holds a night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmsTable {
    /// Of so many nights on which nothing is the matter, one gives an alarm at most, over all that is compared together.
    #[serde(default = "a_year")]
    #[schemars(range(min = 1))]
    pub one_false_in_nights: u32,
    /// With fewer nights before it a number is not compared.
    #[serde(default = "two_weeks")]
    #[schemars(range(min = 3, max = 30))]
    pub nights_min: u32,
}

const fn a_year() -> u32 {
    365
}

const fn two_weeks() -> u32 {
    14
}

impl Default for AlarmsTable {
    fn default() -> Self {
        Self { one_false_in_nights: a_year(), nights_min: two_weeks() }
    }
}
