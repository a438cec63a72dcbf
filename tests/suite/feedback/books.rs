//! Workbooks as they are sent out and come back filled in.

use std::collections::BTreeSet;

use calamine::{Data, Reader, Xlsx, open_workbook};
use doudi::domain::{Day, Outcome, Phase};
use doudi::ledger::Taken;
use doudi::report::{AnswerColumn, AnswerField, AnswerKind};
use rust_xlsxwriter::Workbook;

use super::{Answers, Office, counts, fill};
use crate::report::{as_of, workbook_text};

/// One answer of each kind, on both lists and the annex.
pub(super) fn answers(office: &Office) -> Answers<'_> {
    let me = ("核查人", "王某");
    Answers::from([
        (
            office.clue(1),
            vec![
                ("核查结果", "不属实"),
                ("原因分类", "省外就读"),
                ("证明有效期至", "2027-06-30"),
                ("去向", "甘肃某小学"),
                me,
            ],
        ),
        (
            office.clue(2),
            vec![("核查结果", "属实"), ("原因分类", "外出务工"), ("情况说明", "已联系家长 <电话>"), me],
        ),
        (
            office.clue(5),
            vec![("核查结果", "不属实"), ("原因分类", "同名误认"), ("核查时间", "2026年11月20日"), me],
        ),
        (
            office.clue(6),
            vec![
                ("核查结果", "属实"),
                ("处理意见", "停发"),
                ("执行年月", "202612"),
                ("追回金额", "1,200.50"),
                ("处理文号", "启民福〔2026〕0号"),
                me,
            ],
        ),
        (office.clue(9), vec![("是否同一人", "不是同一人"), me]),
    ])
}

const EDUCATION: &str = "education/控辍保学疑似清单";
const WELFARE: &str = "civil-affairs/应退未退疑似清单";

pub(super) fn returned(office: &Office) -> [std::path::PathBuf; 2] {
    let answers = answers(office);
    let of = |wanted: &[i64]| -> Answers<'_> {
        let clues: Vec<&str> = wanted.iter().map(|at| office.clue(*at)).collect();
        answers.iter().filter(|(clue, _)| clues.contains(clue)).map(|(c, a)| (*c, a.clone())).collect()
    };
    let files = [office.path("改过名的控辍.xlsx"), office.path("应退.xlsx")];
    assert_eq!(fill(&office.book(EDUCATION), &files[0], &of(&[1, 2, 9])), 11);
    assert_eq!(fill(&office.book(WELFARE), &files[1], &of(&[5, 6])), 10);
    files
}

#[test]
fn a_filled_workbook_is_taken_once_and_what_was_said_is_kept() {
    let mut office = Office::open();
    let files = returned(&office);
    let preview = office.preview(&files);
    assert_eq!(preview.listed, []);
    let before = office.events();
    assert_eq!(office.ledger.events().unwrap().len(), before, "a preview writes nothing");
    let import = office.import(&files);
    assert_eq!(counts(&import), [("recorded", 2), ("settled", 3)].into());
    assert_eq!((import.files[0].rows, import.files[0].unanswered), (5, 2));
    assert_eq!(import.files[0].skipped_sheets, ["汇总", "按学校计数", "处置进度", "说明"]);
    let said: Vec<(Phase, String)> = [1, 2, 5, 6, 9, 3]
        .map(|at| {
            let record = office.record(at);
            (record.phase, record.standing().map_or_else(String::new, |given| given.answer.words()))
        })
        .into();
    let expected = [
        (Phase::Suspended, "不属实（省外就读）"),
        (Phase::Answered, "属实（外出务工）"),
        (Phase::Closed, "不属实（同名误认）"),
        (Phase::Answered, "属实"),
        (Phase::Closed, "不是同一人"),
        (Phase::Sent, ""),
    ];
    assert_eq!(said, expected.map(|(phase, words)| (phase, words.to_owned())));
    assert_eq!(office.record(1).silent_through, Day::from_ymd(2027, 6, 30));
    let stop = office.record(6);
    let fields = &stop.answers[0].answer.fields;
    let field = |title: &str| fields.get(title).map(String::as_str);
    assert_eq!(
        (field("执行年月"), field("追回金额"), field("处理意见")),
        (Some("2026-12"), Some("1,200.50"), Some("停发"))
    );
    assert!(stop.waits_for_approval(), "one officer alone stops nothing");
    assert_eq!(office.record(2).answers[0].answer.fields["情况说明"], "已联系家长 <电话>");
    assert_eq!(office.record(5).answers[0].answer.checked_on, Some(as_of()));
    let judged = office.ledger.judgements().unwrap();
    assert_eq!(judged.len(), 1);
    assert_eq!((judged[0].left.1.as_str(), judged[0].right.1.as_str()), ("row9", "pupil9"));

    let events = office.events();
    let again = office.import(&files);
    assert_eq!((counts(&again), office.events()), ([("known", 5)].into(), events));
}

#[test]
fn what_waits_for_a_second_person_comes_back_with_its_answer_and_takes_the_name() {
    let mut office = Office::open();
    let files = returned(&office);
    office.import(&files);
    office.night();
    let clue = office.clue(6).to_owned();
    let book = office.book(WELFARE);
    let mut read: Xlsx<_> = open_workbook(&book).unwrap();
    let range = read.worksheet_range("应退未退").unwrap();
    let rows: Vec<Vec<String>> = range.rows().map(|row| row.iter().map(Data::to_string).collect()).collect();
    let row = rows.iter().find(|row| row.contains(&clue)).unwrap();
    for text in ["属实", "停发", "王某", "2026-12"] {
        assert!(row.iter().any(|cell| cell == text), "{text}: {row:?}");
    }
    assert!(row.iter().any(|cell| cell.starts_with("【待审核】")));
    assert!(
        !rows.iter().any(|row| row.contains(&office.clue(5).to_owned())),
        "nobody is asked about what is explained"
    );

    let signed = office.path("签字.xlsx");
    fill(&book, &signed, &Answers::from([(clue.as_str(), vec![("审核人", "王某")])]));
    let own = office.import(std::slice::from_ref(&signed));
    assert_eq!(own.listed.len(), 1);
    assert!(
        own.listed[0].reason.contains("不能是同一人") && own.listed[0].cell.len() >= 2,
        "{:?}",
        own.listed
    );
    fill(&book, &signed, &Answers::from([(clue.as_str(), vec![("审核人", "李某")])]));
    assert_eq!(counts(&office.import(&[signed])), [("approved", 1)].into());
    assert_eq!(office.record(6).phase, Phase::Approved);
}

#[test]
fn rows_pasted_elsewhere_sorted_with_other_columns_between_are_taken_by_their_number() {
    let mut office = Office::open();
    let path = office.path("汇总各镇.xlsx");
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("各镇反馈").unwrap();
    let rows = [
        vec!["我镇反馈如下".to_owned()],
        vec![],
        ["核查人：", "备注", "线 索 编 号", "核查结果*", "原因分类", "无关列"].map(str::to_owned).into(),
        vec!["赵某".into(), "x".into(), office.clue(8).to_lowercase(), "属实".into(), "情况属实".into()],
        vec!["赵某".into(), String::new(), office.clue(3).replace('-', " "), " 属实 ".into(), "失联".into()],
        vec!["合计".into(), "2".into()],
    ];
    for (at, row) in (0..).zip(&rows) {
        for (column, text) in (0..).zip(row) {
            sheet.write_string(at, column, text).unwrap();
        }
    }
    sheet.set_column_hidden(1).unwrap();
    sheet.autofilter(2, 0, 4, 5).unwrap();
    sheet.set_row_hidden(3).unwrap();
    book.save(&path).unwrap();
    let import = office.import(&[path]);
    assert_eq!((import.listed.clone(), counts(&import)), (Vec::new(), [("recorded", 2)].into()));
    assert_eq!(office.record(3).phase, Phase::Answered);
    assert_eq!(office.record(8).phase, Phase::Answered);
}

#[test]
fn text_files_in_either_encoding_are_taken() {
    let mut office = Office::open();
    let text = |at: i64, name: &str| {
        format!(
            "线索编号,核查结果,原因分类,核查人,情况说明\r\n{},属实,失联,{name},\"第一行\n第二行\"\r\n",
            office.clue(at)
        )
    };
    let (utf8, gbk) = (office.path("a.csv"), office.path("b.csv"));
    std::fs::write(&utf8, format!("\u{feff}{}", text(1, "𠮷某"))).unwrap();
    std::fs::write(&gbk, encoding_rs::GBK.encode(&text(2, "钱某")).0).unwrap();
    let import = office.import(&[utf8, gbk]);
    assert_eq!((import.listed.clone(), counts(&import)), (Vec::new(), [("recorded", 2)].into()));
    assert_eq!(office.record(2).answers[0].answer.officer, "钱某");
    assert_eq!(office.record(2).answers[0].answer.fields["情况说明"], "第一行 第二行");
}

#[test]
fn two_officers_in_two_files_contradict_each_other_and_the_next_list_says_so() {
    let mut office = Office::open();
    let clue = office.clue(1).to_owned();
    let files: Vec<std::path::PathBuf> = [("a.csv", "属实,因病,甲某"), ("b.csv", "不属实,出国,乙某")]
        .map(|(name, cells)| {
            let path = office.path(name);
            std::fs::write(&path, format!("线索编号,核查结果,原因分类,核查人\n{clue},{cells}\n")).unwrap();
            path
        })
        .into();
    let import = office.import(&files);
    assert_eq!(
        import.taken.iter().map(|(_, taken)| *taken).collect::<Vec<_>>(),
        [Taken::Recorded, Taken::Disputed]
    );
    office.night();
    let text = workbook_text(&std::fs::read(office.book(EDUCATION)).unwrap());
    // The office may not know of illness: it learns that there are two answers, not what one of them says.
    assert!(text.contains("【答复不一致，请复核】属实；不属实（出国）。"), "{text}");
    assert!(!text.contains("属实（因病）"));
}

#[test]
fn drop_downs_are_the_tables_answers_are_open_and_evidence_is_locked() {
    let office = Office::open();
    let text = workbook_text(&std::fs::read(office.book(WELFARE)).unwrap());
    let outcomes = &office.demo.desk.outcomes;
    for words in [outcomes.reasons("exit"), outcomes.dispositions("exit")] {
        assert!(
            words.len() > 3 && text.contains(&format!("<formula1>\"{}\"</formula1>", words.join(","))),
            "{words:?}"
        );
    }
    assert!(text.contains("<formula1>\"属实,部分属实,不属实,无法核实\"</formula1>"));
    assert_eq!(text.matches("type=\"date\"").count(), 2, "checked on, proof until");
    assert_eq!(text.matches("type=\"decimal\"").count(), 1);
    assert!(text.contains("<sheetProtection"));
    // Every answer cell has a format that is not locked, no evidence cell has.
    let open: Vec<usize> = text
        .split("<cellXfs")
        .nth(1)
        .unwrap()
        .split("</cellXfs>")
        .next()
        .unwrap()
        .split("<xf ")
        .skip(1)
        .enumerate()
        .filter(|(_, format)| format.contains("locked=\"0\""))
        .map(|(at, _)| at)
        .collect();
    let sheet = text.split("<sheetData>").skip(1).find(|part| part.contains("r=\"AB4\"")).unwrap();
    let row = sheet.split("<row r=\"4\"").nth(1).unwrap().split("</row>").next().unwrap();
    let styles: Vec<(String, usize)> = row
        .split("<c r=\"")
        .skip(1)
        .map(|cell| {
            let style = cell.split("s=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
            (cell.split('"').next().unwrap().to_owned(), style)
        })
        .collect();
    assert!(styles.len() > 20, "{styles:?}");
    let is_open: Vec<bool> = styles.iter().map(|(_, style)| open.contains(style)).collect();
    let first = is_open.iter().position(|open| *open).unwrap();
    assert!(is_open[first..].iter().all(|open| *open) && first > 12, "{is_open:?}");
    assert_eq!(is_open.len() - first, 14, "fourteen answer columns");
}

/// Something that fits into an answer cell of a confirmed case.
fn filled_in(office: &Office, list: &str, column: &AnswerColumn) -> String {
    let outcomes = &office.demo.desk.outcomes;
    let fits = |reason: &String| outcomes.meaning(list, reason, Outcome::Confirmed).is_some();
    match (column.field, column.kind) {
        (AnswerField::Result, _) => "属实".to_owned(),
        (AnswerField::Reason, _) => outcomes.reasons(list).into_iter().find(fits).unwrap(),
        (AnswerField::Disposition, _) => outcomes.dispositions(list)[0].clone(),
        (AnswerField::Officer, _) => "王某".to_owned(),
        (AnswerField::Approver, _) => "李某".to_owned(),
        (AnswerField::Acknowledged, _) => "已收悉".to_owned(),
        (_, AnswerKind::Date) => as_of().iso(),
        (_, AnswerKind::Month) => "2026-12".to_owned(),
        (_, AnswerKind::Yuan) => "815.5".to_owned(),
        (_, AnswerKind::Text) => format!("填<{}>", column.title),
    }
}

#[test]
fn every_answer_column_of_every_list_is_taken_and_kept() {
    let mut titles = BTreeSet::new();
    for lists in [["dropout", "exit"], ["quality", "data"], ["urgent", "uncovered"]] {
        let mut office = Office::open_on(lists);
        for (list, folder, at) in [(lists[0], "education", 1), (lists[1], "civil-affairs", 5)] {
            let template = office.demo.desk.template(list).unwrap().clone();
            let columns: Vec<&AnswerColumn> = template.answers(false).collect();
            let cells: Vec<(String, String)> = columns
                .iter()
                .map(|column| (column.title.clone(), filled_in(&office, list, column)))
                .collect();
            let cells: Vec<(&str, &str)> = cells.iter().map(|(t, c)| (t.as_str(), c.as_str())).collect();
            let file = office.path(&format!("{list}.xlsx"));
            let answers = Answers::from([(office.clue(at), cells.clone())]);
            assert_eq!(
                fill(&office.book(&format!("{folder}/{}", template.title)), &file, &answers),
                cells.len()
            );
            assert_eq!(office.import(&[file]).listed, [], "{list}");
            let record = office.record(at);
            let given = &record.answers[0];
            let answer = &given.answer;
            assert_eq!((answer.officer.as_str(), given.approved_by.as_str()), ("王某", "李某"), "{list}");
            assert_eq!(answer.checked_on, Some(as_of()), "{list}");
            for (column, (title, text)) in columns.iter().zip(cells) {
                let kept = matches!(
                    column.field,
                    AnswerField::Other
                        | AnswerField::Note
                        | AnswerField::Disposition
                        | AnswerField::ProofUntil
                );
                assert_eq!(
                    answer.fields.get(title).map(String::as_str),
                    kept.then_some(text),
                    "{list}: {title}"
                );
                titles.insert(title.to_owned());
            }
        }
    }
    assert!(titles.contains("核查单位") && titles.contains("附件编号") && titles.len() == 15, "{titles:?}");
}

#[test]
fn what_is_urgent_is_acknowledged_first_and_late_when_nobody_does() {
    let mut office = Office::open_on(["urgent", "exit"]);
    let list = "education/因突发事件亟需关爱清单";
    let column = |office: &Office, title: &str| -> Vec<(String, String)> {
        let mut read: Xlsx<_> = open_workbook(office.book(list)).unwrap();
        let range = read.worksheet_range("亟需关爱").unwrap();
        let heads: Vec<String> = range.rows().nth(2).unwrap().iter().map(Data::to_string).collect();
        let at = |title: &str| heads.iter().position(|head| head == title).unwrap();
        let (clue, wanted) = (at("线索编号"), at(title));
        let mut rows: Vec<(String, String)> =
            range.rows().skip(3).map(|row| (row[clue].to_string(), row[wanted].to_string())).collect();
        rows.retain(|(clue, _)| office.clue(1) == clue || office.clue(2) == clue);
        rows.sort_by_key(|(clue, _)| office.clue(1) != clue);
        rows
    };
    let words =
        |office: &Office| column(office, "收悉情况").into_iter().map(|(_, words)| words).collect::<Vec<_>>();
    let by = as_of().plus_days(1).iso();
    assert_eq!(words(&office), [format!("请于 {by} 前确认"), format!("请于 {by} 前确认")]);

    let clue = office.clue(1).to_owned();
    let said = |cells: &[(&'static str, &'static str)]| Answers::from([(clue.as_str(), cells.to_vec())]);
    let file = office.path("收悉.xlsx");
    fill(&office.book(list), &file, &said(&[("确认收悉", "已收悉")]));
    assert_eq!(office.import(std::slice::from_ref(&file)).listed[0].reason, "没有填写核查人（由谁确认收悉）");
    fill(&office.book(list), &file, &said(&[("确认收悉", "好的"), ("核查人", "王某")]));
    assert_eq!(
        office.import(std::slice::from_ref(&file)).listed[0].reason,
        "确认收悉只能填下拉列表中的“已收悉”"
    );
    fill(&office.book(list), &file, &said(&[("确认收悉", "已收悉"), ("核查人", "王某")]));
    assert_eq!(counts(&office.import(std::slice::from_ref(&file))), [("acknowledged", 1)].into());
    assert_eq!(counts(&office.import(std::slice::from_ref(&file))), [("known", 1)].into());
    assert_eq!(
        (office.record(1).phase, office.record(1).answers.len()),
        (Phase::Sent, 0),
        "still to be answered"
    );

    office.day = as_of().plus_days(2);
    office.night();
    let late = format!("逾期未确认（应于 {by} 前）");
    assert_eq!(words(&office), [format!("{} 已收悉", as_of().iso()), late]);
    let mut read: Xlsx<_> = open_workbook(office.book(list)).unwrap();
    let summary = read.worksheet_range("汇总").unwrap();
    let sum = summary.rows().find(|row| row[0] == Data::String("合计".into())).unwrap();
    assert_eq!(sum[4], Data::Float(4.0), "four of five were neither acknowledged nor answered");

    let answer = [("核查结果", "属实"), ("处理意见", "个案跟进"), ("确认收悉", "已收悉"), ("核查人", "王某")];
    fill(&office.book(list), &file, &said(&answer));
    assert_eq!(counts(&office.import(&[file])), [("recorded", 1)].into());
    assert_eq!(office.record(1).phase, Phase::Answered);
}

#[test]
fn the_annex_shows_both_rows_with_what_differs_in_colour() {
    let office = Office::open();
    let book = office.book(EDUCATION);
    let mut read: Xlsx<_> = open_workbook(&book).unwrap();
    let range = read.worksheet_range("疑似同人待确认").unwrap();
    let rows: Vec<Vec<String>> = range.rows().map(|row| row.iter().map(Data::to_string).collect()).collect();
    let at = |heading: &str| rows[2].iter().position(|cell| cell == heading).unwrap();
    let row = &rows[3];
    assert_eq!((row[at("姓名")].as_str(), row[at("对照姓名")].as_str()), ("张某甲", "张某甲"));
    assert_eq!(row[at("对照数据")], "学籍");
    assert!(row[at("对照证号")].contains("********"), "the number is masked here too");
    assert!(rows[2].iter().any(|cell| cell == "是否同一人"));
    let main = read.worksheet_range("控辍保学").unwrap();
    let headings: Vec<String> = main.rows().nth(2).unwrap().iter().map(Data::to_string).collect();
    assert!(!headings.iter().any(|cell| cell.starts_with("对照") || cell == "是否同一人"), "{headings:?}");
    let text = workbook_text(&std::fs::read(&book).unwrap());
    // Birth dates differ as a whole; of the masked numbers the last digits do.
    assert!(text.contains("<rPr>") && text.contains("FFC00000"), "no stretch is coloured");
}

#[test]
fn the_summary_counts_what_is_new_carried_answered_closed_and_overdue() {
    let mut office = Office::open();
    let files = returned(&office);
    office.import(&files);
    let numbers = |office: &Office, list: &str| -> Vec<String> {
        let mut read: Xlsx<_> = open_workbook(office.book(list)).unwrap();
        let range = read.worksheet_range("汇总").unwrap();
        let row = range.rows().find(|row| row[0] == Data::String("合计".into())).unwrap();
        row[2..9].iter().map(Data::to_string).collect()
    };
    // New, carried over, of these overdue, answered, closed, withdrawn, on the annex.
    assert_eq!(numbers(&office, WELFARE), ["4", "0", "0", "0", "0", "0", "0"]);
    assert_eq!(numbers(&office, EDUCATION), ["4", "0", "0", "0", "0", "0", "1"]);
    office.day = as_of().plus_days(30);
    office.night();
    // What nobody answered for a month is late.
    assert_eq!(numbers(&office, WELFARE), ["0", "2", "2", "1", "1", "0", "0"]);
    assert_eq!(numbers(&office, EDUCATION), ["0", "2", "2", "1", "2", "0", "0"]);
    let town = |office: &Office| -> Vec<Vec<String>> {
        let mut read: Xlsx<_> = open_workbook(office.book(WELFARE)).unwrap();
        let range = read.worksheet_range("汇总").unwrap();
        range.rows().map(|row| row.iter().map(Data::to_string).collect()).collect()
    };
    let rows = town(&office);
    let start = rows.iter().position(|row| row[0] == "镇（街道）").unwrap();
    let sums: Vec<u32> = rows[start + 1..]
        .iter()
        .filter(|row| row[0].ends_with("小计"))
        .map(|row| [2, 3, 5, 6, 7, 8].map(|at| row[at].parse::<u32>().unwrap()).iter().sum())
        .collect();
    assert!(sums.len() >= 2 && sums.iter().sum::<u32>() == 4, "{rows:?}");
}
