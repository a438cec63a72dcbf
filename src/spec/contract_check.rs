//! What a contract says that types cannot check: it names fields, tables, labels and classes that exist.

use std::collections::{BTreeMap, BTreeSet};

use globset::GlobBuilder;

use super::read::ContractFile;
use super::toml_check::KeyLines;
use crate::contract::normalised_heading;
use crate::diag::{Diagnostic, Spot};
use crate::domain::{Contract, Day, Field, FieldKind};
use crate::standard::knows_check;
use crate::tables::Tables;

/// Checks that a field may have.
const CHECKS: [&str; 4] = ["not_after:as_of", "not_before:as_of", "not_negative", "not_after:<field>"];

/// What contracts may name.
pub(super) struct Known<'a> {
    /// Tables, when they could be loaded.
    pub(super) tables: Option<&'a Tables>,
    /// Names of code tables, whether or not they could be loaded.
    pub(super) codes: BTreeSet<String>,
    /// Disclosure classes; empty when they could not be read.
    pub(super) classes: BTreeSet<String>,
    /// Namespaces of local keys of all contracts.
    pub(super) namespaces: BTreeSet<String>,
}

/// A contract under examination.
pub(super) struct Exam<'a> {
    pub(super) contract: &'a Contract,
    pub(super) known: &'a Known<'a>,
    lines: &'a KeyLines,
    problems: Vec<Diagnostic>,
}

/// Everything that is wrong with a contract.
pub(super) fn problems(contract: &Contract, lines: &KeyLines, known: &Known<'_>) -> Vec<Diagnostic> {
    let mut exam = Exam { contract, known, lines, problems: Vec::new() };
    exam.files();
    exam.headings();
    for (name, field) in &contract.field {
        exam.field(name, field);
    }
    for (index, name) in contract.key.iter().enumerate() {
        exam.names_field(&format!("key[{index}]"), name, &[]);
    }
    if let Some(name) = &contract.town_field {
        exam.names_field("town_field", name, &[]);
    }
    exam.limits();
    exam.mentions();
    exam.id_history();
    exam.problems
}

/// Patterns that two contracts of one agency share: which of them gets a file is then left to chance.
pub(super) fn shared_patterns(files: &[ContractFile]) -> Vec<Diagnostic> {
    let mut seen: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut problems = Vec::new();
    for file in files {
        let Some((contract, lines)) = &file.read else { continue };
        for (index, pattern) in contract.files.iter().enumerate() {
            if let Some(other) = seen.insert((&file.agency, pattern), &file.extract) {
                let message = format!("`{other}` has the same file pattern");
                problems.push(Diagnostic::error(
                    "pattern_twice",
                    lines.spot(&format!("files[{index}]")),
                    message,
                ));
            }
        }
    }
    problems
}

impl<'a> Exam<'a> {
    pub(super) fn spot(&self, path: &str) -> Spot {
        self.lines.spot(path)
    }

    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.problems.push(diagnostic);
    }

    pub(super) fn error(&mut self, path: &str, code: &'static str, message: String) {
        self.push(Diagnostic::error(code, self.spot(path), message));
    }

    /// The field that is named at `path`, when it exists and is of one of the kinds (none: any).
    pub(super) fn names_field(&mut self, path: &str, name: &str, kinds: &[FieldKind]) -> Option<&'a Field> {
        let contract = self.contract;
        let Some(field) = contract.field.get(name) else {
            let message = format!("`{name}` is no field of this contract");
            let fault = Diagnostic::error("unknown_field", self.spot(path), message);
            self.push(fault.with_near(name, contract.field.keys().map(String::as_str)));
            return None;
        };
        if !kinds.is_empty() && !kinds.contains(&field.kind) {
            let wanted: Vec<&str> = kinds.iter().map(|kind| kind_word(*kind)).collect();
            let message =
                format!("`{name}` is of type {}, this needs {}", kind_word(field.kind), wanted.join(" or "));
            self.error(path, "wrong_kind", message);
            return None;
        }
        Some(field)
    }

    /// A label that must be one of a code field's table.
    pub(super) fn names_label(&mut self, path: &str, field: &Field, label: &str) {
        let table = field.table.as_ref().and_then(|name| self.known.tables?.codes.get(name));
        let Some(table) = table.filter(|table| !table.labels().any(|known| known == label)) else { return };
        let message = format!("`{label}` is no label of its code table");
        let fault = Diagnostic::error("unknown_label", self.spot(path), message);
        self.push(fault.with_near(label, table.labels()));
    }

    fn files(&mut self) {
        if self.contract.files.is_empty() {
            self.error("files", "no_file_pattern", "a contract names its files".to_owned());
        }
        if self.contract.formats.is_empty() {
            self.error("formats", "no_format", "a contract names its formats".to_owned());
        }
        for (index, pattern) in self.contract.files.iter().enumerate() {
            if let Err(error) = GlobBuilder::new(pattern).literal_separator(true).build() {
                let message = format!("use the file pattern: {}", error.kind());
                self.error(&format!("files[{index}]"), "pattern_invalid", message);
            }
        }
    }

    fn headings(&mut self) {
        let contract = self.contract;
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for (name, field) in &contract.field {
            if field.headers.is_empty() {
                self.error(&format!("field.{name}"), "no_heading", format!("field `{name}` has no heading"));
            }
            for (index, heading) in field.headers.iter().enumerate() {
                if let Some(other) = seen.insert(normalised_heading(heading), name) {
                    let message = if other == name {
                        format!("heading `{heading}` stands twice in field `{name}`")
                    } else {
                        format!("heading `{heading}` belongs to the fields `{other}` and `{name}`")
                    };
                    self.error(&format!("field.{name}.headers[{index}]"), "heading_twice", message);
                }
            }
        }
    }

    fn field(&mut self, name: &str, field: &Field) {
        let at = |key: &str| format!("field.{name}.{key}");
        match (&field.table, field.kind) {
            (None, FieldKind::Code) => {
                self.error(&at("type"), "table_missing", format!("code field `{name}` names no table"));
            }
            (Some(_), kind) if kind != FieldKind::Code => {
                let message = format!("field `{name}` has a table and is of type {}", kind_word(kind));
                let fault = Diagnostic::error("table_not_code", self.spot(&at("table")), message);
                self.push(fault.with_help("write `type = \"code\"`, or leave the table out"));
            }
            (Some(table), _) if !self.known.codes.contains(table) => {
                let message = format!("there is no code table `{table}`");
                let fault = Diagnostic::error("unknown_table", self.spot(&at("table")), message);
                let fault = fault.with_near(table, self.known.codes.iter().map(String::as_str));
                let otherwise = || format!("write tables/codes/{table}.csv");
                self.push(Diagnostic { help: Some(fault.help.clone().unwrap_or_else(otherwise)), ..fault });
            }
            _ => {}
        }
        for (index, check) in field.checks.iter().enumerate() {
            if !knows_check(check, self.contract, field.kind) {
                self.unknown_check(&at(&format!("checks[{index}]")), check);
            }
        }
        if let Some(class) = &field.class {
            self.names_class(&at("class"), class);
        }
        for (class, labels) in &field.label_class {
            self.names_class(&at(&format!("label_class.{class}")), class);
            for (index, label) in labels.iter().enumerate() {
                self.names_label(&at(&format!("label_class.{class}[{index}]")), field, label);
            }
        }
        if field.null_share_max.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            self.error(&at("null_share_max"), "out_of_range", "a share lies between 0 and 1".to_owned());
        }
    }

    fn unknown_check(&mut self, path: &str, check: &str) {
        let message = format!("`{check}` is no check for this type of field");
        let fault = Diagnostic::error("unknown_check", self.spot(path), message);
        let fields = self.contract.field.keys().map(String::as_str);
        let near = match check.split_once(':') {
            Some((word @ ("not_after" | "not_before"), other)) => {
                let fault = fault.clone().with_near(other, fields.filter(|field| *field != other));
                fault.help.map(|help| help.replacen('`', &format!("`{word}:"), 1))
            }
            _ => fault.clone().with_near(check, CHECKS).help,
        };
        let otherwise =
            "checks are not_after:as_of, not_after:<field of the same type>, not_before:…, not_negative";
        self.push(fault.with_help(near.unwrap_or_else(|| otherwise.to_owned())));
    }

    fn names_class(&mut self, path: &str, class: &str) {
        if self.known.classes.is_empty() || self.known.classes.contains(class) {
            return;
        }
        let message = format!("disclosure.csv has no class `{class}`");
        let fault = Diagnostic::error("unknown_class", self.spot(path), message);
        self.push(fault.with_near(class, self.known.classes.iter().map(String::as_str)));
    }

    fn limits(&mut self) {
        let contract = self.contract;
        if let Some(day) = contract.cumulative_since.as_ref().filter(|day| Day::parse_iso(day).is_none()) {
            let message = format!("`{day}` is no day");
            let fault = Diagnostic::error("invalid_day", self.spot("cumulative_since"), message);
            self.push(fault.with_help("write the day as YYYY-MM-DD"));
        }
        let tolerance = &contract.tolerance;
        for (key, share) in [
            ("row_count_change_max", tolerance.row_count_change_max),
            ("town_count_change_max", tolerance.town_count_change_max),
            ("quarantined_share_max", tolerance.quarantined_share_max),
        ] {
            if !(0.0..=1.0).contains(&share) {
                let message = format!("{key} is a share and lies between 0 and 1");
                self.error(&format!("tolerance.{key}"), "out_of_range", message);
            }
        }
    }
}

/// A kind of field as contracts write it.
pub(super) fn kind_word(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::Code => "code",
        FieldKind::Date => "date",
        FieldKind::Month => "month",
        FieldKind::Yuan => "yuan",
        FieldKind::Integer => "integer",
        FieldKind::Name => "name",
        FieldKind::ResidentId => "resident_id",
        FieldKind::Phone => "phone",
        FieldKind::Address => "address",
        FieldKind::Sex => "sex",
        FieldKind::CardNumber => "card_number",
        FieldKind::RollNumber => "roll_number",
    }
}
