//! The model: m and u of every level. Read from `models/<name>.toml`, or fitted and written there.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::settings::Settings;
use crate::comparator;
use crate::diag::{Diagnostic, Spot, did_you_mean};
use crate::kernel::em::LevelTable;
use crate::kernel::weight::{WeightTable, level_bits};

/// A linkage model.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkModel {
    /// Its name; the file is `<name>.toml`.
    pub name: String,
    /// What it was fitted on, in words: data, date, digests.
    pub fitted_on: String,
    /// Share of persons without a usable number whose partner is among the others. With the number
    /// of persons it gives the prior of a pair, so one model serves counties of any size.
    pub partner_share: f64,
    /// m and u by comparator and level.
    pub comparator: IndexMap<String, IndexMap<String, LevelModel>>,
    /// Persons who are not the one meant and resemble it for a reason: twins, brothers and sisters.
    #[serde(default)]
    pub negative: IndexMap<String, Negative>,
}

/// A class of persons who resemble the one meant and are not.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Negative {
    /// How many of them a person has on average.
    pub rate: f64,
    /// Probability of each level between a person and one of them. A comparator that is not named
    /// agrees as one person does (m); a level that is not named is rare.
    pub comparator: IndexMap<String, IndexMap<String, f64>>,
}

/// Probability of a level that a [`Negative`] does not name.
const RARE: f64 = 0.0002;

/// One level.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelModel {
    /// Probability of the level given one person and both values.
    pub m: f64,
    /// Probability of the level given two persons and both values.
    pub u: f64,
}

impl LinkModel {
    /// Everything that does not fit the ladders, all at once; `file` names the model's file.
    pub fn problems(&self, settings: &Settings, file: &str) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let spot = |column: String| Spot { column, ..Spot::file(file) };
        if !(self.partner_share > 0.0 && self.partner_share < 1.0) {
            let message = "partner_share lies between 0 and 1";
            found.push(Diagnostic::error("model_share", spot("partner_share".into()), message));
        }
        for (name, levels) in &self.comparator {
            let Some(ladder) = comparator::ladder(name) else {
                let names = comparator::ALL.iter().map(|ladder| ladder.name);
                let hint = did_you_mean(name, names).map(|name| format!("did you mean `{name}`?"));
                let message = format!("unknown comparator `{name}`");
                let mut problem =
                    Diagnostic::error("unknown_comparator", spot(format!("comparator.{name}")), message);
                problem.help = hint;
                found.push(problem);
                continue;
            };
            for (key, level) in levels {
                let column = format!("comparator.{name}.{key}");
                if ladder.level(key).is_none_or(|level| level == 0) {
                    let message = format!("`{name}` has no level `{key}`");
                    found.push(Diagnostic::error("unknown_level", spot(column.clone()), message));
                }
                let share = |value: f64| value > 0.0 && value < 1.0;
                if !share(level.m) || !share(level.u) {
                    found.push(Diagnostic::error("model_share", spot(column), "m and u lie between 0 and 1"));
                }
            }
            for level in ladder.levels.iter().skip(1).filter(|level| !levels.contains_key(level.key)) {
                let column = format!("comparator.{name}.{}", level.key);
                found.push(Diagnostic::error("level_missing", spot(column), "the level has no m and u"));
            }
        }
        for (class, negative) in &self.negative {
            for (name, levels) in &negative.comparator {
                let column = format!("negative.{class}.comparator.{name}");
                match comparator::ladder(name) {
                    None => {
                        let message = format!("unknown comparator `{name}`");
                        found.push(Diagnostic::error("unknown_comparator", spot(column), message));
                    }
                    Some(ladder) => {
                        for key in
                            levels.keys().filter(|key| ladder.level(key).is_none_or(|level| level == 0))
                        {
                            let message = format!("`{name}` has no level `{key}`");
                            found.push(Diagnostic::error(
                                "unknown_level",
                                spot(format!("{column}.{key}")),
                                message,
                            ));
                        }
                    }
                }
            }
        }
        for comparison in settings.comparison.iter().filter(|c| !self.comparator.contains_key(&c.comparator))
        {
            let column = format!("comparator.{}", comparison.comparator);
            found.push(Diagnostic::error("comparator_missing", spot(column), "the model does not know it"));
        }
        found
    }

    /// m and u as tables in the order of the settings' comparisons; unknown levels are zero.
    pub fn tables(&self, settings: &Settings) -> (LevelTable, LevelTable) {
        let pick = |value: fn(&LevelModel) -> f64| {
            settings
                .comparison
                .iter()
                .map(|comparison| {
                    let known = self.comparator.get(&comparison.comparator);
                    let ladder = comparator::ladder(&comparison.comparator);
                    ladder.map_or_else(Vec::new, |ladder| {
                        let level = |key| known.and_then(|levels| levels.get(key)).map_or(0.0, value);
                        ladder.levels.iter().map(|rung| level(rung.key)).collect()
                    })
                })
                .collect()
        };
        (pick(|level| level.m), pick(|level| level.u))
    }

    /// Rate and level probabilities of each class of resembling persons, in the order of the settings'
    /// comparisons.
    pub fn classes(&self, settings: &Settings) -> Vec<(f64, LevelTable)> {
        let (m, _) = self.tables(settings);
        let table = |negative: &Negative| {
            let rows = settings.comparison.iter().zip(&m).map(|(comparison, m)| {
                let ladder = comparator::ladder(&comparison.comparator);
                match (negative.comparator.get(&comparison.comparator), ladder) {
                    (Some(levels), Some(ladder)) => {
                        let of = |key: &str| levels.get(key).copied().unwrap_or(RARE);
                        ladder.levels.iter().map(|rung| of(rung.key)).collect()
                    }
                    _ => m.clone(),
                }
            });
            rows.collect()
        };
        self.negative.values().map(|negative| (negative.rate, table(negative))).collect()
    }

    /// Weights for `persons` persons to choose from.
    pub fn weights(&self, settings: &Settings, persons: usize) -> WeightTable {
        let (m, u) = self.tables(settings);
        let bits = m
            .iter()
            .zip(&u)
            .map(|(m, u)| m.iter().zip(u).map(|(&m, &u)| level_bits(m, u)).collect())
            .collect();
        WeightTable { prior: (self.partner_share / (persons.max(2) as f64)).log2(), bits }
    }

    /// The model as a file that people read: one line for each level.
    pub fn text(&self) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut lines = vec![
            format!("name = {}", quoted(&self.name)),
            format!("fitted_on = {}", quoted(&self.fitted_on)),
            format!("partner_share = {}", self.partner_share),
        ];
        for (name, levels) in &self.comparator {
            lines.push(format!("\n[comparator.{name}]"));
            let line = |(key, level): (&String, &LevelModel)| {
                format!("{key} = {{ m = {}, u = {} }}", level.m, level.u)
            };
            lines.extend(levels.iter().map(line));
        }
        for (class, negative) in &self.negative {
            lines.push(format!("\n[negative.{class}]\nrate = {}", negative.rate));
            lines.push(format!("[negative.{class}.comparator]"));
            for (name, levels) in &negative.comparator {
                let levels: Vec<String> =
                    levels.iter().map(|(key, share)| format!("{key} = {share}")).collect();
                lines.push(format!("{name} = {{ {} }}", levels.join(", ")));
            }
        }
        lines.join("\n") + "\n"
    }

    /// The same model with other m and u, in the order of the settings' comparisons.
    #[must_use]
    pub fn with_tables(
        &self,
        settings: &Settings,
        m: &LevelTable,
        u: &LevelTable,
        fitted_on: String,
    ) -> Self {
        let mut model = Self { fitted_on, ..self.clone() };
        for (at, comparison) in settings.comparison.iter().enumerate() {
            let Some(ladder) = comparator::ladder(&comparison.comparator) else { continue };
            let levels = model.comparator.entry(comparison.comparator.clone()).or_default();
            for (level, rung) in ladder.levels.iter().enumerate().skip(1) {
                levels.insert(rung.key.to_owned(), LevelModel { m: m[at][level], u: u[at][level] });
            }
        }
        model
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::link::settings::tests::sample;

    /// The model that pipelines ship with.
    pub(crate) fn county() -> LinkModel {
        toml::from_str(include_str!("../../pipelines/models/county.toml")).unwrap()
    }

    #[test]
    fn the_shipped_model_knows_every_level() {
        let problems = county().problems(&sample(), "county.toml");
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn m_of_a_comparator_sums_to_one() {
        for (name, levels) in &county().comparator {
            let (m, u) = levels.values().fold((0.0, 0.0), |(m, u), level| (m + level.m, u + level.u));
            assert!((m - 1.0).abs() < 0.02, "m of {name}: {m}");
            assert!((u - 1.0).abs() < 0.02, "u of {name}: {u}");
        }
    }

    #[test]
    fn a_model_with_a_misspelt_level_is_refused() {
        let mut model = county();
        let levels = model.comparator.get_mut("sex").unwrap();
        let level = levels.shift_remove("same").unwrap();
        levels.insert("sam".into(), level);
        let codes: Vec<_> = model.problems(&sample(), "m.toml").iter().map(|problem| problem.code).collect();
        assert_eq!(codes, ["unknown_level", "level_missing"]);
    }

    #[test]
    fn a_model_survives_being_written_and_read() {
        let model = LinkModel { fitted_on: "by \"hand\"\non a day".to_owned(), ..county() };
        assert_eq!(toml::from_str::<LinkModel>(&model.text()).unwrap(), model);
    }

    #[test]
    fn the_prior_follows_the_number_of_persons() {
        let (model, settings) = (county(), sample());
        let small = model.weights(&settings, 1_000).prior;
        let large = model.weights(&settings, 1_024_000).prior;
        assert!((small - large - 10.0).abs() < 1e-9);
    }
}
