//! Findings against the ledger: a plan of what to write, printable before anything is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::case_number;
use super::event::{Event, EventKind, FindingRecord, Payload};
use super::state::{CaseRecord, LedgerState};
use crate::domain::{Case, CaseStatus, Day, Finding, FindingParts};

/// How a rule ran tonight; a rule that did not run is simply not named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleRun {
    /// On complete data: what it does not find any more is withdrawn.
    Complete,
    /// On data of which something is missing: what it does not find any more stays as it was.
    Partial,
}

/// The night that is recorded.
pub struct Night<'a> {
    /// Run id.
    pub run_id: &'a str,
    /// As-of day of the run.
    pub as_of: Day,
    /// Rules that ran.
    pub rules: &'a BTreeMap<String, RuleRun>,
    /// Extracts of which rows may be missing: a case whose rows stand there is not withdrawn, whatever
    /// its rule reads.
    pub gaps: &'a BTreeSet<String>,
}

/// Numbers of cases by status, for one rule or all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// First seen tonight, or found again.
    pub new: u64,
    /// Seen before and again.
    pub kept: u64,
    /// Seen again with other evidence or another sentence.
    pub changed: u64,
    /// Not found any more.
    pub withdrawn: u64,
    /// Rule did not run, or not on complete data.
    pub carried: u64,
}

/// The plan of a night. `Display` prints counts by rule, no value of a person.
#[derive(Clone)]
pub struct Reconciled {
    /// Run id.
    pub run_id: String,
    /// As-of day.
    pub as_of: Day,
    /// Cases of tonight, sorted by key: listed, withdrawn and carried.
    pub cases: Vec<Case>,
    /// Events to be written, in order; empty when nothing changed.
    pub events: Vec<Event>,
    /// Hash of the last event the plan was made on; the commit refuses when it moved.
    pub(super) head: String,
}

impl Reconciled {
    /// Cases by rule and status.
    pub fn tallies(&self) -> BTreeMap<String, Tally> {
        let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
        for case in &self.cases {
            let tally = tallies.entry(case.finding.rule.clone()).or_default();
            match case.status {
                CaseStatus::New => tally.new += 1,
                CaseStatus::Kept => tally.kept += 1,
                CaseStatus::Changed => tally.changed += 1,
                CaseStatus::Withdrawn => tally.withdrawn += 1,
                CaseStatus::Carried => tally.carried += 1,
            }
        }
        tallies
    }
}

impl fmt::Display for Reconciled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "run {} as of {}: {} events to write", self.run_id, self.as_of.iso(), self.events.len())?;
        for (rule, t) in self.tallies() {
            writeln!(
                f,
                "  {rule}: new {}, kept {}, changed {}, withdrawn {}, carried {}",
                t.new, t.kept, t.changed, t.withdrawn, t.carried
            )?;
        }
        Ok(())
    }
}

/// Why a case was withdrawn, in the officers' words.
const GONE: &str = "本次比对已不再符合该情形（数据已更正、已更新或情形已消除）";

/// Plans the night. A damaged case (one whose finding cannot be read back) gives its key as error.
pub(super) fn reconcile(
    state: &LedgerState,
    head: &str,
    night: &Night<'_>,
    findings: &[Finding],
) -> Result<Reconciled, String> {
    let mut numbers: BTreeSet<String> = state.cases.values().map(|case| case.number.clone()).collect();
    let tonight = by_key(findings);
    let mut plan = Reconciled {
        run_id: night.run_id.to_owned(),
        as_of: night.as_of,
        cases: Vec::new(),
        events: Vec::new(),
        head: head.to_owned(),
    };
    let keys: BTreeSet<&String> = state.cases.keys().chain(tonight.keys()).collect();
    for key in keys {
        match (state.cases.get(key), tonight.get(key)) {
            (None, Some(finding)) => {
                let number = free_number(key, &mut numbers);
                let payload = Payload::Opened { number: number.clone(), finding: FindingRecord::of(finding) };
                plan.push(key, &number, (CaseStatus::New, night.as_of), finding.clone(), Some(payload));
            }
            (Some(record), Some(finding)) => found_again(&mut plan, key, record, finding, night.as_of),
            (Some(record), None) => not_found(&mut plan, key, record, night)?,
            (None, None) => {}
        }
    }
    Ok(plan)
}

/// A case of the ledger that was found tonight.
///
/// The status tells what is new *on this day*, so the same night run twice gives the same lists.
fn found_again(plan: &mut Reconciled, key: &str, record: &CaseRecord, finding: &Finding, as_of: Day) {
    let now = FindingRecord::of(finding);
    let payload = if record.withdrawn.is_some() {
        Some(Payload::Reopened { finding: now })
    } else if record.finding.says_the_same(&now) {
        None
    } else {
        Some(Payload::Changed { finding: now })
    };
    let listed_today = record.listed_on == as_of || record.withdrawn.is_some();
    let status = if listed_today {
        CaseStatus::New
    } else if payload.is_some() || record.changed_on == Some(as_of) {
        CaseStatus::Changed
    } else {
        CaseStatus::Kept
    };
    plan.push(key, &record.number, (status, record.first_seen), finding.clone(), payload);
}

/// A case of the ledger that was not found tonight.
fn not_found(plan: &mut Reconciled, key: &str, record: &CaseRecord, night: &Night<'_>) -> Result<(), String> {
    let known = |record: &CaseRecord| record.finding().ok_or_else(|| key.to_owned());
    if let Some((day, reason)) = &record.withdrawn {
        if *day == night.as_of {
            plan.push(key, &record.number, (CaseStatus::Withdrawn, record.first_seen), known(record)?, None);
            plan.set_last_reason(reason);
        }
        return Ok(());
    }
    let finding = known(record)?;
    let whole = finding.evidence().iter().all(|evidence| !night.gaps.contains(&evidence.extract));
    if whole && night.rules.get(record.rule()) == Some(&RuleRun::Complete) {
        let payload = Payload::Withdrawn { reason: GONE.to_owned() };
        let status = (CaseStatus::Withdrawn, record.first_seen);
        plan.push(key, &record.number, status, finding, Some(payload));
        plan.set_last_reason(GONE);
    } else {
        plan.push(key, &record.number, (CaseStatus::Carried, record.first_seen), finding, None);
    }
    Ok(())
}

impl Reconciled {
    fn push(
        &mut self,
        key: &str,
        number: &str,
        (status, first_seen): (CaseStatus, Day),
        finding: Finding,
        payload: Option<Payload>,
    ) {
        self.cases.push(Case {
            number: number.to_owned(),
            key: key.to_owned(),
            status,
            first_seen,
            finding,
            withdrawn_reason: String::new(),
        });
        if let Some(payload) = payload {
            self.events.push(Event { case_key: key.to_owned(), number: number.to_owned(), payload });
        }
    }

    fn set_last_reason(&mut self, reason: &str) {
        if let Some(case) = self.cases.last_mut() {
            reason.clone_into(&mut case.withdrawn_reason);
        }
    }

    /// Number of events of a kind.
    pub fn count(&self, kind: EventKind) -> usize {
        self.events.iter().filter(|event| event.kind() == kind).count()
    }
}

/// Findings by case key. Where a rule hits one row twice for one event (a child and its father, say), the
/// hits become one case with the evidence of all and each sentence once.
fn by_key(findings: &[Finding]) -> BTreeMap<String, Finding> {
    let mut groups: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        groups.entry(finding.case_key()).or_default().push(finding);
    }
    groups.into_iter().map(|(key, group)| (key, merged(group))).collect()
}

fn merged(mut group: Vec<&Finding>) -> Finding {
    group.sort_by(|a, b| {
        (a.annex, a.grade, &a.subject_role, &a.reason, a.evidence(), a.identity)
            .cmp(&(b.annex, b.grade, &b.subject_role, &b.reason, b.evidence(), b.identity))
            .then(b.confidence.total_cmp(&a.confidence))
    });
    let first = group[0];
    if group.len() == 1 {
        return first.clone();
    }
    let mut reasons: Vec<&str> = Vec::new();
    for finding in &group {
        if !reasons.contains(&finding.reason.as_str()) {
            reasons.push(&finding.reason);
        }
    }
    let evidence = group.iter().flat_map(|finding| finding.evidence().iter().cloned()).collect();
    let parts = FindingParts {
        rule: first.rule.clone(),
        list: first.list.clone(),
        subject: (first.subject_extract.clone(), first.subject_role.clone(), first.subject_row_key.clone()),
        identity: first.identity,
        event: first.event.clone(),
        confidence: first.confidence,
        grade: first.grade,
        reason: reasons.join("；"),
        details: first.details.clone(),
    };
    let mut one = Finding::new(parts, evidence).expect("findings have evidence, so has their union");
    one.annex = first.annex;
    one.annex_reason.clone_from(&first.annex_reason);
    one
}

fn free_number(key: &str, taken: &mut BTreeSet<String>) -> String {
    let mut attempt = 0;
    loop {
        let number = case_number::of_key(key, attempt);
        if taken.insert(number.clone()) {
            return number;
        }
        attempt += 1;
    }
}
