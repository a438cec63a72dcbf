//! `case precision`: how often the rules are right, as officers have answered.

use serde_json::json;

use super::super::text_table::aligned;
use super::super::{Done, Failure, say};
use super::{Desk, OfArgs};
use crate::domain::Ranged;
use crate::pipeline::listed_cases;
use crate::report::{Missed, RulePrecision, precision};

/// Tells the figures.
pub(super) fn tell(of: &OfArgs) -> Done {
    let desk = Desk::open(of)?;
    let (rules, missed) = precision(&listed_cases(&desk.state, &desk.plan.book));
    if of.json {
        let value = json!({ "rules": rules, "missed": missed });
        say(serde_json::to_string_pretty(&value).map_err(Failure::bug)?);
        return Ok(());
    }
    say(rules_text(&desk, &rules));
    if !missed.is_empty() {
        say(format!("\n{}", missed_text(&desk, &missed)));
    }
    Ok(())
}

fn percent(range: &Ranged) -> String {
    format!("{:.1}%（{:.1}–{:.1}）", range.value * 100.0, range.low * 100.0, range.high * 100.0)
}

fn rules_text(desk: &Desk, rules: &[RulePrecision]) -> String {
    if rules.is_empty() {
        return "还没有下发过线索".to_owned();
    }
    let head = ["清单", "规则", "情形", "下发", "已核实", "属实", "准确率（95%区间）", "未答复层占比"];
    let title = |id: &str| {
        let rule = desk.plan.book.rule(id);
        rule.map_or("（现行管道不再运行）", |rule| rule.header.title.as_str()).to_owned()
    };
    let row = |rule: &RulePrecision| {
        vec![
            rule.list.clone(),
            rule.rule.clone(),
            title(&rule.rule),
            rule.listed.to_string(),
            rule.answered.to_string(),
            rule.confirmed.to_string(),
            rule.precision.as_ref().map_or_else(|| "—".to_owned(), percent),
            format!("{:.0}%", rule.unseen * 100.0),
        ]
    };
    let rows: Vec<Vec<String>> =
        std::iter::once(head.map(str::to_owned).to_vec()).chain(rules.iter().map(row)).collect();
    aligned(&rows)
}

fn missed_text(desk: &Desk, missed: &[Missed]) -> String {
    let head = ["随机抽查", "抽取", "已核实", "确有问题", "抽查范围", "漏列比例（95%区间）", "推算漏列人数"];
    let row = |list: &Missed| {
        let title =
            desk.plan.desk.template(&list.list).map_or(list.list.as_str(), |list| list.title.as_str());
        let people = |range: &Ranged| format!("{:.0}（{:.0}–{:.0}）", range.value, range.low, range.high);
        let none = || "—".to_owned();
        vec![
            title.to_owned(),
            list.drawn.to_string(),
            list.answered.to_string(),
            list.found.to_string(),
            list.scope.to_string(),
            list.share.as_ref().map_or_else(none, percent),
            list.people.as_ref().map_or_else(none, people),
        ]
    };
    let rows: Vec<Vec<String>> =
        std::iter::once(head.map(str::to_owned).to_vec()).chain(missed.iter().map(row)).collect();
    aligned(&rows)
}
