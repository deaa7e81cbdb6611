//! One binary for all integration tests. Cases are data where they can be; each area has one `check` function.
#![expect(clippy::string_slice, reason = "tests slice by spans that they assert to be right")]

pub mod engine;
mod language;
mod sql;
mod tidy;
