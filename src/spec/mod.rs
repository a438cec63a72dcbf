//! F5: from what users write (TOML, SQL headers) to a checked plan.

pub mod toml_check;

mod read;

pub use read::contracts_of;
