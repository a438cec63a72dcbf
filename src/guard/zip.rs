//! Looks through a zip container before a workbook reader opens it, so that memory stays bounded:
//! sizes told by the container are not believed, every entry is unpacked once and counted.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::limits::Limits;
use super::refusal::{Refusal, unreadable};

/// Entries below this size are not suspected for their ratio alone.
const RATIO_FROM: u64 = 16 << 20;
/// A cell's markup may be this many times as large as its text: every stretch of a formatted text has
/// tags of its own.
const MARKUP_MAX: usize = 64;
/// What marks a merged region in a sheet.
const MERGE_MARK: &[u8] = b"mergeCell ";

/// What was seen in the container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ZipFacts {
    /// Whether some sheet has merged cells.
    pub merges: bool,
}

/// Unpacks everything once within the limits.
///
/// # Errors
/// What is broken, encrypted or past a limit.
pub fn check(path: &Path, limits: &Limits) -> Result<ZipFacts, Refusal> {
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
    if archive.len() > limits.zip_entries_max {
        return Err(bomb(format!("container with more than {} entries", limits.zip_entries_max)));
    }
    let (mut total, mut facts) = (0_u64, ZipFacts::default());
    let mut buffer = vec![0_u8; 16 << 10];
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| broken(&error))?;
        let name = entry.name().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
        let mut scan = Scan::new(limits, entry.compressed_size(), &name);
        loop {
            let read = match entry.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) => return Err(broken(&ZipError::Io(error))),
            };
            scan.take(&buffer[..read])?;
            if total + scan.unpacked > limits.zip_unpacked_max {
                let most = limits.zip_unpacked_max >> 20;
                return Err(bomb(format!("container unpacks to more than {most} MiB")));
            }
        }
        scan.end()?;
        total += scan.unpacked;
        facts.merges |= scan.merges > 0;
    }
    Ok(facts)
}

fn broken(error: &ZipError) -> Refusal {
    match error {
        ZipError::UnsupportedArchive(_) | ZipError::InvalidPassword => Refusal::new(
            "encrypted",
            "container is encrypted or packed in an unknown way",
            "文件已加密或打包方式无法识别",
        ),
        _ => Refusal::new(
            "file_truncated",
            "container is broken or cut off",
            "文件损坏或不完整（工作簿打不开）",
        ),
    }
}

fn bomb(message: String) -> Refusal {
    Refusal::new("zip_bomb", message, "压缩内容异常（解压后过大），拒绝读取")
}

/// Counts one entry while it is unpacked.
struct Scan<'a> {
    limits: &'a Limits,
    packed: u64,
    unpacked: u64,
    /// Whether readers stream this entry instead of holding it whole.
    streamed: bool,
    is_picture: bool,
    /// Bytes since the last angle bracket.
    run: usize,
    run_max: usize,
    /// Which cell or shared text the bytes belong to.
    cell: CellScan,
    matched: usize,
    merges: usize,
    /// First bytes, where a table of strings tells its size.
    head: Vec<u8>,
}

impl<'a> Scan<'a> {
    fn new(limits: &'a Limits, packed: u64, name: &str) -> Self {
        Self {
            limits,
            packed,
            unpacked: 0,
            streamed: name.contains("worksheets/"),
            is_picture: name.contains("media/"),
            run: 0,
            run_max: 0,
            cell: CellScan::default(),
            matched: 0,
            merges: 0,
            head: Vec::new(),
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.unpacked += bytes.len() as u64;
        if self.head.len() < 4096 {
            self.head.extend_from_slice(&bytes[..bytes.len().min(4096)]);
        }
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            if first == b'<' || first == b'>' {
                self.run_max = self.run_max.max(self.run);
                (self.run, self.matched) = (0, 0);
                self.cell.bracket(first);
                rest = &rest[1..];
                continue;
            }
            let length = rest.iter().position(|&byte| byte == b'<' || byte == b'>').unwrap_or(rest.len());
            let (between, behind) = rest.split_at(length);
            self.run += length;
            self.cell.between(between);
            self.count_merges(between);
            rest = behind;
        }
        self.run_max = self.run_max.max(self.run);
        let limits = self.limits;
        if self.unpacked > RATIO_FROM && self.unpacked > self.packed.saturating_mul(limits.zip_ratio_max) {
            return Err(bomb(format!("entry unpacks to more than {} times its size", limits.zip_ratio_max)));
        }
        if !self.streamed && self.unpacked > limits.zip_held_max {
            return Err(bomb(format!("entry unpacks to more than {} MiB", limits.zip_held_max >> 20)));
        }
        // An escaped character takes up to ten bytes.
        let long = self.run_max > limits.cell_bytes_max.saturating_mul(10)
            || self.cell.longest() > limits.cell_bytes_max.saturating_mul(MARKUP_MAX);
        if !self.is_picture && long {
            return Err(Refusal::new(
                "cell_too_long",
                format!("a cell of more than {} bytes", limits.cell_bytes_max),
                "有单元格超过长度上限",
            ));
        }
        if self.merges > limits.merged_regions_max {
            let message = format!("more than {} merged regions", limits.merged_regions_max);
            return Err(Refusal::new("too_many_merges", message, "合并单元格过多"));
        }
        Ok(())
    }

    /// Looks for the mark in a stretch without brackets; it may have begun in the piece before.
    fn count_merges(&mut self, mut stretch: &[u8]) {
        while !stretch.is_empty() {
            if self.matched == 0 {
                let Some(begin) = stretch.iter().position(|&byte| byte == MERGE_MARK[0]) else { return };
                stretch = &stretch[begin..];
            }
            let left = &MERGE_MARK[self.matched..];
            let same = stretch.iter().zip(left).take_while(|(byte, mark)| byte == mark).count();
            stretch = &stretch[same..];
            if same == left.len() {
                self.merges += 1;
                self.matched = 0;
            } else if stretch.is_empty() {
                self.matched += same;
            } else {
                // Its first letter comes once in the mark, so it cannot begin within what did match.
                self.matched = 0;
            }
        }
    }

    /// A table of strings may promise more than it holds, and readers make room for the promise.
    fn end(&self) -> Result<(), Refusal> {
        let head = String::from_utf8_lossy(&self.head);
        let promised = head.split("uniqueCount=").skip(1).find_map(|rest| {
            let digits: String =
                rest.trim_start_matches(['"', '\'']).chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u128>().ok()
        });
        if promised.is_some_and(|count| count > u128::from(self.unpacked)) {
            return Err(bomb("a table of strings promises more than it holds".to_owned()));
        }
        Ok(())
    }
}

/// Measures cells (`<c>`) and shared texts (`<si>`) with all their markup: readers join the stretches of
/// one cell, so many short ones are as large as a long one.
#[derive(Default)]
struct CellScan {
    /// First bytes of the tag that is being read, and how many there are.
    tag: [u8; 12],
    length: usize,
    in_tag: bool,
    in_cell: bool,
    size: usize,
    size_max: usize,
}

impl CellScan {
    fn bracket(&mut self, byte: u8) {
        self.size += usize::from(self.in_cell);
        if byte == b'<' {
            (self.in_tag, self.length) = (true, 0);
        } else if self.in_tag {
            self.end_tag();
        }
    }

    /// A stretch without brackets: of a tag what follows its name counts as text does.
    fn between(&mut self, mut stretch: &[u8]) {
        while self.in_tag
            && let Some((&byte, behind)) = stretch.split_first()
        {
            self.size += usize::from(self.in_cell);
            if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') || (byte == b'/' && self.length > 0) {
                self.end_tag();
            } else if let Some(slot) = self.tag.get_mut(self.length) {
                *slot = byte;
                self.length += 1;
            }
            stretch = behind;
        }
        if self.in_cell {
            self.size += stretch.len();
        }
    }

    fn end_tag(&mut self) {
        self.in_tag = false;
        let tag = &self.tag[..self.length];
        let name = tag.strip_prefix(b"/").unwrap_or(tag);
        let local = name.iter().position(|&byte| byte == b':').map_or(name, |at| &name[at + 1..]);
        let begins = matches!(local, b"c" | b"si") && name.len() == tag.len();
        if begins || matches!(local, b"c" | b"si" | b"row" | b"sheetData") {
            self.size_max = self.longest();
            self.size = 0;
            self.in_cell = begins;
        }
    }

    fn longest(&self) -> usize {
        self.size_max.max(self.size)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, byte by byte: bytes since a bracket at most, merges, size of the longest cell.
    fn slowly(bytes: &[u8]) -> (usize, usize, usize) {
        let (mut run, mut run_max, mut merges, mut matched) = (0, 0, 0, 0);
        let mut cell = CellScan::default();
        for &byte in bytes {
            cell.size += usize::from(cell.in_cell);
            if byte == b'<' {
                (cell.in_tag, cell.length) = (true, 0);
            } else if cell.in_tag {
                if matches!(byte, b'>' | b' ' | b'\t') || (byte == b'/' && cell.length > 0) {
                    cell.end_tag();
                } else if let Some(slot) = cell.tag.get_mut(cell.length) {
                    *slot = byte;
                    cell.length += 1;
                }
            }
            run = if byte == b'<' || byte == b'>' { 0 } else { run + 1 };
            run_max = run_max.max(run);
            matched =
                if byte == MERGE_MARK[matched] { matched + 1 } else { usize::from(byte == MERGE_MARK[0]) };
            if matched == MERGE_MARK.len() {
                (merges, matched) = (merges + 1, 0);
            }
        }
        (run_max, merges, cell.longest())
    }

    proptest! {
        /// However the bytes come in pieces, and whatever they are.
        #[test]
        fn counts_as_byte_by_byte(
            words in proptest::collection::vec(
                prop::sample::select(vec!["<c", "<x:si>", "</c>", "<row ", ">", "/", "mergeCell ", "merge", "m", "Cell ", "<", " a", "\t"]),
                0..40,
            ),
            cuts in proptest::collection::vec(0_usize..200, 0..4),
        ) {
            let text = words.concat();
            let limits = Limits { merged_regions_max: 1_000, ..Limits::FOR_A_COUNTY };
            let mut scan = Scan::new(&limits, 0, "xl/worksheets/a.xml");
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            for pair in cuts.windows(2) {
                scan.take(&text.as_bytes()[pair[0]..pair[1]]).unwrap();
            }
            prop_assert_eq!((scan.run_max, scan.merges, scan.cell.longest()), slowly(text.as_bytes()));
        }
    }
}
