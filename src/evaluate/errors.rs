//! The errors that a run said to expect, without labels, against the truth.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt32Type};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::EvaluateError;
use super::read::{Batch, Keys, Truth, for_each_batch};
use crate::domain::{LinkFigures, Ranged};
use crate::kernel::digest;

/// What a run expected of itself, and what is true.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErrorCheck {
    /// Share of wrong ones among all links.
    pub false_links: Checked,
    /// Wrong links of each pass, as numbers.
    pub passes: Vec<PassCheck>,
    /// Share of wrong ones among the model's links, as the test by hidden numbers measured it.
    pub hidden_false_links: Checked,
    /// Share of those looked up and to be found elsewhere who were not linked.
    pub missed: Checked,
    /// m of each level.
    pub levels: Vec<LevelCheck>,
    /// Precision and recall of the candidate pairs by threshold, falling.
    pub thresholds: Vec<Threshold>,
}

/// A figure with its interval beside the truth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Checked {
    /// What the run said.
    pub expected: Ranged,
    /// What is true.
    pub truth: f64,
    /// How many things the truth was counted on.
    pub of: u64,
    /// Whether the truth lies in the interval.
    pub inside: bool,
}

/// Wrong links of a pass.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PassCheck {
    /// Name of the pass.
    pub pass: String,
    /// Links whose two rows the truth knows.
    pub links: u64,
    /// Number of wrong ones.
    #[serde(flatten)]
    pub wrong: Checked,
}

/// m of a level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LevelCheck {
    /// Comparator.
    pub comparator: String,
    /// Key of the level.
    pub level: String,
    /// Its m.
    #[serde(flatten)]
    pub m: Checked,
}

/// Candidate pairs of at least some bits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Threshold {
    /// Bits, given the rivals.
    pub bits: f64,
    /// Pairs of at least as many.
    pub pairs: u64,
    /// Right ones among them, 0–1.
    pub precision: f64,
    /// Right ones among all true pairs of looked-up persons, 0–1.
    pub recall: f64,
}

#[derive(Deserialize)]
struct Manifest {
    link: ManifestLink,
}

#[derive(Deserialize)]
struct ManifestLink {
    figures: Option<LinkFigures>,
}

/// Compares; `None` where the run expected nothing: it linked by numbers only, or has no manifest.
pub(super) fn check(run_dir: &Path, truth: &Truth) -> Result<Option<ErrorCheck>, EvaluateError> {
    let path = run_dir.join("manifest.json");
    let Ok(file) = File::open(&path) else { return Ok(None) };
    let manifest: Manifest = serde_json::from_reader(BufReader::new(file))
        .map_err(|source| EvaluateError::Manifest { path: path.clone(), source })?;
    let Some(figures) = manifest.link.figures else { return Ok(None) };
    let artifacts = run_dir.join("artifacts");
    let people = People::read(&artifacts.join("mentions.parquet"), truth)?;
    let links = Links::read(&artifacts.join("links.parquet"), &people)?;
    let pairs = candidates(&artifacts.join("candidates.parquet"), &people)?;
    let looked = Looked::read(&artifacts.join("lookups.parquet"), &people, &links)?;
    // Of somebody with a number there is one at most, so that each person who is looked up counts once.
    let pairs: Vec<Pair> =
        pairs.into_iter().filter(|pair| !pair.ends.iter().all(|end| looked.all.contains(end))).collect();
    let seen: FxHashSet<u64> = pairs.iter().filter(|pair| pair.same).flat_map(|pair| pair.ends).collect();
    let unseen = looked.lost.iter().filter(|key| !seen.contains(key)).count() as u64;
    Ok(Some(ErrorCheck {
        false_links: checked(figures.false_links, links.wrong(None), links.count(None)),
        passes: passes(&figures, &links),
        hidden_false_links: checked(
            figures.hidden.false_links,
            links.wrong(Some("model")),
            links.count(Some("model")),
        ),
        missed: checked(figures.missed, looked.missed, looked.missed + looked.right),
        levels: levels(&figures, &pairs),
        thresholds: thresholds(&pairs, unseen),
    }))
}

/// A share.
fn checked(expected: Ranged, hits: u64, of: u64) -> Checked {
    let truth = if of > 0 { hits as f64 / of as f64 } else { 0.0 };
    Checked { expected, truth, of, inside: expected.holds(truth) }
}

fn passes(figures: &LinkFigures, links: &Links) -> Vec<PassCheck> {
    let pass = |figure: &crate::domain::PassFigure| {
        let (wrong, of) = (links.wrong(Some(&figure.pass)), links.count(Some(&figure.pass)));
        let (expected, truth) = (figure.false_links, wrong as f64);
        let wrong = Checked { expected, truth, of, inside: expected.holds(truth) };
        PassCheck { pass: figure.pass.clone(), links: of, wrong }
    };
    figures.passes.iter().map(pass).collect()
}

/// Who is named by extract, row key and role: person of the truth and identity of the run.
struct People {
    of: FxHashMap<u64, (Option<u32>, i64)>,
    /// Persons whose mentions came into several identities.
    torn: FxHashSet<u32>,
}

impl People {
    fn read(path: &Path, truth: &Truth) -> Result<Self, EvaluateError> {
        let mut people = Self { of: FxHashMap::default(), torn: FxHashSet::default() };
        let mut first: FxHashMap<u32, i64> = FxHashMap::default();
        let mut keys = Keys::new(truth);
        let columns = ["extract", "file", "sheet", "row", "role", "row_key", "identity_id"];
        for_each_batch(path, &columns, |batch| {
            let (files, sheets) = (batch.text("file")?, batch.text("sheet")?);
            let names = Names::of(batch, "")?;
            let rows = batch.typed("row", &DataType::UInt32)?;
            let identities = batch.typed("identity_id", &DataType::Int64)?;
            let (rows, identities) =
                (rows.as_primitive::<UInt32Type>(), identities.as_primitive::<Int64Type>());
            for at in 0..rows.len() {
                let [extract, _, role] = names.at(at);
                let key = keys.key([extract, files.value(at), sheets.value(at), role], rows.value(at));
                let (person, identity) = (truth.person_at(key), identities.value(at));
                people.of.insert(names.key(at), (person, identity));
                if let Some(person) = person
                    && *first.entry(person).or_insert(identity) != identity
                {
                    people.torn.insert(person);
                }
            }
            Ok(())
        })?;
        Ok(people)
    }

    /// Whether two mentions are one person; `None` when the truth does not know one of them.
    fn same(&self, left: u64, right: u64) -> Option<bool> {
        let person = |key: u64| self.of.get(&key).and_then(|known| known.0);
        Some(person(left)? == person(right)?)
    }
}

/// The three columns that name a mention.
struct Names([StringArray; 3]);

impl Names {
    fn of(batch: &Batch<'_>, side: &str) -> Result<Self, EvaluateError> {
        let column = |name: &str| batch.text(&format!("{side}{name}"));
        Ok(Self([column("extract")?, column("row_key")?, column("role")?]))
    }

    fn at(&self, at: usize) -> [&str; 3] {
        [0, 1, 2].map(|column| self.0[column].value(at))
    }

    fn key(&self, at: usize) -> u64 {
        digest::texts(&self.at(at))
    }
}

const SIDES: [&str; 6] =
    ["left_extract", "left_row_key", "left_role", "right_extract", "right_row_key", "right_role"];

/// Links that the truth knows: right ones and wrong ones by pass.
#[derive(Default)]
struct Links {
    by_pass: std::collections::BTreeMap<String, [u64; 2]>,
    /// Mentions that a right link of the model holds.
    right_of_model: FxHashSet<u64>,
}

impl Links {
    fn read(path: &Path, people: &People) -> Result<Self, EvaluateError> {
        let mut links = Self::default();
        let columns: Vec<&str> = SIDES.into_iter().chain(["pass"]).collect();
        for_each_batch(path, &columns, |batch| {
            let (left, right) = (Names::of(batch, "left_")?, Names::of(batch, "right_")?);
            let passes = batch.text("pass")?;
            for at in 0..passes.len() {
                let ends = [left.key(at), right.key(at)];
                let Some(same) = people.same(ends[0], ends[1]) else { continue };
                links.by_pass.entry(passes.value(at).to_owned()).or_default()[usize::from(!same)] += 1;
                if same && passes.value(at) == "model" {
                    links.right_of_model.extend(ends);
                }
            }
            Ok(())
        })?;
        Ok(links)
    }

    fn sum(&self, pass: Option<&str>, of: impl Fn(&[u64; 2]) -> u64) -> u64 {
        let wanted = |name: &str| pass.is_none_or(|pass| pass == name);
        self.by_pass.iter().filter(|(name, _)| wanted(name)).map(|(_, counts)| of(counts)).sum()
    }

    fn wrong(&self, pass: Option<&str>) -> u64 {
        self.sum(pass, |counts| counts[1])
    }

    fn count(&self, pass: Option<&str>) -> u64 {
        self.sum(pass, |counts| counts[0] + counts[1])
    }
}

/// A candidate pair that the truth knows.
struct Pair {
    ends: [u64; 2],
    weight: f64,
    levels: Vec<usize>,
    same: bool,
}

fn candidates(path: &Path, people: &People) -> Result<Vec<Pair>, EvaluateError> {
    let mut pairs = Vec::new();
    let columns: Vec<&str> = SIDES.into_iter().chain(["weight", "levels"]).collect();
    for_each_batch(path, &columns, |batch| {
        let (left, right) = (Names::of(batch, "left_")?, Names::of(batch, "right_")?);
        let weights = batch.typed("weight", &DataType::Float64)?;
        let (weights, levels) = (weights.as_primitive::<Float64Type>(), batch.text("levels")?);
        for at in 0..weights.len() {
            let ends = [left.key(at), right.key(at)];
            let Some(same) = people.same(ends[0], ends[1]) else { continue };
            let levels = levels.value(at).split(' ').filter_map(|level| level.parse().ok()).collect();
            pairs.push(Pair { ends, weight: weights.value(at), levels, same });
        }
        Ok(())
    })?;
    Ok(pairs)
}

/// Persons who were looked up, by what became of them.
#[derive(Default)]
struct Looked {
    /// Linked with a row that is theirs.
    right: u64,
    /// Not linked with one, although there is one elsewhere.
    missed: u64,
    /// Everybody who was looked up.
    all: FxHashSet<u64>,
    /// Those who were missed.
    lost: Vec<u64>,
}

impl Looked {
    fn read(path: &Path, people: &People, links: &Links) -> Result<Self, EvaluateError> {
        let mut looked = Self::default();
        for_each_batch(path, &["extract", "row_key", "role"], |batch| {
            let names = Names::of(batch, "")?;
            for at in 0..names.0[0].len() {
                let key = names.key(at);
                looked.all.insert(key);
                let Some((Some(person), _)) = people.of.get(&key) else { continue };
                let right = links.right_of_model.contains(&key);
                let missed = !right && people.torn.contains(person);
                looked.right += u64::from(right);
                looked.missed += u64::from(missed);
                looked.lost.extend(missed.then_some(key));
            }
            Ok(())
        })?;
        Ok(looked)
    }
}

/// m of the true pairs among the candidates.
fn levels(figures: &LinkFigures, pairs: &[Pair]) -> Vec<LevelCheck> {
    let (mut comparison, mut level) = (0, 0);
    let mut last: Option<&str> = None;
    let mut checks = Vec::new();
    for figure in &figures.levels {
        if last == Some(figure.comparator.as_str()) {
            level += 1;
        } else {
            comparison += usize::from(last.is_some());
            level = 1;
        }
        last = Some(&figure.comparator);
        let of = |pair: &&Pair| pair.same && pair.levels.get(comparison).is_some_and(|level| *level > 0);
        let known = pairs.iter().filter(of);
        let (hits, all) = known
            .fold((0, 0), |(hits, all), pair| (hits + u64::from(pair.levels[comparison] == level), all + 1));
        let m = checked(figure.m_seen, hits, all);
        checks.push(LevelCheck { comparator: figure.comparator.clone(), level: figure.level.clone(), m });
    }
    checks
}

/// Precision and recall at every whole number of bits that some pair reaches.
fn thresholds(pairs: &[Pair], unseen: u64) -> Vec<Threshold> {
    let mut weights: Vec<(f64, bool)> = pairs.iter().map(|pair| (pair.weight, pair.same)).collect();
    weights.sort_by(|x, y| y.0.total_cmp(&x.0).then(y.1.cmp(&x.1)));
    let all = weights.iter().filter(|(_, same)| *same).count() as u64 + unseen;
    let (mut right, mut out): (u64, Vec<Threshold>) = (0, Vec::new());
    for (at, &(weight, same)) in weights.iter().enumerate() {
        right += u64::from(same);
        let bits = weight.floor();
        let last = weights.get(at + 1).is_none_or(|(next, _)| next.floor() < bits);
        if last {
            let pairs = at as u64 + 1;
            let share = |part: u64, of: u64| if of > 0 { part as f64 / of as f64 } else { 1.0 };
            out.push(Threshold { bits, pairs, precision: share(right, pairs), recall: share(right, all) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(weight: f64, same: bool, levels: &[usize]) -> Pair {
        Pair { ends: [1, 2], weight, levels: levels.to_vec(), same }
    }

    #[test]
    fn precision_falls_and_recall_rises_as_the_threshold_falls() {
        let pairs =
            [pair(9.5, true, &[]), pair(9.1, true, &[]), pair(4.0, false, &[]), pair(-1.5, true, &[])];
        let found: Vec<(f64, u64, f64, f64)> =
            thresholds(&pairs, 1).iter().map(|t| (t.bits, t.pairs, t.precision, t.recall)).collect();
        let expected = [(9.0, 2, 1.0, 0.5), (4.0, 3, 2.0 / 3.0, 0.5), (-2.0, 4, 0.75, 0.75)];
        assert_eq!(found, expected);
    }

    #[test]
    fn m_is_counted_on_true_pairs_with_something_to_compare() {
        let level = |comparator: &str, level: &str, low: f64, high: f64| crate::domain::LevelFigure {
            comparator: comparator.into(),
            level: level.into(),
            title: String::new(),
            m: 0.5,
            u: 0.5,
            m_seen: Ranged { value: low, low, high },
            m_same_number: None,
            u_seen: None,
        };
        let figures = LinkFigures {
            levels: vec![level("a", "x", 0.4, 0.6), level("a", "y", 0.4, 0.6), level("b", "x", 0.0, 0.5)],
            ..LinkFigures::default()
        };
        let pairs = [pair(1.0, true, &[1, 0]), pair(1.0, true, &[2, 1]), pair(1.0, false, &[2, 1])];
        let found: Vec<(f64, u64, bool)> = levels(&figures, &pairs)
            .iter()
            .map(|check| (check.m.truth, check.m.of, check.m.inside))
            .collect();
        assert_eq!(found, [(0.5, 2, true), (0.5, 2, true), (1.0, 1, false)]);
    }
}
