//! Names in UTF-8 that somebody read as GBK: `张梓涵` became `寮犳撴兜`.

use encoding_rs::GBK;

use super::scan::{LOST_SHOWN, is_name_char};

/// What a text is worth as UTF-8 that was read as GBK.
pub(super) enum Mojibake {
    No,
    /// The whole text could be put right.
    Whole(String),
    /// It is such text, but bytes were lost.
    Broken,
}

/// Longest text that is looked at, in bytes.
const LENGTH_MAX: usize = 96;

/// Whether a text is UTF-8 that was read as GBK: its GBK bytes are UTF-8 ideographs from the first to the
/// last, where bytes that no GBK character begins with may have been lost or replaced by a sign.
///
/// Rare bytes alone prove nothing, because a name may have them by chance (`濮存安`): the text must hold a
/// character beyond GB 2312 while the ideographs in it are within, or all of them must be.
pub(super) fn look(text: &str) -> Mojibake {
    let lead = text.chars().next().is_some_and(|c| c > '\u{7F}');
    if !lead || text.len() > LENGTH_MAX {
        return Mojibake::No;
    }
    let mut reader = Reader::default();
    let mut rare = false;
    for c in text.chars() {
        if matches!(c, '\u{FFFD}' | LOST_SHOWN | '?') {
            reader.gap();
            continue;
        }
        let Some(bytes) = gbk(c) else { return Mojibake::No };
        rare |= !is_gb2312(&bytes);
        if !bytes.iter().all(|&byte| reader.byte(byte)) {
            return Mojibake::No;
        }
    }
    let (found, whole) = reader.finish();
    let common = found.chars().filter(|&c| gbk(c).is_some_and(|bytes| is_gb2312(&bytes))).count();
    let all = found.chars().count();
    match whole {
        true if all > 1 && (rare || common == all) => Mojibake::Whole(found),
        false if rare && common > 0 => Mojibake::Broken,
        _ => Mojibake::No,
    }
}

/// The GBK bytes of an ideograph; ASCII and signs are no part of such text.
fn gbk(c: char) -> Option<Vec<u8>> {
    let mut utf8 = [0; 4];
    let (bytes, _, failed) = GBK.encode(c.encode_utf8(&mut utf8));
    (!failed && bytes.len() == 2).then(|| bytes.into_owned())
}

/// Whether a GBK character is one of the 6,763 of GB 2312, which nearly all names are written with.
fn is_gb2312(bytes: &[u8]) -> bool {
    matches!(bytes, [0xB0..=0xF7, 0xA1..=0xFE])
}

/// Reads bytes as UTF-8 ideographs of three bytes each and forgives lost ones.
#[derive(Default)]
struct Reader {
    found: String,
    pending: Vec<u8>,
    /// Bytes were lost.
    broken: bool,
    /// A sign stands for lost bytes right before this one, so it may be any part of a character.
    behind_gap: bool,
}

impl Reader {
    fn gap(&mut self) {
        self.broken = true;
        self.behind_gap = true;
        self.pending.clear();
    }

    /// Takes one byte; `false` when it can be no part of such text.
    fn byte(&mut self, byte: u8) -> bool {
        // 4E00–9FFF are E4 B8 80 to E9 BF BF.
        match byte {
            0xE4..=0xE9 => {
                self.broken |= !self.pending.is_empty();
                self.pending.clear();
                self.pending.push(byte);
                self.behind_gap = false;
            }
            0x80..=0xBF if !self.pending.is_empty() => self.pending.push(byte),
            0x80..=0xBF => return self.behind_gap,
            _ => return false,
        }
        if self.pending.len() < 3 {
            return true;
        }
        let c = std::str::from_utf8(&self.pending).ok().and_then(|text| text.chars().next());
        self.pending.clear();
        match c.filter(|&c| is_name_char(c)) {
            Some(c) => self.found.push(c),
            None => return false,
        }
        true
    }

    /// The ideographs, and whether nothing was lost.
    fn finish(self) -> (String, bool) {
        let whole = !self.broken && self.pending.is_empty();
        (self.found, whole)
    }
}
