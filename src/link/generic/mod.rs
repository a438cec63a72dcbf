//! Links the rows of any tables by a model: block, compare, fit, score, resolve.
//!
//! In: a [`Frame`](crate::comparator::generic::Frame) and a model of Splink's kind
//! ([`crate::link::splink::Model`]). Out: scored pairs and clusters, by the numbers of rows. Pairs are scored
//! as they are generated and only those of a weight are kept. Nothing depends on the order in which rows came
//! or on the number of threads. This module knows nothing of people; what Chinese identities need is in
//! [`crate::link`].

mod block;
mod blocking;
mod bootstrap;
mod compared;
mod counts;
mod fit;
mod named;
mod policy;
mod quick;
mod resolve;
mod rivals;
mod rows;
mod score;
mod setup;
#[cfg(test)]
mod tests;

pub use block::Refused;
pub use blocking::{RuleStudy, study};
pub use fit::{FitPlan, Fitted, Session, fit};
pub use named::Readers;
pub use policy::{PairPolicy, Policy, Rows as RowsOfPerson};
pub use resolve::{Resolution, clusters};
pub use rivals::given_rivals;
pub use rows::{Rows, columns_of};
pub use score::{Pair, RuleCount, Scored, score};
pub use setup::Setup;
