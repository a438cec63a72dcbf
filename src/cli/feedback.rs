//! `feedback`: answers of officers, read back from the files they filled in.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::run::{self, clock};
use super::text_table::aligned;
use super::{Done, Failure, HELD, SOURCE, day, problems, replace, say};
use crate::feedback::{self, Import, ImportEnv};
use crate::ledger::{Ledger, LedgerError, Taken};
use crate::spec::compile;

/// Options of `feedback`.
#[derive(Debug, Args)]
#[command(after_help = "\
Rows are recognised by their clue number: they may be sorted, filtered, pasted into another workbook, saved
by WPS or LibreOffice (xlsx, xls, csv in UTF-8 or GBK), partial, or sent twice. What cannot be taken is told
with file, sheet, cell and reason; everything else is written in one transaction.

Examples:
  doudi feedback import --preview 控辍保学疑似清单_2026-11-20.xlsx
  doudi feedback import returned/*.xlsx returned/*.csv
  doudi feedback import returned/*.xls --json | jq '.not_taken'

Exit codes: 0 everything was taken · 2 the pipeline has errors · 3 something was not taken and is listed ·
4 a file or the ledger cannot be read · 5 a run is at work.")]
pub(super) struct FeedbackArgs {
    /// What to do.
    #[command(subcommand)]
    what: What,
}

/// What can be done with answers.
#[derive(Debug, Subcommand)]
enum What {
    /// Take the answers of files that came back.
    Import(ImportArgs),
}

/// Options of `feedback import`.
#[derive(Debug, Args)]
struct ImportArgs {
    /// Files that came back.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The pipeline file.
    #[arg(long, value_name = "PIPELINE", default_value = "pipelines/nightly.toml")]
    pipeline: PathBuf,
    /// Folder of the ledger instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Tell what would be taken and write nothing.
    #[arg(long)]
    preview: bool,
    /// Day of the import (YYYY-MM-DD); left out: today, or the day of the last run where that is later.
    #[arg(long, value_name = "DAY")]
    as_of: Option<String>,
    /// Machine-readable.
    #[arg(long)]
    json: bool,
}

/// Takes answers.
pub(super) fn feedback(args: &FeedbackArgs) -> Done {
    let What::Import(args) = &args.what;
    let (mut plan, _) = compile(&args.pipeline).map_err(problems::refused)?;
    replace([(&args.state, &mut plan.state)]);
    let (today, now, _) = clock();
    let path = plan.ledger();
    if !path.is_file() {
        let message =
            format!("failed to import: there is no ledger {}; run the pipeline first", path.display());
        return Err(Failure::source(message));
    }
    // Whoever previews does not disturb a run.
    let hold = if args.preview { None } else { Some(run::hold(&plan.state, ("feedback", "import"), &now)?) };
    let mut ledger =
        if args.preview { Ledger::open_for_planning(&path) } else { Ledger::open(&path) }.map_err(failed)?;
    ledger.verify().map_err(failed)?;
    let day = match &args.as_of {
        Some(text) => day("--as-of", text)?,
        None => ledger.last_run(None).map_err(failed)?.map_or(today, |run| run.as_of.max(today)),
    };
    let env = ImportEnv { desk: &plan.desk, day, now };
    let import = feedback::plan(&ledger, &args.files, &env).map_err(failed)?;
    if !args.preview {
        import.commit(&mut ledger).map_err(failed)?;
    }
    drop(hold);
    if args.json {
        say(serde_json::to_string_pretty(&to_json(&import, args.preview)).map_err(Failure::bug)?);
    } else {
        say(text(&import, args.preview));
    }
    if import.has_unread_file() {
        return Err(Failure::told(SOURCE));
    }
    if import.listed.is_empty() { Ok(()) } else { Err(Failure::told(HELD)) }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`, which gives values")]
fn failed(error: LedgerError) -> Failure {
    Failure::source(format!("failed to {error}"))
}

fn text(import: &Import, preview: bool) -> String {
    let mut parts = Vec::new();
    let files = import.files.iter().map(|file| {
        let read = if file.read {
            format!("{} 行有线索编号，其中 {} 行没有填写", file.rows, file.unanswered)
        } else {
            "未接收".to_owned()
        };
        vec![format!("  {}", file.name), read]
    });
    parts.push(format!("文件\n{}", aligned(&files.collect::<Vec<_>>())));
    let counts = import.counts();
    let rows: Vec<Vec<String>> = Taken::ALL
        .into_iter()
        .filter_map(|taken| Some(vec![format!("  {}", taken.title()), counts.get(&taken)?.to_string()]))
        .collect();
    let head = if preview { "答复（预览，没有写入）" } else { "答复" };
    parts.push(if rows.is_empty() {
        format!("{head}：没有")
    } else {
        format!("{head}\n{}", aligned(&rows))
    });
    let disputed: Vec<&str> = import
        .taken
        .iter()
        .filter(|(_, taken)| *taken == Taken::Disputed)
        .map(|(number, _)| number.as_str())
        .collect();
    if !disputed.is_empty() {
        parts.push(format!("答复不一致，待复核：{}", disputed.join("、")));
    }
    if !import.listed.is_empty() {
        let rows = import.listed.iter().map(|one| {
            let place = [one.sheet.as_str(), one.cell.as_str()];
            let place: Vec<&str> = place.into_iter().filter(|part| !part.is_empty()).collect();
            vec![format!("  {}", one.file), place.join("!"), one.reason.clone()]
        });
        let rows: Vec<Vec<String>> = rows.collect();
        parts.push(format!("未能登记（{} 处），其余不受影响\n{}", rows.len(), aligned(&rows)));
    }
    parts.join("\n\n")
}

fn to_json(import: &Import, preview: bool) -> Value {
    let counts = import.counts().into_iter().map(|(taken, count)| (taken.word().to_owned(), json!(count)));
    let taken = import.taken.iter().map(|(number, taken)| json!({ "clue": number, "what": taken.word() }));
    json!({
        "preview": preview,
        "files": import.files,
        "counts": counts.collect::<serde_json::Map<_, _>>(),
        "events": import.events(),
        "taken": taken.collect::<Vec<_>>(),
        "not_taken": import.listed,
    })
}
