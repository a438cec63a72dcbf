//! A night as a trace of OpenTelemetry: one span for the run, one below it for each stage, extracts and rules as events
//! with their counts. OTLP over HTTP as JSON, carried by `curl` to the endpoint that the pipeline file names.
//!
//! No personal value goes out: everything comes from the manifest's counts. A collector that is down is a line in the log.

use std::process::Command;
use std::time::Duration;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::watch::{Ended, entries, items, started, wait};
use crate::domain::hex;
use crate::source::remote::exposed;
use crate::spec::{NightEnd, Traces};

/// `SPAN_KIND_INTERNAL`, `STATUS_CODE_OK`, `STATUS_CODE_ERROR` of the protocol.
const INTERNAL: u8 = 1;
const OK: u8 = 1;
const ERROR: u8 = 2;

/// Sends a night to a collector.
pub(super) fn send(traces: &Traces, ended: &Ended, manifest: Option<&Value>) -> Result<(), String> {
    let failed = |what: &str| format!("the collector {} {what}", traces.endpoint);
    let seconds = traces.seconds.to_string();
    let mut curl = Command::new("curl");
    curl.args(["-q", "--silent", "--fail", "--proto", "=http,https", "--max-time", &seconds]);
    curl.args(["--header", "Content-Type: application/json"]);
    if let Some(file) = &traces.headers {
        if let Some(fault) = exposed(file) {
            return Err(failed(&format!("is not asked: {fault}")));
        }
        curl.arg("--header").arg(format!("@{}", file.display()));
    }
    curl.args(["--data-binary", "@-", "--output", "/dev/null", "--", &traces.endpoint]);
    let mut child = started(&mut curl, &trace(ended, manifest).to_string())
        .map_err(|error| failed(&format!("is not asked: curl {error}")))?;
    // curl itself gives up first.
    let limit = Duration::from_secs(u64::from(traces.seconds) + 2);
    wait(&mut child, limit).map_err(|error| failed(&format!("took no trace (curl {error})")))
}

/// The night as the protocol wants it.
pub(super) fn trace(ended: &Ended, manifest: Option<&Value>) -> Value {
    let manifest = manifest.filter(|_| ended.end.published()).unwrap_or(&Value::Null);
    let mut night = Night::new(ended);
    let mut spans: Vec<Value> = ended
        .stages
        .iter()
        .filter_map(|stage| {
            let seconds = manifest["timings"]["seconds"][stage].as_f64()?;
            Some(night.stage(stage, seconds, manifest))
        })
        .collect();
    spans.insert(0, night.run(manifest));
    json!({
        "resourceSpans": [{
            "resource": { "attributes": attributes([
                ("service.name", json!("doudi")),
                ("service.version", json!(env!("CARGO_PKG_VERSION"))),
            ]) },
            "scopeSpans": [{ "scope": { "name": "doudi" }, "spans": spans }],
        }],
    })
}

/// Spans of one night, one after another: a stage begins where the one before it ended.
struct Night<'a> {
    ended: &'a Ended,
    trace: String,
    root: String,
    now: u64,
}

impl<'a> Night<'a> {
    /// Numbers of trace and spans follow from the night, so that a night told twice is one trace.
    fn new(ended: &'a Ended) -> Self {
        let name = format!("{}\n{:?}\n{}\n{}", ended.pipeline, ended.run, ended.as_of, ended.epoch);
        let mut trace = hex(&Sha256::digest(name.as_bytes()));
        trace.truncate(32);
        let root = span_id(&trace, "");
        Self { ended, trace, root, now: nanoseconds(u64::try_from(ended.epoch).unwrap_or(0), 0.0) }
    }

    fn run(&self, manifest: &Value) -> Value {
        let ended = self.ended;
        let start = nanoseconds(u64::try_from(ended.epoch).unwrap_or(0), 0.0);
        let status = match ended.end {
            NightEnd::Finished => json!({ "code": OK }),
            _ => json!({ "code": ERROR, "message": ended.message }),
        };
        json!({
            "traceId": self.trace, "spanId": self.root, "name": "run", "kind": INTERNAL,
            "startTimeUnixNano": start.to_string(), "endTimeUnixNano": self.now.to_string(),
            "attributes": attributes([
                ("doudi.pipeline", json!(ended.pipeline)),
                ("doudi.run", json!(ended.run)),
                ("doudi.as_of", json!(ended.as_of)),
                ("doudi.end", json!(ended.end)),
                ("doudi.exit_code", json!(ended.exit_code)),
                ("doudi.peak_mib", manifest["timings"]["peak_mib"].clone()),
            ]),
            "status": status,
        })
    }

    fn stage(&mut self, stage: &str, seconds: f64, manifest: &Value) -> Value {
        let of_all = attributes([
            ("doudi.run", json!(self.ended.run)),
            ("doudi.resident_mib", manifest["timings"]["resident_mib"][stage].clone()),
        ]);
        let start = self.now;
        self.now += nanoseconds(0, seconds);
        let at = self.now.to_string();
        let event =
            |name: &str, of: Vec<Value>| json!({ "timeUnixNano": at, "name": name, "attributes": of });
        let (counts, events) = match stage {
            "validate" => {
                (Vec::new(), items(&manifest["extracts"]).map(|one| event("extract", extract(one))).collect())
            }
            "score" => {
                (picked("doudi.", &manifest["link"], &["mentions", "pairs", "links", "review"]), Vec::new())
            }
            "resolve" => (
                picked("doudi.identities.", &manifest["identities"], &["count", "merged", "split"]),
                Vec::new(),
            ),
            "judge" => (Vec::new(), items(&manifest["rules"]).map(|one| event("rule", rule(one))).collect()),
            "record" => (cases(&manifest["cases"]), Vec::new()),
            "publish" => {
                (attributes([("doudi.files", json!(items(&manifest["lists"]).count()))]), Vec::new())
            }
            _ => (Vec::new(), Vec::<Value>::new()),
        };
        json!({
            "traceId": self.trace, "spanId": span_id(&self.trace, stage), "parentSpanId": self.root,
            "name": stage, "kind": INTERNAL,
            "startTimeUnixNano": start.to_string(), "endTimeUnixNano": at,
            "attributes": of_all.into_iter().chain(counts).collect::<Vec<_>>(),
            "events": events, "status": { "code": OK },
        })
    }
}

/// What is told of an extract.
fn extract(one: &Value) -> Vec<Value> {
    let names = ["extract", "state", "records", "quarantined", "quarantined_at_standardise", "mentions"];
    picked("doudi.", one, &names)
}

/// What is told of a rule.
fn rule(one: &Value) -> Vec<Value> {
    let ran = attributes([("doudi.ran", json!(one["not_run"].is_null()))]);
    [picked("doudi.", one, &["rule", "findings", "annex"]), ran].concat()
}

/// What became of cases, over all rules.
fn cases(tallies: &Value) -> Vec<Value> {
    let mut sums: Map<String, Value> = Map::new();
    for (what, count) in entries(tallies).flat_map(|(_, tally)| entries(tally)) {
        let before = sums.get(what).and_then(Value::as_u64).unwrap_or(0);
        sums.insert(what.clone(), json!(before + count.as_u64().unwrap_or(0)));
    }
    let names: Vec<&str> = sums.keys().map(String::as_str).collect();
    picked("doudi.cases.", &Value::Object(sums.clone()), &names)
}

/// The named members of an object as attributes.
fn picked(prefix: &str, of: &Value, names: &[&str]) -> Vec<Value> {
    names.iter().flat_map(|name| attributes([(format!("{prefix}{name}"), of[name].clone())])).collect()
}

/// Keys and values as the protocol wants them: whole numbers as text. What is null, a list or an object is left out.
fn attributes<K: Into<String>, const N: usize>(pairs: [(K, Value); N]) -> Vec<Value> {
    let pairs = pairs.into_iter().map(|(key, value)| (key.into(), value));
    let told = pairs.filter_map(|(key, value)| {
        let value = match value {
            Value::String(text) => json!({ "stringValue": text }),
            Value::Bool(flag) => json!({ "boolValue": flag }),
            Value::Number(number) if number.is_f64() => json!({ "doubleValue": number }),
            Value::Number(number) => json!({ "intValue": number.to_string() }),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        Some(json!({ "key": key, "value": value }))
    });
    told.collect()
}

fn span_id(trace: &str, stage: &str) -> String {
    let mut id = hex(&Sha256::digest(format!("{trace}/{stage}").as_bytes()));
    id.truncate(16);
    id
}

#[expect(clippy::cast_possible_truncation, reason = "a stage takes less than centuries")]
fn nanoseconds(whole: u64, seconds: f64) -> u64 {
    whole * 1_000_000_000 + (seconds.max(0.0) * 1e9).round() as u64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn ended(end: NightEnd) -> Ended {
        Ended {
            end,
            exit_code: 0,
            pipeline: "nightly".into(),
            run: Some("2026-11-20-1".into()),
            as_of: "2026-11-20".into(),
            at: "2026-11-20T02:00:00+08:00".into(),
            epoch: 1_795_111_200,
            message: "failed to go on".into(),
            unsent: 0,
            overdue: 0,
            stages: vec!["pull", "validate", "judge", "record"],
        }
    }

    fn manifest() -> Value {
        json!({
            "timings": { "seconds": { "judge": 2.0, "pull": 1.5, "validate": 0.25, "record": 0.0 }, "peak_mib": 7 },
            "extracts": [{ "extract": "population", "state": "complete", "records": 7, "files": [{ "name": "人口.csv" }] }],
            "rules": [{ "rule": "a", "findings": 2, "annex": 1, "not_run": null }, { "rule": "b", "not_run": "缺少数据" }],
            "cases": { "a": { "new": 1, "kept": 2 }, "b": { "new": 4, "kept": 0 } },
        })
    }

    fn spans(trace: &Value) -> Vec<Value> {
        trace["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()
    }

    #[test]
    fn stages_follow_each_other_below_the_run() {
        let told = trace(&ended(NightEnd::Finished), Some(&manifest()));
        let spans = spans(&told);
        let names: Vec<&str> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["run", "pull", "validate", "judge", "record"]);
        assert_eq!(spans[1]["startTimeUnixNano"], "1795111200000000000");
        assert_eq!(spans[1]["endTimeUnixNano"], "1795111201500000000");
        assert_eq!(spans[2]["startTimeUnixNano"], spans[1]["endTimeUnixNano"]);
        assert_eq!(spans[0]["endTimeUnixNano"], spans[4]["endTimeUnixNano"]);
        for span in &spans[1..] {
            assert_eq!(
                (&span["traceId"], &span["parentSpanId"]),
                (&spans[0]["traceId"], &spans[0]["spanId"])
            );
        }
        let ids: BTreeSet<&str> = spans.iter().map(|span| span["spanId"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), spans.len());
        assert!(ids.iter().all(|id| id.len() == 16) && spans[0]["traceId"].as_str().unwrap().len() == 32);
    }

    #[test]
    fn counts_are_told_and_nothing_but_counts_and_names_of_ours() {
        let told = trace(&ended(NightEnd::Finished), Some(&manifest()));
        let text = told.to_string();
        for part in [
            r#"{"key":"doudi.extract","value":{"stringValue":"population"}}"#,
            r#"{"key":"doudi.records","value":{"intValue":"7"}}"#,
            r#"{"key":"doudi.ran","value":{"boolValue":false}}"#,
            r#"{"key":"doudi.cases.new","value":{"intValue":"5"}}"#,
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(!text.contains("人口") && !text.contains("缺少"), "{text}");
    }

    #[test]
    fn a_night_that_published_nothing_is_one_span_with_its_error() {
        let spans = spans(&trace(&ended(NightEnd::Held), Some(&manifest())));
        assert_eq!(spans.len(), 1);
        assert_eq!(spans[0]["status"], json!({ "code": 2, "message": "failed to go on" }));
    }

    #[test]
    fn a_collector_that_is_down_or_headers_open_to_others_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let traces = Traces { endpoint: "http://127.0.0.1:1/v1/traces".into(), headers: None, seconds: 5 };
        let told = send(&traces, &ended(NightEnd::Failed), None).unwrap_err();
        // Also where there is no curl.
        assert!(told.starts_with("the collector http://127.0.0.1:1/v1/traces "), "{told}");
        let headers = folder.path().join("headers");
        std::fs::write(&headers, "Authorization: Bearer secret\n").unwrap();
        std::fs::set_permissions(&headers, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let told =
            send(&Traces { headers: Some(headers), ..traces }, &ended(NightEnd::Failed), None).unwrap_err();
        assert!(told.contains("chmod 600") && !told.contains("Bearer"), "{told}");
    }
}
