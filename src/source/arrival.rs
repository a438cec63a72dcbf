//! Waits until what lies in the folder of deliveries is whole, so that nobody who still copies a file there at night is
//! cut short: half a file reads like a smaller one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::remote::Clock;
use super::{Patterns, SourceSpec, best_match, compile, ignored, manifest, partial_stem};

/// How long deliveries may take to become whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Seconds between two looks in which a file must be the same; 0: files are taken as they lie.
    pub settle_seconds: u32,
    /// Seconds that they may take.
    pub deadline_seconds: u32,
}

/// What was not whole at the deadline: agency's folder and file name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unsettled {
    moving: BTreeSet<(String, String)>,
    partial: BTreeSet<(String, String)>,
}

/// Files at one look: size and time of the last change of each.
type Seen = BTreeMap<(String, String), (u64, i64, i64)>;

impl Unsettled {
    /// Whether a file of a folder, or the folder's manifest, was still being written.
    pub(super) fn is_moving(&self, folder: &str, name: &str) -> bool {
        [name, manifest::FILE_NAME]
            .iter()
            .any(|name| self.moving.contains(&(folder.to_owned(), (*name).to_owned())))
    }

    /// Files of a folder of which a part lay there under a name that says so; without its ending.
    pub(super) fn partial<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a str> {
        self.partial.iter().filter(move |(of, _)| of == folder).map(|(_, name)| name.as_str())
    }

    fn is_empty(&self) -> bool {
        self.moving.is_empty() && self.partial.is_empty()
    }
}

/// Looks until two looks are the same and no part lies there, or the deadline is over; tells what was not whole then.
/// What comes from remotes is none of its business, and where nothing lies it does not wait.
pub fn wait(input: &Path, specs: &[SourceSpec], arrival: Arrival, clock: &dyn Clock) -> Unsettled {
    let begun = clock.seconds();
    let mut before = look(input, specs);
    if arrival.settle_seconds == 0 || before.is_empty() {
        return Unsettled::default();
    }
    let pause = u64::from(arrival.settle_seconds);
    loop {
        clock.sleep(pause);
        let now = look(input, specs);
        let open = unsettled(&before, &now);
        let waited = clock.seconds().saturating_sub(begun);
        if open.is_empty() || waited + pause > u64::from(arrival.deadline_seconds) {
            return open;
        }
        tracing::info!(
            files = open.moving.len() + open.partial.len(),
            seconds = pause,
            "waiting for deliveries to become whole"
        );
        before = now;
    }
}

/// What lies in the folder of deliveries for a pipeline: agency's folder, name, size. Files that are still written under
/// another name are among them.
pub fn lying(input: &Path, specs: &[SourceSpec]) -> Vec<(String, String, u64)> {
    look(input, specs).into_iter().map(|((folder, name), (bytes, ..))| (folder, name, bytes)).collect()
}

fn unsettled(before: &Seen, now: &Seen) -> Unsettled {
    let mut open = Unsettled::default();
    for (place, facts) in now {
        match partial_stem(&place.1) {
            Some(stem) => drop(open.partial.insert((place.0.clone(), stem.to_owned()))),
            None if before.get(place) != Some(facts) => drop(open.moving.insert(place.clone())),
            None => {}
        }
    }
    open
}

/// The files that deliveries are made of, whole or in part. What cannot be read is told when it is pulled.
fn look(input: &Path, specs: &[SourceSpec]) -> Seen {
    let specs: Vec<&SourceSpec> = specs.iter().filter(|spec| spec.origin.is_none()).collect();
    let patterns: Vec<Patterns> = specs.iter().map(|spec| compile(spec, &mut Vec::new())).collect();
    let folders: BTreeSet<&str> = specs.iter().map(|spec| spec.folder.as_str()).collect();
    let mut seen = Seen::new();
    for folder in folders {
        let own: Vec<usize> = (0..specs.len()).filter(|&at| specs[at].folder == folder).collect();
        let is_content = |name: &str| {
            let named = ignored(name, false).is_none();
            named && (name == manifest::FILE_NAME || best_match(name, &own, &patterns).is_some())
        };
        let Ok(entries) = fs::read_dir(input.join(folder)) else { continue };
        for entry in entries.flatten() {
            let (Ok(name), Ok(facts)) = (entry.file_name().into_string(), entry.metadata()) else { continue };
            if facts.is_file() && is_content(partial_stem(&name).unwrap_or(&name)) {
                let state = (facts.len(), facts.mtime(), facts.mtime_nsec());
                seen.insert((folder.to_owned(), name), state);
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::super::tests::spec;
    use super::*;

    /// A clock in whose pauses somebody writes.
    struct Writing<'a> {
        now: AtomicU64,
        write: &'a (dyn Fn(u64) + Sync),
    }

    impl Clock for Writing<'_> {
        fn seconds(&self) -> u64 {
            self.now.load(Ordering::Relaxed)
        }

        fn epoch(&self) -> u64 {
            self.seconds()
        }

        fn sleep(&self, seconds: u64) {
            (self.write)(self.now.fetch_add(seconds, Ordering::Relaxed) + seconds);
        }
    }

    const PATIENT: Arrival = Arrival { settle_seconds: 30, deadline_seconds: 300 };

    /// What is not whole, and how long it was waited for.
    fn waited(input: &Path, arrival: Arrival, write: &(dyn Fn(u64) + Sync)) -> (Unsettled, u64) {
        let clock = Writing { now: AtomicU64::new(0), write };
        let open = wait(input, &[spec("one", &["表_*.csv"])], arrival, &clock);
        (open, clock.seconds())
    }

    fn laid_out(names: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let input = tempfile::tempdir().unwrap();
        let folder = input.path().join("f");
        fs::create_dir(&folder).unwrap();
        for name in names {
            fs::write(folder.join(name), "1\n").unwrap();
        }
        (input, folder)
    }

    fn open(moving: &[&str], partial: &[&str]) -> Unsettled {
        let set = |names: &[&str]| names.iter().map(|name| ("f".to_owned(), (*name).to_owned())).collect();
        Unsettled { moving: set(moving), partial: set(partial) }
    }

    #[test]
    fn what_lies_still_costs_one_pause_and_nothing_costs_none() {
        let (input, _) = laid_out(&["表_1.csv", "别的.csv"]);
        assert_eq!(waited(input.path(), PATIENT, &|_| {}), (open(&[], &[]), 30));
        assert_eq!(waited(input.path(), Arrival::default(), &|_| {}), (open(&[], &[]), 0));
        let lies = lying(input.path(), &[spec("one", &["表_*.csv"])]);
        assert_eq!(lies, [("f".to_owned(), "表_1.csv".to_owned(), 2)]);
        let (empty, _) = laid_out(&["别的.csv"]);
        assert_eq!(waited(empty.path(), PATIENT, &|_| {}), (open(&[], &[]), 0));
    }

    #[test]
    fn a_file_that_grows_is_waited_for_until_the_deadline() {
        let (input, folder) = laid_out(&["表_1.csv"]);
        let grow = |now: u64| fs::write(folder.join("表_1.csv"), format!("1\n{now}\n")).unwrap();
        assert_eq!(
            waited(input.path(), PATIENT, &|now| if now <= 90 {
                grow(now);
            }),
            (open(&[], &[]), 120)
        );
        assert_eq!(waited(input.path(), PATIENT, &grow), (open(&["表_1.csv"], &[]), 300));
        // A file that is not the pipeline's may be written all night.
        let other = |now: u64| fs::write(folder.join("别的.csv"), format!("1\n{now}\n")).unwrap();
        assert_eq!(waited(input.path(), PATIENT, &other), (open(&[], &[]), 30));
    }

    #[test]
    fn a_part_is_waited_for_until_it_has_its_name() {
        let (input, folder) = laid_out(&["表_1.csv.part"]);
        let rename = |now: u64| {
            if now == 60 {
                fs::rename(folder.join("表_1.csv.part"), folder.join("表_1.csv")).unwrap();
            }
        };
        assert_eq!(waited(input.path(), PATIENT, &rename), (open(&[], &[]), 90));
        let (input, _) = laid_out(&["表_2.csv.part"]);
        assert_eq!(waited(input.path(), PATIENT, &|_| {}), (open(&[], &["表_2.csv"]), 300));
    }

    #[test]
    fn with_its_manifest_the_whole_delivery_moves() {
        let (input, folder) = laid_out(&["表_1.csv", manifest::FILE_NAME]);
        let write = |now: u64| fs::write(folder.join(manifest::FILE_NAME), now.to_string()).unwrap();
        let (found, _) = waited(input.path(), PATIENT, &write);
        assert!(found.is_moving("f", "表_1.csv") && !found.is_moving("g", "表_1.csv"), "{found:?}");
    }
}
