//! What a linkage tells of itself, labels or none.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::comparator::generic::Frame;
use crate::link::generic::{Rows, Scored};
use crate::link::splink::probability;
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
    /// Clusters by number of rows.
    pub clusters: BTreeMap<u64, u64>,
    /// What the model expects.
    pub expected: Expected,
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

pub(super) fn of(
    plan: &LinkingPlan,
    frame: &Frame,
    rows: &Rows,
    scored: &Scored,
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
    for pair in &scored.pairs {
        let probability = probability(pair.weight);
        if probability >= plan.link_at {
            links += 1;
            apart += u64::from(clusters[pair.left as usize] != clusters[pair.right as usize]);
        } else if probability >= plan.keep_at {
            review += 1;
        }
    }
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
        clusters: sizes(clusters),
        expected: expected(plan, rows, scored, links),
    }
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

fn expected(plan: &LinkingPlan, rows: &Rows, scored: &Scored, links: u64) -> Expected {
    let (mut linked, mut reviewed, mut below) = (0.0, 0.0, scored.true_below);
    for pair in &scored.pairs {
        let probability = probability(pair.weight);
        if probability >= plan.link_at {
            linked += probability;
        } else if probability >= plan.keep_at {
            reviewed += probability;
        } else {
            below += probability;
        }
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
        not_brought: share(all - linked - reviewed - below, all),
    }
}
