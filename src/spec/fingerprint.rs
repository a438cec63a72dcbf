//! One digest over the contents of all files that can change an answer.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::read::entries;
use crate::domain::hex;

/// Files by the part they play, not by where they lie: the same configuration in another folder has the
/// same fingerprint.
#[derive(Default)]
pub(super) struct Fingerprint {
    files: BTreeMap<String, (u64, Vec<u8>)>,
}

impl Fingerprint {
    /// Takes in one file.
    pub(super) fn add(&mut self, part: impl Into<String>, content: &[u8]) {
        self.files.insert(part.into(), (content.len() as u64, Sha256::digest(content).to_vec()));
    }

    /// Takes in all tables of a folder and its sub-folders; what is no table is passed over.
    pub(super) fn add_tables(&mut self, part: &str, folder: &Path) {
        for path in entries(folder) {
            let name = format!("{part}/{}", path.file_name().unwrap_or_default().to_string_lossy());
            if path.is_dir() {
                self.add_tables(&name, &path);
            } else if path.extension().is_some_and(|e| e == "csv" || e == "tsv" || e == "toml") {
                // A file that cannot be read is told by whoever needs it.
                self.add(name, &std::fs::read(&path).unwrap_or_default());
            }
        }
    }

    /// Digest over names, lengths and contents, in the order of the names.
    pub(super) fn finish(&self) -> String {
        self.finish_of(|_| true)
    }

    /// The same over some of the parts.
    pub(super) fn finish_of(&self, wanted: impl Fn(&str) -> bool) -> String {
        let mut all = Sha256::new();
        for (part, (length, digest)) in self.files.iter().filter(|(part, _)| wanted(part)) {
            all.update((part.len() as u64).to_le_bytes());
            all.update(part.as_bytes());
            all.update(length.to_le_bytes());
            all.update(digest);
        }
        hex(&all.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> String {
        let mut print = Fingerprint::default();
        for (part, content) in files {
            print.add(*part, content.as_bytes());
        }
        print.finish()
    }

    #[test]
    fn order_does_not_matter_and_every_byte_does() {
        let one = of(&[("a", "1"), ("b", "2")]);
        assert_eq!(one.len(), 64);
        assert_eq!(one, of(&[("b", "2"), ("a", "1")]));
        for other in
            [&[("a", "1"), ("b", "3")][..], &[("a", "1")], &[("a", "2"), ("b", "1")], &[("ab", "12")]]
        {
            assert_ne!(one, of(other));
        }
    }
}
