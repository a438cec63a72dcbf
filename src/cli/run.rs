//! `run`: one night, from the deliveries to the lists.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use super::args::Linkage as LinkageArg;
use super::clock::Wall;
use super::text_table::aligned;
use super::{
    BUG, CONFIG, DONE, Done, Failure, HELD, LOCKED, SOURCE, UNSENT, caught, complain, problems, replace, say,
};
use crate::diag::{Level, did_you_mean};
use crate::domain::Day;
use crate::ledger::{Ledger, LedgerError};
use crate::link::Linkage;
use crate::pipeline::{
    self, Acceptance, Env, Hold, Progress, RunError, RunSummary, SendFate, Sent, Silent, Stage, last_day,
    run as run_night,
};
use crate::report::PublishedFile;
use crate::spec::{NightEnd, Plan, Watch, compile, watchers};
use crate::tables::{RunDays, Says};
use crate::upkeep::{self, Ended};

/// Options of `run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Everything appears at once or not at all: lists, report.html, artifacts and manifest.json under
<out>/<run-id>, and <out>/latest points to them. The same night run twice replaces itself and adds
nothing to the ledger. A run that was killed is cleared away or finished by the next one.

Examples:
  doudi run pipelines/nightly.toml
  doudi run pipelines/nightly.toml --as-of 2026-11-20 --input /srv/deliveries --out /srv/runs
  doudi run pipelines/nightly.toml --dry-run      what would be recorded and delivered, nothing written
  doudi run pipelines/nightly.toml --from judge   the last run's data again, after a rule was changed
  doudi run pipelines/nightly.toml --accept population --reason 已与公安核对

A night that is held because an extract did not come, or is outside its tolerance, can be released with
--accept. The extract stays as incomplete as it is: rules that would conclude from its silence do not
run, and no case is withdrawn because of it. The ledger, the manifest and page one say who did it and why.

Exit codes: 0 done · 1 a bug · 2 wrong use or configuration · 3 held: required data is missing or
outside its tolerance · 4 deliveries, remotes or folders cannot be read or written, or a stage took longer
than its limit ([limits] of the pipeline) · 5 another run is at work · 6 the lists are there, but a copy did not
reach the remote that it is sent to ([send] of the pipeline); the next run, or doudi handover send, tries again.")]
pub(super) struct RunArgs {
    /// The pipeline file.
    #[arg(value_name = "PIPELINE")]
    pipeline: PathBuf,
    /// Day the lists speak about (YYYY-MM-DD); left out: the pipeline's, else today.
    #[arg(long, value_name = "DAY")]
    as_of: Option<String>,
    /// Folder of deliveries instead of the pipeline's; remotes are not asked then.
    #[arg(long, value_name = "DIR")]
    input: Option<PathBuf>,
    /// Folder of runs instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Folder of ledger and registers instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Say what would be recorded and write nothing that stays.
    #[arg(long)]
    dry_run: bool,
    /// Go on from the last run instead of pulling: `validate` reads its copies of the deliveries again;
    /// from `block` on its records and mentions are taken as they are stored and only linkage, rules
    /// and lists are done anew. The day is that run's unless --as-of says otherwise.
    #[arg(long, value_name = "STAGE", value_parser = stage)]
    from: Option<Stage>,
    /// Let the night go on although this extract would hold it; may be given several times.
    #[arg(long, value_name = "EXTRACT", requires = "reason")]
    accept: Vec<String>,
    /// Why, for the ledger and page one. No person's name or number.
    #[arg(long, value_name = "TEXT", requires = "accept")]
    reason: Option<String>,
    /// Who; left out: the account that runs this.
    #[arg(long, value_name = "NAME", requires = "accept")]
    by: Option<String>,
    /// What the timer's run asks the calendar first (`all`, `workdays`, `term`): on a day that is not one of these it ends
    /// at once and well, unless the last wanted day is still without lists. `doudi schedule install --on` writes it.
    #[arg(long, value_name = "DAYS", value_parser = run_days)]
    scheduled: Option<RunDays>,
    /// Worker threads; left out: all cores. The answer does not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// How persons are linked; `id-only` is what offices do today, for comparison.
    #[arg(long, value_enum, default_value_t = LinkageArg::Model)]
    linkage: LinkageArg,
    /// Form of the log on standard error.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

/// Forms of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Runs one night, and tells who watches how it ended, whatever its end.
pub(super) fn run(args: &RunArgs) -> Done {
    let terminal = std::io::stderr().is_terminal();
    start_log(args.log_format, terminal);
    let moment = clock();
    let (watch, out, as_of, result) = match caught(|| plan(args)) {
        Ok(plan) => {
            let day = day_of(args, &plan, moment.0);
            if let Some(why) = day.as_ref().ok().and_then(|&day| rests(args.scheduled, &plan, day)) {
                say(why);
                return Ok(());
            }
            let as_of = *day.as_ref().unwrap_or(&plan.as_of.unwrap_or(moment.0));
            let overdue = |error| {
                let late = Err(failure(error));
                report(args, (&plan.watch, &plan.out), as_of, moment.clone(), &late);
                late.as_ref().map_or_else(stop, |_| ());
            };
            let result =
                day.and_then(|day| caught(|| night(args, &plan, (day, &moment), terminal, &overdue)));
            (plan.watch, plan.out, as_of, result)
        }
        Err(failure) => (watchers(&args.pipeline), PathBuf::new(), moment.0, Err(failure)),
    };
    report(args, (&watch, &out), as_of, moment, &result);
    let summary = result?;
    say(text(&summary));
    all_sent(&summary.sent)
}

/// Why files are not where they are sent to, one after the other; empty when all are.
pub(super) fn unsent(sent: &[Sent]) -> Vec<&str> {
    sent.iter().filter_map(Sent::why_not).collect()
}

/// A night stands although a file did not leave; who runs it hears of that all the same.
pub(super) fn all_sent(sent: &[Sent]) -> Done {
    let mut why = unsent(sent);
    if why.is_empty() {
        return Ok(());
    }
    why.dedup();
    Err(Failure { code: UNSENT, message: format!("failed to {}", why.join("\nfailed to ")) })
}

/// A line for each file, for people.
pub(super) fn sent_lines(sent: &[Sent]) -> impl Iterator<Item = String> {
    sent.iter().map(|sent| {
        let words = match &sent.fate {
            SendFate::Arrived => "已送达",
            SendFate::There => "此前已送达",
            SendFate::Unsent(_) => "未送达",
        };
        format!("  {words}：{} → {}:{}", sent.file, sent.remote, sent.folder)
    })
}

/// Days by their word.
pub(super) fn run_days(word: &str) -> Result<RunDays, String> {
    let known = RunDays::ALL.iter();
    let found = known.clone().find(|(_, known)| *known == word).map(|(days, _)| *days);
    found.ok_or_else(|| {
        format!("the days are {}", known.map(|(_, word)| *word).collect::<Vec<_>>().join(", "))
    })
}

/// Why the timer's run has nothing to do. A ledger that cannot be read keeps no night from running, which then tells it.
fn rests(scheduled: Option<RunDays>, plan: &Plan, day: Day) -> Option<String> {
    let on = scheduled?;
    let calendar = &plan.tables.calendar;
    if let Says::Unknown(gap) = calendar.says(on, day) {
        tracing::warn!("{gap}");
    }
    let last = Ledger::open_for_planning(&plan.ledger()).and_then(|it| it.last_run(None)).ok()?;
    upkeep::rest(calendar, on, day, last.map(|run| run.as_of))
}

/// The day that the lists speak about.
fn day_of(args: &RunArgs, plan: &Plan, today: Day) -> Result<Day, Failure> {
    match &args.as_of {
        Some(text) => Day::parse_iso(text)
            .ok_or_else(|| Failure::config(format!("--as-of {text}: write the day as YYYY-MM-DD"))),
        None if args.from.is_some() => last_day(plan).map_err(failure),
        None => Ok(plan.as_of.unwrap_or(today)),
    }
}

/// Ends the program because a stage takes longer than it may: it may hang where no thread can be stopped, and a night
/// may be killed at any instant.
#[expect(clippy::exit, reason = "the stage at work cannot be stopped, and what is half done is invisible")]
fn stop(failure: &Failure) {
    complain(&failure.message);
    std::process::exit(i32::from(failure.code));
}

/// Tells those who watch how the night ended.
fn report(
    args: &RunArgs,
    (watch, out): (&Watch, &Path),
    as_of: Day,
    moment: Moment,
    result: &Result<RunSummary, Failure>,
) {
    if args.dry_run {
        return;
    }
    for line in upkeep::tell(watch, &ended(&args.pipeline, as_of, moment, result), out) {
        tracing::warn!("{line}");
    }
}

fn night(
    args: &RunArgs,
    plan: &Plan,
    (as_of, (_, now, epoch)): (Day, &Moment),
    terminal: bool,
    overdue: &(dyn Fn(RunError) + Sync),
) -> Result<RunSummary, Failure> {
    let bar = Bar::new();
    let progress: &dyn Progress = if terminal { &bar } else { &Silent };
    let env = Env {
        as_of,
        now: now.clone(),
        owner: format!("process {}", std::process::id()),
        threads: args.threads.map_or_else(cores, usize::from),
        linkage: match args.linkage {
            LinkageArg::Model => Linkage::Model,
            LinkageArg::IdOnly => Linkage::IdOnly,
        },
        from: args.from,
        account: account_or_unknown(),
        dry_run: args.dry_run,
        accepted: accepted(args)?,
        clock: &Wall::new(*epoch),
        progress,
        overdue,
    };
    let result = run_night(plan, &env);
    bar.0.finish_and_clear();
    result.map_err(failure)
}

/// Plans tonight's run and gives what it would deliver; nothing is written that stays. `day` is left out: the
/// pipeline's, else today.
pub(super) fn tonight(plan: &Plan, day: Option<Day>) -> Result<(Day, RunSummary), Failure> {
    let (today, now, epoch) = clock();
    let as_of = day.or(plan.as_of).unwrap_or(today);
    let env = Env {
        as_of,
        now,
        owner: format!("process {} (status)", std::process::id()),
        threads: cores(),
        linkage: Linkage::Model,
        from: None,
        account: account_or_unknown(),
        dry_run: true,
        accepted: Vec::new(),
        clock: &Wall::new(epoch),
        progress: &Silent,
        overdue: &|error| stop(&failure(error)),
    };
    Ok((as_of, run_night(plan, &env).map_err(failure)?))
}

/// What would be delivered or was, file by file; the Parquet copies of lists are left out.
pub(super) fn deliveries(files: &[PublishedFile]) -> String {
    let shown: Vec<&PublishedFile> = files.iter().filter(|file| !file.path.ends_with(".parquet")).collect();
    if shown.is_empty() {
        return "没有要交付的文件".to_owned();
    }
    let head = ["接收单位", "文件", "行数", "其中新增", "其中延续"].map(str::to_owned).to_vec();
    let row = |file: &&PublishedFile| {
        let name = file.path.rsplit('/').next().unwrap_or_default().to_owned();
        let counts = [file.rows, file.new, file.carried_over].map(|count| count.to_string());
        [vec![file.receiver.clone(), name], counts.to_vec()].concat()
    };
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(shown.iter().map(row)).collect();
    aligned(&rows)
}

/// How the night ended, for those who watch.
fn ended(pipeline: &Path, as_of: Day, (_, at, epoch): Moment, result: &Result<RunSummary, Failure>) -> Ended {
    let (end, exit_code, run, message) = match result {
        Ok(summary) => {
            let ran = summary.outcomes.iter().filter(|outcome| outcome.not_run.is_none()).count();
            let mut ran = format!("{ran} of {} rules ran", summary.outcomes.len());
            if summary.overdue > 0 {
                ran = format!("{ran}; {} answers are overdue", summary.overdue);
            }
            let run = Some(summary.run_id.clone());
            match all_sent(&summary.sent) {
                Ok(()) => (NightEnd::Finished, DONE, run, ran),
                Err(told) => (NightEnd::Unsent, told.code, run, format!("{ran}; {}", told.message)),
            }
        }
        Err(failure) => {
            let end = if failure.code == HELD { NightEnd::Held } else { NightEnd::Failed };
            (end, failure.code, None, failure.message.clone())
        }
    };
    let pipeline = pipeline.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let stages = Stage::ALL.map(Stage::word).to_vec();
    let unsent = result.as_ref().map_or(0, |summary| unsent(&summary.sent).len());
    let overdue = result.as_ref().map_or(0, |summary| summary.overdue);
    Ended { end, exit_code, pipeline, run, as_of: as_of.iso(), at, epoch, message, unsent, overdue, stages }
}

/// The compiled pipeline with the folders of the command line; its problems are printed.
fn plan(args: &RunArgs) -> Result<Plan, Failure> {
    let (mut plan, warnings) = compile(&args.pipeline).map_err(problems::refused)?;
    for warning in warnings.iter().filter(|warning| warning.level == Level::Warning) {
        tracing::debug!(code = warning.code, at = %warning.spot, "{}", warning.message);
    }
    replace([(&args.out, &mut plan.out), (&args.state, &mut plan.state)]);
    if let Some(input) = &args.input {
        plan.deliver_from(input);
    }
    Ok(plan)
}

/// What is accepted tonight, sorted, each once.
fn accepted(args: &RunArgs) -> Result<Vec<Acceptance>, Failure> {
    let Some(reason) = &args.reason else { return Ok(Vec::new()) };
    let by = args.by.clone().map_or_else(account, Ok)?;
    let told = |text: &str| !text.trim().is_empty() && !text.contains(char::is_control);
    if !told(reason) || !told(&by) {
        return Err(Failure::config(
            "--reason and --by: write one line that somebody can read a year from now",
        ));
    }
    let acceptance = |extract: &String| Acceptance {
        extract: extract.clone(),
        by: by.trim().to_owned(),
        reason: reason.trim().to_owned(),
    };
    let mut accepted: Vec<Acceptance> = args.accept.iter().map(acceptance).collect();
    accepted.sort();
    accepted.dedup();
    Ok(accepted)
}

/// The ledger of a pipeline that has run.
pub(super) fn known_ledger(plan: &Plan) -> Result<PathBuf, Failure> {
    let path = plan.ledger();
    if path.is_file() {
        return Ok(path);
    }
    let message = format!("failed to open the ledger {}; run the pipeline first", path.display());
    Err(Failure::source(message))
}

/// Name of the account that runs this.
pub(super) fn account() -> Result<String, Failure> {
    let unknown = || Failure::config("the account that runs this has no name: say who with --by");
    let status = std::fs::read_to_string("/proc/self/status").map_err(|_| unknown())?;
    let user = status.lines().find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().next());
    let accounts = std::fs::read_to_string("/etc/passwd").map_err(|_| unknown())?;
    let name = accounts.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1) == user).then(|| name.to_owned())
    });
    name.ok_or_else(unknown)
}

/// The same for who only leaves a trace: a night does not fail because its account has no name.
fn account_or_unknown() -> String {
    account().unwrap_or_else(|_| "unknown".to_owned())
}

/// Keeps nights and other writers from a ledger while a command writes to it: its name, and what it does in words.
pub(super) fn hold(state: &Path, (command, doing): (&str, &str), now: &str) -> Result<Hold, Failure> {
    let owner = format!("process {} ({command}) since {now}", std::process::id());
    pipeline::hold(state, &owner).map_err(|error| {
        let code = if matches!(error, RunError::Locked { .. }) { LOCKED } else { SOURCE };
        Failure { code, message: format!("failed to {doing}: {error}") }
    })
}

/// A stage by its name.
fn stage(word: &str) -> Result<Stage, String> {
    let known = || Stage::ALL.iter().map(|stage| stage.word());
    Stage::ALL.into_iter().find(|stage| stage.word() == word).ok_or_else(|| {
        let near =
            did_you_mean(word, known()).map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        format!("{near}the stages are {}", known().collect::<Vec<_>>().join(", "))
    })
}

/// A day and an instant, for people and in seconds since 1970.
pub(super) type Moment = (Day, String, i64);

/// The day and the instant of the run; nothing below this floor looks at a clock.
#[expect(clippy::disallowed_methods, reason = "the clock is read here once and injected")]
pub(super) fn clock() -> Moment {
    let now = chrono::Local::now();
    (Day::from_naive(now.date_naive()), now.format("%Y-%m-%dT%H:%M:%S%:z").to_string(), now.timestamp())
}

pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn start_log(format: LogFormat, terminal: bool) {
    let quiet = if terminal { "warn" } else { "info" };
    let filter = tracing_subscriber::EnvFilter::builder()
        .parse_lossy(format!("{quiet},datafusion=warn,sqlparser=warn"));
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // A log that is already there (tests in one process) stays.
    let _ = match format {
        LogFormat::Text => log.with_ansi(terminal).try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}

/// The exit code that tells an operator what to do.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`, which gives values")]
pub(super) fn failure(error: RunError) -> Failure {
    let code = match &error {
        RunError::Held { .. } => HELD,
        RunError::Locked { .. } | RunError::Ledger(LedgerError::Moved) => LOCKED,
        RunError::Threads { .. }
        | RunError::Accept { .. }
        | RunError::Past { .. }
        | RunError::Nowhere { .. }
        | RunError::Group { .. }
        | RunError::Changed { .. } => CONFIG,
        RunError::Link(_) | RunError::Arrow(_) => BUG,
        RunError::Input { .. }
        | RunError::Pull(_)
        | RunError::Copy(_)
        | RunError::Unplugged { .. }
        | RunError::Overdue { .. }
        | RunError::Io { .. }
        | RunError::Register(_)
        | RunError::Rule(_)
        | RunError::Ledger(_)
        | RunError::Report(_) => SOURCE,
    };
    Failure { code, message: format!("failed to {error}") }
}

/// What happened, for the terminal and for cron's mail. No value of a person.
fn text(summary: &RunSummary) -> String {
    let tallies = summary.recorded.tallies();
    let mut lines = Vec::new();
    for outcome in &summary.outcomes {
        let tally = tallies.get(&outcome.rule).copied().unwrap_or_default();
        lines.push(match &outcome.not_run {
            Some(reason) => format!("  {:<24} 未运行：{reason}", outcome.rule),
            None => format!(
                "  {:<24} 线索 {:>5}  待确认 {:>5}  新增 {:>5}  撤回 {:>5}  {}",
                outcome.rule, outcome.findings, outcome.annex, tally.new, tally.withdrawn, outcome.title
            ),
        });
        lines.extend(outcome.waiting.iter().map(|waiting| format!("  {:<24} {waiting}", "")));
    }
    for told in &summary.drifted {
        lines.push(format!("  注意：数据与模型不符，{}：{}", told.spot, told.message));
    }
    lines.extend(sent_lines(&summary.sent));
    let end = match &summary.folder {
        Some(folder) => format!("清单与报告：{}", folder.display()),
        None => format!(
            "试运行，未写入任何内容。\n{}\n将交付：\n{}",
            summary.recorded,
            deliveries(&summary.files)
        ),
    };
    format!("run {}\n{}\n{end}", summary.run_id, lines.join("\n"))
}

/// A line that moves, for someone who waits.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::new(Stage::ALL.len() as u64);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos:>2}/{len} {msg} {elapsed}") {
            bar.set_style(style);
        }
        Self(bar)
    }
}

impl Progress for Bar {
    fn started(&self, stage: Stage) {
        self.0.set_message(stage.word());
        self.0.enable_steady_tick(Duration::from_millis(120));
    }

    fn finished(&self, _: Stage, _: f64) {
        self.0.inc(1);
    }
}
