//! Earlier nights: how the cases stood, and what the manifests say of deliveries, links and findings.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::RunError;
use super::alarm::{Counted, Figures};
use crate::domain::Day;
use crate::ledger::{Ledger, RunRecord};
use crate::report::{AgencyNight, NightBefore, NightFacts};

/// Nights that are drawn and compared.
const NIGHTS: usize = 30;

/// What is known of earlier nights: the one before; the deliveries of each, and the numbers that tonight is compared
/// with, both oldest first.
type Earlier = (Option<NightBefore>, Vec<NightFacts>, Vec<Figures>);

/// The nights before `as_of`. A run whose folder is not there any more, or whose manifest a
/// newer program wrote, has neither deliveries nor numbers.
pub(super) fn look(ledger: &Ledger, out: &Path, as_of: Day) -> Result<Earlier, RunError> {
    let before = ledger.last_run(Some(as_of))?;
    let state = before.as_ref().map(|run| ledger.state_after(&run.run_id)).transpose()?.flatten();
    let before = before.zip(state).map(|(run, state)| NightBefore {
        as_of: run.as_of,
        phases: state.cases.into_iter().map(|(key, record)| (key, record.phase)).collect(),
    });
    // Of two runs of one day the later one stays.
    let runs: BTreeMap<Day, RunRecord> = ledger
        .commits()?
        .into_iter()
        .map(|(_, run)| (run.as_of, run))
        .filter(|(day, _)| *day < as_of)
        .collect();
    let last = runs.into_values().rev().take(NIGHTS);
    let mut nights: Vec<(NightFacts, Figures)> = last.filter_map(|run| night(&run, out)).collect();
    nights.reverse();
    let (nights, figures) = nights.into_iter().unzip();
    Ok((before, nights, figures))
}

fn night(run: &RunRecord, out: &Path) -> Option<(NightFacts, Figures)> {
    let file = File::open(out.join(&run.run_id).join("manifest.json")).ok()?;
    let counted: Counted = serde_json::from_reader(BufReader::new(file)).ok()?;
    if !counted.is_known() {
        return None;
    }
    let figures = Figures::of(&counted);
    let mut agencies: BTreeMap<String, AgencyNight> = BTreeMap::new();
    for extract in counted.extracts {
        let (whole, read) = (extract.is_whole(), extract.rows_read());
        let agency = agencies.entry(extract.agency).or_default();
        agency.extracts += 1;
        agency.whole += u32::from(whole);
        agency.read += read;
        agency.held += extract.quarantined;
    }
    Some((NightFacts { as_of: run.as_of, agencies }, figures))
}
