//! Units: the persons found so far, with their best values, as the model compares them.

use rayon::prelude::*;

use super::clusters::Clusters;
use super::prepare::Prepared;
use crate::comparator::resident_id;
use crate::domain::{Day, IdState, Mention, NameId, Place, Relation, ResidentId, Sex};

/// One person found so far.
pub(super) struct Unit {
    /// The mention that content names first among the most telling ones.
    pub(super) hub: u32,
    /// Smallest content key of its mentions: decides ties.
    pub(super) key: u64,
    /// Up to three names, the most frequent first.
    pub(super) names: [NameId; 3],
    pub(super) former: NameId,
    /// Trusted number: packed + 1, 0 none.
    pub(super) id: u64,
    /// A number that is damaged, when there is no trusted one.
    pub(super) weak: Option<(ResidentId, IdState)>,
    pub(super) birth: Option<Day>,
    /// The birth date was read from the trusted number.
    pub(super) birth_from_id: bool,
    pub(super) sex: Sex,
    pub(super) places: [Place; 2],
    pub(super) phone: u64,
    pub(super) slots: u64,
    /// Whether it is looked up among the others: no trusted number of its own.
    pub(super) probe: bool,
    /// Whether it is one row taken out of its person. Whom it names beside itself is then known by an own
    /// number only: what links have told of them rests on who the row is.
    pub(super) apart: bool,
}

/// A row to be looked at as if its person were not known.
#[derive(Clone, Copy)]
pub(super) struct ApartRow {
    /// Its person.
    pub(super) unit: u32,
    /// The row's mention, one of several of the person.
    pub(super) mention: u32,
    /// What is left of its number.
    pub(super) weak: Option<(ResidentId, IdState)>,
}

/// What [`Units::put_back`] needs.
pub(super) struct Apart {
    /// Units before.
    units: usize,
    /// Members before.
    members: usize,
    /// Persons as they were, and the place and value of the member that was replaced.
    persons: Vec<(u32, Unit, usize, u32)>,
}

/// Somebody named beside a person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Relative {
    pub(super) kind: Relation,
    /// Its set, as a mention index of the set's root.
    pub(super) root: u32,
    pub(super) name: u32,
    pub(super) phone: u64,
    /// Whether its set has a trusted number or several mentions: then sharing it is evidence.
    pub(super) known: bool,
}

/// Units sorted by content key, and the mentions of each.
pub(super) struct Units {
    pub(super) all: Vec<Unit>,
    starts: Vec<u32>,
    members: Vec<u32>,
}

impl Units {
    /// Nobody, where nobody is looked up.
    pub(super) fn none() -> Self {
        Self { all: Vec::new(), starts: vec![0], members: Vec::new() }
    }

    /// Builds the units of all sets that can be compared at all; sets of name-only relatives stay out.
    pub(super) fn build(prepared: &Prepared<'_>, clusters: &Clusters) -> Self {
        let persons = clusters.persons(prepared.keys());
        let (all, kept): (Vec<Unit>, Vec<usize>) = (0..persons.len())
            .into_par_iter()
            .map_init(Told::default, |told, at| Some((unit(prepared, clusters, persons.get(at), told)?, at)))
            .flatten_iter()
            .unzip();
        let mut built = Self { all, starts: Vec::with_capacity(kept.len() + 1), members: Vec::new() };
        built.starts.push(0);
        built.members.reserve(prepared.len() as usize);
        for at in kept {
            built.members.extend(persons.get(at));
            built.starts.push(u32::try_from(built.members.len()).unwrap_or(u32::MAX));
        }
        built
    }

    /// One unit for each of these mentions by itself, in the order given; `None` when one of them says
    /// too little to be compared.
    pub(super) fn of_mentions(
        prepared: &Prepared<'_>,
        clusters: &Clusters,
        mentions: &[u32],
    ) -> Option<Self> {
        let (mut built, mut told) = (Self::none(), Told::default());
        for &at in mentions {
            built.all.push(unit(prepared, clusters, &[at], &mut told)?);
            built.members.push(at);
            built.starts.push(u32::try_from(built.members.len()).ok()?);
        }
        Some(built)
    }

    /// Takes rows out of their persons, at most one of each, and puts each at the end as a person of its own.
    /// Gives their units; `None` for rows that tell too little by themselves.
    pub(super) fn set_apart(
        &mut self,
        prepared: &Prepared<'_>,
        clusters: &Clusters,
        rows: &[ApartRow],
    ) -> (Vec<Option<u32>>, Apart) {
        let mut apart = Apart { units: self.all.len(), members: self.members.len(), persons: Vec::new() };
        let (mut placed, mut told) = (Vec::with_capacity(rows.len()), Told::default());
        for row in rows {
            let Some(alone) = apart_unit(prepared, clusters, row, &mut told) else {
                placed.push(None);
                continue;
            };
            let start = self.starts[row.unit as usize] as usize;
            let own = start..self.starts[row.unit as usize + 1] as usize;
            let rest: Vec<u32> =
                self.members[own.clone()].iter().copied().filter(|&at| at != row.mention).collect();
            let place = own.into_iter().find(|&at| self.members[at] == row.mention);
            let (Some(place), Some(&first), Some(mut person)) =
                (place, rest.first(), unit(prepared, clusters, &rest, &mut told))
            else {
                placed.push(None);
                continue;
            };
            person.slots = rest.iter().fold(0, |slots, &at| slots | prepared.role(prepared.mention(at)).slot);
            // Another member stands twice: who is named beside it counts once all the same.
            self.members[place] = first;
            let before = std::mem::replace(&mut self.all[row.unit as usize], person);
            apart.persons.push((row.unit, before, place, row.mention));
            placed.push(u32::try_from(self.all.len()).ok());
            self.all.push(alone);
            self.members.push(row.mention);
            self.starts.push(u32::try_from(self.members.len()).unwrap_or(u32::MAX));
        }
        (placed, apart)
    }

    /// Undoes [`Units::set_apart`].
    pub(super) fn put_back(&mut self, apart: Apart) {
        for (unit, person, place, mention) in apart.persons.into_iter().rev() {
            self.all[unit as usize] = person;
            self.members[place] = mention;
        }
        self.all.truncate(apart.units);
        self.starts.truncate(apart.units + 1);
        self.members.truncate(apart.members);
    }

    /// Mentions of a unit, in order of their content keys.
    pub(super) fn members(&self, unit: u32) -> &[u32] {
        let at = unit as usize;
        &self.members[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Mentions beside a unit's own in their rows that are something of it or it of them, with what they are.
    pub(super) fn beside<'a>(
        &'a self,
        prepared: &'a Prepared<'_>,
        unit: u32,
    ) -> impl Iterator<Item = (u32, Relation)> + use<'a> {
        self.members(unit).iter().flat_map(move |&at| {
            let own = prepared.mention(at);
            prepared.row(at).filter(move |&mate| mate != at).filter_map(move |mate| {
                let other = prepared.mention(mate);
                if other.of == Some(own.role) {
                    Some((mate, other.relation))
                } else if own.of == Some(other.role) {
                    Some((mate, reverse(own.relation)))
                } else {
                    None
                }
            })
        })
    }

    /// Everybody named beside a unit: its parents, guardians, payees; its children; sorted, each once.
    pub(super) fn relatives(&self, prepared: &Prepared<'_>, clusters: &Clusters, unit: u32) -> Vec<Relative> {
        let relative = |(mate, kind): (u32, Relation)| {
            let other = prepared.mention(mate);
            let bears = Prepared::usable_id(other) != 0 && !clusters.disputed[mate as usize];
            let linked = bears || !self.all[unit as usize].apart;
            Relative {
                kind,
                root: if linked { clusters.root(mate) } else { mate },
                name: other.name.0,
                phone: other.phone,
                known: linked && (clusters.id_of(mate) != 0 || clusters.size(mate) > 1),
            }
        };
        let mut found: Vec<Relative> = self.beside(prepared, unit).map(relative).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// What the other is to someone who is its `relation`.
fn reverse(relation: Relation) -> Relation {
    match relation {
        Relation::Father | Relation::Mother | Relation::Adopter => Relation::Child,
        Relation::Child => Relation::Guardian,
        _ => Relation::None,
    }
}

/// How often each value of a set was told.
#[derive(Default)]
struct Told {
    names: Vec<(NameId, u32)>,
    /// Birth dates, and whether they were read from a number.
    births: Vec<((Day, bool), u32)>,
    sexes: Vec<(Sex, u32)>,
    places: Vec<(Place, u32)>,
    phones: Vec<(u64, u32)>,
}

impl Told {
    /// Forgets everything; the room stays.
    fn clear(&mut self) {
        self.names.clear();
        self.births.clear();
        self.sexes.clear();
        self.places.clear();
        self.phones.clear();
    }

    /// Counts what a mention tells. What was read from a number that is someone else's (`disputed`) is
    /// someone else's as well.
    fn add(&mut self, prepared: &Prepared<'_>, mention: &Mention, disputed: bool) {
        if prepared.names.tells(mention.name) {
            tally(&mut self.names, mention.name, 1000);
        } else if prepared.names.is_stand_in(mention.name) {
            tally(&mut self.names, mention.name, 1);
        }
        if let Some(birth) = mention.birth.filter(|_| !(disputed && mention.birth_from_id)) {
            tally(&mut self.births, (birth, mention.birth_from_id), 1);
        }
        if mention.sex != Sex::Unknown {
            tally(&mut self.sexes, mention.sex, 1);
        }
        if mention.place.town != 0 || mention.place.village != 0 || mention.place.outside {
            tally(&mut self.places, mention.place, 1 + 4 * u32::from(mention.place.village != 0));
        }
        if mention.phone != 0 {
            tally(&mut self.phones, mention.phone, 1);
        }
    }

    /// Gives a unit the value told most often of each kind.
    fn choose(&mut self, prepared: &Prepared<'_>, unit: &mut Unit) {
        best_first(&mut self.names, |name| prepared.names.hash(*name));
        for (slot, (name, _)) in unit.names.iter_mut().zip(&self.names) {
            *slot = *name;
        }
        self.births.sort_by_key(|&((birth, from_id), n)| (from_id, std::cmp::Reverse(n), birth));
        if let Some(&((birth, from_id), _)) = self.births.first() {
            (unit.birth, unit.birth_from_id) = (Some(birth), from_id);
        }
        best_first(&mut self.sexes, |sex| u64::from(*sex as u8));
        unit.sex = self.sexes.first().map_or(Sex::Unknown, |(sex, _)| *sex);
        best_first(&mut self.places, |place| {
            u64::from(place.village) << 32 | u64::from(place.town) << 16 | u64::from(place.group)
        });
        for (slot, (place, _)) in unit.places.iter_mut().zip(&self.places) {
            *slot = *place;
        }
        best_first(&mut self.phones, |phone| *phone);
        unit.phone = self.phones.first().map_or(0, |(phone, _)| *phone);
    }
}

/// Best values of a set, `None` when there is nothing to compare.
fn unit(prepared: &Prepared<'_>, clusters: &Clusters, members: &[u32], told: &mut Told) -> Option<Unit> {
    let unit = best_values(prepared, clusters, members, told);
    can_be_compared(prepared, &unit, members).then_some(unit)
}

/// A row by itself without its number and all that was read from it, `None` when nothing is left to compare.
fn apart_unit(prepared: &Prepared<'_>, clusters: &Clusters, row: &ApartRow, told: &mut Told) -> Option<Unit> {
    let mention = prepared.mention(row.mention);
    let role = prepared.role(mention);
    let mut unit = Unit {
        id: 0,
        weak: row.weak,
        slots: role.slot,
        probe: true,
        apart: true,
        ..best_values(prepared, clusters, &[row.mention], told)
    };
    if unit.birth_from_id {
        (unit.birth, unit.birth_from_id) = (None, false);
    }
    if role.sex_by_number && !matches!(mention.relation, Relation::Father | Relation::Mother) {
        unit.sex = Sex::Unknown;
    }
    can_be_compared(prepared, &unit, &[row.mention]).then_some(unit)
}

/// `told` is only room to count in.
fn best_values(prepared: &Prepared<'_>, clusters: &Clusters, members: &[u32], told: &mut Told) -> Unit {
    let id = clusters.id_of(members[0]);
    let mut unit = Unit {
        hub: members[0],
        key: prepared.key(members[0]),
        names: [NameId::NONE; 3],
        former: NameId::NONE,
        id,
        weak: None,
        birth: None,
        birth_from_id: false,
        sex: Sex::Unknown,
        places: [Place::default(); 2],
        phone: 0,
        slots: clusters.slots_of(members[0]),
        probe: id == 0,
        apart: false,
    };
    told.clear();
    for &at in members {
        let mention = prepared.mention(at);
        let disputed = clusters.disputed[at as usize];
        told.add(prepared, mention, disputed);
        if mention.former_name.is_some() && !unit.former.is_some() {
            unit.former = mention.former_name;
        }
        if id == 0 && !disputed && unit.weak.is_none() && !resident_id::usable(mention.id_state) {
            unit.weak = mention.id.map(|number| (number, mention.id_state));
        }
    }
    told.choose(prepared, &mut unit);
    unit
}

/// A name alone, of somebody named beside another person, is nothing to compare.
fn can_be_compared(prepared: &Prepared<'_>, unit: &Unit, members: &[u32]) -> bool {
    let only_beside = || {
        members.iter().all(|&at| {
            let mention = prepared.mention(at);
            mention.of.is_some() && mention.relation != Relation::Child
        })
    };
    let in_company = || members.iter().any(|&at| prepared.row(at).len() > 1);
    let hold = unit.id != 0 || unit.birth.is_some() || unit.weak.is_some() || unit.phone != 0;
    unit.names[0].is_some() && (hold || (!only_beside() && (unit.places[0].village != 0 || in_company())))
}

fn tally<T: PartialEq + Copy>(counts: &mut Vec<(T, u32)>, value: T, n: u32) {
    match counts.iter_mut().find(|(known, _)| *known == value) {
        Some((_, count)) => *count += n,
        None => counts.push((value, n)),
    }
}

fn best_first<T>(counts: &mut [(T, u32)], tie: impl Fn(&T) -> u64) {
    counts.sort_by_key(|(value, n)| (std::cmp::Reverse(*n), tie(value)));
}
