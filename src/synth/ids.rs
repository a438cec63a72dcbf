//! Resident numbers: valid, unique, and as close together for twins as a police station hands them out.

use rustc_hash::FxHashSet;

use super::calendar::date;
use super::people::{Family, Person};
use crate::domain::{Day, ResidentId, Sex};

/// Numbers handed out so far. Filled in chunk order by one thread, so the result depends on nothing else.
pub(crate) struct Registry {
    origin: Day,
    /// One thousand bits for every day since `origin`: the county's own codes.
    home: Vec<[u64; 16]>,
    /// Numbers of other counties.
    away: FxHashSet<u64>,
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

impl Registry {
    /// An empty register.
    pub(crate) fn new() -> Self {
        Self { origin: date(1900, 1, 1), home: Vec::new(), away: FxHashSet::default() }
    }

    /// Gives every person of the family a number, and a second one where the police changed it.
    pub(crate) fn number(&mut self, family: &mut Family) {
        for index in 0..family.people.len() {
            let near = family.people[index].twin.and_then(|twin| family.people[twin].id);
            let person = &family.people[index];
            let fresh = self.next(person, near);
            let old = person.renumbered.and_then(|_| self.next(person, None));
            let person = &mut family.people[index];
            person.id = fresh;
            person.old_id = old;
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
            return self.away.insert(body(person.id_region, person.birth, sequence));
        }
        let Ok(day) = usize::try_from(person.birth.days() - self.origin.days()) else { return false };
        if self.home.len() <= day {
            self.home.resize(day + 1, [0; 16]);
        }
        let (word, bit) = (usize::from(sequence / 64), sequence % 64);
        let slot = &mut self.home[day][word];
        let free = *slot & (1 << bit) == 0;
        *slot |= 1 << bit;
        free
    }

    /// A day with more than 499 births of one sex: the number comes from a neighbouring county.
    fn overflow(&mut self, person: &Person, start: u16) -> Option<ResidentId> {
        const NEIGHBOURS: [u32; 4] = [320_623, 320_622, 320_621, 320_624];
        NEIGHBOURS.iter().find_map(|&region| {
            (0..499_u16).find_map(|step| {
                let number = body(region, person.birth, (start + 2 * step) % 1000);
                self.away.insert(number).then(|| ResidentId::from_body(number))
            })
        })
    }
}
