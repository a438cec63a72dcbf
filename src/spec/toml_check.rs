//! Reads a TOML document into a Rust type and tells *all* of its problems at once, each with file,
//! line and remedy.
//!
//! In: the text of a file and a type whose JSON Schema `schemars` derives. Out: the value and the
//! line of every key, or every [`Diagnostic`]. The document is walked beside the schema, because
//! serde stops at the first problem. It must never know what a key means: that is the business of
//! whoever compiles the value.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diag::{Diagnostic, Spot, did_you_mean};

/// Most `$ref` steps that are followed for one value; a schema that needs more refers to itself.
const REF_STEPS_MAX: usize = 32;

/// The value of a document when it is right, else everything that is wrong with it.
///
/// # Errors
/// All problems, sorted by line: `toml_syntax`, `unknown_key`, `missing_key`, `wrong_type`,
/// `unknown_value`, `out_of_range`, `invalid_value`.
pub fn check_toml<T: JsonSchema + DeserializeOwned + 'static>(
    file: &str,
    text: &str,
) -> Result<T, Vec<Diagnostic>> {
    check_toml_at(file, text, 0).map(|(value, _)| value)
}

/// The same for TOML inside another file (a header in SQL comments, the prefix already cut off):
/// line 1 of `text` is line `1 + line_offset` of the file. Also gives the lines of all keys, for
/// whoever finds a problem of meaning later.
///
/// # Errors
/// As [`check_toml`].
pub fn check_toml_at<T: JsonSchema + DeserializeOwned + 'static>(
    file: &str,
    text: &str,
    line_offset: u32,
) -> Result<(T, KeyLines), Vec<Diagnostic>> {
    let lines = LineIndex::new(text, line_offset);
    let (document, syntax) = DeTable::parse_recoverable(text);
    if !syntax.is_empty() {
        return Err(report(file, &lines, syntax.iter().map(syntax_problem).collect()));
    }
    let schema = schema::<T>();
    let root = Spanned::new(document.span(), DeValue::Table(document.into_inner()));
    let mut problems = Vec::new();
    Walk { root: &schema }.value(&schema, &root, 0, "", &mut problems);
    if !problems.is_empty() {
        return Err(report(file, &lines, problems));
    }
    match toml::from_str::<T>(text) {
        Ok(value) => Ok((value, KeyLines::collect(file, &lines, &root))),
        Err(error) => Err(report(
            file,
            &lines,
            vec![Problem::new(error.span().map_or(0, |span| span.start), "invalid_value", error.message())],
        )),
    }
}

/// The schema of a type. A pipeline reads hundreds of files of few types, so each is made once.
fn schema<T: JsonSchema + 'static>() -> Arc<Value> {
    static KNOWN: Mutex<BTreeMap<TypeId, Arc<Value>>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let made =
        known.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(schemars::schema_for!(T).to_value()));
    Arc::clone(made)
}

/// The lines of a document that may have other problems; none where it is no TOML at all.
pub(super) fn key_lines(file: &str, text: &str) -> KeyLines {
    let (document, _) = DeTable::parse_recoverable(text);
    let root = Spanned::new(document.span(), DeValue::Table(document.into_inner()));
    KeyLines::collect(file, &LineIndex::new(text, 0), &root)
}

/// The line of every key and array item of a document, by path such as `field.name.headers[1]`.
#[derive(Clone, Debug, Default)]
pub struct KeyLines {
    file: String,
    lines: BTreeMap<String, u32>,
}

impl KeyLines {
    /// Where a path stands; for a path the document does not hold, where its nearest ancestor does.
    pub fn spot(&self, path: &str) -> Spot {
        let mut rest = path;
        loop {
            if let Some(&line) = self.lines.get(rest) {
                return Spot::line(self.file.clone(), line);
            }
            match rest.rfind(['.', '[']) {
                Some(cut) => rest = &rest[..cut],
                None => return Spot::file(self.file.clone()),
            }
        }
    }

    fn collect(file: &str, lines: &LineIndex, root: &Spanned<DeValue<'_>>) -> Self {
        let mut out = Self { file: file.to_owned(), lines: BTreeMap::new() };
        out.add(lines, "", root);
        out
    }

    fn add(&mut self, lines: &LineIndex, path: &str, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => {
                for (key, inner) in table {
                    let path = join(path, key.get_ref());
                    self.lines.insert(path.clone(), lines.line(key.span().start));
                    self.add(lines, &path, inner);
                }
            }
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    self.lines.insert(path.clone(), lines.line(item.span().start));
                    self.add(lines, &path, item);
                }
            }
            _ => {}
        }
    }
}

/// A problem at a byte of the text.
struct Problem {
    at: usize,
    code: &'static str,
    message: String,
    help: Option<String>,
}

impl Problem {
    fn new(at: usize, code: &'static str, message: impl Into<String>) -> Self {
        Self { at, code, message: message.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

fn syntax_problem(error: &toml::de::Error) -> Problem {
    Problem::new(error.span().map_or(0, |span: Range<usize>| span.start), "toml_syntax", error.message())
}

/// Problems as diagnostics, by line. One slip makes the parser stumble several times: of syntax errors
/// in one line, or with the same words one after another, only the first speaks.
fn report(file: &str, lines: &LineIndex, mut problems: Vec<Problem>) -> Vec<Diagnostic> {
    problems.sort_by(|a, b| (a.at, &a.message).cmp(&(b.at, &b.message)));
    let mut out: Vec<Diagnostic> = Vec::with_capacity(problems.len());
    for problem in problems {
        let line = lines.line(problem.at);
        let echo = |last: &Diagnostic| last.spot.line == line || last.message == problem.message;
        if problem.code == "toml_syntax" && out.last().is_some_and(echo) {
            continue;
        }
        let mut diagnostic = Diagnostic::error(problem.code, Spot::line(file, line), problem.message);
        diagnostic.help = problem.help;
        out.push(diagnostic);
    }
    out
}

/// Byte offset → line number.
struct LineIndex {
    starts: Vec<usize>,
    offset: u32,
}

impl LineIndex {
    fn new(text: &str, offset: u32) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        Self { starts: std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect(), offset }
    }

    fn line(&self, at: usize) -> u32 {
        let line = self.starts.partition_point(|&start| start <= at);
        self.offset.saturating_add(u32::try_from(line).unwrap_or(u32::MAX))
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// ` in `link.threshold`` or nothing at the top.
fn within(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" in `{path}`") }
}

/// What a schema's `type` and a document's value are called in messages.
fn type_words(name: &str) -> &'static str {
    match name {
        "string" => "a string",
        "integer" => "a whole number",
        "number" | "float" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" | "table" => "a table",
        "datetime" => "a date without quotes",
        _ => "another type",
    }
}

/// `did you mean `x`? known keys: a, b` for a word that is not among the known ones.
fn suggestion(word: &str, what: &str, known: &[&str]) -> String {
    let mut sorted = known.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let list = if sorted.is_empty() { "none".to_owned() } else { sorted.join(", ") };
    match did_you_mean(word, sorted.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? {what}: {list}"),
        None => format!("{what}: {list}"),
    }
}

/// The walk of a document beside its schema.
struct Walk<'a> {
    root: &'a Value,
}

impl<'a> Walk<'a> {
    /// Checks one value; `at` is the byte to name when the value itself has no good place (tables).
    fn value(
        &self,
        schema: &'a Value,
        value: &Spanned<DeValue<'_>>,
        at: usize,
        path: &str,
        out: &mut Vec<Problem>,
    ) {
        let Value::Object(schema) = self.resolve(schema) else { return };
        if let Some(Value::Array(all)) = schema.get("allOf") {
            for part in all {
                self.value(part, value, at, path, out);
            }
        }
        for word in ["anyOf", "oneOf"] {
            if let Some(Value::Array(options)) = schema.get(word) {
                self.choice(options, value, at, path, out);
                return;
            }
        }
        let types = types_of(schema);
        if !types.is_empty() && !types.iter().any(|name| type_fits(name, value.get_ref())) {
            out.push(wrong_type(&types, value, path));
            return;
        }
        match value.get_ref() {
            DeValue::Table(table) => self.table(schema, table, at, path, out),
            DeValue::Array(items) => self.array(schema, items, value.span().start, path, out),
            DeValue::String(text) => check_word(schema, text, value.span().start, path, out),
            DeValue::Integer(_) | DeValue::Float(_) => check_range(schema, value, path, out),
            DeValue::Boolean(_) | DeValue::Datetime(_) => {}
        }
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let mut current = schema;
        for _ in 0..REF_STEPS_MAX {
            let target = current.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
            match target.and_then(|pointer| self.root.pointer(pointer)) {
                Some(next) => current = next,
                None => return current,
            }
        }
        current
    }

    fn table(
        &self,
        schema: &'a Map<String, Value>,
        table: &DeTable<'_>,
        at: usize,
        path: &str,
        out: &mut Vec<Problem>,
    ) {
        let empty = Map::new();
        let known = match schema.get("properties") {
            Some(Value::Object(known)) => Some(known),
            _ => None,
        };
        let others = self.other_keys(schema);
        let mut misspelt = Vec::new();
        for (key, value) in table {
            let name: &str = key.get_ref();
            let inner_path = join(path, name);
            let place = place_of(key.span().start, value);
            match (known.and_then(|known| known.get(name)), others) {
                (Some(inner), _) | (None, Others::Like(inner)) => {
                    self.value(inner, value, place, &inner_path, out);
                }
                (None, Others::Any) => {}
                (None, Others::Refused) => {
                    let names: Vec<&str> = known.unwrap_or(&empty).keys().map(String::as_str).collect();
                    let absent = names.iter().copied().filter(|known| !table.contains_key(*known));
                    misspelt.extend(did_you_mean(name, absent));
                    out.push(
                        Problem::new(
                            key.span().start,
                            "unknown_key",
                            format!("unknown key `{name}`{}", within(path)),
                        )
                        .help(suggestion(name, "known keys", &names)),
                    );
                }
            }
        }
        if let Some(Value::Array(required)) = schema.get("required") {
            for name in required.iter().filter_map(Value::as_str) {
                // One slip, one message: the unknown key already says what was meant.
                if !table.contains_key(name) && !misspelt.contains(&name) {
                    out.push(Problem::new(
                        at,
                        "missing_key",
                        format!("missing key `{name}`{}", within(path)),
                    ));
                }
            }
        }
    }

    /// What the schema says of keys it does not list. A struct that lists its keys refuses others
    /// even where serde would pass over them: an ignored key is a lost intention.
    fn other_keys(&self, schema: &'a Map<String, Value>) -> Others<'a> {
        if let Some(Value::Object(patterns)) = schema.get("patternProperties")
            && let Some(inner) = patterns.values().next()
        {
            return Others::Like(inner);
        }
        match schema.get("additionalProperties").map(|inner| self.resolve(inner)) {
            Some(Value::Bool(false)) => Others::Refused,
            None if schema.contains_key("properties") => Others::Refused,
            None | Some(Value::Bool(true)) => Others::Any,
            Some(inner) => Others::Like(inner),
        }
    }

    fn array(
        &self,
        schema: &'a Map<String, Value>,
        items: &[Spanned<DeValue<'_>>],
        at: usize,
        path: &str,
        out: &mut Vec<Problem>,
    ) {
        let fixed: &[Value] = match schema.get("prefixItems") {
            Some(Value::Array(fixed)) => fixed,
            _ => &[],
        };
        for (index, item) in items.iter().enumerate() {
            let inner = fixed.get(index).or_else(|| schema.get("items"));
            if let Some(inner) = inner {
                let place = place_of(item.span().start, item);
                self.value(inner, item, place, &format!("{path}[{index}]"), out);
            }
        }
        let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
        for (word, side) in [("minItems", "at least"), ("maxItems", "at most")] {
            let Some(limit) = schema.get(word).and_then(Value::as_u64) else { continue };
            if (word == "minItems" && count < limit) || (word == "maxItems" && count > limit) {
                let message = format!("`{path}` must have {side} {limit} items, not {count}");
                out.push(Problem::new(at, "out_of_range", message));
            }
        }
    }

    /// One of several shapes: an optional value, or an enum.
    fn choice(
        &self,
        options: &'a [Value],
        value: &Spanned<DeValue<'_>>,
        at: usize,
        path: &str,
        out: &mut Vec<Problem>,
    ) {
        let options: Vec<&'a Value> =
            self.flatten(options).into_iter().filter(|option| !is_null(option)).collect();
        let mut best: Option<Vec<Problem>> = None;
        for &option in &options {
            let mut problems = Vec::new();
            self.value(option, value, at, path, &mut problems);
            if problems.is_empty() {
                return;
            }
            let meant = options.len() == 1 || is_meant(option, value.get_ref());
            if meant && best.as_ref().is_none_or(|least| problems.len() < least.len()) {
                best = Some(problems);
            }
        }
        if let DeValue::String(text) = value.get_ref() {
            let words: Vec<&str> = options.iter().flat_map(|option| words_of(option)).collect();
            if !words.is_empty() {
                out.push(unknown_value(text, &words, value.span().start, path));
                return;
            }
        }
        match best {
            Some(problems) => out.extend(problems),
            None => out.push(no_option(&options, value, path)),
        }
    }

    /// Nested choices as one list.
    fn flatten(&self, options: &'a [Value]) -> Vec<&'a Value> {
        let mut out = Vec::new();
        for option in options {
            let option = self.resolve(option);
            match option.get("anyOf").or_else(|| option.get("oneOf")) {
                Some(Value::Array(inner)) => out.extend(self.flatten(inner)),
                _ => out.push(option),
            }
        }
        out
    }
}

/// Whether the author seems to have meant this option: its tag is there, or without a tag its type fits.
fn is_meant(option: &Value, value: &DeValue<'_>) -> bool {
    let Value::Object(option) = option else { return false };
    let fits = types_of(option).iter().any(|name| type_fits(name, value));
    let DeValue::Table(table) = value else { return fits };
    let (Some(Value::Object(known)), Some(Value::Array(required))) =
        (option.get("properties"), option.get("required"))
    else {
        return fits;
    };
    match tag_of(option) {
        Some((key, word)) => text_at(table, key) == Some(word),
        None => required
            .iter()
            .filter_map(Value::as_str)
            .any(|key| known.contains_key(key) && table.contains_key(key)),
    }
}

fn no_option(options: &[&Value], value: &Spanned<DeValue<'_>>, path: &str) -> Problem {
    let at = value.span().start;
    if let DeValue::Table(table) = value.get_ref() {
        if let Some(problem) = untold_tag(options, table, at, path) {
            return problem;
        }
        let tags: Vec<&str> = options
            .iter()
            .filter_map(|option| option.get("required")?.as_array()?.first()?.as_str())
            .collect();
        if let (false, Some((key, _))) = (tags.is_empty(), table.iter().next()) {
            return Problem::new(
                key.span().start,
                "unknown_key",
                format!("unknown key `{}`{}", key.get_ref(), within(path)),
            )
            .help(suggestion(key.get_ref(), "known keys", &tags));
        }
        if !tags.is_empty() {
            return Problem::new(at, "missing_key", format!("missing key{}", within(path)))
                .help(suggestion("", "one of", &tags));
        }
    }
    let types: Vec<&str> =
        options.iter().filter_map(|option| option.as_object()).flat_map(|option| types_of(option)).collect();
    wrong_type(&types, value, path)
}

/// The key and word by which an internally tagged variant is told, e.g. `use = "frozen"`.
fn tag_of(option: &Map<String, Value>) -> Option<(&str, &str)> {
    option
        .get("properties")?
        .as_object()?
        .iter()
        .find_map(|(key, inner)| Some((key.as_str(), inner.get("const").and_then(Value::as_str)?)))
}

fn text_at<'t>(table: &'t DeTable<'_>, key: &str) -> Option<&'t str> {
    table.get(key).and_then(|value| value.get_ref().as_str())
}

/// The problem of a table whose tag is missing or names no variant; `None` where variants have no tag.
fn untold_tag(options: &[&Value], table: &DeTable<'_>, at: usize, path: &str) -> Option<Problem> {
    let tags: Vec<(&str, &str)> =
        options.iter().map(|option| tag_of(option.as_object()?)).collect::<Option<_>>()?;
    let &(key, _) = tags.first()?;
    let words: Vec<&str> = tags.iter().map(|&(_, word)| word).collect();
    match table.get(key) {
        None => {
            Some(
                Problem::new(at, "missing_key", format!("missing key `{key}`{}", within(path)))
                    .help(suggestion("", "known values", &words)),
            )
        }
        Some(value) => {
            let text = value.get_ref().as_str()?;
            Some(unknown_value(text, &words, value.span().start, &join(path, key)))
        }
    }
}

/// Keys beside the listed ones.
#[derive(Clone, Copy)]
enum Others<'a> {
    Refused,
    Any,
    Like(&'a Value),
}

/// Where to point for a value: a table in brackets has its own line, anything else stands at its key.
fn place_of(key_at: usize, value: &Spanned<DeValue<'_>>) -> usize {
    if value.get_ref().is_table() { value.span().start } else { key_at }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}

/// The types a schema admits, `null` left out; empty means any.
fn types_of(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(many)) => {
            many.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect()
        }
        _ if schema.get("const").is_some_and(Value::is_string) => vec!["string"],
        _ => Vec::new(),
    }
}

fn type_fits(name: &str, value: &DeValue<'_>) -> bool {
    match name {
        "string" => value.is_str(),
        "integer" => value.is_integer(),
        "number" => value.is_float() || value.is_integer(),
        "boolean" => value.is_bool(),
        "array" => value.is_array(),
        "object" => value.is_table(),
        _ => false,
    }
}

fn wrong_type(types: &[&str], value: &Spanned<DeValue<'_>>, path: &str) -> Problem {
    let mut wanted: Vec<&str> = types.iter().map(|name| type_words(name)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let given = type_words(value.get_ref().type_str());
    let name = if path.is_empty() { "the document" } else { path };
    let problem = Problem::new(
        value.span().start,
        "wrong_type",
        format!("`{name}` must be {}, not {given}", wanted.join(" or ")),
    );
    match value.get_ref() {
        DeValue::Datetime(_) if types.contains(&"string") => problem.help("write the date in quotes"),
        DeValue::String(_) if types == ["array"] => problem.help("write the value in square brackets"),
        DeValue::String(_) if types.iter().any(|name| ["integer", "number", "boolean"].contains(name)) => {
            problem.help("write the value without quotes")
        }
        _ => problem,
    }
}

/// The words a schema admits by `enum` or `const`; empty means any.
fn words_of(schema: &Value) -> Vec<&str> {
    match (schema.get("enum"), schema.get("const")) {
        (Some(Value::Array(words)), _) => words.iter().filter_map(Value::as_str).collect(),
        (_, Some(Value::String(word))) => vec![word.as_str()],
        _ => Vec::new(),
    }
}

fn check_word(schema: &Map<String, Value>, text: &str, at: usize, path: &str, out: &mut Vec<Problem>) {
    let words = match (schema.get("enum"), schema.get("const")) {
        (Some(Value::Array(words)), _) => words.iter().filter_map(Value::as_str).collect(),
        (_, Some(Value::String(word))) => vec![word.as_str()],
        _ => return,
    };
    if !words.contains(&text) {
        out.push(unknown_value(text, &words, at, path));
    }
}

fn unknown_value(text: &str, words: &[&str], at: usize, path: &str) -> Problem {
    Problem::new(at, "unknown_value", format!("unknown value `{text}` for `{path}`")).help(suggestion(
        text,
        "known values",
        words,
    ))
}

fn check_range(
    schema: &Map<String, Value>,
    value: &Spanned<DeValue<'_>>,
    path: &str,
    out: &mut Vec<Problem>,
) {
    let given = match value.get_ref() {
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().replace('_', "").parse::<f64>(),
        DeValue::Float(number) => number.as_str().replace('_', "").parse::<f64>(),
        _ => return,
    };
    let Ok(given) = given else { return };
    for (word, side) in [("minimum", "at least"), ("maximum", "at most")] {
        let Some(limit) = schema.get(word) else { continue };
        let Some(number) = limit.as_f64() else { continue };
        if (word == "minimum" && given < number) || (word == "maximum" && given > number) {
            let message = format!("`{path}` must be {side} {limit}");
            out.push(Problem::new(value.span().start, "out_of_range", message));
        }
    }
}

#[cfg(test)]
mod tests;
