//! Everything a rule may see, and how rows of different extracts hang together.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;

use crate::domain::{Contract, Day, ExtractState, MentionSet, OpenClue, Place, RecordSet, Resolution};
use crate::engine::{Engine, EngineError, SchoolAges};
use crate::tables::Calendar;

/// Names of a place: town and village, `None` where unknown.
pub type PlaceNames<'a> = dyn Fn(Place) -> (Option<String>, Option<String>) + Sync + 'a;

/// What the rules look at.
pub struct World<'a> {
    /// Records; mentions name them by index.
    pub records: &'a [RecordSet],
    /// Every contract that rules may name, by extract id; one without records is a missing extract.
    pub contracts: &'a BTreeMap<String, Arc<Contract>>,
    /// Mentions, ordered by extract, row and role.
    pub mentions: &'a MentionSet,
    /// Identities of the mentions.
    pub resolution: &'a Resolution,
    /// Decision tables by name.
    pub decisions: &'a BTreeMap<String, RecordBatch>,
    /// Names of the gazetteer's places.
    pub place_names: &'a PlaceNames<'a>,
    /// Holidays, workdays, school terms.
    pub calendar: &'a Calendar,
    /// Clues of earlier nights that wait for an answer.
    pub clues: &'a [OpenClue],
    /// The day the lists speak about.
    pub as_of: Day,
}

impl<'a> World<'a> {
    /// Index and records of an extract, when it came.
    pub fn extract(&self, id: &str) -> Option<(u16, &'a RecordSet)> {
        let index = self.records.iter().position(|set| set.extract == id)?;
        Some((u16::try_from(index).ok()?, &self.records[index]))
    }

    /// State of an extract; one without records is missing.
    pub fn state(&self, id: &str) -> &'a ExtractState {
        self.extract(id).map_or(&ExtractState::Missing, |(_, set)| &set.state)
    }

    /// The contract of an extract.
    pub fn contract(&self, id: &str) -> Option<&'a Arc<Contract>> {
        self.extract(id).map(|(_, set)| &set.contract).or_else(|| self.contracts.get(id))
    }

    /// A session for the rules of this world, with its school ages.
    ///
    /// # Errors
    /// When the table of school ages has other columns, or the operating system gives no threads.
    pub(super) fn engine(&self, threads: usize) -> Result<Engine, EngineError> {
        let ages = self.decisions.get("compulsory_ages").map(SchoolAges::of_table).transpose()?;
        Engine::with_ages(threads, &ages.unwrap_or_default())
    }

    /// Position of a role in an extract's contract.
    pub fn role(&self, extract: &str, role: &str) -> Option<u8> {
        let position = self.contract(extract)?.mention.iter().position(|spec| spec.role == role)?;
        u8::try_from(position).ok()
    }

    /// Indices of the mentions of one row.
    pub fn mentions_of_row(&self, extract: u16, row: u32) -> Range<usize> {
        let all = &self.mentions.mentions;
        let start = all.partition_point(|mention| (mention.extract, mention.row) < (extract, row));
        let length = all[start..].iter().take_while(|m| (m.extract, m.row) == (extract, row)).count();
        start..start + length
    }

    /// Index of the mention of one role in one row.
    pub fn mention(&self, extract: u16, row: u32, role: u8) -> Option<usize> {
        self.mentions_of_row(extract, row).find(|&index| self.mentions.mentions[index].role == role)
    }
}
