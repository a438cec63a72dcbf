//! `[remote.<name>]`: every mistake is told, and where deliveries lie changes no answer.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use doudi::diag::Level;
use doudi::spec::compile;

use super::Copy;

const FIRST: &str = "contract = \"civil-affairs/benefit_payment\"\n";

/// A pipeline whose payments come from the remote `r` with these lines.
fn with(remote: &str, source: &str) -> Copy {
    let copy = Copy::new();
    copy.change("pipelines/nightly.toml", FIRST, &format!("{FIRST}remote = \"r\"\n{source}"));
    copy.append("pipelines/nightly.toml", &format!("\n[remote.r]\n{remote}"));
    copy
}

fn secret(copy: &Copy, name: &str, mode: u32) {
    let path = copy.path(&format!("pipelines/{name}"));
    fs::write(&path, "secret\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

#[track_caller]
fn tells(remote: &str, source: &str, expected: &[&str]) {
    let copy = with(remote, source);
    secret(&copy, "open", 0o644);
    secret(&copy, "closed", 0o600);
    let told = copy.told();
    for words in expected {
        assert!(told.contains(words), "{words}\n\n{told}");
    }
    let errors = told.matches("error[").count();
    assert_eq!(errors, expected.len(), "{told}");
}

#[test]
fn what_a_kind_needs_and_what_says_nothing_for_it_is_told() {
    tells(
        "kind = \"sftp\"\nat = \"sftp://h/out\"\n",
        "",
        &[
            "missing key `user` for this kind",
            "missing key `known_hosts`",
            "either `password` or `key`, one of the two",
        ],
    );
    tells(
        "kind = \"ftp\"\nat = \"ftp://h\"\nregion = \"here\"\nkey = \"closed\"\n",
        "",
        &["`region` says nothing for this kind", "`key` says nothing for this kind"],
    );
    tells("kind = \"s3\"\nat = \"https://h\"\n", "", &["the address names no bucket"]);
    tells("kind = \"webdav\"\nat = \"https://h/x\"\nuser = \"u\"\n", "", &["missing key `password`"]);
    tells("kind = \"folder\"\nat = \"https://h/x\"\n", "", &["`https://h/x` is no folder of this machine"]);
    tells("kind = \"http\"\nat = \"sftp://h/x\"\n", "", &["`sftp` is no scheme of this kind"]);
    tells("kind = \"http\"\nat = \"https://u:p@h/x\"\n", "", &["the address names a user"]);
}

#[test]
fn secrets_are_named_by_a_file_that_is_closed_or_by_a_variable() {
    let login = "kind = \"webdav\"\nat = \"https://h/x\"\nuser = \"u\"\n";
    tells(
        &format!("{login}password = {{ file = \"open\" }}\n"),
        "",
        &["open is open to others (mode 644): chmod 600"],
    );
    tells(&format!("{login}password = {{ file = \"gone\" }}\n"), "", &["gone cannot be read"]);
    tells(
        &format!("{login}password = {{ file = \"closed\", env = \"X\" }}\n"),
        "",
        &["`file` or by `env`, one of the two"],
    );
    tells(&format!("{login}password = {{ env = \"A B\" }}\n"), "", &["`A B` is no variable"]);
    tells(
        &format!("{login}password = \"hunter2\"\n"),
        "",
        &["`remote.r.password` must be a table, not a string"],
    );
}

#[test]
fn sources_name_remotes_that_there_are_and_folders_that_lie_inside() {
    let folder = "kind = \"folder\"\nat = \"out\"\n";
    tells(folder, "folder = \"../etc\"\n", &["`../etc` leads outside"]);
    tells(folder, "folder = \"/etc\"\n", &["`/etc` leads outside"]);
    tells(folder, "files = [\"a[\"]\n", &["`a[` is no pattern"]);
    tells(folder, "query = \"q.sql\"\n", &["the remote `r` is no database"]);
    tells("kind = \"folder\"\nat = \"out\"\nmarkre = \"*.ok\"\n", "", &["did you mean `marker`?"]);
    tells("kind = \"folder\"\nat = \"out\"\ntries = 0\n", "", &["remote.r.tries"]);

    let copy = Copy::new();
    copy.change("pipelines/nightly.toml", FIRST, &format!("{FIRST}remote = \"polcie\"\n"));
    copy.append("pipelines/nightly.toml", "\n[remote.police]\nkind = \"folder\"\nat = \"out\"\n");
    let told = copy.told();
    assert!(
        told.contains("there is no remote `polcie`") && told.contains("did you mean `police`?"),
        "{told}"
    );
    assert!(told.contains("no source comes from the remote `police`"), "{told}");
    let copy = Copy::new();
    copy.change("pipelines/nightly.toml", FIRST, &format!("{FIRST}folder = \"x\"\n"));
    assert!(copy.told().contains("no remote is named"));
}

#[test]
fn a_database_is_asked_by_one_select_whose_rows_are_a_csv_file() {
    let database = "kind = \"postgres\"\nat = \"postgres://127.0.0.1/county\"\nuser = \"doudi\"\n";
    tells(database, "", &["a database is asked by a query"]);
    tells(database, "query = \"none.sql\"\n", &["read the query pipelines/none.sql"]);
    let asked = |query: &str| {
        let copy = with(database, "query = \"q.sql\"\n");
        fs::write(copy.path("pipelines/q.sql"), query).unwrap();
        compile(&copy.pipeline()).map_or_else(|told| told, |(_, told)| told)
    };
    let code = |told: Vec<doudi::diag::Diagnostic>| {
        let ours = told.into_iter().filter(|problem| problem.spot.file.ends_with("nightly.toml"));
        ours.filter(|problem| problem.level >= Level::Warning).map(|problem| problem.code).collect::<Vec<_>>()
    };
    assert_eq!(code(asked("-- rows; in order\nSELECT 1 ORDER BY 1;\n")), Vec::<&str>::new());
    assert_eq!(code(asked("WITH a AS (SELECT 1) SELECT * FROM a")), ["query_unordered"]);
    assert_eq!(code(asked("DELETE FROM a")), ["query_form"]);
    assert_eq!(code(asked("SELECT 1; DROP TABLE a")), ["query_form"]);
    let copy = Copy::new();
    let roster = "contract = \"civil-affairs/child_roster\"\n";
    copy.change("pipelines/nightly.toml", roster, &format!("{roster}remote = \"r\"\nquery = \"q.sql\"\n"));
    copy.append("pipelines/nightly.toml", &format!("\n[remote.r]\n{database}"));
    fs::write(copy.path("pipelines/q.sql"), "SELECT 1 ORDER BY 1").unwrap();
    assert!(copy.told().contains("the contract takes no CSV file"), "workbooks only");
}

#[test]
fn odbc_takes_a_connection_string_without_secrets_and_a_program_built_for_it() {
    let without: &[&str] = if cfg!(feature = "odbc") { &[] } else { &["built without ODBC"] };
    let tells_also = |remote: &str, source: &str, expected: &[&str]| {
        tells(&format!("kind = \"odbc\"\n{remote}"), source, &[without, expected].concat());
    };
    let driver = "at = \"Driver={DM8 ODBC DRIVER};Server=10.1.2.3;TCP_PORT=5236\"\n";
    tells_also(
        "at = \"10.1.2.3\"\n",
        "",
        &["`at` is no connection string", "a database is asked by a query"],
    );
    tells_also(
        "at = \"Server=h\"\n",
        "query = \"none.sql\"\n",
        &["names neither a driver", "read the query"],
    );
    tells_also(
        "at = \"DSN=county;PWD=hunter2\"\nuser = \"u\"\n",
        "",
        &["holds `PWD`, which has keys of its own", "a database is asked by a query"],
    );
    tells_also(driver, "", &["a database is asked by a query"]);
    tells_also(
        &format!("{driver}password = {{ file = \"closed\" }}\ntls = true\nfolder = \"x\"\n"),
        "",
        &[
            "missing key `user`",
            "`tls` says nothing",
            "`folder` says nothing",
            "a database is asked by a query",
        ],
    );
    let copy = with(&format!("kind = \"odbc\"\n{driver}"), "query = \"q.sql\"\n");
    fs::write(copy.path("pipelines/q.sql"), "SELECT 1 ORDER BY 1").unwrap();
    let told = copy.told();
    assert_eq!(told.matches("error[").count(), without.len(), "{told}");
    assert_eq!(told.contains("cargo build --release --features odbc"), !cfg!(feature = "odbc"), "{told}");
}

#[test]
fn where_deliveries_lie_and_what_comments_say_is_no_part_of_the_digest() {
    let hash = |copy: &Copy| compile(&copy.pipeline()).unwrap().0.hash;
    let plain = hash(&Copy::new());
    let remote =
        with("kind = \"http\"\nat = \"http://h/x\"\n", "folder = \".\"\nfiles = [\"发放明细_*.csv\"]\n");
    let (plan, told) = compile(&remote.pipeline()).unwrap();
    assert_eq!(plan.hash, plain);
    assert!(told.iter().any(|problem| problem.code == "in_the_clear"), "{told:?}");
    let comment = Copy::new();
    comment.append("pipelines/nightly.toml", "# a remark\n");
    assert_eq!(hash(&comment), plain);
    let other = Copy::new();
    other.change("pipelines/nightly.toml", FIRST, &format!("{FIRST}completeness = \"present\"\n"));
    assert_ne!(hash(&other), plain);
}

#[test]
fn what_is_sent_is_a_copy_that_there_is_to_a_remote_that_takes_files() {
    let with_send = |send: &str, remote: &str| {
        let copy = Copy::new();
        copy.append("pipelines/nightly.toml", &format!("\n[send.{send}\n[remote.p]\n{remote}"));
        copy
    };
    let check = |send: &str, remote: &str, expected: &str| {
        let told = with_send(send, remote).told();
        assert!(told.contains(expected), "{send}: {told}");
    };
    let folder = "kind = \"folder\"\nat = \"out\"\n";
    let to = "remote = \"p\"\nfolder = \"ask\"\n";
    let sound = with_send(&format!("custody_question]\n{to}"), folder);
    let (plan, warnings) = compile(&sound.pipeline()).map_err(|told| format!("{told:?}")).unwrap();
    assert!(!warnings.iter().any(|told| told.code == "remote_unused"), "what is sent to is used");
    let [send] = plan.sends.as_slice() else { panic!("{:?}", plan.sends) };
    assert_eq!((send.recipient.as_str(), send.folder.as_str()), ("public-security", "ask"));
    assert_eq!(send.copies, ["公安比对查询名单"]);
    let bare = compile(&Copy::new().pipeline()).unwrap_or_else(|told| panic!("{told:?}")).0;
    assert_eq!(plan.hash, bare.hash, "where a list goes changes no answer");
    check(&format!("custody_questions]\n{to}"), folder, "did you mean `custody_question`?");
    check("custody_question]\nremote = \"q\"\nfolder = \"ask\"\n", folder, "there is no remote `q`");
    check(&format!("custody_question]\n{to}"), "kind = \"http\"\nat = \"http://h/x\"\n", "it only gives");
    check("custody_question]\nremote = \"p\"\nfolder = \"../ask\"\n", folder, "leads outside");
    check(&format!("custody_question]\n{to}recipient = \"education\"\n"), folder, "is not for `education`");
}
