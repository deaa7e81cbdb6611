//! The sides of a comparison: columns, attributes, literals, sets.

use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::lex::Token;
use crate::language::parse::cursor::Cursor;
use crate::language::syntax::{Operand, Set, Span, Spanned};
use crate::model::name::Name;
use crate::model::value::{Number, Value};

pub(super) fn attribute(cursor: &mut Cursor<'_>) -> Result<Option<Spanned<Name>>, Diagnostic> {
    let span = cursor.span();
    let Some(Token::Attribute(text)) = cursor.peek() else { return Ok(None) };
    cursor.advance();
    match Name::new(text) {
        Some(name) => Ok(Some(Spanned::new(name, span))),
        None => Err(Diagnostic::new(Code::UnexpectedText, span, "`@` must be followed by an attribute's name")),
    }
}

/// A literal: quoted text, a number, a date, `true` or `false`.
pub(super) fn literal(cursor: &mut Cursor<'_>) -> Result<Option<Spanned<Value>>, Diagnostic> {
    let span = cursor.span();
    let value = match cursor.peek() {
        Some(Token::Quoted(text)) => Value::text(text),
        Some(Token::Number(number)) => match Number::parse(number) {
            Some(number) => Value::Number(number),
            None => {
                let message = format!("`{number}` is not a number of at most 38 digits");
                return Err(Diagnostic::new(Code::BadNumber, span, message));
            }
        },
        Some(Token::Date(date)) => Value::Date(*date),
        Some(Token::Word(_)) if cursor.sees("true") => Value::Boolean(true),
        Some(Token::Word(_)) if cursor.sees("false") => Value::Boolean(false),
        _ => return Ok(None),
    };
    cursor.advance();
    Ok(Some(Spanned::new(value, span)))
}

pub(super) fn operand(cursor: &mut Cursor<'_>) -> Result<Operand, Diagnostic> {
    cursor.takes_any(&["the value|values in|of the", "the value|values in|of", "the", "value|values in|of"]);
    if let Some(attribute) = attribute(cursor)? {
        return Ok(Operand::Attribute(attribute));
    }
    if let Some(tag) = tagged_column(cursor)? {
        return Ok(Operand::ColumnTagged(tag));
    }
    if cursor.takes("column") {
        return named_column(cursor);
    }
    if let Some(literal) = literal(cursor)? {
        return Ok(Operand::Literal(literal));
    }
    let start = cursor.span();
    if let Some(meant) = about_the_user(cursor) {
        // FAIL-CLOSED: read as a column's name it would be a column that no table has.
        let message = "this says something of the user, and bare words name a column";
        return Err(Diagnostic::new(Code::UnexpectedText, cursor.span_from(start), message)
            .with_help(format!("an attribute of the user is written `{meant}`")));
    }
    named_column(cursor)
}

fn named_column(cursor: &mut Cursor<'_>) -> Result<Operand, Diagnostic> {
    match cursor.column()? {
        Some(column) if !column.node.as_str().is_empty() => Ok(Operand::Column(column)),
        _ => {
            let diagnostic = cursor.expected("a column, an `@attribute` or a value", &[]);
            let purpose = cursor.sees("purpose|purposes");
            let help = "what a query is for is `acting for purpose \"...\"`; a column is `column \"purpose\"`";
            Err(if purpose { diagnostic.with_help(help) } else { diagnostic })
        }
    }
}

/// `user's region`, `region of the user`, `current_user`: the attribute that is meant. Where it is something else nothing is taken.
fn about_the_user(cursor: &mut Cursor<'_>) -> Option<String> {
    let before = cursor.position();
    if cursor.takes("current_user|session_user") {
        return Some("@user".to_owned());
    }
    if cursor.takes("user's|users'|my|his|her|their") {
        if let Ok(Some(name)) = cursor.column() {
            return Some(format!("@{}", name.node));
        }
    } else if let Ok(Some(words)) = cursor.column() {
        let name = ["_of_the_user", "_of_user", "_of_the_querying_user", "_of_the_current_user"]
            .iter()
            .find_map(|end| words.node.as_str().strip_suffix(end));
        if let (true, Some(name)) = (cursor.position() > before + 1, name) {
            return Some(format!("@{name}"));
        }
    }
    cursor.rewind(before);
    None
}

fn tagged_column(cursor: &mut Cursor<'_>) -> Result<Option<Spanned<Name>>, Diagnostic> {
    if cursor.takes_any(&["column|columns tagged", "a column tagged"]) {
        cursor.name("a tag").map(Some)
    } else {
        Ok(None)
    }
}

/// What stands after `in`.
pub(super) fn set(cursor: &mut Cursor<'_>) -> Result<Set, Diagnostic> {
    if cursor.takes_any(&["the list", "list"]) {
        return Ok(Set::List(cursor.name("a list's name")?));
    }
    if cursor.takes_symbol("(") {
        let values = values(cursor)?;
        cursor.demand_symbol(")")?;
        return Ok(Set::Values(values));
    }
    match operand(cursor)? {
        Operand::Attribute(attribute) => Ok(Set::Attribute(attribute)),
        Operand::Column(column) => Ok(Set::Column(column)),
        Operand::ColumnTagged(tag) => Ok(Set::ColumnTagged(tag)),
        Operand::Literal(first) => {
            let span: Span = first.span;
            Err(Diagnostic::new(Code::UnexpectedText, span, "values after `in` stand in parentheses")
                .with_help(format!("write `in ('{}', ...)`", first.node.written())))
        }
    }
}

fn values(cursor: &mut Cursor<'_>) -> Result<Vec<Spanned<Value>>, Diagnostic> {
    let mut values = Vec::new();
    loop {
        match literal(cursor)? {
            Some(value) => values.push(value),
            None => {
                let diagnostic = cursor.expected("a value in quotes, a number or a date", &[]);
                let word = matches!(cursor.peek(), Some(Token::Word(_)));
                return Err(if word {
                    diagnostic.with_help(format!("write `'{}'`", cursor.found()))
                } else {
                    diagnostic
                });
            }
        }
        if !cursor.takes_symbol(",") && !cursor.takes("or") {
            return Ok(values);
        }
    }
}
