//! How many links are wrong: by the probability of each, and by how sure m is.

use std::collections::BTreeMap;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::super::explain::pass_title;
use super::super::model::LinkModel;
use super::super::scorer::counted;
use super::super::settings::Settings;
use crate::domain::{HiddenFigure, Link, Lookup, PassFigure, Ranged};
use crate::kernel::draws::{normal, poisson_range};
use crate::kernel::em::LevelTable;
use crate::kernel::observed::Observed;

/// Times m is drawn around what tonight's pairs say.
const DRAWS: usize = 40;
/// Seed of the draws.
const SEED: u64 = 20_240_115;

/// Wrong links to expect by pass, and their share of all links.
pub(super) fn of(
    settings: &Settings,
    model: &LinkModel,
    seen: &Observed,
    links: &[Link],
) -> (Vec<PassFigure>, Ranged) {
    let mut passes: Vec<&str> = links.iter().map(|link| link.pass).collect();
    passes.sort_unstable();
    passes.dedup();
    let draws = shifts(settings, model, seen);
    let mut all = Wrong::default();
    let mut figures = Vec::new();
    for pass in passes {
        let of_pass: Vec<&Link> = links.iter().filter(|link| link.pass == pass).collect();
        let wrong = Wrong::of(settings, &of_pass, &draws);
        all.add(&wrong);
        figures.push(PassFigure {
            pass: pass.to_owned(),
            title: pass_title(pass).to_owned(),
            links: of_pass.len() as u64,
            false_links: wrong.count(),
        });
    }
    let all = all.count();
    let share = |count: f64| if links.is_empty() { 0.0 } else { count / links.len() as f64 };
    (figures, Ranged { value: share(all.value), low: share(all.low), high: share(all.high) })
}

/// Expected numbers of wrong links.
#[derive(Default)]
struct Wrong {
    /// Among links of the sure passes. Their probabilities are set by hand as what they are at least, so there
    /// may be fewer, down to none.
    at_most: f64,
    /// Among links of the model, for each draw of m.
    weighed: Vec<f64>,
}

impl Wrong {
    fn of(settings: &Settings, links: &[&Link], draws: &[LevelTable]) -> Self {
        let (sure, weighed): (Vec<&Link>, Vec<&Link>) = links.iter().partition(|link| link.levels.is_empty());
        let levels = |link: &&Link| -> (f64, Vec<(usize, usize)>) {
            let counts = counted(settings, &link.levels);
            let kept = link.levels.iter().enumerate().filter(|(at, _)| counts[*at]);
            (f64::from(link.probability), kept.map(|(at, &level)| (at, usize::from(level))).collect())
        };
        let weighed: Vec<(f64, Vec<(usize, usize)>)> = weighed.iter().map(levels).collect();
        Self {
            at_most: sure.iter().map(|link| 1.0 - f64::from(link.probability)).sum(),
            weighed: draws.iter().map(|shift| wrong(&weighed, shift)).collect(),
        }
    }

    fn add(&mut self, other: &Self) {
        self.at_most += other.at_most;
        self.weighed.resize(other.weighed.len(), 0.0);
        self.weighed.iter_mut().zip(&other.weighed).for_each(|(sum, mean)| *sum += mean);
    }

    fn count(&self) -> Ranged {
        let most: Vec<f64> = self.weighed.iter().map(|mean| mean + self.at_most).collect();
        let (low, high) = (poisson_range(&self.weighed, SEED).0, poisson_range(&most, SEED).1);
        Ranged { value: most.iter().sum::<f64>() / most.len().max(1) as f64, low, high }
    }
}

/// Share of those who were looked up and are to be found elsewhere that were not linked.
///
/// Who has candidates is one of them with the candidates' probability; who has none, or is none of them, may be
/// somebody whom no blocking rule brought, as often as the test by hidden numbers says. That rests on the model's
/// share of persons who have a partner at all, which nobody has counted; so the interval goes from what candidates
/// say to everybody who is not linked.
pub(super) fn missed(
    candidates: &[Link],
    lookups: &[Lookup],
    hidden: &HiddenFigure,
    model: &LinkModel,
) -> Ranged {
    let mut open: BTreeMap<u32, f64> = lookups
        .iter()
        .filter(|lookup| lookup.outcome != "linked")
        .map(|lookup| (lookup.mention, 0.0))
        .collect();
    let linked = (lookups.len() - open.len()) as f64;
    for candidate in candidates {
        for end in [candidate.left, candidate.right] {
            if let Some(sum) = open.get_mut(&end) {
                *sum += f64::from(candidate.probability);
            }
        }
    }
    let share = |missed: f64| if missed + linked > 0.0 { missed / (missed + linked) } else { 0.0 };
    let not_brought = hidden.not_brought as f64 / hidden.tested.max(1) as f64;
    let (hidden_there, absent) = (model.partner_share * not_brought, 1.0 - model.partner_share);
    let unseen = hidden_there / (hidden_there + absent);
    let told: f64 = open.values().map(|sum| sum.min(1.0)).sum();
    let all: f64 = open.values().map(|sum| (1.0 - sum.min(1.0)).mul_add(unseen, sum.min(1.0))).sum();
    let least = poisson_range(&[told], SEED).0;
    Ranged { value: share(all), low: share(least), high: share(open.len() as f64) }
}

/// Draws of m as tonight's pairs leave it open, each as bits that a level weighs more than in the model.
fn shifts(settings: &Settings, model: &LinkModel, seen: &Observed) -> Vec<LevelTable> {
    let (m, _) = model.tables(settings);
    let mut dice = ChaCha8Rng::seed_from_u64(SEED);
    let one = |dice: &mut ChaCha8Rng| -> LevelTable {
        m.iter()
            .enumerate()
            .map(|(at, of_model)| {
                let draw = |(level, &model): (usize, &f64)| {
                    let share = seen.m(at, level, model);
                    let error = (share * (1.0 - share) / (seen.total(at) + 1.0)).sqrt();
                    if level == 0 { 0.0 } else { error.mul_add(normal(dice), share).max(share / 10.0) }
                };
                let drawn: Vec<f64> = of_model.iter().enumerate().map(draw).collect();
                let sum: f64 = drawn.iter().sum();
                let bits =
                    drawn.iter().zip(of_model).skip(1).map(|(drawn, model)| (drawn / sum / model).log2());
                std::iter::once(0.0).chain(bits).collect()
            })
            .collect()
    };
    (0..DRAWS).map(|_| one(&mut dice)).collect()
}

/// Expected number of wrong ones among links of the model, given by probability and levels that count, when
/// levels weigh some bits more.
fn wrong(links: &[(f64, Vec<(usize, usize)>)], shift: &LevelTable) -> f64 {
    let of = |(probability, levels): &(f64, Vec<(usize, usize)>)| {
        let bits: f64 = levels.iter().map(|&(at, level)| shift[at].get(level).copied().unwrap_or(0.0)).sum();
        (1.0 - probability) / (1.0 - probability + probability * bits.exp2())
    };
    links.iter().map(of).sum()
}
