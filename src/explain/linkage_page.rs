//! The linkage of a run as one offline page, headings in Chinese and English.

use serde::Serialize;

use super::linkage::LinkageReport;
use super::page::render;
use crate::domain::{LevelFigure, LinkFigures, RoleFigure};
use crate::evaluate::{Checked, ErrorCheck};
use crate::report::chart::{self, Bar, Interval, Line, Mark};
use crate::report::{Expectation, comparator_title, percent};

#[derive(Serialize)]
struct Page<'a> {
    title: String,
    run: &'a str,
    as_of: &'a str,
    model: &'a [String; 2],
    cards: Vec<[String; 2]>,
    expected: Expectation,
    truth: Vec<[String; 5]>,
    levels_inside: String,
    m_charts: Vec<[String; 2]>,
    u_chart: String,
    weights: String,
    thresholds: Option<String>,
    roles: Vec<RoleRow>,
    sizes: String,
    nights: Vec<[String; 8]>,
    nights_chart: Option<String>,
    drift: Vec<[String; 7]>,
}

/// How full one role is; shares with the colour that shows them.
#[derive(Serialize)]
struct RoleRow {
    name: String,
    mentions: u64,
    cells: Vec<(String, String)>,
    alone: String,
    unlinkable: String,
}

/// The page.
///
/// # Errors
/// When the template fails, which is a bug.
pub fn linkage_page(report: &LinkageReport) -> Result<String, minijinja::Error> {
    let figures = &report.figures;
    let links: u64 = report.links.iter().map(|(_, count)| count).sum();
    let card = |title: &str, value: String| [title.to_owned(), value];
    let mut cards = vec![
        card("人员提及 mentions", report.mentions.to_string()),
        card("识别出的人 persons", report.identities.to_string()),
        card("联系 links", links.to_string()),
        card("待人工判断 for review", report.review.to_string()),
    ];
    if figures.looked_up > 0 {
        cards.push(card("无号待找 looked up", figures.looked_up.to_string()));
        cards.push(card("模型认定 linked", figures.linked.to_string()));
    }
    let page = Page {
        title: format!("{} · 同人识别报告 Linkage report", report.title),
        run: &report.run,
        as_of: &report.as_of,
        model: &report.model,
        cards,
        expected: Expectation::of(figures),
        truth: report.truth.as_ref().map_or_else(Vec::new, truth),
        levels_inside: report.truth.as_ref().map_or_else(String::new, levels_inside),
        m_charts: m_charts(figures),
        u_chart: u_chart(figures),
        weights: weights(figures),
        thresholds: report.truth.as_ref().and_then(|check| thresholds(check, figures)),
        roles: figures.roles.iter().map(role).collect(),
        sizes: sizes(&report.sizes),
        nights: nights(report),
        nights_chart: nights_chart(report),
        drift: drift(figures),
    };
    render("linkage", &page)
}

fn truth(check: &ErrorCheck) -> Vec<[String; 5]> {
    let row = |title: String, checked: &Checked, shown: fn(f64) -> String| {
        let expected = checked.expected;
        let inside = if checked.inside { "是 yes" } else { "否 no" };
        [
            title,
            shown(expected.value),
            format!("{} – {}", shown(expected.low), shown(expected.high)),
            format!("{}（{}）", shown(checked.truth), checked.of),
            inside.to_owned(),
        ]
    };
    let number = |count: f64| format!("{count:.1}");
    let mut rows = vec![row("误认率 false links, all passes".to_owned(), &check.false_links, percent)];
    for pass in &check.passes {
        rows.push(row(format!("误认数 false links of {}", pass.pass), &pass.wrong, number));
    }
    rows.push(row("模型误认率 false links of the model".to_owned(), &check.hidden_false_links, percent));
    rows.push(row("漏认率 missed".to_owned(), &check.missed, percent));
    rows
}

fn levels_inside(check: &ErrorCheck) -> String {
    let inside = check.levels.iter().filter(|level| level.m.inside).count();
    format!("{inside} / {}", check.levels.len())
}

/// m by comparison: title and chart.
fn m_charts(figures: &LinkFigures) -> Vec<[String; 2]> {
    let by_comparator = figures.levels.chunk_by(|x, y| x.comparator == y.comparator);
    by_comparator
        .map(|levels| {
            let row = |level: &LevelFigure| {
                let range = |class, r: &crate::domain::Ranged| (class, r.value, r.low, r.high);
                let mut ranges = vec![range("one", &level.m_seen)];
                ranges.extend(level.m_same_number.as_ref().map(|known| range("three", known)));
                Interval { title: shown(level), model: level.m, ranges }
            };
            let name = &levels[0].comparator;
            let title = format!("{} {name}", comparator_title(name));
            let chart = chart::intervals(&title, &levels.iter().map(row).collect::<Vec<_>>());
            [title, chart]
        })
        .collect()
}

/// The level in words that fit beside a chart.
fn shown(level: &LevelFigure) -> String {
    const MOST: usize = 17;
    let chars = level.title.chars().count();
    if chars <= MOST {
        level.title.clone()
    } else {
        level.title.chars().take(MOST - 1).chain(['…']).collect()
    }
}

fn u_chart(figures: &LinkFigures) -> String {
    let row = |level: &LevelFigure| Interval {
        title: shown(level),
        model: level.u,
        ranges: level.u_seen.iter().map(|u| ("two", u.value, u.low, u.high)).collect(),
    };
    chart::intervals("u", &figures.levels.iter().map(row).collect::<Vec<_>>())
}

fn marks(figures: &LinkFigures) -> [Mark; 2] {
    [
        Mark { title: "自动认定 link".to_owned(), at: figures.link_bits },
        Mark { title: "人工确认 review".to_owned(), at: figures.review_bits },
    ]
}

fn weights(figures: &LinkFigures) -> String {
    let bars: Vec<(f64, u64)> = figures.weights.iter().map(|&(edge, n)| (f64::from(edge), n)).collect();
    chart::histogram("权重 weights", &bars, f64::from(LinkFigures::STEP), &marks(figures))
}

fn thresholds(check: &ErrorCheck, figures: &LinkFigures) -> Option<String> {
    if check.thresholds.is_empty() {
        return None;
    }
    let line = |title: &str, class, of: fn(&crate::evaluate::Threshold) -> f64| Line {
        title: title.to_owned(),
        class,
        points: check.thresholds.iter().rev().map(|threshold| (threshold.bits, of(threshold))).collect(),
    };
    let lines = [
        line("查准率 precision", "one", |threshold| threshold.precision),
        line("查全率 recall", "two", |threshold| threshold.recall),
    ];
    Some(chart::lines("查准与查全 precision and recall", &lines, (0.0, 1.0), &marks(figures), &[]))
}

fn role(figure: &RoleFigure) -> RoleRow {
    let share = |count: u64| if figure.mentions > 0 { count as f64 / figure.mentions as f64 } else { 0.0 };
    let cell = |count: u64| {
        let share = share(count);
        // Pale where little is filled, blue where all is.
        let light = 97.0 - 32.0 * share;
        (percent(share), format!("hsl(210,60%,{light:.0}%)"))
    };
    let counts =
        [figure.name, figure.number, figure.damaged, figure.birth, figure.sex, figure.village, figure.phone];
    RoleRow {
        name: format!("{}.{}", figure.extract, figure.role),
        mentions: figure.mentions,
        cells: counts.map(cell).to_vec(),
        alone: percent(share(figure.alone)),
        unlinkable: percent(share(figure.unlinkable)),
    }
}

/// Persons by rows; long tails in one bar.
fn sizes(sizes: &[(u32, u64)]) -> String {
    const LAST: u32 = 15;
    let mut bars: Vec<Bar> = Vec::new();
    let bar = |title: String, count: u64| Bar { title, value: count as f64 };
    for &(rows, count) in sizes.iter().filter(|(rows, _)| *rows < LAST) {
        bars.push(bar(format!("{rows} 行 rows"), count));
    }
    let tail: u64 = sizes.iter().filter(|(rows, _)| *rows >= LAST).map(|(_, count)| count).sum();
    if tail > 0 {
        let most = sizes.last().map_or(LAST, |(rows, _)| *rows);
        bars.push(bar(format!("{LAST}–{most} 行 rows"), tail));
    }
    chart::bars("各人行数 rows of a person", &bars)
}

fn nights(report: &LinkageReport) -> Vec<[String; 8]> {
    let row = |night: &super::linkage::NightFigures| {
        let first: Vec<String> = night
            .first_level
            .iter()
            .map(|(name, share)| format!("{} {}", comparator_title(name), percent(*share)))
            .collect();
        [
            night.as_of.clone(),
            night.mentions.to_string(),
            night.links.to_string(),
            night.review.to_string(),
            percent(night.false_links),
            percent(night.missed),
            first.join("，"),
            night.alarms.to_string(),
        ]
    };
    report.nights.iter().map(row).collect()
}

/// The first level of each comparison over the nights, where there are several.
fn nights_chart(report: &LinkageReport) -> Option<String> {
    if report.nights.len() < 2 {
        return None;
    }
    let classes = ["one", "two", "three", "four"];
    let names = report.nights.iter().flat_map(|night| night.first_level.keys());
    let names: std::collections::BTreeSet<&String> = names.collect();
    let line = |(name, class): (&String, &&'static str)| Line {
        title: format!("{} {name}", comparator_title(name)),
        class,
        points: (0_u32..)
            .zip(&report.nights)
            .filter_map(|(at, night)| Some((f64::from(at), *night.first_level.get(name)?)))
            .collect(),
    };
    let lines: Vec<Line> = names.into_iter().zip(classes.iter().cycle()).map(line).collect();
    let labels: Vec<String> = report.nights.iter().map(|night| night.as_of[5..].to_owned()).collect();
    Some(chart::lines("各夜一致率 agreement by night", &lines, (0.0, 1.0), &[], &labels))
}

fn drift(figures: &LinkFigures) -> Vec<[String; 7]> {
    let row = |figure: &crate::domain::DriftFigure| {
        [
            format!("{}.{}", figure.extract, figure.role),
            comparator_title(&figure.comparator).to_owned(),
            figure.pairs.to_string(),
            percent(figure.share),
            percent(figure.expected),
            format!("{:.3} / {:.3}", figure.distance, figure.limit),
            if figure.alarm { "不符 alarm".to_owned() } else { String::new() },
        ]
    };
    figures.drift.iter().map(row).collect()
}
