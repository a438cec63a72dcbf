//! The inbox: copies of what was pulled, each recognised by its digest, and the view of each delivery
//! that the stage pull reads.
//!
//! ```text
//! <state>/inbox/<remote>/<agency>[+<folder>]/kept/    files as they came, archives among them, read-only
//!                                            view/    the same without archives, with what was in them
//!                                            index.json   what the server said of each, and its digest
//! ```

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Listed;
use super::error::PullError;
use crate::domain::sha256_of;

/// What is known of a file that was pulled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    /// As the server told it then.
    pub(super) bytes: Option<u64>,
    /// As the server told it then.
    pub(super) stamp: String,
    /// SHA-256 of what came.
    pub(super) sha256: String,
}

impl Known {
    /// Whether the server says the same of a file as when it was pulled.
    pub(super) fn is(&self, file: &Listed) -> bool {
        !file.settled && !file.stamp.is_empty() && self.bytes == file.bytes && self.stamp == file.stamp
    }
}

/// The inbox of one delivery.
pub(super) struct Inbox {
    remote: String,
    folder: PathBuf,
    pub(super) index: BTreeMap<String, Known>,
}

/// Folder of a delivery below the inbox.
pub(super) fn place(inbox: &Path, remote: &str, agency: &str, folder: &str) -> PathBuf {
    let name = match folder {
        "" => format!("{agency}+"),
        folder if folder == agency => agency.to_owned(),
        folder => format!("{agency}+{}", folder.replace('+', "++").replace('/', "+")),
    };
    inbox.join(remote).join(name)
}

/// A folder that only its owner may enter.
pub(super) fn create(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

impl Inbox {
    /// What is known of a delivery; nothing where its index is not there or not readable.
    pub(super) fn open(remote: &str, folder: PathBuf) -> Self {
        let index = fs::read(folder.join("index.json")).ok();
        let index = index.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { remote: remote.to_owned(), folder, index }
    }

    fn failed(&self, doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PullError {
        let (remote, path) = (self.remote.clone(), path.to_owned());
        move |error| PullError::local(&remote, doing, &path, &error)
    }

    /// Makes the folders.
    pub(super) fn prepare(&self) -> Result<(), PullError> {
        let kept = self.folder.join("kept");
        create(&kept).map_err(self.failed("create", &kept))
    }

    /// Where a file is written while it comes.
    pub(super) fn part(&self) -> Result<PathBuf, PullError> {
        let part = self.folder.join("coming.part");
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failed("remove", &part)(error)),
            _ => Ok(part),
        }
    }

    pub(super) fn kept(&self, name: &str) -> PathBuf {
        self.folder.join("kept").join(name)
    }

    /// Whether the copy of a file is there and still what came then.
    pub(super) fn holds(&self, file: &Listed) -> bool {
        let known = self.index.get(&file.name).filter(|known| known.is(file));
        let digest = || File::open(self.kept(&file.name)).and_then(sha256_of).ok();
        known.is_some_and(|known| digest().is_some_and(|(sha256, _)| sha256 == known.sha256))
    }

    /// Takes a file that came whole; gives whether its content is another than before.
    pub(super) fn keep(&mut self, file: &Listed, part: &Path) -> Result<bool, PullError> {
        let read = || {
            let open = File::open(part)?;
            open.sync_all()?;
            sha256_of(open)
        };
        let (sha256, _) = read().map_err(self.failed("read", part))?;
        let changed = self.index.get(&file.name).is_none_or(|known| known.sha256 != sha256);
        let read_only = fs::set_permissions(part, fs::Permissions::from_mode(0o400));
        read_only.map_err(self.failed("protect", part))?;
        let kept = self.kept(&file.name);
        fs::rename(part, &kept).map_err(self.failed("keep", &kept))?;
        let known = Known { bytes: file.bytes, stamp: file.stamp.clone(), sha256 };
        self.index.insert(file.name.clone(), known);
        Ok(changed)
    }

    /// Lets go of what the delivery does not hold any more, and writes down what it holds.
    pub(super) fn settle(&mut self, names: &[&str]) -> Result<(), PullError> {
        self.index.retain(|name, _| names.contains(&name.as_str()));
        let kept = self.folder.join("kept");
        for entry in fs::read_dir(&kept).map_err(self.failed("read", &kept))?.flatten() {
            if !names.iter().any(|name| entry.file_name() == **name) {
                fs::remove_file(entry.path()).map_err(self.failed("remove", &entry.path()))?;
            }
        }
        let (path, part) = (self.folder.join("index.json"), self.folder.join("index.part"));
        let write = || {
            let mut file = File::create(&part)?;
            file.write_all(&serde_json::to_vec_pretty(&self.index)?)?;
            file.sync_all()?;
            fs::rename(&part, &path)
        };
        write().map_err(self.failed("write", &path))
    }

    /// An empty view, to be filled by [`Inbox::link`] and archives.
    pub(super) fn clear_view(&self) -> Result<PathBuf, PullError> {
        let view = self.folder.join("view");
        match fs::remove_dir_all(&view) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(self.failed("remove", &view)(error));
            }
            _ => {}
        }
        create(&view).map_err(self.failed("create", &view))?;
        Ok(view)
    }

    /// Shows a file in the view.
    pub(super) fn link(&self, name: &str, view: &Path) -> Result<(), PullError> {
        let (from, to) = (self.kept(name), view.join(name));
        let linked = fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop));
        linked.map_err(self.failed("link", &to))
    }
}
