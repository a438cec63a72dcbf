//! F7: what a fuzzer throws bytes at, one function for each parser of foreign bytes. Built for the crate in `fuzz/` and
//! for the test below, which throws everything again that was found once; no part of the program.
//!
//! A target panics when a parser breaks a promise: no panic of its own, no lost row, no name that leads outside. It
//! must never hold a parser of its own.

#![expect(
    clippy::missing_panics_doc,
    reason = "a target panics when it found something; that is what it is for"
)]

use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use crate::contract::{Limits, ValidateContext, read_form, validate};
use crate::domain::{Contract, Day, PulledExtract, PulledFile};
use crate::field::{
    address, card_number, code, date, integer, money, month, name, phone, resident_id, roll_number, sex, text,
};
use crate::spec::PipelineFile;
use crate::spec::toml_check::check_toml;
use crate::tables::Tables;
use crate::{explain, rule, source, upkeep};

/// Throws bytes at a parser; files that a parser wants to open are written below the folder.
pub type Target = fn(&[u8], &Path);

/// All targets by name; `fuzz/fuzz_targets` has a file for each, `fixtures/fuzz` a folder for what was found.
pub const TARGETS: &[(&str, Target)] = &[
    ("address", address),
    ("archive", archive),
    ("contract", contract),
    ("csv", csv),
    ("date", date),
    ("delivery_manifest", delivery_manifest),
    ("field", field),
    ("id", id),
    ("listing", listing),
    ("parquet", parquet),
    ("pipeline", pipeline),
    ("receipt", receipt),
    ("receipt_parts", receipt_parts),
    ("rule_head", rule_head),
    ("run_manifest", run_manifest),
    ("xls", xls),
    ("xlsx", xlsx),
    ("xlsx_parts", xlsx_parts),
];

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::load(None).expect("the bundled tables are sound"));

static CONTRACT: LazyLock<Arc<Contract>> = LazyLock::new(|| {
    let text = include_str!("../fixtures/fuzz/contract.toml");
    Arc::new(check_toml("contract.toml", text).expect("the contract of the fuzz targets is sound"))
});

/// Reads what targets look things up in. This thread becomes the only worker, so that no input waits for another.
pub fn load() {
    LazyLock::force(&TABLES);
    LazyLock::force(&CONTRACT);
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build_global()
        .expect("nobody made a pool of threads before");
}

/// Limits that a fuzzer can reach, so that what lies behind them is thrown at too.
const LIMITS: Limits = Limits {
    file_bytes_max: 8 << 20,
    row_bytes_max: 64 << 10,
    rows_max: 2_000,
    columns_max: 128,
    sheets_max: 16,
    quarantined_rows_max: 1_000,
    zip_entries_max: 64,
    zip_unpacked_max: 32 << 20,
    zip_held_max: 8 << 20,
    xls_bytes_max: 4 << 20,
    xls_cells_max: 1 << 18,
    text_bytes_max: 16 << 20,
    reader_seconds_max: 2,
    ..Limits::FOR_A_COUNTY
};

fn as_of() -> Day {
    Day::from_days(20_780)
}

/// Text files: encoding, dialect, headings, rows.
pub fn csv(bytes: &[u8], scratch: &Path) {
    door("样例_20261120.csv", bytes, scratch);
}

/// Workbooks of the newer format as they come, container and all.
pub fn xlsx(bytes: &[u8], scratch: &Path) {
    door("样例_20261120.xlsx", bytes, scratch);
}

/// Workbooks of the newer format by their parts, which a sound container holds.
pub fn xlsx_parts(bytes: &[u8], scratch: &Path) {
    door("样例_20261120.xlsx", &workbook(bytes), scratch);
}

/// Workbooks of the older format.
pub fn xls(bytes: &[u8], scratch: &Path) {
    door("样例_20261120.xls", bytes, scratch);
}

/// Parquet files.
pub fn parquet(bytes: &[u8], scratch: &Path) {
    door("样例_20261120.parquet", bytes, scratch);
}

/// A delivery of one file; `validate` itself holds that no row of it is lost.
fn door(name: &str, bytes: &[u8], scratch: &Path) {
    let path = written(name, bytes, scratch);
    let pulled = PulledExtract {
        extract: "sample".to_owned(),
        contract: Arc::clone(&CONTRACT),
        files: vec![PulledFile {
            path,
            name: name.to_owned(),
            bytes: bytes.len() as u64,
            sha256: String::new(),
            as_of: None,
            promised_rows: None,
        }],
        problems: Vec::new(),
    };
    let context = ValidateContext { as_of: as_of(), last_accepted: None, limits: LIMITS, town_label: None };
    let checked = validate(&pulled, &context);
    assert_eq!(checked.files.len(), 1, "one file came");
    assert_eq!(
        checked.rows.row.len() as u64,
        checked.files[0].rows_accepted,
        "rows of the table are counted"
    );
}

/// Forms that officers send back: the first byte says in which format.
pub fn receipt(bytes: &[u8], scratch: &Path) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let name = ["回执.csv", "回执.xlsx", "回执.xls"][usize::from(kind % 3)];
    form(name, bytes, scratch);
}

/// Workbooks that officers send back by their parts, which a sound container holds.
pub fn receipt_parts(bytes: &[u8], scratch: &Path) {
    form("回执.xlsx", &workbook(bytes), scratch);
}

fn form(name: &str, bytes: &[u8], scratch: &Path) {
    let path = written(name, bytes, scratch);
    if let Ok(form) = read_form(&path, name, &CONTRACT, &LIMITS) {
        for row in form.rows {
            assert_eq!(row.cells.len(), CONTRACT.field.len(), "a row has a cell for each field");
            assert!(
                row.formulas.iter().all(|&at| at < row.names.len()),
                "formulas stand in cells with names"
            );
        }
    }
}

/// A sound container of the parts that a workbook needs. In the bytes they follow each other, each before a byte 0.
fn workbook(bytes: &[u8]) -> Vec<u8> {
    use std::io::{Cursor, Write as _};
    const PARTS: [&str; 5] = [
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/worksheets/sheet1.xml",
        "xl/sharedStrings.xml",
        "xl/styles.xml",
    ];
    /// Says where the workbook is; always the same, or hardly any input would get behind it.
    const PACKAGE: &str = "<Relationships><Relationship Type=\"/relationships/officeDocument\" \
        Target=\"xl/workbook.xml\" Id=\"r\"/></Relationships>";
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let parts = PARTS.into_iter().zip(bytes.split(|&byte| byte == 0));
    for (name, part) in std::iter::once(("_rels/.rels", PACKAGE.as_bytes())).chain(parts) {
        out.start_file(name, stored).and_then(|()| Ok(out.write_all(part)?)).expect("memory takes it");
    }
    out.finish().expect("memory takes it").into_inner()
}

fn written(name: &str, bytes: &[u8], scratch: &Path) -> std::path::PathBuf {
    let path = scratch.join(name);
    fs::write(&path, bytes).expect("the scratch folder takes a file");
    path
}

/// `manifest.csv` of a delivery.
pub fn delivery_manifest(bytes: &[u8], _: &Path) {
    source::throw_at_manifest(bytes);
}

/// Answers of servers that are asked what lies in a folder, and addresses.
pub fn listing(bytes: &[u8], _: &Path) {
    source::remote::throw_at_listings(bytes);
}

/// Archives in a delivery: only plain names come out.
pub fn archive(bytes: &[u8], scratch: &Path) {
    let folder = scratch.join("archive");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).expect("the scratch folder takes a folder");
    source::remote::throw_at_archive(&written("archive.zip", bytes, scratch), &folder);
}

/// `manifest.json` of an earlier run, which may be of another version or cut off.
pub fn run_manifest(bytes: &[u8], scratch: &Path) {
    written("manifest.json", bytes, scratch);
    let _ = explain::FinishedRun::open(scratch);
    upkeep::throw_at_manifest(bytes);
}

/// Contracts.
pub fn contract(bytes: &[u8], _: &Path) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = check_toml::<Contract>("contract.toml", text);
    }
}

/// Pipeline files, also with problems in them.
pub fn pipeline(bytes: &[u8], _: &Path) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = check_toml::<PipelineFile>("pipeline.toml", text);
        PipelineFile::salvage(text);
    }
}

/// Heads of rules, views and policies.
pub fn rule_head(bytes: &[u8], _: &Path) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = rule::parse("rule.sql", text);
        let _ = rule::parse_view("view.sql", text);
        let _ = rule::parse_policy("policy.sql", text);
    }
}

/// Numbers of persons: what is read is read again as the same.
pub fn id(bytes: &[u8], _: &Path) {
    let raw = String::from_utf8_lossy(bytes);
    let once = resident_id::grade(&raw, &TABLES.regions, as_of());
    if let Some(id) = once.id {
        let again = resident_id::grade(&id.text(), &TABLES.regions, as_of());
        assert!(
            again.id.is_some_and(|again| again.packed() == id.packed()),
            "a number read again is the same"
        );
        assert!(again.birth == once.birth && again.sex == once.sex, "and says the same");
    }
}

/// Dates: what is read is read again as the same.
pub fn date(bytes: &[u8], _: &Path) {
    let raw = String::from_utf8_lossy(bytes);
    if let Some(day) = date::parse(&raw).day {
        assert!(date::parse(&day.iso()).day == Some(day), "a day read again is the same");
    }
    if let Some(value) = month::parse(&raw).value() {
        assert!(month::parse(&month::text(value)).value() == Some(value), "a month read again is the same");
    }
}

/// Addresses: a village lies in its town.
pub fn address(bytes: &[u8], _: &Path) {
    let raw = String::from_utf8_lossy(bytes);
    let gazetteer = &TABLES.gazetteer;
    let place = address::parse(&raw, gazetteer).place;
    assert!(
        place.village == 0 || gazetteer.village_town(place.village) == place.town,
        "a village lies in its town"
    );
    assert!(!place.outside || (place.town, place.village) == (0, 0), "outside is outside");
    let _ = address::resolve(Some(&raw), Some(&raw), [&*raw], gazetteer);
}

/// All other kinds of fields.
pub fn field(bytes: &[u8], _: &Path) {
    let raw = String::from_utf8_lossy(bytes);
    let clean = text::clean(&raw).into_owned();
    assert!(text::clean(&clean) == clean, "what is clean stays as it is");
    if let Some(once) = name::standardise(&raw, &TABLES).name {
        let again = name::standardise(&once.display, &TABLES).name;
        assert!(
            again.is_some_and(|again| (again.key, again.display) == (once.key, once.display)),
            "a name read again is the same"
        );
    }
    let _ = integer::parse(&raw).value();
    let _ = money::parse_fen(&raw).value();
    if let Some(value) = phone::parse(&raw).value() {
        assert!(phone::parse(&value.text()).value() == Some(value), "a number read again is the same");
    }
    if let Some(value) = card_number::parse(&raw).value() {
        assert!(
            card_number::parse(&value.text).value() == Some(value.clone()),
            "a card read again is the same"
        );
    }
    if let Some(value) = roll_number::parse(&raw).value() {
        assert!(roll_number::parse(&value.text).value() == Some(value.clone()), "a roll number too");
    }
    let _ = sex::parse(&raw).value();
    for table in TABLES.codes.values() {
        if let Some(found) = code::lookup(&raw, table).value() {
            assert!(code::lookup(found, table).value() == Some(found), "a label is its own reading");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path) -> Vec<std::path::PathBuf> {
        let mut files: Vec<_> =
            fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    #[test]
    fn what_a_fuzzer_found_once_is_found_no_more() {
        let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz");
        let scratch = tempfile::tempdir().unwrap();
        for (name, target) in TARGETS {
            for file in files(&found.join(name)) {
                target(&fs::read(file).unwrap(), scratch.path());
            }
        }
        let folders = files(&found).into_iter().filter(|path| path.is_dir());
        let named = |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        for folder in folders.map(|path| named(&path)) {
            assert!(
                TARGETS.iter().any(|(name, _)| *name == folder),
                "fixtures/fuzz/{folder} is of no target"
            );
        }
    }

    #[test]
    fn every_target_has_a_program_that_throws() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
        let programs: Vec<String> =
            files(&root).iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        let targets: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
        assert_eq!(programs, targets);
    }

    /// A target that never gets behind the first look at its bytes throws at nothing.
    #[test]
    fn targets_reach_what_lies_behind_the_door() {
        let scratch = tempfile::tempdir().unwrap();
        let parts = "<workbook xmlns:r=\"r\"><sheets><sheet name=\"表\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>\0\
            <Relationships><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>\0\
            <worksheet><sheetData>\
            <row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>编号</t></is></c><c r=\"B1\" t=\"inlineStr\"><is><t>姓名</t></is></c></row>\
            <row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>甲</t></is></c><c r=\"B2\" t=\"inlineStr\"><is><t>乙</t></is></c></row>\
            </sheetData></worksheet>\0<sst/>\0<styleSheet/>";
        let path = written("回执.xlsx", &workbook(parts.as_bytes()), scratch.path());
        let refused = |refusal: crate::contract::FormRefusal| panic!("{refusal:?}");
        let form = read_form(&path, "回执.xlsx", &CONTRACT, &LIMITS).unwrap_or_else(refused);
        assert_eq!(form.rows[0].cells[..2], ["甲", "乙"]);
        for (_, target) in TARGETS {
            target(b"", scratch.path());
        }
    }
}
