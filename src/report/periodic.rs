//! Figures of a list for one stretch of time, line by line: what was found, verified, is back, is over.
//!
//! The rhythm is that of the plan against dropping out (rule book 0.1). Whoever collects the figures of a month
//! does so after it has ended, so each workbook holds the stretch so far and the one before.

use std::collections::BTreeMap;

use super::progress::{Period, Steps, span};
use super::rows::{CaseFacts, ListRows, Receiver, unknown_last};
use super::template::{ListTemplate, PeriodicSpec};
use crate::domain::Day;

/// Figures of one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// What happened in the stretch.
    pub(super) steps: Steps,
    /// Cases that were not settled at its end.
    pub(super) open: u32,
    /// Of these, not answered in time; only known for the stretch so far.
    pub(super) overdue: u32,
}

impl Figures {
    fn add(&mut self, facts: &CaseFacts<'_>, period: &Period, as_of: Day) {
        let case = facts.case;
        self.steps.add(facts, period);
        let settled = case.settled.is_some_and(|(on, _)| on <= period.to);
        self.open += u32::from(case.first_seen <= period.to && !settled);
        self.overdue += u32::from(period.to == as_of && facts.is_overdue(as_of));
    }

    /// Of what was settled in the stretch or is not yet, what was settled, in per cent; none where there is nothing.
    pub(super) fn share(&self) -> Option<u32> {
        let settled = self.steps.settled();
        (settled * 100).checked_div(settled + self.open)
    }
}

/// One table: a line for each word of a column, and all together.
pub(super) struct Table {
    /// Name of its sheet.
    pub(super) sheet: String,
    /// What it is about.
    pub(super) heading: String,
    /// Title of the column.
    pub(super) by: String,
    /// Lines in order; an empty word comes last.
    pub(super) lines: Vec<(String, Figures)>,
    pub(super) sum: Figures,
    /// Whether the stretch is not over yet.
    pub(super) so_far: bool,
}

/// The tables of one workbook, for one recipient.
pub(super) fn tables(
    template: &ListTemplate,
    spec: &PeriodicSpec,
    (receiver, as_of): (Receiver<'_>, Day),
    cases: &[&CaseFacts<'_>],
) -> Vec<Table> {
    let mut tables = Vec::new();
    for (back, so_far) in [(0, true), (1, false)] {
        let period = span(spec.period, as_of, back);
        for title in &spec.by {
            let words = ListRows::words_of(template, title, receiver, cases);
            let Some(words) = words else { continue };
            let mut lines: BTreeMap<(bool, u32, String), Figures> = BTreeMap::new();
            let mut sum = Figures::default();
            for (facts, word) in cases.iter().zip(words).filter(|(facts, _)| !facts.case.finding.annex) {
                // Towns stand in the gazetteer's order.
                let order = if word == facts.person.town { unknown_last(facts.person.place.town) } else { 0 };
                let line = lines.entry((word.is_empty(), order, word)).or_default();
                for figures in [line, &mut sum] {
                    figures.add(facts, &period, as_of);
                }
            }
            let lines = lines.into_iter().filter(|(_, figures)| *figures != Figures::default());
            tables.push(Table {
                sheet: format!("{}·{}", period.title, title.replace(['(', ')', '/'], "")),
                heading: format!(
                    "{} {}（{} 至 {}）",
                    spec.title,
                    period.title,
                    period.from.iso(),
                    period.to.iso()
                ),
                by: title.clone(),
                lines: lines.map(|((_, _, word), figures)| (word, figures)).collect(),
                sum,
                so_far,
            });
        }
    }
    tables
}
