//! `rules`: the rule book as a page.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Done, Failure, problems, say};
use crate::handbook;
use crate::spec::compile;

/// Options of `rules`.
#[derive(Debug, Args)]
#[command(after_help = "\
The page is made of the heads that the rules run by: conditions, data, parameters with what the client has to
confirm, legal basis, cases. It is one HTML file that needs no network.

Examples:
  doudi rules doc                              docs/rules.html, from pipelines/nightly.toml
  doudi rules doc pipelines/dropout.toml --out /tmp/dropout.html
  doudi rules doc --check                      fails when docs/rules.html is not up to date

Exit codes: 0 done · 2 not up to date, or the pipeline has errors · 4 a file could not be read or written.")]
pub(super) struct RulesArgs {
    /// What to do.
    #[command(subcommand)]
    what: What,
}

/// What can be made.
#[derive(Debug, Subcommand)]
enum What {
    /// Write the rule book's page.
    Doc {
        /// The pipeline file.
        #[arg(value_name = "PIPELINE", default_value = "pipelines/nightly.toml")]
        pipeline: PathBuf,
        /// File to write.
        #[arg(long, value_name = "FILE", default_value = "docs/rules.html")]
        out: PathBuf,
        /// Write nothing; fail (2) when the file is not up to date.
        #[arg(long)]
        check: bool,
    },
}

/// Makes the page.
pub(super) fn rules(args: &RulesArgs) -> Done {
    let What::Doc { pipeline, out, check } = &args.what;
    let (plan, _) = compile(pipeline).map_err(problems::refused)?;
    let page = handbook::page(&plan).map_err(|error| Failure::source(format!("failed to {error}")))?;
    if std::fs::read_to_string(out).is_ok_and(|found| found == page) {
        return Ok(());
    }
    if *check {
        let remedy = "run `doudi rules doc`";
        return Err(Failure::config(format!("not up to date: {}\n  help: {remedy}", out.display())));
    }
    std::fs::write(out, page)
        .map_err(|error| Failure::source(format!("failed to write {}: {error}", out.display())))?;
    say(out.display());
    Ok(())
}
