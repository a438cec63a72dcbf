//! What standardisation says about the rows that validation let pass.
//!
//! By row, but never a name, a number of a person or a date of birth: only what such a cell was worth.

use std::fmt::Write;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Int64Type, UInt32Type};
use doudi::domain::{Contract, Day, FieldKind, MentionSet, NameForm, RecordSet};
use doudi::standard::Standardised;

/// Everything to say about one extract; `at` is its position.
pub(super) fn describe(out: &Standardised, at: usize) -> String {
    let (counts, set) = (&out.counts[at], &out.records[at]);
    let mut said = String::new();
    writeln!(
        said,
        "standardised: {} = {} records + {} quarantined; {} mentions; {:?}",
        counts.rows, counts.records, counts.quarantined, counts.mentions, set.state
    )
    .unwrap();
    for (field, kind) in mended(&set.contract) {
        line(&mut said, field, &values(&set.batch, field, kind));
    }
    for (index, mention) in set.contract.mention.iter().enumerate() {
        let state = format!("{}_id_state", mention.role);
        line(&mut said, &state, &words(&set.batch, &state));
        line(&mut said, &format!("{}_name", mention.role), &names(&out.mentions, at, index, set));
    }
    for (_, held) in out.quarantine.iter().filter(|(extract, _)| *extract == counts.extract) {
        let field = held.field.as_deref().unwrap_or("-");
        writeln!(said, "  held {} {} {field} {}: {}", held.file, held.row, held.code, held.reason).unwrap();
    }
    said
}

/// Fields whose standardised values say nothing about who a person is.
fn mended(contract: &Contract) -> Vec<(&str, FieldKind)> {
    let births: Vec<&String> =
        contract.mention.iter().filter_map(|mention| mention.birth_date.as_ref()).collect();
    let told = |kind| matches!(kind, FieldKind::Code | FieldKind::Date | FieldKind::Month | FieldKind::Yuan);
    contract
        .field
        .iter()
        .filter(|(name, field)| told(field.kind) && !births.contains(name))
        .map(|(name, field)| (name.as_str(), field.kind))
        .collect()
}

/// Cells by row, where the delivered text was another one.
fn values(batch: &RecordBatch, field: &str, kind: FieldKind) -> Vec<(u32, String)> {
    let column = batch.column_by_name(field).unwrap();
    let raw = batch.column_by_name(&format!("{field}_raw")).unwrap();
    let text = |row: usize| match kind {
        _ if column.is_null(row) => "-".to_owned(),
        FieldKind::Date => Day::from_days(column.as_primitive::<Date32Type>().value(row)).iso(),
        FieldKind::Yuan => format!("{} fen", column.as_primitive::<Int64Type>().value(row)),
        _ => column.as_string::<i32>().value(row).to_owned(),
    };
    let rows = (0..batch.num_rows()).filter(|&row| raw.is_valid(row));
    sorted(rows.map(|row| (number(batch, row), text(row))))
}

fn words(batch: &RecordBatch, column: &str) -> Vec<(u32, String)> {
    let column = batch.column_by_name(column).unwrap().as_string::<i32>();
    sorted((0..batch.num_rows()).map(|row| (number(batch, row), column.value(row).to_owned())))
}

/// What kind of text each name was, and whether a former name stood beside it.
fn names(mentions: &MentionSet, extract: usize, role: usize, set: &RecordSet) -> Vec<(u32, String)> {
    let own = |at: u16, of: u8| usize::from(at) == extract && usize::from(of) == role;
    sorted(mentions.mentions.iter().filter(|mention| own(mention.extract, mention.role)).map(|mention| {
        let form = match mentions.names.get(mention.name).map(|name| name.form) {
            None => "none",
            Some(NameForm::Full) => "full",
            Some(NameForm::WithLost) => "lost",
            Some(NameForm::Newborn) => "newborn",
            Some(NameForm::Placeholder) => "placeholder",
        };
        let former = if mention.former_name.is_some() { " and former" } else { "" };
        (number(&set.batch, mention.row as usize), format!("{form}{former}"))
    }))
}

fn number(batch: &RecordBatch, row: usize) -> u32 {
    batch.column_by_name("row").unwrap().as_primitive::<UInt32Type>().value(row)
}

fn sorted(rows: impl Iterator<Item = (u32, String)>) -> Vec<(u32, String)> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}

/// `  field: 2 a, 3–5 b`; nothing when there is nothing to tell.
fn line(said: &mut String, field: &str, rows: &[(u32, String)]) {
    if rows.is_empty() {
        return;
    }
    let groups: Vec<String> = rows
        .chunk_by(|a, b| a.1 == b.1 && b.0 <= a.0 + 1)
        .map(|group| match (group[0].0, group[group.len() - 1].0) {
            (first, last) if first == last => format!("{first} {}", group[0].1),
            (first, last) => format!("{first}–{last} {}", group[0].1),
        })
        .collect();
    writeln!(said, "  {field}: {}", groups.join(", ")).unwrap();
}
