//! What a table may bring: past a limit it is refused with a reason, and memory stays bounded.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use doudi::diag::Spot;
use doudi::frame::{TableSpec, Tables, read, read_within};
use doudi::guard::Limits;
use rust_xlsxwriter::Workbook;

fn table(path: &Path) -> TableSpec {
    TableSpec {
        name: "t".into(),
        path: path.to_owned(),
        id: "id".into(),
        sheet: None,
        headings: BTreeMap::new(),
        spot: Spot::default(),
    }
}

fn within(path: &Path, limits: &Limits) -> Result<Tables, String> {
    let read = read_within(&[table(path)], &["a".to_owned()], &BTreeMap::new(), limits);
    read.map_err(|found| format!("{}: {}", found[0].spot.line, found[0].message))
}

fn csv(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("t.csv");
    fs::write(&path, text).unwrap();
    path
}

const SMALL: Limits = Limits {
    rows_max: 3,
    columns_max: 4,
    cell_bytes_max: 20,
    row_bytes_max: 64,
    text_bytes_max: 40,
    ..Limits::FOR_A_COUNTY
};

#[test]
fn csv_tables_are_held_to_rows_columns_cells_and_text() {
    let folder = tempfile::tempdir().unwrap();
    let told = |text: &str| within(&csv(folder.path(), text), &SMALL).map(|read| read.frame.len());
    assert_eq!(told("id,a,b,c\n1,x,,\n2,y,,\n3,z,,\n"), Ok(3));
    assert_eq!(told("id,a,b,c,d\n1,x,,,\n"), Err("1: more than 4 columns".into()));
    assert_eq!(told("id,a\n1,x\n2,x\n3,x\n4,x\n"), Err("5: more than 3 rows".into()));
    let long = "x".repeat(21);
    assert_eq!(told(&format!("id,a\n1,{long}\n")), Err("2: a cell of more than 20 bytes".into()));
    assert_eq!(told(&format!("id,a\n{long},x\n")), Err("2: a cell of more than 20 bytes".into()));
    let much = "x".repeat(18);
    let text = told(&format!("id,a\n1,{much}\n2,{much}\n3,{much}\n"));
    assert!(text.unwrap_err().starts_with("4: the columns that are read hold more than"));
    // A cell that nobody reads may be longer, a row may not.
    assert_eq!(told(&format!("id,a,b\n1,x,{long}\n")), Ok(1));
    let size = within(&csv(folder.path(), "id,a\n1,x\n"), &Limits { file_bytes_max: 8, ..SMALL });
    assert!(size.unwrap_err().contains("the file is larger than"));
}

#[test]
fn an_open_quotation_mark_takes_no_more_than_a_row() {
    let folder = tempfile::tempdir().unwrap();
    // What follows would be one row of 64 MiB.
    let path = csv(folder.path(), "id,a\n1,x\n2,\"");
    fs::File::options().append(true).open(&path).unwrap().set_len(64 << 20).unwrap();
    let limits = Limits { row_bytes_max: 1 << 20, ..Limits::FOR_A_COUNTY };
    let told = within(&path, &limits).unwrap_err();
    assert!(told.contains("a quotation mark is never closed"), "{told}");
}

#[test]
fn workbooks_are_looked_through_before_they_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.xlsx");
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, texts) in (3..).zip([["id", "a"], ["1", "x"], ["", ""], ["2", "y"]]) {
        for (column, text) in (2..).zip(texts) {
            sheet.write_string(row, column, text).unwrap();
        }
    }
    // The last cell that a sheet can have: the rectangle up to it has seventeen thousand million cells.
    sheet.write_string(1_048_575, 16_383, "far").unwrap();
    sheet.write_string(1_048_575, 2, "3").unwrap();
    book.save(&path).unwrap();
    let read = within(&path, &Limits::FOR_A_COUNTY).unwrap().frame;
    let ids: Vec<&str> = (0..read.len()).map(|row| read.ids.get(row)).collect();
    assert_eq!((ids, &read.columns["a"].codes[..]), (vec!["1", "2", "3"], &[1, 2, 0][..]));
    let columns = Limits { columns_max: 4, ..Limits::FOR_A_COUNTY };
    assert_eq!(within(&path, &columns).unwrap_err(), "1048576: more than 4 columns");
    let rows = Limits { rows_max: 2, ..Limits::FOR_A_COUNTY };
    assert_eq!(within(&path, &rows).unwrap_err(), "1048576: more than 2 rows");

    let bomb = folder.path().join("bomb.xlsx");
    let archives: PathBuf = [env!("CARGO_MANIFEST_DIR"), "fixtures", "archives"].iter().collect();
    fs::copy(archives.join("bomb.zip"), &bomb).unwrap();
    let limits = Limits { zip_unpacked_max: 1 << 20, ..Limits::FOR_A_COUNTY };
    let told = within(&bomb, &limits).unwrap_err();
    assert!(told.contains("unpacks to more than"), "{told}");
    fs::copy(archives.join("cut.zip"), &bomb).unwrap();
    let told = within(&bomb, &Limits::FOR_A_COUNTY).unwrap_err();
    assert!(told.contains("broken or cut off"), "{told}");
}

#[test]
fn parquet_tables_are_held_to_what_they_say_of_themselves() {
    let path: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "fixtures", "frozen", "splink", "febrl3.rows.parquet"].iter().collect();
    let spec = TableSpec { id: "unique_id".into(), ..table(&path) };
    let told = |limits: &Limits| {
        let read =
            read_within(std::slice::from_ref(&spec), &["surname".to_owned()], &BTreeMap::new(), limits);
        read.map(|read| read.frame.len()).map_err(|found| found[0].message.clone())
    };
    assert_eq!(told(&Limits::FOR_A_COUNTY), Ok(5_000));
    assert_eq!(read(std::slice::from_ref(&spec), &[], &BTreeMap::new()).unwrap().frame.len(), 5_000);
    assert_eq!(told(&Limits { rows_max: 4_999, ..Limits::FOR_A_COUNTY }), Err("more than 4999 rows".into()));
    assert_eq!(told(&Limits { columns_max: 3, ..Limits::FOR_A_COUNTY }), Err("more than 3 columns".into()));
    let unpacked = told(&Limits { zip_unpacked_max: 1_000, ..Limits::FOR_A_COUNTY });
    assert_eq!(unpacked, Err("the file unpacks to more than 0 MiB".into()));
    let cell = told(&Limits { cell_bytes_max: 4, ..Limits::FOR_A_COUNTY });
    assert_eq!(cell, Err("a cell of more than 4 bytes".into()));
}
