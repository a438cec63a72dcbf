//! A folder of this machine: mounted, or written to by somebody else's server.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::error::{Fault, PullError};
use super::send::PART;
use super::{Listed, Remote, Transport};

/// Files are read as they lie; links are never followed.
pub(super) struct Folder<'a> {
    pub(super) remote: &'a Remote,
    pub(super) at: &'a Path,
}

impl Folder<'_> {
    fn error(&self, fault: Fault, what: String) -> PullError {
        PullError::of(&self.remote.name, fault, what)
    }

    /// The folder below `at`; every part of the way is a folder and no link.
    fn path(&self, folder: &str) -> Result<PathBuf, PullError> {
        let mut path = self.at.to_owned();
        for part in folder.split('/').filter(|part| !part.is_empty()) {
            path.push(part);
            let facts = path.symlink_metadata().map_err(|error| self.absent(&path, &error))?;
            if !facts.is_dir() {
                let what = format!("{} is a link or a file where a folder should be", path.display());
                return Err(self.error(Fault::Absent, what));
            }
        }
        Ok(path)
    }

    fn absent(&self, path: &Path, error: &io::Error) -> PullError {
        self.error(
            Fault::Absent,
            format!("the folder {} cannot be read (is it mounted?): {error}", path.display()),
        )
    }
}

impl Transport for Folder<'_> {
    fn list(&self, folder: &str, _: &dyn Fn(&str) -> bool) -> Result<Vec<Listed>, PullError> {
        let path = self.path(folder)?;
        let absent = |error: io::Error| self.absent(&path, &error);
        let mut found = Vec::new();
        for entry in fs::read_dir(&path).map_err(absent)? {
            let entry = entry.map_err(absent)?;
            // What vanishes between two looks is a file on its way.
            let Ok(facts) = entry.metadata() else { continue };
            let Ok(name) = entry.file_name().into_string() else { continue };
            found.push(Listed {
                name,
                bytes: Some(facts.len()),
                stamp: format!("{}.{:09}", facts.mtime(), facts.mtime_nsec()),
                plain: facts.is_file(),
                settled: false,
            });
        }
        Ok(found)
    }

    fn fetch(&self, folder: &str, file: &Listed, to: &Path) -> Result<(), PullError> {
        let path = self.path(folder)?.join(&file.name);
        let failed =
            |error: io::Error| self.error(Fault::Network, format!("read {}: {error}", path.display()));
        let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed();
        let from = File::options().read(true).custom_flags(flags).open(&path).map_err(failed)?;
        let mut part =
            File::create(to).map_err(|error| PullError::local(&self.remote.name, "create", to, &error))?;
        let copied = io::copy(&mut from.take(self.remote.file_bytes_max + 1), &mut part).map_err(failed)?;
        if copied > self.remote.file_bytes_max {
            let what = format!("`{}` is larger than {} MiB", file.name, self.remote.file_bytes_max >> 20);
            return Err(self.error(Fault::TooLarge, what));
        }
        Ok(())
    }

    fn send(&self, folder: &str, from: &Path, name: &str) -> Result<(), PullError> {
        let path = self.path(folder)?;
        let part = path.join(format!("{name}{PART}"));
        let failed =
            |error: io::Error| self.error(Fault::Network, format!("write {}: {error}", part.display()));
        let mut source =
            File::open(from).map_err(|error| PullError::local(&self.remote.name, "read", from, &error))?;
        // What an earlier try left; a link in its place is not followed.
        let _ = fs::remove_file(&part);
        let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        let target = File::options().write(true).create_new(true).custom_flags(flags).open(&part);
        let mut target = target.map_err(failed)?;
        io::copy(&mut source, &mut target).and_then(|_| target.sync_all()).map_err(failed)?;
        fs::rename(&part, path.join(name)).map_err(failed)?;
        File::open(&path).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}
