//! The model of a night once more, from the night itself.
//!
//! How often persons without a number agree is what expectation-maximisation says of them and of what officers have
//! answered. They are few, so it hardly says how the others differ; rows that bear one valid number in two extracts are
//! many, and nearly always one person, but better kept than rows without a number. So of these only the shape of the
//! differences is taken: each level's part of all that do not agree. u is counted on random pairs wherever these hold
//! enough of a level, and stays what it was where they do not.

use super::Linkage;
use super::figures::{SameNumber, drawn};
use super::labelled::{Learned, estimate};
use super::model::LinkModel;
use super::prepare::Prepared;
use super::settings::Attribute;
use super::sure::block;
use crate::domain::{Judgement, KnownBefore};
use crate::kernel::em::LevelTable;
use crate::kernel::pattern::MAX_LEVELS;

/// Pairs drawn for u.
pub const RANDOM_PAIRS: u64 = 2_000_000;

/// Pairs of a level among those drawn that u is counted from; fewer say too little.
const COUNTED: f64 = 50.0;

/// The level on which everything agrees.
const AGREES: usize = 1;

/// A model and what it rests on.
#[derive(Clone, Debug)]
pub struct Refitted {
    /// The model, its levels before and after, and what became of the answers.
    pub learned: Learned,
    /// Rows of one valid number.
    pub same_number: u64,
    /// Levels whose u was counted, of all levels.
    pub counted: (u64, u64),
}

/// Estimates m and u of the model anew from the rows of a night and the answers that there are. The share of partners
/// and the classes of resembling persons stay.
pub fn refit(prepared: &Prepared<'_>, judgements: &[Judgement], frozen: &LinkModel) -> Refitted {
    let settings = prepared.settings;
    let pairs = block(prepared, KnownBefore::default(), Linkage::Model);
    let (mut learned, seen) = estimate(&pairs, judgements, frozen);
    let (mut m, mut u) = learned.model.tables(settings);
    let same_number = SameNumber::count(prepared, &pairs.same_number);
    let mut errors: LevelTable = m.iter().map(|levels| vec![0.0; levels.len()]).collect();
    for (at, comparison) in settings.comparison.iter().enumerate() {
        let known = same_number.of(comparison.attribute).unwrap_or([0; MAX_LEVELS]);
        errors[at] = shape(&mut m[at], &known, seen.total(at));
    }
    let random = drawn(&pairs, frozen, RANDOM_PAIRS);
    let prior = frozen.partner_share / (pairs.units.all.len() as f64).max(2.0);
    let counted = random.iter().zip(&m).zip(&mut u).map(|((counts, m), u)| count(u, m, counts, prior)).sum();
    let levels = u.iter().map(|levels| levels.len().saturating_sub(1) as u64).sum();
    learned.model = learned.model.with_tables(settings, &m, &u, frozen.fitted_on.clone());
    let places =
        m.iter().enumerate().flat_map(|(at, levels)| (1..levels.len()).map(move |level| (at, level)));
    for (told, (at, level)) in learned.levels.iter_mut().zip(places) {
        (told.m, told.m_error, told.u) = (m[at][level], errors[at][level], u[at][level]);
    }
    let same_number = same_number.of(Attribute::Name).map_or(0, |levels| levels.iter().sum());
    Refitted { learned, same_number, counted: (counted, levels) }
}

/// Parts of what does not agree, as rows of one number have them, with the pseudo-pair that keeps a level nobody has
/// seen; gives the standard errors. `seen` is how many persons the agreement rests on.
fn shape(m: &mut [f64], known: &[u64; MAX_LEVELS], seen: f64) -> Vec<f64> {
    let differ = 1.0 - m.get(AGREES).copied().unwrap_or(1.0);
    let agree_error = (differ * (1.0 - differ) / (seen + 1.0)).sqrt();
    let all: u64 = known.iter().skip(AGREES + 1).sum();
    let before: f64 = m.iter().skip(AGREES + 1).sum();
    let mut errors = vec![0.0; m.len()];
    for (level, share) in m.iter_mut().enumerate().skip(1) {
        errors[level] = (*share * (1.0 - *share) / (seen + 1.0)).sqrt();
        if level > AGREES && all > 0 && before > 0.0 {
            let part = (known[level] as f64 + *share / before) / (all as f64 + 1.0);
            *share = differ * part;
            let of_part = differ * (part * (1.0 - part) / (all as f64 + 1.0)).sqrt();
            errors[level] = (part * agree_error).hypot(of_part);
        }
    }
    errors
}

/// u of the levels that random pairs hold enough of; the others share what is left in their old proportions. Random
/// pairs hold a few people too, a part `prior` of them on the levels that m says: these are taken out, and where they may
/// be most of a level nothing is counted. Gives how many levels were counted.
fn count(u: &mut [f64], m: &[f64], counts: &[u64; MAX_LEVELS], prior: f64) -> u64 {
    let all = counts.iter().skip(1).sum::<u64>() as f64;
    let others = |level: usize| (all * prior).mul_add(-m[level], counts[level] as f64).max(0.0);
    let enough = |level: usize| others(level) >= COUNTED.max(counts[level] as f64 / 2.0);
    let levels = 1..u.len();
    let (counted, rare): (Vec<usize>, Vec<usize>) = levels.partition(|&level| enough(level));
    let seen: f64 = counted.iter().map(|&level| others(level)).sum();
    let before: f64 = rare.iter().map(|&level| u[level]).sum();
    if counted.is_empty() || before >= 1.0 {
        return 0;
    }
    for &level in &counted {
        u[level] = (1.0 - before) * others(level) / seen;
    }
    counted.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(counts: &[u64]) -> [u64; MAX_LEVELS] {
        let mut all = [0; MAX_LEVELS];
        all[..counts.len()].copy_from_slice(counts);
        all
    }

    #[test]
    fn rows_of_one_number_say_how_others_differ_and_not_how_often() {
        let mut m = vec![0.0, 0.9, 0.05, 0.05];
        // They agree in 999 of 1000, and differ nine times in the one way and once in the other.
        let errors = shape(&mut m, &levels(&[0, 9_990, 9, 1]), 400.0);
        assert!((m.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{m:?}");
        assert!((m[1] - 0.9).abs() < 1e-12 && (m[2] - 0.1 * 9.5 / 11.0).abs() < 1e-12, "{m:?}");
        assert!((errors[1] - (0.9_f64 * 0.1 / 401.0).sqrt()).abs() < 1e-12 && errors[3] > 0.0, "{errors:?}");
        let mut unknown = vec![0.0, 0.9, 0.06, 0.04];
        shape(&mut unknown, &levels(&[]), 400.0);
        assert_eq!(unknown, [0.0, 0.9, 0.06, 0.04], "no such rows say nothing");
        let mut unseen = vec![0.0, 0.9, 0.06, 0.04];
        shape(&mut unseen, &levels(&[0, 500, 100, 0]), 400.0);
        assert!(unseen[3] > 0.0, "a level that nobody has seen stays possible: {unseen:?}");
    }

    #[test]
    fn u_is_counted_where_random_pairs_hold_enough_and_stays_where_they_do_not() {
        let m = [0.0, 0.8, 0.1, 0.1];
        let mut u = vec![0.0, 0.000_001, 0.1, 0.899_999];
        assert_eq!(count(&mut u, &m, &levels(&[7, 0, 250_000, 750_000]), 0.0), 2);
        assert!((u[1] - 0.000_001).abs() < 1e-18, "{u:?}");
        assert!((u[2] - 0.25).abs() < 1e-6 && (u.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{u:?}");
        // Eighty of those who agree are the persons themselves.
        let mut u = vec![0.0, 0.000_001, 0.1, 0.899_999];
        assert_eq!(count(&mut u, &m, &levels(&[0, 85, 250_000, 749_915]), 0.0001), 2);
        assert!((u[1] - 0.000_001).abs() < 1e-18, "{u:?}");
        let mut u = vec![0.0, 0.000_001, 0.1, 0.899_999];
        assert_eq!(count(&mut u, &m, &levels(&[0, 1_080, 250_000, 748_920]), 0.0001), 3);
        assert!((u[1] - 0.001).abs() < 1e-6, "{u:?}");
        let mut few = vec![0.0, 0.25, 0.75];
        assert_eq!(count(&mut few, &m[..3], &levels(&[0, 1, 2]), 0.0), 0);
        assert_eq!(few, [0.0, 0.25, 0.75]);
    }
}
