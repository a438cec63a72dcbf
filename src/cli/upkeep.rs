//! `backup`, `restore`, `purge`, `schedule`: what keeps a pipeline going between the nights.

use std::path::{Path, PathBuf, absolute};

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use serde_json::{Value, json};

use super::text_table::aligned;
use super::{Done, Failure, complain, day, problems, replace, run, say};
use crate::ledger::{Ledger, LedgerError};
use crate::spec::{Plan, compile};
use crate::tables::{Retained, RunDays, Says};
use crate::upkeep::{self, Entry, PurgeFacts, PurgePlan, Schedule, UpkeepError};

/// Options of `backup`.
#[derive(Debug, Args)]
#[command(after_help = "\
Holds the ledger, the registers of identities of its last commits and the certificates of deletions: all that
cannot be made again from the deliveries. Taken as one snapshot, also while a run is at work. Every file stands with its size and
SHA-256 in backup.json.

Example, every night after the run:
  doudi backup pipelines/nightly.toml --to /backup/doudi-$(date +%F)

Exit codes: 0 done · 2 the pipeline has errors, or the folder exists · 4 the state cannot be read, the
backup cannot be written.")]
pub(super) struct BackupArgs {
    /// The pipeline file.
    #[arg(value_name = "PIPELINE")]
    pipeline: PathBuf,
    /// The new folder to write.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// State folder instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

/// Options of `restore`.
#[derive(Debug, Args)]
#[command(after_help = "\
Checks every file of the backup and the chain of the ledger's events, then writes; never over a ledger
that is there. What was handed over and looked at since the backup must stay on record: --log-of names the old state
folder, whose register and log go on; --log-lost says that it is gone for good. The next run goes on from the night of the backup: nights since then can be run again
with --as-of, in their order.

Example:
  mv /srv/state /srv/state.broken
  doudi restore pipelines/nightly.toml --from /backup/doudi-2026-11-20 --log-of /srv/state.broken

Exit codes: 0 done · 2 the pipeline has errors, the state holds a ledger, or the backup is damaged · 4 the old log or a
file cannot be read or written.")]
#[command(group(ArgGroup::new("log").required(true).args(["log_of", "log_lost"])))]
pub(super) struct RestoreArgs {
    /// The pipeline file.
    #[arg(value_name = "PIPELINE")]
    pipeline: PathBuf,
    /// The backup's folder.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The state folder that is replaced: its register of handovers and log of access since the backup are kept.
    #[arg(long, value_name = "DIR")]
    log_of: Option<PathBuf>,
    /// There is no such folder any more, or its log cannot be read: what it held since the backup is lost.
    #[arg(long)]
    log_lost: bool,
    /// State folder instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

/// Options of `purge`.
#[derive(Debug, Args)]
#[command(after_help = "\
What is kept how long stands in schemas/tables/retention.csv, by class: copies of deliveries inside runs and in the
inbox, records and other intermediate data, whole runs, old registers of identities, what the ledger says of cases that
are over. Days that the client has not confirmed say 待客户确认.

Never deleted: the last run and the one before, records and lists of runs on which an open case rests, the offices'
input folder, deliveries that nights still pull, the register of handovers, the log of access. Of a case that is over
(not one that is explained and silent, or that tells two persons apart) the clue number, the kinds, days and hashes of
its events stay, so the chain of the ledger still proves that nothing else is missing. Older backups still hold what
was deleted: let go of them too.

First a certificate is written to <state>/certificates (every file with its SHA-256), then an event into the ledger,
then the data go. explain cannot look into what is gone.

Examples:
  doudi purge pipelines/nightly.toml --dry-run      what would go, and what stays although its time is over
  doudi purge pipelines/nightly.toml

Exit codes: 0 done · 2 the pipeline has errors · 4 the ledger or a file cannot be read, written or removed ·
5 a run is at work.")]
pub(super) struct PurgeArgs {
    /// The pipeline file.
    #[arg(value_name = "PIPELINE")]
    pipeline: PathBuf,
    /// Tell what would go and delete nothing.
    #[arg(long)]
    dry_run: bool,
    /// Folder of runs instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// State folder instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Day from which ages are counted (YYYY-MM-DD); left out: today.
    #[arg(long, value_name = "DAY")]
    as_of: Option<String>,
    /// Machine-readable.
    #[arg(long)]
    json: bool,
}

/// Options of `schedule`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  doudi schedule show pipelines/nightly.toml --at 02:00
  sudo doudi schedule install pipelines/nightly.toml --at 02:00 --user doudi
  sudo systemctl daemon-reload && sudo systemctl enable --now doudi-nightly.timer
  doudi schedule install pipelines/nightly.toml --at 02:00 --kind cron --dir /etc/cron.d

A timer makes up for a night that the machine slept through; cron does not. Two runs never overlap: the
second is refused (exit code 5). The service may write the pipeline's folders of runs and state and the
folder of its figures, and nothing else; without a remote and a hook it has no network.

Secrets that the pipeline takes from variables come from the file of --environment (lines NAME=value, mode 0600;
its owner is root for systemd, the user for cron, whose shell reads it: quote values with signs there).

Exit codes: 0 done · 2 wrong use, the pipeline has errors, or the files are there already · 4 a file
cannot be written or removed.")]
pub(super) struct ScheduleArgs {
    #[command(subcommand)]
    what: ScheduleCommand,
}

/// What to do with the schedule.
#[derive(Debug, Subcommand)]
enum ScheduleCommand {
    /// Print the files.
    Show(When),
    /// Write the files.
    Install(When),
    /// Remove the files that `install` wrote.
    Remove(Where),
}

/// When a pipeline runs.
#[derive(Debug, Args)]
struct When {
    #[command(flatten)]
    place: Where,
    /// Time of day, HH:MM, local.
    #[arg(long, value_name = "HH:MM")]
    at: String,
    /// On which days: `all`, `workdays` or `term`, by the table `calendar.csv`. The timer comes every night, and the run
    /// ends at once on other days, unless the last wanted day is still without lists.
    #[arg(long, value_name = "DAYS", default_value = "all", value_parser = run::run_days)]
    on: RunDays,
    /// Who runs it; give it a user of its own that owns the folders of runs and state.
    #[arg(long, value_name = "NAME", default_value = "doudi")]
    user: String,
    /// The longest that a run may take, in minutes.
    #[arg(long, value_name = "N", default_value_t = 240, value_parser = clap::value_parser!(u32).range(1..))]
    limit_minutes: u32,
    /// The most memory that a run may hold, in MiB; left out: no limit. systemd only.
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..))]
    memory_mib: Option<u32>,
    /// Unit that systemd starts when a run fails, also when it was killed; `doudi-failed@%n.service` of the
    /// Debian package tells the hooks of /etc/doudi/failed.d.
    #[arg(long, value_name = "UNIT", value_parser = unit_name)]
    on_failure: Option<String>,
    /// Wait until the runs of other pipelines of this machine that are scheduled so are over (flock of util-linux); under
    /// systemd the wait counts as time of the run.
    #[arg(long)]
    in_turn: bool,
    /// File of variables from which the pipeline takes secrets.
    #[arg(long, value_name = "FILE")]
    environment: Option<PathBuf>,
}

/// Which pipeline, and where its files lie.
#[derive(Debug, Args)]
struct Where {
    /// The pipeline file.
    #[arg(value_name = "PIPELINE")]
    pipeline: PathBuf,
    /// systemd or cron.
    #[arg(long, value_enum, default_value_t = Kind::Systemd)]
    kind: Kind,
    /// Folder of the files; left out: /etc/systemd/system or /etc/cron.d.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Kinds of schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A service and a timer.
    Systemd,
    /// A file for cron.d.
    Cron,
}

/// Copies the state.
pub(super) fn backup(args: &BackupArgs) -> Done {
    let state = state(&args.pipeline, args.state.as_ref())?;
    let (_, now, _) = run::clock();
    let made = upkeep::backup(&state, &args.to, &now).map_err(failure)?;
    say(format!("backup {}: {}", args.to.display(), contents(&made)));
    Ok(())
}

/// Brings the state back.
pub(super) fn restore(args: &RestoreArgs) -> Done {
    let state = state(&args.pipeline, args.state.as_ref())?;
    let restored = upkeep::restore(&args.from, &state, args.log_of.as_deref());
    let (back, (handovers, looks)) = restored.map_err(|error| {
        let of_log =
            matches!(error, UpkeepError::Ledger(LedgerError::DamagedLog { .. } | LedgerError::OtherLog));
        let mut failure = failure(error);
        if of_log {
            failure.message.push_str(
                "\n  help: name the state folder that the backup was taken of, or restore with --log-lost",
            );
        }
        failure
    })?;
    let since = if args.log_lost {
        "what was handed over and looked at since the backup is not on record".to_owned()
    } else {
        format!("{handovers} handovers and {looks} looks since the backup taken over")
    };
    say(format!("restored {}: {}; {since}", state.display(), contents(&back)));
    Ok(())
}

/// Deletes what is kept no longer than its class allows.
pub(super) fn purge(args: &PurgeArgs) -> Done {
    let mut plan = plan(&args.pipeline)?;
    replace([(&args.out, &mut plan.out), (&args.state, &mut plan.state)]);
    let path = plan.ledger();
    if !path.is_file() {
        let message = format!("failed to purge: there is no ledger {}; nothing is deleted", path.display());
        return Err(Failure::source(message));
    }
    let (today, now, _) = run::clock();
    let day = args.as_of.as_ref().map_or(Ok(today), |text| day("--as-of", text))?;
    // Whoever only looks does not disturb a run.
    let hold = if args.dry_run { None } else { Some(run::hold(&plan.state, ("purge", "purge"), &now)?) };
    let open = if args.dry_run { Ledger::open_for_planning(&path) } else { Ledger::open(&path) };
    let mut ledger = open.map_err(|error| failure(error.into()))?;
    ledger.verify().map_err(|error| failure(error.into()))?;
    let found = upkeep::plan_purge(&plan, &ledger, day).map_err(failure)?;
    let certificate = if args.dry_run {
        None
    } else {
        let facts = PurgeFacts { by: run::account()?, day, now };
        upkeep::purge(&plan, &mut ledger, &found, &facts).map_err(failure)?
    };
    drop(hold);
    if args.json {
        let value = purge_json(&plan, &found, certificate.as_deref(), args.dry_run);
        say(serde_json::to_string_pretty(&value).map_err(Failure::bug)?);
    } else {
        say(purge_text(&plan, &found, certificate.as_deref(), args.dry_run));
    }
    Ok(())
}

fn purge_text(plan: &Plan, found: &PurgePlan, certificate: Option<&Path>, dry_run: bool) -> String {
    let totals = found.totals();
    let head = ["类别", "保存天数", "到期文件", "字节"].map(str::to_owned).to_vec();
    let row = |row: &Retained| {
        let days = row.days.map_or_else(|| "不删除".to_owned(), |days| days.to_string());
        let mark = if row.confirmed { "" } else { "（待客户确认）" };
        let (files, bytes) = totals.get(&row.class).copied().unwrap_or_default();
        vec![row.title.clone(), format!("{days}{mark}"), files.to_string(), bytes.to_string()]
    };
    let rows = std::iter::once(head).chain(plan.tables.retention.rows.iter().map(row));
    let mut parts = vec![aligned(&rows.collect::<Vec<_>>())];
    parts.extend(found.expired.iter().map(|one| {
        let went = if dry_run { "将删除" } else { "已删除" };
        format!("{went} {}（{} 个文件）", one.path.display(), one.files.len())
    }));
    let emptied = if dry_run { "将清除内容" } else { "已清除内容" };
    parts.extend(found.cases.iter().map(|case| {
        format!("{emptied} 线索 {}（{} 个事件，最后 {}）", case.number, case.events.len(), case.last.iso())
    }));
    parts.extend(found.kept.iter().map(|(run, why)| format!("到期而保留 {run}：{why}")));
    parts.extend(certificate.map(|path| format!("删除证明：{}", path.display())));
    if dry_run {
        parts.push("预览，没有删除".to_owned());
    }
    parts.join("\n")
}

fn purge_json(plan: &Plan, found: &PurgePlan, certificate: Option<&Path>, dry_run: bool) -> Value {
    let totals = found.totals();
    let class = |row: &Retained| {
        let (files, bytes) = totals.get(&row.class).copied().unwrap_or_default();
        json!({
            "class": row.class.word(), "days": row.days, "confirmed": row.confirmed,
            "files": files, "bytes": bytes,
        })
    };
    let expired = found.expired.iter().map(|one| {
        json!({ "class": one.class.word(), "run": one.run, "path": one.path.display().to_string(), "files": one.files.len() })
    });
    let cases = found
        .cases
        .iter()
        .map(|case| json!({ "clue": case.number, "events": case.events.len(), "last": case.last.iso() }));
    let kept = found.kept.iter().map(|(run, why)| json!({ "run": run, "why": why }));
    json!({
        "dry_run": dry_run,
        "classes": plan.tables.retention.rows.iter().map(class).collect::<Vec<_>>(),
        "expired": expired.collect::<Vec<_>>(),
        "cases": cases.collect::<Vec<_>>(),
        "kept": kept.collect::<Vec<_>>(),
        "certificate": certificate.map(|path| path.display().to_string()),
    })
}

/// Shows, writes or removes the schedule.
pub(super) fn schedule(args: &ScheduleArgs) -> Done {
    match &args.what {
        ScheduleCommand::Show(when) => {
            for unit in schedule_of(when)?.units(when.place.entry()) {
                say(format!("# {}\n{}", when.place.dir().join(&unit.name).display(), unit.text));
            }
            Ok(())
        }
        ScheduleCommand::Install(when) => install(when),
        ScheduleCommand::Remove(place) => remove(place),
    }
}

fn install(when: &When) -> Done {
    let dir = when.place.dir();
    let schedule = schedule_of(when)?;
    let folders: Vec<String> = schedule.writes.iter().map(|folder| folder.display().to_string()).collect();
    let folders = folders.join(" ");
    let units = schedule.units(when.place.entry());
    if let Some(unit) = units.iter().find(|unit| dir.join(&unit.name).exists()) {
        let path = dir.join(&unit.name);
        let message = format!("failed to write {}: it is there already; remove it first", path.display());
        return Err(Failure::config(message));
    }
    for unit in &units {
        let path = dir.join(&unit.name);
        std::fs::write(&path, &unit.text)
            .map_err(|error| Failure::source(format!("failed to write {}: {error}", path.display())))?;
        say(path.display());
    }
    say(format!("next, where they are not there yet: install -d -o {} -m 0700 {folders}", when.user));
    if let Some(folder) = &schedule.metrics {
        say(format!(
            "{} may write figures into {}, when that is there and its mode lets it",
            when.user,
            folder.display()
        ));
    }
    if when.place.kind == Kind::Systemd {
        let name = Schedule::name(&when.place.pipeline);
        say(format!("then: systemctl daemon-reload && systemctl enable --now {name}.timer"));
    }
    Ok(())
}

fn remove(place: &Where) -> Done {
    for name in Schedule::file_names(&place.pipeline, place.entry()) {
        let path = place.dir().join(name);
        std::fs::remove_file(&path)
            .map_err(|error| Failure::source(format!("failed to remove {}: {error}", path.display())))?;
        say(format!("removed {}", path.display()));
    }
    Ok(())
}

fn schedule_of(when: &When) -> Result<Schedule, Failure> {
    let plan = plan(&when.place.pipeline)?;
    let full = |path: &Path| {
        absolute(path).map_err(|error| Failure::source(format!("failed to find {}: {error}", path.display())))
    };
    let program = std::env::current_exe()
        .map_err(|error| Failure::source(format!("failed to find this program: {error}")))?;
    if let Some(gap) = calendar_gap(&plan, when.on) {
        complain(gap);
    }
    let metrics = plan.watch.metrics.as_deref().and_then(Path::parent);
    let variables = plan.variables();
    if when.environment.is_none() && !variables.is_empty() {
        return Err(Failure::config(format!(
            "failed to write the schedule: the pipeline takes secrets from {}, which nobody sets at night: name a \
             file of variables with --environment",
            variables.join(", ")
        )));
    }
    Ok(Schedule {
        program,
        pipeline: full(&when.place.pipeline)?,
        writes: vec![full(&plan.out)?, full(&plan.state)?],
        metrics: metrics.map(full).transpose()?,
        network: !plan.remotes.is_empty() || !plan.watch.hooks.is_empty() || plan.watch.traces.is_some(),
        environment: when.environment.as_deref().map(full).transpose()?,
        user: when.user.clone(),
        at: Schedule::time(&when.at).map_err(failure)?,
        on: when.on,
        limit_minutes: when.limit_minutes,
        memory_mib: when.memory_mib,
        on_failure: when.on_failure.clone(),
        in_turn: when.in_turn,
    })
}

/// What the office has still to write into the calendar for the days that are wanted.
fn calendar_gap(plan: &Plan, on: RunDays) -> Option<String> {
    let (today, ..) = run::clock();
    let calendar = &plan.tables.calendar;
    match calendar.says(on, today) {
        Says::Unknown(gap) => {
            Some(format!("note: {gap}; until it is in schemas/tables/calendar.csv, every night runs"))
        }
        _ if on == RunDays::Workdays && !calendar.knows_holidays_of(today) => Some(format!(
            "note: the calendar names no holiday of {}: until the office has written them into \
             schemas/tables/calendar.csv (待客户确认), only weekends are left out",
            today.ymd().0
        )),
        _ => None,
    }
}

/// A unit's name: one word, so that it adds no line to the file.
fn unit_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@.-_:%\\".contains(c);
    let fine = !text.is_empty() && text.chars().all(plain);
    if fine { Ok(text.to_owned()) } else { Err("a unit's name is one word".to_owned()) }
}

impl Where {
    const fn entry(&self) -> Entry {
        match self.kind {
            Kind::Systemd => Entry::Systemd,
            Kind::Cron => Entry::Cron,
        }
    }

    fn dir(&self) -> PathBuf {
        let usual = match self.kind {
            Kind::Systemd => "/etc/systemd/system",
            Kind::Cron => "/etc/cron.d",
        };
        self.dir.clone().unwrap_or_else(|| PathBuf::from(usual))
    }
}

fn plan(pipeline: &Path) -> Result<Plan, Failure> {
    compile(pipeline).map(|(plan, _)| plan).map_err(problems::refused)
}

fn state(pipeline: &Path, given: Option<&PathBuf>) -> Result<PathBuf, Failure> {
    given.map_or_else(|| Ok(plan(pipeline)?.state), |given| Ok(given.clone()))
}

fn contents(backup: &upkeep::Backup) -> String {
    let bytes: u64 = backup.files.iter().map(|file| file.bytes).sum();
    let run = backup.last_run.as_deref().unwrap_or("no run yet");
    format!("{} files, {bytes} bytes, {} events, last run {run}", backup.files.len(), backup.events)
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`, which gives values")]
pub(super) fn failure(error: UpkeepError) -> Failure {
    let message = format!("failed to {error}");
    match error {
        UpkeepError::There { .. }
        | UpkeepError::Unusable { .. }
        | UpkeepError::NotPacked { .. }
        | UpkeepError::Time(_) => Failure::config(message),
        UpkeepError::Io { .. } | UpkeepError::Ledger(_) => Failure::source(message),
    }
}
