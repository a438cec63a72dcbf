//! What the fuzz targets share: one start, one folder for files. What is thrown at which parser stands in
//! `src/fuzzing.rs` of the program, where a test throws everything again that was found once.

use std::path::PathBuf;
use std::sync::LazyLock;

use doudi::fuzzing::Target;

/// Files that a parser wants to open; in memory where the machine has a folder there.
static SCRATCH: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let place = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let folder = place.join(format!("doudi-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the scratch folder can be made");
    folder
});

/// Ends the program at a panic of ours. What panics in a reader below is caught and refused by the door, which is a
/// promise of the door and no finding; what is not caught ends the program all the same.
pub fn prepare() {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let theirs = panic.location().is_some_and(|place| place.file().contains("/registry/src/"));
        if !theirs || std::env::var_os("DOUDI_FUZZ_LOUD").is_some() {
            loud(panic);
        }
    }));
}

/// Throws bytes at a parser.
pub fn throw(target: Target, bytes: &[u8]) {
    target(bytes, &SCRATCH);
}
