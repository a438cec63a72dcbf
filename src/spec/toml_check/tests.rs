//! One document for each message; the exact text is the contract with whoever reads it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Sample {
    title: String,
    version: u8,
    #[serde(default)]
    share_max: Option<f64>,
    #[serde(default)]
    rules: Vec<String>,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    field: BTreeMap<String, Part>,
    #[serde(default)]
    mention: Vec<Part>,
    #[serde(default)]
    relation: Option<Source>,
    #[serde(default)]
    model: Option<Model>,
    #[serde(default)]
    span: Option<(u8, u8)>,
    #[serde(default)]
    values: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// Plain.
    #[default]
    Text,
    /// A day.
    Date,
    /// From a table.
    Code,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Part {
    headers: Vec<String>,
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default)]
    required: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Source {
    /// Told by itself.
    Is(Kind),
    /// Told by a field.
    Field(String),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, tag = "use", rename_all = "snake_case")]
enum Model {
    /// From a file.
    Frozen { file: String },
    /// Estimated.
    Fit { seed: u64 },
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Day {
    #[serde(deserialize_with = "even")]
    #[schemars(with = "u32")]
    number: u32,
}

fn even<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let number = u32::deserialize(from)?;
    if number % 2 == 0 { Ok(number) } else { Err(serde::de::Error::custom("not even")) }
}

const HEAD: &str = "title = \"x\"\nversion = 1\n";

/// All diagnostics of the head with `tail` behind it, as they are shown.
fn shown(tail: &str) -> Vec<String> {
    shown_whole(&format!("{HEAD}{tail}"))
}

fn shown_whole(text: &str) -> Vec<String> {
    match check_toml::<Sample>("a.toml", text) {
        Ok(_) => Vec::new(),
        Err(diagnostics) => diagnostics.iter().map(ToString::to_string).collect(),
    }
}

const NONE: &[&str] = &[];

#[test]
fn a_right_document_is_read_and_its_lines_are_known() {
    let text = format!(
        "{HEAD}kind = \"date\"\nrules = [\n  \"a\",\n  \"b\",\n]\nspan = [1, 2]\n\
         relation = {{ is = \"code\" }}\n[model]\nuse = \"fit\"\nseed = 3\n\
         [field.one]\nheaders = []\n[[mention]]\nheaders = []\n[[mention]]\nheaders = [\"h\"]\nkind = \"date\"\n\
         [values]\nanything = [1, {{ x = 2 }}]\n"
    );
    let (value, lines) = check_toml_at::<Sample>("a.toml", &text, 0).unwrap();
    assert_eq!(value.title, "x");
    assert_eq!(value.version, 1);
    assert!(matches!(value.kind, Kind::Date));
    assert!(matches!(value.relation, Some(Source::Is(Kind::Code))));
    assert!(matches!(value.model, Some(Model::Fit { seed: 3 })));
    assert_eq!(value.span, Some((1, 2)));
    assert_eq!((value.rules.len(), value.field.len(), value.mention.len()), (2, 1, 2));
    assert!(!value.mention[1].required && value.mention[1].kind.is_some());
    assert_eq!((value.share_max, value.values.len()), (None, 1));
    assert_eq!(value.field["one"].headers, value.mention[0].headers);
    let field = check_toml::<Sample>("a.toml", &format!("{HEAD}relation.field = \"f\"\n")).unwrap();
    assert!(matches!(field.relation, Some(Source::Field(name)) if name == "f"));
    let frozen = check_toml::<Sample>("a.toml", &format!("{HEAD}[model]\nuse = \"frozen\"\nfile = \"m\"\n"));
    assert!(matches!(frozen.unwrap().model, Some(Model::Frozen { file }) if file == "m"));
    for (path, line) in [
        ("title", 1),
        ("rules[1]", 6),
        ("relation.is", 9),
        ("model.seed", 12),
        ("field.one.headers", 14),
        ("mention[1].headers", 18),
        ("mention[1].headers[0].deeper", 18),
        ("mention[1]", 17),
    ] {
        assert_eq!(lines.spot(path), Spot::line("a.toml", line), "{path}");
    }
    assert_eq!(lines.spot("nowhere.at.all"), Spot::file("a.toml"));
}

#[test]
fn syntax_errors_name_their_line() {
    assert_eq!(
        shown("rules = [\"a\"\nkind = \"text\"\n"),
        ["error[toml_syntax]: missing comma between array elements, expected `,`\n  --> a.toml:4"]
    );
    assert_eq!(
        shown("kind == \"text\"\n[field.a\nheaders = []\n"),
        [
            "error[toml_syntax]: extra `=`, expected nothing\n  --> a.toml:3",
            "error[toml_syntax]: unclosed table, expected `]`\n  --> a.toml:4",
        ]
    );
    assert_eq!(shown("title = \"again\"\n"), ["error[toml_syntax]: duplicate key\n  --> a.toml:3"]);
}

#[test]
fn unknown_keys_are_all_told_with_the_nearest_known_one() {
    assert_eq!(
        shown("titel = 1\n[field.a]\nheaders = []\nrequierd = true\n"),
        [
            "error[unknown_key]: unknown key `titel`\n  --> a.toml:3\n  help: did you mean `title`? known keys: \
             field, kind, mention, model, relation, rules, share_max, span, title, values, version",
            "error[unknown_key]: unknown key `requierd` in `field.a`\n  --> a.toml:6\n  help: did you mean \
             `required`? known keys: headers, kind, required",
        ]
    );
    assert_eq!(
        shown("[field.a]\nheaders = []\nzzzzzzzz = true\n"),
        [
            "error[unknown_key]: unknown key `zzzzzzzz` in `field.a`\n  --> a.toml:5\n  help: known keys: headers, \
          kind, required"
        ]
    );
}

#[test]
fn a_misspelt_key_is_not_also_missing() {
    assert_eq!(
        shown_whole("titel = \"x\"\nversion = 1\n"),
        [
            "error[unknown_key]: unknown key `titel`\n  --> a.toml:1\n  help: did you mean `title`? known keys: \
             field, kind, mention, model, relation, rules, share_max, span, title, values, version"
        ]
    );
}

#[test]
fn missing_keys_name_the_table_they_are_missing_in() {
    assert_eq!(
        shown_whole("kind = \"text\"\n"),
        [
            "error[missing_key]: missing key `title`\n  --> a.toml:1",
            "error[missing_key]: missing key `version`\n  --> a.toml:1",
        ]
    );
    assert_eq!(
        shown("[field.a]\nrequired = true\n\n[[mention]]\nheaders = []\n\n[[mention]]\nrequired = false\n"),
        [
            "error[missing_key]: missing key `headers` in `field.a`\n  --> a.toml:3",
            "error[missing_key]: missing key `headers` in `mention[1]`\n  --> a.toml:9",
        ]
    );
    assert_eq!(
        shown("field.a = { required = true }\n"),
        ["error[missing_key]: missing key `headers` in `field.a`\n  --> a.toml:3"]
    );
}

#[test]
fn wrong_types_say_what_is_wanted() {
    assert_eq!(
        shown("rules = \"a\"\nshare_max = \"0.1\"\nkind = 2026-01-01\nfield = [1]\n"),
        [
            "error[wrong_type]: `rules` must be a list, not a string\n  --> a.toml:3\n  help: write the value in \
             square brackets",
            "error[wrong_type]: `share_max` must be a number, not a string\n  --> a.toml:4\n  help: write the value \
             without quotes",
            "error[wrong_type]: `kind` must be a string, not a date without quotes\n  --> a.toml:5\n  help: write \
             the date in quotes",
            "error[wrong_type]: `field` must be a table, not a list\n  --> a.toml:6",
        ]
    );
    assert_eq!(
        shown("rules = [\n  \"a\",\n  true,\n]\n"),
        ["error[wrong_type]: `rules[1]` must be a string, not true or false\n  --> a.toml:5"]
    );
    assert_eq!(shown("share_max = 1\n"), NONE);
}

#[test]
fn unknown_words_show_the_known_ones() {
    assert_eq!(
        shown("kind = \"dat\"\n[field.a]\nheaders = []\nkind = \"colour\"\n"),
        [
            "error[unknown_value]: unknown value `dat` for `kind`\n  --> a.toml:3\n  help: did you mean `date`? known \
             values: code, date, text",
            "error[unknown_value]: unknown value `colour` for `field.a.kind`\n  --> a.toml:6\n  help: known values: \
             code, date, text",
        ]
    );
}

#[test]
fn numbers_out_of_range_and_lists_of_the_wrong_length_are_told() {
    assert_eq!(
        shown_whole("title = \"x\"\nversion = 256\nspan = [1, 2, 3]\n"),
        [
            "error[out_of_range]: `version` must be at most 255\n  --> a.toml:2",
            "error[out_of_range]: `span` must have at most 2 items, not 3\n  --> a.toml:3",
        ]
    );
    assert_eq!(
        shown_whole("title = \"x\"\nversion = -1\n"),
        ["error[out_of_range]: `version` must be at least 0\n  --> a.toml:2"]
    );
}

#[test]
fn tagged_choices_report_the_one_that_was_meant() {
    assert_eq!(
        shown("relation = { is = \"dat\" }\n"),
        [
            "error[unknown_value]: unknown value `dat` for `relation.is`\n  --> a.toml:3\n  help: did you mean `date`? \
          known values: code, date, text"
        ]
    );
    assert_eq!(
        shown("relation = { feild = \"x\" }\n"),
        [
            "error[unknown_key]: unknown key `feild` in `relation`\n  --> a.toml:3\n  help: did you mean `field`? known \
          keys: field, is"
        ]
    );
    assert_eq!(
        shown("[model]\nuse = \"frozen\"\nseed = 1\n"),
        [
            "error[missing_key]: missing key `file` in `model`\n  --> a.toml:3",
            "error[unknown_key]: unknown key `seed` in `model`\n  --> a.toml:5\n  help: known keys: file, use",
        ]
    );
    assert_eq!(
        shown("[model]\nseed = 1\n"),
        [
            "error[missing_key]: missing key `use` in `model`\n  --> a.toml:3\n  help: known values: fit, frozen"
        ]
    );
    assert_eq!(
        shown("model = \"fit\"\n"),
        ["error[wrong_type]: `model` must be a table, not a string\n  --> a.toml:3"]
    );
    assert_eq!(
        shown("[model]\nuse = \"frosen\"\n"),
        [
            "error[unknown_value]: unknown value `frosen` for `model.use`\n  --> a.toml:4\n  help: did you mean \
          `frozen`? known values: fit, frozen"
        ]
    );
}

#[test]
fn what_only_serde_can_see_is_told_with_its_line() {
    let text = format!("{HEAD}\nvalues = {{}}\nshare_max = 0x10\n");
    assert_eq!(shown_whole(&text), NONE);
    assert_eq!(check_toml::<Day>("b.toml", "number = 2").unwrap().number, 2);
    let diagnostics = check_toml::<Day>("b.toml", "\n\nnumber = 3\n").unwrap_err();
    let shown: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["error[invalid_value]: not even\n  --> b.toml:3"]);
}

#[test]
fn lines_of_a_header_inside_another_file_count_from_its_top() {
    let diagnostics = check_toml_at::<Sample>("r.sql", "title = \"x\"\nzebra = 1\n", 4).unwrap_err();
    let lines: Vec<(&str, u32)> = diagnostics.iter().map(|d| (d.code, d.spot.line)).collect();
    assert_eq!(lines, [("missing_key", 5), ("unknown_key", 6)]);
}
