//! `synth` and `evaluate`: a world with known truth, and how well a run did in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::args::{EvaluateArgs, Linkage, NoiseArg, SynthArgs};
use super::{Done, Failure, complain, say};
use crate::domain::{Contract, Day};
use crate::evaluate::{EvaluateInput, evaluate as measure};
use crate::spec::contracts_of;
use crate::synth::{Noise, SynthOptions, generate};

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
        threads: args.threads.unwrap_or(0),
    };
    let summary = generate(&options, &|_, _| {}).map_err(Failure::source)?;
    say(format!("{summary:#?}"));
    Ok(())
}

/// Measures a run.
pub(super) fn evaluate(args: &EvaluateArgs) -> Done {
    let input = EvaluateInput {
        run_dir: args.run.clone(),
        truth: args.truth.clone(),
        findings: args.findings.clone(),
        strata: args.strata.clone(),
        contracts: contracts(&args.schemas),
        baseline: args.baseline == Some(Linkage::IdOnly),
        baseline_run: args.baseline_run.clone(),
    };
    let evaluation = measure(&input).map_err(Failure::source)?;
    if args.json {
        say(serde_json::to_string_pretty(&evaluation).map_err(Failure::bug)?);
    } else {
        say(evaluation.text());
    }
    Ok(())
}

fn contracts(schemas: &Path) -> BTreeMap<String, Arc<Contract>> {
    let (contracts, problems) = contracts_of(schemas);
    for problem in &problems {
        complain(problem);
    }
    contracts
}
