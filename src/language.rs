//! The rule sentence: its syntax tree, reading it, printing it, checking it against a vocabulary, and the diagnostics that point
//! into it. Reads and prints text; knows nothing of files, users or Trino's wire.

pub mod check;
pub mod diagnostic;
mod lex;
pub mod paraphrase;
pub mod parse;
pub mod pattern;
mod print;
pub mod syntax;
