//! What the engine decides, against an evaluator that shares nothing with it but the types.

mod bounds;
pub(crate) mod case;
mod cell;
pub(crate) mod differential;
mod evaluated;
mod index;
mod keyed;
pub(crate) mod oracle;
pub(crate) mod random;
mod run_sql;
pub mod sample;
