//! The gRPC door: decisions for Trino's plugin. `convert` alone names the generated types.

mod convert;
pub mod listen;
mod question;
mod service;

pub use convert::{table_question, table_question_at_once};
pub use service::{Decisions, descriptors, serve};
