//! A pipeline file and everything it names → a plan, or all problems.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fingerprint::Fingerprint;
use super::linkage::Link;
use super::place::beside;
use super::plan::{Plan, Traces, Watch};
use super::raw::{DueIn, PipelineFile, SourceTable, TracesTable};
use super::read::{ContractFile, unreadable};
use super::rulebook::Rulebook;
use super::schemas::Schemas;
use super::toml_check::{KeyLines, check_toml_at, key_lines};
use crate::diag::{Diagnostic, Level, Spot};
use crate::domain::{Contract, Day};
use crate::report::{Desk, Due};
use crate::source::SourceSpec;
use crate::source::remote::{Address, exposed};

/// Reads a pipeline file and all files it names, and checks them together.
///
/// Next to the plan stands what does not keep it from running (warnings). A basis that has run out is
/// told only when the pipeline fixes its day: nothing here looks at a clock ([`compile_on`] is told the day).
///
/// # Errors
/// All problems of all files, warnings among them: those of the pipeline file first, then by file and
/// line.
pub fn compile(path: &Path) -> Result<(Plan, Vec<Diagnostic>), Vec<Diagnostic>> {
    compiled(path, None)
}

/// The same for whoever knows what day it is: where the pipeline fixes none, bases that have run out by then are
/// told too.
///
/// # Errors
/// As [`compile`].
pub fn compile_on(path: &Path, today: Day) -> Result<(Plan, Vec<Diagnostic>), Vec<Diagnostic>> {
    compiled(path, Some(today))
}

fn compiled(path: &Path, today: Option<Day>) -> Result<(Plan, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut draft = Draft::open(path)?;
    let as_of = draft.as_of();
    let schemas = Schemas::read(&mut draft);
    let remotes = draft.remotes();
    let sources = draft.sources(&schemas);
    let link = Link::read(&mut draft, &schemas);
    let rules = Rulebook::read(&mut draft, &schemas, as_of.or(today));
    let watch = draft.watch();
    let groups = draft.groups(schemas.desk.as_ref());
    let sends = draft.sends(schemas.desk.as_ref());
    let folder = |written: &str| beside(&draft.folder, written);
    let (input, out, state) = (folder(&draft.raw.input), folder(&draft.raw.out), folder(&draft.raw.state));
    let problems = draft.told();
    let failed = problems.iter().any(|problem| problem.level == Level::Error);
    match (schemas.tables, link, schemas.desk) {
        (Some(tables), Some(Link { settings, model }), Some(mut desk)) if !failed => {
            if draft.raw.report.due_in == DueIn::Workdays {
                desk.due = Due::Workdays(tables.calendar.clone());
            }
            let contracts: BTreeMap<String, Arc<Contract>> = schemas.contracts;
            let plan = Plan {
                file: path.to_owned(),
                title: draft.raw.title,
                as_of,
                input,
                out,
                state,
                sources,
                arrival: draft.raw.arrival.into(),
                remotes,
                sends,
                contracts,
                tables,
                link: settings,
                model,
                book: rules.book,
                wait_days: draft.raw.rules.wait_days,
                rule_files: rules.in_folder,
                basis: schemas.basis,
                desk,
                groups,
                limits: draft.raw.limits,
                alarms: draft.raw.alarms,
                watch,
                hash: draft.print.finish(),
                data_hash: draft
                    .print
                    .finish_of(|part| part.starts_with("contract/") || part.starts_with("tables")),
            };
            Ok((plan, problems))
        }
        _ => Err(problems),
    }
}

/// Who is told that a pipeline has errors: what can be read of its `[watch]`. Nobody, when that is wrong too.
pub fn watchers(path: &Path) -> Watch {
    let mut watch = Draft::open(path).map(|mut draft| draft.watch()).unwrap_or_default();
    watch.hooks.retain(|hook| hook.command.first().is_some_and(|program| !program.trim().is_empty()));
    watch
}

/// Keys of a source that say where it lies, not what it is.
const PLACES: [&str; 4] = ["remote", "folder", "files", "query"];

/// What of a pipeline's text can change an answer: not where deliveries are fetched from (they have
/// digests of their own) or how long they are waited for, where copies are sent to, who is told how the night went, which accounts may read a list, how long a stage
/// may take, or what a comment says.
fn what_decides(text: &str) -> String {
    let mut table: toml::Table = toml::from_str(text).unwrap_or_default();
    table.remove("remote");
    table.remove("arrival");
    table.remove("send");
    table.remove("watch");
    table.remove("limits");
    if let Some(report) = table.get_mut("report").and_then(toml::Value::as_table_mut) {
        report.remove("groups");
    }
    let sources = table.get_mut("source").and_then(toml::Value::as_table_mut);
    for source in sources.into_iter().flat_map(|sources| sources.iter_mut().map(|(_, source)| source)) {
        if let Some(source) = source.as_table_mut() {
            source.retain(|key, _| !PLACES.contains(&key));
        }
    }
    toml::to_string(&table).unwrap_or_default()
}

/// The contract as this pipeline takes it.
fn local(contract: &Arc<Contract>, source: &SourceTable) -> Arc<Contract> {
    if source.completeness.is_none() && source.towns.is_empty() && source.files.is_empty() {
        return Arc::clone(contract);
    }
    let mut own = Contract::clone(contract);
    if !source.files.is_empty() {
        own.files.clone_from(&source.files);
    }
    own.completeness = source.completeness.unwrap_or(own.completeness);
    if !source.towns.is_empty() {
        own.towns.clone_from(&source.towns);
    }
    Arc::new(own)
}

/// Towns that must be there have to be known, and the extract has to tell its rows' towns.
fn check_towns(contract: &Contract, path: &str, lines: &KeyLines, schemas: &Schemas) -> Vec<Diagnostic> {
    let spot = lines.spot(&format!("{path}.towns"));
    if !contract.towns.is_empty() && contract.town_field.is_none() {
        let message = "the contract names no `town_field`, so no town of it can be missed";
        return vec![Diagnostic::error("no_town_field", spot, message)];
    }
    let Some(tables) = &schemas.tables else { return Vec::new() };
    let gazetteer = &tables.gazetteer;
    let unknown = contract.towns.iter().filter(|town| {
        let whole = gazetteer.town_at(town).filter(|(length, _)| *length == town.len());
        whole.is_none()
    });
    unknown
        .map(|town| {
            let message = format!("`{town}` is no town of the gazetteer");
            let count = u16::try_from(gazetteer.town_count()).unwrap_or(u16::MAX);
            let known: Vec<&str> = (1..=count).map(|number| gazetteer.town_name(number)).collect();
            Diagnostic::error("unknown_town", spot.clone(), message).with_near(town, known.iter().copied())
        })
        .collect()
}

/// A pipeline while it is being read.
pub(super) struct Draft {
    /// Folder of the pipeline file.
    pub(super) folder: PathBuf,
    /// What the file says; of a file with problems what could be salvaged.
    pub(super) raw: PipelineFile,
    /// Where it says it.
    pub(super) lines: KeyLines,
    /// Everything found so far.
    pub(super) problems: Vec<Diagnostic>,
    /// What the plan rests on.
    pub(super) print: Fingerprint,
    file: String,
    /// Whether the file has the shape of a pipeline.
    pub(super) shaped: bool,
}

impl Draft {
    fn open(path: &Path) -> Result<Self, Vec<Diagnostic>> {
        let file = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|error| vec![unreadable(Spot::default(), "the pipeline", path, &error)])?;
        let (raw, lines, problems) = match check_toml_at::<PipelineFile>(&file, &text, 0) {
            Ok((raw, lines)) => (raw, lines, Vec::new()),
            // Without syntax there are no names of further files.
            Err(problems) if problems.iter().any(|p| p.code == "toml_syntax") => return Err(problems),
            Err(problems) => (PipelineFile::salvage(&text), key_lines(&file, &text), problems),
        };
        let shaped = problems.is_empty();
        let mut print = Fingerprint::default();
        print.add("pipeline", what_decides(&text).as_bytes());
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self { folder, raw, lines, problems, print, file, shaped })
    }

    /// The path that the key names; `None` for one that is not told, or told wrongly.
    pub(super) fn path(&mut self, key: &str, written: &str) -> Option<PathBuf> {
        if !written.trim().is_empty() {
            return Some(beside(&self.folder, written));
        }
        // Of a file with another shape a missing key has been told.
        if self.shaped {
            let message = format!("`{key}` is empty");
            self.problems.push(Diagnostic::error("empty_path", self.lines.spot(key), message));
        }
        None
    }

    /// The folder that the key names, when there is one.
    pub(super) fn existing(&mut self, key: &str, written: &str, what: &str) -> Option<PathBuf> {
        let path = self.path(key, written)?;
        match fs::read_dir(&path) {
            Ok(_) => Some(path),
            Err(error) => {
                self.problems.push(unreadable(self.lines.spot(key), what, &path, &error));
                None
            }
        }
    }

    /// The text of a file that the key names; it counts for the digest as `part`.
    pub(super) fn text(&mut self, key: &str, path: &Path, what: &str, part: &str) -> Option<String> {
        match fs::read_to_string(path) {
            Ok(text) => {
                self.print.add(part, text.as_bytes());
                Some(text)
            }
            Err(error) => {
                self.problems.push(unreadable(self.lines.spot(key), what, path, &error));
                None
            }
        }
    }

    /// Whether an extract is pulled, though perhaps under a name that is told to be wrong.
    pub(super) fn pulls(&self, extract: &str) -> bool {
        let of = |contract: &str| contract.rsplit('/').next() == Some(extract);
        self.raw.source.contains_key(extract) || self.raw.source.values().any(|source| of(&source.contract))
    }

    fn as_of(&mut self) -> Option<Day> {
        let written = self.raw.as_of.as_ref()?;
        let day = Day::parse_iso(written);
        if day.is_none() {
            let fault =
                Diagnostic::error("invalid_day", self.lines.spot("as_of"), format!("`{written}` is no day"));
            self.problems.push(fault.with_help("write the day as YYYY-MM-DD"));
        }
        day
    }

    fn sources(&mut self, schemas: &Schemas) -> Vec<SourceSpec> {
        let mut sources = Vec::new();
        for (extract, source) in &self.raw.source.clone() {
            let path = format!("source.{extract}");
            let spot = self.lines.spot(&format!("{path}.contract"));
            let known = schemas.files.iter().find(|file| file.path() == source.contract);
            let Some(file) = known else {
                // Where no contract could be read, none is misspelt.
                if !schemas.files.is_empty() {
                    let message = format!("there is no contract `{}`", source.contract);
                    let paths: Vec<String> = schemas.files.iter().map(ContractFile::path).collect();
                    let fault = Diagnostic::error("unknown_contract", spot, message);
                    self.problems.push(fault.with_near(&source.contract, paths.iter().map(String::as_str)));
                }
                continue;
            };
            if *extract != file.extract {
                let message = format!("source `{extract}` has the contract of `{}`", file.extract);
                let fault = Diagnostic::error("source_name", self.lines.spot(&path), message);
                self.problems.push(fault.with_help(format!("write [source.{}]", file.extract)));
            }
            if let Some((contract, _)) = &file.read {
                let own = local(contract, source);
                if (own.completeness, &own.towns) != (contract.completeness, &contract.towns) {
                    let said = format!("{:?} {:?}", own.completeness, own.towns);
                    self.print.add(format!("contract/{} in the pipeline", file.path()), said.as_bytes());
                }
                self.problems.extend(check_towns(&own, &path, &self.lines, schemas));
                let origin = self.origin((path.as_str(), source), &file.agency, &own);
                sources.push(SourceSpec {
                    extract: extract.clone(),
                    folder: file.agency.clone(),
                    contract: own,
                    origin,
                });
            }
        }
        if self.raw.source.is_empty() && self.shaped {
            let message = "a pipeline pulls at least one extract";
            self.problems.push(Diagnostic::error("no_source", self.lines.spot("source"), message));
        }
        sources
    }

    fn watch(&mut self) -> Watch {
        let table = self.raw.watch.clone();
        for (at, hook) in table.hook.iter().enumerate() {
            let spot = self.lines.spot(&format!("watch.hook[{at}]"));
            if hook.command.first().is_none_or(|program| program.trim().is_empty()) {
                let fault = Diagnostic::error("empty_command", spot.clone(), "the hook names no program");
                self.problems.push(fault.with_help("command = [\"/usr/local/bin/tell\", \"argument\"]"));
            }
            if hook.on.is_empty() {
                let fault = Diagnostic::error("hook_never", spot, "the hook is told at no end of a night");
                self.problems.push(fault.with_help("on = [\"held\", \"failed\"]"));
            }
        }
        let metrics = table.metrics.and_then(|written| self.path("watch.metrics", &written));
        let traces = table.traces.and_then(|table| self.traces(&table));
        Watch { metrics, traces, hooks: table.hook }
    }

    fn traces(&mut self, table: &TracesTable) -> Option<Traces> {
        let fault = match Address::parse(&table.endpoint) {
            Ok(address) if ["http", "https"].contains(&address.scheme.as_str()) => None,
            Ok(address) => Some(format!("has the scheme `{}`", address.scheme)),
            Err(fault) => Some(fault),
        };
        if let Some(fault) = fault {
            let spot = self.lines.spot("watch.traces.endpoint");
            let message = format!("the address of the collector {fault}");
            let help = "endpoint = \"http://127.0.0.1:4318/v1/traces\"";
            self.problems.push(Diagnostic::error("collector_address", spot, message).with_help(help));
            return None;
        }
        let headers = table.headers.as_ref().map(|written| beside(&self.folder, written));
        if let Some(fault) = headers.as_deref().and_then(exposed) {
            let spot = self.lines.spot("watch.traces.headers");
            let message = format!("the file of headers {fault}");
            let help = "what lets a night in is its owner's alone";
            self.problems.push(Diagnostic::error("secret_exposed", spot, message).with_help(help));
        }
        Some(Traces { endpoint: table.endpoint.clone(), headers, seconds: table.seconds })
    }

    /// Whether a group is there and may be given files, only the machine of the run can tell.
    fn groups(&mut self, desk: Option<&Desk>) -> BTreeMap<String, String> {
        for (recipient, group) in &self.raw.report.groups {
            let spot = self.lines.spot(&format!("report.groups.{recipient}"));
            if group.is_empty() || group.contains(|c: char| c.is_whitespace() || c == ':' || c.is_control()) {
                let message = format!("`{group}` is no name of a group");
                self.problems.push(Diagnostic::error("invalid_group", spot.clone(), message));
            }
            let Some(disclosure) = desk.map(|desk| &desk.disclosure) else { continue };
            if !disclosure.has_folder(recipient) {
                let message = format!("no recipient has the folder `{recipient}` below lists/");
                let fault = Diagnostic::error("unknown_recipient", spot, message);
                self.problems.push(fault.with_near(recipient, disclosure.agencies()));
            }
        }
        self.raw.report.groups.clone().into_iter().collect()
    }

    /// All problems in the order in which they are read: the pipeline's own, then by file and line.
    fn told(&mut self) -> Vec<Diagnostic> {
        let mut problems = std::mem::take(&mut self.problems);
        let file = &self.file;
        let order = |problem: &Diagnostic| (problem.spot.file != *file, problem.spot.clone(), problem.code);
        problems.sort_by(|a, b| (order(a), &a.message).cmp(&(order(b), &b.message)));
        problems.dedup();
        problems
    }
}
