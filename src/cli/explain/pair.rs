//! A pair as text: two rows side by side, the waterfall, the verdict.

use super::super::text_table::aligned;
use super::{changed, percent};
use crate::explain::{PairReport, PersonReport, Side};
use crate::report::comparator_title;

/// The whole page.
pub(super) fn text(report: &PairReport) -> String {
    let mut parts = vec![
        format!("为什么{}同一人", if report.same_person { "是" } else { "不是" }),
        format!("运行 {}，数据截至 {}，关联方式 {}", report.run, report.as_of, report.linkage),
    ];
    parts.extend(changed(report.plan_changed).map(str::to_owned));
    if !report.reproduced {
        parts.push("注意：重算所得关联与该次运行不完全一致，以该次运行的存档为准。".to_owned());
    }
    parts.push(format!("\n结论：{}", report.sentence));
    parts.push(format!("\n一、两行数据\n{}", rows(&report.left, &report.right)));
    if let [left, right] = report.compared.as_slice()
        && left.mentions.len() + right.mentions.len() > 2
    {
        parts.push(format!("\n二、参与比对的人（此前已归并的行及其取值）\n{}", persons(left, right)));
    } else if report.rows_alone {
        parts.push(
            "\n二、参与比对的值：该次运行未就这两行询问模型，以下只比对这两行本身，仅供参考".to_owned(),
        );
    } else {
        parts.push("\n二、参与比对的值：即上列标准化的值".to_owned());
    }
    parts.push(format!("\n三、权重（比特，每多 1 比特，可能性翻一倍）\n{}", waterfall(report)));
    parts.push(format!("\n四、判定\n{}", verdict(report)));
    parts.join("\n")
}

fn rows(left: &Side, right: &Side) -> String {
    let cell = |text: &str| if text.is_empty() { "—".to_owned() } else { text.to_owned() };
    let mut table = vec![vec![String::new(), "甲".to_owned(), "乙".to_owned()]];
    let mut push = |title: &str, of: &dyn Fn(&Side) -> String| {
        table.push(vec![title.to_owned(), cell(&of(left)), cell(&of(right))]);
    };
    push("行", &|side| side.at.mention.to_string());
    push("来源", &|side| format!("{}《{}》", side.owner, side.extract_title));
    push("位置", &|side| side.at.place());
    for (at, value) in left.values.iter().enumerate() {
        push(value.title, &|side| {
            side.values.get(at).map_or_else(String::new, |value| value.standard.clone())
        });
        // The delivered text is shown where it is not what was compared.
        let differs = |side: &Side| {
            side.values.get(at).is_some_and(|v| !v.raw.is_empty() && !v.standard.starts_with(&v.raw))
        };
        if differs(left) || differs(right) {
            push("  原文", &|side| side.values.get(at).map_or_else(String::new, |value| value.raw.clone()));
        }
    }
    push("认定为", &|side| {
        format!("{}（等级 {}，{}）", side.at.identity, side.at.grade, percent(side.at.probability))
    });
    aligned(&table)
}

fn persons(left: &PersonReport, right: &PersonReport) -> String {
    let rows = |person: &PersonReport| format!("{} 行", person.mentions.len());
    let mut table = vec![
        vec![String::new(), "甲".to_owned(), "乙".to_owned()],
        vec!["已归并".to_owned(), rows(left), rows(right)],
    ];
    for ((_, title, x), (_, _, y)) in left.values.iter().zip(&right.values) {
        if !x.is_empty() || !y.is_empty() {
            let cell = |text: &String| if text.is_empty() { "—".to_owned() } else { text.clone() };
            table.push(vec![(*title).to_owned(), cell(x), cell(y)]);
        }
    }
    aligned(&table)
}

fn waterfall(report: &PairReport) -> String {
    let (Some(prior), Some(resembling), Some(total)) = (report.prior, report.resembling, report.total) else {
        return "可比对的信息太少，没有权重".to_owned();
    };
    // Nothing taken away is written without the minus that floating point gives it.
    let signed = |bits: f64| format!("{bits:+.2}").replace("-0.00", "+0.00");
    let share = |value: Option<f64>| value.map_or_else(|| "—".to_owned(), |value| format!("{value:.3e}"));
    let row = |cells: [&str; 5]| cells.map(str::to_owned).to_vec();
    let mut table = vec![row(["项目", "权重", "m（同一人）", "u（陌生人）", "比对结果"])];
    table.push(row(["先验", &signed(prior), "", "", "比对之前：总人数中恰为此人的可能性"]));
    for part in &report.parts {
        let title = comparator_title(&part.comparator);
        let mut said = if part.level_title.is_empty() { "无可比对" } else { part.level_title }.to_owned();
        if !part.counted && part.m.is_some() {
            said.push_str("（证号已含，不重复计）");
        }
        table.push(row([title, &signed(part.bits), &share(part.m), &share(part.u), &said]));
        if let Some(chance) = part.chance.filter(|_| part.counted) {
            let said = format!("该取值在人群中的频率 {chance:.3e}");
            table.push(row(["  词频", &signed(part.frequency_bits), "", "", &said]));
        }
    }
    table.push(row(["相似者", &signed(resembling), "", "", "双胞胎和同胞也会这样相同"]));
    let said = report.probability.map_or_else(String::new, |p| format!("概率 {}", percent(p)));
    table.push(row(["合计", &signed(total), "", "", &said]));
    aligned(&table)
}

fn verdict(report: &PairReport) -> String {
    let treated = &report.treated;
    let mut lines = vec![format!("处理：{}", treated.title)];
    if !report.rows_alone {
        let blocks = if report.blocks.is_empty() { "无".to_owned() } else { report.blocks.join("；") };
        lines.push(format!("共同分块条件：{blocks}"));
    }
    if let (Some(weight), Some(probability), Some(rivals)) =
        (treated.weight, treated.probability, treated.rivals)
    {
        lines.push(format!(
            "计入竞争候选（另有 {rivals} 个）：{weight:+.4} 比特，概率 {}",
            percent(probability)
        ));
    }
    let t = &report.thresholds;
    lines.push(format!(
        "门槛：自动认定 {}（{:+.2} 比特），人工确认 {}（{:+.2} 比特），近似候选 {}",
        percent(t.link_at),
        t.link_bits,
        percent(t.review_at),
        t.review_bits,
        percent(t.near_miss_at)
    ));
    lines.push(format!("翻转：{}", report.flip_sentence));
    for stored in &report.stored {
        lines.push(format!(
            "存档 {}：{} ↔ {}，{:+.4} 比特，概率 {}，等级 {}，{}",
            stored.artifact,
            stored.left,
            stored.right,
            stored.weight,
            percent(stored.probability),
            stored.grade,
            stored.words
        ));
    }
    let same = if report.same_person {
        "认定为同一人，依据以下关联："
    } else {
        "不认定为同一人"
    };
    lines.push(format!("该次运行：{same}"));
    lines.extend(report.chain.iter().enumerate().map(|(at, hop)| super::case::hop(at + 1, hop)));
    lines.join("\n")
}
