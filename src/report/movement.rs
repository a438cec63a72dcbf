//! What `report.html` tells over time: movement since the night before, what is overdue where, deliveries by night.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::chart::{Sparks, sparks};
use super::expected::percent;
use super::input::{AgencyNight, ExtractFacts, PublishInput};
use super::rows::{CaseFacts, unknown_last};
use crate::domain::{Day, ExtractState, Phase};

/// How a list moved since the night before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Movement {
    title: String,
    /// Cases about which somebody was asked when the night before was over.
    before: u64,
    /// Cases about which somebody is asked, and was not.
    new: u64,
    /// Cases that were answered or explained since.
    answered: u64,
    /// Cases that are not found any more.
    withdrawn: u64,
    /// Cases about which somebody is asked now.
    now: u64,
}

impl Movement {
    fn add(&mut self, before: Option<Phase>, now: Phase) {
        let (asked, asks) = (before.is_some_and(Phase::asks), now.asks());
        self.before += u64::from(asked);
        self.now += u64::from(asks);
        self.new += u64::from(asks && !asked);
        self.withdrawn += u64::from(asked && now == Phase::Withdrawn);
        self.answered += u64::from(asked && !asks && now != Phase::Withdrawn);
    }
}

/// Movement of each list and of all; `None` on the first night. The annex does not count.
pub(super) fn movements(
    input: &PublishInput<'_>,
    (cases, past): (&[CaseFacts<'_>], &[CaseFacts<'_>]),
) -> Option<(Day, Vec<Movement>)> {
    let night = input.before?;
    let mut lists: Vec<Movement> = Vec::new();
    let mut all = Movement { title: "合计".to_owned(), ..Movement::default() };
    for template in &input.desk.templates {
        let mut list = Movement { title: template.title.clone(), ..Movement::default() };
        let of_list = |facts: &&CaseFacts<'_>| {
            let known = input.desk.template(&facts.rule.list);
            known.is_some_and(|known| known.list == template.list) && !facts.case.finding.annex
        };
        for facts in cases.iter().chain(past).filter(of_list) {
            let before = night.phases.get(&facts.case.key).copied();
            list.add(before, facts.case.phase);
            all.add(before, facts.case.phase);
        }
        if list.before + list.now + list.new > 0 {
            lists.push(list);
        }
    }
    lists.push(all);
    Some((night.as_of, lists))
}

/// Answers that are overdue in one town, list by list.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Overdue {
    town: String,
    counts: Vec<u64>,
    total: u64,
    /// Days since the oldest of them, or the word that it was received, was due.
    longest: i32,
}

/// Names of the lists on which something is overdue, and the towns where it is.
pub(super) fn overdue(input: &PublishInput<'_>, cases: &[CaseFacts<'_>]) -> (Vec<String>, Vec<Overdue>) {
    let late: Vec<&CaseFacts<'_>> = cases.iter().filter(|facts| facts.is_overdue(input.as_of)).collect();
    let list_of =
        |facts: &CaseFacts<'_>| input.desk.template(&facts.rule.list).map(|t| (t.order, t.sheet.clone()));
    let lists: BTreeSet<(u32, String)> = late.iter().filter_map(|facts| list_of(facts)).collect();
    let mut towns: BTreeMap<(u32, &str), (Vec<u64>, i32)> = BTreeMap::new();
    for facts in &late {
        let Some(at) = list_of(facts).and_then(|list| lists.iter().position(|known| *known == list)) else {
            continue;
        };
        let key = (unknown_last(facts.person.place.town), facts.person.town.as_str());
        let (counts, longest) = towns.entry(key).or_insert_with(|| (vec![0; lists.len()], 0));
        counts[at] += 1;
        *longest = (*longest).max(input.as_of.days() - facts.next_due().days());
    }
    let row = |((_, town), (counts, longest)): ((u32, &str), (Vec<u64>, i32))| Overdue {
        town: if town.is_empty() { "未归镇".to_owned() } else { town.to_owned() },
        total: counts.iter().sum(),
        counts,
        longest,
    };
    (lists.into_iter().map(|(_, sheet)| sheet).collect(), towns.into_iter().map(row).collect())
}

/// Deliveries of one agency over the nights.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Quality {
    title: String,
    nights: usize,
    /// Extracts that came whole tonight, of how many.
    whole: String,
    /// Share of rows held back tonight, and on the night before; a dash where nothing was read.
    held: [String; 2],
    /// Nights, held-back shares, whole shares as a drawing.
    chart: String,
}

/// Tonight's delivery of an agency.
fn tonight(extracts: &[ExtractFacts], agency: &str) -> AgencyNight {
    let own = extracts.iter().filter(|extract| extract.agency == agency);
    own.fold(AgencyNight::default(), |sum, extract| AgencyNight {
        extracts: sum.extracts + 1,
        whole: sum.whole + u32::from(extract.state == ExtractState::Complete),
        read: sum.read + extract.files.iter().map(|file| file.rows_read).sum::<u64>(),
        held: sum.held + extract.quarantined.len() as u64,
    })
}

/// Quality of the deliveries by agency over the earlier nights and tonight; empty on the first night.
pub(super) fn quality(input: &PublishInput<'_>) -> Vec<Quality> {
    if input.nights.is_empty() {
        return Vec::new();
    }
    let mut agencies: Vec<&str> = Vec::new();
    for extract in input.extracts {
        if !agencies.contains(&extract.agency.as_str()) {
            agencies.push(&extract.agency);
        }
    }
    agencies.into_iter().map(|agency| of_agency(input, agency)).collect()
}

fn of_agency(input: &PublishInput<'_>, agency: &str) -> Quality {
    let earlier = input.nights.iter().filter_map(|night| Some((night.as_of, *night.agencies.get(agency)?)));
    let nights: Vec<(Day, AgencyNight)> =
        earlier.chain([(input.as_of, tonight(input.extracts, agency))]).collect();
    let title =
        input.desk.disclosure.recipient(agency).map_or_else(|| agency.to_owned(), |r| r.title.clone());
    let last = |back: usize| nights.len().checked_sub(1 + back).map(|at| nights[at].1);
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let held = |back: usize| {
        let read = last(back).filter(|night| night.read > 0);
        read.map_or_else(|| "—".to_owned(), |night| percent(share(night.held as f64, night.read as f64)))
    };
    let now = last(0).unwrap_or_default();
    let points = nights.iter().map(|(day, night)| {
        let came = share(f64::from(night.whole), f64::from(night.extracts));
        (day.iso(), share(night.held as f64, night.read as f64), came)
    });
    Quality {
        nights: nights.len(),
        whole: format!("{} / {}", now.whole, now.extracts),
        held: [held(0), held(1)],
        chart: sparks(&Sparks {
            title: &format!("{title}：隔离率、完整率"),
            points: &points.collect::<Vec<_>>(),
        }),
        title,
    }
}
