//! What the engine decides, against an evaluator that shares nothing with it but the types.

mod bounds;
mod case;
mod cell;
mod differential;
mod evaluated;
mod index;
mod oracle;
mod random;
mod run_sql;
pub mod sample;
