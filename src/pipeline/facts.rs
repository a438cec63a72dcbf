//! What later stages and lists need to know of deliveries and rules.

use serde::{Deserialize, Serialize};

use super::output::Night;
use crate::contract::is_usable;
use crate::diag::Diagnostic;
use crate::domain::{CheckedExtract, Day, KeptRows, Place};
use crate::ledger::{Delivery, Handover, Release};
use crate::report::{
    DocketFacts, ExtractFacts, PolicyFacts, Published, PublishedFile, ReleaseFacts, RuleFacts,
};
use crate::spec::Plan;
use crate::standard::{StandardCounts, Standardised};

/// What came, as the report, the manifest and tomorrow's tolerance tell it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Delivered {
    /// One for each source of the plan.
    pub(super) extracts: Vec<ExtractFacts>,
    /// What is said about files that belong to no extract.
    pub(super) strays: Vec<Diagnostic>,
    /// What is said about cells.
    pub(super) cells: Vec<Diagnostic>,
    /// Rows in and out of standardise.
    pub(super) counts: Vec<StandardCounts>,
    /// Accepted deliveries.
    pub(super) deliveries: Vec<Delivery>,
}

impl Delivered {
    pub(super) fn new(plan: &Plan, checked: &[CheckedExtract], strays: Vec<Diagnostic>) -> Self {
        let extracts = checked.iter().map(|extract| facts(plan, extract)).collect();
        let accepted = checked.iter().filter(|extract| is_usable(&extract.state));
        let deliveries = accepted
            .map(|extract| Delivery {
                extract: extract.extract.clone(),
                as_of: extract.as_of,
                rows: extract.files.iter().map(|file| file.rows_accepted).sum(),
                town_counts: extract.town_counts.clone(),
                files: extract.files.iter().map(|file| (file.name.clone(), file.sha256.clone())).collect(),
            })
            .collect();
        Self { extracts, strays, cells: Vec::new(), counts: Vec::new(), deliveries }
    }

    /// Adds what standardise found.
    ///
    /// # Panics
    /// When rows were lost on the way, which would be a bug.
    pub(super) fn add(&mut self, standard: &Standardised) {
        for ((facts, counts), set) in self.extracts.iter_mut().zip(&standard.counts).zip(&standard.records) {
            assert_eq!(facts.id, counts.extract, "extracts keep their order");
            assert_eq!(counts.rows, counts.records + counts.quarantined, "no row of {} is lost", facts.id);
            facts.records = counts.records;
            facts.state.clone_from(&set.state);
            let own = standard.quarantine.iter().filter(|(extract, _)| *extract == facts.id);
            facts.quarantined.extend(own.map(|(_, row)| row.clone()));
        }
        self.cells.clone_from(&standard.problems);
        self.counts.clone_from(&standard.counts);
    }
}

fn facts(plan: &Plan, extract: &CheckedExtract) -> ExtractFacts {
    let source = plan.sources.iter().find(|source| source.extract == extract.extract);
    ExtractFacts {
        id: extract.extract.clone(),
        title: extract.contract.title.clone(),
        agency: source.map_or_else(String::new, |source| source.folder.clone()),
        owner: extract.contract.owner.clone(),
        as_of: extract.as_of,
        state: extract.state.clone(),
        completeness: extract.contract.completeness,
        files: extract.files.clone(),
        records: 0,
        quarantined: extract.quarantine.clone(),
        headings: extract.contract.field.values().map(|field| field.headers[0].clone()).collect(),
        problems: extract.problems.clone(),
    }
}

/// What the report says of a released night.
pub(super) fn release(plan: &Plan, release: &Release) -> ReleaseFacts {
    let contract = plan.contracts.get(&release.extract);
    ReleaseFacts {
        title: contract.map_or_else(|| release.extract.clone(), |contract| contract.title.clone()),
        by: release.by.clone(),
        reason: release.reason.clone(),
        held: release.held.clone(),
    }
}

/// What the lists of a day need to know of the plan's rules.
pub(super) fn rules(plan: &Plan, day: Day) -> Vec<RuleFacts> {
    plan.book.rules.iter().map(|rule| plan.rule_facts(rule, day)).collect()
}

/// What the register is told of each file that is laid out for a recipient.
pub(super) fn handed_over(night: &Night<'_>, lists: &Published) -> Vec<Handover> {
    let line = |file: &PublishedFile| Handover {
        run_id: night.run_id.to_owned(),
        as_of: night.env.as_of,
        committed: night.env.now.clone(),
        recipient: file.recipient.clone(),
        receiver: file.receiver.clone(),
        purpose: file.purpose.clone(),
        path: file.path.clone(),
        rows: file.rows,
        approval: file.approval.clone(),
        sha256: file.sha256.clone(),
        sm3: file.sm3.clone(),
        basis: file.basis.join("；"),
    };
    lists.files.iter().map(line).collect()
}

/// What the sheets need to know of the plan's policies, in their order.
pub(super) fn policies(plan: &Plan, day: Day) -> Vec<PolicyFacts> {
    let mut policies: Vec<&crate::rule::Policy> = plan.book.policies.iter().collect();
    policies.sort_by_key(|policy| (policy.header.order, &policy.id));
    let facts = |policy: &crate::rule::Policy| PolicyFacts {
        id: policy.id.clone(),
        title: policy.header.title.clone(),
        class: policy.header.class.clone(),
        basis: plan.citations(&policy.header.basis, day),
    };
    policies.into_iter().map(facts).collect()
}

/// The plan's ledgers with what their views gave.
pub(super) fn dockets<'a>(plan: &'a Plan, kept: &'a [KeptRows], day: Day) -> Vec<DocketFacts<'a>> {
    let facts = plan.desk.dockets.iter().filter_map(|docket| {
        let template = &docket.template;
        let rows = kept.iter().find(|kept| kept.view == template.view)?;
        Some(DocketFacts { template, basis: plan.citations(&template.basis, day), rows })
    });
    facts.collect()
}

/// Names of town and village, where known.
pub(super) fn place_names(plan: &Plan, place: Place) -> (Option<String>, Option<String>) {
    let gazetteer = &plan.tables.gazetteer;
    let town = (place.town != 0).then(|| gazetteer.town_name(place.town).to_owned());
    let village = (place.village != 0).then(|| gazetteer.village_name(place.village).to_owned());
    (town, village)
}
