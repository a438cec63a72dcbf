//! Relatives: do two persons name the same father, mother, guardian or child?
//!
//! The caller looks the relatives up; this file only says what the ladder's rungs mean and which of
//! two findings counts more.

use super::{Ladder, rung};

/// A relative is one and the same person (by number or an earlier pass).
pub const SAME_PERSON: u8 = 1;
/// A relative of the same kind has the same name.
pub const SAME_NAME: u8 = 2;
/// A relative of another kind has the same name (a guardian here, a grandparent there).
pub const SAME_NAME_OTHER_KIND: u8 = 3;
/// A relative of the same kind has a similar name.
pub const SIMILAR_NAME: u8 = 4;
/// A relative has the same telephone number.
pub const SAME_PHONE: u8 = 5;
/// Both name a relative of the same kind, and the names have nothing in common.
pub const CONFLICT: u8 = 6;

/// The ladder.
pub const LADDER: Ladder = Ladder {
    name: "relatives",
    levels: &[
        rung("null", ""),
        rung("same_person", "亲属为同一人"),
        rung("same_name", "亲属同名"),
        rung("same_name_other_kind", "亲属同名（关系不同）"),
        rung("similar_name", "亲属姓名相近"),
        rung("same_phone", "亲属电话相同"),
        rung("conflict", "亲属姓名不同"),
    ],
};

/// The stronger of two levels: any agreement outweighs a conflict, anything outweighs nothing.
pub const fn stronger(a: u8, b: u8) -> u8 {
    if a == 0 {
        b
    } else if b == 0 || a < b {
        a
    } else {
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_outweighs_conflict_and_both_outweigh_silence() {
        assert_eq!(stronger(CONFLICT, SAME_PHONE), SAME_PHONE);
        assert_eq!(stronger(0, CONFLICT), CONFLICT);
        assert_eq!(stronger(SAME_NAME, 0), SAME_NAME);
    }
}
