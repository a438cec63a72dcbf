//! Receipts with every damage that people and programs do: each is refused clearly, with its cell, and
//! nothing is lost.

use std::io::Write;
use std::path::{Path, PathBuf};

use doudi::domain::Outcome;
use rust_xlsxwriter::{Format, Formula, Workbook};

use super::{Office, counts, letters};

const HEADINGS: [&str; 12] = [
    "线索编号",
    "核查结果",
    "原因分类",
    "情况说明",
    "处理意见",
    "执行年月",
    "追回金额",
    "核查人",
    "核查时间",
    "审核人",
    "证明有效期至",
    "是否同一人",
];

/// A row of answers by heading.
fn row(clue: &str, cells: &[(&str, &str)]) -> Vec<String> {
    let value = |heading: &&str| {
        if *heading == "线索编号" {
            return clue.to_owned();
        }
        cells.iter().find(|(of, _)| of == heading).map_or_else(String::new, |(_, text)| (*text).to_owned())
    };
    HEADINGS.iter().map(value).collect()
}

fn csv(path: &Path, rows: &[Vec<String>]) {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_path(path).unwrap();
    writer.write_record(HEADINGS).unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.flush().unwrap();
}

/// Checks one damaged row beside a good one: the good one is taken, the damaged one is told with its cell.
#[track_caller]
fn check(damage: impl Fn(&Office) -> Vec<String>, heading: &str, reason: &str) {
    let mut office = Office::open();
    let path = office.path("r.csv");
    let good = row(office.clue(2), &[("核查结果", "属实"), ("核查人", "甲")]);
    csv(&path, &[damage(&office), good]);
    let import = office.import(&[path]);
    let told: Vec<(&str, &str)> =
        import.listed.iter().map(|one| (one.cell.as_str(), one.reason.as_str())).collect();
    let column = HEADINGS.iter().position(|known| *known == heading).map(letters).unwrap_or_default();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, format!("{column}2"), "{told:?}");
    assert!(told[0].1.contains(reason), "{told:?}");
    assert_eq!(counts(&import), [("recorded", 1)].into(), "the good row beside it");
    assert!(
        office.record(1).answers.is_empty() && office.record(5).answers.is_empty(),
        "nothing of the damaged row"
    );
}

fn of_one(cells: &'static [(&'static str, &'static str)]) -> impl Fn(&Office) -> Vec<String> {
    move |office| row(office.clue(1), cells)
}

fn of_five(cells: &'static [(&'static str, &'static str)]) -> impl Fn(&Office) -> Vec<String> {
    move |office| row(office.clue(5), cells)
}

fn named(clue: impl Fn(&Office) -> String) -> impl Fn(&Office) -> Vec<String> {
    move |office| row(&clue(office), &[("核查结果", "属实"), ("核查人", "甲")])
}

#[test]
fn clue_numbers_that_are_none_are_told() {
    let typo = |office: &Office| {
        let clue = office.clue(1);
        let last = if clue.ends_with('2') { "3" } else { "2" };
        format!("{}{last}", &clue[..clue.len() - 1])
    };
    check(named(typo), "线索编号", "校验不符");
    check(named(|office| office.clue(1)[..8].to_owned()), "线索编号", "应为八位");
    check(named(|_| "2222-222O".to_owned()), "线索编号", "第 8 位");
    check(named(|_| "2222-2222".to_owned()), "线索编号", "台账中没有");
    check(named(|_| String::new()), "线索编号", "为空");
    check(named(|_| "2.2E+07".to_owned()), "线索编号", "不是线索编号");
    check(named(|_| "#REF!".to_owned()), "线索编号", "公式错误值");
    check(named(|office| format!("{}、{}", office.clue(1), office.clue(3))), "线索编号", "应为八位");
    check(named(|_| "张某".to_owned()), "线索编号", "应为八位");
}

#[test]
fn answers_that_say_nothing_or_contradict_themselves_are_told() {
    check(of_one(&[("核查结果", "是"), ("核查人", "甲")]), "核查结果", "只能填");
    check(of_one(&[("原因分类", "死亡"), ("核查人", "甲")]), "核查结果", "没有填写核查结果");
    check(of_one(&[("核查结果", "#N/A"), ("核查人", "甲")]), "核查结果", "没有填写核查结果");
    check(of_one(&[("核查结果", "属实")]), "核查人", "没有填写核查人");
    check(of_one(&[("核查结果", "不属实"), ("核查人", "甲")]), "原因分类", "须选择原因分类");
    check(
        of_one(&[("核查结果", "部分属实"), ("原因分类", "去了外婆家"), ("核查人", "甲")]),
        "原因分类",
        "不在下拉列表中",
    );
    check(of_one(&[("核查结果", "属实"), ("原因分类", "死亡"), ("核查人", "甲")]), "原因分类", "不符");
    check(
        of_one(&[("核查结果", "不属实"), ("原因分类", "同名误认"), ("核查人", "甲")]),
        "原因分类",
        "不在下拉列表中",
    );
    check(
        of_one(&[("核查结果", "属实"), ("是否同一人", "也许"), ("核查人", "甲")]),
        "是否同一人",
        "下拉列表",
    );
    check(
        of_one(&[("核查结果", "属实"), ("是否同一人", "同一人"), ("核查人", "甲")]),
        "是否同一人",
        "没有可对照",
    );
    check(of_one(&[("情况说明", "已走访"), ("核查人", "甲")]), "核查结果", "没有填写核查结果");
}

#[test]
fn days_months_amounts_and_proofs_that_cannot_be_are_told() {
    const AWAY: (&str, &str) = ("原因分类", "省外就读");
    const NO: (&str, &str) = ("核查结果", "不属实");
    const YES: (&str, &str) = ("核查结果", "属实");
    const ME: (&str, &str) = ("核查人", "甲");
    check(of_one(&[NO, AWAY, ME]), "证明有效期至", "请填写证明有效期至");
    check(of_one(&[NO, AWAY, ME, ("证明有效期至", "长期")]), "证明有效期至", "日期无法识别");
    check(of_one(&[NO, AWAY, ME, ("证明有效期至", "2026-10-01")]), "证明有效期至", "有效期已过");
    check(of_one(&[YES, ME, ("核查时间", "上周")]), "核查时间", "日期无法识别");
    check(of_one(&[YES, ME, ("核查时间", "2026-02-30")]), "核查时间", "日期无法识别");
    check(of_one(&[YES, ME, ("核查时间", "2026-11-21")]), "核查时间", "晚于导入日期");
    check(of_one(&[YES, ME, ("核查时间", "2025-11-20")]), "核查时间", "早于本次列入日期");
    check(of_five(&[YES, ME, ("执行年月", "下个月")]), "执行年月", "年月无法识别");
    check(of_five(&[YES, ME, ("追回金额", "两千多")]), "追回金额", "金额无法识别");
    check(of_five(&[YES, ME, ("处理意见", "停发"), ("审核人", "甲")]), "审核人", "不能是同一人");
}

#[test]
fn a_row_with_an_answer_too_many_is_held_back_whole() {
    let mut office = Office::open();
    let path = office.path("r.csv");
    let mut long = row(office.clue(1), &[("核查结果", "属实"), ("核查人", "甲"), ("是否同一人", "同一人")]);
    long.insert(3, "多出的一格".into());
    csv(&path, &[long, row(office.clue(2), &[("核查结果", "属实"), ("核查人", "甲")])]);
    let import = office.import(&[path]);
    assert_eq!((import.listed.len(), import.listed[0].cell.as_str()), (1, "2"));
    assert!(import.listed[0].reason.contains("13 列"), "{:?}", import.listed);
    assert_eq!(counts(&import), [("recorded", 1)].into());
}

#[test]
fn two_answers_of_one_officer_in_one_file_are_both_told_and_neither_is_taken() {
    let mut office = Office::open();
    let path = office.path("r.csv");
    let one = row(office.clue(1), &[("核查结果", "属实"), ("核查人", "甲")]);
    let other = row(office.clue(1), &[("核查结果", "不属实"), ("原因分类", "出国"), ("核查人", "甲")]);
    let same = row(office.clue(2), &[("核查结果", "属实"), ("核查人", "甲")]);
    csv(&path, &[one, other, same.clone(), same]);
    let import = office.import(&[path]);
    let cells: Vec<&str> = import.listed.iter().map(|one| one.cell.as_str()).collect();
    assert_eq!(cells, ["B2", "B3"]);
    assert_eq!(
        counts(&import),
        [("known", 1), ("recorded", 1)].into(),
        "a row that stands twice is one answer"
    );
}

/// Checks a file of which nothing can be taken.
#[track_caller]
fn refused(name: &str, make: impl Fn(&Office, &Path), reason: &str) {
    let mut office = Office::open();
    let path = office.path(name);
    make(&office, &path);
    let good = office.path("good.csv");
    csv(&good, &[row(office.clue(2), &[("核查结果", "属实"), ("核查人", "甲")])]);
    let import = office.import(&[path, good]);
    assert!(import.has_unread_file());
    assert_eq!(import.listed.len(), 1, "{:?}", import.listed);
    assert!(import.listed[0].reason.contains(reason), "{:?}", import.listed);
    assert_eq!(import.listed[0].file, name);
    assert_eq!(counts(&import), [("recorded", 1)].into(), "the good file beside it");
}

fn bytes(content: &'static [u8]) -> impl Fn(&Office, &Path) {
    move |_, path| std::fs::write(path, content).unwrap()
}

#[test]
fn files_that_are_no_receipt_are_refused_with_a_reason() {
    refused("a.csv", bytes(b""), "没有内容");
    refused("a.csv", bytes(b"\x00\x01\x02\x03\xff\xfe\x00\x00\x00\x00\x00\x00"), "");
    refused("a.xlsx", bytes(b"%PDF-1.7 scanned page"), "内容是PDF");
    refused("a.xls", bytes(b"<html><table><tr><td>1</td></tr></table></html>"), "HTML");
    refused("a.xlsx", bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 encrypted"), "加密");
    refused("a.et", bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "只接收");
    refused("a.xlsm", bytes(b"PK\x03\x04"), "只接收");
    refused("a.docx", bytes(b"PK\x03\x04"), "只接收");
    refused("a.jpg", bytes(b"\xff\xd8\xff"), "只接收");
    refused("a.csv", bytes("核查结果,核查人\n属实,甲\n".as_bytes()), "线索编号");
    refused("a.csv", bytes("线索编号,姓名\n2222-2222,甲\n".as_bytes()), "找不到表头");
    refused("a.csv", bytes("姓名,学校,年级\n甲,乙,一\n".as_bytes()), "找不到表头");
    refused("a.csv", bytes("线索编号,核查结果,核查人\n2222-2222,\"属实,甲\n".as_bytes()), "引号");
    refused("a.csv", |_, path| std::fs::create_dir(path).unwrap(), "无法读取");
    refused("a.csv", |_, _| {}, "无法读取");
    refused(
        "rows only.csv",
        |office, path| std::fs::write(path, format!("{},属实,,甲\n", office.clue(1))).unwrap(),
        "找不到表头",
    );
    let long = |office: &Office, path: &Path| {
        let text = "长".repeat(50_000);
        csv(path, &[row(office.clue(1), &[("核查结果", "属实"), ("核查人", "甲"), ("情况说明", &text)])]);
    };
    refused("a.csv", long, "长度上限");
}

#[test]
fn files_that_are_too_large_or_a_trap_are_refused_before_they_are_unpacked() {
    let hundred = |_: &Office, path: &Path| std::fs::File::create(path).unwrap().set_len(100 << 20).unwrap();
    refused("a.csv", hundred, "大小上限");
    refused("a.xlsx", hundred, "大小上限");
    let bomb = |_: &Office, path: &Path| {
        let mut archive = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
        archive.start_file("xl/worksheets/sheet1.xml", zip::write::SimpleFileOptions::default()).unwrap();
        for _ in 0..64 {
            archive.write_all(&vec![b' '; 1 << 20]).unwrap();
        }
        archive.finish().unwrap();
    };
    refused("a.xlsx", bomb, "");
}

/// Damages of a published workbook that was filled in.
fn damaged(change: impl Fn(&mut Vec<u8>)) -> impl Fn(&Office, &Path) {
    move |office, path| {
        let mut bytes = std::fs::read(office.book("education/控辍保学疑似清单")).unwrap();
        change(&mut bytes);
        std::fs::write(path, bytes).unwrap();
    }
}

fn with_entry(name: &'static str) -> impl Fn(&Office, &Path) {
    move |office, path| {
        let bytes = std::fs::read(office.book("education/控辍保学疑似清单")).unwrap();
        let mut archive = zip::ZipWriter::new_append(std::io::Cursor::new(bytes)).unwrap();
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(b"Attribute VB_Name").unwrap();
        std::fs::write(path, archive.finish().unwrap().into_inner()).unwrap();
    }
}

#[test]
fn workbooks_that_were_cut_bring_macros_or_are_another_kind_are_refused() {
    refused("a.xlsx", damaged(|bytes| bytes.truncate(bytes.len() / 2)), "");
    refused("a.xlsx", damaged(|bytes| bytes.truncate(200)), "");
    refused("a.xls", damaged(|_| {}), "扩展名与内容不符");
    refused("a.csv", damaged(|_| {}), "扩展名与内容不符");
    refused("a.xlsx", with_entry("xl/vbaProject.bin"), "宏");
    let other = |_: &Office, path: &Path| {
        let mut book = Workbook::new();
        book.add_worksheet().write_string(0, 0, "值班表").unwrap();
        book.save(path).unwrap();
    };
    refused("a.xlsx", other, "找不到表头");
    let hidden = |office: &Office, path: &Path| {
        let mut book = Workbook::new();
        book.add_worksheet().write_string(0, 0, "见另页").unwrap();
        let sheet = book.add_worksheet();
        sheet.set_hidden(true);
        for (column, text) in (0..).zip(["线索编号", "核查结果"]) {
            sheet.write_string(0, column, text).unwrap();
        }
        sheet.write_string(1, 0, office.clue(1)).unwrap();
        sheet.write_string(1, 1, "属实").unwrap();
        book.save(path).unwrap();
    };
    refused("a.xlsx", hidden, "找不到表头");
}

/// A workbook of three rows, changed by hand before it is saved.
fn book(office: &Office, change: impl Fn(&mut rust_xlsxwriter::Worksheet)) -> PathBuf {
    let path = office.path("r.xlsx");
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("反馈").unwrap();
    for (column, heading) in (0..).zip(HEADINGS) {
        sheet.write_string(0, column, heading).unwrap();
    }
    for (at, number) in (1..).zip([1, 2, 3]) {
        for (column, text) in (0..).zip(row(office.clue(number), &[("核查结果", "属实"), ("核查人", "甲")]))
        {
            if !text.is_empty() {
                sheet.write_string(at, column, text).unwrap();
            }
        }
    }
    change(sheet);
    book.save(&path).unwrap();
    path
}

/// Checks one sheet with one row that cannot be taken; the other two are.
#[track_caller]
fn sheet(change: impl Fn(&mut rust_xlsxwriter::Worksheet), cell: &str, reason: &str) {
    let mut office = Office::open();
    let path = book(&office, change);
    let import = office.import(&[path]);
    assert_eq!(import.listed.len(), 1, "{:?}", import.listed);
    let one = &import.listed[0];
    assert_eq!((one.sheet.as_str(), one.cell.as_str()), ("反馈", cell));
    assert!(one.reason.contains(reason), "{one:?}");
    assert_eq!(counts(&import), [("recorded", 2)].into());
    assert!(office.record(1).answers.is_empty());
}

#[test]
fn formulas_are_told_with_their_cell_whatever_they_show() {
    let formula = |text: &str, shown: &str| Formula::new(text).set_result(shown);
    sheet(
        |s| {
            s.write_formula(1, 0, formula("=VLOOKUP(A9,B:C,2,0)", "2222-2222")).unwrap();
        },
        "A2",
        "公式",
    );
    sheet(
        |s| {
            s.write_formula(1, 1, formula("=IF(1,\"属实\",\"\")", "属实")).unwrap();
        },
        "B2",
        "公式",
    );
    sheet(
        |s| {
            s.write_formula(1, 8, formula("=TODAY()", "46346")).unwrap();
        },
        "I2",
        "公式",
    );
    sheet(
        |s| {
            s.write_formula(1, 1, formula("=#REF!", "#REF!")).unwrap();
        },
        "B2",
        "公式",
    );
}

#[test]
fn merged_cells_take_no_answer_that_was_not_given() {
    // The clue numbers of two rows merged into one: the second row has lost its own number.
    let mut office = Office::open();
    let clue = office.clue(1).to_owned();
    let path = book(&office, |s| {
        s.merge_range(1, 0, 2, 0, &clue, &Format::new()).unwrap();
        s.write_string(2, 1, "不属实").unwrap();
        s.write_string(2, 2, "出国").unwrap();
    });
    let import = office.import(&[path]);
    let cells: Vec<&str> = import.listed.iter().map(|one| one.cell.as_str()).collect();
    assert_eq!(cells, ["B2", "B3"], "{:?}", import.listed);
    assert_eq!(counts(&import), [("recorded", 1)].into());
    assert!(office.record(1).answers.is_empty() && office.record(2).answers.is_empty());

    // One answer merged over three rows is an answer for each of them.
    let mut office = Office::open();
    let path = book(&office, |s| {
        s.merge_range(1, 1, 3, 1, "属实", &Format::new()).unwrap();
    });
    assert_eq!(counts(&office.import(&[path])), [("recorded", 3)].into());
    let said: Vec<Option<Outcome>> = (1..4).map(|at| office.record(at).answers[0].answer.outcome).collect();
    assert_eq!(said, [Some(Outcome::Confirmed); 3]);

    // A row merged into one cell has nothing but its first cell left: a clue without an answer.
    let mut office = Office::open();
    let clue = office.clue(1).to_owned();
    let path = book(&office, |s| {
        s.merge_range(1, 0, 1, 11, &clue, &Format::new()).unwrap();
    });
    let import = office.import(&[path]);
    assert_eq!((import.files[0].rows, import.files[0].unanswered), (3, 1));
    assert_eq!(counts(&import), [("recorded", 2)].into());
}

#[test]
fn answers_without_a_column_for_them_are_no_answers() {
    let mut office = Office::open();
    let path = office.path("r.csv");
    std::fs::write(&path, format!("线索编号,核查人\n{},甲\n", office.clue(1))).unwrap();
    let import = office.import(&[path]);
    assert_eq!(import.listed.len(), 1);
    assert!(import.listed[0].reason.contains("没有填写核查结果"), "{:?}", import.listed);
    assert_eq!(import.events(), 0);
}
