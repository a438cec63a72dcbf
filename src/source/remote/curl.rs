//! FTP, HTTP and WebDAV through the system's `curl`: everything it is told, passwords among it, goes
//! through its input.

use std::path::Path;
use std::time::Duration;

use super::address::encoded;
use super::error::{Fault, PullError};
use super::listing;
use super::program::{Call, Said, curl_quoted};
use super::send::{PART, gives_only};
use super::{Listed, Names, Remote, Transport};
use crate::domain::Masked;

/// Stands between the answers of one call.
const MARK: &str = "\n--doudi--\n";
/// What is asked of a WebDAV folder.
const PROPFIND: &str = "<?xml version=\"1.0\"?><propfind xmlns=\"DAV:\"><prop><resourcetype/><getcontentlength/>\
                        <getlastmodified/><getetag/></prop></propfind>";

/// How servers of a kind are asked for the files of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// The names first, then the head of each.
    Ftp,
    /// The delivery's manifest tells the names: plain HTTP has no folders.
    Http,
    /// `PROPFIND`.
    WebDav,
}

/// One server.
pub(super) struct Curl<'a> {
    pub(super) remote: &'a Remote,
    pub(super) password: Option<Masked<String>>,
    pub(super) manner: Manner,
}

/// Settings of `curl`, one a line, in bytes: names of files are in their server's encoding.
pub(super) struct Settings {
    text: Vec<u8>,
    stall: Duration,
}

impl Settings {
    /// What holds for every call.
    pub(super) fn new(remote: &Remote) -> Self {
        let seconds = remote.patience.stall_seconds;
        let text = b"silent\nshow-error\ngloboff\n".to_vec();
        let mut settings = Self { text, stall: remote.patience.stall() };
        settings.set("noproxy", "*");
        settings.set("connect-timeout", &seconds.min(30).to_string());
        settings.set("proto", "=http,https,ftp,ftps");
        settings.set("user-agent", concat!("doudi/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = &remote.authority {
            settings.set("cacert", &path.display().to_string());
        }
        if remote.tls {
            settings.word("ssl-reqd");
        }
        if remote.rate_kib_max > 0 {
            settings.set("limit-rate", &format!("{}K", remote.rate_kib_max));
        }
        settings
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.set_bytes(name, value.as_bytes());
    }

    fn set_bytes(&mut self, name: &str, value: &[u8]) {
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b" = ");
        self.text.extend(curl_quoted(value));
        self.text.push(b'\n');
    }

    pub(super) fn word(&mut self, name: &str) {
        self.text.extend_from_slice(name.as_bytes());
        self.text.push(b'\n');
    }

    /// The file that the call sends, and how long that may take.
    pub(super) fn upload(&mut self, remote: &Remote, from: &Path) -> Result<(), PullError> {
        let facts = from.metadata().map_err(|error| PullError::local(&remote.name, "read", from, &error))?;
        self.set("upload-file", &from.display().to_string());
        // `curl` sees the bytes go, and ends a call whose bytes do not.
        self.set("speed-time", &remote.patience.stall_seconds.to_string());
        self.stall = remote.patience.stall_of(facts.len(), remote.rate_kib_max);
        Ok(())
    }

    /// Runs `curl` with these settings.
    pub(super) fn run(self, remote: &Remote, growing: Option<&Path>) -> Result<Said, PullError> {
        let call = Call {
            remote: &remote.name,
            program: "curl",
            package: "curl",
            arguments: ["-q", "-K", "-"].map(str::to_owned).to_vec(),
            environment: Vec::new(),
            input: self.text,
            output: None,
            growing,
            bytes_max: remote.file_bytes_max,
            stall: self.stall,
        };
        call.run()
    }
}

/// What a failed call of `curl` means; `status` is what an HTTP server answered.
pub(super) fn refused(remote: &Remote, said: &Said, status: Option<u16>) -> PullError {
    let fault = match (said.code, status) {
        (Some(22), Some(401 | 403)) | (Some(67), _) => Fault::Login,
        // 409 is what WebDAV says to a file whose folder is not there.
        (Some(22), Some(404 | 409 | 410)) | (Some(9 | 78), _) => Fault::Absent,
        (Some(35 | 51 | 58 | 60 | 77 | 83 | 90), _) if is_certificate(said) => Fault::Identity,
        (Some(18), _) => Fault::Cut,
        (Some(28), _) => Fault::Stalled,
        (Some(63), _) => Fault::TooLarge,
        (Some(23 | 26), _) => Fault::Local,
        (Some(22), Some(500..)) | (Some(5 | 6 | 7 | 8 | 12 | 16 | 35 | 52 | 55 | 56 | 92), _) => {
            Fault::Network
        }
        _ => Fault::Answer,
    };
    let what = match fault {
        Fault::Login => "the server refused the login".to_owned(),
        _ => said.complaint(),
    };
    PullError::of(&remote.name, fault, what)
}

fn is_certificate(said: &Said) -> bool {
    said.code != Some(35) || said.err.contains("ertificate")
}

/// The answer and the status that `write-out` put behind it.
pub(super) fn with_status(said: &Said) -> (&[u8], Option<u16>) {
    let cut = said.out.iter().rposition(|&byte| byte == b'\n').unwrap_or(said.out.len());
    let status = said.out.get(cut + 1..).and_then(|status| std::str::from_utf8(status).ok());
    (&said.out[..cut], status.and_then(|status| status.parse().ok()))
}

impl Curl<'_> {
    fn settings(&self) -> Settings {
        let mut settings = Settings::new(self.remote);
        if let Some(password) = &self.password {
            settings.set("user", &format!("{}:{}", self.remote.user, password.reveal()));
        }
        settings
    }

    /// The URL of a folder (with `/` at its end) or of a file in it.
    fn url(&self, folder: &str, name: &str) -> String {
        let address = &self.remote.address;
        let path = encoded(&self.remote.names.written(&address.below(folder)), b"/");
        // FTP starts in the user's folder; a second slash starts at the root, as in an address.
        let root = if self.manner == Manner::Ftp && !address.path.is_empty() { "/%2F" } else { "" };
        let path = if root.is_empty() { path } else { path.trim_start_matches('/').to_owned() };
        format!("{}{root}{path}/{}", address.origin(), encoded(&self.remote.names.written(name), b""))
    }

    /// A call whose answer is held, with the status behind it.
    fn ask(&self, mut settings: Settings) -> Result<Vec<u8>, PullError> {
        settings.word("fail");
        settings.set("write-out", "\n%{http_code}");
        let said = settings.run(self.remote, None)?;
        let (answer, status) = with_status(&said);
        if said.code == Some(0) { Ok(answer.to_vec()) } else { Err(refused(self.remote, &said, status)) }
    }

    fn names(&self, folder: &str) -> Result<Vec<String>, PullError> {
        let mut settings = self.settings();
        settings.set("url", &self.url(folder, ""));
        settings.word("list-only");
        Ok(listing::names(&self.ask(settings)?, self.remote.names))
    }

    /// Names that the delivery's manifest lists, and the manifest itself.
    fn listed(&self, folder: &str) -> Result<Vec<String>, PullError> {
        let mut settings = self.settings();
        settings.set("url", &self.url(folder, crate::source::manifest::FILE_NAME));
        let answer = self.ask(settings).map_err(|error| match error.fault {
            Fault::Absent => PullError::new(
                &self.remote.name,
                Fault::Absent,
                "there is no manifest.csv, and plain HTTP tells the files of a folder in no other way",
                "ask the owner for a manifest.csv, or for WebDAV",
            ),
            _ => error,
        })?;
        let mut names = crate::source::manifest::names(&answer).map_err(|message| {
            PullError::of(&self.remote.name, Fault::Answer, format!("manifest.csv: {message}"))
        })?;
        names.push(crate::source::manifest::FILE_NAME.to_owned());
        Ok(names)
    }

    /// Size and time of each of these files, in one call.
    fn heads(&self, folder: &str, names: &[String]) -> Result<Vec<Listed>, PullError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut settings = self.settings();
        settings.word("head");
        settings.set("write-out", MARK);
        for name in names {
            settings.set("url", &self.url(folder, name));
        }
        let said = settings.run(self.remote, None)?;
        let text = String::from_utf8_lossy(&said.out);
        let answers: Vec<&str> = text.split(MARK).collect();
        // One that is gone, or is a folder, is no failure of the others.
        let harmless = matches!(said.code, Some(0 | 9 | 19 | 22 | 78));
        if !harmless || answers.len() != names.len() + 1 {
            return Err(refused(self.remote, &said, None));
        }
        let heads = names.iter().zip(answers);
        Ok(heads
            .map(|(name, answer)| {
                let other = || Listed { plain: false, ..Listed::new(name.clone()) };
                listing::head(name, answer).unwrap_or_else(other)
            })
            .collect())
    }
}

impl Transport for Curl<'_> {
    fn list(&self, folder: &str, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Listed>, PullError> {
        match self.manner {
            Manner::WebDav => {
                let mut settings = self.settings();
                settings.set("url", &self.url(folder, ""));
                settings.set("request", "PROPFIND");
                settings.set("header", "Depth: 1");
                settings.set("header", "Content-Type: application/xml");
                settings.set("data", PROPFIND);
                let answer = self.ask(settings)?;
                listing::webdav(&answer, self.remote.names).ok_or_else(|| {
                    PullError::of(&self.remote.name, Fault::Answer, "the server does not speak WebDAV")
                })
            }
            Manner::Ftp | Manner::Http => {
                let names = match self.manner {
                    Manner::Http => self.listed(folder)?,
                    _ => self.names(folder)?,
                };
                let (asked, others): (Vec<String>, Vec<String>) =
                    names.into_iter().partition(|name| wanted(name));
                let mut found = self.heads(folder, &asked)?;
                found.extend(others.into_iter().map(Listed::new));
                Ok(found)
            }
        }
    }

    fn fetch(&self, folder: &str, file: &Listed, to: &Path) -> Result<(), PullError> {
        let mut settings = self.settings();
        settings.set("url", &self.url(folder, &file.name));
        settings.set("output", &to.display().to_string());
        settings.set("max-filesize", &self.remote.file_bytes_max.to_string());
        settings.word("fail");
        settings.set("write-out", "\n%{http_code}");
        let said = settings.run(self.remote, Some(to))?;
        if said.code == Some(0) { Ok(()) } else { Err(refused(self.remote, &said, with_status(&said).1)) }
    }

    fn send(&self, folder: &str, from: &Path, name: &str) -> Result<(), PullError> {
        let part = format!("{name}{PART}");
        let mut settings = self.settings();
        settings.upload(self.remote, from)?;
        settings.set("url", &self.url(folder, &part));
        match self.manner {
            Manner::Http => Err(gives_only(self.remote)),
            Manner::Ftp => {
                // Behind the transfer, in its folder. Not every server renames over a file; that there is none is no fault.
                let command =
                    |word: &str, name: &str| [word.as_bytes(), &self.remote.names.written(name)].concat();
                for order in [command("-*DELE ", name), command("-RNFR ", &part), command("-RNTO ", name)] {
                    settings.set_bytes("quote", &order);
                }
                self.ask(settings).map(drop)
            }
            Manner::WebDav => {
                self.ask(settings)?;
                let mut settings = self.settings();
                settings.set("url", &self.url(folder, &part));
                settings.set("request", "MOVE");
                settings.set("header", &format!("Destination: {}", self.url(folder, name)));
                settings.set("header", "Overwrite: T");
                self.ask(settings).map(drop)
            }
        }
    }
}

impl Names {
    /// A name or path as the server writes it.
    pub(super) fn written(self, name: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => name.as_bytes().to_vec(),
            Self::Gb18030 => encoding_rs::GB18030.encode(name).0.into_owned(),
        }
    }

    /// What a server wrote; `None` when it is not in this encoding.
    pub(super) fn read(self, bytes: &[u8]) -> Option<String> {
        let text = match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok()?.to_owned(),
            Self::Gb18030 => {
                encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes)?.into_owned()
            }
        };
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::remote::tests::remote;

    #[test]
    fn urls_name_the_file_in_the_servers_encoding() {
        let url = |at: &str, manner, names, folder: &str, name: &str| {
            let remote = Remote { names, ..remote(at) };
            Curl { remote: &remote, password: None, manner }.url(folder, name)
        };
        let path = url("http://h:81/民政", Manner::WebDav, Names::Utf8, "out", "a b.csv");
        assert_eq!(path, "http://h:81/%E6%B0%91%E6%94%BF/out/a%20b.csv");
        assert_eq!(url("ftp://h", Manner::Ftp, Names::Gb18030, "", "人.csv"), "ftp://h/%C8%CB.csv");
        assert_eq!(url("ftp://h/srv/out", Manner::Ftp, Names::Utf8, "x", ""), "ftp://h/%2Fsrv/out/x/");
    }

    #[test]
    fn secrets_and_names_stay_one_setting() {
        let remote = remote("ftp://h");
        let mut settings = Settings::new(&remote);
        settings.set("user", "a:b\"\nurl = \"ftp://elsewhere");
        let text = String::from_utf8(settings.text).unwrap();
        assert!(text.ends_with("user = \"a:b\\\"\\nurl = \\\"ftp://elsewhere\"\n"), "{text}");
        assert!(text.starts_with("silent\nshow-error\ngloboff\n"), "{text}");
    }

    #[test]
    fn what_curl_says_is_told_by_its_kind() {
        let fault = |code, status, err: &str| {
            let said = Said { code: Some(code), out: Vec::new(), err: err.to_owned() };
            refused(&remote("http://h"), &said, status).fault
        };
        assert_eq!(fault(67, None, "curl: (67) Access denied: 530"), Fault::Login);
        assert_eq!(fault(22, Some(401), ""), Fault::Login);
        assert_eq!(fault(22, Some(404), ""), Fault::Absent);
        assert_eq!(fault(22, Some(503), ""), Fault::Network);
        assert_eq!(fault(60, None, "SSL certificate problem"), Fault::Identity);
        assert_eq!(fault(18, None, ""), Fault::Cut);
        assert_eq!(fault(7, None, ""), Fault::Network);
        assert_eq!(fault(2, None, ""), Fault::Answer);
    }

    #[test]
    fn the_status_stands_behind_the_answer() {
        let said = Said { code: Some(0), out: b"a\nb\n207".to_vec(), err: String::new() };
        assert_eq!(with_status(&said), (b"a\nb".as_slice(), Some(207)));
    }
}
