//! What servers answer when they are asked for the files of a folder: lines of FTP, heads of HTTP, the
//! XML of WebDAV and of S3. Answers of other people's machines: nothing here panics.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::address::decoded;
use super::{Listed, Names};

/// The names of a listing, one a line, as the server writes them.
pub(super) fn names(answer: &[u8], names: Names) -> Vec<String> {
    let lines = answer.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    // Some servers put the folder before each name.
    let last = |name: String| name.rsplit('/').next().unwrap_or_default().to_owned();
    lines.filter(|line| !line.is_empty()).filter_map(|line| names.read(line)).map(last).collect()
}

/// Size and time from the head of one file; `None` when there is no such file.
pub(super) fn head(name: &str, text: &str) -> Option<Listed> {
    // Where a server sent interim answers, the last one counts.
    let start = text.rfind("HTTP/").unwrap_or(0);
    let text = &text[start..];
    if text.starts_with("HTTP/") && text.split_whitespace().nth(1) != Some("200") {
        return None;
    }
    let value = |key: &str| {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case(key).then(|| value.trim())
        })
    };
    let bytes = value("content-length").and_then(|bytes| bytes.parse().ok());
    let stamp = [value("last-modified"), value("etag")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    (bytes.is_some() || !stamp.is_empty()).then(|| Listed {
        name: name.to_owned(),
        bytes,
        stamp,
        plain: true,
        settled: false,
    })
}

/// A page of objects.
pub(super) struct Page {
    pub(super) files: Vec<Listed>,
    /// Where the next page begins; `None` on the last.
    pub(super) next: Option<String>,
}

/// Walks through an XML document: what begins, and what ends with which text. `None` when it is none.
fn walk(xml: &[u8], mut found: impl FnMut(&str, Step<'_>)) -> Option<()> {
    let mut reader = Reader::from_str(std::str::from_utf8(xml).ok()?);
    let mut text = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Eof => return Some(()),
            Event::Start(start) => {
                text.clear();
                found(start.local_name().into_inner(), Step::Begins);
            }
            Event::Empty(empty) => {
                found(empty.local_name().into_inner(), Step::Begins);
                found(empty.local_name().into_inner(), Step::Ends(""));
            }
            Event::Text(part) => text.push_str(&part),
            Event::CData(part) => text.push_str(&part),
            Event::GeneralRef(name) => text.push_str(&reference(&name)),
            Event::End(end) => {
                found(end.local_name().into_inner(), Step::Ends(text.trim()));
                text.clear();
            }
            _ => {}
        }
    }
}

enum Step<'a> {
    Begins,
    Ends(&'a str),
}

/// The character that `&name;` stands for.
fn reference(name: &str) -> String {
    let code = name.strip_prefix('#').and_then(|number| {
        let hex = number.strip_prefix(['x', 'X']);
        hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())
    });
    let known = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => code.and_then(char::from_u32),
    };
    known.map_or_else(String::new, String::from)
}

/// The files of a WebDAV folder; `None` when the answer is no multi-status.
pub(super) fn webdav(xml: &[u8], names: Names) -> Option<Vec<Listed>> {
    let mut found: Vec<(String, Listed)> = Vec::new();
    let mut known = false;
    walk(xml, |element, step| {
        match (element, &step) {
            ("multistatus", Step::Begins) => known = true,
            ("response", Step::Begins) => found.push((String::new(), Listed::new(String::new()))),
            _ => {}
        }
        let Some((href, file)) = found.last_mut() else { return };
        match (element, step) {
            ("href", Step::Ends(text)) if href.is_empty() => text.clone_into(href),
            ("getcontentlength", Step::Ends(text)) => file.bytes = text.parse().ok(),
            ("getlastmodified" | "getetag", Step::Ends(text)) => {
                file.stamp.push_str(text);
                file.stamp.push(' ');
            }
            ("collection", Step::Begins) => file.plain = false,
            _ => {}
        }
    })?;
    let file = |(href, file): (String, Listed)| {
        let last = href.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let plain = file.plain && !href.ends_with('/');
        Some(Listed { name: names.read(&decoded(last))?, stamp: file.stamp.trim().to_owned(), plain, ..file })
    };
    known.then(|| found.into_iter().filter_map(file).collect())
}

/// The objects below `prefix`; `None` when the answer is no listing of a bucket.
pub(super) fn objects(xml: &[u8], prefix: &str) -> Option<Page> {
    let mut page = Page { files: Vec::new(), next: None };
    let (mut known, mut inside) = (false, false);
    walk(xml, |element, step| match (element, step) {
        ("ListBucketResult", Step::Begins) => known = true,
        ("Contents", Step::Begins) => {
            inside = true;
            page.files.push(Listed::new(String::new()));
        }
        ("Contents", Step::Ends(_)) => inside = false,
        ("NextContinuationToken", Step::Ends(text)) => page.next = Some(text.to_owned()),
        (element, Step::Ends(text)) if inside => {
            let Some(file) = page.files.last_mut() else { return };
            match element {
                "Key" => text.strip_prefix(prefix).unwrap_or_default().clone_into(&mut file.name),
                "Size" => file.bytes = text.parse().ok(),
                "LastModified" | "ETag" => {
                    file.stamp.push_str(text);
                    file.stamp.push(' ');
                }
                _ => {}
            }
        }
        _ => {}
    })?;
    // The folder itself, where somebody made an object of it.
    page.files.retain(|file| !file.name.is_empty() && !file.name.ends_with('/'));
    known.then_some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_ftp_are_names_in_the_servers_encoding() {
        let gbk: &[u8] = b"\xc8\xcb\xbf\xda_1.csv\r\n/out/b.csv\r\n";
        assert_eq!(names(gbk, Names::Gb18030), ["人口_1.csv", "b.csv"]);
        assert_eq!(names(gbk, Names::Utf8), ["b.csv"]);
        assert_eq!(names("人口_1.csv\n".as_bytes(), Names::Utf8), ["人口_1.csv"]);
    }

    #[test]
    fn heads_of_ftp_and_http_tell_size_and_time() {
        let ftp =
            "Last-Modified: Sun, 29 Nov 2026 10:00:00 GMT\r\nContent-Length: 12\r\nAccept-ranges: bytes\r\n";
        let http = "HTTP/1.1 200 OK\r\ncontent-length: 12\r\nETag: \"a\"\r\nlast-modified: Sun, 29 Nov 2026 10:00:00 GMT\r\n";
        assert_eq!(head("a", ftp).unwrap().stamp, "Sun, 29 Nov 2026 10:00:00 GMT");
        let found = head("a", http).unwrap();
        assert_eq!((found.bytes, found.stamp.as_str()), (Some(12), "Sun, 29 Nov 2026 10:00:00 GMT \"a\""));
        assert!(head("a", "HTTP/1.1 404 Not Found\r\nContent-Length: 12\r\n").is_none());
        assert!(head("a", "Accept-ranges: bytes\r\n").is_none());
    }

    #[test]
    fn a_webdav_folder_is_read_and_its_folders_are_none_of_its_files() {
        let xml = "<?xml version=\"1.0\"?><D:multistatus xmlns:D=\"DAV:\"><D:response><D:href>/out/</D:href>\
            <D:propstat><D:prop><D:resourcetype><D:collection/></D:resourcetype></D:prop></D:propstat></D:response>\
            <D:response><D:href>/out/%E5%90%8D&amp;.csv</D:href><D:propstat><D:prop>\
            <D:getcontentlength>7</D:getcontentlength><D:getlastmodified>now</D:getlastmodified>\
            <D:resourcetype></D:resourcetype></D:prop></D:propstat></D:response></D:multistatus>";
        let found = webdav(xml.as_bytes(), Names::Utf8).unwrap();
        let told: Vec<_> =
            found.iter().map(|f| (f.name.as_str(), f.bytes, f.stamp.as_str(), f.plain)).collect();
        assert_eq!(told, [("out", None, "", false), ("名&.csv", Some(7), "now", true)]);
        for wrong in ["<html>no</html>", "<D:multistatus", ""] {
            assert!(webdav(wrong.as_bytes(), Names::Utf8).is_none(), "{wrong}");
        }
    }

    #[test]
    fn pages_of_objects_lead_to_the_next() {
        let xml = "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>out/名.csv</Key><Size>7</Size>\
            <ETag>&quot;e&quot;</ETag><LastModified>t</LastModified></Contents><Contents><Key>out/</Key><Size>0</Size>\
            </Contents><NextContinuationToken>1/a=</NextContinuationToken></ListBucketResult>";
        let page = objects(xml.as_bytes(), "out/").unwrap();
        let told: Vec<_> = page.files.iter().map(|f| (f.name.as_str(), f.bytes, f.stamp.trim())).collect();
        assert_eq!((told, page.next.as_deref()), (vec![("名.csv", Some(7), "\"e\" t")], Some("1/a=")));
        assert!(objects(b"<Error><Code>NoSuchBucket</Code></Error>", "").is_none());
    }
}
