//! What a reviewer should not have to look for: floors, sizes, names, leftovers. Standard library
//! only. Each test tells file, line and remedy, and tells all it finds at once.

#![expect(clippy::unwrap_used, reason = "a repository that cannot be read fails the test, which is right")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The floors of `ARCHITECTURE.md`: a module imports only from lower floors.
const FLOORS: &[(&str, u8)] = &[
    ("domain", 0),
    ("diag", 0),
    ("kernel", 0),
    ("tables", 1),
    ("field", 2),
    ("comparator", 2),
    ("engine", 3),
    ("guard", 3),
    ("source", 4),
    ("contract", 4),
    ("frame", 4),
    ("standard", 4),
    ("link", 4),
    ("resolve", 4),
    ("rule", 4),
    ("ledger", 4),
    ("report", 4),
    ("evaluate", 4),
    ("synth", 4),
    ("spec", 5),
    ("pipeline", 6),
    ("linking", 6),
    ("explain", 6),
    ("handbook", 6),
    ("upkeep", 6),
    ("feedback", 6),
    ("cli", 7),
    ("fuzzing", 7),
];

/// The one import between neighbours: what a stage hands on carries what there is to say about it.
const NEIGHBOURS: &[(&str, &str)] = &[("domain", "diag")];

/// Up to this floor nothing touches files, settings, clocks, networks or other programs.
const PURE_FLOOR_MAX: u8 = 2;
/// Who may read files all the same: the folder that replaces the bundled tables has to be read.
const READS_FILES: &[&str] = &["tables"];
/// Knows lives and agencies, so only the command line may start it.
const SIMULATOR: &str = "synth";

const LINES_MAX: usize = 800;
const FILE_BYTES_MAX: u64 = 8 << 20;

/// Everything that may lie at the top.
const TOP_LEVEL: &[&str] = &[
    ".ci",
    ".gitattributes",
    ".github",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "clippy.toml",
    "deny.toml",
    "docs",
    "fixtures",
    "fuzz",
    "packaging",
    "pipelines",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "schemas",
    "scripts",
    "src",
    "tests",
];
/// Written by builds and runs, ignored by git.
const NOT_OURS: &[&str] = &[".git", "target", "out", "state"];

/// Names that attract everything and say nothing.
const DUMPING_GROUNDS: &[&str] = &["util", "utils", "common", "helpers", "helper", "misc", "shared", "stuff"];

/// Agencies' and extracts' names that are also words of this program.
const ALSO_OUR_WORDS: &[&str] = &["event"];

/// The number printed as an example in GB 11643, the only one that may stand in sources.
const SAMPLE_ID: &str = "11010519491231002X";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A text file of the repository.
struct Text {
    /// Path from the top, with `/`.
    path: String,
    text: String,
}

impl Text {
    fn is_rust(&self) -> bool {
        has_extension(&self.path, "rs")
    }

    /// Path of modules, e.g. `["link", "block"]` for `src/link/block.rs`; empty for `lib.rs`.
    fn modules(&self) -> Vec<&str> {
        let Some(inside) = self.path.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs")) else {
            return Vec::new();
        };
        inside.split('/').filter(|part| !["mod", "lib", "main"].contains(part)).collect()
    }

    /// The source without its `#[cfg(test)] mod …` part; nothing for files that hold only tests.
    fn outside_tests(&self) -> &str {
        if self.modules().iter().any(|part| *part == "tests" || part.ends_with("_tests")) {
            return "";
        }
        match self.text.find("#[cfg(test)]\nmod ") {
            Some(end) => &self.text[..end],
            None => &self.text,
        }
    }
}

fn has_extension(path: &str, wanted: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// All files, sorted, paths from the top.
fn files() -> Vec<String> {
    fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, out) } else { out.push(path) }
        }
    }
    let mut out = Vec::new();
    for entry in fs::read_dir(root()).unwrap() {
        let entry = entry.unwrap();
        if NOT_OURS.contains(&entry.file_name().to_str().unwrap()) {
            continue;
        }
        if entry.path().is_dir() { walk(&entry.path(), &mut out) } else { out.push(entry.path()) }
    }
    let mut names: Vec<String> = out
        .iter()
        .map(|path| path.strip_prefix(root()).unwrap().to_str().expect("paths are UTF-8").replace('\\', "/"))
        .collect();
    names.sort();
    names
}

/// All files that are text, with their text. Fixtures are deliveries, not texts of ours.
fn texts() -> Vec<Text> {
    files()
        .into_iter()
        .filter(|path| !path.starts_with("fixtures/"))
        .filter_map(|path| {
            let text = fs::read_to_string(root().join(&path)).ok()?;
            Some(Text { path, text })
        })
        .collect()
}

fn sources() -> Vec<Text> {
    let sources: Vec<Text> =
        texts().into_iter().filter(|text| text.is_rust() && text.path.starts_with("src/")).collect();
    assert!(sources.len() > 10, "the sources were not found under {}", root().display());
    sources
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

#[track_caller]
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// What a piece of Rust source is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Code,
    Comment,
    Literal,
}

/// Splits Rust source into code, comments and the insides of string literals, with byte offsets.
fn pieces(source: &str) -> Vec<(Piece, usize, &str)> {
    let bytes = source.as_bytes();
    let mut out = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < bytes.len() {
        let rest = &source[at..];
        let (kind, open, len, close) = if rest.starts_with("//") {
            (Piece::Comment, 0, rest.find('\n').unwrap_or(rest.len()), 0)
        } else if rest.starts_with("/*") {
            (Piece::Comment, 0, rest.find("*/").map_or(rest.len(), |end| end + 2), 0)
        } else if let Some(hashes) = raw_string_hashes(source, at) {
            let open = hashes + 2;
            let end = format!("\"{}", "#".repeat(hashes));
            (Piece::Literal, open, rest[open..].find(&end).unwrap_or(rest.len() - open), end.len())
        } else if bytes[at] == b'"' {
            (Piece::Literal, 1, string_len(&rest[1..]), 1)
        } else if bytes[at] == b'\'' {
            at += char_literal_len(rest);
            continue;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        out.push((Piece::Code, start, &source[start..at + open]));
        out.push((kind, at + open, &source[at + open..at + open + len]));
        at = (at + open + len + close).min(source.len());
        start = at - close.min(at);
    }
    out.push((Piece::Code, start, &source[start..]));
    out
}

fn raw_string_hashes(source: &str, at: usize) -> Option<usize> {
    let before = source[..at].chars().next_back();
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') && before != Some('b') {
        return None;
    }
    let rest = source[at..].strip_prefix('r')?;
    let hashes = rest.bytes().take_while(|&byte| byte == b'#').count();
    (rest.as_bytes().get(hashes) == Some(&b'"')).then_some(hashes)
}

fn string_len(inside: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    inside.len()
}

/// Length of a character literal, or 1 for the tick of a lifetime.
fn char_literal_len(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => rest[3..].find('\'').map_or(1, |end| end + 4),
        Some(_) => match chars.next() {
            Some((end, '\'')) => end + 1,
            _ => 1,
        },
        None => 1,
    }
}

/// The source with comments and literals blanked, so that offsets and lines stay.
fn code(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    for (kind, at, text) in pieces(source) {
        if kind == Piece::Code {
            let skip = out.len().saturating_sub(at);
            out.push_str(&text[skip.min(text.len())..]);
        } else {
            out.extend(text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        }
    }
    out
}

fn word_at(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// Top-level modules that code names, with offsets: `crate::x`, `crate::{x, y}` and `super::…` that
/// climbs to the top.
fn imports(code: &str, depth: usize) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => out.extend(group_heads(group).into_iter().map(|head| (at, head))),
            None => out.push((at, word_at(rest))),
        }
    }
    let climb = "super::".repeat(depth.max(1));
    for (at, _) in code.match_indices(&climb) {
        out.push((at, word_at(code[at..].trim_start_matches("super::"))));
    }
    out
}

/// First words of the items of `{a::b, c::{d, e}}`, opening brace cut off.
fn group_heads(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut out) = (1, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && c == ',') {
            out.push(word_at(group[start..at].trim_start()));
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    out
}

#[test]
fn modules_import_only_from_lower_floors() {
    let floors: BTreeMap<&str, u8> = FLOORS.iter().copied().collect();
    let mut problems = Vec::new();
    for source in sources() {
        let modules = source.modules();
        let Some(&own) = modules.first() else { continue };
        let Some(&floor) = floors.get(own) else {
            problems.push(format!(
                "{}: module `{own}` has no floor; add it to FLOORS in tests/tidy.rs and to ARCHITECTURE.md",
                source.path
            ));
            continue;
        };
        let code = code(&source.text);
        for (at, other) in imports(&code, modules.len()) {
            let Some(&below) = floors.get(other) else { continue };
            let place = format!("{}:{}", source.path, line_of(&code, at));
            if other == SIMULATOR && own != SIMULATOR && own != "cli" {
                problems
                    .push(format!("{place}: `{own}` imports `{other}`; only `cli` may start the simulator"));
            } else if other != own && below >= floor && !NEIGHBOURS.contains(&(own, other)) {
                problems.push(format!(
                    "{place}: `{own}` (F{floor}) imports `{other}` (F{below}); move what both need to a lower floor"
                ));
            }
        }
    }
    none(&problems);
}

#[test]
fn every_module_of_the_library_exists_and_is_documented() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let mut problems = Vec::new();
    let declared: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mut sorted = declared.clone();
    sorted.sort_unstable();
    if declared != sorted {
        problems.push("src/lib.rs: sort the `pub mod` lines".to_owned());
    }
    for module in declared {
        if !architecture.contains(&format!("`{module}`")) {
            problems.push(format!("ARCHITECTURE.md: add `{module}` to the code map"));
        }
    }
    none(&problems);
}

#[test]
fn lower_floors_touch_nothing_outside() {
    let mut problems = Vec::new();
    for source in sources() {
        let Some(&own) = source.modules().first() else { continue };
        let pure = FLOORS.iter().any(|&(name, floor)| name == own && floor <= PURE_FLOOR_MAX);
        if !pure {
            continue;
        }
        let code = code(source.outside_tests());
        for banned in ["std::fs", "std::env", "std::time", "std::net", "std::process", "std::thread"] {
            if banned == "std::fs" && READS_FILES.contains(&own) {
                continue;
            }
            for (at, _) in code.match_indices(banned) {
                let line = line_of(&code, at);
                problems.push(format!(
                    "{}:{line}: `{banned}` on a pure floor; let the caller pass the value in",
                    source.path
                ));
            }
        }
    }
    none(&problems);
}

#[test]
fn files_are_of_a_size_to_be_read() {
    let mut problems = Vec::new();
    for text in texts().iter().filter(|text| text.is_rust()) {
        let lines = text.text.lines().count();
        if lines > LINES_MAX {
            problems
                .push(format!("{}: {lines} lines; split it by concern, {LINES_MAX} is the limit", text.path));
        }
    }
    for path in files() {
        let bytes = fs::metadata(root().join(&path)).unwrap().len();
        if bytes > FILE_BYTES_MAX {
            problems.push(format!("{path}: {bytes} bytes; make it smaller, {FILE_BYTES_MAX} is the limit"));
        }
    }
    none(&problems);
}

#[test]
fn no_module_is_a_dumping_ground() {
    let mut problems = Vec::new();
    for path in files().iter().filter(|path| has_extension(path, "rs")) {
        let inside = path.trim_end_matches(".rs");
        for part in inside.split('/').filter(|part| DUMPING_GROUNDS.contains(part)) {
            problems
                .push(format!("{path}: `{part}` says nothing; put each function with the noun it serves"));
        }
    }
    none(&problems);
}

#[test]
fn nothing_is_left_unfinished_or_switched_off() {
    let everywhere =
        [concat!("FIX", "ME"), concat!("XX", "X"), concat!("TO", "DO:"), concat!("<<<<<", "<< ")];
    let in_rust = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[ig", "nore"),
        concat!("#[should", "_panic"),
        concat!("#[all", "ow("),
    ];
    let mut problems = Vec::new();
    for text in texts().iter().filter(|text| text.path != "Cargo.lock") {
        let banned = everywhere.iter().chain(in_rust.iter().filter(|_| text.is_rust()));
        for word in banned {
            for (at, _) in text.text.match_indices(word) {
                let line = line_of(&text.text, at);
                problems.push(format!("{}:{line}: `{word}`; finish it, or leave it out", text.path));
            }
        }
    }
    none(&problems);
}

#[test]
fn the_top_level_holds_only_what_is_listed() {
    let mut problems = Vec::new();
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !TOP_LEVEL.contains(&name.as_str()) && !NOT_OURS.contains(&name.as_str()) {
            problems.push(format!(
                "{name}: not in the list of top-level names in tests/tidy.rs; move or remove it"
            ));
        }
    }
    problems.sort();
    none(&problems);
}

/// Agency and extract names (folders and files of `schemas`), and labels of code tables.
fn domain_words() -> (Vec<String>, Vec<String>) {
    let (mut names, mut labels) = (Vec::new(), Vec::new());
    let schemas = files().into_iter().filter_map(|path| path.strip_prefix("schemas/").map(str::to_owned));
    for path in schemas.filter(|path| !path.starts_with("json/")) {
        if let Some(table) = path.strip_prefix("tables/") {
            if table.starts_with("codes/") {
                let text = fs::read_to_string(root().join("schemas").join(&path)).unwrap();
                let cells = text.lines().skip(1).filter_map(|line| line.split(',').nth(1));
                labels.extend(cells.map(str::to_owned).filter(|label| label.chars().count() >= 4));
            }
        } else if let Some((agency, file)) = path.split_once('/') {
            names.push(agency.to_owned());
            names.extend(file.strip_suffix(".toml").map(str::to_owned));
        }
    }
    names.retain(|name| !ALSO_OUR_WORDS.contains(&name.as_str()));
    for list in [&mut names, &mut labels] {
        list.sort();
        list.dedup();
    }
    labels.retain(|label| !label.is_ascii());
    (names, labels)
}

#[test]
fn agencies_extracts_and_codes_are_named_in_tables_only() {
    let (names, labels) = domain_words();
    let mut problems = Vec::new();
    for source in sources().iter().filter(|source| source.modules().first() != Some(&SIMULATOR)) {
        let outside = source.outside_tests();
        for (kind, at, text) in pieces(outside) {
            let named = names.iter().filter_map(|name| Some((name_in(kind, text, name)?, name)));
            let literal = if kind == Piece::Literal { text } else { "" };
            let coded = labels.iter().filter_map(|label| Some((literal.find(label.as_str())?, label)));
            if let Some((offset, word)) = named.chain(coded).min() {
                problems.push(format!(
                    "{}:{}: `{word}` is an office's word; take it from schemas/ or pipelines/",
                    source.path,
                    line_of(outside, at + offset)
                ));
            }
        }
    }
    none(&problems);
}

/// Where a name stands in a piece of source. Compound names count wherever they stand as a word,
/// single words only as a whole literal.
fn name_in(kind: Piece, text: &str, name: &str) -> Option<usize> {
    let compound = name.contains(['_', '-']);
    match kind {
        Piece::Comment => None,
        Piece::Literal if !compound => (text == name).then_some(0),
        Piece::Code if !compound => None,
        _ => text.match_indices(name).map(|(at, _)| at).find(|&at| {
            let part = |c: char| c.is_alphanumeric() || c == '_';
            let before = text[..at].chars().next_back().is_some_and(part);
            let after = text[at + name.len()..].chars().next().is_some_and(part);
            !before && !after
        }),
    }
}

#[test]
fn every_rule_has_cases_and_every_case_a_rule() {
    let mut problems = Vec::new();
    let all = files();
    let judged =
        |path: &&String| ["pipelines/rules/", "pipelines/policies/"].iter().any(|at| path.starts_with(at));
    for path in all.iter().filter(judged) {
        if let Some(stem) = path.strip_suffix(".sql") {
            let cases = format!("{stem}.cases.toml");
            if !all.contains(&cases) {
                problems.push(format!(
                    "{path}: write {cases}: finds, does not find, does not find on missing data"
                ));
            }
        } else if let Some(stem) = path.strip_suffix(".cases.toml")
            && !all.contains(&format!("{stem}.sql"))
        {
            problems.push(format!("{path}: there is no {stem}.sql; remove the cases or add the rule"));
        }
    }
    none(&problems);
}

#[test]
fn every_contract_has_a_fixture() {
    let all = files();
    let mut problems = Vec::new();
    for path in all.iter().filter(|path| path.starts_with("schemas/") && has_extension(path, "toml")) {
        let text = fs::read_to_string(root().join(path)).unwrap();
        let Some(start) = text.find("\nfiles") else { continue };
        let patterns = text[start..].split(']').next().unwrap_or_default();
        let prefixes: Vec<&str> =
            patterns.split('"').skip(1).step_by(2).filter_map(|pattern| pattern.split('*').next()).collect();
        let delivered = |file: &String| {
            file.starts_with("fixtures/")
                && file.rsplit('/').next().is_some_and(|name| prefixes.iter().any(|p| name.starts_with(p)))
        };
        if !all.iter().any(delivered) {
            problems.push(format!(
                "{path}: no file under fixtures/ matches; add one to fixtures/demo or fixtures/broken"
            ));
        }
    }
    none(&problems);
}

/// Whether eighteen characters could be somebody's number: a province, a date and the check digit.
fn looks_real(number: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digit = |at: usize| u32::from(number.as_bytes()[at] - b'0');
    let sum: u32 = WEIGHTS.iter().enumerate().map(|(at, weight)| weight * digit(at)).sum();
    let (month, day) = (digit(10) * 10 + digit(11), digit(12) * 10 + digit(13));
    let year = digit(6) * 1000 + digit(7) * 100 + digit(8) * 10 + digit(9);
    let place = (1..=8).contains(&digit(0));
    let date = (1900..=2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    place && date && number.as_bytes()[17].to_ascii_uppercase() == b"10X98765432"[(sum % 11) as usize]
}

/// Numbers in a text that look real, with offsets.
fn real_numbers(text: &str) -> Vec<(usize, &str)> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let x = digits == 17 && bytes.get(at + 17).is_some_and(|byte| b"xX".contains(byte));
        if (digits == 18 || x) && looks_real(&text[at..at + 18]) {
            out.push((at, &text[at..at + 18]));
        }
        at += digits.max(1);
    }
    out
}

#[test]
fn no_number_of_a_person_stands_in_a_source() {
    let mut problems = Vec::new();
    for text in texts().iter().filter(|text| text.path != "Cargo.lock") {
        for (at, number) in real_numbers(&text.text) {
            if !number.eq_ignore_ascii_case(SAMPLE_ID) {
                let line = line_of(&text.text, at);
                problems.push(format!(
                    "{}:{line}: a resident number that could be somebody's; use a region beginning with 9 or \
                     {SAMPLE_ID}",
                    text.path
                ));
            }
        }
    }
    none(&problems);
}

#[test]
fn no_file_tells_of_the_machine_it_was_written_on() {
    let banned = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("clau", "de"),
        concat!("anthro", "pic"),
    ];
    let mut problems = Vec::new();
    for text in texts().iter().filter(|text| text.path != "Cargo.lock") {
        let lower = text.text.to_lowercase();
        for word in banned {
            for (at, _) in lower.match_indices(word) {
                let line = line_of(&lower, at);
                problems.push(format!("{}:{line}: `{word}`; write what holds on any machine", text.path));
            }
        }
    }
    none(&problems);
}

#[test]
fn the_scanner_tells_code_from_comments_and_literals() {
    let source = "let a = 'x'; // crate::cli\nlet b = \"crate::cli \\\" \"; let c: &'static str = r#\"crate::cli\"#;\n\
                  use crate::{diag::X, domain::{A, B}, kernel};\nuse super::super::tables::T;\nlet d = '\"'; crate::field::f();\n";
    let code = code(source);
    assert_eq!(code.len(), source.len());
    let found: Vec<&str> = imports(&code, 2).into_iter().map(|(_, name)| name).collect();
    assert_eq!(found, ["diag", "domain", "kernel", "field", "tables"]);
}

#[test]
fn the_scanner_knows_a_number_when_it_sees_one() {
    assert_eq!(real_numbers("a 11010519491231002X b").len(), 1);
    assert_eq!(real_numbers("a 110105194912310021 b").len(), 0, "the check digit is wrong");
    assert_eq!(real_numbers("a 911010519491231002X b").len(), 0, "nineteen digits are no number");
}
