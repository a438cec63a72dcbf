//! What the rules ought to find, told from the lives (never by running rules): what is really so, as far as
//! the delivered files can show it at their cut-off dates.

mod exits;
mod guardians;
mod papers;
mod people;
mod quality;
mod records;
mod reviews;
mod school;
mod second_school;
mod second_uncovered;
mod uncovered;
mod villages;

pub(crate) use self::papers::shown;
pub(crate) use self::records::incomplete;
pub(crate) use self::villages::{VillageFacts, expected_of_villages, village_facts};

use super::families::World;
use super::layout::Extract;
use super::people::{Death, Family, Kid, MoveKind, Person, Roster};
use super::rates::Rates;
use crate::domain::Month;

/// A finding that is expected.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Expected {
    /// Rule id.
    pub(crate) rule: &'static str,
    /// The person it is about.
    pub(crate) person: u64,
    /// Event key; empty where it is a row key that is a digest.
    pub(crate) event: String,
    /// Papers about others that it hangs on.
    pub(crate) papers: Vec<(Extract, u64)>,
    /// Who else may stand for the same matter: a village is no person.
    pub(crate) stand_ins: Vec<u64>,
}

impl Expected {
    /// Without papers about others.
    pub(crate) fn new(rule: &'static str, person: u64, event: impl Into<String>) -> Self {
        Self { rule, person, event: event.into(), papers: Vec::new(), stand_ins: Vec::new() }
    }
}

/// Everything expected of a family.
pub(crate) fn expected(world: &World<'_>, rates: &Rates, family: &Family, out: &mut Vec<Expected>) {
    for index in 0..family.people.len() {
        people::of_person(world, family, index, out);
    }
    for index in family.kids() {
        let child = &family.people[index];
        let Some(kid) = child.kid.as_deref() else { continue };
        let case = Case { world, rates, family, index, child, kid };
        case.school(out);
        case.exits(out);
        case.guardians(out);
        case.uncovered(out);
        case.quality(out);
        case.reviews(out);
        case.records(out);
        case.second_school(out);
        case.second_uncovered(out);
    }
}

/// A death that at least one delivered file shows.
fn visible(world: &World<'_>, person: &Person) -> Option<Death> {
    let calendar = world.calendar;
    person.death.filter(|death| {
        let police = person.local && death.police.is_some_and(|d| d <= calendar.police);
        police || death.cremation.is_some_and(|d| d <= calendar.civil) || death.certificate
    })
}

fn paid_months(world: &World<'_>, person: &Person, project: impl Fn(&str) -> bool) -> Vec<Month> {
    let calendar = world.calendar;
    let mut months: Vec<Month> = person
        .pays
        .iter()
        .filter(|pay| project(pay.project))
        .flat_map(|pay| {
            let last = pay.to.min(calendar.pay_to).index();
            (pay.from.max(calendar.pay_from).index()..=last)
                .map(Month::from_index)
                .filter(|&month| pay.returned_from.is_none_or(|from| month < from))
        })
        .collect();
    months.sort_unstable();
    months
}

fn push(out: &mut Vec<Expected>, rule: &'static str, person: &Person, event: String) {
    out.push(Expected::new(rule, person.number, event));
}

fn push_with(
    out: &mut Vec<Expected>,
    rule: &'static str,
    person: &Person,
    event: String,
    papers: Vec<(Extract, u64)>,
) {
    out.push(Expected { papers, ..Expected::new(rule, person.number, event) });
}

/// One child with everything around it.
struct Case<'a, 'w> {
    world: &'a World<'w>,
    rates: &'a Rates,
    family: &'a Family,
    index: usize,
    child: &'a Person,
    kid: &'a Kid,
}

impl Case<'_, '_> {
    fn gone(&self) -> bool {
        self.child.death.is_some() || self.child.moved.as_ref().is_some_and(|m| m.kind != MoveKind::Inside)
    }

    fn minor(&self) -> bool {
        self.child.birth.age_on(self.world.calendar.as_of) < 18
    }

    fn parent(&self, father: bool) -> Option<&Person> {
        let index = if father { self.child.father } else { self.child.mother };
        index.map(|p| &self.family.people[p])
    }

    /// The row of the civil roll, while the child is on it.
    fn listed(&self) -> Option<&Roster> {
        self.kid.roster.as_ref().filter(|roster| roster.active)
    }
}

/// Money of three or more unrelated children of a village that goes to one account: the first of them
/// stands for all.
pub(crate) fn shared_account(families: &[Family]) -> Option<Expected> {
    let mut paid = families.iter().filter_map(|family| {
        let shared = |person: &&Person| {
            person.kid.as_deref().is_some_and(|kid| {
                kid.shared_account && kid.roster.as_ref().is_some_and(|roster| roster.active)
            })
        };
        family.people.iter().find(shared)
    });
    let first = paid.next()?;
    (paid.count() >= 2).then(|| Expected::new("e_one_id_two_people", first.number, ""))
}
