//! The stages up to standardise once more, over the run's own copies of the deliveries.

use super::ExplainError;
use super::people::Named;
use super::run::FinishedRun;
use crate::contract::{self, Limits, ValidateContext};
use crate::domain::{Judgement, MentionSet, RecordSet};
use crate::ledger::Ledger;
use crate::report::artifacts::RowIndex;
use crate::spec::Plan;
use crate::standard;

/// Records and mentions as the run had them.
pub(super) struct Rebuilt {
    pub(super) records: Vec<RecordSet>,
    pub(super) mentions: MentionSet,
    pub(super) judgements: Vec<Judgement>,
}

impl Rebuilt {
    /// Reads the copies again. Rows are accepted or held back by the contract alone, so what the last
    /// delivery was does not matter here.
    pub(super) fn of(plan: &Plan, run: &FinishedRun) -> Result<Self, ExplainError> {
        let context = ValidateContext {
            as_of: run.as_of,
            last_accepted: None,
            limits: Limits::default(),
            town_label: None,
        };
        let pulled = run.pulled(plan);
        for file in pulled.iter().flat_map(|extract| &extract.files) {
            std::fs::File::open(&file.path).map_err(ExplainError::read(&file.path))?;
        }
        let checked = pulled.iter().map(|extract| contract::validate(extract, &context)).collect();
        let standard = standard::standardise(checked, &plan.tables, run.as_of);
        let judgements = Ledger::open_for_planning(&plan.ledger())?.judgements()?;
        Ok(Self { records: standard.records, mentions: standard.mentions, judgements })
    }

    /// The mention of a name.
    pub(super) fn at(&self, index: &RowIndex<'_>, named: &Named) -> Result<u32, ExplainError> {
        let wanted = (named.extract.as_str(), named.row_key.as_str(), named.role.as_str());
        let count = u32::try_from(self.mentions.mentions.len()).unwrap_or(u32::MAX);
        (0..count).find(|&at| index.name(at) == wanted).ok_or_else(|| {
            let remedy = "the pipeline, its contracts or its tables have changed since; run the night again";
            ExplainError::Changed(remedy.to_owned())
        })
    }
}
