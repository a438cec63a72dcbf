//! `doctor`: whether tonight's run can be trusted to go well.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::text_table::aligned;
use super::{Done, Failure, SOURCE, problems, replace, run, say};
use crate::pipeline::{Consultation, Health, examine};
use crate::spec::compile;

/// Options of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
Looks at folders and their permissions, groups of recipients, programs and secrets of remotes (nothing is
connected to), free disk and memory, the clock, ledger, register, hooks and the last good night. Puts nothing right.

Examples:
  doudi doctor pipelines/nightly.toml
  doudi doctor pipelines/nightly.toml --json | jq '.[] | select(.condition != \"well\")'

Exit codes: 0 nothing is broken (there may be things to look at) · 2 the pipeline has errors · 4
something is broken: tonight's run would fail or could not be trusted.")]
pub(super) struct DoctorArgs {
    /// The pipeline file.
    #[arg(value_name = "PIPELINE", default_value = "pipelines/nightly.toml")]
    pipeline: PathBuf,
    /// Folder of deliveries instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    input: Option<PathBuf>,
    /// Folder of runs instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// State folder instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Days since the day of the last good night that are still well.
    #[arg(long, value_name = "N", default_value_t = 1)]
    age_days: u16,
    /// Free disk that is wanted at the least, in MiB; three runs like the last one may want more.
    #[arg(long, value_name = "MIB", default_value_t = 2048)]
    free_mib: u32,
    /// Free memory that is wanted at the least, in MiB; the last run's peak and a quarter may want more.
    #[arg(long, value_name = "MIB", default_value_t = 3072)]
    memory_mib: u32,
    /// Machine-readable.
    #[arg(long)]
    json: bool,
}

/// Looks and tells.
pub(super) fn doctor(args: &DoctorArgs) -> Done {
    let (mut plan, _) = compile(&args.pipeline).map_err(problems::refused)?;
    replace([(&args.out, &mut plan.out), (&args.state, &mut plan.state)]);
    if let Some(input) = &args.input {
        plan.deliver_from(input);
    }
    let (today, _, epoch) = run::clock();
    let consultation = Consultation {
        today,
        epoch,
        age_days: args.age_days,
        free_bytes: u64::from(args.free_mib) << 20,
        memory_bytes: u64::from(args.memory_mib) << 20,
    };
    let found = examine(&plan, &consultation);
    let words = |health| match health {
        Health::Well => ("well", "正常"),
        Health::Look => ("look", "请留意"),
        Health::Broken => ("broken", "有故障"),
    };
    if args.json {
        let all: Vec<_> = found
            .iter()
            .map(|it| json!({ "check": it.check, "condition": words(it.health).0, "text": it.text }))
            .collect();
        say(serde_json::to_string_pretty(&all).map_err(Failure::bug)?);
    } else {
        let rows: Vec<Vec<String>> = found
            .iter()
            .map(|it| vec![words(it.health).1.to_owned(), it.check.to_owned(), it.text.clone()])
            .collect();
        say(aligned(&rows));
    }
    let broken = found.iter().any(|it| it.health == Health::Broken);
    if broken { Err(Failure::told(SOURCE)) } else { Ok(()) }
}
