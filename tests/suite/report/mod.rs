//! Publication: what recipients get, what they must never get, the same bytes every time.

mod artifacts;
mod demo;
mod lists;
