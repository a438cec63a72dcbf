//! `audit`: who looked at values of persons in full, and whether ledger and log are whole.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::run::{account, clock};
use super::text_table::aligned;
use super::{Done, Failure, day, problems, replace, say};
use crate::domain::Day;
use crate::ledger::{Ledger, Look, StoredLook};
use crate::spec::{Plan, compile};

/// Options of `audit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every command that shows values of persons in full (explain … --full, case show --full) needs an approval in force
(look_approvals.csv) and adds a line to a log in the ledger before it shows anything: account, instant, command, what
(a clue number, a row's place, never a value), why, under which approval. So does a night that lays out numbers in full
for a recipient (full_approvals.csv). The log cannot be changed or shortened without breaking its chain of hashes.

Examples:
  doudi audit list --since 2026-11-01
  doudi audit list --account wangmou --json
  doudi audit verify                           the chains of the ledger's events and of the log

Exit codes: 0 done · 2 the pipeline or a day has errors · 4 the ledger cannot be read, or a chain is broken.")]
pub(super) struct AuditArgs {
    /// What to do.
    #[command(subcommand)]
    what: What,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
enum What {
    /// Who looked at what, when and why.
    List {
        /// Only from this day on (YYYY-MM-DD).
        #[arg(long, value_name = "DAY")]
        since: Option<String>,
        /// Only up to this day.
        #[arg(long, value_name = "DAY")]
        until: Option<String>,
        /// Only this account.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
        /// Where the ledger is.
        #[command(flatten)]
        of: OfArgs,
    },
    /// Check the chains of events and of the log, from the first link to the last.
    Verify {
        /// Where the ledger is.
        #[command(flatten)]
        of: OfArgs,
    },
}

/// Where the ledger is, and how to tell.
#[derive(Debug, Args)]
struct OfArgs {
    /// The pipeline file.
    #[arg(long, value_name = "PIPELINE", default_value = "pipelines/nightly.toml")]
    pipeline: PathBuf,
    /// Folder of the ledger instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Machine-readable.
    #[arg(long)]
    json: bool,
}

impl OfArgs {
    fn open(&self) -> Result<Ledger, Failure> {
        let (mut plan, _) = compile(&self.pipeline).map_err(problems::refused)?;
        replace([(&self.state, &mut plan.state)]);
        let path = plan.ledger();
        // What is not there has no chain: a ledger that was taken away or emptied must not count as a whole one.
        if !path.metadata().is_ok_and(|facts| facts.is_file() && facts.len() > 0) {
            return Err(unledgered("audit", &path));
        }
        Ledger::open_for_planning(&path).map_err(failed)
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::source(format!("failed to {error}"))
}

/// There is no ledger where one must be.
fn unledgered(doing: &str, path: &Path) -> Failure {
    let message = format!("failed to {doing}: there is no ledger {}", path.display());
    Failure::source(format!("{message}\n  help: --state names its folder"))
}

/// Whether values of persons are shown as they are, and why. Whoever takes these options notes the access before
/// anything is shown.
#[derive(Debug, Args)]
pub(super) struct Unmasked {
    /// Show values of persons as they are: with an approval in force, and the access is logged.
    #[arg(long, requires = "reason")]
    pub(super) full: bool,
    /// With --full: why, in one line that somebody can read a year from now.
    #[arg(long, value_name = "TEXT", requires = "full")]
    reason: Option<String>,
}

impl Unmasked {
    /// Logs the access, when there is one; nothing may be shown when that fails.
    pub(super) fn note(&self, plan: &Plan, command: &str, what: &str) -> Done {
        let Some(reason) = self.reason.as_deref().filter(|_| self.full) else { return Ok(()) };
        if reason.trim().is_empty() || reason.contains(char::is_control) {
            return Err(Failure::config("--reason: write one line that somebody can read a year from now"));
        }
        let (today, at, _) = clock();
        let by = account()?;
        let approval = plan.desk.look_approval(&by, today).ok_or_else(|| unapproved(&by, today))?;
        let path = plan.ledger();
        if !path.is_file() {
            return Err(unledgered("log the access", &path));
        }
        let look = Look {
            at,
            by,
            command: command.to_owned(),
            what: what.to_owned(),
            reason: reason.trim().to_owned(),
            approval,
        };
        Ledger::open(&path).and_then(|mut ledger| ledger.note(&look)).map_err(failed)
    }
}

/// Nobody approved it.
fn unapproved(account: &str, day: Day) -> Failure {
    let day = day.iso();
    let message =
        format!("failed to show values in full: no approval for the account `{account}` holds on {day}");
    let line = format!("{account},<who approved>,{day},<last day>,<document>");
    Failure::config(format!(
        "{message}\n  help: whoever is responsible approves it with a line in look_approvals.csv of the tables: {line}"
    ))
}

/// Tells the log, or checks it.
pub(super) fn audit(args: &AuditArgs) -> Done {
    match &args.what {
        What::List { since, until, account, of } => {
            let since = since.as_ref().map(|text| day("--since", text)).transpose()?;
            let until = until.as_ref().map(|text| day("--until", text)).transpose()?;
            let mut looks = of.open()?.looks().map_err(failed)?;
            // An instant begins with its day.
            let on = |look: &StoredLook| look.look.at.get(..10).unwrap_or_default().to_owned();
            looks.retain(|look| {
                since.is_none_or(|since| on(look) >= since.iso())
                    && until.is_none_or(|until| on(look) <= until.iso())
                    && account.as_ref().is_none_or(|account| *account == look.look.by)
            });
            list(&looks, of.json)
        }
        What::Verify { of } => verify(&of.open()?, of.json),
    }
}

fn list(looks: &[StoredLook], machine: bool) -> Done {
    if machine {
        let line = |stored: &StoredLook| {
            let look = &stored.look;
            json!({
                "seq": stored.seq, "at": look.at, "account": look.by, "command": look.command,
                "what": look.what, "reason": look.reason, "approval": look.approval,
                "hash": stored.hash,
            })
        };
        let lines: Vec<serde_json::Value> = looks.iter().map(line).collect();
        say(serde_json::to_string_pretty(&lines).map_err(Failure::bug)?);
        return Ok(());
    }
    if looks.is_empty() {
        say("没有查看完整信息的记录");
        return Ok(());
    }
    let head = ["序号", "时间", "账号", "命令", "查看内容", "事由", "审批"].map(str::to_owned).to_vec();
    let row = |stored: &StoredLook| {
        let look = &stored.look;
        let (at, by) = (look.at.clone(), look.by.clone());
        let rest = [&look.command, &look.what, &look.reason, &look.approval].map(String::clone);
        [vec![stored.seq.to_string(), at, by], rest.to_vec()].concat()
    };
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(looks.iter().map(row)).collect();
    say(aligned(&rows));
    Ok(())
}

/// Both chains are looked at, whatever is wrong with one of them.
fn verify(ledger: &Ledger, machine: bool) -> Done {
    let checked = [("events", "台账事件", ledger.verify()), ("access", "查看记录", ledger.verify_looks())];
    let mut broken = Vec::new();
    let mut told = serde_json::Map::new();
    for (word, title, result) in checked {
        match result {
            Ok(count) => {
                told.insert(word.to_owned(), json!({ "intact": true, "count": count }));
                if !machine {
                    say(format!("{title}：{count} 条，校验链完整"));
                }
            }
            Err(error) => {
                told.insert(word.to_owned(), json!({ "intact": false, "damage": error.to_string() }));
                broken.push(format!("failed to {error}"));
            }
        }
    }
    if machine {
        say(serde_json::to_string_pretty(&told).map_err(Failure::bug)?);
    }
    if broken.is_empty() { Ok(()) } else { Err(Failure::source(broken.join("\n"))) }
}
