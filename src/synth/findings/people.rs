//! What is expected of anybody, child or not: money after death, subsidies beside or without a right.

use std::collections::BTreeSet;

use super::{Expected, paid_months, push, records, reviews, visible};
use crate::domain::{Day, Month};
use crate::synth::families::World;
use crate::synth::people::{Family, MoveKind, Person};
use crate::synth::welfare::{DE_FACTO, DESTITUTE, LIVING, NURSING, ORPHAN, SEVERE};

/// Everything about one member of a family.
pub(super) fn of_person(world: &World<'_>, family: &Family, index: usize, out: &mut Vec<Expected>) {
    let person = &family.people[index];
    dead_paid(world, person, out);
    stacked(world, family, index, out);
    living_after_stop(world, family, index, out);
    reviews::of_person(world, family, index, out);
    headcount(world, family, index, out);
    if card_shown(world, person) {
        card_and_subsidy(world, person, out);
        nursing_missing(world, family, index, out);
        living_missing(world, family, index, out);
    }
    twice_registered(person, out);
    records::card_number(world, person, out);
}

fn dead_paid(world: &World<'_>, person: &Person, out: &mut Vec<Expected>) {
    let Some(death) = visible(world, person) else { return };
    if paid_months(world, person, |_| true).iter().any(|&month| month > death.day.month()) {
        push(out, "e_dead_paid", person, death.day.iso());
    }
}

/// Months of a subsidy in the delivered files.
pub(super) fn subsidy_months(world: &World<'_>, person: &Person, kind: impl Fn(&str) -> bool) -> Vec<Month> {
    let calendar = world.calendar;
    let mut months: Vec<Month> = person
        .subsidies
        .iter()
        .filter(|subsidy| kind(subsidy.kind))
        .flat_map(|subsidy| {
            let last = subsidy.to.min(calendar.pay_to).index();
            (subsidy.from.max(calendar.pay_from).index()..=last).map(Month::from_index)
        })
        .collect();
    months.sort_unstable();
    months.dedup();
    months
}

fn first_common(a: &[Month], b: &[Month]) -> Option<Month> {
    let b: BTreeSet<Month> = b.iter().copied().collect();
    a.iter().copied().filter(|month| b.contains(month)).min()
}

/// Benefits that exclude each other.
fn stacked(world: &World<'_>, family: &Family, index: usize, out: &mut Vec<Expected>) {
    let person = &family.people[index];
    let paid = |project: &str| paid_months(world, person, |p| p == project);
    let (orphan, de_facto, severe) = (paid(ORPHAN), paid(DE_FACTO), paid(SEVERE));
    let destitute = paid(DESTITUTE);
    let basic: Vec<Month> = orphan.iter().chain(&de_facto).copied().collect();
    if let Some(month) = first_common(&basic, &destitute) {
        push(out, "e_dual_orphan_tk", person, month.compact());
    }
    for (a, b) in [(&orphan, &de_facto), (&orphan, &severe), (&de_facto, &severe)] {
        if let Some(month) = first_common(a, b) {
            push(out, "e_two_child_classes", person, month.compact());
        }
    }
    if let Some(month) = first_common(&orphan, &subsidy_months(world, person, |kind| kind == LIVING)) {
        push(out, "e_orphan_living_subsidy", person, month.compact());
    }
    if let Some(month) = first_common(&destitute, &subsidy_months(world, person, |_| true)) {
        push(out, "e_tk_disability_subsidy", person, month.compact());
    }
}

fn living_after_stop(world: &World<'_>, family: &Family, index: usize, out: &mut Vec<Expected>) {
    let now = world.calendar.civil.month();
    let Some(relief) = family.relief.as_ref().filter(|r| r.kind == "低保" && r.members.contains(&index))
    else {
        return;
    };
    let Some(stop) = relief.stop.filter(|&stop| stop <= now) else { return };
    let person = &family.people[index];
    let months = subsidy_months(world, person, |kind| kind == LIVING);
    let over = months.iter().filter(|&&month| month > stop).count();
    if over >= 2 && !family.on_relief(index, &["低保", "低保边缘"], now) {
        push(out, "e_living_no_dibao", person, stop.compact());
    }
}

/// Still counted in a household on relief, though dead, in prison, under compulsory treatment, declared
/// missing or registered elsewhere.
fn headcount(world: &World<'_>, family: &Family, index: usize, out: &mut Vec<Expected>) {
    let calendar = world.calendar;
    if !family.on_relief(index, &["低保"], calendar.as_of.month()) {
        return;
    }
    let Some(from) = family.relief.as_ref().map(|relief| relief.from) else { return };
    let person = &family.people[index];
    let edge = calendar.civil;
    let held = person.terms.iter().filter(|t| {
        let source = if t.kind == "监狱服刑" { calendar.others } else { calendar.police };
        let counts = matches!(t.kind, "监狱服刑" | "强制隔离戒毒") && t.from <= source.min(edge);
        counts && t.holds_on(edge) && t.until >= edge
    });
    let missing =
        person.judgments.iter().filter(|j| j.matter == "宣告失踪" && j.effective <= calendar.others);
    let moved = person.moved.as_ref().filter(|m| m.kind == MoveKind::Outside && m.day <= calendar.police);
    let ranked = [
        visible(world, person).map(|death| death.day),
        held.map(|t| t.from).min(),
        missing.map(|j| j.effective).min(),
        moved.map(|m| m.day),
    ];
    let counted = |day: &Day| day.month() < edge.month() && from <= day.month();
    if let Some(day) = ranked.into_iter().flatten().find(counted) {
        push(out, "e_dibao_headcount", person, day.iso());
    }
}

/// A card that the federation's file shows.
pub(super) fn card_shown(world: &World<'_>, person: &Person) -> bool {
    person.id.is_some() && person.card.is_some_and(|card| card.issued <= world.calendar.disability)
}

/// Since when a card does not count any more; `None` for a card in force, and for one that the office
/// has to be asked about.
pub(super) fn lapsed(person: &Person, edge: Day, grace: i32) -> bool {
    let Some(card) = person.card else { return false };
    let outside = person.moved.as_ref().filter(|m| m.kind == MoveKind::Outside).map(|m| m.day.plus_months(6));
    let since = match card.state {
        "注销" => return true,
        "冻结" => outside,
        "过期" => card.until,
        "正常" => card.until.filter(|&until| until < edge),
        _ => None,
    };
    since.is_some_and(|day| day.plus_days(grace) < edge)
}

fn card_and_subsidy(world: &World<'_>, person: &Person, out: &mut Vec<Expected>) {
    let Some(card) = person.card else { return };
    let calendar = world.calendar;
    let edge = calendar.disability;
    let recent = edge.month().plus(-2);
    let months = subsidy_months(world, person, |_| true);
    if lapsed(person, edge, 60) && months.last().is_some_and(|&month| month > recent) {
        push(out, "e_subsidy_card_invalid", person, String::new());
    }
    let nursing = subsidy_months(world, person, |kind| kind == NURSING);
    let none = card.level > 2 && !matches!(card.category, 5..=7);
    if none && card.valid_on(calendar.as_of) && nursing.last().is_some_and(|&month| month > recent) {
        push(out, "e_nursing_grade_gone", person, String::new());
    }
}

/// Here, alive, and the card in force long enough for a subsidy.
fn subsidy_due(world: &World<'_>, person: &Person) -> bool {
    let calendar = world.calendar;
    let here = visible(world, person).is_none()
        && person.moved.as_ref().is_none_or(|m| m.kind == MoveKind::Inside || m.day > calendar.police);
    let card = person.card.is_some_and(|card| {
        card.valid_on(calendar.as_of) && card.issued <= calendar.disability.plus_days(-60)
    });
    here && card
}

fn unpaid(world: &World<'_>, person: &Person, kind: &str) -> bool {
    let since = world.calendar.disability.month().plus(-3);
    !subsidy_months(world, person, |k| k == kind).iter().any(|&month| month >= since)
}

fn nursing_missing(world: &World<'_>, family: &Family, index: usize, out: &mut Vec<Expected>) {
    let person = &family.people[index];
    let severe = person.card.is_some_and(|card| card.level <= 2);
    let destitute = family.on_relief(index, &["特困"], world.calendar.as_of.month());
    if severe && !destitute && subsidy_due(world, person) && unpaid(world, person, NURSING) {
        push(out, "u_nursing_missing", person, String::new());
    }
}

fn living_missing(world: &World<'_>, family: &Family, index: usize, out: &mut Vec<Expected>) {
    let as_of = world.calendar.as_of;
    let person = &family.people[index];
    let on = |kind| family.on_relief(index, &[kind], as_of.month());
    let roster = person.kid.as_deref().and_then(|kid| kid.roster.as_ref());
    let orphan = roster.is_some_and(|r| r.active && matches!(r.category, 1 | 3));
    let entitled = on("低保") && !on("特困") && !orphan && person.birth.age_on(as_of) < 18;
    if entitled && subsidy_due(world, person) && unpaid(world, person, LIVING) {
        push(out, "u_living_missing", person, String::new());
    }
}

/// Twice in the register, and no paper says why.
fn twice_registered(person: &Person, out: &mut Vec<Expected>) {
    if person.twice == Some(false) && person.death.is_none() && person.moved.is_none() {
        push(out, "z_same_person_two_ids", person, format!("R{:012}", person.number));
    }
}
