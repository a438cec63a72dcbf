//! The file of a fitted model: what `fit` writes and `link` reads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LinkingPlan;
use crate::comparator::generic::When;
use crate::diag::{Diagnostic, Spot};
use crate::link::generic::Fitted;
use crate::link::splink::{Comparison, Model};
use crate::spec::toml_check::check_toml_at;

/// A model of linkage for any tables.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableModel {
    /// Probability that two rows drawn at random are one.
    pub prior: f64,
    /// On what it was fitted.
    #[serde(default)]
    pub fitted: Option<FittedOn>,
    /// m and u, comparison by comparison in the order of the pipeline.
    pub comparison: Vec<ModelComparison>,
}

/// On what a model was fitted.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FittedOn {
    /// Number of rows.
    pub rows: u64,
    /// Pairs that u rests on.
    pub random_pairs: u64,
    /// Pairs of the rules that are nearly always right.
    pub known_pairs: u64,
    /// Labelled pairs that m was counted from.
    #[serde(default)]
    pub labelled: u64,
    /// Seed of the draws.
    pub seed: u64,
    /// SHA-256 of the tables.
    pub digests: Vec<String>,
    /// What each training rule saw.
    pub training: Vec<TrainedOn>,
}

/// What a training rule saw.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainedOn {
    /// Pairs looked at.
    pub pairs: u64,
    /// Expected share of true ones among them.
    pub matches: f64,
    /// Rounds until nothing moved.
    pub rounds: u32,
}

/// One comparison of a model.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelComparison {
    /// Name.
    pub name: String,
    /// Levels but the missing one, best first.
    pub level: Vec<ModelLevel>,
}

/// One level of a model.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelLevel {
    /// What people read; the pipeline must have the same.
    pub label: String,
    /// Probability of the level for two rows of one person.
    pub m: f64,
    /// Standard error of m.
    #[serde(default)]
    pub m_error: Option<f64>,
    /// Probability of the level for two rows of different people.
    pub u: f64,
    /// Standard error of u.
    #[serde(default)]
    pub u_error: Option<f64>,
}

impl TableModel {
    /// A fitted model as a file.
    pub fn of(fitted: &Fitted, rows: usize, digests: &[String], seed: u64) -> Self {
        let comparison = |(at, comparison): (usize, &Comparison)| ModelComparison {
            name: comparison.ladder.name.clone(),
            level: comparison
                .ladder
                .rungs
                .iter()
                .zip(&comparison.parameters)
                .enumerate()
                .filter(|(_, (rung, _))| !matches!(rung.when, When::Null(_)))
                .map(|(rung_at, (rung, values))| ModelLevel {
                    label: rung.label.clone(),
                    m: values.m.unwrap_or(0.0),
                    m_error: Some(fitted.m_errors[at][rung_at]),
                    u: values.u.unwrap_or(0.0),
                    u_error: Some(fitted.u_errors[at][rung_at]),
                })
                .collect(),
        };
        let training = |session: &crate::link::generic::Session| TrainedOn {
            pairs: session.pairs,
            matches: session.matches,
            rounds: session.rounds,
        };
        Self {
            prior: fitted.model.prior,
            fitted: Some(FittedOn {
                rows: rows as u64,
                random_pairs: fitted.random_pairs,
                known_pairs: fitted.known_pairs,
                labelled: fitted.labelled,
                seed,
                digests: digests.to_vec(),
                training: fitted.sessions.iter().map(training).collect(),
            }),
            comparison: fitted.model.comparisons.iter().enumerate().map(comparison).collect(),
        }
    }

    /// The file's text, with a line on who may edit it.
    ///
    /// # Errors
    /// Numbers that TOML cannot hold.
    pub fn text(&self, plan: &LinkingPlan) -> Result<String, toml::ser::Error> {
        let head = format!(
            "# Model of linkage for `{}`, written by `doudi fit`. Numbers may be edited: `link` takes them as\n\
             # they stand. A level weighs log2(m / u) bits.\n\n",
            plan.title.replace('\n', " ")
        );
        Ok(head + &toml::to_string(self)?)
    }

    /// Reads a file and gives the plan's comparisons its numbers.
    pub(super) fn read_into(model: &mut Model, file: &str, text: &str) -> Result<(), Vec<Diagnostic>> {
        let (read, lines) = check_toml_at::<Self>(file, text, 0)?;
        let mut problems = Vec::new();
        let other = |path: String, message: String| {
            Diagnostic::error("model_other", lines.spot(&path), message)
                .with_help("run `doudi fit` for the pipeline as it is now")
        };
        if !(read.prior > 0.0 && read.prior < 1.0) {
            problems.push(outside(lines.spot("prior"), "the prior"));
        }
        if read.comparison.len() != model.comparisons.len() {
            let (here, there) = (read.comparison.len(), model.comparisons.len());
            let message = format!("the model has {here} comparisons, the pipeline {there}");
            problems.push(other("comparison".into(), message));
        }
        for (at, (theirs, ours)) in read.comparison.iter().zip(&mut model.comparisons).enumerate() {
            let path = format!("comparison[{at}]");
            let levels = ours.ladder.rungs.iter().zip(&mut ours.parameters);
            let levels: Vec<_> = levels.filter(|(rung, _)| !matches!(rung.when, When::Null(_))).collect();
            let labels = levels.iter().map(|(rung, _)| &rung.label);
            if theirs.name != ours.ladder.name || !labels.eq(theirs.level.iter().map(|level| &level.label)) {
                let message =
                    format!("comparison {} or its levels are not those of the pipeline", theirs.name);
                problems.push(other(path, message));
                continue;
            }
            for (level_at, (level, (_, values))) in theirs.level.iter().zip(levels).enumerate() {
                for (word, value) in [("m", level.m), ("u", level.u)] {
                    if !(value > 0.0 && value <= 1.0) {
                        problems.push(outside(lines.spot(&format!("{path}.level[{level_at}].{word}")), word));
                    }
                }
                (values.m, values.u) = (Some(level.m), Some(level.u));
            }
        }
        model.prior = read.prior;
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

fn outside(spot: Spot, what: &str) -> Diagnostic {
    Diagnostic::error("out_of_range", spot, format!("{what} is a probability above 0"))
}
