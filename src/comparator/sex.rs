//! Sex: same or different; unknown is no evidence.

use super::{Ladder, rung};
use crate::domain::Sex;

/// Equal.
pub const SAME: u8 = 1;
/// Different.
pub const DIFFERENT: u8 = 2;

/// The ladder.
pub const LADDER: Ladder = Ladder {
    name: "sex",
    levels: &[rung("null", ""), rung("same", "性别相同"), rung("different", "性别不同")],
};

/// The level of two sexes.
pub fn compare(a: Sex, b: Sex) -> u8 {
    match (a, b) {
        (Sex::Unknown, _) | (_, Sex::Unknown) => 0,
        (a, b) if a == b => SAME,
        _ => DIFFERENT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_no_evidence() {
        assert_eq!(compare(Sex::Unknown, Sex::Male), 0);
        assert_eq!(compare(Sex::Male, Sex::Male), SAME);
        assert_eq!(compare(Sex::Male, Sex::Female), DIFFERENT);
    }
}
