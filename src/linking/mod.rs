//! F6: links the rows of any tables by a plan, or estimates the plan's model.
//!
//! In: a [`LinkingPlan`]. Out: pairs, clusters and a report as files, or a model. What is written depends on
//! the tables' rows and ids, never on their order or on the number of threads. This module must not know
//! what the tables are about.

mod frequency;
mod known;
mod output;
mod report;

use std::path::Path;

use crate::diag::{Diagnostic, Spot};
use crate::frame;
use crate::link::generic::{self, Pair, Refused, Resolution, Rows, RuleStudy, Scored, Setup, columns_of};
use crate::link::splink::{Model, export, probability};
use crate::spec::{LinkingPlan, TableModel};

pub use report::{Expected, PairReport, Report, RuleReport};

/// What an estimate gives.
#[derive(Clone, Debug)]
pub struct FittedModel {
    /// The file of the model.
    pub text: String,
    /// The model.
    pub model: TableModel,
    /// What should be looked at.
    pub warnings: Vec<Diagnostic>,
    /// The model with its comparisons and the pipeline's blocking rules.
    whole: Model,
}

impl FittedModel {
    /// The model as a file of Splink 5, with the pipeline's blocking rules.
    ///
    /// # Errors
    /// Comparisons that Splink cannot express.
    pub fn splink(&self) -> Result<String, Vec<Diagnostic>> {
        export(&self.whole)
    }
}

/// Links and writes the results to a folder, which is made.
///
/// # Errors
/// Tables that cannot be read, comparisons that do not fit them, a folder that cannot be written.
pub fn link(plan: &LinkingPlan, out: &Path) -> Result<(Report, Vec<Diagnostic>), Vec<Diagnostic>> {
    let wanted = columns_of(&plan.model, &plan.rules);
    let tables = frame::read(&plan.tables, &wanted, &plan.columns)?;
    let mut frame = tables.frame;
    let (setup, told) = setup(plan)?;
    let rows = Rows::new(&frame, &plan.model, &plan.rules, &setup, &plan.file.display().to_string())?;
    // Values are in the rows now; what is left of the frame is ids.
    frame.columns.clear();
    let scored = generic::score(&rows, bits(floor(plan)));
    let clusters = resolve(plan, &rows, &scored);
    let verdicts = verdicts(plan, &rows, &scored);
    let report = report::of(plan, &frame, &rows, &scored, &verdicts, &clusters, tables.digests);
    let refused = refusals(plan, &rows);
    // What is written needs the ids and nothing else of the rows.
    drop(rows);
    output::write(plan, out, &frame, (&scored.pairs, &verdicts), &clusters, &report).map_err(|error| {
        let message = format!("write the results to {}: {error}", out.display());
        vec![Diagnostic::error("out_unwritable", Spot::default(), message)]
    })?;
    Ok((report, tables.warnings.into_iter().chain(told).chain(refused).collect()))
}

/// What the plan's linkage takes beside tables and model, and what should be looked at.
fn setup(plan: &LinkingPlan) -> Result<(Setup, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (frequencies, told) = frequency::read(plan)?;
    let (policy, readers) = (Some(plan.policy.clone()), plan.readers.clone());
    Ok((Setup { policy, frequencies, readers, ..Setup::default() }, told))
}

/// What is done with a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Link,
    Review,
    /// Not written.
    PassedOver,
}

/// What is said of a pair.
#[derive(Clone, Copy, Debug)]
struct Verdict {
    /// Match probability.
    probability: f64,
    decision: Decision,
}

/// What is said of each pair, by the thresholds of its tables. Where all pairs are weighed together, a pair's
/// probability is that given its rivals, and one that they make unlikely is nobody's work.
fn verdicts(plan: &LinkingPlan, rows: &Rows, scored: &Scored) -> Vec<Verdict> {
    let alone = plan.resolution == Resolution::Components;
    let probabilities = if alone {
        scored.pairs.iter().map(|pair| probability(pair.weight)).collect()
    } else {
        generic::given_rivals(rows, &scored.pairs)
    };
    let verdict = |(pair, probability): (&Pair, f64)| {
        let held = plan.policy.of(rows.source(pair.left), rows.source(pair.right));
        let kept = pair.weight >= bits(held.keep_at) && (alone || probability >= held.keep_at - ROUNDING);
        let decision = match probability {
            probability if probability >= held.link_at => Decision::Link,
            _ if kept => Decision::Review,
            _ => Decision::PassedOver,
        };
        Verdict { probability, decision }
    };
    scored.pairs.iter().zip(probabilities).map(verdict).collect()
}

/// What a probability and the weight of the same odds may differ by.
const ROUNDING: f64 = 1e-12;

/// Blocks that were too large to be looked at, rule by rule.
fn refusals(plan: &LinkingPlan, rows: &Rows) -> Vec<Diagnostic> {
    let told = |(words, refused): (&String, Refused)| {
        let spot = Spot { column: words.clone(), ..Spot::file(plan.file.display().to_string()) };
        let large = (refused.blocks > 0).then(|| {
            let Refused { blocks, rows, pairs, largest, .. } = refused;
            let message = format!("{blocks} blocks with {rows} rows are too large and not looked at: {pairs} pairs, the largest {largest} rows");
            Diagnostic::warning("block_refused", spot.clone(), message)
                .with_help("name further columns in `split`, or raise `max_rows`")
        });
        let without = (refused.without_value > 0).then(|| {
            let rows = refused.without_value;
            let message = format!(
                "{rows} rows of blocks that were split have no value to split by and are not looked at"
            );
            Diagnostic::warning("block_refused", spot, message).with_help("another rule has to bring them")
        });
        [large, without]
    };
    plan.rule_words.iter().zip(rows.refused()).flat_map(told).flatten().collect()
}

/// Least probability of a pair that something is done with.
fn floor(plan: &LinkingPlan) -> f64 {
    let keep_at = plan.policy.least(|pair| pair.keep_at);
    match plan.resolution {
        Resolution::Components => keep_at,
        Resolution::Unattended => keep_at.min(EVEN),
    }
}

/// As likely as not.
const EVEN: f64 = 0.5;

/// Clusters: of the links when whatever is connected is joined, of all pairs more likely than not when they
/// are weighed together.
fn resolve(plan: &LinkingPlan, rows: &Rows, scored: &Scored) -> Vec<u32> {
    let least = |one: usize, other: usize| match plan.resolution {
        Resolution::Components => plan.policy.of(table(one), table(other)).link_at,
        Resolution::Unattended => EVEN,
    };
    let tables = plan.policy.tables();
    let least: Vec<f64> = (0..tables * tables).map(|at| bits(least(at / tables, at % tables))).collect();
    let joins = |pair: &&Pair| {
        let (left, right) = (usize::from(rows.source(pair.left)), usize::from(rows.source(pair.right)));
        pair.weight >= least[left * tables + right]
    };
    generic::clusters(rows, scored.pairs.iter().filter(joins).copied(), plan.resolution)
}

/// The number of a table.
fn table(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// Weight of a probability, in bits.
fn bits(probability: f64) -> f64 {
    (probability / (1.0 - probability)).log2()
}

/// Estimates the plan's model.
///
/// # Errors
/// A plan without `[fit]`, tables that cannot be read, what [`generic::fit`] tells.
pub fn fit(plan: &LinkingPlan) -> Result<FittedModel, Vec<Diagnostic>> {
    let file = plan.file.display().to_string();
    let Some(fit) = &plan.fit else {
        let told =
            Diagnostic::error("fit_none", Spot::file(file.as_str()), "the pipeline has no table `[fit]`");
        return Err(vec![told.with_help("add [fit] with at least two [[fit.train]] on different columns")]);
    };
    let rules: Vec<_> = fit.known.iter().chain(&fit.training).cloned().collect();
    let tables = frame::read(&plan.tables, &columns_of(&plan.model, &rules), &plan.columns)?;
    let (mut setup, told) = setup(plan)?;
    if let Some(labels) = &fit.labels {
        setup.labelled = known::read(labels, &tables.frame)?;
    }
    let fitted = generic::fit(&tables.frame, &plan.model, fit, &setup, &file)?;
    let model = TableModel::of(&fitted, tables.frame.len(), &tables.digests, fit.seed);
    let text = model.text(plan).map_err(|error| {
        vec![Diagnostic::error("model_unwritable", Spot::default(), format!("write the model: {error}"))]
    })?;
    let warnings = tables.warnings.into_iter().chain(told).chain(fitted.warnings).collect();
    let whole = Model { blocking: plan.rules.clone(), ..fitted.model };
    Ok(FittedModel { text, model, warnings, whole })
}

/// What the plan's blocking rules bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockingStudy {
    /// Pairs that could be looked at.
    pub possible_pairs: u64,
    /// Known pairs that were given.
    pub known: u64,
    /// The rules in words, with what each brings.
    pub rules: Vec<(String, RuleStudy)>,
}

/// Studies the blocking rules of a plan; `known` is a CSV of pairs that are one person, with the columns
/// `id_l` and `id_r`, and `source_l` and `source_r` where there are several tables.
///
/// # Errors
/// Files that cannot be read, rules that the tables do not bear.
pub fn blocking(plan: &LinkingPlan, known: Option<&Path>) -> Result<BlockingStudy, Vec<Diagnostic>> {
    let bare = Model { comparisons: Vec::new(), ..plan.model.clone() };
    let tables = frame::read(&plan.tables, &columns_of(&bare, &plan.rules), &plan.columns)?;
    let setup = Setup { policy: Some(plan.policy.clone()), ..Setup::default() };
    let rows = Rows::new(&tables.frame, &bare, &plan.rules, &setup, &plan.file.display().to_string())?;
    let known = known.map_or(Ok(Vec::new()), |path| known::read(path, &tables.frame))?;
    let found = generic::study(&rows, &known);
    Ok(BlockingStudy {
        possible_pairs: rows.possible_pairs(),
        known: known.len() as u64,
        rules: plan.rule_words.iter().cloned().zip(found).collect(),
    })
}
