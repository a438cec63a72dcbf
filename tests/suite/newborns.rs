//! Newborns without a name of their own are the child that their mother has of that day, when she has one.

use std::collections::BTreeMap;

use crate::county::{County, NIGHT};

/// Births of the shared night by mother's number and day: mother's name and row keys of the births.
fn births() -> BTreeMap<(String, String), (String, Vec<String>)> {
    let columns = ["mother_id", "birth_date", "mother_name", "row_key"];
    let mut births: BTreeMap<(String, String), (String, Vec<String>)> = BTreeMap::new();
    for row in NIGHT.rows("records/birth_registration.parquet", &columns) {
        let [mother, day, name, key] = <[String; 4]>::try_from(row).unwrap();
        if mother.len() == 18 {
            births.entry((mother, day)).or_insert_with(|| (name, Vec::new())).1.push(key);
        }
    }
    births
}

#[test]
fn a_stand_in_is_the_only_child_of_that_day_and_nobody_where_there_are_two() {
    let births = births();
    let single: Vec<_> = births.iter().filter(|(_, (_, keys))| keys.len() == 1).take(2).collect();
    let twins: Vec<_> = births.iter().filter(|(_, (_, keys))| keys.len() == 2).take(1).collect();
    assert_eq!((single.len(), twins.len()), (2, 1));

    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    let head = "编号,母亲姓名,母亲身份证号,儿童姓名,出生日期,项目,结果,确诊日期,最近随访日期";
    let mut lines = vec![head.to_owned()];
    let mut add = |number: &str, birth: (&(String, String), &(String, Vec<String>)), child: &str| {
        let ((mother, day), (name, _)) = birth;
        lines.push(format!("{number},{name},{mother},{child},{day},先天性甲状腺功能减低症,阴性,,"));
    };
    add("N1", single[0], &format!("{}毛毛", single[0].1.0.chars().next().unwrap()));
    add("N2", single[1], &format!("{}之子", single[1].1.0));
    add("N3", single[1], &format!("{}之女", single[1].1.0));
    add("N4", twins[0], &format!("{}之子", twins[0].1.0));
    county.deliver("health/新生儿筛查_20261114.csv", &(lines.join("\n") + "\n"));
    county.well(&["run", "pipelines/nightly.toml"]);

    let mut identity = BTreeMap::new();
    for row in county.rows("mentions.parquet", &["extract", "row_key", "role", "identity_id"]) {
        let [extract, key, role, id] = <[String; 4]>::try_from(row).unwrap();
        if role == "child" {
            identity.insert((extract, key), id);
        }
    }
    let newborn = |number: &str| {
        let mut found =
            identity.iter().filter(|((extract, key), _)| extract == "newborn_screening" && key == number);
        let (_, id) = found.next().unwrap();
        id.clone()
    };
    let of_birth = |key: &String| identity[&("birth_registration".to_owned(), key.clone())].clone();
    assert_eq!(newborn("N1"), of_birth(&single[0].1.1[0]));
    for number in ["N2", "N3"] {
        assert_ne!(newborn(number), of_birth(&single[1].1.1[0]), "{number} could be either");
    }
    for key in &twins[0].1.1 {
        assert_ne!(newborn("N4"), of_birth(key), "a twin");
    }
}
