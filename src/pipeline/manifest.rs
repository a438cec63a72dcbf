//! `manifest.json`: what went in, what was done with it, what came out, how long it took.
//!
//! Everything but `timings` follows from the inputs and is the same when the night is
//! run again.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::RunError;
use super::alarm::{self, Counted, Figures};
use super::facts::Delivered;
use super::output::Night;
use super::stage::{self, Cost};
use crate::diag::Diagnostic;
use crate::domain::{Day, Entitlement, ExtractState, MANIFEST_FORMAT, RecordSet, Resolution, RuleOutcome};
use crate::report::{ExtractFacts, PolicyFacts, Published};

/// Writes the manifest into the run's folder.
pub(super) fn write(
    night: &Night<'_>,
    lists: &Published,
    register: &str,
    costs: &[Cost],
    folder: &Path,
) -> Result<(), RunError> {
    let path = folder.join("manifest.json");
    let mut text = format!("{:#}", manifest(night, lists, register, costs));
    text.push('\n');
    fs::write(&path, text).map_err(RunError::io("write", &path))
}

fn manifest(night: &Night<'_>, lists: &Published, register: &str, costs: &[Cost]) -> Value {
    let plan = night.plan;
    let tables = plan.tables.editions().iter().map(|table| {
        json!({ "name": table.name, "edition": table.edition, "sha256": table.sha256, "rows": table.rows })
    });
    let files = lists.files.iter().map(|file| {
        json!({ "path": file.path, "recipient": file.recipient, "list": file.list, "rows": file.rows, "sha256": file.sha256, "sm3": file.sm3 })
    });
    let (figures, counts) = (night.identity_figures(), night.counts);
    let summary = &night.linked.summary;
    let tallies = night.recorded.tallies().into_iter().map(|(rule, t)| {
        let counts = json!({
            "new": t.new, "kept": t.kept, "changed": t.changed, "withdrawn": t.withdrawn, "carried": t.carried,
        });
        (rule, counts)
    });
    let said = night.delivered.strays.iter().chain(&night.delivered.cells).chain(night.drifted);
    let said = said.chain(&lists.problems);
    json!({
        "format": MANIFEST_FORMAT,
        "run": night.run_id,
        "title": plan.title,
        "as_of": night.env.as_of.iso(),
        "program": env!("CARGO_PKG_VERSION"),
        "plan": plan.hash,
        "linkage": night.env.linkage.word(),
        "model": { "name": night.model.name, "fitted_on": night.model.fitted_on },
        "register": register,
        "tables": tables.collect::<Vec<_>>(),
        "released": night.released.iter().map(|release| json!({
            "extract": release.extract, "by": release.by, "reason": release.reason, "held": release.held,
        })).collect::<Vec<_>>(),
        "extracts": counts.extracts,
        "link": {
            "mentions": summary.mentions, "pairs": summary.pairs, "links": summary.links,
            "review": summary.review, "tied": summary.tied, "contradicted": summary.contradicted,
            "oversized": summary.oversized, "figures": summary.figures,
        },
        "identities": { "count": figures.count, "merged": figures.merged, "split": figures.split, "sizes": counts.sizes },
        "rules": counts.rules,
        "alarms": alarm::value(night.compared),
        "policies": policies(night),
        "policies_not_judged": night.judged.policy_fault,
        "legal_basis": night.rules.iter().map(|r| (r.id.clone(), json!(r.basis))).collect::<serde_json::Map<_, _>>(),
        "cases": tallies.collect::<serde_json::Map<_, _>>(),
        "lists": files.collect::<Vec<_>>(),
        "problems": said.map(problem).collect::<Vec<_>>(),
        "timings": {
            "committed": night.env.now,
            "seconds": costs.iter().map(|c| (c.stage.word().to_owned(), json!(c.seconds))).collect::<serde_json::Map<_, _>>(),
            "resident_mib": costs.iter().map(|c| (c.stage.word().to_owned(), json!(c.resident))).collect::<serde_json::Map<_, _>>(),
            "peak_mib": stage::memory("VmHWM:"),
        },
    })
}

/// Children by policy and verdict.
fn policies(night: &Night<'_>) -> Value {
    let of = |policy: &PolicyFacts| {
        let own = || night.judged.policies.iter().filter(|found| found.policy == policy.id);
        let count = |verdict: Entitlement| own().filter(|found| found.entitlement == verdict).count();
        let counts = Entitlement::ALL.map(|verdict| (verdict.word().to_owned(), json!(count(verdict))));
        (policy.id.clone(), Value::Object(counts.into_iter().collect()))
    };
    Value::Object(night.policies.iter().map(of).collect())
}

/// The parts of a manifest that a night is compared by: written as they are, read as those of earlier nights.
pub(super) struct Counts {
    extracts: Vec<Value>,
    rules: Vec<Value>,
    sizes: Value,
}

impl Counts {
    pub(super) fn of(
        delivered: &Delivered,
        records: &[RecordSet],
        resolution: &Resolution,
        outcomes: &[RuleOutcome],
    ) -> Self {
        let rules = outcomes.iter().map(|outcome| {
            json!({
                "rule": outcome.rule, "list": outcome.list, "findings": outcome.findings, "annex": outcome.annex,
                "not_run": outcome.not_run, "waiting": outcome.waiting, "known_until": outcome.known_until.map(Day::iso),
            })
        });
        let set = |facts: &ExtractFacts| records.iter().find(|set| set.extract == facts.id);
        let extracts = delivered.extracts.iter().map(|facts| extract(delivered, facts, set(facts)));
        Self { extracts: extracts.collect(), rules: rules.collect(), sizes: sizes(resolution) }
    }

    /// The numbers, read as from a manifest: there is one way to count.
    pub(super) fn figures(&self) -> Result<Figures, serde_json::Error> {
        let parts =
            json!({ "extracts": self.extracts, "rules": self.rules, "identities": { "sizes": self.sizes } });
        Ok(Figures::of(&serde_json::from_value::<Counted>(parts)?))
    }
}

/// Number of persons by the number of rows that name them.
fn sizes(resolution: &Resolution) -> Value {
    let mut sizes = std::collections::BTreeMap::new();
    for identity in &resolution.identities {
        *sizes.entry(identity.mentions).or_insert(0_u64) += 1;
    }
    json!(sizes.into_iter().collect::<Vec<_>>())
}

/// One extract: `rows_read = rows_accepted + rows_quarantined + rows_dropped` for each file, and
/// accepted = records + quarantined at standardise.
fn extract(delivered: &Delivered, facts: &ExtractFacts, records: Option<&RecordSet>) -> Value {
    let files = facts.files.iter().map(|file| {
        json!({
            "name": file.name, "sha256": file.sha256, "as_of": file.as_of.map(Day::iso),
            "rows_read": file.rows_read, "rows_accepted": file.rows_accepted,
            "rows_quarantined": file.rows_quarantined, "rows_dropped": file.rows_dropped,
            "rows_passed_over": file.rows_passed_over, "dropped_columns": file.dropped_columns,
            "hidden_sheets": file.hidden_sheets, "refused": file.refused,
        })
    });
    let reasons = match &facts.state {
        ExtractState::Complete | ExtractState::Missing => Vec::new(),
        ExtractState::Incomplete(reasons) | ExtractState::Refused(reasons) => reasons.clone(),
    };
    let nulls = |set: &RecordSet| -> serde_json::Map<String, Value> {
        let fields = set.contract.field.keys();
        let column = |field: &String| {
            let nulls = set.batch.column_by_name(field)?.null_count();
            Some((field.clone(), json!(nulls)))
        };
        fields.filter_map(column).collect()
    };
    let counts = delivered.counts.iter().find(|counts| counts.extract == facts.id);
    json!({
        "extract": facts.id, "agency": facts.agency, "completeness": facts.completeness,
        "state": facts.state.word(), "reasons": reasons,
        "as_of": facts.as_of.map(Day::iso), "files": files.collect::<Vec<_>>(),
        "records": facts.records, "nulls": records.map(nulls).unwrap_or_default(), "quarantined": facts.quarantined.len(),
        "quarantined_at_standardise": counts.map_or(0, |counts| counts.quarantined),
        "mentions": counts.map_or(0, |counts| counts.mentions),
        "problems": facts.problems.iter().map(problem).collect::<Vec<_>>(),
    })
}

/// A place and what is the matter there; no value of a person.
fn problem(problem: &Diagnostic) -> Value {
    json!({
        "level": problem.level.word(), "code": problem.code, "message": problem.message,
        "file": problem.spot.file, "sheet": problem.spot.sheet, "line": problem.spot.line,
        "column": problem.spot.column,
    })
}
