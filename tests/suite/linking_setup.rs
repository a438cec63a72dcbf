//! `doudi link` with what stands beside tables and model: the comparators of people's fields, tables of
//! frequencies, policies by pair of sources, limits of files. By the real command.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use doudi::comparator::named::Named;
use doudi::domain::ResidentId;
use serde_json::{Value, json};

fn doudi(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_doudi")).args(arguments).current_dir(folder).output().unwrap()
}

/// What the command says when all is well.
fn well(folder: &Path, arguments: &[&str]) -> String {
    let out = doudi(folder, arguments);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// What the command says when it refuses.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let out = doudi(folder, arguments);
    assert!(!out.status.success());
    String::from_utf8(out.stderr).unwrap()
}

/// Rows of a CSV of results by heading.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// Part of a model: a comparison whose first level speaks for a match, the last one against it.
fn comparison(name: &str, labels: &[&str]) -> String {
    let mut text = format!("[[comparison]]\nname = \"{name}\"\n");
    for (at, label) in labels.iter().enumerate() {
        let (m, u) = match at {
            0 => (0.8, 0.01),
            at if at + 1 == labels.len() => (0.05, 0.9),
            _ => (0.02, 0.01),
        };
        write!(text, "[[comparison.level]]\nlabel = \"{label}\"\nm = {m}\nu = {u}\n").unwrap();
    }
    text
}

fn labels(named: Named) -> Vec<&'static str> {
    named.ladder().levels.iter().skip(1).map(|level| level.label).collect()
}

/// A number of nobody: there is no province 9.
fn number(body: u64) -> String {
    ResidentId::from_body(body).text()
}

const PEOPLE: &str = r#"
title = "people"
out = "out"
[source.a]
file = "a.csv"
id = "id"
[source.b]
file = "b.csv"
id = "id"
[link]
type = "link_only"
model = "model.toml"
keep_at = 0.000001
clusters = "components"
write = ["csv"]
as_of = "2026-01-01"
[[link.comparison]]
columns = ["name"]
measure = "person_name"
[[link.comparison]]
columns = ["number"]
measure = "resident_id"
[[link.comparison]]
columns = ["address"]
measure = "address_cn"
[[link.comparison]]
columns = ["phone"]
measure = "phone"
[[link.comparison]]
columns = ["school"]
measure = "school"
[[link.block]]
columns = ["key"]
"#;

fn people(folder: &Path) {
    let (one, other) = (number(90_000_020_120_304_123), number(90_000_020_120_304_145));
    let mut wrong = one.clone().into_bytes();
    wrong[13] = if wrong[13] == b'4' { b'7' } else { b'4' };
    let wrong = String::from_utf8(wrong).unwrap();
    let head = "id,key,name,number,address,phone,school\n";
    let a = format!(
        "{head}1,x,王晓明,{one},北新镇三和村12组,13800010001,北新镇第二小学\n\
         2,y,张 三,{one},无,13800010001,\n3,z,无,，,不详,无,无\n"
    );
    let b = format!(
        "{head}1,x,王小明,{wrong},三和村十二组,13800010007,北新二小\n\
         2,y,张三,{other},三和村,13911112222,北新二小\n3,z,李四,{one},三和村,13911112222,北新二小\n"
    );
    fs::write(folder.join("a.csv"), a).unwrap();
    fs::write(folder.join("b.csv"), b).unwrap();
    let columns = ["name", "number", "address", "phone", "school"].into_iter().zip(Named::ALL);
    let model: String = columns.map(|(name, named)| comparison(name, &labels(named))).collect();
    fs::write(folder.join("model.toml"), format!("prior = 0.01\n{model}")).unwrap();
    fs::write(folder.join("p.toml"), PEOPLE).unwrap();
}

#[test]
fn any_table_is_compared_as_the_persons_of_a_night_are() {
    let folder = tempfile::tempdir().unwrap();
    people(folder.path());
    well(folder.path(), &["link", "p.toml"]);
    let found = rows(&folder.path().join("out/pairs.csv"));
    let level = |row: &BTreeMap<String, String>, column: &str| row[&format!("level_{column}")].clone();
    let told: Vec<(String, Vec<String>)> = found
        .iter()
        .map(|row| {
            let columns = ["name", "number", "address", "phone", "school"];
            (row["id_l"].clone(), columns.map(|column| level(row, column)).to_vec())
        })
        .collect();
    let levels = |numbers: [u8; 5]| numbers.map(|number| number.to_string()).to_vec();
    // 同音; a digit wrong; the same group; a digit wrong; a short name.
    assert_eq!(told[0], ("1".into(), levels([5, 2, 1, 2, 2])));
    // A blank inside the name; twins' numbers; nothing; another number; nothing.
    assert_eq!(told[1], ("2".into(), levels([1, 7, 0, 3, 0])));
    // Words for nothing are no evidence on either side.
    assert_eq!(told[2], ("3".into(), levels([0, 0, 0, 0, 0])));
    assert_eq!(told.len(), 3);

    let listed: Vec<Value> =
        serde_json::from_str(&well(folder.path(), &["list", "comparators", "--json"])).unwrap();
    for named in Named::ALL {
        let of_tables = |row: &&Value| row["comparator"] == named.word() && row["for"] != "mentions";
        assert_eq!(listed.iter().filter(of_tables).count(), 1, "{}", named.word());
    }
    assert!(listed.iter().any(|row| row["comparator"] == "jaro_winkler" && row["for"] == "tables"));
}

#[test]
fn people_s_comparators_say_what_they_need() {
    let folder = tempfile::tempdir().unwrap();
    people(folder.path());
    let told = |text: &str| {
        fs::write(folder.path().join("p.toml"), text).unwrap();
        refused(folder.path(), &["link", "p.toml"])
    };
    let without_day = told(&PEOPLE.replace("as_of = \"2026-01-01\"\n", ""));
    assert!(without_day.contains("as_of") && without_day.contains("day of the data"), "{without_day}");
    let with_thresholds = told(&PEOPLE.replace("measure = \"phone\"", "measure = \"phone\"\nat = [1]"));
    assert!(with_thresholds.contains("its own levels"), "{with_thresholds}");
    let other_kind = told(&format!("{PEOPLE}[column.phone]\ntype = \"number\"\n"));
    assert!(other_kind.contains("does not measure a number"), "{other_kind}");
}

const NAMES: &str = r#"
title = "names"
out = "out"
[source.a]
file = "a.csv"
id = "id"
[link]
type = "dedupe_only"
model = "model.toml"
keep_at = 0.000001
write = ["csv"]
[[link.comparison]]
columns = ["name"]
measure = "levenshtein"
at = [1]
term_frequency = true
inexact_frequency = 0.5
[[link.block]]
columns = ["key"]
[link.frequency.name]
file = "register.csv"
total = 1000
"#;

#[test]
fn a_table_of_frequencies_counts_instead_of_the_rows_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "a.csv",
        "id,key,name\n1,x,smith\n2,x,smith\n3,y,zabel\n4,y,zabel\n5,z,smith\n6,z,smitt\n7,w,new\n8,w,new\n",
    );
    write("register.csv", "value,frequency\nsmith,500\nzabel,2\nsmitt,4\n");
    write(
        "model.toml",
        &format!("prior = 0.5\n{}", comparison("name", &["equal", "at most 1 apart", "different"])),
    );
    let weights = |text: &str| {
        write("p.toml", text);
        well(folder.path(), &["link", "p.toml"]);
        let found = rows(&folder.path().join("out/pairs.csv"));
        found.iter().map(|row| row["weight"].parse::<f64>().unwrap()).collect::<Vec<_>>()
    };
    let near = |found: &[f64], expected: [f64; 4]| {
        let all = found.len() == 4 && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(all, "{found:?} {expected:?}");
    };
    // Equal: m against how frequent the value is. Alike: half the way, by the more frequent of both. Not known: u.
    let (frequent, rare) = ((0.8 / 0.5_f64).log2(), (0.8 / 0.002_f64).log2());
    let alike = (0.02 / 0.01_f64).log2() + 0.5 * (0.01 / 0.5_f64).log2();
    near(&weights(NAMES), [frequent, rare, alike, (0.8 / 0.01_f64).log2()]);
    let unlisted = (0.8 / 0.001_f64).log2();
    near(&weights(&format!("{NAMES}unlisted = 1\n")), [frequent, rare, alike, unlisted]);
    let least = NAMES.replace("inexact_frequency", "least_frequency = 0.004\ninexact_frequency");
    near(&weights(&least), [frequent, (0.8 / 0.004_f64).log2(), alike, (0.8 / 0.01_f64).log2()]);

    let told = |table: &str, text: &str| {
        write("register.csv", table);
        write("p.toml", text);
        refused(folder.path(), &["link", "p.toml"])
    };
    let none = told("value,frequency\nsmith,500\nzabel,0\n", NAMES);
    assert!(none.contains("1 of 2 rows have no frequency above 0"), "{none}");
    let more = told("value,frequency\nsmith,5000\n", NAMES);
    assert!(more.contains("add up to more than `total`"), "{more}");
    let twice = told("value,frequency\nsmith,5\nsmith,6\n", NAMES);
    assert!(twice.contains("rows 1 and 2 of the data"), "{twice}");
    let absent = told("name,count\nsmith,5\n", NAMES);
    assert!(absent.contains("the column `value` is not there"), "{absent}");
    let share = told(
        "value,frequency\nsmith,5\n",
        &NAMES.replace("inexact_frequency = 0.5", "inexact_frequency = 2"),
    );
    assert!(share.contains("between 0 and 1"), "{share}");
}

const SOURCES: &str = r#"
title = "sources"
out = "out"
[source.register]
file = "a.csv"
id = "id"
[source.payments]
file = "b.csv"
id = "id"
[source.roll]
file = "c.csv"
id = "id"
[link]
type = "link_only"
model = "model.toml"
link_at = 0.9
keep_at = 0.3
write = ["csv"]
[[link.comparison]]
columns = ["name"]
measure = "levenshtein"
at = [1]
[[link.block]]
columns = ["key"]
"#;

fn sources(folder: &Path) {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    write("a.csv", "id,key,name\na1,x,smith\na2,y,jones\n");
    write("b.csv", "id,key,name\nb1,x,smith\nb2,x,smith\nb3,y,jonas\n");
    write("c.csv", "id,key,name\nc1,x,smith\nc2,y,jones\n");
    let model = comparison("name", &["equal", "at most 1 apart", "different"]);
    write("model.toml", &format!("prior = 0.4\n{model}"));
}

#[test]
fn sources_are_linked_by_pairs() {
    let folder = tempfile::tempdir().unwrap();
    sources(folder.path());
    let linked = |text: &str| {
        fs::write(folder.path().join("p.toml"), text).unwrap();
        let report: Value =
            serde_json::from_str(&well(folder.path(), &["link", "p.toml", "--json"])).unwrap();
        let pairs: Vec<String> = rows(&folder.path().join("out/pairs.csv"))
            .iter()
            .map(|row| format!("{} {} {}", row["id_l"], row["id_r"], row["decision"]))
            .collect();
        let mut clusters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in rows(&folder.path().join("out/clusters.csv")) {
            clusters.entry(row["cluster"].clone()).or_default().push(row["id"].clone());
        }
        let mut clusters: Vec<String> = clusters.into_values().map(|ids| ids.join(" ")).collect();
        clusters.sort_unstable();
        (report, pairs, clusters)
    };
    let (report, pairs, clusters) = linked(SOURCES);
    assert_eq!(report["possible_pairs"], 2 * 3 + 2 * 2 + 3 * 2);
    // One row of each person in every table: of two payments of Smith that look the same, only one can be his.
    assert_eq!(
        pairs,
        [
            "a1 b1 review",
            "a1 b2 review",
            "a1 c1 link",
            "a2 b3 review",
            "a2 c2 link",
            "b1 c1 review",
            "b2 c1 review",
            "b3 c2 review"
        ]
    );
    // One row of each person in every table: one payment of Smith stays alone.
    assert_eq!(clusters, ["a1 b1 c1", "a2 b3 c2", "b2"]);
    let register = &report["sources"][0];
    assert_eq!(register["sources"], json!(["register", "payments"]));
    assert_eq!((&register["one"], &register["link_at"]), (&json!([true, true]), &json!(0.9)));

    // Payments belong to the register, several to a person; the roll is not compared with them, and a doubtful
    // payment is enough.
    let by_pairs = format!(
        "{SOURCES}[[link.pair]]\nsources = [\"register\", \"payments\"]\nrows = \"one_to_many\"\nlink_at = 0.5\n\
         [[link.pair]]\nsources = [\"roll\", \"payments\"]\nlook = false\nrows = \"one_to_many\"\n"
    );
    let (report, pairs, clusters) = linked(&by_pairs);
    assert_eq!(report["possible_pairs"], 2 * 3 + 2 * 2);
    assert_eq!(pairs, ["a1 b1 link", "a1 b2 link", "a1 c1 link", "a2 b3 link", "a2 c2 link"]);
    assert_eq!(clusters, ["a1 b1 b2 c1", "a2 b3 c2"]);
    let found: Vec<(&Value, &Value)> =
        report["sources"].as_array().unwrap().iter().map(|pair| (&pair["links"], &pair["review"])).collect();
    assert_eq!(found, [(&json!(3), &json!(0)), (&json!(2), &json!(0))]);

    // Only what is named.
    let one_pair = format!(
        "{}[[link.pair]]\nsources = [\"payments\", \"payments\"]\n",
        SOURCES.replace("keep_at = 0.3", "keep_at = 0.3\nother_pairs = false")
    );
    let (report, pairs, clusters) = linked(&one_pair);
    assert_eq!((&report["possible_pairs"], pairs), (&json!(3), vec!["b1 b2 link".to_owned()]));
    assert_eq!(clusters.len(), 6, "{clusters:?}");
    assert_eq!(well(folder.path(), &["blocking", "p.toml"]).lines().next(), Some("1 of 3 pairs"));
}

#[test]
fn a_policy_that_means_nothing_is_told() {
    let folder = tempfile::tempdir().unwrap();
    sources(folder.path());
    let pair = |text: &str| format!("{SOURCES}[[link.pair]]\n{text}\n");
    let told = |text: &str| {
        fs::write(folder.path().join("p.toml"), text).unwrap();
        refused(folder.path(), &["link", "p.toml"])
    };
    let unknown = told(&pair("sources = [\"register\", \"death\"]"));
    assert!(unknown.contains("no `death`") && unknown.contains("payments"), "{unknown}");
    let within = told(&pair("sources = [\"roll\", \"roll\"]\nrows = \"one_to_one\""));
    assert!(within.contains("nothing is paired off"), "{within}");
    let both = "sources = [\"roll\", \"register\"]";
    let twice = told(&pair(&format!("{both}\n[[link.pair]]\nsources = [\"register\", \"roll\"]")));
    assert!(twice.contains("stand in an earlier pair"), "{twice}");
    let chain = pair(&format!("{both}\nrows = \"one_to_one\""))
        .replace("write =", "clusters = \"components\"\nwrite =");
    assert!(told(&chain).contains("does not count rows"));
    let none = told(&SOURCES.replace("keep_at = 0.3", "keep_at = 0.3\nother_pairs = false"));
    assert!(none.contains("no pair of sources is looked at"), "{none}");
    let range = told(&pair(&format!("{both}\nlink_at = 1.5")));
    assert!(range.contains("between 0 and 1"), "{range}");
}

#[test]
fn the_sample_pipeline_links_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().display().to_string();
    let told = well(root, &["link", "fixtures/linking/people.toml", "--out", &folder, "--json"]);
    let report: Value = serde_json::from_str(&told).unwrap();
    let mut clusters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows(&out.path().join("clusters.csv")) {
        clusters.entry(row["cluster"].clone()).or_default().push(row["id"].clone());
    }
    let mut found: Vec<String> = clusters.into_values().map(|ids| ids.join(" ")).collect();
    found.sort_unstable();
    // Twins keep apart, a number with a wrong digit and a name of one sound hold, and so do two visits to one child.
    assert_eq!(found, ["r1 s1 v3", "r2 s2", "r3 s3 v1 v2", "r4 s4", "r5", "v4"]);
    let sources: Vec<String> =
        report["sources"].as_array().unwrap().iter().map(|pair| pair["sources"].to_string()).collect();
    assert_eq!(sources, ["[\"register\",\"roll\"]", "[\"register\",\"visits\"]"]);
}
