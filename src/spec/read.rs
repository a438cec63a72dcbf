//! Reads the files of a schema folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::toml_check::check_toml;
use crate::diag::{Diagnostic, Spot};
use crate::domain::Contract;

/// Folder beside the agencies' that holds tables and no contracts.
const TABLES: &str = "tables";

/// All contracts below a folder of schemas, by extract id, with the problems of those that are wrong.
pub fn contracts_of(schemas: &Path) -> (BTreeMap<String, Arc<Contract>>, Vec<Diagnostic>) {
    let mut contracts = BTreeMap::new();
    let mut problems = Vec::new();
    for agency in entries(schemas).into_iter().filter(|path| path.file_name().is_some_and(|n| n != TABLES)) {
        for path in entries(&agency).into_iter().filter(|path| path.extension().is_some_and(|e| e == "toml"))
        {
            match contract(&path) {
                Ok(contract) => {
                    let extract = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                    contracts.insert(extract, Arc::new(contract));
                }
                Err(found) => problems.extend(found),
            }
        }
    }
    (contracts, problems)
}

fn contract(path: &Path) -> Result<Contract, Vec<Diagnostic>> {
    let file = path.to_string_lossy().into_owned();
    let text = fs::read_to_string(path).map_err(|error| {
        vec![Diagnostic::error(
            "file_unreadable",
            Spot::file(file.clone()),
            format!("read the contract: {error}"),
        )]
    })?;
    check_toml(&file, &text)
}

/// What a folder holds, sorted; nothing where there is no such folder.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    entries
}
