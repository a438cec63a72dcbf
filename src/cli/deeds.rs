//! `case notice`, `case object`, `case decide`: what an office does about a case beside answering it.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use serde_json::json;

use super::run::{self, account, clock};
use super::{CONFIG, Done, Failure, HELD, SOURCE, day, explain, problems, replace, say};
use crate::domain::{Day, Phase};
use crate::explain::{ExplainError, FinishedRun};
use crate::ledger::{CaseRecord, Decision, Deed, Ledger, LedgerError, Notice, Objection, parse_case_number};
use crate::pipeline::Hold;
use crate::report::Draft;
use crate::spec::{Plan, compile};

/// Where the ledger is that is written to.
#[derive(Debug, Args)]
struct DeskArgs {
    /// The pipeline file.
    #[arg(long, value_name = "PIPELINE", default_value = "pipelines/nightly.toml")]
    pipeline: PathBuf,
    /// Folder of the ledger instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Day of the entry (YYYY-MM-DD); left out: today, or the day of the last run where that is later.
    #[arg(long, value_name = "DAY")]
    as_of: Option<String>,
    /// Machine-readable.
    #[arg(long)]
    json: bool,
}

/// Options of `case notice`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").required(true).args(["case", "all"])))]
pub(super) struct NoticeArgs {
    /// Clue number (线索编号).
    #[arg(value_name = "CASE")]
    case: Option<String>,
    /// Every case that a second person has approved and of which no notice was drafted yet.
    #[arg(long)]
    all: bool,
    /// Folder for the drafts; it is created. A file that is there is never written over.
    #[arg(long = "out", value_name = "FOLDER")]
    to: PathBuf,
    /// Folder of the run that knows the persons; left out: `latest` in the pipeline's folder of runs.
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Where the ledger is.
    #[command(flatten)]
    desk: DeskArgs,
}

/// Options of `case object`.
#[derive(Debug, Args)]
pub(super) struct ObjectArgs {
    /// Clue number (线索编号).
    #[arg(value_name = "CASE")]
    case: String,
    /// The officer who takes it.
    #[arg(long, value_name = "NAME")]
    officer: String,
    /// Why, in a sentence.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Day on which it was raised (YYYY-MM-DD); left out: the day of the entry.
    #[arg(long, value_name = "DAY")]
    on: Option<String>,
    /// Where the ledger is.
    #[command(flatten)]
    desk: DeskArgs,
}

/// Options of `case decide`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("decision").required(true).args(["uphold", "revoke"])))]
pub(super) struct DecideArgs {
    /// Clue number (线索编号).
    #[arg(value_name = "CASE")]
    case: String,
    /// 维持: what was settled stands.
    #[arg(long)]
    uphold: bool,
    /// 撤销: what was settled is taken back; nobody is asked about the case until its facts change.
    #[arg(long)]
    revoke: bool,
    /// Who looked into it.
    #[arg(long, value_name = "NAME")]
    officer: String,
    /// Who approved the decision: another person.
    #[arg(long, value_name = "NAME")]
    approver: String,
    /// Why, in a sentence.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Day of the decision (YYYY-MM-DD); left out: the day of the entry.
    #[arg(long, value_name = "DAY")]
    on: Option<String>,
    /// Where the ledger is.
    #[command(flatten)]
    desk: DeskArgs,
}

/// A ledger that is written to, with nobody else at work on it.
struct Desk {
    plan: Plan,
    ledger: Ledger,
    day: Day,
    _hold: Hold,
}

impl DeskArgs {
    fn open(&self) -> Result<Desk, Failure> {
        let (mut plan, _) = compile(&self.pipeline).map_err(problems::refused)?;
        replace([(&self.state, &mut plan.state)]);
        let path = run::known_ledger(&plan)?;
        let (today, now, _) = clock();
        let hold = run::hold(&plan.state, ("case", "write to the ledger"), &now)?;
        let ledger = Ledger::open(&path).map_err(failed)?;
        ledger.verify().map_err(failed)?;
        let day = match &self.as_of {
            Some(text) => day("--as-of", text)?,
            None => ledger.last_run(None).map_err(failed)?.map_or(today, |run| run.as_of.max(today)),
        };
        Ok(Desk { plan, ledger, day, _hold: hold })
    }
}

impl Desk {
    /// The day that `--on` names; left out: the day of the entry.
    fn on(&self, given: Option<&String>) -> Result<Day, Failure> {
        given.map_or(Ok(self.day), |text| day("--on", text))
    }
}

/// Drafts notices.
pub(super) fn notice(args: &NoticeArgs) -> Done {
    let number = args.case.as_deref().map(read_number).transpose()?;
    let by = account()?;
    let mut desk = args.desk.open()?;
    let folder = args.run.clone().unwrap_or_else(|| desk.plan.out.join("latest"));
    let run = FinishedRun::open(&folder).map_err(explain::failure)?;
    let state = desk.ledger.state().map_err(failed)?;
    let wanted: Vec<&CaseRecord> = match &number {
        Some(number) => {
            vec![state.by_number(number).map(|(_, record)| record).ok_or_else(|| unknown(number))?]
        }
        None => state.cases.values().filter(|record| is_due(record)).collect(),
    };
    let (mut drafts, mut left_out): (Vec<(String, Draft)>, Vec<String>) = (Vec::new(), Vec::new());
    for record in wanted {
        match crate::explain::notice(&desk.plan, &run, record) {
            Ok(draft) => drafts.push((record.number.clone(), draft)),
            // Of many, those that can be drafted are; the others are told.
            Err(ExplainError::Notice(error)) if number.is_none() => left_out.push(error.to_string()),
            Err(error) => return Err(explain::failure(error)),
        }
    }
    write(&mut desk, &args.to, &by, &drafts)?;
    let files: Vec<String> =
        drafts.iter().map(|(_, draft)| args.to.join(&draft.file).display().to_string()).collect();
    if args.desk.json {
        let told = drafts
            .iter()
            .zip(&files)
            .map(|((clue, draft), file)| json!({ "clue": clue, "file": file, "sha256": draft.sha256 }));
        let value = json!({ "drafted": told.collect::<Vec<_>>(), "left_out": left_out });
        say(serde_json::to_string_pretty(&value).map_err(Failure::bug)?);
    } else if files.is_empty() && left_out.is_empty() {
        say("没有需要起草的告知书");
    } else {
        files.iter().for_each(say);
        for why in &left_out {
            say(format!("未起草：{why}"));
        }
    }
    if left_out.is_empty() { Ok(()) } else { Err(Failure::told(HELD)) }
}

/// Approved, with the office, and not told yet since it was listed.
fn is_due(record: &CaseRecord) -> bool {
    record.phase == Phase::Approved
        && record.settled_by_two().is_some()
        && !record.notices.iter().any(|(on, _)| *on >= record.listed_on)
}

/// A draft gets its name when it stands in the ledger, and no file is written over.
fn write(desk: &mut Desk, to: &Path, by: &str, drafts: &[(String, Draft)]) -> Done {
    let io = |doing: &'static str, path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| Failure::source(format!("failed to {doing} {path}: {error}"))
    };
    let targets: Vec<PathBuf> = drafts.iter().map(|(_, draft)| to.join(&draft.file)).collect();
    if let Some(there) = targets.iter().find(|path| path.symlink_metadata().is_ok()) {
        let message = format!("failed to write {}: it is there already", there.display());
        return Err(Failure::config(format!(
            "{message}\n  help: name another folder, or move the file away"
        )));
    }
    std::fs::create_dir_all(to).map_err(io("create", to))?;
    let parts: Vec<PathBuf> = targets.iter().map(|path| path.with_extension("part")).collect();
    for (part, (_, draft)) in parts.iter().zip(drafts) {
        std::fs::write(part, &draft.bytes).map_err(io("write", part))?;
    }
    let deed = |(number, draft): &(String, Draft)| {
        let notice = Notice { file: draft.file.clone(), sha256: draft.sha256.clone(), by: by.to_owned() };
        (number.clone(), Deed::Notice(notice))
    };
    let deeds: Vec<(String, Deed)> = drafts.iter().map(deed).collect();
    if let Err(error) = desk.ledger.record("notice", desk.day, &deeds) {
        // What the ledger does not know of must not lie about.
        for part in &parts {
            let _ = std::fs::remove_file(part);
        }
        return Err(failed(error));
    }
    for (part, target) in parts.iter().zip(&targets) {
        std::fs::rename(part, target).map_err(io("rename", part))?;
    }
    Ok(())
}

/// Puts an objection on record.
pub(super) fn object(args: &ObjectArgs) -> Done {
    let number = read_number(&args.case)?;
    let mut desk = args.desk.open()?;
    let on = desk.on(args.on.as_ref())?;
    let objection = Objection { officer: args.officer.clone(), on, reason: args.reason.clone() };
    enter(&mut desk, "objection", &number, Deed::Object(objection))?;
    told(&args.desk, &number, Phase::Objected, "已登记异议，待两人作出维持或撤销的决定")
}

/// Enters the decision on an objection.
pub(super) fn decide(args: &DecideArgs) -> Done {
    let number = read_number(&args.case)?;
    let mut desk = args.desk.open()?;
    let decision = Decision {
        officer: args.officer.clone(),
        approver: args.approver.clone(),
        on: desk.on(args.on.as_ref())?,
        reason: args.reason.clone(),
    };
    let (deed, phase, words) = if args.uphold {
        (Deed::Uphold(decision), Phase::Approved, "已登记决定：维持")
    } else {
        (Deed::Revoke(decision), Phase::Closed, "已登记决定：撤销，依据变化以前不再列入")
    };
    enter(&mut desk, "decision", &number, deed)?;
    told(&args.desk, &number, phase, words)
}

fn enter(desk: &mut Desk, by: &str, number: &str, deed: Deed) -> Done {
    let day = desk.day;
    desk.ledger.record(by, day, &[(number.to_owned(), deed)]).map_err(failed)
}

fn told(desk: &DeskArgs, number: &str, phase: Phase, words: &str) -> Done {
    if desk.json {
        let value = json!({ "clue": number, "phase": phase.word() });
        say(serde_json::to_string_pretty(&value).map_err(Failure::bug)?);
    } else {
        say(format!("{number} {words}"));
    }
    Ok(())
}

/// A clue number as people type it.
pub(super) fn read_number(text: &str) -> Result<String, Failure> {
    parse_case_number(text).map_err(|error| {
        Failure::config(format!("failed to read the clue number: {error}\n  help: it looks like 7K3D-9Q2M"))
    })
}

/// No case has this number.
pub(super) fn unknown(number: &str) -> Failure {
    Failure::config(format!("failed to find the case: the ledger has no clue number {number}"))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`, which gives values")]
fn failed(error: LedgerError) -> Failure {
    let code = if matches!(error, LedgerError::NotDone { .. }) { CONFIG } else { SOURCE };
    Failure { code, message: format!("failed to {error}") }
}
