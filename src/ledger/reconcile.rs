//! Findings against the ledger: a plan of what to write, printable before anything is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::case_number;
use super::event::{Event, EventKind, FindingRecord, Payload, Release};
use super::life;
use super::state::{CaseRecord, Decisions, LedgerState};
use crate::domain::{
    Case, CaseStatus, Day, Finding, FindingParts, Judgement, Phase, Sentence, Settlement, Silence, Verdict,
};

/// How a rule ran tonight; a rule that did not run is simply not named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleRun {
    /// On complete data: what it does not find any more is withdrawn.
    Complete,
    /// On data of which something is missing: what it does not find any more stays as it was.
    Partial,
    /// The same, and what is missing may explain whom it newly finds: nobody is asked about them tonight.
    Waiting,
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
    /// Edition of every rule of the plan, whether it ran or not; another edition is another text of the rule or of
    /// what it reads. Empty: not told.
    pub editions: &'a BTreeMap<String, String>,
    /// Titles of extracts, for the words that say what changed.
    pub titles: &'a BTreeMap<String, String>,
}

impl Night<'_> {
    fn record(&self, finding: &Finding) -> FindingRecord {
        let edition = self.editions.get(&finding.rule).cloned().unwrap_or_default();
        FindingRecord::of(finding, edition)
    }

    /// Whether the plan has no such rule any more.
    fn retired(&self, rule: &str) -> bool {
        !self.editions.is_empty() && !self.editions.contains_key(rule)
    }

    /// Whether a finding would ask about what nobody is asked about now, and its rule waits tonight.
    fn waits(&self, finding: &Finding, known: Option<&CaseRecord>) -> bool {
        let silent = |phase| matches!(phase, Phase::Withdrawn | Phase::Closed | Phase::Suspended);
        self.rules.get(&finding.rule) == Some(&RuleRun::Waiting)
            && known.is_none_or(|record| silent(record.phase))
    }

    fn title<'t>(&'t self, extract: &'t str) -> &'t str {
        self.titles.get(extract).map_or(extract, String::as_str)
    }
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
    /// Cases of earlier nights of which nothing is said tonight, sorted by key: over, or explained.
    pub past: Vec<Case>,
    /// Events to be written, in order; empty when nothing changed.
    pub events: Vec<Event>,
    /// How many findings of a rule wait for another night, by rule.
    pub waiting: BTreeMap<String, usize>,
    /// The cases as they stood before.
    pub before: LedgerState,
    /// Hash of the last event the plan was made on; the commit refuses when it moved.
    pub(super) head: String,
}

impl Reconciled {
    /// The cases as they stand once the plan is committed, whether for the first time or once more.
    ///
    /// # Panics
    /// When an event of the plan cannot follow what is known, which would be a bug of this module.
    pub fn after(&self) -> LedgerState {
        let mut state = self.before.clone();
        for event in &self.events {
            let taken = state.apply(&event.case_key, self.as_of, event.payload.clone());
            assert!(taken, "what is planned can follow what is known");
        }
        state
    }

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

/// Why a case was withdrawn, in the officers' words: nothing but the data has changed.
const GONE: &str = "本次比对已不再符合该情形（数据已更正、已更新或情形已消除）";
/// The same: its rule reads otherwise now.
const RULE_CHANGED: &str = "规则在本线索列入后有修订，按现行规则不再符合";
/// The same: the plan has no such rule any more.
const RULE_RETIRED: &str = "规则已停用，本线索撤回";
/// The same: an officer has told two of its rows apart.
const REFUTED: &str = "所依据的两行经核查不是同一人，比对关系已否定";
/// The same: an officer has said that two of its rows are one person.
const PROVED: &str = "疑似同人经核查为同一人，已按同一人比对";
/// Why a confirmed case is closed.
const SETTLED: &str = "已核实，本次比对已不再符合该情形";
/// Why a case that comes back is not asked about.
const KNOWN: &str = "再次出现，依据未变，此前已作说明";

/// Plans the night. A damaged case (one whose finding cannot be read back) gives its key as error.
pub(super) fn reconcile(
    state: LedgerState,
    head: &str,
    night: &Night<'_>,
    findings: &[Finding],
) -> Result<Reconciled, String> {
    let mut numbers: BTreeSet<String> = state.cases.values().map(|case| case.number.clone()).collect();
    numbers.extend(state.erased.iter().cloned());
    let tonight = by_key(findings);
    let mut plan = Reconciled {
        run_id: night.run_id.to_owned(),
        as_of: night.as_of,
        cases: Vec::new(),
        past: Vec::new(),
        events: Vec::new(),
        waiting: BTreeMap::new(),
        before: LedgerState::default(),
        head: head.to_owned(),
    };
    let decisions = state.decisions();
    let unseen = unseen(&state, &tonight, night);
    let keys: BTreeSet<&String> = state.cases.keys().chain(tonight.keys()).collect();
    for key in keys {
        let known = state.cases.get(key);
        let waits = |finding: &&Finding| night.waits(finding, known);
        if let Some(finding) = tonight.get(key).filter(waits) {
            *plan.waiting.entry(finding.rule.clone()).or_default() += 1;
        }
        match (known, tonight.get(key).filter(|finding| !waits(finding))) {
            (None, Some(finding)) if unseen.contains(&fact(finding)) => {}
            (None, Some(finding)) => {
                let number = free_number(key, &mut numbers);
                let payload = Payload::Opened { number: number.clone(), finding: night.record(finding) };
                let place = Place { key, number: &number, record: None };
                plan.push(&place, CaseStatus::New, finding.clone(), Some(payload));
            }
            (Some(record), Some(finding)) => {
                let place = Place { key, number: &record.number, record: Some(record) };
                found_again(&mut plan, &place, record, (finding, night));
            }
            (Some(record), None) => not_found(&mut plan, key, record, (night, &decisions))?,
            (None, None) => {}
        }
    }
    plan.before = state;
    Ok(plan)
}

/// What a finding says, as [`FindingRecord::fact`] of its record does.
fn fact(finding: &Finding) -> (&str, i64, &str) {
    (&finding.rule, finding.identity.0, &finding.event)
}

/// What cases say whose rows may be missing tonight: a rule that finds the same of the same person by another row
/// says nothing new, and nobody is asked under a second number.
fn unseen<'s>(
    state: &'s LedgerState,
    tonight: &BTreeMap<String, Finding>,
    night: &Night<'_>,
) -> BTreeSet<(&'s str, i64, &'s str)> {
    let out = |(key, record): &(&String, &CaseRecord)| {
        record.phase != Phase::Withdrawn && record.finding.rests_on(night.gaps) && !tonight.contains_key(*key)
    };
    state.cases.iter().filter(out).map(|(_, record)| record.finding.fact()).collect()
}

/// Which case is spoken of.
struct Place<'a> {
    key: &'a str,
    number: &'a str,
    record: Option<&'a CaseRecord>,
}

impl Place<'_> {
    /// A case that no list of tonight speaks of: its life is over, or it stays explained.
    fn past(&self, record: &CaseRecord, finding: Finding) -> Case {
        Case {
            number: self.number.to_owned(),
            key: self.key.to_owned(),
            status: CaseStatus::Withdrawn,
            first_seen: record.first_seen,
            finding,
            withdrawn_reason: String::new(),
            phase: record.phase,
            listed_on: record.listed_on,
            reopened_reason: record.reopened_reason.clone(),
            acknowledged: record.acknowledged.as_ref().map(|(on, _)| *on),
            answers: record.current_answers().to_vec(),
            settled: settled((record.phase, CaseStatus::Kept), Some(record), record.listed_on),
        }
    }
}

/// Since when and why nobody is asked; what the ledger does not know yet happened tonight.
fn settled(
    (phase, status): (Phase, CaseStatus),
    record: Option<&CaseRecord>,
    tonight: Day,
) -> Option<(Day, Settlement)> {
    let answered = || record.and_then(|record| record.current_answers().last()).map(|given| given.on);
    match phase {
        Phase::Withdrawn => {
            let day = record.and_then(|record| record.withdrawn.as_ref()).map(|(day, _)| *day);
            Some((day.unwrap_or(tonight), Settlement::Withdrawn))
        }
        Phase::Closed => {
            let closed = record.and_then(|record| record.closed.as_ref());
            let gone = closed.map_or(status == CaseStatus::Withdrawn, |(.., gone)| *gone);
            let how = if gone { Settlement::Resolved } else { Settlement::Explained };
            Some((closed.map(|(day, ..)| *day).or_else(answered).unwrap_or(tonight), how))
        }
        Phase::Suspended => Some((answered().unwrap_or(tonight), Settlement::Explained)),
        _ => None,
    }
}

/// A case of the ledger that was found tonight.
///
/// The status tells what is new *on this day*, so the same night run twice gives the same lists.
fn found_again(
    plan: &mut Reconciled,
    place: &Place<'_>,
    record: &CaseRecord,
    (finding, night): (&Finding, &Night<'_>),
) {
    let gaps = night.gaps;
    let now = night.record(finding);
    let same = |gaps: &BTreeSet<String>| record.finding.is_the_same_fact(&now, gaps);
    // What tonight's files cannot show is not taken out of the ledger.
    let only_unseen = same(gaps) && !same(&BTreeSet::new());
    let payload = match record.phase {
        Phase::Withdrawn => Some(back_again(record, now, (plan.as_of, gaps))),
        Phase::Closed | Phase::Suspended => {
            why_again(record, &now, night).map(|why| Payload::Reopened { finding: now, why })
        }
        _ if only_unseen || record.finding.says_the_same(&now) => None,
        _ => Some(Payload::Changed { finding: now }),
    };
    let asked_again = matches!(payload, Some(Payload::Reopened { .. }));
    let changed = payload.is_some() || record.changed_on == Some(plan.as_of);
    let status = if asked_again || (record.listed_on == plan.as_of && record.phase.asks()) {
        CaseStatus::New
    } else if changed && !matches!(record.phase, Phase::Withdrawn) {
        CaseStatus::Changed
    } else {
        CaseStatus::Kept
    };
    plan.push(place, status, finding.clone(), payload);
}

/// A withdrawn case is found again: it is asked about, unless it was explained meanwhile and the fact is
/// the one that was explained.
fn back_again(record: &CaseRecord, now: FindingRecord, (as_of, gaps): (Day, &BTreeSet<String>)) -> Payload {
    if record.finding.is_the_same_fact(&now, gaps) {
        match record.explained() {
            Some(Silence::Fact) => return Payload::Closed { reason: KNOWN.to_owned(), gone: false },
            Some(Silence::Through(through)) if through >= as_of => return Payload::Suspended { through },
            _ => {}
        }
    }
    Payload::Reopened { finding: now, why: "撤回后再次符合该情形".to_owned() }
}

/// Why a silent case has to be asked about again; `None`: it stays silent.
fn why_again(record: &CaseRecord, now: &FindingRecord, night: &Night<'_>) -> Option<String> {
    if record.closed.as_ref().is_some_and(|(.., gone)| *gone) {
        return Some("办结后再次符合该情形".to_owned());
    }
    if let Some(through) = record.silent_through.filter(|through| *through < night.as_of) {
        return Some(format!("上次说明的有效期至 {}，已过", through.iso()));
    }
    if record.finding.is_the_same_fact(now, night.gaps) {
        return None;
    }
    let mut changes: Vec<String> = Vec::new();
    for (extract, (added, gone)) in record.finding.rows_apart(now, night.gaps) {
        let count = |word: &str, rows: usize| (rows > 0).then(|| format!("{word} {rows} 行"));
        let words: Vec<String> = count("新增", added).into_iter().chain(count("减少", gone)).collect();
        changes.push(format!("《{}》{}", night.title(&extract), words.join("、")));
    }
    match (record.finding.is_annex(), now.is_annex()) {
        (true, false) => changes.push("由疑似同人待确认转入清单".to_owned()),
        (false, true) => changes.push("由清单转入疑似同人待确认".to_owned()),
        _ => {}
    }
    Some(format!("上次说明后依据有变化：{}", changes.join("，")))
}

/// A case of the ledger that was not found tonight.
fn not_found(
    plan: &mut Reconciled,
    key: &str,
    record: &CaseRecord,
    (night, decisions): (&Night<'_>, &Decisions),
) -> Result<(), String> {
    let place = Place { key, number: &record.number, record: Some(record) };
    let known = || record.finding().ok_or_else(|| key.to_owned());
    match record.phase {
        Phase::Withdrawn => {
            if let Some((_, reason)) = record.withdrawn.as_ref().filter(|(day, _)| *day == night.as_of) {
                plan.push(&place, CaseStatus::Withdrawn, known()?, None);
                plan.set_last_reason(reason);
            } else {
                plan.past.push(place.past(record, known()?));
            }
            return Ok(());
        }
        Phase::Closed => {
            let over = record.closed.as_ref().filter(|(day, _, gone)| *gone && *day == night.as_of);
            if let Some((_, reason, _)) = over {
                plan.push(&place, CaseStatus::Withdrawn, known()?, None);
                plan.set_last_reason(reason);
            } else {
                plan.past.push(place.past(record, known()?));
            }
            return Ok(());
        }
        // It stays explained: when it is found again before the day, nobody is asked.
        Phase::Suspended => {
            plan.past.push(place.past(record, known()?));
            return Ok(());
        }
        _ => {}
    }
    let finding = known()?;
    // What is objected to waits for its decision, whatever the night finds.
    if record.phase == Phase::Objected {
        plan.push(&place, CaseStatus::Carried, finding, None);
        return Ok(());
    }
    let whole = finding.evidence().iter().all(|evidence| !night.gaps.contains(&evidence.extract));
    let retired = night.retired(record.rule());
    if !retired && (!whole || night.rules.get(record.rule()) != Some(&RuleRun::Complete)) {
        plan.push(&place, CaseStatus::Carried, finding, None);
        return Ok(());
    }
    let confirmed = matches!(record.phase, Phase::Answered | Phase::Approved) && !record.waits_for_approval();
    let (reason, payload) = if confirmed && !retired {
        (SETTLED, Payload::Closed { reason: SETTLED.to_owned(), gone: true })
    } else {
        let cause = withdrawal(record, night, decisions);
        (cause, Payload::Withdrawn { reason: cause.to_owned() })
    };
    plan.push(&place, CaseStatus::Withdrawn, finding, Some(payload));
    plan.set_last_reason(reason);
    Ok(())
}

/// Why a case is withdrawn: what is known to have changed, else the data.
fn withdrawal(record: &CaseRecord, night: &Night<'_>, decisions: &Decisions) -> &'static str {
    if night.retired(record.rule()) {
        return RULE_RETIRED;
    }
    let asked = record.finding.questioned();
    let is_asked = |judgement: &&Judgement| {
        asked.as_ref().is_some_and(|(a, b)| {
            (&judgement.left, &judgement.right) == (a, b) || (&judgement.left, &judgement.right) == (b, a)
        })
    };
    match decisions.judgements.iter().find(is_asked).map(|judgement| judgement.verdict) {
        Some(Verdict::NotSame) => REFUTED,
        Some(Verdict::Same) => PROVED,
        None => {
            let edition = night.editions.get(record.rule());
            let told = !record.finding.edition.is_empty();
            if told && edition != Some(&record.finding.edition) { RULE_CHANGED } else { GONE }
        }
    }
}

impl Reconciled {
    /// Adds a case with its event, and the event that it is published when an officer is asked about it.
    fn push(&mut self, place: &Place<'_>, status: CaseStatus, finding: Finding, payload: Option<Payload>) {
        let before = place.record.map(|record| record.phase);
        let mut phase = match &payload {
            None => before.unwrap_or_default(),
            Some(payload) => life::after(before, payload.kind()).unwrap_or_default(),
        };
        let asked_again = matches!(payload, Some(Payload::Reopened { .. }));
        let why = match &payload {
            Some(Payload::Reopened { why, .. }) => why.clone(),
            _ => place.record.map_or_else(String::new, |record| record.reopened_reason.clone()),
        };
        let mut events: Vec<Payload> = payload.into_iter().collect();
        // On whatever list it stands, it is on one after this commit.
        if status != CaseStatus::Withdrawn
            && let Some(sent) = life::after(Some(phase), EventKind::Sent)
        {
            phase = sent;
            events.push(Payload::Sent {});
        }
        let listed = place.record.filter(|_| !asked_again);
        self.cases.push(Case {
            number: place.number.to_owned(),
            key: place.key.to_owned(),
            status,
            first_seen: place.record.map_or(self.as_of, |record| record.first_seen),
            finding,
            withdrawn_reason: String::new(),
            phase,
            listed_on: listed.map_or(self.as_of, |record| record.listed_on),
            reopened_reason: why,
            acknowledged: listed.and_then(|record| record.acknowledged.as_ref()).map(|(on, _)| *on),
            answers: listed.map_or_else(Vec::new, |record| record.current_answers().to_vec()),
            settled: settled((phase, status), listed, self.as_of),
        });
        let event =
            |payload| Event { case_key: place.key.to_owned(), number: place.number.to_owned(), payload };
        self.events.extend(events.into_iter().map(event));
    }

    /// Adds that the night was released, unless the ledger says so of this day already.
    pub fn release(&mut self, releases: &[Release]) {
        let known = &self.before.releases;
        let new = releases
            .iter()
            .filter(|release| !known.iter().any(|(day, it)| (*day, it) == (self.as_of, release)));
        let event = |release: &Release| Event {
            case_key: String::new(),
            number: String::new(),
            payload: Payload::Released(release.clone()),
        };
        let new: Vec<Event> = new.map(event).collect();
        self.events.extend(new);
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
    let mut reasons: Vec<&Sentence> = Vec::new();
    for finding in &group {
        if !reasons.iter().any(|said| said.text() == finding.reason.text()) {
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
        reason: Sentence::joined(reasons, "；"),
        details: first.details.clone(),
    };
    let mut one = Finding::new(parts, evidence).expect("findings have evidence, so has their union");
    one.annex = first.annex;
    one.annex_reason.clone_from(&first.annex_reason);
    one.candidates.clone_from(&first.candidates);
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
