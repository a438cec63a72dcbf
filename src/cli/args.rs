//! The command line as its user sees it. The words here are the manual: `doudi help <command>`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::audit::AuditArgs;
use super::case::CaseArgs;
use super::check::CheckArgs;
use super::doctor::DoctorArgs;
use super::explain::ExplainArgs;
use super::feedback::FeedbackArgs;
use super::handover::HandoverArgs;
use super::link::{BlockingArgs, FitArgs, LinkArgs};
use super::linkage::LinkageArgs;
use super::list::ListArgs;
use super::pull::PullArgs;
use super::rules::RulesArgs;
use super::run::RunArgs;
use super::status::StatusArgs;
use super::test::TestArgs;
use super::upkeep::{BackupArgs, PurgeArgs, RestoreArgs, ScheduleArgs};

/// Nightly matching of several agencies' files, so that no child falls between them.
///
/// Exit codes: 0 done · 1 a bug · 2 wrong use or configuration · 3 run held, data outside tolerance, or
/// an answer that cannot be taken ·
/// 4 a source or file could not be read or written · 5 another run is at work · 6 the lists are there, but a
/// copy did not reach its remote.
#[derive(Debug, Parser)]
#[command(name = "doudi", version, max_term_width = 100)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run one night: deliveries in, lists out.
    Run(RunArgs),
    /// Bring the deliveries of a pipeline's remotes into its inbox, or tell what would come.
    Pull(PullArgs),
    /// Check a pipeline and everything it names, and tell all problems at once.
    Check(CheckArgs),
    /// Run the cases of a pipeline's rules.
    Test(TestArgs),
    /// List what a pipeline or a schema folder holds.
    List(ListArgs),
    /// The rule book as one page: conditions, data, parameters, legal basis, cases of all rules.
    Rules(RulesArgs),
    /// Tell how a pipeline stands: last run, lock, leftovers, cases, deliveries, ledger.
    Status(StatusArgs),
    /// Look whether tonight's run can go well: folders, disk, clock, ledger, hooks, last good night.
    Doctor(DoctorArgs),
    /// Take the answers of officers from the files they sent back.
    Feedback(FeedbackArgs),
    /// Cases as the ledger has them: which are open, overdue, answered; one of them with its life.
    Case(CaseArgs),
    /// Who looked at values of persons in full, and whether ledger and log are whole.
    Audit(AuditArgs),
    /// The register of what was handed over: which file, to whom, for what, on which basis.
    Handover(HandoverArgs),
    /// Explain from a finished run why two rows are one person or not, what holds a person together, or what
    /// a case rests on.
    Explain(ExplainArgs),
    /// Copy a pipeline's state, also while a run is at work.
    Backup(BackupArgs),
    /// Put a backup into an empty state folder.
    Restore(RestoreArgs),
    /// Delete what is kept no longer than its class allows, with a certificate.
    Purge(PurgeArgs),
    /// Write, show or remove the timer that runs a pipeline every night.
    Schedule(ScheduleArgs),
    /// Link the rows of any tables: pairs, clusters, and what to expect of them.
    Link(LinkArgs),
    /// Estimate the model of a pipeline that links tables, without labels.
    Fit(FitArgs),
    /// Tell what the blocking rules of a pipeline that links tables bring.
    Blocking(BlockingArgs),
    /// Show how well a finished run linked: model, errors to expect, deliveries, earlier nights.
    Linkage(LinkageArgs),
    /// Simulate a county and write its agencies' files with the truth beside them.
    Synth(SynthArgs),
    /// Measure a run against the truth: links and findings, precision and recall.
    Evaluate(EvaluateArgs),
    /// Print the JSON Schema of a kind of TOML file, for editors.
    Schema {
        /// Kind; left out: all kinds are written to `--out`.
        #[arg(value_enum)]
        kind: Option<SchemaKind>,
        /// Folder to write all schemas to.
        #[arg(long, value_name = "DIR", default_value = "schemas/json")]
        out: PathBuf,
        /// Write nothing; fail (2) when the files in `--out` are not up to date.
        #[arg(long)]
        check: bool,
    },
    /// Write the manual as man pages: one for the program, one for each command.
    Man {
        /// Folder to write them to; it is created.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Carry the rows of a query over ODBC; the program calls itself by it.
    #[cfg(feature = "odbc")]
    #[command(name = crate::source::remote::CARRY, hide = true)]
    CarryOdbc,
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// Ways to link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Linkage {
    /// Numbers, names, dates, addresses, relatives: everything the model knows.
    Model,
    /// Equal valid numbers and nothing else.
    IdOnly,
}

/// Options of `synth`.
#[derive(Debug, Args)]
pub(super) struct SynthArgs {
    /// Number of registered residents, at least 1000.
    #[arg(long, value_name = "N")]
    pub(super) people: u32,
    /// Seed; the same seed gives the same bytes.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(super) seed: u64,
    /// How dirty the files are.
    #[arg(long, value_enum, default_value_t = NoiseArg::Mid)]
    pub(super) noise: NoiseArg,
    /// The police deliver the population as Parquet instead of CSV.
    #[arg(long)]
    pub(super) population_as_parquet: bool,
    /// One agency adds a file that will be refused.
    #[arg(long)]
    pub(super) spoilt_file: bool,
    /// Folder to write to; it is created.
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Day on which the agencies cut their extracts (YYYY-MM-DD).
    #[arg(long, value_name = "DAY", default_value = "2026-11-20")]
    pub(super) as_of: String,
    /// Worker threads; left out: all cores.
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<usize>,
}

/// Amounts of dirt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum NoiseArg {
    /// A well-kept county.
    Low,
    /// What is usual.
    Mid,
    /// A first delivery that nobody ever cleaned.
    High,
}

/// Options of `evaluate`.
#[derive(Debug, Args)]
pub(super) struct EvaluateArgs {
    /// Folder of a run (`<out>/<run-id>` or `<out>/latest`).
    #[arg(long, value_name = "DIR")]
    pub(super) run: PathBuf,
    /// `truth.csv`: which mention is which person.
    #[arg(long, value_name = "FILE")]
    pub(super) truth: PathBuf,
    /// `findings_truth.csv`: what each rule should have found.
    #[arg(long, value_name = "FILE")]
    pub(super) findings: Option<PathBuf>,
    /// `truth_strata.csv`; left out: the file of that name beside the truth, if there is one.
    #[arg(long, value_name = "FILE")]
    pub(super) strata: Option<PathBuf>,
    /// Measure the ID-only join on the same records as well.
    #[arg(long, value_enum)]
    pub(super) baseline: Option<Linkage>,
    /// Folder of contracts: they say which field of a record is whose number (for the baseline).
    #[arg(long, value_name = "DIR", default_value = "schemas")]
    pub(super) schemas: PathBuf,
    /// The pipeline whose rules judge the baseline.
    #[arg(long, value_name = "FILE", default_value = "pipelines/nightly.toml")]
    pub(super) pipeline: PathBuf,
    /// A run made with `--linkage id-only`, for the baseline's findings; left out: it is run now over the
    /// run's own copies of the deliveries.
    #[arg(long, value_name = "DIR")]
    pub(super) baseline_run: Option<PathBuf>,
    /// Machine-readable.
    #[arg(long)]
    pub(super) json: bool,
}

/// Kinds of TOML files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaKind {
    /// A contract.
    Contract,
    /// The header of a rule.
    Rule,
    /// The header of a view.
    View,
    /// The cases of a rule.
    Cases,
    /// The header of a policy.
    Policy,
    /// The cases of a policy.
    PolicyCases,
    /// The cases of a view.
    ViewCases,
    /// A ledger.
    Docket,
    /// A list template.
    ListTemplate,
    /// A pipeline.
    Pipeline,
    /// The settings of linkage.
    Link,
    /// A frozen model of linkage.
    Model,
    /// A pipeline that only links tables.
    Linking,
    /// A model for any tables, as `fit` writes it.
    TableModel,
    /// The list of tables.
    Tables,
    /// The types of decision tables.
    Decisions,
}
