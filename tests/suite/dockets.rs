//! 台账 on the demo county: who stands in which ledger, who gets them, and what an answer moves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use calamine::{Data, Reader, Xlsx, open_workbook};

use crate::county::{County, NIGHT, copy};

/// Lets the education bureau have numbers in full, of children too.
fn approve_full_numbers(county: &County) {
    county.change("schemas/tables/protected.csv", "id_number,14,,", "id_number,14,education,");
    approve_numbers_from_14(county);
}

fn approve_numbers_from_14(county: &County) {
    let table = county.folder.join("schemas/tables/full_approvals.csv");
    let head = fs::read_to_string(&table).unwrap();
    fs::write(&table, format!("{head}education,id_number,周某,2026-11-01,2026-11-30,\n")).unwrap();
    county.change("schemas/tables/disclosure.csv", "education,full,full,masked", "education,full,full,full");
}

const DAY: &str = "2026-11-20";

/// A ledger as its CSV has it: by heading, row by row.
fn ledger(county: &County, title: &str) -> Vec<BTreeMap<String, String>> {
    let path = county.folder.join(format!("out/latest/lists/education/{title}_{DAY}.csv"));
    let text = fs::read_to_string(path).unwrap();
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let headings: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let row =
        |record: csv::StringRecord| headings.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
    reader.records().map(Result::unwrap).map(row).collect()
}

/// Clue numbers of a ledger of cases.
fn clues(county: &County, title: &str) -> BTreeSet<String> {
    let rows = ledger(county, title);
    let all = rows.iter().flat_map(|row| row["线索编号"].split('；')).map(str::to_owned);
    all.filter(|clue| !clue.is_empty()).collect()
}

#[test]
fn the_ledger_holds_every_child_of_school_age_that_any_file_knows_of() {
    let rows = ledger(&NIGHT, "适龄儿童台账");
    // Worked out without the view: residents of the nine year groups who are neither dead nor gone.
    let born = |day: &str| ("2011-09-01".."2020-09-01").contains(&day);
    let gone: BTreeSet<String> = ["death_cancellation", "death_certificate", "cremation", "move_out"]
        .into_iter()
        .flat_map(|extract| NIGHT.identities(extract, "subject", "row_key").into_values())
        .collect();
    let birth: BTreeMap<String, String> = NIGHT
        .rows("identities.parquet", &["identity_id", "birth_date"])
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let state: BTreeMap<String, String> = NIGHT
        .rows("records/population.parquet", &["row_key", "cancel_state"])
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let residents = NIGHT.identities("population", "resident", "row_key");
    let expected: BTreeSet<&String> = residents
        .iter()
        .filter(|(key, identity)| {
            state[*key] == "正常" && !gone.contains(*identity) && born(&birth[*identity])
        })
        .map(|(_, identity)| identity)
        .collect();
    let local = rows.iter().filter(|row| row["户籍情况"] == "本市户籍").count();
    // A few more stand in it: disabled children above the age, pupils who moved out and are still on the roll.
    assert!(expected.len() > 100 && local >= expected.len(), "{local} {}", expected.len());
    assert!(local <= expected.len() + expected.len() / 20, "{local} {}", expected.len());
    let standings: BTreeSet<&str> = rows.iter().map(|row| row["就学状况"].as_str()).collect();
    for word in ["本市在读", "未见学籍，待核查"] {
        assert!(standings.contains(word), "{standings:?}");
    }
    let town = |row: &BTreeMap<String, String>| row["镇(街道)"].clone();
    let mut towns: Vec<String> = rows.iter().map(town).collect();
    towns.dedup();
    assert_eq!(towns.len(), towns.iter().collect::<BTreeSet<_>>().len(), "one town after the other");
}

#[test]
fn the_ledger_goes_to_the_education_bureau_alone_and_holds_no_number_in_full() {
    let lists = NIGHT.folder.join("out/latest/lists");
    let mut holders = BTreeSet::new();
    for folder in fs::read_dir(&lists).unwrap().map(|entry| entry.unwrap().path()) {
        for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            if name.contains("台账") {
                holders.insert((folder.file_name().unwrap().to_str().unwrap().to_owned(), name));
            }
        }
    }
    let expected = ["适龄儿童台账", "疑似辍学台账", "辍学台账"]
        .iter()
        .flat_map(|title| ["csv", "parquet"].map(|kind| format!("{title}_{DAY}.{kind}")))
        .chain([format!("控辍保学台账_{DAY}.xlsx")]);
    let expected: BTreeSet<(String, String)> = expected.map(|name| ("education".to_owned(), name)).collect();
    assert_eq!(holders, expected);
    let long = |cell: &str| cell.chars().filter(char::is_ascii_digit).count() >= 15;
    for title in ["适龄儿童台账", "疑似辍学台账", "辍学台账"] {
        for row in ledger(&NIGHT, title) {
            for heading in ["身份证号", "学籍主号"] {
                assert!(!long(&row[heading]), "{title}: {heading} is in full");
            }
        }
    }
}

#[test]
fn the_workbook_counts_what_the_files_hold() {
    let path = NIGHT.folder.join(format!("out/latest/lists/education/控辍保学台账_{DAY}.xlsx"));
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let sheets = ["汇总", "按学校汇总", "按民政身份汇总", "疑似辍学台账", "辍学台账", "说明"];
    assert_eq!(book.sheet_names(), sheets);
    let figures = book.worksheet_range("汇总").unwrap();
    let number = |cell: &Data| cell.to_string().parse::<usize>().unwrap();
    let total = figures.rows().find(|row| row[0] == "合计").unwrap();
    assert_eq!(number(&total[1]), ledger(&NIGHT, "适龄儿童台账").len());
    let of_standings: usize = total[2..].iter().filter(|cell| !cell.to_string().is_empty()).map(number).sum();
    assert_eq!(of_standings, number(&total[1]));
    // By school and by watch group it is the same children.
    for (sheet, column, nobody) in
        [("按学校汇总", "学校名称", "无学籍学校"), ("按民政身份汇总", "民政身份", "不在民政名册")]
    {
        let mut expected: BTreeMap<String, usize> = BTreeMap::new();
        for row in ledger(&NIGHT, "适龄儿童台账") {
            let group = if row[column].is_empty() { nobody.to_owned() } else { row[column].clone() };
            *expected.entry(group).or_default() += 1;
        }
        assert!(expected.len() > 3 && expected.contains_key(nobody), "{sheet}: {expected:?}");
        let range = book.worksheet_range(sheet).unwrap();
        let rows = range.rows().skip(3).map(|row| (row[0].to_string(), number(&row[1])));
        let (sum, groups): (Vec<_>, Vec<_>) = rows.partition(|(group, _)| group == "合计");
        assert_eq!(groups.last().unwrap().0, nobody);
        assert_eq!(groups.into_iter().collect::<BTreeMap<_, _>>(), expected, "{sheet}");
        assert_eq!(sum[0].1, number(&total[1]), "{sheet}");
    }
    for part in ["疑似辍学台账", "辍学台账"] {
        let count = figures.rows().find(|row| row[0] == part).map(|row| number(&row[1])).unwrap();
        assert_eq!(count, ledger(&NIGHT, part).len(), "{part}");
        assert_eq!(book.worksheet_range(part).unwrap().height(), 3 + count, "{part}");
    }
}

#[test]
fn suspected_are_the_open_cases_and_those_whom_the_bureau_has_registered_already() {
    let list: Vec<Vec<String>> = NIGHT
        .rows("cases.parquet", &["case_number", "rule", "annex", "status", "reason", "list"])
        .into_iter()
        .filter(|row| row[5] == "dropout")
        .collect();
    let open =
        |row: &&Vec<String>| row[2] == "false" && row[3] != "withdrawn" && !row[4].contains("辍学风险");
    let expected: BTreeSet<String> = list.iter().filter(open).map(|row| row[0].clone()).collect();
    assert!(expected.len() > 20, "{}", expected.len());
    assert!(list.iter().any(|row| row[4].contains("辍学风险")), "the demo county shows what is left out");
    assert_eq!(clues(&NIGHT, "疑似辍学台账"), expected);
    let registered =
        NIGHT.rows("records/dropout_ledger.parquet", &["ledger_kind", "status", "returned_on", "name"]);
    let mut in_all = 0;
    for (title, word) in [("疑似辍学台账", "疑似辍学"), ("辍学台账", "辍学")] {
        let names: BTreeSet<String> =
            ledger(&NIGHT, title).into_iter().map(|row| row["姓名"].clone()).collect();
        let in_force =
            registered.iter().filter(|row| row[0] == word && row[1] == "在册" && row[2].is_empty());
        let missing: Vec<&String> =
            in_force.clone().map(|row| &row[3]).filter(|name| !names.contains(*name)).collect();
        in_all += in_force.count();
        // A misspelt name in the bureau's own file is shown as the register spells it.
        assert!(missing.len() <= 1, "{word}: {missing:?}");
    }
    assert!(in_all > 0, "the bureau has registered nobody");
}

#[test]
fn a_confirmed_case_moves_to_the_ledger_of_dropouts_and_an_explained_one_leaves() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dockets");
    let _ = fs::remove_dir_all(&folder);
    copy(&NIGHT.folder, &folder);
    let county = County { folder };
    let before = clues(&county, "疑似辍学台账");
    let [confirmed, explained] =
        [before.iter().next().unwrap().clone(), before.iter().last().unwrap().clone()];
    let answers = format!(
        "线索编号,核查结果,原因分类,情况说明,核查人,核查时间,证明有效期至\n{confirmed},属实,,已上门,陆某,{DAY},\n{explained},不属实,省外就读,已见在读证明,陆某,{DAY},2027-08-31\n"
    );
    fs::write(county.folder.join("answers.csv"), answers).unwrap();
    county.well(&["feedback", "import", "answers.csv"]);
    county.well(&["run", "pipelines/nightly.toml"]);
    let suspected = clues(&county, "疑似辍学台账");
    assert!(!suspected.contains(&confirmed) && !suspected.contains(&explained));
    assert_eq!(suspected.len(), before.len() - 2);
    let dropouts = clues(&county, "辍学台账");
    assert_eq!(dropouts, BTreeSet::from([confirmed]));
    let told = ledger(&county, "辍学台账");
    let row = told.iter().find(|row| !row["线索编号"].is_empty()).unwrap();
    assert!(row["核查结果"].contains("属实") && row["核查时间"] == DAY, "{row:?}");
    assert!(!row.values().any(|cell| cell.contains("陆某") || cell.contains("已上门")), "{row:?}");
}

#[test]
fn without_the_roll_there_is_no_ledger_and_the_workbook_says_why() {
    let county = another_night("no-dockets");
    let folder = &county.folder;
    for file in
        fs::read_dir(folder.join("fixtures/demo/education")).unwrap().map(|entry| entry.unwrap().path())
    {
        if file.file_name().unwrap().to_str().unwrap().starts_with("学籍_") {
            fs::remove_file(file).unwrap();
        }
    }
    county.change(
        "pipelines/nightly.toml",
        "[source.student_roll]",
        "[source.student_roll]\ncompleteness = \"optional\"",
    );
    county.well(&["run", "pipelines/nightly.toml"]);
    let lists = folder.join("out/latest/lists/education");
    assert!(!lists.join(format!("适龄儿童台账_{DAY}.csv")).exists());
    let mut book: Xlsx<_> = open_workbook(lists.join(format!("控辍保学台账_{DAY}.xlsx"))).unwrap();
    let text: String = book.worksheet_range("汇总").unwrap().rows().flatten().map(Data::to_string).collect();
    assert!(text.contains("本次没有生成台账") && text.contains("学籍"), "{text}");
}

#[test]
fn the_list_of_the_education_bureau_stands_by_the_last_school_that_is_known() {
    let path = NIGHT.folder.join(format!("out/latest/lists/education/控辍保学疑似清单_{DAY}.xlsx"));
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let range = book.worksheet_range("控辍保学").unwrap();
    let rows: Vec<Vec<String>> = range.rows().map(|row| row.iter().map(Data::to_string).collect()).collect();
    let at = |heading: &str| rows[2].iter().position(|title| title == heading).unwrap();
    let list: Vec<&Vec<String>> = rows[3..].iter().take_while(|row| !row[0].starts_with("合计")).collect();
    let schools: Vec<&str> = list.iter().map(|row| row[at("末次就读学校")].as_str()).collect();
    let named: BTreeSet<&str> = schools.iter().copied().filter(|school| !school.is_empty()).collect();
    assert!(
        named.len() > 5 && schools.is_sorted_by_key(|school| (school.is_empty(), *school)),
        "{schools:?}"
    );
    // Whose school any file knows is not left without one, whichever rule lists the child.
    let last: BTreeMap<String, String> = ledger(&NIGHT, "适龄儿童台账")
        .into_iter()
        .filter(|row| !row["末次就读学校"].is_empty() && !row["身份证号"].is_empty())
        .map(|row| (format!("{} {}", row["姓名"], row["身份证号"]), row["末次就读学校"].clone()))
        .collect();
    let of_list = list.iter().filter_map(|row| {
        let known = last.get(&format!("{} {}", row[at("姓名")], row[at("身份证号")]))?;
        Some((known.as_str(), row[at("末次就读学校")].as_str()))
    });
    let of_list: Vec<(&str, &str)> = of_list.collect();
    assert!(of_list.len() > 5 && of_list.iter().all(|(_, shown)| !shown.is_empty()), "{of_list:?}");
    // A watch group stands beside the child whichever rule lists it.
    let groups = list.iter().filter(|row| !row[at("民政身份")].is_empty()).count();
    assert!(groups > 0 && groups < list.len(), "{groups} of {}", list.len());
    let counts = book.worksheet_range("按学校计数").unwrap();
    let total = counts.rows().find(|row| row[0] == "合计").unwrap()[1].to_string();
    assert_eq!(total, list.len().to_string());
}

/// A copy of the county's files that runs a night of its own.
fn another_night(name: &str) -> County {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    County::lay_out(&folder)
}

fn bare_rows(path: &Path) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    range.rows().map(|row| row.iter().map(Data::to_string).collect()).collect()
}

#[test]
fn a_copy_for_another_system_is_taken_in_as_the_bureaus_own_ledger() {
    let county = another_night("docket-copies");
    let lists = |county: &County| county.folder.join("out/latest/lists/education");
    county.well(&["run", "pipelines/nightly.toml"]);
    let made = fs::read_dir(lists(&county)).unwrap().map(|entry| entry.unwrap().file_name());
    let without: Vec<_> = made.filter(|name| name.to_str().unwrap().contains("导入")).collect();
    assert_eq!(without, Vec::<std::ffi::OsString>::new(), "nobody has approved full numbers");

    approve_full_numbers(&county);
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    let copy = lists(&county).join("控辍台账_导入_2026-11-21.xlsx");
    let rows = bare_rows(&copy);
    let own = bare_own_ledger(&county);
    assert_eq!(rows[0], own, "the headings of the bureau's own file, in its order");
    let at = |heading: &str| rows[0].iter().position(|title| title == heading).unwrap();
    let numbers: Vec<&str> = rows[1..].iter().map(|row| row[at("身份证号")].as_str()).collect();
    assert!(numbers.iter().all(|number| !number.contains('*')), "no asterisk is data");
    let known = numbers.iter().filter(|number| number.len() == 18).count();
    assert!(known * 10 > numbers.len() * 9, "{known} of {}", numbers.len());
    let places: Vec<String> = (1..rows.len()).map(|place| place.to_string()).collect();
    assert_eq!(rows[1..].iter().map(|row| row[0].clone()).collect::<Vec<_>>(), places);
    let kinds: BTreeSet<&str> = rows[1..].iter().map(|row| row[at("类型")].as_str()).collect();
    let known = ["疑似辍学", "辍学"];
    assert!(kinds.contains(known[0]) && kinds.iter().all(|kind| known.contains(kind)), "{kinds:?}");
    // The register of handovers names it like every file that leaves.
    let lines = county.json(&["handover", "--recipient", "education", "--since", "2026-11-21"]);
    let line =
        lines.as_array().unwrap().iter().find(|l| l["path"].as_str().unwrap().contains("控辍台账_导入"));
    assert_eq!(line.unwrap()["rows"], rows.len() - 1);

    // The bureau delivers it as its ledger the next night: every row passes the contract.
    let inbox = county.folder.join("fixtures/demo/education");
    for file in fs::read_dir(&inbox).unwrap().map(|entry| entry.unwrap().path()) {
        if file.file_name().unwrap().to_str().unwrap().starts_with("控辍台账_") {
            fs::remove_file(file).unwrap();
        }
    }
    fs::copy(&copy, inbox.join("控辍台账_20261121.xlsx")).unwrap();
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-22"]);
    let manifest = county.manifest();
    let extracts = manifest["extracts"].as_array().unwrap();
    let ledger = extracts.iter().find(|extract| extract["extract"] == "dropout_ledger").unwrap();
    let mut files = ledger["files"].as_array().unwrap().iter();
    let taken = files.find(|file| file["name"] == "控辍台账_20261121.xlsx").unwrap();
    let counts =
        ["rows_read", "rows_accepted", "rows_quarantined"].map(|count| taken[count].as_u64().unwrap());
    let all = u64::try_from(rows.len() - 1).unwrap();
    assert_eq!(counts, [all, all, 0]);
}

/// Headings of the ledger that the bureau of the demo county delivers.
fn bare_own_ledger(county: &County) -> Vec<String> {
    let inbox = county.folder.join("fixtures/demo/education");
    let mut files = fs::read_dir(inbox).unwrap().map(|entry| entry.unwrap().path());
    let own =
        files.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("控辍台账_")).unwrap();
    let headings = bare_rows(&own).into_iter().find(|row| row.iter().any(|cell| cell == "序号")).unwrap();
    headings.iter().map(|heading| heading.replace('（', "(").replace('）', ")")).collect()
}

#[test]
fn a_copy_leaves_out_the_number_of_a_child_that_nobody_approved() {
    let county = another_night("docket-copies-14");
    approve_numbers_from_14(&county);
    county.well(&["run", "pipelines/nightly.toml"]);
    let rows = ledger(&county, "适龄儿童台账_导入");
    assert_eq!(rows.len(), ledger(&county, "适龄儿童台账").len());
    let long = |row: &&BTreeMap<String, String>| row["学籍主号"].len() >= 18;
    let (whole, none) =
        (rows.iter().filter(long).count(), rows.iter().filter(|r| r["学籍主号"].is_empty()).count());
    assert!(whole > 10 && none > 10, "{whole} of 14 and older, {none} younger");
    assert_eq!(whole + none, rows.len(), "a number is whole or not there");
    for row in &rows {
        assert!(!row.values().any(|cell| cell.contains('*') || cell.contains("（略）")), "{row:?}");
        assert!(["是", "否"].contains(&row["休学中"].as_str()));
        assert_eq!(row["父亲姓名"], "", "the matrix grants the bureau no relatives");
    }
}

/// Lets the police have numbers in full.
fn approve_questions(county: &County) {
    let table = county.folder.join("schemas/tables/full_approvals.csv");
    let head = fs::read_to_string(&table).unwrap();
    fs::write(&table, format!("{head}public-security,id_number,周某,2026-11-01,2026-11-30,\n")).unwrap();
    county.change(
        "schemas/tables/disclosure.csv",
        "public-security,full,full,masked",
        "public-security,full,full,full",
    );
}

/// Rows of a CSV of the police, given or asked, by heading.
fn police_rows(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let text = fs::read(path).unwrap();
    let (text, ..) = match std::str::from_utf8(&text) {
        Ok(text) => (text.to_owned().into(), (), ()),
        Err(_) => (encoding_rs::GB18030.decode(&text).0, (), ()),
    };
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let texts = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<String>>();
    let head = texts(reader.headers().unwrap());
    (head, reader.records().map(|record| texts(&record.unwrap())).collect())
}

#[test]
fn the_police_are_asked_about_parents_alone_and_their_hits_come_back_as_an_extract() {
    let county = another_night("docket-questions");
    let asked = |day: &str| {
        county.folder.join(format!("out/latest/lists/public-security/公安比对查询名单_{day}.csv"))
    };
    county.well(&["run", "pipelines/nightly.toml"]);
    assert!(!asked(DAY).exists(), "nobody has approved full numbers");

    approve_questions(&county);
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    let inbox = county.folder.join("fixtures/demo/public-security");
    let held = inbox.join("羁押强戒_20261119.csv");
    let (head, mut questions) = police_rows(&asked("2026-11-21"));
    assert_eq!(head, police_rows(&held).0, "the headings under which the police answer");
    assert!(questions.len() > 5, "{} questions", questions.len());
    for question in &questions {
        assert!(question[2].is_empty() || question[2].len() == 18, "a number is whole or not there");
        assert!(question[3..].iter().all(String::is_empty), "what is asked is not told");
        let born: u32 = question[2].get(6..10).map_or(1980, |year| year.parse().unwrap());
        assert!(born < 2009, "parents are asked about, not children");
    }
    let lists = fs::read_dir(asked("2026-11-21").parent().unwrap()).unwrap();
    let of_question =
        lists.filter(|file| file.as_ref().unwrap().file_name().to_str().unwrap().contains("比对"));
    assert_eq!(of_question.count(), 1, "nothing of it but the list of questions");

    // The police answer what they found, and nothing else.
    questions.retain(|question| question[2].len() == 18);
    questions.truncate(2);
    let answers: Vec<String> = questions
        .iter()
        .map(|hit| format!("{},{},{},刑事拘留,2026-10-01,,,", hit[0], hit[1], hit[2]))
        .collect();
    fs::remove_file(&held).unwrap();
    let text = format!("{}\r\n{}\r\n", head.join(","), answers.join("\r\n"));
    fs::write(inbox.join("羁押强戒_20261121.csv"), text).unwrap();
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-22"]);
    let rows = county.rows("records/custody.parquet", &["record_number", "measure"]);
    let expected: Vec<Vec<String>> =
        questions.iter().map(|hit| vec![hit[0].clone(), "刑事拘留".to_owned()]).collect();
    assert_eq!(rows.into_iter().collect::<BTreeSet<_>>(), expected.into_iter().collect::<BTreeSet<_>>());
    let hits = county.identities("custody", "subject", "record_number");
    let parents = county.rows("identities.parquet", &["identity_id", "resident_id"]);
    for hit in &questions {
        let of_hit = parents.iter().find(|row| row[0] == hits[&hit[0]]).unwrap();
        assert_eq!(of_hit[1], hit[2], "the hit is linked to the person who was asked about");
    }
}

#[test]
fn the_list_of_questions_goes_to_its_remote_once_and_only_while_approved() {
    let county = another_night("docket-sent");
    let pipeline = "pipelines/nightly.toml";
    let path = county.folder.join(pipeline);
    let hook = format!(
        "\n[[watch.hook]]\non = [\"finished\"]\ncommand = [\"tee\", \"{}\"]\n",
        county.folder.join("heard").display()
    );
    let text = fs::read_to_string(&path).unwrap();
    let remote = "\n[remote.police]\nkind = \"folder\"\nat = \"../police\"\n";
    let send = "\n[send.custody_question]\nremote = \"police\"\nfolder = \"ask\"\n";
    fs::write(&path, format!("{text}{remote}{send}{hook}")).unwrap();
    let (ask, name) = (county.folder.join("police/ask"), format!("公安比对查询名单_{DAY}.csv"));

    // Without an approval no file is laid out, and none leaves.
    fs::create_dir_all(&ask).unwrap();
    county.well(&["run", pipeline]);
    assert_eq!(fs::read_dir(&ask).unwrap().count(), 0);

    // The folder is not there: the night is, and everybody hears of it.
    approve_questions(&county);
    fs::remove_dir(&ask).unwrap();
    let night = county.doudi(&["run", pipeline]);
    let said = String::from_utf8(night.stderr).unwrap();
    assert_eq!(night.status.code(), Some(6), "{said}");
    assert!(
        String::from_utf8(night.stdout).unwrap().contains("未送达"),
        "the lists are told of all the same"
    );
    assert!(
        said.contains("failed to send to the remote `police`: the folder ") && said.contains("mounted"),
        "{said}"
    );
    let laid_out = county.folder.join(format!("out/latest/lists/public-security/{name}"));
    let questions = fs::read(&laid_out).unwrap();
    let heard: serde_json::Value =
        serde_json::from_slice(&fs::read(county.folder.join("heard")).unwrap()).unwrap();
    assert_eq!((&heard["end"], &heard["exit_code"]), (&"unsent".into(), &6.into()));
    assert!(heard["run"].is_string(), "the lists are there: {heard}");
    let status = county.json(&["status", pipeline]);
    assert_eq!(
        (&status["sent"][0]["state"], &status["sent"][0]["file"]),
        (&"unsent".into(), &name.clone().into())
    );
    let doctor = county.json(&["doctor", pipeline]);
    let told = doctor.as_array().unwrap().iter().find(|one| one["check"] == "send").unwrap();
    assert!(told["condition"] == "look" && told["text"].as_str().unwrap().contains("未送达"), "{told}");

    fs::create_dir_all(&ask).unwrap();
    let sent = county.json(&["handover", "send", pipeline]);
    assert_eq!(sent[0]["state"], "arrived", "{sent}");
    assert_eq!(fs::read(ask.join(&name)).unwrap(), questions);
    // What arrived is not sent again, by nobody.
    fs::remove_file(ask.join(&name)).unwrap();
    let said = county.well(&["run", pipeline]);
    assert!(said.contains("此前已送达") && fs::read_dir(&ask).unwrap().count() == 0, "{said}");
    assert_eq!(county.json(&["handover", "send", pipeline])[0]["state"], "there");
    // `--input` repeats a night and asks no remote.
    county.well(&["run", pipeline, "--input", "fixtures/demo", "--as-of", "2026-11-21"]);
    assert_eq!(fs::read_dir(&ask).unwrap().count(), 0);

    let register = county.json(&["handover", pipeline]);
    let lines = register.as_array().unwrap().iter().flat_map(|line| line["sent"].as_array().unwrap());
    let states: Vec<&str> = lines.map(|line| line["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["begun", "failed", "begun", "arrived"]);
    let ledger = rusqlite::Connection::open(county.folder.join("state/ledger.sqlite")).unwrap();
    for sql in ["UPDATE sending SET why = ''", "DELETE FROM sending"] {
        let refused = ledger.execute(sql, []).unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{refused}");
    }
}
