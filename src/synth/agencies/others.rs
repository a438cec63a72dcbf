//! The optional agencies: justice, court, health, medical insurance, human resources, emergency.

use super::{Out, known, mention};
use crate::domain::{Day, Sex};
use crate::synth::dice::mix;
use crate::synth::families::World;
use crate::synth::layout::Extract;
use crate::synth::pen::{Cell, Written};
use crate::synth::people::Family;

/// All rows about a family.
pub(super) fn rows(out: &mut Out<'_>, family: &Family) {
    for index in 0..family.people.len() {
        terms(out, family, index);
        judgments(out, family, index);
        certificate(out, family, index);
        illness(out, family, index);
        insurance(out, family, index);
    }
    screening(out, family);
    event(out, family);
}

fn terms(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::PrisonTerm;
    let cut_off = out.world.calendar.others;
    let person = &family.people[index];
    for term in
        person.terms.iter().filter(|t| matches!(t.kind, "监狱服刑" | "社区矫正") && known(t.from, cut_off))
    {
        let who = out.who(extract, family, index);
        let serial = out.serial("FX");
        let pen = out.pen(extract);
        let cells = vec![
            serial,
            who.name,
            who.id,
            pen.date(term.from),
            pen.date(term.until),
            pen.maybe_date(term.released.filter(|&d| known(d, cut_off))),
            Cell::text(term.kind),
        ];
        out.add(extract, cells, vec![mention(extract, "subject", person, ("姓名", "身份证号"), who.written)]);
    }
}

fn judgments(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::Judged;
    let cut_off = out.world.calendar.others;
    let person = &family.people[index];
    for judgment in person.judgments.iter().filter(|j| known(j.effective, cut_off)) {
        let child = family.kids().into_iter().find(|&k| {
            let kid = &family.people[k];
            kid.father == Some(index) || kid.mother == Some(index)
        });
        let who = out.who(extract, family, index);
        let named = child.filter(|_| judgment.matter == "撤销监护资格");
        let young = named.map(|k| out.who(extract, family, k));
        let (year, ..) = judgment.effective.ymd();
        let paper = format!("({year})苏0681民特{}号", mix(&[person.number]) % 9000 + 1);
        let pen = out.pen(extract);
        let (child_name, child_id, child_written) =
            young.map_or((Cell::Empty, Cell::Empty, Written::Nothing), |w| (w.name, w.id, w.written));
        let cells = vec![
            Cell::text(paper),
            who.name,
            who.id,
            Cell::text(judgment.matter),
            pen.date(judgment.effective),
            child_name,
            child_id,
        ];
        let mut mentions =
            vec![mention(extract, "subject", person, ("当事人姓名", "当事人身份证号"), who.written)];
        mentions.extend(named.map(|k| {
            mention(extract, "child", &family.people[k], ("关联儿童姓名", "关联儿童身份证号"), child_written)
        }));
        out.add(extract, cells, mentions);
    }
}

fn certificate(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::DeathCertificate;
    let person = &family.people[index];
    let Some(death) = person.death.filter(|d| d.certificate) else { return };
    if !known(death.day, out.world.calendar.others) {
        return;
    }
    let who = out.who(extract, family, index);
    let pen = out.pen(extract);
    let paper = Cell::Text(format!("SW{:010}", person.number));
    let sex = pen.sex(person.sex);
    let cells = vec![paper, who.name, who.id, pen.sex_cell(sex), pen.date(death.day)];
    let named = mention(extract, "subject", person, ("姓名", "身份证号"), who.written);
    out.add(extract, cells, vec![named.beside(None, Some(sex))]);
}

fn illness(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::SeriousIllness;
    let person = &family.people[index];
    let cut_off = out.world.calendar.others;
    let pick = mix(&[out.world.seed, 0x111, person.number]) % 1000;
    let elderly = person.birth.ymd().0 < 1966 && person.local && person.death.is_none() && pick < 6;
    let (kind, since) = match person.illness {
        Some(known) => known,
        None if elderly => ("恶性肿瘤", cut_off.plus_days(-i32::try_from(pick).unwrap_or(0) * 60 - 40)),
        None => return,
    };
    let who = out.who(extract, family, index);
    let pen = out.pen(extract);
    let last = cut_off.plus_days(-pen.dice.between(3, 40)).max(since);
    let last = person.treated_until.unwrap_or(last);
    let paid = format!("{}.{:02}", pen.dice.between(4_000, 90_000), pen.dice.between(0, 99));
    let cells = vec![who.name, who.id, Cell::text(kind), pen.date(since), pen.date(last), Cell::text(paid)];
    out.add(extract, cells, vec![mention(extract, "subject", person, ("姓名", "身份证号"), who.written)]);
}

/// Employees: a sample of the parents, because only they matter to the children.
fn insurance(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::Insurance;
    let person = &family.people[index];
    let parent = family.kids().iter().any(|&k| {
        let kid = &family.people[k];
        kid.father == Some(index) || kid.mother == Some(index)
    });
    let held = !person.terms.is_empty() || person.lost_since.is_some() || !person.judgments.is_empty();
    let pick = mix(&[out.world.seed, 0x1245, person.number]) % 100;
    let sampled = parent && !held && person.death.is_none() && pick <= 44;
    if !sampled && person.insured.is_none() {
        return;
    }
    let who = out.who(extract, family, index);
    let cut_off = out.world.calendar.others;
    let pen = out.pen(extract);
    let since = person.insured.unwrap_or_else(|| cut_off.plus_days(-pen.dice.between(60, 3000)));
    let firm = *pen.dice.pick(&[
        "启东市盖天力药业有限公司",
        "南通林洋电子有限公司",
        "启东中远海运海工",
        "启东市汇龙商贸有限公司",
    ]);
    let cells = vec![who.name, who.id, Cell::text(firm), pen.date(since), Cell::text("正常参保")];
    out.add(extract, cells, vec![mention(extract, "subject", person, ("姓名", "身份证号"), who.written)]);
}

fn screening(out: &mut Out<'_>, family: &Family) {
    let extract = Extract::NewbornScreening;
    let cut_off = out.world.calendar.others;
    for kid in family.kids() {
        let child = &family.people[kid];
        let young = child.birth > cut_off.plus_days(-900) && child.birth.plus_days(20) < cut_off;
        let Some(mother) = child.mother.filter(|_| young && child.local) else { continue };
        let who = out.who(extract, family, mother);
        let serial = out.serial("XS");
        let pen = out.pen(extract);
        let positive = pen.dice.chance(0.006);
        let project = *pen.dice.pick(&["先天性甲状腺功能减低症", "苯丙酮尿症", "听力筛查"]);
        let seen = child.birth.plus_days(45).min(cut_off);
        let unnamed = pen.dice.chance(0.4);
        let name = if unnamed {
            format!("{}之{}", text_of(&who.name), if child.sex == Sex::Male { "子" } else { "女" })
        } else {
            child.name.full()
        };
        let cells = vec![
            serial,
            who.name,
            who.id,
            Cell::text(name),
            pen.date(child.birth),
            Cell::text(project),
            Cell::text(if positive { "阳性" } else { "阴性" }),
            if positive { pen.date(seen) } else { Cell::Empty },
            if positive { pen.date(seen) } else { Cell::Empty },
        ];
        let mentions = vec![
            mention(extract, "mother", &family.people[mother], ("母亲姓名", "母亲身份证号"), who.written)
                .of_relation("mother"),
            mention(extract, "child", child, ("儿童姓名", "-"), Written::Nothing),
        ];
        out.add(extract, cells, mentions);
    }
}

fn text_of(cell: &Cell) -> &str {
    match cell {
        Cell::Text(text) => text,
        _ => "",
    }
}

/// Who of a family was hurt in an accident that is on file, and when: the living of a story, else some of
/// those who died young.
pub(crate) fn casualty(world: &World<'_>, family: &Family) -> Option<(usize, Day)> {
    let others = world.calendar.others;
    let died = (0..family.people.len()).find_map(|p| {
        let person = &family.people[p];
        let day = person.death.map(|death| death.day)?;
        let recent = day > others.plus_days(-200) && known(day, others);
        (recent && person.birth.ymd().0 > 1966).then_some((p, day))
    });
    let died = died.filter(|&(p, _)| mix(&[family.people[p].number, 3]).is_multiple_of(4));
    family.hurt.or(died)
}

fn event(out: &mut Out<'_>, family: &Family) {
    let extract = Extract::EmergencyEvent;
    let casualty = casualty(out.world, family);
    let fire = out.pen(extract).dice.chance(0.00006);
    if !fire && casualty.is_none() {
        return;
    }
    let hurt = casualty.map(|(who, _)| who);
    let day = casualty.map_or(out.world.calendar.others.plus_days(-9), |(_, day)| day);
    let who = hurt.map(|p| out.who(extract, family, p));
    let serial = out.serial("TF");
    let place = &out.world.tables.villages[family.village];
    let pen = out.pen(extract);
    let (name, id, written) =
        who.map_or((Cell::Empty, Cell::Empty, Written::Nothing), |w| (w.name, w.id, w.written));
    let cells = vec![
        serial,
        Cell::text(if hurt.is_some() { "交通事故" } else { "火灾" }),
        pen.date(day),
        Cell::text(place.town),
        Cell::text(place.name),
        name,
        id,
    ];
    let mentions = hurt.map(|p| {
        mention(extract, "casualty", &family.people[p], ("伤亡人员姓名", "伤亡人员身份证号"), written)
    });
    out.add(extract, cells, mentions.into_iter().collect());
}
