//! What the rules ought to find, told from the lives (never by running rules): what is really so, as far as
//! the delivered files can show it at their cut-off dates.

use super::families::World;
use super::people::{Death, Family, Kid, MoveKind, Person};
use super::welfare::{DE_FACTO, DESTITUTE, ORPHAN};
use crate::domain::{Day, Month};

/// A finding that is expected.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Expected {
    /// Rule id.
    pub(crate) rule: &'static str,
    /// The person it is about.
    pub(crate) person: u64,
    /// Event key.
    pub(crate) event: String,
}

/// Everything expected of a family.
pub(crate) fn expected(world: &World<'_>, family: &Family, out: &mut Vec<Expected>) {
    for person in &family.people {
        dead_paid(world, person, out);
        dual_paid(world, person, out);
    }
    for index in family.kids() {
        let child = &family.people[index];
        let Some(kid) = child.kid.as_deref() else { continue };
        let case = Case { world, family, child, kid };
        case.school(out);
        case.exits(out);
        case.uncovered(out);
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
    out.push(Expected { rule, person: person.number, event });
}

fn dead_paid(world: &World<'_>, person: &Person, out: &mut Vec<Expected>) {
    let Some(death) = visible(world, person) else { return };
    if paid_months(world, person, |_| true).iter().any(|&month| month > death.day.month()) {
        push(out, "e_dead_paid", person, death.day.iso());
    }
}

fn dual_paid(world: &World<'_>, person: &Person, out: &mut Vec<Expected>) {
    let basic = paid_months(world, person, |p| p == ORPHAN || p == DE_FACTO);
    let destitute = paid_months(world, person, |p| p == DESTITUTE);
    if let Some(month) = basic.iter().find(|month| destitute.contains(month)) {
        push(out, "e_dual_orphan_tk", person, month.compact());
    }
}

/// One child with everything around it.
struct Case<'a, 'w> {
    world: &'a World<'w>,
    family: &'a Family,
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

    fn school(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let child = self.child;
        let year = calendar.school_year_text();
        let held = calendar.grade_one_on_hold() && calendar.grade(child.birth) == 1;
        let proved = self.kid.ledger.and_then(|l| l.proof_until).is_some_and(|until| until >= calendar.as_of);
        let unseen = self.kid.rolls.is_empty() && self.kid.placement.is_none() && !self.gone();
        let cohort = calendar.compulsory(child.birth) && !held;
        if unseen && cohort && !proved {
            if self.kid.roster.as_ref().is_some_and(|r| r.active) {
                push(out, "d_key_group_no_roll", child, year.clone());
            }
            if child.local {
                push(out, "d_hukou_no_roll", child, year.clone());
            }
        }
        let oldest = calendar.births_of_grade(12).0;
        let youngest = calendar.births_of_grade(1).1;
        let card = child.card.is_some_and(|c| c.valid_on(calendar.as_of) && c.issued <= calendar.disability);
        if unseen && card && (oldest..=youngest).contains(&child.birth) && child.id.is_some() {
            push(out, "d_disabled_unplaced", child, year.clone());
        }
        self.left(year, out);
    }

    fn left(&self, year: String, out: &mut Vec<Expected>) {
        let rolls = &self.kid.rolls;
        let left =
            rolls.iter().any(|r| matches!(r.state, "退学" | "其他离校" | "开除" | "失踪") && r.grade <= 9);
        let elsewhere = rolls.iter().any(|r| r.state == "在籍在读");
        if !left || elsewhere || !self.minor() || self.child.death.is_some() {
            return;
        }
        let known =
            self.kid.changes.iter().filter(|c| c.kind == "退学" && c.day <= self.world.calendar.education);
        let event = known.map(|c| c.day).max().map_or(year, Day::iso);
        push(out, "d_left_before_finish", self.child, event);
    }

    fn exits(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let child = self.child;
        let Some(roster) = self.kid.roster.as_ref() else { return };
        let turned = Calendar18::of(child.birth);
        let in_school = self.kid.rolls.iter().any(|r| r.state == "在籍在读");
        let passed = turned.month() < calendar.civil.month().min(calendar.education.month());
        if roster.active && roster.status == 0 && passed && !in_school && child.death.is_none() {
            push(out, "e_age18_not_school", child, turned.iso());
        }
        if let Some(moved) =
            child.moved.as_ref().filter(|m| m.kind == MoveKind::Outside && m.day <= calendar.police)
            && paid_months(self.world, child, |_| true).iter().any(|&m| m > moved.day.month())
        {
            push(out, "e_hukou_moved", child, moved.day.iso());
        }
        if roster.active && roster.category == 5 && self.minor() {
            self.released(out);
        }
    }

    fn released(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let Some(roster) = self.kid.roster.as_ref() else { return };
        let eligible = self.matrix_holds();
        for (father, recorded) in [(true, roster.father.code), (false, roster.mother.code)] {
            let Some(parent) = self.parent(father).filter(|_| matches!(recorded, 5 | 7)) else { continue };
            let held = parent.terms.iter().any(|t| t.holds_on(calendar.as_of));
            let last = parent.terms.iter().filter_map(|t| t.released).filter(|&d| d <= calendar.others).max();
            if let Some(day) = last.filter(|_| !held && !eligible) {
                push(out, "e_parent_released", self.child, day.iso());
            }
        }
    }

    /// Whether the parents' states of today still satisfy the matrix.
    fn matrix_holds(&self) -> bool {
        let edge = self.world.calendar.as_of;
        let state = |father| {
            let Some(parent) = self.parent(father) else { return 0 };
            if parent.gone_since(edge).is_some() {
                2
            } else {
                u8::from(parent.unable_since(edge).is_some() || parent.lost_since.is_some())
            }
        };
        state(true) > 0 && state(false) > 0
    }

    fn uncovered(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let child = self.child;
        if !self.minor() || self.gone() {
            return;
        }
        let listed = self.kid.roster.as_ref().is_some_and(|r| r.active);
        let severe = child
            .card
            .is_some_and(|c| c.severe() && c.valid_on(calendar.as_of) && c.issued <= calendar.disability);
        let destitute = self.family.relief.as_ref().is_some_and(|r| {
            r.kind == "特困" && r.members.iter().any(|&m| self.family.people[m].number == child.number)
        });
        if severe && !listed && child.subsidies.is_empty() && !destitute {
            push(out, "u_severe_disabled", child, String::new());
        }
        if listed || !child.local || self.kid.adoption.is_some() {
            return;
        }
        let edge = calendar.edge();
        let state = |father| {
            let parent = self.parent(father)?;
            let death = visible(self.world, parent).map(|d| d.day);
            let declared = parent.gone_since(edge).filter(|_| !parent.judgments.is_empty());
            let gone = death.into_iter().chain(declared).filter(|&d| d <= edge).min();
            Some((gone, parent.unable_since(edge)))
        };
        let (Some((father, father_unable)), Some((mother, mother_unable))) = (state(true), state(false))
        else {
            return;
        };
        match (father, mother) {
            (Some(a), Some(b)) => push(out, "u_orphan", child, a.max(b).iso()),
            (Some(gone), None) => self.de_facto(gone, mother_unable, out),
            (None, Some(gone)) => self.de_facto(gone, father_unable, out),
            (None, None) => {}
        }
    }

    fn de_facto(&self, gone: Day, unable: Option<Day>, out: &mut Vec<Expected>) {
        if let Some(unable) = unable {
            push(out, "u_de_facto_d_h", self.child, gone.max(unable).iso());
        }
    }
}

/// The 18th birthday (28 February for the leap day's children).
struct Calendar18;

impl Calendar18 {
    fn of(birth: Day) -> Day {
        super::calendar::Calendar::majority(birth)
    }
}
