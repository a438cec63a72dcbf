//! Values of people that must never reach a log, a diagnostic or a snapshot.

use std::fmt;

/// A personal value. It has no `Display`, and its `Debug` prints `***`, so it cannot leak by accident;
/// whoever needs the value says so with [`Masked::reveal`].
///
/// ```
/// let name = doudi::domain::Masked::new("张三".to_owned());
/// assert_eq!(format!("{name:?}"), "***");
/// assert_eq!(name.reveal(), "张三");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Masked<T>(T);

impl<T> Masked<T> {
    /// Wraps a personal value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Gives the value; call sites are the places an auditor reads.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Masked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
