//! What linkage found, and who might be meant where somebody is missing.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::candidates::Index;
use super::clusters::Clusters;
use super::figures::{Survey, roles};
use super::fuzzy::grade;
use super::keys::KeyMaker;
use super::model::LinkModel;
use super::prepare::Prepared;
use super::scorer::{Scorer, differences};
use super::sure::Pairs;
use super::unit::{Unit, Units};
use crate::domain::{Link, LinkSummary, Lookup, NearMiss, NearMissFinder, ReviewPair};
use crate::kernel::weight;

/// What linkage found.
pub struct Linked<'a> {
    /// Links, sorted by the names of their mentions: a forest, one tree for each person.
    pub links: Vec<Link>,
    /// Pairs for review, sorted.
    pub review: Vec<ReviewPair>,
    /// Candidate pairs with their weight given their rivals, in order of content.
    pub candidates: Vec<Link>,
    /// Who was looked up, and what became of it.
    pub lookups: Vec<Lookup>,
    /// Figures.
    pub summary: LinkSummary,
    prepared: &'a Prepared<'a>,
    clusters: Clusters,
    units: Units,
    /// Unit of each mention that is the root of a set; `NO_UNIT` elsewhere.
    unit_of_root: Vec<u32>,
    model: LinkModel,
}

const NO_UNIT: u32 = u32::MAX;

/// What was weighed, as artifacts tell it.
#[derive(Default)]
pub(super) struct Found {
    pub(super) survey: Option<Survey>,
    pub(super) lookups: Vec<Lookup>,
}

impl<'a> Linked<'a> {
    pub(super) fn new(
        pairs: Pairs<'a>,
        model: LinkModel,
        review: Vec<ReviewPair>,
        found: Found,
        summary: LinkSummary,
    ) -> Self {
        let Pairs { prepared, mut clusters, units: old, linkage, .. } = pairs;
        drop(old);
        let mut links = std::mem::take(&mut clusters.links);
        links.par_sort_by_key(|link| (prepared.key(link.left), prepared.key(link.right)));
        let mut passes: Vec<(String, u64)> = Vec::new();
        for link in &links {
            match passes.iter_mut().find(|(pass, _)| pass == link.pass) {
                Some((_, n)) => *n += 1,
                None => passes.push((link.pass.to_owned(), 1)),
            }
        }
        passes.sort();
        let mut summary = LinkSummary { links: passes, review: review.len() as u64, ..summary };
        // Persons as they are now, so that a near miss is weighed with all that is known.
        let units = match linkage {
            super::Linkage::Model => Units::build(prepared, &clusters),
            super::Linkage::IdOnly => Units::none(),
        };
        let unit_of_root = units_by_root(prepared.len(), &units, &clusters);
        let Found { survey, lookups } = found;
        let told = survey.map(|survey| survey.finish(prepared.settings, &model, &links, &lookups));
        let (mut figures, candidates) = told.unzip();
        if let Some(figures) = &mut figures {
            let alone = |mention| clusters.size(mention) == 1;
            let comparable = |mention: u32| unit_of_root[clusters.root(mention) as usize] != NO_UNIT;
            figures.roles = roles(prepared, alone, comparable);
        }
        summary.figures = figures;
        let candidates = candidates.unwrap_or_default();
        Self { links, review, candidates, lookups, summary, prepared, clusters, units, unit_of_root, model }
    }

    /// The unit of a mention, when it has one.
    fn unit_of(&self, mention: u32) -> Option<u32> {
        Some(self.unit_of_root[self.clusters.root(mention) as usize]).filter(|&unit| unit != NO_UNIT)
    }

    /// What candidates were weighed with.
    pub(super) fn parts(&self) -> (&Prepared<'a>, &Clusters, &Units, &LinkModel) {
        (self.prepared, &self.clusters, &self.units, &self.model)
    }
}

/// Whether someone else's unit may be the one not found: not when both are known as two persons.
fn may_be(subject: &Unit, other: &Unit) -> bool {
    subject.hub != other.hub && subject.slots & other.slots == 0
}

impl NearMissFinder for Linked<'_> {
    fn near_misses(&self, subjects: &[u32], target: (u16, u8), per_subject: usize) -> Vec<NearMiss> {
        if self.units.all.is_empty() || subjects.is_empty() {
            return Vec::new();
        }
        let Self { prepared, clusters, units, .. } = self;
        // The mention of the target role that stands for each unit.
        let mut aimed: FxHashMap<u32, u32> = FxHashMap::default();
        for (at, mention) in prepared.of_extract(target.0) {
            if mention.role != target.1 {
                continue;
            }
            if let Some(unit) = self.unit_of(at) {
                let known = aimed.entry(unit).or_insert(at);
                if prepared.key(at) < prepared.key(*known) {
                    *known = at;
                }
            }
        }
        let asked: Vec<(u32, u32)> =
            subjects.iter().filter_map(|&subject| Some((subject, self.unit_of(subject)?))).collect();
        let mut probes: Vec<u32> = asked.iter().map(|&(_, unit)| unit).collect();
        probes.sort_unstable();
        probes.dedup();
        let maker = || KeyMaker { prepared, clusters, units };
        let index = Index::build(maker(), &probes, |unit| aimed.contains_key(&unit));
        let keep = weight::bits(prepared.settings.near_miss_at);
        let scorer = Scorer::new(prepared, clusters, units, &self.model, keep);
        let own = maker();
        asked
            .par_iter()
            .flat_map_iter(|&(subject, probe)| {
                let relatives = own.relatives(probe);
                let here = &units.all[probe as usize];
                let candidates = index.candidates(probe, &relatives).units.into_iter();
                let mut found: Vec<(f64, u64, NearMiss)> = candidates
                    .filter(|&other| may_be(here, &units.all[other as usize]))
                    .filter_map(|other| {
                        let scored = scorer.score(probe, other, &relatives)?;
                        let there = &units.all[other as usize];
                        let levels = scored.pattern.levels(prepared.settings.comparison.len());
                        let miss = near_miss(
                            (subject, aimed[&other]),
                            scored.weight,
                            grade(prepared, scored.pattern),
                            differences(prepared, &levels, here, there),
                        );
                        Some((scored.weight, there.key, miss))
                    })
                    .collect();
                found.sort_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)));
                found.into_iter().take(per_subject).map(|(_, _, miss)| miss)
            })
            .collect()
    }
}

fn near_miss(pair: (u32, u32), bits: f64, grade: crate::domain::Grade, difference: String) -> NearMiss {
    #[expect(clippy::cast_possible_truncation, reason = "weights and probabilities are shown, not summed")]
    let (weight, probability) = (bits as f32, weight::probability(bits) as f32);
    NearMiss { subject: pair.0, candidate: pair.1, weight, probability, grade, difference }
}

/// Unit of each set's root.
fn units_by_root(mentions: u32, units: &Units, clusters: &Clusters) -> Vec<u32> {
    let mut of_root = vec![NO_UNIT; mentions as usize];
    for (unit, at) in units.all.iter().zip(0..) {
        of_root[clusters.root(unit.hub) as usize] = at;
    }
    of_root
}
