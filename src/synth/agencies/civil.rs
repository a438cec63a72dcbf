//! 民政: the children's roll, visits, care agreements, directors, adoptions, cremations.

use super::{Mention, Out, address, current_school, guardian, known, mention, village_cell};
use crate::domain::{Day, Sex};
use crate::synth::calendar::date;
use crate::synth::care::{Post, post};
use crate::synth::layout::Extract;
use crate::synth::pen::{Cell, Who, Written};
use crate::synth::people::{Adoption, Care, Family, ParentState, Roster};

const CATEGORIES: [(u8, &str); 9] = [
    (1, "福利机构养育孤弃儿童"),
    (3, "社会散居孤儿"),
    (5, "事实无人抚养儿童"),
    (6, "艾滋病病毒感染儿童"),
    (8, "农村留守儿童"),
    (9, "困境儿童"),
    (10, "重残儿童"),
    (11, "重病儿童"),
    (12, "流动儿童"),
];
const PARENT_STATES: [&str; 12] = [
    "正常",
    "死亡",
    "宣告失踪",
    "重残",
    "重病",
    "服刑在押",
    "强制隔离戒毒",
    "限制人身自由",
    "失联",
    "撤销监护资格",
    "遣送出境",
    "外出务工",
];
const STATUS: [(u8, &str); 4] = [(0, "正常发放"), (1, "超龄续发"), (2, "已停发"), (9, "未享受")];
const EXITS: [(u8, &str); 12] = [
    (1, "国内收养"),
    (2, "跨省收养"),
    (3, "涉外收养"),
    (4, "找回生父母"),
    (5, "独立生活"),
    (6, "死亡"),
    (7, "户籍迁出"),
    (8, "录入错误"),
    (9, "儿童超龄"),
    (11, "刑满释放"),
    (12, "戒毒成功"),
    (99, "其他"),
];

fn label(table: &[(u8, &'static str)], code: u8) -> &'static str {
    table.iter().find(|(c, _)| *c == code).map_or("其他", |(_, l)| l)
}

/// All rows about a family.
pub(super) fn rows(out: &mut Out<'_>, family: &Family) {
    for index in family.kids() {
        let Some(kid) = family.people[index].kid.as_deref() else { continue };
        if let Some(roster) = &kid.roster {
            roster_row(out, family, index, roster);
            if out.pen(Extract::ChildRoster).row_error(|r| r.duplicate) {
                roster_row(out, family, index, roster);
            }
            visits(out, family, index);
        }
        if let Some(paper) = kid.care {
            care(out, family, index, paper);
        }
        for adoption in &kid.adoptions {
            adopted(out, family, index, adoption);
        }
    }
    for index in 0..family.people.len() {
        cremated(out, family, index);
    }
}

fn child_code(family: &Family, index: usize) -> String {
    format!("320681{:010}", family.people[index].number)
}

fn parent_cells(
    out: &mut Out<'_>,
    family: &Family,
    parent: Option<usize>,
    state: ParentState,
) -> (Vec<Cell>, Written) {
    let extract = Extract::ChildRoster;
    let (mut name, mut id, mut written) = (Cell::Empty, Cell::Empty, Written::Nothing);
    if let Some(parent) = parent {
        let pen = out.pen(extract);
        if !pen.dice.chance(0.08) {
            let who = pen.who(&family.people[parent]);
            name = who.name;
            if !pen.dice.chance(0.15) {
                id = who.id;
                written = who.written;
            }
        }
    }
    let pen = out.pen(extract);
    let unknown = parent.is_none();
    let code = if unknown { 99 } else { state.code };
    let text = PARENT_STATES.get(usize::from(code)).copied().unwrap_or("不详");
    (
        vec![
            name,
            id,
            pen.code(&format!("{code:02}"), text),
            pen.maybe_date(state.from),
            pen.maybe_date(state.to),
        ],
        written,
    )
}

/// Name, number, relation and telephone of the guardian; sometimes the two names change places.
fn carer_cells(
    out: &mut Out<'_>,
    family: &Family,
    carer: Option<(usize, &'static str)>,
    child: &mut Who,
) -> ([Cell; 4], Written) {
    let extract = Extract::ChildRoster;
    let Some((carer, relation)) = carer else { return ([const { Cell::Empty }; 4], Written::Nothing) };
    let mut other = out.who(extract, family, carer);
    let pen = out.pen(extract);
    if pen.dice.chance(0.05) {
        other.id = Cell::Empty;
    }
    let phone = pen.phone(&family.people[carer]);
    if pen.row_error(|r| r.guardian_swapped) {
        std::mem::swap(&mut child.name, &mut other.name);
    }
    ([other.name, other.id, Cell::text(relation), phone], other.written)
}

fn roster_row(out: &mut Out<'_>, family: &Family, index: usize, roster: &Roster) {
    let extract = Extract::ChildRoster;
    let child = &family.people[index];
    let mut who = out.who(extract, family, index);
    let carer = guardian(out, extract, family, index);
    let mut mentions = Vec::with_capacity(4);
    let (carer_cells, carer_written) = carer_cells(out, family, carer, &mut who);
    let (father, father_written) = parent_cells(out, family, child.father, roster.father);
    let (mother, mother_written) = parent_cells(out, family, child.mother, roster.mother);
    let live = family.lives_in.unwrap_or(family.village);
    let registered = match family.migrant_from {
        Some(place) => Cell::text(place),
        None => address(out, extract, family, family.village),
    };
    let residence = address(out, extract, family, live);
    let town = out.world.tables.villages[family.village].town;
    let village = village_cell(out, extract, family.village);
    let school = current_school(out.world, child).unwrap_or_default();
    let born = out.pen(extract).birth(child, &who);
    let grade = out.world.calendar.grade(child.birth);
    let mut cells = vec![Cell::Empty, Cell::text(child_code(family, index)), who.name, who.id];
    let pen = out.pen(extract);
    let sex = pen.sex(child.sex);
    cells.extend([pen.sex_cell(sex), pen.date(born), Cell::text(child.ethnic)]);
    cells.extend(household_cells(out, family, index, roster));
    cells.extend([registered, residence, Cell::text(town), village]);
    let pen = out.pen(extract);
    cells.push(pen.code(&roster.category.to_string(), label(&CATEGORIES, roster.category)));
    let health = if child.card.is_some() {
        "残疾"
    } else if child.illness.is_some() {
        "重病"
    } else {
        "健康"
    };
    cells.push(Cell::text(health));
    cells.extend(carer_cells);
    cells.extend(father);
    cells.extend(mother);
    let study = if !school.is_empty() {
        "在读"
    } else if grade < 1 {
        "学龄前"
    } else {
        ""
    };
    cells.extend([Cell::text(school), Cell::text(study)]);
    cells.extend(status_cells(out, family, roster, town));
    for (role, person, columns, written) in [
        ("child", Some(index), ("姓名", "身份证号"), who.written),
        ("guardian", carer.map(|c| c.0), ("监护人姓名", "监护人身份证号"), carer_written),
        ("father", child.father, ("父亲姓名", "父亲身份证号"), father_written),
        ("mother", child.mother, ("母亲姓名", "母亲身份证号"), mother_written),
    ] {
        mentions.extend(person.map(|p| {
            let named = mention(extract, role, &family.people[p], columns, written);
            match role {
                "child" if roster.active => {
                    named.beside(Some(born), Some(sex)).of_child(out.world.calendar.as_of)
                }
                "child" => named.beside(Some(born), Some(sex)),
                "guardian" => named.of_relation(carer.map_or("", |c| c.1)),
                _ => named.of_relation(role),
            }
        }));
    }
    out.add(extract, cells, mentions);
}

fn household_cells(out: &mut Out<'_>, family: &Family, index: usize, roster: &Roster) -> [Cell; 2] {
    let registered = family.people[index].id.is_some();
    let (code, text) = match (roster.category, family.migrant_from, registered) {
        (1, _, _) => ("1", "福利院集体户"),
        (_, Some(_), _) => ("3", "外省市户口"),
        (_, _, false) => ("4", "无户口"),
        _ => ("2", "本辖区户口"),
    };
    let pen = out.pen(Extract::ChildRoster);
    // The register no longer tells farmers from others, and some write what it says instead of a code.
    let odd = family.people[index].kid.as_deref().is_some_and(|kid| kid.odd_code);
    let kind = match family.rural {
        _ if odd => Cell::text("居民家庭户口"),
        true => pen.code("1", "农业"),
        false => pen.code("2", "非农业"),
    };
    [pen.code(code, text), kind]
}

fn status_cells(out: &mut Out<'_>, family: &Family, roster: &Roster, town: &'static str) -> Vec<Cell> {
    let director = director_name(out, family);
    let pen = out.pen(Extract::ChildRoster);
    let (active, active_text) = if roster.active { ("1", "登记在册") } else { ("0", "已减员") };
    let exit = if roster.exit == 0 {
        Cell::Empty
    } else {
        pen.code(&format!("{:02}", roster.exit), label(&EXITS, roster.exit))
    };
    vec![
        pen.date(roster.listed),
        pen.code(active, active_text),
        pen.code(&roster.status.to_string(), label(&STATUS, roster.status)),
        pen.maybe_month(roster.first_pay),
        pen.maybe_month(roster.last_pay),
        exit,
        Cell::text(roster.continued),
        Cell::text(roster.colour),
        pen.maybe_date(roster.assessed),
        Cell::text(director),
        if roster.owned { Cell::text(town) } else { Cell::Empty },
    ]
}

/// The director's name, the same wherever the village is mentioned.
fn director_name(out: &Out<'_>, family: &Family) -> String {
    director_of(out, family.village).0
}

fn director_of(out: &Out<'_>, village: usize) -> (String, Day) {
    use crate::synth::dice::Dice;
    use crate::synth::names;
    let mut dice = Dice::new(&[out.world.seed, 0xd1e, village as u64]);
    let year = dice.between(1968, 1995);
    let sex = if dice.chance(0.7) { Sex::Female } else { Sex::Male };
    let surname = names::surname(&mut dice, out.world.tables);
    let given = names::given(&mut dice, out.world.tables, sex, year);
    (format!("{surname}{given}"), date(year, 1 + dice.range(0, 11), 1 + dice.range(0, 27)))
}

/// Whoever has the village's post, or had it; taken from the village's own grown-ups where one fits.
pub(super) fn director(out: &mut Out<'_>, families: &[Family]) -> Option<(Post, u64, Option<Day>)> {
    let extract = Extract::ChildDirector;
    let village = families.first().map(|f| f.village)?;
    let post = post(out.world, village);
    let fitting = families
        .iter()
        .filter(|f| f.story.is_none() && f.village == village)
        .flat_map(|f| f.people.iter())
        .find(|p| {
            p.local && p.death.is_none() && p.moved.is_none() && (1968..1996).contains(&p.birth.ymd().0)
        });
    let person = fitting.filter(|_| post != Post::Vacant).cloned()?;
    let town = out.world.tables.villages[village].town;
    let place = village_cell(out, extract, village);
    let civil = out.world.calendar.civil;
    let pen = out.pen(extract);
    let who = pen.who(&person);
    let since = civil.plus_days(-pen.dice.between(200, 2200));
    let trained = Some(civil.plus_days(-pen.dice.between(20, 420))).filter(|&day| day > since);
    let cells = vec![
        who.name,
        who.id,
        Cell::text(town),
        place,
        Cell::text(if post == Post::Left { "离岗" } else { "在岗" }),
        pen.date(since),
        pen.maybe_date(trained),
    ];
    out.add(extract, cells, vec![mention(extract, "subject", &person, ("姓名", "身份证号"), who.written)]);
    Some((post, person.number, trained))
}

fn visits(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::VisitLog;
    let director = director_name(out, family);
    let person = &family.people[index];
    let visits = person.kid.as_deref().map(|kid| kid.visits.as_slice()).unwrap_or_default();
    for visit in visits {
        let who = out.who(extract, family, index);
        let code = if out.pen(extract).dice.chance(0.9) { child_code(family, index) } else { String::new() };
        let serial = out.serial("ZF");
        let pen = out.pen(extract);
        let problem = ["", "学习成绩下降", "与老人共同生活，\n冬季取暖需关注", "近期情绪低落"]
            [pen.dice.weighted(&[93.0, 3.0, 2.0, 2.0])];
        let alone =
            if person.kid.as_deref().is_some_and(|kid| kid.alone_on(visit.day)) { "是" } else { "否" };
        let date = pen.date(visit.day);
        let cells = vec![
            serial,
            Cell::text(code),
            who.name,
            who.id,
            date,
            Cell::text(visit.kind),
            Cell::text(director.clone()),
            Cell::text(problem),
            Cell::text(alone),
        ];
        out.add(extract, cells, vec![mention(extract, "subject", person, ("姓名", "身份证号"), who.written)]);
    }
}

fn care(out: &mut Out<'_>, family: &Family, index: usize, paper: Care) {
    let extract = Extract::CareAgreement;
    let carer = paper.carer;
    let child = out.who(extract, family, index);
    let other = out.who(extract, family, carer);
    let serial = out.serial("WT");
    let pen = out.pen(extract);
    let cells = vec![
        serial,
        child.name,
        child.id,
        other.name,
        other.id,
        pen.date(paper.signed),
        pen.date(paper.until),
        Cell::text(if paper.ended { "终止" } else { "有效" }),
    ];
    let mentions = vec![
        mention(extract, "child", &family.people[index], ("儿童姓名", "儿童身份证号"), child.written),
        mention(extract, "carer", &family.people[carer], ("被委托人姓名", "被委托人身份证号"), other.written),
    ];
    out.add(extract, cells, mentions);
}

fn adopted(out: &mut Out<'_>, family: &Family, index: usize, adoption: &Adoption) {
    let extract = Extract::Adopted;
    let (day, kind, adopter) = (adoption.day, adoption.kind, adoption.adopter);
    if !known(day, out.world.calendar.civil) {
        return;
    }
    let child = out.who(extract, family, index);
    let parent = out.who(extract, family, adopter);
    let serial = out.serial("SY");
    let pen = out.pen(extract);
    let born = pen.birth(&family.people[index], &child);
    let cells = vec![
        serial,
        child.name,
        child.id,
        pen.date(born),
        parent.name,
        parent.id,
        pen.date(day),
        Cell::text(kind),
    ];
    let mentions: Vec<Mention> = vec![
        mention(
            extract,
            "subject",
            &family.people[index],
            ("被收养人姓名", "被收养人身份证号"),
            child.written,
        )
        .beside(Some(born), None),
        mention(
            extract,
            "adopter",
            &family.people[adopter],
            ("收养人姓名", "收养人身份证号"),
            parent.written,
        ),
    ];
    out.add(extract, cells, mentions);
}

fn cremated(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::Cremation;
    let person = &family.people[index];
    let Some((death, day)) = person.death.and_then(|d| d.cremation.map(|c| (d.day, c))) else { return };
    let who = out.who(extract, family, index);
    let serial = out.serial("HH");
    let pen = out.pen(extract);
    let sex = pen.sex(person.sex);
    let cells = vec![serial, who.name, who.id, pen.sex_cell(sex), pen.date(death), pen.date(day)];
    let named = mention(extract, "subject", person, ("姓名", "身份证号"), who.written);
    out.add(extract, cells, vec![named.beside(None, Some(sex))]);
}
