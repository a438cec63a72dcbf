//! Explanations as offline pages: one file of HTML with its charts inside, nothing from outside.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

use super::case::{CaseReport, EvidenceRow, MissRow, event_title, status_title};
use super::identity::IdentityReport;
use super::pair::{PairReport, PersonReport};
use super::people::Hop;
use super::sides::Side;
use crate::kernel::similarity::stretches;
use crate::report::chart::{self, Bar, Mark, Step};
use crate::report::{comparator_title, percent};

const PAIR: &str = concat!(include_str!("templates/head.html"), include_str!("templates/pair.html"));
const IDENTITY: &str = concat!(include_str!("templates/head.html"), include_str!("templates/identity.html"));
const CASE: &str = concat!(include_str!("templates/head.html"), include_str!("templates/case.html"));
const LINKAGE: &str = concat!(include_str!("templates/head.html"), include_str!("templates/linkage.html"));

/// Renders one of the templates; `style` of charts is put in.
pub(super) fn render(name: &'static str, page: &impl Serialize) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("pair", PAIR)?;
    environment.add_template("identity", IDENTITY)?;
    environment.add_template("case", CASE)?;
    environment.add_template("linkage", LINKAGE)?;
    environment.add_global("style", minijinja::Value::from_safe_string(chart::STYLE.to_owned()));
    environment.get_template(name)?.render(Serde(page))
}

/// A value of two sides in stretches, with whether each differs from the other side.
#[derive(Serialize)]
struct Row {
    title: String,
    sides: [Vec<(String, bool)>; 2],
}

impl Row {
    fn compared(title: &str, left: &str, right: &str) -> Self {
        let side = |text: &str, other: &str| {
            // Where the other side says nothing, nothing differs.
            if other.is_empty() && !text.is_empty() {
                vec![(text.to_owned(), false)]
            } else {
                stretches(text, other)
            }
        };
        Self { title: title.to_owned(), sides: [side(left, right), side(right, left)] }
    }

    fn plain(title: &str, left: String, right: String) -> Self {
        let side = |text: String| if text.is_empty() { Vec::new() } else { vec![(text, false)] };
        Self { title: title.to_owned(), sides: [side(left), side(right)] }
    }
}

#[derive(Serialize)]
struct PairPage<'a> {
    title: String,
    run: &'a str,
    as_of: &'a str,
    linkage: &'a str,
    plan_changed: bool,
    reproduced: bool,
    rows_alone: bool,
    sentence: &'a str,
    flip_sentence: &'a str,
    rows: Vec<Row>,
    persons: Vec<Row>,
    chart: Option<String>,
    flips: Vec<[String; 6]>,
    verdict: Vec<(&'static str, String)>,
    links: Vec<[String; 5]>,
}

/// A pair as a page.
///
/// # Errors
/// When the template fails, which is a bug.
pub fn pair_page(report: &PairReport) -> Result<String, minijinja::Error> {
    let is = if report.same_person { "是" } else { "不是" };
    let flip = |flip: &super::pair::FlipReport| {
        let result = if flip.linked { "自动认定" } else { "不自动认定" };
        [
            comparator_title(&flip.comparator).to_owned(),
            flip.from.to_owned(),
            flip.to.to_owned(),
            format!("{:+.2}", flip.change),
            format!("{:+.2}", flip.total),
            result.to_owned(),
        ]
    };
    let page = PairPage {
        title: format!("为什么{is}同一人"),
        run: &report.run,
        as_of: &report.as_of,
        linkage: report.linkage,
        plan_changed: report.plan_changed,
        reproduced: report.reproduced,
        rows_alone: report.rows_alone,
        sentence: &report.sentence,
        flip_sentence: &report.flip_sentence,
        rows: rows(&report.left, &report.right),
        persons: persons(&report.compared),
        chart: waterfall(report),
        flips: report.flips.iter().map(flip).collect(),
        verdict: verdict(report),
        links: report.chain.iter().map(hop).collect(),
    };
    render("pair", &page)
}

fn hop(hop: &Hop) -> [String; 5] {
    let pass = format!("{}（{}）", hop.pass_title, hop.pass);
    [hop.from.to_string(), hop.to.to_string(), pass, hop.grade.clone(), percent(hop.probability)]
}

fn rows(left: &Side, right: &Side) -> Vec<Row> {
    let of = |side: &Side| {
        let source = format!("{}《{}》", side.owner, side.extract_title);
        let identity =
            format!("{}（等级 {}，{}）", side.at.identity, side.at.grade, percent(side.at.probability));
        [side.at.mention.to_string(), source, side.at.place(), identity]
    };
    let ([row, source, place, identity], theirs) = (of(left), of(right));
    let [row_r, source_r, place_r, identity_r] = theirs;
    let mut rows = vec![
        Row::plain("行", row, row_r),
        Row::plain("来源", source, source_r),
        Row::plain("位置", place, place_r),
    ];
    for (x, y) in left.values.iter().zip(&right.values) {
        rows.push(Row::compared(x.title, &x.standard, &y.standard));
        // The delivered text is shown where it is not what was compared.
        let differs =
            |value: &super::sides::Value| !value.raw.is_empty() && !value.standard.starts_with(&value.raw);
        if differs(x) || differs(y) {
            rows.push(Row::compared(&format!("{}（原文）", x.title), &x.raw, &y.raw));
        }
    }
    rows.push(Row::plain("认定为", identity, identity_r));
    rows
}

/// The values of the persons, when they were more than the two rows.
fn persons(compared: &[PersonReport]) -> Vec<Row> {
    let [left, right] = compared else { return Vec::new() };
    if left.mentions.len() + right.mentions.len() <= 2 {
        return Vec::new();
    }
    let count = |person: &PersonReport| format!("{} 行", person.mentions.len());
    let mut rows = vec![Row::plain("已归并", count(left), count(right))];
    for ((_, title, x), (_, _, y)) in left.values.iter().zip(&right.values) {
        rows.push(Row::compared(title, x, y));
    }
    rows
}

fn waterfall(report: &PairReport) -> Option<String> {
    let (prior, resembling, total) = (report.prior?, report.resembling?, report.total?);
    let step =
        |title: &str, note: &str, bits: f64| Step { title: title.to_owned(), note: note.to_owned(), bits };
    let mut steps = vec![step("先验", "", prior)];
    for part in &report.parts {
        let title = comparator_title(&part.comparator);
        let mut note = if part.level_title.is_empty() { "无可比对" } else { part.level_title }.to_owned();
        if !part.counted && part.m.is_some() {
            note.push_str("（证号已含）");
        }
        steps.push(step(title, &note, part.bits));
        if part.chance.is_some() && part.counted {
            steps.push(step(&format!("{title}词频"), "", part.frequency_bits));
        }
    }
    steps.push(step("相似者", "双胞胎、同胞也会这样相同", resembling));
    let probability = report.probability.map_or_else(String::new, |p| format!("概率 {}", percent(p)));
    let marks = [
        Mark { title: "自动认定".to_owned(), at: report.thresholds.link_bits },
        Mark { title: "人工确认".to_owned(), at: report.thresholds.review_bits },
    ];
    Some(chart::waterfall("权重瀑布图", &steps, &step("合计", &probability, total), &marks))
}

fn verdict(report: &PairReport) -> Vec<(&'static str, String)> {
    let (treated, t) = (&report.treated, &report.thresholds);
    let mut lines = vec![("处理", treated.title.to_owned())];
    if !report.rows_alone {
        let blocks = if report.blocks.is_empty() { "无".to_owned() } else { report.blocks.join("；") };
        lines.push(("共同分块条件", blocks));
    }
    if let (Some(weight), Some(probability), Some(rivals)) =
        (treated.weight, treated.probability, treated.rivals)
    {
        let words = format!("另有 {rivals} 个：{weight:+.2} 比特，概率 {}", percent(probability));
        lines.push(("计入竞争候选", words));
    }
    let words = format!(
        "自动认定 {}（{:+.2} 比特），人工确认 {}（{:+.2} 比特），近似候选 {}",
        percent(t.link_at),
        t.link_bits,
        percent(t.review_at),
        t.review_bits,
        percent(t.near_miss_at)
    );
    lines.push(("门槛", words));
    let same = if report.same_person { "认定为同一人" } else { "不认定为同一人" };
    lines.push(("该次运行", same.to_owned()));
    lines
}

#[derive(Serialize)]
struct IdentityPage<'a> {
    title: String,
    run: &'a str,
    as_of: &'a str,
    plan_changed: bool,
    sentence: &'a str,
    values: &'a [(&'static str, String)],
    mentions: Vec<[String; 5]>,
    chart: String,
    links: Vec<[String; 6]>,
    judgements: Vec<[String; 3]>,
    in_review: Vec<[String; 4]>,
}

/// A person as a page.
///
/// # Errors
/// When the template fails, which is a bug.
pub fn identity_page(report: &IdentityReport) -> Result<String, minijinja::Error> {
    let mention = |row: &super::identity::RowReport| {
        let source = format!("{}《{}》", row.owner, row.extract_title);
        let named = row.at.mention.to_string();
        [source, row.at.place(), named, row.at.grade.clone(), percent(row.at.probability)]
    };
    let link = |bridge: &super::identity::BridgeReport| {
        let [from, to, pass, grade, probability] = hop(&bridge.hop);
        [from, to, pass, grade, probability, format!("{} | {}", bridge.rows_from, bridge.rows_to)]
    };
    let bar = |bridge: &super::identity::BridgeReport| Bar {
        title: bridge.hop.pass_title.to_owned(),
        value: bridge.hop.weight,
    };
    let judgement = |told: &super::identity::JudgementReport| {
        let words = if told.same { "同一人" } else { "不是同一人" };
        [told.left.to_string(), told.right.to_string(), words.to_owned()]
    };
    let open = |pair: &super::identity::OpenPair| {
        [pair.own.to_string(), pair.other.to_string(), pair.difference.clone(), percent(pair.probability)]
    };
    let bars: Vec<Bar> = report.links.iter().map(bar).collect();
    let page = IdentityPage {
        title: format!("人 {} 由哪些行组成", report.identity),
        run: &report.run,
        as_of: &report.as_of,
        plan_changed: report.plan_changed,
        sentence: &report.sentence,
        values: &report.values,
        mentions: report.mentions.iter().map(mention).collect(),
        chart: if bars.is_empty() {
            String::new()
        } else {
            chart::bars("各联系的权重（比特）", &bars)
        },
        links: report.links.iter().map(link).collect(),
        judgements: report.judgements.iter().map(judgement).collect(),
        in_review: report.in_review.iter().map(open).collect(),
    };
    render("identity", &page)
}

#[derive(Serialize)]
struct CasePage<'a> {
    title: &'a str,
    case: &'a CaseReport,
    status: &'a str,
    confidence: String,
    history: Vec<[&'a str; 4]>,
    evidence: Vec<(String, &'a str, String, Vec<String>)>,
    links: Vec<[String; 5]>,
    absent: Option<&'a str>,
    misses: Vec<[String; 6]>,
}

/// A case as a page: timeline, evidence, links, near misses, policies, law.
///
/// # Errors
/// When the template fails, which is a bug.
pub fn case_page(report: &CaseReport) -> Result<String, minijinja::Error> {
    let miss = |miss: &MissRow| {
        [
            miss.candidate.to_string(),
            miss.place.clone(),
            miss.difference.clone(),
            miss.grade.clone(),
            percent(miss.probability),
            format!("{:+.2}", miss.weight),
        ]
    };
    let page = CasePage {
        title: report.rule.as_ref().map_or(report.rule_id.as_str(), |rule| &rule.title),
        case: report,
        status: status_title(&report.status),
        confidence: percent(report.confidence),
        history: (report.history.iter())
            .map(|event| [event.day.as_str(), event_title(&event.kind), &event.words, &event.run])
            .collect(),
        evidence: report.evidence.iter().map(evidence).collect(),
        links: report.links.iter().map(hop).collect(),
        absent: report.rule.as_ref().and_then(|rule| rule.absent_from.as_deref()),
        misses: report.near_misses.iter().map(miss).collect(),
    };
    render("case", &page)
}

/// Source, place, row and who is named in it.
fn evidence(row: &EvidenceRow) -> (String, &str, String, Vec<String>) {
    let named = row.mentions.iter().map(|mention| {
        let who = if mention.subject { "本人" } else { "他人" };
        format!("{}：{who}（等级 {}，{}）", mention.role, mention.grade, percent(mention.probability))
    });
    let place = if row.place.is_empty() { "该次运行中已无此行" } else { &row.place };
    (
        format!("{}《{}》", row.owner, row.extract_title),
        place,
        format!("{}:{}", row.extract, row.row_key),
        named.collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_marked_on_both_sides_and_a_gap_marks_nothing() {
        let row = Row::compared("姓名", "张小明", "张晓明");
        let side = |text: [&str; 3]| {
            vec![(text[0].to_owned(), false), (text[1].to_owned(), true), (text[2].to_owned(), false)]
        };
        assert_eq!(row.sides, [side(["张", "小", "明"]), side(["张", "晓", "明"])]);
        let row = Row::compared("电话", "123", "");
        assert_eq!(row.sides, [vec![("123".to_owned(), false)], Vec::new()]);
    }
}
