//! Lists and the page: content, disclosure, bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use calamine::{Data, Reader, Xlsx, open_workbook};
use doudi::domain::CaseStatus;
use doudi::report::{AnswerKind, Column, ColumnSource, DetailSpec, Show};

use super::demo::{Demo, TOWNS};

/// Every file below a folder with its bytes.
pub(super) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(here) = open.pop() {
        for entry in fs::read_dir(&here).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                out.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    out
}

/// All cells of a workbook: sheet → rows of text.
pub(super) fn cells(path: &Path) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let sheets = book.sheet_names();
    sheets
        .into_iter()
        .map(|sheet| {
            let range = book.worksheet_range(&sheet).unwrap();
            let rows = range.rows().map(|row| row.iter().map(Data::to_string).collect()).collect();
            (sheet, rows)
        })
        .collect()
}

/// All text of a workbook's parts, cells and metadata alike.
pub(crate) fn workbook_text(bytes: &[u8]) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|at| {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut archive.by_index(at).unwrap(), &mut text).unwrap();
            text
        })
        .collect()
}

/// Whether a file's name has this extension.
pub(super) fn ends(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == extension)
}

#[test]
fn an_officer_finds_summary_list_annex_silent_rules_and_notes() {
    let folder = tempfile::tempdir().unwrap();
    let published = Demo::new(60).publish(folder.path());
    let book = cells(&folder.path().join("lists/civil-affairs/应退未退疑似清单_2026-11-20.xlsx"));
    let sheets: Vec<&str> = book.keys().map(String::as_str).collect();
    for sheet in ["汇总", "应退未退", "疑似同人待确认", "说明"] {
        assert!(sheets.contains(&sheet), "{sheet} not in {sheets:?}");
    }
    let list = &book["应退未退"];
    let headings = &list[2];
    for heading in ["线索编号", "身份证号", "应反馈日期", "核查结果", "核查时间"] {
        assert!(headings.iter().any(|h| h == heading), "{heading} not in {headings:?}");
    }
    let at = |heading: &str| headings.iter().position(|h| h == heading).unwrap();
    let rows: Vec<&Vec<String>> = list[3..].iter().take_while(|row| !row[0].starts_with("合计")).collect();
    assert!(rows.len() > 5);
    // Towns come in the gazetteer's order, rows without town last.
    let order = |town: &str| TOWNS.iter().position(|t| *t == town).unwrap_or(9);
    let towns: Vec<usize> = rows.iter().map(|row| order(&row[at("镇(街道)")])).collect();
    assert!(towns.is_sorted(), "{towns:?}");
    for row in &rows {
        assert!(row[at("身份证号")].contains("********"), "the number is masked");
        assert_eq!(row[at("核查结果")], "");
    }
    let quality = cells(&folder.path().join("lists/civil-affairs/关爱服务质量清单_2026-11-20.xlsx"));
    assert!(quality["未运行规则"].iter().flatten().any(|cell| cell == "走访记录未收到"));
    assert!(published.problems.iter().any(|problem| problem.code == "detail_not_shown"));
}

#[test]
fn a_town_gets_one_workbook_with_its_own_rows_only() {
    let folder = tempfile::tempdir().unwrap();
    Demo::new(60).publish(folder.path());
    for town in TOWNS {
        let book = cells(&folder.path().join(format!("lists/town-{town}/镇街核查清单_2026-11-20.xlsx")));
        let list = &book["控辍保学"];
        let at = list[2].iter().position(|h| h == "镇(街道)").unwrap();
        let towns: Vec<&str> =
            list[3..].iter().take_while(|r| !r[0].starts_with("合计")).map(|row| row[at].as_str()).collect();
        assert!(!towns.is_empty() && towns.iter().all(|t| *t == town), "{town}: {towns:?}");
    }
}

#[test]
fn owners_get_their_errors_and_the_rows_that_were_held_back() {
    let folder = tempfile::tempdir().unwrap();
    Demo::new(60).publish(folder.path());
    let police = folder.path().join("lists/public-security");
    let book = cells(&police.join("信息核对清单_2026-11-20.xlsx"));
    assert_eq!(book["未入库数据"].iter().skip(3).count(), 41);
    let list = &book["信息核对"];
    assert!(list[3..].iter().any(|row| row.iter().any(|cell| cell == "population_20261118.csv")));
    let csv = fs::read_to_string(police.join("未入库数据_人口_2026-11-20.csv")).unwrap();
    assert_eq!(csv.lines().count(), 42);
}

#[test]
fn what_is_not_granted_is_in_no_file_of_the_recipient() {
    let mut demo = Demo::new(120);
    let classes = super::forbidden::classes();
    // Every template shows one value of every class: as a column, and in the details.
    for template in &mut demo.desk.templates {
        for class in &classes {
            template.column.push(Column {
                source: ColumnSource::Detail,
                title: format!("列{class}"),
                class: class.clone(),
                width: 10,
                detail: Some(format!("column_{class}")),
                names: Vec::new(),
                sum: false,
            });
            let spec = DetailSpec { title: format!("项{class}"), class: class.clone() };
            template.detail.insert(format!("detail_{class}"), spec);
        }
    }
    for case in &mut demo.cases {
        for class in &classes {
            for kind in ["column", "detail"] {
                case.finding.details.push(doudi::domain::FindingDetail {
                    name: format!("{kind}_{class}"),
                    value: format!("value of {kind} {class}."),
                });
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    demo.publish(folder.path());
    let mut seen = 0;
    for (name, bytes) in files(&folder.path().join("lists")) {
        let recipient = name.split('/').next().unwrap();
        let recipient = if recipient.starts_with("town-") { "town" } else { recipient };
        let text = if ends(&name, "xlsx") {
            workbook_text(&bytes)
        } else {
            String::from_utf8_lossy(&bytes).into_owned()
        };
        assert!(!text.contains("SECRET-UNLISTED"), "{name}");
        for class in &classes {
            let granted = demo.desk.disclosure.show(recipient, class) != Show::No;
            for kind in ["column", "detail"] {
                let there = text.contains(&format!("value of {kind} {class}."));
                assert!(granted || !there, "{name} shows a {kind} of class {class}");
                seen += usize::from(there);
            }
            assert!(granted || !text.contains(&format!("列{class}")), "{name} has the heading of {class}");
        }
        if recipient != "civil-affairs" {
            for word in ["服刑", "羁押", "刑满释放", "2026年10月12日结束"] {
                assert!(!text.contains(word), "{name} says {word}");
            }
        }
    }
    assert!(seen > 50, "granted values are shown ({seen})");
}

#[test]
fn no_text_becomes_a_formula() {
    let folder = tempfile::tempdir().unwrap();
    Demo::new(60).publish(folder.path());
    let mut with_sign = 0;
    for (name, bytes) in files(&folder.path().join("lists")) {
        if ends(&name, "xlsx") {
            let text = workbook_text(&bytes);
            assert!(!text.contains("<f>"), "{name}");
            with_sign += usize::from(text.contains("=HYPERLINK"));
        } else if ends(&name, "csv") {
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.starts_with('\u{feff}'), "{name}");
            assert!(!text.contains(",=") && !text.contains(",\"="), "{name}");
        }
    }
    assert!(with_sign > 0);
}

#[test]
fn the_same_input_gives_the_same_bytes_on_any_number_of_threads() {
    let demo = Demo::new(200);
    let mut shuffled = Demo::new(200);
    shuffled.cases.reverse();
    let write = |demo: &Demo, threads: usize| {
        let folder = tempfile::tempdir().unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| demo.publish(folder.path()));
        files(folder.path())
    };
    let one = write(&demo, 1);
    assert!(one.len() > 20);
    for (other, what) in [(write(&demo, 8), "8 threads"), (write(&shuffled, 2), "shuffled cases")] {
        assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
        for (name, bytes) in &one {
            assert!(other[name] == *bytes, "{name} differs with {what}");
        }
    }
}

#[test]
fn the_page_is_offline_names_silent_rules_and_no_person() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::new(60);
    demo.facts.push(("<b>x</b>".into(), "a & b".into()));
    demo.publish(folder.path());
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    for text in [
        "走访记录未收到",
        "重点儿童无学籍",
        "1,098,311",
        "隔离 41 行：姓名为空",
        "&lt;b&gt;x",
        "没有丢失的行",
    ] {
        assert!(page.contains(text), "{text}");
    }
    for text in ["http", "<script", "某甲", "990101", "<b>x</b>"] {
        assert!(!page.contains(text), "{text}");
    }
}

#[test]
fn csv_and_parquet_hold_the_rows_of_the_sheet() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::new(60);
    demo.publish(folder.path());
    let stem = folder.path().join("lists/education/控辍保学疑似清单_2026-11-20");
    let expected = demo.cases.iter().filter(|c| c.finding.rule == "d_no_roll" && !c.finding.annex).count();
    let csv = fs::read_to_string(stem.with_extension("csv")).unwrap();
    assert_eq!(csv.lines().count(), expected + 1);
    let batch = super::artifacts::read(&stem.with_extension("parquet"));
    assert_eq!(batch.num_rows(), expected);
    let status = super::artifacts::text(&batch, "状态");
    let withdrawn = demo
        .cases
        .iter()
        .filter(|c| c.finding.rule == "d_no_roll" && !c.finding.annex && c.status == CaseStatus::Withdrawn);
    assert_eq!(status.iter().filter(|s| *s == "撤回").count(), withdrawn.count());
}

/// Headings of the columns that officers fill in, as the rule book lists them (F.2).
const ANSWERS: [&str; 14] = [
    "核查结果",
    "原因分类",
    "去向",
    "情况说明",
    "处理意见",
    "处理文号",
    "执行年月",
    "追回金额",
    "核查人",
    "核查单位",
    "核查时间",
    "审核人",
    "证明有效期至",
    "附件编号",
];
/// Lists and what can have no meaning there.
const WITHOUT: [(&str, &[&str]); 4] = [
    ("data", &["去向", "执行年月", "追回金额", "证明有效期至"]),
    ("quality", &["追回金额"]),
    ("uncovered", &["追回金额"]),
    ("urgent", &["追回金额"]),
];

#[test]
fn every_list_has_the_answer_columns_or_says_why_not() {
    let desk = doudi::report::Desk::load(None, None).unwrap();
    for template in &desk.templates {
        let titles: Vec<&str> = template.answer.iter().map(|answer| answer.title.as_str()).collect();
        let without = WITHOUT.iter().find(|(list, _)| *list == template.list).map_or(&[][..], |(_, w)| w);
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("pipelines/lists/{}.toml", template.list));
        let text = fs::read_to_string(file).unwrap();
        for title in ANSWERS {
            assert_ne!(titles.contains(&title), without.contains(&title), "{}: {title}", template.list);
            let said = text.lines().any(|l| l.starts_with("# 没有") && l.contains(&format!("「{title}」")));
            assert_eq!(said, without.contains(&title), "{}: the comment on {title}", template.list);
        }
        for (title, kind) in [
            ("核查时间", AnswerKind::Date),
            ("证明有效期至", AnswerKind::Date),
            ("执行年月", AnswerKind::Month),
            ("追回金额", AnswerKind::Yuan),
        ] {
            for answer in template.answer.iter().filter(|answer| answer.title == title) {
                assert_eq!(answer.kind, kind, "{}: {title}", template.list);
            }
        }
    }
}
