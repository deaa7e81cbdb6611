//! Which columns: `columns tagged PII except PII.Email`, `column salary`, `untagged columns`.

use crate::language::diagnostic::Diagnostic;
use crate::language::lex::Token;
use crate::language::parse::cursor::Cursor;
use crate::language::parse::habit;
use crate::language::syntax::{ColumnTarget, ColumnWord};

/// What a bare item of a list is, by the item before it: `columns tagged Billing or Key` has two tags.
#[derive(Clone, Copy)]
enum Listing {
    Names,
    Tags,
}

pub(super) fn columns(cursor: &mut Cursor<'_>) -> Result<ColumnTarget, Diagnostic> {
    cursor.skip(&["all", "the"]);
    let mut listing = None;
    let of = alternatives(cursor, &mut listing)?;
    let except = if cursor.takes("except") { alternatives(cursor, &mut listing)? } else { Vec::new() };
    Ok(ColumnTarget { of, except })
}

fn alternatives(cursor: &mut Cursor<'_>, listing: &mut Option<Listing>) -> Result<Vec<ColumnWord>, Diagnostic> {
    let mut words = vec![word(cursor, listing)?];
    while !cursor.sees("or by exception") && (cursor.takes_symbol(",") || cursor.takes_any(&["or", "and"])) {
        words.push(word(cursor, listing)?);
    }
    Ok(words)
}

fn word(cursor: &mut Cursor<'_>, listing: &mut Option<Listing>) -> Result<ColumnWord, Diagnostic> {
    cursor.skip(&["all", "the"]);
    if cursor.takes("untagged column|columns") {
        *listing = Some(Listing::Tags);
        return Ok(ColumnWord::Untagged);
    }
    if cursor.takes("column|columns tagged") || cursor.takes("column|columns with tag") || cursor.takes("tagged") {
        *listing = Some(Listing::Tags);
    } else if cursor.takes("column|columns") {
        *listing = Some(Listing::Names);
    }
    match listing {
        Some(Listing::Tags) => Ok(ColumnWord::Tagged(cursor.name("a tag")?)),
        Some(Listing::Names) => match cursor.column()? {
            Some(column) => Ok(ColumnWord::Named(column)),
            None => Err(cursor.expected("a column's name", &[])),
        },
        None => Err(neither(cursor)),
    }
}

/// `hide salary`: whether that is a column or a tag has to be said.
fn neither(cursor: &mut Cursor<'_>) -> Diagnostic {
    if let Some(diagnostic) = habit::column_after_name(cursor) {
        return diagnostic;
    }
    let diagnostic = cursor.expected("`columns tagged` or `column`", &["columns", "column", "untagged"]);
    match cursor.peek() {
        Some(Token::Word(_) | Token::Quoted(_)) if diagnostic.help.is_none() => {
            let name = cursor.found();
            diagnostic.with_help(format!("write `column {name}`, or `columns tagged {name}` if it is a tag"))
        }
        _ => diagnostic,
    }
}
