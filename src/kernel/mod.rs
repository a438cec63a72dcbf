//! F0: the arithmetic of linkage. Numbers in, numbers out.
//!
//! Invariant: nothing in this folder knows a person's field, an extract, an engine, a thread or a
//! clock, and every function gives the same bits for the same input.

pub mod assignment;
pub mod digest;
pub mod draws;
pub mod em;
pub mod interval;
pub mod learn;
pub mod observed;
pub mod outlier;
pub mod pattern;
pub mod similarity;
pub mod strings;
pub mod union_find;
pub mod weight;
