//! A run that is held: data it cannot do without did not come whole, so nothing is published.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use doudi::ledger::Ledger;

use crate::county::County;

/// What a held run must leave as it is.
#[derive(PartialEq)]
struct Standing {
    runs: BTreeSet<String>,
    latest: PathBuf,
    events: Vec<doudi::ledger::StoredEvent>,
    commits: usize,
}

fn standing(county: &County) -> Standing {
    let out = county.folder.join("out");
    let names = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let ledger = Ledger::open_for_planning(&county.folder.join("state/ledger.sqlite")).unwrap();
    Standing {
        // What begins with a dot is no run.
        runs: names.filter(|name| !name.starts_with('.')).collect(),
        latest: fs::read_link(out.join("latest")).unwrap(),
        events: ledger.events().unwrap(),
        commits: ledger.commits().unwrap().len(),
    }
}

/// The next night is held, says why, and leaves everything as it was.
fn is_held(county: &County, before: &Standing, reason: &str) {
    let (code, said) = county.refused(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("failed to publish: held, because "), "{said}");
    assert!(said.contains(reason), "{reason}: {said}");
    assert!(*before == standing(county), "a held run has changed something");
}

#[test]
fn a_run_without_what_it_requires_is_held_and_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    let contract = "schemas/civil-affairs/benefit_payment.toml";
    county.change(contract, "\ngrain = ", "\ncompleteness = \"required\"\ngrain = ");
    county.well(&["run", "pipelines/nightly.toml"]);
    let before = standing(&county);
    assert_eq!(before.commits, 1);

    let deliveries = folder.path().join("fixtures/demo/civil-affairs");
    let file = deliveries.join("发放明细_20261118.csv");
    let whole = fs::read(&file).unwrap();
    // With a manifest, the digest of a changed file would not fit any more.
    fs::remove_file(deliveries.join("manifest.csv")).unwrap();
    fs::remove_file(&file).unwrap();
    is_held(&county, &before, "benefit_payment《发放明细》 did not come");

    let lines: Vec<&[u8]> = whole.split_inclusive(|&byte| byte == b'\n').collect();
    assert!(lines.len() > 100, "{} lines", lines.len());
    fs::write(&file, lines[..lines.len() / 2].concat()).unwrap();
    is_held(&county, &before, "benefit_payment《发放明细》 is incomplete: ");

    fs::write(&file, whole).unwrap();
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    assert_eq!(standing(&county).commits, 2);
}

/// Takes a file out of the deliveries, with the manifest that promises it.
fn withhold(county: &County, agency: &str, file: &str) {
    let folder = county.folder.join("fixtures/demo").join(agency);
    let _ = fs::remove_file(folder.join("manifest.csv"));
    fs::remove_file(folder.join(file)).unwrap();
}

/// Adds lines below the source of an extract in the nightly pipeline.
fn below_source(county: &County, contract: &str, lines: &str) {
    let named = format!("contract = \"{contract}\"\n");
    county.change("pipelines/nightly.toml", &named, &format!("{named}{lines}\n"));
}

fn manifest_of(county: &County, extract: &str) -> serde_json::Value {
    let manifest = county.manifest();
    manifest["extracts"].as_array().unwrap().iter().find(|found| found["extract"] == extract).unwrap().clone()
}

#[test]
fn the_first_night_is_held_without_what_a_county_cannot_do_without() {
    for (contract, file, reason) in [
        ("civil-affairs/child_roster", "儿童名册_20261118.xlsx", "child_roster《儿童名册》 did not come"),
        ("public-security/population", "人口_20261119.csv", "population《户籍人口》 did not come"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let county = County::lay_out(folder.path());
        below_source(&county, contract, "completeness = \"present\"");
        withhold(&county, contract.split('/').next().unwrap(), file);
        let (code, said) = county.refused(&["run", "pipelines/nightly.toml"]);
        assert_eq!(code, 3, "{said}");
        assert!(said.contains(reason), "{reason}: {said}");
        assert!(said.contains("completeness = \"optional\""), "{said}");
        assert!(!county.folder.join("out/latest").exists());
    }
}

#[test]
fn an_agency_that_did_not_deliver_silences_only_the_rules_that_need_it_or_holds_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    fs::remove_dir_all(county.folder.join("fixtures/demo/education")).unwrap();
    below_source(&county, "public-security/population", "completeness = \"present\"");
    let said = county.well(&["run", "pipelines/nightly.toml"]);
    let silent: Vec<&str> = said.lines().filter(|line| line.contains("未运行")).collect();
    assert!(silent.iter().any(|line| line.contains("d_key_group_no_roll")), "{said}");
    assert!(!silent.iter().any(|line| line.contains("e_dead_paid")), "{said}");
    let words = |extract: &str| manifest_of(&county, extract)["completeness"].clone();
    assert_eq!([words("student_roll"), words("population")], ["optional", "present"]);
    let page = fs::read_to_string(county.folder.join("out/latest/report.html")).unwrap();
    assert_eq!(page.matches(">必到</span>").count(), 1, "the population");

    below_source(&county, "education/student_roll", "completeness = \"present\"");
    let (code, said) = county.refused(&["run", "pipelines/nightly.toml"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("student_roll《学籍》 did not come"), "{said}");
}

#[test]
fn a_town_that_must_be_there_is_missed_on_the_first_night() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    below_source(&county, "public-security/population", "towns = [\"汇龙\", \"圆陀角旅游度假区\"]");
    county.well(&["run", "pipelines/nightly.toml"]);
    let population = manifest_of(&county, "population");
    assert_eq!(population["state"], "incomplete");
    let reasons = population["reasons"].as_array().unwrap();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    let reason = reasons[0].as_str().unwrap();
    assert_eq!(reason, "缺少“圆陀角旅游度假区”的数据（约定必有）");
    let page = fs::read_to_string(county.folder.join("out/latest/report.html")).unwrap();
    assert!(page.contains(reason), "the report says what is missing");

    fs::remove_dir_all(county.folder.join("out")).unwrap();
    fs::remove_dir_all(county.folder.join("state")).unwrap();
    let towns = "towns = [\"汇龙\", \"圆陀角旅游度假区\"]\n";
    county.change("pipelines/nightly.toml", towns, &format!("{towns}completeness = \"required\"\n"));
    let (code, said) = county.refused(&["run", "pipelines/nightly.toml"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("population《户籍人口》 is incomplete: ") && said.contains(reason), "{said}");
}

/// Events of the ledger that speak of a released night, as the ledger tells them.
fn releases(county: &County) -> Vec<(String, String)> {
    let ledger = Ledger::open_for_planning(&county.folder.join("state/ledger.sqlite")).unwrap();
    ledger.verify().unwrap();
    let events = ledger.events().unwrap();
    let released = events.iter().filter(|event| event.kind == "released");
    released.map(|event| (event.at.iso(), event.words())).collect()
}

#[test]
fn a_held_night_is_released_by_somebody_with_a_reason_and_what_is_incomplete_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    below_source(&county, "education/student_roll", "completeness = \"required\"");
    county.well(&["run", "pipelines/nightly.toml"]);
    let missing = "学籍_合作镇_20261115.xlsx";
    withhold(&county, "education", missing);
    let next = ["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"];
    let (code, said) = county.refused(&next);
    assert!(code == 3 && said.contains("--accept <extract> --reason <why>"), "{code} {said}");

    let accept = |extract: &'static str| {
        [&next[..], &["--accept", extract, "--reason", "教体局确认该校已撤并", "--by", "值班工程师"]].concat()
    };
    for (extract, words) in
        [("student_rol", "did you mean `student_roll`?"), ("population", "there is nothing to accept")]
    {
        let both = [accept(extract), vec!["--accept", "student_roll"]].concat();
        let (code, said) = county.refused(&both);
        assert!(code == 2 && said.contains(words), "{code} {said}");
    }
    assert_eq!(county.doudi(&[&next[..], &["--accept", "student_roll"]].concat()).status.code(), Some(2));
    assert_eq!(releases(&county), []);

    let said = county.well(&accept("student_roll"));
    let silent: Vec<&str> = said.lines().filter(|line| line.contains("未运行")).collect();
    assert!(
        silent.iter().any(|line| line.contains("d_key_group_no_roll")),
        "no absence is concluded: {said}"
    );
    let released =
        [("2026-11-21".to_owned(), "student_roll 由 值班工程师 放行：教体局确认该校已撤并".to_owned())];
    assert_eq!(releases(&county), released);
    let manifest = county.manifest();
    let told = &manifest["released"][0];
    assert_eq!((&told["extract"], &told["by"]), (&"student_roll".into(), &"值班工程师".into()));
    assert!(told["held"].to_string().contains("上次有的文件“学籍_合作镇”本次没有"), "{told}");
    assert_eq!(manifest_of(&county, "student_roll")["state"], "incomplete");
    let page = fs::read_to_string(county.folder.join("out/latest/report.html")).unwrap();
    let alert = page.find("本次比对经人工放行").unwrap();
    assert!(
        alert < page.find("一览").unwrap() && page.contains("教体局确认该校已撤并"),
        "on top of page one"
    );

    // The same night again adds nothing.
    county.well(&accept("student_roll"));
    assert_eq!(releases(&county), released);
}

#[test]
fn a_night_without_an_extract_that_must_be_there_can_be_released_and_one_without_any_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    below_source(&county, "public-security/population", "completeness = \"present\"");
    withhold(&county, "public-security", "人口_20261119.csv");
    let accept = ["run", "pipelines/nightly.toml", "--accept", "population", "--reason", "系统升级"];
    county.well(&accept);
    let told = releases(&county);
    assert!(told.len() == 1 && told[0].1.ends_with("放行：系统升级"), "{told:?}");
    assert_eq!(manifest_of(&county, "population")["state"], "missing");
    fs::create_dir(folder.path().join("empty")).unwrap();
    let empty = [&accept[..], &["--input", "empty", "--as-of", "2026-11-21"]].concat();
    let (code, said) = county.refused(&empty);
    assert!(code == 3 && said.contains("no file of any extract came"), "{code} {said}");
}
