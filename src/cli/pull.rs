//! `pull`: deliveries of remotes into the inbox, without a run.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::clock::Wall;
use super::text_table::aligned;
use super::{Done, Failure, HELD, SOURCE, problems, replace, run, say};
use crate::diag::{Diagnostic, Level};
use crate::domain::Day;
use crate::pipeline::hold;
use crate::source::lying;
use crate::source::remote::{self, Fetch, Fetched, FileState};
use crate::spec::compile;

/// Options of `pull`.
#[derive(Debug, Args)]
#[command(after_help = "\
Brings what a pipeline's sources name on remotes into <state>/inbox: files that are new or changed, whole
and settled, each recognised by its digest. A run does the same first; what is in the inbox already is not
carried again. Nothing else is done with it.

Examples:
  doudi pull pipelines/nightly.toml --dry-run      what would come: name, size, time, extract; and what lies in the
                                                   folder of deliveries
  doudi pull pipelines/nightly.toml --json | jq '.files[] | select(.state == \"new\")'

Exit codes: 0 done · 2 the pipeline has errors · 3 something was not whole at the deadline, or was refused ·
4 a remote cannot be read, or the inbox cannot be written · 5 a run is at work.")]
pub(super) struct PullArgs {
    /// The pipeline file.
    #[arg(value_name = "PIPELINE")]
    pipeline: PathBuf,
    /// Look once and tell what would come; nothing is carried.
    #[arg(long)]
    dry_run: bool,
    /// Day of the run, for files that queries give (YYYY-MM-DD); left out: the pipeline's, else today.
    #[arg(long, value_name = "DAY")]
    as_of: Option<String>,
    /// State folder instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Machine-readable.
    #[arg(long)]
    json: bool,
}

/// Pulls, or looks.
pub(super) fn pull(args: &PullArgs) -> Done {
    let (mut plan, _) = compile(&args.pipeline).map_err(problems::refused)?;
    replace([(&args.state, &mut plan.state)]);
    let (today, now, epoch) = run::clock();
    let as_of = match &args.as_of {
        Some(text) => Day::parse_iso(text)
            .ok_or_else(|| Failure::config(format!("--as-of {text}: write the day as YYYY-MM-DD")))?,
        None => plan.as_of.unwrap_or(today),
    };
    let inbox = plan.inbox();
    let clock = Wall::new(epoch);
    let job = Fetch { remotes: &plan.remotes, specs: &plan.sources, inbox: &inbox, as_of, clock: &clock };
    let fetched = if args.dry_run {
        remote::look(&job)
    } else {
        std::fs::create_dir_all(&plan.state).map_err(|error| {
            Failure::source(format!("failed to create {}: {error}", plan.state.display()))
        })?;
        let _hold = hold(&plan.state, &format!("pull, process {} since {now}", std::process::id()))
            .map_err(run::failure)?;
        remote::fetch(&job)
    };
    let fetched = fetched.map_err(|error| Failure { code: SOURCE, message: format!("failed to {error}") })?;
    let told: Vec<Diagnostic> =
        fetched.problems.iter().map(|(_, problem)| problem).chain(&fetched.general).cloned().collect();
    // What lies in the folder of deliveries is not pulled, but it comes tonight all the same.
    let lies = if args.dry_run { lying(&plan.input, &plan.sources) } else { Vec::new() };
    if args.json {
        say(serde_json::to_string_pretty(&facts(&fetched, &told, &lies)).map_err(Failure::bug)?);
    } else {
        say(text(&fetched, &told, plan.remotes.is_empty()));
        if !lies.is_empty() {
            say(format!(
                "\n投递文件夹 {} 中的文件（夜间直接读取）：\n{}",
                plan.input.display(),
                in_folder(&lies)
            ));
        }
    }
    let refused = told.iter().any(|problem| problem.level == Level::Error);
    if refused { Err(Failure::told(HELD)) } else { Ok(()) }
}

/// Files of the folder of deliveries: agency's folder, name, size.
type Lying = (String, String, u64);

fn in_folder(lies: &[Lying]) -> String {
    let rows =
        lies.iter().map(|(agency, name, bytes)| vec![format!("{agency}/{name}"), format!("{bytes} 字节")]);
    aligned(&rows.collect::<Vec<_>>())
}

fn facts(fetched: &Fetched, told: &[Diagnostic], lies: &[Lying]) -> serde_json::Value {
    let files = fetched.files.iter().map(|file| {
        json!({
            "remote": file.remote, "agency": file.agency, "extract": file.extract, "name": file.name,
            "bytes": file.bytes, "stamp": file.stamp, "state": file.state.word(),
        })
    });
    let lies =
        lies.iter().map(|(agency, name, bytes)| json!({ "agency": agency, "name": name, "bytes": bytes }));
    json!({
        "files": files.collect::<Vec<_>>(), "input": lies.collect::<Vec<_>>(), "problems": problems::json(told),
    })
}

fn text(fetched: &Fetched, told: &[Diagnostic], no_remotes: bool) -> String {
    let rows = fetched.files.iter().map(|file| {
        vec![
            word(file.state).to_owned(),
            file.remote.clone(),
            file.extract.clone().unwrap_or_else(|| "—".to_owned()),
            format!("{}/{}", file.agency, file.name),
            file.bytes.map_or_else(|| "大小未知".to_owned(), |bytes| format!("{bytes} 字节")),
            file.stamp.clone(),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let list = match (rows.is_empty(), no_remotes) {
        (false, _) => aligned(&rows),
        (true, false) => "没有可拉取的文件".to_owned(),
        (true, true) => "管道没有远程来源（[remote.…]），交付由投递文件夹读取，无需拉取".to_owned(),
    };
    if told.is_empty() { list } else { format!("{list}\n\n{}", problems::text(told)) }
}

const fn word(state: FileState) -> &'static str {
    match state {
        FileState::New => "新到",
        FileState::Changed => "有变化",
        FileState::Same => "未变",
        FileState::Left => "未取",
    }
}
