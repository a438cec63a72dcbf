//! The register: which mention belonged to whom, from one night to the next.
//!
//! A Parquet file named by its digest. A mention is named by a digest of extract, row key and role, so
//! the file holds no value of a person. The first row, key 0, holds the next id to give out: an id is
//! never used again, also not that of a person who is gone.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, UInt64Array};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, UInt64Type};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::tidy;
use super::tree::Forest;
use crate::domain::{IdentityEvent, IdentityId, hex};

/// Which mention belongs to whom: what one night leaves to the next.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Register {
    /// (mention, identity), sorted by mention.
    entries: Vec<(u64, i64)>,
    /// The last id given out.
    last_id: i64,
}

/// The register file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{doing} the register of identities {}: {message}", path.display())]
pub struct RegisterError {
    /// `read` or `write`.
    pub doing: &'static str,
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub message: String,
}

impl Register {
    /// Reads `<folder>/<digest>.parquet`.
    ///
    /// # Errors
    /// When the file is not there, has another content than its name says, or is no register.
    pub fn read(folder: &Path, digest: &str) -> Result<Self, RegisterError> {
        let path = file(folder, digest);
        let failed = |message: String| RegisterError { doing: "read", path: path.clone(), message };
        let bytes = fs::read(&path).map_err(|error| failed(error.to_string()))?;
        if hex(&Sha256::digest(&bytes)) != digest {
            return Err(failed("content differs from its name; restore the file from a copy".into()));
        }
        let reader = File::open(&path)
            .map_err(parquet::errors::ParquetError::from)
            .and_then(ParquetRecordBatchReaderBuilder::try_new)
            .and_then(ParquetRecordBatchReaderBuilder::build)
            .map_err(|error| failed(error.to_string()))?;
        let mut entries = Vec::new();
        for batch in reader {
            let batch = batch.map_err(|error| failed(error.to_string()))?;
            let columns = (batch.column_by_name("mention"), batch.column_by_name("identity"));
            let (Some(mention), Some(identity)) = columns else {
                return Err(failed("a column is missing".into()));
            };
            let (Some(mention), Some(identity)) =
                (mention.as_primitive_opt::<UInt64Type>(), identity.as_primitive_opt::<Int64Type>())
            else {
                return Err(failed("a column has another type".into()));
            };
            entries.extend(mention.values().iter().copied().zip(identity.values().iter().copied()));
        }
        let Some((0, last_id)) = entries.first().copied() else {
            return Err(failed("the row with the last id is missing".into()));
        };
        entries.remove(0);
        Ok(Self { entries, last_id })
    }

    /// Writes `<folder>/<digest>.parquet`, synced and renamed into place, and gives the digest.
    ///
    /// # Errors
    /// When the folder or file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<String, RegisterError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |message: String| RegisterError { doing: "write", path, message }
        };
        let bytes = self.encode().map_err(|error| failed(folder)(error.to_string()))?;
        let digest = hex(&Sha256::digest(&bytes));
        let path = file(folder, &digest);
        // One name for all: what a killed run left of its register is written over by the next one.
        let partial = folder.join(".part");
        let write = || -> std::io::Result<()> {
            fs::create_dir_all(folder)?;
            // A register in a folder that a loss of power takes away is none.
            if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                File::open(parent)?.sync_all()?;
            }
            let mut out = File::create(&partial)?;
            out.write_all(&bytes)?;
            out.sync_all()?;
            fs::rename(&partial, &path)?;
            File::open(folder)?.sync_all()
        };
        write().map_err(|error| failed(&path)(error.to_string()))?;
        Ok(digest)
    }

    fn encode(&self) -> Result<Vec<u8>, parquet::errors::ParquetError> {
        let first = (0, self.last_id);
        let rows = || std::iter::once(first).chain(self.entries.iter().copied());
        let schema = Arc::new(Schema::new(vec![
            Field::new("mention", DataType::UInt64, false),
            Field::new("identity", DataType::Int64, false),
        ]));
        let mention = UInt64Array::from_iter_values(rows().map(|(mention, _)| mention));
        let identity = Int64Array::from_iter_values(rows().map(|(_, identity)| identity));
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(mention), Arc::new(identity)])?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_dictionary_enabled(false)
            .set_created_by("doudi".to_owned())
            .build();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, schema, Some(properties))?;
        writer.write(&batch)?;
        writer.close()?;
        Ok(bytes)
    }

    /// Number of mentions.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nobody is in it yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn id_of(&self, mention: u64) -> Option<i64> {
        self.entries.binary_search_by_key(&mention, |entry| entry.0).ok().map(|at| self.entries[at].1)
    }

    /// The id of each person of tonight, what merged and split, and tomorrow's register.
    ///
    /// A person keeps the id that most of its mentions had; an id goes to the person who has most of
    /// its mentions. Ties go to the smaller id and the person whose smallest key is smaller.
    pub(super) fn follow(
        &self,
        forest: &Forest,
        keys: &[u64],
    ) -> (Vec<IdentityId>, Vec<IdentityEvent>, Self) {
        // (mentions shared, old id, person)
        let mut claims: Vec<(usize, i64, usize)> = forest
            .persons()
            .enumerate()
            .collect::<Vec<_>>()
            .into_par_iter()
            .flat_map_iter(|(person, members)| {
                let mut old: Vec<i64> =
                    members.iter().filter_map(|&at| self.id_of(keys[at as usize])).collect();
                old.sort_unstable();
                let counts: Vec<_> =
                    old.chunk_by(|a, b| a == b).map(|same| (same.len(), same[0], person)).collect();
                counts
            })
            .collect();
        claims.par_sort_unstable_by_key(|&(n, id, person)| (std::cmp::Reverse(n), id, person));
        let persons = forest.persons().count();
        let mut ids = vec![0_i64; persons];
        let mut holder: FxHashMap<i64, usize> = FxHashMap::default();
        for &(_, id, person) in &claims {
            if ids[person] == 0 && !holder.contains_key(&id) {
                ids[person] = id;
                holder.insert(id, person);
            }
        }
        let mut last_id = self.last_id;
        for id in ids.iter_mut().filter(|id| **id == 0) {
            last_id += 1;
            *id = last_id;
        }
        let mut events = Vec::new();
        for &(_, old, person) in claims.iter().filter(|&&(_, old, person)| ids[person] != old) {
            let now = IdentityId(ids[person]);
            events.push(match holder.get(&old) {
                // The old id lives on with somebody else: part of that person is a new one.
                Some(_) => IdentityEvent::Split { kept: IdentityId(old), new: now },
                None => IdentityEvent::Merged { kept: now, ended: IdentityId(old) },
            });
        }
        let mut entries: Vec<(u64, i64)> = forest
            .persons()
            .zip(&ids)
            .flat_map(|(members, &id)| members.iter().map(move |&at| (keys[at as usize], id)))
            .collect();
        entries.par_sort_unstable();
        (ids.into_iter().map(IdentityId).collect(), tidy(events), Self { entries, last_id })
    }
}

fn file(folder: &Path, digest: &str) -> PathBuf {
    folder.join(format!("{digest}.parquet"))
}
