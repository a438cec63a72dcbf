//! 教体: the student roll and its changes, absences, teaching at home, placements, the dropout ledger, aid.

use super::{Mention, Out, address, card_number, known, letter, mention, roll_number};
use crate::domain::{Day, Sex};
use crate::synth::dice::mix;
use crate::synth::layout::Extract;
use crate::synth::pen::{Cell, Who, Written};
use crate::synth::people::{Family, Person, Roll};
use crate::synth::school::{SPECIAL, school_code, school_name};

const GRADES: [&str; 12] = [
    "一年级",
    "二年级",
    "三年级",
    "四年级",
    "五年级",
    "六年级",
    "七年级",
    "八年级",
    "九年级",
    "高一",
    "高二",
    "高三",
];
const CATEGORIES: [&str; 7] = ["视力", "听力", "言语", "肢体", "智力", "精神", "多重"];

/// All rows about a family.
pub(super) fn rows(out: &mut Out<'_>, family: &Family) {
    for index in family.kids() {
        let Some(kid) = family.people[index].kid.as_deref() else { continue };
        for row in &kid.rolls {
            roll_row(out, family, index, row);
        }
        if let Some(row) = kid.rolls.first() {
            changes(out, family, index, row);
            absences(out, family, index, row);
            aid(out, family, index, row);
        }
        home_teaching(out, family, index);
        placement(out, family, index);
        ledger(out, family, index);
    }
}

/// One of the two family members of the roll form.
struct Member {
    cells: Vec<Cell>,
    mention: Option<(usize, Written)>,
}

fn member(
    out: &mut Out<'_>,
    family: &Family,
    index: Option<usize>,
    relation: &str,
    guardian: bool,
) -> Member {
    let extract = Extract::StudentRoll;
    let Some(index) = index else {
        return Member { cells: vec![Cell::Empty; 5], mention: None };
    };
    let pen = out.pen(extract);
    let who = pen.who(&family.people[index]);
    let no_id = pen.dice.chance(0.20);
    let phone = pen.phone(&family.people[index]);
    let yes = pen.yes(guardian);
    let id = if no_id { Cell::Empty } else { who.id };
    Member {
        cells: vec![who.name, Cell::text(relation), id, phone, yes],
        mention: Some((index, who.written)),
    }
}

/// Whom the school has written down: usually the parents, often a grandparent.
fn members(out: &mut Out<'_>, family: &Family, child: usize) -> [(Option<usize>, &'static str); 2] {
    let person = &family.people[child];
    let (father, mother) = (person.father, person.mother);
    let grandfather = father.and_then(|f| family.people[f].father);
    let swap = out.pen(Extract::StudentRoll).chance_of(|r| r.other_guardian * 0.5);
    let entered = out.world.calendar.as_of.plus_days(-500);
    let alive = |p: Option<usize>| p.is_some_and(|p| family.people[p].alive_on(entered));
    match (alive(father), alive(mother)) {
        (true, true) if swap && grandfather.is_some() => [(grandfather, "祖父"), (mother, "母亲")],
        (true, true) if swap => [(mother, "母亲"), (father, "父亲")],
        (true, true) => [(father, "父亲"), (mother, "母亲")],
        (true, false) => [(father, "父亲"), (grandfather, "祖父")],
        (false, true) => [(mother, "母亲"), (grandfather, "祖父")],
        (false, false) => [(grandfather, "祖父"), (father.and_then(|f| family.people[f].mother), "祖母")],
    }
}

/// The pupil of a roll row: without a resident number the roll has none, and some schools keep the old one.
fn pupil(out: &mut Out<'_>, family: &Family, index: usize, row: &Roll, letter: char) -> Who {
    let mut who = out.who(Extract::StudentRoll, family, index);
    if letter != 'G' {
        who.id = Cell::Empty;
        who.written = Written::Nothing;
    } else if let (true, Some(old)) = (row.old_id_cell, family.people[index].old_id) {
        who.id = Cell::text(old.text());
        who.written = Written::Number(old);
    }
    who
}

/// The birth date on the roll, and the name as it was heard where a school misheard it.
fn heard(out: &mut Out<'_>, child: &Person, who: &mut Who) -> Day {
    let born = out.pen(Extract::StudentRoll).birth(child, who);
    let Some(heard) = child.kid.as_deref().and_then(|kid| kid.misheard.as_ref()) else { return born };
    who.name = Cell::text(heard.clone());
    child.birth.plus_days(1)
}

/// The two members of the roll form, as far as there are any.
fn relatives(family: &Family, members: [(Option<(usize, Written)>, &str); 2]) -> Vec<Mention> {
    let columns =
        [("member_1", ("成员1姓名", "成员1身份证件号")), ("member_2", ("成员2姓名", "成员2身份证件号"))];
    let named = columns.into_iter().zip(members).filter_map(|((role, columns), (who, relation))| {
        let (index, written) = who?;
        let person = &family.people[index];
        Some(mention(Extract::StudentRoll, role, person, columns, written).of_relation(relation))
    });
    named.collect()
}

fn roll_row(out: &mut Out<'_>, family: &Family, index: usize, row: &Roll) {
    let extract = Extract::StudentRoll;
    let world = out.world;
    let child = &family.people[index];
    let letter = letter(world, out.rates, child, row);
    let mut who = pupil(out, family, index, row, letter);
    let number = roll_number(world, out.rates, child, row);
    let live = family.lives_in.unwrap_or(family.village);
    let address = address(out, extract, family, live);
    let roles = members(out, family, index);
    let first = member(out, family, roles[0].0, roles[0].1, true);
    let second = member(out, family, roles[1].0, roles[1].1, false);
    let born = heard(out, child, &mut who);
    let mut mentions = vec![mention(extract, "pupil", child, ("姓名", "身份证件号"), who.written)];
    mentions.extend(relatives(family, [(first.mention, roles[0].1), (second.mention, roles[1].1)]));
    let kid = child.kid.as_deref();
    let former = child.former.as_ref().map(|(name, _)| name.full()).unwrap_or_default();
    let state = row.state;
    let orphan = kid.and_then(|k| k.roster.as_ref()).is_some_and(|r| r.active && matches!(r.category, 1 | 3));
    let left_behind = kid.map_or(0, |k| k.left_behind);
    let pen = out.pen(extract);
    let knows_former = pen.dice.chance(0.35);
    let knows_card = pen.dice.chance(0.75);
    let card = child.card.filter(|_| knows_card);
    let sex = pen.sex(child.sex);
    mentions[0] = mentions[0].beside(Some(born), Some(sex));
    if matches!(state, "在籍在读" | "休学") {
        mentions[0] = mentions[0].of_child(world.calendar.as_of);
    }
    let mut cells = vec![
        Cell::text(school_code(row.school)),
        Cell::text(school_name(world, row.school)),
        who.name,
        pen.sex_cell(sex),
        pen.date(born),
        Cell::text(child.ethnic),
        if letter == 'G' { pen.code("1", "居民身份证") } else { pen.code("9", "无证件") },
        who.id,
        Cell::text(number),
        Cell::text(if knows_former { former } else { String::new() }),
        if family.rural { pen.code("1", "农业") } else { pen.code("2", "非农业") },
        Cell::text(
            child.id.map_or(String::new(), |_| if child.local { "320681" } else { "341226" }.to_owned()),
        ),
        address,
    ];
    let grade = usize::from(row.grade.clamp(1, 12));
    cells.extend([
        pen.code(&row.grade.to_string(), GRADES[grade - 1]),
        Cell::text(format!("{:02}", row.class)),
        pen.month(row.entered),
        Cell::text(row.mode),
        Cell::text("正常入学"),
        if card.is_some() { pen.code("50", "残疾") } else { pen.code("10", "健康") },
        Cell::text(card.map_or("", |c| CATEGORIES[usize::from(c.category - 1) % 7])),
        pen.yes(row.inclusive),
        pen.code(&left_behind.to_string(), ["非留守", "单亲留守", "双亲留守"][usize::from(left_behind % 3)]),
        pen.yes(orphan && knows_card),
        pen.yes(kid.is_some_and(|k| k.aid.is_some())),
        pen.yes(family.migrant_from.is_some()),
        Cell::text(state),
    ]);
    cells.extend(first.cells);
    cells.extend(second.cells);
    out.add(extract, cells, mentions);
}

fn changes(out: &mut Out<'_>, family: &Family, index: usize, row: &Roll) {
    let extract = Extract::RollChanged;
    let child = &family.people[index];
    let number = roll_number(out.world, out.rates, child, row);
    let changes = child.kid.as_deref().map(|k| k.changes.as_slice()).unwrap_or_default();
    for change in changes.iter().filter(|c| known(c.day, out.world.calendar.education)) {
        let who = out.who(extract, family, index);
        let serial = out.serial("YD");
        let pen = out.pen(extract);
        let cells = vec![
            serial,
            Cell::text(number.clone()),
            who.name,
            who.id,
            Cell::text(change.kind),
            pen.date(change.day),
            pen.maybe_date(change.until),
            Cell::text(change.from.clone()),
            Cell::text(change.to.clone()),
        ];
        out.add(
            extract,
            cells,
            vec![mention(extract, "subject", child, ("姓名", "身份证件号"), who.written)],
        );
    }
}

fn absences(out: &mut Out<'_>, family: &Family, index: usize, row: &Roll) {
    let extract = Extract::Absence;
    let child = &family.people[index];
    let number = roll_number(out.world, out.rates, child, row);
    let days = child.kid.as_deref().map(|k| k.absences.as_slice()).unwrap_or_default();
    for (day, kind) in days.iter().filter(|(day, _)| known(*day, out.world.calendar.education)) {
        let pen = out.pen(extract);
        let note = if *kind == "病假" && pen.dice.chance(0.7) { "医院证明" } else { "" };
        let cells = vec![
            Cell::text(number.clone()),
            pen.name(child),
            pen.date(*day),
            Cell::text(*kind),
            Cell::text(note),
        ];
        out.add(extract, cells, vec![mention(extract, "subject", child, ("姓名", "-"), Written::Nothing)]);
    }
}

fn home_teaching(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::HomeTeaching;
    let child = &family.people[index];
    let Some(kid) = child.kid.as_deref() else { return };
    let row = kid.rolls.first();
    let number = row.map(|row| roll_number(out.world, out.rates, child, row)).unwrap_or_default();
    let school = school_name(out.world, row.map_or(SPECIAL, |row| row.school));
    for &day in &kid.lessons {
        let who = out.who(extract, family, index);
        let serial = out.serial("SJ");
        let teacher = ["陆老师", "黄老师", "施老师", "顾老师"][(mix(&[child.number]) % 4) as usize];
        let date = out.pen(extract).date(day);
        let cells = vec![
            serial,
            who.name,
            who.id,
            Cell::text(number.clone()),
            date,
            Cell::text(teacher),
            Cell::text(school.clone()),
        ];
        out.add(
            extract,
            cells,
            vec![mention(extract, "subject", child, ("学生姓名", "身份证件号"), who.written)],
        );
    }
}

fn aid(out: &mut Out<'_>, family: &Family, index: usize, row: &Roll) {
    let extract = Extract::EducationAid;
    let child = &family.people[index];
    let Some(project) = child.kid.as_deref().and_then(|k| k.aid) else { return };
    let number = roll_number(out.world, out.rates, child, row);
    let term = format!("{}秋季", out.world.calendar.school_year);
    let who = out.who(extract, family, index);
    let amount = if child.sex == Sex::Male { 625.0 } else { 500.0 };
    let cells = vec![
        who.name,
        who.id,
        Cell::text(number),
        Cell::text(project),
        Cell::text(term),
        Cell::Number(amount),
    ];
    out.add(extract, cells, vec![mention(extract, "subject", child, ("姓名", "身份证件号"), who.written)]);
}

fn placement(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::Placed;
    let child = &family.people[index];
    let Some(placement) = child.kid.as_deref().and_then(|k| k.placement) else { return };
    let who = out.who(extract, family, index);
    let year = out.world.calendar.school_year_text();
    let pen = out.pen(extract);
    let cells = vec![
        who.name,
        who.id,
        Cell::text(card_number(child).unwrap_or_default()),
        Cell::text(placement.how),
        Cell::text(year),
        pen.date(placement.approved),
        pen.maybe_date(placement.until),
        pen.yes(true),
    ];
    out.add(extract, cells, vec![mention(extract, "subject", child, ("姓名", "身份证号"), who.written)]);
}

fn ledger(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::DropoutLedger;
    let child = &family.people[index];
    let Some(ledger) = child.kid.as_deref().and_then(|k| k.ledger) else { return };
    let who = out.who(extract, family, index);
    let town = out.world.tables.villages[family.village].town;
    let school = child.kid.as_deref().and_then(|k| k.rolls.first()).map(|r| school_name(out.world, r.school));
    let pen = out.pen(extract);
    let visited = (ledger.persuaded > 0).then(|| ledger.listed.plus_days(9));
    let cells = vec![
        Cell::Empty,
        Cell::text(town),
        who.name,
        who.id,
        Cell::text(school.unwrap_or_default()),
        pen.date(ledger.listed),
        Cell::text(ledger.kind),
        Cell::text(ledger.persuaded.to_string()),
        pen.maybe_date(visited),
        pen.maybe_date(ledger.returned),
        Cell::text(ledger.state),
        Cell::text(ledger.whereabouts),
        pen.maybe_date(ledger.proof_until),
    ];
    out.add(extract, cells, vec![mention(extract, "subject", child, ("姓名", "身份证号"), who.written)]);
}
