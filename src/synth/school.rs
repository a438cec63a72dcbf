//! School careers: which roll rows a child has today and which changes led there.

use super::calendar::date;
use super::dice::Dice;
use super::families::World;
use super::people::{Family, Placement, Roll, RollChange, School};
use crate::domain::{Day, Month};

/// The stage a grade belongs to: kind of school and the grade it starts with.
fn stage(grade: i32) -> (u8, i32) {
    match grade {
        ..7 => (21, 1),
        7..10 => (31, 7),
        _ => (34, 10),
    }
}

/// The first village of a town: stands for the town in [`School`].
pub(crate) fn town_of(world: &World<'_>, village: usize) -> usize {
    let town = world.tables.villages[village].town;
    world.tables.villages.iter().position(|v| v.town == town).unwrap_or(village)
}

/// A school for this grade near this village.
pub(crate) fn school_for(world: &World<'_>, village: usize, grade: i32, dice: &mut Dice) -> School {
    let (kind, _) = stage(grade);
    if kind == 34 {
        return School { kind, town: 0, nth: u8::try_from(dice.below(4)).unwrap_or(0) };
    }
    let nth = if kind == 21 { u8::try_from(dice.below(3)).unwrap_or(0) } else { 0 };
    School { kind, town: town_of(world, village), nth }
}

/// The special school.
pub(crate) const SPECIAL: School = School { kind: 51, town: 0, nth: 0 };

/// The name of a school.
pub(crate) fn school_name(world: &World<'_>, school: School) -> String {
    let town = world.tables.villages[school.town].town.trim_end_matches('镇');
    let town = town.strip_prefix("启东").unwrap_or(town);
    match school.kind {
        51 => "启东市特殊教育学校".to_owned(),
        34 => ["江苏省启东中学", "启东市第一中学", "启东市汇龙中学", "启东市吕四中学"]
            [usize::from(school.nth % 4)]
        .to_owned(),
        31 => format!("启东市{town}初级中学"),
        _ => match school.nth {
            0 => format!("启东市{town}小学"),
            nth => format!("启东市{town}第{}小学", ["二", "三"][usize::from((nth - 1) % 2)]),
        },
    }
}

/// 学校标识码: kind, province, serial.
pub(crate) fn school_code(school: School) -> String {
    format!("{}32{:06}", school.kind, 60_000 + school.town * 10 + usize::from(school.nth))
}

/// A roll row in a grade.
pub(crate) fn roll(world: &World<'_>, village: usize, grade: i32, dice: &mut Dice) -> Roll {
    let (_, first) = stage(grade);
    Roll {
        school: school_for(world, village, grade, dice),
        grade: u8::try_from(grade.clamp(1, 12)).unwrap_or(1),
        class: u8::try_from(dice.between(1, 8)).unwrap_or(1),
        entered: Month::new(world.calendar.school_year - (grade - first), 9),
        state: "在籍在读",
        mode: if grade > 6 && dice.chance(0.4) { "住校" } else { "走读" },
        inclusive: false,
        letter: 'G',
        old_id_cell: false,
    }
}

/// Gives every child of the family the career it would naturally have.
pub(crate) fn careers(world: &World<'_>, family: &mut Family, dice: &mut Dice) {
    let village = family.lives_in.unwrap_or(family.village);
    for index in family.kids() {
        let person = &family.people[index];
        let (birth, dead, moved) = (person.birth, person.death, person.moved.is_some());
        let card = person.card;
        let unregistered = person.id.is_none();
        let grade = world.calendar.grade(birth);
        let Some(mut rolls) = career(world, village, grade, dice) else { continue };
        let kid = family.kid(index);
        if kid.outside {
            continue;
        }
        if let Some(death) = dead {
            let started = death.day >= rolls[0].entered.first_day();
            if !started {
                continue;
            }
            rolls[0].state = "死亡";
            kid.changes.push(change("死亡", death.day.plus_days(6)));
        }
        for roll in &mut rolls {
            roll.letter = if unregistered { 'J' } else { 'G' };
        }
        kid.rolls = rolls;
        if card.is_some() && grade <= 9 && dead.is_none() {
            disabled_schooling(world, family, index, dice);
        } else if dead.is_none() && !moved && !family.kid(index).scripted {
            ordinary_changes(world, family, index, village, dice);
        }
    }
}

/// The rows of a child in this grade; `None` before school and long after it.
#[expect(clippy::match_same_arms, reason = "in the order of the grades")]
fn career(world: &World<'_>, village: usize, grade: i32, dice: &mut Dice) -> Option<Vec<Roll>> {
    match grade {
        ..1 => None,
        1..10 => Some(vec![roll(world, village, grade, dice)]),
        10..13 if dice.chance(0.68) => Some(vec![roll(world, village, grade, dice)]),
        10..16 => Some(vec![graduate(world, village, grade, dice)]),
        _ => None,
    }
}

/// Left with a diploma: senior school after grade 12, middle school otherwise.
fn graduate(world: &World<'_>, village: usize, grade: i32, dice: &mut Dice) -> Roll {
    let senior = grade > 12 && dice.chance(0.65);
    let last = if senior { 12 } else { 9 };
    let mut row = roll(world, village, last, dice);
    row.entered = row.entered.plus(-12 * (grade - last));
    row.state = "毕业";
    row
}

/// A change without places or end.
pub(crate) fn change(kind: &'static str, day: Day) -> RollChange {
    RollChange { kind, day, until: None, from: String::new(), to: String::new() }
}

fn ordinary_changes(world: &World<'_>, family: &mut Family, index: usize, village: usize, dice: &mut Dice) {
    let calendar = world.calendar;
    let rural_move = dice.chance(0.015);
    let other = school_for(world, *dice.pick(&world.villages), 3, dice);
    let kid = family.kid(index);
    let current = kid.rolls[0].clone();
    if current.state != "在籍在读" {
        let day = current.entered.plus(34).first_day().plus_days(24);
        kid.changes.push(change("毕业", day.min(calendar.education.plus_days(-60))));
        return;
    }
    if rural_move && current.grade > 1 && current.grade < 7 && other != current.school {
        let mut old = current.clone();
        old.school = other;
        old.state = "转出";
        old.grade = current.grade - 1;
        let day = date(calendar.school_year, 8, 20).plus_days(dice.between(0, 20));
        let (from, to) = (school_name(world, old.school), school_name(world, current.school));
        kid.changes.push(RollChange { from: from.clone(), to: to.clone(), ..change("转出", day) });
        kid.changes.push(RollChange { from, to, ..change("转入", day.plus_days(6)) });
        kid.rolls.push(old);
    } else if dice.chance(0.0012) {
        kid.rolls[0].state = "休学";
        let day = date(calendar.school_year, 9, 1).plus_days(dice.between(-120, 40));
        kid.changes.push(RollChange { until: Some(day.plus_months(12)), ..change("休学", day) });
    } else if current.grade < 10 && dice.chance(0.006) {
        // Gone to another county with its roll: the row stays as 转出.
        kid.rolls[0].state = "转出";
        kid.outside = true;
        let day = date(calendar.school_year, 8, 10).plus_days(-dice.between(0, 700));
        let to = format!("{}实验学校", dice.pick(&world.tables.elsewhere).place);
        let from = school_name(world, current.school);
        kid.changes.push(RollChange { from, to, ..change("转出", day) });
    } else if dice.chance(0.01) {
        let from = calendar.education.plus_days(-dice.between(3, 60));
        let kind = ["病假", "事假", "不明"][dice.weighted(&[60.0, 30.0, 10.0])];
        for day in 0..dice.between(1, 3) {
            kid.absences.push((from.plus_days(day), kind));
        }
    }
    let _ = village;
}

/// Where a disabled child learns: inclusive class, special school, taught at home.
pub(crate) fn disabled_schooling(world: &World<'_>, family: &mut Family, index: usize, dice: &mut Dice) {
    let severe = family.people[index].card.is_some_and(|c| c.severe());
    let calendar = world.calendar;
    let approved = date(calendar.school_year, 8, 25);
    let way = dice.weighted(if severe { &[45.0, 30.0, 25.0] } else { &[94.0, 5.0, 1.0] });
    let registered = dice.chance(0.8);
    let kid = family.kid(index);
    let Some(row) = kid.rolls.first_mut() else { return };
    let how = match way {
        0 => {
            row.inclusive = severe || dice.chance(0.5);
            "随班就读"
        }
        1 => {
            row.school = SPECIAL;
            "特教学校"
        }
        _ => {
            row.school = SPECIAL;
            row.mode = "送教上门";
            "送教上门"
        }
    };
    if registered || way == 2 {
        kid.placement = Some(Placement { how, approved, until: None });
    }
}
