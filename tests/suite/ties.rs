//! Two candidates who fit alike are shown, and what officers say of one of them counts for the other.

use std::collections::BTreeMap;
use std::path::Path;

use crate::county::{County, NIGHT, PAIR};

/// A row: extract, row key, role.
type Name = [String; 3];

/// Two children of one day and one sex of whom hardly any file knows, as the register's rows name them.
struct Alike {
    numbers: [String; 2],
    name: String,
    birth: String,
}

fn pick() -> (Alike, String) {
    let mentions = NIGHT.rows("mentions.parquet", &["identity_id"]);
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &mentions {
        *times.entry(&row[0]).or_default() += 1;
    }
    let own = NIGHT.identities("population", "resident", "resident_id");
    let columns = ["birth_date", "sex", "resident_id", "name", "cancel_state"];
    let mut rows = NIGHT.rows("records/population.parquet", &columns);
    rows.retain(|row| row[0].as_str() > "2009" && row[2].len() == 18 && row[4] == "正常");
    rows.sort();
    let seen = |row: &[String]| times[own[&row[2]].as_str()];
    let pairs = rows.windows(2).filter(|pair| pair[0][..2] == pair[1][..2] && pair[0][3] != pair[1][3]);
    let pair = pairs.min_by_key(|pair| seen(&pair[0]) + seen(&pair[1])).unwrap();
    let (name, birth) = (pair[0][3].clone(), pair[0][0].clone());
    (Alike { numbers: [pair[0][2].clone(), pair[1][2].clone()], name, birth }, pair[1][3].clone())
}

/// A county in which both bear one name, and an alert about a child of that name and day without a number.
fn county(folder: &Path, alike: &Alike, other: &str) -> County {
    let county = County::lay_out(folder);
    let register = folder.join("fixtures/demo/public-security/人口_20261119.csv");
    let bytes = std::fs::read(&register).unwrap();
    let (text, ..) = encoding_rs::GB18030.decode(&bytes);
    let line = text.lines().find(|line| line.contains(&format!(",{},{other},", alike.numbers[1]))).unwrap();
    let text = text.replace(line, &line.replace(&format!(",{other},"), &format!(",{},", alike.name)));
    std::fs::write(&register, encoding_rs::GB18030.encode(&text).0).unwrap();
    let head = "警情编号,姓名,身份证号,出生日期,警情类别,警情日期,是否已找回";
    let row = format!("T1,{},,{},走失,2026-11-10,否", alike.name, alike.birth);
    county.deliver("public-security/涉未警情_20261119.csv", &format!("{head}\n{row}\n"));
    county
}

/// The row of a role whose record holds a value.
fn named(county: &County, extract: &str, role: &str, (column, value): (&str, &str)) -> Name {
    let rows = county.rows(&format!("records/{extract}.parquet"), &["row_key", column]);
    let row = rows.into_iter().find(|row| row[1] == value).unwrap();
    [extract.to_owned(), row[0].clone(), role.to_owned()]
}

fn judge(county: &County, left: &Name, right: &Name, verdict: &str) {
    county.judge(left.iter().chain(right).map(String::as_str), verdict);
}

/// What differs in the pairs for review that a row stands in.
fn in_review(county: &County, name: &Name) -> Vec<String> {
    let columns = [&PAIR[..], &["difference"]].concat();
    let rows = county.rows("review_pairs.parquet", &columns).into_iter();
    rows.filter(|row| row[..3] == *name || row[3..6] == *name).map(|row| row[6].clone()).collect()
}

#[test]
fn two_who_fit_alike_are_shown_and_an_answer_about_one_decides_for_the_other() {
    let (alike, other) = pick();
    let folder = tempfile::tempdir().unwrap();
    let county = county(folder.path(), &alike, &other);
    county.well(&["run", "pipelines/nightly.toml"]);
    let alert = named(&county, "minor_alert", "subject", ("alert_number", "T1"));
    let resident =
        |at: usize| named(&county, "population", "resident", ("resident_id", alike.numbers[at].as_str()));
    let (first, second) = (resident(0), resident(1));
    let shown = in_review(&county, &alert);
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown.iter().all(|words| words.ends_with("另有 1 人同样相符，无法区分")), "{shown:?}");
    let tied = |county: &County| county.manifest()["link"]["tied"].as_u64().unwrap();
    assert_eq!(
        tied(&county),
        tied(&NIGHT) + 2,
        "and those of the demo: newborns without a name, one of twins each"
    );
    let asked = |name: &Name| name.join(":");
    let told = county.json(&["explain", "pair", &asked(&alert), &asked(&first)]);
    let sentence = told["sentence"].as_str().unwrap();
    assert!(sentence.contains("另有 1 人同样相符") && sentence.contains("列入人工确认"), "{sentence}");

    judge(&county, &alert, &first, "not_same");
    county.well(&["run", "pipelines/nightly.toml"]);
    let alerts = county.identities("minor_alert", "subject", "alert_number");
    let owner = county.identities("population", "resident", "resident_id");
    assert_eq!(alerts["T1"], owner[&alike.numbers[1]], "whom an answer rules out is nobody's rival");
    assert!(in_review(&county, &alert).is_empty());
    let told = county.json(&["explain", "pair", &asked(&alert), &asked(&first)]);
    assert_eq!(told["treated"]["kind"], "refuted", "{told}");

    // Somebody says that it is the first one after all, and somebody else that both are one, but they are two.
    judge(&county, &alert, &second, "same");
    judge(&county, &first, &second, "same");
    county.well(&["run", "pipelines/nightly.toml"]);
    assert_eq!(county.manifest()["link"]["contradicted"], 1);
    let shown: Vec<String> = in_review(&county, &first);
    assert!(shown.iter().any(|words| words.starts_with("答复互相矛盾")), "{shown:?}");
}
