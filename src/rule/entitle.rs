//! What each policy means for each child: conditions with three values, weighed into one verdict.
//!
//! The same views that the rules read give the conditions, and the findings of a policy's gap rules stand beside
//! its verdicts: where they disagreed, it would show. It must never say that a condition fails because a file
//! did not come.

use std::collections::BTreeMap;

use arrow::record_batch::RecordBatch;

use super::book::{Book, RuleError};
use super::draft::{Draft, DraftShape, drafts};
use super::evidence::{RowIndex, support};
use super::gate;
use super::header::{EventKind, Subject};
use super::judge::{Judged, gated, run_view, subject_mention};
use super::policy::{CHILDREN, Condition, Policy};
use super::sentence::Cell;
use super::tables::{FINDING_SUBJECT, Needs, finding_subjects, register};
use super::world::World;
use crate::domain::{Entitlement, Grade, PolicyMatch};
use crate::engine::{Engine, substitute};

const WEAK: &str = "所依据的行与本人的匹配较弱，疑似同人待确认";
const NO_RULE: &str = "没有相应的线索规则";
const NOT_TOLD: &str = "数据中没有";

/// What the rules' queries have made already.
pub(super) struct Made<'a> {
    pub(super) engine: &'a Engine,
    pub(super) needs: &'a Needs,
}

/// Judges every policy of the book for every child of the view [`CHILDREN`]; sorted by child and policy.
///
/// # Errors
/// When a table cannot be made. A policy whose query fails is not known for anybody.
pub(super) fn entitle(
    book: &Book,
    world: &World,
    made: &Made<'_>,
    judged: &Judged,
) -> Result<Vec<PolicyMatch>, RuleError> {
    let mut policies: Vec<&Policy> = book.policies.iter().collect();
    if policies.is_empty() {
        return Ok(Vec::new());
    }
    policies.sort_by_key(|policy| (policy.header.order, &policy.id));
    let mut asked: Vec<Asked<'_>> =
        policies.into_iter().map(|policy| Asked::new(policy, book, world)).collect();
    let children = format!("SELECT * FROM {CHILDREN}");
    let mut needs = Needs::default();
    needs.add(made.engine, book, &children, world.as_of)?;
    for one in &mut asked {
        one.attempt(|one| {
            needs.add(made.engine, book, &one.sql, world.as_of).map_err(|error| error.to_string())
        });
    }
    made.engine.register(FINDING_SUBJECT, &finding_subjects(&judged.findings)?)?;
    needs.tables.retain(|name| !made.needs.tables.contains(name) && name != FINDING_SUBJECT);
    register(made.engine, world, &needs.tables)?;
    for name in needs.views.iter().filter(|name| !made.needs.views.contains(name)) {
        let rows = run_view(made.engine, book, world, name)?;
        tracing::info!(view = name, rows, "view made");
    }
    let shape = DraftShape { subject: &Subject::Any, event: EventKind::None };
    let fault = |message: String| RuleError::Table { table: CHILDREN.to_owned(), message };
    let everybody = drafts(&shape, &made.engine.query(&children)?).map_err(fault)?;
    let mut matches = Vec::new();
    for one in &mut asked {
        let mut rows = Vec::new();
        one.attempt(|one| {
            let batch: RecordBatch = made.engine.query(&one.sql).map_err(|error| error.to_string())?;
            rows = drafts(&shape, &batch)?;
            Ok(())
        });
        let mut found = Vec::new();
        let index = RowIndex::new(world, rows.iter().chain(&everybody));
        one.attempt(|one| {
            found = rows.iter().map(|row| one.weigh(row, (world, &index))).collect::<Result<_, _>>()?;
            Ok(())
        });
        if let Some(why) = &one.refused {
            found = everybody
                .iter()
                .map(|row| unknown(one.policy, row, why))
                .collect::<Result<_, _>>()
                .map_err(fault)?;
        }
        tracing::info!(policy = one.policy.id, children = found.len(), "policy judged");
        matches.extend(found.into_iter().map(|found| beside_findings(found, one.policy, judged)));
    }
    let order: BTreeMap<&str, usize> =
        asked.iter().enumerate().map(|(at, one)| (one.policy.id.as_str(), at)).collect();
    matches.sort_by_key(|found| (found.identity, order.get(found.policy.as_str()).copied()));
    Ok(matches)
}

/// One policy on its way.
struct Asked<'a> {
    policy: &'a Policy,
    sql: String,
    /// Faults of the extracts that a condition, or `enjoyed`, is seen in and denied in.
    faults: BTreeMap<&'a str, Faults>,
    refused: Option<String>,
}

/// What is wrong with the extracts of a condition.
struct Faults {
    seen_in: String,
    denied_in: String,
}

impl<'a> Asked<'a> {
    fn new(policy: &'a Policy, book: &Book, world: &World) -> Self {
        let head = &policy.header;
        // What is not enjoyed is known up to where the extracts reach in which it would be seen, as in a gap rule.
        let known_until = gate::known_until(head.reads.iter().chain(&head.enjoyed.seen_in), world);
        let faults = |condition: &Condition| Faults {
            seen_in: gate::faults(&condition.seen_in, world),
            denied_in: gate::faults(&condition.denied_in, world),
        };
        let all = head.conditions.iter().map(|(name, condition)| (name.as_str(), faults(condition)));
        let mut asked = Self {
            policy,
            sql: String::new(),
            faults: all.chain([(ENJOYED, faults(&head.enjoyed))]).collect(),
            refused: gate::missing(head.reads.iter(), world),
        };
        asked.attempt(|asked| {
            let parameters = book.policy_parameters(policy, world.as_of, known_until);
            asked.sql = substitute(&policy.sql, &parameters).map_err(|error| error.to_string())?;
            Ok(())
        });
        asked
    }

    /// Takes a step unless the policy is out already; a failure takes it out.
    fn attempt(&mut self, step: impl FnOnce(&mut Self) -> Result<(), String>) {
        if self.refused.is_none()
            && let Err(error) = step(self)
        {
            self.refused = Some(format!("判断失败，请联系维护人员（{error}）"));
        }
    }

    fn weigh(&self, row: &Draft, (world, index): (&World, &RowIndex)) -> Result<PolicyMatch, String> {
        let head = &self.policy.header;
        let mut doubts: Vec<String> = text(row, "doubt").into_iter().collect();
        let told = |name: &str, condition: &Condition, doubts: &mut Vec<String>| -> Result<Told, String> {
            self.told(row, name, condition, doubts)
        };
        let enjoyed = told(ENJOYED, &head.enjoyed, &mut doubts)?;
        let conditions = head.conditions.iter();
        let conditions = conditions
            .map(|(name, condition)| told(name, condition, &mut doubts))
            .collect::<Result<Vec<Told>, String>>()?;
        let excluded = text(row, "excluded_by").unwrap_or_default();
        let (entitlement, because) = verdict(&enjoyed, &conditions, &excluded);
        let subject = subject_mention(world, index, row)?;
        let support = support(world, index, row, subject)?;
        let missed = entitlement == Entitlement::Missed;
        if gated(&support) >= Grade::C {
            doubts.push(WEAK.to_owned());
        }
        doubts.dedup();
        Ok(PolicyMatch {
            policy: self.policy.id.clone(),
            identity: world.resolution.identity[subject],
            subject: subject_of(row),
            entitlement,
            enjoys: enjoyed.holds,
            because,
            doubt: if missed { doubts.join("；") } else { String::new() },
            finding: String::new(),
            unlisted: text(row, "unlisted").filter(|_| missed).unwrap_or_default(),
            grade: support.grade,
            evidence: support.evidence,
        })
    }

    /// One condition of one child, with what is missing where it is not known.
    fn told(
        &self,
        row: &Draft,
        name: &str,
        condition: &Condition,
        doubts: &mut Vec<String>,
    ) -> Result<Told, String> {
        let holds = match cell(row, name) {
            Some(Cell::Flag(flag)) => Some(*flag),
            Some(Cell::Null) => None,
            Some(_) => return Err(format!("column {name} is no truth value")),
            None => return Err(format!("column {name} is missing")),
        };
        let faults = &self.faults[name];
        if holds == Some(true) && !faults.denied_in.is_empty() {
            doubts.push(format!("未能排除相反情况：{}", faults.denied_in));
        }
        let hidden = holds == Some(false) && !faults.seen_in.is_empty();
        let missing = [
            text(row, &format!("{name}_missing")),
            Some(faults.seen_in.clone()),
            Some(condition.missing.clone()),
        ];
        let missing = missing.into_iter().flatten().find(|words| !words.is_empty());
        Ok(Told {
            title: condition.title.clone(),
            holds: holds.filter(|_| !hidden),
            missing: if hidden {
                faults.seen_in.clone()
            } else {
                missing.unwrap_or_else(|| NOT_TOLD.to_owned())
            },
        })
    }
}

/// Column that tells whether the child has it.
const ENJOYED: &str = "enjoyed";

/// A condition of a child.
struct Told {
    title: String,
    holds: Option<bool>,
    /// What would have to be known.
    missing: String,
}

/// One verdict of all conditions. What fails is told before what is not known: more data would not help.
fn verdict(enjoyed: &Told, conditions: &[Told], excluded_by: &str) -> (Entitlement, Vec<String>) {
    let titles = |holds: Option<bool>| {
        conditions
            .iter()
            .filter(move |told| told.holds == holds)
            .map(|told| told.title.clone())
            .collect::<Vec<_>>()
    };
    let failing = titles(Some(false));
    if !failing.is_empty() {
        return (Entitlement::Unmet, failing);
    }
    if enjoyed.holds == Some(true) {
        return (Entitlement::Enjoyed, titles(None));
    }
    if !excluded_by.is_empty() {
        return (Entitlement::Excluded, vec![excluded_by.to_owned()]);
    }
    let missing = |told: &&Told| told.holds.is_none();
    let unknown = conditions.iter().chain([enjoyed]).filter(missing);
    let mut unknown: Vec<String> =
        unknown.map(|told| format!("{}（{}）", told.title, told.missing)).collect();
    unknown.dedup();
    if unknown.is_empty() { (Entitlement::Missed, Vec::new()) } else { (Entitlement::Unknown, unknown) }
}

/// Nothing can be said about a child because of an extract.
fn unknown(policy: &Policy, row: &Draft, why: &str) -> Result<PolicyMatch, String> {
    let Some(Cell::Integer(identity)) = cell(row, "identity") else {
        return Err("column identity is missing".to_owned());
    };
    Ok(PolicyMatch {
        policy: policy.id.clone(),
        identity: crate::domain::IdentityId(*identity),
        subject: subject_of(row),
        entitlement: Entitlement::Unknown,
        enjoys: None,
        because: vec![why.to_owned()],
        doubt: String::new(),
        finding: String::new(),
        unlisted: String::new(),
        grade: Grade::A,
        evidence: vec![crate::domain::Evidence {
            extract: row.subject.extract.clone(),
            row_key: row.row_key.clone(),
        }],
    })
}

/// The verdict with the finding of a gap rule that says the same, or why there is none.
fn beside_findings(mut found: PolicyMatch, policy: &Policy, judged: &Judged) -> PolicyMatch {
    found.evidence.sort();
    found.evidence.dedup();
    let open = [Entitlement::Missed, Entitlement::Excluded, Entitlement::Unknown];
    if !open.contains(&found.entitlement) {
        return found;
    }
    let gap = |rule: &String| policy.header.gap_rules.contains(rule);
    let own =
        judged.findings.iter().filter(|finding| finding.identity == found.identity && gap(&finding.rule));
    // Sure findings before those of the annex.
    if let Some(finding) = own.min_by_key(|finding| (finding.annex, finding.case_key())) {
        // A list asks about the child already: what would exclude it, or is not known, is what to look at there.
        let still_open = if found.entitlement == Entitlement::Missed { String::new() } else { found.words() };
        let annex = if finding.annex { finding.annex_reason.clone() } else { String::new() };
        let mut doubts = vec![annex, still_open, std::mem::take(&mut found.doubt)];
        doubts.retain(|words| !words.is_empty());
        doubts.dedup();
        found.doubt = doubts.join("；");
        found.entitlement = Entitlement::Missed;
        found.because.clear();
        found.finding.clone_from(&finding.rule);
        found.unlisted.clear();
    } else if found.entitlement == Entitlement::Missed && found.unlisted.is_empty() {
        let mut silent = judged.outcomes.iter().filter(|outcome| gap(&outcome.rule));
        let silent = silent.find_map(|outcome| outcome.not_run.as_ref());
        found.unlisted = match silent {
            Some(why) => format!("规则未运行（{why}）"),
            None if policy.header.gap_rules.is_empty() => NO_RULE.to_owned(),
            None => String::new(),
        };
    }
    found
}

fn subject_of(row: &Draft) -> crate::domain::MentionRef {
    (row.subject.extract.clone(), row.row_key.clone(), row.subject.role.clone())
}

fn cell<'r>(row: &'r Draft, name: &str) -> Option<&'r Cell> {
    row.row.iter().find(|(column, _)| column == name).map(|(_, cell)| cell)
}

/// A text of the row; `None` when it is empty or not there.
fn text(row: &Draft, name: &str) -> Option<String> {
    cell(row, name).map(Cell::text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(title: &str, holds: Option<bool>) -> Told {
        Told { title: title.to_owned(), holds, missing: "某数据".to_owned() }
    }

    fn check(
        enjoyed: Option<bool>,
        conditions: &[Option<bool>],
        excluded: &str,
        expected: (Entitlement, &[&str]),
    ) {
        let conditions: Vec<Told> =
            conditions.iter().zip(["甲", "乙"]).map(|(holds, title)| told(title, *holds)).collect();
        let (entitlement, because) = verdict(&told("享受", enjoyed), &conditions, excluded);
        assert_eq!(
            (entitlement, because.iter().map(String::as_str).collect::<Vec<_>>()),
            (expected.0, expected.1.to_vec())
        );
    }

    #[test]
    fn what_fails_comes_before_what_is_not_known() {
        let (yes, no) = (Some(true), Some(false));
        check(yes, &[yes, yes], "", (Entitlement::Enjoyed, &[]));
        check(yes, &[yes, None], "", (Entitlement::Enjoyed, &["乙"]));
        check(yes, &[no, yes], "", (Entitlement::Unmet, &["甲"]));
        check(no, &[yes, yes], "", (Entitlement::Missed, &[]));
        check(no, &[None, no], "丙", (Entitlement::Unmet, &["乙"]));
        check(no, &[None, yes], "丙", (Entitlement::Excluded, &["丙"]));
        check(no, &[None, yes], "", (Entitlement::Unknown, &["甲（某数据）"]));
        check(None, &[yes, yes], "", (Entitlement::Unknown, &["享受（某数据）"]));
    }
}
