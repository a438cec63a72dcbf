//! The page: rules by list, what the client has to confirm, views, rules that are not written yet.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use indexmap::IndexMap;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::HandbookError;
use super::decisions::{DecisionPart, decision_parts};
use super::standing::{BookRow, Standing, all_rules};
use crate::domain::Day;
use crate::report::{Docket, ListTemplate, RecipientKind, Show};
use crate::rule::{
    self, BasisStatus, CaseFile, EventKind, Parameter, ParameterStatus, PolicyCaseFile, Rule, ViewCaseFile,
};
use crate::spec::Plan;

const TEMPLATE: &str = include_str!("page.html");
/// Class of a value that everybody may see.
const OPEN: &str = "plain";

/// What the template sees.
#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    lists: Vec<ListPart>,
    rules: usize,
    cases: usize,
    confirm: Vec<Confirm>,
    /// Of these, values that the authors chose.
    chosen: usize,
    decisions: Vec<DecisionPart>,
    /// Rows of decision tables that the client has to confirm.
    confirm_rows: usize,
    policies: Vec<PolicyPart>,
    dockets: Vec<DocketPart>,
    views: Vec<ViewPart>,
    unwritten: Vec<Unwritten>,
}

/// One list with its rules.
#[derive(Serialize)]
struct ListPart {
    title: String,
    rules: Vec<RulePart>,
}

/// One rule.
#[derive(Serialize)]
struct RulePart {
    id: String,
    title: String,
    priority: &'static str,
    severity: &'static str,
    condition: String,
    recipients: Vec<String>,
    reads: Vec<String>,
    optional: Vec<String>,
    whole: Vec<String>,
    absent_from: String,
    views: Vec<(String, String)>,
    basis: Vec<BasisPart>,
    params: Vec<ParamPart>,
    due_days: u32,
    due: String,
    event: &'static str,
    verify: Vec<String>,
    sentence: String,
    columns: Vec<ColumnPart>,
    cases: Vec<String>,
}

/// One text that a rule rests on.
#[derive(Serialize)]
struct BasisPart {
    citation: String,
    /// Since when and until when it holds, where that is known.
    holds: String,
    /// Whether the wording is still to be read.
    unread: bool,
}

/// One parameter.
#[derive(Serialize)]
struct ParamPart {
    name: String,
    title: String,
    value: String,
    /// The default, where the pipeline says something else.
    default: String,
    status: &'static str,
    confirm: bool,
    chosen: bool,
}

/// A parameter that the client has to confirm.
#[derive(Serialize)]
struct Confirm {
    owner: String,
    owner_title: String,
    title: String,
    value: String,
    status: &'static str,
    /// Whether the authors chose the value.
    chosen: bool,
}

/// A value shown beside the sentence.
#[derive(Serialize)]
struct ColumnPart {
    title: String,
    class: String,
    /// Who may see it.
    seen_by: String,
}

/// One policy.
#[derive(Serialize)]
struct PolicyPart {
    id: String,
    title: String,
    enjoyed: String,
    conditions: Vec<String>,
    reads: Vec<String>,
    gap_rules: Vec<String>,
    params: Vec<ParamPart>,
    basis: Vec<BasisPart>,
    class: String,
    seen_by: String,
    cases: Vec<String>,
}

/// One ledger.
#[derive(Serialize)]
struct DocketPart {
    title: String,
    view: String,
    view_title: String,
    parts: Vec<String>,
    recipients: Vec<String>,
    reads: Vec<String>,
    columns: Vec<ColumnPart>,
    basis: Vec<BasisPart>,
    cases: Vec<String>,
}

/// One view.
#[derive(Serialize)]
struct ViewPart {
    name: String,
    title: String,
    params: Vec<ParamPart>,
    read_by: usize,
}

/// A rule of the book that does not run.
#[derive(Serialize)]
struct Unwritten {
    rule: String,
    title: String,
    list: String,
    priority: &'static str,
    standing: String,
}

/// The whole page; the same plan gives the same bytes.
///
/// # Errors
/// When the cases of a rule cannot be read, or a query cannot be taken apart.
pub fn page(plan: &Plan) -> Result<String, HandbookError> {
    let day = plan.as_of.unwrap_or(Day::from_days(0));
    let views = rule::views_read(&plan.book, day)?;
    let mut lists: IndexMap<&str, ListPart> = IndexMap::new();
    for template in &plan.desk.templates {
        lists.insert(&template.list, ListPart { title: template.title.clone(), rules: Vec::new() });
    }
    for rule in &plan.book.rules {
        if let Some(template) = plan.desk.template(&rule.header.list)
            && let Some(list) = lists.get_mut(template.list.as_str())
        {
            list.rules.push(rule_part(plan, rule, template, &views)?);
        }
    }
    let lists: Vec<ListPart> = lists.into_values().filter(|list| !list.rules.is_empty()).collect();
    let rules = || lists.iter().flat_map(|list| &list.rules);
    let (confirm, decisions) = (confirm(plan), decision_parts(plan)?);
    let page = Page {
        title: &plan.title,
        rules: rules().count(),
        cases: rules().map(|rule| rule.cases.len()).sum(),
        chosen: confirm.iter().filter(|item| item.chosen).count(),
        confirm,
        confirm_rows: decisions.iter().map(|table| table.confirm).sum(),
        decisions,
        policies: policy_parts(plan)?,
        dockets: docket_parts(plan)?,
        views: view_parts(plan, &views),
        unwritten: all_rules(plan).into_iter().filter_map(unwritten).collect(),
        lists,
    };
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page", TEMPLATE)?;
    let html = environment.get_template("page")?.render(Serde(&page))?;
    // Lines that held nothing but a block of the template are left empty by it.
    let lines: Vec<&str> = html.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    Ok(lines.join("\n") + "\n")
}

fn rule_part(
    plan: &Plan,
    rule: &Rule,
    template: &ListTemplate,
    views: &BTreeMap<String, Vec<String>>,
) -> Result<RulePart, HandbookError> {
    let head = &rule.header;
    let extract = |id: &String| extract_words(plan, id);
    let view = |name: &String| {
        let title = plan.book.view(name).map_or_else(String::new, |view| view.header.title.clone());
        (name.clone(), title)
    };
    let recipient = |name: &String| {
        plan.desk.disclosure.recipient(name).map_or_else(|| name.clone(), |found| found.title.clone())
    };
    let class = |name: &str, own: Option<&str>| template.class_of(name).or(own).unwrap_or(OPEN).to_owned();
    let columns = head.columns.iter().map(|(name, column)| {
        let class = class(name, column.class.as_deref());
        ColumnPart { title: column.title.clone(), seen_by: seen_by(plan, &class), class }
    });
    Ok(RulePart {
        id: rule.id.clone(),
        title: head.title.clone(),
        priority: plan.tables.rule_book.entry(&rule.id).map_or("", |entry| entry.priority.mark()),
        severity: head.severity.title(),
        condition: head.condition.clone(),
        recipients: head.recipients.iter().map(recipient).collect(),
        reads: head.reads.iter().map(extract).collect(),
        optional: head.optional_reads.iter().map(extract).collect(),
        whole: head.whole.iter().map(extract).collect(),
        absent_from: head.absent_from.as_ref().map_or_else(String::new, |role| extract(&role.extract)),
        views: views.get(&rule.id).into_iter().flatten().map(view).collect(),
        basis: head.basis.iter().filter_map(|key| plan.basis.get(key)).map(basis_part).collect(),
        params: params(plan, &rule.id, &head.params),
        due_days: head.due_days,
        due: plan.desk.due.words(head.due_days, head.severity),
        event: event_words(head.event),
        verify: head.verify.clone(),
        sentence: head.reason.clone(),
        columns: columns.collect(),
        cases: cases_of::<CaseFile>(&rule.file)?.case.into_iter().map(|case| case.title).collect(),
    })
}

fn policy_parts(plan: &Plan) -> Result<Vec<PolicyPart>, HandbookError> {
    let mut policies: Vec<&rule::Policy> = plan.book.policies.iter().collect();
    policies.sort_by_key(|policy| (policy.header.order, &policy.id));
    let part = |policy: &rule::Policy| {
        let head = &policy.header;
        Ok(PolicyPart {
            id: policy.id.clone(),
            title: head.title.clone(),
            enjoyed: head.enjoyed.title.clone(),
            conditions: head.conditions.values().map(|condition| condition.title.clone()).collect(),
            reads: head.reads.iter().map(|id| extract_words(plan, id)).collect(),
            gap_rules: head.gap_rules.clone(),
            params: params(plan, &policy.id, &head.params),
            basis: head.basis.iter().filter_map(|key| plan.basis.get(key)).map(basis_part).collect(),
            seen_by: seen_by(plan, &head.class),
            class: head.class.clone(),
            cases: cases_of::<PolicyCaseFile>(&policy.file)?
                .case
                .into_iter()
                .map(|case| case.title)
                .collect(),
        })
    };
    policies.into_iter().map(part).collect()
}

fn docket_parts(plan: &Plan) -> Result<Vec<DocketPart>, HandbookError> {
    let part = |docket: &Docket| {
        let template = &docket.template;
        let view = plan.book.view(&template.view);
        let recipient = |name: &String| {
            plan.desk.disclosure.recipient(name).map_or_else(|| name.clone(), |found| found.title.clone())
        };
        let columns = template.column.iter().map(|column| ColumnPart {
            title: column.title.clone(),
            class: column.class.clone(),
            seen_by: seen_by(plan, &column.class),
        });
        let cases = view.map(|view| cases_of::<ViewCaseFile>(&view.file)).transpose()?;
        Ok(DocketPart {
            title: template.title.clone(),
            view: template.view.clone(),
            view_title: view.map_or_else(String::new, |view| view.header.title.clone()),
            parts: template.part.iter().map(|part| part.title.clone()).collect(),
            recipients: template.recipients.iter().map(recipient).collect(),
            reads: template.reads.iter().map(|id| extract_words(plan, id)).collect(),
            columns: columns.collect(),
            basis: template.basis.iter().filter_map(|key| plan.basis.get(key)).map(basis_part).collect(),
            cases: cases.into_iter().flat_map(|file| file.case).map(|case| case.title).collect(),
        })
    };
    plan.desk.dockets.iter().map(part).collect()
}

fn extract_words(plan: &Plan, id: &str) -> String {
    plan.contracts
        .get(id)
        .map_or_else(|| id.to_owned(), |contract| format!("{}《{}》", contract.owner, contract.title))
}

/// Titles of the recipients of lists who see a class in full.
fn seen_by(plan: &Plan, class: &str) -> String {
    let all = plan.desk.disclosure.recipients();
    let offices = all.iter().filter(|recipient| recipient.kind != RecipientKind::Person);
    let seen = offices.filter(|recipient| plan.desk.disclosure.show(&recipient.id, class) == Show::Full);
    seen.map(|recipient| recipient.title.as_str()).collect::<Vec<_>>().join("、")
}

fn basis_part(basis: &rule::LegalBasis) -> BasisPart {
    let holds = match (basis.valid_from, basis.valid_until) {
        (None, None) => String::new(),
        (Some(from), None) => format!("{} 起", from.iso()),
        (None, Some(until)) => format!("至 {}", until.iso()),
        (Some(from), Some(until)) => format!("{} 至 {}", from.iso(), until.iso()),
    };
    BasisPart { citation: basis.citation(), holds, unread: basis.status == BasisStatus::ToVerify }
}

fn params(plan: &Plan, owner: &str, params: &IndexMap<String, Parameter>) -> Vec<ParamPart> {
    let local = plan.book.overrides.get(owner);
    let part = |(name, parameter): (&String, &Parameter)| {
        let value = local.and_then(|values| values.get(name));
        ParamPart {
            name: name.clone(),
            title: parameter.title.clone(),
            value: value.unwrap_or(&parameter.default).words(),
            default: value.map_or_else(String::new, |_| parameter.default.words()),
            status: status_words(parameter.status),
            // What the authors chose nobody has confirmed either.
            confirm: parameter.status != ParameterStatus::Sourced,
            chosen: parameter.status == ParameterStatus::DesignChoice,
        }
    };
    params.iter().map(part).collect()
}

const fn status_words(status: ParameterStatus) -> &'static str {
    match status {
        ParameterStatus::Sourced => "有出处",
        ParameterStatus::DesignChoice => "设计取值，待客户确认",
        ParameterStatus::ToConfirm => "待客户确认",
    }
}

/// What makes two findings about one subject two cases.
const fn event_words(event: EventKind) -> &'static str {
    match event {
        EventKind::SchoolYear => "每学年一条",
        EventKind::Day => "每个发生日期一条",
        EventKind::DayOrSchoolYear => "每个发生日期一条，日期不详的每学年一条",
        EventKind::Month => "每个所属月份一条",
        EventKind::RowKey => "每份证件或记录一条",
        EventKind::Extract => "每份数据一条",
        EventKind::None => "每人一条",
    }
}

/// The cases beside a rule or policy.
fn cases_of<T: DeserializeOwned>(file: &str) -> Result<T, HandbookError> {
    let path = Path::new(file).with_extension("cases.toml");
    let failed = |message: String| HandbookError::Cases { path: path.clone(), message };
    let text = fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
    toml::from_str(&text).map_err(|error| failed(error.message().to_owned()))
}

/// All parameters of rules, views and policies that wait for the client's word.
fn confirm(plan: &Plan) -> Vec<Confirm> {
    let rules = plan.book.rules.iter().map(|rule| (&rule.id, &rule.header.title, &rule.header.params));
    let views = plan.book.views.iter().map(|view| (&view.name, &view.header.title, &view.header.params));
    let policies =
        plan.book.policies.iter().map(|policy| (&policy.id, &policy.header.title, &policy.header.params));
    let all = rules.chain(views).chain(policies).flat_map(|(owner, title, declared)| {
        let waiting = params(plan, owner, declared).into_iter().filter(|part| part.confirm);
        waiting.map(|part| Confirm {
            owner: owner.clone(),
            owner_title: title.clone(),
            title: part.title,
            value: part.value,
            status: part.status,
            chosen: part.chosen,
        })
    });
    all.collect()
}

fn view_parts(plan: &Plan, read: &BTreeMap<String, Vec<String>>) -> Vec<ViewPart> {
    let part = |view: &rule::View| ViewPart {
        name: view.name.clone(),
        title: view.header.title.clone(),
        params: params(plan, &view.name, &view.header.params),
        read_by: read.values().filter(|views| views.contains(&view.name)).count(),
    };
    plan.book.views.iter().map(part).collect()
}

fn unwritten(row: BookRow) -> Option<Unwritten> {
    (row.standing != Standing::Runs).then(|| Unwritten {
        rule: row.rule,
        title: row.title,
        list: row.list,
        priority: row.priority.map_or("", crate::tables::Priority::mark),
        standing: row.standing.words(),
    })
}
