//! Every form that Splink's libraries write, and what is refused.

use super::*;

/// The condition is understood, and written again as Splink wrote it.
#[track_caller]
fn check(sql: &str) {
    let condition = read(sql).unwrap_or_else(|problem| panic!("{sql}: {problem}"));
    assert_eq!(write(&condition, Names::Suffix).unwrap(), sql);
}

#[test]
fn conditions_of_the_libraries_come_back_as_they_were() {
    check(r#""sur name_l" IS NULL OR "sur name_r" IS NULL"#);
    check(r#""a_l" = "a_r""#);
    check(r#"levenshtein("a_l", "a_r") <= 1"#);
    check(r#"damerau_levenshtein("a_l", "a_r") <= 2"#);
    check(r#"jaccard("a_l", "a_r") >= 0.9"#);
    check(r#"jaro_similarity("a_l", "a_r") >= 0.7"#);
    check(r#"jaro_winkler_similarity("a_l", "a_r") >= 0.92"#);
    check(r#"array_cosine_similarity("v_l", "v_r") >= 0.9"#);
    check(r#"array_length(list_intersect("arr_l", "arr_r")) >= 1"#);
    check(r#"ABS(EPOCH("dob_l") - EPOCH("dob_r")) <= 86400"#);
    check(r#"ABS("x_l" - "x_r") <= 2"#);
    check(r#"(ABS("x_l" - "x_r") / (CASE WHEN "x_r" > "x_l" THEN "x_r" ELSE "x_l" END)) < 0.1"#);
    check(r#""a_l" = "b_r" AND "a_r" = "b_l""#);
    check(r#""a_l" = 'male' AND "a_r" = 'it''s'"#);
    check(r#"("f_l" IS NULL OR "f_r" IS NULL) AND ("s_l" IS NULL OR "s_r" IS NULL)"#);
    check(r#"NOT ("b_l" IS NULL OR "b_r" IS NULL)"#);
    check(r#"try_strptime("d_l", '%Y-%m-%d') IS NULL OR try_strptime("d_r", '%Y-%m-%d') IS NULL"#);
    check(r#"levenshtein(CAST("d_l" AS TEXT), CAST("d_r" AS TEXT)) <= 1"#);
    check(
        r#"NULLIF(regexp_extract("e_l", '^[^@]+', 0), '') = NULLIF(regexp_extract("e_r", '^[^@]+', 0), '')"#,
    );
    check(r#"SUBSTRING(LOWER("a_l"), 1, 3) = SUBSTRING(LOWER("a_r"), 1, 3)"#);
    check(r#""arr_l"[1] = "arr_r"[-1]"#);
    check(r#""d_l" = CAST('2020-01-01' AS DATE)"#);
}

#[track_caller]
fn same(sql: &str, other: &str) {
    assert_eq!(read(sql), read(other), "{sql}");
    assert!(read(sql).is_ok(), "{sql}");
}

#[test]
fn the_same_condition_in_other_words() {
    same("a_l = a_r", r#""a_l" = "a_r""#);
    same(r#"(("a_l" = "a_r"))"#, r#""a_l" = "a_r""#);
    same("LEVENSHTEIN(a_l, a_r) <= 1.0", r#"levenshtein("a_l", "a_r") <= 1"#);
    same("a_l is not null", r#"NOT ("a_l" IS NULL)"#);
    same("a_l <> a_r", r#"NOT ("a_l" = "a_r")"#);
    same("substr(a_l, 1, 2) = a_r::text", r#"SUBSTRING("a_l", 1, 2) = CAST("a_r" AS TEXT)"#);
    same("(a_l = a_r) and (b_l = b_r)", r#""a_l" = "a_r" AND "b_l" = "b_r""#);
    same(r#"l."a" = r."a""#, r#""a_l" = "a_r""#);
    same("\n a_l\n=\ta_r ", r#""a_l" = "a_r""#);
}

#[track_caller]
fn refused(sql: &str, expected: &str) {
    assert_eq!(read(sql).unwrap_err(), expected, "{sql}");
}

#[test]
fn what_is_not_understood_is_told() {
    refused(
        "levenstein(a_l, a_r) <= 1",
        "the function `levenstein` is not known; did you mean `levenshtein`?",
    );
    refused("my_function(a_l, a_r) > 1", "the function `my_function` is not known");
    refused("a_l = a", "the column `a` ends neither in _l nor in _r");
    refused("t.a = r.a", "the table `t` is neither l nor r");
    refused("a_l = ", "it ends too early");
    refused("a_l = a_r b_l", "`b_l` is not expected there");
    refused("a_l = 'x", "a text in ' does not end");
    refused("a_l = ;", "the sign `;` has no place in a condition");
    refused("a_l > a_r", "`>` stands between a measure and a number only");
    refused("abs(a_l - a_r) = 1", "a measure is held against a bound by <=, <, >= or >");
    refused("a_l", "a condition must be a comparison, IS NULL, or such under AND, OR, NOT");
    refused("substr(a_l, 0, 1) = 'x'", "SUBSTRING is understood from the first character on, counted from 1");
    refused(
        "try_strptime(a_l, '%b') IS NULL",
        "`%b` is not understood in a date format; use %Y %m %d %H %M %S",
    );
    refused(
        "cast(a_l as int) = 1",
        "CAST of a column AS int is not understood; deliver the column in that type",
    );
    let division = "a division is understood as ABS(a - b) / (CASE WHEN b > a THEN b ELSE a END) only";
    refused("abs(a_l - a_r) / (case when a_l > a_r then a_l else a_r end) < 1", division);
    let deep = format!("{}a_l = a_r{}", "(".repeat(100), ")".repeat(100));
    refused(&deep, "it is nested more than 64 deep");
    assert!(
        write(
            &crate::comparator::generic::ladders::exact("a", &crate::comparator::generic::Term::column("a"))
                .rungs[1]
                .when
                .condition()
                .unwrap()
                .clone(),
            Names::Table
        )
        .is_ok()
    );
}
