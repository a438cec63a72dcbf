//! The clock of the machine, for those who wait.

use std::time::{Duration, Instant};

use crate::source::remote::Clock;

/// The real clock. What the lists say never follows from it.
pub(super) struct Wall {
    begun: Instant,
    epoch: i64,
}

impl Wall {
    /// A clock that starts now; `epoch` is now in seconds since 1970.
    pub(super) fn new(epoch: i64) -> Self {
        Self { begun: Instant::now(), epoch }
    }
}

impl Clock for Wall {
    fn seconds(&self) -> u64 {
        self.begun.elapsed().as_secs()
    }

    fn epoch(&self) -> u64 {
        self.epoch.unsigned_abs() + self.seconds()
    }

    fn sleep(&self, seconds: u64) {
        std::thread::sleep(Duration::from_secs(seconds));
    }
}
