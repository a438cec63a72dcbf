//! How long what is kept: one row for each class of data that a pipeline leaves behind.
//!
//! The days are the client's to set; those that are not confirmed yet say so. What is append-only (the register of
//! handovers, the log of access) is never deleted and takes no days; of events what they say is taken out.

use super::rows::TableText;
use crate::diag::Diagnostic;

/// A class of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DataClass {
    /// Copies of deliveries inside runs and in the inbox, and rows of them that were held back.
    Deliveries,
    /// Records, mentions, links, identities and what else the stages leave inside runs.
    Records,
    /// Whole runs, with their lists and reports.
    Runs,
    /// Registers of identities that no coming night starts from.
    Registers,
    /// What the events of cases say that are over; that they happened stays.
    Events,
    /// The register of what was handed over.
    Handovers,
    /// The log of who looked at values in full.
    Access,
}

impl DataClass {
    /// All, in the order of the table.
    pub const ALL: [Self; 7] = [
        Self::Deliveries,
        Self::Records,
        Self::Runs,
        Self::Registers,
        Self::Events,
        Self::Handovers,
        Self::Access,
    ];

    /// The word in the table and in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deliveries => "deliveries",
            Self::Records => "records",
            Self::Runs => "runs",
            Self::Registers => "registers",
            Self::Events => "events",
            Self::Handovers => "handovers",
            Self::Access => "access",
        }
    }

    /// Whether nothing of it is ever deleted.
    pub const fn is_append_only(self) -> bool {
        matches!(self, Self::Handovers | Self::Access)
    }
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retained {
    /// Which data.
    pub class: DataClass,
    /// Name for people.
    pub title: String,
    /// Days that it is kept after the day of its run, or of the last event of its case; `None`: it stays.
    pub days: Option<u32>,
    /// Whether the client has confirmed it.
    pub confirmed: bool,
    /// What people should know of it.
    pub note: String,
}

/// All classes, in the order of [`DataClass::ALL`].
#[derive(Clone, Debug, Default)]
pub struct Retention {
    /// Its rows.
    pub rows: Vec<Retained>,
}

impl Retention {
    pub(super) fn load(table: TableText<'_>, problems: &mut Vec<Diagnostic>) -> (Self, u64) {
        let mut rows: Vec<Retained> = Vec::new();
        let header = ["class", "title", "days", "status", "note"];
        let count = table.csv(&header, problems, |cells| {
            let class = DataClass::ALL.into_iter().find(|class| class.word() == cells[0]);
            let class = class.ok_or_else(|| {
                let known = DataClass::ALL.map(DataClass::word);
                format!("no class `{}`; the classes are {}", cells[0], known.join(", "))
            })?;
            if rows.iter().any(|row| row.class == class) {
                return Err(format!("class {} stands twice", cells[0]));
            }
            let days = match (cells[2], class.is_append_only()) {
                ("", _) => None,
                (_, true) => return Err(format!("{} is append-only: leave the days empty", cells[0])),
                (days, false) => match days.parse() {
                    Ok(days) if days > 0 => Some(days),
                    _ => return Err(format!("`{days}` is no number of days")),
                },
            };
            let confirmed = match cells[3] {
                "confirmed" => true,
                "to_confirm" => false,
                other => return Err(format!("status `{other}` is neither `confirmed` nor `to_confirm`")),
            };
            let (title, note) = (cells[1].to_owned(), cells[4].to_owned());
            rows.push(Retained { class, title, days, confirmed, note });
            Ok(())
        });
        rows.sort_by_key(|row| row.class);
        (Self { rows }, count)
    }

    /// The row of a class; a class that the table lacks is kept.
    pub fn row(&self, class: DataClass) -> Option<&Retained> {
        self.rows.iter().find(|row| row.class == class)
    }

    /// Days that a class is kept; `None`: it stays.
    pub fn days(&self, class: DataClass) -> Option<u32> {
        self.row(class).and_then(|row| row.days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> (Retention, Vec<u32>) {
        let mut problems = Vec::new();
        let text = format!("class,title,days,status,note\n{text}");
        let (table, _) = Retention::load(TableText { file: "t.csv", text: &text }, &mut problems);
        (table, problems.iter().map(|problem| problem.spot.line).collect())
    }

    #[test]
    fn a_class_that_is_not_in_the_table_is_kept_and_what_is_append_only_takes_no_days() {
        let (table, faults) =
            load("records,a,90,to_confirm,\ndeliveries,b,30,confirmed,\nevents,c,1095,confirmed,\n");
        assert_eq!(faults, Vec::<u32>::new());
        let classes: Vec<DataClass> = table.rows.iter().map(|row| row.class).collect();
        assert_eq!(classes, [DataClass::Deliveries, DataClass::Records, DataClass::Events]);
        assert_eq!(table.days(DataClass::Deliveries), Some(30));
        assert_eq!((table.days(DataClass::Events), table.days(DataClass::Runs)), (Some(1095), None));
        let wrong = "runs,a,0,to_confirm,\nrun,a,1,to_confirm,\naccess,a,180,to_confirm,\nrecords,a,1,maybe,\n\
                     records,a,1,to_confirm,\nrecords,a,2,to_confirm,\n";
        assert_eq!(load(wrong).1, [2, 3, 4, 5, 7]);
    }
}
