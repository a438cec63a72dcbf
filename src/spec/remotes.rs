//! `[remote.<name>]`: where deliveries are pulled from, as it is written and as it is meant.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::compile::Draft;
use super::place::beside;
use super::raw::SourceTable;
use crate::diag::{Diagnostic, Spot};
use crate::domain::{Contract, Day};
use crate::source::remote::{
    Address, Archives, Kind, Names, OnFailure, Origin, Patience, Remote, Secret, connection_fault, exposed,
    plain_folder,
};
use crate::source::{pattern_fault, query_file};

/// A place from which deliveries are pulled. Secrets are named, never written here.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoteTable {
    /// What it is.
    pub kind: Kind,
    /// Where it is: a folder, or `sftp://host:port/folder`, `ftp://…`, `ftps://…`, `http://…`, `https://…`
    /// (for S3 with the bucket in the host or as first folder), `postgres://host:port/database`;
    /// for ODBC a connection string without user and password: `Driver={…};Server=…`, or `DSN=…`.
    pub at: String,
    /// Who logs in; for S3 the access key.
    #[serde(default)]
    pub user: Option<String>,
    /// The password; for S3 the secret key.
    #[serde(default)]
    pub password: Option<SecretTable>,
    /// SFTP: file of the private key, for its owner alone (mode 0600), without a passphrase.
    #[serde(default)]
    pub key: Option<String>,
    /// SFTP: file with the server's public keys, in OpenSSH's format; a server with another key is refused.
    /// `ssh-keyscan` writes it; compare it with what the owner of the server says.
    #[serde(default)]
    pub known_hosts: Option<String>,
    /// File with the certificate of the authority that signs the server's; left out: the system's.
    #[serde(default)]
    pub authority: Option<String>,
    /// FTP and PostgreSQL: refuse a connection that is not encrypted.
    #[serde(default)]
    pub tls: bool,
    /// S3: the region that requests are signed for.
    #[serde(default = "region")]
    pub region: String,
    /// S3: whether the bucket is the first folder of `at`; `false` where it is in the host (OSS).
    #[serde(default = "yes")]
    pub bucket_in_path: bool,
    /// Encoding of file names.
    #[serde(default)]
    pub names: Names,
    /// Folder below `at` for all its sources; left out: the agency's, as below `input`. `.` is `at` itself.
    #[serde(default)]
    pub folder: Option<String>,
    /// Pattern of the file that the sender writes last (完成标志); without it nothing of the delivery is
    /// taken. `{day}` is the day of the run as `YYYYMMDD`.
    #[serde(default)]
    pub marker: Option<String>,
    /// Seconds between two looks: a file that is new must be the same in both. 0: one look is enough.
    #[serde(default = "settle_seconds")]
    pub settle_seconds: u32,
    /// Minutes that files may take to become whole; what is not whole then is not taken.
    #[serde(default = "deadline_minutes")]
    pub deadline_minutes: u32,
    /// How often a call is tried before it counts as failed.
    #[serde(default = "tries")]
    #[schemars(range(min = 1, max = 100))]
    pub tries: u32,
    /// Seconds before the second try; twice as many before each further one, at most 300.
    #[serde(default = "backoff_seconds")]
    pub backoff_seconds: u32,
    /// Seconds in which something has to come; for a database until its query gives the first row.
    #[serde(default = "stall_seconds")]
    #[schemars(range(min = 1, max = 86400))]
    pub stall_seconds: u32,
    /// Largest file, and largest content of an archive, in MiB.
    #[serde(default = "file_mib_max")]
    #[schemars(range(min = 1, max = 1048576))]
    pub file_mib_max: u32,
    /// KiB a second at most; 0: as fast as it goes.
    #[serde(default)]
    pub rate_kib_max: u32,
    /// What happens when it cannot be reached.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// Archives in its deliveries.
    #[serde(default)]
    pub zip: Option<ZipTable>,
}

/// Where a secret is: one of the two.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretTable {
    /// A file for its owner alone (mode 0600); one line.
    #[serde(default)]
    pub file: Option<String>,
    /// A variable of the environment.
    #[serde(default)]
    pub env: Option<String>,
}

/// ZIP archives in deliveries: what is in them counts as if it lay beside them.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZipTable {
    /// Patterns of their names.
    #[serde(default = "zip_files")]
    pub files: Vec<String>,
    /// Their password (AES or ZipCrypto).
    #[serde(default)]
    pub password: Option<SecretTable>,
}

fn region() -> String {
    "us-east-1".to_owned()
}

fn zip_files() -> Vec<String> {
    vec!["*.zip".to_owned()]
}

const fn yes() -> bool {
    true
}

const fn settle_seconds() -> u32 {
    30
}

const fn deadline_minutes() -> u32 {
    30
}

const fn tries() -> u32 {
    4
}

const fn backoff_seconds() -> u32 {
    5
}

const fn stall_seconds() -> u32 {
    60
}

const fn file_mib_max() -> u32 {
    4096
}

/// Where a key is written, and the same in words of a path.
struct Keys<'a> {
    path: String,
    draft: &'a mut Draft,
}

impl Keys<'_> {
    fn spot(&self, key: &str) -> Spot {
        self.draft.lines.spot(&format!("{}.{key}", self.path))
    }

    fn error(&mut self, code: &'static str, key: &str, message: impl Into<String>, help: &str) {
        let fault = Diagnostic::error(code, self.spot(key), message);
        self.draft.problems.push(fault.with_help(help));
    }

    fn secret(&mut self, key: &str, table: &SecretTable) -> Option<Secret> {
        match (&table.file, &table.env) {
            (Some(file), None) => {
                let path = beside(&self.draft.folder, file);
                if let Some(fault) = exposed(&path) {
                    self.error(
                        "secret_exposed",
                        key,
                        format!("secret {fault}"),
                        "a secret is its owner's alone",
                    );
                }
                Some(Secret::File(path))
            }
            (None, Some(name)) => {
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
                if name.is_empty() || !name.chars().all(plain) {
                    self.error(
                        "secret_unclear",
                        key,
                        format!("`{name}` is no variable"),
                        "env = \"DOUDI_POLICE\"",
                    );
                }
                Some(Secret::Environment(name.clone()))
            }
            _ => {
                let message = "a secret is named by `file` or by `env`, one of the two";
                self.error("secret_unclear", key, message, "password = { file = \"secrets/police\" }");
                None
            }
        }
    }

    fn pattern(&mut self, key: &str, pattern: &str) {
        if let Some(fault) = pattern_fault(&pattern.replace("{day}", "0")) {
            self.error("pattern_invalid", key, format!("`{pattern}` is no pattern: {fault}"), "*.ok");
        }
    }
}

/// The schemes that a kind may have.
const fn schemes(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Folder | Kind::Odbc => &[],
        Kind::Sftp => &["sftp"],
        Kind::Ftp => &["ftp", "ftps"],
        Kind::Http | Kind::Webdav | Kind::S3 => &["https", "http"],
        Kind::Postgres => &["postgres", "postgresql"],
    }
}

impl Draft {
    /// The remotes, as they are meant.
    pub(super) fn remotes(&mut self) -> BTreeMap<String, Remote> {
        let tables = self.raw.remote.clone();
        let pulled = self.raw.source.values().filter_map(|source| source.remote.clone());
        let used: Vec<String> =
            pulled.chain(self.raw.send.values().map(|send| send.remote.clone())).collect();
        let mut remotes = BTreeMap::new();
        for (name, table) in &tables {
            let mut keys = Keys { path: format!("remote.{name}"), draft: self };
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if name.is_empty() || !name.chars().all(plain) {
                let message = format!("`{name}` is no name of a remote");
                keys.error("remote_name", "", message, "letters, digits, `-` and `_`: it names a folder");
            }
            if !used.contains(name) {
                let message = format!("no source comes from the remote `{name}`, and nothing is sent to it");
                let fault = Diagnostic::warning("remote_unused", keys.spot("kind"), message);
                keys.draft
                    .problems
                    .push(fault.with_help(format!("remote = \"{name}\" below [source.<extract>]")));
            }
            if let Some(remote) = compile(name, table, &mut keys) {
                remotes.insert(name.clone(), remote);
            }
        }
        remotes
    }

    /// Where a source comes from; `None` for the folder of deliveries, or when it is told wrongly.
    pub(super) fn origin(
        &mut self,
        (path, source): (&str, &SourceTable),
        agency: &str,
        contract: &Contract,
    ) -> Option<Origin> {
        let known: Vec<String> = self.raw.remote.keys().cloned().collect();
        let mut keys = Keys { path: path.to_owned(), draft: self };
        for pattern in &source.files {
            keys.pattern("files", pattern);
        }
        let Some(name) = &source.remote else {
            for key in [("folder", source.folder.is_some()), ("query", source.query.is_some())] {
                if key.1 {
                    let message = format!("`{}` says where on a remote, and no remote is named", key.0);
                    keys.error("useless_key", key.0, message, "remote = \"<name>\", or leave it out");
                }
            }
            return None;
        };
        let Some(table) = keys.draft.raw.remote.get(name).cloned() else {
            let fault = Diagnostic::error(
                "unknown_remote",
                keys.spot("remote"),
                format!("there is no remote `{name}`"),
            );
            // Of a file with another shape it may be there and not be readable.
            if keys.draft.shaped {
                keys.draft.problems.push(fault.with_near(name, known.iter().map(String::as_str)));
            }
            return None;
        };
        if table.kind.is_database() {
            return keys.query(source, contract).map(|query| Origin {
                remote: name.clone(),
                folder: String::new(),
                query: Some(query),
            });
        }
        if source.query.is_some() {
            keys.error("useless_key", "query", format!("the remote `{name}` is no database"), "leave it out");
        }
        let written = source.folder.as_ref().or(table.folder.as_ref()).map_or(agency, String::as_str);
        let Some(folder) = plain_folder(written) else {
            let message = format!("`{written}` leads outside, or is no folder");
            keys.error(
                "outside",
                "folder",
                message,
                "plain names with `/` between them; `.` for `at` itself",
            );
            return None;
        };
        Some(Origin { remote: name.clone(), folder, query: None })
    }
}

impl Keys<'_> {
    /// The text of a source's query.
    fn query(&mut self, source: &SourceTable, contract: &Contract) -> Option<String> {
        let Some(file) = &source.query else {
            let message = "a database is asked by a query, and none is named";
            self.error("missing_key", "remote", message, "query = \"queries/<extract>.sql\"");
            return None;
        };
        if source.folder.is_some() {
            self.error("useless_key", "folder", "a database has no folders", "leave it out");
        }
        if query_file(contract, Day::from_days(0)).is_none() {
            let message = "the contract takes no CSV file with one `*` in its pattern, which a query gives";
            let help = "files = [\"<title>_*.csv\"] below the source, and `csv` among the contract's formats";
            self.error("no_query_file", "query", message, help);
        }
        let path = beside(&self.draft.folder, file);
        let key = format!("{}.query", self.path);
        // What it gives is told apart by its digest, so it is no part of the plan's.
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                let spot = self.draft.lines.spot(&key);
                self.draft.problems.push(super::read::unreadable(spot, "the query", &path, &error));
                return None;
            }
        };
        let bare: String = text
            .lines()
            .map(|line| line.split("--").next().unwrap_or_default())
            .collect::<Vec<_>>()
            .join(" ");
        let bare = bare.trim().trim_end_matches(';').to_ascii_lowercase();
        if !(bare.starts_with("select") || bare.starts_with("with")) || bare.contains(';') {
            self.error(
                "query_form",
                "query",
                "the query is not one SELECT",
                "one statement, SELECT or WITH … SELECT",
            );
        } else if !bare.contains("order by") {
            let message =
                "the query has no ORDER BY: the same rows in another order look like a new delivery";
            let fault = Diagnostic::warning("query_unordered", self.draft.lines.spot(&key), message);
            self.draft.problems.push(fault.with_help("ORDER BY the contract's key"));
        }
        Some(text)
    }
}

fn compile(name: &str, table: &RemoteTable, keys: &mut Keys<'_>) -> Option<Remote> {
    if !table.kind.is_built_in() {
        let help =
            "build one with `cargo build --release --features odbc` (Debian: unixodbc-dev), or ask for files";
        keys.error("not_built_in", "kind", "this program was built without ODBC", help);
    }
    let address = address(table, keys)?;
    useless(table, keys);
    missing(table, keys);
    in_the_clear(table, &address, keys);
    let password = table.password.as_ref().and_then(|secret| keys.secret("password", secret));
    let archives = table.zip.as_ref().map(|zip| Archives {
        files: zip.files.clone(),
        password: zip.password.as_ref().and_then(|secret| keys.secret("zip.password", secret)),
    });
    for pattern in table.zip.iter().flat_map(|zip| &zip.files) {
        keys.pattern("zip.files", pattern);
    }
    if let Some(marker) = &table.marker {
        keys.pattern("marker", marker);
    }
    let folder = keys.draft.folder.clone();
    let path = |written: &Option<String>| written.as_ref().map(|written| beside(&folder, written));
    if let Some(fault) = path(&table.key).as_deref().and_then(exposed) {
        keys.error(
            "secret_exposed",
            "key",
            format!("private key {fault}"),
            "a private key is its owner's alone",
        );
    }
    for (key, written) in [("known_hosts", &table.known_hosts), ("authority", &table.authority)] {
        if let Some(Err(error)) = path(written).map(std::fs::metadata) {
            let shown = path(written).unwrap_or_default();
            let spot = keys.spot(key);
            keys.draft.problems.push(super::read::unreadable(spot, "the file", &shown, &error));
        }
    }
    Some(Remote {
        name: name.to_owned(),
        kind: table.kind,
        address,
        at: beside(&folder, &table.at),
        connection: table.at.clone(),
        user: table.user.clone().unwrap_or_default(),
        password,
        key: path(&table.key),
        known_hosts: path(&table.known_hosts),
        authority: path(&table.authority),
        tls: table.tls,
        region: table.region.clone(),
        bucket_in_path: table.bucket_in_path,
        names: table.names,
        marker: table.marker.clone(),
        patience: Patience {
            settle_seconds: table.settle_seconds,
            deadline_seconds: table.deadline_minutes.saturating_mul(60),
            tries: table.tries,
            backoff_seconds: table.backoff_seconds,
            stall_seconds: table.stall_seconds,
        },
        file_bytes_max: u64::from(table.file_mib_max) << 20,
        rate_kib_max: table.rate_kib_max,
        on_failure: table.on_failure,
        archives,
    })
}

/// The address; of a folder and for ODBC a place that nobody asks for.
fn address(table: &RemoteTable, keys: &mut Keys<'_>) -> Option<Address> {
    let schemes = schemes(table.kind);
    if table.kind == Kind::Odbc {
        if let Some(fault) = connection_fault(&table.at) {
            let help = "at = \"Driver={DM8 ODBC DRIVER};Server=10.1.2.3\", or at = \"DSN=county\"";
            keys.error("remote_address", "at", format!("`at` {fault}"), help);
            return None;
        }
        return Address::parse("odbc://local").ok();
    }
    let Some(first) = schemes.first() else {
        if table.at.trim().is_empty() || table.at.contains("://") {
            let message = format!("`{}` is no folder of this machine", table.at);
            keys.error("remote_address", "at", message, "at = \"/mnt/deliveries\", or another `kind`");
            return None;
        }
        return Address::parse("file://local").ok();
    };
    let address = match Address::parse(&table.at) {
        Ok(address) => address,
        Err(fault) => {
            keys.error(
                "remote_address",
                "at",
                format!("the address {fault}"),
                &format!("at = \"{first}://host/folder\""),
            );
            return None;
        }
    };
    if !schemes.contains(&address.scheme.as_str()) {
        let message = format!("`{}` is no scheme of this kind", address.scheme);
        keys.error(
            "remote_address",
            "at",
            message,
            &format!("at = \"{}://…\"", schemes.join("://…\" or \"")),
        );
        return None;
    }
    let parts = address.path.matches('/').count();
    if (table.kind == Kind::Postgres && parts != 1)
        || (table.kind == Kind::S3 && table.bucket_in_path && parts == 0)
    {
        let what = if table.kind == Kind::S3 { "bucket" } else { "database" };
        keys.error(
            "remote_address",
            "at",
            format!("the address names no {what}"),
            &format!("at = \"{first}://host/{what}\""),
        );
        return None;
    }
    Some(address)
}

/// Keys that say nothing for the kind: whoever wrote them expects something.
fn useless(table: &RemoteTable, keys: &mut Keys<'_>) {
    let kind = table.kind;
    let curl = matches!(kind, Kind::Ftp | Kind::Http | Kind::Webdav | Kind::S3);
    let told = [
        ("user", table.user.is_some(), kind != Kind::Folder),
        ("password", table.password.is_some(), kind != Kind::Folder),
        ("key", table.key.is_some(), kind == Kind::Sftp),
        ("known_hosts", table.known_hosts.is_some(), kind == Kind::Sftp),
        ("authority", table.authority.is_some(), curl || kind == Kind::Postgres),
        ("tls", table.tls, matches!(kind, Kind::Ftp | Kind::Postgres)),
        ("region", table.region != region(), kind == Kind::S3),
        ("bucket_in_path", !table.bucket_in_path, kind == Kind::S3),
        ("names", table.names != Names::Utf8, matches!(kind, Kind::Ftp | Kind::Http | Kind::Webdav)),
        ("folder", table.folder.is_some(), !kind.is_database()),
        ("marker", table.marker.is_some(), !kind.is_database()),
        ("zip", table.zip.is_some(), !kind.is_database()),
        ("rate_kib_max", table.rate_kib_max > 0, curl || kind == Kind::Sftp),
    ];
    for (key, _, _) in told.into_iter().filter(|(_, is_told, useful)| *is_told && !useful) {
        keys.error(
            "useless_key",
            key,
            format!("`{key}` says nothing for this kind of remote"),
            "leave it out",
        );
    }
}

/// Keys without which the kind does not work.
fn missing(table: &RemoteTable, keys: &mut Keys<'_>) {
    let kind = table.kind;
    let mut need = |key: &str, there: bool, help: &str| {
        if !there {
            keys.error("missing_key", "kind", format!("missing key `{key}` for this kind of remote"), help);
        }
    };
    let user = table.user.as_ref().is_some_and(|user| !user.is_empty());
    match kind {
        Kind::Sftp => {
            need("user", user, "user = \"doudi\"");
            need(
                "known_hosts",
                table.known_hosts.is_some(),
                "ssh-keyscan writes it; compare it with what the owner says",
            );
            let one = table.password.is_some() != table.key.is_some();
            need("password", one, "either `password` or `key`, one of the two");
        }
        Kind::S3 => {
            need("user", user, "the access key");
            need(
                "password",
                table.password.is_some(),
                "the secret key: password = { file = \"secrets/store\" }",
            );
        }
        Kind::Postgres => need("user", user, "user = \"doudi\""),
        Kind::Ftp | Kind::Http | Kind::Webdav => {
            let both = user == table.password.is_some();
            need(if user { "password" } else { "user" }, both, "both, or neither where everybody may read");
        }
        Kind::Odbc => {
            let told = table.password.is_none() || user;
            need("user", told, "user = \"doudi\": a password is somebody's");
        }
        Kind::Folder => {}
    }
    let user = table.user.as_deref().unwrap_or_default();
    if user.contains(':') && !kind.is_database() || user.contains(char::is_control) {
        keys.error(
            "remote_user",
            "user",
            "the user's name holds a colon or a control character",
            "write the bare name",
        );
    }
}

/// People's data on a network must be encrypted; where they are not, an engineer should know.
fn in_the_clear(table: &RemoteTable, address: &Address, keys: &mut Keys<'_>) {
    let here = matches!(address.host.as_str(), "localhost" | "[::1]") || address.host.starts_with("127.");
    let clear = match table.kind {
        Kind::Ftp => address.scheme == "ftp" && !table.tls,
        Kind::Http | Kind::Webdav | Kind::S3 => address.scheme == "http",
        Kind::Postgres => !table.tls,
        // Whether a driver encrypts is told in its own words.
        Kind::Folder | Kind::Sftp | Kind::Odbc => false,
    };
    if clear && !here {
        let message = "deliveries and passwords may cross the network unencrypted";
        let fault = Diagnostic::warning("in_the_clear", keys.spot("at"), message);
        keys.draft.problems.push(fault.with_help("`https`, `ftps`, `tls = true`, or SFTP"));
    }
}
