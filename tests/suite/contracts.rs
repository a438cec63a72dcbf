//! The committed contracts and code tables: they parse, name what exists, and cover the agreement.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use doudi::domain::{Contract, FieldKind, Relation, RelationSource};
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

/// Every extract that the agencies have agreed to deliver.
const AGREED: [&str; 34] = [
    "civil-affairs/adoption",
    "civil-affairs/benefit_payment",
    "civil-affairs/care_agreement",
    "civil-affairs/child_director",
    "civil-affairs/child_roster",
    "civil-affairs/cremation",
    "civil-affairs/disability_subsidy",
    "civil-affairs/social_relief",
    "civil-affairs/visit_log",
    "court/judgment",
    "disability-federation/basic_survey",
    "disability-federation/disability_card",
    "disability-federation/rehabilitation",
    "education/absence",
    "education/dropout_ledger",
    "education/education_aid",
    "education/home_teaching",
    "education/placement",
    "education/roll_change",
    "education/student_roll",
    "emergency/event",
    "health/death_certificate",
    "health/newborn_screening",
    "human-resources/insurance",
    "justice/prison_term",
    "medical-insurance/serious_illness",
    "public-security/birth_registration",
    "public-security/custody",
    "public-security/death_cancellation",
    "public-security/id_change",
    "public-security/minor_alert",
    "public-security/move_out",
    "public-security/population",
    "public-security/residence",
];

/// Roles of mentions that differ from the plain `subject`, in the order of the agreement.
const ROLES: [(&str, &[&str]); 15] = [
    ("child_roster", &["child", "guardian", "father", "mother"]),
    ("student_roll", &["pupil", "member_1", "member_2"]),
    ("population", &["resident", "father", "mother"]),
    ("birth_registration", &["child", "father", "mother"]),
    ("benefit_payment", &["subject", "payee"]),
    ("social_relief", &["subject", "householder"]),
    ("care_agreement", &["child", "carer"]),
    ("adoption", &["subject", "adopter"]),
    ("residence", &["subject", "child"]),
    ("judgment", &["subject", "child"]),
    ("disability_card", &["subject", "guardian"]),
    ("event", &["casualty"]),
    ("newborn_screening", &["child", "mother"]),
    ("id_change", &[]),
    ("cremation", &["subject"]),
];

/// One cell of the relations table, read the way contracts read the word.
#[derive(Deserialize)]
struct RelationLine {
    relation: Relation,
}

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

fn sorted_files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    paths.sort();
    paths
}

/// `agency/extract` → contract, for all committed contracts.
fn contracts() -> BTreeMap<String, Contract> {
    let mut found = BTreeMap::new();
    for agency in std::fs::read_dir(schemas()).unwrap().map(|entry| entry.unwrap().path()) {
        if !agency.is_dir() || agency.ends_with("tables") {
            continue;
        }
        for path in sorted_files(&agency, "toml") {
            let text = std::fs::read_to_string(&path).unwrap();
            let contract =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let agency = agency.file_name().unwrap().to_str().unwrap();
            let extract = path.file_stem().unwrap().to_str().unwrap();
            found.insert(format!("{agency}/{extract}"), contract);
        }
    }
    found
}

/// Rows of a CSV table without its header, which must be the one given.
fn table(path: &Path, header: &[&str]) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), header, "{}", path.display());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn normalised(heading: &str) -> String {
    heading.nfkc().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase()
}

#[test]
fn every_agreed_extract_has_a_contract_and_none_is_left_over() {
    let found: Vec<_> = contracts().into_keys().collect();
    assert_eq!(found, AGREED);
}

#[test]
fn extract_names_are_unique_over_the_agencies() {
    let names: BTreeSet<_> = AGREED.iter().map(|path| path.split_once('/').unwrap().1).collect();
    assert_eq!(names.len(), AGREED.len());
}

#[test]
fn headings_of_one_contract_differ_after_normalisation() {
    for (path, contract) in contracts() {
        let mut seen = BTreeMap::new();
        for (field, spec) in &contract.field {
            assert!(!spec.headers.is_empty(), "{path}.{field} has no heading");
            for heading in &spec.headers {
                let other = seen.insert(normalised(heading), field);
                assert!(other.is_none(), "{path}: {heading} belongs to {field} and {other:?}");
            }
        }
    }
}

#[test]
fn keys_towns_and_checks_name_fields_of_their_contract() {
    for (path, contract) in contracts() {
        let has = |field: &str| contract.field.contains_key(field);
        for field in contract.key.iter().chain(&contract.town_field) {
            assert!(has(field), "{path}: {field}");
        }
        for (field, spec) in &contract.field {
            for check in &spec.checks {
                let known = match check.split_once(':') {
                    Some(("not_after" | "not_before", "as_of")) => true,
                    Some(("not_after" | "not_before", other)) => has(other),
                    _ => check == "not_negative",
                };
                assert!(known, "{path}.{field}: {check}");
            }
        }
    }
}

#[test]
fn code_fields_name_a_committed_table_and_every_table_is_used() {
    let mut used = BTreeSet::new();
    for (path, contract) in contracts() {
        for (field, spec) in &contract.field {
            assert_eq!(spec.kind == FieldKind::Code, spec.table.is_some(), "{path}.{field}");
            used.extend(spec.table.clone());
            let labels: BTreeSet<_> = spec.table.iter().flat_map(|name| code_labels(name)).collect();
            for label in spec.label_class.values().flatten() {
                assert!(labels.contains(label), "{path}.{field}: label_class names {label}");
            }
        }
    }
    let committed: BTreeSet<_> = sorted_files(&schemas().join("tables/codes"), "csv")
        .iter()
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(used, committed);
}

fn code_labels(name: &str) -> BTreeSet<String> {
    let path = schemas().join(format!("tables/codes/{name}.csv"));
    table(&path, &["code", "label", "synonyms"]).into_iter().map(|row| row[1].clone()).collect()
}

#[test]
fn one_code_word_means_one_label() {
    for path in sorted_files(&schemas().join("tables/codes"), "csv") {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for row in table(&path, &["code", "label", "synonyms"]) {
            let (code, label) = (&row[0], &row[1]);
            assert!(!code.is_empty() && !label.is_empty(), "{}", path.display());
            let words: BTreeSet<_> = [code.as_str(), label]
                .into_iter()
                .chain(row[2].split('|').filter(|word| !word.is_empty()))
                .map(normalised)
                .collect();
            for word in words {
                let other = seen.insert(word.clone(), label.clone());
                assert!(other.is_none(), "{}: {word} is {label} and {other:?}", path.display());
            }
        }
    }
}

#[test]
fn mentions_have_the_agreed_roles_and_name_fields_of_the_right_kind() {
    for (path, contract) in contracts() {
        let extract = path.split_once('/').unwrap().1;
        let agreed =
            ROLES.iter().find(|(id, _)| *id == extract).map_or(&["subject"][..], |(_, roles)| *roles);
        let roles: Vec<_> = contract.mention.iter().map(|mention| mention.role.as_str()).collect();
        assert_eq!(roles, agreed, "{path}");
        let kind = |field: &str| contract.field.get(field).map(|spec| spec.kind);
        for mention in &contract.mention {
            let at = format!("{path}.{}", mention.role);
            assert_eq!(kind(&mention.name), Some(FieldKind::Name), "{at}");
            for (field, wanted) in [
                (&mention.former_name, FieldKind::Name),
                (&mention.resident_id, FieldKind::ResidentId),
                (&mention.birth_date, FieldKind::Date),
                (&mention.sex, FieldKind::Sex),
                (&mention.phone, FieldKind::Phone),
                (&mention.historic_id, FieldKind::RollNumber),
                (&mention.card_number, FieldKind::CardNumber),
                (&mention.town, FieldKind::Text),
                (&mention.village, FieldKind::Text),
                (&mention.id_kind, FieldKind::Code),
            ] {
                if let Some(field) = field {
                    assert_eq!(kind(field), Some(wanted), "{at}: {field}");
                }
            }
            for field in &mention.address {
                assert_eq!(kind(field), Some(FieldKind::Address), "{at}: {field}");
            }
            for field in mention.local_key.values().chain(mention.household.values()) {
                assert!(kind(field).is_some(), "{at}: {field}");
            }
            if let Some(of) = &mention.of {
                assert!(roles.contains(&of.as_str()), "{at}: of {of}");
                assert!(mention.relation.is_some(), "{at}: related, but how");
            }
            if let Some(RelationSource::Field(field)) = &mention.relation {
                assert_eq!(kind(field), Some(FieldKind::Code), "{at}: {field}");
            }
        }
    }
}

#[test]
fn every_label_that_tells_a_relation_is_in_the_relations_table() {
    let rows = table(&schemas().join("tables/relations.csv"), &["label", "relation"]);
    let known: BTreeSet<_> = rows.iter().map(|row| row[0].clone()).collect();
    assert_eq!(known.len(), rows.len(), "a label twice");
    for row in &rows {
        let word = format!("relation = \"{}\"", row[1]);
        let line: RelationLine = toml::from_str(&word).unwrap_or_else(|error| panic!("{}: {error}", row[0]));
        assert_ne!(line.relation, Relation::None);
    }
    for contract in contracts().values() {
        for mention in &contract.mention {
            if let Some(RelationSource::Field(field)) = &mention.relation {
                let name = contract.field[field].table.as_ref().unwrap();
                for label in code_labels(name) {
                    assert!(known.contains(&label), "{name}: {label}");
                }
            }
        }
    }
}

#[test]
fn a_register_of_changes_names_fields_labels_and_a_namespace_that_exist() {
    let contracts = contracts();
    let namespaces: BTreeSet<_> =
        contracts.values().flat_map(|c| &c.mention).flat_map(|m| m.local_key.keys().cloned()).collect();
    let mut registers = 0;
    for (path, contract) in &contracts {
        let Some(history) = &contract.id_history else { continue };
        registers += 1;
        for field in [&history.person, &history.kind, &history.before].into_iter().chain(&history.after) {
            assert!(contract.field.contains_key(field), "{path}: {field}");
        }
        assert!(namespaces.contains(&history.namespace), "{path}: {}", history.namespace);
        let labels = code_labels(contract.field[&history.kind].table.as_ref().unwrap());
        for kind in history.id_kinds.iter().chain(&history.name_kinds) {
            assert!(labels.contains(kind), "{path}: {kind}");
        }
    }
    assert_eq!(registers, 1);
}
