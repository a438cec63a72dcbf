//! Where the files lie that a pipeline names.

use std::path::{Component, Path, PathBuf};

/// A path as written in a file of `folder`, without detours where that is the same place: diagnostics
/// say `schemas/…` and not `pipelines/../schemas/…`.
pub(super) fn beside(folder: &Path, written: &str) -> PathBuf {
    let joined = folder.join(written);
    let short = without_detours(&joined);
    let up = joined.components().collect::<Vec<_>>();
    let climbs = up.iter().rposition(|part| *part == Component::ParentDir).map_or(0, |last| last + 1);
    let climbed: PathBuf = up[..climbs].iter().collect();
    // The way up from a linked folder leads to the parent of its target, not of the link.
    match (climbed.canonicalize(), without_detours(&climbed).canonicalize()) {
        (Ok(real), Ok(guess)) if real != guess => joined,
        _ => short,
    }
}

fn without_detours(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(folder: &str, written: &str, expected: &str) {
        assert_eq!(beside(Path::new(folder), written), Path::new(expected), "{folder} {written}");
    }

    #[test]
    fn paths_are_seen_from_the_folder_and_have_no_detours() {
        check("", "rules", "rules");
        check("", "../schemas", "../schemas");
        check("", "./rules/", "rules");
        check("pipelines", "../schemas", "schemas");
        check("pipelines", "..", ".");
        check("a/b", "../../schemas", "schemas");
        check("../a", "../schemas", "../schemas");
        check("pipelines", "/srv/in", "/srv/in");
        check("/x/pipelines", "../out", "/x/out");
    }

    #[cfg(unix)]
    #[test]
    fn the_way_up_from_a_link_is_the_real_one() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("real/pipelines")).unwrap();
        std::os::unix::fs::symlink(root.path().join("real/pipelines"), root.path().join("link")).unwrap();
        let found = beside(&root.path().join("link"), "../schemas");
        assert_eq!(found, root.path().join("link/../schemas"));
    }
}
