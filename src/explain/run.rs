//! A finished run: its folder and what its manifest says.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ExplainError;
use crate::domain::{Day, MANIFEST_FORMAT, PulledExtract, PulledFile};
use crate::link::Linkage;
use crate::spec::Plan;

/// What of `manifest.json` is needed.
#[derive(Deserialize)]
struct Manifest {
    run: String,
    as_of: String,
    plan: String,
    linkage: String,
    extracts: Vec<Extract>,
}

#[derive(Deserialize)]
struct Extract {
    #[serde(rename = "extract")]
    id: String,
    agency: String,
    files: Vec<PulledCopy>,
}

#[derive(Deserialize)]
struct PulledCopy {
    name: String,
    sha256: String,
    as_of: Option<String>,
    refused: Option<String>,
}

/// Of every manifest.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// Reads what is needed of a manifest; one whose keys may mean something else is refused before they are looked at.
pub(super) fn read_manifest<T: DeserializeOwned>(path: &Path) -> Result<T, ExplainError> {
    let text = fs::read_to_string(path).map_err(ExplainError::read(path))?;
    let Format { format } = serde_json::from_str(&text).map_err(ExplainError::read(path))?;
    if format > MANIFEST_FORMAT {
        let message = format!(
            "its format {format} is newer than {MANIFEST_FORMAT}, the newest this program knows; ask the program that made the run"
        );
        return Err(message).map_err(ExplainError::read(path));
    }
    serde_json::from_str(&text).map_err(ExplainError::read(path))
}

/// A finished run.
pub struct FinishedRun {
    folder: PathBuf,
    /// Run id.
    pub run_id: String,
    /// Day the run speaks about.
    pub as_of: Day,
    /// How it linked.
    pub linkage: Linkage,
    /// Digest of the plan it ran with.
    pub plan_hash: String,
    extracts: Vec<Extract>,
}

impl FinishedRun {
    /// Reads the manifest of a run's folder.
    ///
    /// # Errors
    /// When there is no run in the folder, or its manifest cannot be read.
    pub fn open(folder: &Path) -> Result<Self, ExplainError> {
        let path = folder.join("manifest.json");
        if !path.is_file() {
            let help = "name the folder of a finished run: --run <out>/<run-id>, or run the pipeline first";
            let message = format!("there is no finished run in {}", folder.display());
            return Err(ExplainError::asked(message, Some(help.to_owned())));
        }
        let manifest: Manifest = read_manifest(&path)?;
        let as_of = Day::parse_iso(&manifest.as_of);
        let as_of = as_of.ok_or("`as_of` is no day").map_err(ExplainError::read(&path))?;
        let linkage = [Linkage::Model, Linkage::IdOnly].into_iter().find(|l| l.word() == manifest.linkage);
        let linkage =
            linkage.ok_or("`linkage` is no way to link that is known").map_err(ExplainError::read(&path))?;
        Ok(Self {
            folder: folder.to_owned(),
            run_id: manifest.run,
            as_of,
            linkage,
            plan_hash: manifest.plan,
            extracts: manifest.extracts,
        })
    }

    /// Path of an artifact.
    pub(super) fn artifact(&self, name: &str) -> PathBuf {
        self.folder.join("artifacts").join(name)
    }

    /// Ids of the run's extracts.
    pub(super) fn extracts(&self) -> impl Iterator<Item = &str> {
        self.extracts.iter().map(|extract| extract.id.as_str())
    }

    /// Names of the delivered files, with their extracts.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.extracts
            .iter()
            .flat_map(|extract| extract.files.iter().map(|file| (file.name.as_str(), extract.id.as_str())))
    }

    /// The run's own copies of the deliveries, for each source of the plan. Files that the run refused
    /// gave no row and stay out.
    pub(super) fn pulled(&self, plan: &Plan) -> Vec<PulledExtract> {
        let copies = |source: &crate::source::SourceSpec| {
            let extract = self.extracts.iter().find(|extract| extract.id == source.extract);
            let files = extract.into_iter().flat_map(|extract| {
                let used = extract.files.iter().filter(|file| file.refused.is_none());
                used.map(|file| PulledFile {
                    path: self.folder.join("pulled").join(&extract.agency).join(&file.name),
                    name: file.name.clone(),
                    bytes: 0,
                    sha256: file.sha256.clone(),
                    as_of: file.as_of.as_deref().and_then(Day::parse_iso),
                    // The run has compared the counts already.
                    promised_rows: None,
                })
            });
            PulledExtract {
                extract: source.extract.clone(),
                contract: source.contract.clone(),
                files: files.collect(),
                problems: Vec::new(),
            }
        };
        plan.sources.iter().map(copies).collect()
    }
}
