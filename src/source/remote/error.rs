//! Why nothing could be pulled from a remote.

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A program that carries the files is not installed.
    Program,
    /// A secret cannot be read, or is open to others.
    Secret,
    /// User, password or key are not accepted.
    Login,
    /// The server is not the one whose key or certificate is known.
    Identity,
    /// The folder or file is not there.
    Absent,
    /// More bytes than the pipeline takes.
    TooLarge,
    /// No connection, or it broke.
    Network,
    /// Nothing came any more.
    Stalled,
    /// The file was shorter or longer than the server said.
    Cut,
    /// The server answered something that is not understood, or refused.
    Answer,
    /// A database refused a query.
    Query,
    /// An archive that cannot be opened.
    Archive,
    /// A file or folder of this machine.
    Local,
}

impl Fault {
    /// Whether another try may go better.
    pub(super) const fn passes(self) -> bool {
        matches!(self, Self::Network | Self::Stalled | Self::Cut | Self::Answer)
    }
}

/// A remote from which nothing could be pulled. The text holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pull from the remote `{remote}`: {what}; {remedy}")]
pub struct PullError {
    /// Its name in the pipeline.
    pub remote: String,
    /// What kind of fault it is.
    pub fault: Fault,
    /// What happened.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// A file that could not be sent to a remote. The text holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("send to the remote `{}`: {}; {}", .0.remote, .0.what, .0.remedy)]
pub struct SendError(pub PullError);

impl PullError {
    pub(super) fn new(
        remote: &str,
        fault: Fault,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { remote: remote.to_owned(), fault, what: what.into(), remedy: remedy.into() }
    }

    /// A fault whose remedy follows from its kind.
    pub(super) fn of(remote: &str, fault: Fault, what: impl Into<String>) -> Self {
        let remedy = match fault {
            Fault::Program => "install it",
            Fault::Secret => "put the secret right",
            Fault::Login => "check `user`, `password` and `key` with the owner of the server",
            Fault::Identity => {
                "ask the owner by telephone whether the server was changed, and only then put its new key or \
                 certificate into the file that the pipeline names"
            }
            Fault::Absent => "check `at` and `folder`, or ask the owner whether the folder was moved",
            Fault::TooLarge => "look what came, and raise `file_mib_max` if it is right",
            Fault::Network => "check the network and whether the server is up, then run again",
            Fault::Stalled => "check the network, or raise `stall_seconds`",
            Fault::Cut => "ask the owner whether the file is still being written, then run again",
            Fault::Answer => "ask the owner of the server",
            Fault::Query => "run the query with psql: the code is that of the PostgreSQL manual, appendix A",
            Fault::Archive => "check the password of the archives with the sender",
            Fault::Local => "check the disk and the permissions of the state folder",
        };
        Self::new(remote, fault, what, remedy)
    }

    pub(super) fn local(remote: &str, doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::of(remote, Fault::Local, format!("{doing} {}: {error}", path.display()))
    }
}
