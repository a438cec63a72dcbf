//! The twenty-five boundary cases of the rule book: each stands in a case of a rule by its number, or in a
//! test that is named here. Rules see only linked records, so what happens before them (numbers, names,
//! deliveries) and after them (answers, lists) is shown on the demo county with a few people more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use doudi::domain::ResidentId;
use doudi::rule::CaseFile;
use rust_xlsxwriter::Workbook;

use crate::county::{County, NIGHT};

/// Boundary cases that no rule can show alone, and the tests that show them.
const SHOWN: [(u32, fn()); 9] = [
    (17, a_reissued_card_is_the_card_it_was),
    (18, a_roll_number_that_keeps_the_old_number_finds_its_child),
    (19, a_pupil_under_a_fathers_number_is_told_and_not_out_of_school),
    (20, of_twins_only_the_one_without_a_roll_is_listed),
    (21, a_dot_and_a_lost_character_do_not_part_a_person),
    (22, a_town_that_is_missing_silences_what_concludes_from_absence_and_nothing_else),
    (23, last_months_file_under_a_new_date_makes_no_list),
    (24, crate::answers::a_proof_holds_through_its_day_and_not_longer),
    (25, no_file_for_education_tells_of_custody_illness_or_bank),
];

#[test]
fn every_boundary_case_of_the_rule_book_is_held_by_a_case_or_a_named_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/rules");
    let mut cased: BTreeSet<u32> = BTreeSet::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.to_str().unwrap().ends_with(".cases.toml") {
            let file: CaseFile = toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            cased.extend(file.case.iter().flat_map(|case| case.boundary.iter().copied()));
        }
    }
    let strange: Vec<&u32> = cased.iter().filter(|number| !(1..=25).contains(*number)).collect();
    assert!(strange.is_empty(), "the rule book has no {strange:?}");
    // What a rule's SQL decides is held by rules, whatever else shows it.
    let missing: Vec<u32> = (1..=16).filter(|number| !cased.contains(number)).collect();
    assert!(missing.is_empty(), "no case holds {missing:?}");
    let named: Vec<u32> = SHOWN.iter().map(|(number, _)| *number).collect();
    assert_eq!(named, (17..=25).collect::<Vec<u32>>());
}

/// A valid number of this county, made up here so that none stands in a source.
fn number(birth: &str, sequence: u32) -> String {
    let body = format!("320681{birth}{sequence:03}");
    ResidentId::from_body(body.parse().unwrap()).text()
}

/// Writes a workbook of text cells.
fn sheet(path: &Path, headings: &str, rows: &[Vec<String>]) {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    let header = headings.split(',').map(str::to_owned).collect();
    for (row, cells) in (0_u32..).zip(std::iter::once(&header).chain(rows)) {
        for (column, cell) in (0_u16..).zip(cells) {
            page.write_string(row, column, cell).unwrap();
        }
    }
    book.save(path).unwrap();
}

fn texts(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|&cell| cell.to_owned()).collect()
}

const POPULATION: &str = "人员编号,公民身份号码,姓名,性别,出生日期,户号,与户主关系,镇(街道),村(社区),户口性质,父亲姓名,父亲身份号码,\
                          母亲姓名,母亲身份号码,注销状态";
const ROLL: &str = "学校标识码,学校名称,姓名,性别,出生日期,身份证件类型,身份证件号,学籍号,年级,入学年月,就读方式,学生状态,成员1姓名,\
                    成员1关系,成员1身份证件号";

/// The demo county and, in files of their own, the people of the boundary cases about linkage.
static LINKED: LazyLock<County> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("boundaries");
    let _ = fs::remove_dir_all(&folder);
    let county = County::lay_out(&folder);
    let at = |agency: &str, file: &str| {
        let folder = county.folder.join("fixtures/demo").join(agency);
        // The manifest does not promise these files.
        let _ = fs::remove_file(folder.join("manifest.csv"));
        folder.join(file)
    };
    let mut people = vec![POPULATION.to_owned()];
    let mut resident = |code: &str, id: &str, name: &str, birth: &str, parents: [&str; 4]| {
        let [father, father_id, mother, mother_id] = parents;
        let sex = if id.as_bytes()[16].is_multiple_of(2) { "女" } else { "男" };
        let place = "汇龙镇,民胜村,2";
        people.push(format!(
            "{code},{id},{name},{sex},{birth},H1,,{place},{father},{father_id},{mother},{mother_id},0"
        ));
    };
    let (father, mother) = (number("19850304", 517), number("19860405", 528));
    let parents = ["蔡国强", &father, "陆秀英", &mother];
    resident("B-father", &father, "蔡国强", "19850304", [""; 4]);
    resident("B-mother", &mother, "陆秀英", "19860405", [""; 4]);
    let card = number("20150304", 531);
    resident("B-card", &card, "蔡一鸣", "20150304", parents);
    let (old, new) = (number("20140506", 533), number("20140506", 555));
    resident("B-changed", &new, "施鹏飞", "20140506", parents);
    let wrong = number("20160607", 537);
    resident("B-wrong", &wrong, "樊雨桐", "20160607", parents);
    let (here, gone) = (number("20130708", 539), number("20130708", 571));
    resident("B-twin-1", &here, "倪子轩", "20130708", parents);
    resident("B-twin-2", &gone, "倪子昂", "20130708", parents);
    let (dot, rare) = (number("20120809", 573), number("20130910", 575));
    resident("B-dot", &dot, "阿不都·热合曼", "20120809", parents);
    resident("B-rare", &rare, "张㛃", "20130910", parents);
    fs::write(at("public-security", "人口_边界_20261119.csv"), people.join("\n") + "\n").unwrap();

    let pupil = |name: &str, birth: &str, id: &str, roll: &str, grade: &str| {
        let mut row =
            texts(&["2132000017", "启东市边界小学", name, "男", birth, "居民身份证", id, roll, grade]);
        row.extend(texts(&["201909", "走读", "在籍在读", "蔡国强", "父亲", &father]));
        row
    };
    let pupils = [
        pupil("施鹏飞", "20140506", &new, &format!("G{old}"), "六年级"),
        pupil("樊雨桐", "20160607", &father, "L320681201606071234", "五年级"),
        pupil("倪子轩", "20130708", &here, &format!("G{here}"), "七年级"),
        pupil("阿不都•热合曼", "20120809", &dot, &format!("G{dot}"), "八年级"),
        pupil("张?", "20130910", &rare, &format!("G{rare}"), "七年级"),
        pupil("蔡一鸣", "20150304", &card, &format!("G{card}"), "六年级"),
    ];
    sheet(&at("education", "学籍_边界_20261115.xlsx"), ROLL, &pupils);

    let headings = "残疾人证号,姓名,身份证号,残疾类别,残疾等级,首次发证日期,有效期至,证件状态";
    let row = texts(&[&format!("{card}53"), "蔡一鸣", &card, "智力", "三级", "20200101", "20300101", "正常"]);
    sheet(&at("disability-federation", "残疾人证_边界_20261112.xlsx"), headings, &[row]);
    let headings = "姓名,身份证号,残疾人证号,机构,项目,开始日期,结束日期,金额";
    let row = texts(&[
        "蔡一鸣",
        "",
        &format!("{card}53B1"),
        "启东市某康复中心",
        "智力康复",
        "20260301",
        "",
        "5000",
    ]);
    sheet(&at("disability-federation", "康复救助_边界_20261112.xlsx"), headings, &[row]);

    let headings = "儿童编号,姓名,身份证号,性别,出生日期,镇(街道),村(社区),儿童类别,人员状态";
    let row = texts(&[
        "ET-B-changed",
        "施鹏飞",
        &old,
        "男",
        "20140506",
        "汇龙镇",
        "民胜村",
        "困境儿童",
        "登记在册",
    ]);
    sheet(&at("civil-affairs", "儿童名册_边界_20261118.xlsx"), headings, &[row]);
    county.well(&["run", "pipelines/nightly.toml"]);
    county
});

/// Persons of the added files by extract, row of the file and role: identity and grade.
fn persons() -> BTreeMap<(String, u32, String), (String, String)> {
    let columns = ["file", "extract", "row", "role", "identity_id", "grade"];
    let mut found = BTreeMap::new();
    for row in LINKED.rows("mentions.parquet", &columns) {
        let [file, extract, row, role, identity, grade] = <[String; 6]>::try_from(row).unwrap();
        if file.contains("边界") {
            found.insert((extract, row.parse().unwrap(), role), (identity, grade));
        }
    }
    found
}

/// Identity and grade of a mention of an added file.
fn person(extract: &str, row: u32, role: &str) -> (String, String) {
    persons()[&(extract.to_owned(), row, role.to_owned())].clone()
}

/// Whom a rule finds among the added rows of the extract: row of the file, and whether in the annex.
fn found(rule: &str, extract: &str, role: &str) -> Vec<(u32, bool)> {
    let columns = ["extract", "file", "row_key", "row", "role"];
    let mut rows = BTreeMap::new();
    for mention in LINKED.rows("mentions.parquet", &columns) {
        if mention[0] == extract && mention[1].contains("边界") && mention[4] == role {
            rows.insert(mention[2].clone(), mention[3].parse().unwrap());
        }
    }
    let findings = LINKED.rows("findings.parquet", &["rule", "subject_extract", "subject_row_key", "annex"]);
    let of_rule = findings.into_iter().filter(|row| row[0] == rule && row[1] == extract);
    let mut found: Vec<(u32, bool)> =
        of_rule.filter_map(|row| Some((*rows.get(&row[2])?, row[3] == "true"))).collect();
    found.sort_unstable();
    found
}

/// 17: twenty digits and B1 are the card of the twenty digits.
#[test]
fn a_reissued_card_is_the_card_it_was() {
    let (card, _) = person("disability_card", 2, "subject");
    let (course, grade) = person("rehabilitation", 2, "subject");
    assert_eq!(course, card);
    assert!(grade.as_str() <= "B", "{grade}");
}

/// 18: the roll number keeps the number before the change, which is all that the civil roll knows.
#[test]
fn a_roll_number_that_keeps_the_old_number_finds_its_child() {
    let (pupil, _) = person("student_roll", 2, "pupil");
    assert_eq!(person("population", 5, "resident").0, pupil, "by the number of today");
    let (listed, grade) = person("child_roster", 2, "child");
    assert_eq!(listed, pupil, "by the number before");
    assert_eq!(grade, "B");
    assert_eq!(found("d_key_group_no_roll", "child_roster", "child"), []);
}

/// 19: the roll shows the father's number for the child: told to the school, and the child is not out of school.
#[test]
fn a_pupil_under_a_fathers_number_is_told_and_not_out_of_school() {
    let (pupil, _) = person("student_roll", 3, "pupil");
    let (father, _) = person("population", 2, "resident");
    assert_ne!(pupil, father);
    assert_eq!(found("z_guardian_id_as_child", "student_roll", "pupil"), [(3, false)]);
    let out_of_school = found("d_hukou_no_roll", "population", "resident");
    assert!(
        !out_of_school.contains(&(6, false)),
        "listed, though a pupil of that name and birth is on the roll"
    );
}

/// 20: of twins whose numbers differ in the sequence, only the one without a roll is listed, and the other's row
/// does not take it to the annex.
#[test]
fn of_twins_only_the_one_without_a_roll_is_listed() {
    let (here, gone) = (person("population", 7, "resident").0, person("population", 8, "resident").0);
    assert_ne!(here, gone);
    assert_eq!(person("student_roll", 4, "pupil").0, here);
    let out_of_school = found("d_hukou_no_roll", "population", "resident");
    assert_eq!(
        out_of_school.iter().filter(|(row, _)| (7..=8).contains(row)).collect::<Vec<_>>(),
        [&(8, false)]
    );
}

/// 21: the middle dot in its forms, and a rare character that a file has lost.
#[test]
fn a_dot_and_a_lost_character_do_not_part_a_person() {
    for (resident, pupil) in [(9, 5), (10, 6)] {
        let (registered, _) = person("population", resident, "resident");
        let (on_roll, grade) = person("student_roll", pupil, "pupil");
        assert_eq!(on_roll, registered, "row {pupil}");
        assert!(grade.as_str() <= "B", "row {pupil}: {grade}");
    }
}

/// Rules that did not run on a county's last night, with the reason.
fn silent(county: &County) -> BTreeMap<String, String> {
    let manifest = county.manifest();
    let rules = manifest["rules"].as_array().unwrap().iter();
    let told = rules.filter_map(|rule| Some((rule["rule"].as_str()?, rule["not_run"].as_str()?)));
    told.map(|(rule, reason)| (rule.to_owned(), reason.to_owned())).collect()
}

/// A county of its own after the shared night.
fn next_night(folder: &Path) -> County {
    crate::county::copy(&NIGHT.folder, folder);
    County { folder: folder.to_owned() }
}

/// 22: one town's pupils did not come: whoever is looked for among them may be there.
#[test]
fn a_town_that_is_missing_silences_what_concludes_from_absence_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let county = next_night(folder.path());
    let education = county.folder.join("fixtures/demo/education");
    fs::remove_file(education.join("manifest.csv")).unwrap();
    fs::remove_file(education.join("学籍_吕四港镇_20261115.xlsx")).unwrap();
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    let (before, told) = (silent(&NIGHT), silent(&county));
    let plan =
        doudi::spec::compile(&county.folder.join("pipelines/nightly.toml")).unwrap_or_else(|problems| {
            panic!("{} problems", problems.len());
        });
    let concludes = |rule: &&doudi::rule::Rule| {
        let subject = rule.header.subject.role().is_some_and(|role| role.extract == "student_roll");
        let absent = rule.header.absent_from.as_ref();
        let named = rule.header.whole.iter().any(|extract| extract == "student_roll");
        named || absent.is_some_and(|role| role.extract == "student_roll" || subject)
    };
    let wanted: BTreeSet<&str> = plan.0.book.rules.iter().filter(concludes).map(|r| r.id.as_str()).collect();
    for rule in ["d_key_group_no_roll", "d_g6_no_g7", "d_left_before_finish", "e_over18_school_ended"] {
        assert!(wanted.contains(rule), "{rule}: {wanted:?}");
    }
    let newly: BTreeSet<&str> =
        told.keys().map(String::as_str).filter(|rule| !before.contains_key(*rule)).collect();
    assert_eq!(newly, wanted);
    for rule in &wanted {
        assert!(told[*rule].contains("《学籍》不完整"), "{rule}: {}", told[*rule]);
    }
}

/// 23: last month's rolls under tonight's date say nothing about tonight.
#[test]
fn last_months_file_under_a_new_date_makes_no_list() {
    let folder = tempfile::tempdir().unwrap();
    let county = next_night(folder.path());
    let education = county.folder.join("fixtures/demo/education");
    fs::remove_file(education.join("manifest.csv")).unwrap();
    for path in fs::read_dir(&education).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.starts_with("学籍_") {
            fs::rename(&path, education.join(name.replace("20261115", "20261215"))).unwrap();
        }
    }
    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-12-20"]);
    let told = silent(&county);
    for rule in ["d_key_group_no_roll", "d_hukou_no_roll", "d_g6_no_g7"] {
        let reason = told.get(rule).map_or("ran", String::as_str);
        assert!(reason.contains("上月文件重报"), "{rule}: {reason}");
    }
    let cases = county.rows("cases.parquet", &["rule", "status"]);
    assert!(!cases.iter().any(|case| case[0] == "d_key_group_no_roll" && case[1] == "new"), "no new case");
}

/// 25: what the files that education gets may not hold, taken from the deliveries of that very night.
#[test]
fn no_file_for_education_tells_of_custody_illness_or_bank() {
    let mut secrets: BTreeSet<String> = BTreeSet::new();
    for (records, column) in [
        ("records/serious_illness.parquet", "illness_kind"),
        ("records/benefit_payment.parquet", "bank_card"),
        ("records/custody.parquet", "measure"),
        ("records/prison_term.parquet", "enforcement"),
    ] {
        let of_column: BTreeSet<String> =
            NIGHT.rows(records, &[column]).into_iter().flatten().filter(|cell| !cell.is_empty()).collect();
        assert!(!of_column.is_empty(), "{records} holds no {column}");
        secrets.extend(of_column);
    }
    secrets.extend(["羁押", "强戒", "服刑", "病种", "卡号", "银行"].map(str::to_owned));
    let mut read = 0;
    for path in fs::read_dir(NIGHT.folder.join("out/latest/lists/education")).unwrap() {
        let path = path.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "csv") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        read += text.lines().count();
        let shown: Vec<&String> = secrets.iter().filter(|secret| text.contains(secret.as_str())).collect();
        assert!(shown.is_empty(), "{} words in {}", shown.len(), path.display());
    }
    assert!(read > 20, "{read} lines");
}
