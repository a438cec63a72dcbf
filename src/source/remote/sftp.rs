//! SFTP through OpenSSH's own `sftp`: the host key is pinned, nothing of the user's configuration counts.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::{Fault, PullError};
use super::program::{Call, Said};
use super::send::PART;
use super::{Listed, Remote, Transport};
use crate::domain::Masked;

/// Gives OpenSSH the password, which it takes from no file and no input.
const ASKPASS: &str = "#!/bin/sh\nprintf '%s\\n' \"$DOUDI_SSH_PASSWORD\"\n";

/// One server.
pub(super) struct Sftp<'a> {
    pub(super) remote: &'a Remote,
    pub(super) password: Option<Masked<String>>,
    /// Folder for the program that tells the password.
    pub(super) aside: &'a Path,
}

impl Sftp<'_> {
    fn arguments(&self) -> Vec<String> {
        let address = &self.remote.address;
        let seconds = self.remote.patience.stall_seconds;
        let mut options = vec![
            format!("BatchMode={}", if self.password.is_some() { "no" } else { "yes" }),
            "StrictHostKeyChecking=yes".to_owned(),
            "GlobalKnownHostsFile=/dev/null".to_owned(),
            "UpdateHostKeys=no".to_owned(),
            "IdentitiesOnly=yes".to_owned(),
            "IdentityAgent=none".to_owned(),
            "NumberOfPasswordPrompts=1".to_owned(),
            "LogLevel=ERROR".to_owned(),
            format!("ConnectTimeout={}", seconds.min(30)),
            "ServerAliveInterval=15".to_owned(),
            format!("ServerAliveCountMax={}", seconds.div_ceil(15).max(1)),
            format!("User={}", self.remote.user),
        ];
        if let Some(path) = &self.remote.known_hosts {
            options.push(format!("UserKnownHostsFile={}", ssh_path(path)));
        }
        options.push(match &self.remote.key {
            Some(_) => "PreferredAuthentications=publickey".to_owned(),
            None => "PreferredAuthentications=password,keyboard-interactive".to_owned(),
        });
        if let Some(path) = &self.remote.key {
            options.push(format!("IdentityFile={}", ssh_path(path)));
        }
        // No -q: it would silence the reason of a refusal.
        let mut arguments = vec!["-F".to_owned(), "/dev/null".to_owned()];
        // Before -b, which would forbid passwords.
        arguments.extend(options.into_iter().flat_map(|option| ["-o".to_owned(), option]));
        arguments.extend(["-b".to_owned(), "-".to_owned()]);
        if self.remote.rate_kib_max > 0 {
            arguments.extend(["-l".to_owned(), (u64::from(self.remote.rate_kib_max) * 8).to_string()]);
        }
        arguments.extend(["-P".to_owned(), address.port.unwrap_or(22).to_string(), address.host.clone()]);
        arguments
    }

    fn call(
        &self,
        batch: String,
        growing: Option<&Path>,
        (bytes_max, stall): (u64, Duration),
    ) -> Result<Said, PullError> {
        let mut environment = Vec::new();
        if let Some(password) = &self.password {
            environment.extend([
                ("SSH_ASKPASS", self.askpass()?.display().to_string()),
                ("SSH_ASKPASS_REQUIRE", "force".to_owned()),
                // What older versions than 8.4 ask for before they call it.
                ("DISPLAY", ":0".to_owned()),
                ("DOUDI_SSH_PASSWORD", password.reveal().clone()),
            ]);
        }
        let call = Call {
            remote: &self.remote.name,
            program: "sftp",
            package: "openssh-client",
            arguments: self.arguments(),
            environment,
            input: batch.into_bytes(),
            output: None,
            growing,
            bytes_max,
            stall,
        };
        let said = call.run()?;
        if said.code == Some(0) { Ok(said) } else { Err(self.refused(&said)) }
    }

    fn askpass(&self) -> Result<PathBuf, PullError> {
        let path = self.aside.join("askpass");
        let failed = |error: std::io::Error| PullError::local(&self.remote.name, "write", &path, &error);
        if !path.exists() {
            let mut file = std::fs::File::options();
            let file = file.write(true).create_new(true).mode(0o700).open(&path).map_err(failed)?;
            std::io::Write::write_all(&mut &file, ASKPASS.as_bytes()).map_err(failed)?;
        }
        std::path::absolute(&path).map_err(failed)
    }

    fn refused(&self, said: &Said) -> PullError {
        let has = |words: &[&str]| words.iter().any(|word| said.err.contains(word));
        let fault =
            if has(&["Host key verification failed", "HOST IDENTIFICATION HAS CHANGED", "host key is known"])
            {
                Fault::Identity
            } else if has(&[
                "Permission denied (",
                "Too many authentication failures",
                "invalid format",
                "bad permissions",
            ]) {
                Fault::Login
            } else if has(&["not found", "No such file"]) {
                Fault::Absent
            } else if has(&[
                "Connection",
                "connect to host",
                "timed out",
                "resolve hostname",
                "Broken pipe",
                "No route",
                "closed by",
            ]) {
                Fault::Network
            } else {
                Fault::Answer
            };
        let what = match fault {
            Fault::Identity => "the server shows another host key than the pinned one".to_owned(),
            Fault::Login => "the server refused the login".to_owned(),
            _ => said.complaint(),
        };
        PullError::of(&self.remote.name, fault, what)
    }

    /// A command that steps into the folder.
    fn step(&self, folder: &str) -> String {
        let path = self.remote.address.below(folder);
        format!("cd {}\n", quoted(if path.is_empty() { "/" } else { &path }))
    }
}

impl Transport for Sftp<'_> {
    fn list(&self, folder: &str, _: &dyn Fn(&str) -> bool) -> Result<Vec<Listed>, PullError> {
        let limits = (u64::MAX, self.remote.patience.stall());
        let said = self.call(format!("{}ls -ln\n", self.step(folder)), None, limits)?;
        Ok(String::from_utf8_lossy(&said.out).lines().filter_map(listed).collect())
    }

    fn fetch(&self, folder: &str, file: &Listed, to: &Path) -> Result<(), PullError> {
        let from = quoted(&format!("./{}", file.name));
        let batch = format!("{}get {from} {}\n", self.step(folder), quoted(&to.display().to_string()));
        self.call(batch, Some(to), (self.remote.file_bytes_max, self.remote.patience.stall())).map(drop)
    }

    fn send(&self, folder: &str, from: &Path, name: &str) -> Result<(), PullError> {
        let facts =
            from.metadata().map_err(|error| PullError::local(&self.remote.name, "read", from, &error))?;
        let limits = (u64::MAX, self.remote.patience.stall_of(facts.len(), self.remote.rate_kib_max));
        let (step, target) = (self.step(folder), quoted(&format!("./{name}")));
        let part = quoted(&format!("./{name}{PART}"));
        let from = quoted(&from.display().to_string());
        let rename = format!("rename {part} {target}\n");
        let sent = self.call(format!("{step}put {from} {part}\n{rename}"), None, limits);
        match sent {
            // Servers that are not OpenSSH's rename over nothing.
            Err(error) if error.fault == Fault::Answer => {
                self.call(format!("{step}put {from} {part}\n-rm {target}\n{rename}"), None, limits).map(drop)
            }
            other => other.map(drop),
        }
    }
}

/// A path as the batch of `sftp` reads it: in quotes, with the signs of patterns taken literally.
fn quoted(path: &str) -> String {
    let mut out = String::from("\"");
    for c in path.chars() {
        // Within quotes sftp itself guards `*` and `?`, a bracket it leaves to the pattern.
        match c {
            '[' => out.push_str("\\["),
            '"' => out.push_str("\\\""),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A path as a configuration value of OpenSSH reads it.
fn ssh_path(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    format!("\"{}\"", path.display().to_string().replace('%', "%%"))
}

/// A line of `ls -ln`: mode, links, owner, group, bytes, twelve characters of time, name.
fn listed(line: &str) -> Option<Listed> {
    let mut rest = line;
    let mut columns = [""; 5];
    for column in &mut columns {
        rest = rest.trim_start_matches(' ');
        let end = rest.find(' ')?;
        (*column, rest) = rest.split_at(end);
    }
    let bytes = columns[4].parse().ok()?;
    let rest = rest.strip_prefix(' ')?;
    let (time, name) = (rest.get(..12)?, rest.get(12..)?.strip_prefix(' ')?);
    let mode = columns[0].bytes().next().filter(|kind| b"-dlcbps?".contains(kind))?;
    Some(Listed {
        name: name.to_owned(),
        bytes: Some(bytes),
        stamp: time.split_whitespace().collect::<Vec<_>>().join(" "),
        plain: mode == b'-',
        settled: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_of_openssh_are_read() {
        let check = |line: &str, name: &str, bytes: u64, plain: bool| {
            let found = listed(line).unwrap();
            assert_eq!((found.name.as_str(), found.bytes, found.plain), (name, Some(bytes), plain), "{line}");
        };
        check(
            "-rw-r--r--    ? 1000     1000         1234 Nov 29 22:15 儿童 名册_1.xlsx",
            "儿童 名册_1.xlsx",
            1234,
            true,
        );
        check("-rw-r--r--    1 0        0       123456789 Jan  1  2026  two", " two", 123_456_789, true);
        check("lrwxrwxrwx    ? 0        0              11 Nov 29 22:15 link", "link", 11, false);
        check("drwxr-xr-x    ? 0        0            4096 Nov 29 22:15 folder", "folder", 4096, false);
        for none in ["sftp> cd \"/out\"", "sftp> ls -ln", "", "total 3"] {
            assert!(listed(none).is_none(), "{none}");
        }
    }

    #[test]
    fn names_are_taken_literally() {
        assert_eq!(quoted("./名册 [1]*.xlsx"), "\"./名册 \\[1]*.xlsx\"");
        assert_eq!(ssh_path(Path::new("/etc/100%/known hosts")), "\"/etc/100%%/known hosts\"");
    }
}
