//! The record batch of one extract, columns as documented at [`RecordSet`](crate::domain::RecordSet).

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, DictionaryArray, Int32Array, RecordBatch, StringArray, StringBuilder,
    UInt16Builder, UInt32Array,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use rayon::prelude::*;

use super::column::Column;
use super::person::RoleColumns;
use super::rowkey::Order;
use crate::domain::{CheckedExtract, Contract, Day, FileReport, RawTable, Sex};
use crate::tables::Tables;

/// Where the records of one extract stood.
pub(super) struct Stood<'a> {
    pub(super) table: &'a RawTable,
    pub(super) files: &'a [FileReport],
    pub(super) sheets: &'a [String],
}

impl<'a> Stood<'a> {
    pub(super) fn of(checked: &'a CheckedExtract) -> Self {
        Self { table: &checked.rows, files: &checked.files, sheets: &checked.sheets }
    }

    /// Indices of file and sheet, and the row as Excel shows it.
    pub(super) fn place(&self, row: u32) -> (u16, u16, u32) {
        let row = row as usize;
        (self.table.file[row], self.table.sheet[row], self.table.row[row])
    }

    /// Name of a file.
    pub(super) fn file(&self, row: u32) -> &'a str {
        self.files.get(usize::from(self.table.file[row as usize])).map_or("", |file| file.name.as_str())
    }

    /// Name of a sheet.
    pub(super) fn sheet(&self, row: u32) -> &'a str {
        self.sheets.get(usize::from(self.table.sheet[row as usize])).map_or("", String::as_str)
    }

    /// Names of file and sheet, and the row.
    pub(super) fn names(&self, row: u32) -> (&'a str, &'a str, u32) {
        (self.file(row), self.sheet(row), self.table.row[row as usize])
    }
}

/// Puts the columns together. Each typed column is brought into the order of the records and dropped.
pub(super) fn build(
    contract: &Contract,
    columns: Vec<Column>,
    order: Order,
    roles: Vec<RoleColumns>,
    stood: &Stood<'_>,
    tables: &Tables,
) -> RecordBatch {
    let rows = UInt32Array::from(order.rows);
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    let mut push = |name: String, array: ArrayRef| {
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    };
    push("row_key".to_owned(), Arc::new(StringArray::from_iter_values(order.keys)));
    let places = || rows.values().iter().map(|&row| stood.place(row));
    let files = stood.files.iter().map(|file| file.name.as_str());
    push("file".to_owned(), dictionary(places().map(|(file, _, _)| file), files));
    let sheets = stood.sheets.iter().map(String::as_str);
    push("sheet".to_owned(), dictionary(places().map(|(_, sheet, _)| sheet), sheets));
    push("row".to_owned(), Arc::new(UInt32Array::from_iter_values(places().map(|(_, _, row)| row))));
    let ordered: Vec<_> = columns.into_par_iter().map(|column| column.reorder(&rows)).collect();
    for (name, (values, raw)) in contract.field.keys().zip(ordered) {
        push(name.clone(), values);
        push(format!("{name}_raw"), raw);
    }
    let told: Vec<_> = roles.into_par_iter().map(|role| role_columns(&role, tables)).collect();
    for (mention, columns) in contract.mention.iter().zip(told) {
        for (suffix, array) in columns {
            push(format!("{}_{suffix}", mention.role), array);
        }
    }
    let schema = Arc::new(Schema::new(fields));
    RecordBatch::try_new(schema, arrays).expect("columns of one extract have one length")
}

/// A dictionary of all names, with the position of each record's name.
fn dictionary<'a>(positions: impl Iterator<Item = u16>, names: impl Iterator<Item = &'a str>) -> ArrayRef {
    let keys = Int32Array::from_iter_values(positions.map(i32::from));
    let values: ArrayRef = Arc::new(StringArray::from_iter_values(names));
    let array = DictionaryArray::<Int32Type>::try_new(keys, values);
    Arc::new(array.expect("each row stood in a known file and sheet"))
}

fn role_columns(role: &RoleColumns, tables: &Tables) -> [(&'static str, ArrayRef); 6] {
    let words = role.id_state.iter().map(|state| state.word());
    let births = role.birth.iter().map(|birth| birth.map(Day::days));
    let sexes = role.sex.iter().map(|sex| match sex {
        Sex::Male => Some("男"),
        Sex::Female => Some("女"),
        Sex::Unknown => None,
    });
    let mut groups = UInt16Builder::with_capacity(role.place.len());
    let mut towns = StringBuilder::new();
    let mut villages = StringBuilder::new();
    for place in &role.place {
        groups.append_option((place.group != 0).then_some(place.group));
        towns.append_option(named(tables.gazetteer.town_name(place.town)));
        villages.append_option(named(tables.gazetteer.village_name(place.village)));
    }
    [
        ("id_state", Arc::new(StringArray::from_iter_values(words)) as ArrayRef),
        ("birth", Arc::new(births.collect::<Date32Array>())),
        ("sex", Arc::new(sexes.collect::<StringArray>())),
        ("town", Arc::new(towns.finish())),
        ("village", Arc::new(villages.finish())),
        ("group", Arc::new(groups.finish())),
    ]
}

/// A name of the gazetteer, which is empty for what it does not know.
fn named(name: &str) -> Option<&str> {
    (!name.is_empty()).then_some(name)
}

/// Raw cells of an extract without rows: one empty column for each field.
pub(super) fn no_cells(contract: &Contract) -> Vec<ArrayRef> {
    contract.field.iter().map(|_| arrow::array::new_empty_array(&DataType::Utf8)).collect()
}
