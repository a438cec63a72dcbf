//! What civil affairs and the other payers do for the people they know about: rolls, money month by month,
//! relief households, subsidies, care agreements.

use super::calendar::Calendar;
use super::dice::Dice;
use super::families::World;
use super::people::{Care, Family, MoveKind, ParentState, Pay, Person, Relief, Roster, Subsidy};
use super::stories::Story;
use crate::domain::{Day, Month};

/// Programme names.
pub(crate) const ORPHAN: &str = "孤儿基本生活费";
/// De facto without support.
pub(crate) const DE_FACTO: &str = "事实无人抚养儿童基本生活补贴";
/// Severely disabled or ill.
pub(crate) const SEVERE: &str = "重残重病困境儿童生活费";
/// Destitute.
pub(crate) const DESTITUTE: &str = "特困供养金";
/// Minimum living.
pub(crate) const MINIMUM: &str = "低保金";
/// Study grant of orphans over eighteen.
pub(crate) const STUDY: &str = "福彩圆梦助学金";
/// Nursing subsidy.
pub(crate) const NURSING: &str = "重度残疾人护理补贴";
/// Living subsidy.
pub(crate) const LIVING: &str = "困难残疾人生活补贴";

/// The programme of a category of the civil roll, with the monthly sum.
pub(crate) fn programme(category: u8) -> Option<(&'static str, u32)> {
    match category {
        1 => Some((ORPHAN, 2985)),
        3 | 6 => Some((ORPHAN, 2410)),
        5 => Some((DE_FACTO, 2410)),
        10 | 11 => Some((SEVERE, 1446)),
        _ => None,
    }
}

/// The state of a parent as an officer would enter it on `day`.
pub(crate) fn parent_state(person: &Person, day: Day) -> ParentState {
    let state = |code, from, to| ParentState { code, from: Some(from), to };
    if let Some(death) = person.death.filter(|d| d.day <= day) {
        return state(1, death.day, None);
    }
    if let Some(j) = person.judgments.iter().find(|j| j.effective <= day) {
        let code = match j.matter {
            "宣告失踪" => 2,
            "宣告死亡" => 1,
            _ => 9,
        };
        return state(code, j.effective, None);
    }
    if let Some(term) = person.terms.iter().find(|t| t.long() && t.holds_on(day)) {
        let code = if term.kind == "监狱服刑" { 5 } else { 6 };
        return state(code, term.from, Some(term.until));
    }
    if let Some(card) = person.card.filter(|c| c.severe() && c.issued <= day) {
        return state(3, card.issued, None);
    }
    if let Some(since) = person.lost_since.filter(|&since| since <= day) {
        return state(8, since, None);
    }
    let code = if person.away { 11 } else { 0 };
    ParentState { code, from: None, to: None }
}

/// Puts a child on the roll and starts the money of the category.
pub(crate) fn enlist(world: &World<'_>, family: &mut Family, index: usize, category: u8, listed: Day) {
    let state_day = world.calendar.civil.plus_days(-25);
    let state = |parent: Option<usize>| {
        parent.map(|p| parent_state(&family.people[p], state_day)).unwrap_or_default()
    };
    let (father, mother) = (state(family.people[index].father), state(family.people[index].mother));
    let first = listed.month().plus(1);
    let paid = programme(category).is_some();
    family.kid(index).roster = Some(Roster {
        category,
        listed,
        active: true,
        status: if paid { 0 } else { 9 },
        first_pay: paid.then_some(first),
        last_pay: None,
        exit: 0,
        continued: "",
        father,
        mother,
        colour: "",
        assessed: None,
        owned: true,
    });
    if let Some((project, amount)) = programme(category) {
        let to = world.calendar.pay_to;
        family.people[index].pays.push(Pay { project, from: first, to, returned_from: None, amount });
    }
}

/// Takes a child off the roll: last paid month, reason.
pub(crate) fn delist(family: &mut Family, index: usize, last: Month, exit: u8) {
    for pay in &mut family.people[index].pays {
        pay.to = pay.to.min(last);
    }
    if let Some(roster) = family.kid(index).roster.as_mut() {
        roster.active = false;
        roster.status = 2;
        roster.last_pay = Some(last);
        roster.exit = exit;
    }
}

fn listed_day(calendar: &Calendar, since: Day, dice: &mut Dice) -> Day {
    let day = since.plus_days(dice.between(20, 120));
    day.min(calendar.civil.plus_days(-dice.between(35, 300)))
}

/// Natural coverage: rolls, relief and subsidies of families that no story governs.
pub(crate) fn cover(world: &World<'_>, family: &mut Family, dice: &mut Dice) {
    relief(world, family, dice);
    for index in family.kids() {
        if family.kid(index).scripted {
            continue;
        }
        if family.migrant_from.is_some() {
            migrant(world, family, index, dice);
        } else {
            cover_child(world, family, index, dice);
        }
    }
    subsidies(world, family, dice);
    if !matches!(family.story, Some(Story::DeadPaid | Story::DeadReturned)) {
        stop_for_the_dead(world, family, dice);
    }
}

fn cover_child(world: &World<'_>, family: &mut Family, index: usize, dice: &mut Dice) {
    let calendar = world.calendar;
    let child = &family.people[index];
    let age = child.birth.age_on(calendar.civil);
    if age >= 18 || child.death.is_some() || child.moved.is_some() {
        return;
    }
    let known = calendar.civil.plus_days(-40);
    let gone = |p: Option<usize>| p.and_then(|p| family.people[p].gone_since(known));
    let unable = |p: Option<usize>| p.and_then(|p| family.people[p].unable_since(known));
    let (father, mother) = (child.father, child.mother);
    let since = match (gone(father), gone(mother)) {
        (Some(a), Some(b)) => Some((3, a.max(b))),
        (Some(a), None) => unable(mother).map(|b| (5, a.max(b))),
        (None, Some(a)) => unable(father).map(|b| (5, a.max(b))),
        (None, None) => unable(father).zip(unable(mother)).map(|(a, b)| (5, a.max(b))),
    };
    let severe = child.card.filter(|c| c.severe() && c.valid_on(calendar.as_of));
    if let Some((category, since)) = since {
        if category == 3 || dice.chance(0.95) {
            let day = listed_day(calendar, since, dice);
            enlist(world, family, index, category, day);
        }
    } else if let Some(card) = severe {
        // With the nursing subsidy alone a child counts as covered.
        if card.level > 2 || dice.chance(0.7) {
            let day = listed_day(calendar, card.issued, dice);
            enlist(world, family, index, 10, day);
        }
    } else {
        left_behind(world, family, index, age, dice);
        poor(world, family, index, dice);
    }
}

/// Children of households on relief are children in difficulty.
fn poor(world: &World<'_>, family: &mut Family, index: usize, dice: &mut Dice) {
    let calendar = world.calendar;
    let on_relief = family.on_relief(index, &["低保", "特困"], calendar.civil.month());
    let from = family.relief.as_ref().map_or(calendar.civil, |relief| relief.from.first_day());
    let listed = family.kid(index).roster.is_some();
    if on_relief && !listed && dice.chance(0.985) {
        let day = listed_day(calendar, from, dice).max(family.people[index].birth.plus_days(10));
        enlist(world, family, index, 9, day);
    }
}

/// Whether the place enters the children who moved in with their parents: some industrial parks have begun to.
pub(crate) fn keeps_migrants(world: &World<'_>, village: usize) -> bool {
    let town = world.tables.villages[village].town;
    town.ends_with("产业园") || town.ends_with("科技园")
}

/// A child who came with its parents, in a place that enters such children: nearly all of them are entered.
fn migrant(world: &World<'_>, family: &mut Family, index: usize, dice: &mut Dice) {
    let calendar = world.calendar;
    let child = &family.people[index];
    let of_age = child.birth.age_on(calendar.civil) < 16 && child.birth <= calendar.civil.plus_days(-200);
    let lives = family.lives_in.unwrap_or(family.village);
    if of_age && child.death.is_none() && keeps_migrants(world, lives) && dice.chance(0.94) {
        let day = calendar.civil.plus_days(-dice.between(60, 900)).max(child.birth.plus_days(90));
        enlist(world, family, index, 12, day);
    }
}

fn left_behind(world: &World<'_>, family: &mut Family, index: usize, age: i32, dice: &mut Dice) {
    let away =
        |p: Option<usize>| p.is_some_and(|p| family.people[p].away && family.people[p].death.is_none());
    let child = &family.people[index];
    let (father, mother) = (away(child.father), away(child.mother));
    let carer = (0..family.people.len()).find(|&p| {
        let person = &family.people[p];
        person.kid.is_none() && person.death.is_none() && Some(p) != child.father && Some(p) != child.mother
    });
    let kid = family.kid(index);
    kid.left_behind = u8::from(father) + u8::from(mother);
    if father && mother && age < 16 && family.rural && dice.chance(0.985) {
        let day = world.calendar.civil.plus_days(-dice.between(60, 1200));
        let day = day.max(family.people[index].birth.plus_days(90));
        enlist(world, family, index, 8, day);
        if let Some(carer) = carer.filter(|_| dice.chance(0.975)) {
            let signed = day.plus_days(dice.between(0, 20));
            family.kid(index).care = Some(Care { carer, signed, until: signed, ended: false });
        }
    }
}

/// Why an agency takes somebody out of a household on relief, and since when.
pub(crate) fn left_household(person: &Person, day: Day) -> Option<Day> {
    let held = person
        .terms
        .iter()
        .filter(|t| matches!(t.kind, "监狱服刑" | "强制隔离戒毒") && t.holds_on(day) && t.from <= day);
    let moved = person.moved.as_ref().filter(|m| m.kind != MoveKind::Inside && m.day <= day);
    [person.gone_since(day), held.map(|t| t.from).min(), moved.map(|m| m.day)].into_iter().flatten().min()
}

/// The members of a household that really live in it.
pub(crate) fn household(world: &World<'_>, family: &Family) -> Vec<usize> {
    let civil = world.calendar.civil;
    (0..family.people.len())
        .filter(|&p| family.people[p].local && left_household(&family.people[p], civil).is_none())
        .collect()
}

/// The members on the roll: those who left it are taken out, the last ones sometimes not yet.
fn members(world: &World<'_>, family: &Family, from: Month, dice: &mut Dice) -> Vec<usize> {
    let civil = world.calendar.civil;
    let counted = |p: usize, dice: &mut Dice| match left_household(&family.people[p], civil) {
        None => true,
        Some(day) => day.month() >= from && day > civil.plus_days(-140) && dice.chance(0.08),
    };
    (0..family.people.len()).filter(|&p| family.people[p].local && counted(p, dice)).collect()
}

fn relief(world: &World<'_>, family: &mut Family, dice: &mut Dice) {
    if family.migrant_from.is_some() {
        return;
    }
    let calendar = world.calendar;
    let head = &family.people[family.head];
    let age = head.birth.age_on(calendar.as_of);
    let alone = family.people.len() == 1;
    let told = family.story.is_some();
    let from = calendar.pay_to.plus(-dice.between(3, 90));
    if alone && age >= 60 && head.sex == crate::domain::Sex::Male && dice.chance(0.16) {
        family.relief = Some(Relief { kind: "特困", members: vec![family.head], from, stop: None });
        pay(family, family.head, DESTITUTE, 1290, (from, calendar.pay_to));
    } else if !told && dice.chance(if alone { 0.03 } else { 0.013 }) {
        let marginal = dice.chance(0.25);
        let stop =
            dice.chance(0.12).then(|| calendar.pay_to.plus(-dice.between(1, 10))).filter(|s| *s > from);
        let members = members(world, family, from, dice);
        if members.is_empty() {
            return;
        }
        let kind = if marginal { "低保边缘" } else { "低保" };
        family.relief = Some(Relief { kind, members, from, stop });
        if !marginal {
            let to = stop.map_or(calendar.pay_to, |stop| stop.plus(-1));
            let amount = 400 + dice.range(0, 1200);
            pay(family, family.head, MINIMUM, amount, (from, to));
        }
    }
}

/// Starts a programme for somebody, for these months.
pub(crate) fn pay(
    family: &mut Family,
    index: usize,
    project: &'static str,
    amount: u32,
    months: (Month, Month),
) {
    let (from, to) = months;
    family.people[index].pays.push(Pay { project, from, to, returned_from: None, amount });
}

/// Subsidies of everybody whose card counts; hardly anybody is forgotten.
fn subsidies(world: &World<'_>, family: &mut Family, dice: &mut Dice) {
    let calendar = world.calendar;
    let now = calendar.pay_to;
    for index in 0..family.people.len() {
        let destitute = family.on_relief(index, &["特困"], now);
        let poor = family.on_relief(index, &["低保"], now);
        let person = &mut family.people[index];
        let Some(card) = person.card.filter(|c| c.state == "正常") else { continue };
        let scripted = person.kid.as_ref().is_some_and(|kid| kid.scripted);
        if destitute || scripted || person.unaided {
            continue;
        }
        let from = card.issued.month().plus(2).max(calendar.pay_from.plus(-24));
        if card.level <= 2 && dice.chance(0.9993) {
            person.subsidies.push(Subsidy { kind: NURSING, from, to: now });
        }
        let orphan = person
            .kid
            .as_ref()
            .and_then(|kid| kid.roster.as_ref())
            .is_some_and(|r| matches!(r.category, 1 | 3));
        let likely = if person.kid.is_some() { 0.97 } else { 0.85 };
        if poor && !orphan && dice.chance(likely) {
            person.subsidies.push(Subsidy { kind: LIVING, from, to: now });
        }
    }
}

/// Money stops with the month of death; rarely it goes on for some months.
fn stop_for_the_dead(world: &World<'_>, family: &mut Family, dice: &mut Dice) {
    for person in &mut family.people {
        let Some(death) = person.death else { continue };
        let late = dice.chance(0.004);
        for pay in &mut person.pays {
            let last = death.day.month().plus(if late { dice.between(1, 3) } else { 0 });
            pay.to = pay.to.min(last).min(world.calendar.pay_to);
        }
        for subsidy in &mut person.subsidies {
            subsidy.to = subsidy.to.min(death.day.month());
        }
    }
}
