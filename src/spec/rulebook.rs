//! Rules, views and their local parameters: read, checked by themselves and against all the rest.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::compile::Draft;
use super::read::{files_of, stems, unreadable};
use super::schemas::Schemas;
use super::toml_check::{KeyLines, check_toml_at};
use crate::diag::{Diagnostic, Spot};
use crate::domain::Day;
use crate::engine::{Parameters, Value};
use crate::report::{Desk, Docket, RuleFacts};
use crate::rule::{
    self, Book, KeptView, Parameter, Policy, PolicyHeader, Rule, RuleHeader, View, ViewHeader,
};

/// Folder of views when the pipeline names none.
const VIEWS: &str = "views";

/// Rules and views of a plan.
pub(super) struct Rulebook {
    /// What runs.
    pub(super) book: Book,
    /// Ids of all rules in the folder.
    pub(super) in_folder: Vec<String>,
    /// Lines of the rules' heads, in the order of the book.
    heads: Vec<KeyLines>,
}

impl Rulebook {
    /// Reads what the pipeline names and checks it over empty tables.
    pub(super) fn read(draft: &mut Draft, schemas: &Schemas, as_of: Option<Day>) -> Self {
        let mut rulebook = Self { book: Book::default(), in_folder: Vec::new(), heads: Vec::new() };
        let mut broken = schemas.broken.clone();
        rulebook.read_views(draft, &mut broken);
        let folder = draft.raw.rules.folder.clone();
        if let Some(folder) = draft.existing("rules.folder", &folder, "the folder of rules") {
            rulebook.in_folder = stems(&folder, "sql");
            rulebook.read_rules(draft, &folder);
            rulebook.read_policies(draft);
            rulebook.read_parameters(draft, &broken);
        }
        rulebook.book.kept = schemas.desk.iter().flat_map(kept).collect();
        rulebook.check_ledgers(draft, schemas);
        rulebook.check_parts(draft, schemas);
        rulebook.check_names(draft, schemas);
        for policy in &rulebook.book.policies {
            check_policy_class(policy, schemas, &mut draft.problems);
        }
        for (rule, lines) in rulebook.book.rules.iter().zip(&rulebook.heads) {
            check_desk(rule, lines, schemas, &mut draft.problems);
            check_pulled(rule, lines, draft, schemas);
        }
        // Without contracts every table is unknown, which has been told once.
        if !schemas.files.is_empty() {
            rulebook.check_sql(draft, schemas, broken, as_of);
        }
        rulebook
    }

    fn read_views(&mut self, draft: &mut Draft, broken: &mut BTreeSet<String>) {
        let folder = match draft.raw.rules.views.clone() {
            Some(written) => draft.existing("rules.views", &written, "the folder of views"),
            None => draft.path("rules.views", VIEWS),
        };
        let files = folder.map(|folder| files_of(&folder, "sql")).unwrap_or_default();
        for path in files {
            let file = path.display().to_string();
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let read = read_sql(draft, &path, &format!("view/{name}"), Spot::file(file.as_str()));
            let view = read.and_then(|text| {
                let _: KeyLines = head_lines::<ViewHeader>(&file, &text)?;
                rule::parse_view(&file, &text)
            });
            match view {
                Ok(view) => self.book.views.push(view),
                Err(found) => {
                    draft.problems.extend(found);
                    broken.insert(name);
                }
            }
        }
    }

    fn read_policies(&mut self, draft: &mut Draft) {
        let Some(written) = draft.raw.rules.policies.clone() else { return };
        let Some(folder) = draft.existing("rules.policies", &written, "the folder of policies") else {
            return;
        };
        for path in files_of(&folder, "sql") {
            let file = path.display().to_string();
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let read = read_sql(draft, &path, &format!("policy/{name}"), Spot::file(file.as_str()));
            let policy = read.and_then(|text| {
                let _: KeyLines = head_lines::<PolicyHeader>(&file, &text)?;
                rule::parse_policy(&file, &text)
            });
            match policy {
                Ok(policy) => self.book.policies.push(policy),
                Err(found) => draft.problems.extend(found),
            }
        }
    }

    fn read_rules(&mut self, draft: &mut Draft, folder: &Path) {
        let known = self.in_folder.clone();
        let mut seen = BTreeSet::new();
        for (index, id) in draft.raw.rules.run.clone().into_iter().enumerate() {
            let spot = draft.lines.spot(&format!("rules.run[{index}]"));
            if !seen.insert(id.clone()) {
                draft.problems.push(Diagnostic::error(
                    "rule_twice",
                    spot,
                    format!("rule `{id}` stands twice"),
                ));
                continue;
            }
            if !known.contains(&id) {
                let message = format!("there is no rule `{id}` in {}", folder.display());
                let fault = Diagnostic::error("unknown_rule", spot, message);
                draft.problems.push(fault.with_near(&id, known.iter().map(String::as_str)));
                continue;
            }
            let path = folder.join(format!("{id}.sql"));
            let file = path.display().to_string();
            let rule = read_sql(draft, &path, &format!("rule/{id}"), spot).and_then(|text| {
                let lines = head_lines::<RuleHeader>(&file, &text)?;
                Ok((rule::parse(&file, &text)?, lines))
            });
            match rule {
                Ok((rule, lines)) => {
                    self.book.rules.push(rule);
                    self.heads.push(lines);
                }
                Err(found) => draft.problems.extend(found),
            }
        }
        if draft.raw.rules.run.is_empty() && draft.shaped {
            let message = "the pipeline runs no rule, so its lists stay empty";
            draft.problems.push(Diagnostic::warning("no_rule", draft.lines.spot("rules.run"), message));
        }
    }

    /// Local values; only those that fit go into the book.
    fn read_parameters(&mut self, draft: &mut Draft, broken: &BTreeSet<String>) {
        for (owner, values) in draft.raw.rules.param.clone() {
            let path = format!("rules.param.{owner}");
            let spot = draft.lines.spot(&path);
            let Some(declared) = self.parameters(&owner).cloned() else {
                // What cannot be read, or is not run, may well have the parameter.
                let runs = draft.raw.rules.run.contains(&owner);
                if self.in_folder.contains(&owner) && !runs {
                    let message = format!("parameters for `{owner}`, which this pipeline does not run");
                    draft.problems.push(Diagnostic::warning("parameter_unused", spot, message));
                } else if !runs && !broken.contains(&owner) {
                    let message = format!("parameters for `{owner}`, which is no rule or view");
                    let views = self.book.views.iter().map(|view| view.name.as_str());
                    let known = self.in_folder.iter().map(String::as_str).chain(views);
                    let fault = Diagnostic::error("unknown_rule", spot, message).with_near(&owner, known);
                    draft.problems.push(fault);
                }
                continue;
            };
            let mut fitting = Parameters::new();
            for (name, value) in values {
                let spot = draft.lines.spot(&format!("{path}.{name}"));
                match parameter_fault(&owner, &declared, &name, &value, spot) {
                    Some(fault) => draft.problems.push(fault),
                    None => drop(fitting.insert(name, value)),
                }
            }
            self.book.overrides.insert(owner, fitting);
        }
    }

    fn parameters(&self, owner: &str) -> Option<&IndexMap<String, Parameter>> {
        let rule = self.book.rule(owner);
        let policy = self.book.policies.iter().find(|policy| policy.id == owner);
        rule.map(|rule| &rule.header.params)
            .or_else(|| self.book.view(owner).map(|view| &view.header.params))
            .or_else(|| policy.map(|policy| &policy.header.params))
    }

    /// Rules that a ledger leaves out exist.
    fn check_ledgers(&self, draft: &mut Draft, schemas: &Schemas) {
        for docket in schemas.desk.iter().flat_map(|desk| &desk.dockets) {
            let named = docket.template.part.iter().flat_map(|part| &part.without_rules);
            for rule in named.filter(|rule| !self.in_folder.contains(rule)) {
                let message = format!("the ledger leaves out `{rule}`, which is no rule");
                let fault = Diagnostic::error("unknown_rule", Spot::file(docket.file.as_str()), message);
                draft.problems.push(fault.with_near(rule, self.in_folder.iter().map(String::as_str)));
            }
        }
    }

    /// Rules that a list puts on a sheet of their own are written or agreed on, and are of that list.
    fn check_parts(&self, draft: &mut Draft, schemas: &Schemas) {
        let Some(desk) = &schemas.desk else { return };
        let agreed = schemas.tables.as_ref().map(|tables| &tables.rule_book);
        for template in &desk.templates {
            for rule in template.part.iter().flat_map(|part| &part.rules) {
                let spot = Spot::file(template.list.as_str());
                let known =
                    self.in_folder.contains(rule) || agreed.is_some_and(|book| book.entry(rule).is_some());
                let of = self.book.rule(rule).and_then(|rule| desk.template(&rule.header.list));
                if !known {
                    let message = format!("a part of the list takes `{rule}`, which is no rule");
                    let fault = Diagnostic::error("unknown_rule", spot, message);
                    draft.problems.push(fault.with_near(rule, self.in_folder.iter().map(String::as_str)));
                } else if let Some(other) = of.filter(|of| of.list != template.list) {
                    let message =
                        format!("a part of the list takes `{rule}`, which is of the list `{}`", other.list);
                    draft.problems.push(Diagnostic::error("part_rule", spot, message));
                }
            }
        }
    }

    /// A view and a table of one name would hide each other.
    fn check_names(&self, draft: &mut Draft, schemas: &Schemas) {
        let decisions = schemas.tables.iter().flat_map(|tables| tables.decisions.keys());
        let taken: BTreeSet<&String> = schemas.contracts.keys().chain(decisions).collect();
        for view in self.book.views.iter().filter(|view| taken.contains(&view.name)) {
            let message = format!("view `{}` has the name of an extract or decision table", view.name);
            let fault = Diagnostic::error("view_name", Spot::file(view.file.as_str()), message);
            draft.problems.push(fault.with_help("rename the file and the queries that read it"));
        }
    }

    /// The SQL over empty tables. What reads something broken is left out: its faults would only echo
    /// the one that has been told.
    fn check_sql(
        &self,
        draft: &mut Draft,
        schemas: &Schemas,
        mut broken: BTreeSet<String>,
        as_of: Option<Day>,
    ) {
        let mut views: Vec<View> = self.book.views.clone();
        loop {
            let (hurt, sound): (Vec<View>, Vec<View>) =
                views.into_iter().partition(|view| names_any(&view.sql, &broken));
            views = sound;
            if hurt.is_empty() {
                break;
            }
            broken.extend(hurt.into_iter().map(|view| view.name));
        }
        let whole = |rule: &&Rule| !names_any(&rule.sql, &broken);
        let rules: Vec<Rule> = self.book.rules.iter().filter(whole).cloned().collect();
        let overrides = self.book.overrides.iter();
        let overrides = overrides.filter(|(owner, _)| {
            rules.iter().any(|rule| rule.id == **owner)
                || views.iter().any(|view| view.name == **owner)
                || self.book.policies.iter().any(|policy| policy.id == **owner)
        });
        let overrides = overrides.map(|(owner, values)| (owner.clone(), values.clone())).collect();
        // A gap rule that could not be read, or is left out here, has been told already.
        let lost = self.book.rules.len() < draft.raw.rules.run.len();
        let has = |rules: &[Rule], id: &String| rules.iter().any(|rule| rule.id == *id);
        let told = |id: &String| !has(&rules, id) && (lost || has(&self.book.rules, id));
        let whole =
            |policy: &&Policy| !names_any(&policy.sql, &broken) && !policy.header.gap_rules.iter().any(&told);
        let policies: Vec<Policy> = self.book.policies.iter().filter(whole).cloned().collect();
        let missing = |kept: &&KeptView| broken.contains(&kept.view);
        let kept = self.book.kept.iter().filter(|kept| !missing(kept)).cloned().collect();
        let book = Book { rules, views, policies, kept, overrides };
        let decisions = schemas.tables.as_ref().map(|tables| tables.decisions.clone()).unwrap_or_default();
        let day = as_of.unwrap_or(Day::from_days(0));
        let found = rule::check(&book, &schemas.contracts, &decisions, &schemas.basis, day);
        for mut problem in found {
            // Without a day nothing has run out, and without the table nothing is missing from it.
            let moot = (problem.code == "basis_expired" && as_of.is_none())
                || (problem.code == "basis_unknown" && !schemas.has_basis);
            if moot {
                continue;
            }
            if problem.code == "basis_unknown" && problem.help.is_none() {
                let key = quoted(&problem.message).unwrap_or_default().to_owned();
                problem = problem.with_near(&key, schemas.basis.keys().map(String::as_str));
            }
            let rules = book.rules.iter().map(|rule| (&rule.file, &rule.sql));
            let policies = book.policies.iter().map(|policy| (&policy.file, &policy.sql));
            let mut texts =
                rules.chain(book.views.iter().map(|view| (&view.file, &view.sql))).chain(policies);
            if let Some((_, text)) = texts.find(|(file, _)| **file == problem.spot.file)
                && problem.spot.line == 0
            {
                problem.spot.line = quoted(&problem.message).map_or(0, |word| line_naming(text, word));
            }
            draft.problems.push(problem);
        }
    }
}

/// The views of which ledgers show every row.
fn kept(desk: &Desk) -> impl Iterator<Item = KeptView> {
    let of = |docket: &Docket| KeptView {
        view: docket.template.view.clone(),
        file: docket.file.clone(),
        columns: docket.template.column.iter().map(|column| column.name.clone()).collect(),
        reads: docket.template.reads.clone(),
        optional_reads: docket.template.optional_reads.clone(),
        basis: docket.template.basis.clone(),
    };
    desk.dockets.iter().map(of)
}

/// The text of a rule or view; it counts for the digest as `part`.
fn read_sql(draft: &mut Draft, path: &Path, part: &str, spot: Spot) -> Result<String, Vec<Diagnostic>> {
    let text = fs::read_to_string(path).map_err(|error| vec![unreadable(spot, "the query", path, &error)])?;
    draft.print.add(part, text.as_bytes());
    Ok(text)
}

/// The lines of a head that has the right shape, else all that is wrong with its shape.
fn head_lines<T: JsonSchema + DeserializeOwned + 'static>(
    file: &str,
    text: &str,
) -> Result<KeyLines, Vec<Diagnostic>> {
    let (head, first) = rule::head_text(file, text)?;
    check_toml_at::<T>(file, &head, first - 1).map(|(_, lines)| lines)
}

fn parameter_fault(
    owner: &str,
    declared: &IndexMap<String, Parameter>,
    name: &str,
    value: &Value,
    spot: Spot,
) -> Option<Diagnostic> {
    let Some(parameter) = declared.get(name) else {
        let message = format!("`{owner}` has no parameter `{name}`");
        let fault = Diagnostic::error("unknown_parameter", spot, message);
        return Some(fault.with_near(name, declared.keys().map(String::as_str)));
    };
    if parameter.default.accepts(value) {
        return None;
    }
    let message = format!("parameter `{name}` of `{owner}` must be {}", kind_of(&parameter.default));
    Some(Diagnostic::error("parameter_kind", spot, message))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Flag(_) => "true or false",
        Value::Integer(_) => "a whole number",
        Value::Decimal(_) => "a number",
        Value::Text(_) => "a text in quotes",
        Value::Texts(_) => "a list of texts",
        Value::Day(_) => "a day in quotes",
    }
}

/// Lists, recipients and disclosure classes that a rule names.
fn check_desk(rule: &Rule, lines: &KeyLines, schemas: &Schemas, problems: &mut Vec<Diagnostic>) {
    let Some(desk) = &schemas.desk else { return };
    let head = &rule.header;
    let facts = RuleFacts {
        id: rule.id.clone(),
        title: head.title.clone(),
        list: head.list.clone(),
        severity: head.severity,
        recipients: head.recipients.clone(),
        due_days: head.due_days,
        basis: Vec::new(),
        verify: Vec::new(),
        discloses: Vec::new(),
    };
    for mut problem in desk.check_rule(&facts) {
        if problem.code == "unknown_list" && schemas.broken_lists.contains(&head.list) {
            continue;
        }
        problem.spot = lines.spot(if problem.code == "unknown_list" { "list" } else { "recipients" });
        problems.push(problem);
    }
    check_classes(rule, lines, schemas, problems);
    let classes: BTreeSet<&str> = desk.disclosure.classes().collect();
    for (name, column) in &head.columns {
        if let Some(class) = column.class.as_deref().filter(|class| !classes.contains(class)) {
            let spot = lines.spot(&format!("columns.{name}.class"));
            let message = format!("disclosure.csv has no class `{class}`");
            let fault = Diagnostic::error("unknown_class", spot, message);
            problems.push(fault.with_near(class, classes.iter().copied()));
        }
    }
}

fn check_policy_class(policy: &Policy, schemas: &Schemas, problems: &mut Vec<Diagnostic>) {
    let Some(desk) = &schemas.desk else { return };
    let class = policy.header.class.as_str();
    if desk.disclosure.classes().any(|known| known == class) {
        return;
    }
    let line = line_naming(&policy.sql, class);
    let message = format!("disclosure.csv has no class `{class}`");
    let fault = Diagnostic::error("unknown_class", Spot::line(policy.file.as_str(), line), message);
    problems.push(fault.with_near(class, desk.disclosure.classes()));
}

/// Every value that a rule shows or names in its sentence has a disclosure class in the template of its list:
/// nothing reaches an officer that nobody has classed, and nothing is left out at night without a word.
fn check_classes(rule: &Rule, lines: &KeyLines, schemas: &Schemas, problems: &mut Vec<Diagnostic>) {
    let head = &rule.header;
    let Some(template) = schemas.desk.as_ref().and_then(|desk| desk.template(&head.list)) else { return };
    let columns: BTreeSet<&str> = head.columns.keys().map(String::as_str).collect();
    let names = rule::sentence_names(&head.reason);
    let of_sentence = names.iter().map(String::as_str).filter(|name| !columns.contains(name));
    let told = columns.iter().map(|name| (*name, format!("columns.{name}")));
    for (name, key) in told.chain(of_sentence.map(|name| (name, "reason".to_owned()))) {
        if template.class_of(name).is_some() {
            continue;
        }
        let message = format!("`{name}` has no disclosure class in the list `{}`", template.list);
        let help = format!(
            "add [detail.{name}] to the template of the list, or `{name} = \"<class>\"` to its [sentence] when it \
             stands in the sentence only"
        );
        problems.push(Diagnostic::error("class_missing", lines.spot(&key), message).with_help(help));
    }
}

/// A rule over an extract that is never pulled never runs. That may be meant, so it is a warning.
fn check_pulled(rule: &Rule, lines: &KeyLines, draft: &mut Draft, schemas: &Schemas) {
    let head = &rule.header;
    let reads = head.reads.iter().enumerate().map(|(index, extract)| (format!("reads[{index}]"), extract));
    let absent = head.absent_from.iter().map(|role| ("absent_from".to_owned(), &role.extract));
    for (path, extract) in reads.chain(absent) {
        if schemas.contracts.contains_key(extract) && !draft.pulls(extract) {
            let message =
                format!("the rule needs `{extract}`, which the pipeline does not pull: it never runs");
            draft.problems.push(
                Diagnostic::warning("extract_not_pulled", lines.spot(&path), message)
                    .with_help(format!("add [source.{extract}], or leave `{}` out of rules.run", rule.id)),
            );
        }
    }
}

/// Words of a text, as SQL and TOML names are written.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
}

fn names_any(text: &str, names: &BTreeSet<String>) -> bool {
    words(text).any(|word| names.contains(word))
}

/// The first word in backquotes: what a message is about.
fn quoted(message: &str) -> Option<&str> {
    message.split('`').nth(1)
}

/// The first line that holds what a message is about; 0 where none does.
fn line_naming(text: &str, name: &str) -> u32 {
    let holds = |line: &str| {
        let quoted = line.contains(&format!("\"{name}\""));
        quoted || words(line).any(|word| word == name)
    };
    let line = text.lines().position(holds);
    line.map_or(0, |index| u32::try_from(index + 1).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_whole_words() {
        let names = BTreeSet::from(["death".to_owned()]);
        assert!(names_any("FROM death d", &names));
        assert!(!names_any("FROM death_date d", &names));
        assert_eq!(line_naming("-- basis = [\"law#5\"]\nlaws", "law#5"), 1);
        assert_eq!(line_naming("law_a\nlaw", "law"), 2);
        assert_eq!(line_naming("a", "b"), 0);
        assert_eq!(quoted("basis `law#5` is not in force"), Some("law#5"));
    }
}
