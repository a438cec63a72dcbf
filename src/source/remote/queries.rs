//! The queries of a database: one for each file that is to come, whose rows it becomes.

use std::collections::BTreeMap;

use super::error::{Fault, PullError};
use super::{Listed, Remote};

/// Queries by the name of their file.
#[derive(Default)]
pub(super) struct Queries(pub(super) BTreeMap<String, String>);

impl Queries {
    /// The files that they give; nothing is known of one before it is asked for.
    pub(super) fn files(&self) -> Vec<Listed> {
        let file = |name: &String| Listed { plain: true, settled: true, ..Listed::new(name.clone()) };
        self.0.keys().map(file).collect()
    }

    /// The query behind a file, without what ends a statement.
    pub(super) fn of(&self, remote: &Remote, file: &Listed) -> Result<&str, PullError> {
        let query = self.0.get(&file.name).map(|query| query.trim().trim_end_matches(';'));
        query.ok_or_else(|| {
            let what = format!("no query gives `{}`", file.name);
            PullError::of(&remote.name, Fault::Absent, what)
        })
    }
}
