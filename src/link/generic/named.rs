//! The comparators of people's fields on a column of any table: each different value is read once, as the cells
//! of a night are, and pairs get the level that the comparator gives them.

use std::sync::Arc;

use crate::comparator::generic::{Cell, Condition, Ladder, Measure, Operand, When};
use crate::comparator::named::Named;
use crate::comparator::person_name::NameBook;
use crate::comparator::{phone, place, resident_id, school};
use crate::domain::{Day, IdState, NameId, NamePool, Place, ResidentId, SchoolName};
use crate::field;
use crate::tables::Tables;

/// What the comparators look up.
#[derive(Clone, Debug)]
pub struct Readers {
    /// Characters, names, regions, places.
    pub tables: Arc<Tables>,
    /// Day of the data: nobody is born after it.
    pub as_of: Day,
}

/// The values of a column, read for a comparator; by code, the missing one first.
pub(super) enum Values {
    Names { book: Box<NameBook<Arc<Tables>>>, names: Vec<Names> },
    Ids(Vec<(Option<ResidentId>, IdState)>),
    Places(Vec<Place>),
    Phones(Vec<u64>),
    Schools(Vec<SchoolName>),
}

/// The name of a cell and the former name that stands beside it.
type Names = (NameId, NameId);

impl std::fmt::Debug for Values {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Values")
    }
}

/// The comparator that a ladder is, and the column it compares.
fn of_ladder(ladder: &Ladder) -> Option<(Named, &str)> {
    ladder.rungs.iter().find_map(|rung| match &rung.when {
        When::Holds(Condition::Measured {
            measure: Measure::Named(named),
            left: Operand::Term(_, term),
            ..
        }) => Some((*named, term.column.as_str())),
        _ => None,
    })
}

/// The values of a ladder's column by code, read for the comparator that the ladder is, if it is one.
///
/// # Errors
/// What keeps them from being read, in words.
pub(super) fn values<'c>(
    ladder: &Ladder,
    cells: impl Iterator<Item = &'c Cell>,
    readers: Option<&Readers>,
) -> Result<Option<Values>, String> {
    let Some((named, column)) = of_ladder(ladder) else { return Ok(None) };
    let Some(readers) = readers else { return Err(format!("`{}` has no tables to look up", named.word())) };
    let read = Values::read(named, cells, readers);
    read.map(Some).ok_or_else(|| format!("`{column}` holds texts that are no Chinese names"))
}

impl Values {
    /// Reads values for a comparator; nothing when they are no names of the kind it compares.
    fn read<'c>(named: Named, cells: impl Iterator<Item = &'c Cell>, readers: &Readers) -> Option<Self> {
        let Readers { tables, as_of } = readers;
        let texts = cells.map(|cell| match cell {
            Cell::Text(text) => text.text(),
            _ => String::new(),
        });
        Some(match named {
            Named::PersonName => {
                let mut pool = NamePool::default();
                let names = texts.map(|text| names(&text, tables, &mut pool)).collect();
                Self::Names { book: Box::new(NameBook::of(&pool, Arc::clone(tables))?), names }
            }
            Named::ResidentId => Self::Ids(texts.map(|text| number(&text, tables, *as_of)).collect()),
            Named::AddressCn => Self::Places(
                texts.map(|text| field::address::parse(&text, &tables.gazetteer).place).collect(),
            ),
            Named::Phone => {
                let number =
                    |text: String| field::phone::parse(&text).value().map_or(0, field::phone::Phone::number);
                Self::Phones(texts.map(number).collect())
            }
            Named::School => {
                Self::Schools(texts.map(|text| field::school::parse(&text, &tables.gazetteer)).collect())
            }
        })
    }

    /// The level of two codes.
    pub(super) fn level(&self, left: u32, right: u32) -> u8 {
        let (left, right) = (left as usize, right as usize);
        match self {
            Self::Names { book, names } => book.compare_with_former(names[left], names[right]),
            Self::Ids(ids) => resident_id::compare(ids[left], ids[right]),
            Self::Places(places) => place::compare(places[left], places[right]),
            Self::Phones(phones) => phone::compare(phones[left], phones[right]),
            Self::Schools(schools) => school::compare(&schools[left], &schools[right]),
        }
    }

    /// Whether a code says nothing, whatever the other is.
    pub(super) fn silent(&self, code: u32) -> bool {
        let code = code as usize;
        match self {
            Self::Names { book, names } => !book.tells(names[code].0),
            Self::Ids(ids) => ids[code].0.is_none(),
            Self::Places(places) => places[code] == Place::default(),
            Self::Phones(phones) => phones[code] == 0,
            Self::Schools(schools) => schools[code].key.is_empty(),
        }
    }
}

fn names(text: &str, tables: &Tables, pool: &mut NamePool) -> Names {
    let clean = field::name::standardise(text, tables);
    let mut id = |name: Option<crate::domain::StdName>| name.map_or(NameId::NONE, |name| pool.intern(name));
    (id(clean.name), id(clean.former))
}

/// A number with its state; of one that lost its last digits what is left, as [`resident_id::compare`] takes it.
fn number(text: &str, tables: &Tables, as_of: Day) -> (Option<ResidentId>, IdState) {
    let graded = field::resident_id::grade(text, &tables.regions, as_of);
    let left = |digits: u64| ResidentId::from_packed(digits * 100 * 11);
    (graded.id.or(graded.lost.map(left)), graded.state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparator::school::{
        CAMPUS, DIFFERENT, ONE_CHARACTER, OTHER_STAGE, SAME, SHORTENED, compare,
    };
    use crate::field::school::parse;
    use crate::tables::Area;

    #[track_caller]
    fn check(tables: &Tables, a: &str, b: &str, expected: u8) {
        let (a, b) = (parse(a, &tables.gazetteer), parse(b, &tables.gazetteer));
        assert_eq!((compare(&a, &b), compare(&b, &a)), (expected, expected), "{a:?} {b:?}");
    }

    #[test]
    fn one_school_is_written_in_many_ways() {
        let tables = Tables::load(None).unwrap();
        check(&tables, "临江镇第二小学", "临江镇二小", SAME);
        check(&tables, "临江镇第２小学", " 临江镇 第二小学 ", SAME);
        check(&tables, "临江镇中心小学", "临江镇小学", SHORTENED);
        check(&tables, "临江初级中学", "临江中学", SHORTENED);
        check(&tables, "临江小学（城北校区）", "临江小学南校区", CAMPUS);
        check(&tables, "临江小学（城北校区）", "临江小学", SAME);
        check(&tables, "临江小学", "临河小学", ONE_CHARACTER);
        check(&tables, "临江小学", "临江中学", OTHER_STAGE);
        check(&tables, "临江镇第二小学", "临江镇第三小学", DIFFERENT);
        check(&tables, "临江小学", "海门路小学", DIFFERENT);
        check(&tables, "临江小学", "无", 0);
        check(&tables, "无", "无", 0);
    }

    #[test]
    fn the_names_above_the_school_do_not_count_unless_they_are_its_own() {
        let tables = Tables::load(None).unwrap();
        let own = own_county(&tables);
        check(&tables, &format!("{own}临江小学"), "临江小学", SAME);
        check(&tables, &format!("{own}第一中学"), &format!("{own}一中"), SAME);
        check(&tables, &format!("{own}第一中学"), "临江第一中学", DIFFERENT);
    }

    /// The name of our county, found by what the gazetteer calls its own.
    fn own_county(tables: &Tables) -> String {
        let known = include_str!("../../../schemas/tables/region_code_history.tsv");
        let names = known.lines().flat_map(|line| line.split('\t')).filter(|cell| cell.ends_with('市'));
        let own = |name: &&str| matches!(tables.gazetteer.area_at(name), Area::Own(end) if end == name.len());
        names.filter(own).min_by_key(|name| name.len()).unwrap().to_owned()
    }
}
