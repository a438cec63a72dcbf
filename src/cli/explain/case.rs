//! A case as text: rule, rows, links, near misses, history.

use super::super::policies;
use super::super::text_table::aligned;
use super::{changed, percent};
use crate::explain::{CaseReport, EvidenceRow, Hop, RuleWords, event_title, status_title};

/// The whole page.
pub(super) fn text(report: &CaseReport) -> String {
    let title = report.rule.as_ref().map_or(report.rule_id.as_str(), |rule| &rule.title);
    let mut parts = vec![
        format!("线索 {}　{title}（{}）", report.number, report.rule_id),
        format!("运行 {}，数据截至 {}", report.run, report.as_of),
    ];
    parts.extend(changed(report.plan_changed).map(str::to_owned));
    parts.push(format!("\n一、情形\n{}", facts(report)));
    match &report.rule {
        Some(rule) => parts.push(format!("\n二、规则\n{}", words(rule))),
        None => parts.push("\n二、规则\n现行管道不再运行该规则".to_owned()),
    }
    parts.push(format!("\n三、证据（{} 行）\n{}", report.evidence.len(), evidence(report)));
    parts.push(format!("\n四、近似候选\n{}", near_misses(report)));
    parts.push(format!("\n五、经过\n{}", history(report)));
    if !report.policies.is_empty() {
        parts.push(format!("\n一童一策\n{}", policies::text(&report.policies)));
    }
    if let Some(rule) = report.rule.as_ref().filter(|rule| !rule.verify.is_empty()) {
        let items: Vec<String> =
            rule.verify.iter().enumerate().map(|(at, item)| format!("  {}. {item}", at + 1)).collect();
        parts.push(format!("\n六、需核实\n{}", items.join("\n")));
    }
    parts.join("\n")
}

fn facts(report: &CaseReport) -> String {
    let row = |title: &str, value: String| vec![title.to_owned(), value];
    let mut rows = vec![
        row("说明", report.reason.clone()),
        row("对象", format!("{}（人 {}）", report.subject, report.identity)),
        row("事件", if report.event.is_empty() { "—".to_owned() } else { report.event.clone() }),
        row("把握", format!("等级 {}，{}", report.grade, percent(report.confidence))),
        row("状态", format!("{}，首次发现 {}", status_title(&report.status), report.first_seen)),
    ];
    if let Some(why) = &report.annex {
        rows.push(row("待确认", why.clone()));
    }
    rows.extend(
        report.details.iter().map(|detail| row(&format!("  {}", detail.title), detail.value.clone())),
    );
    aligned(&rows)
}

fn words(rule: &RuleWords) -> String {
    let mut lines = vec![format!("句式：{}", rule.sentence)];
    if let Some(role) = &rule.absent_from {
        lines.push(format!("查无：须在 {role} 中查不到此人，近似的人也没有；有近似的转入待确认"));
    }
    for (name, title, value) in &rule.parameters {
        lines.push(format!("参数：{title} = {value}（{name}）"));
    }
    lines.extend(rule.basis.iter().map(|basis| format!("依据：{basis}")));
    lines.push(format!("清单：{}，{}反馈", rule.list, rule.due));
    lines.join("\n")
}

fn evidence(report: &CaseReport) -> String {
    let mut lines: Vec<String> = report.evidence.iter().map(row).collect();
    if report.links.is_empty() {
        lines.push("各行之间没有需要说明的关联".to_owned());
    } else {
        lines.push("各行的人由以下关联认定为同一人：".to_owned());
        lines.extend(report.links.iter().enumerate().map(|(at, link)| hop(at + 1, link)));
    }
    lines.join("\n")
}

fn row(row: &EvidenceRow) -> String {
    let place = if row.place.is_empty() { "该次运行中已无此行" } else { &row.place };
    let mut lines =
        vec![format!("· {}《{}》{place}　{}:{}", row.owner, row.extract_title, row.extract, row.row_key)];
    for mention in &row.mentions {
        let who = if mention.subject { "本人" } else { "他人" };
        lines.push(format!(
            "    {}：{who}（人 {}，等级 {}，{}）",
            mention.role,
            mention.identity,
            mention.grade,
            percent(mention.probability)
        ));
    }
    lines.join("\n")
}

/// One link of a chain.
pub(super) fn hop(number: usize, hop: &Hop) -> String {
    format!(
        "  {number}. {} ↔ {}：{}（{}，等级 {}，{}）",
        hop.from,
        hop.to,
        hop.pass_title,
        hop.pass,
        hop.grade,
        percent(hop.probability)
    )
}

fn near_misses(report: &CaseReport) -> String {
    if report.near_misses.is_empty() {
        return "没有查到近似的人".to_owned();
    }
    let line = |miss: &crate::explain::MissRow| {
        format!(
            "· {}（{}）：等级 {}，{}，{:+.2} 比特；{}",
            miss.candidate,
            miss.place,
            miss.grade,
            percent(miss.probability),
            miss.weight,
            miss.difference
        )
    };
    report.near_misses.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn history(report: &CaseReport) -> String {
    if report.history.is_empty() {
        return "台账中没有该线索的记录".to_owned();
    }
    let row = |event: &crate::explain::Happened| {
        vec![
            event.day.clone(),
            event_title(&event.kind).to_owned(),
            format!("运行 {}", event.run),
            event.words.clone(),
        ]
    };
    aligned(&report.history.iter().map(row).collect::<Vec<_>>())
}
