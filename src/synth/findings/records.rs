//! The quality list's second part, and slips of the pen: visits by colour, agreements that ran out, what the
//! offices know and have not written down, what is missing in a file.

use std::collections::BTreeMap;

use super::people::card_shown;
use super::{Case, Expected, push, push_with, visible};
use crate::domain::Day;
use crate::synth::agencies::{Row, casualty};
use crate::synth::families::World;
use crate::synth::layout::Extract;
use crate::synth::pen::Cell;
use crate::synth::people::{Family, MoveKind, Person, Roster};

/// An event that asks for a new assessment, and the paper that proves it where a number may be missing there.
type Event = (Day, Option<(Extract, u64)>);

impl Case<'_, '_> {
    pub(super) fn records(&self, out: &mut Vec<Expected>) {
        let Some(roster) = self.listed().filter(|_| self.minor()) else { return };
        self.outdated(roster, out);
        if visible(self.world, self.child).is_some() {
            return;
        }
        self.interval(roster, out);
        self.expired(roster, out);
        self.not_raised(roster, out);
    }

    /// Red each week, yellow every other week; whoever was not seen for two months is another rule's matter.
    fn interval(&self, roster: &Roster, out: &mut Vec<Expected>) {
        let known = self.world.calendar.civil;
        let days = match roster.colour {
            "红" => 7,
            "黄" => 15,
            _ => return,
        };
        let seen = self.kid.visits.iter().filter(|v| v.kind != "电话").map(|v| v.day).max();
        let Some(last) = seen.filter(|day| day.month() >= known.month().plus(-1)) else { return };
        let due = roster.assessed.map_or(last, |assessed| assessed.max(last)).plus_days(days);
        if due < known {
            push(out, "q_colour_interval", self.child, due.iso());
        }
    }

    /// Both parents away, and the agreement has run out; or both at home by the roll, and it runs on.
    fn expired(&self, roster: &Roster, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let Some(care) = self.kid.care.filter(|care| !care.ended) else { return };
        let young = self.child.birth.age_on(calendar.as_of) < 16;
        let (father, mother) = (roster.father.code, roster.mother.code);
        let over = care.until < calendar.civil;
        if roster.category != 8 || !young {
            return;
        }
        let papers = vec![(Extract::CareAgreement, self.child.number)];
        if super::quality::alone(father, mother) && over {
            push_with(out, "q_care_agreement_expired", self.child, care.until.iso(), papers);
        } else if (father, mother) == (0, 0) && !over {
            push_with(out, "q_care_agreement_expired", self.child, calendar.school_year_text(), papers);
        }
    }

    fn not_raised(&self, roster: &Roster, out: &mut Vec<Expected>) {
        let known = self.world.calendar.civil;
        let Some(assessed) = roster.assessed.filter(|_| matches!(roster.colour, "黄" | "蓝" | "绿"))
        else {
            return;
        };
        let missed = |day: Day| {
            day <= known.plus_days(-7) && day > known.plus_days(-90) && assessed < day && roster.listed < day
        };
        let last = self.events().into_iter().filter(|event| missed(event.0)).max_by_key(|event| event.0);
        if let Some((day, paper)) = last {
            let papers = paper.into_iter().collect();
            push_with(out, "q_colour_not_raised", self.child, day.iso(), papers);
        }
    }

    fn events(&self) -> Vec<Event> {
        let calendar = self.world.calendar;
        let valid = self.kid.care.filter(|care| !care.ended && care.until >= calendar.as_of);
        let carers = [self.child.father, self.child.mother, self.kid.guardian, valid.map(|care| care.carer)];
        let mut out: Vec<Event> = Vec::new();
        for carer in carers.into_iter().flatten().map(|index| &self.family.people[index]) {
            out.extend(visible(self.world, carer).map(|death| {
                let paper =
                    if death.police.is_some() { None } else { Some((Extract::Cremation, carer.number)) };
                (death.day, paper)
            }));
            out.extend(self.taken(carer));
        }
        let alerts = self.kid.alerts.iter().filter(|a| a.kind != "其他" && a.day <= calendar.police);
        out.extend(alerts.map(|a| (a.day, Some((Extract::MinorAlert, self.child.number)))));
        let ledger = self.kid.ledger.filter(|l| matches!(l.kind, "疑似辍学" | "辍学"));
        out.extend(ledger.map(|l| (l.listed, Some((Extract::DropoutLedger, self.child.number)))));
        let card = self.child.card.filter(|c| c.severe() && c.valid_on(calendar.as_of));
        out.extend(card.filter(|_| card_shown(self.world, self.child)).map(|c| (c.issued, None)));
        let hurt = casualty(self.world, self.family)
            .filter(|&(who, _)| carers.contains(&Some(who)) && self.family.people[who].death.is_none());
        out.extend(
            hurt.map(|(who, day)| (day, Some((Extract::EmergencyEvent, self.family.people[who].number)))),
        );
        out.extend(
            self.child.illness.map(|(_, since)| (since, Some((Extract::SeriousIllness, self.child.number)))),
        );
        out
    }

    /// Every time in custody; the police see the arrest before a sentence.
    fn taken(&self, carer: &Person) -> Vec<Event> {
        let calendar = self.world.calendar;
        let paper = |extract| Some((extract, carer.number));
        let held = carer.terms.iter().filter(|t| !matches!(t.kind, "社区矫正" | "行政拘留"));
        held.flat_map(|term| {
            let prison = term.kind == "监狱服刑";
            let arrest = if prison { term.from.plus_days(-34) } else { term.from };
            let sentence =
                (prison && term.from <= calendar.others).then(|| (term.from, paper(Extract::PrisonTerm)));
            let arrest = (arrest <= calendar.police).then(|| (arrest, paper(Extract::Custody)));
            [sentence, arrest]
        })
        .flatten()
        .collect()
    }

    /// Known elsewhere for a month, and the roll does not say so.
    fn outdated(&self, roster: &Roster, out: &mut Vec<Expected>) {
        let edge = self.world.calendar.civil.plus_days(-30);
        let own = visible(self.world, self.child).map(|death| death.day);
        let adopted = self.kid.adoptions.iter().filter(|a| a.day <= self.world.calendar.civil);
        let adopted = adopted.max_by_key(|a| a.day).filter(|a| a.kind == "收养" && roster.listed < a.day);
        let moved =
            self.child.moved.as_ref().filter(|m| m.kind == MoveKind::Outside && roster.listed < m.day);
        let moved = moved.filter(|_| self.family.migrant_from.is_none());
        let parents = [(true, roster.father), (false, roster.mother)].map(|(father, recorded)| {
            let unknown = !matches!(recorded.code, 1 | 2);
            self.parent(father).filter(|_| unknown).and_then(|parent| visible(self.world, parent))
        });
        let parents = parents.into_iter().flatten().map(|death| death.day).filter(|&day| day <= edge).min();
        let old = |day: Option<Day>| day.filter(|&day| day <= edge);
        let on_paper =
            |day: Option<Day>, extract| old(day).map(|day| (day, vec![(extract, self.child.number)]));
        let changed = old(own)
            .map(|day| (day, Vec::new()))
            .or_else(|| on_paper(adopted.map(|a| a.day), Extract::Adopted))
            .or_else(|| on_paper(moved.map(|m| m.day), Extract::MoveOut))
            .or(parents.map(|day| (day, Vec::new())));
        if let Some((day, papers)) = changed {
            push_with(out, "q_system_not_updated", self.child, day.iso(), papers);
        }
    }
}

/// The number on a card that was graded anew tells the old level.
pub(super) fn card_number(world: &World<'_>, person: &Person, out: &mut Vec<Expected>) {
    let differs = person.card.is_some_and(|card| {
        card.reissue == 0 && card.graded_before.is_some_and(|before| before != card.level)
    });
    if differs && card_shown(world, person) {
        push(out, "z_card_number_conflict", person, String::new());
    }
}

/// Rows of the civil roll in which something is missing that everybody's file has to hold.
pub(crate) fn incomplete(world: &World<'_>, families: &[Family], rows: &[Vec<Row>]) -> Vec<Expected> {
    let columns: Vec<&str> = Extract::ChildRoster.layout().columns.split(',').collect();
    let mut written: BTreeMap<u64, &Row> = BTreeMap::new();
    for row in &rows[Extract::ChildRoster.index()] {
        if let Some(child) = row.mentions.iter().find(|mention| mention.role == "child") {
            written.entry(child.person).or_insert(row);
        }
    }
    let mut out = Vec::new();
    for person in families.iter().flat_map(|family| &family.people) {
        let Some(roster) = person.kid.as_deref().and_then(|kid| kid.roster.as_ref()) else { continue };
        let settled = roster.active && roster.listed < world.calendar.civil.plus_days(-30);
        let minor = person.birth.age_on(world.calendar.as_of) < 18;
        let Some(row) = written.get(&person.number).filter(|_| settled && minor) else { continue };
        let text =
            |title: &str| match columns.iter().position(|column| *column == title).map(|at| &row.cells[at]) {
                Some(Cell::Text(text)) => text.as_str(),
                Some(Cell::Empty) | None => "",
                Some(_) => "?",
            };
        let empty = |title: &str| matches!(text(title), "" | "无" | "0");
        let household = text("户口分类");
        let home = household.contains("福利院") || household == "1";
        let unregistered = household.contains("无户口") || household == "4";
        let school = world.calendar.compulsory(person.birth) && matches!(text("学业状况"), "" | "在读");
        let gap = (empty("身份证号") && !unregistered)
            || empty("现住址")
            || (!home && (empty("监护人姓名") || empty("监护人电话")))
            || (school && empty("就读学校"))
            || empty("儿童主任");
        if gap && visible(world, person).is_none() {
            out.push(Expected::new("q_file_incomplete", person.number, ""));
        }
    }
    out
}
