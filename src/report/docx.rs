//! A document of paragraphs as offices edit it (Office Open XML), nothing else: three small parts in an archive.
//! The same paragraphs give the same bytes.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// How a paragraph stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// In the middle, large and bold.
    Title,
    /// In the middle, small and grey.
    Remark,
    /// From edge to edge, the first line two characters in.
    Body,
    /// The same without the two characters: an address, a list.
    Flush,
    /// On the right.
    Right,
}

/// One paragraph.
pub(super) struct Paragraph {
    pub(super) stand: Stand,
    pub(super) text: String,
}

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;
const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>"#;
/// A4, with the margins of official papers.
const TAIL: &str = r#"<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1587" w:header="851" w:footer="992" w:gutter="0"/></w:sectPr></w:body></w:document>"#;

/// The document's bytes.
pub(super) fn document(paragraphs: &[Paragraph]) -> Result<Vec<u8>, ZipError> {
    let mut body = String::from(HEAD);
    for paragraph in paragraphs {
        body.push_str(&xml(paragraph));
    }
    body.push_str(TAIL);
    // No clock: every entry bears the first instant an archive can name.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in
        [("[Content_Types].xml", TYPES), ("_rels/.rels", RELATIONS), ("word/document.xml", &body)]
    {
        archive.start_file(name, options)?;
        archive.write_all(text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

fn xml(paragraph: &Paragraph) -> String {
    let (place, look, font, half_points) = match paragraph.stand {
        Stand::Title => (r#"<w:jc w:val="center"/>"#, "<w:b/>", "宋体", 44),
        Stand::Remark => (r#"<w:jc w:val="center"/>"#, r#"<w:color w:val="7F7F7F"/>"#, "宋体", 21),
        Stand::Body => {
            (r#"<w:ind w:firstLineChars="200" w:firstLine="640"/><w:jc w:val="both"/>"#, "", "仿宋", 32)
        }
        Stand::Flush => (r#"<w:jc w:val="both"/>"#, "", "仿宋", 32),
        Stand::Right => (r#"<w:jc w:val="right"/>"#, "", "仿宋", 32),
    };
    let mut out =
        format!(r#"<w:p><w:pPr><w:spacing w:line="580" w:lineRule="atLeast"/>{place}</w:pPr><w:r><w:rPr>"#);
    // Writing to a text cannot fail.
    let _ = write!(
        out,
        r#"<w:rFonts w:ascii="{font}" w:eastAsia="{font}" w:hAnsi="{font}"/>{look}<w:sz w:val="{half_points}"/></w:rPr><w:t xml:space="preserve">{}</w:t></w:r></w:p>"#,
        escaped(&paragraph.text)
    );
    out
}

/// Text that may stand in XML: what XML cannot hold becomes a space.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn the_same_paragraphs_give_the_same_bytes_and_no_text_breaks_the_document() {
        let one = |text: &str| vec![Paragraph { stand: Stand::Body, text: text.to_owned() }];
        let bytes = document(&one("<w:p>&\u{7}甲\n")).unwrap();
        assert_eq!(bytes, document(&one("<w:p>&\u{7}甲\n")).unwrap());
        assert_ne!(bytes, document(&one("乙")).unwrap());
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut text = String::new();
        archive.by_name("word/document.xml").unwrap().read_to_string(&mut text).unwrap();
        assert!(text.contains(">&lt;w:p&gt;&amp; 甲 </w:t>"), "{text}");
    }
}
