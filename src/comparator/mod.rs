//! F2: comparators. A comparator is a named ladder of levels for one kind of value and a pure
//! function of two values that says on which rung a pair stands.
//!
//! Level 0 of every ladder is the null level: one side is missing or is no evidence, so it weighs
//! nothing (invariant 7). The other levels are ordered by how they are shown, not by weight; the
//! weights are the model's business. Labels are Chinese because officers read them; they name what
//! differs and never hold a value.

pub mod birth_date;
pub mod generic;
pub mod named;
pub mod person_name;
pub mod phone;
pub mod place;
pub mod relatives;
pub mod resident_id;
pub mod school;
pub mod sex;

/// One rung of a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Key in models and artifacts, e.g. `toned_homophone`.
    pub key: &'static str,
    /// What an officer reads, e.g. `姓名同音`; empty where there is nothing to say.
    pub label: &'static str,
}

/// A named ladder. The position of a level is its number in patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// Name in pipelines and models, e.g. `person_name`.
    pub name: &'static str,
    /// Levels; the first is always the null level.
    pub levels: &'static [Level],
}

impl Ladder {
    /// Number of the level with this key.
    pub fn level(&self, key: &str) -> Option<u8> {
        self.levels.iter().position(|level| level.key == key).and_then(|at| u8::try_from(at).ok())
    }

    /// Label of a level; empty for a number beyond the ladder.
    pub fn label(&self, level: u8) -> &'static str {
        self.levels.get(usize::from(level)).map_or("", |level| level.label)
    }
}

/// All ladders of the persons of a night; those of a column of any table are [`named::Named`].
pub const ALL: &[Ladder] = &[
    person_name::LADDER,
    resident_id::LADDER,
    birth_date::LADDER,
    sex::LADDER,
    place::LADDER,
    phone::LADDER,
    relatives::LADDER,
];

/// The ladder of a name.
pub fn ladder(name: &str) -> Option<&'static Ladder> {
    ALL.iter().find(|ladder| ladder.name == name)
}

/// Shorthand for the ladders' tables.
const fn rung(key: &'static str, label: &'static str) -> Level {
    Level { key, label }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::kernel::pattern::MAX_LEVELS;

    #[test]
    fn every_ladder_starts_with_null_and_fits_a_pattern() {
        let of_tables = named::Named::ALL.map(named::Named::ladder);
        for ladder in ALL.iter().chain(of_tables) {
            assert_eq!(ladder.levels[0].key, "null", "{}", ladder.name);
            assert!(ladder.levels.len() <= MAX_LEVELS, "{}", ladder.name);
            let keys: BTreeSet<_> = ladder.levels.iter().map(|level| level.key).collect();
            assert_eq!(keys.len(), ladder.levels.len(), "{}", ladder.name);
        }
    }

    #[test]
    fn levels_are_found_by_key() {
        assert_eq!(ladder("sex").and_then(|ladder| ladder.level("different")), Some(sex::DIFFERENT));
        assert_eq!(ladder("shoe_size"), None);
        assert_eq!(sex::LADDER.label(200), "");
    }
}
