//! `[send.<docket>]`: which copies of ledgers go to a remote after a night, as it is written and as it is meant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::compile::Draft;
use crate::diag::Diagnostic;
use crate::report::{Desk, Docket};
use crate::source::remote::{is_plain_name, plain_folder};

/// Copies of a ledger that go to a remote after each night, while the disclosure table and an approval let them leave: a
/// list of questions for an agency that answers hits alone, say.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendTable {
    /// The remote that takes them (`[remote.<name>]`): a folder, SFTP, FTP, WebDAV or S3.
    pub remote: String,
    /// Folder below its address; `.` is the address itself.
    pub folder: String,
    /// Whose copies they are; left out: those of the docket's one recipient.
    #[serde(default)]
    pub recipient: Option<String>,
}

/// Files of a night that go to a remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Send {
    /// The docket.
    pub docket: String,
    /// Folder name of the recipient.
    pub recipient: String,
    /// Titles of the copies.
    pub copies: Vec<String>,
    /// Name of the remote.
    pub remote: String,
    /// Folder below its address.
    pub folder: String,
}

impl Draft {
    /// What is sent, as it is meant.
    pub(super) fn sends(&mut self, desk: Option<&Desk>) -> Vec<Send> {
        let tables = self.raw.send.clone();
        let Some(desk) = desk else { return Vec::new() };
        tables.iter().filter_map(|(name, table)| self.send(desk, name, table)).collect()
    }

    fn send(&mut self, desk: &Desk, name: &str, table: &SendTable) -> Option<Send> {
        let before = self.problems.len();
        let known = || desk.dockets.iter().map(Docket::name);
        let docket = desk.dockets.iter().find(|docket| docket.name() == name);
        if docket.is_none() {
            let message = format!("`report.dockets` has no ledger `{name}`");
            self.wrong("unknown_docket", (name, "remote"), message, |fault| fault.with_near(name, known()));
        }
        self.check_target(name, table);
        let folder = plain_folder(&table.folder);
        if folder.is_none() {
            let message = format!("`{}` leads outside, or is no folder", table.folder);
            let help = "plain names with `/` between them; `.` for the remote's `at` itself";
            self.wrong("outside", (name, "folder"), message, |fault| fault.with_help(help));
        }
        let template = &docket?.template;
        let copies: Vec<String> = template.copy.iter().map(|copy| copy.title.clone()).collect();
        if copies.is_empty() {
            let help = "only the copies of a ledger are sent: [[copy]] in its file";
            let message = format!("the ledger `{name}` has no copy");
            self.wrong("no_copy", (name, "remote"), message, |fault| fault.with_help(help));
        }
        for title in copies.iter().filter(|title| !is_plain_name(title)) {
            let message = format!("`{title}` is no name of a file");
            let help =
                "letters, digits and plain signs, no `/` and no `\\`: the title of [[copy]] names its file";
            self.wrong("copy_name", (name, "remote"), message, |fault| fault.with_help(help));
        }
        let recipients = || template.recipients.iter().map(String::as_str);
        let recipient = match (&table.recipient, template.recipients.as_slice()) {
            (Some(written), _) if recipients().any(|recipient| recipient == written) => written.clone(),
            (Some(written), _) => {
                let message = format!("the ledger is not for `{written}`");
                let near = |fault: Diagnostic| fault.with_near(written, recipients());
                self.wrong("unknown_recipient", (name, "recipient"), message, near);
                return None;
            }
            (None, [only]) => only.clone(),
            (None, _) => {
                let message = "the ledger is for several recipients".to_owned();
                let help = format!("recipient = one of {}", template.recipients.join(", "));
                self.wrong("missing_key", (name, "remote"), message, |fault| fault.with_help(help));
                return None;
            }
        };
        (self.problems.len() == before).then_some(Send {
            docket: name.to_owned(),
            recipient,
            copies,
            remote: table.remote.clone(),
            folder: folder?,
        })
    }

    /// The remote is there and takes files.
    fn check_target(&mut self, name: &str, table: &SendTable) {
        match self.raw.remote.get(&table.remote).map(|remote| remote.kind) {
            Some(kind) if kind.takes_files() => {}
            Some(_) => {
                let message = format!("nothing can be sent to the remote `{}`: it only gives", table.remote);
                let help = "a remote of the kind folder, sftp, ftp, webdav or s3";
                self.wrong("gives_only", (name, "remote"), message, |fault| fault.with_help(help));
            }
            // Of a file with another shape it may be there and not be readable.
            None if self.shaped => {
                let known: Vec<String> = self.raw.remote.keys().cloned().collect();
                let message = format!("there is no remote `{}`", table.remote);
                let near =
                    |fault: Diagnostic| fault.with_near(&table.remote, known.iter().map(String::as_str));
                self.wrong("unknown_remote", (name, "remote"), message, near);
            }
            None => {}
        }
    }

    fn wrong(
        &mut self,
        code: &'static str,
        (name, key): (&str, &str),
        message: String,
        helped: impl FnOnce(Diagnostic) -> Diagnostic,
    ) {
        let spot = self.lines.spot(&format!("send.{name}.{key}"));
        self.problems.push(helped(Diagnostic::error(code, spot, message)));
    }
}
