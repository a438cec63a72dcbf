//! Where a person lives: the row's own town and village first, what they leave open from the address.

use rustc_hash::FxHashMap;

use super::cell::Cells;
use super::column::{Column, Detail};
use super::role::{PlaceColumns, Roles};
use crate::domain::Place;

/// Places of all rows for each distinct set of place columns, in the order of the files.
pub(super) struct Places {
    places: Vec<Vec<Place>>,
}

impl Places {
    /// Works out the places of `rows` rows.
    pub(super) fn of_rows(roles: &Roles, columns: &[Column], rows: usize, cells: &Cells<'_>) -> Self {
        Self { places: roles.places.iter().map(|set| places(set, columns, rows, cells)).collect() }
    }

    /// The place of a row for one set of columns.
    pub(super) fn of(&self, set: usize, row: usize) -> Place {
        self.places[set][row]
    }
}

fn places(set: &PlaceColumns, columns: &[Column], rows: usize, cells: &Cells<'_>) -> Vec<Place> {
    let text = |field: Option<usize>, row: usize| field.and_then(|field| columns[field].str(row));
    let mut known: FxHashMap<(Option<&str>, Option<&str>), Place> = FxHashMap::default();
    (0..rows)
        .map(|row| {
            let key = (text(set.town, row), text(set.village, row));
            let own = *known.entry(key).or_insert_with(|| cells.place_of_columns(key.0, key.1));
            let mut addresses = set.address.iter().filter_map(|&field| match &columns[field].detail {
                Detail::Places(places) => Some(places[row]),
                _ => None,
            });
            let address = addresses.find(|place| *place != Place::default());
            address.map_or(own, |address| completed(own, address))
        })
        .collect()
}

/// `place` with what it leaves open from `address`, as far as the two do not contradict each other.
fn completed(place: Place, address: Place) -> Place {
    if place == Place::default() {
        return address;
    }
    let agrees = |own: u16, other: u16| own == other || own == 0 || other == 0;
    let agreed = agrees(place.town, address.town) && agrees(place.village, address.village);
    if place.outside || address.outside || !agreed {
        return place;
    }
    let first = |own: u16, other: u16| if own == 0 { other } else { own };
    Place {
        town: first(place.town, address.town),
        village: first(place.village, address.village),
        group: first(place.group, address.group),
        outside: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(town: u16, village: u16, group: u16) -> Place {
        Place { town, village, group, outside: false }
    }

    #[test]
    fn the_address_completes_the_columns_and_never_overrules_them() {
        let outside = Place { outside: true, ..Place::default() };
        for (columns, address, expected) in [
            (at(0, 0, 0), at(3, 7, 2), at(3, 7, 2)),
            (at(3, 0, 0), at(3, 7, 2), at(3, 7, 2)),
            (at(3, 7, 0), at(3, 7, 2), at(3, 7, 2)),
            (at(3, 7, 0), at(3, 8, 2), at(3, 7, 0)),
            (at(4, 0, 0), at(3, 7, 2), at(4, 0, 0)),
            (at(4, 9, 0), outside, at(4, 9, 0)),
            (at(0, 0, 0), outside, outside),
            (at(3, 7, 0), at(0, 0, 5), at(3, 7, 5)),
        ] {
            assert!(completed(columns, address) == expected);
        }
    }
}
