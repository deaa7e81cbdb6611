//! Revisions: documents as they were at one time, compiled, numbered, kept as long as queries may rest on them.

pub mod folder;
pub mod revision;
