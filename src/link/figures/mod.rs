//! What to expect of a linkage, without labels.
//!
//! In: the pairs of the run, as its own scorer weighed them, and rows that bear the same valid number, which
//! are nearly always one person. Out: [`LinkFigures`]: errors to expect, how sure m and u are, how full the
//! deliveries are, whether they still fit the model. It must never change what is linked, and every draw
//! is made by content, so that neither the order of rows nor the number of threads shows.

mod drift;
mod expected;
mod hidden;
mod levels;
mod roles;

use super::assign::Edge;
use super::clusters::Reason;
use super::fuzzy::grade;
use super::model::LinkModel;
use super::settings::Settings;
use super::sure::Pairs;
use crate::domain::{Link, LinkFigures, Lookup, Ranged};
use crate::kernel::interval::{Z95, wilson};
use crate::kernel::observed::Observed;
use crate::kernel::weight;

pub(super) use hidden::known;
pub(super) use levels::{SameNumber, drawn};
pub(super) use roles::roles;

/// What has to be looked at before links change who is one person.
pub(super) struct Survey {
    figures: LinkFigures,
    seen: Observed,
    /// Candidate pairs with their weight given their rivals, in order of content.
    candidates: Vec<Link>,
}

impl Survey {
    /// Looks at the weighed candidates, at random pairs, at rows of one number, and tests the linkage by
    /// hidden numbers. What it changes in `pairs` it puts back.
    pub(super) fn take(pairs: &mut Pairs<'_>, model: &LinkModel, edges: &[Vec<Edge>; 2]) -> Self {
        let settings = pairs.prepared.settings;
        let all = || edges.iter().flatten();
        // Of somebody with a number there is one at most; among rows without there may be many of one person.
        let seen = levels::seen(settings, edges[0].iter());
        let same_number = levels::SameNumber::count(pairs.prepared, &pairs.same_number);
        let random = levels::random(pairs, model);
        let mut figures = LinkFigures {
            levels: levels::figures(settings, model, &seen, &same_number, &random),
            drift: drift::figures(pairs.prepared, model, &same_number),
            hidden: hidden::test(pairs, model, edges),
            looked_up: pairs.units.all.iter().filter(|unit| unit.probe).count() as u64,
            link_bits: weight::bits(settings.link_at),
            review_bits: weight::bits(settings.review_at),
            ..LinkFigures::default()
        };
        figures.weights = histogram(all().map(|edge| weight::bits(edge.probability)));
        let candidates = all().map(|edge| candidate(pairs, edge)).collect();
        Self { figures, seen, candidates }
    }

    /// The figures, once the links are made; these come sorted, so that sums are the same for any order of rows.
    pub(super) fn finish(
        mut self,
        settings: &Settings,
        model: &LinkModel,
        links: &[Link],
        lookups: &[Lookup],
    ) -> (LinkFigures, Vec<Link>) {
        let of = |outcome: &str| lookups.iter().filter(|lookup| lookup.outcome == outcome).count() as u64;
        (self.figures.linked, self.figures.in_review) = (of("linked"), of("review"));
        self.figures.missed = expected::missed(&self.candidates, lookups, &self.figures.hidden, model);
        let (passes, all) = expected::of(settings, model, &self.seen, links);
        (self.figures.passes, self.figures.false_links) = (passes, all);
        (self.figures, self.candidates)
    }
}

/// A pair as artifacts tell it.
fn candidate(pairs: &Pairs<'_>, edge: &Edge) -> Link {
    let hub = |unit: u32| pairs.units.all[unit as usize].hub;
    let pattern = edge.scored.pattern;
    let mut reason = Reason::new("model", edge.probability, grade(pairs.prepared, pattern));
    reason.pattern = Some(pattern);
    pairs.clusters.link(hub(edge.probe), hub(edge.other), reason)
}

/// What became of everybody who was looked up, in the order of units.
pub(super) fn lookups(pairs: &Pairs<'_>, in_review: &[Edge]) -> Vec<Lookup> {
    let mut linked: Vec<u32> = pairs
        .clusters
        .links
        .iter()
        .filter(|link| link.pass == "model")
        .flat_map(|link| [link.left, link.right])
        .collect();
    let mut waiting: Vec<u32> = in_review.iter().flat_map(|edge| [edge.probe, edge.other]).collect();
    linked.sort_unstable();
    waiting.sort_unstable();
    let outcome = |unit: u32, hub: u32| {
        if linked.binary_search(&hub).is_ok() {
            "linked"
        } else if waiting.binary_search(&unit).is_ok() {
            "review"
        } else {
            "none"
        }
    };
    let probes = (0_u32..).zip(&pairs.units.all).filter(|(_, unit)| unit.probe);
    probes
        .map(|(at, unit)| Lookup {
            mention: unit.hub,
            mentions: u32::try_from(pairs.units.members(at).len()).unwrap_or(u32::MAX),
            outcome: outcome(at, unit.hub),
        })
        .collect()
}

/// Numbers of weights by steps of [`LinkFigures::STEP`] bits.
pub fn histogram(weights: impl Iterator<Item = f64>) -> Vec<(i32, u64)> {
    let mut bars = std::collections::BTreeMap::new();
    for weight in weights {
        let step = f64::from(LinkFigures::STEP);
        #[expect(clippy::cast_possible_truncation, reason = "weights lie within ± 60 bits")]
        let edge = ((weight / step).floor() * step) as i32;
        *bars.entry(edge).or_insert(0) += 1;
    }
    bars.into_iter().collect()
}

/// A share with the interval that holds the true one 95 times in 100; both numbers may be sums of probabilities.
pub fn ranged(hits: f64, of: f64) -> Ranged {
    // Of a sum of probabilities the next whole numbers, so that half a hit does not rule out none.
    let (low, high) = (wilson(hits.floor(), of, Z95).0, wilson(hits.ceil(), of, Z95).1);
    Ranged { value: if of > 0.0 { hits / of } else { 0.0 }, low, high }
}
