//! The schema folder: contracts, tables, legal basis, recipients and lists, read and checked together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::compile::Draft;
use super::contract_check::{Known, problems, shared_patterns};
use super::read::{ContractFile, TABLES, contract_files, files_of, stems, unreadable};
use super::toml_check::check_toml;
use crate::diag::{Diagnostic, Spot};
use crate::domain::Contract;
use crate::report::{Desk, Docket, DocketTemplate, ListTemplate};
use crate::rule::{LegalBasis, parse_basis};
use crate::tables::{DECISIONS, DecisionsFile, MANIFEST, Tables, TablesFile};

/// The table of laws and notices in the folder of tables.
const BASIS: &str = "legal_basis.csv";

/// What the schema folder holds.
#[derive(Default)]
pub(super) struct Schemas {
    /// Contract files, those with problems too.
    pub(super) files: Vec<ContractFile>,
    /// Contracts by extract id.
    pub(super) contracts: BTreeMap<String, Arc<Contract>>,
    /// Look-ups, when all are right.
    pub(super) tables: Option<Tables>,
    /// Legal basis by key.
    pub(super) basis: BTreeMap<String, LegalBasis>,
    /// Whether the legal basis could be read.
    pub(super) has_basis: bool,
    /// Lists and recipients.
    pub(super) desk: Option<Desk>,
    /// Lists whose templates have problems: they exist all the same.
    pub(super) broken_lists: BTreeSet<String>,
    /// Tables of SQL that exist and could not be read: what rests on them cannot be judged.
    pub(super) broken: BTreeSet<String>,
}

impl Schemas {
    /// Reads the folders that the pipeline names.
    pub(super) fn read(draft: &mut Draft) -> Self {
        let mut schemas = Self::default();
        let written = draft.raw.schemas.clone();
        let folder = draft.existing("schemas", &written, "the folder of schemas");
        if let Some(folder) = &folder {
            schemas.read_contracts(draft, folder);
        }
        let tables = folder.map(|folder| folder.join(TABLES));
        let tables = tables.filter(|tables| match fs::read_dir(tables) {
            Ok(_) => true,
            Err(error) => {
                let spot = draft.lines.spot("schemas");
                draft.problems.push(unreadable(spot, "the folder of tables", tables, &error));
                false
            }
        });
        if let Some(tables) = &tables {
            draft.print.add_tables("tables", tables);
            schemas.read_tables(draft, tables);
            schemas.read_basis(draft, tables);
        }
        schemas.read_desk(draft, tables.as_deref());
        schemas.check_contracts(draft, tables.as_deref());
        schemas
    }

    fn read_contracts(&mut self, draft: &mut Draft, folder: &Path) {
        self.files = contract_files(folder, &mut draft.problems);
        if self.files.is_empty() {
            let message = format!("no contract below {}", folder.display());
            draft.problems.push(Diagnostic::error("no_contract", draft.lines.spot("schemas"), message));
        }
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for file in &self.files {
            draft.print.add(format!("contract/{}", file.path()), file.text.as_bytes());
            if let Some(other) = seen.insert(&file.extract, &file.agency) {
                let message = format!("extract `{}` has a contract of `{other}` too", file.extract);
                let fault = Diagnostic::error("extract_twice", Spot::file(file.file.as_str()), message);
                draft
                    .problems
                    .push(fault.with_help("extract ids are unique over all agencies: rename the file"));
            }
            match &file.read {
                Some((contract, _)) => {
                    self.contracts.insert(file.extract.clone(), Arc::clone(contract));
                }
                None => {
                    self.broken.insert(file.extract.clone());
                }
            }
        }
    }

    fn read_tables(&mut self, draft: &mut Draft, folder: &Path) {
        // The loader stops at the first fault in these two; the walk beside the schema tells all.
        let before = draft.problems.len();
        check_file::<TablesFile>(&folder.join(MANIFEST), &mut draft.problems);
        check_file::<DecisionsFile>(&folder.join(DECISIONS), &mut draft.problems);
        if draft.problems.len() == before {
            match Tables::load(Some(folder)) {
                Ok(tables) => self.tables = Some(tables),
                Err(found) => draft.problems.extend(found),
            }
        }
        if self.tables.is_none() {
            self.broken.extend(stems(&decisions_of(folder), "csv"));
        }
    }

    fn read_basis(&mut self, draft: &mut Draft, folder: &Path) {
        let path = folder.join(BASIS);
        let file = path.display().to_string();
        match fs::read_to_string(&path).map(|text| parse_basis(&file, &text)) {
            Ok(Ok(basis)) => {
                self.basis = basis;
                self.has_basis = true;
            }
            Ok(Err(found)) => draft.problems.extend(found),
            Err(error) => {
                let spot = draft.lines.spot("schemas");
                draft.problems.push(unreadable(spot, "the legal basis", &path, &error));
            }
        }
    }

    fn read_desk(&mut self, draft: &mut Draft, tables: Option<&Path>) {
        let written = draft.raw.report.lists.clone();
        let Some(lists) = draft.existing("report.lists", &written, "the folder of lists") else { return };
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        for path in files_of(&lists, "toml") {
            match check_file::<ListTemplate>(&path, &mut draft.problems) {
                Some((text, template)) => {
                    draft.print.add(format!("list/{}", template.list), text.as_bytes());
                    files.insert(template.list, path.display().to_string());
                }
                None => self.broken_lists.extend(list_names(&path)),
            }
        }
        let (desk, found) = Desk::read(Some(&lists), tables);
        // Templates of the wrong shape have been told above, with all their problems.
        for mut problem in found.into_iter().filter(|problem| problem.code != "list_template") {
            // Lists are told by their id, where the file is meant.
            if let Some(file) = files.get(&problem.spot.file) {
                problem.spot.file.clone_from(file);
            }
            draft.problems.push(problem);
        }
        self.desk = Some(desk);
        self.read_dockets(draft);
    }

    fn read_dockets(&mut self, draft: &mut Draft) {
        let (Some(desk), Some(written)) = (&mut self.desk, draft.raw.report.dockets.clone()) else { return };
        let Some(folder) = draft.existing("report.dockets", &written, "the folder of ledgers") else {
            return;
        };
        for path in files_of(&folder, "toml") {
            let file = path.display().to_string();
            let Some((text, template)) = check_file::<DocketTemplate>(&path, &mut draft.problems) else {
                continue;
            };
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            draft.print.add(format!("docket/{name}"), text.as_bytes());
            let docket = Docket { file, template };
            draft.problems.extend(docket.check(desk));
            desk.dockets.push(docket);
        }
    }

    fn check_contracts(&self, draft: &mut Draft, tables: Option<&Path>) {
        let contracts = || self.contracts.values();
        let classes = self.desk.iter().flat_map(|desk| desk.disclosure.classes());
        let local_keys = contracts().flat_map(|contract| &contract.mention).flat_map(|m| m.local_key.keys());
        let known = Known {
            tables: self.tables.as_ref(),
            codes: tables
                .map(|folder| stems(&folder.join("codes"), "csv"))
                .unwrap_or_default()
                .into_iter()
                .collect(),
            classes: classes.map(str::to_owned).collect(),
            namespaces: local_keys.cloned().collect(),
        };
        for (contract, lines) in self.files.iter().filter_map(|file| file.read.as_ref()) {
            draft.problems.extend(problems(contract, lines, &known));
        }
        draft.problems.extend(shared_patterns(&self.files));
    }
}

/// The folder of decision tables: the one in which their types stand.
fn decisions_of(tables: &Path) -> PathBuf {
    tables.join(DECISIONS).parent().map(Path::to_owned).unwrap_or_default()
}

/// The names that a template with problems still tells.
fn list_names(path: &Path) -> Vec<String> {
    let table: toml::Table =
        fs::read_to_string(path).ok().and_then(|text| toml::from_str(&text).ok()).unwrap_or_default();
    let also = table.get("also").and_then(toml::Value::as_array).into_iter().flatten();
    let names = table.get("list").into_iter().chain(also).filter_map(toml::Value::as_str);
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    names.map(str::to_owned).chain(stem).collect()
}

/// A file of TOML and its value; a file that is not there has no problems.
fn check_file<T: schemars::JsonSchema + serde::de::DeserializeOwned + 'static>(
    path: &Path,
    problems: &mut Vec<Diagnostic>,
) -> Option<(String, T)> {
    let file = path.display().to_string();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            problems.push(unreadable(Spot::file(file), "the file", path, &error));
            return None;
        }
    };
    match check_toml(&file, &text) {
        Ok(value) => Some((text, value)),
        Err(found) => {
            problems.extend(found);
            None
        }
    }
}
