//! The ground floor: what the exporter talks about, in the field's own words.
//!
//! Money and its currencies, queries and the shops they ask for, what was answered and why there was no answer. Knows
//! nobody: no I/O, no runtime, no JSON, no YAML, no metric names.

pub mod demand;
pub mod failure;
pub mod moment;
pub mod money;
pub mod observation;
pub mod query;
#[cfg(test)]
pub(crate) mod samples;
pub mod shard;
pub mod shop;
