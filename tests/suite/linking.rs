//! `doudi fit` and `doudi link` on FEBRL 3 and 4: Splink's weights by Splink's model, the quality of a model
//! of our own without labels, the same bytes whatever the threads and the order of rows.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use doudi::diag::Diagnostic;
use doudi::linking::{self, Report};
use doudi::spec::{LinkingPlan, Purpose, compile_linking};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

const COLUMNS: [&str; 10] = [
    "unique_id",
    "given_name",
    "surname",
    "street_number",
    "address_1",
    "address_2",
    "suburb",
    "postcode",
    "date_of_birth",
    "soc_sec_id",
];

const COMPARISONS: &str = r#"
[[link.comparison]]
columns = ["given_name"]
measure = "jaro_winkler"
at = [0.92, 0.8]
term_frequency = true
[[link.comparison]]
columns = ["surname"]
measure = "jaro_winkler"
at = [0.92, 0.8]
term_frequency = true
[[link.comparison]]
columns = ["date_of_birth"]
measure = "damerau_levenshtein"
at = [1, 2]
[[link.comparison]]
columns = ["soc_sec_id"]
measure = "damerau_levenshtein"
at = [1, 2]
[[link.comparison]]
columns = ["address_1"]
measure = "jaro_winkler"
at = [0.92, 0.8]
[[link.comparison]]
columns = ["street_number"]
measure = "damerau_levenshtein"
at = [1]
[[link.comparison]]
columns = ["postcode"]
measure = "damerau_levenshtein"
at = [1]
[[link.comparison]]
columns = ["suburb"]
measure = "jaro_winkler"
at = [0.9]
[[link.block]]
columns = ["soc_sec_id"]
[[link.block]]
columns = ["given_name", "surname"]
[[link.block]]
columns = ["date_of_birth"]
[[link.block]]
columns = ["postcode", "address_1"]
[[link.block]]
columns = ["given_name", "postcode"]
[[link.block]]
columns = ["surname", "postcode"]
[[link.block]]
columns = ["suburb", "street_number"]
[[link.block]]
columns = ["surname", "street_number"]
[[link.block]]
columns = ["suburb", "address_1"]
[[link.block]]
columns = ["given_name", "suburb"]
[[link.block]]
columns = ["postcode", "street_number"]
[fit]
[[fit.train]]
columns = ["soc_sec_id"]
[[fit.train]]
columns = ["given_name", "surname"]
[[fit.train]]
columns = ["date_of_birth"]
[[fit.train]]
columns = ["postcode", "address_1"]
"#;

fn frozen(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "fixtures", "frozen", "splink", name].iter().collect()
}

/// A Parquet file as rows of text; a missing value is empty.
fn texts(path: &Path, wanted: &[&str]) -> Vec<Vec<String>> {
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let mut rows = Vec::new();
    for batch in reader.map(Result::unwrap) {
        let column = |name: &&str| cast(batch.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
        let columns: Vec<_> = wanted.iter().map(column).collect();
        for row in 0..batch.num_rows() {
            let text = |column: &arrow::array::ArrayRef| {
                if column.is_null(row) {
                    String::new()
                } else {
                    column.as_string::<i32>().value(row).to_owned()
                }
            };
            rows.push(columns.iter().map(text).collect());
        }
    }
    rows
}

fn write_csv(path: &Path, rows: &[Vec<String>]) {
    let mut out = csv::Writer::from_path(path).unwrap();
    out.write_record(COLUMNS).unwrap();
    for row in rows {
        out.write_record(row).unwrap();
    }
    out.flush().unwrap();
}

/// Tables of FEBRL 3 or 4 as CSV, their rows in this order.
fn tables(folder: &Path, name: &str, order: impl Fn(&mut Vec<Vec<String>>)) -> Vec<String> {
    let rows = texts(&frozen(&format!("{name}.rows.parquet")), &COLUMNS);
    let parts = if name == "febrl3" {
        vec![("febrl3", rows)]
    } else {
        let (a, b) = rows.into_iter().partition(|row| row[0].ends_with("-org"));
        vec![("febrl4a", a), ("febrl4b", b)]
    };
    let write = |(part, mut rows): (&str, Vec<Vec<String>>)| {
        order(&mut rows);
        write_csv(&folder.join(format!("{part}.csv")), &rows);
        part.to_owned()
    };
    parts.into_iter().map(write).collect()
}

fn pipeline(folder: &Path, parts: &[String], link: &str) -> PathBuf {
    let source = |part: &String| format!("[source.{part}]\nfile = \"{part}.csv\"\nid = \"unique_id\"\n");
    let sources: String = parts.iter().map(source).collect();
    let text = format!("title = \"FEBRL\"\nout = \"out\"\n{sources}[link]\n{link}\n");
    let path = folder.join("pipeline.toml");
    fs::write(&path, text).unwrap();
    path
}

fn plan(path: &Path, purpose: Purpose) -> LinkingPlan {
    let (plan, warnings) = compile_linking(path, purpose).unwrap();
    assert_eq!(warnings, []);
    plan
}

fn in_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

fn linked(path: &Path, threads: usize) -> Report {
    let plan = plan(path, Purpose::Link);
    let (report, warnings) = in_threads(threads, || linking::link(&plan, &plan.out)).unwrap();
    assert_eq!(warnings, []);
    report
}

fn fitted(path: &Path, threads: usize) {
    let plan = plan(path, Purpose::Fit);
    let found = in_threads(threads, || linking::fit(&plan)).unwrap();
    assert_eq!(found.warnings, []);
    fs::write(&plan.model_file, found.text).unwrap();
}

fn kind(name: &str) -> &'static str {
    if name == "febrl3" { "dedupe_only" } else { "link_only" }
}

/// The weights that the frozen pairs of a set got from Splink, by ids.
fn weights(path: &Path, left: &str, right: &str, weight: &str) -> BTreeMap<(String, String), f64> {
    let ids = texts(path, &[left, right]);
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let of = |batch: RecordBatch| {
        batch.column_by_name(weight).unwrap().as_primitive::<Float64Type>().values().to_vec()
    };
    let weights = reader.map(Result::unwrap).flat_map(of);
    let pair = |ids: Vec<String>| {
        let [a, b] = <[String; 2]>::try_from(ids).unwrap();
        if a < b { (a, b) } else { (b, a) }
    };
    ids.into_iter().map(pair).zip(weights).collect()
}

#[test]
fn linking_by_a_model_of_splink_gives_the_weights_of_splink() {
    let folder = tempfile::tempdir().unwrap();
    let parts = tables(folder.path(), "febrl3", |_| {});
    fs::copy(frozen("febrl3.model.json"), folder.path().join("model.json")).unwrap();
    let link = "type = \"dedupe_only\"\nmodel = \"model.json\"\nkeep_at = 0.000001\nwrite = [\"parquet\"]";
    let report = linked(&pipeline(folder.path(), &parts, link), 2);
    assert_eq!(report.pairs, 6_940, "pairs that Splink looked at");
    let ours = weights(&folder.path().join("out/pairs.parquet"), "id_l", "id_r", "weight");
    let theirs = weights(&frozen("febrl3.pairs.parquet"), "unique_id_l", "unique_id_r", "match_weight");
    let mut compared = 0;
    for (pair, weight) in theirs.iter().filter(|(_, weight)| **weight > -19.9) {
        let found = ours[pair];
        assert!((found - weight).abs() < 1e-9, "{found} {weight}");
        compared += 1;
    }
    assert!(compared > 4_000, "{compared}");
}

/// The person of a row of FEBRL: `rec-<person>-org`, `rec-<person>-dup-<n>`.
fn person(id: &str) -> &str {
    id.split('-').nth(1).unwrap()
}

/// F1 of what is said against the true pairs of the rows.
fn f1(said: impl Iterator<Item = (String, String)>, total: usize) -> f64 {
    let (mut all, mut right) = (0, 0);
    for (left, right_id) in said {
        all += 1;
        right += usize::from(person(&left) == person(&right_id));
    }
    2.0 * right as f64 / (all + total) as f64
}

fn true_pairs(name: &str) -> usize {
    let mut rows_of: BTreeMap<String, usize> = BTreeMap::new();
    for row in texts(&frozen(&format!("{name}.rows.parquet")), &["unique_id"]) {
        *rows_of.entry(person(&row[0]).to_owned()).or_default() += 1;
    }
    rows_of.values().map(|n| n * (n - 1) / 2).sum()
}

/// F1 of the pairs at even odds, and of the clusters, by a model fitted without labels.
fn quality(name: &str) -> (f64, f64, Report) {
    let folder = tempfile::tempdir().unwrap();
    let parts = tables(folder.path(), name, |_| {});
    let link = format!("type = \"{}\"\nmodel = \"model.toml\"\nlink_at = 0.5\n{COMPARISONS}", kind(name));
    let path = pipeline(folder.path(), &parts, &link);
    fitted(&path, 2);
    let report = linked(&path, 2);
    let total = true_pairs(name);
    let pairs = texts(&folder.path().join("out/pairs.parquet"), &["id_l", "id_r"]);
    let pairs = f1(pairs.into_iter().map(|row| (row[0].clone(), row[1].clone())), total);
    let mut clusters: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in texts(&folder.path().join("out/clusters.parquet"), &["source", "id", "cluster"]) {
        clusters.entry(row[2].clone()).or_default().push((row[0].clone(), row[1].clone()));
    }
    let within = clusters.values().flat_map(|rows| {
        rows.iter().enumerate().flat_map(|(at, (source, left))| {
            let others = rows[at + 1..].iter().filter(move |(other, _)| name == "febrl3" || other != source);
            others.map(move |(_, right)| (left.clone(), right.clone()))
        })
    });
    has_a_page(&folder.path().join("out"), &report);
    (pairs, f1(within, total), report)
}

/// What `doudi linkage report` says of linked tables: the model, the weights, the clusters, no deliveries.
fn has_a_page(out: &Path, report: &Report) {
    let told = doudi::explain::linkage(out, None).unwrap();
    assert_eq!((&told.title, told.review), (&report.title, report.review));
    // What is read back may differ in its last bit.
    let keys = |figures: &doudi::domain::LinkFigures| (figures.levels.len(), figures.weights.clone());
    assert_eq!(keys(&told.figures), keys(&report.figures));
    let links: u64 = told.links.iter().map(|(_, count)| count).sum();
    assert_eq!((links, told.identities), (report.links, report.clusters.values().sum()));
    let page = doudi::explain::linkage_page(&told).unwrap();
    // One for each comparison, u, weights, rows of a person.
    let comparisons: std::collections::BTreeSet<&str> =
        told.figures.levels.iter().map(|level| level.comparator.as_str()).collect();
    assert_eq!(page.matches("<svg class=\"chart\"").count(), comparisons.len() + 3);
    assert!(!page.contains("各数据表的完整程度") && !page.contains("与往夜相比"));
}

#[test]
fn febrl_3_without_labels() {
    let (pairs, clusters, report) = quality("febrl3");
    assert!(pairs >= 0.9983, "pairs {pairs}");
    assert!(clusters >= 0.9994, "clusters {clusters}");
    // What is expected without labels is near what is so.
    let expected = report.expected;
    assert!((expected.true_pairs / 6_538.0 - 1.0).abs() < 0.02, "{expected:?}");
    assert!(expected.false_links < 0.005 && expected.found > 0.98, "{expected:?}");
}

#[test]
fn febrl_4_without_labels() {
    let (pairs, clusters, report) = quality("febrl4");
    assert!(pairs >= 0.9995, "pairs {pairs}");
    assert!(clusters >= 0.9995, "clusters {clusters}");
    // The prior is an estimate from the training rules; it is a little high where errors come together.
    assert!((report.expected.true_pairs / 5_000.0 - 1.0).abs() < 0.03, "{:?}", report.expected);
}

#[test]
fn a_fitted_model_written_for_splink_links_as_the_one_written_for_doudi() {
    let folder = tempfile::tempdir().unwrap();
    let parts = tables(folder.path(), "febrl3", |_| {});
    let settings = "type = \"dedupe_only\"\nkeep_at = 0.000001\nwrite = [\"parquet\"]";
    let path = pipeline(folder.path(), &parts, &format!("{settings}\nmodel = \"model.toml\"\n{COMPARISONS}"));
    let run = |model: &str| {
        let plan = plan(&path, Purpose::Link);
        linking::link(&plan, &folder.path().join(model)).unwrap();
        weights(&folder.path().join(model).join("pairs.parquet"), "id_l", "id_r", "weight")
    };
    let found = linking::fit(&plan(&path, Purpose::Fit)).unwrap();
    fs::write(folder.path().join("model.toml"), &found.text).unwrap();
    let own = run("own");
    // Splink's file says itself what is compared and which pairs are looked at.
    fs::write(folder.path().join("model.json"), found.splink().unwrap()).unwrap();
    pipeline(folder.path(), &parts, &format!("{settings}\nmodel = \"model.json\""));
    let again = run("again");
    assert!(own.len() > 6_000 && own.keys().eq(again.keys()), "{} {}", own.len(), again.len());
    for (pair, weight) in &own {
        assert!((again[pair] - weight).abs() < 1e-9, "{} {weight}", again[pair]);
    }
}

/// All files of a folder by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap())
    };
    fs::read_dir(folder).unwrap().map(file).collect()
}

#[test]
fn threads_and_the_order_of_rows_do_not_show() {
    let run = |threads: usize, order: &dyn Fn(&mut Vec<Vec<String>>)| {
        let folder = tempfile::tempdir().unwrap();
        let parts = tables(folder.path(), "febrl3", order);
        let link = format!("type = \"dedupe_only\"\nmodel = \"model.toml\"\n{COMPARISONS}");
        let path = pipeline(folder.path(), &parts, &link);
        fitted(&path, threads);
        linked(&path, threads);
        let digest = "digests";
        let without_digests = |text: Vec<u8>| {
            // The files differ in the order of rows, so their digests do.
            let text = String::from_utf8(text).unwrap();
            let at = text.find(digest).unwrap();
            let end = at + text[at..].find(']').unwrap();
            format!("{}{}", &text[..at], &text[end..])
        };
        let mut found = files(&folder.path().join("out"));
        let report = without_digests(found.remove("report.json").unwrap());
        let model = without_digests(fs::read(folder.path().join("model.toml")).unwrap());
        assert_eq!(found.len(), 4);
        (found, report, model)
    };
    let one = run(1, &|_| {});
    assert!(run(2, &|rows| rows.reverse()) == one, "2 threads, reversed rows");
    let shuffled = |rows: &mut Vec<Vec<String>>| {
        rows.sort_by_key(|row| {
            row[0].bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte))
        });
    };
    assert!(run(8, &shuffled) == one, "8 threads, shuffled rows");
}

#[test]
fn what_the_tables_do_not_bear_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let parts = tables(folder.path(), "febrl3", |rows| rows.truncate(20));
    let told =
        |found: Vec<Diagnostic>| found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n");
    let fit = |text: &str| {
        let link = format!("type = \"dedupe_only\"\nmodel = \"model.toml\"\n{text}");
        let plan = plan(&pipeline(folder.path(), &parts, &link), Purpose::Fit);
        told(linking::fit(&plan).unwrap_err()).replace(&folder.path().display().to_string(), "<folder>")
    };
    let number = "[column.postcode]\ntype = \"number\"\n";
    let one_rule = COMPARISONS.split("[fit]").next().unwrap();
    insta::assert_snapshot!(
        [
            fit(&COMPARISONS.replace("columns = [\"suburb\"]", "columns = [\"town\"]")),
            fit(&format!("{COMPARISONS}{number}")),
            fit(&format!("{one_rule}[fit]\n[[fit.train]]\ncolumns = [\"surname\"]\n")),
            fit(one_rule),
        ]
        .join("\n\n----\n\n")
    );
    let twice = tables(folder.path(), "febrl3", |rows| {
        rows.truncate(20);
        rows[19][0] = rows[3][0].clone();
    });
    let link = format!("type = \"dedupe_only\"\nmodel = \"model.toml\"\n{COMPARISONS}");
    let plan = plan(&pipeline(folder.path(), &twice, &link), Purpose::Fit);
    let found = linking::fit(&plan).unwrap_err();
    assert_eq!((found[0].code, found[0].message.ends_with("rows 4 and 20 of the data")), ("id_twice", true));
}

#[test]
fn blocking_rules_are_studied_with_known_pairs() {
    let folder = tempfile::tempdir().unwrap();
    let parts = tables(folder.path(), "febrl4", |_| {});
    let link = format!("type = \"link_only\"\nmodel = \"model.toml\"\n{COMPARISONS}");
    let plan = plan(&pipeline(folder.path(), &parts, &link), Purpose::Blocking);
    let known = folder.path().join("known.csv");
    let line = |person: usize| format!("rec-{person}-org,rec-{person}-dup-0,febrl4a,febrl4b\n");
    let lines: String = (0..5_000).map(line).collect();
    fs::write(&known, format!("id_l,id_r,source_l,source_r\n{lines}")).unwrap();
    let study = linking::blocking(&plan, Some(&known)).unwrap();
    assert_eq!((study.possible_pairs, study.known, study.rules.len()), (25_000_000, 5_000, 11));
    let rows = texts(&frozen("febrl4.rows.parquet"), &COLUMNS);
    let (a, b): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row[0].ends_with("-org"));
    let rules: [&[usize]; 11] =
        [&[9], &[1, 2], &[8], &[7, 4], &[1, 7], &[2, 7], &[6, 3], &[2, 3], &[6, 4], &[1, 6], &[7, 3]];
    let mut seen: std::collections::BTreeSet<(usize, usize)> = std::collections::BTreeSet::new();
    for (rule, (_, found)) in rules.iter().zip(&study.rules) {
        let key = |row: &[String]| {
            let values: Vec<String> = rule.iter().map(|&at| row[at].clone()).collect();
            values.iter().all(|value| !value.is_empty()).then_some(values)
        };
        let mut of_key: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
        for (at, row) in b.iter().enumerate() {
            if let Some(key) = key(row) {
                of_key.entry(key).or_default().push(at);
            }
        }
        let pairs: Vec<(usize, usize)> = a
            .iter()
            .enumerate()
            .flat_map(|(at, row)| {
                let partners = key(row).and_then(|key| of_key.get(&key)).cloned().unwrap_or_default();
                partners.into_iter().map(move |other| (at, other))
            })
            .collect();
        let new: Vec<_> = pairs.iter().filter(|pair| !seen.contains(pair)).copied().collect();
        let same = |pairs: &[(usize, usize)]| {
            pairs.iter().filter(|(l, r)| person(&a[*l][0]) == person(&b[*r][0])).count() as u64
        };
        assert_eq!((found.pairs, found.new_pairs), (pairs.len() as u64, new.len() as u64));
        assert_eq!((found.known, found.new_known), (same(&pairs), same(&new)));
        seen.extend(new);
    }
}
