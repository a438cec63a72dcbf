//! Which papers a finding hangs on, and whether they name the person so that an office can be sure.
//!
//! The rule book lets a finding stand only where its papers carry the person's number; a name and a birth
//! date alone make a row for the annex. So an expectation whose paper came without a number, or with
//! somebody else's, is dropped: it is no finding yet. Papers with a second number (the roll's, the card's,
//! the child's code of civil affairs) are not asked.

use std::collections::BTreeMap;

use super::Expected;
use crate::synth::agencies::Row;
use crate::synth::layout::Extract;

/// Papers about the subject itself, by rule.
const OWN: &[(&str, &[Extract])] = &[
    ("d_child_labour_hint", &[Extract::Insurance]),
    ("d_migrant_child_no_roll", &[Extract::Residence]),
    ("d_outside_school_unproved", &[Extract::DropoutLedger]),
    ("d_relief_family_child_out", &[Extract::SocialRelief]),
    ("d_return_lost_again", &[Extract::DropoutLedger]),
    ("e_adopted", &[Extract::Adopted]),
    ("e_dibao_headcount", &[Extract::SocialRelief]),
    ("e_living_no_dibao", &[Extract::SocialRelief]),
    ("e_orphan_dibao", &[Extract::SocialRelief]),
    ("e_recipient_in_custody", &[Extract::PrisonTerm]),
    ("e_tk_minor_18", &[Extract::SocialRelief]),
    ("u_living_missing", &[Extract::SocialRelief]),
    ("u_serious_ill", &[Extract::SeriousIllness]),
    ("x_child_hospital", &[Extract::SeriousIllness]),
    ("u_poor_family", &[Extract::SocialRelief]),
];

/// Keeps what the papers of a chunk show.
pub(crate) fn shown(expected: Vec<Expected>, rows: &[Vec<Row>]) -> Vec<Expected> {
    let mut asked: BTreeMap<(Extract, u64), Vec<bool>> = BTreeMap::new();
    for one in &expected {
        asked.extend(papers(one).map(|paper| (paper, Vec::new())));
    }
    let mut extracts: Vec<Extract> = asked.keys().map(|paper| paper.0).collect();
    extracts.dedup();
    for extract in extracts {
        // These are about several: a child beside the grown-up it came with, a carer beside the child, the
        // head of a household in its own row, parents in the row of a brother or sister.
        let named = match extract {
            Extract::Residence | Extract::CareAgreement | Extract::SocialRelief => 2,
            Extract::ChildRoster => usize::MAX,
            _ => 1,
        };
        for mention in rows[extract.index()].iter().flat_map(|row| row.mentions.iter().take(named)) {
            if let Some(known) = asked.get_mut(&(extract, mention.person)) {
                known.push(mention.numbered());
            }
        }
    }
    let sure = |paper: (Extract, u64)| asked[&paper].is_empty() || asked[&paper].contains(&true);
    expected.into_iter().filter(|one| papers(one).all(sure)).collect()
}

/// Everything a finding hangs on.
fn papers(one: &Expected) -> impl Iterator<Item = (Extract, u64)> {
    let own = OWN.iter().find(|(rule, _)| *rule == one.rule).map_or(&[][..], |(_, extracts)| *extracts);
    own.iter().map(|&extract| (extract, one.person)).chain(one.papers.iter().copied())
}
