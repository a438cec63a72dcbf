//! 民政 money: payments, social relief, disability subsidies.

use super::{Out, card_number, guardian, mention, village_cell};
use crate::domain::Month;
use crate::synth::dice::mix;
use crate::synth::layout::Extract;
use crate::synth::pen::Cell;
use crate::synth::people::{Family, Pay, Relief};

/// All rows about a family.
pub(super) fn rows(out: &mut Out<'_>, family: &Family) {
    for index in 0..family.people.len() {
        for pay in &family.people[index].pays {
            payments(out, family, index, *pay);
        }
        subsidies(out, family, index);
    }
    for one in family.reliefs() {
        relief(out, family, one);
    }
}

fn payments(out: &mut Out<'_>, family: &Family, index: usize, pay: Pay) {
    let extract = Extract::BenefitPayment;
    let calendar = out.world.calendar;
    let person = &family.people[index];
    let first = pay.from.max(calendar.pay_from).index();
    let payee = if person.kid.is_some() {
        guardian(out, extract, family, index).map_or(index, |g| g.0)
    } else {
        index
    };
    let child_code =
        if person.kid.is_some() { format!("320681{:010}", person.number) } else { String::new() };
    // Some village pays the money of several children to one account.
    let shared = person.kid.as_ref().is_some_and(|kid| kid.shared_account);
    let holder = if shared { mix(&[out.world.seed, 0xacc0, out.chunk]) } else { person.number };
    let account = format!("62284{:014}", mix(&[holder, 7]) % 100_000_000_000_000);
    // One line is typed once and then carried from month to month, with its errors.
    let who = out.who(extract, family, index);
    let other = out.who(extract, family, payee);
    for month in first..=pay.to.min(calendar.pay_to).index() {
        let month = Month::from_index(month);
        let serial = out.serial("FF");
        let pen = out.pen(extract);
        // Some months are sent late: the belonging month counts, not the day of the transfer.
        let late = i32::from(pen.dice.chance(0.02));
        let day = month.plus(late).first_day().plus_days(pen.dice.between(4, 11)).min(calendar.civil);
        let back = pay.returned_from.is_some_and(|from| month >= from);
        let cells = vec![
            serial,
            Cell::text(pay.project),
            who.name.clone(),
            who.id.clone(),
            Cell::text(child_code.clone()),
            pen.month(month),
            pen.date(day),
            Cell::text(format!("{}.00", pay.amount)),
            other.name.clone(),
            other.id.clone(),
            Cell::text(account.clone()),
            Cell::text(if back { "退回" } else { "成功" }),
        ];
        let mentions = vec![
            mention(extract, "subject", person, ("姓名", "身份证号"), who.written),
            mention(extract, "payee", &family.people[payee], ("领取人姓名", "领取人身份证号"), other.written),
        ];
        out.add(extract, cells, mentions);
    }
}

fn subsidies(out: &mut Out<'_>, family: &Family, index: usize) {
    let extract = Extract::DisabilitySubsidy;
    let calendar = out.world.calendar;
    let person = &family.people[index];
    for subsidy in &person.subsidies {
        let who = out.who(extract, family, index);
        let first = subsidy.from.max(calendar.pay_from).index();
        for month in first..=subsidy.to.min(calendar.pay_to).index() {
            let serial = out.serial("BT");
            let month = Month::from_index(month);
            let pen = out.pen(extract);
            let amount = if subsidy.kind.starts_with("重度") { 160.0 } else { 330.0 };
            let cells = vec![
                serial,
                Cell::text(subsidy.kind),
                who.name.clone(),
                who.id.clone(),
                Cell::text(card_number(person).unwrap_or_default()),
                pen.month(month),
                Cell::Number(amount),
                Cell::text("正常"),
            ];
            out.add(
                extract,
                cells,
                vec![mention(extract, "subject", person, ("姓名", "身份证号"), who.written)],
            );
        }
    }
}

fn relief(out: &mut Out<'_>, family: &Family, relief: &Relief) {
    let extract = Extract::SocialRelief;
    let head = relief.members.first().copied().filter(|_| relief.members.len() == 1).unwrap_or(family.head);
    let number = format!("D{}", family.household);
    let town = out.world.tables.villages[family.village].town;
    for &member in &relief.members {
        let person = &family.people[member];
        let who = out.who(extract, family, member);
        let top = out.who(extract, family, head);
        let village = village_cell(out, extract, family.village);
        let pen = out.pen(extract);
        let relation = if member == head { "户主" } else { relation(person.relation.1) };
        let cells = vec![
            Cell::text(number.clone()),
            Cell::text(relief.kind),
            who.name,
            who.id,
            Cell::text(relation),
            top.name,
            top.id,
            Cell::text(town),
            village,
            pen.month(relief.from),
            pen.maybe_month(relief.stop),
            Cell::text(if relief.stop.is_some() { "停发" } else { "正常" }),
            Cell::Number(f64::from(420 + family.house % 60 * 10)),
        ];
        let mentions = vec![
            mention(extract, "subject", person, ("姓名", "身份证号"), who.written),
            mention(extract, "householder", &family.people[head], ("户主姓名", "户主身份证号"), top.written),
        ];
        out.add(extract, cells, mentions);
    }
}

fn relation(code: &str) -> &'static str {
    match code {
        "0" => "户主",
        "1" => "配偶",
        "2" => "子",
        "3" => "女",
        "4" => "孙子女",
        _ => "其他",
    }
}
