//! The functions against `strsim` and against the frozen answers of DuckDB.

use proptest::prelude::*;

use super::*;

/// Texts that often have something in common: few letters, some of them Chinese, some long.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[abc]{0,8}",
        2 => "[ab张三é]{0,8}",
        1 => "[ab]{55,75}",
        1 => "[abcdefgh张]{60,140}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn levenshtein_is_that_of_the_library(a in text(), b in text(), max in 0_usize..20) {
        let expected = strsim::levenshtein(&a, &b);
        let (a, b) = (Symbols::new(&a), Symbols::new(&b));
        prop_assert_eq!(levenshtein(&a, &b), expected);
        prop_assert_eq!(levenshtein_within(&a, &b, max), Some(expected).filter(|&found| found <= max));
    }

    #[test]
    fn damerau_levenshtein_is_that_of_the_library(a in text(), b in text(), max in 0_usize..20) {
        let expected = strsim::damerau_levenshtein(&a, &b);
        let (a, b) = (Symbols::new(&a), Symbols::new(&b));
        prop_assert_eq!(damerau_levenshtein(&a, &b), expected);
        prop_assert_eq!(damerau_levenshtein_within(&a, &b, max), Some(expected).filter(|&found| found <= max));
    }

    #[test]
    fn jaro_and_winkler_are_those_of_the_library(a in text(), b in text()) {
        let (x, y) = (Symbols::new(&a), Symbols::new(&b));
        // The library calls two empty texts equal; DuckDB does not.
        let empty = a.is_empty() && b.is_empty();
        let (plain, boosted) =
            if empty { (0.0, 0.0) } else { (strsim::jaro(&a, &b), strsim::jaro_winkler(&a, &b)) };
        prop_assert!((jaro(&x, &y) - plain).abs() < 1e-15);
        prop_assert!((jaro_winkler(&x, &y) - boosted).abs() < 1e-15);
        prop_assert_eq!(jaro(&x, &y).to_bits(), jaro(&y, &x).to_bits());
    }

    #[test]
    fn jaccard_agrees_with_sets(a in text(), b in text()) {
        use std::collections::BTreeSet;
        let (x, y): (BTreeSet<char>, BTreeSet<char>) = (a.chars().collect(), b.chars().collect());
        let expected = (!a.is_empty() && !b.is_empty())
            .then(|| x.intersection(&y).count() as f64 / x.union(&y).count() as f64);
        prop_assert_eq!(jaccard(&Symbols::new(&a), &Symbols::new(&b)), expected);
        prop_assert_eq!(qgram_jaccard(&Symbols::new(&a), &Symbols::new(&b), 1), expected);
    }

    #[test]
    fn a_text_comes_back_from_its_symbols(a in ".{0,20}") {
        let symbols = Symbols::new(&a);
        prop_assert_eq!(symbols.text(), a.clone());
        prop_assert_eq!(symbols.len(), a.chars().count());
    }
}

/// One row of the frozen table.
fn check(row: &csv::StringRecord) {
    let (a, b) = (Symbols::new(&row[0]), Symbols::new(&row[1]));
    let number = |at: usize| row[at].parse::<f64>().unwrap();
    assert_eq!(levenshtein(&a, &b).to_string(), row[2], "levenshtein {row:?}");
    assert_eq!(damerau_levenshtein(&a, &b).to_string(), row[3], "damerau_levenshtein {row:?}");
    assert_eq!(jaro(&a, &b).to_bits(), number(4).to_bits(), "jaro {row:?}");
    assert_eq!(jaro_winkler(&a, &b).to_bits(), number(5).to_bits(), "jaro_winkler {row:?}");
    let shared = jaccard(&a, &b);
    let expected = if row[6].is_empty() { None } else { Some(number(6).to_bits()) };
    assert_eq!(shared.map(f64::to_bits), expected, "jaccard {row:?}");
}

#[test]
fn every_answer_is_that_of_duckdb_to_the_last_bit() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/frozen/splink/similarity.csv");
    let mut rows = csv::Reader::from_path(path).unwrap();
    let count = rows.records().map(|row| check(&row.unwrap())).count();
    assert!(count >= 2_000, "{count} rows");
}

#[test]
fn words_and_runs_are_compared_as_sets() {
    let alike = |a: &str, b: &str| token_set(&Symbols::new(a), &Symbols::new(b));
    assert_eq!(alike("main street 4", "4 main street"), Some(1.0));
    assert_eq!(alike("main street", "high street"), Some(1.0 / 3.0));
    assert_eq!(alike(" ", "x"), None);
    assert_eq!(qgram_jaccard(&Symbols::new("abcd"), &Symbols::new("abce"), 2), Some(0.5));
    assert_eq!(qgram_jaccard(&Symbols::new("a"), &Symbols::new("ab"), 2), Some(0.0));
}

#[test]
fn cosines_of_rows_of_numbers() {
    assert!((cosine(&[1.0, 0.0], &[1.0, 1.0]).unwrap() - 0.5_f64.sqrt()).abs() < 1e-15);
    assert_eq!(cosine(&[1.0], &[1.0, 2.0]), None);
    assert_eq!(cosine(&[0.0], &[1.0]), None);
}
