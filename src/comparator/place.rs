//! Places inside the county: the same group, village or town. Registration and residence differ for
//! many, so a difference says little.

use super::{Ladder, rung};
use crate::domain::Place;

/// Same village and same group.
pub const SAME_GROUP: u8 = 1;
/// Same village, group unknown or different.
pub const SAME_VILLAGE: u8 = 2;
/// Same town, village unknown or different.
pub const SAME_TOWN: u8 = 3;
/// Another town.
pub const OTHER_TOWN: u8 = 4;
/// One inside, one outside the county.
pub const OUTSIDE: u8 = 5;

/// The ladder.
pub const LADDER: Ladder = Ladder {
    name: "place",
    levels: &[
        rung("null", ""),
        rung("same_group", "同村组"),
        rung("same_village", "同村（社区）"),
        rung("same_town", "同镇不同村"),
        rung("other_town", "镇（街道）不同"),
        rung("outside", "一方住址在市外"),
    ],
};

/// The level of two places.
pub fn compare(a: Place, b: Place) -> u8 {
    let known = |place: Place| place.town != 0 || place.village != 0;
    if !known(a) || !known(b) {
        let outside = (a.outside && known(b)) || (b.outside && known(a));
        return if outside { OUTSIDE } else { 0 };
    }
    if a.village != 0 && a.village == b.village {
        return if a.group != 0 && a.group == b.group { SAME_GROUP } else { SAME_VILLAGE };
    }
    if a.town == 0 || b.town == 0 {
        return 0;
    }
    if a.town == b.town { SAME_TOWN } else { OTHER_TOWN }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(town: u16, village: u16, group: u16) -> Place {
        Place { town, village, group, outside: false }
    }

    #[test]
    fn the_nearest_shared_place_counts() {
        assert_eq!(compare(place(1, 7, 3), place(1, 7, 3)), SAME_GROUP);
        assert_eq!(compare(place(1, 7, 3), place(1, 7, 0)), SAME_VILLAGE);
        assert_eq!(compare(place(1, 7, 3), place(1, 8, 3)), SAME_TOWN);
        assert_eq!(compare(place(1, 0, 0), place(2, 0, 0)), OTHER_TOWN);
        assert_eq!(compare(place(0, 0, 0), place(2, 0, 0)), 0);
        assert_eq!(compare(Place { outside: true, ..Place::default() }, place(2, 0, 0)), OUTSIDE);
    }
}
