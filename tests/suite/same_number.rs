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
