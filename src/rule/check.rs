//! Everything that is wrong with rules and views, found without data: over empty tables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use indexmap::IndexMap;

use super::basis::{BasisStatus, LegalBasis};
use super::book::{Book, Rule};
use super::draft::evidence_extract;
use super::header::{Parameter, RoleRef, Subject};
use super::kept::{KeptView, LISTED, REGISTERED, WHO};
use super::policy::Policy;
use super::sentence::sentence_names;
use super::tables::{FINDING_SUBJECT, Needs, OWN_TABLES, finding_subjects, register, rule_sql};
use super::world::World;
use crate::diag::{Diagnostic, Spot, did_you_mean};
use crate::domain::{Contract, Day, MentionSet, Resolution};
use crate::engine::{Engine, EngineError, Parameters, placeholders, substitute};
use crate::tables::Calendar;

/// Parameters that the engine itself gives.
const GIVEN: [&str; 2] = ["as_of", "known_until"];

/// Checks heads, parameters, tables, columns, templates and legal basis of a book. Errors keep the
/// rule from running; warnings (a basis that is not verified, a parameter nobody uses) do not.
pub fn check(
    book: &Book,
    contracts: &BTreeMap<String, Arc<Contract>>,
    decisions: &BTreeMap<String, RecordBatch>,
    basis: &BTreeMap<String, LegalBasis>,
    as_of: Day,
) -> Vec<Diagnostic> {
    let resolution = Resolution {
        identity: Vec::new(),
        probability: Vec::new(),
        grade: Vec::new(),
        identities: Vec::new(),
        events: Vec::new(),
    };
    let mentions = MentionSet::default();
    let world = World {
        records: &[],
        contracts,
        mentions: &mentions,
        resolution: &resolution,
        decisions,
        place_names: &|_| (None, None),
        calendar: &Calendar::default(),
        clues: &[],
        as_of,
    };
    let mut problems = Vec::new();
    check_overrides(book, &mut problems);
    match world.engine(1) {
        Ok(engine) => {
            let names = contracts.keys().chain(decisions.keys()).cloned();
            let names: BTreeSet<String> = names.chain(OWN_TABLES.map(str::to_owned)).collect();
            if let Err(error) = register(&engine, &world, &names) {
                problems.push(Diagnostic::error("rule_tables", Spot::default(), error.to_string()));
            }
            let nobody = finding_subjects(&[]).and_then(|none| Ok(engine.register(FINDING_SUBJECT, &none)?));
            if let Err(error) = nobody {
                problems.push(Diagnostic::error("rule_tables", Spot::default(), error.to_string()));
            }
            check_views(&engine, book, &world, &mut problems);
            for rule in &book.rules {
                check_head(rule, contracts, basis, as_of, &mut problems);
                check_rule(&engine, book, rule, &world, &mut problems);
            }
            for policy in &book.policies {
                check_policy_head(book, policy, contracts, &mut problems);
                check_basis(&policy.file, &policy.header.basis, basis, as_of, &mut problems);
                check_policy(&engine, book, policy, &world, &mut problems);
            }
            for kept in &book.kept {
                check_basis(&kept.file, &kept.basis, basis, as_of, &mut problems);
                check_kept(&engine, book, kept, &world, &mut problems);
            }
        }
        Err(error) => problems.push(Diagnostic::error("engine", Spot::default(), error.to_string())),
    }
    problems
}

fn check_overrides(book: &Book, problems: &mut Vec<Diagnostic>) {
    for (id, values) in &book.overrides {
        let rule = book.rule(id).map(|rule| (&rule.file, &rule.header.params));
        let policy = book.policies.iter().find(|policy| &policy.id == id);
        let head = rule
            .or_else(|| book.view(id).map(|view| (&view.file, &view.header.params)))
            .or_else(|| policy.map(|policy| (&policy.file, &policy.header.params)));
        let Some((file, params)) = head else {
            let known = book.rules.iter().map(|rule| rule.id.as_str());
            let help = did_you_mean(id, known).map(|near| format!("did you mean `{near}`?"));
            problems.push(with(
                Diagnostic::error(
                    "unknown_rule",
                    Spot::default(),
                    format!("parameters for `{id}`, which is no rule"),
                ),
                help,
            ));
            continue;
        };
        for (name, value) in values {
            let message = match params.get(name) {
                None => format!("`{id}` has no parameter `{name}`"),
                Some(parameter) if !parameter.default.accepts(value) => {
                    format!("parameter `{name}` of `{id}` has a value of another kind than its default")
                }
                Some(_) => continue,
            };
            let help = did_you_mean(name, params.keys().map(String::as_str));
            let help = help.filter(|near| near != name).map(|near| format!("did you mean `{near}`?"));
            problems.push(with(Diagnostic::error("parameter", Spot::file(file), message), help));
        }
    }
}

fn with(diagnostic: Diagnostic, help: Option<String>) -> Diagnostic {
    match help {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    }
}

fn check_views(engine: &Engine, book: &Book, world: &World, problems: &mut Vec<Diagnostic>) {
    let mut needs = Needs::default();
    for view in &book.views {
        let sql = check_sql(&view.file, &view.sql, &view.header.params, &["as_of"], problems)
            .then(|| substitute(&view.sql, &book.view_parameters(view, world.as_of)).unwrap_or_default());
        let Some(sql) = sql else { continue };
        if let Err(error) = needs.add(engine, book, &sql, world.as_of) {
            problems.push(sql_error(&view.file, &view.sql, &error));
        } else if !needs.views.contains(&view.name) {
            needs.views.push(view.name.clone());
        }
    }
    for view in needs.views.iter().filter_map(|name| book.view(name)) {
        let built = substitute(&view.sql, &book.view_parameters(view, world.as_of))
            .and_then(|sql| engine.query(&sql))
            .and_then(|batch| engine.register(&view.name, &batch));
        if let Err(error) = built {
            problems.push(sql_error(&view.file, &view.sql, &error));
        }
    }
}

/// Parameters used are declared and the other way round; whether the text can go on.
fn check_sql(
    file: &str,
    sql: &str,
    params: &IndexMap<String, Parameter>,
    given: &[&str],
    problems: &mut Vec<Diagnostic>,
) -> bool {
    let used = match placeholders(sql) {
        Ok(used) => used,
        Err(error) => {
            problems.push(sql_error(file, sql, &error));
            return false;
        }
    };
    let mut good = true;
    for (name, &line) in &used {
        if !params.contains_key(name) && !given.contains(&name.as_str()) {
            let known = params.keys().map(String::as_str).chain(given.iter().copied());
            let help = did_you_mean(name, known).map(|near| format!("did you mean `${near}`?"));
            let message = format!("`${name}` is no parameter");
            problems.push(with(Diagnostic::error("parameter", Spot::line(file, line), message), help));
            good = false;
        }
    }
    for name in params.keys().filter(|name| !used.contains_key(*name)) {
        let message = format!("parameter `{name}` is not used");
        problems.push(Diagnostic::warning("parameter", Spot::file(file), message));
    }
    good
}

fn sql_error(file: &str, sql: &str, error: &EngineError) -> Diagnostic {
    let line = match error {
        EngineError::UnknownParameter { line, .. } => *line,
        _ => sql_line(sql),
    };
    Diagnostic::error("rule_sql", Spot::line(file, line), error.to_string())
}

/// First line of the query below the head.
fn sql_line(sql: &str) -> u32 {
    let line = sql.lines().position(|line| !line.trim_start().starts_with("--") && !line.trim().is_empty());
    line.map_or(0, |index| u32::try_from(index + 1).unwrap_or(u32::MAX))
}

fn check_head(
    rule: &Rule,
    contracts: &BTreeMap<String, Arc<Contract>>,
    basis: &BTreeMap<String, LegalBasis>,
    as_of: Day,
    problems: &mut Vec<Diagnostic>,
) {
    let head = &rule.header;
    if head.condition.trim().is_empty() {
        let message = "the head does not say in words what has to hold";
        let fault = Diagnostic::warning("no_condition", Spot::file(&rule.file), message);
        problems
            .push(fault.with_help("add `condition = \"…\"`, in Chinese, for those who read the rule book"));
    }
    let absent = head.absent_from.as_ref();
    let named = head.reads.iter().chain(&head.optional_reads).chain(absent.map(|role| &role.extract));
    check_extracts(&rule.file, named, contracts, problems);
    check_whole(rule, problems);
    let unknown_role = |role: &&RoleRef| {
        let contract = contracts.get(&role.extract);
        contract.is_some_and(|contract| contract.mention.iter().all(|spec| spec.role != role.role))
    };
    for role in head.subject.role().into_iter().chain(absent).filter(unknown_role) {
        let message = format!("`{role}` is no role of its extract");
        problems.push(Diagnostic::error("unknown_role", Spot::file(&rule.file), message));
    }
    check_basis(&rule.file, &head.basis, basis, as_of, problems);
}

/// What a rule does not read cannot be silent to it.
fn check_whole(rule: &Rule, problems: &mut Vec<Diagnostic>) {
    let head = &rule.header;
    let read = |extract: &String| head.reads.contains(extract) || head.optional_reads.contains(extract);
    for extract in head.whole.iter().filter(|extract| !read(extract)) {
        let help = did_you_mean(extract, head.reads.iter().chain(&head.optional_reads).map(String::as_str));
        let message = format!("`{extract}` of `whole` is neither in `reads` nor in `optional_reads`");
        let fault = Diagnostic::error("whole_not_read", Spot::file(&rule.file), message);
        problems.push(with(fault, help.map(|near| format!("did you mean `{near}`?"))));
    }
}

fn check_extracts<'e>(
    file: &str,
    named: impl Iterator<Item = &'e String>,
    contracts: &BTreeMap<String, Arc<Contract>>,
    problems: &mut Vec<Diagnostic>,
) {
    for extract in named.filter(|extract| !contracts.contains_key(*extract)) {
        let help = did_you_mean(extract, contracts.keys().map(String::as_str));
        let message = format!("`{extract}` is no extract");
        let diagnostic = Diagnostic::error("unknown_extract", Spot::file(file), message);
        problems.push(with(diagnostic, help.map(|near| format!("did you mean `{near}`?"))));
    }
}

fn check_basis(
    file: &str,
    keys: &[String],
    basis: &BTreeMap<String, LegalBasis>,
    as_of: Day,
    problems: &mut Vec<Diagnostic>,
) {
    for key in keys {
        let (code, message) = match basis.get(key) {
            None => {
                let message = format!("basis `{key}` is not in the legal-basis table");
                problems.push(Diagnostic::error("basis_unknown", Spot::file(file), message));
                continue;
            }
            Some(text) if !text.in_force(as_of) => {
                ("basis_expired", format!("basis `{key}` is not in force"))
            }
            Some(text) if text.status == BasisStatus::ToVerify => {
                ("basis_unverified", format!("the text of basis `{key}` is still to be verified"))
            }
            Some(_) => continue,
        };
        problems.push(Diagnostic::warning(code, Spot::file(file), message));
    }
}

fn check_rule(engine: &Engine, book: &Book, rule: &Rule, world: &World, problems: &mut Vec<Diagnostic>) {
    if !check_sql(&rule.file, &rule.sql, &rule.header.params, &GIVEN, problems) {
        return;
    }
    let parameters: Parameters = book.rule_parameters(rule, world.as_of, world.as_of);
    let mut needs = Needs::default();
    let planned = rule_sql(rule, &parameters).and_then(|sql| {
        needs.add(engine, book, &sql, world.as_of)?;
        engine.columns(&sql)
    });
    match planned {
        Ok(schema) => check_columns(rule, &schema, problems),
        Err(error) => problems.push(sql_error(&rule.file, &rule.sql, &error)),
    }
    let head = &rule.header;
    let absent = head.absent_from.as_ref().map(|role| &role.extract);
    let declared = head.reads.iter().chain(&head.optional_reads).chain(absent);
    check_declared(&Spot::line(&rule.file, sql_line(&rule.sql)), &needs, declared, world, problems);
    if needs.tables.contains(FINDING_SUBJECT) {
        let spot = Spot::line(&rule.file, sql_line(&rule.sql));
        let message = format!("the rule reads `{FINDING_SUBJECT}`, which is made after the rules");
        problems.push(Diagnostic::error("rule_tables", spot, message));
    }
}

fn check_declared<'e>(
    spot: &Spot,
    needs: &Needs,
    declared: impl Iterator<Item = &'e String>,
    world: &World,
    problems: &mut Vec<Diagnostic>,
) {
    let declared: BTreeSet<&String> = declared.collect();
    let undeclared =
        needs.tables.iter().filter(|name| world.contract(name).is_some() && !declared.contains(name));
    for name in undeclared {
        let message = format!("`{name}` is read and not declared");
        problems.push(
            Diagnostic::error("undeclared_read", spot.clone(), message)
                .with_help("add it to `reads`, or to `optional_reads` when it may be missing"),
        );
    }
}

fn check_policy_head(
    book: &Book,
    policy: &Policy,
    contracts: &BTreeMap<String, Arc<Contract>>,
    problems: &mut Vec<Diagnostic>,
) {
    let head = &policy.header;
    let conditions = head.conditions.values().chain([&head.enjoyed]);
    let seen = conditions.flat_map(|condition| condition.seen_in.iter().chain(&condition.denied_in));
    check_extracts(
        &policy.file,
        head.reads.iter().chain(&head.optional_reads).chain(seen),
        contracts,
        problems,
    );
    for id in head.gap_rules.iter().filter(|id| book.rules.iter().all(|rule| &rule.id != *id)) {
        let help = did_you_mean(id, book.rules.iter().map(|rule| rule.id.as_str()));
        let message = format!("the policy names the rule `{id}`, which the pipeline does not run");
        let fault = Diagnostic::error("unknown_rule", Spot::file(&policy.file), message);
        problems.push(with(fault, help.map(|near| format!("did you mean `{near}`?"))));
    }
}

fn check_policy(
    engine: &Engine,
    book: &Book,
    policy: &Policy,
    world: &World,
    problems: &mut Vec<Diagnostic>,
) {
    let of_rules = book.gap_rules(policy).flat_map(|rule| rule.header.params.keys());
    let given: Vec<&str> = GIVEN.into_iter().chain(of_rules.map(String::as_str)).collect();
    if !check_sql(&policy.file, &policy.sql, &policy.header.params, &given, problems) {
        return;
    }
    let parameters = book.policy_parameters(policy, world.as_of, world.as_of);
    let mut needs = Needs::default();
    let planned = substitute(&policy.sql, &parameters).and_then(|sql| {
        needs.add(engine, book, &sql, world.as_of)?;
        engine.columns(&sql)
    });
    match planned {
        Ok(schema) => check_policy_columns(policy, &schema, problems),
        Err(error) => problems.push(sql_error(&policy.file, &policy.sql, &error)),
    }
    let declared = policy.header.reads.iter().chain(&policy.header.optional_reads);
    check_declared(&Spot::line(&policy.file, sql_line(&policy.sql)), &needs, declared, world, problems);
}

/// A ledger's view: it exists, gives what the ledger shows, and reads what the ledger declares.
fn check_kept(engine: &Engine, book: &Book, kept: &KeptView, world: &World, problems: &mut Vec<Diagnostic>) {
    let mut problem = |code, message: String, near: Option<&str>| {
        let help = near.map(|near| format!("did you mean `{near}`?"));
        problems.push(with(Diagnostic::error(code, Spot::file(&kept.file), message), help));
    };
    if book.view(&kept.view).is_none() {
        let near = did_you_mean(&kept.view, book.views.iter().map(|view| view.name.as_str()));
        problem("unknown_view", format!("there is no view `{}`", kept.view), near);
        return;
    }
    let mut needs = Needs::default();
    let planned =
        needs.add(engine, book, &kept.sql(), world.as_of).and_then(|()| engine.columns(&kept.sql()));
    // What is wrong with the view itself has been told.
    let Ok(schema) = planned else { return };
    let kind = |name: &str| schema.column_with_name(name).map(|(_, field)| field.data_type());
    for (name, wanted, words) in [
        (WHO, DataType::Int64, "the identity of the child"),
        (LISTED, DataType::Boolean, "whether the row stands in the ledger"),
        (REGISTERED, DataType::Utf8, "in which ledger the child stands already"),
    ] {
        if kind(name) != Some(&wanted) {
            let message = format!("view `{}` does not give `{name}`: {words}", kept.view);
            problem("ledger_columns", message, None);
        }
    }
    for name in kept.columns.iter().filter(|name| kind(name).is_none()) {
        let near = did_you_mean(name, schema.fields().iter().map(|field| field.name().as_str()));
        problem("ledger_columns", format!("view `{}` has no column `{name}`", kept.view), near);
    }
    check_extracts(&kept.file, kept.reads.iter().chain(&kept.optional_reads), world.contracts, problems);
    let declared = kept.reads.iter().chain(&kept.optional_reads);
    check_declared(&Spot::file(&kept.file), &needs, declared, world, problems);
}

fn check_policy_columns(policy: &Policy, schema: &SchemaRef, problems: &mut Vec<Diagnostic>) {
    let spot = || Spot::line(&policy.file, sql_line(&policy.sql));
    let mut problem = |message: String| problems.push(Diagnostic::error("rule_columns", spot(), message));
    for name in ["identity", "subject_extract", "subject_role", "subject_row_key"] {
        if schema.column_with_name(name).is_none() {
            problem(format!("the SELECT does not give `{name}`"));
        }
    }
    for name in policy.header.conditions.keys().map(String::as_str).chain(["enjoyed"]) {
        let kind = schema.column_with_name(name).map(|(_, field)| field.data_type());
        if !matches!(kind, Some(DataType::Boolean | DataType::Null)) {
            problem(format!("the SELECT does not give the truth value `{name}`"));
        }
    }
}

fn check_columns(rule: &Rule, schema: &SchemaRef, problems: &mut Vec<Diagnostic>) {
    let mut problem = |message: String| {
        let spot = Spot::line(&rule.file, sql_line(&rule.sql));
        problems.push(Diagnostic::error("rule_columns", spot, message));
    };
    let has = |name: &str| schema.column_with_name(name).is_some();
    let head = &rule.header;
    let needed: &[&str] = match head.subject {
        Subject::Role(_) => &["event", "subject_row_key"],
        Subject::Any => &["event", "subject_row_key", "subject_extract", "subject_role"],
        Subject::Delivery => &["event", "subject_extract"],
    };
    for &name in needed {
        if !has(name) {
            problem(format!("the SELECT does not give `{name}`"));
        }
    }
    let absent = head.absent_from.as_ref().map(|role| &role.extract);
    for field in schema.fields() {
        let Some(extract) = evidence_extract(field.name()) else { continue };
        let declared = head.reads.iter().chain(&head.optional_reads).chain(absent);
        if !declared.into_iter().any(|known| known == extract) {
            problem(format!("`{}` names an extract that the head does not declare", field.name()));
        }
        if !matches!(
            field.data_type(),
            DataType::Utf8 | DataType::Utf8View | DataType::List(_) | DataType::Null
        ) {
            problem(format!("`{}` holds no row keys", field.name()));
        }
    }
    for name in head.columns.keys().filter(|name| !has(name)) {
        problem(format!("`columns.{name}` is not in the SELECT"));
    }
    for name in sentence_names(&head.reason).iter().filter(|name| !has(name)) {
        problem(format!("reason names `{name}`, which is not in the SELECT"));
    }
}
