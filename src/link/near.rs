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
use super::review;
use super::scorer::{Scorer, differences};
use super::sure::Pairs;
use super::unit::{Unit, Units};
use crate::comparator::{birth_date, sex};
use crate::domain::{Grade, Link, LinkSummary, Lookup, NearMiss, NearMissFinder, Relation, ReviewPair};
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
        let links = sorted(prepared, &std::mem::take(&mut clusters.links));
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

    /// For each mention, whether its number is held to be somebody else's.
    pub fn disputed(&self) -> &[bool] {
        &self.clusters.disputed
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
        let mut found = self.doubted(subjects, target);
        found.extend(self.born_too_close(subjects, target));
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
        let weighed: Vec<NearMiss> = asked
            .par_iter()
            .flat_map_iter(|&(subject, probe)| {
                let relatives = own.relatives(probe);
                let here = &units.all[probe as usize];
                let candidates = index.candidates(probe, &relatives).units;
                let scored: Vec<NearMiss> = candidates
                    .into_iter()
                    .filter(|&other| may_be(here, &units.all[other as usize]))
                    .filter_map(|other| {
                        let scored = scorer.score(probe, other, &relatives)?;
                        let there = &units.all[other as usize];
                        let levels = scored.pattern.levels(prepared.settings.comparison.len());
                        Some(near_miss(
                            (subject, aimed[&other]),
                            scored.weight,
                            grade(prepared, scored.pattern),
                            differences(prepared, &levels, here, there),
                        ))
                    })
                    .collect();
                scored
            })
            .collect();
        found.extend(weighed);
        best_of(prepared, clusters, found, per_subject)
    }
}

impl Linked<'_> {
    /// Rows of the role searched that a sure pass took for the subject or for nobody, and left to a person to
    /// decide (the same number beside another name, say): weighed or not, they may be the one not found.
    fn doubted(&self, subjects: &[u32], target: (u16, u8)) -> Vec<NearMiss> {
        let Self { prepared, clusters, .. } = self;
        let left_open = self.review.iter().filter(|pair| pair.link.pass == review::LEFT_OPEN);
        let mut partners: FxHashMap<u32, Vec<(u32, &ReviewPair)>> = FxHashMap::default();
        for pair in left_open {
            let (left, right) = (clusters.root(pair.link.left), clusters.root(pair.link.right));
            partners.entry(left).or_default().push((right, pair));
            partners.entry(right).or_default().push((left, pair));
        }
        if partners.is_empty() {
            return Vec::new();
        }
        let mut aimed: FxHashMap<u32, u32> = FxHashMap::default();
        for (at, mention) in prepared.of_extract(target.0) {
            let root = clusters.root(at);
            if mention.role == target.1 && partners.contains_key(&root) {
                let known = aimed.entry(root).or_insert(at);
                if prepared.key(at) < prepared.key(*known) {
                    *known = at;
                }
            }
        }
        let mut found = Vec::new();
        for &subject in subjects {
            let open = partners.get(&clusters.root(subject)).into_iter().flatten();
            found.extend(open.filter_map(|(other, pair)| {
                let link = &pair.link;
                let at = *aimed.get(other)?;
                if self.are_two(subject, at) {
                    return None;
                }
                Some(NearMiss {
                    subject,
                    candidate: at,
                    weight: link.weight,
                    probability: link.probability,
                    grade: link.grade,
                    difference: pair.difference.clone(),
                })
            }));
        }
        found
    }
}

/// Days within which one mother has no two children, but for twins, who are born on one day or the next.
const NO_SECOND_BIRTH: i32 = 180;

impl Linked<'_> {
    /// Rows of the role searched that name the subject's mother, and a birth too close to the subject's for a
    /// brother or sister: the date is wrong, whatever the name says. A year group begins on a day, so dates near
    /// it are written to suit.
    fn born_too_close(&self, subjects: &[u32], target: (u16, u8)) -> Vec<NearMiss> {
        let Self { prepared, clusters, .. } = self;
        let mother = |at: u32| {
            let role = prepared.mention(at).role;
            let mates = prepared.row(at).filter(move |&mate| mate != at);
            mates
                .filter(move |&mate| {
                    let mate = prepared.mention(mate);
                    mate.relation == Relation::Mother && mate.of == Some(role)
                })
                .map(|mate| clusters.root(mate))
        };
        let mut of_mother: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for &subject in subjects {
            for root in mother(subject) {
                of_mother.entry(root).or_default().push(subject);
            }
        }
        if of_mother.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (at, mention) in prepared.of_extract(target.0).filter(|(_, mention)| mention.role == target.1) {
            for &subject in mother(at).filter_map(|root| of_mother.get(&root)).flatten() {
                let other = prepared.mention(subject);
                let Some((here, there)) = other.birth.zip(mention.birth) else { continue };
                let apart = (here.days() - there.days()).abs();
                let may_be = sex::compare(other.sex, mention.sex) != sex::DIFFERENT
                    && clusters.root(subject) != clusters.root(at)
                    && !self.known_as_two(subject, at);
                if may_be && (1..=NO_SECOND_BIRTH).contains(&apart) {
                    found.push(NearMiss {
                        subject,
                        candidate: at,
                        weight: 0.0,
                        probability: 0.5,
                        grade: Grade::C,
                        difference: format!("母亲为同一人，出生日期相差 {apart} 天（不会是同胞）"),
                    });
                }
            }
        }
        found
    }

    /// Whether two mentions are two persons by their numbers or by two rows of one register.
    fn known_as_two(&self, a: u32, b: u32) -> bool {
        let (x, y) = (self.clusters.id_of(a), self.clusters.id_of(b));
        let rows = |(a, b): (u32, u32)| !may_be(&self.units.all[a as usize], &self.units.all[b as usize]);
        (x != 0 && y != 0 && x != y) || self.unit_of(a).zip(self.unit_of(b)).is_some_and(rows)
    }

    /// Whether two mentions have turned out to be two persons: by their numbers, by two rows of one register,
    /// or by birth date or sex.
    fn are_two(&self, a: u32, b: u32) -> bool {
        let units = self.unit_of(a).zip(self.unit_of(b));
        self.known_as_two(a, b)
            || units.is_some_and(|(a, b)| {
                let (a, b) = (&self.units.all[a as usize], &self.units.all[b as usize]);
                birth_date::compare(a.birth, b.birth) == birth_date::DIFFERENT
                    || sex::compare(a.sex, b.sex) == sex::DIFFERENT
            })
    }
}

/// The best few of each subject, each candidate once; content decides between equals.
fn best_of(
    prepared: &Prepared<'_>,
    clusters: &Clusters,
    mut found: Vec<NearMiss>,
    per_subject: usize,
) -> Vec<NearMiss> {
    found.sort_by(|x, y| {
        let key = |miss: &NearMiss| (prepared.key(miss.subject), miss.subject);
        let by_weight = || y.weight.total_cmp(&x.weight);
        let by_content = || prepared.key(x.candidate).cmp(&prepared.key(y.candidate));
        key(x).cmp(&key(y)).then_with(by_weight).then_with(by_content)
    });
    let mut kept: Vec<NearMiss> = Vec::with_capacity(found.len());
    let mut of_subject: Vec<u32> = Vec::new();
    for miss in found {
        if kept.last().is_none_or(|last| last.subject != miss.subject) {
            of_subject.clear();
        }
        let root = clusters.root(miss.candidate);
        if of_subject.len() < per_subject && !of_subject.contains(&root) {
            of_subject.push(root);
            kept.push(miss);
        }
    }
    kept
}

fn near_miss(pair: (u32, u32), bits: f64, grade: crate::domain::Grade, difference: String) -> NearMiss {
    #[expect(clippy::cast_possible_truncation, reason = "weights and probabilities are shown, not summed")]
    let (weight, probability) = (bits as f32, weight::probability(bits) as f32);
    NearMiss { subject: pair.0, candidate: pair.1, weight, probability, grade, difference }
}

/// Links by the names of their mentions. The names are sorted and not the links, which are ten times as heavy.
fn sorted(prepared: &Prepared<'_>, links: &[Link]) -> Vec<Link> {
    let of = |(at, link): (u32, &Link)| (prepared.key(link.left), prepared.key(link.right), at);
    let mut order: Vec<(u64, u64, u32)> = (0..).zip(links).map(of).collect();
    order.par_sort_unstable();
    order.par_iter().map(|&(.., at)| links[at as usize].clone()).collect()
}

/// Unit of each set's root.
fn units_by_root(mentions: u32, units: &Units, clusters: &Clusters) -> Vec<u32> {
    let mut of_root = vec![NO_UNIT; mentions as usize];
    for (unit, at) in units.all.iter().zip(0..) {
        of_root[clusters.root(unit.hub) as usize] = at;
    }
    of_root
}
