//! Stages compare, fit and score: persons without a number against everybody, by the model.

use rayon::prelude::*;

use super::assign::{Edge, exclusive, mark_ties};
use super::candidates::{BlockFigures, Index};
use super::clusters::{Care, Joined, Reason};
use super::figures::{self, Survey};
use super::keys::KeyMaker;
use super::model::LinkModel;
use super::near::{Found, Linked};
use super::prepare::Prepared;
use super::scorer::Scorer;
use super::settings::Attribute;
use super::sure::{Pairs, beside};
use super::unit::{Unit, Units};
use super::{Linkage, review};
use crate::comparator::{birth_date, person_name, relatives, resident_id, sex};
use crate::domain::{Grade, LinkSummary};
use crate::kernel::em;
use crate::kernel::pattern::{Pattern, PatternCounts};
use crate::kernel::weight;

/// Candidate pairs that can be compared: lazy, a pair's levels live only while it is weighed.
pub struct Vectors<'a> {
    pub(super) pairs: Pairs<'a>,
}

/// Stage compare: from here on pairs are seen as patterns of levels.
pub fn compare(pairs: Pairs<'_>) -> Vectors<'_> {
    Vectors { pairs }
}

/// Stage fit: the frozen model as it is, or with m fitted to tonight's patterns when the settings say
/// so. u and the prior stay the model's: among candidates that blocking chose, chance agreement is
/// not what it is among all pairs.
pub fn fit(vectors: &Vectors<'_>, frozen: &LinkModel) -> LinkModel {
    let prepared = vectors.pairs.prepared;
    if !prepared.settings.fit || vectors.pairs.linkage == Linkage::IdOnly {
        return frozen.clone();
    }
    let counts = vectors.pattern_counts(frozen);
    let (m, u) = frozen.tables(prepared.settings);
    let prior = frozen.partner_share / prepared.frequency.total.max(2.0);
    let start = em::Start { m, u, prior, fit_u: false, fit_prior: false, rounds: 200, tolerance: 1e-7 };
    let fitted = em::fit(&counts, &start);
    let words = format!("{}; m by EM on {} candidate pairs of the run", frozen.fitted_on, counts.pairs());
    frozen.with_tables(prepared.settings, &fitted.m, &fitted.u, words)
}

impl Vectors<'_> {
    /// How often each pattern occurs among the candidates of all probes.
    pub fn pattern_counts(&self, model: &LinkModel) -> PatternCounts {
        let Pairs { prepared, clusters, units, .. } = &self.pairs;
        let scorer = Scorer::new(prepared, clusters, units, model, -weight::LIMIT_BITS);
        let (edges, _) = edges(&self.pairs, &scorer, &probes(units), |_| true);
        let mut counts = PatternCounts::default();
        for edge in edges {
            counts.add(edge.scored.pattern, 1);
        }
        counts
    }
}

/// Units that are looked up among the others.
pub(super) fn probes(units: &Units) -> Vec<u32> {
    let all = units.all.iter().enumerate();
    all.filter(|(_, unit)| unit.probe).filter_map(|(at, _)| u32::try_from(at).ok()).collect()
}

/// All pairs of these units with eligible ones that are worth keeping, each once, sorted by probe and candidate.
pub(super) fn edges(
    pairs: &Pairs<'_>,
    scorer: &Scorer<'_>,
    probes: &[u32],
    eligible: impl Fn(u32) -> bool + Sync,
) -> (Vec<Edge>, BlockFigures) {
    let Pairs { prepared, clusters, units, .. } = pairs;
    let maker = || KeyMaker { prepared, clusters, units };
    let index = Index::build(maker(), probes, eligible);
    let own = maker();
    let parts: Vec<(Vec<Edge>, BlockFigures)> = probes
        .par_chunks(256)
        .map(|chunk| {
            let (mut edges, mut figures) = (Vec::new(), BlockFigures::default());
            for &probe in chunk {
                let relatives = own.relatives(probe);
                let found = index.candidates(probe, &relatives);
                figures.add(&found);
                for &other in &found.units {
                    // Two probes meet twice; the one that content names first keeps the pair.
                    let twice = units.all[other as usize].probe && other < probe;
                    let (here, there) = (&units.all[probe as usize], &units.all[other as usize]);
                    // Whom a person has told apart is no candidate and nobody's rival.
                    if twice || !may_be_one(here, there) || clusters.told_apart(here.hub, there.hub) {
                        continue;
                    }
                    if let Some(scored) = scorer.score(probe, other, &relatives) {
                        edges.push(Edge {
                            probe,
                            other,
                            scored,
                            probability: weight::probability(scored.weight),
                            tied: 0,
                        });
                    }
                }
            }
            (edges, figures)
        })
        .collect();
    let mut all = Vec::new();
    let mut figures = BlockFigures::default();
    for (edges, part) in parts {
        all.extend(edges);
        figures = figures.plus(part);
    }
    (all, figures)
}

/// Whether two units can be one person at all: not two numbers, not two rows of one list of persons.
pub(super) fn may_be_one(a: &Unit, b: &Unit) -> bool {
    a.slots & b.slots == 0 && (a.id == 0 || b.id == 0)
}

/// All pairs worth keeping with their probability given their rivals: first those with somebody who has
/// a number, then those among persons who have none.
pub(super) fn weighed(pairs: &Pairs<'_>, model: &LinkModel) -> ([Vec<Edge>; 2], BlockFigures) {
    let Pairs { prepared, clusters, units, .. } = pairs;
    let settings = prepared.settings;
    let keep = weight::bits(settings.review_at.min(settings.near_miss_at).max(0.001));
    let scorer = Scorer::new(prepared, clusters, units, model, keep);
    let (edges, figures) = edges(pairs, &scorer, &probes(units), |_| true);
    let is_known = |edge: &Edge| !units.all[edge.other as usize].probe;
    let (mut known, mut alike): (Vec<Edge>, Vec<Edge>) = edges.into_iter().partition(is_known);
    let slots = |unit: u32| units.all[unit as usize].slots;
    for edges in [&mut known, &mut alike] {
        exclusive(edges, units.all.len(), slots);
        mark_ties(edges, (settings.review_at, settings.link_at), slots);
    }
    ([known, alike], figures)
}

/// Stage score: links what is sure, leaves to a person what is not.
pub fn score<'a>(vectors: Vectors<'a>, model: &LinkModel) -> Linked<'a> {
    let mut pairs = vectors.pairs;
    let prepared = pairs.prepared;
    let mut summary = LinkSummary { mentions: u64::from(prepared.len()), ..LinkSummary::default() };
    let (mut candidates, mut found) = (Vec::new(), Found::default());
    if pairs.linkage == Linkage::Model {
        let settings = prepared.settings;
        let (edges, figures) = weighed(&pairs, model);
        (summary.pairs, summary.oversized) = figures.told(settings);
        let survey = Survey::take(&mut pairs, model, &edges);
        for edges in edges {
            candidates.extend(join(&mut pairs, edges));
        }
        let lookups = figures::lookups(&pairs, &candidates);
        beside(prepared, &mut pairs.clusters, &mut pairs.doubtful);
        found = Found { survey: Some(survey), lookups };
    }
    pairs.clusters.flatten();
    let review = review::pairs(&pairs, &candidates);
    summary.tied = review.iter().filter(|pair| pair.tied > 0).count() as u64;
    summary.contradicted = pairs.contradicted.len() as u64;
    Linked::new(pairs, model.clone(), review, found, summary)
}

/// Links the pairs that are sure, surest first, and gives those that a person has to look at.
fn join(pairs: &mut Pairs<'_>, mut edges: Vec<Edge>) -> Vec<Edge> {
    let Pairs { prepared, clusters, units, .. } = pairs;
    let key = |edge: &Edge| (units.all[edge.probe as usize].key, units.all[edge.other as usize].key);
    edges.par_sort_by(|x, y| y.probability.total_cmp(&x.probability).then_with(|| key(x).cmp(&key(y))));
    let mut doubtful = Vec::new();
    for edge in edges {
        let (a, b) = (&units.all[edge.probe as usize], &units.all[edge.other as usize]);
        if edge.probability >= prepared.settings.link_at {
            let grade = grade(prepared, edge.scored.pattern);
            let mut reason = Reason::new("model", edge.probability, grade);
            reason.pattern = Some(edge.scored.pattern);
            match clusters.join(a.hub, b.hub, Care::Fuzzy, reason) {
                Joined::Done | Joined::Already | Joined::Forbidden => continue,
                Joined::NumberConflict | Joined::RowConflict => {}
            }
        }
        if edge.probability >= prepared.settings.review_at || edge.tied > 0 {
            doubtful.push(edge);
        }
    }
    clusters.flatten();
    doubtful
}

/// C when name, birth date and sex agree and one more thing does, or when the number is one slip away
/// and the name agrees; else D.
pub(super) fn grade(prepared: &Prepared<'_>, pattern: Pattern) -> Grade {
    let level = |attribute: Attribute| {
        let at = prepared.settings.comparison.iter().position(|c| c.attribute == attribute);
        at.map_or(0, |at| pattern.level(at))
    };
    let name = level(Attribute::Name);
    let named = (person_name::EXACT..=person_name::SEVERAL).contains(&name);
    let number = matches!(
        level(Attribute::ResidentId),
        resident_id::SAME | resident_id::ONE_EDIT | resident_id::TWO_EDITS | resident_id::LOST_AGREES
    );
    let born = level(Attribute::Birth) == birth_date::SAME;
    let sexes = level(Attribute::Sex) != sex::DIFFERENT;
    let kin = matches!(level(Attribute::Relatives), 1..relatives::CONFLICT);
    let more = kin || matches!(level(Attribute::Place), 1..=3) || level(Attribute::Phone) == 1;
    if named && sexes && (number || (born && more)) { Grade::C } else { Grade::D }
}
