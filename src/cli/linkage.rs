//! `linkage`: the linkage of a finished run as one page, and its model with what officers have answered.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::text_table::aligned;
use super::{Done, Failure, explain, problems, replace, say};
use crate::explain::{FinishedRun, LearnReport, learn, linkage as look, linkage_page};
use crate::spec::compile;

/// Options of `linkage`.
#[derive(Debug, Args)]
pub(super) struct LinkageArgs {
    /// What to do.
    #[command(subcommand)]
    what: What,
}

/// What can be asked of a linkage.
#[derive(Debug, Subcommand)]
enum What {
    /// One offline page: model, errors to expect, weights, deliveries, earlier nights.
    Report(ReportArgs),
    /// m and u once more, with what officers have answered about doubtful pairs.
    Learn(LearnArgs),
}

/// Options of `linkage learn`.
#[derive(Debug, Args)]
#[command(after_help = "\
The rows of a run are compared as on that night, but without the judgements in the ledger; then an answered pair
counts as it was answered and every other one by its probability, until m rests. The unanswered pairs must stay in:
only doubtful pairs are ever asked about, and alone they would make every disagreement look common. Prior and
the classes of twins, brothers and sisters stay as they are. Nothing is changed but the file that is written: read it,
try it on a night (`doudi run --dry-run`), and put it into the pipeline's folder of models when it is better.

Examples:
  doudi linkage learn --out candidate.toml
  doudi linkage learn pipelines/nightly.toml --run out/latest --out candidate.toml --json")]
struct LearnArgs {
    /// The pipeline file the run was made with.
    #[arg(value_name = "PIPELINE", default_value = "pipelines/nightly.toml")]
    pipeline: PathBuf,
    /// Folder of the run; left out: `latest` in the pipeline's folder of runs.
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Folder of the ledger instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// File to write the model to.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print what changed for machines.
    #[arg(long)]
    json: bool,
}

/// Options of `linkage report`.
#[derive(Debug, Args)]
#[command(after_help = "\
The run (or the folder that `doudi link` wrote) is read and not changed; earlier nights are the other runs in its folder. The page holds counts
only, opens without a network, and its headings are Chinese and English.

Examples:
  doudi linkage report --run out/latest
  doudi linkage report --run out/latest --truth fixtures/demo/truth.csv --out /tmp/linkage.html
  doudi linkage report --run out/latest --json | jq .figures.hidden")]
struct ReportArgs {
    /// Folder of a run (`<out>/<run-id>` or `<out>/latest`), or of tables that were linked.
    #[arg(long, value_name = "DIR")]
    run: PathBuf,
    /// `truth.csv` of a run: adds precision and recall, and whether the expected errors hold the truth.
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// The page.
    #[arg(long, value_name = "FILE", default_value = "linkage.html")]
    out: PathBuf,
    /// Print the figures instead, for machines.
    #[arg(long)]
    json: bool,
}

/// Looks at a linkage, or learns from answers.
pub(super) fn linkage(args: &LinkageArgs) -> Done {
    match &args.what {
        What::Report(args) => report(args),
        What::Learn(args) => learned(args),
    }
}

fn learned(args: &LearnArgs) -> Done {
    let (mut plan, _) = compile(&args.pipeline).map_err(problems::refused)?;
    replace([(&args.state, &mut plan.state)]);
    let folder = args.run.clone().unwrap_or_else(|| plan.out.join("latest"));
    let run = FinishedRun::open(&folder).map_err(explain::failure)?;
    let report = learn(&plan, &run).map_err(explain::failure)?;
    std::fs::write(&args.out, report.model.text())
        .map_err(|error| Failure::source(format!("failed to write {}: {error}", args.out.display())))?;
    if args.json {
        say(serde_json::to_string_pretty(&report).map_err(Failure::bug)?);
    } else {
        say(learned_text(&report));
        say(format!("\n{}", args.out.display()));
    }
    Ok(())
}

/// A share with as many digits as tell it from nothing.
fn share(value: f64) -> String {
    if value > 0.0 && value < 0.0005 { format!("{value:.1e}") } else { format!("{value:.4}") }
}

pub(super) fn learned_text(report: &LearnReport) -> String {
    let asked = &report.asked;
    let mut rows =
        vec![["comparator", "level", "", "m before", "m", "±", "u before", "u"].map(str::to_owned).to_vec()];
    for level in &report.levels {
        rows.push(vec![
            level.comparator.clone(),
            level.level.clone(),
            level.title.clone(),
            share(level.m_before),
            share(level.m),
            share(level.m_error),
            share(level.u_before),
            share(level.u),
        ]);
    }
    let rest = if report.converged { "at rest" } else { "not at rest" };
    let changed = if report.plan_changed {
        "\nthe pipeline, its contracts or its tables have changed since this run"
    } else {
        ""
    };
    format!(
        "run {} as of {}: {} candidate pairs, {} answered as one person, {} as two; {} rounds, {rest}\n\
         left out: {} about rows that the model is not asked about, {} about rows that are gone{changed}\n{}",
        report.run,
        report.as_of,
        report.pairs,
        asked.same,
        asked.not_same,
        report.rounds,
        asked.not_the_models,
        asked.gone,
        aligned(&rows)
    )
}

fn report(args: &ReportArgs) -> Done {
    let report = look(&args.run, args.truth.as_deref()).map_err(explain::failure)?;
    if args.json {
        say(serde_json::to_string_pretty(&report).map_err(Failure::bug)?);
        return Ok(());
    }
    let page = linkage_page(&report).map_err(Failure::bug)?;
    explain::write_page(&args.out, &page)
}
