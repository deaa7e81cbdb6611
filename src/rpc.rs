//! The gRPC door: decisions for Trino's plugin. `convert` alone names the generated types.

mod convert;
pub mod listen;
mod service;

pub use convert::table_question;
pub use service::{Decisions, descriptors, serve};
