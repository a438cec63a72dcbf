//! A pipeline file and everything it names → a plan, or all problems; and the commands that show them.

#![expect(clippy::unwrap_used, reason = "a failed look at the repository is a failed test")]

mod commands;
mod problems;
mod remotes;

use std::fs;
use std::path::{Path, PathBuf};

use doudi::diag::Level;
use doudi::spec::compile;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Pipelines and schemas of the repository in a folder of their own, to be broken.
struct Copy {
    folder: tempfile::TempDir,
}

impl Copy {
    fn new() -> Self {
        let copy = Self { folder: tempfile::tempdir().unwrap() };
        for part in ["pipelines", "schemas"] {
            copy_folder(&root().join(part), &copy.folder.path().join(part));
        }
        copy
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn pipeline(&self) -> PathBuf {
        self.path("pipelines/nightly.toml")
    }

    /// Replaces a piece of text that must stand in the file.
    fn change(&self, file: &str, from: &str, to: &str) -> &Self {
        let text = fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(from), "{file} does not hold {from}");
        fs::write(self.path(file), text.replacen(from, to, 1)).unwrap();
        self
    }

    fn append(&self, file: &str, more: &str) -> &Self {
        let text = fs::read_to_string(self.path(file)).unwrap();
        fs::write(self.path(file), text + more).unwrap();
        self
    }

    /// Everything that is wrong, with paths as seen from the copy.
    fn told(&self) -> String {
        let problems = compile(&self.pipeline()).expect_err("the copy is broken");
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        texts.join("\n").replace(&format!("{}/", self.folder.path().display()), "")
    }

    fn hash(&self) -> String {
        compile(&self.pipeline()).unwrap_or_else(|problems| panic!("{problems:#?}")).0.hash
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn every_shipped_pipeline_compiles_without_errors() {
    let mut seen = 0;
    for entry in fs::read_dir(root().join("pipelines")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "toml") || path.ends_with("link.toml") {
            continue;
        }
        let (plan, warnings) = compile(&path).unwrap_or_else(|problems| panic!("{problems:#?}"));
        // Parts of the nightly run leave out only what their rules do not need.
        // The county's three-year plan ended in October 2026 and its successor is not known yet: said, not
        // hidden.
        let legal = ["basis_unverified", "basis_expired"];
        let kinds: Vec<&str> =
            warnings.iter().map(|problem| problem.code).filter(|code| !legal.contains(code)).collect();
        assert_eq!(kinds, Vec::<&str>::new(), "{}", path.display());
        assert!(warnings.iter().all(|problem| problem.level == Level::Warning && problem.spot.line > 0));
        assert!(!plan.book.rules.is_empty() && !plan.book.views.is_empty(), "{}", path.display());
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn the_nightly_plan_holds_what_its_file_says() {
    let (plan, _) = compile(&root().join("pipelines/nightly.toml")).unwrap();
    assert_eq!(plan.sources.len(), plan.contracts.len());
    assert_eq!(
        (plan.sources[0].extract.as_str(), plan.sources[0].folder.as_str()),
        ("child_roster", "civil-affairs")
    );
    assert_eq!(plan.as_of.unwrap().iso(), "2026-11-20");
    assert_eq!(plan.input, root().join("fixtures/demo"));
    assert_eq!(plan.state, root().join("state"));
    let spot_checks = plan.book.rules.iter().filter(|rule| rule.header.spot_check).count();
    assert_eq!((plan.book.rules.len() - spot_checks, spot_checks), (101, 6));
    assert_eq!(plan.model.name, "county");
    assert_eq!(plan.tables.decisions.len(), 21);
    assert!(plan.desk.template("dropout").is_some());
}

#[test]
fn the_digest_follows_every_byte_and_no_folder() {
    let first = Copy::new();
    let hash = first.hash();
    assert_eq!(hash, Copy::new().hash());
    for (file, more) in [
        ("pipelines/link.toml", "# a remark\n"),
        ("pipelines/models/county.toml", "# a remark\n"),
        ("pipelines/rules/u_orphan.sql", "-- a remark\n"),
        ("pipelines/views/death.sql", "-- a remark\n"),
        ("pipelines/lists/dropout.toml", "# a remark\n"),
        ("schemas/education/student_roll.toml", "# a remark\n"),
        ("schemas/tables/codes/yes_no.csv", "7,也许,\n"),
        ("schemas/tables/decisions/stop_month.csv", "\n"),
        ("schemas/tables/legal_basis.csv", "\n"),
        ("schemas/tables/disclosure.csv", "\n"),
    ] {
        let other = Copy::new();
        other.append(file, more);
        assert_ne!(hash, other.hash(), "{file}");
    }
    // Of the pipeline itself every value counts that can change an answer; its comments do not.
    let other = Copy::new();
    other.change("pipelines/nightly.toml", "\"2026-11-20\"", "\"2026-11-19\"");
    assert_ne!(hash, other.hash());
    // What no pipeline reads changes no answer.
    first.append("pipelines/rules/u_orphan.cases.toml", "# a remark\n");
    fs::write(first.path("schemas/tables/notes.md"), "remarks").unwrap();
    assert_eq!(hash, first.hash());
}
