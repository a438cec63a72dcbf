//! A person as text: its rows, its links from the weakest on, judgements, open pairs.

use super::super::text_table::aligned;
use super::{changed, percent};
use crate::explain::IdentityReport;

/// The whole page.
pub(super) fn text(report: &IdentityReport) -> String {
    let mut parts = vec![
        format!("人 {} 由哪些行组成", report.identity),
        format!("运行 {}，数据截至 {}", report.run, report.as_of),
    ];
    parts.extend(changed(report.plan_changed).map(str::to_owned));
    parts.push(format!("\n结论：{}", report.sentence));
    let values = report.values.iter().filter(|(_, value)| !value.is_empty());
    let values: Vec<Vec<String>> =
        values.map(|(title, value)| vec![(*title).to_owned(), value.clone()]).collect();
    parts.push(format!("\n一、此人\n{}", aligned(&values)));
    let row = |row: &crate::explain::RowReport| {
        vec![
            row.at.mention.to_string(),
            format!("{}《{}》", row.owner, row.extract_title),
            row.at.place(),
            format!("等级 {}", row.at.grade),
            percent(row.at.probability),
        ]
    };
    let rows: Vec<Vec<String>> = report.mentions.iter().map(row).collect();
    parts.push(format!("\n二、出现的行（{}）\n{}", rows.len(), aligned(&rows)));
    let links: Vec<String> = report
        .links
        .iter()
        .enumerate()
        .map(|(at, bridge)| {
            let sides = format!("　两侧 {} 行和 {} 行", bridge.rows_from, bridge.rows_to);
            format!("{}{sides}", super::case::hop(at + 1, &bridge.hop))
        })
        .collect();
    let links = if links.is_empty() { "只有一行，没有联系".to_owned() } else { links.join("\n") };
    parts.push(format!("\n三、使各行成为一人的联系（最弱的在前）\n{links}"));
    parts.push(format!("\n四、人工判断\n{}", judgements(report)));
    if !report.in_review.is_empty() {
        let pair = |pair: &crate::explain::OpenPair| {
            format!("· {} ↔ {}：{}，{}", pair.own, pair.other, percent(pair.probability), pair.difference)
        };
        let pairs: Vec<String> = report.in_review.iter().map(pair).collect();
        parts.push(format!("\n五、与他人待确认的对\n{}", pairs.join("\n")));
    }
    parts.join("\n")
}

fn judgements(report: &IdentityReport) -> String {
    let line = |told: &crate::explain::JudgementReport| {
        let words = if told.same { "同一人" } else { "不是同一人" };
        format!("· {} ↔ {}：{words}", told.left, told.right)
    };
    let lines: Vec<String> = report.judgements.iter().map(line).collect();
    if lines.is_empty() { "没有".to_owned() } else { lines.join("\n") }
}
