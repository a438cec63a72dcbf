//! Deliveries in: copied, checked, and the run held when one is not there that it cannot do without.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use sha2::{Digest, Sha256};

use super::checkpoint::Base;
use super::facts::Delivered;
use super::{Acceptance, Env, Run, RunError, mention_store};
use crate::contract::{self, LastDelivery, Limits, ValidateContext, is_usable};
use crate::diag::{Diagnostic, Spot};
use crate::domain::{
    CheckedExtract, Completeness, Contract, ExtractState, MentionSet, PulledExtract, RecordSet, hex, row_keys,
};
use crate::ledger::{Delivery, Release};
use crate::source::Arrival;
use crate::source::remote::{self, Fetch, Fetched};
use crate::spec::Plan;
use crate::{source, standard};

/// What the first stages leave to the later ones.
pub(super) struct Typed {
    pub(super) delivered: Delivered,
    pub(super) records: Vec<RecordSet>,
    pub(super) mentions: MentionSet,
    /// What would have held the night, and was accepted.
    pub(super) released: Vec<Release>,
}

/// Rows on their way to standardise.
pub(super) enum Checked<'a> {
    /// Just read.
    Fresh(Vec<CheckedExtract>),
    /// The run goes on from records that are stored.
    Stored(&'a Base),
}

impl Run<'_> {
    /// Copies the deliveries into the run's folder, or takes those of the run it goes on from.
    pub(super) fn pull(&self) -> Result<(Vec<PulledExtract>, Vec<Diagnostic>), RunError> {
        let pulled = self.folder.path.join("pulled");
        fs::create_dir(&pulled).map_err(RunError::io("create", &pulled))?;
        match &self.base {
            Some(base) => base.pull(self.plan, &pulled),
            None => self.fetch(&pulled),
        }
    }

    /// Brings what lies on remotes into the inbox, then copies all deliveries. A run that leaves nothing has
    /// an inbox of its own.
    fn fetch(&self, pulled: &Path) -> Result<(Vec<PulledExtract>, Vec<Diagnostic>), RunError> {
        let plan = self.plan;
        let inbox = if self.env.dry_run { self.folder.path.join("inbox") } else { plan.inbox() };
        let fetched = if plan.sources.iter().any(|source| source.origin.is_some()) {
            remote::fetch(&Fetch {
                remotes: &plan.remotes,
                specs: &plan.sources,
                inbox: &inbox,
                as_of: self.env.as_of,
                clock: self.env.clock,
            })?
        } else {
            Fetched::default()
        };
        // Whoever only looks ahead does not wait for half an hour.
        let arrival = if self.env.dry_run { Arrival::default() } else { plan.arrival };
        let unsettled = source::wait(&plan.input, &plan.sources, arrival, self.env.clock);
        let (mut extracts, mut general) =
            source::pull(&plan.input, &inbox, &plan.sources, &unsettled, pulled)?;
        if went_away(plan, &extracts) {
            return Err(RunError::Unplugged { path: plan.input.clone() });
        }
        for extract in &mut extracts {
            let own = fetched.problems.iter().filter(|(id, _)| *id == extract.extract);
            extract.problems.extend(own.map(|(_, problem)| problem.clone()));
        }
        general.extend(fetched.general);
        Ok((extracts, general))
    }

    /// Rows as text, unless the run goes on from records.
    pub(super) fn validate(&self, extracts: &[PulledExtract]) -> Result<Checked<'_>, RunError> {
        match &self.base {
            Some(base) if base.has_records() => Ok(Checked::Stored(base)),
            _ => validate(self.plan, self.env, extracts, &self.last).map(Checked::Fresh),
        }
    }

    /// Records and mentions, made or taken.
    pub(super) fn standardise(
        &self,
        checked: Checked<'_>,
        strays: Vec<Diagnostic>,
        data_key: &str,
    ) -> Result<Typed, RunError> {
        let (delivered, records, mentions) = match checked {
            Checked::Stored(base) => base.records(self.plan, data_key)?,
            Checked::Fresh(checked) => {
                let mut delivered = Delivered::new(self.plan, &checked, strays);
                let mut standard = standard::standardise(checked, &self.plan.tables, self.env.as_of);
                standard.problems.extend(self.vanished(&mut standard.records));
                delivered.add(&standard);
                (delivered, standard.records, standard.mentions)
            }
        };
        let states = records.iter().map(|set| (set.extract.as_str(), &*set.contract, &set.state));
        let released = hold(states, &self.env.accepted)?;
        let idle = |acceptance: &&Acceptance| !released.iter().any(|it| it.extract == acceptance.extract);
        if let Some(idle) = self.env.accepted.iter().find(idle) {
            let why = "it does not hold the night, so there is nothing to accept; run without it".to_owned();
            return Err(RunError::Accept { extract: idle.extract.clone(), why });
        }
        Ok(Typed { delivered, records, mentions, released })
    }

    /// Rows of cumulative extracts that the night before had and this one has not. A death or a transfer
    /// that is not reported any more is a fault of the data and no sign that it never happened, so the
    /// extract counts as incomplete and nothing is withdrawn because of it.
    fn vanished(&self, records: &mut [RecordSet]) -> Vec<Diagnostic> {
        let Some(before) = &self.before else { return Vec::new() };
        let mut told = Vec::new();
        for set in records.iter_mut().filter(|set| set.contract.cumulative_since.is_some()) {
            let path = self.plan.out.join(before).join(format!("artifacts/records/{}.parquet", set.extract));
            let old = mention_store::read_columns(&path, Some("row_key"));
            let (Ok(old), Some(now)) = (old, row_keys(&set.batch)) else {
                continue;
            };
            let Some(old) = row_keys(&old) else { continue };
            let now: FxHashSet<&str> = now.iter().flatten().collect();
            let gone = old.iter().flatten().filter(|key| !now.contains(key)).count();
            if gone > 0 && is_usable(&set.state) {
                let message =
                    format!("{gone} rows of the night before are missing from a cumulative extract");
                told.push(Diagnostic::warning("rows_vanished", Spot::file(set.extract.as_str()), message));
                set.state.add(format!("累积数据，上次有的 {gone} 行本次没有"));
            }
        }
        told
    }

    /// Digest of all that records and mentions follow from.
    pub(super) fn data_key(&self, extracts: &[PulledExtract]) -> String {
        let mut key = Key::default();
        key.add(&[env!("CARGO_PKG_VERSION"), &self.plan.data_hash, &self.env.as_of.iso()]);
        for source in &self.plan.sources {
            key.add(&[&source.folder, &source.extract]);
        }
        key.files(extracts);
        key.deliveries(&self.last);
        key.finish()
    }
}

/// Whether the deliveries were there and are not any more: of a share that was unplugged an empty folder is left
/// or none. What was not read then did not fail to come, and no file was a bad one.
fn went_away(plan: &Plan, extracts: &[PulledExtract]) -> bool {
    let delivered = || plan.sources.iter().zip(extracts).filter(|(source, _)| source.origin.is_none());
    let came = |extract: &PulledExtract| !extract.files.is_empty() || !extract.problems.is_empty();
    delivered().any(|(_, extract)| came(extract))
        && delivered().all(|(source, _)| !plan.input.join(&source.folder).is_dir())
}

/// A digest over texts, each with its length.
#[derive(Default)]
pub(super) struct Key(Sha256);

impl Key {
    pub(super) fn add(&mut self, parts: &[&str]) {
        for part in parts {
            self.0.update((part.len() as u64).to_be_bytes());
            self.0.update(part.as_bytes());
        }
    }

    pub(super) fn files(&mut self, extracts: &[PulledExtract]) {
        for file in extracts.iter().flat_map(|extract| &extract.files) {
            self.add(&[&file.name, &file.sha256]);
        }
    }

    pub(super) fn deliveries(&mut self, last: &BTreeMap<String, Delivery>) {
        for delivery in last.values() {
            self.add(&[&delivery.extract]);
            delivery.files.iter().for_each(|(_, sha256)| self.add(&[sha256]));
        }
    }

    pub(super) fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

/// Reads and checks all extracts, each against what was last accepted of it.
fn validate(
    plan: &Plan,
    env: &Env<'_>,
    extracts: &[PulledExtract],
    last: &BTreeMap<String, Delivery>,
) -> Result<Vec<CheckedExtract>, RunError> {
    let label = |text: &str| {
        let (_, town) = plan.tables.gazetteer.town_at(text)?;
        Some(plan.tables.gazetteer.town_name(town).to_owned())
    };
    let one = |extract: &PulledExtract| {
        let last_accepted = last.get(&extract.extract).map(|delivery| LastDelivery {
            rows: delivery.rows,
            town_counts: delivery.town_counts.clone(),
            sha256s: delivery.files.iter().map(|(_, sha256)| sha256.clone()).collect(),
            names: delivery.files.iter().map(|(name, _)| name.clone()).collect(),
            as_of: delivery.as_of,
        });
        let context = ValidateContext {
            as_of: env.as_of,
            last_accepted,
            limits: Limits::default(),
            town_label: Some(&label),
        };
        contract::validate(extract, &context)
    };
    // The largest first: the register of a county takes as long as everything else together.
    let mut order: Vec<usize> = (0..extracts.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(extracts[at].files.iter().map(|file| file.bytes).sum::<u64>()));
    let mut checked: Vec<(usize, CheckedExtract)> =
        order.par_iter().with_max_len(1).map(|&at| (at, one(&extracts[at]))).collect();
    checked.sort_by_key(|&(at, _)| at);
    let checked: Vec<CheckedExtract> = checked.into_iter().map(|(_, extract)| extract).collect();
    if checked.iter().all(|extract| extract.state == ExtractState::Missing) {
        return Err(RunError::Held { reasons: vec!["no file of any extract came".to_owned()] });
    }
    let states = checked.iter().map(|extract| (extract.extract.as_str(), &*extract.contract, &extract.state));
    hold(states, &env.accepted)?;
    Ok(checked)
}

/// Holds the run when an extract that it cannot do without did not come, or is not whole where it must be.
/// Asked twice: after validate, and after standardise, which holds rows back too. Gives those that somebody
/// accepted: they hold nothing, and stay as incomplete as they are.
fn hold<'a>(
    states: impl Iterator<Item = (&'a str, &'a Contract, &'a ExtractState)>,
    accepted: &[Acceptance],
) -> Result<Vec<Release>, RunError> {
    let (mut reasons, mut released) = (Vec::new(), Vec::new());
    for (extract, contract, state) in states {
        let Some(reason) = reason(extract, contract, state) else { continue };
        match accepted.iter().find(|acceptance| acceptance.extract == extract) {
            Some(acceptance) => released.push(Release {
                extract: extract.to_owned(),
                by: acceptance.by.clone(),
                reason: acceptance.reason.clone(),
                held: faults(state),
            }),
            None => reasons.push(reason),
        }
    }
    if reasons.is_empty() {
        return Ok(released);
    }
    reasons.push(WAY_OUT.to_owned());
    Err(RunError::Held { reasons })
}

/// What an operator can do about a held run.
const WAY_OUT: &str = "ask the owner to deliver again, or release this night: `--accept <extract> --reason <why>`; \
                       a pipeline that can do without says so: `completeness = \"optional\"` below \
                       [source.<extract>]";

/// Why an extract is not whole, in Chinese.
fn faults(state: &ExtractState) -> Vec<String> {
    match state {
        ExtractState::Complete => Vec::new(),
        ExtractState::Missing => vec!["未收到".to_owned()],
        ExtractState::Refused(reasons) | ExtractState::Incomplete(reasons) => reasons.clone(),
    }
}

/// Why an extract holds the run.
fn reason(extract: &str, contract: &Contract, state: &ExtractState) -> Option<String> {
    let holds = match contract.completeness {
        Completeness::Optional => false,
        Completeness::Present => !is_usable(state),
        Completeness::Required => true,
    };
    if !holds {
        return None;
    }
    let title = format!("{extract}《{}》", contract.title);
    match state {
        ExtractState::Complete => None,
        ExtractState::Missing => Some(format!("{title} did not come")),
        ExtractState::Refused(reasons) => Some(format!("{title} was refused: {}", reasons.join("，"))),
        ExtractState::Incomplete(reasons) => Some(format!("{title} is incomplete: {}", reasons.join("，"))),
    }
}

/// Whether tonight's silence about a row means that the row is gone. An optional extract that has never
/// come is no gap: the rule has always done without it.
pub(super) fn is_whole(state: Option<&ExtractState>, optional: bool, came_before: bool) -> bool {
    match state {
        Some(ExtractState::Complete) => true,
        Some(ExtractState::Missing) | None => optional && !came_before,
        Some(ExtractState::Incomplete(_) | ExtractState::Refused(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extract_that_must_be_there_may_be_incomplete_and_one_that_must_be_whole_may_not() {
        let states = [
            ExtractState::Complete,
            ExtractState::Incomplete(vec!["缺少一镇".to_owned()]),
            ExtractState::Refused(vec!["打不开".to_owned()]),
            ExtractState::Missing,
        ];
        let held = |completeness| {
            let contract = toml::from_str::<Contract>(
                "title = \"名册\"\nowner = \"某局\"\nversion = 1\ngrain = \"一人一行\"\nfiles = [\"a_*.csv\"]\n\
                 formats = [\"csv\"]\n[field]\n",
            );
            let contract = Contract { completeness, ..contract.unwrap() };
            states.iter().map(|state| reason("roster", &contract, state).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(held(Completeness::Optional), [false, false, false, false]);
        assert_eq!(held(Completeness::Present), [false, false, true, true]);
        assert_eq!(held(Completeness::Required), [false, true, true, true]);
    }

    #[test]
    fn an_extract_that_came_before_and_is_missing_tonight_is_a_gap() {
        let missing = Some(&ExtractState::Missing);
        assert!(is_whole(Some(&ExtractState::Complete), false, true));
        assert!(!is_whole(missing, false, false), "one the rule needs");
        assert!(is_whole(missing, true, false) && is_whole(None, true, false), "one that never came");
        assert!(!is_whole(missing, true, true), "one that came last night");
        assert!(!is_whole(Some(&ExtractState::Incomplete(Vec::new())), true, true));
    }
}
