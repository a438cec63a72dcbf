//! F3: where the rules' SQL runs: one embedded DataFusion session per run, one list of functions.
//!
//! In: Arrow batches under table names, SQL text with `$parameters`. Out: one batch per query.
//! It must never read a file or the network, change a table, look at a clock or draw a random
//! number: a plan that could is refused before it runs. Messages of failed executions carry no
//! values, because values are personal.

mod calendar;
mod error;
mod functions;
mod parameters;
mod session;

pub use calendar::{SchoolAges, days_outside_summer, months_between, school_year, school_year_start};
pub use error::EngineError;
pub use functions::{function_names, functions};
pub use parameters::{Parameters, Value, placeholders, substitute};
pub use session::Engine;
