//! Databases that speak ODBC (达梦, Oracle and others): one query for each extract, its rows as a CSV file.
//!
//! Drivers are other people's programs in our memory. So the program calls itself for every query: a driver that hangs
//! is ended like any program that stalls, and one that breaks takes only its own process along. The connection with its
//! password goes through the input of that call. What carries the rows is in [`super::odbc_carrier`], for builds with
//! the feature `odbc`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{Fault, PullError};
use super::program::{Call, Said};
use super::queries::Queries;
use super::send::gives_only;
use super::{Listed, Remote, Transport};
use crate::domain::Masked;

/// The hidden command by which the program calls itself.
pub const CARRY: &str = "carry-odbc";
/// This program, also where its file was replaced while it runs.
const SELF: &str = "/proc/self/exe";
/// Names under which drivers take a password or a user in a connection string.
const SECRET_NAMES: [&str; 6] = ["PWD", "PASSWORD", "UID", "USER", "USERNAME", "USER ID"];

/// What is asked of the call, as JSON on its input. No `Debug`: it holds the password.
#[derive(Deserialize, Serialize)]
pub(super) struct Request {
    /// The whole connection string.
    pub(super) connection: String,
    /// The password in it, so that it can be kept out of what a driver says.
    pub(super) password: String,
    /// The query; `None` only connects.
    pub(super) query: Option<String>,
    /// Seconds that a login may take.
    pub(super) login_seconds: u32,
}

/// What went wrong in the call: the first word on its error output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The driver, or the data source that is named, is not there.
    Driver,
    /// User or password are not accepted.
    Login,
    /// No connection, or it broke.
    Network,
    /// The query was refused, or gives no rows of text.
    Query,
}

impl Trouble {
    pub(super) const ALL: [Self; 4] = [Self::Driver, Self::Login, Self::Network, Self::Query];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Driver => "driver",
            Self::Login => "login",
            Self::Network => "network",
            Self::Query => "query",
        }
    }
}

/// The parts of a connection string: `NAME=value;…`, where a value in braces may hold anything.
fn attributes(text: &str) -> Option<Vec<(String, &str)>> {
    let (mut found, mut rest) = (Vec::new(), text.trim());
    while !rest.is_empty() {
        let (name, behind) = rest.split_once('=')?;
        let end = if behind.starts_with('{') { behind.find('}')? + 1 } else { 0 };
        let end = behind[end..].find(';').map_or(behind.len(), |at| end + at);
        found.push((name.trim().to_ascii_uppercase(), &behind[..end]));
        rest = behind[end..].trim_start_matches(';').trim_start();
    }
    Some(found)
}

/// What is wrong with the connection string of a pipeline file; `None` when nothing is.
pub fn connection_fault(text: &str) -> Option<String> {
    let Some(found) = attributes(text).filter(|found| !found.is_empty() && !text.contains(char::is_control))
    else {
        return Some("is no connection string".to_owned());
    };
    if let Some((name, _)) = found.iter().find(|(name, _)| SECRET_NAMES.contains(&name.as_str())) {
        return Some(format!("holds `{name}`, which has keys of its own: `user` and `password`"));
    }
    let leads = found.iter().any(|(name, value)| (name == "DRIVER" || name == "DSN") && !value.is_empty());
    (!leads).then(|| "names neither a driver (`Driver=…`) nor a data source (`DSN=…`)".to_owned())
}

/// A value as connection strings take it, whatever signs it holds.
fn escaped(value: &str) -> String {
    if value.chars().all(char::is_alphanumeric) {
        value.to_owned()
    } else {
        format!("{{{}}}", value.replace('}', "}}"))
    }
}

/// One database.
pub(super) struct Odbc<'a> {
    pub(super) remote: &'a Remote,
    pub(super) password: Option<Masked<String>>,
    pub(super) queries: Queries,
}

impl Odbc<'_> {
    fn connection(&self) -> String {
        let mut connection = self.remote.connection.trim().trim_end_matches(';').to_owned();
        let password = self.password.as_ref().map(|password| password.reveal().as_str());
        let user = Some(self.remote.user.as_str()).filter(|user| !user.is_empty());
        for (name, value) in [("UID", user), ("PWD", password)] {
            if let Some(value) = value {
                connection = format!("{connection};{name}={}", escaped(value));
            }
        }
        connection
    }

    fn refused(&self, said: &Said) -> PullError {
        let complaint = said.complaint();
        let (word, what) = complaint.split_once(' ').unwrap_or_default();
        let error = |fault, what: String, remedy: &str| {
            PullError::new(&self.remote.name, fault, what, remedy.to_owned())
        };
        match Trouble::ALL.into_iter().find(|trouble| trouble.word() == word) {
            Some(Trouble::Driver) => error(
                Fault::Program,
                format!("the ODBC driver or data source does not serve: {what}"),
                "install the driver and look for its name in /etc/odbcinst.ini (odbcinst -q -d) and `at`",
            ),
            Some(Trouble::Login) => {
                let what = "the database refused the login".to_owned();
                error(Fault::Login, what, "check `user` and `password` with the owner of the database")
            }
            Some(Trouble::Network) => PullError::of(&self.remote.name, Fault::Network, what),
            Some(Trouble::Query) => error(
                Fault::Query,
                format!("the query failed ({what})"),
                "run the query with isql: the code is the SQLSTATE that the driver gave",
            ),
            // No word of ours: the driver ended the process.
            None => error(
                Fault::Answer,
                format!(
                    "the ODBC driver broke off ({})",
                    said.code.map_or("a signal".to_owned(), |c| format!("exit code {c}"))
                ),
                "try the query with isql, and ask the driver's maker for a newer one",
            ),
        }
    }

    fn call(&self, query: Option<String>, output: Option<&Path>) -> Result<(), PullError> {
        let request = Request {
            connection: self.connection(),
            password: self.password.as_ref().map_or_else(String::new, |password| password.reveal().clone()),
            query,
            login_seconds: self.remote.patience.stall_seconds.clamp(2, 30),
        };
        let call = Call {
            remote: &self.remote.name,
            program: SELF,
            package: "doudi",
            arguments: vec![CARRY.to_owned()],
            environment: Vec::new(),
            input: serde_json::to_vec(&request).unwrap_or_default(),
            output,
            growing: None,
            bytes_max: self.remote.file_bytes_max,
            stall: self.remote.patience.stall(),
        };
        let said = call.run()?;
        if said.code == Some(0) { Ok(()) } else { Err(self.refused(&said)) }
    }
}

impl Transport for Odbc<'_> {
    fn list(&self, _: &str, _: &dyn Fn(&str) -> bool) -> Result<Vec<Listed>, PullError> {
        // Whether the database answers at all is told here, before anything waits for it.
        self.call(None, None)?;
        Ok(self.queries.files())
    }

    fn fetch(&self, _: &str, file: &Listed, to: &Path) -> Result<(), PullError> {
        self.call(Some(self.queries.of(self.remote, file)?.to_owned()), Some(to))
    }

    fn send(&self, _: &str, _: &Path, _: &str) -> Result<(), PullError> {
        Err(gives_only(self.remote))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::remote::tests::remote;

    #[test]
    fn connection_strings_name_a_driver_and_no_secret() {
        for sound in [
            "DSN=county",
            "Driver={DM8 ODBC DRIVER};Server=10.1.2.3;TCP_PORT=5236;",
            "driver=SQLite3;database={a;b}",
        ] {
            assert_eq!(connection_fault(sound), None, "{sound}");
        }
        let told = |text: &str| connection_fault(text).unwrap();
        for none in ["", "county", "Driver={open", "DSN=a\nb"] {
            assert_eq!(told(none), "is no connection string", "{none}");
        }
        assert!(told("Server=10.1.2.3").contains("neither a driver"));
        assert!(told("DSN=").contains("neither a driver"));
        assert!(told("DSN=county;Pwd=secret").contains("holds `PWD`"));
        assert!(told("DSN=county; uid = x").contains("holds `UID`"));
        assert!(!told("DSN=county;Pwd=geheim").contains("geheim"));
    }

    #[test]
    fn user_and_password_arrive_whole_whatever_signs_they_hold() {
        let at = Remote {
            connection: "DSN=county;".to_owned(),
            user: "doudi".to_owned(),
            ..remote("file://local")
        };
        let password = Some(Masked::new("a;b}c+%20".to_owned()));
        let odbc = Odbc { remote: &at, password, queries: Queries::default() };
        assert_eq!(odbc.connection(), "DSN=county;UID=doudi;PWD={a;b}}c+%20}");
        let nobody = Remote { user: String::new(), ..at.clone() };
        let odbc = Odbc { remote: &nobody, password: None, queries: Queries::default() };
        assert_eq!(odbc.connection(), "DSN=county");
    }

    #[test]
    fn what_the_call_says_becomes_a_fault_with_a_remedy() {
        let at = remote("file://local");
        let odbc = Odbc { remote: &at, password: None, queries: Queries::default() };
        let fault = |code: Option<i32>, err: &str| {
            odbc.refused(&Said { code, out: Vec::new(), err: err.to_owned() }).fault
        };
        assert_eq!(fault(Some(1), "driver IM002 not found"), Fault::Program);
        assert_eq!(fault(Some(1), "login 28000 no"), Fault::Login);
        assert_eq!(fault(Some(1), "network 08S01 gone"), Fault::Network);
        assert_eq!(fault(Some(1), "query 42S02"), Fault::Query);
        // A driver that crashes, whatever it printed: another try may go better.
        assert_eq!(fault(None, "free(): invalid pointer"), Fault::Answer);
        assert_eq!(fault(None, ""), Fault::Answer);
    }
}
