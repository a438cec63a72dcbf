//! F4: a synthetic county. Families live, marry no statistics, lose parents, change schools; each agency
//! sees its part late and through its own errors, and writes the extracts in the formats agreed.
//!
//! What comes in: a number of people, a seed, a level of noise, an as-of day. What goes out: delivery
//! folders like the agencies', with `truth.csv` (who is who), `findings_truth.csv` (what the rules ought
//! to find) and `truth_strata.csv`. It must never read the matcher's tables, and nothing but the command
//! line may import it. The same options give the same bytes on any number of threads.

mod agencies;
mod calendar;
mod care;
mod columns;
mod dice;
mod families;
mod findings;
mod ids;
mod layout;
mod lives;
mod names;
mod pen;
mod people;
mod rates;
mod school;
mod stories;
mod tables;
mod told;
mod truth;
mod welfare;
mod writers;

use std::path::PathBuf;

use rayon::prelude::*;

use self::agencies::Out;
use self::calendar::Calendar;
use self::dice::Dice;
use self::families::{Builder, World};
use self::findings::{Expected, VillageFacts, village_facts};
use self::ids::Registry;
use self::layout::{ALL, Extract, Format};
use self::people::Family;
pub use self::rates::Noise;
use self::stories::Story;
use self::tables::Tables;
use self::truth::{Marks, TruthFiles};
pub use self::writers::SynthError;
use self::writers::{Part, Sink, part};
use crate::domain::Day;

/// What county to simulate.
#[derive(Clone)]
pub struct SynthOptions {
    /// Registered people (at least 1,000).
    pub people: u32,
    /// Everything random follows from it.
    pub seed: u64,
    /// How dirty the files are.
    pub noise: Noise,
    /// The night the files are delivered for.
    pub as_of: Day,
    /// Folder for the deliveries; made when absent.
    pub out: PathBuf,
    /// The police deliver the population as Parquet instead of CSV.
    pub population_as_parquet: bool,
    /// One agency adds a file that is none of the agreed ones: a page of its web site, saved as a table.
    pub spoilt_file: bool,
    /// Worker threads; 0 = one per core. The result does not depend on it.
    pub threads: usize,
}

impl SynthOptions {
    /// The as-of day used when none is given: 2026-11-20.
    pub fn default_as_of() -> Day {
        calendar::date(2026, 11, 20)
    }
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SynthSummary {
    /// People of the simulation, dead and visiting ones included.
    pub people: u64,
    /// Data rows by extract id.
    pub rows: Vec<(String, u64)>,
    /// Lines of `truth.csv`.
    pub mentions: u64,
    /// Lines of `findings_truth.csv` by rule.
    pub findings: Vec<(String, u64)>,
}

/// How many people share one random stream.
const CHUNK: u32 = 1_600;
/// How many chunks are in memory at once.
const BATCH: usize = 24;

/// A piece of a village.
struct Chunk {
    index: u64,
    village: usize,
    people: usize,
    first_of_village: bool,
    stories: Vec<Story>,
}

/// What a chunk hands to the writers.
struct Done {
    town: &'static str,
    parts: Vec<Part>,
    expected: Vec<Expected>,
    marks: Marks,
    facts: VillageFacts,
    people: u64,
}

/// Simulates a county and writes its deliveries.
///
/// `progress` is called with (chunks done, chunks in all) after every batch.
///
/// # Errors
/// When the options make no county, or a file cannot be written.
pub fn generate(
    options: &SynthOptions,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<SynthSummary, SynthError> {
    if options.people < 1_000 {
        return Err(SynthError::Options("at least 1000 people are needed for a county"));
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .build()
        .map_err(|e| SynthError::Threads(e.to_string()))?;
    pool.install(|| simulate(options, progress))
}

fn simulate(
    options: &SynthOptions,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<SynthSummary, SynthError> {
    let tables = Tables::load();
    let calendar = Calendar::new(options.as_of);
    let rates = options.noise.rates();
    let chunks = chunks(options, &tables);
    let mut villages: Vec<usize> = chunks.iter().map(|c| c.village).collect();
    villages.dedup();
    let world = World { tables: &tables, calendar: &calendar, seed: options.seed, villages };
    let mut sinks = ALL
        .iter()
        .map(|&extract| {
            let format = format(options, extract);
            let tidy = options.noise == Noise::Low;
            Sink::new(extract, format, &options.out, cut_off(&calendar, extract), tidy)
        })
        .collect::<Result<Vec<Sink>, SynthError>>()?;
    let mut truth = TruthFiles::create(&options.out)?;
    let mut registry = Registry::new();
    let mut summary = SynthSummary::default();
    let mut done_chunks = 0_u64;
    for batch in chunks.chunks(BATCH) {
        let mut families: Vec<Vec<Family>> = batch
            .par_iter()
            .map(|c| Builder::new(&world, c.index, c.village).build(c.people, &c.stories))
            .collect();
        families.iter_mut().flatten().for_each(|family| registry.number(family));
        let done: Vec<Done> = batch
            .par_iter()
            .zip(families.into_par_iter())
            .map(|(chunk, families)| run_chunk(options, &world, &rates, chunk, families))
            .collect();
        sinks.par_iter_mut().enumerate().try_for_each(|(index, sink)| {
            done.iter().try_for_each(|d| sink.append(&d.parts[index], d.town))
        })?;
        truth.take(&mut sinks)?;
        for chunk in done {
            summary.people += chunk.people;
            truth.expect(chunk.expected);
            truth.mark(chunk.marks);
            truth.village(chunk.facts);
        }
        done_chunks += batch.len() as u64;
        progress(done_chunks, chunks.len() as u64);
    }
    sinks.par_iter_mut().try_for_each(Sink::finish)?;
    truth.finish(&world, &registry, &mut sinks, &mut summary)?;
    truth::manifests(&options.out, &sinks, &calendar)?;
    if options.spoilt_file {
        writers::spoilt(&options.out, &calendar)?;
    }
    for (sink, extract) in sinks.iter().zip(ALL) {
        let rows = sink.delivered.iter().map(|d| d.rows as u64).sum();
        summary.rows.push((extract.layout().id.to_owned(), rows));
    }
    Ok(summary)
}

/// The format an extract comes in this time.
fn format(options: &SynthOptions, extract: Extract) -> Format {
    if options.population_as_parquet && extract == Extract::Population {
        return Format::Columns;
    }
    extract.layout().format
}

/// The agency's own cut-off date.
fn cut_off(calendar: &Calendar, extract: Extract) -> Day {
    match extract.layout().agency {
        "civil-affairs" => calendar.civil,
        "education" => calendar.education,
        "public-security" => calendar.police,
        "disability-federation" => calendar.disability,
        _ => calendar.others,
    }
}

/// Cuts the county into chunks: villages in order, big villages in several pieces.
fn chunks(options: &SynthOptions, tables: &Tables) -> Vec<Chunk> {
    let all = tables.villages.len();
    let wanted = usize::try_from(options.people / 250).unwrap_or(all).clamp(8, all);
    let each = usize::try_from(options.people).unwrap_or(0) / wanted;
    let pieces = each.div_ceil(CHUNK as usize).max(1);
    let mut out = Vec::with_capacity(wanted * pieces);
    for nth in 0..wanted {
        for piece in 0..pieces {
            out.push(Chunk {
                index: out.len() as u64,
                village: nth * all / wanted,
                people: each / pieces,
                first_of_village: piece == 0,
                stories: Vec::new(),
            });
        }
    }
    let plan = stories::plan(options.people, out.len(), options.seed);
    for (chunk, stories) in out.iter_mut().zip(plan) {
        chunk.stories = stories;
    }
    out
}

fn run_chunk(
    options: &SynthOptions,
    world: &World<'_>,
    rates: &rates::Rates,
    chunk: &Chunk,
    mut families: Vec<Family>,
) -> Done {
    let mut dice = Dice::new(&[world.seed, 0x11fe, chunk.index]);
    let mut expected = Vec::new();
    let mut marks = Marks::default();
    let mut out = Out::new(world, rates, chunk.index, chunk.village);
    let mut people = 0;
    for family in &mut families {
        lives::live(world, family, &mut dice);
        school::careers(world, family, &mut dice);
        told::tell(world, family, &mut dice);
        welfare::cover(world, family, &mut dice);
        care::serve(world, family, &mut dice);
        findings::expected(world, rates, family, &mut expected);
        marks.family(family);
        people += family.people.len() as u64;
        out.family(family);
    }
    let director = out.village(&families, chunk.first_of_village);
    let facts = village_facts(world, chunk.village, &families, director);
    let mut expected = findings::shown(expected, &out.rows);
    expected.extend(findings::shared_account(&families));
    expected.extend(findings::incomplete(world, &families, &out.rows));
    let parts =
        ALL.iter().zip(out.rows).map(|(&extract, rows)| part(format(options, extract), rows)).collect();
    Done { town: world.tables.villages[chunk.village].town, parts, expected, marks, facts, people }
}
