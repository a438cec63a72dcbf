//! A valid number beside a name that is only similar: a brother's or sister's number on a child's row.

use crate::county::{County, NIGHT};

/// Name, number and birth date of children of the register whose names end in 宇.
fn children() -> Vec<[String; 3]> {
    let rows = NIGHT.rows("records/population.parquet", &["name", "resident_id", "birth_date"]);
    let mut children: Vec<[String; 3]> = rows
        .into_iter()
        .map(|row| <[String; 3]>::try_from(row).unwrap())
        .filter(|[name, number, birth]| {
            name.ends_with('宇') && name.chars().count() == 3 && number.len() == 18 && birth.as_str() > "2009"
        })
        .collect();
    children.sort();
    children.dedup_by(|a, b| a[0] == b[0]);
    children
}

#[test]
fn a_similar_name_takes_the_number_unless_the_row_has_another_birth_date_or_is_another_child() {
    let children = children();
    let [typed, other_day, same_name, sibling] = &children[..4] else { panic!("four children") };
    let alike = |name: &str| name.replace('宇', "雨");

    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    let mut lines = vec!["警情编号,姓名,身份证号,出生日期,警情类别,警情日期,是否已找回".to_owned()];
    let mut add = |alert: &str, name: &str, number: &str, birth: &str| {
        lines.push(format!("{alert},{name},{number},{birth},走失,2026-11-10,否"));
    };
    // A slip of the ear, the row agrees with the number otherwise.
    add("S1", &alike(&typed[0]), &typed[1], &typed[2]);
    // The same, but the row's own birth date is another person's.
    add("S2", &alike(&other_day[0]), &other_day[1], "2001-07-19");
    // A name that is right beats a wrong birth date.
    add("S3", &same_name[0], &same_name[1], "2001-07-19");
    // Name and birth date are those of another child who has a number of his own.
    add("S4", &sibling[0], &typed[1], &sibling[2]);
    county.deliver("public-security/涉未警情_20261119.csv", &(lines.join("\n") + "\n"));
    county.well(&["run", "pipelines/nightly.toml"]);

    let alerts = county.identities("minor_alert", "subject", "alert_number");
    let owner = county.identities("population", "resident", "resident_id");
    let alert = |number: &str| alerts[number].clone();
    assert_eq!(alert("S1"), owner[&typed[1]]);
    assert_ne!(alert("S2"), owner[&other_day[1]]);
    assert_eq!(alert("S3"), owner[&same_name[1]]);
    assert_ne!(alert("S4"), owner[&typed[1]]);
    assert_eq!(alert("S4"), owner[&sibling[1]]);
}
