//! Whatever bytes arrive: an answer, never a panic, and the counts of every file add up.

use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;

fn broken(kind: &str, file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/broken").join(kind).join(file)
}

/// Validates bytes under a file name with a contract that accepts everything by that name.
fn validate_bytes(name: &str, bytes: &[u8]) -> CheckedExtract {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    validate_file(name, file.path(), bytes.len() as u64)
}

fn validate_file(name: &str, path: &Path, bytes: u64) -> CheckedExtract {
    let pulled = PulledExtract {
        extract: "sample".to_owned(),
        contract: Arc::new(sample::contract()),
        files: vec![PulledFile {
            path: path.to_owned(),
            name: name.to_owned(),
            bytes,
            sha256: String::new(),
            as_of: None,
            promised_rows: None,
        }],
        problems: Vec::new(),
    };
    let context = ValidateContext {
        as_of: Day::from_days(20_000),
        last_accepted: None,
        limits: Limits { zip_unpacked_max: 64 << 20, text_bytes_max: 16 << 20, ..Limits::default() },
        town_label: None,
    };
    validate(&pulled, &context)
}

/// A text file that ends in one cell of two gibibytes, most of which the disk does not hold.
#[test]
fn a_cell_of_two_gibibytes_is_refused_after_a_few_mebibytes() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let begun = format!("编号,姓名\nA1,张三\nA2,\"{}", "长".repeat(2 << 20));
    file.write_all(begun.as_bytes()).unwrap();
    file.as_file().set_len(2 << 30).unwrap();
    let before = resident_mib();
    let checked = validate_file("a.csv", file.path(), 2 << 30);
    assert!(matches!(&checked.state, ExtractState::Refused(_)), "{:?}", checked.state);
    let codes: Vec<&str> = checked.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["row_too_long"]);
    assert!(resident_mib() < before + 256, "memory stays bounded");
}

/// The most memory this process has held so far, in MiB.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// Overwrites, cuts and doubles parts of a valid file.
fn damage(bytes: &[u8], places: &[(usize, u8)], cut: usize) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for &(at, value) in places {
        let at = at % out.len();
        out[at] = value;
    }
    let len = out.len();
    out.truncate(len - cut % len / 8);
    out
}

/// The container with one of its entries damaged, checksums right again.
fn damage_entry(container: &[u8], which: usize, places: &[(usize, u8)]) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(container)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let which = which % archive.len();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let content = if index == which { damage(&content, places, 0) } else { content };
        let name = entry.name().unwrap().into_owned();
        out.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(&content).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// A Parquet file of `rows` rows that all hold the same two values, each stored once.
fn one_value_parquet(rows: usize, name: &str) -> Vec<u8> {
    use arrow::array::{ArrayRef, DictionaryArray, Int32Array, StringArray};
    let column = |value: &str| -> ArrayRef {
        let keys = Int32Array::from(vec![0; rows]);
        Arc::new(DictionaryArray::new(keys, Arc::new(StringArray::from(vec![value]))))
    };
    let batch =
        arrow::record_batch::RecordBatch::try_from_iter([("编号", column("A1")), ("姓名", column(name))]);
    let batch = batch.unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn a_small_file_that_unfolds_into_much_text_is_refused() {
    let bytes = one_value_parquet(20_000, &"汉".repeat(3_000));
    assert!(bytes.len() < 100_000, "{} bytes", bytes.len());
    let checked = validate_bytes("样例_20260101.parquet", &bytes);
    assert!(matches!(&checked.state, ExtractState::Refused(reasons) if reasons[0].contains("文件内容过大")));
}

#[test]
fn a_column_of_categories_reads_like_text() {
    let checked = validate_bytes("样例_20260101.parquet", &one_value_parquet(2, "张三"));
    assert_eq!(checked.files[0].rows_read, 2);
    assert_eq!(checked.files[0].refused, None);
}

fn places() -> impl Strategy<Value = Vec<(usize, u8)>> {
    proptest::collection::vec((any::<usize>(), any::<u8>()), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_under_any_extension(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        magic in 0_usize..4,
        name in prop_oneof![Just("a.csv"), Just("a.xlsx"), Just("a.xls"), Just("a.parquet")],
    ) {
        let magic: &[u8] = [b"".as_slice(), b"PK\x03\x04", ole_guard::MAGIC, b"PAR1"][magic];
        validate_bytes(name, &[magic, &bytes].concat());
    }

    #[test]
    fn damaged_text(places in places(), cut in any::<usize>()) {
        let text = "编号,姓名,身份证号,镇(街道),金额\n1,\"张\n三\",,汇龙镇,2\n合计,,,,2\n2,李四,,,\n".repeat(3);
        validate_bytes("a.csv", &damage(text.as_bytes(), &places, cut));
        let (gb, _, _) = encoding_rs::GB18030.encode(&text);
        validate_bytes("a.csv", &damage(&gb, &places, cut));
    }

    #[test]
    fn damaged_workbooks(places in places(), cut in any::<usize>(), entry in any::<usize>()) {
        let xls = std::fs::read(broken("xls-workbook", "disability-federation/残疾人证_20261130.xls")).unwrap();
        validate_bytes("a.xls", &damage(&xls, &places, cut));
        let xlsx = std::fs::read(broken("sheet-merged", "education/控辍台账_20261130.xlsx")).unwrap();
        validate_bytes("a.xlsx", &damage(&xlsx, &places, cut));
        validate_bytes("a.xlsx", &damage_entry(&xlsx, entry, &places));
    }

    #[test]
    fn damaged_parquet(places in places(), cut in any::<usize>()) {
        let file = std::fs::read(broken("parquet-types", "public-security/人口_20261130.parquet")).unwrap();
        validate_bytes("a.parquet", &damage(&file, &places, cut));
    }
}

/// A sound workbook with one text in its entries replaced by another.
fn replaced(from: &str, to: &str) -> Vec<u8> {
    let xlsx = std::fs::read(broken("sheet-merged", "education/控辍台账_20261130.xlsx")).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(&xlsx)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut content = String::new();
        entry.read_to_string(&mut content).unwrap();
        out.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(content.replace(from, to).as_bytes()).unwrap();
    }
    out.finish().unwrap().into_inner()
}

#[test]
fn a_table_of_strings_that_promises_the_moon_is_refused() {
    let bytes = replaced("uniqueCount=\"", "uniqueCount=\"999999999999");
    assert_eq!(validate_bytes("a.xlsx", &bytes).problems[0].code, "zip_bomb");
}

#[test]
fn a_cell_of_many_short_stretches_is_as_long_as_one_of_a_long_one() {
    let stretches = "<r><t>长长长长长长长长</t></r>".repeat(250_000);
    for (before, behind) in
        [("<c r=\"A99\" t=\"inlineStr\"><is>", "</is></c>"), ("<x:c><x:is>", "</x:is></x:c>")]
    {
        let row = format!("<row r=\"99\">{before}{stretches}{behind}</row></sheetData>");
        let bytes = replaced("</sheetData>", &row);
        assert_eq!(validate_bytes("a.xlsx", &bytes).problems[0].code, "cell_too_long");
    }
    let texts = format!("<si>{stretches}</si></sst>");
    let bytes = replaced("</sst>", &texts);
    assert_eq!(validate_bytes("a.xlsx", &bytes).problems[0].code, "cell_too_long");
}

#[test]
fn a_sheet_of_one_cell_in_the_last_corner_needs_no_room_for_the_others() {
    let row =
        "<row r=\"1048576\"><c r=\"XFD1048576\" t=\"inlineStr\"><is><t>角</t></is></c></row></sheetData>";
    let bytes = replaced("</sheetData>", row);
    let said = validate_bytes("a.xlsx", &bytes);
    assert!(said.rows.row.len() <= 8, "{}", said.rows.row.len());
}

#[test]
fn chains_of_sectors_that_run_in_a_circle_are_refused() {
    let path = broken("xls-workbook", "disability-federation/残疾人证_20261130.xls");
    let mut bytes = std::fs::read(path).unwrap();
    // Every sector of the first table points at sector 0.
    let table = u32::from_le_bytes(bytes[76..80].try_into().unwrap());
    let from = (usize::try_from(table).unwrap() + 1) * 512;
    bytes[from..from + 512].fill(0);
    assert_eq!(validate_bytes("a.xls", &bytes).problems[0].code, "file_truncated");
}
