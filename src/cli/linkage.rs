//! `linkage report`: the linkage of a finished run as one page.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Done, Failure, explain, say};
use crate::explain::{linkage as look, linkage_page};

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

/// Reports.
pub(super) fn linkage(args: &LinkageArgs) -> Done {
    let What::Report(args) = &args.what;
    let report = look(&args.run, args.truth.as_deref()).map_err(explain::failure)?;
    if args.json {
        say(serde_json::to_string_pretty(&report).map_err(Failure::bug)?);
        return Ok(());
    }
    let page = linkage_page(&report).map_err(Failure::bug)?;
    explain::write_page(&args.out, &page)
}
