//! F6: one night. The eleven stages, the run's folder, the lock, the commit, the manifest.
//!
//! A run is complete or invisible: everything is written aside, the ledger commits, then the folder
//! gets its name. The only clock is the injected one, and nothing is computed from it.

mod error;
mod facts;
mod folder;
mod lock;
mod look;
mod manifest;
mod output;
mod stage;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::contract::{self, LastDelivery, Limits, ValidateContext};
use crate::domain::{
    CheckedExtract, Completeness, Day, ExtractState, Judgement, PulledExtract, RecordSet, RuleOutcome, hex,
};
use crate::ledger::{Delivery, Ledger, Night, Reconciled, RuleRun, RunFacts};
use crate::link::{self, Linkage};
use crate::resolve::{self, Register};
use crate::rule::{self, World};
use crate::spec::Plan;
use crate::{source, standard};

pub use error::RunError;
pub use look::{Fate, Leftover, at_work, latest, leftovers};
pub use stage::{Progress, Silent, Stage};

use facts::Delivered;
use folder::RunFolder;
use lock::Lock;
use stage::Watch;

/// What a run is told beside its plan.
pub struct Env<'a> {
    /// Day the lists speak about.
    pub as_of: Day,
    /// The instant of the run as text, for lock, ledger and manifest; nothing is computed from it.
    pub now: String,
    /// Who runs, for the lock, e.g. a process number.
    pub owner: String,
    /// Worker threads.
    pub threads: usize,
    /// How persons are linked.
    pub linkage: Linkage,
    /// Plan only: nothing is written that stays.
    pub dry_run: bool,
    /// Who watches.
    pub progress: &'a dyn Progress,
}

/// What a run did.
pub struct RunSummary {
    /// Run id.
    pub run_id: String,
    /// Its folder; `None` after a dry run.
    pub folder: Option<PathBuf>,
    /// How each rule did.
    pub outcomes: Vec<RuleOutcome>,
    /// Cases, new and old, as the ledger has them now.
    pub recorded: Reconciled,
}

/// Runs one compiled plan.
///
/// # Errors
/// When nothing could be published; last night's lists stand.
pub fn run(plan: &Plan, env: &Env<'_>) -> Result<RunSummary, RunError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(env.threads).build();
    let failed = |error: rayon::ThreadPoolBuildError| RunError::Threads {
        threads: env.threads,
        message: error.to_string(),
    };
    pool.map_err(failed)?.install(|| night(plan, env))
}

/// The eleven stages.
fn night(plan: &Plan, env: &Env<'_>) -> Result<RunSummary, RunError> {
    let mut run = Run::begin(plan, env)?;

    // 1 pull: deliveries -> immutable copies, each with its digest.
    let (extracts, strays) = run.watch.stage(Stage::Pull, || run.folder.pull(plan))?;
    let run_id = run.id(&extracts);

    // 2 validate: extract + contract -> rows as text, quarantine, and what there is to say.
    let checked = run.watch.stage(Stage::Validate, || validate(plan, env.as_of, &extracts, &run.last))?;
    let mut delivered = Delivered::new(plan, &checked, strays);

    // 3 standardise: rows -> typed records and mentions.
    let standard =
        run.watch.stage(Stage::Standardise, || standard::standardise(checked, &plan.tables, env.as_of));
    delivered.add(&standard);
    let (records, mentions) = (standard.records, standard.mentions);

    // 4 block: sure passes, then who could be whom.
    let prepared =
        link::Prepared::new(&mentions, &records, &plan.tables, &plan.link).map_err(RunError::Link)?;
    let pairs = run.watch.stage(Stage::Block, || link::block(&prepared, &run.judgements, env.linkage));

    // 5 compare: candidate pairs -> patterns of levels, lazily.
    let vectors = run.watch.stage(Stage::Compare, || link::compare(pairs));

    // 6 fit: m and u from patterns, or the frozen model.
    let model = run.watch.stage(Stage::Fit, || link::fit(&vectors, &plan.model));

    // 7 score: patterns -> links and pairs for review.
    let linked = run.watch.stage(Stage::Score, || link::score(vectors, &model));

    // 8 resolve: links -> identities with ids that last.
    let (resolution, register) = run.watch.stage(Stage::Resolve, || {
        resolve::resolve(&mentions, &records, &linked.links, &plan.tables, &run.register)
    });

    // 9 judge: rules in SQL -> findings, each with its evidence.
    let names = |place| facts::place_names(plan, place);
    let world = World {
        records: &records,
        contracts: &plan.contracts,
        mentions: &mentions,
        resolution: &resolution,
        decisions: &plan.tables.decisions,
        place_names: &names,
        as_of: env.as_of,
    };
    let judged = run.watch.stage(Stage::Judge, || rule::judge(&plan.book, &world, &linked, env.threads))?;

    // 10 record: findings against the ledger -> new, kept, changed, withdrawn cases.
    let recorded = run.watch.stage(Stage::Record, || run.reconcile(plan, &run_id, &judged, &records))?;

    // 11 publish: cases -> lists, report, artifacts; then everything appears at once.
    let night = output::Night {
        plan,
        env,
        run_id: &run_id,
        delivered: &delivered,
        records: &records,
        mentions: &mentions,
        linked: &linked,
        model: &model,
        resolution: &resolution,
        judged: &judged,
        recorded: &recorded,
    };
    let lists = run.watch.stage(Stage::Publish, || output::publish(&night, &run.folder.path))?;
    run.commit(&night, &lists, &register)?;
    let folder = (!env.dry_run).then(|| plan.out.join(&run_id));
    Ok(RunSummary { run_id, folder, outcomes: judged.outcomes, recorded })
}

/// A run at work.
struct Run<'a> {
    plan: &'a Plan,
    env: &'a Env<'a>,
    _lock: Lock,
    ledger: Ledger,
    folder: RunFolder,
    watch: Watch<'a>,
    /// Last accepted deliveries.
    last: BTreeMap<String, Delivery>,
    judgements: Vec<Judgement>,
    /// Last night's register, and its digest.
    register: Register,
    starts_from: String,
}

impl<'a> Run<'a> {
    fn begin(plan: &'a Plan, env: &'a Env<'a>) -> Result<Self, RunError> {
        if !plan.input.is_dir() {
            return Err(RunError::Input { path: plan.input.clone() });
        }
        fs::create_dir_all(&plan.state).map_err(RunError::io("create", &plan.state))?;
        let lock = Lock::take(&plan.state, &format!("{} since {}", env.owner, env.now))?;
        let path = plan.state.join("ledger.sqlite");
        let ledger = if env.dry_run { Ledger::open_for_planning(&path)? } else { Ledger::open(&path)? };
        let folder = RunFolder::begin(&plan.out, |run_id| ledger.has_run(run_id).unwrap_or(false))?;
        let last_run = ledger.last_run(Some(env.as_of))?;
        let starts_from = last_run.map_or_else(String::new, |run| run.facts.register);
        let register = match starts_from.as_str() {
            "" => Register::default(),
            digest => Register::read(&plan.state.join("register"), digest)?,
        };
        let last = ledger.deliveries_before(env.as_of)?;
        let judgements = ledger.judgements()?;
        let watch = Watch::new(env.progress);
        Ok(Self { plan, env, _lock: lock, ledger, folder, watch, last, judgements, register, starts_from })
    }

    /// The run's id: the same plan, inputs and start give the same one, so a repeated night replaces
    /// itself and nothing else.
    fn id(&self, extracts: &[PulledExtract]) -> String {
        let mut digest = Sha256::new();
        for part in [&self.plan.hash, self.env.linkage.word(), &self.starts_from] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        for file in extracts.iter().flat_map(|extract| &extract.files) {
            digest.update(file.name.as_bytes());
            digest.update(file.sha256.as_bytes());
        }
        let digest = hex(&digest.finalize());
        format!("{}-{}", self.env.as_of.iso().replace('-', ""), &digest[..8])
    }

    fn reconcile(
        &self,
        plan: &Plan,
        run_id: &str,
        judged: &rule::Judged,
        records: &[RecordSet],
    ) -> Result<Reconciled, RunError> {
        let complete = |extract: &String| {
            records.iter().any(|set| set.extract == *extract && set.state == ExtractState::Complete)
        };
        let ran = judged.outcomes.iter().filter(|outcome| outcome.not_run.is_none());
        let rules = ran
            .filter_map(|outcome| {
                let rule = plan.book.rules.iter().find(|rule| rule.id == outcome.rule)?;
                let whole = rule.header.reads.iter().all(complete);
                Some((rule.id.clone(), if whole { RuleRun::Complete } else { RuleRun::Partial }))
            })
            .collect();
        let night = Night { run_id, as_of: self.env.as_of, rules: &rules };
        Ok(self.ledger.reconcile(&night, &judged.findings)?)
    }

    /// Register, manifest, ledger, folder: in this order, so that a kill between any two is repaired
    /// by the next run.
    fn commit(
        &mut self,
        night: &output::Night<'_>,
        lists: &crate::report::Published,
        register: &Register,
    ) -> Result<(), RunError> {
        if self.env.dry_run {
            return self.folder.discard();
        }
        let digest = register.write(&self.plan.state.join("register"))?;
        manifest::write(night, lists, &digest, &self.watch.seconds(), &self.folder.path)?;
        self.folder.ready(night.run_id)?;
        let facts =
            RunFacts { plan_hash: self.plan.hash.clone(), register: digest, committed: self.env.now.clone() };
        self.ledger.commit(night.recorded, &facts, &night.delivered.deliveries)?;
        self.folder.show(night.run_id)
    }
}

impl RunFolder {
    fn pull(&self, plan: &Plan) -> Result<(Vec<PulledExtract>, Vec<crate::diag::Diagnostic>), RunError> {
        let pulled = self.path.join("pulled");
        fs::create_dir(&pulled).map_err(RunError::io("create", &pulled))?;
        Ok(source::pull(&plan.input, &plan.sources, &pulled))
    }
}

/// Reads and checks all extracts; holds the run when one that it cannot do without is not whole.
fn validate(
    plan: &Plan,
    as_of: Day,
    extracts: &[PulledExtract],
    last: &BTreeMap<String, Delivery>,
) -> Result<Vec<CheckedExtract>, RunError> {
    let label = |text: &str| {
        let (_, town) = plan.tables.gazetteer.town_at(text)?;
        Some(plan.tables.gazetteer.town_name(town).to_owned())
    };
    let checked: Vec<CheckedExtract> = extracts
        .iter()
        .map(|extract| {
            let last_accepted = last.get(&extract.extract).map(|delivery| LastDelivery {
                rows: delivery.rows,
                town_counts: delivery.town_counts.clone(),
                sha256s: delivery.files.iter().map(|(_, sha256)| sha256.clone()).collect(),
                as_of: delivery.as_of,
            });
            let context =
                ValidateContext { as_of, last_accepted, limits: Limits::default(), town_label: Some(&label) };
            contract::validate(extract, &context)
        })
        .collect();
    let reasons: Vec<String> = checked.iter().filter_map(held).collect();
    if reasons.is_empty() { Ok(checked) } else { Err(RunError::Held { reasons }) }
}

/// Why an extract holds the run.
fn held(extract: &CheckedExtract) -> Option<String> {
    if extract.contract.completeness != Completeness::Required {
        return None;
    }
    let title = format!("{}《{}》", extract.extract, extract.contract.title);
    match &extract.state {
        ExtractState::Complete => None,
        ExtractState::Missing => Some(format!("{title} did not come")),
        ExtractState::Refused(reasons) => Some(format!("{title} was refused: {}", reasons.join("，"))),
        ExtractState::Incomplete(reasons) => Some(format!("{title} is incomplete: {}", reasons.join("，"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_have_names_of_their_own_in_the_order_of_the_run() {
        let mut words: Vec<&str> = Stage::ALL.iter().map(|stage| stage.word()).collect();
        assert_eq!(words.len(), 11);
        assert!(Stage::ALL.is_sorted());
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), 11);
    }
}
