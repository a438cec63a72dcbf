//! The functions that SQL has beyond the engine's own: one list for every session.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Date32Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Date32Type, Int64Type};
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use datafusion::scalar::ScalarValue;

use super::calendar::{self, SchoolAges};
use crate::domain::{Day, Month};
use crate::kernel::digest;

/// All functions, in the order of their names. A null argument gives null.
///
/// | function | result |
/// |---|---|
/// | `add_months(date, n)` | the corresponding day n months later, or the month's last day (民法典 202) |
/// | `age_on(birth, date)` | whole years |
/// | `compulsory_cohort(birth, as_of)` | whether of compulsory school age |
/// | `days_outside_summer(from, to)` | days that lie not in July or August |
/// | `draw(text)` | a number from 0 by which people are drawn by lot: the same text gives the same number on every machine |
/// | `entrant_on_hold(birth, date, n)` | whether of first-grade age within n months of 1 September: rolls are still being made |
/// | `expected_grade(birth, as_of)` | grade 1–9, null outside |
/// | `month_add(month, n)` | `2026-11` and n → `2026-12` |
/// | `month_compact(month)` | `2026-11` → `202611` |
/// | `month_first_day(month)` | `2026-11` → 2026-11-01 |
/// | `month_of(date)` | `2026-11` |
/// | `months_between(from, to)` | whole months |
/// | `school_age_from(as_of, years)` | birth of the oldest of compulsory school age, kept for so many years more |
/// | `school_age_until(as_of)` | the day after the birth of the youngest |
/// | `school_year_of(date)` | `2026-2027` |
/// | `school_year_start(date)` | 1 September |
pub fn functions(ages: &SchoolAges) -> Vec<ScalarUDF> {
    use DataType::{Boolean, Date32, Int64, Utf8};
    let (cohort, entrants, grade) = (ages.clone(), ages.clone(), ages.clone());
    let (oldest, youngest) = (ages.clone(), ages.clone());
    vec![
        function("add_months", vec![Date32, Int64], Date32, add_months),
        function("age_on", vec![Date32, Date32], Int64, |args| {
            two_days(args, |birth, on| Some(i64::from(birth.age_on(on))))
        }),
        function("compulsory_cohort", vec![Date32, Date32], Boolean, move |args| {
            let is_of_age = |birth, on| cohort.expected_grade(birth, on).is_some();
            Arc::new(days_of(args).map(|days| days.map(|(a, b)| is_of_age(a, b))).collect::<BooleanArray>())
        }),
        function("days_outside_summer", vec![Date32, Date32], Int64, |args| {
            two_days(args, |from, to| Some(i64::from(calendar::days_outside_summer(from, to))))
        }),
        function("draw", vec![Utf8], Int64, |args| {
            let texts = args[0].as_string::<i32>().iter();
            // Without the lowest bit every digest is a positive number.
            let lot = |text: &str| i64::try_from(digest::bytes(text.as_bytes()) >> 1).unwrap_or(i64::MAX);
            Arc::new(texts.map(|text| text.map(lot)).collect::<Int64Array>())
        }),
        function("entrant_on_hold", vec![Date32, Date32, Int64], Boolean, move |args| {
            let months = args[2].as_primitive::<Int64Type>().iter();
            let held = days_of(args).zip(months).map(|(days, months)| {
                let ((birth, on), months) = (days?, count(months?)?);
                let until = calendar::school_year_start(on).plus_months(months);
                Some(on < until && entrants.expected_grade(birth, on) == Some(1))
            });
            Arc::new(held.collect::<BooleanArray>())
        }),
        function("expected_grade", vec![Date32, Date32], Int64, move |args| {
            two_days(args, |birth, on| grade.expected_grade(birth, on).map(i64::from))
        }),
        function("month_add", vec![Utf8, Int64], Utf8, month_add),
        function("month_compact", vec![Utf8], Utf8, |args| {
            let months = args[0].as_string::<i32>().iter();
            Arc::new(months.map(|text| Some(month(text?)?.compact())).collect::<StringArray>())
        }),
        function("month_first_day", vec![Utf8], Date32, |args| {
            let months = args[0].as_string::<i32>().iter();
            let days = months.map(|text| Some(month(text?)?.first_day().days()));
            Arc::new(days.collect::<Date32Array>())
        }),
        function("month_of", vec![Date32], Utf8, |args| day_text(&args[0], |day| dashed(day.month()))),
        function("months_between", vec![Date32, Date32], Int64, |args| {
            two_days(args, |from, to| Some(i64::from(calendar::months_between(from, to))))
        }),
        function("school_age_from", vec![Date32, Int64], Date32, move |args| {
            let (days, years) = (args[0].as_primitive::<Date32Type>(), args[1].as_primitive::<Int64Type>());
            let first = |(day, years): (Option<i32>, Option<i64>)| {
                let births = oldest.births(Day::from_days(day?), count(years?)?)?;
                Some(births.0.days())
            };
            Arc::new(days.iter().zip(years.iter()).map(first).collect::<Date32Array>())
        }),
        function("school_age_until", vec![Date32], Date32, move |args| {
            let days = args[0].as_primitive::<Date32Type>().iter();
            let after = days.map(|day| Some(youngest.births(Day::from_days(day?), 0)?.1.days()));
            Arc::new(after.collect::<Date32Array>())
        }),
        function("school_year_of", vec![Date32], Utf8, |args| day_text(&args[0], calendar::school_year)),
        function("school_year_start", vec![Date32], Date32, |args| {
            let days = args[0].as_primitive::<Date32Type>().iter();
            let starts = days.map(|day| Some(calendar::school_year_start(Day::from_days(day?)).days()));
            Arc::new(starts.collect::<Date32Array>())
        }),
    ]
}

/// Names of [`functions`], sorted.
pub fn function_names() -> Vec<String> {
    functions(&SchoolAges::default()).iter().map(|function| function.name().to_owned()).collect()
}

/// A pure function of arrays; constants stay constants, so the planner can fold them.
fn function(
    name: &str,
    inputs: Vec<DataType>,
    output: DataType,
    body: impl Fn(&[ArrayRef]) -> ArrayRef + Send + Sync + 'static,
) -> ScalarUDF {
    let run = move |args: &[ColumnarValue]| {
        let constant = args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let result = body(&ColumnarValue::values_to_arrays(args)?);
        if constant {
            return ScalarValue::try_from_array(&result, 0).map(ColumnarValue::Scalar);
        }
        Ok(ColumnarValue::Array(result))
    };
    create_udf(name, inputs, output, Volatility::Immutable, Arc::new(run))
}

/// Two columns of days, row by row; `None` where one of them is null.
fn days_of(args: &[ArrayRef]) -> impl Iterator<Item = Option<(Day, Day)>> + '_ {
    let (left, right) = (args[0].as_primitive::<Date32Type>(), args[1].as_primitive::<Date32Type>());
    left.iter().zip(right.iter()).map(|(a, b)| Some((Day::from_days(a?), Day::from_days(b?))))
}

fn two_days(args: &[ArrayRef], f: impl Fn(Day, Day) -> Option<i64>) -> ArrayRef {
    Arc::new(days_of(args).map(|days| days.and_then(|(a, b)| f(a, b))).collect::<Int64Array>())
}

fn day_text(days: &ArrayRef, f: fn(Day) -> String) -> ArrayRef {
    let days = days.as_primitive::<Date32Type>().iter();
    Arc::new(days.map(|day| Some(f(Day::from_days(day?)))).collect::<StringArray>())
}

fn add_months(args: &[ArrayRef]) -> ArrayRef {
    let (days, months) = (args[0].as_primitive::<Date32Type>(), args[1].as_primitive::<Int64Type>());
    let values = days.iter().zip(months.iter());
    let result = values.map(|(day, n)| Some(Day::from_days(day?).plus_months(count(n?)?).days()));
    Arc::new(result.collect::<Date32Array>())
}

fn month_add(args: &[ArrayRef]) -> ArrayRef {
    let (months, counts) = (args[0].as_string::<i32>(), args[1].as_primitive::<Int64Type>());
    let values = months.iter().zip(counts.iter());
    let result = values.map(|(text, n)| Some(dashed(month(text?)?.plus(count(n?)?))));
    Arc::new(result.collect::<StringArray>())
}

/// A number of months or years that stays within bounds; anything else is null.
fn count(months: i64) -> Option<i32> {
    i32::try_from(months).ok().filter(|n| n.abs() <= 12_000)
}

fn dashed(month: Month) -> String {
    let (year, number) = month.year_month();
    format!("{year:04}-{number:02}")
}

/// The month of `YYYY-MM`; anything else is null.
fn month(text: &str) -> Option<Month> {
    let (year, number) = text.split_once('-')?;
    let number: u32 = number.parse().ok().filter(|n| (1..=12).contains(n))?;
    Some(Month::new(year.parse().ok().filter(|y| (1..=9999).contains(y))?, number))
}
