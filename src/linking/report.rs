//! What a linkage tells of itself, labels or none.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Decision, Verdict};
use crate::comparator::generic::Frame;
use crate::domain::{LevelFigure, LinkFigures, PassFigure, Ranged};
use crate::kernel::draws::poisson_range;
use crate::kernel::observed::Observed;
use crate::link::generic::{Pair, Rows, Scored};
use crate::link::{histogram, pass_title, ranged};
use crate::spec::LinkingPlan;

/// What a linkage tells of itself.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// Title of the pipeline.
    pub title: String,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// SHA-256 of each table's file, in the order of the pipeline.
    pub digests: Vec<String>,
    /// Pairs that could have been looked at.
    pub possible_pairs: u64,
    /// What each blocking rule brought.
    pub rules: Vec<RuleReport>,
    /// Pairs looked at, each once.
    pub pairs: u64,
    /// Pairs of at least `link_at`.
    pub links: u64,
    /// Pairs between `keep_at` and `link_at`.
    pub review: u64,
    /// Links whose rows came into different clusters all the same.
    pub links_apart: u64,
    /// What holds between each two tables that are compared, and what was found.
    pub sources: Vec<PairReport>,
    /// Clusters by number of rows.
    pub clusters: BTreeMap<u64, u64>,
    /// What the model expects.
    pub expected: Expected,
    /// The model beside what the pairs say of it, and the weights of the pairs.
    pub figures: LinkFigures,
}

/// What a blocking rule brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleReport {
    /// The rule in words.
    pub rule: String,
    /// Pairs that no earlier rule brought.
    pub pairs: u64,
    /// Rows of its largest blocks.
    pub largest: Vec<usize>,
}

/// Two tables that are compared, or one within itself.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PairReport {
    /// Names of the tables.
    pub sources: [String; 2],
    /// Whether a person has one row at most in the first when it has one in the second, and the other way.
    pub one: [bool; 2],
    /// Probability from which a pair is a link.
    pub link_at: f64,
    /// Probability from which a pair is written.
    pub keep_at: f64,
    /// Links.
    pub links: u64,
    /// Pairs for review.
    pub review: u64,
}

/// What the model expects, without any label. Right as far as its probabilities are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Expected {
    /// Share of wrong ones among the links.
    pub false_links: f64,
    /// True pairs, wherever they are.
    pub true_pairs: f64,
    /// Share of the true pairs that are links.
    pub found: f64,
    /// Share of the true pairs that wait for a person's look.
    pub in_review: f64,
    /// Share of the true pairs that were looked at and passed over.
    pub passed_over: f64,
    /// Share of the true pairs that no rule brought: what is left of the number that the prior says.
    pub not_brought: f64,
}

/// Seed of the draws that the interval of false links rests on.
const SEED: u64 = 20_240_115;

pub(super) fn of(
    plan: &LinkingPlan,
    frame: &Frame,
    rows: &Rows,
    scored: &Scored,
    verdicts: &[Verdict],
    clusters: &[u32],
    digests: Vec<String>,
) -> Report {
    let mut by_table: BTreeMap<String, u64> = frame.sources.iter().map(|name| (name.clone(), 0)).collect();
    for &source in &frame.source {
        *by_table.entry(frame.sources[usize::from(source)].clone()).or_insert(0) += 1;
    }
    let rules = plan.rule_words.iter().zip(&scored.rules).map(|(rule, count)| RuleReport {
        rule: rule.clone(),
        pairs: count.pairs,
        largest: count.largest.clone(),
    });
    let (mut links, mut review, mut apart) = (0, 0, 0);
    let tables = frame.sources.len();
    let mut of_sources = vec![(0, 0); tables * tables];
    for (pair, verdict) in scored.pairs.iter().zip(verdicts) {
        let (one, other) = (usize::from(rows.source(pair.left)), usize::from(rows.source(pair.right)));
        let found = &mut of_sources[one * tables + other];
        match verdict.decision {
            Decision::Link => {
                links += 1;
                found.0 += 1;
                apart += u64::from(clusters[pair.left as usize] != clusters[pair.right as usize]);
            }
            Decision::Review => {
                review += 1;
                found.1 += 1;
            }
            Decision::PassedOver => {}
        }
    }
    let expected = expected(plan, rows, scored, verdicts, links);
    Report {
        title: plan.title.clone(),
        rows: by_table,
        digests,
        possible_pairs: rows.possible_pairs(),
        rules: rules.collect(),
        pairs: scored.looked_at(),
        links,
        review,
        links_apart: apart,
        sources: pairs_of_sources(plan, frame, &of_sources),
        clusters: sizes(clusters),
        figures: LinkFigures { missed: missed(&expected), ..figures(plan, &scored.pairs, verdicts, links) },
        expected,
    }
}

/// The model beside what the pairs say of it. Sure passes and deliveries are not told of tables.
fn figures(plan: &LinkingPlan, pairs: &[Pair], verdicts: &[Verdict], links: u64) -> LinkFigures {
    let mut seen = Observed::none(plan.model.comparisons.len());
    pairs.iter().zip(verdicts).for_each(|(pair, verdict)| seen.add(pair.levels, verdict.probability));
    let mut levels = Vec::new();
    for (at, comparison) in plan.model.comparisons.iter().enumerate() {
        let (m, u) = comparison.tables();
        for (level, rung) in comparison.ladder.levels().into_iter().zip(&comparison.ladder.rungs) {
            let number = usize::from(level);
            if number > 0 {
                levels.push(LevelFigure {
                    comparator: comparison.ladder.name.clone(),
                    level: level.to_string(),
                    title: rung.label.clone(),
                    m: m[number],
                    u: u[number],
                    m_seen: ranged(seen.sum(at, number), seen.total(at)),
                    m_same_number: None,
                    u_seen: None,
                });
            }
        }
    }
    let linked = verdicts.iter().filter(|verdict| verdict.decision == Decision::Link);
    let wrong: f64 = linked.map(|verdict| 1.0 - verdict.probability).sum();
    let (low, high) = poisson_range(&[wrong], SEED);
    let false_links = Ranged { value: wrong, low, high };
    let share = |count: f64| if links > 0 { count / links as f64 } else { 0.0 };
    LinkFigures {
        levels,
        passes: vec![PassFigure {
            pass: "model".into(),
            title: pass_title("model").into(),
            links,
            false_links,
        }],
        false_links: Ranged { value: share(wrong), low: share(low), high: share(high) },
        weights: histogram(
            pairs
                .iter()
                .zip(verdicts)
                .filter(|(_, verdict)| verdict.decision != Decision::PassedOver)
                .map(|(pair, _)| pair.weight),
        ),
        link_bits: super::bits(plan.link_at),
        review_bits: super::bits(plan.keep_at),
        ..LinkFigures::default()
    }
}

/// The pairs of tables that are compared, with their thresholds and the links and pairs for review that were found.
fn pairs_of_sources(plan: &LinkingPlan, frame: &Frame, found: &[(u64, u64)]) -> Vec<PairReport> {
    let tables = 0..u16::try_from(frame.sources.len()).unwrap_or(u16::MAX);
    let pairs = tables.clone().flat_map(|one| (one..tables.end).map(move |other| (one, other)));
    let name = |table: u16| frame.sources[usize::from(table)].clone();
    pairs
        .filter(|&(one, other)| plan.policy.looked_at(one, other))
        .map(|(one, other)| {
            let held = plan.policy.of(one, other);
            let (links, review) = found[usize::from(one) * frame.sources.len() + usize::from(other)];
            PairReport {
                sources: [name(one), name(other)],
                one: [held.one, plan.policy.of(other, one).one],
                link_at: held.link_at,
                keep_at: held.keep_at,
                links,
                review,
            }
        })
        .collect()
}

fn sizes(clusters: &[u32]) -> BTreeMap<u64, u64> {
    let mut rows_of = vec![0_u64; clusters.len()];
    for &first in clusters {
        rows_of[first as usize] += 1;
    }
    let mut sizes = BTreeMap::new();
    rows_of.into_iter().filter(|&rows| rows > 0).for_each(|rows| *sizes.entry(rows).or_insert(0) += 1);
    sizes
}

fn expected(plan: &LinkingPlan, rows: &Rows, scored: &Scored, verdicts: &[Verdict], links: u64) -> Expected {
    let (mut linked, mut reviewed, mut below) = (0.0, 0.0, scored.true_below);
    for verdict in verdicts {
        *match verdict.decision {
            Decision::Link => &mut linked,
            Decision::Review => &mut reviewed,
            Decision::PassedOver => &mut below,
        } += verdict.probability;
    }
    let by_prior = plan.model.prior * rows.possible_pairs() as f64;
    let all = (linked + reviewed + below).max(by_prior);
    let share = |part: f64, of: f64| if of > 0.0 { part / of } else { 0.0 };
    Expected {
        false_links: share(links as f64 - linked, links as f64),
        true_pairs: all,
        found: share(linked, all),
        in_review: share(reviewed, all),
        passed_over: share(below, all),
        // Where the prior says fewer than were found, rounding must not leave less than none.
        not_brought: share((all - linked - reviewed - below).max(0.0), all),
    }
}

/// Share of the true pairs that are no links, with its interval. That pairs were missed which no rule brought is what
/// the prior says, and nobody has counted it: so the interval goes from what the pairs looked at say by themselves to
/// all that the prior expects.
fn missed(expected: &Expected) -> Ranged {
    let Expected { true_pairs: all, in_review, passed_over, found, .. } = *expected;
    if all <= 0.0 {
        return Ranged { value: 0.0, low: 0.0, high: 0.0 };
    }
    let seen = in_review + passed_over;
    let value = (1.0 - found).max(seen);
    let low = poisson_range(&[seen * all], SEED).0;
    let high = poisson_range(&[value * all], SEED).1;
    Ranged { value, low: low / all, high: (high / all).min(1.0) }
}
