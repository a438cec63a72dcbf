//! F3: what one file may bring, and the look into a container before a reader gets it.
//!
//! Everything that reads delivered bytes holds them against [`Limits`], so memory stays bounded whatever
//! arrives. This module must not know what a file is about.

mod limits;
mod refusal;
mod zip;

pub use limits::Limits;
pub use refusal::{Refusal, unreadable};
pub use zip::{ZipFacts, check as check_zip};
