//! What an engineer would look at before trusting tonight: folders, disk, clock, memory, ledger, register,
//! hooks, last good night. Nothing is put right here; one file is written into each folder that a run
//! writes to, and taken away again.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::DateTime;

use super::groups::{self, Groups};
use super::look;
use super::sending::{LaidOut, standing};
use crate::domain::Day;
use crate::ledger::{Ledger, LedgerError, RunRecord};
use crate::resolve::Register;
use crate::source::remote::{Kind, OnFailure, Remote, exposed};
use crate::spec::Plan;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// As it should be.
    Well,
    /// The night will run; somebody should look.
    Look,
    /// The night will fail, or must not be trusted.
    Broken,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symptom {
    /// What, in a word for machines.
    pub check: &'static str,
    /// How bad it is.
    pub health: Health,
    /// What was seen and what to do, in Chinese.
    pub text: String,
}

/// What the doctor may know and what counts as ill.
#[derive(Clone, Copy, Debug)]
pub struct Consultation {
    /// Today, injected.
    pub today: Day,
    /// Now in seconds since 1970, injected.
    pub epoch: i64,
    /// Days since the last night's day that are still well.
    pub age_days: u16,
    /// Free bytes wanted on each disk, where three runs like the last one want no more.
    pub free_bytes: u64,
    /// Free memory wanted, in bytes, where the last run's peak and a quarter want no more.
    pub memory_bytes: u64,
}

fn symptom(check: &'static str, health: Health, text: impl Into<String>) -> Symptom {
    Symptom { check, health, text: text.into() }
}

/// Looks at everything, in a fixed order.
pub fn examine(plan: &Plan, consultation: &Consultation) -> Vec<Symptom> {
    let mut found = if plan.sources.iter().any(|source| source.origin.is_none()) {
        vec![input(plan)]
    } else {
        Vec::new()
    };
    found.extend(plan.remotes.values().map(remote));
    found.extend([("out", &plan.out), ("state", &plan.state)].map(|(check, path)| folder(check, path)));
    found.extend((!plan.groups.is_empty()).then(|| readers(plan)));
    found.push(lock(plan));
    let (symptom, last) = ledger(plan);
    found.push(symptom);
    if let Some(last) = &last {
        found.push(register(plan, last));
        found.push(clock(last, consultation.epoch));
        found.push(last_night(last, consultation));
        found.extend((!plan.sends.is_empty()).then(|| sent(plan, last)));
    }
    let run = last.map(|last| plan.out.join(last.run_id));
    let needed = run.as_deref().map_or(0, |run| size(run).saturating_mul(3)).max(consultation.free_bytes);
    found.extend([("disk_out", &plan.out), ("disk_state", &plan.state)].map(|(c, p)| disk(c, p, needed)));
    found.push(memory(run.as_deref(), consultation.memory_bytes));
    found.extend(fonts(Command::new("fc-list").args([":lang=zh", "family"])));
    found.extend(plan.watch.hooks.iter().filter_map(|hook| program(hook.command.first()?)));
    found
}

fn input(plan: &Plan) -> Symptom {
    let check = "input";
    if let Err(error) = fs::read_dir(&plan.input) {
        return symptom(
            check,
            Health::Broken,
            format!("投递文件夹 {} 无法读取：{error}", plan.input.display()),
        );
    }
    let mut missing: Vec<&str> = plan
        .sources
        .iter()
        .filter(|source| source.origin.is_none())
        .map(|source| source.folder.as_str())
        .filter(|folder| fs::read_dir(plan.input.join(folder)).is_err())
        .collect();
    missing.dedup();
    if missing.is_empty() {
        return symptom(check, Health::Well, format!("投递文件夹 {} 可读", plan.input.display()));
    }
    let text = format!("投递文件夹 {} 中没有（或无法读取）：{}", plan.input.display(), missing.join("、"));
    symptom(check, Health::Look, text)
}

/// A remote as far as it can be looked at without the network: its program, its secrets.
fn remote(remote: &Remote) -> Symptom {
    let check = "remote";
    let faults: Vec<String> = [
        remote.kind.program().and_then(|(program, package)| {
            let started = Command::new(program)
                .arg("-V")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            started.is_err().then(|| format!("缺少程序 {program}（apt-get install {package}）"))
        }),
        remote.password.as_ref().and_then(|secret| secret.read().err()),
        remote.archives.as_ref().and_then(|archives| archives.password.as_ref()?.read().err()),
        remote.key.as_deref().and_then(exposed),
        (remote.kind == Kind::Folder)
            .then(|| fs::read_dir(&remote.at).err())
            .flatten()
            .map(|error| format!("文件夹 {} 无法读取：{error}", remote.at.display())),
    ]
    .into_iter()
    .flatten()
    .collect();
    if faults.is_empty() {
        return symptom(check, Health::Well, format!("数据源 {} 的程序和密钥齐备（未连接）", remote.name));
    }
    let health = if remote.on_failure == OnFailure::Stop { Health::Broken } else { Health::Look };
    symptom(check, health, format!("数据源 {}：{}", remote.name, faults.join("；")))
}

/// A folder that runs write to: there, writable, closed to others.
fn folder(check: &'static str, path: &Path) -> Symptom {
    let shown = path.display();
    let Ok(facts) = fs::metadata(path) else {
        return symptom(check, Health::Look, format!("文件夹 {shown} 还不存在，首次运行时创建"));
    };
    let probe = path.join(".doctor");
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&probe)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::remove_file(&probe));
    if let Err(error) = written {
        return symptom(check, Health::Broken, format!("文件夹 {shown} 无法写入：{error}"));
    }
    let mode = facts.permissions().mode() & 0o777;
    // Passing through to a folder below is no look into this one.
    if mode & 0o006 != 0 {
        let text = format!("文件夹 {shown} 对其他用户开放（权限 {mode:03o}）；chmod o-rwx {shown}");
        return symptom(check, Health::Look, text);
    }
    symptom(check, Health::Well, format!("文件夹 {shown} 可写，权限 {mode:03o}"))
}

/// Groups that may read lists: there, this account's to give files to, and able to come to the lists.
fn readers(plan: &Plan) -> Symptom {
    let check = "groups";
    // Tried where a run writes; before the first run there is no such folder yet.
    let tried = plan.state.is_dir().then_some(&plan.state);
    let usable = Groups::of(plan).and_then(|groups| tried.map_or(Ok(()), |folder| groups.try_on(folder)));
    if let Err(error) = usable {
        return symptom(check, Health::Broken, format!("清单不能交给指定的用户组：failed to {error}"));
    }
    // The run opens its own folder itself.
    let above = plan.out.parent().map(groups::barred).unwrap_or_default();
    if let Some(folder) = above.first() {
        let folder = folder.display();
        let text = format!("文件夹 {folder} 不能穿过，用户组到不了清单；chmod a+x {folder}");
        return symptom(check, Health::Look, text);
    }
    symptom(check, Health::Well, format!("{} 个接收单位的用户组可用", plan.groups.len()))
}

fn lock(plan: &Plan) -> Symptom {
    match look::at_work(&plan.state, &plan.out) {
        Ok(None) => symptom("lock", Health::Well, "没有运行在进行"),
        Ok(Some(owner)) => symptom("lock", Health::Look, format!("正有运行在进行（{owner}）")),
        Err(error) => symptom("lock", Health::Broken, error.to_string()),
    }
}

/// The ledger's state, and the run committed last when it can be trusted.
fn ledger(plan: &Plan) -> (Symptom, Option<RunRecord>) {
    let path = plan.ledger();
    if !path.exists() {
        return (symptom("ledger", Health::Look, "还没有账本：尚未运行过，或状态文件夹不对"), None);
    }
    let read = || -> Result<(u64, Option<RunRecord>), LedgerError> {
        let ledger = Ledger::open_for_planning(&path)?;
        Ok((ledger.verify()?, ledger.last_run(None)?))
    };
    match read() {
        Ok((events, last)) => (symptom("ledger", Health::Well, format!("账本完好，{events} 条事件")), last),
        Err(error) => (
            symptom("ledger", Health::Broken, format!("账本不可用：{error}；用 doudi restore 恢复备份")),
            None,
        ),
    }
}

fn register(plan: &Plan, last: &RunRecord) -> Symptom {
    match Register::read(&plan.state.join("register"), &last.facts.register) {
        Ok(_) => symptom("register", Health::Well, "身份登记簿与账本一致"),
        Err(error) => symptom("register", Health::Broken, format!("身份登记簿不可用：{error}")),
    }
}

/// A clock that was set back dates tonight before the last commit.
fn clock(last: &RunRecord, epoch: i64) -> Symptom {
    match DateTime::parse_from_rfc3339(&last.facts.committed) {
        Ok(committed) if committed.timestamp() > epoch => {
            let text = format!("系统时间早于上次提交（{}），时钟可能被拨回", last.facts.committed);
            symptom("clock", Health::Broken, text)
        }
        Ok(_) => symptom("clock", Health::Well, "系统时间晚于上次提交"),
        Err(_) => symptom("clock", Health::Look, format!("上次提交的时间 {} 无法读取", last.facts.committed)),
    }
}

fn last_night(last: &RunRecord, consultation: &Consultation) -> Symptom {
    let age = consultation.today.days() - last.as_of.days();
    let text = format!("最近一次成功运行 {}（{}），距今 {age} 天", last.run_id, last.as_of.iso());
    let health = if age > i32::from(consultation.age_days) { Health::Look } else { Health::Well };
    symptom("last_night", health, text)
}

/// Whether the last night's copies are where they are sent to.
fn sent(plan: &Plan, last: &RunRecord) -> Symptom {
    let run = LaidOut { run_id: &last.run_id, day: last.as_of };
    let standing = Ledger::open_for_planning(&plan.ledger()).and_then(|ledger| standing(plan, &ledger, &run));
    let standing = match standing {
        Ok(standing) => standing,
        Err(error) => return symptom("send", Health::Broken, format!("发送记录不可用：{error}")),
    };
    let unsent: Vec<String> = standing
        .iter()
        .filter_map(|sent| sent.why_not().map(|why| format!("{}（{why}）", sent.file)))
        .collect();
    if unsent.is_empty() {
        return symptom("send", Health::Well, format!("{} 个文件已送达", standing.len()));
    }
    let text = format!("未送达：{}；doudi handover send 可重发", unsent.join("、"));
    symptom("send", Health::Look, text)
}

fn disk(check: &'static str, path: &Path, needed: u64) -> Symptom {
    let existing = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    match rustix::fs::statvfs(existing) {
        Ok(facts) => {
            let free = facts.f_bavail.saturating_mul(facts.f_frsize);
            let text = format!("{} 所在磁盘剩余 {}，需要 {}", path.display(), mib(free), mib(needed));
            symptom(check, if free < needed { Health::Broken } else { Health::Well }, text)
        }
        Err(error) => symptom(check, Health::Look, format!("{} 的剩余空间无法得知：{error}", path.display())),
    }
}

/// Bytes below a folder; links are not followed.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
        .map(|(path, facts)| if facts.is_dir() { size(&path) } else { facts.len() })
        .sum()
}

fn memory(run: Option<&Path>, wanted: u64) -> Symptom {
    let manifest = run.and_then(|run| File::open(run.join("manifest.json")).ok());
    let manifest: Option<serde_json::Value> =
        manifest.and_then(|file| serde_json::from_reader(std::io::BufReader::new(file)).ok());
    let peak = manifest.and_then(|manifest| manifest["timings"]["peak_mib"].as_u64()).unwrap_or_default();
    let needed = (peak * 5 / 4).saturating_mul(1 << 20).max(wanted);
    let Some(free) = fs::read_to_string("/proc/meminfo").ok().as_deref().and_then(available) else {
        return symptom("memory", Health::Look, "可用内存无法得知");
    };
    let text = format!("可用内存 {}，需要 {}", mib(free), mib(needed));
    symptom("memory", if free < needed { Health::Look } else { Health::Well }, text)
}

/// `MemAvailable` of `/proc/meminfo`, in bytes.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Whether pages and workbooks that are looked at or printed on this machine show their words; nothing where the
/// machine has no fonts at all, for then nobody looks here.
fn fonts(list: &mut Command) -> Option<Symptom> {
    let output = list.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let families =
        String::from_utf8_lossy(&output.stdout).lines().filter(|line| !line.trim().is_empty()).count();
    Some(if families == 0 {
        let text = "本机没有中文字体，在此查看或打印会缺字（apt-get install fonts-noto-cjk）；不影响清单";
        symptom("fonts", Health::Look, text)
    } else {
        symptom("fonts", Health::Well, format!("{families} 种中文字体"))
    })
}

/// A hook's program, when it is named by its place and is not there. A bare name is left to the search path.
fn program(named: &str) -> Option<Symptom> {
    let path = PathBuf::from(named);
    if !named.contains('/') {
        return None;
    }
    let runs =
        fs::metadata(&path).is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0);
    let (health, words) =
        if runs { (Health::Well, "可执行") } else { (Health::Look, "不存在或不可执行") };
    Some(symptom("hook", health, format!("通知程序 {named} {words}")))
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::RunFacts;

    fn record(as_of: &str, committed: &str) -> RunRecord {
        let facts = RunFacts {
            plan_hash: String::new(),
            register: String::new(),
            committed: committed.to_owned(),
            account: String::new(),
        };
        RunRecord { run_id: "r".into(), as_of: Day::parse_iso(as_of).unwrap(), facts }
    }

    #[test]
    fn a_clock_that_was_set_back_is_told() {
        let last = record("2026-11-20", "2026-11-20T02:00:00+08:00");
        let committed = DateTime::parse_from_rfc3339(&last.facts.committed).unwrap().timestamp();
        assert_eq!(clock(&last, committed).health, Health::Well);
        assert_eq!(clock(&last, committed - 1).health, Health::Broken);
        assert_eq!(clock(&record("2026-11-20", "gestern"), committed).health, Health::Look);
    }

    #[test]
    fn a_night_that_is_too_long_ago_is_told() {
        let consultation = |today: &str| Consultation {
            today: Day::parse_iso(today).unwrap(),
            epoch: 0,
            age_days: 1,
            free_bytes: 0,
            memory_bytes: 0,
        };
        let last = record("2026-11-20", "");
        assert_eq!(last_night(&last, &consultation("2026-11-21")).health, Health::Well);
        assert_eq!(last_night(&last, &consultation("2026-11-22")).health, Health::Look);
    }

    #[test]
    fn folders_are_tried_and_left_as_they_were() {
        let folder_ = tempfile::tempdir().unwrap();
        let path = folder_.path();
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(folder("out", path).health, Health::Well);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        let open = folder("out", path);
        assert!(open.health == Health::Look && open.text.contains("权限 755"), "{open:?}");
        assert_eq!(folder("out", &path.join("not yet")).health, Health::Look);
        fs::write(path.join("file"), "").unwrap();
        assert_eq!(folder("out", &path.join("file")).health, Health::Broken);
        assert_eq!(fs::read_dir(path).unwrap().count(), 1);
    }

    #[test]
    fn too_small_a_disk_or_memory_is_told() {
        assert_eq!(disk("disk_out", Path::new("/"), 1).health, Health::Well);
        assert_eq!(disk("disk_out", Path::new("/no/such/folder"), u64::MAX).health, Health::Broken);
        assert_eq!(memory(None, u64::MAX).health, Health::Look);
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:   12 kB\n"), Some(12_288));
    }

    #[test]
    fn a_machine_that_cannot_show_chinese_is_told() {
        let said = |text: &str| fonts(Command::new("printf").arg(text)).unwrap();
        assert_eq!(said("Noto Serif CJK SC\nNoto Sans CJK SC\n").health, Health::Well);
        assert_eq!(said("\n").health, Health::Look);
        assert_eq!(fonts(&mut Command::new("no-such-program-of-doudi")), None);
    }

    #[test]
    fn a_hook_that_cannot_run_is_told() {
        assert_eq!(program("tell"), None);
        assert_eq!(program("/bin/sh").unwrap().health, Health::Well);
        assert_eq!(program("/no/such/program").unwrap().health, Health::Look);
    }
}
