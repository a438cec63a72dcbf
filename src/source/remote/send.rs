//! Sends a file to a remote, by the programs that pull from it.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::{Fault, PullError, SendError};
use super::fetch::{Aside, again};
use super::{Clock, Remote, transport};

/// What a file is called while it is on its way.
pub(super) const PART: &str = ".part";

/// One file on its way.
pub struct Parcel<'a> {
    /// Where to.
    pub remote: &'a Remote,
    /// Folder below its address.
    pub folder: &'a str,
    /// The file.
    pub from: &'a Path,
    /// Its name there.
    pub name: &'a str,
    /// A folder of our own, in which programs may find what they need in a file.
    pub inbox: &'a Path,
    /// The clock.
    pub clock: &'a dyn Clock,
}

/// Sends one file, with as many tries as the remote has. Where the protocol can, it grows under the name with
/// `.part` and gets its own when it is whole.
///
/// # Errors
/// When the remote did not take it.
pub fn send(parcel: &Parcel<'_>) -> Result<(), SendError> {
    let remote = parcel.remote;
    let local = |error| PullError::local(&remote.name, "make a folder in", parcel.inbox, &error);
    let aside = Aside::make(parcel.inbox).map_err(local).map_err(SendError)?;
    let transport = transport(remote, BTreeMap::new(), &aside.folder, parcel.clock).map_err(SendError)?;
    let sent = again(parcel.clock, remote, || transport.send(parcel.folder, parcel.from, parcel.name));
    sent.map_err(SendError)
}

/// What remotes say that only give.
pub(super) fn gives_only(remote: &Remote) -> PullError {
    PullError::new(
        &remote.name,
        Fault::Answer,
        "nothing can be sent to a remote of its kind",
        "name another remote",
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::source::remote::Kind;
    use crate::source::remote::tests::{StillClock, remote};

    #[test]
    fn a_file_appears_whole_in_a_folder_and_replaces_its_like() {
        let folder = tempfile::tempdir().unwrap();
        let (there, from) = (folder.path().join("there"), folder.path().join("list.csv"));
        let remote = Remote { at: there.clone(), ..remote("file://local") };
        let send_it = |text: &str, below: &str| {
            fs::write(&from, text).unwrap();
            let inbox = folder.path().join("state/inbox");
            send(&Parcel {
                remote: &remote,
                folder: below,
                from: &from,
                name: "名单.csv",
                inbox: &inbox,
                clock: &StillClock,
            })
        };
        let absent = send_it("a", "ask").unwrap_err();
        assert_eq!(absent.0.fault, Fault::Absent);
        assert!(absent.to_string().starts_with("send to the remote `r`: the folder "), "{absent}");
        fs::create_dir_all(there.join("ask")).unwrap();
        send_it("a", "ask").unwrap();
        send_it("b", "ask").unwrap();
        assert_eq!(fs::read_to_string(there.join("ask/名单.csv")).unwrap(), "b");
        assert_eq!(fs::read_dir(there.join("ask")).unwrap().count(), 1, "nothing is left of its way");
        assert!(!folder.path().join("state").exists(), "nor here");
    }

    #[test]
    fn a_remote_that_only_gives_takes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("list.csv");
        fs::write(&from, "a").unwrap();
        for kind in [Kind::Http, Kind::Postgres, Kind::Odbc] {
            assert!(!kind.takes_files());
            let remote = Remote { kind, ..remote("http://h") };
            let refused = transport(&remote, BTreeMap::new(), folder.path(), &StillClock).unwrap();
            assert_eq!(refused.send("", &from, "a").unwrap_err().remedy, "name another remote");
        }
    }
}
