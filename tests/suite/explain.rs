//! `doudi explain`: the answers agree with what the run wrote down, and questions that cannot be
//! answered say what to ask instead.

use serde_json::Value;

use crate::audit::approve_looks;
use crate::county::{County, NIGHT, PAIR, copy};

fn names(row: &[String]) -> (String, String) {
    (row[..3].join(":"), row[3..6].join(":"))
}

/// Rows of links or review pairs: names, weight, probability, and the last column.
fn pairs(artifact: &str, last: &str) -> Vec<(String, String, f32, f64, String)> {
    let columns: Vec<&str> = PAIR.into_iter().chain(["weight", "probability", last]).collect();
    let rows = NIGHT.rows(artifact, &columns);
    let pair = |row: Vec<String>| {
        let (left, right) = names(&row);
        (left, right, row[6].parse().unwrap(), row[7].parse().unwrap(), row[8].clone())
    };
    rows.into_iter().map(pair).collect()
}

/// The parts of a waterfall add up to its total.
fn adds_up(report: &Value) {
    let number = |value: &Value| value.as_f64().unwrap();
    let parts = report["parts"].as_array().unwrap().iter();
    let sum = parts.fold(number(&report["prior"]) + number(&report["resembling"]), |sum, part| {
        sum + number(&part["bits"]) + number(&part["frequency_bits"])
    });
    assert!((sum - number(&report["total"])).abs() < 1e-9, "{sum} {}", report["total"]);
}

#[expect(clippy::cast_possible_truncation, reason = "artifacts hold weights rounded to 32 bits")]
fn rounded(weight: &Value) -> u32 {
    (weight.as_f64().unwrap() as f32).to_bits()
}

/// Weighed again, a pair has the weight that the run wrote down, bit for bit.
fn has_the_stored_weight(left: &str, right: &str, weight: f32) -> Value {
    let report = NIGHT.json(&["explain", "pair", left, right]);
    assert_eq!(report["treated"]["kind"], "weighed", "{left} {right}");
    assert_eq!(rounded(&report["treated"]["weight"]), weight.to_bits(), "{left} {right}");
    let told = (report["reproduced"].as_bool(), report["plan_changed"].as_bool());
    assert_eq!(told, (Some(true), Some(false)));
    adds_up(&report);
    report
}

#[test]
fn a_link_of_the_model_is_weighed_as_the_run_weighed_it() {
    let links = pairs("links.parquet", "pass");
    let of_model: Vec<_> = links.into_iter().filter(|link| link.4 == "model").collect();
    assert!(of_model.len() > 3, "{}", of_model.len());
    for (left, right, weight, _, _) in &of_model[..3] {
        let report = has_the_stored_weight(left, right, *weight);
        assert_eq!(report["same_person"], true);
        assert_eq!(report["chain"][0]["pass"], "model");
        let stored = &report["stored"][0];
        assert_eq!((&stored["artifact"], rounded(&stored["weight"])), (&"links".into(), weight.to_bits()));
        assert!(report["sentence"].as_str().unwrap().contains("高于自动认定门槛"), "{}", report["sentence"]);
    }
}

#[test]
fn the_side_on_which_a_row_is_named_does_not_matter() {
    let links = pairs("links.parquet", "pass");
    let (left, right, ..) = links.iter().find(|link| link.4 == "model").unwrap();
    let straight = NIGHT.json(&["explain", "pair", left, right]);
    let turned = NIGHT.json(&["explain", "pair", right, left]);
    for key in ["parts", "total", "treated", "blocks", "stored", "sentence"] {
        assert_eq!(straight[key], turned[key], "{key}");
    }
    assert_eq!((&straight["left"], &straight["right"]), (&turned["right"], &turned["left"]));
    assert_eq!(straight["compared"][0], turned["compared"][1]);
}

#[test]
fn a_pair_for_review_is_weighed_as_the_run_weighed_it() {
    // A pair that a sure pass stopped at has no weight of its own: its probability is one half.
    let weighed = |pair: &&(String, String, f32, f64, String)| (pair.3 - 0.5).abs() > 1e-9;
    let review = pairs("review_pairs.parquet", "difference");
    let weighed: Vec<_> = review.iter().filter(weighed).collect();
    assert!(!weighed.is_empty(), "{} pairs for review", review.len());
    for (left, right, weight, _, difference) in weighed.into_iter().take(3) {
        let report = has_the_stored_weight(left, right, *weight);
        assert_eq!(report["stored"][0]["artifact"], "review_pairs");
        assert!(report["sentence"].as_str().unwrap().starts_with(difference.as_str()));
    }
}

/// Few in the demo are nearly found. Where nothing is ever sure enough for a link of the model, those whom
/// only the model finds are as well.
#[test]
fn a_near_miss_is_weighed_as_the_run_weighed_it() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    county.change("pipelines/link.toml", "link_at = 0.99 ", "link_at = 1.0 ");
    county.well(&["run", "pipelines/nightly.toml"]);
    let columns = [
        "subject_extract",
        "subject_row_key",
        "subject_role",
        "candidate_extract",
        "candidate_row_key",
        "candidate_role",
        "weight",
        "difference",
    ];
    let misses = county.rows("near_misses.parquet", &columns);
    let first = misses.first().expect("a candidate for somebody who was not found");
    let (subject, candidate) = names(first);
    for (left, right) in [(&subject, &candidate), (&candidate, &subject)] {
        let report = county.json(&["explain", "pair", left, right]);
        assert_eq!(report["treated"]["kind"], "near_miss");
        assert_eq!(rounded(&report["total"]), first[6].parse::<f32>().unwrap().to_bits());
        let stored = report["stored"].as_array().unwrap();
        assert!(stored.iter().any(|stored| stored["artifact"] == "near_misses"));
        assert!(report["sentence"].as_str().unwrap().starts_with(&first[7]), "{}", report["sentence"]);
        adds_up(&report);
    }
    let cases = county.rows("cases.parquet", &["case_number", "subject_extract", "subject_row_key"]);
    let case = cases.iter().find(|case| case[1..] == first[..2]).unwrap();
    let told = county.json(&["explain", "case", &case[0]]);
    let miss = &told["near_misses"][0];
    assert_eq!(
        (miss["candidate"].as_str(), miss["difference"].as_str()),
        (Some(&*candidate), Some(&*first[7]))
    );
    assert!(told["annex"].is_string(), "a near miss moves the case to the annex");
}

#[test]
fn rows_of_one_number_are_told_with_the_pass_that_joined_them_and_masked() {
    let links = pairs("links.parquet", "pass");
    let (left, right, ..) = links.iter().find(|link| link.4 == "valid_id").unwrap();
    let told = NIGHT.well(&["explain", "pair", left, right]);
    for words in ["为什么是同一人", "模型比对之前", "身份证号相同且姓名相符", "****", "仅供参考", "先验"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    let has_number =
        |text: &str| text.split(|c: char| !c.is_ascii_digit() && c != 'X').any(|run| run.len() == 18);
    assert!(!has_number(&told), "a number stands unmasked");
    // What is shown in full is logged, which the shared night must not be.
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    approve_looks(&county);
    assert!(has_number(&county.well(&["explain", "pair", left, right, "--full", "--reason", "核对"])));
}

#[test]
fn rows_are_named_as_lists_name_them() {
    let columns = ["extract", "row_key", "role", "file", "sheet", "row"];
    let mentions = NIGHT.rows("mentions.parquet", &columns);
    let of_sheet: Vec<&Vec<String>> = mentions.iter().filter(|row| !row[4].is_empty()).take(2).collect();
    let by_key = |row: &[String]| row[..3].join(":");
    let by_place = |row: &[String]| format!("{}:{}!{}:{}", row[3], row[4], row[5], row[2]);
    let keyed = NIGHT.json(&["explain", "pair", &by_key(of_sheet[0]), &by_key(of_sheet[1])]);
    let placed = NIGHT.json(&["explain", "pair", &by_place(of_sheet[0]), &by_place(of_sheet[1])]);
    assert_eq!(keyed, placed);
    assert_eq!(keyed["left"]["row"].to_string(), of_sheet[0][5]);
}

#[test]
fn a_question_that_cannot_be_answered_says_what_to_ask() {
    let mentions = NIGHT.rows("mentions.parquet", &["extract", "row_key", "role"]);
    let row = |at: usize| mentions[at][..2].join(":");
    let several = mentions.windows(2).position(|two| two[0][..2] == two[1][..2]).unwrap();
    let first = mentions[0].join(":");
    let asked = |left: &str, right: &str| NIGHT.refused(&["explain", "pair", left, right]);

    let (code, said) = asked(&row(several), &first);
    assert_eq!(code, 2);
    assert!(said.contains(&format!("ask for `{}`", mentions[several].join(":"))), "{said}");
    let (code, said) = asked(&format!("{}x:1", mentions[0][0]), &first);
    assert_eq!((code, said.contains(&format!("did you mean `{}`?", mentions[0][0]))), (2, true), "{said}");
    let mistyped = format!("{}:{}", mentions[0][0], &mentions[0][1][1..]);
    let (code, said) = asked(&mistyped, &first);
    assert_eq!((code, said.contains("has no row key")), (2, true), "{said}");
    assert_eq!(
        asked(&first, &first),
        (2, "failed to explain: both names are the same person in the same row\n".into())
    );
    let (code, said) = NIGHT.refused(&["explain", "case", "2222-2222", "--run", "nowhere"]);
    assert_eq!((code, said.contains("there is no finished run in nowhere")), (2, true), "{said}");
}

#[test]
fn a_case_is_told_with_all_it_rests_on() {
    let columns = ["case_number", "rule", "subject_extract", "subject_row_key", "reason", "event", "annex"];
    let mut seen = std::collections::BTreeSet::new();
    for case in NIGHT.rows("cases.parquet", &columns) {
        if !seen.insert(case[1].clone()) {
            continue;
        }
        let report = NIGHT.json(&["explain", "case", &case[0].to_lowercase()]);
        assert_eq!(
            (&report["number"], &report["rule_id"]),
            (&case[0].as_str().into(), &case[1].as_str().into())
        );
        assert_eq!(
            (&report["reason"], &report["event"]),
            (&case[4].as_str().into(), &case[5].as_str().into())
        );
        assert_eq!(report["annex"].is_string(), case[6] == "true", "{}", case[0]);
        assert!(report["subject"].as_str().unwrap().starts_with(&case[2..4].join(":")));
        let evidence = report["evidence"].as_array().unwrap();
        assert!(
            !evidence.is_empty() && evidence.iter().all(|row| !row["place"].as_str().unwrap().is_empty())
        );
        assert_eq!(report["history"][0]["kind"], "opened");
        assert!(!report["rule"]["basis"].as_array().unwrap().is_empty());
        assert!(!report["rule"]["verify"].as_array().unwrap().is_empty());
    }
    assert_eq!(seen.len(), 99, "rules with a case");
}

#[test]
fn persons_of_several_rows_are_told_with_the_links_between_them() {
    let cases = NIGHT.rows("cases.parquet", &["case_number", "rule"]);
    let released = cases.iter().find(|case| case[1] == "e_parent_released").unwrap();
    let told = NIGHT.well(&["explain", "case", &released[0]]);
    let titles =
        ["一、情形", "二、规则", "三、证据", "四、近似候选", "五、经过", "六、需核实", "本人（", "他人（"];
    for words in titles.into_iter().chain(["认定为同一人：\n  1. ", "首次发现", "依据："]) {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn a_mistyped_clue_number_is_told_with_the_nearest() {
    let number = &NIGHT.rows("cases.parquet", &["case_number"])[0][0];
    let last = if number.ends_with('Z') { 'Y' } else { 'Z' };
    let typo = format!("{}{last}", &number[..8]);
    let (code, said) = NIGHT.refused(&["explain", "case", &typo]);
    assert_eq!((code, said.contains("it is mistyped")), (2, true), "{said}");
    assert!(said.contains(&format!("did you mean `{number}`?")), "{said}");
}

#[test]
fn a_changed_configuration_is_told_and_without_its_copies_a_run_cannot_be_weighed_again() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    county.change("pipelines/link.toml", "link_at = 0.99 ", "link_at = 1.0 ");
    let links = pairs("links.parquet", "pass");
    let (left, right, ..) = links.iter().find(|link| link.4 == "model").unwrap();
    let report = county.json(&["explain", "pair", left, right]);
    assert_eq!((report["plan_changed"].as_bool(), report["reproduced"].as_bool()), (Some(true), Some(false)));
    let told = county.well(&["explain", "pair", left, right]);
    assert!(told.contains("有改动") && told.contains("以该次运行的存档为准"), "{told}");

    let pulled = folder.path().join("out/latest/pulled");
    std::fs::rename(&pulled, folder.path().join("elsewhere")).unwrap();
    let (code, said) = county.refused(&["explain", "pair", left, right]);
    assert_eq!((code, said.contains("failed to read out/latest/pulled/")), (4, true), "{said}");
}

/// An offline page that `arguments` write.
fn page(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--html", file.to_str().unwrap()]).collect();
    NIGHT.well(&arguments);
    let page = std::fs::read_to_string(file).unwrap();
    let outside = ["http://", "https://", "<script", "src=", "@import"];
    assert!(!outside.iter().any(|word| page.contains(word)), "the page needs nothing from outside");
    page
}

#[test]
fn the_changes_that_would_flip_a_decision_cross_the_threshold_and_the_smallest_is_told() {
    let number = |value: &Value| value.as_f64().unwrap();
    let links = pairs("links.parquet", "pass");
    let link = links.iter().find(|link| link.4 == "model").unwrap();
    let review = pairs("review_pairs.parquet", "difference");
    let waiting = review.iter().find(|pair| (pair.3 - 0.5).abs() > 1e-9).unwrap();
    for (pair, linked) in [(link, true), (waiting, false)] {
        let report = NIGHT.json(&["explain", "pair", &pair.0, &pair.1]);
        let threshold = number(&report["thresholds"]["link_bits"]);
        assert_eq!(number(&report["treated"]["weight"]) >= threshold, linked);
        let flips = report["flips"].as_array().unwrap();
        assert!(!flips.is_empty(), "{}", report["flip_sentence"]);
        for flip in flips {
            assert_eq!(flip["linked"].as_bool(), Some(!linked));
            assert_eq!(number(&flip["total"]) >= threshold, !linked, "{flip}");
        }
        let changes: Vec<f64> = flips.iter().map(|flip| number(&flip["change"]).abs()).collect();
        assert!(changes.is_sorted(), "{changes:?}");
        let sentence = report["flip_sentence"].as_str().unwrap();
        assert!(sentence.contains(flips[0]["to"].as_str().unwrap()), "{sentence}");
        assert!(NIGHT.well(&["explain", "pair", &pair.0, &pair.1]).contains(sentence));

        let page = page(&["explain", "pair", &pair.0, &pair.1]);
        for words in [sentence, report["sentence"].as_str().unwrap(), "<svg class=\"chart\"", "权重瀑布图"]
        {
            assert!(page.contains(words), "{words}");
        }
    }
}

#[test]
fn a_pair_that_no_model_decided_has_no_change_that_would_flip_it() {
    let links = pairs("links.parquet", "pass");
    let (left, right, ..) = links.iter().find(|link| link.4 == "valid_id").unwrap();
    let report = NIGHT.json(&["explain", "pair", left, right]);
    assert_eq!(report["flips"].as_array().unwrap().len(), 0);
    assert!(report["flip_sentence"].as_str().unwrap().contains("不是由模型"), "{}", report["flip_sentence"]);
}

#[test]
fn a_person_is_told_with_its_links_from_the_weakest_on_and_what_each_holds_together() {
    let mentions = NIGHT.rows("mentions.parquet", &["identity_id", "extract", "row_key", "role"]);
    let mut rows: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for mention in &mentions {
        *rows.entry(&mention[0]).or_default() += 1;
    }
    let (person, count) = rows.iter().find(|(_, count)| (4..9).contains(*count)).unwrap();
    let report = NIGHT.json(&["explain", "identity", person]);
    let links = report["links"].as_array().unwrap();
    assert_eq!((report["mentions"].as_array().unwrap().len(), links.len()), (*count, count - 1));
    let chances: Vec<f64> = links.iter().map(|link| link["probability"].as_f64().unwrap()).collect();
    assert!(chances.is_sorted(), "{chances:?}");
    for link in links {
        let sides = ["rows_from", "rows_to"].map(|side| link[side].as_u64().unwrap());
        assert!(sides.iter().all(|side| *side > 0), "{link}");
        assert_eq!(sides.iter().sum::<u64>(), *count as u64, "{link}");
    }
    let told = NIGHT.well(&["explain", "identity", person]);
    let sentence = report["sentence"].as_str().unwrap();
    assert!(told.contains(sentence) && sentence.contains("最弱的是"), "{told}");
    let page = page(&["explain", "identity", person]);
    assert!(page.contains(sentence) && page.contains("<svg class=\"chart\""));

    let (code, said) = NIGHT.refused(&["explain", "identity", "0"]);
    assert_eq!((code, said.contains("the run has no person `0`")), (2, true), "{said}");
}

#[test]
fn the_page_of_a_case_tells_what_the_command_tells() {
    let cases = NIGHT.rows("cases.parquet", &["case_number", "rule", "annex"]);
    let of = |rule: &str, annex: &str| {
        cases.iter().find(|row| row[1] == rule && row[2] == annex).map(|row| row[0].clone()).unwrap()
    };
    // One whose absence was searched for, one that waits in the annex, one with a policy that is missed.
    for number in [of("d_hukou_no_roll", "false"), of("d_hukou_no_roll", "true"), of("u_orphan", "false")] {
        let report = NIGHT.json(&["explain", "case", &number]);
        let page = page(&["explain", "case", &number]);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut words =
            vec![number.clone(), text(&report["reason"]), "首次发现".to_owned(), "列入清单下发".to_owned()];
        words.extend(report["rule"]["basis"].as_array().unwrap().iter().map(text));
        words.extend(report["rule"]["verify"].as_array().unwrap().iter().map(text));
        words.extend(report["evidence"].as_array().unwrap().iter().map(|row| text(&row["place"])));
        words.extend(report["near_misses"].as_array().unwrap().iter().map(|miss| text(&miss["difference"])));
        words.extend(report["policies"].as_array().unwrap().iter().map(|policy| text(&policy["verdict"])));
        for word in words {
            // A sign that HTML writes otherwise would hide a word.
            let written = word.replace('/', "&#x2f;");
            assert!(page.contains(&word) || page.contains(&written), "{number}: {word}");
        }
    }
}
