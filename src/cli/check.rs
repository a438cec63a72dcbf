//! `check`: all problems of a pipeline at once, and what it will do when there are none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::problems;
use super::run::clock;
use super::text_table::aligned;
use super::{CONFIG, Done, Failure, say};
use crate::diag::{Diagnostic, Level};
use crate::domain::Day;
use crate::spec::{Plan, compile_on};

/// Options of `check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is run and no delivery is read. Checked are the pipeline file, the contracts and tables of its
schema folder, link settings and model, rules with their heads and SQL, views, list templates.
Every problem is told with file and line; warnings do not keep the pipeline from running. A legal basis that
has run out is told by the pipeline's day (`as_of`), or by today's where the pipeline fixes none.

Examples:
  doudi check pipelines/nightly.toml
  doudi check pipelines/nightly.toml --json | jq '.problems[] | select(.level == \"error\")'

Exit codes: 0 no errors · 2 at least one error.")]
pub(super) struct CheckArgs {
    /// The pipeline file.
    #[arg(value_name = "PIPELINE")]
    pipeline: PathBuf,
    /// Machine-readable.
    #[arg(long)]
    json: bool,
}

/// Checks a pipeline.
pub(super) fn check(args: &CheckArgs) -> Done {
    let (plan, found) = match compile_on(&args.pipeline, clock().0) {
        Ok((plan, warnings)) => (Some(plan), warnings),
        Err(problems) => (None, problems),
    };
    if args.json {
        let report = json!({
            "pipeline": args.pipeline.display().to_string(),
            "errors": problems::count(&found, Level::Error),
            "warnings": problems::count(&found, Level::Warning),
            "problems": problems::json(&found),
            "plan": plan.as_ref().map(facts),
        });
        say(serde_json::to_string_pretty(&report).map_err(Failure::bug)?);
    } else {
        say(text(plan.as_ref(), &found));
    }
    if plan.is_some() { Ok(()) } else { Err(Failure::told(CONFIG)) }
}

fn text(plan: Option<&Plan>, found: &[Diagnostic]) -> String {
    let told = problems::text(found);
    match plan {
        None => told,
        Some(plan) => format!("{}\n\n{told}", summary(plan)),
    }
}

/// Rules by list, in the order of the lists' titles.
fn rules_by_list(plan: &Plan) -> BTreeMap<&str, Vec<&str>> {
    let mut lists: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for rule in &plan.book.rules {
        let list = plan.desk.template(&rule.header.list).map_or(&rule.header.list, |template| &template.list);
        lists.entry(list).or_default().push(&rule.id);
    }
    lists
}

fn summary(plan: &Plan) -> String {
    let agencies: BTreeSet<&str> = plan.sources.iter().map(|source| source.folder.as_str()).collect();
    let lists = rules_by_list(plan);
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let mut rows = vec![
        row("as of", plan.as_of.map_or_else(|| "the day of the run".to_owned(), Day::iso)),
        row("extracts", format!("{} of {} agencies", plan.sources.len(), agencies.len())),
        row("model", plan.model.name.clone()),
        row("rules", plan.book.rules.len().to_string()),
    ];
    rows.extend(lists.into_iter().map(|(list, rules)| row(&format!("  {list}"), rules.join(", "))));
    rows.push(row("digest", plan.hash.clone()));
    format!("{}\n{}", plan.title, aligned(&rows))
}

fn facts(plan: &Plan) -> serde_json::Value {
    json!({
        "title": plan.title,
        "as_of": plan.as_of.map(Day::iso),
        "extracts": plan.sources.iter().map(|source| &source.extract).collect::<Vec<_>>(),
        "model": plan.model.name,
        "lists": rules_by_list(plan),
        "digest": plan.hash,
    })
}
