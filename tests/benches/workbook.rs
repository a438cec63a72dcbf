//! A publication of one list with 20,000 rows, written by the program's own code.
//!
//! ```text
//! cargo bench --bench workbook
//! ```
//!
//! Prints the seconds of each round and the peak memory. The workbook is written on one thread; what else the
//! recipient gets of the list (CSV, Parquet, figures of month to school year, the page) counts too. Ends with exit
//! code 1 when the median is above five seconds.

#![expect(clippy::print_stdout, reason = "figures for people are what a bench is for")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot write has nothing to measure")]

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

#[expect(dead_code, reason = "the tests of the report need more of it")]
#[path = "../suite/report/demo.rs"]
mod demo;

/// Rows of the list.
const ROWS: usize = 20_000;
/// Rounds of which the median counts.
const ROUNDS: usize = 5;
/// Seconds that a round may take.
const LIMIT: f64 = 5.0;

/// The demo's pupils alone: 20,000 of them, for one recipient.
fn large() -> demo::Demo {
    let mut demo = demo::Demo::new(0);
    demo.rules.retain(|rule| rule.id == "d_no_roll");
    demo.rules[0].recipients.retain(|recipient| recipient == "education");
    let kinds = demo::rules().len();
    demo.cases = demo::cases(ROWS * kinds).into_iter().step_by(kinds).collect();
    for case in &mut demo.cases {
        case.finding.annex = false;
    }
    demo
}

/// The peak of the memory that the process held, in MiB; none where the system does not tell.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

fn main() -> ExitCode {
    let demo = large();
    let mut times = Vec::new();
    for round in 1..=ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let start = Instant::now();
        let published = demo.publish(folder.path());
        let seconds = start.elapsed().as_secs_f64();
        let of_list = published.files.iter().filter(|file| file.path.contains("控辍保学疑似清单"));
        let book =
            of_list.into_iter().find(|file| Path::new(&file.path).extension().unwrap() == "xlsx").unwrap();
        let size = std::fs::metadata(folder.path().join(&book.path)).unwrap().len();
        println!("round {round}: {seconds:.2} s, {} rows, workbook of {} KiB", book.rows, size / 1024);
        times.push(seconds);
    }
    times.sort_by(f64::total_cmp);
    let median = times[ROUNDS / 2];
    let memory = peak().map_or_else(|| "unknown".to_owned(), |mib| format!("{mib} MiB"));
    println!("median {median:.2} s of {LIMIT:.0} s, peak memory {memory}");
    if median <= LIMIT { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
