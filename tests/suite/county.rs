//! The demo county in a folder of its own, with pipeline and contracts that a test may change, and one
//! run of it that tests share which only look.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use arrow::array::{AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::logs;

/// Columns that name the two rows of a pair, in artifacts and in the ledger.
pub(crate) const PAIR: [&str; 6] =
    ["left_extract", "left_row_key", "left_role", "right_extract", "right_row_key", "right_role"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A county: pipelines and schemas of the repository, the demo's deliveries, `out` and `state`.
pub(crate) struct County {
    pub(crate) folder: PathBuf,
}

impl County {
    /// Lays a county out in an empty folder.
    pub(crate) fn lay_out(folder: &Path) -> Self {
        for part in ["pipelines", "schemas", "fixtures/demo"] {
            copy(&root().join(part), &folder.join(part));
        }
        Self { folder: folder.to_owned() }
    }

    /// Puts a file `<agency>/<kind>_<day>.csv` in place of the demo's of its kind; the manifest of its folder, which knows
    /// another one, goes.
    pub(crate) fn deliver(&self, file: &str, text: &str) {
        let path = self.folder.join("fixtures/demo").join(file);
        let kind = path.file_name().unwrap().to_str().unwrap().split_once('_').unwrap().0.to_owned();
        for entry in fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.file_name().unwrap().to_str().unwrap();
            if name == "manifest.csv" || name.starts_with(&kind) {
                fs::remove_file(entry).unwrap();
            }
        }
        fs::write(path, text).unwrap();
    }

    /// Replaces a piece of text that must stand in a file.
    pub(crate) fn change(&self, file: &str, from: &str, to: &str) {
        let path = self.folder.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} does not hold {from}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// Runs the program in the county's folder, where it finds its pipeline by default.
    pub(crate) fn doudi(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doudi"));
        logs::output(command.args(arguments).current_dir(&self.folder))
    }

    /// Runs the program, which must end well, and gives what it printed.
    pub(crate) fn well(&self, arguments: &[&str]) -> String {
        let output = self.doudi(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command says as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&self.well(&arguments)).unwrap()
    }

    /// Exit code and complaint of a command that must fail.
    pub(crate) fn refused(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.doudi(arguments);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{arguments:?}");
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    /// The manifest of the last run.
    pub(crate) fn manifest(&self) -> serde_json::Value {
        let text = fs::read(self.folder.join("out/latest/manifest.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// Columns of an artifact of the last run as text, row by row.
    pub(crate) fn rows(&self, artifact: &str, columns: &[&str]) -> Vec<Vec<String>> {
        let path = self.folder.join("out/latest/artifacts").join(artifact);
        let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
        let mut rows = Vec::new();
        for batch in reader.build().unwrap().map(Result::unwrap) {
            let text = |name: &&str| -> StringArray {
                let column = batch.column_by_name(name).unwrap();
                cast(column, &DataType::Utf8).unwrap().as_string::<i32>().clone()
            };
            let texts: Vec<StringArray> = columns.iter().map(text).collect();
            rows.extend(
                (0..batch.num_rows()).map(|at| texts.iter().map(|t| t.value(at).to_owned()).collect()),
            );
        }
        rows
    }

    /// Enters what somebody said of two rows into the ledger: extract, row key and role of each; `same` or `not_same`.
    pub(crate) fn judge<'a>(&self, ends: impl IntoIterator<Item = &'a str>, verdict: &'a str) {
        let ledger = rusqlite::Connection::open(self.folder.join("state/ledger.sqlite")).unwrap();
        let statement = format!(
            "INSERT INTO judgement ({}, verdict, at, source) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '2026-11-21', 'test')",
            PAIR.join(", ")
        );
        ledger.execute(&statement, rusqlite::params_from_iter(ends.into_iter().chain([verdict]))).unwrap();
    }

    /// Who is named in one role of an extract, by a column of its records: identities of the last run.
    pub(crate) fn identities(&self, extract: &str, role: &str, column: &str) -> BTreeMap<String, String> {
        let rows = self.rows("mentions.parquet", &["extract", "role", "row_key", "identity_id"]);
        let of_role = rows.into_iter().filter(|row| row[0] == extract && row[1] == role);
        let identity: BTreeMap<String, String> =
            of_role.map(|row| (row[2].clone(), row[3].clone())).collect();
        let records = self.rows(&format!("records/{extract}.parquet"), &["row_key", column]);
        let named = records.iter().filter_map(|row| Some((row[1].clone(), identity.get(&row[0])?.clone())));
        named.collect()
    }
}

/// A finished night that tests share; they must not change it.
pub(crate) static NIGHT: LazyLock<County> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("night");
    let _ = fs::remove_dir_all(&folder);
    let county = County::lay_out(&folder);
    county.well(&["run", "pipelines/nightly.toml"]);
    county
});
