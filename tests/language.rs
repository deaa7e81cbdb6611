//! The sentence: what is read, how it is printed, what is said about what is wrong.

mod corpus;
mod pages;
mod paraphrases;
mod properties;
mod trees;

pub(crate) use crate::language::trees::hostile_text;
