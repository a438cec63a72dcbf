//! Mentions as Parquet and back, so that a later run can go on from them (`run --from`).

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, StringArray, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array,
};
use arrow::datatypes::{ArrowPrimitiveType, Int32Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchReader as _};
use parquet::arrow::ProjectionMask;

use crate::domain::{
    Day, IdState, LocalKey, Mention, MentionSet, NameForm, NameId, NamePool, OtherId, OtherIdSource, Place,
    Relation, ResidentId, Sex, StdName,
};

/// The tables of a mention set, each with the name of its file.
pub(super) const FILES: [&str; 4] = ["mentions", "names", "local_keys", "other_numbers"];

const SEXES: [Sex; 3] = [Sex::Unknown, Sex::Male, Sex::Female];
const FORMS: [NameForm; 4] = [NameForm::Full, NameForm::WithLost, NameForm::Newborn, NameForm::Placeholder];
const SOURCES: [OtherIdSource; 3] = [OtherIdSource::Historic, OtherIdSource::Card, OtherIdSource::ChangeLog];

/// The tables of [`FILES`].
pub(super) fn batches(set: &MentionSet) -> Result<[RecordBatch; 4], ArrowError> {
    Ok([mentions(set)?, names(set)?, local_keys(set)?, other_numbers(set)?])
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> Result<RecordBatch, ArrowError> {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
}

fn mentions(set: &MentionSet) -> Result<RecordBatch, ArrowError> {
    fn small(set: &MentionSet, of: impl Fn(&Mention) -> u8) -> ArrayRef {
        Arc::new(UInt8Array::from_iter_values(set.mentions.iter().map(of)))
    }
    fn short(set: &MentionSet, of: impl Fn(&Mention) -> u16) -> ArrayRef {
        Arc::new(UInt16Array::from_iter_values(set.mentions.iter().map(of)))
    }
    fn whole(set: &MentionSet, of: impl Fn(&Mention) -> u32) -> ArrayRef {
        Arc::new(UInt32Array::from_iter_values(set.mentions.iter().map(of)))
    }
    fn flag(set: &MentionSet, of: impl Fn(&Mention) -> bool) -> ArrayRef {
        Arc::new(set.mentions.iter().map(|mention| Some(of(mention))).collect::<BooleanArray>())
    }
    let all = &set.mentions;
    let household = (0..all.len()).map(|at| set.household.get(at).copied());
    batch(vec![
        ("extract", short(set, |m| m.extract)),
        ("role", small(set, |m| m.role)),
        ("sex", small(set, |m| m.sex as u8)),
        ("row", whole(set, |m| m.row)),
        ("name", whole(set, |m| m.name.0)),
        ("former_name", whole(set, |m| m.former_name.0)),
        ("number", Arc::new(all.iter().map(|m| m.id.map(ResidentId::packed)).collect::<UInt64Array>())),
        ("number_state", small(set, |m| m.id_state as u8)),
        ("birth", Arc::new(all.iter().map(|m| m.birth.map(Day::days)).collect::<Int32Array>())),
        ("birth_from_number", flag(set, |m| m.birth_from_id)),
        ("town", short(set, |m| m.place.town)),
        ("village", short(set, |m| m.place.village)),
        ("group", short(set, |m| m.place.group)),
        ("outside", flag(set, |m| m.place.outside)),
        ("phone", Arc::new(UInt64Array::from_iter_values(all.iter().map(|m| m.phone)))),
        ("of", Arc::new(all.iter().map(|m| m.of).collect::<UInt8Array>())),
        ("relation", small(set, |m| m.relation as u8)),
        ("household", Arc::new(household.collect::<UInt32Array>())),
    ])
}

fn names(set: &MentionSet) -> Result<RecordBatch, ArrowError> {
    let all = set.names.names();
    batch(vec![
        ("key", Arc::new(StringArray::from_iter_values(all.iter().map(|name| &name.key)))),
        ("display", Arc::new(StringArray::from_iter_values(all.iter().map(|name| &name.display)))),
        ("form", Arc::new(UInt8Array::from_iter_values(all.iter().map(|name| name.form as u8)))),
    ])
}

fn local_keys(set: &MentionSet) -> Result<RecordBatch, ArrowError> {
    let all = &set.local_keys;
    batch(vec![
        ("mention", Arc::new(UInt32Array::from_iter_values(all.iter().map(|key| key.mention)))),
        ("namespace", Arc::new(UInt16Array::from_iter_values(all.iter().map(|key| key.namespace)))),
        ("value", Arc::new(StringArray::from_iter_values(all.iter().map(|key| &key.value)))),
    ])
}

fn other_numbers(set: &MentionSet) -> Result<RecordBatch, ArrowError> {
    let all = &set.other_ids;
    let source = |other: &OtherId| SOURCES.iter().position(|source| *source == other.source).unwrap_or(0);
    batch(vec![
        ("mention", Arc::new(UInt32Array::from_iter_values(all.iter().map(|other| other.mention)))),
        ("number", Arc::new(UInt64Array::from_iter_values(all.iter().map(|other| other.id.packed())))),
        (
            "source",
            Arc::new(UInt8Array::from_iter_values(
                all.iter().map(|other| u8::try_from(source(other)).unwrap_or(0)),
            )),
        ),
    ])
}

/// The mention set of these tables.
///
/// # Errors
/// When a column is missing or holds what no mention can hold, with the table's name.
pub(super) fn read(tables: [&RecordBatch; 4], namespaces: Vec<String>) -> Result<MentionSet, String> {
    let [mentions, names, local_keys, other_numbers] = tables;
    let mut set = MentionSet { namespaces, ..MentionSet::default() };
    set.names = read_names(&Table(names))?;
    read_mentions(&Table(mentions), &mut set)?;
    let keys = Table(local_keys);
    let (mention, namespace) =
        (keys.numbers::<UInt32Type>("mention")?, keys.numbers::<UInt16Type>("namespace")?);
    let value = keys.texts("value")?;
    let key = |at: usize| LocalKey {
        mention: mention.value(at),
        namespace: namespace.value(at),
        value: value.value(at).into(),
    };
    set.local_keys = (0..keys.0.num_rows()).map(key).collect();
    let others = Table(other_numbers);
    let (mention, number) =
        (others.numbers::<UInt32Type>("mention")?, others.numbers::<UInt64Type>("number")?);
    let source = others.numbers::<UInt8Type>("source")?;
    let other = |at: usize| {
        let id = ResidentId::from_packed(number.value(at));
        Ok(OtherId { mention: mention.value(at), id, source: nth(&SOURCES, source.value(at))? })
    };
    set.other_ids = (0..others.0.num_rows()).map(other).collect::<Result<_, String>>()?;
    Ok(set)
}

fn read_names(table: &Table<'_>) -> Result<NamePool, String> {
    let (key, display) = (table.texts("key")?, table.texts("display")?);
    let form = table.numbers::<UInt8Type>("form")?;
    let mut pool = NamePool::default();
    for at in 0..table.0.num_rows() {
        let (key, display) = (key.value(at).into(), display.value(at).into());
        pool.intern(StdName { key, display, form: nth(&FORMS, form.value(at))? });
    }
    Ok(pool)
}

fn read_mentions(table: &Table<'_>, set: &mut MentionSet) -> Result<(), String> {
    let extract = table.numbers::<UInt16Type>("extract")?;
    let (role, sex) = (table.numbers::<UInt8Type>("role")?, table.numbers::<UInt8Type>("sex")?);
    let (row, name) = (table.numbers::<UInt32Type>("row")?, table.numbers::<UInt32Type>("name")?);
    let former_name = table.numbers::<UInt32Type>("former_name")?;
    let number = table.numbers::<UInt64Type>("number")?;
    let number_state = table.numbers::<UInt8Type>("number_state")?;
    let birth = table.numbers::<Int32Type>("birth")?;
    let (birth_from_number, outside) = (table.flags("birth_from_number")?, table.flags("outside")?);
    let (town, village) = (table.numbers::<UInt16Type>("town")?, table.numbers::<UInt16Type>("village")?);
    let group = table.numbers::<UInt16Type>("group")?;
    let phone = table.numbers::<UInt64Type>("phone")?;
    let (of, relation) = (table.numbers::<UInt8Type>("of")?, table.numbers::<UInt8Type>("relation")?);
    let household = table.numbers::<UInt32Type>("household")?;
    let mention = |at: usize| -> Result<Mention, String> {
        Ok(Mention {
            extract: extract.value(at),
            role: role.value(at),
            sex: nth(&SEXES, sex.value(at))?,
            row: row.value(at),
            name: NameId(name.value(at)),
            former_name: NameId(former_name.value(at)),
            id: number.is_valid(at).then(|| ResidentId::from_packed(number.value(at))),
            id_state: nth(&IdState::ALL, number_state.value(at))?,
            birth: birth.is_valid(at).then(|| Day::from_days(birth.value(at))),
            birth_from_id: birth_from_number.value(at),
            place: Place {
                town: town.value(at),
                village: village.value(at),
                group: group.value(at),
                outside: outside.value(at),
            },
            phone: phone.value(at),
            of: of.is_valid(at).then(|| of.value(at)),
            relation: nth(&Relation::ALL, relation.value(at))?,
        })
    };
    set.mentions = (0..table.0.num_rows()).map(mention).collect::<Result<_, String>>()?;
    if household.null_count() < household.len() {
        set.household = household.values().to_vec();
    }
    Ok(())
}

/// The value that stands at a number.
fn nth<T: Copy>(all: &[T], at: u8) -> Result<T, String> {
    all.get(usize::from(at)).copied().ok_or_else(|| format!("{at} stands for nothing this program knows"))
}

/// Columns of a table by name.
struct Table<'a>(&'a RecordBatch);

impl Table<'_> {
    fn column(&self, name: &str) -> Result<&ArrayRef, String> {
        self.0.column_by_name(name).ok_or_else(|| format!("the column {name} is missing"))
    }

    fn numbers<T: ArrowPrimitiveType>(&self, name: &str) -> Result<&arrow::array::PrimitiveArray<T>, String> {
        self.column(name)?.as_primitive_opt().ok_or_else(|| format!("the column {name} has another type"))
    }

    fn texts(&self, name: &str) -> Result<&StringArray, String> {
        self.column(name)?.as_string_opt().ok_or_else(|| format!("the column {name} has another type"))
    }

    fn flags(&self, name: &str) -> Result<&BooleanArray, String> {
        self.column(name)?.as_boolean_opt().ok_or_else(|| format!("the column {name} has another type"))
    }
}

/// Reads a Parquet file into one batch.
pub(super) fn read_batch(path: &Path) -> Result<RecordBatch, String> {
    read_columns(path, None)
}

/// The same, only one column or all.
pub(super) fn read_columns(path: &Path, only: Option<&str>) -> Result<RecordBatch, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = std::fs::File::open(path).map_err(|error| told(&error))?;
    let builder = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|error| told(&error))?;
    let wanted = only
        .map_or_else(ProjectionMask::all, |name| ProjectionMask::columns(builder.parquet_schema(), [name]));
    let reader = builder.with_projection(wanted).with_batch_size(1 << 18).build();
    let reader = reader.map_err(|error| told(&error))?;
    let schema = reader.schema();
    let parts = reader.collect::<Result<Vec<_>, _>>().map_err(|error| told(&error))?;
    arrow::compute::concat_batches(&schema, &parts).map_err(|error| told(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> MentionSet {
        let mut set = MentionSet { namespaces: vec!["roll".to_owned()], ..MentionSet::default() };
        let full = |text: &str, form| StdName { key: text.into(), display: text.into(), form };
        let name = set.names.intern(full("张三", NameForm::Full));
        let stand_in = set.names.intern(full("毛毛", NameForm::Newborn));
        let id = ResidentId::from_body(32_068_120_150_301_001);
        let child = Mention {
            extract: 1,
            role: 2,
            sex: Sex::Female,
            row: 77,
            name,
            former_name: stand_in,
            id: Some(id),
            id_state: IdState::ChecksumFailed,
            birth: Day::from_ymd(2015, 3, 1),
            birth_from_id: true,
            place: Place { town: 3, village: 14, group: 15, outside: true },
            phone: 13_900_000_001,
            of: Some(0),
            relation: Relation::Adopter,
        };
        let nobody = Mention {
            former_name: NameId::NONE,
            id: None,
            birth: None,
            of: None,
            relation: Relation::None,
            ..child.clone()
        };
        set.mentions = vec![child, nobody];
        set.local_keys = vec![LocalKey { mention: 1, namespace: 0, value: "G1".into() }];
        set.other_ids = vec![OtherId { mention: 0, id, source: OtherIdSource::ChangeLog }];
        set.household = vec![0, 9];
        set
    }

    #[test]
    fn what_is_stored_comes_back() {
        let before = set();
        let [a, b, c, d] = batches(&before).unwrap();
        let after = read([&a, &b, &c, &d], before.namespaces.clone()).unwrap();
        // The tables hold every field, so equal tables are equal sets.
        assert_eq!(batches(&after).unwrap(), batches(&before).unwrap());
        assert_eq!(after.household, before.household);
        assert_eq!(after.names.names().len(), 2);
    }

    #[test]
    fn a_number_that_stands_for_nothing_is_told() {
        let before = set();
        let [a, b, c, d] = batches(&before).unwrap();
        let other: ArrayRef = Arc::new(UInt8Array::from(vec![200, 0]));
        let mut columns = a.columns().to_vec();
        columns[16] = other;
        let a = RecordBatch::try_new(a.schema(), columns).unwrap();
        assert!(read([&a, &b, &c, &d], Vec::new()).is_err_and(|message| message.contains("200")));
    }
}
