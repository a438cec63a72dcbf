//! A night that is unlike those before it is told on page one, in the manifest, in `status`, in the figures and in the
//! log, and publishes all the same.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::county::County;

const PIPELINE: &str = "pipelines/nightly.toml";
const VISITS: &str = "fixtures/demo/civil-affairs/走访记录_20261118.csv";

/// A delivery of its own for each day of a November: the visits but for the last few, which come one by one, perhaps with
/// nothing in the last column.
fn deliver(county: &County, day: &str, emptied: bool) {
    let lost = 40 - day[8..].parse::<usize>().unwrap();
    let mut visits = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .from_path(Path::new(env!("CARGO_MANIFEST_DIR")).join(VISITS))
        .unwrap();
    let rows: Vec<csv::StringRecord> = visits.records().map(Result::unwrap).collect();
    let to = county.folder.join(VISITS);
    let mut written = csv::WriterBuilder::new().flexible(true).from_path(to).unwrap();
    for (at, row) in rows[..rows.len() - lost].iter().enumerate() {
        let kept = row.len() - usize::from(emptied && at > 0);
        let cells = row.iter().enumerate().map(|(at, cell)| if at < kept { cell } else { "" });
        written.write_record(cells).unwrap();
    }
}

#[test]
fn a_column_that_comes_empty_after_nights_on_which_it_was_full_is_told_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    let figures = folder.path().join("doudi.prom");
    let settings = format!(
        "[alarms]\none_false_in_nights = 1\nnights_min = 3\n\n[watch]\nmetrics = \"{}\"\n\n[report]",
        figures.display()
    );
    county.change(PIPELINE, "[report]", &settings);
    // The owner says nothing of the digests of the file that changes.
    let manifest = folder.path().join("fixtures/demo/civil-affairs/manifest.csv");
    let listed = fs::read_to_string(&manifest).unwrap();
    let others: Vec<&str> = listed.lines().filter(|line| !line.starts_with("走访记录")).collect();
    fs::write(&manifest, others.join("\n") + "\n").unwrap();

    let page = || fs::read_to_string(folder.path().join("out/latest/report.html")).unwrap();
    for day in ["2026-11-20", "2026-11-21", "2026-11-22"] {
        deliver(&county, day, false);
        county.well(&["run", PIPELINE, "--as-of", day]);
        assert!(page().contains("至少需要 3 夜，本次未作比较"), "{day}");
    }
    assert_eq!(county.json(&["status"])["alarms"]["series"], 0);
    deliver(&county, "2026-11-23", true);
    let output = county.doudi(&["run", PIPELINE, "--as-of", "2026-11-23", "--log-format", "json"]);
    assert_eq!(output.status.code(), Some(0), "an alarm holds nothing");
    let told = &county.json(&["status"])["alarms"];
    let alarms = told["alarms"].as_array().unwrap();
    let of_column = |alarm: &&Value| alarm["name"] == "visit_log" && alarm["column"] == "lives_alone";
    let alarm = alarms.iter().find(of_column).unwrap();
    assert_eq!((&alarm["kind"], &alarm["nights"]), (&"nulls".into(), &3.into()));
    assert!(alarm["tonight"].as_f64() > Some(0.99) && alarm["highest"].as_f64() < Some(0.2), "{alarm}");
    let page = page();
    assert!(page.contains("走访记录：“独居”空值率") && page.contains("平均每 1 夜至多误报一次"));
    let words = county.well(&["status"]);
    assert!(words.contains("项异常：") && words.contains("走访记录：“独居”空值率"), "{words}");
    let figures = fs::read_to_string(figures).unwrap();
    let nulls = alarms.iter().filter(|alarm| alarm["kind"] == "nulls").count();
    assert!(
        figures.contains(&format!("doudi_alarms{{pipeline=\"nightly\",kind=\"nulls\"}} {nulls}\n")),
        "{figures}"
    );
    let log = String::from_utf8(output.stderr).unwrap();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut fields = lines.map(|line| line["fields"].clone());
    assert!(fields.any(|fields| fields["alarm"] == "nulls" && fields["column"] == "lives_alone"), "{log}");
}
