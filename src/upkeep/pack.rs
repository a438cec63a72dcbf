//! Files of a run that leave the house encrypted: to the keys of their recipient, entered into the register.
//!
//! The run's folder stays as it is, byte for byte; what is encrypted differs every time, so it lies elsewhere. The
//! program `age` of the system does it (its format is public, and recipients have programs for it); keys go to it
//! as arguments because they are public, and nothing secret is needed. The register comes before the names: killed
//! between them, a line is there without its file, never a file that nobody knows of.

use std::fs::{self, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::UpkeepError;
use super::backup::settle;
use crate::domain::{Day, sha256_of};
use crate::ledger::{Handover, Ledger, Packing};
use crate::report::Desk;

/// The program, and the Debian package that brings it.
const PROGRAM: &str = "age";

/// What is packed.
pub struct PackJob<'a> {
    /// Keys.
    pub desk: &'a Desk,
    /// Folder of the run.
    pub run: &'a Path,
    /// Recipients: folders below `lists/`.
    pub recipients: &'a [String],
    /// Where it goes.
    pub to: &'a Path,
    /// Account that does it.
    pub by: &'a str,
    /// The injected instant, for people.
    pub now: &'a str,
    /// The day on which keys have to be valid.
    pub day: Day,
}

/// One file on its way.
struct Parcel {
    line: Handover,
    from: PathBuf,
    part: PathBuf,
    target: PathBuf,
    keys: Vec<String>,
}

/// Encrypts all files that the run laid out for the recipients and enters each into the register.
///
/// # Errors
/// When a recipient has no key or no file, a file is not the one that was registered, something lies where a new
/// file should be, or the program fails. Nothing is left then.
pub fn pack(job: &PackJob<'_>, ledger: &mut Ledger) -> Result<Vec<Packing>, UpkeepError> {
    let parcels = parcels(job, ledger)?;
    let packed = encrypted(job, &parcels)
        .and_then(|packings| ledger.register_packings(&packings).map(|()| packings).map_err(Into::into));
    if packed.is_err() {
        for parcel in &parcels {
            // What could not be entered must not lie about; that it was not there is no fault.
            let _ = fs::remove_file(&parcel.part);
        }
    }
    let packings = packed?;
    for parcel in &parcels {
        fs::rename(&parcel.part, &parcel.target).map_err(UpkeepError::io("rename", &parcel.part))?;
    }
    for folder in parcels.iter().filter_map(|parcel| parcel.target.parent()) {
        settle(folder)?;
    }
    Ok(packings)
}

/// What is to be packed; everything is looked at before the first file is written.
fn parcels(job: &PackJob<'_>, ledger: &Ledger) -> Result<Vec<Parcel>, UpkeepError> {
    let whole = fs::canonicalize(job.run).map_err(UpkeepError::io("find", job.run))?;
    let run_id = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let lines: Vec<Handover> =
        ledger.handed_over()?.into_iter().filter(|line| line.run_id == run_id).collect();
    let mut parcels: Vec<Parcel> = Vec::new();
    for recipient in job.recipients {
        let refused = |what: &str, remedy: &str| UpkeepError::NotPacked {
            recipient: recipient.clone(),
            what: what.to_owned(),
            remedy: remedy.to_owned(),
        };
        let keys: Vec<String> = job.desk.keys(recipient, job.day).into_iter().map(str::to_owned).collect();
        if keys.is_empty() {
            let remedy =
                "ask the recipient for one (age-keygen) and add a line to recipient_keys.csv of the tables";
            return Err(refused(&format!("it has no key that is valid on {}", job.day.iso()), remedy));
        }
        let before = parcels.len();
        for line in lines.iter().filter(|line| line.recipient == *recipient) {
            let from = whole.join(&line.path);
            // A run that was repeated with other files has older lines beside those of the files that are there.
            let (sha256, _) =
                File::open(&from).and_then(sha256_of).map_err(UpkeepError::io("read", &from))?;
            if sha256 != line.sha256 {
                continue;
            }
            let name = from.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let target = job.to.join(recipient).join(format!("{name}.age"));
            if target.symlink_metadata().is_ok() {
                return Err(UpkeepError::There {
                    path: target,
                    remedy: "name another folder, or move it away",
                });
            }
            let part = target.with_file_name(format!("{name}.part"));
            parcels.push(Parcel { line: line.clone(), from, part, target, keys: keys.clone() });
        }
        let files = |line: &&Handover| line.recipient == *recipient;
        let distinct: std::collections::BTreeSet<&str> =
            lines.iter().filter(files).map(|line| line.path.as_str()).collect();
        if distinct.is_empty() {
            return Err(refused(
                &format!("the run {run_id} laid out nothing for it"),
                "doudi handover tells for whom it did",
            ));
        }
        if parcels.len() - before < distinct.len() {
            return Err(refused(
                "a file is not the one that was registered",
                "run the night again, or look who changed it",
            ));
        }
    }
    Ok(parcels)
}

fn encrypted(job: &PackJob<'_>, parcels: &[Parcel]) -> Result<Vec<Packing>, UpkeepError> {
    let mut packings = Vec::new();
    for parcel in parcels {
        let folder = parcel.target.parent().unwrap_or(job.to);
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(UpkeepError::io("create", folder))?;
        encrypt(parcel)?;
        settle(&parcel.part)?;
        let (sha256, _) =
            File::open(&parcel.part).and_then(sha256_of).map_err(UpkeepError::io("read", &parcel.part))?;
        packings.push(Packing {
            run_id: parcel.line.run_id.clone(),
            path: parcel.line.path.clone(),
            sha256: parcel.line.sha256.clone(),
            recipient: parcel.line.recipient.clone(),
            packed: job.now.to_owned(),
            by: job.by.to_owned(),
            file: parcel.target.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            packed_sha256: sha256,
            keys: parcel.keys.clone(),
        });
    }
    Ok(packings)
}

fn encrypt(parcel: &Parcel) -> Result<(), UpkeepError> {
    let failed = |what: String, remedy: &str| UpkeepError::NotPacked {
        recipient: parcel.line.recipient.clone(),
        what,
        remedy: remedy.to_owned(),
    };
    let mut command = Command::new(PROGRAM);
    for key in &parcel.keys {
        command.args(["-r", key]);
    }
    command.arg("-o").arg(&parcel.part).arg(&parcel.from).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    let output = command.output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => failed(
            format!("the program `{PROGRAM}` is not installed"),
            "install it (Debian: apt-get install age)",
        ),
        _ => failed(format!("the program `{PROGRAM}` cannot be started: {error}"), "look at its file"),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it gave no reason");
    let line: String = line.chars().filter(|c| !c.is_control()).take(300).collect();
    Err(failed(format!("`{PROGRAM}` failed: {line}"), "look at the disk and at the keys"))
}
