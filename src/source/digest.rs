//! Copies a file and computes its digests in the same pass.

use std::fs::File;
use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};
use sm3::Sm3;

use crate::domain::hex;

/// Bytes copied at once.
const CHUNK: usize = 256 << 10;

/// What a copy was like.
pub(super) struct Copied {
    /// Bytes copied.
    pub(super) bytes: u64,
    /// SHA-256, lower-case hex.
    pub(super) sha256: String,
    /// SM3, lower-case hex, when it was asked for.
    pub(super) sm3: Option<String>,
}

/// Which side of a copy failed.
#[derive(Debug)]
pub(super) enum Side {
    /// What was to be copied.
    From(io::Error),
    /// The copy.
    To(io::Error),
}

/// Copies everything from `from` to `to`.
pub(super) fn copy(from: &mut File, to: &mut File, with_sm3: bool) -> Result<Copied, Side> {
    let mut sha256 = Sha256::new();
    let mut sm3 = with_sm3.then(Sm3::new);
    let (mut bytes, mut buffer) = (0_u64, vec![0_u8; CHUNK]);
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Side::From(error)),
        };
        to.write_all(&buffer[..read]).map_err(Side::To)?;
        sha256.update(&buffer[..read]);
        if let Some(sm3) = &mut sm3 {
            sm3.update(&buffer[..read]);
        }
        bytes += read as u64;
    }
    Ok(Copied { bytes, sha256: hex(&sha256.finalize()), sm3: sm3.map(|sm3| hex(&sm3.finalize())) })
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom};

    use super::*;

    #[test]
    fn digests_of_the_standards_own_examples() {
        let mut from = tempfile::tempfile().unwrap();
        from.write_all(b"abc").unwrap();
        from.seek(SeekFrom::Start(0)).unwrap();
        let copied = copy(&mut from, &mut tempfile::tempfile().unwrap(), true).unwrap();
        assert_eq!(copied.bytes, 3);
        assert_eq!(copied.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let sm3 = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
        assert_eq!(copied.sm3.as_deref(), Some(sm3));
    }
}
