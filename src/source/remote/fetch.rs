//! Brings deliveries into the inbox: looks, waits until what is there is whole, carries what is new.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use globset::GlobMatcher;

use super::address::is_plain_name;
use super::archive::Unpack;
use super::error::{Fault, PullError};
use super::inbox::{self, Inbox};
use super::{Clock, Listed, OnFailure, Patience, Remote, Transport, transport};
use crate::diag::{Diagnostic, Spot};
use crate::domain::Day;
use crate::source::{
    Patterns, SourceSpec, best_match, compile, glob, ignored, manifest, partial_stem, query_file,
};

/// The longest pause between two tries.
const PAUSE_SECONDS_MAX: u64 = 300;

/// What to bring.
pub struct Fetch<'a> {
    /// Remotes by name.
    pub remotes: &'a BTreeMap<String, Remote>,
    /// All extracts; those without an origin come from the folder of deliveries and are passed over.
    pub specs: &'a [SourceSpec],
    /// The inbox.
    pub inbox: &'a Path,
    /// Day of the run, for files that queries give.
    pub as_of: Day,
    /// The clock.
    pub clock: &'a dyn Clock,
}

/// What there is to say of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// Never pulled before.
    New,
    /// Other content than last time.
    Changed,
    /// As last time.
    Same,
    /// Not whole yet, or not to be taken; `problems` tell why.
    Left,
}

impl FileState {
    /// The word for people and machines.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Same => "same",
            Self::Left => "left",
        }
    }
}

/// A file of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedFile {
    /// The remote.
    pub remote: String,
    /// The agency's folder.
    pub agency: String,
    /// The extract whose pattern takes it; `None` for manifests and archives.
    pub extract: Option<String>,
    /// Base name.
    pub name: String,
    /// Size, where the server tells it.
    pub bytes: Option<u64>,
    /// Time or tag, as the server tells it.
    pub stamp: String,
    /// What there is to say of it.
    pub state: FileState,
}

/// What came.
#[derive(Default)]
pub struct Fetched {
    /// By delivery, then by name.
    pub files: Vec<FetchedFile>,
    /// What keeps files of an extract from being taken, by extract.
    pub problems: Vec<(String, Diagnostic)>,
    /// What belongs to no extract.
    pub general: Vec<Diagnostic>,
}

/// Brings all deliveries of remotes into the inbox.
///
/// # Errors
/// A remote that failed and must not.
pub fn fetch(job: &Fetch<'_>) -> Result<Fetched, PullError> {
    work(job, |job, deliveries, fetched| {
        wait(job, deliveries);
        // Nothing is carried for a night that ends here.
        let stops = |delivery: &&mut Delivery<'_>| delivery.failed.is_some() && delivery.stops();
        if let Some(error) = deliveries.iter_mut().find(stops).and_then(|delivery| delivery.failed.take()) {
            return Err(error);
        }
        for delivery in deliveries {
            let brought = match delivery.failed.take() {
                Some(error) => Err(error),
                None => delivery.bring(job, fetched),
            };
            brought.or_else(|error| delivery.give_up(job, error, fetched))?;
        }
        Ok(())
    })
}

/// Tells what would come, after one look at each delivery. Nothing is carried.
///
/// # Errors
/// As [`fetch`].
pub fn look(job: &Fetch<'_>) -> Result<Fetched, PullError> {
    work(job, |job, deliveries, fetched| {
        for delivery in deliveries {
            delivery.look(job);
            if let Some(error) = delivery.failed.take() {
                delivery.give_up(job, error, fetched)?;
                continue;
            }
            for file in &delivery.files {
                let known = delivery.inbox.index.get(&file.name);
                let state = match known {
                    _ if !file.plain => FileState::Left,
                    None => FileState::New,
                    Some(known) if known.is(file) => FileState::Same,
                    Some(_) => FileState::Changed,
                };
                fetched.files.push(delivery.told(job, file, state));
            }
            delivery.tell_open(job, fetched, |open| !matches!(open, Open::Moving(_)));
        }
        Ok(())
    })
}

fn work(
    job: &Fetch<'_>,
    task: impl FnOnce(&Fetch<'_>, &mut [Delivery<'_>], &mut Fetched) -> Result<(), PullError>,
) -> Result<Fetched, PullError> {
    let mut fetched = Fetched::default();
    let patterns: Vec<Patterns> = job.specs.iter().map(|spec| compile(spec, &mut fetched.general)).collect();
    let aside = Aside::make(job.inbox)
        .map_err(|error| PullError::local("inbox", "create the inbox in", job.inbox, &error))?;
    let mut deliveries = deliveries(job, &patterns, &aside.folder);
    task(job, &mut deliveries, &mut fetched)?;
    Ok(fetched)
}

/// A folder for what programs must find in a file: it goes when the work is done, and what a killed run
/// left goes at the start.
pub(super) struct Aside {
    pub(super) folder: PathBuf,
    /// Folders that were not there before; they go when they are empty.
    made: Vec<PathBuf>,
}

impl Aside {
    pub(super) fn make(inbox: &Path) -> std::io::Result<Self> {
        let folder = inbox.join(".aside");
        let _ = fs::remove_dir_all(&folder);
        let made = inbox.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists());
        let made = made.map(Path::to_owned).collect();
        inbox::create(&folder)?;
        Ok(Self { folder, made })
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
        for folder in &self.made {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// What keeps a delivery from being whole.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Open {
    /// The 完成标志 is not there.
    NoMarker,
    /// A file under a name that says that it is being written; without its ending.
    Partial(String),
    /// A file that is new, or not the same as a look ago.
    Moving(String),
}

/// The files of one agency in one folder of one remote.
struct Delivery<'a> {
    remote: &'a Remote,
    agency: &'a str,
    folder: &'a str,
    /// Its extracts, as places in `specs`.
    specs: Vec<usize>,
    patterns: &'a [Patterns],
    archives: Vec<GlobMatcher>,
    marker: Option<GlobMatcher>,
    transport: Option<Box<dyn Transport + 'a>>,
    inbox: Inbox,
    /// Its files at the last look, sorted by name.
    files: Vec<Listed>,
    open: Vec<Open>,
    failed: Option<PullError>,
}

fn deliveries<'a>(job: &Fetch<'a>, patterns: &'a [Patterns], aside: &'a Path) -> Vec<Delivery<'a>> {
    let mut groups: BTreeMap<(&str, &str, &str), Vec<usize>> = BTreeMap::new();
    for (at, spec) in job.specs.iter().enumerate() {
        if let Some(origin) = &spec.origin {
            groups.entry((&origin.remote, &spec.folder, &origin.folder)).or_default().push(at);
        }
    }
    let delivery = |((remote, agency, folder), specs): ((&'a str, &'a str, &'a str), Vec<usize>)| {
        let remote = job.remotes.get(remote)?;
        let queries = specs.iter().filter_map(|&at| {
            let query = job.specs[at].origin.as_ref()?.query.clone()?;
            Some((query_file(&job.specs[at].contract, job.as_of)?, query))
        });
        let (transport, failed) = match transport(remote, queries.collect(), aside, job.clock) {
            Ok(transport) => (Some(transport), None),
            Err(error) => (None, Some(error)),
        };
        let archives = remote.archives.iter().flat_map(|archives| &archives.files);
        let day = job.as_of.iso().replace('-', "");
        let marker = remote.marker.as_ref().map(|marker| marker.replace("{day}", &day));
        Some(Delivery {
            remote,
            agency,
            folder,
            specs,
            patterns,
            archives: archives.filter_map(|pattern| glob(pattern).ok()).collect(),
            marker: marker.and_then(|marker| glob(&marker).ok()),
            transport,
            inbox: Inbox::open(&remote.name, inbox::place(job.inbox, &remote.name, agency, folder)),
            files: Vec::new(),
            open: Vec::new(),
            failed,
        })
    };
    groups.into_iter().filter_map(delivery).collect()
}

/// Looks at all deliveries until they are whole or their deadlines are over. They wait together.
fn wait(job: &Fetch<'_>, deliveries: &mut [Delivery<'_>]) {
    let begun = job.clock.seconds();
    let mut pending: Vec<usize> = (0..deliveries.len()).collect();
    loop {
        for &at in &pending {
            // Whoever is refused once is not asked again for every agency: accounts get locked by that.
            match failure_of(deliveries[at].remote, deliveries) {
                Some(error) => deliveries[at].fail(error),
                None => deliveries[at].look(job),
            }
            if deliveries[at].failed.is_some() && deliveries[at].stops() {
                return;
            }
        }
        let waited = job.clock.seconds().saturating_sub(begun);
        pending.retain(|&at| {
            let (delivery, patience) = (&deliveries[at], &deliveries[at].remote.patience);
            let again = waited + pause(patience) <= u64::from(patience.deadline_seconds);
            !delivery.open.is_empty() && again
        });
        let pause = pending.iter().map(|&at| pause(&deliveries[at].remote.patience)).max();
        let Some(pause) = pause else { return };
        tracing::info!(deliveries = pending.len(), seconds = pause, "waiting for files to become whole");
        job.clock.sleep(pause);
    }
}

/// Why a remote cannot be read at all, when that is known of another of its deliveries.
fn failure_of(remote: &Remote, deliveries: &[Delivery<'_>]) -> Option<PullError> {
    let others = deliveries.iter().filter(|delivery| delivery.remote.name == remote.name);
    let mut failed = others.filter_map(|delivery| delivery.failed.as_ref());
    failed.find(|error| error.fault != Fault::Absent).cloned()
}

/// Seconds between two looks.
fn pause(patience: &Patience) -> u64 {
    u64::from(patience.settle_seconds).max(1)
}

/// Tries until it goes well, the fault is one that stays, or it was tried often enough.
pub(super) fn again<T>(
    clock: &dyn Clock,
    remote: &Remote,
    mut attempt: impl FnMut() -> Result<T, PullError>,
) -> Result<T, PullError> {
    let mut pause = u64::from(remote.patience.backoff_seconds);
    let mut tries = 1;
    loop {
        match attempt() {
            Err(error) if error.fault.passes() && tries < remote.patience.tries => {
                tracing::warn!(remote = remote.name, tries, pause, "{}", error.what);
                clock.sleep(pause);
                pause = (pause * 2).min(PAUSE_SECONDS_MAX);
                tries += 1;
            }
            Err(mut error) if tries > 1 => {
                error.what = format!("{} (tried {tries} times)", error.what);
                return Err(error);
            }
            other => return other,
        }
    }
}

impl Delivery<'_> {
    /// The extract that takes a file.
    fn spec(&self, name: &str) -> Option<usize> {
        best_match(name, &self.specs, self.patterns)
    }

    fn is_archive(&self, name: &str) -> bool {
        self.archives.iter().any(|pattern| pattern.is_match(name))
    }

    /// Whether the delivery is about a file of this name.
    fn is_content(&self, name: &str) -> bool {
        let named = is_plain_name(name) && ignored(name, false).is_none();
        named && (name == manifest::FILE_NAME || self.spec(name).is_some())
    }

    fn is_wanted(&self, name: &str) -> bool {
        self.is_content(name)
            || (is_plain_name(name) && ignored(name, false).is_none() && self.is_archive(name))
    }

    fn spot(&self, name: &str) -> Spot {
        Spot::file(format!("{}/{name}", self.agency))
    }

    /// Looks once, with as many tries as the remote has.
    fn look(&mut self, job: &Fetch<'_>) {
        let before = std::mem::take(&mut self.files);
        let Some(transport) = &self.transport else { return };
        let listed =
            again(job.clock, self.remote, || transport.list(self.folder, &|name| self.is_wanted(name)));
        match listed {
            Err(error) => self.fail(error),
            Ok(all) => {
                self.open = self.unsettled(&all, &before);
                self.files = all.into_iter().filter(|file| self.is_wanted(&file.name)).collect();
                self.files.sort_by(|a, b| a.name.cmp(&b.name));
                self.files.dedup_by(|a, b| a.name == b.name);
            }
        }
    }

    fn fail(&mut self, error: PullError) {
        self.open.clear();
        self.failed = Some(error);
    }

    /// Whether a failure ends the run.
    fn stops(&self) -> bool {
        self.remote.on_failure == OnFailure::Stop
    }

    fn unsettled(&self, all: &[Listed], before: &[Listed]) -> Vec<Open> {
        let marked = |marker: &GlobMatcher| all.iter().any(|file| file.plain && marker.is_match(&file.name));
        let mut open = Vec::new();
        if self.marker.as_ref().is_some_and(|marker| !marked(marker)) {
            open.push(Open::NoMarker);
        }
        for file in all {
            let stem = partial_stem(&file.name).filter(|stem| self.is_wanted(stem));
            open.extend(stem.map(|stem| Open::Partial(stem.to_owned())));
            let settled = file.settled || self.remote.patience.settle_seconds == 0 || before.contains(file);
            let known = || self.inbox.index.get(&file.name).is_some_and(|known| known.is(file));
            if self.is_wanted(&file.name) && file.plain && !settled && !known() {
                open.push(Open::Moving(file.name.clone()));
            }
        }
        open
    }

    fn told(&self, job: &Fetch<'_>, file: &Listed, state: FileState) -> FetchedFile {
        FetchedFile {
            remote: self.remote.name.clone(),
            agency: self.agency.to_owned(),
            extract: self.spec(&file.name).map(|at| job.specs[at].extract.clone()),
            name: file.name.clone(),
            bytes: file.bytes,
            stamp: file.stamp.clone(),
            state,
        }
    }

    /// Puts a problem with a file where its extract finds it.
    fn tell(&self, job: &Fetch<'_>, name: &str, problem: Diagnostic, fetched: &mut Fetched) {
        match self.spec(name) {
            Some(at) => fetched.problems.push((job.specs[at].extract.clone(), problem)),
            None => fetched.general.push(problem),
        }
    }

    /// Tells what was not whole when the deadline was over.
    fn tell_open(&self, job: &Fetch<'_>, fetched: &mut Fetched, which: impl Fn(&Open) -> bool) {
        let refused = |name: &str, message: &str| {
            Diagnostic::error("unsettled", self.spot(name), format!("file refused: {message}"))
                .with_help("ask the sender whether the transfer is over, then run again")
        };
        for open in self.open.iter().filter(|open| which(open)) {
            match open {
                Open::NoMarker => {
                    let message = "the delivery's 完成标志 is not there, so it is not complete";
                    for file in &self.files {
                        self.tell(job, &file.name, refused(&file.name, message), fetched);
                    }
                    if self.files.is_empty() {
                        fetched.general.push(Diagnostic::error(
                            "unsettled",
                            Spot::file(self.agency),
                            message,
                        ));
                    }
                }
                Open::Moving(name) => {
                    self.tell(
                        job,
                        name,
                        refused(name, "it was still being written at the deadline"),
                        fetched,
                    );
                }
                Open::Partial(name) if self.files.iter().any(|file| file.name == *name) => {
                    let message = "a newer copy of the file is being written; the one that is there is taken";
                    fetched.general.push(Diagnostic::warning("unsettled", self.spot(name), message));
                }
                Open::Partial(name) => {
                    let message = "only a part of it was there at the deadline";
                    self.tell(job, name, refused(name, message), fetched);
                }
            }
        }
    }

    /// Carries what is new, and shows the delivery as it is now.
    fn bring(&mut self, job: &Fetch<'_>, fetched: &mut Fetched) -> Result<(), PullError> {
        self.inbox.prepare()?;
        self.tell_open(job, fetched, |_| true);
        if self.open.contains(&Open::NoMarker) {
            let left = self.files.iter().map(|file| self.told(job, file, FileState::Left));
            fetched.files.extend(left);
            return self.inbox.clear_view().map(drop);
        }
        let mut taken: Vec<String> = Vec::new();
        for file in std::mem::take(&mut self.files) {
            let state = if self.open.contains(&Open::Moving(file.name.clone())) {
                FileState::Left
            } else if let Some(refused) = self.refused(&file) {
                self.tell(job, &file.name, refused, fetched);
                FileState::Left
            } else {
                taken.push(file.name.clone());
                self.carry(job, &file)?
            };
            fetched.files.push(self.told(job, &file, state));
        }
        let names: Vec<&str> = taken.iter().map(String::as_str).collect();
        self.inbox.settle(&names)?;
        self.show(&names, fetched)?;
        tracing::info!(
            remote = self.remote.name,
            agency = self.agency,
            files = taken.len(),
            "delivery is in the inbox"
        );
        Ok(())
    }

    /// Why a file is not carried at all.
    fn refused(&self, file: &Listed) -> Option<Diagnostic> {
        if !file.plain {
            return Some(Diagnostic::error(
                "symlink",
                self.spot(&file.name),
                "file refused: a link or a special file",
            ));
        }
        let most = self.remote.file_bytes_max;
        file.bytes.filter(|&bytes| bytes > most).map(|_| {
            let message = format!("file refused: more than {} MiB", most >> 20);
            Diagnostic::error("file_too_large", self.spot(&file.name), message)
        })
    }

    /// Brings one file, unless what is kept of it is what the server has.
    fn carry(&mut self, job: &Fetch<'_>, file: &Listed) -> Result<FileState, PullError> {
        if self.inbox.holds(file) {
            return Ok(FileState::Same);
        }
        let Some(transport) = &self.transport else { return Ok(FileState::Left) };
        let part = again(job.clock, self.remote, || {
            let part = self.inbox.part()?;
            transport.fetch(self.folder, file, &part)?;
            let came = part
                .metadata()
                .map_err(|error| PullError::local(&self.remote.name, "read", &part, &error))?;
            match file.bytes {
                Some(bytes) if bytes != came.len() => {
                    let what = format!("`{}`: {} bytes came of {bytes}", file.name, came.len());
                    Err(PullError::of(&self.remote.name, Fault::Cut, what))
                }
                _ => Ok(part),
            }
        })?;
        let known = self.inbox.index.contains_key(&file.name);
        let changed = self.inbox.keep(file, &part)?;
        Ok(match (known, changed) {
            (false, _) => FileState::New,
            (true, true) => FileState::Changed,
            (true, false) => FileState::Same,
        })
    }

    /// Fills the view: files as they are, archives opened.
    fn show(&self, names: &[&str], fetched: &mut Fetched) -> Result<(), PullError> {
        let view = self.inbox.clear_view()?;
        let (archives, files): (Vec<&str>, Vec<&str>) =
            names.iter().copied().partition(|name| self.is_archive(name));
        for name in files {
            self.inbox.link(name, &view)?;
        }
        let password = self.remote.archives.as_ref().and_then(|archives| archives.password.as_ref());
        let password = match password.filter(|_| !archives.is_empty()) {
            Some(secret) => {
                let read = secret.read();
                Some(read.map_err(|what| PullError::of(&self.remote.name, Fault::Secret, what))?)
            }
            None => None,
        };
        for name in archives {
            let unpack = Unpack {
                remote: &self.remote.name,
                name,
                password: password.as_ref().map(|password| password.reveal().as_str()),
                bytes_max: self.remote.file_bytes_max,
                wanted: &|name| self.is_content(name),
            };
            let unpacked = unpack.run(&self.inbox.kept(name), &view)?;
            for twice in unpacked.twice {
                let message =
                    format!("`{twice}` came twice; the one outside the archive, or the first, is taken");
                fetched.general.push(Diagnostic::error("name_twice", self.spot(name), message));
            }
            if unpacked.refused > 0 {
                let message =
                    format!("{} entries are links or lead outside the archive, not read", unpacked.refused);
                fetched.general.push(Diagnostic::error("outside", self.spot(name), message));
            }
        }
        Ok(())
    }

    /// A remote that failed: the end of the run, or of what it brings.
    fn give_up(&self, job: &Fetch<'_>, error: PullError, fetched: &mut Fetched) -> Result<(), PullError> {
        if self.stops() {
            return Err(error);
        }
        self.inbox.prepare()?;
        self.inbox.clear_view()?;
        for &at in &self.specs {
            let message = format!("nothing pulled from the remote `{}`: {}", error.remote, error.what);
            let problem = Diagnostic::error("remote_failed", Spot::file(self.agency), message);
            fetched.problems.push((job.specs[at].extract.clone(), problem.with_help(error.remedy.clone())));
        }
        Ok(())
    }
}
