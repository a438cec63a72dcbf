//! When an answer is due: which days count is the pipeline's to say.

use crate::domain::{Day, Severity};
use crate::tables::Calendar;

/// How days to answer are counted.
#[derive(Clone, Debug, Default)]
pub enum Due {
    /// Every day counts.
    #[default]
    Days,
    /// Workdays of the calendar count; of what is urgent every day does, for a child in danger has no weekend.
    Workdays(Calendar),
}

impl Due {
    /// The last day to answer what was listed on a day.
    pub fn on(&self, listed: Day, days: u32, severity: Severity) -> Day {
        match self {
            Self::Workdays(calendar) if severity != Severity::Urgent => calendar.workdays_after(listed, days),
            _ => listed.plus_days(i32::try_from(days).unwrap_or(i32::MAX / 2)),
        }
    }

    /// The same in words, e.g. `10 个工作日内`.
    pub fn words(&self, days: u32, severity: Severity) -> String {
        match self {
            Self::Workdays(_) if severity != Severity::Urgent => format!("{days} 个工作日内"),
            _ => format!("{days} 日内"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workdays_count_where_the_pipeline_says_so_and_never_for_what_is_urgent() {
        let workdays = Due::Workdays(crate::tables::Tables::load(None).unwrap().calendar);
        let friday = Day::parse_iso("2026-11-20").unwrap();
        let due = |due: &Due, severity| due.on(friday, 10, severity).iso();
        assert_eq!(due(&Due::Days, Severity::High), "2026-11-30");
        assert_eq!(due(&workdays, Severity::High), "2026-12-04");
        assert_eq!(due(&workdays, Severity::Urgent), "2026-11-30");
        assert_eq!(workdays.on(friday, 1, Severity::Info).iso(), "2026-11-23");
        assert_eq!(workdays.words(10, Severity::High), "10 个工作日内");
        assert_eq!(
            (workdays.words(1, Severity::Urgent), Due::Days.words(3, Severity::Info)),
            ("1 日内".into(), "3 日内".into())
        );
    }
}
