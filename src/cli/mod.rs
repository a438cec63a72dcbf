//! F7: the command line. Reads arguments, calls one function, prints.
//!
//! Standard output carries results only; failures go to standard error.

mod args;
mod audit;
mod case;
mod check;
mod clock;
mod deeds;
mod doctor;
mod explain;
mod feedback;
mod handover;
mod link;
mod linkage;
mod list;
mod measure;
mod policies;
mod problems;
mod pull;
mod rules;
mod run;
mod schema;
mod status;
mod test;
mod text_table;
mod upkeep;

use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use rustix_process::fs::Mode;
use rustix_process::process;

use args::{Cli, Command};

use crate::domain::Day;

/// Exit code: done.
const DONE: u8 = 0;
/// Exit code: a bug.
const BUG: u8 = 1;
/// Exit code: wrong use or configuration.
const CONFIG: u8 = 2;
/// Exit code: required data is missing or outside its tolerance; nothing was published.
const HELD: u8 = 3;
/// Exit code: a source or file could not be read or written.
const SOURCE: u8 = 4;
/// Exit code: another run is at work.
const LOCKED: u8 = 5;
/// Exit code: lists were published, but a file did not reach the remote that it is sent to.
const UNSENT: u8 = 6;

/// Runs the program and gives its exit code.
pub fn main() -> ExitCode {
    let command = Cli::parse().command;
    if is_private(&command) {
        // Once, for all files: those that libraries make and those of programs we start (curl, age) too.
        process::umask(Mode::RWXG | Mode::RWXO);
    }
    match caught(|| done(command)) {
        Ok(()) => ExitCode::from(DONE),
        Err(failure) => {
            if !failure.message.is_empty() {
                complain(&failure.message);
            }
            ExitCode::from(failure.code)
        }
    }
}

/// Does something; a panic is a failure like others.
fn caught<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // What a panic left half-changed is seen by nobody: only the failure goes on.
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Failure::bug("this is a bug of doudi, the lines above say where; nothing was published"))
    })
}

/// Whether what a command writes is for the eyes of its account alone. Units, schemas, manuals, the rule book, models
/// and an invented county hold nobody's values and are for whom the caller's umask says.
const fn is_private(command: &Command) -> bool {
    !matches!(
        command,
        Command::Schedule(_)
            | Command::Schema { .. }
            | Command::Man { .. }
            | Command::Completions { .. }
            | Command::Rules(_)
            | Command::Synth(_)
            | Command::Fit(_)
            | Command::Linkage(_)
    )
}

fn done(command: Command) -> Done {
    match command {
        Command::Run(args) => run::run(&args),
        Command::Pull(args) => pull::pull(&args),
        Command::Check(args) => check::check(&args),
        Command::Test(args) => test::test(&args),
        Command::List(args) => list::list(&args),
        Command::Rules(args) => rules::rules(&args),
        Command::Status(args) => status::status(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Feedback(args) => feedback::feedback(&args),
        Command::Case(args) => case::case(&args),
        Command::Audit(args) => audit::audit(&args),
        Command::Handover(args) => handover::handover(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Backup(args) => upkeep::backup(&args),
        Command::Restore(args) => upkeep::restore(&args),
        Command::Purge(args) => upkeep::purge(&args),
        Command::Schedule(args) => upkeep::schedule(&args),
        Command::Link(args) => link::link(&args),
        Command::Fit(args) => link::fit(&args),
        Command::Blocking(args) => link::blocking(&args),
        Command::Linkage(args) => linkage::linkage(&args),
        Command::Synth(args) => measure::synth(&args),
        Command::Evaluate(args) => measure::evaluate(&args),
        Command::Schema { kind, out, check } => schema::schema(kind, &out, check),
        Command::Man { dir } => man(&dir),
        #[cfg(feature = "odbc")]
        Command::CarryOdbc => crate::source::remote::carry(std::io::stdin().lock(), std::io::stdout().lock())
            .map_err(Failure::source),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "doudi", &mut std::io::stdout());
            Ok(())
        }
    }
}

/// Writes a page of the manual for the program and for each command: the words of `doudi help`.
fn man(dir: &Path) -> Done {
    let failed =
        |error: std::io::Error| Failure::source(format!("failed to write {}: {error}", dir.display()));
    std::fs::create_dir_all(dir).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), dir).map_err(failed)
}

/// Why a command failed, and the exit code for it.
struct Failure {
    code: u8,
    message: String,
}

#[expect(clippy::needless_pass_by_value, reason = "they stand in `map_err`, which gives values")]
impl Failure {
    fn config(message: impl ToString) -> Self {
        Self { code: CONFIG, message: message.to_string() }
    }

    /// Everything has been printed; only the exit code is left.
    fn told(code: u8) -> Self {
        Self { code, message: String::new() }
    }

    fn source(message: impl ToString) -> Self {
        Self { code: SOURCE, message: message.to_string() }
    }

    fn bug(message: impl ToString) -> Self {
        Self { code: BUG, message: message.to_string() }
    }
}

/// Puts the folders that the command line names in the place of the pipeline's.
fn replace<const N: usize>(folders: [(&Option<PathBuf>, &mut PathBuf); N]) {
    for (given, folder) in folders {
        if let Some(given) = given {
            folder.clone_from(given);
        }
    }
}

/// The day that an option names.
fn day(option: &str, text: &str) -> Result<Day, Failure> {
    Day::parse_iso(text).ok_or_else(|| {
        Failure::config(format!("failed to read {option}: `{text}` is no day; write it as 2026-11-20"))
    })
}

/// A command's end.
type Done = Result<(), Failure>;

/// Prints a result. Whoever reads may stop early (`doudi list … | head`); that is no failure of ours.
fn say(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints a failure.
#[expect(clippy::print_stderr, reason = "standard error is where failures go")]
fn complain(text: impl std::fmt::Display) {
    eprintln!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_bug_and_other_ends_stay_what_they_are() {
        let told = |result: Result<u8, Failure>| result.map_err(|failure| failure.code);
        assert_eq!(told(caught(|| Ok(7))), Ok(7));
        assert_eq!(told(caught(|| Err(Failure::told(HELD)))), Err(HELD));
        let failure = caught::<u8>(|| panic!("on purpose, in a test")).err();
        assert_eq!(failure.map(|failure| (failure.code, failure.message.is_empty())), Some((BUG, false)));
    }
}
