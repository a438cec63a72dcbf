//! All rules of a night: gate, tables, queries, weights, near misses, findings.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::book::{Book, Rule, RuleError};
use super::draft::{Draft, DraftShape, drafts};
use super::entitle::{Made, entitle};
use super::evidence::{RowIndex, Support, support};
use super::gate;
use super::header::{ColumnFormat, RoleRef, Subject};
use super::kept::keep;
use super::sentence::{Cell, SentenceForm, yuan};
use super::tables::{Needs, register, rule_sql};
use super::world::World;
use crate::domain::{
    Day, Evidence, Finding, FindingDetail, FindingParts, Grade, IdentityId, KeptRows, MentionRef, NearMiss,
    NearMissFinder, PolicyMatch, RuleOutcome, Sentence, row_keys,
};
use crate::engine::{Engine, Parameters, substitute};

/// Candidates asked for per person that an absence rule did not find.
const NEAR_MISSES: usize = 3;
const ANNEX_WEAK_LINK: &str = "无有效证件号可比，仅姓名、出生日期等一致，疑似同人待确认";

/// Result of the stage.
#[derive(Default)]
pub struct Judged {
    /// Findings, sorted by rule, subject's extract, row key, event and role; one for each of these.
    pub findings: Vec<Finding>,
    /// One outcome per rule, in the order of the book.
    pub outcomes: Vec<RuleOutcome>,
    /// Candidates looked up for absence rules, sorted by subject and candidate, each pair once.
    pub near_misses: Vec<NearMiss>,
    /// What each policy means for each child, sorted by child and policy.
    pub policies: Vec<PolicyMatch>,
    /// Why no policy was judged, in Chinese; the rules are none the worse for it.
    pub policy_fault: Option<String>,
    /// Rows of the views that ledgers show, in the order of the book.
    pub kept: Vec<KeptRows>,
}

/// Runs the rules of `book` on `threads` threads; the result does not depend on their number.
///
/// A rule that may not run (its extracts did not come) or that fails is an outcome with the reason,
/// and does not keep the others from running.
///
/// # Errors
/// When the engine or a table cannot be set up.
pub fn judge(
    book: &Book,
    world: &World,
    finder: &dyn NearMissFinder,
    threads: usize,
) -> Result<Judged, RuleError> {
    let engine = world.engine(threads)?;
    let mut runs: Vec<RuleRun> = book.rules.iter().map(|rule| RuleRun::new(rule, book, world)).collect();
    let mut needs = Needs::default();
    for run in &mut runs {
        run.attempt(|run| needs.add(&engine, book, &run.sql, world.as_of).map_err(|error| error.to_string()));
    }
    for kept in &book.kept {
        if let Err(error) = needs.add(&engine, book, &kept.sql(), world.as_of) {
            // Told once more where its rows are asked for.
            tracing::warn!(view = kept.view, %error, "rows of a ledger cannot be made");
        }
    }
    register(&engine, world, &needs.tables)?;
    let mut broken_views = String::new();
    for name in &needs.views {
        match run_view(&engine, book, world, name) {
            Ok(rows) => tracing::info!(view = name, rows, "view made"),
            Err(error) => broken_views = format!("{broken_views}; {error}"),
        }
    }
    // Queries one beside the other: most are small, and planning them is what takes time.
    runs.par_iter_mut().for_each(|run| {
        run.attempt(|run| {
            let batch = engine.query(&run.sql).map_err(|error| format!("{error}{broken_views}"))?;
            let head = &run.rule.header;
            run.drafts = drafts(&DraftShape { subject: &head.subject, event: head.event }, &batch)?;
            tracing::info!(rule = run.rule.id, hits = run.drafts.len(), "rule asked");
            Ok(())
        });
    });
    let index = RowIndex::new(world, runs.iter().flat_map(|run| &run.drafts));
    let mut judged = Judged { kept: keep(&engine, book, world, &broken_views), ..Judged::default() };
    let mut weighed: Vec<(Vec<Finding>, Vec<NearMiss>)> = runs
        .par_iter_mut()
        .map(|run| {
            let mut result = (Vec::new(), Vec::new());
            run.attempt(|run| {
                result = assemble(run, world, &index, finder)?;
                Ok(())
            });
            result
        })
        .collect();
    leave_out_listed(&runs, &mut weighed);
    for (run, (mut findings, mut near_misses)) in runs.iter().zip(weighed) {
        let (listed, annex) = cases(&findings);
        tracing::info!(rule = run.rule.id, listed, annex, "rule weighed");
        judged.outcomes.push(run.outcome(listed, annex));
        judged.findings.append(&mut findings);
        judged.near_misses.append(&mut near_misses);
    }
    judged.findings.sort_by_cached_key(|finding| (finding.case_key(), finding.subject_role.clone()));
    judged.near_misses.sort_by_key(|miss| (miss.subject, miss.candidate));
    judged.near_misses.dedup_by_key(|miss| (miss.subject, miss.candidate));
    match entitle(book, world, &Made { engine: &engine, needs: &needs }, &judged) {
        Ok(policies) => judged.policies = policies,
        Err(error) => {
            tracing::error!(%error, "policies not judged");
            judged.policy_fault = Some(format!("一童一策判断失败，请联系维护人员（{error}）"));
        }
    }
    Ok(judged)
}

/// Takes out of the spot checks whom a rule of the same list has found: the check asks what the list misses.
fn leave_out_listed(runs: &[RuleRun<'_>], weighed: &mut [(Vec<Finding>, Vec<NearMiss>)]) {
    let checks = |run: &RuleRun<'_>| run.rule.header.spot_check;
    let listed: BTreeSet<(String, IdentityId)> = runs
        .iter()
        .zip(&*weighed)
        .filter(|(run, _)| !checks(run))
        .flat_map(|(run, (findings, _))| {
            findings.iter().map(|finding| (run.rule.header.list.clone(), finding.identity))
        })
        .collect();
    for (run, (findings, _)) in runs.iter().zip(weighed).filter(|(run, _)| checks(run)) {
        findings.retain(|finding| !listed.contains(&(run.rule.header.list.clone(), finding.identity)));
    }
}

/// Cases that findings make: on the list, and in the annex. Findings of several persons of one row are
/// one case, listed when one of them is.
fn cases(findings: &[Finding]) -> (u64, u64) {
    let keys = |annex: bool| {
        let of = findings.iter().filter(move |finding| finding.annex == annex);
        of.map(Finding::case_key).collect::<BTreeSet<String>>()
    };
    let listed = keys(false);
    (listed.len() as u64, keys(true).difference(&listed).count() as u64)
}

/// Runs a view once and makes its rows a table; gives their number.
pub(super) fn run_view(engine: &Engine, book: &Book, world: &World, name: &str) -> Result<usize, RuleError> {
    let Some(view) = book.view(name) else { return Ok(0) };
    let failed = |error: crate::engine::EngineError| RuleError::Table {
        table: name.to_owned(),
        message: error.to_string(),
    };
    let sql = substitute(&view.sql, &book.view_parameters(view, world.as_of)).map_err(failed)?;
    let batch = engine.query(&sql).map_err(failed)?;
    engine.register(name, &batch)?;
    Ok(batch.num_rows())
}

/// One rule on its way through the stage.
struct RuleRun<'a> {
    rule: &'a Rule,
    parameters: Parameters,
    known_until: Day,
    sql: String,
    drafts: Vec<Draft>,
    not_run: Option<String>,
}

impl<'a> RuleRun<'a> {
    fn new(rule: &'a Rule, book: &Book, world: &World) -> Self {
        let known_until = gate::known_until(gate::needed(rule), world);
        let parameters = book.rule_parameters(rule, world.as_of, known_until);
        let mut run = Self {
            rule,
            parameters,
            known_until,
            sql: String::new(),
            drafts: Vec::new(),
            not_run: gate::refusal(rule, world),
        };
        run.attempt(|run| {
            run.sql = rule_sql(run.rule, &run.parameters).map_err(|error| error.to_string())?;
            Ok(())
        });
        run
    }

    /// Takes a step unless the rule is out already; a failure takes it out.
    fn attempt(&mut self, step: impl FnOnce(&mut Self) -> Result<(), String>) {
        if self.not_run.is_none()
            && let Err(error) = step(self)
        {
            self.not_run = Some(format!("规则执行失败，请联系维护人员（{error}）"));
            self.drafts.clear();
        }
    }

    fn outcome(&self, findings: u64, annex: u64) -> RuleOutcome {
        RuleOutcome {
            rule: self.rule.id.clone(),
            title: self.rule.header.title.clone(),
            list: self.rule.header.list.clone(),
            not_run: self.not_run.clone(),
            waiting: None,
            findings,
            annex,
            known_until: Some(self.known_until),
        }
    }
}

/// A draft with its weight.
struct Weighed<'a> {
    draft: &'a Draft,
    subject: usize,
    support: Support,
}

fn assemble(
    run: &RuleRun,
    world: &World,
    index: &RowIndex,
    finder: &dyn NearMissFinder,
) -> Result<(Vec<Finding>, Vec<NearMiss>), String> {
    let form = SentenceForm::of(&run.rule.header.reason);
    if run.rule.header.subject == Subject::Delivery {
        let findings = run.drafts.iter().map(|draft| about_delivery(run.rule, &form, draft));
        return Ok((findings.collect::<Result<_, _>>()?, Vec::new()));
    }
    let mut weighed = Vec::with_capacity(run.drafts.len());
    for draft in &run.drafts {
        let subject = subject_mention(world, index, draft)?;
        weighed.push(Weighed { draft, subject, support: support(world, index, draft, subject)? });
    }
    // Links of grade D never make a finding; the subject's own row counts only beside another row.
    weighed.retain(|item| gated(&item.support) < Grade::D);
    let misses = near_misses(run.rule, world, finder, &weighed);
    // One finding for each person of a row; the ledger makes one case of those that share its key.
    let mut findings: BTreeMap<(String, String), (Finding, Vec<Evidence>)> = BTreeMap::new();
    for item in weighed {
        let candidates = misses.get(&item.subject).map_or(&[][..], Vec::as_slice);
        let (finding, evidence) = finding(run, (world, index), &form, &item, candidates)?;
        match findings.entry((finding.case_key(), finding.subject_role.clone())) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert((finding, evidence));
            }
            std::collections::btree_map::Entry::Occupied(mut slot) => {
                let (kept, all) = slot.get_mut();
                all.extend(evidence);
                if kept.annex && !finding.annex {
                    *kept = finding;
                }
            }
        }
    }
    let findings = findings.into_values().filter_map(|(finding, evidence)| with_evidence(finding, evidence));
    let misses = misses.into_values().flatten().collect();
    Ok((findings.collect(), misses))
}

/// A finding about an extract as a whole: no person is linked, so nothing is unsure.
fn about_delivery(rule: &Rule, form: &SentenceForm, draft: &Draft) -> Result<Finding, String> {
    let RoleRef { extract, role } = draft.subject.clone();
    let parts = FindingParts {
        rule: rule.id.clone(),
        list: rule.header.list.clone(),
        subject: (extract.clone(), role, draft.row_key.clone()),
        identity: IdentityId::NOBODY,
        event: draft.event.clone(),
        confidence: 1.0,
        grade: Grade::A,
        reason: sentence(form, draft)?,
        details: details(rule, &draft.row),
    };
    Finding::new(parts, vec![Evidence { extract, row_key: draft.row_key.clone() }])
        .ok_or_else(|| "a finding has no evidence".to_owned())
}

fn sentence(form: &SentenceForm, draft: &Draft) -> Result<Sentence, String> {
    form.fill(&draft.row).map_err(|error| format!("reason: {:?}", error.kind()))
}

/// The grade that decides between list, annex and nothing.
pub(super) fn gated(support: &Support) -> Grade {
    support.others.map_or(Grade::A, |_| support.grade)
}

pub(super) fn subject_mention(world: &World, index: &RowIndex, draft: &Draft) -> Result<usize, String> {
    let missing = || format!("subject_row_key names a row that is not in {}", draft.subject.extract);
    let row = index.row(&draft.subject.extract, &draft.row_key).ok_or_else(missing)?;
    let (extract, _) = world.extract(&draft.subject.extract).ok_or_else(missing)?;
    let role = world.role(&draft.subject.extract, &draft.subject.role).ok_or_else(missing)?;
    world.mention(extract, row, role).ok_or_else(|| format!("a row of {} names nobody", draft.subject))
}

/// Candidates for the subjects of an absence rule who have no row at all in the role searched.
fn near_misses(
    rule: &Rule,
    world: &World,
    finder: &dyn NearMissFinder,
    weighed: &[Weighed],
) -> BTreeMap<usize, Vec<NearMiss>> {
    let target = rule.header.absent_from.as_ref().and_then(|absent| {
        Some((world.extract(&absent.extract)?.0, world.role(&absent.extract, &absent.role)?))
    });
    let Some(target) = target else { return BTreeMap::new() };
    let subjects: BTreeSet<i64> =
        weighed.iter().map(|item| world.resolution.identity[item.subject].0).collect();
    let linked: BTreeSet<i64> = world
        .mentions
        .of_extract(target.0)
        .filter(|&at| world.mentions.mentions[at].role == target.1)
        .map(|at| world.resolution.identity[at].0)
        .filter(|identity| subjects.contains(identity))
        .collect();
    let asked: BTreeSet<u32> = weighed
        .iter()
        .filter(|item| !linked.contains(&world.resolution.identity[item.subject].0))
        .filter_map(|item| u32::try_from(item.subject).ok())
        .collect();
    let asked: Vec<u32> = asked.into_iter().collect();
    let mut found: BTreeMap<usize, Vec<NearMiss>> = BTreeMap::new();
    for miss in finder.near_misses(&asked, target, NEAR_MISSES) {
        found.entry(miss.subject as usize).or_default().push(miss);
    }
    found
}

fn finding(
    run: &RuleRun,
    (world, index): (&World, &RowIndex),
    form: &SentenceForm,
    item: &Weighed,
    candidates: &[NearMiss],
) -> Result<(Finding, Vec<Evidence>), String> {
    let rule = run.rule;
    let draft = item.draft;
    let reason = sentence(form, draft)?;
    let mut evidence = item.support.evidence.clone();
    evidence.extend(candidates.iter().filter_map(|miss| candidate_row(world, miss)));
    let parts = FindingParts {
        rule: rule.id.clone(),
        list: rule.header.list.clone(),
        subject: (draft.subject.extract.clone(), draft.subject.role.clone(), draft.row_key.clone()),
        identity: world.resolution.identity[item.subject],
        event: draft.event.clone(),
        confidence: item.support.confidence,
        grade: item.support.grade,
        reason,
        details: details(rule, &draft.row),
    };
    let mut finding = Finding::new(parts, evidence.clone()).ok_or("a finding has no evidence")?;
    let annex = annex_reason(world, rule, draft, &item.support, candidates);
    finding.annex = annex.is_some();
    finding.annex_reason = annex.unwrap_or_default();
    finding.candidates = to_compare((world, index), &finding, item, candidates);
    if finding.candidates.is_empty() {
        finding.weakest_link = weakest_link((world, index), &finding, item.subject);
    }
    Ok((finding, evidence))
}

fn annex_reason(
    world: &World,
    rule: &Rule,
    draft: &Draft,
    support: &Support,
    candidates: &[NearMiss],
) -> Option<String> {
    if let Some(best) = candidates.first() {
        let absent = rule.header.absent_from.as_ref()?;
        let title = world.contract(&absent.extract).map_or(absent.extract.as_str(), |c| c.title.as_str());
        return Some(format!("《{title}》中有疑似同人待确认：{}", best.difference));
    }
    if draft.annex_reason.is_some() {
        return draft.annex_reason.clone();
    }
    (gated(support) == Grade::C).then(|| ANNEX_WEAK_LINK.to_owned())
}

/// Who an officer is asked to compare with the subject: near misses, or the row that linkage takes for the
/// same person without being sure. Where the doubt is another one (a paper that is missing, say), no two rows
/// would settle it: the officer answers the case itself.
fn to_compare(
    (world, index): (&World, &RowIndex),
    finding: &Finding,
    item: &Weighed<'_>,
    misses: &[NearMiss],
) -> Vec<MentionRef> {
    let subject = item.subject;
    if !misses.is_empty() {
        return misses.iter().filter_map(|miss| mention_ref(world, miss.candidate as usize)).collect();
    }
    let (own, identity) = (&world.mentions.mentions[subject], world.resolution.identity[subject]);
    let of_row = |evidence: &Evidence| {
        let (extract, set) = world.extract(&evidence.extract)?;
        let row = index.row(&evidence.extract, &evidence.row_key)?;
        let roles = 0..u8::try_from(set.contract.mention.len()).unwrap_or(u8::MAX);
        roles
            .filter_map(|role| world.mention(extract, row, role))
            .find(|&at| at != subject && world.resolution.identity[at] == identity)
    };
    let others = finding.evidence().iter().filter_map(of_row);
    let others = others.filter(|&at| world.mentions.mentions[at].extract != own.extract);
    // With two rows or more nobody could tell which of them is meant.
    let unsure = finding.annex && gated(&item.support) == Grade::C;
    let others: Vec<usize> = if unsure { others.take(2).collect() } else { Vec::new() };
    if others.len() == 1 { mention_ref(world, others[0]).into_iter().collect() } else { Vec::new() }
}

/// The least sure link between a person of the subject's row and the same person in a row of another agency;
/// `None` when another row's link has the same grade.
fn weakest_link(
    (world, index): (&World, &RowIndex),
    finding: &Finding,
    subject: usize,
) -> Option<(MentionRef, MentionRef)> {
    let identity = |at: usize| world.resolution.identity[at];
    let own = &world.mentions.mentions[subject];
    let named: Vec<usize> = world.mentions_of_row(own.extract, own.row).collect();
    let owner = |extract: &str| world.contract(extract).map(|contract| contract.owner.as_str());
    let links = finding.evidence().iter().filter_map(|evidence| {
        if owner(&evidence.extract) == owner(&finding.subject_extract) {
            return None;
        }
        let (extract, _) = world.extract(&evidence.extract)?;
        let row = index.row(&evidence.extract, &evidence.row_key)?;
        let beside = |at: usize| named.iter().copied().find(|&own| identity(own) == identity(at));
        let links = world.mentions_of_row(extract, row).filter_map(|at| Some((beside(at)?, at)));
        links.max_by_key(|&(_, at)| world.resolution.grade[at])
    });
    let mut links: Vec<(usize, usize)> = links.collect();
    links.sort_by_key(|&(_, at)| std::cmp::Reverse(world.resolution.grade[at]));
    let grade = |link: &(usize, usize)| world.resolution.grade[link.1];
    let &(own, other) = links.first()?;
    let alone = links.get(1).is_none_or(|next| grade(next) < grade(&links[0]));
    if alone { Some((mention_ref(world, own)?, mention_ref(world, other)?)) } else { None }
}

fn mention_ref(world: &World, at: usize) -> Option<MentionRef> {
    let mention = world.mentions.mentions.get(at)?;
    let set = world.records.get(usize::from(mention.extract))?;
    let key = row_keys(&set.batch)?.value(mention.row as usize).to_owned();
    let role = set.contract.mention.get(usize::from(mention.role))?;
    Some((set.extract.clone(), key, role.role.clone()))
}

fn candidate_row(world: &World, miss: &NearMiss) -> Option<Evidence> {
    let mention = world.mentions.mentions.get(miss.candidate as usize)?;
    let set = world.records.get(usize::from(mention.extract))?;
    let key = row_keys(&set.batch)?.value(mention.row as usize).to_owned();
    Some(Evidence { extract: set.extract.clone(), row_key: key })
}

fn details(rule: &Rule, row: &[(String, Cell)]) -> Vec<FindingDetail> {
    let shown = row.iter().filter_map(|(name, cell)| Some((name, cell, rule.header.columns.get(name)?)));
    shown
        .map(|(name, cell, column)| {
            let value = match (column.format, cell) {
                (ColumnFormat::Yuan, Cell::Integer(fen)) => yuan(*fen),
                _ => cell.text(),
            };
            FindingDetail { name: name.clone(), value }
        })
        .collect()
}

/// The finding with the evidence of all rows that share its case key.
fn with_evidence(finding: Finding, evidence: Vec<Evidence>) -> Option<Finding> {
    let (annex, annex_reason) = (finding.annex, finding.annex_reason.clone());
    let (candidates, weakest_link) = (finding.candidates.clone(), finding.weakest_link.clone());
    let parts = FindingParts {
        rule: finding.rule,
        list: finding.list,
        subject: (finding.subject_extract, finding.subject_role, finding.subject_row_key),
        identity: finding.identity,
        event: finding.event,
        confidence: finding.confidence,
        grade: finding.grade,
        reason: finding.reason,
        details: finding.details,
    };
    let mut merged = Finding::new(parts, evidence)?;
    merged.annex = annex;
    merged.annex_reason = annex_reason;
    (merged.candidates, merged.weakest_link) = (candidates, weakest_link);
    Some(merged)
}
