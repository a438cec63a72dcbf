//! `handover`: the register of what was handed over to whom, and files that leave encrypted.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, Subcommand};
use serde_json::json;

use super::clock::Wall;
use super::run::{account, all_sent, clock, hold, known_ledger, sent_lines};
use super::text_table::aligned;
use super::{Done, Failure, day, problems, replace, say};
use crate::domain::Day;
use crate::ledger::{Handover, Ledger, Packing, Sending, SendingState};
use crate::pipeline::{Dispatch, LaidOut, SendFate, Sent, send};
use crate::spec::{Plan, compile};
use crate::upkeep::{self, PackJob};

/// Options of `handover`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every file that a run lays out for a recipient is entered when the run is committed, with its digests, and the
entry is never changed or deleted: records of providing personal information are kept for three years at
least. The ledger is opened read-only. `pack` encrypts files for their recipients and enters that too.

Examples:
  doudi handover                                    everything, oldest first
  doudi handover --recipient education --since 2026-11-01
  doudi handover --csv 提供登记簿.csv                the same for a spreadsheet
  doudi handover pack --recipient education --to /media/stick
  doudi handover send                               what the last night could not send, once more

Exit codes: 0 done · 2 the pipeline or a day has errors · 4 the ledger cannot be read or the file not written.")]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct HandoverArgs {
    /// What to do instead of telling the register.
    #[command(subcommand)]
    what: Option<What>,
    /// The pipeline file.
    #[arg(value_name = "PIPELINE", default_value = "pipelines/nightly.toml")]
    pipeline: PathBuf,
    /// Folder of the ledger instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Only runs of this day and later (YYYY-MM-DD).
    #[arg(long, value_name = "DAY")]
    since: Option<String>,
    /// Only runs of this day and earlier.
    #[arg(long, value_name = "DAY")]
    until: Option<String>,
    /// Only this recipient: the name of its folder below `lists/`.
    #[arg(long, value_name = "RECIPIENT")]
    recipient: Option<String>,
    /// Machine-readable.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Write a CSV file (UTF-8 with BOM) instead of a table.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

/// What can be done.
#[derive(Debug, Subcommand)]
enum What {
    /// Encrypt the files of a run for their recipients and enter it into the register.
    Pack(PackArgs),
    /// Send the copies that go to remotes and are not there yet.
    Send(SendArgs),
}

/// Options of `handover send`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every run does this when it is committed: the copies of ledgers that the pipeline names ([send.<docket>]) go to
their remote, once, and only while numbers in full are approved for their recipient. This does it once more for the
last run, after a password was put right, say, without waiting for the night. Each try is entered into the
register before the file leaves, and what became of it.

Examples:
  doudi handover send
  doudi handover send /etc/doudi/nightly.toml --json

Exit codes: 0 everything is there · 2 the pipeline has errors · 4 the run or the ledger cannot be read · 5 a run is at
work · 6 a file did not reach its remote.")]
struct SendArgs {
    /// The pipeline file.
    #[arg(value_name = "PIPELINE", default_value = "pipelines/nightly.toml")]
    pipeline: PathBuf,
    /// Folder of runs instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Folder of the ledger instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Machine-readable.
    #[arg(long)]
    json: bool,
}

/// Options of `handover pack`.
#[derive(Debug, Args)]
#[command(
    after_help = "\
Encrypts every file that a run laid out for a recipient to the recipient's keys (recipient_keys.csv of the tables: what
age-keygen prints as the public key, for towns under the folder of their lists). The run's folder stays as it is. The
register gets a line for each: digest of the plain file and of the encrypted one, keys, account, instant. The program
`age` does it (Debian: apt-get install age); whoever gets a file opens it with age -d -i KEYFILE.

Examples:
  doudi handover pack --recipient education --to /media/stick
  doudi handover pack pipelines/nightly.toml --all --to /srv/outgoing/$(date +%F)

Exit codes: 0 done · 2 a recipient has no key or no file, a file was changed, something lies there already, or age
fails · 4 the run or the ledger cannot be read, a file not written · 5 a run is at work.",
    group(ArgGroup::new("whom").required(true).args(["recipient", "all"]))
)]
struct PackArgs {
    /// The pipeline file.
    #[arg(value_name = "PIPELINE", default_value = "pipelines/nightly.toml")]
    pipeline: PathBuf,
    /// The recipient: the name of its folder below `lists/`; may be given several times.
    #[arg(long, value_name = "RECIPIENT")]
    recipient: Vec<String>,
    /// Every recipient that has a key and for whom the run laid out a file.
    #[arg(long)]
    all: bool,
    /// Folder for the encrypted files, one folder for each recipient in it. No file is written over.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Folder of the run; left out: `latest` in the pipeline's folder of runs.
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Folder of the ledger instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Machine-readable.
    #[arg(long)]
    json: bool,
}

const HEADINGS: [&str; 14] = [
    "数据日期",
    "提供时间",
    "接收单位",
    "用途",
    "文件",
    "行数",
    "依据",
    "SHA-256",
    "SM3",
    "接收单位代号",
    "运行编号",
    "完整证号的审批",
    "加密交付",
    "发送",
];
/// Headings that fit on a screen.
const ON_SCREEN: usize = 6;

/// Tells the register, packs, or sends.
pub(super) fn handover(args: &HandoverArgs) -> Done {
    match &args.what {
        Some(What::Pack(args)) => pack(args),
        Some(What::Send(args)) => send_again(args),
        None => register(args),
    }
}

fn register(args: &HandoverArgs) -> Done {
    let (mut plan, _) = compile(&args.pipeline).map_err(problems::refused)?;
    replace([(&args.state, &mut plan.state)]);
    let since = args.since.as_ref().map(|text| day("--since", text)).transpose()?;
    let until = args.until.as_ref().map(|text| day("--until", text)).transpose()?;
    let failed = |error| Failure::source(format!("failed to {error}"));
    let ledger = Ledger::open_for_planning(&plan.ledger()).map_err(failed)?;
    let mut lines = ledger.handed_over().map_err(failed)?;
    lines.retain(|line| {
        since.is_none_or(|since| line.as_of >= since)
            && until.is_none_or(|until| line.as_of <= until)
            && args.recipient.as_ref().is_none_or(|recipient| *recipient == line.recipient)
    });
    let (packings, sendings) = (ledger.packings().map_err(failed)?, ledger.sendings().map_err(failed)?);
    let packings_of = |line: &Handover| -> Vec<&Packing> {
        packings.iter().filter(|it| line.is_of(&it.run_id, &it.path, &it.sha256)).collect()
    };
    let sendings_of = |line: &Handover| -> Vec<&Sending> {
        sendings.iter().filter(|it| line.is_of(&it.run_id, &it.path, &it.sha256)).collect()
    };
    let row = |line: &Handover| row(line, &packings_of(line), &sendings_of(line));
    match &args.csv {
        Some(path) => {
            let written = csv_text(lines.iter().map(row)).and_then(|text| Ok(std::fs::write(path, text)?));
            written
                .map_err(|error| Failure::source(format!("failed to write {}: {error}", path.display())))?;
            say(format!("{}：{} 行", path.display(), lines.len()));
        }
        None if args.json => {
            let mut told = Vec::new();
            for line in &lines {
                let mut value = serde_json::to_value(line).map_err(Failure::bug)?;
                value["packed"] = json!(packings_of(line));
                value["sent"] = json!(sendings_of(line));
                told.push(value);
            }
            say(serde_json::to_string_pretty(&told).map_err(Failure::bug)?);
        }
        None if lines.is_empty() => say("没有提供记录"),
        None => {
            let shown = |row: Vec<String>| row.into_iter().take(ON_SCREEN).collect();
            let head = HEADINGS.map(str::to_owned).to_vec();
            let rows: Vec<Vec<String>> =
                std::iter::once(head).chain(lines.iter().map(row)).map(shown).collect();
            say(aligned(&rows));
        }
    }
    Ok(())
}

/// Encrypts and enters.
fn pack(args: &PackArgs) -> Done {
    let (mut plan, _) = compile(&args.pipeline).map_err(problems::refused)?;
    replace([(&args.state, &mut plan.state)]);
    let path = known_ledger(&plan)?;
    let (day, now, _) = clock();
    let by = account()?;
    let hold = hold(&plan.state, ("handover pack", "pack"), &now)?;
    let failed = |error| Failure::source(format!("failed to {error}"));
    let mut ledger = Ledger::open(&path).map_err(failed)?;
    let run = args.run.clone().unwrap_or_else(|| plan.out.join("latest"));
    let recipients = if args.all { with_files(&plan, &run, day) } else { args.recipient.clone() };
    let job = PackJob {
        desk: &plan.desk,
        run: &run,
        recipients: &recipients,
        to: &args.to,
        by: &by,
        now: &now,
        day,
    };
    let packed = upkeep::pack(&job, &mut ledger).map_err(super::upkeep::failure)?;
    drop(hold);
    if args.json {
        say(serde_json::to_string_pretty(&packed).map_err(Failure::bug)?);
    } else if packed.is_empty() {
        say("没有可加密交付的文件：没有接收单位既有公钥又有清单");
    } else {
        for packing in &packed {
            say(args.to.join(&packing.recipient).join(&packing.file).display());
        }
    }
    Ok(())
}

/// Sends what the last run laid out and is not there yet.
fn send_again(args: &SendArgs) -> Done {
    let (mut plan, _) = compile(&args.pipeline).map_err(problems::refused)?;
    replace([(&args.out, &mut plan.out), (&args.state, &mut plan.state)]);
    let path = known_ledger(&plan)?;
    let (day, now, epoch) = clock();
    let by = account()?;
    let hold = hold(&plan.state, ("handover send", "send"), &now)?;
    let failed = |error| Failure::source(format!("failed to {error}"));
    let mut ledger = Ledger::open(&path).map_err(failed)?;
    let run = ledger.last_run(None).map_err(failed)?;
    let run =
        run.ok_or_else(|| Failure::source("failed to find a run in the ledger; run the pipeline first"))?;
    let dispatch = Dispatch {
        run: LaidOut { run_id: &run.run_id, day: plan.as_of.unwrap_or(day) },
        now: &now,
        by: &by,
        clock: &Wall::new(epoch),
    };
    let sent = send(&plan, &mut ledger, &dispatch);
    drop(hold);
    if args.json {
        let told: Vec<_> = sent.iter().map(told).collect();
        say(serde_json::to_string_pretty(&told).map_err(Failure::bug)?);
    } else if sent.is_empty() {
        say("没有要发送的文件：流水线未指定（[send.…]），或没有有效的审批");
    } else {
        sent_lines(&sent).for_each(say);
    }
    all_sent(&sent)
}

/// A file that goes to a remote, for machines.
pub(super) fn told(sent: &Sent) -> serde_json::Value {
    let (state, why) = match &sent.fate {
        SendFate::Arrived => ("arrived", None),
        SendFate::There => ("there", None),
        SendFate::Unsent(why) => ("unsent", Some(why)),
    };
    json!({ "remote": sent.remote, "folder": sent.folder, "file": sent.file, "state": state, "why": why })
}

/// Recipients that have a key and a folder in the run.
fn with_files(plan: &Plan, run: &Path, day: Day) -> Vec<String> {
    let keys = plan.desk.with_keys(day).into_iter();
    keys.filter(|recipient| run.join("lists").join(recipient).is_dir()).map(str::to_owned).collect()
}

fn row(line: &Handover, packings: &[&Packing], sendings: &[&Sending]) -> Vec<String> {
    let packed =
        packings.iter().map(|it| format!("{} {}（SHA-256 {}）", it.packed, it.file, it.packed_sha256));
    let sent = sendings.iter().map(|it| {
        let state = match it.state {
            SendingState::Begun => "开始发送",
            SendingState::Arrived => "已送达",
            SendingState::Failed => "未送达",
        };
        format!("{} {state} {}:{}/{}", it.at, it.remote, it.folder, it.file)
    });
    vec![
        line.as_of.iso(),
        line.committed.clone(),
        line.receiver.clone(),
        line.purpose.clone(),
        line.path.clone(),
        line.rows.to_string(),
        line.basis.clone(),
        line.sha256.clone(),
        line.sm3.clone(),
        line.recipient.clone(),
        line.run_id.clone(),
        line.approval.clone(),
        packed.collect::<Vec<_>>().join("；"),
        sent.collect::<Vec<_>>().join("；"),
    ]
}

fn csv_text(rows: impl Iterator<Item = Vec<String>>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(HEADINGS)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
