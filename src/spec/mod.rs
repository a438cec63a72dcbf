//! F5: from what users write (TOML, SQL headers) to a checked plan.
//!
//! In: the path of a pipeline file. Out: an immutable [`Plan`] with the digest of all that it rests on,
//! or *every* problem of every file, each with its place. No lower floor sees TOML, and nothing here
//! knows what an agency, an extract or a rule is about.

pub mod toml_check;

mod alarms;
mod arrival;
mod cases;
mod compile;
mod contract_check;
mod fingerprint;
mod limits;
mod linkage;
mod linking;
mod mention_check;
mod place;
mod plan;
mod raw;
mod read;
mod remotes;
mod rulebook;
mod schemas;
mod sends;

pub use alarms::AlarmsTable;
pub use arrival::ArrivalTable;
pub use cases::{RuleTest, test_rules};
pub use compile::{compile, compile_on, watchers};
pub use limits::LimitsTable;
pub use linking::{
    BlockTable, ClusterKind, ColumnKind, ColumnTable, ComparisonTable, FitTable, FittedOn, FrequencySpec,
    FrequencyTable, LevelTable, LinkKind, LinkingFile, LinkingPlan, LinkingTable, MeasureWord,
    ModelComparison, ModelLevel, PairTable, Purpose, RowsWord, TableModel, TableSource, TrainedOn,
    WriteFormat, compile_linking,
};
pub use plan::{Plan, Traces, Watch};
pub use raw::{
    DueIn, HookTable, LinkFile, LinkTable, NightEnd, PipelineFile, ReportTable, RulesTable, SourceTable,
    TracesTable, WatchTable,
};
pub use read::contracts_of;
pub use remotes::{RemoteTable, SecretTable, ZipTable};
pub use sends::{Send, SendTable};
