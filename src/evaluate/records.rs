//! What the records themselves say of the persons named in them: the ID-only join of today, and the
//! facts from which strata are derived.

use arrow::array::{Array, AsArray, Date32Array, StringArray};
use arrow::datatypes::{DataType, Date32Type, UInt32Type};

use super::read::{Batch, Keys, Truth, for_each_batch};
use super::{EvaluateError, EvaluateInput, Labels};
use crate::domain::{MentionSpec, ResidentId};

/// Labels above every packed number, for mentions that have none.
const NO_NUMBER: u64 = 1 << 63;

/// The persons named in one role by a batch of records.
pub(super) struct RoleBatch<'a> {
    /// All roles of the extract.
    pub(super) roles: &'a [MentionSpec],
    /// The role, an index into `roles`.
    pub(super) role: usize,
    /// Keys of the mentions of each role, by record.
    pub(super) keys: &'a [Vec<u64>],
    id: Option<StringArray>,
    name: Option<StringArray>,
    former_name: Option<StringArray>,
    birth: Option<Date32Array>,
}

impl RoleBatch<'_> {
    /// The resident number in record `at`, when eighteen characters could be made of the cell.
    pub(super) fn id(&self, at: usize) -> Option<ResidentId> {
        given(self.id.as_ref(), at).and_then(ResidentId::parse)
    }

    /// The name in record `at`.
    pub(super) fn name(&self, at: usize) -> Option<&str> {
        given(self.name.as_ref(), at)
    }

    /// Whether record `at` tells a former name.
    pub(super) fn has_former_name(&self, at: usize) -> bool {
        given(self.former_name.as_ref(), at).is_some()
    }

    /// The birth date in record `at`, days since 1970-01-01.
    pub(super) fn birth(&self, at: usize) -> Option<i32> {
        self.birth.as_ref().filter(|births| births.is_valid(at)).map(|births| births.value(at))
    }
}

fn given(column: Option<&StringArray>, at: usize) -> Option<&str> {
    column.filter(|column| column.is_valid(at)).map(|column| column.value(at)).filter(|text| !text.is_empty())
}

/// Calls `visit` with every role of every batch of the run's records. Names and births are read only
/// when `facts` asks for them.
pub(super) fn for_each_role(
    input: &EvaluateInput,
    truth: &Truth,
    facts: bool,
    mut visit: impl FnMut(&RoleBatch<'_>),
) -> Result<(), EvaluateError> {
    if input.contracts.is_empty() {
        return Err(EvaluateError::ContractsMissing);
    }
    let mut places = Keys::new(truth);
    for (extract, contract) in &input.contracts {
        let path = input.run_dir.join("artifacts/records").join(format!("{extract}.parquet"));
        if contract.mention.is_empty() || !path.is_file() {
            continue;
        }
        let columns = columns_of(&contract.mention, facts);
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        for_each_batch(&path, &names, |batch| {
            let keys = keys_of(&mut places, batch, extract, &contract.mention)?;
            for (role, spec) in contract.mention.iter().enumerate() {
                let text =
                    |field: &Option<String>| field.as_deref().map(|field| batch.text(field)).transpose();
                let mut part = RoleBatch {
                    roles: &contract.mention,
                    role,
                    keys: &keys,
                    id: text(&spec.resident_id)?,
                    name: None,
                    former_name: None,
                    birth: None,
                };
                if facts {
                    part.name = Some(batch.text(&spec.name)?);
                    part.former_name = text(&spec.former_name)?;
                    let births = batch.typed(&birth_column(spec), &DataType::Date32)?;
                    part.birth = Some(births.as_primitive::<Date32Type>().clone());
                }
                visit(&part);
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn birth_column(spec: &MentionSpec) -> String {
    format!("{}_birth", spec.role)
}

fn columns_of(roles: &[MentionSpec], facts: bool) -> Vec<String> {
    let mut columns = vec!["file".to_owned(), "sheet".to_owned(), "row".to_owned()];
    for spec in roles {
        columns.extend(spec.resident_id.clone());
        if facts {
            columns.push(spec.name.clone());
            columns.extend(spec.former_name.clone());
            columns.push(birth_column(spec));
        }
    }
    columns.sort();
    columns.dedup();
    columns
}

fn keys_of(
    places: &mut Keys<'_>,
    batch: &Batch<'_>,
    extract: &str,
    roles: &[MentionSpec],
) -> Result<Vec<Vec<u64>>, EvaluateError> {
    let (files, sheets) = (batch.text("file")?, batch.text("sheet")?);
    let rows = batch.typed("row", &DataType::UInt32)?;
    let rows = rows.as_primitive::<UInt32Type>();
    let mut keys = Vec::with_capacity(roles.len());
    for spec in roles {
        let place = |at| [extract, files.value(at), sheets.value(at), spec.role.as_str()];
        keys.push((0..rows.len()).map(|at| places.key(place(at), rows.value(at))).collect());
    }
    Ok(keys)
}

/// The join that offices use today: mentions with equal eighteen characters are one person, a mention
/// without is a person of its own. `labels` are the run's mentions; only those are labelled.
pub(super) fn id_only_labels(
    input: &EvaluateInput,
    truth: &Truth,
    labels: &Labels,
) -> Result<Labels, EvaluateError> {
    let mut numbers: Labels = Vec::new();
    for_each_role(input, truth, false, |batch| {
        for (at, &key) in batch.keys[batch.role].iter().enumerate() {
            if let Some(id) = batch.id(at) {
                numbers.push((key, id.packed()));
            }
        }
    })?;
    numbers.sort_unstable();
    numbers.dedup_by_key(|row| row.0);
    let mut out: Labels = (0_u64..).zip(labels).map(|(at, row)| (row.0, NO_NUMBER | at)).collect();
    out.sort_unstable();
    let mut rest = numbers.into_iter().peekable();
    for (key, label) in &mut out {
        while rest.next_if(|row| row.0 < *key).is_some() {}
        if let Some(&(_, number)) = rest.peek().filter(|row| row.0 == *key) {
            *label = number;
        }
    }
    Ok(out)
}
