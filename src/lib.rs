//! Meshward, the open policy plane for Trino and Starburst. `ARCHITECTURE.md` has the bird's eye view.

pub mod document;
pub mod engine;
pub mod language;
pub mod model;
pub mod sql;
