//! The plan: what a pipeline file says, read, resolved and checked. Immutable; nothing below `spec`
//! sees TOML.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::alarms::AlarmsTable;
use super::limits::LimitsTable;
use super::raw::HookTable;
use super::sends::Send;
use crate::domain::{Case, CaseStatus, Contract, Day};
use crate::link;
use crate::report::{Desk, RuleFacts};
use crate::rule::{Book, LegalBasis, Rule};
use crate::source::remote::{Remote, Secret};
use crate::source::{Arrival, SourceSpec};
use crate::tables::Tables;

/// Everything a run needs to know.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The pipeline file, as given.
    pub file: PathBuf,
    /// Title for people.
    pub title: String,
    /// Day the lists speak about; `None`: the day of the run.
    pub as_of: Option<Day>,
    /// Folder of deliveries.
    pub input: PathBuf,
    /// Folder of runs.
    pub out: PathBuf,
    /// Folder of the ledger and the registers.
    pub state: PathBuf,
    /// What to pull, in the order of the pipeline file.
    pub sources: Vec<SourceSpec>,
    /// How long what is put into the input folder may take to become whole.
    pub arrival: Arrival,
    /// Where deliveries are pulled from, by name.
    pub remotes: BTreeMap<String, Remote>,
    /// Copies of ledgers that are sent to remotes after the night.
    pub sends: Vec<Send>,
    /// Every contract of the schema folder, by extract id: rules may name extracts that are not pulled.
    pub contracts: BTreeMap<String, Arc<Contract>>,
    /// Look-ups.
    pub tables: Tables,
    /// How persons are compared.
    pub link: link::Settings,
    /// The frozen model.
    pub model: link::LinkModel,
    /// Rules, views and their parameters.
    pub book: Book,
    /// How many days what a rule newly finds waits for a file that it also reads.
    pub wait_days: u16,
    /// Ids of all rules in the folder, those that the pipeline does not run among them, sorted.
    pub rule_files: Vec<String>,
    /// Legal basis by key.
    pub basis: BTreeMap<String, LegalBasis>,
    /// List templates, recipients, disclosure.
    pub desk: Desk,
    /// The Unix group that may read a recipient's lists, by the folder of its lists.
    pub groups: BTreeMap<String, String>,
    /// How long each stage may take.
    pub limits: LimitsTable,
    /// When a night is told to be unlike those before it.
    pub alarms: AlarmsTable,
    /// Who is told how the night went.
    pub watch: Watch,
    /// Digest of everything above that can change an answer (file contents, not paths), lower-case hex.
    pub hash: String,
    /// Digest of contracts and tables: with the deliveries, all that records and mentions follow from.
    pub data_hash: String,
}

impl Plan {
    /// Takes all deliveries from one folder as they lie there, whatever remotes the pipeline names; nothing is sent to them either.
    pub fn deliver_from(&mut self, input: &Path) {
        input.clone_into(&mut self.input);
        self.arrival = Arrival::default();
        for source in &mut self.sources {
            source.origin = None;
        }
        self.sends.clear();
    }

    /// What lists and notices of a day need to know of a rule.
    pub fn rule_facts(&self, rule: &Rule, day: Day) -> RuleFacts {
        let header = &rule.header;
        // Who may not know of a source may not read from the sentence that somebody is in it.
        let classes = header.reads.iter().filter_map(|extract| self.desk.disclosure.source_class(extract));
        let mut discloses: Vec<String> = classes.map(str::to_owned).collect();
        discloses.sort();
        discloses.dedup();
        RuleFacts {
            id: rule.id.clone(),
            title: header.title.clone(),
            list: header.list.clone(),
            severity: header.severity,
            recipients: header.recipients.clone(),
            due_days: header.due_days,
            basis: self.citations(&header.basis, day),
            verify: header.verify.clone(),
            discloses,
        }
    }

    /// The file of the ledger.
    pub fn ledger(&self) -> PathBuf {
        self.state.join("ledger.sqlite")
    }

    /// The last day to answer what a rule listed on a day.
    pub fn due(&self, rule: &Rule, listed: Day) -> Day {
        self.desk.due.on(listed, rule.header.due_days, rule.header.severity)
    }

    /// By when the next thing has to come that was asked about what a rule listed on a day.
    pub fn next_due(&self, rule: &Rule, listed: Day, acknowledged: bool) -> Day {
        let due = self.due(rule, listed);
        let template = self.desk.template(&rule.header.list);
        template.map_or(due, |template| template.next_due(due, listed, acknowledged))
    }

    /// Whether the answer to a case, or the word that it was received, was due before a day and has not come.
    pub fn is_overdue(&self, case: &Case, day: Day) -> bool {
        let late = |rule: &Rule| self.next_due(rule, case.listed_on, case.is_acknowledged()) < day;
        case.phase.asks()
            && case.status != CaseStatus::Withdrawn
            && self.book.rule(&case.finding.rule).is_some_and(late)
    }

    /// Legal bases as lists and notices of a day print them.
    pub fn citations(&self, keys: &[String], day: Day) -> Vec<String> {
        keys.iter().filter_map(|key| self.basis.get(key)).map(|basis| basis.cited_on(day)).collect()
    }

    /// Variables of the environment from which remotes take secrets, sorted, each once.
    pub fn variables(&self) -> Vec<String> {
        let passwords = |remote: &Remote| {
            let zip = remote.archives.as_ref().and_then(|archives| archives.password.clone());
            [remote.password.clone(), zip].into_iter().flatten()
        };
        let named = self.remotes.values().flat_map(passwords).filter_map(|secret| match secret {
            Secret::Environment(name) => Some(name),
            Secret::File(_) => None,
        });
        named.collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// Where copies of what is pulled from remotes are kept.
    pub fn inbox(&self) -> PathBuf {
        self.state.join("inbox")
    }
}

/// Who is told how the night went.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// File of figures for Prometheus' node exporter.
    pub metrics: Option<PathBuf>,
    /// The collector that gets a trace of the night.
    pub traces: Option<Traces>,
    /// Programs that are told.
    pub hooks: Vec<HookTable>,
}

/// A collector of traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traces {
    /// Its address.
    pub endpoint: String,
    /// File of further headers, its owner's alone.
    pub headers: Option<PathBuf>,
    /// Seconds that it may take.
    pub seconds: u32,
}
