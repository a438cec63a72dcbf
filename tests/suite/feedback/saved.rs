//! Files that LibreOffice 7.4 saved: the filled workbooks of `books` as xls, xlsx and csv. The script
//! `scripts/test-receipts` does the same with every workbook of the demo county and the LibreOffice at hand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Office, counts};
use doudi::ledger::CaseRecord;

fn saved(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/feedback/files").join(name)
}

/// Everything that was answered, by case: what the ledger keeps of it.
fn said(office: &Office) -> BTreeMap<String, Vec<String>> {
    let parts = |record: CaseRecord| {
        let answers = record.answers.iter();
        answers
            .flat_map(|given| given.answer.digest_parts().into_iter().chain([record.phase.word().into()]))
            .collect()
    };
    office
        .ledger
        .state()
        .unwrap()
        .cases
        .into_values()
        .map(|record| (record.number.clone(), parts(record)))
        .collect()
}

#[test]
fn every_answer_survives_being_saved_in_every_format() {
    let mut office = Office::open();
    let files = super::books::returned(&office);
    office.import(&files);
    let expected = said(&office);
    assert_eq!(expected.values().filter(|parts| !parts.is_empty()).count(), 5);
    for names in [
        vec!["dropout.xlsx", "exit.xlsx"],
        vec!["dropout.xls", "exit.xls"],
        vec!["dropout-utf8.csv", "annex-utf8.csv", "exit-utf8.csv"],
        vec!["dropout-gb18030.csv", "annex-gb18030.csv", "exit-gb18030.csv"],
        // One list twice in two formats says nothing new the second time.
        vec!["dropout.xls", "exit.xlsx", "dropout-gb18030.csv", "annex-utf8.csv"],
    ] {
        let mut office = Office::open();
        let files: Vec<PathBuf> = names.iter().map(|name| saved(name)).collect();
        let import = office.import(&files);
        assert_eq!(import.listed, [], "{names:?}");
        assert!(
            said(&office) == expected,
            "{names:?} says something else than the workbooks that were filled in"
        );
        let events = office.events();
        let again = office.import(&files);
        assert_eq!(office.events(), events, "{names:?}");
        assert!(counts(&again).keys().eq([&"known"]), "{names:?}");
    }
}
