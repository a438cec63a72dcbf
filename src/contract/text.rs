//! Text files: which encoding they really are in, and their text piece by piece.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use encoding_rs::{DecoderResult, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use crate::domain::Encoding;

/// Bytes read at once.
const CHUNK: usize = 256 << 10;
/// Bytes looked at when two encodings are weighed against each other.
pub(super) const HEAD: usize = 64 << 10;

/// What the bytes of a text file say about its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sniffed {
    /// This encoding for certain (a byte-order mark, or valid UTF-8 beyond ASCII to the end).
    Certain(&'static encoding_rs::Encoding, usize),
    /// Nothing but ASCII.
    Ascii,
    /// Not valid UTF-8: GB 18030, or UTF-8 with broken places.
    Unsure,
    /// Zero bytes: not text.
    Binary,
}

/// Room for a piece of a file; one that is read whole says so by not filling it.
fn room(file: &File) -> io::Result<Vec<u8>> {
    let bytes = usize::try_from(file.metadata()?.len()).unwrap_or(CHUNK);
    Ok(vec![0; bytes.saturating_add(1).min(CHUNK)])
}

/// Reads the whole file once (cheaply) to tell its encoding.
pub(super) fn sniff(path: &Path) -> io::Result<Sniffed> {
    let mut file = File::open(path)?;
    let mut buffer = room(&file)?;
    let mut held = 0;
    let mut first = true;
    let mut ascii = true;
    loop {
        let read = fill(&mut file, &mut buffer[held..])?;
        let bytes = &buffer[..held + read];
        if first {
            for (mark, encoding) in
                [(&b"\xef\xbb\xbf"[..], UTF_8), (&b"\xff\xfe"[..], UTF_16LE), (&b"\xfe\xff"[..], UTF_16BE)]
            {
                if bytes.starts_with(mark) {
                    return Ok(Sniffed::Certain(encoding, mark.len()));
                }
            }
            if bytes[..bytes.len().min(HEAD)].contains(&0) {
                return Ok(Sniffed::Binary);
            }
            first = false;
        }
        ascii &= bytes.is_ascii();
        let valid = match std::str::from_utf8(bytes) {
            Ok(_) => bytes.len(),
            Err(error) if error.error_len().is_none() && read > 0 => error.valid_up_to(),
            Err(_) => return Ok(Sniffed::Unsure),
        };
        if read == 0 {
            return Ok(if ascii { Sniffed::Ascii } else { Sniffed::Certain(UTF_8, 0) });
        }
        let len = bytes.len();
        buffer.copy_within(valid..len, 0);
        held = len - valid;
    }
}

/// Fills the buffer as far as the file goes.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The first bytes of a file decoded leniently, for weighing encodings.
pub(super) fn head(path: &Path, encoding: &'static encoding_rs::Encoding) -> io::Result<(String, u64)> {
    let mut decoded = Decoded::open(path, encoding, 0)?;
    while decoded.text.len() < HEAD && decoded.more()? {}
    Ok((decoded.text, decoded.malformed))
}

/// The encodings a contract declares, as the decoder knows them.
pub(super) const fn declared(encoding: Encoding) -> &'static encoding_rs::Encoding {
    match encoding {
        Encoding::Utf8 => UTF_8,
        Encoding::Gb18030 => GB18030,
    }
}

/// A file's text, decoded in pieces. Malformed bytes become U+FFFD and are counted.
pub(super) struct Decoded {
    file: File,
    decoder: encoding_rs::Decoder,
    raw: Vec<u8>,
    done: bool,
    /// Text decoded and not yet given back by [`Decoded::forget`].
    pub(super) text: String,
    /// Malformed sequences so far.
    pub(super) malformed: u64,
    /// The last sequence of the file was cut off.
    pub(super) cut_off: bool,
}

impl Decoded {
    /// Begins behind `skip` bytes (the byte-order mark).
    pub(super) fn open(
        path: &Path,
        encoding: &'static encoding_rs::Encoding,
        skip: usize,
    ) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(skip as u64))?;
        Ok(Self {
            raw: room(&file)?,
            file,
            decoder: encoding.new_decoder_without_bom_handling(),
            done: false,
            text: String::new(),
            malformed: 0,
            cut_off: false,
        })
    }

    /// Whether the file is at its end.
    pub(super) const fn is_done(&self) -> bool {
        self.done
    }

    /// Drops the first bytes of the text, which were read.
    pub(super) fn forget(&mut self, bytes: usize) {
        self.text.drain(..bytes);
    }

    /// Decodes one more piece; `false` at the end of the file.
    pub(super) fn more(&mut self) -> io::Result<bool> {
        if self.done {
            return Ok(false);
        }
        let read = fill(&mut self.file, &mut self.raw)?;
        self.done = read < self.raw.len();
        let mut from = 0;
        loop {
            let source = &self.raw[from..read];
            let room = self.decoder.max_utf8_buffer_length_without_replacement(source.len());
            self.text.reserve(room.unwrap_or(source.len() * 4 + 16));
            let (result, used) =
                self.decoder.decode_to_string_without_replacement(source, &mut self.text, self.done);
            from += used;
            match result {
                DecoderResult::InputEmpty => return Ok(true),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    self.malformed += 1;
                    self.text.push('\u{fffd}');
                    self.cut_off = self.done && from >= read;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn all(path: &Path, encoding: &'static encoding_rs::Encoding) -> (String, u64) {
        let mut decoded = Decoded::open(path, encoding, 0).unwrap();
        while decoded.more().unwrap() {}
        (decoded.text, decoded.malformed)
    }

    #[test]
    fn encodings_are_told_apart() {
        let (gb, _, _) = GB18030.encode("编号,姓名\n1,㐂\n");
        for (bytes, expected) in [
            (&b"a,b\n"[..], Sniffed::Ascii),
            ("编号,姓名\n".as_bytes(), Sniffed::Certain(UTF_8, 0)),
            (b"\xef\xbb\xbfa", Sniffed::Certain(UTF_8, 3)),
            (b"\xff\xfea\0", Sniffed::Certain(UTF_16LE, 2)),
            (&gb, Sniffed::Unsure),
            (b"a\0b", Sniffed::Binary),
        ] {
            assert_eq!(sniff(file(bytes).path()).unwrap(), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn a_character_across_two_pieces_survives() {
        let text = format!("x{}", "编号姓名".repeat(CHUNK / 8));
        let utf8 = file(text.as_bytes());
        assert_eq!(sniff(utf8.path()).unwrap(), Sniffed::Certain(UTF_8, 0));
        assert!(all(utf8.path(), UTF_8) == (text.clone(), 0));
        let (gb, _, _) = GB18030.encode(&text);
        assert!(all(file(&gb).path(), GB18030) == (text, 0));
    }

    #[test]
    fn four_byte_characters_are_read_and_broken_ones_counted() {
        let (gb, _, _) = GB18030.encode("𠮷㐂𬭚");
        assert_eq!(all(file(&gb).path(), GB18030), ("𠮷㐂𬭚".to_owned(), 0));
        let mut broken = gb.to_vec();
        broken.pop();
        let (text, malformed) = all(file(&broken).path(), GB18030);
        assert_eq!((text.starts_with("𠮷㐂"), malformed > 0), (true, true));
    }
}
