//! Broken configurations, and the exact text of all that is said about them.

use std::fs;

use doudi::diag::{Diagnostic, Level};
use doudi::domain::Day;
use doudi::spec::{compile, compile_on};

use super::Copy;

#[track_caller]
fn snapshot(name: &str, told: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, told);
    });
}

#[test]
fn all_problems_of_all_files_are_told_at_once() {
    let copy = Copy::new();
    copy.change("pipelines/nightly.toml", "\nout     =", "\nuot     =")
        .change("pipelines/nightly.toml", "2026-11-20", "2026-11-31")
        .change("pipelines/nightly.toml", "\"education/absence\"", "\"education/absense\"")
        .change("pipelines/nightly.toml", "[source.move_out]", "[source.moved_out]")
        .change("pipelines/nightly.toml", "\"u_orphan\",", "\"u_orphans\",\n  \"e_dead_paid\",")
        .append("pipelines/nightly.toml", "[rules.param.entrant_hold]\nhold_month = 3\n")
        .append("pipelines/nightly.toml", "[rules.param.z_id_invalid]\ninclude_fifteen = \"yes\"\n")
        .append("pipelines/nightly.toml", "[rules.param.u_severe_disable]\nrecent_months = 3\n")
        .append("pipelines/nightly.toml", "[rules.param.u_orphan]\ndays = 3\n");
    copy.change("pipelines/link.toml", "link_at = 0.99", "link_at = 0.09")
        .change("pipelines/link.toml", "\"person_name\"", "\"person_nane\"")
        .change("pipelines/link.toml", "population.resident", "population.residents")
        .change("pipelines/models/county.toml", "toneless =", "tonless =")
        .change("pipelines/models/county.toml", "name = \"county\"", "name = \"country\"");
    copy.change("pipelines/rules/e_hukou_moved.sql", "m.moved_to,", "m.moved_too,")
        .change("pipelines/rules/e_dual_orphan_tk.sql", "-- severity", "-- severe")
        .change("pipelines/rules/z_id_invalid.sql", "-- list = \"data_error\"", "-- list = \"dropuot\"")
        .change(
            "pipelines/rules/d_hukou_no_roll.sql",
            "[\"education\", \"town\"]",
            "[\"educaton\", \"town\"]",
        )
        .change("pipelines/rules/d_hukou_no_roll.sql", "class = \"relative\"", "class = \"relatives\"")
        .change("pipelines/rules/d_left_before_finish.sql", "\"roll_measures_2025\"", "\"roll_measure_2025\"")
        .change(
            "pipelines/rules/u_nursing_missing.sql",
            "-- whole = [\"social_relief\"]",
            "-- whole = [\"social_releif\"]",
        )
        .change("pipelines/rules/e_parent_released.sql", "\"prison_term\"]", "\"prison_terms\"]")
        .change("pipelines/views/adopted.sql", "-- title", "-- titel");
    copy.change("pipelines/lists/urgent.toml", "sheet =", "sheets =")
        .change("pipelines/lists/dropout.toml", "class = \"identity\"", "class = \"identify\"")
        .change("schemas/tables/disclosure.csv", "education,full", "education,ful");
    break_contracts(&copy);
    snapshot("spec-all-problems", &copy.told());
}

fn break_contracts(copy: &Copy) {
    let roll = "schemas/education/student_roll.toml";
    copy.change(roll, "key = [\"roll_number\"", "key = [\"rol_number\"")
        .change(roll, "headers = [\"学校名称\", ", "headers = [\"学校名称\", \"学校 标识码\", ")
        .change(roll, "headers = [\"民族\"]", "headers = []")
        .change(roll, "table = \"grade\"", "table = \"grades\"")
        .change(
            roll,
            "checks = [\"not_after:as_of\"]",
            "checks = [\"not_afer:as_of\", \"not_after:birth_dat\"]",
        )
        .change(roll, "class = \"school\"", "class = \"schol\"")
        .change(roll, "type = \"roll_number\"", "type = \"text\"")
        .change(roll, "\"居民身份证\"", "\"居民身分证\"")
        .change(roll, "of = \"pupil\"", "of = \"pupils\"")
        .change(roll, "former_name = \"former_name\"", "former_name = \"former_names\"");
    copy.change("schemas/civil-affairs/visit_log.toml", "required = true", "require = true")
        .change("schemas/civil-affairs/visit_log.toml", "version = 1", "version = \"1\"")
        .change(
            "schemas/civil-affairs/cremation.toml",
            "cumulative_since = \"2025-01-01\"",
            "cumulative_since = \"2025\"",
        )
        .change("schemas/public-security/id_change.toml", "namespace = \"", "namespace = \"x")
        .change(
            "schemas/civil-affairs/child_roster.toml",
            "[tolerance]",
            "[tolerance]\nquarantined_share_max = 2",
        );
    fs::copy(copy.path("schemas/education/absence.toml"), copy.path("schemas/education/absence_again.toml"))
        .unwrap();
}

#[test]
fn broken_tables_are_told_without_an_echo_in_every_rule() {
    let copy = Copy::new();
    copy.change("schemas/tables/tables.toml", "edition = ", "edtion = ")
        .change("schemas/tables/decisions/decisions.toml", "\"boolean\"", "\"bolean\"")
        .change("schemas/tables/legal_basis.csv", ",sourced", ",sauced");
    snapshot("spec-broken-tables", &copy.told());
    let copy = Copy::new();
    copy.append("schemas/tables/codes/yes_no.csv", "8,是,\n")
        .append("schemas/tables/decisions/stop_month.csv", "x,某,soon,,,to_confirm\n");
    snapshot("spec-broken-rows", &copy.told());
}

#[test]
fn what_is_not_there_is_told_where_it_is_named() {
    let copy = Copy::new();
    copy.change("pipelines/nightly.toml", "\"../schemas\"", "\"../schema\"")
        .change("pipelines/nightly.toml", "folder = \"rules\"", "folder = \"rulez\"\nviews = \"vews\"")
        .change("pipelines/nightly.toml", "\"link.toml\"", "\"links.toml\"")
        .change("pipelines/nightly.toml", "lists = \"lists\"", "lists = \"\"");
    snapshot("spec-nothing-there", &copy.told());
}

#[test]
fn a_file_without_syntax_has_one_problem() {
    let copy = Copy::new();
    copy.change("pipelines/nightly.toml", "[link]", "[link");
    let problems = compile(&copy.pipeline()).unwrap_err();
    assert_eq!(problems.iter().map(|p| p.code).collect::<Vec<_>>(), ["toml_syntax"]);
    assert!(problems[0].spot.line > 0);
    let problems = compile(&copy.path("pipelines/none.toml")).unwrap_err();
    assert_eq!(problems.iter().map(|p| p.code).collect::<Vec<_>>(), ["file_unreadable"]);
}

#[test]
fn a_rule_that_can_never_run_is_a_warning() {
    let copy = Copy::new();
    copy.change("pipelines/nightly.toml", "[source.prison_term]\ncontract = \"justice/prison_term\"\n", "");
    let (plan, warnings) = compile(&copy.pipeline()).unwrap();
    let told: Vec<(&str, u32)> = warnings
        .iter()
        .filter(|problem| problem.code == "extract_not_pulled")
        .map(|problem| (problem.spot.file.rsplit('/').next().unwrap(), problem.spot.line))
        .collect();
    assert_eq!(
        told,
        [("e_parent_release_soon.sql", 6), ("e_parent_released.sql", 6), ("e_recipient_in_custody.sql", 6)]
    );
    assert_eq!((plan.sources.len(), plan.contracts.len()), (33, 34));
}

#[test]
fn local_parameters_reach_the_book() {
    let copy = Copy::new();
    copy.append("pipelines/nightly.toml", "[rules.param.parent_state]\nmonths_lost = 9\n");
    let (plan, _) = compile(&copy.pipeline()).unwrap();
    let view = plan.book.view("parent_state").unwrap();
    let parameters = plan.book.view_parameters(view, plan.as_of.unwrap());
    assert_eq!(parameters["months_lost"].literal(), "(9)");
}

#[test]
fn what_has_run_out_is_told_by_the_pipelines_day_or_by_todays() {
    let copy = Copy::new();
    copy.change("schemas/tables/legal_basis.csv", "keep_in_school_2024,教育部办公厅关于建立健全义务教育控辍保学常态化报告工作机制的通知,,,2024-04-01,,", "keep_in_school_2024,教育部办公厅关于建立健全义务教育控辍保学常态化报告工作机制的通知,,,2024-04-01,2025-01-01,");
    let keep = |problem: &&Diagnostic| {
        problem.code == "basis_expired" && problem.message.contains("keep_in_school_2024")
    };
    let count = |found: Vec<Diagnostic>| found.iter().filter(keep).count();
    let expired = |copy: &Copy| count(compile(&copy.pipeline()).unwrap().1);
    let expired_on =
        |copy: &Copy, day: &str| count(compile_on(&copy.pipeline(), Day::parse_iso(day).unwrap()).unwrap().1);
    let all = expired(&copy);
    assert!(all > 0);
    // The day that the pipeline fixes counts more than today.
    assert_eq!(expired_on(&copy, "2024-06-01"), all);
    copy.change("pipelines/nightly.toml", "as_of   =", "# as_of   =");
    assert_eq!(
        (expired(&copy), expired_on(&copy, "2025-01-01"), expired_on(&copy, "2025-01-02")),
        (0, 0, all)
    );
}

/// Code, file name and line of every error.
fn errors(copy: &Copy) -> Vec<(&'static str, String, u32)> {
    let problems = compile(&copy.pipeline()).unwrap_err();
    let errors = problems.iter().filter(|problem| problem.level == Level::Error);
    errors.map(|p| (p.code, p.spot.file.rsplit('/').next().unwrap().to_owned(), p.spot.line)).collect()
}

#[test]
fn a_value_that_no_list_has_classed_is_refused() {
    let copy = Copy::new();
    copy.change("pipelines/lists/data.toml", "known_until = \"plain\"\n", "").change(
        "pipelines/lists/dropout.toml",
        "[detail.carer_phone]",
        "[detail.carer_fone]",
    );
    let told: Vec<(&str, String)> = errors(&copy).into_iter().map(|(code, file, _)| (code, file)).collect();
    let missing = |rule: &str| ("class_missing", format!("{rule}.sql"));
    assert_eq!(told, ["d_key_group_no_roll", "d_no_hukou_child", "z_same_person_two_ids"].map(missing));
    assert!(errors(&copy).iter().all(|(_, _, line)| *line > 1), "each with its line");
    let copy = Copy::new();
    copy.change("pipelines/lists/urgent.toml", "term_end = \"custody\"", "term_end = \"custdy\"");
    let told: Vec<&str> = errors(&copy).into_iter().map(|(code, ..)| code).collect();
    assert_eq!(told, ["unknown_class"]);
}

#[test]
fn towns_that_must_be_there_are_towns_that_an_extract_can_tell() {
    let copy = Copy::new();
    let below = |contract: &str, lines: &str| {
        let named = format!("contract = \"{contract}\"\n");
        copy.change("pipelines/nightly.toml", &named, &format!("{named}{lines}\n"));
    };
    below("public-security/population", "towns = [\"汇龙镇\", \"汇龙真\"]");
    below("education/student_roll", "towns = [\"汇龙镇\"]");
    below("civil-affairs/child_roster", "completeness = \"requird\"");
    let mut told: Vec<&str> = errors(&copy).into_iter().map(|(code, ..)| code).collect();
    told.sort_unstable();
    assert_eq!(told, ["no_town_field", "unknown_town", "unknown_value"]);
}

#[test]
fn a_collector_of_traces_has_an_address_without_secrets_and_headers_of_its_own() {
    let told = |traces: &str| {
        let copy = Copy::new();
        copy.append("pipelines/nightly.toml", &format!("\n[watch.traces]\n{traces}"));
        copy.told()
    };
    let wrong = [
        ("endpoint = \"collector:4318\"\n", "the address of the collector has no scheme"),
        ("endpoint = \"grpc://collector:4317\"\n", "has the scheme `grpc`"),
        ("endpoint = \"https://me:hunter2@h/v1/traces\"\n", "names a user"),
        (
            "endpoint = \"http://h/v1/traces\"\nheaders = \"gone\"\n",
            "the file of headers pipelines/gone cannot be read",
        ),
        ("endpoint = \"http://h/v1/traces\"\nseconds = 0\n", "watch.traces.seconds"),
        ("endpont = \"http://h/v1/traces\"\n", "did you mean `endpoint`?"),
    ];
    for (traces, words) in wrong {
        let told = told(traces);
        assert!(told.contains("error[") && told.contains(words), "{words}\n\n{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    let copy = Copy::new();
    let endpoint = "http://127.0.0.1:4318/v1/traces";
    copy.append("pipelines/nightly.toml", &format!("\n[watch.traces]\nendpoint = \"{endpoint}\"\n"));
    let (plan, _) = compile(&copy.pipeline()).unwrap();
    let traces = plan.watch.traces.map(|traces| (traces.endpoint, traces.headers, traces.seconds));
    assert_eq!(traces, Some((endpoint.to_owned(), None, 10)));
}
