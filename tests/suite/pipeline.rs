//! The main job, run as its user runs it: the real program on the demo county.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use doudi::evaluate::{EvaluateInput, Evaluation, evaluate};
use doudi::ledger::Ledger;
use doudi::spec::contracts_of;
use sha2::{Digest, Sha256};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A place for runs of the demo county.
struct Place {
    folder: tempfile::TempDir,
    input: PathBuf,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), input: root().join("fixtures/demo") }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn latest(&self) -> PathBuf {
        self.folder.path().join("out/latest")
    }

    fn run(&self, more: &[&str]) -> Output {
        crate::logs::output(&mut self.command(more))
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doudi"));
        command
            .arg("run")
            .arg(root().join("pipelines/nightly.toml"))
            .arg("--input")
            .arg(&self.input)
            .arg("--out")
            .arg(self.folder.path().join("out"))
            .arg("--state")
            .arg(self.state())
            .args(more);
        command
    }

    fn run_well(&self, more: &[&str]) -> String {
        let output = self.run(more);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A copy of the deliveries that the test may change.
    fn own_input(&mut self) -> PathBuf {
        let own = self.folder.path().join("input");
        copy(&self.input, &own);
        self.input.clone_from(&own);
        own
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file below a folder but the manifest, whose timings differ.
fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                open.push(entry.path());
            } else if entry.file_name() != "manifest.json" {
                let name = entry.path().strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

fn same_bytes(a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>) {
    assert!(a.keys().eq(b.keys()), "the same files");
    let differ: Vec<&String> =
        a.iter().filter(|(name, bytes)| b[*name] != **bytes).map(|(name, _)| name).collect();
    assert!(differ.is_empty(), "{differ:?}");
}

fn measure(run: &Path) -> Evaluation {
    let demo = root().join("fixtures/demo");
    let (contracts, _) = contracts_of(&root().join("schemas"));
    let input = EvaluateInput {
        run_dir: run.to_owned(),
        truth: demo.join("truth.csv"),
        findings: Some(demo.join("findings_truth.csv")),
        strata: Some(demo.join("truth_strata.csv")),
        contracts,
        baseline: true,
        baseline_run: None,
    };
    evaluate(&input).unwrap()
}

#[test]
fn the_demo_county_gives_the_lists_its_lives_ask_for() {
    let place = Place::new();
    let said = place.run_well(&[]);
    assert!(said.contains("清单与报告"), "{said}");
    for file in ["manifest.json", "report.html", "artifacts/mentions.parquet", "artifacts/cases.parquet"] {
        assert!(place.latest().join(file).is_file(), "{file}");
    }
    assert!(place.latest().join("lists/education").is_dir());
    let found = measure(&place.latest());
    assert!(found.links.precision >= 0.999, "{}", found.links.precision);
    assert!(found.links.recall >= 0.98, "{}", found.links.recall);
    let baseline = found.baseline.unwrap();
    assert!(found.links.recall > baseline.links.recall);
    // Rules whose facts the simulator knows; the others are held by their cases.
    let simulated = found.findings.iter().filter(|(_, score)| score.expected > 0);
    let mut known = 0;
    for (rule, score) in simulated {
        known += 1;
        assert!(score.precision >= 0.999, "{rule}: {} false alarms", score.false_alarms);
        assert!(score.recall >= 0.999, "{rule}: {} missed", score.expected);
    }
    assert_eq!(known, 97, "rules with a case in the demo county");
}

#[test]
fn the_number_of_threads_shows_nowhere() {
    let runs: Vec<BTreeMap<String, Vec<u8>>> = ["1", "2", "8"]
        .into_iter()
        .map(|threads| {
            let place = Place::new();
            place.run_well(&["--threads", threads]);
            bytes(&fs::canonicalize(place.latest()).unwrap())
        })
        .collect();
    assert!(runs[0].len() > 50, "{} files", runs[0].len());
    same_bytes(&runs[0], &runs[1]);
    same_bytes(&runs[0], &runs[2]);
}

#[test]
fn the_same_night_twice_adds_nothing() {
    let place = Place::new();
    place.run_well(&[]);
    let first = bytes(&fs::canonicalize(place.latest()).unwrap());
    let events = Ledger::open(&place.state().join("ledger.sqlite")).unwrap().verify().unwrap();
    place.run_well(&[]);
    assert!(events > 0);
    assert_eq!(Ledger::open(&place.state().join("ledger.sqlite")).unwrap().verify().unwrap(), events);
    same_bytes(&first, &bytes(&fs::canonicalize(place.latest()).unwrap()));
}

#[test]
fn a_run_goes_on_from_what_the_last_one_left() {
    let mut place = Place::new();
    assert_eq!(place.run(&["--from", "judge"]).status.code(), Some(2), "there is no last run");
    place.run_well(&["--as-of", "2026-11-20"]);
    let first = bytes(&fs::canonicalize(place.latest()).unwrap());
    place.input = place.folder.path().join("nowhere");
    for stage in ["validate", "block", "judge"] {
        place.run_well(&["--from", stage]);
        same_bytes(&first, &bytes(&fs::canonicalize(place.latest()).unwrap()));
    }
    let other_day = place.run(&["--from", "judge", "--as-of", "2026-11-21"]);
    assert_eq!(other_day.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&other_day.stderr).contains("--from validate"));
    let no_stage = place.run(&["--from", "jugde"]);
    assert_eq!(no_stage.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&no_stage.stderr).contains("did you mean `judge`?"));
}

#[test]
fn persons_keep_their_numbers_on_the_next_night() {
    let place = Place::new();
    place.run_well(&[]);
    let first = fs::read(place.latest().join("artifacts/identities.parquet")).unwrap();
    place.run_well(&["--as-of", "2026-11-21"]);
    assert_eq!(first, fs::read(place.latest().join("artifacts/identities.parquet")).unwrap());
    older_days_are_refused(&place);
}

fn older_days_are_refused(place: &Place) {
    let newest = fs::canonicalize(place.latest()).unwrap();
    let output = place.run(&["--as-of", "2026-11-19"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("2026-11-21"));
    assert_eq!(fs::canonicalize(place.latest()).unwrap(), newest);
}

#[test]
fn the_order_of_rows_shows_in_no_finding() {
    let mut place = Place::new();
    let input = place.own_input();
    let mut turned = 0;
    for agency in
        fs::read_dir(&input).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        // With a manifest, the digest of a changed file would not fit any more.
        fs::remove_file(agency.join("manifest.csv")).unwrap();
        for file in fs::read_dir(&agency).unwrap().map(|entry| entry.unwrap().path()) {
            turned += usize::from(file.extension().is_some_and(|end| end == "csv") && turn(&file));
        }
    }
    assert!(turned >= 10, "{turned} files turned");
    place.run_well(&[]);
    let straight = Place::new();
    straight.run_well(&[]);
    let findings = |place: &Place| fs::read(place.latest().join("artifacts/findings.parquet")).unwrap();
    assert_eq!(findings(&place), findings(&straight));
}

/// Reverses the rows of a file without quoted cells.
fn turn(file: &Path) -> bool {
    let bytes = fs::read(file).unwrap();
    if bytes.contains(&b'"') {
        return false;
    }
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
    if lines.len() < 3 || !bytes.ends_with(b"\n") {
        return false;
    }
    lines[1..].reverse();
    fs::write(file, lines.concat()).unwrap();
    true
}

/// A county of its own, with what it is written with.
fn county(folder: &Path, more: &[&str]) -> Place {
    let input = folder.join("county");
    let made = Command::new(env!("CARGO_BIN_EXE_doudi"))
        .args(["synth", "--people", "1500", "--seed", "5", "--out"])
        .arg(&input)
        .args(more)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Place { input, ..Place::new() }
}

#[test]
fn the_population_as_parquet_gives_the_same_findings() {
    let (text, columns) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let places =
        [county(text.path(), &[]), county(columns.path(), &["--population-as-parquet"])].map(|place| {
            place.run_well(&[]);
            place
        });
    let police = columns.path().join("county/public-security");
    assert!(police.join("人口_20261119.parquet").is_file());
    assert!(!police.join("人口_20261119.csv").exists());
    let findings = |place: &Place| fs::read(place.latest().join("artifacts/findings.parquet")).unwrap();
    assert_eq!(findings(&places[0]), findings(&places[1]));
}

#[test]
fn what_came_last_night_and_not_tonight_is_no_sign_that_it_ended() {
    let mut place = Place::new();
    let input = place.own_input();
    place.run_well(&[]);
    for agency in ["education", "public-security"] {
        fs::remove_file(input.join(agency).join("manifest.csv")).unwrap();
    }
    fs::remove_file(input.join("education/学籍_合作镇_20261115.xlsx")).unwrap();
    let deaths = input.join("public-security/死亡注销_20261119.csv");
    let rows = fs::read(&deaths).unwrap();
    let cut = rows[..rows.len() - 1].iter().rposition(|&byte| byte == b'\n').unwrap();
    fs::write(&deaths, &rows[..=cut]).unwrap();
    let said = place.run_well(&["--as-of", "2026-11-21"]);
    let manifest = fs::read(place.latest().join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let reasons = |extract: &str| {
        let all = manifest["extracts"].as_array().unwrap();
        all.iter().find(|found| found["extract"] == extract).unwrap()["reasons"].to_string()
    };
    assert!(reasons("student_roll").contains("“学籍_合作镇”"), "{}", reasons("student_roll"));
    assert!(reasons("death_cancellation").contains("1 行"), "{}", reasons("death_cancellation"));
    assert!(said.lines().any(|line| line.contains("d_hukou_no_roll") && line.contains("未运行")), "{said}");
    let cases = manifest["cases"].as_object().unwrap();
    assert!(cases.values().all(|counts| counts["withdrawn"] == 0), "{cases:?}");
}

#[test]
fn every_row_of_a_dirty_night_is_accounted_for_in_manifest_and_report() {
    let mut place = Place::new();
    let input = place.own_input();
    fs::remove_file(input.join("education/manifest.csv")).unwrap();
    for kind in ["row-repeated", "row-required-empty"] {
        copy(&root().join("fixtures/broken").join(kind), &input);
    }
    place.run_well(&[]);
    let manifest = fs::read(place.latest().join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let (mut read, mut dropped, mut held) = (0, 0, 0);
    for extract in manifest["extracts"].as_array().unwrap() {
        let files = extract["files"].as_array().unwrap();
        let sum = |key: &str| files.iter().map(|file| file[key].as_u64().unwrap()).sum::<u64>();
        let own = |key: &str| extract[key].as_u64().unwrap();
        for file in files {
            let count = |key: &str| file[key].as_u64().unwrap();
            let out = count("rows_accepted") + count("rows_quarantined") + count("rows_dropped");
            assert_eq!(count("rows_read"), out, "{}", file["name"]);
        }
        let out = own("records") + own("quarantined") + sum("rows_dropped");
        assert_eq!(sum("rows_read"), out, "{}", extract["extract"]);
        assert_eq!(sum("rows_quarantined") + own("quarantined_at_standardise"), own("quarantined"));
        read += sum("rows_read");
        dropped += sum("rows_dropped");
        held += own("quarantined");
    }
    assert!(read > 8_000 && dropped >= 2 && held >= 3, "{read} read, {dropped} dropped, {held} held");
    let page = fs::read_to_string(place.latest().join("report.html")).unwrap();
    assert!(page.contains("读入行 ＝ 入库 ＋ 隔离 ＋ 剔除") && !page.contains("行数不平衡"));
    let grouped = |number: u64| {
        let digits = number.to_string();
        let head = digits.len() % 3;
        let groups = (0..digits.len()).skip(head).step_by(3).map(|at| &digits[at..at + 3]);
        std::iter::once(&digits[..head]).chain(groups).filter(|g| !g.is_empty()).collect::<Vec<_>>().join(",")
    };
    for number in [read, dropped, held] {
        assert!(page.contains(&format!(">{}</td>", grouped(number))), "{number}");
    }
}

#[test]
fn a_night_without_any_file_is_held() {
    let mut place = Place::new();
    place.input = place.folder.path().join("empty");
    fs::create_dir(&place.input).unwrap();
    let output = place.run(&[]);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!place.latest().exists());
}

#[test]
fn a_dry_run_leaves_nothing() {
    let place = Place::new();
    let said = place.run_well(&["--dry-run"]);
    assert!(said.contains("试运行"), "{said}");
    assert!(!place.latest().exists());
    assert!(!place.state().join("ledger.sqlite").exists());
    let left = fs::read_dir(place.folder.path().join("out")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".lock"]);
}

#[test]
fn a_run_that_was_killed_leaves_no_trace_in_the_next_one() {
    let (killed, straight) = (Place::new(), Place::new());
    let out = killed.folder.path().join("out");
    let half_done = || {
        let entries = fs::read_dir(&out).ok()?.flatten();
        let mut partial = entries.filter(|e| e.file_name().to_string_lossy().starts_with(".partial-"));
        partial.find(|folder| folder.path().join("artifacts").exists())
    };
    let mut run = killed.command(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while half_done().is_none() {
        assert!(run.try_wait().unwrap().is_none(), "the run ended before it could be killed");
        std::thread::sleep(Duration::from_millis(1));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(!killed.latest().exists());
    killed.run_well(&[]);
    straight.run_well(&[]);
    let files = |place: &Place| bytes(&fs::canonicalize(place.latest()).unwrap());
    same_bytes(&files(&killed), &files(&straight));
    assert!(half_done().is_none());
}

/// The folder in which runs of this state work: named after a digest of the state folder's path.
fn working_folder(place: &Place) -> PathBuf {
    let state = fs::canonicalize(place.state()).unwrap();
    let digest = Sha256::digest(state.as_os_str().as_encoded_bytes());
    let name = digest.iter().take(4).fold(".partial-".to_owned(), |name, byte| format!("{name}{byte:02x}"));
    place.folder.path().join("out").join(name)
}

/// Puts a finished night back to the instant between two steps of its end: its folder is complete and says so,
/// but has not got its name yet.
fn before_its_name(place: &Place, run: &Path, commit: i64) {
    let id = run.file_name().unwrap().to_str().unwrap();
    fs::remove_file(place.latest()).unwrap();
    let folder = working_folder(place);
    fs::rename(run, &folder).unwrap();
    fs::write(folder.join("READY"), format!("{id} {commit}\n")).unwrap();
}

#[test]
fn a_run_killed_between_its_commit_and_its_name_is_finished_by_the_next_one() {
    let mut place = Place::new();
    place.run_well(&[]);
    let run = fs::canonicalize(place.latest()).unwrap();
    let whole = |run: &Path| (bytes(run), fs::read(run.join("manifest.json")).unwrap());
    let first = whole(&run);
    let ledger = |place: &Place| Ledger::open_for_planning(&place.state().join("ledger.sqlite")).unwrap();
    let (commit, record) = ledger(&place).commits().unwrap().pop().unwrap();
    assert_eq!(record.run_id, run.file_name().unwrap().to_str().unwrap());
    let events = ledger(&place).events().unwrap();

    before_its_name(&place, &run, commit);
    // The next night is held, so all it does is to put right what was left.
    let deliveries = std::mem::replace(&mut place.input, place.folder.path().join("empty"));
    fs::create_dir(&place.input).unwrap();
    assert_eq!(place.run(&["--as-of", "2026-11-21"]).status.code(), Some(3));
    assert_eq!(fs::canonicalize(place.latest()).unwrap(), run);
    assert!(first == whole(&run), "every byte as it was, the manifest's too");
    assert!(!working_folder(&place).exists());
    assert!(events == ledger(&place).events().unwrap(), "no event twice");

    // What the ledger does not know was killed before its commit: it goes, and the night is run again.
    before_its_name(&place, &run, commit + 1);
    place.input = deliveries;
    place.run_well(&[]);
    assert_eq!(fs::canonicalize(place.latest()).unwrap(), run);
    same_bytes(&first.0, &bytes(&run));
    assert!(events == ledger(&place).events().unwrap(), "the same night adds nothing");
}

#[test]
fn a_second_run_is_refused_while_one_is_at_work() {
    let place = Place::new();
    fs::create_dir_all(place.state()).unwrap();
    let lock = fs::File::create(place.state().join("lock")).unwrap();
    lock.lock().unwrap();
    let output = place.run(&[]);
    assert_eq!(output.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&output.stderr).contains("another run is at work"));
}

#[test]
fn missing_deliveries_and_wrong_pipelines_have_codes_of_their_own() {
    let mut place = Place::new();
    place.input = place.folder.path().join("nowhere");
    let output = place.run(&[]);
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(place.run(&["--as-of", "yesterday"]).status.code(), Some(2));
}
