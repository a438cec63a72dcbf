//! `list`: what there is to name in pipelines, contracts and rules.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::problems;
use super::text_table::aligned;
use super::{Done, Failure, say};
use crate::comparator::{self, named::Named};
use crate::diag::Diagnostic;
use crate::domain::Contract;
use crate::handbook::{self, BookRow};
use crate::report::{Desk, RecipientKind};
use crate::spec::{MeasureWord, Plan, compile, contracts_of};
use crate::tables::{Edition, Priority, Tables};

/// Options of `list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Rules need a pipeline. Contracts, tables and recipients are those of the pipeline, or without one those of
--schemas. Comparators are part of the program.

Examples:
  doudi list rules pipelines/nightly.toml
  doudi list rules pipelines/nightly.toml --all      the whole rule book, and what unwritten rules lack
  doudi list contracts --schemas schemas
  doudi list comparators --json")]
pub(super) struct ListArgs {
    /// What to list.
    #[arg(value_enum)]
    what: ListKind,
    /// The pipeline file.
    #[arg(value_name = "PIPELINE")]
    pipeline: Option<PathBuf>,
    /// Folder of contracts and tables, when no pipeline is named.
    #[arg(long, value_name = "DIR", default_value = "schemas", conflicts_with = "pipeline")]
    schemas: PathBuf,
    /// Every rule that was agreed on, also those that do not run, with where each of them stands.
    #[arg(long)]
    all: bool,
    /// Machine-readable.
    #[arg(long)]
    json: bool,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ListKind {
    /// Rules that a pipeline runs.
    Rules,
    /// Contracts: one for each extract.
    Contracts,
    /// Comparators and their levels.
    Comparators,
    /// Tables and their editions.
    Tables,
    /// Recipients and what they are.
    Recipients,
}

/// Lists.
pub(super) fn list(args: &ListArgs) -> Done {
    if args.all && args.what != ListKind::Rules {
        let remedy = "`doudi list rules PIPELINE --all` lists the rule book";
        return Err(Failure::config(format!("failed to list: --all belongs to rules\n  help: {remedy}")));
    }
    let records = match (args.what, &args.pipeline) {
        (ListKind::Comparators, _) => Ok(comparators()),
        (ListKind::Rules, None) => {
            let remedy = "name the pipeline: `doudi list rules pipelines/nightly.toml`";
            return Err(Failure::config(format!(
                "failed to list rules: no pipeline is named\n  help: {remedy}"
            )));
        }
        (ListKind::Rules, Some(pipeline)) if args.all => compile(pipeline).map(|(plan, _)| all_rules(&plan)),
        (what, Some(pipeline)) => compile(pipeline).map(|(plan, _)| of_plan(what, &plan)),
        (what, None) => of_schemas(what, &args.schemas),
    };
    let records = records.map_err(problems::refused)?;
    if args.json {
        say(serde_json::to_string_pretty(&records.json()).map_err(Failure::bug)?);
    } else {
        say(records.text());
    }
    Ok(())
}

/// Rows of one kind under their headings.
struct Records {
    headings: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Records {
    fn text(&self) -> String {
        let headings = self.headings.iter().map(|heading| (*heading).to_owned()).collect();
        aligned(&std::iter::once(headings).chain(self.rows.iter().cloned()).collect::<Vec<_>>())
    }

    fn json(&self) -> Value {
        let object = |row: &Vec<String>| -> Value {
            let cells = self.headings.iter().zip(row);
            Value::Object(cells.map(|(heading, cell)| ((*heading).to_owned(), json!(cell))).collect())
        };
        self.rows.iter().map(object).collect()
    }
}

fn of_plan(what: ListKind, plan: &Plan) -> Records {
    match what {
        ListKind::Rules => rules(plan),
        ListKind::Contracts => contracts(&plan.contracts),
        ListKind::Comparators => comparators(),
        ListKind::Tables => tables(plan.tables.editions()),
        ListKind::Recipients => recipients(&plan.desk),
    }
}

fn of_schemas(what: ListKind, schemas: &Path) -> Result<Records, Vec<Diagnostic>> {
    let folder = schemas.join("tables");
    match what {
        ListKind::Contracts => {
            let (found, problems) = contracts_of(schemas);
            if problems.is_empty() { Ok(contracts(&found)) } else { Err(problems) }
        }
        ListKind::Tables => Tables::load(Some(&folder)).map(|found| tables(found.editions())),
        ListKind::Recipients => Desk::load(None, Some(&folder)).map(|desk| recipients(&desk)),
        ListKind::Rules | ListKind::Comparators => Ok(comparators()),
    }
}

fn rules(plan: &Plan) -> Records {
    let row = |rule: &crate::rule::Rule| {
        let head = &rule.header;
        vec![
            rule.id.clone(),
            head.title.clone(),
            head.list.clone(),
            head.recipients.join(", "),
            head.reads.join(", "),
        ]
    };
    Records {
        headings: &["rule", "title", "list", "recipients", "reads"],
        rows: plan.book.rules.iter().map(row).collect(),
    }
}

/// The rule book: all rules that were agreed on, and where they stand.
fn all_rules(plan: &Plan) -> Records {
    let row = |row: &BookRow| {
        vec![
            row.priority.map_or("", Priority::mark).to_owned(),
            row.rule.clone(),
            row.title.clone(),
            row.list.clone(),
            row.standing.word().to_owned(),
            row.standing.words(),
        ]
    };
    Records {
        headings: &["priority", "rule", "title", "list", "standing", "words"],
        rows: handbook::all_rules(plan).iter().map(row).collect(),
    }
}

fn contracts(contracts: &BTreeMap<String, Arc<Contract>>) -> Records {
    let row = |(extract, contract): (&String, &Arc<Contract>)| {
        let roles: Vec<&str> = contract.mention.iter().map(|mention| mention.role.as_str()).collect();
        vec![
            extract.clone(),
            contract.title.clone(),
            contract.owner.clone(),
            contract.field.len().to_string(),
            roles.join(", "),
        ]
    };
    Records {
        headings: &["extract", "title", "owner", "fields", "roles"],
        rows: contracts.iter().map(row).collect(),
    }
}

/// Comparators of the persons of a night, comparators of a column of any table, and measures at thresholds.
fn comparators() -> Records {
    let row = |name: &str, of: &str, ladder: &comparator::Ladder| {
        let levels: Vec<&str> = ladder.levels.iter().map(|level| level.key).collect();
        vec![name.to_owned(), of.to_owned(), levels.join(", ")]
    };
    let named = |name: &str| Named::ALL.into_iter().find(|named| named.word() == name);
    let mentions = comparator::ALL.iter().map(|ladder| {
        let both = if named(ladder.name).is_some() { "mentions, tables" } else { "mentions" };
        row(ladder.name, both, ladder)
    });
    let known = |named: &Named| comparator::ALL.iter().any(|ladder| ladder.name == named.word());
    let tables = Named::ALL.into_iter().filter(|named| !known(named));
    let tables = tables.map(|named| row(named.word(), "tables", named.ladder()));
    let measures = MeasureWord::ALL.into_iter().filter(|word| word.named().is_none());
    let measures = measures.map(|word| vec![word.word(), "tables".to_owned(), word.levels().to_owned()]);
    let rows = mentions.chain(tables).chain(measures).collect();
    Records { headings: &["comparator", "for", "levels"], rows }
}

fn tables(editions: &[Edition]) -> Records {
    let row = |edition: &Edition| {
        vec![edition.name.clone(), edition.rows.to_string(), edition.edition.clone(), edition.sha256.clone()]
    };
    Records { headings: &["table", "rows", "edition", "sha256"], rows: editions.iter().map(row).collect() }
}

fn recipients(desk: &Desk) -> Records {
    let kind = |kind: RecipientKind| match kind {
        RecipientKind::Agency => "agency",
        RecipientKind::Town => "each town",
        RecipientKind::Owner => "owner of the row",
        RecipientKind::Person => "reads notices",
    };
    let row = |recipient: &crate::report::Recipient| {
        vec![
            recipient.id.clone(),
            recipient.title.clone(),
            kind(recipient.kind).to_owned(),
            recipient.aliases.join(", "),
        ]
    };
    Records {
        headings: &["recipient", "title", "kind", "aliases"],
        rows: desk.disclosure.recipients().iter().map(row).collect(),
    }
}
