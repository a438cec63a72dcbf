//! Names: surname by county frequency, given name by cohort and sex, rare characters, minority names,
//! generation characters shared by brothers and sisters.

use super::dice::Dice;
use super::tables::Tables;
use crate::domain::Sex;

/// A person's name in its true form.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Name {
    /// Surname (empty for minority names).
    pub(crate) surname: String,
    /// Given name, or the whole minority name.
    pub(crate) given: String,
}

impl Name {
    /// Surname and given name.
    pub(crate) fn full(&self) -> String {
        format!("{}{}", self.surname, self.given)
    }

    /// Whether it is written with a middle dot.
    pub(crate) fn minority(&self) -> bool {
        self.given.contains('·')
    }
}

/// A surname by its frequency here.
pub(crate) fn surname(dice: &mut Dice, tables: &Tables) -> &'static str {
    tables.surnames[dice.cumulative(&tables.surname_sums)]
}

/// Frequency falls with the power of the rank.
fn by_rank(dice: &mut Dice, len: usize, power: f64) -> usize {
    let weights: Vec<f64> = (1..=len).map(|rank| (rank as f64).powf(-power)).collect();
    dice.weighted(&weights)
}

/// A given name for someone of this sex and birth year.
pub(crate) fn given(dice: &mut Dice, tables: &Tables, sex: Sex, year: i32) -> String {
    let cohort = tables.cohort(sex, year);
    if dice.chance(0.14) {
        return cohort.heads[by_rank(dice, cohort.heads.len(), 0.8)].to_owned();
    }
    let single = match year {
        ..1965 => 0.05,
        1965..1980 => 0.16,
        1980..2000 => 0.24,
        2000..2010 => 0.14,
        _ => 0.063,
    };
    let mut first = cohort.first[by_rank(dice, cohort.first.len(), 0.45)];
    let mut second = cohort.second[by_rank(dice, cohort.second.len(), 0.45)];
    // The tail is long: one name in three takes a character that is no fashion of its years.
    if dice.chance(0.3) {
        let other = dice.pick(&tables.cohorts);
        if dice.chance(0.5) {
            first = *dice.pick(&other.first);
        } else {
            second = *dice.pick(&other.second);
        }
    }
    if dice.chance(single) {
        return second.to_string();
    }
    let rare = if year >= 2000 { 0.022 } else { 0.004 };
    if dice.chance(rare) {
        second = rare_char(dice, tables);
    }
    [first, second].iter().collect()
}

fn rare_char(dice: &mut Dice, tables: &Tables) -> char {
    let outside = dice.chance(0.25);
    let fitting: Vec<char> = tables.rare.iter().filter(|r| r.outside_gbk == outside).map(|r| r.ch).collect();
    *dice.pick(&fitting)
}

/// A given name that shares a character with a brother's or sister's.
pub(crate) fn sharing(dice: &mut Dice, tables: &Tables, sex: Sex, year: i32, sibling: &str) -> String {
    let chars: Vec<char> = sibling.chars().collect();
    let [first, second] = chars[..] else { return given(dice, tables, sex, year) };
    let cohort = tables.cohort(sex, year);
    for _ in 0..20 {
        let pair = if dice.chance(0.65) {
            [first, cohort.second[by_rank(dice, cohort.second.len(), 0.5)]]
        } else {
            [cohort.first[by_rank(dice, cohort.first.len(), 0.5)], second]
        };
        let name: String = pair.iter().collect();
        if name != sibling {
            return name;
        }
    }
    given(dice, tables, sex, year)
}

/// A whole minority name.
pub(crate) fn minority(dice: &mut Dice, tables: &Tables, sex: Sex) -> String {
    let fitting: Vec<&str> = tables.minority.iter().filter(|(_, s)| *s == sex).map(|(n, _)| *n).collect();
    let (own, father) = (dice.pick(&fitting), dice.pick(&tables.minority).0);
    let own = own.split('·').next().unwrap_or(own);
    let father = father.split('·').nth(1).unwrap_or(father);
    format!("{own}·{father}")
}
