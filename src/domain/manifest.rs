//! What the one who writes `manifest.json` and those who read it agree on.

/// Format of `manifest.json`: raised when a key changes its meaning, not when one is added. Readers take older ones, in which
/// keys may be missing, and refuse newer ones.
pub const MANIFEST_FORMAT: u32 = 1;
