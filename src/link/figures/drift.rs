//! Whether tonight's rows still fit the model: levels of rows that bear the same valid number, against m.
//!
//! Such rows are one person whatever their names say, so a delivery with names in the wrong rows or in a broken
//! encoding shows here, while the model's own links would hide it: names that do not agree make no link.

use super::super::model::LinkModel;
use super::super::prepare::Prepared;
use super::super::settings::{Attribute, Drift};
use super::levels::SameNumber;
use crate::domain::DriftFigure;
use crate::kernel::interval::{distance, distance_by_chance};
use crate::kernel::pattern::MAX_LEVELS;

/// What a person keeps: only there a distance is a fault of the data. People move and change their telephone.
const KEPT: [Attribute; 2] = [Attribute::Name, Attribute::Birth];

/// Every role and comparison with its distance from the model, in the order of the extracts. When nothing lies
/// further from the model than the tolerance, the whole night raises an alarm with a probability of at most
/// `drift_false_alarm`: each figure gets its equal part of it.
pub(super) fn figures(
    prepared: &Prepared<'_>,
    model: &LinkModel,
    same_number: &SameNumber,
) -> Vec<DriftFigure> {
    let settings = prepared.settings;
    let (m, _) = model.tables(settings);
    let kept = |attribute: &Attribute| KEPT.contains(attribute);
    let tests = same_number.counts.keys().filter(|(_, _, attribute)| kept(attribute)).count();
    let alarm = settings.drift_false_alarm / tests.max(1) as f64;
    let figure = |(&(extract, role, attribute), levels): (&(u16, u8, Attribute), &[u64; MAX_LEVELS])| {
        let at = settings.comparison.iter().position(|comparison| comparison.attribute == attribute)?;
        let pairs: u64 = levels.iter().skip(1).sum();
        let model: Vec<f64> = m[at].iter().skip(1).copied().collect();
        let all: f64 = model.iter().sum();
        let model: Vec<f64> = model.into_iter().map(|share| share / all).collect();
        let shares: Vec<f64> =
            levels[1..=model.len()].iter().map(|&n| n as f64 / pairs.max(1) as f64).collect();
        let far = distance(&shares, &model);
        let chance = distance_by_chance(model.len(), pairs as f64, alarm);
        let limit = (settings.drift_tolerance + chance).min(1.0);
        let (extract, role) = prepared.title((extract, role));
        Some(DriftFigure {
            extract: extract.to_owned(),
            role: role.to_owned(),
            comparator: settings.comparison[at].comparator.clone(),
            pairs,
            share: shares[0],
            expected: model[0],
            distance: far,
            limit,
            alarm: settings.drift != Drift::Off && kept(&attribute) && far > limit,
        })
    };
    same_number.counts.iter().filter_map(figure).collect()
}
