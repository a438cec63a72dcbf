//! F6: one night. The eleven stages, the run's folder, the lock, the commit, the manifest.
//!
//! A run is complete or invisible: everything is written aside, the ledger commits, then the folder
//! gets its name. The only clock is the injected one, and nothing is computed from it.

mod alarm;
mod checkpoint;
mod deadline;
mod doctor;
mod drift;
mod error;
mod facts;
mod folder;
mod groups;
mod history;
mod intake;
mod listed;
mod lock;
mod look;
mod manifest;
mod mention_store;
mod output;
mod refuted;
mod sending;
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::contract::is_usable;
use crate::diag::{Diagnostic, did_you_mean};
use crate::domain::{
    Day, Judgement, KnownBefore, MentionSet, OpenClue, Phase, PulledExtract, RecordSet, RuleOutcome,
    Severity, Verdict,
};
use crate::ledger::{CaseRecord, Delivery, Ledger, Night, Reconciled, Release, RuleRun, RunFacts};
use crate::link::{self, Linkage};
use crate::report::{self, Compared, Published, PublishedFile, RuleFacts};
use crate::resolve::{self, Register, Tonight};
use crate::rule::{self, World};
use crate::source::remote::Clock;
use crate::spec::Plan;

pub use doctor::{Consultation, Health, Symptom, examine};
pub use error::RunError;
pub use folder::Ready;
pub use listed::listed_cases;
pub use look::{Fate, Leftover, at_work, latest, leftovers};
pub use sending::{Dispatch, Fate as SendFate, LaidOut, Sent, send, standing};
pub use stage::{Progress, Silent, Stage};

use checkpoint::Base;
use deadline::Deadline;
use folder::RunFolder;
use groups::Groups;
use lock::Lock;
use refuted::Unrefuted;
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
    /// Where to begin with what the last run left: its copies of the deliveries, and after standardise
    /// also its records and mentions. `None` pulls.
    pub from: Option<Stage>,
    /// The account that runs it, for the log of access.
    pub account: String,
    /// Plan only: nothing is written that stays.
    pub dry_run: bool,
    /// Extracts that must not hold the night.
    pub accepted: Vec<Acceptance>,
    /// The clock by which remotes are waited for.
    pub clock: &'a dyn Clock,
    /// Who watches.
    pub progress: &'a dyn Progress,
    /// Called from another thread when a stage takes longer than it may. The program ends there; whoever goes on gets
    /// the same error from [`run`] when the stage has ended.
    pub overdue: &'a (dyn Fn(RunError) + Sync),
}

/// That somebody takes it on themselves that a night goes on although an extract would hold it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Acceptance {
    /// The extract.
    pub extract: String,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
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
    /// Roles whose rows do not fit the model any more.
    pub drifted: Vec<Diagnostic>,
    /// Files that were laid out for recipients, or would be.
    pub files: Vec<PublishedFile>,
    /// What became of the copies that go to remotes.
    pub sent: Vec<Sent>,
    /// Cases whose answer was due before the night's day.
    pub overdue: usize,
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
    let pool = pool.map_err(failed)?;
    let deadline = Deadline::new(plan.limits);
    deadline.watched(env.overdue, || pool.install(|| night(plan, env, &deadline)))
}

/// The eleven stages.
fn night(plan: &Plan, env: &Env<'_>, deadline: &Deadline) -> Result<RunSummary, RunError> {
    let mut run = Run::begin(plan, env, deadline)?;

    // 1 pull: deliveries -> immutable copies, each with its digest.
    let (extracts, strays) = run.watch.stage(Stage::Pull, || run.pull())?;
    let (run_id, data_key) = (run.id(&extracts), run.data_key(&extracts));

    // 2 validate: extract + contract -> rows as text, quarantine, and what there is to say.
    let checked = run.watch.stage(Stage::Validate, || run.validate(&extracts))?;

    // 3 standardise: rows -> typed records and mentions.
    let intake::Typed { delivered, records, mentions, released } =
        run.watch.stage(Stage::Standardise, || run.standardise(checked, strays, &data_key))?;

    // 4 block: sure passes, then who could be whom.
    let prepared = prepared(plan, &mentions, &records)?;
    let gaps = run.gaps(&records);
    let rows = Tonight { mentions: &mentions, records: &records, keys: prepared.keys(), gaps: &gaps };
    let pairs = run.watch.stage(Stage::Block, || {
        let remembered = &run.register.remembered(&rows);
        link::block(&prepared, KnownBefore { judgements: &run.judgements, remembered }, env.linkage)
    });

    // 5 compare: candidate pairs -> patterns of levels, lazily.
    let vectors = run.watch.stage(Stage::Compare, || link::compare(pairs));

    // 6 fit: m and u from patterns, or the frozen model.
    let model = run.watch.stage(Stage::Fit, || link::fit(&vectors, &plan.model));

    // 7 score: patterns -> links and pairs for review.
    let linked = run.watch.stage(Stage::Score, || link::score(vectors, &model));
    let drifted = drift::look(plan.link.drift, &linked.summary)?;

    // 8 resolve: links -> identities with ids that last.
    let resolved = || resolve::resolve(&rows, (&linked.links, linked.disputed()), &run.register);
    let (resolution, register) = run.watch.stage(Stage::Resolve, resolved);

    // 9 judge: rules in SQL -> findings, each with its evidence.
    let world = World {
        records: &records,
        contracts: &plan.contracts,
        mentions: &mentions,
        resolution: &resolution,
        decisions: &plan.tables.decisions,
        place_names: &|place| facts::place_names(plan, place),
        calendar: &plan.tables.calendar,
        clues: &run.open_clues()?,
        as_of: env.as_of,
    };
    let finder = Unrefuted::new(&linked, &run.judgements, &records, &mentions, &resolution);
    let judge = || rule::judge(&plan.book, &world, &finder, env.threads);
    let mut judged = run.watch.stage(Stage::Judge, judge)?;

    // 10 record: findings against the ledger -> new, kept, changed, withdrawn cases.
    let record = || run.reconcile(&run_id, &mut judged, (&world, &gaps), &released);
    let recorded = run.watch.stage(Stage::Record, record)?;

    // 11 publish: cases -> lists, report, artifacts; then everything appears at once.
    let (before, nights, past) = history::look(&run.ledger, &plan.out, env.as_of)?;
    let rules = facts::rules(plan, env.as_of);
    let counts = manifest::Counts::of(&delivered, &records, &resolution, &judged.outcomes);
    let compared = run.compare(&counts, &past, &rules)?;
    let precision = report::precision(&listed_cases(&recorded.after(), &plan.book));
    let night = output::Night {
        plan,
        env,
        run_id: &run_id,
        data_key: &data_key,
        pulled: &extracts,
        delivered: &delivered,
        released: &released,
        rules,
        policies: facts::policies(plan, env.as_of),
        records: &records,
        mentions: &mentions,
        linked: &linked,
        model: &model,
        resolution: &resolution,
        judged: &judged,
        recorded: &recorded,
        before: before.as_ref(),
        nights: &nights,
        counts: &counts,
        compared: &compared,
        precision: &precision,
        drifted: &drifted,
    };
    let lists = run.watch.stage(Stage::Publish, || output::publish(&night, &run.folder.path))?;
    deadline.kept()?;
    run.commit(&night, &lists, &register)?;
    let (sent, folder) = (run.send(&run_id), run.place(&run_id));
    let (outcomes, files, overdue) = (judged.outcomes, lists.files, run.overdue(&recorded));
    Ok(RunSummary { run_id, folder, outcomes, recorded, drifted, files, sent, overdue })
}

fn prepared<'p>(
    plan: &'p Plan,
    mentions: &'p MentionSet,
    records: &'p [RecordSet],
) -> Result<link::Prepared<'p>, RunError> {
    link::Prepared::new(mentions, records, &plan.tables, &plan.link).map_err(RunError::Link)
}

/// A run at work.
struct Run<'a> {
    plan: &'a Plan,
    env: &'a Env<'a>,
    _locks: [Lock; 2],
    ledger: Ledger,
    folder: RunFolder,
    /// Who may read which lists.
    groups: Groups,
    /// The run to go on from.
    base: Option<Base>,
    watch: Watch<'a>,
    /// The run of the night before.
    before: Option<String>,
    /// Last accepted deliveries.
    last: BTreeMap<String, Delivery>,
    judgements: Vec<Judgement>,
    /// Last night's register, and its digest.
    register: Register,
    starts_from: String,
}

impl<'a> Run<'a> {
    fn begin(plan: &'a Plan, env: &'a Env<'a>, deadline: &'a Deadline) -> Result<Self, RunError> {
        let named = |acceptance: &Acceptance| plan.sources.iter().any(|it| it.extract == acceptance.extract);
        if let Some(stranger) = env.accepted.iter().find(|acceptance| !named(acceptance)) {
            let near = did_you_mean(&stranger.extract, plan.sources.iter().map(|it| it.extract.as_str()));
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let why = format!("no source of the pipeline has this name{near}");
            return Err(RunError::Accept { extract: stranger.extract.clone(), why });
        }
        let delivered = plan.sources.iter().any(|source| source.origin.is_none());
        if delivered && env.from.is_none_or(|stage| stage == Stage::Pull) && !plan.input.is_dir() {
            return Err(RunError::Input { path: plan.input.clone() });
        }
        folder::create(&plan.state)?;
        folder::create(&plan.out)?;
        // Two pipelines may share either folder, so both are locked, in one order.
        let owner = format!("{} since {}", env.owner, env.now);
        let locks = [Lock::take(&plan.state, "lock", &owner)?, Lock::take(&plan.out, ".lock", &owner)?];
        let path = plan.ledger();
        let ledger = if env.dry_run { Ledger::open_for_planning(&path)? } else { Ledger::open(&path)? };
        refuse_the_past(&ledger, env.as_of)?;
        let groups = Groups::of(plan)?;
        groups.try_on(&plan.state)?;
        if !env.dry_run {
            groups::close(&plan.state)?;
        }
        let folder = if env.dry_run {
            RunFolder::aside(&plan.out)?
        } else {
            RunFolder::begin(&plan.out, &plan.state, |ready| ledger.has_commit(&ready.run_id, ready.commit))?
        };
        let base = env.from.filter(|stage| *stage > Stage::Pull);
        let base = base.map(|from| Base::find(&plan.out, from)).transpose()?;
        let last_run = ledger.last_run(Some(env.as_of))?;
        let before = last_run.as_ref().map(|run| run.run_id.clone());
        let starts_from = last_run.map_or_else(String::new, |run| run.facts.register);
        let register = match starts_from.as_str() {
            "" => Register::default(),
            digest => Register::read(&plan.state.join("register"), digest)?,
        };
        let last = ledger.deliveries_before(env.as_of)?;
        let judgements = ledger.judgements()?;
        let watch = Watch::new(env.progress, deadline);
        Ok(Self {
            plan,
            env,
            _locks: locks,
            ledger,
            folder,
            groups,
            base,
            watch,
            before,
            last,
            judgements,
            register,
            starts_from,
        })
    }

    /// The run's id: a digest of all that the night's answer follows from, so that a repeated night
    /// replaces itself and nothing else.
    fn id(&self, extracts: &[PulledExtract]) -> String {
        let mut key = intake::Key::default();
        key.add(&[env!("CARGO_PKG_VERSION"), &self.plan.hash, self.env.linkage.word(), &self.starts_from]);
        key.files(extracts);
        for judgement in &self.judgements {
            for (extract, row_key, role) in [&judgement.left, &judgement.right] {
                key.add(&[extract, row_key, role]);
            }
            key.add(&[if judgement.verdict == Verdict::Same { "same" } else { "not same" }]);
        }
        key.deliveries(&self.last);
        for acceptance in &self.env.accepted {
            key.add(&[&acceptance.extract, &acceptance.by, &acceptance.reason]);
        }
        let digest = key.finish();
        format!("{}-{}", self.env.as_of.iso().replace('-', ""), &digest[..8])
    }

    /// Extracts whose rows may be missing tonight though they are not gone.
    fn gaps(&self, records: &[RecordSet]) -> BTreeSet<String> {
        let gaps = records.iter().filter(|set| {
            let came = self.last.contains_key(&set.extract);
            !intake::is_whole(Some(&set.state), true, came)
        });
        gaps.map(|set| set.extract.clone()).collect()
    }

    /// Clues that nobody has answered yet, by number. What this day's run has ended was open before it: a night that
    /// is run once more sees the same.
    fn open_clues(&self) -> Result<Vec<OpenClue>, RunError> {
        let today = self.env.as_of;
        let open = |case: &CaseRecord| {
            let ended_today = match case.phase {
                Phase::Withdrawn => case.withdrawn.as_ref().is_some_and(|(day, _)| *day == today),
                _ => false,
            };
            ended_today || case.phase.asks()
        };
        let state = self.ledger.state()?;
        let mut clues: Vec<OpenClue> = state
            .cases
            .values()
            .filter(|case| case.listed_on < today && open(case))
            .filter_map(|case| {
                let (rule, finding) = (self.plan.book.rule(case.rule())?, case.finding()?);
                let subject = (finding.subject_extract, finding.subject_row_key, finding.subject_role);
                let (number, list) = (case.number.clone(), rule.header.list.clone());
                Some(OpenClue {
                    number,
                    rule: rule.id.clone(),
                    list,
                    subject,
                    due: self.plan.due(rule, case.listed_on),
                })
            })
            .collect();
        clues.sort_by(|a, b| a.number.cmp(&b.number));
        Ok(clues)
    }

    fn reconcile(
        &self,
        run_id: &str,
        judged: &mut rule::Judged,
        (world, gaps): (&World<'_>, &BTreeSet<String>),
        released: &[Release],
    ) -> Result<Reconciled, RunError> {
        let records = world.records;
        let state = |extract: &str| records.iter().find(|set| set.extract == extract).map(|set| &set.state);
        let whole = |extract: &String, optional: bool| {
            intake::is_whole(state(extract), optional, self.last.contains_key(extract))
        };
        let awaited = self.awaited(records)?;
        let ran = judged.outcomes.iter().filter(|outcome| outcome.not_run.is_none());
        let rules = ran
            .filter_map(|outcome| {
                let rule = self.plan.book.rule(&outcome.rule)?;
                let header = &rule.header;
                let run = if header.severity != Severity::Urgent
                    && header.optional_reads.iter().any(|extract| awaited.contains(extract))
                {
                    RuleRun::Waiting
                } else if header.reads.iter().all(|extract| whole(extract, false))
                    && header.optional_reads.iter().all(|extract| whole(extract, true))
                {
                    RuleRun::Complete
                } else {
                    RuleRun::Partial
                };
                Some((rule.id.clone(), run))
            })
            .collect();
        let contracts = self.plan.contracts.iter();
        let titles = contracts.map(|(extract, contract)| (extract.clone(), contract.title.clone())).collect();
        let night = Night {
            run_id,
            as_of: self.env.as_of,
            rules: &rules,
            gaps,
            editions: &self.plan.book.editions(),
            titles: &titles,
        };
        let mut recorded = self.ledger.reconcile(&night, &judged.findings)?;
        recorded.release(released);
        for outcome in &mut judged.outcomes {
            outcome.waiting = recorded.waiting.get(&outcome.rule).and_then(|n| {
                let read = &self.plan.book.rule(&outcome.rule)?.header.optional_reads;
                let missing = rule::missing(read.iter().filter(|extract| awaited.contains(*extract)), world)?;
                Some(format!("新增 {n} 条暂缓列出，收到后再比对：{missing}"))
            });
        }
        Ok(recorded)
    }

    /// Extracts that did not come tonight and came not long ago: what they would explain can wait for them.
    fn awaited(&self, records: &[RecordSet]) -> Result<BTreeSet<String>, RunError> {
        let since = self.env.as_of.plus_days(-i32::from(self.plan.wait_days));
        let mut awaited = self.ledger.delivered_since(since, self.env.as_of)?;
        let missing =
            |extract: &String| records.iter().any(|set| set.extract == *extract && !is_usable(&set.state));
        awaited.retain(missing);
        Ok(awaited)
    }

    /// Tonight beside the nights before it.
    fn compare(
        &self,
        counts: &manifest::Counts,
        past: &[alarm::Figures],
        rules: &[RuleFacts],
    ) -> Result<Compared, RunError> {
        // What was just written as JSON can be read; where not, the place to look is the manifest.
        let unread = |error: serde_json::Error| RunError::io("count", &self.folder.path)(error.into());
        let names = alarm::Names { plan: self.plan, rules };
        let compared = alarm::compare(&counts.figures().map_err(unread)?, past, self.plan.alarms, &names);
        alarm::log(&compared);
        Ok(compared)
    }

    /// Register, manifest, ledger, folder: in this order, so that a kill between any two is repaired
    /// by the next run.
    fn commit(
        &mut self,
        night: &output::Night<'_>,
        lists: &Published,
        register: &Register,
    ) -> Result<(), RunError> {
        if self.env.dry_run {
            return Ok(());
        }
        let digest = register.write(&self.plan.state.join("register"))?;
        manifest::write(night, lists, &digest, &self.watch.costs(), &self.folder.path)?;
        // Closed before anything is opened, also where a library's caller has another umask than the program.
        groups::close(&self.folder.path)?;
        self.groups.open(&self.folder.path)?;
        let ready = Ready { run_id: night.run_id.to_owned(), commit: self.ledger.next_commit()? };
        self.folder.ready(&ready)?;
        let about = RunFacts {
            plan_hash: self.plan.hash.clone(),
            register: digest,
            committed: self.env.now.clone(),
            account: self.env.account.clone(),
        };
        let handed_over = facts::handed_over(night, lists);
        self.ledger.commit(night.recorded, &about, &night.delivered.deliveries, &handed_over)?;
        if !self.groups.is_empty() {
            groups::let_through_to_runs(&self.plan.out)?;
        }
        self.folder.show(night.run_id)
    }

    /// Where the run lies; nowhere after a dry run.
    fn place(&self, run_id: &str) -> Option<PathBuf> {
        (!self.env.dry_run).then(|| self.plan.out.join(run_id))
    }

    fn overdue(&self, recorded: &Reconciled) -> usize {
        recorded.cases.iter().filter(|case| self.plan.is_overdue(case, self.env.as_of)).count()
    }

    /// Sends what goes to remotes. The night stands, whatever becomes of it.
    fn send(&mut self, run_id: &str) -> Vec<Sent> {
        if self.env.dry_run {
            return Vec::new();
        }
        let dispatch = Dispatch {
            run: LaidOut { run_id, day: self.env.as_of },
            now: &self.env.now,
            by: &self.env.account,
            clock: self.env.clock,
        };
        send(self.plan, &mut self.ledger, &dispatch)
    }
}

/// Keeps runs and imports away from a ledger while it is held.
#[derive(Debug)]
pub struct Hold {
    _lock: Lock,
}

/// Takes the lock of a state folder, which has to be there.
///
/// # Errors
/// When a run or an import is at work, or the lock cannot be written.
pub fn hold(state: &Path, owner: &str) -> Result<Hold, RunError> {
    Lock::take(state, "lock", owner).map(|lock| Hold { _lock: lock })
}

/// The day of the run that `--from` goes on from.
///
/// # Errors
/// When there is no such run.
pub fn last_day(plan: &Plan) -> Result<Day, RunError> {
    checkpoint::last(&plan.out).map(|(_, stored)| stored.as_of)
}

/// The ledger only goes forward: an older day would withdraw what newer nights found.
fn refuse_the_past(ledger: &Ledger, as_of: Day) -> Result<(), RunError> {
    match ledger.last_run(None)? {
        Some(newest) if newest.as_of > as_of => Err(RunError::Past { as_of, newest: newest.as_of }),
        _ => Ok(()),
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
