//! How long what is put into the folder of deliveries may take to become whole.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::Arrival;

/// How long files that are put into `input` may take to become whole; those of remotes have their own `settle_seconds` and
/// `deadline_minutes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrivalTable {
    /// Seconds between two looks, in which a file must be the same and no part (`.part`, `.tmp`) may lie there. 0: files
    /// are taken as they lie.
    #[serde(default)]
    #[schemars(range(max = 3600))]
    pub settle_seconds: u32,
    /// Minutes that files may take; what is not whole then is not taken, as if it had not come.
    #[serde(default = "half_an_hour")]
    #[schemars(range(max = 1440))]
    pub deadline_minutes: u32,
}

const fn half_an_hour() -> u32 {
    30
}

impl Default for ArrivalTable {
    fn default() -> Self {
        Self { settle_seconds: 0, deadline_minutes: half_an_hour() }
    }
}

impl From<ArrivalTable> for Arrival {
    fn from(table: ArrivalTable) -> Self {
        let deadline_seconds = table.deadline_minutes.saturating_mul(60);
        Self { settle_seconds: table.settle_seconds, deadline_seconds }
    }
}
