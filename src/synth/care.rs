//! What is done for the children on the rolls: visits, surveys, colours, care agreements, lessons at home,
//! education aid; and the calls to the police. Offices mostly do their work: what they leave undone is the
//! few per cent that rules of quality are there for.

use super::calendar::{Calendar, date};
use super::dice::{Dice, fixed_chance};
use super::families::World;
use super::people::{Alert, Care, Family, Neglect, Visit};
use crate::domain::{Day, Month};

/// Everything that is done for the children of a family, after the rolls and the money are settled.
pub(crate) fn serve(world: &World<'_>, family: &mut Family, dice: &mut Dice) {
    for index in family.kids() {
        assess(world, family, index, dice);
        own(world, family, index, dice);
        agree(world, family, index, dice);
        visits(world, family, index, dice);
        lessons(world, family, index, dice);
        aid(world, family, index, dice);
        alert(world, family, index, dice);
    }
}

fn neglect(family: &Family, index: usize) -> Option<Neglect> {
    family.people[index].kid.as_deref().and_then(|kid| kid.neglect)
}

/// Colour and day of the assessment: everybody is to have one, renewed every half-year.
fn assess(world: &World<'_>, family: &mut Family, index: usize, dice: &mut Dice) {
    let civil = world.calendar.civil;
    let neglect = neglect(family, index);
    let Some(roster) = family.kid(index).roster.as_mut() else { return };
    let told = matches!(neglect, Some(Neglect::Interval | Neglect::OldRisk));
    let without = (neglect == Some(Neglect::Colour) || dice.chance(0.004)) && !told;
    let old = neglect == Some(Neglect::OldColour) || dice.chance(0.006);
    let ago = if old { dice.between(200, 330) } else { dice.between(5, 160) };
    roster.colour = ["红", "黄", "蓝", "绿"][dice.weighted(&[4.0, 14.0, 30.0, 48.0])];
    roster.assessed = Some(civil.plus_days(-ago).max(roster.listed));
    match neglect {
        Some(Neglect::Interval) => roster.colour = "红",
        Some(Neglect::OldRisk) => {
            roster.colour = "绿";
            roster.assessed = Some(civil.plus_days(-120).max(roster.listed));
        }
        _ if without => {
            roster.colour = "";
            roster.assessed = None;
        }
        _ => {}
    }
}

/// Whoever lives in another town than the papers say needs a named office.
fn own(world: &World<'_>, family: &mut Family, index: usize, dice: &mut Dice) {
    let nobody = neglect(family, index) == Some(Neglect::Owner);
    if nobody {
        let here = world.tables.villages[family.village].town;
        let elsewhere = |&&village: &&usize| world.tables.villages[village].town != here;
        let away: Vec<usize> = world.villages.iter().filter(elsewhere).copied().collect();
        if !away.is_empty() {
            family.lives_in = Some(*dice.pick(&away));
        }
    }
    let split = family.lives_in.is_some();
    if let Some(roster) = family.kid(index).roster.as_mut() {
        roster.owned = !(nobody || split && dice.chance(0.02));
    }
}

/// Renews the agreement that stands in the family, or lets it run out.
fn agree(world: &World<'_>, family: &mut Family, index: usize, dice: &mut Dice) {
    let civil = world.calendar.civil;
    let neglect = neglect(family, index);
    let kid = family.kid(index);
    let Some(Care { carer, signed, .. }) = kid.care else { return };
    let until = signed.plus_months(12 * dice.between(1, 4));
    let until = if until < civil && dice.chance(0.95) { civil.plus_months(9) } else { until };
    let ended = until < civil && dice.chance(0.25);
    kid.care = match neglect {
        Some(Neglect::Agreement) => None,
        Some(Neglect::EndedAgreement) => {
            Some(Care { carer, signed, until: civil.plus_days(-40), ended: true })
        }
        _ => Some(Care { carer, signed, until, ended }),
    };
}

/// The last half-year that is over: first and last day.
pub(crate) fn survey_half(calendar: &Calendar) -> (Day, Day) {
    let (year, month, _) = calendar.civil.ymd();
    let opened = date(year, if month < 7 { 1 } else { 7 }, 1);
    (opened.plus_months(-6), opened.plus_days(-1))
}

/// Whether a village went round all its children in that half-year. The fewest villages did not.
pub(crate) fn surveyed(world: &World<'_>, village: usize) -> bool {
    rank(world, 0x5e71, village) >= share(world, 0.035)
}

/// Whether a village has a director, had one, or never named one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Post {
    /// In office.
    Held,
    /// The director has left.
    Left,
    /// No line in the roll of directors.
    Vacant,
}

/// The post of a village.
pub(crate) fn post(world: &World<'_>, village: usize) -> Post {
    let rank = rank(world, 0xd1ec, village);
    let left = share(world, 0.018);
    if rank < left {
        Post::Left
    } else if rank < left + share(world, 0.018) {
        Post::Vacant
    } else {
        Post::Held
    }
}

/// A share of the villages, at least one.
fn share(world: &World<'_>, part: f64) -> usize {
    let count = world.villages.len();
    (0..count).take_while(|&n| (n as f64) < part * count as f64).count().max(1)
}

/// How many villages come before this one in an order that chance has laid down.
fn rank(world: &World<'_>, salt: u64, village: usize) -> usize {
    let place = |village: usize| fixed_chance(&[world.seed, salt, village as u64]);
    let own = place(village);
    world.villages.iter().filter(|&&other| place(other) < own).count()
}

/// A visit a month, a survey a half-year.
fn visits(world: &World<'_>, family: &mut Family, index: usize, dice: &mut Dice) {
    let calendar = world.calendar;
    let surveyed = surveyed(world, family.village);
    let (_, half_ends) = survey_half(calendar);
    let neglect = neglect(family, index);
    let death = family.people[index].death.map(|death| death.day);
    let Some((listed, true)) = family.kid(index).roster.as_ref().map(|r| (r.listed, r.active)) else {
        return;
    };
    let last = calendar.civil.month();
    let mut out = Vec::new();
    for month in (0..11).rev().map(|back| last.plus(-back)) {
        let day = Month::first_day(month).plus_days(dice.between(0, 19));
        let missed = dice.chance(0.02);
        let mut kind = ["月访", "摸底排查", "电话"][dice.weighted(&[95.0, 2.0, 3.0])];
        let survey = day.plus_months(1).month() == half_ends.plus_days(1).month();
        if kind == "摸底排查" || survey {
            kind = if surveyed { "摸底排查" } else { "月访" };
        }
        let recent = month >= last.plus(-1);
        match neglect {
            Some(Neglect::Visits) if recent => continue,
            Some(Neglect::Calls) if recent => kind = "电话",
            _ if missed && !survey => continue,
            _ => {}
        }
        if day >= listed && day <= calendar.civil && death.is_none_or(|death| death > day) {
            out.push(Visit { day, kind });
        }
    }
    let salt = family.people[index].number;
    let roster = family.kid(index).roster.as_ref();
    let colour = roster.map_or("", |roster| roster.colour);
    let high = Risk { colour, listed, neglect, death };
    often(world, &high, &mut Dice::new(&[world.seed, 0x0f7e, salt]), &mut out);
    family.kid(index).visits = out;
}

/// What decides how often a child is seen beyond once a month.
struct Risk {
    colour: &'static str,
    listed: Day,
    neglect: Option<Neglect>,
    death: Option<Day>,
}

/// Visits of the last weeks to whoever is at a higher risk: each week the red, every other week the yellow.
/// The dice are their own, so that the county is the same with and without them.
fn often(world: &World<'_>, risk: &Risk, dice: &mut Dice, out: &mut Vec<Visit>) {
    let civil = world.calendar.civil;
    let each = match risk.colour {
        "红" => 6,
        "黄" => 13,
        _ => return,
    };
    if risk.neglect == Some(Neglect::Interval) {
        let last = civil.plus_days(-dice.between(12, 17));
        out.retain(|visit| visit.day < last);
        out.push(Visit { day: last, kind: "月访" });
        return;
    }
    if risk.neglect.is_some_and(|neglect| matches!(neglect, Neglect::Visits | Neglect::Calls))
        || dice.chance(0.02)
    {
        return;
    }
    let mut day = civil.plus_days(-dice.between(0, 3));
    while day > civil.plus_days(-45) && day >= risk.listed {
        if risk.death.is_none_or(|death| death > day) {
            out.push(Visit { day, kind: "月访" });
        }
        day = day.plus_days(-each);
    }
    out.sort_by_key(|visit| visit.day);
}

/// Two lessons a month, in the term.
fn lessons(world: &World<'_>, family: &mut Family, index: usize, dice: &mut Dice) {
    let calendar = world.calendar;
    let low = neglect(family, index) == Some(Neglect::Lessons);
    let kid = family.kid(index);
    let at_home = kid.placement.is_some_and(|p| p.how == "送教上门");
    if !at_home {
        return;
    }
    let first = date(calendar.school_year, 9, 1).month();
    let last_full = calendar.education.month().plus(-1);
    let mut out = Vec::new();
    for month in (0..10).map(|nth| first.plus(nth)) {
        let first = month.first_day();
        for (from, to) in [(2, 8), (16, 23)] {
            let missed = dice.chance(0.02) || (low && month == last_full && from > 2);
            let day = first.plus_days(dice.between(from, to));
            if !missed && day <= calendar.education {
                out.push(day);
            }
        }
    }
    kid.lessons = out;
}

/// Aid for the pupils who are entitled to it.
fn aid(world: &World<'_>, family: &mut Family, index: usize, dice: &mut Dice) {
    let missed = neglect(family, index) == Some(Neglect::Aid) || dice.chance(0.006);
    let child = &family.people[index];
    let entitled = entitled_to_aid(world, family, index);
    let study = child.kid.as_deref().is_some_and(|k| k.rolls.iter().any(|r| r.state == "在籍在读"));
    if entitled && study && !missed {
        let senior = world.calendar.grade(child.birth) > 9;
        let project =
            if senior { "国家助学金" } else { "义务教育家庭经济困难学生生活补助" };
        family.kid(index).aid = Some(project);
    }
}

/// In difficulty on the civil roll, in a household on relief, or with a card in force.
pub(crate) fn entitled_to_aid(world: &World<'_>, family: &Family, index: usize) -> bool {
    let calendar = world.calendar;
    let child = &family.people[index];
    let roster = child.kid.as_deref().and_then(|kid| kid.roster.as_ref());
    let listed = roster.is_some_and(|r| r.active && !matches!(r.category, 8 | 12));
    let card = child.card.is_some_and(|c| c.valid_on(calendar.as_of) && c.issued <= calendar.disability);
    listed
        || family.on_relief(index, &["低保", "特困"], calendar.as_of.month())
        || (card && child.id.is_some())
}

/// A call to the police, rarely.
fn alert(world: &World<'_>, family: &mut Family, index: usize, dice: &mut Dice) {
    if family.story.is_some() || !dice.chance(0.0007) {
        return;
    }
    let day = world.calendar.police.plus_days(-dice.between(2, 330));
    let day = day.max(family.people[index].birth.plus_days(10));
    let kind = ["走失", "家庭暴力", "侵害", "其他"][dice.weighted(&[45.0, 14.0, 4.0, 37.0])];
    family.kid(index).alerts.push(Alert { kind, day, found: true });
}
