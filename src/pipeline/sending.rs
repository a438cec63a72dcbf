//! After the night: copies of ledgers that the pipeline sends to a remote (`[send]`).
//!
//! In: a committed run, the register of handovers and that of sendings. Out: files on remotes, each entered before it
//! leaves and after. What was not taken undoes nothing; it is told, and tried again by the next run. It must never send a
//! file that no approval in force lets leave, nor one that is not the registered one, nor the same one twice.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use crate::domain::{Day, sha256_of};
use crate::ledger::{Handover, Ledger, LedgerError, Sending, SendingState};
use crate::source::remote::{self, Clock, Fault, SendError};
use crate::spec::{Plan, Send};

/// What becomes of a file that is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is there since tonight.
    Arrived,
    /// It was there already.
    There,
    /// It is not there, and why.
    Unsent(String),
}

/// A file that goes to a remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Name of the remote.
    pub remote: String,
    /// Folder on it.
    pub folder: String,
    /// Name of the file.
    pub file: String,
    /// What became of it.
    pub fate: Fate,
}

/// A run whose files are sent, and the day on which an approval has to hold.
pub struct LaidOut<'a> {
    /// The run's id.
    pub run_id: &'a str,
    /// The day.
    pub day: Day,
}

impl Sent {
    /// Why it is not there; `None` when it is.
    pub fn why_not(&self) -> Option<&str> {
        match &self.fate {
            Fate::Unsent(why) => Some(why),
            Fate::Arrived | Fate::There => None,
        }
    }
}

/// What a sending is told beside plan and ledger.
pub struct Dispatch<'a> {
    /// The run.
    pub run: LaidOut<'a>,
    /// The injected instant, for people.
    pub now: &'a str,
    /// Account that does it.
    pub by: &'a str,
    /// The clock by which remotes are waited for.
    pub clock: &'a dyn Clock,
}

/// A file with its place and what is on record of it.
struct Parcel<'p> {
    send: &'p Send,
    from: PathBuf,
    /// The line that a try begins with, without who and when.
    line: Sending,
    arrived: bool,
}

/// Sends what the pipeline names and is not there yet.
pub fn send(plan: &Plan, ledger: &mut Ledger, dispatch: &Dispatch<'_>) -> Vec<Sent> {
    if plan.sends.is_empty() {
        return Vec::new();
    }
    let parcels = match parcels(plan, ledger, &dispatch.run) {
        Ok(parcels) => parcels,
        Err(error) => return plan.sends.iter().map(|send| unsent(send, error.to_string())).collect(),
    };
    // Whoever is refused once is not asked again for every file: accounts get locked by that.
    let mut refused: BTreeMap<&str, String> = BTreeMap::new();
    let mut told = Vec::new();
    for parcel in &parcels {
        let remote = parcel.send.remote.as_str();
        let fate = match refused.get(remote) {
            _ if parcel.arrived => Fate::There,
            Some(why) => Fate::Unsent(why.clone()),
            None => match carry(plan, ledger, parcel, dispatch) {
                Ok(()) => Fate::Arrived,
                Err(Failed::Here(why)) => Fate::Unsent(why),
                Err(Failed::There(SendError(error))) => {
                    let why = SendError(error.clone()).to_string();
                    if error.fault != Fault::Absent {
                        refused.insert(remote, why.clone());
                    }
                    Fate::Unsent(why)
                }
            },
        };
        told.push(Sent {
            remote: remote.to_owned(),
            folder: parcel.send.folder.clone(),
            file: parcel.line.file.clone(),
            fate,
        });
    }
    for sent in &told {
        let (remote, folder, file) = (&sent.remote, &sent.folder, &sent.file);
        match &sent.fate {
            Fate::Arrived => tracing::info!(remote, folder, file, "sent"),
            Fate::There => tracing::info!(remote, folder, file, "sent before"),
            Fate::Unsent(why) => tracing::warn!(remote, folder, file, "not sent: {why}"),
        }
    }
    told
}

/// How the files of a run stand that the pipeline sends; nothing is sent.
///
/// # Errors
/// When the ledger or a file cannot be read.
pub fn standing(plan: &Plan, ledger: &Ledger, run: &LaidOut<'_>) -> Result<Vec<Sent>, LedgerError> {
    let sendings = ledger.sendings()?;
    let standing = |parcel: Parcel<'_>| {
        let last = sendings.iter().rfind(|line| line.is_of(&parcel.line));
        let fate = match last {
            _ if parcel.arrived => Fate::There,
            None => Fate::Unsent("it was not tried".to_owned()),
            Some(line) if line.state == SendingState::Begun => {
                Fate::Unsent("the try was cut off, nobody knows whether it arrived".to_owned())
            }
            Some(line) => Fate::Unsent(line.why.clone()),
        };
        Sent {
            remote: parcel.send.remote.clone(),
            folder: parcel.send.folder.clone(),
            file: parcel.line.file.clone(),
            fate,
        }
    };
    Ok(parcels(plan, ledger, run)?.into_iter().map(standing).collect())
}

/// The files of a run that the pipeline sends: laid out for their recipient under an approval that holds on the day, and
/// still the registered ones. A night that laid none out sends none.
fn parcels<'p>(plan: &'p Plan, ledger: &Ledger, run: &LaidOut<'_>) -> Result<Vec<Parcel<'p>>, LedgerError> {
    let (desk, _) = plan.desk.on(run.day);
    let (lines, sendings) = (ledger.handed_over()?, ledger.sendings()?);
    let mut parcels = Vec::new();
    for send in &plan.sends {
        if desk.export_approval(&send.recipient).is_empty() {
            tracing::warn!(remote = send.remote, "nothing is sent: no approval of full numbers is in force");
            continue;
        }
        let of = |line: &&Handover| {
            line.run_id == run.run_id
                && line.recipient == send.recipient
                && send.copies.contains(&line.purpose)
                && !line.approval.is_empty()
        };
        for line in lines.iter().filter(of) {
            let from = plan.out.join(run.run_id).join(&line.path);
            // A run that was repeated with other files has older lines beside those of the files that are there.
            let registered =
                File::open(&from).and_then(sha256_of).is_ok_and(|(sha256, _)| sha256 == line.sha256);
            if !registered {
                continue;
            }
            let line = Sending {
                run_id: line.run_id.clone(),
                path: line.path.clone(),
                sha256: line.sha256.clone(),
                recipient: line.recipient.clone(),
                remote: send.remote.clone(),
                folder: send.folder.clone(),
                file: from.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                at: String::new(),
                by: String::new(),
                state: SendingState::Begun,
                why: String::new(),
            };
            let there = |known: &&Sending| known.is_of(&line) && known.state == SendingState::Arrived;
            let arrived = sendings.iter().any(|known| there(&known));
            parcels.push(Parcel { send, from, line, arrived });
        }
    }
    Ok(parcels)
}

/// Why a file was not sent.
enum Failed {
    /// The register of this machine.
    Here(String),
    /// The remote.
    There(SendError),
}

/// Enters, sends, enters what became of it.
fn carry(
    plan: &Plan,
    ledger: &mut Ledger,
    parcel: &Parcel<'_>,
    dispatch: &Dispatch<'_>,
) -> Result<(), Failed> {
    let here = |error: LedgerError| Failed::Here(error.to_string());
    let Some(remote) = plan.remotes.get(&parcel.send.remote) else {
        return Err(Failed::Here(format!("there is no remote `{}`", parcel.send.remote)));
    };
    let (at, by) = (dispatch.now.to_owned(), dispatch.by.to_owned());
    let line = Sending { at, by, ..parcel.line.clone() };
    ledger.register_sending(&line).map_err(here)?;
    let sent = remote::send(&remote::Parcel {
        remote,
        folder: &parcel.send.folder,
        from: &parcel.from,
        name: &line.file,
        inbox: &plan.inbox(),
        clock: dispatch.clock,
    });
    let (state, why) = match &sent {
        Ok(()) => (SendingState::Arrived, String::new()),
        Err(error) => (SendingState::Failed, error.to_string()),
    };
    ledger.register_sending(&Sending { state, why, ..line }).map_err(here)?;
    sent.map_err(Failed::There)
}

fn unsent(send: &Send, why: String) -> Sent {
    Sent {
        remote: send.remote.clone(),
        folder: send.folder.clone(),
        file: send.copies.join(", "),
        fate: Fate::Unsent(why),
    }
}
