//! The model of a run once more, with what officers have answered since.

use serde::Serialize;

use super::ExplainError;
use super::rebuild::Rebuilt;
use super::run::FinishedRun;
use crate::link::{self, Asked, Learned, LearnedLevel, LinkModel, Linkage, Prepared};
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
    let rebuilt = rebuilt(plan, run)?;
    if rebuilt.judgements.is_empty() {
        let message = "nobody has answered yet whether two rows are one person";
        let help = "the annex of a list asks so: 是否同一人; take the answers in with `doudi feedback import`; without answers `doudi fit` estimates";
        return Err(ExplainError::asked(message, Some(help.to_owned())));
    }
    let learned = link::learn(&prepared(&rebuilt, plan)?, &rebuilt.judgements, &plan.model);
    let Asked { same, not_same, .. } = learned.asked;
    let words = format!(
        "{}; m and u estimated anew on {} candidate pairs of run {} with {same} pairs answered as one person \
         and {not_same} as two",
        plan.model.fitted_on, learned.pairs, run.run_id
    );
    Ok(report(plan, run, learned, words))
}

/// Estimates m and u of the plan's model anew from the rows of a run: from its candidates, from rows of one valid
/// number, from random pairs, and from what officers have answered, if they have.
///
/// # Errors
/// When the run linked by numbers only or cannot be read.
pub fn refit(plan: &Plan, run: &FinishedRun) -> Result<LearnReport, ExplainError> {
    let rebuilt = rebuilt(plan, run)?;
    let link::Refitted { learned, same_number, counted } =
        link::refit(&prepared(&rebuilt, plan)?, &rebuilt.judgements, &plan.model);
    let Asked { same, not_same, .. } = learned.asked;
    let words = format!(
        "run {} as of {} (plan {}): m from {} candidate pairs, {same} answered as one person and {not_same} as two, its \
         differences in the proportions of {same_number} pairs of rows of one valid number; u of {} of {} levels from \
         {} random pairs; all else as in `{}`",
        run.run_id,
        run.as_of.iso(),
        run.plan_hash,
        learned.pairs,
        counted.0,
        counted.1,
        link::RANDOM_PAIRS,
        plan.model.name
    );
    Ok(report(plan, run, learned, words))
}

/// What the blocking rules of the plan bring on the rows of a run.
///
/// # Errors
/// When the run linked by numbers only or cannot be read.
pub fn blocking(plan: &Plan, run: &FinishedRun) -> Result<link::NightStudy, ExplainError> {
    let rebuilt = rebuilt(plan, run)?;
    Ok(link::study(&prepared(&rebuilt, plan)?))
}

fn rebuilt(plan: &Plan, run: &FinishedRun) -> Result<Rebuilt, ExplainError> {
    if run.linkage != Linkage::Model {
        let message = "the run linked by numbers only: it has no pairs to learn from";
        return Err(ExplainError::asked(message, Some("run the night without --linkage id-only".to_owned())));
    }
    Rebuilt::of(plan, run)
}

fn prepared<'a>(rebuilt: &'a Rebuilt, plan: &'a Plan) -> Result<Prepared<'a>, ExplainError> {
    Prepared::new(&rebuilt.mentions, &rebuilt.records, &plan.tables, &plan.link)
        .map_err(|problem| ExplainError::Changed(problem.message))
}

fn report(plan: &Plan, run: &FinishedRun, learned: Learned, words: String) -> LearnReport {
    LearnReport {
        run: run.run_id.clone(),
        as_of: run.as_of.iso(),
        plan_changed: run.plan_hash != plan.hash,
        asked: learned.asked,
        pairs: learned.pairs,
        rounds: learned.rounds,
        converged: learned.converged,
        levels: learned.levels,
        model: LinkModel { fitted_on: words, ..learned.model },
    }
}
