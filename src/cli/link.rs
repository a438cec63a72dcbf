//! `link`, `fit` and `blocking`: any tables.

use std::path::{Path, PathBuf};

use clap::Args;

use super::linkage::learned_text;
use super::text_table::aligned;
use super::{Done, Failure, explain, problems, say};
use crate::diag::Diagnostic;
use crate::explain::FinishedRun;
use crate::link::NightStudy;
use crate::linking::{self, Report};
use crate::spec::{LinkingPlan, Plan, Purpose, TableModel, compile, compile_linking};

/// Options of `link`.
#[derive(Debug, Args)]
#[command(after_help = "\
The pipeline names tables (CSV, Parquet, XLSX), a model and blocking rules; see `doudi schema linking`.
Written are pairs (weight in bits, probability, levels), clusters and report.json, in order of table and
id. What the report expects of false and missed links needs no labels; it is as right as the model.

Examples:
  doudi fit people.toml
  doudi link people.toml --out /tmp/people
  doudi link febrl3.toml --json | jq .expected")]
pub(super) struct LinkArgs {
    /// The pipeline file.
    #[arg(value_name = "PIPELINE")]
    pipeline: PathBuf,
    /// Folder of results; left out: the pipeline's.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Worker threads; left out: all cores.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Machine-readable.
    #[arg(long)]
    json: bool,
}

/// Options of `fit`.
#[derive(Debug, Args)]
#[command(after_help = "\
u comes from random pairs and exact counts, m from expectation-maximisation on the pairs of [[fit.train]],
the prior from [[fit.known]] with their recall, or from the training rules themselves. No labels are needed.
A file whose name ends with .json is written for Splink 5: comparisons, m, u, prior and blocking rules.

Of a pipeline of nights a finished run is looked at: how often persons without a number agree comes from
expectation-maximisation and officers' answers, how the others differ from rows that bear one valid number in two
extracts, u from random pairs where these hold enough of a level. Prior and the classes of twins, brothers and sisters
stay. Only the file that --out names is written: read it, try it (`doudi run --dry-run`), and put it into the folder of
models when it is better.

Examples:
  doudi fit people.toml
  doudi fit people.toml --out candidate.toml
  doudi fit people.toml --out people.splink.json
  doudi fit pipelines/nightly.toml --run out/latest --out candidate.toml")]
pub(super) struct FitArgs {
    /// The pipeline file.
    #[arg(value_name = "PIPELINE")]
    pipeline: PathBuf,
    /// File to write the model to; left out: the pipeline's `link.model`.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// With a pipeline of nights: folder of the run; left out: `latest` in its folder of runs.
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// With a pipeline of nights: folder of the ledger instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Worker threads; left out: all cores.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// Options of `blocking`.
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is scored and no model is needed. With known pairs (CSV: id_l, id_r, and source_l, source_r where
there are several tables) the share of them that each rule brings is told.

Of a pipeline of nights a finished run is looked at: what each rule brings to those without a number, and to how many
rows of a person who is known by the number it brings that person when the number is hidden.

Examples:
  doudi blocking people.toml
  doudi blocking people.toml --known pairs.csv
  doudi blocking pipelines/nightly.toml --run out/latest")]
pub(super) struct BlockingArgs {
    /// The pipeline file.
    #[arg(value_name = "PIPELINE")]
    pipeline: PathBuf,
    /// Pairs that are known to be one person.
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// With a pipeline of nights: folder of the run; left out: `latest` in its folder of runs.
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Worker threads; left out: all cores.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// Studies blocking rules.
pub(super) fn blocking(args: &BlockingArgs) -> Done {
    if is_of_nights(&args.pipeline) {
        return blocking_of_nights(args);
    }
    unused(&[("--run", &args.run)])?;
    let plan = compiled(&args.pipeline, Purpose::Blocking)?;
    let study = in_pool(args.threads, || linking::blocking(&plan, args.known.as_deref()))?
        .map_err(problems::refused)?;
    let limited = study.rules.iter().any(|(_, rule)| rule.refused.blocks > 0);
    let mut head = vec!["rule", "rows", "pairs", "new", "sum", "largest blocks"];
    if limited {
        head.push("refused pairs");
    }
    if study.known > 0 {
        head.extend(["known", "new", "sum"]);
    }
    let mut rows = vec![head.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    let (mut sum, mut sum_known) = (0, 0);
    let share = |part: u64| format!("{:.2} %", part as f64 * 100.0 / study.known.max(1) as f64);
    for (words, rule) in &study.rules {
        sum += rule.new_pairs;
        sum_known += rule.new_known;
        let largest: Vec<String> = rule.largest.iter().map(usize::to_string).collect();
        let numbers = [rule.rows, rule.pairs, rule.new_pairs, sum].map(|number| number.to_string());
        let mut row = vec![words.clone()];
        row.extend(numbers);
        row.push(largest.join(" "));
        if limited {
            row.push(rule.refused.pairs.to_string());
        }
        if study.known > 0 {
            row.extend([rule.known, rule.new_known, sum_known].map(share));
        }
        rows.push(row);
    }
    say(format!("{} of {} pairs\n{}", sum, study.possible_pairs, aligned(&rows)));
    Ok(())
}

/// Whether a pipeline runs nights: its settings of linkage stand in a file of their own.
fn is_of_nights(pipeline: &Path) -> bool {
    let table = std::fs::read_to_string(pipeline).ok().and_then(|text| text.parse::<toml::Table>().ok());
    table.is_some_and(|table| table.contains_key("schemas") || table.contains_key("rules"))
}

/// Options that mean nothing for a pipeline of tables.
fn unused(options: &[(&str, &Option<PathBuf>)]) -> Result<(), Failure> {
    let Some((name, _)) = options.iter().find(|(_, given)| given.is_some()) else { return Ok(()) };
    Err(Failure::config(format!("`{name}` is for pipelines of nights; this one links tables")))
}

/// The plan of a pipeline of nights, and a finished run of it.
fn night(
    pipeline: &Path,
    run: Option<&PathBuf>,
    state: Option<&PathBuf>,
) -> Result<(Plan, FinishedRun), Failure> {
    let (mut plan, _) = compile(pipeline).map_err(problems::refused)?;
    if let Some(state) = state {
        plan.state.clone_from(state);
    }
    let folder = run.cloned().unwrap_or_else(|| plan.out.join("latest"));
    Ok((plan, FinishedRun::open(&folder).map_err(explain::failure)?))
}

fn blocking_of_nights(args: &BlockingArgs) -> Done {
    if args.known.is_some() {
        let message =
            "`--known` is for pipelines of tables\n  help: of a night the rows with a valid number are known";
        return Err(Failure::config(message));
    }
    let (plan, run) = night(&args.pipeline, args.run.as_ref(), None)?;
    let study = in_pool(args.threads, || crate::explain::blocking(&plan, &run))?.map_err(explain::failure)?;
    let head = ["rule", "persons", "pairs", "new", "sum", "largest blocks", "refused", "known", "new", "sum"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let (mut sum, mut sum_known) = (0, 0);
    let share = |part: u64| format!("{:.2} %", part as f64 * 100.0 / study.known.max(1) as f64);
    for rule in &study.rules {
        sum += rule.new_pairs;
        sum_known += rule.new_known;
        let largest: Vec<String> = rule.largest.iter().map(u64::to_string).collect();
        let mut row = vec![rule.rule.clone()];
        row.extend([rule.persons, rule.pairs, rule.new_pairs, sum].map(|number| number.to_string()));
        row.extend([largest.join(" "), rule.refused.to_string()]);
        row.extend([rule.known, rule.new_known, sum_known].map(share));
        rows.push(row);
    }
    let NightStudy { looked_up, persons, known, .. } = study;
    say(format!(
        "{sum} pairs of {looked_up} persons without a number with {persons} persons; known: {known} rows looked up with \
         their number hidden\n{}",
        aligned(&rows)
    ));
    Ok(())
}

/// Links tables.
pub(super) fn link(args: &LinkArgs) -> Done {
    if is_of_nights(&args.pipeline) {
        let message = "this pipeline runs nights\n  help: `doudi run` links its deliveries";
        return Err(Failure::config(message));
    }
    let plan = compiled(&args.pipeline, Purpose::Link)?;
    let out = args.out.clone().unwrap_or_else(|| plan.out.clone());
    let (report, warnings) =
        in_pool(args.threads, || linking::link(&plan, &out))?.map_err(problems::refused)?;
    tell(&warnings);
    if args.json {
        say(serde_json::to_string_pretty(&report).map_err(Failure::bug)?);
    } else {
        say(text(&plan, &report));
    }
    Ok(())
}

/// Estimates a model.
pub(super) fn fit(args: &FitArgs) -> Done {
    if is_of_nights(&args.pipeline) {
        return fit_of_nights(args);
    }
    unused(&[("--run", &args.run), ("--state", &args.state)])?;
    let plan = compiled(&args.pipeline, Purpose::Fit)?;
    if plan.of_splink && args.out.is_none() {
        let message = "`fit` does not write over a model of Splink\n  help: name a file with --out";
        return Err(Failure::config(message));
    }
    let fitted = in_pool(args.threads, || linking::fit(&plan))?.map_err(problems::refused)?;
    tell(&fitted.warnings);
    let out = args.out.clone().unwrap_or_else(|| plan.model_file.clone());
    let for_splink = out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let text = if for_splink { fitted.splink().map_err(problems::refused)? } else { fitted.text };
    std::fs::write(&out, text)
        .map_err(|error| Failure::source(format!("failed to write {}: {error}", out.display())))?;
    say(model_text(&fitted.model));
    say(format!("\n{}", out.display()));
    Ok(())
}

fn fit_of_nights(args: &FitArgs) -> Done {
    let Some(out) = &args.out else {
        let message =
            "`fit` does not write over the model that nights run with\n  help: name a file with --out";
        return Err(Failure::config(message));
    };
    let (plan, run) = night(&args.pipeline, args.run.as_ref(), args.state.as_ref())?;
    let report = in_pool(args.threads, || crate::explain::refit(&plan, &run))?.map_err(explain::failure)?;
    std::fs::write(out, report.model.text())
        .map_err(|error| Failure::source(format!("failed to write {}: {error}", out.display())))?;
    say(learned_text(&report));
    say(format!("\n{}", out.display()));
    Ok(())
}

fn compiled(pipeline: &Path, purpose: Purpose) -> Result<LinkingPlan, Failure> {
    let (plan, warnings) = compile_linking(pipeline, purpose).map_err(problems::refused)?;
    tell(&warnings);
    Ok(plan)
}

fn tell(warnings: &[Diagnostic]) {
    if !warnings.is_empty() {
        super::complain(problems::text(warnings));
    }
}

fn in_pool<T: Send>(threads: Option<usize>, work: impl FnOnce() -> T + Send) -> Result<T, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build();
    Ok(pool.map_err(Failure::bug)?.install(work))
}

fn text(plan: &LinkingPlan, report: &Report) -> String {
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let percent = |share: f64| format!("{:.3} %", share * 100.0);
    let mut rows: Vec<Vec<String>> =
        report.rows.iter().map(|(name, count)| row(&format!("rows of {name}"), count.to_string())).collect();
    rows.push(row("pairs looked at", format!("{} of {}", report.pairs, report.possible_pairs)));
    for rule in &report.rules {
        rows.push(row(&format!("  {}", rule.rule), rule.pairs.to_string()));
    }
    rows.push(row("links", format!("{} (probability {} and more)", report.links, plan.link_at)));
    rows.push(row("for review", format!("{} (probability {} and more)", report.review, plan.keep_at)));
    if report.links_apart > 0 {
        rows.push(row("links not held", report.links_apart.to_string()));
    }
    let several: u64 = report.clusters.iter().filter(|(size, _)| **size > 1).map(|(_, count)| count).sum();
    let largest = report.clusters.keys().next_back().copied().unwrap_or(0);
    rows.push(row("clusters", format!("{several} of two rows and more, the largest of {largest}")));
    let expected = &report.expected;
    rows.push(row("expected true pairs", format!("{:.0}", expected.true_pairs)));
    let range = &report.figures.false_links;
    let wrong = format!("{} ({} – {})", percent(range.value), percent(range.low), percent(range.high));
    rows.push(row("  false links", wrong));
    rows.push(row("  found", percent(expected.found)));
    rows.push(row("  in review", percent(expected.in_review)));
    rows.push(row("  passed over", percent(expected.passed_over)));
    rows.push(row("  not brought", percent(expected.not_brought)));
    let range = &report.figures.missed;
    rows.push(row(
        "  missed",
        format!("{} ({} – {})", percent(range.value), percent(range.low), percent(range.high)),
    ));
    format!("{}\n{}", report.title, aligned(&rows))
}

fn model_text(model: &TableModel) -> String {
    let head = ["comparison", "level", "m", "±", "u", "±", "bits"].map(str::to_owned).to_vec();
    let mut rows = vec![head];
    for comparison in &model.comparison {
        for level in &comparison.level {
            rows.push(vec![
                comparison.name.clone(),
                level.label.clone(),
                format!("{:.5}", level.m),
                format!("{:.5}", level.m_error.unwrap_or(0.0)),
                format!("{:.3e}", level.u),
                format!("{:.1e}", level.u_error.unwrap_or(0.0)),
                format!("{:+.2}", (level.m / level.u).log2()),
            ]);
        }
    }
    format!("prior {:.3e}\n{}", model.prior, aligned(&rows))
}
