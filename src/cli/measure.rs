//! `synth` and `evaluate`: a world with known truth, and how well a run did in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{EvaluateArgs, Linkage, NoiseArg, SynthArgs};
use super::clock::Wall;
use super::run::cores;
use super::{Done, Failure, complain, problems, say};
use crate::domain::{Contract, Day};
use crate::evaluate::{EvaluateInput, evaluate as measure};
use crate::explain::FinishedRun;
use crate::pipeline::{Env, Silent, run as run_night};
use crate::spec::{compile, contracts_of};
use crate::synth::{Noise, SynthError, SynthOptions, SynthSummary, generate};

/// Simulates a county.
pub(super) fn synth(args: &SynthArgs) -> Done {
    let as_of = Day::parse_iso(&args.as_of)
        .ok_or_else(|| Failure::config(format!("--as-of {}: write the day as YYYY-MM-DD", args.as_of)))?;
    let options = SynthOptions {
        people: args.people,
        seed: args.seed,
        noise: match args.noise {
            NoiseArg::Low => Noise::Low,
            NoiseArg::Mid => Noise::Mid,
            NoiseArg::High => Noise::High,
        },
        as_of,
        out: args.out.clone(),
        population_as_parquet: args.population_as_parquet,
        spoilt_file: args.spoilt_file,
        threads: args.threads.unwrap_or(0),
    };
    let summary = generate(&options, &|_, _| {}).map_err(|error| match error {
        SynthError::Options(_) | SynthError::Threads(_) => Failure::config(format!("failed to {error}")),
        _ => Failure::source(format!("failed to {error}")),
    })?;
    say(told(&summary, &args.out));
    Ok(())
}

/// What was simulated, for people.
fn told(summary: &SynthSummary, out: &Path) -> String {
    let counts = |title: &str, counts: &[(String, u64)]| {
        let lines = counts.iter().map(|(name, n)| format!("\n  {name:<24} {n:>9}"));
        format!("{title}{}", lines.collect::<String>())
    };
    let end = format!("{} people, {} mentions in {}", summary.people, summary.mentions, out.display());
    [
        counts("rows by extract", &summary.rows),
        counts("persons that each rule should find", &summary.findings),
        end,
    ]
    .join("\n")
}

/// Measures a run.
pub(super) fn evaluate(args: &EvaluateArgs) -> Done {
    let own = match (args.baseline, &args.baseline_run, &args.findings) {
        (Some(Linkage::IdOnly), None, Some(_)) => Some(Baseline::run(args)?),
        _ => None,
    };
    let input = EvaluateInput {
        run_dir: args.run.clone(),
        truth: args.truth.clone(),
        findings: args.findings.clone(),
        strata: args.strata.clone(),
        contracts: contracts(&args.schemas),
        baseline: args.baseline == Some(Linkage::IdOnly),
        baseline_run: own.as_ref().map(|own| own.folder.join("out/latest")).or(args.baseline_run.clone()),
    };
    let evaluation = measure(&input).map_err(Failure::source)?;
    if args.json {
        say(serde_json::to_string_pretty(&evaluation).map_err(Failure::bug)?);
    } else {
        say(evaluation.text());
    }
    Ok(())
}

/// The run's own deliveries judged as offices do today: linked by equal numbers only. Its folder lies
/// beside the run and goes with it.
struct Baseline {
    folder: PathBuf,
}

impl Baseline {
    fn run(args: &EvaluateArgs) -> Result<Self, Failure> {
        let (mut plan, _) = compile(&args.pipeline).map_err(problems::refused)?;
        let run = std::fs::canonicalize(&args.run)
            .map_err(|error| Failure::source(format!("read {}: {error}", args.run.display())))?;
        let name = format!(".baseline-{}", std::process::id());
        let baseline = Self { folder: run.with_file_name(name) };
        plan.deliver_from(&run.join("pulled"));
        plan.groups.clear();
        (plan.out, plan.state) = (baseline.folder.join("out"), baseline.folder.join("state"));
        let env = Env {
            as_of: FinishedRun::open(&run).map_err(Failure::source)?.as_of,
            now: String::new(),
            owner: "evaluate".to_owned(),
            threads: cores(),
            linkage: crate::link::Linkage::IdOnly,
            from: None,
            account: "evaluate".to_owned(),
            dry_run: false,
            accepted: Vec::new(),
            clock: &Wall::new(0),
            progress: &Silent,
            // The error comes when the stage ends: what is measured may take its time, and the folder goes then.
            overdue: &|_| {},
        };
        run_night(&plan, &env)
            .map_err(|error| Failure::source(format!("failed to run the baseline: {error}")))?;
        Ok(baseline)
    }
}

impl Drop for Baseline {
    fn drop(&mut self) {
        // What cannot be removed is hidden and harms nobody.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn contracts(schemas: &Path) -> BTreeMap<String, Arc<Contract>> {
    let (contracts, problems) = contracts_of(schemas);
    for problem in &problems {
        complain(problem);
    }
    contracts
}
