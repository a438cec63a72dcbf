//! Natural lives: deaths, moves, custody, cards, work away, registration changes. What offices do about it
//! is in `welfare`; school is in `school`; the told stories are in `told`.

use super::calendar::date;
use super::dice::{Dice, mix};
use super::families::World;
use super::names;
use super::people::{Card, Death, Family, Judgment, MoveKind, Moved, Person, Term};
use crate::domain::{Day, Sex};

/// Chance of dying within a year, by age.
fn yearly_death(age: i32) -> f64 {
    match age {
        ..1 => 0.003,
        1..15 => 0.0002,
        15..40 => 0.0006,
        40..50 => 0.0016,
        50..60 => 0.004,
        60..70 => 0.010,
        70..80 => 0.032,
        80..90 => 0.095,
        _ => 0.21,
    }
}

/// A death and what is written down about it.
pub(crate) fn death_on(world: &World<'_>, dice: &mut Dice, day: Day) -> Death {
    let calendar = world.calendar;
    // Rural deaths may reach the police up to a month late, some later.
    let lag = if dice.chance(0.08) { dice.between(30, 75) } else { dice.between(2, 24) };
    let police = Some(day.plus_days(lag)).filter(|&d| d <= calendar.police);
    let cremation = dice.chance(0.96).then(|| day.plus_days(dice.between(1, 4)));
    Death {
        day,
        police,
        cremation: cremation.filter(|&d| d <= calendar.civil),
        certificate: dice.chance(0.82) && day.plus_days(7) <= calendar.others,
    }
}

/// A card drawn from the county's mix.
pub(crate) fn card_for(world: &World<'_>, dice: &mut Dice, person: &Person) -> Card {
    let as_of = world.calendar.as_of;
    let young = person.birth.age_on(as_of) < 18;
    let categories = if young {
        [7.0, 12.0, 5.0, 24.0, 30.0, 14.0, 8.0]
    } else {
        [13.0, 12.0, 1.0, 46.0, 10.0, 13.0, 5.0]
    };
    let category = u8::try_from(dice.weighted(&categories) + 1).unwrap_or(4);
    let level = u8::try_from(dice.weighted(&[13.0, 25.0, 27.0, 35.0]) + 1).unwrap_or(4);
    let earliest = person.birth.plus_months(14).max(date(2010, 1, 1)).days();
    let issued = Day::from_days(dice.between(earliest, as_of.days() - 120));
    let state = ["正常", "过期", "冻结", "注销"][dice.weighted(&[94.0, 3.5, 1.0, 1.5])];
    let reissue = u8::from(issued < as_of.plus_months(-120)) + u8::from(dice.chance(0.04));
    let until = if state == "过期" {
        as_of.plus_days(-dice.between(20, 700))
    } else {
        let years = (as_of.days() - issued.days()) / 3652 + 1;
        issued.plus_months(years * 120)
    };
    let until = dice.chance(0.97).then_some(until);
    Card { category, level, issued, until, state, reissue, graded_before: None }
}

fn card_chance(age: i32) -> f64 {
    match age {
        ..2 => 0.0,
        2..18 => 0.0045,
        18..40 => 0.012,
        40..60 => 0.030,
        60..75 => 0.055,
        _ => 0.07,
    }
}

/// The day a birth was registered: a few weeks after it.
pub(crate) fn registered_on(world: &World<'_>, child: &Person) -> Day {
    let days = i32::try_from(mix(&[world.seed, 0xb1e7, child.number]) % 78).unwrap_or(0);
    child.birth.plus_days(3 + days)
}

/// The natural life of every member.
pub(crate) fn live(world: &World<'_>, family: &mut Family, dice: &mut Dice) {
    let told = family.story.is_some();
    let anchor_family: Vec<usize> = family
        .kids()
        .into_iter()
        .flat_map(|kid| [Some(kid), family.people[kid].father, family.people[kid].mother])
        .flatten()
        .collect();
    for index in 0..family.people.len() {
        let quiet = told && anchor_family.contains(&index);
        if !quiet {
            mortality(world, &mut family.people[index], dice);
            custody(world, &mut family.people[index], dice);
            disability(world, &mut family.people[index], dice);
        }
        register(world, &mut family.people[index], dice, quiet);
    }
    if family.migrant_from.is_none() {
        work_away(world, family, dice);
        parents_past(world, family, dice, told);
    }
    if dice.chance(0.22) {
        family.lives_in = Some(*dice.pick(&world.villages));
    }
}

fn mortality(world: &World<'_>, person: &mut Person, dice: &mut Dice) {
    let as_of = world.calendar.as_of;
    for back in 0..2 {
        let year_end = as_of.plus_months(-12 * back);
        let age = person.birth.age_on(year_end);
        if person.birth < year_end.plus_days(-366) && dice.chance(yearly_death(age)) {
            let day = year_end.plus_days(-dice.between(1, 365));
            person.death = Some(death_on(world, dice, day));
        }
    }
}

fn custody(world: &World<'_>, person: &mut Person, dice: &mut Dice) {
    let as_of = world.calendar.as_of;
    let age = person.birth.age_on(as_of);
    if !(20..60).contains(&age) || !person.local {
        return;
    }
    let scale = if person.sex == Sex::Male { 1.0 } else { 0.12 };
    let roll = dice.unit() / scale;
    let ago = |dice: &mut Dice, low: i32, high: i32| as_of.plus_days(-dice.between(low, high));
    let term = if roll < 0.002 {
        let from = ago(dice, 60, 1500);
        let until = from.plus_months(dice.between(54, 150));
        Some(Term { kind: "监狱服刑", from, until, released: None })
    } else if roll < 0.0045 {
        let from = ago(dice, 900, 2400);
        let until = from.plus_months(dice.between(7, 28));
        Some(Term { kind: "监狱服刑", from, until, released: Some(until.min(as_of.plus_days(-30))) })
    } else if roll < 0.0055 {
        let from = ago(dice, 30, 500);
        Some(Term {
            kind: "社区矫正", from, until: from.plus_months(dice.between(12, 36)), released: None
        })
    } else if roll < 0.0060 {
        let from = ago(dice, 40, 640);
        Some(Term { kind: "强制隔离戒毒", from, until: from.plus_months(24), released: None })
    } else if roll < 0.0090 {
        let from = ago(dice, 20, 700);
        let until = from.plus_days(dice.between(5, 15));
        Some(Term { kind: "行政拘留", from, until, released: Some(until) })
    } else if roll < 0.0105 {
        let from = ago(dice, 45, 600);
        let until = from.plus_days(30);
        Some(Term { kind: "刑事拘留", from, until, released: Some(until) })
    } else {
        None
    };
    person.terms.extend(term);
}

fn disability(world: &World<'_>, person: &mut Person, dice: &mut Dice) {
    let age = person.birth.age_on(world.calendar.as_of);
    if person.local && dice.chance(card_chance(age)) {
        let mut card = card_for(world, dice, person);
        if person.death.is_some() && dice.chance(0.7) {
            card.state = "注销";
        }
        person.card = Some(card);
    }
}

/// Changes of the register itself: number, name, place.
fn register(world: &World<'_>, person: &mut Person, dice: &mut Dice, quiet: bool) {
    let as_of = world.calendar.as_of;
    let age = person.birth.age_on(as_of);
    if person.former.is_none() && age < 18 && !quiet && dice.chance(0.006) {
        rename(world, person, dice);
    }
    if !quiet && person.death.is_none() && (18..45).contains(&age) && dice.chance(0.006) {
        let kind = if age < 22 { MoveKind::Study } else { MoveKind::Outside };
        let day = as_of.plus_days(-dice.between(20, 700));
        person.moved = Some(move_on(world, dice, kind, day));
    }
}

/// A change of the given name or of the surname within the last three years.
pub(crate) fn rename(world: &World<'_>, person: &mut Person, dice: &mut Dice) {
    let before = person.name.clone();
    let year = person.birth.ymd().0;
    let day = world.calendar.as_of.plus_days(-dice.between(40, 1000)).max(person.birth.plus_days(200));
    if dice.chance(0.4) && !before.minority() {
        names::surname(dice, world.tables).clone_into(&mut person.name.surname);
    } else if !before.minority() {
        person.name.given = names::given(dice, world.tables, person.sex, year);
    }
    if person.name != before {
        person.former = Some((before, day));
    }
}

/// A move on a day.
pub(crate) fn move_on(world: &World<'_>, dice: &mut Dice, kind: MoveKind, day: Day) -> Moved {
    let to = if kind == MoveKind::Inside {
        let village = *dice.pick(&world.villages);
        format!("江苏省启东市{}", world.tables.villages[village].town)
    } else {
        dice.pick(&world.tables.elsewhere).place.to_owned()
    };
    Moved { day, kind, to }
}

fn work_away(world: &World<'_>, family: &mut Family, dice: &mut Dice) {
    let Some(&kid) = family.kids().first() else { return };
    // Both go only where somebody stays with the children.
    let elder = family.people[0].kid.is_none() && Some(0) != family.people[kid].father;
    let alive = family.people[0].alive_on(world.calendar.as_of);
    let both = dice.chance(0.032) && elder && alive;
    let one = !both && dice.chance(0.08);
    let parents = (family.people[kid].father, family.people[kid].mother);
    if let (true, Some(father)) = (both || one, parents.0) {
        family.people[father].away = true;
    }
    if let (true, Some(mother)) = (both, parents.1) {
        family.people[mother].away = true;
    }
}

/// Deaths and declarations of young children's parents reach further back than other deaths, because
/// they matter until the children are grown.
fn parents_past(world: &World<'_>, family: &mut Family, dice: &mut Dice, told: bool) {
    if told {
        return;
    }
    let Some(&kid) = family.kids().first() else { return };
    let as_of = world.calendar.as_of;
    let since = family.people[kid].birth.plus_days(200).max(date(2016, 1, 1));
    let latest = as_of.plus_days(-760);
    for (parent, chance) in [(family.people[kid].father, 0.011), (family.people[kid].mother, 0.005)] {
        let Some(parent) = parent else { continue };
        if since < latest && family.people[parent].death.is_none() && dice.chance(chance) {
            let day = Day::from_days(dice.between(since.days(), latest.days()));
            family.people[parent].death = Some(death_on(world, dice, day));
            family.people[parent].card = None;
            family.people[parent].terms.clear();
        } else if dice.chance(0.0006) {
            let effective = as_of.plus_days(-dice.between(100, 1500));
            family.people[parent].judgments.push(Judgment { matter: "宣告失踪", effective });
        }
    }
}
