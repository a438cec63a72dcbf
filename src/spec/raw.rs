//! What stands in a pipeline file, as it is written there. Meaning is the business of `compile`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::alarms::AlarmsTable;
use super::arrival::ArrivalTable;
use super::limits::LimitsTable;
use super::remotes::RemoteTable;
use super::sends::SendTable;
use crate::domain::Completeness;
use crate::engine::Value;
use crate::link;

/// A pipeline: what to pull, how to link, which rules to run. Relative paths are relative to the
/// pipeline file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PipelineFile {
    /// Title for people; it stands on the report page.
    pub title: String,
    /// Day the lists speak about (`YYYY-MM-DD`); left out: the day of the run.
    #[serde(default)]
    pub as_of: Option<String>,
    /// Folder of deliveries, with one folder for each agency. `run --input` replaces it.
    pub input: String,
    /// Folder of runs; each run appears there whole or not at all. `run --out` replaces it.
    pub out: String,
    /// Folder of the ledger and the registers of identities, kept from night to night. `run --state`
    /// replaces it.
    pub state: String,
    /// Folder of contracts (`<agency>/<extract>.toml`) and of the tables (`tables/`).
    pub schemas: String,
    /// What to pull, by extract id. Rules may name extracts that are not pulled; they are then reported
    /// as not run.
    pub source: IndexMap<String, SourceTable>,
    /// How long files that are put into `input` may take to become whole.
    #[serde(default)]
    pub arrival: ArrivalTable,
    /// Where deliveries are pulled from that do not come into `input`, by name.
    #[serde(default)]
    pub remote: IndexMap<String, RemoteTable>,
    /// Copies of ledgers that are sent to a remote after each night, by the ledger's file name without `.toml`.
    #[serde(default)]
    pub send: IndexMap<String, SendTable>,
    /// How persons are linked.
    pub link: LinkTable,
    /// Which rules run.
    pub rules: RulesTable,
    /// What officers receive.
    pub report: ReportTable,
    /// Who is told how the night went.
    #[serde(default)]
    pub watch: WatchTable,
    /// How long each stage may take.
    #[serde(default)]
    pub limits: LimitsTable,
    /// When a night is told to be unlike those before it.
    #[serde(default)]
    pub alarms: AlarmsTable,
}

/// One extract to pull.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceTable {
    /// The contract as `<agency>/<extract>`: the file `<schemas>/<agency>/<extract>.toml`. The delivery
    /// lies in the folder `<input>/<agency>`, or on `remote`.
    pub contract: String,
    /// The remote from which it is pulled (`[remote.<name>]`); left out: it comes into `input`.
    #[serde(default)]
    pub remote: Option<String>,
    /// Its folder on the remote; left out: what the remote says, else the agency's.
    #[serde(default)]
    pub folder: Option<String>,
    /// Patterns of its files; left out: what the contract says.
    #[serde(default)]
    pub files: Vec<String>,
    /// A database: file with the query that gives it. Its columns bear headings of the contract.
    #[serde(default)]
    pub query: Option<String>,
    /// Whether this pipeline may run without it; left out: what the contract says.
    #[serde(default)]
    pub completeness: Option<Completeness>,
    /// Towns without which it is incomplete, on the first night too; left out: what the contract says.
    #[serde(default)]
    pub towns: Vec<String>,
}

/// How persons are linked.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkTable {
    /// File with the table `[link]`: comparisons, blocking rules, thresholds.
    pub settings: String,
    /// File of the frozen model; left out: `models/<name>.toml` with the name that the settings give.
    #[serde(default)]
    pub model: Option<String>,
}

/// Which rules run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesTable {
    /// Folder of rules: `<rule>.sql` and `<rule>.cases.toml`.
    pub folder: String,
    /// Folder of views that rules read (`<view>.sql`); left out: `views`, when there is one.
    #[serde(default)]
    pub views: Option<String>,
    /// Folder of policies (`<policy>.sql`): what each of them means for each child; left out: none is judged.
    #[serde(default)]
    pub policies: Option<String>,
    /// Ids of the rules to run: file names without `.sql`.
    pub run: Vec<String>,
    /// What a rule newly finds waits, at most so many days, for a file that the rule also reads (`optional_reads`) and
    /// that did not come tonight though it came before: whom its rows would explain is else on the list. Urgent rules
    /// never wait; 0: none does.
    #[serde(default = "wait_days")]
    pub wait_days: u16,
    /// Local values of parameters, by rule id, policy id or view name and by parameter:
    /// `[rules.param.<rule>]` and below it `<parameter> = <value>`. Days are written in quotes.
    #[serde(default)]
    pub param: IndexMap<String, IndexMap<String, Value>>,
}

const fn wait_days() -> u16 {
    3
}

impl Default for RulesTable {
    fn default() -> Self {
        Self {
            folder: String::new(),
            views: None,
            policies: None,
            run: Vec::new(),
            wait_days: wait_days(),
            param: IndexMap::new(),
        }
    }
}

/// What officers receive.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportTable {
    /// Folder of list templates (`<list>.toml`).
    pub lists: String,
    /// Folder of ledgers (`<docket>.toml`); left out: there is none.
    #[serde(default)]
    pub dockets: Option<String>,
    /// Which days to answer count.
    #[serde(default)]
    pub due_in: DueIn,
    /// The Unix group that may read a recipient's lists, by the folder of its lists (an agency's id, `town-<town>`):
    /// a name of `/etc/group`, or a number. The account that runs must be in it. Left out: nobody but that account.
    #[serde(default)]
    pub groups: IndexMap<String, String>,
}

/// Which days to answer count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueIn {
    /// Every day.
    #[default]
    Days,
    /// Workdays of the table `calendar.csv`; of what is urgent every day.
    Workdays,
}

/// Who is told how the night went. Nothing here changes an answer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WatchTable {
    /// File of figures for Prometheus' node exporter (its textfile collector), replaced after every run.
    #[serde(default)]
    pub metrics: Option<String>,
    /// A collector of OpenTelemetry that gets a trace of every run: its stages, with counts.
    #[serde(default)]
    pub traces: Option<TracesTable>,
    /// Programs that are told.
    #[serde(default)]
    pub hook: Vec<HookTable>,
}

/// A collector that speaks OTLP over HTTP and takes JSON; `curl` carries it. One that is down fails no night.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TracesTable {
    /// Where it takes traces: `http://127.0.0.1:4318/v1/traces`.
    pub endpoint: String,
    /// File of further headers, one a line (`Authorization: …`); for its owner alone (mode 0600).
    #[serde(default)]
    pub headers: Option<String>,
    /// Seconds that it may take.
    #[serde(default = "traces_seconds")]
    #[schemars(range(min = 1, max = 600))]
    pub seconds: u32,
}

const fn traces_seconds() -> u32 {
    10
}

/// A program that is told how a night ended.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HookTable {
    /// At which ends.
    pub on: Vec<NightEnd>,
    /// The program and its arguments; no shell. It gets one JSON object on standard input: `end`,
    /// `exit_code`, `pipeline`, `run`, `as_of`, `at`, `message`, `unsent` (files), `overdue` (answers). No personal value is in it.
    pub command: Vec<String>,
    /// The longest it may take; then it is stopped.
    #[serde(default = "hook_seconds")]
    pub seconds: u32,
}

const fn hook_seconds() -> u32 {
    30
}

/// How a night can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NightEnd {
    /// Lists were published.
    Finished,
    /// Lists were published; a file did not reach its remote (`[send]`). Whoever is told of `finished` is told of this too.
    Unsent,
    /// Required data is missing or outside its tolerance; nothing was published.
    Held,
    /// Anything else; nothing was published.
    Failed,
    /// No end of its own: lists were published, and answers to earlier ones are overdue.
    Overdue,
}

impl NightEnd {
    /// Whether there are lists of this night.
    pub const fn published(self) -> bool {
        matches!(self, Self::Finished | Self::Unsent)
    }

    /// Whether somebody who wants to hear of `on` hears of this end, with so many answers overdue.
    pub fn is_told_to(self, on: &[Self], overdue: usize) -> bool {
        on.contains(&self)
            || self.published() && overdue > 0 && on.contains(&Self::Overdue)
            || self == Self::Unsent && on.contains(&Self::Finished)
    }
}

/// The settings of linkage, a file that several pipelines may share.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkFile {
    /// Comparisons, blocking rules, thresholds.
    pub link: link::Settings,
}

impl PipelineFile {
    /// What can still be read of a file with problems, so that the files it names are checked in the
    /// same go. What is missing or of another type stays empty; it has been told already.
    pub(crate) fn salvage(text: &str) -> Self {
        let whole: toml::Table = toml::from_str(text).unwrap_or_default();
        let empty = toml::Table::new();
        let part = |name: &str| whole.get(name).and_then(toml::Value::as_table).unwrap_or(&empty);
        let maybe = |table: &toml::Table, key: &str| table.get(key)?.as_str().map(str::to_owned);
        let word = |table: &toml::Table, key: &str| maybe(table, key).unwrap_or_default();
        let rules = part("rules");
        let run = rules.get("run").and_then(toml::Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let sources = part("source").iter().filter_map(|(extract, table)| {
            let table = table.as_table()?;
            let contract = maybe(table, "contract")?;
            let completeness = table.get("completeness").and_then(|word| word.clone().try_into().ok());
            let words =
                |key: &str| table.get(key).and_then(|list| list.clone().try_into().ok()).unwrap_or_default();
            let source = SourceTable {
                contract,
                remote: maybe(table, "remote"),
                folder: maybe(table, "folder"),
                files: words("files"),
                query: maybe(table, "query"),
                completeness,
                towns: words("towns"),
            };
            Some((extract.clone(), source))
        });
        let remotes = part("remote").iter();
        let remotes =
            remotes.filter_map(|(name, table)| Some((name.clone(), table.clone().try_into().ok()?)));
        let sends = part("send").iter();
        let sends = sends.filter_map(|(name, table)| Some((name.clone(), table.clone().try_into().ok()?)));
        Self {
            title: word(&whole, "title"),
            as_of: maybe(&whole, "as_of"),
            input: word(&whole, "input"),
            out: word(&whole, "out"),
            state: word(&whole, "state"),
            schemas: word(&whole, "schemas"),
            source: sources.collect(),
            arrival: part("arrival").clone().try_into().unwrap_or_default(),
            remote: remotes.collect(),
            send: sends.collect(),
            link: LinkTable { settings: word(part("link"), "settings"), model: maybe(part("link"), "model") },
            rules: RulesTable {
                folder: word(rules, "folder"),
                views: maybe(rules, "views"),
                policies: maybe(rules, "policies"),
                run: run.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect(),
                param: salvage_parameters(rules),
                ..RulesTable::default()
            },
            report: ReportTable {
                lists: word(part("report"), "lists"),
                dockets: maybe(part("report"), "dockets"),
                due_in: part("report")
                    .get("due_in")
                    .and_then(|word| word.clone().try_into().ok())
                    .unwrap_or_default(),
                groups: salvage_groups(part("report")),
            },
            watch: WatchTable {
                metrics: maybe(part("watch"), "metrics"),
                traces: part("watch").get("traces").and_then(|table| table.clone().try_into().ok()),
                hook: salvage_hooks(part("watch")),
            },
            limits: part("limits").clone().try_into().unwrap_or_default(),
            alarms: part("alarms").clone().try_into().unwrap_or_default(),
        }
    }
}

fn salvage_hooks(watch: &toml::Table) -> Vec<HookTable> {
    let hooks = watch.get("hook").and_then(toml::Value::as_array).into_iter().flatten();
    hooks.filter_map(|hook| hook.clone().try_into().ok()).collect()
}

fn salvage_groups(report: &toml::Table) -> IndexMap<String, String> {
    let groups = report.get("groups").and_then(toml::Value::as_table).into_iter().flatten();
    groups.filter_map(|(recipient, group)| Some((recipient.clone(), group.as_str()?.to_owned()))).collect()
}

fn salvage_parameters(rules: &toml::Table) -> IndexMap<String, IndexMap<String, Value>> {
    let owners = rules.get("param").and_then(toml::Value::as_table).into_iter().flatten();
    owners
        .filter_map(|(owner, values)| {
            let values = values.as_table()?.iter().filter_map(|(name, value)| {
                let value: Value = value.clone().try_into().ok()?;
                Some((name.clone(), value))
            });
            Some((owner.clone(), values.collect()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::toml_check::check_toml;

    const GOOD: &str = "title = \"t\"\nas_of = \"2026-11-20\"\ninput = \"i\"\nout = \"o\"\nstate = \"s\"\n\
        schemas = \"c\"\n[source.a]\ncontract = \"x/a\"\ncompleteness = \"present\"\ntowns = [\"甲镇\"]\n\
        remote = \"r\"\nfolder = \"f\"\nfiles = [\"a_*\"]\nquery = \"q.sql\"\n\
        [remote.r]\nkind = \"sftp\"\nat = \"sftp://h\"\npassword = { env = \"P\" }\n[link]\nsettings = \"l\"\nmodel = \"m\"\n\
        [rules]\nfolder = \"r\"\nviews = \"v\"\npolicies = \"p\"\nrun = [\"one\"]\n[rules.param.one]\ndays = 3\nkinds = [\"甲\"]\n\
        [report]\nlists = \"l\"\ndue_in = \"workdays\"\n[report.groups]\none = \"two\"\n[watch]\nmetrics = \"m.prom\"\n\
        [[watch.hook]]\non = [\"held\"]\ncommand = [\"tell\"]\n[limits]\njudge_seconds = 7\n[arrival]\nsettle_seconds = 9\n[alarms]\nnights_min = 5\n";

    #[test]
    fn a_right_file_loses_nothing_when_it_is_salvaged() {
        let read: PipelineFile = check_toml("p.toml", GOOD).unwrap();
        assert_eq!(read, PipelineFile::salvage(GOOD));
        assert_eq!(read.rules.param["one"]["days"], Value::Integer(3));
    }

    #[test]
    fn what_is_right_in_a_wrong_file_is_salvaged() {
        let wrong = GOOD.replace("title", "titel").replace("run = [\"one\"]", "run = [\"one\", 2]");
        assert!(check_toml::<PipelineFile>("p.toml", &wrong).is_err());
        let salvaged = PipelineFile::salvage(&wrong);
        assert_eq!((salvaged.title.as_str(), salvaged.schemas.as_str()), ("", "c"));
        assert_eq!(salvaged.rules.run, ["one"]);
        assert_eq!(PipelineFile::salvage("= no toml"), PipelineFile::default());
    }
}
