//! The exit list's second part: what has to be looked at again because its ground is ending, has ended, or was
//! never there.

use super::people::subsidy_months;
use super::{Case, Expected, paid_months, push, push_with, visible};
use crate::domain::{Day, Month};
use crate::synth::calendar::Calendar;
use crate::synth::families::World;
use crate::synth::layout::Extract;
use crate::synth::people::{Family, MoveKind, ParentState, Person, Roster};
use crate::synth::welfare::{DESTITUTE, NURSING, ORPHAN, STUDY};

/// About anybody, child or not: sentences, relief that outlasts its reason, the study grant.
pub(super) fn of_person(world: &World<'_>, family: &Family, index: usize, out: &mut Vec<Expected>) {
    prisoner(world, &family.people[index], out);
    orphan_on_relief(world, family, index, out);
    destitute_grown(world, family, index, out);
    grant(world, &family.people[index], out);
}

/// Sentenced, not only detained, and paid all the same.
fn prisoner(world: &World<'_>, person: &Person, out: &mut Vec<Expected>) {
    let calendar = world.calendar;
    if person.birth.age_on(calendar.as_of) < 18 {
        return;
    }
    let mut months = paid_months(world, person, |p| p == DESTITUTE);
    months.extend(subsidy_months(world, person, |kind| kind == NURSING));
    for term in person.terms.iter().filter(|t| t.kind == "监狱服刑" && t.from <= calendar.others) {
        let end = term.released.unwrap_or(term.until).month();
        if months.iter().any(|&month| month > term.from.month() && month < end) {
            push(out, "e_recipient_in_custody", person, term.from.iso());
        }
    }
}

fn orphan_on_relief(world: &World<'_>, family: &Family, index: usize, out: &mut Vec<Expected>) {
    let calendar = world.calendar;
    let relief = family
        .reliefs()
        .find(|r| r.kind == "低保" && r.runs_in(calendar.as_of.month()) && r.members.contains(&index));
    let Some(relief) = relief else { return };
    let person = &family.people[index];
    let both: Vec<Month> =
        paid_months(world, person, |p| p == ORPHAN).into_iter().filter(|&m| m >= relief.from).collect();
    let recent = both.last().is_some_and(|&month| month > calendar.civil.month().plus(-3));
    if let Some(first) = both.first().filter(|_| recent) {
        push(out, "e_orphan_dibao", person, first.compact());
    }
}

/// Destitute since childhood, eighteen by now, on no school's roll.
fn destitute_grown(world: &World<'_>, family: &Family, index: usize, out: &mut Vec<Expected>) {
    let calendar = world.calendar;
    let known = calendar.education.min(calendar.civil);
    let person = &family.people[index];
    let turned = Calendar::majority(person.birth);
    let relief = family
        .reliefs()
        .find(|r| r.kind == "特困" && r.runs_in(calendar.as_of.month()) && r.members.contains(&index));
    let minor_then = relief.is_some_and(|relief| relief.from < turned.month());
    let lately = turned.month() < known.month() && turned > known.plus_months(-24);
    let studies = person
        .kid
        .as_deref()
        .is_some_and(|kid| kid.rolls.iter().any(|r| matches!(r.state, "在籍在读" | "休学")));
    // Whoever cannot work may stay: such a person is in the annex.
    let unable = person.card.is_some_and(|card| {
        card.valid_on(calendar.as_of)
            && match card.category {
                1 => card.level == 1,
                4 => card.level <= 2,
                5 | 6 => card.level <= 3,
                7 => true,
                _ => false,
            }
    });
    if minor_then && lately && !studies && !unable && visible(world, person).is_none() {
        push(out, "e_tk_minor_18", person, turned.iso());
    }
}

/// The study grant of somebody adopted, gone from school, or never an orphan.
fn grant(world: &World<'_>, person: &Person, out: &mut Vec<Expected>) {
    let calendar = world.calendar;
    let months = paid_months(world, person, |p| p == STUDY);
    let Some(kid) = person.kid.as_deref().filter(|_| !months.is_empty()) else { return };
    let since = |month: Month| months.iter().any(|&paid| paid >= month);
    let adopted = kid.adoptions.iter().filter(|a| a.day <= calendar.civil).max_by_key(|a| a.day);
    let disabled = person.card.is_some_and(|card| card.valid_on(calendar.as_of));
    if let Some(paper) = adopted.filter(|a| a.kind == "收养" && !disabled) {
        if since(paper.day.month().plus(1)) {
            push(out, "e_fucai_lost", person, paper.day.iso());
        }
        return;
    }
    let early = |state: &str| matches!(state, "退学" | "开除" | "失踪" | "其他离校");
    let studies = kid.rolls.iter().any(|r| matches!(r.state, "在籍在读" | "休学"));
    let last = kid.rolls.iter().max_by_key(|r| r.entered);
    if last.is_some_and(|row| early(row.state)) && !studies {
        let departures = kid.changes.iter().filter(|c| c.kind == "退学" && c.day <= calendar.civil);
        let left = departures.map(|c| c.day).max();
        if left.is_some_and(|day| since(day.month().plus(1))) {
            push(out, "e_fucai_lost", person, left.map_or(calendar.school_year_text(), Day::iso));
        }
        return;
    }
    let orphan = kid.roster.as_ref().is_none_or(|roster| matches!(roster.category, 1 | 3));
    if !orphan && paid_months(world, person, |p| p == ORPHAN).is_empty() {
        push(out, "e_fucai_lost", person, calendar.school_year_text());
    }
}

/// The review that came round last, every `months` after `since`.
fn came_round(since: Day, known: Day, months: i32) -> Option<Day> {
    (1..=100).map(|nth| since.plus_months(nth * months)).take_while(|&day| day <= known).last()
}

impl Case<'_, '_> {
    pub(super) fn reviews(&self, out: &mut Vec<Expected>) {
        let Some(roster) = self.listed() else { return };
        self.outgrown(roster, out);
        if !self.minor() || roster.status == 2 {
            return;
        }
        self.untreated(roster, out);
        for (father, recorded) in [(true, roster.father), (false, roster.mother)] {
            let Some(parent) = self.parent(father) else { continue };
            self.revoked(roster, (father, recorded), parent, out);
            if roster.category == 5 {
                self.release(recorded, parent, out);
                self.restored((father, recorded), parent, out);
            }
        }
        if roster.category == 5 {
            self.lost(roster, out);
        }
    }

    /// Left behind by the roll, and no longer so.
    fn outgrown(&self, roster: &Roster, out: &mut Vec<Expected>) {
        if roster.category != 8 || visible(self.world, self.child).is_some() {
            return;
        }
        let known = self.world.calendar.civil;
        let of_age = Some(self.child.birth.plus_months(192)).filter(|&day| day <= known);
        let moved = self.child.moved.as_ref().filter(|m| m.kind == MoveKind::Outside && m.day <= known);
        let home = [roster.father, roster.mother].into_iter().filter(|state| state.code == 0);
        let home = home.filter_map(|state| state.from).filter(|&day| day <= known.plus_months(-3)).max();
        if let Some(day) = of_age.or(moved.map(|m| m.day)).or(home) {
            push(out, "e_left_behind_exit", self.child, day.iso());
        }
    }

    fn untreated(&self, roster: &Roster, out: &mut Vec<Expected>) {
        let known = self.world.calendar.others;
        if roster.category != 11 || visible(self.world, self.child).is_some() {
            return;
        }
        let lapsed = self.child.treated_until.filter(|&day| day <= known.plus_months(-12));
        if let Some(day) = came_round(lapsed.unwrap_or(roster.listed), known, 12) {
            push(out, "e_illness_review_due", self.child, day.iso());
        }
    }

    fn lost(&self, roster: &Roster, out: &mut Vec<Expected>) {
        let known = self.world.calendar.civil;
        let lost = [roster.father, roster.mother].into_iter().filter(|s| s.code == 8 && s.to.is_none());
        let due = lost.filter_map(|s| s.from).filter_map(|day| came_round(day, known, 12)).max();
        if let Some(day) = due {
            push(out, "e_lost_review_due", self.child, day.iso());
        }
    }

    /// The last sentence that runs ends within sixty days, and the parent is in no other state.
    fn release(&self, recorded: ParentState, parent: &Person, out: &mut Vec<Expected>) {
        let known = self.world.calendar.others;
        let runs = parent.terms.iter().filter(|t| {
            t.kind == "监狱服刑"
                && t.from <= known
                && t.until >= known
                && t.released.is_none_or(|day| day > known)
        });
        let Some(last) = runs.max_by_key(|t| t.until).filter(|t| t.until <= known.plus_days(60)) else {
            return;
        };
        if matches!(recorded.code, 5 | 7) && !self.other_state(parent, last.until) {
            let papers = vec![(Extract::PrisonTerm, parent.number)];
            push_with(out, "e_parent_release_soon", self.child, last.until.iso(), papers);
        }
    }

    /// A state beside the sentence that ends on that day.
    fn other_state(&self, parent: &Person, but: Day) -> bool {
        let calendar = self.world.calendar;
        let card = parent.card.is_some_and(|c| {
            (c.severe() || c.category == 7) && c.valid_on(calendar.as_of) && c.issued <= calendar.disability
        });
        let held = parent.terms.iter().any(|t| {
            t.until != but
                && t.holds_on(calendar.as_of)
                && t.until >= calendar.as_of
                && t.from <= calendar.as_of
        });
        visible(self.world, parent).is_some()
            || parent.gone_since(calendar.others).is_some()
            || parent.revoked_since(calendar.others).is_some()
            || parent.illness.is_some()
            || card
            || held
    }

    /// A court no longer calls the parent missing or dead.
    fn revoked(
        &self,
        roster: &Roster,
        (father, recorded): (bool, ParentState),
        parent: &Person,
        out: &mut Vec<Expected>,
    ) {
        let known = self.world.calendar.others;
        let ended = parent.judgments.iter().filter(|j| j.matter == "撤销宣告" && j.effective <= known);
        let ended = ended.map(|j| j.effective).max();
        let after = ended.is_some_and(|day| recorded.from.is_none_or(|from| from < day));
        let orphan = matches!(roster.category, 1 | 3);
        let stands = self.standing(father).is_some_and(|state| state.gone || !orphan);
        if after && matches!(recorded.code, 1 | 2) && (orphan || roster.category == 5) && !stands {
            let papers = vec![(Extract::Judged, parent.number)];
            push_with(out, "e_missing_revoked", self.child, String::new(), papers);
        }
    }

    fn restored(&self, (father, recorded): (bool, ParentState), parent: &Person, out: &mut Vec<Expected>) {
        let known = self.world.calendar.others;
        let restored = parent.judgments.iter().filter(|j| j.matter == "恢复监护资格" && j.effective <= known);
        let day = restored.map(|j| j.effective).max();
        let after = day.is_some_and(|day| recorded.from.is_none_or(|from| from < day));
        if after && recorded.code == 9 && self.standing(father).is_none() {
            let papers = vec![(Extract::Judged, parent.number)];
            push_with(out, "e_guardian_restored", self.child, String::new(), papers);
        }
    }
}
