//! 公安: the population register and what happens to it.

use super::{Mention, Out, address, known, mention};
use crate::domain::Sex;
use crate::synth::layout::Extract;
use crate::synth::lives::registered_on;
use crate::synth::pen::{Cell, Written};
use crate::synth::people::{Family, MoveKind, Person};

/// All rows about a family.
pub(super) fn rows(out: &mut Out<'_>, family: &Family) {
    let residence = address(out, Extract::Population, family, family.village);
    for index in 0..family.people.len() {
        if family.people[index].local {
            resident(out, family, index, &residence);
            second_entry(out, &family.people[index]);
            moved(out, family, index);
            changed(out, family, index);
            registered_birth(out, family, index);
        }
        cancelled(out, family, index);
        custody(out, family, index);
    }
    visitors(out, family);
    alerts(out, family);
}

fn number_cell(person: &Person) -> Cell {
    Cell::text(person.id.map(crate::domain::ResidentId::text).unwrap_or_default())
}

fn resident_code(person: &Person) -> Cell {
    Cell::Text(format!("R{:012}", person.number))
}

/// 0 normal, 1 dead, 2 missing, 3 moved out.
fn state(person: &Person, cut_off: crate::domain::Day) -> (&'static str, &'static str) {
    if person.death.and_then(|d| d.police).is_some_and(|day| known(day, cut_off)) {
        ("1", "死亡")
    } else if person.moved.as_ref().is_some_and(|m| m.kind != MoveKind::Inside && known(m.day, cut_off)) {
        ("3", "迁出")
    } else if person.police_missing {
        ("2", "失踪")
    } else {
        ("0", "正常")
    }
}

/// A parent as the register names it: recent births with numbers, old entries often without.
fn parent(
    out: &mut Out<'_>,
    extract: Extract,
    family: &Family,
    child: &Person,
    parent: Option<usize>,
) -> (Cell, Cell, Written) {
    let Some(parent) = parent else { return (Cell::Empty, Cell::Empty, Written::Nothing) };
    let year = child.birth.ymd().0;
    let pen = out.pen(extract);
    let (named, numbered) = if year >= 2000 { (0.995, 0.985) } else { (0.7, 0.5) };
    if !child.kid.as_ref().is_some_and(|k| k.scripted) && !pen.dice.chance(named) {
        return (Cell::Empty, Cell::Empty, Written::Nothing);
    }
    let who = pen.who(&family.people[parent]);
    let scripted = child.kid.as_ref().is_some_and(|k| k.scripted);
    let id = if scripted || pen.dice.chance(numbered) { who.id } else { Cell::Empty };
    (who.name, id, who.written)
}

/// A parent as a paper shows it, and whom it names.
struct Parent {
    name: Cell,
    id: Cell,
    mention: Option<Mention>,
}

/// Father and mother, in this order.
fn parents(out: &mut Out<'_>, extract: Extract, family: &Family, child: &Person) -> [Parent; 2] {
    [
        ("father", child.father, ("父亲姓名", "父亲身份号码")),
        ("mother", child.mother, ("母亲姓名", "母亲身份号码")),
    ]
    .map(|(role, who, columns)| {
        let (name, id, written) = parent(out, extract, family, child, who);
        let mention =
            who.map(|p| mention(extract, role, &family.people[p], columns, written).of_relation(role));
        Parent { name, id, mention }
    })
}

fn resident(out: &mut Out<'_>, family: &Family, index: usize, residence: &Cell) {
    let extract = Extract::Population;
    let person = &family.people[index];
    let world = out.world;
    let who = out.who(extract, family, index);
    let [father, mother] = parents(out, extract, family, person);
    let named = mention(extract, "resident", person, ("姓名", "公民身份号码"), who.written);
    let mut mentions = vec![named.beside(Some(person.birth), Some(person.sex))];
    mentions.extend(father.mention.into_iter().chain(mother.mention));
    let place = &world.tables.villages[family.village];
    let (code, label) = state(person, world.calendar.police);
    let cut_off = world.calendar.police;
    let former = person.former.as_ref().filter(|(_, day)| known(*day, cut_off)).map(|(name, _)| name.full());
    let pen = out.pen(extract);
    let cells = vec![
        resident_code(person),
        who.id,
        who.name,
        Cell::text(former.unwrap_or_default()),
        Cell::text(if person.sex == Sex::Male { "男" } else { "女" }),
        Cell::text(person.ethnic),
        Cell::text(compact(person.birth)),
        Cell::text(family.household.clone()),
        Cell::text(person.relation.0),
        residence.clone(),
        Cell::text(place.town),
        Cell::text(place.official),
        if family.rural { pen.code("1", "农业") } else { pen.code("2", "非农业") },
        father.name,
        father.id,
        mother.name,
        mother.id,
        pen.code(code, label),
    ];
    out.add(extract, cells, mentions);
}

fn compact(day: crate::domain::Day) -> String {
    let (y, m, d) = day.ymd();
    format!("{y:04}{m:02}{d:02}")
}

fn cancelled(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::DeathCancellation;
    let person = &family.people[index];
    let Some((death, day)) = person.death.and_then(|d| d.police.map(|p| (d, p))) else { return };
    if !person.local || !known(day, out.world.calendar.police) {
        return;
    }
    let who = out.who(extract, family, index);
    let pen = out.pen(extract);
    let paper = if death.certificate { format!("SW{:010}", person.number) } else { String::new() };
    let cells = vec![
        number_cell(person),
        who.name,
        Cell::text(if person.sex == Sex::Male { "男" } else { "女" }),
        pen.date(person.birth),
        pen.date(death.day),
        Cell::text(paper),
        pen.date(day),
    ];
    let written = person.id.map_or(Written::Nothing, Written::Number);
    let named = mention(extract, "subject", person, ("姓名", "公民身份号码"), written);
    out.add(extract, cells, vec![named.beside(Some(person.birth), Some(person.sex))]);
}

fn moved(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::MoveOut;
    let person = &family.people[index];
    let Some(moved) = person.moved.as_ref().filter(|m| known(m.day, out.world.calendar.police)) else {
        return;
    };
    let who = out.who(extract, family, index);
    let kind = match moved.kind {
        MoveKind::Inside => "市内",
        MoveKind::Outside => "市外",
        MoveKind::Study => "升学",
    };
    let pen = out.pen(extract);
    let cells = vec![
        who.id,
        who.name,
        pen.date(person.birth),
        pen.date(moved.day),
        Cell::text(moved.to.clone()),
        Cell::text(kind),
    ];
    let named = mention(extract, "subject", person, ("姓名", "公民身份号码"), who.written);
    out.add(extract, cells, vec![named.beside(Some(person.birth), None)]);
}

fn changed(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::IdChange;
    let person = &family.people[index];
    let cut_off = out.world.calendar.police;
    let logged = person.twice == Some(true);
    let changed = person.renumbered.or(logged.then(|| cut_off.plus_days(-40)));
    if let (Some(old), Some(new), Some(day)) = (person.old_id, person.id, changed)
        && known(day, cut_off)
    {
        let pen = out.pen(extract);
        let kind = if person.number.is_multiple_of(3) {
            pen.code("11", "纠正重号")
        } else {
            pen.code("12", "纠正错号")
        };
        let cells =
            vec![resident_code(person), kind, pen.date(day), Cell::text(old.text()), Cell::text(new.text())];
        out.add(extract, cells, Vec::new());
    }
    if let Some((former, day)) = person.former.as_ref().filter(|(_, day)| known(*day, cut_off)) {
        let pen = out.pen(extract);
        let kind = if person.number.is_multiple_of(5) {
            pen.code("22", "更正姓名")
        } else {
            pen.code("21", "变更姓名")
        };
        let cells = vec![
            resident_code(person),
            kind,
            pen.date(*day),
            Cell::text(former.full()),
            Cell::text(person.name.full()),
        ];
        out.add(extract, cells, Vec::new());
    }
}

/// Births registered here since 2008: the strongest link from child to parents.
fn registered_birth(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::BirthRegistration;
    let person = &family.people[index];
    if person.kid.is_none() || person.id_region != 0 || person.birth.ymd().0 < 2006 {
        return;
    }
    let registered = registered_on(out.world, person);
    if !known(registered, out.world.calendar.police) {
        return;
    }
    let who = out.who(extract, family, index);
    let [father, mother] = parents(out, extract, family, person);
    let named = mention(extract, "child", person, ("儿童姓名", "儿童身份号码"), who.written);
    let mut mentions = vec![named.beside(Some(person.birth), Some(person.sex))];
    mentions.extend(father.mention.into_iter().chain(mother.mention));
    // A birth is registered under the first name; a later change does not reach this paper.
    let name = match &person.former {
        Some((former, _)) => Cell::text(former.full()),
        None => who.name,
    };
    let pen = out.pen(extract);
    let sex = Cell::text(if person.sex == Sex::Male { "男" } else { "女" });
    let cells = vec![
        name,
        who.id,
        sex,
        pen.date(person.birth),
        father.name,
        father.id,
        mother.name,
        mother.id,
        pen.date(registered),
    ];
    out.add(extract, cells, mentions);
}

fn visitors(out: &mut Out<'_>, family: &Family) {
    let extract = Extract::Residence;
    let Some(origin) = family.migrant_from else { return };
    let kids = family.kids();
    let Some(father) = kids.first().and_then(|&k| family.people[k].father) else { return };
    let live = family.lives_in.unwrap_or(family.village);
    let town = out.world.tables.villages[live].town;
    let place = address(out, extract, family, live);
    let since = out.world.calendar.police.plus_days(-out.pen(extract).dice.between(200, 2200));
    // One row for each accompanying child.
    for &kid in &kids {
        let who = out.who(extract, family, father);
        let child = out.who(extract, family, kid);
        let serial = out.serial("JZ");
        let pen = out.pen(extract);
        let cells = vec![
            serial,
            who.name,
            who.id,
            Cell::text("男"),
            pen.date(family.people[father].birth),
            Cell::text(origin),
            place.clone(),
            Cell::text(town),
            pen.date(since),
            child.name,
            child.id,
            Cell::text("有效"),
        ];
        let mentions = vec![
            mention(extract, "subject", &family.people[father], ("姓名", "证件号码"), who.written)
                .beside(Some(family.people[father].birth), Some(Sex::Male)),
            mention(
                extract,
                "child",
                &family.people[kid],
                ("随行儿童姓名", "随行儿童证件号码"),
                child.written,
            ),
        ];
        out.add(extract, cells, mentions);
    }
}

fn custody(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::Custody;
    let cut_off = out.world.calendar.police;
    let minors = !family.kids().is_empty();
    for term in &family.people[index].terms {
        // Prison and community correction belong to justice; the police see the arrest before them.
        let (kind, from, until, released) = match term.kind {
            "社区矫正" => continue,
            "监狱服刑" => ("刑事拘留", term.from.plus_days(-34), term.from, Some(term.from)),
            kind => (kind, term.from, term.until, term.released),
        };
        if !known(from, cut_off) {
            continue;
        }
        let who = out.who(extract, family, index);
        let serial = out.serial("JY");
        let pen = out.pen(extract);
        let unsure = pen.dice.chance(0.2);
        let cells = vec![
            serial,
            who.name,
            who.id,
            Cell::text(kind),
            pen.date(from),
            pen.date(until),
            pen.maybe_date(released.filter(|&d| known(d, cut_off))),
            if unsure { Cell::Empty } else { pen.yes(minors) },
        ];
        out.add(
            extract,
            cells,
            vec![mention(extract, "subject", &family.people[index], ("姓名", "身份证号"), who.written)],
        );
    }
}

fn alerts(out: &mut Out<'_>, family: &Family) {
    let extract = Extract::MinorAlert;
    for index in family.kids() {
        let child = &family.people[index];
        let alerts = child.kid.as_deref().map(|kid| kid.alerts.as_slice()).unwrap_or_default();
        for alert in alerts.iter().filter(|a| known(a.day, out.world.calendar.police)) {
            let who = out.who(extract, family, index);
            let serial = out.serial("JQ");
            let pen = out.pen(extract);
            let found = if alert.kind == "走失" { pen.yes(alert.found) } else { Cell::Empty };
            let cells = vec![
                serial,
                who.name,
                who.id,
                pen.date(child.birth),
                Cell::text(alert.kind),
                pen.date(alert.day),
                found,
            ];
            let named = mention(extract, "subject", child, ("姓名", "身份证号"), who.written);
            out.add(extract, cells, vec![named.beside(Some(child.birth), None)]);
        }
    }
}

/// The same person once more, under a second number and a second code of the register.
fn second_entry(out: &mut Out<'_>, person: &Person) {
    let extract = Extract::Population;
    let Some(second) = person.twice.and(person.old_id) else { return };
    let Some(row) = out.rows[extract.index()].last() else { return };
    let (mut cells, mut mentions) = (row.cells.clone(), row.mentions.clone());
    cells[extract.column("人员编号")] = Cell::Text(format!("R9{:011}", person.number));
    cells[extract.column("公民身份号码")] = Cell::text(second.text());
    mentions[0].written = Written::Number(second);
    out.add(extract, cells, mentions);
}
