//! The register: which mention belonged to whom, from one night to the next.
//!
//! A Parquet file named by its digest. A mention is named by a digest of extract, row key and role, so
//! the file holds no value of a person. The first row, key 0, holds the last id given out: an id is
//! never used again, also not that of a person who is gone. Beside its person a mention has the extract it stood in
//! and its grade: rows of an extract that does not come whole stay in the register, and hold together whom they held
//! together, until it does. Of its number it has eight bits: enough to see that a row bears another one tonight, far too
//! few to know whose it is.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, UInt8Array, UInt16Array, UInt64Array};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, UInt8Type, UInt16Type, UInt64Type};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};

use super::tidy;
use super::tree::Forest;
use crate::domain::{Grade, IdentityEvent, IdentityId, Mention, MentionSet, RecordSet, Remembered, hex};
use crate::kernel::digest;

/// Which mention belongs to whom: what one night leaves to the next.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Register {
    /// Sorted by mention.
    entries: Vec<Entry>,
    /// Extracts by their number in the entries; empty in registers of older programs.
    extracts: Vec<String>,
    /// The last id given out.
    last_id: i64,
}

/// One mention.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    mention: u64,
    identity: i64,
    /// Number of its extract.
    extract: u16,
    grade: Grade,
    /// What [`check`] gave for its number; 0 in registers of older programs.
    check: u8,
}

/// Tonight's rows, as this stage looks at them.
pub struct Tonight<'a> {
    /// Persons named in them.
    pub mentions: &'a MentionSet,
    /// The rows by extract.
    pub records: &'a [RecordSet],
    /// Name of each mention for ever, as linkage gives it.
    pub keys: &'a [u64],
    /// Extracts that did not come whole.
    pub gaps: &'a BTreeSet<String>,
}

/// Key of the names of extracts in the file's schema.
const EXTRACTS: &str = "extracts";
/// Columns of the file, in their order.
const COLUMNS: [(&str, DataType); 5] = [
    ("mention", DataType::UInt64),
    ("identity", DataType::Int64),
    ("extract", DataType::UInt16),
    ("grade", DataType::UInt8),
    ("check", DataType::UInt8),
];

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
        let builder = File::open(&path)
            .map_err(parquet::errors::ParquetError::from)
            .and_then(ParquetRecordBatchReaderBuilder::try_new)
            .map_err(|error| failed(error.to_string()))?;
        let names = builder.schema().metadata().get(EXTRACTS).map_or("", String::as_str);
        let extracts: Vec<String> = names.split_terminator(' ').map(str::to_owned).collect();
        let reader = builder.build().map_err(|error| failed(error.to_string()))?;
        let mut entries = Vec::new();
        for batch in reader {
            let batch = batch.map_err(|error| failed(error.to_string()))?;
            add_entries(&mut entries, &batch)
                .ok_or_else(|| failed("a column is missing or of another type".into()))?;
        }
        let Some(Entry { mention: 0, identity: last_id, .. }) = entries.first().copied() else {
            return Err(failed("the row with the last id is missing".into()));
        };
        entries.remove(0);
        Ok(Self { entries, extracts, last_id })
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
        let first = Entry { mention: 0, identity: self.last_id, extract: 0, grade: Grade::A, check: 0 };
        let rows = || std::iter::once(&first).chain(&self.entries);
        let fields = COLUMNS.map(|(name, kind)| Field::new(name, kind, false)).to_vec();
        let names = [(EXTRACTS.to_owned(), self.extracts.join(" "))].into();
        let schema = Arc::new(Schema::new_with_metadata(fields, names));
        let mention = UInt64Array::from_iter_values(rows().map(|entry| entry.mention));
        let identity = Int64Array::from_iter_values(rows().map(|entry| entry.identity));
        let extract = UInt16Array::from_iter_values(rows().map(|entry| entry.extract));
        let grade = UInt8Array::from_iter_values(rows().map(|entry| entry.grade as u8));
        let check = UInt8Array::from_iter_values(rows().map(|entry| entry.check));
        let batch = RecordBatch::try_new(
            Arc::clone(&schema),
            vec![Arc::new(mention), Arc::new(identity), Arc::new(extract), Arc::new(grade), Arc::new(check)],
        )?;
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
        let at = self.entries.binary_search_by_key(&mention, |entry| entry.mention).ok()?;
        Some(self.entries[at].identity)
    }

    /// Entries of extracts that did not come whole whose rows are not there tonight.
    fn unseen(&self, gaps: &BTreeSet<String>, is_here: impl Fn(u64) -> bool) -> Vec<Entry> {
        let in_gap: Vec<bool> = self.extracts.iter().map(|extract| gaps.contains(extract)).collect();
        let unseen = |entry: &&Entry| {
            in_gap.get(usize::from(entry.extract)).is_some_and(|gap| *gap) && !is_here(entry.mention)
        };
        self.entries.iter().filter(unseen).copied().collect()
    }

    /// Tonight's rows of persons of whom a row is unseen because its extract did not come whole: each beside the best
    /// known row of its person, by person and row.
    pub fn remembered(&self, rows: &Tonight<'_>) -> Vec<Remembered> {
        if !self.extracts.iter().any(|extract| rows.gaps.contains(extract)) {
            return Vec::new();
        }
        let at: FxHashMap<u64, u32> = (0..).zip(rows.keys).map(|(at, key)| (*key, at)).collect();
        let unseen = self.unseen(rows.gaps, |mention| at.contains_key(&mention));
        let persons: FxHashSet<i64> = unseen.into_iter().map(|entry| entry.identity).collect();
        let known = self.entries.iter().filter(|entry| persons.contains(&entry.identity));
        let mut known: Vec<(i64, Grade, u64, u32, bool)> = known
            .filter_map(|entry| {
                let here = *at.get(&entry.mention)?;
                let same_number = entry.check == check(&rows.mentions.mentions[here as usize]);
                Some((entry.identity, entry.grade, entry.mention, here, same_number))
            })
            .collect();
        known.par_sort_unstable();
        let pairs = known.chunk_by(|a, b| a.0 == b.0).flat_map(|person| {
            let (.., best, best_bears_it) = person[0];
            // Sorted: the other's grade is the weaker one.
            person[1..].iter().map(move |&(_, grade, _, other, same_number)| Remembered {
                left: best,
                right: other,
                grade,
                same_numbers: best_bears_it && same_number,
            })
        });
        pairs.collect()
    }

    /// The id of each person of tonight, what merged and split, and tomorrow's register.
    ///
    /// A person keeps the id that most of its mentions had; an id goes to the person who has most of
    /// its mentions. Ties go to the smaller id and the person whose smallest key is smaller.
    pub(super) fn follow(
        &self,
        forest: &Forest,
        rows: &Tonight<'_>,
    ) -> (Vec<IdentityId>, Vec<IdentityEvent>, Self) {
        let keys = rows.keys;
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
        // Who has most of the mentions that a person had.
        let mut heirs: FxHashMap<i64, i64> = FxHashMap::default();
        for &(_, old, person) in &claims {
            heirs.entry(old).or_insert(ids[person]);
        }
        let next = self.next(rows, (forest, &ids), &heirs, last_id);
        (ids.into_iter().map(IdentityId).collect(), tidy(events), next)
    }

    /// The register of the next night: tonight's rows, and those that nobody could have seen.
    fn next(
        &self,
        rows: &Tonight<'_>,
        (forest, ids): (&Forest, &[i64]),
        heirs: &FxHashMap<i64, i64>,
        last_id: i64,
    ) -> Self {
        let mut extracts: Vec<String> = rows.records.iter().map(|set| set.extract.clone()).collect();
        let entry = |at: u32, identity: i64| Entry {
            mention: rows.keys[at as usize],
            identity,
            extract: rows.mentions.mentions[at as usize].extract,
            grade: forest.grade[at as usize],
            check: check(&rows.mentions.mentions[at as usize]),
        };
        let mut entries: Vec<Entry> = forest
            .persons()
            .zip(ids)
            .flat_map(|(members, &id)| members.iter().map(move |&at| entry(at, id)))
            .collect();
        entries.par_sort_unstable();
        let is_here = |mention| entries.binary_search_by_key(&mention, |entry| entry.mention).is_ok();
        let mut unseen = self.unseen(rows.gaps, is_here);
        for entry in &mut unseen {
            let name = &self.extracts[usize::from(entry.extract)];
            let place = extracts.iter().position(|extract| extract == name).unwrap_or_else(|| {
                extracts.push(name.clone());
                extracts.len() - 1
            });
            entry.extract = u16::try_from(place).unwrap_or(u16::MAX);
            entry.identity = heirs.get(&entry.identity).copied().unwrap_or(entry.identity);
        }
        if !unseen.is_empty() {
            entries.extend(unseen);
            entries.par_sort_unstable();
        }
        Self { entries, extracts, last_id }
    }
}

/// Adds the rows of a batch; `None` when it has other columns. A file of an older program says nothing of extracts,
/// grades and numbers.
fn add_entries(entries: &mut Vec<Entry>, batch: &RecordBatch) -> Option<()> {
    let mention = batch.column_by_name("mention")?.as_primitive_opt::<UInt64Type>()?;
    let identity = batch.column_by_name("identity")?.as_primitive_opt::<Int64Type>()?;
    let extract = batch.column_by_name("extract").and_then(|column| column.as_primitive_opt::<UInt16Type>());
    let byte = |name| batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<UInt8Type>());
    let (grade, check) = (byte("grade"), byte("check"));
    for at in 0..batch.num_rows() {
        entries.push(Entry {
            mention: mention.value(at),
            identity: identity.value(at),
            extract: extract.map_or(u16::MAX, |extract| extract.value(at)),
            grade: grade.map_or(Grade::D, |grade| GRADES[usize::from(grade.value(at)).min(GRADES.len() - 1)]),
            check: check.map_or(0, |check| check.value(at)),
        });
    }
    Some(())
}

/// Eight bits of a row's number, or of its having none; never 0.
fn check(mention: &Mention) -> u8 {
    let number = mention.id.map_or(0, |id| id.packed() + 1);
    u8::try_from(digest::mix(number) % 255 + 1).unwrap_or(u8::MAX)
}

/// Grades by their number in the file.
const GRADES: [Grade; 4] = [Grade::A, Grade::B, Grade::C, Grade::D];

fn file(folder: &Path, digest: &str) -> PathBuf {
    folder.join(format!("{digest}.parquet"))
}
