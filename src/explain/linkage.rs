//! The linkage of a run as a whole: its model, its errors, its deliveries, beside earlier nights.
//!
//! Read are the manifest and, with a truth, the artifacts; earlier nights are the other runs of the same
//! pipeline in the same folder. It holds counts and shares, no value of a person.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ExplainError;
use super::run::read_manifest;
use crate::domain::LinkFigures;
use crate::evaluate::{ErrorCheck, expected_errors};

/// What of a manifest is needed.
#[derive(Clone, Debug, Deserialize)]
struct Manifest {
    run: String,
    title: String,
    as_of: String,
    linkage: String,
    model: Model,
    link: Link,
    identities: Identities,
}

/// What of the report of linked tables is needed.
#[derive(Deserialize)]
struct TablesReport {
    title: String,
    rows: BTreeMap<String, u64>,
    rules: Vec<TablesRule>,
    links: u64,
    review: u64,
    clusters: BTreeMap<u32, u64>,
    figures: LinkFigures,
}

#[derive(Deserialize)]
struct TablesRule {
    rule: String,
    pairs: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Model {
    name: String,
    fitted_on: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Link {
    mentions: u64,
    pairs: Vec<(String, u64)>,
    links: Vec<(String, u64)>,
    review: u64,
    figures: Option<LinkFigures>,
}

#[derive(Clone, Debug, Deserialize)]
struct Identities {
    count: u64,
    #[serde(default)]
    sizes: Vec<(u32, u64)>,
}

/// Everything there is to say about the linkage of a run.
#[derive(Clone, Debug, Serialize)]
pub struct LinkageReport {
    /// Run id.
    pub run: String,
    /// Title of the pipeline.
    pub title: String,
    /// Day the run speaks about.
    pub as_of: String,
    /// How it linked.
    pub linkage: String,
    /// Name of the model, and what it was fitted on.
    pub model: [String; 2],
    /// Persons named.
    pub mentions: u64,
    /// Persons found.
    pub identities: u64,
    /// Candidate pairs by blocking rule.
    pub pairs: Vec<(String, u64)>,
    /// Links by pass.
    pub links: Vec<(String, u64)>,
    /// Pairs for a person to decide.
    pub review: u64,
    /// Persons by the number of rows that name them.
    pub sizes: Vec<(u32, u64)>,
    /// Errors, model, deliveries.
    pub figures: LinkFigures,
    /// This night and earlier ones, oldest first.
    pub nights: Vec<NightFigures>,
    /// Errors beside the truth, when one was given.
    pub truth: Option<ErrorCheck>,
}

/// One night among others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NightFigures {
    /// Run id.
    pub run: String,
    /// Day the run speaks about.
    pub as_of: String,
    /// Persons named.
    pub mentions: u64,
    /// Links.
    pub links: u64,
    /// Pairs for a person to decide.
    pub review: u64,
    /// Share of wrong links to expect.
    pub false_links: f64,
    /// Share of looked-up persons to be found elsewhere that were not linked, as expected.
    pub missed: f64,
    /// For each comparator the share of rows of one number on its first level.
    pub first_level: BTreeMap<String, f64>,
    /// Roles that did not fit the model.
    pub alarms: u64,
}

/// Earlier nights that are shown.
const NIGHTS: usize = 30;

/// Looks at the linkage of a run, or of tables that `doudi link` linked; `truth` is a `truth.csv` of a run.
///
/// # Errors
/// When there is no run, it linked by numbers only or is of an older program, or a file cannot be read.
pub fn linkage(run: &Path, truth: Option<&Path>) -> Result<LinkageReport, ExplainError> {
    let path = run.join("manifest.json");
    let tables = run.join("report.json");
    if !path.is_file() && tables.is_file() {
        return of_tables(&tables);
    }
    if !path.is_file() {
        let help = "name the folder of a finished run: --run <out>/<run-id>, or run the pipeline first";
        let message = format!("there is no finished run in {}", run.display());
        return Err(ExplainError::asked(message, Some(help.to_owned())));
    }
    let manifest: Manifest = read_manifest(&path)?;
    let Some(figures) = manifest.link.figures.clone() else {
        let message =
            "the run tells nothing of its linkage: it linked by numbers only, or an older program made it";
        return Err(ExplainError::asked(message, Some("run the night again".to_owned())));
    };
    let truth = truth
        .map(|truth| expected_errors(run, truth).map_err(|error| told(truth, &error)))
        .transpose()?
        .flatten();
    Ok(LinkageReport {
        nights: nights(run, &manifest)?,
        run: manifest.run,
        title: manifest.title,
        as_of: manifest.as_of,
        linkage: manifest.linkage,
        model: [manifest.model.name, manifest.model.fitted_on],
        mentions: manifest.link.mentions,
        identities: manifest.identities.count,
        pairs: manifest.link.pairs,
        links: manifest.link.links,
        review: manifest.link.review,
        sizes: manifest.identities.sizes,
        figures,
        truth,
    })
}

/// The linkage of tables. There are no nights and no deliveries to tell of.
fn of_tables(path: &Path) -> Result<LinkageReport, ExplainError> {
    let text = fs::read_to_string(path).map_err(ExplainError::read(path))?;
    let report: TablesReport = serde_json::from_str(&text).map_err(ExplainError::read(path))?;
    Ok(LinkageReport {
        run: String::new(),
        title: report.title,
        as_of: String::new(),
        linkage: "tables".to_owned(),
        model: [String::new(), String::new()],
        mentions: report.rows.values().sum(),
        identities: report.clusters.values().sum(),
        pairs: report.rules.into_iter().map(|rule| (rule.rule, rule.pairs)).collect(),
        links: vec![("model".to_owned(), report.links)],
        review: report.review,
        sizes: report.clusters.into_iter().collect(),
        figures: report.figures,
        nights: Vec::new(),
        truth: None,
    })
}

/// The error with its cause: which file, and what is wrong with it.
fn told(path: &Path, error: &crate::evaluate::EvaluateError) -> ExplainError {
    let cause = std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
    ExplainError::Read { path: path.to_owned(), message: format!("{error}{cause}") }
}

/// The last nights up to this one of the same pipeline, from the folder that the run lies in.
fn nights(run: &Path, manifest: &Manifest) -> Result<Vec<NightFigures>, ExplainError> {
    let folder = fs::canonicalize(run).map_err(ExplainError::read(run))?;
    let mut found = BTreeMap::new();
    found.insert((manifest.as_of.clone(), manifest.run.clone()), night(manifest));
    let entries = folder.parent().map(fs::read_dir).transpose().map_err(ExplainError::read(&folder))?;
    for entry in entries.into_iter().flatten().flatten() {
        let name = entry.file_name();
        // What begins with a dot is no run; a link leads to a run that is met under its own name.
        let hidden = name.to_string_lossy().starts_with('.');
        let linked = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        let path = entry.path().join("manifest.json");
        if hidden || linked || !path.is_file() {
            continue;
        }
        // Another program's manifest is no night to compare with.
        let Ok(other) = read_manifest::<Manifest>(&path) else { continue };
        if other.title == manifest.title && other.as_of <= manifest.as_of {
            found.insert((other.as_of.clone(), other.run.clone()), night(&other));
        }
    }
    let skip = found.len().saturating_sub(NIGHTS);
    Ok(found.into_values().skip(skip).collect())
}

fn night(manifest: &Manifest) -> NightFigures {
    let figures = manifest.link.figures.as_ref();
    let mut first_level: BTreeMap<String, f64> = BTreeMap::new();
    for level in figures.iter().flat_map(|figures| &figures.levels) {
        if let Some(share) = &level.m_same_number {
            first_level.entry(level.comparator.clone()).or_insert(share.value);
        }
    }
    NightFigures {
        run: manifest.run.clone(),
        as_of: manifest.as_of.clone(),
        mentions: manifest.link.mentions,
        links: manifest.link.links.iter().map(|(_, count)| count).sum(),
        review: manifest.link.review,
        false_links: figures.map_or(0.0, |figures| figures.false_links.value),
        missed: figures.map_or(0.0, |figures| figures.missed.value),
        first_level,
        alarms: figures.map_or(0, |figures| figures.drift.iter().filter(|d| d.alarm).count() as u64),
    }
}
