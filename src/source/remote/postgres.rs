//! PostgreSQL, and what speaks like it, through `psql`: one query for each extract, its rows as a CSV
//! file. The password goes through a file of its own that only this user may read.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::error::{Fault, PullError};
use super::program::{Call, Said};
use super::queries::Queries;
use super::send::gives_only;
use super::{Listed, Remote, Transport};
use crate::domain::Masked;

/// One database.
pub(super) struct Database<'a> {
    pub(super) remote: &'a Remote,
    pub(super) password: Option<Masked<String>>,
    pub(super) queries: Queries,
    /// Folder for the file that tells the password.
    pub(super) aside: &'a Path,
}

impl Database<'_> {
    fn environment(&self) -> Result<Vec<(&'static str, String)>, PullError> {
        let (remote, address) = (self.remote, &self.remote.address);
        let mode = match (remote.tls, &remote.authority) {
            (true, Some(_)) => "verify-full",
            (true, None) => "require",
            (false, _) => "prefer",
        };
        let mut environment = vec![
            ("PGHOST", address.host.trim_matches(['[', ']']).to_owned()),
            ("PGPORT", address.port.unwrap_or(5432).to_string()),
            ("PGDATABASE", address.path.trim_start_matches('/').to_owned()),
            ("PGUSER", remote.user.clone()),
            ("PGSSLMODE", mode.to_owned()),
            ("PGCONNECT_TIMEOUT", remote.patience.stall_seconds.clamp(2, 30).to_string()),
            ("PGCLIENTENCODING", "UTF8".to_owned()),
            ("PGAPPNAME", "doudi".to_owned()),
            ("PGPASSFILE", self.password_file()?.display().to_string()),
        ];
        if let Some(path) = &remote.authority {
            environment.push(("PGSSLROOTCERT", path.display().to_string()));
        }
        Ok(environment)
    }

    /// Where `psql` finds the password; a file that is not there where none is told.
    fn password_file(&self) -> Result<PathBuf, PullError> {
        let path = self.aside.join("pgpass");
        let failed = |error: std::io::Error| PullError::local(&self.remote.name, "write", &path, &error);
        let Some(password) = &self.password else { return Ok(path) };
        let escaped = password.reveal().replace('\\', "\\\\").replace(':', "\\:");
        let mut file = std::fs::File::options();
        let mut file =
            file.write(true).create(true).truncate(true).mode(0o600).open(&path).map_err(failed)?;
        writeln!(file, "*:*:*:*:{escaped}").map_err(failed)?;
        std::path::absolute(&path).map_err(failed)
    }

    fn refused(&self, said: &Said) -> PullError {
        let has = |words: &[&str]| words.iter().any(|word| said.err.contains(word));
        let fault = if has(&[
            "password authentication failed",
            "no password supplied",
            "no pg_hba.conf entry",
            "28P01",
            "28000",
        ]) {
            Fault::Login
        } else if has(&["certificate"]) {
            Fault::Identity
        } else if said.code == Some(2)
            || has(&[
                "server closed the connection",
                "connection to server was lost",
                "57P01",
                "57P02",
                "57P03",
            ])
        {
            Fault::Network
        } else {
            Fault::Query
        };
        let what = match fault {
            Fault::Login => "the server refused the login".to_owned(),
            // Only the code of the error: its words may quote a value.
            Fault::Query => format!("the query failed ({})", said.complaint()),
            _ => said.complaint(),
        };
        PullError::of(&self.remote.name, fault, what)
    }

    fn call(&self, command: &str, output: Option<&Path>) -> Result<(), PullError> {
        let words = [
            "-X",
            "-q",
            "-w",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-v",
            "VERBOSITY=sqlstate",
            "-c",
            // A query of a pipeline reads. A server that does not know the setting refuses, which is right.
            "SET default_transaction_read_only = on",
            "-c",
            command,
        ];
        let call = Call {
            remote: &self.remote.name,
            program: "psql",
            package: "postgresql-client",
            arguments: words.map(str::to_owned).to_vec(),
            environment: self.environment()?,
            input: Vec::new(),
            output,
            growing: None,
            bytes_max: self.remote.file_bytes_max,
            stall: self.remote.patience.stall(),
        };
        let said = call.run()?;
        if said.code == Some(0) { Ok(()) } else { Err(self.refused(&said)) }
    }
}

impl Transport for Database<'_> {
    fn list(&self, _: &str, _: &dyn Fn(&str) -> bool) -> Result<Vec<Listed>, PullError> {
        // Whether the database answers at all is told here, before anything waits for it.
        self.call("SELECT 1", None)?;
        Ok(self.queries.files())
    }

    fn fetch(&self, _: &str, file: &Listed, to: &Path) -> Result<(), PullError> {
        let query = self.queries.of(self.remote, file)?;
        self.call(&format!("COPY (\n{query}\n) TO STDOUT WITH (FORMAT csv, HEADER)"), Some(to))
    }

    fn send(&self, _: &str, _: &Path, _: &str) -> Result<(), PullError> {
        Err(gives_only(self.remote))
    }
}
