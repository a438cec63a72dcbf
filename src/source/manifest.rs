//! `manifest.csv` of a delivery folder: what the sender says about each file.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use crate::diag::{Diagnostic, Spot};
use crate::domain::Day;

/// Name of the manifest in a delivery folder.
pub(super) const FILE_NAME: &str = "manifest.csv";
/// A manifest is never larger than this.
const BYTES_MAX: u64 = 8 << 20;

/// A digest the sender gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Promised {
    /// None.
    Nothing,
    /// SHA-256 in lower-case hex.
    Sha256(String),
    /// SM3 in lower-case hex.
    Sm3(String),
    /// Hex without the name of the algorithm, or something else.
    Unclear,
}

/// One line of the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// 截止日期.
    pub(super) as_of: Option<Day>,
    /// 行数.
    pub(super) rows: Option<u64>,
    /// 校验值.
    pub(super) digest: Promised,
    /// What is wrong with the line, when something is.
    pub(super) fault: Option<&'static str>,
}

/// Files by name.
pub(super) type Manifest = BTreeMap<String, Entry>;

/// Reads the manifest of `folder`; `None` when there is none. `shown` is the folder's name.
///
/// # Errors
/// When there is a manifest that cannot be read as one.
pub(super) fn read(folder: &Path, shown: &str) -> Result<Option<Manifest>, Diagnostic> {
    let path = folder.join(FILE_NAME);
    let spot = || Spot::file(format!("{shown}/{FILE_NAME}"));
    let invalid = |message: &str| Diagnostic::error("manifest_invalid", spot(), message);
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(_) => return Err(invalid("manifest cannot be read")),
        Ok(meta) if !meta.is_file() => return Err(invalid("manifest is not a regular file")),
        Ok(meta) if meta.len() > BYTES_MAX => return Err(invalid("manifest is too large")),
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&path).map_err(|_| invalid("manifest cannot be read"))?;
    file.take(BYTES_MAX).read_to_end(&mut bytes).map_err(|_| invalid("manifest cannot be read"))?;
    parse(&text_of(&bytes)).map(Some).map_err(|message| {
        invalid(message)
            .with_help("the columns are 文件名,来源单位,提供人,截止日期,行数,校验值,依据文号, UTF-8")
    })
}

/// Names of the files that a manifest lists.
///
/// # Errors
/// What keeps it from being read as one.
pub(super) fn names(bytes: &[u8]) -> Result<Vec<String>, &'static str> {
    if bytes.len() as u64 > BYTES_MAX {
        return Err("manifest is too large");
    }
    parse(&text_of(bytes)).map(|manifest| manifest.into_keys().collect())
}

/// UTF-8 as agreed; GB 18030, which Excel writes, is understood too.
fn text_of(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_or_else(
        |_| encoding_rs::GB18030.decode_without_bom_handling(bytes).0.into_owned(),
        str::to_owned,
    )
}

fn parse(text: &str) -> Result<Manifest, &'static str> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|_| "manifest has no header")?.clone();
    let column = |name: &str| headers.iter().position(|heading| heading == name);
    let name = column("文件名").ok_or("manifest has no column 文件名")?;
    let (as_of, rows, digest) = (column("截止日期"), column("行数"), column("校验值"));
    let mut manifest = Manifest::new();
    for record in reader.records() {
        let record = record.map_err(|_| "manifest is not a CSV file")?;
        let cell = |column: Option<usize>| column.and_then(|c| record.get(c)).unwrap_or_default();
        let file = cell(Some(name));
        if file.is_empty() {
            continue;
        }
        let entry = entry(cell(as_of), cell(rows), cell(digest));
        match manifest.get_mut(file) {
            Some(known) if *known != entry => known.fault = Some("listed twice with different contents"),
            Some(_) => {}
            None => {
                manifest.insert(file.to_owned(), entry);
            }
        }
    }
    Ok(manifest)
}

fn entry(as_of: &str, rows: &str, digest: &str) -> Entry {
    let day = parse_day(as_of);
    let count = rows.replace(',', "").parse::<u64>().ok();
    let fault = if !as_of.is_empty() && day.is_none() {
        Some("as-of date (截止日期) is no date")
    } else if !rows.is_empty() && count.is_none() {
        Some("row count (行数) is no number")
    } else {
        None
    };
    Entry { as_of: day, rows: count, digest: promised(digest), fault }
}

fn promised(digest: &str) -> Promised {
    let lower = digest.to_ascii_lowercase();
    let hex = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match lower.split_once(':') {
        _ if lower.is_empty() => Promised::Nothing,
        Some(("sha256", value)) if hex(value.trim()) => Promised::Sha256(value.trim().to_owned()),
        Some(("sm3", value)) if hex(value.trim()) => Promised::Sm3(value.trim().to_owned()),
        _ => Promised::Unclear,
    }
}

/// A day as manifests write it: `2026-11-30`, `20261130`, `2026/11/30`, `2026年11月30日`.
pub(super) fn parse_day(text: &str) -> Option<Day> {
    let parts: Vec<&str> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let (year, month, day) = match parts.as_slice() {
        [compact] if compact.len() == 8 => (&compact[..4], &compact[4..6], &compact[6..]),
        [year, month, day] if year.len() == 4 => (*year, *month, *day),
        _ => return None,
    };
    Day::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_every_form_and_nothing_else() {
        for text in ["2026-11-30", "20261130", "2026/11/30", "2026年11月30日", "2026.11.30"] {
            assert_eq!(parse_day(text), Day::from_ymd(2026, 11, 30), "{text}");
        }
        for text in ["", "2026-11", "20261131", "30/11/2026", "无"] {
            assert_eq!(parse_day(text), None, "{text}");
        }
    }

    #[test]
    fn a_digest_needs_its_algorithm() {
        let hex = "a".repeat(64);
        assert_eq!(promised(&format!("SM3:{}", hex.to_uppercase())), Promised::Sm3(hex.clone()));
        assert_eq!(promised(&format!("sha256: {hex}")), Promised::Sha256(hex.clone()));
        assert_eq!(promised(&hex), Promised::Unclear);
        assert_eq!(promised(&format!("md5:{hex}")), Promised::Unclear);
        assert_eq!(promised("sha256:00"), Promised::Unclear);
        assert_eq!(promised(""), Promised::Nothing);
    }

    #[test]
    fn lines_that_contradict_each_other_are_a_fault() {
        let text = "文件名,行数\na.csv,3\nb.csv,x\na.csv,4\n";
        let manifest = parse(text).unwrap();
        assert_eq!(manifest["a.csv"].fault, Some("listed twice with different contents"));
        assert_eq!(manifest["b.csv"].fault, Some("row count (行数) is no number"));
        assert!(parse("a,b\n1,2\n").is_err_and(|message| message.contains("文件名")));
    }
}
