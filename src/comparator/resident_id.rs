//! Resident numbers, compared in their parts and in the light of what each text was worth.
//!
//! Edit distance alone is a trap: strangers of one county and birth date differ in two to four of
//! eighteen characters, twins in exactly two. So the ladder tells a number that failed its check
//! digit (a typo is likely) from one that is valid and different (another person).

use super::{Ladder, rung};
use crate::domain::{IdState, ResidentId};
use crate::kernel::similarity::{Edit, differences, one_edit};

/// Equal.
pub const SAME: u8 = 1;
/// One side fails its check digit, and one wrong digit or swap explains the difference.
pub const ONE_EDIT: u8 = 2;
/// One side fails its check digit; two edits or a shift explain it and the birth date inside agrees.
pub const TWO_EDITS: u8 = 3;
/// The fifteen digits that a spreadsheet left agree.
pub const LOST_AGREES: u8 = 4;
/// Both are valid and differ in one digit before the check digit: made up, or another person.
pub const RECOMPUTED: u8 = 5;
/// One side is damaged, and the rest does not fit.
pub const DAMAGED_DIFFERENT: u8 = 6;
/// Both are valid, same region and birth date inside: twins, or a changed sequence number.
pub const VALID_SAME_BIRTH: u8 = 7;
/// Both are valid and different: another person.
pub const VALID_DIFFERENT: u8 = 8;

/// The ladder.
pub const LADDER: Ladder = Ladder {
    name: "resident_id",
    levels: &[
        rung("null", ""),
        rung("same", "身份证号相同"),
        rung("one_edit", "身份证号一位不同"),
        rung("two_edits", "身份证号两处不同"),
        rung("lost_agrees", "身份证号前15位相同"),
        rung("recomputed", "身份证号一位不同（两号均有效）"),
        rung("damaged_different", "身份证号不同（一方有误）"),
        rung("valid_same_birth", "身份证号顺序码不同（两号均有效）"),
        rung("valid_different", "身份证号不同（两号均有效）"),
    ],
};

/// Whether a state means that the number can be trusted as it stands.
pub const fn usable(state: IdState) -> bool {
    matches!(state, IdState::Valid | IdState::Extended)
}

/// Whether the text had eighteen characters that are wrong somewhere.
const fn damaged(state: IdState) -> bool {
    matches!(state, IdState::ChecksumFailed | IdState::Implausible)
}

/// The level of two numbers with their states.
pub fn compare(a: (Option<ResidentId>, IdState), b: (Option<ResidentId>, IdState)) -> u8 {
    let ((Some(x), sx), (Some(y), sy)) = (a, b) else { return 0 };
    if sx == IdState::LostPrecision || sy == IdState::LostPrecision {
        return compare_lost(x, y);
    }
    let comparable = |state: IdState| usable(state) || damaged(state);
    if !comparable(sx) || !comparable(sy) {
        return 0;
    }
    if x == y {
        return SAME;
    }
    let (cx, cy) = (x.chars(), y.chars());
    if usable(sx) && usable(sy) {
        return if differences(&cx[..17], &cy[..17]) == 1 {
            RECOMPUTED
        } else if cx[..14] == cy[..14] {
            VALID_SAME_BIRTH
        } else {
            VALID_DIFFERENT
        };
    }
    match one_edit(&cx, &cy) {
        Edit::Many if near(&cx, &cy) => TWO_EDITS,
        Edit::Many => DAMAGED_DIFFERENT,
        _ => ONE_EDIT,
    }
}

fn compare_lost(x: ResidentId, y: ResidentId) -> u8 {
    if x.body() / 1000 == y.body() / 1000 { LOST_AGREES } else { DAMAGED_DIFFERENT }
}

/// Two substitutions with the birth date untouched, or one character left out and one put in.
fn near(a: &[u8; 18], b: &[u8; 18]) -> bool {
    if differences(a, b) == 2 && a[6..14] == b[6..14] {
        return true;
    }
    let first = (0..18).find(|&at| a[at] != b[at]).unwrap_or(18);
    let last = (0..18).rev().find(|&at| a[at] != b[at]).unwrap_or(0);
    last > first + 1 && (a[first + 1..=last] == b[first..last] || b[first + 1..=last] == a[first..last])
}

/// Places (1-based, as people count them) where two numbers differ.
pub fn differing_places(a: ResidentId, b: ResidentId) -> Vec<usize> {
    let (a, b) = (a.chars(), b.chars());
    (0..18).filter(|&at| a[at] != b[at]).map(|at| at + 1).collect()
}

/// All numbers whose check digit holds and that one substitution or one swap of neighbours makes out
/// of a damaged one: about eighteen. They are keys to look for, never corrections.
pub fn neighbours(id: ResidentId) -> Vec<ResidentId> {
    let chars = id.chars();
    let mut found = Vec::with_capacity(24);
    let mut keep = |chars: [u8; 18]| {
        let candidate = std::str::from_utf8(&chars).ok().and_then(ResidentId::parse);
        found.extend(candidate.filter(|id| id.checksum_holds() && id.birth().is_some()));
    };
    for at in 0..18 {
        for digit in b"0123456789X".iter().filter(|&&digit| at == 17 || digit != b'X') {
            if chars[at] != *digit {
                let mut other = chars;
                other[at] = *digit;
                keep(other);
            }
        }
        if at < 17 && chars[at] != chars[at + 1] {
            let mut other = chars;
            other.swap(at, at + 1);
            keep(other);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::IdState::{ChecksumFailed, Extended, LostPrecision, Malformed, Valid};

    fn id(body: u64) -> ResidentId {
        ResidentId::from_body(body)
    }

    fn spoiled(id: ResidentId, at: usize) -> ResidentId {
        let mut chars = id.chars();
        chars[at] = if chars[at] == b'4' { b'5' } else { b'4' };
        ResidentId::parse(std::str::from_utf8(&chars).unwrap()).unwrap()
    }

    fn check(a: (ResidentId, IdState), b: (ResidentId, IdState), expected: u8) {
        let level = compare((Some(a.0), a.1), (Some(b.0), b.1));
        assert_eq!(level, expected);
        assert_eq!(level, compare((Some(b.0), b.1), (Some(a.0), a.1)));
    }

    #[test]
    fn a_failed_check_digit_is_told_from_another_person() {
        let (a, twin, stranger) = (id(32068120120304123), id(32068120120304145), id(32068120110908123));
        check((a, Valid), (a, Extended), SAME);
        check((a, Valid), (spoiled(a, 13), ChecksumFailed), ONE_EDIT);
        check((a, Valid), (spoiled(spoiled(a, 15), 3), ChecksumFailed), TWO_EDITS);
        check((a, Valid), (twin, Valid), VALID_SAME_BIRTH);
        check((a, Valid), (stranger, Valid), VALID_DIFFERENT);
        check((a, Valid), (id(32068120120304124), Valid), RECOMPUTED);
        check((a, Valid), (spoiled(stranger, 0), ChecksumFailed), DAMAGED_DIFFERENT);
        check((a, Valid), (id(32068120120304000), LostPrecision), LOST_AGREES);
        check((a, Valid), (a, Malformed), 0);
    }

    #[test]
    fn neighbours_hold_the_number_that_was_meant() {
        let meant = id(32068120120304123);
        for at in 0..17 {
            let wrong = spoiled(meant, at);
            assert!(!wrong.checksum_holds());
            assert!(neighbours(wrong).contains(&meant), "place {at}");
        }
        assert!(neighbours(spoiled(meant, 9)).len() < 40);
        assert_eq!(differing_places(meant, spoiled(meant, 13)), [14]);
    }
}
