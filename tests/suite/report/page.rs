//! What `report.html` tells over time: movement, balance, funnel, quality of deliveries, overdue answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use doudi::domain::{CaseStatus, Day, Grade, Phase};
use doudi::report::{AgencyNight, ListedCase, NightBefore, NightFacts, precision};

use super::demo::{Demo, as_of};
use super::lists::ends;
use crate::county::{County, NIGHT, copy};

/// The page without tags, a line for each row of a table.
fn lines(demo: &Demo) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    demo.publish(folder.path());
    rows(&fs::read_to_string(folder.path().join("report.html")).unwrap())
}

fn rows(page: &str) -> Vec<String> {
    let rows = page.split("</tr>").map(|row| {
        let cells = row.split('<').map(|part| part.split_once('>').map_or("", |(_, text)| text).trim());
        cells.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("|").replace("&#x2f;", "/")
    });
    rows.collect()
}

/// The first row behind a heading that begins with a word.
fn row<'l>(lines: &'l [String], heading: &str, word: &str) -> &'l str {
    let start =
        lines.iter().position(|line| line.contains(heading)).unwrap_or_else(|| panic!("no {heading}"));
    // The first row may stand behind the heading's own.
    let rows = lines[start..].iter().map(|line| line.rsplit(heading).next().unwrap());
    rows.into_iter()
        .find(|line| line.starts_with(word) || line.ends_with(word))
        .unwrap_or_else(|| panic!("no {word} behind {heading}"))
}

#[test]
fn movement_since_the_night_before_adds_up_list_by_list() {
    let mut demo = Demo::new(120);
    assert!(!lines(&demo).iter().any(|line| line.contains("较上一次比对")), "no night before");
    // Whatever is not new tonight was asked about then; each seventh has been answered since.
    let old = |status| status != CaseStatus::New;
    let asked = demo.cases.iter().filter(|case| old(case.status));
    let phases: BTreeMap<String, Phase> = asked.map(|case| (case.key.clone(), Phase::Sent)).collect();
    for (at, case) in demo.cases.iter_mut().enumerate() {
        if at % 14 == 3 {
            case.phase = Phase::Answered;
        }
    }
    demo.before = Some(NightBefore { as_of: as_of().plus_days(-1), phases });
    let lists = ["dropout", "exit", "data", "quality"];
    let count = |wanted: &dyn Fn(&doudi::domain::Case) -> bool| {
        let of_lists = demo.cases.iter().filter(|case| lists.contains(&case.finding.list.as_str()));
        of_lists.filter(|case| !case.finding.annex && wanted(case)).count()
    };
    let expected = [
        count(&|case| old(case.status)),
        count(&|case| case.status == CaseStatus::New && case.phase.asks()),
        count(&|case| old(case.status) && case.phase == Phase::Answered),
        count(&|case| case.phase == Phase::Withdrawn),
        count(&|case| case.phase.asks()),
    ];
    assert!(expected.iter().all(|figure| *figure > 0), "{expected:?}");
    let told = lines(&demo);
    let sum = row(&told, "较上一次比对（2026-11-19）", "合计");
    let figures: Vec<usize> = sum.split('|').skip(1).map(|figure| figure.parse().unwrap()).collect();
    assert_eq!(figures, expected);
    assert_eq!(figures[0] + figures[1] - figures[2] - figures[3], figures[4], "it adds up");
    let one = row(&told, "＝ 本次在办", "控辍保学疑似清单");
    let one: Vec<usize> = one.split('|').skip(1).map(|figure| figure.parse().unwrap()).collect();
    assert_eq!(one[0] + one[1] - one[2] - one[3], one[4]);
    assert!(one[4] > 0 && one[4] < figures[4]);
}

#[test]
fn overdue_answers_stand_by_list_and_town_with_the_longest_wait() {
    let demo = Demo::new(120);
    // Listed thirty days ago and due after ten, or listed today.
    let late: Vec<_> = demo
        .cases
        .iter()
        .filter(|case| case.phase.asks() && case.listed_on < as_of().plus_days(-10))
        .collect();
    let told = lines(&demo);
    let start = told.iter().position(|line| line.contains("逾期未答复")).unwrap();
    let end = told.iter().position(|line| line.contains("各镇（街道）在册线索")).unwrap();
    let rows: Vec<Vec<&str>> = told[start + 1..end].iter().map(|line| line.split('|').collect()).collect();
    let names: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(names, ["甲镇", "乙街道", "丙镇", "未归镇"]);
    assert!(rows.iter().all(|row| row.last() == Some(&"20")), "{rows:?}");
    let totals = rows.iter().map(|row| row[row.len() - 2].parse::<usize>().unwrap());
    assert_eq!(totals.sum::<usize>(), late.len());
    let sheets = ["控辍保学", "应退未退", "服务质量", "信息核对"];
    assert!(sheets.iter().all(|sheet| told[start].contains(sheet)), "{}", told[start]);
    let mut answered = demo;
    for case in &mut answered.cases {
        case.listed_on = as_of();
    }
    assert!(!lines(&answered).iter().any(|line| line.contains("逾期未答复")));
}

#[test]
fn the_funnel_goes_on_to_findings_cases_and_rows_that_were_handed_over() {
    let demo = Demo::new(120);
    let folder = tempfile::tempdir().unwrap();
    let published = demo.publish(folder.path());
    let told = lines(&demo);
    // The first stage stands behind the heading of its section, the others in rows of their own.
    let stage = |title: &str| {
        let line = told
            .iter()
            .find_map(|line| Some(line.split_once(title)?.1))
            .unwrap_or_else(|| panic!("no {title}"));
        line.split('|').nth(1).unwrap().replace(',', "").parse::<u64>().unwrap()
    };
    assert_eq!(
        stage("读入数据行"),
        demo.extracts.iter().flat_map(|e| &e.files).map(|f| f.rows_read).sum::<u64>()
    );
    // Five rules of three findings and one on the annex each.
    assert_eq!(stage("规则发现的线索"), 20);
    assert_eq!(stage("其中须核查的线索"), demo.cases.iter().filter(|case| case.asks()).count() as u64);
    let csv = |file: &&doudi::report::PublishedFile| ends(&file.path, "csv") && !file.list.is_empty();
    assert_eq!(
        stage("下发各单位的清单行"),
        published.files.iter().filter(csv).map(|file| file.rows).sum::<u64>()
    );
}

#[test]
fn quality_of_deliveries_is_drawn_over_the_nights_for_each_agency() {
    let mut demo = Demo::new(30);
    assert!(!lines(&demo).iter().any(|line| line.contains("各部门数据质量变化")), "one night is no course");
    let night = |day: &str, held: u64| NightFacts {
        as_of: Day::parse_iso(day).unwrap(),
        agencies: BTreeMap::from([(
            "education".to_owned(),
            AgencyNight { extracts: 2, whole: 2, read: 60_000, held },
        )]),
    };
    demo.nights = vec![night("2026-11-18", 600), night("2026-11-19", 6)];
    let told = lines(&demo);
    // Twelve of 61,204 rows tonight; one of two extracts is missing.
    let own = row(&told, "各部门数据质量变化", "教体局");
    assert!(own.starts_with("教体局|3|1 / 2|0.020%|0.010%|"), "{own}");
    assert!(own.contains("2026-11-18") && own.contains("2026-11-20"), "the drawing names its ends: {own}");
    // An agency of which earlier nights know nothing has tonight alone.
    assert!(row(&told, "各部门数据质量变化", "民政局").contains("|1|1 / 1|"));
    let agencies: BTreeSet<&str> = demo.extracts.iter().map(|extract| extract.agency.as_str()).collect();
    let folder = tempfile::tempdir().unwrap();
    demo.publish(folder.path());
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert_eq!(page.matches("<svg class=\"chart\"").count(), agencies.len());
}

#[test]
fn the_second_night_of_a_county_tells_how_the_first_one_stood() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("second-night");
    let _ = fs::remove_dir_all(&folder);
    copy(&NIGHT.folder, &folder);
    let county = County { folder };
    let first = fs::read_to_string(county.folder.join("out/latest/report.html")).unwrap();
    assert!(!first.contains("较上一次比对") && !first.contains("各部门数据质量变化"));
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    let page = fs::read_to_string(county.folder.join("out/latest/report.html")).unwrap();
    let told = rows(&page);
    let sum = row(&told, "较上一次比对（2026-11-20）", "合计");
    let figures: Vec<u64> =
        sum.split('|').skip(1).map(|figure| figure.replace(',', "").parse().unwrap()).collect();
    // Everything that the first night listed outside the annex; nobody has answered.
    let open = NIGHT
        .rows("cases.parquet", &["annex", "status"])
        .into_iter()
        .filter(|case| case[0] == "false" && case[1] != "withdrawn")
        .count();
    assert_eq!((figures[0], figures[2]), (open as u64, 0));
    assert_eq!(figures[0] + figures[1] - figures[2] - figures[3], figures[4]);
    let quality = row(&told, "各部门数据质量变化", "教体局");
    assert!(quality.starts_with("教体局|2|") && quality.contains("2026-11-20|2026-11-21"), "{quality}");
    // The same night once more is compared with the same night before.
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    let again = fs::read_to_string(county.folder.join("out/latest/report.html")).unwrap();
    assert!(again == page, "the page of the same night differs");
}

#[test]
fn the_page_tells_how_often_the_rules_are_right_once_somebody_has_answered() {
    let none = lines(&Demo::new(8));
    assert!(!none.iter().any(|line| line.contains("线索准确率")), "nobody has answered");
    let mut demo = Demo::new(8);
    let case = |answer: Option<bool>, drawn_from: Option<u64>| ListedCase {
        rule: "d_no_roll".to_owned(),
        list: "dropout".to_owned(),
        annex: false,
        grade: Grade::A,
        drawn_from,
        confirmed: answer,
    };
    let cases = [
        case(Some(true), None),
        case(Some(true), None),
        case(Some(false), None),
        case(None, None),
        case(Some(false), Some(5_000)),
    ];
    demo.precision = precision(&cases);
    let told = lines(&demo);
    let rule = told.iter().find(|line| line.contains("|4|3|2|66.67%")).unwrap_or_else(|| panic!("{told:?}"));
    assert!(rule.ends_with("0%"), "{rule}");
    let missed =
        told.iter().find(|line| line.contains("|1|1|0|5,000|")).unwrap_or_else(|| panic!("{told:?}"));
    assert!(missed.contains("0（0–"), "{missed}");
}

#[test]
fn what_was_looked_for_and_not_found_takes_one_line_for_each_list() {
    let mut demo = Demo::new(60);
    let quiet = |id: &str| doudi::report::RuleFacts {
        id: id.into(),
        title: "无人符合的情形".into(),
        ..demo.rules[0].clone()
    };
    let more = [quiet("d_quiet"), quiet("d_quieter")];
    demo.rules.extend(more);
    let told = lines(&demo);
    assert!(told.iter().any(|line| line.contains("另有 2 种情形已比对，没有线索")), "{told:?}");
    assert!(!told.iter().any(|line| line.contains("无人符合的情形")));
    // A rule that did not run is no rule without findings.
    let ran = demo.outcomes[0].clone();
    demo.outcomes.push(doudi::domain::RuleOutcome {
        rule: "d_quiet".into(),
        not_run: Some("学籍未收到".into()),
        ..ran
    });
    let told = lines(&demo);
    assert!(told.iter().any(|line| line.contains("另有 1 种情形已比对，没有线索")));
    assert!(told.iter().any(|line| line.contains("无人符合的情形|未运行")));
}
