//! Stage publish: artifacts of all stages, rows held back, lists and report, into the run's folder.

use std::fs;
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt32Type};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::facts::{self, Delivered};
use super::manifest::Counts;
use super::{Env, RunError, checkpoint};
use crate::diag::{Diagnostic, Level};
use crate::domain::{
    Evidence, Finding, Identity, IdentityEvent, IdentityId, Mention, MentionRef, MentionSet, Place,
    PulledExtract, RecordSet, Resolution,
};
use crate::ledger::{Reconciled, Release};
use crate::link::{LinkModel, Linked};
use crate::report::artifacts::{self, RowIndex};
use crate::report::{
    self, Compared, IdentityFigures, Missed, NightBefore, NightFacts, Person, PolicyFacts, PublishInput,
    Published, ReleaseFacts, RowPlace, RuleFacts, RulePrecision,
};
use crate::rule::Judged;
use crate::spec::Plan;

/// Everything a night found.
pub(super) struct Night<'a> {
    pub(super) plan: &'a Plan,
    pub(super) env: &'a Env<'a>,
    pub(super) run_id: &'a str,
    /// Digest of all that records and mentions follow from.
    pub(super) data_key: &'a str,
    pub(super) pulled: &'a [PulledExtract],
    pub(super) delivered: &'a Delivered,
    pub(super) released: &'a [Release],
    pub(super) rules: Vec<RuleFacts>,
    pub(super) policies: Vec<PolicyFacts>,
    pub(super) records: &'a [RecordSet],
    pub(super) mentions: &'a MentionSet,
    pub(super) linked: &'a Linked<'a>,
    pub(super) model: &'a LinkModel,
    pub(super) resolution: &'a Resolution,
    pub(super) judged: &'a Judged,
    pub(super) recorded: &'a Reconciled,
    /// The night before, and what came on the nights before.
    pub(super) before: Option<&'a NightBefore>,
    pub(super) nights: &'a [NightFacts],
    /// What of tonight is counted, and how it compares with those nights.
    pub(super) counts: &'a Counts,
    pub(super) compared: &'a Compared,
    /// How often the rules are right and what the lists miss, by the answers so far.
    pub(super) precision: &'a (Vec<RulePrecision>, Vec<Missed>),
    /// Roles whose rows do not fit the model any more.
    pub(super) drifted: &'a [Diagnostic],
}

impl Night<'_> {
    fn place(&self, place: Place) -> (String, String) {
        let (town, village) = facts::place_names(self.plan, place);
        (town.unwrap_or_default(), village.unwrap_or_default())
    }

    /// Identities, merges and splits in numbers.
    pub(super) fn identity_figures(&self) -> IdentityFigures {
        let events = &self.resolution.events;
        let merged = events.iter().filter(|event| matches!(event, IdentityEvent::Merged { .. })).count();
        IdentityFigures {
            count: self.resolution.identities.len() as u64,
            merged: merged as u64,
            split: (events.len() - merged) as u64,
        }
    }

    /// The person of a case. The identity of an older case may have ended in a merge or split since;
    /// then it is whoever stands in the subject's row tonight.
    fn person(&self, finding: &Finding, rows: &Places<'_>) -> Person {
        let all = &self.resolution.identities;
        let find = |id: IdentityId| all.binary_search_by_key(&id, |identity: &Identity| identity.id).ok();
        let of_row = || {
            let (extract, row_key) = (finding.subject_extract.as_str(), finding.subject_row_key.as_str());
            find(self.identity_of_row(rows.get(&(extract, row_key))?, extract, &finding.subject_role)?)
        };
        let known = find(finding.identity).or_else(of_row);
        known.map_or_else(Person::default, |at| Person::of_identity(&all[at], |place| self.place(place)))
    }

    /// Whoever an identity of tonight is.
    fn identity(&self, id: IdentityId) -> Person {
        let all = &self.resolution.identities;
        let found = all.binary_search_by_key(&id, |identity: &Identity| identity.id);
        found
            .map_or_else(|_| Person::default(), |at| Person::of_identity(&all[at], |place| self.place(place)))
    }

    /// A person as one row names it.
    fn mention(&self, (extract, row_key, role): &MentionRef, rows: &Places<'_>) -> Option<Person> {
        let row = rows.get(&(extract.as_str(), row_key.as_str()))?;
        let mention = &self.mentions.mentions[self.mention_of_row(row, extract, role)?];
        let (town, village) = self.place(mention.place);
        let name = self.mentions.names.get(mention.name);
        Some(Person {
            name: name.map_or_else(String::new, |name| name.display.to_string()),
            sex: mention.sex,
            birth: mention.birth,
            resident_id: mention.id,
            place: mention.place,
            town,
            village,
        })
    }

    fn identity_of_row(&self, row: &Row, extract: &str, role: &str) -> Option<IdentityId> {
        Some(self.resolution.identity[self.mention_of_row(row, extract, role)?])
    }

    fn mention_of_row(&self, row: &Row, extract: &str, role: &str) -> Option<usize> {
        let at = self.records.iter().position(|set| set.extract == extract)?;
        let role = self.records[at].contract.mention.iter().position(|spec| spec.role == role)?;
        let place = (u16::try_from(at).ok()?, row.record, u8::try_from(role).ok()?);
        let all = &self.mentions.mentions;
        all.binary_search_by_key(&place, |m: &Mention| (m.extract, m.row, m.role)).ok()
    }
}

/// Where a row stands, for people and among the records.
struct Row {
    place: RowPlace,
    record: u32,
}

/// Rows by extract and row key.
type Places<'a> = FxHashMap<(&'a str, &'a str), Row>;

/// Writes everything below `folder` and says which files are lists.
pub(super) fn publish(night: &Night<'_>, folder: &Path) -> Result<Published, RunError> {
    write_artifacts(night, &folder.join("artifacts"))?;
    write_quarantine(night, &folder.join("quarantine"))?;
    let key = (night.env.as_of, night.data_key);
    checkpoint::write(folder, key, night.pulled, night.delivered, night.mentions)?;
    let places = places(night);
    let person = |finding: &Finding| night.person(finding, &places);
    let place = |evidence: &Evidence| {
        Some(places.get(&(evidence.extract.as_str(), evidence.row_key.as_str()))?.place.clone())
    };
    let identity = |id: IdentityId| night.identity(id);
    let mention = |at: &MentionRef| night.mention(at, &places);
    let facts = [
        ("模型".to_owned(), night.model.name.clone()),
        ("配置摘要".to_owned(), night.plan.hash[..16].to_owned()),
        ("程序版本".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let released: Vec<ReleaseFacts> =
        night.released.iter().map(|release| facts::release(night.plan, release)).collect();
    let dockets = facts::dockets(night.plan, &night.judged.kept, night.env.as_of);
    let (desk, said) = night.plan.desk.on(night.env.as_of);
    for told in said.iter().filter(|told| told.level == Level::Warning) {
        tracing::warn!(code = told.code, at = %told.spot, "{}", told.message);
    }
    let input = PublishInput {
        released: &released,
        desk: &desk,
        run_id: night.run_id,
        as_of: night.env.as_of,
        title: &night.plan.title,
        facts: &facts,
        rules: &night.rules,
        outcomes: &night.judged.outcomes,
        cases: &night.recorded.cases,
        past: &night.recorded.past,
        before: night.before,
        nights: night.nights,
        compared: night.compared,
        precision: night.precision,
        policies: &night.policies,
        matches: &night.judged.policies,
        dockets: &dockets,
        extracts: &night.delivered.extracts,
        link: &night.linked.summary,
        identities: night.identity_figures(),
        person: &person,
        place: &place,
        identity: &identity,
        mention: &mention,
    };
    let mut published = report::publish(&input, folder)?;
    published.problems.extend(said);
    Ok(published)
}

fn write_artifacts(night: &Night<'_>, folder: &Path) -> Result<(), RunError> {
    let records = folder.join("records");
    fs::create_dir_all(&records).map_err(RunError::io("create", &records))?;
    night.records.par_iter().with_max_len(1).try_for_each(|set| {
        artifacts::records(&records.join(format!("{}.parquet", set.extract)), set).map(drop)
    })?;
    let index = RowIndex::new(night.records, night.mentions)?;
    artifacts::mentions(&folder.join("mentions.parquet"), &index, night.resolution)?;
    artifacts::links(&folder.join("links.parquet"), &index, &night.linked.links)?;
    artifacts::review_pairs(&folder.join("review_pairs.parquet"), &index, &night.linked.review)?;
    artifacts::candidates(&folder.join("candidates.parquet"), &index, &night.linked.candidates)?;
    artifacts::lookups(&folder.join("lookups.parquet"), &index, &night.linked.lookups)?;
    let place = |place: Place| night.place(place);
    artifacts::identities(&folder.join("identities.parquet"), &night.resolution.identities, &place)?;
    artifacts::near_misses(&folder.join("near_misses.parquet"), &index, &night.judged.near_misses)?;
    artifacts::findings(&folder.join("findings.parquet"), &night.judged.findings)?;
    artifacts::cases(&folder.join("cases.parquet"), &night.recorded.cases)?;
    artifacts::policy_match(&folder.join("policy_match.parquet"), &night.judged.policies, &night.policies)?;
    Ok(())
}

fn write_quarantine(night: &Night<'_>, folder: &Path) -> Result<(), RunError> {
    fs::create_dir_all(folder).map_err(RunError::io("create", folder))?;
    for extract in night.delivered.extracts.iter().filter(|extract| !extract.quarantined.is_empty()) {
        artifacts::quarantine(
            &folder.join(format!("{}.csv", extract.id)),
            &extract.headings,
            &extract.quarantined,
        )?;
    }
    Ok(())
}

/// Where the rows stand that cases rest on.
fn places<'a>(night: &'a Night<'_>) -> Places<'a> {
    let mut wanted: FxHashMap<&str, FxHashSet<&str>> = FxHashMap::default();
    for evidence in night.recorded.cases.iter().flat_map(|case| case.finding.evidence()) {
        wanted.entry(&evidence.extract).or_default().insert(&evidence.row_key);
    }
    let mut places = FxHashMap::default();
    for set in night.records {
        let Some((extract, wanted)) = wanted.get_key_value(set.extract.as_str()) else { continue };
        let text = |name: &str| {
            let column = set.batch.column_by_name(name)?;
            Some(cast(column, &DataType::Utf8).ok()?.as_string::<i32>().clone())
        };
        let row = set.batch.column_by_name("row").and_then(|row| row.as_primitive_opt::<UInt32Type>());
        let (Some(keys), Some(file), Some(sheet), Some(row)) =
            (text("row_key"), text("file"), text("sheet"), row)
        else {
            continue;
        };
        for at in 0..keys.len() {
            if let Some(&key) = wanted.get(keys.value(at)) {
                let place = RowPlace {
                    file: file.value(at).to_owned(),
                    sheet: if sheet.is_null(at) { String::new() } else { sheet.value(at).to_owned() },
                    row: row.value(at),
                };
                places.insert((*extract, key), Row { place, record: u32::try_from(at).unwrap_or(u32::MAX) });
            }
        }
    }
    places
}
