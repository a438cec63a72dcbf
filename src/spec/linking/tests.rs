//! What is told of a wrong pipeline, and what a right one means.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::comparator::generic::When;

const GOOD: &str = r#"
title = "people"
out = "out"

[source.a]
file = "a.csv"
id = "id"

[column.born]
type = "date"
format = "%Y%m%d"

[link]
type = "dedupe_only"
model = "model.toml"

[[link.comparison]]
columns = ["surname"]
measure = "jaro_winkler"
at = [0.92, 0.8]
term_frequency = true

[[link.comparison]]
columns = ["born"]
measure = "days"
at = [3]

[[link.comparison]]
name = "place"
[[link.comparison.level]]
label = "same street"
sql = "street_l = street_r and town_l = town_r"
[[link.comparison.level]]
label = "same town"
sql = "town_l = town_r"
term_frequency = "town"

[[link.block]]
columns = ["surname", "born"]

[[link.block]]
sql = "substr(l.surname, 1, 2) = substr(r.surname, 1, 2) and l.town = r.town"

[fit]
[[fit.train]]
columns = ["surname"]
[[fit.train]]
columns = ["born"]
"#;

fn written(text: &str, model: Option<&str>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "id,surname,born,street,town\n").unwrap();
    if let Some(model) = model {
        fs::write(folder.path().join("model.toml"), model).unwrap();
    }
    let path = folder.path().join("p.toml");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn told(text: &str, purpose: Purpose) -> Vec<String> {
    let (_folder, path) = written(text, None);
    let found = compile_linking(&path, purpose).unwrap_err();
    found.iter().map(|found| format!("{}:{}", found.code, found.spot.line)).collect()
}

#[test]
fn a_right_pipeline_means_what_it_says() {
    let (_folder, path) = written(GOOD, None);
    let (plan, warnings) = compile_linking(&path, Purpose::Fit).unwrap();
    assert_eq!(warnings, []);
    let ladders: Vec<_> = plan.model.comparisons.iter().map(|one| &one.ladder).collect();
    assert_eq!(
        ladders.iter().map(|ladder| ladder.name.as_str()).collect::<Vec<_>>(),
        ["surname", "born", "place"]
    );
    assert_eq!(ladders.iter().map(|ladder| ladder.level_count()).collect::<Vec<_>>(), [5, 4, 4]);
    let frequent = |at: usize| {
        let parameters = plan.model.comparisons[at].parameters.iter();
        parameters
            .map(|level| level.frequency.as_ref().map(|found| found.column.as_str()))
            .collect::<Vec<_>>()
    };
    assert_eq!(frequent(0), [None, Some("surname"), None, None, None]);
    assert_eq!(frequent(2), [None, None, Some("town"), None]);
    let When::Null(Condition::Any(missing)) = &ladders[2].rungs[0].when else { panic!() };
    assert_eq!(missing.len(), 2);
    assert_eq!((plan.rules.len(), plan.rule_words[0].as_str()), (2, "surname + born"));
    assert_eq!((plan.keep_at.to_string(), plan.link_at.to_string()), ("0.5".into(), "0.9".into()));
}

#[test]
fn all_problems_are_told_with_their_lines() {
    let wrong = GOOD
        .replace("\"a.csv\"", "\"b.csv\"")
        .replace("\"%Y%m%d\"", "\"%b\"")
        .replace("[0.92, 0.8]", "[0.8, 0.92]")
        .replace("street_l = street_r and", "soundex(street_l) = 1 and")
        .replace("\"dedupe_only\"", "\"link_only\"")
        .replace("columns = [\"surname\", \"born\"]", "columns = []");
    assert_eq!(
        told(&wrong, Purpose::Fit),
        [
            "source_count:14",
            "file_unreadable:6",
            "date_format:11",
            "block_rule:38",
            "comparison:20",
            "comparison:32",
        ]
    );
    assert_eq!(
        told(&GOOD.replace("measure = \"days\"", "measure = \"daze\""), Purpose::Fit),
        ["unknown_value:25"]
    );
    assert_eq!(told(GOOD, Purpose::Link), ["file_unreadable:15"]);
}

#[test]
fn a_model_for_other_comparisons_is_refused() {
    let level = |label: &str| format!("[[comparison.level]]\nlabel = \"{label}\"\nm = 0.5\nu = 0.5\n");
    let comparison = |name: &str, labels: &[&str]| {
        let levels: String = labels.iter().map(|label| level(label)).collect();
        format!("[[comparison]]\nname = \"{name}\"\n{levels}")
    };
    let surname = ["equal", "at least 0.92 alike", "at least 0.8 alike", "different"];
    let model = |surname: &[&str]| {
        format!(
            "prior = 0.001\n{}{}{}",
            comparison("surname", surname),
            comparison("born", &["equal", "at most 3 day apart", "different"]),
            comparison("place", &["same street", "same town", "different"])
        )
    };
    let (_folder, path) = written(GOOD, Some(&model(&surname)));
    let (plan, _) = compile_linking(&path, Purpose::Link).unwrap();
    assert_eq!(plan.model.comparisons[0].parameters[2].m, Some(0.5));
    let (_folder, path) = written(GOOD, Some(&model(&surname[1..])));
    let found = compile_linking(&path, Purpose::Link).unwrap_err();
    assert_eq!((found[0].code, found[0].spot.line), ("model_other", 2));
    let (_folder, path) = written(GOOD, Some(&model(&surname).replace("m = 0.5", "m = 0.0")));
    assert_eq!(compile_linking(&path, Purpose::Link).unwrap_err()[0].code, "out_of_range");
}
