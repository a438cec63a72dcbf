//! `explain`: why two rows are one person or not, and what a case rests on.

mod case;
mod identity;
mod pair;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::audit::Unmasked;
use super::{BUG, CONFIG, Done, Failure, SOURCE, problems, replace, say};
use crate::explain::{self, ExplainError, FinishedRun};
use crate::spec::{Plan, compile};

/// Options of `explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
A finished run is read and nothing is written. Numbers of persons are masked unless --full is given; --full
needs an approval in force (look_approvals.csv) and a --reason, and is logged in the ledger with account, instant,
command, and what was shown (doudi audit list).

Examples:
  doudi explain case 7K3D-9Q2M                          a clue number, as it stands on a list
  doudi explain pair EXTRACT:ROW_KEY:ROLE EXTRACT:ROW_KEY:ROLE
  doudi explain pair FILE:12 FILE:SHEET!7:ROLE           rows as Excel counts them
  doudi explain pair LEFT RIGHT --html pair.html         the same as one offline page
  doudi explain case 7K3D-9Q2M --html case.html         timeline, evidence, links, law on one offline page
  doudi explain identity 1024                           what holds a person together
  doudi explain pair LEFT RIGHT --run /srv/runs/20261120-0a1b2c3d --json
  doudi explain case 7K3D-9Q2M --full --reason 电话核对证号

Exit codes: 0 done · 2 the row or case is not there, nobody approved --full, or the pipeline has errors · 4 the run cannot be read.")]
pub(super) struct ExplainArgs {
    /// What to explain.
    #[command(subcommand)]
    what: What,
}

/// What can be explained.
#[derive(Debug, Subcommand)]
enum What {
    /// How two rows were compared: values, levels, weights, thresholds, links.
    ///
    /// The run's own copies of the deliveries are read and weighed again by the stages themselves,
    /// which takes about as long as the linkage of the night.
    Pair {
        /// The first row: `extract:row_key:role` or `file:row:role`; the role may be left out when the
        /// row names one person.
        #[arg(value_name = "LEFT")]
        left: String,
        /// The second row.
        #[arg(value_name = "RIGHT")]
        right: String,
        /// Write one offline page with the waterfall of weights instead of text.
        #[arg(long, value_name = "FILE", conflicts_with = "json")]
        html: Option<PathBuf>,
        /// Where the run is.
        #[command(flatten)]
        of: RunArgs,
    },
    /// What holds a person together: its rows, the links between them from the weakest on, judgements.
    Identity {
        /// The person's number, as `explain case` and identities.parquet tell it.
        #[arg(value_name = "ID")]
        identity: String,
        /// Write one offline page instead of text.
        #[arg(long, value_name = "FILE", conflicts_with = "json")]
        html: Option<PathBuf>,
        /// Where the run is.
        #[command(flatten)]
        of: RunArgs,
    },
    /// What a case rests on: rule, evidence rows, links, near misses, history.
    Case {
        /// Clue number (线索编号), as people write it.
        #[arg(value_name = "CASE")]
        case: String,
        /// Write one offline page instead of text.
        #[arg(long, value_name = "FILE", conflicts_with = "json")]
        html: Option<PathBuf>,
        /// Where the run is.
        #[command(flatten)]
        of: RunArgs,
    },
}

/// Which run is asked.
#[derive(Debug, Args)]
struct RunArgs {
    /// The pipeline file the run was made with.
    #[arg(long, value_name = "FILE", default_value = "pipelines/nightly.toml")]
    pipeline: PathBuf,
    /// Folder of the run; left out: `latest` in the pipeline's folder of runs.
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Folder of the ledger instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Whether and why numbers of persons are shown.
    #[command(flatten)]
    unmasked: Unmasked,
    /// Machine-readable.
    #[arg(long)]
    json: bool,
}

/// Explains.
pub(super) fn explain(args: &ExplainArgs) -> Done {
    match &args.what {
        What::Pair { left, right, html, of } => {
            let (plan, run) = of.open()?;
            let report = explain::pair(&plan, &run, (left, right), of.unmasked.full).map_err(failure)?;
            let side = |side: &explain::Side| format!("{} {}", side.at.place(), side.at.mention.role);
            let what = format!("{} / {} 运行 {}", side(&report.left), side(&report.right), report.run);
            of.unmasked.note(&plan, "explain pair", &what)?;
            match html {
                Some(file) => write_page(file, &explain::pair_page(&report).map_err(Failure::bug)?),
                None => of.say(&report, pair::text),
            }
        }
        What::Identity { identity, html, of } => {
            let (plan, run) = of.open()?;
            let report = explain::identity(&plan, &run, identity, of.unmasked.full).map_err(failure)?;
            let what = format!("人 {} 运行 {}", report.identity, report.run);
            of.unmasked.note(&plan, "explain identity", &what)?;
            match html {
                Some(file) => write_page(file, &explain::identity_page(&report).map_err(Failure::bug)?),
                None => of.say(&report, identity::text),
            }
        }
        What::Case { case, html, of } => {
            let (plan, run) = of.open()?;
            let report = explain::case(&plan, &run, case, of.unmasked.full).map_err(failure)?;
            of.unmasked.note(&plan, "explain case", &report.number)?;
            match html {
                Some(file) => write_page(file, &explain::case_page(&report).map_err(Failure::bug)?),
                None => of.say(&report, case::text),
            }
        }
    }
}

impl RunArgs {
    fn open(&self) -> Result<(Plan, FinishedRun), Failure> {
        let (mut plan, _) = compile(&self.pipeline).map_err(problems::refused)?;
        replace([(&self.state, &mut plan.state)]);
        let folder = self.run.clone().unwrap_or_else(|| plan.out.join("latest"));
        let run = FinishedRun::open(&folder).map_err(failure)?;
        Ok((plan, run))
    }

    fn say<T: serde::Serialize>(&self, report: &T, text: fn(&T) -> String) -> Done {
        if self.json {
            say(serde_json::to_string_pretty(report).map_err(Failure::bug)?);
        } else {
            say(text(report));
        }
        Ok(())
    }
}

/// Writes a page and says where it is.
pub(super) fn write_page(file: &Path, page: &str) -> Done {
    std::fs::write(file, page)
        .map_err(|error| Failure::source(format!("failed to write {}: {error}", file.display())))?;
    say(file.display());
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`, which gives values")]
pub(super) fn failure(error: ExplainError) -> Failure {
    let code = match &error {
        ExplainError::Asked { .. } | ExplainError::Notice(_) => CONFIG,
        ExplainError::Read { .. } | ExplainError::Ledger(_) => SOURCE,
        ExplainError::Changed(_) => BUG,
    };
    Failure { code, message: format!("failed to {error}") }
}

/// A probability in percent, with the digits that tell it from certainty.
fn percent(probability: f64) -> String {
    let share = probability * 100.0;
    if share > 0.0 && share < 0.0001 {
        "小于0.0001%".to_owned()
    } else if (99.0..100.0).contains(&share) || share < 1.0 {
        format!("{share:.4}%")
    } else {
        format!("{share:.2}%")
    }
}

/// The remark that the configuration is another one now.
fn changed(plan_changed: bool) -> Option<&'static str> {
    plan_changed.then_some("注意：管道、契约或对照表自该次运行后有改动，以下按现行配置说明。")
}
