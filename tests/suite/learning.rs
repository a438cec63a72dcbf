//! What answers teach: m of the model, how often each rule is right, and how much a list misses.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use doudi::link::LinkModel;
use serde_json::{Value, json};

use crate::county::{County, NIGHT, PAIR, copy};

type Name = (String, String, String);

/// Person of the truth behind each mention of the demo.
fn truth() -> BTreeMap<Name, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo/truth.csv");
    let mut reader = csv::Reader::from_path(path).unwrap();
    let persons: BTreeMap<Vec<String>, String> = reader
        .records()
        .map(Result::unwrap)
        .map(|row| {
            let cell = |at: usize| row[at].to_owned();
            (vec![cell(0), cell(1), cell(2), cell(3), cell(4)], cell(5))
        })
        .collect();
    let columns = ["extract", "file", "sheet", "row", "role", "row_key"];
    let mentions = NIGHT.rows("mentions.parquet", &columns);
    let named = mentions.into_iter().filter_map(|row| {
        let person = persons.get(&row[..5])?.clone();
        Some(((row[0].clone(), row[5].clone(), row[4].clone()), person))
    });
    named.collect()
}

/// Pairs that the model was in doubt about, and whether they are one person.
fn doubtful(truth: &BTreeMap<Name, String>) -> Vec<(Name, Name, bool)> {
    let columns = [&PAIR[..], &["probability"]].concat();
    let pairs = NIGHT.rows("candidates.parquet", &columns).into_iter().filter_map(|row| {
        let name = |at: usize| (row[at].clone(), row[at + 1].clone(), row[at + 2].clone());
        let (left, right) = (name(0), name(3));
        let same = truth.get(&left)? == truth.get(&right)?;
        let in_doubt = !same || row[6].parse::<f64>().unwrap() < 0.999;
        in_doubt.then_some((left, right, same))
    });
    pairs.collect()
}

fn judge(county: &County, pairs: &[(Name, Name, bool)]) {
    for ((a, b, c), (d, e, f), same) in pairs {
        county.judge([a, b, c, d, e, f].map(String::as_str), if *same { "same" } else { "not_same" });
    }
}

#[test]
fn answers_about_doubtful_pairs_make_a_model_that_says_what_it_rests_on() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    let (code, said) = county.refused(&["linkage", "learn", "--out", "none.toml"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("nobody has answered yet") && said.contains("feedback import"), "{said}");
    assert!(!folder.path().join("none.toml").exists());

    let pairs = doubtful(&truth());
    let same = pairs.iter().filter(|(.., same)| *same).count();
    assert!(same >= 2 && pairs.len() - same >= 2, "{same} of {}", pairs.len());
    judge(&county, &pairs);
    let told = county.json(&["linkage", "learn", "--out", "learnt.toml"]);
    let asked = |word: &str| told["asked"][word].as_u64().unwrap();
    assert_eq!(
        ["same", "not_same", "not_the_models", "gone"].map(asked).iter().sum::<u64>(),
        pairs.len() as u64
    );
    assert!(asked("same") > 0 && asked("not_same") > 0 && asked("gone") == 0, "{told}");
    assert_eq!(told["converged"], true);

    let text = fs::read_to_string(folder.path().join("learnt.toml")).unwrap();
    let model: LinkModel = toml::from_str(&text).unwrap();
    let words = format!("{} pairs answered as one person and {} as two", asked("same"), asked("not_same"));
    assert!(model.fitted_on.contains(&words), "{}", model.fitted_on);
    for (name, levels) in &model.comparator {
        let sum: f64 = levels.values().map(|level| level.m).sum();
        assert!((sum - 1.0).abs() < 0.02, "m of {name}: {sum}");
    }
    // The answered pairs alone agree in their names far less often than true pairs do; they are no sample.
    assert!(model.comparator["person_name"]["exact"].m > 0.8, "{text}");

    // The opposite answers make another model: what is answered counts.
    let wrong: Vec<_> = pairs.iter().map(|(a, b, same)| (a.clone(), b.clone(), !same)).collect();
    let other = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, other.path());
    let other = County { folder: other.path().to_owned() };
    judge(&other, &wrong);
    other.well(&["linkage", "learn", "--out", "learnt.toml"]);
    assert_ne!(fs::read_to_string(other.folder.join("learnt.toml")).unwrap(), text);

    // The night takes the model.
    fs::write(folder.path().join("pipelines/models/county.toml"), &text).unwrap();
    county.well(&["check", "pipelines/nightly.toml"]);
}

/// Cases of the last run that a spot check drew: list, row key, clue number.
fn drawn(county: &County) -> BTreeSet<(String, String, String)> {
    let columns = ["rule", "list", "subject_row_key", "case_number", "status"];
    let rows = county.rows("cases.parquet", &columns).into_iter();
    let of = rows.filter(|row| row[0].starts_with("s_") && row[4] != "withdrawn");
    of.map(|row| (row[1].clone(), row[2].clone(), row[3].clone())).collect()
}

#[test]
fn people_drawn_by_lot_tell_how_much_a_list_misses() {
    assert!(drawn(&NIGHT).is_empty(), "off by default");
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    county.change(
        "pipelines/nightly.toml",
        "[report]\n",
        "[rules.param.spot_check]\ndropout_slots = 6\nexit_slots = 4\n\n[report]\n",
    );
    county.well(&["run", "pipelines/nightly.toml"]);
    let first = drawn(&county);
    let of = |list: &str| first.iter().filter(|(of, ..)| of == list).count();
    assert!((5..=6).contains(&of("dropout")) && (3..=4).contains(&of("exit")), "{first:?}");
    assert_eq!(of("dropout") + of("exit"), first.len());
    // Whom the list shows already is not drawn.
    let columns = ["rule", "list", "identity_id"];
    let findings = county.rows("cases.parquet", &columns);
    let check = |row: &&Vec<String>| row[0].starts_with("s_");
    let listed: BTreeSet<(&String, &String)> =
        findings.iter().filter(|row| !check(row)).map(|row| (&row[1], &row[2])).collect();
    assert!(findings.iter().filter(check).all(|row| !listed.contains(&(&row[1], &row[2]))));
    // The next night of the quarter asks about the same people.
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    assert_eq!(drawn(&county), first);

    let mut answers = vec!["线索编号,核查结果,原因分类,情况说明,核查人".to_owned()];
    for (at, (.., clue)) in first.iter().filter(|(list, ..)| list == "dropout").enumerate() {
        let (outcome, reason) =
            if at == 0 { ("属实", "厌学在家") } else { ("不属实", "抽查无异常") };
        answers.push(format!("{clue},{outcome},{reason},,王某"));
    }
    fs::write(folder.path().join("反馈.csv"), answers.join("\n")).unwrap();
    county.well(&["feedback", "import", "反馈.csv", "--as-of", "2026-11-22"]);
    let told = county.json(&["case", "precision"]);
    let missed = told["missed"].as_array().unwrap();
    let dropout = missed.iter().find(|list| list["list"] == "dropout").unwrap();
    assert_eq!((&dropout["drawn"], &dropout["found"]), (&json!(of("dropout")), &json!(1)));
    let scope = dropout["scope"].as_u64().unwrap();
    assert!(scope > 100, "{dropout}");
    let people = |word: &str| dropout["people"][word].as_f64().unwrap();
    let share = scope as f64 / of("dropout") as f64;
    assert!((people("value") - share).abs() < 1e-6 && people("low") < share && people("high") > share);
    let exit = missed.iter().find(|list| list["list"] == "exit").unwrap();
    assert_eq!((&exit["answered"], &exit["share"]), (&json!(0), &Value::Null));
    let text = county.well(&["case", "precision"]);
    assert!(text.contains("推算漏列人数") && text.contains("准确率（95%区间）"), "{text}");
}

#[test]
fn precision_counts_what_officers_answered_by_what_was_listed() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    let none = county.json(&["case", "precision"]);
    let rules = none["rules"].as_array().unwrap();
    assert!(rules.len() > 50 && rules.iter().all(|rule| rule["precision"].is_null()));
    let cases = NIGHT.rows("cases.parquet", &["rule", "case_number", "annex"]);
    let dead: Vec<&Vec<String>> =
        cases.iter().filter(|row| row[0] == "e_dead_paid" && row[2] == "false").collect();
    assert!(dead.len() >= 2);
    let mut answers = vec!["线索编号,核查结果,原因分类,处理意见,核查人".to_owned()];
    for (at, row) in dead.iter().enumerate() {
        let cells = if at == 0 { "不属实,登记时间差," } else { "属实,情况属实,停发" };
        answers.push(format!("{},{cells},王某", row[1]));
    }
    fs::write(folder.path().join("反馈.csv"), answers.join("\n")).unwrap();
    county.well(&["feedback", "import", "反馈.csv", "--as-of", "2026-11-21"]);
    let told = county.json(&["case", "precision"]);
    let rule =
        told["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == "e_dead_paid").unwrap().clone();
    let all = cases.iter().filter(|row| row[0] == "e_dead_paid").count();
    assert_eq!(
        [&rule["listed"], &rule["answered"], &rule["confirmed"]],
        [&json!(all), &json!(dead.len()), &json!(dead.len() - 1)]
    );
    let precision = &rule["precision"];
    let number = |word: &str| precision[word].as_f64().unwrap();
    assert!(number("low") <= number("value") && number("value") <= number("high"), "{rule}");
}

#[test]
fn a_night_says_of_itself_what_model_fits_it_and_what_its_blocking_rules_bring() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("candidate.toml");
    let said = NIGHT.well(&["fit", "pipelines/nightly.toml", "--out", out.to_str().unwrap()]);
    assert!(said.contains("0 answered as one person, 0 as two"), "{said}");
    let model: LinkModel = toml::from_str(&fs::read_to_string(&out).unwrap()).unwrap();
    assert!(model.fitted_on.contains("pairs of rows of one valid number"), "{}", model.fitted_on);
    for (name, levels) in &model.comparator {
        let sum: f64 = levels.values().map(|level| level.m).sum();
        assert!((sum - 1.0).abs() < 0.02, "m of {name}: {sum}");
        assert!(levels.values().all(|level| level.m > 0.0 && level.u > 0.0), "{levels:?}");
    }
    // How names differ is what thousands of rows of one number say, not what was guessed.
    let frozen = fs::read_to_string(NIGHT.folder.join("pipelines/models/county.toml")).unwrap();
    let frozen: LinkModel = toml::from_str(&frozen).unwrap();
    let part = |model: &LinkModel| {
        let levels = &model.comparator["person_name"];
        levels["toned"].m / (1.0 - levels["exact"].m)
    };
    assert!(part(&model) > 1.5 * part(&frozen), "{} {}", part(&model), part(&frozen));
    // The model that nights run with is never written over.
    let (code, complaint) = NIGHT.refused(&["fit", "pipelines/nightly.toml"]);
    assert!(code == 2 && complaint.contains("--out"), "{complaint}");

    let told = NIGHT.well(&["blocking", "pipelines/nightly.toml"]);
    let last = told.lines().last().unwrap();
    let found: f64 = last.trim_end_matches('%').trim().rsplit(' ').next().unwrap().parse().unwrap();
    assert!(found > 95.0, "{told}");
    // What blocking brought that night is what the rules bring.
    let pairs = NIGHT.manifest()["link"]["pairs"].clone();
    assert!(pairs.as_array().unwrap().iter().all(|rule| told.contains(rule[0].as_str().unwrap())), "{told}");
    let (code, complaint) = NIGHT.refused(&["link", "pipelines/nightly.toml"]);
    assert!(code == 2 && complaint.contains("doudi run"), "{complaint}");
}
