//! Exits and urgent cases that the lives of parents and carers make.

use super::people::lapsed;
use super::{Case, Expected, push, push_with, visible};
use crate::domain::Day;
use crate::synth::layout::Extract;
use crate::synth::lives::registered_on;
use crate::synth::people::{ParentState, Person, Roster};

/// What the files together say of a parent.
pub(super) struct Standing {
    /// Dead or declared missing; otherwise unable.
    pub(super) gone: bool,
    /// Since when, where a file dates it.
    pub(super) since: Option<Day>,
    /// The paper that says so, where it carries no second number.
    pub(super) paper: Option<(Extract, u64)>,
    /// Only the roll says so, or a doctor has to be asked.
    pub(super) doubtful: bool,
}

impl Case<'_, '_> {
    pub(super) fn guardians(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        for alert in self.kid.alerts.iter().filter(|a| a.day <= calendar.police) {
            let recent = alert.day > calendar.police.plus_days(-30);
            let alive = visible(self.world, self.child).is_none();
            if recent && alive && self.minor() {
                let missing = alert.kind == "走失" && !alert.found;
                if missing {
                    push(out, "x_child_missing", self.child, alert.day.iso());
                } else if matches!(alert.kind, "家庭暴力" | "侵害") {
                    push(out, "x_violence", self.child, alert.day.iso());
                }
            }
        }
        self.carer_died(out);
        self.guardian_taken(out);
        let Some(roster) = self.listed().filter(|_| self.minor()) else { return };
        self.change(roster, out);
        if roster.status == 2 {
            return;
        }
        for (father, recorded) in [(true, roster.father), (false, roster.mother)] {
            let Some(parent) = self.parent(father) else { continue };
            self.seen(parent, recorded, out);
            if roster.category == 5 {
                self.card(parent, recorded, out);
                self.treated(parent, recorded, out);
            }
        }
        if roster.category == 5 {
            self.released(roster, out);
        }
    }

    pub(super) fn standing(&self, father: bool) -> Option<Standing> {
        let parent = self.parent(father)?;
        let calendar = self.world.calendar;
        let declared = parent.declared_since(calendar.others);
        let death = visible(self.world, parent);
        let gone = death.map(|d| d.day).into_iter().chain(declared).min();
        if gone.is_some() {
            let paper = match death {
                None => Some(Extract::Judged),
                Some(death) if death.police.is_some() => None,
                Some(death) if death.cremation.is_some() => Some(Extract::Cremation),
                Some(_) => Some(Extract::DeathCertificate),
            };
            let paper = paper.map(|extract| (extract, parent.number));
            return Some(Standing { gone: true, since: gone, paper, doubtful: false });
        }
        if let Some((since, extract)) = self.unable(parent) {
            let paper = extract.map(|extract| (extract, parent.number));
            return Some(Standing { gone: false, since: Some(since), paper, doubtful: false });
        }
        let heavy = parent.card.is_some_and(|c| c.category == 7 && c.valid_on(calendar.as_of));
        let lost = self.family.kids().into_iter().any(|kid| {
            let kid = &self.family.people[kid];
            let Some(roster) = kid.kid.as_deref().and_then(|k| k.roster.as_ref()) else { return false };
            let own =
                |index: Option<usize>| index.is_some_and(|p| self.family.people[p].number == parent.number);
            let old = |state: ParentState| {
                state.code == 8 && state.from.is_some_and(|day| day <= calendar.as_of.plus_months(-6))
            };
            (own(kid.father) && old(roster.father)) || (own(kid.mother) && old(roster.mother))
        });
        let doubtful = heavy || lost || parent.illness.is_some();
        doubtful.then_some(Standing { gone: false, since: None, paper: None, doubtful: true })
    }

    /// A documented state that the files show at their cut-off dates, and the paper that shows it.
    fn unable(&self, parent: &Person) -> Option<(Day, Option<Extract>)> {
        let calendar = self.world.calendar;
        let card = parent.card.filter(|c| {
            c.severe() && c.valid_on(calendar.as_of) && c.issued <= calendar.disability && parent.id.is_some()
        });
        let held = parent.terms.iter().filter(|t| {
            t.long() && t.from <= calendar.others && t.holds_on(calendar.as_of) && t.until >= calendar.as_of
        });
        let held = held.map(|t| {
            let paper = if t.kind == "监狱服刑" { Extract::PrisonTerm } else { Extract::Custody };
            (t.from, Some(paper))
        });
        let revoked = parent.revoked_since(calendar.others).map(|day| (day, Some(Extract::Judged)));
        card.map(|c| (c.issued, None)).into_iter().chain(held).chain(revoked).min_by_key(|state| state.0)
    }

    /// In custody of any kind and length.
    fn held(&self, parent: &Person) -> bool {
        let as_of = self.world.calendar.as_of;
        parent.terms.iter().any(|t| t.holds_on(as_of) && t.until >= as_of && t.from <= as_of)
    }

    pub(super) fn any_state(&self, father: bool) -> bool {
        self.standing(father).is_some() || self.parent(father).is_some_and(|p| self.held(p))
    }

    fn is_father(&self, parent: &Person) -> bool {
        self.parent(true).is_some_and(|father| father.number == parent.number)
    }

    fn card(&self, parent: &Person, recorded: ParentState, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let shown = parent.card.filter(|c| c.issued <= calendar.disability && parent.id.is_some());
        let Some(card) = shown.filter(|_| recorded.code == 3) else { return };
        let light = card.valid_on(calendar.as_of) && !card.severe() && card.category != 7;
        let changed = light || lapsed(parent, calendar.disability, 67);
        if changed && !self.any_state(self.is_father(parent)) {
            push(out, "e_parent_card_changed", self.child, String::new());
        }
    }

    fn treated(&self, parent: &Person, recorded: ParentState, out: &mut Vec<Expected>) {
        let known = self.world.calendar.civil;
        let terms = parent.terms.iter().filter(|t| t.kind == "强制隔离戒毒");
        let ended = terms.map(|t| t.released.unwrap_or(t.until)).max();
        let over = ended.filter(|&day| day <= known && recorded.from.is_none_or(|from| day > from));
        if let Some(day) = over.filter(|_| recorded.code == 6 && !self.any_state(self.is_father(parent))) {
            let papers = vec![(Extract::Custody, parent.number)];
            push_with(out, "e_parent_drug_done", self.child, day.iso(), papers);
        }
    }

    /// A trace of a parent who is recorded as lost.
    fn seen(&self, parent: &Person, recorded: ParentState, out: &mut Vec<Expected>) {
        let known = self.world.calendar.civil;
        let Some(from) = recorded.from.filter(|_| recorded.code == 8) else { return };
        let births = self.family.kids().into_iter().filter_map(|kid| {
            let kid = &self.family.people[kid];
            let own =
                |index: Option<usize>| index.is_some_and(|p| self.family.people[p].number == parent.number);
            let registered = kid.local && kid.id_region == 0 && (own(kid.father) || own(kid.mother));
            registered.then(|| registered_on(self.world, kid))
        });
        let changes = [parent.renumbered, parent.former.as_ref().map(|(_, day)| *day)];
        let insured = parent.insured.filter(|&day| day <= self.world.calendar.others);
        let traces = births.chain(changes.into_iter().flatten()).chain(insured);
        let recent = |day: &Day| *day > from && *day <= known && *day > known.plus_months(-12);
        if let Some(day) = traces.filter(recent).max() {
            let papers = insured.filter(|&since| since == day).map(|_| (Extract::Insurance, parent.number));
            let papers = papers.into_iter().collect();
            push_with(out, "e_lost_parent_seen", self.child, day.month().compact(), papers);
        }
    }

    fn released(&self, roster: &Roster, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        for (father, recorded) in [(true, roster.father), (false, roster.mother)] {
            let Some(parent) = self.parent(father).filter(|_| matches!(recorded.code, 5 | 7)) else {
                continue;
            };
            let prison = parent.terms.iter().filter(|t| t.kind == "监狱服刑");
            let last = prison.filter_map(|t| t.released).filter(|&d| d <= calendar.others).max();
            let last = last.filter(|&day| recorded.from.is_none_or(|from| day > from));
            if let Some(day) = last.filter(|_| !self.any_state(father)) {
                let papers = vec![(Extract::PrisonTerm, parent.number)];
                push_with(out, "e_parent_released", self.child, day.iso(), papers);
            }
        }
    }

    /// What speaks against the state that the roll records.
    fn contrary(&self, father: bool, recorded: ParentState) -> bool {
        if self.standing(father).is_some() {
            return false;
        }
        let Some(parent) = self.parent(father) else { return false };
        let calendar = self.world.calendar;
        let outside = parent.terms.iter().any(|t| {
            t.kind == "社区矫正"
                && t.from <= calendar.others
                && t.released.is_none_or(|day| day > calendar.as_of)
        });
        let ever_held = parent.terms.iter().any(|t| !matches!(t.kind, "社区矫正" | "行政拘留"));
        let restored = parent.judgments.iter().any(|j| j.matter == "恢复监护资格");
        let over = recorded.to.is_some_and(|day| day < calendar.as_of);
        match recorded.code {
            0 | 11 => true,
            5 | 7 if outside => true,
            5..=7 if self.held(parent) => true,
            9 if restored => true,
            3..=10 => over && !ever_held,
            _ => false,
        }
    }

    /// The category that the parents' states of today ask for is another one.
    fn change(&self, roster: &Roster, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        if roster.category == 5 && roster.status != 2 {
            let fails = self.contrary(true, roster.father) || self.contrary(false, roster.mother);
            if fails {
                push(out, "e_matrix_fail", self.child, String::new());
                let card = self.child.card.is_some_and(|c| {
                    c.severe() && c.valid_on(calendar.as_of) && c.issued <= calendar.disability
                });
                if card || self.family.on_relief(self.index, &["低保", "特困"], calendar.as_of.month()) {
                    push(out, "e_category_change", self.child, calendar.school_year_text());
                }
            }
        }
        if !matches!(roster.category, 1 | 3 | 5 | 8..=12)
            || visible(self.world, self.child).is_some()
            || self.kid.adoptions.iter().max_by_key(|a| a.day).is_some_and(|a| a.kind == "收养")
        {
            return;
        }
        let (Some(father), Some(mother)) = (self.standing(true), self.standing(false)) else { return };
        let orphan = father.gone && mother.gone;
        let other = if orphan { !matches!(roster.category, 1 | 3) } else { roster.category != 5 };
        if other && !father.doubtful && !mother.doubtful {
            let since = father.since.into_iter().chain(mother.since).max();
            let event = since.map_or(calendar.school_year_text(), Day::iso);
            let papers = father.paper.into_iter().chain(mother.paper).collect();
            push_with(out, "e_category_change", self.child, event, papers);
        }
    }

    /// Whoever looks after the child by the papers has just died, or the last parent has.
    fn carer_died(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        if !self.minor() || visible(self.world, self.child).is_some() {
            return;
        }
        let just = |person: &Person| {
            visible(self.world, person).filter(|death| {
                let reported = death.police.into_iter().chain(death.cremation).max();
                let late = reported.is_some_and(|day| day > calendar.police.plus_days(-7));
                death.day > calendar.police.plus_days(-7)
                    || (death.day > calendar.police.plus_days(-60) && late)
            })
        };
        let valid = self.kid.care.filter(|care| !care.ended && care.until >= calendar.as_of).map(|c| c.carer);
        let listed = self.listed().is_some();
        let carers = self.kid.guardian.into_iter().chain(valid).filter(|_| listed);
        let mut days: Vec<Day> =
            carers.filter_map(|c| just(&self.family.people[c])).map(|death| death.day).collect();
        let both = [true, false].map(|father| self.standing(father).is_some_and(|s| s.gone));
        if (listed || self.child.local) && both == [true, true] {
            days.extend(
                [true, false].into_iter().filter_map(|f| self.parent(f).and_then(just)).map(|d| d.day),
            );
        }
        days.sort_unstable();
        days.dedup();
        for day in days {
            push(out, "x_carer_died", self.child, day.iso());
        }
    }

    /// The last parent at liberty has just been taken.
    fn guardian_taken(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let at_home = self.listed().is_some() || !self.child.local || !self.minor();
        if at_home || visible(self.world, self.child).is_some() {
            return;
        }
        for father in [true, false] {
            let (Some(parent), Some(other)) = (self.parent(father), self.parent(!father)) else { continue };
            let taken = parent.terms.iter().find(|t| {
                let fresh = t.from > calendar.police.plus_days(-7) && t.from <= calendar.police;
                !matches!(t.kind, "监狱服刑" | "社区矫正")
                    && fresh
                    && t.holds_on(calendar.police)
                    && t.until.days() - t.from.days() >= 3
            });
            let unavailable = self.standing(!father).is_some_and(|s| s.gone)
                || self.held(other)
                || other.revoked_since(calendar.others).is_some();
            if let Some(term) = taken.filter(|_| unavailable) {
                let papers = vec![(Extract::Custody, parent.number)];
                push_with(out, "x_guardian_taken", self.child, term.from.iso(), papers);
            }
        }
    }

    pub(super) fn both_unable(&self, out: &mut Vec<Expected>) {
        let state = |father| self.standing(father).filter(|s| !s.gone && !s.doubtful);
        if let (Some(father), Some(mother)) = (state(true), state(false)) {
            let since = father.since.into_iter().chain(mother.since).max();
            let event = since.map_or(self.world.calendar.school_year_text(), Day::iso);
            let papers = father.paper.into_iter().chain(mother.paper).collect();
            push_with(out, "u_de_facto_h_h", self.child, event, papers);
        }
    }
}
