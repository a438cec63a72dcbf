//! Where a run can go on from (`run --from`): what `latest` pulled, and its records and mentions.
//!
//! `artifacts/resume/` holds what the other artifacts do not: how the files came, what was said about
//! them, and the standardised values of mentions. Linkage is not stored: with records and mentions at
//! hand it is done anew in less time than it would take to read back all that near misses need.

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::facts::Delivered;
use super::mention_store;
use super::{RunError, Stage};
use crate::diag::Diagnostic;
use crate::domain::{Day, MentionSet, PulledExtract, PulledFile, RecordSet};
use crate::report::artifacts;
use crate::spec::Plan;

const FOLDER: &str = "artifacts/resume";

/// What is known of a run beside its artifacts.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    /// The day the run spoke about.
    pub(super) as_of: Day,
    /// Digest of all that records and mentions follow from.
    data_key: String,
    pulled: Vec<StoredExtract>,
    delivered: Delivered,
    namespaces: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredExtract {
    extract: String,
    files: Vec<PulledFile>,
    problems: Vec<Diagnostic>,
}

/// Writes what a later run may go on from.
pub(super) fn write(
    folder: &Path,
    (as_of, data_key): (Day, &str),
    pulled: &[PulledExtract],
    delivered: &Delivered,
    mentions: &MentionSet,
) -> Result<(), RunError> {
    let folder = folder.join(FOLDER);
    fs::create_dir_all(&folder).map_err(RunError::io("create", &folder))?;
    for (name, batch) in mention_store::FILES.into_iter().zip(mention_store::batches(mentions)?) {
        artifacts::batch(&folder.join(format!("{name}.parquet")), &batch)?;
    }
    let extracts = pulled.iter().map(|extract| StoredExtract {
        extract: extract.extract.clone(),
        files: extract.files.iter().map(inside).collect(),
        problems: extract.problems.clone(),
    });
    let stored = Stored {
        as_of,
        data_key: data_key.to_owned(),
        pulled: extracts.collect(),
        delivered: delivered.clone(),
        namespaces: mentions.namespaces.clone(),
    };
    let path = folder.join("facts.json");
    let write = || fs::write(&path, serde_json::to_vec(&stored)?);
    write().map_err(RunError::io("write", &path))
}

/// The file with its place inside `pulled/`: agency and name.
fn inside(file: &PulledFile) -> PulledFile {
    let agency = file.path.parent().and_then(Path::file_name).unwrap_or_default();
    PulledFile { path: Path::new(agency).join(&file.name), ..file.clone() }
}

/// The run to go on from.
pub(super) struct Base {
    folder: PathBuf,
    from: Stage,
    pub(super) stored: Stored,
}

/// What `latest` says about itself.
///
/// # Errors
/// When there is no such run, or another program wrote it.
pub(super) fn last(out: &Path) -> Result<(PathBuf, Stored), RunError> {
    let latest = out.join("latest");
    let nowhere =
        |error: std::io::Error| RunError::Nowhere { path: latest.clone(), message: error.to_string() };
    let folder = fs::canonicalize(&latest).map_err(nowhere)?;
    let text = fs::read(folder.join(FOLDER).join("facts.json")).map_err(nowhere)?;
    let unreadable =
        |error: serde_json::Error| RunError::Nowhere { path: latest.clone(), message: error.to_string() };
    Ok((folder, serde_json::from_slice(&text).map_err(unreadable)?))
}

impl Base {
    /// The run that `latest` points to.
    pub(super) fn find(out: &Path, from: Stage) -> Result<Self, RunError> {
        let (folder, stored) = last(out)?;
        Ok(Self { folder, from, stored })
    }

    /// Whether records and mentions are taken as they are stored.
    pub(super) fn has_records(&self) -> bool {
        self.from > Stage::Standardise
    }

    /// The copies of the run, linked into the new folder: nothing is copied twice, nothing can change.
    pub(super) fn pull(
        &self,
        plan: &Plan,
        pulled: &Path,
    ) -> Result<(Vec<PulledExtract>, Vec<Diagnostic>), RunError> {
        let mut extracts = Vec::with_capacity(plan.sources.len());
        for source in &plan.sources {
            let stored = self.stored.pulled.iter().find(|stored| stored.extract == source.extract);
            let mut files = Vec::new();
            for file in stored.iter().flat_map(|stored| &stored.files) {
                let (from, path) = (self.folder.join("pulled").join(&file.path), pulled.join(&file.path));
                take(&from, &path)?;
                files.push(PulledFile { path, ..file.clone() });
            }
            extracts.push(PulledExtract {
                extract: source.extract.clone(),
                contract: source.contract.clone(),
                files,
                problems: stored.map_or_else(Vec::new, |stored| stored.problems.clone()),
            });
        }
        Ok((extracts, self.stored.delivered.strays.clone()))
    }

    /// Records and mentions of the run.
    ///
    /// # Errors
    /// [`RunError::Changed`] when they would not be the same today.
    pub(super) fn records(
        &self,
        plan: &Plan,
        data_key: &str,
    ) -> Result<(Delivered, Vec<RecordSet>, MentionSet), RunError> {
        if self.stored.data_key != data_key {
            return Err(RunError::Changed { from: self.from.word() });
        }
        let unreadable = |message: String| RunError::Nowhere { path: self.folder.clone(), message };
        let records = self.stored.delivered.extracts.par_iter().zip(&plan.sources).map(|(facts, source)| {
            let path = self.folder.join(format!("artifacts/records/{}.parquet", facts.id));
            let batch = mention_store::read_batch(&path).map_err(unreadable)?;
            Ok(RecordSet {
                extract: facts.id.clone(),
                contract: source.contract.clone(),
                batch,
                state: facts.state.clone(),
                as_of: facts.as_of,
            })
        });
        let records = records.collect::<Result<Vec<_>, RunError>>()?;
        let table = |name: &str| {
            let path = self.folder.join(FOLDER).join(format!("{name}.parquet"));
            mention_store::read_batch(&path).map_err(unreadable)
        };
        let [a, b, c, d] = mention_store::FILES.map(table);
        let mentions = mention_store::read([&a?, &b?, &c?, &d?], self.stored.namespaces.clone());
        Ok((self.stored.delivered.clone(), records, mentions.map_err(unreadable)?))
    }
}

/// Links a file, or copies it where links do not reach.
fn take(from: &Path, to: &Path) -> Result<(), RunError> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(RunError::io("create", folder))?;
    }
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop)).map_err(RunError::io("take", from))
}
