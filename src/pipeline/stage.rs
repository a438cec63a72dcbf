//! The eleven stages by name, and the one place where a run is watched.

use std::cell::RefCell;
use std::time::Instant;

use super::deadline::Deadline;

/// A stage of a run, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Deliveries are copied.
    Pull,
    /// Rows are checked against contracts.
    Validate,
    /// Rows become records and mentions.
    Standardise,
    /// Mentions become candidate pairs.
    Block,
    /// Pairs become patterns of levels.
    Compare,
    /// Patterns become m and u, or the frozen model is taken.
    Fit,
    /// Patterns become links and pairs for review.
    Score,
    /// Links become identities.
    Resolve,
    /// Identities and records become findings.
    Judge,
    /// Findings become cases.
    Record,
    /// Cases become lists.
    Publish,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 11] = [
        Self::Pull,
        Self::Validate,
        Self::Standardise,
        Self::Block,
        Self::Compare,
        Self::Fit,
        Self::Score,
        Self::Resolve,
        Self::Judge,
        Self::Record,
        Self::Publish,
    ];

    /// The stage's name in logs, manifests and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Validate => "validate",
            Self::Standardise => "standardise",
            Self::Block => "block",
            Self::Compare => "compare",
            Self::Fit => "fit",
            Self::Score => "score",
            Self::Resolve => "resolve",
            Self::Judge => "judge",
            Self::Record => "record",
            Self::Publish => "publish",
        }
    }
}

/// What a run tells while it works. Nothing it is told is personal.
pub trait Progress: Sync {
    /// A stage begins.
    fn started(&self, stage: Stage);
    /// A stage ended after so many seconds.
    fn finished(&self, stage: Stage, seconds: f64);
}

/// Tells nobody.
pub struct Silent;

impl Progress for Silent {
    fn started(&self, _: Stage) {}
    fn finished(&self, _: Stage, _: f64) {}
}

/// What one stage cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) stage: Stage,
    /// Wall seconds.
    pub(super) seconds: f64,
    /// Memory of the process when the stage ended, in MiB; `None` where the system does not tell.
    pub(super) resident: Option<u64>,
}

/// Watches the stages of one run: span, progress, wall time and its limit, memory.
pub(super) struct Watch<'a> {
    progress: &'a dyn Progress,
    deadline: &'a Deadline,
    /// In the order they ran.
    costs: RefCell<Vec<Cost>>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(progress: &'a dyn Progress, deadline: &'a Deadline) -> Self {
        Self { progress, deadline, costs: RefCell::default() }
    }

    /// Runs one stage.
    pub(super) fn stage<T>(&self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let _span = tracing::info_span!("stage", name = stage.word()).entered();
        self.progress.started(stage);
        // A duration, not a time of day: it goes into the manifest's timings and nowhere else.
        let begun = Instant::now();
        self.deadline.begin(stage);
        let result = work();
        self.deadline.end();
        let seconds = begun.elapsed().as_secs_f64();
        let resident = memory("VmRSS:");
        self.progress.finished(stage, seconds);
        tracing::info!(stage = stage.word(), seconds, resident, peak = memory("VmHWM:"), "stage finished");
        self.costs.borrow_mut().push(Cost { stage, seconds, resident });
        result
    }

    /// What the stages that have ended cost.
    pub(super) fn costs(&self) -> Vec<Cost> {
        self.costs.borrow().clone()
    }
}

/// A line of the kernel's account of this process, in MiB: `VmRSS:` now, `VmHWM:` the most so far.
pub(super) fn memory(line: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|text| text.strip_prefix(line))?.trim().strip_suffix(" kB")?;
    Some(kib.parse::<u64>().ok()? / 1024)
}
