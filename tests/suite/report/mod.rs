//! Publication: what recipients get, what they must never get, the same bytes every time.

pub(crate) mod artifacts;
mod demo;
mod forbidden;
mod lists;
mod page;
mod periodic;
mod progress;
mod sheets;

pub(crate) use demo::{Demo, as_of};
pub(crate) use lists::workbook_text;
