//! One binary for all integration tests. Cases are data where they can be; each area has one `check` function.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that meets what it did not expect fails"
)]

mod attributes;
mod cli;
mod diff;
mod docs;
mod documents;
pub mod engine;
mod explain;
mod fuzz;
mod guarded;
mod language;
mod lint;
mod policy_test;
mod schema;
mod server;
mod sql;
mod tidy;
mod tools;
mod trino;
