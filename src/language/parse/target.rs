//! What a policy is on: `tables in domain finance with columns tagged Geo.Country`.

use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::lex::Token;
use crate::language::parse::cursor::Cursor;
use crate::language::pattern::{Pattern, PatternPart};
use crate::language::syntax::{Spanned, Target};

const TARGET_WORDS: &[&str] =
    &["everything", "tables", "catalog", "schema", "functions", "session", "untagged", "the system", "table"];

pub(super) fn target(cursor: &mut Cursor<'_>) -> Result<Target, Diagnostic> {
    let of = joined(cursor)?;
    if !cursor.takes("except") {
        return Ok(of);
    }
    let without = joined(cursor)?;
    if cursor.sees("except") {
        return Err(Diagnostic::new(Code::UnexpectedText, cursor.span(), "a target has one `except`")
            .with_help("write the alternatives after the one `except`, with `or` between them"));
    }
    Ok(Target::Except(Box::new(of), Box::new(without)))
}

fn joined(cursor: &mut Cursor<'_>) -> Result<Target, Diagnostic> {
    let first = one(cursor)?;
    let by_and = cursor.sees("and");
    let mut parts = vec![first];
    loop {
        let more = if by_and {
            cursor.takes("and")
        } else {
            let comma = cursor.takes_symbol(",");
            cursor.takes("or") || comma
        };
        if !more {
            break;
        }
        parts.push(one(cursor)?);
    }
    if cursor.sees("and") || cursor.sees("or") || cursor.sees_symbol(",") {
        return Err(Diagnostic::new(
            Code::MixedAndOr,
            cursor.span(),
            "`and` and `or` beside each other can be read in two ways",
        )
        .with_help("put parentheses around the part that belongs together"));
    }
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Target::And(inner) if by_and => flat.extend(inner),
            Target::Or(inner) if !by_and => flat.extend(inner),
            part => flat.push(part),
        }
    }
    Ok(match flat.len() {
        1 => flat.swap_remove(0),
        _ if by_and => Target::And(flat),
        _ => Target::Or(flat),
    })
}

fn one(cursor: &mut Cursor<'_>) -> Result<Target, Diagnostic> {
    if cursor.sees_symbol("(") {
        return cursor.nested(|cursor| {
            cursor.demand_symbol("(")?;
            let inner = target(cursor)?;
            cursor.demand_symbol(")")?;
            Ok(inner)
        });
    }
    let all = cursor.sees("all|any|every|each");
    cursor.skip(&["all", "any", "every", "each", "the"]);
    if all && cursor.sees("table|tables|data") && cursor.is_last() || all && cursor.at_end() {
        let diagnostic = Diagnostic::new(Code::UnexpectedText, cursor.span(), "expected what it is on");
        return Err(diagnostic.with_help("write `everything`, or a pattern such as `lake.*`"));
    }
    if cursor.takes("everything") {
        Ok(Target::Everything)
    } else if cursor.takes("system") {
        Ok(Target::System)
    } else if cursor.takes("untagged tables|table") {
        Ok(Target::UntaggedTables)
    } else if cursor.takes("functions|function") {
        Ok(Target::Functions(pattern(cursor)?))
    } else if cursor.takes("session property|properties") {
        session_properties(cursor)
    } else if cursor.sees("tables tagged|in|with|of") || cursor.sees("table tagged|in|with|of") {
        cursor.advance();
        tables(cursor)
    } else {
        cursor.takes("catalog|catalogs|schema|schemas|table|tables");
        Ok(Target::Pattern(pattern(cursor)?))
    }
}

/// `tables`, then one or more of `tagged T`, `in domain d`, `with columns tagged T`.
fn tables(cursor: &mut Cursor<'_>) -> Result<Target, Diagnostic> {
    let mut all = Vec::new();
    loop {
        if cursor.takes("tagged") {
            all.push(Target::TablesTagged(cursor.name("a tag")?));
        } else if cursor.takes_any(&["in the domain", "in domain", "of domain"]) {
            all.push(Target::TablesInDomain(cursor.name("a domain")?));
        } else if cursor.takes_any(&["with columns|column tagged", "with a column tagged"]) {
            all.push(Target::TablesWithColumnsTagged(cursor.name("a tag")?));
        } else {
            break;
        }
    }
    match all.len() {
        0 => Err(cursor.expected("`tagged`, `in domain` or `with columns tagged`", &["tagged", "in domain", "with"])),
        1 => Ok(all.swap_remove(0)),
        _ => Ok(Target::And(all)),
    }
}

fn session_properties(cursor: &mut Cursor<'_>) -> Result<Target, Diagnostic> {
    let mut patterns = vec![pattern(cursor)?];
    loop {
        let before = cursor.position();
        if !cursor.takes_symbol(",") {
            break;
        }
        // A comma may also begin the next target of the list.
        match pattern(cursor) {
            Ok(next) => patterns.push(next),
            Err(_) => {
                cursor.rewind(before);
                break;
            }
        }
    }
    Ok(Target::SessionProperties(patterns))
}

/// `lake.finance.*`, `"odd catalog".s.t`
pub(super) fn pattern(cursor: &mut Cursor<'_>) -> Result<Spanned<Pattern>, Diagnostic> {
    let start = cursor.span();
    let mut parts: Vec<PatternPart> = Vec::new();
    let mut written: Vec<&str> = Vec::new();
    loop {
        match cursor.peek() {
            Some(Token::Quoted(text)) => {
                written.push(text);
                parts.extend(PatternPart::new(vec![text.clone()]));
            }
            Some(Token::Word(word)) => {
                written.push(word);
                for part in word.split('.') {
                    parts.extend(PatternPart::new(part.split('*').map(str::to_owned).collect()));
                }
            }
            _ => {
                return Err(
                    cursor.expected("what it is on, such as `everything` or `catalog.schema.table`", TARGET_WORDS)
                );
            }
        }
        cursor.advance();
        if !cursor.takes_symbol(".") {
            break;
        }
    }
    let span = cursor.span_from(start);
    if let Some(diagnostic) = written.iter().find_map(|part| Diagnostic::uncertain_case(part, span)) {
        return Err(diagnostic);
    }
    match Pattern::new(parts) {
        Some(pattern) => Ok(Spanned::new(pattern, span)),
        None => {
            Err(Diagnostic::new(Code::UnexpectedText, span, "a name has one to three parts: catalog, schema, table"))
        }
    }
}
