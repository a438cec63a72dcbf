//! The test by hidden numbers: rows whose valid number tells who they are are looked up without it.
//!
//! They stand for tonight's persons without a usable number: they are drawn from the same roles of the same
//! extracts in the same proportions, and their number is hidden or damaged as theirs is. What becomes of
//! them is counted, so this is a measurement and rests on no m and u. It sees only rows that somebody once wrote
//! a whole number into, and of these also such that a sure pass would have joined without the number; the persons that
//! are left for the model may be harder.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::super::assign::{Edge, exclusive, mark_ties};
use super::super::fuzzy::edges;
use super::super::model::LinkModel;
use super::super::prepare::Prepared;
use super::super::scorer::Scorer;
use super::super::sure::Pairs;
use super::super::unit::{ApartRow, Units};
use super::ranged;
use crate::domain::{HiddenFigure, IdState, ResidentId};
use crate::kernel::digest;
use crate::kernel::weight;

/// Rows that are looked up.
const TESTED: usize = 2_000;
/// Sets this draw apart from other draws by content.
const SALT: u64 = 0x4E1D;

/// Role of an extract.
type Role = (u16, u8);

/// A row to be looked up.
struct Drawn {
    role: Role,
    row: ApartRow,
}

/// What became of one row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Right,
    Wrong,
    Review,
    PassedOver,
    NotBrought,
}

/// Runs the test. Persons are as they were when it ends.
pub(super) fn test(pairs: &mut Pairs<'_>, model: &LinkModel, edges: &[Vec<Edge>; 2]) -> HiddenFigure {
    let link_at = pairs.prepared.settings.link_at;
    let linked = edges.iter().flatten().filter(|edge| edge.probability >= link_at).count();
    let wanted = wanted(pairs.prepared, &pairs.units);
    let drawn = draw(pairs.prepared, &pairs.units, &wanted);
    let rows: Vec<ApartRow> = drawn.iter().map(|drawn| drawn.row).collect();
    let Pairs { prepared, clusters, units, .. } = pairs;
    let (placed, apart) = units.set_apart(prepared, clusters, &rows);
    let fates = fates(pairs, model, &rows, &placed);
    pairs.units.put_back(apart);
    let fates: Vec<(Role, Fate)> =
        drawn.iter().zip(fates).filter_map(|(drawn, fate)| Some((drawn.role, fate?))).collect();
    figure(&wanted, &fates, linked as f64)
}

/// Rows whose number tells who they are, as [`test`] draws them: each taken out of its person, with its number hidden or
/// damaged. Gives what is made of them: the unit of each row by itself, and that of its person. Persons are as they were
/// when it ends.
pub(in crate::link) fn known<T>(
    pairs: &mut Pairs<'_>,
    make: impl FnOnce(&Pairs<'_>, &[(u32, u32)]) -> T,
) -> T {
    let wanted = wanted(pairs.prepared, &pairs.units);
    let rows: Vec<ApartRow> =
        draw(pairs.prepared, &pairs.units, &wanted).iter().map(|drawn| drawn.row).collect();
    let Pairs { prepared, clusters, units, .. } = pairs;
    let (placed, apart) = units.set_apart(prepared, clusters, &rows);
    let known: Vec<(u32, u32)> =
        placed.iter().zip(&rows).filter_map(|(placed, row)| Some(((*placed)?, row.unit))).collect();
    let made = make(pairs, &known);
    pairs.units.put_back(apart);
    made
}

/// Tonight's looked-up persons by role, each with what its number is worth; `None` is no number.
fn wanted(prepared: &Prepared<'_>, units: &Units) -> BTreeMap<Role, Vec<Option<IdState>>> {
    let mut wanted: BTreeMap<Role, Vec<Option<IdState>>> = BTreeMap::new();
    for unit in units.all.iter().filter(|unit| unit.probe) {
        let mention = prepared.mention(unit.hub);
        let state = unit.weak.map(|(_, state)| state);
        wanted.entry((mention.extract, mention.role)).or_default().push(state);
    }
    wanted
}

/// Rows of these roles with a trusted number that another extract knows too, at most one of a person; each role
/// gets its share.
fn draw(prepared: &Prepared<'_>, units: &Units, wanted: &BTreeMap<Role, Vec<Option<IdState>>>) -> Vec<Drawn> {
    let role = |mention: u32| {
        let mention = prepared.mention(mention);
        (mention.extract, mention.role)
    };
    let word = |mention: u32| digest::chain(SALT, prepared.key(mention));
    let of_unit = |(unit, person): (u32, &super::super::unit::Unit)| {
        let members = units.members(unit);
        let bears = |at: u32| Prepared::usable_id(prepared.mention(at)) == person.id;
        let elsewhere = |at: u32| {
            members.iter().any(|&other| bears(other) && prepared.mention(other).extract != role(at).0)
        };
        let fit = |&&at: &&u32| wanted.contains_key(&role(at)) && bears(at) && elsewhere(at);
        let chosen = members.iter().filter(fit).min_by_key(|&&at| word(at))?;
        Some((role(*chosen), word(*chosen), unit, *chosen))
    };
    let known: Vec<u32> =
        (0_u32..).zip(&units.all).filter(|(_, unit)| unit.id != 0).map(|(at, _)| at).collect();
    let mut found: Vec<(Role, u64, u32, u32)> =
        known.par_iter().filter_map(|&at| of_unit((at, &units.all[at as usize]))).collect();
    found.par_sort_unstable();
    let all: usize = wanted.values().map(Vec::len).sum();
    let mut drawn = Vec::new();
    for (of_role, states) in wanted {
        let start = found.partition_point(|entry| entry.0 < *of_role);
        let rows = &found[start..start + found[start..].partition_point(|entry| entry.0 == *of_role)];
        let count = (TESTED * states.len()).div_ceil(all.max(1)).min(rows.len());
        for (at, &(role, word, unit, mention)) in rows[..count].iter().enumerate() {
            let state = states[at * states.len() / count];
            let weak = state.and_then(|state| damaged(prepared.mention(mention).id?, state, word));
            drawn.push(Drawn { role, row: ApartRow { unit, mention, weak } });
        }
    }
    drawn
}

/// A number damaged in the way of a state; `None` where nothing of it would be left.
fn damaged(id: ResidentId, state: IdState, word: u64) -> Option<(ResidentId, IdState)> {
    let mut digits = id.chars();
    match state {
        IdState::LostPrecision => digits[15..].fill(b'0'),
        IdState::ChecksumFailed | IdState::Implausible => {
            // One slip among the seventeen digits, which the check digit always shows.
            let place = usize::try_from(word % 17).unwrap_or(0);
            let step = u8::try_from(digest::mix(word) % 9).unwrap_or(0) + 1;
            digits[place] = b'0' + (digits[place] - b'0' + step) % 10;
        }
        _ => return None,
    }
    let state = if state == IdState::LostPrecision { state } else { IdState::ChecksumFailed };
    Some((ResidentId::parse(std::str::from_utf8(&digits).ok()?)?, state))
}

/// What becomes of each row; `None` for rows that tell too little without their number.
fn fates(
    pairs: &Pairs<'_>,
    model: &LinkModel,
    rows: &[ApartRow],
    placed: &[Option<u32>],
) -> Vec<Option<Fate>> {
    let Pairs { prepared, clusters, units, .. } = pairs;
    let settings = prepared.settings;
    let probes: Vec<u32> = placed.iter().flatten().copied().collect();
    let Some(&first) = probes.first() else { return vec![None; rows.len()] };
    let scorer = Scorer::new(prepared, clusters, units, model, -weight::LIMIT_BITS);
    let (every, _) = edges(pairs, &scorer, &probes, |unit| unit < first);
    let least = weight::bits(settings.review_at.min(settings.near_miss_at).max(0.001));
    let mut kept: Vec<Edge> = every.iter().filter(|edge| edge.scored.weight >= least).copied().collect();
    let slots = |unit: u32| units.all[unit as usize].slots;
    exclusive(&mut kept, units.all.len(), slots);
    mark_ties(&mut kept, (settings.review_at, settings.link_at), slots);
    let of = |edges: &[Edge], probe: u32| {
        let start = edges.partition_point(|edge| edge.probe < probe);
        start..start + edges[start..].partition_point(|edge| edge.probe == probe)
    };
    let fate = |row: &ApartRow, probe: u32| {
        let kept = &kept[of(&kept, probe)];
        if let Some(edge) = kept.iter().find(|edge| edge.probability >= settings.link_at) {
            return if edge.other == row.unit { Fate::Right } else { Fate::Wrong };
        }
        if kept.iter().any(|edge| edge.probability >= settings.review_at || edge.tied > 0) {
            return Fate::Review;
        }
        let brought = every[of(&every, probe)].iter().any(|edge| edge.other == row.unit);
        if brought { Fate::PassedOver } else { Fate::NotBrought }
    };
    rows.iter().zip(placed).map(|(row, probe)| Some(fate(row, (*probe)?))).collect()
}

/// Counts, and shares in which each role counts by tonight's persons and not by the rows that were found for it.
/// `linked` is how many of tonight's looked-up persons the model links: the share of false links is said of them,
/// and few of them scatter as well.
fn figure(
    wanted: &BTreeMap<Role, Vec<Option<IdState>>>,
    fates: &[(Role, Fate)],
    linked: f64,
) -> HiddenFigure {
    let count = |fate: Fate| fates.iter().filter(|(_, of)| *of == fate).count() as u64;
    let all: usize = wanted.values().map(Vec::len).sum();
    let (mut standing, mut missed) = (0.0, 0.0);
    for (role, states) in wanted {
        let of_role: Vec<Fate> = fates.iter().filter(|(of, _)| of == role).map(|(_, fate)| *fate).collect();
        if !of_role.is_empty() {
            let lost = of_role.iter().filter(|fate| **fate != Fate::Right).count();
            standing += states.len() as f64;
            missed += states.len() as f64 * lost as f64 / of_role.len() as f64;
        }
    }
    let (right, wrong, tested) = (count(Fate::Right), count(Fate::Wrong), fates.len() as f64);
    let share = if standing > 0.0 { missed / standing } else { 0.0 };
    let told = right + wrong;
    let of_links = both(told as f64, linked);
    let false_links = wrong as f64 / told.max(1) as f64;
    HiddenFigure {
        tested: fates.len() as u64,
        right,
        wrong,
        review: count(Fate::Review),
        passed_over: count(Fate::PassedOver),
        not_brought: count(Fate::NotBrought),
        missed: ranged(share * tested, tested),
        false_links: ranged(false_links * of_links, of_links),
        untested: if all > 0 { 1.0 - standing / all as f64 } else { 0.0 },
    }
}

/// The number of things that scatter as much as the difference of a share among `tested` and one among `tonight`.
fn both(tested: f64, tonight: f64) -> f64 {
    if tested > 0.0 && tonight > 0.0 { 1.0 / (1.0 / tested + 1.0 / tonight) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_number_shows_its_damage_and_a_hidden_one_is_gone() {
        let id = ResidentId::parse("11010519491231002X").unwrap();
        let (lost, _) = damaged(id, IdState::LostPrecision, 1).unwrap();
        assert_eq!(lost.text(), "110105194912310000");
        for word in 0..200 {
            let (slip, state) = damaged(id, IdState::ChecksumFailed, word).unwrap();
            assert_eq!(state, IdState::ChecksumFailed);
            assert!(!slip.checksum_holds(), "{word}");
            assert_eq!(slip.chars().iter().zip(id.chars()).filter(|(a, b)| **a != *b).count(), 1);
        }
        assert!(damaged(id, IdState::Malformed, 1).is_none());
    }

    #[test]
    fn a_role_counts_by_tonights_persons_and_not_by_the_rows_found_for_it() {
        let wanted =
            BTreeMap::from([((0, 0), vec![None; 30]), ((1, 0), vec![None; 10]), ((2, 0), vec![None; 10])]);
        let mut fates = vec![((0, 0), Fate::Right); 10];
        fates.extend([((1, 0), Fate::NotBrought); 10]);
        let figure = figure(&wanted, &fates, 1e9);
        assert!((figure.missed.value - 0.25).abs() < 1e-12, "{figure:?}");
        assert!((figure.untested - 0.2).abs() < 1e-12);
        assert_eq!((figure.tested, figure.right, figure.not_brought), (20, 10, 10));
    }
}
