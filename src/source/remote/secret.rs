//! Secrets by reference: a file that only its owner may read, or a variable of the environment.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use crate::domain::Masked;

/// No secret is longer.
const BYTES_MAX: u64 = 4096;

/// Where a secret is. The secret itself is read when it is needed and kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// A file; its last line break does not belong to the secret.
    File(PathBuf),
    /// A variable of the environment.
    Environment(String),
}

impl Secret {
    /// Reads the secret.
    ///
    /// # Errors
    /// What is wrong and what to do, never the secret.
    pub fn read(&self) -> Result<Masked<String>, String> {
        let text = match self {
            Self::File(path) => read_file(path)?,
            Self::Environment(name) => variable(name).ok_or_else(|| {
                format!("the variable {name} is not set (or is no UTF-8): set it for the user who runs this")
            })?,
        };
        let text =
            text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
        if text.is_empty() || text.contains(char::is_control) {
            return Err(format!("{self} holds no secret: one line, not empty"));
        }
        Ok(Masked::new(text.to_owned()))
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Environment(name) => write!(f, "the variable {name}"),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the pipeline names the variable; nothing else is read from it"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// What is wrong with a file that must be its owner's alone; `None` when nothing is.
pub fn exposed(path: &std::path::Path) -> Option<String> {
    let shown = path.display();
    match path.metadata() {
        Err(error) => Some(format!("{shown} cannot be read: {error}")),
        Ok(facts) if !facts.is_file() => Some(format!("{shown} is no file")),
        Ok(facts) if facts.mode() & 0o077 != 0 => {
            Some(format!("{shown} is open to others (mode {:03o}): chmod 600 {shown}", facts.mode() & 0o777))
        }
        Ok(_) => None,
    }
}

fn read_file(path: &std::path::Path) -> Result<String, String> {
    if let Some(fault) = exposed(path) {
        return Err(fault);
    }
    let failed = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let mut text = String::new();
    // A pipe in the place of the file must not make the night wait.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(failed)?;
    file.take(BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_secret_in_a_file_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let set = |text: &str, mode: u32| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            Secret::File(path.clone()).read()
        };
        assert_eq!(set("pass word\r\n", 0o600).unwrap().reveal(), "pass word");
        for (text, mode, fault) in [
            ("pass", 0o644, "chmod 600"),
            ("pass", 0o640, "chmod 600"),
            ("\n", 0o600, "holds no secret"),
            ("two\nlines\n", 0o600, "holds no secret"),
        ] {
            let told = set(text, mode).unwrap_err();
            assert!(told.contains(fault) && !told.contains("pass"), "{told}");
        }
        let gone = Secret::File(folder.path().join("gone")).read().unwrap_err();
        assert!(gone.contains("cannot be read"), "{gone}");
        assert!(Secret::File(folder.path().to_owned()).read().unwrap_err().contains("is no file"));
    }

    #[test]
    fn a_variable_that_is_not_set_is_told_by_its_name() {
        let told = Secret::Environment("DOUDI_NO_SUCH_VARIABLE".to_owned()).read().unwrap_err();
        assert!(told.contains("DOUDI_NO_SUCH_VARIABLE"), "{told}");
    }
}
