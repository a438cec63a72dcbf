//! Telephone numbers: equal, one digit off, or different. Families change numbers, so a difference
//! says little.

use super::{Ladder, rung};
use crate::kernel::similarity::{Edit, one_edit};

/// Equal.
pub const SAME: u8 = 1;
/// One digit differs or two neighbours changed places.
pub const ONE_EDIT: u8 = 2;
/// Different.
pub const DIFFERENT: u8 = 3;

/// The ladder.
pub const LADDER: Ladder = Ladder {
    name: "phone",
    levels: &[
        rung("null", ""),
        rung("same", "电话相同"),
        rung("one_edit", "电话一位不同"),
        rung("different", "电话不同"),
    ],
};

/// The level of two numbers; 0 is unknown.
pub fn compare(a: u64, b: u64) -> u8 {
    if a == 0 || b == 0 {
        return 0;
    }
    if a == b {
        return SAME;
    }
    match one_edit(a.to_string().as_bytes(), b.to_string().as_bytes()) {
        Edit::Substitution(_) | Edit::Swap(_) => ONE_EDIT,
        _ => DIFFERENT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_digit_is_told_from_another_number() {
        assert_eq!(compare(13_800_000_001, 13_800_000_001), SAME);
        assert_eq!(compare(13_800_000_001, 13_800_000_007), ONE_EDIT);
        assert_eq!(compare(13_800_000_001, 13_911_112_222), DIFFERENT);
        assert_eq!(compare(0, 13_911_112_222), 0);
    }
}
