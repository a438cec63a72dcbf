//! Near misses without those that a person has refuted: nobody is asked twice whether two rows are one.

use rustc_hash::FxHashSet;

use crate::domain::{
    IdentityId, Judgement, MentionRef, MentionSet, NearMiss, NearMissFinder, RecordSet, Resolution, Verdict,
    row_keys,
};

/// A finder that leaves out whom officers have told apart.
pub(super) struct Unrefuted<'a> {
    inner: &'a dyn NearMissFinder,
    resolution: &'a Resolution,
    /// Pairs of identities that are two persons, smaller first.
    apart: FxHashSet<(IdentityId, IdentityId)>,
}

impl<'a> Unrefuted<'a> {
    pub(super) fn new(
        inner: &'a dyn NearMissFinder,
        judgements: &[Judgement],
        records: &[RecordSet],
        mentions: &MentionSet,
        resolution: &'a Resolution,
    ) -> Self {
        let refuted = judgements.iter().filter(|judgement| judgement.verdict == Verdict::NotSame);
        let identity = |at| Some(resolution.identity[mention(at, records, mentions)?]);
        let apart = refuted.filter_map(|j| Some(ordered(identity(&j.left)?, identity(&j.right)?))).collect();
        Self { inner, resolution, apart }
    }
}

fn ordered(a: IdentityId, b: IdentityId) -> (IdentityId, IdentityId) {
    if a <= b { (a, b) } else { (b, a) }
}

/// The mention that a judgement names, when it is still there.
fn mention(
    (extract, row_key, role): &MentionRef,
    records: &[RecordSet],
    mentions: &MentionSet,
) -> Option<usize> {
    let at = records.iter().position(|set| set.extract == *extract)?;
    let role = records[at].contract.mention.iter().position(|spec| spec.role == *role)?;
    let row = row_keys(&records[at].batch)?.iter().position(|key| key == Some(row_key))?;
    let place = (u16::try_from(at).ok()?, u32::try_from(row).ok()?, u8::try_from(role).ok()?);
    mentions.mentions.binary_search_by_key(&place, |m| (m.extract, m.row, m.role)).ok()
}

impl NearMissFinder for Unrefuted<'_> {
    fn near_misses(&self, subjects: &[u32], target: (u16, u8), per_subject: usize) -> Vec<NearMiss> {
        if self.apart.is_empty() {
            return self.inner.near_misses(subjects, target, per_subject);
        }
        // As many more as could be left out for one subject, so that the next best is not lost.
        let mut found = self.inner.near_misses(subjects, target, per_subject + self.apart.len());
        let of = |mention: u32| self.resolution.identity[mention as usize];
        found.retain(|miss| !self.apart.contains(&ordered(of(miss.subject), of(miss.candidate))));
        let mut kept: Vec<NearMiss> = Vec::with_capacity(found.len());
        for miss in found {
            let of_subject = kept.iter().rev().take_while(|other| other.subject == miss.subject).count();
            if of_subject < per_subject {
                kept.push(miss);
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Grade;

    /// Gives the candidates 1, 2, 3 for every subject, best first, as many as are asked for.
    struct Three;

    impl NearMissFinder for Three {
        fn near_misses(&self, subjects: &[u32], _: (u16, u8), per_subject: usize) -> Vec<NearMiss> {
            let miss = |subject, candidate| NearMiss {
                subject,
                candidate,
                weight: 1.0,
                probability: 0.5,
                grade: Grade::C,
                difference: String::new(),
            };
            subjects.iter().flat_map(|&s| (1..4).take(per_subject).map(move |c| miss(s, c))).collect()
        }
    }

    #[test]
    fn a_refuted_candidate_makes_room_for_the_next_one_of_its_subject_only() {
        let resolution = Resolution {
            identity: (10..16).map(IdentityId).collect(),
            probability: vec![1.0; 6],
            grade: vec![Grade::A; 6],
            identities: Vec::new(),
            events: Vec::new(),
        };
        let finder = |apart: &[(i64, i64)]| Unrefuted {
            inner: &Three,
            resolution: &resolution,
            apart: apart.iter().map(|&(a, b)| ordered(IdentityId(a), IdentityId(b))).collect(),
        };
        let found = |apart: &[(i64, i64)]| -> Vec<(u32, u32)> {
            let misses = finder(apart).near_misses(&[0, 5], (0, 0), 2);
            misses.iter().map(|miss| (miss.subject, miss.candidate)).collect()
        };
        assert_eq!(found(&[]), [(0, 1), (0, 2), (5, 1), (5, 2)]);
        assert_eq!(found(&[(11, 10)]), [(0, 2), (0, 3), (5, 1), (5, 2)]);
        assert_eq!(found(&[(10, 11), (10, 12), (13, 10)]), [(5, 1), (5, 2)]);
    }
}
