//! What a night says of its own linkage: errors to expect beside the truth, the page, and the alarm when a
//! delivery does not fit the model any more.

use std::fs;

use serde_json::Value;

use crate::county::{County, NIGHT};

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// Whether an interval is one: low, value, high in order.
fn in_order(range: &Value) -> bool {
    number(&range["low"]) <= number(&range["value"]) + 1e-12
        && number(&range["value"]) <= number(&range["high"]) + 1e-12
}

#[test]
fn every_run_says_what_errors_to_expect_and_how_sure_m_and_u_are() {
    let figures = &NIGHT.manifest()["link"]["figures"];
    let levels = figures["levels"].as_array().unwrap();
    let comparators: std::collections::BTreeSet<&str> =
        levels.iter().map(|level| level["comparator"].as_str().unwrap()).collect();
    assert_eq!(comparators.len(), 7);
    for level in levels {
        let ranges = [&level["m_seen"], &level["u_seen"]];
        assert!(ranges.into_iter().all(in_order), "{level}");
        let known = &level["m_same_number"];
        let by_number = ["person_name", "birth_date", "place", "phone"];
        assert_eq!(known.is_object(), by_number.contains(&level["comparator"].as_str().unwrap()), "{level}");
    }
    let links = NIGHT.rows("links.parquet", &["pass"]).len() as u64;
    let passes = figures["passes"].as_array().unwrap();
    assert_eq!(passes.iter().map(|pass| pass["links"].as_u64().unwrap()).sum::<u64>(), links);
    assert!(in_order(&figures["false_links"]) && number(&figures["false_links"]["high"]) < 0.01);

    let lookups = NIGHT.rows("lookups.parquet", &["outcome"]);
    let of = |outcome: &str| lookups.iter().filter(|row| row[0] == outcome).count() as u64;
    let told = ["looked_up", "linked", "in_review"].map(|key| figures[key].as_u64().unwrap());
    assert_eq!(told, [lookups.len() as u64, of("linked"), of("review")]);
    let candidates = NIGHT.rows("candidates.parquet", &["levels"]).len() as u64;
    let bars = figures["weights"].as_array().unwrap();
    assert_eq!(bars.iter().map(|bar| bar[1].as_u64().unwrap()).sum::<u64>(), candidates);

    let hidden = &figures["hidden"];
    let count = |key: &str| hidden[key].as_u64().unwrap();
    assert!(count("tested") > 50, "{hidden}");
    let fates = ["right", "wrong", "review", "passed_over", "not_brought"].map(count);
    assert_eq!(fates.iter().sum::<u64>(), count("tested"));
    assert!(count("right") > count("tested") / 2, "{hidden}");

    let page = fs::read_to_string(NIGHT.folder.join("out/latest/report.html")).unwrap();
    for words in ["预计差错", "藏号试验", "模型参数与本次数据"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("与关联模型不符"), "the demo fits its model");
    let mentions: u64 =
        figures["roles"].as_array().unwrap().iter().map(|r| r["mentions"].as_u64().unwrap()).sum();
    assert_eq!(mentions, NIGHT.manifest()["link"]["mentions"].as_u64().unwrap());
}

#[test]
fn the_truth_lies_where_the_run_expected_it() {
    let evaluation = NIGHT.json(&["evaluate", "--run", "out/latest", "--truth", "fixtures/demo/truth.csv"]);
    let errors = &evaluation["errors"];
    for key in ["false_links", "hidden_false_links", "missed"] {
        assert_eq!(errors[key]["inside"], true, "{key}: {}", errors[key]);
    }
    let thresholds = errors["thresholds"].as_array().unwrap();
    let recalls: Vec<f64> = thresholds.iter().map(|threshold| number(&threshold["recall"])).collect();
    assert!(recalls.is_sorted() && recalls.last().is_some_and(|last| *last > 0.5), "{recalls:?}");
    let told = NIGHT.well(&["evaluate", "--run", "out/latest", "--truth", "fixtures/demo/truth.csv"]);
    assert!(told.contains("errors expected without labels") && told.contains("levels inside its interval"));
}

/// Whether a text holds something that could be a person's number.
fn holds_a_number(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit() && c != 'X').any(|run| run.len() == 18)
}

#[test]
fn the_page_of_a_linkage_stands_alone_and_tells_of_earlier_nights() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    county.well(&["run", "pipelines/nightly.toml"]);
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    county.well(&["linkage", "report", "--run", "out/latest", "--truth", "fixtures/demo/truth.csv"]);
    let page = fs::read_to_string(folder.path().join("linkage.html")).unwrap();
    for words in
        ["同人识别报告 Linkage report", "藏号试验", "与真值对照", "查准与查全", "2026-11-20", "2026-11-21"]
    {
        assert!(page.contains(words), "{words}");
    }
    // Seven comparisons, u, weights, precision and recall, nights, rows of a person.
    assert_eq!(page.matches("<svg class=\"chart\"").count(), 12);
    let outside = ["http://", "https://", "<script", "src=", "@import"];
    assert!(!outside.iter().any(|word| page.contains(word)), "the page needs nothing from outside");
    assert!(!holds_a_number(&page));
    let report = county.json(&["linkage", "report", "--run", "out/latest"]);
    let nights = report["nights"].as_array().unwrap();
    assert_eq!(nights.iter().map(|night| &night["as_of"]).collect::<Vec<_>>(), ["2026-11-20", "2026-11-21"]);
    let sizes = report["sizes"].as_array().unwrap();
    let persons: u64 = sizes.iter().map(|size| size[1].as_u64().unwrap()).sum();
    assert_eq!(persons, report["identities"].as_u64().unwrap());

    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-22", "--linkage", "id-only"]);
    let (code, said) = county.refused(&["linkage", "report", "--run", "out/latest"]);
    assert_eq!((code, said.contains("linked by numbers only")), (2, true), "{said}");
}

/// Puts every name of a delivery one row further down, as a slip of a column does.
fn shift_names(county: &County) {
    let deliveries = county.folder.join("fixtures/demo/health");
    fs::remove_file(deliveries.join("manifest.csv")).unwrap();
    let file = deliveries.join("死亡医学证明_20261114.csv");
    let text = fs::read_to_string(&file).unwrap();
    let mut rows: Vec<Vec<String>> =
        text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    assert_eq!(rows[0][1], "姓名");
    let names: Vec<String> = rows[1..].iter().map(|row| row[1].clone()).collect();
    for (row, name) in rows[1..].iter_mut().zip(names.iter().cycle().skip(1)) {
        row[1].clone_from(name);
    }
    let lines: Vec<String> = rows.iter().map(|row| row.join(",")).collect();
    fs::write(file, lines.join("\r\n")).unwrap();
}

#[test]
fn names_in_the_wrong_rows_raise_an_alarm_and_hold_the_run_where_the_pipeline_wants_it() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    shift_names(&county);
    let said = county.well(&["run", "pipelines/nightly.toml"]);
    assert!(said.contains("注意：数据与模型不符，death_certificate"), "{said}");
    let problems = county.manifest()["problems"].clone();
    let alarms = problems.as_array().unwrap().iter().filter(|problem| problem["code"] == "model_drift");
    let files: Vec<&str> = alarms.map(|alarm| alarm["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["death_certificate"]);
    let page = fs::read_to_string(folder.path().join("out/latest/report.html")).unwrap();
    assert!(page.contains("与关联模型不符"));

    county.change("pipelines/link.toml", "drift = \"warn\"", "drift = \"hold\"");
    let (code, said) = county.refused(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("failed to publish: held, because death_certificate"), "{said}");

    county.change("pipelines/link.toml", "drift = \"hold\"", "drift = \"off\"");
    let said = county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    assert!(!said.contains("注意"), "{said}");
}
