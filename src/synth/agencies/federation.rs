//! 残联: cards, rehabilitation, the yearly survey.

use super::{Out, card_number, guardian, mention, village_cell};
use crate::synth::dice::mix;
use crate::synth::families::World;
use crate::synth::layout::Extract;
use crate::synth::pen::{Cell, Written};
use crate::synth::people::{Family, Neglect, Person};

const CATEGORIES: [&str; 7] = ["视力", "听力", "言语", "肢体", "智力", "精神", "多重"];
const LEVELS: [&str; 4] = ["一级", "二级", "三级", "四级"];

/// All rows about a family.
pub(super) fn rows(out: &mut Out<'_>, family: &Family) {
    for index in 0..family.people.len() {
        if family.people[index].card.is_some() && family.people[index].id.is_some() {
            card(out, family, index);
            survey(out, family, index);
            rehabilitation(out, family, index);
        }
    }
}

fn card(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::DisabilityCard;
    let person = &family.people[index];
    let (Some(card), Some(number)) = (person.card, card_number(person)) else { return };
    if card.issued > out.world.calendar.disability {
        return;
    }
    let who = out.who(extract, family, index);
    let carer = if person.kid.is_some() { guardian(out, extract, family, index).map(|g| g.0) } else { None };
    let (mut carer_name, mut carer_phone) = (Cell::Empty, Cell::Empty);
    if let Some(carer) = carer {
        let pen = out.pen(extract);
        carer_name = pen.name(&family.people[carer]);
        carer_phone = pen.phone(&family.people[carer]);
    }
    let town = out.world.tables.villages[family.village].town;
    let village = village_cell(out, extract, family.village);
    let born = out.pen(extract).birth(person, &who);
    let pen = out.pen(extract);
    let level = usize::from(card.level.clamp(1, 4));
    let sex = pen.sex(person.sex);
    let cells = vec![
        Cell::text(number),
        who.name,
        who.id,
        pen.sex_cell(sex),
        pen.date(born),
        pen.code(&card.category.to_string(), CATEGORIES[usize::from(card.category - 1) % 7]),
        pen.code(&card.level.to_string(), LEVELS[level - 1]),
        pen.date(card.issued),
        pen.maybe_date(card.until),
        Cell::text(card.state),
        Cell::text(town),
        village,
        carer_name,
        carer_phone,
    ];
    let subject = mention(extract, "subject", person, ("姓名", "身份证号"), who.written);
    let mut mentions = vec![subject.beside(Some(born), Some(sex))];
    mentions.extend(
        carer.map(|c| mention(extract, "guardian", &family.people[c], ("监护人姓名", "-"), Written::Nothing)),
    );
    out.add(extract, cells, mentions);
}

fn survey(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::BasicSurvey;
    let person = &family.people[index];
    let as_of = out.world.calendar.as_of;
    let age = person.birth.age_on(as_of);
    if !(6..18).contains(&age) || person.death.is_some() {
        return;
    }
    let school = person.kid.as_deref().and_then(|k| k.rolls.iter().find(|r| r.state == "在籍在读"));
    let special = school.is_some_and(|r| r.school.kind == 51);
    let who = out.who(extract, family, index);
    let pen = out.pen(extract);
    let prefix = pen.dice.chance(0.5);
    let coded =
        |code: &str, text: &str| Cell::text(if prefix { format!("_{code}{text}") } else { text.to_owned() });
    let (goes, kind, reason) = if school.is_some() {
        (
            coded("1", "是"),
            if special { coded("2", "特殊教育学校") } else { coded("1", "普通学校") },
            Cell::Empty,
        )
    } else {
        (coded("2", "否"), Cell::Empty, coded("3", "残疾程度较重"))
    };
    let year = (as_of.ymd().0 - i32::from(as_of.ymd().1 < 11)).to_string();
    let number = Cell::text(card_number(person).unwrap_or_default());
    let cells = vec![who.name, number, who.id, goes, kind, reason, Cell::text(year)];
    out.add(extract, cells, vec![mention(extract, "subject", person, ("姓名", "身份证号"), who.written)]);
}

/// Whether somebody with a card has a course of rehabilitation: nearly all small children, many of the others
/// who are young.
pub(crate) fn rehabilitated(world: &World<'_>, person: &Person) -> bool {
    let age = person.birth.age_on(world.calendar.as_of);
    let neglected = person.kid.as_deref().is_some_and(|kid| kid.neglect == Some(Neglect::Rehabilitation));
    let left_out = if age < 7 { 15 } else { 400 };
    let chosen = mix(&[world.seed, 0x4e8, person.number]) % 1000 >= left_out;
    age < 14 && person.death.is_none() && !neglected && chosen
}

fn rehabilitation(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::Rehabilitation;
    let person = &family.people[index];
    let calendar = out.world.calendar;
    if !rehabilitated(out.world, person) {
        return;
    }
    let from = calendar.disability.plus_days(-out.pen(extract).dice.between(100, 320));
    let who = out.who(extract, family, index);
    let pen = out.pen(extract);
    let centre = *pen.dice.pick(&["启东市残疾儿童康复中心", "启东市人民医院康复科", "南通市向日葵康复中心"]);
    let project = *pen.dice.pick(&["孤独症康复训练", "肢体康复训练", "听力语言训练", "智力康复训练"]);
    let end = from.plus_months(10);
    let number = Cell::text(card_number(person).unwrap_or_default());
    let amount = Cell::Number(f64::from(pen.dice.between(8, 24)) * 500.0);
    let ended = (end < calendar.disability).then_some(end);
    let cells = vec![
        who.name,
        who.id,
        number,
        Cell::text(centre),
        Cell::text(project),
        pen.date(from),
        pen.maybe_date(ended),
        amount,
    ];
    out.add(extract, cells, vec![mention(extract, "subject", person, ("姓名", "身份证号"), who.written)]);
}
