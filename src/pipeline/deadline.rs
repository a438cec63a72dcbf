//! A stage that takes longer than it may ends the night.
//!
//! A query at work in the engine, a pass over pairs on all cores, a call to a server that answers a byte a minute: none
//! of them can be stopped from outside without a look at a flag in every inner loop, and the one that hangs is the one
//! that does not look. So a thread beside the night watches the time and calls whoever started the run, and the program
//! then ends as a whole. That is safe, because a night may be killed at any instant: the locks are the operating
//! system's and end with the process, the folder of the run has no name, and the next night clears it away. A caller
//! that goes on living instead gets the same error from [`Deadline::kept`] before anything is committed.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::RunError;
use super::stage::Stage;
use crate::spec::LimitsTable;

/// The limits of one night, and how it stands with them.
pub(super) struct Deadline {
    limits: LimitsTable,
    standing: Mutex<Standing>,
    changed: Condvar,
}

#[derive(Clone, Copy)]
enum Standing {
    /// No stage is at work.
    Between,
    /// A stage is at work and has to end by then.
    Until(Stage, Instant),
    /// A stage took too long.
    Over(Stage),
    /// The night has ended.
    Ended,
}

impl Deadline {
    pub(super) fn new(limits: LimitsTable) -> Self {
        Self { limits, standing: Mutex::new(Standing::Between), changed: Condvar::new() }
    }

    /// Does the night's work, watched: `overdue` is called from another thread when a stage takes too long.
    pub(super) fn watched<T>(&self, overdue: &(dyn Fn(RunError) + Sync), work: impl FnOnce() -> T) -> T {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                if let Some(stage) = self.wait() {
                    overdue(self.error(stage));
                }
            });
            let _ends = Ends(self);
            work()
        })
    }

    /// A stage begins.
    pub(super) fn begin(&self, stage: Stage) {
        // A span of time: nothing follows from it but that a night ends.
        let until = Instant::now() + Duration::from_secs(u64::from(self.seconds(stage)));
        self.change(Standing::Until(stage, until));
    }

    /// The stage at work ended.
    pub(super) fn end(&self) {
        self.change(Standing::Between);
    }

    /// Whether every stage kept its limit, asked before anything is committed.
    pub(super) fn kept(&self) -> Result<(), RunError> {
        match *self.look() {
            Standing::Over(stage) => Err(self.error(stage)),
            _ => Ok(()),
        }
    }

    /// Waits for the end of the night, or for a stage that takes too long.
    fn wait(&self) -> Option<Stage> {
        let mut standing = self.look();
        loop {
            standing = match *standing {
                Standing::Ended => return None,
                Standing::Over(stage) => return Some(stage),
                Standing::Between => self.changed.wait(standing).unwrap_or_else(PoisonError::into_inner),
                Standing::Until(stage, until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        *standing = Standing::Over(stage);
                        continue;
                    }
                    self.changed.wait_timeout(standing, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// What is over stays over.
    fn change(&self, next: Standing) {
        let mut standing = self.look();
        if !matches!(*standing, Standing::Over(_)) {
            *standing = next;
        }
        self.changed.notify_all();
    }

    fn look(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(&self, stage: Stage) -> RunError {
        RunError::Overdue { stage: stage.word(), seconds: self.seconds(stage) }
    }

    const fn seconds(&self, stage: Stage) -> u32 {
        let limits = &self.limits;
        match stage {
            Stage::Pull => limits.pull_seconds,
            Stage::Validate => limits.validate_seconds,
            Stage::Standardise => limits.standardise_seconds,
            Stage::Block => limits.block_seconds,
            Stage::Compare => limits.compare_seconds,
            Stage::Fit => limits.fit_seconds,
            Stage::Score => limits.score_seconds,
            Stage::Resolve => limits.resolve_seconds,
            Stage::Judge => limits.judge_seconds,
            Stage::Record => limits.record_seconds,
            Stage::Publish => limits.publish_seconds,
        }
    }
}

/// Lets the watching thread go, also when the night ends by a panic.
struct Ends<'a>(&'a Deadline);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.change(Standing::Ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    fn with_judge(seconds: u32) -> Deadline {
        Deadline::new(LimitsTable { judge_seconds: seconds, ..LimitsTable::default() })
    }

    #[test]
    fn a_stage_over_its_limit_is_told_while_it_works_and_keeps_the_night_from_its_commit() {
        let deadline = with_judge(1);
        let (told, hears) = channel();
        let told = Mutex::new(told);
        let overdue = |error: RunError| told.lock().unwrap().send(error.to_string()).unwrap();
        let kept = deadline.watched(&overdue, || {
            deadline.begin(Stage::Block);
            deadline.end();
            deadline.begin(Stage::Judge);
            // The stage hangs until somebody has heard of it.
            let heard = hears.recv_timeout(Duration::from_mins(1)).unwrap();
            assert!(
                heard.contains("judge") && heard.contains("1 s") && heard.contains("judge_seconds"),
                "{heard}"
            );
            deadline.end();
            deadline.begin(Stage::Record);
            deadline.end();
            deadline.kept()
        });
        assert!(matches!(kept, Err(RunError::Overdue { stage: "judge", seconds: 1 })));
    }

    #[test]
    fn stages_within_their_limits_are_left_alone() {
        let deadline = with_judge(3600);
        let kept = deadline.watched(&|error| panic!("{error}"), || {
            for stage in Stage::ALL {
                deadline.begin(stage);
                deadline.end();
            }
            deadline.kept()
        });
        assert!(kept.is_ok());
    }

    #[test]
    fn a_night_that_panics_lets_the_watching_thread_go() {
        let deadline = with_judge(3600);
        let night = || deadline.watched(&|_| {}, || panic!("on purpose, in a test"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(night)).is_err());
    }
}
