//! Findings of a run against the expected ones, rule by rule.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::EvaluateError;
use super::cluster::Quality;
use super::read::{Truth, for_each_batch, for_each_csv};

/// Quality of one rule. The first four figures count persons; `exact` counts person and event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleQuality {
    /// Persons the truth expects.
    pub expected: u64,
    /// Persons found, the annex left out.
    pub found: u64,
    /// Expected persons among the found ones, 0–1.
    pub precision: f64,
    /// Found persons among the expected ones, 0–1.
    pub recall: f64,
    /// Found persons that are not expected.
    pub false_alarms: u64,
    /// Persons that are only in the annex.
    pub annex: u64,
    /// Expected persons that are only in the annex.
    pub missed_in_annex: u64,
    /// The same by person and event.
    pub exact: Hits,
    /// The list the rule belongs to; empty when it found nothing.
    pub list: String,
}

/// Figures by person and event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hits {
    /// Expected pairs of person and event.
    pub expected: u64,
    /// Found ones, the annex left out.
    pub found: u64,
    /// Right among the found, 0–1.
    pub precision: f64,
    /// Found among the expected, 0–1.
    pub recall: f64,
}

/// Who a finding or an expectation is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Who {
    /// A person of the truth.
    Person(u32),
    /// Somebody the rows' truth does not know; the text keeps them apart.
    Unknown(Box<str>),
}

/// A finding of a run.
pub(super) struct Found {
    rule: String,
    list: String,
    who: Who,
    event: String,
    annex: bool,
}

/// What the truth expects.
#[derive(Default)]
pub(super) struct Expected {
    /// Persons and events by rule.
    by_rule: BTreeMap<String, BTreeSet<(Who, String)>>,
    /// Rule and a person who may stand for an expected one: a village is no person, so any of its children is right.
    stand_ins: BTreeMap<String, BTreeMap<Who, Who>>,
}

/// Who may stand for whom, beside `findings_truth.csv`.
const STAND_INS: &str = "findings_stand_ins.csv";

/// Reads `rule,person,event`, and `rule,person,stand_in` from the file beside it when there is one.
pub(super) fn read_expected(path: &Path, truth: &Truth) -> Result<Expected, EvaluateError> {
    let who = |person: &str| {
        truth.person(person).map_or_else(|| Who::Unknown(format!("truth {person}").into()), Who::Person)
    };
    let mut out = Expected::default();
    for_each_csv(path, ["rule", "person", "event"], |_, [rule, person, event]| {
        out.by_rule.entry(rule.to_owned()).or_default().insert((who(person), event.to_owned()));
        Ok(())
    })?;
    let beside = path.with_file_name(STAND_INS);
    if beside.exists() {
        for_each_csv(&beside, ["rule", "person", "stand_in"], |_, [rule, person, stand_in]| {
            out.stand_ins.entry(rule.to_owned()).or_default().insert(who(stand_in), who(person));
            Ok(())
        })?;
    }
    Ok(out)
}

impl Expected {
    /// The person whom a finding of a rule is counted for.
    fn meant<'a>(&'a self, rule: &str, who: &'a Who) -> &'a Who {
        self.stand_ins.get(rule).and_then(|known| known.get(who)).unwrap_or(who)
    }
}

/// Findings whose subjects wait for their mention to be met.
#[derive(Default)]
pub(super) struct Subjects {
    found: Vec<Found>,
    /// Extract → role → row key → findings about it.
    waiting: BTreeMap<String, BTreeMap<String, ByRowKey>>,
}

type ByRowKey = FxHashMap<Box<str>, Vec<usize>>;

impl Subjects {
    /// Reads `findings.parquet`.
    pub(super) fn read(path: &Path) -> Result<Self, EvaluateError> {
        let mut out = Self::default();
        let columns =
            ["rule", "list", "subject_extract", "subject_role", "subject_row_key", "event", "annex"];
        for_each_batch(path, &columns, |batch| {
            let (rules, lists, events) = (batch.text("rule")?, batch.text("list")?, batch.text("event")?);
            let extracts = batch.text("subject_extract")?;
            let (roles, row_keys) = (batch.text("subject_role")?, batch.text("subject_row_key")?);
            let annexes = batch.typed("annex", &DataType::Boolean)?;
            let annexes = annexes.as_boolean();
            for at in 0..rules.len() {
                let (extract, role, row_key) = (extracts.value(at), roles.value(at), row_keys.value(at));
                let waiting = out.waiting.entry(extract.to_owned()).or_default();
                let waiting = waiting.entry(role.to_owned()).or_default();
                waiting.entry(row_key.into()).or_default().push(out.found.len());
                out.found.push(Found {
                    rule: rules.value(at).to_owned(),
                    list: lists.value(at).to_owned(),
                    who: Who::Unknown(format!("{extract} {role} {row_key}").into()),
                    event: events.value(at).to_owned(),
                    annex: annexes.value(at),
                });
            }
            Ok(())
        })?;
        Ok(out)
    }

    /// Tells who a mention is; the first mention of a row key in a role counts.
    pub(super) fn meet(
        &mut self,
        extract: &str,
        role: &str,
        row_key: &str,
        person: impl FnOnce() -> Option<u32>,
    ) {
        let waiting = self.waiting.get_mut(extract).and_then(|roles| roles.get_mut(role));
        let Some(findings) = waiting.and_then(|keys| keys.remove(row_key)) else { return };
        if let Some(person) = person() {
            for at in findings {
                self.found[at].who = Who::Person(person);
            }
        }
    }

    /// All findings; those whose subject was not met are about somebody unknown.
    pub(super) fn into_found(self) -> Vec<Found> {
        self.found
    }
}

/// Sets of one rule.
#[derive(Default)]
struct Said<'a> {
    list: &'a str,
    /// Outside the annex.
    found: BTreeSet<(&'a Who, &'a str)>,
    annex: BTreeSet<&'a Who>,
}

/// The quality of every rule that is expected or found.
pub(super) fn score(expected: &Expected, found: &[Found]) -> BTreeMap<String, RuleQuality> {
    let mut said: BTreeMap<&str, Said<'_>> = BTreeMap::new();
    for finding in found {
        let said = said.entry(&finding.rule).or_default();
        said.list = &finding.list;
        let who = expected.meant(&finding.rule, &finding.who);
        if finding.annex {
            said.annex.insert(who);
        } else {
            said.found.insert((who, &finding.event));
        }
    }
    let (nothing_said, nothing_expected) = (Said::default(), BTreeSet::new());
    let rules: BTreeSet<&str> =
        said.keys().copied().chain(expected.by_rule.keys().map(String::as_str)).collect();
    rules
        .into_iter()
        .map(|rule| {
            let expected = expected.by_rule.get(rule).unwrap_or(&nothing_expected);
            (rule.to_owned(), rule_quality(expected, said.get(rule).unwrap_or(&nothing_said)))
        })
        .collect()
}

fn rule_quality(expected: &BTreeSet<(Who, String)>, said: &Said<'_>) -> RuleQuality {
    let pairs: BTreeSet<(&Who, &str)> = expected.iter().map(|(who, event)| (who, event.as_str())).collect();
    let people: BTreeSet<&Who> = pairs.iter().map(|pair| pair.0).collect();
    let found: BTreeSet<&Who> = said.found.iter().map(|pair| pair.0).collect();
    let right = people.intersection(&found).count();
    let only_annex: BTreeSet<&Who> = said.annex.difference(&found).copied().collect();
    let by_person = quality(right, found.len(), people.len());
    let by_event = quality(pairs.intersection(&said.found).count(), said.found.len(), pairs.len());
    RuleQuality {
        expected: people.len() as u64,
        found: found.len() as u64,
        precision: by_person.precision,
        recall: by_person.recall,
        false_alarms: (found.len() - right) as u64,
        annex: only_annex.len() as u64,
        missed_in_annex: only_annex.intersection(&people).count() as u64,
        exact: Hits {
            expected: pairs.len() as u64,
            found: said.found.len() as u64,
            precision: by_event.precision,
            recall: by_event.recall,
        },
        list: said.list.to_owned(),
    }
}

fn quality(right: usize, said: usize, truth: usize) -> Quality {
    Quality::new((right as f64, said as f64), (right as f64, truth as f64))
}
