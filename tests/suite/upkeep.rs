//! Backups and schedules through the program, as an engineer uses them.

use std::fs;

use serde_json::json;

use crate::audit::approve_looks;
use crate::county::{County, NIGHT, copy};

#[test]
fn a_lost_state_comes_back_and_the_night_goes_on_from_it() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    let told = county.json(&["status"]);
    let to = folder.path().join("copy");
    let to = to.to_str().unwrap();
    let pipeline = "pipelines/nightly.toml";
    county.well(&["backup", pipeline, "--to", to]);
    fs::remove_dir_all(folder.path().join("state")).unwrap();
    county.well(&["restore", pipeline, "--from", to, "--log-lost"]);
    assert_eq!(county.json(&["status"])["last_run"], told["last_run"]);
    let again = county.well(&["run", pipeline]);
    assert!(again.contains(told["last_run"]["run"].as_str().unwrap()), "{again}");
    let after = county.json(&["status"]);
    assert_eq!((&after["cases"], &after["ledger"]), (&told["cases"], &told["ledger"]));
}

#[test]
fn a_backup_never_overwrites_and_a_restore_never_replaces_a_state() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    let to = folder.path().join("copy");
    let to = to.to_str().unwrap();
    let pipeline = "pipelines/nightly.toml";
    county.well(&["backup", pipeline, "--to", to]);
    let (code, text) = county.refused(&["backup", pipeline, "--to", to]);
    assert!(code == 2 && text.contains("it is there already"), "{code} {text}");
    let (code, text) = county.refused(&["restore", pipeline, "--from", to, "--log-lost"]);
    assert!(code == 2 && text.contains("move the old state away"), "{code} {text}");
}

#[test]
fn what_was_handed_over_and_looked_at_since_the_backup_outlives_it() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    approve_looks(&county);
    let (backup, state) = (folder.path().join("copy"), folder.path().join("state"));
    let (to, pipeline) = (backup.to_str().unwrap(), "pipelines/nightly.toml");
    let case = county.rows("cases.parquet", &["case_number"])[0][0].clone();
    let look = |why: &str| county.well(&["case", "show", &case, "--full", "--reason", why]);
    look("备份以前");
    county.well(&["backup", pipeline, "--to", to]);
    look("备份以后");
    county.well(&["run", pipeline, "--as-of", "2026-11-21"]);
    let (looks, handovers) = (county.json(&["audit", "list"]), county.json(&["handover"]));
    assert_eq!(looks.as_array().unwrap().len(), 2);

    let old = folder.path().join("old");
    fs::rename(&state, &old).unwrap();
    // It is not left to chance: the old log goes on, or somebody says that it is lost.
    let (code, said) = county.refused(&["restore", pipeline, "--from", to]);
    assert!(code == 2 && said.contains("--log-of") && said.contains("--log-lost"), "{said}");
    let nowhere = ["restore", pipeline, "--from", to, "--log-of", "nowhere"];
    assert_eq!(county.refused(&nowhere).0, 2);
    assert!(!state.exists());
    let said = county.well(&["restore", pipeline, "--from", to, "--log-of", old.to_str().unwrap()]);
    let since = handovers.as_array().unwrap().iter().filter(|line| line["as_of"] == "2026-11-21").count();
    assert!(said.contains(&format!("{since} handovers and 1 looks since")), "{said}");
    assert_eq!(county.json(&["audit", "list"]), looks);
    assert_eq!(county.json(&["handover"]), handovers);
    assert_eq!(county.json(&["audit", "verify"])["access"], json!({ "intact": true, "count": 2 }));
    assert_eq!(county.json(&["status"])["last_run"]["as_of"], "2026-11-20", "the night itself is run again");

    // The log of another ledger is no continuation.
    fs::remove_dir_all(&state).unwrap();
    let other = folder.path().join("other");
    copy(&NIGHT.folder.join("state"), &other);
    let (code, said) =
        county.refused(&["restore", pipeline, "--from", to, "--log-of", other.to_str().unwrap()]);
    assert!(code == 4 && said.contains("does not go on") && said.contains("--log-lost"), "{said}");
    assert!(!state.join("ledger.sqlite").exists());
    county.well(&["restore", pipeline, "--from", to, "--log-lost"]);
    assert_eq!(county.json(&["audit", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_schedule_is_written_once_and_taken_away_whole() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let pipeline = "pipelines/nightly.toml";
    let install = ["schedule", "install", pipeline, "--at", "02:15", "--dir", dir];
    let said = NIGHT.well(&install);
    assert!(said.contains("systemctl enable --now doudi-nightly.timer"), "{said}");
    let service = fs::read_to_string(folder.path().join("doudi-nightly.service")).unwrap();
    let state = NIGHT.folder.join("state").display().to_string();
    assert!(service.contains("NoNewPrivileges=yes") && service.contains(&state), "{service}");
    let (code, text) = NIGHT.refused(&install);
    assert!(code == 2 && text.contains("remove it first"), "{code} {text}");
    let (code, text) = NIGHT.refused(&["schedule", "show", pipeline, "--at", "25:00"]);
    assert!(code == 2 && text.contains("HH:MM"), "{code} {text}");
    NIGHT.well(&["schedule", "remove", pipeline, "--dir", dir]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_schedule_lets_the_night_write_its_figures_and_asks_for_the_variables_of_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    let pipeline = "pipelines/nightly.toml";
    let show = ["schedule", "show", pipeline, "--at", "02:15"];
    assert!(county.well(&show).contains("PrivateNetwork=yes"));
    county.change(
        pipeline,
        "[report]",
        "[watch]\nmetrics = \"/srv/figures/doudi.prom\"\n\n[remote.far]\nkind = \"sftp\"\nat = \"sftp://127.0.0.1\"\n\
         user = \"u\"\npassword = { env = \"FAR\" }\nknown_hosts = \"hosts\"\n\n[report]",
    );
    fs::write(folder.path().join("pipelines/hosts"), "").unwrap();
    let (code, text) = county.refused(&show);
    assert!(code == 2 && text.contains("takes secrets from FAR") && text.contains("--environment"), "{text}");
    let more = ["--environment", "/etc/doudi/env", "--on-failure", "doudi-failed@%n.service"];
    let text = county.well(&[&show[..], &more].concat());
    assert!(text.contains("\nReadWritePaths=\"-/srv/figures\"\n"), "{text}");
    assert!(
        text.contains("\nEnvironmentFile=/etc/doudi/env\n") && !text.contains("PrivateNetwork"),
        "{text}"
    );
    let (code, text) = county.refused(&[&show[..], &["--on-failure", "a\nExecStart=b"]].concat());
    assert!(code == 2 && text.contains("one word"), "{text}");
}

#[test]
fn who_watches_is_told_of_wrong_configuration_and_wrong_use() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    let heard = folder.path().join("heard");
    let hook = format!(
        "[watch]\n[[watch.hook]]\non = [\"failed\"]\ncommand = [\"tee\", \"-a\", \"{}\"]\n\n[report]",
        heard.display()
    );
    county.change("pipelines/nightly.toml", "[report]", &hook);
    let run = ["run", "pipelines/nightly.toml"];
    let wrong = ["--accept", "population", "--reason", " "];
    assert_eq!(county.refused(&[&run[..], &wrong].concat()).0, 2);
    assert_eq!(county.refused(&[&run[..], &["--as-of", "yesterday"]].concat()).0, 2);
    county.change("pipelines/nightly.toml", "[link]", "[lynk]");
    assert_eq!(county.refused(&run).0, 2);
    // Whoever only looks tells nobody.
    assert_eq!(county.refused(&[&run[..], &["--dry-run"]].concat()).0, 2);
    let told: Vec<serde_json::Value> =
        fs::read_to_string(heard).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ends: Vec<(&str, i64, &str)> = told
        .iter()
        .map(|it| {
            (it["end"].as_str().unwrap(), it["exit_code"].as_i64().unwrap(), it["pipeline"].as_str().unwrap())
        })
        .collect();
    assert_eq!(ends, [("failed", 2, "nightly"); 3]);
    for (line, words) in told.iter().zip(["--reason", "--as-of yesterday", "lynk"]) {
        assert!(line["message"].as_str().unwrap().contains(words), "{line}");
    }
}

#[test]
fn who_watches_is_told_of_a_good_night_and_of_a_failed_one() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    let (heard, figures) = (folder.path().join("heard"), folder.path().join("doudi.prom"));
    county.change(
        "pipelines/nightly.toml",
        "[report]",
        &format!(
            "[watch]\nmetrics = \"{}\"\n[watch.traces]\nendpoint = \"http://127.0.0.1:1/v1/traces\"\n\
             [[watch.hook]]\non = [\"finished\", \"failed\"]\ncommand = [\"tee\", \"-a\", \"{}\"]\n\n[report]",
            figures.display(),
            heard.display()
        ),
    );
    let night = county.doudi(&["run", "pipelines/nightly.toml"]);
    let said = String::from_utf8_lossy(&night.stderr);
    // Nobody listens there, which is a line in the log and fails no night.
    assert!(night.status.success() && said.contains("the collector http://127.0.0.1:1/v1/traces "), "{said}");
    let text = fs::read_to_string(&figures).unwrap();
    assert!(text.contains("\ndoudi_rule_ran{pipeline=\"nightly\",rule=\"z_id_invalid\"} 1\n"), "{text}");
    assert!(text.contains("\ndoudi_extract_records{pipeline=\"nightly\",extract=\"population\""), "{text}");
    let (code, _) = county.refused(&["run", "pipelines/nightly.toml", "--input", "nowhere"]);
    assert_eq!(code, 4);
    let told: Vec<serde_json::Value> =
        fs::read_to_string(heard).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ends: Vec<&str> = told.iter().map(|line| line["end"].as_str().unwrap()).collect();
    assert_eq!(ends, ["finished", "failed"]);
    assert!(told[1]["message"].as_str().unwrap().starts_with("failed to "), "{told:?}");
    assert!(fs::read_to_string(&figures).unwrap().contains("doudi_exit_code{pipeline=\"nightly\"} 4"));
}

#[test]
fn the_doctor_tells_what_is_well_and_fails_only_for_what_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    let health = |told: &serde_json::Value, check: &str| -> String {
        let all = told.as_array().unwrap();
        let found = all.iter().find(|it| it["check"] == check).unwrap();
        found["condition"].as_str().unwrap().to_owned()
    };
    let well = ["doctor", "--free-mib", "1", "--memory-mib", "1", "--age-days", "60000"];
    let told = county.json(&well);
    for check in ["input", "lock", "ledger", "register", "clock", "last_night", "disk_out", "disk_state"] {
        assert_eq!(health(&told, check), "well", "{check}: {told}");
    }
    // A register that is not the one of the last commit would give every child a new number.
    for file in fs::read_dir(folder.path().join("state/register")).unwrap() {
        fs::write(file.unwrap().path(), "no register").unwrap();
    }
    let output = county.doudi(&[&well[..], &["--json"]].concat());
    assert_eq!(output.status.code(), Some(4));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((health(&told, "register"), health(&told, "ledger")), ("broken".into(), "well".into()));
}

#[test]
fn a_stage_over_its_limit_ends_the_night_and_frees_the_folders() {
    let folder = tempfile::tempdir().unwrap();
    let county = County::lay_out(folder.path());
    let heard = folder.path().join("heard");
    let pipeline = "pipelines/nightly.toml";
    // A sender that never finishes: the stage would wait for half an hour.
    let waits = format!(
        "[limits]\npull_seconds = 1\n\n[watch]\n[[watch.hook]]\non = [\"failed\"]\ncommand = [\"tee\", \"-a\", \"{}\"]\n\n\
         [remote.far]\nkind = \"folder\"\nat = \"../fixtures/demo\"\nmarker = \"完成_{{day}}.ok\"\nsettle_seconds = 1\n\n[report]",
        heard.display()
    );
    county.change(pipeline, "[report]", &waits);
    county.change(pipeline, "[source.child_roster]\n", "[source.child_roster]\nremote = \"far\"\n");
    let (code, said) = county.refused(&["run", pipeline]);
    assert!(
        code == 4 && said.contains("the stage pull within its 1 s") && said.contains("`pull_seconds`"),
        "{said}"
    );
    let told: serde_json::Value = serde_json::from_slice(&fs::read(&heard).unwrap()).unwrap();
    assert_eq!((&told["end"], &told["exit_code"]), (&json!("failed"), &json!(4)), "told once: {told}");
    assert!(!folder.path().join("out/latest").exists());
    // Somebody who only asks is not kept waiting either, and nobody hears of it.
    let (code, _) = county.refused(&["status", pipeline, "--tonight"]);
    assert_eq!(code, 4);
    county.change(pipeline, "remote = \"far\"\n", "");
    county.well(&["run", pipeline]);
    let left = fs::read_dir(folder.path().join("out")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(
        !left.iter().any(|name| name.starts_with(".partial") || name.starts_with(".dry-run")),
        "{left:?}"
    );
    serde_json::from_slice::<serde_json::Value>(&fs::read(&heard).unwrap()).unwrap();
}

#[test]
fn the_timers_run_asks_the_calendar_and_makes_up_for_a_missed_night() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    let pipeline = "pipelines/nightly.toml";
    let latest = || fs::read_link(folder.path().join("out/latest")).unwrap();
    // The county's last night is a Friday's.
    let friday = latest();
    let run = |day: &str| county.well(&["run", pipeline, "--scheduled", "workdays", "--as-of", day]);
    let said = run("2026-11-21");
    assert!(said.contains("周六") && said.contains("本夜不运行，下一夜 2026-11-23"), "{said}");
    assert!(run("2026-11-22").contains("周日"));
    assert_eq!(latest(), friday);
    // An office writes a holiday into the table.
    let table = folder.path().join("schemas/tables/calendar.csv");
    let rows = fs::read_to_string(&table).unwrap();
    fs::write(&table, format!("{rows}holiday,2026-11-23,2026-11-24,某节,\n")).unwrap();
    assert!(run("2026-11-23").contains("节假日：某节"));
    assert_eq!(latest(), friday);
    // Saturday again, and the week before it was slept through.
    let said = run("2026-11-28");
    assert!(said.contains("清单与报告") && latest() != friday, "{said}");

    let show = ["schedule", "show", pipeline, "--at", "02:15"];
    assert!(!county.well(&show).contains("--scheduled"));
    let output = county.doudi(&[&show[..], &["--on", "term"]].concat());
    let units = String::from_utf8(output.stdout).unwrap();
    assert!(units.contains(" --scheduled term --log-format json"), "{units}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("待客户确认") && said.contains("calendar.csv"), "{said}");
    let (code, said) = county.refused(&[&show[..], &["--on", "weekdays"]].concat());
    assert!(code == 2 && said.contains("all, workdays, term"), "{said}");
}
