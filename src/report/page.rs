//! `report.html`: one offline page in Chinese about the whole run. Counts and places, no person's value.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

use super::expected::{Expectation, percent, percent_range};
use super::input::{Alarm, Compared, ExtractFacts, PublishInput, ReleaseFacts};
use super::movement::{self, Movement, Overdue, Quality};
use super::package::Package;
use super::precision::{Missed, RulePrecision};
use super::progress::{Progress, Steps};
use super::rows::{CaseFacts, Context};
use super::words;
use crate::diag::Level;
use crate::domain::{CaseStatus, Completeness, Day, ExtractState, Ranged};
use crate::kernel::draws::whole;
use crate::kernel::outlier::Reading;

/// Styles of the charts, which the page puts in as they are.
const CHARTS: &str = super::chart::STYLE;
const TEMPLATE: &str = include_str!("templates/report.html");

/// Counts of one list or rule.
#[derive(Clone, Default, Serialize)]
struct Counts {
    title: String,
    new: u64,
    kept: u64,
    changed: u64,
    carried: u64,
    withdrawn: u64,
    annex: u64,
    open: u64,
    /// Left edges and widths of the bar's parts, in per mille of the widest bar.
    bar: Vec<Part>,
    rules: Vec<Counts>,
    /// Set for a rule that did not run.
    not_run: bool,
    /// Of a list: rules that ran and about which there is nothing to tell.
    quiet: u64,
}

#[derive(Clone, Serialize)]
struct Part {
    class: &'static str,
    x: u64,
    width: u64,
}

/// A named number with the width of its bar in per mille.
#[derive(Serialize)]
struct Bar {
    title: String,
    count: u64,
    width: u64,
}

#[derive(Serialize)]
struct NotRunRow {
    rule: String,
    list: String,
    reason: String,
}

#[derive(Serialize)]
struct ExtractRow {
    title: String,
    needed: &'static str,
    as_of: String,
    state: &'static str,
    state_class: &'static str,
    reasons: Vec<String>,
    files: u64,
    passed_over: u64,
    read: u64,
    dropped: u64,
    held_back: u64,
    records: u64,
    balanced: bool,
    refused: Vec<String>,
    top: Vec<Bar>,
    warnings: Vec<Bar>,
    dropped_columns: String,
}

#[derive(Serialize)]
struct Agency {
    title: String,
    extracts: Vec<ExtractRow>,
}

#[derive(Serialize)]
struct TownRow {
    town: String,
    counts: Vec<u64>,
    total: u64,
    width: u64,
}

#[derive(Serialize)]
struct Handed {
    title: String,
    folder: String,
    lists: Vec<(String, u64)>,
}

/// How far the work on a list is.
#[derive(Serialize)]
struct ProgressRow {
    title: String,
    open: u32,
    overdue: u32,
    answered: u32,
    month: Steps,
    /// Cases that were settled in the month, and how many more or less are open for it.
    month_settled: u32,
    balance: String,
    year: Steps,
    /// Confirmed cases about somebody who is back; none where the list does not say who is, or nothing tells.
    back: Option<u32>,
    settled: u32,
    /// Of what was found in the school year or before and is not open any more, in per cent; none when
    /// nothing was found.
    share: Option<u32>,
}

/// How often a rule is right.
#[derive(Serialize)]
struct PrecisionRow {
    list: String,
    title: String,
    listed: u64,
    answered: u64,
    confirmed: u64,
    range: String,
    /// Share of listed cases of which nobody has answered one like it.
    unseen: String,
}

/// What a list misses.
#[derive(Serialize)]
struct MissedRow {
    title: String,
    drawn: u64,
    answered: u64,
    found: u64,
    scope: u64,
    share: Option<String>,
    people: Option<String>,
}

/// How the night compares with those before it.
#[derive(Serialize)]
struct Comparison {
    nights: usize,
    /// Set when there are too few nights: how many are needed.
    too_few: Option<u32>,
    series: usize,
    one_false_in_nights: u32,
    alarms: Vec<AlarmRow>,
}

#[derive(Serialize)]
struct AlarmRow {
    title: String,
    /// Tonight; lowest, median and highest of the nights before.
    numbers: [String; 4],
    nights: usize,
    chance: String,
}

/// What the template sees.
#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    charts: &'static str,
    run_id: &'a str,
    as_of: String,
    facts: &'a [(String, String)],
    total: Counts,
    lists: Vec<Counts>,
    /// Day of the night before.
    before: Option<String>,
    movements: Vec<Movement>,
    progress: Vec<ProgressRow>,
    overdue_lists: Vec<String>,
    overdue: Vec<Overdue>,
    quality: Vec<Quality>,
    precision: Vec<PrecisionRow>,
    missed: Vec<MissedRow>,
    released: &'a [ReleaseFacts],
    not_run: Vec<NotRunRow>,
    rules_ran: u64,
    stages: Vec<Bar>,
    comparison: Comparison,
    some_needed: bool,
    balanced: bool,
    agencies: Vec<Agency>,
    list_titles: Vec<String>,
    towns: Vec<TownRow>,
    mentions: u64,
    pairs: Vec<Bar>,
    links: Vec<Bar>,
    review: u64,
    tied: u64,
    contradicted: u64,
    oversized: &'a [String],
    expected: Option<Expectation>,
    identities: u64,
    merged: u64,
    split: u64,
    handed: Vec<Handed>,
}

/// Renders the page.
pub(super) fn render(
    input: &PublishInput<'_>,
    (packages, delivered): (&[Package<'_>], u64),
    (context, cases, past): (&Context<'_>, &[CaseFacts<'_>], &[CaseFacts<'_>]),
) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("n", thousands);
    environment.add_template("report", TEMPLATE)?;
    let lists = lists(input);
    let agencies = agencies(input);
    let (list_titles, towns) = towns(input);
    let (overdue_lists, overdue) = movement::overdue(input, cases);
    let (before, movements) = movement::movements(input, (cases, past))
        .map_or((None, Vec::new()), |(day, all)| (Some(day.iso()), all));
    let page = Page {
        title: input.title,
        charts: CHARTS,
        run_id: input.run_id,
        as_of: input.as_of.iso(),
        facts: input.facts,
        total: total(&lists),
        lists,
        before,
        movements,
        progress: progress(input, context, cases, past),
        overdue_lists,
        overdue,
        quality: movement::quality(input),
        precision: precision(input),
        missed: missed(input),
        released: input.released,
        not_run: not_run(input),
        rules_ran: input.outcomes.iter().filter(|outcome| outcome.not_run.is_none()).count() as u64,
        stages: stages(input, &agencies, delivered),
        comparison: comparison(input.compared),
        some_needed: input.extracts.iter().any(|extract| extract.completeness != Completeness::Optional),
        balanced: agencies.iter().flat_map(|agency| &agency.extracts).all(|extract| extract.balanced),
        agencies,
        list_titles,
        towns,
        mentions: input.link.mentions,
        pairs: bars(input.link.pairs.iter().cloned()),
        links: bars(input.link.links.iter().cloned()),
        review: input.link.review,
        tied: input.link.tied,
        contradicted: input.link.contradicted,
        oversized: &input.link.oversized,
        expected: input.link.figures.as_ref().map(Expectation::of),
        identities: input.identities.count,
        merged: input.identities.merged,
        split: input.identities.split,
        handed: handed(packages),
    };
    environment.get_template("report")?.render(Serde(&page))
}

fn comparison(compared: &Compared) -> Comparison {
    let row = |alarm: &Alarm| {
        let shown = |reading: Reading| match reading {
            Reading::Count(count) => thousands(count),
            Reading::Share { .. } => percent(reading.value()),
        };
        AlarmRow {
            title: alarm.title.clone(),
            numbers: [alarm.tonight, alarm.lowest, alarm.median, alarm.highest].map(shown),
            nights: alarm.nights,
            // Beyond a thousand million the law says more than anybody knows.
            chance: format!("1/{}", thousands(whole((1.0 / alarm.chance).min(1e9)))),
        }
    };
    Comparison {
        nights: compared.nights,
        too_few: (compared.series == 0).then_some(compared.nights_min),
        series: compared.series,
        one_false_in_nights: compared.one_false_in_nights,
        alarms: compared.alarms.iter().map(row).collect(),
    }
}

/// `1234567` → `1,234,567`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn lists(input: &PublishInput<'_>) -> Vec<Counts> {
    let mut by_rule: BTreeMap<&str, Counts> = BTreeMap::new();
    for case in input.cases.iter().filter(|case| case.asks() || case.status == CaseStatus::Withdrawn) {
        let counts = by_rule.entry(&case.finding.rule).or_default();
        if case.finding.annex && case.status != CaseStatus::Withdrawn {
            counts.annex += 1;
            continue;
        }
        match case.status {
            CaseStatus::New => counts.new += 1,
            CaseStatus::Kept => counts.kept += 1,
            CaseStatus::Changed => counts.changed += 1,
            CaseStatus::Carried => counts.carried += 1,
            CaseStatus::Withdrawn => counts.withdrawn += 1,
        }
    }
    let silent: BTreeSet<&str> =
        input.outcomes.iter().filter(|o| o.not_run.is_some()).map(|o| o.rule.as_str()).collect();
    let mut lists = Vec::new();
    for template in &input.desk.templates {
        let mut list = Counts { title: template.title.clone(), ..Counts::default() };
        let of_list = |name: &str| input.desk.template(name).is_some_and(|t| t.list == template.list);
        for rule in input.rules.iter().filter(|rule| of_list(&rule.list)) {
            let mut counts = by_rule.remove(rule.id.as_str()).unwrap_or_default();
            counts.title.clone_from(&rule.title);
            counts.open = counts.new + counts.kept + counts.changed + counts.carried;
            counts.not_run = silent.contains(rule.id.as_str());
            list.add(&counts);
            if counts.not_run || counts.open + counts.withdrawn + counts.annex > 0 {
                list.rules.push(counts);
            } else {
                list.quiet += 1;
            }
        }
        if list.quiet > 0 || !list.rules.is_empty() {
            lists.push(list);
        }
    }
    let widest = lists.iter().map(|list| list.open + list.withdrawn).max().unwrap_or_default().max(1);
    for list in &mut lists {
        list.bar = parts(list, widest);
    }
    lists
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.new += other.new;
        self.kept += other.kept;
        self.changed += other.changed;
        self.carried += other.carried;
        self.withdrawn += other.withdrawn;
        self.annex += other.annex;
        self.open += other.open;
    }
}

fn parts(list: &Counts, widest: u64) -> Vec<Part> {
    let mut x = 0;
    let shares = [
        ("new", list.new),
        ("changed", list.changed),
        ("kept", list.kept),
        ("carried", list.carried),
        ("withdrawn", list.withdrawn),
    ];
    shares
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(class, count)| {
            let width = (count * 1000 / widest).max(3);
            let part = Part { class, x, width };
            x += width;
            part
        })
        .collect()
}

fn total(lists: &[Counts]) -> Counts {
    lists.iter().fold(Counts::default(), |mut sum, list| {
        sum.add(list);
        sum
    })
}

fn not_run(input: &PublishInput<'_>) -> Vec<NotRunRow> {
    let list = |id: &str| input.desk.template(id).map_or_else(|| id.to_owned(), |t| t.title.clone());
    input
        .outcomes
        .iter()
        .filter_map(|outcome| {
            let reason = outcome.silence()?.clone();
            Some(NotRunRow { rule: outcome.title.clone(), list: list(&outcome.list), reason })
        })
        .collect()
}

/// Bars in the order given, the longest 1000 wide.
fn bars(counts: impl Iterator<Item = (String, u64)>) -> Vec<Bar> {
    let counts: Vec<(String, u64)> = counts.collect();
    let widest = counts.iter().map(|(_, count)| *count).max().unwrap_or_default().max(1);
    counts.into_iter().map(|(title, count)| Bar { title, count, width: width_of(count, widest) }).collect()
}

fn width_of(count: u64, widest: u64) -> u64 {
    if count == 0 { 0 } else { (count.saturating_mul(1000) / widest).max(2) }
}

/// How often each text occurs, most often first, the first `most` of them.
fn most_frequent(texts: impl Iterator<Item = String>, most: usize) -> Vec<Bar> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.truncate(most);
    bars(counts.into_iter())
}

fn agencies(input: &PublishInput<'_>) -> Vec<Agency> {
    let mut order: Vec<&str> = Vec::new();
    let mut by_agency: BTreeMap<&str, Vec<ExtractRow>> = BTreeMap::new();
    for extract in input.extracts {
        if !order.contains(&extract.agency.as_str()) {
            order.push(&extract.agency);
        }
        by_agency.entry(&extract.agency).or_default().push(extract_row(extract));
    }
    let title = |id: &str| {
        input.desk.disclosure.recipient(id).map_or_else(|| id.to_owned(), |recipient| recipient.title.clone())
    };
    order
        .into_iter()
        .filter_map(|id| Some(Agency { title: title(id), extracts: by_agency.remove(id)? }))
        .collect()
}

fn extract_row(extract: &ExtractFacts) -> ExtractRow {
    let sum = |of: fn(&crate::domain::FileReport) -> u64| extract.files.iter().map(of).sum::<u64>();
    let (state, state_class, reasons) = match &extract.state {
        ExtractState::Complete => ("完整", "good", Vec::new()),
        ExtractState::Incomplete(reasons) => ("不完整", "warn", reasons.clone()),
        ExtractState::Missing => ("未收到", "off", Vec::new()),
        ExtractState::Refused(reasons) => ("拒收", "bad", reasons.clone()),
    };
    let refused = extract.files.iter().filter_map(|file| {
        let reason = file.refused.as_ref()?;
        Some(format!("{}：{reason}", file.name))
    });
    let columns: BTreeSet<&str> =
        extract.files.iter().flat_map(|file| &file.dropped_columns).map(String::as_str).collect();
    let held_back = extract.quarantined.len() as u64;
    let (read, dropped) = (sum(|file| file.rows_read), sum(|file| file.rows_dropped));
    ExtractRow {
        title: extract.title.clone(),
        needed: match extract.completeness {
            Completeness::Optional => "",
            Completeness::Present => "必到",
            Completeness::Required => "必到且完整",
        },
        as_of: extract.as_of.map_or_else(String::new, Day::iso),
        state,
        state_class,
        reasons,
        files: extract.files.len() as u64,
        passed_over: sum(|file| file.rows_passed_over),
        read,
        dropped,
        held_back,
        records: extract.records,
        balanced: read == extract.records + held_back + dropped,
        refused: refused.collect(),
        top: most_frequent(extract.quarantined.iter().map(|row| row.reason.clone()), 5),
        warnings: most_frequent(
            extract.problems.iter().filter(|problem| problem.level >= Level::Warning).map(words::of),
            5,
        ),
        dropped_columns: columns.into_iter().collect::<Vec<_>>().join("、"),
    }
}

/// From rows that were read to rows that were handed over.
fn stages(input: &PublishInput<'_>, agencies: &[Agency], delivered: u64) -> Vec<Bar> {
    let sum = |of: fn(&ExtractRow) -> u64| agencies.iter().flat_map(|a| &a.extracts).map(of).sum::<u64>();
    let named = [
        ("读入数据行", sum(|extract| extract.read)),
        ("按约定剔除（重复行）", sum(|extract| extract.dropped)),
        ("隔离未入库", sum(|extract| extract.held_back)),
        ("入库记录", sum(|extract| extract.records)),
        ("人员提及", input.link.mentions),
        ("识别出的人", input.identities.count),
        ("规则发现的线索（含待确认）", input.outcomes.iter().map(|o| o.findings + o.annex).sum()),
        ("其中须核查的线索", input.cases.iter().filter(|case| case.asks()).count() as u64),
        ("下发各单位的清单行", delivered),
    ];
    bars(named.into_iter().map(|(title, count)| (title.to_owned(), count)))
}

/// Open cases outside the annex by town and list.
fn towns(input: &PublishInput<'_>) -> (Vec<String>, Vec<TownRow>) {
    let templates = &input.desk.templates;
    let list_of: BTreeMap<&str, usize> = input
        .rules
        .iter()
        .filter_map(|rule| {
            let list = &input.desk.template(&rule.list)?.list;
            Some((rule.id.as_str(), templates.iter().position(|t| t.list == *list)?))
        })
        .collect();
    let mut towns: BTreeMap<(u16, String), Vec<u64>> = BTreeMap::new();
    let open = |case: &&crate::domain::Case| {
        !case.finding.annex && case.status != CaseStatus::Withdrawn && case.asks()
    };
    for case in input.cases.iter().filter(open) {
        let Some(&list) = list_of.get(case.finding.rule.as_str()) else { continue };
        let person = (input.person)(&case.finding);
        let key = if person.town.is_empty() {
            (u16::MAX, "未归镇".to_owned())
        } else {
            (person.place.town, person.town)
        };
        towns.entry(key).or_insert_with(|| vec![0; templates.len()])[list] += 1;
    }
    let widest = towns.values().map(|counts| counts.iter().sum()).max().unwrap_or(1_u64).max(1);
    let rows = towns.into_iter().map(|((_, town), counts)| {
        let total = counts.iter().sum();
        TownRow { town, counts, total, width: width_of(total, widest) }
    });
    (templates.iter().map(|template| template.sheet.clone()).collect(), rows.collect())
}

/// Rules about which somebody has answered, by list and rule.
fn precision(input: &PublishInput<'_>) -> Vec<PrecisionRow> {
    let row = |rule: &RulePrecision| {
        let range = rule.precision.as_ref()?;
        let title = input.rules.iter().find(|facts| facts.id == rule.rule).map(|facts| facts.title.clone());
        Some(PrecisionRow {
            list: list_title(input, &rule.list),
            title: title.unwrap_or_else(|| rule.rule.clone()),
            listed: rule.listed,
            answered: rule.answered,
            confirmed: rule.confirmed,
            range: with_range(range),
            unseen: format!("{:.0}%", rule.unseen * 100.0),
        })
    };
    input.precision.0.iter().filter_map(row).collect()
}

fn missed(input: &PublishInput<'_>) -> Vec<MissedRow> {
    let row = |list: &Missed| MissedRow {
        title: list_title(input, &list.list),
        drawn: list.drawn,
        answered: list.answered,
        found: list.found,
        scope: list.scope,
        share: list.share.as_ref().map(with_range),
        people: list.people.as_ref().map(|p| format!("{:.0}（{:.0}–{:.0}）", p.value, p.low, p.high)),
    };
    input.precision.1.iter().map(row).collect()
}

fn with_range(range: &Ranged) -> String {
    format!("{}（{}）", percent(range.value), percent_range(range))
}

fn list_title(input: &PublishInput<'_>, list: &str) -> String {
    input.desk.template(list).map_or_else(|| list.to_owned(), |template| template.title.clone())
}

/// How far the work on each list is, this month and this school year.
fn progress(
    input: &PublishInput<'_>,
    context: &Context<'_>,
    cases: &[CaseFacts<'_>],
    past: &[CaseFacts<'_>],
) -> Vec<ProgressRow> {
    let mut rows = Vec::new();
    for template in &input.desk.templates {
        let of_list = |facts: &&CaseFacts<'_>| {
            input.desk.template(&facts.rule.list).is_some_and(|known| known.list == template.list)
        };
        let mut sum = Progress::default();
        for facts in cases.iter().chain(past).filter(of_list) {
            sum.add(facts, input.as_of);
        }
        if sum == Progress::default() {
            continue;
        }
        let [month, .., year] = sum.steps;
        let (settled, still) = (year.settled(), sum.open + sum.answered);
        rows.push(ProgressRow {
            title: template.title.clone(),
            open: sum.open,
            overdue: sum.overdue,
            answered: sum.answered,
            month,
            month_settled: month.settled(),
            balance: format!("{:+}", i64::from(month.found) - i64::from(month.settled())),
            year,
            back: template.returned.as_ref().filter(|back| context.knows_back(back)).map(|_| year.returned),
            settled,
            share: (settled * 100).checked_div(settled + still),
        });
    }
    rows
}

fn handed(packages: &[Package<'_>]) -> Vec<Handed> {
    packages
        .iter()
        .map(|package| Handed {
            title: package.title.clone(),
            folder: package.folder.clone(),
            lists: package
                .lists
                .iter()
                .map(|(template, cases)| (template.sheet.clone(), cases.len() as u64))
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), expected);
        }
    }

    #[test]
    fn the_most_frequent_comes_first_and_ties_go_by_text() {
        let texts = ["b", "a", "c", "a", "b"].into_iter().map(str::to_owned);
        let bars: Vec<(String, u64)> =
            most_frequent(texts, 2).into_iter().map(|b| (b.title, b.count)).collect();
        assert_eq!(bars, [("a".to_owned(), 2), ("b".to_owned(), 2)]);
    }
}
