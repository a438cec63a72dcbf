//! ZIP archives as agencies send them: with a password (AES or ZipCrypto), with file names in GBK.
//!
//! Only files that the delivery is about come out, under their base names; nothing is written anywhere
//! else, whatever paths an archive holds.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::address::is_plain_name;
use super::error::{Fault, PullError};

/// Most files of an archive.
const FILES_MAX: usize = 10_000;

/// What to take out of an archive.
pub(super) struct Unpack<'a> {
    /// The remote, for errors.
    pub(super) remote: &'a str,
    /// Name of the archive, for errors.
    pub(super) name: &'a str,
    pub(super) password: Option<&'a str>,
    /// Bytes that all files together may have.
    pub(super) bytes_max: u64,
    /// Files the delivery is about.
    pub(super) wanted: &'a dyn Fn(&str) -> bool,
}

/// Names of what an archive held.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unpacked {
    /// Written to the folder.
    pub(super) taken: Vec<String>,
    /// In the delivery already, or twice in the archive.
    pub(super) twice: Vec<String>,
    /// Links, and paths that lead outside.
    pub(super) refused: u64,
}

impl Unpack<'_> {
    fn error(&self, fault: Fault, what: &str) -> PullError {
        PullError::of(self.remote, fault, format!("the archive `{}` {what}", self.name))
    }

    fn broken(&self, error: &ZipError) -> PullError {
        match error {
            ZipError::InvalidPassword => self.error(Fault::Archive, "has another password"),
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => {
                self.error(Fault::Archive, "needs a password, and the pipeline names none (`zip.password`)")
            }
            ZipError::Io(error) if error.kind() != io::ErrorKind::InvalidData => {
                self.error(Fault::Archive, &format!("cannot be read to its end: {error}"))
            }
            ZipError::CompressionMethodNotSupported(_) | ZipError::UnsupportedArchive(_) => self.error(
                Fault::Archive,
                "is packed in a way that is not supported: ask for plain ZIP (deflate)",
            ),
            _ => self.error(Fault::Archive, "is damaged or has another password"),
        }
    }

    /// The password as packers write it: in UTF-8, or in GBK on an older Windows.
    fn passwords(&self) -> Vec<Vec<u8>> {
        let Some(password) = self.password else { return Vec::new() };
        let mut both =
            vec![password.as_bytes().to_vec(), encoding_rs::GB18030.encode(password).0.into_owned()];
        both.dedup();
        both
    }

    /// Writes the wanted files of the archive at `from` into `folder`.
    pub(super) fn run(&self, from: &Path, folder: &Path) -> Result<Unpacked, PullError> {
        let file = File::open(from).map_err(|error| PullError::local(self.remote, "read", from, &error))?;
        let mut archive = ZipArchive::new(io::BufReader::new(file)).map_err(|error| self.broken(&error))?;
        if archive.len() > FILES_MAX {
            return Err(self.error(Fault::TooLarge, &format!("holds more than {FILES_MAX} files")));
        }
        let (mut unpacked, mut left) = (Unpacked::default(), self.bytes_max);
        for at in 0..archive.len() {
            let (name, encrypted) = {
                let entry = archive.by_index_raw(at).map_err(|error| self.broken(&error))?;
                if entry.is_dir() {
                    continue;
                }
                let Some(name) = base_name(entry.name_raw()).filter(|_| !entry.is_symlink()) else {
                    unpacked.refused += 1;
                    continue;
                };
                (name, entry.encrypted())
            };
            if !(self.wanted)(&name) {
                continue;
            }
            let target = folder.join(&name);
            if target.exists() {
                unpacked.twice.push(name);
                continue;
            }
            let mut passwords = if encrypted { self.passwords() } else { Vec::new() }.into_iter().peekable();
            left = loop {
                let entry = match passwords.next() {
                    Some(password) => archive.by_index_decrypt(at, &password),
                    None => archive.by_index(at),
                };
                let copied = entry
                    .map_err(|error| self.broken(&error))
                    .and_then(|entry| self.copy(entry, &target, left));
                match copied {
                    // With another password the file may even be written in part.
                    Err(error) if error.fault == Fault::Archive && passwords.peek().is_some() => {
                        let _ = std::fs::remove_file(&target);
                    }
                    copied => break copied?,
                }
            };
            unpacked.taken.push(name);
        }
        Ok(unpacked)
    }

    /// Writes one file and gives the bytes that are left. A wrong password may show only at its end.
    fn copy(&self, mut entry: impl Read, target: &Path, left: u64) -> Result<u64, PullError> {
        let local = |error: &io::Error| PullError::local(self.remote, "write", target, error);
        let mut to =
            File::options().write(true).create_new(true).open(target).map_err(|error| local(&error))?;
        let (mut rest, mut buffer) = (left, vec![0; 256 << 10]);
        loop {
            let read = match entry.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Err(self.error(Fault::Archive, "is damaged or has another password")),
            };
            rest = rest.checked_sub(read as u64).ok_or_else(|| {
                self.error(Fault::TooLarge, &format!("holds more than {} MiB", self.bytes_max >> 20))
            })?;
            to.write_all(&buffer[..read]).map_err(|error| local(&error))?;
        }
        Ok(rest)
    }
}

/// The base name of an entry in the encoding it is written in: UTF-8, or GBK as old packers write it.
/// `None` for a path that leads outside or is no name.
fn base_name(raw: &[u8]) -> Option<String> {
    let path = std::str::from_utf8(raw).map_or_else(
        |_| {
            encoding_rs::GB18030
                .decode_without_bom_handling_and_without_replacement(raw)
                .map(std::borrow::Cow::into_owned)
        },
        |text| Some(text.to_owned()),
    )?;
    // Windows packers write backslashes.
    let path = path.replace('\\', "/");
    let inside = !path.starts_with('/') && !path.contains(':') && path.split('/').all(is_plain_name);
    inside.then(|| path.rsplit('/').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/archives").join(name)
    }

    fn unpack(
        name: &str,
        password: Option<&str>,
        bytes_max: u64,
    ) -> Result<(Unpacked, Vec<String>), PullError> {
        let folder = tempfile::tempdir().unwrap();
        let unpack = Unpack { remote: "r", name, password, bytes_max, wanted: &|name| name.contains(".csv") };
        let unpacked = unpack.run(&fixture(name), folder.path())?;
        let read = |name: &String| std::fs::read_to_string(folder.path().join(name)).unwrap();
        let texts = unpacked.taken.iter().map(read).collect();
        Ok((unpacked, texts))
    }

    #[test]
    fn archives_with_either_encryption_and_names_in_gbk_are_opened() {
        for name in ["aes256-gbk.zip", "zipcrypto-gbk.zip", "plain-utf8.zip"] {
            let (unpacked, texts) = unpack(name, Some("密码 2026"), 1 << 20).unwrap();
            assert_eq!(unpacked.taken, ["儿童名册_20261118.csv"], "{name}");
            assert_eq!(texts, ["编号,姓名\n1,甲\n"], "{name}");
        }
    }

    #[test]
    fn a_wrong_password_and_none_are_told_without_it() {
        for name in ["aes256-gbk.zip", "zipcrypto-gbk.zip"] {
            let wrong = unpack(name, Some("falsch"), 1 << 20).unwrap_err();
            assert!(
                wrong.what.contains("another password") && !wrong.to_string().contains("falsch"),
                "{wrong}"
            );
            let none = unpack(name, None, 1 << 20).unwrap_err();
            assert!(none.what.contains("needs a password"), "{none}");
            assert_eq!((wrong.fault, none.fault), (Fault::Archive, Fault::Archive));
        }
    }

    #[test]
    fn nothing_leads_outside_and_links_stay_in_the_archive() {
        let (unpacked, texts) = unpack("paths.zip", None, 1 << 20).unwrap();
        assert_eq!((unpacked.taken.as_slice(), unpacked.refused), (["inside.csv".to_owned()].as_slice(), 4));
        assert_eq!(unpacked.twice, ["inside.csv"]);
        assert_eq!(texts, ["inside\n"]);
    }

    #[test]
    fn an_archive_that_is_a_bomb_or_cut_is_refused() {
        assert_eq!(unpack("bomb.zip", None, 1 << 20).unwrap_err().fault, Fault::TooLarge);
        assert_eq!(unpack("cut.zip", Some("密码 2026"), 1 << 20).unwrap_err().fault, Fault::Archive);
    }

    #[test]
    fn names_are_the_last_part_of_paths_that_stay_inside() {
        assert_eq!(base_name("民政局/名册.csv".as_bytes()).as_deref(), Some("名册.csv"));
        assert_eq!(base_name(b"a\\b.csv").as_deref(), Some("b.csv"));
        assert_eq!(base_name(b"\xc3\xfb\xb2\xe1.csv").as_deref(), Some("名册.csv"));
        for wrong in
            [&b"../x.csv"[..], b"/etc/x.csv", b"C:\\x.csv", b"a/../../x.csv", b"", b"a\x00.csv", b"\xff\xff"]
        {
            assert_eq!(base_name(wrong), None, "{wrong:?}");
        }
    }
}
