//! A run that is held: data it cannot do without did not come whole, so nothing is published.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use doudi::ledger::Ledger;

use crate::county::County;

/// What a held run must leave as it is.
#[derive(PartialEq)]
struct Standing {
    runs: BTreeSet<String>,
    latest: PathBuf,
    events: Vec<doudi::ledger::StoredEvent>,
    commits: usize,
}

fn standing(county: &County) -> Standing {
    let out = county.folder.join("out");
    let names = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let ledger = Ledger::open_for_planning(&county.folder.join("state/ledger.sqlite")).unwrap();
    Standing {
        // What begins with a dot is no run.
        runs: names.filter(|name| !name.starts_with('.')).collect(),
        latest: fs::read_link(out.join("latest")).unwrap(),
        events: ledger.events().unwrap(),
        commits: ledger.commits().unwrap().len(),
    }
}

/// The next night is held, says why, and leaves everything as it was.
fn is_held(county: &County, before: &Standing, reason: &str) {
    let (code, said) = county.refused(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("failed to publish: held, because "), "{said}");
    assert!(said.contains(reason), "{reason}: {said}");
    assert!(*before == standing(county), "a held run has changed something");
}

#[test]
fn a_run_without_what_it_requires_is_held_and_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    let contract = "schemas/civil-affairs/benefit_payment.toml";
    county.change(contract, "\ngrain = ", "\ncompleteness = \"required\"\ngrain = ");
    county.well(&["run", "pipelines/nightly.toml"]);
    let before = standing(&county);
    assert_eq!(before.commits, 1);

    let deliveries = folder.path().join("fixtures/demo/civil-affairs");
    let file = deliveries.join("发放明细_20261118.csv");
    let whole = fs::read(&file).unwrap();
    // With a manifest, the digest of a changed file would not fit any more.
    fs::remove_file(deliveries.join("manifest.csv")).unwrap();
    fs::remove_file(&file).unwrap();
    is_held(&county, &before, "benefit_payment《发放明细》 did not come");

    let lines: Vec<&[u8]> = whole.split_inclusive(|&byte| byte == b'\n').collect();
    assert!(lines.len() > 100, "{} lines", lines.len());
    fs::write(&file, lines[..lines.len() / 2].concat()).unwrap();
    is_held(&county, &before, "benefit_payment《发放明细》 is incomplete: ");

    fs::write(&file, whole).unwrap();
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    assert_eq!(standing(&county).commits, 2);
}
