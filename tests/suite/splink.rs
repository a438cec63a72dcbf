//! The same model and pairs give the levels and match weights of Splink 5, on FEBRL 3 and 4.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, Int8Type};
use doudi::comparator::generic::{Cell, Format, Step, Term};
use doudi::domain::Day;
use doudi::link::splink::{Frequencies, Model, Scorer, export, import, probability};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Largest difference of a weight, in bits.
const TOLERANCE: f64 = 1e-9;

fn frozen(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "fixtures", "frozen", "splink", name].iter().collect()
}

/// A Parquet file as columns by name.
fn columns(name: &str) -> BTreeMap<String, ArrayRef> {
    let file = File::open(frozen(name)).unwrap();
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(file).unwrap().with_batch_size(1 << 20).build().unwrap();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    let [batch] = &batches[..] else { panic!("{name}: one batch") };
    let names = batch.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    names.into_iter().zip(batch.columns().iter().cloned()).collect()
}

fn texts(column: &ArrayRef) -> Vec<Option<String>> {
    let column = arrow::compute::cast(column, &DataType::Utf8).unwrap();
    column.as_string::<i32>().iter().map(|value| value.map(str::to_owned)).collect()
}

/// The rows of a data set: cells of each column, as Splink saw them, and the place of each id.
struct Rows {
    cells: BTreeMap<String, Vec<Cell>>,
    places: BTreeMap<String, usize>,
}

impl Rows {
    fn read(name: &str) -> Self {
        let columns = columns(&format!("{name}.rows.parquet"));
        let cell = |value: Option<String>| value.map_or(Cell::Null, |value| Cell::text(&value));
        let mut cells: BTreeMap<String, Vec<Cell>> = columns
            .iter()
            .map(|(name, column)| (name.clone(), texts(column).into_iter().map(cell).collect()))
            .collect();
        let born = Term::column("date_of_birth").then(Step::Parse(Format::new("%Y%m%d").unwrap()));
        let day = |cell: &Cell| match born.of(cell) {
            Cell::Moment(seconds) => {
                Cell::Day(Day::from_days(format!("{:.0}", seconds / 86_400.0).parse().unwrap()))
            }
            _ => Cell::Null,
        };
        cells.insert("born".into(), cells["date_of_birth"].iter().map(day).collect());
        let number = |value: Option<String>| {
            value.and_then(|value| value.trim().parse().ok()).map_or(Cell::Null, Cell::Number)
        };
        cells.insert(
            "house_number".into(),
            texts(&columns["street_number"]).into_iter().map(number).collect(),
        );
        let places = texts(&columns["unique_id"]).into_iter().map(Option::unwrap).zip(0..).collect();
        Self { cells, places }
    }
}

/// Scores the frozen pairs by a model and holds levels, adjustments and weights against Splink's. The
/// number of pairs, and how many of them have an adjustment.
fn compare(name: &str, model: &Model) -> (usize, usize) {
    let rows = Rows::read(name);
    let pairs = columns(&format!("{name}.pairs.parquet"));
    let scorer = Scorer::new(model, name).unwrap();
    let count = rows.places.len();
    let cells: Vec<Vec<Cell>> =
        (0..count).map(|row| scorer.terms().row(|column| &rows.cells[column][row])).collect();
    let frequency = |column: &String| {
        let counted = Frequencies::count(&rows.cells[column]);
        rows.cells[column].iter().map(|cell| counted.of(cell)).collect::<Vec<_>>()
    };
    let shares: Vec<Vec<Option<f64>>> = scorer.frequency_columns().iter().map(frequency).collect();
    let shares_of = |row: usize| shares.iter().map(|column| column[row]).collect::<Vec<_>>();
    let (left, right) = (texts(&pairs["unique_id_l"]), texts(&pairs["unique_id_r"]));
    let floats = |column: &str| pairs[column].as_primitive::<Float64Type>().clone();
    let (weights, probabilities) = (floats("match_weight"), floats("match_probability"));
    let mut levels = Vec::new();
    let mut adjusted = 0;
    for pair in 0..left.len() {
        let place = |id: &Option<String>| rows.places[id.as_ref().unwrap()];
        let (l, r) = (place(&left[pair]), place(&right[pair]));
        scorer.levels(&cells[l], &cells[r], &mut levels);
        let (l, r) = (shares_of(l), shares_of(r));
        for ((comparison, part), level) in
            model.comparisons.iter().zip(scorer.parts(&levels, &l, &r)).zip(&levels)
        {
            let column = &comparison.ladder.name;
            let gamma = pairs[&format!("gamma_{column}")].as_primitive::<Int8Type>().value(pair);
            assert_eq!(comparison.gamma(*level), i32::from(gamma), "{name}, pair {pair}, {column}");
            if let Some(splink) = pairs.get(&format!("mw_tf_adj_{column}")) {
                let splink = splink.as_primitive::<Float64Type>().value(pair);
                assert!((part.frequency - splink).abs() < TOLERANCE, "{name}, pair {pair}, {column}");
                adjusted += usize::from(splink != 0.0);
            }
        }
        let weight = scorer.weight(&levels, &l, &r);
        assert!((weight - weights.value(pair)).abs() < TOLERANCE, "{name}, pair {pair}: {weight}");
        assert!((probability(weight) - probabilities.value(pair)).abs() < TOLERANCE, "{name}, pair {pair}");
    }
    (left.len(), adjusted)
}

fn model(name: &str) -> Model {
    let file = format!("{name}.model.json");
    let (model, warnings) = import(&fs::read_to_string(frozen(&file)).unwrap(), &file).unwrap();
    assert_eq!(warnings, []);
    model
}

#[track_caller]
fn check(name: &str, least_adjusted: usize) {
    let model = model(name);
    let (pairs, adjusted) = compare(name, &model);
    assert_eq!(pairs, 5_000);
    assert!(adjusted > least_adjusted, "{adjusted} adjustments");
    // What is exported is the same model again and again, and gives the same weights.
    let text = format!("{}\n", export(&model).unwrap());
    let file = format!("{name}.exported.json");
    let written: PathBuf = [env!("CARGO_TARGET_TMPDIR"), &file].iter().collect();
    fs::write(&written, &text).unwrap();
    let held = fs::read_to_string(frozen(&file)).unwrap_or_default();
    assert!(
        text == held,
        "{file} is another one; run `scripts/frozen-splink check {0}`, then copy {0} to {1}",
        written.display(),
        frozen(&file).display()
    );
    let (again, warnings) = import(&text, "again.json").unwrap();
    assert_eq!(warnings, []);
    assert_eq!(compare(name, &again), (pairs, adjusted));
    for (one, other) in model.comparisons.iter().zip(&again.comparisons) {
        assert_eq!((&one.ladder, &one.description), (&other.ladder, &other.description));
        for (one, other) in one.parameters.iter().zip(&other.parameters) {
            assert_eq!((&one.frequency, one.fix_m, one.fix_u), (&other.frequency, other.fix_m, other.fix_u));
            assert!(near(one.m, other.m) && near(one.u, other.u), "{one:?} {other:?}");
        }
    }
    assert_eq!(model.comparisons.len(), again.comparisons.len());
    assert_eq!((&model.blocking, &model.others), (&again.blocking, &again.others));
}

/// Equal but for the last digit: the reader of JSON rounds numbers of 17 digits twice.
fn near(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= a.abs() * 4.0 * f64::EPSILON,
        (a, b) => a == b,
    }
}

#[test]
fn levels_and_weights_of_febrl_3_are_those_of_splink() {
    check("febrl3", 3_000);
}

#[test]
fn levels_and_weights_of_febrl_4_are_those_of_splink() {
    check("febrl4", 3_000);
}
