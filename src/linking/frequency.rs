//! Tables of how frequent values are, read as any other table.

use std::collections::BTreeMap;

use crate::comparator::generic::Cell;
use crate::diag::{Diagnostic, Spot};
use crate::frame::{self, ColumnSpec, Reading};
use crate::link::splink::Frequencies;
use crate::spec::{FrequencySpec, LinkingPlan};

/// Frequencies by column, and what should be looked at.
type Read = (BTreeMap<String, Frequencies>, Vec<Diagnostic>);

/// Reads the plan's tables of frequencies.
pub(super) fn read(plan: &LinkingPlan) -> Result<Read, Vec<Diagnostic>> {
    let (mut found, mut warnings, mut problems) = (BTreeMap::new(), Vec::new(), Vec::new());
    for spec in &plan.frequencies {
        match one(spec, plan) {
            Ok((frequencies, told)) => {
                found.insert(spec.column.clone(), frequencies);
                warnings.extend(told);
            }
            Err(told) => problems.extend(told),
        }
    }
    if problems.is_empty() { Ok((found, warnings)) } else { Err(problems) }
}

fn one(spec: &FrequencySpec, plan: &LinkingPlan) -> Result<(Frequencies, Vec<Diagnostic>), Vec<Diagnostic>> {
    let value = &spec.table.id;
    let as_compared = plan.columns.get(&spec.column).cloned().unwrap_or_default();
    let number = ColumnSpec { reading: Some(Reading::Number), null: Vec::new() };
    let columns = BTreeMap::from([(value.clone(), as_compared), (spec.frequency.clone(), number)]);
    let wanted = [value.clone(), spec.frequency.clone()];
    let table = frame::read(std::slice::from_ref(&spec.table), &wanted, &columns)?;
    let (values, numbers) = (&table.frame.columns[value], &table.frame.columns[&spec.frequency]);
    let rows: Vec<(&Cell, f64)> = values
        .codes
        .iter()
        .zip(&numbers.codes)
        .map(|(&value, &number)| {
            let number = match numbers.values[number as usize] {
                Cell::Number(number) => number,
                _ => 0.0,
            };
            (&values.values[value as usize], number)
        })
        .collect();
    let refused = |message: String, help: &str| {
        let spot =
            Spot { column: spec.frequency.clone(), ..Spot::file(spec.table.path.display().to_string()) };
        vec![Diagnostic::error("frequency", spot, message).with_help(help)]
    };
    let without = rows.iter().filter(|(_, number)| *number <= 0.0).count();
    if without > 0 || rows.is_empty() {
        let message = format!("{without} of {} rows have no frequency above 0", rows.len());
        return Err(refused(message, "leave out values that do not occur"));
    }
    let sum: f64 = rows.iter().map(|(_, number)| number).sum();
    // Shares of all values may add up to a hair above one.
    if spec.total.is_some_and(|total| sum > total * (1.0 + 1e-9)) {
        return Err(refused(
            "the frequencies add up to more than `total`".into(),
            "take `total` away, or raise it",
        ));
    }
    Ok((Frequencies::given(rows, spec.total, spec.unlisted), table.warnings))
}
