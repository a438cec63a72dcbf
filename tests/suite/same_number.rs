//! A valid number beside wholly other names: whose row is it, and is its owner missing there?

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rust_xlsxwriter::Workbook;

use crate::county::{County, NIGHT};

/// Name, number and card number of people who were paid the nursing subsidy lately.
fn holders() -> Vec<[String; 3]> {
    let paid: BTreeSet<String> = NIGHT
        .rows("records/disability_subsidy.parquet", &["subsidy_kind", "belonging_month", "card_number"])
        .into_iter()
        .filter(|row| row[0] == "重度残疾人护理补贴" && row[1].as_str() >= "2026-10")
        .map(|row| row[2].clone())
        .collect();
    let columns = ["name", "resident_id", "card_number", "card_status", "disability_level"];
    let mut holders: Vec<[String; 3]> = NIGHT
        .rows("records/disability_card.parquet", &columns)
        .into_iter()
        .filter(|row| paid.contains(&row[2]) && row[3] == "正常" && row[2].get(..18) == Some(row[1].as_str()))
        .filter(|row| row[4].starts_with(['一', '二']))
        .map(|row| [row[0].clone(), row[1].clone(), row[2].clone()])
        .collect();
    holders.sort();
    holders
}

/// Subsidies of two months, to each of these: number of the first payment, name, resident number, card number.
fn pay(path: &Path, paid: &[[&str; 4]]) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let head = ["补贴编号", "补贴类别", "姓名", "身份证号", "残疾人证号", "所属月份", "金额", "状态"];
    sheet.write_row(0, 0, head).unwrap();
    let mut row = 1;
    for [number, name, id, card] in paid {
        for month in ["2026-10", "2026-11"] {
            let cells =
                [&format!("{number}{month}"), "重度残疾人护理补贴", name, id, card, month, "160", "正常"];
            sheet.write_row(row, 0, cells).unwrap();
            row += 1;
        }
    }
    book.save(path).unwrap();
}

#[test]
fn a_second_number_settles_whose_row_it_is_and_one_number_alone_sends_its_owner_to_the_annex() {
    let holders = holders();
    let [paid, mistyped, doubtful, unpaid] = &holders[..4] else { panic!("four holders of cards") };
    // A two-character name with another second character is another name altogether.
    let other = |name: &str| format!("{}戬", name.chars().next().unwrap());

    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    let civil = folder.path().join("fixtures/demo/civil-affairs");
    std::fs::remove_file(civil.join("manifest.csv")).unwrap();
    pay(
        &civil.join("两项补贴_20261118.xlsx"),
        &[
            ["A", &paid[0], &paid[1], &paid[2]],
            ["B", &other(&mistyped[0]), &mistyped[1], &mistyped[2]],
            ["C", &other(&doubtful[0]), &doubtful[1], ""],
        ],
    );
    county.well(&["run", "pipelines/nightly.toml"]);

    let of_card = county.identities("disability_card", "subject", "row_key");
    let payments = county.identities("disability_subsidy", "subject", "row_key").into_iter();
    let of_payment: BTreeMap<String, String> =
        payments.map(|(key, id)| (key[..1].to_owned() + &key[key.len() - 2..], id)).collect();
    let mut cards = BTreeMap::new();
    for row in county.rows("records/disability_card.parquet", &["card_number", "row_key"]) {
        cards.insert(row[0].clone(), row[1].clone());
    }
    let owner = |holder: &[String; 3]| &of_card[&cards[&holder[2]]];
    let payments = |letter: &str| [&of_payment[&format!("{letter}10")], &of_payment[&format!("{letter}11")]];
    assert_eq!(payments("A"), [owner(paid); 2]);
    assert_eq!(payments("B"), [owner(mistyped); 2], "two numbers say more than a name");
    let [first, second] = payments("C");
    assert_eq!(first, second, "one name and one number are one person");
    assert_ne!(first, owner(doubtful), "a number alone is not believed");

    let mut found = BTreeMap::new();
    for row in county.rows("findings.parquet", &["rule", "subject_row_key", "annex", "annex_reason"]) {
        let [rule, key, annex, why] = <[String; 4]>::try_from(row).unwrap();
        if rule == "u_nursing_missing" {
            found.insert(key, (annex, why));
        }
    }
    let of = |holder: &[String; 3]| found.get(&cards[&holder[2]]);
    assert_eq!((of(paid), of(mistyped)), (None, None));
    assert_eq!(of(unpaid).unwrap().0, "false");
    let (annex, why) = of(doubtful).unwrap();
    assert_eq!(annex, "true");
    assert!(why.contains("疑似同人待确认：姓名不同，身份证号相同"), "{why}");
}

const AID_HEAD: [&str; 6] = ["姓名", "身份证件号", "学籍号", "资助项目", "学期", "金额"];

/// Name and number of two pupils whose names differ in their last character only.
fn alike() -> [[String; 2]; 2] {
    let rows =
        NIGHT.rows("records/student_roll.parquet", &["name", "resident_id", "roll_number", "pupil_id_state"]);
    let mut pupils: Vec<[String; 2]> = rows
        .into_iter()
        .filter(|row| row[3] == "valid" && row[0].chars().count() == 3 && row[2] == format!("G{}", row[1]))
        .map(|row| [row[0].clone(), row[1].clone()])
        .collect();
    pupils.sort();
    let stem = |pupil: &[String; 2]| pupil[0].chars().take(2).collect::<String>();
    let pair =
        pupils.windows(2).find(|pair| stem(&pair[0]) == stem(&pair[1]) && pair[0][0] != pair[1][0]).unwrap();
    [pair[0].clone(), pair[1].clone()]
}

#[test]
fn numbers_that_two_children_have_exchanged_in_one_file_do_not_make_them_one_person() {
    let [one, two] = alike();
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    let education = folder.path().join("fixtures/demo/education");
    std::fs::remove_file(education.join("manifest.csv")).unwrap();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, AID_HEAD).unwrap();
    let mut row = 0;
    for (name, number, roll) in [(&one[0], &two[1], &one[1]), (&two[0], &one[1], &two[1])] {
        row += 1;
        let cells =
            [name, number, &format!("G{roll}"), "义务教育家庭经济困难学生生活补助", "2026秋季", "500"];
        sheet.write_row(row, 0, cells).unwrap();
    }
    book.save(education.join("教育资助_20261115.xlsx")).unwrap();
    county.well(&["run", "pipelines/nightly.toml"]);

    let aided = county.identities("education_aid", "subject", "name");
    let pupils = county.identities("student_roll", "pupil", "resident_id");
    assert_ne!(pupils[&one[1]], pupils[&two[1]]);
    // Name and roll number agree, so the number in the row is the one that is wrong.
    assert_eq!((&aided[&one[0]], &aided[&two[0]]), (&pupils[&one[1]], &pupils[&two[1]]));
}

const ROLL_HEAD: [&str; 12] = [
    "学校标识码",
    "学校名称",
    "姓名",
    "性别",
    "出生日期",
    "身份证件号",
    "学籍号",
    "年级",
    "学生状态",
    "成员1姓名",
    "成员1关系",
    "成员1身份证件号",
];

/// Children of the register who are on no roll: name, number, birth date, sex, mother's name and number.
fn off_the_roll() -> Vec<[String; 6]> {
    let rolled: BTreeSet<String> =
        NIGHT.identities("student_roll", "pupil", "row_key").into_values().collect();
    let own = NIGHT.identities("population", "resident", "resident_id");
    let columns = ["name", "resident_id", "birth_date", "sex", "mother_name", "mother_id", "cancel_state"];
    let mut children: Vec<[String; 6]> = NIGHT
        .rows("records/population.parquet", &columns)
        .into_iter()
        .filter(|row| {
            row[2].as_str() > "2012" && row[2].as_str() < "2019" && row[5].len() == 18 && row[6] == "正常"
        })
        .filter(|row| own.get(&row[1]).is_some_and(|identity| !rolled.contains(identity)))
        .map(|row| std::array::from_fn(|at| row[at].clone()))
        .collect();
    children.sort();
    children
}

/// A county with one more file of the roll.
fn enrol(folder: &Path, pupils: &[[&str; 12]]) -> County {
    let county = County::lay_out(folder);
    let education = folder.join("fixtures/demo/education");
    std::fs::remove_file(education.join("manifest.csv")).unwrap();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, ROLL_HEAD).unwrap();
    for (row, cells) in (1..).zip(pupils) {
        sheet.write_row(row, 0, *cells).unwrap();
    }
    book.save(education.join("学籍_补报_20261115.xlsx")).unwrap();
    county
}

#[test]
fn two_children_of_one_name_who_got_each_others_numbers_keep_their_own_rows() {
    let children = off_the_roll();
    let first = &children[0];
    let second = children.iter().find(|child| child[3] == first[3] && child[2] != first[2]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let roll = format!("G{}", first[1]);
    let sex = if first[3] == "男" { "1" } else { "2" };
    let county = enrol(
        folder.path(),
        &[[
            "3206810001",
            "某小学",
            &first[0],
            sex,
            &first[2],
            &second[1],
            &roll,
            "五年级",
            "在籍在读",
            &first[4],
            "母亲",
            "",
        ]],
    );
    // The other child has the same name in the register.
    let register = folder.path().join("fixtures/demo/public-security/人口_20261119.csv");
    let bytes = std::fs::read(&register).unwrap();
    let (text, ..) = encoding_rs::GB18030.decode(&bytes);
    let line = text.lines().find(|line| line.contains(&format!(",{},{},", second[1], second[0]))).unwrap();
    let text = text.replace(line, &line.replace(&format!(",{},", second[0]), &format!(",{},", first[0])));
    std::fs::write(&register, encoding_rs::GB18030.encode(&text).0).unwrap();
    std::fs::remove_file(folder.path().join("fixtures/demo/public-security/manifest.csv")).unwrap();
    county.well(&["run", "pipelines/nightly.toml"]);
    let owner = county.identities("population", "resident", "resident_id");
    let pupils = county.identities("student_roll", "pupil", "roll_number");
    assert_ne!(owner[&first[1]], owner[&second[1]]);
    assert_eq!(pupils[&roll], owner[&first[1]], "the roll number and the birth date say whose row it is");
}

#[test]
fn a_birth_too_close_for_a_sister_sends_the_child_to_the_annex_whatever_the_name_says() {
    let children = off_the_roll();
    let listed: BTreeMap<String, String> = NIGHT
        .rows("findings.parquet", &["rule", "subject_row_key", "annex"])
        .into_iter()
        .filter(|row| row[0] == "d_hukou_no_roll")
        .map(|row| (row[1].clone(), row[2].clone()))
        .collect();
    let keys: BTreeMap<String, String> = NIGHT
        .rows("records/population.parquet", &["resident_id", "row_key"])
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let child =
        children.iter().find(|child| listed.get(&keys[&child[1]]).is_some_and(|annex| annex == "false"));
    let child = child.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let other = format!("{}戬", child[0].chars().next().unwrap());
    let day = doudi::domain::Day::parse_iso(&child[2]).unwrap().plus_days(40).iso();
    let sex = if child[3] == "男" { "1" } else { "2" };
    let county = enrol(
        folder.path(),
        &[[
            "3206810001",
            "某小学",
            &other,
            sex,
            &day,
            "",
            "L320681209901010019",
            "五年级",
            "在籍在读",
            &child[4],
            "母亲",
            &child[5],
        ]],
    );
    county.well(&["run", "pipelines/nightly.toml"]);
    let findings = county.rows("findings.parquet", &["rule", "subject_row_key", "annex", "annex_reason"]);
    let own = findings.iter().find(|row| row[0] == "d_hukou_no_roll" && row[1] == keys[&child[1]]).unwrap();
    assert_eq!(own[2], "true");
    assert!(own[3].contains("母亲为同一人，出生日期相差 40 天"), "{}", own[3]);
}

/// A number with its check digit.
fn checked(body: &str) -> String {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 =
        body.chars().zip(weights).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
    format!("{body}{}", char::from(b"10X98765432"[(sum % 11) as usize]))
}

#[test]
fn numbers_that_slid_into_the_next_row_do_not_make_brother_and_sister_one() {
    let folder = tempfile::tempdir().unwrap();
    // Children from elsewhere, whom no register of the county has; each bears the number of the row before, the first
    // one that of a child of the county.
    let [first, second] = ["34122120151114014", "32128320190829135"].map(checked);
    let numbers = [first, second, off_the_roll()[0][1].clone()];
    let row = |name: &'static str, sex: &'static str, birth: &'static str, own: usize, borne: usize| {
        (name, sex, birth, format!("G{}", numbers[own]), numbers[borne].clone())
    };
    let rows = [row("吴思瑜", "2", "2015-11-14", 0, 2), row("吴茗瑜", "1", "2019-08-29", 1, 0)];
    let pupils: Vec<[&str; 12]> = rows
        .iter()
        .map(|(name, sex, birth, roll, number)| {
            [
                "3206810001",
                "某小学",
                name,
                sex,
                birth,
                number,
                roll,
                "一年级",
                "在籍在读",
                "吴冬荣",
                "父亲",
                "",
            ]
        })
        .collect();
    let county = enrol(folder.path(), &pupils);
    county.well(&["run", "pipelines/nightly.toml"]);
    let pupils = county.identities("student_roll", "pupil", "roll_number");
    assert_ne!(
        pupils[&rows[0].3], pupils[&rows[1].3],
        "a name with one other character, another day, another sex"
    );
}
