//! The model of a run once more, with what officers have answered since.

use serde::Serialize;

use super::ExplainError;
use super::rebuild::Rebuilt;
use super::run::FinishedRun;
use crate::link::{self, Asked, LearnedLevel, LinkModel, Linkage, Prepared};
use crate::spec::Plan;

/// What answers make of a model.
#[derive(Clone, Debug, Serialize)]
pub struct LearnReport {
    /// Run whose rows were compared.
    pub run: String,
    /// Day the run speaks about.
    pub as_of: String,
    /// Whether the pipeline, its contracts or its tables are others now than the run's.
    pub plan_changed: bool,
    /// What became of the judgements.
    pub asked: Asked,
    /// Candidate pairs.
    pub pairs: u64,
    /// Rounds of the estimate.
    pub rounds: u32,
    /// Whether it came to rest.
    pub converged: bool,
    /// Every level before and after.
    pub levels: Vec<LearnedLevel>,
    /// The model.
    #[serde(skip)]
    pub model: LinkModel,
}

/// Estimates m and u of the plan's model anew from the rows of a run and all judgements of the ledger.
///
/// # Errors
/// When the run linked by numbers only or cannot be read, or nobody has judged a pair.
pub fn learn(plan: &Plan, run: &FinishedRun) -> Result<LearnReport, ExplainError> {
    if run.linkage != Linkage::Model {
        let message = "the run linked by numbers only: it has no pairs to learn from";
        return Err(ExplainError::asked(message, Some("run the night without --linkage id-only".to_owned())));
    }
    let rebuilt = Rebuilt::of(plan, run)?;
    if rebuilt.judgements.is_empty() {
        let message = "nobody has answered yet whether two rows are one person";
        let help =
            "the annex of a list asks so: 是否同一人; take the answers in with `doudi feedback import`";
        return Err(ExplainError::asked(message, Some(help.to_owned())));
    }
    let prepared = Prepared::new(&rebuilt.mentions, &rebuilt.records, &plan.tables, &plan.link)
        .map_err(|problem| ExplainError::Changed(problem.message))?;
    let learned = link::learn(&prepared, &rebuilt.judgements, &plan.model);
    let Asked { same, not_same, .. } = learned.asked;
    let words = format!(
        "{}; m and u estimated anew on {} candidate pairs of run {} with {same} pairs answered as one person \
         and {not_same} as two",
        plan.model.fitted_on, learned.pairs, run.run_id
    );
    Ok(LearnReport {
        run: run.run_id.clone(),
        as_of: run.as_of.iso(),
        plan_changed: run.plan_hash != plan.hash,
        asked: learned.asked,
        pairs: learned.pairs,
        rounds: learned.rounds,
        converged: learned.converged,
        levels: learned.levels,
        model: LinkModel { fitted_on: words, ..learned.model },
    })
}
