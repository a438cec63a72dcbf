//! What the second release of the lists of uncovered and urgent children ought to find.

use super::{Case, Expected, paid_months, push, push_with, visible};
use crate::domain::Day;
use crate::synth::agencies::{casualty, rehabilitated};
use crate::synth::calendar::{Calendar, date};
use crate::synth::layout::Extract;
use crate::synth::people::{MoveKind, Person};
use crate::synth::welfare::{STUDY, keeps_migrants};

/// 父亲情况, 母亲情况: 失联.
const LOST: u8 = 8;

impl Case<'_, '_> {
    pub(super) fn second_uncovered(&self, out: &mut Vec<Expected>) {
        self.study_grant(out);
        if !self.minor() || self.gone() {
            return;
        }
        self.one_parent_dead(out);
        self.ill(out);
        self.rehabilitation(out);
        self.code_unset(out);
        self.stopped_again(out);
        self.no_hukou(out);
        self.migrant(out);
        self.alone(out);
        self.hurt(out);
        self.unfit_carer(out);
    }

    fn has_new_parents(&self) -> bool {
        self.kid.adoptions.iter().max_by_key(|a| a.day).is_some_and(|a| a.kind == "收养")
    }

    /// On the civil roll as one of the children in difficulty.
    fn covered(&self) -> bool {
        self.listed().is_some_and(|roster| !matches!(roster.category, 8 | 12))
    }

    fn study_grant(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let Some(roster) = self.kid.roster.as_ref() else { return };
        let orphan = matches!(roster.category, 1 | 3) && matches!(roster.exit, 0 | 9);
        let in_time = roster.listed < Calendar::majority(self.child.birth);
        let senior = self.kid.rolls.iter().any(|r| r.state == "在籍在读" && r.grade > 9);
        let autumn = date(calendar.school_year, 9, 1).month();
        let paid =
            paid_months(self.world, self.child, |project| project == STUDY).iter().any(|&m| m >= autumn);
        let november = calendar.education >= super::school::november(calendar);
        let alive = visible(self.world, self.child).is_none();
        if orphan && in_time && senior && !paid && !self.minor() && self.numbered() && november && alive {
            push(out, "u_fucai_missing", self.child, self.year());
        }
    }

    /// Something about a parent that counts for nothing, and makes somebody look.
    fn weak_sign(&self, parent: &Person) -> bool {
        let calendar = self.world.calendar;
        let moved =
            parent.moved.as_ref().is_some_and(|m| m.kind == MoveKind::Outside && m.day <= calendar.civil);
        let card = parent.card.is_some_and(|c| {
            c.valid_on(calendar.as_of) && !c.severe() && c.category != 7 && c.issued <= calendar.disability
        });
        let held = parent.terms.iter().any(|t| {
            let known = if matches!(t.kind, "监狱服刑" | "社区矫正") {
                calendar.others
            } else {
                calendar.police
            };
            t.from <= known && t.released.is_none_or(|day| day > calendar.as_of) && t.until >= calendar.as_of
        });
        parent.local && moved || parent.police_missing || card && parent.id.is_some() || held
    }

    /// The civil roll names this parent lost, in the row of a brother or sister.
    fn lost_on_roll(&self, father: bool) -> bool {
        let of = |person: &Person| if father { person.father } else { person.mother };
        self.family.people.iter().filter(|person| of(person) == of(self.child)).any(|person| {
            let roster = person.kid.as_ref().and_then(|kid| kid.roster.as_ref());
            roster.is_some_and(|row| (if father { row.father } else { row.mother }).code == LOST)
        })
    }

    fn one_parent_dead(&self, out: &mut Vec<Expected>) {
        let edge = self.world.calendar.civil;
        if !self.child.local || self.listed().is_some() || self.has_new_parents() {
            return;
        }
        for father in [true, false] {
            let Some(gone) = self.standing(father).filter(|standing| standing.gone) else { continue };
            let died =
                self.parent(father).and_then(|parent| visible(self.world, parent)).map(|death| death.day);
            let Some(day) = died.filter(|&day| day > edge.plus_days(-90) && day <= edge) else { continue };
            let other =
                self.parent(!father).filter(|parent| self.weak_sign(parent) || self.lost_on_roll(!father));
            if let Some(other) = other
                && self.standing(!father).is_none()
            {
                let roll = (!self.weak_sign(other)).then_some((Extract::ChildRoster, other.number));
                let papers = gone.paper.into_iter().chain(roll).collect();
                push_with(out, "u_one_parent_dead", self.child, day.iso(), papers);
            }
        }
    }

    fn ill(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let Some((_, since)) = self.child.illness else { return };
        let destitute = self.family.on_relief(self.index, &["特困"], calendar.as_of.month());
        if !self.covered() && !destitute {
            push(out, "u_serious_ill", self.child, String::new());
        }
        if self.listed().is_some() && since > calendar.others.plus_days(-14) && since <= calendar.others {
            push(out, "x_child_hospital", self.child, since.iso());
        }
    }

    fn rehabilitation(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let card = self
            .child
            .card
            .is_some_and(|c| c.valid_on(calendar.as_of) && c.issued <= calendar.disability.plus_days(-60));
        let small = self.child.birth.age_on(calendar.as_of) < 7;
        if card && self.child.id.is_some() && small && !rehabilitated(self.world, self.child) {
            push(out, "u_rehab_missing", self.child, String::new());
        }
    }

    fn code_unset(&self, out: &mut Vec<Expected>) {
        let Some(roster) = self.listed().filter(|roster| roster.category == 8) else { return };
        let away = roster.father.code == 11 && roster.mother.code == 11;
        let pupil = self.numbered() && self.kid.rolls.iter().any(|r| r.state == "在籍在读");
        let young = self.child.birth.age_on(self.world.calendar.as_of) < 16;
        if away && pupil && young && self.kid.left_behind == 0 {
            push(out, "u_listed_not_in_school_code", self.child, self.year());
        }
    }

    /// Off the roll within two years, and the parents' states or the own card ask for it again.
    fn stopped_again(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let Some(roster) = self.kid.roster.as_ref().filter(|roster| !roster.active) else { return };
        let recent = roster.last_pay.is_some_and(|month| month >= calendar.civil.month().plus(-24));
        if !recent || matches!(roster.exit, 1..=3 | 6..=9) || self.has_new_parents() {
            return;
        }
        if let (Some(father), Some(mother)) = (self.standing(true), self.standing(false)) {
            if !father.doubtful && !mother.doubtful {
                let since = father.since.into_iter().chain(mother.since).max();
                let event = since.map_or_else(|| calendar.school_year_text(), Day::iso);
                let papers = father.paper.into_iter().chain(mother.paper).collect();
                push_with(out, "u_stopped_then_again", self.child, event, papers);
            }
            return;
        }
        let card = self.child.card.filter(|c| {
            c.severe() && c.category != 7 && c.valid_on(calendar.as_of) && c.issued <= calendar.disability
        });
        let helped = !self.child.subsidies.is_empty()
            || self.family.on_relief(self.index, &["特困"], calendar.as_of.month());
        if let Some(card) = card.filter(|_| self.child.id.is_some() && !helped) {
            push(out, "u_stopped_then_again", self.child, card.issued.iso());
        }
    }

    fn no_hukou(&self, out: &mut Vec<Expected>) {
        let unregistered = self.child.id.is_none() && self.family.migrant_from.is_none();
        let listed = self.listed().is_some_and(|roster| roster.category != 1);
        if unregistered && listed && self.child.birth <= self.world.calendar.civil.plus_months(-12) {
            push(out, "u_no_hukou_child", self.child, String::new());
        }
    }

    /// Came with its parents, is registered with them for half a year, and a place that enters such children has not.
    fn migrant(&self, out: &mut Vec<Expected>) {
        let lives = self.family.lives_in.unwrap_or(self.family.village);
        let came =
            self.family.migrant_from.is_some() && self.child.father.is_some() && self.child.id.is_some();
        let child = self.child.birth.age_on(self.world.calendar.as_of) < 16;
        if came && child && self.kid.roster.is_none() && keeps_migrants(self.world, lives) {
            push(out, "u_migrant_unlisted", self.child, String::new());
        }
    }

    fn alone(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let boards = self.kid.rolls.iter().any(|r| r.state == "在籍在读" && r.mode == "住校");
        if boards || self.child.birth.age_on(calendar.as_of) >= 16 {
            return;
        }
        let last_not = self.kid.visits.iter().filter(|v| !self.kid.alone_on(v.day)).map(|v| v.day).max();
        let found = self.kid.visits.iter().filter(|v| self.kid.alone_on(v.day)).map(|v| v.day);
        let found: Vec<Day> = found.filter(|&day| last_not.is_none_or(|not| day > not)).collect();
        if let (Some(since), Some(last)) = (found.iter().min(), found.iter().max())
            && *last > calendar.civil.plus_days(-35)
        {
            push(out, "x_lives_alone", self.child, since.iso());
        }
    }

    /// Whoever looks after a listed child by the papers was hurt in an accident these days.
    fn hurt(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let recent = |&(_, day): &(usize, Day)| day > calendar.others.plus_days(-7) && day <= calendar.others;
        let Some((who, day)) = casualty(self.world, self.family).filter(recent) else { return };
        let agreed =
            self.kid.care.filter(|care| !care.ended && care.until >= calendar.as_of).map(|c| c.carer);
        let cares = [self.kid.guardian, agreed, self.child.father, self.child.mother];
        let own = who == self.index;
        if self.listed().is_some() && (own || cares.contains(&Some(who))) {
            let papers = vec![(Extract::EmergencyEvent, self.family.people[who].number)];
            push_with(out, "x_disaster_home", self.child, day.iso(), papers);
        }
    }

    fn unfit_carer(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let valid = self.kid.care.filter(|care| !care.ended && care.until >= calendar.as_of);
        let Some(carer) = valid.map(|care| &self.family.people[care.carer]) else { return };
        let died = visible(self.world, carer).map(|death| death.day);
        let drugs = carer.terms.iter().filter(|t| t.kind == "强制隔离戒毒" && t.from <= calendar.police);
        let drugs = drugs.map(|t| t.from).max();
        let card = carer.card.filter(|c| {
            c.category == 6 && c.level <= 2 && c.valid_on(calendar.as_of) && c.issued <= calendar.disability
        });
        let Some(since) = died.or(drugs).or(card.map(|c| c.issued)) else { return };
        let custody = (died.is_none() && drugs.is_some()).then_some((Extract::Custody, carer.number));
        let agreement = [carer, self.child].map(|person| (Extract::CareAgreement, person.number));
        let papers = custody.into_iter().chain(agreement).collect();
        if self.listed().is_some() || self.child.local {
            push_with(out, "x_carer_unfit", self.child, since.iso(), papers);
        }
    }
}
