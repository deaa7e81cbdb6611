//! The gRPC door: decisions for Trino's plugin. `convert` alone names the generated types.

mod convert;
pub mod listen;
mod service;
mod token;

pub use convert::table_question;
pub use service::{Decisions, descriptors, serve};
pub use token::Tokens;
