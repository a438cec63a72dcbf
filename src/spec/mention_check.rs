//! Who is named in a row: a contract's mentions and its register of changes name fields of the right kind.

use std::collections::BTreeSet;

use super::contract_check::Exam;
use crate::diag::Diagnostic;
use crate::domain::{Field, FieldKind, MentionSpec, RelationSource};
use crate::tables::CodeTable;

impl Exam<'_> {
    pub(super) fn mentions(&mut self) {
        let contract = self.contract;
        let mut roles: BTreeSet<&str> = BTreeSet::new();
        for (index, mention) in contract.mention.iter().enumerate() {
            if !roles.insert(&mention.role) {
                let message = format!("role `{}` stands twice", mention.role);
                self.error(&format!("mention[{index}].role"), "role_twice", message);
            }
            self.fields_of(index, mention);
            self.relation_of(index, mention);
            self.columns_of(index, mention);
        }
    }

    fn fields_of(&mut self, index: usize, mention: &MentionSpec) {
        use FieldKind as Kind;
        let at = |key: &str| format!("mention[{index}].{key}");
        self.names_field(&at("name"), &mention.name, &[Kind::Name]);
        let place = [Kind::Text, Kind::Code].as_slice();
        let optional: [(&str, &Option<String>, &[Kind]); 9] = [
            ("former_name", &mention.former_name, &[Kind::Name]),
            ("resident_id", &mention.resident_id, &[Kind::ResidentId]),
            ("birth_date", &mention.birth_date, &[Kind::Date]),
            ("sex", &mention.sex, &[Kind::Sex]),
            ("town", &mention.town, place),
            ("village", &mention.village, place),
            ("phone", &mention.phone, &[Kind::Phone]),
            ("historic_id", &mention.historic_id, &[Kind::RollNumber]),
            ("card_number", &mention.card_number, &[Kind::CardNumber]),
        ];
        for (key, name, kinds) in optional {
            if let Some(name) = name {
                self.names_field(&at(key), name, kinds);
            }
        }
        for (place, name) in mention.address.iter().enumerate() {
            self.names_field(&at(&format!("address[{place}]")), name, &[Kind::Address]);
        }
        for (key, names) in [("local_key", &mention.local_key), ("household", &mention.household)] {
            for (namespace, name) in names {
                self.names_field(&at(&format!("{key}.{namespace}")), name, &[]);
            }
        }
        if let Some(name) = &mention.id_kind
            && let Some(field) = self.names_field(&at("id_kind"), name, &[Kind::Code])
        {
            for (place, label) in mention.id_kind_resident.iter().enumerate() {
                self.names_label(&at(&format!("id_kind_resident[{place}]")), field, label);
            }
        }
    }

    fn relation_of(&mut self, index: usize, mention: &MentionSpec) {
        let at = |key: &str| format!("mention[{index}].{key}");
        let roles = self.contract.mention.iter().map(|other| other.role.as_str());
        match (&mention.of, &mention.relation) {
            (Some(of), _) if *of == mention.role || !roles.clone().any(|role| role == of) => {
                let message = format!("`of` names `{of}`, which is no other role of this contract");
                let fault = Diagnostic::error("unknown_role", self.spot(&at("of")), message);
                self.push(fault.with_near(of, roles.filter(|role| *role != mention.role)));
            }
            (Some(_), None) => {
                let message = format!("role `{}` is related to another, but not told how", mention.role);
                let fault = Diagnostic::error("relation_missing", self.spot(&at("of")), message);
                self.push(
                    fault.with_help(
                        "add `relation = { is = \"guardian\" }` or `relation = { field = \"…\" }`",
                    ),
                );
            }
            (None, Some(_)) => {
                let message = format!("role `{}` has a relation, but to nobody", mention.role);
                let fault = Diagnostic::error("relation_missing", self.spot(&at("relation")), message);
                self.push(fault.with_help("add `of = \"<role>\"`"));
            }
            _ => {}
        }
        if let Some(RelationSource::Field(name)) = &mention.relation
            && let Some(field) = self.names_field(&at("relation.field"), name, &[FieldKind::Code])
        {
            self.labels_are_relations(&at("relation.field"), field);
        }
    }

    /// A label without a line in the table of relations makes its persons strangers to each other.
    fn labels_are_relations(&mut self, path: &str, field: &Field) {
        let Some(tables) = self.known.tables else { return };
        let table = field.table.as_ref().and_then(|name| tables.codes.get(name));
        let labels = table.into_iter().flat_map(CodeTable::labels);
        let unknown: Vec<&str> = labels.filter(|label| !tables.relations.contains_key(*label)).collect();
        if !unknown.is_empty() {
            let message = format!("relations.csv has no line for {}", unknown.join(", "));
            self.push(Diagnostic::warning("relation_unknown", self.spot(path), message));
        }
    }

    /// A role makes columns of its own beside the fields; two of one name cannot be told apart in SQL.
    fn columns_of(&mut self, index: usize, mention: &MentionSpec) {
        const MADE: [&str; 9] =
            ["identity", "grade", "probability", "id_state", "birth", "sex", "town", "village", "group"];
        let contract = self.contract;
        let made = MADE.map(|part| format!("{}_{part}", mention.role));
        for column in made.iter().filter(|column| contract.field.contains_key(*column)) {
            let message = format!("role `{}` makes a column `{column}`, which is a field too", mention.role);
            let fault =
                Diagnostic::error("column_twice", self.spot(&format!("mention[{index}].role")), message);
            self.push(fault.with_help("give the field another name; its headings may stay"));
        }
    }

    pub(super) fn id_history(&mut self) {
        let Some(history) = &self.contract.id_history else { return };
        self.names_field("id_history.person", &history.person, &[]);
        self.names_field("id_history.before", &history.before, &[]);
        if let Some(after) = &history.after {
            self.names_field("id_history.after", after, &[]);
        }
        if let Some(field) = self.names_field("id_history.kind", &history.kind, &[FieldKind::Code]) {
            for (key, labels) in [("id_kinds", &history.id_kinds), ("name_kinds", &history.name_kinds)] {
                for (index, label) in labels.iter().enumerate() {
                    self.names_label(&format!("id_history.{key}[{index}]"), field, label);
                }
            }
        }
        if !self.known.namespaces.contains(&history.namespace) {
            let message = format!("no contract has local keys of the namespace `{}`", history.namespace);
            let fault = Diagnostic::error("unknown_namespace", self.spot("id_history.namespace"), message);
            let known = self.known.namespaces.iter().map(String::as_str);
            self.push(fault.with_near(&history.namespace, known));
        }
    }
}
