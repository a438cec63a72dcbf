//! Digests as text.

use std::io::{self, Read};

use sha2::{Digest, Sha256};
use sm3::Sm3;

/// Bytes read at once.
const CHUNK: usize = 256 << 10;

/// SHA-256 of all that can be read (lower-case hexadecimal), and how many bytes there were.
///
/// # Errors
/// When it cannot be read to its end.
///
/// ```
/// let (digest, bytes) = doudi::domain::sha256_of("abc".as_bytes()).unwrap();
/// assert!(digest.starts_with("ba7816bf") && bytes == 3);
/// ```
pub fn sha256_of(mut from: impl Read) -> io::Result<(String, u64)> {
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; CHUNK]);
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok((hex(&hash.finalize()), bytes)),
            read => {
                hash.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}

/// SHA-256 and SM3 (GB/T 32905) of all that can be read, lower-case hexadecimal.
///
/// # Errors
/// When it cannot be read to its end.
///
/// ```
/// let (sha256, sm3) = doudi::domain::digests_of("abc".as_bytes()).unwrap();
/// assert!(sha256.starts_with("ba7816bf") && sm3.starts_with("66c7f0f4"));
/// ```
pub fn digests_of(from: impl Read) -> io::Result<(String, String)> {
    let mut sm3 = Sm3::new();
    let (sha256, _) = sha256_of(Tee { from, sm3: &mut sm3 })?;
    Ok((sha256, hex(&sm3.finalize())))
}

/// Hashes what is read through it.
struct Tee<'a, R> {
    from: R,
    sm3: &'a mut Sm3,
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.sm3.update(&buffer[..read]);
        Ok(read)
    }
}

/// Lower-case hexadecimal of some bytes.
///
/// ```
/// assert_eq!(doudi::domain::hex(&[0x0a, 0xff]), "0aff");
/// ```
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|&byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}
