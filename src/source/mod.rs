//! F4, stage pull: delivery folders come in, immutable copies with digest and as-of date go out.
//!
//! Files are copied first and read later, so that a delivery that changes during the run cannot
//! change the answer. Links and anything that leads out of the input folder are refused. This
//! stage never looks into a file and never writes into the input folder. What lies elsewhere is brought
//! into the inbox first ([`remote`]).

mod arrival;
mod digest;
mod manifest;
pub mod remote;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};

use crate::diag::{Diagnostic, Level, Spot};
use crate::domain::{Contract, Day, Format, PulledExtract, PulledFile};
pub use arrival::{Arrival, Unsettled, lying, wait};
use digest::Side;
use manifest::{Entry, Manifest, Promised};

/// No file of a delivery is larger than this (8 GiB).
const FILE_BYTES_MAX: u64 = 8 << 30;

/// Which extract to look for in which delivery folder.
#[derive(Clone, Debug)]
pub struct SourceSpec {
    /// Extract id.
    pub extract: String,
    /// Delivery folder of the agency, a plain name below the input folder.
    pub folder: String,
    /// The contract, whose patterns name the files.
    pub contract: Arc<Contract>,
    /// Where it comes from, when not from the input folder.
    pub origin: Option<remote::Origin>,
}

impl SourceSpec {
    /// The folder in which its files lie when it is pulled.
    fn delivery(&self, input: &Path, inbox: &Path) -> PathBuf {
        match &self.origin {
            None => input.join(&self.folder),
            Some(origin) => remote::view(inbox, &origin.remote, &self.folder, &origin.folder),
        }
    }
}

/// A copy that this machine cannot keep. It says nothing about the delivery, so nothing may be concluded from
/// its absence: the pull as a whole fails.
#[derive(Debug, thiserror::Error)]
#[error("keep the copy {}: {source}; check the disk", path.display())]
pub struct CopyError {
    /// The copy.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Why a file was not taken.
enum Untaken {
    /// It is no file that can be used.
    Refused(Diagnostic),
    /// It could not be kept.
    Unkept(CopyError),
}

impl From<Diagnostic> for Untaken {
    fn from(refused: Diagnostic) -> Self {
        Self::Refused(refused)
    }
}

impl From<CopyError> for Untaken {
    fn from(unkept: CopyError) -> Self {
        Self::Unkept(unkept)
    }
}

/// What was pulled, and what belongs to no extract.
type Pulled = (Vec<PulledExtract>, Vec<Diagnostic>);

/// The patterns of one contract, each with its length.
type Patterns = Vec<(usize, GlobMatcher)>;

/// Copies the files of all extracts into `pulled_dir/<folder>/`, read-only.
///
/// Results are in the order of `specs`, files sorted by name. An extract without files is
/// there with an empty list; files that were refused are told in its `problems`. The second value
/// holds what belongs to no extract: unmatched files, unusable folders, a broken manifest. Extracts of
/// remotes are taken from `inbox`, where [`remote::fetch`] has put them; of the input folder what is `unsettled`
/// is refused.
///
/// # Errors
/// When a copy cannot be written. What cannot be read is a refused file and no error.
pub fn pull(
    input_dir: &Path,
    inbox: &Path,
    specs: &[SourceSpec],
    unsettled: &Unsettled,
    pulled_dir: &Path,
) -> Result<Pulled, CopyError> {
    let mut general = Vec::new();
    let mut pulled: Vec<PulledExtract> = specs
        .iter()
        .map(|spec| PulledExtract {
            extract: spec.extract.clone(),
            contract: spec.contract.clone(),
            files: Vec::new(),
            problems: Vec::new(),
        })
        .collect();
    let patterns: Vec<Patterns> = specs.iter().map(|spec| compile(spec, &mut general)).collect();
    let place = |spec: &SourceSpec| spec.delivery(input_dir, inbox);
    let folders: BTreeSet<(&str, PathBuf)> =
        specs.iter().map(|spec| (spec.folder.as_str(), place(spec))).collect();
    let taken = RefCell::default();
    for (folder, source) in folders {
        let here = |spec: &SourceSpec| spec.folder == folder && place(spec) == source;
        let of_folder: Vec<usize> = (0..specs.len()).filter(|&s| here(&specs[s])).collect();
        let job = Delivery {
            source: source.clone(),
            target: pulled_dir.join(folder),
            folder,
            best: &|name: &str| best_match(name, &of_folder, &patterns),
            taken: &taken,
            unsettled: (source == input_dir.join(folder)).then_some(unsettled),
        };
        job.pull(&mut pulled, &mut general)?;
    }
    for extract in &mut pulled {
        extract.files.sort_by(|left, right| left.name.cmp(&right.name));
        refuse_repeated(extract);
        set_older_aside(extract);
    }
    Ok((pulled, general))
}

/// A pattern of file names.
fn glob(pattern: &str) -> Result<GlobMatcher, globset::Error> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).case_insensitive(true).build()?;
    Ok(glob.compile_matcher())
}

/// What is wrong with a pattern of file names; `None` when nothing is.
pub fn pattern_fault(pattern: &str) -> Option<String> {
    glob(pattern).err().map(|error| error.to_string())
}

/// Name of the file that a query gives: that of the contract's first pattern of CSV files with one `*`,
/// which is the day. `None` when the contract takes no such file.
pub fn query_file(contract: &Contract, as_of: Day) -> Option<String> {
    let csv = |pattern: &&String| {
        let plain = !pattern.contains(['?', '[', '{', '\\', '/']);
        plain && pattern.matches('*').count() == 1 && pattern.to_ascii_lowercase().ends_with(".csv")
    };
    let pattern = contract.files.iter().find(csv)?;
    contract.formats.contains(&Format::Csv).then(|| pattern.replace('*', &as_of.iso().replace('-', "")))
}

/// The patterns of a contract with the length of each.
fn compile(spec: &SourceSpec, general: &mut Vec<Diagnostic>) -> Patterns {
    let mut matchers = Vec::new();
    for pattern in &spec.contract.files {
        match glob(pattern) {
            Ok(matcher) => matchers.push((pattern.chars().count(), matcher)),
            Err(error) => general.push(Diagnostic::error(
                "pattern_invalid",
                Spot::file(&spec.extract),
                format!("file pattern cannot be used: {error}"),
            )),
        }
    }
    matchers
}

/// The extract with the longest pattern that matches the name.
fn best_match(name: &str, of_folder: &[usize], patterns: &[Patterns]) -> Option<usize> {
    let mut best: Option<(usize, usize)> = None;
    for &spec in of_folder {
        for (length, matcher) in &patterns[spec] {
            if matcher.is_match(name) && best.is_none_or(|(longest, _)| *length > longest) {
                best = Some((*length, spec));
            }
        }
    }
    best.map(|(_, spec)| spec)
}

/// One delivery folder.
struct Delivery<'a> {
    source: PathBuf,
    target: PathBuf,
    folder: &'a str,
    best: &'a dyn Fn(&str) -> Option<usize>,
    /// Copies made so far: an agency may deliver in two places.
    taken: &'a RefCell<BTreeSet<PathBuf>>,
    /// What of the input folder was not whole at the deadline; `None` for the inbox, which holds only whole files.
    unsettled: Option<&'a Unsettled>,
}

impl Delivery<'_> {
    fn spot(&self, name: &str) -> Spot {
        Spot::file(if name.is_empty() { self.folder.to_owned() } else { format!("{}/{name}", self.folder) })
    }

    fn pull(&self, pulled: &mut [PulledExtract], general: &mut Vec<Diagnostic>) -> Result<(), CopyError> {
        let names = match self.names(general) {
            Ok(names) => names,
            Err(diagnostic) => {
                general.push(diagnostic);
                return Ok(());
            }
        };
        let listed = match manifest::read(&self.source, self.folder) {
            Ok(listed) => listed,
            Err(diagnostic) => {
                // Without a readable manifest nothing in this delivery can be verified.
                for name in &names {
                    if let Some(spec) = (self.best)(name) {
                        let message = "file refused: the delivery's manifest cannot be read";
                        let refused = Diagnostic::error("manifest_invalid", self.spot(name), message);
                        pulled[spec].problems.push(refused);
                    }
                }
                general.push(diagnostic);
                return Ok(());
            }
        };
        for name in &names {
            let Some(spec) = (self.best)(name) else {
                let message = "file matches no contract, not read";
                general.push(Diagnostic::new(Level::Info, "unmatched_file", self.spot(name), message));
                continue;
            };
            if self.unsettled.is_some_and(|unsettled| unsettled.is_moving(self.folder, name)) {
                pulled[spec]
                    .problems
                    .push(self.not_whole(name, "it was still being written at the deadline"));
                continue;
            }
            let entry = listed.as_ref().map(|manifest| manifest.get(name));
            match self.take(name, entry, &mut pulled[spec].problems) {
                Ok(file) => pulled[spec].files.push(file),
                Err(Untaken::Refused(diagnostic)) => pulled[spec].problems.push(diagnostic),
                Err(Untaken::Unkept(error)) => return Err(error),
            }
        }
        self.report_partial(&names, pulled, general);
        if let Some(manifest) = &listed {
            self.report_absent(manifest, &names, pulled, general);
        }
        Ok(())
    }

    fn not_whole(&self, name: &str, message: &str) -> Diagnostic {
        Diagnostic::error("unsettled", self.spot(name), format!("file refused: {message}"))
            .with_help("ask the sender whether the transfer is over, then run again")
    }

    /// Files of which a part lay there until the deadline.
    fn report_partial(&self, names: &[String], pulled: &mut [PulledExtract], general: &mut Vec<Diagnostic>) {
        for name in self.unsettled.into_iter().flat_map(|unsettled| unsettled.partial(self.folder)) {
            let there = names.iter().any(|other| other == name);
            match (self.best)(name) {
                Some(spec) if !there => {
                    let refused = self.not_whole(name, "only a part of it was there at the deadline");
                    pulled[spec].problems.push(refused);
                }
                _ => {
                    let message = "a newer copy of the file is being written; the one that is there is taken";
                    general.push(Diagnostic::warning("unsettled", self.spot(name), message));
                }
            }
        }
    }

    /// Names of the candidates in the folder, sorted; what is ignored is reported.
    fn names(&self, general: &mut Vec<Diagnostic>) -> Result<Vec<String>, Diagnostic> {
        let mut parts = Path::new(self.folder).components();
        if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
            let message = "delivery folder must be a plain name below the input folder";
            return Err(Diagnostic::error("outside", self.spot(""), message));
        }
        match self.source.symlink_metadata() {
            Ok(meta) if meta.file_type().is_symlink() => {
                let message = "delivery folder is a link, not read";
                return Err(Diagnostic::error("symlink", self.spot(""), message));
            }
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => {
                let message = "delivery folder is not a folder";
                return Err(Diagnostic::error("folder_unreadable", self.spot(""), message));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let message = "no delivery folder, nothing delivered";
                return Err(Diagnostic::new(Level::Info, "folder_absent", self.spot(""), message));
            }
            Err(error) => {
                let message = format!("delivery folder cannot be read: {error}");
                return Err(Diagnostic::error("folder_unreadable", self.spot(""), message));
            }
        }
        let unreadable = |error: io::Error| {
            let message = format!("delivery folder cannot be read: {error}");
            Diagnostic::error("folder_unreadable", self.spot(""), message)
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.source).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let Ok(name) = entry.file_name().into_string() else {
                let message = "a file whose name is not UTF-8, not read";
                general.push(Diagnostic::warning("name_unreadable", self.spot(""), message));
                continue;
            };
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if let Some((code, message)) = ignored(&name, is_folder) {
                general.push(Diagnostic::new(Level::Info, code, self.spot(&name), message));
            } else if name != manifest::FILE_NAME {
                names.push(name);
            }
        }
        names.sort_unstable();
        general.sort_by(|left, right| left.spot.cmp(&right.spot));
        Ok(names)
    }

    /// Copies and verifies one file. `entry` is `None` without a manifest, `Some(None)` when the
    /// manifest does not list the file.
    #[expect(clippy::option_option, reason = "no manifest, and a manifest without the file, are two things")]
    fn take(
        &self,
        name: &str,
        entry: Option<Option<&Entry>>,
        problems: &mut Vec<Diagnostic>,
    ) -> Result<PulledFile, Untaken> {
        let refuse = |code, message: &str| {
            Diagnostic::error(code, self.spot(name), format!("file refused: {message}"))
        };
        let listed = entry.flatten();
        if entry == Some(None) {
            let message = "file is not listed in the delivery's manifest";
            problems.push(Diagnostic::warning("unlisted_file", self.spot(name), message));
        }
        if let Some(fault) = listed.and_then(|entry| entry.fault) {
            return Err(refuse("manifest_invalid", fault).into());
        }
        let promised = listed.map_or(&Promised::Nothing, |entry| &entry.digest);
        match promised {
            Promised::Unclear => {
                return Err(refuse("digest_unclear", "the manifest's digest does not name its algorithm")
                    .with_help("write `sm3:` or `sha256:` before the 64 hexadecimal digits")
                    .into());
            }
            Promised::Nothing if listed.is_some() => {
                let message = "no digest in the delivery's manifest, content not verified";
                problems.push(Diagnostic::warning("digest_absent", self.spot(name), message));
            }
            _ => {}
        }
        let (path, copied) = self.copy(name, matches!(promised, Promised::Sm3(_)))?;
        let agrees = match promised {
            Promised::Sha256(hex) => *hex == copied.sha256,
            Promised::Sm3(hex) => Some(hex) == copied.sm3.as_ref(),
            Promised::Nothing | Promised::Unclear => true,
        };
        if !agrees {
            return Err(refuse("digest_mismatch", "content differs from the manifest's digest")
                .with_help("ask the sender to deliver the file again")
                .into());
        }
        Ok(PulledFile {
            path,
            name: name.to_owned(),
            bytes: copied.bytes,
            sha256: copied.sha256,
            as_of: listed.and_then(|entry| entry.as_of).or_else(|| day_in_name(name).1),
            promised_rows: listed.and_then(|entry| entry.rows),
        })
    }

    fn copy(&self, name: &str, with_sm3: bool) -> Result<(PathBuf, digest::Copied), Untaken> {
        let refuse = |code, message: String| {
            Diagnostic::error(code, self.spot(name), format!("file refused: {message}"))
        };
        let failed = |error: io::Error| refuse("copy_failed", format!("cannot copy: {error}"));
        let source = self.source.join(name);
        let before = source.symlink_metadata().map_err(failed)?;
        if !before.is_file() {
            return Err(refuse("symlink", "a link or a special file".to_owned()).into());
        }
        if before.len() > FILE_BYTES_MAX {
            let message = format!("more than {} GiB", FILE_BYTES_MAX >> 30);
            return Err(refuse("file_too_large", message).into());
        }
        let (target, partial) = (self.target.join(name), self.target.join(format!(".{name}.part")));
        if !self.taken.borrow_mut().insert(target.clone()) {
            return Err(
                refuse("name_twice", "a file of this name came from another place too".to_owned()).into()
            );
        }
        let unkept = |source: io::Error| CopyError { path: target.clone(), source };
        fs::create_dir_all(&self.target).map_err(unkept)?;
        remove(&partial).map_err(unkept)?;
        let mut from = File::open(&source).map_err(failed)?;
        let mut to = OpenOptions::new().write(true).create_new(true).open(&partial).map_err(unkept)?;
        let copied = match digest::copy(&mut from, &mut to, with_sm3) {
            Ok(copied) => copied,
            Err(Side::From(error)) => {
                remove(&partial).map_err(unkept)?;
                return Err(failed(error).into());
            }
            Err(Side::To(error)) => return Err(unkept(error).into()),
        };
        let after = from.metadata().map_err(failed)?;
        let still = (before.len(), before.modified().ok()) == (after.len(), after.modified().ok());
        if !still || copied.bytes != before.len() {
            remove(&partial).map_err(unkept)?;
            return Err(refuse("file_changing", "it changed while it was copied".to_owned()).into());
        }
        make_read_only(&to).map_err(unkept)?;
        to.sync_all().map_err(unkept)?;
        fs::rename(&partial, &target).map_err(unkept)?;
        Ok((target, copied))
    }

    /// Files that the manifest lists and that did not come.
    fn report_absent(
        &self,
        manifest: &Manifest,
        names: &[String],
        pulled: &mut [PulledExtract],
        general: &mut Vec<Diagnostic>,
    ) {
        for name in manifest.keys().filter(|name| names.binary_search(name).is_err()) {
            let message = "file listed in the manifest did not come";
            let absent = Diagnostic::error("listed_absent", self.spot(name), message);
            match (self.best)(name) {
                Some(spec) => pulled[spec].problems.push(absent),
                None => general.push(absent),
            }
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn make_read_only(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o400))
}

#[cfg(not(unix))]
fn make_read_only(file: &File) -> io::Result<()> {
    let mut permissions = file.metadata()?.permissions();
    permissions.set_readonly(true);
    file.set_permissions(permissions)
}

/// Why an entry of a delivery folder is no file of the delivery.
fn ignored(name: &str, is_folder: bool) -> Option<(&'static str, &'static str)> {
    if name.starts_with("~$") || name.starts_with('.') || partial_stem(name).is_some() {
        Some(("temporary_file", "temporary file ignored"))
    } else if is_folder {
        Some(("folder_ignored", "folder inside a delivery folder ignored"))
    } else {
        None
    }
}

/// The name that a file will have when it is written; `None` for one that is.
fn partial_stem(name: &str) -> Option<&str> {
    let lower = name.to_ascii_lowercase();
    let end = [".part", ".tmp", ".crdownload", ".filepart"].into_iter().find(|end| lower.ends_with(end))?;
    name.get(..name.len() - end.len())
}

/// The name without date and extension, and the date of `_YYYYMMDD` at the end of the stem.
fn day_in_name(name: &str) -> (&str, Option<Day>) {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    match stem.rsplit_once('_') {
        Some((part, day)) if day.len() == 8 => match manifest::parse_day(day) {
            Some(day) => (part, Some(day)),
            None => (stem, None),
        },
        _ => (stem, None),
    }
}

/// The same content under two names is one file delivered twice.
fn refuse_repeated(extract: &mut PulledExtract) {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let problems = &mut extract.problems;
    extract.files.retain(|file| match seen.get(&file.sha256) {
        None => {
            seen.insert(file.sha256.clone(), file.name.clone());
            true
        }
        Some(first) => {
            let message = format!("file refused: the same content as `{first}`");
            problems.push(Diagnostic::error("duplicate_file", Spot::file(&file.name), message));
            false
        }
    });
}

/// Of a snapshot only the newest file of each part is read: last month's file beside this month's
/// would show every person twice. Cumulative extracts are read whole.
fn set_older_aside(extract: &mut PulledExtract) {
    if extract.contract.cumulative_since.is_some() {
        return;
    }
    let part = |file: &PulledFile| day_in_name(&file.name).0.to_owned();
    let mut newest: BTreeMap<String, Day> = BTreeMap::new();
    for file in &extract.files {
        if let Some(day) = file.as_of {
            let known = newest.entry(part(file)).or_insert(day);
            *known = (*known).max(day);
        }
    }
    let problems = &mut extract.problems;
    extract.files.retain(|file| {
        let current = file.as_of.is_none_or(|day| newest.get(&part(file)).is_none_or(|last| *last <= day));
        if !current {
            let message = "file set aside: a newer file of the same part came with it";
            problems.push(Diagnostic::error("superseded", Spot::file(&file.name), message));
        }
        current
    });
}

/// Throws bytes at the reader of manifests; for `crate::fuzzing`.
#[cfg(any(test, fuzzing))]
pub(crate) fn throw_at_manifest(bytes: &[u8]) {
    let names = manifest::names(bytes).unwrap_or_default();
    assert!(names.iter().all(|name| !name.is_empty()), "a file of a manifest has a name");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(patterns: &[&str], cumulative: bool) -> Arc<Contract> {
        let since = if cumulative { "cumulative_since = \"2025-01-01\"\n" } else { "" };
        let text = format!(
            "title = \"t\"\nowner = \"o\"\nversion = 1\ngrain = \"g\"\nfiles = {patterns:?}\nformats = [\"csv\"]\n{since}\
             [field.a]\nheaders = [\"甲\"]\ntype = \"text\"\n"
        );
        Arc::new(toml::from_str(&text).unwrap())
    }

    pub(super) fn spec(extract: &str, patterns: &[&str]) -> SourceSpec {
        SourceSpec {
            extract: extract.to_owned(),
            folder: "f".to_owned(),
            contract: contract(patterns, false),
            origin: None,
        }
    }

    /// Pulls `files` of one folder; returns the names taken, and all codes with their files.
    fn check(specs: &[SourceSpec], files: &[(&str, &str)], taken: &[&[&str]], codes: &[(&str, &str)]) {
        let (input, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(input.path().join("f")).unwrap();
        for (name, content) in files {
            fs::write(input.path().join("f").join(name), content).unwrap();
        }
        let (pulled, general) =
            pull(input.path(), input.path(), specs, &Unsettled::default(), work.path()).unwrap();
        let names: Vec<Vec<&str>> =
            pulled.iter().map(|one| one.files.iter().map(|file| file.name.as_str()).collect()).collect();
        assert_eq!(names, taken);
        let said = pulled.iter().flat_map(|one| &one.problems).chain(&general);
        let base = |one: &Diagnostic| one.spot.file.rsplit('/').next().unwrap_or_default().to_owned();
        let said: Vec<(&str, String)> = said.map(|one| (one.code, base(one))).collect();
        let said: Vec<(&str, &str)> = said.iter().map(|(code, file)| (*code, file.as_str())).collect();
        assert_eq!(said, codes);
    }

    #[test]
    fn the_longest_pattern_takes_a_file_and_strays_are_told() {
        let specs = [spec("one", &["表_*.csv"]), spec("two", &["表_特_*.csv"])];
        let files = [("表_1.csv", "1"), ("表_特_1.csv", "2"), ("~$表_1.csv", "3"), ("信.txt", "4")];
        let codes = [("unmatched_file", "信.txt"), ("temporary_file", "~$表_1.csv")];
        let mut sorted = codes;
        sorted.sort_by_key(|(code, _)| *code);
        check(&specs, &files, &[&["表_1.csv"], &["表_特_1.csv"]], &sorted);
    }

    #[test]
    fn the_same_content_twice_and_an_older_month_are_set_aside() {
        let files = [
            ("表_甲_20261031.csv", "1"),
            ("表_甲_20261130.csv", "2"),
            ("表_乙_20261031.csv", "3"),
            ("表_丙.csv", "3"),
        ];
        let codes = [("duplicate_file", "表_乙_20261031.csv"), ("superseded", "表_甲_20261031.csv")];
        check(&[spec("one", &["表_*.csv"])], &files, &[&["表_丙.csv", "表_甲_20261130.csv"]], &codes);
        let cumulative = SourceSpec { contract: contract(&["表_*.csv"], true), ..spec("one", &[]) };
        let taken: &[&str] = &["表_甲_20261031.csv", "表_甲_20261130.csv"];
        check(&[cumulative], &files[..2], &[taken], &[]);
    }

    #[test]
    fn folders_that_lead_outside_are_refused() {
        for folder in ["..", "a/b", "/tmp", ""] {
            let one = SourceSpec { folder: folder.to_owned(), ..spec("one", &["*.csv"]) };
            let (input, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let (pulled, general) =
                pull(input.path(), input.path(), &[one], &Unsettled::default(), work.path()).unwrap();
            assert!(pulled[0].files.is_empty());
            assert_eq!(general[0].code, "outside", "{folder}");
        }
    }

    /// A full disk on this side must not look like a bad file of the sender, or lists would go out without it.
    #[test]
    fn a_copy_that_cannot_be_kept_fails_the_pull_and_refuses_no_file() {
        let (input, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(input.path().join("f")).unwrap();
        fs::write(input.path().join("f/表_1.csv"), "1").unwrap();
        let pull = || {
            pull(
                input.path(),
                input.path(),
                &[spec("one", &["表_*.csv"])],
                &Unsettled::default(),
                work.path(),
            )
        };
        fs::write(work.path().join("f"), "a file where the folder of the copies should be").unwrap();
        let path = pull().unwrap_err().path;
        assert_eq!(path, work.path().join("f/表_1.csv"));
        fs::remove_file(work.path().join("f")).unwrap();
        assert_eq!(pull().unwrap().0[0].files.len(), 1);
    }

    #[test]
    fn dates_are_read_from_the_end_of_the_stem() {
        for (name, expected) in [
            ("表_20261130.csv", ("表", Day::from_ymd(2026, 11, 30))),
            ("表_甲_20261130.xlsx", ("表_甲", Day::from_ymd(2026, 11, 30))),
            ("表_20261131.csv", ("表_20261131", None)),
            ("表20261130.csv", ("表20261130", None)),
            ("表_最新.csv", ("表_最新", None)),
        ] {
            assert_eq!(day_in_name(name), expected, "{name}");
        }
    }
}
