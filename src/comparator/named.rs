//! The comparators that any table may name for a column of its own: the same ladders as for the persons of a
//! night, and one for schools.

use super::{Ladder, person_name, phone, place, resident_id, school};

/// A comparator of a column by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// [`person_name`]
    PersonName,
    /// [`resident_id`]
    ResidentId,
    /// [`place`], of addresses as people write them.
    AddressCn,
    /// [`phone`]
    Phone,
    /// [`school`]
    School,
}

impl Named {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::PersonName, Self::ResidentId, Self::AddressCn, Self::Phone, Self::School];

    /// Its name in pipelines.
    pub const fn word(self) -> &'static str {
        match self {
            Self::PersonName => "person_name",
            Self::ResidentId => "resident_id",
            Self::AddressCn => "address_cn",
            Self::Phone => "phone",
            Self::School => "school",
        }
    }

    /// Its ladder; level 1 is that of equal values.
    pub const fn ladder(self) -> &'static Ladder {
        match self {
            Self::PersonName => &person_name::LADDER,
            Self::ResidentId => &resident_id::LADDER,
            Self::AddressCn => &place::LADDER,
            Self::Phone => &phone::LADDER,
            Self::School => &school::LADDER,
        }
    }
}
