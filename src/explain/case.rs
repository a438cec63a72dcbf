//! What a case rests on: rule, subject, evidence rows, the links behind them, near misses, its history.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::ExplainError;
use super::mask::Mask;
use super::pair::NEAR_MISS;
use super::people::{Forest, Hop, MentionRow, Named, ends, mentions, mentions_of, place};
use super::policies::{PolicyRow, policies};
use super::run::FinishedRun;
use super::table::{Cells, each_row};
use crate::diag::did_you_mean;
use crate::domain::{Evidence, Finding, FindingDetail, FindingParts, Grade, IdentityId};
use crate::ledger::{CaseRecord, Ledger, parse_case_number};
use crate::rule::Rule;
use crate::spec::Plan;

/// Everything there is to say about a case.
#[derive(Clone, Debug, Serialize)]
pub struct CaseReport {
    /// Clue number.
    pub number: String,
    /// Run id.
    pub run: String,
    /// Day the run speaks about.
    pub as_of: String,
    /// Whether the pipeline, its contracts or its tables are others now than the run's.
    pub plan_changed: bool,
    /// Status in the run: `new`, `kept`, `changed`, `withdrawn`, `carried`; `not_listed` when the run
    /// does not tell of it any more.
    pub status: String,
    /// Day it was first seen.
    pub first_seen: String,
    /// The subject: extract, row key, role.
    pub subject: Named,
    /// The person it is about.
    pub identity: i64,
    /// Event: a school year, a month, a day …
    pub event: String,
    /// Probability that the links it rests on are right.
    pub confidence: f64,
    /// Weakest grade it rests on.
    pub grade: String,
    /// The rule's sentence for this case.
    pub reason: String,
    /// Whether it is in the annex, and why.
    pub annex: Option<String>,
    /// Values shown beside it.
    pub details: Vec<Detail>,
    /// The rule; `None` when the pipeline does not run it any more.
    pub rule: Option<RuleWords>,
    /// Id of the rule.
    pub rule_id: String,
    /// Rows it rests on.
    pub evidence: Vec<EvidenceRow>,
    /// Links that make the rows' persons one with one another.
    pub links: Vec<Hop>,
    /// Who might be meant where somebody was not found.
    pub near_misses: Vec<MissRow>,
    /// What each policy means for the child; empty when the run judged none.
    pub policies: Vec<PolicyRow>,
    /// What happened to it, oldest first.
    pub history: Vec<Happened>,
}

/// A value of the rule's SELECT.
#[derive(Clone, Debug, Serialize)]
pub struct Detail {
    /// Column.
    pub name: String,
    /// Heading in Chinese; the column's name where the rule gives none.
    pub title: String,
    /// Value.
    pub value: String,
}

/// A rule in words.
#[derive(Clone, Debug, Serialize)]
pub struct RuleWords {
    /// Title.
    pub title: String,
    /// List.
    pub list: String,
    /// Extract and role in which nobody was found.
    pub absent_from: Option<String>,
    /// The sentence, with its gaps.
    pub sentence: String,
    /// Parameters: name, meaning, value.
    pub parameters: Vec<(String, String, String)>,
    /// Legal basis; one that was not read yet says so.
    pub basis: Vec<String>,
    /// What a person should look at before answering.
    pub verify: Vec<String>,
    /// Days to answer.
    pub due_days: u32,
    /// The same in words, with which days count.
    pub due: String,
}

/// A row that a case rests on.
#[derive(Clone, Debug, Serialize)]
pub struct EvidenceRow {
    /// Extract id.
    pub extract: String,
    /// Its title.
    pub extract_title: String,
    /// Its owner.
    pub owner: String,
    /// Row key.
    pub row_key: String,
    /// File, sheet and row in words; empty when the run does not hold the row any more.
    pub place: String,
    /// Who is named in it.
    pub mentions: Vec<EvidenceMention>,
}

/// Somebody named in an evidence row.
#[derive(Clone, Debug, Serialize)]
pub struct EvidenceMention {
    /// Role.
    pub role: String,
    /// Person.
    pub identity: i64,
    /// Whether it is the person the case is about.
    pub subject: bool,
    /// Grade of being that person.
    pub grade: String,
    /// Probability of it.
    pub probability: f64,
}

/// A candidate that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct MissRow {
    /// Candidate.
    pub candidate: Named,
    /// Where it stands.
    pub place: String,
    /// Weight in bits.
    pub weight: f64,
    /// Probability.
    pub probability: f64,
    /// Grade.
    pub grade: String,
    /// What differs.
    pub difference: String,
}

/// One event of the case.
#[derive(Clone, Debug, Serialize)]
pub struct Happened {
    /// Day.
    pub day: String,
    /// `opened`, `changed`, `withdrawn`, `reopened` ….
    pub kind: String,
    /// Run that wrote it.
    pub run: String,
    /// What it said.
    pub words: String,
}

/// A case as the run or the ledger holds it.
struct Held {
    status: String,
    first_seen: String,
    key: String,
    finding: Finding,
}

/// Explains a case by its clue number. `full` shows numbers of persons unmasked.
///
/// # Errors
/// When the number is mistyped or unknown, or the run cannot be read.
pub fn case(plan: &Plan, run: &FinishedRun, number: &str, full: bool) -> Result<CaseReport, ExplainError> {
    let mask = Mask::of(full);
    let ledger = Ledger::open_for_planning(&plan.ledger())?;
    let number = read_number(run, number)?;
    let held = held(run, &ledger, &number)?;
    let finding = &held.finding;
    let subject = Named {
        extract: finding.subject_extract.clone(),
        row_key: finding.subject_row_key.clone(),
        role: finding.subject_role.clone(),
    };
    let rule = plan.book.rule(&finding.rule);
    let rows = rows(run, finding.evidence())?;
    let (evidence, links) = evidence(plan, run, finding, &rows)?;
    Ok(CaseReport {
        run: run.run_id.clone(),
        as_of: run.as_of.iso(),
        plan_changed: run.plan_hash != plan.hash,
        status: held.status,
        first_seen: held.first_seen,
        identity: finding.identity.0,
        event: mask.sentence(&finding.event),
        confidence: finding.confidence,
        grade: finding.grade.letter().to_owned(),
        reason: mask.sentence(finding.reason.text()),
        annex: finding.annex.then(|| mask.sentence(&finding.annex_reason)),
        details: finding.details.iter().map(|detail| told(detail, rule, mask)).collect(),
        rule: rule.map(|rule| words(plan, run, rule)),
        rule_id: finding.rule.clone(),
        evidence,
        links,
        near_misses: near_misses(run, &subject)?,
        policies: policies(run, finding.identity.0, full)?,
        history: history(&ledger, &held.key, mask)?,
        subject,
        number,
    })
}

fn told(detail: &FindingDetail, rule: Option<&Rule>, mask: Mask) -> Detail {
    let shown = rule.and_then(|rule| rule.header.columns.get(&detail.name));
    Detail {
        name: detail.name.clone(),
        title: shown.map_or_else(|| detail.name.clone(), |column| column.title.clone()),
        value: mask.sentence(&detail.value),
    }
}

/// A clue number as people type it; a mistyped one is told with the nearest of the run.
fn read_number(run: &FinishedRun, text: &str) -> Result<String, ExplainError> {
    let error = match parse_case_number(text) {
        Ok(number) => return Ok(number),
        Err(error) => error,
    };
    let mut known: BTreeSet<String> = BTreeSet::new();
    each_row(&run.artifact("cases.parquet"), &["case_number"], |cells| {
        known.insert(cells.owned(0));
    })?;
    let near = did_you_mean(&text.trim().to_uppercase(), known.iter().map(String::as_str));
    Err(ExplainError::asked(error.to_string(), near.map(|near| format!("did you mean `{near}`?"))))
}

/// The case as the run tells it, else as the ledger remembers it.
fn held(run: &FinishedRun, ledger: &Ledger, number: &str) -> Result<Held, ExplainError> {
    let mut found = None;
    each_row(&run.artifact("cases.parquet"), &CASE, |cells| {
        if cells.text(0) == number {
            found = finding_of(cells).map(|finding| Held {
                status: cells.owned(2),
                first_seen: cells.owned(3),
                key: cells.owned(1),
                finding,
            });
        }
    })?;
    if let Some(held) = found {
        return Ok(held);
    }
    let state = ledger.state()?;
    let known = state.cases.iter().find(|(_, record)| record.number == number);
    known.and_then(|(key, record)| remembered(key, record)).ok_or_else(|| {
        let help = "is this the state folder of the run? `state` in the pipeline or --state DIR names it";
        ExplainError::asked(format!("no case has the clue number {number}"), Some(help.to_owned()))
    })
}

fn remembered(key: &str, record: &CaseRecord) -> Option<Held> {
    Some(Held {
        status: "not_listed".to_owned(),
        first_seen: record.first_seen.iso(),
        key: key.to_owned(),
        finding: record.finding()?,
    })
}

const CASE: [&str; 18] = [
    "case_number",
    "case_key",
    "status",
    "first_seen",
    "rule",
    "list",
    "subject_extract",
    "subject_role",
    "subject_row_key",
    "identity_id",
    "event",
    "confidence",
    "grade",
    "reason",
    "annex",
    "annex_reason",
    "evidence",
    "details",
];

/// The finding of a row of `cases`, which holds the columns of [`CASE`].
fn finding_of(cells: &Cells<'_>) -> Option<Finding> {
    let detail = |item: String| {
        let (name, value) = item.split_once('=')?;
        Some(FindingDetail { name: name.to_owned(), value: value.to_owned() })
    };
    let evidence = |item: String| {
        let (extract, row_key) = item.split_once(':')?;
        Some(Evidence { extract: extract.to_owned(), row_key: row_key.to_owned() })
    };
    let parts = FindingParts {
        rule: cells.owned(4),
        list: cells.owned(5),
        subject: (cells.owned(6), cells.owned(7), cells.owned(8)),
        identity: IdentityId(cells.number(9)),
        event: cells.owned(10),
        confidence: cells.number(11),
        grade: [Grade::A, Grade::B, Grade::C, Grade::D].into_iter().find(|g| g.letter() == cells.text(12))?,
        reason: cells.owned(13).as_str().into(),
        details: cells.items(17).into_iter().filter_map(detail).collect(),
    };
    let mut finding = Finding::new(parts, cells.items(16).into_iter().filter_map(evidence).collect())?;
    finding.annex = cells.text(14) == "true";
    finding.annex_reason = cells.owned(15);
    Some(finding)
}

/// A row of evidence with where it stands.
struct Row {
    evidence: Evidence,
    place: String,
    mentions: Vec<MentionRow>,
}

fn rows(run: &FinishedRun, evidence: &[Evidence]) -> Result<Vec<Row>, ExplainError> {
    let wanted: BTreeSet<(&str, &str)> =
        evidence.iter().map(|e| (e.extract.as_str(), e.row_key.as_str())).collect();
    let named = mentions(run, |cells| wanted.contains(&(cells.text(0), cells.text(1))))?;
    let places = places(run, &wanted)?;
    let row = |evidence: &Evidence| {
        let of_row =
            |m: &&MentionRow| m.mention.extract == evidence.extract && m.mention.row_key == evidence.row_key;
        Row {
            evidence: evidence.clone(),
            place: match places.get(evidence) {
                Some(place) => place.clone(),
                None if evidence.row_key == Finding::WHOLE_DELIVERY => "整份交付".to_owned(),
                None => String::new(),
            },
            mentions: named.iter().filter(of_row).cloned().collect(),
        }
    };
    Ok(evidence.iter().map(row).collect())
}

/// Where rows stand; rows that name nobody stand in the records only.
fn places(
    run: &FinishedRun,
    wanted: &BTreeSet<(&str, &str)>,
) -> Result<BTreeMap<Evidence, String>, ExplainError> {
    let mut places = BTreeMap::new();
    let extracts: BTreeSet<&str> = wanted.iter().map(|(extract, _)| *extract).collect();
    for extract in extracts {
        let path = run.artifact("records").join(format!("{extract}.parquet"));
        if !path.is_file() {
            continue;
        }
        each_row(&path, &["row_key", "file", "sheet", "row"], |cells: &Cells<'_>| {
            if wanted.contains(&(extract, cells.text(0))) {
                let key = Evidence { extract: extract.to_owned(), row_key: cells.owned(0) };
                places.insert(key, place(cells.text(1), cells.text(2), cells.number(3)));
            }
        })?;
    }
    Ok(places)
}

/// The rows in words, and the links that make persons of different rows one.
fn evidence(
    plan: &Plan,
    run: &FinishedRun,
    finding: &Finding,
    rows: &[Row],
) -> Result<(Vec<EvidenceRow>, Vec<Hop>), ExplainError> {
    let identities: BTreeSet<i64> =
        rows.iter().flat_map(|row| &row.mentions).map(|mention| mention.identity).collect();
    let forest = Forest::read(run, &mentions_of(run, &identities)?)?;
    let mut links: Vec<Hop> = Vec::new();
    let mut first: BTreeMap<i64, &Named> = BTreeMap::new();
    let mut seen: BTreeSet<(Named, Named)> = BTreeSet::new();
    for mention in rows.iter().flat_map(|row| &row.mentions) {
        let start = *first.entry(mention.identity).or_insert(&mention.mention);
        for hop in forest.chain(start, &mention.mention) {
            let key = (hop.from.clone().min(hop.to.clone()), hop.from.clone().max(hop.to.clone()));
            if seen.insert(key) {
                links.push(hop);
            }
        }
    }
    let row = |row: &Row| {
        let contract = plan.contracts.get(&row.evidence.extract);
        let mention = |mention: &MentionRow| EvidenceMention {
            role: mention.mention.role.clone(),
            identity: mention.identity,
            subject: mention.identity == finding.identity.0,
            grade: mention.grade.clone(),
            probability: mention.probability,
        };
        EvidenceRow {
            extract: row.evidence.extract.clone(),
            extract_title: contract.map_or_else(String::new, |contract| contract.title.clone()),
            owner: contract.map_or_else(String::new, |contract| contract.owner.clone()),
            row_key: row.evidence.row_key.clone(),
            place: row.place.clone(),
            mentions: row.mentions.iter().map(mention).collect(),
        }
    };
    Ok((rows.iter().map(row).collect(), links))
}

fn near_misses(run: &FinishedRun, subject: &Named) -> Result<Vec<MissRow>, ExplainError> {
    let mut found: Vec<MissRow> = Vec::new();
    each_row(&run.artifact("near_misses.parquet"), &NEAR_MISS, |cells| {
        let (looked_for, candidate) = ends(cells);
        if looked_for == *subject {
            found.push(MissRow {
                candidate,
                place: String::new(),
                weight: cells.number(6),
                probability: cells.number(7),
                grade: cells.owned(8),
                difference: cells.owned(9),
            });
        }
    })?;
    let wanted: BTreeSet<(&str, &str)> =
        found.iter().map(|m| (m.candidate.extract.as_str(), m.candidate.row_key.as_str())).collect();
    let places = places(run, &wanted)?;
    for miss in &mut found {
        let key =
            Evidence { extract: miss.candidate.extract.clone(), row_key: miss.candidate.row_key.clone() };
        miss.place = places.get(&key).cloned().unwrap_or_default();
    }
    Ok(found)
}

fn words(plan: &Plan, run: &FinishedRun, rule: &Rule) -> RuleWords {
    let header = &rule.header;
    let values = plan.book.rule_parameters(rule, run.as_of, run.as_of);
    let parameter = |(name, parameter): (&String, &crate::rule::Parameter)| {
        let value = values.get(name).unwrap_or(&parameter.default);
        (name.clone(), parameter.title.clone(), value.words())
    };
    let basis = header.basis.iter().filter_map(|key| plan.basis.get(key)).map(|basis| {
        let doubts = basis.doubts(run.as_of).into_iter().map(|doubt| format!("（{doubt}）"));
        format!("{}{}", basis.citation(), doubts.collect::<String>())
    });
    RuleWords {
        title: header.title.clone(),
        list: header.list.clone(),
        absent_from: header.absent_from.as_ref().map(ToString::to_string),
        sentence: header.reason.clone(),
        parameters: header.params.iter().map(parameter).collect(),
        basis: basis.collect(),
        verify: header.verify.clone(),
        due_days: header.due_days,
        due: plan.desk.due.words(header.due_days, header.severity),
    }
}

fn history(ledger: &Ledger, case_key: &str, mask: Mask) -> Result<Vec<Happened>, ExplainError> {
    let events = ledger.events()?;
    let of_case = events.iter().filter(|event| event.case_key == case_key);
    let happened = of_case.map(|event| Happened {
        day: event.at.iso(),
        kind: event.kind.clone(),
        run: event.run_id.clone(),
        words: mask.sentence(&event.words()),
    });
    Ok(happened.collect())
}

/// What happened to a case, in a word for people: of a kind of event of the ledger.
pub fn event_title(kind: &str) -> &str {
    match kind {
        "opened" => "发现",
        "changed" => "依据或情形变化",
        "withdrawn" => "撤回",
        "reopened" => "重新列入",
        "sent" => "列入清单下发",
        "answered" => "答复",
        "disputed" => "答复不一致",
        "approved" => "审核",
        "closed" => "办结",
        "suspended" => "暂缓",
        "noticed" => "起草告知书",
        "objected" => "提出异议",
        "upheld" => "异议决定：维持",
        "revoked" => "异议决定：撤销",
        other => other,
    }
}

/// Status of a case in a run, for people.
pub fn status_title(status: &str) -> &str {
    match status {
        "new" => "新增",
        "kept" => "延续",
        "changed" => "变化",
        "withdrawn" => "撤回",
        "carried" => "未复核",
        "not_listed" => "该次运行的清单上没有（此前已撤回，或此后才出现）",
        other => other,
    }
}
