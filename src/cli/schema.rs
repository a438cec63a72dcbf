//! `schema`: JSON Schemas of every kind of TOML file, made from the Rust types.

use std::path::Path;

use clap::ValueEnum as _;
use schemars::schema_for;

use super::args::SchemaKind;
use super::{Done, Failure, say};

/// Prints one schema, or writes (or checks) all of them.
pub(super) fn schema(kind: Option<SchemaKind>, out: &Path, check: bool) -> Done {
    if let Some(kind) = kind {
        say(text(kind)?.trim_end());
        return Ok(());
    }
    let mut stale = Vec::new();
    for &kind in SchemaKind::value_variants() {
        let name = kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        let path = out.join(format!("{name}.schema.json"));
        let wanted = text(kind)?;
        if std::fs::read_to_string(&path).is_ok_and(|found| found == wanted) {
            continue;
        }
        if check {
            stale.push(path.display().to_string());
        } else {
            let io = |error| Failure::source(format!("failed to write {}: {error}", path.display()));
            std::fs::create_dir_all(out).map_err(io)?;
            std::fs::write(&path, wanted).map_err(io)?;
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(Failure::config(format!("not up to date: {}\n  help: run `doudi schema`", stale.join(", "))))
}

fn text(kind: SchemaKind) -> Result<String, Failure> {
    let schema = match kind {
        SchemaKind::Contract => schema_for!(crate::domain::Contract),
        SchemaKind::Rule => schema_for!(crate::rule::RuleHeader),
        SchemaKind::View => schema_for!(crate::rule::ViewHeader),
        SchemaKind::Cases => schema_for!(crate::rule::CaseFile),
        SchemaKind::Policy => schema_for!(crate::rule::PolicyHeader),
        SchemaKind::PolicyCases => schema_for!(crate::rule::PolicyCaseFile),
        SchemaKind::ViewCases => schema_for!(crate::rule::ViewCaseFile),
        SchemaKind::Docket => schema_for!(crate::report::DocketTemplate),
        SchemaKind::ListTemplate => schema_for!(crate::report::ListTemplate),
        SchemaKind::Pipeline => schema_for!(crate::spec::PipelineFile),
        SchemaKind::Link => schema_for!(crate::spec::LinkFile),
        SchemaKind::Model => schema_for!(crate::link::LinkModel),
        SchemaKind::Linking => schema_for!(crate::spec::LinkingFile),
        SchemaKind::TableModel => schema_for!(crate::spec::TableModel),
        SchemaKind::Tables => schema_for!(crate::tables::TablesFile),
        SchemaKind::Decisions => schema_for!(crate::tables::DecisionsFile),
    };
    let mut text = serde_json::to_string_pretty(&schema).map_err(Failure::bug)?;
    text.push('\n');
    Ok(text)
}
