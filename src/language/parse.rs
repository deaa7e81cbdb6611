//! Tokens to trees: one file for each area of the grammar. `docs/language.md` has the grammar.

mod audience;
mod columns;
mod condition;
mod cursor;
mod habit;
mod mask;
mod operand;
mod sentence;
mod target;

use crate::language::diagnostic::Diagnostic;
use crate::language::lex::lex;
use crate::language::parse::cursor::Cursor;
use crate::language::pattern::Pattern;
use crate::language::syntax::{Audience, Condition, MaskWord, Rule, Target};

/// Reads a rule.
pub fn rule(text: &str) -> Result<Rule, Vec<Diagnostic>> {
    whole(text, sentence::rule)
}

/// Reads what a policy is on.
pub fn target(text: &str) -> Result<Target, Vec<Diagnostic>> {
    whole(text, target::target)
}

/// Reads an audience: owners, stewards, writers, and to whom a grant goes.
pub fn audience(text: &str) -> Result<Audience, Vec<Diagnostic>> {
    whole(text, audience::audience)
}

/// Reads a pattern: what a domain owns.
pub fn pattern(text: &str) -> Result<Pattern, Vec<Diagnostic>> {
    whole(text, |cursor| target::pattern(cursor).map(|pattern| pattern.node))
}

/// Reads a condition: the rows that a test expects.
pub fn condition(text: &str) -> Result<Condition, Vec<Diagnostic>> {
    whole(text, condition::condition)
}

/// Reads a mask and the cells that it is on, `None` for all: what a test expects of a column.
pub fn mask(text: &str) -> Result<(MaskWord, Option<Condition>), Vec<Diagnostic>> {
    whole(text, sentence::mask_of_cells)
}

fn whole<T>(text: &str, read: impl Fn(&mut Cursor<'_>) -> Result<T, Diagnostic>) -> Result<T, Vec<Diagnostic>> {
    let lexemes = lex(text).map_err(|diagnostic| vec![diagnostic])?;
    let mut cursor = Cursor::new(text, &lexemes);
    let tree = read(&mut cursor).and_then(|tree| cursor.end().map(|()| tree));
    tree.map_err(|diagnostic| cursor.diagnostics(diagnostic))
}
