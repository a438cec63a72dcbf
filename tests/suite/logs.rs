//! What the program logs in any test is kept, so that `scripts/search-logs` can look for personal values in it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Runs a program and keeps what it said on standard error.
pub(crate) fn output(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("logs");
    fs::create_dir_all(&folder).unwrap();
    let name = format!("{}-{}.log", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    fs::write(folder.join(name), &output.stderr).unwrap();
    output
}
