//! What is left of rules when all that is known is folded, and its printing as SQL.

pub mod evaluate;
pub mod expression;
pub mod print;
