//! Looks through the footer of a Parquet file before a reader opens it: a list may claim more entries than there are bytes, and the
//! reader counts through them, for hours. What is broken otherwise the reader tells itself.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::guard::{Refusal, unreadable};

/// Behind the footer: its length and the mark.
const TAIL: u64 = 8;
/// Structures within structures; the format itself needs less than ten.
const DEPTH_MAX: u32 = 64;

/// Refuses a footer whose lists claim more than it holds.
pub(super) fn check(path: &Path) -> Result<(), Refusal> {
    let Some(footer) = footer(path).map_err(|error| unreadable(&error))? else { return Ok(()) };
    let mut walk = Walk { rest: &footer, claims_left: footer.len() };
    match walk.value(STRUCT, DEPTH_MAX) {
        Err(Stop::Claims) => {
            let message = "the footer claims more entries than it has bytes";
            Err(Refusal::new("file_truncated", message, "文件损坏或不完整（Parquet 打不开）"))
        }
        Err(Stop::Broken) | Ok(()) => Ok(()),
    }
}

/// The bytes of the footer; nothing where the file has none.
fn footer(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut file = File::open(path)?;
    let Some(end) = file.metadata()?.len().checked_sub(TAIL) else { return Ok(None) };
    file.seek(SeekFrom::Start(end))?;
    let mut length = [0; 4];
    file.read_exact(&mut length)?;
    let length = u64::from(u32::from_le_bytes(length));
    let Some(begin) = end.checked_sub(length) else { return Ok(None) };
    file.seek(SeekFrom::Start(begin))?;
    let mut footer = Vec::new();
    file.take(length).read_to_end(&mut footer)?;
    Ok(Some(footer))
}

/// Kind of a field that is none: the end of a structure.
const STOP: u8 = 0;
const STRUCT: u8 = 12;

/// Why the walk ends early.
enum Stop {
    /// It is no Thrift.
    Broken,
    /// More is claimed than is there.
    Claims,
}

/// Walks through values of Thrift's compact protocol as the reader passes over those that it does not know.
struct Walk<'a> {
    rest: &'a [u8],
    /// Every entry of every list takes a byte of its own, so there can be no more than there were bytes.
    claims_left: usize,
}

impl Walk<'_> {
    fn value(&mut self, kind: u8, depth: u32) -> Result<(), Stop> {
        let depth = depth.checked_sub(1).ok_or(Stop::Broken)?;
        match kind {
            1 | 2 => Ok(()),
            3 => self.pass(1),
            4..=6 => self.number().map(|_| ()),
            7 => self.pass(8),
            8 => {
                let length = self.number()?;
                self.pass(length)
            }
            9 | 10 => self.list(depth),
            11 => self.map(depth),
            STRUCT => self.fields(depth),
            13 => self.pass(16),
            _ => Err(Stop::Broken),
        }
    }

    fn fields(&mut self, depth: u32) -> Result<(), Stop> {
        loop {
            let head = self.byte()?;
            let kind = head & 0x0f;
            if kind == STOP {
                return Ok(());
            }
            // Without a step from the field before, its number follows.
            if head >> 4 == 0 {
                self.number()?;
            }
            self.value(kind, depth)?;
        }
    }

    fn list(&mut self, depth: u32) -> Result<(), Stop> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.number()? } else { usize::from(head >> 4) };
        self.entries(count, &[head & 0x0f], depth)
    }

    fn map(&mut self, depth: u32) -> Result<(), Stop> {
        let count = self.number()?;
        if count == 0 {
            return Ok(());
        }
        let kinds = self.byte()?;
        self.entries(count, &[kinds >> 4, kinds & 0x0f], depth)
    }

    fn entries(&mut self, count: usize, kinds: &[u8], depth: u32) -> Result<(), Stop> {
        self.claims_left = self.claims_left.checked_sub(count).ok_or(Stop::Claims)?;
        for _ in 0..count {
            for &kind in kinds {
                self.value(kind, depth)?;
            }
        }
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        let (&first, rest) = self.rest.split_first().ok_or(Stop::Broken)?;
        self.rest = rest;
        Ok(first)
    }

    fn pass(&mut self, bytes: usize) -> Result<(), Stop> {
        self.rest = self.rest.get(bytes..).ok_or(Stop::Broken)?;
        Ok(())
    }

    /// A number of seven bits a byte, lowest first; one too large for anything is as large as can be.
    fn number(&mut self) -> Result<usize, Stop> {
        let (mut value, mut shift) = (0_usize, 0_u32);
        loop {
            let byte = self.byte()?;
            let bits = usize::from(byte & 0x7f);
            value |= bits.checked_shl(shift).filter(|moved| moved >> shift == bits).unwrap_or(usize::MAX);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
            shift += 7;
            if shift > 63 {
                return Err(Stop::Broken);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(footer: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
        std::fs::write(file.path(), [b"PAR1", footer, &length, b"PAR1"].concat()).unwrap();
        file
    }

    fn code(footer: &[u8]) -> Option<&'static str> {
        check(file(footer).path()).err().map(|refusal| refusal.code)
    }

    #[test]
    fn a_list_of_more_entries_than_bytes_is_refused_before_a_reader_counts_them() {
        // Field 1: a list of two numbers, then the end.
        assert_eq!(code(&[0x19, 0x25, 2, 4, 0]), None);
        // A list of 2^28 truths, which take no byte when they are passed over; in a list; in a map.
        assert_eq!(code(&[0x19, 0xf1, 0xff, 0xff, 0xff, 0x7f, 0]), Some("file_truncated"));
        assert_eq!(code(&[0x19, 0x19, 0xf1, 0xff, 0xff, 0xff, 0x7f, 0]), Some("file_truncated"));
        assert_eq!(code(&[0x1b, 0xff, 0xff, 0xff, 0x7f, 0x11, 0]), Some("file_truncated"));
        // Each list within the bytes, all together not.
        assert_eq!(code(&[0x19, 0x69, 0x51, 0x51, 0x51, 0x51, 0x51, 0x51, 0]), Some("file_truncated"));
    }

    #[test]
    fn what_is_broken_otherwise_is_the_readers_matter() {
        for footer in [&b""[..], &[0x18, 0x7f], &[0x1e, 0], &[0x15, 0xff]] {
            assert_eq!(code(footer), None, "{footer:?}");
        }
        let short = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(short.path(), b"PAR1").unwrap();
        assert!(check(short.path()).is_ok());
        std::fs::write(short.path(), [&b"PAR1"[..], &[0xff, 0xff, 0xff, 0xff], b"PAR1"].concat()).unwrap();
        assert!(check(short.path()).is_ok());
    }
}
