//! Estimates a model from the tables themselves, without labels.
//!
//! u comes from random pairs and exact counts; m from expectation-maximisation on the pairs of each training
//! rule, for the comparisons that the rule says nothing about; the prior from rules that are nearly always
//! right and the share of people they find, or, without them, from how many people the training rules find
//! and how often such people agree in what the rules ask for. Random pairs hold a few people too; what they
//! add to u is taken out again.

use super::bootstrap::errors_of_m;
use super::counts::{Levels, levels, levels_of, pairs_of, patterns_of};
use super::rows::Rows;
use super::setup::Setup;
use crate::comparator::generic::Frame;
use crate::diag::{Diagnostic, Spot};
use crate::kernel::em::{self, LevelTable, Start};
use crate::kernel::pattern::{MAX_LEVELS, Pattern, PatternCounts};
use crate::link::splink::{Blocking, Comparison, Model};

/// How a model is estimated.
#[derive(Clone, Debug)]
pub struct FitPlan {
    /// Pairs drawn for u.
    pub random_pairs: u64,
    /// Seed of the draw.
    pub seed: u64,
    /// Rules whose pairs are nearly always one person.
    pub known: Vec<Blocking>,
    /// Pairs that are known to be one person, drawn at random from all such pairs. Whoever calls reads them.
    pub labels: Option<std::path::PathBuf>,
    /// Share of all true pairs that `known` finds.
    pub recall: Option<f64>,
    /// Rules whose pairs are looked at for m.
    pub training: Vec<Blocking>,
    /// Most pairs of a training rule that are looked at.
    pub training_pairs: u64,
}

/// A model and how sure it is.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The model with m, u and prior.
    pub model: Model,
    /// Standard errors of m by comparison and rung.
    pub m_errors: Vec<Vec<f64>>,
    /// Standard errors of u by comparison and rung.
    pub u_errors: Vec<Vec<f64>>,
    /// What each training rule saw.
    pub sessions: Vec<Session>,
    /// Pairs that u rests on.
    pub random_pairs: u64,
    /// Pairs of the rules that are nearly always right.
    pub known_pairs: u64,
    /// Labelled pairs that m was counted from.
    pub labelled: u64,
    /// What should be looked at.
    pub warnings: Vec<Diagnostic>,
}

/// What a training rule saw.
#[derive(Clone, Debug)]
pub struct Session {
    /// Pairs looked at.
    pub pairs: u64,
    /// The pairs of one row in so many were looked at.
    pub one_in: u64,
    /// Expected share of true ones among them.
    pub matches: f64,
    /// Rounds until nothing moved.
    pub rounds: u32,
    /// Whether it came to rest.
    pub converged: bool,
    /// Which comparisons it speaks about.
    pub(super) free: Vec<bool>,
    pub(super) counts: PatternCounts,
    m: LevelTable,
}

/// Most rounds of a fit.
const ROUNDS: u32 = 500;
/// A fit rests when nothing moves by more.
const TOLERANCE: f64 = 1e-7;
/// Fits, each with u freed of the people that the one before it found among the random pairs.
const PASSES: usize = 3;

/// Estimates a model; `file` names it in diagnostics.
///
/// # Errors
/// What [`Rows::new`] tells, no training rule, a comparison that no training rule leaves free, no way to
/// a prior.
pub fn fit(
    frame: &Frame,
    model: &Model,
    plan: &FitPlan,
    setup: &Setup,
    file: &str,
) -> Result<Fitted, Vec<Diagnostic>> {
    let rules: Vec<Blocking> = plan.training.iter().chain(&plan.known).cloned().collect();
    let rows = Rows::new(frame, model, &rules, setup, file)?;
    let free = free(&rows, model, plan);
    problems_of(model, plan, &free, (file, setup.labelled.is_empty()))?;
    let random = levels(&rows, plan.random_pairs, plan.seed);
    let counts: Vec<(PatternCounts, u64)> =
        (0..plan.training.len()).map(|rule| patterns_of(&rows, rule, plan.training_pairs)).collect();
    let known_pairs = (plan.training.len()..rules.len())
        .map(|rule| pairs_of(&rows, rule, plan.training.len()..rule))
        .sum::<u64>();
    let mut state = State::new(model, random, levels_of(&rows, &setup.labelled));
    let mut sessions = Vec::new();
    for _ in 0..PASSES {
        sessions = state.pass(&counts, &free);
        let true_pairs = match plan.recall {
            Some(recall) => known_pairs as f64 / recall,
            None => state.true_pairs(&rows, model, &sessions),
        };
        state.settle(true_pairs / rows.possible_pairs().max(1) as f64);
    }
    let mut warnings = warnings(&sessions, file);
    if state.prior <= PRIOR_LEAST * 1.01 {
        let message = "no pair is expected to be one person; the prior is a guess";
        warnings.push(Diagnostic::warning("fit_prior", Spot::file(file), message));
    }
    let mut m_errors = errors_of_m(&sessions, &state.m, &state.u, plan.seed);
    state.errors_of_labelled(&mut m_errors);
    let fitted = state.fitted(model, sessions, &m_errors, known_pairs, warnings);
    Ok(Fitted { labelled: setup.labelled.len() as u64, ..fitted })
}

/// For each training rule the comparisons it says nothing about: those of other columns.
fn free(rows: &Rows, model: &Model, plan: &FitPlan) -> Vec<Vec<bool>> {
    let touched = |rule: usize, at: usize| {
        let columns = super::rows::columns_of_comparison(&model.comparisons[at]);
        rows.rules()[rule].columns().iter().any(|column| columns.contains(column))
    };
    let comparisons = 0..model.comparisons.len();
    (0..plan.training.len()).map(|rule| comparisons.clone().map(|at| !touched(rule, at)).collect()).collect()
}

fn problems_of(
    model: &Model,
    plan: &FitPlan,
    free: &[Vec<bool>],
    (file, unlabelled): (&str, bool),
) -> Result<(), Vec<Diagnostic>> {
    let spot = |column: String| Spot { column, ..Spot::file(file) };
    let mut problems = Vec::new();
    if free.is_empty() {
        let told = Diagnostic::error("fit_training", spot("fit.train".into()), "there is no training rule");
        problems.push(told.with_help("name at least two, on different columns"));
    }
    for (at, comparison) in model.comparisons.iter().enumerate() {
        if unlabelled && !free.is_empty() && !free.iter().any(|rule| rule[at]) {
            let message = "every training rule asks for a column of this comparison, so its m stays unknown";
            let spot = spot(format!("comparison {}", comparison.ladder.name));
            let told = Diagnostic::error("fit_training", spot, message);
            problems.push(told.with_help("add a training rule on other columns"));
        }
    }
    if !plan.known.is_empty() && plan.recall.is_none() {
        let message = "rules that are nearly always right need the share of people they find";
        problems.push(Diagnostic::error("fit_recall", spot("fit.recall".into()), message));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn warnings(sessions: &[Session], file: &str) -> Vec<Diagnostic> {
    let resting = |(at, session): (usize, &Session)| {
        let spot = Spot { column: format!("fit.train[{at}]"), ..Spot::file(file) };
        if session.pairs == 0 {
            return Some(Diagnostic::warning("fit_empty", spot, "the training rule brings no pair"));
        }
        let message = format!("the fit did not come to rest in {ROUNDS} rounds");
        (!session.converged).then(|| Diagnostic::warning("fit_rounds", spot, message))
    };
    sessions.iter().enumerate().filter_map(resting).collect()
}

/// What is known so far.
struct State {
    m: LevelTable,
    /// u of two different people.
    u: LevelTable,
    start: LevelTable,
    random: Levels,
    /// Levels of labelled pairs by comparison.
    labelled: Vec<[u64; MAX_LEVELS]>,
    prior: f64,
    /// Levels whose m or u the model fixes, by comparison.
    fixed_m: Vec<Vec<bool>>,
    fixed_u: Vec<Vec<bool>>,
    least: f64,
}

/// Least prior.
const PRIOR_LEAST: f64 = 1e-12;

impl State {
    fn new(model: &Model, random: Levels, labelled: Vec<[u64; MAX_LEVELS]>) -> Self {
        let tables: Vec<_> = model.comparisons.iter().map(Comparison::tables).collect();
        let fixed = |fix: &dyn Fn(&crate::link::splink::Parameters) -> bool| {
            model
                .comparisons
                .iter()
                .map(|comparison| {
                    let mut levels = vec![false; comparison.ladder.level_count()];
                    for (level, values) in comparison.ladder.levels().into_iter().zip(&comparison.parameters)
                    {
                        levels[usize::from(level)] = fix(values);
                    }
                    levels
                })
                .collect::<Vec<_>>()
        };
        let m: LevelTable = tables.iter().map(|(m, _)| m.clone()).collect();
        let mut state = Self {
            start: m.clone(),
            m,
            u: tables.into_iter().map(|(_, u)| u).collect(),
            // A level that no pair had is rarer than one pair in those drawn.
            least: 0.5 / random.drawn.max(1) as f64,
            random,
            labelled,
            prior: 0.0,
            fixed_m: fixed(&|values| values.fix_m && values.m.is_some()),
            fixed_u: fixed(&|values| values.fix_u && values.u.is_some()),
        };
        state.settle(0.0);
        state
    }

    /// Takes the people out of the random pairs, as many as the prior says.
    fn settle(&mut self, prior: f64) {
        self.prior = prior.clamp(PRIOR_LEAST, 0.999);
        for (at, shares) in self.random.shares.iter().enumerate() {
            for (level, &share) in shares.iter().enumerate().skip(1) {
                if !self.fixed_u[at][level] {
                    let others = (share - self.prior * self.m[at][level]) / (1.0 - self.prior);
                    // Where hardly anything is left, what is left is noise: a tenth of what was seen at least.
                    self.u[at][level] = others.max(share * LEFT).max(self.least);
                }
            }
        }
    }

    /// One fit of every training rule, and m from all of them.
    fn pass(&mut self, counts: &[(PatternCounts, u64)], free: &[Vec<bool>]) -> Vec<Session> {
        let sessions: Vec<Session> = counts
            .iter()
            .zip(free)
            .map(|((counts, one_in), free)| self.session(counts, *one_in, free))
            .collect();
        for at in 0..self.m.len() {
            let speaking: Vec<&Session> =
                sessions.iter().filter(|session| session.free[at] && session.pairs > 0).collect();
            let weight = |session: &&Session| session.matches * session.pairs as f64 + 1.0;
            let total: f64 = speaking.iter().map(weight).sum();
            let told: u64 = self.labelled[at].iter().sum();
            if speaking.is_empty() && told == 0 {
                continue;
            }
            let mut found = self.m[at].clone();
            for (level, found) in found.iter_mut().enumerate().skip(1) {
                if !speaking.is_empty() {
                    let sum: f64 = speaking.iter().map(|one| weight(one) * one.m[at][level]).sum();
                    *found = sum / total;
                }
                // Pairs that somebody has looked at say it outright; one pseudo-pair keeps a level they do not have.
                if told > 0 {
                    *found = (self.labelled[at][level] as f64 + *found) / (told as f64 + 1.0);
                }
            }
            self.take_m(at, &found);
        }
        sessions
    }

    /// Takes m of a comparison, but for the levels that the model fixes: the others share what these leave.
    fn take_m(&mut self, at: usize, found: &[f64]) {
        let (m, fixed) = (&mut self.m[at], &self.fixed_m[at]);
        let sum_of = |values: &[f64], wanted: bool| -> f64 {
            values
                .iter()
                .zip(fixed)
                .skip(1)
                .filter(|(_, fixed)| **fixed == wanted)
                .map(|(value, _)| value)
                .sum()
        };
        let (left, free) = ((1.0 - sum_of(m, true)).max(0.0), sum_of(found, false));
        let share = if fixed.contains(&true) && free > 0.0 { left / free } else { 1.0 };
        for (level, m) in m.iter_mut().enumerate().skip(1).filter(|(level, _)| !fixed[*level]) {
            *m = found[level] * share;
        }
    }

    /// Standard errors of m where it was counted from labelled pairs.
    fn errors_of_labelled(&self, errors: &mut LevelTable) {
        for (at, counts) in self.labelled.iter().enumerate() {
            let told = counts.iter().sum::<u64>() as f64;
            for (level, error) in errors[at].iter_mut().enumerate().skip(1).filter(|_| told > 0.0) {
                let m = self.m[at][level];
                *error = (m * (1.0 - m).max(0.0) / (told + 1.0)).sqrt();
            }
        }
    }

    fn session(&self, counts: &PatternCounts, one_in: u64, free: &[bool]) -> Session {
        let counts = reduced(counts, free);
        let start = Start {
            m: self.start.clone(),
            u: self.u.clone(),
            prior: 0.1,
            fit_u: false,
            fit_prior: true,
            rounds: ROUNDS,
            tolerance: TOLERANCE,
        };
        let found = em::fit(&counts, &start);
        Session {
            pairs: counts.pairs(),
            one_in,
            matches: found.prior,
            rounds: found.rounds,
            converged: found.converged,
            free: free.to_vec(),
            m: found.m,
            counts,
        }
    }

    /// Number of true pairs, from how many each training rule found and how often true pairs agree in what
    /// it asks for. Rows without any error agree in everything, so several columns agree together more often
    /// than one by one; the rules with the fewest columns answer, and the middle one of their answers counts.
    fn true_pairs(&self, rows: &Rows, model: &Model, sessions: &[Session]) -> f64 {
        let mut answers: Vec<(usize, f64)> = Vec::new();
        for (rule, session) in rows.rules().iter().zip(sessions) {
            let agree = |column: &String| {
                model.comparisons.iter().enumerate().find_map(|(at, comparison)| {
                    let exact = comparison.ladder.rungs.iter().position(|rung| {
                        rung.when.condition().and_then(|condition| condition.same_column())
                            == Some(column.as_str())
                    })?;
                    let level = usize::from(comparison.ladder.levels()[exact]);
                    Some(self.m[at][level] * self.random.filled[at])
                })
            };
            let shares: Option<Vec<f64>> = rule.columns().iter().map(agree).collect();
            if let Some(shares) = shares {
                let share: f64 = shares.iter().product();
                if share > 0.0 {
                    let found = session.matches * (session.pairs * session.one_in) as f64;
                    answers.push((rule.columns().len(), found / share));
                }
            }
        }
        let fewest = answers.iter().map(|(columns, _)| *columns).min();
        answers.retain(|(columns, _)| Some(*columns) == fewest);
        answers.sort_by(|a, b| a.1.total_cmp(&b.1));
        answers.get(answers.len() / 2).map_or(0.0, |(_, answer)| *answer)
    }

    fn fitted(
        self,
        model: &Model,
        sessions: Vec<Session>,
        m_errors: &LevelTable,
        known_pairs: u64,
        warnings: Vec<Diagnostic>,
    ) -> Fitted {
        let mut fitted = Fitted {
            model: Model { prior: self.prior, ..model.clone() },
            m_errors: Vec::new(),
            u_errors: Vec::new(),
            sessions,
            random_pairs: self.random.drawn,
            known_pairs,
            labelled: 0,
            warnings,
        };
        for (at, comparison) in fitted.model.comparisons.iter_mut().enumerate() {
            let (mut m_of, mut u_of) = (Vec::new(), Vec::new());
            for (level, values) in comparison.ladder.levels().into_iter().zip(&mut comparison.parameters) {
                let level = usize::from(level);
                if level > 0 {
                    (values.m, values.u) = (Some(self.m[at][level]), Some(self.u[at][level]));
                }
                let u = self.u[at][level];
                let seen = self.random.drawn as f64 * self.random.filled[at];
                m_of.push(m_errors[at][level]);
                u_of.push(if level == 0 { 0.0 } else { (u * (1.0 - u).max(0.0) / seen.max(1.0)).sqrt() });
            }
            fitted.m_errors.push(m_of);
            fitted.u_errors.push(u_of);
        }
        fitted
    }
}

/// Share of what was seen among random pairs that is left to different people at least.
const LEFT: f64 = 0.02;

/// The patterns of the comparisons that are free; the others count as missing.
fn reduced(counts: &PatternCounts, free: &[bool]) -> PatternCounts {
    let mut out = PatternCounts::default();
    for (pattern, n) in counts.iter() {
        let levels: Vec<u8> =
            free.iter().enumerate().map(|(at, free)| if *free { pattern.level(at) } else { 0 }).collect();
        out.add(Pattern::pack(&levels), n);
    }
    out
}
