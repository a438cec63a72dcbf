//! What a file really is, from its first bytes, against what its name says.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::ole_guard;
use crate::domain::{Contract, Format};
use crate::guard::{Refusal, unreadable};

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Zip,
    Ole,
    Parquet,
    Pdf,
    Html,
    Other,
}

impl Content {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Zip => ("a zip container (XLSX?)", "压缩包或 XLSX"),
            Self::Ole => ("an OLE file (XLS, or an encrypted workbook)", "XLS 或加密的工作簿"),
            Self::Parquet => ("Parquet", "Parquet"),
            Self::Pdf => ("PDF", "PDF"),
            Self::Html => ("HTML or XML text", "网页（HTML/XML）"),
            Self::Other => ("text or unknown", "文本或其他格式"),
        }
    }
}

fn content(head: &[u8]) -> Content {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        Content::Zip
    } else if head.starts_with(ole_guard::MAGIC) {
        Content::Ole
    } else if head.starts_with(b"PAR1") {
        Content::Parquet
    } else if head.starts_with(b"%PDF") {
        Content::Pdf
    } else if text.starts_with(b"<") {
        Content::Html
    } else {
        Content::Other
    }
}

/// The format that the extension names.
fn named(name: &str) -> Option<Format> {
    let (_, extension) = name.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "csv" | "txt" => Some(Format::Csv),
        "xlsx" => Some(Format::Xlsx),
        "xls" => Some(Format::Xls),
        "parquet" => Some(Format::Parquet),
        _ => None,
    }
}

/// The file's format, when name, content and contract agree.
pub(super) fn format(path: &Path, name: &str, contract: &Contract) -> Result<Format, Refusal> {
    let format = named(name).filter(|format| contract.formats.contains(format)).ok_or_else(|| {
        Refusal::new(
            "format_undeclared",
            "the extension is none of the contract's formats",
            "文件格式不在约定之内",
        )
    })?;
    let mut head = Vec::with_capacity(512);
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    file.take(512).read_to_end(&mut head).map_err(|error| unreadable(&error))?;
    if head.is_empty() {
        return Err(Refusal::new("file_empty", "file of no bytes", "文件没有内容"));
    }
    let expected = match format {
        Format::Csv => Content::Other,
        Format::Xlsx => Content::Zip,
        Format::Xls => Content::Ole,
        Format::Parquet => Content::Parquet,
    };
    let found = content(&head);
    if found == expected {
        return Ok(format);
    }
    let (english, chinese) = found.words();
    Err(Refusal::new(
        "wrong_content",
        format!("the extension says {format:?}, the content is {english}"),
        format!("扩展名与内容不符：内容是{chinese}"),
    ))
}
