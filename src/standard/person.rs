//! Mentions: who is named in a row, with the values of all roles weighed against each other.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::cell::Cells;
use super::column::{Column, Detail};
use super::place::Places;
use super::role::{Role, Roles};
use super::rowkey::card_base;
use super::signature::sex_of;
use super::tally::{Fault, Tally};
use crate::domain::{
    Day, IdState, LocalKey, Mention, MentionSet, NameId, OtherId, OtherIdSource, Place, Relation, ResidentId,
    Sex,
};

/// Rows that one task takes at once, and tasks between two merges.
const CHUNK_ROWS: usize = 8192;
const CHUNKS_AT_ONCE: usize = 32;

/// What stands in every record for one role.
#[derive(Default)]
pub(super) struct RoleColumns {
    pub(super) id_state: Vec<IdState>,
    pub(super) birth: Vec<Option<Day>>,
    pub(super) sex: Vec<Sex>,
    pub(super) place: Vec<Place>,
}

/// Everything that mentions of one extract are made of.
pub(super) struct Persons<'a> {
    pub(super) extract: u16,
    pub(super) columns: &'a [Column],
    pub(super) roles: &'a Roles,
    pub(super) places: &'a Places,
    pub(super) cells: &'a Cells<'a>,
    /// Rows (in the order of the files) in the order of the records.
    pub(super) rows: &'a [u32],
}

/// Values of one role in one row.
#[derive(Clone, Copy)]
struct Seen {
    name: Option<u32>,
    id: Option<ResidentId>,
    state: IdState,
    own_birth: Option<Day>,
    /// Birth date inside the number.
    id_birth: Option<Day>,
    relation: Relation,
}

/// What one task made of its rows. Mention numbers count from the chunk's first mention; names are
/// numbers of the name column.
#[derive(Default)]
struct Chunk {
    mentions: Vec<Mention>,
    /// The row (in the order of the files) of each mention.
    rows: Vec<u32>,
    local_keys: Vec<LocalKey>,
    other_ids: Vec<OtherId>,
    households: Vec<(u32, u16, Box<str>)>,
    roles: Vec<RoleColumns>,
    faults: Vec<(u32, usize)>,
}

/// Numbers of households, given in the order in which mentions meet them.
#[derive(Default)]
pub(super) struct Households {
    numbers: FxHashMap<(u16, Box<str>), u32>,
}

impl Households {
    fn number(&mut self, namespace: u16, value: Box<str>) -> u32 {
        let next = u32::try_from(self.numbers.len() + 1).expect("fewer than 2^32 households");
        *self.numbers.entry((namespace, value)).or_insert(next)
    }
}

impl Persons<'_> {
    /// Adds the mentions of all rows to `set` and gives the columns that records show for each role.
    /// `place` tells file, sheet and row of a row, for counting.
    pub(super) fn collect(
        &self,
        set: &mut MentionSet,
        households: &mut Households,
        place: impl Fn(u32) -> (u16, u16, u32),
        tally: &mut Tally,
    ) -> Vec<RoleColumns> {
        let mut roles: Vec<RoleColumns> = self.roles.roles.iter().map(|_| RoleColumns::default()).collect();
        let mut names = GlobalNames::new(self);
        for (batch, rows) in self.rows.chunks(CHUNK_ROWS * CHUNKS_AT_ONCE).enumerate() {
            let chunks: Vec<Chunk> = rows
                .par_chunks(CHUNK_ROWS)
                .enumerate()
                .map(|(chunk, rows)| self.chunk(rows, (batch * CHUNKS_AT_ONCE + chunk) * CHUNK_ROWS))
                .collect();
            for chunk in chunks {
                for &(row, field) in &chunk.faults {
                    tally.add(place(row), field, Fault::RelativesIdInCell);
                }
                merge(self, chunk, set, households, &mut names, &mut roles);
            }
        }
        roles
    }

    fn chunk(&self, rows: &[u32], first_record: usize) -> Chunk {
        let count = self.roles.roles.len();
        let mut chunk =
            Chunk { roles: (0..count).map(|_| RoleColumns::default()).collect(), ..Chunk::default() };
        let mut seen = Vec::with_capacity(count);
        for (offset, &row) in rows.iter().enumerate() {
            seen.clear();
            seen.extend(self.roles.roles.iter().map(|role| self.see(role, row as usize)));
            for field in self.refuse_relatives_numbers(&mut seen) {
                chunk.faults.push((row, field));
            }
            for (index, role) in self.roles.roles.iter().enumerate() {
                self.add(&mut chunk, role, index, seen[index], row as usize, first_record + offset);
            }
        }
        chunk
    }

    fn see(&self, role: &Role, row: usize) -> Seen {
        let (mut id, mut state, mut id_birth) =
            match role.resident_id.map(|field| &self.columns[field].detail) {
                Some(Detail::Ids(ids)) => (ids.number(row), ids.state[row], ids.birth(row)),
                _ => (None, IdState::Missing, None),
            };
        let kind = role.id_kind.and_then(|field| self.columns[field].str(row));
        if let Some(kind) = kind {
            let resident =
                role.id_kind_resident.is_empty() || role.id_kind_resident.iter().any(|known| known == kind);
            // A number whose check digit holds is none by chance; then the kind is wrong.
            if !resident && !matches!(state, IdState::Missing | IdState::Valid) {
                (id, state, id_birth) = (None, IdState::OtherDocument, None);
            }
        }
        let name = match &self.columns[role.name].detail {
            Detail::Names(names) => Some(names.local[row]).filter(|&local| local != u32::MAX),
            _ => None,
        };
        Seen {
            name,
            id,
            state,
            own_birth: role.birth_date.and_then(|field| self.columns[field].day(row)),
            id_birth,
            relation: role.relation.relation(|field| self.columns[field].str(row), self.cells.tables),
        }
    }

    /// One number in the cells of two relatives belongs to one of them; the other is not believed.
    /// Gives the fields concerned.
    fn refuse_relatives_numbers(&self, seen: &mut [Seen]) -> Vec<usize> {
        let mut refused = Vec::new();
        for relative in 0..seen.len() {
            let Some(of) = self.roles.roles[relative].of.map(usize::from) else { continue };
            let Some(number) = seen[relative].id.filter(|_| seen[relative].id == seen[of].id) else {
                continue;
            };
            let (younger, elder) = match seen[relative].relation {
                Relation::Child => (relative, of),
                Relation::None | Relation::Householder | Relation::Payee => continue,
                _ => (of, relative),
            };
            let wrong = self.whose_number(number, seen[younger].own_birth, younger, elder);
            if let Some(wrong) = wrong {
                seen[wrong].id = None;
                seen[wrong].id_birth = None;
                seen[wrong].state = IdState::Malformed;
                refused.extend(self.roles.roles[wrong].resident_id);
            }
        }
        refused
    }

    /// Which of the two has the number wrongly: the younger when the number tells an adult that the
    /// row's birth date does not, the elder when it tells the younger's birth date or a minor.
    fn whose_number(
        &self,
        number: ResidentId,
        younger_birth: Option<Day>,
        younger: usize,
        elder: usize,
    ) -> Option<usize> {
        let birth = number.birth()?;
        let adult = birth.age_on(self.cells.as_of) >= 18;
        match younger_birth {
            Some(own) if own == birth => Some(elder),
            _ if adult => Some(younger),
            Some(_) => None,
            None => Some(elder),
        }
    }

    fn add(&self, chunk: &mut Chunk, role: &Role, index: usize, seen: Seen, row: usize, record: usize) {
        let birth = seen.own_birth.or(seen.id_birth);
        let sex = self.sex_of_role(role, seen, row);
        let place = role.place.map_or(Place::default(), |columns| self.places.of(columns, row));
        let columns = &mut chunk.roles[index];
        columns.id_state.push(seen.state);
        columns.birth.push(birth);
        columns.sex.push(sex);
        columns.place.push(place);
        if seen.name.is_none() && seen.id.is_none() {
            return;
        }
        let mention = u32::try_from(chunk.mentions.len()).expect("a chunk holds few mentions");
        self.add_numbers(chunk, role, seen, row, mention);
        chunk.rows.push(u32::try_from(row).expect("fewer than 2^32 rows in an extract"));
        chunk.mentions.push(Mention {
            extract: self.extract,
            role: u8::try_from(index).expect("a contract has few roles"),
            sex,
            row: u32::try_from(record).expect("fewer than 2^32 rows in an extract"),
            name: seen.name.map_or(NameId::NONE, NameId),
            former_name: NameId::NONE,
            id: seen.id,
            id_state: seen.state,
            birth,
            birth_from_id: seen.own_birth.is_none() && birth.is_some(),
            place,
            phone: role.phone.and_then(|field| self.columns[field].str(row)).map_or(0, phone_number),
            of: role.of,
            relation: seen.relation,
        });
    }

    fn sex_of_role(&self, role: &Role, seen: Seen, row: usize) -> Sex {
        let own = role.sex.map_or(Sex::Unknown, |field| sex_of(self.columns[field].str(row)));
        let of_relation = match seen.relation {
            Relation::Father => Sex::Male,
            Relation::Mother => Sex::Female,
            _ => Sex::Unknown,
        };
        let of_number = match seen.id {
            Some(id) if seen.state == IdState::Valid => id.sex(),
            _ => Sex::Unknown,
        };
        [own, role.sex_is, of_relation, of_number]
            .into_iter()
            .find(|sex| *sex != Sex::Unknown)
            .unwrap_or_default()
    }

    /// Local keys, households and the copies of resident numbers inside other numbers.
    fn add_numbers(&self, chunk: &mut Chunk, role: &Role, seen: Seen, row: usize, mention: u32) {
        let text = |field: usize| self.columns[field].str(row);
        for &(namespace, field) in &role.local_key {
            if let Some(value) = text(field).map(card_base).filter(|value| !value.is_empty()) {
                chunk.local_keys.push(LocalKey { mention, namespace, value: value.into() });
            }
        }
        for &(namespace, field) in &role.household {
            if let Some(value) = text(field) {
                chunk.households.push((mention, namespace, value.into()));
            }
        }
        let copies = [
            (
                role.historic_id.and_then(text).and_then(|roll| roll.strip_prefix('G')),
                OtherIdSource::Historic,
            ),
            (role.card_number.and_then(text).and_then(|card| card.get(..18)), OtherIdSource::Card),
        ];
        for (copy, source) in copies {
            let number = copy.and_then(ResidentId::parse).filter(|number| believable(*number));
            if let Some(id) = number.filter(|number| Some(*number) != seen.id) {
                chunk.other_ids.push(OtherId { mention, id, source });
            }
        }
    }

    /// The former name in its own column.
    fn former_name_column(&self, role: &Role, row: usize) -> Option<(usize, u32)> {
        let field = role.former_name?;
        match &self.columns[field].detail {
            Detail::Names(names) => Some((field, names.local[row])).filter(|(_, local)| *local != u32::MAX),
            _ => None,
        }
    }
}

/// A copy counts only when its check digit holds and the date inside exists.
pub(super) fn believable(number: ResidentId) -> bool {
    number.checksum_holds() && number.birth().is_some()
}

/// Telephone digits as a number; 0 when they are too many to be one.
fn phone_number(digits: &str) -> u64 {
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// Names of the columns of one extract as names of the run, filled when a mention first uses them.
struct GlobalNames {
    /// For each field and each of its names: the name and the former name remarked behind it.
    known: Vec<Vec<Option<(NameId, NameId)>>>,
}

impl GlobalNames {
    fn new(persons: &Persons<'_>) -> Self {
        let known = persons.columns.iter().map(|column| match &column.detail {
            Detail::Names(names) => vec![None; names.names.len()],
            _ => Vec::new(),
        });
        Self { known: known.collect() }
    }

    fn get(
        &mut self,
        persons: &Persons<'_>,
        set: &mut MentionSet,
        field: usize,
        local: u32,
    ) -> (NameId, NameId) {
        let slot = &mut self.known[field][local as usize];
        *slot.get_or_insert_with(|| {
            let Detail::Names(names) = &persons.columns[field].detail else {
                return (NameId::NONE, NameId::NONE);
            };
            let (name, former) = &names.names[local as usize];
            let name = set.names.intern(name.clone());
            (name, former.as_ref().map_or(NameId::NONE, |former| set.names.intern(former.clone())))
        })
    }
}

/// Appends a chunk; chunks come in the order of the records.
fn merge(
    persons: &Persons<'_>,
    chunk: Chunk,
    set: &mut MentionSet,
    households: &mut Households,
    names: &mut GlobalNames,
    roles: &mut [RoleColumns],
) {
    let base = u32::try_from(set.mentions.len()).expect("fewer than 2^32 mentions in a run");
    for (mut mention, row) in chunk.mentions.into_iter().zip(chunk.rows) {
        let role = &persons.roles.roles[usize::from(mention.role)];
        let own_former = persons.former_name_column(role, row as usize);
        let (name, remarked) = if mention.name.is_some() {
            names.get(persons, set, role.name, mention.name.0)
        } else {
            (NameId::NONE, NameId::NONE)
        };
        mention.name = name;
        mention.former_name =
            own_former.map_or(remarked, |(field, local)| names.get(persons, set, field, local).0);
        set.mentions.push(mention);
    }
    set.household.resize(set.mentions.len(), 0);
    for (mention, namespace, value) in chunk.households {
        set.household[(base + mention) as usize] = households.number(namespace, value);
    }
    set.local_keys.extend(chunk.local_keys.into_iter().map(|mut key| {
        key.mention += base;
        key
    }));
    set.other_ids.extend(chunk.other_ids.into_iter().map(|mut other| {
        other.mention += base;
        other
    }));
    for (all, part) in roles.iter_mut().zip(chunk.roles) {
        all.id_state.extend(part.id_state);
        all.birth.extend(part.birth);
        all.sex.extend(part.sex);
        all.place.extend(part.place);
    }
}
