//! How a night ended, told to those who watch: programs with JSON on their input, figures in a file,
//! a trace to a collector.
//!
//! A hook that fails is a line in the log and nothing else: telling must never change what is told. No
//! personal value goes out; messages of errors hold none, figures are counts.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::UpkeepError;
use super::trace;
use crate::report::AlarmKind;
use crate::spec::{HookTable, NightEnd, Watch};

/// How a night ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// In which way.
    pub end: NightEnd,
    /// Exit code of the program.
    pub exit_code: u8,
    /// Name of the pipeline file without its ending.
    pub pipeline: String,
    /// Run id, when there is a run.
    pub run: Option<String>,
    /// Day of the lists, ISO.
    pub as_of: String,
    /// The injected instant, ISO, for people.
    pub at: String,
    /// The same in seconds since 1970, for machines.
    pub epoch: i64,
    /// One line: what was published, or why nothing was.
    pub message: String,
    /// Files that did not reach their remote.
    pub unsent: usize,
    /// Answers that were due before the night's day.
    pub overdue: usize,
    /// Names of the stages of a run, in their order.
    pub stages: Vec<&'static str>,
}

/// Writes the figures, sends the trace and runs the hooks; tells what went wrong with them.
pub fn tell(watch: &Watch, ended: &Ended, out: &Path) -> Vec<String> {
    let mut failed = Vec::new();
    let counts = watch.metrics.is_some() || watch.traces.is_some();
    let manifest = ended.run.as_ref().filter(|_| counts).map(|run| out.join(run).join("manifest.json"));
    let manifest: Option<Value> =
        manifest.and_then(|path| serde_json::from_slice(&fs::read(path).ok()?).ok());
    if let Some(path) = &watch.metrics
        && let Err(error) = replace(path, &figures(ended, manifest.as_ref()))
    {
        failed.push(error.to_string());
    }
    if let Some(traces) = &watch.traces {
        failed.extend(trace::send(traces, ended, manifest.as_ref()).err());
    }
    for hook in watch.hooks.iter().filter(|hook| ended.end.is_told_to(&hook.on, ended.overdue)) {
        if let Err(error) = call(hook, ended) {
            failed.push(format!("the hook {} {error}", hook.command[0]));
        }
    }
    failed
}

/// The file appears whole: a collector that reads at any instant sees the old figures or the new ones. It is
/// another account, and the figures are counts: everybody may read them, whatever the umask of the night is.
fn replace(path: &Path, text: &str) -> Result<(), UpkeepError> {
    let part = path.with_extension("part");
    fs::write(&part, text).map_err(UpkeepError::io("write", &part))?;
    let readable = fs::Permissions::from_mode(0o644);
    fs::set_permissions(&part, readable).map_err(UpkeepError::io("open to its readers", &part))?;
    fs::rename(&part, path).map_err(UpkeepError::io("rename", &part))
}

fn call(hook: &HookTable, ended: &Ended) -> Result<(), String> {
    let (program, arguments) = hook.command.split_first().ok_or("names no program")?;
    let mut child = started(Command::new(program).args(arguments), &format!("{}\n", message(ended)))?;
    wait(&mut child, Duration::from_secs(hook.seconds.into()))
}

/// Starts a program with a text on its input. What it prints is nobody's.
pub(super) fn started(program: &mut Command, input: &str) -> Result<Child, String> {
    let quiet = program.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = quiet.spawn().map_err(|error| format!("cannot be started: {error}"))?;
    // One that does not read its input has closed it, which is no failure of its own.
    if let Some(mut open) = child.stdin.take() {
        let _ = open.write_all(input.as_bytes());
    }
    Ok(child)
}

pub(super) fn wait(child: &mut Child, limit: Duration) -> Result<(), String> {
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("failed: {status}")),
            Ok(None) if started.elapsed() < limit => std::thread::sleep(Duration::from_millis(20)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("took longer than {} s and was stopped", limit.as_secs()));
            }
            Err(error) => return Err(format!("cannot be waited for: {error}")),
        }
    }
}

fn message(ended: &Ended) -> Value {
    json!({
        "end": ended.end,
        "exit_code": ended.exit_code,
        "pipeline": ended.pipeline,
        "run": ended.run,
        "as_of": ended.as_of,
        "at": ended.at,
        "message": ended.message,
        "unsent": ended.unsent,
        "overdue": ended.overdue,
    })
}

/// Figures in the text format of Prometheus. After a night that published nothing only its end is
/// told: the age of `doudi_finished_timestamp_seconds` in the collector's memory is the alarm.
fn figures(ended: &Ended, manifest: Option<&Value>) -> String {
    let mut out = Figures { text: String::new(), pipeline: label(&ended.pipeline) };
    out.head("doudi_ended_timestamp_seconds", "When the last run ended, whatever its end.");
    out.value("doudi_ended_timestamp_seconds", "", ended.epoch);
    out.head(
        "doudi_exit_code",
        "Exit code of the last run: 0 done, 3 held, 6 done but for a file that was not sent, others failed.",
    );
    out.value("doudi_exit_code", "", ended.exit_code);
    let Some(manifest) = manifest.filter(|_| ended.end.published()) else { return out.text };
    out.head("doudi_finished_timestamp_seconds", "When lists were last published.");
    out.value("doudi_finished_timestamp_seconds", "", ended.epoch);
    out.head("doudi_unsent_files", "Copies that did not reach the remote that they are sent to.");
    out.value("doudi_unsent_files", "", ended.unsent);
    out.head("doudi_overdue_answers", "Clues whose answer was due before the day of the lists.");
    out.value("doudi_overdue_answers", "", ended.overdue);
    out.head("doudi_stage_seconds", "Wall time of each stage.");
    for (stage, seconds) in entries(&manifest["timings"]["seconds"]) {
        out.value("doudi_stage_seconds", &format!("stage=\"{}\"", label(stage)), seconds);
    }
    out.head("doudi_peak_memory_bytes", "Most memory the run held.");
    let peak = manifest["timings"]["peak_mib"].as_u64().unwrap_or_default() << 20;
    out.value("doudi_peak_memory_bytes", "", peak);
    out.head("doudi_extract_records", "Rows of each extract that were taken in.");
    for extract in items(&manifest["extracts"]) {
        let labels = format!(
            "extract=\"{}\",state=\"{}\"",
            label(extract["extract"].as_str().unwrap_or_default()),
            label(extract["state"].as_str().unwrap_or_default())
        );
        out.value("doudi_extract_records", &labels, &extract["records"]);
    }
    out.head("doudi_rule_findings", "Findings of each rule: on the list, or in the annex.");
    out.head("doudi_rule_ran", "1 where the rule ran, 0 where its data did not come.");
    for rule in items(&manifest["rules"]) {
        let name = format!("rule=\"{}\"", label(rule["rule"].as_str().unwrap_or_default()));
        for part in ["findings", "annex"] {
            out.value("doudi_rule_findings", &format!("{name},part=\"{part}\""), &rule[part]);
        }
        out.value("doudi_rule_ran", &name, u8::from(rule["not_run"].is_null()));
    }
    let compared = &manifest["alarms"];
    out.head("doudi_compared_series", "Numbers of the night that were compared with the nights before it.");
    out.value("doudi_compared_series", "", compared["series"].as_u64().unwrap_or_default());
    out.head("doudi_alarms", "Of these, numbers that lie outside what the nights before say.");
    for kind in AlarmKind::ALL.map(AlarmKind::word) {
        let count = items(&compared["alarms"]).filter(|alarm| alarm["kind"] == kind).count();
        out.value("doudi_alarms", &format!("kind=\"{kind}\""), count);
    }
    out.text
}

struct Figures {
    text: String,
    pipeline: String,
}

impl Figures {
    fn head(&mut self, name: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} gauge");
    }

    fn value(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let comma = if labels.is_empty() { "" } else { "," };
        let _ = writeln!(self.text, "{name}{{pipeline=\"{}\"{comma}{labels}}} {value}", self.pipeline);
    }
}

pub(super) fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A label's value as the format wants it.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Throws the bytes of a manifest at what is told of a night; for `crate::fuzzing`.
#[cfg(any(test, fuzzing))]
pub(crate) fn throw_at_manifest(bytes: &[u8]) {
    let manifest: Option<Value> = serde_json::from_slice(bytes).ok();
    let ended = Ended {
        end: NightEnd::Finished,
        exit_code: 0,
        pipeline: "nightly".into(),
        run: None,
        as_of: String::new(),
        at: String::new(),
        epoch: 0,
        message: String::new(),
        unsent: 0,
        overdue: 0,
        stages: vec!["pull", "validate", "judge", "record"],
    };
    let text = figures(&ended, manifest.as_ref());
    assert!(
        text.lines().all(|line| line.starts_with("doudi_") || line.starts_with('#')),
        "a line is a figure"
    );
    trace::trace(&ended, manifest.as_ref());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(end: NightEnd) -> Ended {
        Ended {
            end,
            exit_code: 3,
            pipeline: "night\"ly".into(),
            run: None,
            as_of: "2026-11-20".into(),
            at: "2026-11-20T02:00:00+08:00".into(),
            epoch: 1_795_111_200,
            message: "failed to go on".into(),
            unsent: 0,
            overdue: 0,
            stages: Vec::new(),
        }
    }

    fn hook(on: NightEnd, command: &[&str], seconds: u32) -> HookTable {
        HookTable { on: vec![on], command: command.iter().map(|&word| word.to_owned()).collect(), seconds }
    }

    #[test]
    fn hooks_of_this_end_are_told_and_their_faults_stay_theirs() {
        let folder = tempfile::tempdir().unwrap();
        let heard = folder.path().join("heard.json");
        let hooks = vec![
            hook(NightEnd::Held, &["tee", heard.to_str().unwrap()], 10),
            hook(NightEnd::Finished, &["/no/such/program"], 10),
            hook(NightEnd::Held, &["/no/such/program"], 10),
            hook(NightEnd::Held, &["false"], 10),
            hook(NightEnd::Held, &["sleep", "60"], 0),
        ];
        let failed = tell(&Watch { hooks, ..Watch::default() }, &ended(NightEnd::Held), folder.path());
        let told: Value = serde_json::from_slice(&fs::read(heard).unwrap()).unwrap();
        assert_eq!(
            (&told["end"], &told["exit_code"], &told["run"]),
            (&json!("held"), &json!(3), &Value::Null)
        );
        let ends: Vec<bool> = ["cannot be started", "failed: exit status: 1", "longer than 0 s"]
            .iter()
            .zip(&failed)
            .map(|(words, line)| line.contains(words))
            .collect();
        assert_eq!((failed.len(), ends), (3, vec![true; 3]), "{failed:?}");
    }

    #[test]
    fn figures_are_in_the_format_and_a_held_night_keeps_quiet_about_the_rest() {
        let manifest = json!({
            "timings": { "seconds": { "pull": 1.5 }, "peak_mib": 2 },
            "extracts": [{ "extract": "population", "state": "complete", "records": 7 }],
            "rules": [
                { "rule": "a", "findings": 2, "annex": 1, "not_run": null },
                { "rule": "b", "findings": 0, "annex": 0, "not_run": "缺少数据" },
            ],
            "alarms": { "series": 40, "alarms": [{ "kind": "rows" }, { "kind": "rows" }] },
        });
        let text = figures(&ended(NightEnd::Finished), Some(&manifest));
        for line in [
            "doudi_exit_code{pipeline=\"night\\\"ly\"} 3",
            "doudi_stage_seconds{pipeline=\"night\\\"ly\",stage=\"pull\"} 1.5",
            "doudi_peak_memory_bytes{pipeline=\"night\\\"ly\"} 2097152",
            "doudi_extract_records{pipeline=\"night\\\"ly\",extract=\"population\",state=\"complete\"} 7",
            "doudi_rule_findings{pipeline=\"night\\\"ly\",rule=\"a\",part=\"annex\"} 1",
            "doudi_rule_ran{pipeline=\"night\\\"ly\",rule=\"b\"} 0",
            "doudi_compared_series{pipeline=\"night\\\"ly\"} 40",
            "doudi_alarms{pipeline=\"night\\\"ly\",kind=\"rows\"} 2",
            "doudi_alarms{pipeline=\"night\\\"ly\",kind=\"links\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        let held = figures(&ended(NightEnd::Held), Some(&manifest));
        assert_eq!(held.lines().filter(|line| !line.starts_with('#')).count(), 2, "{held}");
    }

    #[test]
    fn figures_replace_the_old_ones_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doudi.prom");
        let watch = Watch { metrics: Some(path.clone()), ..Watch::default() };
        for _ in 0..2 {
            assert_eq!(tell(&watch, &ended(NightEnd::Failed), folder.path()), Vec::<String>::new());
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), figures(&ended(NightEnd::Failed), None));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        // Also where an earlier night left half a file that nobody may read.
        fs::write(path.with_extension("part"), "half").unwrap();
        fs::set_permissions(path.with_extension("part"), fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(tell(&watch, &ended(NightEnd::Failed), folder.path()), Vec::<String>::new());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    }
}
