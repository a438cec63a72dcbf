//! How often each rule is right, as officers have answered, and how much the lists miss, as spot checks tell.
//!
//! Not every listed case is answered, and those that are need not be like the others: the annex is answered less
//! often than the list, a weak link less often than a sure one. So cases are put into strata (page and grade of the
//! link), each stratum counts by what was listed of it, and the interval is as wide as the answers of the smallest
//! strata make it. A stratum of which nobody has answered says nothing; its share is told.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{Grade, Ranged};
use crate::kernel::interval::{Stratum, Z95, stratified, wilson};

/// A case that was on a list, and what was answered.
#[derive(Clone, Debug)]
pub struct ListedCase {
    /// Rule.
    pub rule: String,
    /// List.
    pub list: String,
    /// In the annex 疑似同人待确认.
    pub annex: bool,
    /// Weakest grade of the links it rests on.
    pub grade: Grade,
    /// For a person drawn by lot: from how many.
    pub drawn_from: Option<u64>,
    /// Whether the answer that counts confirms it, wholly or in part; `None`: not answered, or 无法核实.
    pub confirmed: Option<bool>,
}

/// How often a rule is right.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RulePrecision {
    /// Rule.
    pub rule: String,
    /// List.
    pub list: String,
    /// Cases that were ever listed.
    pub listed: u64,
    /// Of these, answered with 属实, 部分属实 or 不属实.
    pub answered: u64,
    /// Of these, confirmed wholly or in part.
    pub confirmed: u64,
    /// Share of listed cases that are right, 0–1, each stratum counted by what was listed; `None` without an answer.
    pub precision: Option<Ranged>,
    /// Share of listed cases in strata of which nobody has answered, 0–1.
    pub unseen: f64,
}

/// What a list misses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Missed {
    /// List.
    pub list: String,
    /// People drawn by lot.
    pub drawn: u64,
    /// Of these, answered.
    pub answered: u64,
    /// Of these, with something that the list should have shown.
    pub found: u64,
    /// From how many they were drawn last.
    pub scope: u64,
    /// Share of the people who should be on the list and are not, 0–1; `None` without an answer.
    pub share: Option<Ranged>,
    /// The same in people.
    pub people: Option<Ranged>,
}

/// Figures of all rules, by list and rule, and of all lists with spot checks. The order of the cases does not
/// matter.
pub fn precision(cases: &[ListedCase]) -> (Vec<RulePrecision>, Vec<Missed>) {
    let mut rules: BTreeMap<(&str, &str), Vec<&ListedCase>> = BTreeMap::new();
    let mut checks: BTreeMap<&str, Vec<&ListedCase>> = BTreeMap::new();
    for case in cases {
        match case.drawn_from {
            None => rules.entry((&case.list, &case.rule)).or_default().push(case),
            Some(_) => checks.entry(&case.list).or_default().push(case),
        }
    }
    let rules = rules.into_iter().map(|((list, rule), cases)| of_rule(list, rule, &cases)).collect();
    (rules, checks.into_iter().map(|(list, cases)| of_list(list, &cases)).collect())
}

fn of_rule(list: &str, rule: &str, cases: &[&ListedCase]) -> RulePrecision {
    let mut strata: BTreeMap<(bool, Grade), Stratum> = BTreeMap::new();
    for case in cases {
        let stratum = strata.entry((case.annex, case.grade)).or_default();
        stratum.size += 1;
        stratum.looked_at += u64::from(case.confirmed.is_some());
        stratum.hits += u64::from(case.confirmed == Some(true));
    }
    let strata: Vec<Stratum> = strata.into_values().collect();
    let (answered, confirmed) = counts(cases);
    let unseen: u64 =
        strata.iter().filter(|stratum| stratum.looked_at == 0).map(|stratum| stratum.size).sum();
    RulePrecision {
        rule: rule.to_owned(),
        list: list.to_owned(),
        listed: cases.len() as u64,
        answered,
        confirmed,
        precision: stratified(&strata, Z95).map(|(value, low, high)| Ranged { value, low, high }),
        unseen: unseen as f64 / cases.len().max(1) as f64,
    }
}

fn of_list(list: &str, cases: &[&ListedCase]) -> Missed {
    let (answered, found) = counts(cases);
    let scope = cases.iter().filter_map(|case| case.drawn_from).max().unwrap_or(0);
    let share = (answered > 0).then(|| {
        let (low, high) = wilson(found as f64, answered as f64, Z95);
        Ranged { value: found as f64 / answered as f64, low, high }
    });
    let people = share.map(|share| Ranged {
        value: share.value * scope as f64,
        low: share.low * scope as f64,
        high: share.high * scope as f64,
    });
    Missed { list: list.to_owned(), drawn: cases.len() as u64, answered, found, scope, share, people }
}

/// Answered, and of these confirmed.
fn counts(cases: &[&ListedCase]) -> (u64, u64) {
    let answered = cases.iter().filter(|case| case.confirmed.is_some()).count() as u64;
    (answered, cases.iter().filter(|case| case.confirmed == Some(true)).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases(rule: &str, annex: bool, listed: usize, answered: usize, confirmed: usize) -> Vec<ListedCase> {
        let case = |at: usize| ListedCase {
            rule: rule.to_owned(),
            list: "exit".to_owned(),
            annex,
            grade: Grade::A,
            drawn_from: None,
            confirmed: (at < answered).then_some(at < confirmed),
        };
        (0..listed).map(case).collect()
    }

    #[test]
    fn a_page_that_is_answered_less_often_still_counts_by_what_was_listed() {
        // On the list 9 of 10 are right and everybody answers; in the annex 1 of 10, and one in ten answers.
        let all = [cases("r", false, 100, 100, 90), cases("r", true, 100, 10, 1)].concat();
        let (rules, missed) = precision(&all);
        assert!(missed.is_empty());
        let rule = &rules[0];
        assert_eq!((rule.listed, rule.answered, rule.confirmed), (200, 110, 91));
        let precision = rule.precision.unwrap();
        assert!((precision.value - 0.5).abs() < 1e-9, "{precision:?}, not 91 of 110");
        assert!(precision.low > 0.3 && precision.high < 0.7, "{precision:?}");
        assert!(rule.unseen.abs() < 1e-9);
    }

    #[test]
    fn what_nobody_answered_says_nothing_and_is_told() {
        let all = [cases("r", false, 30, 10, 10), cases("r", true, 10, 0, 0)].concat();
        let rule = precision(&all).0.remove(0);
        assert!((rule.precision.unwrap().value - 1.0).abs() < 1e-9);
        assert!((rule.unseen - 0.25).abs() < 1e-9);
        assert_eq!(precision(&cases("r", false, 5, 0, 0)).0[0].precision, None);
    }

    #[test]
    fn spot_checks_tell_how_many_people_a_list_misses() {
        let drawn = |at: u64| ListedCase {
            rule: "s".to_owned(),
            list: "dropout".to_owned(),
            annex: false,
            grade: Grade::A,
            drawn_from: Some(10_000),
            confirmed: (at < 100).then_some(at < 2),
        };
        let (rules, missed) = precision(&(0..120).map(drawn).collect::<Vec<_>>());
        assert!(rules.is_empty());
        let missed = &missed[0];
        assert_eq!((missed.drawn, missed.answered, missed.found, missed.scope), (120, 100, 2, 10_000));
        let people = missed.people.unwrap();
        assert!(
            (people.value - 200.0).abs() < 1e-6 && people.low > 40.0 && people.high < 800.0,
            "{people:?}"
        );
    }
}
