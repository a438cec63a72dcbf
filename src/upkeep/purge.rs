//! Deletes what is kept no longer than its class allows (`retention.csv`), and says so: a certificate with every
//! file and its digest, and an event in the ledger.
//!
//! Only runs that the ledger knows are looked at, so pipelines that share a folder of runs leave each other alone.
//! It never touches what the next night needs (`latest`, the last two commits and their registers), the records,
//! lists and reports of a run on which an open case rests (its raw deliveries go like any others), the offices' input
//! folder, or anything append-only. Deliveries in the inbox go when nothing was pulled there for so long. The
//! certificate and the event come before the deletion: killed between them, the data are on record and the next
//! purge takes the rest. What the events of a case say goes in the transaction that says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::UpkeepError;
use super::backup::{BackupFile, CERTIFICATES, REGISTER, REGISTERS, file_of, settle};
use crate::domain::{Day, sha256_of};
use crate::ledger::{Ledger, OverCase, Purged, RunRecord};
use crate::spec::Plan;
use crate::tables::{DataClass, Retention};

/// A run on its way out; a name that no run has.
const GOING: &str = ".purged";
/// What of a run is the deliveries', and what the stages'.
const OF_DELIVERIES: [&str; 2] = ["pulled", "quarantine"];
const OF_RECORDS: [&str; 1] = ["artifacts"];
/// What every pull of a delivery writes anew.
const INDEX: &str = "index.json";

/// Something that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// Its class.
    pub class: DataClass,
    /// The run it belongs to; empty for registers.
    pub run: String,
    /// The day that its time is counted from.
    pub day: Day,
    /// What is removed: a folder or a file.
    pub path: PathBuf,
    /// What stands before the paths of its files on the certificate.
    above: String,
    /// Every file in it, paths below `path`; for a file its own name.
    pub files: Vec<BackupFile>,
}

/// What a purge would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PurgePlan {
    /// What goes, by class, day and path.
    pub expired: Vec<Expired>,
    /// Cases of which nothing stays but that there were such cases, by clue number.
    pub cases: Vec<OverCase>,
    /// Runs whose time is over and that stay, with the reason in Chinese.
    pub kept: Vec<(String, &'static str)>,
}

/// Who deletes, and when.
pub struct PurgeFacts {
    /// Account.
    pub by: String,
    /// The day from which ages are counted.
    pub day: Day,
    /// The injected instant, for people.
    pub now: String,
}

impl PurgePlan {
    /// Whether nothing goes.
    pub fn is_empty(&self) -> bool {
        self.expired.is_empty() && self.cases.is_empty()
    }

    /// Files (of cases: events) and bytes by class; classes of which nothing goes are left out.
    pub fn totals(&self) -> BTreeMap<DataClass, (u64, u64)> {
        let mut totals: BTreeMap<DataClass, (u64, u64)> = BTreeMap::new();
        for one in &self.expired {
            let (files, bytes) = totals.entry(one.class).or_default();
            *files += one.files.len() as u64;
            *bytes += one.files.iter().map(|file| file.bytes).sum::<u64>();
        }
        for (.., size) in self.cases.iter().flat_map(|case| &case.events) {
            let (events, bytes) = totals.entry(DataClass::Events).or_default();
            *events += 1;
            *bytes += size;
        }
        totals
    }
}

/// What goes on `day`. Writes nothing.
///
/// # Errors
/// When the ledger or a file cannot be read.
pub fn plan_purge(plan: &Plan, ledger: &Ledger, day: Day) -> Result<PurgePlan, UpkeepError> {
    let retention = &plan.tables.retention;
    let commits = ledger.commits()?;
    let needed: Vec<&str> =
        commits.iter().rev().take(REGISTERS).map(|(_, run)| run.run_id.as_str()).collect();
    let latest = fs::read_link(plan.out.join("latest")).ok();
    let latest = latest.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let open = ledger.runs_of_open_cases()?;
    let mut purge = PurgePlan::default();
    for (_, run) in &commits {
        let folder = plan.out.join(&run.run_id);
        if !folder.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            continue;
        }
        let mut expired = of_run(retention, &folder, &run.run_id, (run.as_of, day))?;
        let needed = needed.contains(&run.run_id.as_str()) || latest.as_ref() == Some(&run.run_id);
        if needed && !expired.is_empty() {
            purge.kept.push((run.run_id.clone(), "下一夜运行需要"));
        } else if open.contains(&run.run_id) {
            // Of what an open case rests on only the raw deliveries go; a run goes with all that it has.
            if expired.iter().any(|one| one.class != DataClass::Deliveries) {
                purge.kept.push((run.run_id.clone(), "有未办结的线索以此为依据"));
            }
            expired = of_deliveries(retention, &folder, &run.run_id, (run.as_of, day))?;
            purge.expired.append(&mut expired);
        } else {
            purge.expired.append(&mut expired);
        }
    }
    purge.expired.extend(registers(plan, &commits, day)?);
    purge.expired.extend(inbox(plan, day)?);
    if let Some(days) = retention.days(DataClass::Events) {
        purge.cases = ledger.cases_over(day, days)?;
    }
    purge.expired.sort_by(|a, b| (a.class, a.day, &a.path).cmp(&(b.class, b.day, &b.path)));
    purge.kept.sort();
    Ok(purge)
}

/// The parts of a run whose time is over.
fn of_run(
    retention: &Retention,
    folder: &Path,
    run: &str,
    (of, day): (Day, Day),
) -> Result<Vec<Expired>, UpkeepError> {
    if is_over(retention, DataClass::Runs, (of, day)) {
        let (path, files) = (folder.to_owned(), files_of(folder)?);
        let above = String::new();
        return Ok(vec![Expired {
            class: DataClass::Runs,
            run: run.to_owned(),
            day: of,
            path,
            above,
            files,
        }]);
    }
    let mut expired = of_deliveries(retention, folder, run, (of, day))?;
    if is_over(retention, DataClass::Records, (of, day)) {
        expired.extend(parts(folder, run, of, (DataClass::Records, &OF_RECORDS))?);
    }
    Ok(expired)
}

/// The raw deliveries of a run whose time is over, whatever rests on the run.
fn of_deliveries(
    retention: &Retention,
    folder: &Path,
    run: &str,
    (of, day): (Day, Day),
) -> Result<Vec<Expired>, UpkeepError> {
    if !is_over(retention, DataClass::Deliveries, (of, day)) {
        return Ok(Vec::new());
    }
    parts(folder, run, of, (DataClass::Deliveries, &OF_DELIVERIES))
}

/// Folders of a run that are there.
fn parts(
    folder: &Path,
    run: &str,
    of: Day,
    (class, names): (DataClass, &[&str]),
) -> Result<Vec<Expired>, UpkeepError> {
    let mut expired = Vec::new();
    for name in names.iter().filter(|name| folder.join(name).is_dir()) {
        let path = folder.join(name);
        let files = files_of(&path)?;
        expired.push(Expired { class, run: run.to_owned(), day: of, path, above: format!("{name}/"), files });
    }
    Ok(expired)
}

/// Deliveries in the inbox that no night has pulled for so long: their remote is gone from the pipeline, or does not
/// answer. Every pull writes the index of its delivery anew; where the sender is there again, it is carried again.
fn inbox(plan: &Plan, day: Day) -> Result<Vec<Expired>, UpkeepError> {
    let mut expired = Vec::new();
    for remote in folders_of(&plan.inbox())? {
        for path in folders_of(&remote)? {
            let Ok(index) = path.join(INDEX).metadata() else { continue };
            let of = Day::from_days(i32::try_from(index.mtime().div_euclid(86_400)).unwrap_or(i32::MAX));
            if is_over(&plan.tables.retention, DataClass::Deliveries, (of, day)) {
                let files = files_of(&path)?;
                let above = path.strip_prefix(&plan.state).unwrap_or(&path).display();
                let above = format!("{above}/");
                let class = DataClass::Deliveries;
                expired.push(Expired { class, run: String::new(), day: of, path, above, files });
            }
        }
    }
    Ok(expired)
}

/// Folders in a folder, sorted; none where it is not there.
fn folders_of(folder: &Path) -> Result<Vec<PathBuf>, UpkeepError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let entries = entries.map_err(UpkeepError::io("read", folder))?;
    let is_folder = |entry: &&fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let mut folders: Vec<PathBuf> = entries.iter().filter(is_folder).map(fs::DirEntry::path).collect();
    folders.sort();
    Ok(folders)
}

fn is_over(retention: &Retention, class: DataClass, (of, day): (Day, Day)) -> bool {
    let age = i64::from(day.days()) - i64::from(of.days());
    retention.days(class).is_some_and(|days| age > i64::from(days))
}

/// Registers that neither of the last commits names; their time is counted from the last run that does.
fn registers(plan: &Plan, commits: &[(i64, RunRecord)], day: Day) -> Result<Vec<Expired>, UpkeepError> {
    let needed: BTreeSet<&str> =
        commits.iter().rev().take(REGISTERS).map(|(_, run)| run.facts.register.as_str()).collect();
    let mut last: BTreeMap<&str, Day> = BTreeMap::new();
    for (_, run) in commits {
        let seen = last.entry(&run.facts.register).or_insert(run.as_of);
        *seen = (*seen).max(run.as_of);
    }
    let folder = plan.state.join(REGISTER);
    let mut expired = Vec::new();
    for (register, of) in last.into_iter().filter(|(register, _)| !needed.contains(register)) {
        let name = format!("{register}.parquet");
        let path = folder.join(&name);
        if is_over(&plan.tables.retention, DataClass::Registers, (of, day)) && path.is_file() {
            let files = vec![file_of(&folder, name)?];
            let (class, run, above) = (DataClass::Registers, String::new(), String::new());
            expired.push(Expired { class, run, day: of, path, above, files });
        }
    }
    Ok(expired)
}

/// All files below a folder with their digests, sorted; links are not followed.
fn files_of(folder: &Path) -> Result<Vec<BackupFile>, UpkeepError> {
    let mut open = vec![String::new()];
    let mut files = Vec::new();
    while let Some(below) = open.pop() {
        let here = folder.join(&below);
        for entry in fs::read_dir(&here).map_err(UpkeepError::io("read", &here))? {
            let entry = entry.map_err(UpkeepError::io("read", &here))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if below.is_empty() { name } else { format!("{below}/{name}") };
            let kind = entry.file_type().map_err(UpkeepError::io("read", &here))?;
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() {
                files.push(file_of(folder, path)?);
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Carries a purge out and gives the place of its certificate; `None` when nothing goes.
///
/// # Errors
/// When the certificate, the ledger or a folder cannot be written.
pub fn purge(
    plan: &Plan,
    ledger: &mut Ledger,
    purge: &PurgePlan,
    facts: &PurgeFacts,
) -> Result<Option<PathBuf>, UpkeepError> {
    let going = plan.out.join(GOING);
    if going.is_dir() {
        // An earlier purge was killed; what lies there is on record.
        fs::remove_dir_all(&going).map_err(UpkeepError::io("remove", &going))?;
    }
    if purge.is_empty() {
        return Ok(None);
    }
    let (certificate, sha256) = certify(plan, purge, facts)?;
    let classes = purge.totals().into_iter();
    let classes = classes.map(|(class, (files, bytes))| (class.word().to_owned(), files, bytes)).collect();
    let name = certificate.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let purged = Purged { by: facts.by.clone(), certificate: name, sha256, classes };
    ledger.record_purge(facts.day, purged, &purge.cases)?;
    for one in &purge.expired {
        match one.class {
            // A run is there with all that it has, or not at all.
            DataClass::Runs => {
                fs::rename(&one.path, &going).map_err(UpkeepError::io("rename", &one.path))?;
                fs::remove_dir_all(&going).map_err(UpkeepError::io("remove", &going))?;
            }
            DataClass::Registers => {
                fs::remove_file(&one.path).map_err(UpkeepError::io("remove", &one.path))?;
            }
            _ => fs::remove_dir_all(&one.path).map_err(UpkeepError::io("remove", &one.path))?,
        }
    }
    Ok(Some(certificate))
}

const HEADINGS: [&str; 10] =
    ["类别", "说明", "保存天数", "运行编号", "数据日期", "文件", "字节", "SHA-256", "删除时间", "经办账号"];

/// Writes the certificate and gives its place and digest. It appears whole, under a name that is free.
fn certify(plan: &Plan, purge: &PurgePlan, facts: &PurgeFacts) -> Result<(PathBuf, String), UpkeepError> {
    let folder = plan.state.join(CERTIFICATES);
    fs::create_dir_all(&folder).map_err(UpkeepError::io("create", &folder))?;
    let name = |number: u32| folder.join(format!("删除证明_{}_{number}.csv", facts.day.iso()));
    let free = (1..1000).map(name).find(|path| !path.exists());
    let remedy = "a day has at most 999 certificates";
    let path = free.ok_or_else(|| UpkeepError::There { path: folder.clone(), remedy })?;
    let bytes = certificate(&plan.tables.retention, purge, facts);
    let bytes = bytes.map_err(|error| UpkeepError::io("write", &path)(error.into()))?;
    let part = path.with_extension("part");
    fs::write(&part, &bytes).map_err(UpkeepError::io("write", &part))?;
    settle(&part)?;
    fs::rename(&part, &path).map_err(UpkeepError::io("rename", &part))?;
    settle(&folder)?;
    let (sha256, _) = sha256_of(bytes.as_slice()).map_err(UpkeepError::io("read", &path))?;
    Ok((path, sha256))
}

/// One line for every file and every event: UTF-8 with a byte-order mark, for spreadsheets.
fn certificate(retention: &Retention, purge: &PurgePlan, facts: &PurgeFacts) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(HEADINGS)?;
    let line = |writer: &mut csv::Writer<Vec<u8>>,
                (class, day): (DataClass, Day),
                [run, what, digest]: [&str; 3],
                bytes: u64| {
        let row = retention.row(class);
        let title = row.map_or("", |row| &row.title);
        let days = row.and_then(|row| row.days).map_or_else(String::new, |days| days.to_string());
        let days =
            if row.is_some_and(|row| row.confirmed) { days } else { format!("{days}（待客户确认）") };
        let (day, bytes) = (day.iso(), bytes.to_string());
        writer.write_record([
            class.word(),
            title,
            &days,
            run,
            &day,
            what,
            &bytes,
            digest,
            &facts.now,
            &facts.by,
        ])
    };
    for one in &purge.expired {
        for file in &one.files {
            let path = format!("{}{}", one.above, file.path);
            line(&mut writer, (one.class, one.day), [&one.run, &path, &file.sha256], file.bytes)?;
        }
    }
    for case in &purge.cases {
        for (seq, hash, bytes) in &case.events {
            let what = format!("线索 {} 的第 {seq} 号事件", case.number);
            line(&mut writer, (DataClass::Events, case.last), ["", &what, hash], *bytes)?;
        }
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
