//! Conditions over the subject and the row.

use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::lex::Token;
use crate::language::parse::cursor::Cursor;
use crate::language::parse::habit;
use crate::language::parse::operand::{operand, set};
use crate::language::syntax::{Age, Case, Comparison, Condition, Days, Operand, Set, Spanned, TextMatch, Unit};
use crate::model::name::Name;

/// One or more predicates, joined by `and` or by `or`, not by both.
pub(super) fn condition(cursor: &mut Cursor<'_>) -> Result<Condition, Diagnostic> {
    let first = primary(cursor)?;
    let word = if cursor.sees("and") {
        "and"
    } else if cursor.sees("or") && !cursor.sees("or by exception") {
        "or"
    } else {
        return Ok(first);
    };
    let mut parts = vec![first];
    while !cursor.sees("or by exception") && cursor.takes(word) {
        if let Some(diagnostic) = habit::further_value(cursor, parts.last()) {
            return Err(diagnostic);
        }
        parts.push(primary(cursor)?);
    }
    let other = if word == "and" { "or" } else { "and" };
    if cursor.sees(other) && !cursor.sees("or by exception") {
        return Err(mixed(cursor, word, parts));
    }
    // `(a and b) and c` is `a and b and c`.
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match (word, part) {
            ("and", Condition::And(inner)) | ("or", Condition::Or(inner)) => flat.extend(inner),
            (_, part) => flat.push(part),
        }
    }
    Ok(if word == "and" { Condition::And(flat) } else { Condition::Or(flat) })
}

/// Writes out both readings of `a and b or c`.
fn mixed(cursor: &mut Cursor<'_>, word: &str, mut parts: Vec<Condition>) -> Diagnostic {
    let span = cursor.span();
    let other = if word == "and" { "or" } else { "and" };
    cursor.advance();
    let Ok(next) = primary(cursor) else { return cursor.expected("a condition", &[]) };
    let written = |condition: &Condition| condition.to_string();
    let all: Vec<String> = parts.iter().map(written).collect();
    let first_reading = format!("({}) {other} {next}", all.join(&format!(" {word} ")));
    let last = parts.pop().map(|last| written(&last)).unwrap_or_default();
    let rest: Vec<String> = parts.iter().map(written).collect();
    let second_reading = format!("{} {word} ({last} {other} {next})", rest.join(&format!(" {word} ")));
    Diagnostic::new(Code::MixedAndOr, span, "`and` and `or` beside each other can be read in two ways")
        .with_help(format!("write `{first_reading}` or `{second_reading}`"))
}

pub(super) fn primary(cursor: &mut Cursor<'_>) -> Result<Condition, Diagnostic> {
    if cursor.sees_symbol("(") {
        return cursor.nested(|cursor| {
            cursor.demand_symbol("(")?;
            let inner = condition(cursor)?;
            cursor.demand_symbol(")")?;
            Ok(inner)
        });
    }
    if cursor.takes("not") {
        return cursor.nested(|cursor| primary(cursor).map(not));
    }
    match about_subject(cursor)? {
        Some(condition) => Ok(condition),
        None => predicate(cursor),
    }
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

/// Predicates that have no operand on the left.
fn about_subject(cursor: &mut Cursor<'_>) -> Result<Option<Condition>, Diagnostic> {
    if cursor.takes("sql") {
        let span = cursor.span();
        let Some(Token::Quoted(text)) = cursor.peek() else { return Err(cursor.expected("SQL text in quotes", &[])) };
        cursor.advance();
        return Ok(Some(Condition::Sql(Spanned::new(text.as_str().into(), span))));
    }
    if cursor.takes("on") {
        if cursor.takes("weekdays") {
            return Ok(Some(Condition::On(Days::Weekdays)));
        }
        cursor.demand(&["weekends"])?;
        return Ok(Some(Condition::On(Days::Weekends)));
    }
    if cursor.sees("between") {
        return clock(cursor).map(Some);
    }
    let before = cursor.position();
    let user = cursor.takes_any(&["the user", "user"]);
    if user && cursor.takes_any(&["possesses an attribute in", "has an attribute in", "possesses"]) {
        return matching_attribute(cursor).map(Some);
    }
    if user && (cursor.takes_symbol("=") || (cursor.sees("is") && !cursor.sees("is a|an|not|acting|member|working|in")))
    {
        cursor.takes("is");
        return user_is(cursor, before, "is").map(Some);
    }
    if user && cursor.takes("is not") {
        return match named_subject(cursor)? {
            Some(condition) => Ok(Some(not(condition))),
            None => user_is(cursor, before, "is not").map(|user| Some(not(user))),
        };
    }
    if user {
        cursor.takes("is");
    }
    match named_subject(cursor)? {
        Some(condition) => Ok(Some(condition)),
        None => {
            cursor.rewind(before);
            Ok(None)
        }
    }
}

/// `user is "x"`. Beside columns a bare word may be one.
fn user_is(cursor: &mut Cursor<'_>, before: usize, words: &str) -> Result<Condition, Diagnostic> {
    let bare = matches!(cursor.peek(), Some(Token::Word(_) | Token::Bracketed(_) | Token::Attribute(_)));
    let name = cursor.position();
    if bare && !cursor.is_of_people() {
        let sign = if words == "is" { "=" } else { "<>" };
        let right = operand(cursor)?;
        let end = cursor.position();
        cursor.rewind(before);
        let start = cursor.span();
        cursor.rewind(name);
        let text = cursor.found().trim_matches(['[', ']']);
        cursor.rewind(end);
        // FAIL-CLOSED: read as a user's name, a column would never be compared.
        let message = format!("`{text}` can be a column or a user's name here");
        let column = format!("write `{right} {sign} @user` to compare with the querying user");
        let help = match &right {
            Operand::Column(_) => format!("{column}, `user {words} \"{text}\"` for the user of that name"),
            _ => column,
        };
        return Err(Diagnostic::new(Code::UnexpectedText, cursor.span_from(start), message).with_help(help));
    }
    cursor.exact_name("a user's name").map(Condition::UserIs)
}

/// `member of group "g"`, `in role "r"`, `acting for purpose "p"`
fn named_subject(cursor: &mut Cursor<'_>) -> Result<Option<Condition>, Diagnostic> {
    cursor.takes("a");
    if cursor.takes("member|members of") {
        cursor.skip(&["the", "a"]);
        cursor.demand(&["group", "groups"])?;
        // `a group that matches the value in the column tagged Department`
        if cursor.takes_any(&["that matches", "which matches", "matching"]) {
            let groups = Name::new("groups").map(|name| Spanned::new(name, cursor.span()));
            let Some(groups) = groups else { return Ok(None) };
            return matched_in(cursor, groups).map(Some);
        }
        return Ok(Some(Condition::MemberOf(cursor.exact_name("a group's name")?)));
    }
    if cursor.takes("in role") {
        return Ok(Some(Condition::InRole(cursor.exact_name("a role's name")?)));
    }
    if cursor.takes("acting|working for|under") {
        cursor.takes("the");
        cursor.takes_any(&["purpose|purposes of", "purpose|purposes"]);
        let purpose = cursor.name("a purpose")?;
        cursor.takes("purpose|purposes");
        return Ok(Some(Condition::ActingFor(purpose)));
    }
    Ok(None)
}

/// `user possesses an attribute in work location that matches the value in the column tagged Geo.Location`
fn matching_attribute(cursor: &mut Cursor<'_>) -> Result<Condition, Diagnostic> {
    let attribute = cursor.name("an attribute")?;
    cursor.demand(&["that matches", "which matches", "matching"])?;
    matched_in(cursor, attribute)
}

fn matched_in(cursor: &mut Cursor<'_>, attribute: Spanned<Name>) -> Result<Condition, Diagnostic> {
    let left = operand(cursor)?;
    Ok(Condition::In { left, set: Set::Attribute(attribute), case: case(cursor) })
}

/// `between 08:00 and 18:00`
fn clock(cursor: &mut Cursor<'_>) -> Result<Condition, Diagnostic> {
    cursor.demand(&["between"])?;
    let from = time(cursor)?;
    cursor.demand(&["and"])?;
    let to = time(cursor)?;
    Ok(Condition::ClockBetween(from, to))
}

fn time(cursor: &mut Cursor<'_>) -> Result<jiff::civil::Time, Diagnostic> {
    let Some(Token::Time(time)) = cursor.peek() else {
        let diagnostic = cursor.expected("a time of day such as `08:00`", &[]);
        return Err(match habit::clock_time(cursor) {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        });
    };
    cursor.advance();
    Ok(*time)
}

fn predicate(cursor: &mut Cursor<'_>) -> Result<Condition, Diagnostic> {
    let left = operand(cursor)?;
    if let Some(operator) = comparison(cursor) {
        let right = operand(cursor)?;
        return Ok(Condition::Compare { left, operator, right, case: case(cursor) });
    }
    if cursor.takes("includes|include") {
        let Operand::Attribute(attribute) = left else {
            return Err(cursor.expected("`=` or `in` (`includes` follows an `@attribute`)", &["in", "contains"]));
        };
        let value = operand(cursor)?;
        return Ok(Condition::Includes { attribute, value, case: case(cursor) });
    }
    let is = cursor.takes("is|are");
    let negated = cursor.takes_any(&["not", "does not", "do not"]);
    let condition = after_operand(cursor, left, is, negated)?;
    Ok(match condition {
        // `country is not 'CL'`
        Condition::Compare { left, operator: Comparison::Equal, right, case } if negated => {
            Condition::Compare { left, operator: Comparison::NotEqual, right, case }
        }
        condition if negated => not(condition),
        condition => condition,
    })
}

fn after_operand(cursor: &mut Cursor<'_>, left: Operand, is: bool, negated: bool) -> Result<Condition, Diagnostic> {
    if is && cursor.takes("null|empty") {
        return Ok(Condition::IsNull(left));
    }
    if is && cursor.takes("true") {
        return Ok(Condition::IsTrue(left));
    }
    if is && cursor.sees("false") {
        return Err(cursor
            .expected("`= false`, or `is not true`", &[])
            .with_help("`= false` leaves out where it is not known, `is not true` takes it in"));
    }
    if is && cursor.takes("present") {
        return match left {
            Operand::Attribute(attribute) => Ok(Condition::IsPresent(attribute)),
            _ => Err(cursor.expected("`is null` (`is present` follows an `@attribute`)", &["null"])),
        };
    }
    if is && cursor.takes("within") {
        cursor.skip(&["the", "last", "past"]);
        return Ok(Condition::WithinLast { left, age: age(cursor)? });
    }
    if is && cursor.takes("older than") {
        return Ok(Condition::OlderThan { left, age: age(cursor)? });
    }
    if is && cursor.takes_before_number("in last|past") {
        return Ok(Condition::WithinLast { left, age: age(cursor)? });
    }
    if cursor.takes("in") {
        return membership(cursor, left);
    }
    if cursor.takes("between") {
        let low = operand(cursor)?;
        cursor.demand(&["and"])?;
        let high = operand(cursor)?;
        return Ok(Condition::Between { left, low, high });
    }
    let kind = if cursor.takes("starts|start with") {
        Some(TextMatch::StartsWith)
    } else if cursor.takes("ends|end with") {
        Some(TextMatch::EndsWith)
    } else if cursor.takes("contains|contain") {
        Some(TextMatch::Contains)
    } else {
        None
    };
    if let Some(kind) = kind {
        let right = operand(cursor)?;
        return Ok(Condition::TextMatch { left, kind, right, case: case(cursor) });
    }
    if is && !cursor.at_end() {
        // `country is 'CL'`
        bare_word_after_is(cursor, &left, if negated { "<>" } else { "=" })?;
        let right = operand(cursor)?;
        return Ok(Condition::Compare { left, operator: Comparison::Equal, right, case: case(cursor) });
    }
    // Bare words before it are one name, `like` among them.
    let like = matches!(&left, Operand::Column(column) if column.node.as_str().ends_with("like"));
    if like && matches!(cursor.peek(), Some(Token::Quoted(_))) {
        return Err(cursor
            .expected("a comparison such as `=`, `in`, `is null` or `starts with`", &[])
            .with_help("write `starts with 'A'`, `ends with 'z'` or `contains 'x'`, with `ignoring case` after it if case does not count"));
    }
    let words = &["in", "is", "between", "starts with", "ends with", "contains", "includes"];
    Err(cursor.expected("a comparison such as `=`, `in`, `is null` or `starts with`", words))
}

/// `country is France`: a bare word names a column, and after `is` people mean a value.
fn bare_word_after_is(cursor: &Cursor<'_>, left: &Operand, sign: &str) -> Result<(), Diagnostic> {
    let bare =
        matches!(cursor.peek(), Some(Token::Word(_))) && !cursor.sees("the|value|column|columns|a|an|true|false");
    if !bare {
        return Ok(());
    }
    let word = cursor.found();
    Err(cursor.expected("a value in quotes", &[]).with_help(format!(
        "write `{left} {sign} '{word}'` for the value, `{left} {sign} {word}` for a column of that name"
    )))
}

fn membership(cursor: &mut Cursor<'_>, left: Operand) -> Result<Condition, Diagnostic> {
    let before = cursor.position();
    if cursor.takes("the")
        && !cursor.sees("list")
        && let Some(relation) = cursor.name_before(&["of the user", "of user"])
    {
        return Ok(Condition::InRelation { left, relation });
    }
    cursor.rewind(before);
    let set = set(cursor)?;
    Ok(Condition::In { left, set, case: case(cursor) })
}

fn comparison(cursor: &mut Cursor<'_>) -> Option<Comparison> {
    let operator = match cursor.peek()? {
        Token::Symbol("=") => Comparison::Equal,
        Token::Symbol("<>") => Comparison::NotEqual,
        Token::Symbol("<") => Comparison::Less,
        Token::Symbol("<=") => Comparison::LessOrEqual,
        Token::Symbol(">") => Comparison::Greater,
        Token::Symbol(">=") => Comparison::GreaterOrEqual,
        Token::Word(_) => return word_comparison(cursor),
        _ => return None,
    };
    cursor.advance();
    Some(operator)
}

fn word_comparison(cursor: &mut Cursor<'_>) -> Option<Comparison> {
    let choices = [
        (&["is equal to", "equals", "matches"][..], Comparison::Equal),
        (&["is not equal to"], Comparison::NotEqual),
        (&["is at least"], Comparison::GreaterOrEqual),
        (&["is at most"], Comparison::LessOrEqual),
        (&["is more|greater than"], Comparison::Greater),
        (&["is less than", "is before", "before"], Comparison::Less),
        (&["is after", "after"], Comparison::Greater),
        (&["is on or after"], Comparison::GreaterOrEqual),
        (&["is on or before"], Comparison::LessOrEqual),
    ];
    choices.into_iter().find_map(|(phrases, operator)| cursor.takes_any(phrases).then_some(operator))
}

fn case(cursor: &mut Cursor<'_>) -> Case {
    if cursor.takes("ignoring case") { Case::Ignored } else { Case::Exact }
}

fn age(cursor: &mut Cursor<'_>) -> Result<Age, Diagnostic> {
    let count = cursor.count("a number")?;
    if count.node > 100_000 {
        return Err(Diagnostic::new(Code::BadNumber, count.span, "that is longer than any table remembers"));
    }
    for (words, unit) in [
        ("hour|hours", Unit::Hours),
        ("day|days", Unit::Days),
        ("week|weeks", Unit::Weeks),
        ("month|months", Unit::Months),
        ("year|years", Unit::Years),
    ] {
        if cursor.takes(words) {
            return Ok(Age { count: count.node, unit });
        }
    }
    Err(cursor
        .expected("`days`, `hours`, `weeks`, `months` or `years`", &["days", "hours", "weeks", "months", "years"]))
}
