//! F5: from what users write (TOML, SQL headers) to a checked plan.

pub mod toml_check;

mod plan;
mod read;

pub use plan::Plan;
pub use read::contracts_of;
