//! Who may read a recipient's lists beside the account that writes them: a Unix group for each recipient.
//!
//! Everything a night writes is its account's alone: the program's umask sees to that, whoever writes. Here, and only
//! here, something is opened: the folder of a recipient and its files for the group that the pipeline names, and
//! the folders above for passing through, not for looking. It is done while the run has no name yet and its own folder
//! is closed, each file to its group first and then to its readers: killed at any instant, nothing is open to anybody
//! that should not be.

use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use super::RunError;
use crate::spec::Plan;

/// Folder of the recipients' folders in that of a run.
const LISTS: &str = "lists";
const GROUP_READS: u32 = 0o640;
const GROUP_ENTERS: u32 = 0o750;
const ALL_PASS: u32 = 0o711;

/// The groups of a plan, as this machine knows them.
#[derive(Debug, Default)]
pub(super) struct Groups(Vec<Group>);

#[derive(Debug)]
struct Group {
    /// Folder below `lists/`.
    recipient: String,
    /// As the pipeline writes it.
    written: String,
    id: u32,
}

impl Groups {
    /// Looks the groups up.
    pub(super) fn of(plan: &Plan) -> Result<Self, RunError> {
        if plan.groups.is_empty() {
            return Ok(Self::default());
        }
        let known = Path::new("/etc/group");
        let known = fs::read_to_string(known).map_err(RunError::io("read the groups", known))?;
        let group = |(recipient, written): (&String, &String)| match number(written, &known) {
            Some(id) => Ok(Group { recipient: recipient.clone(), written: written.clone(), id }),
            None => Err(RunError::Group {
                recipient: recipient.clone(),
                group: written.clone(),
                why: "this machine has no such group in /etc/group; groupadd makes one, and one of a \
                      directory service is named by its number"
                    .to_owned(),
            }),
        };
        plan.groups.iter().map(group).collect::<Result<_, _>>().map(Self)
    }

    /// Whether nothing is opened to anybody.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this account may give files to each group, tried on a file in `folder` that goes again.
    pub(super) fn try_on(&self, folder: &Path) -> Result<(), RunError> {
        if self.is_empty() {
            return Ok(());
        }
        let probe = folder.join(".group");
        File::create(&probe).map_err(RunError::io("create", &probe))?;
        let tried = self.0.iter().try_for_each(|group| {
            chown(&probe, None, Some(group.id)).map_err(|error| group.refused(&probe, error))
        });
        fs::remove_file(&probe).map_err(RunError::io("remove", &probe))?;
        tried
    }

    /// Opens the folders of the recipients in the folder of a run. That folder itself stays closed until
    /// [`let_through`] opens it.
    pub(super) fn open(&self, run: &Path) -> Result<(), RunError> {
        let lists = run.join(LISTS);
        if self.is_empty() || !lists.exists() {
            return Ok(());
        }
        for group in &self.0 {
            let folder = lists.join(&group.recipient);
            // Towns and owners have a folder on nights on which there is something in it.
            if folder.exists() {
                for entry in fs::read_dir(&folder).map_err(RunError::io("read", &folder))? {
                    let path = entry.map_err(RunError::io("read", &folder))?.path();
                    group.give(&path, GROUP_READS)?;
                }
                group.give(&folder, GROUP_ENTERS)?;
            }
        }
        set(&lists, ALL_PASS)
    }
}

impl Group {
    fn give(&self, path: &Path, mode: u32) -> Result<(), RunError> {
        chown(path, None, Some(self.id)).map_err(|error| self.refused(path, error))?;
        set(path, mode)
    }

    fn refused(&self, path: &Path, error: std::io::Error) -> RunError {
        if error.kind() != ErrorKind::PermissionDenied {
            return RunError::io("give to its group", path)(error);
        }
        RunError::Group {
            recipient: self.recipient.clone(),
            group: self.written.clone(),
            why: format!(
                "the account of the run is no member of it; usermod -a -G {} ACCOUNT, and begin a new session",
                self.written
            ),
        }
    }
}

/// Lets everybody pass through the folder of a run, when its lists are opened to groups; gives whether they are.
pub(super) fn let_through(run: &Path) -> Result<bool, RunError> {
    let open = fs::metadata(run.join(LISTS)).is_ok_and(|lists| passable(&lists.permissions()));
    if open {
        set(run, ALL_PASS)?;
    }
    Ok(open)
}

/// The same for the folder of runs, whose mode is otherwise its owner's business.
pub(super) fn let_through_to_runs(out: &Path) -> Result<(), RunError> {
    let permissions = fs::metadata(out).map_err(RunError::io("read", out))?.permissions();
    if passable(&permissions) { Ok(()) } else { set(out, permissions.mode() & 0o7777 | 0o011) }
}

/// Takes from group and others whatever an older program or another hand let them have in a folder of the account.
pub(super) fn close(folder: &Path) -> Result<(), RunError> {
    let facts = fs::symlink_metadata(folder).map_err(RunError::io("read", folder))?;
    if facts.is_symlink() {
        return Ok(());
    }
    let mode = facts.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        match set(folder, mode & !0o077) {
            // Left by another account (root, say): it keeps no night from running, the folder above is closed.
            Err(RunError::Io { path, source, .. }) if source.kind() == ErrorKind::PermissionDenied => {
                tracing::warn!(path = %path.display(), "open to others and not this account's to close");
            }
            other => other?,
        }
    }
    if facts.is_dir() {
        for entry in fs::read_dir(folder).map_err(RunError::io("read", folder))? {
            close(&entry.map_err(RunError::io("read", folder))?.path())?;
        }
    }
    Ok(())
}

/// Folders above `out`, itself among them, through which not everybody may pass.
pub(super) fn barred(out: &Path) -> Vec<PathBuf> {
    let full = fs::canonicalize(out).unwrap_or_else(|_| out.to_owned());
    let bars = |folder: &&Path| fs::metadata(folder).is_ok_and(|facts| !passable(&facts.permissions()));
    full.ancestors().filter(bars).map(Path::to_owned).collect()
}

fn passable(permissions: &Permissions) -> bool {
    permissions.mode() & 0o011 == 0o011
}

fn set(path: &Path, mode: u32) -> Result<(), RunError> {
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(RunError::io("set the mode of", path))
}

/// Number of a group: by its name in a text like `/etc/group`, or written as one.
fn number(written: &str, known: &str) -> Option<u32> {
    let of_line = |line: &str| {
        let mut parts = line.split(':');
        (parts.next() == Some(written)).then(|| parts.nth(1)?.parse().ok()).flatten()
    };
    known.lines().find_map(of_line).or_else(|| written.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt as _;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    /// A group that whoever runs the tests is in.
    fn own(folder: &Path) -> Group {
        let id = fs::metadata(folder).unwrap().gid();
        Group { recipient: "one".to_owned(), written: "ours".to_owned(), id }
    }

    #[test]
    fn a_group_is_found_by_its_name_and_by_its_number() {
        let known = "root:x:0:\nlists:x:1007:doudi,other\n77:x:5:\n";
        assert_eq!(number("lists", known), Some(1007));
        assert_eq!(number("1009", known), Some(1009));
        assert_eq!(number("77", known), Some(5), "a name comes before a number");
        assert_eq!(number("list", known), None);
    }

    #[test]
    fn only_the_folders_of_recipients_with_a_group_are_opened_and_the_run_last() {
        let run = tempfile::tempdir().unwrap();
        for recipient in ["one", "two"] {
            fs::create_dir_all(run.path().join(LISTS).join(recipient)).unwrap();
            fs::write(run.path().join(LISTS).join(recipient).join("list"), "").unwrap();
        }
        close(run.path()).unwrap();
        let groups = Groups(vec![own(run.path())]);
        groups.try_on(run.path()).unwrap();
        groups.open(run.path()).unwrap();
        let at = |place: &str| mode(&run.path().join(place));
        assert_eq!((at("lists/one"), at("lists/one/list")), (GROUP_ENTERS, GROUP_READS));
        assert_eq!((at("lists/two"), at("lists/two/list")), (0o700, 0o600));
        assert_eq!((at("lists"), mode(run.path())), (ALL_PASS, 0o700));
        assert!(let_through(run.path()).unwrap());
        assert_eq!(mode(run.path()), ALL_PASS);
        assert_eq!(fs::read_dir(run.path()).unwrap().count(), 1, "the probe went again");
    }

    #[test]
    fn without_groups_nothing_is_opened() {
        let run = tempfile::tempdir().unwrap();
        fs::create_dir(run.path().join(LISTS)).unwrap();
        close(run.path()).unwrap();
        Groups::default().open(run.path()).unwrap();
        assert!(!let_through(run.path()).unwrap());
        assert_eq!((mode(run.path()), mode(&run.path().join(LISTS))), (0o700, 0o700));
    }

    #[test]
    fn a_group_that_the_account_is_not_in_is_told_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let denied =
            own(folder.path()).refused(folder.path(), ErrorKind::PermissionDenied.into()).to_string();
        assert!(denied.contains("`ours` of `one`") && denied.contains("usermod -a -G ours"), "{denied}");
        let full = own(folder.path()).refused(folder.path(), ErrorKind::StorageFull.into());
        assert!(matches!(full, RunError::Io { .. }), "{full}");
    }

    #[test]
    fn the_way_to_the_runs_is_opened_for_passing_only_and_what_bars_it_is_told() {
        let place = tempfile::tempdir().unwrap();
        let out = place.path().join("above/out");
        fs::create_dir_all(&out).unwrap();
        close(place.path()).unwrap();
        let_through_to_runs(&out).unwrap();
        assert_eq!(mode(&out), ALL_PASS);
        let above = fs::canonicalize(place.path()).unwrap();
        let told = barred(&out);
        assert!(told.contains(&above.join("above")) && told.contains(&above), "{told:?}");
        assert!(!told.contains(&above.join("above/out")), "{told:?}");
    }
}
