//! Deliveries that are being written while they are looked at, with a clock that the tests move.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::tests::remote;
use super::*;
use crate::domain::{Contract, Day};
use crate::source::{SourceSpec, Unsettled, pull};

/// What happens while the program sleeps.
type Event = Box<dyn FnMut() + Send>;

/// A clock on which things happen while somebody sleeps.
#[derive(Default)]
struct Eventful {
    now: AtomicU64,
    events: Mutex<Vec<(u64, Event)>>,
}

impl Eventful {
    fn at(self, second: u64, event: impl FnMut() + Send + 'static) -> Self {
        self.events.lock().unwrap().push((second, Box::new(event)));
        self
    }
}

impl Clock for Eventful {
    fn seconds(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    fn epoch(&self) -> u64 {
        self.seconds()
    }

    fn sleep(&self, seconds: u64) {
        let now = self.now.fetch_add(seconds, Ordering::Relaxed) + seconds;
        let mut events = self.events.lock().unwrap();
        let (due, later) = events.drain(..).partition(|(second, _)| *second <= now);
        *events = later;
        for (_, mut event) in due {
            event();
        }
    }
}

/// A folder that is a remote, and an inbox.
struct Place {
    folder: tempfile::TempDir,
    remote: Remote,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("out");
        fs::create_dir_all(at.join("office")).unwrap();
        Self { remote: Remote { at, ..remote("file://local") }, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.remote.at.join("office").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn specs() -> Vec<SourceSpec> {
        let contract = "title = \"t\"\nowner = \"o\"\nversion = 1\ngrain = \"g\"\nfiles = [\"表_*.csv\"]\n\
                        formats = [\"csv\"]\n[field.a]\nheaders = [\"甲\"]\ntype = \"text\"\n";
        let contract: Contract = toml::from_str(contract).unwrap();
        let origin = Origin { remote: "r".to_owned(), folder: "office".to_owned(), query: None };
        vec![SourceSpec {
            extract: "one".to_owned(),
            folder: "office".to_owned(),
            contract: Arc::new(contract),
            origin: Some(origin),
        }]
    }

    fn inbox(&self) -> PathBuf {
        self.folder.path().join("state/inbox")
    }

    fn job<T>(&self, clock: &dyn Clock, task: impl FnOnce(&Fetch<'_>) -> T) -> T {
        let (inbox, specs) = (self.inbox(), Self::specs());
        let remotes = BTreeMap::from([("r".to_owned(), self.remote.clone())]);
        task(&Fetch {
            remotes: &remotes,
            specs: &specs,
            inbox: &inbox,
            as_of: Day::from_ymd(2026, 11, 20).unwrap(),
            clock,
        })
    }

    fn fetch(&self, clock: &dyn Clock) -> Fetched {
        self.job(clock, |job| fetch(job).unwrap())
    }

    /// Name and state of each file, and the codes of what was said.
    fn told(&self, clock: &dyn Clock) -> (Vec<(String, FileState)>, Vec<&'static str>) {
        let fetched = self.fetch(clock);
        let said = fetched.problems.iter().map(|(_, problem)| problem).chain(&fetched.general);
        let codes = said.map(|problem| problem.code).collect();
        (fetched.files.into_iter().map(|file| (file.name, file.state)).collect(), codes)
    }

    /// What the stage pull takes from the inbox.
    fn pulled(&self) -> BTreeMap<String, String> {
        let to = tempfile::tempdir().unwrap();
        let (extracts, _) =
            pull(self.folder.path(), &self.inbox(), &Self::specs(), &Unsettled::default(), to.path())
                .unwrap();
        let text = |path: &Path| fs::read_to_string(path).unwrap();
        extracts[0].files.iter().map(|file| (file.name.clone(), text(&file.path))).collect()
    }
}

fn one(name: &str, state: FileState) -> Vec<(String, FileState)> {
    vec![(name.to_owned(), state)]
}

fn texts(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn a_file_that_grows_is_waited_for_until_it_is_whole() {
    let place = Place::new();
    place.write("表_1.csv", "甲\n");
    let path = place.path("表_1.csv");
    let grow = move || fs::write(&path, "甲\n一\n二\n").unwrap();
    let clock = Eventful::default().at(30, grow);
    assert_eq!(place.told(&clock), (one("表_1.csv", FileState::New), vec![]));
    assert_eq!(place.pulled(), texts(&[("表_1.csv", "甲\n一\n二\n")]));
    assert_eq!(clock.seconds(), 60, "two looks that saw the same");
}

#[test]
fn what_still_grows_at_the_deadline_is_left() {
    let place = Place::new();
    place.write("表_1.csv", "甲\n");
    let mut clock = Eventful::default();
    for second in (30..=600).step_by(30) {
        let path = place.path("表_1.csv");
        let more = move || fs::write(&path, "甲\n".repeat(usize::try_from(second).unwrap())).unwrap();
        clock = clock.at(second, more);
    }
    assert_eq!(place.told(&clock), (one("表_1.csv", FileState::Left), vec!["unsettled"]));
    assert_eq!(clock.seconds(), 300, "the deadline");
    assert_eq!(place.pulled(), texts(&[]));
}

#[test]
fn a_part_is_waited_for_and_told_when_it_stays_one() {
    let place = Place::new();
    place.write("表_1.csv.part", "甲\n");
    let (from, to) = (place.path("表_1.csv.part"), place.path("表_1.csv"));
    let clock = Eventful::default().at(60, move || fs::rename(&from, &to).unwrap());
    assert_eq!(place.told(&clock), (one("表_1.csv", FileState::New), vec![]));
    place.write("表_2.csv.tmp", "甲\n");
    assert_eq!(place.told(&Eventful::default()), (one("表_1.csv", FileState::Same), vec!["unsettled"]));
    place.write("表_2.csv.tmp", "甲\n");
    place.write("表_2.csv", "甲\n旧\n");
    let (files, codes) = place.told(&Eventful::default());
    assert_eq!((files.len(), codes), (2, vec!["unsettled"]), "the older copy is taken");
}

#[test]
fn without_its_marker_nothing_of_a_delivery_is_taken() {
    let mut place = Place::new();
    place.remote.marker = Some("完成_{day}.ok".to_owned());
    place.write("表_1.csv", "甲\n");
    place.write("完成_20261119.ok", "");
    assert_eq!(place.told(&Eventful::default()), (one("表_1.csv", FileState::Left), vec!["unsettled"]));
    assert_eq!(place.pulled(), texts(&[]));
    let path = place.path("完成_20261120.ok");
    let clock = Eventful::default().at(90, move || fs::write(&path, "").unwrap());
    assert_eq!(place.told(&clock), (one("表_1.csv", FileState::New), vec![]));
    assert_eq!(place.pulled(), texts(&[("表_1.csv", "甲\n")]));
    // Gone again: a new delivery is on its way, and yesterday's is not taken for it.
    fs::remove_file(place.path("完成_20261120.ok")).unwrap();
    assert_eq!(place.told(&Eventful::default()).1, ["unsettled"]);
    assert_eq!(place.pulled(), texts(&[]));
}

#[test]
fn what_is_known_is_not_carried_again_and_what_is_gone_goes() {
    let place = Place::new();
    place.write("表_1.csv", "甲\n");
    place.write("表_2.csv", "乙\n");
    place.fetch(&Eventful::default());
    let clock = Eventful::default();
    let (files, _) = place.told(&clock);
    assert!(files.iter().all(|(_, state)| *state == FileState::Same) && clock.seconds() == 0, "{files:?}");
    // A copy that somebody changed is not what came.
    let kept = place.inbox().join("r/office/kept/表_1.csv");
    let mut mode = fs::metadata(&kept).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o600);
    fs::set_permissions(&kept, mode).unwrap();
    fs::write(&kept, "丙\n").unwrap();
    fs::remove_file(place.path("表_2.csv")).unwrap();
    place.fetch(&Eventful::default());
    assert_eq!(place.pulled(), texts(&[("表_1.csv", "甲\n")]));
    place.write("表_1.csv", "甲\n丁\n");
    assert_eq!(place.told(&Eventful::default()).0, one("表_1.csv", FileState::Changed));
}

#[test]
fn links_and_large_files_are_left_and_strangers_passed_over() {
    let mut place = Place::new();
    place.remote.file_bytes_max = 8;
    place.write("secret", "x\n");
    std::os::unix::fs::symlink(place.path("secret"), place.path("表_1.csv")).unwrap();
    place.write("表_2.csv", "123456789");
    place.write("信.txt", "1");
    let (files, codes) = place.told(&Eventful::default());
    assert_eq!(files.len(), 2);
    assert_eq!(codes, ["symlink", "file_too_large"]);
    assert_eq!(place.pulled(), texts(&[]));
}

#[test]
fn a_folder_that_is_a_link_or_not_mounted_ends_the_run_or_the_delivery() {
    let mut place = Place::new();
    let real = place.folder.path().join("real");
    fs::rename(place.remote.at.join("office"), &real).unwrap();
    let failed = |place: &Place| place.job(&Eventful::default(), |job| fetch(job).map(drop)).unwrap_err();
    let error = failed(&place);
    assert_eq!(error.fault, Fault::Absent);
    assert!(error.to_string().contains("is it mounted?"), "{error}");
    std::os::unix::fs::symlink(&real, place.remote.at.join("office")).unwrap();
    assert!(failed(&place).what.contains("is a link"));
    place.remote.on_failure = OnFailure::GoOn;
    assert_eq!(place.told(&Eventful::default()), (vec![], vec!["remote_failed"]));
}

#[test]
fn a_look_tells_what_would_come_and_leaves_nothing() {
    let place = Place::new();
    place.write("表_1.csv", "甲\n");
    let clock = Eventful::default();
    let fetched = place.job(&clock, |job| look(job).unwrap());
    let file = &fetched.files[0];
    assert_eq!((file.name.as_str(), file.bytes, file.state), ("表_1.csv", Some(4), FileState::New));
    assert_eq!(file.extract.as_deref(), Some("one"));
    assert_eq!(clock.seconds(), 0);
    assert!(!place.folder.path().join("state").exists());
}

#[test]
fn archives_are_opened_beside_the_files_they_came_with() {
    let mut place = Place::new();
    let specs = Place::specs();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/archives");
    fs::copy(fixtures.join("paths.zip"), place.path("a.zip")).unwrap();
    place.remote.archives = Some(Archives { files: vec!["*.zip".to_owned()], password: None });
    place.write("inside.csv", "outside the archive\n");
    let mut contract = Contract::clone(&specs[0].contract);
    contract.files = vec!["*.csv".to_owned()];
    let specs = vec![SourceSpec { contract: Arc::new(contract), ..specs[0].clone() }];
    let (inbox, remotes) = (place.inbox(), BTreeMap::from([("r".to_owned(), place.remote.clone())]));
    let clock = Eventful::default();
    let as_of = Day::from_ymd(2026, 11, 20).unwrap();
    let job = Fetch { remotes: &remotes, specs: &specs, inbox: &inbox, as_of, clock: &clock };
    let fetched = fetch(&job).unwrap();
    let codes: Vec<&str> = fetched.general.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["name_twice", "name_twice", "outside"]);
    let view = inbox.join("r/office/view");
    let names: Vec<_> = fs::read_dir(&view).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["inside.csv"]);
    assert_eq!(fs::read_to_string(view.join("inside.csv")).unwrap(), "outside the archive\n");
}
