//! A row with a child's name and its parent's number is the child's, when the parent has one child of that name and
//! the row's sex is not the parent's.

use crate::county::{County, NIGHT};

#[test]
fn a_parents_number_beside_a_childs_name_is_the_childs_row_and_beside_another_name_nobodys() {
    let columns = ["mother_id", "child_name", "row_key", "mother_id_state", "child_id_state", "sex"];
    let births = NIGHT.rows("records/birth_registration.parquet", &columns);
    let whole = |row: &&Vec<String>| {
        row[3] == "valid" && row[4] == "valid" && row[1].chars().count() == 3 && row[5] == "男"
    };
    let children_of = |mother: &str| births.iter().filter(|row| row[0] == mother).count();
    let mut alone = births.iter().filter(whole).filter(|row| children_of(&row[0]) == 1);
    let (one, other, third) = (alone.next().unwrap(), alone.next().unwrap(), alone.next().unwrap());

    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    let head = "火化编号,姓名,身份证号,性别,死亡日期,火化日期";
    let row = |number: &str, child: &[String], mother: &str, sex: &str| {
        format!("{number},{},{mother},{sex},2026-11-01,2026-11-03", child[1])
    };
    let rows =
        [row("H1", one, &one[0], "男"), row("H2", one, &other[0], "男"), row("H3", third, &third[0], "女")];
    let text = format!("{head}\n{}\n", rows.join("\n"));
    county.deliver("civil-affairs/火化登记_20261118.csv", &text);
    county.well(&["run", "pipelines/nightly.toml"]);

    let mentions = county.rows("mentions.parquet", &["extract", "row_key", "role", "identity_id", "grade"]);
    let person = |extract: &str, key: &str, role: &str| {
        let found = mentions.iter().find(|row| row[0] == extract && row[1] == key && row[2] == role);
        let found = found.unwrap_or_else(|| panic!("no {role} in {extract} {key}"));
        (found[3].clone(), found[4].clone())
    };
    let born = |birth: &[String], role: &str| person("birth_registration", &birth[2], role).0;
    let (dead, grade) = person("cremation", "H1", "subject");
    assert_eq!((dead, grade.as_str()), (born(one, "child"), "C"), "less sure than an own number");
    // Not his mother's number; and a row that may be his mother's own, under his name.
    for number in ["H2", "H3"] {
        let (nobody, _) = person("cremation", number, "subject");
        for birth in [one, other, third] {
            assert!(nobody != born(birth, "child") && nobody != born(birth, "mother"), "{number}");
        }
    }
}
