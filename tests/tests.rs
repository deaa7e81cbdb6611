//! One binary for all integration tests. Cases are data where they can be; each area has one `check` function.
#![expect(clippy::string_slice, reason = "tests slice by spans that they assert to be right")]

// `cfg(test)` is always on here; it tells clippy that what it forbids on request paths is meant.
#[cfg(test)]
pub mod engine;
#[cfg(test)]
mod language;
#[cfg(test)]
mod sql;
#[cfg(test)]
mod tidy;
