//! Views of which a ledger (台账) shows every row: rules list only who is in question, a ledger lists everybody.

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use arrow::record_batch::RecordBatch;

use super::book::Book;
use super::gate;
use super::world::World;
use crate::domain::KeptRows;
use crate::engine::Engine;

/// Whom a row is about: one row for each.
pub(super) const WHO: &str = "identity";
/// Whether the row stands in the ledger, or only beside a case.
pub(super) const LISTED: &str = "listed";
/// In which ledger its owner has the child already; NULL: in none.
pub(super) const REGISTERED: &str = "registered";

/// A view whose rows are kept.
#[derive(Clone, Debug)]
pub struct KeptView {
    /// Name of the view.
    pub view: String,
    /// File that asks for it.
    pub file: String,
    /// Columns that are shown.
    pub columns: Vec<String>,
    /// Extracts without which there is no ledger.
    pub reads: Vec<String>,
    /// Extracts that are read when they came.
    pub optional_reads: Vec<String>,
    /// Keys of the legal-basis table.
    pub basis: Vec<String>,
}

impl KeptView {
    /// The query that gives its rows.
    pub(super) fn sql(&self) -> String {
        format!("SELECT * FROM {} ORDER BY {WHO}", self.view)
    }
}

/// The rows of all kept views, made by [`super::judge`] with all other views.
pub(super) fn keep(engine: &Engine, book: &Book, world: &World, broken_views: &str) -> Vec<KeptRows> {
    let rows = |kept: &KeptView| {
        if let Some(why) = gate::missing(kept.reads.iter(), world) {
            return Err(why);
        }
        let batch = engine.query(&kept.sql()).map_err(|error| format!("{error}{broken_views}"));
        batch
            .and_then(|batch| whole(&batch))
            .map_err(|error| format!("台账生成失败，请联系维护人员（{error}）"))
    };
    let of = |kept: &KeptView| {
        let all: Vec<String> = kept.reads.iter().chain(&kept.optional_reads).cloned().collect();
        let rows = rows(kept);
        tracing::info!(view = kept.view, rows = rows.as_ref().map_or(0, RecordBatch::num_rows), "rows kept");
        KeptRows { view: kept.view.clone(), rows, faults: gate::faults(&all, world) }
    };
    book.kept.iter().map(of).collect()
}

/// The batch, all its columns but the first three as text, when it has one row for each identity.
fn whole(batch: &RecordBatch) -> Result<RecordBatch, String> {
    let who = batch.column_by_name(WHO).and_then(|column| column.as_primitive_opt::<Int64Type>());
    let who = who.ok_or_else(|| format!("`{WHO}` is no identity"))?;
    if who.null_count() > 0 || !who.values().is_sorted_by(|a, b| a < b) {
        return Err(format!("the view gives no single row for each `{WHO}`"));
    }
    let as_text = |(name, column): (&String, &arrow::array::ArrayRef)| {
        let own = [WHO, LISTED].contains(&name.as_str());
        let column = if own { column.clone() } else { cast(column, &DataType::Utf8)? };
        Ok::<_, arrow::error::ArrowError>((name.clone(), column))
    };
    let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    let columns = names.iter().zip(batch.columns()).map(as_text).collect::<Result<Vec<_>, _>>();
    columns.and_then(RecordBatch::try_from_iter).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, BooleanArray, Date32Array, Int64Array};

    use super::*;

    fn check(identities: &[i64], expected: Result<&str, &str>) {
        let listed: ArrayRef = Arc::new(BooleanArray::from(vec![true; identities.len()]));
        let day: ArrayRef = Arc::new(Date32Array::from(vec![20_000; identities.len()]));
        let who: ArrayRef = Arc::new(Int64Array::from(identities.to_vec()));
        let batch = RecordBatch::try_from_iter([(WHO, who), (LISTED, listed), ("day", day)]).unwrap();
        let found = whole(&batch);
        let day = found
            .as_ref()
            .map(|batch| batch.column_by_name("day").unwrap().as_string::<i32>().value(0))
            .map_err(String::as_str);
        assert_eq!(day, expected, "{identities:?}");
    }

    #[test]
    fn a_ledger_has_one_row_for_each_child() {
        check(&[1, 2], Ok("2024-10-04"));
        check(&[1, 1], Err("the view gives no single row for each `identity`"));
    }
}
