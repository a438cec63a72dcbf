//! Reads the files of a schema folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::toml_check::{KeyLines, check_toml_at};
use crate::diag::{Diagnostic, Spot};
use crate::domain::Contract;

/// Folder beside the agencies' that holds tables and no contracts.
pub(super) const TABLES: &str = "tables";

/// One contract and where it stands.
pub(super) struct ContractFile {
    /// The agency: the folder's name.
    pub(super) agency: String,
    /// The extract: the file's name without extension.
    pub(super) extract: String,
    /// File as diagnostics show it.
    pub(super) file: String,
    /// Its content.
    pub(super) text: String,
    /// The contract and its lines; `None` when the file has problems, which are told.
    pub(super) read: Option<(Arc<Contract>, KeyLines)>,
}

impl ContractFile {
    /// Name in pipelines: `<agency>/<extract>`.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.agency, self.extract)
    }
}

/// All contracts below a folder of schemas, by extract id, with the problems of those that are wrong.
pub fn contracts_of(schemas: &Path) -> (BTreeMap<String, Arc<Contract>>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let files = contract_files(schemas, &mut problems);
    let contracts = files.into_iter().filter_map(|file| Some((file.extract, file.read?.0)));
    (contracts.collect(), problems)
}

/// All contract files below a folder of schemas, sorted.
pub(super) fn contract_files(schemas: &Path, problems: &mut Vec<Diagnostic>) -> Vec<ContractFile> {
    let mut files = Vec::new();
    for folder in entries(schemas).into_iter().filter(|path| path.file_name().is_some_and(|n| n != TABLES)) {
        for path in files_of(&folder, "toml") {
            let file = path.display().to_string();
            let text = fs::read_to_string(&path);
            let read = match &text {
                Ok(text) => check_toml_at::<Contract>(&file, text, 0),
                Err(error) => Err(vec![unreadable(Spot::file(file.as_str()), "the contract", &path, error)]),
            };
            let read = match read {
                Ok((contract, lines)) => Some((Arc::new(contract), lines)),
                Err(found) => {
                    problems.extend(found);
                    None
                }
            };
            let name =
                |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
            files.push(ContractFile {
                agency: name(folder.file_name()),
                extract: name(path.file_stem()),
                file,
                text: text.unwrap_or_default(),
                read,
            });
        }
    }
    files
}

/// A file or folder that cannot be read, told where it is named.
pub(super) fn unreadable(spot: Spot, what: &str, path: &Path, error: &std::io::Error) -> Diagnostic {
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    };
    Diagnostic::error("file_unreadable", spot, format!("read {what} {}: {why}", path.display()))
}

/// What a folder holds, sorted; nothing where there is no such folder.
pub(super) fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    entries
}

/// Files of a folder that have this extension, sorted.
pub(super) fn files_of(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = entries(folder);
    files.retain(|path| path.extension().is_some_and(|e| e == extension));
    files
}

/// Names without `extension` of the files that have it, sorted.
pub(super) fn stems(folder: &Path, extension: &str) -> Vec<String> {
    files_of(folder, extension)
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}
