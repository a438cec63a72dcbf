//! Files that LibreOffice 7.4 saved: the filled workbooks of `books` as xls, xlsx and csv. The script
//! `scripts/test-receipts` does the same with every workbook of the demo county and the LibreOffice at hand.

use super::Office;
#[test]
fn zz_dump() {
    let office = Office::open();
    let files = super::books::returned(&office);
    for (file, name) in files.iter().zip(["dropout", "exit"]) {
        std::fs::copy(file, format!("/tmp/k-office/{name}.xlsx")).unwrap();
    }
}
