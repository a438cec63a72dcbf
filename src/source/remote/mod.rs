//! Deliveries that lie elsewhere: on an SFTP, FTP, HTTP, WebDAV or S3 server, in a database, in a mounted
//! folder, in archives with a password. They are brought into the inbox of the state folder, from where
//! the stage pull takes them like any others.
//!
//! Programs of the system carry the bytes; this module decides what is carried, waits until it is whole,
//! and believes nothing that a server says about names. It must never hand a secret to an argument, a
//! log or an error.

mod address;
mod archive;
mod curl;
mod error;
mod fetch;
#[cfg(test)]
mod fetch_tests;
mod folder;
mod inbox;
mod listing;
mod odbc;
#[cfg(feature = "odbc")]
mod odbc_carrier;
mod postgres;
mod program;
mod queries;
mod s3;
mod secret;
mod send;
mod sftp;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use address::{Address, is_plain_name, plain_folder};
pub use error::{Fault, PullError, SendError};
pub use fetch::{Fetch, Fetched, FetchedFile, FileState, fetch, look};
pub use odbc::{CARRY, connection_fault};
#[cfg(feature = "odbc")]
pub use odbc_carrier::carry;
pub use secret::{Secret, exposed};
pub use send::{Parcel, send};

use curl::{Curl, Manner};
use folder::Folder;
use odbc::Odbc;
use postgres::Database;
use queries::Queries;
use s3::Bucket;
use sftp::Sftp;

/// The only clock of this module, injected.
pub trait Clock: Sync {
    /// Seconds that have passed since some instant; never goes back.
    fn seconds(&self) -> u64;
    /// Seconds since 1970, for signatures.
    fn epoch(&self) -> u64;
    /// Waits.
    fn sleep(&self, seconds: u64);
}

/// Kinds of remotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A folder of this machine, mounted or written to by another program.
    Folder,
    /// An SFTP server; OpenSSH carries the files.
    Sftp,
    /// An FTP server; `curl` carries the files.
    Ftp,
    /// An HTTP server; each delivery has a `manifest.csv`, which tells its files.
    Http,
    /// A WebDAV server.
    Webdav,
    /// S3 and what speaks like it (OSS, OBS, MinIO).
    S3,
    /// PostgreSQL and what speaks like it, by a query for each extract; `psql` asks.
    Postgres,
    /// What speaks ODBC (达梦, Oracle), by a query for each extract; in builds with the feature `odbc`.
    Odbc,
}

impl Kind {
    /// Whether this program was built to pull from it.
    pub const fn is_built_in(self) -> bool {
        !matches!(self, Self::Odbc) || cfg!(feature = "odbc")
    }

    /// Whether it is asked by queries and has no folders.
    pub const fn is_database(self) -> bool {
        matches!(self, Self::Postgres | Self::Odbc)
    }

    /// Whether files can be sent to it.
    pub const fn takes_files(self) -> bool {
        matches!(self, Self::Folder | Self::Sftp | Self::Ftp | Self::Webdav | Self::S3)
    }

    /// The program that carries the files; `None` where none is needed.
    pub const fn program(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Folder | Self::Odbc => None,
            Self::Sftp => Some(("sftp", "openssh-client")),
            Self::Ftp | Self::Http | Self::Webdav | Self::S3 => Some(("curl", "curl")),
            Self::Postgres => Some(("psql", "postgresql-client")),
        }
    }
}

/// Encodings of file names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Names {
    /// UTF-8.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// GB 18030 (a superset of GBK), as Chinese Windows servers have it.
    #[serde(rename = "gb18030")]
    Gb18030,
}

/// What happens when nothing can be pulled from a remote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// The run ends with exit code 4; nothing is published.
    #[default]
    Stop,
    /// Its extracts count as refused, with the reason on page one: the contract's `completeness` decides
    /// whether the night is held.
    GoOn,
}

/// How long a remote is waited for, and how often it is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Seconds between two looks; a file that is new has to be the same in both. 0: one look is enough.
    pub settle_seconds: u32,
    /// Seconds that files may take to become whole.
    pub deadline_seconds: u32,
    /// How often a call is tried.
    pub tries: u32,
    /// Seconds before the second try; doubled before each further one.
    pub backoff_seconds: u32,
    /// Seconds in which something has to come while a file is carried.
    pub stall_seconds: u32,
}

impl Patience {
    fn stall(&self) -> Duration {
        Duration::from_secs(self.stall_seconds.into())
    }

    /// How long a program may say nothing while it sends a file: nobody here sees the bytes go.
    fn stall_of(&self, bytes: u64, rate_kib_max: u32) -> Duration {
        let slowest = match rate_kib_max {
            0 => SLOWEST_KIB,
            most => most.min(SLOWEST_KIB),
        };
        self.stall() + Duration::from_secs(bytes / (u64::from(slowest) << 10))
    }
}

/// KiB a second below which sending a file counts as stalled.
const SLOWEST_KIB: u32 = 8;

/// Archives in a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archives {
    /// Patterns of their names.
    pub files: Vec<String>,
    /// Their password.
    pub password: Option<Secret>,
}

/// A place from which deliveries are pulled.
#[derive(Clone, Debug)]
pub struct Remote {
    /// Its name in the pipeline.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Where it is; of no use for a folder and for ODBC.
    pub address: Address,
    /// The folder, for [`Kind::Folder`].
    pub at: PathBuf,
    /// The connection string without user and password, for [`Kind::Odbc`].
    pub connection: String,
    /// Who logs in; the access key of S3.
    pub user: String,
    /// The password; the secret key of S3.
    pub password: Option<Secret>,
    /// File of the private key.
    pub key: Option<PathBuf>,
    /// File of the server's public keys, in the format of OpenSSH.
    pub known_hosts: Option<PathBuf>,
    /// File of the certificate authority of the server.
    pub authority: Option<PathBuf>,
    /// Whether a connection without TLS is refused where the kind leaves it open.
    pub tls: bool,
    /// Region of S3.
    pub region: String,
    /// Whether the bucket is the first part of the path, not of the host.
    pub bucket_in_path: bool,
    /// Encoding of its file names.
    pub names: Names,
    /// Pattern of the file without which a delivery is not complete (完成标志).
    pub marker: Option<String>,
    /// Waiting.
    pub patience: Patience,
    /// Largest file.
    pub file_bytes_max: u64,
    /// KiB a second that are carried at most; 0: as fast as it goes.
    pub rate_kib_max: u32,
    /// What happens when it fails.
    pub on_failure: OnFailure,
    /// Archives in its deliveries.
    pub archives: Option<Archives>,
}

/// Where an extract comes from, when it does not come from the folder of deliveries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Name of the remote.
    pub remote: String,
    /// Folder below its address.
    pub folder: String,
    /// The query, for a database.
    pub query: Option<String>,
}

/// A file as a server lists it. Its name is not yet to be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) name: String,
    /// Size, where it is told.
    pub(super) bytes: Option<u64>,
    /// Whatever the server says that changes with the content: a time, a tag.
    pub(super) stamp: String,
    /// Whether it is a file, no link and no folder.
    pub(super) plain: bool,
    /// Whether it is whole by its nature and need not be looked at twice.
    pub(super) settled: bool,
}

impl Listed {
    fn new(name: String) -> Self {
        Self { name, bytes: None, stamp: String::new(), plain: true, settled: false }
    }
}

/// The folder in which a delivery lies when it is in the inbox.
pub(super) fn view(inbox: &Path, remote: &str, agency: &str, folder: &str) -> PathBuf {
    inbox::place(inbox, remote, agency, folder).join("view")
}

/// Lists folders and carries files.
trait Transport {
    /// The files of a folder. What is not `wanted` need not have a size.
    fn list(&self, folder: &str, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Listed>, PullError>;
    /// Writes one file to `to`.
    fn fetch(&self, folder: &str, file: &Listed, to: &Path) -> Result<(), PullError>;
    /// Puts a file into a folder, under its name only when it is there whole. One of that name is replaced.
    fn send(&self, folder: &str, from: &Path, name: &str) -> Result<(), PullError>;
}

/// The transport of a remote, with its secrets.
fn transport<'a>(
    remote: &'a Remote,
    queries: BTreeMap<String, String>,
    aside: &'a Path,
    clock: &'a dyn Clock,
) -> Result<Box<dyn Transport + 'a>, PullError> {
    let password = remote.password.as_ref().map(Secret::read).transpose();
    let password = password.map_err(|what| PullError::of(&remote.name, Fault::Secret, what))?;
    if let Some(what) = remote.key.as_deref().and_then(exposed) {
        return Err(PullError::of(&remote.name, Fault::Secret, format!("the private key: {what}")));
    }
    let curl = |manner| Curl { remote, password: password.clone(), manner };
    Ok(match remote.kind {
        Kind::Folder => Box::new(Folder { remote, at: &remote.at }),
        Kind::Sftp => Box::new(Sftp { remote, password, aside }),
        Kind::Ftp => Box::new(curl(Manner::Ftp)),
        Kind::Http => Box::new(curl(Manner::Http)),
        Kind::Webdav => Box::new(curl(Manner::WebDav)),
        Kind::S3 => Box::new(Bucket { remote, secret: password.unwrap_or_default(), clock }),
        Kind::Postgres => Box::new(Database { remote, password, queries: Queries(queries), aside }),
        Kind::Odbc => Box::new(Odbc { remote, password, queries: Queries(queries) }),
    })
}

/// Throws bytes at what reads servers' answers and addresses; for `crate::fuzzing`.
#[cfg(any(test, fuzzing))]
pub(crate) fn throw_at_listings(bytes: &[u8]) {
    for names in [Names::Utf8, Names::Gb18030] {
        listing::names(bytes, names);
        listing::webdav(bytes, names);
    }
    if let Some(page) = listing::objects(bytes, "out/") {
        assert!(page.files.iter().all(|file| !file.name.is_empty()), "an object has a name");
    }
    let text = String::from_utf8_lossy(bytes);
    listing::head("a", &text);
    if let Some(folder) = plain_folder(&text) {
        assert!(
            !folder.starts_with('/') && folder.split('/').all(|part| part != ".."),
            "a folder lies below"
        );
    }
    let _ = Address::parse(&text);
}

/// Throws an archive at what unpacks it into an empty folder; for `crate::fuzzing`.
#[cfg(any(test, fuzzing))]
pub(crate) fn throw_at_archive(from: &Path, folder: &Path) {
    let unpack = archive::Unpack {
        remote: "r",
        name: "archive.zip",
        password: Some("secret"),
        bytes_max: 16 << 20,
        wanted: &|_| true,
    };
    if let Ok(unpacked) = unpack.run(from, folder) {
        assert!(
            unpacked.taken.iter().all(|name| address::is_plain_name(name)),
            "names that come out are plain"
        );
        let there = std::fs::read_dir(folder).into_iter().flatten().count();
        assert_eq!(there, unpacked.taken.len(), "what was taken lies in the folder");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A remote at an address, with nothing else told.
    pub(super) fn remote(at: &str) -> Remote {
        Remote {
            name: "r".to_owned(),
            kind: Kind::Folder,
            address: Address::parse(at).unwrap(),
            at: PathBuf::new(),
            connection: String::new(),
            user: String::new(),
            password: None,
            key: None,
            known_hosts: None,
            authority: None,
            tls: false,
            region: "us-east-1".to_owned(),
            bucket_in_path: true,
            names: Names::Utf8,
            marker: None,
            patience: Patience {
                settle_seconds: 30,
                deadline_seconds: 300,
                tries: 3,
                backoff_seconds: 5,
                stall_seconds: 60,
            },
            file_bytes_max: 1 << 30,
            rate_kib_max: 0,
            on_failure: OnFailure::Stop,
            archives: None,
        }
    }

    /// A clock that stands still.
    pub(super) struct StillClock;

    impl Clock for StillClock {
        fn seconds(&self) -> u64 {
            0
        }

        fn epoch(&self) -> u64 {
            0
        }

        fn sleep(&self, _: u64) {}
    }
}
