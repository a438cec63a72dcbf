//! `handover`: the register of what was handed over to whom.

use std::path::PathBuf;

use clap::Args;

use super::text_table::aligned;
use super::{Done, Failure, day, problems, replace, say};
use crate::ledger::{Handover, Ledger};
use crate::spec::compile;

/// Options of `handover`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every file that a run lays out for a recipient is entered when the run is committed, with its digests, and the
entry is never changed or deleted: records of providing personal information are kept for three years at
least. The ledger is opened read-only.

Examples:
  doudi handover                                    everything, oldest first
  doudi handover --recipient education --since 2026-11-01
  doudi handover --csv 提供登记簿.csv                the same for a spreadsheet

Exit codes: 0 done · 2 the pipeline or a day has errors · 4 the ledger cannot be read or the file not written.")]
pub(super) struct HandoverArgs {
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

const HEADINGS: [&str; 11] = [
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
];
/// Headings that fit on a screen.
const ON_SCREEN: usize = 6;

/// Tells the register.
pub(super) fn handover(args: &HandoverArgs) -> Done {
    let (mut plan, _) = compile(&args.pipeline).map_err(problems::refused)?;
    replace([(&args.state, &mut plan.state)]);
    let since = args.since.as_ref().map(|text| day("--since", text)).transpose()?;
    let until = args.until.as_ref().map(|text| day("--until", text)).transpose()?;
    let failed = |error| Failure::source(format!("failed to {error}"));
    let ledger = Ledger::open_for_planning(&plan.state.join("ledger.sqlite")).map_err(failed)?;
    let mut lines = ledger.handed_over().map_err(failed)?;
    lines.retain(|line| {
        since.is_none_or(|since| line.as_of >= since)
            && until.is_none_or(|until| line.as_of <= until)
            && args.recipient.as_ref().is_none_or(|recipient| *recipient == line.recipient)
    });
    match &args.csv {
        Some(path) => {
            let written = csv_text(&lines).and_then(|text| Ok(std::fs::write(path, text)?));
            written
                .map_err(|error| Failure::source(format!("failed to write {}: {error}", path.display())))?;
            say(format!("{}：{} 行", path.display(), lines.len()));
        }
        None if args.json => say(serde_json::to_string_pretty(&lines).map_err(Failure::bug)?),
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

fn row(line: &Handover) -> Vec<String> {
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
    ]
}

fn csv_text(lines: &[Handover]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(HEADINGS)?;
    for line in lines {
        writer.write_record(row(line))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
