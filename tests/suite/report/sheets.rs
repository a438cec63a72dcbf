//! The sheets of workbooks: their order, their sums, their paper, their drop-downs, their protection.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};
use std::path::Path;

use doudi::domain::{CaseStatus, FindingDetail, Severity};
use doudi::report::{AnswerKind, Desk};

use super::demo::{Demo, TOWNS, docket, with_column};
use super::lists::{cells, files};

/// Parts of a workbook, by name.
fn parts(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|at| {
            let mut entry = archive.by_index(at).unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            (entry.name().unwrap().into_owned(), text)
        })
        .collect()
}

/// Names of the sheets with their XML, and the XML of the workbook.
fn sheets(bytes: &[u8]) -> (Vec<(String, String)>, String) {
    let mut parts = parts(bytes);
    let book = parts.remove("xl/workbook.xml").unwrap();
    let names = book.split("<sheet name=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    let sheet = |(at, name): (usize, String)| {
        (name, parts.remove(&format!("xl/worksheets/sheet{}.xml", at + 1)).unwrap())
    };
    (names.enumerate().map(sheet).collect(), book)
}

fn detail(name: &str, value: &str) -> FindingDetail {
    FindingDetail { name: name.into(), value: value.into() }
}

/// Rows of a list's sheet without headings and foot, and the place of each heading.
fn rows(sheet: &[Vec<String>]) -> (&[Vec<String>], BTreeMap<&str, usize>) {
    let end = sheet.iter().position(|row| row[0].starts_with("合计")).unwrap();
    let places = sheet[2].iter().enumerate().map(|(at, title)| (title.as_str(), at)).collect();
    (&sheet[3..end], places)
}

/// A demo in which half of the pupils have a school.
fn schooled() -> Demo {
    let mut demo = Demo::new(120);
    for (at, case) in demo.cases.iter_mut().enumerate() {
        if let Some(school) = ["甲小学", "乙中学", ""].get(at / 5 % 4).filter(|school| !school.is_empty())
        {
            case.finding.details.push(detail("school", school));
        }
    }
    demo
}

#[test]
fn education_gets_its_list_by_school_then_town_and_a_page_of_counts() {
    let folder = tempfile::tempdir().unwrap();
    schooled().publish(folder.path());
    let path = folder.path().join("lists/education/控辍保学疑似清单_2026-11-20.xlsx");
    let book = cells(&path);
    let (list, at) = rows(&book["控辍保学"]);
    let key = |row: &Vec<String>| {
        let town = TOWNS.iter().position(|town| *town == row[at["镇(街道)"]]).unwrap_or(9);
        let school = row[at["末次就读学校"]].clone();
        (school.is_empty(), school, town, row[at["村(社区)"]].clone())
    };
    let keys: Vec<_> = list.iter().map(key).collect();
    assert!(keys.is_sorted(), "{keys:?}");
    let schools: Vec<&str> = keys.iter().map(|(_, school, ..)| school.as_str()).collect();
    assert_eq!(schools.iter().copied().collect::<BTreeSet<_>>(), ["", "乙中学", "甲小学"].into());
    // A page ends where another school begins; the first row of data is the fourth of the sheet.
    let (sheets, _) = sheets(&std::fs::read(&path).unwrap());
    let xml = &sheets.iter().find(|(name, _)| name == "控辍保学").unwrap().1;
    let breaks: Vec<usize> = xml
        .split("<brk id=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
        .collect();
    let expected: Vec<usize> =
        (1..schools.len()).filter(|&at| schools[at] != schools[at - 1]).map(|at| at + 3).collect();
    assert_eq!((breaks, expected.len()), (expected.clone(), 2));
    // The page of counts says what the list holds, without what was withdrawn.
    let counts = &book["按学校计数"];
    assert_eq!(
        counts[2][..4],
        ["末次就读学校", "线索（条）", "涉及儿童（人）", "待确认（另页）"].map(str::to_owned)
    );
    let standing = |school: &str| {
        let of_school = list.iter().filter(|row| school == "合计" || row[at["末次就读学校"]] == school);
        of_school.filter(|row| row[at["状态"]] != "撤回").count().to_string()
    };
    for (name, school) in
        [("甲小学", "甲小学"), ("乙中学", "乙中学"), ("无本市学籍学校记录", ""), ("合计", "合计")]
    {
        let row = counts.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("{name}: {counts:?}"));
        assert_eq!(row[1], standing(school), "{name}");
        let words: u32 = row[4..].iter().filter_map(|cell| cell.parse::<u32>().ok()).sum();
        assert_eq!(words.to_string(), row[1], "{name}: by 民政身份");
    }
    assert!(counts[2].contains(&"民政身份：困境儿童".to_owned()), "{:?}", counts[2]);
    let xml = &sheets.iter().find(|(name, _)| name == "按学校计数").unwrap().1;
    assert!(
        xml.contains("<pageSetUpPr fitToPage=\"1\"/>") && !xml.contains("fitToHeight"),
        "one page: {xml}"
    );
}

#[test]
fn what_a_rule_does_not_tell_is_taken_from_the_persons_row_in_a_ledger() {
    // Each third child has a school in the ledger; every fourth pupil one in the rule's own words.
    let school = |at: i64| if at % 3 == 0 { "丙学校" } else { "" };
    let shown = |class: &str| {
        let mut demo = schooled();
        demo.docket = Some(with_column(docket(&["plain".to_owned()], 120), ("last_school", class), school));
        let folder = tempfile::tempdir().unwrap();
        demo.publish(folder.path());
        let book = cells(&folder.path().join("lists/education/控辍保学疑似清单_2026-11-20.xlsx"));
        let (list, at) = rows(&book["控辍保学"]);
        let clue = |row: &Vec<String>| row[at["线索编号"]][5..].parse::<i64>().unwrap();
        list.iter().map(|row| (clue(row), row[at["末次就读学校"]].clone())).collect::<BTreeMap<_, _>>()
    };
    let known = shown("school");
    for (at, told) in &known {
        let own = ["甲小学", "乙中学", "", ""][usize::try_from(*at).unwrap() / 5 % 4];
        assert_eq!(told, if own.is_empty() { school(*at) } else { own }, "{at}");
    }
    assert!(known.values().any(|told| told == "丙学校") && known.values().any(String::is_empty));
    // A column of another class is no answer to this one.
    assert!(!shown("custody").values().any(|told| told == "丙学校"));
}

#[test]
fn every_row_says_what_to_look_at_unless_the_rule_is_withheld_or_the_case_withdrawn() {
    let folder = tempfile::tempdir().unwrap();
    Demo::new(120).publish(folder.path());
    let told = |path: &str| {
        let book = cells(&folder.path().join("lists").join(path));
        let sheet = book.iter().find(|(name, _)| name.as_str() == "应退未退").unwrap().1;
        let (list, at) = rows(sheet);
        let row = |row: &Vec<String>| {
            let known = row[at["疑似情形"]] != "家庭监护状况待核实";
            (known, row[at["状态"]] == "撤回", row[at["需核实事项"]].clone())
        };
        list.iter().map(row).collect::<BTreeSet<_>>()
    };
    let items = "是否同名；是否已变更".to_owned();
    let office = told("civil-affairs/应退未退疑似清单_2026-11-20.xlsx");
    assert_eq!(office, [(true, true, String::new()), (true, false, items)].into());
    let town = told(&format!("town-{}/镇街核查清单_2026-11-20.xlsx", TOWNS[0]));
    assert!(!town.is_empty() && town.iter().all(|(known, _, items)| !known && items.is_empty()), "{town:?}");
}

#[test]
fn a_part_of_a_list_is_a_sheet_and_files_of_its_own_in_its_own_order() {
    let words = ["对儿童有利，优先办理", "待遇可能降低，核查后办理", "其他"];
    let mut demo = Demo::new(120);
    let rule = demo.rules.iter_mut().find(|rule| rule.id == "e_dead").unwrap();
    rule.id = "e_category_change".into();
    for (at, case) in demo.cases.iter_mut().enumerate().filter(|(_, case)| case.finding.rule == "e_dead") {
        case.finding.rule = "e_category_change".into();
        case.finding.details.push(detail("direction", words[at % 3]));
    }
    let folder = tempfile::tempdir().unwrap();
    let published = demo.publish(folder.path());
    let of_office = |file: &str| folder.path().join("lists/civil-affairs").join(file);
    let book = cells(&of_office("应退未退疑似清单_2026-11-20.xlsx"));
    let (list, at) = rows(&book["应退未退"]);
    assert!(!list.is_empty() && list.iter().all(|row| row[at["疑似情形"]] != "死亡仍享受"));
    let (part, at) = rows(&book["类别转换"]);
    let told = |row: &Vec<String>| {
        let place = words.iter().position(|word| row[at["明细"]].contains(word)).unwrap();
        (place, TOWNS.iter().position(|town| *town == row[at["镇(街道)"]]).unwrap_or(9))
    };
    let order: Vec<(usize, usize)> = part.iter().map(told).collect();
    assert!(order.is_sorted() && order.first().unwrap().0 == 0 && order.last().unwrap().0 == 2, "{order:?}");
    // A page ends where the direction or the town changes.
    let (sheets, _) = sheets(&std::fs::read(of_office("应退未退疑似清单_2026-11-20.xlsx")).unwrap());
    let xml = &sheets.iter().find(|(name, _)| name == "类别转换").unwrap().1;
    let changes = (1..order.len()).filter(|&at| order[at] != order[at - 1]).count();
    assert_eq!(xml.matches("<brk id=").count(), changes);
    // The annex goes with its part, and every clue stands in one file of each kind.
    let names = sheets.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
    let annexes: Vec<&str> = names.iter().copied().filter(|name| name.contains("待确认")).collect();
    assert!(annexes.iter().all(|name| ["疑似同人待确认", "类别转换-待确认"].contains(name)), "{names:?}");
    let parquet: u64 = published
        .files
        .iter()
        .filter(|f| f.path.starts_with("lists/civil-affairs/应退") && f.path.ends_with(".parquet"))
        .map(|f| f.rows)
        .sum();
    let book =
        published.files.iter().find(|f| f.path.ends_with("civil-affairs/应退未退疑似清单_2026-11-20.xlsx"));
    assert_eq!(book.map(|f| (f.rows, f.list.as_str())), Some((parquet, "exit")));
    assert!(of_office("应退未退疑似清单_类别转换_2026-11-20.csv").is_file());
}

#[test]
fn everybody_else_gets_lists_by_town_village_and_urgency() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = schooled();
    for rule in &mut demo.rules {
        rule.severity = if rule.id == "e_dead" { Severity::Urgent } else { Severity::Medium };
    }
    demo.publish(folder.path());
    let book = cells(&folder.path().join("lists/civil-affairs/应退未退疑似清单_2026-11-20.xlsx"));
    assert!(!book.contains_key("按学校计数"));
    let (list, at) = rows(&book["应退未退"]);
    let order = ["紧急", "高", "中", "提示"];
    let key = |row: &Vec<String>| {
        let town = TOWNS.iter().position(|town| *town == row[at["镇(街道)"]]).unwrap_or(9);
        let urgency = order.iter().position(|word| *word == row[at["风险"]]).unwrap();
        (town, row[at["村(社区)"]].clone(), urgency)
    };
    let keys: Vec<_> = list.iter().map(key).collect();
    // Those without a town have a village all the same in this demo, so each key decides somewhere.
    assert!(keys.is_sorted(), "{keys:?}");
    let villages: BTreeSet<&String> = keys.iter().map(|(_, village, _)| village).collect();
    let urgencies: BTreeSet<usize> = keys.iter().map(|(.., urgency)| *urgency).collect();
    assert_eq!((villages.len(), urgencies), (2, [0, 2].into()));
    let town = cells(&folder.path().join("lists/town-甲镇/镇街核查清单_2026-11-20.xlsx"));
    assert!(town["控辍保学"][2].contains(&"末次就读学校".to_owned()) && !town.contains_key("按学校计数"));
}

#[test]
fn months_and_money_are_numbers_with_their_sum_below() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::new(60);
    for (at, case) in demo.cases.iter_mut().enumerate().filter(|(_, case)| case.finding.rule == "e_dead") {
        case.finding.details.push(detail("months", &(1 + at % 3).to_string()));
        case.finding.details.push(detail("money", ["1200", "815.5"][at % 2]));
        case.finding.details.push(detail("suggested_last_month", "2026-09"));
    }
    demo.publish(folder.path());
    let path = folder.path().join("lists/civil-affairs/应退未退疑似清单_2026-11-20.xlsx");
    let book = cells(&path);
    let sheet = &book["应退未退"];
    let (list, at) = rows(sheet);
    let foot = sheet.iter().find(|row| row[0].starts_with("合计")).unwrap();
    let withdrawn = |row: &&Vec<String>| row[at["状态"]] == "撤回";
    assert!(list.iter().any(|row| withdrawn(&row) && !row[at["疑似多发月数"]].is_empty()));
    for (title, least) in [("疑似多发月数", 5.0), ("疑似多发金额（元）", 5000.0)] {
        let standing =
            list.iter().filter(|row| !withdrawn(row)).filter_map(|row| row[at[title]].parse::<f64>().ok());
        let sum: f64 = standing.sum();
        assert!(
            sum > least && (foot[at[title]].parse::<f64>().unwrap() - sum).abs() < 1e-6,
            "{title}: {foot:?}"
        );
    }
    assert!(list.iter().any(|row| row[at["建议末领年月"]] == "2026-09"));
    assert!(!list.iter().any(|row| row[at["明细"]].contains("815.5")), "what has a column is not told twice");
    let csv = std::fs::read_to_string(path.with_extension("csv")).unwrap();
    assert!(csv.contains(",815.5,") && csv.contains(",1200,"));
    // Who may not see money has neither column nor sum.
    let town = cells(&folder.path().join("lists/town-甲镇/镇街核查清单_2026-11-20.xlsx"));
    assert!(!town["应退未退"][2].iter().any(|title| title.contains("多发")));
}

#[test]
fn a_value_that_is_no_number_is_shown_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::new(60);
    for (at, case) in demo.cases.iter_mut().enumerate().filter(|(_, case)| case.finding.rule == "e_dead") {
        case.finding.details.push(detail("months", if at == 2 { "约3" } else { "4" }));
    }
    demo.publish(folder.path());
    let book = cells(&folder.path().join("lists/civil-affairs/应退未退疑似清单_2026-11-20.xlsx"));
    let (list, at) = rows(&book["应退未退"]);
    let shown: BTreeSet<&str> = list.iter().map(|row| row[at["疑似多发月数"]].as_str()).collect();
    assert_eq!(shown, ["", "4", "约3"].into());
}

/// A demo whose rules stand on these lists, in place of those that it has them on.
fn on_lists(lists: [&str; 5]) -> Demo {
    let mut demo = Demo::new(120);
    for (rule, list) in demo.rules.iter_mut().zip(lists) {
        rule.list = list.into();
        rule.recipients = vec!["civil-affairs".into()];
        rule.discloses.clear();
    }
    demo
}

#[test]
fn every_list_is_printed_with_headings_pages_and_signatures_and_answered_from_drop_downs() {
    let desk = Desk::load(None, None).unwrap();
    let mut seen = BTreeSet::new();
    for lists in [["dropout", "exit", "quality", "data", "urgent"], ["uncovered"; 5]] {
        let folder = tempfile::tempdir().unwrap();
        on_lists(lists).publish(folder.path());
        for template in desk.templates.iter().filter(|template| lists.contains(&template.list.as_str())) {
            let path = folder.path().join(format!("lists/civil-affairs/{}_2026-11-20.xlsx", template.title));
            let bytes = std::fs::read(&path).unwrap();
            let (sheets, book) = sheets(&bytes);
            let at = sheets.iter().position(|(name, _)| *name == template.sheet).unwrap();
            let xml = &sheets[at].1;
            for part in [
                "<pageSetup paperSize=\"9\"",
                "orientation=\"landscape\"",
                "<sheetProtection ",
                "<rowBreaks count=",
                "内部资料",
                "第 &amp;P 页 共 &amp;N 页",
            ] {
                assert!(xml.contains(part), "{}: {part}", template.list);
            }
            let titles = format!("<definedName name=\"_xlnm.Print_Titles\" localSheetId=\"{at}\">");
            let rows =
                book.split(&titles).nth(1).unwrap_or_else(|| panic!("{}: no print titles", template.list));
            assert!(rows.split('<').next().unwrap().ends_with("!$1:$3"), "{}", template.list);
            let text = cells(&path);
            let text = text[&template.sheet].iter().flatten().cloned().collect::<Vec<_>>().join("|");
            for words in ["内部资料", "合计 ", "制表：", "复核：", "审批："] {
                assert!(text.contains(words), "{}: {words}", template.list);
            }
            drop_downs(template, xml);
            locks(&bytes, &cells(&path)[&template.sheet], xml, template);
            seen.insert(template.list.clone());
        }
    }
    assert_eq!(seen.len(), desk.templates.len());
}

/// Each answer column accepts what its template says, and offers its words.
fn drop_downs(template: &doudi::report::ListTemplate, xml: &str) {
    let mut offered = 0;
    for answer in template.answers(false) {
        let choices = format!("<formula1>\"{}\"</formula1>", answer.choices.join(","));
        if !answer.choices.is_empty() {
            assert!(xml.contains(&choices), "{}: no drop-down {}", template.list, answer.title);
            offered += 1;
        }
    }
    // 核查结果, 原因分类, 处理意见; of what is urgent 确认收悉 too.
    assert_eq!(offered, 3 + usize::from(template.acknowledge_days.is_some()), "{}", template.list);
    let of_kind = |kind| template.answers(false).filter(|answer| answer.kind == kind).count();
    for (kind, word) in
        [(AnswerKind::Date, "date"), (AnswerKind::Month, "textLength"), (AnswerKind::Yuan, "decimal")]
    {
        let checks = xml.matches(&format!("<dataValidation type=\"{word}\"")).count();
        // Neighbours of one kind may share a check.
        assert_eq!(checks > 0, of_kind(kind) > 0, "{}: {word}", template.list);
    }
}

/// Evidence cells are locked, answer cells are not.
fn locks(bytes: &[u8], sheet: &[Vec<String>], xml: &str, template: &doudi::report::ListTemplate) {
    let styles = parts(bytes)["xl/styles.xml"].clone();
    let formats: Vec<bool> = styles
        .split("<cellXfs")
        .nth(1)
        .unwrap()
        .split("</cellXfs>")
        .next()
        .unwrap()
        .split("<xf ")
        .skip(1)
        .map(|format| !format.contains("locked=\"0\""))
        .collect();
    let answers: BTreeSet<&str> = template.answer.iter().map(|answer| answer.title.as_str()).collect();
    for (at, title) in sheet[2].iter().enumerate() {
        let cell = format!("<c r=\"{}4\" s=\"", crate::feedback::letters(at));
        let style = xml.split(&cell).nth(1).unwrap_or_else(|| panic!("no cell below {title}"));
        let style: usize = style.split('"').next().unwrap().parse().unwrap();
        assert_eq!(formats[style], !answers.contains(title.as_str()), "{}: {title}", template.list);
    }
}

#[test]
fn the_notes_say_of_every_list_what_it_is_how_to_answer_and_on_what_basis() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::new(120);
    demo.desk.templates.iter_mut().find(|template| template.list == "quality").unwrap().answering =
        vec!["本清单另有反馈办法。".to_owned()];
    demo.publish(folder.path());
    let book = cells(&folder.path().join("lists/town-甲镇/镇街核查清单_2026-11-20.xlsx"));
    let lines: Vec<String> = book["说明"].iter().map(|row| row.concat()).collect();
    let place = |text: &str| {
        lines.iter().position(|line| line.contains(text)).unwrap_or_else(|| panic!("no {text} in {lines:?}"))
    };
    for list in ["dropout", "exit", "quality"] {
        let template = demo.desk.template(list).unwrap();
        assert!(
            lines[place(&format!("{}：是什么，不是什么", template.title)) + 1].contains(&template.what[0])
        );
        for line in &template.answering {
            place(line);
        }
    }
    let headings: Vec<&String> = lines.iter().filter(|line| line.starts_with("怎样核查和反馈")).collect();
    assert_eq!(headings.len(), 3, "each list says it in its own words: {headings:?}");
    assert!(lines[place("怎样核查和反馈：关爱服务质量清单") + 1].contains("另有反馈办法"));
    assert!(place("《中华人民共和国义务教育法》第十三条") > place("依据"));
    // A book of one list says it once, without a name.
    let book = cells(&folder.path().join("lists/education/控辍保学疑似清单_2026-11-20.xlsx"));
    assert!(book["说明"].iter().any(|row| row[0] == "怎样核查和反馈"));
}

#[test]
fn every_sheet_of_every_workbook_is_protected_and_says_that_it_is_internal() {
    let folder = tempfile::tempdir().unwrap();
    let demo = schooled();
    demo.publish(folder.path());
    assert!(demo.cases.iter().any(|case| case.status == CaseStatus::Withdrawn));
    let mut looked = 0;
    for (name, bytes) in files(&folder.path().join("lists")) {
        if Path::new(&name).extension().is_none_or(|extension| extension != "xlsx") {
            continue;
        }
        for (sheet, xml) in sheets(&bytes).0 {
            assert!(xml.contains("<sheetProtection "), "{name} {sheet}");
            assert!(xml.contains("<pageSetup paperSize=\"9\"") && xml.contains("内部资料"), "{name} {sheet}");
            looked += 1;
        }
    }
    assert!(looked > 40, "{looked}");
}
