//! Schools by their names. Children change schools, so a difference says little; what counts is that
//! one school is written in many ways.

use super::{Ladder, rung};
use crate::domain::SchoolName;
use crate::kernel::similarity::{Edit, one_edit};

/// The same name.
pub const SAME: u8 = 1;
/// The same school, one name shorter than the other.
pub const SHORTENED: u8 = 2;
/// The same school, another part of it.
pub const CAMPUS: u8 = 3;
/// One character differs.
pub const ONE_CHARACTER: u8 = 4;
/// The same name before the kind, another kind: primary and middle school of one place.
pub const OTHER_STAGE: u8 = 5;
/// Another school.
pub const DIFFERENT: u8 = 6;

/// The ladder.
pub const LADDER: Ladder = Ladder {
    name: "school",
    levels: &[
        rung("null", ""),
        rung("same", "学校相同"),
        rung("shortened", "学校名称为简称"),
        rung("campus", "同校不同校区"),
        rung("one_character", "学校名称一字不同"),
        rung("other_stage", "校名相同，学段不同"),
        rung("different", "学校不同"),
    ],
};

/// The level of two schools.
pub fn compare(a: &SchoolName, b: &SchoolName) -> u8 {
    if a.key.is_empty() || b.key.is_empty() {
        return 0;
    }
    if a.key == b.key {
        let other_part = a.campus != b.campus && !a.campus.is_empty() && !b.campus.is_empty();
        return if other_part { CAMPUS } else { SAME };
    }
    let alike = a.stage == b.stage && a.number == b.number;
    if alike && (left_out(&a.key, &b.key) || left_out(&b.key, &a.key)) {
        return SHORTENED;
    }
    let stems = (&a.key[..a.stem], &b.key[..b.stem]);
    if alike
        && stems.0.len() >= 2
        && matches!(one_edit(stems.0, stems.1), Edit::Substitution(_) | Edit::Swap(_))
    {
        return ONE_CHARACTER;
    }
    if !alike && a.stage != b.stage && stems.0 == stems.1 && !stems.0.is_empty() {
        return OTHER_STAGE;
    }
    DIFFERENT
}

/// Whether a name is another one with characters left out, its first one not.
fn left_out(short: &[char], long: &[char]) -> bool {
    let mut rest = long.iter();
    short.len() < long.len() && short[0] == long[0] && short.iter().all(|c| rest.any(|other| other == c))
}
