//! Resident numbers: valid, unique, and as close together for twins as a police station hands them out.

use rustc_hash::FxHashMap;

use super::calendar::date;
use super::people::{Family, Person};
use crate::domain::{Day, ResidentId, Sex};

/// One thousand bits for every day since the first: sequences of the county's own codes.
type Days = Vec<[u64; 16]>;

/// Numbers handed out so far. Filled in chunk order by one thread, so the result depends on nothing else.
pub(crate) struct Registry {
    origin: Day,
    /// Numbers of the county's own codes that are taken, and those that stand in the population register.
    taken: Days,
    residents: Days,
    /// Numbers of other counties, true for those that stand in the population register.
    away: FxHashMap<u64, bool>,
}

/// The county's code in the year the number was coded.
fn home_region(birth: Day) -> u32 {
    match birth.ymd().0 {
        ..1989 => 320_626,
        1989..1995 => 329_013,
        _ => 320_681,
    }
}

fn body(region: u32, birth: Day, sequence: u16) -> u64 {
    let (year, month, day) = birth.ymd();
    let date = u64::from(year.unsigned_abs()) * 10_000 + u64::from(month) * 100 + u64::from(day);
    u64::from(region) * 100_000_000_000 + date * 1000 + u64::from(sequence)
}

fn held(bits: &[u64; 16], sequence: u16) -> bool {
    bits[usize::from(sequence / 64)] & (1 << (sequence % 64)) != 0
}

/// Sets a bit; true when it was free.
fn hold(days: &mut Days, day: usize, sequence: u16) -> bool {
    if days.len() <= day {
        days.resize(day + 1, [0; 16]);
    }
    let free = !held(&days[day], sequence);
    days[day][usize::from(sequence / 64)] |= 1 << (sequence % 64);
    free
}

impl Registry {
    /// An empty register.
    pub(crate) fn new() -> Self {
        Self {
            origin: date(1900, 1, 1),
            taken: Vec::new(),
            residents: Vec::new(),
            away: FxHashMap::default(),
        }
    }

    /// Gives every person of the family a number, and a second one where the police changed it or wrote
    /// the person down twice.
    pub(crate) fn number(&mut self, family: &mut Family) {
        for index in 0..family.people.len() {
            let near = family.people[index].twin.and_then(|twin| family.people[twin].id);
            let person = &family.people[index];
            let fresh = self.next(person, near);
            let second = person.renumbered.is_some() || person.twice.is_some();
            let old = if second { self.next(person, None) } else { None };
            if let (true, Some(id)) = (person.local, fresh) {
                self.register(id);
            }
            let person = &mut family.people[index];
            person.id = fresh;
            person.old_id = old;
        }
    }

    /// Whether somebody in the population register has this number, of those numbered so far.
    pub(crate) fn resident(&self, id: ResidentId) -> bool {
        if let Some(&resident) = self.away.get(&id.body()) {
            return resident;
        }
        self.home_day(id)
            .and_then(|day| self.residents.get(day))
            .is_some_and(|bits| held(bits, id.sequence()))
    }

    /// The day of birth of a number of the county's own codes, counted from the first.
    fn home_day(&self, id: ResidentId) -> Option<usize> {
        let birth = id.birth().filter(|&birth| home_region(birth) == id.region())?;
        usize::try_from(birth.days() - self.origin.days()).ok()
    }

    fn register(&mut self, id: ResidentId) {
        if let Some(resident) = self.away.get_mut(&id.body()) {
            *resident = true;
        } else if let Some(day) = self.home_day(id) {
            hold(&mut self.residents, day, id.sequence());
        }
    }

    fn next(&mut self, person: &Person, twin: Option<ResidentId>) -> Option<ResidentId> {
        let parity = u16::from(person.sex == Sex::Male);
        let hint = twin.map_or(person.seq_hint, |id| id.sequence() + 1) % 998;
        let start = if hint % 2 == parity { hint } else { hint + 1 };
        for step in 0..499_u16 {
            let sequence = (start + 2 * step) % 1000;
            if sequence != 0 && self.take(person, sequence) {
                let region = if person.id_region == 0 { home_region(person.birth) } else { person.id_region };
                return Some(ResidentId::from_body(body(region, person.birth, sequence)));
            }
        }
        self.overflow(person, start)
    }

    fn take(&mut self, person: &Person, sequence: u16) -> bool {
        if person.id_region != 0 {
            return self.away.insert(body(person.id_region, person.birth, sequence), false).is_none();
        }
        let Ok(day) = usize::try_from(person.birth.days() - self.origin.days()) else { return false };
        hold(&mut self.taken, day, sequence)
    }

    /// A day with more than 499 births of one sex: the number comes from a neighbouring county.
    fn overflow(&mut self, person: &Person, start: u16) -> Option<ResidentId> {
        const NEIGHBOURS: [u32; 4] = [320_623, 320_622, 320_621, 320_624];
        NEIGHBOURS.iter().find_map(|&region| {
            (0..499_u16).find_map(|step| {
                let number = body(region, person.birth, (start + 2 * step) % 1000);
                self.away.insert(number, false).is_none().then(|| ResidentId::from_body(number))
            })
        })
    }
}
